/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_CDAT_H
#define VFIO_CXL_CDAT_H

#include "pure.h"

/* A device has that many at most that matter here: partitions and regions */
#define VFIO_CXL_CDAT_DSMAS	16

/* Flags of a DSMAS */
#define VFIO_CXL_DSMAS_NON_VOLATILE	BIT(2)
#define VFIO_CXL_DSMAS_SHARABLE		BIT(3)
#define VFIO_CXL_DSMAS_COHERENT		BIT(4)
#define VFIO_CXL_DSMAS_READ_ONLY	BIT(6)

/**
 * struct vfio_cxl_dsmas - a Device Scoped Memory Affinity Structure
 * @handle: its number, which regions of Dynamic Capacity refer to
 * @flags: VFIO_CXL_DSMAS_*
 * @dpa: first byte
 * @len: bytes; does not wrap
 */
struct vfio_cxl_dsmas {
	u8 handle;
	u8 flags;
	u64 dpa;
	u64 len;
};

/**
 * struct vfio_cxl_cdat - what of a device's attribute table matters
 * @count: of @dsmas
 * @dsmas: as the table has them
 */
struct vfio_cxl_cdat {
	unsigned int count;
	struct vfio_cxl_dsmas dsmas[VFIO_CXL_CDAT_DSMAS];
};

int vfio_cxl_cdat_add(struct vfio_cxl_cdat *cdat, const void *data, size_t len);
bool vfio_cxl_cdat_sharable(const struct vfio_cxl_cdat *cdat, u8 handle);
bool vfio_cxl_cdat_alike(const struct vfio_cxl_cdat *cdat, u64 dpa, u64 len);

#endif /* VFIO_CXL_CDAT_H */
