// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device of ours does that lies: ../model/control.c. It does so until it is
 * told to behave, at the latest when the epoch ends. What costs minutes by right is
 * left out: a time limit of its own that is longer than seconds, all-ones for as long
 * as the kernel waits after a reset, memory that is not there and is to be cleared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmfuzz.h"

#define RAM_AT		0x140000000UL	/* of the window, and so much of it is there */
#define RAM_END		0x1c0000000UL
#define STEP		(256 * MIB)
#define TIMEOUT		0xe000		/* a range's Memory_Active_Timeout */
#define LARGE		0xc0000000	/* a range's size that would be too much */
#define IOVA		GIB		/* as dma-map has it */

/* Of its memory not more than is soon cleared */
#define DEFAULT		"default + capacity %#lx"

static bool told;

static bool tell(const char *format, unsigned long a, unsigned long b,
		 unsigned long c, unsigned long d)
{
	char text[128];

	__atomic_store_n(&told, true, __ATOMIC_RELAXED);
	snprintf(text, sizeof(text), format, a, b, c, d);

	return bed_locked(NULL, 0, "model dcd0 %s", text);
}

/* As at first */
bool device_default(void)
{
	return !topology_is("model") ||
	       bed_locked(NULL, 0, "model dcd0 " DEFAULT, STEP);
}

/* Has it done anything since it was asked last? */
bool device_was_told(void)
{
	return __atomic_exchange_n(&told, false, __ATOMIC_RELAXED);
}

bool device_lacks(__u64 base)
{
	return topology_is("model") && base >= RAM_END;
}

/* Registers that decide; of both spaces, or anywhere in the one that has no others */
static bool place_of(const struct call *call, unsigned int *at)
{
	static const unsigned short cfg[] = {
		0x114, 0x118, 0x11c, 0x120, 0x124, 0x128, 0x12c, 0x130, 0x134,
		0x138, 0x13c, 0x140, 0x144, 0x154, 0x158, 0x15c, 0x160, 0x164,
		0x168, 0x1cc, 0x1dc, 0x204, 0x208, 0x20c, 0x214, 0x224, 0x304,
		0x314, 0xfec, 0xff0,
	};
	static const unsigned short cm[] = {
		0, 4, 8, 0xc, 0x100, 0x104, 0x110, 0x114, 0x118, 0x11c, 0x120,
		0x124, 0x128, 0x130, 0x140, 0x180,
	};

	if (call->who & 1) {
		*at = cfg[call->pick % (sizeof(cfg) / sizeof(*cfg))];
		return true;
	}
	*at = call->pick & 1 << 16 ? call->pick & 0xffc :
	      cm[call->pick % (sizeof(cm) / sizeof(*cm))];

	return false;
}

/* What stands there but for one bit, or what a reader might not expect, or any */
static unsigned int value_of(const struct call *call, const char *space,
			     unsigned int at)
{
	static const unsigned int values[] = {
		0, ~0U, 0x03c21e98, 0xfff21e98, 0x00021e98, 0x03c21234,
		0x02421e98, 0x00100100, 0x00000106, 0xffff0100, 0x02110001,
		0xff110001, 0x10010005, 0xff010005, 0x1600, 0x1100, 0x600,
		0x40000000, 0x50000000, 0x80000000, 0xf, 0xc,
	};
	char text[64] = "";

	switch (call->length & 3) {
	case 0:
		return call->at;
	case 1:
		bed_locked(text, sizeof(text), "model dcd0 get %s %#x", space,
			   at);
		return strtoul(text, NULL, 0) ^ 1U << (call->at & 31);
	default:
		return values[call->at % (sizeof(values) / sizeof(*values))];
	}
}

/* Sizes of ranges, of either DVSEC that may be the device's: little, or too much */
static unsigned int tamed(unsigned int at, unsigned int value)
{
	switch (at) {
	case 0x128:
	case 0x138:
		return value ? value | 16 : 0;
	case 0x12c:
	case 0x13c:
	case 0x21c:
	case 0x22c:
		return value & ~(TIMEOUT | LARGE);
	}

	return value;
}

/* @cmd: for good, else for some reads */
static long register_is(struct thread *t, const struct call *call,
			const struct op *op)
{
	unsigned int at, value;
	bool cfg = place_of(call, &at);
	const char *space = cfg ? "cfg" : "cm";
	char text[64];

	value = value_of(call, space, at);
	if (cfg)
		value = tamed(at, value);
	if (op->cmd)
		snprintf(text, sizeof(text), "set %s %%#lx %%#lx", space);
	else
		snprintf(text, sizeof(text), "lie %s %%#lx %%#lx %%lu %%lu",
			 space);

	return tell(text, at, value, call->length >> 2 & 7,
		    call->length >> 5 & 7) ? 0 : -EIO;
}

/* Away, and back soon: after a reset the kernel waits for it, for a minute */
static long goes_away(struct thread *t, const struct call *call,
		      const struct op *op)
{
	static const char *const spaces[] = { "all", "cfg", "cm", "cm" };
	char text[32];

	snprintf(text, sizeof(text), "ones %s", spaces[call->who & 3]);
	if (!tell(text, 0, 0, 0, 0))
		return -EIO;
	if ((call->who & 3) == 3)
		return 0;
	usleep(call->at % 30000);

	return tell("ones off", 0, 0, 0, 0) ? 0 : -EIO;
}

static long commits(struct thread *t, const struct call *call,
		    const struct op *op)
{
	static const char *const ways[] = {
		"commit never", "commit error", "commit slow %lu",
		"commit lie", "commit gone", "commit stuck",
	};

	return tell(ways[call->pick % 6], call->at % 100, 0, 0, 0) ? 0 : -EIO;
}

/* As if firmware had left it so: in memory that is there, or where none may be */
static long decoder_is(struct thread *t, const struct call *call,
		       const struct op *op)
{
	static const unsigned long bases[] = {
		0x10000000, 0xf0000000, 0x130000000, 0x240000000,
		0xfffffffff0000000, RAM_AT + PAGE,
	};
	static const unsigned int ctrls[] = { 0x1600, 0x1700, 0x1610, 0x1100 };
	unsigned int n = call->pick >> 8 & 7;

	return tell("hdm %lu %#lx %#lx %#lx", call->who & 3,
		    n < 6 && call->pick & 1 ? bases[n] : RAM_AT + (n & 3) * STEP,
		    (call->length & 3) * STEP + (call->length >> 4 & 7 ? 0 : 1),
		    ctrls[call->at & 3]) ? 0 : -EIO;
}

static long device_is(struct thread *t, const struct call *call,
		      const struct op *op)
{
	static const unsigned long capacities[] = {
		0, 64 * MIB, STEP, 2 * STEP, 512 * GIB,
	};

	switch (call->pick & 7) {
	case 0:
	case 1:
		return tell(call->pick & 1 ? "keep on" : "keep off", 0, 0, 0,
			    0) ? 0 : -EIO;
	case 2:
		return tell("media never", 0, 0, 0, 0) ? 0 : -EIO;
	case 3:
		return tell("media %lu", call->at % 200, 0, 0, 0) ? 0 : -EIO;
	case 4:
		return tell("decoders %lu", call->at % 33, 0, 0, 0) ? 0 : -EIO;
	case 5:
		return tell("block %#lx", (call->at & 15) << 16, 0, 0, 0) ?
		       0 : -EIO;
	default:
		return tell("capacity %#lx", capacities[call->at % 5], 0, 0, 0) ?
		       0 : -EIO;
	}
}

/* The emulator, and all CPUs with it, waits two seconds for an answer */
static long is_silent(struct thread *t, const struct call *call,
		      const struct op *op)
{
	return tell("drop 1", 0, 0, 0, 0) ? 0 : -EIO;
}

/* Reads anywhere; writes where it may, or where nobody but us would miss it */
static long device_dma(struct thread *t, const struct call *call,
		       const struct op *op)
{
	unsigned long iova = IOVA + (call->pick >> 4 & 3) * AREA +
			     call->at % AREA;

	if (call->pick & 3)
		return tell("dma read %#lx %lu", call->pick & 2 ? iova : call->at,
			    call->length % 2048, 0, 0) ? 0 : -EIO;
	if (call->pick & 4)
		iova = RAM_AT + call->at % STEP;

	return tell("dma write %#lx c0ffee", iova, 0, 0, 0) ? 0 : -EIO;
}

static long interrupts(struct thread *t, const struct call *call,
		       const struct op *op)
{
	return tell("irq %lu", call->who % 9, 0, 0, 0) ? 0 : -EIO;
}

/* From now on: what it has done already stays; or all is as if it had been reset */
static long behaves(struct thread *t, const struct call *call,
		    const struct op *op)
{
	if (call->pick & 1)
		return tell(DEFAULT, STEP, 0, 0, 0) ? 0 : -EIO;

	return tell("honest + ones off + commit ok + media 0 + keep off", 0, 0,
		    0, 0) ? 0 : -EIO;
}

/* Another one, that behaves, is found in its place */
static long afresh(struct thread *t, const struct call *call,
		   const struct op *op)
{
	objects_close();
	areas_clear();

	return device_anew() ? 0 : -errno;
}

const struct op device_ops[] = {
	{ .name = "device-lies", .run = register_is, .weight = 12, .slow = 2 },
	{ .name = "device-has", .run = register_is, .weight = 8, .slow = 2,
	  .cmd = 1 },
	{ .name = "device-away", .run = goes_away, .weight = 4, .slow = 4 },
	{ .name = "device-commits", .run = commits, .weight = 5 },
	{ .name = "device-decoder", .run = decoder_is, .weight = 5 },
	{ .name = "device-is", .run = device_is, .weight = 6, .slow = 2 },
	{ .name = "device-silent", .run = is_silent, .weight = 1, .slow = 64 },
	{ .name = "device-dma", .run = device_dma, .weight = 4 },
	{ .name = "device-irq", .run = interrupts, .weight = 4 },
	{ .name = "device-behaves", .run = behaves, .weight = 24 },
	{ .name = "device-afresh", .run = afresh, .weight = 6, .slow = 8 },
	{}
};
