// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's attribute table: what it says of its memory, and that an entry which
 * makes no sense is none. Entries are handed over in allocations of exactly their
 * size, so that the sanitizer sees every byte too many.
 */
#include "unit.h"

#include "cdat.h"

#define DSMAS_LEN	24

#define NV		VFIO_CXL_DSMAS_NON_VOLATILE
#define SHARABLE	VFIO_CXL_DSMAS_SHARABLE
#define COHERENT	VFIO_CXL_DSMAS_COHERENT
#define READ_ONLY	VFIO_CXL_DSMAS_READ_ONLY
/* Says who sees to coherency of what is offered: no attribute of the memory */
#define INTERCONNECT	BIT(5)

static void put(u8 *at, unsigned int bytes, u64 value)
{
	while (bytes--) {
		*at++ = value;
		value >>= 8;
	}
}

/* An entry of @type that says it has @says bytes, and has @len */
static int add(struct vfio_cxl_cdat *cdat, u8 type, u16 says, size_t len,
	       const struct vfio_cxl_dsmas *dsmas)
{
	u8 entry[64] = { type };
	u8 *exact;
	int ret;

	put(entry + 2, 2, says);
	entry[4] = dsmas->handle;
	entry[5] = dsmas->flags;
	put(entry + 8, 8, dsmas->dpa);
	put(entry + 16, 8, dsmas->len);
	exact = malloc(len ?: 1);
	memcpy(exact, entry, len);
	ret = vfio_cxl_cdat_add(cdat, exact, len);
	free(exact);

	return ret;
}

static int add_dsmas(struct vfio_cxl_cdat *cdat, u8 handle, u8 flags, u64 dpa,
		     u64 len)
{
	struct vfio_cxl_dsmas dsmas = { handle, flags, dpa, len };

	return add(cdat, 0, DSMAS_LEN, DSMAS_LEN, &dsmas);
}

TEST(entries)
{
	static const struct vfio_cxl_dsmas dsmas = {
		7, SHARABLE, 0x10000000, 0x40000000
	};
	static const struct {
		u8 type;
		u16 says;
		size_t len;
		int ret;
		unsigned int count;
	} cases[] = {
		{ 0, DSMAS_LEN, DSMAS_LEN, 0, 1 },
		/* Other kinds, of any length */
		{ 1, 24, 24, 0, 0 },
		{ 5, 4, 4, 0, 0 },
		{ 5, 64, 64, 0, 0 },
		/* What is said and what came differ */
		{ 0, DSMAS_LEN, DSMAS_LEN - 1, -EINVAL, 0 },
		{ 0, DSMAS_LEN - 1, DSMAS_LEN, -EINVAL, 0 },
		{ 0, 0, DSMAS_LEN, -EINVAL, 0 },
		{ 1, 25, 24, -EINVAL, 0 },
		/* Too short to be one, or too long */
		{ 0, 0, 0, -EINVAL, 0 },
		{ 0, 3, 3, -EINVAL, 0 },
		{ 0, 4, 4, -EINVAL, 0 },
		{ 0, DSMAS_LEN - 1, DSMAS_LEN - 1, -EINVAL, 0 },
		{ 0, DSMAS_LEN + 1, DSMAS_LEN + 1, -EINVAL, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vfio_cxl_cdat cdat = {};

		EXPECT_EQ(cases[i].ret, add(&cdat, cases[i].type, cases[i].says,
					    cases[i].len, &dsmas))
			TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].count, cdat.count)
			TH_LOG("case %u", i);
	}
}

TEST(decoded)
{
	struct vfio_cxl_cdat cdat = {};

	ASSERT_EQ(0, add_dsmas(&cdat, 9, NV | INTERCONNECT, 0x1122334455667788,
			       0x0102030405060708));
	ASSERT_EQ(1, cdat.count);
	EXPECT_EQ(9, cdat.dsmas[0].handle);
	EXPECT_EQ(NV | INTERCONNECT, cdat.dsmas[0].flags);
	EXPECT_EQ(0x1122334455667788, cdat.dsmas[0].dpa);
	EXPECT_EQ(0x0102030405060708, cdat.dsmas[0].len);
	/* To the very end, and beyond it */
	EXPECT_EQ(0, add_dsmas(&cdat, 1, 0, ~0ULL - 4095, 4095));
	EXPECT_EQ(-EINVAL, add_dsmas(&cdat, 1, 0, ~0ULL - 4095, 4097));
	EXPECT_EQ(2, cdat.count);
}

TEST(too_many)
{
	struct vfio_cxl_cdat cdat = {};
	unsigned int i;

	for (i = 0; i < VFIO_CXL_CDAT_DSMAS; i++)
		ASSERT_EQ(0, add_dsmas(&cdat, i, 0, i * 4096ULL, 4096));
	EXPECT_EQ(-ENOSPC, add_dsmas(&cdat, i, 0, i * 4096ULL, 4096));
	EXPECT_EQ(VFIO_CXL_CDAT_DSMAS, cdat.count);
}

TEST(sharable)
{
	struct vfio_cxl_cdat cdat = {};

	EXPECT_FALSE(vfio_cxl_cdat_sharable(&cdat, 0));
	ASSERT_EQ(0, add_dsmas(&cdat, 3, NV, 0, 4096));
	ASSERT_EQ(0, add_dsmas(&cdat, 0, SHARABLE, 4096, 4096));
	EXPECT_TRUE(vfio_cxl_cdat_sharable(&cdat, 0));
	EXPECT_FALSE(vfio_cxl_cdat_sharable(&cdat, 3));
	EXPECT_FALSE(vfio_cxl_cdat_sharable(&cdat, 1));
}

TEST(alike)
{
	struct vfio_cxl_cdat cdat = {};

	/* Nothing is known */
	EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 0, 4096));
	/* Two that are, with a gap, one that is not, and a last one that is */
	ASSERT_EQ(0, add_dsmas(&cdat, 0, COHERENT, 0, 4096));
	ASSERT_EQ(0, add_dsmas(&cdat, 1, COHERENT | INTERCONNECT, 8192, 4096));
	ASSERT_EQ(0, add_dsmas(&cdat, 2, COHERENT | NV, 12288, 4096));
	ASSERT_EQ(0, add_dsmas(&cdat, 3, COHERENT, 16384, 4096));
	EXPECT_TRUE(vfio_cxl_cdat_alike(&cdat, 0, 12288));
	EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 0, 12289));
	EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 0, 20480));
	EXPECT_TRUE(vfio_cxl_cdat_alike(&cdat, 12288, 4096));
	EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 12287, 2));
	EXPECT_TRUE(vfio_cxl_cdat_alike(&cdat, 16384, 8192));
	/* Where the table tells of nothing */
	EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 4096, 4096));
	EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 20480, 4096));
}

TEST(what_differs)
{
	static const u8 flags[] = { NV, SHARABLE, COHERENT, READ_ONLY };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct vfio_cxl_cdat cdat = {};

		ASSERT_EQ(0, add_dsmas(&cdat, 0, 0, 0, 4096));
		ASSERT_EQ(0, add_dsmas(&cdat, 1, flags[i], 4096, 4096));
		EXPECT_FALSE(vfio_cxl_cdat_alike(&cdat, 0, 8192))
			TH_LOG("flag %#x", flags[i]);
	}
}

TEST_HARNESS_MAIN
