/* SPDX-License-Identifier: GPL-2.0-only */
/* The only place that asks for the kernel's version: 6.12 to 7.3. */
#ifndef VFIO_CXL_COMPAT_H
#define VFIO_CXL_COMPAT_H

#include <linux/mm.h>
#include <linux/version.h>
#include <linux/vfio.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "cxl-vfio-pci needs Linux 6.12 or later"
#endif

/*
 * Bit 9 and id 6 are used here as shipped VMMs know them. A kernel that gives
 * them a meaning of its own needs another version of this driver.
 */
#if defined(VFIO_DEVICE_FLAGS_CXL) || defined(VFIO_DEVICE_INFO_CAP_CXL)
#error "this kernel defines VFIO's CXL flag or capability itself"
#endif

/* pfn_t went away */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#define vfio_cxl_pfn(pfn)	__pfn_to_pfn_t(pfn, PFN_DEV)
#else
#define vfio_cxl_pfn(pfn)	(pfn)
#endif

/* VFIO_DEVICE_GET_REGION_INFO moved from .ioctl to an op of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define VFIO_CXL_REGION_INFO_OP
#endif

/* KVM maps device memory with huge struct pages */
#define VFIO_CXL_HUGE_VMEMMAP	(LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0))

/* Folios can be mapped whole by their driver; before, the fault's core does it */
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && \
	LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
#define VFIO_CXL_FOLIO_PMD
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define VFIO_CXL_MATCH_TOKEN_OP
#endif

#endif /* VFIO_CXL_COMPAT_H */
