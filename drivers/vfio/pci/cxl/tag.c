// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: tags that there are descriptors of
 *
 * What of a tag its descriptors reach: extents that are committed for them, as parts,
 * one behind the other. Parts come and go with the extents; the tag stays as long as
 * there are descriptors, so that it is reached by these again when it comes again.
 *
 * Parts are told by dc_mem.c and host_mem.c, as they publish extents, under cmd_lock.
 * A fault looks them up under the semaphore. Whoever takes one out, and for host memory
 * then has had each folio's lock, finds all that was mapped when it unmaps.
 */
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "backend.h"
#include "dcd.h"
#include "fault.h"
#include "tag.h"

/* Numbers of uses of all tags: what was touched in another one is not in use */
static atomic64_t uses;

/**
 * vfio_cxl_tags_new - there are none yet
 *
 * Return: them, for vfio_cxl_tags_put(); or NULL.
 */
struct vfio_cxl_tags *vfio_cxl_tags_new(void)
{
	struct vfio_cxl_tags *tags = kzalloc(sizeof(*tags), GFP_KERNEL);

	if (!tags)
		return NULL;
	kref_init(&tags->ref);
	init_rwsem(&tags->sem);
	INIT_LIST_HEAD(&tags->device);
	spin_lock_init(&tags->lock);
	INIT_LIST_HEAD(&tags->list);

	return tags;
}

static void tags_free(struct kref *ref)
{
	kfree(container_of(ref, struct vfio_cxl_tags, ref));
}

/**
 * vfio_cxl_tags_put - give them up
 * @tags: a device's
 */
void vfio_cxl_tags_put(struct vfio_cxl_tags *tags)
{
	kref_put(&tags->ref, tags_free);
}

/**
 * vfio_cxl_tags_end - nothing will be reachable any more
 * @tags: the device's
 * @backend: of this one, in which nothing is reachable; NULL: of the device at all
 */
void vfio_cxl_tags_end(struct vfio_cxl_tags *tags,
		       const struct vfio_cxl_backend *backend)
{
	struct vfio_cxl_tag *tag;

	spin_lock(&tags->lock);
	list_for_each_entry(tag, &tags->list, entry) {
		if (backend && tag->backend != backend)
			continue;
		WRITE_ONCE(tag->dead, true);
		wake_up_all(&tag->wait);
	}
	spin_unlock(&tags->lock);
}

/**
 * vfio_cxl_tags_device - are there descriptors of the device's own capacity?
 * @tags: the device's
 *
 * Return: the answer.
 */
bool vfio_cxl_tags_device(struct vfio_cxl_tags *tags)
{
	struct vfio_cxl_tag *tag;
	bool any = false;

	spin_lock(&tags->lock);
	list_for_each_entry(tag, &tags->list, entry)
		any |= tag->files && !tag->backend;
	spin_unlock(&tags->lock);

	return any;
}

/**
 * vfio_cxl_tags_told - something is told in the log of changes
 * @tags: the device's
 * @change: what
 *
 * Under an engine's state lock.
 */
void vfio_cxl_tags_told(struct vfio_cxl_tags *tags,
			const struct vfio_cxl_dcd_change *change)
{
	struct vfio_cxl_tag *tag;

	if (change->kind != VFIO_CXL_DC_CHANGE_REQUEST &&
	    change->kind != VFIO_CXL_DC_CHANGE_LEAVE)
		return;
	spin_lock(&tags->lock);
	list_for_each_entry(tag, &tags->list, entry) {
		if (!tag->any || memcmp(tag->tag, change->tag, sizeof(tag->tag)))
			continue;
		tag->asked = true;
		wake_up_all(&tag->wait);
	}
	spin_unlock(&tags->lock);
}

/* The engine is told of what use the parts are. @tag->maps_lock held */
static void tell_use(struct vfio_cxl_tag *tag)
{
	struct rb_node *first = rb_first(&tag->parts);
	struct vfio_cxl_tag_part *part;

	lockdep_assert_held(&tag->tags->sem);
	lockdep_assert_held(&tag->maps_lock);

	if (!first)
		return;
	part = rb_entry(first, struct vfio_cxl_tag_part, node);
	vfio_cxl_dcd_used(part->engine, part->extent, tag->maps ? tag->use : 0);
}

/**
 * vfio_cxl_tags_unmap - take the device's own capacity out of all mappings
 * @tags: the device's, under @sem and, for writing, gate_sem
 *
 * That ends its use, as far as it was touched.
 */
void vfio_cxl_tags_unmap(struct vfio_cxl_tags *tags)
{
	struct vfio_cxl_tag *tag;

	lockdep_assert_held(&tags->sem);

	list_for_each_entry(tag, &tags->device, in_device) {
		unmap_mapping_range(tag->inode->i_mapping, 0, 0, true);
		spin_lock(&tag->maps_lock);
		WRITE_ONCE(tag->use, atomic64_inc_return(&uses));
		tell_use(tag);
		spin_unlock(&tag->maps_lock);
	}
}

static void tag_free(struct kref *ref)
{
	struct vfio_cxl_tag *tag = container_of(ref, struct vfio_cxl_tag, ref);
	struct vfio_cxl_tags *tags = tag->tags;

	spin_lock(&tags->lock);
	list_del(&tag->entry);
	spin_unlock(&tags->lock);
	vfio_cxl_backend_inode_put(tag->inode);
	if (tag->backend)
		vfio_cxl_backend_put(tag->backend);
	kfree(tag);
	vfio_cxl_tags_put(tags);
}

/**
 * vfio_cxl_tag_put - give it up
 * @tag: one for which there is a reference
 */
void vfio_cxl_tag_put(struct vfio_cxl_tag *tag)
{
	kref_put(&tag->ref, tag_free);
}

/**
 * vfio_cxl_tag_find - the one of which there are descriptors already
 * @tags: the device's
 * @name: of the tag
 * @size: bytes of it
 * @backend: whose memory it is, or NULL
 *
 * Return: it, for vfio_cxl_tag_put(); or NULL.
 */
struct vfio_cxl_tag *vfio_cxl_tag_find(struct vfio_cxl_tags *tags,
				       const u8 name[VFIO_CXL_DC_TAG_LEN],
				       u64 size,
				       const struct vfio_cxl_backend *backend)
{
	struct vfio_cxl_tag *tag, *found = NULL;

	spin_lock(&tags->lock);
	list_for_each_entry(tag, &tags->list, entry) {
		if (tag->dead || tag->size != size || tag->backend != backend ||
		    memcmp(tag->tag, name, sizeof(tag->tag)) ||
		    !kref_get_unless_zero(&tag->ref))
			continue;
		found = tag;
		break;
	}
	spin_unlock(&tags->lock);

	return found;
}

/**
 * vfio_cxl_tag_new - make one that has no part yet
 * @tags: the device's
 * @name: of the tag
 * @size: bytes that it is going to have
 * @backend: whose memory it is, or NULL
 *
 * Return: it, for vfio_cxl_tag_put(), or an error pointer.
 */
struct vfio_cxl_tag *vfio_cxl_tag_new(struct vfio_cxl_tags *tags,
				      const u8 name[VFIO_CXL_DC_TAG_LEN],
				      u64 size,
				      struct vfio_cxl_backend *backend)
{
	struct vfio_cxl_tag *tag;
	struct inode *inode;

	tag = vfio_cxl_fails("tag") ? NULL : kzalloc(sizeof(*tag), GFP_KERNEL);
	if (!tag)
		return ERR_PTR(-ENOMEM);
	inode = vfio_cxl_fails("tag inode") ? ERR_PTR(-ENOMEM) :
		vfio_cxl_backend_inode(size);
	if (IS_ERR(inode)) {
		kfree(tag);
		return ERR_CAST(inode);
	}
	kref_init(&tag->ref);
	kref_get(&tags->ref);
	tag->tags = tags;
	memcpy(tag->tag, name, sizeof(tag->tag));
	tag->size = size;
	tag->backend = backend;
	if (backend)
		vfio_cxl_backend_get(backend);
	tag->inode = inode;
	init_waitqueue_head(&tag->wait);
	INIT_LIST_HEAD(&tag->in_device);
	tag->parts = RB_ROOT;
	spin_lock_init(&tag->maps_lock);
	spin_lock(&tags->lock);
	list_add_tail(&tag->entry, &tags->list);
	spin_unlock(&tags->lock);

	return tag;
}

static bool part_before(struct rb_node *a, const struct rb_node *b)
{
	const struct vfio_cxl_dcd_extent *x, *y;

	x = rb_entry(a, struct vfio_cxl_tag_part, node)->extent;
	y = rb_entry(b, struct vfio_cxl_tag_part, node)->extent;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence;

	return x->dpa < y->dpa;
}

/* All parts are there */
static void place(struct vfio_cxl_tag *tag)
{
	struct vfio_cxl_tag_part *part;
	struct rb_node *node;
	bool asked = false;
	u64 offset = 0;

	lockdep_assert_held_write(&tag->tags->sem);

	for (node = rb_first(&tag->parts); node; node = rb_next(node)) {
		part = rb_entry(node, struct vfio_cxl_tag_part, node);
		part->offset = offset;
		offset += part->extent->len;
		asked |= part->extent->requests;
	}
	tag->placed = true;
	spin_lock(&tag->maps_lock);
	tell_use(tag);
	spin_unlock(&tag->maps_lock);
	spin_lock(&tag->tags->lock);
	tag->any = true;
	tag->all = true;
	tag->asked = asked;
	spin_unlock(&tag->tags->lock);
}

/**
 * vfio_cxl_tag_add - an extent is reached by descriptors, once all of the tag is
 * @tag: which
 * @part: the extent; in no tag
 */
void vfio_cxl_tag_add(struct vfio_cxl_tag *tag, struct vfio_cxl_tag_part *part)
{
	kref_get(&tag->ref);
	down_write(&tag->tags->sem);
	part->tag = tag;
	rb_add(&part->node, &tag->parts, part_before);
	tag->bytes += part->extent->len;
	if (!tag->backend && list_empty(&tag->in_device))
		list_add_tail(&tag->in_device, &tag->tags->device);
	if (tag->bytes == tag->size)
		place(tag);
	up_write(&tag->tags->sem);
	wake_up_all(&tag->wait);
}

/**
 * vfio_cxl_tags_add - the same, if there are descriptors of its tag
 * @tags: the device's
 * @part: the extent, which is published for them; in no tag
 * @backend: whose memory it is, or NULL
 */
void vfio_cxl_tags_add(struct vfio_cxl_tags *tags,
		       struct vfio_cxl_tag_part *part,
		       const struct vfio_cxl_backend *backend)
{
	struct vfio_cxl_tag *tag;

	tag = vfio_cxl_tag_find(tags, vfio_cxl_dcd_tag(part->extent),
				vfio_cxl_dcd_tag_bytes(part->extent), backend);
	if (!tag)
		return;
	vfio_cxl_tag_add(tag, part);
	vfio_cxl_tag_put(tag);
}

/**
 * vfio_cxl_tag_remove - an extent is reached by descriptors no more, and unmapped
 * @part: the extent, perhaps in no tag
 */
void vfio_cxl_tag_remove(struct vfio_cxl_tag_part *part)
{
	struct vfio_cxl_tag *tag = part->tag;
	bool placed;

	if (!tag)
		return;
	down_write(&tag->tags->sem);
	part->tag = NULL;
	rb_erase(&part->node, &tag->parts);
	tag->bytes -= part->extent->len;
	placed = tag->placed;
	if (RB_EMPTY_ROOT(&tag->parts)) {
		tag->placed = false;
		list_del_init(&tag->in_device);
	}
	spin_lock(&tag->tags->lock);
	tag->any = tag->placed;
	tag->all = false;
	spin_unlock(&tag->tags->lock);
	up_write(&tag->tags->sem);

	if (placed && tag->backend)
		vfio_cxl_backend_settle(tag->backend);
	if (placed)
		unmap_mapping_range(tag->inode->i_mapping, part->offset,
				    part->extent->len, true);
	wake_up_all(&tag->wait);
	vfio_cxl_tag_put(tag);
}

/**
 * vfio_cxl_tag_at - what a descriptor reaches there
 * @tag: of which it is, under vfio_cxl_tags.sem
 * @offset: byte in it
 *
 * Return: the part, or NULL.
 */
struct vfio_cxl_tag_part *vfio_cxl_tag_at(struct vfio_cxl_tag *tag, u64 offset)
{
	struct rb_node *node = tag->parts.rb_node;
	struct vfio_cxl_tag_part *part;

	lockdep_assert_held(&tag->tags->sem);

	while (node && tag->placed) {
		part = rb_entry(node, struct vfio_cxl_tag_part, node);
		if (offset < part->offset)
			node = node->rb_left;
		else if (offset - part->offset >= part->extent->len)
			node = node->rb_right;
		else
			return part;
	}

	return NULL;
}

/**
 * vfio_cxl_tag_touch - a part is about to be mapped, which makes it "in use"
 * @part: it, under vfio_cxl_tags.sem
 *
 * Return: true; or false if it is about to be unreachable.
 */
bool vfio_cxl_tag_touch(struct vfio_cxl_tag_part *part)
{
	u64 use = READ_ONCE(part->tag->use);

	return READ_ONCE(part->extent->touched) == use ||
	       vfio_cxl_dcd_touch(part->engine, part->extent, use);
}

/**
 * vfio_cxl_tag_mapped - there is a mapping more, or less
 * @tag: of this one
 * @more: more
 */
void vfio_cxl_tag_mapped(struct vfio_cxl_tag *tag, bool more)
{
	down_read(&tag->tags->sem);
	spin_lock(&tag->maps_lock);
	/* What was touched by those who are gone counts no more */
	if (more && !tag->maps++)
		WRITE_ONCE(tag->use, atomic64_inc_return(&uses));
	if (!more)
		tag->maps--;
	tell_use(tag);
	spin_unlock(&tag->maps_lock);
	up_read(&tag->tags->sem);
}
