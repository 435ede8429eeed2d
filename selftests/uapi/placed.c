// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that the stock emulator does not have: the component block anywhere in
 * a larger BAR, other numbers of decoders, firmware's decoder truly locked, a
 * device that can do CXL.cache, media that takes its time. The test bed's own
 * device is told to be one while nothing is bound to it: see ../model/control.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define PAGE		4096UL
#define BLOCK		0x10000UL
#define BAR		(1UL << 20)
#define M256		(256 * MIB)
#define DVSEC		0x110		/* the model's CXL Device DVSEC */

/* Nothing bound, the device as at first but for what is said, and bound again */
#define device_is(...)					\
	(dev_unbind() && bed("model dcd0 default") &&	\
	 bed("model dcd0 " __VA_ARGS__) && dev_bind())

static __u64 window(void)
{
	struct vfio_cxl_window window = { .argsz = sizeof(window) };

	return control_ioctl(VFIO_CXL_WINDOW, &window) ? 0 : window.base;
}

/* ---- the block's place ---- */

FIXTURE(place) {
	struct user user;
	struct region bar;
	__u64 at;
};

FIXTURE_VARIANT(place) {
	__u64 at;
};

FIXTURE_VARIANT_ADD(place, start) { .at = 0 };
FIXTURE_VARIANT_ADD(place, middle) { .at = BAR / 2 };
FIXTURE_VARIANT_ADD(place, end) { .at = BAR - BLOCK };

FIXTURE_SETUP(place)
{
	__u16 command = 2;

	ASSERT_TRUE(device_is("block %#llx", variant->at));
	ASSERT_EQ(variant->at, hw_block());
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(0, user_region(&self->user, 0, &self->bar));
	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, (7ULL << 40) + 4));
}

FIXTURE_TEARDOWN(place)
{
	user_close(&self->user);
	EXPECT_TRUE(device_is("default"));
}

static void *map(const struct user *user, __u64 offset, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    user->device, offset);
}

/* Each page but the block's is mapped, and is what it is in hardware */
TEST_F(place, only_the_block_is_closed)
{
	volatile __u32 *page;
	unsigned long at;
	__u32 value;

	EXPECT_EQ(BAR, self->bar.size);
	EXPECT_TRUE(self->bar.sparse);
	for (at = 0; at < BAR; at += PAGE) {
		page = map(&self->user, self->bar.offset + at, PAGE);
		if (at >= variant->at && at < variant->at + BLOCK) {
			EXPECT_EQ(MAP_FAILED, (void *)page)
				TH_LOG("mapped: %#lx", at);
			continue;
		}
		ASSERT_NE(MAP_FAILED, (void *)page);
		page[PAGE / 4 - 1] = at + 1;
		EXPECT_EQ(4, pread(self->user.device, &value, 4,
				   self->bar.offset + at + PAGE - 4));
		EXPECT_EQ(at + 1, value);
		munmap((void *)page, PAGE);
	}
	EXPECT_EQ(MAP_FAILED, map(&self->user, self->bar.offset, BAR));
}

/* In reads and writes, across its borders too, the block is COMP_REGS */
TEST_F(place, the_block_is_the_shadow)
{
	__u32 hdm = comp_hdm(&self->user) + 0x1000 + variant->at;
	struct hw_decoder before = decoder_now(0), after;
	__u32 words[2];

	ASSERT_EQ(4, pread(self->user.device, words, 4,
			   self->bar.offset + hdm + 0x10));
	EXPECT_EQ(0, words[0]);
	words[0] = 0x30000000;
	ASSERT_EQ(4, pwrite(self->user.device, words, 4,
			    self->bar.offset + hdm + 0x10));
	EXPECT_EQ(0, comp_read(&self->user, comp_hdm(&self->user) + 0x10));
	after = decoder_now(0);
	EXPECT_TRUE(hw_same(&before, &after));

	memset(words, 0xa5, sizeof(words));
	if (variant->at) {
		EXPECT_EQ(8, pwrite(self->user.device, words, 8,
				    self->bar.offset + variant->at - 4));
		EXPECT_EQ(8, pread(self->user.device, words, 8,
				   self->bar.offset + variant->at - 4));
		EXPECT_EQ(0xa5a5a5a5, words[0]);
		EXPECT_EQ(0, words[1]);
	}
	if (variant->at + BLOCK < BAR) {
		memset(words, 0xa5, sizeof(words));
		EXPECT_EQ(8, pwrite(self->user.device, words, 8,
				    self->bar.offset + variant->at + BLOCK - 4));
		EXPECT_EQ(8, pread(self->user.device, words, 8,
				   self->bar.offset + variant->at + BLOCK - 4));
		EXPECT_EQ(0, words[0]);
		EXPECT_EQ(0xa5a5a5a5, words[1]);
	}
}

/* ---- the number of decoders ---- */

FIXTURE(count) {
};

FIXTURE_VARIANT(count) {
	unsigned int decoders;
};

FIXTURE_VARIANT_ADD(count, one) { .decoders = 1 };
FIXTURE_VARIANT_ADD(count, two) { .decoders = 2 };
FIXTURE_VARIANT_ADD(count, ten) { .decoders = 10 };
FIXTURE_VARIANT_ADD(count, all) { .decoders = 32 };

FIXTURE_SETUP(count)
{
}

FIXTURE_TEARDOWN(count)
{
	EXPECT_TRUE(device_is("default"));
}

/* Firmware's last one is there again after each reset, as decoder 0 is */
TEST_F(count, all_are_restored)
{
	unsigned int last = variant->decoders - 1, n;
	struct vfio_cxl_decoder_program program = { .size = M256 };
	struct hw_decoder first, other = {}, now;
	struct vfio_cxl_info info;
	struct user user;
	__u64 base = window();

	ASSERT_NE(0, base);
	if (last) {
		ASSERT_TRUE(device_is("decoders %u + hdm %u %#llx %#lx 0x1600 %#lx",
				      variant->decoders, last, base + 4 * M256,
				      M256, M256));
	} else {
		ASSERT_TRUE(device_is("decoders 1"));
	}
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(variant->decoders, info.decoder_count);
	ASSERT_EQ(0, control_program(&program));
	first = decoder_now(0);
	EXPECT_EQ(base, first.base);
	if (last)
		other = decoder_now(last);

	ASSERT_EQ(0, user_open(&user));
	ASSERT_EQ(0, ioctl(user.device, VFIO_DEVICE_RESET));
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&first, &now));
	for (n = 1; n < variant->decoders; n++) {
		now = decoder_now(n);
		EXPECT_EQ(last && n == last, !!(now.ctrl & CTRL_COMMITTED));
	}
	if (last) {
		now = decoder_now(last);
		EXPECT_TRUE(hw_same(&other, &now));
	}
	user_close(&user);
}

/* ---- what firmware leaves ---- */

/* Locked, the decoder is there again with its lock, or still there */
static void locked_is_believed(struct __test_metadata *_metadata,
			       const char *keep)
{
	struct hw_decoder found, now;
	struct vfio_cxl_info info;
	struct user user;
	__u64 base = window();
	char *memory;

	ASSERT_NE(0, base);
	ASSERT_TRUE(device_is("hdm 0 %#llx %#lx 0x1700 + set cfg %#x 6 2 + keep %s",
			      base, 4 * M256, DVSEC + 0xc, keep));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(VFIO_CXL_ORIGIN_FIRMWARE, info.origin);
	EXPECT_EQ(VFIO_CXL_INFO_MEMORY | VFIO_CXL_INFO_LIVE |
		  VFIO_CXL_INFO_LOCKED, info.flags);
	found = decoder_now(0);
	EXPECT_EQ(base, found.base);

	ASSERT_EQ(0, user_open(&user));
	memory = map_congruent(&user, 0, MIB);
	ASSERT_NE(MAP_FAILED, memory);
	memory[5] = 0x77;
	ASSERT_EQ(0, ioctl(user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0x77, memory[5]);
	munmap(memory, MIB);
	user_close(&user);
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&found, &now));
	ASSERT_TRUE(dev_rebind());
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&found, &now));
	EXPECT_TRUE(device_is("default"));
}

TEST(firmware_locked_and_resets_take_it)
{
	locked_is_believed(_metadata, "off");
}

TEST(firmware_locked_and_it_outlives_resets)
{
	locked_is_believed(_metadata, "on");
}

/* Firmware tried, and failed: it is said, and nothing is taken for committed */
TEST(firmware_failed)
{
	struct vfio_cxl_decoder decoder;

	ASSERT_TRUE(device_is("hdm 0 0 0 %#x", CTRL_ERROR));
	ASSERT_EQ(0, control_decoder(&decoder));
	EXPECT_EQ(VFIO_CXL_DECODER_ERROR, decoder.flags &
		  (VFIO_CXL_DECODER_ERROR | VFIO_CXL_DECODER_COMMITTED));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, control_decoder(&decoder));
	EXPECT_EQ(VFIO_CXL_DECODER_COMMITTED, decoder.flags &
		  (VFIO_CXL_DECODER_ERROR | VFIO_CXL_DECODER_COMMITTED));
	EXPECT_TRUE(device_is("default"));
}

/* ---- CXL.cache ---- */

TEST(cache_is_never_enabled)
{
	struct vfio_cxl_device_info_cap cap;
	struct vfio_device_info head;
	struct vfio_cxl_info info;
	__u16 control = 5;
	struct user user;
	int config;
	__u32 hdm;

	/* Cache_Capable, and enabled by somebody before */
	ASSERT_TRUE(device_is("set cfg %#x 0x17 2 + set cfg %#x 3 2",
			      DVSEC + 0xa, DVSEC + 0xc));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_NE(0, info.flags & VFIO_CXL_INFO_CACHE_CAPABLE);
	config = dev_config();
	ASSERT_EQ(2, pread(config, &control, 2, DVSEC + 0xc));
	EXPECT_EQ(0, control & 1);

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&user));
	ASSERT_EQ(0, user_cxl_cap(&user, &head, &cap));
	EXPECT_NE(0, cap.flags & VFIO_CXL_CAP_CACHE_CAPABLE);
	/* Of its decoders it may be told that they are for Back-Invalidate */
	hdm = comp_hdm(&user);
	comp_write(&user, hdm + 0x20, CTRL_BI);
	EXPECT_EQ(CTRL_BI, comp_read(&user, hdm + 0x20) & CTRL_BI);
	control = 0xffff;
	ASSERT_EQ(2, pwrite(user.device, &control, 2,
			    (7ULL << 40) + DVSEC + 0xc));
	ASSERT_EQ(2, pread(config, &control, 2, DVSEC + 0xc));
	EXPECT_EQ(0, control & 1);
	/* A reset that leaves it enabled, of all things */
	ASSERT_NE(NULL, bed("model dcd0 keep on"));
	control = 7;
	ASSERT_EQ(2, pwrite(config, &control, 2, DVSEC + 0xc));
	ASSERT_EQ(2, pread(config, &control, 2, DVSEC + 0xc));
	EXPECT_EQ(7, control);
	ASSERT_EQ(0, ioctl(user.device, VFIO_DEVICE_RESET));
	ASSERT_EQ(2, pread(config, &control, 2, DVSEC + 0xc));
	EXPECT_EQ(0, control & 1);
	user_close(&user);
	close(config);
	EXPECT_TRUE(device_is("default"));
}

/* ---- the media ---- */

static unsigned long ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Each reset makes it begin anew: who resets or opens waits for it */
TEST(media_takes_its_time)
{
	struct vfio_cxl_decoder_program program = {};
	struct user user;
	unsigned long begin;
	char *memory;

	ASSERT_TRUE(device_is("media never"));
	EXPECT_EQ(-EAGAIN, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_MEDIA_NOT_READY, program.reason);
	ASSERT_NE(NULL, bed("model dcd0 media 600"));
	usleep(700000);
	program = (struct vfio_cxl_decoder_program){};
	ASSERT_EQ(0, control_program(&program));

	begin = ms();
	ASSERT_EQ(0, user_open(&user));
	EXPECT_LE(600, ms() - begin);
	memory = map_congruent(&user, 0, MIB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, touch(memory, true));
	begin = ms();
	ASSERT_EQ(0, ioctl(user.device, VFIO_DEVICE_RESET));
	EXPECT_LE(600, ms() - begin);
	EXPECT_EQ(0, touch(memory, true));
	munmap(memory, MIB);
	user_close(&user);
	EXPECT_TRUE(device_is("default"));
}

TEST_HARNESS_MAIN
