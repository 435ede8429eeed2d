// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data Object Exchange (PCIe 6.30): discovery, and the device's attribute table
 * (CDAT 1.04) by Table Access (CXL 3.1, 8.1.11.1). The table tells of static memory
 * and of each region, by its DSMAD handle; without a mailbox it has nothing.
 */
#include <string.h>

#include "model.h"

#define CTRL		(CFG_DOE + 0x08)
#define STATUS		(CFG_DOE + 0x0c)
#define WRITE_BOX	(CFG_DOE + 0x10)
#define READ_BOX	(CFG_DOE + 0x14)

#define ABORT		1U
#define GO		(1U << 31)
#define READY		(1U << 31)

#define DISCOVERY	0x00000001	/* PCI-SIG, type 0 */
#define TABLE_ACCESS	0x00021e98
#define LAST		0xffff
#define SHARABLE	(1U << 3)
#define DSMAS_SIZE	24

static void reply(struct model *m, const uint32_t *data, unsigned int n)
{
	struct doe *d = &m->doe;

	d->n = n + 2;
	d->at = 0;
	d->out[0] = d->in[0];
	d->out[1] = n + 2;
	memcpy(d->out + 2, data, n * sizeof(*data));
	put32(m->config + STATUS, READY);
}

/* Two protocols: this one, and the next */
static void discover(struct model *m)
{
	bool first = !(m->doe.in[2] & 0xff);
	uint32_t data = first ? DISCOVERY | 1 << 24 : TABLE_ACCESS;

	reply(m, &data, 1);
}

static uint32_t next(unsigned int entry, unsigned int entries)
{
	return (entry + 1 < entries ? entry + 1 : LAST) << 16;
}

/* Entry 0 is the table's header, 1 static memory, then the regions */
static void table(struct model *m)
{
	unsigned int regions = m->mailbox.there ? m->mailbox.regions : 0;
	unsigned int entries = m->mailbox.there ? regions + 2 : 1;
	unsigned int entry = m->doe.in[2] >> 16;
	const struct dc_region *region;
	uint32_t data[1 + DSMAS_SIZE / 4] = { next(entry, entries) };
	uint64_t dpa = 0, length = m->capacity;

	if (!entry) {
		data[1] = 16 + (entries - 1) * DSMAS_SIZE;
		data[2] = 1;
		reply(m, data, 5);
		return;
	}
	/* DSMAS, of so many bytes, with its handle and flags */
	data[1] = DSMAS_SIZE << 16;
	data[2] = 0xff;
	if (entry >= 2 && entry < entries) {
		region = &m->mailbox.region[entry - 2];
		dpa = region->base;
		length = region->length;
		data[2] = (region->dsmad & 0xff) |
			  (region->flags & REGION_SHARABLE ? SHARABLE << 8 : 0);
	}
	memcpy(data + 3, &dpa, sizeof(dpa));
	memcpy(data + 5, &length, sizeof(length));
	reply(m, data, 7);
}

static void run(struct model *m)
{
	struct doe *d = &m->doe;

	if (d->filled >= 3 && d->in[0] == DISCOVERY)
		discover(m);
	else if (d->filled >= 3 && d->in[0] == TABLE_ACCESS)
		table(m);
	d->filled = 0;
}

void doe_reset(struct model *m)
{
	memset(&m->doe, 0, sizeof(m->doe));
	put32(m->config + STATUS, 0);
	put32(m->config + READ_BOX, 0);
}

/* A dword of config space was written */
void doe_write(struct model *m, uint32_t at, uint32_t value)
{
	struct doe *d = &m->doe;

	if (at == CTRL && value & ABORT)
		doe_reset(m);
	else if (at == CTRL && value & GO)
		run(m);
	else if (at == WRITE_BOX && d->filled < DOE_WORDS)
		d->in[d->filled++] = value;
	else if (at == READ_BOX && d->at < d->n && ++d->at == d->n)
		put32(m->config + STATUS, 0);
	put32(m->config + READ_BOX, d->at < d->n ? d->out[d->at] : 0);
}
