// SPDX-License-Identifier: GPL-2.0-only
/*
 * What VFIO says of an open device: its info and its regions, with their
 * capabilities. Answers of the kernel are checked like any others, because a
 * wrong offset here ends as a write to the wrong place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>

#include "client.h"

#define MAX_REGIONS	256
#define MAX_REPLY	65536

/*
 * Asks with a copy of @head, which begins with its argsz, as often as the
 * answer needs more room. @reply is to be freed; @len bytes of it are there.
 */
static int ask(struct vcxl_client *c, unsigned long request, const void *head,
	       uint32_t head_len, void **reply, uint32_t *len)
{
	uint32_t argsz = head_len, want;

	for (;;) {
		char *buf = calloc(1, argsz);

		if (!buf)
			return -ENOMEM;
		memcpy(buf, head, head_len);
		memcpy(buf, &argsz, sizeof(argsz));
		if (vcxl_client_ioctl(c->device, request, buf)) {
			int ret = -errno;

			free(buf);
			return ret;
		}
		memcpy(&want, buf, sizeof(want));
		if (want <= argsz) {
			*reply = buf;
			*len = argsz;
			return 0;
		}
		free(buf);
		if (want > MAX_REPLY)
			return -EMSGSIZE;
		argsz = want;
	}
}

/*
 * Copies capability @id of a reply, whose chain begins at @pos and may lie. A
 * version that isn't known may be laid out otherwise: it counts as none.
 */
static int copy_cap(const void *reply, uint32_t head_len, uint32_t len,
		    uint32_t pos, uint16_t id, void *cap, size_t size)
{
	struct vfio_info_cap_header header;
	uint32_t hops = len / sizeof(header);

	while (pos) {
		if (!hops-- || pos < head_len || pos > len ||
		    len - pos < sizeof(header))
			return -EIO;
		memcpy(&header, (const char *)reply + pos, sizeof(header));
		if (header.id == id && header.version == 1) {
			if (len - pos < size)
				return -EIO;
			memcpy(cap, (const char *)reply + pos, size);
			return 0;
		}
		pos = header.next;
	}
	return -ENOENT;
}

static int nonsense(struct vcxl_client *c, const char *what)
{
	return vcxl_fail(c->ctx, -EIO, c->name,
			 "load a cxl-vfio-pci that fits this library",
			 "the driver describes %s that can't be", what);
}

static int get_info(struct vcxl_client *c, struct vfio_device_info *info,
		    struct vfio_cxl_device_info_cap *cap)
{
	struct vfio_device_info head = { 0 };
	uint32_t pos = 0, len;
	void *reply;
	int ret = ask(c, VFIO_DEVICE_GET_INFO, &head, sizeof(head), &reply,
		      &len);

	if (ret)
		return vcxl_client_fail(c, ret,
					"can't ask VFIO about the device");
	memcpy(info, reply, sizeof(*info));
	if (cap) {
		if (info->flags & VFIO_DEVICE_FLAGS_CAPS)
			pos = info->cap_offset;
		ret = copy_cap(reply, sizeof(head), len, pos,
			       VFIO_CXL_DEVICE_INFO_CAP_CXL, cap, sizeof(*cap));
	}
	free(reply);
	return ret == -EIO ? nonsense(c, "capabilities") : ret;
}

int vcxl_client_cap(struct vcxl_client *c, struct vfio_cxl_device_info_cap *cap)
{
	struct vfio_device_info info;
	int ret = get_info(c, &info, cap);

	/* One without the other is somebody else's use of the number */
	if (!ret && !(info.flags & VFIO_CXL_DEVICE_FLAGS_CXL))
		ret = -ENOENT;
	if (ret == -ENOENT)
		return vcxl_fail(c->ctx, ret, c->name,
				 "load cxl-vfio-pci with legacy_info=1, or do without",
				 "VFIO shows no CXL capability");
	if (ret)
		return ret;
	if (cap->dpa_region_index != c->memory.index ||
	    cap->comp_regs_region_index != c->regs.index ||
	    cap->hdm_regs_bar_index > VFIO_PCI_BAR5_REGION_INDEX)
		return nonsense(c, "a CXL capability");
	return 0;
}

/* -ENOENT for a region without a type, such as a BAR */
static int get_region(struct vcxl_client *c, uint32_t index,
		      struct vcxl_client_region *region,
		      struct vfio_region_info_cap_type *type)
{
	struct vfio_region_info head = { .index = index }, info;
	uint32_t len, pos;
	void *reply;
	int ret = ask(c, VFIO_DEVICE_GET_REGION_INFO, &head, sizeof(head),
		      &reply, &len);

	if (ret)
		return vcxl_client_fail(c, ret, "can't ask VFIO about a region");
	memcpy(&info, reply, sizeof(info));
	pos = info.flags & VFIO_REGION_INFO_FLAG_CAPS ? info.cap_offset : 0;
	ret = copy_cap(reply, sizeof(head), len, pos,
		       VFIO_REGION_INFO_CAP_TYPE, type, sizeof(*type));
	free(reply);
	region->index = index;
	region->flags = info.flags;
	region->size = info.size;
	region->offset = info.offset;
	return ret == -EIO ? nonsense(c, "a region with capabilities") : ret;
}

/* It is addressed by pread and mmap, whose offsets are signed */
static bool addressable(const struct vcxl_client_region *region)
{
	uint64_t end;

	return !__builtin_add_overflow(region->offset, region->size, &end) &&
	       end <= INT64_MAX;
}

int vcxl_client_region(struct vcxl_client *c, uint32_t type, uint32_t subtype,
		       struct vcxl_client_region *region)
{
	struct vfio_region_info_cap_type cap;
	struct vfio_device_info info;
	uint32_t i;
	int ret = get_info(c, &info, NULL);

	if (ret)
		return ret;
	/* Those before have fixed meanings, and no type */
	for (i = VFIO_PCI_NUM_REGIONS; i < info.num_regions && i < MAX_REGIONS;
	     i++) {
		ret = get_region(c, i, region, &cap);
		if (ret == -ENOENT)
			continue;
		if (ret)
			return ret;
		if (cap.type == type && cap.subtype == subtype)
			return addressable(region) ? 0 :
			       nonsense(c, "a region");
	}
	return vcxl_fail(c->ctx, -ENOENT, c->name, "",
			 "VFIO shows no region of type %#x, subtype %u", type,
			 subtype);
}

/* A device with memory has both */
static int need(struct vcxl_client *c, uint32_t subtype, uint32_t flags,
		struct vcxl_client_region *region)
{
	int ret = vcxl_client_region(c, VFIO_CXL_REGION_TYPE, subtype, region);

	if (ret == -ENOENT)
		return vcxl_fail(c->ctx, -EIO, c->name,
				 "load a cxl-vfio-pci that fits this library",
				 "there is memory, but VFIO shows no region of subtype %u for it",
				 subtype);
	if (!ret && ((region->flags & flags) != flags || !region->size))
		ret = nonsense(c, "a region");
	return ret;
}

int vcxl_client_find_regions(struct vcxl_client *c)
{
	uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	int ret = need(c, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
		       rw | VFIO_REGION_INFO_FLAG_MMAP, &c->memory);

	return ret ? ret : need(c, VFIO_CXL_REGION_SUBTYPE_COMP_REGS, rw,
				&c->regs);
}
