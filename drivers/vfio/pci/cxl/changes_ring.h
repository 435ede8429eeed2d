/* SPDX-License-Identifier: GPL-2.0-only */
/* The last entries of a log of changes, by their numbers. */
#ifndef VFIO_CXL_CHANGES_RING_H
#define VFIO_CXL_CHANGES_RING_H

#include <linux/vfio_cxl.h>

#include "dcd.h"
#include "pure.h"

/* So many are kept; a power of two */
#define VFIO_CXL_CHANGES_KEPT	1024

/**
 * struct vfio_cxl_changes_ring - the last entries
 * @next: number of the one that comes next; the first one's is 1
 * @entry: number n is at n % VFIO_CXL_CHANGES_KEPT; @lost of each is 0
 *
 * No locking: the caller's.
 */
struct vfio_cxl_changes_ring {
	u64 next;
	struct vfio_cxl_dc_event entry[VFIO_CXL_CHANGES_KEPT];
};

void vfio_cxl_changes_ring_init(struct vfio_cxl_changes_ring *ring);
void vfio_cxl_changes_ring_add(struct vfio_cxl_changes_ring *ring,
			       const struct vfio_cxl_dcd_change *change,
			       u64 time_ns);
bool vfio_cxl_changes_ring_has(const struct vfio_cxl_changes_ring *ring,
			       u64 position);
bool vfio_cxl_changes_ring_get(const struct vfio_cxl_changes_ring *ring,
			       u64 *position, struct vfio_cxl_dc_event *event);
bool vfio_cxl_changes_ring_reaches(const struct vfio_cxl_changes_ring *ring,
				   u64 position);

#endif /* VFIO_CXL_CHANGES_RING_H */
