/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXAMPLE_VMM_KVM_H
#define EXAMPLE_VMM_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvm;

int kvm_open(struct kvm **kvm, void *memory, uint64_t gpa, uint64_t size);
int kvm_run(struct kvm *kvm, uint64_t offset, bool store, uint8_t *byte);
void kvm_close(struct kvm *kvm);

#endif /* EXAMPLE_VMM_KVM_H */
