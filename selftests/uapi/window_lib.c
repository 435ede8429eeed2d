// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "window.h"

__u32 window_why;
struct vfio_cxl_dc_decide window_answer;

int window_configure(int node, __u32 regions, __u64 size, __u64 block)
{
	struct vfio_cxl_dc_configure arg = {
		.argsz = sizeof(arg), .regions = regions, .size = size,
		.block = block,
	};
	int ret = backend_ioctl(node, VFIO_CXL_DC_CONFIGURE, &arg);

	window_why = arg.reason;

	return ret;
}

int window_begin(struct window *w, __u64 block)
{
	w->user = USER_CLOSED;
	w->node = control_open();

	return w->node < 0 ? -errno :
	       window_configure(w->node, 2, REGION, block);
}

int window_open(struct window *w)
{
	int ret = user_open(&w->user);

	if (ret)
		return ret;
	ret = user_find(&w->user, VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
			&w->region);
	if (ret)
		user_close(&w->user);

	return ret;
}

static void remove_tag(int node, const __u8 *tag)
{
	struct vfio_cxl_dc_remove arg = {
		.argsz = sizeof(arg), .flags = VFIO_CXL_DC_REMOVE_FORCE,
	};

	memcpy(arg.tag, tag, sizeof(arg.tag));
	backend_ioctl(node, VFIO_CXL_DC_REMOVE, &arg);
}

/* Whatever the test left there */
void window_end(struct window *w)
{
	struct vfio_cxl_dc_extent extents[256];
	int n;

	user_close(&w->user);
	/* What the tenancy had goes back meanwhile */
	do
		n = window_list(w->node, extents, 256);
	while (n == -EAGAIN);
	while (n-- > 0)
		if (extents[n].flags & VFIO_CXL_DC_EXTENT_HOST)
			remove_tag(w->node, extents[n].tag);
	backend_clear(w->node);
	window_configure(w->node, 0, 0, 0);
	close(w->node);
}

char *window_map(const struct window *w, __u64 at, __u64 size)
{
	char *room = mmap(NULL, size + BLOCK, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *to = (char *)(((uintptr_t)room + BLOCK - 1) & -BLOCK);

	return mmap(to, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    w->user.device, w->region.offset + at);
}

int window_add(int node, unsigned int tag, __u32 region, __u64 offset)
{
	struct vfio_cxl_dc_add arg = {
		.argsz = sizeof(arg), .region = region, .offset = offset,
	};
	int ret;

	tag_set(arg.tag, tag);
	ret = backend_ioctl(node, VFIO_CXL_DC_ADD, &arg);
	window_why = arg.reason;

	return ret;
}

int window_remove(int node, unsigned int tag, __u32 flags)
{
	struct vfio_cxl_dc_remove arg = { .argsz = sizeof(arg), .flags = flags };
	int ret;

	tag_set(arg.tag, tag);
	ret = backend_ioctl(node, VFIO_CXL_DC_REMOVE, &arg);
	window_why = arg.reason;

	return ret;
}

static int decide(int node, unsigned long cmd, unsigned int tag, __u32 reach,
		  __u32 flags)
{
	int ret;

	window_answer = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(window_answer), .flags = flags, .reach = reach,
	};
	tag_set(window_answer.tag, tag);
	ret = backend_ioctl(node, cmd, &window_answer);
	window_why = window_answer.reason;

	return ret;
}

int window_accept(int node, unsigned int tag, __u32 reach)
{
	return decide(node, VFIO_CXL_DC_ACCEPT, tag, reach, 0);
}

int window_reject(int node, unsigned int tag)
{
	return decide(node, VFIO_CXL_DC_REJECT, tag, 0, 0);
}

int window_release(int node, unsigned int tag, __u32 flags)
{
	return decide(node, VFIO_CXL_DC_RELEASE, tag, 0, flags);
}

int window_status(int node, unsigned int tag, struct vfio_cxl_dc_status *status)
{
	*status = (struct vfio_cxl_dc_status){ .argsz = sizeof(*status) };
	tag_set(status->tag, tag);

	return backend_ioctl(node, VFIO_CXL_DC_STATUS, status);
}

__u32 window_state(int node, unsigned int tag)
{
	struct vfio_cxl_dc_status status;

	return window_status(node, tag, &status) ? VFIO_CXL_DC_NONE :
						   status.state;
}

/* How many, or -errno */
int window_list(int node, struct vfio_cxl_dc_extent *extents, __u32 room)
{
	struct vfio_cxl_dc_list list = {
		.argsz = sizeof(list), .room = room,
		.extents = (uintptr_t)extents,
	};
	int ret = backend_ioctl(node, VFIO_CXL_DC_LIST, &list);

	window_why = list.reason;

	return ret ? ret : list.count;
}

int window_offer(const struct window *w, unsigned int tag, __u64 size,
		 __u32 region, __u64 offset)
{
	int fd = backend_create(w->node, tag, size);
	char *memory;

	if (fd < 0)
		return fd;
	memory = backend_map(fd, size);
	close(fd);
	if (memory == MAP_FAILED)
		return -errno;
	memset(memory, tag, size);
	munmap(memory, size);

	return window_add(w->node, tag, region, offset);
}
