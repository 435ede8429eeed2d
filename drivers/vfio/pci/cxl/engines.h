/* SPDX-License-Identifier: GPL-2.0-only */
/* What concerns all Dynamic Capacity engines, of a device and of all of them. */
#ifndef VFIO_CXL_ENGINES_H
#define VFIO_CXL_ENGINES_H

#include <linux/list.h>

#include "dcd.h"

struct vfio_cxl_device;

/* Extents and offers of host memory have ids from here on, those of a device below */
#define VFIO_CXL_HOST_FIRST_ID	BIT_ULL(48)

/**
 * struct vfio_cxl_engine - an engine, for the others
 * @node: in the list of all of them
 * @dcd: it
 */
struct vfio_cxl_engine {
	struct list_head node;
	struct vfio_cxl_dcd *dcd;
};

void vfio_cxl_engine_add(struct vfio_cxl_engine *engine);
void vfio_cxl_engine_del(struct vfio_cxl_engine *engine);
bool vfio_cxl_engines_live(const struct vfio_cxl_dcd *but,
			   const u8 tag[VFIO_CXL_DC_TAG_LEN]);
u64 vfio_cxl_engines_now(void *ctx);
void *vfio_cxl_engines_alloc(void *ctx, size_t size);
void vfio_cxl_engines_free(void *ctx, void *p);
void vfio_cxl_engines_tell(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_dcd_change *change);
u64 vfio_cxl_engines_deadline(void);

bool vfio_cxl_engines_is_host(struct vfio_cxl_device *cxl,
			      const u8 tag[VFIO_CXL_DC_TAG_LEN]);
bool vfio_cxl_engines_is_host_id(struct vfio_cxl_device *cxl, u64 id);
int vfio_cxl_engines_list(struct vfio_cxl_device *cxl,
			  struct vfio_cxl_dcd_page *page);

#endif /* VFIO_CXL_ENGINES_H */
