/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of Dynamic Capacity share: the ioctls, on either node, and the
 * fabric manager, outside.
 */
#ifndef UAPI_DC_H
#define UAPI_DC_H

#include "lib.h"

/* A tag as the fabric manager and the driver have it */
struct tag {
	char text[37];
	__u8 bytes[VFIO_CXL_DC_TAG_LEN];
};

struct tag tag_new(void);

int dc_info(int node, struct vfio_cxl_dc_info *info);
int dc_list(int node, struct vfio_cxl_dc_extent *extents, __u32 room,
	    __u32 *count);
int dc_status(int node, const struct tag *tag,
	      struct vfio_cxl_dc_status *status);
int dc_extent(int node, __u64 id, struct vfio_cxl_dc_status *status);
int dc_accept(int node, const struct tag *tag, __u32 reach,
	      struct vfio_cxl_dc_decide *decide);
int dc_reject(int node, const struct tag *tag,
	      struct vfio_cxl_dc_decide *decide);
int dc_release(int node, const struct tag *tag, __u32 flags,
	       struct vfio_cxl_dc_decide *decide);
int dc_by_id(int node, unsigned long command, __u64 id, __u32 reach,
	     __u32 flags, struct vfio_cxl_dc_decide *decide);

__u32 dc_state(int node, const struct tag *tag);
bool dc_becomes(int node, const struct tag *tag, __u32 state, int ms);
bool dc_settles(int node, int ms);

int fm_accepted(void);
int fm_pending(void);
bool fm_settles(int accepted, int pending);
void dc_give_all_back(void);

#endif /* UAPI_DC_H */
