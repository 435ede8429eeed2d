// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_CXL_GUEST_SET and _CLEAR: the decoder that a guest sees, placed from
 * outside; for this tenancy, for the next one, or for all.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define BASE		0x3340000000ULL
#define OTHER_BASE	0x4450000000ULL
#define UNIT		(256 * MIB)

#define PROVISIONING	(CTRL_COMMIT | CTRL_COMMITTED)
#define SEALED		(CTRL_COMMIT | CTRL_COMMITTED | CTRL_LOCK)

static int guest_set(__u64 base, __u32 flags, struct vfio_cxl_guest_set *set)
{
	*set = (struct vfio_cxl_guest_set){ .base = base, .flags = flags };

	return control_guest_set(set);
}

static int guest_clear(__u32 flags, struct vfio_cxl_guest_clear *clear)
{
	*clear = (struct vfio_cxl_guest_clear){ .flags = flags };

	return control_guest_clear(clear);
}

static __u32 state(const struct user *user)
{
	return comp_read(user, comp_hdm(user) + 0x20) & 0xf00;
}

static __u64 base_of(const struct user *user)
{
	__u32 at = comp_hdm(user) + 0x10;

	return comp_read(user, at) | (__u64)comp_read(user, at + 4) << 32;
}

static void user_seals(const struct user *user, __u64 base)
{
	__u32 at = comp_hdm(user) + 0x10;

	comp_write(user, at, base);
	comp_write(user, at + 4, base >> 32);
	comp_write(user, at + 16, CTRL_COMMIT | CTRL_LOCK);
}

FIXTURE(guest) {
	struct user user;
	struct hw_decoder hw;
	struct vfio_cxl_guest_set set;
	struct vfio_cxl_guest_clear clear;
};

FIXTURE_SETUP(guest)
{
	self->user = USER_CLOSED;
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, guest_clear(0, &self->clear));
	self->hw = decoder_now(0);
}

/* Whatever the guest was shown, the physical decoder has not moved */
FIXTURE_TEARDOWN(guest)
{
	struct hw_decoder now = decoder_now(0);

	EXPECT_TRUE(hw_same(&self->hw, &now));
	user_close(&self->user);
	EXPECT_EQ(0, guest_clear(0, &self->clear));
}

/* All that a look from either side tells */
struct view {
	struct vfio_cxl_decoder decoder;
	struct vfio_cxl_info info;
	__u32 ctrl;
	__u64 base;
};

static struct view view(const struct user *user)
{
	struct view view;

	memset(&view, 0, sizeof(view));
	control_decoder(&view.decoder);
	control_info(&view.info);
	if (user->device >= 0) {
		view.ctrl = state(user);
		view.base = base_of(user);
	}

	return view;
}

#define GUEST_FLAGS	(VFIO_CXL_DECODER_GUEST | VFIO_CXL_DECODER_GUEST_SET | \
			 VFIO_CXL_DECODER_GUEST_PERSIST)

TEST_F(guest, next_tenancy)
{
	struct view v;

	ASSERT_EQ(0, guest_set(BASE, 0, &self->set));
	EXPECT_EQ(0, self->set.flags);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, self->set.reason);
	v = view(&self->user);
	EXPECT_EQ(VFIO_CXL_DECODER_GUEST_SET, v.decoder.flags & GUEST_FLAGS);
	EXPECT_EQ(BASE, v.decoder.guest_base);

	ASSERT_EQ(0, user_open(&self->user));
	v = view(&self->user);
	EXPECT_EQ(VFIO_CXL_DECODER_GUEST | VFIO_CXL_DECODER_GUEST_SET,
		  v.decoder.flags & GUEST_FLAGS);
	EXPECT_EQ(BASE, v.decoder.guest_base);
	EXPECT_EQ(BASE, v.base);
	/* Not sealed: a client that knows better may still move it */
	EXPECT_EQ(PROVISIONING, v.ctrl);
	EXPECT_FALSE(v.info.flags & VFIO_CXL_INFO_SEALED);
	user_seals(&self->user, OTHER_BASE);
	EXPECT_EQ(SEALED, state(&self->user));
	EXPECT_EQ(OTHER_BASE, base_of(&self->user));
	user_close(&self->user);

	v = view(&self->user);
	EXPECT_EQ(0, v.decoder.flags & GUEST_FLAGS);
	ASSERT_EQ(0, user_open(&self->user));
	v = view(&self->user);
	EXPECT_EQ(0, v.base);
	EXPECT_EQ(PROVISIONING, v.ctrl);
	EXPECT_EQ(VFIO_CXL_DECODER_GUEST, v.decoder.flags & GUEST_FLAGS);
}

/* Sealed from outside is sealed: against writes, and over a reset */
TEST_F(guest, next_tenancy_sealed)
{
	struct view v;

	ASSERT_EQ(0, guest_set(BASE, VFIO_CXL_GUEST_SEAL, &self->set));
	EXPECT_EQ(VFIO_CXL_GUEST_SEAL, self->set.flags);
	ASSERT_EQ(0, user_open(&self->user));
	v = view(&self->user);
	EXPECT_EQ(SEALED, v.ctrl);
	EXPECT_EQ(BASE, v.base);
	EXPECT_EQ(self->hw.size, v.decoder.guest_size);
	EXPECT_TRUE(v.decoder.flags & VFIO_CXL_DECODER_GUEST_SEALED);
	EXPECT_TRUE(v.info.flags & VFIO_CXL_INFO_SEALED);
	user_seals(&self->user, OTHER_BASE);
	comp_write(&self->user, comp_hdm(&self->user) + 0x20, 0);
	EXPECT_EQ(SEALED, state(&self->user));
	EXPECT_EQ(BASE, base_of(&self->user));
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(SEALED, state(&self->user));
	EXPECT_EQ(BASE, base_of(&self->user));
	user_close(&self->user);
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(PROVISIONING, state(&self->user));
	EXPECT_EQ(0, base_of(&self->user));
}

TEST_F(guest, open_tenancy)
{
	char *memory;

	ASSERT_EQ(0, user_open(&self->user));
	memory = map_congruent(&self->user, 0, 2 * MIB);
	ASSERT_EQ(0, touch(memory, true));
	ASSERT_EQ(0, guest_set(BASE, 0, &self->set));
	EXPECT_EQ(0, self->set.flags);
	EXPECT_EQ(BASE, base_of(&self->user));
	EXPECT_EQ(PROVISIONING, state(&self->user));
	ASSERT_EQ(0, guest_set(BASE, 0, &self->set));
	EXPECT_EQ(VFIO_CXL_GUEST_ALREADY, self->set.flags);

	/* Not where the user has moved it in the meantime */
	comp_write(&self->user, comp_hdm(&self->user) + 0x10, 0);
	ASSERT_EQ(0, guest_set(BASE, VFIO_CXL_GUEST_SEAL, &self->set));
	EXPECT_EQ(VFIO_CXL_GUEST_SEAL, self->set.flags);
	EXPECT_EQ(BASE, base_of(&self->user));
	EXPECT_EQ(SEALED, state(&self->user));
	ASSERT_EQ(0, guest_set(BASE, VFIO_CXL_GUEST_SEAL, &self->set));
	EXPECT_EQ(VFIO_CXL_GUEST_SEAL | VFIO_CXL_GUEST_ALREADY,
		  self->set.flags);

	EXPECT_EQ(-EPERM, guest_set(OTHER_BASE, 0, &self->set));
	EXPECT_EQ(VFIO_CXL_REASON_SEALED, self->set.reason);
	EXPECT_EQ(0, strcmp("decoder 0", self->set.element));
	EXPECT_EQ(BASE, base_of(&self->user));
	EXPECT_EQ(0, touch(memory, true));
	user_close(&self->user);
	munmap(memory, 2 * MIB);
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(0, base_of(&self->user));
}

/* What the user sealed is as good as what was sealed from outside */
TEST_F(guest, sealed_by_the_user)
{
	struct view before, after;

	ASSERT_EQ(0, user_open(&self->user));
	user_seals(&self->user, BASE);
	before = view(&self->user);
	EXPECT_EQ(-EPERM, guest_set(OTHER_BASE, VFIO_CXL_GUEST_SEAL,
				    &self->set));
	EXPECT_EQ(VFIO_CXL_REASON_SEALED, self->set.reason);
	EXPECT_EQ(-EPERM, guest_set(OTHER_BASE, VFIO_CXL_GUEST_PERSIST,
				    &self->set));
	after = view(&self->user);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(0, guest_set(BASE, VFIO_CXL_GUEST_SEAL, &self->set));
	EXPECT_EQ(BASE, base_of(&self->user));
	EXPECT_EQ(SEALED, state(&self->user));
	/* The refused one did not become the next tenancy's either */
	user_close(&self->user);
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(0, base_of(&self->user));
	EXPECT_EQ(PROVISIONING, state(&self->user));
}

TEST_F(guest, persist)
{
	const __u32 flags = VFIO_CXL_GUEST_SEAL | VFIO_CXL_GUEST_PERSIST;
	struct view v;
	unsigned int i;

	ASSERT_EQ(0, guest_set(BASE, flags, &self->set));
	EXPECT_EQ(flags, self->set.flags);
	for (i = 0; i < 3; i++) {
		v = view(&self->user);
		EXPECT_EQ(VFIO_CXL_DECODER_GUEST_SET |
			  VFIO_CXL_DECODER_GUEST_PERSIST,
			  v.decoder.flags & GUEST_FLAGS);
		EXPECT_EQ(BASE, v.decoder.guest_base);
		ASSERT_EQ(0, user_open(&self->user));
		v = view(&self->user);
		EXPECT_EQ(GUEST_FLAGS, v.decoder.flags & GUEST_FLAGS);
		EXPECT_EQ(SEALED, v.ctrl);
		EXPECT_EQ(BASE, v.base);
		user_close(&self->user);
	}
	ASSERT_EQ(0, guest_set(BASE, flags, &self->set));
	EXPECT_EQ(flags | VFIO_CXL_GUEST_ALREADY, self->set.flags);
	ASSERT_EQ(0, guest_clear(0, &self->clear));
	EXPECT_EQ(0, self->clear.flags);
	v = view(&self->user);
	EXPECT_EQ(0, v.decoder.flags & GUEST_FLAGS);
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(0, base_of(&self->user));

	/* From within a tenancy on; then the driver is unbound */
	ASSERT_EQ(0, guest_set(OTHER_BASE, flags, &self->set));
	EXPECT_EQ(OTHER_BASE, base_of(&self->user));
	user_close(&self->user);
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(OTHER_BASE, base_of(&self->user));
	EXPECT_EQ(SEALED, state(&self->user));
	user_close(&self->user);
	ASSERT_TRUE(dev_rebind());
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(0, base_of(&self->user));
	EXPECT_EQ(PROVISIONING, state(&self->user));
}

TEST_F(guest, all_is_taken_back)
{
	struct view v;
	unsigned int i;

	ASSERT_EQ(0, guest_clear(0, &self->clear));
	EXPECT_EQ(VFIO_CXL_GUEST_ALREADY, self->clear.flags);
	ASSERT_EQ(0, guest_set(BASE, 0, &self->set));
	ASSERT_EQ(0, guest_clear(0, &self->clear));
	EXPECT_EQ(0, self->clear.flags);

	ASSERT_EQ(0, user_open(&self->user));
	EXPECT_EQ(0, base_of(&self->user));
	ASSERT_EQ(0, guest_clear(0, &self->clear));
	EXPECT_EQ(VFIO_CXL_GUEST_ALREADY, self->clear.flags);

	/* Whoever sealed it */
	user_seals(&self->user, BASE);
	ASSERT_EQ(0, guest_clear(0, &self->clear));
	EXPECT_EQ(0, self->clear.flags);
	v = view(&self->user);
	EXPECT_EQ(PROVISIONING, v.ctrl);
	EXPECT_EQ(0, v.base);
	EXPECT_EQ(self->hw.size, v.decoder.guest_size);
	EXPECT_FALSE(v.info.flags & VFIO_CXL_INFO_SEALED);
	user_seals(&self->user, OTHER_BASE);
	EXPECT_EQ(SEALED, state(&self->user));
	EXPECT_EQ(OTHER_BASE, base_of(&self->user));

	/* A half-programmed decoder too: of another size, and uncommitted */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, guest_clear(0, &self->clear));
		comp_write(&self->user, comp_hdm(&self->user) + 0x18, 0);
		if (i)
			comp_write(&self->user, comp_hdm(&self->user) + 0x20,
				   0);
		ASSERT_EQ(0, guest_clear(0, &self->clear));
		EXPECT_EQ(0, self->clear.flags);
		v = view(&self->user);
		EXPECT_EQ(PROVISIONING, v.ctrl);
		EXPECT_EQ(self->hw.size, v.decoder.guest_size);
	}
}

/* Open or not, set or not: the answer is the same, and nothing has changed */
TEST_F(guest, dry_run)
{
	const __u32 dry = VFIO_CXL_GUEST_DRY_RUN;
	struct view before, after;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		if (i == 1)
			ASSERT_EQ(0, guest_set(BASE, VFIO_CXL_GUEST_PERSIST,
					       &self->set));
		if (i == 2)
			ASSERT_EQ(0, user_open(&self->user));
		if (i == 3)
			ASSERT_EQ(0, guest_clear(0, &self->clear));
		if (i == 4)
			user_seals(&self->user, BASE);
		before = view(&self->user);
		EXPECT_EQ(i == 4 ? -EPERM : 0,
			  guest_set(OTHER_BASE, dry | VFIO_CXL_GUEST_SEAL,
				    &self->set))
			TH_LOG("step %u", i);
		EXPECT_EQ(dry | VFIO_CXL_GUEST_SEAL, self->set.flags);
		EXPECT_EQ(0, guest_set(BASE, dry | VFIO_CXL_GUEST_PERSIST,
				       &self->set))
			TH_LOG("step %u", i);
		EXPECT_EQ(i == 1 || i == 2,
			  !!(self->set.flags & VFIO_CXL_GUEST_ALREADY))
			TH_LOG("step %u", i);
		EXPECT_EQ(0, guest_clear(dry, &self->clear));
		EXPECT_EQ(!i || i == 3,
			  !!(self->clear.flags & VFIO_CXL_GUEST_ALREADY))
			TH_LOG("step %u", i);
		EXPECT_EQ(-EINVAL, guest_set(BASE + 1, dry, &self->set));
		after = view(&self->user);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)))
			TH_LOG("step %u", i);
	}
}

TEST_F(guest, refusals)
{
	const struct {
		__u64 base;
		int err;
		__u32 reason;
	} cases[] = {
		{ BASE + 1, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		{ BASE + 4096, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		{ BASE + UNIT / 2, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		{ -1ULL, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		/* It has to end below 2^64, not at it */
		{ -self->hw.size, -EINVAL, VFIO_CXL_REASON_RANGE_SIZE },
		{ -UNIT, -EINVAL, VFIO_CXL_REASON_RANGE_SIZE },
		{ -self->hw.size - UNIT, 0, VFIO_CXL_REASON_NONE },
		{ 0, 0, VFIO_CXL_REASON_NONE },
	};
	unsigned int i, open;

	for (open = 0; open < 2; open++) {
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			int err = cases[i].err;

			EXPECT_EQ(err, guest_set(cases[i].base, 0, &self->set))
				TH_LOG("case %u", i);
			EXPECT_EQ(cases[i].reason, self->set.reason)
				TH_LOG("case %u", i);
		}
		if (!open)
			ASSERT_EQ(0, user_open(&self->user));
	}
}

TEST(without_memory)
{
	struct vfio_cxl_decoder_clear uncommit = {};
	struct vfio_cxl_guest_clear clear = {};
	struct vfio_cxl_guest_set set = {};

	if (topology_is("firmware"))
		SKIP(return, "firmware's decoder is never cleared");
	ASSERT_EQ(0, control_clear(&uncommit));
	EXPECT_EQ(-EOPNOTSUPP, guest_set(BASE, 0, &set));
	EXPECT_EQ(VFIO_CXL_REASON_NOT_COMMITTED, set.reason);
	EXPECT_EQ(0, guest_clear(0, &clear));
	EXPECT_EQ(VFIO_CXL_GUEST_ALREADY, clear.flags);
	ASSERT_TRUE(memory_ready());
}

TEST_HARNESS_MAIN
