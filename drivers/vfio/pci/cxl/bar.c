// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: what is closed in BARs
 *
 * The component block, device registers and both mailboxes stay closed to the
 * user; what is left of their BAR may be mapped, in whole pages. Blocks come
 * from the device: in any order, and they may overlap.
 */
#include "bar.h"

/**
 * vfio_cxl_block_at - what is closed at a place?
 * @blocks: what is closed
 * @count: how many of them
 * @bar: which BAR
 * @pos: offset in it
 * @n: bytes from there on; cut where the answer changes
 *
 * Return: the block at @pos, or NULL.
 */
const struct vfio_cxl_block *
vfio_cxl_block_at(const struct vfio_cxl_block *blocks, unsigned int count,
		  unsigned int bar, u64 pos, size_t *n)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct vfio_cxl_block *block = &blocks[i];

		if (block->bar != bar || pos >= block->end)
			continue;
		if (pos >= block->start) {
			*n = min_t(u64, *n, block->end - pos);
			return block;
		}
		*n = min_t(u64, *n, block->start - pos);
	}

	return NULL;
}

/**
 * vfio_cxl_bar_closed - is a part of a BAR closed?
 * @blocks: what is closed
 * @count: how many of them
 * @bar: which BAR
 *
 * Return: the answer.
 */
bool vfio_cxl_bar_closed(const struct vfio_cxl_block *blocks,
			 unsigned int count, unsigned int bar)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (blocks[i].bar == bar)
			return true;

	return false;
}

/* The block with pages at or behind @pos that begins first, or NULL */
static const struct vfio_cxl_block *
next_block(const struct vfio_cxl_block *blocks, unsigned int count,
	   unsigned int bar, u64 pos)
{
	const struct vfio_cxl_block *next = NULL;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (blocks[i].bar == bar && blocks[i].end > pos &&
		    (!next || blocks[i].start < next->start))
			next = &blocks[i];

	return next;
}

/**
 * vfio_cxl_bar_areas - what of a BAR may be mapped
 * @blocks: what is closed
 * @count: how many of them, at most VFIO_CXL_MAX_BLOCKS
 * @bar: which BAR
 * @len: its size in bytes
 * @page: size of a page; a page with a closed byte in it is closed
 * @areas: filled in, in ascending order; room for VFIO_CXL_MAX_AREAS
 *
 * Return: how many areas there are.
 */
unsigned int vfio_cxl_bar_areas(const struct vfio_cxl_block *blocks,
				unsigned int count, unsigned int bar, u64 len,
				u64 page, struct vfio_cxl_area *areas)
{
	u64 end = ALIGN_DOWN(len, page);
	const struct vfio_cxl_block *block;
	unsigned int n = 0;
	u64 pos = 0;

	while (pos < end) {
		u64 stop = end;

		block = next_block(blocks, count, bar, pos);
		if (block)
			stop = min(end, ALIGN_DOWN(block->start, page));
		if (pos < stop) {
			areas[n].start = pos;
			areas[n++].end = stop;
		}
		if (!block || block->end > end)
			break;
		pos = ALIGN(block->end, page);
	}

	return n;
}
