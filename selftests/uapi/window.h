/* SPDX-License-Identifier: GPL-2.0-only */
/* The window for host memory, as tests have it. Tags are numbers, as of backends. */
#ifndef UAPI_WINDOW_H
#define UAPI_WINDOW_H

#include "backend.h"

#define PAGE	4096UL
#define BLOCK	(2 * MIB)
#define REGION	(8 * MIB)
#define FIRST	VFIO_CXL_DC_HOST_REGION

/* A window of two regions, and who has it open */
struct window {
	struct user user;
	struct region region;
	int node;
};

/* What the last call left there */
extern __u32 window_why;
extern struct vfio_cxl_dc_decide window_answer;

int window_configure(int node, __u32 regions, __u64 size, __u64 block);
int window_begin(struct window *w, __u64 block);
int window_open(struct window *w);
void window_end(struct window *w);
char *window_map(const struct window *w, __u64 at, __u64 size);

int window_add(int node, unsigned int tag, __u32 region, __u64 offset);
int window_remove(int node, unsigned int tag, __u32 flags);
int window_accept(int node, unsigned int tag, __u32 reach);
int window_reject(int node, unsigned int tag);
int window_release(int node, unsigned int tag, __u32 flags);
int window_status(int node, unsigned int tag, struct vfio_cxl_dc_status *status);
/* NONE where nothing is known of it */
__u32 window_state(int node, unsigned int tag);
int window_list(int node, struct vfio_cxl_dc_extent *extents, __u32 room);
/* A backend, filled with the tag's number, which is offered there */
int window_offer(const struct window *w, unsigned int tag, __u64 size,
		 __u32 region, __u64 offset);

#endif /* UAPI_WINDOW_H */
