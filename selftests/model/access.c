// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes, as they come from the guest: to config space and registers,
 * past the lies that the script has set.
 */
#include <string.h>

#include "model.h"

#define REGION_CONFIG	7
#define ALL_ONES	0xff

void model_reset(struct model *m)
{
	config_reset(m);
	regs_reset(m);
	mailbox_reset(m);
}

/* As it is when it starts; what the emulator has written stays */
void model_default(struct model *m)
{
	uint8_t head[0x40], caps[CFG_PM + 8 - CFG_EXPRESS];

	memcpy(head, m->config, sizeof(head));
	memcpy(caps, m->config + CFG_EXPRESS, sizeof(caps));
	m->block_at = 0;
	m->capacity = m->memory_size;
	m->decoders = 4;
	m->commit = COMMIT_OK;
	m->media_ms = 0;
	m->media_due = 0;
	m->keep = false;
	m->drop = 0;
	memset(&m->count, 0, sizeof(m->count));
	memset(m->ones, 0, sizeof(m->ones));
	memset(m->lies, 0, sizeof(m->lies));
	mailbox_init(m);
	config_init(m);
	regs_init(m);
	/* BARs, and what is enabled: the emulator tells it once */
	memcpy(m->config + 0x04, head + 0x04, 2);
	memcpy(m->config + 0x10, head + 0x10, 0x18);
	memcpy(m->config + CFG_MSIX + 2, caps + CFG_MSIX + 2 - CFG_EXPRESS, 2);
}

/* Apply what is to be read instead */
static void lie(struct model *m, enum spaces space, uint64_t at, uint8_t *to,
		uint32_t n)
{
	struct lie *l;
	uint32_t value, i;

	for (l = m->lies; l < m->lies + MAX_LIES; l++) {
		if (!l->set || l->space != space || at + n <= l->offset ||
		    at >= l->offset + 4)
			continue;
		if (l->skip) {
			l->skip--;
			continue;
		}
		value = l->value;
		for (i = 0; i < 4; i++, value >>= 8)
			if (l->offset + i >= at && l->offset + i < at + n)
				to[l->offset + i - at] = value;
		if (l->count && !--l->count)
			l->set = false;
	}
	if (m->ones[space])
		memset(to, ALL_ONES, n);
}

static void read_block(struct model *m, uint64_t at, uint8_t *to, uint32_t n)
{
	regs_settle(m);
	memcpy(to, m->block + at, n);
	if (at >= CM && at < CM + 0x1000)
		lie(m, SPACE_CM, at - CM, to, n);
	else if (m->ones[SPACE_CM])
		memset(to, ALL_ONES, n);
}

static void read_device(struct model *m, uint64_t at, uint8_t *to, uint32_t n)
{
	mailbox_settle(m);
	memcpy(to, m->bar0 + at, n);
	lie(m, SPACE_DEV, at - DEV_AT, to, n);
}

static bool in_block(struct model *m, uint64_t at, uint32_t n)
{
	return at >= m->block_at && at - m->block_at + n <= BLOCK_SIZE;
}

bool model_read(struct model *m, uint32_t region, uint64_t at, void *to,
		uint32_t n)
{
	switch (region) {
	case 0:
		if (at + n > BAR0_SIZE)
			return false;
		if (in_block(m, at, n))
			read_block(m, at - m->block_at, to, n);
		else if (mailbox_is_at(m, at, n))
			read_device(m, at, to, n);
		else if (m->ones[SPACE_CM])
			memset(to, ALL_ONES, n);
		else
			memcpy(to, m->bar0 + at, n);
		return true;
	case 4:
		if (at + n > BAR4_SIZE)
			return false;
		memcpy(to, m->pba + at, n);
		return true;
	case REGION_CONFIG:
		if (at + n > CONFIG_SIZE)
			return false;
		config_ranges(m);
		memcpy(to, m->config + at, n);
		lie(m, SPACE_CFG, at, to, n);
		return true;
	}

	return false;
}

bool model_write(struct model *m, uint32_t region, uint64_t at,
		 const void *from, uint32_t n)
{
	uint32_t i;

	switch (region) {
	case 0:
		if (at + n > BAR0_SIZE)
			return false;
		if (mailbox_is_at(m, at, n) && !in_block(m, at, n)) {
			if (!m->ones[SPACE_DEV])
				mailbox_write(m, at - DEV_AT, from, n);
			return true;
		}
		if (m->ones[SPACE_CM])
			return true;
		if (!in_block(m, at, n)) {
			memcpy(m->bar0 + at, from, n);
			return true;
		}
		/* Registers are dwords */
		for (i = 0; i + 4 <= n && !(at & 3); i += 4)
			regs_write(m, at - m->block_at + i,
				   get32((const uint8_t *)from + i));
		return true;
	case 4:
		return at + n <= BAR4_SIZE;
	case REGION_CONFIG:
		if (at + n > CONFIG_SIZE)
			return false;
		if (!m->ones[SPACE_CFG])
			config_write(m, at, from, n);
		return true;
	}

	return false;
}
