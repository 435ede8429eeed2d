// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each epoch begins with, and what must be so once everything is given back:
 * nothing is left, and the device works.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../uapi/dc.h"
#include "../uapi/event.h"
#include "../uapi/window.h"
#include "vmfuzz.h"

bool epoch_ends;
int first_fd;

static bool fails(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));

	return false;
}

static bool is_bound(void)
{
	int node = control_open();

	close(node);

	return node >= 0;
}

static char port[64];		/* above the device, also when that is not there */

/*
 * If what it says of itself is refused, it is not asked again before it behaves; and as
 * the kernel has believed some of it, it is found anew
 */
bool device_back(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		/* Another thread may have been faster */
		if (i && is_bound())
			return true;
		if (i && !device_default())
			return false;
		if (i && topology_is("model"))
			sysfs_write(dev_bdf(), "remove", "1");
		if (sysfs_write(dev_bdf(), "driver_override", "cxl-vfio-pci")) {
			sysfs_write(port, "rescan", "1");
			sysfs_write(dev_bdf(), "driver_override",
				    "cxl-vfio-pci");
		}
		if (dev_bind())
			return true;
	}

	return false;
}

bool device_anew(void)
{
	dev_unbind();

	return device_default() && device_back();
}

/* Also those whose tags are none that backend_clear() knows of */
static void backends_destroy(int node)
{
	static struct vfio_cxl_backend_info info[64];
	struct vfio_cxl_backend_list list = {};
	unsigned int i;

	if (backend_list(node, &list, info, 64))
		return;
	for (i = 0; i < list.count; i++) {
		struct vfio_cxl_backend_destroy arg = { .argsz = sizeof(arg) };

		memcpy(arg.tag, info[i].tag, sizeof(arg.tag));
		backend_ioctl(node, VFIO_CXL_BACKEND_DESTROY, &arg);
	}
}

/* What holds it is given back, but for what other threads hold, or make anew */
bool module_reload(void)
{
	struct window w = { .user = USER_CLOSED, .node = control_open() };
	int fd = open(getenv("MODULE"), O_RDONLY | O_CLOEXEC);
	bool ok = false;

	/* First what has backends, then these */
	if (w.node >= 0)
		window_end(&w);
	w.node = control_open();
	if (w.node >= 0)
		backends_destroy(w.node);
	close(w.node);
	if (fd >= 0 && !syscall(SYS_delete_module, "cxl_vfio_pci", O_NONBLOCK)) {
		ok = !syscall(SYS_finit_module, fd, "", 0);
		cover_base();
	}
	close(fd);

	return ok;
}

static void params_reset(void)
{
	param_set("clear_on_close", "0");
	param_set("dc_unbind_release", "0");
	param_set("dc_deadline_s", "0");
}

static bool bound_at_last(void)
{
	unsigned int i;

	for (i = 0; i < 10 && !is_bound(); i++)
		if (!device_back())
			usleep(100000);

	return within(SOON, is_bound()) || fails("the device can't be bound");
}

/* It must not matter what it has done, once it behaves */
static bool device_honest(void)
{
	return !device_was_told() || device_anew() ||
	       fails("the device can't be bound that does not lie any more");
}

bool epoch_begin(void)
{
	int node;

	if (!*port) {
		snprintf(port, sizeof(port), "%s", root_port());
		if (topology_is("model"))
			device_anew();
	}
	if (!device_honest() || !bound_at_last())
		return false;
	params_reset();
	if (!within(SOON, memory_ready()))
		return fails("there is no memory");
	node = control_open();
	if (window_configure(node, 2, REGION, PAGE))
		return fails("there is no window");
	close(node);
	__atomic_store_n(&epoch_ends, false, __ATOMIC_RELAXED);

	return true;
}

/* What has neither capacity nor a window has no list */
static bool nothing_left(int node)
{
	struct vfio_cxl_dc_extent extents[8];
	struct vfio_cxl_info info;
	int n = window_list(node, extents, 8);

	return (!n || n == -EOPNOTSUPP) && backend_count(node) == 0 &&
	       !control_info(&info) && !(info.flags & VFIO_CXL_INFO_OPEN);
}

static void left_print(bool ok, int node)
{
	struct vfio_cxl_dc_extent extents[8];
	struct vfio_cxl_info info;
	int n = ok ? 0 : window_list(node, extents, 8);

	if (ok || control_info(&info))
		return;
	printf("# %d backends, %d extents, flags %#x, gate %#x\n",
	       backend_count(node), n, info.flags, info.gate);
	while (n-- > 0)
		printf("# extent %llu: state %u, reach %u, reason %u, flags %#x\n",
		       extents[n].id, extents[n].state, extents[n].reach,
		       extents[n].reason, extents[n].flags);
}

/* All threads wait. What they have not closed themselves has no owner */
bool epoch_end(void)
{
	struct window w = { .user = USER_CLOSED };
	bool ok;

	objects_close();
	areas_clear();
	close_range(first_fd, ~0U, 0);
	if (!bound_at_last())
		return false;
	params_reset();
	w.node = control_open();
	dc_give_all_back();
	ok = within(SOON, (backends_destroy(w.node), nothing_left(w.node)));
	left_print(ok, w.node);
	control_guest_clear(&(struct vfio_cxl_guest_clear){});
	window_end(&w);
	control_clear(&(struct vfio_cxl_decoder_clear){});

	return ok ? true : fails("not everything was given back");
}

/* Other bytes here and there, and read back, by the mapping and by the descriptor */
static bool memory_works(const struct user *user, char *memory, __u64 offset,
			 size_t size)
{
	size_t at, step = size / 16;
	char page[PAGE];

	if (memory == MAP_FAILED)
		return fails("mmap");
	for (at = 0; at < size; at += step)
		memset(memory + at, at / step + 1, PAGE);
	for (at = 0; at < size; at += step) {
		if (pread(user->device, page, PAGE, offset + at) != PAGE)
			return fails("read");
		if (!all_are(page, at / step + 1, PAGE) ||
		    memcmp(page, memory + at, PAGE))
			return fails("the memory does not keep what is written");
	}
	munmap(memory, size);

	return true;
}

static bool window_works(void)
{
	struct window w = { .user = USER_CLOSED };
	bool ok = !window_begin(&w, 0) &&
		  !window_offer(&w, 9, BLOCK, FIRST, BLOCK) &&
		  !window_accept(w.node, 9, VFIO_CXL_DC_REACH_DEVICE) &&
		  !window_open(&w);

	ok = ok && memory_works(&w.user, window_map(&w, BLOCK, BLOCK),
				w.region.offset + BLOCK, BLOCK);
	window_end(&w);

	return ok ? true : fails("the window");
}

/* Opened once more, after all */
bool device_works(void)
{
	struct region region;
	struct user user;
	bool ok;

	if (!device_honest())
		return false;
	if (!within(SOON, memory_ready()) || user_open(&user) ||
	    user_find(&user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &region))
		return fails("open");
	ok = memory_works(&user, map_congruent(&user, 0, 2 * BLOCK),
			  region.offset, 2 * BLOCK);
	user_close(&user);
	if (!fm_settles(0, 0))
		return fails("the device has extents still");

	return ok && window_works();
}
