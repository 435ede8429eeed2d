// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA to the HDM memory: VFIO's type1 IOMMU maps a mapping of it. Whether a
 * translation is there is asked of the IOMMU.
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
#include "event.h"
#include "iommu.h"

#define MAPPED	(4 * MIB)
#define IOVA	(16 * MIB)

FIXTURE(dma) {
	struct user user;
	char *memory;
	__u64 base;
};

FIXTURE_SETUP(dma)
{
	ASSERT_TRUE(memory_ready());
	self->base = decoder_now(0).base;
	ASSERT_EQ(0, user_open(&self->user));
	self->memory = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_EQ(0, translate(IOVA));
	ASSERT_EQ(0, type1_map(&self->user, IOVA, self->memory, MAPPED));
}

FIXTURE_TEARDOWN(dma)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
}

TEST_F(dma, reaches_the_memory)
{
	EXPECT_EQ(self->base, translate(IOVA));
	EXPECT_EQ(self->base + MAPPED - 4096, translate(IOVA + MAPPED - 4096));
	EXPECT_EQ(0, translate(IOVA + MAPPED));
	/* And one address leads to one place */
	EXPECT_EQ(-EEXIST, type1_map(&self->user, IOVA, self->memory, MAPPED));
}

TEST_F(dma, unmap_ends_it)
{
	EXPECT_EQ(0, type1_unmap(&self->user, IOVA, MAPPED));
	EXPECT_EQ(0, translate(IOVA));
	EXPECT_EQ(0, type1_map(&self->user, IOVA, self->memory, MAPPED));
	EXPECT_EQ(self->base, translate(IOVA));
}

TEST_F(dma, close_ends_it)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
	EXPECT_EQ(0, translate(IOVA));
}

/* While there is nothing to map, the answer is an error and not a hang */
TEST_F(dma, not_while_gated)
{
	int kmsg;

	if (!link_recovers())
		SKIP(return, "a function of this slot has no driver");
	EXPECT_EQ(0, type1_unmap(&self->user, IOVA, MAPPED));
	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	ASSERT_TRUE(device_error("MALF_TLP"));
	ASSERT_TRUE(wait_gate(VFIO_CXL_GATE_ERROR, 10000));
	EXPECT_EQ(-EFAULT, type1_map(&self->user, IOVA, self->memory, MAPPED));
	EXPECT_EQ(0, translate(IOVA));
	EXPECT_TRUE(recovery_over(kmsg));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, type1_map(&self->user, IOVA, self->memory, MAPPED));
	EXPECT_EQ(self->base, translate(IOVA));
}

/*
 * A hole that is known, see the administrator's guide: type1 is not told when a
 * mapping by page frame is taken away. Its translation survives a reset, which
 * takes the CPU's.
 */
FIXTURE(known_hole) {
	struct user user;
	char *memory;
};

FIXTURE_VARIANT(known_hole) {
	__u32 iommu;
};

FIXTURE_VARIANT_ADD(known_hole, type1) {
	.iommu = VFIO_TYPE1v2_IOMMU,
};

/* Only the last line of the test may fail; what comes before it skips */
FIXTURE_SETUP(known_hole)
{
	self->memory = MAP_FAILED;
	if (!memory_ready() || user_open(&self->user))
		SKIP(return, "no memory");
	self->memory = map_congruent(&self->user, 0, MAPPED);
}

FIXTURE_TEARDOWN(known_hole)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
}

TEST_F(known_hole, reset_ends_it)
{
	if (self->memory == MAP_FAILED ||
	    type1_map(&self->user, IOVA, self->memory, MAPPED) || !translate(IOVA) ||
	    ioctl(self->user.device, VFIO_DEVICE_RESET))
		SKIP(return, "no translation, or no reset");
	EXPECT_EQ(0, translate(IOVA));
}

XFAIL_ADD(known_hole, type1, reset_ends_it);

TEST_HARNESS_MAIN
