// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that lies while somebody has it open, or opens it: what a reset took
 * does not come back, it answers no more, it writes where it must not. The last
 * word of each scenario is the check that it proves.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "hostile.h"
#include "iommu.h"

#define MAPPED	(4 * MIB)
#define IOVA	(16 * MIB)
#define CONFIG	(7ULL << 40)
#define BEHAVES	"honest + ones off + commit ok + media 0"

/* What goes wrong after a reset, so that the decoder is not what it was */
struct lie {
	const char *commands;
	const char *proves;
};

static const struct lie lies[] = {
	{ "commit never", "hdm_wait: HDM_WAIT_TOTAL_US" },
	{ "commit error", "hdm_wait: CXL_HDM_CTRL_ERROR" },
	{ "commit slow 300", "hdm_commit: not left asking" },
	{ "commit lie", "hdm_verify: hdm_same" },
	{ "commit gone", "hdm_wait: ALL_ONES" },
	{ "ones cm", "hdm_apply: ALL_ONES" },
	{ "lie cm 0x114 2", "hdm_commit: hdm_same_range" },
	{ "lie cfg 0x11c 2", "mem_enable: read back" },
	{ "media never", "gate_await_media" },
};

#define LIES	((int)(sizeof(lies) / sizeof(*lies)))

FIXTURE(memory) {
	struct user user;
	volatile char *at;
};

FIXTURE_VARIANT(memory) {
	int lie;
};

#define LIE(name, n) FIXTURE_VARIANT_ADD(memory, name) { .lie = n }

LIE(never_commits, 0);
LIE(commit_fails, 1);
LIE(commits_too_late, 2);
LIE(commits_another_range, 3);
LIE(goes_away_in_the_commit, 4);
LIE(all_ones, 5);
LIE(base_reads_back_otherwise, 6);
LIE(mem_enable_is_stuck, 7);
LIE(media_never_ready, 8);

FIXTURE_SETUP(memory)
{
	ASSERT_GT(LIES, variant->lie);
	ASSERT_TRUE(device_bound(""));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	self->at[7] = 0x35;
}

FIXTURE_TEARDOWN(memory)
{
	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	EXPECT_TRUE(device_bound(""));
}

/* The user is told, gets nothing of the memory, and all of it once it is back */
TEST_F(memory, reset_does_not_bring_it_back)
{
	const struct lie *lie = &lies[variant->lie];
	struct region region;
	char byte;

	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &region));
	ASSERT_TRUE(device_does(lie->commands));
	EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_RESET))
		TH_LOG("proves: %s", lie->proves);
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(SIGBUS, touch(self->at, true))
		TH_LOG("proves: %s", lie->proves);
	EXPECT_EQ(-1, pread(self->user.device, &byte, 1, region.offset));
	EXPECT_EQ(EIO, errno);
	/* What comes too late does not come, unwatched */
	if (strstr(lie->commands, "slow")) {
		usleep(400000);
		EXPECT_EQ(0, device_get("cm 0x120") & CTRL_COMMITTED)
			TH_LOG("proves: %s", lie->proves);
	}

	ASSERT_TRUE(device_does(BEHAVES));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	ASSERT_EQ(0, touch(self->at, false));
	EXPECT_EQ(0x35, self->at[7]);
	EXPECT_EQ(0x600, device_get("cm 0x120") & 0x600);
}

/* Who opens it gets no device rather than one without its memory */
TEST_F(memory, open_does_not_bring_it_back)
{
	const struct lie *lie = &lies[variant->lie];
	struct user user;

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(device_does(lie->commands));
	EXPECT_GT(0, user_open(&user)) TH_LOG("proves: %s", lie->proves);
	ASSERT_TRUE(device_does(BEHAVES));
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	EXPECT_EQ(0x35, self->at[7]);
}

/* ---- what happens without a reset ---- */

FIXTURE(tenancy) {
	struct user user;
	volatile char *at;
};

FIXTURE_SETUP(tenancy)
{
	ASSERT_TRUE(device_bound(""));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	self->at[7] = 0x35;
}

FIXTURE_TEARDOWN(tenancy)
{
	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	EXPECT_TRUE(device_bound(""));
}

/* The decoder lets go by itself: seen at the latest with the next reset */
TEST_F(tenancy, committed_goes_away)
{
	struct hw_decoder now;

	ASSERT_TRUE(device_does("set cm 0x120 0x1000"));
	now = decoder_now(0);
	EXPECT_EQ(0, now.ctrl & CTRL_COMMITTED);
	/* Nor has the user's view to do with it */
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED,
		  comp_read(&self->user, comp_hdm(&self->user) + 0x20) &
		  (CTRL_COMMIT | CTRL_COMMITTED));
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0x600, device_get("cm 0x120") & 0x600);
	EXPECT_EQ(0, touch(self->at, true));
}

/* It moves by itself, and keeps that through the reset: put right again */
TEST_F(tenancy, committed_range_moves)
{
	ASSERT_TRUE(device_does("keep on + set cm 0x110 0x80000000"));
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0x40000000, device_get("cm 0x110"));
	EXPECT_EQ(0x600, device_get("cm 0x120") & 0x600);
	EXPECT_EQ(0, touch(self->at, true));
}

/* The same, but locked there: never live again as if nothing had happened */
TEST_F(tenancy, committed_range_moves_and_locks)
{
	ASSERT_TRUE(device_does("keep on + set cm 0x110 0x80000000 + set cm 0x120 0x1700"));
	EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(SIGBUS, touch(self->at, true));
	ASSERT_TRUE(device_does("keep off"));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, touch(self->at, true));
}

/* A second CXL Device DVSEC, before the first one's reader knows of it: closed */
TEST_F(tenancy, another_device_dvsec)
{
	__u32 base = 0x40000000, value;

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(device_bound("set cfg 0x204 0x03c21e98 + set cfg 0x208 0 2 + "
				 "set cfg 0x224 0x40000000"));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	ASSERT_EQ(4, pread(self->user.device, &value, 4, CONFIG + 0x224));
	EXPECT_EQ(0, value);
	ASSERT_EQ(4, pwrite(self->user.device, &base, 4, CONFIG + 0x20c));
	EXPECT_EQ(0, device_get("cfg 0x20c"));
}

/* A DVSEC that claims all that is behind it: nobody gets at that */
TEST_F(tenancy, dvsec_over_all_others)
{
	__u32 value = 0x12345678;

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(device_bound("set cfg 0x1cc 0xe3821e98"));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	ASSERT_EQ(4, pwrite(self->user.device, &value, 4, CONFIG + 0x20c));
	EXPECT_EQ(0, device_get("cfg 0x20c"));
	/* The CXL Device DVSEC in front of it is the driver's all the same */
	ASSERT_TRUE(device_does("set cfg 0x130 0x40000000"));
	ASSERT_EQ(4, pread(self->user.device, &value, 4, CONFIG + 0x130));
	EXPECT_EQ(0, value);
}

/* An access that nobody answers costs its time, and the device nothing else */
TEST_F(tenancy, an_answer_does_not_come)
{
	struct vfio_cxl_decoder decoder = { .argsz = sizeof(decoder) };

	ASSERT_TRUE(device_does("drop 1"));
	/* All-ones in a base, or in Control, which then says that it is gone */
	control_ioctl(VFIO_CXL_DECODER, &decoder);
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, touch(self->at, true));
	EXPECT_EQ(0x35, self->at[7]);
}

static void *comes_back(void *arg)
{
	usleep(500000);

	return device_does("ones off") ? arg : NULL;
}

/* Away in the reset, and back half a second later: waited for */
TEST_F(tenancy, away_in_the_reset)
{
	pthread_t thread;
	void *back;

	ASSERT_TRUE(device_does("ones all"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, comes_back, self));
	ioctl(self->user.device, VFIO_DEVICE_RESET);
	pthread_join(thread, &back);
	EXPECT_EQ(self, back);
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, touch(self->at, true));
	EXPECT_EQ(0x35, self->at[7]);
}

/* Gone for good, as far as anybody can tell: each way in says so, then it is back */
TEST_F(tenancy, gone_while_open)
{
	struct vfio_cxl_decoder decoder = { .argsz = sizeof(decoder) };
	pthread_t thread;
	__u16 vendor = 0;
	void *back;

	ASSERT_TRUE(device_does("ones all"));
	EXPECT_EQ(-ENODEV, control_ioctl(VFIO_CXL_DECODER, &decoder));
	EXPECT_EQ(2, pread(self->user.device, &vendor, 2, CONFIG + 0x114));
	EXPECT_EQ(0xffff, vendor);
	munmap((void *)self->at, MAPPED);
	/* The close resets it, and the kernel waits for it */
	ASSERT_EQ(0, pthread_create(&thread, NULL, comes_back, self));
	user_close(&self->user);
	pthread_join(thread, &back);
	EXPECT_EQ(self, back);
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	EXPECT_EQ(0x35, self->at[7]);
}

/* What could not be undone when it was unbound is there: as found, then */
TEST_F(tenancy, gone_when_unbound)
{
	struct vfio_cxl_info info;

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(device_does("ones all"));
	ASSERT_TRUE(dev_unbind());
	EXPECT_FALSE(dev_bind());
	ASSERT_TRUE(device_does("ones off"));
	ASSERT_TRUE(dev_bind());
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(VFIO_CXL_ORIGIN_FIRMWARE, info.origin);
	EXPECT_NE(0, info.flags & VFIO_CXL_INFO_LIVE);
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	EXPECT_EQ(0x35, self->at[7]);
}

/* Without a length it has its headers all the same, and they are closed */
TEST_F(tenancy, dvsec_of_no_length)
{
	__u32 value = 0x12345678;

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(device_bound("set cfg 0x1cc 0x00021e98"));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	ASSERT_EQ(4, pwrite(self->user.device, &value, 4, CONFIG + 0x1cc));
	EXPECT_EQ(0x00021e98, device_get("cfg 0x1cc"));
}

/* Longer than config space is: VFIO's core has no device for anybody then */
TEST_F(tenancy, dvsec_longer_than_config_space)
{
	struct user user;

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(device_bound("set cfg 0x114 0xfff21e98"));
	ASSERT_TRUE(memory_ready());
	EXPECT_EQ(-EINVAL, user_open(&user));
	ASSERT_TRUE(device_does("set cfg 0x114 0x03c21e98"));
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
}

/* ---- its own DMA ---- */

static bool dma_writes(__u64 iova)
{
	return bed("model dcd0 dma write %#llx c0ffee", iova);
}

static bool dma_reads(__u64 iova)
{
	return bed("model dcd0 dma read %#llx 16", iova);
}

/* Not before somebody has it open and lets it, and only where he lets it */
TEST_F(tenancy, dma_where_it_may)
{
	int kmsg = kmsg_open();
	__u16 command = 6;
	char *own;

	ASSERT_LE(0, kmsg);
	/* Ours to lose, if it should get there */
	EXPECT_FALSE(dma_writes(HOSTILE_BASE));
	EXPECT_EQ(0x35, self->at[7]);
	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, CONFIG + 4));
	own = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, own);
	ASSERT_EQ(0, type1_map(&self->user, IOVA, own, MIB));
	EXPECT_TRUE(dma_writes(IOVA + 16));
	EXPECT_EQ(0, memcmp(own + 16, "\xc0\xff\xee", 3));
	EXPECT_FALSE(dma_writes(IOVA + MIB));
	EXPECT_FALSE(dma_writes(IOVA - 16));
	EXPECT_FALSE(dma_writes(HOSTILE_BASE));
	EXPECT_FALSE(dma_reads(0x1000));
	EXPECT_TRUE(kmsg_says(kmsg, "DMAR: [DMA Write"));
	ASSERT_EQ(0, type1_unmap(&self->user, IOVA, MIB));
	EXPECT_FALSE(dma_writes(IOVA + 16));
	munmap(own, MIB);
}

/* Closed, it is allowed nothing */
TEST_F(tenancy, dma_after_the_close)
{
	__u16 command = 6;

	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, CONFIG + 4));
	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	EXPECT_FALSE(dma_writes(HOSTILE_BASE + 7));
	EXPECT_FALSE(dma_reads(0x1000));
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
	EXPECT_EQ(0x35, self->at[7]);
}

static bool comes(int eventfd)
{
	struct pollfd poller = { .fd = eventfd, .events = POLLIN };

	return poll(&poller, 1, 1000) == 1;
}

/* An interrupt reaches who asked for it, and once he has closed, nobody */
TEST_F(tenancy, interrupt_of_nobody)
{
	int fd = irq_eventfd(&self->user, VFIO_PCI_MSIX_IRQ_INDEX);
	__u16 command = 6;
	__u64 count = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, CONFIG + 4));
	ASSERT_TRUE(device_does("irq 0"));
	EXPECT_TRUE(comes(fd));
	EXPECT_EQ(sizeof(count), read(fd, &count, sizeof(count)));
	EXPECT_EQ(1, count);

	munmap((void *)self->at, MAPPED);
	user_close(&self->user);
	device_does("irq 0");
	EXPECT_FALSE(comes(fd));
	close(fd);
	ASSERT_EQ(0, user_open(&self->user));
	self->at = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, (void *)self->at);
}

TEST_HARNESS_MAIN
