// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who decides: the fabric manager, outside, of the device's own capacity; and the
 * orchestrator, on the control node, of that and of host memory. Each takes any
 * extent, tag or backend that there is, and does anything to it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "soak.h"
#include "../uapi/dc.h"

#define TAGS	24		/* of backends */
#define PLACES	16		/* of the device's extents, in a region */
#define EXTENT	(4 * MIB)
#define HOST	VFIO_CXL_DC_EXTENT_HOST
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define DEFER	VFIO_CXL_DC_DECIDE_DEFER

void tag_text(const __u8 *tag, char text[37])
{
	unsigned int i;

	for (i = 0; i < VFIO_CXL_DC_TAG_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		text += sprintf(text, "%02x", tag[i]);
	}
}

static bool is_one(const struct vfio_cxl_dc_extent *e, enum which which)
{
	switch (which) {
	case FOR_APPS:
		return e->reach == VFIO_CXL_DC_REACH_APP;
	case OWN:
		return !(e->flags & HOST);
	case LENT:
		return e->flags & HOST;
	default:
		return true;
	}
}

bool any_extent(int node, __u32 state, enum which which,
		struct vfio_cxl_dc_extent *found)
{
	struct vfio_cxl_dc_extent e[256];
	int n = window_list(node, e, 256), i;
	unsigned int met = 0;

	for (i = 0; i < n; i++)
		if (e[i].state == state && is_one(&e[i], which) && one_in(++met))
			*found = e[i];

	return met;
}

static void recall(int node)
{
	struct vfio_cxl_dc_extent e;
	__u64 start = now_ns();
	char text[37];
	bool ok;

	if (!any_extent(node, VFIO_CXL_DC_COMMITTED, OWN, &e))
		return;
	tag_text(e.tag, text);
	ok = bed("fm release --tag %s --region %u%s", text, e.region,
		 one_in(3) ? " --forced" : "");
	/* It is gone already */
	tell(RECALLS, ok ? 0 : -ENOENT, 0, start);
}

void step_manager(int node)
{
	struct tag tag = tag_new();
	__u64 start = now_ns();
	bool ok;

	if (one_in(2)) {
		recall(node);
	} else {
		ok = bed("fm add --tag %s --region %u --offset %lu --length %lu",
			 tag.text, any(2), any(PLACES) * EXTENT, EXTENT);
		/* There is one already */
		tell(OFFERS, ok ? 0 : -EEXIST, 0, start);
	}
	doze(1500);
}

static void create(int node)
{
	__u64 size = one_in(3) ? (1 + any(64)) * PAGE : BLOCK;
	__u64 start = now_ns();
	int fd = backend_create(node, 1 + any(TAGS), size);

	tell(CREATES, fd < 0 ? fd : 0, backend_why, start);
	if (fd >= 0)
		close(fd);
}

static void destroy(int node)
{
	__u64 start = now_ns();
	int ret = backend_destroy(node, 1 + any(TAGS));

	tell(DESTROYS, ret, backend_why, start);
}

static void add(int node)
{
	__u32 region = FIRST + any(2);
	__u64 start = now_ns();
	int ret = window_add(node, 1 + any(TAGS), region, any(REGION / BLOCK) * BLOCK);

	tell(ADDS, ret, window_why, start);
}

static void take(int node)
{
	struct vfio_cxl_dc_extent e;
	bool force = one_in(2);
	__u64 start;
	int ret;

	if (!any_extent(node, one_in(4) ? VFIO_CXL_DC_PENDING : VFIO_CXL_DC_COMMITTED,
			LENT, &e))
		return;
	start = now_ns();
	ret = window_remove(node, tag_number(e.tag),
			    force ? VFIO_CXL_DC_REMOVE_FORCE : 0);
	tell(force ? TAKES : REMOVES, ret, window_why, start);
}

static void decide(int node, enum kind kind, unsigned long command, __u32 flags)
{
	__u32 state = command == VFIO_CXL_DC_RELEASE ? VFIO_CXL_DC_COMMITTED :
						       VFIO_CXL_DC_PENDING;
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_extent e;
	__u32 reach = 0;
	__u64 start;
	int ret;

	if (!any_extent(node, state, ANY, &e))
		return;
	/* With a descriptor of its own memory nobody can open the device */
	if (command == VFIO_CXL_DC_ACCEPT)
		reach = one_in(e.flags & HOST ? 3 : 2) ? VFIO_CXL_DC_REACH_DEVICE :
							 VFIO_CXL_DC_REACH_APP;
	start = now_ns();
	ret = dc_by_id(node, command, e.id, reach, flags, &answer) ? -errno : 0;
	tell(kind, ret, answer.reason, start);
}

void step_orchestrator(int node)
{
	switch (any(16)) {
	case 0 ... 2:
		create(node);
		break;
	case 3:
		destroy(node);
		break;
	case 4 ... 7:
		add(node);
		break;
	case 8:
		take(node);
		break;
	case 9 ... 11:
		decide(node, ACCEPTS, VFIO_CXL_DC_ACCEPT, 0);
		break;
	case 12:
		decide(node, REJECTS, VFIO_CXL_DC_REJECT, 0);
		break;
	case 13:
		decide(node, RELEASES, VFIO_CXL_DC_RELEASE, 0);
		break;
	case 14:
		decide(node, FORCES, VFIO_CXL_DC_RELEASE, FORCE);
		break;
	case 15:
		decide(node, DEFERS, VFIO_CXL_DC_RELEASE, DEFER);
		break;
	}
	doze(40);
}

void step_questions(int node)
{
	struct vfio_cxl_decoder decoder = { .argsz = sizeof(decoder) };
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_info dc;
	__u64 start = now_ns();
	int ret = 0;

	switch (any(4)) {
	case 0:
		ret = ioctl(node, VFIO_CXL_INFO, &info) ? -errno : 0;
		break;
	case 1:
		ret = ioctl(node, VFIO_CXL_DECODER, &decoder) ? -errno : 0;
		break;
	case 2:
		ret = dc_info(node, &dc) ? -errno : 0;
		break;
	case 3:
		ret = window_status(node, 1 + any(TAGS), &status);
		break;
	}
	tell(QUESTIONS, ret, 0, start);
	doze(30);
}

static void take_back(int node, const struct vfio_cxl_dc_extent *e)
{
	struct vfio_cxl_dc_remove arg = {
		.argsz = sizeof(arg), .flags = VFIO_CXL_DC_REMOVE_FORCE,
	};

	if (!(e->flags & HOST))
		return;
	memcpy(arg.tag, e->tag, sizeof(arg.tag));
	backend_ioctl(node, VFIO_CXL_DC_REMOVE, &arg);
}

/* The window, too. What is offered still, and what users had, goes back meanwhile */
static bool gives_back(int node)
{
	struct vfio_cxl_dc_extent e[256];
	int n = window_list(node, e, 256);

	while (n-- > 0)
		take_back(node, &e[n]);
	backend_clear(node);
	dc_give_all_back();

	return !window_list(node, e, 256) && !backend_count(node) &&
	       !window_configure(node, 0, 0, 0);
}

bool give_all_back(int node)
{
	return within(10 * SOON, gives_back(node));
}
