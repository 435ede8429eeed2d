// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: how much the engine bears. Small mailboxes, sharable regions,
 * its own limits, as many extents as may be, and memory that is not there.
 */
#include "dcd_bench.h"

UNIT_RANDOM_DEFINE

/*
 * Small mailboxes, other sizes
 */

static void small_make(struct dcd_bench *b)
{
	b->fake.limits.payload = 256;
	b->fake.regions = 8;
	b->fake.region_blocks = 128;
}

DCD_FIXTURE(small)

/* 5 regions, 6 extents and 10 entries fit */
TEST_F(small, payload)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e[11];
	int i, nr;

	EXPECT_EQ(8, b->dcd.config.count);
	EXPECT_EQ(DCD_BASE + 7 * 128 * DCD_BLOCK,
		  b->dcd.config.region[7].base);
	for (nr = 10; nr <= 11; nr++) {
		for (i = 0; i < nr; i++)
			e[i] = (struct fake_dcd_extent)X(100 * nr + i, 1, nr);
		e[9].dpa = fake_dcd_at(5);
		fake_dcd_offer(&b->fake, e, nr);
		drain(b);
	}
	EXPECT_EQ(0, accept_tag(b, 10));
	EXPECT_EQ(REASON(LIMIT), state_of(b, 11) ? b->status.reason : 0);
	EXPECT_EQ(10, b->fake.nr_accepted);
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, 10));
	if (knows_tags(b)) {
		/* Found again, a tag may be larger than a command */
		EXPECT_EQ(0, release_tag(b, 10));
		b->fake.accepted[0] =
			(struct fake_dcd_extent)X(0, 12, TAG_A);
		for (i = 0; i < 12; i++) {
			b->fake.block[i] = FAKE_BLOCK_ACCEPTED;
			b->fake.accepted[i] =
				(struct fake_dcd_extent)X(i, 1, TAG_A);
		}
		b->fake.nr_accepted = 12;
		rebind(b);
		EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
		EXPECT_EQ(0, release_tag(b, TAG_A));
		EXPECT_EQ(12, b->status.nr[STATE(COMMITTED)]);
		EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
		EXPECT_EQ(3, b->fake.releases);
	}
}

TEST_F(small, payload_is_none)
{
	struct vfio_cxl_dcd_limits limits = { .payload = 128 };
	static struct vfio_cxl_dcd dcd;

	EXPECT_EQ(-EINVAL, vfio_cxl_dcd_init(&dcd, &self->b->fake.ops,
					     &self->b->fake, &limits));
	vfio_cxl_dcd_destroy(&dcd);
}

/*
 * Sharable regions
 */

static void sharable_make(struct dcd_bench *b)
{
	b->fake.sharable = 1 << 1;
}

DCD_FIXTURE(sharable)

static int sequence(struct dcd_bench *b, u16 x, u16 y, u16 z)
{
	static u32 tag = 0x5000;
	int state;

	tag++;
	OFFER(b, XS(256, tag, x), XS(257, tag, y), XS(258, tag, z));
	state = state_of(b, tag);
	reject_tag(b, tag);

	return state;
}

TEST_F(sharable, sequences)
{
	struct dcd_bench *b = self->b;

	EXPECT_TRUE(b->dcd.config.region[1].sharable);
	EXPECT_FALSE(b->dcd.config.region[0].sharable);
	EXPECT_EQ(STATE(PENDING), sequence(b, 0, 1, 2));
	EXPECT_EQ(STATE(PENDING), sequence(b, 1, 2, 3));
	EXPECT_EQ(STATE(PENDING), sequence(b, 2, 0, 1));
	EXPECT_EQ(STATE(PENDING), sequence(b, 3, 2, 1));
	EXPECT_EQ(STATE(REJECTED), sequence(b, 0, 0, 0));
	EXPECT_EQ(REASON(SEQUENCE), b->status.reason);
	EXPECT_EQ(STATE(REJECTED), sequence(b, 0, 1, 3));
	EXPECT_EQ(STATE(REJECTED), sequence(b, 1, 2, 2));
	EXPECT_EQ(STATE(REJECTED), sequence(b, 0, 2, 2));
	EXPECT_EQ(STATE(REJECTED), sequence(b, 2, 3, 4));
	EXPECT_EQ(STATE(REJECTED), sequence(b, 65535, 0, 1));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
}

TEST_F(sharable, no_tag)
{
	struct dcd_bench *b = self->b;

	OFFER(b, XS(256, 0, 0));
	EXPECT_EQ(STATE(REJECTED), last_change(b)->state);
	EXPECT_EQ(REASON(TAG_NULL), last_change(b)->reason);
	EXPECT_EQ(1, b->fake.empty);
}

/*
 * Limits
 */

static void limits_make(struct dcd_bench *b)
{
	b->fake.limits.extents = 8;
	b->fake.limits.offers = 3;
	b->fake.limits.tombstones = 2;
}

DCD_FIXTURE(limits)

TEST_F(limits, extents)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_A), X(2, 1, TAG_A),
	      X(3, 1, TAG_A), X(4, 1, TAG_A));
	OFFER(b, X(5, 1, TAG_B), X(6, 1, TAG_B), X(7, 1, TAG_B),
	      X(8, 1, TAG_B));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
	EXPECT_EQ(REASON(LIMIT), b->status.reason);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(5, b->dcd.nr_extents);
	OFFER(b, X(5, 1, TAG_B), X(6, 1, TAG_B), X(7, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(8, b->fake.nr_accepted);
}

/* More offers than are kept: those behind are refused, each once, in their turn */
TEST_F(limits, offers)
{
	struct dcd_bench *b = self->b;
	int i;

	for (i = 0; i < 7; i++)
		OFFER(b, X(i, 1, 0x100 + i));
	RECORD(b, true, X(7, 1, 0x107));
	EXPECT_EQ(0, b->fake.answered);
	EXPECT_EQ(0, accept_tag(b, 0x100));
	EXPECT_EQ(0, accept_tag(b, 0x101));
	EXPECT_EQ(2, b->fake.answered);
	EXPECT_EQ(0, accept_tag(b, 0x102));
	EXPECT_EQ(7, b->fake.answered);
	EXPECT_EQ(4, b->fake.empty);
	/* It is the last one's turn, and it is not complete */
	RECORD(b, false, X(8, 1, 0x108));
	EXPECT_EQ(8, b->fake.answered);
	EXPECT_EQ(5, b->dcd.stats.limited);
	EXPECT_EQ(8, b->dcd.stats.answers);
	OFFER(b, X(9, 1, 0x109));
	EXPECT_EQ(0, accept_tag(b, 0x109));
	EXPECT_EQ(4, b->fake.nr_accepted);
}

/* The last of them is never complete */
TEST_F(limits, offers_time_out)
{
	struct dcd_bench *b = self->b;
	int i;

	for (i = 0; i < 5; i++)
		OFFER(b, X(i, 1, 0x100 + i));
	RECORD(b, true, X(7, 1, 0x107));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, reject_tag(b, 0x100 + i));
	EXPECT_EQ(5, b->fake.answered);
	settle(b);
	EXPECT_EQ(6, b->fake.answered);
	EXPECT_EQ(6, b->fake.empty);
}

TEST_F(limits, tombstones)
{
	struct dcd_bench *b = self->b;
	int i;

	for (i = 0; i < 4; i++) {
		OFFER(b, X(0, 1, 0x100 + i));
		EXPECT_EQ(0, accept_tag(b, 0x100 + i));
		EXPECT_EQ(0, release_tag(b, 0x100 + i));
	}
	EXPECT_EQ(-ENOENT, state_of(b, 0x101));
	EXPECT_EQ(STATE(RELEASED), state_of(b, 0x102));
	EXPECT_EQ(STATE(RELEASED), state_of(b, 0x103));
	EXPECT_EQ(2, b->dcd.nr_tombs);
	EXPECT_EQ(2, b->dcd.nr[STATE(RELEASED)]);
	EXPECT_EQ(0, b->dcd.nr_extents);
}

TEST_F(limits, list)
{
	struct dcd_bench *b = self->b;
	int i;

	for (i = 0; i < 9; i++) {
		b->fake.accepted[i] = (struct fake_dcd_extent)X(i, 1, 0);
		b->fake.block[i] = FAKE_BLOCK_ACCEPTED;
	}
	b->fake.nr_accepted = 8;
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(8, b->dcd.nr[STATE(COMMITTED)]);
	b->fake.nr_accepted = 9;
	EXPECT_EQ(-ENOSPC, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(8, b->dcd.nr[STATE(COMMITTED)]);
}

/*
 * As many as may be
 */

#ifdef __KERNEL__
/*
 * The device compares each extent with all that it has, which takes an emulated CPU
 * with KASAN minutes. Here it is enough that there are several commands and pages of
 * the list; how it scales the program sees.
 */
#define MANY	1024U
#else
#define MANY	65536U
#endif

TEST(many_extents)
{
	struct dcd_bench *b = calloc(1, sizeof(*b));
	u32 i;

	ASSERT_NE(0, !!b);
	fake_dcd_init(&b->fake, 0);
	b->fake.regions = 1;
	b->fake.region_blocks = MANY + 128;
	b->fake.supported = MANY + 1;
	b->fake.limits.extents = MANY;
	fake_dcd_make(&b->fake);
	ASSERT_EQ(0, start_engine(b));
	hold_many(b, MANY, 64);
	EXPECT_EQ(MANY, b->fake.nr_accepted);
	EXPECT_EQ(MANY, b->dcd.nr[STATE(COMMITTED)]);
	OFFER(b, X(MANY, 1, TAG_A));
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_OFFER, last_change(b)->kind);
	EXPECT_EQ(REASON(LIMIT), last_change(b)->reason);
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(MANY, b->dcd.nr[STATE(COMMITTED)]);
	for (i = 0; i < MANY; i += MANY / 8) {
		EXPECT_EQ(STATE(COMMITTED), state_of(b, 0x1000 + i));
		EXPECT_EQ(64, b->status.nr[STATE(COMMITTED)]);
		EXPECT_EQ(0, release_tag(b, 0x1000 + i));
	}
	EXPECT_EQ(MANY - 8 * 64, b->fake.nr_accepted);
	stop_engine(b);
	fake_dcd_free(&b->fake);
	free(b);
	EXPECT_NO_LEAK();
}

/*
 * No memory, at each step
 */

static void sweep_run(struct __test_metadata *_metadata, struct dcd_bench *b,
		      u32 nth)
{
	int i;

	b->fake.alloc_fails = nth;
	OFFER(b, XS(256, TAG_A, 0), X(0, 1, TAG_B), XS(257, TAG_A, 1));
	OFFER(b, X(1, 1, TAG_C), X(2, 1, 0));
	accept_tag(b, TAG_A);
	accept_tag(b, TAG_B);
	accept_tag(b, TAG_C);
	if (id_at(b, 2))
		accept_id(b, id_at(b, 2));
	vfio_cxl_dcd_reset(&b->dcd);
	if (state_of(b, TAG_C) == STATE(COMMITTED))
		release_tag(b, TAG_C);
	b->fake.alloc_fails = 0;

	/* What is left can be decided, and then each offer has had one answer */
	reject_tag(b, TAG_A);
	reject_tag(b, TAG_B);
	reject_tag(b, TAG_C);
	if (id_at(b, 2))
		reject_id(b, id_at(b, 2));
	settle(b);
	EXPECT_EQ(2, b->fake.answered)
		TH_LOG("allocation %u", nth);
	EXPECT_EQ(0, b->dcd.nr_offers);
	EXPECT_EQ(b->fake.nr_accepted, b->dcd.nr[STATE(COMMITTED)]);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(reachable(b, i), fake_dcd_has(&b->fake, fake_dcd_at(i),
							DCD_BLOCK,
							FAKE_BLOCK_ACCEPTED));
}

TEST(no_memory_at_each_step)
{
	struct dcd_bench *b = calloc(1, sizeof(*b));
	u64 first = 0, nth;

	ASSERT_NE(0, !!b);
	for (nth = 0; nth <= first; nth++) {
		memset(b, 0, sizeof(*b));
		fake_dcd_init(&b->fake, 0);
		b->fake.sharable = 1 << 1;
		fake_dcd_make(&b->fake);
		ASSERT_EQ(0, start_engine(b));
		sweep_run(_metadata, b, nth);
		/* Of the run in which none fails */
		if (!nth)
			first = b->fake.allocs + 6;
		stop_engine(b);
		fake_dcd_free(&b->fake);
	}
	EXPECT_GE(nth, 15);
	free(b);
	EXPECT_NO_LEAK();
}

TEST(no_memory_to_begin_with)
{
	struct dcd_bench *b = calloc(1, sizeof(*b));
	u32 nth;

	ASSERT_NE(0, !!b);
	fake_dcd_init(&b->fake, 0);
	fake_dcd_make(&b->fake);
	for (nth = 1; nth <= 2; nth++) {
		b->fake.alloc_fails = nth;
		EXPECT_EQ(-ENOMEM, start_engine(b));
		vfio_cxl_dcd_destroy(&b->dcd);
	}
	b->fake.alloc_fails = 0;
	EXPECT_EQ(0, start_engine(b));
	vfio_cxl_dcd_destroy(&b->dcd);
	fake_dcd_free(&b->fake);
	free(b);
	EXPECT_NO_LEAK();
}

/* Not even one for an offer, and then no end of them: each gets its answer */
TEST(no_memory_for_offers)
{
	struct dcd_bench *b = calloc(1, sizeof(*b));
	int i;

	ASSERT_NE(0, !!b);
	fake_dcd_init(&b->fake, 0);
	fake_dcd_make(&b->fake);
	ASSERT_EQ(0, start_engine(b));
	OFFER(b, X(0, 1, TAG_A));
	for (i = 1; i < 6; i++) {
		b->fake.alloc_fails = 1;
		OFFER(b, X(i, 1, 0x100 + i));
	}
	OFFER(b, X(10, 1, TAG_B));
	EXPECT_EQ(0, b->fake.answered);
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(7, b->fake.answered);
	EXPECT_EQ(5, b->fake.empty);
	EXPECT_EQ(2, b->fake.nr_accepted);
	EXPECT_EQ(0, b->fake.refused_cmds);
	stop_engine(b);
	fake_dcd_free(&b->fake);
	free(b);
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
