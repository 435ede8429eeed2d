// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CXL Device DVSEC as a user sees it: long sequences of random accesses,
 * resets and answers, against the userspace contract's table, read as data by
 * an interpreter that knows no register.
 */
#include "config_model.h"

UNIT_RANDOM_DEFINE

/* Both lives begin again, with another device */
static void start(struct space *s, struct model *m)
{
	u16 found[WORDS];
	unsigned int i;

	for (i = 0; i < DVSEC_DWORDS; i++) {
		s->hw[i] = unit_random_next();
		found[2 * i] = unit_random_next();
		found[2 * i + 1] = unit_random_next();
	}
	/* A lock leaves little to see */
	if (unit_random_below(8))
		found[CONFIG_LOCK / 2] &= ~1;
	model_start(m, found);
	vfio_cxl_dvsec_init(&s->dvsec, found[CAPABILITY / 2],
			    found[CONTROL / 2], found[STATUS / 2],
			    found[CONFIG_LOCK / 2] & 1);
}

static void expect_same(struct __test_metadata *_metadata,
			const struct space *s, const struct model *m)
{
	unsigned int i;
	u32 want;

	for (i = 0; i < DVSEC_DWORDS; i++) {
		want = model_read(m, 4 * i, s->hw[i]) |
		       (u32)model_read(m, 4 * i + 2, s->hw[i] >> 16) << 16;
		ASSERT_EQ(want, dword(s, 4 * i)) {
			TH_LOG("offset %#x", 4 * i);
			UNIT_LOG_SEED();
		}
	}
}

/* Mostly where something is, and seldom the lock */
static u32 random_offset(unsigned int n)
{
	if (!unit_random_below(4))
		return unit_random_below(DVSEC_LEN - n + 1);
	if (!unit_random_below(16))
		return CONFIG_LOCK;

	return CONTROL + unit_random_below(CONFIG_LOCK - CONTROL - n + 1);
}

static void write_both(struct __test_metadata *_metadata, struct space *s,
		       struct model *m)
{
	unsigned int n = 1 + unit_random_below(4);
	u32 offset = random_offset(n), value = unit_random_next();
	bool want;

	/* For a bit to be alone now and then */
	if (!unit_random_below(4))
		value = 1U << unit_random_below(8 * n);
	want = model_write(m, offset, n, value);
	ASSERT_EQ(want, set(s, offset, n, value)) {
		TH_LOG("%u bytes at %#x: %#x", n, offset, value);
		UNIT_LOG_SEED();
	}
}

static void read_both(struct __test_metadata *_metadata, const struct space *s,
		      const struct model *m)
{
	unsigned int n = 1 + unit_random_below(4), i;
	u32 offset = unit_random_below(DVSEC_LEN - n + 1), want = 0, reg;
	u16 hw;

	for (i = 0; i < n; i++) {
		reg = (offset + i) & ~1U;
		hw = s->hw[reg / 4] >> 8 * (reg % 4);
		want |= (u32)(u8)(model_read(m, reg, hw) >>
				  8 * ((offset + i) % 2)) << 8 * i;
	}
	ASSERT_EQ(want, get(s, offset, n)) {
		TH_LOG("%u bytes at %#x", n, offset);
		UNIT_LOG_SEED();
	}
}

/* Each bit of each register is in one row, and only there */
TEST(table_is_whole)
{
	const struct field *f;
	u32 reg, sum;

	for (reg = 0; reg < DVSEC_LEN; reg += 2) {
		sum = 0;
		for (f = fields; f < fields + ARRAY_SIZE(fields); f++)
			sum += has(f, reg) ? f->bits : 0;
		EXPECT_EQ(0xffff, sum) TH_LOG("register %#x", reg);
	}
}

TEST(random_accesses)
{
	const unsigned int least = UNIT_LEAST(500);
	struct model m = {};
	struct space s;
	unsigned int i;
	bool good;

	unit_random_start();
	start(&s, &m);
	for (; unit_random.step < 200000 / UNIT_SLOWER; unit_random.step++) {
		if (!unit_random_below(24)) {
			start(&s, &m);
		} else if (m.asked && !unit_random_below(4)) {
			good = unit_random_below(2);
			model_reset_over(&m, good);
			vfio_cxl_dvsec_reset_over(&s.dvsec, good);
		} else if (!unit_random_below(4)) {
			i = unit_random_below(DVSEC_DWORDS);
			s.hw[i] = unit_random_next();
		} else {
			write_both(_metadata, &s, &m);
		}
		read_both(_metadata, &s, &m);
		expect_same(_metadata, &s, &m);
	}

	/* It saw each row at work */
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		EXPECT_TRUE(fields[i].kind < RW || m.moved[i] >= least)
			TH_LOG("row %u", i);
		EXPECT_TRUE(!(fields[i].flags & LOCKS) || m.locked[i] >= least)
			TH_LOG("row %u", i);
		EXPECT_TRUE(!fields[i].needs || m.refused[i] >= least)
			TH_LOG("row %u", i);
	}
	EXPECT_GE(m.resets, UNIT_LEAST(1000));
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
