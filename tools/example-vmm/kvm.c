// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest virtual machine that can touch memory anywhere: one page of code
 * and page tables at 0, the memory at its guest physical address, one vCPU
 * in 64 bit mode, nothing else. HLT ends a run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "kvm.h"

/* Guest physical, in slot 0 */
#define PML4		0x1000
#define PDPT		0x2000
#define PD		0x3000
#define CODE		0x4000
#define LOW_SIZE	0x5000

#define PRESENT_WRITE	0x3
#define LARGE		0x80		/* a 2 MiB page */
/* Guest virtual: where the first 1022 MiB of the memory are, in pages of 2 MiB */
#define WINDOW		0x200000
#define ENTRIES		512

struct kvm {
	int kvm;
	int vm;
	int vcpu;
	void *low;
	struct kvm_run *run;
	size_t run_size;
};

static const uint8_t code[] = {
	0x88, 0x07,	/* store: mov %al,(%rdi) */
	0x8a, 0x1f,	/* load:  mov (%rdi),%bl */
	0xf4,		/* hlt */
};

#define LOAD		2	/* where in the code */
#define MAX_CPUID	256

static int add_slot(struct kvm *k, uint32_t slot, uint64_t gpa, uint64_t size,
		    void *memory)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

static int fill_low(struct kvm *k, uint64_t gpa)
{
	uint64_t *pd;
	size_t i;

	k->low = mmap(NULL, LOW_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (k->low == MAP_FAILED) {
		k->low = NULL;
		return -errno;
	}
	*(uint64_t *)((char *)k->low + PML4) = PDPT | PRESENT_WRITE;
	*(uint64_t *)((char *)k->low + PDPT) = PD | PRESENT_WRITE;
	pd = (uint64_t *)((char *)k->low + PD);
	pd[0] = LARGE | PRESENT_WRITE;
	for (i = WINDOW >> 21; i < ENTRIES; i++, gpa += WINDOW)
		pd[i] = gpa | LARGE | PRESENT_WRITE;
	memcpy((char *)k->low + CODE, code, sizeof(code));
	return add_slot(k, 0, 0, LOW_SIZE, k->low);
}

static int enter_64bit(struct kvm *k)
{
	struct kvm_segment segment = {
		.limit = 0xffffffff, .selector = 0x10, .type = 3,
		.present = 1, .s = 1, .g = 1, .db = 1,
	};
	struct kvm_sregs s;

	if (ioctl(k->vcpu, KVM_GET_SREGS, &s))
		return -errno;
	s.cr3 = PML4;
	s.cr4 = 1 << 5;			/* PAE */
	s.cr0 = 1U << 31 | 1;		/* PG, PE */
	s.efer = 1 << 10 | 1 << 8;	/* LMA, LME */
	s.ds = segment;
	s.es = segment;
	s.fs = segment;
	s.gs = segment;
	s.ss = segment;
	s.cs = segment;
	s.cs.selector = 8;
	s.cs.type = 11;
	s.cs.db = 0;
	s.cs.l = 1;
	return ioctl(k->vcpu, KVM_SET_SREGS, &s) ? -errno : 0;
}

/* All that this host can do: 64 bit mode is part of it */
static int set_cpuid(struct kvm *k)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + MAX_CPUID *
					     sizeof(cpuid->entries[0]));
	int ret = 0;

	if (!cpuid)
		return -ENOMEM;
	cpuid->nent = MAX_CPUID;
	if (ioctl(k->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) ||
	    ioctl(k->vcpu, KVM_SET_CPUID2, cpuid))
		ret = -errno;
	free(cpuid);
	return ret;
}

static int make_vcpu(struct kvm *k)
{
	int size = ioctl(k->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	void *run;
	int ret;

	k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (size < 0 || k->vcpu < 0)
		return -errno;
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, k->vcpu, 0);
	if (run == MAP_FAILED)
		return -errno;
	k->run = run;
	k->run_size = size;
	ret = set_cpuid(k);
	return ret ? ret : enter_64bit(k);
}

/*
 * -ENOENT and the like of /dev/kvm mean that this host has no KVM. @memory may
 * be unmapped by resets all the time it is in here: KVM follows.
 */
int kvm_open(struct kvm **out, void *memory, uint64_t gpa, uint64_t size)
{
	struct kvm *k = calloc(1, sizeof(*k));
	int ret;

	if (!k)
		return -ENOMEM;
	k->vm = -1;
	k->vcpu = -1;
	k->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (k->kvm >= 0)
		k->vm = ioctl(k->kvm, KVM_CREATE_VM, 0);
	ret = k->vm < 0 ? -errno : fill_low(k, gpa);
	if (!ret)
		ret = add_slot(k, 1, gpa, size, memory);
	if (!ret)
		ret = make_vcpu(k);
	if (ret)
		kvm_close(k);
	else
		*out = k;
	return ret;
}

/* The guest stores *@byte at @gpa + @offset if asked, and loads what it finds there */
int kvm_run(struct kvm *k, uint64_t offset, bool store, uint8_t *byte)
{
	struct kvm_regs regs = {
		.rip = CODE + (store ? 0 : LOAD),
		.rdi = WINDOW + offset,
		.rax = *byte,
		.rflags = 2,
	};

	if (offset >= (ENTRIES - 1ULL) * WINDOW)
		return -ERANGE;
	if (ioctl(k->vcpu, KVM_SET_REGS, &regs) ||
	    ioctl(k->vcpu, KVM_RUN, 0))
		return -errno;
	if (k->run->exit_reason != KVM_EXIT_HLT)
		return -EIO;
	if (ioctl(k->vcpu, KVM_GET_REGS, &regs))
		return -errno;
	*byte = regs.rbx;
	return 0;
}

void kvm_close(struct kvm *k)
{
	if (!k)
		return;
	if (k->run)
		munmap(k->run, k->run_size);
	if (k->vcpu >= 0)
		close(k->vcpu);
	if (k->vm >= 0)
		close(k->vm);
	if (k->kvm >= 0)
		close(k->kvm);
	if (k->low)
		munmap(k->low, LOW_SIZE);
	free(k);
}
