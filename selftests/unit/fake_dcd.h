/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device with Dynamic Capacity, and the host's memory, behind the callbacks of
 * the engine. It does what the specification says (CXL 3.1, 8.2.9.9.9 and
 * 9.13.3), and on request what emulators do instead, and what none should.
 *
 * It dies, and the test with it, when the host breaks a rule: an empty answer
 * with nothing offered, an answer to an offer that is not complete, a part of an
 * extent or of a tag, capacity given back that is reachable, in use, or in caches.
 */
#ifndef VFIO_CXL_FAKE_DCD_H
#define VFIO_CXL_FAKE_DCD_H

#include "dcd.h"

#define DCD_MIB			0x100000ULL
#define DCD_BLOCK		(2 * DCD_MIB)
#define DCD_BASE		0x100000000ULL
#define DCD_LOG_MAX		512
#define DCD_CHANGES		64
#define DCD_SECOND		1000000000ULL

/*
 * What emulators do (QEMU 10 and 11). test_dcd_traces.c holds them against what
 * was recorded, and says what the specification has instead.
 */
#define FAKE_DCD_PADS		BIT(0) /* 4801h: zeros for what is pending */
#define FAKE_DCD_GEN_STUCK	BIT(1) /* the generation is always the same */
#define FAKE_DCD_FORGETS_TAGS	BIT(2) /* the list has none */
#define FAKE_DCD_TWICE		BIT(3) /* pending extents count twice: 1Dh */
#define FAKE_DCD_COUNTS		BIT(4) /* available is less what is pending */
#define FAKE_DCD_ORDER_PA	BIT(5) /* out of order is 0Fh, else 02h */
#define FAKE_DCD_NO_MORE	BIT(6) /* a first part is all */
#define FAKE_DCD_NOTHING_BACK	BIT(7) /* 4803h of no bytes is success */
#define FAKE_DCD_LONG_INPUT	BIT(8) /* entries behind the last are no error */
#define FAKE_DCD_TELLS		BIT(9) /* records say how much is available */
/* Tags can't be given to QEMU 10: that it would forget them is QEMU 11's word */
#define FAKE_DCD_QEMU10		(FAKE_DCD_GEN_STUCK | FAKE_DCD_FORGETS_TAGS | \
				 FAKE_DCD_ORDER_PA | FAKE_DCD_NO_MORE | \
				 FAKE_DCD_NOTHING_BACK | FAKE_DCD_LONG_INPUT)
#define FAKE_DCD_QEMU11		(FAKE_DCD_QEMU10 | FAKE_DCD_PADS | \
				 FAKE_DCD_TWICE | FAKE_DCD_COUNTS | \
				 FAKE_DCD_TELLS)

/* What a command that is to go wrong comes to */
enum fake_dcd_fault {
	FAKE_DCD_FINE,
	FAKE_DCD_BUSY,		/* RETRY, until the mailbox gives up */
	FAKE_DCD_LOST,		/* timed out, and was not done */
	FAKE_DCD_LATE,		/* timed out, and was done */
	FAKE_DCD_ERROR,		/* return code @fault_rc */
	FAKE_DCD_GONE,		/* all ones */
	/* Of these the test is only told */
	FAKE_DCD_LIED,
	FAKE_DCD_NO_MEMORY,
};

/* How the list of extents lies */
enum fake_dcd_lie {
	FAKE_DCD_HONEST,
	FAKE_DCD_MOVES,		/* another generation on each page */
	FAKE_DCD_SHRINKS,	/* another total on each page */
	FAKE_DCD_MORE,		/* returned is more than asked for */
	FAKE_DCD_SHORT,		/* the payload ends early */
	FAKE_DCD_NOTHING,	/* returned is 0 */
	FAKE_DCD_HUGE,		/* total is */
	FAKE_DCD_REPEATS,	/* each extent is there twice */
	FAKE_DCD_OUTSIDE,	/* one is in no region */
	FAKE_DCD_WRAPS,		/* one wraps around */
	FAKE_DCD_OMITS,		/* the first one is left out */
	FAKE_DCD_HALVES,	/* the first one is half as long */
};

struct fake_dcd_extent {
	u64 dpa;
	u64 len;
	u32 tag;		/* 0: none */
	u16 sequence;
};

struct fake_dcd_group {
	struct fake_dcd_group *next;
	u64 nr;			/* of all that were offered, from 1 */
	bool closed;		/* the last record was written */
	bool lost;		/* not each record found room in the log */
	bool late;		/* one came after the host gave it up */
	u64 last_ns;		/* when the last record was written */
	u32 count;
	u32 room;
	struct fake_dcd_extent *extent;
};

struct fake_dcd {
	struct vfio_cxl_dcd_ops ops;
	struct vfio_cxl_dcd_limits limits;

	/* How it is made */
	u32 quirks;
	bool any_host;		/* that keeps no rules: it gets an answer */
	u64 base;
	u32 regions;
	u64 region_blocks;
	u32 first_dsmad;
	u32 sharable;		/* regions, as a mask */
	u32 supported;
	/* Called before and after each hold of the state lock: another CPU could look */
	void (*unlocked)(struct fake_dcd *fake);
	bool looking;
	u32 log_size;
	u64 covered_to;		/* decoder 0 ends there */
	u32 live_elsewhere;	/* that tag */
	bool leaving;		/* descriptors are told that they lose something */

	/* What it does wrong: @faults commands with @fault_opcode, or any if 0 */
	enum fake_dcd_fault fault;
	u32 faults;
	u32 fault_after;	/* that many are fine before */
	u16 fault_opcode;
	u16 fault_rc;
	enum fake_dcd_lie lie;
	u32 lies;		/* pages of the list that lie */
	u64 page_ns;		/* each of them takes so long */
	u64 alloc_fails;	/* the one after that many; 0: none */
	bool prepare_fails;
	int clear_fails;	/* the extent at that block can't be cleared; 0: all can */
	u64 clear_block;

	/* What it has */
	u64 now_ns;
	u32 generation;
	struct fake_dcd_group *pending;
	struct fake_dcd_extent *accepted;
	u32 nr_accepted;
	u8 *block;		/* FAKE_BLOCK_* */
	struct vfio_cxl_dcd_extent **at;	/* what is published, by block */
	u64 blocks;
	struct cxl_dc_event log[DCD_LOG_MAX];
	u32 logged;
	u32 overflow;
	struct cxl_dc_entries *part;	/* of an answer that is continued */
	bool open;		/* the youngest offer is not complete */
	u32 to_come;		/* extents of it that have no record yet */
	u32 half;		/* extents of half a tag, that were just taken */

	/* What was done to it */
	bool locked;
	bool took;		/* it took something away, or said so */
	bool allow_in_use;	/* a user said FORCE, or consented */
	bool mapped;		/* the memory, somewhere */
	u64 uses;		/* times that it became mapped */
	u64 allocs;
	u64 frees;
	u64 commands;
	u64 offered;
	u64 answered;		/* offers, with or without extents */
	u64 empty;		/* of them without */
	u64 refused_cmds;	/* answers and releases that it did not take */
	u64 releases;
	u64 flushes;
	u32 pages;		/* of the list that were read */
	struct vfio_cxl_dcd_change change[DCD_CHANGES];
	u64 changes;

	/* What the test wants to know: an offer was answered */
	void (*on_answer)(struct fake_dcd *fake,
			  const struct fake_dcd_group *group, u32 count);
	/* Or something goes wrong, with a command or, 0, without one */
	void (*on_fault)(struct fake_dcd *fake, enum fake_dcd_fault fault,
			 u16 opcode);
	void *test;
	void (*on_death)(void);
};

#define FAKE_BLOCK_ACCEPTED	BIT(0)
#define FAKE_BLOCK_PUBLISHED	BIT(1)
#define FAKE_BLOCK_TOUCHED	BIT(2)
#define FAKE_BLOCK_DIRTY	BIT(3) /* caches may have what we wrote */
#define FAKE_BLOCK_PREPARED	BIT(4)
#define FAKE_BLOCK_FORCED	BIT(5) /* taken away; the host may not know */
#define FAKE_BLOCK_STALE	BIT(6) /* caches may have what others wrote */
#define FAKE_BLOCK_TORN		BIT(7) /* unmapped while it was in use */

void fake_dcd_init(struct fake_dcd *fake, u32 quirks);
void fake_dcd_make(struct fake_dcd *fake);
void fake_dcd_free(struct fake_dcd *fake);
void fake_dcd_tag(u32 tag, u8 uuid[VFIO_CXL_DC_TAG_LEN]);
u32 fake_dcd_tag_of(const u8 uuid[VFIO_CXL_DC_TAG_LEN]);
u64 fake_dcd_at(u64 block);

void fake_dcd_record(struct fake_dcd *fake, const struct fake_dcd_extent *e,
		     bool more);
void fake_dcd_offer(struct fake_dcd *fake, const struct fake_dcd_extent *e,
		    u32 count);
void fake_dcd_event(struct fake_dcd *fake, u8 type,
		    const struct fake_dcd_extent *e);
void fake_dcd_force(struct fake_dcd *fake, u64 dpa, u64 len, u32 tag);
u32 fake_dcd_nr_pending(const struct fake_dcd *fake);
bool fake_dcd_any(const struct fake_dcd *fake, u64 dpa, u64 len, u8 flag);
bool fake_dcd_has(const struct fake_dcd *fake, u64 dpa, u64 len, u8 flag);
bool fake_dcd_touch(struct fake_dcd *fake, struct vfio_cxl_dcd *dcd, u64 dpa);
void fake_dcd_unmap(struct fake_dcd *fake, struct vfio_cxl_dcd *dcd);
void fake_dcd_drain(struct fake_dcd *fake, struct vfio_cxl_dcd *dcd);

#endif /* VFIO_CXL_FAKE_DCD_H */
