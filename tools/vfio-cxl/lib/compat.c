// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs call that were linked with an earlier version of a function: see
 * abi.c. None of it is in the header; libvfio-cxl.map has its version.
 */
#include <stddef.h>
#include <string.h>

#include "client.h"

/* The attribute, unlike the other, outlives link time optimization */
#if defined(__has_attribute) && __has_attribute(symver)
#define VERSION(name)	__attribute__((used, symver(name)))
#else
#define VERSION(name)	__attribute__((used, annotate(name)))
__asm__(".symver vcxl_dc_info_2,vcxl_dc_info@VCXL_2");
__asm__(".symver vcxl_client_dc_info_2,vcxl_client_dc_info@VCXL_2");
__asm__(".symver vcxl_dc_list_2,vcxl_dc_list@VCXL_2");
__asm__(".symver vcxl_client_dc_list_2,vcxl_client_dc_list@VCXL_2");
#endif

/* Room for struct vfio_cxl_dc_info, up to VCXL_2 */
#define DC_INFO_2	offsetof(struct vfio_cxl_dc_info, window_size)

static int first_part(int ret, const struct vfio_cxl_dc_info *now,
		      struct vfio_cxl_dc_info *info)
{
	if (ret)
		return ret;
	memcpy(info, now, DC_INFO_2);
	info->argsz = DC_INFO_2;
	return 0;
}

VERSION("vcxl_dc_info@VCXL_2")
int vcxl_dc_info_2(struct vcxl_device *dev, struct vfio_cxl_dc_info *info);

int vcxl_dc_info_2(struct vcxl_device *dev, struct vfio_cxl_dc_info *info)
{
	struct vfio_cxl_dc_info now;

	return first_part(vcxl_dc_info(dev, &now), &now, info);
}

VERSION("vcxl_client_dc_info@VCXL_2")
int vcxl_client_dc_info_2(struct vcxl_client *client,
			  struct vfio_cxl_dc_info *info);

int vcxl_client_dc_info_2(struct vcxl_client *client,
			  struct vfio_cxl_dc_info *info)
{
	struct vfio_cxl_dc_info now;

	return first_part(vcxl_client_dc_info(client, &now), &now, info);
}

/* Whose regions, DPA and offsets these programs would take for the device's */
static int without_host(int ret, struct vfio_cxl_dc_extent **extents,
			size_t *count)
{
	struct vfio_cxl_dc_extent *e;
	size_t i, n = 0;

	if (ret)
		return ret;
	e = *extents;
	for (i = 0; i < *count; i++)
		if (!(e[i].flags & VFIO_CXL_DC_EXTENT_HOST))
			e[n++] = e[i];
	*count = n;
	return 0;
}

VERSION("vcxl_dc_list@VCXL_2")
int vcxl_dc_list_2(struct vcxl_device *dev,
		   struct vfio_cxl_dc_extent **extents, size_t *count);

int vcxl_dc_list_2(struct vcxl_device *dev,
		   struct vfio_cxl_dc_extent **extents, size_t *count)
{
	int ret = vcxl_dc_list(dev, extents, count);

	return without_host(ret, extents, count);
}

VERSION("vcxl_client_dc_list@VCXL_2")
int vcxl_client_dc_list_2(struct vcxl_client *client,
			  struct vfio_cxl_dc_extent **extents, size_t *count);

int vcxl_client_dc_list_2(struct vcxl_client *client,
			  struct vfio_cxl_dc_extent **extents, size_t *count)
{
	int ret = vcxl_client_dc_list(client, extents, count);

	return without_host(ret, extents, count);
}
