/* SPDX-License-Identifier: GPL-2.0-only */
/* What operations of one file need of another's. */
#ifndef FAULT_OPERATIONS_H
#define FAULT_OPERATIONS_H

#include "sweep.h"

extern const struct operation operations_dc[];

bool operation_opened(void);
bool operation_left(void);
bool operation_unbound(void);
bool operation_is_bound(void);
int operation_bind(void);
int operation_device(void);
__u64 operation_memory(void);

#endif /* FAULT_OPERATIONS_H */
