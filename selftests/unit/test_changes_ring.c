// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last entries of a log of changes: each reader gets each of them once, in
 * order, or is told that it is too late for it.
 */
#include "unit.h"

#include "changes_ring.h"

UNIT_RANDOM_DEFINE

#define KEPT	VFIO_CXL_CHANGES_KEPT

FIXTURE(ring) {
	struct vfio_cxl_changes_ring ring;
	struct vfio_cxl_dc_event event;
	u64 at;
};

FIXTURE_SETUP(ring)
{
	vfio_cxl_changes_ring_init(&self->ring);
	memset(&self->event, 0xff, sizeof(self->event));
}

FIXTURE_TEARDOWN(ring)
{
}

/* Number n tells of extent 3 * n, at time 5 * n */
static void add(struct vfio_cxl_changes_ring *ring, unsigned int count)
{
	struct vfio_cxl_dcd_change change = {};

	while (count--) {
		change.extent = 3 * ring->next;
		vfio_cxl_changes_ring_add(ring, &change, 5 * ring->next);
	}
}

static bool is_entry(const struct vfio_cxl_dc_event *event, u64 n)
{
	return event->sequence == n && event->extent == 3 * n &&
	       event->time == 5 * n;
}

TEST_F(ring, empty)
{
	for (self->at = 0; self->at < 3; self->at++) {
		EXPECT_FALSE(vfio_cxl_changes_ring_has(&self->ring, self->at));
		EXPECT_FALSE(vfio_cxl_changes_ring_get(&self->ring, &self->at,
						       &self->event));
	}
	EXPECT_EQ(3, self->at);
	EXPECT_EQ(UINT64_MAX, self->event.sequence);
}

/* Each field comes out as itself */
TEST_F(ring, fields)
{
	struct vfio_cxl_dcd_change change = {
		.kind = VFIO_CXL_DC_CHANGE_REQUEST,
		.state = VFIO_CXL_DC_REVOKED,
		.reach = VFIO_CXL_DC_REACH_APP,
		.region = 6,
		.rc = 0x1001,
		.reason = 0x10000002,
		.offer = 0x1000000000000003,
		.extent = 0x1000000000000004,
		.length = 0x1000000000000005,
	};
	struct vfio_cxl_dc_event *event = &self->event;
	unsigned int i;

	for (i = 0; i < sizeof(change.tag); i++)
		change.tag[i] = 0xa0 + i;
	vfio_cxl_changes_ring_add(&self->ring, &change, 0x1000000000000006);

	ASSERT_TRUE(vfio_cxl_changes_ring_get(&self->ring, &self->at, event));
	EXPECT_EQ(2, self->at);
	EXPECT_EQ(1, event->sequence);
	EXPECT_EQ(0, event->lost);
	EXPECT_EQ(0x1000000000000006, event->time);
	EXPECT_EQ(0x1000000000000003, event->offer);
	EXPECT_EQ(0x1000000000000004, event->extent);
	EXPECT_EQ(0x1000000000000005, event->length);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_REQUEST, event->kind);
	EXPECT_EQ(VFIO_CXL_DC_REVOKED, event->state);
	EXPECT_EQ(VFIO_CXL_DC_REACH_APP, event->reach);
	EXPECT_EQ(0x10000002, event->reason);
	EXPECT_EQ(0x1001, event->rc);
	EXPECT_EQ(6, event->region);
	for (i = 0; i < sizeof(event->tag); i++)
		EXPECT_EQ(0xa0 + i, event->tag[i]);
}

/* What is overwritten leaves nothing behind */
TEST_F(ring, fields_of_the_next_round)
{
	struct vfio_cxl_dcd_change change;
	unsigned int n;

	memset(&change, 0xff, sizeof(change));
	for (n = 0; n < KEPT; n++)
		vfio_cxl_changes_ring_add(&self->ring, &change, UINT64_MAX);
	memset(&change, 0, sizeof(change));
	vfio_cxl_changes_ring_add(&self->ring, &change, 0);

	self->at = KEPT + 1;
	ASSERT_TRUE(vfio_cxl_changes_ring_get(&self->ring, &self->at,
					      &self->event));
	EXPECT_EQ(KEPT + 1, self->event.sequence);
	self->event.sequence = 0;
	for (n = 0; n < sizeof(self->event); n++)
		EXPECT_EQ(0, ((u8 *)&self->event)[n]);
}

TEST_F(ring, in_order)
{
	u64 n;

	add(&self->ring, KEPT);
	self->at = 1;
	for (n = 1; n <= KEPT; n++) {
		EXPECT_TRUE(vfio_cxl_changes_ring_has(&self->ring, self->at));
		ASSERT_TRUE(vfio_cxl_changes_ring_get(&self->ring, &self->at,
						      &self->event));
		EXPECT_TRUE(is_entry(&self->event, n));
		EXPECT_EQ(0, self->event.lost);
		EXPECT_EQ(n + 1, self->at);
	}
	EXPECT_FALSE(vfio_cxl_changes_ring_has(&self->ring, self->at));
	EXPECT_FALSE(vfio_cxl_changes_ring_get(&self->ring, &self->at,
					       &self->event));
	EXPECT_EQ(KEPT + 1, self->at);
}

/* The first that are overwritten, to the number */
TEST_F(ring, too_late)
{
	u64 more, at;

	add(&self->ring, KEPT);
	for (more = 1; more < 3; more++) {
		add(&self->ring, 1);
		for (at = 0; at < 5; at++) {
			self->at = at;
			ASSERT_TRUE(vfio_cxl_changes_ring_get(&self->ring,
							      &self->at,
							      &self->event));
			/* There never was a number 0 */
			EXPECT_TRUE(is_entry(&self->event,
					     max(at, more + 1)));
			EXPECT_EQ(at > more ? 0 : more + 1 - max_t(u64, at, 1),
				  self->event.lost);
			EXPECT_EQ(max(at, more + 1) + 1, self->at);
		}
	}
}

TEST_F(ring, much_too_late)
{
	add(&self->ring, 10 * KEPT + 5);
	self->at = 7;
	ASSERT_TRUE(vfio_cxl_changes_ring_get(&self->ring, &self->at,
					      &self->event));
	EXPECT_TRUE(is_entry(&self->event, 9 * KEPT + 6));
	EXPECT_EQ(9 * KEPT - 1, self->event.lost);
	/* And from there on nothing is lost */
	ASSERT_TRUE(vfio_cxl_changes_ring_get(&self->ring, &self->at,
					      &self->event));
	EXPECT_TRUE(is_entry(&self->event, 9 * KEPT + 7));
	EXPECT_EQ(0, self->event.lost);
}

/* To anything that was or comes next; what is behind that is of another log */
TEST_F(ring, reaches)
{
	unsigned int added;
	u64 to;

	for (added = 0; added < 3 * KEPT; added += KEPT - 1) {
		for (to = 0; to <= self->ring.next; to++)
			EXPECT_TRUE(vfio_cxl_changes_ring_reaches(&self->ring,
								  to));
		EXPECT_FALSE(vfio_cxl_changes_ring_reaches(&self->ring, to));
		EXPECT_FALSE(vfio_cxl_changes_ring_reaches(&self->ring, -1));
		EXPECT_FALSE(vfio_cxl_changes_ring_reaches(&self->ring,
							   UINT64_MAX / 2));
		add(&self->ring, KEPT - 1);
	}
}

/* Readers of all speeds: for each, what it got and what it lost is all there was */
TEST_F(ring, at_random)
{
	u64 at[3] = { 1, 1, 1 }, got[3] = {}, lost[3] = {};
	unsigned int step, reader, n;

	unit_random_start();
	for (step = 0; step < 20000 / UNIT_SLOWER; step++) {
		unit_random.step = step;
		add(&self->ring, unit_random_below(20));
		reader = unit_random_below(3);
		/* One is fast, one is about as fast as the writer, one is slow */
		n = unit_random_below(reader == 0 ? 200 : reader == 1 ? 60 : 10);
		for (; n && vfio_cxl_changes_ring_get(&self->ring, &at[reader],
						      &self->event); n--) {
			lost[reader] += self->event.lost;
			got[reader]++;
			ASSERT_TRUE(is_entry(&self->event,
					     lost[reader] + got[reader]))
				UNIT_LOG_SEED();
			ASSERT_EQ(self->event.sequence + 1, at[reader])
				UNIT_LOG_SEED();
		}
		ASSERT_EQ(at[reader] < self->ring.next,
			  vfio_cxl_changes_ring_has(&self->ring, at[reader]))
			UNIT_LOG_SEED();
	}
	/* It did happen */
	EXPECT_EQ(0, lost[0]);
	EXPECT_GE(lost[2], UNIT_LEAST(1000));
}

TEST_HARNESS_MAIN
