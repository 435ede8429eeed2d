// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder as a user sees it: long sequences of random writes, and
 * placements from outside, against the userspace contract's tables, read as
 * data by an interpreter.
 */
#include "comp_regs_model.h"

UNIT_RANDOM_DEFINE

/* What placements came to, for the test to know that it saw something */
static unsigned int seen_place[4];

/* What firmware may have committed: mostly what can be committed again */
static void random_decoder(struct shadow *s, unsigned int n)
{
	struct vfio_cxl_hdm_decoder *hw = &s->state.decoder[n];

	hardware(s, n, unit_random_below(6) * MIB256);
	hw->ctrl = (unit_random_next() & ~0xf0) | COMMIT | COMMITTED;
	if (!unit_random_below(8))
		hw->ctrl |= unit_random_next() & 0xf0;
	if (!unit_random_below(5))
		hw->ctrl &= ~COMMITTED;
}

static void start(struct shadow *s, struct model *m)
{
	unsigned int count = 1 + unit_random_below(6), n;
	bool cache = unit_random_below(2);
	u32 cap = unit_random_next();

	memset(s, 0, sizeof(*s));
	s->state.global = unit_random_next();
	for (n = 0; n < count; n++)
		random_decoder(s, n);
	model_start(m, cap, count, cache, &s->state);
	tenancy(s, cap, count, cache);
}

/* Mostly what leads somewhere, and now and then anything */
static u32 random_value(unsigned int reg)
{
	u32 value = unit_random_next();

	if (!unit_random_below(8))
		return value;
	switch (reg) {
	case BASE_LO:
		return unit_random_below(16) * MIB256 | (value & 0xff);
	case BASE_HI:
		return unit_random_below(5) ? unit_random_below(2) : ~0U;
	case SIZE_LO:
		return unit_random_below(6) * MIB256 | (value & 0xff);
	case SIZE_HI:
		return !unit_random_below(16);
	case CTRL:
		value &= unit_random_below(8) ? 0xffffff0f : ~0U;
		return unit_random_below(3) ? value | COMMIT : value & ~COMMIT;
	}

	return value;
}

static void write_both(struct shadow *s, struct model *m)
{
	u32 offset = at(unit_random_below(m->count), unit_random_below(8));
	u32 value = random_value((offset - at(0, 0)) / 4 % 8);

	if (!unit_random_below(16))
		offset = HDM_AT + 4 * GLOBAL;
	else if (!unit_random_below(16))
		offset = 4 * unit_random_below(PAGE_DWORDS);
	model_write(m, offset, value);
	vfio_cxl_comp_regs_write(&s->regs, offset, value);
}

static void place_both(struct __test_metadata *_metadata, struct shadow *s,
		       struct model *m)
{
	bool seal = unit_random_below(2), dry_run = unit_random_below(2);
	unsigned int n = unit_random_below(m->count);
	u64 base = unit_random_below(16) * MIB256;
	u32 *regs = regs_of(m, n);
	int want;

	if (!unit_random_below(8))
		base = -base;
	if (!unit_random_below(8))
		base += 1U << unit_random_below(28);
	if (!unit_random_below(4))
		base = regs[BASE_LO] | (u64)regs[BASE_HI] << 32;
	want = model_place(m, n, base, seal, dry_run);
	ASSERT_EQ(want, vfio_cxl_comp_regs_place(&s->regs, n, base, seal,
						 dry_run))
		UNIT_LOG_SEED();
	seen_place[want == -EINVAL ? 1 : want == -EPERM ? 2 : want ? 3 : 0]++;
}

static void expect_whole(struct __test_metadata *_metadata,
			 const struct field *fields, unsigned int rows,
			 unsigned int regs)
{
	unsigned int reg, i;
	u64 sum;

	for (reg = 0; reg < regs; reg++) {
		for (sum = 0, i = 0; i < rows; i++)
			sum += fields[i].reg == reg ? fields[i].bits : 0;
		EXPECT_EQ(0xffffffff, sum)
			TH_LOG("dword %u", reg);
	}
}

/* Each bit of each register is in one row, and only there */
TEST(tables_are_whole)
{
	expect_whole(_metadata, head, ARRAY_SIZE(head), HEAD);
	expect_whole(_metadata, decoder, ARRAY_SIZE(decoder), 8);
}

TEST(random_writes)
{
	static struct model m;
	static struct shadow s;
	unsigned int i, event;

	unit_random_start();
	for (; unit_random.step < 100000 / UNIT_SLOWER; unit_random.step++) {
		if (unit_random.step % 100 == 0)
			start(&s, &m);
		else if (unit_random_below(64))
			write_both(&s, &m);
		else
			place_both(_metadata, &s, &m);
		expect_page(_metadata, &s, m.page);
	}

	for (i = IDLE; i < SEALED; i++) {
		for (event = UNCOMMIT; event <= GOOD; event++) {
			EXPECT_GE(seen[i][event], UNIT_LEAST(50))
				TH_LOG("event %u in state %u", event, i);
		}
	}
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		EXPECT_GE(seen_refusal[i], UNIT_LEAST(20))
			TH_LOG("refusal %u", i);
	}
	for (i = 0; i < ARRAY_SIZE(seen_place); i++) {
		EXPECT_GE(seen_place[i], UNIT_LEAST(20))
			TH_LOG("placement %u", i);
	}
	EXPECT_GE(seen_sealed, UNIT_LEAST(1000));
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
