/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of Dynamic Capacity share: an engine, a device, short words. */
#ifndef VFIO_CXL_DCD_BENCH_H
#define VFIO_CXL_DCD_BENCH_H

#include "unit.h"

#include "fake_dcd.h"

#define TAG_A	0xa
#define TAG_B	0xb
#define TAG_C	0xc

#define TENANT	VFIO_CXL_DC_REACH_TENANT
#define DEVICE	VFIO_CXL_DC_REACH_DEVICE
#define APP	VFIO_CXL_DC_REACH_APP

#define REASON(name)	VFIO_CXL_REASON_DC_##name
#define STATE(name)	VFIO_CXL_DC_##name

/* @n blocks from block @at on, with a tag or 0 */
#define X(at, n, tag)	{ DCD_BASE + (at) * DCD_BLOCK, (n) * DCD_BLOCK, tag, 0 }
#define XS(at, tag, seq) { DCD_BASE + (at) * DCD_BLOCK, DCD_BLOCK, tag, seq }

/* Extents come as one offer, in one complete chain of records */
#define OFFER(b, ...)							\
do {									\
	const struct fake_dcd_extent _e[] = { __VA_ARGS__ };		\
									\
	fake_dcd_offer(&(b)->fake, _e, ARRAY_SIZE(_e));			\
	drain(b);							\
} while (0)

#define RECORD(b, more, ...)						\
do {									\
	const struct fake_dcd_extent _e = __VA_ARGS__;			\
									\
	fake_dcd_record(&(b)->fake, &_e, more);				\
	drain(b);							\
} while (0)

#define EVENT(b, type, ...)						\
do {									\
	const struct fake_dcd_extent _e = __VA_ARGS__;			\
									\
	fake_dcd_event(&(b)->fake, type, &_e);				\
	drain(b);							\
} while (0)

#define ASK(b, ...)	EVENT(b, CXL_DC_EVENT_RELEASE, __VA_ARGS__)

struct dcd_bench {
	struct fake_dcd fake;
	struct vfio_cxl_dcd dcd;
	struct vfio_cxl_dcd_result res;
	struct vfio_cxl_dcd_status status;
	struct vfio_cxl_dcd_item item;
};

static inline void drain(struct dcd_bench *b)
{
	fake_dcd_drain(&b->fake, &b->dcd);
}

static inline u64 later(struct dcd_bench *b, u64 ns)
{
	b->fake.now_ns += ns;

	return vfio_cxl_dcd_tick(&b->dcd);
}

/* Until nothing is left that time alone brings */
static inline void settle(struct dcd_bench *b)
{
	u64 when;
	int i;

	for (i = 0; i < 100; i++) {
		when = vfio_cxl_dcd_tick(&b->dcd);
		if (when == VFIO_CXL_DC_NEVER)
			return;
		if (when > b->fake.now_ns)
			b->fake.now_ns = when;
	}
}

static inline int start_engine(struct dcd_bench *b)
{
	int ret = vfio_cxl_dcd_init(&b->dcd, &b->fake.ops, &b->fake,
				    &b->fake.limits);

	return ret ?: vfio_cxl_dcd_start(&b->dcd);
}

static inline void select_tag(u32 tag, u8 uuid[VFIO_CXL_DC_TAG_LEN],
			      struct vfio_cxl_dcd_select *select)
{
	fake_dcd_tag(tag, uuid);
	*select = (struct vfio_cxl_dcd_select){ .tag = uuid };
}

static inline int accept_as(struct dcd_bench *b, u32 tag,
			    enum vfio_cxl_dc_reach reach)
{
	struct vfio_cxl_dcd_select select;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	select_tag(tag, uuid, &select);
	return vfio_cxl_dcd_accept(&b->dcd, &select, reach, &b->res);
}

static inline int accept_tag(struct dcd_bench *b, u32 tag)
{
	return accept_as(b, tag, DEVICE);
}

static inline int accept_ids(struct dcd_bench *b, const u64 *ids, u32 count,
			     enum vfio_cxl_dc_reach reach)
{
	struct vfio_cxl_dcd_select select = { .ids = ids, .count = count };

	return vfio_cxl_dcd_accept(&b->dcd, &select, reach, &b->res);
}

static inline int accept_id(struct dcd_bench *b, u64 id)
{
	return accept_ids(b, &id, 1, DEVICE);
}

static inline int reject_tag(struct dcd_bench *b, u32 tag)
{
	struct vfio_cxl_dcd_select select;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	select_tag(tag, uuid, &select);
	return vfio_cxl_dcd_reject(&b->dcd, &select, &b->res);
}

static inline int reject_id(struct dcd_bench *b, u64 id)
{
	struct vfio_cxl_dcd_select select = { .ids = &id, .count = 1 };

	return vfio_cxl_dcd_reject(&b->dcd, &select, &b->res);
}

static inline int release_how(struct dcd_bench *b,
			      const struct vfio_cxl_dcd_select *select,
			      enum vfio_cxl_dcd_how how)
{
	int ret;

	b->fake.allow_in_use = how == VFIO_CXL_DCD_FORCE ||
			       (how == VFIO_CXL_DCD_UNUSED && select->tenant);
	ret = vfio_cxl_dcd_release(&b->dcd, select, how, &b->res);
	b->fake.allow_in_use = false;

	return ret;
}

static inline int release_select(struct dcd_bench *b,
				 const struct vfio_cxl_dcd_select *select,
				 bool force)
{
	return release_how(b, select,
			   force ? VFIO_CXL_DCD_FORCE : VFIO_CXL_DCD_UNUSED);
}

static inline int release_by(struct dcd_bench *b, u32 tag, bool force,
			     bool tenant)
{
	struct vfio_cxl_dcd_select select;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	select_tag(tag, uuid, &select);
	select.tenant = tenant;
	return release_select(b, &select, force);
}

static inline int release_tag(struct dcd_bench *b, u32 tag)
{
	return release_by(b, tag, false, false);
}

static inline int defer_tag(struct dcd_bench *b, u32 tag)
{
	struct vfio_cxl_dcd_select select;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	select_tag(tag, uuid, &select);
	return release_how(b, &select, VFIO_CXL_DCD_DEFER);
}

static inline int release_ids(struct dcd_bench *b, const u64 *ids, u32 count)
{
	struct vfio_cxl_dcd_select select = { .ids = ids, .count = count };

	return release_select(b, &select, false);
}

static inline int release_id(struct dcd_bench *b, u64 id)
{
	return release_ids(b, &id, 1);
}

static inline int status_in(struct dcd_bench *b, u32 tag, int region)
{
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	fake_dcd_tag(tag, uuid);
	return vfio_cxl_dcd_tag_status(&b->dcd, uuid, region, false,
				       &b->status);
}

/* Its state, or an errno */
static inline int state_of(struct dcd_bench *b, u32 tag)
{
	int ret = status_in(b, tag, VFIO_CXL_DC_ALL_REGIONS);

	return ret ?: (int)b->status.state;
}

static inline int state_of_id(struct dcd_bench *b, u64 id)
{
	int ret = vfio_cxl_dcd_extent_status(&b->dcd, id, false, &b->item);

	return ret ?: b->item.state;
}

/* The id of the extent that begins at this block, or 0 */
static inline u64 id_at(struct dcd_bench *b, u64 block)
{
	struct vfio_cxl_dcd_item item;
	struct vfio_cxl_dcd_page page = { .item = &item, .room = 1 };

	do {
		if (vfio_cxl_dcd_list(&b->dcd, &page))
			return 0;
		if (page.count && item.dpa == fake_dcd_at(block))
			return item.id;
	} while (page.more);

	return 0;
}

static inline bool reachable(struct dcd_bench *b, u64 block)
{
	return fake_dcd_has(&b->fake, fake_dcd_at(block), DCD_BLOCK,
			    FAKE_BLOCK_PUBLISHED);
}

static inline bool touch(struct dcd_bench *b, u64 block)
{
	return fake_dcd_touch(&b->fake, &b->dcd, fake_dcd_at(block));
}

/* Whatever was touched is mapped no more; and the work looks at it */
static inline void unmap(struct dcd_bench *b)
{
	fake_dcd_unmap(&b->fake, &b->dcd);
	vfio_cxl_dcd_tick(&b->dcd);
}

static inline void fail(struct dcd_bench *b, enum fake_dcd_fault fault,
			u16 opcode, u32 times)
{
	b->fake.fault = fault;
	b->fake.fault_opcode = opcode;
	b->fake.faults = times;
	b->fake.fault_after = 0;
}

/* The last entry of the log of changes */
static inline const struct vfio_cxl_dcd_change *last_change(struct dcd_bench *b)
{
	return &b->fake.change[(b->fake.changes - 1) % DCD_CHANGES];
}

/* Of one kind, of those that are still there */
static inline u32 count_changes(struct dcd_bench *b, u32 kind)
{
	u32 i, count = 0;

	for (i = 0; i < min_t(u64, b->fake.changes, DCD_CHANGES); i++)
		count += b->fake.change[i].kind == kind;

	return count;
}

static inline void stop_engine(struct dcd_bench *b)
{
	b->fake.allow_in_use = true;
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	vfio_cxl_dcd_stop(&b->dcd, false);
	vfio_cxl_dcd_destroy(&b->dcd);
	b->fake.allow_in_use = false;
}

/* Another driver takes over; what the first one held has no tag for an emulator */
static inline void rebind(struct dcd_bench *b)
{
	vfio_cxl_dcd_destroy(&b->dcd);
	start_engine(b);
}

static inline bool knows_tags(struct dcd_bench *b)
{
	return !(b->fake.quirks & FAKE_DCD_FORGETS_TAGS);
}

/* So many blocks, from the first one on, each an extent, some to a tag */
static inline void hold_many(struct dcd_bench *b, u32 count, u32 per_tag)
{
	static struct fake_dcd_extent e[85];
	u32 i, j, tag;

	for (i = 0; i < count; i += j) {
		tag = 0x1000 + i;
		for (j = 0; j < per_tag && i + j < count; j++)
			e[j] = (struct fake_dcd_extent)X(i + j, 1, tag);
		fake_dcd_offer(&b->fake, e, j);
		drain(b);
		accept_tag(b, tag);
	}
}

/* Each test is run with each kind of device */
#define DCD_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct dcd_bench *b;					\
	};								\
									\
	FIXTURE_VARIANT(name) {						\
		u32 quirks;						\
	};								\
									\
	FIXTURE_VARIANT_ADD(name, spec) { 0 };				\
	FIXTURE_VARIANT_ADD(name, qemu10) { FAKE_DCD_QEMU10 };		\
	FIXTURE_VARIANT_ADD(name, qemu11) { FAKE_DCD_QEMU11 };		\
									\
	FIXTURE_SETUP(name)						\
	{								\
		self->b = calloc(1, sizeof(*self->b));			\
		ASSERT_NE(0, !!self->b);				\
		fake_dcd_init(&self->b->fake, variant->quirks);		\
		name##_make(self->b);					\
		fake_dcd_make(&self->b->fake);				\
		ASSERT_EQ(0, start_engine(self->b));			\
	}								\
									\
	FIXTURE_TEARDOWN(name)						\
	{								\
		if (!self->b)						\
			return;						\
		stop_engine(self->b);					\
		fake_dcd_free(&self->b->fake);				\
		free(self->b);						\
		self->b = NULL;						\
		EXPECT_NO_LEAK();					\
	}

#endif /* VFIO_CXL_DCD_BENCH_H */
