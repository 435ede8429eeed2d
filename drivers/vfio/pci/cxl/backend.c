// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: backends
 *
 * Host memory under a tag, which its owner fills through a descriptor. The pages are
 * the driver's own, in nobody's page cache (folio->mapping is NULL), but mapped as a
 * file's are: counted, so that all who pin pages can, and a folio of 2 MiB by one entry
 * wherever the mapping is congruent.
 *
 * A folio is mapped under its lock, after a look at @dead. So whoever makes a backend
 * dead and then has had each folio's lock finds all that was mapped when it unmaps,
 * and nothing comes after.
 *
 * Each backend has an inode of its own, because what is mapped is found by that. The
 * file system that it is of is there as long as any inode is, and holds the module.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/highmem.h>
#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "backend.h"
#include "compat.h"

#define BACKEND_MAGIC	0x76635f62

/* Rather than have somebody killed for it, the call fails */
#define BACKEND_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)
#define BACKEND_GFP_ONE	(BACKEND_GFP | __GFP_RETRY_MAYFAIL)
/* A large one is not worth the search that ones of 4 KiB make needless */
#define BACKEND_GFP_HUGE	(BACKEND_GFP | __GFP_NORETRY)
/* Nodes of the tree come from a cache with a constructor, which zeroing undoes */
#define BACKEND_GFP_NODE	(BACKEND_GFP_ONE & ~__GFP_ZERO)

#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && PMD_SHIFT - PAGE_SHIFT <= MAX_PAGE_ORDER
#define HUGE_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#else
#define HUGE_ORDER	0
#endif

static int backend_fs_init(struct fs_context *fc)
{
	if (!init_pseudo(fc, BACKEND_MAGIC))
		return -ENOMEM;
	/* What is lent is data */
	fc->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;

	return 0;
}

static struct file_system_type backend_fs = {
	.name = "vfio-cxl",
	.owner = THIS_MODULE,
	.init_fs_context = backend_fs_init,
	.kill_sb = kill_anon_super,
};

static struct vfsmount *backend_mnt;
static int backend_mnt_count;

/**
 * vfio_cxl_backend_inode - an inode of the file system that nobody sees
 * @size: bytes
 *
 * Return: it, for vfio_cxl_backend_inode_put(), or an error pointer.
 */
struct inode *vfio_cxl_backend_inode(u64 size)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&backend_fs, &backend_mnt, &backend_mnt_count);
	if (ret)
		return ERR_PTR(ret);
	inode = alloc_anon_inode(backend_mnt->mnt_sb);
	if (IS_ERR(inode))
		simple_release_fs(&backend_mnt, &backend_mnt_count);
	else
		i_size_write(inode, size);

	return inode;
}

/**
 * vfio_cxl_backend_inode_put - give it up
 * @inode: it
 */
void vfio_cxl_backend_inode_put(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&backend_mnt, &backend_mnt_count);
}

/**
 * vfio_cxl_backend_inode_file - a file of it
 * @inode: it
 * @name: of the file, in /proc/PID/maps
 * @flags: O_RDONLY or O_RDWR
 * @fops: this module's
 *
 * Return: it, or an error pointer.
 */
struct file *vfio_cxl_backend_inode_file(struct inode *inode, const char *name,
					 int flags,
					 const struct file_operations *fops)
{
	struct file *file;

	/* Its fops' owner is let go with the file, but not taken with it */
	__module_get(THIS_MODULE);
	ihold(inode);
	file = alloc_file_pseudo(inode, backend_mnt, name, flags, fops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(THIS_MODULE);
	}

	return file;
}

static pgoff_t backend_pages(const struct vfio_cxl_backend *backend)
{
	return backend->size >> PAGE_SHIFT;
}

/* The folio of a page, with a reference; NULL behind the end, or if it is dead */
static struct folio *backend_folio(struct vfio_cxl_backend *backend,
				   pgoff_t index)
{
	struct folio *folio;

	/* Whoever drops it takes it out first */
	xa_lock(&backend->folios);
	folio = xa_load(&backend->folios, index);
	if (!folio) {
		folio = xa_load(&backend->folios,
				round_down(index, 1UL << HUGE_ORDER));
		if (folio && index - folio->index >= folio_nr_pages(folio))
			folio = NULL;
	}
	if (folio)
		folio_get(folio);
	xa_unlock(&backend->folios);

	return folio;
}

/**
 * vfio_cxl_backend_page - a page of it
 * @backend: whose
 * @index: its number
 *
 * Return: it, with a reference on its folio; NULL behind the end.
 */
struct page *vfio_cxl_backend_page(struct vfio_cxl_backend *backend,
				   pgoff_t index)
{
	struct folio *folio = backend_folio(backend, index);

	return folio ? folio_page(folio, index - folio->index) : NULL;
}

/*
 * Did the host find an error of hardware in it? The fault's core would look for its
 * mapping, to take it out of there.
 */
static bool is_bad(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!PageHWPoison(page))
		return false;
	if (folio_test_large(folio))
		folio_set_has_hwpoisoned(folio);

	return true;
}

/* A large folio is mapped whole, by an entry of its size, or not at all */
static vm_fault_t map_huge(struct vm_fault *vmf, struct folio *folio,
			   struct page *page)
{
#ifdef VFIO_CXL_FOLIO_PMD
	pgoff_t at = vmf->pgoff & ((1UL << HUGE_ORDER) - 1);

	if (page == folio_page(folio, 0) && folio_order(folio) == HUGE_ORDER &&
	    !is_bad(folio_page(folio, at)) &&
	    !folio_test_has_hwpoisoned(folio))
		return vmf_insert_folio_pmd(vmf, folio,
					    vmf->flags & FAULT_FLAG_WRITE);
#endif
	return VM_FAULT_FALLBACK;
}

/**
 * vfio_cxl_backend_fault - map a page of a backend, or as many as that has in one
 * @vmf: the fault
 * @order: of as many pages
 * @get: the page that stands at this offset of the mapping's file, with a reference on
 *	its folio; or NULL. Once it returns NULL, who has had the folio's lock finds all
 *	that was mapped
 *
 * Return: as a fault does.
 */
vm_fault_t vfio_cxl_backend_fault(struct vm_fault *vmf, unsigned int order,
				  struct page *(*get)(struct vm_area_struct *vma,
						      u64 offset))
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long size = PAGE_SIZE << order;
	unsigned long start = ALIGN_DOWN(vmf->address, size);
	vm_fault_t ret = order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	struct page *page, *now;
	struct folio *folio;
	u64 offset;

	if (order && (order != HUGE_ORDER || vma->vm_flags & VM_MIXEDMAP))
		return VM_FAULT_FALLBACK;
	if (start < vma->vm_start || vma->vm_end - start < size)
		return VM_FAULT_FALLBACK;
	offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + (start - vma->vm_start);
	page = get(vma, offset);
	if (!page)
		return ret;
	folio = page_folio(page);
	folio_lock(folio);
	/* Is it still there? */
	now = get(vma, offset);
	if (now)
		folio_put(page_folio(now));
	if (now != page)
		goto out_unlock;
	if (order) {
		ret = map_huge(vmf, folio, page);
	} else if (is_bad(page)) {
		ret = VM_FAULT_HWPOISON;
	} else if (vma->vm_flags & VM_MIXEDMAP) {
		ret = vmf_insert_page(vma, vmf->address, page);
	} else {
		vmf->page = page;
		return VM_FAULT_LOCKED;
	}

out_unlock:
	folio_unlock(folio);
	folio_put(folio);

	return ret;
}

static struct page *backend_get(struct vm_area_struct *vma, u64 offset)
{
	struct vfio_cxl_backend *backend = vma->vm_private_data;

	return READ_ONCE(backend->dead) ? NULL :
	       vfio_cxl_backend_page(backend, offset >> PAGE_SHIFT);
}

static vm_fault_t backend_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	return vfio_cxl_backend_fault(vmf, order, backend_get);
}

static vm_fault_t backend_fault(struct vm_fault *vmf)
{
	return backend_huge_fault(vmf, 0);
}

static const struct vm_operations_struct backend_vm_ops = {
	.fault = backend_fault,
#ifdef VFIO_CXL_FOLIO_PMD
	.huge_fault = backend_huge_fault,
#endif
};

static int backend_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vfio_cxl_backend *backend = file->private_data;
	pgoff_t pages = backend_pages(backend);

	if (READ_ONCE(backend->dead))
		return -ENODEV;
	/* Whoever has a copy has not what it asked for */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;

	/*
	 * DONTEXPAND: behind the end there is nothing; and with it the kernel sees
	 * a special mapping, whose pages are on no list that mlock(), khugepaged or
	 * KSM may put them on. DONTDUMP: what is lent is not the program's state.
	 * Not MIXEDMAP: these pages are counted like any file's, and a large entry of
	 * such a mapping would not be.
	 */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &backend_vm_ops;
	vma->vm_private_data = backend;

	return 0;
}

static loff_t backend_llseek(struct file *file, loff_t offset, int whence)
{
	struct vfio_cxl_backend *backend = file->private_data;

	return fixed_size_llseek(file, offset, whence, backend->size);
}

static void backend_free(struct kref *ref)
{
	struct vfio_cxl_backend *backend =
		container_of(ref, struct vfio_cxl_backend, ref);

	vfio_cxl_backend_inode_put(backend->inode);
	kfree(backend);
}

/**
 * vfio_cxl_backend_get - keep the object, if not its memory
 * @backend: it
 */
void vfio_cxl_backend_get(struct vfio_cxl_backend *backend)
{
	kref_get(&backend->ref);
}

/**
 * vfio_cxl_backend_put - undo vfio_cxl_backend_get()
 * @backend: it
 */
void vfio_cxl_backend_put(struct vfio_cxl_backend *backend)
{
	kref_put(&backend->ref, backend_free);
}

static int backend_release(struct inode *inode, struct file *file)
{
	vfio_cxl_backend_put(file->private_data);

	return 0;
}

static const struct file_operations backend_fops = {
	.owner = THIS_MODULE,
	.release = backend_release,
	.mmap = backend_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.llseek = backend_llseek,
};

/**
 * vfio_cxl_backend_file - a descriptor's file
 * @backend: whose memory it maps
 *
 * Return: it, or an error pointer.
 */
struct file *vfio_cxl_backend_file(struct vfio_cxl_backend *backend)
{
	struct file *file;

	vfio_cxl_backend_get(backend);
	file = vfio_cxl_backend_inode_file(backend->inode, "vfio-cxl-backend",
					   O_RDWR, &backend_fops);
	if (IS_ERR(file)) {
		vfio_cxl_backend_put(backend);
		return file;
	}
	file->private_data = backend;

	return file;
}

static struct folio *alloc_one(const struct vfio_cxl_backend *backend,
			       gfp_t gfp, unsigned int order)
{
	if (backend->node == NUMA_NO_NODE)
		return folio_alloc(gfp, order);

	return __folio_alloc_node(gfp | __GFP_THISNODE, order, backend->node);
}

static int fill_next(struct vfio_cxl_backend *backend, pgoff_t at, pgoff_t *n)
{
	struct folio *folio = NULL;
	int ret;

	if (HUGE_ORDER && IS_ALIGNED(at, 1UL << HUGE_ORDER) &&
	    backend_pages(backend) - at >= 1UL << HUGE_ORDER)
		folio = alloc_one(backend, BACKEND_GFP_HUGE, HUGE_ORDER);
	if (folio)
		backend->huge += folio_size(folio);
	else
		folio = alloc_one(backend, BACKEND_GFP_ONE, 0);
	if (!folio)
		return -ENOMEM;

	/* Of a mapping's folio this says where it is; the fault's core asks it */
	folio->index = at;
	*n = folio_nr_pages(folio);
	ret = xa_err(xa_store(&backend->folios, at, folio, BACKEND_GFP_NODE));
	if (ret)
		folio_put(folio);

	return ret;
}

/**
 * vfio_cxl_backend_fill - get its memory
 * @backend: a new one
 * @stop: give up when this becomes true
 *
 * Return: 0; -ENOMEM, -EINTR when the caller is being killed, or -ENODEV.
 */
int vfio_cxl_backend_fill(struct vfio_cxl_backend *backend, const bool *stop)
{
	pgoff_t at, n;
	int ret;

	for (at = 0; at < backend_pages(backend); at += n) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (READ_ONCE(*stop))
			return -ENODEV;
		ret = fill_next(backend, at, &n);
		if (ret)
			return ret;
		cond_resched();
	}

	return 0;
}

/* The allocator knows a bad page when it is freed, but not in a larger one */
static bool is_poisoned(struct folio *folio)
{
	long i;

	for (i = 0; folio_test_large(folio) && i < folio_nr_pages(folio); i++)
		if (PageHWPoison(folio_page(folio, i)))
			return true;

	return false;
}

/**
 * vfio_cxl_backend_settle - wait for faults that are about to map a folio of it
 * @backend: which some mapping is not to have any more: its fault sees that
 */
void vfio_cxl_backend_settle(struct vfio_cxl_backend *backend)
{
	struct folio *folio;
	unsigned long at;

	xa_for_each(&backend->folios, at, folio) {
		folio_lock(folio);
		folio_unlock(folio);
		cond_resched();
	}
}

/*
 * The driver has one reference, and each mapping has one. Who unmaps takes itself off
 * the mappings first, so that the references are read before them: what is held is
 * never overlooked, but what is let go just now may seem to be held.
 */
static bool is_held(struct folio *folio)
{
	int refs;

	folio_lock(folio);
	refs = folio_ref_count(folio);
	/* Before the mappings, see above */
	smp_rmb();
	refs -= folio_mapcount(folio);
	folio_unlock(folio);

	return refs > 1;
}

#define HELD_TRIES	20

/**
 * vfio_cxl_backend_held - does anybody hold pages of it, besides mappings?
 * @backend: which no window has
 *
 * Return: the answer.
 */
bool vfio_cxl_backend_held(struct vfio_cxl_backend *backend)
{
	unsigned int tries = HELD_TRIES;
	struct folio *folio;
	unsigned long at;

	xa_for_each(&backend->folios, at, folio) {
		while (is_held(folio)) {
			if (!--tries)
				return true;
			usleep_range(500, 1000);
		}
		cond_resched();
	}

	return false;
}

/**
 * vfio_cxl_backend_clear - zero all of it
 * @backend: it
 *
 * But for pages with an error of hardware, which nobody reads any more.
 */
void vfio_cxl_backend_clear(struct vfio_cxl_backend *backend)
{
	struct folio *folio;
	unsigned long at;
	long i;

	xa_for_each(&backend->folios, at, folio) {
		for (i = 0; i < folio_nr_pages(folio); i++)
			if (!PageHWPoison(folio_page(folio, i)))
				clear_highpage(folio_page(folio, i));
		cond_resched();
	}
}

/**
 * vfio_cxl_backend_end - take it out of all mappings, and give its memory back
 * @backend: in no list any more; the list's reference is given up
 *
 * What somebody has pinned stays that one's until it is let go.
 */
void vfio_cxl_backend_end(struct vfio_cxl_backend *backend)
{
	struct folio *folio;
	unsigned long at;

	WRITE_ONCE(backend->dead, true);
	vfio_cxl_backend_settle(backend);
	unmap_mapping_range(backend->inode->i_mapping, 0, 0, 1);
	xa_for_each(&backend->folios, at, folio) {
		xa_erase(&backend->folios, at);
		/* What is bad is lent to nobody any more, with its neighbours */
		if (!is_poisoned(folio))
			folio_put(folio);
		cond_resched();
	}
	vfio_cxl_backend_put(backend);
}

/**
 * vfio_cxl_backend_new - a backend without any memory
 * @tag: its tag
 * @size: bytes, of whole pages
 * @node: NUMA node, or NUMA_NO_NODE
 *
 * Return: it, or an error pointer.
 */
struct vfio_cxl_backend *
vfio_cxl_backend_new(const u8 tag[VFIO_CXL_DC_TAG_LEN], u64 size, int node)
{
	struct vfio_cxl_backend *backend;
	struct inode *inode;

	backend = kzalloc(sizeof(*backend),
			  GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL);
	if (!backend)
		return ERR_PTR(-ENOMEM);
	inode = vfio_cxl_backend_inode(size);
	if (IS_ERR(inode)) {
		kfree(backend);
		return ERR_CAST(inode);
	}
	backend->inode = inode;
	kref_init(&backend->ref);
	xa_init_flags(&backend->folios, XA_FLAGS_ACCOUNT);
	memcpy(backend->tag, tag, sizeof(backend->tag));
	backend->size = size;
	backend->node = node;

	return backend;
}
