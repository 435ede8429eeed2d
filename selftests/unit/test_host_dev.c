// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory as Dynamic Capacity: a device in software, and the engine on it. Answers
 * come in any order, and what is neither offered nor held is the caller's again.
 */
#include "unit.h"

#include "dcd.h"
#include "host_dev.h"

UNIT_RANDOM_DEFINE

#define BLOCK		SZ_4K
#define SIZE		(64ULL * BLOCK)
#define FIRST_ID	(1ULL << 48)

#define REASON(name)	VFIO_CXL_REASON_##name
#define STATE(name)	VFIO_CXL_DC_##name
#define TENANT		VFIO_CXL_DC_REACH_TENANT
#define DEVICE		VFIO_CXL_DC_REACH_DEVICE

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
	unsigned int refused;	/* extents, by CXL_DC_REFUSE */
	unsigned int empty;	/* answers */
};

static void reap(struct host_bench *b)
{
	struct vfio_cxl_host_extent *e, *next;

	list_for_each_entry_safe(e, next, &b->dev.gone, gone) {
		/* Nobody may reach it any more */
		b->bad += !!e->priv;
		list_del(&e->gone);
		free(e);
	}
}

static int world_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
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

static u64 world_now(void *ctx)
{
	return ((struct host_bench *)ctx)->now;
}

static void *world_alloc(void *ctx, size_t size)
{
	struct host_bench *b = ctx;

	b->bad += b->locked;

	return ++b->allocs == b->fail ? NULL : calloc(1, size);
}

static void world_free(void *ctx, void *p)
{
	struct host_bench *b = ctx;

	b->bad += b->locked;
	free(p);
}

static void world_lock(void *ctx)
{
	struct host_bench *b = ctx;

	b->bad += b->locked;
	b->locked = true;
}

static void world_unlock(void *ctx)
{
	((struct host_bench *)ctx)->locked = false;
}

/* Only what is there is looked at, and never under the lock */
static struct vfio_cxl_host_extent *there(struct host_bench *b, u64 dpa, u64 len)
{
	struct vfio_cxl_host_extent *e = vfio_cxl_host_dev_at(&b->dev, dpa);

	b->bad += b->locked || !e || e->len != len;

	return e;
}

static bool world_covered(void *ctx, u64 dpa, u64 len)
{
	return there(ctx, dpa, len);
}

static int world_prepare(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct host_bench *b = ctx;

	there(b, e->dpa, e->len);

	return ++b->allocs == b->fail ? -ENOMEM : 0;
}

/* Held, before anybody reaches it */
static void world_publish(void *ctx, struct vfio_cxl_dcd_extent *e,
			  enum vfio_cxl_dc_reach reach)
{
	struct host_bench *b = ctx;
	struct vfio_cxl_host_extent *at = there(b, e->dpa, e->len);

	b->bad += !at->accepted || reach == VFIO_CXL_DC_REACH_NONE;
	at->priv = e;
	b->published++;
}

static void world_unpublish(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct host_bench *b = ctx;

	if (!e->published)
		return;
	there(b, e->dpa, e->len)->priv = NULL;
	b->published--;
}

static u64 world_use(void *ctx)
{
	struct host_bench *b = ctx;

	b->bad += !b->locked;

	return 0;
}

static int world_clear(void *ctx, const struct vfio_cxl_dcd_extent *e)
{
	struct host_bench *b = ctx;

	b->bad += !!there(b, e->dpa, e->len)->priv;
	if (e->dpa + 1 == b->held)
		return -EBUSY;
	b->cleared++;

	return 0;
}

static void world_flush(void *ctx, u64 dpa, u64 len)
{
	there(ctx, dpa, len);
}

static bool world_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct host_bench *b = ctx;

	b->bad += b->locked || !tag[0];

	return false;
}

static void world_change(void *ctx, const struct vfio_cxl_dcd_change *change)
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

static void record(struct host_bench *b, u32 region, u64 at, u8 type)
{
	static const struct vfio_cxl_host_extent none;
	u64 dpa = vfio_cxl_host_dpa(region, at * BLOCK);
	struct cxl_dc_event event;

	vfio_cxl_host_dev_record(type == CXL_DC_EVENT_REGION_CHANGED ? &none :
				 vfio_cxl_host_dev_at(&b->dev, dpa), type,
				 &event);
	vfio_cxl_dcd_event(&b->dcd, &event);
}

static void drop(struct host_bench *b, u32 region, u64 at)
{
	u64 dpa = vfio_cxl_host_dpa(region, at * BLOCK);
	struct vfio_cxl_host_extent *e = vfio_cxl_host_dev_at(&b->dev, dpa);

	if (e)
		vfio_cxl_host_dev_drop(&b->dev, e);
	reap(b);
}

/* A block, with a tag; 0 or why not */
static u32 offer(struct host_bench *b, u8 tag, u32 region, u64 at)
{
	struct vfio_cxl_host_extent *e;
	u32 reason = 0;

	if (vfio_cxl_host_dev_place(&b->dev, region, at * BLOCK, BLOCK,
				    &reason))
		return reason;
	e = calloc(1, sizeof(*e));
	e->dpa = vfio_cxl_host_dpa(region, at * BLOCK);
	e->len = BLOCK;
	e->tag[0] = tag;
	vfio_cxl_host_dev_offer(&b->dev, e);
	record(b, region, at, CXL_DC_EVENT_ADD);

	return 0;
}

static struct vfio_cxl_dcd_select of_tag(u8 tag[VFIO_CXL_DC_TAG_LEN], u8 number)
{
	memset(tag, 0, VFIO_CXL_DC_TAG_LEN);
	tag[0] = number;

	return (struct vfio_cxl_dcd_select){ .tag = tag };
}

static int accept(struct host_bench *b, u8 number, enum vfio_cxl_dc_reach reach)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = of_tag(tag, number);

	return vfio_cxl_dcd_accept(&b->dcd, &select, reach, &b->res);
}

static int reject(struct host_bench *b, u8 number)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = of_tag(tag, number);

	return vfio_cxl_dcd_reject(&b->dcd, &select, &b->res);
}

static int release(struct host_bench *b, u8 number)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = of_tag(tag, number);

	return vfio_cxl_dcd_release(&b->dcd, &select, VFIO_CXL_DCD_UNUSED,
				    &b->res);
}

static u32 state_of(struct host_bench *b, u8 number)
{
	struct vfio_cxl_dcd_status status;
	u8 tag[VFIO_CXL_DC_TAG_LEN];

	of_tag(tag, number);

	return vfio_cxl_dcd_tag_status(&b->dcd, tag, VFIO_CXL_DC_ALL_REGIONS,
				       false, &status) ? STATE(NONE) :
							 status.state;
}

static bool has(struct host_bench *b, u8 number)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];

	of_tag(tag, number);

	return !vfio_cxl_dcd_tag_extent(&b->dcd, tag, &b->item);
}

FIXTURE(host) {
	struct host_bench *b;
};

FIXTURE_SETUP(host)
{
	struct vfio_cxl_dcd_limits limits = {
		.payload = VFIO_CXL_HOST_PAYLOAD,
		.align = BLOCK,
		.first_id = FIRST_ID,
		.gives = 1,
		.any_order = true,
	};
	struct host_bench *b = calloc(1, sizeof(*b));

	self->b = b;
	b->now = 1;
	vfio_cxl_host_dev_init(&b->dev);
	ASSERT_EQ(0, vfio_cxl_dcd_init(&b->dcd, &world, b, &limits));
	b->dev.regions = 2;
	b->dev.size = SIZE;
	b->dev.block = BLOCK;
	record(b, 0, 0, CXL_DC_EVENT_REGION_CHANGED);
	ASSERT_EQ(2, b->dcd.config.count);
}

FIXTURE_TEARDOWN(host)
{
	struct host_bench *b = self->b;

	vfio_cxl_dcd_tenancy_end(&b->dcd);
	vfio_cxl_dcd_stop(&b->dcd, true);
	/* Nothing is left for who forgets the device */
	EXPECT_EQ(0, b->dev.count);
	EXPECT_EQ(0, b->dev.accepted);
	EXPECT_EQ(0, b->published);
	EXPECT_EQ(0, b->empty);
	vfio_cxl_dcd_destroy(&b->dcd);
	EXPECT_EQ(0, b->bad);
	free(b);
	EXPECT_NO_LEAK();
}

TEST_F(host, shape)
{
	static const struct {
		u32 regions;
		u64 size;
		u64 block;
		u32 reason;
	} shapes[] = {
		{ 1, BLOCK, BLOCK, 0 },
		{ 8, 1ULL << 37, BLOCK, 0 },
		{ 1, 1ULL << 40, 1ULL << 40, 0 },
		{ 9, BLOCK, BLOCK, REASON(HOST_REGIONS) },
		{ 1, BLOCK, BLOCK / 2, REASON(HOST_BLOCK) },
		{ 1, BLOCK, 3 * BLOCK, REASON(HOST_BLOCK) },
		{ 1, BLOCK, 0, REASON(HOST_BLOCK) },
		{ 1, 0, BLOCK, REASON(HOST_SIZE) },
		{ 1, 3 * BLOCK, 2 * BLOCK, REASON(HOST_SIZE) },
		{ 8, (1ULL << 37) + BLOCK, BLOCK, REASON(RANGE_SIZE) },
		{ 8, 1ULL << 61, BLOCK, REASON(RANGE_SIZE) },
	};
	unsigned int i;
	u32 reason;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		reason = 0;
		EXPECT_EQ(shapes[i].reason ? -EINVAL : 0,
			  vfio_cxl_host_dev_check(shapes[i].regions,
						  shapes[i].size,
						  shapes[i].block, BLOCK,
						  &reason));
		EXPECT_EQ(shapes[i].reason, reason);
	}
}

static u32 place(struct host_bench *b, u32 region, u64 offset, u64 len)
{
	u32 reason = 0;

	vfio_cxl_host_dev_place(&b->dev, region, offset, len, &reason);

	return reason;
}

TEST_F(host, place)
{
	struct host_bench *b = self->b;

	EXPECT_EQ(0, offer(b, 1, 0, 8));
	EXPECT_EQ(0, place(b, 0, 0, 8 * BLOCK));
	EXPECT_EQ(0, place(b, 0, 9 * BLOCK, SIZE - 9 * BLOCK));
	EXPECT_EQ(0, place(b, 1, 0, SIZE));
	EXPECT_EQ(REASON(DC_OVERLAP), place(b, 0, 8 * BLOCK, BLOCK));
	EXPECT_EQ(REASON(DC_OVERLAP), place(b, 0, 0, 9 * BLOCK));
	EXPECT_EQ(REASON(DC_OVERLAP), place(b, 0, 0, SIZE));
	EXPECT_EQ(REASON(DC_REGION), place(b, 2, 0, BLOCK));
	EXPECT_EQ(REASON(DC_REGION), place(b, ~0U, 0, BLOCK));
	EXPECT_EQ(REASON(DC_ALIGN), place(b, 1, 1, BLOCK));
	EXPECT_EQ(REASON(BACKEND_BLOCK), place(b, 1, 0, BLOCK + 1));
	EXPECT_EQ(REASON(BACKEND_BLOCK), place(b, 1, 0, 0));
	EXPECT_EQ(REASON(HOST_OUTSIDE), place(b, 1, BLOCK, SIZE));
	EXPECT_EQ(REASON(HOST_OUTSIDE), place(b, 1, 0, SIZE + BLOCK));
	EXPECT_EQ(REASON(HOST_OUTSIDE), place(b, 1, -(u64)BLOCK, BLOCK));
	EXPECT_EQ(SIZE + 3 * BLOCK,
		  vfio_cxl_host_offset(&b->dev,
				       vfio_cxl_host_dpa(1, 3 * BLOCK)));
}

/* None waits for another, and none is refused but the one that is meant */
TEST_F(host, any_order)
{
	struct host_bench *b = self->b;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, offer(b, 1 + i, i % 2, i));
	EXPECT_EQ(0, reject(b, 3));
	EXPECT_EQ(1, b->refused);
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(STATE(REJECTED), state_of(b, 3));
	EXPECT_EQ(0, accept(b, 4, DEVICE));
	EXPECT_FALSE(b->res.queued);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, 4));
	EXPECT_EQ(STATE(PENDING), state_of(b, 1));
	EXPECT_EQ(STATE(PENDING), state_of(b, 2));
	EXPECT_EQ(3, b->dev.count);
	EXPECT_EQ(0, accept(b, 1, TENANT));
	EXPECT_EQ(2, b->published);
	EXPECT_EQ(0, release(b, 4));
	EXPECT_EQ(STATE(RELEASED), state_of(b, 4));
	EXPECT_EQ(1, b->cleared);
	EXPECT_EQ(2, b->dev.count);
	/* The place, and the tag, are free again */
	EXPECT_EQ(0, offer(b, 4, 1, 3));
	EXPECT_EQ(STATE(PENDING), state_of(b, 4));
}

TEST_F(host, ids)
{
	struct host_bench *b = self->b;

	ASSERT_EQ(0, offer(b, 1, 1, 5));
	ASSERT_TRUE(has(b, 1));
	EXPECT_EQ(FIRST_ID, b->item.offer);
	EXPECT_EQ(FIRST_ID + 1, b->item.id);
	EXPECT_EQ(1, b->item.region);
	EXPECT_EQ(vfio_cxl_host_dpa(1, 5 * BLOCK), b->item.dpa);
	EXPECT_EQ(0, reject(b, 1));
	EXPECT_FALSE(has(b, 1));
}

TEST_F(host, deadline)
{
	struct host_bench *b = self->b;

	ASSERT_EQ(0, offer(b, 1, 0, 0));
	ASSERT_EQ(0, offer(b, 2, 0, 1));
	ASSERT_TRUE(has(b, 2));
	ASSERT_EQ(0, vfio_cxl_dcd_deadline(&b->dcd, b->item.offer, 100));
	EXPECT_EQ(100, vfio_cxl_dcd_tick(&b->dcd));
	b->now = 100;
	EXPECT_EQ(VFIO_CXL_DC_NEVER, vfio_cxl_dcd_tick(&b->dcd));
	EXPECT_EQ(STATE(REJECTED), state_of(b, 2));
	EXPECT_EQ(STATE(PENDING), state_of(b, 1));
	EXPECT_EQ(1, b->dev.count);
}

/* Each in a tick of its own, as each may take long */
TEST_F(host, given_back_one_by_one)
{
	struct host_bench *b = self->b;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, offer(b, 1 + i, 0, i));
		ASSERT_EQ(0, accept(b, 1 + i, TENANT));
	}
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	EXPECT_EQ(0, b->published);
	EXPECT_EQ(3, b->dev.count);
	EXPECT_GE(b->now, vfio_cxl_dcd_tick(&b->dcd));
	EXPECT_EQ(2, b->dev.count);
	EXPECT_EQ(1, b->cleared);
	EXPECT_GE(b->now, vfio_cxl_dcd_tick(&b->dcd));
	EXPECT_EQ(VFIO_CXL_DC_NEVER, vfio_cxl_dcd_tick(&b->dcd));
	EXPECT_EQ(0, b->dev.count);
	EXPECT_EQ(3, b->cleared);
}

/* Whoever holds pages of one keeps that one, and no other */
TEST_F(host, held_back_alone)
{
	struct host_bench *b = self->b;
	u64 next;
	int i;

	b->held = vfio_cxl_host_dpa(0, 0) + 1;
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, offer(b, 1 + i, 0, i));
		ASSERT_EQ(0, accept(b, 1 + i, TENANT));
	}
	/* By the user's own call, which leaves the rest to the work */
	EXPECT_EQ(0, release(b, 1));
	EXPECT_TRUE(b->res.queued);
	EXPECT_EQ(0, release(b, 4));
	EXPECT_FALSE(b->res.queued);
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	for (i = 0; i < 4; i++) {
		next = vfio_cxl_dcd_tick(&b->dcd);
		b->now = next > b->now ? next : b->now;
	}
	EXPECT_EQ(3, b->cleared);
	EXPECT_EQ(STATE(RELEASING), state_of(b, 1));
	EXPECT_EQ(STATE(RELEASED), state_of(b, 2));
	EXPECT_EQ(STATE(RELEASED), state_of(b, 3));
	b->held = 0;
	b->now += 10 * 1000000000ULL;
	EXPECT_EQ(VFIO_CXL_DC_NEVER, vfio_cxl_dcd_tick(&b->dcd));
	EXPECT_EQ(STATE(RELEASED), state_of(b, 1));
}

/* At the end all of them at once */
TEST_F(host, stopped)
{
	struct host_bench *b = self->b;
	int i;

	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, offer(b, 1 + i, 0, i));
	ASSERT_EQ(0, accept(b, 1, TENANT));
	ASSERT_EQ(0, accept(b, 3, DEVICE));
	ASSERT_EQ(0, accept(b, 5, DEVICE));
	vfio_cxl_dcd_tenancy_end(&b->dcd);
	vfio_cxl_dcd_stop(&b->dcd, true);
	for (i = 0; i < 6; i++)
		EXPECT_EQ(i % 2 ? STATE(REJECTED) : STATE(RELEASED),
			  state_of(b, 1 + i));
}

TEST_F(host, asked_and_forced)
{
	struct host_bench *b = self->b;

	ASSERT_EQ(0, offer(b, 1, 0, 0));
	ASSERT_EQ(0, offer(b, 2, 0, 1));
	ASSERT_EQ(0, accept(b, 1, DEVICE));
	record(b, 0, 0, CXL_DC_EVENT_RELEASE);
	ASSERT_TRUE(has(b, 1));
	EXPECT_EQ(1, b->item.requests);
	EXPECT_FALSE(b->item.mismatch);
	EXPECT_EQ(STATE(COMMITTED), b->item.state);

	record(b, 0, 0, CXL_DC_EVENT_FORCED_RELEASE);
	EXPECT_EQ(0, b->published);
	drop(b, 0, 0);
	record(b, 0, 1, CXL_DC_EVENT_FORCED_RELEASE);
	drop(b, 0, 1);
	EXPECT_EQ(STATE(REVOKED), state_of(b, 1));
	EXPECT_EQ(STATE(REVOKED), state_of(b, 2));
	EXPECT_EQ(VFIO_CXL_DC_NEVER, vfio_cxl_dcd_tick(&b->dcd));
	EXPECT_TRUE(vfio_cxl_dcd_synced(&b->dcd));
	EXPECT_EQ(0, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(0, offer(b, 1, 0, 0));
	EXPECT_EQ(STATE(PENDING), state_of(b, 1));
}

/* More of them than one page of the device's list has */
TEST_F(host, list)
{
	struct host_bench *b = self->b;
	u32 n = VFIO_CXL_HOST_PAYLOAD / sizeof(struct cxl_dc_extent) + 5;
	u32 i;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, offer(b, 1 + i, i / 64, i % 64));
		ASSERT_EQ(0, accept(b, 1 + i, DEVICE));
	}
	record(b, 0, 0, CXL_DC_EVENT_REGION_CHANGED);
	EXPECT_TRUE(vfio_cxl_dcd_synced(&b->dcd));
	EXPECT_EQ(n, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(0, b->dcd.stats.odd);
	EXPECT_EQ(n, b->published);
}

/* The device says no to what is not there, and does no part of it */
TEST_F(host, wrong_answers)
{
	static const u16 opcodes[] = {
		CXL_DC_ADD_RESPONSE, CXL_DC_RELEASE, CXL_DC_REFUSE, 0x4804,
	};
	struct {
		struct cxl_dc_entries head;
		struct cxl_dc_entry entry[2];
	} in = {};
	struct vfio_cxl_mbox_cmd cmd = { .in = &in, .in_size = sizeof(in) };
	struct host_bench *b = self->b;
	unsigned int i;

	ASSERT_EQ(0, offer(b, 1, 0, 0));
	ASSERT_EQ(0, offer(b, 2, 0, 1));
	ASSERT_EQ(0, accept(b, 2, DEVICE));
	in.head.count = cpu_to_le32(2);
	in.entry[0].length = cpu_to_le64(BLOCK);
	in.entry[1].dpa = cpu_to_le64(BLOCK);
	in.entry[1].length = cpu_to_le64(BLOCK);
	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		cmd.opcode = opcodes[i];
		EXPECT_EQ(-EIO, vfio_cxl_host_dev_command(&b->dev, &cmd));
		EXPECT_NE(0, cmd.rc);
	}
	/* Not all of an extent */
	in.head.count = cpu_to_le32(1);
	in.entry[0].length = cpu_to_le64(BLOCK / 2);
	cmd.opcode = CXL_DC_REFUSE;
	EXPECT_EQ(-EIO, vfio_cxl_host_dev_command(&b->dev, &cmd));
	EXPECT_EQ(2, b->dev.count);
	EXPECT_EQ(1, b->dev.accepted);
}

/* Without memory it is not offered, or stays as it was; and works, later */
TEST_F(host, no_memory)
{
	struct host_bench *b = self->b;
	unsigned int n;
	bool done;

	for (n = 1, done = false; !done; n++) {
		b->allocs = 0;
		b->fail = n;
		ASSERT_EQ(0, offer(b, 1, 0, 0));
		done = b->allocs < n;
		if (!has(b, 1))
			drop(b, 0, 0);
		else
			EXPECT_EQ(0, reject(b, 1));
		EXPECT_EQ(0, b->dev.count);
		b->fail = 0;
	}
	EXPECT_LT(2, n);
	ASSERT_EQ(0, offer(b, 1, 0, 0));
	b->allocs = 0;
	b->fail = 1;
	EXPECT_EQ(-ENOMEM, accept(b, 1, DEVICE));
	EXPECT_EQ(STATE(PENDING), state_of(b, 1));
	EXPECT_EQ(0, accept(b, 1, DEVICE));
}

TEST_HARNESS_MAIN
