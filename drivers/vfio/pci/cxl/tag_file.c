// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: descriptors of a tag
 *
 * Host memory is mapped as a backend's own descriptors map it (backend.c), the device's
 * as its VFIO region is (mem.c); of both there is what tag.c says is reachable.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/module.h>
#include <linux/poll.h>

#include "backend.h"
#include "compat.h"
#include "dc.h"
#include "fault.h"
#include "tag.h"
#include "vfio_cxl.h"

static void tag_vm_open(struct vm_area_struct *vma)
{
	vfio_cxl_tag_mapped(vma->vm_private_data, true);
}

static void tag_vm_close(struct vm_area_struct *vma)
{
	vfio_cxl_tag_mapped(vma->vm_private_data, false);
}

static struct page *host_get(struct vm_area_struct *vma, u64 offset)
{
	struct vfio_cxl_tag *tag = vma->vm_private_data;
	struct vfio_cxl_tag_part *part;
	struct page *page = NULL;

	down_read(&tag->tags->sem);
	part = vfio_cxl_tag_at(tag, offset);
	if (part && vfio_cxl_tag_touch(part))
		page = vfio_cxl_backend_page(tag->backend,
					     (offset - part->offset) >> PAGE_SHIFT);
	up_read(&tag->tags->sem);

	return page;
}

static vm_fault_t host_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	return vfio_cxl_backend_fault(vmf, order, host_get);
}

static vm_fault_t host_fault(struct vm_fault *vmf)
{
	return host_huge_fault(vmf, 0);
}

static const struct vm_operations_struct host_vm_ops = {
	.open = tag_vm_open,
	.close = tag_vm_close,
	.fault = host_fault,
#ifdef VFIO_CXL_FOLIO_PMD
	.huge_fault = host_huge_fault,
#endif
};

static vm_fault_t device_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vfio_cxl_tag *tag = vma->vm_private_data;
	unsigned long size = PAGE_SIZE << order;
	unsigned long start = ALIGN_DOWN(vmf->address, size);
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct vfio_cxl_tag_part *part;
	struct vfio_cxl_dc *dc;
	u64 offset;

	if (start < vma->vm_start || vma->vm_end - start < size)
		return VM_FAULT_FALLBACK;

	offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + (start - vma->vm_start);
	down_read(&tag->tags->sem);
	part = vfio_cxl_tag_at(tag, offset);
	if (part && size <= part->extent->len - (offset - part->offset)) {
		dc = part->engine->ctx;
		ret = vfio_cxl_memory_fault(dc->cxl, vmf, order,
					    part->extent->dpa + offset -
					    part->offset, part);
	} else if (order) {
		ret = VM_FAULT_FALLBACK;
	}
	up_read(&tag->tags->sem);

	return ret;
}

static vm_fault_t device_fault(struct vm_fault *vmf)
{
	return device_huge_fault(vmf, 0);
}

static const struct vm_operations_struct device_vm_ops = {
	.open = tag_vm_open,
	.close = tag_vm_close,
	.fault = device_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = device_huge_fault,
#endif
};

static int tag_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vfio_cxl_tag *tag = file->private_data;
	pgoff_t pages = tag->size >> PAGE_SHIFT;

	if (READ_ONCE(tag->dead))
		return -ENODEV;
	/* Whoever has a copy has not what it asked for */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;

	/* As a backend's mapping, or the region of the device's memory */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	if (!tag->backend)
		vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = tag->backend ? &host_vm_ops : &device_vm_ops;
	vma->vm_private_data = tag;
	vfio_cxl_tag_mapped(tag, true);

	return 0;
}

static __poll_t tag_poll(struct file *file, poll_table *wait)
{
	struct vfio_cxl_tag *tag = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &tag->wait, wait);
	spin_lock(&tag->tags->lock);
	if (tag->all)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (tag->all && file->f_mode & FMODE_WRITE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (tag->asked)
		mask |= EPOLLPRI;
	if (!tag->all)
		mask |= EPOLLRDHUP;
	if (tag->dead)
		mask |= EPOLLHUP;
	spin_unlock(&tag->tags->lock);

	return mask;
}

static loff_t tag_llseek(struct file *file, loff_t offset, int whence)
{
	struct vfio_cxl_tag *tag = file->private_data;

	return fixed_size_llseek(file, offset, whence, tag->size);
}

static int tag_release(struct inode *inode, struct file *file)
{
	struct vfio_cxl_tag *tag = file->private_data;

	spin_lock(&tag->tags->lock);
	tag->files--;
	spin_unlock(&tag->tags->lock);
	vfio_cxl_tag_put(tag);

	return 0;
}

static const struct file_operations tag_fops = {
	.owner = THIS_MODULE,
	.release = tag_release,
	.mmap = tag_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.poll = tag_poll,
	.llseek = tag_llseek,
};

/**
 * vfio_cxl_tag_file - a descriptor's file
 * @tag: what it maps
 * @rdonly: it is never written through
 *
 * Return: it, or an error pointer.
 */
struct file *vfio_cxl_tag_file(struct vfio_cxl_tag *tag, bool rdonly)
{
	struct file *file;

	file = vfio_cxl_fails("tag file") ? ERR_PTR(-ENOMEM) :
	       vfio_cxl_backend_inode_file(tag->inode, "vfio-cxl-tag",
					   rdonly ? O_RDONLY : O_RDWR,
					   &tag_fops);
	if (IS_ERR(file))
		return file;
	kref_get(&tag->ref);
	spin_lock(&tag->tags->lock);
	tag->files++;
	spin_unlock(&tag->tags->lock);
	file->private_data = tag;

	return file;
}
