// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is closed in a BAR, and what is left of it to be mapped: layouts that
 * devices have or could have, and random ones against a list of single bytes.
 */
#include "unit.h"

#include "bar.h"

UNIT_RANDOM_DEFINE

#define BAR	3

struct part {
	u64 start;
	u64 end;
};

/*
 * One BAR
 */

FIXTURE(layout) {
	struct vfio_cxl_block blocks[VFIO_CXL_MAX_BLOCKS];
	unsigned int count;
};

/* Both lists end where a part has no end, or with the array */
FIXTURE_VARIANT(layout) {
	u64 len;
	u64 page;
	struct part closed[VFIO_CXL_MAX_BLOCKS];
	struct part open[VFIO_CXL_MAX_AREAS];
};

#define LAYOUT(name) FIXTURE_VARIANT_ADD(layout, name)

LAYOUT(nothing_closed) {
	.len = 0x8000, .page = SZ_4K,
	.open = { { 0, 0x8000 } },
};

LAYOUT(at_the_start) {
	.len = 0x20000, .page = SZ_4K,
	.closed = { { 0, 0x10000 } },
	.open = { { 0x10000, 0x20000 } },
};

LAYOUT(at_the_end) {
	.len = 0x20000, .page = SZ_4K,
	.closed = { { 0x10000, 0x20000 } },
	.open = { { 0, 0x10000 } },
};

LAYOUT(in_the_middle) {
	.len = 0x40000, .page = SZ_4K,
	.closed = { { 0x10000, 0x20000 } },
	.open = { { 0, 0x10000 }, { 0x20000, 0x40000 } },
};

/* As the emulated device's BAR 0 */
LAYOUT(all_of_it) {
	.len = 0x10000, .page = SZ_4K,
	.closed = { { 0, 0x10000 } },
};

LAYOUT(two) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0x10000, 0x20000 }, { 0x40000, 0x50000 } },
	.open = { { 0, 0x10000 }, { 0x20000, 0x40000 },
		  { 0x50000, 0x80000 } },
};

LAYOUT(two_at_the_ends) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0, 0x10000 }, { 0x70000, 0x80000 } },
	.open = { { 0x10000, 0x70000 } },
};

LAYOUT(side_by_side) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0x10000, 0x20000 }, { 0x20000, 0x30000 } },
	.open = { { 0, 0x10000 }, { 0x30000, 0x80000 } },
};

LAYOUT(side_by_side_all_of_it) {
	.len = 0x20000, .page = SZ_4K,
	.closed = { { 0, 0x10000 }, { 0x10000, 0x20000 } },
};

LAYOUT(overlapping) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0x10000, 0x30000 }, { 0x20000, 0x40000 } },
	.open = { { 0, 0x10000 }, { 0x40000, 0x80000 } },
};

LAYOUT(one_in_the_other) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0x10000, 0x50000 }, { 0x20000, 0x30000 } },
	.open = { { 0, 0x10000 }, { 0x50000, 0x80000 } },
};

LAYOUT(same_start) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0x10000, 0x20000 }, { 0x10000, 0x50000 } },
	.open = { { 0, 0x10000 }, { 0x50000, 0x80000 } },
};

LAYOUT(the_same_twice) {
	.len = 0x80000, .page = SZ_4K,
	.closed = { { 0x10000, 0x20000 }, { 0x10000, 0x20000 } },
	.open = { { 0, 0x10000 }, { 0x20000, 0x80000 } },
};

/* Device registers go to the BAR's end, over a component block or not */
LAYOUT(overlapping_to_the_end) {
	.len = 0x40000, .page = SZ_4K,
	.closed = { { 0x10000, 0x40000 }, { 0x20000, 0x30000 },
		    { 0x38000, 0x40000 } },
	.open = { { 0, 0x10000 } },
};

LAYOUT(unsorted) {
	.len = 0x8000, .page = SZ_4K,
	.closed = { { 0x5000, 0x6000 }, { 0x1000, 0x2000 },
		    { 0x7000, 0x8000 }, { 0x3000, 0x4000 } },
	.open = { { 0, 0x1000 }, { 0x2000, 0x3000 }, { 0x4000, 0x5000 },
		  { 0x6000, 0x7000 } },
};

LAYOUT(a_dword) {
	.len = 0x4000, .page = SZ_4K,
	.closed = { { 0x1804, 0x1808 } },
	.open = { { 0, 0x1000 }, { 0x2000, 0x4000 } },
};

LAYOUT(first_byte_of_a_page) {
	.len = 0x4000, .page = SZ_4K,
	.closed = { { 0x2000, 0x2001 } },
	.open = { { 0, 0x2000 }, { 0x3000, 0x4000 } },
};

LAYOUT(last_byte_of_a_page) {
	.len = 0x4000, .page = SZ_4K,
	.closed = { { 0x1fff, 0x2000 } },
	.open = { { 0, 0x1000 }, { 0x2000, 0x4000 } },
};

LAYOUT(a_byte_on_each_side) {
	.len = 0x4000, .page = SZ_4K,
	.closed = { { 0x1fff, 0x2001 } },
	.open = { { 0, 0x1000 }, { 0x3000, 0x4000 } },
};

LAYOUT(two_in_a_page) {
	.len = 0x6000, .page = SZ_4K,
	.closed = { { 0x1000, 0x2800 }, { 0x2c00, 0x4000 } },
	.open = { { 0, 0x1000 }, { 0x4000, 0x6000 } },
};

LAYOUT(second_in_the_last_page_of_the_first) {
	.len = 0x6000, .page = SZ_4K,
	.closed = { { 0x1000, 0x2400 }, { 0x2800, 0x2c00 } },
	.open = { { 0, 0x1000 }, { 0x3000, 0x6000 } },
};

LAYOUT(less_than_a_64k_page) {
	.len = 0x40000, .page = SZ_64K,
	.closed = { { 0x11000, 0x12000 } },
	.open = { { 0, 0x10000 }, { 0x20000, 0x40000 } },
};

LAYOUT(parts_of_two_64k_pages) {
	.len = 0x40000, .page = SZ_64K,
	.closed = { { 0x18000, 0x28000 } },
	.open = { { 0, 0x10000 }, { 0x30000, 0x40000 } },
};

LAYOUT(a_64k_page) {
	.len = 0x40000, .page = SZ_64K,
	.closed = { { 0x10000, 0x20000 } },
	.open = { { 0, 0x10000 }, { 0x20000, 0x40000 } },
};

LAYOUT(shorter_than_a_page) {
	.len = 0x800, .page = SZ_4K,
	.closed = { { 0x400, 0x800 } },
};

LAYOUT(shorter_than_a_64k_page) {
	.len = 0x8000, .page = SZ_64K,
	.closed = { { 0x1000, 0x2000 } },
};

/* The last page holds what is behind the BAR, too */
LAYOUT(no_whole_pages) {
	.len = 0x5800, .page = SZ_4K,
	.closed = { { 0x1000, 0x2000 } },
	.open = { { 0, 0x1000 }, { 0x2000, 0x5000 } },
};

LAYOUT(closed_behind_the_last_page) {
	.len = 0x5800, .page = SZ_4K,
	.closed = { { 0x5400, 0x5800 } },
	.open = { { 0, 0x5000 } },
};

LAYOUT(closed_from_the_last_page_on) {
	.len = 0x5800, .page = SZ_4K,
	.closed = { { 0x4ffc, 0x5800 } },
	.open = { { 0, 0x4000 } },
};

LAYOUT(only_the_last_page_left) {
	.len = 0x5000, .page = SZ_4K,
	.closed = { { 0, 0x4000 } },
	.open = { { 0x4000, 0x5000 } },
};

LAYOUT(eight) {
	.len = 0x11000, .page = SZ_4K,
	.closed = { { 0x1000, 0x2000 }, { 0x3000, 0x4000 },
		    { 0x5000, 0x6000 }, { 0x7000, 0x8000 },
		    { 0x9000, 0xa000 }, { 0xb000, 0xc000 },
		    { 0xd000, 0xe000 }, { 0xf000, 0x10000 } },
	.open = { { 0, 0x1000 }, { 0x2000, 0x3000 }, { 0x4000, 0x5000 },
		  { 0x6000, 0x7000 }, { 0x8000, 0x9000 }, { 0xa000, 0xb000 },
		  { 0xc000, 0xd000 }, { 0xe000, 0xf000 },
		  { 0x10000, 0x11000 } },
};

LAYOUT(far_behind_4_gib) {
	.len = 1ULL << 40, .page = SZ_4K,
	.closed = { { 0x1200000000, 0x1200010000 },
		    { 0xfffffff000, 1ULL << 40 } },
	.open = { { 0, 0x1200000000 }, { 0x1200010000, 0xfffffff000 } },
};

/* Whoever finds the blocks cuts them; these would do no harm */
LAYOUT(over_the_end) {
	.len = 0x8000, .page = SZ_4K,
	.closed = { { 0x3000, ~0ULL }, { 0x9000, 0xa000 } },
	.open = { { 0, 0x3000 } },
};

FIXTURE_SETUP(layout)
{
	const struct part *part = variant->closed;
	struct vfio_cxl_block *block = self->blocks;

	for (; self->count < VFIO_CXL_MAX_BLOCKS && part->end; part++)
		self->blocks[self->count++] = (struct vfio_cxl_block) {
			.start = part->start, .end = part->end, .bar = BAR,
		};
	for (; block < self->blocks + self->count; block++)
		ASSERT_LT(block->start, block->end);
}

FIXTURE_TEARDOWN(layout)
{
	EXPECT_NO_LEAK();
}

static void expect_areas(struct __test_metadata *_metadata,
			 const struct vfio_cxl_block *blocks,
			 unsigned int count, u64 len, u64 page,
			 const struct part *want)
{
	struct vfio_cxl_area areas[VFIO_CXL_MAX_AREAS];
	unsigned int n = 0, i;

	while (n < VFIO_CXL_MAX_AREAS && want[n].end)
		n++;
	ASSERT_EQ(n, vfio_cxl_bar_areas(blocks, count, BAR, len, page, areas));
	for (i = 0; i < n; i++) {
		EXPECT_EQ(want[i].start, areas[i].start) TH_LOG("area %u", i);
		EXPECT_EQ(want[i].end, areas[i].end) TH_LOG("area %u", i);
	}
}

TEST_F(layout, areas)
{
	expect_areas(_metadata, self->blocks, self->count, variant->len,
		     variant->page, variant->open);
}

/* A device lists its blocks as it likes: each order that is a rotation */
TEST_F(layout, in_any_order)
{
	struct vfio_cxl_block blocks[VFIO_CXL_MAX_BLOCKS];
	unsigned int turn, i, count = self->count;

	for (turn = 0; turn < 2 * count; turn++) {
		for (i = 0; i < count; i++)
			blocks[turn < count ? i : count - 1 - i] =
				self->blocks[(i + turn) % count];
		expect_areas(_metadata, blocks, count, variant->len,
			     variant->page, variant->open);
	}
}

/* What is closed in other BARs is nothing to this one */
TEST_F(layout, in_another_bar)
{
	struct part whole[VFIO_CXL_MAX_AREAS] = {
		{ 0, variant->len & ~(variant->page - 1) },
	};
	unsigned int i;
	size_t n = 77;

	EXPECT_EQ(self->count > 0,
		  vfio_cxl_bar_closed(self->blocks, self->count, BAR));
	for (i = 0; i < self->count; i++)
		self->blocks[i].bar = i & 1 ? BAR + 1 : BAR - 1;
	expect_areas(_metadata, self->blocks, self->count, variant->len,
		     variant->page, whole);
	for (i = 0; i < self->count; i++) {
		EXPECT_NULL(vfio_cxl_block_at(self->blocks, self->count, BAR,
					      self->blocks[i].start, &n));
		EXPECT_EQ(77, n);
	}
	EXPECT_FALSE(vfio_cxl_bar_closed(self->blocks, self->count, BAR));
	EXPECT_EQ(self->count > 0,
		  vfio_cxl_bar_closed(self->blocks, self->count, BAR - 1));
	EXPECT_EQ(self->count > 1,
		  vfio_cxl_bar_closed(self->blocks, self->count, BAR + 1));
}

/* Around each block's ends: closed or not, and for how long */
TEST_F(layout, at_the_edges)
{
	const struct vfio_cxl_block *block = self->blocks, *found;
	size_t n;

	for (; block < self->blocks + self->count; block++) {
		n = 1;
		found = vfio_cxl_block_at(self->blocks, self->count, BAR,
					  block->start, &n);
		ASSERT_NE(NULL, found);
		EXPECT_LE(found->start, block->start);
		EXPECT_GT(found->end, block->start);
		EXPECT_EQ(1, n);
		n = SIZE_MAX;
		found = vfio_cxl_block_at(self->blocks, self->count, BAR,
					  block->end - 1, &n);
		ASSERT_NE(NULL, found);
		EXPECT_LT(found->start, block->end);
		EXPECT_GE(found->end, block->end);
		EXPECT_LE(n, found->end - (block->end - 1));
		n = 0;
		vfio_cxl_block_at(self->blocks, self->count, BAR, block->start,
				  &n);
		EXPECT_EQ(0, n);
	}
}

/*
 * Any BAR. It consists of units that are closed or not as a whole, a byte or
 * more each, so that pages of every size and places behind 4 GiB come up.
 */

#ifdef __KERNEL__
/*
 * Every unit of each BAR is looked at, and with KASAN on an emulated CPU a thousand of
 * them take a minute; the program sees all. So few need not be of all kinds.
 */
#define BARS		100U
#define BARS_LEAST(n)	0
#else
#define BARS		20000U
#define BARS_LEAST(n)	(n)
#endif
#define UNITS		300U	/* of the BAR, at most */
#define BEHIND		100U	/* where blocks may reach nevertheless */

struct random_bar {
	struct vfio_cxl_block blocks[VFIO_CXL_MAX_BLOCKS];
	unsigned int count;
	unsigned int shift;	/* of bytes in a unit */
	unsigned int len;	/* in units, as the next two */
	unsigned int page;
	/* Which block is the first to close it, counted from 1; else 0 */
	u8 closed[UNITS + BEHIND];
	/* For the test to know that it saw something */
	unsigned int areas[VFIO_CXL_MAX_AREAS + 1];
	unsigned int overlaps;
};

static void random_block(struct random_bar *r, unsigned int i)
{
	unsigned int most = unit_random_below(12) ? 2 * r->page : UNITS;
	unsigned int start = unit_random_below(r->len), unit;
	unsigned int end = start + 1 + unit_random_below(most);
	struct vfio_cxl_block *block = &r->blocks[i];

	if (end > r->len && unit_random_below(8))
		end = r->len;
	end = min_t(unsigned int, end, UNITS + BEHIND);
	block->start = (u64)start << r->shift;
	block->end = (u64)end << r->shift;
	block->bar = unit_random_below(8) ? BAR : unit_random_below(6);
	block->component = unit_random_below(2);
	if (block->bar != BAR)
		return;

	for (unit = start; unit < end; unit++) {
		r->overlaps += r->closed[unit] > 0;
		if (!r->closed[unit])
			r->closed[unit] = i + 1;
	}
}

static void random_bar(struct random_bar *r)
{
	static const unsigned int shifts[] = { 0, 0, 2, 12, 16, 30, 52 };
	unsigned int i;

	memset(r->closed, 0, sizeof(r->closed));
	r->shift = shifts[unit_random_below(ARRAY_SIZE(shifts))];
	/* Often small pages and many blocks, for many areas */
	r->page = 1U << unit_random_below(unit_random_below(2) ? 7 : 2);
	r->len = 1 + unit_random_below(UNITS);
	r->count = unit_random_below(2) ? VFIO_CXL_MAX_BLOCKS :
		   unit_random_below(VFIO_CXL_MAX_BLOCKS + 1);
	for (i = 0; i < r->count; i++)
		random_block(r, i);
}

/* A page that is wholly in the BAR, and no unit of it closed */
static bool page_open(const struct random_bar *r, unsigned int page)
{
	unsigned int i;

	for (i = 0; i < r->page; i++)
		if (page * r->page + i >= r->len ||
		    r->closed[page * r->page + i])
			return false;

	return true;
}

static void check_areas(struct __test_metadata *_metadata,
			struct random_bar *r)
{
	u64 page = (u64)r->page << r->shift, len = (u64)r->len << r->shift;
	struct vfio_cxl_area areas[VFIO_CXL_MAX_AREAS];
	unsigned int n, i, nr = 0;
	bool in = false;

	n = vfio_cxl_bar_areas(r->blocks, r->count, BAR, len, page, areas);
	ASSERT_LE(n, VFIO_CXL_MAX_AREAS) UNIT_LOG_SEED();
	/* One page after the other; the last is behind the BAR */
	for (i = 0; i <= UNITS; i++) {
		if (in == page_open(r, i))
			continue;
		in = !in;
		ASSERT_LT(nr, n) UNIT_LOG_SEED();
		ASSERT_EQ(i * page, in ? areas[nr].start : areas[nr].end) {
			TH_LOG("area %u", nr);
			UNIT_LOG_SEED();
		}
		nr += !in;
	}
	ASSERT_EQ(nr, n) UNIT_LOG_SEED();
	r->areas[n]++;
}

/* How long the answer at @unit stays, in units; 0 is for ever */
static unsigned int run(const struct random_bar *r, unsigned int unit)
{
	unsigned int i;

	for (i = unit; i < UNITS + BEHIND; i++)
		if (r->closed[i] != r->closed[unit])
			return i - unit;

	return r->closed[unit] ? i - unit : 0;
}

static void check_place(struct __test_metadata *_metadata,
			const struct random_bar *r, unsigned int unit)
{
	u64 within = unit_random_next() & ((1ULL << r->shift) - 1);
	unsigned int units = run(r, unit), who = r->closed[unit];
	u64 left = ((u64)units << r->shift) - within;
	size_t asked, n;

	asked = unit_random_below(4) ? unit_random_below(300) :
				       (size_t)unit_random_next() << r->shift;
	n = asked;
	ASSERT_EQ(who ? &r->blocks[who - 1] : NULL,
		  vfio_cxl_block_at(r->blocks, r->count, BAR,
				    ((u64)unit << r->shift) + within, &n)) {
		TH_LOG("unit %u", unit);
		UNIT_LOG_SEED();
	}
	ASSERT_EQ(units && left < asked ? left : asked, n) {
		TH_LOG("unit %u", unit);
		UNIT_LOG_SEED();
	}
}

TEST(random_bars)
{
	struct random_bar r = {};
	unsigned int i;

	unit_random_start();
	for (; unit_random.step < BARS; unit_random.step++) {
		random_bar(&r);
		check_areas(_metadata, &r);
		for (i = 0; i < 50; i++)
			check_place(_metadata, &r,
				    unit_random_below(UNITS + BEHIND));
		for (i = 0; i < r.count && r.blocks[i].bar != BAR; i++)
			;
		ASSERT_EQ(i < r.count,
			  vfio_cxl_bar_closed(r.blocks, r.count, BAR))
			UNIT_LOG_SEED();
	}
	for (i = 0; i <= VFIO_CXL_MAX_AREAS; i++) {
		EXPECT_GE(r.areas[i], BARS_LEAST(200))
			TH_LOG("%u areas", i);
	}
	EXPECT_GE(r.overlaps, BARS_LEAST(10000));
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
