// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity as memory
 *
 * What of the memory behind the static capacity may be touched: extents that are
 * committed, by whom they were accepted for. A tree of them, by DPA, which faults
 * and copies look into under gate_sem; an extent goes in and comes out with it
 * held for writing, and is unmapped as it comes out.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "arch.h"
#include "dc.h"
#include "fault.h"
#include "vfio_cxl.h"

/**
 * struct dc_range - an extent that is, or will be, in the tree
 * @node: in vfio_cxl_dc.ranges, while published
 * @dpa: first byte
 * @len: bytes
 * @reach: enum vfio_cxl_dc_reach
 * @touched: vfio_cxl_device.map_epoch when a page of it was last mapped; 0 if none
 *	ever was. Written by faults, side by side
 */
struct dc_range {
	struct rb_node node;
	u64 dpa;
	u64 len;
	enum vfio_cxl_dc_reach reach;
	s64 touched;
};

/**
 * vfio_cxl_dc_prepare - be ready to publish an extent
 * @ctx: struct vfio_cxl_dc
 * @extent: the extent
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_dc_prepare(void *ctx, struct vfio_cxl_dcd_extent *extent)
{
	struct dc_range *range;

	range = vfio_cxl_fails("extent") ? NULL :
		kzalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return -ENOMEM;
	RB_CLEAR_NODE(&range->node);
	range->dpa = extent->dpa;
	range->len = extent->len;
	extent->priv = range;

	return 0;
}

/* Extents never overlap: the engine sees to that */
static bool range_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct dc_range, node)->dpa <
	       rb_entry(other, struct dc_range, node)->dpa;
}

/**
 * vfio_cxl_dc_publish - an extent is reachable from now on
 * @ctx: struct vfio_cxl_dc
 * @extent: it was prepared
 * @reach: by whom
 */
void vfio_cxl_dc_publish(void *ctx, struct vfio_cxl_dcd_extent *extent,
			 enum vfio_cxl_dc_reach reach)
{
	struct dc_range *range = extent->priv;
	struct vfio_cxl_dc *dc = ctx;

	down_write(&dc->cxl->gate_sem);
	range->reach = reach;
	rb_add(&range->node, &dc->ranges, range_before);
	up_write(&dc->cxl->gate_sem);
}

/**
 * vfio_cxl_dc_decoded - what of a range does decoder 0 decode?
 * @memory: what it decodes; under cmd_lock or gate_sem
 * @dpa: first byte of the range
 * @len: bytes, which don't wrap; cut to those that it does, perhaps 0
 *
 * Return: offset of the first of these in the HDM memory region, or
 * VFIO_CXL_DC_NOWHERE.
 */
u64 vfio_cxl_dc_decoded(const struct vfio_cxl_memory *memory, u64 dpa, u64 *len)
{
	u64 start = max(dpa, memory->skip);
	u64 end = min(dpa + *len, memory->skip + memory->size);

	*len = start < end ? end - start : 0;

	return *len ? start - memory->skip : VFIO_CXL_DC_NOWHERE;
}

/**
 * vfio_cxl_dc_unpublish - an extent is unreachable from now on, and unmapped
 * @ctx: struct vfio_cxl_dc
 * @extent: it was prepared, and perhaps published
 */
void vfio_cxl_dc_unpublish(void *ctx, struct vfio_cxl_dcd_extent *extent)
{
	struct dc_range *range = extent->priv;
	struct vfio_cxl_dc *dc = ctx;
	u64 offset, len = range->len;

	down_write(&dc->cxl->gate_sem);
	if (!RB_EMPTY_NODE(&range->node)) {
		rb_erase(&range->node, &dc->ranges);
		offset = vfio_cxl_dc_decoded(&dc->cxl->memory, range->dpa,
					     &len);
		vfio_cxl_memory_unmap(dc->cxl, offset, len);
	}
	up_write(&dc->cxl->gate_sem);
	extent->priv = NULL;
	kfree(range);
}

/**
 * vfio_cxl_dc_in_use - was an extent touched since it was last unmapped?
 * @ctx: struct vfio_cxl_dc
 * @extent: it is published, and stays so
 *
 * Not exact: a page that was unmapped alone counts until the region is mapped
 * nowhere, or was unmapped by the gate.
 *
 * Return: the answer.
 */
bool vfio_cxl_dc_in_use(void *ctx, const struct vfio_cxl_dcd_extent *extent)
{
	const struct dc_range *range = extent->priv;
	struct vfio_cxl_dc *dc = ctx;

	return atomic_read(&dc->cxl->maps) &&
	       READ_ONCE(range->touched) == atomic64_read(&dc->cxl->map_epoch);
}

/**
 * vfio_cxl_dc_covered - does decoder 0 decode all of this?
 * @ctx: struct vfio_cxl_dc, under cmd_lock
 * @dpa: first byte
 * @len: bytes; does not wrap
 *
 * Return: the answer.
 */
bool vfio_cxl_dc_covered(void *ctx, u64 dpa, u64 len)
{
	const struct vfio_cxl_dc *dc = ctx;
	u64 part = len;

	lockdep_assert_held(&dc->cxl->cmd_lock);

	vfio_cxl_dc_decoded(&dc->cxl->memory, dpa, &part);

	return part == len;
}

/**
 * vfio_cxl_dc_flush - write back and invalidate what caches have of a range
 * @ctx: struct vfio_cxl_dc, under cmd_lock
 * @dpa: first byte
 * @len: bytes; does not wrap
 *
 * Line by line, in pieces: other users of the machine are not disturbed. While the
 * gate is closed there is nothing to do, because closing it did that already.
 */
void vfio_cxl_dc_flush(void *ctx, u64 dpa, u64 len)
{
	struct vfio_cxl_dc *dc = ctx;
	struct vfio_cxl_device *cxl = dc->cxl;
	u64 offset, end, n;

	lockdep_assert_held(&cxl->cmd_lock);

	offset = vfio_cxl_dc_decoded(&cxl->memory, dpa, &len);
	for (end = offset + len; offset < end; offset += n) {
		n = min_t(u64, end - offset, VFIO_CXL_FLUSH_SIZE);
		down_read(&cxl->gate_sem);
		if (cxl->live)
			vfio_cxl_arch_flush(cxl->memory.addr + offset, n);
		up_read(&cxl->gate_sem);
		cond_resched();
	}
}

static struct dc_range *range_at(struct vfio_cxl_dc *dc, u64 dpa)
{
	struct rb_node *node = dc->ranges.rb_node;
	struct dc_range *range;

	while (node) {
		range = rb_entry(node, struct dc_range, node);
		if (dpa < range->dpa)
			node = node->rb_left;
		else if (dpa - range->dpa >= range->len)
			node = node->rb_right;
		else
			return range;
	}

	return NULL;
}

/**
 * vfio_cxl_dc_touch - may this piece of the memory be touched?
 * @cxl: the device, under gate_sem, with memory
 * @offset: of the piece in the HDM memory region
 * @size: its bytes, inside the region
 * @user: a user is about to get it mapped, which makes it "in use"
 *
 * Return: see there.
 */
enum vfio_cxl_dc_touch vfio_cxl_dc_touch(struct vfio_cxl_device *cxl,
					 u64 offset, u64 size, bool user)
{
	u64 dpa = cxl->memory.skip + offset;
	struct vfio_cxl_dc *dc = cxl->dc;
	struct dc_range *range;
	s64 epoch;

	lockdep_assert_held(&cxl->gate_sem);

	if (!dc || dpa + size <= dc->start)
		return VFIO_CXL_DC_TOUCH_ALL;
	if (dpa < dc->start)
		return VFIO_CXL_DC_TOUCH_PART;
	if (!dc->live)
		return VFIO_CXL_DC_TOUCH_NONE;

	range = range_at(dc, dpa);
	if (!range || range->reach == VFIO_CXL_DC_REACH_APP ||
	    size > range->len - (dpa - range->dpa))
		return size > PAGE_SIZE ? VFIO_CXL_DC_TOUCH_PART :
					  VFIO_CXL_DC_TOUCH_NONE;
	epoch = atomic64_read(&cxl->map_epoch);
	if (user && READ_ONCE(range->touched) != epoch)
		WRITE_ONCE(range->touched, epoch);

	return VFIO_CXL_DC_TOUCH_ALL;
}
