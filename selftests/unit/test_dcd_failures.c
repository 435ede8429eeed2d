// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: what a device that is busy, dawdles, or says no makes of an
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

/* What was refused in the same offer stays so */
TEST_F(held, accept_a_part_when_busy_for_ever)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_B));
	fail(b, FAKE_DCD_BUSY, CXL_DC_ADD_RESPONSE, VFIO_CXL_DC_ATTEMPTS);
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	settle(b);
	EXPECT_EQ(0, b->fake.faults);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(REASON(DEVICE_BUSY), b->status.reason);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_B));
	EXPECT_TRUE(b->status.decided);
	EXPECT_NE(REASON(DEVICE_BUSY), b->status.reason);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->fake.answered);
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

/* Of two that wait to be given back, the first can't be cleared at its next turn */
static void wait_for_both(struct __test_metadata *_metadata, struct dcd_bench *b,
			  int why)
{
	hold(_metadata, b);
	b->fake.clear_fails = why;
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	fail(b, FAKE_DCD_BUSY, CXL_DC_RELEASE, 1);
	EXPECT_EQ(0, release_tag(b, TAG_B));
	EXPECT_TRUE(b->res.queued);
	later(b, 3600 * DCD_SECOND);
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_A));
	EXPECT_FALSE(reachable(b, 0));
}

/* Somebody has pinned it: that is nothing to the others, however few have a turn */
TEST_F(held, release_of_what_is_pinned)
{
	struct dcd_bench *b = self->b;

	b->dcd.limits.gives = 1;
	wait_for_both(_metadata, b, -EBUSY);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_B));
	b->fake.clear_fails = 0;
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(2, b->fake.releases);
}

/* The memory is not live: nor is that of the others */
TEST_F(held, release_while_not_live)
{
	struct dcd_bench *b = self->b;

	wait_for_both(_metadata, b, -EAGAIN);
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_B));
	EXPECT_EQ(0, b->fake.releases);
	b->fake.clear_fails = 0;
	settle(b);
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_B));
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

/* It was done, and nothing tells: nobody reaches what may be another's */
TEST_F(held, release_timed_out_for_ever)
{
	struct dcd_bench *b = self->b;
	u64 when;
	int i;

	hold(_metadata, b);
	fail(b, FAKE_DCD_LATE, 0, 1000);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	for (i = 0; i < 2 * VFIO_CXL_DC_ATTEMPTS; i++) {
		when = vfio_cxl_dcd_tick(&b->dcd);
		b->fake.now_ns = max(when, b->fake.now_ns);
	}
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->fake.releases);
	EXPECT_EQ(-EAGAIN, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(NOT_SYNCED), b->res.reason);
	EXPECT_FALSE(reachable(b, 0));
	b->fake.faults = 0;
	settle(b);
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(MISSING), b->status.reason);
	/* Of what was not, it tells that */
	fail(b, FAKE_DCD_LOST, 0, 2 * VFIO_CXL_DC_ATTEMPTS);
	EXPECT_EQ(0, release_tag(b, TAG_B));
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_TRUE(reachable(b, 8));
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

/*
 * Refused first, an empty answer hits the one that nobody knows, and what was
 * refused stands there in its place. The next one that is accepted finds that out.
 */
TEST_F(held, hidden_heads_and_a_refusal)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e;
	u32 limbo;
	int i;

	for (i = 0; i < 2; i++) {
		e = (struct fake_dcd_extent)X(100 + i, 1, 0);
		fake_dcd_offer(&b->fake, &e, 1);
	}
	b->fake.logged = 0;
	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(2, fake_dcd_nr_pending(&b->fake));
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(2, b->fake.empty);
	EXPECT_EQ(1, b->dcd.stats.recoveries);
	EXPECT_EQ(1, b->fake.nr_accepted);
	EXPECT_FALSE(reachable(b, 0));
	/* Now that no other is before them, a refusal is one */
	OFFER(b, X(2, 1, TAG_C));
	limbo = b->dcd.nr_limbo;
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(limbo, b->dcd.nr_limbo);
}

/* What the user is told, who accepts while another one stands before it still */
TEST_F(held, hidden_heads_and_an_error)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e;
	int i;

	for (i = 0; i < 2; i++) {
		e = (struct fake_dcd_extent)X(100 + i, 1, 0);
		fake_dcd_offer(&b->fake, &e, 1);
	}
	b->fake.logged = 0;
	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(-EIO, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(DEVICE), b->res.reason);
	EXPECT_EQ(b->fake.quirks & FAKE_DCD_ORDER_PA ? CXL_RC_INVALID_PA :
		  CXL_RC_INVALID_INPUT, b->res.rc);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->dcd.stats.recoveries);
	/* Neither that, nor time, makes it send an empty answer in the dark */
	settle(b);
	later(b, 3600 * DCD_SECOND);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(2, fake_dcd_nr_pending(&b->fake));
	/* It takes another offer */
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(1, b->fake.nr_accepted);
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

/*
 * What was taken may not be what was meant: the same extents may have been offered
 * again meanwhile. That offer's record is still to come, and no empty answer may
 * follow it, which would be one too many.
 */

/* The empty answer was heard, but nobody knows that */
TEST_F(held, offered_again_before_the_second_answer)
{
	const struct fake_dcd_extent again = X(0, 1, TAG_B);
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, CXL_DC_ADD_RESPONSE, 1);
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	fake_dcd_offer(&b->fake, &again, 1);
	settle(b);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(0, b->fake.nr_accepted);
	drain(b);
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	settle(b);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(0, b->dcd.nr_offers);
	/* What comes after that is as certain as ever */
	drain(b);
	OFFER(b, X(0, 1, TAG_C));
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	EXPECT_EQ(2, b->fake.empty);
}

/* An answer that failed is tried again, when another one does */
TEST_F(held, offered_again_before_limbo)
{
	const struct fake_dcd_extent again = X(0, 1, TAG_C);
	struct dcd_bench *b = self->b;
	u32 i;

	for (i = 0; i < 2; i++) {
		OFFER(b, X(i, 1, TAG_A + i));
		if (i)
			fake_dcd_offer(&b->fake, &again, 1);
		fail(b, FAKE_DCD_ERROR, CXL_DC_ADD_RESPONSE, 1);
		b->fake.fault_rc = CXL_RC_INVALID_INPUT;
		EXPECT_EQ(-EIO, accept_tag(b, TAG_A + i));
	}
	EXPECT_EQ(2, b->fake.empty);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	drain(b);
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	settle(b);
	EXPECT_EQ(2, b->fake.empty);
	EXPECT_EQ(0, b->dcd.nr_offers);
}

/* Not even its record is to come: the log had no room for it */
TEST_F(held, offered_again_in_part_of_another)
{
	const struct fake_dcd_extent again[] = { X(0, 1, TAG_B),
						 X(1, 1, TAG_B) };
	struct dcd_bench *b = self->b;
	u64 id;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, CXL_DC_ADD_RESPONSE, 1);
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	b->fake.log_size = 0;
	fake_dcd_record(&b->fake, &again[0], true);
	b->fake.log_size = 512;
	drain(b);
	fake_dcd_record(&b->fake, &again[1], false);
	drain(b);
	id = id_at(b, 1);
	EXPECT_NE(0, id);
	settle(b);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(0, reject_id(b, id));
	settle(b);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(0, b->dcd.nr_offers);
}

/* Refused once more, but by now somebody else wants the same */
TEST_F(held, offered_again_and_accepted)
{
	struct dcd_bench *b = self->b;

	RECORD(b, true, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, CXL_DC_ADD_RESPONSE, 1);
	later(b, VFIO_CXL_DC_CHAIN_NS);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(1, b->dcd.nr_offers);
	/* What is left of it */
	EVENT(b, CXL_DC_EVENT_ADD, X(1, 1, TAG_A));
	OFFER(b, X(0, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	settle(b);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(0, b->fake.releases);
	EXPECT_EQ(0, b->dcd.nr_offers);
}

/* Not certain, and with one extent twice: it is taken once, to be given back */
TEST_F(held, twice_in_an_offer)
{
	struct dcd_bench *b = self->b;

	RECORD(b, true, X(0, 1, 0));
	RECORD(b, true, X(0, 1, 0));
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	RECORD(b, false, X(0, 2, 0));
	EXPECT_EQ(0, reject_id(b, id_at(b, 0)));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(0, b->fake.nr_accepted);
	EXPECT_EQ(0, b->fake.empty);
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

TEST_HARNESS_MAIN
