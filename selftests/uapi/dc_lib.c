// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "dc.h"

/* A random UUID; this one's bytes are in the order of its text */
struct tag tag_new(void)
{
	struct tag tag;
	char *at = tag.text;
	unsigned int i;

	getrandom(tag.bytes, sizeof(tag.bytes), 0);
	tag.bytes[6] = (tag.bytes[6] & 0x0f) | 0x40;
	tag.bytes[8] = (tag.bytes[8] & 0x3f) | 0x80;
	for (i = 0; i < sizeof(tag.bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", tag.bytes[i]);
	}

	return tag;
}

int dc_info(int node, struct vfio_cxl_dc_info *info)
{
	*info = (struct vfio_cxl_dc_info){ .argsz = sizeof(*info) };

	return ioctl(node, VFIO_CXL_DC_INFO, info);
}

/* All of them, in pages of a few; begins again where the list changed */
int dc_list(int node, struct vfio_cxl_dc_extent *extents, __u32 room,
	    __u32 *count)
{
	struct vfio_cxl_dc_list list = {};
	int ret;

	*count = 0;
	do {
		list.argsz = sizeof(list);
		list.flags = 0;
		list.count = 0;
		list.extents = (uintptr_t)(extents + *count);
		list.room = room - *count < 3 ? room - *count : 3;
		ret = ioctl(node, VFIO_CXL_DC_LIST, &list);
		if (ret && errno == EAGAIN) {
			memset(&list, 0, sizeof(list));
			*count = 0;
			list.flags = VFIO_CXL_DC_LIST_MORE;
			continue;
		}
		if (ret)
			return ret;
		*count += list.count;
	} while ((list.flags & VFIO_CXL_DC_LIST_MORE) && *count < room);

	return 0;
}

int dc_status(int node, const struct tag *tag,
	      struct vfio_cxl_dc_status *status)
{
	*status = (struct vfio_cxl_dc_status){ .argsz = sizeof(*status) };
	memcpy(status->tag, tag->bytes, sizeof(status->tag));

	return ioctl(node, VFIO_CXL_DC_STATUS, status);
}

int dc_extent(int node, __u64 id, struct vfio_cxl_dc_status *status)
{
	*status = (struct vfio_cxl_dc_status){
		.argsz = sizeof(*status),
		.flags = VFIO_CXL_DC_STATUS_EXTENT,
		.extent = id,
	};

	return ioctl(node, VFIO_CXL_DC_STATUS, status);
}

static int decide(int node, unsigned long command, const struct tag *tag,
		  __u32 reach, __u32 flags, struct vfio_cxl_dc_decide *decide)
{
	*decide = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(*decide),
		.flags = flags,
		.reach = reach,
	};
	memcpy(decide->tag, tag->bytes, sizeof(decide->tag));

	return ioctl(node, command, decide);
}

int dc_accept(int node, const struct tag *tag, __u32 reach,
	      struct vfio_cxl_dc_decide *answer)
{
	return decide(node, VFIO_CXL_DC_ACCEPT, tag, reach, 0, answer);
}

int dc_reject(int node, const struct tag *tag,
	      struct vfio_cxl_dc_decide *answer)
{
	return decide(node, VFIO_CXL_DC_REJECT, tag, 0, 0, answer);
}

int dc_release(int node, const struct tag *tag, __u32 flags,
	       struct vfio_cxl_dc_decide *answer)
{
	return decide(node, VFIO_CXL_DC_RELEASE, tag, 0, flags, answer);
}

int dc_by_id(int node, unsigned long command, __u64 id, __u32 reach,
	     __u32 flags, struct vfio_cxl_dc_decide *decide)
{
	*decide = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(*decide),
		.flags = flags,
		.reach = reach,
		.ids = (uintptr_t)&id,
		.count = 1,
	};

	return ioctl(node, command, decide);
}

/* NONE where the tag is not known */
__u32 dc_state(int node, const struct tag *tag)
{
	struct vfio_cxl_dc_status status;

	return dc_status(node, tag, &status) ? VFIO_CXL_DC_NONE : status.state;
}

bool dc_becomes(int node, const struct tag *tag, __u32 state, int ms)
{
	for (; ms > 0; ms -= 10) {
		if (dc_state(node, tag) == state)
			return true;
		usleep(10000);
	}

	return false;
}

/* Nothing is being answered or given back */
bool dc_settles(int node, int ms)
{
	struct vfio_cxl_dc_info info;

	for (; ms > 0; ms -= 10) {
		if (!dc_info(node, &info) &&
		    info.flags & VFIO_CXL_DC_INFO_SYNCED &&
		    !info.nr[VFIO_CXL_DC_ACCEPTING] &&
		    !info.nr[VFIO_CXL_DC_RELEASING])
			return true;
		usleep(10000);
	}

	return false;
}

/* How often a word stands in what the fabric manager tells, between two others */
static int fm_count(const char *from, const char *to)
{
	char *text = bed("fm list"), *at = text, *end;
	int count = 0;

	while (at && (at = strstr(at, from))) {
		end = strstr(at, to);
		while ((at = strstr(at, "\"offset\"")) && at < end) {
			count++;
			at++;
		}
		at = end;
	}

	return text ? count : -1;
}

int fm_accepted(void)
{
	return fm_count("\"accepted\"", "]");
}

int fm_pending(void)
{
	return fm_count("\"pending\"", "]");
}

bool fm_settles(int accepted, int pending)
{
	int ms;

	for (ms = 5000; ms > 0; ms -= 50) {
		if (fm_accepted() == accepted && fm_pending() == pending)
			return true;
		usleep(50000);
	}

	return false;
}

/* What a test that failed has left is not for the next one */
void dc_give_all_back(void)
{
	struct vfio_cxl_dc_extent extents[64];
	struct vfio_cxl_dc_decide answer;
	int node = control_open();
	__u32 count, i;

	if (node < 0 || dc_list(node, extents, 64, &count))
		count = 0;
	for (i = 0; i < count; i++) {
		struct tag tag;

		memcpy(tag.bytes, extents[i].tag, sizeof(tag.bytes));
		if (extents[i].state == VFIO_CXL_DC_PENDING) {
			if (dc_reject(node, &tag, &answer))
				dc_by_id(node, VFIO_CXL_DC_REJECT,
					 extents[i].id, 0, 0, &answer);
		} else if (dc_release(node, &tag, VFIO_CXL_DC_DECIDE_FORCE,
				      &answer)) {
			dc_by_id(node, VFIO_CXL_DC_RELEASE, extents[i].id, 0,
				 VFIO_CXL_DC_DECIDE_FORCE, &answer);
		}
	}
	dc_settles(node, 5000);
	close(node);
}
