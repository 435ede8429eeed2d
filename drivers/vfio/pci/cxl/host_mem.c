// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the window for host memory
 *
 * A VFIO region that has pages of backends where extents are committed, and nothing
 * else. Mapped as the backends themselves are (backend.c): the fault hands the core a
 * locked folio. The window has an inode of its own, because what is mapped is found by
 * that, and the core asks it for its size; so each mapping has a file of its own, which
 * keeps the VFIO device's.
 *
 * A folio is mapped under its lock, after a look at what is published. So whoever takes
 * an extent out of there and then has had each folio's lock finds all that was mapped
 * when it unmaps, and nothing comes after.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "fault.h"
#include "host.h"
#include "tag.h"
#include "vfio_cxl.h"

/**
 * struct host_range - an extent that is, or will be, in the tree
 * @node: in vfio_cxl_host.ranges, while published
 * @offset: of its first byte in the window
 * @len: bytes
 * @reach: enum vfio_cxl_dc_reach
 * @backend: whose memory it is; reserved for it
 * @extent: it, in the engine, for as long as this is in the tree
 * @part: it, in descriptors of its tag
 */
struct host_range {
	struct rb_node node;
	u64 offset;
	u64 len;
	enum vfio_cxl_dc_reach reach;
	struct vfio_cxl_backend *backend;
	struct vfio_cxl_dcd_extent *extent;
	struct vfio_cxl_tag_part part;
};

static struct vfio_cxl_backend *backend_of(struct vfio_cxl_host *host,
					   const struct vfio_cxl_dcd_extent *e)
{
	lockdep_assert_held(&host->cxl->cmd_lock);

	return vfio_cxl_host_dev_at(&host->dev, e->dpa)->priv;
}

/**
 * vfio_cxl_host_prepare - be ready to publish an extent
 * @ctx: struct vfio_cxl_host
 * @extent: the extent
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_host_prepare(void *ctx, struct vfio_cxl_dcd_extent *extent)
{
	struct vfio_cxl_host *host = ctx;
	struct host_range *range;

	range = vfio_cxl_fails("extent") ? NULL :
		kzalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return -ENOMEM;
	RB_CLEAR_NODE(&range->node);
	range->offset = vfio_cxl_host_offset(&host->dev, extent->dpa);
	range->len = extent->len;
	range->backend = backend_of(host, extent);
	range->extent = extent;
	range->part.engine = &host->engine;
	range->part.extent = extent;
	extent->priv = range;

	return 0;
}

/* Extents never overlap: the device in software sees to that */
static bool range_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct host_range, node)->offset <
	       rb_entry(other, struct host_range, node)->offset;
}

/**
 * vfio_cxl_host_publish - an extent is reachable from now on
 * @ctx: struct vfio_cxl_host
 * @extent: it was prepared
 * @reach: by whom
 */
void vfio_cxl_host_publish(void *ctx, struct vfio_cxl_dcd_extent *extent,
			   enum vfio_cxl_dc_reach reach)
{
	struct host_range *range = extent->priv;
	struct vfio_cxl_host *host = ctx;

	down_write(&host->sem);
	range->reach = reach;
	rb_add(&range->node, &host->ranges, range_before);
	up_write(&host->sem);
	if (reach == VFIO_CXL_DC_REACH_APP)
		vfio_cxl_tags_add(host->cxl->tags, &range->part, range->backend);
}

/**
 * vfio_cxl_host_unpublish - an extent is unreachable from now on, and unmapped
 * @ctx: struct vfio_cxl_host
 * @extent: it was prepared, and perhaps published
 */
void vfio_cxl_host_unpublish(void *ctx, struct vfio_cxl_dcd_extent *extent)
{
	struct host_range *range = extent->priv;
	struct vfio_cxl_host *host = ctx;

	vfio_cxl_tag_remove(&range->part);
	if (!RB_EMPTY_NODE(&range->node)) {
		down_write(&host->sem);
		rb_erase(&range->node, &host->ranges);
		up_write(&host->sem);
	}
	/* What is for descriptors never stood in the window */
	if (range->reach == VFIO_CXL_DC_REACH_TENANT ||
	    range->reach == VFIO_CXL_DC_REACH_DEVICE) {
		vfio_cxl_backend_settle(range->backend);
		unmap_mapping_range(host->inode->i_mapping, range->offset,
				    range->len, 1);
	}
	extent->priv = NULL;
	kfree(range);
}

static struct host_range *range_at(struct vfio_cxl_host *host, u64 offset)
{
	struct rb_node *node = host->ranges.rb_node;
	struct host_range *range;

	while (node) {
		range = rb_entry(node, struct host_range, node);
		if (offset < range->offset)
			node = node->rb_left;
		else if (offset - range->offset >= range->len)
			node = node->rb_right;
		else
			return range;
	}

	return NULL;
}

/**
 * vfio_cxl_host_part - the extent of a tag, for descriptors of it
 * @host: whose
 * @tag: it is COMMITTED
 * @backend: out: whose memory it is
 *
 * Return: it.
 */
struct vfio_cxl_tag_part *
vfio_cxl_host_part(struct vfio_cxl_host *host, const u8 tag[VFIO_CXL_DC_TAG_LEN],
		   struct vfio_cxl_backend **backend)
{
	struct vfio_cxl_dcd_item item;
	struct host_range *range;

	/* Nothing is published without it */
	lockdep_assert_held(&host->cxl->cmd_lock);

	vfio_cxl_dcd_tag_extent(&host->engine, tag, &item);
	range = range_at(host, vfio_cxl_host_offset(&host->dev, item.dpa));
	*backend = range->backend;

	return &range->part;
}

/**
 * vfio_cxl_host_use - which use of the window is this?
 * @ctx: struct vfio_cxl_host
 *
 * Return: its number, or 0 while it is mapped nowhere.
 */
u64 vfio_cxl_host_use(void *ctx)
{
	struct vfio_cxl_host *host = ctx;

	return READ_ONCE(host->maps) ? atomic64_read(&host->map_epoch) : 0;
}

/**
 * vfio_cxl_host_clear - zero an extent before it is given back
 * @ctx: struct vfio_cxl_host
 * @extent: it is held, and not published any more
 *
 * Where clear_on_close asks for it; but not at an unbind, which ends the backend.
 *
 * Return: 0; -EBUSY while somebody holds pages of it, and may write to them by DMA.
 */
int vfio_cxl_host_clear(void *ctx, const struct vfio_cxl_dcd_extent *extent)
{
	struct vfio_cxl_host *host = ctx;
	struct vfio_cxl_backend *backend;

	if (!vfio_cxl_clears() || host->ending)
		return 0;
	backend = backend_of(host, extent);
	if (vfio_cxl_backend_held(backend))
		return -EBUSY;
	vfio_cxl_backend_clear(backend);

	return 0;
}

/**
 * vfio_cxl_host_clean - zero what any tenancy reaches
 * @host: which nobody has open
 */
void vfio_cxl_host_clean(struct vfio_cxl_host *host)
{
	struct host_range *range;
	struct rb_node *node;

	/* Nothing is published without it */
	lockdep_assert_held(&host->cxl->cmd_lock);

	for (node = rb_first(&host->ranges); node; node = rb_next(node)) {
		range = rb_entry(node, struct host_range, node);
		if (range->reach == VFIO_CXL_DC_REACH_DEVICE)
			vfio_cxl_backend_clear(range->backend);
	}
}

/**
 * vfio_cxl_host_held - does anybody hold pages that any tenancy reaches?
 * @host: which nobody has open
 *
 * A user of before, that is, who pinned them: they would be two users'.
 *
 * Return: the answer.
 */
bool vfio_cxl_host_held(struct vfio_cxl_host *host)
{
	struct host_range *range;
	struct rb_node *node;

	lockdep_assert_held(&host->cxl->cmd_lock);

	for (node = rb_first(&host->ranges); node; node = rb_next(node)) {
		range = rb_entry(node, struct host_range, node);
		if (range->reach == VFIO_CXL_DC_REACH_DEVICE &&
		    vfio_cxl_backend_held(range->backend))
			return true;
	}

	return false;
}

/*
 * The page that stands there for the tenancy, with a reference on its folio, or NULL.
 * @user: it is about to be mapped, which makes the extent "in use"
 */
static struct page *page_at(struct vfio_cxl_host *host, u64 offset, bool user)
{
	u64 use = atomic64_read(&host->map_epoch);
	struct host_range *range;

	lockdep_assert_held(&host->sem);

	range = range_at(host, offset);
	if (!range || range->reach == VFIO_CXL_DC_REACH_APP)
		return NULL;
	if (user && READ_ONCE(range->extent->touched) != use &&
	    !vfio_cxl_dcd_touch(&host->engine, range->extent, use))
		return NULL;

	return vfio_cxl_backend_page(range->backend,
				     (offset - range->offset) >> PAGE_SHIFT);
}

static struct page *window_get(struct vm_area_struct *vma, u64 offset)
{
	struct vfio_cxl_host *host = vma->vm_private_data;
	struct page *page;

	down_read(&host->sem);
	page = page_at(host, offset, true);
	up_read(&host->sem);

	return page;
}

static vm_fault_t window_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	return vfio_cxl_backend_fault(vmf, order, window_get);
}

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	return window_huge_fault(vmf, 0);
}

/* How often the window is mapped says whether an extent is in use */
static void window_vm_open(struct vm_area_struct *vma)
{
	struct vfio_cxl_host *host = vma->vm_private_data;

	spin_lock(&host->maps_lock);
	/* What was touched by those who are gone counts no more */
	if (!host->maps++)
		atomic64_inc(&host->map_epoch);
	spin_unlock(&host->maps_lock);
}

static void window_vm_close(struct vm_area_struct *vma)
{
	struct vfio_cxl_host *host = vma->vm_private_data;

	spin_lock(&host->maps_lock);
	host->maps--;
	spin_unlock(&host->maps_lock);
}

static const struct vm_operations_struct window_vm_ops = {
	.open = window_vm_open,
	.close = window_vm_close,
	.fault = window_fault,
#ifdef VFIO_CXL_FOLIO_PMD
	.huge_fault = window_huge_fault,
#endif
};

static int window_file_release(struct inode *inode, struct file *file)
{
	fput(file->private_data);

	return 0;
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.release = window_file_release,
};

static int window_mmap(struct vfio_pci_core_device *core,
		       struct vfio_pci_region *region,
		       struct vm_area_struct *vma)
{
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT & VFIO_PCI_OFFSET_MASK;
	u64 size = vma->vm_end - vma->vm_start;
	struct vfio_cxl_host *host = region->data;
	struct file *file;

	if (start >= region->size || size > region->size - start)
		return -EINVAL;
	file = vfio_cxl_fails("window file") ? ERR_PTR(-ENOMEM) :
	       vfio_cxl_backend_inode_file(host->inode, "vfio-cxl-window",
					   O_RDWR, &window_fops);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* As long as it is mapped the device is open, as with any region */
	file->private_data = get_file(vma->vm_file);
	vma_set_file(vma, file);
	fput(file);

	/*
	 * Flags as of a backend's mapping. Where an extent need not begin at a
	 * multiple of 2 MiB the core would put a large folio in the wrong place: there
	 * all is put in page by page, which is what MIXEDMAP is for.
	 */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	if (host->dev.block < PMD_SIZE)
		vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_pgoff = start >> PAGE_SHIFT;
	vma->vm_ops = &window_vm_ops;
	vma->vm_private_data = host;
	window_vm_open(vma);

	return 0;
}

/*
 * Copy at most a page between the window and a kernel buffer; the user's may be a
 * mapping of this very window.
 */
static int window_copy(struct vfio_cxl_device *cxl, u64 offset, void *buf,
		       size_t size, bool write)
{
	struct vfio_cxl_host *host = cxl->host;
	struct page *page;
	int ret = -EIO;
	void *addr;

	down_read(&host->sem);
	page = page_at(host, offset, false);
	if (page && !PageHWPoison(page)) {
		addr = kmap_local_page(page) + offset_in_page(offset);
		if (write)
			memcpy(addr, buf, size);
		if (write || !copy_mc_to_kernel(buf, addr, size))
			ret = 0;
		kunmap_local(addr);
	}
	up_read(&host->sem);
	if (page)
		folio_put(page_folio(page));

	return ret;
}

static ssize_t window_rw(struct vfio_pci_core_device *core, char __user *buf,
			 size_t count, loff_t *ppos, bool write)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of_core(core);

	return vfio_cxl_region_rw(cxl, cxl->host->size, buf, count, ppos, write,
				  window_copy);
}

static void window_release(struct vfio_pci_core_device *core,
			   struct vfio_pci_region *region)
{
	/* What a region is made of belongs to the device; the core insists */
}

static const struct vfio_pci_regops window_ops = {
	.rw = window_rw,
	.release = window_release,
	.mmap = window_mmap,
};

/**
 * vfio_cxl_host_register - add the window's region, at open
 * @host: with a window
 *
 * Return: 0 or -ENOMEM. The core releases it.
 */
int vfio_cxl_host_register(struct vfio_cxl_host *host)
{
	struct vfio_pci_core_device *core = &host->cxl->core;
	int ret;

	ret = vfio_pci_core_register_dev_region(core, VFIO_CXL_REGION_TYPE,
						VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
						&window_ops, host->size,
						VFIO_REGION_INFO_FLAG_READ |
						VFIO_REGION_INFO_FLAG_WRITE |
						VFIO_REGION_INFO_FLAG_MMAP,
						host);
	if (!ret)
		host->index = VFIO_PCI_NUM_REGIONS + core->num_regions - 1;

	return ret;
}
