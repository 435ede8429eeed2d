// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder as a user sees it: long sequences of random writes, and
 * placements from outside, against the userspace contract's tables, read as
 * data by an interpreter.
 */
#include "shadow.h"

UNIT_RANDOM_DEFINE

/**
 * enum kind - what a field is
 * @NONE: nothing: reads 0
 * @FIXED: what it was in the beginning
 * @RW: what was written last
 * @STATUS: what the last write of CTRL led to
 */
enum kind { NONE, FIXED, RW, STATUS };

/* What a tenancy finds; all of it in a decoder that is committed, else clear */
enum first { CLEAR, SET, HARDWARE };

/* What a device may have */
enum able { ALWAYS, POISON, UIO_CAPABLE, CACHE_CAPABLE };

/* A row of the contract's table */
struct field {
	u8 reg;
	u32 bits;
	enum kind kind;
	enum first first;
	enum able able;
};

/* Dwords before the decoders */
enum { CAP, GLOBAL, HEAD = 4 };

static const struct field head[] = {
	{ CAP, 0xffffffff, FIXED, HARDWARE, ALWAYS },
	{ GLOBAL, 0x00000002, RW, SET, ALWAYS },
	{ GLOBAL, 0x00000001, RW, CLEAR, POISON },
	{ GLOBAL, 0xfffffffc, NONE, CLEAR, ALWAYS },
	{ 2, 0xffffffff, NONE, CLEAR, ALWAYS },
	{ 3, 0xffffffff, NONE, CLEAR, ALWAYS },
};

static const struct field decoder[] = {
	{ BASE_LO, 0xf0000000, RW, CLEAR, ALWAYS },
	{ BASE_LO, 0x0fffffff, NONE, CLEAR, ALWAYS },
	{ BASE_HI, 0xffffffff, RW, CLEAR, ALWAYS },
	{ SIZE_LO, 0xf0000000, RW, HARDWARE, ALWAYS },
	{ SIZE_LO, 0x0fffffff, NONE, CLEAR, ALWAYS },
	{ SIZE_HI, 0xffffffff, RW, HARDWARE, ALWAYS },
	/* Granularity and ways, host only */
	{ CTRL, 0x000010ff, RW, HARDWARE, ALWAYS },
	{ CTRL, LOCK, RW, CLEAR, ALWAYS },
	{ CTRL, COMMIT, RW, SET, ALWAYS },
	{ CTRL, COMMITTED, STATUS, SET, ALWAYS },
	{ CTRL, ERROR, STATUS, CLEAR, ALWAYS },
	{ CTRL, BI, RW, HARDWARE, CACHE_CAPABLE },
	{ CTRL, UIO, RW, HARDWARE, UIO_CAPABLE },
	{ CTRL, 0xffff8000, NONE, CLEAR, ALWAYS },
	{ SKIP_LO, 0xffffffff, FIXED, HARDWARE, ALWAYS },
	{ SKIP_HI, 0xffffffff, FIXED, HARDWARE, ALWAYS },
	{ RESERVED, 0xffffffff, NONE, CLEAR, ALWAYS },
};

/* A decoder's states. In the last, writes are dropped */
enum state { IDLE, FAILED, UP, SEALED };

/* Status bits by the state before, and by what a write of CTRL says */
enum event { UNCOMMIT, REFUSED, GOOD };

static const u32 status_after[SEALED][3] = {
	[IDLE]	 = { 0, ERROR, COMMITTED },
	[FAILED] = { 0, ERROR, ERROR },
	[UP]	 = { 0, ERROR, COMMITTED },
};

struct model {
	u32 page[PAGE_DWORDS];
	u32 first[CXL_HDM_MAX_DECODERS][8];
	unsigned int count;
	bool able[4];
};

/* For the test to know that it saw something */
static unsigned int seen[SEALED + 1][3];
static unsigned int seen_refusal[5], seen_sealed, seen_place[4];

static u32 *regs_of(struct model *m, unsigned int n)
{
	return &m->page[at(n, 0) / 4];
}

/* What a row list makes of a dword: all of it, but for the status */
static u32 take(const struct model *m, const struct field *f, unsigned int rows,
		unsigned int reg, u32 old, u32 value)
{
	u32 result = 0;

	for (; rows; rows--, f++) {
		if (f->reg != reg || !m->able[f->able])
			continue;
		if (f->kind == RW)
			result |= value & f->bits;
		if (f->kind == FIXED)
			result |= old & f->bits;
	}

	return result;
}

/* What a row list makes of hardware's registers when a tenancy begins */
static void begin(const struct model *m, const struct field *f,
		  unsigned int rows, const u32 *hw, u32 *regs)
{
	for (; rows; rows--, f++) {
		if (!m->able[f->able] || f->first == CLEAR)
			continue;
		regs[f->reg] |= f->bits & (f->first == SET ? ~0U : hw[f->reg]);
	}
}

static enum state state_of(const u32 *regs)
{
	if (regs[CTRL] & ERROR)
		return FAILED;
	if (!(regs[CTRL] & COMMITTED))
		return IDLE;

	return regs[CTRL] & LOCK ? SEALED : UP;
}

/*
 * What hardware does not commit, in units of 256 MiB, so that nothing wraps
 */

static u64 units(const u32 *regs, unsigned int lo)
{
	return (regs[lo] | (u64)regs[lo + 1] << 32) / MIB256;
}

static bool no_size(struct model *m, unsigned int n)
{
	return !units(regs_of(m, n), SIZE_LO);
}

static bool too_large(struct model *m, unsigned int n)
{
	return units(regs_of(m, n), SIZE_LO) > units(m->first[n], SIZE_LO);
}

static bool many_ways(struct model *m, unsigned int n)
{
	return regs_of(m, n)[CTRL] & 0xf0;
}

static bool past_the_end(struct model *m, unsigned int n)
{
	u32 *regs = regs_of(m, n);

	return units(regs, BASE_LO) + units(regs, SIZE_LO) >= 1ULL << 36;
}

/* The later of two starts lies before the earlier of two ends */
static bool over_sealed(struct model *m, unsigned int n)
{
	u32 *mine = regs_of(m, n), *other;
	u64 start, end;
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		other = regs_of(m, i);
		start = max(units(mine, BASE_LO), units(other, BASE_LO));
		end = min(units(mine, BASE_LO) + units(mine, SIZE_LO),
			  units(other, BASE_LO) + units(other, SIZE_LO));
		if (i != n && state_of(other) == SEALED && start < end)
			return true;
	}

	return false;
}

static bool (*const refusals[])(struct model *m, unsigned int n) = {
	no_size, too_large, many_ways, past_the_end, over_sealed,
};

/* Counts a reason where it is the only one */
static bool refused(struct model *m, unsigned int n)
{
	unsigned int i, why = 0, reasons = 0;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (!refusals[i](m, n))
			continue;
		why = i;
		reasons++;
	}
	seen_refusal[why] += reasons == 1;

	return reasons > 0;
}

/*
 * What happens
 */

static void model_decoder(struct model *m, unsigned int n, unsigned int reg,
			  u32 value)
{
	u32 *regs = regs_of(m, n);
	enum state before = state_of(regs);
	enum event event = UNCOMMIT;

	if (before == SEALED) {
		seen_sealed++;
		return;
	}
	regs[reg] = take(m, decoder, ARRAY_SIZE(decoder), reg, regs[reg],
			 value) | (regs[reg] & (reg == CTRL ? ERROR | COMMITTED :
						0));
	if (reg != CTRL)
		return;

	if (value & COMMIT)
		event = refused(m, n) ? REFUSED : GOOD;
	regs[CTRL] &= ~(ERROR | COMMITTED);
	regs[CTRL] |= status_after[before][event];
	seen[before][event]++;
}

static void model_write(struct model *m, u32 offset, u32 value)
{
	unsigned int n = (offset - at(0, 0)) / 0x20;
	unsigned int reg = (offset - HDM_AT) / 4;
	u32 *dword = &m->page[offset / 4];

	if (offset >= at(0, 0) && n < m->count)
		model_decoder(m, n, (offset - at(n, 0)) / 4, value);
	else if (offset >= HDM_AT && reg < HEAD)
		*dword = take(m, head, ARRAY_SIZE(head), reg, *dword, value);
}

/* As the tenancy found it, but at @base, and perhaps sealed; or as it was */
static int model_place(struct model *m, unsigned int n, u64 base, bool seal,
		       bool dry_run)
{
	u32 *regs = regs_of(m, n), before[8];
	bool bad;

	if (state_of(regs) == SEALED)
		return base == (regs[BASE_LO] | (u64)regs[BASE_HI] << 32) ?
		       -EALREADY : -EPERM;

	memcpy(before, regs, sizeof(before));
	memcpy(regs, m->first[n], sizeof(before));
	regs[BASE_LO] = base;
	regs[BASE_HI] = base >> 32;
	regs[CTRL] |= seal ? LOCK : 0;
	bad = base % MIB256 || refused(m, n);
	if (bad || dry_run)
		memcpy(regs, before, sizeof(before));

	return bad ? -EINVAL : 0;
}

/* What firmware may have committed: mostly what can be committed again */
static void random_decoder(struct shadow *s, struct model *m, unsigned int n)
{
	struct vfio_cxl_hdm_decoder *hw = &s->state.decoder[n];
	u32 bits = 0xf | TYPE | LOCK | (m->able[UIO_CAPABLE] ? UIO : 0) |
		   (m->able[CACHE_CAPABLE] ? BI : 0), regs[8];

	hardware(s, n, unit_random_below(6) * MIB256);
	hw->ctrl = (unit_random_next() & bits) | COMMIT | COMMITTED;
	if (!unit_random_below(8))
		hw->ctrl |= unit_random_next() & 0xf0;
	if (!unit_random_below(5))
		hw->ctrl &= ~COMMITTED;

	memset(m->first[n], 0, sizeof(m->first[n]));
	if (!(hw->ctrl & COMMITTED))
		return;
	memcpy(&regs[BASE_LO], &hw->base, sizeof(hw->base));
	memcpy(&regs[SIZE_LO], &hw->size, sizeof(hw->size));
	regs[CTRL] = hw->ctrl;
	memcpy(&regs[SKIP_LO], &hw->skip, sizeof(hw->skip));
	regs[RESERVED] = unit_random_next();
	begin(m, decoder, ARRAY_SIZE(decoder), regs, m->first[n]);
}

static void start(struct shadow *s, struct model *m)
{
	u32 hw[HEAD] = { unit_random_next(), unit_random_next() };
	unsigned int n;

	memset(s, 0, sizeof(*s));
	memset(m, 0, sizeof(*m));
	m->count = 1 + unit_random_below(6);
	m->able[ALWAYS] = true;
	m->able[POISON] = hw[CAP] & CAP_POISON;
	m->able[UIO_CAPABLE] = hw[CAP] & CAP_UIO;
	m->able[CACHE_CAPABLE] = unit_random_below(2);

	m->page[0] = HEADER;
	m->page[ENTRY_INDEX] = ENTRY;
	begin(m, head, ARRAY_SIZE(head), hw, &m->page[HDM_AT / 4]);
	s->state.global = hw[GLOBAL];
	for (n = 0; n < m->count; n++) {
		random_decoder(s, m, n);
		memcpy(regs_of(m, n), m->first[n], sizeof(m->first[n]));
	}
	tenancy(s, hw[CAP], m->count, m->able[CACHE_CAPABLE]);
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
	unsigned int i, event;
	struct model m;
	struct shadow s;

	unit_random_start();
	for (; unit_random.step < 100000; unit_random.step++) {
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
			EXPECT_GT(seen[i][event], 50)
				TH_LOG("event %u in state %u", event, i);
		}
	}
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		EXPECT_GT(seen_refusal[i], 20)
			TH_LOG("refusal %u", i);
	}
	for (i = 0; i < ARRAY_SIZE(seen_place); i++) {
		EXPECT_GT(seen_place[i], 20)
			TH_LOG("placement %u", i);
	}
	EXPECT_GT(seen_sealed, 1000);
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
