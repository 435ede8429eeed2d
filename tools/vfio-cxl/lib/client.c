// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device as a VFIO user has it: container, group, device, regions. Answers
 * of the kernel are checked like any others, because a wrong offset here ends
 * as a write to the wrong place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "private.h"

#define MAX_REGIONS	256
#define MAX_REGION_INFO	65536
#define MAX_ALIGN	(1ULL << 40)

struct vcxl_client {
	struct vcxl *ctx;
	char name[VCXL_NAME_LEN];
	int container;
	int group;
	int device;
	uint64_t size;		/* of the HDM memory region */
	uint64_t offset;	/* of that region in the device fd */
	uint64_t map_align;
	uint64_t map_offset;
};

static int fail(struct vcxl_client *c, int err, const char *what)
{
	return vcxl_fail(c->ctx, err, c->name,
			 err == -EACCES || err == -EPERM ? "run it as root" :
			 err == -EBUSY ? "stop the device's other user first" :
			 "", "%s: %s", what, strerror(-err));
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_container(struct vcxl_client *c)
{
	char path[PATH_MAX], iommu[PATH_MAX];
	int ret = vcxl_path(c->ctx, path, "/dev/vfio/vfio");

	if (ret)
		return fail(c, ret, "/dev/vfio/vfio");
	c->container = open_path(path);
	if (c->container == -ENOENT &&
	    !vcxl_path(c->ctx, iommu, "/dev/iommu") && vcxl_exists(iommu))
		return vcxl_fail(c->ctx, -EOPNOTSUPP, c->name,
				 "use a kernel with CONFIG_VFIO_CONTAINER, or IOMMUFD's emulation of it",
				 "there is IOMMUFD but no VFIO container");
	if (c->container == -ENOENT)
		return vcxl_fail(c->ctx, -ENOENT, c->name, "run 'modprobe vfio'",
				 "%s does not exist", path);
	if (c->container < 0)
		return fail(c, c->container, "can't open the VFIO container");
	if (ioctl(c->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
	    ioctl(c->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) != 1)
		return vcxl_fail(c->ctx, -EOPNOTSUPP, c->name,
				 "run 'modprobe vfio_iommu_type1'",
				 "VFIO offers no type1 IOMMU here");
	return 0;
}

static int open_group(struct vcxl_client *c, int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_MAX];
	int ret = vcxl_path(c->ctx, path, "/dev/vfio/%d", group);

	if (!ret) {
		c->group = open_path(path);
		ret = c->group;
	}
	if (ret < 0)
		return fail(c, ret, "can't open the VFIO group");
	if (ioctl(c->group, VFIO_GROUP_GET_STATUS, &status))
		return fail(c, -errno, "can't read the VFIO group's status");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return vcxl_fail(c->ctx, -EBUSY, c->name,
				 "see 'vfio-cxl status' for who is in the way",
				 "IOMMU group %d is not viable", group);
	if (ioctl(c->group, VFIO_GROUP_SET_CONTAINER, &c->container))
		return fail(c, -errno, "can't put the group into a container");
	if (ioctl(c->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return fail(c, -errno, "can't set up the IOMMU");
	return 0;
}

static int open_device(struct vcxl_client *c)
{
	c->device = ioctl(c->group, VFIO_GROUP_GET_DEVICE_FD, c->name);
	if (c->device < 0)
		return fail(c, -errno, "can't open the VFIO device");
	if (fcntl(c->device, F_SETFD, FD_CLOEXEC))
		return fail(c, -errno, "can't keep the device to this process");
	return 0;
}

/* With all its capabilities; to be freed */
static int region_info(struct vcxl_client *c, uint32_t index,
		       struct vfio_region_info **out)
{
	uint32_t argsz = sizeof(**out);

	for (;;) {
		struct vfio_region_info *info = calloc(1, argsz);

		if (!info)
			return -ENOMEM;
		info->argsz = argsz;
		info->index = index;
		if (ioctl(c->device, VFIO_DEVICE_GET_REGION_INFO, info)) {
			int ret = -errno;

			free(info);
			return ret;
		}
		if (info->argsz <= argsz) {
			info->argsz = argsz;
			*out = info;
			return 0;
		}
		argsz = info->argsz;
		free(info);
		if (argsz > MAX_REGION_INFO)
			return -EMSGSIZE;
	}
}

/* Is the region of our type, and of @subtype? The chain may lie. */
static bool is_region(const struct vfio_region_info *info, uint32_t subtype)
{
	uint32_t pos = info->cap_offset, hops = info->argsz / 8;

	if (!(info->flags & VFIO_REGION_INFO_FLAG_CAPS))
		return false;
	while (pos && hops--) {
		struct vfio_region_info_cap_type type;
		struct vfio_info_cap_header header;

		if (pos < sizeof(*info) || pos > info->argsz ||
		    info->argsz - pos < sizeof(header))
			return false;
		memcpy(&header, (const char *)info + pos, sizeof(header));
		if (header.id == VFIO_REGION_INFO_CAP_TYPE &&
		    info->argsz - pos >= sizeof(type)) {
			memcpy(&type, (const char *)info + pos, sizeof(type));
			return type.type == VFIO_CXL_REGION_TYPE &&
			       type.subtype == subtype;
		}
		pos = header.next;
	}
	return false;
}

static int take_region(struct vcxl_client *c,
		       const struct vfio_region_info *info)
{
	uint32_t want = VFIO_REGION_INFO_FLAG_READ |
			VFIO_REGION_INFO_FLAG_WRITE |
			VFIO_REGION_INFO_FLAG_MMAP;
	uint64_t end;

	if ((info->flags & want) != want || !info->size ||
	    __builtin_add_overflow(info->offset, info->size, &end) ||
	    end > INT64_MAX)
		return vcxl_fail(c->ctx, -EIO, c->name, "",
				 "the driver describes a memory region that can't be");
	c->size = info->size;
	c->offset = info->offset;
	return 0;
}

static int find_memory(struct vcxl_client *c)
{
	struct vfio_device_info dev = { .argsz = sizeof(dev) };
	uint32_t i;

	if (ioctl(c->device, VFIO_DEVICE_GET_INFO, &dev))
		return fail(c, -errno, "can't ask VFIO about the device");
	for (i = VFIO_PCI_NUM_REGIONS; i < dev.num_regions && i < MAX_REGIONS;
	     i++) {
		struct vfio_region_info *info = NULL;
		int ret = region_info(c, i, &info);
		bool ours;

		if (ret)
			return fail(c, ret, "can't ask VFIO about a region");
		ours = is_region(info, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY);
		if (ours)
			ret = take_region(c, info);
		free(info);
		if (ours)
			return ret;
	}
	return vcxl_fail(c->ctx, -EIO, c->name, "",
			 "VFIO shows no HDM memory region");
}

static int check_info(struct vcxl_client *c)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct vfio_cxl_info info;
	int ret = vcxl_client_info(c, &info);

	if (ret)
		return ret;
	if (!(info.flags & VFIO_CXL_INFO_MEMORY))
		return vcxl_fail_reason(c->ctx, -EOPNOTSUPP, c->name,
					info.reason, info.element,
					"the device has no memory to offer");
	if (info.map_align < page || info.map_align > MAX_ALIGN ||
	    (info.map_align & (info.map_align - 1)) ||
	    info.map_offset >= info.map_align || info.map_offset % page)
		return vcxl_fail(c->ctx, -EIO, c->name, "",
				 "the driver asks for an impossible alignment");
	c->map_align = info.map_align;
	c->map_offset = info.map_offset;
	return 0;
}

int vcxl_client_open(struct vcxl_device *dev, struct vcxl_client **out)
{
	struct vcxl_client *c;
	int ret = vcxl_need_bound(dev);

	/* Opening resets: nothing for another driver's device */
	if (ret)
		return ret;
	/* Nothing is asked there while VFIO has the device */
	vcxl_control_close(dev);
	c = calloc(1, sizeof(*c));
	if (!c)
		return vcxl_fail(dev->ctx, -ENOMEM, dev->name, "",
				 "out of memory");
	c->ctx = dev->ctx;
	c->container = -1;
	c->group = -1;
	c->device = -1;
	strcpy(c->name, dev->name);
	ret = dev->group >= 0 ? 0 :
	      vcxl_fail(c->ctx, -EOPNOTSUPP, c->name,
			"boot the host with its IOMMU on",
			"the device has no IOMMU group");
	if (!ret)
		ret = open_container(c);
	if (!ret)
		ret = open_group(c, dev->group);
	if (!ret)
		ret = open_device(c);
	if (!ret)
		ret = check_info(c);
	if (!ret)
		ret = find_memory(c);
	if (ret) {
		vcxl_client_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

void vcxl_client_close(struct vcxl_client *c)
{
	if (!c)
		return;
	if (c->device >= 0)
		close(c->device);
	if (c->group >= 0)
		close(c->group);
	if (c->container >= 0)
		close(c->container);
	free(c);
}

int vcxl_client_info(struct vcxl_client *c, struct vfio_cxl_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	if (ioctl(c->device, VFIO_CXL_INFO, info))
		return vcxl_fail(c->ctx, -errno, c->name,
				 "bind it with 'vfio-cxl bind'",
				 "the driver does not answer as " VCXL_DRIVER);
	info->element[VFIO_CXL_ELEMENT_LEN - 1] = '\0';
	vcxl_printable(info->element);
	return 0;
}

int vcxl_client_reset(struct vcxl_client *c)
{
	if (ioctl(c->device, VFIO_DEVICE_RESET))
		return fail(c, -errno, "can't reset the device");
	return 0;
}

uint64_t vcxl_client_memory_size(const struct vcxl_client *c)
{
	return c->size;
}

static int check_range(struct vcxl_client *c, uint64_t offset, uint64_t size)
{
	if (size && offset <= c->size && size <= c->size - offset)
		return 0;
	return vcxl_fail(c->ctx, -ERANGE, c->name,
			 "see its memory size in 'vfio-cxl status'",
			 "the range is not inside the device's memory");
}

/*
 * The kernel maps with large pages only where virtual and physical address
 * agree modulo their size: reserve enough to choose such an address from.
 */
int vcxl_client_map(struct vcxl_client *c, uint64_t offset, size_t size,
		    void **addr)
{
	uint64_t page = sysconf(_SC_PAGESIZE), want, start;
	size_t room;
	char *area;
	void *map;
	int ret = check_range(c, offset, size);

	if (ret)
		return ret;
	if (offset % page || size % page ||
	    __builtin_add_overflow(size, c->map_align, &room))
		return fail(c, -EINVAL, "can't map the memory");
	area = mmap(NULL, room, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return fail(c, -errno, "can't reserve address space");
	want = (c->map_offset + offset) & (c->map_align - 1);
	start = (want - (uintptr_t)area) & (c->map_align - 1);
	map = mmap(area + start, size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, c->device, c->offset + offset);
	if (map == MAP_FAILED) {
		ret = -errno;
		munmap(area, room);
		return fail(c, ret, "can't map the memory");
	}
	if (start)
		munmap(area, start);
	if (room - start - size)
		munmap(area + start + size, room - start - size);
	*addr = map;
	return 0;
}

int vcxl_client_unmap(struct vcxl_client *c, void *addr, size_t size)
{
	return munmap(addr, size) ? fail(c, -errno, "can't unmap the memory") :
	       0;
}

int vcxl_client_read(struct vcxl_client *c, uint64_t offset, void *buf,
		     size_t size)
{
	size_t done = 0;
	int ret = check_range(c, offset, size);

	while (!ret && done < size) {
		ssize_t n = pread(c->device, (char *)buf + done, size - done,
				  c->offset + offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(c, n ? -errno : -EIO,
				    "can't read the memory");
		done += n;
	}
	return ret;
}

int vcxl_client_write(struct vcxl_client *c, uint64_t offset,
		      const void *buf, size_t size)
{
	size_t done = 0;
	int ret = check_range(c, offset, size);

	while (!ret && done < size) {
		ssize_t n = pwrite(c->device, (const char *)buf + done,
				   size - done, c->offset + offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(c, n ? -errno : -EIO,
				    "can't write the memory");
		done += n;
	}
	return ret;
}
