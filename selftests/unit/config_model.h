/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the userspace contract says of the CXL Device DVSEC as a user sees it:
 * its table as data, and an interpreter that knows no register.
 */
#ifndef VFIO_CXL_CONFIG_MODEL_H
#define VFIO_CXL_CONFIG_MODEL_H

#include "dvsec.h"

#define WORDS	(DVSEC_LEN / 2)

/**
 * enum kind - what a field is
 * @NONE: nothing: reads 0
 * @ONE: reads 1
 * @LIVE: hardware's
 * @KEPT: the model's; an answer sets and clears it
 * @BOTH: hardware's and the model's
 * @RW: what was written last
 * @W1C: set until a 1 is written
 * @ONCE: clear until a 1 is written
 * @ASK: reads 0; writing a 1 is a request, which has an answer
 */
enum kind { NONE, ONE, LIVE, KEPT, BOTH, RW, W1C, ONCE, ASK };

#define FOUND	1	/* a reset leaves it as hardware had it, else clear */
#define LOCKS	2	/* CONFIG_LOCK drops what is written */

/**
 * struct field - a row of the contract's table
 * @first: register of 16 bits
 * @last: the same holds for all up to this one
 * @bits: which of its bits
 * @kind: what they are
 * @needs: bit of Capability without which there is nothing here
 * @flags: FOUND, LOCKS
 */
struct field {
	u8 first;
	u8 last;
	u16 bits;
	enum kind kind;
	u16 needs;
	u8 flags;
};

static const struct field fields[] = {
	/* Headers, Capability */
	{ 0x00, 0x0a, 0xffff, LIVE, 0, 0 },
	/* Control: Mem_Enable, Viral_Enable, IO_Enable; no cache, no P2P */
	{ 0x0c, 0x0c, 0x0004, RW, 0x0004, FOUND | LOCKS },
	{ 0x0c, 0x0c, 0x4000, RW, 0x4000, FOUND | LOCKS },
	{ 0x0c, 0x0c, 0x0002, ONE, 0, 0 },
	{ 0x0c, 0x0c, 0xbff9, NONE, 0, 0 },
	/* Status: Viral_Status */
	{ 0x0e, 0x0e, 0x4000, W1C, 0x4000, FOUND },
	{ 0x0e, 0x0e, 0xbfff, NONE, 0, 0 },
	/* Control2: no caching, write back, CXL reset, clear memory in it */
	{ 0x10, 0x10, 0x0001, RW, 0x0001, 0 },
	{ 0x10, 0x10, 0x0002, ASK, 0x0040, 0 },
	{ 0x10, 0x10, 0x0004, ASK, 0x0080, 0 },
	{ 0x10, 0x10, 0x0008, RW, 0x0800, 0 },
	{ 0x10, 0x10, 0xfff0, NONE, 0, 0 },
	/* Status2: cache invalid, reset done or failed, power management */
	{ 0x12, 0x12, 0x0001, BOTH, 0, 0 },
	{ 0x12, 0x12, 0x0006, KEPT, 0, 0 },
	{ 0x12, 0x12, 0x8000, LIVE, 0, 0 },
	{ 0x12, 0x12, 0x7ff8, NONE, 0, 0 },
	/* Lock: CONFIG_LOCK */
	{ 0x14, 0x14, 0x0001, ONCE, 0, FOUND },
	{ 0x14, 0x14, 0xfffe, NONE, 0, 0 },
	/* Capability2, and size and base of the first range */
	{ 0x16, 0x1e, 0xffff, LIVE, 0, 0 },
	{ 0x20, 0x26, 0xffff, NONE, 0, 0 },
	/* The second range */
	{ 0x28, 0x2e, 0xffff, LIVE, 0, 0 },
	{ 0x30, 0x36, 0xffff, NONE, 0, 0 },
	/* Capability3 and beyond */
	{ 0x38, 0x5e, 0xffff, LIVE, 0, 0 },
};

/* What a request does to Status2, and whether it is for a CXL reset */
static const struct answer {
	u16 bit;
	u16 clears;
	u16 sets;
	bool reset;
} answers[] = {
	{ 0x0002, 0, 0x0001, false },
	{ 0x0004, 0x0006, 0, true },
};

/* What a failed and a good one does when it is over */
static const u16 reset_answer[2] = { 0x0004, 0x0002 };

struct model {
	u16 word[WORDS];
	u16 capability;
	/* For the test to know that it saw something */
	unsigned int moved[ARRAY_SIZE(fields)];
	unsigned int locked[ARRAY_SIZE(fields)];
	unsigned int refused[ARRAY_SIZE(fields)];
	unsigned int resets;
	bool asked;
};

static inline bool has(const struct field *f, u32 reg)
{
	return reg >= f->first && reg <= f->last;
}

static inline bool provided(const struct model *m, const struct field *f)
{
	return (m->capability & f->needs) == f->needs;
}

static u16 model_read(const struct model *m, u32 reg, u16 hw)
{
	u16 kept = m->word[reg / 2], value = 0;
	const struct field *f;

	for (f = fields; f < fields + ARRAY_SIZE(fields); f++) {
		if (!has(f, reg) || !provided(m, f))
			continue;
		if (f->kind == ONE)
			value |= f->bits;
		if (f->kind == LIVE || f->kind == BOTH)
			value |= f->bits & hw;
		if (f->kind >= KEPT && f->kind != ASK)
			value |= f->bits & kept;
	}

	return value;
}

/* A reset, which found @found in hardware */
static inline void model_start(struct model *m, const u16 *found)
{
	const struct field *f;

	memset(m->word, 0, sizeof(m->word));
	m->capability = found[CAPABILITY / 2];
	m->asked = false;
	for (f = fields; f < fields + ARRAY_SIZE(fields); f++)
		if (f->flags & FOUND)
			m->word[f->first / 2] |= found[f->first / 2] & f->bits;
}

static inline bool model_answer(struct model *m, u16 bits)
{
	u16 *status2 = &m->word[STATUS2 / 2];
	const struct answer *a;

	for (a = answers; a < answers + ARRAY_SIZE(answers); a++) {
		if (a->bit != bits)
			continue;
		*status2 = (*status2 & ~a->clears) | a->sets;
		return a->reset;
	}

	return false;
}

/* One field; @mask is of what is written, at least a bit of it */
static inline bool model_field(struct model *m, const struct field *f, u32 reg,
			       u16 value, u16 mask)
{
	bool locked = (f->flags & LOCKS) && m->word[CONFIG_LOCK / 2];
	u16 *kept = &m->word[reg / 2], old = *kept;
	unsigned int row = f - fields;
	bool reset = false;

	value &= mask;
	m->refused[row] += value && !provided(m, f);
	m->locked[row] += locked && provided(m, f) && value != (old & mask);
	if (locked || !provided(m, f))
		return false;

	if (f->kind == RW)
		*kept = (old & ~mask) | value;
	if (f->kind == W1C)
		*kept &= ~value;
	if (f->kind == ONCE)
		*kept |= value;
	if (f->kind == ASK && value)
		reset = model_answer(m, value);
	m->moved[row] += *kept != old || (f->kind == ASK && value);

	return reset;
}

static inline bool model_write(struct model *m, u32 offset, unsigned int n,
			       u32 value)
{
	u16 word[WORDS] = {}, mask[WORDS] = {};
	bool reset = false;
	const struct field *f;
	unsigned int i;
	u32 reg;

	for (i = 0; i < n; i++) {
		reg = offset + i;
		word[reg / 2] |= (value >> 8 * i & 0xff) << 8 * (reg % 2);
		mask[reg / 2] |= 0xff << 8 * (reg % 2);
	}
	for (f = fields; f < fields + ARRAY_SIZE(fields); f++)
		for (reg = f->first; reg <= f->last; reg += 2)
			if (f->bits & mask[reg / 2])
				reset |= model_field(m, f, reg, word[reg / 2],
						     f->bits & mask[reg / 2]);

	m->asked |= reset;
	m->resets += reset;

	return reset;
}

static inline void model_reset_over(struct model *m, bool good)
{
	m->word[STATUS2 / 2] |= reset_answer[good];
	m->asked = false;
}

#endif /* VFIO_CXL_CONFIG_MODEL_H */
