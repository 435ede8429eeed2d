/* SPDX-License-Identifier: GPL-2.0-only */
/* Caches and memory types: what differs between architectures. */
#ifndef VFIO_CXL_ARCH_H
#define VFIO_CXL_ARCH_H

#include <linux/libnvdimm.h>
#include <linux/mm.h>

#ifdef CONFIG_X86
#include <asm/cacheflush.h>
#include <asm/pgtable.h>

/* Write back and invalidate; never WBINVD, which stops every processor */
static inline void vfio_cxl_arch_flush(void *addr, unsigned int size)
{
	clflush_cache_range(addr, size);
}

/*
 * Is a kernel mapping really write-back? memremap() succeeds also where the
 * MTRRs turn the request into something else.
 */
static inline bool vfio_cxl_arch_is_wb(void *addr)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)addr, &level);
	pteval_t bits = _PAGE_PWT | _PAGE_PCD;

	bits |= level == PG_LEVEL_4K ? _PAGE_PAT : _PAGE_PAT_LARGE;

	return pte && !(pte_val(*pte) & bits);
}

/* The kernel maps 1 GiB page frames without asking the processor */
static inline bool vfio_cxl_arch_has_pud(void)
{
	return boot_cpu_has(X86_FEATURE_GBPAGES);
}
#else
static inline void vfio_cxl_arch_flush(void *addr, unsigned int size)
{
	arch_wb_cache_pmem(addr, size);
}

static inline bool vfio_cxl_arch_is_wb(void *addr)
{
	return true;
}

static inline bool vfio_cxl_arch_has_pud(void)
{
	return true;
}
#endif

#endif /* VFIO_CXL_ARCH_H */
