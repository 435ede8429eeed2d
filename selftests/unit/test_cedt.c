// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of the CXL Early Discovery Table: what it says of good tables, and
 * that it never reads beyond a bad one. Tables are handed over in allocations
 * of exactly their size, so that the sanitizer sees every byte too many.
 */
#include "unit.h"

#include "cedt.h"

UNIT_RANDOM_DEFINE

#define HEADER_LEN	36
#define CHBS_LEN	32
#define CFMWS_LEN(n)	(36 + 4 * (n))

#define GIB		0x40000000ULL

struct table {
	u8 bytes[2048];
	size_t len;
};

struct window_spec {
	u64 base;
	u64 size;
	u8 eniw;
	u32 hbig;
	u16 restrictions;
	u16 qtg_id;
	unsigned int targets;
	u32 target[VFIO_CXL_CEDT_MAX_WAYS];
};

static void put(struct table *t, size_t at, unsigned int bytes, u64 value)
{
	while (bytes--) {
		t->bytes[at++] = value;
		value >>= 8;
	}
}

/* A table may lie about its length; by default it doesn't */
static void set_length(struct table *t, u32 length)
{
	put(t, 4, 4, length);
}

static void table_start(struct table *t)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->bytes, "CEDT", 4);
	t->len = HEADER_LEN;
	set_length(t, t->len);
}

/* Returns where the entry begins */
static size_t add_entry(struct table *t, u8 type, u16 len)
{
	size_t at = t->len;

	put(t, at, 1, type);
	put(t, at + 2, 2, len);
	t->len += len;
	set_length(t, t->len);

	return at;
}

static size_t add_bridge(struct table *t, const struct vfio_cxl_chbs *bridge)
{
	size_t at = add_entry(t, 0, CHBS_LEN);

	put(t, at + 4, 4, bridge->uid);
	put(t, at + 8, 4, bridge->version);
	put(t, at + 16, 8, bridge->base);
	put(t, at + 24, 8, bridge->length);

	return at;
}

static size_t add_window(struct table *t, const struct window_spec *spec)
{
	size_t at = add_entry(t, 1, CFMWS_LEN(spec->targets));
	unsigned int i;

	put(t, at + 8, 8, spec->base);
	put(t, at + 16, 8, spec->size);
	put(t, at + 24, 1, spec->eniw);
	put(t, at + 28, 4, spec->hbig);
	put(t, at + 32, 2, spec->restrictions);
	put(t, at + 34, 2, spec->qtg_id);
	for (i = 0; i < spec->targets; i++)
		put(t, at + 36 + 4 * i, 4, spec->target[i]);

	return at;
}

/* The last entry only */
static void extend_entry(struct table *t, size_t at, size_t more)
{
	t->len += more;
	set_length(t, t->len);
	put(t, at + 2, 2, t->len - at);
}

static void *exactly(const struct table *t, size_t len)
{
	void *copy = malloc(len);

	if (!copy)
		abort();
	memcpy(copy, t->bytes, len);

	return copy;
}

static int window_cut(const struct table *t, size_t len, unsigned int index,
		      struct vfio_cxl_cfmws *window)
{
	void *copy = exactly(t, len);
	int ret;

	memset(window, 0xa5, sizeof(*window));
	ret = vfio_cxl_cedt_window(copy, len, index, window);
	free(copy);

	return ret;
}

static int window_of(const struct table *t, unsigned int index,
		     struct vfio_cxl_cfmws *window)
{
	return window_cut(t, t->len, index, window);
}

static int bridge_cut(const struct table *t, size_t len, u32 uid,
		      struct vfio_cxl_chbs *bridge)
{
	void *copy = exactly(t, len);
	int ret;

	memset(bridge, 0xa5, sizeof(*bridge));
	ret = vfio_cxl_cedt_bridge(copy, len, uid, bridge);
	free(copy);

	return ret;
}

static int bridge_of(const struct table *t, u32 uid,
		     struct vfio_cxl_chbs *bridge)
{
	return bridge_cut(t, t->len, uid, bridge);
}

/* A window with nothing wrong, for tests that break one thing of it */
static const struct window_spec plain = {
	.base = 19 * GIB, .size = 4 * GIB, .restrictions = 0x0f,
	.qtg_id = 3, .targets = 1, .target = { 12 },
};

static const struct vfio_cxl_chbs plain_bridge = {
	.uid = 12, .version = 1, .base = 0xb0000000, .length = 0x10000,
};

FIXTURE(cedt) {
	struct table t;
	struct vfio_cxl_cfmws window;
	struct vfio_cxl_chbs bridge;
};

FIXTURE_SETUP(cedt)
{
	table_start(&self->t);
}

FIXTURE_TEARDOWN(cedt)
{
	EXPECT_NO_LEAK();
}

static void expect_window(struct __test_metadata *_metadata,
			  const struct vfio_cxl_cfmws *window,
			  const struct window_spec *spec)
{
	unsigned int i;

	EXPECT_EQ(spec->base, window->base);
	EXPECT_EQ(spec->size, window->size);
	EXPECT_EQ(spec->targets, window->ways);
	EXPECT_EQ(256U << spec->hbig, window->granularity);
	EXPECT_EQ(spec->restrictions, window->restrictions);
	EXPECT_EQ(spec->qtg_id, window->qtg_id);
	for (i = 0; i < VFIO_CXL_CEDT_MAX_WAYS; i++)
		EXPECT_EQ(i < spec->targets ? spec->target[i] : 0,
			  window->targets[i]);
}

static void expect_bridge(struct __test_metadata *_metadata,
			  const struct vfio_cxl_chbs *bridge,
			  const struct vfio_cxl_chbs *spec)
{
	EXPECT_EQ(spec->uid, bridge->uid);
	EXPECT_EQ(spec->version, bridge->version);
	EXPECT_EQ(spec->base, bridge->base);
	EXPECT_EQ(spec->length, bridge->length);
}

/* As QEMU makes it for one pxb-cxl and one window */
TEST_F(cedt, one_bridge_one_window)
{
	add_bridge(&self->t, &plain_bridge);
	add_window(&self->t, &plain);
	ASSERT_EQ(108, self->t.len);

	ASSERT_EQ(0, window_of(&self->t, 0, &self->window));
	expect_window(_metadata, &self->window, &plain);
	EXPECT_EQ(-ENOENT, window_of(&self->t, 1, &self->window));
	EXPECT_EQ(-ENOENT, window_of(&self->t, ~0U, &self->window));

	ASSERT_EQ(0, bridge_of(&self->t, 12, &self->bridge));
	expect_bridge(_metadata, &self->bridge, &plain_bridge);
	EXPECT_EQ(-ENOENT, bridge_of(&self->t, 13, &self->bridge));
}

TEST_F(cedt, empty_table)
{
	EXPECT_EQ(-ENOENT, window_of(&self->t, 0, &self->window));
	EXPECT_EQ(-ENOENT, bridge_of(&self->t, 0, &self->bridge));
}

TEST_F(cedt, windows_keep_their_order)
{
	static const struct window_spec spec[] = {
		{ 19 * GIB, 4 * GIB, 0, 0, 0x01, 0, 1, { 12 } },
		{ 4 * GIB, GIB / 4, 1, 6, 0xffff, 0xffff, 2, { 12, 200 } },
		{ 0, GIB, 8, 3, 0x20, 1, 3, { 1, 2, 0xffffffff } },
		{ 1ULL << 52, 1ULL << 51, 4, 1, 0x10, 2, 16,
		  { 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spec); i++) {
		add_window(&self->t, &spec[i]);
		add_bridge(&self->t, &plain_bridge);
	}
	for (i = 0; i < ARRAY_SIZE(spec); i++) {
		ASSERT_EQ(0, window_of(&self->t, i, &self->window));
		expect_window(_metadata, &self->window, &spec[i]);
	}
	EXPECT_EQ(-ENOENT, window_of(&self->t, i, &self->window));
}

/* 9.18.1.3, Encoded Number of Interleave Ways; the rest is reserved */
static const u8 ways_of_code[256] = {
	[0] = 1, [1] = 2, [2] = 4, [3] = 8, [4] = 16,
	[8] = 3, [9] = 6, [10] = 12,
};

TEST_F(cedt, interleave_ways)
{
	struct window_spec spec = plain;
	unsigned int code, ways, i;
	size_t at;

	for (i = 0; i < VFIO_CXL_CEDT_MAX_WAYS; i++)
		spec.target[i] = 100 + i;

	for (code = 0; code < 256; code++) {
		ways = ways_of_code[code];
		spec.eniw = code;
		spec.targets = ways ?: VFIO_CXL_CEDT_MAX_WAYS;

		table_start(&self->t);
		at = add_window(&self->t, &spec);
		if (!ways)
			/* Room for as many as it might be taken for */
			extend_entry(&self->t, at, 4 * 256);
		ASSERT_EQ(ways ? 0 : -EINVAL,
			  window_of(&self->t, 0, &self->window))
			TH_LOG("code %u", code);
		if (ways)
			expect_window(_metadata, &self->window, &spec);
	}
}

TEST_F(cedt, target_list_too_short)
{
	struct window_spec spec = plain;
	unsigned int code;

	for (code = 0; code < 256; code++) {
		if (!ways_of_code[code])
			continue;
		spec.eniw = code;
		spec.targets = ways_of_code[code] - 1;

		/* With and without something behind it in the table */
		table_start(&self->t);
		add_window(&self->t, &spec);
		EXPECT_EQ(-EINVAL, window_of(&self->t, 0, &self->window));
		add_bridge(&self->t, &plain_bridge);
		EXPECT_EQ(-EINVAL, window_of(&self->t, 0, &self->window));
	}
}

/* A later revision may add fields */
TEST_F(cedt, window_longer_than_known)
{
	size_t at = add_window(&self->t, &plain);

	extend_entry(&self->t, at, 12);
	add_bridge(&self->t, &plain_bridge);

	ASSERT_EQ(0, window_of(&self->t, 0, &self->window));
	expect_window(_metadata, &self->window, &plain);
	EXPECT_EQ(0, bridge_of(&self->t, 12, &self->bridge));
}

TEST_F(cedt, granularity)
{
	static const u32 bad[] = {
		7, 8, 15, 16, 0xff, 0x100, 0x106, 0x10000, 0x80000000,
		0xffffffff,
	};
	struct window_spec spec = plain;
	unsigned int i;

	for (i = 0; i <= 6; i++) {
		spec.hbig = i;
		table_start(&self->t);
		add_window(&self->t, &spec);
		ASSERT_EQ(0, window_of(&self->t, 0, &self->window));
		EXPECT_EQ(256U << i, self->window.granularity);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		spec.hbig = bad[i];
		table_start(&self->t);
		add_window(&self->t, &spec);
		EXPECT_EQ(-EINVAL, window_of(&self->t, 0, &self->window));
	}
}

TEST_F(cedt, range_that_makes_no_sense)
{
	static const struct {
		u64 base;
		u64 size;
		int ret;
	} range[] = {
		{ 0, 0, -EINVAL },
		{ 4 * GIB, 0, -EINVAL },
		{ 4 * GIB, 1, -EINVAL },
		{ 4 * GIB, GIB / 8, -EINVAL },
		{ 4 * GIB, GIB + GIB / 8, -EINVAL },
		{ 4 * GIB + 1, GIB, -EINVAL },
		{ 4 * GIB + GIB / 8, GIB, -EINVAL },
		{ 0ULL - GIB, 2 * GIB, -EINVAL },
		{ 0ULL - GIB / 4, 0ULL - GIB / 4, -EINVAL },
		{ 0, 0ULL - GIB / 4, 0 },
		{ 0ULL - 2 * GIB, GIB, 0 },
		{ 4 * GIB + GIB / 4, GIB / 4, 0 },
	};
	struct window_spec spec = plain;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(range); i++) {
		spec.base = range[i].base;
		spec.size = range[i].size;
		table_start(&self->t);
		add_window(&self->t, &spec);
		EXPECT_EQ(range[i].ret, window_of(&self->t, 0, &self->window))
			TH_LOG("range %u", i);
	}
}

/* A bad window is refused, the good ones beside it are not */
TEST_F(cedt, bad_window_between_good_ones)
{
	struct window_spec bad = plain;

	bad.size = 1;
	add_window(&self->t, &plain);
	add_window(&self->t, &bad);
	add_window(&self->t, &plain);

	EXPECT_EQ(0, window_of(&self->t, 0, &self->window));
	EXPECT_EQ(-EINVAL, window_of(&self->t, 1, &self->window));
	EXPECT_EQ(0, window_of(&self->t, 2, &self->window));
	EXPECT_EQ(-ENOENT, window_of(&self->t, 3, &self->window));
}

TEST_F(cedt, unknown_types_are_skipped)
{
	static const u8 type[] = { 2, 3, 4, 5, 0x80, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(type); i++)
		add_entry(&self->t, type[i], 4 + 3 * i);
	add_window(&self->t, &plain);
	for (i = 0; i < ARRAY_SIZE(type); i++)
		add_entry(&self->t, type[i], 4 + i);
	add_bridge(&self->t, &plain_bridge);

	EXPECT_EQ(0, window_of(&self->t, 0, &self->window));
	EXPECT_EQ(-ENOENT, window_of(&self->t, 1, &self->window));
	EXPECT_EQ(0, bridge_of(&self->t, 12, &self->bridge));
}

TEST_F(cedt, bridges)
{
	static const struct vfio_cxl_chbs spec[] = {
		{ 0, 0, 0x1000, 0x2000 },
		{ 0xffffffff, 1, 0xffffffffffff0000ULL, 0x10000 },
		{ 7, 0xffffffff, 0, 0 },
		{ 12, 1, 0xb0010000, 0x10000 },
	};
	static const struct vfio_cxl_chbs again = { 7, 1, 0x3000, 0x1000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spec); i++) {
		add_bridge(&self->t, &spec[i]);
		add_window(&self->t, &plain);
	}
	add_bridge(&self->t, &again);

	for (i = 0; i < ARRAY_SIZE(spec); i++) {
		ASSERT_EQ(0, bridge_of(&self->t, spec[i].uid, &self->bridge));
		expect_bridge(_metadata, &self->bridge, &spec[i]);
	}
	EXPECT_EQ(-ENOENT, bridge_of(&self->t, 1, &self->bridge));
	/* All 32 bits count */
	for (i = 8; i < 32; i++)
		EXPECT_EQ(-ENOENT, bridge_of(&self->t, 12 | 1U << i,
					     &self->bridge));
}

TEST_F(cedt, signature)
{
	unsigned int i;

	add_bridge(&self->t, &plain_bridge);
	add_window(&self->t, &plain);
	for (i = 0; i < 4; i++) {
		self->t.bytes[i] ^= 0x20;
		EXPECT_EQ(-EINVAL, window_of(&self->t, 0, &self->window));
		EXPECT_EQ(-EINVAL, bridge_of(&self->t, 12, &self->bridge));
		self->t.bytes[i] ^= 0x20;
	}
	EXPECT_EQ(0, window_of(&self->t, 0, &self->window));
}

/* Lengths that would stand still, or lead out of the table */
TEST_F(cedt, entry_length)
{
	static const u16 bad[] = { 0, 1, 2, 3, 73, 74, 0x7fff, 0xffff };
	size_t at = add_bridge(&self->t, &plain_bridge);
	unsigned int i;

	add_window(&self->t, &plain);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put(&self->t, at + 2, 2, bad[i]);
		EXPECT_EQ(-EINVAL, window_of(&self->t, 0, &self->window))
			TH_LOG("length %u", bad[i]);
		EXPECT_EQ(-EINVAL, bridge_of(&self->t, 12, &self->bridge));
		EXPECT_EQ(-EINVAL, bridge_of(&self->t, 13, &self->bridge));
	}
}

/* Complete as entries, but too short for what they say they are */
TEST_F(cedt, entry_too_short_for_its_type)
{
	unsigned int n;

	for (n = 4; n < CHBS_LEN; n++) {
		table_start(&self->t);
		add_entry(&self->t, 0, n);
		EXPECT_EQ(-EINVAL, bridge_of(&self->t, 0, &self->bridge));
	}
	for (n = 4; n < CFMWS_LEN(1); n++) {
		table_start(&self->t);
		add_window(&self->t, &plain);
		put(&self->t, HEADER_LEN + 2, 2, n);
		set_length(&self->t, HEADER_LEN + n);
		EXPECT_EQ(-EINVAL, window_cut(&self->t, HEADER_LEN + n, 0,
					      &self->window));
	}
}

TEST_F(cedt, rest_too_short_for_an_entry)
{
	unsigned int n;

	for (n = 1; n < 4; n++) {
		table_start(&self->t);
		add_window(&self->t, &plain);
		self->t.len += n;
		set_length(&self->t, self->t.len);
		EXPECT_EQ(0, window_of(&self->t, 0, &self->window));
		EXPECT_EQ(-EINVAL, window_of(&self->t, 1, &self->window));
		EXPECT_EQ(-EINVAL, bridge_of(&self->t, 0, &self->bridge));
	}
}

/* Entries of a table that is cut at every byte */
struct cut {
	struct table t;
	size_t border[8];
	unsigned int borders;
	size_t window_end[2];
	size_t bridge_end[2];
};

static void cut_border(struct cut *cut, size_t *end)
{
	cut->border[cut->borders++] = cut->t.len;
	if (end)
		*end = cut->t.len;
}

static void cut_make(struct cut *cut)
{
	static const struct vfio_cxl_chbs last = { 13, 1, 0x1000, 0x1000 };
	struct window_spec wide = plain;

	wide.eniw = 4;
	wide.targets = 16;

	memset(cut, 0, sizeof(*cut));
	table_start(&cut->t);
	cut_border(cut, NULL);
	add_bridge(&cut->t, &plain_bridge);
	cut_border(cut, &cut->bridge_end[0]);
	add_window(&cut->t, &plain);
	cut_border(cut, &cut->window_end[0]);
	add_entry(&cut->t, 3, 9);
	cut_border(cut, NULL);
	add_window(&cut->t, &wide);
	cut_border(cut, &cut->window_end[1]);
	add_bridge(&cut->t, &last);
	cut_border(cut, &cut->bridge_end[1]);
}

/* What must come out for an entry that ends at @end, if @len bytes are left */
static int cut_result(const struct cut *cut, size_t len, size_t end)
{
	unsigned int i;

	if (len >= end)
		return 0;
	for (i = 0; i < cut->borders; i++)
		if (len == cut->border[i])
			return -ENOENT;

	return -EINVAL;
}

static void expect_cut(struct __test_metadata *_metadata,
		       const struct cut *cut, size_t len, size_t buffer)
{
	struct vfio_cxl_cfmws window;
	struct vfio_cxl_chbs bridge;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(cut_result(cut, len, cut->window_end[i]),
			  window_cut(&cut->t, buffer, i, &window))
			TH_LOG("window %u, cut at %zu", i, len);
		EXPECT_EQ(cut_result(cut, len, cut->bridge_end[i]),
			  bridge_cut(&cut->t, buffer, 12 + i, &bridge))
			TH_LOG("bridge %u, cut at %zu", i, len);
	}
	EXPECT_NE(0, window_cut(&cut->t, buffer, 2, &window));
	EXPECT_NE(0, bridge_cut(&cut->t, buffer, 14, &bridge));
}

TEST_F(cedt, buffer_cut_at_every_byte)
{
	static struct cut cut;
	size_t len;

	cut_make(&cut);
	for (len = 0; len <= cut.t.len; len++)
		expect_cut(_metadata, &cut, len, len);
}

/* The header's length ends the table too, with readable bytes behind it */
TEST_F(cedt, header_length_cut_at_every_byte)
{
	struct vfio_cxl_cfmws window;
	static struct cut cut;
	size_t len;

	cut_make(&cut);
	for (len = HEADER_LEN; len <= cut.t.len; len++) {
		set_length(&cut.t, len);
		expect_cut(_metadata, &cut, len, cut.t.len);
	}
	for (len = 0; len < HEADER_LEN; len++) {
		set_length(&cut.t, len);
		EXPECT_NE(0, window_cut(&cut.t, cut.t.len, 0, &window));
	}
}

TEST_F(cedt, header_length_beyond_the_buffer)
{
	static const u32 more[] = { 1, 4, 36, 4096, 0x7fffffff };
	static struct cut cut;
	unsigned int i;
	size_t len;

	cut_make(&cut);
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		set_length(&cut.t, cut.t.len + more[i]);
		for (len = 0; len <= cut.t.len; len++)
			expect_cut(_metadata, &cut, len, len);
	}
	set_length(&cut.t, 0xffffffff);
	expect_cut(_metadata, &cut, cut.t.len, cut.t.len);
}

/* Whatever the table says, what comes out can be used without a second look */
static void expect_sane(struct __test_metadata *_metadata,
			const struct vfio_cxl_cfmws *window)
{
	unsigned int i, known = 0;

	for (i = 0; i < ARRAY_SIZE(ways_of_code); i++)
		known |= ways_of_code[i] == window->ways;
	ASSERT_TRUE(known && window->ways) UNIT_LOG_SEED();
	ASSERT_GE(window->granularity, 256) UNIT_LOG_SEED();
	ASSERT_LE(window->granularity, 16384) UNIT_LOG_SEED();
	ASSERT_NE(0, window->size) UNIT_LOG_SEED();
	ASSERT_EQ(0, (window->base | window->size) % (GIB / 4)) UNIT_LOG_SEED();
	ASSERT_GT(window->base + window->size, window->base) UNIT_LOG_SEED();
	for (i = window->ways; i < VFIO_CXL_CEDT_MAX_WAYS; i++)
		ASSERT_EQ(0, window->targets[i]) UNIT_LOG_SEED();
}

static void expect_table_survived(struct __test_metadata *_metadata,
				  const struct table *t, size_t len,
				  unsigned int *good)
{
	struct vfio_cxl_cfmws window;
	struct vfio_cxl_chbs bridge;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 8 && ret != -ENOENT; i++) {
		ret = window_cut(t, len, i, &window);
		ASSERT_TRUE(!ret || ret == -EINVAL || ret == -ENOENT)
			UNIT_LOG_SEED();
		if (!ret) {
			expect_sane(_metadata, &window);
			++*good;
		}
	}
	ret = bridge_cut(t, len, 12, &bridge);
	ASSERT_TRUE(!ret || ret == -EINVAL || ret == -ENOENT) UNIT_LOG_SEED();
}

TEST_F(cedt, random_damage)
{
	unsigned int i, changes, good = 0;
	static struct cut cut;
	size_t len;

	unit_random_start();
	for (; unit_random.step < 5000 / UNIT_SLOWER; unit_random.step++) {
		cut_make(&cut);
		changes = 1 + unit_random_below(8);
		for (i = 0; i < changes; i++)
			cut.t.bytes[unit_random_below(cut.t.len)] =
				unit_random_below(4) ? unit_random_next() :
						       unit_random_below(12);
		len = cut.t.len;
		if (!unit_random_below(4))
			len = unit_random_below(cut.t.len);
		expect_table_survived(_metadata, &cut.t, len, &good);
	}
	/* Not so much damage that nothing was looked at */
	EXPECT_GE(good, UNIT_LEAST(1000));
}

TEST_HARNESS_MAIN
