// SPDX-License-Identifier: GPL-2.0-only
/*
 * The physical HDM decoder of a device that refuses, dawdles, lies or goes
 * away: what is reported, and what the registers hold afterwards. No emulated
 * device does any of this, so it is shown here only.
 */
#include "unit.h"

#include "fake_device.h"

UNIT_RANDOM_DEFINE

#define DECODERS	4
#define VICTIM		1	/* with a committed decoder below it */

static const struct vfio_cxl_hdm_decoder nothing;

/* What the victim holds where it is committed before */
static const struct vfio_cxl_hdm_decoder occupied = {
	.base = WINDOW + 40 * MIB256,
	.size = 7 * MIB256,
	.skip = 5 * MIB256,
	.ctrl = COMMIT_BITS | CXL_HDM_CTRL_HOST_ONLY,
};

static void setup(struct __test_metadata *_metadata, struct fake_device *fake,
		  struct vfio_cxl_hdm *hdm)
{
	struct vfio_cxl_hdm_decoder below = range(0, 1);
	enum vfio_cxl_reason reason;

	fake_init(fake, 2, DECODERS);
	ASSERT_EQ(0, vfio_cxl_hdm_find(hdm, &fake->io));
	ASSERT_EQ(0, vfio_cxl_hdm_apply(hdm, 0, &below, &reason));
	fake_forget(fake);
}

static bool is_up(const struct fake_device *fake, unsigned int n)
{
	return fake_get(fake, n).ctrl & COMMIT_BITS;
}

/* All registers of all decoders, as the device holds them */
struct image {
	u32 global;
	struct vfio_cxl_hdm_decoder decoder[DECODERS];
};

static struct image image_of(const struct fake_device *fake)
{
	struct image image = { .global = fake_global(fake) };
	unsigned int n;

	for (n = 0; n < DECODERS; n++)
		image.decoder[n] = fake_get(fake, n);

	return image;
}

static void expect_image(struct __test_metadata *_metadata,
			 const struct fake_device *fake,
			 const struct image *was)
{
	struct image now = image_of(fake);
	unsigned int n;

	EXPECT_EQ(was->global, now.global);
	for (n = 0; n < DECODERS; n++) {
		EXPECT_EQ(was->decoder[n].base, now.decoder[n].base);
		EXPECT_EQ(was->decoder[n].size, now.decoder[n].size);
		EXPECT_EQ(was->decoder[n].skip, now.decoder[n].skip);
		EXPECT_EQ(was->decoder[n].ctrl, now.decoder[n].ctrl);
	}
}

/*
 * A commit that fails, in each way it can
 */

FIXTURE(commit) {
	struct bench b;
};

FIXTURE_VARIANT(commit) {
	enum fake_fault fault;
	u32 lie_reg;
	u32 lie_bits;
	enum vfio_cxl_reason reason;
};

FIXTURE_VARIANT_ADD(commit, error) {
	FAKE_ERROR, 0, 0, VFIO_CXL_REASON_COMMIT_ERROR,
};

FIXTURE_VARIANT_ADD(commit, never) {
	FAKE_SLOW, 0, 0, VFIO_CXL_REASON_COMMIT_TIMEOUT,
};

FIXTURE_VARIANT_ADD(commit, vanishes) {
	FAKE_VANISH, 0, 0, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_base_lo) {
	FAKE_LIE, CXL_HDM_BASE_LO, 0x10000000, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_base_hi) {
	FAKE_LIE, CXL_HDM_BASE_HI, 1, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_size_lo) {
	FAKE_LIE, CXL_HDM_SIZE_LO, 0x30000000, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_size_hi) {
	FAKE_LIE, CXL_HDM_SIZE_HI, 0x80000000, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_skip_lo) {
	FAKE_LIE, CXL_HDM_SKIP_LO, 0x80000000, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_skip_hi) {
	FAKE_LIE, CXL_HDM_SKIP_HI, 4, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_granularity) {
	FAKE_LIE, CXL_HDM_CTRL, 0x2, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, interleaved) {
	FAKE_LIE, CXL_HDM_CTRL, 0x10, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, other_type) {
	FAKE_LIE, CXL_HDM_CTRL, CXL_HDM_CTRL_HOST_ONLY,
	VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, with_bi) {
	FAKE_LIE, CXL_HDM_CTRL, CXL_HDM_CTRL_BI, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, with_uio) {
	FAKE_LIE, CXL_HDM_CTRL, CXL_HDM_CTRL_UIO, VFIO_CXL_REASON_READBACK,
};

FIXTURE_VARIANT_ADD(commit, with_uio_interleave) {
	FAKE_LIE, CXL_HDM_CTRL, 0x01000000, VFIO_CXL_REASON_READBACK,
};

FIXTURE_SETUP(commit)
{
	setup(_metadata, &self->b.fake, &self->b.hdm);
	self->b.reason = VFIO_CXL_REASON_NONE;
	self->b.fake.fault = variant->fault;
	self->b.fake.lie_reg = variant->lie_reg;
	self->b.fake.lie_bits = variant->lie_bits;
	self->b.fake.commit_us = 50;
	self->b.fake.uncommit_us = 50;
}

FIXTURE_TEARDOWN(commit)
{
	EXPECT_EQ(0, self->b.fake.rejected);
	EXPECT_EQ(0, self->b.fake.disordered);
	EXPECT_EQ(0, self->b.fake.locked);
	EXPECT_EQ(0, self->b.fake.reserved);
	EXPECT_EQ(0, self->b.fake.decoder[0].writes);
	EXPECT_LE(self->b.fake.slept_us, 4 * PATIENCE_US);
	EXPECT_NO_LEAK();
}

static void expect_left_uncommitted(struct __test_metadata *_metadata,
				    struct bench *b, u32 lock,
				    enum vfio_cxl_reason reason)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);

	want.ctrl |= lock;
	b->reason = VFIO_CXL_REASON_NONE;
	b->fake.faults = 1;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_apply(&b->hdm, VICTIM, &want,
					   &b->reason));
	EXPECT_EQ(reason, b->reason);
	EXPECT_FALSE(is_up(&b->fake, VICTIM));
	/* Nor does it come up, or lock, later */
	fake_pass(&b->fake, 10000000);
	EXPECT_FALSE(is_up(&b->fake, VICTIM));
	EXPECT_EQ(0, fake_get(&b->fake, VICTIM).ctrl & CXL_HDM_CTRL_LOCK);
}

TEST_F(commit, leaves_the_decoder_uncommitted)
{
	expect_left_uncommitted(_metadata, &self->b, 0, variant->reason);
	/* A lie with a lock can't be taken back: see with_lock */
	if (variant->fault != FAKE_LIE)
		expect_left_uncommitted(_metadata, &self->b, CXL_HDM_CTRL_LOCK,
					variant->reason);
}

static void expect_put_back(struct __test_metadata *_metadata,
			    struct bench *b, enum vfio_cxl_reason reason)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);
	struct image was = image_of(&b->fake);

	b->fake.faults = 1;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&b->hdm, VICTIM, &want,
					     &b->reason));
	EXPECT_EQ(reason, b->reason);
	expect_image(_metadata, &b->fake, &was);
	fake_pass(&b->fake, 10000000);
	expect_image(_metadata, &b->fake, &was);
}

TEST_F(commit, puts_back_an_uncommitted_decoder)
{
	struct vfio_cxl_hdm_decoder old = occupied;

	/* What was left in it, and that nothing decodes yet */
	old.ctrl = CXL_HDM_CTRL_BI | 0x3;
	fake_set(&self->b.fake, VICTIM, &old);
	fake_set_global(&self->b.fake, CXL_HDM_GLOBAL_POISON);
	expect_put_back(_metadata, &self->b, variant->reason);
}

TEST_F(commit, puts_back_an_empty_decoder)
{
	self->b.fake.uncommit_us = 0;
	expect_put_back(_metadata, &self->b, variant->reason);
}

TEST_F(commit, puts_back_a_committed_decoder)
{
	fake_set(&self->b.fake, VICTIM, &occupied);
	expect_put_back(_metadata, &self->b, variant->reason);
}

/* Asking for the lock must not leave a decoder that was not wanted locked */
TEST_F(commit, with_lock)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);
	struct image was = image_of(&self->b.fake);

	want.ctrl |= CXL_HDM_CTRL_LOCK;
	self->b.fake.faults = 1;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&self->b.hdm, VICTIM, &want,
					     &self->b.reason));
	EXPECT_EQ(variant->reason, self->b.reason);
	/* A lie is seen too late: locked elsewhere, which nobody tries to undo */
	if (variant->fault != FAKE_LIE)
		expect_image(_metadata, &self->b.fake, &was);
}

/* The way back fails as well: what must not stay is a decoder nobody knows */
TEST_F(commit, can_not_be_put_back)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);

	fake_set(&self->b.fake, VICTIM, &occupied);
	self->b.fake.faults = 2;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&self->b.hdm, VICTIM, &want,
					     &self->b.reason));
	EXPECT_EQ(variant->reason, self->b.reason);
	EXPECT_FALSE(is_up(&self->b.fake, VICTIM));
}

TEST_F(commit, restore)
{
	struct vfio_cxl_hdm_state state = {
		.global = CXL_HDM_GLOBAL_ENABLE,
		.decoder = { range(0, 1), range(2, 2), range(4, 1) },
	};

	self->b.fake.faults = 1;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_restore(&self->b.hdm, &state,
					     &self->b.reason));
	EXPECT_EQ(variant->reason, self->b.reason);
	EXPECT_FALSE(is_up(&self->b.fake, VICTIM));
	EXPECT_FALSE(is_up(&self->b.fake, VICTIM + 1));
	/* Tried again, it comes back */
	EXPECT_EQ(0, vfio_cxl_hdm_restore(&self->b.hdm, &state, &self->b.reason));
}

/*
 * An un-commit that does not happen, and a device that goes away
 */

FIXTURE(fault) {
	struct bench b;
};

FIXTURE_SETUP(fault)
{
	setup(_metadata, &self->b.fake, &self->b.hdm);
	self->b.reason = VFIO_CXL_REASON_NONE;
	fake_set(&self->b.fake, VICTIM, &occupied);
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, self->b.fake.rejected);
	EXPECT_EQ(0, self->b.fake.disordered);
	EXPECT_LE(self->b.fake.slept_us, 4 * PATIENCE_US);
	EXPECT_NO_LEAK();
}

TEST_F(fault, uncommit_never)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);

	self->b.fake.uncommit_us = FAKE_NEVER;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_apply(&self->b.hdm, VICTIM, &want,
					   &self->b.reason));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, self->b.reason);
	EXPECT_LE(self->b.fake.slept_us, PATIENCE_US);

	self->b.reason = VFIO_CXL_REASON_NONE;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_apply(&self->b.hdm, VICTIM, &nothing,
					   &self->b.reason));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, self->b.reason);
}

/* It still decodes as before, so this is what the registers have to say */
TEST_F(fault, uncommit_never_is_put_back)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);
	struct image was = image_of(&self->b.fake);

	self->b.fake.uncommit_us = FAKE_NEVER;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&self->b.hdm, VICTIM, &want,
					     &self->b.reason));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, self->b.reason);
	expect_image(_metadata, &self->b.fake, &was);

	EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&self->b.hdm, VICTIM, &nothing,
					     &self->b.reason));
	expect_image(_metadata, &self->b.fake, &was);
}

TEST_F(fault, uncommit_ignored_once_is_put_back)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);
	struct image was = image_of(&self->b.fake);

	self->b.fake.stuck = 1;
	EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&self->b.hdm, VICTIM, &want,
					     &self->b.reason));
	EXPECT_EQ(VFIO_CXL_REASON_COMMIT_TIMEOUT, self->b.reason);
	expect_image(_metadata, &self->b.fake, &was);
}

/*
 * A device that does not hold all bits of a range. It is found out before the
 * commit, since a lock would make it final.
 */
TEST_F(fault, bent_range_is_never_committed)
{
	static const u32 reg[] = {
		CXL_HDM_BASE_HI, CXL_HDM_SIZE_HI, CXL_HDM_SKIP_HI,
	};
	struct image was = image_of(&self->b.fake);
	struct vfio_cxl_hdm_decoder want;
	unsigned int i;

	self->b.fake.bent_bits = 0x80;
	for (i = 0; i < ARRAY_SIZE(reg); i++) {
		self->b.fake.bent_reg = reg[i];
		want = range(2, 2);
		want.base |= 1ULL << 39;
		want.size |= 1ULL << 39;
		want.skip |= 1ULL << 39;
		want.ctrl |= CXL_HDM_CTRL_LOCK;

		self->b.reason = VFIO_CXL_REASON_NONE;
		EXPECT_EQ(-EIO, vfio_cxl_hdm_program(&self->b.hdm, VICTIM,
						     &want, &self->b.reason));
		EXPECT_EQ(VFIO_CXL_REASON_READBACK, self->b.reason);
		expect_image(_metadata, &self->b.fake, &was);
		/* The old state's */
		EXPECT_EQ(i + 1, self->b.fake.commits);

		fake_set(&self->b.fake, VICTIM + 1, &nothing);
		EXPECT_EQ(-EIO, vfio_cxl_hdm_apply(&self->b.hdm, VICTIM + 1,
						   &want, &self->b.reason));
		EXPECT_EQ(i + 1, self->b.fake.commits);
		EXPECT_EQ(0, fake_get(&self->b.fake, VICTIM + 1).ctrl &
			     (COMMIT_BITS | CXL_HDM_CTRL_LOCK));
		fake_set(&self->b.fake, VICTIM + 1, &nothing);
	}
}

/* The first read of the victim's CTRL after it locked goes wrong */
static u32 (*read_well)(void *ctx, u32 offset);
static unsigned int misreads;

static u32 read_badly(void *ctx, u32 offset)
{
	u32 at = FAKE_HDM_AT + CXL_HDM_DECODER(VICTIM) + CXL_HDM_CTRL;
	u32 ctrl = fake_get(ctx, VICTIM).ctrl;

	if (offset == at && (ctrl & CXL_HDM_CTRL_COMMITTED) &&
	    (ctrl & CXL_HDM_CTRL_LOCK) && misreads) {
		misreads--;
		return ~0U;
	}

	return read_well(ctx, offset);
}

/* It can't be put back any more, but nor is there a need to */
TEST_F(fault, locked_and_misread)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);

	want.ctrl |= CXL_HDM_CTRL_LOCK;
	read_well = self->b.fake.io.read;
	self->b.fake.io.read = read_badly;
	misreads = 1;
	EXPECT_EQ(0, vfio_cxl_hdm_program(&self->b.hdm, VICTIM, &want,
					  &self->b.reason));
	EXPECT_EQ(0, misreads);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, self->b.reason);
	EXPECT_EQ(want.base, fake_get(&self->b.fake, VICTIM).base);
	EXPECT_TRUE(fake_get(&self->b.fake, VICTIM).ctrl & CXL_HDM_CTRL_LOCK);
}

/* Each way to talk to a device, for one that goes away in the middle of it */
static int do_find(struct bench *b)
{
	struct vfio_cxl_hdm hdm;

	return vfio_cxl_hdm_find(&hdm, &b->fake.io);
}

static int do_read(struct bench *b)
{
	struct vfio_cxl_hdm_decoder decoder;

	return vfio_cxl_hdm_read(&b->hdm, VICTIM, &decoder);
}

static int do_snapshot(struct bench *b)
{
	struct vfio_cxl_hdm_state state;

	return vfio_cxl_hdm_snapshot(&b->hdm, &state);
}

static int do_apply_same(struct bench *b)
{
	return vfio_cxl_hdm_apply(&b->hdm, VICTIM, &occupied,
				  &b->reason);
}

static int do_apply_other(struct bench *b)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);

	return vfio_cxl_hdm_apply(&b->hdm, VICTIM, &want, &b->reason);
}

static int do_apply_none(struct bench *b)
{
	return vfio_cxl_hdm_apply(&b->hdm, VICTIM, &nothing, &b->reason);
}

static int do_program(struct bench *b)
{
	struct vfio_cxl_hdm_decoder want = range(2, 2);

	return vfio_cxl_hdm_program(&b->hdm, VICTIM, &want, &b->reason);
}

static int do_restore(struct bench *b)
{
	struct vfio_cxl_hdm_state state = {
		.global = CXL_HDM_GLOBAL_ENABLE,
		.decoder = { range(0, 1), range(2, 2), range(4, 1) },
	};

	return vfio_cxl_hdm_restore(&b->hdm, &state, &b->reason);
}

TEST_F(fault, gone_at_every_read)
{
	static const struct {
		const char *name;
		int (*call)(struct bench *b);
	} what[] = {
		{ "find", do_find },
		{ "read", do_read },
		{ "snapshot", do_snapshot },
		{ "apply, same", do_apply_same },
		{ "apply, other", do_apply_other },
		{ "apply, none", do_apply_none },
		{ "program", do_program },
		{ "restore", do_restore },
	};
	unsigned int i, nth;
	int ret;

	for (i = 0; i < ARRAY_SIZE(what); i++) {
		for (nth = 0; ; nth++) {
			setup(_metadata, &self->b.fake, &self->b.hdm);
			fake_set(&self->b.fake, VICTIM, &occupied);
			self->b.fake.commit_us = 50;
			self->b.fake.uncommit_us = 50;
			self->b.fake.gone_after = nth;
			ret = what[i].call(&self->b);
			if (self->b.fake.reads <= nth)
				break;
			EXPECT_EQ(-ENODEV, ret)
				TH_LOG("%s, read %u", what[i].name, nth);
			/* Nor is what has gone waited for */
			EXPECT_LE(self->b.fake.slept_us, 1000);
		}
		ASSERT_EQ(0, ret);
		ASSERT_GT(nth, 0);
	}
}

/* A reason is given for refusals; gone is gone */
TEST_F(fault, gone_from_the_start)
{
	self->b.fake.gone_after = 0;
	EXPECT_EQ(-ENODEV, do_apply_other(&self->b));
	EXPECT_EQ(-ENODEV, do_program(&self->b));
	EXPECT_EQ(-ENODEV, do_restore(&self->b));
	EXPECT_EQ(VFIO_CXL_REASON_NONE, self->b.reason);
}

TEST_HARNESS_MAIN
