// SPDX-License-Identifier: GPL-2.0-only
/*
 * example-tags: what a VMM does with host memory that comes and goes under tags.
 *
 * It opens the device in its own way, maps the window for host memory once and whole,
 * and gives it to its guest as one slot of KVM's. Then it waits: a tag that is offered
 * is taken, mapped for DMA and used; one that is asked for is let go; one that was taken
 * away is forgotten. Each call of the contract (linux/vfio_cxl.h) stands here as it is,
 * without a library, and in the order in which a VMM makes them. How the guest is told is
 * the VMM's own business: a line of output here. What root does is the command's here.
 * See Documentation/userspace-api/vfio-cxl-tags.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vfio_cxl.h>

#include "../example-vmm/kvm.h"

#define GPA	0x1000000000ULL		/* 64 GiB: above a guest's RAM */
#define ALIGN	(2UL << 20)		/* for the largest pages there are */
#define EXTENTS	64

/* An extent that the guest has */
struct taken {
	uint64_t id;		/* 0: none */
	uint64_t offset;
	uint64_t length;
	bool listed;
};

struct vmm {
	const char *bdf;
	bool need_kvm;
	int left;		/* tags to be given back before it ends */
	int container;
	int group;
	int device;
	int event;
	uint64_t size;		/* of the window */
	uint64_t at;		/* where it is in the device's file */
	uint8_t *area;		/* addresses, for the window to lie in */
	uint8_t *window;
	struct kvm *kvm;
	struct taken taken[EXTENTS];
};

static int fail(const char *what)
{
	fprintf(stderr, "example-tags: %s: %s\n", what, strerror(errno));
	return -1;
}

static int open_device(struct vmm *vmm)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 vmm->bdf);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return fail(path);
	link[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/') ?: "");
	vmm->group = open(path, O_RDWR | O_CLOEXEC);
	if (vmm->group < 0)
		return fail(path);
	vmm->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vmm->container < 0)
		return fail("/dev/vfio/vfio");
	if (ioctl(vmm->group, VFIO_GROUP_SET_CONTAINER, &vmm->container) ||
	    ioctl(vmm->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return fail("can't set up the IOMMU");
	vmm->device = ioctl(vmm->group, VFIO_GROUP_GET_DEVICE_FD, vmm->bdf);
	return vmm->device < 0 ? fail(vmm->bdf) : 0;
}

/* Where the window is: a region like any other, which VFIO_CXL_DC_INFO names */
static int find_window(struct vmm *vmm, struct vfio_region_info *region)
{
	struct vfio_cxl_dc_info info = { .argsz = sizeof(info) };

	if (ioctl(vmm->device, VFIO_CXL_DC_INFO, &info))
		return fail("VFIO_CXL_DC_INFO");
	if (!(info.flags & VFIO_CXL_DC_INFO_WINDOW)) {
		fprintf(stderr, "example-tags: %s has no window for host memory: configure one with 'vfio-cxl dc configure'\n",
			vmm->bdf);
		return -1;
	}
	region->argsz = sizeof(*region);
	region->index = info.window_region;
	if (ioctl(vmm->device, VFIO_DEVICE_GET_REGION_INFO, region))
		return fail("VFIO_DEVICE_GET_REGION_INFO");
	vmm->size = region->size;
	vmm->at = region->offset;
	printf("window: region %u, %#llx bytes\n", region->index,
	       (unsigned long long)region->size);
	return 0;
}

/* Once and whole; nothing is behind it yet, and a touch would be a SIGBUS */
static int map_window(struct vmm *vmm)
{
	struct vfio_region_info region = {};
	void *at;

	if (find_window(vmm, &region))
		return -1;
	at = mmap(NULL, vmm->size + ALIGN, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return fail("can't reserve address space");
	vmm->area = at;
	vmm->window = (uint8_t *)(((uintptr_t)at + ALIGN - 1) & -ALIGN);
	if (mmap(vmm->window, vmm->size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, vmm->device,
		 region.offset) == MAP_FAILED)
		return fail("can't map the window");
	return 0;
}

/* All of the window is one slot, made once: KVM follows what comes and goes */
static int start_guest(struct vmm *vmm)
{
	int ret = kvm_open(&vmm->kvm, vmm->window, GPA, vmm->size);

	if (!ret)
		return 0;
	fprintf(vmm->need_kvm ? stderr : stdout,
		"guest: none, as KVM can't be used (%s)\n", strerror(-ret));
	return vmm->need_kvm ? -1 : 0;
}

/* From now on each change that a list would show counts in the eventfd */
static int listen_for_changes(struct vmm *vmm)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg) };

	vmm->event = eventfd(0, EFD_CLOEXEC);
	if (vmm->event < 0)
		return fail("eventfd");
	arg.fd = vmm->event;
	return ioctl(vmm->device, VFIO_CXL_DC_EVENTFD, &arg) ?
	       fail("VFIO_CXL_DC_EVENTFD") : 0;
}

/*
 * For devices of the guest. Pages that are not there can't be mapped: so it is made
 * of one extent after the other, when they are COMMITTED.
 */
static int map_dma(struct vmm *vmm, const struct taken *t)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)vmm->window + t->offset,
		.iova = GPA + t->offset, .size = t->length,
	};

	return ioctl(vmm->container, VFIO_IOMMU_MAP_DMA, &map) ?
	       fail("VFIO_IOMMU_MAP_DMA") : 0;
}

/* Before it is released: what a DMA map has pinned is not free for the next one */
static int unmap_dma(struct vmm *vmm, const struct taken *t)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = GPA + t->offset, .size = t->length,
	};

	return ioctl(vmm->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ?
	       fail("VFIO_IOMMU_UNMAP_DMA") : 0;
}

/*
 * By tag, which is all of it: an extent of host memory is alone in its tag. It may
 * stand otherwise by now, as root decides too: that is for the next look to find.
 */
static bool decide(struct vmm *vmm, const struct vfio_cxl_dc_extent *e,
		   unsigned long command, __u32 reach)
{
	struct vfio_cxl_dc_decide arg = {
		.argsz = sizeof(arg), .reach = reach,
	};

	memcpy(arg.tag, e->tag, sizeof(arg.tag));
	if (!ioctl(vmm->device, command, &arg))
		return true;
	printf("extent %llu: %s (reason %u)\n", (unsigned long long)e->id,
	       strerror(errno), arg.reason);
	return false;
}

/* By read and write, as a touch may be a SIGBUS at any time, which these are not */
static int without_guest(struct vmm *vmm, uint64_t offset, bool store,
			 uint8_t *byte)
{
	off_t at = vmm->at + offset;

	if (store && pwrite(vmm->device, byte, 1, at) != 1)
		return -errno;
	return pread(vmm->device, byte, 1, at) == 1 ? 0 : -errno;
}

static int use_byte(struct vmm *vmm, uint64_t offset, bool store, uint8_t *byte)
{
	return vmm->kvm ? kvm_run(vmm->kvm, offset, store, byte) :
			  without_guest(vmm, offset, store, byte);
}

/* Here a VMM would tell its guest; ours reads the first byte, and adds 1 to it */
static void use(struct vmm *vmm, const struct taken *t)
{
	uint8_t found = 0, byte;
	int ret = use_byte(vmm, t->offset, false, &found);

	byte = found + 1;
	if (!ret)
		ret = use_byte(vmm, t->offset, true, &byte);
	if (ret)
		printf("extent %llu: can't be used: %s\n",
		       (unsigned long long)t->id, strerror(-ret));
	else
		printf("extent %llu: %#llx bytes at %#llx, found %#x, now %#x\n",
		       (unsigned long long)t->id, (unsigned long long)t->length,
		       (unsigned long long)(GPA + t->offset), found, byte);
}

/* Which of those that the guest has; 0: room for one more */
static struct taken *find(struct vmm *vmm, uint64_t id)
{
	int i;

	for (i = 0; i < EXTENTS; i++)
		if (vmm->taken[i].id == id)
			return &vmm->taken[i];
	return NULL;
}

static int take(struct vmm *vmm, const struct vfio_cxl_dc_extent *e)
{
	struct taken *t = find(vmm, 0);

	if (!t || !decide(vmm, e, VFIO_CXL_DC_ACCEPT, VFIO_CXL_DC_REACH_TENANT))
		return 0;
	*t = (struct taken){
		.id = e->id, .offset = e->offset, .length = e->length,
		.listed = true,
	};
	if (map_dma(vmm, t))
		return -1;
	use(vmm, t);
	return 0;
}

static int forget(struct vmm *vmm, struct taken *t, const char *how)
{
	printf("extent %llu: %s\n", (unsigned long long)t->id, how);
	t->id = 0;
	vmm->left--;
	return 0;
}

/* Here a VMM would wait until its guest has let go of it */
static int let_go(struct vmm *vmm, const struct vfio_cxl_dc_extent *e,
		  struct taken *t)
{
	if (unmap_dma(vmm, t))
		return -1;
	if (!decide(vmm, e, VFIO_CXL_DC_RELEASE, 0))
		return 0;
	return forget(vmm, t, "given back");
}

static int look_at(struct vmm *vmm, const struct vfio_cxl_dc_extent *e)
{
	struct taken *t = find(vmm, e->id);

	if (t)
		t->listed = true;
	if (!(e->flags & VFIO_CXL_DC_EXTENT_HOST))
		return 0;
	if (e->state == VFIO_CXL_DC_PENDING &&
	    !(e->flags & VFIO_CXL_DC_EXTENT_DECIDED))
		return take(vmm, e);
	if (t && e->state == VFIO_CXL_DC_COMMITTED && e->requests)
		return let_go(vmm, e, t);
	return 0;
}

/* Of those that are not listed any more: REVOKED. It is unmapped, but not for DMA */
static int look_for_lost(struct vmm *vmm)
{
	int i;

	for (i = 0; i < EXTENTS; i++) {
		struct taken *t = &vmm->taken[i];

		if (!t->id || t->listed)
			continue;
		if (unmap_dma(vmm, t) || forget(vmm, t, "was taken away"))
			return -1;
	}
	return 0;
}

/*
 * How things stand is in the list; the event only says: look again. What is done here
 * changes the list, too: then its next page is EAGAIN, and it begins again.
 */
static int look(struct vmm *vmm)
{
	struct vfio_cxl_dc_extent page[EXTENTS];
	struct vfio_cxl_dc_list list;
	__u32 i;

again:
	for (i = 0; i < EXTENTS; i++)
		vmm->taken[i].listed = false;
	list = (struct vfio_cxl_dc_list){
		.argsz = sizeof(list), .extents = (uintptr_t)page,
		.room = EXTENTS,
	};
	do {
		list.flags = 0;
		if (ioctl(vmm->device, VFIO_CXL_DC_LIST, &list)) {
			if (errno != EAGAIN)
				return fail("VFIO_CXL_DC_LIST");
			if (!list.reason)
				goto again;
			return 0;	/* not known yet: an event will come */
		}
		for (i = 0; i < list.count; i++)
			if (look_at(vmm, &page[i]))
				return -1;
	} while (list.flags & VFIO_CXL_DC_LIST_MORE);
	return look_for_lost(vmm);
}

static int serve(struct vmm *vmm)
{
	uint64_t changes;

	/* What was offered before has no event any more */
	while (!look(vmm)) {
		fflush(stdout);
		if (vmm->left <= 0)
			return 0;
		if (read(vmm->event, &changes, sizeof(changes)) < 0)
			return fail("eventfd");
	}
	return -1;
}

static int run(struct vmm *vmm)
{
	if (open_device(vmm) || map_window(vmm) || start_guest(vmm) ||
	    listen_for_changes(vmm) || serve(vmm))
		return EXIT_FAILURE;
	printf("done\n");
	return EXIT_SUCCESS;
}

/* In reverse. Closing the device gives back what this tenancy has */
static void leave(struct vmm *vmm)
{
	if (vmm->event >= 0)
		close(vmm->event);
	kvm_close(vmm->kvm);
	if (vmm->area)
		munmap(vmm->area, vmm->size + ALIGN);
	if (vmm->device >= 0)
		close(vmm->device);
	if (vmm->group >= 0)
		close(vmm->group);
	if (vmm->container >= 0)
		close(vmm->container);
}

int main(int argc, char **argv)
{
	struct vmm vmm = {
		.left = 1, .container = -1, .group = -1, .device = -1,
		.event = -1,
	};
	int ret;

	vmm.need_kvm = argc > 1 && !strcmp(argv[1], "--kvm");
	argv += vmm.need_kvm;
	argc -= vmm.need_kvm;
	if (argc == 3)
		vmm.left = atoi(argv[2]);
	if (argc < 2 || argc > 3 || vmm.left < 1 || argv[1][0] == '-') {
		fprintf(stderr, "Usage: example-tags [--kvm] BDF [TAGS]\n"
			"Ends when so many tags are gone; with KVM it uses the first 1022 MiB\n");
		return 2;
	}
	vmm.bdf = argv[1];
	ret = run(&vmm);
	leave(&vmm);
	return ret;
}
