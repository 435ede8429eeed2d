/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device's CXL.cache/mem registers, behind struct vfio_cxl_io. It does what
 * the specification says of HDM decoders (CXL 3.1, 8.2.4.20), Lock On Commit
 * included, and on request what it should not. Time passes in sleep() only.
 */
#ifndef VFIO_CXL_FAKE_DEVICE_H
#define VFIO_CXL_FAKE_DEVICE_H

#include "hdm.h"

#define MIB256		0x10000000ULL
#define WINDOW		0x4d0000000ULL
#define COMMIT_BITS	(CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED)

/* Whoever waits for a device that is stuck is not held up longer than this */
#define PATIENCE_US	100000

#define FAKE_HDM_AT	0x240
#define FAKE_NEVER	UINT64_MAX
#define FAKE_SLEEPS	256

/* What a commit comes to */
enum fake_fault {
	FAKE_FINE,
	FAKE_ERROR,	/* Error Not Committed */
	FAKE_SLOW,	/* nothing, for ever */
	FAKE_LIE,	/* COMMITTED, but a register reads otherwise */
	FAKE_VANISH,	/* COMMITTED is gone after it was read once */
};

struct fake_decoder {
	u32 reg[8];		/* as stored, by offset / 4 */
	u64 commit_at;
	u64 uncommit_at;
	enum fake_fault fault;	/* of the commit that stands */
	unsigned int written;	/* of the six registers, since the last COMMIT */
	unsigned int writes;
};

struct fake_device {
	struct vfio_cxl_io io;
	u32 page[CXL_CM_SIZE / 4];	/* everything but the decoders */
	unsigned int count;
	struct fake_decoder decoder[CXL_HDM_MAX_DECODERS];

	/* How it behaves */
	u64 commit_us;
	u64 uncommit_us;
	enum fake_fault fault;
	unsigned int faults;	/* so many commits end in @fault */
	unsigned int stuck;	/* so many un-commits do nothing */
	u32 lie_reg;
	u32 lie_bits;
	u32 bent_reg;		/* does not hold @bent_bits */
	u32 bent_bits;
	u64 gone_after;		/* reads, then all ones */

	/* What was done to it */
	u64 now_us;
	u64 slept_us;
	u64 reads;
	unsigned int writes;
	unsigned int sleeps;
	unsigned int sleep_us[FAKE_SLEEPS];
	unsigned int commits;	/* COMMIT from 0 to 1 */
	unsigned int rejected;	/* writes to what a commit froze */
	unsigned int locked;	/* writes to a locked decoder */
	unsigned int disordered; /* commits without BASE, SIZE, skip before */
	unsigned int reserved;	/* writes of 1 to reserved bits of CTRL */
};

/* What to commit: @n units up in the window, @units large */
static inline struct vfio_cxl_hdm_decoder range(unsigned int n,
						unsigned int units)
{
	return (struct vfio_cxl_hdm_decoder) {
		.base = WINDOW + n * MIB256,
		.size = units * MIB256,
		.ctrl = COMMIT_BITS | CXL_HDM_CTRL_HOST_ONLY,
	};
}

void fake_init(struct fake_device *fake, unsigned int code, unsigned int count);
void fake_reset(struct fake_device *fake);
void fake_pass(struct fake_device *fake, u64 usec);
void fake_forget(struct fake_device *fake);

/* Put a decoder there as firmware might have, whatever the rules */
void fake_set(struct fake_device *fake, unsigned int n,
	      const struct vfio_cxl_hdm_decoder *decoder);
/* As stored, not as a lying device shows it */
struct vfio_cxl_hdm_decoder fake_get(const struct fake_device *fake,
				     unsigned int n);
u32 fake_global(const struct fake_device *fake);
void fake_set_global(struct fake_device *fake, u32 value);

/* What a test works with */
struct bench {
	struct fake_device fake;
	struct vfio_cxl_hdm hdm;
	enum vfio_cxl_reason reason;
};

#endif /* VFIO_CXL_FAKE_DEVICE_H */
