// SPDX-License-Identifier: GPL-2.0-only
/* The window for host memory as a VFIO user has it. */
#include <errno.h>
#include <stdint.h>

#include <linux/vfio.h>

#include "client.h"

/* The largest page that host memory is mapped with */
#define HUGE_SIZE	(2ULL << 20)

#define FLAGS	(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE | \
		 VFIO_REGION_INFO_FLAG_MMAP)

int vcxl_client_window(struct vcxl_client *c, struct vcxl_client_region *window)
{
	int ret = vcxl_client_region(c, VFIO_CXL_REGION_TYPE,
				     VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
				     window);

	if (ret == -ENOENT)
		return vcxl_fail(c->ctx, ret, c->name,
				 "close the device, and make one with 'vfio-cxl dc configure'",
				 "the device had no window for host memory when it was opened");
	if (!ret && ((window->flags & FLAGS) != FLAGS || !window->size))
		return vcxl_fail(c->ctx, -EIO, c->name,
				 "load a cxl-vfio-pci that fits this library",
				 "the driver describes a window for host memory that can't be");
	return ret;
}

int vcxl_client_map_window(struct vcxl_client *c, void **addr, size_t *size)
{
	struct vcxl_client_region window;
	int ret = vcxl_client_window(c, &window);

	if (ret)
		return ret;
	if (window.size > SIZE_MAX)
		return vcxl_fail(c->ctx, -ENOMEM, c->name,
				 "use a 64 bit program, or a smaller window",
				 "the window for host memory is larger than all addresses");
	*size = window.size;
	return vcxl_client_map_congruent(c, window.offset, window.size,
					 HUGE_SIZE, 0, addr);
}
