// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Dynamic Capacity event log (CXL 3.1, 8.2.9.2). Its interrupt is the last
 * vector of all, for whoever has asked for it.
 */
#include <string.h>
#include <unistd.h>

#include "model.h"

#define LOG_DC		4
#define HEAD		0x20
#define OVERFLOW	1
#define MORE_RECORDS	2
#define POLICY_MSIX	1

static const uint8_t uuid[16] = {
	0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18,
	0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a,
};

void event_fill(uint8_t *record, uint8_t type, const struct dc_extent *e)
{
	memset(record, 0, RECORD_SIZE);
	memcpy(record, uuid, sizeof(uuid));
	record[0x10] = RECORD_SIZE;
	record[0x30] = type;
	record[0x35] = e->more;
	memcpy(record + 0x38, &e->dpa, 8);
	memcpy(record + 0x40, &e->length, 8);
	memcpy(record + 0x48, e->tag, sizeof(e->tag));
	put16(record + 0x58, e->sequence);
}

/* Where the log was empty */
static void interrupt(struct model *m)
{
	uint64_t one = 1;

	if ((m->mailbox.policy & 3) != POLICY_MSIX || m->vector[VECTORS - 1] < 0)
		return;
	if (write(m->vector[VECTORS - 1], &one, sizeof(one)) == sizeof(one))
		m->mailbox.count.irq++;
}

/* With a handle, which is never 0 */
void event_add(struct model *m, const uint8_t *record)
{
	struct mailbox *b = &m->mailbox;
	uint8_t *to;

	if (b->records >= b->room) {
		b->overflow++;
		return;
	}
	to = b->log[b->records++];
	memcpy(to, record, RECORD_SIZE);
	b->handle = b->handle == 0xffff ? 1 : b->handle + 1;
	put16(to + 0x14, b->handle);
	mailbox_status(m);
	if (b->records == 1)
		interrupt(m);
}

/* Each is another one, of what comes next */
static void add_endless(struct model *m)
{
	uint64_t dpa, length;

	memcpy(&dpa, m->mailbox.template + 0x38, 8);
	memcpy(&length, m->mailbox.template + 0x40, 8);
	event_add(m, m->mailbox.template);
	dpa += length;
	memcpy(m->mailbox.template + 0x38, &dpa, 8);
}

uint16_t event_get(struct model *m, struct command *c)
{
	struct mailbox *b = &m->mailbox;
	uint32_t n = (c->room - HEAD) / RECORD_SIZE;

	if (c->n < 1)
		return RC_LENGTH;
	c->length = HEAD;
	if (c->in[0] != LOG_DC)
		return c->in[0] < LOG_DC ? RC_OK : RC_INPUT;
	if (b->endless && !b->records)
		add_endless(m);
	if (n > b->records)
		n = b->records;
	c->out[0] = (b->overflow ? OVERFLOW : 0) |
		    (n < b->records ? MORE_RECORDS : 0);
	put16(c->out + 2, b->overflow);
	put16(c->out + 0x14, n);
	memcpy(c->out + HEAD, b->log, n * RECORD_SIZE);
	c->length += n * RECORD_SIZE;

	return RC_OK;
}

/* Are these the oldest ones, in order? */
static bool are_oldest(const struct mailbox *b, const uint8_t *handles, uint32_t n)
{
	uint32_t i;

	if (n > b->records)
		return false;
	for (i = 0; i < n; i++)
		if (memcmp(b->log[i] + 0x14, handles + 2 * i, 2))
			return false;

	return true;
}

/* The oldest ones, or all of them */
uint16_t event_clear(struct model *m, struct command *c)
{
	struct mailbox *b = &m->mailbox;
	uint32_t n;

	if (c->n < 6 || (c->n - 6) / 2 < c->in[2])
		return RC_LENGTH;
	if (c->in[0] != LOG_DC)
		return RC_INPUT;
	n = c->in[1] & 1 ? b->records : c->in[2];
	if (!(c->in[1] & 1) && !are_oldest(b, c->in + 6, n)) {
		b->count.refused++;
		return RC_HANDLE;
	}
	b->records -= n;
	memmove(b->log, b->log + n, b->records * sizeof(b->log[0]));
	b->overflow = 0;

	return RC_OK;
}

uint16_t event_policy(struct model *m, struct command *c)
{
	memset(c->out, 0, 5);
	c->out[4] = m->mailbox.policy;
	c->length = 5;

	return RC_OK;
}

/* The vector is ours to say */
uint16_t event_set_policy(struct model *m, struct command *c)
{
	if (c->n < 5)
		return RC_LENGTH;
	m->mailbox.policy = (c->in[4] & 3) | (VECTORS - 1) << 4;

	return RC_OK;
}
