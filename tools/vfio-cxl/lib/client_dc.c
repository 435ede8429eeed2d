// SPDX-License-Identifier: GPL-2.0-only
/* Dynamic Capacity as a tenant has it, through the VFIO device fd. */
#include <errno.h>
#include <string.h>

#include "client.h"

static struct vcxl_dc of_client(struct vcxl_client *c)
{
	return (struct vcxl_dc){
		.ctx = c->ctx, .name = c->name, .fd = c->device,
	};
}

int vcxl_client_dc_info(struct vcxl_client *c, struct vfio_cxl_dc_info *info)
{
	struct vcxl_dc dc = of_client(c);

	return vcxl_dc_ask_info(&dc, info);
}

int vcxl_client_dc_list(struct vcxl_client *c,
			struct vfio_cxl_dc_extent **extents, size_t *count)
{
	struct vcxl_dc dc = of_client(c);

	return vcxl_dc_ask_list(&dc, extents, count);
}

int vcxl_client_dc_status(struct vcxl_client *c,
			  struct vfio_cxl_dc_status *status)
{
	struct vcxl_dc dc = of_client(c);

	return vcxl_dc_ask_status(&dc, status);
}

int vcxl_client_dc_accept(struct vcxl_client *c,
			  struct vfio_cxl_dc_decide *decide)
{
	struct vcxl_dc dc = of_client(c);

	return vcxl_dc_decide(&dc, VFIO_CXL_DC_ACCEPT, decide);
}

int vcxl_client_dc_reject(struct vcxl_client *c,
			  struct vfio_cxl_dc_decide *decide)
{
	struct vcxl_dc dc = of_client(c);

	return vcxl_dc_decide(&dc, VFIO_CXL_DC_REJECT, decide);
}

int vcxl_client_dc_release(struct vcxl_client *c,
			   struct vfio_cxl_dc_decide *decide)
{
	struct vcxl_dc dc = of_client(c);

	return vcxl_dc_decide(&dc, VFIO_CXL_DC_RELEASE, decide);
}

int vcxl_client_dc_eventfd(struct vcxl_client *c, int fd)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg), .fd = fd };

	return vcxl_client_ioctl(c->device, VFIO_CXL_DC_EVENTFD, &arg) ?
	       vcxl_client_fail(c, -errno,
				"can't be told of changes of Dynamic Capacity") :
	       0;
}
