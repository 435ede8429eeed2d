// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder as a user sees it, placed from outside: for a client that doesn't
 * program it, and against one that does.
 */
#include "shadow.h"

UNIT_RANDOM_DEFINE

#define FIRST	(TYPE | COMMIT | COMMITTED)

FIXTURE(place) {
	struct shadow s;
	u32 fresh[PAGE_DWORDS];
};

/* Decoders 0 and 1 have 4 and 2 units, and decoder 2 is uncommitted */
FIXTURE_SETUP(place)
{
	hardware(&self->s, 0, 4 * MIB256);
	hardware(&self->s, 1, 2 * MIB256);
	tenancy(&self->s, 0x302, 3, false);
	initial_page(&self->s, self->fresh);
}

FIXTURE_TEARDOWN(place)
{
	EXPECT_NO_LEAK();
}

static int place(struct shadow *s, u64 base, bool seal)
{
	return vfio_cxl_comp_regs_place(&s->regs, 0, base, seal, false);
}

/* A new tenancy's page, with decoder @n at @base */
static void expect_placed(struct __test_metadata *_metadata, struct shadow *s,
			  unsigned int n, u64 base, bool seal)
{
	static u32 page[PAGE_DWORDS];

	initial_page(s, page);
	page[at(n, BASE_LO) / 4] = base;
	page[at(n, BASE_HI) / 4] = base >> 32;
	if (seal)
		page[at(n, CTRL) / 4] |= LOCK;
	expect_page(_metadata, s, page);
}

TEST_F(place, to_be_moved)
{
	EXPECT_EQ(0, place(&self->s, 0x120000000, false));
	expect_placed(_metadata, &self->s, 0, 0x120000000, false);
	EXPECT_EQ(0, place(&self->s, 0, false));
	expect_page(_metadata, &self->s, self->fresh);
	set(&self->s, 0, BASE_LO, 0x30000000);
	EXPECT_EQ(0x30000000, get(&self->s, 0, BASE_LO));
}

TEST_F(place, for_good)
{
	static const u32 ctrl[] = { 0, COMMIT, COMMIT | LOCK, ~0U };
	unsigned int i;

	EXPECT_EQ(0, place(&self->s, 0x120000000, true));
	for (i = 0; i < ARRAY_SIZE(ctrl); i++) {
		set(&self->s, 0, CTRL, ctrl[i]);
		set64(&self->s, 0, BASE_LO, 0);
		set64(&self->s, 0, SIZE_LO, MIB256);
	}
	expect_placed(_metadata, &self->s, 0, 0x120000000, true);
}

TEST_F(place, another_decoder)
{
	EXPECT_EQ(0, vfio_cxl_comp_regs_place(&self->s.regs, 1, 0x120000000,
					      true, false));
	expect_placed(_metadata, &self->s, 1, 0x120000000, true);
}

/* Whatever a guest left there: firmware's bits and the full size come back */
TEST_F(place, over_what_was_written)
{
	static const u32 ctrl[] = {
		0, LOCK, COMMIT | 0xf, COMMIT | 0x10, 0xff,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ctrl); i++) {
		set64(&self->s, 0, BASE_LO, 7 * MIB256);
		set64(&self->s, 0, SIZE_LO, i & 1 ? 0 : 9 * MIB256);
		set(&self->s, 0, CTRL, ctrl[i]);
		EXPECT_EQ(0, place(&self->s, 5 * MIB256, false));
		expect_placed(_metadata, &self->s, 0, 5 * MIB256, false);
	}
}

/* Nobody moves a seal; that it is there already is worth knowing */
TEST_F(place, over_a_seal)
{
	bool seal;
	int i;

	set(&self->s, 0, BASE_HI, 3);
	set(&self->s, 0, CTRL, FIRST | LOCK);
	for (i = 0; i < 2; i++) {
		seal = i;
		EXPECT_EQ(-EALREADY, place(&self->s, 0x300000000, seal));
		EXPECT_EQ(-EPERM, place(&self->s, 0x310000000, seal));
		EXPECT_EQ(-EPERM, place(&self->s, 0, seal));
		EXPECT_EQ(-EPERM, place(&self->s, 0x300000001, seal));
		expect_placed(_metadata, &self->s, 0, 0x300000000, true);
	}
}

/* What hardware would not commit changes nothing, sealed or not */
static void expect_refused(struct __test_metadata *_metadata, struct shadow *s,
			   unsigned int n, u64 base)
{
	static u32 page[PAGE_DWORDS];
	unsigned int i;

	for (i = 0; i < PAGE_DWORDS; i++)
		page[i] = vfio_cxl_comp_regs_read(&s->regs, 4 * i);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(-EINVAL, vfio_cxl_comp_regs_place(&s->regs, n, base,
							    i & 1, i & 2));
	}
	expect_page(_metadata, s, page);
}

TEST_F(place, unaligned)
{
	unsigned int bit;

	for (bit = 0; bit < 28; bit++)
		expect_refused(_metadata, &self->s, 0, MIB256 + (1ULL << bit));
}

TEST_F(place, past_the_end)
{
	expect_refused(_metadata, &self->s, 0, -MIB256);
	expect_refused(_metadata, &self->s, 0, -4 * MIB256);
	EXPECT_EQ(0, place(&self->s, -5 * MIB256, true));
	expect_placed(_metadata, &self->s, 0, -5 * MIB256, true);
}

TEST_F(place, over_another)
{
	u64 base;

	/* One that still can move is in nobody's way */
	EXPECT_EQ(0, place(&self->s, 0, false));
	EXPECT_EQ(0, vfio_cxl_comp_regs_place(&self->s.regs, 1, 8 * MIB256,
					      true, false));
	for (base = 5; base < 10; base++)
		expect_refused(_metadata, &self->s, 0, base * MIB256);
	EXPECT_EQ(0, place(&self->s, 4 * MIB256, false));
	EXPECT_EQ(0, place(&self->s, 10 * MIB256, true));
}

TEST_F(place, without_memory)
{
	expect_refused(_metadata, &self->s, 2, 0);
	/* Nor by a size that the guest made up */
	set64(&self->s, 2, SIZE_LO, MIB256);
	expect_refused(_metadata, &self->s, 2, 0);
}

TEST_F(place, interleaved)
{
	self->s.state.decoder[0].ctrl |= 0x10;
	tenancy(&self->s, 0x302, 3, false);
	expect_refused(_metadata, &self->s, 0, 0);
}

/* It tells what would be, and leaves everything as it is */
TEST_F(place, dry_run)
{
	EXPECT_EQ(0, vfio_cxl_comp_regs_place(&self->s.regs, 0, MIB256, true,
					      true));
	EXPECT_EQ(0, vfio_cxl_comp_regs_place(&self->s.regs, 0, MIB256, false,
					      true));
	expect_page(_metadata, &self->s, self->fresh);
	EXPECT_EQ(0, place(&self->s, MIB256, true));
	EXPECT_EQ(-EALREADY, vfio_cxl_comp_regs_place(&self->s.regs, 0, MIB256,
						      false, true));
	EXPECT_EQ(-EPERM, vfio_cxl_comp_regs_place(&self->s.regs, 0, 0, true,
						   true));
	expect_placed(_metadata, &self->s, 0, MIB256, true);
}

TEST_HARNESS_MAIN
