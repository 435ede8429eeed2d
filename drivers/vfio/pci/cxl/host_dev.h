/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: a device in software
 *
 * What the Dynamic Capacity engine has for a device when the capacity is host memory:
 * regions, extents that are offered or accepted, and answers to the commands that the
 * engine sends, at once. Pure.
 *
 * Its DPA is the region's number << 40, and the offset in there; a place in the window
 * is counted through the regions, one after the other.
 */
#ifndef VFIO_CXL_HOST_DEV_H
#define VFIO_CXL_HOST_DEV_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/vfio_cxl.h>

#include "dc_wire.h"
#include "mbox.h"
#include "pure.h"

#define VFIO_CXL_HOST_DPA_SHIFT	40
/* What a VFIO region can have */
#define VFIO_CXL_HOST_SIZE_MAX	BIT_ULL(40)
/* Of the device's payload */
#define VFIO_CXL_HOST_PAYLOAD	SZ_4K

/**
 * struct vfio_cxl_host_extent - an extent of host memory; the caller's
 * @node: in vfio_cxl_host_dev.extents
 * @gone: in vfio_cxl_host_dev.gone, then
 * @dpa: first byte
 * @len: bytes
 * @tag: its tag
 * @accepted: it is held; else it is offered
 * @priv: the caller's own
 */
struct vfio_cxl_host_extent {
	struct rb_node node;
	struct list_head gone;
	u64 dpa;
	u64 len;
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	bool accepted;
	void *priv;
};

/**
 * struct vfio_cxl_host_dev - a device in software
 * @regions: how many it has
 * @size: bytes of each
 * @block: what extents are multiples of
 * @extents: by DPA
 * @count: of them
 * @accepted: of these, how many are
 * @generation: of the list of those
 * @gone: extents that were refused, released or taken away: the caller frees them
 *
 * No locking: all calls are the caller's to order.
 */
struct vfio_cxl_host_dev {
	u32 regions;
	u64 size;
	u64 block;
	struct rb_root extents;
	u32 count;
	u32 accepted;
	u32 generation;
	struct list_head gone;
};

void vfio_cxl_host_dev_init(struct vfio_cxl_host_dev *dev);
int vfio_cxl_host_dev_check(u32 regions, u64 size, u64 block, u64 page,
			    u32 *reason);
int vfio_cxl_host_dev_place(const struct vfio_cxl_host_dev *dev, u32 region,
			    u64 offset, u64 len, u32 *reason);
void vfio_cxl_host_dev_offer(struct vfio_cxl_host_dev *dev,
			     struct vfio_cxl_host_extent *e);
struct vfio_cxl_host_extent *
vfio_cxl_host_dev_at(const struct vfio_cxl_host_dev *dev, u64 dpa);
void vfio_cxl_host_dev_drop(struct vfio_cxl_host_dev *dev,
			    struct vfio_cxl_host_extent *e);
void vfio_cxl_host_dev_record(const struct vfio_cxl_host_extent *e, u8 type,
			      struct cxl_dc_event *event);
int vfio_cxl_host_dev_command(struct vfio_cxl_host_dev *dev,
			      struct vfio_cxl_mbox_cmd *cmd);

static inline u64 vfio_cxl_host_dpa(u32 region, u64 offset)
{
	return ((u64)region << VFIO_CXL_HOST_DPA_SHIFT) + offset;
}

/* Where in the window */
static inline u64 vfio_cxl_host_offset(const struct vfio_cxl_host_dev *dev,
				       u64 dpa)
{
	return (dpa >> VFIO_CXL_HOST_DPA_SHIFT) * dev->size +
	       (dpa & ((1ULL << VFIO_CXL_HOST_DPA_SHIFT) - 1));
}

#endif /* VFIO_CXL_HOST_DEV_H */
