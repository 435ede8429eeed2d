// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory as Dynamic Capacity: random schedules of what its owner, users and chance
 * do with backends, looked at after each step. A backend is in the device in software
 * exactly as long as the engine has it, and reachable only while that holds it.
 *
 *   SEED=       of the first schedule
 *   SCHEDULES=  how many
 */
#include "host_bench.h"

UNIT_RANDOM_DEFINE

#define SCHEDULES	3000
#define STEPS		120
#define TAGS		6

/* What happened at all, for the test to know that it saw something */
static u64 seen[8][2];

enum step { ADD, ACCEPT, REJECT, RELEASE, ASK, TAKE, TENANCY, CHANCE };

static u8 any_tag(void)
{
	return 1 + unit_random_below(TAGS);
}

static void saw(enum step step, int err)
{
	seen[step][!!err]++;
}

/* As VFIO_CXL_DC_ADD does: its backend is reserved till the engine lets it go */
static void step_add(struct host_bench *b)
{
	u64 at = unit_random_below(SIZE / BLOCK + 2);
	u32 region = unit_random_below(3), reason;
	u8 tag = any_tag();

	if (has(b, tag))
		return;
	reason = offer_more(b, tag, region, at, 1 + unit_random_below(24));
	saw(ADD, reason);
	/* There was no memory to know it by */
	if (!reason && !has(b, tag))
		drop(b, region, at);
}

static void step_accept(struct host_bench *b)
{
	static const enum vfio_cxl_dc_reach reach[] = { TENANT, DEVICE, APP };

	saw(ACCEPT, accept(b, any_tag(), reach[unit_random_below(3)]));
}

static void step_release(struct host_bench *b)
{
	static const enum vfio_cxl_dcd_how how[] = {
		VFIO_CXL_DCD_UNUSED, VFIO_CXL_DCD_FORCE, VFIO_CXL_DCD_DEFER,
	};
	u8 tag = any_tag();

	saw(RELEASE, release_how(b, tag, how[unit_random_below(3)]));
}

/* As VFIO_CXL_DC_REMOVE does */
static void step_remove(struct host_bench *b, bool force)
{
	struct vfio_cxl_host_extent *e;
	struct cxl_dc_event event;
	u8 tag = any_tag();

	saw(force ? TAKE : ASK, !has(b, tag));
	if (!has(b, tag) || (!force && b->item.state == STATE(PENDING)))
		return;
	e = vfio_cxl_host_dev_at(&b->dev, b->item.dpa);
	vfio_cxl_host_dev_record(e, force ? CXL_DC_EVENT_FORCED_RELEASE :
					    CXL_DC_EVENT_RELEASE, &event);
	vfio_cxl_dcd_event(&b->dcd, &event);
	if (force) {
		vfio_cxl_host_dev_drop(&b->dev, e);
		reap(b);
	}
}

static void touch(struct host_bench *b)
{
	struct vfio_cxl_dcd_extent *e;

	if (!has(b, any_tag()))
		return;
	e = vfio_cxl_host_dev_at(&b->dev, b->item.dpa)->priv;
	if (!e)
		return;
	b->uses += !b->mapped;
	b->mapped = true;
	vfio_cxl_dcd_used(&b->dcd, e, b->uses);
	vfio_cxl_dcd_touch(&b->dcd, e, b->uses);
}

static void unmap(struct host_bench *b)
{
	struct rb_node *node;

	b->mapped = false;
	for (node = rb_first(&b->dev.extents); node; node = rb_next(node)) {
		struct vfio_cxl_host_extent *at =
			rb_entry(node, struct vfio_cxl_host_extent, node);

		if (at->priv)
			vfio_cxl_dcd_used(&b->dcd, at->priv, 0);
	}
}

static void step_chance(struct host_bench *b)
{
	switch (unit_random_below(6)) {
	case 0:
		b->now += unit_random_below(30) * 1000000000ULL;
		break;
	case 1:
		b->held = has(b, any_tag()) ? b->item.dpa + 1 : 0;
		break;
	case 2:
		b->allocs = 0;
		b->fail = 1 + unit_random_below(6);
		break;
	case 3:
		unmap(b);
		break;
	default:
		touch(b);
	}
	vfio_cxl_dcd_tick(&b->dcd);
}

static void step(struct host_bench *b)
{
	switch (unit_random_below(12)) {
	case 0:
	case 1:
	case 2:
		step_add(b);
		break;
	case 3:
	case 4:
		step_accept(b);
		break;
	case 5:
		saw(REJECT, reject(b, any_tag()));
		break;
	case 6:
	case 7:
		step_release(b);
		break;
	case 8:
		step_remove(b, false);
		break;
	case 9:
		step_remove(b, true);
		break;
	case 10:
		if (!unit_random_below(4))
			vfio_cxl_dcd_tenancy_end(&b->dcd);
		break;
	default:
		step_chance(b);
	}
	/* Once */
	if (b->allocs >= b->fail)
		b->fail = 0;
}

/* Is it in the engine what it is in the device? */
static void look_at(struct __test_metadata *_metadata, struct host_bench *b,
		    const struct vfio_cxl_host_extent *e)
{
	struct vfio_cxl_dcd_item *item = &b->item;
	bool held, reachable;

	ASSERT_TRUE(has(b, e->tag[0])) UNIT_LOG_SEED();
	ASSERT_EQ(e->dpa, item->dpa) UNIT_LOG_SEED();
	ASSERT_EQ(e->len, item->len) UNIT_LOG_SEED();
	held = item->state == STATE(COMMITTED) || item->state == STATE(RELEASING);
	ASSERT_EQ(held, e->accepted) UNIT_LOG_SEED();
	reachable = item->state == STATE(COMMITTED) &&
		    item->reach != VFIO_CXL_DC_REACH_NONE;
	ASSERT_EQ(reachable, !!e->priv) UNIT_LOG_SEED();
}

static void look(struct __test_metadata *_metadata, struct host_bench *b)
{
	const struct vfio_cxl_dcd *dcd = &b->dcd;
	struct rb_node *node;
	u32 live = 0;
	u64 end = 0;

	for (node = rb_first(&b->dev.extents); node; node = rb_next(node)) {
		struct vfio_cxl_host_extent *e =
			rb_entry(node, struct vfio_cxl_host_extent, node);

		ASSERT_LE(end, e->dpa) UNIT_LOG_SEED();
		end = e->dpa + e->len;
		look_at(_metadata, b, e);
		live++;
	}
	ASSERT_EQ(live, b->dev.count) UNIT_LOG_SEED();
	ASSERT_EQ(live, dcd->nr[STATE(PENDING)] + dcd->nr[STATE(ACCEPTING)] +
			dcd->nr[STATE(COMMITTED)] + dcd->nr[STATE(RELEASING)])
		UNIT_LOG_SEED();
	ASSERT_EQ(0, b->bad) UNIT_LOG_SEED();
	ASSERT_EQ(0, b->empty) UNIT_LOG_SEED();
}

static void run_schedule(struct __test_metadata *_metadata, u32 seed)
{
	struct host_bench *b = host_bench_new();

	unit_random.seed = seed;
	unit_random.state = seed * 2654435761U ?: 1;
	for (unit_random.step = 0; unit_random.step < STEPS;
	     unit_random.step++) {
		step(b);
		look(_metadata, b);
	}
	b->held = 0;
	b->fail = 0;
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	vfio_cxl_dcd_stop(&b->dcd, true);
	look(_metadata, b);
	ASSERT_EQ(0, b->dev.count) UNIT_LOG_SEED();
	ASSERT_EQ(0, b->published) UNIT_LOG_SEED();
	vfio_cxl_dcd_destroy(&b->dcd);
	free(b);
}

TEST(schedules)
{
	u32 count = unit_count("SCHEDULES", SCHEDULES), i;
	u32 seed = unit_random_seed();

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < count; i++)
		run_schedule(_metadata, seed + i);
	unit_random.seed = 0;
	/* All that may be asked for was done, and was refused */
	for (i = ADD; i <= TAKE && count >= SCHEDULES; i++) {
		EXPECT_LT(0, seen[i][0]);
		EXPECT_LT(0, seen[i][1]);
	}
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
