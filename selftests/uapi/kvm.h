/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of KVM with a few instructions, and memory as its second slot. In the test
 * bed this is nested virtualisation, emulated.
 */
#ifndef UAPI_KVM_H
#define UAPI_KVM_H

#include <linux/kvm.h>

#include "lib.h"

#define KVM_SLOT	GIB	/* guest physical */
#define KVM_COUNT	0x100	/* where code is that counts, until interrupted */

struct vm {
	int kvm;
	int vm;
	int vcpu;
	char *code;
	struct kvm_run *run;
	int run_size;
};

/* False: it has to be ended all the same */
bool vm_make(struct vm *vm, void *memory, __u64 size);
void vm_end(struct vm *vm);
/* What runs next is the code at @rip, on the word at @offset of the memory */
int vm_start(const struct vm *vm, __u64 rip, __u64 offset, __u32 value);
/* The guest exchanges a word: 0, -errno of KVM_RUN, or what it ended with */
int vm_exchange(const struct vm *vm, __u64 offset, __u32 value, __u32 *before);

#endif /* UAPI_KVM_H */
