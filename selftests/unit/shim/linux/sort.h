/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's sort(), for user space. */
#ifndef VFIO_CXL_SHIM_SORT_H
#define VFIO_CXL_SHIM_SORT_H

#include <stdlib.h>

static inline void sort(void *base, size_t num, size_t size,
			int (*compare)(const void *, const void *),
			void (*swap)(void *, void *, int))
{
	(void)swap;
	qsort(base, num, size, compare);
}

#endif /* VFIO_CXL_SHIM_SORT_H */
