/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a host and a fabric manager do to a device, written down with what it
 * answers. Extents are in blocks of 2 MiB from where its Dynamic Capacity begins.
 */
#ifndef RECORD_H
#define RECORD_H

#include "dc_wire.h"
#include "mbox.h"
#include "mbox_wire.h"

#define BLOCK		0x200000ULL

/* Extents in one offer, or answer: as many as the switch's mailbox takes */
#define MOST		50

struct extent {
	u64 at;
	u64 n;
	u32 tag;
	u16 sequence;
};

/* The device: record.c */
extern u64 dc_base;
extern u32 region_blocks;
extern u8 out[2048];
extern u32 out_size;

/* A command, and its answer in @out; the return code */
u16 command(u16 opcode, const void *in, u32 size);
/* Event Status */
void event_status(void);
/* A bus reset */
void bus_reset(void);

/* The fabric manager, or without one QMP. An offer: */
void offer(const struct extent *e, u32 count);
/* Likewise, but @count extents of a block each, two apart, from @first on */
void offer_many(u32 first, u32 count);
/* It asks for an extent back */
void ask(u64 at, u64 n, u32 tag);

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *format, ...);

/* What is done: script.c */
void script(void);

#endif /* RECORD_H */
