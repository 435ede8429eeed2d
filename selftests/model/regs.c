// SPDX-License-Identifier: GPL-2.0-only
/*
 * The component registers: a capability array with RAS and HDM decoders (CXL 3.1,
 * 8.2.4), which do as 8.2.4.20 says, or as the script does.
 */
#include <string.h>

#include "model.h"

#define RAS		0x080		/* offsets in the CM page */
#define HDM		0x100
#define HDM_GLOBAL	(HDM + 0x04)
#define DECODER(n)	(HDM + 0x10 + 0x20 * (n))
#define BASE_LO		0x00
#define SIZE_LO		0x08
#define CTRL		0x10
#define SKIP_LO		0x14

#define LOCK		(1U << 8)
#define COMMIT		(1U << 9)
#define COMMITTED	(1U << 10)
#define ERROR		(1U << 11)
#define CTRL_WRITABLE	0x0fff73ffU
#define LO_WRITABLE	0xf0000000U

static uint32_t cm_get(struct model *m, uint32_t at)
{
	return get32(m->block + CM + at);
}

static void cm_put(struct model *m, uint32_t at, uint32_t value)
{
	put32(m->block + CM + at, value);
}

/* HDM Decoder Count has a code: 1, 2, 4 ... 16, 20 ... 32 */
static uint32_t count_code(unsigned int count)
{
	if (count <= 1)
		return 0;

	return count <= 16 ? count / 2 : 4 + count / 4;
}

void regs_init(struct model *m)
{
	memset(m->block, 0, sizeof(m->block));
	/* Capability array, RAS, HDM decoders */
	cm_put(m, 0, 0x02110001);
	cm_put(m, 4, RAS << 20 | 0x00020002);
	cm_put(m, 8, HDM << 20 | 0x00010005);
	cm_put(m, HDM, count_code(m->decoders));
	m->commit_due = 0;
}

/* A reset takes the decoders, lock and all, unless they are to outlive it */
void regs_reset(struct model *m)
{
	unsigned int n;

	m->commit_due = 0;
	if (m->keep)
		return;
	cm_put(m, HDM_GLOBAL, 0);
	for (n = 0; n < m->decoders; n++)
		memset(m->block + CM + DECODER(n), 0, 0x20);
}

static void bend(struct model *m, uint32_t at)
{
	/* 256 MiB further on, and half of that more than asked for */
	cm_put(m, at + BASE_LO, cm_get(m, at + BASE_LO) + 0x10000000);
	cm_put(m, at + SIZE_LO, cm_get(m, at + SIZE_LO) + 0x10000000);
}

static void commit(struct model *m, unsigned int n)
{
	uint32_t at = DECODER(n);
	uint32_t ctrl = cm_get(m, at + CTRL);

	m->count.commit++;
	switch (m->commit) {
	case COMMIT_NEVER:
		return;
	case COMMIT_ERROR:
		cm_put(m, at + CTRL, ctrl | ERROR);
		return;
	case COMMIT_SLOW:
		m->committing = n;
		m->commit_due = now_ms() + m->commit_ms;
		return;
	case COMMIT_GONE:
		m->ones[SPACE_CM] = true;
		return;
	case COMMIT_LIE:
		bend(m, at);
		break;
	case COMMIT_OK:
	case COMMIT_STUCK:
		break;
	}
	cm_put(m, at + CTRL, ctrl | COMMITTED);
}

/* What was begun and is over by now */
void regs_settle(struct model *m)
{
	uint32_t at = DECODER(m->committing) + CTRL;

	if (!m->commit_due || now_ms() < m->commit_due)
		return;
	m->commit_due = 0;
	if (cm_get(m, at) & COMMIT)
		cm_put(m, at, cm_get(m, at) | COMMITTED);
}

static void write_ctrl(struct model *m, unsigned int n, uint32_t value)
{
	uint32_t at = DECODER(n) + CTRL;
	uint32_t old = cm_get(m, at);

	if ((old & LOCK) && (old & COMMITTED))
		return;
	/* Committed, only COMMIT itself means anything */
	if (old & COMMITTED) {
		if (!(value & COMMIT) && m->commit != COMMIT_STUCK)
			cm_put(m, at, value & CTRL_WRITABLE);
		return;
	}
	cm_put(m, at, value & CTRL_WRITABLE);
	if (value & ~old & COMMIT)
		commit(m, n);
}

static void write_decoder(struct model *m, unsigned int n, uint32_t reg,
			  uint32_t value)
{
	uint32_t ctrl = cm_get(m, DECODER(n) + CTRL);

	if (reg == CTRL) {
		write_ctrl(m, n, value);
		return;
	}
	if (ctrl & COMMITTED || reg > SKIP_LO + 4)
		return;
	if (reg == BASE_LO || reg == SIZE_LO || reg == SKIP_LO)
		value &= LO_WRITABLE;
	cm_put(m, DECODER(n) + reg, value);
}

void regs_write(struct model *m, uint32_t at, uint32_t value)
{
	uint32_t cm = at - CM;

	regs_settle(m);
	m->count.write++;
	if (at < CM || cm >= 0x1000)
		return;
	if (cm == HDM_GLOBAL)
		cm_put(m, cm, value & 3);
	else if (cm >= DECODER(0) && cm < DECODER(m->decoders))
		write_decoder(m, (cm - DECODER(0)) / 0x20,
			      (cm - DECODER(0)) % 0x20, value);
	else if (cm >= RAS && cm < RAS + 0x58)
		cm_put(m, cm, value);
}

/* A decoder as a BIOS leaves it, without asking the device */
void regs_decoder(struct model *m, unsigned int n, uint64_t base, uint64_t size,
		  uint32_t ctrl, uint64_t skip)
{
	uint32_t at = DECODER(n);

	cm_put(m, HDM_GLOBAL, 2);
	memcpy(m->block + CM + at + BASE_LO, &base, sizeof(base));
	memcpy(m->block + CM + at + SIZE_LO, &size, sizeof(size));
	memcpy(m->block + CM + at + SKIP_LO, &skip, sizeof(skip));
	cm_put(m, at + CTRL, ctrl);
}
