/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors of a tag: tag.c; what is done with them: tag_file.c, tag_ioctl.c. */
#ifndef VFIO_CXL_TAG_H
#define VFIO_CXL_TAG_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/vfio_cxl.h>
#include <linux/wait.h>

struct file;
struct inode;
struct vfio_cxl_backend;
struct vfio_cxl_dcd;
struct vfio_cxl_dcd_change;
struct vfio_cxl_dcd_extent;
struct vfio_cxl_device;

/**
 * struct vfio_cxl_tags - tags of a device that there are descriptors of
 * @ref: the device's, and one for each tag
 * @sem: protects what is reachable; read in faults, which take gate_sem below it
 * @device: tags of the device's own capacity that have a part; under @sem
 * @lock: protects @list, and what each tag says is under it; a leaf but for the wait
 *	queues
 * @list: all tags
 *
 * An object of its own, as descriptors outlive the device.
 */
struct vfio_cxl_tags {
	struct kref ref;
	struct rw_semaphore sem;
	struct list_head device;
	spinlock_t lock;
	struct list_head list;
};

/**
 * struct vfio_cxl_tag - a tag that there are descriptors of, or were
 * @ref: one for each descriptor, and one for each part
 * @tags: the device's
 * @entry: in vfio_cxl_tags.list
 * @tag: its name
 * @size: bytes of all its parts, if it has them; of all descriptors
 * @backend: whose memory it is; NULL: the device's own
 * @inode: whose mapping finds all user mappings
 * @wait: for who polls
 * @in_device: in vfio_cxl_tags.device
 * @parts: what is reachable, in order; under vfio_cxl_tags.sem, as all down to
 *	@placed
 * @bytes: of @parts
 * @placed: all of them were there: they have their offsets
 * @maps_lock: protects @maps and @use
 * @maps: mappings
 * @use: grows whenever the first one comes, or all were unmapped
 * @files: descriptors; under vfio_cxl_tags.lock, as what follows
 * @any: some of it is reachable
 * @all: all of it is
 * @asked: since it was last placed it was asked for back, or about to be taken
 * @dead: it never will be reachable again
 */
struct vfio_cxl_tag {
	struct kref ref;
	struct vfio_cxl_tags *tags;
	struct list_head entry;
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	u64 size;
	struct vfio_cxl_backend *backend;
	struct inode *inode;
	wait_queue_head_t wait;
	struct list_head in_device;
	struct rb_root parts;
	u64 bytes;
	bool placed;
	spinlock_t maps_lock;
	unsigned long maps;
	u64 use;
	unsigned int files;
	bool any;
	bool all;
	bool asked;
	bool dead;
};

/**
 * struct vfio_cxl_tag_part - an extent, as a part of a tag
 * @node: in vfio_cxl_tag.parts
 * @tag: which, or NULL; changed under cmd_lock
 * @offset: of its first byte in the descriptors, if the tag is placed
 * @engine: whose extent it is
 * @extent: it, which stays while this is in a tag
 */
struct vfio_cxl_tag_part {
	struct rb_node node;
	struct vfio_cxl_tag *tag;
	u64 offset;
	struct vfio_cxl_dcd *engine;
	struct vfio_cxl_dcd_extent *extent;
};

/* tag.c */
struct vfio_cxl_tags *vfio_cxl_tags_new(void);
void vfio_cxl_tags_put(struct vfio_cxl_tags *tags);
void vfio_cxl_tags_end(struct vfio_cxl_tags *tags,
		       const struct vfio_cxl_backend *backend);
bool vfio_cxl_tags_device(struct vfio_cxl_tags *tags);
void vfio_cxl_tags_told(struct vfio_cxl_tags *tags,
			const struct vfio_cxl_dcd_change *change);
void vfio_cxl_tags_unmap(struct vfio_cxl_tags *tags);
struct vfio_cxl_tag *vfio_cxl_tag_find(struct vfio_cxl_tags *tags,
				       const u8 tag[VFIO_CXL_DC_TAG_LEN],
				       u64 size,
				       const struct vfio_cxl_backend *backend);
struct vfio_cxl_tag *vfio_cxl_tag_new(struct vfio_cxl_tags *tags,
				      const u8 tag[VFIO_CXL_DC_TAG_LEN],
				      u64 size,
				      struct vfio_cxl_backend *backend);
void vfio_cxl_tag_put(struct vfio_cxl_tag *tag);
void vfio_cxl_tag_add(struct vfio_cxl_tag *tag, struct vfio_cxl_tag_part *part);
void vfio_cxl_tags_add(struct vfio_cxl_tags *tags,
		       struct vfio_cxl_tag_part *part,
		       const struct vfio_cxl_backend *backend);
void vfio_cxl_tag_remove(struct vfio_cxl_tag_part *part);
struct vfio_cxl_tag_part *vfio_cxl_tag_at(struct vfio_cxl_tag *tag, u64 offset);
bool vfio_cxl_tag_touch(struct vfio_cxl_tag_part *part);
void vfio_cxl_tag_mapped(struct vfio_cxl_tag *tag, bool more);

/* tag_file.c */
struct file *vfio_cxl_tag_file(struct vfio_cxl_tag *tag, bool rdonly);

/* tag_ioctl.c */

/**
 * struct vfio_cxl_tag_call - VFIO_CXL_DC_OPEN, and what it leaves to do
 * @arg: the caller's
 * @file: for @arg.fd, as long as the caller does not know of it; or NULL
 */
struct vfio_cxl_tag_call {
	struct vfio_cxl_dc_open arg;
	struct file *file;
};

int vfio_cxl_dc_open(struct vfio_cxl_device *cxl, void *data, bool control);
void vfio_cxl_dc_opened(struct vfio_cxl_device *cxl, void *data, bool told);

#endif /* VFIO_CXL_TAG_H */
