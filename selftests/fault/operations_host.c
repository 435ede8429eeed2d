// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on the window for host memory. There the driver itself is the device, so
 * that no failure costs anything: a call that fails has done nothing.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "operations.h"
#include "../uapi/window.h"

#define TAG	7

static struct window w = { .user = { -1, -1, -1, -1 }, .node = -1 };
static char *mapping = MAP_FAILED;
static int descriptor = -1;

static bool ready(void)
{
	operation_left();
	if (!operation_is_bound() && operation_bind())
		return false;
	w.node = control_open();

	return w.node >= 0;
}

/* The first window since a bind takes more than another one */
static bool begin_configure(void)
{
	operation_left();

	return operation_unbound() && ready();
}

static int call_configure(void)
{
	return window_configure(w.node, 2, REGION, 0);
}

static bool over(void)
{
	if (mapping != MAP_FAILED)
		munmap(mapping, REGION);
	mapping = MAP_FAILED;
	if (descriptor >= 0)
		close(descriptor);
	descriptor = -1;
	window_end(&w);
	w.node = -1;

	return true;
}

static bool configured(void)
{
	return ready() && !call_configure();
}

static bool begin_add(void)
{
	int fd;

	if (!configured())
		return false;
	fd = backend_create(w.node, TAG, BLOCK);
	close(fd);

	return fd >= 0;
}

/* Who could not be told that it is offered finds it so */
static int call_add(void)
{
	int ret = window_add(w.node, TAG, FIRST, BLOCK);

	return ret == -EBUSY && window_why == VFIO_CXL_REASON_BACKEND_RESERVED ?
	       0 : ret;
}

static bool added(void)
{
	return begin_add() && !call_add();
}

static int call_accept(void)
{
	return window_accept(w.node, TAG, VFIO_CXL_DC_REACH_DEVICE);
}

static bool accepted(void)
{
	return added() && !call_accept();
}

static int call_open(void)
{
	return window_open(&w);
}

static bool opened(void)
{
	return accepted() && !call_open();
}

static int call_map(void)
{
	mapping = window_map(&w, 0, REGION);
	if (mapping == MAP_FAILED)
		return -errno;
	if (!touch(mapping + BLOCK, true))
		return 0;
	munmap(mapping, REGION);
	mapping = MAP_FAILED;

	return -EFAULT;
}

static bool is_mapped(void)
{
	return mapping == MAP_FAILED || !touch(mapping + BLOCK, false);
}

static char buffer[4096];

static int call_read(void)
{
	ssize_t got = pread(w.user.device, buffer, sizeof(buffer),
			    w.region.offset + BLOCK);

	return got < 0 ? -errno : got == sizeof(buffer) ? 0 : -EIO;
}

static int call_write(void)
{
	ssize_t got = pwrite(w.user.device, buffer, sizeof(buffer),
			     w.region.offset + BLOCK);

	return got < 0 ? -errno : got == sizeof(buffer) ? 0 : -EIO;
}

static int call_questions(void)
{
	struct vfio_cxl_dc_extent extents[4];
	struct vfio_cxl_dc_status status;
	int n = window_list(w.node, extents, 4);

	if (n < 0)
		return n;

	return window_status(w.node, TAG, &status);
}

static int call_ask_back(void)
{
	return window_remove(w.node, TAG, 0);
}

/* Who could not be told that it is taken finds nothing more to take */
static int call_take(void)
{
	int ret = window_remove(w.node, TAG, VFIO_CXL_DC_REMOVE_FORCE);

	return ret == -ENOENT ? 0 : ret;
}

static int call_release(void)
{
	return window_release(w.node, TAG, 0);
}

static bool accepted_for_tag(void)
{
	return added() && !window_accept(w.node, TAG, VFIO_CXL_DC_REACH_APP);
}

static int call_tag_open(void)
{
	struct vfio_cxl_dc_open arg = { .argsz = sizeof(arg) };

	tag_set(arg.tag, TAG);
	if (ioctl(w.node, VFIO_CXL_DC_OPEN, &arg))
		return -errno;
	descriptor = arg.fd;

	return 0;
}

static bool tag_opened(void)
{
	return accepted_for_tag() && !call_tag_open();
}

/* It comes to a descriptor that is there */
static bool begin_tag_again(void)
{
	return tag_opened() && !window_release(w.node, TAG, 0) && !call_add();
}

static int call_tag_again(void)
{
	return window_accept(w.node, TAG, VFIO_CXL_DC_REACH_APP);
}

const struct operation operations_host[] = {
	{ "host_configure", begin_configure, call_configure, over,
	  .inside = true, .depth = 20 },
	{ "host_add", begin_add, call_add, over, .inside = true },
	{ "host_accept", added, call_accept, over, .inside = true },
	{ "host_open", accepted, call_open, over, .gated = true },
	{ "host_map", opened, call_map, over, .check = is_mapped,
	  .inside = true, .depth = 20 },
	{ "host_read", opened, call_read, over, .inside = true,
	  .only = "kernel" },
	{ "host_write", opened, call_write, over, .inside = true,
	  .only = "kernel" },
	{ "host_questions", accepted, call_questions, over, .inside = true },
	{ "host_ask_back", accepted, call_ask_back, over, .inside = true },
	{ "host_take", accepted, call_take, over, .inside = true },
	{ "host_release", accepted, call_release, over, .inside = true },
	{ "tag_open", accepted_for_tag, call_tag_open, over, .inside = true },
	{ "tag_again", begin_tag_again, call_tag_again, over, .inside = true },
	{ "tag_release", tag_opened, call_release, over, .inside = true },
	{}
};
