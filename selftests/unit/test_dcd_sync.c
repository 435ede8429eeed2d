// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: what the device says of itself, after a bind, a reset or an
 * overflow, and what a user then finds in the list.
 */
#include "dcd_bench.h"

UNIT_RANDOM_DEFINE

static void synced_make(struct dcd_bench *b)
{
	/* More than one page of the list */
	b->fake.supported = 512;
}

DCD_FIXTURE(synced)

TEST_F(synced, rebind_keeps_what_is_held)
{
	struct dcd_bench *b = self->b;
	u64 id;

	OFFER(b, X(0, 1, TAG_A), X(3, 1, TAG_A));
	OFFER(b, X(8, 2, 0));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(0, accept_id(b, id_at(b, 8)));
	rebind(b);
	EXPECT_FALSE(reachable(b, 8));
	id = id_at(b, 8);
	EXPECT_EQ(STATE(COMMITTED), state_of_id(b, id));
	EXPECT_TRUE(b->item.recovered);
	EXPECT_EQ(VFIO_CXL_DC_REACH_NONE, b->item.reach);
	EXPECT_EQ(REASON(RECOVERED), b->item.reason);
	settle(b);
	EXPECT_EQ(0, b->fake.releases);
	if (knows_tags(b)) {
		EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
		EXPECT_EQ(2, b->status.nr[STATE(COMMITTED)]);
		EXPECT_EQ(0, release_tag(b, TAG_A));
	} else {
		EXPECT_EQ(-ENOENT, state_of(b, TAG_A));
		EXPECT_EQ(0, release_id(b, id_at(b, 0)));
		EXPECT_EQ(0, release_id(b, id_at(b, 3)));
	}
	/* Into reach again, or back */
	EXPECT_EQ(0, accept_id(b, id));
	EXPECT_TRUE(reachable(b, 9));
	EXPECT_EQ(0, release_id(b, id));
	EXPECT_EQ(0, b->fake.nr_accepted);
}

TEST_F(synced, rebind_with_an_offer)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	rebind(b);
	EXPECT_EQ(0, b->fake.answered);
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(1, b->fake.empty);
	EXPECT_EQ(1, b->fake.nr_accepted);
}

/* It was answered by one that died before the log was cleared of its records */
TEST_F(synced, rebind_with_an_answered_offer)
{
	const struct fake_dcd_extent e[] = { X(0, 1, TAG_A), X(1, 1, TAG_B) };
	struct dcd_bench *b = self->b;
	struct fake_dcd_group *group;

	OFFER(b, e[0]);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	/* Offered with it, and not taken */
	fake_dcd_offer(&b->fake, e, 2);
	group = b->fake.pending;
	b->fake.pending = group->next;
	free(group->extent);
	free(group);
	rebind(b);
	drain(b);
	if (state_of(b, TAG_B) == STATE(PENDING))
		reject_tag(b, TAG_B);
	settle(b);
	EXPECT_EQ(0, b->fake.empty);
	EXPECT_EQ(0, b->dcd.nr_offers);
	EXPECT_EQ(STATE(COMMITTED), state_of_id(b, id_at(b, 0)));
	/* What is offered now is refused as ever */
	OFFER(b, X(4, 1, TAG_C));
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	EXPECT_EQ(1, b->fake.empty);
}

/* All survive, and a record that was not drained too */
TEST_F(synced, reset)
{
	struct dcd_bench *b = self->b;
	const struct fake_dcd_extent e = X(2, 1, TAG_C);

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	fake_dcd_offer(&b->fake, &e, 1);
	drain(b);
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(DEVICE, b->status.reach);
	EXPECT_FALSE(b->status.recovered);
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(0, reject_tag(b, TAG_C));
	EXPECT_EQ(0, fake_dcd_nr_pending(&b->fake));
	/* Of an offer from before the reset nobody knows: it was not empty */
	EXPECT_EQ(0, b->fake.empty);
	EXPECT_EQ(2, b->fake.nr_accepted);
}

/* The device forgot everything */
TEST_F(synced, reset_of_all)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(4, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	OFFER(b, X(2, 1, TAG_C));
	b->fake.nr_accepted = 0;
	b->fake.block[0] = FAKE_BLOCK_FORCED;
	b->fake.block[4] = FAKE_BLOCK_FORCED;
	while (b->fake.pending) {
		struct fake_dcd_group *group = b->fake.pending;

		b->fake.pending = group->next;
		free(group->extent);
		free(group);
	}
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_A));
	EXPECT_EQ(REASON(MISSING), b->status.reason);
	EXPECT_FALSE(reachable(b, 0));
	/* No empty answer: the device would die of it */
	EXPECT_EQ(0, reject_tag(b, TAG_B));
	EXPECT_EQ(-EIO, accept_tag(b, TAG_C));
	settle(b);
	EXPECT_EQ(1, b->fake.answered);
	EXPECT_EQ(0, b->fake.releases + b->fake.empty);
	EXPECT_EQ(0, b->dcd.nr_offers);
}

/* The device forgot an offer, and makes it again */
TEST_F(synced, reset_and_offered_again)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A), X(1, 1, TAG_A));
	free(b->fake.pending->extent);
	free(b->fake.pending);
	b->fake.pending = NULL;
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	OFFER(b, X(1, 1, TAG_B), X(2, 1, TAG_B));
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_A));
	EXPECT_EQ(STATE(PENDING), state_of(b, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_B));
	EXPECT_EQ(2, b->fake.nr_accepted);
	EXPECT_EQ(0, b->fake.empty);
}

TEST_F(synced, overflow_of_releases)
{
	struct dcd_bench *b = self->b;
	u64 syncs;
	int i;

	b->fake.log_size = 2;
	OFFER(b, X(0, 1, TAG_A));
	OFFER(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_B));
	syncs = b->dcd.stats.syncs;
	for (i = 0; i < 3; i++)
		fake_dcd_event(&b->fake, CXL_DC_EVENT_RELEASE,
			       &b->fake.accepted[0]);
	fake_dcd_force(&b->fake, fake_dcd_at(1), DCD_BLOCK, TAG_B);
	drain(b);
	EXPECT_EQ(syncs + 1, b->dcd.stats.syncs);
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(2, b->status.requests);
	EXPECT_EQ(STATE(REVOKED), state_of(b, TAG_B));
	EXPECT_EQ(REASON(MISSING), b->status.reason);
	EXPECT_FALSE(reachable(b, 1));
	EXPECT_EQ(1, count_changes(b, VFIO_CXL_DC_CHANGE_OVERFLOW));
}

TEST_F(synced, log_of_one_record)
{
	struct dcd_bench *b = self->b;

	b->fake.log_size = 1;
	RECORD(b, true, X(0, 1, TAG_A));
	RECORD(b, true, X(1, 1, TAG_A));
	RECORD(b, false, X(2, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(3, b->fake.nr_accepted);
}

/* The list is padded for what is pending; none of that is believed */
TEST_F(synced, padded)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	OFFER(b, X(1, 1, TAG_B), X(2, 1, TAG_B));
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(1, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(0, b->dcd.stats.odd);
}

TEST_F(synced, many_pages)
{
	struct dcd_bench *b = self->b;

	hold_many(b, 130, 65);
	EXPECT_EQ(130, b->fake.nr_accepted);
	rebind(b);
	EXPECT_EQ(130, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(130 * DCD_BLOCK, b->dcd.bytes[STATE(COMMITTED)]);
	EXPECT_EQ(0, knows_tags(b) ? release_tag(b, 0x1000) :
				     release_id(b, id_at(b, 64)));
	EXPECT_EQ(1, b->fake.releases);
}

/* Asked back is what only the device knows of, while its list can't be read */
TEST_F(synced, asked_for_unread)
{
	struct dcd_bench *b = self->b;

	b->fake.accepted[b->fake.nr_accepted++] =
		(struct fake_dcd_extent)X(1, 1, TAG_B);
	b->fake.block[1] = FAKE_BLOCK_ACCEPTED;
	fail(b, FAKE_DCD_LOST, CXL_DC_GET_EXTENTS, 1);
	ASK(b, X(1, 1, TAG_B));
	EXPECT_EQ(0, b->fake.releases);
	settle(b);
	EXPECT_EQ(1, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_FALSE(reachable(b, 1));
}

/* A tag that is known already is not believed a second time */
TEST_F(synced, known_tag_is_found)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	b->fake.accepted[b->fake.nr_accepted++] =
		(struct fake_dcd_extent)X(1, 1, TAG_A);
	b->fake.block[1] = FAKE_BLOCK_ACCEPTED;
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_EQ(1, b->status.nr[STATE(COMMITTED)]);
	EXPECT_TRUE(b->dcd.nr[STATE(COMMITTED)] == 2);
	EXPECT_EQ(0, release_id(b, id_at(b, 1)));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
}

/*
 * A list that lies. What is held stays held unless the list says otherwise in a
 * way that can be believed.
 */

static int sync_with(struct dcd_bench *b, enum fake_dcd_lie lie, u32 pages)
{
	int ret;

	b->fake.pages = 0;
	b->fake.lie = lie;
	b->fake.lies = pages;
	ret = vfio_cxl_dcd_reset(&b->dcd);
	b->fake.lies = 0;

	return ret;
}

TEST_F(synced, generation_changes)
{
	struct dcd_bench *b = self->b;

	hold_many(b, 100, 50);
	/* 3 pages; the last one of each reading is of another generation */
	EXPECT_EQ(0, sync_with(b, FAKE_DCD_MOVES, 4));
	EXPECT_GE(b->fake.pages, 4);
	EXPECT_EQ(100, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(-EAGAIN, sync_with(b, FAKE_DCD_MOVES, 1000));
	EXPECT_EQ(2 * (VFIO_CXL_DC_RESTARTS + 1), b->fake.pages);
	EXPECT_EQ(100, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_TRUE(reachable(b, 99));
	/* It is tried again */
	EXPECT_TRUE(b->dcd.resync);
	settle(b);
	EXPECT_FALSE(b->dcd.resync);
}

/* Others wait meanwhile: for so long, and then not at once again */
TEST_F(synced, takes_too_long)
{
	struct dcd_bench *b = self->b;

	hold_many(b, 100, 50);
	b->fake.page_ns = VFIO_CXL_DC_LIST_NS + 4 * VFIO_CXL_DC_PAGE_NS;
	EXPECT_EQ(-ETIMEDOUT, sync_with(b, FAKE_DCD_MOVES, 0));
	EXPECT_EQ(1, b->fake.pages);
	EXPECT_EQ(100, b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_TRUE(reachable(b, 99));
	EXPECT_TRUE(b->dcd.resync);
	later(b, VFIO_CXL_DC_BACKOFF_NS);
	EXPECT_EQ(1, b->fake.pages);
	/* A reset may have helped it */
	b->fake.page_ns = VFIO_CXL_DC_LIST_NS / 2;
	EXPECT_EQ(0, sync_with(b, FAKE_DCD_MOVES, 0));
	EXPECT_EQ(2, b->fake.pages);
	b->fake.page_ns = VFIO_CXL_DC_LIST_NS;
	EXPECT_EQ(-ETIMEDOUT, sync_with(b, FAKE_DCD_MOVES, 1000));
	b->fake.page_ns = 0;
	settle(b);
	EXPECT_FALSE(b->dcd.resync);
	EXPECT_EQ(100, b->dcd.nr[STATE(COMMITTED)]);
}

/* The last one was slow, but it is there */
TEST_F(synced, is_read_after_all)
{
	struct dcd_bench *b = self->b;

	hold_many(b, 20, 20);
	b->fake.page_ns = 2 * VFIO_CXL_DC_LIST_NS;
	EXPECT_EQ(0, sync_with(b, FAKE_DCD_MOVES, 0));
	EXPECT_EQ(1, b->fake.pages);
	b->fake.page_ns = 0;
}

TEST_F(synced, total_changes)
{
	struct dcd_bench *b = self->b;

	hold_many(b, 100, 50);
	EXPECT_EQ(-EAGAIN, sync_with(b, FAKE_DCD_SHRINKS, 1000));
	EXPECT_EQ(2 * (VFIO_CXL_DC_RESTARTS + 1), b->fake.pages);
	EXPECT_EQ(100, b->dcd.nr[STATE(COMMITTED)]);
}

TEST_F(synced, more_than_asked)
{
	hold_many(self->b, 60, 60);
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_MORE, 1000));
	EXPECT_EQ(60, self->b->dcd.nr[STATE(COMMITTED)]);
}

TEST_F(synced, short_payload)
{
	hold_many(self->b, 60, 60);
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_SHORT, 2));
	EXPECT_EQ(60, self->b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(60, self->b->dcd.nr_extents);
}

TEST_F(synced, no_progress)
{
	hold_many(self->b, 60, 60);
	EXPECT_EQ(-EIO, sync_with(self->b, FAKE_DCD_NOTHING, 1000));
	EXPECT_EQ(60, self->b->dcd.nr[STATE(COMMITTED)]);
}

TEST_F(synced, huge)
{
	hold_many(self->b, 60, 60);
	EXPECT_EQ(-ENOSPC, sync_with(self->b, FAKE_DCD_HUGE, 1000));
	EXPECT_EQ(60, self->b->dcd.nr[STATE(COMMITTED)]);
}

TEST_F(synced, an_extent_twice)
{
	hold_many(self->b, 2, 1);
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_REPEATS, 1));
	EXPECT_EQ(1, self->b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(1, self->b->dcd.stats.odd);
	EXPECT_FALSE(reachable(self->b, 1));
	/* It was there: as something that nobody knows */
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_HONEST, 0));
	EXPECT_EQ(2, self->b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_FALSE(reachable(self->b, 1));
}

TEST_F(synced, outside)
{
	hold_many(self->b, 3, 1);
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_OUTSIDE, 1));
	EXPECT_EQ(2, self->b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(STATE(REVOKED), state_of(self->b, 0x1000));
	EXPECT_EQ(1, self->b->dcd.stats.odd);
}

TEST_F(synced, wraps)
{
	hold_many(self->b, 3, 1);
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_WRAPS, 1));
	EXPECT_EQ(2, self->b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(1, self->b->dcd.stats.odd);
}

/* Half a block can be nobody's, and could not be given back */
TEST_F(synced, half_a_block)
{
	hold_many(self->b, 3, 1);
	EXPECT_EQ(0, sync_with(self->b, FAKE_DCD_HALVES, 1));
	EXPECT_EQ(2, self->b->dcd.nr[STATE(COMMITTED)]);
	EXPECT_EQ(STATE(REVOKED), state_of(self->b, 0x1000));
	EXPECT_EQ(1, self->b->dcd.stats.odd);
}

/* Half of an extent is none of a user's, and held nevertheless */
TEST_F(synced, half_an_extent)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 4, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(0, sync_with(b, FAKE_DCD_HALVES, 1));
	/* The list has its tag, or not */
	EXPECT_EQ(knows_tags(b) ? STATE(COMMITTED) : STATE(REVOKED),
		  state_of(b, TAG_A));
	EXPECT_EQ(STATE(COMMITTED), state_of_id(b, id_at(b, 0)));
	EXPECT_EQ(2 * DCD_BLOCK, b->item.len);
	EXPECT_FALSE(reachable(b, 0));
}

/* A release of which nobody knows whether it was done; the list tells */
TEST_F(synced, list_ends_a_release)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	fail(b, FAKE_DCD_LATE, 0, 2);
	EXPECT_EQ(0, release_tag(b, TAG_A));
	EXPECT_EQ(STATE(RELEASING), state_of(b, TAG_A));
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(RELEASED), state_of(b, TAG_A));
	EXPECT_EQ(0, b->dcd.stats.revoked);
}

/* And an answer likewise */
TEST_F(synced, list_ends_an_accept)
{
	struct dcd_bench *b = self->b;

	OFFER(b, X(0, 1, TAG_A));
	fail(b, FAKE_DCD_LATE, 0, 2);
	EXPECT_EQ(0, accept_tag(b, TAG_A));
	EXPECT_EQ(STATE(ACCEPTING), state_of(b, TAG_A));
	EXPECT_EQ(0, vfio_cxl_dcd_reset(&b->dcd));
	EXPECT_EQ(STATE(COMMITTED), state_of(b, TAG_A));
	EXPECT_FALSE(b->status.recovered);
	EXPECT_TRUE(reachable(b, 0));
	EXPECT_EQ(0, b->dcd.nr_offers);
}

/*
 * Regions
 */

TEST_F(synced, regions)
{
	struct dcd_bench *b = self->b;

	EXPECT_EQ(2, b->dcd.config.count);
	EXPECT_EQ(DCD_BASE, b->dcd.config.region[0].base);
	EXPECT_EQ(256 * DCD_BLOCK, b->dcd.config.region[1].len);
	EXPECT_EQ(DCD_BLOCK, b->dcd.config.region[1].block);
	EXPECT_EQ(512, b->dcd.config.extents_supported);

	/* The device says that they are other ones */
	b->fake.regions = 1;
	EVENT(b, CXL_DC_EVENT_REGION_CHANGED, X(0, 0, 0));
	EXPECT_EQ(1, b->dcd.config.count);
	EXPECT_EQ(1, count_changes(b, VFIO_CXL_DC_CHANGE_REGIONS) - 1);
	OFFER(b, X(300, 1, TAG_A));
	EXPECT_EQ(REASON(REGION), state_of(b, TAG_A) ? b->status.reason : 0);
	b->fake.regions = 2;
}

/* It can't be read: as it was, and again later */
TEST_F(synced, regions_later)
{
	struct dcd_bench *b = self->b;

	b->fake.regions = 1;
	fail(b, FAKE_DCD_BUSY, CXL_DC_GET_CONFIG, 3);
	EVENT(b, CXL_DC_EVENT_REGION_CHANGED, X(0, 0, 0));
	EXPECT_EQ(2, b->dcd.config.count);
	settle(b);
	EXPECT_EQ(1, b->dcd.config.count);
	b->fake.regions = 2;
}

/* As a command, what the real one does, or a region as the test says */
static struct cxl_dc_region odd_region[2];
static u8 odd_count, odd_returned;
static size_t odd_short;

static int odd_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	struct cxl_dc_config_out *out = cmd->out;

	(void)ctx;
	if (cmd->opcode != CXL_DC_GET_CONFIG)
		return -EIO;
	memset(out, 0, sizeof(*out));
	out->available = odd_count;
	out->returned = odd_returned;
	memcpy(out->region, odd_region, sizeof(odd_region));
	memset(&out->region[2], 0, 16);
	cmd->out_size = sizeof(*out) + sizeof(odd_region) + 16 - odd_short;

	return 0;
}

static int config_with(struct dcd_bench *b)
{
	struct vfio_cxl_dcd_ops ops = b->fake.ops;
	static struct vfio_cxl_dcd dcd;
	u32 count;
	int ret;

	ops.command = odd_command;
	ret = vfio_cxl_dcd_init(&dcd, &ops, &b->fake, &b->fake.limits);
	if (ret)
		return ret;
	vfio_cxl_dcd_start(&dcd);
	count = dcd.config.count;
	vfio_cxl_dcd_destroy(&dcd);

	return count;
}

static void good_regions(void)
{
	struct cxl_dc_region region = {
		.base = cpu_to_le64(DCD_BASE),
		.decode_length = cpu_to_le64(2),
		.length = cpu_to_le64(SZ_256M),
		.block_size = cpu_to_le64(DCD_BLOCK),
	};

	odd_region[0] = region;
	region.base = cpu_to_le64(DCD_BASE + 2 * SZ_256M);
	odd_region[1] = region;
	odd_count = 2;
	odd_returned = 2;
	odd_short = 0;
}

#define ODD(field, value)						\
do {									\
	good_regions();							\
	odd_region[1].field = value;					\
	EXPECT_EQ(0, config_with(b))					\
		TH_LOG(#field " = " #value);				\
} while (0)

TEST_F(synced, odd_regions)
{
	struct dcd_bench *b = self->b;

	good_regions();
	EXPECT_EQ(2, config_with(b));
	ODD(base, cpu_to_le64(DCD_BASE + SZ_256M));
	ODD(base, cpu_to_le64(DCD_BASE - SZ_256M));
	ODD(base, cpu_to_le64(DCD_BASE + 2 * SZ_256M + DCD_BLOCK));
	ODD(base, cpu_to_le64(-(u64)SZ_256M));
	ODD(decode_length, 0);
	ODD(decode_length, cpu_to_le64(1ULL << 40));
	ODD(length, 0);
	ODD(length, cpu_to_le64(3ULL * SZ_256M));
	ODD(length, cpu_to_le64(DCD_BLOCK + 4096));
	ODD(block_size, 0);
	ODD(block_size, cpu_to_le64(3 * DCD_MIB));
	ODD(block_size, cpu_to_le64(32));
	ODD(block_size, cpu_to_le64(8ULL * SZ_256M));
	ODD(dsmad, cpu_to_le32(0x100));

	good_regions();
	odd_count = 9;
	EXPECT_EQ(0, config_with(b));
	good_regions();
	odd_returned = 3;
	EXPECT_EQ(0, config_with(b));
	good_regions();
	odd_returned = 0;
	EXPECT_EQ(0, config_with(b));
	good_regions();
	odd_short = 1;
	EXPECT_EQ(0, config_with(b));
	good_regions();
	odd_short = sizeof(odd_region) + 16 + 1;
	EXPECT_EQ(0, config_with(b));
}

/*
 * Lists for users
 */

TEST_F(synced, pages)
{
	struct dcd_bench *b = self->b;
	struct vfio_cxl_dcd_item item[4];
	struct vfio_cxl_dcd_page page = { .item = item, .room = 4 };
	u32 seen = 0, i;
	u64 last = 0;

	hold_many(b, 10, 1);
	do {
		ASSERT_EQ(0, vfio_cxl_dcd_list(&b->dcd, &page));
		for (i = 0; i < page.count; i++) {
			EXPECT_EQ(fake_dcd_at(seen++), item[i].dpa);
			EXPECT_LT(last, item[i].id);
			last = item[i].id;
		}
	} while (page.more);
	EXPECT_EQ(10, seen);

	/* A list that changed is begun again */
	page.start = 0;
	ASSERT_EQ(0, vfio_cxl_dcd_list(&b->dcd, &page));
	EXPECT_EQ(4, page.count);
	EXPECT_EQ(0, release_tag(b, 0x1009));
	EXPECT_EQ(-EAGAIN, vfio_cxl_dcd_list(&b->dcd, &page));
	EXPECT_EQ(0, page.count);
	page.start = 0;
	EXPECT_EQ(0, vfio_cxl_dcd_list(&b->dcd, &page));
	ASK(b, X(0, 1, 0));
	EXPECT_EQ(-EAGAIN, vfio_cxl_dcd_list(&b->dcd, &page));
}

TEST_HARNESS_MAIN
