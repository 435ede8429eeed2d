// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory beside a device's own Dynamic Capacity: one list of both, and a tag that
 * lives in one place only.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "window.h"

#define STATE(name)	VFIO_CXL_DC_##name
#define EXTENT	(4 * MIB)
#define HOST_ID	(1ULL << 48)

FIXTURE(both) {
	struct dc dc;
	struct window w;
	struct extent e;
};

FIXTURE_SETUP(both)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
	user_close(&self->dc.user);
	self->w.user = USER_CLOSED;
	self->w.node = control_open();
	ASSERT_LE(0, self->w.node);
	ASSERT_EQ(0, window_configure(self->w.node, 1, REGION, 0));
	ASSERT_EQ(0, dc_open(&self->dc));
	ASSERT_EQ(0, user_find(&self->dc.user,
			       VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
			       &self->w.region));
}

FIXTURE_TEARDOWN(both)
{
	user_close(&self->dc.user);
	dc_settles(self->dc.node, SOON);
	window_end(&self->w);
	dc_end(&self->dc);
}

static int accept_both(int device, const struct extent *e, unsigned int tag)
{
	struct vfio_cxl_dc_decide answer;

	return extent_accept(device, e, VFIO_CXL_DC_REACH_TENANT, &answer) ?:
	       window_accept(device, tag, VFIO_CXL_DC_REACH_TENANT);
}

TEST_F(both, side_by_side)
{
	struct vfio_cxl_dc_extent e[3];
	struct vfio_cxl_dc_decide answer;
	int device = self->dc.user.device;
	struct vfio_cxl_dc_info info;
	char *window, *memory;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	ASSERT_EQ(2, window_list(device, e, 3));
	EXPECT_GT(HOST_ID, e[0].id);
	EXPECT_GT(HOST_ID, e[0].offer);
	EXPECT_EQ(0, e[0].flags);
	EXPECT_EQ(0, e[0].region);
	EXPECT_LT(HOST_ID, e[1].id);
	EXPECT_EQ(VFIO_CXL_DC_EXTENT_HOST, e[1].flags);
	EXPECT_EQ(FIRST, e[1].region);
	EXPECT_EQ(0, e[1].offset);
	ASSERT_EQ(0, dc_info(device, &info));
	EXPECT_EQ(2, info.nr[STATE(PENDING)]);
	EXPECT_EQ(EXTENT + BLOCK, info.bytes[STATE(PENDING)]);
	EXPECT_EQ(2, info.open_offers);
	EXPECT_EQ(2, info.region_count);
	EXPECT_EQ(1, info.host_region_count);

	ASSERT_EQ(0, accept_both(device, &self->e, 1));
	window = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		      self->w.region.offset);
	ASSERT_NE(MAP_FAILED, window);
	memory = dc_map(&self->dc, self->e.at, EXTENT);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_are(window, 1, BLOCK));
	memset(memory, 7, EXTENT);
	/* A reset takes the device's out of the mapping, and leaves the host's */
	EXPECT_TRUE(dev_reset());
	EXPECT_TRUE(all_are(window, 1, BLOCK));
	EXPECT_TRUE(within(SOON, !touch(memory, false)));
	EXPECT_EQ(0, window_release(device, 1, 0));
	EXPECT_EQ(SIGBUS, touch(window, false));
	EXPECT_EQ(0, touch(memory, false));
	EXPECT_EQ(0, extent_release(device, &self->e, 0, &answer));
	EXPECT_EQ(0, window_list(device, e, 3));
	munmap(window, REGION);
	munmap(memory, EXTENT);
}

/* A page of the list at a time, and a change of either is noticed */
TEST_F(both, list)
{
	struct vfio_cxl_dc_extent e;
	struct vfio_cxl_dc_list list = {
		.argsz = sizeof(list), .room = 1, .extents = (uintptr_t)&e,
	};
	int device = self->dc.user.device;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	ASSERT_EQ(0, backend_ioctl(device, VFIO_CXL_DC_LIST, &list));
	EXPECT_EQ(1, list.count);
	EXPECT_EQ(self->e.id, e.id);
	EXPECT_TRUE(list.flags & VFIO_CXL_DC_LIST_MORE);
	list.flags = 0;
	ASSERT_EQ(0, backend_ioctl(device, VFIO_CXL_DC_LIST, &list));
	EXPECT_EQ(1, list.count);
	EXPECT_LT(HOST_ID, e.id);

	list = (struct vfio_cxl_dc_list){
		.argsz = sizeof(list), .room = 1, .extents = (uintptr_t)&e,
	};
	ASSERT_EQ(0, backend_ioctl(device, VFIO_CXL_DC_LIST, &list));
	ASSERT_EQ(0, extent_reject(device, &self->e, &self->dc.answer));
	list.flags = 0;
	EXPECT_EQ(-EAGAIN, backend_ioctl(device, VFIO_CXL_DC_LIST, &list));
	list.start = 0;
	ASSERT_EQ(0, backend_ioctl(device, VFIO_CXL_DC_LIST, &list));
	EXPECT_EQ(1, list.count);
	EXPECT_LT(HOST_ID, e.id);
}

/* The end of a tenancy is that of all that it took */
TEST_F(both, tenancy)
{
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	ASSERT_EQ(0, accept_both(self->dc.user.device, &self->e, 1));
	user_close(&self->dc.user);
	EXPECT_TRUE(within(SOON, window_state(self->w.node, 1) ==
			   STATE(RELEASED)));
	EXPECT_TRUE(within(SOON, extent_state(self->dc.node, &self->e) ==
			   STATE(RELEASED)));
}

/* Ids are named of one of the two */
TEST_F(both, ids)
{
	struct vfio_cxl_dc_extent e[2];
	struct vfio_cxl_dc_decide decide;
	int device = self->dc.user.device;
	__u64 ids[2];

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	ASSERT_EQ(2, window_list(device, e, 2));
	ids[0] = e[0].id;
	ids[1] = e[1].id;
	EXPECT_EQ(-1, dc_by_ids(device, VFIO_CXL_DC_ACCEPT, ids, 2,
				VFIO_CXL_DC_REACH_TENANT, 0, &decide));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, dc_by_ids(device, VFIO_CXL_DC_ACCEPT, ids + 1, 1,
			       VFIO_CXL_DC_REACH_TENANT, 0, &decide));
	EXPECT_EQ(STATE(PENDING), extent_state(device, &self->e));
	EXPECT_EQ(STATE(COMMITTED), window_state(device, 1));
}

static int add_tag(int node, const struct tag *tag)
{
	struct vfio_cxl_dc_add arg = { .argsz = sizeof(arg), .region = FIRST };
	int ret;

	memcpy(arg.tag, tag->bytes, sizeof(arg.tag));
	ret = backend_ioctl(node, VFIO_CXL_DC_ADD, &arg);
	window_why = arg.reason;

	return ret;
}

static int create_tag(int node, const struct tag *tag)
{
	struct vfio_cxl_backend_create arg = {
		.argsz = sizeof(arg), .size = BLOCK,
	};
	int ret;

	memcpy(arg.tag, tag->bytes, sizeof(arg.tag));
	ret = backend_ioctl(node, VFIO_CXL_BACKEND_CREATE, &arg);
	close(arg.fd);

	return ret;
}

static bool is_host(int node, const struct tag *tag)
{
	struct vfio_cxl_dc_status status;

	return !dc_status(node, tag, &status) &&
	       status.flags & VFIO_CXL_DC_STATUS_HOST;
}

static __u64 told(int node)
{
	struct vfio_cxl_dc_info info;

	return dc_info(node, &info) ? 0 : info.sequence;
}

/* And is known where it was last */
TEST_F(both, tag_lives_once)
{
	int device = self->dc.user.device, node = self->w.node;
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_status status;
	struct piece piece = { .offset = 0, .length = EXTENT };
	struct tag *tag = &self->e.tag;
	__u64 before;

	if (!tags_there())
		SKIP(return, "no tags");
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->e));
	ASSERT_EQ(0, create_tag(node, tag));
	before = told(node);
	EXPECT_EQ(-EBUSY, add_tag(node, tag));
	EXPECT_EQ(VFIO_CXL_REASON_DC_TAG_LIVE, window_why);
	/* It has never been offered */
	EXPECT_LT(0, before);
	EXPECT_EQ(before, told(node));
	ASSERT_EQ(0, extent_accept(device, &self->e, VFIO_CXL_DC_REACH_TENANT,
				   &answer));
	EXPECT_EQ(-EBUSY, add_tag(node, tag));
	ASSERT_EQ(0, extent_release(device, &self->e, 0, &answer));
	EXPECT_EQ(STATE(RELEASED), dc_state(node, tag));
	EXPECT_FALSE(is_host(node, tag));

	/* Now it is host memory, and the device's offer of it is refused */
	ASSERT_EQ(0, add_tag(node, tag));
	EXPECT_TRUE(is_host(node, tag));
	EXPECT_EQ(STATE(PENDING), dc_state(node, tag));
	piece.tag = tag;
	ASSERT_TRUE(fm_add(0, &piece, 1));
	EXPECT_TRUE(fm_settles(0, 0));
	EXPECT_EQ(STATE(PENDING), dc_state(node, tag));
	ASSERT_EQ(0, dc_accept(device, tag, VFIO_CXL_DC_REACH_TENANT, &answer));
	ASSERT_EQ(0, dc_release(device, tag, 0, &answer));
	ASSERT_EQ(0, dc_status(node, tag, &status));
	EXPECT_EQ(STATE(RELEASED), status.state);
	EXPECT_TRUE(is_host(node, tag));

	/* And the device's again */
	ASSERT_TRUE(fm_add(0, &piece, 1));
	EXPECT_TRUE(dc_becomes(node, tag, STATE(PENDING), SOON));
	EXPECT_FALSE(is_host(node, tag));
	ASSERT_EQ(0, dc_reject(device, tag, &answer));
	EXPECT_TRUE(dc_becomes(node, tag, STATE(REJECTED), SOON));
}

TEST_HARNESS_MAIN
