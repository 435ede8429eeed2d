// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: the way back. Released by users, asked for by the device, or
 * taken away by it; and what a device that is busy, dawdles or lies makes of an
 * answer or a release.
 */
#include "dcd_bench.h"

UNIT_RANDOM_DEFINE

static void held_make(struct dcd_bench *b)
{
	b->fake.regions = 2;
}

DCD_FIXTURE(held)

/* Most tests begin with two tags that are held */
static void hold(struct __test_metadata *_metadata, struct dcd_bench *b)
{
	OFFER(b, X(0, 1, TAG_A), X(2, 1, TAG_A), X(300, 2, TAG_A));
	OFFER(b, X(8, 4, TAG_B));
	ASSERT_EQ(0, accept_tag(b, TAG_A));
	ASSERT_EQ(0, accept_tag(b, TAG_B));
	ASSERT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
}

TEST_F(held, release)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	ASSERT_EQ(0, release_tag(b, TAG_A));
	EXPECT_FALSE(b->res.already);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(3, b->status.nr[STATE(RELEASED)]);
	EXPECT_EQ(1, b->fake.releases);
	EXPECT_FALSE(reachable(b, 0));
	EXPECT_TRUE(reachable(b, 8));
	EXPECT_EQ(1, b->fake.nr_accepted);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_TRUE(b->res.already);
	EXPECT_EQ(-ENOENT, accept_tag(b, TAG_A));
	EXPECT_EQ(-ENOENT, reject_tag(b, TAG_A));
	EXPECT_EQ(1, b->fake.releases);
}

TEST_F(held, in_use)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	touch(b, 301);
	EXPECT_EQ(-EBUSY, release_tag(b, TAG_A));
	EXPECT_EQ(REASON(IN_USE), b->res.reason);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_TRUE(b->status.in_use);
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(0, b->fake.releases);
	EXPECT_EQ(0, release_by(b, TAG_A, true, false));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_FALSE(b->status.in_use);
}

/* A tenant's release is its consent, and it knows nothing of others' */
TEST_F(held, tenant)
{
	struct dcd_bench *b = self->b;
	struct vfio_cxl_dcd_item item;
	struct vfio_cxl_dcd_page page = {
		.item = &item, .room = 1, .tenant = true,
	};
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_B));
	OFFER(b, X(2, 1, TAG_C));
	EXPECT_EQ(0, accept_as(b, TAG_A, DEVICE));
	EXPECT_EQ(0, accept_as(b, TAG_B, APP));
	touch(b, 0);
	EXPECT_EQ(-ENOENT, release_by(b, TAG_B, false, true));
	fake_dcd_tag(TAG_B, uuid);
	EXPECT_EQ(-ENOENT, vfio_cxl_dcd_tag_status(&b->dcd, uuid, -1, true,
						   &b->status));
	EXPECT_EQ(-ENOENT, vfio_cxl_dcd_extent_status(&b->dcd, id_at(b, 1),
						      true, &b->item));
	EXPECT_EQ(0, release_by(b, TAG_A, false, true));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(0, vfio_cxl_dcd_list(&b->dcd, &page));
	EXPECT_EQ(1, page.count);
	EXPECT_EQ(fake_dcd_at(2), item.dpa);
	EXPECT_FALSE(page.more);
}

TEST_F(held, release_what_is_offered)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(-EBUSY, release_tag(b, TAG_A));
	EXPECT_EQ(REASON(PENDING), b->res.reason);
	EXPECT_EQ(0, b->fake.answered);
}

TEST_F(held, status_of_a_region)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	EXPECT_EQ(0, status_in(b, TAG_A, 0));
	EXPECT_EQ(2, b->status.nr[STATE(COMMITTED)]);
	EXPECT_EQ(0, status_in(b, TAG_A, 1));
	EXPECT_EQ(1, b->status.nr[STATE(COMMITTED)]);
	EXPECT_EQ(2 * DCD_BLOCK, b->status.bytes[STATE(COMMITTED)]);
	touch(b, 0);
	EXPECT_EQ(0, status_in(b, TAG_A, 1));
	EXPECT_FALSE(b->status.in_use);
	EXPECT_EQ(-ENOENT, status_in(b, TAG_B, 1));
}

/*
 * The end of a tenancy
 */

TEST_F(held, tenancy)
{
	struct dcd_bench *b = self->b;
	u64 commands;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_as(b, TAG_A, TENANT));
	EXPECT_EQ(0, accept_as(b, TAG_B, DEVICE));
	touch(b, 0);
	touch(b, 1);
	commands = b->fake.commands;
	b->fake.allow_in_use = true;
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	b->fake.allow_in_use = false;
	EXPECT_EQ(commands, b->fake.commands);
	EXPECT_FALSE(reachable(b, 0));
	EXPECT_TRUE(reachable(b, 1));
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_A));
	EXPECT_EQ(-EBUSY, accept_as(b, TAG_A, TENANT));
	EXPECT_EQ(REASON(RELEASING), b->res.reason);
	EXPECT_NE(VFIO_CXL_DC_NEVER, later(b, 0) + 1);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_TRUE(b->status.in_use);
}

/* What a tenancy accepted, and the device was not told yet, is offered again */
TEST_F(held, tenancy_ends_before_its_turn)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_as(b, TAG_B, TENANT));
	EXPECT_TRUE(b->res.queued);
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_B));
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_B));
	EXPECT_EQ(0, accept_as(b, TAG_B, TENANT));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
}

/* The answer is on its way, and nobody is left who asked for it */
TEST_F(held, tenancy_ends_with_an_answer_unsure)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, 0, 2);
	EXPECT_EQ(0, accept_as(b, TAG_A, TENANT));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(1, b->fake.nr_accepted);
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(0, b->fake.nr_accepted);
}

/*
 * The device asks
 */

TEST_F(held, asked)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	ASK(b, X(8, 4, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->status.requests);
	EXPECT_FALSE(b->status.mismatch);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_REQUEST, last_change(b)->kind);
	EXPECT_TRUE(reachable(b, 8));
	/* Again: only counted */
	ASK(b, X(8, 4, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(2, b->status.requests);
	EXPECT_EQ(1, count_changes(b, VFIO_CXL_DC_CHANGE_REQUEST));
	settle(b);
	EXPECT_EQ(0, b->fake.releases);
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_EQ(1, b->fake.releases);
}

/* By tag, extent by extent, as a tag is asked for */
TEST_F(held, asked_for_each_extent)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	ASK(b, X(0, 1, TAG_A));
	ASK(b, X(2, 1, TAG_A));
	EXPECT_EQ(0, release_tag(b, TAG_A));
	ASK(b, X(300, 2, TAG_A));
	settle(b);
	EXPECT_EQ(1, b->fake.releases);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_FALSE(b->status.mismatch);
}

static void expect_mismatch(struct __test_metadata *_metadata,
			    struct dcd_bench *b)
{
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->status.requests);
	EXPECT_TRUE(b->status.mismatch);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_REQUEST, last_change(b)->kind);
	EXPECT_EQ(REASON(MISMATCH), last_change(b)->reason);
	settle(b);
	EXPECT_EQ(0, b->fake.releases);
	EXPECT_TRUE(reachable(b, 8));
}

TEST_F(held, asked_for_a_part)
{
	hold(_metadata, self->b);
	ASK(self->b, X(9, 1, TAG_B));
	expect_mismatch(_metadata, self->b);
}

TEST_F(held, asked_for_more)
{
	hold(_metadata, self->b);
	ASK(self->b, X(7, 6, TAG_B));
	expect_mismatch(_metadata, self->b);
}

TEST_F(held, asked_by_another_tag)
{
	hold(_metadata, self->b);
	ASK(self->b, X(8, 4, TAG_C));
	expect_mismatch(_metadata, self->b);
}

TEST_F(held, asked_without_a_tag)
{
	hold(_metadata, self->b);
	ASK(self->b, X(8, 4, 0));
	expect_mismatch(_metadata, self->b);
}

/* Of what is not held nothing is given back, on the device's word alone */
TEST_F(held, asked_for_what_nobody_has)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	ASK(b, X(100, 1, 0));
	ASK(b, X(100, 0, 0));
	ASK(b, { -DCD_BLOCK, 2 * DCD_BLOCK, 0, 0 });
	EXPECT_EQ(0, b->fake.releases + b->fake.refused_cmds);
	EXPECT_EQ(2, b->dcd.stats.odd);
}

/* Accepted in the dark: the list says so, and nobody here wants it */
TEST_F(held, asked_for_what_only_the_list_has)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	b->fake.accepted[b->fake.nr_accepted++] =
		(struct fake_dcd_extent)X(100, 2, 0);
	b->fake.block[100] |= FAKE_BLOCK_ACCEPTED;
	b->fake.block[101] |= FAKE_BLOCK_ACCEPTED;
	ASK(b, X(101, 2, 0));
	EXPECT_EQ(0, b->fake.releases);
	ASK(b, X(100, 2, 0));
	EXPECT_EQ(1, b->fake.releases);
	EXPECT_EQ(4, b->fake.nr_accepted);
}

TEST_F(held, asked_while_pending)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	ASK(b, X(0, 1, TAG_A));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(1, b->status.requests);
	EXPECT_EQ(0, b->fake.answered + b->fake.releases);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->status.requests);
}

/*
 * The device takes
 */

TEST_F(held, forced)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	touch(b, 9);
	fake_dcd_force(&b->fake, fake_dcd_at(8), 4 * DCD_BLOCK, TAG_B);
	drain(b);
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_B));
	EXPECT_EQ(REASON(FORCED), b->status.reason);
	EXPECT_EQ(STATE(REVOKED), last_change(b)->state);
	EXPECT_FALSE(reachable(b, 9));
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_TRUE(b->res.already);
	settle(b);
	EXPECT_EQ(0, b->fake.releases);
	EXPECT_EQ(1, b->dcd.stats.revoked);
}

/* Exactly the extents concerned: what is left of the tag is still ours */
TEST_F(held, forced_in_part)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fake_dcd_force(&b->fake, fake_dcd_at(2), DCD_BLOCK, TAG_A);
	drain(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->status.nr[STATE(REVOKED)]);
	EXPECT_EQ(2, b->status.nr[STATE(COMMITTED)]);
	EXPECT_FALSE(reachable(b, 2));
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_A));
	EXPECT_EQ(2, b->status.nr[STATE(RELEASED)]);
}

/* Of half an extent: all of it is out of reach, and the rest is found again */
TEST_F(held, forced_half_an_extent)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fake_dcd_force(&b->fake, fake_dcd_at(8), 2 * DCD_BLOCK, TAG_B);
	drain(b);
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_B));
	EXPECT_FALSE(reachable(b, 11));
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of_id(b, id_at(b, 10)));
	EXPECT_TRUE(b->item.recovered);
	EXPECT_FALSE(reachable(b, 11));
	EXPECT_EQ(0, release_id(b, id_at(b, 10)));
}

TEST_F(held, forced_while_pending)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_A), X(2, 1, TAG_B));
	EVENT(b, CXL_DC_EVENT_FORCED_RELEASE, X(0, 1, TAG_A));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(1, b->status.nr[STATE(REVOKED)]);
	EXPECT_EQ(-EBUSY, accept_tag(b, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->status.nr[STATE(REJECTED)]);
	EXPECT_EQ(1, b->fake.nr_accepted);
	EXPECT_EQ(1, b->fake.answered);
}

TEST_F(held, forced_while_accepting)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_A), X(2, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EVENT(b, CXL_DC_EVENT_FORCED_RELEASE, X(1, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.nr_accepted);
	EXPECT_EQ(1, b->fake.answered);
}

TEST_F(held, forced_while_releasing)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_BUSY, CXL_DC_RELEASE, 1);
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_B));
	EXPECT_FALSE(reachable(b, 8));
	fake_dcd_force(&b->fake, fake_dcd_at(8), 4 * DCD_BLOCK, TAG_B);
	drain(b);
	settle(b);
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_B));
	EXPECT_EQ(0, b->fake.releases);
}

TEST_F(held, forced_makes_no_sense)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	EVENT(b, CXL_DC_EVENT_FORCED_RELEASE, X(8, 0, TAG_B));
	EVENT(b, CXL_DC_EVENT_FORCED_RELEASE,
	      { -DCD_BLOCK, 2 * DCD_BLOCK, 0, 0 });
	EVENT(b, CXL_DC_EVENT_FORCED_RELEASE, X(12, 8, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(2, b->dcd.stats.odd);
}

/*
 * The device is busy, or does not answer
 */

TEST_F(held, accept_when_busy)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_BUSY, CXL_DC_ADD_RESPONSE, 3);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(5, b->res.rc);
	EXPECT_EQ(STATE(ACCEPTING), state_of(b, TAG_A));
	EXPECT_FALSE(reachable(b, 0));
	/* Not before the time that the tick says */
	EXPECT_EQ(b->fake.now_ns + VFIO_CXL_DC_BACKOFF_NS, later(b, 0));
	EXPECT_EQ(2, b->fake.faults);
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.answered);
}

/* For too long: the user has to say so again */
TEST_F(held, accept_when_busy_for_ever)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	fail(b, FAKE_DCD_BUSY, CXL_DC_ADD_RESPONSE, VFIO_CXL_DC_ATTEMPTS);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	settle(b);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(REASON(DEVICE_BUSY), b->status.reason);
	EXPECT_EQ(5, b->status.rc);
	EXPECT_EQ(0, b->fake.faults);
	EXPECT_EQ(STATE(ACCEPTING), state_of(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
}

/* The driver's own refusals go on */
TEST_F(held, refuse_when_busy)
{
	struct dcd_bench *b = self->b;

	fail(b, FAKE_DCD_BUSY, CXL_DC_ADD_RESPONSE, 20);
	OFFER(b, X(0, 0, TAG_A));
	EXPECT_EQ(0, b->fake.answered);
	settle(b);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(0, b->fake.faults);
}

TEST_F(held, accept_timed_out_but_done)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, CXL_DC_ADD_RESPONSE, 1);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(0, b->fake.refused_cmds);
}

TEST_F(held, accept_timed_out_not_done)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LOST, CXL_DC_ADD_RESPONSE, 2);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EXPECT_FALSE(reachable(b, 0));
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(0, b->fake.empty);
}

/* It was heard, and what was accepted was taken away before anybody looked */
TEST_F(held, accept_timed_out_and_taken)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, 0, 2);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	fake_dcd_force(&b->fake, fake_dcd_at(0), DCD_BLOCK, TAG_A);
	settle(b);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(0, b->fake.empty);
	EXPECT_EQ(0, b->dcd.nr_offers);
}

/* After an empty answer of which nobody knows, none is empty any more */
TEST_F(held, refuse_timed_out_but_done)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, CXL_DC_ADD_RESPONSE, 1);
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	EXPECT_EQ(1, b->fake.empty);
	settle(b);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.answered);
}

TEST_F(held, refuse_timed_out_not_done)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LOST, CXL_DC_ADD_RESPONSE, 1);
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	settle(b);
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(0, b->fake.empty);
	EXPECT_EQ(0, b->fake.nr_accepted);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
}

TEST_F(held, release_when_busy)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_BUSY, CXL_DC_RELEASE, 3);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(5, b->res.rc);
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_A));
	EXPECT_FALSE(reachable(b, 0));
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.releases);
}

/* It stays here, out of reach; then it can be had again, or released again */
TEST_F(held, release_when_busy_for_ever)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_BUSY, CXL_DC_RELEASE, VFIO_CXL_DC_ATTEMPTS);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_DC_REACH_NONE, b->status.reach);
	EXPECT_EQ(REASON(DEVICE_BUSY), b->status.reason);
	EXPECT_FALSE(reachable(b, 0));
	EXPECT_EQ(0, b->fake.faults);
	EXPECT_EQ(0, accept_as(b, TAG_A, APP));
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_REACH, last_change(b)->kind);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
}

TEST_F(held, release_timed_out_but_done)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_LATE, CXL_DC_RELEASE, 1);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.releases);
}

TEST_F(held, release_timed_out_not_done)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_LOST, CXL_DC_RELEASE, 1);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
}

/* 0Fh: is it gone, or not? */
TEST_F(held, release_refused)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_ERROR, CXL_DC_RELEASE, 1);
	b->fake.fault_rc = CXL_RC_INVALID_PA;
	EXPECT_EQ(-EIO, release_tag(b, TAG_A));
	EXPECT_EQ(CXL_RC_INVALID_PA, b->res.rc);
	EXPECT_EQ(REASON(DEVICE), b->res.reason);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(CXL_RC_INVALID_PA, b->status.rc);
	EXPECT_FALSE(reachable(b, 0));
	EXPECT_EQ(0, release_tag(b, TAG_A));
}

TEST_F(held, release_refused_and_gone)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	/* Taken away, and the record is not there yet */
	b->fake.log_size = 0;
	fake_dcd_force(&b->fake, fake_dcd_at(8), 4 * DCD_BLOCK, TAG_B);
	b->fake.overflow = 0;
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_B));
	EXPECT_EQ(0, b->fake.releases);
}

TEST_F(held, gone)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	OFFER(b, X(100, 1, TAG_C));
	fail(b, FAKE_DCD_GONE, 0, 1000);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EXPECT_FALSE(reachable(b, 0));
	EXPECT_EQ(0, accept_tag(b, TAG_C));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_EQ(-ENODEV, vfio_cxl_dcd_reset(&b->dcd));
	/* Nor is it asked all the time */
	EXPECT_LT(b->fake.now_ns, later(b, 0));
	b->fake.faults = 0;
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_C));
}

/*
 * The device doesn't take the answer
 */

/* A driver that died left an offer: it is dug out */
TEST_F(held, hidden_head)
{
	struct dcd_bench *b = self->b;
	const struct fake_dcd_extent e = X(100, 1, 0);

	fake_dcd_offer(&b->fake, &e, 1);
	b->fake.logged = 0;
	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(1, b->dcd.stats.recoveries);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
}

/* Several: each offer that comes digs, until none is left */
TEST_F(held, hidden_heads)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e;
	int i, ok = 0;

	for (i = 0; i < 4; i++) {
		e = (struct fake_dcd_extent)X(100 + i, 1, 0);
		fake_dcd_offer(&b->fake, &e, 1);
	}
	b->fake.logged = 0;
	for (i = 0; i < 6; i++) {
		OFFER(b, X(i, 1, 0x100 + i));
		ok += !accept_tag(b, 0x100 + i);
	}
	settle(b);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(3, ok);
	EXPECT_EQ(ok, b->fake.nr_accepted);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, 0x105));
	EXPECT_FALSE(reachable(b, 100));
}

/* An answer that it likes at no time: refused, and the next one is not hit */
TEST_F(held, answer_refused)
{
	struct dcd_bench *b = self->b;
	u32 rc[] = { CXL_RC_INVALID_INPUT, CXL_RC_INVALID_PA,
		     CXL_RC_EXTENT_LIST, CXL_RC_RESOURCES };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rc); i++) {
		OFFER(b, X(2 * i, 1, 0x100 + i));
		OFFER(b, X(2 * i + 1, 1, 0x200 + i));
		EXPECT_EQ(0, accept_tag(b, 0x200 + i));
		fail(b, FAKE_DCD_ERROR, CXL_DC_ADD_RESPONSE, 1);
		b->fake.fault_rc = rc[i];
		/* The second try: there it is gone already */
		b->fake.pending->extent[0].len = 2 * DCD_BLOCK;
		EXPECT_EQ(rc[i] == CXL_RC_RESOURCES ? -ENOSPC : -EIO,
			  accept_tag(b, 0x100 + i));
		EXPECT_EQ(rc[i], b->res.rc);
		EXPECT_EQ(STATE(REJECTED), state_of(b, 0x100 + i));
		EXPECT_EQ(REASON(DEVICE), b->status.reason);
		EXPECT_EQ(rc[i], b->status.rc);
		EXPECT_FALSE(reachable(b, 2 * i));
		EXPECT_EQ(STATE(COMMITTED), state_of(b, 0x200 + i));
		EXPECT_EQ(i + 1, b->fake.empty);
		EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	}
}

/* Entries of all that is pending count twice there; fewer of them fit */
TEST_F(held, resources)
{
	struct dcd_bench *b = self->b;
	static struct fake_dcd_extent e[85];
	int i, j;

	for (i = 0; i < 6; i++) {
		for (j = 0; j < 85; j++)
			e[j] = (struct fake_dcd_extent)X(85 * i + j, 1,
							 0x100 + i);
		if (i == 3)
			for (j = 0; j < 85; j++)
				e[j].dpa = fake_dcd_at(256 + j);
		if (i > 3)
			break;
		if (i == 2)
			e[84].len = DCD_BLOCK;
		fake_dcd_offer(&b->fake, e, 85);
	}
	drain(b);
	b->fake.supported = 400;
	EXPECT_EQ(b->fake.quirks & FAKE_DCD_TWICE ? -ENOSPC : 0,
		  accept_tag(b, 0x100));
	settle(b);
	EXPECT_EQ(b->fake.quirks & FAKE_DCD_TWICE ? STATE(REJECTED) :
		  STATE(COMMITTED), state_of(b, 0x100));
	EXPECT_EQ(0, accept_tag(b, 0x101));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, 0x101));
}

/* No memory to publish it: nothing is said to the device, and nothing is lost */
TEST_F(held, prepare_fails)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_A));
	b->fake.prepare_fails = true;
	EXPECT_EQ(-ENOMEM, accept_tag(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_REASON_NO_MEMORY, b->res.reason);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(0, b->fake.answered);
	b->fake.prepare_fails = false;
	b->fake.alloc_fails = 2;
	EXPECT_EQ(-ENOMEM, accept_tag(b, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
}

/* Unbind keeps what the control node accepted, unless it is told otherwise */
TEST_F(held, unbind)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	OFFER(b, X(100, 1, TAG_C));
	EXPECT_EQ(0, accept_as(b, TAG_C, TENANT));
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	vfio_cxl_dcd_stop(&b->dcd, false);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_C));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	vfio_cxl_dcd_stop(&b->dcd, true);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(0, b->fake.nr_accepted);
}

TEST_HARNESS_MAIN
