// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ioctls of backends
 *
 * The device's list of them. A tag is taken as long as something with it is in the
 * list; what is not ready yet is there for nobody else.
 */
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "tag.h"
#include "vfio_cxl.h"

/* One list call holds them all, and a search among them is no long one */
#define BACKENDS_MOST	4096

static struct vfio_cxl_backend *find(struct vfio_cxl_backends *backends,
				     const u8 *tag)
{
	struct vfio_cxl_backend *backend;

	lockdep_assert_held(&backends->lock);

	list_for_each_entry(backend, &backends->list, entry)
		if (!memcmp(backend->tag, tag, sizeof(backend->tag)))
			return backend;

	return NULL;
}

static int refuse(u32 *to, int err, enum vfio_cxl_reason reason)
{
	*to = reason;

	return err;
}

/* The tag is taken from here on, so that of two who make it one is told at once */
static int backend_enter(struct vfio_cxl_backends *backends,
			 struct vfio_cxl_backend *backend, u32 *reason)
{
	guard(mutex)(&backends->lock);

	if (find(backends, backend->tag))
		return refuse(reason, -EEXIST, VFIO_CXL_REASON_BACKEND_EXISTS);
	if (backends->count >= BACKENDS_MOST)
		return refuse(reason, -ENOSPC, VFIO_CXL_REASON_BACKEND_LIMIT);
	backend->id = ++backends->last_id;
	list_add_tail(&backend->entry, &backends->list);
	backends->count++;

	return 0;
}

/* It came to nothing */
static void backend_leave(struct vfio_cxl_backends *backends,
			  struct vfio_cxl_backend *backend)
{
	mutex_lock(&backends->lock);
	list_del(&backend->entry);
	backends->count--;
	mutex_unlock(&backends->lock);
}

static bool is_null(const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	return !memchr_inv(tag, 0, VFIO_CXL_DC_TAG_LEN);
}

static int create_check(struct vfio_cxl_backend_create *arg)
{
	if (arg->flags & ~VFIO_CXL_BACKEND_NODE || arg->fd || arg->reason ||
	    arg->reserved || arg->id || arg->huge || (arg->node && !arg->flags))
		return -EINVAL;
	if (is_null(arg->tag))
		return refuse(&arg->reason, -EINVAL,
			      VFIO_CXL_REASON_BACKEND_TAG);
	if (!arg->size || !IS_ALIGNED(arg->size, PAGE_SIZE))
		return refuse(&arg->reason, -EINVAL,
			      VFIO_CXL_REASON_BACKEND_SIZE);
	if (arg->flags && (arg->node < 0 || arg->node >= MAX_NUMNODES ||
			   !node_state(arg->node, N_MEMORY)))
		return refuse(&arg->reason, -EINVAL,
			      VFIO_CXL_REASON_BACKEND_NODE);
	/* It would be found out only when all is taken */
	if (arg->size >> PAGE_SHIFT > totalram_pages())
		return -ENOMEM;

	return 0;
}

/* All but what only has to be if the caller is told: see below */
static int create(struct vfio_cxl_backends *backends,
		  struct vfio_cxl_backend_call *call)
{
	struct vfio_cxl_backend *backend;
	int ret;

	ret = create_check(&call->arg);
	if (ret)
		return ret;
	backend = vfio_cxl_backend_new(call->arg.tag, call->arg.size,
				       call->arg.flags ? call->arg.node :
							 NUMA_NO_NODE);
	if (IS_ERR(backend))
		return PTR_ERR(backend);
	ret = backend_enter(backends, backend, &call->arg.reason);
	if (ret)
		goto err_end;
	ret = vfio_cxl_backend_fill(backend, &backends->ending);
	if (ret)
		goto err_leave;
	call->file = vfio_cxl_backend_file(backend);
	if (!IS_ERR(call->file)) {
		call->arg.id = backend->id;
		call->arg.huge = backend->huge;
		return 0;
	}
	ret = PTR_ERR(call->file);
	call->file = NULL;

err_leave:
	backend_leave(backends, backend);
err_end:
	vfio_cxl_backend_end(backend);

	return ret;
}

/**
 * vfio_cxl_backend_create - VFIO_CXL_BACKEND_CREATE
 * @cxl: the device
 * @data: struct vfio_cxl_backend_call
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_backend_create(struct vfio_cxl_device *cxl, void *data,
			    bool control)
{
	struct vfio_cxl_backend_call *call = data;
	int fd, ret;

	call->file = NULL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	ret = fd < 0 ? fd : create(&cxl->backends, call);
	if (ret && fd >= 0)
		put_unused_fd(fd);
	if (ret == -ENOMEM)
		call->arg.reason = VFIO_CXL_REASON_NO_MEMORY;
	call->arg.fd = ret ? -1 : fd;

	return ret;
}

/**
 * vfio_cxl_backend_created - what VFIO_CXL_BACKEND_CREATE does last
 * @cxl: the device
 * @data: struct vfio_cxl_backend_call
 * @told: the caller has been told the descriptor's number
 *
 * Till now nobody could list or destroy it, so it can still be taken back.
 */
void vfio_cxl_backend_created(struct vfio_cxl_device *cxl, void *data,
			      bool told)
{
	struct vfio_cxl_backend_call *call = data;
	struct vfio_cxl_backend *backend;

	if (!call->file)
		return;
	backend = call->file->private_data;
	/* Who is being killed is told nothing */
	if (told && !fatal_signal_pending(current)) {
		mutex_lock(&cxl->backends.lock);
		backend->ready = true;
		cxl->backends.changes++;
		mutex_unlock(&cxl->backends.lock);
		fd_install(call->arg.fd, call->file);
		return;
	}
	put_unused_fd(call->arg.fd);
	backend_leave(&cxl->backends, backend);
	vfio_cxl_backend_end(backend);
	fput(call->file);
}

static void fill_info(const struct vfio_cxl_backend *backend,
		      struct vfio_cxl_backend_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = backend->id;
	memcpy(info->tag, backend->tag, sizeof(info->tag));
	info->size = backend->size;
	info->huge = backend->huge;
	info->node = backend->node;
	if (backend->reserved) {
		info->flags = VFIO_CXL_BACKEND_RESERVED;
		info->extent = backend->extent;
	}
}

/* As many as there is room for in @info, which is the kernel's */
static int list_page(struct vfio_cxl_backends *backends,
		     struct vfio_cxl_backend_list *arg,
		     struct vfio_cxl_backend_info *info)
{
	struct vfio_cxl_backend *backend;

	guard(mutex)(&backends->lock);

	if (arg->start && arg->changes != backends->changes)
		return -EAGAIN;
	arg->changes = backends->changes;
	list_for_each_entry(backend, &backends->list, entry) {
		if (!backend->ready || backend->id < arg->start)
			continue;
		if (arg->count == arg->room) {
			arg->start = backend->id;
			arg->flags |= VFIO_CXL_BACKEND_LIST_MORE;
			break;
		}
		fill_info(backend, &info[arg->count++]);
	}

	return 0;
}

/**
 * vfio_cxl_backend_list - VFIO_CXL_BACKEND_LIST
 * @cxl: the device
 * @data: struct vfio_cxl_backend_list
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_backend_list(struct vfio_cxl_device *cxl, void *data,
			  bool control)
{
	struct vfio_cxl_backend_list *arg = data;
	struct vfio_cxl_backend_info *info;
	int ret;

	if (arg->flags || !arg->room || arg->room > BACKENDS_MOST ||
	    arg->reserved)
		return -EINVAL;
	arg->count = 0;
	arg->reason = VFIO_CXL_REASON_NONE;

	info = kvmalloc_array(arg->room, sizeof(*info), GFP_KERNEL);
	if (!info)
		return refuse(&arg->reason, -ENOMEM,
			      VFIO_CXL_REASON_NO_MEMORY);
	ret = list_page(&cxl->backends, arg, info);
	if (!ret && copy_to_user(u64_to_user_ptr(arg->backends), info,
				 arg->count * sizeof(*info)))
		ret = -EFAULT;
	kvfree(info);

	return ret;
}

/* That of a tag, which is ready, and has this id, or for 0 whichever it has */
static struct vfio_cxl_backend *find_ready(struct vfio_cxl_backends *backends,
					   const u8 *tag, u64 id)
{
	struct vfio_cxl_backend *backend = find(backends, tag);

	return backend && backend->ready && (!id || backend->id == id) ?
	       backend : NULL;
}

/* As find_ready(), or the first of the list; it is in no list any more */
static struct vfio_cxl_backend *take(struct vfio_cxl_backends *backends,
				     const u8 *tag, u64 id)
{
	struct vfio_cxl_backend *backend;

	guard(mutex)(&backends->lock);

	backend = tag ? find_ready(backends, tag, id) :
			list_first_entry_or_null(&backends->list,
						 struct vfio_cxl_backend,
						 entry);
	if (!backend)
		return NULL;
	if (backend->reserved)
		return ERR_PTR(-EBUSY);
	list_del(&backend->entry);
	backends->count--;
	backends->changes++;

	return backend;
}

/**
 * vfio_cxl_backend_destroy - VFIO_CXL_BACKEND_DESTROY
 * @cxl: the device
 * @data: struct vfio_cxl_backend_destroy
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_backend_destroy(struct vfio_cxl_device *cxl, void *data,
			     bool control)
{
	struct vfio_cxl_backend_destroy *arg = data;
	struct vfio_cxl_backend *backend;

	if (arg->flags || arg->reason || arg->reserved)
		return -EINVAL;
	if (is_null(arg->tag))
		return refuse(&arg->reason, -EINVAL,
			      VFIO_CXL_REASON_BACKEND_TAG);
	backend = take(&cxl->backends, arg->tag, arg->id);
	if (!backend)
		return -ENOENT;
	if (IS_ERR(backend))
		return refuse(&arg->reason, PTR_ERR(backend),
			      VFIO_CXL_REASON_BACKEND_RESERVED);
	vfio_cxl_tags_end(cxl->tags, backend);
	vfio_cxl_backend_end(backend);

	return 0;
}

/**
 * vfio_cxl_backend_reserve - an extent is going to have it
 * @backends: the device's
 * @tag: of the backend; not all zero
 * @id: its number, or 0
 * @backend: out: it, which stays till vfio_cxl_backend_unreserve()
 * @reason: filled in on an error
 *
 * Return: 0, -ENOENT or -EBUSY.
 */
int vfio_cxl_backend_reserve(struct vfio_cxl_backends *backends,
			     const u8 tag[VFIO_CXL_DC_TAG_LEN], u64 id,
			     struct vfio_cxl_backend **backend, u32 *reason)
{
	struct vfio_cxl_backend *found;

	guard(mutex)(&backends->lock);

	found = find_ready(backends, tag, id);
	if (!found)
		return refuse(reason, -ENOENT, VFIO_CXL_REASON_BACKEND_NONE);
	if (found->reserved)
		return refuse(reason, -EBUSY, VFIO_CXL_REASON_BACKEND_RESERVED);
	found->reserved = true;
	*backend = found;

	return 0;
}

/**
 * vfio_cxl_backend_taken - the extent has it
 * @backends: the device's
 * @backend: it is reserved
 * @extent: id of the extent
 */
void vfio_cxl_backend_taken(struct vfio_cxl_backends *backends,
			    struct vfio_cxl_backend *backend, u64 extent)
{
	guard(mutex)(&backends->lock);

	backend->extent = extent;
	backends->changes++;
}

/**
 * vfio_cxl_backend_unreserve - the extent has it no more
 * @backends: the device's
 * @backend: it is reserved, and in no window
 */
void vfio_cxl_backend_unreserve(struct vfio_cxl_backends *backends,
				struct vfio_cxl_backend *backend)
{
	guard(mutex)(&backends->lock);

	backend->reserved = false;
	backend->extent = 0;
	backends->changes++;
}

/**
 * vfio_cxl_backends_init - there are none yet
 * @backends: the device's
 */
void vfio_cxl_backends_init(struct vfio_cxl_backends *backends)
{
	mutex_init(&backends->lock);
	INIT_LIST_HEAD(&backends->list);
}

/**
 * vfio_cxl_backends_stop - the device is being unbound
 * @backends: the device's
 *
 * Nobody has to wait till a large one is made.
 */
void vfio_cxl_backends_stop(struct vfio_cxl_backends *backends)
{
	WRITE_ONCE(backends->ending, true);
}

/**
 * vfio_cxl_backends_end - destroy all of them
 * @backends: the device's, which no ioctl reaches any more
 */
void vfio_cxl_backends_end(struct vfio_cxl_backends *backends)
{
	struct vfio_cxl_backend *backend;

	while (!IS_ERR_OR_NULL(backend = take(backends, NULL, 0)))
		vfio_cxl_backend_end(backend);
	/* No extent is left that one could be reserved for */
	WARN_ON(backend);
}
