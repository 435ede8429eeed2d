// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include "kunit/harness.h"
#else
#include <stdio.h>
#include <stdlib.h>
#endif

#include "fake_mbox.h"

#define ALL_ONES	0xffffffffU
#define ALL_ONES_64	0xffffffffffffffffULL
#define GARBAGE		0xa5

/* Whoever waits for a command that never ends is not held up longer than this */
#define PATIENCE_US	20000000

/* Offsets of mailbox registers */
enum { CAP = 0, CTRL = 4, COMMAND = 8, STATUS = 0x10, BG = 0x18, PAYLOAD = 0x20 };

#define DOORBELL	1
#define MAX_LENGTH	0x1fffff

/* Return codes */
enum {
	SUCCESS,
	INVALID_INPUT = 0x02,
	UNSUPPORTED = 0x03,
	INVALID_HANDLE = 0x0e,
	INVALID_LENGTH = 0x16,
	INVALID_LOG = 0x17,
};

static const u8 cel_uuid[16] = {
	0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78,
	0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17,
};

static const u8 dc_uuid[16] = {
	0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18,
	0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a,
};

static void broken(struct fake_mbox *fake, const char *rule, u32 offset)
{
	if (fake->any_host)
		return;
	fprintf(stderr, "# fake mailbox: broken at %#x: %s\n", offset, rule);
	fake->broken++;
}

static void put(u8 *to, u64 value, unsigned int bytes)
{
	while (bytes--) {
		*to++ = value;
		value >>= 8;
	}
}

static u64 take(const u8 *from, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | from[bytes];

	return value;
}

/*
 * Commands: what is in @in, @length bytes, is answered in the payload
 */

struct answer {
	u16 rc;
	u32 length;
};

/* 0100h (8.2.9.2.2) */
static struct answer get_events(struct fake_mbox *fake, const u8 *in, u32 length)
{
	u32 fit = (fake->payload_size - 0x20) / FAKE_RECORD;
	u32 count = min(fake->records, fit);
	u8 *out = fake->payload;

	if (length != 1)
		return (struct answer) { INVALID_LENGTH, 0 };
	if (in[0] != 4)
		return (struct answer) { INVALID_INPUT, 0 };

	memset(out, 0, 0x20);
	out[0] = (fake->overflow_count ? 1 : 0) |
		 (fake->records > count || fake->always_more ||
		  (count && fake->quirks & FAKE_MBOX_SAYS_MORE) ? 2 : 0);
	put(out + 0x2, fake->overflow_count, 2);
	put(out + 0x4, fake->overflow_last, 8);
	put(out + 0xc, fake->overflow_last, 8);
	put(out + 0x14, fake->count_claimed ?: count, 2);
	memcpy(out + 0x20, fake->record, count * FAKE_RECORD);

	return (struct answer) { SUCCESS, 0x20 + count * FAKE_RECORD };
}

static void forget_records(struct fake_mbox *fake, unsigned int count)
{
	fake->records -= count;
	memmove(fake->record, fake->record[count], fake->records * FAKE_RECORD);
	if (!fake->overflow_stays || !fake->records)
		fake->overflow_count = 0;
	if (!fake->records)
		fake->event_status &= ~0x10ULL;
}

/* Is each of them one of the oldest, in their order? */
static bool are_oldest(struct fake_mbox *fake, const u8 *handles,
		       unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		u16 handle = take(handles + 2 * i, 2);

		if (!handle)
			broken(fake, "there is no handle 0", i);
		if (i >= fake->records || !handle ||
		    handle != take(fake->record[i] + 0x14, 2))
			return false;
	}

	return true;
}

static struct answer clear_all(struct fake_mbox *fake)
{
	broken(fake, "clears all", 1);
	if (fake->records && !(fake->quirks & FAKE_MBOX_NO_CLEAR_ALL))
		forget_records(fake, fake->records);

	return (struct answer) { SUCCESS, 0 };
}

/* 0101h (8.2.9.2.3): the oldest ones in their order, or none at all */
static struct answer clear_events(struct fake_mbox *fake, const u8 *in,
				  u32 length)
{
	unsigned int count = in[2];

	if (length < 6 || length != 6U + 2 * count)
		return (struct answer) { INVALID_LENGTH, 0 };
	if (in[0] != 4)
		return (struct answer) { INVALID_INPUT, 0 };
	if (in[1] == 1 && !count && !take(in + 3, 3))
		return clear_all(fake);
	if (!count || in[1] || take(in + 3, 3)) {
		broken(fake, "clears none, or sets what is reserved", 1);
		return (struct answer) { INVALID_INPUT, 0 };
	}
	if (!fake->records && fake->quirks & FAKE_MBOX_EMPTY_CLEAR)
		return (struct answer) { SUCCESS, 0 };
	if (!are_oldest(fake, in + 6, count))
		return (struct answer) {
			fake->quirks & FAKE_MBOX_HANDLE_INPUT ? INVALID_INPUT :
								INVALID_HANDLE, 0
		};
	if (fake->keeps) {
		fake->keeps--;
		count = 0;
	}
	if (fake->clears_one) {
		fake->clears_one--;
		count = 1;
	}
	if (count)
		forget_records(fake, count);

	return (struct answer) { SUCCESS, 0 };
}

/* 0400h (8.2.9.5.1) */
static struct answer get_logs(struct fake_mbox *fake, u32 length)
{
	u32 fit = (fake->payload_size - 8) / 0x14, at = 8, i;
	u32 count = min(fake->logs + 1U, fit);
	u8 *out = fake->payload;

	if (length)
		return (struct answer) { INVALID_LENGTH, 0 };
	memset(out, 0, 8 + count * 0x14);
	put(out, fake->logs_claimed ?: count, 2);
	for (i = 0; i < count; i++, at += 0x14) {
		if (i < fake->logs) {
			memset(out + at, 0x11 + i, 16);
			put(out + at + 16, 0x1000, 4);
			continue;
		}
		memcpy(out + at, cel_uuid, 16);
		put(out + at + 16, fake->cel_size ?: 4 * fake->opcodes, 4);
	}

	return (struct answer) { SUCCESS, at };
}

/* 0401h (8.2.9.5.2) */
static struct answer get_log(struct fake_mbox *fake, const u8 *in, u32 length)
{
	u32 offset, bytes, i;

	if (length != 0x18)
		return (struct answer) { INVALID_LENGTH, 0 };
	offset = take(in + 16, 4);
	bytes = take(in + 20, 4);
	if (memcmp(in, cel_uuid, 16))
		return (struct answer) { INVALID_LOG, 0 };
	if (bytes > fake->payload_size ||
	    ((u64)offset + bytes > 4 * fake->opcodes &&
	     !(fake->quirks & FAKE_MBOX_LOG_END)))
		return (struct answer) { INVALID_INPUT, 0 };
	if (fake->quirks & FAKE_MBOX_LOG_ENTRIES)
		offset *= 4;
	for (i = 0; i < bytes; i++) {
		u32 nr = (offset + i) / 4, byte = (offset + i) % 4;
		u32 entry = nr < fake->opcodes ?
			    fake->opcode[nr] | (u32)fake->effects[nr] << 16 : 0;

		fake->payload[i] = entry >> 8 * byte;
	}

	return (struct answer) { SUCCESS, bytes };
}

/* 4000h (8.2.9.9.1.1) */
static struct answer identify(struct fake_mbox *fake, u32 length)
{
	u8 *out = fake->payload;

	if (length)
		return (struct answer) { INVALID_LENGTH, 0 };
	if (fake->identity) {
		memcpy(out, fake->identity, fake->identify);
		return (struct answer) { SUCCESS, fake->identify };
	}
	memset(out, 0x77, fake->identify);
	put(out + 0x10, fake->total, 8);
	put(out + 0x18, 1, 8);
	put(out + 0x20, 2, 8);
	put(out + 0x28, 0, 8);
	put(out + 0x43, fake->log_dc, 2);

	return (struct answer) { SUCCESS, fake->identify };
}

/* 4800h to 4803h: another fake's, or a pattern */
static struct answer do_dc(struct fake_mbox *fake, u16 opcode, const u8 *in,
			   u32 length)
{
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = opcode,
		.in = in,
		.in_size = length,
		.out = fake->payload,
		.out_room = fake->payload_size,
	};
	u32 i;

	if (fake->dc) {
		fake->dc(fake->dc_ctx, &cmd);
		return (struct answer) { cmd.rc, cmd.out_size };
	}
	for (i = 0; i < fake->answer; i++)
		fake->payload[i] = fake_pattern(i);

	return (struct answer) { SUCCESS, fake->answer };
}

static struct answer execute(struct fake_mbox *fake, u16 opcode, const u8 *in,
			     u32 length)
{
	switch (opcode) {
	case 0x0100:
		return get_events(fake, in, length);
	case 0x0101:
		return clear_events(fake, in, length);
	case 0x0400:
		return get_logs(fake, length);
	case 0x0401:
		return get_log(fake, in, length);
	case 0x4000:
		return identify(fake, length);
	case 0x4800 ... 0x4803:
		return do_dc(fake, opcode, in, length);
	}
	broken(fake, "a command that may go on in the background", opcode);

	return (struct answer) { UNSUPPORTED, 0 };
}

static bool refuses(struct fake_mbox *fake)
{
	if (!fake->refusals ||
	    (fake->refused && fake->refused != fake->last_opcode))
		return false;
	fake->refusals--;

	return true;
}

void fake_mbox_finish(struct fake_mbox *fake)
{
	struct answer answer = { 0, 0 };

	if (!fake->doorbell)
		return;
	/* What it leaves in the payload is its own affair; some of it will do */
	memset(fake->payload, GARBAGE, min(fake->payload_size, 4096U));
	if (refuses(fake))
		answer.rc = fake->refusal;
	else
		answer = execute(fake, fake->last_opcode, fake->last_in,
				 fake->last_length);
	if (fake->claims)
		answer.length = fake->claim & MAX_LENGTH;
	fake->command = fake->last_opcode | (u64)answer.length << 16;
	fake->status = (u64)answer.rc << 32;
	fake->doorbell = false;
	fake->command_written = false;
	fake->written = 0;
}

static void tick(struct fake_mbox *fake)
{
	if (fake->doorbell && fake->done_at <= fake->now_us)
		fake_mbox_finish(fake);
}

static void ring(struct fake_mbox *fake)
{
	u32 length = fake->command >> 16 & MAX_LENGTH, i;

	if (!fake->command_written)
		broken(fake, "the doorbell is rung without a command", CTRL);
	if (length > fake->payload_size || fake->written < length) {
		broken(fake, "the payload is not there", CTRL);
		length = 0;
	}
	for (i = length; i < fake->written; i++)
		if (fake->payload[i])
			broken(fake, "more is told than is asked", i);
	fake->commands++;
	fake->rung_at = fake->now_us;
	fake->doorbell = true;
	fake->last_opcode = fake->command;
	fake->last_length = length;
	memcpy(fake->last_in, fake->payload, length);
	fake->done_at = fake->now_us;
	if (fake->slow) {
		fake->slow--;
		fake->done_at = fake->delay_us == FAKE_NEVER ? FAKE_NEVER :
				fake->now_us + fake->delay_us;
	}
	tick(fake);
}

/*
 * Registers
 */

static bool in_payload(const struct fake_mbox *fake, u32 offset)
{
	return offset >= FAKE_PAYLOAD_AT &&
	       offset - FAKE_PAYLOAD_AT < fake->payload_size;
}

/* Counts a read, and says whether there is a device */
static bool answers(struct fake_mbox *fake, u32 offset, unsigned int bytes)
{
	if (offset % bytes || (u64)offset + bytes > fake->size)
		broken(fake, "misaligned, or outside the block", offset);

	return fake->reads++ < fake->gone_after;
}

static u32 fake_read(void *ctx, u32 offset)
{
	struct fake_mbox *fake = ctx;

	if (!answers(fake, offset, 4))
		return ALL_ONES;
	tick(fake);
	if (offset < sizeof(fake->array))
		return fake->array[offset / 4];
	if (offset == FAKE_MBOX_AT + CAP)
		return fake->mbox_cap;
	if (offset == FAKE_MBOX_AT + CTRL)
		return fake->doorbell ? DOORBELL : 0;
	broken(fake, "no register of 32 bits is there", offset);

	return 0;
}

static u64 fake_read64(void *ctx, u32 offset)
{
	struct fake_mbox *fake = ctx;
	u32 i = offset / 4;

	if (!answers(fake, offset, 8))
		return ALL_ONES_64;
	if (!offset)
		return fake->array[i] | (u64)fake->array[i + 1] << 32;
	if (offset == FAKE_STATUS_AT)
		return fake->event_status;
	if (offset == FAKE_MEMDEV_AT)
		return fake->memdev_status;
	if (fake->doorbell)
		broken(fake, "is read while a command is under way", offset);
	if (offset == FAKE_MBOX_AT + COMMAND)
		return fake->command;
	if (offset == FAKE_MBOX_AT + STATUS)
		return fake->status;
	if (in_payload(fake, offset)) {
		fake->payload_reads++;
		return take(fake->payload + offset - FAKE_PAYLOAD_AT, 8);
	}
	broken(fake, "no register of 64 bits is there", offset);

	return 0;
}

static bool writable(struct fake_mbox *fake, u32 offset, unsigned int bytes)
{
	if (offset % bytes || (u64)offset + bytes > fake->size)
		broken(fake, "misaligned, or outside the block", offset);
	tick(fake);
	if (fake->doorbell)
		broken(fake, "is written while a command is under way", offset);

	return fake->reads < fake->gone_after;
}

static void fake_write(void *ctx, u32 offset, u32 value)
{
	struct fake_mbox *fake = ctx;

	if (!writable(fake, offset, 4))
		return;
	if (offset != FAKE_MBOX_AT + CTRL)
		broken(fake, "no register of 32 bits can be written", offset);
	else if (value != DOORBELL)
		broken(fake, "interrupts are the user's", offset);
	else
		ring(fake);
}

static void fake_write64(void *ctx, u32 offset, u64 value)
{
	struct fake_mbox *fake = ctx;
	u32 at = offset - FAKE_PAYLOAD_AT;

	if (!writable(fake, offset, 8))
		return;
	if (offset == FAKE_MBOX_AT + COMMAND) {
		if (value >> 37)
			broken(fake, "a reserved bit is written", offset);
		fake->command = value;
		fake->command_written = true;
	} else if (in_payload(fake, offset)) {
		put(fake->payload + at, value, 8);
		if (fake->written == at)
			fake->written += 8;
	} else {
		broken(fake, "no register of 64 bits can be written", offset);
	}
}

static void fake_sleep(void *ctx, unsigned int usec)
{
	struct fake_mbox *fake = ctx;

	if (!usec)
		broken(fake, "a wait is none", 0);
	fake->now_us += usec;
	fake->sleeps++;
	fake->last_sleep = usec;
	if (fake->now_us - fake->rung_at > PATIENCE_US) {
		fprintf(stderr, "# fake mailbox: is waited for, for ever\n");
		abort();
	}
	tick(fake);
}

/*
 * What it is, and what happens to it
 */

u32 *fake_mbox_entry(struct fake_mbox *fake, unsigned int n)
{
	return &fake->array[4 * (n + 1)];
}

void fake_mbox_add_cap(struct fake_mbox *fake, u16 id, u32 offset, u32 length)
{
	u32 *entry = fake_mbox_entry(fake, fake->array[1]++);

	entry[FAKE_CAP_ID] = id | 1U << 16;
	entry[FAKE_CAP_OFFSET] = offset;
	entry[FAKE_CAP_LENGTH] = length;
}

void fake_mbox_add_opcode(struct fake_mbox *fake, u16 opcode, u16 effects)
{
	fake->opcode[fake->opcodes] = opcode;
	fake->effects[fake->opcodes++] = effects;
}

void fake_mbox_record(struct fake_mbox *fake, const void *event)
{
	u8 *record = fake->record[fake->records];

	if (fake->clock)
		fake->clock++;
	if (fake->records == fake->log_size) {
		fake->overflow_count++;
		fake->overflow_last = fake->clock;
		return;
	}
	fake->records++;
	fake->handle = fake->handle == 0xffff ? 1 : fake->handle + 1;
	memcpy(record, event, FAKE_RECORD);
	put(record + 0x14, fake->handle, 2);
	put(record + 0x18, fake->clock, 8);
	fake->event_status |= 0x10;
}

void fake_mbox_event(struct fake_mbox *fake, bool dc, u8 data)
{
	u8 record[FAKE_RECORD] = {};

	memcpy(record, dc_uuid, sizeof(dc_uuid));
	record[0] ^= dc ? 0 : 0x55;
	record[0x10] = FAKE_RECORD;
	record[0x30] = data;
	fake_mbox_record(fake, record);
}

void fake_mbox_reset(struct fake_mbox *fake)
{
	if (fake->quirks & FAKE_MBOX_STATUS_LOST)
		fake->event_status = 0;
}

void fake_mbox_init(struct fake_mbox *fake, unsigned int order)
{
	u16 opcode;

	memset(fake, 0, sizeof(*fake));
	fake->io = (struct vfio_cxl_mbox_io) {
		.read = fake_read,
		.write = fake_write,
		.read64 = fake_read64,
		.write64 = fake_write64,
		.sleep = fake_sleep,
		.ctx = fake,
	};
	fake->payload_size = 1U << order;
	fake->size = FAKE_PAYLOAD_AT + fake->payload_size;
	fake->payload = malloc(fake->payload_size);
	fake->last_in = malloc(fake->payload_size);
	if (!fake->payload || !fake->last_in)
		abort();
	memset(fake->payload, GARBAGE, fake->payload_size);
	fake->mbox_cap = order | 9U << 11;
	fake->array[0] = 1U << 16 | 1U << 24;
	fake_mbox_add_cap(fake, 0x8001, 0x180, 0x10);
	fake_mbox_add_cap(fake, 2, FAKE_MBOX_AT, 0x20 + fake->payload_size);
	fake_mbox_add_cap(fake, 1, FAKE_STATUS_AT, 8);
	fake_mbox_add_cap(fake, 0x4000, FAKE_MEMDEV_AT, 8);
	fake->memdev_status = FAKE_MBOX_READY;
	fake->gone_after = FAKE_NEVER;
	fake->log_size = 8;
	fake->total = 4;
	fake->log_dc = 8;
	fake->identify = 0x45;
	for (opcode = 0x4800; opcode <= 0x4803; opcode++)
		fake_mbox_add_opcode(fake, opcode, 0x4);
	fake_mbox_add_opcode(fake, 0x0100, 0);
	fake_mbox_add_opcode(fake, 0x4400, 0x40);
}

void fake_mbox_exit(struct fake_mbox *fake)
{
	free(fake->payload);
	free(fake->last_in);
}
