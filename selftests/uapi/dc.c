// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: from the fabric manager's offer to memory, and back.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

#define EXTENT	(128 * MIB)
#define SOON	5000

FIXTURE(dc) {
	struct user user;
	struct region region;
	struct vfio_cxl_dc_info info;
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_status status;
	int node;
};

FIXTURE_SETUP(dc)
{
	ASSERT_TRUE(memory_ready());
	self->node = control_open();
	ASSERT_LE(0, self->node);
	ASSERT_EQ(0, dc_info(self->node, &self->info));
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &self->region));
	ASSERT_TRUE(fm_settles(0, 0));
}

FIXTURE_TEARDOWN(dc)
{
	user_close(&self->user);
	close(self->node);
	dc_give_all_back();
}

/* Where the memory of a DPA is in the region */
static __u64 place(const struct vfio_cxl_dc_info *info, unsigned int region,
		   __u64 offset)
{
	return info->region[region].offset + offset;
}

static char *map(const struct user *user, const struct region *region,
		 __u64 offset, __u64 size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    user->device, region->offset + offset);
}

TEST_F(dc, regions)
{
	struct vfio_cxl_dc_info other;

	EXPECT_EQ(VFIO_CXL_DC_INFO_CAPABLE | VFIO_CXL_DC_INFO_SYNCED,
		  self->info.flags);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, self->info.reason);
	ASSERT_EQ(2, self->info.region_count);
	EXPECT_EQ(256 * MIB, self->info.region[0].dpa);
	EXPECT_EQ(GIB, self->info.region[0].length);
	EXPECT_EQ(GIB, self->info.region[0].decode_length);
	EXPECT_EQ(2 * MIB, self->info.region[0].block_size);
	EXPECT_EQ(256 * MIB + GIB, self->info.region[1].dpa);
	/* The decoder covers all of both, with the static capacity */
	EXPECT_EQ(GIB, self->info.region[0].covered);
	EXPECT_EQ(256 * MIB, self->info.region[0].offset);
	EXPECT_EQ(256 * MIB + GIB, self->info.region[1].offset);
	EXPECT_EQ(256 * MIB + 2 * GIB, self->region.size);
	/* And the user of the device sees the same */
	ASSERT_EQ(0, dc_info(self->user.device, &other));
	EXPECT_EQ(0, memcmp(other.region, self->info.region,
			    sizeof(other.region)));
}

/* The whole way, for a user of the device who decides himself */
TEST_F(dc, offer_accept_touch_release)
{
	struct tag tag = tag_new(), never = tag_new();
	__u64 at = place(&self->info, 0, 2 * EXTENT);
	char *memory;

	memory = map(&self->user, &self->region, at, EXTENT);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(SIGBUS, touch(memory, true));

	ASSERT_NE(NULL, bed("fm add --tag %s --region 0 --offset %lu --length %lu",
			    tag.text, 2 * EXTENT, EXTENT));
	ASSERT_TRUE(dc_becomes(self->user.device, &tag, VFIO_CXL_DC_PENDING,
			       SOON));
	EXPECT_EQ(SIGBUS, touch(memory, true));
	EXPECT_EQ(1, fm_pending());

	ASSERT_EQ(0, dc_accept(self->user.device, &tag,
			       VFIO_CXL_DC_REACH_TENANT, &self->answer));
	EXPECT_EQ(0, self->answer.flags);
	EXPECT_EQ(1, fm_accepted());
	ASSERT_EQ(0, dc_status(self->node, &tag, &self->status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, self->status.state);
	EXPECT_EQ(VFIO_CXL_DC_REACH_TENANT, self->status.reach);
	EXPECT_EQ(EXTENT, self->status.bytes[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(0, self->status.flags);

	EXPECT_EQ(0, touch(memory, true));
	memory[4096] = 0x5c;
	EXPECT_EQ(0, touch(memory + EXTENT - 1, true));
	ASSERT_EQ(0, dc_status(self->node, &tag, &self->status));
	EXPECT_EQ(VFIO_CXL_DC_STATUS_IN_USE, self->status.flags);

	/* Another's decision is refused, the user's own is consent */
	EXPECT_EQ(-1, dc_release(self->node, &tag, 0, &self->answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_IN_USE, self->answer.reason);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc_state(self->node, &tag));
	ASSERT_EQ(0, dc_release(self->user.device, &tag, 0, &self->answer));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	EXPECT_EQ(0, fm_accepted());
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, dc_state(self->node, &tag));

	EXPECT_EQ(-1, dc_status(self->node, &never, &self->status));
	EXPECT_EQ(ENOENT, errno);
	munmap(memory, EXTENT);
}

TEST_HARNESS_MAIN
