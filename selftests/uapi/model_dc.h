/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share of Dynamic Capacity of the test bed's own device, which a
 * script drives (../model/control_dc.c): 1 GiB of static memory, and two regions
 * of 256 MiB in blocks of 2 MiB behind it. All of it is real memory.
 *
 * Its device registers: device status 0x40, Memory Device Status 0x50, mailbox 0x60
 * (Control 0x64, Command 0x68, Status 0x70).
 */
#ifndef UAPI_MODEL_DC_H
#define UAPI_MODEL_DC_H

#include "dc.h"
#include "hostile.h"

#define MODEL_DC	"capacity 0x40000000 + "			\
			"dc region 0 0x40000000 0x10000000 0x200000 + "	\
			"dc region 1 0x50000000 0x10000000 0x200000"

#define REGION_0	0x40000000ULL
#define REGION_1	0x50000000ULL
#define BLOCK		(2 * MIB)

int model_begin(struct dc *dc, const char *commands);
void model_end(struct dc *dc);
char *model_map(const struct dc *dc, __u64 at, __u64 size);
unsigned long model_count(const char *what);
bool model_has(int accepted, int offered);
bool model_offer(__u64 dpa, __u64 length, const struct tag *tag);
bool model_take(struct dc *dc, __u64 dpa, __u64 length, const struct tag *tag);
bool model_works(struct dc *dc);
bool stat_becomes(int node, size_t counter, __u64 value);
long elapsed_ms(long since);

/* A counter of struct vfio_cxl_dc_info, and what it is to become */
#define counts(dc, counter, value)					\
	stat_becomes((dc)->node, offsetof(struct vfio_cxl_dc_info, counter), value)

#endif /* UAPI_MODEL_DC_H */
