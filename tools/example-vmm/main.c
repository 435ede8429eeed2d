// SPDX-License-Identifier: GPL-2.0-only
/*
 * example-vmm: what a VMM does with the memory of a CXL device, and when.
 *
 * It opens the device in its own way, as every VMM does, and hands the fd to
 * libvfio-cxl. Then it maps the memory into its guest's address space, places
 * and seals the guest's HDM decoder, lets a guest of five bytes use the memory
 * (where there is KVM), and reboots it. What a VMM does for any other PCI device
 * (config space, BARs, interrupts, DMA mappings of guest RAM) is not shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include <libvfio-cxl.h>

#include "kvm.h"

#define GPA	0x1000000000ULL		/* 64 GiB: above a guest's RAM */
#define BYTE	0xc5

struct vmm {
	const char *bdf;
	uint64_t gpa;
	bool need_kvm;
	int container;
	int group;
	int device;
	struct vcxl *ctx;
	struct vcxl_client *client;
	struct vfio_cxl_info info;
	uint8_t *area;		/* reserved, for the memory to lie in */
	size_t area_size;
	uint8_t *memory;
	struct kvm *kvm;
};

static int fail(const char *what)
{
	fprintf(stderr, "example-vmm: %s: %s\n", what, strerror(errno));
	return -1;
}

/* What the library says is fit for a user */
static int explain(const struct vmm *vmm)
{
	const struct vcxl_error *e = vcxl_error(vmm->ctx);

	fprintf(stderr, "example-vmm: %s: %s%s%s\n", e->object, e->why,
		*e->next ? ": " : "", e->next);
	return -1;
}

static int open_group(struct vmm *vmm)
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
	return vmm->group < 0 ? fail(path) : 0;
}

/* Nothing of the library's: container, group, device. This resets the device. */
static int open_device(struct vmm *vmm)
{
	vmm->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vmm->container < 0)
		return fail("/dev/vfio/vfio");
	if (open_group(vmm))
		return -1;
	if (ioctl(vmm->group, VFIO_GROUP_SET_CONTAINER, &vmm->container) ||
	    ioctl(vmm->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return fail("can't set up the IOMMU");
	vmm->device = ioctl(vmm->group, VFIO_GROUP_GET_DEVICE_FD, vmm->bdf);
	return vmm->device < 0 ? fail(vmm->bdf) : 0;
}

static void show_region(const char *what, const struct vcxl_client_region *r)
{
	printf("%s: region %u, %#llx bytes\n", what, r->index,
	       (unsigned long long)r->size);
}

static int look(struct vmm *vmm)
{
	struct vcxl_client_region memory, regs;
	struct vcxl_guest_decoder decoder;

	if (vcxl_client_from_fd(vmm->ctx, vmm->device, &vmm->client) ||
	    vcxl_client_info(vmm->client, &vmm->info) ||
	    vcxl_client_region(vmm->client, VFIO_CXL_REGION_TYPE,
			       VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &memory) ||
	    vcxl_client_region(vmm->client, VFIO_CXL_REGION_TYPE,
			       VFIO_CXL_REGION_SUBTYPE_COMP_REGS, &regs) ||
	    vcxl_client_decoder(vmm->client, 0, &decoder))
		return explain(vmm);
	show_region("memory", &memory);
	show_region("decoder", &regs);
	printf("decoder 0: base %#llx, control %#x\n",
	       (unsigned long long)decoder.base, decoder.ctrl);
	return 0;
}

/*
 * A VMM reserves its guest's address space before it fills it. Congruent with
 * the host's address, so that host and guest get the largest pages.
 */
static int map(struct vmm *vmm)
{
	uint64_t align = vmm->info.map_align, size = vmm->info.memory_size;
	uint64_t skip;

	vmm->area_size = size + align;
	vmm->area = mmap(NULL, vmm->area_size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vmm->area == MAP_FAILED) {
		vmm->area = NULL;
		return fail("can't reserve address space");
	}
	skip = (vmm->info.map_offset - (uintptr_t)vmm->area) & (align - 1);
	vmm->memory = vmm->area + skip;
	if (vcxl_client_map_at(vmm->client, 0, size, vmm->memory,
			       VCXL_MAP_REPLACE))
		return explain(vmm);
	printf("mapped: address %% %#llx == %#llx\n", (unsigned long long)align,
	       (unsigned long long)vmm->info.map_offset);
	return 0;
}

/* Before the guest starts: it finds what firmware would have left */
static int place(struct vmm *vmm)
{
	struct vcxl_program_result result;

	if (vcxl_client_program(vmm->client, vmm->gpa, VCXL_PROGRAM_SEAL,
				&result))
		return explain(vmm);
	printf("sealed: base %#llx, control %#x%s\n",
	       (unsigned long long)result.after.base, result.after.ctrl,
	       result.already ? ", already" : "");
	return 0;
}

static int start_guest(struct vmm *vmm)
{
	int ret = kvm_open(&vmm->kvm, vmm->memory, vmm->gpa,
			   vmm->info.memory_size);

	if (!ret)
		return 0;
	fprintf(vmm->need_kvm ? stderr : stdout,
		"guest: none, as KVM can't be used (%s): modprobe kvm_amd or kvm_intel, and look at /dev/kvm\n",
		strerror(-ret));
	return vmm->need_kvm ? -1 : 0;
}

static int check(uint8_t byte)
{
	if (byte == BYTE)
		return 0;
	fprintf(stderr, "example-vmm: the memory should hold %#x\n", BYTE);
	return -1;
}

/* The guest's byte is ours, and ours is the guest's */
static int run_guest(struct vmm *vmm, bool store)
{
	uint8_t byte = BYTE;
	int ret;

	if (!vmm->kvm) {
		if (store)
			__atomic_store_n(vmm->memory, BYTE, __ATOMIC_RELAXED);
		return 0;
	}
	ret = kvm_run(vmm->kvm, 0, store, &byte);
	if (ret) {
		errno = -ret;
		return fail("the guest did not run");
	}
	printf("guest: %s %#x at %#llx\n", store ? "stored" : "found", byte,
	       (unsigned long long)vmm->gpa);
	return check(byte);
}

static int check_byte(const struct vmm *vmm, const char *when)
{
	uint8_t byte = __atomic_load_n(vmm->memory, __ATOMIC_RELAXED);

	printf("memory: %#x %s\n", byte, when);
	return check(byte);
}

/*
 * With the vCPUs stopped: a touch meanwhile is a SIGBUS. Nothing is mapped and
 * nothing programmed again.
 */
static int reboot_guest(struct vmm *vmm)
{
	struct vcxl_guest_decoder decoder;

	if (vcxl_client_reset(vmm->client) ||
	    vcxl_client_decoder(vmm->client, 0, &decoder))
		return explain(vmm);
	printf("reset: base %#llx, %ssealed\n",
	       (unsigned long long)decoder.base, decoder.sealed ? "" : "not ");
	/* The library has looked at that already: a seal that is lost fails */
	return 0;
}

static int run(struct vmm *vmm)
{
	if (open_device(vmm) || look(vmm) || map(vmm) || place(vmm) ||
	    start_guest(vmm) || run_guest(vmm, true) ||
	    check_byte(vmm, "after the guest") || reboot_guest(vmm) ||
	    check_byte(vmm, "after the reset") || run_guest(vmm, false))
		return EXIT_FAILURE;
	printf("done\n");
	return EXIT_SUCCESS;
}

/* In reverse; closing the device resets it, and its decoder is the next user's */
static void leave(struct vmm *vmm)
{
	kvm_close(vmm->kvm);
	if (vmm->area)
		munmap(vmm->area, vmm->area_size);
	vcxl_client_close(vmm->client);
	vcxl_free(vmm->ctx);
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
		.gpa = GPA, .container = -1, .group = -1, .device = -1,
	};
	char *end = "";
	int ret;

	vmm.need_kvm = argc > 1 && !strcmp(argv[1], "--kvm");
	argv += vmm.need_kvm;
	argc -= vmm.need_kvm;
	if (argc == 3)
		vmm.gpa = strtoull(argv[2], &end, 0);
	if (argc < 2 || argc > 3 || *end || argv[1][0] == '-') {
		fprintf(stderr, "Usage: example-vmm [--kvm] BDF [GPA]\n");
		return 2;
	}
	vmm.bdf = argv[1];
	if (vcxl_new(&vmm.ctx)) {
		fail("no context");
		return EXIT_FAILURE;
	}
	ret = run(&vmm);
	leave(&vmm);
	return ret;
}
