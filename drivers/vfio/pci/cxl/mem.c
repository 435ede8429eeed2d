// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: HDM memory
 *
 * What decoder 0 decodes, as a VFIO region: file offset = HPA - base. Mapped by
 * page frame, write-back, with the largest page that fits, and only while the
 * gate says that it is live. The kernel's own write-back mapping of the range
 * serves read, write and cache flushes; on x86 it is also what makes user
 * mappings write-back, because the memory type of a page frame comes from the
 * one reservation that is there.
 */
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "arch.h"
#include "compat.h"
#include "dc.h"
#include "fault.h"
#include "trace.h"
#include "vfio_cxl.h"

/**
 * vfio_cxl_page_sizes - page sizes the region may be mapped with
 * @size: of the region, in bytes
 *
 * Return: a bit for each, as in VFIO_CXL_INFO.
 */
u64 vfio_cxl_page_sizes(u64 size)
{
	u64 sizes = PAGE_SIZE;

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	if (size >= PMD_SIZE)
		sizes |= PMD_SIZE;
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	if (size >= PUD_SIZE && vfio_cxl_arch_has_pud())
		sizes |= PUD_SIZE;
#endif
	return sizes;
}

/* How the kernel is to map the memory */
enum mem_mode {
	MEM_MODE_AUTO,
	MEM_MODE_MEMREMAP,
	MEM_MODE_PAGES,
};

static const char * const mem_mode_names[] = { "auto", "memremap", "pages" };
static unsigned int mem_mode = MEM_MODE_AUTO;

static int mem_mode_set(const char *text, const struct kernel_param *param)
{
	int mode = sysfs_match_string(mem_mode_names, text);

	if (mode < 0)
		return mode;
	mem_mode = mode;

	return 0;
}

static int mem_mode_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", mem_mode_names[mem_mode]);
}

static const struct kernel_param_ops mem_mode_ops = {
	.set = mem_mode_set,
	.get = mem_mode_get,
};

module_param_cb(mem_mode, &mem_mode_ops, NULL, 0444);
MODULE_PARM_DESC(mem_mode,
		 "how the kernel maps the memory: pages (with struct pages; KVM on Intel needs them for write-back), memremap, or auto (default: pages where they cost next to nothing, which is from Linux 7.2 on)");

static bool want_pages(void)
{
	if (!IS_ENABLED(CONFIG_ZONE_DEVICE))
		return false;
	if (mem_mode == MEM_MODE_AUTO)
		return VFIO_CXL_HUGE_VMEMMAP;

	return mem_mode == MEM_MODE_PAGES;
}

/*
 * Struct pages make KVM on Intel map the memory write-back. The user's mappings
 * are page frames all the same: nothing takes references on these pages.
 */
static int map_pages(struct vfio_cxl_device *cxl,
		     struct vfio_cxl_memory *memory)
{
	struct dev_pagemap *pgmap;
	void *addr;

	pgmap = kzalloc(sizeof(*pgmap), GFP_KERNEL);
	if (!pgmap)
		return -ENOMEM;
	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->range.start = memory->base;
	pgmap->range.end = memory->base + memory->size - 1;
	pgmap->nr_range = 1;
	/* Before, KVM takes references on tails, which have none */
	if (VFIO_CXL_HUGE_VMEMMAP)
		pgmap->vmemmap_shift =
			IS_ALIGNED(memory->base | memory->size, PUD_SIZE) ?
			PUD_ORDER : PMD_ORDER;

	addr = vfio_cxl_fails("struct pages") ? ERR_PTR(-ENOMEM) :
	       memremap_pages(pgmap, dev_to_node(&cxl->core.pdev->dev));
	if (IS_ERR(addr)) {
		kfree(pgmap);
		return PTR_ERR(addr);
	}
	memory->addr = addr;
	memory->pgmap = pgmap;

	return 0;
}

static int memory_map(struct vfio_cxl_device *cxl,
		      struct vfio_cxl_memory *memory)
{
	int ret;

	if (want_pages()) {
		ret = map_pages(cxl, memory);
		if (!ret)
			return 0;
		pci_warn(cxl->core.pdev, "no struct pages for the memory: %pe; mapped without\n",
			 ERR_PTR(ret));
	}

	memory->addr = vfio_cxl_fails("memremap") ? NULL :
		       memremap(memory->base, memory->size, MEMREMAP_WB);

	return memory->addr ? 0 : -ENOMEM;
}

static void memory_unmap_kernel(struct vfio_cxl_memory *memory)
{
	if (!memory->pgmap) {
		memunmap(memory->addr);
		return;
	}
	memunmap_pages(memory->pgmap);
	kfree(memory->pgmap);
}

static unsigned long flush_bits(const struct vfio_cxl_memory *memory)
{
	return DIV_ROUND_UP(memory->size, VFIO_CXL_FLUSH_SIZE);
}

/**
 * vfio_cxl_memory_set - the memory of a committed decoder becomes usable
 * @cxl: the device, gated, but not under gate_sem
 * @decoder: decoder 0
 * @claim: the range's resource; owned by the memory on success
 * @why: why not
 *
 * Return: 0; -EOPNOTSUPP if the range can't be mapped write-back; -ENOMEM.
 */
int vfio_cxl_memory_set(struct vfio_cxl_device *cxl,
			const struct vfio_cxl_hdm_decoder *decoder,
			struct resource *claim, struct vfio_cxl_why *why)
{
	struct vfio_cxl_memory memory = {
		.base = decoder->base,
		.size = decoder->size,
		.skip = decoder->skip,
		.claim = claim,
	};

	lockdep_assert_held(&cxl->cmd_lock);
	lockdep_assert_not_held(&cxl->gate_sem);

	memory.touched = kvcalloc(BITS_TO_LONGS(flush_bits(&memory)),
				  sizeof(long), GFP_KERNEL);
	if (!memory.touched)
		return vfio_cxl_refuse(why, -ENOMEM, VFIO_CXL_REASON_NO_MEMORY,
				       "%s", "");

	if (memory_map(cxl, &memory)) {
		kvfree(memory.touched);
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_MEMTYPE, "memremap");
	}

	if (!vfio_cxl_arch_is_wb(memory.addr) || vfio_cxl_fails("memory type")) {
		memory_unmap_kernel(&memory);
		kvfree(memory.touched);
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_MEMTYPE, "MTRR");
	}

	cxl->memory = memory;

	return 0;
}

/**
 * vfio_cxl_memory_drop - undo vfio_cxl_memory_set(), give the range back
 * @cxl: the device, gated, but not under gate_sem
 *
 * Struct pages come and go under cpu_hotplug_lock. That is outside of mmap_lock, by way
 * of sysfs, where CPUs have files and directories are read into users' pages; and under
 * mmap_lock a fault takes gate_sem.
 */
void vfio_cxl_memory_drop(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_memory *memory = &cxl->memory;

	lockdep_assert_held(&cxl->cmd_lock);
	lockdep_assert_not_held(&cxl->gate_sem);

	if (!vfio_cxl_has_memory(cxl))
		return;

	memory_unmap_kernel(memory);
	kvfree(memory->touched);
	vfio_cxl_range_release(memory->claim);
	memset(memory, 0, sizeof(*memory));
}

/**
 * vfio_cxl_memory_unmap - take memory out of every address space
 * @cxl: the device, under gate_sem for writing; no fault may map it again
 * @offset: of its first byte in the region
 * @len: bytes; 0 is nothing
 */
void vfio_cxl_memory_unmap(struct vfio_cxl_device *cxl, u64 offset, u64 len)
{
	lockdep_assert_held_write(&cxl->gate_sem);

	/* A length of 0 would be all behind it, to the kernel */
	if (!len)
		return;
	unmap_mapping_range(cxl->core.vdev.inode->i_mapping,
			    VFIO_PCI_INDEX_TO_OFFSET(VFIO_CXL_MEMORY_INDEX) +
			    offset, len, true);
}

/**
 * vfio_cxl_memory_flush - write caches back, where the memory was touched
 * @cxl: the device, unmapped and not live, under gate_sem
 *
 * A dirty line that is evicted after the decoder is gone is lost, or worse.
 */
void vfio_cxl_memory_flush(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_memory *memory = &cxl->memory;
	unsigned long n;

	lockdep_assert_held(&cxl->gate_sem);

	for_each_set_bit(n, memory->touched, flush_bits(memory)) {
		u64 at = (u64)n * VFIO_CXL_FLUSH_SIZE;

		vfio_cxl_arch_flush(memory->addr + at,
				    min(memory->size - at,
					(u64)VFIO_CXL_FLUSH_SIZE));
		clear_bit(n, memory->touched);
		cond_resched();
	}
}

/*
 * Under gate_sem for reading, so bits are set side by side. A page of 1 GiB is
 * whole words of them, where all ones may be stored beside any set_bit().
 */
static void memory_touch(struct vfio_cxl_device *cxl, u64 offset, u64 size)
{
	unsigned long n = offset / VFIO_CXL_FLUSH_SIZE;
	unsigned long end = DIV_ROUND_UP(offset + size, VFIO_CXL_FLUSH_SIZE);
	unsigned long *touched = cxl->memory.touched;

	lockdep_assert_held(&cxl->gate_sem);

	while (n < end) {
		if (IS_ALIGNED(n, BITS_PER_LONG) && end - n >= BITS_PER_LONG) {
			unsigned long *word = touched + BIT_WORD(n);

			if (READ_ONCE(*word) != ~0UL)
				WRITE_ONCE(*word, ~0UL);
			n += BITS_PER_LONG;
		} else {
			if (!test_bit(n, touched))
				set_bit(n, touched);
			n++;
		}
	}
}

/* What of a piece users could reach */
static void memory_zero(struct vfio_cxl_device *cxl, u64 offset, u64 size)
{
	u64 end, n;
	bool clear;

	for (end = offset + size; offset < end; offset += n) {
		n = vfio_cxl_dc_piece(cxl, offset, end - offset, &clear);
		if (!clear)
			continue;
		memory_touch(cxl, offset, n);
		memset(cxl->memory.addr + offset, 0, n);
	}
}

/**
 * vfio_cxl_memory_clear - zero the memory that users can reach
 * @cxl: the device
 * @killable: give up at a fatal signal
 *
 * Return: 0; -EIO if the memory is not live; -EINTR.
 */
int vfio_cxl_memory_clear(struct vfio_cxl_device *cxl, bool killable)
{
	u64 size = cxl->memory.size;
	u64 offset, n;
	bool live;

	for (offset = 0; offset < size; offset += n) {
		n = min_t(u64, size - offset, VFIO_CXL_FLUSH_SIZE);
		down_read(&cxl->gate_sem);
		/* One point, at the end: there are thousands of steps */
		live = cxl->live && vfio_cxl_dc_settled(cxl) &&
		       !(offset + n == size && vfio_cxl_fails("clear"));
		if (live)
			memory_zero(cxl, offset, n);
		up_read(&cxl->gate_sem);
		if (!live)
			return -EIO;
		if (killable && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}

	return 0;
}

/**
 * vfio_cxl_memory_clean - what the last tenant wrote is not for the next one
 * @cxl: the device
 * @killable: give up at a fatal signal
 *
 * Return: 0, also if there is nothing to clear; else as
 * vfio_cxl_memory_clear().
 */
int vfio_cxl_memory_clean(struct vfio_cxl_device *cxl, bool killable)
{
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!cxl->unclean)
		return 0;

	ret = vfio_cxl_memory_clear(cxl, killable);
	if (!ret)
		cxl->unclean = false;

	return ret;
}

static vm_fault_t memory_insert(struct vm_fault *vmf, unsigned long pfn,
				unsigned int order)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;

	if (vfio_cxl_fails("insert"))
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;

	switch (order) {
	case 0:
		return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	case PMD_ORDER:
		return vmf_insert_pfn_pmd(vmf, vfio_cxl_pfn(pfn), write);
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	case PUD_ORDER:
		return vmf_insert_pfn_pud(vmf, vfio_cxl_pfn(pfn), write);
#endif
	}

	return VM_FAULT_FALLBACK;
}

/**
 * vfio_cxl_memory_fault - map a piece of the memory, for whom it is reachable
 * @cxl: the device
 * @vmf: the fault
 * @order: of the piece's size, in pages; all of it is inside the mapping
 * @offset: of the piece in the region; or with @part its DPA
 * @part: of a tag, by whose descriptor it is mapped, which has all of the piece, under
 *	vfio_cxl_tags.sem; NULL: as the region
 *
 * Return: as a fault does.
 */
vm_fault_t vfio_cxl_memory_fault(struct vfio_cxl_device *cxl,
				 struct vm_fault *vmf, unsigned int order,
				 u64 offset, struct vfio_cxl_tag_part *part)
{
	unsigned long size = PAGE_SIZE << order;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (order == PUD_ORDER && !vfio_cxl_arch_has_pud())
		return VM_FAULT_FALLBACK;

	down_read(&cxl->gate_sem);
	if (part)
		offset -= cxl->memory.skip;
	if (cxl->live && offset < cxl->memory.size &&
	    size <= cxl->memory.size - offset) {
		u64 hpa = cxl->memory.base + offset;
		enum vfio_cxl_dc_touch may = VFIO_CXL_DC_TOUCH_PART;

		if (IS_ALIGNED(hpa, size) && part)
			may = vfio_cxl_dc_touch_part(cxl->dc, part);
		else if (IS_ALIGNED(hpa, size))
			may = vfio_cxl_dc_touch(cxl, offset, size, true);
		if (may == VFIO_CXL_DC_TOUCH_ALL) {
			memory_touch(cxl, offset, size);
			ret = memory_insert(vmf, PHYS_PFN(hpa), order);
		} else if (may == VFIO_CXL_DC_TOUCH_PART) {
			ret = VM_FAULT_FALLBACK;
		}
	}
	up_read(&cxl->gate_sem);

	trace_vfio_cxl_fault(cxl->core.pdev, offset, order,
			     (__force unsigned int)ret);

	return ret;
}

static vm_fault_t memory_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long size = PAGE_SIZE << order;
	unsigned long start = ALIGN_DOWN(vmf->address, size);

	if (start < vma->vm_start || vma->vm_end - start < size)
		return VM_FAULT_FALLBACK;

	return vfio_cxl_memory_fault(vma->vm_private_data, vmf, order,
				     ((u64)vma->vm_pgoff << PAGE_SHIFT &
				      VFIO_PCI_OFFSET_MASK) +
				     (start - vma->vm_start), NULL);
}

static vm_fault_t memory_fault(struct vm_fault *vmf)
{
	return memory_huge_fault(vmf, 0);
}

/* How often the region is mapped says whether an extent is in use */
static void memory_vm_open(struct vm_area_struct *vma)
{
	struct vfio_cxl_device *cxl = vma->vm_private_data;

	spin_lock(&cxl->maps_lock);
	/* What was touched by those who are gone counts no more */
	if (!cxl->maps++)
		atomic64_inc(&cxl->map_epoch);
	spin_unlock(&cxl->maps_lock);
}

static void memory_vm_close(struct vm_area_struct *vma)
{
	struct vfio_cxl_device *cxl = vma->vm_private_data;

	spin_lock(&cxl->maps_lock);
	cxl->maps--;
	spin_unlock(&cxl->maps_lock);
}

static const struct vm_operations_struct memory_vm_ops = {
	.open = memory_vm_open,
	.close = memory_vm_close,
	.fault = memory_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = memory_huge_fault,
#endif
};

static int memory_mmap(struct vfio_pci_core_device *core,
		       struct vfio_pci_region *region,
		       struct vm_area_struct *vma)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of_core(core);
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT & VFIO_PCI_OFFSET_MASK;
	u64 size = vma->vm_end - vma->vm_start;

	/* vm_pgoff stays as it is: the gate unmaps by file offset */
	if (start >= region->size || size > region->size - start)
		return -EINVAL;

	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &memory_vm_ops;
	vma->vm_private_data = cxl;
	memory_vm_open(vma);

	return 0;
}

/*
 * Copy at most a page between the memory and a kernel buffer. The user's buffer
 * may be a mapping of this very memory, whose fault takes gate_sem: so never
 * copy to or from the user under it.
 */
static int memory_copy(struct vfio_cxl_device *cxl, u64 offset, void *buf,
		       size_t size, bool write)
{
	int ret = -EIO;

	down_read(&cxl->gate_sem);
	if (cxl->live && offset + size <= cxl->memory.size &&
	    vfio_cxl_dc_touch(cxl, offset, size, false) ==
	    VFIO_CXL_DC_TOUCH_ALL) {
		memory_touch(cxl, offset, size);
		if (write)
			memcpy(cxl->memory.addr + offset, buf, size);
		if (write ||
		    (!vfio_cxl_fails("poison") &&
		     !copy_mc_to_kernel(buf, cxl->memory.addr + offset, size)))
			ret = 0;
	}
	up_read(&cxl->gate_sem);

	return ret;
}

/**
 * vfio_cxl_region_rw - read or write a region of memory
 * @cxl: the device
 * @size: of the region, which is constant while the device is open
 * @buf: the user's
 * @count: bytes
 * @ppos: where, as VFIO counts; moved by what was done
 * @write: to the region
 * @copy: copies between a kernel buffer and what is there at an offset, inside a page,
 *	or fails
 *
 * Return: bytes done, or an error if that is none.
 */
ssize_t vfio_cxl_region_rw(struct vfio_cxl_device *cxl, u64 size,
			   char __user *buf, size_t count, loff_t *ppos,
			   bool write,
			   int (*copy)(struct vfio_cxl_device *cxl, u64 offset,
				       void *buf, size_t size, bool write))
{
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done = 0, n;
	void *page;
	int ret = 0;

	if (pos >= size)
		return 0;
	count = min_t(u64, count, size - pos);

	page = (void *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;

	while (done < count && !ret) {
		n = min_t(size_t, count - done, PAGE_SIZE - offset_in_page(pos));
		if (write && copy_from_user(page, buf + done, n))
			ret = -EFAULT;
		if (!ret)
			ret = copy(cxl, pos, page, n, write);
		if (!ret && !write && copy_to_user(buf + done, page, n))
			ret = -EFAULT;
		if (ret)
			break;
		done += n;
		pos += n;
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	free_page((unsigned long)page);

	*ppos += done;

	return done ?: ret;
}

static ssize_t memory_rw(struct vfio_pci_core_device *core, char __user *buf,
			 size_t count, loff_t *ppos, bool write)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of_core(core);

	return vfio_cxl_region_rw(cxl, cxl->memory.size, buf, count, ppos,
				  write, memory_copy);
}

static void region_release(struct vfio_pci_core_device *core,
			   struct vfio_pci_region *region)
{
	/* What a region is made of belongs to the device; the core insists */
}

static const struct vfio_pci_regops memory_ops = {
	.rw = memory_rw,
	.release = region_release,
	.mmap = memory_mmap,
};

static const struct vfio_pci_regops comp_regs_ops = {
	.rw = vfio_cxl_comp_regs_rw,
	.release = region_release,
};

/**
 * vfio_cxl_regions_register - add the two regions, at open
 * @cxl: a device with memory
 *
 * Return: 0 or -ENOMEM. The core releases them, also after an error.
 */
int vfio_cxl_regions_register(struct vfio_cxl_device *cxl)
{
	int ret;

	ret = vfio_pci_core_register_dev_region(&cxl->core,
						VFIO_CXL_REGION_TYPE,
						VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
						&memory_ops, cxl->memory.size,
						VFIO_REGION_INFO_FLAG_READ |
						VFIO_REGION_INFO_FLAG_WRITE |
						VFIO_REGION_INFO_FLAG_MMAP,
						cxl);
	if (ret)
		return ret;

	return vfio_pci_core_register_dev_region(&cxl->core,
						 VFIO_CXL_REGION_TYPE,
						 VFIO_CXL_REGION_SUBTYPE_COMP_REGS,
						 &comp_regs_ops,
						 CXL_CM_SIZE,
						 VFIO_REGION_INFO_FLAG_READ |
						 VFIO_REGION_INFO_FLAG_WRITE,
						 cxl);
}
