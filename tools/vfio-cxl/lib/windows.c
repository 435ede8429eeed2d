// SPDX-License-Identifier: GPL-2.0-only
/* Fixed memory windows without the driver: the CEDT as sysfs has it. */
#include <errno.h>
#include <string.h>

#include "../../../drivers/vfio/pci/cxl/cedt.h"
#include "private.h"

#define CEDT		"/sys/firmware/acpi/tables/CEDT"
#define CEDT_MAX_LEN	65536

bool vcxl_cedt_present(struct vcxl *ctx)
{
	char path[PATH_MAX];

	/* Who can't tell finds out when it is read */
	return !vcxl_path(ctx, path, CEDT) && vcxl_exists(path);
}

static int count_windows(const uint8_t *cedt, size_t len, uint32_t *total)
{
	struct vfio_cxl_cfmws w;
	int ret;

	for (*total = 0; ; ++*total) {
		ret = vfio_cxl_cedt_window(cedt, len, *total, &w);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
	}
}

static void fill(struct vfio_cxl_window *window, const struct vfio_cxl_cfmws *w)
{
	uint32_t i;

	window->base = w->base;
	window->size = w->size;
	window->ways = w->ways;
	window->granularity = w->granularity;
	window->restrictions = w->restrictions;
	window->qtg_id = w->qtg_id;
	for (i = 0; i < w->ways; i++)
		window->targets[i] = w->targets[i];
}

int vcxl_cedt_window(struct vcxl *ctx, struct vfio_cxl_window *window)
{
	/* Too large for a stack that a caller may have made small */
	static _Thread_local uint8_t cedt[CEDT_MAX_LEN];
	uint32_t index = window->index, total = 0;
	struct vfio_cxl_cfmws w;
	char path[PATH_MAX];
	size_t len;
	int ret = vcxl_path(ctx, path, CEDT);

	if (!ret)
		ret = vcxl_read_file(path, cedt, sizeof(cedt), &len);
	if (ret)
		return vcxl_fail(ctx, ret, path,
				 ret == -EACCES ? "run it as root" : "",
				 "can't read the CXL Early Discovery Table: %s",
				 strerror(-ret));
	ret = len == sizeof(cedt) ? -EOVERFLOW :
	      count_windows(cedt, len, &total);
	if (ret)
		return vcxl_fail(ctx, -EINVAL, path,
				 "update the platform's firmware",
				 "the CXL Early Discovery Table is damaged");
	memset(window, 0, sizeof(*window));
	window->index = index;
	window->total = total;
	if (index >= total)
		return -ENOENT;
	ret = vfio_cxl_cedt_window(cedt, len, index, &w);
	if (!ret)
		fill(window, &w);
	return ret;
}
