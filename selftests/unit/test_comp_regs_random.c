// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder as a user sees it: long sequences of random writes, against a
 * model whose rules are the tables of the userspace contract.
 */
#include "shadow.h"

UNIT_RANDOM_DEFINE

struct model {
	u32 page[PAGE_DWORDS];
	u64 max_size[CXL_HDM_MAX_DECODERS];
	unsigned int count;
	u32 ctrl_writable;
	u32 global_writable;
	/* For the test to know that it saw something */
	unsigned int seals, refusals, overlaps, frozen;
};

enum before { IDLE, UP, FAILED };

/* Status of CTRL after a write, by what was before, COMMIT, and validity */
static const u32 status_after[3][2][2] = {
	[IDLE]	 = { { 0, 0 }, { ERROR, COMMITTED } },
	[UP]	 = { { 0, 0 }, { ERROR, COMMITTED } },
	[FAILED] = { { 0, 0 }, { ERROR, ERROR } },
};

static u32 *model_decoder(struct model *m, unsigned int n)
{
	return &m->page[at(n, 0) / 4];
}

static bool model_sealed(const u32 *reg)
{
	return (reg[CTRL] & (COMMITTED | LOCK)) == (COMMITTED | LOCK);
}

/* In units, so that nothing wraps */
static u64 units(const u32 *reg, unsigned int lo)
{
	return (reg[lo] | (u64)reg[lo + 1] << 32) / MIB256;
}

static bool model_overlaps(struct model *m, unsigned int n)
{
	u32 *mine = model_decoder(m, n), *reg;
	u64 first = units(mine, BASE_LO), size = units(mine, SIZE_LO);
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		reg = model_decoder(m, i);
		if (i != n && model_sealed(reg) &&
		    units(reg, BASE_LO) < first + size &&
		    first < units(reg, BASE_LO) + units(reg, SIZE_LO))
			return true;
	}

	return false;
}

static bool model_valid(struct model *m, unsigned int n, u32 ctrl)
{
	u32 *reg = model_decoder(m, n);
	u64 size = units(reg, SIZE_LO);

	if (!size || size > m->max_size[n] / MIB256 || (ctrl & 0xf0) ||
	    units(reg, BASE_LO) + size >= 1ULL << 36)
		return false;
	if (!model_overlaps(m, n))
		return true;
	m->overlaps++;

	return false;
}

static void model_ctrl(struct model *m, unsigned int n, u32 value)
{
	u32 *reg = model_decoder(m, n);
	enum before before = reg[CTRL] & COMMITTED ? UP :
			     reg[CTRL] & ERROR ? FAILED : IDLE;
	bool commit = value & COMMIT;
	u32 status = status_after[before][commit][model_valid(m, n, value)];

	reg[CTRL] = (value & m->ctrl_writable) | status;
	m->seals += model_sealed(reg);
	m->refusals += before != FAILED && status == ERROR;
}

static void model_write(struct model *m, u32 offset, u32 value)
{
	unsigned int n = (offset - at(0, 0)) / 0x20, i;
	u32 *reg = &m->page[offset / 4];

	if (offset == HDM_AT + 4)
		*reg = value & m->global_writable;
	if (offset < at(0, 0) || n >= m->count)
		return;
	if (model_sealed(model_decoder(m, n))) {
		m->frozen++;
		return;
	}
	if (offset == at(n, CTRL)) {
		model_ctrl(m, n, value);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (offset == at(n, rules[i].reg) && rules[i].writable)
			*reg = value & rules[i].writable;
}

static void model_start(struct model *m, struct shadow *s)
{
	bool cache = unit_random_next() & 1;
	u32 cap = unit_random_next();
	unsigned int n;

	memset(s, 0, sizeof(*s));
	m->count = 1 + unit_random_below(6);
	for (n = 0; n < m->count; n++) {
		hardware(s, n, unit_random_below(6) * MIB256);
		if (!unit_random_below(5))
			s->state.decoder[n].ctrl &= ~COMMITTED;
	}
	tenancy(s, cap, m->count, cache);

	initial_page(s, m->page);
	for (n = 0; n < m->count; n++)
		m->max_size[n] = s->state.decoder[n].ctrl & COMMITTED ?
				 s->state.decoder[n].size : 0;
	m->ctrl_writable = 0x13ff | (cap & CAP_UIO ? UIO : 0) |
			   (cache ? BI : 0);
	m->global_writable = GLOBAL_ENABLE |
			     (cap & CAP_POISON ? GLOBAL_POISON : 0);
}

/* Mostly what leads somewhere, and now and then anything */
static u32 random_value(unsigned int reg)
{
	u32 value = unit_random_next();

	if (!unit_random_below(8))
		return value;
	switch (reg) {
	case BASE_LO:
		return unit_random_below(12) * MIB256 | (value & 0xff);
	case BASE_HI:
		return unit_random_below(16) ? unit_random_below(2) : ~0U;
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

static u32 random_offset(const struct model *m)
{
	if (unit_random_below(16))
		return at(unit_random_below(m->count), unit_random_below(8));
	if (unit_random_below(2))
		return HDM_AT + 4;

	return 4 * unit_random_below(PAGE_DWORDS);
}

TEST(random_writes)
{
	struct shadow s;
	struct model m = {};
	u32 offset, value;

	unit_random_start();
	for (; unit_random.step < 100000; unit_random.step++) {
		if (unit_random.step % 100 == 0)
			model_start(&m, &s);
		offset = random_offset(&m);
		value = random_value((offset - at(0, 0)) / 4 % 8);
		model_write(&m, offset, value);
		vfio_cxl_comp_regs_write(&s.regs, offset, value);
		expect_page(_metadata, &s, m.page);
	}
	EXPECT_GT(m.seals, 300);
	EXPECT_GT(m.refusals, 1000);
	EXPECT_GT(m.overlaps, 100);
	EXPECT_GT(m.frozen, 1000);
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
