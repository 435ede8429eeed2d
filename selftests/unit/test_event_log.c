// SPDX-License-Identifier: GPL-2.0-only
/*
 * Draining the Dynamic Capacity event log: each record is handed over once, in
 * order, and when it is in the log no more; whatever fails on the way, and
 * whatever the device says of its log.
 */
#include "unit.h"

#include "event_log.h"
#include "fake_mbox.h"

UNIT_RANDOM_DEFINE

#define SEEN	512

/* How a command that a test picked fails */
enum failure {
	REFUSED,	/* the device says no */
	NOT_SENT,	/* no answer, and not done */
	DONE,		/* no answer, but done */
};

struct bench {
	struct fake_mbox fake;
	struct vfio_cxl_mbox mbox;
	struct vfio_cxl_event_ops ops;
	struct vfio_cxl_event_log log;

	unsigned int commands;
	unsigned int failing;	/* which one, from 1 */
	enum failure failure;
	bool refills;		/* an event occurs whenever one is cleared */
	bool floods;		/* at the next clear, so many that one is lost */
	bool late;		/* all the time */

	/* What was handed over, by the byte that says which it was */
	u8 seen[SEEN];
	unsigned int records;
	u8 other[SEEN];
	unsigned int others;
	unsigned int overflows;
	u16 lost;
	unsigned int before;	/* records, when an overflow was reported */
	unsigned int early;	/* were still in the log */
};

static int bench_send(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	struct bench *b = ctx;
	int ret;

	b->commands++;
	cmd->out_size = 0;
	if (b->commands == b->failing && b->failure == REFUSED) {
		cmd->rc = 4;
		return -EIO;
	}
	if (b->commands == b->failing && b->failure == NOT_SENT)
		return -ETIMEDOUT;
	ret = vfio_cxl_mbox_command(&b->mbox, cmd);
	if (b->refills && cmd->opcode == CXL_OP_CLEAR_EVENTS && !ret)
		fake_mbox_event(&b->fake, true, b->fake.handle + 1);
	while (b->floods && cmd->opcode == CXL_OP_CLEAR_EVENTS) {
		fake_mbox_event(&b->fake, true, b->fake.handle + 1);
		b->floods = !b->fake.overflow_count;
	}
	/* So long no drain should be */
	if (b->commands > 1000)
		b->refills = false;
	if (b->commands == b->failing) {
		cmd->out_size = 0;
		return -ETIMEDOUT;
	}

	return ret;
}

static void handed_over(struct bench *b, const struct cxl_wire_event *event)
{
	unsigned int i;

	for (i = 0; i < b->fake.records; i++)
		b->early += !memcmp(event, b->fake.record[i], sizeof(*event));
}

static void bench_record(void *ctx, const struct cxl_wire_event *event)
{
	struct bench *b = ctx;

	handed_over(b, event);
	b->seen[b->records++ % SEEN] = event->data[0];
}

static void bench_ignored(void *ctx, const struct cxl_wire_event *event)
{
	struct bench *b = ctx;

	handed_over(b, event);
	b->other[b->others++ % SEEN] = event->data[0];
}

static void bench_overflow(void *ctx, u16 count)
{
	struct bench *b = ctx;

	b->overflows++;
	b->lost = count;
	b->before = b->records;
}

static bool bench_late(void *ctx)
{
	return ((struct bench *)ctx)->late;
}

FIXTURE(log) {
	struct bench b;
	struct fake_mbox *fake;
};

FIXTURE_VARIANT(log) {
	unsigned int order;
	unsigned int at_once;
};

FIXTURE_VARIANT_ADD(log, one_at_a_time) { 8, 1 };
FIXTURE_VARIANT_ADD(log, three) { 9, 3 };
FIXTURE_VARIANT_ADD(log, usual) { 11, 15 };
FIXTURE_VARIANT_ADD(log, more_than_is_taken) { 12, 15 };

FIXTURE_SETUP(log)
{
	struct bench *b = &self->b;

	self->fake = &b->fake;
	fake_mbox_init(&b->fake, variant->order);
	ASSERT_EQ(0, vfio_cxl_mbox_find(&b->mbox, &b->fake.io, b->fake.size));
	b->ops = (struct vfio_cxl_event_ops) {
		.send = bench_send,
		.record = bench_record,
		.ignored = bench_ignored,
		.overflow = bench_overflow,
		.late = bench_late,
		.ctx = b,
	};
	vfio_cxl_event_log_init(&b->log, &b->ops);
}

FIXTURE_TEARDOWN(log)
{
	EXPECT_EQ(0, self->fake->broken);
	EXPECT_EQ(0, self->b.early);
	fake_mbox_exit(self->fake);
	EXPECT_NO_LEAK();
}

static int drain(struct bench *b)
{
	b->commands = 0;

	return vfio_cxl_event_log_drain(&b->log);
}

/* Events @first to @last, which have to have room */
static void add(struct bench *b, unsigned int first, unsigned int last)
{
	while (first <= last)
		fake_mbox_event(&b->fake, true, first++);
}

/* Was all of 1 to @last handed over, and nothing else? */
static bool seen(const struct bench *b, unsigned int last)
{
	unsigned int i;

	if (b->records != last)
		return false;
	for (i = 0; i < last; i++)
		if (b->seen[i] != (u8)(i + 1))
			return false;

	return true;
}

TEST_F(log, empty)
{
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(1, self->b.commands);
	EXPECT_TRUE(seen(&self->b, 0));
}

TEST_F(log, drained)
{
	unsigned int n, last = 0;

	self->fake->log_size = 60;
	for (n = 1; n <= 60; n = n < 20 ? n + 1 : n + 20) {
		memset(self->b.seen, 0, sizeof(self->b.seen));
		self->b.records = 0;
		add(&self->b, 1, n);
		EXPECT_EQ(0, drain(&self->b));
		EXPECT_TRUE(seen(&self->b, n));
		EXPECT_EQ(0, self->fake->records);
		EXPECT_EQ(1 + 2 * ((n + variant->at_once - 1) /
				   variant->at_once), self->b.commands);
		last += n;
	}
	EXPECT_EQ(last, self->fake->handle);
	EXPECT_EQ(0, self->b.others);
	EXPECT_EQ(0, self->b.overflows);
}

/* All of a record comes over, not only what these tests look at */
TEST_F(log, whole)
{
	unsigned int i;

	add(&self->b, 1, 1);
	for (i = 0x30; i < FAKE_RECORD; i++)
		self->fake->record[0][i] = i - 0x2f;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 1));
	for (i = 0; i < 0x50; i++)
		EXPECT_EQ(i + 1, self->b.log.held[0].data[i]);
	EXPECT_EQ(1, le16_to_cpu(self->b.log.held[0].handle));
}

/* "More records" is not believed */
TEST_F(log, more_is_said_always)
{
	self->fake->always_more = true;
	add(&self->b, 1, 8);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(1, self->b.commands);
}

/* Each drain takes some, and holds nothing back when it ends */
TEST_F(log, is_late)
{
	unsigned int some = min(8U, variant->at_once);
	unsigned int drains = 0;

	self->b.late = true;
	add(&self->b, 1, 10);
	while (drain(&self->b) == -EAGAIN) {
		drains++;
		EXPECT_EQ(3, self->b.commands);
		EXPECT_EQ(some * drains, self->b.records);
		ASSERT_GT(10, drains);
	}
	EXPECT_EQ((8 - 1) / some, drains);
	EXPECT_TRUE(seen(&self->b, 8));
	EXPECT_EQ(1, self->b.overflows);
}

TEST_F(log, other_kinds)
{
	add(&self->b, 1, 2);
	fake_mbox_event(self->fake, false, 100);
	add(&self->b, 3, 3);
	fake_mbox_event(self->fake, false, 101);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 3));
	EXPECT_EQ(2, self->b.others);
	EXPECT_EQ(100, self->b.other[0]);
	EXPECT_EQ(101, self->b.other[1]);
	EXPECT_EQ(0, self->fake->records);
}

/*
 * Overflows
 */

TEST_F(log, overflow)
{
	unsigned int n = min(8U, variant->at_once);

	add(&self->b, 1, 10);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
	EXPECT_EQ(1, self->b.overflows);
	EXPECT_EQ(2, self->b.lost);
	/* After the records that were read with it */
	EXPECT_EQ(n, self->b.before);

	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(1, self->b.overflows);
	/* Another one, that looks the same on a device without time */
	self->b.records = 0;
	add(&self->b, 1, 10);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
	EXPECT_EQ(2, self->b.overflows);
}

/* Between two reads, one that looks as the one before it */
TEST_F(log, overflow_in_a_drain)
{
	self->b.floods = true;
	add(&self->b, 1, 9);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8 + min(8U, variant->at_once)));
	EXPECT_EQ(2, self->b.overflows);
	EXPECT_EQ(1, self->b.lost);
}

/* Each read shows it until the log is empty */
TEST_F(log, overflow_once)
{
	self->fake->overflow_stays = true;
	self->fake->clock = 1000;
	add(&self->b, 1, 11);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
	EXPECT_EQ(1, self->b.overflows);
	EXPECT_EQ(3, self->b.lost);
	self->b.records = 0;
	add(&self->b, 1, 11);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(2, self->b.overflows);
}

/* While the last one is still shown, by its count or its time */
TEST_F(log, overflow_anew)
{
	self->fake->overflow_stays = true;
	self->fake->overflow_count = 3;
	self->fake->overflow_last = 5;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(1, self->b.overflows);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(1, self->b.overflows);
	self->fake->overflow_last = 6;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(2, self->b.overflows);
	self->fake->overflow_count = 4;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(3, self->b.overflows);
	self->fake->overflow_count = 0;
	EXPECT_EQ(0, drain(&self->b));
	self->fake->overflow_count = 4;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(4, self->b.overflows);
	EXPECT_EQ(4, self->b.lost);
}

/* It is not forgotten when the drain that saw it fails */
TEST_F(log, overflow_of_a_drain_that_fails)
{
	add(&self->b, 1, 9);
	self->b.failing = 2;
	EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_EQ(0, self->b.overflows);
	self->b.failing = 0;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
	EXPECT_EQ(1, self->b.overflows);
	EXPECT_EQ(1, self->b.lost);
	EXPECT_EQ(min(8U, variant->at_once), self->b.before);
}

/*
 * What the device says of its log
 */

TEST_F(log, count_that_is_a_lie)
{
	self->fake->count_claimed = 0xffff;
	EXPECT_EQ(-EIO, drain(&self->b));
	add(&self->b, 1, 2);
	/* What there is comes, and then it is none */
	EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_EQ(0, self->fake->records);
	self->fake->count_claimed = 0;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 2));

	self->b.records = 0;
	add(&self->b, 1, 8);
	self->fake->count_claimed = 1;
	self->b.failing = 7;
	EXPECT_EQ(-EIO, drain(&self->b));
	self->fake->count_claimed = 0;
	self->b.failing = 0;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
}

TEST_F(log, length_that_is_a_lie)
{
	add(&self->b, 1, 1);
	self->fake->claims = true;
	for (self->fake->claim = 0; self->fake->claim < 0x20 + FAKE_RECORD;
	     self->fake->claim++)
		EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_EQ(1, self->fake->records);
	/* A record and a part of one */
	self->fake->claims = false;
	self->fake->records = 0;
	add(&self->b, 1, 2);
	self->fake->claims = true;
	self->fake->claim = 0x20 + 2 * FAKE_RECORD - 1;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 2));
}

TEST_F(log, handle_0)
{
	add(&self->b, 1, 5);
	memset(self->fake->record[3] + 0x14, 0, 2);
	/* Those before it are fine */
	EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_EQ(2, self->fake->records);
	EXPECT_TRUE(seen(&self->b, 3));
	EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_EQ(1, self->b.commands);
	self->fake->record[0][0x14] = 4;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 5));
}

/* It says that it cleared them, and shows them again */
TEST_F(log, not_cleared)
{
	add(&self->b, 1, 8);
	self->fake->keeps = 1000;
	EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_LE(self->b.commands, 8);
	EXPECT_EQ(-EIO, drain(&self->b));
	EXPECT_LE(self->b.commands, 8);
	EXPECT_TRUE(seen(&self->b, 0));
	self->fake->keeps = 1;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
}

TEST_F(log, cleared_in_part)
{
	self->fake->clears_one = 1000;
	add(&self->b, 1, 8);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 8));
}

/* Not two events, but one that was not cleared, as far as anyone can tell */
TEST_F(log, same_handle_again)
{
	add(&self->b, 1, 1);
	self->b.failing = 3;
	EXPECT_EQ(-EIO, drain(&self->b));
	self->b.failing = 0;
	self->fake->handle = 0;
	add(&self->b, 1, 1);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 1));
	/* When the log was seen empty in between, it is another one */
	self->fake->handle = 0;
	add(&self->b, 1, 1);
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_EQ(2, self->b.records);
}

TEST_F(log, without_end)
{
	unsigned int drains;

	self->b.refills = true;
	add(&self->b, 1, 1);
	EXPECT_EQ(-EAGAIN, drain(&self->b));
	EXPECT_EQ(128, self->b.commands);
	for (drains = 0; drains < 3; drains++)
		EXPECT_EQ(-EAGAIN, drain(&self->b));
	self->b.refills = false;
	EXPECT_EQ(0, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 4 * 64 + 1));
}

/*
 * Commands that fail: each of them, in each way
 */

TEST_F(log, failing)
{
	enum failure failure;
	unsigned int n;
	int ret;

	for (failure = REFUSED; failure <= DONE; failure++) {
		for (n = 1; ; n++) {
			self->b.records = 0;
			self->b.failing = n;
			self->b.failure = failure;
			add(&self->b, 1, 8);
			ret = drain(&self->b);
			self->b.failing = 0;
			if (!ret)
				break;
			EXPECT_EQ(failure == REFUSED ? -EIO : -ETIMEDOUT, ret);
			EXPECT_EQ(0, drain(&self->b));
			EXPECT_TRUE(seen(&self->b, 8))
				TH_LOG("failure %u of command %u", failure, n);
		}
		EXPECT_TRUE(seen(&self->b, 8));
		EXPECT_EQ(2 + 2 * ((8 + variant->at_once - 1) /
				   variant->at_once), n);
	}
}

TEST_F(log, gone)
{
	add(&self->b, 1, 2);
	self->fake->gone_after = self->fake->reads + 20;
	EXPECT_EQ(-ENODEV, drain(&self->b));
	EXPECT_TRUE(seen(&self->b, 0));
}

/*
 * All of it at random: what got into the log comes out of it, once, in order
 */

static void random_step(struct bench *b, unsigned int *next)
{
	unsigned int n = unit_random_below(10);

	while (n--) {
		/* What is lost has no number */
		if (b->fake.records == b->fake.log_size)
			fake_mbox_event(&b->fake, true, 0);
		else
			fake_mbox_event(&b->fake, true, ++*next);
	}
	if (!unit_random_below(3))
		b->fake.keeps = unit_random_below(3);
	if (!unit_random_below(3))
		b->fake.clears_one = unit_random_below(3);
	b->failing = unit_random_below(12);
	b->failure = unit_random_below(3);
	b->fake.count_claimed = unit_random_below(4) ? 0 :
				unit_random_below(20);
}

TEST_F(log, at_random)
{
	unsigned int step, i, next = 0, before, lost = 0;
	struct bench *b = &self->b;

	unit_random_start();
	for (step = 0; step < 20000 / UNIT_SLOWER; step++) {
		unit_random.step = step;
		b->fake.log_size = 1 + unit_random_below(20);
		if (b->fake.log_size < b->fake.records)
			b->fake.log_size = b->fake.records;
		before = b->records;
		random_step(b, &next);
		lost += !!b->fake.overflow_count;
		drain(b);
		if (!unit_random_below(4)) {
			b->fake.keeps = 0;
			b->fake.count_claimed = 0;
			b->failing = 0;
			ASSERT_EQ(0, drain(b))
				UNIT_LOG_SEED();
			ASSERT_EQ(next, b->records)
				UNIT_LOG_SEED();
		}
		ASSERT_LE(b->records, next)
			UNIT_LOG_SEED();
		for (i = before; i < b->records; i++)
			ASSERT_EQ((u8)(i + 1), b->seen[i % SEEN])
				UNIT_LOG_SEED();
	}
	/* Both did happen */
	EXPECT_GE(next, UNIT_LEAST(1000));
	EXPECT_GE(b->overflows, UNIT_LEAST(100));
	EXPECT_GE(lost, UNIT_LEAST(100));
}

TEST_HARNESS_MAIN
