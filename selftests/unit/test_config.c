// SPDX-License-Identifier: GPL-2.0-only
/*
 * Config space as a user sees it, against the rules of the userspace contract:
 * each register of the CXL Device DVSEC, with every Capability that decides
 * about it and by every size of access, and the closed ranges without a shadow.
 */
#include "dvsec.h"

UNIT_RANDOM_DEFINE

#define U16_LAST	0xffff
#define ALL_CAPS	U16_LAST

/* A reset; the shadow held anything before */
static void reset(struct space *s, u16 cap, u16 control, u16 status,
		  bool locked)
{
	memset(&s->dvsec, 0xa5, sizeof(s->dvsec));
	vfio_cxl_dvsec_init(&s->dvsec, cap, control, status, locked);
}

/* Hardware's dwords differ from each other in every byte */
static void start(struct space *s, u16 cap)
{
	u8 *byte = (u8 *)s->hw;
	unsigned int i;

	for (i = 0; i < DVSEC_LEN; i++)
		byte[i] = 0x40 + i;
	reset(s, cap, 0, 0, false);
}

static void snapshot(const struct space *s, u32 *page)
{
	unsigned int i;

	for (i = 0; i < DVSEC_DWORDS; i++)
		page[i] = dword(s, 4 * i);
}

static void expect_page(struct __test_metadata *_metadata,
			const struct space *s, const u32 *page)
{
	unsigned int i;

	for (i = 0; i < DVSEC_DWORDS; i++) {
		EXPECT_EQ(page[i], dword(s, 4 * i))
			TH_LOG("offset %#x", 4 * i);
	}
}

FIXTURE(config) {
	struct space s;
};

FIXTURE_SETUP(config)
{
	start(&self->s, ALL_CAPS);
}

FIXTURE_TEARDOWN(config)
{
	EXPECT_NO_LEAK();
}

/* The rest of the driver reads hardware by these names */
TEST(names_are_the_specification_s)
{
	EXPECT_EQ(0x38, CXL_DVSEC_DEVICE_LEN);
	EXPECT_EQ(CAPABILITY, CXL_DVSEC_CAP);
	EXPECT_EQ(0x0030, CXL_DVSEC_CAP_HDM_COUNT);
	EXPECT_EQ(CONTROL, CXL_DVSEC_CTRL);
	EXPECT_EQ(0x0001, CXL_DVSEC_CTRL_CACHE);
	EXPECT_EQ(STATUS, CXL_DVSEC_STATUS);
	EXPECT_EQ(CONTROL2, CXL_DVSEC_CTRL2);
	EXPECT_EQ(STATUS2, CXL_DVSEC_STATUS2);
	EXPECT_EQ(CONFIG_LOCK, CXL_DVSEC_LOCK);
	EXPECT_EQ(RANGES, CXL_DVSEC_RANGE(0));
	EXPECT_EQ(RANGE2_SIZE, CXL_DVSEC_RANGE(1));
	EXPECT_EQ(RANGES, CXL_DVSEC_RANGE(0) + CXL_DVSEC_RANGE_SIZE_HI);
	EXPECT_EQ(0x1c, CXL_DVSEC_RANGE(0) + CXL_DVSEC_RANGE_SIZE_LO);
	EXPECT_EQ(RANGE1_BASE, CXL_DVSEC_RANGE(0) + CXL_DVSEC_RANGE_BASE_HI);
	EXPECT_EQ(0x24, CXL_DVSEC_RANGE(0) + CXL_DVSEC_RANGE_BASE_LO);
	EXPECT_EQ(0x00000001, CXL_DVSEC_RANGE_VALID);
	EXPECT_EQ(0x00000002, CXL_DVSEC_RANGE_ACTIVE);
	EXPECT_EQ(0x0000e000, CXL_DVSEC_RANGE_TIMEOUT);
	EXPECT_EQ(0xf0000000, CXL_DVSEC_RANGE_SIZE);
}

/*
 * All of it
 */

/* What 8.1.3 has, less what a user may not see; hardware is all ones */
static const u32 seen_of_ones[DVSEC_DWORDS] = {
	[0x00 / 4 ... 0x08 / 4] = ~0U,	/* headers and Capability */
	[0x0c / 4] = 0x40004006,	/* Status and Control: found so */
	[0x10 / 4] = 0x80010000,	/* Status2: live; Control2 */
	[0x14 / 4] = 0xffff0001,	/* Capability2 and Lock */
	[0x18 / 4 ... 0x1c / 4] = ~0U,	/* size of the first range */
	[0x20 / 4 ... 0x24 / 4] = 0,	/* its base */
	[0x28 / 4 ... 0x2c / 4] = ~0U,	/* of the second */
	[0x30 / 4 ... 0x34 / 4] = 0,
	[0x38 / 4 ... 0x5c / 4] = ~0U,	/* Capability3, and what may come */
};

TEST_F(config, hardware_all_ones)
{
	memset(self->s.hw, 0xff, sizeof(self->s.hw));
	reset(&self->s, 0xffff, 0xffff, 0xffff, true);
	expect_page(_metadata, &self->s, seen_of_ones);
}

TEST_F(config, hardware_all_zero)
{
	u32 page[DVSEC_DWORDS] = { [CONTROL / 4] = IO_ENABLE };

	memset(self->s.hw, 0, sizeof(self->s.hw));
	reset(&self->s, 0, 0, 0, false);
	expect_page(_metadata, &self->s, page);
}

/* Firmware's addresses don't show, and hardware's sizes do: bit by bit */
TEST_F(config, ranges)
{
	unsigned int offset, bit;
	bool base;

	for (offset = RANGES; offset < CAPABILITY3; offset += 4) {
		base = (offset >= RANGE1_BASE && offset < RANGE2_SIZE) ||
		       offset >= RANGE2_BASE;
		for (bit = 0; bit < 32; bit++) {
			self->s.hw[offset / 4] = 1U << bit;
			EXPECT_EQ(base ? 0 : 1U << bit, dword(&self->s, offset))
				TH_LOG("offset %#x", offset);
		}
	}
}

/* A read only register stays, however it is written; the rest with it */
TEST_F(config, read_only)
{
	static const u32 values[] = { 0xffffffff, 0, 0xa5a5a5a5, 0x5a5a5a5a };
	u32 page[DVSEC_DWORDS], offset;
	unsigned int n, i;

	snapshot(&self->s, page);
	for (offset = 0; offset < DVSEC_LEN; offset++) {
		for (n = 1; n <= 4 && offset + n <= DVSEC_LEN; n++) {
			if (offset + n > CONTROL && offset <= CONFIG_LOCK)
				continue;
			for (i = 0; i < ARRAY_SIZE(values); i++)
				EXPECT_FALSE(set(&self->s, offset, n,
						 values[i]));
		}
	}
	expect_page(_metadata, &self->s, page);
}

/* Each size at each place, against the same dwords byte by byte */
TEST_F(config, reads_of_each_size)
{
	u32 offset, value;
	u8 byte[DVSEC_LEN];
	unsigned int n, i;

	reset(&self->s, ALL_CAPS, 0x4004, 0x4000, true);
	for (offset = 0; offset < DVSEC_LEN; offset++)
		byte[offset] = dword(&self->s, offset & ~3U) >>
			       8 * (offset & 3);
	for (n = 1; n <= 4; n++) {
		for (offset = 0; offset + n <= DVSEC_LEN; offset++) {
			value = 0;
			for (i = 0; i < n; i++)
				value |= (u32)byte[offset + i] << 8 * i;
			EXPECT_EQ(value, get(&self->s, offset, n))
				TH_LOG("%u bytes at %#x", n, offset);
		}
	}
	EXPECT_EQ(0x06, byte[CONTROL]);
	EXPECT_EQ(0x40, byte[STATUS + 1]);
}

/* Nothing of the last life is left */
TEST_F(config, reset_forgets)
{
	u32 fresh[DVSEC_DWORDS];

	snapshot(&self->s, fresh);
	set(&self->s, CONTROL, 2, 0xffff);
	set(&self->s, CONTROL2, 2, 0xffff);
	vfio_cxl_dvsec_reset_over(&self->s.dvsec, true);
	vfio_cxl_dvsec_reset_over(&self->s.dvsec, false);
	set(&self->s, CONFIG_LOCK, 1, 1);
	vfio_cxl_dvsec_init(&self->s.dvsec, ALL_CAPS, 0, 0, false);
	expect_page(_metadata, &self->s, fresh);
}

/*
 * Control
 */

static u16 control_of(u32 cap)
{
	return (cap & CAP_MEM ? MEM_ENABLE : 0) | (cap & CAP_VIRAL ? VIRAL : 0);
}

/* IO_Enable reads 1; Cache_Enable, snoop filter and Direct P2P always 0 */
TEST_F(config, control_of_each_capability)
{
	u32 cap;

	for (cap = 0; cap <= U16_LAST; cap++) {
		reset(&self->s, cap, 0, 0, false);
		EXPECT_EQ(IO_ENABLE, get(&self->s, CONTROL, 2));
		set(&self->s, CONTROL, 2, 0xffff);
		EXPECT_EQ(IO_ENABLE | control_of(cap),
			  get(&self->s, CONTROL, 2)) TH_LOG("cap %#x", cap);
		set(&self->s, CONTROL, 2, 0);
		EXPECT_EQ(IO_ENABLE, get(&self->s, CONTROL, 2));
		EXPECT_EQ(0, get(&self->s, STATUS, 2));

		reset(&self->s, cap, 0xffff, 0, false);
		EXPECT_EQ(IO_ENABLE | control_of(cap),
			  get(&self->s, CONTROL, 2)) TH_LOG("cap %#x", cap);
	}
}

/* It is a shadow: what hardware has there now doesn't matter */
TEST_F(config, control_starts_as_found)
{
	u32 found, old;

	for (found = 0; found <= U16_LAST; found++) {
		reset(&self->s, ALL_CAPS, found, 0, false);
		EXPECT_EQ((found & 0x4004) | IO_ENABLE,
			  get(&self->s, CONTROL, 2));
	}
	old = dword(&self->s, CONTROL);
	self->s.hw[CONTROL / 4] = 0;
	EXPECT_EQ(old, dword(&self->s, CONTROL));
	self->s.hw[CONTROL / 4] = 0xffffffff;
	EXPECT_EQ(old, dword(&self->s, CONTROL));
}

/* Every value over every one that it can have */
TEST_F(config, control_takes_each_value)
{
	static const u16 before[] = { 0, MEM_ENABLE, VIRAL, 0x4004 };
	unsigned int i;
	u32 value;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		for (value = 0; value <= U16_LAST; value++) {
			set(&self->s, CONTROL, 2, before[i]);
			set(&self->s, CONTROL, 2, value);
			EXPECT_EQ((value & 0x4004) | IO_ENABLE,
				  get(&self->s, CONTROL, 2));
		}
	}
}

/* A byte leaves the other as it is */
TEST_F(config, control_by_bytes)
{
	set(&self->s, CONTROL, 1, 0xff);
	EXPECT_EQ(0x0006, get(&self->s, CONTROL, 2));
	set(&self->s, CONTROL + 1, 1, 0xff);
	EXPECT_EQ(0x4006, get(&self->s, CONTROL, 2));
	set(&self->s, CONTROL, 1, 0);
	EXPECT_EQ(0x4002, get(&self->s, CONTROL, 2));
	set(&self->s, CONTROL, 1, 0xff);
	set(&self->s, CONTROL + 1, 1, 0);
	EXPECT_EQ(0x0006, get(&self->s, CONTROL, 2));
	/* From the register before, and into the one behind */
	set(&self->s, CAPABILITY, 3, 0);
	EXPECT_EQ(0x0002, get(&self->s, CONTROL, 2));
	set(&self->s, CONTROL + 1, 2, 0x0040);
	EXPECT_EQ(0x4002, get(&self->s, CONTROL, 2));
	set(&self->s, CAPABILITY, 4, 0x00040000);
	EXPECT_EQ(0x0006, get(&self->s, CONTROL, 2));
}

/*
 * Status
 */

TEST_F(config, status_of_each_capability)
{
	u32 cap, viral;

	for (cap = 0; cap <= U16_LAST; cap++) {
		viral = cap & CAP_VIRAL ? VIRAL : 0;
		reset(&self->s, cap, 0, 0xffff, false);
		EXPECT_EQ(viral, get(&self->s, STATUS, 2));
		set(&self->s, STATUS, 2, 0xbfff);
		EXPECT_EQ(viral, get(&self->s, STATUS, 2));
		set(&self->s, STATUS, 2, VIRAL);
		EXPECT_EQ(0, get(&self->s, STATUS, 2)) TH_LOG("cap %#x", cap);
		/* It takes more than a write to get there */
		set(&self->s, STATUS, 2, 0xffff);
		EXPECT_EQ(0, get(&self->s, STATUS, 2));
		reset(&self->s, cap, 0xffff, 0xbfff, false);
		EXPECT_EQ(0, get(&self->s, STATUS, 2));
	}
}

TEST_F(config, status_is_a_shadow)
{
	self->s.hw[CONTROL / 4] = 0xffffffff;
	EXPECT_EQ(0, get(&self->s, STATUS, 2));
	reset(&self->s, ALL_CAPS, 0, VIRAL, false);
	self->s.hw[CONTROL / 4] = 0;
	EXPECT_EQ(VIRAL, get(&self->s, STATUS, 2));
}

/* One access: where, how long, what; does it clear Viral_Status? */
static const struct {
	u32 offset;
	unsigned int n;
	u32 value;
	bool clears;
} status_writes[] = {
	{ STATUS, 1, 0xff, false },
	{ STATUS + 1, 1, 0x40, true },
	{ STATUS + 1, 1, 0xbf, false },
	{ STATUS, 2, 0x4000, true },
	{ STATUS, 2, 0x0040, false },
	{ CONTROL, 2, 0xffff, false },
	{ CONTROL, 3, 0xffffff, false },
	{ CONTROL, 4, 0x40000000, true },
	{ CONTROL, 4, 0xbfffffff, false },
	{ CONTROL + 1, 3, 0x400000, true },
	{ CONTROL + 1, 2, 0xffff, false },
	{ STATUS, 4, 0x00004000, true },
	{ STATUS, 4, 0xffffbfff, false },
	{ STATUS + 1, 4, 0x00000040, true },
	{ CONTROL2, 2, 0x4000, false },
	{ CONTROL2, 4, 0x40000000, false },
};

TEST_F(config, status_clears_by_the_bytes_written)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(status_writes); i++) {
		reset(&self->s, ALL_CAPS, 0, VIRAL, false);
		set(&self->s, status_writes[i].offset, status_writes[i].n,
		    status_writes[i].value);
		EXPECT_EQ(status_writes[i].clears ? 0 : VIRAL,
			  get(&self->s, STATUS, 2)) TH_LOG("write %u", i);
	}
}

/* As a guest that reads, sets a bit, and writes both registers back */
TEST_F(config, control_and_status_in_one)
{
	u32 value;

	reset(&self->s, ALL_CAPS, 0, VIRAL, false);
	value = get(&self->s, CONTROL, 4);
	EXPECT_EQ(0x40000002, value);
	set(&self->s, CONTROL, 4, value | MEM_ENABLE);
	EXPECT_EQ(0x00000006, get(&self->s, CONTROL, 4));
	/* 1 to Viral_Enable is none to Viral_Status */
	reset(&self->s, ALL_CAPS, 0, VIRAL, false);
	set(&self->s, CONTROL, 4, 0x00004004);
	EXPECT_EQ(0x40004006, get(&self->s, CONTROL, 4));
}

/*
 * Lock
 */

TEST_F(config, lock_starts_as_found)
{
	self->s.hw[CONFIG_LOCK / 4] = 0x12340000;
	reset(&self->s, ALL_CAPS, 0, 0, true);
	EXPECT_EQ(0x12340001, dword(&self->s, CONFIG_LOCK));
	self->s.hw[CONFIG_LOCK / 4] = 0x1234ffff;
	reset(&self->s, ALL_CAPS, 0, 0, false);
	EXPECT_EQ(0x12340000, dword(&self->s, CONFIG_LOCK));
}

/* Every value; once is for ever */
TEST_F(config, lock_is_written_once)
{
	u32 value;

	for (value = 0; value <= U16_LAST; value++) {
		reset(&self->s, ALL_CAPS, 0, 0, false);
		set(&self->s, CONFIG_LOCK, 2, value);
		EXPECT_EQ(value & 1, get(&self->s, CONFIG_LOCK, 2));
		reset(&self->s, ALL_CAPS, 0, 0, true);
		set(&self->s, CONFIG_LOCK, 2, value);
		EXPECT_EQ(1, get(&self->s, CONFIG_LOCK, 2));
	}
}

TEST_F(config, lock_by_bytes)
{
	set(&self->s, CONFIG_LOCK + 1, 1, 0xff);
	set(&self->s, CAPABILITY2, 2, 0xffff);
	set(&self->s, STATUS2, 2, 0xffff);
	EXPECT_EQ(0, get(&self->s, CONFIG_LOCK, 2));
	set(&self->s, STATUS2 + 1, 2, 0x0100);
	EXPECT_EQ(1, get(&self->s, CONFIG_LOCK, 2));
	reset(&self->s, ALL_CAPS, 0, 0, false);
	set(&self->s, CONFIG_LOCK, 4, 1);
	EXPECT_EQ(1, get(&self->s, CONFIG_LOCK, 2));
}

/* It drops what is written to Control, and nothing else */
static void expect_locked(struct __test_metadata *_metadata, struct space *s)
{
	u32 value, cap2 = get(s, CAPABILITY2, 2);

	for (value = 0; value <= U16_LAST; value++) {
		set(s, CONTROL, 2, value);
		EXPECT_EQ(0x0006, get(s, CONTROL, 2));
	}
	set(s, CONTROL, 1, 0);
	set(s, CONTROL + 1, 1, 0xff);
	set(s, CONTROL, 4, 0x4000);
	EXPECT_EQ(0x40000006, get(s, CONTROL, 4));
	set(s, STATUS, 2, VIRAL);
	EXPECT_EQ(0x00000006, get(s, CONTROL, 4));
	set(s, CONTROL2, 2, 0xfff9);
	EXPECT_EQ(0x0009, get(s, CONTROL2, 2));
	EXPECT_TRUE(set(s, CONTROL2, 2, RESET));
	EXPECT_EQ(cap2, get(s, CAPABILITY2, 2));
}

TEST_F(config, locked_by_firmware)
{
	reset(&self->s, ALL_CAPS, MEM_ENABLE, VIRAL, true);
	expect_locked(_metadata, &self->s);
}

TEST_F(config, locked_by_the_user)
{
	reset(&self->s, ALL_CAPS, MEM_ENABLE, VIRAL, false);
	set(&self->s, CONFIG_LOCK, 1, 1);
	expect_locked(_metadata, &self->s);
}

/*
 * Control2 and Status2. Hardware's own bits are 0 where they don't matter.
 */

static u16 status2(struct space *s)
{
	s->hw[CONTROL2 / 4] = 0;

	return get(s, STATUS2, 2);
}

/* What stays, what clears itself, and what was asked for */
TEST_F(config, control2_of_each_capability)
{
	u32 cap, stays;

	for (cap = 0; cap <= U16_LAST; cap++) {
		stays = (cap & CAP_CACHE ? NO_CACHING : 0) |
			(cap & CAP_MEM_CLR ? MEM_CLR : 0);
		reset(&self->s, cap, 0xffff, 0xffff, false);
		EXPECT_EQ(0, get(&self->s, CONTROL2, 2));
		EXPECT_EQ(!!(cap & CAP_RESET),
			  set(&self->s, CONTROL2, 2, 0xffff));
		EXPECT_EQ(stays, get(&self->s, CONTROL2, 2))
			TH_LOG("cap %#x", cap);
		EXPECT_EQ(cap & CAP_WBI ? CACHE_INVALID : 0,
			  status2(&self->s)) TH_LOG("cap %#x", cap);
		EXPECT_FALSE(set(&self->s, CONTROL2, 2, 0));
		EXPECT_EQ(0, get(&self->s, CONTROL2, 2));
	}
}

TEST_F(config, control2_takes_each_value)
{
	u32 value;

	for (value = 0; value <= U16_LAST; value++) {
		start(&self->s, ALL_CAPS);
		EXPECT_EQ(!!(value & RESET), set(&self->s, CONTROL2, 2, value));
		EXPECT_EQ(value & 0x0009, get(&self->s, CONTROL2, 2));
		EXPECT_EQ(value & WBI ? CACHE_INVALID : 0, status2(&self->s));
	}
}

/* One access; with requests only in the bytes that are written */
static const struct {
	u32 offset;
	unsigned int n;
	u32 value;
	u16 control2;
	u16 status2;
	bool reset;
} control2_writes[] = {
	{ CONTROL2, 1, 0x0f, 0x0009, CACHE_INVALID, true },
	{ CONTROL2, 1, 0x06, 0x0000, CACHE_INVALID, true },
	{ CONTROL2, 4, 0x00000004, 0x0000, 0, true },
	{ CONTROL2, 4, 0xffff0001, 0x0001, 0, false },
	{ CONTROL2, 3, 0xff0008, 0x0008, 0, false },
	{ CONTROL2 + 1, 1, 0xff, 0x0009, 0, false },
	{ CONTROL2 + 1, 3, 0xffffff, 0x0009, 0, false },
	{ STATUS2, 2, 0xffff, 0x0009, 0, false },
	{ STATUS2, 1, 0xff, 0x0009, 0, false },
	{ STATUS, 2, 0xffff, 0x0009, 0, false },
	{ STATUS, 3, 0x020000, 0x0000, CACHE_INVALID, false },
	{ STATUS, 4, 0x000c0000, 0x0008, 0, true },
	{ STATUS + 1, 2, 0x0400, 0x0000, 0, true },
	{ STATUS + 1, 4, 0xffff0900, 0x0009, 0, false },
	{ CONTROL, 4, 0xffffffff, 0x0009, 0, false },
	{ CONFIG_LOCK, 4, 0xffffffff, 0x0009, 0, false },
	{ STATUS2, 4, 0xffffffff, 0x0009, 0, false },
};

TEST_F(config, control2_by_the_bytes_written)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(control2_writes); i++) {
		start(&self->s, ALL_CAPS);
		set(&self->s, CONTROL2, 2, NO_CACHING | MEM_CLR);
		EXPECT_EQ(control2_writes[i].reset,
			  set(&self->s, control2_writes[i].offset,
			      control2_writes[i].n, control2_writes[i].value))
			TH_LOG("write %u", i);
		EXPECT_EQ(control2_writes[i].control2,
			  get(&self->s, CONTROL2, 2)) TH_LOG("write %u", i);
		EXPECT_EQ(control2_writes[i].status2, status2(&self->s))
			TH_LOG("write %u", i);
	}
}

/* Live bits are hardware's, what is left of them is not */
TEST_F(config, status2_merges)
{
	u32 hw;

	for (hw = 0; hw <= U16_LAST; hw++) {
		reset(&self->s, ALL_CAPS, 0, 0, false);
		self->s.hw[CONTROL2 / 4] = hw << 16 | 0xffff;
		EXPECT_EQ((hw & 0x8001) << 16, dword(&self->s, CONTROL2));
		vfio_cxl_dvsec_reset_over(&self->s.dvsec, true);
		EXPECT_EQ((hw & 0x8001) | RESET_DONE,
			  get(&self->s, STATUS2, 2));
		set(&self->s, CONTROL2, 2, RESET | WBI | MEM_CLR);
		vfio_cxl_dvsec_reset_over(&self->s.dvsec, false);
		EXPECT_EQ((hw & 0x8000) | CACHE_INVALID | RESET_ERROR,
			  get(&self->s, STATUS2, 2)) TH_LOG("hw %#x", hw);
		EXPECT_EQ(MEM_CLR, get(&self->s, CONTROL2, 2));
	}
}

/* A guest asks, polls until it is over, and asks again */
TEST_F(config, cxl_reset)
{
	static const bool good[] = { true, false, false, true, true };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_TRUE(set(&self->s, CONTROL2, 1, RESET));
		EXPECT_EQ(0, status2(&self->s));
		EXPECT_EQ(0, get(&self->s, CONTROL2, 2));
		vfio_cxl_dvsec_reset_over(&self->s.dvsec, good[i]);
		EXPECT_EQ(good[i] ? RESET_DONE : RESET_ERROR,
			  status2(&self->s));
		/* The answer stays until the next request, whatever else is */
		EXPECT_FALSE(set(&self->s, CONTROL2, 4, 0xffffffff & ~RESET));
		EXPECT_EQ(CACHE_INVALID |
			  (good[i] ? RESET_DONE : RESET_ERROR),
			  status2(&self->s));
		/* Which leaves the other request's answer alone */
		EXPECT_TRUE(set(&self->s, CONTROL2, 2, RESET));
		EXPECT_EQ(CACHE_INVALID, status2(&self->s));
		start(&self->s, ALL_CAPS);
	}
}

/* What a device can't do is neither done nor answered */
TEST_F(config, requests_of_an_incapable_device)
{
	start(&self->s, (u16)~(CAP_RESET | CAP_WBI));
	vfio_cxl_dvsec_reset_over(&self->s.dvsec, true);
	EXPECT_FALSE(set(&self->s, CONTROL2, 2, 0xffff));
	EXPECT_EQ(RESET_DONE, status2(&self->s));
	EXPECT_EQ(0x0009, get(&self->s, CONTROL2, 2));
}

/*
 * Where no shadow stands
 */

/* Another CXL Device DVSEC than the one with a shadow leaks no less */
TEST_F(config, view_of_a_device_dvsec)
{
	u32 offset, want;

	for (offset = 0; offset < 0x1000; offset += 4) {
		want = offset == 0x20 || offset == 0x24 || offset == 0x30 ||
		       offset == 0x34 ? 0 : 0xa5000000 + offset;
		EXPECT_EQ(want, vfio_cxl_config_view(VFIO_CXL_CONFIG_DEVICE,
						     offset,
						     0xa5000000 + offset))
			TH_LOG("offset %#x", offset);
	}
}

/* DOE is a null capability: nothing but the way to the next one */
TEST_F(config, view_of_doe)
{
	unsigned int bit;
	u32 offset, seen;

	for (bit = 0; bit < 32; bit++) {
		for (offset = 0; offset < 0x18; offset += 4) {
			seen = vfio_cxl_config_view(VFIO_CXL_CONFIG_DOE,
						    offset, 1U << bit);
			EXPECT_EQ(offset || bit < 20 ? 0 : 1U << bit, seen)
				TH_LOG("offset %#x", offset);
		}
	}
	EXPECT_EQ(0x19000000, vfio_cxl_config_view(VFIO_CXL_CONFIG_DOE, 0,
						   0x1902002e));
}

TEST_F(config, view_of_what_is_read_only)
{
	static const enum vfio_cxl_config_kind kinds[] = {
		VFIO_CXL_CONFIG_DVSEC, VFIO_CXL_CONFIG_PM,
	};
	unsigned int i, bit;
	u32 offset;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (offset = 0; offset < DVSEC_LEN; offset += 4)
			for (bit = 0; bit < 32; bit++)
				EXPECT_EQ(1U << bit,
					  vfio_cxl_config_view(kinds[i], offset,
							       1U << bit));
}

TEST_HARNESS_MAIN
