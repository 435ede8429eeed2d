/* SPDX-License-Identifier: GPL-2.0-only */
/* The CXL Device DVSEC as a user reaches it, a few bytes at any offset */
#ifndef VFIO_CXL_TEST_DVSEC_H
#define VFIO_CXL_TEST_DVSEC_H

#include "unit.h"

#include "config.h"

/* Longer than any such DVSEC was so far, in bytes */
#define DVSEC_LEN	0x60
#define DVSEC_DWORDS	(DVSEC_LEN / 4)

/* 8.1.3, offsets and bits, from the specification */
enum {
	CAPABILITY = 0x0a, CONTROL = 0x0c, STATUS = 0x0e, CONTROL2 = 0x10,
	STATUS2 = 0x12, CONFIG_LOCK = 0x14, CAPABILITY2 = 0x16, RANGES = 0x18,
	RANGE1_BASE = 0x20, RANGE2_SIZE = 0x28, RANGE2_BASE = 0x30,
	CAPABILITY3 = 0x38,
};

#define CAP_CACHE	0x0001
#define CAP_MEM		0x0004
#define CAP_WBI		0x0040
#define CAP_RESET	0x0080
#define CAP_MEM_CLR	0x0800
#define CAP_VIRAL	0x4000

#define IO_ENABLE	0x0002
#define MEM_ENABLE	0x0004
#define VIRAL		0x4000	/* of Control and of Status */

#define NO_CACHING	0x0001
#define WBI		0x0002
#define RESET		0x0004
#define MEM_CLR		0x0008

#define CACHE_INVALID	0x0001
#define RESET_DONE	0x0002
#define RESET_ERROR	0x0004
#define PM_INIT		0x8000

struct space {
	struct vfio_cxl_dvsec dvsec;
	u32 hw[DVSEC_DWORDS];
};

static inline u32 dword(const struct space *s, u32 offset)
{
	return vfio_cxl_dvsec_read(&s->dvsec, offset, s->hw[offset / 4]);
}

/* @n bytes, 1 to 4, which may lie in two dwords */
static inline u32 get(const struct space *s, u32 offset, unsigned int n)
{
	u32 first = offset & ~3U, last = (offset + n - 1) & ~3U;
	u64 value = dword(s, first) | (u64)dword(s, last) << 32;

	return value >> 8 * (offset - first) & ((1ULL << 8 * n) - 1);
}

/* What is not written is set in the value: nobody may look at it */
static inline bool set(struct space *s, u32 offset, unsigned int n, u32 value)
{
	unsigned int shift = 8 * (offset & 3);
	u64 mask = ((1ULL << 8 * n) - 1) << shift;
	u64 all = (u64)value << shift | ~mask;
	bool reset;

	offset &= ~3U;
	reset = vfio_cxl_dvsec_write(&s->dvsec, offset, all, mask);
	if (mask >> 32)
		reset |= vfio_cxl_dvsec_write(&s->dvsec, offset + 4, all >> 32,
					      mask >> 32);

	return reset;
}

#endif /* VFIO_CXL_TEST_DVSEC_H */
