// SPDX-License-Identifier: GPL-2.0-only
/* Host memory under a tag: made, listed and destroyed on the control node. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"

/* Of a list, which has no more; and how often one that changes is begun anew */
#define MAX_BACKENDS	4096
#define MAX_RESTARTS	16

static int call(struct vcxl_device *dev, unsigned long request, void *arg)
{
	int ret = vcxl_control_open(dev);

	if (ret)
		return ret;
	do {
		ret = ioctl(dev->control, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int fail(struct vcxl_device *dev, int err, uint32_t reason,
		const char *doing)
{
	/* vcxl_control_open() has told already */
	if (dev->control < 0)
		return err;
	return vcxl_fail_reason(dev->ctx, err, dev->name, reason, "", doing);
}

static int no_sense(struct vcxl_device *dev, const char *what)
{
	return vcxl_fail(dev->ctx, -EIO, dev->name,
			 "load a cxl-vfio-pci that this command knows",
			 "the driver's answer makes no sense: %s", what);
}

int vcxl_backend_create(struct vcxl_device *dev,
			struct vfio_cxl_backend_create *create, int *fd)
{
	int ret;

	create->argsz = sizeof(*create);
	create->fd = 0;
	create->reason = 0;
	create->id = 0;
	create->huge = 0;
	ret = call(dev, VFIO_CXL_BACKEND_CREATE, create);
	if (ret)
		return fail(dev, ret, create->reason,
			    "can't set host memory aside");
	if (create->fd < 0)
		return no_sense(dev, "no descriptor");
	*fd = create->fd;
	return 0;
}

/* -EAGAIN: it changed between its pages */
static int list_once(struct vcxl_device *dev,
		     struct vfio_cxl_backend_info *backends, size_t *count)
{
	struct vfio_cxl_backend_list list = { 0 };
	size_t i;
	int ret;

	*count = 0;
	do {
		list.argsz = sizeof(list);
		list.flags = 0;
		list.backends = (uintptr_t)(backends + *count);
		list.room = MAX_BACKENDS - *count;
		list.count = 0;
		ret = call(dev, VFIO_CXL_BACKEND_LIST, &list);
		if (ret)
			return fail(dev, ret, list.reason,
				    "can't list the backends");
		if (list.count > list.room)
			return no_sense(dev, "more backends than there is room for");
		*count += list.count;
		if (list.flags & VFIO_CXL_BACKEND_LIST_MORE &&
		    (!list.count || *count == MAX_BACKENDS))
			return no_sense(dev, "the list of backends does not end");
	} while (list.flags & VFIO_CXL_BACKEND_LIST_MORE);
	for (i = 1; i < *count; i++)
		if (backends[i].id <= backends[i - 1].id)
			return no_sense(dev, "the list of backends is not in order");
	return 0;
}

int vcxl_backend_list(struct vcxl_device *dev,
		      struct vfio_cxl_backend_info **backends, size_t *count)
{
	int i, ret = -EAGAIN;

	*count = 0;
	*backends = calloc(MAX_BACKENDS, sizeof(**backends));
	if (!*backends)
		return vcxl_fail(dev->ctx, -ENOMEM, dev->name, "",
				 "out of memory for the list of backends");
	for (i = 0; ret == -EAGAIN && i < MAX_RESTARTS; i++)
		ret = list_once(dev, *backends, count);
	if (!ret)
		return 0;
	free(*backends);
	*backends = NULL;
	*count = 0;
	return ret;
}

int vcxl_backend_destroy(struct vcxl_device *dev,
			 const uint8_t tag[VFIO_CXL_DC_TAG_LEN], uint64_t id)
{
	struct vfio_cxl_backend_destroy arg = {
		.argsz = sizeof(arg), .id = id,
	};
	int ret;

	memcpy(arg.tag, tag, sizeof(arg.tag));
	ret = call(dev, VFIO_CXL_BACKEND_DESTROY, &arg);
	if (ret == -ENOENT && dev->control >= 0)
		return vcxl_fail(dev->ctx, ret, dev->name,
				 "'vfio-cxl backend list' shows what there is",
				 "there is no backend with this tag");
	return ret ? fail(dev, ret, arg.reason, "can't destroy the backend") :
		     0;
}
