/* SPDX-License-Identifier: GPL-2.0-only */
/* The few kernel names that the driver's pure files use, for user space. */
#ifndef VFIO_CXL_SHIM_H
#define VFIO_CXL_SHIM_H

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define __packed		__attribute__((packed))
#define static_assert(e, ...)	_Static_assert(e, #e)
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l)	((u64)GENMASK(h, l))
#define FIELD_GET(mask, reg)	(((reg) & (mask)) >> __builtin_ctzl(mask))
#define FIELD_PREP(mask, val)	(((unsigned long)(val) << __builtin_ctzl(mask)) & (mask))
#define IS_ALIGNED(x, a)	(((x) & ((a) - 1)) == 0)
#define ALIGN_DOWN(x, a)	((x) & ~((a) - 1))
#define ALIGN(x, a)		({ __typeof__(x) _m = (__typeof__(x))(a) - 1; \
				   ((x) + _m) & ~_m; })
#define U8_MAX			UINT8_MAX
#define U16_MAX			UINT16_MAX
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define fallthrough		__attribute__((fallthrough))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define SZ_4K			0x1000UL
#define SZ_16K			0x4000UL
#define SZ_64K			0x10000UL
#define SZ_256M			0x10000000UL
#define min_t(type, a, b)	({ type _a = (a), _b = (b); _a < _b ? _a : _b; })
#define max_t(type, a, b)	({ type _a = (a), _b = (b); _a > _b ? _a : _b; })
#define min(a, b)		({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); \
				   _a < _b ? _a : _b; })
#define max(a, b)		({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); \
				   _a > _b ? _a : _b; })
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

#define cpu_to_le16(v)		htole16(v)
#define cpu_to_le32(v)		htole32(v)
#define cpu_to_le64(v)		htole64(v)
#define le16_to_cpu(v)		le16toh(v)
#define le32_to_cpu(v)		le32toh(v)
#define le64_to_cpu(v)		le64toh(v)

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* The offsets of a firmware table follow no alignment */
static inline u16 get_unaligned_le16(const void *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline u32 get_unaligned_le32(const void *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline u64 get_unaligned_le64(const void *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline void put_unaligned_le64(u64 value, void *p)
{
	u64 v = htole64(value);

	memcpy(p, &v, sizeof(v));
}

#endif /* VFIO_CXL_SHIM_H */
