// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm.h"

#define CODE_SIZE	4096

static const unsigned char guest_code[] = {
	0x8b, 0x1e,		/* again: mov ebx, [esi] */
	0x89, 0x06,		/*        mov [esi], eax */
	0x8b, 0x0e,		/*        mov ecx, [esi] */
	0xf4,			/*        hlt            */
	0xeb, 0xf7,		/*        jmp again      */
};

/* Behind it, at KVM_COUNT: counts, until it is interrupted */
static const unsigned char count_code[] = {
	0xff, 0x06,		/* again: inc dword [esi] */
	0xeb, 0xfc,		/*        jmp again       */
};

static int slot(const struct vm *vm, unsigned int n, __u64 at, void *memory,
		__u64 size)
{
	struct kvm_userspace_memory_region region = {
		.slot = n,
		.guest_phys_addr = at,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

/* Protected mode, flat, without paging */
static int vcpu_flat(const struct vm *vm)
{
	struct kvm_segment flat = {
		.limit = ~0U, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1,
		.selector = 16,
	};
	struct kvm_sregs sregs;

	if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.ds = flat;
	sregs.es = flat;
	sregs.fs = flat;
	sregs.gs = flat;
	sregs.ss = flat;
	flat.type = 11;
	flat.selector = 8;
	sregs.cs = flat;
	sregs.cr0 |= 1;

	return ioctl(vm->vcpu, KVM_SET_SREGS, &sregs);
}

bool vm_make(struct vm *vm, void *memory, __u64 size)
{
	*vm = (struct vm){ .vm = -1, .vcpu = -1, .run = MAP_FAILED };
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->kvm < 0 || vm->vm < 0)
		return false;

	vm->code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(vm->code, guest_code, sizeof(guest_code));
	memcpy(vm->code + KVM_COUNT, count_code, sizeof(count_code));
	if (slot(vm, 0, 0, vm->code, CODE_SIZE) ||
	    slot(vm, 1, KVM_SLOT, memory, size))
		return false;

	vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0);
	vm->run_size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vm->vcpu < 0 || vm->run_size <= 0)
		return false;
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       vm->vcpu, 0);

	return vm->run != MAP_FAILED && !vcpu_flat(vm);
}

void vm_end(struct vm *vm)
{
	munmap(vm->run, vm->run_size);
	close(vm->vcpu);
	close(vm->vm);
	close(vm->kvm);
	munmap(vm->code, CODE_SIZE);
}

int vm_start(const struct vm *vm, __u64 rip, __u64 offset, __u32 value)
{
	struct kvm_regs regs = {
		.rip = rip, .rflags = 2, .rax = value, .rsi = KVM_SLOT + offset,
	};

	return ioctl(vm->vcpu, KVM_SET_REGS, &regs);
}

int vm_exchange(const struct vm *vm, __u64 offset, __u32 value,
		__u32 *before)
{
	struct kvm_regs regs;

	if (vm_start(vm, 0, offset, value) || ioctl(vm->vcpu, KVM_RUN, 0))
		return -errno;
	if (vm->run->exit_reason != KVM_EXIT_HLT)
		return vm->run->exit_reason;
	if (ioctl(vm->vcpu, KVM_GET_REGS, &regs))
		return -errno;
	*before = regs.rbx;

	return (__u32)regs.rcx == value ? 0 : -EILSEQ;
}
