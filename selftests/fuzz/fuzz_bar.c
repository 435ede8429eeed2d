// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a BAR is closed, and what may be mapped: blocks as a Register Locator
 * may place them, anywhere in BARs of any size. Between two ends of blocks the
 * answer can't change, so it is enough to ask on both sides of each of them.
 */
#include "input.h"

#include "bar.h"

struct bar {
	struct vfio_cxl_block block[VFIO_CXL_MAX_BLOCKS];
	unsigned int count;
	unsigned int index;
	u64 len;
	u64 page;
	struct vfio_cxl_area area[VFIO_CXL_MAX_AREAS + 1];
	unsigned int areas;
};

static void place(struct bar *bar, struct input *in)
{
	unsigned int i;

	bar->page = 1ULL << (12 + in_u8(in) % 10);
	/* No BAR has more */
	bar->len = min(in_scaled(in) + 1, 1ULL << 63);
	bar->count = in_u8(in) % (VFIO_CXL_MAX_BLOCKS + 1);
	bar->index = in_u8(in) % 6;
	for (i = 0; i < bar->count; i++) {
		struct vfio_cxl_block *block = &bar->block[i];
		u8 flags = in_u8(in);

		/* Mostly of the BAR that is looked at */
		block->bar = flags & 0x80 ? flags % 6 : bar->index;
		block->component = flags & 0x40;
		block->start = in_scaled(in) % bar->len;
		block->end = block->start + 1 +
			     in_scaled(in) % (bar->len - block->start);
	}
}

/* Is a byte of [start, end) closed? */
static bool closed(const struct bar *bar, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < bar->count; i++)
		if (bar->block[i].bar == bar->index &&
		    bar->block[i].start < end && start < bar->block[i].end)
			return true;

	return false;
}

static void check_page(const struct bar *bar, u64 pos)
{
	u64 start = pos - pos % bar->page;
	unsigned int i, in = 0;

	/* The last one, where the BAR does not fill it, is none */
	if (start + bar->page > bar->len)
		return;
	for (i = 0; i < bar->areas; i++)
		in += bar->area[i].start <= start &&
		      start + bar->page <= bar->area[i].end;
	must(in == !closed(bar, start, start + bar->page),
	     "a page may be mapped exactly if nothing in it is closed");
}

static void check_areas(const struct bar *bar)
{
	unsigned int i;

	must(bar->areas <= VFIO_CXL_MAX_AREAS, "areas have room");
	for (i = 0; i < bar->areas; i++) {
		const struct vfio_cxl_area *area = &bar->area[i];

		must(!(area->start % bar->page) && !(area->end % bar->page),
		     "areas are of whole pages");
		must(area->start < area->end && area->end <= bar->len,
		     "areas are in the BAR");
		must(!i || area[-1].end < area->start,
		     "areas ascend, and do not touch");
		must(!closed(bar, area->start, area->end),
		     "nothing closed is mapped");
		check_page(bar, area->start);
		check_page(bar, area->end - 1);
		check_page(bar, area->end);
	}
}

static void check_at(const struct bar *bar, u64 pos, size_t asked)
{
	const struct vfio_cxl_block *block;
	size_t n = asked;

	if (pos >= bar->len || !asked)
		return;
	check_page(bar, pos);
	block = vfio_cxl_block_at(bar->block, bar->count, bar->index, pos, &n);
	must(n && n <= asked, "an answer is for something, and not for more");
	must(!block == !closed(bar, pos, pos + 1), "closed is closed");
	if (block)
		must(block->bar == bar->index && block->start <= pos &&
		     n <= block->end - pos, "the block is the one there");
	else
		must(!closed(bar, pos, pos + n) &&
		     (n == asked || closed(bar, pos + n, pos + n + 1)),
		     "open is up to where something is closed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bar bar = {};
	unsigned int i;
	size_t asked;

	place(&bar, &in);
	asked = in_scaled(&in) % bar.len + 1;
	bar.areas = vfio_cxl_bar_areas(bar.block, bar.count, bar.index, bar.len,
				       bar.page, bar.area);
	check_areas(&bar);
	must(vfio_cxl_bar_closed(bar.block, bar.count, bar.index) ==
	     closed(&bar, 0, bar.len), "a BAR with a block is closed");

	check_at(&bar, 0, asked);
	check_at(&bar, bar.len - 1, 1);
	for (i = 0; i < bar.count; i++) {
		check_at(&bar, bar.block[i].start, 1);
		check_at(&bar, bar.block[i].start, bar.len - bar.block[i].start);
		check_at(&bar, bar.block[i].start - 1, asked);
		check_at(&bar, bar.block[i].end - 1, asked);
		check_at(&bar, bar.block[i].end, asked);
	}

	return 0;
}
