// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is recorded: each command that the driver knows, rightly and wrongly
 * used, in each state of the device that makes a difference. It has to be safe
 * with each emulator: an empty answer with nothing offered is not.
 */
#include <stdio.h>
#include <string.h>

#include "record.h"

#define TAG_A	0xa
#define TAG_B	0xb

#define X(at, n)	{ (at), (n), 0, 0 }
#define T(at, n, tag)	{ (at), (n), tag, 0 }

/* Offers that the device waits for an answer to */
static u32 pending;

#define OFFER(...)							\
do {									\
	const struct extent _e[] = { __VA_ARGS__ };			\
									\
	offer(_e, ARRAY_SIZE(_e));					\
	pending++;							\
} while (0)

/*
 * Commands
 */

static void identify(void)
{
	static const u8 more[1];

	command(CXL_OP_IDENTIFY, more, 0);
	command(CXL_OP_IDENTIFY, more, 1);
}

static void get_log(const u8 *uuid, u32 offset, u32 length, u32 size)
{
	struct cxl_wire_get_log in = {
		.offset = cpu_to_le32(offset),
		.length = cpu_to_le32(length),
	};

	memcpy(in.uuid, uuid, sizeof(in.uuid));
	command(CXL_OP_GET_LOG, &in, size);
}

static void logs(void)
{
	static const u8 cel[] = CXL_CEL_UUID, none[sizeof(cel)];
	const struct cxl_wire_logs *head = (void *)out;
	const struct cxl_wire_log *log = (void *)(head + 1);
	u32 i, size = 0, all = sizeof(struct cxl_wire_get_log);

	command(CXL_OP_GET_SUPPORTED_LOGS, cel, 0);
	for (i = 0; i < le16_to_cpu(head->count); i++)
		if (!memcmp(log[i].uuid, cel, sizeof(cel)))
			size = le32_to_cpu(log[i].size);
	command(CXL_OP_GET_SUPPORTED_LOGS, cel, 1);
	get_log(cel, 0, size, all);
	get_log(cel, 4, 8, all);
	get_log(cel, size - 4, 4, all);
	get_log(cel, 0, 0, all);
	get_log(cel, size, 4, all);
	get_log(cel, 0, size + 4, all);
	get_log(none, 0, 4, all);
	get_log(cel, 0, 4, all - 1);
}

static void config(u8 count, u8 first)
{
	struct cxl_dc_config_in in = { .count = count, .first = first };

	command(CXL_DC_GET_CONFIG, &in, sizeof(in));
}

static void extents(u32 count, u32 start)
{
	struct cxl_dc_extents_in in = {
		.count = cpu_to_le32(count),
		.start = cpu_to_le32(start),
	};

	command(CXL_DC_GET_EXTENTS, &in, sizeof(in));
}

/* What the device has, however it is asked */
static void look(void)
{
	config(0, 0);
	extents(50, 0);
}

/* With that the next list of extents says that it is continued */
static bool more;

static u16 send_raw(u16 opcode, u32 claimed, u32 count, const u64 (*range)[2])
{
	struct {
		struct cxl_dc_entries head;
		struct cxl_dc_entry entry[MOST];
	} in = { .head = { .count = cpu_to_le32(claimed), .flags = more } };
	u32 i;

	more = false;

	for (i = 0; i < count; i++) {
		in.entry[i].dpa = cpu_to_le64(range[i][0]);
		in.entry[i].length = cpu_to_le64(range[i][1]);
	}

	return command(opcode, &in, sizeof(in.head) +
				    count * sizeof(in.entry[0]));
}

static u16 send(u16 opcode, const struct extent *e, u32 count)
{
	u64 range[MOST][2];
	u32 i;

	for (i = 0; i < count; i++) {
		range[i][0] = dc_base + e[i].at * BLOCK;
		range[i][1] = e[i].n * BLOCK;
	}

	return send_raw(opcode, count, count, range);
}

static void answer_with(const struct extent *e, u32 count)
{
	if (!send(CXL_DC_ADD_RESPONSE, e, count) && pending)
		pending--;
}

#define ANSWER(...)							\
do {									\
	const struct extent _e[] = { __VA_ARGS__ };			\
									\
	answer_with(_e, ARRAY_SIZE(_e));				\
} while (0)

#define RELEASE(...)							\
do {									\
	const struct extent _e[] = { __VA_ARGS__ };			\
									\
	send(CXL_DC_RELEASE, _e, ARRAY_SIZE(_e));			\
} while (0)

/* Some emulators end when they get this and nothing is pending */
static void refuse(void)
{
	if (!pending)
		die("an empty answer would come to a device that offers none");
	send_raw(CXL_DC_ADD_RESPONSE, 0, 0, NULL);
	pending--;
}

static void answer_many(u32 first, u32 count)
{
	struct extent e[MOST];
	u32 i;

	for (i = 0; i < count; i++)
		e[i] = (struct extent){ .at = first + 2 * i, .n = 1 };
	answer_with(e, count);
}

/* What is wrong with any list of extents */
static void malformed(u16 opcode, u64 at)
{
	u64 dpa = dc_base + at * BLOCK;
	const u64 misaligned[][2] = { { dpa + BLOCK / 2, BLOCK } };
	const u64 odd_length[][2] = { { dpa, BLOCK / 2 } };
	const u64 nothing[][2] = { { dpa, 0 } };
	const u64 twice[][2] = { { dpa, BLOCK }, { dpa, BLOCK } };
	const u64 below[][2] = { { 0, BLOCK } };
	const u64 beyond[][2] = {
		{ dc_base + 2 * region_blocks * BLOCK, BLOCK } };
	const u64 across[][2] = {
		{ dc_base + (region_blocks - 1) * BLOCK, 2 * BLOCK } };
	const u64 outside[][2] = { { 0, BLOCK }, { BLOCK, BLOCK } };
	const u64 fine[][2] = { { dpa, BLOCK } };

	send_raw(opcode, 1, 1, misaligned);
	send_raw(opcode, 1, 1, odd_length);
	send_raw(opcode, 2, 2, twice);
	send_raw(opcode, 1, 1, below);
	send_raw(opcode, 1, 1, beyond);
	send_raw(opcode, 1, 1, across);
	send_raw(opcode, 1, 1, nothing);
	send_raw(opcode, 2, 1, fine);
	send_raw(opcode, 1, 2, outside);
	command(opcode, fine, 4);
}

/*
 * The event log
 */

static u16 handle[16];
static u32 handles;

static void events(void)
{
	const struct cxl_wire_events *head = (void *)out;
	const struct cxl_wire_event *event = (void *)(head + 1);
	u8 log = CXL_EVENT_LOG_DC;

	command(CXL_OP_GET_EVENTS, &log, sizeof(log));
	handles = le16_to_cpu(head->count);
	for (u32 i = 0; i < handles && i < 16; i++)
		handle[i] = le16_to_cpu(event[i].handle);
}

static u16 clear(u8 log, u8 flags, const u16 *which, u8 count, u8 claimed)
{
	struct {
		struct cxl_wire_clear head;
		__le16 handle[16];
	} __packed in = { .head = { log, flags, claimed, { 0 } } };

	for (u32 i = 0; i < count; i++)
		in.handle[i] = cpu_to_le16(which[i]);

	return command(CXL_OP_CLEAR_EVENTS, &in, sizeof(in.head) + 2 * count);
}

static void clear_first(u8 count)
{
	clear(CXL_EVENT_LOG_DC, 0, handle, count, count);
}

/* All that is in the log, until it is empty */
static void drain(void)
{
	events();
	while (handles) {
		clear_first(handles);
		events();
	}
}

static void wrong_clears(void)
{
	const u16 unknown[] = { handle[0] + 100 }, zero[] = { 0 };
	const u16 swapped[] = { handle[1], handle[0] };
	const u16 gap[] = { handle[1] };

	clear(CXL_EVENT_LOG_DC, 0, unknown, 1, 1);
	clear(CXL_EVENT_LOG_DC, 0, zero, 1, 1);
	clear(CXL_EVENT_LOG_DC, 0, swapped, 2, 2);
	clear(CXL_EVENT_LOG_DC, 0, gap, 1, 1);
	clear(CXL_EVENT_LOG_DC, 0, handle, 1, 2);
	events();
}

/*
 * What happens
 */

static void nothing_yet(void)
{
	static const u16 some[] = { 1 };
	const u8 none = 9, two[2] = { CXL_EVENT_LOG_DC };

	identify();
	logs();
	config(8, 0);
	config(1, 0);
	config(1, 1);
	config(8, 1);
	config(255, 0);
	config(1, 2);
	look();
	command(CXL_DC_GET_CONFIG, two, 1);
	extents(0, 0);
	extents(1, 1);
	command(CXL_DC_GET_EXTENTS, two, 2);
	event_status();
	events();
	command(CXL_OP_GET_EVENTS, &none, 1);
	command(CXL_OP_GET_EVENTS, two, 2);
	clear(CXL_EVENT_LOG_DC, 0, some, 1, 1);
	clear(none, 0, some, 1, 1);
	ANSWER(X(0, 1));
	RELEASE(X(0, 1));
	send_raw(CXL_DC_RELEASE, 0, 0, NULL);
	malformed(CXL_DC_RELEASE, 0);
}

static void one_offer(void)
{
	OFFER(T(0, 4, TAG_A));
	event_status();
	events();
	events();
	look();
	malformed(CXL_DC_ADD_RESPONSE, 0);
	ANSWER(X(8, 1));
	ANSWER(X(2, 4));
	RELEASE(X(0, 4));
	look();
	drain();
	event_status();
	ANSWER(X(0, 4));
	look();
	ANSWER(X(0, 4));

	OFFER(T(4, 1, TAG_A));
	drain();
	refuse();
	look();
	ANSWER(X(4, 1));
}

/* Of what is accepted, and in pieces */
static void releases(void)
{
	ask(0, 4, TAG_A);
	ask(1, 1, TAG_A);
	drain();
	look();
	malformed(CXL_DC_RELEASE, 0);
	RELEASE(X(1, 1));
	look();
	RELEASE(X(1, 1));
	RELEASE(X(0, 2));
	RELEASE(X(0, 1), X(8, 1));
	RELEASE(X(3, 1), X(0, 1));
	look();
	RELEASE(X(2, 1));
	RELEASE(X(2, 1));
	look();
}

static void many_extents(void)
{
	OFFER(T(10, 1, TAG_B), T(12, 2, TAG_B), T(20, 1, TAG_B));
	drain();
	look();
	ANSWER(X(20, 1), X(10, 1), X(12, 2));
	look();
	RELEASE(X(10, 1), X(20, 1));
	look();

	/* Two tags, of which one has two extents, and is taken in part */
	OFFER(T(30, 1, TAG_A), T(31, 1, TAG_B), T(36, 2, TAG_A));
	drain();
	ANSWER(X(30, 2));
	ANSWER(X(30, 1), X(37, 1));
	look();
	ANSWER(X(31, 1));

	/* One extent in two pieces */
	OFFER(X(40, 4));
	drain();
	ANSWER(X(40, 1), X(42, 2));
	look();
	/* Two that touch, at once */
	RELEASE(X(42, 1), X(43, 1));
	RELEASE(X(30, 1), X(37, 1), X(40, 1), X(12, 2));
	look();

	/* Two that touch, as if they were one */
	OFFER(X(70, 1), X(71, 2));
	drain();
	ANSWER(X(70, 1), X(71, 2));
	RELEASE(X(70, 3));
	look();
}

/* An answer in two parts */
static void continued(void)
{
	OFFER(X(74, 1), X(76, 1));
	drain();
	more = true;
	ANSWER(X(74, 1));
	look();
	ANSWER(X(76, 1));
	look();
	RELEASE(X(74, 1));
}

static void in_order(void)
{
	OFFER(T(50, 1, TAG_A));
	OFFER(T(52, 1, TAG_B));
	OFFER(X(54, 2));
	events();
	wrong_clears();
	clear_first(1);
	events();
	drain();
	look();
	ANSWER(X(52, 1));
	ANSWER(X(54, 2), X(50, 1));
	ANSWER(X(50, 1));
	ANSWER(X(50, 1));
	ANSWER(X(52, 1));
	look();
	refuse();
	look();
	RELEASE(X(52, 1), X(50, 1));
}

/* What a host may be told at once, and what it may say */
static void clear_all(void)
{
	OFFER(X(56, 1));
	OFFER(X(58, 1));
	clear(CXL_EVENT_LOG_DC, 1, NULL, 0, 0);
	events();
	drain();
	refuse();
	refuse();
}

static void overflow(void)
{
	u32 i;

	offer_many(100, 10);
	pending++;
	events();
	events();
	clear_first(3);
	events();
	offer_many(140, 1);
	pending++;
	event_status();
	drain();
	event_status();
	answer_many(100, 10);
	look();

	for (i = 0; i < 11; i++)
		OFFER(X(150 + 2 * i, 1));
	drain();
	answer_many(140, 1);
	while (pending)
		refuse();
	look();
	RELEASE(X(140, 1));
}

static void after_reset(void)
{
	OFFER(T(60, 1, TAG_A), T(62, 1, TAG_A));
	OFFER(T(64, 1, TAG_B));
	event_status();
	bus_reset();
	event_status();
	look();
	events();
	OFFER(X(66, 1));
	event_status();
	drain();
	ANSWER(X(60, 1), X(62, 1));
	ANSWER(X(64, 1));
	refuse();
	look();
	RELEASE(X(60, 1), X(62, 1), X(64, 1));
}

/* More than a page of the list has room for, and nearly all that can be */
static void limits(void)
{
	u32 i;

	offer_many(200, 50);
	pending++;
	drain();
	answer_many(200, 50);
	extents(50, 0);
	extents(50, 50);
	extents(51, 0);
	extents(3, 48);
	extents(1, 60);
	extents(1, 61);

	for (i = 0; i < 4; i++) {
		offer_many(520 + 100 * i, 50);
		offer_many(521 + 100 * i, 50);
		pending += 2;
	}
	offer_many(1, 20);
	pending++;
	drain();
	config(0, 0);
	answer_many(520, 50);
	config(0, 0);
	while (pending)
		refuse();
	config(0, 0);
}

void script(void)
{
	nothing_yet();
	one_offer();
	releases();
	many_extents();
	continued();
	in_order();
	clear_all();
	overflow();
	after_reset();
	limits();
}
