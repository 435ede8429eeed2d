// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder as a user sees it, against the rules of the userspace contract:
 * what is there at the start, what each register takes, the way a shipped
 * client programs it, the seal, and commits that hardware would refuse.
 */
#include "shadow.h"

UNIT_RANDOM_DEFINE

/*
 * Decoders 0 to 2 are committed in hardware, with 4, 2 and 1 units; decoder 3
 * is not, and holds what somebody left there.
 */
static void start(struct shadow *s, u32 cap, bool cache)
{
	memset(s, 0, sizeof(*s));
	s->state.global = 0;
	hardware(s, 0, 4 * MIB256);
	hardware(s, 1, 2 * MIB256);
	hardware(s, 2, MIB256);
	hardware(s, 3, 8 * MIB256);
	s->state.decoder[3].ctrl = TYPE | LOCK;
	tenancy(s, cap, DECODERS, cache);
}

static bool sealed(struct shadow *s, unsigned int n)
{
	u32 mask = LOCK | COMMIT | COMMITTED | ERROR;

	return (get(s, n, CTRL) & mask) == (LOCK | COMMIT | COMMITTED);
}

static bool refused(struct shadow *s, unsigned int n)
{
	return (get(s, n, CTRL) & (COMMITTED | ERROR)) == ERROR;
}

/*
 * How the shipped client places a decoder, in its order: it never reads back.
 */
static void client_program(struct shadow *s, unsigned int n, u64 gpa)
{
	u32 ctrl = get(s, n, CTRL);

	if (ctrl & LOCK) {
		ctrl &= ~LOCK;
		set(s, n, CTRL, ctrl);
	}
	set(s, n, BASE_LO, gpa & 0xf0000000);
	set(s, n, BASE_HI, gpa >> 32);
	set(s, n, CTRL, ctrl | COMMIT | LOCK);
}

static void read_page(struct shadow *s, u32 *page)
{
	unsigned int i;

	for (i = 0; i < PAGE_DWORDS; i++)
		page[i] = vfio_cxl_comp_regs_read(&s->regs, 4 * i);
}

FIXTURE(comp_regs) {
	struct shadow s;
};

FIXTURE_SETUP(comp_regs)
{
	start(&self->s, 0x302, false);
}

FIXTURE_TEARDOWN(comp_regs)
{
	EXPECT_NO_LEAK();
}

/*
 * The start of a tenancy
 */

/* All 1024 registers: nothing but the HDM decoders, and these provisioning */
TEST_F(comp_regs, initial_page)
{
	static u32 page[PAGE_DWORDS];

	initial_page(&self->s, page);
	expect_page(_metadata, &self->s, page);
}

TEST_F(comp_regs, initial_page_with_any_number_of_decoders)
{
	static const unsigned int count[] = { 1, 2, 10, 32 };
	static u32 page[PAGE_DWORDS];
	unsigned int i, n;

	for (n = 0; n < CXL_HDM_MAX_DECODERS; n++)
		hardware(&self->s, n, (n + 1) * MIB256);
	for (i = 0; i < ARRAY_SIZE(count); i++) {
		tenancy(&self->s, 0x302, count[i], false);
		initial_page(&self->s, page);
		expect_page(_metadata, &self->s, page);
	}
}

/* Neither half of a host address, whatever firmware did with the lock */
TEST_F(comp_regs, no_host_address)
{
	unsigned int i, n;
	u32 value;

	for (n = 0; n < DECODERS; n++) {
		hardware(&self->s, n, 2 * MIB256);
		if (n & 1)
			self->s.state.decoder[n].ctrl &= ~LOCK;
		if (n & 2)
			self->s.state.decoder[n].ctrl &= ~(COMMIT | COMMITTED);
	}
	tenancy(&self->s, 0x302, DECODERS, false);
	for (i = 0; i < PAGE_DWORDS; i++) {
		value = vfio_cxl_comp_regs_read(&self->s.regs, 4 * i);
		for (n = 0; n < DECODERS; n++) {
			u64 hpa = self->s.state.decoder[n].base;

			EXPECT_NE((u32)hpa, value);
			EXPECT_NE((u32)(hpa >> 32), value);
		}
	}
}

/* The array's other entries would lead a client to registers that aren't here */
TEST_F(comp_regs, array_has_one_entry)
{
	unsigned int i;

	for (i = 1; i <= HEADER >> 24; i++)
		EXPECT_EQ(i == ENTRY_INDEX ? ENTRY : 0,
			  vfio_cxl_comp_regs_read(&self->s.regs, 4 * i));
}

/*
 * What each register takes
 */

/* What each register takes, CTRL apart */
struct rule {
	const char *name;
	unsigned int reg;
	u32 writable;
};

static const struct rule rules[] = {
	{ "BASE_LO", BASE_LO, 0xf0000000 },
	{ "BASE_HI", BASE_HI, 0xffffffff },
	{ "SIZE_LO", SIZE_LO, 0xf0000000 },
	{ "SIZE_HI", SIZE_HI, 0xffffffff },
	{ "SKIP_LO", SKIP_LO, 0 },
	{ "SKIP_HI", SKIP_HI, 0 },
	{ "reserved", RESERVED, 0 },
};

static const u32 patterns[] = {
	0xffffffff, 0, 0xa5a5a5a5, 0x5a5a5a5a, 0x0fffffff, 0xf0000000,
};

TEST_F(comp_regs, masks)
{
	static u32 page[PAGE_DWORDS];
	unsigned int i, j, n;
	u32 was, w;

	for (n = 0; n < DECODERS; n++) {
		for (i = 0; i < ARRAY_SIZE(rules); i++) {
			w = rules[i].writable;
			was = get(&self->s, n, rules[i].reg);
			for (j = 0; j < ARRAY_SIZE(patterns); j++) {
				set(&self->s, n, rules[i].reg, patterns[j]);
				EXPECT_EQ((patterns[j] & w) | (was & ~w),
					  get(&self->s, n, rules[i].reg))
					TH_LOG("%s", rules[i].name);
			}
			/* For the page to be as it was */
			set(&self->s, n, rules[i].reg, was);
		}
	}

	initial_page(&self->s, page);
	expect_page(_metadata, &self->s, page);
}

/* Only where there is a register, whatever else the page holds */
TEST_F(comp_regs, writes_elsewhere_are_dropped)
{
	static u32 page[PAGE_DWORDS];
	unsigned int i;
	u32 offset;

	read_page(&self->s, page);
	for (offset = 0; offset < CXL_CM_SIZE; offset += 4) {
		if (offset == HDM_AT + 4 ||
		    (offset >= at(0, 0) && offset < at(DECODERS, 0)))
			continue;
		for (i = 0; i < ARRAY_SIZE(patterns); i++)
			vfio_cxl_comp_regs_write(&self->s.regs, offset,
						 patterns[i]);
	}
	expect_page(_metadata, &self->s, page);
}

/* Each allocated alone, so that the sanitizer sees a step too far */
TEST_F(comp_regs, nothing_beyond_the_last_of_32_decoders)
{
	struct vfio_cxl_hdm_state *state = malloc(sizeof(*state));
	struct vfio_cxl_comp_regs *regs = malloc(sizeof(*regs));
	unsigned int last = CXL_HDM_MAX_DECODERS - 1;
	u32 offset;

	hardware(&self->s, last, MIB256);
	*state = self->s.state;
	tenancy(&self->s, 0x30c, CXL_HDM_MAX_DECODERS, false);
	vfio_cxl_comp_regs_init(regs, &self->s.hdm, state, false);
	for (offset = at(last + 1, 0); offset < CXL_CM_SIZE; offset += 4) {
		EXPECT_EQ(0, vfio_cxl_comp_regs_read(regs, offset));
		vfio_cxl_comp_regs_write(regs, offset, 0xffffffff);
	}
	for (offset = 0; offset < CXL_CM_SIZE; offset += 4)
		EXPECT_EQ(vfio_cxl_comp_regs_read(&self->s.regs, offset),
			  vfio_cxl_comp_regs_read(regs, offset));

	/* Which looks at all the others */
	vfio_cxl_comp_regs_write(regs, at(last, CTRL), COMMIT | LOCK);
	EXPECT_EQ(COMMIT | COMMITTED | LOCK,
		  vfio_cxl_comp_regs_read(regs, at(last, CTRL)));
	free(regs);
	free(state);
}

/* Not even where no read shows it */
TEST_F(comp_regs, nothing_beyond_the_last_decoder)
{
	struct vfio_cxl_comp_regs before;
	u32 offset;

	memcpy(&before, &self->s.regs, sizeof(before));
	for (offset = at(DECODERS, 0); offset < CXL_CM_SIZE; offset += 4)
		vfio_cxl_comp_regs_write(&self->s.regs, offset, 0xffffffff);
	EXPECT_EQ(0, memcmp(&before, &self->s.regs, sizeof(before)));
}

TEST_F(comp_regs, global_control)
{
	u32 cap[] = { 0x302, 0x302 | CAP_POISON, ~CAP_POISON };
	u32 offset = HDM_AT + 4, writable;
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(cap); i++) {
		start(&self->s, cap[i], false);
		writable = GLOBAL_ENABLE;
		if (cap[i] & CAP_POISON)
			writable |= GLOBAL_POISON;
		EXPECT_EQ(GLOBAL_ENABLE,
			  vfio_cxl_comp_regs_read(&self->s.regs, offset));
		for (bit = 0; bit < 32; bit++) {
			vfio_cxl_comp_regs_write(&self->s.regs, offset,
						 1U << bit);
			EXPECT_EQ((1U << bit) & writable,
				  vfio_cxl_comp_regs_read(&self->s.regs,
							  offset));
		}
	}
}

/* The device's abilities, which decide what CTRL takes */
FIXTURE(ctrl) {
	struct shadow s;
};

FIXTURE_VARIANT(ctrl) {
	u32 cap;
	bool cache;
	u32 writable;
};

FIXTURE_VARIANT_ADD(ctrl, plain) {
	.cap = ~CAP_UIO, .cache = false, .writable = 0x13ff,
};

FIXTURE_VARIANT_ADD(ctrl, uio) {
	.cap = CAP_UIO, .cache = false, .writable = 0x13ff | UIO,
};

FIXTURE_VARIANT_ADD(ctrl, cache) {
	.cap = 0, .cache = true, .writable = 0x13ff | BI,
};

FIXTURE_VARIANT_ADD(ctrl, uio_and_cache) {
	.cap = ~0U, .cache = true, .writable = 0x13ff | UIO | BI,
};

FIXTURE_SETUP(ctrl)
{
	start(&self->s, variant->cap, variant->cache);
}

FIXTURE_TEARDOWN(ctrl)
{
	EXPECT_NO_LEAK();
}

TEST_F(ctrl, each_bit)
{
	unsigned int n, bit;
	u32 value;

	for (n = 0; n < DECODERS; n++) {
		for (bit = 0; bit < 32; bit++) {
			value = 1U << bit;
			if (value == COMMIT)
				continue;
			set(&self->s, n, CTRL, value);
			EXPECT_EQ(value & variant->writable,
				  get(&self->s, n, CTRL))
				TH_LOG("bit %u", bit);
		}
		set(&self->s, n, CTRL, ~COMMIT);
		EXPECT_EQ(variant->writable & ~COMMIT, get(&self->s, n, CTRL));
	}
}

/* Those that a commit allows, kept by the seal */
TEST_F(ctrl, each_bit_with_commit)
{
	unsigned int bit;
	u32 value, ways = 0xf0;

	for (bit = 0; bit < 32; bit++) {
		value = 1U << bit;
		if (value & ways)
			continue;
		start(&self->s, variant->cap, variant->cache);
		set(&self->s, 0, CTRL, value | COMMIT | LOCK);
		EXPECT_EQ((value & variant->writable) | COMMIT | LOCK |
			  COMMITTED, get(&self->s, 0, CTRL))
			TH_LOG("bit %u", bit);
	}
}

/*
 * The shipped client, and the seal
 */

/* A seal stands against everything a user can write to the decoder */
static void expect_frozen(struct __test_metadata *_metadata, struct shadow *s,
			  unsigned int n)
{
	static const u32 ctrl[] = {
		0, COMMIT, LOCK, COMMIT | LOCK, COMMIT | COMMITTED, ERROR,
		0xffffffff, ~LOCK, ~COMMIT, 0xf,
	};
	static u32 page[PAGE_DWORDS];
	unsigned int i, j, reg;

	read_page(s, page);
	for (i = 0; i < ARRAY_SIZE(ctrl); i++) {
		set(s, n, CTRL, ctrl[i]);
		for (reg = BASE_LO; reg <= RESERVED; reg++)
			for (j = 0; j < ARRAY_SIZE(patterns); j++)
				set(s, n, reg, patterns[j]);
	}
	expect_page(_metadata, s, page);
}

TEST_F(comp_regs, client_programs_and_seals)
{
	u64 gpa = 0x12340000000ULL;

	ASSERT_EQ(0, get(&self->s, 0, CTRL) & LOCK);
	client_program(&self->s, 0, gpa | 0x0abcdef0);
	EXPECT_EQ(gpa, get64(&self->s, 0, BASE_LO));
	EXPECT_EQ(4 * MIB256, get64(&self->s, 0, SIZE_LO));
	EXPECT_EQ(LOCK | COMMIT | COMMITTED | TYPE, get(&self->s, 0, CTRL));
	expect_frozen(_metadata, &self->s, 0);
}

TEST_F(comp_regs, committed_all_along)
{
	set64(&self->s, 0, BASE_LO, 8 * MIB256);
	EXPECT_EQ(8 * MIB256, get64(&self->s, 0, BASE_LO));
	EXPECT_EQ(COMMIT | COMMITTED | TYPE, get(&self->s, 0, CTRL));
	set64(&self->s, 0, BASE_LO, 9 * MIB256);
	EXPECT_EQ(9 * MIB256, get64(&self->s, 0, BASE_LO));
	EXPECT_EQ(COMMIT | COMMITTED | TYPE, get(&self->s, 0, CTRL));
}

/* LOCK alone is not the seal: the client clears it and goes on */
TEST_F(comp_regs, client_finds_lock_set)
{
	set(&self->s, 0, CTRL, LOCK | TYPE);
	ASSERT_EQ(LOCK | TYPE, get(&self->s, 0, CTRL));
	client_program(&self->s, 0, 16 * MIB256);
	EXPECT_EQ(16 * MIB256, get64(&self->s, 0, BASE_LO));
	EXPECT_TRUE(sealed(&self->s, 0));
}

/* A second run of the client, as after a guest's reboot, moves nothing */
TEST_F(comp_regs, client_runs_again)
{
	static u32 page[PAGE_DWORDS];

	client_program(&self->s, 0, 16 * MIB256);
	read_page(&self->s, page);
	client_program(&self->s, 0, 32 * MIB256);
	expect_page(_metadata, &self->s, page);
}

TEST_F(comp_regs, several_decoders)
{
	unsigned int n;

	for (n = 0; n < 3; n++) {
		client_program(&self->s, n, (16 + 4 * n) * MIB256);
		EXPECT_TRUE(sealed(&self->s, n));
		EXPECT_EQ((16 + 4 * n) * MIB256, get64(&self->s, n, BASE_LO));
		if (n < 2)
			EXPECT_FALSE(sealed(&self->s, n + 1));
	}
	for (n = 0; n < 3; n++)
		expect_frozen(_metadata, &self->s, n);

	/* Decoder 3 has no memory behind it */
	client_program(&self->s, 3, 64 * MIB256);
	EXPECT_TRUE(refused(&self->s, 3));
}

/* A smaller size is the user's choice, and stays with the seal */
TEST_F(comp_regs, smaller_than_hardware)
{
	set64(&self->s, 0, SIZE_LO, 3 * MIB256);
	client_program(&self->s, 0, 16 * MIB256);
	EXPECT_TRUE(sealed(&self->s, 0));
	EXPECT_EQ(3 * MIB256, get64(&self->s, 0, SIZE_LO));
}

/* A new tenancy starts over */
TEST_F(comp_regs, seal_ends_with_the_tenancy)
{
	static u32 page[PAGE_DWORDS];

	client_program(&self->s, 0, 16 * MIB256);
	tenancy(&self->s, 0x302, DECODERS, false);
	initial_page(&self->s, page);
	expect_page(_metadata, &self->s, page);
}

TEST_F(comp_regs, uncommit_while_not_sealed)
{
	set(&self->s, 0, CTRL, TYPE);
	EXPECT_EQ(TYPE, get(&self->s, 0, CTRL));
	EXPECT_EQ(4 * MIB256, get64(&self->s, 0, SIZE_LO));
	set64(&self->s, 0, BASE_LO, 16 * MIB256);
	set(&self->s, 0, CTRL, TYPE | COMMIT);
	EXPECT_EQ(TYPE | COMMIT | COMMITTED, get(&self->s, 0, CTRL));
	/* Committed without LOCK, it can still move and be taken back */
	set64(&self->s, 0, BASE_LO, 32 * MIB256);
	EXPECT_EQ(32 * MIB256, get64(&self->s, 0, BASE_LO));
	set(&self->s, 0, CTRL, 0);
	EXPECT_EQ(0, get(&self->s, 0, CTRL));
}

/*
 * Commits that hardware would refuse. Decoder 1 is sealed at 16 to 18 units,
 * decoder 2 is merely committed, at 0.
 */

struct attempt {
	const char *what;
	u64 base;
	u64 size;
	u32 ctrl;
	bool good;
};

static const struct attempt attempts[] = {
	{ "no size", 4 * MIB256, 0, 0, false },
	{ "one unit too much", 4 * MIB256, 5 * MIB256, 0, false },
	{ "far too much", 0, 1ULL << 63, 0, false },
	{ "4 GiB more", 0, 4 * MIB256 + (1ULL << 32), 0, false },
	{ "the whole of it", 4 * MIB256, 4 * MIB256, 0, true },
	{ "one unit", 4 * MIB256, MIB256, 0, true },
	{ "around the end", 0ULL - MIB256, 2 * MIB256, 0, false },
	{ "below the end", 0ULL - 5 * MIB256, 4 * MIB256, 0, true },
	{ "2 ways", 4 * MIB256, MIB256, 0x10, false },
	{ "4 ways", 4 * MIB256, MIB256, 0x20, false },
	{ "8 ways", 4 * MIB256, MIB256, 0x30, false },
	{ "3 ways", 4 * MIB256, MIB256, 0x80, false },
	{ "reserved ways", 4 * MIB256, MIB256, 0xf0, false },
	{ "granularity of no ways", 4 * MIB256, MIB256, 0x6, true },
	{ "same as sealed", 16 * MIB256, 2 * MIB256, 0, false },
	{ "in sealed", 17 * MIB256, MIB256, 0, false },
	{ "around sealed", 15 * MIB256, 4 * MIB256, 0, false },
	{ "into sealed", 15 * MIB256, 2 * MIB256, 0, false },
	{ "out of sealed", 17 * MIB256, 2 * MIB256, 0, false },
	{ "just below sealed", 14 * MIB256, 2 * MIB256, 0, true },
	{ "just above sealed", 18 * MIB256, 2 * MIB256, 0, true },
	{ "over the merely committed", 0, MIB256, 0, true },
};

static void attempt_start(struct shadow *s)
{
	start(s, 0x302, false);
	client_program(s, 1, 16 * MIB256);
}

static void expect_attempt(struct __test_metadata *_metadata, struct shadow *s,
			   const struct attempt *a, u32 lock)
{
	u32 ctrl = a->ctrl | COMMIT | lock;

	attempt_start(s);
	set(s, 0, CTRL, 0);
	set64(s, 0, BASE_LO, a->base);
	set64(s, 0, SIZE_LO, a->size);
	set(s, 0, CTRL, ctrl);
	EXPECT_EQ(ctrl | (a->good ? COMMITTED : ERROR), get(s, 0, CTRL))
		TH_LOG("%s", a->what);
	EXPECT_EQ(lock && a->good, sealed(s, 0)) TH_LOG("%s", a->what);
}

TEST_F(comp_regs, commit_from_uncommitted)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		expect_attempt(_metadata, &self->s, &attempts[i], 0);
		expect_attempt(_metadata, &self->s, &attempts[i], LOCK);
	}
}

/* The client's way: committed before and after, or found out */
TEST_F(comp_regs, commit_from_committed)
{
	const struct attempt *a;

	for (a = attempts; a < attempts + ARRAY_SIZE(attempts); a++) {
		attempt_start(&self->s);
		set64(&self->s, 0, SIZE_LO, a->size);
		set64(&self->s, 0, BASE_LO, a->base);
		EXPECT_EQ(COMMIT | COMMITTED | TYPE, get(&self->s, 0, CTRL));
		set(&self->s, 0, CTRL,
		    TYPE | COMMIT | COMMITTED | LOCK | a->ctrl);
		EXPECT_EQ(TYPE | COMMIT | LOCK | a->ctrl |
			  (a->good ? COMMITTED : ERROR),
			  get(&self->s, 0, CTRL)) TH_LOG("%s", a->what);
		EXPECT_EQ(a->good, sealed(&self->s, 0)) TH_LOG("%s", a->what);
	}
}

/* After an error COMMIT goes through 0 before it counts again */
TEST_F(comp_regs, recovery)
{
	const struct attempt *a;

	for (a = attempts; a < attempts + ARRAY_SIZE(attempts); a++) {
		if (a->good)
			continue;
		attempt_start(&self->s);
		set64(&self->s, 0, SIZE_LO, a->size);
		set64(&self->s, 0, BASE_LO, a->base);
		set(&self->s, 0, CTRL, COMMIT | LOCK | a->ctrl);
		ASSERT_TRUE(refused(&self->s, 0)) TH_LOG("%s", a->what);

		set64(&self->s, 0, BASE_LO, 4 * MIB256);
		set64(&self->s, 0, SIZE_LO, MIB256);
		set(&self->s, 0, CTRL, COMMIT | LOCK);
		EXPECT_EQ(COMMIT | LOCK | ERROR, get(&self->s, 0, CTRL));
		/* Nor can status bits be written away, or set */
		set(&self->s, 0, CTRL, COMMIT | COMMITTED);
		EXPECT_EQ(COMMIT | ERROR, get(&self->s, 0, CTRL));

		set(&self->s, 0, CTRL, LOCK);
		EXPECT_EQ(LOCK, get(&self->s, 0, CTRL));
		set(&self->s, 0, CTRL, COMMIT | LOCK);
		EXPECT_TRUE(sealed(&self->s, 0));
		EXPECT_EQ(4 * MIB256, get64(&self->s, 0, BASE_LO));
	}
}

/* Decoders that may still move are in nobody's way; the second to seal is */
TEST_F(comp_regs, overlap_counts_from_the_seal_on)
{
	start(&self->s, 0x302, false);
	set64(&self->s, 0, BASE_LO, 16 * MIB256);
	set64(&self->s, 1, BASE_LO, 17 * MIB256);
	set(&self->s, 0, CTRL, COMMIT);
	set(&self->s, 1, CTRL, COMMIT);
	EXPECT_FALSE(refused(&self->s, 0));
	EXPECT_FALSE(refused(&self->s, 1));

	set(&self->s, 1, CTRL, COMMIT | LOCK);
	EXPECT_TRUE(sealed(&self->s, 1));
	/* Still committed as it was, until it is written */
	EXPECT_FALSE(refused(&self->s, 0));
	set(&self->s, 0, CTRL, COMMIT);
	EXPECT_TRUE(refused(&self->s, 0));
	/* A seal that failed is none */
	set64(&self->s, 2, BASE_LO, 16 * MIB256);
	set(&self->s, 0, CTRL, COMMIT | LOCK);
	EXPECT_FALSE(sealed(&self->s, 0));
	set(&self->s, 2, CTRL, COMMIT | LOCK);
	EXPECT_TRUE(sealed(&self->s, 2));
}

TEST_HARNESS_MAIN
