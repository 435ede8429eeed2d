// SPDX-License-Identifier: GPL-2.0-only
/* A device gets a window for host memory, and a VFIO region with it. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "window.h"

#define NO_BLOCK	0

FIXTURE(configure) {
	struct window w;
};

FIXTURE_SETUP(configure)
{
	self->w.user = USER_CLOSED;
	self->w.node = control_open();
	ASSERT_LE(0, self->w.node);
}

FIXTURE_TEARDOWN(configure)
{
	window_end(&self->w);
}

static void expect_none(struct __test_metadata *_metadata, int node)
{
	struct vfio_cxl_dc_info info;

	ASSERT_EQ(0, dc_info(node, &info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_DC_INFO_WINDOW);
	EXPECT_EQ(0, info.host_region_count);
	EXPECT_EQ(0, info.window_size);
	EXPECT_EQ(0, info.window_region);
}

/* Each has a reason of its own, and changes nothing */
TEST_F(configure, refused)
{
	static const struct {
		__u32 regions;
		__u64 size;
		__u64 block;
		__u32 reason;
	} wrong[] = {
		{ 9, REGION, NO_BLOCK, VFIO_CXL_REASON_HOST_REGIONS },
		{ ~0U, REGION, NO_BLOCK, VFIO_CXL_REASON_HOST_REGIONS },
		{ 1, REGION, 3 * PAGE, VFIO_CXL_REASON_HOST_BLOCK },
		{ 1, REGION, PAGE / 2, VFIO_CXL_REASON_HOST_BLOCK },
		{ 1, REGION, ~0ULL, VFIO_CXL_REASON_HOST_BLOCK },
		{ 1, 0, NO_BLOCK, VFIO_CXL_REASON_HOST_SIZE },
		{ 1, BLOCK + PAGE, NO_BLOCK, VFIO_CXL_REASON_HOST_SIZE },
		{ 1, BLOCK, 2 * BLOCK, VFIO_CXL_REASON_HOST_SIZE },
		{ 1, (1ULL << 40) + BLOCK, NO_BLOCK,
		  VFIO_CXL_REASON_RANGE_SIZE },
		{ 8, (1ULL << 37) + BLOCK, NO_BLOCK,
		  VFIO_CXL_REASON_RANGE_SIZE },
		{ 8, 1ULL << 61, NO_BLOCK, VFIO_CXL_REASON_RANGE_SIZE },
		{ 8, -BLOCK, NO_BLOCK, VFIO_CXL_REASON_RANGE_SIZE },
		{ 1, 1ULL << 63, 1ULL << 63, VFIO_CXL_REASON_RANGE_SIZE },
		/* None of them, and then what they are like */
		{ 0, REGION, NO_BLOCK, VFIO_CXL_REASON_NONE },
		{ 0, 0, BLOCK, VFIO_CXL_REASON_NONE },
	};
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		EXPECT_EQ(-EINVAL, window_configure(self->w.node,
						    wrong[i].regions,
						    wrong[i].size,
						    wrong[i].block))
			TH_LOG("%u", i);
		EXPECT_EQ(wrong[i].reason, window_why)
			TH_LOG("%u", i);
	}
	expect_none(_metadata, self->w.node);
	EXPECT_EQ(0, user_open(&self->w.user));
	EXPECT_EQ(-ENOENT, user_find(&self->w.user,
				     VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
				     &self->w.region));
}

TEST_F(configure, shown)
{
	struct vfio_cxl_dc_info info;
	unsigned int i;

	EXPECT_EQ(0, window_configure(self->w.node, 8, 3 * BLOCK, 0));
	ASSERT_EQ(0, dc_info(self->w.node, &info));
	EXPECT_TRUE(info.flags & VFIO_CXL_DC_INFO_WINDOW);
	EXPECT_EQ(24 * BLOCK, info.window_size);
	EXPECT_EQ(0, info.window_region);
	ASSERT_EQ(8, info.host_region_count);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(3 * BLOCK, info.host_region[i].length);
		EXPECT_EQ(3 * BLOCK, info.host_region[i].covered);
		EXPECT_EQ(BLOCK, info.host_region[i].block_size);
		EXPECT_EQ(i * 3 * BLOCK, info.host_region[i].offset);
		EXPECT_EQ(0, info.host_region[i].flags);
	}

	ASSERT_EQ(0, window_open(&self->w));
	ASSERT_EQ(0, dc_info(self->w.user.device, &info));
	EXPECT_EQ(self->w.region.index, info.window_region);
	EXPECT_EQ(24 * BLOCK, self->w.region.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS,
		  self->w.region.flags);
	user_close(&self->w.user);
	ASSERT_EQ(0, dc_info(self->w.node, &info));
	EXPECT_EQ(0, info.window_region);

	EXPECT_EQ(0, window_configure(self->w.node, 0, 0, 0));
	expect_none(_metadata, self->w.node);
	EXPECT_EQ(0, user_open(&self->w.user));
	EXPECT_EQ(-ENOENT, user_find(&self->w.user,
				     VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
				     &self->w.region));
}

/* What a VFIO region can have at most, and what a page can be */
TEST_F(configure, limits)
{
	EXPECT_EQ(0, window_configure(self->w.node, 8, 1ULL << 37, PAGE));
	EXPECT_EQ(0, window_configure(self->w.node, 1, 1ULL << 40,
				      1ULL << 40));
	ASSERT_EQ(0, window_open(&self->w));
	EXPECT_EQ(1ULL << 40, self->w.region.size);
}

static int configure_flags(int node, struct vfio_cxl_dc_configure *arg)
{
	arg->argsz = sizeof(*arg);

	return backend_ioctl(node, VFIO_CXL_DC_CONFIGURE, arg);
}

TEST_F(configure, already)
{
	struct vfio_cxl_dc_configure arg = { .regions = 2, .size = REGION };

	EXPECT_EQ(0, configure_flags(self->w.node, &arg));
	EXPECT_EQ(0, arg.flags);
	EXPECT_EQ(BLOCK, arg.block);
	/* Also while it is open, as nothing changes */
	ASSERT_EQ(0, window_open(&self->w));
	EXPECT_EQ(0, configure_flags(self->w.node, &arg));
	EXPECT_EQ(VFIO_CXL_DC_CONFIGURE_ALREADY, arg.flags);
	user_close(&self->w.user);
	arg = (struct vfio_cxl_dc_configure){};
	EXPECT_EQ(0, configure_flags(self->w.node, &arg));
	EXPECT_EQ(0, arg.flags);
	EXPECT_EQ(0, configure_flags(self->w.node, &arg));
	EXPECT_EQ(VFIO_CXL_DC_CONFIGURE_ALREADY, arg.flags);
}

TEST_F(configure, not_while_open)
{
	ASSERT_EQ(0, user_open(&self->w.user));
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 1, REGION, 0));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, window_why);
	user_close(&self->w.user);
	EXPECT_EQ(0, window_configure(self->w.node, 1, REGION, 0));
	ASSERT_EQ(0, window_open(&self->w));
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 0, 0, 0));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, window_why);
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 2, REGION, 0));
	EXPECT_EQ(REGION, self->w.region.size);
}

TEST_F(configure, not_with_extents)
{
	ASSERT_EQ(0, window_configure(self->w.node, 2, REGION, 0));
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 0, 0, 0));
	EXPECT_EQ(VFIO_CXL_REASON_HOST_EXTENTS, window_why);
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 1, REGION, 0));
	ASSERT_EQ(0, window_accept(self->w.node, 1, VFIO_CXL_DC_REACH_DEVICE));
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 1, REGION, 0));
	EXPECT_EQ(VFIO_CXL_REASON_HOST_EXTENTS, window_why);
	ASSERT_EQ(0, window_release(self->w.node, 1, 0));
	EXPECT_EQ(0, window_configure(self->w.node, 1, REGION, 0));
	/* What was is known, and is not there */
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, window_state(self->w.node, 1));
	EXPECT_EQ(0, window_configure(self->w.node, 0, 0, 0));
	EXPECT_EQ(-ENOENT, window_add(self->w.node, 1, FIRST, 0));
	EXPECT_EQ(VFIO_CXL_REASON_HOST_WINDOW, window_why);
	EXPECT_EQ(-ENOENT, window_remove(self->w.node, 1, 0));
	EXPECT_EQ(VFIO_CXL_REASON_HOST_WINDOW, window_why);
}

/* Beside the memory of the device, of which a reset has no effect on it */
TEST_F(configure, of_a_device_with_memory)
{
	struct region memory;
	char *window;

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, window_configure(self->w.node, 2, REGION, 0));
	ASSERT_EQ(0, window_open(&self->w));
	EXPECT_EQ(0, user_find(&self->w.user,
			       VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &memory));
	EXPECT_NE(memory.index, self->w.region.index);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->w.user.device, 1,
				   VFIO_CXL_DC_REACH_TENANT));
	window = window_map(&self->w, 0, REGION);
	ASSERT_NE(MAP_FAILED, window);
	EXPECT_TRUE(all_are(window, 1, BLOCK));
	EXPECT_TRUE(dev_reset());
	EXPECT_TRUE(all_are(window, 1, BLOCK));
	EXPECT_EQ(SIGBUS, touch(window + BLOCK, false));
	munmap(window, REGION);
}

/* Who was compiled with the struct as it was gets as much as that has */
TEST_F(configure, older_callers)
{
	struct vfio_cxl_dc_info info, full;

	ASSERT_EQ(0, window_configure(self->w.node, 2, REGION, 0));
	ASSERT_EQ(0, dc_info(self->w.node, &full));
	memset(&info, 0, sizeof(info));
	memset(&info.window_size, 0xee, sizeof(info) -
	       offsetof(struct vfio_cxl_dc_info, window_size));
	info.argsz = offsetof(struct vfio_cxl_dc_info, window_size);
	ASSERT_EQ(0, backend_ioctl(self->w.node, VFIO_CXL_DC_INFO, &info));
	EXPECT_EQ(full.flags, info.flags);
	EXPECT_EQ(full.sequence, info.sequence);
	EXPECT_EQ(0xeeeeeeeeeeeeeeee, info.window_size);
	EXPECT_EQ(0xeeeeeeee, info.host_region_count);
}

TEST_HARNESS_MAIN
