// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mailbox that lies: where it is, how long its answers are, what its regions and
 * its list are, whether it answers at all. The device has memory all the same, and
 * Dynamic Capacity once it behaves. The last word of each scenario is the check that
 * it proves; "and": that one of these is there, as either is enough.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "model_dc.h"

#define HONEST	"mbox honest + honest + ones off + mbox doorbell ok + " \
		"generation still"

static bool synced_within(int node, int ms)
{
	struct vfio_cxl_dc_info info;

	return within(ms, !dc_info(node, &info) &&
		      info.flags & VFIO_CXL_DC_INFO_SYNCED);
}

static bool synced(int node)
{
	return synced_within(node, 2 * SOON);
}

/* ---- it can't be found ---- */

FIXTURE(block) {
};

FIXTURE_VARIANT(block) {
	const char *says;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(block)
{
}

FIXTURE_TEARDOWN(block)
{
	EXPECT_TRUE(device_bound(""));
}

/* The device is one without Dynamic Capacity, and not gone to: its memory works */
TEST_F(block, is_not_used)
{
	struct vfio_cxl_dc_info info;
	int kmsg, node;

	ASSERT_TRUE(device_is(MODEL_DC));
	ASSERT_TRUE(device_does(variant->commands));
	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	ASSERT_TRUE(dev_bind());
	EXPECT_TRUE(kmsg_says(kmsg, variant->says))
		TH_LOG("proves: %s", variant->proves);
	node = control_open();
	ASSERT_EQ(0, dc_info(node, &info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_DC_INFO_CAPABLE)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(VFIO_CXL_REASON_DC_NO_MAILBOX, info.reason);
	EXPECT_EQ(0, model_count("command "))
		TH_LOG("proves: %s", variant->proves);
	EXPECT_TRUE(memory_ready());
	close(node);
}

#define NO_SENSE	"no Dynamic Capacity: the mailbox makes no sense: "
#define MISSING(name, error, ...)						\
	FIXTURE_VARIANT_ADD(block, name) { NO_SENSE error, __VA_ARGS__ }

MISSING(all_ones, "-ENODEV",
	"ones dev", "caps_find: ALL_ONES_64");
MISSING(not_an_array, "-EINVAL",
	"set dev 0 0x10001", "caps_find: CAP_ARRAY_ID");
MISSING(array_longer_than_the_block, "-EINVAL",
	"set dev 4 0xffff", "caps_find: end > size");
MISSING(entry_all_ones, "-ENODEV",
	"lie dev 0x20 0xffffffff", "caps_find: id ALL_ONES");
MISSING(length_all_ones, "-ENODEV",
	"lie dev 0x38 0xffffffff", "cap_take: length ALL_ONES");
MISSING(mailbox_twice, "-EINVAL",
	"set dev 0x20 0x10002 + set dev 0x24 0x1000 + set dev 0x28 0x820",
	"cap_take: cap->length");
MISSING(mailbox_in_the_array, "-EINVAL",
	"set dev 0x34 0x20", "cap_take: array_end");
MISSING(mailbox_not_aligned, "-EINVAL",
	"set dev 0x34 0x64", "cap_take: IS_ALIGNED");
MISSING(mailbox_too_short, "-EINVAL",
	"set dev 0x38 0x118", "cap_take: least");
MISSING(mailbox_behind_the_block, "-EINVAL",
	"set dev 0x34 0xe0000", "cap_take: size");
MISSING(mailbox_wraps, "-EINVAL",
	"set dev 0x34 0xfffffff8 + set dev 0x38 0x820", "cap_take: u64");
MISSING(mailbox_over_the_status, "-EINVAL",
	"set dev 0x14 0x68", "caps_find: cap_overlaps");
MISSING(mailbox_capability_all_ones, "-ENODEV",
	"lie dev 0x60 0xffffffff", "vfio_cxl_mbox_find: ALL_ONES");
MISSING(payload_too_small, "-EINVAL",
	"set dev 0x60 7", "vfio_cxl_mbox_find: MBOX_PAYLOAD_LEAST");
MISSING(payload_too_large, "-EINVAL",
	"set dev 0x60 31", "vfio_cxl_mbox_find: MBOX_PAYLOAD_MOST");
MISSING(payload_longer_than_the_mailbox, "-EINVAL",
	"set dev 0x60 12", "vfio_cxl_mbox_find: length");

/* ---- it answers nonsense about itself: asked again, until it makes sense ---- */

FIXTURE(ask) {
	int node;
};

FIXTURE_VARIANT(ask) {
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(ask)
{
	self->node = -1;
}

FIXTURE_TEARDOWN(ask)
{
	close(self->node);
	EXPECT_TRUE(device_bound(""));
}

static bool all_seen(const struct vfio_cxl_dc_info *info)
{
	return info->region_count >= 2 && info->region[0].dpa == REGION_0 &&
	       info->region[0].length == 256 * MIB &&
	       info->region[1].dpa == REGION_1 &&
	       info->region[1].block_size == BLOCK;
}

TEST_F(ask, is_asked_again)
{
	struct vfio_cxl_dc_info info;

	ASSERT_TRUE(device_is(MODEL_DC));
	ASSERT_TRUE(device_does(variant->commands));
	ASSERT_TRUE(dev_bind());
	self->node = control_open();
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_DC_INFO_SYNCED)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(VFIO_CXL_REASON_DC_NOT_SYNCED, info.reason)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(0, info.nr[VFIO_CXL_DC_COMMITTED]);
	/* Nor was it asked for as long as that may take */
	EXPECT_GT(200, model_count("command "))
		TH_LOG("proves: %s", variant->proves);
	ASSERT_TRUE(device_does(HONEST));
	ASSERT_TRUE(synced(self->node));
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_TRUE(all_seen(&info));
}

#define RETRIED(name, ...) FIXTURE_VARIANT_ADD(ask, name) { __VA_ARGS__ }

/* Of the commands that it does, and of its size */
RETRIED(logs_too_short, "mbox length 7 0x400", "cel_size: out_size");
RETRIED(log_too_long, "mbox patch 0x400 0x18 0x7ffffffc 4",
	"vfio_cxl_mbox_find_dc: CEL_MOST");
RETRIED(log_not_of_entries, "mbox patch 0x400 0x18 45",
	"vfio_cxl_mbox_find_dc: size % sizeof");
RETRIED(log_cut_off, "mbox length 8 0x401", "vfio_cxl_mbox_find_dc: out_size");
RETRIED(log_empty, "mbox length 0 0x401", "vfio_cxl_mbox_find_dc: out_size");
RETRIED(identity_too_short, "mbox length 0x42 0x4000",
	"vfio_cxl_mbox_identify: CXL_IDENTIFY_LEAST");
RETRIED(capacity_wraps, "mbox patch 0x4000 0x10 0x7fffffffffffffff 8",
	"to_bytes: check_mul_overflow");
RETRIED(return_code_unknown, "mbox return 0x7f 0x4000",
	"mbox_try: ARRAY_SIZE, with KASAN");
RETRIED(goes_on_in_the_background, "mbox return 1 0x4000 + mbox length 0x45 0x4000",
	"mbox_rc: background command started");
RETRIED(busy_for_ever, "mbox return 6 0x4000", "vfio_cxl_mbox_command: left");
RETRIED(return_all_ones, "lie dev 0x70 0xffffffff + lie dev 0x74 0xffffffff",
	"mbox_try: status ALL_ONES_64 and ARRAY_SIZE");
RETRIED(command_all_ones, "lie dev 0x68 0xffffffff + lie dev 0x6c 0xffffffff",
	"mbox_answer: command ALL_ONES_64");
/* In the middle of the last answer of all, that to 4801h: it is not its word */
RETRIED(goes_away_while_it_answers, "lie dev 0x64 0xffffffff 14",
	"mbox_answer: control ALL_ONES");

/* Of its regions (4800h) */
RETRIED(config_fails, "mbox return 4 0x4800", "refresh: ret");
RETRIED(config_too_short, "mbox length 7 0x4800", "read_config_page: size, head");
RETRIED(config_without_its_end, "mbox length 0x60 0x4800",
	"read_config_page: size, tail");
RETRIED(more_regions_than_there_can_be, "mbox patch 0x4800 0 9",
	"read_config_page: CXL_DC_MAX_REGIONS and ret of the next page");
RETRIED(more_regions_than_asked_for, "mbox patch 0x4800 1 9",
	"read_config_page: asked and available");
RETRIED(more_regions_than_it_has, "mbox patch 0x4800 0 1",
	"read_config_page: available");
RETRIED(no_region_of_two, "mbox patch 0x4800 1 0",
	"read_config_page: !out->returned");
RETRIED(region_not_aligned, "mbox patch 0x4800 8 0x48000000 8",
	"parse_region: CXL_DC_UNIT");
RETRIED(region_wraps, "mbox patch 0x4800 0x30 0xfffffffff0000000 8",
	"parse_region: end");
RETRIED(region_wraps_in_units, "mbox patch 0x4800 0x38 0x1000000001 8",
	"parse_region: units");
RETRIED(regions_overlap, "mbox patch 0x4800 0x30 0x40000000 8",
	"parse_region: from");
RETRIED(regions_descend, "mbox patch 0x4800 0x30 0x20000000 8",
	"parse_region: from");
RETRIED(block_of_nothing, "mbox patch 0x4800 0x20 0 8",
	"parse_region: is_power_of_2");
RETRIED(block_no_power_of_two, "mbox patch 0x4800 0x20 0x300000 8",
	"parse_region: is_power_of_2");
RETRIED(block_of_32_bytes, "mbox patch 0x4800 0x20 32 8", "parse_region: 64");
RETRIED(region_of_nothing, "mbox patch 0x4800 0x18 0 8", "parse_region: !len");
RETRIED(region_longer_than_its_decode, "mbox patch 0x4800 0x18 0x20000000 8",
	"parse_region: decode_len");
RETRIED(region_of_half_a_block, "mbox patch 0x4800 0x18 0x8100000 8",
	"parse_region: IS_ALIGNED");
RETRIED(dsmad_of_32_bits, "mbox patch 0x4800 0x28 0x100 4",
	"parse_region: U8_MAX");
/* One behind the other, of a page each */
RETRIED(regions_become_more, "mbox payload 256 + dc region 2 0x60000000 0x10000000 "
	"0x200000 + dc region 3 0x70000000 0x10000000 0x200000 + "
	"dc region 4 0x80000000 0x10000000 0x200000 + "
	"dc region 5 0x90000000 0x10000000 0x200000 + "
	"mbox patch 0x4800 0 8 1 0 1 + dc regions 6",
	"read_config_page: available of each page and ret of the next one");

/* Of its list (4801h) */
RETRIED(list_fails, "mbox return 4 0x4801", "dc_sync: ret");
RETRIED(list_too_short, "hold 0x40000000 0x200000 - + mbox length 15 0x4801",
	"read_page: size");
RETRIED(list_longer_than_the_limit, "mbox patch 0x4801 4 0x7fffffff 4",
	"read_page: limits.extents and dc_alloc");
RETRIED(list_is_empty_but_for_its_total, "mbox patch 0x4801 4 5 4",
	"read_page: !got");
RETRIED(list_without_its_entries, "hold 0x40000000 0x200000 - + "
	"mbox length 16 0x4801", "read_page: size of what came, !got");

/* ---- it says that it does none ---- */

FIXTURE(none) {
};

FIXTURE_VARIANT(none) {
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(none)
{
}

FIXTURE_TEARDOWN(none)
{
	EXPECT_TRUE(device_bound(""));
}

TEST_F(none, is_not_asked_again)
{
	struct vfio_cxl_dc_info info;
	unsigned long commands;
	int node;

	ASSERT_TRUE(device_is(MODEL_DC));
	ASSERT_TRUE(device_does(variant->commands));
	ASSERT_TRUE(dev_bind());
	node = control_open();
	ASSERT_EQ(0, dc_info(node, &info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_DC_INFO_CAPABLE)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(VFIO_CXL_REASON_DC_NOT_CAPABLE, info.reason)
		TH_LOG("proves: %s", variant->proves);
	commands = model_count("command ");
	usleep(1300000);
	EXPECT_EQ(commands, model_count("command "));
	close(node);
}

#define LACKING(name, ...) FIXTURE_VARIANT_ADD(none, name) { __VA_ARGS__ }

LACKING(no_log, "mbox patch 0x400 0 0", "cel_size: count");
LACKING(log_of_another_kind, "mbox patch 0x400 8 0", "cel_size: memcmp");
LACKING(no_release, "mbox patch 0x401 40 0 2", "vfio_cxl_mbox_find_dc: found");
LACKING(release_in_the_background, "mbox patch 0x401 42 0x44 2",
	"vfio_cxl_mbox_find_dc: CXL_EFFECT_BACKGROUND");

/* ---- its list is odd, and what of it makes sense is taken ---- */

FIXTURE(list) {
	int node;
};

FIXTURE_VARIANT(list) {
	__u32 count;
	__u64 odd;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(list)
{
	self->node = -1;
}

FIXTURE_TEARDOWN(list)
{
	close(self->node);
	EXPECT_TRUE(device_bound(""));
}

TEST_F(list, is_taken_as_far_as_it_makes_sense)
{
	struct vfio_cxl_dc_extent list[64];
	struct vfio_cxl_dc_info info;
	__u32 count;

	ASSERT_TRUE(device_is(MODEL_DC " + hold 0x40000000 0x200000 -"));
	ASSERT_TRUE(device_does(variant->commands));
	ASSERT_TRUE(dev_bind());
	self->node = control_open();
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_NE(0, info.flags & VFIO_CXL_DC_INFO_SYNCED);
	EXPECT_EQ(variant->odd, info.odd) TH_LOG("proves: %s", variant->proves);
	ASSERT_EQ(0, dc_list(self->node, list, 64, &count));
	ASSERT_EQ(variant->count, count) TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(REGION_0, list[0].dpa);
	EXPECT_EQ(BLOCK, list[0].length);
}

#define LISTING(name, ...) FIXTURE_VARIANT_ADD(list, name) { __VA_ARGS__ }

LISTING(more_returned_than_came, 1, 0, "mbox patch 0x4801 0 0xffffffff 4",
	"read_page: size of what came and total");
LISTING(longer_than_it_is, 1, 0, "mbox payload 524288 + "
	"mbox length 0x1fffff 0x4801",
	"mbox_answer: out_room");
LISTING(filled_up_with_zeros, 1, 0, "mbox patch 0x4801 0 40 4 + "
	"mbox patch 0x4801 4 40 4 + mbox length 2000 0x4801",
	"take_entry: !len");
LISTING(in_no_region, 1, 1, "hold 0x80000000 0x200000 -",
	"take_entry: dc_region_of");
LISTING(in_static_memory, 1, 1, "hold 0x10000000 0x200000 -",
	"take_entry: dc_region_of");
LISTING(over_two_regions, 1, 1, "hold 0x4fe00000 0x400000 -",
	"take_entry: dc_region_of");
LISTING(wraps, 1, 1, "hold 0x40200000 0xffffffffffe00000 -",
	"dc_region_of: len - (dpa - base)");
LISTING(not_of_blocks, 1, 1, "hold 0x40300000 0x200000 -",
	"take_entry: IS_ALIGNED");
LISTING(twice, 1, 1, "hold 0x40000000 0x200000 -", "clip: entry_end");
LISTING(overlapping, 3, 1, "hold 0x40200000 0x400000 - + "
	"hold 0x40400000 0x400000 -", "clip: end");

/* ---- it does not answer ---- */

FIXTURE(silent) {
	struct dc dc;
	struct tag tag;
};

FIXTURE_SETUP(silent)
{
	ASSERT_EQ(0, model_begin(&self->dc, ""));
	self->tag = tag_new();
	ASSERT_TRUE(model_offer(REGION_0, BLOCK, &self->tag));
	ASSERT_TRUE(dc_becomes(self->dc.node, &self->tag, VFIO_CXL_DC_PENDING,
			       SOON));
}

FIXTURE_TEARDOWN(silent)
{
	model_end(&self->dc);
}

/* 2 s are waited for the answer, or what these are here; no more for the next ones */
TEST_F_TIMEOUT(silent, doorbell_sticks, 60)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_info info;
	long since, first;

	ASSERT_TRUE(device_does("mbox doorbell stuck"));
	since = elapsed_ms(0);
	EXPECT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_NE(0, dc->answer.flags & VFIO_CXL_DC_DECIDE_QUEUED);
	first = elapsed_ms(since);
	EXPECT_GT(15000, first) TH_LOG("proves: mbox_wait: limit");
	since = elapsed_ms(0);
	EXPECT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(VFIO_CXL_DC_ACCEPTING, dc_state(dc->node, &self->tag));
	EXPECT_GT(first / 2, elapsed_ms(since)) TH_LOG("proves: mbox_try: late");
	since = elapsed_ms(0);
	user_close(&dc->user);
	EXPECT_GT(first, elapsed_ms(since)) TH_LOG("proves: mbox_try: late");
	since = elapsed_ms(0);
	EXPECT_TRUE(dev_unbind());
	EXPECT_GT(first, elapsed_ms(since)) TH_LOG("proves: mbox_try: late");
}

/* The answer was not heard: it is asked whether it was, and said again */
TEST_F(silent, doorbell_comes_back)
{
	struct dc *dc = &self->dc;

	ASSERT_TRUE(device_does("mbox doorbell stuck 0x4802"));
	EXPECT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(model_has(0, 1));
	ASSERT_TRUE(device_does("mbox doorbell ok"));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_COMMITTED,
			       SOON));
	EXPECT_TRUE(model_has(1, 0));
	EXPECT_TRUE(model_works(dc));
}

/* It was heard: that is found in the list, and not said again */
TEST_F(silent, answer_is_late)
{
	struct dc *dc = &self->dc;

	ASSERT_TRUE(device_does("mbox doorbell late 0x4802"));
	EXPECT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(model_has(1, 0));
	ASSERT_TRUE(device_does("mbox doorbell ok + mbox return 0xf 0x4802"));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_COMMITTED,
			       SOON)) TH_LOG("proves: did_it: dc_is_listed");
	ASSERT_EQ(0, dc_status(dc->node, &self->tag, &dc->status));
	EXPECT_EQ(VFIO_CXL_DC_REACH_TENANT, dc->status.reach)
		TH_LOG("proves: did_it: dc_is_listed");
	ASSERT_TRUE(device_does("mbox honest"));
	EXPECT_TRUE(model_works(dc));
}

/* Not heard whether it was refused: never twice, as that may be one too many */
TEST_F(silent, refusal_is_late)
{
	struct dc *dc = &self->dc;

	ASSERT_TRUE(device_does("mbox doorbell late 0x4802"));
	dc_reject(dc->user.device, &self->tag, &dc->answer);
	EXPECT_TRUE(model_has(0, 0));
	ASSERT_TRUE(device_does("mbox doorbell ok"));
	EXPECT_TRUE(within(SOON, dc_state(dc->node, &self->tag) ==
				 VFIO_CXL_DC_REJECTED));
	EXPECT_TRUE(model_works(dc))
		TH_LOG("proves: say_no: offer->certain after ETIMEDOUT");
}

/* A release of which nobody knows: it is looked for in the list */
TEST_F(silent, release_is_late)
{
	struct dc *dc = &self->dc;

	ASSERT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_TRUE(device_does("mbox doorbell late 0x4803"));
	dc_release(dc->user.device, &self->tag, 0, &dc->answer);
	EXPECT_TRUE(model_has(0, 0));
	ASSERT_TRUE(device_does("mbox doorbell ok + mbox return 0xf 0x4803"));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_RELEASED, SOON))
		TH_LOG("proves: compare: dc_list_has");
	ASSERT_TRUE(device_does("mbox honest"));
	EXPECT_TRUE(model_works(dc));
}

/* All ones: gone, at once, and as before when it is back */
TEST_F(silent, is_gone)
{
	struct dc *dc = &self->dc;
	long since;

	ASSERT_TRUE(device_does("ones dev"));
	since = elapsed_ms(0);
	dc_accept(dc->user.device, &self->tag, VFIO_CXL_DC_REACH_TENANT,
		  &dc->answer);
	EXPECT_GT(1500, elapsed_ms(since)) TH_LOG("proves: mbox_wait: ALL_ONES");
	EXPECT_TRUE(model_has(0, 1));
	ASSERT_TRUE(device_does("ones off"));
	EXPECT_TRUE(within(SOON, dc_state(dc->node, &self->tag) ==
				 VFIO_CXL_DC_COMMITTED ||
			   !dc_accept(dc->user.device, &self->tag,
				      VFIO_CXL_DC_REACH_TENANT, &dc->answer)));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_COMMITTED,
			       SOON));
	EXPECT_TRUE(model_works(dc));
}

/* Another generation each time that it is looked at: not for ever */
TEST_F(silent, list_never_stands_still)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_info info;
	unsigned long commands;
	char held[4096], *at = held;
	int i;

	ASSERT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	for (i = 0; i < 60; i++)
		at += sprintf(at, "hold %#llx 0x200000 - + ",
			      REGION_1 + i * BLOCK);
	strcpy(at, "generation moving");
	ASSERT_TRUE(device_does(held));
	commands = model_count("command ");
	ioctl(dc->user.device, VFIO_DEVICE_RESET);
	EXPECT_GT(120, model_count("command ") - commands)
		TH_LOG("proves: dc_read_list: VFIO_CXL_DC_RESTARTS");
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_DC_INFO_SYNCED)
		TH_LOG("proves: read_page: generation");
	ASSERT_TRUE(device_does(HONEST));
	EXPECT_TRUE(synced(dc->node));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(61, info.nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc_state(dc->node, &self->tag));
}

FIXTURE(endless) {
};

FIXTURE_SETUP(endless)
{
}

FIXTURE_TEARDOWN(endless)
{
	EXPECT_TRUE(device_bound(""));
}

/* A list of 65536 entries, one with each page: nobody waits for the end of it */
TEST_F_TIMEOUT(endless, list_takes_for_ever, 180)
{
	long since;
	int node;

	ASSERT_TRUE(device_is(MODEL_DC " + mbox return 0 0x4801 + "
			      "mbox patch 0x4801 0 1 4 + mbox patch 0x4801 4 65536 4 + "
			      "mbox length 56 0x4801"));
	since = elapsed_ms(0);
	EXPECT_TRUE(dev_bind());
	EXPECT_GT(40000, elapsed_ms(since))
		TH_LOG("proves: read_pages: VFIO_CXL_DC_LIST_NS");
	ASSERT_TRUE(device_does(HONEST));
	node = control_open();
	/* It is not read again at once */
	EXPECT_TRUE(synced_within(node, 40000));
	close(node);
}

/* ---- it says no to what it offered itself ---- */

FIXTURE(refusal) {
	struct dc dc;
	struct tag tag;
};

FIXTURE_VARIANT(refusal) {
	unsigned int rc;
};

FIXTURE_SETUP(refusal)
{
	ASSERT_EQ(0, model_begin(&self->dc, ""));
	self->tag = tag_new();
}

FIXTURE_TEARDOWN(refusal)
{
	model_end(&self->dc);
}

/* Of an accept: nothing is reachable, its code is told, and the next offer works */
TEST_F(refusal, of_an_accept)
{
	struct dc *dc = &self->dc;
	char command[64];
	char *memory;

	memory = model_map(dc, REGION_0, BLOCK);
	sprintf(command, "mbox return %#x 0x4802", variant->rc);
	ASSERT_TRUE(device_does(command));
	ASSERT_TRUE(model_offer(REGION_0, BLOCK, &self->tag));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_EQ(-1, dc_accept(dc->user.device, &self->tag,
				VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_EQ(0, dc_status(dc->node, &self->tag, &dc->status));
	EXPECT_EQ(VFIO_CXL_DC_REJECTED, dc->status.state);
	EXPECT_EQ(VFIO_CXL_REASON_DC_DEVICE, dc->status.reason);
	EXPECT_EQ(variant->rc, dc->status.rc);
	EXPECT_EQ(SIGBUS, touch(memory, true))
		TH_LOG("proves: say_yes: recover");
	ASSERT_TRUE(device_does("mbox honest"));
	EXPECT_TRUE(model_works(dc));
}

/* Of a release: it is held still, out of reach, and goes back when it is asked */
TEST_F(refusal, of_a_release)
{
	struct dc *dc = &self->dc;
	char command[64];
	char *memory;

	memory = model_map(dc, REGION_0, BLOCK);
	ASSERT_TRUE(model_take(dc, REGION_0, BLOCK, &self->tag));
	EXPECT_EQ(0, touch(memory, true));
	sprintf(command, "mbox return %#x 0x4803", variant->rc);
	ASSERT_TRUE(device_does(command));
	EXPECT_EQ(-1, dc_release(dc->user.device, &self->tag, 0, &dc->answer));
	ASSERT_EQ(0, dc_status(dc->node, &self->tag, &dc->status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc->status.state);
	EXPECT_EQ(VFIO_CXL_REASON_DC_DEVICE, dc->status.reason);
	EXPECT_EQ(SIGBUS, touch(memory, true)) TH_LOG("proves: keep: reach");
	ASSERT_TRUE(device_does("mbox honest"));
	EXPECT_EQ(0, dc_release(dc->node, &self->tag, 0, &dc->answer));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, dc_state(dc->node, &self->tag));
	EXPECT_TRUE(model_has(0, 0));
	EXPECT_TRUE(model_works(dc));
}

FIXTURE_VARIANT_ADD(refusal, background) { .rc = 0x01 };
FIXTURE_VARIANT_ADD(refusal, physical_address) { .rc = 0x0f };
FIXTURE_VARIANT_ADD(refusal, resources) { .rc = 0x1d };
FIXTURE_VARIANT_ADD(refusal, unknown) { .rc = 0xffff };

TEST_HARNESS_MAIN
