// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: from the fabric manager's offer to memory, and back; who sees
 * what of it; and calls that are wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

#define EXTENT	(4 * MIB)

FIXTURE(dc) {
	struct dc dc;
	struct extent e;
};

FIXTURE_SETUP(dc)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
}

FIXTURE_TEARDOWN(dc)
{
	dc_end(&self->dc);
}

TEST_F(dc, regions)
{
	struct vfio_cxl_dc_info *info = &self->dc.info, other;
	char path[64];

	EXPECT_EQ(VFIO_CXL_DC_INFO_CAPABLE | VFIO_CXL_DC_INFO_SYNCED,
		  info->flags);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, info->reason);
	ASSERT_EQ(2, info->region_count);
	EXPECT_EQ(256 * MIB, info->region[0].dpa);
	EXPECT_EQ(GIB, info->region[0].length);
	EXPECT_EQ(GIB, info->region[0].decode_length);
	EXPECT_EQ(2 * MIB, info->region[0].block_size);
	EXPECT_EQ(256 * MIB + GIB, info->region[1].dpa);
	EXPECT_EQ(512, info->extents_supported);
	EXPECT_LE(65536, info->max_extents);
	/* The decoder covers all of both, with the static capacity */
	EXPECT_EQ(GIB, info->region[0].covered);
	EXPECT_EQ(256 * MIB, info->region[0].offset);
	EXPECT_EQ(GIB, info->region[1].covered);
	EXPECT_EQ(256 * MIB + GIB, info->region[1].offset);
	EXPECT_EQ(256 * MIB + 2 * GIB, self->dc.region.size);
	/* In the one window that there is */
	EXPECT_EQ(VFIO_CXL_DC_REGION_WINDOW, info->region[0].flags);
	EXPECT_EQ(0, info->region[0].window);
	EXPECT_EQ(VFIO_CXL_DC_REGION_WINDOW, info->region[1].flags);
	EXPECT_EQ(0, info->region[1].window);
	/* The user of the device sees the same, but nothing of the host */
	info->region[0].flags = 0;
	info->region[1].flags = 0;
	ASSERT_EQ(0, dc_info(self->dc.user.device, &other));
	EXPECT_EQ(0, memcmp(other.region, info->region, sizeof(other.region)));
	EXPECT_EQ(100, other.poll_ms);
	user_close(&self->dc.user);
	ASSERT_EQ(0, dc_info(self->dc.node, &other));
	EXPECT_EQ(100, other.poll_ms);
	/* Not for one who does not read the log of changes */
	close(self->dc.node);
	snprintf(path, sizeof(path), "/dev/vfio-cxl/%s", dev_bdf());
	self->dc.node = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->dc.node);
	ASSERT_EQ(0, dc_info(self->dc.node, &other));
	EXPECT_EQ(1000, other.poll_ms);
}

/* The whole way, for a user of the device who decides himself */
TEST_F(dc, offer_accept_touch_release)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	int device = self->dc.user.device, node = self->dc.node;
	__u64 at = self->dc.info.region[0].offset + 2 * EXTENT;
	struct extent *e = &self->e;
	char *memory;

	memory = dc_map(&self->dc, at, EXTENT);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(SIGBUS, touch(memory, true));

	ASSERT_TRUE(extent_offer(&self->dc, 0, 2 * EXTENT, EXTENT, e));
	EXPECT_EQ(at, e->at);
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(device, e));
	EXPECT_EQ(SIGBUS, touch(memory, true));
	EXPECT_TRUE(fm_has(0, 1));

	ASSERT_EQ(0, extent_accept(device, e, VFIO_CXL_DC_REACH_TENANT,
				   &self->dc.answer));
	EXPECT_EQ(0, self->dc.answer.flags);
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_EQ(0, extent_status(node, e, status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	EXPECT_EQ(VFIO_CXL_DC_REACH_TENANT, status->reach);
	EXPECT_EQ(1, status->nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(EXTENT, status->bytes[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(0, status->flags & ~VFIO_CXL_DC_STATUS_EXTENT);

	EXPECT_EQ(0, touch(memory, true));
	EXPECT_EQ(0, touch(memory + EXTENT - 1, true));
	ASSERT_EQ(0, extent_status(node, e, status));
	EXPECT_EQ(VFIO_CXL_DC_STATUS_IN_USE,
		  status->flags & ~VFIO_CXL_DC_STATUS_EXTENT);

	ASSERT_EQ(0, extent_release(device, e, 0, &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	EXPECT_TRUE(fm_has(0, 0));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, extent_state(node, e));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, extent_state(device, e));
	munmap(memory, EXTENT);
}

/* Nothing is offered: nothing is answered, which the emulator could not bear */
TEST_F(dc, never_seen)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int nodes[] = { self->dc.user.device, self->dc.node };
	__u32 reach[] = { VFIO_CXL_DC_REACH_TENANT, VFIO_CXL_DC_REACH_DEVICE };
	struct vfio_cxl_dc_info info;
	struct tag tag = tag_new();
	__u64 id = 1UL << 40;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-1, dc_status(nodes[i], &tag, &self->dc.status));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, dc_accept(nodes[i], &tag, reach[i], answer));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, dc_reject(nodes[i], &tag, answer));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, dc_release(nodes[i], &tag, 0, answer));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, dc_by_ids(nodes[i], VFIO_CXL_DC_REJECT, &id, 1,
					0, 0, answer));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, dc_by_offer(nodes[i], VFIO_CXL_DC_REJECT, id, 0,
					  answer));
		EXPECT_EQ(ENOENT, errno);
	}
	ASSERT_EQ(0, dc_info(self->dc.node, &info));
	EXPECT_EQ(self->dc.info.answers, info.answers);
	EXPECT_TRUE(fm_has(0, 0));
}

static int page(int node, struct vfio_cxl_dc_list *list,
		struct vfio_cxl_dc_extent *extents, __u32 room)
{
	list->argsz = sizeof(*list);
	list->flags = 0;
	list->count = 0;
	list->extents = (uintptr_t)extents;
	list->room = room;

	return ioctl(node, VFIO_CXL_DC_LIST, list) ? -errno : 0;
}

/* Page by page in the order of ids; a list that changed is begun again */
TEST_F(dc, list_pages)
{
	static const struct piece pieces[] = {
		{ 0, EXTENT }, { 8 * EXTENT, EXTENT }, { 2 * EXTENT, EXTENT },
	};
	struct vfio_cxl_dc_extent extents[5] = {};
	struct vfio_cxl_dc_list list = {};
	struct extent e[3];
	unsigned int i;

	EXPECT_EQ(0, page(self->dc.node, &list, extents, 4));
	EXPECT_EQ(0, list.count);
	EXPECT_EQ(0, list.flags);
	ASSERT_TRUE(extents_offer(&self->dc, 0, pieces, 3, e));

	memset(&list, 0, sizeof(list));
	ASSERT_EQ(0, page(self->dc.node, &list, extents, 2));
	EXPECT_EQ(2, list.count);
	EXPECT_EQ(VFIO_CXL_DC_LIST_MORE, list.flags);
	/* Nothing was put behind the end */
	EXPECT_EQ(0, extents[2].id);
	ASSERT_EQ(0, page(self->dc.node, &list, extents + 2, 2));
	EXPECT_EQ(1, list.count);
	EXPECT_EQ(0, list.flags);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(e[i].id, extents[i].id);
		EXPECT_EQ(e[i].at, extents[i].offset);
		EXPECT_EQ(self->dc.info.region[0].dpa + pieces[i].offset,
			  extents[i].dpa);
		EXPECT_EQ(VFIO_CXL_DC_PENDING, extents[i].state);
		/* In the one window that there is */
		EXPECT_EQ(VFIO_CXL_DC_EXTENT_WINDOW, extents[i].flags);
		EXPECT_LT(i ? extents[i - 1].id : 0, extents[i].id);
	}
	/* Just as many as there is room for */
	memset(&list, 0, sizeof(list));
	ASSERT_EQ(0, page(self->dc.node, &list, extents, 3));
	EXPECT_EQ(0, list.flags);

	memset(&list, 0, sizeof(list));
	ASSERT_EQ(0, page(self->dc.node, &list, extents, 1));
	ASSERT_EQ(0, dc_by_ids(self->dc.node, VFIO_CXL_DC_REJECT, &e[2].id, 1,
			       0, 0, &self->dc.answer));
	EXPECT_EQ(-EAGAIN, page(self->dc.node, &list, extents, 1));
	memset(&list, 0, sizeof(list));
	EXPECT_EQ(0, page(self->dc.node, &list, extents, 1));
	EXPECT_EQ(0, page(self->dc.node, &list, extents, 1));
}

/* Selectors and reach that make no sense; what would be right is there */
TEST_F(dc, decisions_that_are_wrong)
{
	static const __u8 some[VFIO_CXL_DC_TAG_LEN] = { 1 };
	int device = self->dc.user.device, node = self->dc.node;
	struct vfio_cxl_dc_decide right, wrong;
	__u64 ids[2], offer;

	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	ids[0] = self->e.id;
	ids[1] = self->e.id;
	offer = self->e.offer;
	right = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(right),
		.ids = (uintptr_t)ids,
		.count = 1,
		.reach = VFIO_CXL_DC_REACH_DEVICE,
	};
#define REFUSED(err, fd, command, ...)					\
	do {								\
		wrong = right;						\
		__VA_ARGS__;						\
		EXPECT_EQ(-1, ioctl(fd, command, &wrong));		\
		EXPECT_EQ(err, errno);					\
	} while (0)
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.count = 0);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.count = wrong.ids = 0);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.ids = 0);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.count = 65537);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.count = 2);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.offer = offer);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT,
		memcpy(wrong.tag, some, sizeof(some)));
	REFUSED(EFAULT, node, VFIO_CXL_DC_ACCEPT, wrong.ids = 8);
	REFUSED(EFAULT, node, VFIO_CXL_DC_ACCEPT, wrong.ids = 1UL << 63);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT,
		wrong.reach = VFIO_CXL_DC_REACH_TENANT);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.reach = 0);
	REFUSED(EINVAL, node, VFIO_CXL_DC_ACCEPT, wrong.reach = 4);
	REFUSED(EINVAL, device, VFIO_CXL_DC_ACCEPT, (void)0);
	REFUSED(EINVAL, device, VFIO_CXL_DC_ACCEPT,
		wrong.reach = VFIO_CXL_DC_REACH_APP);
	REFUSED(EINVAL, node, VFIO_CXL_DC_REJECT, (void)0);
	REFUSED(EINVAL, node, VFIO_CXL_DC_RELEASE, (void)0);
	right.reach = 0;
	REFUSED(EINVAL, node, VFIO_CXL_DC_REJECT,
		wrong.flags = VFIO_CXL_DC_DECIDE_FORCE);
	REFUSED(EINVAL, device, VFIO_CXL_DC_RELEASE,
		wrong.flags = VFIO_CXL_DC_DECIDE_FORCE);
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(node, &self->e));
	EXPECT_TRUE(fm_has(0, 1));
#undef REFUSED
}

/* Of what is asked for, nothing, or what makes no sense */
TEST_F(dc, questions_that_are_wrong)
{
	struct vfio_cxl_dc_extent extents[2];
	struct vfio_cxl_dc_list list = {};
	struct vfio_cxl_dc_status status;

	EXPECT_EQ(-EINVAL, page(self->dc.node, &list, extents, 0));
	EXPECT_EQ(-EINVAL, page(self->dc.node, &list, extents, 4097));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	EXPECT_EQ(-EFAULT, page(self->dc.node, &list, NULL, 1));
	EXPECT_EQ(-EFAULT, page(self->dc.node, &list, (void *)-4096L, 1));
#define REFUSED(...)							\
	do {								\
		status = (struct vfio_cxl_dc_status){			\
			.argsz = sizeof(status), __VA_ARGS__		\
		};							\
		EXPECT_EQ(-1, ioctl(self->dc.node, VFIO_CXL_DC_STATUS,	\
				    &status));				\
		EXPECT_EQ(EINVAL, errno);				\
	} while (0)
	/* No tag, in each form */
	REFUSED();
	REFUSED(.extent = self->e.id);
	REFUSED(.flags = VFIO_CXL_DC_STATUS_EXTENT);
	REFUSED(.flags = VFIO_CXL_DC_STATUS_REGION);
	/* Both, or a region that nobody asked for */
	REFUSED(.flags = VFIO_CXL_DC_STATUS_EXTENT, .extent = self->e.id,
		.tag = { 1 });
	REFUSED(.flags = VFIO_CXL_DC_STATUS_EXTENT, .extent = self->e.id,
		.region = 1);
	REFUSED(.tag = { 1 }, .region = 1);
	REFUSED(.flags = VFIO_CXL_DC_STATUS_REGION, .tag = { 1 },
		.region = VFIO_CXL_DC_HOST_REGION + VFIO_CXL_DC_HOST_REGIONS);
	REFUSED(.flags = VFIO_CXL_DC_STATUS_REGION | VFIO_CXL_DC_STATUS_EXTENT,
		.extent = self->e.id);
#undef REFUSED
	EXPECT_EQ(-1, dc_deadline(self->dc.node, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, dc_deadline(self->dc.node, 1UL << 40, 0));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, dc_deadline(self->dc.user.device, self->e.offer, 0));
	EXPECT_EQ(ENOTTY, errno);
}

FIXTURE(reach) {
	struct dc dc;
	struct extent e;
	char *memory;
};

FIXTURE_VARIANT(reach) {
	__u32 reach;
	bool by_device;		/* accepts it */
	bool to_device;		/* sees and touches it */
};

FIXTURE_VARIANT_ADD(reach, tenant) {
	.reach = VFIO_CXL_DC_REACH_TENANT,
	.by_device = true,
	.to_device = true,
};

FIXTURE_VARIANT_ADD(reach, device) {
	.reach = VFIO_CXL_DC_REACH_DEVICE,
	.to_device = true,
};

FIXTURE_VARIANT_ADD(reach, app) {
	.reach = VFIO_CXL_DC_REACH_APP,
};

FIXTURE_SETUP(reach)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
	ASSERT_TRUE(extent_offer(&self->dc, 1, EXTENT, EXTENT, &self->e));
	self->memory = dc_map(&self->dc, self->e.at, EXTENT);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(reach)
{
	munmap(self->memory, EXTENT);
	dc_end(&self->dc);
}

/* Who sees it, touches it, gives it back */
TEST_F(reach, is_for_whom_it_was_accepted)
{
	int device = self->dc.user.device, node = self->dc.node;
	struct vfio_cxl_dc_extent extents[2];
	struct extent *e = &self->e;
	bool to = variant->to_device;
	__u32 count;
	char byte;

	/* Pending: both see it */
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(device, e));
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(node, e));
	ASSERT_EQ(0, extent_accept(variant->by_device ? device : node, e,
				   variant->reach, &self->dc.answer));

	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(node, e));
	EXPECT_EQ(to ? VFIO_CXL_DC_COMMITTED : VFIO_CXL_DC_NONE,
		  extent_state(device, e));
	ASSERT_EQ(0, dc_list(node, extents, 2, &count));
	ASSERT_EQ(1, count);
	EXPECT_EQ(variant->reach, extents[0].reach);
	EXPECT_EQ(1, extents[0].region);
	ASSERT_EQ(0, dc_list(device, extents, 2, &count));
	EXPECT_EQ(to, count);

	EXPECT_EQ(to ? 0 : SIGBUS, touch(self->memory, true));
	EXPECT_EQ(to ? 1 : -1, pread(device, &byte, 1,
				     self->dc.region.offset + e->at));
	EXPECT_EQ(to ? 1 : -1, pwrite(device, "x", 1,
				      self->dc.region.offset + e->at));

	if (!to) {
		EXPECT_EQ(-1, extent_release(device, e, 0, &self->dc.answer));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, extent_accept(device, e, VFIO_CXL_DC_REACH_TENANT,
					    &self->dc.answer));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_TRUE(fm_has(1, 0));
		device = node;
	}
	EXPECT_EQ(0, extent_release(device, e, 0, &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(fm_has(0, 0));
}

/* Accepted again is so already; for others it is another's */
TEST_F(reach, stays)
{
	static const __u32 by_node[] = { VFIO_CXL_DC_REACH_DEVICE,
					 VFIO_CXL_DC_REACH_APP };
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int device = self->dc.user.device, node = self->dc.node;
	unsigned int i;

	ASSERT_EQ(0, extent_accept(variant->by_device ? device : node,
				   &self->e, variant->reach, answer));
	ASSERT_EQ(0, extent_accept(variant->by_device ? device : node,
				   &self->e, variant->reach, answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_ALREADY, answer->flags);
	for (i = 0; i < 2; i++) {
		if (by_node[i] == variant->reach)
			continue;
		EXPECT_EQ(-1, extent_accept(node, &self->e, by_node[i],
					    answer));
		EXPECT_EQ(EBUSY, errno);
		EXPECT_EQ(VFIO_CXL_REASON_DC_REACH, answer->reason);
	}
	if (!variant->by_device && variant->to_device) {
		EXPECT_EQ(-1, extent_accept(device, &self->e,
					    VFIO_CXL_DC_REACH_TENANT, answer));
		EXPECT_EQ(EBUSY, errno);
		EXPECT_EQ(VFIO_CXL_REASON_DC_REACH, answer->reason);
	}
	ASSERT_EQ(0, extent_status(node, &self->e, &self->dc.status));
	EXPECT_EQ(variant->reach, self->dc.status.reach);
}

/* Decoder 0 decodes region 0 alone: what is in region 1 can't be taken */
TEST_F(dc, outside_the_decoder)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct extent in, out;

	ASSERT_EQ(0, dc_program(&self->dc, 0, 256 * MIB, GIB));
	EXPECT_EQ(GIB, self->dc.info.region[0].covered);
	EXPECT_EQ(0, self->dc.info.region[0].offset);
	EXPECT_EQ(VFIO_CXL_DC_REGION_WINDOW, self->dc.info.region[0].flags);
	EXPECT_EQ(0, self->dc.info.region[1].covered);
	EXPECT_EQ(VFIO_CXL_DC_NOWHERE, self->dc.info.region[1].offset);
	EXPECT_EQ(0, self->dc.info.region[1].flags);

	ASSERT_TRUE(extent_offer(&self->dc, 1, 0, EXTENT, &out));
	ASSERT_TRUE(extent_offer(&self->dc, 0, GIB - EXTENT, EXTENT, &in));
	EXPECT_EQ(-1, extent_accept(self->dc.node, &out,
				    VFIO_CXL_DC_REACH_DEVICE, answer));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_NOT_COVERED, answer->reason);
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(self->dc.node, &out));
	EXPECT_TRUE(fm_has(0, 2));
	ASSERT_EQ(0, extent_reject(self->dc.node, &out, answer));
	ASSERT_EQ(0, extent_accept(self->dc.user.device, &in,
				   VFIO_CXL_DC_REACH_TENANT, answer));
	EXPECT_EQ(1, pwrite(self->dc.user.device, "x", 1,
			    self->dc.region.offset + in.at));
	EXPECT_TRUE(fm_has(1, 0));
}

FIXTURE(tags) {
	struct dc dc;
	struct extent e[2];
};

FIXTURE_SETUP(tags)
{
	if (!tags_there())
		SKIP(return, "QEMU 10 offers no tags");
	ASSERT_EQ(0, dc_begin(&self->dc));
}

FIXTURE_TEARDOWN(tags)
{
	dc_end(&self->dc);
}

static int status_in(int node, const struct tag *tag, __u32 region,
		     struct vfio_cxl_dc_status *status)
{
	*status = (struct vfio_cxl_dc_status){
		.argsz = sizeof(*status),
		.flags = VFIO_CXL_DC_STATUS_REGION,
		.region = region,
	};
	memcpy(status->tag, tag->bytes, sizeof(status->tag));

	return ioctl(node, VFIO_CXL_DC_STATUS, status) ? -errno : 0;
}

/* A tag in both regions, of which one at a time is asked for */
TEST_F(tags, status_by_region)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct tag tag = tag_new();
	struct piece pieces[] = {
		{ 0, 2 * EXTENT, &tag }, { GIB, EXTENT, &tag },
	};
	int node = self->dc.node;

	ASSERT_TRUE(extents_offer(&self->dc, 0, pieces, 2, self->e));
	ASSERT_EQ(0, dc_accept(self->dc.user.device, &tag,
			       VFIO_CXL_DC_REACH_TENANT, &self->dc.answer));
	ASSERT_EQ(0, dc_status(node, &tag, status));
	EXPECT_EQ(3 * EXTENT, status->bytes[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(2, status->nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_NE(0, status->since[VFIO_CXL_DC_COMMITTED]);
	EXPECT_NE(0, status->since[VFIO_CXL_DC_PENDING]);
	EXPECT_EQ(0, status->since[VFIO_CXL_DC_RELEASED]);
	ASSERT_EQ(0, status_in(node, &tag, 0, status));
	EXPECT_EQ(2 * EXTENT, status->bytes[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(1, status->nr[VFIO_CXL_DC_COMMITTED]);
	ASSERT_EQ(0, status_in(node, &tag, 1, status));
	EXPECT_EQ(EXTENT, status->bytes[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	/* A region that the device does not have is one without */
	EXPECT_EQ(-ENOENT, status_in(node, &tag, 2, status));
	/* Of each extent by itself, with the tag that it has */
	memset(status, 0, sizeof(*status));
	status->argsz = sizeof(*status);
	status->flags = VFIO_CXL_DC_STATUS_EXTENT;
	status->extent = self->e[1].id;
	ASSERT_EQ(0, ioctl(node, VFIO_CXL_DC_STATUS, status));
	EXPECT_EQ(0, memcmp(tag.bytes, status->tag, sizeof(tag.bytes)));
	EXPECT_EQ(1, status->region);
	EXPECT_EQ(EXTENT, status->bytes[VFIO_CXL_DC_COMMITTED]);
}

TEST_HARNESS_MAIN
