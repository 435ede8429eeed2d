// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that lies before anybody has it open: when it is bound, when firmware
 * is said to have committed its decoders, when its decoder is programmed. The
 * last word of each scenario is the check that it proves.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "hostile.h"

/* ---- it is not bound, and the log says why ---- */

FIXTURE(probe) {
};

FIXTURE_VARIANT(probe) {
	const char *says;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(probe)
{
}

FIXTURE_TEARDOWN(probe)
{
	/* It was the device's fault, and nothing of it is left */
	EXPECT_TRUE(device_bound(""));
}

TEST_F(probe, is_refused)
{
	int kmsg;

	ASSERT_TRUE(device_is(variant->commands));
	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	EXPECT_FALSE(dev_bind()) TH_LOG("proves: %s", variant->proves);
	EXPECT_TRUE(kmsg_says(kmsg, variant->says))
		TH_LOG("proves: %s", variant->proves);
}

#define REFUSED(name, ...) FIXTURE_VARIANT_ADD(probe, name) { __VA_ARGS__ }

REFUSED(dvsec_of_another_vendor, "no CXL Device DVSEC",
	"set cfg 0x114 0x03c21234", "regs_init: !dvsec");
REFUSED(dvsec_of_no_length, "DVSEC of 0 bytes is too short",
	"set cfg 0x114 0x00021e98", "regs_init: length");
REFUSED(dvsec_too_short, "DVSEC of 55 bytes is too short",
	"set cfg 0x114 0x03721e98", "regs_init: length");
REFUSED(dvsec_beyond_config_space, "is too short",
	"set cfg 0x114 0x03c21234 + set cfg 0xfec 0x03c21e98 + set cfg 0xff0 0x00160000",
	"regs_init: end of config space");
REFUSED(not_mem_capable, "not Mem_Capable",
	"set cfg 0x11a 0x12 2", "regs_init: CXL_DVSEC_CAP_MEM");
REFUSED(capability_all_ones, "reads all ones",
	"lie cfg 0x118 0xffff0000", "regs_init: PCI_POSSIBLE_ERROR");
REFUSED(control_all_ones, "reads all ones",
	"lie cfg 0x11c 0xffffffff 0 2", "regs_init: PCI_POSSIBLE_ERROR");
REFUSED(lock_all_ones, "reads all ones",
	"lie cfg 0x124 0xffffffff 0 1", "regs_init: PCI_POSSIBLE_ERROR");
REFUSED(too_many_dvsecs, "too many DVSEC and DOE capabilities",
	"set cfg 0x304 0x01021e98 + set cfg 0x314 0x01021e98 + set cfg 0x324 0x01021e98 + "
	"set cfg 0x334 0x01021e98 + set cfg 0x344 0x01021e98 + set cfg 0x354 0x01021e98 + "
	"set cfg 0x364 0x01021e98 + set cfg 0x374 0x01021e98 + set cfg 0x384 0x01021e98 + "
	"set cfg 0x394 0x01021e98 + set cfg 0x3a4 0x01021e98 + set cfg 0x3b4 0x01021e98",
	"close_config: VFIO_CXL_MAX_CONFIG");
REFUSED(no_locator, "no Register Locator DVSEC",
	"set cfg 0x154 0x02421234", "find_blocks: !pos");
REFUSED(locator_of_no_length, "names no component registers",
	"set cfg 0x154 0x00021e98", "locator_next: length");
REFUSED(no_component_block, "names no component registers",
	"set cfg 0x15c 0x00000302", "map_component: none");
REFUSED(block_in_no_bar, "no memory BAR",
	"set cfg 0x15c 0x00000106", "block_wrong: PCI_STD_NUM_BARS");
REFUSED(block_in_half_a_bar, "no memory BAR",
	"set cfg 0x15c 0x00000101", "block_wrong: IORESOURCE_MEM");
REFUSED(block_behind_its_bar, "outside its BAR",
	"set cfg 0x15c 0x00100100", "block_wrong: offset");
REFUSED(block_larger_than_its_bar, "outside its BAR",
	"set cfg 0x15c 0x00000104", "block_wrong: CXL_COMPONENT_SIZE");
REFUSED(block_wraps, "outside its BAR",
	"set cfg 0x15c 0xffff0100 + set cfg 0x160 0xffffffff",
	"block_wrong: offset");
REFUSED(device_registers_behind_their_bar, "outside its BAR",
	"set cfg 0x164 0x00200302", "block_wrong: offset");
REFUSED(too_many_blocks, "more than 8 blocks",
	"set cfg 0x154 0x02421234 + set cfg 0x204 0x06021e98 + set cfg 0x208 8 2 + "
	"set cfg 0x20c 0x100 + set cfg 0x214 0x302 + set cfg 0x21c 0x302 + "
	"set cfg 0x224 0x302 + set cfg 0x22c 0x302 + set cfg 0x234 0x302 + "
	"set cfg 0x23c 0x302 + set cfg 0x244 0x302 + set cfg 0x24c 0x302",
	"add_block: VFIO_CXL_MAX_BLOCKS");
REFUSED(registers_all_ones, "make no sense: -ENODEV",
	"ones cm", "hdm_find: header ALL_ONES");
REFUSED(registers_do_not_answer, "make no sense: -ENODEV",
	"lie cm 0 0xffffffff 0 1", "hdm_find: header ALL_ONES");
REFUSED(no_capability_array, "make no sense: -EINVAL",
	"set cm 0 0x02110002", "hdm_find: CXL_CM_CAP_ID_ARRAY");
REFUSED(array_over_its_capabilities, "make no sense: -EINVAL",
	"set cm 0 0xff110001", "hdm_find: offset <= 4 * entries");
REFUSED(array_entry_all_ones, "make no sense: -ENODEV",
	"lie cm 4 0xffffffff", "hdm_find: entry ALL_ONES");
REFUSED(decoders_inside_the_array, "make no sense: -EINVAL",
	"set cm 8 0x00810005", "hdm_find: offset <= 4 * entries");
REFUSED(decoders_not_aligned, "make no sense: -EINVAL",
	"set cm 8 0x10210005", "hdm_find: IS_ALIGNED");
REFUSED(decoders_at_the_end, "make no sense: -EINVAL",
	"set cm 8 0xff010005 + set cm 0xff0 0", "hdm_find: room for one");
REFUSED(decoders_beyond_the_page, "make no sense: -EINVAL",
	"set cm 8 0xf0010005 + set cm 0xf00 0xc", "hdm_find: room for all");
REFUSED(decoder_count_reserved, "make no sense: -EINVAL",
	"set cm 0x100 0xf", "hdm_count: 0");
REFUSED(hdm_capability_all_ones, "make no sense: -ENODEV",
	"lie cm 0x100 0xffffffff", "hdm_find: cap ALL_ONES");
REFUSED(decoder_all_ones, "make no sense: -ENODEV",
	"lie cm 0x120 0xffffffff", "hdm_read: ctrl ALL_ONES");
REFUSED(last_decoder_all_ones, "make no sense: -ENODEV",
	"lie cm 0x180 0xffffffff", "hdm_snapshot: ret");

REFUSED(global_control_all_ones, "make no sense: -ENODEV",
	"lie cm 0x104 0xffffffff 0 1", "hdm_snapshot: global ALL_ONES");

/* The host's own memory ends where the window begins */
REFUSED(decoder_over_system_ram, "uses the device's memory as System RAM",
	"hdm 0 0x130000000 0x20000000 0x1600", "found_in_use: range_is_ram");
REFUSED(last_decoder_over_system_ram, "uses the device's memory as System RAM",
	"hdm 3 0x130000000 0x20000000 0x1600", "found_in_use: all decoders");

/* ---- it is bound, without memory, and left alone ---- */

FIXTURE(found) {
};

FIXTURE_VARIANT(found) {
	enum vfio_cxl_reason reason;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(found)
{
}

FIXTURE_TEARDOWN(found)
{
	EXPECT_TRUE(device_bound(""));
}

TEST_F(found, is_not_believed)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_cxl_info info;
	struct user user;

	ASSERT_TRUE(device_bound(variant->commands));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(variant->reason, info.reason)
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(0, info.memory_size);
	EXPECT_EQ(0, info.flags & (VFIO_CXL_INFO_MEMORY | VFIO_CXL_INFO_LIVE));
	EXPECT_EQ(0, device_count("write "));
	/* A plain PCI device for who opens it */
	ASSERT_EQ(0, user_open(&user));
	ASSERT_EQ(0, ioctl(user.device, VFIO_DEVICE_GET_INFO, &device));
	EXPECT_EQ(0, device.flags & VFIO_CXL_DEVICE_FLAGS_CXL);
	EXPECT_EQ(9, device.num_regions);
	user_close(&user);
	/* The reset took it, and nobody brought it back */
	EXPECT_EQ(0, device_get("cm 0x120") & 0x600);
}

#define IGNORED(name, which, ...)						\
	FIXTURE_VARIANT_ADD(found, name) {				\
		VFIO_CXL_REASON_##which, __VA_ARGS__			\
	}

IGNORED(over_system_ram, RANGE_WINDOW,
	"hdm 0 0x10000000 0x10000000 0x1600", "take_fixed: window");
IGNORED(over_another_device, RANGE_WINDOW,
	"hdm 0 0xf0000000 0x10000000 0x1600", "take_fixed: window");
IGNORED(before_the_window, RANGE_WINDOW,
	"hdm 0 0x130000000 0x10000000 0x1600", "take_fixed: base");
IGNORED(behind_the_window, RANGE_WINDOW,
	"hdm 0 0x240000000 0x10000000 0x1600", "take_fixed: base");
IGNORED(over_the_end, RANGE_WINDOW,
	"hdm 0 0x230000000 0x20000000 0x1600", "take_fixed: size");
IGNORED(wraps, RANGE_WINDOW,
	"hdm 0 0xfffffffff0000000 0x20000000 0x1600", "take_fixed: window");
IGNORED(wraps_from_inside, RANGE_WINDOW,
	"hdm 0 0x150000000 0xffffff0000 0x1600 + set cm 0x118 0xf0000000",
	"take_fixed: size");
IGNORED(of_no_size, RANGE_ALIGN,
	"hdm 0 0x140000000 0 0x1600", "range_aligned: size");
IGNORED(base_not_aligned, RANGE_ALIGN,
	"hdm 0 0x140001000 0x10000000 0x1600", "range_aligned: base");
IGNORED(size_not_aligned, RANGE_ALIGN,
	"hdm 0 0x140000000 0x10000001 0x1600", "range_aligned: size");
IGNORED(skip_not_aligned, RANGE_ALIGN,
	"hdm 0 0x140000000 0x10000000 0x1600 0x1000", "range_aligned: skip");
IGNORED(interleaved, INTERLEAVED,
	"hdm 0 0x140000000 0x10000000 0x1610", "found_claim: CXL_HDM_CTRL_IW");
IGNORED(larger_than_a_region, RANGE_SIZE,
	"hdm 0 0x140000000 0x20000000000 0x1600", "found_check: SIZE_MAX_REGION");
IGNORED(two_decoders_over_one_range, RANGE_BUSY,
	"hdm 0 0x140000000 0x10000000 0x1600 + hdm 1 0x140000000 0x10000000 0x1600",
	"range_claim: __request_region");
IGNORED(media_never_ready, MEDIA_NOT_READY,
	"hdm 0 0x140000000 0x10000000 0x1600 + media never",
	"found_check: vfio_cxl_await_media");
IGNORED(locked_but_not_committed, NOT_COMMITTED,
	"hdm 0 0x140000000 0x10000000 0x1100",
	"decoder_found: vfio_cxl_hdm_committed");
IGNORED(no_decoders, NO_HDM,
	"set cm 8 0x10010006", "hdm_find: -ENOENT");

/* One that is wrong does not spoil the other, nor is it believed itself */
TEST(another_decoder_lies)
{
	struct vfio_cxl_info info;
	struct hw_decoder now;
	struct user user;

	ASSERT_TRUE(device_bound("hdm 0 0x140000000 0x10000000 0x1600 + "
				 "hdm 1 0x10000000 0x10000000 0x1600 0x10000000"));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_NE(0, info.flags & VFIO_CXL_INFO_LIVE);
	ASSERT_EQ(0, user_open(&user));
	user_close(&user);
	/* The reset of the open took both of them, and one came back */
	now = decoder_now(0);
	EXPECT_EQ(CTRL_COMMITTED, now.ctrl & CTRL_COMMITTED);
	now = decoder_now(1);
	EXPECT_EQ(0, now.ctrl & CTRL_COMMITTED);
	EXPECT_TRUE(device_bound(""));
}

/* What changes from one read to the next is what was read and checked */
TEST(changes_between_two_reads)
{
	struct vfio_cxl_info info;

	/* The count of decoders, and the place of the registers */
	ASSERT_TRUE(device_bound("lie cm 0x100 0xc 1 + lie cm 8 0xf0010005 1 + "
				 "lie cfg 0x15c 0x00100100 1"));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(4, info.decoder_count);
	ASSERT_TRUE(memory_ready());
	EXPECT_EQ(0x600, device_get("cm 0x120") & 0x600);
	EXPECT_TRUE(device_bound(""));
}

/* ---- it can't be programmed ---- */

FIXTURE(program) {
};

FIXTURE_VARIANT(program) {
	int error;
	enum vfio_cxl_reason reason;
	const char *commands;
	const char *proves;
};

FIXTURE_SETUP(program)
{
	ASSERT_TRUE(device_bound(""));
}

FIXTURE_TEARDOWN(program)
{
	EXPECT_TRUE(device_bound(""));
}

/* Not left asking either, and as soon as the device behaves all is well */
TEST_F(program, is_refused)
{
	struct vfio_cxl_decoder_program program = {};

	ASSERT_TRUE(device_does(variant->commands));
	EXPECT_EQ(variant->error, control_program(&program))
		TH_LOG("proves: %s", variant->proves);
	EXPECT_EQ(variant->reason, program.reason)
		TH_LOG("proves: %s", variant->proves);
	ASSERT_TRUE(device_does("honest + ones off + media 0 + capacity 0x80000000"));
	/* Longer than a commit that is still under way */
	if (strstr(variant->commands, "slow"))
		usleep(300000);
	EXPECT_EQ(0, device_get("cm 0x120") & 0x600)
		TH_LOG("proves: %s", variant->proves);
	ASSERT_TRUE(device_does("commit ok + set cfg 0x10c 0 1"));
	program = (struct vfio_cxl_decoder_program){};
	EXPECT_EQ(0, control_program(&program));
	EXPECT_EQ(0x600, device_get("cm 0x120") & 0x600);
}

#define PROGRAM(name, errno, which, ...)				\
	FIXTURE_VARIANT_ADD(program, name) {				\
		-errno, VFIO_CXL_REASON_##which, __VA_ARGS__		\
	}

PROGRAM(never_commits, EIO, COMMIT_TIMEOUT,
	"commit never", "hdm_wait: HDM_WAIT_TOTAL_US");
PROGRAM(commit_fails, EIO, COMMIT_ERROR,
	"commit error", "hdm_wait: CXL_HDM_CTRL_ERROR");
PROGRAM(commits_too_late, EIO, COMMIT_TIMEOUT,
	"commit slow 200", "hdm_wait: HDM_WAIT_TOTAL_US");
PROGRAM(commits_another_range, EIO, READBACK,
	"commit lie", "hdm_verify: hdm_same");
PROGRAM(base_reads_back_otherwise, EIO, READBACK,
	"lie cm 0x110 0x50000000", "hdm_commit: hdm_same_range");
PROGRAM(size_reads_back_otherwise, EIO, READBACK,
	"lie cm 0x11c 0x1", "hdm_commit: hdm_same_range");
PROGRAM(is_gone, ENODEV, NONE,
	"ones cm", "hdm_apply: ALL_ONES");
PROGRAM(config_is_gone, ENODEV, MEDIA_NOT_READY,
	"ones cfg", "range_await: PCI_POSSIBLE_ERROR");
PROGRAM(media_not_ready, EAGAIN, MEDIA_NOT_READY,
	"media never", "decoder_program: vfio_cxl_await_media");
PROGRAM(mem_enable_is_stuck, EPERM, DVSEC_LOCKED,
	"lie cfg 0x11c 0x2", "mem_enable: read back");
PROGRAM(no_capacity, EOPNOTSUPP, NO_CAPACITY,
	"capacity 0", "program_size: !usual");
PROGRAM(capacity_larger_than_the_window, ENOSPC, WINDOW_FULL,
	"capacity 0x8000000000", "take_lowest: end - at >= size");

/* It vanishes with the commit, and is back later: nothing is programmed */
TEST(goes_away_in_the_commit)
{
	struct vfio_cxl_decoder_program program = {};

	ASSERT_TRUE(device_bound("commit gone"));
	EXPECT_EQ(-ENODEV, control_program(&program));
	ASSERT_TRUE(device_does("ones off + commit ok"));
	program = (struct vfio_cxl_decoder_program){};
	EXPECT_EQ(0, control_program(&program));
	EXPECT_TRUE(device_bound(""));
}

/* A range that it bent, and never lets go: no memory of it, and a reset ends it */
TEST(commits_another_range_for_good)
{
	struct vfio_cxl_decoder_program program = {};
	struct vfio_cxl_info info;
	struct user user;

	ASSERT_TRUE(device_bound("commit lie + lie cm 0x120 0x1600 4"));
	EXPECT_EQ(-EIO, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_READBACK, program.reason);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_INFO_LIVE);
	EXPECT_EQ(-EIO, user_open(&user));
	EXPECT_TRUE(device_bound(""));
}

/* Committed it stays, and live: to clear it says no, to unbind says so in the log */
TEST(never_lets_go)
{
	struct vfio_cxl_decoder_clear clear = {};
	struct vfio_cxl_info info;
	int kmsg;

	ASSERT_TRUE(device_bound("commit stuck + keep on"));
	ASSERT_TRUE(memory_ready());
	EXPECT_EQ(-EIO, control_clear(&clear));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, clear.reason);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_NE(0, info.flags & VFIO_CXL_INFO_LIVE);
	EXPECT_EQ(0x600, device_get("cm 0x120") & 0x600);
	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	ASSERT_TRUE(dev_unbind());
	EXPECT_TRUE(kmsg_says(kmsg, "could not be left as they were found"));
	EXPECT_TRUE(device_bound(""));
}

/* Its media is to be ready in 256 s: who has the patience for that may have none */
TEST(asks_for_minutes)
{
	int status;
	pid_t pid;

	ASSERT_TRUE(device_is("hdm 0 0x140000000 0x10000000 0x1600 + "
			      "lie cfg 0x12c 0x80008009"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(dev_bind());
	usleep(300000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	/* The test's own time is 30 s */
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(device_bound(""));
}

/* Two ranges whose sum is more than there is: none of it is believed */
TEST(capacity_wraps)
{
	struct vfio_cxl_decoder_program program = {};

	ASSERT_TRUE(device_bound("set cfg 0x11a 0x26 2 + capacity 0xfffffffff0000000 + "
				 "set cfg 0x138 0xffffffff + set cfg 0x13c 0xf000000b"));
	EXPECT_EQ(-EOPNOTSUPP, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_NO_CAPACITY, program.reason);
	EXPECT_TRUE(device_bound(""));
}

TEST_HARNESS_MAIN
