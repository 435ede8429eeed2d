/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device's register block with mailbox and event log, behind struct
 * vfio_cxl_mbox_io. It does what the specification says of them (CXL 3.1, 8.2.8
 * and 8.2.9), notes what is done to it that the specification forbids, and on
 * request does what it should not. Time passes in sleep() only.
 */
#ifndef VFIO_CXL_FAKE_MBOX_H
#define VFIO_CXL_FAKE_MBOX_H

#include "mbox.h"

#define FAKE_NEVER		UINT64_MAX
#define FAKE_ENTRIES		8

/* Where things are, and what the block has before the payload */
#define FAKE_STATUS_AT		0x100
#define FAKE_MEMDEV_AT		0x110
#define FAKE_MBOX_AT		0x200
#define FAKE_PAYLOAD_AT		(FAKE_MBOX_AT + 0x20)

#define FAKE_MBOX_READY		0x10

#define FAKE_RECORD		0x80
#define FAKE_RECORDS		64
#define FAKE_OPCODES		512

/* An entry of the capability array, by dword */
enum { FAKE_CAP_ID, FAKE_CAP_OFFSET, FAKE_CAP_LENGTH };

/*
 * What emulators do (QEMU 10 and 11). test_dcd_traces.c holds them against what
 * was recorded, and says what the specification has instead.
 */
#define FAKE_MBOX_SAYS_MORE	BIT(0) /* 0100h: says more, though all came */
#define FAKE_MBOX_HANDLE_INPUT	BIT(1) /* 0101h: a wrong one is 02h, not 0Eh */
#define FAKE_MBOX_EMPTY_CLEAR	BIT(2) /* 0101h: of an empty log is success */
#define FAKE_MBOX_NO_CLEAR_ALL	BIT(3) /* 0101h: of all: success, and isn't */
#define FAKE_MBOX_LOG_END	BIT(4) /* 0401h: zeros are behind its end */
#define FAKE_MBOX_STATUS_LOST	BIT(5) /* a reset clears it, and records stay */
#define FAKE_MBOX_LOG_ENTRIES	BIT(6) /* 0401h: an offset is in entries */
#define FAKE_MBOX_QEMU		(FAKE_MBOX_SAYS_MORE | FAKE_MBOX_HANDLE_INPUT | \
				 FAKE_MBOX_EMPTY_CLEAR | FAKE_MBOX_NO_CLEAR_ALL | \
				 FAKE_MBOX_LOG_END | FAKE_MBOX_STATUS_LOST | \
				 FAKE_MBOX_LOG_ENTRIES)

struct fake_mbox {
	struct vfio_cxl_mbox_io io;
	u32 array[4 * (1 + FAKE_ENTRIES)];
	u32 mbox_cap;
	u32 size;		/* of the block */
	u32 payload_size;
	u8 *payload;
	u64 event_status;
	u64 memdev_status;

	/* How it behaves */
	u64 delay_us;		/* that long a command takes */
	unsigned int slow;	/* so many of them, others none */
	unsigned int refusals;	/* so many commands are not done, */
	u16 refusal;		/* but answered with this */
	u16 refused;		/* only these; 0 is any */
	bool claims;		/* that an answer has @claim bytes */
	u32 claim;
	u64 gone_after;		/* reads, then all ones */

	/* What it is */
	u32 quirks;
	bool any_host;		/* that keeps no rules: it gets an answer */
	u32 answer;		/* bytes to 4800h to 4803h: fake_pattern() */
	int (*dc)(void *ctx, struct vfio_cxl_mbox_cmd *cmd); /* or who does */
	void *dc_ctx;		/* them instead */
	u16 opcode[FAKE_OPCODES]; /* commands that it does */
	u16 effects[FAKE_OPCODES];
	unsigned int opcodes;
	u32 cel_size;		/* as it says; 0 is what it has */
	u16 logs;		/* others that it lists before the CEL */
	u16 logs_claimed;	/* 0 is what it lists */
	u64 total;		/* in units of 256 MiB */
	u16 log_dc;
	u32 identify;		/* bytes of the answer */
	const u8 *identity;	/* the answer itself, or NULL */

	/* The Dynamic Capacity event log, oldest first */
	u8 record[FAKE_RECORDS][FAKE_RECORD];
	unsigned int records;
	unsigned int log_size;
	u16 overflow_count;
	u64 overflow_last;
	u64 clock;		/* for records; 0 is a device without time */
	u16 handle;		/* of the last one */
	bool always_more;	/* says so, though there are none */
	bool overflow_stays;	/* until the log is empty */
	u16 count_claimed;	/* instead of how many come; 0 is none */
	unsigned int keeps;	/* so many clears do nothing, and say success */
	unsigned int clears_one; /* so many clear the first one alone */

	/* What was done to it */
	u64 now_us;
	u64 reads;
	unsigned int payload_reads;
	unsigned int sleeps;
	unsigned int last_sleep;
	unsigned int commands;	/* that it was asked to do */
	unsigned int broken;	/* rules */
	u16 last_opcode;
	u32 last_length;
	u8 *last_in;		/* as large as the payload */

	/* The command under way */
	u64 command;
	u64 status;
	bool doorbell;
	bool command_written;
	u32 written;		/* bytes of payload, from its start */
	u64 rung_at;
	u64 done_at;
};

/* Byte @i of what 4800h to 4803h answer */
static inline u8 fake_pattern(u32 i)
{
	return i * 7 + (i >> 8) + 3;
}

/* With a payload of 1 << @order bytes; fake_mbox_exit() frees */
void fake_mbox_init(struct fake_mbox *fake, unsigned int order);
void fake_mbox_exit(struct fake_mbox *fake);

/* The @n-th entry of the array, from 0 */
u32 *fake_mbox_entry(struct fake_mbox *fake, unsigned int n);
void fake_mbox_add_cap(struct fake_mbox *fake, u16 id, u32 offset, u32 length);
void fake_mbox_add_opcode(struct fake_mbox *fake, u16 opcode, u16 effects);

/* A command that is under way ends now */
void fake_mbox_finish(struct fake_mbox *fake);

/* An event occurs: its kind, and a byte for its data; or all of it */
void fake_mbox_event(struct fake_mbox *fake, bool dc, u8 data);
void fake_mbox_record(struct fake_mbox *fake, const void *event);

/* The device is reset, and keeps what is in the log */
void fake_mbox_reset(struct fake_mbox *fake);

#endif /* VFIO_CXL_FAKE_MBOX_H */
