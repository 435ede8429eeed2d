// SPDX-License-Identifier: GPL-2.0-only
/*
 * The physical HDM decoder of a device that keeps the rules: finding it,
 * programming it, waiting for it, its lock, and bringing it back after a reset.
 */
#include "unit.h"

#include "fake_device.h"

UNIT_RANDOM_DEFINE

/* 8.2.4.20.1, Decoder Count; 0 is reserved here */
static const unsigned int count_of_code[16] = {
	1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32,
};

/* 8.2.4.20.7: a commit takes no longer than this */
#define COMMIT_MAX_US	10000

static void expect_decoder(struct __test_metadata *_metadata,
			   const struct fake_device *fake, unsigned int n,
			   const struct vfio_cxl_hdm_decoder *want)
{
	struct vfio_cxl_hdm_decoder hw = fake_get(fake, n);

	EXPECT_EQ(want->base, hw.base);
	EXPECT_EQ(want->size, hw.size);
	EXPECT_EQ(want->skip, hw.skip);
	EXPECT_EQ(want->ctrl, hw.ctrl);
}

/*
 * Finding the capability. Pages without a fake's decoders: find only reads.
 */

FIXTURE(find) {
	struct fake_device fake;
	struct vfio_cxl_hdm hdm;
};

FIXTURE_SETUP(find)
{
	fake_init(&self->fake, 0, 0);
}

FIXTURE_TEARDOWN(find)
{
	EXPECT_EQ(0, self->fake.writes);
	EXPECT_NO_LEAK();
}

/* An array of @entries null entries, the @nth of which points to @pointer */
static void make_array(struct fake_device *fake, unsigned int entries,
		       unsigned int nth, u32 pointer, u32 cap)
{
	memset(fake->page, 0, sizeof(fake->page));
	if (pointer % 4 == 0)
		fake->page[pointer / 4] = cap;
	fake->page[0] = entries << 24 | 0x00110001;
	if (nth)
		fake->page[nth] = pointer << 20 | 0x00030005;
}

TEST_F(find, tells_what_it_found)
{
	make_array(&self->fake, 6, 4, 0x700, 0x3f03);
	ASSERT_EQ(0, vfio_cxl_hdm_find(&self->hdm, &self->fake.io));
	EXPECT_EQ(&self->fake.io, self->hdm.io);
	EXPECT_EQ(0x06110001, self->hdm.header);
	EXPECT_EQ(0x70030005, self->hdm.entry);
	EXPECT_EQ(4, self->hdm.entry_index);
	EXPECT_EQ(0x700, self->hdm.offset);
	EXPECT_EQ(0x3f03, self->hdm.cap);
	EXPECT_EQ(6, self->hdm.count);
}

TEST_F(find, decoder_count)
{
	unsigned int code;

	for (code = 0; code < 16; code++) {
		make_array(&self->fake, 1, 1, 0x40, 0x3ff0 | code);
		if (count_of_code[code]) {
			EXPECT_EQ(0, vfio_cxl_hdm_find(&self->hdm,
						       &self->fake.io));
			EXPECT_EQ(count_of_code[code], self->hdm.count);
		} else {
			EXPECT_EQ(-EINVAL, vfio_cxl_hdm_find(&self->hdm,
							     &self->fake.io));
		}
	}
}

TEST_F(find, array_header)
{
	static const struct {
		u32 header;
		int ret;
	} row[] = {
		{ 0xffffffff, -ENODEV },
		{ 0x00000000, -EINVAL },
		{ 0x01110000, -EINVAL },
		{ 0x01110005, -EINVAL },
		{ 0x01110101, -EINVAL },
		{ 0x0111ffff, -EINVAL },
		{ 0x00110001, -ENOENT },
		{ 0x01110001, 0 },
		{ 0x01ff0001, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		make_array(&self->fake, 1, 1, 0x40, 0x3f01);
		self->fake.page[0] = row[i].header;
		EXPECT_EQ(row[i].ret,
			  vfio_cxl_hdm_find(&self->hdm, &self->fake.io))
			TH_LOG("header %#x", row[i].header);
	}
}

/* What stands behind the array's end is no entry */
TEST_F(find, absent)
{
	unsigned int entries;

	for (entries = 0; entries < 256; entries++) {
		make_array(&self->fake, entries, entries + 1, 0x800, 0x3f01);
		EXPECT_EQ(-ENOENT,
			  vfio_cxl_hdm_find(&self->hdm, &self->fake.io));
	}
}

TEST_F(find, at_every_place_of_the_array)
{
	unsigned int nth;

	for (nth = 1; nth < 256; nth++) {
		make_array(&self->fake, 255, nth, 0x400, 0x3f01);
		ASSERT_EQ(0, vfio_cxl_hdm_find(&self->hdm, &self->fake.io));
		EXPECT_EQ(nth, self->hdm.entry_index);
	}
}

TEST_F(find, pointer)
{
	static const struct {
		unsigned int entries;
		u32 pointer;
		u32 code;
		int ret;
	} row[] = {
		/* Into the array, or right behind it */
		{ 1, 0x000, 1, -EINVAL },
		{ 1, 0x004, 1, -EINVAL },
		{ 1, 0x008, 1, 0 },
		{ 16, 0x03c, 1, -EINVAL },
		{ 16, 0x040, 1, -EINVAL },
		{ 16, 0x044, 1, 0 },
		{ 255, 0x3fc, 1, -EINVAL },
		{ 255, 0x400, 1, 0 },
		/* Unaligned */
		{ 1, 0x041, 1, -EINVAL },
		{ 1, 0x042, 1, -EINVAL },
		{ 1, 0x043, 1, -EINVAL },
		{ 1, 0xfff, 0, -EINVAL },
		/* Beyond the page: 0x10, and 0x20 for each decoder */
		{ 1, 0xffc, 0, -EINVAL },
		{ 1, 0xfd4, 0, -EINVAL },
		{ 1, 0xfd0, 0, 0 },
		{ 1, 0xfd0, 1, -EINVAL },
		{ 1, 0xfb4, 1, -EINVAL },
		{ 1, 0xfb0, 1, 0 },
		{ 1, 0xbf4, 12, -EINVAL },
		{ 1, 0xbf0, 12, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		make_array(&self->fake, row[i].entries, 1, row[i].pointer,
			   0x3f00 | row[i].code);
		EXPECT_EQ(row[i].ret,
			  vfio_cxl_hdm_find(&self->hdm, &self->fake.io))
			TH_LOG("pointer %#x, code %u", row[i].pointer,
			       row[i].code);
	}
}

TEST_F(find, capability_reads_all_ones)
{
	make_array(&self->fake, 1, 1, 0x40, 0xffffffff);
	EXPECT_EQ(-ENODEV, vfio_cxl_hdm_find(&self->hdm, &self->fake.io));
}

/*
 * Programming a device that does as it is told
 */

FIXTURE(hdm) {
	struct bench b;
};

static void start(struct __test_metadata *_metadata, struct bench *b,
		  unsigned int code)
{
	fake_init(&b->fake, code, count_of_code[code]);
	b->reason = VFIO_CXL_REASON_NONE;
	ASSERT_EQ(0, vfio_cxl_hdm_find(&b->hdm, &b->fake.io));
	ASSERT_EQ(count_of_code[code], b->hdm.count);
	fake_forget(&b->fake);
}

FIXTURE_SETUP(hdm)
{
	start(_metadata, &self->b, 2);
}

/* Whatever was asked for, nothing was written where hardware ignores it */
FIXTURE_TEARDOWN(hdm)
{
	EXPECT_EQ(0, self->b.fake.rejected);
	EXPECT_EQ(0, self->b.fake.disordered);
	EXPECT_EQ(0, self->b.fake.locked);
	EXPECT_EQ(0, self->b.fake.reserved);
	EXPECT_NO_LEAK();
}

static int apply(struct bench *b, unsigned int n,
		 const struct vfio_cxl_hdm_decoder *want)
{
	return vfio_cxl_hdm_apply(&b->hdm, n, want, &b->reason);
}

static int program(struct bench *b, unsigned int n,
		   const struct vfio_cxl_hdm_decoder *want)
{
	return vfio_cxl_hdm_program(&b->hdm, n, want, &b->reason);
}

TEST_F(hdm, read_tells_all_registers)
{
	struct vfio_cxl_hdm_decoder want = {
		.base = 0x123456789abcdef0, .size = 0xfedcba9876543210,
		.skip = 0x0f1e2d3c4b5a6978, .ctrl = 0x0fff7fff,
	};
	struct vfio_cxl_hdm_decoder got;

	fake_set(&self->b.fake, 3, &want);
	ASSERT_EQ(0, vfio_cxl_hdm_read(&self->b.hdm, 3, &got));
	EXPECT_EQ(want.base, got.base);
	EXPECT_EQ(want.size, got.size);
	EXPECT_EQ(want.skip, got.skip);
	EXPECT_EQ(want.ctrl, got.ctrl);
}

TEST_F(hdm, commit_at_once)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2);

	want.base |= 0x12300000000ULL;
	want.size |= 0x45600000000ULL;
	want.skip = 0x78900000000ULL + 3 * MIB256;
	ASSERT_EQ(0, apply(&self->b, 0, &want));
	expect_decoder(_metadata, &self->b.fake, 0, &want);
	EXPECT_EQ(0, self->b.fake.sleeps);
	EXPECT_EQ(CXL_HDM_GLOBAL_ENABLE, fake_global(&self->b.fake));
	/* Its neighbours are not touched */
	EXPECT_EQ(0, self->b.fake.decoder[1].writes);
}

TEST_F(hdm, every_control_bit_is_applied)
{
	static const u32 bit[] = {
		CXL_HDM_CTRL_LOCK, CXL_HDM_CTRL_HOST_ONLY, CXL_HDM_CTRL_BI,
		CXL_HDM_CTRL_UIO, 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80,
	};
	struct vfio_cxl_hdm_decoder want = range(0, 2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bit); i++) {
		fake_reset(&self->b.fake);
		want.ctrl = COMMIT_BITS;
		ASSERT_EQ(0, apply(&self->b, 0, &want));
		want.ctrl |= bit[i];
		ASSERT_EQ(0, apply(&self->b, 0, &want));
		expect_decoder(_metadata, &self->b.fake, 0, &want);
	}
}

TEST_F(hdm, enable_leaves_poison_alone)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2);

	fake_set_global(&self->b.fake, CXL_HDM_GLOBAL_POISON);
	ASSERT_EQ(0, apply(&self->b, 0, &want));
	EXPECT_EQ(CXL_HDM_GLOBAL_POISON | CXL_HDM_GLOBAL_ENABLE,
		  fake_global(&self->b.fake));
}

TEST_F(hdm, nothing_written_if_it_is_so)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2);

	ASSERT_EQ(0, apply(&self->b, 0, &want));
	fake_forget(&self->b.fake);
	EXPECT_EQ(0, apply(&self->b, 0, &want));
	EXPECT_EQ(0, program(&self->b, 0, &want));
	EXPECT_EQ(0, self->b.fake.writes);
}

/* What an uncommitted decoder holds does not count */
TEST_F(hdm, nothing_written_if_both_are_uncommitted)
{
	struct vfio_cxl_hdm_decoder hw = range(0, 2), want = range(7, 1);

	hw.ctrl = CXL_HDM_CTRL_HOST_ONLY;
	want.ctrl = 0;
	fake_set(&self->b.fake, 0, &hw);
	EXPECT_EQ(0, apply(&self->b, 0, &want));
	EXPECT_EQ(0, program(&self->b, 0, &want));
	EXPECT_EQ(0, self->b.fake.writes);
}

TEST_F(hdm, move)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		switch (i) {
		case 1:
			want.base += MIB256;
			break;
		case 2:
			want.size += MIB256;
			break;
		case 3:
			want.skip += MIB256;
			break;
		}
		ASSERT_EQ(0, i & 1 ? apply(&self->b, 0, &want) :
				     program(&self->b, 0, &want));
		expect_decoder(_metadata, &self->b.fake, 0, &want);
	}
}

TEST_F(hdm, uncommit)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2), none = {};

	ASSERT_EQ(0, apply(&self->b, 0, &want));
	ASSERT_EQ(0, apply(&self->b, 0, &none));
	EXPECT_EQ(0, fake_get(&self->b.fake, 0).ctrl & COMMIT_BITS);
	ASSERT_EQ(0, program(&self->b, 0, &want));
	self->b.fake.uncommit_us = COMMIT_MAX_US;
	ASSERT_EQ(0, program(&self->b, 0, &none));
	EXPECT_EQ(0, fake_get(&self->b.fake, 0).ctrl & COMMIT_BITS);
}

/* An error that somebody left behind is not the answer to this commit */
TEST_F(hdm, old_error_is_no_answer)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2), old = range(3, 1);

	old.ctrl = CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_ERROR;
	fake_set(&self->b.fake, 0, &old);
	self->b.fake.commit_us = 100;
	ASSERT_EQ(0, program(&self->b, 0, &want));
	expect_decoder(_metadata, &self->b.fake, 0, &want);
}

/* A commit that somebody started is not left to come up unwatched */
TEST_F(hdm, commit_under_way)
{
	struct vfio_cxl_hdm_decoder none = {}, old = range(3, 1);

	old.ctrl = CXL_HDM_CTRL_COMMIT;
	fake_set(&self->b.fake, 0, &old);
	self->b.fake.decoder[0].commit_at = 5000;
	ASSERT_EQ(0, apply(&self->b, 0, &none));
	fake_pass(&self->b.fake, 1000000);
	EXPECT_EQ(0, fake_get(&self->b.fake, 0).ctrl & COMMIT_BITS);
}

/*
 * Waiting
 */

static void expect_patience(struct __test_metadata *_metadata,
			    const struct fake_device *fake)
{
	unsigned int i;

	EXPECT_LE(fake->slept_us, PATIENCE_US);
	for (i = 0; i < fake->sleeps; i++) {
		/* Short at first, as most devices are fast; then few */
		EXPECT_GT(fake->sleep_us[i], 0);
		if (i)
			EXPECT_GE(fake->sleep_us[i], fake->sleep_us[i - 1]);
		EXPECT_LE(fake->sleep_us[i], COMMIT_MAX_US);
	}
	if (fake->sleeps)
		EXPECT_LE(fake->sleep_us[0], 100);
}

TEST_F(hdm, slow_but_in_time)
{
	static const u64 usec[] = {
		1, 20, 21, 60, 100, 1000, 5000, COMMIT_MAX_US,
	};
	struct vfio_cxl_hdm_decoder want = range(0, 2), none = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(usec); i++) {
		self->b.fake.commit_us = usec[i];
		self->b.fake.uncommit_us = usec[i];
		fake_forget(&self->b.fake);
		ASSERT_EQ(0, apply(&self->b, 0, &want));
		expect_patience(_metadata, &self->b.fake);
		/* Not much longer than it takes */
		EXPECT_LE(self->b.fake.slept_us, 2 * usec[i] + 100);
		expect_decoder(_metadata, &self->b.fake, 0, &want);

		fake_forget(&self->b.fake);
		ASSERT_EQ(0, apply(&self->b, 0, &none));
		expect_patience(_metadata, &self->b.fake);
		EXPECT_LE(self->b.fake.slept_us, 2 * usec[i] + 100);
	}
}

TEST_F(hdm, too_slow)
{
	static const u64 usec[] = { PATIENCE_US, 1000000, FAKE_NEVER };
	struct vfio_cxl_hdm_decoder want = range(0, 2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(usec); i++) {
		fake_reset(&self->b.fake);
		self->b.reason = VFIO_CXL_REASON_NONE;
		self->b.fake.commit_us = usec[i];
		ASSERT_EQ(-EIO, apply(&self->b, 0, &want));
		EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, self->b.reason);
		expect_patience(_metadata, &self->b.fake);
		EXPECT_GE(self->b.fake.slept_us, COMMIT_MAX_US);
		/* Steps that grow are few */
		EXPECT_LE(self->b.fake.sleeps, 60);

		/* COMMIT is not left asking */
		fake_pass(&self->b.fake, 10000000);
		EXPECT_EQ(0, fake_get(&self->b.fake, 0).ctrl & COMMIT_BITS);
	}
}

/*
 * Lock On Commit: only a reset undoes it
 */

/* @other in place of what is locked, and none: refused, nothing written */
static void expect_locked(struct __test_metadata *_metadata,
			  struct bench *b,
			  const struct vfio_cxl_hdm_decoder *other)
{
	struct vfio_cxl_hdm_decoder old = fake_get(&b->fake, 0);
	u32 global = fake_global(&b->fake);

	fake_forget(&b->fake);
	b->reason = VFIO_CXL_REASON_NONE;
	EXPECT_EQ(-EPERM, apply(b, 0, other));
	EXPECT_EQ(VFIO_CXL_REASON_LOCKED, b->reason);
	EXPECT_EQ(0, b->fake.writes);

	b->reason = VFIO_CXL_REASON_NONE;
	EXPECT_EQ(-EPERM, program(b, 0, other));
	EXPECT_EQ(VFIO_CXL_REASON_LOCKED, b->reason);
	EXPECT_EQ(0, b->fake.writes);
	EXPECT_EQ(global, fake_global(&b->fake));
	expect_decoder(_metadata, &b->fake, 0, &old);
}

TEST_F(hdm, locked)
{
	struct vfio_cxl_hdm_decoder want = range(0, 2), other = range(1, 2);
	struct vfio_cxl_hdm_decoder none = {};

	/* A lock takes effect with a commit: an unlocked one is made anew */
	ASSERT_EQ(0, apply(&self->b, 0, &want));
	want.ctrl |= CXL_HDM_CTRL_LOCK;
	ASSERT_EQ(0, program(&self->b, 0, &want));
	expect_decoder(_metadata, &self->b.fake, 0, &want);

	expect_locked(_metadata, &self->b, &other);
	expect_locked(_metadata, &self->b, &none);
	other = want;
	other.ctrl &= ~CXL_HDM_CTRL_LOCK;
	expect_locked(_metadata, &self->b, &other);

	EXPECT_EQ(0, apply(&self->b, 0, &want));
	EXPECT_EQ(0, program(&self->b, 0, &want));
	EXPECT_EQ(0, self->b.fake.writes);

	fake_reset(&self->b.fake);
	EXPECT_EQ(0, apply(&self->b, 0, &other));
	expect_decoder(_metadata, &self->b.fake, 0, &other);
}

/* Firmware may leave it so; a refusal must not start the decoding either */
TEST_F(hdm, locked_and_not_enabled)
{
	struct vfio_cxl_hdm_decoder hw = range(0, 2), other = range(1, 2);

	hw.ctrl |= CXL_HDM_CTRL_LOCK;
	fake_set(&self->b.fake, 0, &hw);
	expect_locked(_metadata, &self->b, &other);
}

/*
 * After a reset
 */

static const unsigned int restore_code[] = { 0, 1, 5, 12 };

/* Adjacent decoders of different sizes, each with a skip and a type */
static void make_state(struct vfio_cxl_hdm_state *state, unsigned int committed)
{
	unsigned int n, at = 0;

	memset(state, 0, sizeof(*state));
	state->global = CXL_HDM_GLOBAL_ENABLE;
	for (n = 0; n < committed; n++) {
		state->decoder[n] = range(at, 1 + n % 3);
		state->decoder[n].skip = n * MIB256;
		if (n & 1)
			state->decoder[n].ctrl &= ~CXL_HDM_CTRL_HOST_ONLY;
		at += 1 + n % 3 + n % 2;
	}
}

static int restore(struct bench *b,
		   const struct vfio_cxl_hdm_state *state)
{
	return vfio_cxl_hdm_restore(&b->hdm, state, &b->reason);
}

static void expect_state(struct __test_metadata *_metadata,
			 struct bench *b,
			 const struct vfio_cxl_hdm_state *state)
{
	unsigned int n;

	EXPECT_EQ(state->global, fake_global(&b->fake));
	for (n = 0; n < b->hdm.count; n++)
		expect_decoder(_metadata, &b->fake, n, &state->decoder[n]);
}

/* The fake refuses commits that come in another than ascending order */
TEST_F(hdm, restore_all)
{
	static struct vfio_cxl_hdm_state state, again;
	unsigned int i, committed;

	for (i = 0; i < ARRAY_SIZE(restore_code); i++) {
		start(_metadata, &self->b, restore_code[i]);
		self->b.fake.commit_us = 30;
		for (committed = 0; committed <= self->b.hdm.count; committed++) {
			make_state(&state, committed);
			fake_reset(&self->b.fake);
			ASSERT_EQ(0, restore(&self->b, &state));
			expect_state(_metadata, &self->b, &state);

			ASSERT_EQ(0, vfio_cxl_hdm_snapshot(&self->b.hdm, &again));
			EXPECT_EQ(0, memcmp(&state, &again, sizeof(state)));

			fake_forget(&self->b.fake);
			ASSERT_EQ(0, restore(&self->b, &state));
			EXPECT_EQ(0, self->b.fake.writes);
		}
	}
}

TEST_F(hdm, restore_writes_only_what_is_lost)
{
	struct vfio_cxl_hdm_decoder none = {};
	struct vfio_cxl_hdm_state state;
	unsigned int lost, n;

	start(_metadata, &self->b, 5);
	make_state(&state, 6);
	for (lost = 0; lost < 6; lost++) {
		fake_reset(&self->b.fake);
		fake_set_global(&self->b.fake, state.global);
		for (n = 0; n < 6; n++)
			fake_set(&self->b.fake, n,
				 n == lost ? &none : &state.decoder[n]);
		ASSERT_EQ(0, restore(&self->b, &state));
		expect_state(_metadata, &self->b, &state);
		for (n = 0; n < self->b.hdm.count; n++)
			EXPECT_EQ(n == lost, !!self->b.fake.decoder[n].writes);
	}
}

/* Other registers are where its own would be */
TEST_F(hdm, restore_without_capability)
{
	struct vfio_cxl_hdm_state state;

	start(_metadata, &self->b, 5);
	make_state(&state, 6);
	fake_forget(&self->b.fake);
	self->b.hdm.count = 0;
	EXPECT_EQ(0, restore(&self->b, &state));
	EXPECT_EQ(0, self->b.fake.writes);
}

TEST_F(hdm, restore_global)
{
	struct vfio_cxl_hdm_state state;
	u32 want, now;

	for (want = 0; want < 4; want++) {
		for (now = 0; now < 4; now++) {
			make_state(&state, 0);
			state.global = want;
			fake_reset(&self->b.fake);
			fake_set_global(&self->b.fake, now);
			ASSERT_EQ(0, restore(&self->b, &state));
			EXPECT_EQ(want, fake_global(&self->b.fake));
			EXPECT_EQ(want != now, self->b.fake.writes);
		}
	}
}

TEST_F(hdm, restore_locked_with_its_lock)
{
	struct vfio_cxl_hdm_decoder other = range(20, 2);
	struct vfio_cxl_hdm_state state;

	make_state(&state, 3);
	state.decoder[0].ctrl |= CXL_HDM_CTRL_LOCK;
	state.decoder[2].ctrl |= CXL_HDM_CTRL_LOCK;
	ASSERT_EQ(0, restore(&self->b, &state));
	expect_state(_metadata, &self->b, &state);
	EXPECT_EQ(-EPERM, apply(&self->b, 2, &other));
	ASSERT_EQ(0, restore(&self->b, &state));
}

/* Only what the state has committed is brought back */
TEST_F(hdm, restore_leaves_others_alone)
{
	struct vfio_cxl_hdm_decoder hw = range(0, 2);
	struct vfio_cxl_hdm_state state;

	make_state(&state, 0);
	ASSERT_EQ(0, apply(&self->b, 0, &hw));
	fake_forget(&self->b.fake);
	ASSERT_EQ(0, restore(&self->b, &state));
	EXPECT_EQ(0, self->b.fake.writes);
	expect_decoder(_metadata, &self->b.fake, 0, &hw);
}

/* UIG, UIW and ISP (27:16) are part of what firmware committed */
TEST_F(hdm, restore_uio_interleave)
{
	struct vfio_cxl_hdm_state state;

	make_state(&state, 1);
	state.decoder[0].ctrl |= CXL_HDM_CTRL_UIO | 0x03210000;
	ASSERT_EQ(0, restore(&self->b, &state));
	expect_state(_metadata, &self->b, &state);
}

/* It stops at the first that fails, and says why */
TEST_F(hdm, restore_fails)
{
	struct vfio_cxl_hdm_state state;

	make_state(&state, 3);
	state.decoder[1].size = 0;
	EXPECT_EQ(-EIO, restore(&self->b, &state));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_ERROR, self->b.reason);
	expect_decoder(_metadata, &self->b.fake, 0, &state.decoder[0]);
	EXPECT_EQ(0, self->b.fake.decoder[2].writes);

	fake_reset(&self->b.fake);
	make_state(&state, 3);
	self->b.fake.commit_us = FAKE_NEVER;
	EXPECT_EQ(-EIO, restore(&self->b, &state));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, self->b.reason);
}

TEST_HARNESS_MAIN
