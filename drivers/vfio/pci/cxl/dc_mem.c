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
#include "tag.h"
#include "vfio_cxl.h"

/**
 * struct dc_range - an extent that is, or will be, in the tree
 * @node: in vfio_cxl_dc.ranges, while published
 * @dpa: first byte
 * @len: bytes
 * @reach: enum vfio_cxl_dc_reach
 * @sharable: other hosts may have the same memory
 * @extent: it, in the engine, for as long as this is in the tree
 * @part: it, in descriptors of its tag
 */
struct dc_range {
	struct rb_node node;
	u64 dpa;
	u64 len;
	enum vfio_cxl_dc_reach reach;
	bool sharable;
	struct vfio_cxl_dcd_extent *extent;
	struct vfio_cxl_tag_part part;
};

static bool is_sharable(struct vfio_cxl_dc *dc,
			const struct vfio_cxl_dcd_extent *extent)
{
	return dc->engine.config.region[extent->region].sharable;
}

/**
 * vfio_cxl_dc_prepare - be ready to publish an extent
 * @ctx: struct vfio_cxl_dc
 * @extent: the extent
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_dc_prepare(void *ctx, struct vfio_cxl_dcd_extent *extent)
{
	struct vfio_cxl_dc *dc = ctx;
	struct dc_range *range;

	range = vfio_cxl_fails("extent") ? NULL :
		kzalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return -ENOMEM;
	RB_CLEAR_NODE(&range->node);
	range->dpa = extent->dpa;
	range->len = extent->len;
	range->sharable = is_sharable(dc, extent);
	range->extent = extent;
	range->part.engine = &dc->engine;
	range->part.extent = extent;
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
	/* Whose lock is outside of that one */
	if (reach == VFIO_CXL_DC_REACH_APP)
		vfio_cxl_tags_add(dc->cxl->tags, &range->part, NULL);
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

	vfio_cxl_tag_remove(&range->part);
	down_write(&dc->cxl->gate_sem);
	if (!RB_EMPTY_NODE(&range->node))
		rb_erase(&range->node, &dc->ranges);
	if (range->reach == VFIO_CXL_DC_REACH_TENANT ||
	    range->reach == VFIO_CXL_DC_REACH_DEVICE) {
		offset = vfio_cxl_dc_decoded(&dc->cxl->memory, range->dpa,
					     &len);
		vfio_cxl_memory_unmap(dc->cxl, offset, len);
	}
	up_write(&dc->cxl->gate_sem);
	extent->priv = NULL;
	kfree(range);
}

/**
 * vfio_cxl_dc_use - which use of the memory is this?
 * @ctx: struct vfio_cxl_dc
 *
 * Another one each time that all of it was unmapped. So "in use" is not exact: a
 * page that was unmapped alone counts until the region is mapped nowhere, or was
 * unmapped by the gate.
 *
 * Return: its number, or 0 while the region is mapped nowhere.
 */
u64 vfio_cxl_dc_use(void *ctx)
{
	struct vfio_cxl_device *cxl = ((struct vfio_cxl_dc *)ctx)->cxl;

	return READ_ONCE(cxl->maps) ? atomic64_read(&cxl->map_epoch) : 0;
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
 * Line by line, in pieces: other users of the machine are not disturbed. Also while
 * the gate is closed, which wrote back what was touched, but lines may have been
 * fetched of what was not.
 */
void vfio_cxl_dc_flush(void *ctx, u64 dpa, u64 len)
{
	struct vfio_cxl_dc *dc = ctx;
	struct vfio_cxl_memory *memory = &dc->cxl->memory;
	u64 offset, end, n;

	lockdep_assert_held(&dc->cxl->cmd_lock);

	offset = vfio_cxl_dc_decoded(memory, dpa, &len);
	for (end = offset + len; offset < end; offset += n) {
		n = min_t(u64, end - offset, VFIO_CXL_FLUSH_SIZE);
		vfio_cxl_arch_flush(memory->addr + offset, n);
		cond_resched();
	}
}

/**
 * vfio_cxl_dc_clear - zero an extent before it is given back
 * @ctx: struct vfio_cxl_dc, under cmd_lock
 * @extent: it is held, and not published any more
 *
 * Where clear_on_close asks for it, and other hosts don't have the same memory. What
 * decoder 0 does not decode can't be cleared, and was nobody's here.
 *
 * Return: 0, or -EAGAIN while the memory is not live.
 */
int vfio_cxl_dc_clear(void *ctx, const struct vfio_cxl_dcd_extent *extent)
{
	struct vfio_cxl_dc *dc = ctx;
	struct vfio_cxl_device *cxl = dc->cxl;
	u64 offset, end, n, len = extent->len;
	bool live = true;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!vfio_cxl_clears() || is_sharable(dc, extent))
		return 0;
	offset = vfio_cxl_dc_decoded(&cxl->memory, extent->dpa, &len);
	for (end = offset + len; offset < end && live; offset += n) {
		n = min_t(u64, end - offset, VFIO_CXL_FLUSH_SIZE);
		down_read(&cxl->gate_sem);
		live = cxl->live;
		if (live)
			memset(cxl->memory.addr + offset, 0, n);
		up_read(&cxl->gate_sem);
		cond_resched();
	}

	return live ? 0 : -EAGAIN;
}

/* The first range that ends behind @dpa */
static struct dc_range *range_from(struct vfio_cxl_dc *dc, u64 dpa)
{
	struct rb_node *node = dc->ranges.rb_node;
	struct dc_range *range, *best = NULL;

	while (node) {
		range = rb_entry(node, struct dc_range, node);
		if (dpa >= range->dpa && dpa - range->dpa >= range->len) {
			node = node->rb_right;
		} else {
			best = range;
			node = node->rb_left;
		}
	}

	return best;
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
	u64 use;

	lockdep_assert_held(&cxl->gate_sem);

	if (!dc || dpa + size <= dc->start)
		return VFIO_CXL_DC_TOUCH_ALL;
	if (dpa < dc->start)
		return VFIO_CXL_DC_TOUCH_PART;
	if (!dc->live)
		return VFIO_CXL_DC_TOUCH_NONE;

	range = range_from(dc, dpa);
	if (!range || dpa < range->dpa || range->reach == VFIO_CXL_DC_REACH_APP ||
	    size > range->len - (dpa - range->dpa))
		return size > PAGE_SIZE ? VFIO_CXL_DC_TOUCH_PART :
					  VFIO_CXL_DC_TOUCH_NONE;
	use = atomic64_read(&cxl->map_epoch);
	if (user && READ_ONCE(range->extent->touched) != use &&
	    !vfio_cxl_dcd_touch(&dc->engine, range->extent, use))
		return VFIO_CXL_DC_TOUCH_NONE;

	return VFIO_CXL_DC_TOUCH_ALL;
}

/**
 * vfio_cxl_dc_has_app - is something of the device's own for descriptors of tags?
 * @cxl: the device
 *
 * Return: the answer, whether there are any or not.
 */
bool vfio_cxl_dc_has_app(struct vfio_cxl_device *cxl)
{
	struct rb_node *node;

	/* Nothing is published without it */
	lockdep_assert_held(&cxl->cmd_lock);

	for (node = cxl->dc ? rb_first(&cxl->dc->ranges) : NULL; node;
	     node = rb_next(node))
		if (rb_entry(node, struct dc_range, node)->reach ==
		    VFIO_CXL_DC_REACH_APP)
			return true;

	return false;
}

/**
 * vfio_cxl_dc_touch_part - may memory be touched by a descriptor of its tag?
 * @dc: whose, under gate_sem
 * @part: what it is in, under vfio_cxl_tags.sem; it becomes "in use"
 *
 * Return: as vfio_cxl_dc_touch().
 */
enum vfio_cxl_dc_touch vfio_cxl_dc_touch_part(struct vfio_cxl_dc *dc,
					      struct vfio_cxl_tag_part *part)
{
	lockdep_assert_held(&dc->cxl->gate_sem);

	return dc->live && vfio_cxl_tag_touch(part) ? VFIO_CXL_DC_TOUCH_ALL :
						      VFIO_CXL_DC_TOUCH_NONE;
}

/**
 * vfio_cxl_dc_next_part - the extents that descriptors of a tag may reach
 * @dc: whose
 * @tag: theirs
 * @part: the one before, or NULL
 *
 * Return: the next of them; NULL: there is none any more.
 */
struct vfio_cxl_tag_part *
vfio_cxl_dc_next_part(struct vfio_cxl_dc *dc, const u8 tag[VFIO_CXL_DC_TAG_LEN],
		      const struct vfio_cxl_tag_part *part)
{
	struct dc_range *range;
	struct rb_node *node;

	/* Nothing is published without it */
	lockdep_assert_held(&dc->cxl->cmd_lock);

	node = part ? rb_next(&container_of(part, struct dc_range, part)->node) :
		      rb_first(&dc->ranges);
	for (; node; node = rb_next(node)) {
		range = rb_entry(node, struct dc_range, node);
		if (!memcmp(vfio_cxl_dcd_tag(range->extent), tag,
			    VFIO_CXL_DC_TAG_LEN))
			return &range->part;
	}

	return NULL;
}

/**
 * vfio_cxl_dc_piece - a piece of memory that is cleared at the last close, or not
 * @cxl: the device, under gate_sem, with memory
 * @offset: where it begins, in the HDM memory region
 * @size: bytes from there on, inside the region
 * @clear: out: whether it is: users can reach it, and other hosts don't have it
 *
 * Return: bytes of which that is so, at most @size.
 */
u64 vfio_cxl_dc_piece(struct vfio_cxl_device *cxl, u64 offset, u64 size,
		      bool *clear)
{
	u64 dpa = cxl->memory.skip + offset;
	struct vfio_cxl_dc *dc = cxl->dc;
	struct dc_range *range;

	lockdep_assert_held(&cxl->gate_sem);

	*clear = true;
	if (!dc || dpa < dc->start)
		return dc ? min(size, dc->start - dpa) : size;

	range = range_from(dc, dpa);
	if (!range || dpa < range->dpa) {
		*clear = false;
		return range ? min(size, range->dpa - dpa) : size;
	}
	*clear = !range->sharable && range->reach != VFIO_CXL_DC_REACH_APP;

	return min(size, range->len - (dpa - range->dpa));
}
