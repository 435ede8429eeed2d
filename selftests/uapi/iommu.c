// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "iommu.h"

#define PAGE	0x000ffffffffff000ULL

/* All of these: 0 (or a descriptor), or -errno */

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

/* The device's own node. Nothing works there yet but binding */
int cdev_open(void)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev",
		 dev_bdf());
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (fd == -ENOENT && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
			 entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		break;
	}
	closedir(dir);

	return fd;
}

/* @id: out: the device, to that iommufd */
int cdev_bind(int device, int iommufd, __u32 *id)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommufd,
	};
	int ret = call(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);

	*id = bind.out_devid;

	return ret;
}

/* @id: in: an address space or page table, out: the page table */
int cdev_attach(int device, __u32 *id)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = *id,
	};
	int ret = call(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);

	*id = attach.pt_id;

	return ret;
}

int cdev_detach(int device)
{
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach),
	};

	return call(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

/* As a VMM does: with an address space that the device is attached to */
int user_open_cdev(struct user *user)
{
	__u32 id;
	int ret;

	*user = USER_CLOSED;
	user->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	ret = user->iommufd < 0 ? -errno : 0;
	if (!ret) {
		user->device = cdev_open();
		ret = user->device < 0 ? user->device : 0;
	}
	if (!ret)
		ret = cdev_bind(user->device, user->iommufd, &id);
	if (!ret)
		ret = ioas_alloc(user->iommufd, &id);
	if (!ret)
		ret = cdev_attach(user->device, &id);
	if (ret)
		user_close(user);

	return ret;
}

int ioas_alloc(int iommufd, __u32 *ioas)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = call(iommufd, IOMMU_IOAS_ALLOC, &alloc);

	*ioas = alloc.out_ioas_id;

	return ret;
}

int ioas_map(int iommufd, __u32 ioas, __u64 iova, void *memory, size_t size)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = size,
		.iova = iova,
	};

	return call(iommufd, IOMMU_IOAS_MAP, &map);
}

int ioas_unmap(int iommufd, __u32 ioas, __u64 iova, size_t size)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = size,
	};
	int ret = call(iommufd, IOMMU_IOAS_UNMAP, &unmap);

	return ret ?: unmap.length == size ? 0 : -EIO;
}

int type1_map(const struct user *user, __u64 iova, void *memory, size_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = size,
	};

	return call(user->container, VFIO_IOMMU_MAP_DMA, &map);
}

int type1_unmap(const struct user *user, __u64 iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};
	int ret = call(user->container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return ret ? ret : unmap.size == size ? 0 : -EIO;
}

__u64 physical_read(__u64 address)
{
	const char *answer = bed("mmio read %#llx 8",
				 (unsigned long long)address);

	if (!answer)
		abort();

	return strtoull(answer, NULL, 16);
}

/* Registers of the device's IOMMU; of the emulated machine's only one */
static __u64 iommu_registers(void)
{
	unsigned long long address = 0;
	FILE *file;

	file = fopen("/sys/class/iommu/dmar0/intel-iommu/address", "r");
	if (!file || fscanf(file, "%llx", &address) != 1)
		abort();
	fclose(file);

	return address;
}

/* Found once: asking takes long, and it does not move */
static __u64 *context_found;

static void __attribute__((constructor)) context_share(void)
{
	context_found = mmap(NULL, sizeof(*context_found),
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0);
	if (context_found == MAP_FAILED)
		abort();
}

/* Where the device's context entry is, or 0 */
static __u64 context_entry(void)
{
	unsigned int bus, slot, function;
	__u64 table;

	if (*context_found)
		return *context_found;
	if (sscanf(dev_bdf(), "%*x:%x:%x.%x", &bus, &slot, &function) != 3)
		abort();
	table = physical_read((physical_read(iommu_registers() + 0x20) & PAGE) + 16 * bus);
	if (table & 1)
		*context_found = (table & PAGE) + 16 * (8 * slot + function);

	return *context_found;
}

/*
 * Where a DMA of the device to @iova goes, or 0: root table, context entry and
 * second-level tables of VT-d's legacy mode, read where the IOMMU itself reads
 * them, in memory.
 */
__u64 translate(__u64 iova)
{
	__u64 context = context_entry(), entry;
	int level;

	if (!context)
		return 0;
	entry = physical_read(context);
	if (!(entry & 1))
		return 0;
	for (level = (physical_read(context + 8) & 7) + 2; level; level--) {
		int shift = 12 + 9 * (level - 1);

		entry = physical_read((entry & PAGE) + 8 * (iova >> shift & 511));
		if (!(entry & 3))
			return 0;
		if (level == 1 || entry & 1 << 7)
			return (entry & PAGE & -(1ULL << shift)) +
			       (iova & ((1ULL << shift) - 1));
	}

	return 0;
}
