/* SPDX-License-Identifier: GPL-2.0-only */
/* Host memory as Dynamic Capacity: the engine on a device in software, in a world. */
#ifndef VFIO_CXL_HOST_BENCH_H
#define VFIO_CXL_HOST_BENCH_H

#include "unit.h"

#include "dcd.h"
#include "host_dev.h"

#define BLOCK		SZ_4K
#define SIZE		(64ULL * BLOCK)
#define FIRST_ID	(1ULL << 48)

#define REASON(name)	VFIO_CXL_REASON_##name
#define STATE(name)	VFIO_CXL_DC_##name
#define TENANT		VFIO_CXL_DC_REACH_TENANT
#define DEVICE		VFIO_CXL_DC_REACH_DEVICE
#define APP		VFIO_CXL_DC_REACH_APP

/* A world with a clock, a lock that is checked, and memory that may run out */
struct host_bench {
	struct vfio_cxl_host_dev dev;
	struct vfio_cxl_dcd dcd;
	struct vfio_cxl_dcd_result res;
	struct vfio_cxl_dcd_item item;
	u64 now;
	bool locked;
	unsigned int bad;	/* times that a rule was broken */
	unsigned int allocs;
	unsigned int fail;	/* the allocation after so many; 0: none */
	unsigned int published;
	unsigned int cleared;
	u64 held;		/* what is at this DPA - 1 can't be cleared; 0: all can */
	bool mapped;
	u64 uses;		/* of the window, or of descriptors */
	unsigned int refused;	/* extents, by CXL_DC_REFUSE */
	unsigned int empty;	/* answers */
};

static inline void reap(struct host_bench *b)
{
	struct vfio_cxl_host_extent *e, *next;

	list_for_each_entry_safe(e, next, &b->dev.gone, gone) {
		/* Nobody may reach it any more */
		b->bad += !!e->priv;
		list_del(&e->gone);
		free(e);
	}
}

static inline int world_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *in = cmd->in;
	struct host_bench *b = ctx;
	int ret;

	b->bad += b->locked;
	if (cmd->opcode == CXL_DC_REFUSE)
		b->refused += le32_to_cpu(in->count);
	if (cmd->opcode == CXL_DC_ADD_RESPONSE && !in->count)
		b->empty++;
	ret = vfio_cxl_host_dev_command(&b->dev, cmd);
	reap(b);

	return ret;
}

static inline u64 world_now(void *ctx)
{
	return ((struct host_bench *)ctx)->now;
}

static inline void *world_alloc(void *ctx, size_t size)
{
	struct host_bench *b = ctx;

	b->bad += b->locked;

	return ++b->allocs == b->fail ? NULL : calloc(1, size);
}

static inline void world_free(void *ctx, void *p)
{
	struct host_bench *b = ctx;

	b->bad += b->locked;
	free(p);
}

static inline void world_lock(void *ctx)
{
	struct host_bench *b = ctx;

	b->bad += b->locked;
	b->locked = true;
}

static inline void world_unlock(void *ctx)
{
	((struct host_bench *)ctx)->locked = false;
}

/* Only what is there is looked at, and never under the lock */
static inline struct vfio_cxl_host_extent *there(struct host_bench *b, u64 dpa, u64 len)
{
	struct vfio_cxl_host_extent *e = vfio_cxl_host_dev_at(&b->dev, dpa);

	b->bad += b->locked || !e || e->len != len;

	return e;
}

static inline bool world_covered(void *ctx, u64 dpa, u64 len)
{
	return there(ctx, dpa, len);
}

static inline int world_prepare(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct host_bench *b = ctx;

	there(b, e->dpa, e->len);

	return ++b->allocs == b->fail ? -ENOMEM : 0;
}

/* Held, before anybody reaches it */
static inline void world_publish(void *ctx, struct vfio_cxl_dcd_extent *e,
				 enum vfio_cxl_dc_reach reach)
{
	struct host_bench *b = ctx;
	struct vfio_cxl_host_extent *at = there(b, e->dpa, e->len);

	b->bad += !at->accepted || reach == VFIO_CXL_DC_REACH_NONE;
	at->priv = e;
	b->published++;
}

static inline void world_unpublish(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct host_bench *b = ctx;

	if (!e->published)
		return;
	there(b, e->dpa, e->len)->priv = NULL;
	b->published--;
}

static inline u64 world_use(void *ctx)
{
	struct host_bench *b = ctx;

	b->bad += !b->locked;

	return b->mapped ? b->uses : 0;
}

static inline int world_clear(void *ctx, const struct vfio_cxl_dcd_extent *e)
{
	struct host_bench *b = ctx;

	b->bad += !!there(b, e->dpa, e->len)->priv;
	if (e->dpa + 1 == b->held)
		return -EBUSY;
	b->cleared++;

	return 0;
}

static inline void world_flush(void *ctx, u64 dpa, u64 len)
{
	there(ctx, dpa, len);
}

static inline bool world_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct host_bench *b = ctx;

	b->bad += b->locked || !tag[0];

	return false;
}

static inline void world_change(void *ctx, const struct vfio_cxl_dcd_change *change)
{
	struct host_bench *b = ctx;

	b->bad += !b->locked || change->region > 1;
}

static const struct vfio_cxl_dcd_ops world = {
	.command = world_command,
	.now_ns = world_now,
	.alloc = world_alloc,
	.free = world_free,
	.lock = world_lock,
	.unlock = world_unlock,
	.covered = world_covered,
	.prepare = world_prepare,
	.publish = world_publish,
	.unpublish = world_unpublish,
	.use = world_use,
	.clear = world_clear,
	.flush = world_flush,
	.tag_live_elsewhere = world_elsewhere,
	.change = world_change,
};

static inline void record(struct host_bench *b, u32 region, u64 at, u8 type)
{
	static const struct vfio_cxl_host_extent none;
	u64 dpa = vfio_cxl_host_dpa(region, at * BLOCK);
	struct cxl_dc_event event;

	vfio_cxl_host_dev_record(type == CXL_DC_EVENT_REGION_CHANGED ? &none :
				 vfio_cxl_host_dev_at(&b->dev, dpa), type,
				 &event);
	vfio_cxl_dcd_event(&b->dcd, &event);
}

static inline void drop(struct host_bench *b, u32 region, u64 at)
{
	u64 dpa = vfio_cxl_host_dpa(region, at * BLOCK);
	struct vfio_cxl_host_extent *e = vfio_cxl_host_dev_at(&b->dev, dpa);

	if (e)
		vfio_cxl_host_dev_drop(&b->dev, e);
	reap(b);
}

/* Blocks, with a tag; 0 or why not */
static inline u32 offer_more(struct host_bench *b, u8 tag, u32 region, u64 at,
			     u64 n)
{
	struct vfio_cxl_host_extent *e;
	u32 reason = 0;

	if (vfio_cxl_host_dev_place(&b->dev, region, at * BLOCK, n * BLOCK,
				    &reason))
		return reason;
	e = calloc(1, sizeof(*e));
	e->dpa = vfio_cxl_host_dpa(region, at * BLOCK);
	e->len = n * BLOCK;
	e->tag[0] = tag;
	vfio_cxl_host_dev_offer(&b->dev, e);
	record(b, region, at, CXL_DC_EVENT_ADD);

	return 0;
}

static inline u32 offer(struct host_bench *b, u8 tag, u32 region, u64 at)
{
	return offer_more(b, tag, region, at, 1);
}

static inline struct vfio_cxl_dcd_select of_tag(u8 tag[VFIO_CXL_DC_TAG_LEN], u8 number)
{
	memset(tag, 0, VFIO_CXL_DC_TAG_LEN);
	tag[0] = number;

	return (struct vfio_cxl_dcd_select){ .tag = tag };
}

static inline int accept(struct host_bench *b, u8 number, enum vfio_cxl_dc_reach reach)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = of_tag(tag, number);

	return vfio_cxl_dcd_accept(&b->dcd, &select, reach, &b->res);
}

static inline int reject(struct host_bench *b, u8 number)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = of_tag(tag, number);

	return vfio_cxl_dcd_reject(&b->dcd, &select, &b->res);
}

static inline int release_how(struct host_bench *b, u8 number,
			      enum vfio_cxl_dcd_how how)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = of_tag(tag, number);

	return vfio_cxl_dcd_release(&b->dcd, &select, how, &b->res);
}

static inline int release(struct host_bench *b, u8 number)
{
	return release_how(b, number, VFIO_CXL_DCD_UNUSED);
}

static inline u32 state_of(struct host_bench *b, u8 number)
{
	struct vfio_cxl_dcd_status status;
	u8 tag[VFIO_CXL_DC_TAG_LEN];

	of_tag(tag, number);

	return vfio_cxl_dcd_tag_status(&b->dcd, tag, VFIO_CXL_DC_ALL_REGIONS,
				       false, &status) ? STATE(NONE) :
							 status.state;
}

static inline bool has(struct host_bench *b, u8 number)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];

	of_tag(tag, number);

	return !vfio_cxl_dcd_tag_extent(&b->dcd, tag, &b->item);
}

/* With two regions */
static inline struct host_bench *host_bench_new(void)
{
	struct vfio_cxl_dcd_limits limits = {
		.payload = VFIO_CXL_HOST_PAYLOAD,
		.align = BLOCK,
		.first_id = FIRST_ID,
		.gives = 1,
		.any_order = true,
	};
	struct host_bench *b = calloc(1, sizeof(*b));

	b->now = 1;
	b->uses = 1;
	vfio_cxl_host_dev_init(&b->dev);
	b->bad += !!vfio_cxl_dcd_init(&b->dcd, &world, b, &limits);
	b->dev.regions = 2;
	b->dev.size = SIZE;
	b->dev.block = BLOCK;
	record(b, 0, 0, CXL_DC_EVENT_REGION_CHANGED);

	return b;
}

#endif /* VFIO_CXL_HOST_BENCH_H */
