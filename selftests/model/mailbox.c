// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device registers: a capability array, device status, memory device status and
 * the primary mailbox (CXL 3.1, 8.2.8), with the commands that say what the device
 * is. The script's levers bend what they answer.
 */
#include <string.h>

#include "model.h"

/* Offsets of the blocks, from the array on */
#define STATUS		0x40
#define MEMDEV		0x50
#define MAILBOX		0x60

#define CAP		(MAILBOX + 0x00)
#define CTRL		(MAILBOX + 0x04)
#define COMMAND		(MAILBOX + 0x08)
#define RETURN		(MAILBOX + 0x10)
#define BACKGROUND	(MAILBOX + 0x18)
#define PAYLOAD		(MAILBOX + 0x20)

#define DOORBELL	1U
#define EVENT_DC	(1U << 4)
#define MEDIA_READY	(1U << 2)
#define MBOX_READY	(1U << 4)
#define READY_S		2

#define IDENTIFY_SIZE	0x45
#define LOG_HEAD	8
#define LOG_ENTRY	20
#define UNIT		0x10000000	/* of capacity */

static uint8_t *dev(struct model *m)
{
	return m->bar0 + DEV_AT;
}

static void put64(void *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

static uint64_t get64(const void *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));

	return value;
}

static uint16_t get_logs(struct model *m, struct command *c);
static uint16_t get_log(struct model *m, struct command *c);
static uint16_t identify(struct model *m, struct command *c);

/* What they change is the Command Effects Log's to tell */
static const struct {
	uint16_t opcode;
	uint16_t effects;
	uint16_t (*run)(struct model *m, struct command *c);
} commands[] = {
	{ 0x0100, 0x00, event_get },
	{ 0x0101, 0x10, event_clear },
	{ 0x0102, 0x00, event_policy },
	{ 0x0103, 0x08, event_set_policy },
	{ 0x0400, 0x00, get_logs },
	{ 0x0401, 0x00, get_log },
	{ 0x4000, 0x00, identify },
	{ 0x4800, 0x00, dc_config },
	{ 0x4801, 0x00, dc_extents },
	{ 0x4802, 0x04, dc_answer },
	{ 0x4803, 0x04, dc_release },
};

#define COMMANDS	(sizeof(commands) / sizeof(*commands))

static const uint8_t effects_log[16] = {
	0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78,
	0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17,
};

/* One log */
static uint16_t get_logs(struct model *m, struct command *c)
{
	(void)m;
	memset(c->out, 0, LOG_HEAD);
	put16(c->out, 1);
	memcpy(c->out + LOG_HEAD, effects_log, sizeof(effects_log));
	put32(c->out + LOG_HEAD + sizeof(effects_log), 4 * COMMANDS);
	c->length = LOG_HEAD + LOG_ENTRY;

	return RC_OK;
}

static uint16_t get_log(struct model *m, struct command *c)
{
	uint8_t log[4 * COMMANDS];
	uint32_t at, n;
	size_t i;

	(void)m;
	if (c->n < 24)
		return RC_LENGTH;
	at = get32(c->in + 16);
	n = get32(c->in + 20);
	if (memcmp(c->in, effects_log, sizeof(effects_log)) ||
	    at > sizeof(log) || n > sizeof(log) - at || n > c->room)
		return RC_INPUT;
	for (i = 0; i < COMMANDS; i++) {
		put16(log + 4 * i, commands[i].opcode);
		put16(log + 4 * i + 2, commands[i].effects);
	}
	memcpy(c->out, log + at, n);
	c->length = n;

	return RC_OK;
}

/* Static capacity, all of it volatile */
static uint16_t identify(struct model *m, struct command *c)
{
	memset(c->out, 0, IDENTIFY_SIZE);
	strcpy((char *)c->out, "model");
	put64(c->out + 0x10, m->capacity / UNIT);
	put64(c->out + 0x18, m->capacity / UNIT);
	put16(c->out + 0x43, m->mailbox.room);
	c->length = IDENTIFY_SIZE;

	return RC_OK;
}

/* Is it this one's turn? */
static bool pulled(struct lever *l, enum levers kind, uint16_t opcode)
{
	if (!l->set || l->kind != kind || (l->opcode && l->opcode != opcode))
		return false;
	if (l->skip) {
		l->skip--;
		return false;
	}
	if (l->count && !--l->count)
		l->set = false;

	return true;
}

static uint16_t carry_out(struct model *m, struct command *c)
{
	struct lever *l;
	size_t i;

	for (l = m->mailbox.levers; l < m->mailbox.levers + MAX_LEVERS; l++)
		if (pulled(l, LEVER_RETURN, c->opcode))
			return l->value;
	for (i = 0; i < COMMANDS; i++)
		if (commands[i].opcode == c->opcode)
			return commands[i].run(m, c);

	return RC_UNSUPPORTED;
}

static void bend(struct model *m, struct command *c)
{
	struct lever *l;

	for (l = m->mailbox.levers; l < m->mailbox.levers + MAX_LEVERS; l++) {
		if (pulled(l, LEVER_LENGTH, c->opcode))
			c->length = l->value;
		if (pulled(l, LEVER_PATCH, c->opcode))
			memcpy(c->out + l->at, &l->value, l->size);
	}
}

/* What is behind the answer in the payload registers is no part of it */
static void run(struct model *m)
{
	static uint8_t in[MAX_MAILBOX], out[MAX_MAILBOX];
	uint64_t command = get64(dev(m) + COMMAND);
	struct command c = {
		.opcode = command,
		.in = in,
		.n = command >> 16 & 0x1fffff,
		.out = out,
		.room = m->mailbox.payload,
	};
	uint16_t rc = RC_LENGTH;

	m->mailbox.count.command++;
	memset(out, 0, c.room);
	if (c.n <= c.room) {
		memcpy(in, dev(m) + PAYLOAD, c.n);
		rc = carry_out(m, &c);
	}
	bend(m, &c);
	memcpy(dev(m) + PAYLOAD, out, c.room);
	put64(dev(m) + COMMAND, c.opcode | (uint64_t)(c.length & 0x1fffff) << 16);
	put64(dev(m) + RETURN, (uint64_t)rc << 32);
	mailbox_status(m);
}

static void ring(struct model *m)
{
	struct mailbox *b = &m->mailbox;
	uint16_t opcode = get32(dev(m) + COMMAND);
	enum doorbell how = b->doorbell;

	if (b->doorbell_opcode && b->doorbell_opcode != opcode)
		how = DOORBELL_OK;
	if (how == DOORBELL_OK || how == DOORBELL_LATE)
		run(m);
	if (how == DOORBELL_SLOW)
		b->due = now_ms() + b->doorbell_ms;
	put32(dev(m) + CTRL, how == DOORBELL_OK ? 0 : DOORBELL);
}

static void finish(struct model *m)
{
	m->mailbox.due = 0;
	run(m);
	put32(dev(m) + CTRL, 0);
}

/* Behaving well, it is free again; what was slow is done before */
void mailbox_doorbell(struct model *m, enum doorbell how, uint16_t opcode,
		      unsigned int ms)
{
	if (m->mailbox.due)
		finish(m);
	m->mailbox.doorbell = how;
	m->mailbox.doorbell_opcode = opcode;
	m->mailbox.doorbell_ms = ms;
	if (how == DOORBELL_OK)
		put32(dev(m) + CTRL, 0);
}

void mailbox_settle(struct model *m)
{
	struct mailbox *b = &m->mailbox;

	if (b->due && now_ms() >= b->due)
		finish(m);
}

/* Memory Device Status */
void mailbox_ready(struct model *m, bool ready)
{
	put64(dev(m) + MEMDEV, MEDIA_READY | (ready ? MBOX_READY : 0));
}

/* Event Status */
void mailbox_status(struct model *m)
{
	struct mailbox *b = &m->mailbox;

	put64(dev(m) + STATUS, b->records || b->endless ? EVENT_DC : 0);
}

void mailbox_payload(struct model *m, uint32_t bytes)
{
	uint32_t order = 0;

	while (bytes >> (order + 1))
		order++;
	m->mailbox.payload = bytes;
	put32(dev(m) + CAP, order | READY_S << 11);
	put32(dev(m) + 0x38, 0x20 + bytes);
}

static void put_cap(struct model *m, unsigned int n, uint16_t id, uint32_t at,
		    uint32_t length)
{
	put32(dev(m) + 0x10 * n, id | 1 << 16);
	put32(dev(m) + 0x10 * n + 4, at);
	put32(dev(m) + 0x10 * n + 8, length);
}

void mailbox_init(struct model *m)
{
	struct mailbox *b = &m->mailbox;

	memset(b, 0, sizeof(*b));
	memset(dev(m), 0, PAYLOAD + MAX_MAILBOX);
	b->room = 64;
	put64(dev(m), 3ULL << 32 | 1 << 16);
	put_cap(m, 1, 1, STATUS, 8);
	put_cap(m, 2, 0x4000, MEMDEV, 8);
	put_cap(m, 3, 2, MAILBOX, 0);
	mailbox_ready(m, true);
	mailbox_payload(m, 2048);
}

/* Registers only: what was accepted and offered stays, and the log (9.13.3) */
void mailbox_reset(struct model *m)
{
	if (m->mailbox.doorbell == DOORBELL_OK ||
	    m->mailbox.doorbell == DOORBELL_SLOW)
		put32(dev(m) + CTRL, 0);
	m->mailbox.due = 0;
	put64(dev(m) + COMMAND, 0);
	put64(dev(m) + RETURN, 0);
}

bool mailbox_is_at(struct model *m, uint64_t at, uint32_t n)
{
	return m->mailbox.there && at >= DEV_AT &&
	       at + n <= DEV_AT + PAYLOAD + MAX_MAILBOX;
}

/* Command and payload are the host's until it rings */
void mailbox_write(struct model *m, uint32_t at, const uint8_t *from, uint32_t n)
{
	uint32_t ctrl = get32(dev(m) + CTRL);

	if (at == CTRL && n >= 4) {
		if (!(ctrl & DOORBELL) && get32(from) & DOORBELL)
			ring(m);
		return;
	}
	if (ctrl & DOORBELL)
		return;
	if ((at >= COMMAND && at + n <= RETURN) ||
	    (at >= PAYLOAD && at + n <= PAYLOAD + m->mailbox.payload))
		memcpy(dev(m) + at, from, n);
}
