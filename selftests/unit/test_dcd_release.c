// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: the way back. Released by users, asked for by the device, or
 * taken away by it.
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

/* Counted by extent, in this use of the memory, and not in another one */
TEST_F(held, in_use_until_unmapped)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	touch(b, 301);
	touch(b, 301);
	touch(b, 0);
	state_of(b, TAG_A);
	EXPECT_TRUE(b->status.in_use);
	EXPECT_EQ(0, status_in(b, TAG_A, 0));
	EXPECT_TRUE(b->status.in_use);
	EXPECT_EQ(0, status_in(b, TAG_A, 1));
	EXPECT_TRUE(b->status.in_use);
	EXPECT_EQ(STATE(COMMITTED), state_of_id(b, id_at(b, 0)));
	EXPECT_TRUE(b->item.in_use);
	/* What the device takes away is not in use, the other one still is */
	fake_dcd_force(&b->fake, fake_dcd_at(0), DCD_BLOCK, TAG_A);
	drain(b);
	state_of(b, TAG_A);
	EXPECT_TRUE(b->status.in_use);
	fake_dcd_unmap(&b->fake, &b->dcd);
	state_of(b, TAG_A);
	EXPECT_FALSE(b->status.in_use);
	/* Mapped again, and touched by nobody, or then elsewhere only */
	b->fake.mapped = true;
	b->fake.uses++;
	state_of(b, TAG_A);
	EXPECT_FALSE(b->status.in_use);
	EXPECT_EQ(0, status_in(b, TAG_A, 1));
	EXPECT_FALSE(b->status.in_use);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	state_of(b, TAG_A);
	EXPECT_EQ(2, b->status.nr[STATE(RELEASED)]);
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
