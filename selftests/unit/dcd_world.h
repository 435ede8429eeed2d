/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic Capacity, at random: the world in which test_dcd_random.c lets things
 * happen, and what has to be so in it after each step.
 */
#ifndef VFIO_CXL_DCD_WORLD_H
#define VFIO_CXL_DCD_WORLD_H

#include "dcd_bench.h"

#include "dc_engine.h"

#define BLOCKS		256
#define RECENT		16

struct world {
	struct dcd_bench b;
	struct __test_metadata *metadata;
	u32 next_tag;
	struct fake_dcd_extent recent[RECENT];	/* that were offered */
	u32 nr_recent;
	bool dangling;		/* an offer was answered half-way */
	bool tail[BLOCKS];	/* where the rest of such a one was */
	bool faulty;		/* things may go wrong in this schedule */
	bool clean;		/* nothing did that leaves somebody in doubt */
	bool broken;		/* the device took, or lied */
};

static void check_group(struct world *w, struct dc_group *group)
{
	struct __test_metadata *_metadata = w->metadata;
	u32 nr[VFIO_CXL_DC_STATES] = {}, state, kinds = 0, dead;
	u64 bytes[VFIO_CXL_DC_STATES] = {};
	struct vfio_cxl_dcd_extent *e;

	list_for_each_entry(e, &group->extents, in_group) {
		nr[e->state]++;
		bytes[e->state] += e->len;
		ASSERT_EQ(e->published, e->state == STATE(COMMITTED) &&
			  group->reach != VFIO_CXL_DC_REACH_NONE)
			UNIT_LOG_SEED();
	}
	for (state = STATE(PENDING); state < VFIO_CXL_DC_STATES; state++) {
		if (!group->tomb || group->count <= VFIO_CXL_DC_TOMB_EXTENTS) {
			ASSERT_EQ(nr[state], group->nr[state]) UNIT_LOG_SEED();
			ASSERT_EQ(bytes[state], group->bytes[state])
				UNIT_LOG_SEED();
		}
		if (state != STATE(REVOKED) && group->nr[state])
			kinds++;
	}
	if (group->deferred && !group->tomb) {
		ASSERT_NE(0, group->nr[STATE(COMMITTED)]) UNIT_LOG_SEED();
		ASSERT_NE(VFIO_CXL_DC_REACH_NONE, group->reach) UNIT_LOG_SEED();
	}
	/* Half a tag is none; what the device took is not ours to say */
	dead = group->nr[STATE(REJECTED)];
	if (dead)
		ASSERT_EQ(1, kinds) UNIT_LOG_SEED();
	if (!w->broken)
		ASSERT_LE(kinds, 1) UNIT_LOG_SEED();
}

static u32 check_tree(struct world *w, const struct rb_root *root,
		      unsigned int states)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd_extent *e;
	struct rb_node *node;
	u64 end = 0;
	u32 nr = 0;

	for (node = rb_first(root); node; node = rb_next(node), nr++) {
		e = rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
		ASSERT_TRUE(states & 1U << e->state) UNIT_LOG_SEED();
		ASSERT_LE(end, e->dpa) UNIT_LOG_SEED();
		end = e->dpa + e->len;
	}

	return nr;
}

/* Of all that is deferred, and of nothing else, the end of the use is looked for */
static void check_deferred(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd *dcd = &w->b.dcd;
	struct dc_group *group;
	u32 deferred = 0;

	list_for_each_entry(group, &dcd->groups, node)
		deferred += group->deferred;
	list_for_each_entry(group, &dcd->deferred, back) {
		ASSERT_TRUE(group->deferred) UNIT_LOG_SEED();
		deferred--;
	}
	ASSERT_EQ(0, deferred) UNIT_LOG_SEED();
}

/* Whatever the device says */
static void dcd_check_books(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd *dcd = &w->b.dcd;
	u32 nr[VFIO_CXL_DC_STATES] = {}, state, live = 0, tombs = 0;
	u32 undecided;
	struct dc_offer *offer;
	struct dc_group *group;
	u64 last = 0;

	list_for_each_entry(group, &dcd->groups, node) {
		check_group(w, group);
		ASSERT_FALSE(group->tomb) UNIT_LOG_SEED();
		ASSERT_TRUE(group->offer || dc_live(group, DC_LIVE))
			UNIT_LOG_SEED();
		for (state = 0; state < VFIO_CXL_DC_STATES; state++)
			nr[state] += group->nr[state];
		live += group->count;
	}
	list_for_each_entry(group, &dcd->tombs, node) {
		check_group(w, group);
		ASSERT_FALSE(dc_live(group, DC_LIVE)) UNIT_LOG_SEED();
		for (state = 0; state < VFIO_CXL_DC_STATES; state++)
			nr[state] += group->nr[state];
		tombs++;
	}
	check_deferred(w);
	ASSERT_EQ(live, dcd->nr_extents) UNIT_LOG_SEED();
	ASSERT_EQ(tombs, dcd->nr_tombs) UNIT_LOG_SEED();
	for (state = STATE(PENDING); state < VFIO_CXL_DC_STATES; state++)
		ASSERT_EQ(nr[state], dcd->nr[state]) UNIT_LOG_SEED();

	ASSERT_EQ(nr[STATE(PENDING)] + nr[STATE(ACCEPTING)],
		  check_tree(w, &dcd->pending, DC_OFFERED)) UNIT_LOG_SEED();
	ASSERT_EQ(nr[STATE(COMMITTED)] + nr[STATE(RELEASING)],
		  check_tree(w, &dcd->held, DC_HELD)) UNIT_LOG_SEED();

	list_for_each_entry(offer, &dcd->offers, node) {
		ASSERT_LT(last, offer->id) UNIT_LOG_SEED();
		last = offer->id;
		undecided = 0;
		list_for_each_entry(group, &offer->groups, in_offer)
			undecided += offer->shown &&
				     group->decision == DC_UNDECIDED;
		ASSERT_EQ(undecided, offer->undecided) UNIT_LOG_SEED();
	}
}

/* Exactly what is published is reachable, and all of that is held */
static void check_reach(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd_extent *e;
	struct rb_node *node;
	u32 blocks = 0, i;

	for (node = rb_first(&w->b.dcd.held); node; node = rb_next(node)) {
		e = rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
		if (!e->published)
			continue;
		ASSERT_TRUE(fake_dcd_has(&w->b.fake, e->dpa, e->len,
					 FAKE_BLOCK_PUBLISHED))
			UNIT_LOG_SEED();
		/* Or it was taken, and the record is on its way */
		ASSERT_TRUE(fake_dcd_has(&w->b.fake, e->dpa, e->len,
					 FAKE_BLOCK_ACCEPTED |
					 FAKE_BLOCK_FORCED))
			UNIT_LOG_SEED();
		blocks += e->len / DCD_BLOCK;
	}
	for (i = 0; i < BLOCKS; i++)
		blocks -= !!(w->b.fake.block[i] & FAKE_BLOCK_PUBLISHED);
	ASSERT_EQ(0, blocks) UNIT_LOG_SEED();
}

static inline bool is_used(struct dcd_bench *b, const struct dc_group *group)
{
	bool used;

	b->fake.locked = true;
	used = dc_in_use(&b->dcd, group);
	b->fake.locked = false;

	return used;
}

/* What was touched of a tag is in sum as it is of each extent */
static void check_touched(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd_extent *e;
	struct dc_group *group;
	u32 touched;

	list_for_each_entry(group, &w->b.dcd.groups, node) {
		touched = 0;
		list_for_each_entry(e, &group->extents, in_group)
			if (e->published)
				touched += fake_dcd_any(&w->b.fake, e->dpa,
							e->len,
							FAKE_BLOCK_TOUCHED);
		ASSERT_EQ(touched > 0, is_used(&w->b, group)) UNIT_LOG_SEED();
		if (touched)
			ASSERT_EQ(touched, group->touched) UNIT_LOG_SEED();
	}
}

static inline void dcd_check(struct world *w)
{
	dcd_check_books(w);
	check_reach(w);
	check_touched(w);
}

/* The device's oldest offer is answered: it has to be ours, and decided */
static inline void dcd_check_answer(struct fake_dcd *fake,
				    const struct fake_dcd_group *group,
				    u32 count)
{
	struct world *w = fake->test;
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd_extent *e;
	struct dc_offer *offer;
	struct dc_group *g;
	u32 accepted = 0, i = 0;

	if (!group->closed)
		w->dangling |= !group->next;
	if (!w->clean)
		return;
	ASSERT_FALSE(list_empty(&w->b.dcd.offers)) UNIT_LOG_SEED();
	offer = list_first_entry(&w->b.dcd.offers, struct dc_offer, node);
	ASSERT_EQ(0, offer->undecided) UNIT_LOG_SEED();
	list_for_each_entry(g, &offer->groups, in_offer)
		if (g->decision == DC_ACCEPT)
			accepted += g->count;
	ASSERT_EQ(accepted, count) UNIT_LOG_SEED();
	if (offer->reason)
		return;
	ASSERT_EQ(group->count, offer->count) UNIT_LOG_SEED();
	list_for_each_entry(e, &offer->extents, in_offer)
		ASSERT_EQ(group->extent[i++].dpa, e->dpa) UNIT_LOG_SEED();
}

#endif /* VFIO_CXL_DCD_WORLD_H */
