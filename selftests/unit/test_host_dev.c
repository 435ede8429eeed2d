// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory as Dynamic Capacity: a device in software, and the engine on it. Answers
 * come in any order, and what is neither offered nor held is the caller's again.
 */
#include "host_bench.h"

UNIT_RANDOM_DEFINE

static u32 place(struct host_bench *b, u32 region, u64 offset, u64 len)
{
	u32 reason = 0;

	vfio_cxl_host_dev_place(&b->dev, region, offset, len, &reason);

	return reason;
}

FIXTURE(host) {
	struct host_bench *b;
};

FIXTURE_SETUP(host)
{
	self->b = host_bench_new();
	ASSERT_EQ(2, self->b->dcd.config.count);
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
