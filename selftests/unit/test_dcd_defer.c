// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: released for when its use ends. Until then all is as it was,
 * and then all is as if it was released just now.
 */
#include "dcd_bench.h"

UNIT_RANDOM_DEFINE

static void defer_make(struct dcd_bench *b)
{
	b->fake.regions = 2;
}

DCD_FIXTURE(defer)

/* Two tags that are held; of the first one the last extent is in use */
static void use(struct __test_metadata *_metadata, struct dcd_bench *b)
{
	OFFER(b, X(0, 1, TAG_A), X(2, 1, TAG_A), X(300, 2, TAG_A));
	OFFER(b, X(8, 4, TAG_B));
	ASSERT_EQ(0, accept_tag(b, TAG_A));
	ASSERT_EQ(0, accept_tag(b, TAG_B));
	touch(b, 301);
}

static void expect_waiting(struct __test_metadata *_metadata,
			   struct dcd_bench *b)
{
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_TRUE(b->status.deferred);
	EXPECT_TRUE(b->status.in_use);
	EXPECT_EQ(DEVICE, b->status.reach);
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_TRUE(reachable(b, 301));
}

TEST_F(defer, until_the_use_ends)
{
	struct dcd_bench *b = self->b;
	u64 commands, changes;

	use(_metadata, b);
	commands = b->fake.commands;
	changes = b->dcd.changes;
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	EXPECT_TRUE(b->res.deferred);
	EXPECT_FALSE(b->res.already);
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, b->res.reason);
	/* A list tells it, so it is another one */
	EXPECT_LT(changes, b->dcd.changes);
	expect_waiting(_metadata, b);
	EXPECT_EQ(STATE(COMMITTED), state_of_id(b, id_at(b, 0)));
	EXPECT_TRUE(b->item.deferred);
	EXPECT_FALSE(b->item.in_use);
	/* Time alone changes nothing; nor is any asked for */
	EXPECT_EQ(VFIO_CXL_DC_NEVER, later(b, 3600 * DCD_SECOND));
	expect_waiting(_metadata, b);
	EXPECT_EQ(commands, b->fake.commands);
	/* Once more: it is so already */
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	EXPECT_TRUE(b->res.deferred);
	EXPECT_TRUE(b->res.already);

	unmap(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_REASON_NONE, b->status.reason);
	EXPECT_FALSE(b->status.deferred);
	EXPECT_EQ(3, b->status.nr[STATE(RELEASED)]);
	EXPECT_EQ(STATE(RELEASED), last_change(b)->state);
	EXPECT_EQ(1, b->fake.releases);
	EXPECT_FALSE(reachable(b, 0));
	/* Of the other one nobody said anything */
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_FALSE(b->status.deferred);
	EXPECT_EQ(0, defer_tag(b, TAG_A));
	EXPECT_TRUE(b->res.already);
	EXPECT_FALSE(b->res.deferred);
}

TEST_F(defer, what_is_not_in_use_goes_at_once)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_B));
	EXPECT_FALSE(b->res.deferred);
	EXPECT_FALSE(b->res.already);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->fake.releases);
}

/* Each tag by itself, of those that are named; but not one, if one can't be */
TEST_F(defer, several)
{
	struct vfio_cxl_dcd_select select = { .count = 4 };
	struct dcd_bench *b = self->b;
	u64 ids[5];

	use(_metadata, b);
	OFFER(b, X(100, 1, TAG_C));
	ids[0] = id_at(b, 0);
	ids[1] = id_at(b, 2);
	ids[2] = id_at(b, 8);
	ids[3] = id_at(b, 300);
	ids[4] = id_at(b, 100);
	select.ids = ids;
	select.count = 5;
	EXPECT_EQ(-EBUSY, release_how(b, &select, VFIO_CXL_DCD_DEFER));
	EXPECT_EQ(REASON(PENDING), b->res.reason);
	select.count = 3;
	EXPECT_EQ(-EINVAL, release_how(b, &select, VFIO_CXL_DCD_DEFER));
	EXPECT_EQ(REASON(TAG_WHOLE), b->res.reason);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_FALSE(b->status.deferred);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	select.count = 4;
	EXPECT_EQ(0, release_how(b, &select, VFIO_CXL_DCD_DEFER));
	EXPECT_TRUE(b->res.deferred);
	EXPECT_FALSE(b->res.already);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_B));
	expect_waiting(_metadata, b);
}

/* Not taken back: what is to go is not given to anybody any more */
TEST_F(defer, is_not_accepted_again)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	EXPECT_EQ(-EBUSY, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(RELEASING), b->res.reason);
	EXPECT_EQ(-EBUSY, reject_tag(b, TAG_A));
	EXPECT_EQ(REASON(COMMITTED), b->res.reason);
	expect_waiting(_metadata, b);
}

/* A release that waits for nobody */
TEST_F(defer, plain_and_forced)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	EXPECT_EQ(-EBUSY, release_tag(b, TAG_A));
	EXPECT_EQ(REASON(IN_USE), b->res.reason);
	expect_waiting(_metadata, b);
	EXPECT_EQ(0, release_by(b, TAG_A, true, false));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));

	touch(b, 8);
	ASSERT_EQ(0, defer_tag(b, TAG_B));
	fake_dcd_unmap(&b->fake, &b->dcd);
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_FALSE(b->res.already);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_B));
	EXPECT_EQ(2, b->fake.releases);
}

/* A tenant may say it as well, and then it is not torn out of its hands */
TEST_F(defer, tenant)
{
	struct vfio_cxl_dcd_select select;
	struct dcd_bench *b = self->b;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	use(_metadata, b);
	select_tag(TAG_A, uuid, &select);
	select.tenant = true;
	ASSERT_EQ(0, release_how(b, &select, VFIO_CXL_DCD_DEFER));
	EXPECT_TRUE(b->res.deferred);
	expect_waiting(_metadata, b);
	EXPECT_EQ(0, release_how(b, &select, VFIO_CXL_DCD_UNUSED));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
}

TEST_F(defer, tenancy_ends)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	OFFER(b, X(100, 1, TAG_C));
	ASSERT_EQ(0, accept_as(b, TAG_C, TENANT));
	touch(b, 100);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	ASSERT_EQ(0, defer_tag(b, TAG_C));
	fake_dcd_unmap(&b->fake, &b->dcd);
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_C));
	EXPECT_EQ(REASON(TENANCY), b->status.reason);
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_C));
	EXPECT_EQ(2, b->fake.releases);
}

/* It fails as any other: kept, out of reach, and not tried again by itself */
TEST_F(defer, fails)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	fail(b, FAKE_DCD_ERROR, CXL_DC_RELEASE, 1);
	b->fake.fault_rc = 0xf;
	unmap(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(DEVICE), b->status.reason);
	EXPECT_EQ(0xf, b->status.rc);
	EXPECT_EQ(VFIO_CXL_DC_REACH_NONE, b->status.reach);
	EXPECT_FALSE(b->status.deferred);
	settle(b);
	EXPECT_EQ(0, b->fake.releases);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(reachable(b, 0));
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
}

TEST_F(defer, device_is_busy)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	fail(b, FAKE_DCD_BUSY, CXL_DC_RELEASE, 1);
	unmap(b);
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_A));
	EXPECT_FALSE(b->status.deferred);
	EXPECT_FALSE(reachable(b, 0));
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
}

/* What the device takes meanwhile is gone; what is left of it waits on */
TEST_F(defer, taken)
{
	struct dcd_bench *b = self->b;
	u64 id;

	use(_metadata, b);
	id = id_at(b, 2);
	touch(b, 8);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	ASSERT_EQ(0, defer_tag(b, TAG_B));
	fake_dcd_force(&b->fake, fake_dcd_at(2), DCD_BLOCK, TAG_A);
	fake_dcd_force(&b->fake, fake_dcd_at(8), 4 * DCD_BLOCK, TAG_B);
	drain(b);
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_B));
	EXPECT_FALSE(b->status.deferred);
	EXPECT_EQ(-ENOENT, accept_tag(b, TAG_B));
	expect_waiting(_metadata, b);
	EXPECT_EQ(STATE(REVOKED), state_of_id(b, id));
	EXPECT_FALSE(b->item.deferred);
	unmap(b);
	EXPECT_EQ(0, status_in(b, TAG_A, VFIO_CXL_DC_ALL_REGIONS));
	EXPECT_EQ(1, b->status.nr[STATE(REVOKED)]);
	EXPECT_EQ(2, b->status.nr[STATE(RELEASED)]);
	EXPECT_EQ(1, b->fake.releases);
}

/* Asked of one region, it is about what is there */
TEST_F(defer, in_a_region)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	touch(b, 0);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	fake_dcd_force(&b->fake, fake_dcd_at(300), 2 * DCD_BLOCK, TAG_A);
	drain(b);
	ASSERT_EQ(0, status_in(b, TAG_A, 1));
	EXPECT_EQ(STATE(REVOKED), b->status.state);
	EXPECT_FALSE(b->status.deferred);
	ASSERT_EQ(0, status_in(b, TAG_A, 0));
	EXPECT_EQ(STATE(COMMITTED), b->status.state);
	EXPECT_TRUE(b->status.deferred);
}

/* A reset unmaps all, and so ends each use */
TEST_F(defer, reset)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	fake_dcd_unmap(&b->fake, &b->dcd);
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
}

/* Nobody has it mapped when the driver goes: it was released by a user */
TEST_F(defer, unbind)
{
	struct dcd_bench *b = self->b;

	use(_metadata, b);
	ASSERT_EQ(0, defer_tag(b, TAG_A));
	fake_dcd_unmap(&b->fake, &b->dcd);
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	vfio_cxl_dcd_stop(&b->dcd, false);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->fake.nr_accepted);
}

TEST_HARNESS_MAIN
