// SPDX-License-Identifier: GPL-2.0-only
/*
 * Config space: a PCI Express endpoint with MSI-X, power management, AER, a serial
 * number, DOE and the two DVSECs of a CXL device (CXL 3.1, 8.1.3 and 8.1.9). The
 * emulator looks at the headers of capabilities once, when it starts; all the
 * rest can be changed at any time. So there are more DVSECs, of no vendor that
 * anybody knows, to be made something else.
 */
#include <string.h>

#include "model.h"

#define EXPRESS_CTRL	(CFG_EXPRESS + 0x08)
#define EXPRESS_FLR	0x8000
#define PM_CTRL		(CFG_PM + 4)
#define PM_STATE	3

#define DEVICE_CAP	(CFG_DEVICE + 0x0a)
#define DEVICE_CTRL	(CFG_DEVICE + 0x0c)
#define DEVICE_LOCK	(CFG_DEVICE + 0x14)
#define DEVICE_RANGE	(CFG_DEVICE + 0x18)
#define RANGE_VALID	1
#define RANGE_ACTIVE	2

#define VENDOR_CXL	0x1e98
#define VENDOR_NOBODY	0x1234
#define EXT(id, version, next)	((id) | (version) << 16 | (uint32_t)(next) << 20)
#define DVSEC		0x23

static void put_caps(uint8_t *c)
{
	/* Express: endpoint, function level reset, a link that is up */
	put32(c + CFG_EXPRESS, 0x00020010 | CFG_MSIX << 8);
	put32(c + CFG_EXPRESS + 4, 0x10008020);
	put32(c + CFG_EXPRESS + 0x0c, 0x00477d05);
	put16(c + CFG_EXPRESS + 0x12, 0x1045);

	put32(c + CFG_MSIX, (VECTORS - 1) << 16 | CFG_PM << 8 | 0x11);
	put32(c + CFG_MSIX + 4, 4);
	put32(c + CFG_MSIX + 8, BAR4_PBA | 4);

	/* Power management: D3 and back is a reset */
	put32(c + CFG_PM, 0x00030001);
}

static void put_dvsec(uint8_t *c, uint16_t at, uint16_t next, uint16_t vendor,
		      uint16_t id, uint32_t len)
{
	put32(c + at, EXT(DVSEC, 1, next));
	put32(c + at + 4, len << 20 | 2 << 16 | vendor);
	put16(c + at + 8, id);
}

static void put_ext_caps(struct model *m)
{
	uint8_t *c = m->config;
	uint16_t at = CFG_MANY;
	unsigned int i;

	put32(c + CFG_SERIAL, EXT(0x03, 1, CFG_DEVICE));
	memcpy(c + CFG_SERIAL + 4, &m->serial, sizeof(m->serial));
	put_dvsec(c, CFG_DEVICE, CFG_LOCATOR, VENDOR_CXL, 0, 0x3c);
	/* IO_Capable, Mem_Capable, one range; IO_Enable */
	put16(c + DEVICE_CAP, 0x0016);
	put16(c + DEVICE_CTRL, 0x0002);
	put_dvsec(c, CFG_LOCATOR, CFG_AER, VENDOR_CXL, 8, 0x24);
	put32(c + CFG_AER, EXT(0x01, 2, CFG_GPF));
	put_dvsec(c, CFG_GPF, CFG_FLEX, VENDOR_CXL, 5, 0x10);
	put_dvsec(c, CFG_FLEX, CFG_SPARE, VENDOR_CXL, 7, 0x20);
	put_dvsec(c, CFG_SPARE, CFG_DOE, VENDOR_NOBODY, 0x77, 0x40);
	put32(c + CFG_DOE, EXT(0x2e, 1, at));
	for (i = 1; i < MANY; i++, at += 0x10)
		put_dvsec(c, at, at + 0x10, VENDOR_NOBODY, 0x79, 0x10);
	put_dvsec(c, at, CFG_LAST, VENDOR_NOBODY, 0x79, 0x10);
	put_dvsec(c, CFG_LAST, 0, VENDOR_NOBODY, 0x78, 0x18);
}

/* Cache_Enable and Mem_Enable, and the bases of both ranges */
static void config_unlock(uint8_t *w)
{
	put16(w + DEVICE_CTRL, 0x0005);
	put32(w + DEVICE_RANGE + 0x08, ~0U);
	put32(w + DEVICE_RANGE + 0x0c, 0xf0000000);
	put32(w + DEVICE_RANGE + 0x18, ~0U);
	put32(w + DEVICE_RANGE + 0x1c, 0xf0000000);
}

static void put_writable(uint8_t *w)
{
	put16(w + 0x04, 0x0546);
	w[0x0c] = 0xff;
	w[0x3c] = 0xff;
	put32(w + 0x10, ~(BAR0_SIZE - 1));
	put32(w + 0x14, ~0U);
	put32(w + 0x18, ~(BAR2_SIZE - 1));
	put32(w + 0x1c, ~0U);
	put32(w + 0x20, ~(BAR4_SIZE - 1));
	put32(w + 0x24, ~0U);
	put16(w + EXPRESS_CTRL, 0x7fff);
	put16(w + CFG_EXPRESS + 0x10, 0x0fff);
	put16(w + CFG_EXPRESS + 0x28, 0xffff);
	put16(w + CFG_MSIX + 2, 0xc000);
	put16(w + PM_CTRL, PM_STATE);
	config_unlock(w);
	/* AER: masks and severities */
	put32(w + CFG_AER + 0x08, ~0U);
	put32(w + CFG_AER + 0x0c, ~0U);
	put32(w + CFG_AER + 0x14, ~0U);
	/* DVSECs, headers and all: only the driver keeps writes from them */
	memset(w + CFG_GPF, 0xff, CFG_SPARE + 0x40 - CFG_GPF);
}

/* Where the registers are, as the Register Locator says */
void config_locator(struct model *m)
{
	put32(m->config + CFG_LOCATOR + 0x0c, m->block_at | 1 << 8);
	put32(m->config + CFG_LOCATOR + 0x10, 0);
	if (m->mailbox.there)
		put32(m->config + CFG_LOCATOR + 0x14, DEV_AT | 3 << 8);
}

/* The size of the memory, and whether it is there yet */
void config_ranges(struct model *m)
{
	uint32_t state = 0;

	if (m->media_ms >= 0 && now_ms() >= m->media_due)
		state = RANGE_VALID | RANGE_ACTIVE;
	put32(m->config + DEVICE_RANGE, m->capacity >> 32);
	/* Volatile memory, to be ready within 1 s */
	put32(m->config + DEVICE_RANGE + 4, (uint32_t)m->capacity | 2 << 2 | state);
}

void config_init(struct model *m)
{
	uint8_t *c = m->config;

	memset(c, 0, sizeof(m->config));
	memset(m->writable, 0, sizeof(m->writable));
	put32(c, 0xcc12 << 16 | VENDOR_NOBODY);
	/* A processing accelerator, and a list of capabilities */
	put32(c + 0x04, 0x00100000);
	put32(c + 0x08, 0x12000001);
	/* BARs: 64 bits each, the second prefetchable */
	put32(c + 0x10, 0x4);
	put32(c + 0x18, 0xc);
	put32(c + 0x20, 0x4);
	put32(c + 0x2c, 0xcc12 << 16 | VENDOR_NOBODY);
	c[0x34] = CFG_EXPRESS;
	put_caps(c);
	put_ext_caps(m);
	put_writable(m->writable);
	config_locator(m);
	config_ranges(m);
	doe_reset(m);
}

/* What a reset does here. BARs and interrupts are the emulator's */
void config_reset(struct model *m)
{
	put16(m->config + 0x04, 0);
	if (!m->keep)
		put16(m->config + DEVICE_CTRL, 0x0002);
	m->config[DEVICE_LOCK] = 0;
	memset(m->config + DEVICE_RANGE + 0x08, 0, 8);
	memset(m->config + DEVICE_RANGE + 0x18, 0, 8);
	config_unlock(m->writable);
	doe_reset(m);
	m->media_due = m->media_ms > 0 ? now_ms() + m->media_ms : 0;
}

static void put_masked(struct model *m, uint32_t at, const uint8_t *data,
		       uint32_t n)
{
	const uint8_t *mask = m->writable + at;
	uint8_t *to = m->config + at;
	uint32_t i;

	for (i = 0; i < n; i++)
		to[i] = (to[i] & ~mask[i]) | (data[i] & mask[i]);
}

/* Does a write of @n bytes at @at change byte @which, and to what? */
static bool changes(uint32_t at, uint32_t n, uint32_t which, const uint8_t *data,
		    uint8_t *value)
{
	if (which < at || which >= at + n)
		return false;
	*value = data[which - at];

	return true;
}

void config_write(struct model *m, uint32_t at, const void *data, uint32_t n)
{
	uint8_t before = m->config[PM_CTRL] & PM_STATE;
	uint8_t value;

	put_masked(m, at, data, n);
	if (at >= CFG_DOE && at < CFG_DOE + 0x18 && n == 4 && !(at & 3))
		doe_write(m, at, get32(data));
	/* CONFIG_LOCK stays until a reset, and what it locks */
	if (changes(at, n, DEVICE_LOCK, data, &value) && value & 1) {
		m->config[DEVICE_LOCK] |= 1;
		memset(m->writable + DEVICE_CTRL, 0, 2);
		memset(m->writable + DEVICE_RANGE, 0, 32);
	}
	if (changes(at, n, EXPRESS_CTRL + 1, data, &value) &&
	    value & (EXPRESS_FLR >> 8)) {
		m->count.flr++;
		model_reset(m);
	}
	if (before == PM_STATE && !(m->config[PM_CTRL] & PM_STATE))
		model_reset(m);
}
