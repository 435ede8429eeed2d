// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the log of changes
 *
 * What the Dynamic Capacity engine tells is kept in a ring, and goes out by read()
 * and poll() on the control node, and an eventfd of the tenancy's.
 *
 * Locking: @lock is a leaf, but for those of the wait queues that it wakes; the
 * engine adds under its state lock.
 */
#include <linux/eventfd.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "changes.h"
#include "changes_ring.h"

/**
 * struct vfio_cxl_changes - a device's log of changes
 * @ref: see changes.h
 * @wait: for an entry, or the end
 * @readers: descriptors that may read it
 * @lock: protects what follows
 * @ended: nothing will be added
 * @eventfd: the tenancy's, or NULL
 * @ring: the entries
 */
struct vfio_cxl_changes {
	struct kref ref;
	wait_queue_head_t wait;
	atomic_t readers;
	spinlock_t lock;
	bool ended;
	struct eventfd_ctx *eventfd;
	struct vfio_cxl_changes_ring ring;
};

/**
 * vfio_cxl_changes_new - begin a log
 * Return: the log, with a reference; NULL without memory.
 */
struct vfio_cxl_changes *vfio_cxl_changes_new(void)
{
	struct vfio_cxl_changes *changes;

	changes = kvzalloc(sizeof(*changes), GFP_KERNEL);
	if (!changes)
		return NULL;

	kref_init(&changes->ref);
	init_waitqueue_head(&changes->wait);
	spin_lock_init(&changes->lock);
	vfio_cxl_changes_ring_init(&changes->ring);

	return changes;
}

static void changes_free(struct kref *ref)
{
	kvfree(container_of(ref, struct vfio_cxl_changes, ref));
}

/**
 * vfio_cxl_changes_get - take a reference
 * @changes: the log
 *
 * Return: @changes.
 */
struct vfio_cxl_changes *vfio_cxl_changes_get(struct vfio_cxl_changes *changes)
{
	kref_get(&changes->ref);

	return changes;
}

/**
 * vfio_cxl_changes_put - give it back
 * @changes: the log
 */
void vfio_cxl_changes_put(struct vfio_cxl_changes *changes)
{
	kref_put(&changes->ref, changes_free);
}

/**
 * vfio_cxl_changes_end - the device is not bound any more
 * @changes: the log, which nobody adds to any more; the owner's reference is gone
 *
 * Readers get what is left and are told then. May sleep.
 */
void vfio_cxl_changes_end(struct vfio_cxl_changes *changes)
{
	vfio_cxl_changes_tenancy_end(changes);
	spin_lock(&changes->lock);
	changes->ended = true;
	spin_unlock(&changes->lock);
	wake_up_all(&changes->wait);
	vfio_cxl_changes_put(changes);
}

/**
 * vfio_cxl_changes_add - append an entry
 * @changes: the log
 * @change: what it tells
 * @now_ns: when, CLOCK_BOOTTIME
 * @tenant_visible: the VFIO device fd would see it in a list
 *
 * In process context. Never sleeps, allocates nothing, waits for no reader.
 */
void vfio_cxl_changes_add(struct vfio_cxl_changes *changes,
			  const struct vfio_cxl_dcd_change *change, u64 now_ns,
			  bool tenant_visible)
{
	spin_lock(&changes->lock);
	if (WARN_ON_ONCE(changes->ended)) {
		spin_unlock(&changes->lock);
		return;
	}
	vfio_cxl_changes_ring_add(&changes->ring, change, now_ns);
	if (tenant_visible && changes->eventfd)
		eventfd_signal(changes->eventfd);
	spin_unlock(&changes->lock);

	wake_up_all(&changes->wait);
}

/**
 * vfio_cxl_changes_sequence - how far it is
 * @changes: the log
 *
 * Return: the number of the latest entry, or 0.
 */
u64 vfio_cxl_changes_sequence(struct vfio_cxl_changes *changes)
{
	u64 next;

	spin_lock(&changes->lock);
	next = changes->ring.next;
	spin_unlock(&changes->lock);

	return next - 1;
}

/**
 * vfio_cxl_changes_watched - would anybody learn of a change now?
 * @changes: the log
 *
 * Return: is it open for reading, or has the tenancy an eventfd?
 */
bool vfio_cxl_changes_watched(struct vfio_cxl_changes *changes)
{
	return atomic_read(&changes->readers) || READ_ONCE(changes->eventfd);
}

/* Puts one in the other's place */
static void changes_set_eventfd(struct vfio_cxl_changes *changes,
				struct eventfd_ctx *eventfd)
{
	spin_lock(&changes->lock);
	swap(eventfd, changes->eventfd);
	spin_unlock(&changes->lock);

	if (eventfd)
		eventfd_ctx_put(eventfd);
}

/**
 * vfio_cxl_changes_eventfd - whom to signal when the tenancy would see a change
 * @changes: the log
 * @fd: an eventfd, in place of the one before; -1: nobody
 *
 * Return: 0; -EINVAL for another negative number; the error of eventfd_ctx_fdget(),
 * which leaves the one before.
 */
int vfio_cxl_changes_eventfd(struct vfio_cxl_changes *changes, int fd)
{
	struct eventfd_ctx *eventfd = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		eventfd = eventfd_ctx_fdget(fd);
		if (IS_ERR(eventfd))
			return PTR_ERR(eventfd);
	}
	changes_set_eventfd(changes, eventfd);

	return 0;
}

/**
 * vfio_cxl_changes_tenancy_end - the VFIO device was closed
 * @changes: the log
 */
void vfio_cxl_changes_tenancy_end(struct vfio_cxl_changes *changes)
{
	changes_set_eventfd(changes, NULL);
}

/**
 * vfio_cxl_changes_open - a descriptor of the control node
 * @changes: the log
 * @file: new; its position is set
 */
void vfio_cxl_changes_open(struct vfio_cxl_changes *changes, struct file *file)
{
	file->f_pos = vfio_cxl_changes_sequence(changes) + 1;
	if (file->f_mode & FMODE_READ)
		atomic_inc(&changes->readers);
}

/**
 * vfio_cxl_changes_release - undo vfio_cxl_changes_open()
 * @changes: the log
 * @file: as then
 */
void vfio_cxl_changes_release(struct vfio_cxl_changes *changes,
			      struct file *file)
{
	if (file->f_mode & FMODE_READ)
		atomic_dec(&changes->readers);
}

/* Has a reader that waits for an entry waited long enough? */
static bool changes_ready(struct vfio_cxl_changes *changes, u64 position)
{
	bool ready;

	spin_lock(&changes->lock);
	ready = changes->ended ||
		vfio_cxl_changes_ring_has(&changes->ring, position);
	spin_unlock(&changes->lock);

	return ready;
}

/* The entry at a position, or why there is none; 0 as long as one may come */
static int changes_at(struct vfio_cxl_changes *changes, u64 *position,
		      struct vfio_cxl_dc_event *event)
{
	int ret;

	spin_lock(&changes->lock);
	ret = vfio_cxl_changes_ring_get(&changes->ring, position, event);
	if (!ret && !vfio_cxl_changes_ring_reaches(&changes->ring, *position))
		ret = -EINVAL;
	if (!ret && changes->ended)
		ret = -ENODEV;
	spin_unlock(&changes->lock);

	return ret;
}

/**
 * vfio_cxl_changes_read - read() of the control node
 * @changes: the log
 * @file: whose read it is
 * @buf: room for entries
 * @count: of that, bytes
 * @ppos: number of the entry to be read next
 *
 * Return: bytes, of whole entries; else as struct vfio_cxl_dc_event says, or
 * -EAGAIN, -ERESTARTSYS, -EFAULT.
 */
ssize_t vfio_cxl_changes_read(struct vfio_cxl_changes *changes,
			      struct file *file, char __user *buf, size_t count,
			      loff_t *ppos)
{
	struct vfio_cxl_dc_event event;
	u64 position = *ppos;
	size_t done = 0;
	int ret = 0;

	if (count < sizeof(event))
		return -EINVAL;

	while (count - done >= sizeof(event)) {
		ret = changes_at(changes, &position, &event);
		if (!ret && !done && file->f_flags & O_NONBLOCK)
			ret = -EAGAIN;
		if (ret < 0 || (!ret && done))
			break;
		if (!ret) {
			ret = wait_event_interruptible(changes->wait,
						       changes_ready(changes,
								     position));
			if (ret)
				break;
			continue;
		}
		if (copy_to_user(buf + done, &event, sizeof(event))) {
			ret = -EFAULT;
			break;
		}
		done += sizeof(event);
		*ppos = position;
	}

	return done ?: ret;
}

/**
 * vfio_cxl_changes_poll - poll() of the control node
 * @changes: the log
 * @file: whose position it is about
 * @wait: as the core wants it
 *
 * Return: EPOLLIN and EPOLLHUP.
 */
__poll_t vfio_cxl_changes_poll(struct vfio_cxl_changes *changes,
			       struct file *file, poll_table *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &changes->wait, wait);
	spin_lock(&changes->lock);
	if (vfio_cxl_changes_ring_has(&changes->ring, file->f_pos))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (changes->ended)
		mask |= EPOLLHUP;
	spin_unlock(&changes->lock);

	return mask;
}

/**
 * vfio_cxl_changes_llseek - lseek() of the control node
 * @changes: the log
 * @file: whose position it is
 * @offset: number of an entry with SEEK_SET, 0 else
 * @whence: SEEK_SET, SEEK_CUR, SEEK_END
 *
 * Return: the position; -EINVAL.
 */
loff_t vfio_cxl_changes_llseek(struct vfio_cxl_changes *changes,
			       struct file *file, loff_t offset, int whence)
{
	if (whence != SEEK_SET && offset)
		return -EINVAL;

	spin_lock(&changes->lock);
	switch (whence) {
	case SEEK_CUR:
		offset = file->f_pos;
		break;
	case SEEK_SET:
		/* None is negative, as it is unsigned there */
		if (!vfio_cxl_changes_ring_reaches(&changes->ring, offset))
			offset = -EINVAL;
		break;
	case SEEK_END:
		offset = changes->ring.next;
		break;
	default:
		offset = -EINVAL;
	}
	spin_unlock(&changes->lock);
	if (offset >= 0)
		file->f_pos = offset;

	return offset;
}
