// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include "kunit/harness.h"
#else
#include <stdio.h>
#include <stdlib.h>
#endif

#include "fake_device.h"

#define REG(offset)	((offset) / 4)
#define CTRL		REG(CXL_HDM_CTRL)

#define LOW_BITS	0x0fffffffU	/* 256 MiB units */

/* RW of CTRL; COMMITTED and ERROR are the device's, 15 and 31:28 reserved */
#define CTRL_RW		0x0fff73ffU
#define CTRL_RESERVED	0xf0008000U

#define ALL_WRITTEN	0x3fU

static void fake_misuse(const char *what, u32 offset)
{
	fprintf(stderr, "# fake device: %s at %#x\n", what, offset);
	abort();
}

static u64 reg64(const struct fake_decoder *d, u32 offset)
{
	return d->reg[REG(offset)] | (u64)d->reg[REG(offset) + 1] << 32;
}

static bool is_committed(const struct fake_decoder *d)
{
	return d->reg[CTRL] & CXL_HDM_CTRL_COMMITTED;
}

/* From the moment COMMIT latches it, until it is un-committed or refused */
static bool is_frozen(const struct fake_decoder *d)
{
	return is_committed(d) || ((d->reg[CTRL] & CXL_HDM_CTRL_COMMIT) &&
				   !(d->reg[CTRL] & CXL_HDM_CTRL_ERROR));
}

/*
 * 8.2.4.20.12: decoders are committed in ascending order, of their number and
 * of their address.
 */
static bool may_commit(const struct fake_device *fake, unsigned int n)
{
	const struct fake_decoder *d = &fake->decoder[n];
	u64 base = reg64(d, CXL_HDM_BASE_LO);
	u64 size = reg64(d, CXL_HDM_SIZE_LO);

	if (!size || base + size < base)
		return false;
	if (!n)
		return true;
	d--;

	return is_committed(d) && base >= reg64(d, CXL_HDM_BASE_LO) +
					  reg64(d, CXL_HDM_SIZE_LO);
}

static void decoder_tick(struct fake_device *fake, unsigned int n)
{
	struct fake_decoder *d = &fake->decoder[n];

	if (d->commit_at <= fake->now_us) {
		d->commit_at = FAKE_NEVER;
		if (d->fault == FAKE_ERROR || !may_commit(fake, n))
			d->reg[CTRL] |= CXL_HDM_CTRL_ERROR;
		else
			d->reg[CTRL] |= CXL_HDM_CTRL_COMMITTED;
	}
	if (d->uncommit_at <= fake->now_us) {
		d->uncommit_at = FAKE_NEVER;
		d->reg[CTRL] &= ~CXL_HDM_CTRL_COMMITTED;
		d->fault = FAKE_FINE;
	}
}

static void fake_tick(struct fake_device *fake)
{
	unsigned int n;

	for (n = 0; n < fake->count; n++)
		decoder_tick(fake, n);
}

static u64 due(const struct fake_device *fake, u64 usec)
{
	return usec == FAKE_NEVER ? FAKE_NEVER : fake->now_us + usec;
}

static void commit_start(struct fake_device *fake, struct fake_decoder *d)
{
	fake->commits++;
	d->reg[CTRL] &= ~CXL_HDM_CTRL_ERROR;
	d->uncommit_at = FAKE_NEVER;
	if (is_committed(d))
		return;

	if (d->written != ALL_WRITTEN)
		fake->disordered++;
	d->written = 0;

	d->fault = FAKE_FINE;
	if (fake->faults) {
		fake->faults--;
		d->fault = fake->fault;
	}
	d->commit_at = d->fault == FAKE_SLOW ? FAKE_NEVER :
					       due(fake, fake->commit_us);
}

static void commit_end(struct fake_device *fake, struct fake_decoder *d)
{
	d->reg[CTRL] &= ~CXL_HDM_CTRL_ERROR;
	d->commit_at = FAKE_NEVER;
	if (!is_committed(d))
		return;

	d->written = 0;
	if (fake->stuck)
		fake->stuck--;
	else
		d->uncommit_at = due(fake, fake->uncommit_us);
}

static void ctrl_write(struct fake_device *fake, struct fake_decoder *d,
		       u32 value)
{
	u32 old = d->reg[CTRL];
	u32 rw = is_committed(d) ? CXL_HDM_CTRL_COMMIT : CTRL_RW;

	if (value & CTRL_RESERVED)
		fake->reserved++;
	d->reg[CTRL] = (old & ~rw) | (value & rw);

	if (~old & value & CXL_HDM_CTRL_COMMIT)
		commit_start(fake, d);
	else if (old & ~value & CXL_HDM_CTRL_COMMIT)
		commit_end(fake, d);
	fake_tick(fake);
}

/* Each of BASE, SIZE, skip only after all of what stands before it */
static void order_note(struct fake_device *fake, struct fake_decoder *d,
		       unsigned int reg)
{
	unsigned int nth = reg < CTRL ? reg : reg - 1;
	unsigned int before = (1U << (nth & ~1U)) - 1;

	if ((d->written & before) != before)
		fake->disordered++;
	d->written &= before | (3U << (nth & ~1U));
	d->written |= 1U << nth;
}

static void decoder_write(struct fake_device *fake, unsigned int n,
			  unsigned int reg, u32 value)
{
	static const u32 writable[8] = {
		[REG(CXL_HDM_BASE_LO)] = ~LOW_BITS,
		[REG(CXL_HDM_BASE_HI)] = ~0U,
		[REG(CXL_HDM_SIZE_LO)] = ~LOW_BITS,
		[REG(CXL_HDM_SIZE_HI)] = ~0U,
		[REG(CXL_HDM_SKIP_LO)] = ~LOW_BITS,
		[REG(CXL_HDM_SKIP_HI)] = ~0U,
	};
	struct fake_decoder *d = &fake->decoder[n];

	d->writes++;
	if (is_committed(d) && (d->reg[CTRL] & CXL_HDM_CTRL_LOCK)) {
		fake->locked++;
	} else if (reg == CTRL) {
		ctrl_write(fake, d, value);
	} else if (!writable[reg]) {
		fake_misuse("write of a reserved register", reg);
	} else if (is_frozen(d)) {
		fake->rejected++;
	} else {
		order_note(fake, d, reg);
		d->reg[reg] = value & writable[reg];
		if (reg == REG(fake->bent_reg))
			d->reg[reg] &= ~fake->bent_bits;
	}
}

static u32 decoder_read(struct fake_device *fake, unsigned int n,
			unsigned int reg)
{
	struct fake_decoder *d = &fake->decoder[n];
	u32 value = d->reg[reg];

	if (!is_committed(d))
		return value;
	if (d->fault == FAKE_LIE && reg == REG(fake->lie_reg))
		value ^= fake->lie_bits;
	if (d->fault == FAKE_VANISH && reg == CTRL)
		d->reg[CTRL] &= ~CXL_HDM_CTRL_COMMITTED;

	return value;
}

/* Which decoder, and which register of it; false where there is none */
static bool locate(const struct fake_device *fake, u32 offset, unsigned int *n,
		   unsigned int *reg)
{
	if (offset >= CXL_CM_SIZE || offset % 4)
		fake_misuse("access outside the page, or unaligned", offset);
	if (offset < FAKE_HDM_AT + 0x10 ||
	    offset >= FAKE_HDM_AT + 0x10 + 0x20 * fake->count)
		return false;
	offset -= FAKE_HDM_AT + 0x10;
	*n = offset / 0x20;
	*reg = REG(offset % 0x20);

	return true;
}

static u32 fake_read(void *ctx, u32 offset)
{
	struct fake_device *fake = ctx;
	unsigned int n, reg;
	bool decoder = locate(fake, offset, &n, &reg);

	if (fake->reads++ >= fake->gone_after)
		return ~0U;

	return decoder ? decoder_read(fake, n, reg) : fake->page[REG(offset)];
}

static void fake_write(void *ctx, u32 offset, u32 value)
{
	struct fake_device *fake = ctx;
	unsigned int n, reg;
	bool decoder = locate(fake, offset, &n, &reg);

	fake->writes++;
	if (fake->reads > fake->gone_after)
		return;
	if (decoder)
		decoder_write(fake, n, reg, value);
	else if (offset == FAKE_HDM_AT + CXL_HDM_GLOBAL)
		fake->page[REG(offset)] = value & 3;
	else
		fake_misuse("write of a read-only register", offset);
}

static void fake_sleep(void *ctx, unsigned int usec)
{
	struct fake_device *fake = ctx;

	if (fake->sleeps == FAKE_SLEEPS)
		fake_misuse("endless wait", fake->sleeps);
	fake->sleep_us[fake->sleeps++] = usec;
	fake->slept_us += usec;
	fake_pass(fake, usec);
}

void fake_pass(struct fake_device *fake, u64 usec)
{
	fake->now_us += usec;
	fake_tick(fake);
}

/* Start counting anew what is done to it */
void fake_forget(struct fake_device *fake)
{
	unsigned int n;

	fake->reads = 0;
	fake->writes = 0;
	fake->sleeps = 0;
	fake->slept_us = 0;
	fake->commits = 0;
	fake->rejected = 0;
	fake->locked = 0;
	fake->disordered = 0;
	for (n = 0; n < fake->count; n++)
		fake->decoder[n].writes = 0;
}

/* What a function level reset leaves: no decoder, locked or not */
void fake_reset(struct fake_device *fake)
{
	unsigned int n;

	for (n = 0; n < fake->count; n++) {
		memset(&fake->decoder[n], 0, sizeof(fake->decoder[n]));
		fake->decoder[n].commit_at = FAKE_NEVER;
		fake->decoder[n].uncommit_at = FAKE_NEVER;
	}
	fake_set_global(fake, 0);
	fake_forget(fake);
}

void fake_init(struct fake_device *fake, unsigned int code, unsigned int count)
{
	memset(fake, 0, sizeof(*fake));
	fake->io.read = fake_read;
	fake->io.write = fake_write;
	fake->io.sleep = fake_sleep;
	fake->io.ctx = fake;
	fake->gone_after = FAKE_NEVER;
	fake->count = count;
	/* Three entries: RAS, HDM decoders, link */
	fake->page[0] = 0x03110001;
	fake->page[1] = 0x18010002;
	fake->page[2] = FAKE_HDM_AT << 20 | 0x00030005;
	fake->page[3] = 0x20020004;
	fake->page[REG(FAKE_HDM_AT)] = 0x3f00 | code;
	fake_reset(fake);
}

void fake_set(struct fake_device *fake, unsigned int n,
	      const struct vfio_cxl_hdm_decoder *decoder)
{
	u32 *reg = fake->decoder[n].reg;

	reg[REG(CXL_HDM_BASE_LO)] = decoder->base;
	reg[REG(CXL_HDM_BASE_HI)] = decoder->base >> 32;
	reg[REG(CXL_HDM_SIZE_LO)] = decoder->size;
	reg[REG(CXL_HDM_SIZE_HI)] = decoder->size >> 32;
	reg[REG(CXL_HDM_SKIP_LO)] = decoder->skip;
	reg[REG(CXL_HDM_SKIP_HI)] = decoder->skip >> 32;
	reg[CTRL] = decoder->ctrl;
}

struct vfio_cxl_hdm_decoder fake_get(const struct fake_device *fake,
				     unsigned int n)
{
	const struct fake_decoder *d = &fake->decoder[n];

	return (struct vfio_cxl_hdm_decoder) {
		.base = reg64(d, CXL_HDM_BASE_LO),
		.size = reg64(d, CXL_HDM_SIZE_LO),
		.skip = reg64(d, CXL_HDM_SKIP_LO),
		.ctrl = d->reg[CTRL],
	};
}

u32 fake_global(const struct fake_device *fake)
{
	return fake->page[REG(FAKE_HDM_AT + CXL_HDM_GLOBAL)];
}

void fake_set_global(struct fake_device *fake, u32 value)
{
	fake->page[REG(FAKE_HDM_AT + CXL_HDM_GLOBAL)] = value;
}
