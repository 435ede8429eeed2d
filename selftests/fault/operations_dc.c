// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on Dynamic Capacity. A command that fails may cost an offer: the
 * device is then told no, because it can't be known what it has heard. So who calls
 * again is offered the same again first.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "operations.h"
#include "../uapi/dc.h"

#define EXTENT	(128 * MIB)

static struct tag tag;
static int node = -1;

static int state(void)
{
	return dc_state(node, &tag);
}

static bool at_node(void)
{
	if (node >= 0)
		close(node);
	node = control_open();

	return node >= 0;
}

/* While it is open the driver looks at the device's log often */
static bool ready(void)
{
	return operation_opened() && at_node();
}

static bool offer_tag(void)
{
	tag = tag_new();

	return bed("fm add --tag %s --region 0 --offset 0 --length %lu",
		   tag.text, EXTENT) &&
	       within(SOON, state() == VFIO_CXL_DC_PENDING);
}

static bool offered(void)
{
	return ready() && offer_tag();
}

/* What is going to be so is not waited for by the call, but here */
static int settled(int ret, __u32 wanted)
{
	int err = ret ? -errno : 0;

	if (!dc_settles(node, SOON))
		return -ETIMEDOUT;
	if (err)
		return err;

	return state() == wanted ? 0 : -EIO;
}

static int call_accept(void)
{
	struct vfio_cxl_dc_decide answer;

	if (state() == VFIO_CXL_DC_REJECTED && !offer_tag())
		return -ENOENT;

	return settled(dc_accept(node, &tag, VFIO_CXL_DC_REACH_DEVICE, &answer),
		       VFIO_CXL_DC_COMMITTED);
}

static int call_reject(void)
{
	struct vfio_cxl_dc_decide answer;
	int ret = dc_reject(node, &tag, &answer);

	if (!ret)
		within(SOON, state() == VFIO_CXL_DC_REJECTED);

	return settled(ret, VFIO_CXL_DC_REJECTED);
}

static int call_release(void)
{
	struct vfio_cxl_dc_decide answer;

	return settled(dc_release(node, &tag, VFIO_CXL_DC_DECIDE_FORCE,
				  &answer), VFIO_CXL_DC_RELEASED);
}

static bool accepted(void)
{
	return offered() && !call_accept();
}

/* The device has what the books say, and nothing is left behind */
static bool books_agree(void)
{
	bool held = state() == VFIO_CXL_DC_COMMITTED;

	return fm_settles(held, state() == VFIO_CXL_DC_PENDING);
}

static bool given_back(void)
{
	if (state() == VFIO_CXL_DC_PENDING)
		call_reject();
	if (state() == VFIO_CXL_DC_COMMITTED)
		call_release();

	return fm_settles(0, 0);
}

static bool reachable(void)
{
	struct vfio_cxl_dc_info info;
	char byte;

	return !dc_info(node, &info) &&
	       within(SOON, pread(operation_device(), &byte, 1,
				  operation_memory() +
				  info.region[0].offset) == 1);
}

static bool begin_reset(void)
{
	return accepted() && reachable();
}

static int call_reset(void)
{
	return ioctl(operation_device(), VFIO_DEVICE_RESET) ? -errno : 0;
}

/* Whatever failed, the extent is in reach again, and nobody else's */
static bool check_reset(void)
{
	return (!call_reset() || !call_reset()) && reachable() && books_agree();
}

/* The books of the last bind are gone, the device's are not */
static bool begin_bind(void)
{
	return accepted() && operation_left() && operation_unbound();
}

static int call_bind(void)
{
	int err = operation_bind();

	if (!err && !at_node())
		err = -errno;
	return err;
}

/* A mailbox that can't be read at bind is none, which DC_INFO says */
static bool no_mailbox(void)
{
	struct vfio_cxl_dc_info info;

	return !dc_info(node, &info) &&
	       info.reason == VFIO_CXL_REASON_DC_NO_MAILBOX;
}

static bool check_bind(void)
{
	struct vfio_cxl_dc_extent extent;
	__u32 count;

	if (!operation_is_bound() || no_mailbox())
		return true;

	return dc_settles(node, SOON) && !dc_list(node, &extent, 1, &count) &&
	       count == 1 && extent.state == VFIO_CXL_DC_COMMITTED &&
	       extent.reach == VFIO_CXL_DC_REACH_NONE;
}

static bool end_bind(void)
{
	if (no_mailbox() && (!operation_unbound() || call_bind()))
		return false;
	dc_settles(node, SOON);
	dc_give_all_back();

	return fm_settles(0, 0);
}

static int call_questions(void)
{
	struct vfio_cxl_dc_extent extents[2];
	struct vfio_cxl_dc_deadline deadline = {
		.argsz = sizeof(deadline),
		.deadline = VFIO_CXL_DC_NEVER,
	};
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_info info;
	struct extent first = {};
	__u32 count;

	if (dc_info(node, &info) || dc_list(node, extents, 2, &count))
		return -errno;
	first.id = extents[0].id;
	if (dc_status(node, &tag, &status) ||
	    extent_status(node, &first, &status))
		return -errno;
	deadline.offer = extents[0].offer;

	return ioctl(node, VFIO_CXL_DC_DEADLINE, &deadline) ? -errno : 0;
}

static int call_by_ids(void)
{
	struct vfio_cxl_dc_extent extent;
	struct vfio_cxl_dc_decide answer;
	__u32 count;

	if (state() == VFIO_CXL_DC_REJECTED && !offer_tag())
		return -ENOENT;
	if (state() == VFIO_CXL_DC_COMMITTED)
		return 0;
	if (dc_list(node, &extent, 1, &count))
		return -errno;

	return settled(dc_by_ids(node, VFIO_CXL_DC_ACCEPT, &extent.id, 1,
				 VFIO_CXL_DC_REACH_DEVICE, 0, &answer),
		       VFIO_CXL_DC_COMMITTED);
}

const struct operation operations_dc[] = {
	{ "dc_accept", offered, call_accept, given_back, .check = books_agree,
	  .inside = true },
	{ "dc_accept_ids", offered, call_by_ids, given_back,
	  .check = books_agree, .inside = true },
	{ "dc_reject", offered, call_reject, given_back, .check = books_agree,
	  .inside = true },
	{ "dc_release", accepted, call_release, given_back,
	  .check = books_agree, .inside = true },
	{ "dc_reset", begin_reset, call_reset, given_back,
	  .check = check_reset, .gated = true },
	{ "dc_bind", begin_bind, call_bind, end_bind, .check = check_bind,
	  .gated = true },
	{ "dc_questions", offered, call_questions, given_back,
	  .check = books_agree, .inside = true },
	{}
};
