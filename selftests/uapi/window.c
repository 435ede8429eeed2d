// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory that is offered, taken, asked back and given back: the same ioctls and
 * states as of a device's own capacity, and who may say what.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "window.h"

#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define STATE(name)	VFIO_CXL_DC_##name
#define REASON(name)	VFIO_CXL_REASON_##name
#define REACH(name)	VFIO_CXL_DC_REACH_##name

/* Open, with a window of two regions, and nothing in it */
FIXTURE(window) {
	struct window w;
	int device;
	int node;
};

FIXTURE_SETUP(window)
{
	ASSERT_EQ(0, window_begin(&self->w, 0));
	ASSERT_EQ(0, window_open(&self->w));
	self->device = self->w.user.device;
	self->node = self->w.node;
}

FIXTURE_TEARDOWN(window)
{
	window_end(&self->w);
}

/* The next entry of the log that is about host memory, of this kind and state */
static bool next(int node, struct vfio_cxl_dc_event *event, __u32 kind,
		 __u32 state)
{
	struct pollfd poll_fd = { .fd = node, .events = POLLIN };

	while (poll(&poll_fd, 1, 2000) == 1 &&
	       read(node, event, sizeof(*event)) == sizeof(*event))
		if (event->region >= FIRST && event->kind == kind &&
		    event->state == state)
			return true;

	return false;
}

static bool is_reserved(int node, unsigned int tag)
{
	struct vfio_cxl_backend_info info;

	return backend_find(node, tag, &info) == 1 &&
	       info.flags & VFIO_CXL_BACKEND_RESERVED;
}

/* Each has a reason of its own, and changes nothing */
TEST_F(window, refused_at_add)
{
	static const struct {
		unsigned int tag;
		__u32 region;
		__u64 offset;
		int err;
		__u32 reason;
	} wrong[] = {
		{ 0, FIRST, 0, -EINVAL, REASON(BACKEND_TAG) },
		{ 99, FIRST, 0, -ENOENT, REASON(BACKEND_NONE) },
		{ 1, FIRST + 1, 0, -EBUSY, REASON(BACKEND_RESERVED) },
		{ 2, FIRST, 0, -EBUSY, REASON(DC_OVERLAP) },
		{ 2, FIRST, BLOCK, -EBUSY, REASON(DC_OVERLAP) },
		{ 2, FIRST - 1, 0, -EINVAL, REASON(DC_REGION) },
		{ 2, 0, 0, -EINVAL, REASON(DC_REGION) },
		{ 2, FIRST + 2, 0, -EINVAL, REASON(DC_REGION) },
		{ 2, ~0U, 0, -EINVAL, REASON(DC_REGION) },
		{ 2, FIRST + 1, PAGE, -EINVAL, REASON(DC_ALIGN) },
		{ 2, FIRST + 1, REGION, -EINVAL, REASON(HOST_OUTSIDE) },
		{ 2, FIRST + 1, REGION - BLOCK, -EINVAL, REASON(HOST_OUTSIDE) },
		{ 2, FIRST + 1, -BLOCK, -EINVAL, REASON(HOST_OUTSIDE) },
		{ 3, FIRST + 1, 0, -EINVAL, REASON(BACKEND_BLOCK) },
		{ 4, FIRST + 1, 0, -EINVAL, REASON(HOST_OUTSIDE) },
	};
	struct vfio_cxl_dc_extent extents[4];
	struct vfio_cxl_dc_info before, after;
	unsigned int i;

	ASSERT_EQ(0, window_offer(&self->w, 1, 2 * BLOCK, FIRST, 0));
	close(backend_create(self->node, 2, 2 * BLOCK));
	close(backend_create(self->node, 3, BLOCK + PAGE));
	close(backend_create(self->node, 4, REGION + BLOCK));
	ASSERT_EQ(0, dc_info(self->node, &before));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		EXPECT_EQ(wrong[i].err, window_add(self->node, wrong[i].tag,
						   wrong[i].region,
						   wrong[i].offset))
			TH_LOG("%u", i);
		EXPECT_EQ(wrong[i].reason, window_why)
			TH_LOG("%u", i);
	}
	ASSERT_EQ(0, dc_info(self->node, &after));
	EXPECT_EQ(before.sequence, after.sequence);
	EXPECT_EQ(before.changes, after.changes);
	EXPECT_EQ(1, window_list(self->node, extents, 4));
	for (i = 2; i < 5; i++) {
		EXPECT_FALSE(is_reserved(self->node, i));
		EXPECT_EQ(0, backend_destroy(self->node, i));
	}
}

/* The number of a backend, where it is said, has to be its own */
TEST_F(window, backend_by_its_number)
{
	struct vfio_cxl_dc_add arg = {
		.argsz = sizeof(arg), .region = FIRST,
	};
	struct vfio_cxl_backend_info info;

	close(backend_create(self->node, 1, BLOCK));
	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	tag_set(arg.tag, 1);
	arg.backend = info.id + 1;
	EXPECT_EQ(-ENOENT, backend_ioctl(self->node, VFIO_CXL_DC_ADD, &arg));
	EXPECT_EQ(REASON(BACKEND_NONE), arg.reason);
	arg.reason = 0;
	arg.backend = info.id;
	EXPECT_EQ(0, backend_ioctl(self->node, VFIO_CXL_DC_ADD, &arg));
	EXPECT_EQ(info.id, arg.backend);
	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	EXPECT_EQ(VFIO_CXL_BACKEND_RESERVED, info.flags);
	EXPECT_EQ(arg.extent, info.extent);
	EXPECT_LT(1ULL << 48, arg.offer);
	EXPECT_LT(arg.offer, arg.extent);
}

static void expect_extent(struct __test_metadata *_metadata,
			  const struct vfio_cxl_dc_extent *e, int node,
			  __u32 state, __u32 reach)
{
	struct vfio_cxl_backend_info info;

	ASSERT_EQ(1, backend_find(node, 5, &info));
	EXPECT_EQ(VFIO_CXL_DC_EXTENT_HOST, e->flags);
	EXPECT_EQ(5, tag_number(e->tag));
	EXPECT_EQ(info.id, e->backend);
	EXPECT_EQ(info.extent, e->id);
	EXPECT_EQ(2 * BLOCK, e->length);
	EXPECT_EQ(FIRST + 1, e->region);
	EXPECT_EQ(REGION + BLOCK, e->offset);
	EXPECT_EQ(state, e->state);
	EXPECT_EQ(reach, e->reach);
	EXPECT_EQ(0, e->rc);
}

/* The same is told by list, status and log, on both nodes */
TEST_F(window, told)
{
	struct vfio_cxl_dc_extent e[2];
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_event event;
	struct vfio_cxl_dc_info info;
	int i, fds[] = { self->device, self->node };

	ASSERT_EQ(0, window_offer(&self->w, 5, 2 * BLOCK, FIRST + 1, BLOCK));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, window_list(fds[i], e, 2));
		expect_extent(_metadata, e, self->node, STATE(PENDING),
			      REACH(NONE));
		ASSERT_EQ(0, window_status(fds[i], 5, &status));
		EXPECT_EQ(STATE(PENDING), status.state);
		EXPECT_EQ(VFIO_CXL_DC_STATUS_HOST, status.flags);
		EXPECT_EQ(2 * BLOCK, status.bytes[STATE(PENDING)]);
		EXPECT_EQ(e->offer, status.offer);
		ASSERT_EQ(0, dc_extent(fds[i], e->id, &status));
		EXPECT_EQ(STATE(PENDING), status.state);
		EXPECT_EQ(5, tag_number(status.tag));
		EXPECT_EQ(FIRST + 1, status.region);
		ASSERT_EQ(0, dc_info(fds[i], &info));
		EXPECT_EQ(1, info.nr[STATE(PENDING)]);
		EXPECT_EQ(1, info.open_offers);
	}
	ASSERT_TRUE(next(self->node, &event, VFIO_CXL_DC_CHANGE_STATE,
			 STATE(PENDING)));
	EXPECT_EQ(5, tag_number(event.tag));
	EXPECT_EQ(FIRST + 1, event.region);
	EXPECT_EQ(2 * BLOCK, event.length);
	EXPECT_EQ(e->offer, event.offer);

	ASSERT_EQ(0, window_accept(self->device, 5, REACH(TENANT)));
	ASSERT_EQ(1, window_list(self->device, e, 2));
	expect_extent(_metadata, e, self->node, STATE(COMMITTED),
		      REACH(TENANT));
	ASSERT_TRUE(next(self->node, &event, VFIO_CXL_DC_CHANGE_STATE,
			 STATE(COMMITTED)));
	EXPECT_EQ(5, tag_number(event.tag));
	EXPECT_EQ(REACH(TENANT), event.reach);
	ASSERT_EQ(0, window_release(self->device, 5, 0));
	ASSERT_TRUE(next(self->node, &event, VFIO_CXL_DC_CHANGE_STATE,
			 STATE(RELEASED)));
	EXPECT_EQ(5, tag_number(event.tag));
	EXPECT_EQ(0, window_list(self->device, e, 2));
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_EQ(0, info.nr[STATE(COMMITTED)]);
	EXPECT_EQ(0, info.open_offers);
}

static int status_in(int node, unsigned int tag, __u32 region)
{
	struct vfio_cxl_dc_status status = {
		.argsz = sizeof(status), .flags = VFIO_CXL_DC_STATUS_REGION,
		.region = region,
	};

	tag_set(status.tag, tag);

	return backend_ioctl(node, VFIO_CXL_DC_STATUS, &status) ?:
	       status.bytes[STATE(PENDING)] == BLOCK ? 0 : -EIO;
}

TEST_F(window, status_by_region)
{
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST + 1, 0));
	EXPECT_EQ(0, status_in(self->node, 1, FIRST + 1));
	EXPECT_EQ(-ENOENT, status_in(self->node, 1, FIRST));
	EXPECT_EQ(-ENOENT, status_in(self->node, 1, 1));
	EXPECT_EQ(-ENOENT, status_in(self->node, 1, FIRST + 7));
	EXPECT_EQ(-EINVAL, status_in(self->node, 1, FIRST + 8));
}

/* The reservation ends with the extent, whatever became of that */
TEST_F(window, reserved_as_long_as_it_is_there)
{
	int node = self->node;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	EXPECT_TRUE(is_reserved(node, 1));
	EXPECT_EQ(-EBUSY, backend_destroy(node, 1));
	EXPECT_EQ(REASON(BACKEND_RESERVED), backend_why);

	EXPECT_EQ(0, window_reject(self->device, 1));
	EXPECT_EQ(STATE(REJECTED), window_state(node, 1));
	EXPECT_FALSE(is_reserved(node, 1));

	ASSERT_EQ(0, window_add(node, 1, FIRST, 0));
	EXPECT_EQ(0, window_remove(node, 1, VFIO_CXL_DC_REMOVE_FORCE));
	EXPECT_EQ(STATE(REVOKED), window_state(node, 1));
	EXPECT_FALSE(is_reserved(node, 1));

	ASSERT_EQ(0, window_add(node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	EXPECT_TRUE(is_reserved(node, 1));
	EXPECT_EQ(-EBUSY, backend_destroy(node, 1));
	EXPECT_EQ(0, window_release(self->device, 1, 0));
	EXPECT_FALSE(is_reserved(node, 1));

	ASSERT_EQ(0, window_add(node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	EXPECT_EQ(0, window_remove(node, 1, VFIO_CXL_DC_REMOVE_FORCE));
	EXPECT_EQ(STATE(REVOKED), window_state(node, 1));
	EXPECT_FALSE(is_reserved(node, 1));
	EXPECT_EQ(0, backend_destroy(node, 1));
	/* What was there is known */
	EXPECT_EQ(STATE(REVOKED), window_state(node, 1));
	EXPECT_EQ(-ENOENT, window_add(node, 1, FIRST, 0));
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);

	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

TEST_F(window, deadline)
{
	struct vfio_cxl_dc_status status;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_status(self->node, 1, &status));
	EXPECT_EQ(VFIO_CXL_DC_NEVER, status.deadline);
	EXPECT_EQ(-1, dc_deadline(self->node, status.offer + 1000, 1));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, dc_deadline(self->node, status.offer,
				 now_ns() + 200000000));
	EXPECT_EQ(STATE(PENDING), window_state(self->node, 1));
	EXPECT_TRUE(within(SOON, window_state(self->node, 1) ==
			   STATE(REJECTED)));
	ASSERT_EQ(0, window_status(self->node, 1, &status));
	EXPECT_EQ(REASON(DC_DEADLINE), status.reason);
	EXPECT_FALSE(is_reserved(self->node, 1));
	EXPECT_EQ(STATE(PENDING), window_state(self->node, 2));
}

/* No queue: what came later may be answered before */
TEST_F(window, any_order)
{
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_offer(&self->w, 3, BLOCK, FIRST, 2 * BLOCK));
	EXPECT_EQ(0, window_reject(self->device, 3));
	EXPECT_EQ(0, window_accept(self->device, 2, REACH(TENANT)));
	EXPECT_EQ(0, window_answer.flags);
	EXPECT_EQ(STATE(REJECTED), window_state(self->node, 3));
	EXPECT_EQ(STATE(COMMITTED), window_state(self->node, 2));
	EXPECT_EQ(STATE(PENDING), window_state(self->node, 1));
	EXPECT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	EXPECT_EQ(0, window_add(self->node, 3, FIRST, 2 * BLOCK));
}

TEST_F(window, by_id_and_offer)
{
	struct vfio_cxl_dc_extent e[3];
	struct vfio_cxl_dc_decide decide;
	__u64 ids[2];

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(2, window_list(self->device, e, 3));
	EXPECT_EQ(0, dc_by_offer(self->device, VFIO_CXL_DC_ACCEPT, e[0].offer,
				 REACH(TENANT), &decide));
	EXPECT_EQ(0, dc_by_id(self->device, VFIO_CXL_DC_ACCEPT, e[1].id,
			      REACH(TENANT), 0, &decide));
	ids[0] = e[0].id;
	ids[1] = 1;
	EXPECT_EQ(-1, dc_by_ids(self->device, VFIO_CXL_DC_RELEASE, ids, 2, 0, 0,
				&decide));
	EXPECT_EQ(ENOENT, errno);
	ids[1] = e[1].id;
	EXPECT_EQ(0, dc_by_ids(self->device, VFIO_CXL_DC_RELEASE, ids, 2, 0, 0,
			       &decide));
	EXPECT_EQ(STATE(RELEASED), window_state(self->device, 1));
	EXPECT_EQ(STATE(RELEASED), window_state(self->device, 2));
	EXPECT_EQ(-1, dc_by_offer(self->device, VFIO_CXL_DC_ACCEPT,
				  e[1].offer + 100, REACH(TENANT), &decide));
	EXPECT_EQ(ENOENT, errno);
}

/* Who has reach is asked, and does it or not */
TEST_F(window, asked_back)
{
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_event event;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	EXPECT_EQ(-EBUSY, window_remove(self->node, 1, 0));
	EXPECT_EQ(REASON(DC_PENDING), window_why);
	EXPECT_EQ(-ENOENT, window_remove(self->node, 2, 0));
	EXPECT_EQ(-EINVAL, window_remove(self->node, 0, 0));
	EXPECT_EQ(REASON(BACKEND_TAG), window_why);
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	EXPECT_EQ(0, window_remove(self->node, 1, 0));
	ASSERT_EQ(0, window_status(self->device, 1, &status));
	EXPECT_EQ(STATE(COMMITTED), status.state);
	EXPECT_EQ(1, status.requests);
	EXPECT_EQ(0, status.flags & VFIO_CXL_DC_STATUS_MISMATCH);
	ASSERT_TRUE(next(self->node, &event, VFIO_CXL_DC_CHANGE_REQUEST,
			 STATE(COMMITTED)));
	EXPECT_EQ(1, tag_number(event.tag));
	EXPECT_EQ(FIRST, event.region);
	EXPECT_EQ(0, window_remove(self->node, 1, 0));
	ASSERT_EQ(0, window_status(self->device, 1, &status));
	EXPECT_EQ(2, status.requests);
	EXPECT_EQ(0, window_release(self->device, 1, 0));
	EXPECT_EQ(-ENOENT, window_remove(self->node, 1, 0));
	EXPECT_EQ(-ENOENT, window_remove(self->node, 1,
					 VFIO_CXL_DC_REMOVE_FORCE));
}

TEST_F(window, taken_by_force)
{
	struct vfio_cxl_dc_status status;
	char *memory;

	memory = window_map(&self->w, 0, REGION);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	EXPECT_EQ(0, touch(memory, true));
	EXPECT_EQ(0, window_remove(self->node, 1, VFIO_CXL_DC_REMOVE_FORCE));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	ASSERT_EQ(0, window_status(self->device, 1, &status));
	EXPECT_EQ(STATE(REVOKED), status.state);
	EXPECT_EQ(REASON(DC_FORCED), status.reason);
	/* And it is there to be had again, after a while too */
	EXPECT_EQ(0, window_add(self->node, 1, FIRST, 0));
	usleep(300000);
	EXPECT_EQ(STATE(PENDING), window_state(self->device, 1));
	munmap(memory, REGION);
}

TEST_F(window, in_use)
{
	struct vfio_cxl_dc_status status;
	char *memory;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_accept(self->node, 1, REACH(DEVICE)));
	ASSERT_EQ(0, window_accept(self->node, 2, REACH(DEVICE)));
	memory = window_map(&self->w, 0, REGION);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, touch(memory, false));
	ASSERT_EQ(0, window_status(self->node, 1, &status));
	EXPECT_TRUE(status.flags & VFIO_CXL_DC_STATUS_IN_USE);
	ASSERT_EQ(0, window_status(self->node, 2, &status));
	EXPECT_FALSE(status.flags & VFIO_CXL_DC_STATUS_IN_USE);
	EXPECT_EQ(-EBUSY, window_release(self->node, 1, 0));
	EXPECT_EQ(REASON(DC_IN_USE), window_why);
	EXPECT_EQ(0, touch(memory, true));
	EXPECT_EQ(0, window_release(self->node, 2, 0));
	EXPECT_EQ(0, window_release(self->node, 1,
				    VFIO_CXL_DC_DECIDE_DEFER));
	EXPECT_TRUE(window_answer.flags & VFIO_CXL_DC_DECIDE_DEFERRED);
	EXPECT_EQ(STATE(COMMITTED), window_state(self->node, 1));
	EXPECT_EQ(0, touch(memory, true));
	munmap(memory, REGION);
	EXPECT_TRUE(within(SOON, window_state(self->node, 1) ==
			   STATE(RELEASED)));
	ASSERT_EQ(0, window_add(self->node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->node, 1, REACH(DEVICE)));
	memory = window_map(&self->w, 0, REGION);
	EXPECT_EQ(0, touch(memory, true));
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(SIGBUS, touch(memory, true));
	munmap(memory, REGION);
}

/* Each node says who is to have it; what is for descriptors is nobody else's */
TEST_F(window, reach)
{
	char *memory = window_map(&self->w, 0, REGION);
	struct vfio_cxl_dc_extent e[4];

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	EXPECT_EQ(-EINVAL, window_accept(self->device, 1, REACH(DEVICE)));
	EXPECT_EQ(-EINVAL, window_accept(self->device, 1, REACH(APP)));
	EXPECT_EQ(-EINVAL, window_accept(self->node, 1, REACH(TENANT)));
	EXPECT_EQ(0, window_accept(self->node, 1, REACH(APP)));
	EXPECT_EQ(0, window_accept(self->node, 2, REACH(DEVICE)));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	EXPECT_EQ(0, touch(memory + BLOCK, false));
	EXPECT_EQ(1, window_list(self->device, e, 4));
	EXPECT_EQ(2, window_list(self->node, e, 4));
	EXPECT_EQ(-ENOENT, window_release(self->device, 1, 0));
	EXPECT_EQ(-EBUSY, window_accept(self->node, 2, REACH(APP)));
	EXPECT_EQ(REASON(DC_REACH), window_why);
	/* A device fd's release of what is for any tenancy is its consent */
	EXPECT_EQ(0, window_release(self->device, 2, 0));
	munmap(memory, REGION);
}

/* What the tenancy took ends with it; what the control node gave does not */
TEST_F(window, tenancy)
{
	char *memory;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_offer(&self->w, 3, BLOCK, FIRST + 1, 0));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	ASSERT_EQ(0, window_accept(self->node, 2, REACH(DEVICE)));
	user_close(&self->w.user);
	EXPECT_TRUE(within(SOON, window_state(self->node, 1) ==
			   STATE(RELEASED)));
	EXPECT_EQ(STATE(COMMITTED), window_state(self->node, 2));
	EXPECT_EQ(STATE(PENDING), window_state(self->node, 3));
	EXPECT_TRUE(within(SOON, !is_reserved(self->node, 1)));

	ASSERT_EQ(0, window_open(&self->w));
	memory = window_map(&self->w, 0, REGION);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(SIGBUS, touch(memory, false));
	EXPECT_TRUE(all_are(memory + BLOCK, 2, BLOCK));
	EXPECT_EQ(0, window_accept(self->w.user.device, 3, REACH(TENANT)));
	munmap(memory, REGION);
}

TEST_F(window, eventfd)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg) };
	__u64 count = 0;

	arg.fd = eventfd(0, EFD_NONBLOCK);
	ASSERT_LE(0, arg.fd);
	ASSERT_EQ(0, backend_ioctl(self->device, VFIO_CXL_DC_EVENTFD, &arg));
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	EXPECT_EQ(sizeof(count), read(arg.fd, &count, sizeof(count)));
	EXPECT_EQ(1, count);
	close(arg.fd);
}

/* What is given back is zeroed where that is asked for, and else is as it was left */
TEST_F(window, cleared)
{
	char *memory = window_map(&self->w, 0, REGION);
	int n;

	ASSERT_NE(MAP_FAILED, memory);
	for (n = 0; n < 2; n++) {
		ASSERT_EQ(0, window_offer(&self->w, n + 1, BLOCK, FIRST,
					  n * BLOCK));
		ASSERT_EQ(0, window_accept(self->device, n + 1,
					   REACH(TENANT)));
		ASSERT_TRUE(param_set("clear_on_close", n ? "1" : "0"));
		EXPECT_EQ(0, window_release(self->device, n + 1, 0));
		ASSERT_TRUE(param_set("clear_on_close", "0"));
		ASSERT_EQ(0, window_add(self->node, n + 1, FIRST, n * BLOCK));
		ASSERT_EQ(0, window_accept(self->device, n + 1,
					   REACH(TENANT)));
	}
	EXPECT_TRUE(all_are(memory, 1, BLOCK));
	EXPECT_TRUE(all_are(memory + BLOCK, 0, BLOCK));
	munmap(memory, REGION);
}

/* And at the end of a tenancy what it had, and what any may have */
TEST_F(window, cleared_at_close)
{
	struct vfio_cxl_decoder_clear clear = {};
	char *memory;

	if (topology_is("firmware"))
		SKIP(return, "to clear the device's memory takes long");
	user_close(&self->w.user);
	ASSERT_EQ(0, control_clear(&clear));
	ASSERT_EQ(0, window_open(&self->w));
	self->device = self->w.user.device;
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_offer(&self->w, 3, BLOCK, FIRST, 2 * BLOCK));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	ASSERT_EQ(0, window_accept(self->node, 2, REACH(DEVICE)));
	user_close(&self->w.user);
	EXPECT_TRUE(within(SOON, window_state(self->node, 1) ==
			   STATE(RELEASED)));
	ASSERT_TRUE(param_set("clear_on_close", "0"));

	ASSERT_EQ(0, window_open(&self->w));
	ASSERT_EQ(0, window_add(self->node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->w.user.device, 1, REACH(TENANT)));
	ASSERT_EQ(0, window_accept(self->w.user.device, 3, REACH(TENANT)));
	memory = window_map(&self->w, 0, REGION);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_are(memory, 0, BLOCK));
	EXPECT_TRUE(all_are(memory + BLOCK, 0, BLOCK));
	EXPECT_TRUE(all_are(memory + 2 * BLOCK, 3, BLOCK));
	munmap(memory, REGION);
}

/* So is what is taken by force */
TEST_F(window, cleared_by_force)
{
	char *memory = window_map(&self->w, 0, REGION);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	EXPECT_EQ(0, window_remove(self->node, 1, VFIO_CXL_DC_REMOVE_FORCE));
	/* But not what nobody had */
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	EXPECT_EQ(0, window_remove(self->node, 2, VFIO_CXL_DC_REMOVE_FORCE));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
	ASSERT_EQ(0, window_add(self->node, 1, FIRST, 0));
	ASSERT_EQ(0, window_add(self->node, 2, FIRST, BLOCK));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	ASSERT_EQ(0, window_accept(self->device, 2, REACH(TENANT)));
	EXPECT_TRUE(all_are(memory, 0, BLOCK));
	EXPECT_TRUE(all_are(memory + BLOCK, 2, BLOCK));
	munmap(memory, REGION);
}

/* Pages of it, in a pipe; the pipe's ends */
static bool hold(char *memory, int ends[2])
{
	struct iovec piece = { memory, PAGE };

	return !pipe(ends) && vmsplice(ends[1], &piece, 1, 0) == PAGE;
}

static void let_go(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Not before nobody can write to it any more: until then it is not given back */
TEST_F(window, cleared_when_let_go)
{
	char *memory = window_map(&self->w, 0, REGION);
	int ends[2];

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	ASSERT_EQ(0, window_accept(self->device, 2, REACH(TENANT)));
	ASSERT_TRUE(hold(memory, ends));
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	EXPECT_EQ(0, window_release(self->device, 1, 0));
	EXPECT_TRUE(window_answer.flags & VFIO_CXL_DC_DECIDE_QUEUED);
	EXPECT_EQ(STATE(RELEASING), window_state(self->node, 1));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	/* Others don't wait for it */
	EXPECT_EQ(0, window_release(self->device, 2, 0));
	EXPECT_EQ(STATE(RELEASED), window_state(self->node, 2));
	let_go(ends);
	EXPECT_TRUE(within(2 * SOON, window_state(self->node, 1) ==
			   STATE(RELEASED)));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
	ASSERT_EQ(0, window_add(self->node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	EXPECT_TRUE(all_are(memory, 0, BLOCK));
	munmap(memory, REGION);
}

/* What a tenancy of before has pinned is not the next one's */
TEST_F(window, held_over_close)
{
	char *memory = window_map(&self->w, 0, REGION);
	int ends[2];

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->node, 1, REACH(DEVICE)));
	ASSERT_TRUE(hold(memory, ends));
	munmap(memory, REGION);
	user_close(&self->w.user);
	EXPECT_EQ(-EBUSY, window_open(&self->w));
	let_go(ends);
	EXPECT_EQ(0, window_open(&self->w));
}

/* A tenant that is killed has closed */
TEST_F(window, killed)
{
	char *memory;
	pid_t pid;
	int ends[2], status;
	char byte;

	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	user_close(&self->w.user);
	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	if (!pid) {
		if (window_open(&self->w) ||
		    window_accept(self->w.user.device, 1, REACH(TENANT)))
			_exit(1);
		memory = window_map(&self->w, 0, BLOCK);
		if (memory == MAP_FAILED || touch(memory, true))
			_exit(2);
		write(ends[1], "", 1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ends[0], &byte, 1));
	EXPECT_EQ(STATE(COMMITTED), window_state(self->node, 1));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	EXPECT_TRUE(within(SOON, window_state(self->node, 1) ==
			   STATE(RELEASED)));
	close(ends[0]);
	close(ends[1]);
}

/* All pages of a list, a few at a time, by id */
TEST_F(window, many)
{
	struct vfio_cxl_dc_extent e[3], last = {};
	struct vfio_cxl_dc_list list = { .room = 3 };
	int n, count = 0;

	window_end(&self->w);
	ASSERT_EQ(0, window_begin(&self->w, PAGE));
	ASSERT_EQ(0, window_open(&self->w));
	for (n = 0; n < 100; n++) {
		close(backend_create(self->w.node, n + 1, PAGE));
		ASSERT_EQ(0, window_add(self->w.node, n + 1, FIRST + n % 2,
					n * PAGE));
		if (n % 2) {
			ASSERT_EQ(0, window_accept(self->w.user.device, n + 1,
						   REACH(TENANT)));
		}
	}
	do {
		list.argsz = sizeof(list);
		list.flags = 0;
		list.extents = (uintptr_t)e;
		ASSERT_EQ(0, backend_ioctl(self->w.user.device,
					   VFIO_CXL_DC_LIST, &list));
		for (n = 0; n < list.count; n++) {
			EXPECT_LT(last.id, e[n].id);
			last = e[n];
			EXPECT_EQ(++count, tag_number(e[n].tag));
		}
	} while (list.flags & VFIO_CXL_DC_LIST_MORE);
	EXPECT_EQ(100, count);
	/* And one that is another one by then */
	list = (struct vfio_cxl_dc_list){
		.argsz = sizeof(list), .room = 3, .extents = (uintptr_t)e,
	};
	ASSERT_EQ(0, backend_ioctl(self->w.user.device, VFIO_CXL_DC_LIST,
				   &list));
	ASSERT_EQ(0, window_reject(self->w.user.device, 1));
	list.flags = 0;
	EXPECT_EQ(-EAGAIN, backend_ioctl(self->w.user.device, VFIO_CXL_DC_LIST,
					 &list));
}

/* Nobody waits for who has the window: it is empty, and the backends are gone */
TEST_F(window, unbound)
{
	char *memory = window_map(&self->w, 0, REGION);
	pid_t pid;
	int status;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_offer(&self->w, 2, BLOCK, FIRST, BLOCK));
	ASSERT_EQ(0, window_offer(&self->w, 3, BLOCK, FIRST, 2 * BLOCK));
	ASSERT_EQ(0, window_accept(self->device, 1, REACH(TENANT)));
	ASSERT_EQ(0, window_accept(self->node, 2, REACH(DEVICE)));
	EXPECT_EQ(0, touch(memory, true));
	EXPECT_EQ(0, touch(memory + BLOCK, true));
	pid = fork();
	if (!pid) {
		/* Who is in this process does not have it open any more */
		munmap(memory, REGION);
		user_close(&self->w.user);
		_exit(dev_unbind() ? 0 : 1);
	}
	EXPECT_TRUE(within(SOON, touch(memory, false) == SIGBUS));
	EXPECT_TRUE(within(SOON, touch(memory + BLOCK, false) == SIGBUS));
	EXPECT_EQ(-ENOENT, window_accept(self->device, 3, REACH(TENANT)));
	EXPECT_EQ(0, backend_count(self->node) == 0);
	munmap(memory, REGION);
	user_close(&self->w.user);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(self->node);
	EXPECT_TRUE(dev_bind());
	self->w.node = control_open();
	ASSERT_LE(0, self->w.node);
}

TEST_HARNESS_MAIN
