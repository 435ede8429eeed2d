/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_BAR_H
#define VFIO_CXL_BAR_H

#include "pure.h"

#define VFIO_CXL_MAX_BLOCKS	8
#define VFIO_CXL_MAX_AREAS	(VFIO_CXL_MAX_BLOCKS + 1)

/**
 * struct vfio_cxl_block - registers in a BAR that a user may not touch
 * @start: offset in the BAR
 * @end: offset behind the last byte
 * @bar: which BAR
 * @component: it is the component block, else device registers
 */
struct vfio_cxl_block {
	u64 start;
	u64 end;
	u8 bar;
	bool component;
};

/**
 * struct vfio_cxl_area - a part of a BAR that a user may map
 * @start: offset in the BAR, page aligned
 * @end: offset behind the last byte, page aligned
 */
struct vfio_cxl_area {
	u64 start;
	u64 end;
};

const struct vfio_cxl_block *
vfio_cxl_block_at(const struct vfio_cxl_block *blocks, unsigned int count,
		  unsigned int bar, u64 pos, size_t *n);
bool vfio_cxl_bar_closed(const struct vfio_cxl_block *blocks,
			 unsigned int count, unsigned int bar);
unsigned int vfio_cxl_bar_areas(const struct vfio_cxl_block *blocks,
				unsigned int count, unsigned int bar, u64 len,
				u64 page, struct vfio_cxl_area *areas);

#endif /* VFIO_CXL_BAR_H */
