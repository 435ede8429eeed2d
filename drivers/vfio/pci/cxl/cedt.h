/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_CEDT_H
#define VFIO_CXL_CEDT_H

#include "pure.h"

#define VFIO_CXL_CEDT_MAX_WAYS	16

/* Window Restrictions (9.18.1.3) */
#define VFIO_CXL_WINDOW_DEVICE_COHERENT	BIT(0)
#define VFIO_CXL_WINDOW_HOST_ONLY	BIT(1)
#define VFIO_CXL_WINDOW_VOLATILE	BIT(2)
#define VFIO_CXL_WINDOW_PERSISTENT	BIT(3)
#define VFIO_CXL_WINDOW_FIXED		BIT(4)
#define VFIO_CXL_WINDOW_BI		BIT(5)

/**
 * struct vfio_cxl_cfmws - a CXL Fixed Memory Window Structure (9.18.1.3)
 * @base: host physical address of the first byte
 * @size: bytes
 * @ways: interleave ways, 1 to VFIO_CXL_CEDT_MAX_WAYS
 * @granularity: interleave granularity in bytes
 * @restrictions: VFIO_CXL_WINDOW_*
 * @qtg_id: QoS throttling group
 * @targets: _UID of the host bridges, @ways of them, the rest 0
 */
struct vfio_cxl_cfmws {
	u64 base;
	u64 size;
	u32 ways;
	u32 granularity;
	u16 restrictions;
	u16 qtg_id;
	u32 targets[VFIO_CXL_CEDT_MAX_WAYS];
};

/**
 * struct vfio_cxl_chbs - a CXL Host Bridge Structure (9.18.1.2)
 * @uid: _UID of the host bridge
 * @version: 0 for a CXL 1.1 bridge, 1 for CXL 2.0 and later
 * @base: host physical address of the component registers
 * @length: bytes
 */
struct vfio_cxl_chbs {
	u32 uid;
	u32 version;
	u64 base;
	u64 length;
};

int vfio_cxl_cedt_window(const void *cedt, size_t len, unsigned int index,
			 struct vfio_cxl_cfmws *window);
int vfio_cxl_cedt_bridge(const void *cedt, size_t len, u32 uid,
			 struct vfio_cxl_chbs *bridge);

#endif /* VFIO_CXL_CEDT_H */
