/* SPDX-License-Identifier: GPL-2.0-only */
/* What operations of one file need of another's. */
#ifndef FAULT_OPERATIONS_H
#define FAULT_OPERATIONS_H

#include "sweep.h"
#include "../uapi/dc.h"

extern const struct operation operations_dc[];
extern const struct operation operations_log[];
extern const struct operation operations_host[];

bool operation_opened(void);
bool operation_left(void);
bool operation_unbound(void);
bool operation_is_bound(void);
int operation_bind(void);
int operation_unbind(void);
int operation_open(void);
int operation_close(void);
int operation_device(void);
__u64 operation_memory(void);

/* ---- of operations_dc.c: one tag of this many extents, offered or held ---- */

#define PIECES	OFFER_EXTENTS
#define PIECE	(32 * MIB)

bool dynamic_ready(void);
int dynamic_node(void);
bool dynamic_offer(struct tag *tag, unsigned int at);
bool dynamic_accepted(void);
bool dynamic_ask_back(void);
bool dynamic_back(void);

#endif /* FAULT_OPERATIONS_H */
