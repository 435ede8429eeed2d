/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the VFIO client share: client*.c. */
#ifndef VCXL_CLIENT_H
#define VCXL_CLIENT_H

#include "private.h"

/* Of one bus: no host has more */
#define VCXL_MAX_GROUPS	256

/**
 * struct vcxl_client - an open VFIO device
 * @ctx: context
 * @name: for messages
 * @container: ours, or -1
 * @group: ours, or -1
 * @device: the VFIO device fd
 * @borrowed: @device is the caller's
 * @memory: the HDM memory region
 * @regs: the COMP_REGS region
 * @map_align: power of two
 * @map_offset: address modulo @map_align for the memory's first byte
 */
struct vcxl_client {
	struct vcxl *ctx;
	char name[VCXL_NAME_LEN];
	int container;
	int group;
	int device;
	bool borrowed;
	struct vcxl_client_region memory;
	struct vcxl_client_region regs;
	uint64_t map_align;
	uint64_t map_offset;
};

/* client.c */
int vcxl_client_fail(struct vcxl_client *c, int err, const char *what);
int vcxl_client_ioctl(int fd, unsigned long request, void *arg);
int vcxl_client_need_live(struct vcxl_client *c);

/* client_mem.c */
int vcxl_client_map_congruent(struct vcxl_client *c, uint64_t at, size_t size,
			      uint64_t align, uint64_t remainder, void **addr);

/* client_region.c */
int vcxl_client_find_regions(struct vcxl_client *c);

#endif /* VCXL_CLIENT_H */
