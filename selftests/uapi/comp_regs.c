// SPDX-License-Identifier: GPL-2.0-only
/* COMP_REGS, the decoder as a user programs it: registers and accesses. */
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
	self->hw = decoder_now(0);
	ASSERT_EQ(CTRL_COMMITTED, self->hw.ctrl & CTRL_COMMITTED);
	self->hdm = comp_hdm(&self->user);
}

/* Whatever was written to the shadow, the physical decoder has not moved */
FIXTURE_TEARDOWN(tenancy)
{
	struct hw_decoder now;

	user_close(&self->user);
	now = decoder_now(0);
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

TEST_F(tenancy, provisioning)
{
	EXPECT_EQ(0, reg(&self->user, self->hdm, 0x00));
	EXPECT_EQ(0, reg(&self->user, self->hdm, 0x04));
	EXPECT_EQ((__u32)self->hw.size, reg(&self->user, self->hdm, 0x08));
	EXPECT_EQ(self->hw.size >> 32, reg(&self->user, self->hdm, 0x0c));
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED,
		  reg(&self->user, self->hdm, 0x10) & 0xf00);
}

/*
 * The contract's table: which bits of a register a user may change while the
 * decoder is not sealed. @cap gates bits by the HDM decoder capability.
 */
TEST_F(tenancy, writable_bits)
{
	__u32 cap = comp_read(&self->user, self->hdm);
	__u32 poison = cap & (1U << 10) ? 1 : 0;
	__u32 uio = cap & (1U << 13) ? 1U << 14 : 0;
	const struct {
		const char *name;
		__u32 offset;
		__u32 writable;
	} rules[] = {
		{ "array header", 0, 0 },
		{ "capability", self->hdm, 0 },
		{ "global control", self->hdm + 4, 2 | poison },
		{ "reserved", self->hdm + 8, 0 },
		{ "reserved", self->hdm + 0xc, 0 },
		{ "BASE_LO", self->hdm + 0x10, 0xf0000000 },
		{ "BASE_HI", self->hdm + 0x14, ~0U },
		{ "SIZE_LO", self->hdm + 0x18, 0xf0000000 },
		{ "SIZE_HI", self->hdm + 0x1c, ~0U },
		/* Without COMMIT and LOCK, which have tests of their own */
		{ "CTRL", self->hdm + 0x20, 0x10ff | uio },
		{ "skip low", self->hdm + 0x24, 0 },
		{ "skip high", self->hdm + 0x28, 0 },
		{ "reserved", self->hdm + 0x2c, 0 },
		{ "behind the last decoder", self->hdm + 0x90, 0 },
		{ "behind it", self->hdm + 0x94, 0 },
		{ "the last of the region", 0xffc, 0 },
	};
	__u32 before, never = CTRL_COMMIT | CTRL_LOCK;
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		const char *name = rules[i].name;
		__u32 at = rules[i].offset, may = rules[i].writable;
		bool ctrl = at == self->hdm + 0x20;

		if (ctrl)
			comp_write(&self->user, at, 0);
		before = comp_read(&self->user, at);
		for (bit = 0; bit < 32; bit++) {
			if (ctrl && never & (1U << bit))
				continue;
			comp_write(&self->user, at, 1U << bit);
			EXPECT_EQ((before & ~may) | (may & (1U << bit)),
				  comp_read(&self->user, at))
				TH_LOG("%s, bit %u", name, bit);
		}
		comp_write(&self->user, at, before);
		EXPECT_EQ(before, comp_read(&self->user, at))
			TH_LOG("%s", name);
	}
}

/* The array has one capability, wherever the device has that; the rest is null */
TEST_F(tenancy, array)
{
	__u32 entries = comp_read(&self->user, 0) >> 24, i, entry, found = 0;

	EXPECT_EQ(hw_read(0), comp_read(&self->user, 0));
	for (i = 1; i <= entries; i++) {
		entry = comp_read(&self->user, 4 * i);
		if ((entry & 0xffff) == 5) {
			EXPECT_EQ(hw_read(4 * i), entry);
			found++;
		} else {
			EXPECT_EQ(0, entry & 0xffff);
		}
	}
	EXPECT_EQ(1, found);
	EXPECT_EQ(hw_read(hw_hdm()), comp_read(&self->user, self->hdm));
	for (i = 4 * (entries + 1); i < self->hdm; i += 4)
		EXPECT_EQ(0, comp_read(&self->user, i));
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

	set(&self->user, self->hdm, 0x00, (__u32)GUEST_BASE);
	set(&self->user, self->hdm, 0x04, GUEST_BASE >> 32);
	set(&self->user, self->hdm, 0x10, CTRL_COMMIT | CTRL_LOCK);
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
TEST_F_TIMEOUT(tenancy, storm_of_writes, 120)
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
