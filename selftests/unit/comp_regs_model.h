/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the userspace contract says of the decoder as a user sees it: its tables
 * as data, and an interpreter that knows no register.
 */
#ifndef VFIO_CXL_COMP_REGS_MODEL_H
#define VFIO_CXL_COMP_REGS_MODEL_H

#include "shadow.h"

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
static unsigned int seen_refusal[5], seen_sealed;

static inline u32 *regs_of(struct model *m, unsigned int n)
{
	return &m->page[at(n, 0) / 4];
}

/* What a row list makes of a dword: all of it, but for the status */
static inline u32 take(const struct model *m, const struct field *f,
		       unsigned int rows, unsigned int reg, u32 old, u32 value)
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

/*
 * What a row list makes of hardware's registers when a tenancy begins. What is
 * committed is shown, whether a user could have written it or not.
 */
static inline void begin(const struct field *f, unsigned int rows,
			 const u32 *hw, u32 *regs)
{
	for (; rows; rows--, f++) {
		if (f->first == CLEAR)
			continue;
		regs[f->reg] |= f->bits & (f->first == SET ? ~0U : hw[f->reg]);
	}
}

static inline enum state state_of(const u32 *regs)
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

static inline u64 units(const u32 *regs, unsigned int lo)
{
	return (regs[lo] | (u64)regs[lo + 1] << 32) / MIB256;
}

static inline bool no_size(struct model *m, unsigned int n)
{
	return !units(regs_of(m, n), SIZE_LO);
}

static inline bool too_large(struct model *m, unsigned int n)
{
	return units(regs_of(m, n), SIZE_LO) > units(m->first[n], SIZE_LO);
}

static inline bool many_ways(struct model *m, unsigned int n)
{
	return regs_of(m, n)[CTRL] & 0xf0;
}

static inline bool past_the_end(struct model *m, unsigned int n)
{
	u32 *regs = regs_of(m, n);

	return units(regs, BASE_LO) + units(regs, SIZE_LO) >= 1ULL << 36;
}

/* The later of two starts lies before the earlier of two ends */
static inline bool over_sealed(struct model *m, unsigned int n)
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
static inline bool refused(struct model *m, unsigned int n)
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

static inline void model_decoder(struct model *m, unsigned int n,
				 unsigned int reg, u32 value)
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

static inline void model_write(struct model *m, u32 offset, u32 value)
{
	unsigned int n = (offset - at(0, 0)) / 0x20;
	unsigned int reg = (offset - HDM_AT) / 4;
	u32 *dword = &m->page[offset / 4];

	if (offset >= at(0, 0) && n < m->count)
		model_decoder(m, n, (offset - at(n, 0)) / 4, value);
	else if (offset >= HDM_AT && reg < HEAD)
		*dword = take(m, head, ARRAY_SIZE(head), reg, *dword, value);
}

/* A tenancy begins, on a device whose decoders are @state */
static inline void model_start(struct model *m, u32 cap, unsigned int count,
			       bool cache, const struct vfio_cxl_hdm_state *state)
{
	u32 hw[HEAD] = { cap, state->global };
	unsigned int n;

	memset(m, 0, sizeof(*m));
	m->count = count;
	m->able[ALWAYS] = true;
	m->able[POISON] = cap & CAP_POISON;
	m->able[UIO_CAPABLE] = cap & CAP_UIO;
	m->able[CACHE_CAPABLE] = cache;

	m->page[0] = HEADER;
	m->page[ENTRY_INDEX] = ENTRY;
	begin(head, ARRAY_SIZE(head), hw, &m->page[HDM_AT / 4]);
	for (n = 0; n < count; n++) {
		const struct vfio_cxl_hdm_decoder *d = &state->decoder[n];
		const u32 regs[8] = {
			d->base, d->base >> 32, d->size, d->size >> 32,
			d->ctrl, d->skip, d->skip >> 32, ~0U,
		};

		if (d->ctrl & COMMITTED)
			begin(decoder, ARRAY_SIZE(decoder), regs, m->first[n]);
		memcpy(regs_of(m, n), m->first[n], sizeof(m->first[n]));
	}
}

/* As the tenancy found it, but at @base, and perhaps sealed; or as it was */
static inline int model_place(struct model *m, unsigned int n, u64 base,
			      bool seal, bool dry_run)
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

#endif /* VFIO_CXL_COMP_REGS_MODEL_H */
