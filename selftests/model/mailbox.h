/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device registers (CXL 3.1, 8.2.8), with a mailbox, and what stands behind
 * that: Dynamic Capacity and its event log. Not there until the script says so.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#define DEV_AT		0x20000		/* in BAR 0 */
#define MAX_MAILBOX	0x80000		/* what there is room for behind them */
#define MAX_LEVERS	32
#define MAX_REGIONS	8
#define MAX_EXTENTS	2048
#define MAX_RECORDS	256
#define RECORD_SIZE	0x80

#define RC_OK		0x00
#define RC_INPUT	0x02
#define RC_UNSUPPORTED	0x03
#define RC_HANDLE	0x0e
#define RC_ADDRESS	0x0f
#define RC_LENGTH	0x16
#define RC_RESOURCES	0x1d

/* Of a region; the second one is the attribute table's to tell */
#define REGION_SANITIZE	1
#define REGION_SHARABLE	8

#define EVENT_ADD		0
#define EVENT_RELEASE		1
#define EVENT_FORCED_RELEASE	2

struct model;

/* A command: input, and room for the answer */
struct command {
	uint16_t opcode;
	const uint8_t *in;
	uint32_t n;
	uint8_t *out;
	uint32_t room;
	uint32_t length;		/* of the answer */
};

enum doorbell {
	DOORBELL_OK,
	DOORBELL_STUCK,		/* and the command is not carried out */
	DOORBELL_LATE,		/* it is, but the doorbell stays */
	DOORBELL_SLOW,		/* it is, after doorbell_ms */
};

enum levers { LEVER_RETURN, LEVER_LENGTH, LEVER_PATCH };

/* What is done to answers, instead of telling the truth */
struct lever {
	enum levers kind;
	uint16_t opcode;	/* 0: all */
	uint32_t at;
	uint32_t size;
	uint64_t value;
	uint32_t skip;		/* answers that are still honest */
	uint32_t count;		/* of those that are not; 0: no end */
	bool set;
};

struct dc_region {
	uint64_t base;
	uint64_t length;
	uint64_t block;
	uint64_t decode;	/* in units of 256 MiB */
	uint32_t dsmad;
	uint8_t flags;
};

struct dc_extent {
	uint64_t dpa;
	uint64_t length;
	uint8_t tag[16];
	uint16_t sequence;
	bool more;		/* its offer goes on behind it */
};

struct dc_list {
	struct dc_extent extent[MAX_EXTENTS];
	unsigned int n;
};

struct mailbox {
	bool there;
	uint32_t payload;
	enum doorbell doorbell;
	uint16_t doorbell_opcode;	/* that it is about; 0: all */
	unsigned int doorbell_ms;
	uint64_t due;			/* of the command that is slow; 0: none */
	struct lever levers[MAX_LEVERS];

	struct dc_region region[MAX_REGIONS];
	unsigned int regions;
	struct dc_list accepted;
	struct dc_list offered;
	struct dc_list staged;		/* by answers that say More */
	uint32_t generation;
	bool moving;			/* generation changes with each page */

	uint8_t log[MAX_RECORDS][RECORD_SIZE];
	unsigned int records;
	unsigned int room;		/* for records */
	uint16_t overflow;
	uint16_t handle;
	uint8_t policy;			/* of the Dynamic Capacity event log */
	bool endless;
	uint8_t template[RECORD_SIZE];

	struct {
		unsigned int command, stray, refused, irq;
	} count;
};

/* mailbox.c */
void mailbox_init(struct model *m);
void mailbox_reset(struct model *m);
void mailbox_payload(struct model *m, uint32_t bytes);
void mailbox_doorbell(struct model *m, enum doorbell how, uint16_t opcode,
		      unsigned int ms);
void mailbox_ready(struct model *m, bool ready);
void mailbox_status(struct model *m);
void mailbox_settle(struct model *m);
bool mailbox_is_at(struct model *m, uint64_t at, uint32_t n);
void mailbox_write(struct model *m, uint32_t at, const uint8_t *from, uint32_t n);

/* dc.c */
uint16_t dc_config(struct model *m, struct command *c);
uint16_t dc_extents(struct model *m, struct command *c);
uint16_t dc_answer(struct model *m, struct command *c);
uint16_t dc_release(struct model *m, struct command *c);
const char *dc_add(struct dc_list *list, const struct dc_extent *e);
bool dc_take(struct dc_list *list, uint64_t dpa, uint64_t length);

/* event.c */
uint16_t event_get(struct model *m, struct command *c);
uint16_t event_clear(struct model *m, struct command *c);
uint16_t event_policy(struct model *m, struct command *c);
uint16_t event_set_policy(struct model *m, struct command *c);
void event_fill(uint8_t *record, uint8_t type, const struct dc_extent *e);
void event_add(struct model *m, const uint8_t *record);

#endif /* MAILBOX_H */
