// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal: COMMIT and LOCK place the decoder that the user sees until the
 * tenancy ends; by the user's own writes, or from outside.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define GUEST_BASE	0x1140000000ULL
#define OTHER_BASE	0x2250000000ULL
#define UNIT		(256 * MIB)

/* Registers of a decoder, from its first one */
enum {
	BASE_LO = 0x00,
	BASE_HI = 0x04,
	SIZE_LO = 0x08,
	SIZE_HI = 0x0c,
	CTRL = 0x10,
};

#define CTRL_STATE	(CTRL_LOCK | CTRL_COMMIT | CTRL_COMMITTED | CTRL_ERROR)
#define PROVISIONING	(CTRL_COMMIT | CTRL_COMMITTED)
#define SEALED		(CTRL_COMMIT | CTRL_COMMITTED | CTRL_LOCK)

/* Nothing from outside is left over from another test */
static bool clear_guest(void)
{
	struct vfio_cxl_guest_clear clear = {};

	return !control_guest_clear(&clear);
}

FIXTURE(tenancy) {
	struct user user;
	struct hw_decoder hw;
};

FIXTURE_SETUP(tenancy)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_TRUE(clear_guest());
	ASSERT_EQ(0, user_open(&self->user));
	self->hw = decoder_now(0);
	ASSERT_EQ(CTRL_COMMITTED, self->hw.ctrl & CTRL_COMMITTED);
}

/* Whatever was sealed, the physical decoder has not moved */
FIXTURE_TEARDOWN(tenancy)
{
	struct hw_decoder now;

	user_close(&self->user);
	EXPECT_TRUE(clear_guest());
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&self->hw, &now));
}

static __u32 get(const struct user *user, unsigned int n, __u32 reg)
{
	return comp_read(user, comp_hdm(user) + 0x10 + 0x20 * n + reg);
}

static void set(const struct user *user, unsigned int n, __u32 reg, __u32 value)
{
	comp_write(user, comp_hdm(user) + 0x10 + 0x20 * n + reg, value);
}

static __u32 state(const struct user *user, unsigned int n)
{
	return get(user, n, CTRL) & CTRL_STATE;
}

static __u64 base_of(const struct user *user, unsigned int n)
{
	return get(user, n, BASE_LO) | (__u64)get(user, n, BASE_HI) << 32;
}

/* What the shipped client writes at machine start, in its order */
static void client_programs(const struct user *user, __u64 base)
{
	__u32 ctrl = get(user, 0, CTRL);

	if (ctrl & CTRL_LOCK)
		set(user, 0, CTRL, ctrl & ~CTRL_LOCK);
	set(user, 0, BASE_LO, base & 0xf0000000);
	set(user, 0, BASE_HI, base >> 32);
	set(user, 0, CTRL, ctrl | CTRL_COMMIT | CTRL_LOCK);
}

/* Each reset that may come while the device is open; false if it failed */
static bool reset(const struct user *user, unsigned int how)
{
	switch (how) {
	case 0:
		return !ioctl(user->device, VFIO_DEVICE_RESET);
	case 1:
		return !user_hot_reset(user);
	default:
		return dev_reset() && becomes_live();
	}
}

#define RESETS	3

/* ---- by the user's writes ---- */

/* From device setup to a guest that has rebooted, as the contract tells it */
TEST_F(tenancy, shipped_client)
{
	struct vfio_cxl_device_info_cap cap;
	struct vfio_device_info info;
	struct region memory, regs;
	unsigned int i;
	char *map;

	ASSERT_EQ(0, user_cxl_cap(&self->user, &info, &cap));
	ASSERT_TRUE(info.flags & VFIO_CXL_DEVICE_FLAGS_CXL);
	ASSERT_TRUE(cap.flags & VFIO_CXL_CAP_FIRMWARE_COMMITTED);
	ASSERT_EQ(0, user_region(&self->user, cap.dpa_region_index, &memory));
	map = mmap(NULL, memory.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   self->user.device, memory.offset);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, user_region(&self->user, cap.comp_regs_region_index,
				 &regs));
	/* The array from offset 0, and the capability: one decoder at least */
	ASSERT_EQ(1, comp_read(&self->user, 0) & 0xffff);
	ASSERT_NE(0, comp_hdm(&self->user));
	EXPECT_GT(13, comp_read(&self->user, comp_hdm(&self->user)) & 0xf);

	/* COMMITTED all along, so that it is no sign of a seal */
	EXPECT_EQ(PROVISIONING, state(&self->user, 0));
	set(&self->user, 0, BASE_LO, (__u32)GUEST_BASE);
	EXPECT_EQ(PROVISIONING, state(&self->user, 0));
	set(&self->user, 0, BASE_HI, GUEST_BASE >> 32);
	EXPECT_EQ(PROVISIONING, state(&self->user, 0));
	set(&self->user, 0, CTRL,
	    get(&self->user, 0, CTRL) | CTRL_COMMIT | CTRL_LOCK);
	EXPECT_EQ(SEALED, state(&self->user, 0));
	EXPECT_EQ(GUEST_BASE, base_of(&self->user, 0));
	EXPECT_EQ(self->hw.size, get(&self->user, 0, SIZE_LO) |
		  (__u64)get(&self->user, 0, SIZE_HI) << 32);
	map[UNIT - 1] = 0x42;

	/* The guest reboots. This client does nothing; another goes again */
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(reset(&self->user, 0));
		if (i)
			client_programs(&self->user, GUEST_BASE);
		EXPECT_EQ(SEALED, state(&self->user, 0));
		EXPECT_EQ(GUEST_BASE, base_of(&self->user, 0));
		EXPECT_EQ(0x42, map[UNIT - 1]);
	}
	munmap(map, memory.size);
}

/* All registers of the decoder with all kinds of values, LOCK 0 first */
TEST_F(tenancy, nothing_changes_a_sealed_decoder)
{
	static const __u32 values[] = {
		CTRL_COMMIT, 0, ~0U, 0x30000000, CTRL_LOCK, SEALED ^ CTRL_LOCK,
		0x5a5a5a5a,
	};
	__u32 before[8], at;
	unsigned int i;

	client_programs(&self->user, GUEST_BASE);
	ASSERT_EQ(SEALED, state(&self->user, 0));
	for (at = 0; at < 0x20; at += 4)
		before[at / 4] = get(&self->user, 0, at);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		set(&self->user, 0, CTRL, values[i]);
		for (at = 0; at < 0x20; at += 4)
			set(&self->user, 0, at, values[i]);
		for (at = 0; at < 0x20; at += 4)
			EXPECT_EQ(before[at / 4], get(&self->user, 0, at))
				TH_LOG("register %#x after %#x", at, values[i]);
	}
}

/* A LOCK without COMMIT, or a COMMIT without LOCK, seals nothing */
TEST_F(tenancy, only_both_bits_seal)
{
	static const __u32 ctrls[] = { CTRL_COMMIT, CTRL_LOCK, 0 };
	struct vfio_cxl_info info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ctrls); i++) {
		set(&self->user, 0, CTRL, ctrls[i]);
		set(&self->user, 0, BASE_LO, 0x10000000 * (i + 1));
		EXPECT_EQ(0x10000000 * (i + 1), get(&self->user, 0, BASE_LO));
		ASSERT_EQ(0, control_info(&info));
		EXPECT_FALSE(info.flags & VFIO_CXL_INFO_SEALED);
	}
	EXPECT_EQ(0, state(&self->user, 0));
	client_programs(&self->user, GUEST_BASE);
	EXPECT_EQ(SEALED, state(&self->user, 0));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_SEALED);
}

TEST_F(tenancy, survives_resets)
{
	unsigned int how;

	client_programs(&self->user, GUEST_BASE);
	for (how = 0; how < RESETS; how++) {
		ASSERT_TRUE(reset(&self->user, how))
			TH_LOG("reset %u: %s", how, strerror(errno));
		EXPECT_EQ(SEALED, state(&self->user, 0))
			TH_LOG("after reset %u", how);
		EXPECT_EQ(GUEST_BASE, base_of(&self->user, 0));
		set(&self->user, 0, CTRL, 0);
		EXPECT_EQ(SEALED, state(&self->user, 0))
			TH_LOG("after reset %u", how);
	}
}

/* It is the tenancy's, not a descriptor's, and ends with the last of them */
TEST_F(tenancy, ends_at_last_close)
{
	struct vfio_cxl_info info;
	struct user second = self->user;

	if (self->user.group < 0)
		SKIP(return, "no second descriptor without a group");
	client_programs(&self->user, GUEST_BASE);
	second.device = ioctl(self->user.group, VFIO_GROUP_GET_DEVICE_FD,
			      dev_bdf());
	ASSERT_LE(0, second.device);
	EXPECT_EQ(SEALED, state(&second, 0));
	set(&second, 0, CTRL, 0);
	EXPECT_EQ(SEALED, state(&second, 0));
	close(self->user.device);
	EXPECT_EQ(SEALED, state(&second, 0));
	EXPECT_EQ(GUEST_BASE, base_of(&second, 0));
	close(second.device);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_FALSE(info.flags & VFIO_CXL_INFO_SEALED);

	self->user.device = ioctl(self->user.group, VFIO_GROUP_GET_DEVICE_FD,
				  dev_bdf());
	ASSERT_LE(0, self->user.device);
	EXPECT_EQ(PROVISIONING, state(&self->user, 0));
	EXPECT_EQ(0, base_of(&self->user, 0));
}

/* What hardware would not commit, it says so, is not sealed, and is mended */
TEST_F(tenancy, refused_commits)
{
	const struct {
		const char *what;
		__u64 base;
		__u64 size;
		__u32 ctrl;
	} cases[] = {
		{ "no size", GUEST_BASE, 0, 0 },
		{ "larger than the memory", GUEST_BASE, self->hw.size + UNIT },
		{ "far larger", GUEST_BASE, 1ULL << 40 },
		{ "not below 2^64", -UNIT, self->hw.size },
		{ "two ways", GUEST_BASE, self->hw.size, 0x10 },
		{ "reserved ways", GUEST_BASE, self->hw.size, 0xf0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		__u32 lock = i & 1 ? CTRL_LOCK : 0;

		/* COMMIT 1 to 0, new values, 0 to 1: as software has to */
		set(&self->user, 0, CTRL, 0);
		EXPECT_EQ(0, state(&self->user, 0));
		set(&self->user, 0, BASE_LO, cases[i].base);
		set(&self->user, 0, BASE_HI, cases[i].base >> 32);
		set(&self->user, 0, SIZE_LO, cases[i].size);
		set(&self->user, 0, SIZE_HI, cases[i].size >> 32);
		set(&self->user, 0, CTRL, cases[i].ctrl | CTRL_COMMIT | lock);
		EXPECT_EQ(CTRL_ERROR, state(&self->user, 0) &
			  (CTRL_ERROR | CTRL_COMMITTED))
			TH_LOG("%s", cases[i].what);
		/* Nor does trying again help while COMMIT stays set */
		set(&self->user, 0, SIZE_LO, self->hw.size);
		set(&self->user, 0, SIZE_HI, self->hw.size >> 32);
		EXPECT_EQ((__u32)self->hw.size, get(&self->user, 0, SIZE_LO))
			TH_LOG("%s", cases[i].what);
	}
	set(&self->user, 0, CTRL, 0);
	EXPECT_EQ(0, state(&self->user, 0));
	client_programs(&self->user, GUEST_BASE);
	EXPECT_EQ(SEALED, state(&self->user, 0));
}

/* A smaller decoder is fine: what it does not decode is not there */
TEST_F(tenancy, smaller_decoder)
{
	if (self->hw.size == UNIT) {
		/* None is smaller than the smallest */
		set(&self->user, 0, CTRL, 0);
		set(&self->user, 0, SIZE_LO, UNIT - 1);
		EXPECT_EQ(0, get(&self->user, 0, SIZE_LO));
		return;
	}
	set(&self->user, 0, CTRL, 0);
	set(&self->user, 0, SIZE_LO, UNIT);
	set(&self->user, 0, SIZE_HI, 0);
	client_programs(&self->user, GUEST_BASE);
	EXPECT_EQ(SEALED, state(&self->user, 0));
	EXPECT_EQ(UNIT, get(&self->user, 0, SIZE_LO));
}

/* ---- overlap: a device whose decoder 1 is committed too ---- */

FIXTURE(two) {
	struct user user;
	struct hw_decoder hw;
};

static void memory_space_on(void)
{
	__u16 command = 2;
	int config = dev_config();

	if (config < 0 || pwrite(config, &command, 2, 4) != 2)
		abort();
	close(config);
}

static void commit_in_hardware(unsigned int n, __u64 base, __u64 size,
			       __u32 ctrl)
{
	__u32 at = hw_hdm() + 0x10 + 0x20 * n;

	hw_write(at + BASE_LO, base);
	hw_write(at + BASE_HI, base >> 32);
	hw_write(at + SIZE_LO, size);
	hw_write(at + SIZE_HI, size >> 32);
	hw_write(at + CTRL, ctrl);
}

FIXTURE_SETUP(two)
{
	struct vfio_cxl_window window = { .argsz = sizeof(window) };
	int fd = control_open();

	ASSERT_EQ(0, ioctl(fd, VFIO_CXL_WINDOW, &window));
	close(fd);
	commit_in_hardware(1, window.base + window.size - UNIT, UNIT, 0x1200);
	ASSERT_TRUE(dev_rebind());
	ASSERT_TRUE(memory_ready());
	self->hw = decoder_now(1);
	ASSERT_EQ(CTRL_COMMITTED, self->hw.ctrl & CTRL_COMMITTED);
	ASSERT_EQ(0, user_open(&self->user));
}

FIXTURE_TEARDOWN(two)
{
	struct hw_decoder now = decoder_now(1);

	EXPECT_TRUE(hw_same(&self->hw, &now));
	user_close(&self->user);
	EXPECT_TRUE(dev_unbind());
	/* Nobody keeps Memory Space on now; nor does anybody restore this */
	memory_space_on();
	commit_in_hardware(1, 0, 0, 0x1000);
	EXPECT_TRUE(dev_bind());
	EXPECT_EQ(0, decoder_now(1).ctrl & CTRL_COMMITTED);
}

TEST_F(two, merely_committed_may_overlap)
{
	/* As they begin: both at 0 */
	EXPECT_EQ(PROVISIONING, state(&self->user, 0));
	EXPECT_EQ(PROVISIONING, state(&self->user, 1));
	EXPECT_EQ(0, base_of(&self->user, 1));
	set(&self->user, 0, CTRL, 0);
	set(&self->user, 0, CTRL, CTRL_COMMIT);
	EXPECT_EQ(PROVISIONING, state(&self->user, 0));
	client_programs(&self->user, 0);
	EXPECT_EQ(SEALED, state(&self->user, 0));
}

TEST_F(two, sealed_may_not_overlap)
{
	__u64 size = get(&self->user, 0, SIZE_LO) |
		     (__u64)get(&self->user, 0, SIZE_HI) << 32;
	const struct {
		__u64 base;
		__u32 want;
	} cases[] = {
		{ GUEST_BASE, CTRL_ERROR },
		{ GUEST_BASE + size - UNIT, CTRL_ERROR },
		{ GUEST_BASE + size, CTRL_COMMITTED },
		{ GUEST_BASE - UNIT, CTRL_COMMITTED },
	};
	unsigned int i;
	__u32 lock;

	client_programs(&self->user, GUEST_BASE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		__u32 want = cases[i].want;

		set(&self->user, 1, CTRL, 0);
		set(&self->user, 1, BASE_LO, cases[i].base);
		set(&self->user, 1, BASE_HI, cases[i].base >> 32);
		/* The last one for good */
		lock = 0;
		if (i == ARRAY_SIZE(cases) - 1)
			lock = CTRL_LOCK;
		set(&self->user, 1, CTRL, CTRL_COMMIT | lock);
		EXPECT_EQ(want, state(&self->user, 1) &
			  (CTRL_COMMITTED | CTRL_ERROR))
			TH_LOG("case %u", i);
		EXPECT_EQ(SEALED, state(&self->user, 0));
	}
	EXPECT_EQ(SEALED, state(&self->user, 1));
	ASSERT_TRUE(reset(&self->user, 0));
	EXPECT_EQ(SEALED, state(&self->user, 1));
	EXPECT_EQ(GUEST_BASE - UNIT, base_of(&self->user, 1));
}

TEST_HARNESS_MAIN
