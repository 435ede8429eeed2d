// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: offers and answers. Each test is run with a device as the
 * specification has it, and with what two emulators make of that; each of them
 * checks each command, and dies of one that is against the rules.
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

/* Nothing is offered: nothing is said to the device, least of all an empty answer */
TEST_F(offers, no_offer_no_answer)
{
	struct dcd_bench *b = self->b;
	u64 commands = b->fake.commands;

	EXPECT_EQ(-ENOENT, accept_tag(b, TAG_A));
	EXPECT_EQ(-ENOENT, reject_tag(b, TAG_A));
	EXPECT_EQ(-ENOENT, release_tag(b, TAG_A));
	EXPECT_EQ(-ENOENT, accept_id(b, 17));
	EXPECT_EQ(-ENOENT, reject_id(b, 17));
	EXPECT_EQ(-ENOENT, state_of(b, TAG_A));
	settle(b);
	EXPECT_EQ(commands, b->fake.commands);
}

TEST_F(offers, null_tag_selects_nothing)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, 0));
	EXPECT_EQ(-EINVAL, accept_tag(b, 0));
	EXPECT_EQ(-EINVAL, reject_tag(b, 0));
	EXPECT_EQ(-EINVAL, release_tag(b, 0));
	EXPECT_EQ(-EINVAL, state_of(b, 0));
	EXPECT_EQ(1, fake_dcd_nr_pending(&b->fake));
}

TEST_F(offers, accept)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(4, 2, TAG_A));
	ASSERT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(STATE(PENDING), last_change(b)->state);
	EXPECT_EQ(3 * DCD_BLOCK, last_change(b)->length);
	EXPECT_FALSE(reachable(b, 0));
	ASSERT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_FALSE(b->res.already);
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(2, b->status.nr[STATE(COMMITTED)]);
	EXPECT_EQ(3 * DCD_BLOCK, b->status.bytes[STATE(COMMITTED)]);
	EXPECT_EQ(b->fake.now_ns, b->status.since_ns[STATE(COMMITTED)]);
	EXPECT_EQ(STATE(COMMITTED), last_change(b)->state);
	EXPECT_EQ(0, last_change(b)->extent);
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_TRUE(reachable(b, 5));
	EXPECT_FALSE(reachable(b, 1));
	EXPECT_EQ(2, b->fake.nr_accepted);

	/* What is so already is success */
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.already);
	EXPECT_EQ(-EBUSY, accept_as(b, TAG_A, APP));
	EXPECT_EQ(REASON(REACH), b->res.reason);
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(-EBUSY, reject_tag(b, TAG_A));
	EXPECT_EQ(REASON(COMMITTED), b->res.reason);
	EXPECT_EQ(-EINVAL, accept_as(b, TAG_A, VFIO_CXL_DC_REACH_NONE));
}

TEST_F(offers, reject)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	ASSERT_EQ(0, reject_tag(b, TAG_A));
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(REFUSED), b->status.reason);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	EXPECT_TRUE(b->res.already);
	EXPECT_EQ(-ENOENT, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(REFUSED), b->res.reason);
	EXPECT_EQ(-ENOENT, release_tag(b, TAG_A));
	EXPECT_EQ(1, b->fake.answered);
}

/* The user may answer in any order, the device gets them in its own */
TEST_F(offers, second_first)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	OFFER(b, X(2, 1, TAG_C));
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_C));
	EXPECT_TRUE(b->status.decided);
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(STATE(ACCEPTING), state_of(b, TAG_B));
	EXPECT_EQ(0, b->fake.answered + b->fake.refused_cmds);
	EXPECT_FALSE(reachable(b, 1));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(3, b->fake.answered);
	EXPECT_EQ(0, b->fake.refused_cmds);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_C));
}

/* Two tags in one offer get one answer, when both are decided */
TEST_F(offers, two_tags_one_answer)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_B), X(2, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(0, b->fake.answered);
	/* It is decided: neither asked again, nor otherwise */
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(-EBUSY, reject_tag(b, TAG_A));
	EXPECT_EQ(REASON(DECIDED), b->res.reason);
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(0, b->fake.empty);
	EXPECT_EQ(2, b->fake.nr_accepted);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
}

/* Reject of one, queued; then it can't be accepted any more */
TEST_F(offers, accept_after_reject)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_B));
	EXPECT_EQ(0, reject_tag(b, TAG_A));
	EXPECT_EQ(-EBUSY, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(DECIDED), b->res.reason);
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	EXPECT_EQ(1, b->fake.empty);
}

TEST_F(offers, by_offer_id)
{
	struct dcd_bench *b = self->b;
	struct vfio_cxl_dcd_select select = {};

	OFFER(b, X(0, 1, TAG_A), X(1, 1, 0), X(2, 1, TAG_B));
	ASSERT_EQ(STATE(PENDING), state_of(b, TAG_A));
	select.offer = b->status.offer;
	EXPECT_EQ(0, vfio_cxl_dcd_accept(&b->dcd, &select, DEVICE, &b->res));
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(3, b->fake.nr_accepted);
	EXPECT_EQ(0, release_select(b, &select, false));
	EXPECT_EQ(0, b->fake.nr_accepted);
	EXPECT_EQ(0, release_select(b, &select, false));
	EXPECT_TRUE(b->res.already);
	select.offer = 4711;
	EXPECT_EQ(-ENOENT, vfio_cxl_dcd_reject(&b->dcd, &select, &b->res));
}

/* One extent of a tag refused: the whole tag is; one accepted: not possible */
TEST_F(offers, a_tag_is_whole)
{
	struct dcd_bench *b = self->b;
	u64 ids[3];

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_A));
	ids[0] = id_at(b, 0);
	ids[1] = id_at(b, 1);
	EXPECT_EQ(-EINVAL, accept_id(b, ids[0]));
	EXPECT_EQ(REASON(TAG_WHOLE), b->res.reason);
	ids[2] = ids[0];
	EXPECT_EQ(-EINVAL, accept_ids(b, ids, 3, DEVICE));
	EXPECT_EQ(0, reject_id(b, ids[0]));
	EXPECT_EQ(STATE(REJECTED), state_of_id(b, ids[1]));
	EXPECT_EQ(1, b->fake.empty);

	OFFER(b, X(0, 1, TAG_B), X(1, 1, TAG_B));
	ids[0] = id_at(b, 0);
	ids[1] = id_at(b, 1);
	EXPECT_EQ(0, accept_ids(b, ids, 2, DEVICE));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(-EINVAL, release_id(b, ids[1]));
	EXPECT_EQ(REASON(TAG_WHOLE), b->res.reason);
	EXPECT_EQ(0, release_ids(b, ids, 2));
}

/* All that is named is checked before any of it is decided */
TEST_F(offers, all_or_nothing_of_a_call)
{
	struct dcd_bench *b = self->b;
	u64 ids[2];

	OFFER(b, X(0, 1, 0), X(1, 1, 0));
	ids[0] = id_at(b, 0);
	ids[1] = 4711;
	EXPECT_EQ(-ENOENT, accept_ids(b, ids, 2, DEVICE));
	EXPECT_EQ(STATE(PENDING), state_of_id(b, ids[0]));
	EXPECT_EQ(-EINVAL, accept_ids(b, ids, 0, DEVICE));
	b->fake.covered_to = fake_dcd_at(1);
	ids[1] = id_at(b, 1);
	EXPECT_EQ(-EOPNOTSUPP, accept_ids(b, ids, 2, DEVICE));
	EXPECT_EQ(STATE(PENDING), state_of_id(b, ids[0]));
	EXPECT_EQ(0, b->fake.answered);
}

/* Extents without a tag stand each alone */
TEST_F(offers, untagged_by_id)
{
	struct dcd_bench *b = self->b;
	u64 first, second;

	OFFER(b, X(0, 1, 0));
	OFFER(b, X(1, 1, 0), X(2, 1, 0));
	first = id_at(b, 1);
	second = id_at(b, 2);
	EXPECT_NE(first, second);
	EXPECT_EQ(0, accept_id(b, id_at(b, 0)));
	EXPECT_EQ(id_at(b, 0), last_change(b)->extent);
	EXPECT_EQ(0, reject_id(b, first));
	EXPECT_EQ(0, accept_id(b, second));
	EXPECT_EQ(2, b->fake.nr_accepted);
	EXPECT_EQ(STATE(REJECTED), state_of_id(b, first));
	EXPECT_EQ(0, release_id(b, second));
	/* Gone is not unknown, without a tag too */
	EXPECT_EQ(STATE(RELEASED), state_of_id(b, second));
	EXPECT_EQ(0, release_id(b, second));
	EXPECT_TRUE(b->res.already);
	EXPECT_EQ(0, id_at(b, 2));
}

/*
 * Offers in several records
 */

TEST_F(offers, chain)
{
	struct dcd_bench *b = self->b;

	RECORD(b, true, X(0, 1, TAG_A));
	EXPECT_EQ(-EAGAIN, state_of(b, TAG_A));
	EXPECT_EQ(-EAGAIN, accept_tag(b, TAG_A));
	EXPECT_EQ(REASON(COLLECTING), b->res.reason);
	EXPECT_EQ(-EAGAIN, reject_tag(b, TAG_A));
	EXPECT_EQ(0, id_at(b, 0));
	later(b, 19 * DCD_SECOND);
	RECORD(b, true, X(1, 1, TAG_B));
	later(b, 19 * DCD_SECOND);
	RECORD(b, false, X(2, 1, TAG_A));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(2, b->status.nr[STATE(PENDING)]);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(3, b->fake.nr_accepted);
}

/* After 20 s the offer is refused, once, and what comes of it then is swallowed */
TEST_F(offers, chain_times_out)
{
	struct dcd_bench *b = self->b;
	u64 when;

	RECORD(b, true, X(0, 1, TAG_A));
	when = later(b, 0);
	EXPECT_EQ(b->fake.now_ns + 20 * DCD_SECOND, when);
	later(b, 20 * DCD_SECOND - 1);
	EXPECT_EQ(0, b->fake.answered);
	later(b, 1);
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(TIMEOUT), b->status.reason);
	EXPECT_EQ(1, count_changes(b, VFIO_CXL_DC_CHANGE_OFFER));
	EXPECT_EQ(1, b->dcd.stats.damaged);

	/* The device writes the rest, for which it waits no more */
	EVENT(b, CXL_DC_EVENT_ADD, X(1, 1, TAG_A));
	EXPECT_EQ(1, b->dcd.stats.late);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	settle(b);
	EXPECT_EQ(1, b->fake.answered);
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(0, b->fake.refused_cmds);
}

/* Behind others that wait for the user it waits too */
TEST_F(offers, chain_times_out_in_its_turn)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(4, 1, TAG_B));
	RECORD(b, true, X(0, 1, TAG_A));
	later(b, 21 * DCD_SECOND);
	EXPECT_EQ(0, b->fake.answered);
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(2, b->fake.answered);
	EXPECT_EQ(1, b->fake.empty);
}

/* A record that makes no sense: all of the offer is refused, at its end */
TEST_F(offers, bad_record)
{
	struct dcd_bench *b = self->b;
	const struct fake_dcd_extent e = X(1, 1, TAG_A);

	RECORD(b, true, X(0, 1, TAG_A));
	fake_dcd_record(&b->fake, &e, true);
	b->fake.log[0].length = 0x40;
	drain(b);
	EXPECT_EQ(0, b->fake.answered);
	RECORD(b, false, X(2, 1, TAG_B));
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(DAMAGED), b->status.reason);
	EXPECT_EQ(-ENOENT, state_of(b, TAG_B));
}

/* Ten extents, a log of eight: the end of the offer is lost */
TEST_F(offers, overflow)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e[10];
	int i;

	for (i = 0; i < 10; i++)
		e[i] = (struct fake_dcd_extent)X(i, 1, TAG_A);
	fake_dcd_offer(&b->fake, e, 10);
	drain(b);
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(OVERFLOW), b->status.reason);
	EXPECT_EQ(1, count_changes(b, VFIO_CXL_DC_CHANGE_OVERFLOW));

	/* The next one may be what was left of it, but isn't */
	OFFER(b, X(20, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	OFFER(b, X(21, 1, TAG_C));
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	EXPECT_EQ(2, b->fake.empty);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
}

/* If it is: no empty answer, which would be one too many */
TEST_F(offers, overflow_and_a_tail)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e[9];
	int i;

	for (i = 0; i < 9; i++)
		e[i] = (struct fake_dcd_extent)X(i, 1, TAG_A);
	fake_dcd_offer(&b->fake, e, 9);
	drain(b);
	EXPECT_EQ(1, b->fake.empty);
	EVENT(b, CXL_DC_EVENT_ADD, X(9, 1, TAG_B));
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	EXPECT_EQ(1, b->fake.answered);
	EVENT(b, CXL_DC_EVENT_ADD, X(9, 1, TAG_C));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_C));
	/* This one is no doubt of a new offer; but the device lost it since */
	vfio_cxl_dcd_reset(&b->dcd);
	EXPECT_EQ(-EIO, accept_tag(b, TAG_C));
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(1, b->fake.empty);
}

/* An offer that came with an overflow can only be refused by taking it */
TEST_F(offers, refused_by_taking)
{
	struct dcd_bench *b = self->b;
	struct fake_dcd_extent e[9];
	int i;

	for (i = 0; i < 9; i++)
		e[i] = (struct fake_dcd_extent)X(i, 1, TAG_A);
	fake_dcd_offer(&b->fake, e, 9);
	drain(b);
	OFFER(b, X(20, 1, TAG_B));
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(2, b->fake.answered);
	EXPECT_EQ(1, b->fake.releases);
	EXPECT_EQ(0, b->fake.nr_accepted);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
}

/* Too many for an answer */
TEST_F(offers, too_many_for_an_answer)
{
	struct dcd_bench *b = self->b;
	static struct fake_dcd_extent e[86];
	int i, nr;

	b->fake.log_size = 100;
	for (nr = 85; nr <= 86; nr++) {
		for (i = 0; i < nr; i++)
			e[i] = (struct fake_dcd_extent)X(nr + i, 1, nr);
		fake_dcd_offer(&b->fake, e, nr);
		drain(b);
	}
	EXPECT_EQ(0, accept_tag(b, 85));
	EXPECT_EQ(85, b->fake.nr_accepted);
	EXPECT_EQ(STATE(REJECTED), state_of(b, 86));
	EXPECT_EQ(REASON(LIMIT), b->status.reason);
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	EXPECT_EQ(1, b->dcd.stats.limited);
}

/*
 * Deadlines
 */

TEST_F(offers, deadline)
{
	struct dcd_bench *b = self->b;
	u64 when, deadline;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_B));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(VFIO_CXL_DC_NEVER, b->status.deadline_ns);
	EXPECT_EQ(VFIO_CXL_DC_NEVER, later(b, 1000 * DCD_SECOND));
	deadline = b->fake.now_ns + DCD_SECOND;
	EXPECT_EQ(-ENOENT, vfio_cxl_dcd_deadline(&b->dcd, 4711, deadline));
	EXPECT_EQ(0, vfio_cxl_dcd_deadline(&b->dcd, b->status.offer, deadline));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	when = later(b, DCD_SECOND - 1);
	EXPECT_EQ(deadline, when);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(deadline, b->status.deadline_ns);
	later(b, 1);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(DEADLINE), b->status.reason);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->fake.answered);
}

TEST_F(offers, deadline_for_all)
{
	struct dcd_bench *b = self->b;

	b->dcd.limits.deadline_ns = 5 * DCD_SECOND;
	OFFER(b, X(0, 1, TAG_A));
	later(b, 4 * DCD_SECOND);
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	later(b, DCD_SECOND);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
}

/*
 * Other records
 */

TEST_F(offers, other_records)
{
	struct dcd_bench *b = self->b;
	u64 commands = b->fake.commands;
	const struct fake_dcd_extent e = X(0, 1, TAG_A);

	EVENT(b, 4, X(0, 1, TAG_A));
	EVENT(b, 5, X(0, 1, TAG_A));
	EVENT(b, 6, X(0, 1, TAG_A));
	EVENT(b, 255, X(0, 1, TAG_A));
	fake_dcd_event(&b->fake, CXL_DC_EVENT_ADD, &e);
	b->fake.log[0].uuid[15] ^= 1;
	drain(b);
	EXPECT_EQ(5, b->dcd.stats.ignored);
	fake_dcd_event(&b->fake, CXL_DC_EVENT_FORCED_RELEASE, &e);
	b->fake.log[0].length = 0x7f;
	drain(b);
	EXPECT_EQ(1, b->dcd.stats.odd);
	EXPECT_EQ(commands, b->fake.commands);
	EXPECT_EQ(-ENOENT, state_of(b, TAG_A));
}

/* What another CPU may see while an offer is taken in: none of it, or all */
static unsigned int parts;

static void look_for_parts(struct fake_dcd *fake)
{
	struct dcd_bench *b = container_of(fake, struct dcd_bench, fake);
	struct vfio_cxl_dcd_item item[4];
	struct vfio_cxl_dcd_page page = { .item = item, .room = 4 };
	int state = state_of(b, TAG_A);

	vfio_cxl_dcd_list(&b->dcd, &page);
	if (page.count && page.count != 3)
		parts++;
	if (state == STATE(PENDING) && page.count != 3)
		parts++;
}

TEST_F(offers, appear_whole)
{
	struct dcd_bench *b = self->b;

	parts = 0;
	b->fake.unlocked = look_for_parts;
	OFFER(b, X(0, 1, TAG_A), X(2, 1, TAG_A), X(4, 1, TAG_A));
	b->fake.unlocked = NULL;
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_A));
	EXPECT_EQ(0, parts);
}

/* The driver goes: what is complete is refused, in order, and nothing twice */
TEST_F(offers, unbind)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B), X(2, 1, 0));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	RECORD(b, true, X(3, 1, TAG_C));
	vfio_cxl_dcd_stop(&b->dcd, false);
	EXPECT_EQ(2, b->fake.answered);
	EXPECT_EQ(2, b->fake.empty);
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(REJECTED), state_of(b, TAG_B));
	EXPECT_EQ(REASON(UNBOUND), b->status.reason);
	EXPECT_EQ(1, fake_dcd_nr_pending(&b->fake));
}

TEST_HARNESS_MAIN
