/* SPDX-License-Identifier: GPL-2.0-only */
/* Host memory under a tag: backend.c; the list of it, and ioctls: backend_ioctl.c. */
#ifndef VFIO_CXL_BACKEND_H
#define VFIO_CXL_BACKEND_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vfio_cxl.h>
#include <linux/xarray.h>

struct file;
struct file_operations;
struct inode;
struct page;
struct vfio_cxl_device;

/**
 * struct vfio_cxl_backend - host memory under a tag
 * @ref: the list's, and one for each descriptor, and each tag of it that has some
 * @entry: in the device's list, under its lock
 * @ready: all of its memory is there; likewise
 * @id: fixed, as all that follows but @dead
 * @tag: all that it is known by
 * @size: bytes
 * @huge: of them, in pages of 2 MiB
 * @node: of the caller's choice, or NUMA_NO_NODE
 * @inode: whose mapping finds all user mappings
 * @folios: by the number of their first page, which is also their index
 * @dead: none of its folios will be mapped any more
 * @reserved: an extent has it, so that it can't be destroyed; under the list's lock
 * @extent: id of that, or 0 while it is not known; likewise
 */
struct vfio_cxl_backend {
	struct kref ref;
	struct list_head entry;
	bool ready;
	u64 id;
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	u64 size;
	u64 huge;
	int node;
	struct inode *inode;
	struct xarray folios;
	bool dead;
	bool reserved;
	u64 extent;
};

struct vfio_cxl_backend *
vfio_cxl_backend_new(const u8 tag[VFIO_CXL_DC_TAG_LEN], u64 size, int node);
int vfio_cxl_backend_fill(struct vfio_cxl_backend *backend, const bool *stop);
struct file *vfio_cxl_backend_file(struct vfio_cxl_backend *backend);
void vfio_cxl_backend_get(struct vfio_cxl_backend *backend);
void vfio_cxl_backend_put(struct vfio_cxl_backend *backend);
void vfio_cxl_backend_end(struct vfio_cxl_backend *backend);
struct page *vfio_cxl_backend_page(struct vfio_cxl_backend *backend,
				   pgoff_t index);
vm_fault_t vfio_cxl_backend_fault(struct vm_fault *vmf, unsigned int order,
				  struct page *(*get)(struct vm_area_struct *vma,
						      u64 offset));
void vfio_cxl_backend_settle(struct vfio_cxl_backend *backend);
bool vfio_cxl_backend_held(struct vfio_cxl_backend *backend);
void vfio_cxl_backend_clear(struct vfio_cxl_backend *backend);

struct inode *vfio_cxl_backend_inode(u64 size);
void vfio_cxl_backend_inode_put(struct inode *inode);
struct file *vfio_cxl_backend_inode_file(struct inode *inode, const char *name,
					 int flags,
					 const struct file_operations *fops);

/**
 * struct vfio_cxl_backends - a device's backends
 * @lock: protects the fields down to @changes; not held while memory is allocated,
 *	zeroed or freed, nor while the user's is touched
 * @list: in the order of ids
 * @count: how many are in it
 * @last_id: the last that was given
 * @changes: grows with each change that a list would show
 * @ending: the device is being unbound: who makes one gives up
 */
struct vfio_cxl_backends {
	struct mutex lock;
	struct list_head list;
	unsigned int count;
	u64 last_id;
	u64 changes;
	bool ending;
};

void vfio_cxl_backends_init(struct vfio_cxl_backends *backends);
void vfio_cxl_backends_stop(struct vfio_cxl_backends *backends);
void vfio_cxl_backends_end(struct vfio_cxl_backends *backends);
int vfio_cxl_backend_reserve(struct vfio_cxl_backends *backends,
			     const u8 tag[VFIO_CXL_DC_TAG_LEN], u64 id,
			     struct vfio_cxl_backend **backend, u32 *reason);
void vfio_cxl_backend_taken(struct vfio_cxl_backends *backends,
			    struct vfio_cxl_backend *backend, u64 extent);
void vfio_cxl_backend_unreserve(struct vfio_cxl_backends *backends,
				struct vfio_cxl_backend *backend);

/**
 * struct vfio_cxl_backend_call - VFIO_CXL_BACKEND_CREATE, and what it leaves to do
 * @arg: the caller's
 * @file: for @arg.fd, as long as the caller does not know of it; or NULL
 */
struct vfio_cxl_backend_call {
	struct vfio_cxl_backend_create arg;
	struct file *file;
};

int vfio_cxl_backend_create(struct vfio_cxl_device *cxl, void *data,
			    bool control);
void vfio_cxl_backend_created(struct vfio_cxl_device *cxl, void *data,
			      bool told);
int vfio_cxl_backend_list(struct vfio_cxl_device *cxl, void *data,
			  bool control);
int vfio_cxl_backend_destroy(struct vfio_cxl_device *cxl, void *data,
			     bool control);

#endif /* VFIO_CXL_BACKEND_H */
