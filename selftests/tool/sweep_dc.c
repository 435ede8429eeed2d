// SPDX-License-Identifier: GPL-2.0-only
/* The library's calls of Dynamic Capacity, for sweep_lib.c: see fake_dc.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep_lib.h"

static const uint8_t tag[VFIO_CXL_DC_TAG_LEN] = { 0x6b, 0xa7, 0xb8, 0x10 };

static int do_dc_info(void)
{
	struct vfio_cxl_dc_info info;
	int ret = vcxl_dc_info(dev, &info);

	if (!ret)
		sprintf(result, "%x %u", info.flags, info.region_count);
	return ret;
}

static int do_dc_list(void)
{
	struct vfio_cxl_dc_extent *extents;
	size_t count, i, n = 0;
	int ret = vcxl_dc_list(dev, &extents, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		n += sprintf(result + n, "%llu ",
			     (unsigned long long)extents[i].id);
	free(extents);
	return 0;
}

static int do_dc_status(void)
{
	struct vfio_cxl_dc_status status = { 0 };
	int ret;

	memcpy(status.tag, tag, sizeof(tag));
	ret = vcxl_dc_status(dev, &status);
	if (!ret)
		sprintf(result, "%u", status.state);
	return ret;
}

static int do_dc_release(void)
{
	struct vfio_cxl_dc_decide decide = { 0 };
	int ret;

	memcpy(decide.tag, tag, sizeof(tag));
	ret = vcxl_dc_release(dev, &decide);
	if (!ret)
		sprintf(result, "%x", decide.flags);
	return ret;
}

static int do_dc_deadline(void)
{
	return vcxl_dc_deadline(dev, 4, VFIO_CXL_DC_NEVER);
}

static int do_events(void)
{
	struct vfio_cxl_dc_event event;
	struct vcxl_events *events;
	int ret = vcxl_events_open(dev, &events);

	if (ret)
		return ret;
	ret = vcxl_events_seek(events, 1);
	if (!ret)
		ret = vcxl_events_wait(events, 0);
	if (!ret)
		ret = vcxl_events_next(events, &event);
	if (!ret)
		sprintf(result, "%llu", (unsigned long long)event.sequence);
	vcxl_events_close(events);
	return ret;
}

/* Each of them; what the last round could not destroy goes first */
static int do_backend(void)
{
	struct vfio_cxl_backend_create create = { .size = 4096 };
	struct vfio_cxl_backend_info *backends;
	static bool left;
	size_t count;
	int fd, ret;

	if (left)
		left = vcxl_backend_destroy(dev, tag, 0);
	memcpy(create.tag, tag, sizeof(tag));
	ret = vcxl_backend_create(dev, &create, &fd);
	if (ret)
		return ret;
	left = true;
	close(fd);
	ret = vcxl_backend_list(dev, &backends, &count);
	if (ret)
		return ret;
	sprintf(result, "%zu", count);
	free(backends);
	ret = vcxl_backend_destroy(dev, tag, 0);
	left = ret;
	return ret;
}

/* A window, what is offered in it, and what is asked for back */
static int do_window(void)
{
	struct vfio_cxl_dc_configure configure = { .regions = 1, .size = 4096 };
	struct vfio_cxl_dc_add add = { .region = VFIO_CXL_DC_HOST_REGION };
	struct vfio_cxl_dc_remove remove = { 0 };
	int ret = vcxl_dc_configure(dev, &configure);

	memcpy(add.tag, tag, sizeof(tag));
	memcpy(remove.tag, tag, sizeof(tag));
	if (!ret)
		ret = vcxl_dc_add(dev, &add);
	if (!ret)
		ret = vcxl_dc_remove(dev, &remove);
	if (!ret)
		sprintf(result, "%llu", (unsigned long long)add.extent);
	return ret;
}

static int do_open(void)
{
	struct vfio_cxl_dc_open arg = { .flags = VFIO_CXL_DC_OPEN_RDONLY };
	int fd, ret;

	memcpy(arg.tag, tag, sizeof(tag));
	ret = vcxl_dc_open(dev, &arg, &fd);
	if (ret)
		return ret;
	sprintf(result, "%llu", (unsigned long long)arg.size);
	close(fd);
	return 0;
}

const struct call dc_calls[] = {
	{ "vcxl_dc_info", do_dc_info, false, NULL, false },
	{ "vcxl_dc_list", do_dc_list, false, NULL, false },
	{ "vcxl_dc_status", do_dc_status, false, NULL, false },
	{ "vcxl_dc_release", do_dc_release, false, NULL, false },
	{ "vcxl_dc_deadline", do_dc_deadline, false, NULL, false },
	{ "vcxl_backend_*", do_backend, false, NULL, false },
	{ "vcxl_dc_configure, _add, _remove", do_window, false, NULL, false },
	{ "vcxl_dc_open", do_open, false, NULL, false },
	{ "vcxl_events_*", do_events, false, NULL, false },
	{ 0 },
};
