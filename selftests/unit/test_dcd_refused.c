// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: what is offered and can't be taken. It makes no sense, its tag
 * lives already, or decoder 0 doesn't decode it.
 */
#include "dcd_bench.h"

UNIT_RANDOM_DEFINE

static void offers_make(struct dcd_bench *b)
{
	/* A log that is as short as the emulators' */
	b->fake.log_size = 8;
	b->fake.sharable = 0;
}

DCD_FIXTURE(offers)

static void expect_bad(struct __test_metadata *_metadata, struct dcd_bench *b,
		       u32 reason)
{
	u64 empty = b->fake.empty;

	/* A good one with it can be had nevertheless */
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(reason, b->status.reason);
	EXPECT_EQ(-ENOENT, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(empty, b->fake.empty);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
}

TEST_F(offers, empty_extent)
{
	OFFER(self->b, X(0, 0, TAG_A), X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(LENGTH));
}

TEST_F(offers, wraps)
{
	OFFER(self->b, { -DCD_BLOCK, 2 * DCD_BLOCK, TAG_A, 0 },
	      X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(LENGTH));
}

TEST_F(offers, misaligned_length)
{
	OFFER(self->b, { DCD_BASE, DCD_BLOCK + 4096, TAG_A, 0 },
	      X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(ALIGN));
}

TEST_F(offers, misaligned_base)
{
	OFFER(self->b, { DCD_BASE + DCD_MIB, DCD_BLOCK, TAG_A, 0 },
	      X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(ALIGN));
}

TEST_F(offers, below_the_regions)
{
	OFFER(self->b, { DCD_BASE - DCD_BLOCK, DCD_BLOCK, TAG_A, 0 },
	      X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(REGION));
}

TEST_F(offers, across_regions)
{
	OFFER(self->b, X(255, 2, TAG_A), X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(REGION));
}

TEST_F(offers, behind_the_regions)
{
	OFFER(self->b, X(511, 2, TAG_A), X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(REGION));
}

TEST_F(offers, overlaps_itself)
{
	OFFER(self->b, X(8, 2, TAG_B), X(9, 2, TAG_A));
	expect_bad(_metadata, self->b, REASON(OVERLAP));
}

TEST_F(offers, overlaps_what_is_held)
{
	OFFER(self->b, X(4, 4, TAG_C));
	EXPECT_EQ(0, accept_tag(self->b, TAG_C));
	OFFER(self->b, X(7, 2, TAG_A), X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(OVERLAP));
}

TEST_F(offers, overlaps_another_offer)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(4, 4, TAG_C));
	OFFER(b, X(5, 1, TAG_A), X(8, 1, TAG_B));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(OVERLAP), b->status.reason);
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_C));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
}

/* A bad extent takes its tag with it */
TEST_F(offers, one_bad_extent_of_a_tag)
{
	OFFER(self->b, X(0, 1, TAG_A), X(8, 1, TAG_B), X(3, 0, TAG_A));
	expect_bad(_metadata, self->b, REASON(LENGTH));
	EXPECT_EQ(2, self->b->status.nr[STATE(COMMITTED)] + 1);
}

TEST_F(offers, sequence_without_sharing)
{
	OFFER(self->b, XS(0, TAG_A, 1), X(8, 1, TAG_B));
	expect_bad(_metadata, self->b, REASON(SEQUENCE));
}

/* Alone in its offer, what can't be taken is refused at once */
TEST_F(offers, bad_offer)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 0, 0));
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(1, b->fake.empty);
}

/*
 * Tags that live already
 */

TEST_F(offers, tag_is_held)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	/* In another region, and in two extents */
	OFFER(b, X(300, 1, TAG_A), X(8, 1, TAG_B), X(301, 1, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(DCD_BLOCK, b->status.bytes[STATE(COMMITTED)]);
	EXPECT_EQ(0, b->status.nr[STATE(REJECTED)]);
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(2, b->fake.nr_accepted);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
}

TEST_F(offers, tag_is_offered)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_A));
	EXPECT_EQ(DCD_BLOCK, last_change(b)->length);
	EXPECT_EQ(STATE(REJECTED), last_change(b)->state);
	EXPECT_EQ(REASON(TAG_LIVE), last_change(b)->reason);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(1, b->fake.nr_accepted);
	EXPECT_EQ(2, b->fake.answered);
}

/* It was given back between two records of the offer: half of that is no tag */
TEST_F(offers, tag_is_held_by_half)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	RECORD(b, true, X(1, 1, TAG_A));
	EXPECT_EQ(0, release_tag(b, TAG_A));
	RECORD(b, false, X(2, 1, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(2 * DCD_BLOCK, last_change(b)->length);
	EXPECT_EQ(STATE(REJECTED), last_change(b)->state);
	EXPECT_EQ(1, b->fake.empty);
}

TEST_F(offers, tag_lives_elsewhere)
{
	struct dcd_bench *b = self->b;

	b->fake.live_elsewhere = TAG_A;
	OFFER(b, X(0, 1, TAG_A), X(8, 1, TAG_B));
	expect_bad(_metadata, b, REASON(TAG_LIVE));
}

/* It came to life elsewhere after it was offered here */
TEST_F(offers, tag_lives_elsewhere_later)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	b->fake.live_elsewhere = TAG_A;
	EXPECT_EQ(-EBUSY, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(TAG_LIVE), b->res.reason);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	b->fake.live_elsewhere = TAG_B;
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
	EXPECT_EQ(REASON(TAG_LIVE), b->status.reason);
	EXPECT_EQ(1, b->fake.empty);
}

TEST_F(offers, tag_comes_again)
{
	struct dcd_bench *b = self->b;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];
	int i;

	fake_dcd_tag(TAG_A, uuid);
	for (i = 0; i < 3; i++) {
		OFFER(b, X(i, 1, TAG_A));
		EXPECT_TRUE(vfio_cxl_dcd_tag_live(&b->dcd, uuid));
		EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
		EXPECT_EQ(0, b->status.nr[STATE(RELEASED)]);
		EXPECT_EQ(0, accept_tag(b, TAG_A));
		EXPECT_TRUE(vfio_cxl_dcd_tag_live(&b->dcd, uuid));
		EXPECT_EQ(0, release_tag(b, TAG_A));
		EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
		EXPECT_EQ(1, b->status.nr[STATE(RELEASED)]);
		EXPECT_FALSE(vfio_cxl_dcd_tag_live(&b->dcd, uuid));
	}
}

/*
 * What decoder 0 does not decode
 */

TEST_F(offers, not_covered)
{
	struct dcd_bench *b = self->b;

	b->fake.covered_to = fake_dcd_at(4);
	OFFER(b, X(3, 2, TAG_A));
	EXPECT_EQ(-EOPNOTSUPP, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(NOT_COVERED), b->res.reason);
	EXPECT_EQ(0, b->fake.answered);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	b->fake.covered_to = fake_dcd_at(5);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(reachable(b, 4));
}

/* The decoder became smaller after it was accepted, before the device was told */
TEST_F(offers, not_covered_any_more)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(3, 2, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_TRUE(b->res.queued);
	b->fake.covered_to = fake_dcd_at(4);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
	EXPECT_EQ(REASON(NOT_COVERED), b->status.reason);
	EXPECT_EQ(1, b->fake.nr_accepted);
}

TEST_HARNESS_MAIN
