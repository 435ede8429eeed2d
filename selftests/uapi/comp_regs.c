// SPDX-License-Identifier: GPL-2.0-only
/* COMP_REGS, the decoder as a user programs it: provisioning and sealing. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define GUEST_BASE	0x1140000000ULL

FIXTURE(tenancy) {
	struct user user;
	struct hw_decoder hw;
	__u32 hdm;
};

FIXTURE_SETUP(tenancy)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->hw = hw_decoder(0);
	ASSERT_EQ(CTRL_COMMITTED, self->hw.ctrl & CTRL_COMMITTED);
	self->hdm = comp_hdm(&self->user);
}

/* Whatever was written to the shadow, the physical decoder has not moved */
FIXTURE_TEARDOWN(tenancy)
{
	struct hw_decoder now;

	user_close(&self->user);
	now = hw_decoder(0);
	EXPECT_TRUE(hw_same(&self->hw, &now));
}

static __u32 reg(const struct user *user, __u32 hdm, __u32 offset)
{
	return comp_read(user, hdm + 0x10 + offset);
}

static void set(const struct user *user, __u32 hdm, __u32 offset, __u32 value)
{
	comp_write(user, hdm + 0x10 + offset, value);
}

/* What the shipped client writes at machine start, in its order */
static void client_programs(const struct user *user, __u32 hdm, __u64 base)
{
	__u32 ctrl = reg(user, hdm, 0x10);

	if (ctrl & CTRL_LOCK)
		set(user, hdm, 0x10, ctrl & ~CTRL_LOCK);
	set(user, hdm, 0x00, base & 0xf0000000);
	set(user, hdm, 0x04, base >> 32);
	set(user, hdm, 0x10, reg(user, hdm, 0x10) | CTRL_COMMIT | CTRL_LOCK);
}

TEST_F(tenancy, provisioning)
{
	EXPECT_EQ(0, reg(&self->user, self->hdm, 0x00));
	EXPECT_EQ(0, reg(&self->user, self->hdm, 0x04));
	EXPECT_EQ((__u32)self->hw.size, reg(&self->user, self->hdm, 0x08));
	EXPECT_EQ(self->hw.size >> 32, reg(&self->user, self->hdm, 0x0c));
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED,
		  reg(&self->user, self->hdm, 0x10) & 0xf00);
}

TEST_F(tenancy, client_seals)
{
	struct vfio_cxl_info info;
	__u32 ctrl;

	client_programs(&self->user, self->hdm, GUEST_BASE);
	ctrl = reg(&self->user, self->hdm, 0x10);
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED | CTRL_LOCK, ctrl & 0xf00);
	EXPECT_EQ((__u32)GUEST_BASE, reg(&self->user, self->hdm, 0x00));
	EXPECT_EQ(GUEST_BASE >> 32, reg(&self->user, self->hdm, 0x04));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_SEALED);

	/* Nothing changes it any more, a write of CTRL with LOCK 0 included */
	set(&self->user, self->hdm, 0x10, ctrl & ~CTRL_LOCK);
	set(&self->user, self->hdm, 0x10, 0);
	set(&self->user, self->hdm, 0x00, 0x20000000);
	set(&self->user, self->hdm, 0x04, 0x77);
	set(&self->user, self->hdm, 0x08, 0x10000000);
	set(&self->user, self->hdm, 0x0c, 1);
	EXPECT_EQ(ctrl, reg(&self->user, self->hdm, 0x10));
	EXPECT_EQ((__u32)GUEST_BASE, reg(&self->user, self->hdm, 0x00));
	EXPECT_EQ(GUEST_BASE >> 32, reg(&self->user, self->hdm, 0x04));
	EXPECT_EQ((__u32)self->hw.size, reg(&self->user, self->hdm, 0x08));
	EXPECT_EQ(self->hw.size >> 32, reg(&self->user, self->hdm, 0x0c));
}

/* A guest that reboots finds its decoder as it was */
TEST_F(tenancy, seal_survives_reset_and_ends_at_close)
{
	__u32 ctrl;

	client_programs(&self->user, self->hdm, GUEST_BASE);
	ctrl = reg(&self->user, self->hdm, 0x10);
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(ctrl, reg(&self->user, self->hdm, 0x10));
	EXPECT_EQ((__u32)GUEST_BASE, reg(&self->user, self->hdm, 0x00));

	user_close(&self->user);
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(0, reg(&self->user, self->hdm, 0x00));
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED,
		  reg(&self->user, self->hdm, 0x10) & 0xf00);
}

TEST_F(tenancy, refused_commit_says_so)
{
	__u32 ctrl = reg(&self->user, self->hdm, 0x10);

	/* Larger than the memory */
	set(&self->user, self->hdm, 0x10, ctrl & ~CTRL_COMMIT);
	EXPECT_EQ(0, reg(&self->user, self->hdm, 0x10) &
		  (CTRL_COMMIT | CTRL_COMMITTED));
	set(&self->user, self->hdm, 0x0c, 0x100);
	set(&self->user, self->hdm, 0x10, ctrl | CTRL_COMMIT | CTRL_LOCK);
	EXPECT_EQ(CTRL_ERROR, reg(&self->user, self->hdm, 0x10) &
		  (CTRL_ERROR | CTRL_COMMITTED));

	/* Not sealed, so it can be mended */
	set(&self->user, self->hdm, 0x10, 0);
	set(&self->user, self->hdm, 0x0c, self->hw.size >> 32);
	client_programs(&self->user, self->hdm, GUEST_BASE);
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED | CTRL_LOCK,
		  reg(&self->user, self->hdm, 0x10) & 0xf00);
}

TEST_F(tenancy, access_sizes)
{
	static char data[4096];
	struct region region;
	__u64 value = 0;
	unsigned int size, offset;

	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_COMP_REGS,
			       &region));
	for (size = 1; size <= 8; size++) {
		for (offset = 0; offset < 8; offset++) {
			ssize_t want = size == 4 && offset % 4 == 0 ? 4 : -1;

			errno = EINVAL;
			EXPECT_EQ(want, pread(self->user.device, &value, size,
					      region.offset + offset));
			EXPECT_EQ(EINVAL, errno);
			if (want < 0)
				EXPECT_EQ(-1, pwrite(self->user.device, &value,
						     size,
						     region.offset + offset));
		}
	}
	EXPECT_EQ(0, pread(self->user.device, data, 0, region.offset));
	EXPECT_EQ(-1, pread(self->user.device, data, 4,
			    region.offset + region.size));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->user.device, data, 4,
			     region.offset + region.size));
}

/* The same registers through the BAR, where the client lays COMP_REGS */
TEST_F(tenancy, bar_shows_the_shadow)
{
	__u32 offset, shadow, bar;
	struct region region;

	client_programs(&self->user, self->hdm, GUEST_BASE);
	ASSERT_EQ(0, user_region(&self->user, 0, &region));
	for (offset = 0; offset < 0x1000; offset += 4) {
		shadow = comp_read(&self->user, offset);
		ASSERT_EQ(4, pread(self->user.device, &bar, 4,
				   region.offset + 0x1000 + offset));
		ASSERT_EQ(shadow, bar);
	}
	/* And bytes of it */
	shadow = comp_read(&self->user, self->hdm + 0x20);
	ASSERT_EQ(1, pread(self->user.device, &bar, 1,
			   region.offset + 0x1000 + self->hdm + 0x21));
	EXPECT_EQ((shadow >> 8) & 0xff, bar & 0xff);
}

/* Any value to any register, twice over: only the shadow may notice */
TEST_F(tenancy, storm_of_writes)
{
	static const __u32 values[] = { ~0U, 0, 0x5a5a5a5a, 0xa5a5a5a5, 0x700 };
	struct hw_decoder now;
	__u32 offset, bar = 0;
	struct region region;
	unsigned int i;

	ASSERT_EQ(0, user_region(&self->user, 0, &region));
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (offset = 0; offset < 0x1000; offset += 4) {
			comp_write(&self->user, offset, values[i]);
			pwrite(self->user.device, &values[i], 4,
			       region.offset + 0x1000 + offset);
		}
	}
	/* Before the reset, which would put back what was broken */
	now = hw_decoder(0);
	EXPECT_TRUE(hw_same(&self->hw, &now));
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	ASSERT_EQ(4, pread(self->user.device, &bar, 4, region.offset + 0x1000));
	EXPECT_EQ(bar, comp_read(&self->user, 0));
}

TEST_HARNESS_MAIN
