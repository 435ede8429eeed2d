// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that lies in its event log: offers that can't be, requests for what
 * nobody has, records without end. What is held stays as it is, each offer gets its
 * answer, and none that was not made. The last word of each scenario is the check
 * that it proves.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "model_dc.h"

#define HONEST	"mbox honest + endless off + room 64"
/* The tag that is held, and the one that is about to be offered */
#define HELD	"11111111-1111-1111-1111-111111111111"
#define TAG	"22222222-2222-2222-2222-222222222222"
#define NO_RECORD	500	/* ms, in which there are several looks at the log */

static struct tag tag_of(const char *text)
{
	struct tag tag;

	strcpy(tag.text, text);
	memset(tag.bytes, 0x11 * (text[0] - '0'), sizeof(tag.bytes));

	return tag;
}

/* The first block of region 0 is held, and mapped */
struct bench {
	struct dc dc;
	struct tag held;
	struct tag tag;
	char *memory;
	unsigned long syncs;
};

static int bench_begin(struct bench *b)
{
	struct vfio_cxl_dc_info info;
	int ret = model_begin(&b->dc, "");

	if (ret)
		return ret;
	b->held = tag_of(HELD);
	b->tag = tag_of(TAG);
	if (!model_take(&b->dc, REGION_0, BLOCK, &b->held))
		return 10;
	b->memory = model_map(&b->dc, REGION_0, BLOCK);
	if (b->memory == MAP_FAILED || touch(b->memory, true))
		return 11;
	b->memory[0] = 0x35;
	if (dc_info(b->dc.node, &info))
		return 12;
	b->syncs = info.syncs;

	return 0;
}

static void bench_end(struct bench *b)
{
	model_end(&b->dc);
}

/* What is held is so still, and nothing was asked of it */
static const char *bench_broken(struct bench *b)
{
	struct vfio_cxl_dc_status status;

	if (dc_status(b->dc.node, &b->held, &status) ||
	    status.state != VFIO_CXL_DC_COMMITTED)
		return "it is not held any more";
	if (status.requests)
		return "it is asked for";
	if (touch(b->memory + 64, true) || b->memory[0] != 0x35)
		return "its memory is not there";

	return NULL;
}

/* ---- offers that can't be: refused, for this reason, and no other ---- */

FIXTURE(offer) {
	struct bench b;
};

FIXTURE_VARIANT(offer) {
	enum vfio_cxl_reason reason;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(offer)
{
	ASSERT_EQ(0, bench_begin(&self->b));
}

FIXTURE_TEARDOWN(offer)
{
	bench_end(&self->b);
}

TEST_F(offer, is_refused)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does(variant->commands));
	EXPECT_TRUE(dc_becomes(dc->node, &b->tag, VFIO_CXL_DC_REJECTED, SOON))
		TH_LOG("proves: %s", variant->proves);
	ASSERT_EQ(0, dc_status(dc->node, &b->tag, &dc->status));
	EXPECT_EQ(variant->reason, dc->status.reason)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(-1, dc_accept(dc->user.device, &b->tag,
				VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(model_has(1, 0)) TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	EXPECT_TRUE(model_works(dc));
}

#define REFUSED(name, which, ...)					\
	FIXTURE_VARIANT_ADD(offer, name) {				\
		VFIO_CXL_REASON_DC_##which, __VA_ARGS__			\
	}

REFUSED(of_nothing, LENGTH, "offer 0x40400000 0 " TAG, "dc_misplaced: !len");
REFUSED(wraps, LENGTH, "offer 0xffffffffffe00000 0x400000 " TAG,
	"dc_misplaced: check_add_overflow");
REFUSED(wraps_from_inside, LENGTH, "offer 0x40200000 0xffffffffffe00000 " TAG,
	"dc_misplaced: check_add_overflow");
REFUSED(in_no_region, REGION, "offer 0x80000000 0x200000 " TAG,
	"dc_misplaced: dc_region_of");
REFUSED(of_static_memory, REGION, "offer 0x10000000 0x200000 " TAG,
	"dc_region_of: base");
REFUSED(from_static_memory_on, REGION, "offer 0x3fe00000 0x400000 " TAG,
	"dc_region_of: base");
REFUSED(over_two_regions, REGION, "offer 0x4fe00000 0x400000 " TAG,
	"dc_region_of: len - (dpa - base)");
REFUSED(over_the_end, REGION, "offer 0x5fe00000 0x400000 " TAG,
	"dc_region_of: len - (dpa - base)");
REFUSED(longer_than_its_region, REGION, "offer 0x50000000 0x20000000 " TAG,
	"dc_region_of: len");
REFUSED(begins_in_a_block, ALIGN, "offer 0x40500000 0x200000 " TAG,
	"dc_misplaced: IS_ALIGNED dpa");
REFUSED(ends_in_a_block, ALIGN, "offer 0x40400000 0x100000 " TAG,
	"dc_misplaced: IS_ALIGNED len");
REFUSED(of_what_is_held, OVERLAP, "offer 0x40000000 0x200000 " TAG,
	"dc_misplaced: dc_any_at held");
REFUSED(over_what_is_held, OVERLAP, "offer 0x40000000 0x400000 " TAG,
	"dc_misplaced: dc_any_at held");
REFUSED(twice_the_same, OVERLAP, "offer 0x40400000 0x200000 " TAG " 0 more + "
	"offer 0x40400000 0x200000 " TAG, "check_extent: is_offered");
REFUSED(over_itself, OVERLAP, "offer 0x40400000 0x400000 " TAG " 0 more + "
	"offer 0x40600000 0x200000 " TAG, "check_extent: is_offered");
REFUSED(in_a_row_where_nothing_is_shared, SEQUENCE,
	"offer 0x40400000 0x200000 " TAG " 1", "check_extent: sequence");
REFUSED(half_of_it_in_no_region, REGION, "offer 0x40400000 0x200000 " TAG
	" 0 more + offer 0x80000000 0x200000 " TAG, "complete: group->reason");

/* ---- offers that are about others ---- */

FIXTURE(other) {
	struct bench b;
};

FIXTURE_SETUP(other)
{
	ASSERT_EQ(0, bench_begin(&self->b));
}

FIXTURE_TEARDOWN(other)
{
	bench_end(&self->b);
}

/* A tag that lives, in another region: it gets no part of that */
TEST_F(other, tag_lives)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("offer 0x50000000 0x200000 " HELD));
	EXPECT_TRUE(counts(dc, answers, 2));
	ASSERT_EQ(0, dc_status(dc->node, &b->held, &dc->status));
	EXPECT_EQ(1, dc->status.nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(0, dc->status.nr[VFIO_CXL_DC_PENDING])
		TH_LOG("proves: group_for: lives");
	EXPECT_TRUE(model_has(1, 0));
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	EXPECT_TRUE(model_works(dc));
}

/* What is offered already is offered again: the first one is, and once */
TEST_F(other, offered_again)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;
	struct tag first = tag_new();

	ASSERT_TRUE(model_offer(REGION_1, BLOCK, &first));
	ASSERT_TRUE(dc_becomes(dc->node, &first, VFIO_CXL_DC_PENDING, SOON));
	ASSERT_TRUE(device_does("offer 0x50000000 0x200000 " TAG));
	EXPECT_TRUE(dc_becomes(dc->node, &b->tag, VFIO_CXL_DC_REJECTED, SOON))
		TH_LOG("proves: check_extent: is_offered");
	EXPECT_TRUE(model_has(1, 2));
	EXPECT_EQ(0, dc_accept(dc->user.device, &first, VFIO_CXL_DC_REACH_TENANT,
			       &dc->answer));
	EXPECT_TRUE(within(SOON, model_has(2, 0)));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc_state(dc->node, &first));
	EXPECT_TRUE(model_works(dc));
}

/* More, and more, and no end: as much as fits an answer is kept, and no more */
TEST_F(other, more_without_end)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("endless 0 0x50000000 0x200000 " TAG " 0 more"));
	EXPECT_TRUE(within(SOON, !dc_info(dc->node, &info) &&
			   model_count("command ") > 400));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(1, info.open_offers);
	EXPECT_EQ(0, info.nr[VFIO_CXL_DC_PENDING]);
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	/* And what ends it is heard: all of it is refused, once */
	ASSERT_TRUE(device_does("endless off + offer 0x5ea00000 0x200000 " TAG));
	EXPECT_TRUE(counts(dc, damaged, 1));
	EXPECT_TRUE(counts(dc, limited, 1))
		TH_LOG("proves: collect: max_entries");
	EXPECT_TRUE(model_has(1, 0));
	EXPECT_TRUE(model_works(dc));
}

/* Asked back what nobody took, and what is not there at all: nothing is sent */
TEST_F(other, asked_for_what_nobody_has)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("withdraw 0x50000000 0x200000 " TAG " + "
				"withdraw 0x80000000 0x200000 - + event 9 0 0 -"));
	EXPECT_TRUE(counts(dc, ignored, 1));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(b->syncs, info.syncs) TH_LOG("proves: dc_asked: listed");
	EXPECT_TRUE(model_has(1, 0));
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	EXPECT_TRUE(model_works(dc));
}

/* What only the device knows of: that was lost on the way, and goes back at once */
TEST_F(other, asked_for_what_it_lists)
{
	struct bench *b = &self->b;

	ASSERT_TRUE(device_does("hold 0x50000000 0x200000 - + "
				"withdraw 0x50000000 0x200000 -"));
	EXPECT_TRUE(within(SOON, model_has(1, 0)))
		TH_LOG("proves: dc_asked: dc_send");
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	EXPECT_TRUE(model_works(&b->dc));
}

/* By another tag, or in part: the user is told, and it stays */
TEST_F(other, asked_for_a_part)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("withdraw 0x40000000 0x100000 " TAG));
	ASSERT_TRUE(within(SOON, !dc_status(dc->node, &b->held, &dc->status) &&
			   dc->status.requests));
	EXPECT_NE(0, dc->status.flags & VFIO_CXL_DC_STATUS_MISMATCH)
		TH_LOG("proves: ask: odd");
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc->status.state);
	EXPECT_EQ(0, touch(b->memory, true));
	EXPECT_TRUE(model_has(1, 0));
	EXPECT_TRUE(model_works(dc));
}

/* All of it and what is beside it is taken by force: nothing of it is reachable */
TEST_F(other, forced_over_everything)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("lose 0x40000000 0x200000 + "
				"event 2 0 0x7fffffffffffffff -"));
	ASSERT_TRUE(dc_becomes(dc->node, &b->held, VFIO_CXL_DC_REVOKED, SOON));
	EXPECT_EQ(SIGBUS, touch(b->memory, true))
		TH_LOG("proves: dc_revoke: dc_unpublish");
	EXPECT_TRUE(counts(dc, revoked, 1));
	EXPECT_TRUE(model_has(0, 0));
	EXPECT_TRUE(model_works(dc));
}

/* By force, but its list has it still: found again, and nobody's */
TEST_F(other, forced_and_listed)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("event 2 0x40000000 0x200000 " HELD));
	ASSERT_TRUE(within(SOON, !dc_info(dc->node, &info) &&
			   info.syncs > b->syncs))
		TH_LOG("proves: revoke_range: resync");
	EXPECT_EQ(1, info.revoked);
	EXPECT_EQ(1, info.nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(SIGBUS, touch(b->memory, true))
		TH_LOG("proves: add_found: reach");
	EXPECT_TRUE(model_works(dc));
}

/* Its regions make no sense any more: what is held is held, until they do */
TEST_F(other, regions_change_to_nonsense)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("mbox patch 0x4800 0x20 0x300000 8 + "
				"event 3 0 0 -"));
	ASSERT_TRUE(within(SOON, !dc_info(dc->node, &info) &&
			   !(info.flags & VFIO_CXL_DC_INFO_SYNCED)));
	EXPECT_EQ(2, info.region_count);
	EXPECT_EQ(BLOCK, info.region[0].block_size)
		TH_LOG("proves: refresh: config");
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	ASSERT_TRUE(device_does(HONEST));
	EXPECT_TRUE(dc_settles(dc->node, SOON));
	EXPECT_TRUE(model_works(dc));
}

/* ---- records that tell nothing: counted, and that is all ---- */

FIXTURE(record) {
	struct bench b;
};

FIXTURE_VARIANT(record) {
	size_t counter;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(record)
{
	ASSERT_EQ(0, bench_begin(&self->b));
}

FIXTURE_TEARDOWN(record)
{
	bench_end(&self->b);
}

TEST_F(record, is_counted)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does(variant->commands));
	EXPECT_TRUE(stat_becomes(dc->node, variant->counter, 1))
		TH_LOG("proves: %s", variant->proves);
	ASSERT_TRUE(device_does(HONEST));
	EXPECT_TRUE(within(SOON, model_has(1, 0)))
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(VFIO_CXL_DC_NONE, dc_state(dc->node, &b->tag));
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	EXPECT_TRUE(model_works(dc));
}

#define COUNTED(name, which, ...)					\
	FIXTURE_VARIANT_ADD(record, name) {				\
		offsetof(struct vfio_cxl_dc_info, which), __VA_ARGS__	\
	}

COUNTED(of_an_unknown_type, ignored, "event 9 0x40000000 0x200000 " HELD,
	"vfio_cxl_dcd_event: type");
COUNTED(of_a_fabric_managers_type, ignored, "event 5 0x40000000 0x200000 " HELD,
	"vfio_cxl_dcd_event: type");
COUNTED(of_another_kind, ignored, "mbox patch 0x100 0x20 0 + "
	"event 2 0x40000000 0x200000 " HELD, "vfio_cxl_dcd_event: uuid");
COUNTED(offer_of_another_length, damaged, "mbox patch 0x100 0x30 0x40 + "
	"offer 0x40400000 0x200000 " TAG, "collect: length");
COUNTED(request_of_another_length, odd, "mbox patch 0x100 0x30 0x40 + "
	"event 1 0x40000000 0x200000 " HELD, "vfio_cxl_dcd_event: odd");
COUNTED(force_of_another_length, odd, "mbox patch 0x100 0x30 0x40 + "
	"event 2 0x40000000 0x200000 " HELD, "vfio_cxl_dcd_event: odd");
COUNTED(request_for_nothing, odd, "event 1 0x40000000 0 " HELD, "range_of: len");
COUNTED(request_that_wraps, odd, "event 1 0xffffffffffe00000 0x400000 -",
	"range_of: check_add_overflow");
COUNTED(force_of_nothing, odd, "event 2 0x40000000 0 " HELD, "range_of: len");
COUNTED(force_that_wraps, odd, "event 2 0x40000000 0xffffffffffe00000 " HELD,
	"range_of: check_add_overflow");

/* ---- a log that lies: nothing is lost of it, nor heard twice ---- */

FIXTURE(log) {
	struct bench b;
};

FIXTURE_VARIANT(log) {
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(log)
{
	ASSERT_EQ(0, bench_begin(&self->b));
}

FIXTURE_TEARDOWN(log)
{
	bench_end(&self->b);
}

TEST_F(log, is_heard_once_it_behaves)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;
	unsigned long commands;
	long since;

	ASSERT_TRUE(device_does(variant->commands));
	commands = model_count("command ");
	since = elapsed_ms(0);
	ASSERT_TRUE(device_does("offer 0x40400000 0x200000 " TAG));
	EXPECT_FALSE(dc_becomes(dc->node, &b->tag, VFIO_CXL_DC_PENDING,
				NO_RECORD)) TH_LOG("proves: %s", variant->proves);
	/* Nor is it asked all the time: 6 commands in 100 ms are a few */
	commands = model_count("command ") - commands;
	EXPECT_GT(50 + elapsed_ms(since) / 10, commands)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_TRUE(model_has(1, 1));
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	ASSERT_TRUE(device_does(HONEST));
	ASSERT_TRUE(dc_becomes(dc->node, &b->tag, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_EQ(0, dc_accept(dc->user.device, &b->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(dc_becomes(dc->node, &b->tag, VFIO_CXL_DC_COMMITTED, SOON));
	EXPECT_TRUE(model_works(dc));
	EXPECT_TRUE(model_has(2, 0));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(3, info.offers) TH_LOG("proves: %s", variant->proves);
}

#define LOGGING(name, ...) FIXTURE_VARIANT_ADD(log, name) { __VA_ARGS__ }

LOGGING(handle_of_nothing, "mbox patch 0x100 0x34 0 2", "log_clearable: handle");
LOGGING(is_not_cleared, "mbox return 0 0x101", "log_hand_over: nr");
LOGGING(can_not_be_cleared, "mbox return 2 0x101", "log_clear: ret");
LOGGING(too_short, "mbox length 0x1f 0x100", "log_read: head");
LOGGING(record_is_missing, "mbox length 0x20 0x100", "log_read: !came");
LOGGING(half_a_record, "mbox length 0x60 0x100", "log_read: came");
LOGGING(count_is_0, "mbox patch 0x100 0x14 0 2", "log_read: count");
LOGGING(can_not_be_read, "mbox return 4 0x100", "log_read: ret");

/* More than came, behind which an older answer may still stand */
TEST_F(other, count_is_too_large)
{
	struct bench *b = &self->b;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("event 9 0 0 - + event 9 0 0 - + event 9 0 0 -"));
	EXPECT_TRUE(counts(dc, ignored, 3));
	usleep(200000);
	ASSERT_TRUE(device_does("mbox patch 0x100 0x14 0xffff 2 1 + "
				"offer 0x40400000 0x200000 " TAG));
	EXPECT_TRUE(dc_becomes(dc->node, &b->tag, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_EQ(0, model_count("refused ")) TH_LOG("proves: log_read: min");
	EXPECT_TRUE(counts(dc, ignored, 3));
	EXPECT_EQ(0, dc_accept(dc->user.device, &b->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(model_works(dc));
}

/* There is always another record: others get their turn, and unbind does */
TEST_F_TIMEOUT(other, records_without_end, 180)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;
	__u64 heard = 0;
	long since;
	int i;

	ASSERT_TRUE(device_does("endless 9 0 0 -"));
	EXPECT_TRUE(within(SOON, !dc_info(dc->node, &info) && info.ignored > 100));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, dc_info(dc->node, &info));
		heard -= info.ignored;
		usleep(20000);
		EXPECT_EQ(0, dc_info(dc->node, &info));
		heard += info.ignored;
		EXPECT_EQ(NULL, bench_broken(b));
	}
	/* A drain, which is waited for, has 64 */
	EXPECT_GT(5 * 300, heard)
		TH_LOG("proves: vfio_cxl_event_log_drain: EVENT_READS");
	since = elapsed_ms(0);
	model_end(dc);
	/* A look at the log for each of the steps, of 3 s where it is slow */
	EXPECT_GT(40000, elapsed_ms(since));
	ASSERT_EQ(0, bench_begin(b));
}

/* Each of them takes its time: nobody waits for more than a few of them */
TEST_F(other, records_without_end_take_long)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;
	long since;

	ASSERT_TRUE(device_does("mbox doorbell slow 0 400 + endless 9 0 0 -"));
	usleep(1000000);
	since = elapsed_ms(0);
	EXPECT_EQ(0, dc_info(dc->node, &info));
	EXPECT_GT(8000, elapsed_ms(since))
		TH_LOG("proves: events_send: drain_end");
	ASSERT_TRUE(device_does(HONEST " + mbox doorbell ok"));
	/* And those that were held meanwhile are not lost */
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	EXPECT_TRUE(within(SOON, !model_count("records ")));
	EXPECT_TRUE(model_works(dc));
}

/* It says that records are lost, each time: the list is read, and all is well */
TEST_F(other, overflow_that_was_none)
{
	struct bench *b = &self->b;
	struct vfio_cxl_dc_info info;
	struct dc *dc = &b->dc;

	ASSERT_TRUE(device_does("mbox patch 0x100 0 1 + mbox patch 0x100 2 7 + "
				"event 9 0 0 -"));
	EXPECT_TRUE(counts(dc, ignored, 1));
	usleep(500000);
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_LE(1, info.overflows);
	EXPECT_GE(2, info.overflows)
		TH_LOG("proves: log_overflow: log->overflow");
	EXPECT_EQ(NULL, bench_broken(b)) TH_LOG("%s", bench_broken(b));
	ASSERT_TRUE(device_does(HONEST));
	EXPECT_TRUE(model_works(dc));
}

TEST_HARNESS_MAIN
