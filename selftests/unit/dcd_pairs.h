/* SPDX-License-Identifier: GPL-2.0-only */
/* Dynamic Capacity, at random: which events met which states. */
#ifndef VFIO_CXL_DCD_PAIRS_H
#define VFIO_CXL_DCD_PAIRS_H

#include "dc_engine.h"
#include "fake_dcd.h"

enum dcd_event {
	/* of the device */
	DCD_ADD_MORE,
	DCD_ADD_LAST,
	DCD_SAME_TAG,
	DCD_ASKED,
	DCD_ASKED_ODD,
	DCD_FORCED,
	DCD_FORCED_PART,
	DCD_REGIONS,
	DCD_OTHER,
	DCD_OVERFLOW,
	DCD_RESET,
	/* of users */
	DCD_ACCEPT,
	DCD_REJECT,
	DCD_RELEASE,
	DCD_TENANT,
	DCD_FORCE,
	DCD_DEFER,
	DCD_TOUCH,
	DCD_UNMAP,
	DCD_DEADLINE,
	DCD_TENANCY,
	DCD_REBIND,
	DCD_TIME,
	/* faults: what a command came to, as enum fake_dcd_fault, and others */
	DCD_BUSY,
	DCD_LOST,
	DCD_LATE,
	DCD_ERROR,
	DCD_GONE,
	DCD_LIE,
	DCD_NO_MEMORY,
	DCD_EVENTS,
};

/* It happens to what is at this place; or to what a user calls so */
void dcd_met(struct vfio_cxl_dcd *dcd, enum dcd_event event,
	     const struct fake_dcd_extent *e);
void dcd_met_named(struct vfio_cxl_dcd *dcd, enum dcd_event event,
		   const struct fake_dcd_extent *e);
void dcd_met_offer(struct vfio_cxl_dcd *dcd, enum dcd_event event,
		   const struct dc_offer *offer);
/* To all that there is; for a fault, with the command that it hits, or 0 */
void dcd_met_all(struct vfio_cxl_dcd *dcd, enum dcd_event event);
void dcd_met_fault(struct vfio_cxl_dcd *dcd, enum fake_dcd_fault fault,
		   u16 opcode);
/* Prints the table. How many pairs that can be were never reached? */
u32 dcd_missed(void);

#endif /* VFIO_CXL_DCD_PAIRS_H */
