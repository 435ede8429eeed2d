// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity and resets: extents are the device's, and survive with all that
 * is known of them; what was offered stays so, also where the device forgot to say
 * that its log has records; and nobody reaches anything meanwhile.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "event.h"

#define EXTENT	(4 * MIB)
#define BLOCK	(2 * MIB)

static int vfio_reset(const struct user *user)
{
	return ioctl(user->device, VFIO_DEVICE_RESET) ? -errno : 0;
}

/* Nobody waits for what comes after it */
static int reset_from_outside(const struct user *)
{
	return dev_reset() && becomes_live() ? 0 : -EIO;
}

FIXTURE(reset) {
	struct dc dc;
	struct vfio_cxl_dc_info now;
	struct extent mine;
	struct extent roots;
	struct extent pending;
	struct touchers touchers;
	char *memory;
};

FIXTURE_VARIANT(reset) {
	int (*reset)(const struct user *user);
};

FIXTURE_VARIANT_ADD(reset, vfio) {
	.reset = vfio_reset,
};

FIXTURE_VARIANT_ADD(reset, hot) {
	.reset = user_hot_reset,
};

FIXTURE_VARIANT_ADD(reset, sysfs) {
	.reset = reset_from_outside,
};

/* One committed by each, side by side, and one offered */
FIXTURE_SETUP(reset)
{
	struct dc *dc = &self->dc;

	ASSERT_EQ(0, dc_begin(dc));
	ASSERT_TRUE(extent_offer(dc, 0, 0, EXTENT, &self->mine));
	ASSERT_TRUE(extent_offer(dc, 0, EXTENT, EXTENT, &self->roots));
	ASSERT_TRUE(extent_offer(dc, 1, 0, EXTENT, &self->pending));
	ASSERT_EQ(0, extent_accept(dc->user.device, &self->mine,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_EQ(0, extent_accept(dc->node, &self->roots,
				   VFIO_CXL_DC_REACH_DEVICE, &dc->answer));
	self->memory = dc_map(dc, self->mine.at, 2 * EXTENT);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->touchers.memory = self->memory;
	self->touchers.size = EXTENT;
	self->touchers.device = dc->user.device;
	self->touchers.offset = dc->region.offset + self->mine.at;
}

FIXTURE_TEARDOWN(reset)
{
	munmap(self->memory, 2 * EXTENT);
	dc_end(&self->dc);
}

static bool is_pending(struct dc *dc, struct extent *e)
{
	struct vfio_cxl_dc_extent list[32], *at;
	__u32 count;

	if (dc_list(dc->node, list, 32, &count))
		return false;
	for (at = list; at < list + count; at++) {
		if (at->offset != e->at || at->state != VFIO_CXL_DC_PENDING)
			continue;
		e->id = at->id;
		return true;
	}

	return false;
}

/* An offer whose record is still in the log: one that was seen is one too many */
static bool offer_unseen(struct dc *dc, struct extent *e)
{
	struct vfio_cxl_dc_info before, after;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct piece piece = { (1 + i) * EXTENT, EXTENT };

		*e = (struct extent){
			.length = EXTENT,
			.piece = piece,
			.region = 1,
			.at = dc->info.region[1].offset + piece.offset,
		};
		if (dc_info(dc->node, &before) || !fm_add(1, &piece, 1) ||
		    dc_info(dc->node, &after))
			return false;
		if (after.offers == before.offers)
			return true;
		if (!is_pending(dc, e) || extent_reject(dc->node, e,
							&dc->answer))
			return false;
	}

	return false;
}

/* Committed, pending, and in the log: all of it is there afterwards */
TEST_F(reset, loses_nothing)
{
	int device = self->dc.user.device, node = self->dc.node;
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct extent unseen;

	self->memory[0] = 0x11;
	self->memory[EXTENT] = 0x22;
	ASSERT_TRUE(offer_unseen(&self->dc, &unseen));
	ASSERT_EQ(0, variant->reset(&self->dc.user));

	/* Reachable again by the same mapping, and touched by nobody yet */
	ASSERT_EQ(0, extent_status(node, &self->mine, status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	EXPECT_EQ(0, status->flags & VFIO_CXL_DC_STATUS_IN_USE);
	EXPECT_EQ(0, touch(self->memory + 1, true));
	EXPECT_EQ(0x11, self->memory[0]);
	EXPECT_EQ(0x22, self->memory[EXTENT]);
	EXPECT_EQ(0, touch(self->memory + 2 * EXTENT - 1, false));
	ASSERT_EQ(0, extent_status(node, &self->roots, status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	EXPECT_EQ(VFIO_CXL_DC_REACH_DEVICE, status->reach);

	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(node, &self->pending));
	EXPECT_TRUE(within(SOON, is_pending(&self->dc, &unseen)));
	EXPECT_EQ(0, extent_accept(device, &unseen, VFIO_CXL_DC_REACH_TENANT,
				   &self->dc.answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_QUEUED, self->dc.answer.flags);
	EXPECT_EQ(0, extent_accept(device, &self->pending,
				   VFIO_CXL_DC_REACH_TENANT, &self->dc.answer));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(node, &unseen));
	EXPECT_TRUE(fm_has(4, 0));
	ASSERT_EQ(0, dc_info(node, &self->now));
	EXPECT_EQ(0, self->now.revoked);
	EXPECT_EQ(0, self->now.recoveries);
	EXPECT_EQ(self->dc.info.damaged, self->now.damaged);
	EXPECT_LT(self->dc.info.syncs, self->now.syncs);
}

/* While others touch it: their bytes, or SIGBUS, and after it their bytes */
TEST_F(reset, under_touch)
{
	unsigned int i;

	ASSERT_TRUE(touchers_start(&self->touchers));
	EXPECT_TRUE(touchers_pass(&self->touchers));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, variant->reset(&self->dc.user));
		EXPECT_TRUE(touchers_pass(&self->touchers));
	}
	touchers_stop(&self->touchers);
	EXPECT_EQ(0, self->touchers.wrong);
	EXPECT_LT(0, self->touchers.touched);
	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED,
		  extent_state(self->dc.node, &self->mine));
	EXPECT_TRUE(fm_has(2, 1));
}

/* Given back, or taken, right after it */
TEST_F(reset, then_decided)
{
	struct dc *dc = &self->dc;

	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, variant->reset(&dc->user));
	EXPECT_EQ(0, extent_release(dc->node, &self->mine, 0, &dc->answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, true));
	EXPECT_EQ(0, extent_accept(dc->node, &self->pending,
				   VFIO_CXL_DC_REACH_DEVICE, &dc->answer));
	EXPECT_TRUE(fm_has(2, 0));
}

FIXTURE(many) {
	struct dc dc;
};

FIXTURE_SETUP(many)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
}

FIXTURE_TEARDOWN(many)
{
	dc_end(&self->dc);
}

#define MANY	56

/* More than a page of the device's list, which a reset makes the driver read */
TEST_F(many, survive)
{
	struct vfio_cxl_dc_extent list[MANY + 1];
	struct vfio_cxl_dc_info now;
	struct piece pieces[8];
	struct extent e[8];
	__u32 count, i, j;
	char byte;

	for (i = 0; i < MANY / 8; i++) {
		for (j = 0; j < 8; j++)
			/* Not side by side: none is a part of another */
			pieces[j] = (struct piece){ (8 * i + j) * 2 * BLOCK,
						    BLOCK };
		ASSERT_TRUE(extents_offer(&self->dc, i & 1, pieces, 8, e));
		ASSERT_EQ(0, dc_by_offer(self->dc.node, VFIO_CXL_DC_ACCEPT,
					 e->offer, VFIO_CXL_DC_REACH_DEVICE,
					 &self->dc.answer));
	}
	EXPECT_TRUE(fm_has(MANY, 0));
	ASSERT_EQ(0, dc_info(self->dc.node, &self->dc.info));
	ASSERT_EQ(0, vfio_reset(&self->dc.user));
	ASSERT_EQ(0, dc_info(self->dc.node, &now));
	EXPECT_LT(self->dc.info.syncs, now.syncs);
	EXPECT_EQ(0, now.revoked);
	EXPECT_EQ(MANY, now.nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(MANY * BLOCK, now.bytes[VFIO_CXL_DC_COMMITTED]);
	ASSERT_EQ(0, dc_list(self->dc.user.device, list, MANY + 1, &count));
	ASSERT_EQ(MANY, count);
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(1, pread(self->dc.user.device, &byte, 1,
				   self->dc.region.offset + list[i].offset));
}

TEST_HARNESS_MAIN
