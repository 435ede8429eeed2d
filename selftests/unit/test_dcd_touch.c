// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: touched for the first time while it is being released. Users
 * don't wait for commands: whenever that happens, either they get it, and it is in
 * use, or it goes. The fake device dies if it is taken from them.
 */
#include "dcd_bench.h"

UNIT_RANDOM_DEFINE

static void touch_make(struct dcd_bench *b)
{
	b->fake.regions = 2;
}

DCD_FIXTURE(touch)

/* A user who touches block 2 at one of the points at which another CPU could */
static struct {
	u32 wait;
	bool came;
	bool got;
} user;

static void come(struct fake_dcd *fake)
{
	if (user.came || user.wait--)
		return;
	user.came = true;
	user.got = touch(container_of(fake, struct dcd_bench, fake), 2);
}

static void expect_user(struct dcd_bench *b, u32 wait)
{
	user.wait = wait;
	user.came = false;
	user.got = false;
	b->fake.unlocked = come;
}

static void hold(struct __test_metadata *_metadata, struct dcd_bench *b)
{
	OFFER(b, X(0, 1, TAG_A), X(2, 1, TAG_A));
	ASSERT_EQ(0, accept_tag(b, TAG_A));
}

/* Nobody has it any more */
static void end(struct __test_metadata *_metadata, struct dcd_bench *b)
{
	b->fake.unlocked = NULL;
	unmap(b);
	ASSERT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
}

TEST_F(touch, while_it_is_released)
{
	struct dcd_bench *b = self->b;
	u32 wait = 0, kept = 0, gone = 0;

	do {
		hold(_metadata, b);
		expect_user(b, wait++);
		ASSERT_EQ(release_tag(b, TAG_A), user.got ? -EBUSY : 0);
		b->fake.unlocked = NULL;
		EXPECT_EQ(user.got ? STATE(COMMITTED) : STATE(RELEASED),
			  state_of(b, TAG_A));
		EXPECT_EQ(user.got, touch(b, 2));
		kept += user.got;
		gone += user.came && !user.got;
		end(_metadata, b);
	} while (user.came);
	EXPECT_LT(0, kept);
	EXPECT_LT(2, gone);
}

TEST_F(touch, while_it_is_released_for_later)
{
	struct dcd_bench *b = self->b;
	u32 wait = 0, kept = 0, gone = 0;

	do {
		hold(_metadata, b);
		expect_user(b, wait++);
		ASSERT_EQ(0, defer_tag(b, TAG_A));
		b->fake.unlocked = NULL;
		EXPECT_EQ(user.got, b->res.deferred);
		EXPECT_EQ(user.got, touch(b, 2));
		kept += user.got;
		gone += user.came && !user.got;
		end(_metadata, b);
	} while (user.came);
	EXPECT_LT(0, kept);
	EXPECT_LT(2, gone);
}

/* It was released for later, and the work has just found that nobody has it */
TEST_F(touch, while_what_was_deferred_goes)
{
	struct dcd_bench *b = self->b;
	u32 wait = 0, kept = 0, gone = 0;

	do {
		hold(_metadata, b);
		EXPECT_TRUE(touch(b, 0));
		ASSERT_EQ(0, defer_tag(b, TAG_A));
		EXPECT_TRUE(touch(b, 2));
		fake_dcd_unmap(&b->fake, &b->dcd);
		expect_user(b, wait++);
		vfio_cxl_dcd_tick(&b->dcd);
		b->fake.unlocked = NULL;
		EXPECT_EQ(user.got ? STATE(COMMITTED) : STATE(RELEASED),
			  state_of(b, TAG_A));
		kept += user.got;
		gone += user.came && !user.got;
		end(_metadata, b);
	} while (user.came);
	EXPECT_LT(0, kept);
	EXPECT_LT(2, gone);
}

/* All that is named, or nothing: what stays can be touched as before */
TEST_F(touch, one_of_two_tags_is_in_use)
{
	struct dcd_bench *b = self->b;
	u64 ids[3];

	hold(_metadata, b);
	OFFER(b, X(8, 1, TAG_B));
	ASSERT_EQ(0, accept_tag(b, TAG_B));
	ids[0] = id_at(b, 0);
	ids[1] = id_at(b, 2);
	ids[2] = id_at(b, 8);
	EXPECT_TRUE(touch(b, 8));
	EXPECT_EQ(-EBUSY, release_ids(b, ids, 3));
	EXPECT_EQ(REASON(IN_USE), b->res.reason);
	EXPECT_TRUE(touch(b, 2));
	EXPECT_EQ(-EBUSY, release_ids(b, ids, 2));
	unmap(b);
	EXPECT_EQ(0, release_ids(b, ids, 3));
	EXPECT_FALSE(touch(b, 2));
	EXPECT_FALSE(touch(b, 8));
}

/* What the device did not take back can be accepted, and touched, again */
TEST_F(touch, after_a_release_that_failed)
{
	struct dcd_bench *b = self->b;

	hold(_metadata, b);
	fail(b, FAKE_DCD_ERROR, CXL_DC_RELEASE, 1);
	b->fake.fault_rc = 0x02;
	EXPECT_EQ(-EIO, release_tag(b, TAG_A));
	EXPECT_FALSE(touch(b, 2));
	ASSERT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(touch(b, 2));
}

/* Released once more while the device is busy: there is nothing to close */
TEST_F(touch, after_a_second_release)
{
	static const enum vfio_cxl_dcd_how how[] = {
		VFIO_CXL_DCD_UNUSED,
		VFIO_CXL_DCD_DEFER,
	};
	struct vfio_cxl_dcd_select select;
	struct dcd_bench *b = self->b;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];
	unsigned int i;

	select_tag(TAG_A, uuid, &select);
	for (i = 0; i < ARRAY_SIZE(how); i++) {
		hold(_metadata, b);
		fail(b, FAKE_DCD_BUSY, CXL_DC_RELEASE, 2);
		ASSERT_EQ(0, release_tag(b, TAG_A));
		EXPECT_TRUE(b->res.queued);
		ASSERT_EQ(0, release_how(b, &select, how[i]));
		EXPECT_TRUE(b->res.queued);
		fail(b, FAKE_DCD_ERROR, CXL_DC_RELEASE, 1);
		b->fake.fault_rc = 0x02;
		later(b, 60 * DCD_SECOND);
		ASSERT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
		ASSERT_EQ(0, accept_tag(b, TAG_A));
		EXPECT_TRUE(touch(b, 2));
		end(_metadata, b);
	}
}

static u32 kind_at(struct dcd_bench *b, u64 back)
{
	return b->fake.change[(b->fake.changes - back) % DCD_CHANGES].kind;
}

static void hold_app(struct __test_metadata *_metadata, struct dcd_bench *b)
{
	OFFER(b, X(0, 1, TAG_A), X(2, 1, TAG_A));
	ASSERT_EQ(0, accept_as(b, TAG_A, APP));
}

/* Whether the region is mapped says nothing of a tag that descriptors have */
TEST_F(touch, by_descriptors)
{
	struct dcd_bench *b = self->b;
	u64 use;

	hold_app(_metadata, b);
	EXPECT_TRUE(touch(b, 2));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_TRUE(b->status.in_use);
	use = b->fake.uses;
	b->fake.uses++;
	EXPECT_EQ(-EBUSY, release_tag(b, TAG_A));
	EXPECT_EQ(REASON(IN_USE), b->res.reason);
	b->fake.uses = use;
	b->fake.mapped = false;
	EXPECT_EQ(-EBUSY, release_tag(b, TAG_A));
	fake_dcd_unmap(&b->fake, &b->dcd);
	b->fake.mapped = true;
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_FALSE(b->status.in_use);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
}

/* And what descriptors do says nothing of a tag that the region has */
TEST_F(touch, by_descriptors_of_another_tag)
{
	struct dcd_bench *b = self->b;

	hold_app(_metadata, b);
	OFFER(b, X(8, 1, TAG_B));
	ASSERT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_TRUE(touch(b, 2));
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_EQ(-EBUSY, release_tag(b, TAG_A));
}

TEST_F(touch, descriptors_are_told_first)
{
	struct dcd_bench *b = self->b;

	hold_app(_metadata, b);
	EXPECT_TRUE(touch(b, 2));
	EXPECT_EQ(0, defer_tag(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_REQUEST, last_change(b)->kind);
	EXPECT_EQ(2 * DCD_BLOCK, last_change(b)->length);
	unmap(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	hold_app(_metadata, b);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_LEAVE, kind_at(b, 3));
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_STATE, kind_at(b, 2));
	/* The device takes one of two, and the other is released */
	hold_app(_metadata, b);
	fake_dcd_force(&b->fake, fake_dcd_at(0), DCD_BLOCK, TAG_A);
	drain(b);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_LEAVE, kind_at(b, 2));
	EXPECT_EQ(STATE(REVOKED), last_change(b)->state);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_LEAVE, kind_at(b, 3));
	EXPECT_EQ(DCD_BLOCK, b->fake.change[(b->fake.changes - 3) %
					    DCD_CHANGES].length);
}

/* What is found beside a tag that lives has its name, and is not a part of it */
TEST_F(touch, descriptors_of_what_is_left)
{
	static const u8 none[VFIO_CXL_DC_TAG_LEN];
	struct dcd_bench *b = self->b;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];
	u64 id;

	OFFER(b, X(0, 2, TAG_A), X(4, 2, TAG_A));
	ASSERT_EQ(0, accept_as(b, TAG_A, APP));
	EXPECT_EQ(4 * DCD_BLOCK,
		  vfio_cxl_dcd_tag_bytes(b->fake.at[4]));
	fake_dcd_force(&b->fake, fake_dcd_at(0), DCD_BLOCK, TAG_A);
	drain(b);
	settle(b);
	id = id_at(b, 1);
	ASSERT_EQ(0, accept_ids(b, &id, 1, APP));
	fake_dcd_tag(TAG_A, uuid);
	EXPECT_EQ(0, memcmp(vfio_cxl_dcd_tag(b->fake.at[4]), uuid,
			    sizeof(uuid)));
	EXPECT_EQ(0, memcmp(vfio_cxl_dcd_tag(b->fake.at[1]), none,
			    sizeof(none)));
	EXPECT_EQ(2 * DCD_BLOCK, vfio_cxl_dcd_tag_bytes(b->fake.at[4]));
	EXPECT_EQ(DCD_BLOCK, vfio_cxl_dcd_tag_bytes(b->fake.at[1]));
}

TEST_HARNESS_MAIN
