// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: config space as a user sees it
 *
 * The VFIO core hands DVSEC and DOE registers to the user as they are. Here is
 * what he gets instead: the CXL Device DVSEC (CXL 3.1, 8.1.3) as a shadow that
 * never moves hardware, the other CXL DVSECs read only, DOE not at all. Whole
 * dwords with a mask of the bits that are really written, so that bytes, words
 * and accesses across two registers need no code of their own.
 */
#include "config.h"

/* Two 16 bit registers make a dword */
static u32 pair(u16 lo, u16 hi)
{
	return lo | (u32)hi << 16;
}

static u16 merge(u16 old, u16 value, u16 mask)
{
	return (old & ~mask) | (value & mask);
}

/*
 * Cache_Enable, its snoop filter fields and Direct P2P are never forwarded, so
 * they read 0: a driver that sees its write stay would count on them.
 */
static u16 control_writable(const struct vfio_cxl_dvsec *dvsec)
{
	u16 writable = 0;

	if (dvsec->capability & CXL_DVSEC_CAP_MEM)
		writable |= CXL_DVSEC_CTRL_MEM;
	if (dvsec->capability & CXL_DVSEC_CAP_VIRAL)
		writable |= CXL_DVSEC_CTRL_VIRAL;

	return writable;
}

/**
 * vfio_cxl_dvsec_init - the registers as a reset leaves them
 * @dvsec: the shadow
 * @capability: Capability register
 * @control: Control in hardware
 * @status: Status in hardware
 * @locked: CONFIG_LOCK in hardware
 */
void vfio_cxl_dvsec_init(struct vfio_cxl_dvsec *dvsec, u16 capability,
			 u16 control, u16 status, bool locked)
{
	memset(dvsec, 0, sizeof(*dvsec));
	dvsec->capability = capability;
	dvsec->control = (control & control_writable(dvsec)) |
			 CXL_DVSEC_CTRL_IO;
	if (capability & CXL_DVSEC_CAP_VIRAL)
		dvsec->status = status & CXL_DVSEC_STATUS_VIRAL;
	dvsec->locked = locked;
}

/**
 * vfio_cxl_config_view - a dword of a closed range, where no shadow stands
 * @kind: what the range is
 * @offset: from its start, a multiple of 4
 * @hw: what hardware has there
 *
 * Return: what the user reads.
 */
u32 vfio_cxl_config_view(enum vfio_cxl_config_kind kind, u32 offset, u32 hw)
{
	switch (kind) {
	case VFIO_CXL_CONFIG_DEVICE:
		/* A firmware that still uses ranges leaves host addresses */
		if (offset >= CXL_DVSEC_RANGE(0) &&
		    offset < CXL_DVSEC_RANGE(2) &&
		    (offset - CXL_DVSEC_RANGE(0)) % 0x10 >=
		    CXL_DVSEC_RANGE_BASE_HI)
			return 0;
		return hw;
	case VFIO_CXL_CONFIG_DOE:
		/* A null capability, that is still a link of the chain */
		return offset ? 0 : hw & GENMASK(31, 20);
	case VFIO_CXL_CONFIG_DVSEC:
	case VFIO_CXL_CONFIG_PM:
		break;
	}

	return hw;
}

/**
 * vfio_cxl_dvsec_read - a dword of the CXL Device DVSEC
 * @dvsec: the shadow
 * @offset: from the DVSEC's start, a multiple of 4
 * @hw: what hardware has there
 *
 * Return: what the user reads.
 */
u32 vfio_cxl_dvsec_read(const struct vfio_cxl_dvsec *dvsec, u32 offset, u32 hw)
{
	u16 live;

	switch (offset) {
	case CXL_DVSEC_CTRL:
		return pair(dvsec->control, dvsec->status);
	case CXL_DVSEC_CTRL2:
		live = hw >> 16 & (CXL_DVSEC_STATUS2_CACHE_INVALID |
				   CXL_DVSEC_STATUS2_PM_INIT);
		return pair(dvsec->control2, dvsec->status2 | live);
	case CXL_DVSEC_LOCK:
		return pair(dvsec->locked ? CXL_DVSEC_LOCK_CONFIG : 0,
			    hw >> 16);
	}

	return vfio_cxl_config_view(VFIO_CXL_CONFIG_DEVICE, offset, hw);
}

/*
 * Requests clear themselves. CXL.cache is off in hardware, so the device holds
 * no line of the host's: writing its cache back is done before it is asked for.
 */
static bool control2_write(struct vfio_cxl_dvsec *dvsec, u16 value, u16 mask)
{
	u16 writable = 0;

	if (dvsec->capability & CXL_DVSEC_CAP_CACHE)
		writable |= CXL_DVSEC_CTRL2_NO_CACHING;
	if (dvsec->capability & CXL_DVSEC_CAP_MEM_CLR)
		writable |= CXL_DVSEC_CTRL2_MEM_CLR;
	dvsec->control2 = merge(dvsec->control2, value, mask & writable);

	value &= mask;
	if ((value & CXL_DVSEC_CTRL2_WBI) &&
	    (dvsec->capability & CXL_DVSEC_CAP_WBI))
		dvsec->status2 |= CXL_DVSEC_STATUS2_CACHE_INVALID;
	if (!(value & CXL_DVSEC_CTRL2_RESET) ||
	    !(dvsec->capability & CXL_DVSEC_CAP_RESET))
		return false;

	dvsec->status2 &= ~(CXL_DVSEC_STATUS2_RESET_DONE |
			    CXL_DVSEC_STATUS2_RESET_ERROR);

	return true;
}

/**
 * vfio_cxl_dvsec_write - write a dword of the CXL Device DVSEC
 * @dvsec: the shadow
 * @offset: from the DVSEC's start, a multiple of 4
 * @value: what is written
 * @mask: the bits that are; whole bytes
 *
 * What the rules do not allow is dropped, as hardware would.
 *
 * Return: whether a CXL reset (9.7) is asked for; vfio_cxl_dvsec_reset_over()
 * tells the user how it ended.
 */
bool vfio_cxl_dvsec_write(struct vfio_cxl_dvsec *dvsec, u32 offset, u32 value,
			  u32 mask)
{
	u16 lo = value, lo_mask = mask;
	u16 hi = value >> 16, hi_mask = mask >> 16;

	switch (offset) {
	case CXL_DVSEC_CTRL:
		if (!dvsec->locked)
			dvsec->control = merge(dvsec->control, lo, lo_mask &
					       control_writable(dvsec));
		dvsec->status &= ~(hi & hi_mask & CXL_DVSEC_STATUS_VIRAL);
		break;
	case CXL_DVSEC_CTRL2:
		return control2_write(dvsec, lo, lo_mask);
	case CXL_DVSEC_LOCK:
		if (lo & lo_mask & CXL_DVSEC_LOCK_CONFIG)
			dvsec->locked = true;
		break;
	}

	return false;
}

/**
 * vfio_cxl_dvsec_reset_over - a CXL reset that the user asked for is over
 * @dvsec: the shadow
 * @good: it was done, and the memory is usable
 */
void vfio_cxl_dvsec_reset_over(struct vfio_cxl_dvsec *dvsec, bool good)
{
	dvsec->status2 |= good ? CXL_DVSEC_STATUS2_RESET_DONE :
				 CXL_DVSEC_STATUS2_RESET_ERROR;
}
