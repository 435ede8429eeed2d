// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the log of changes
 *
 * What the Dynamic Capacity engine tells is kept in a ring, and goes out three ways:
 * read() and poll() on the control node, an eventfd of the tenancy's, and netlink,
 * whose messages are made by work that reads the ring as any other reader does.
 *
 * Locking: @lock is a leaf, but for those of the wait queues that it wakes; the
 * engine adds under its state lock.
 */
#include <linux/eventfd.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "changes.h"
#include "changes_ring.h"

/**
 * struct vfio_cxl_changes - a device's log of changes
 * @ref: see changes.h
 * @name: the PCI device's
 * @node: in logs, until it is ended
 * @wait: for an entry, or the end
 * @readers: descriptors that may read it
 * @lock: protects what follows
 * @ended: nothing will be added
 * @told: the number that netlink is told next
 * @eventfd: the tenancy's, or NULL
 * @ring: the entries
 * @tell: makes netlink's messages
 */
struct vfio_cxl_changes {
	struct kref ref;
	char name[32];
	struct list_head node;
	wait_queue_head_t wait;
	atomic_t readers;
	spinlock_t lock;
	bool ended;
	u64 told;
	struct eventfd_ctx *eventfd;
	struct work_struct tell;
	struct vfio_cxl_changes_ring ring;
};

/* Those that are not ended, for who asks by netlink */
static LIST_HEAD(logs);
static DEFINE_MUTEX(logs_lock);

/* Netlink's turn: what was added since the last one, while somebody listens */
static void changes_tell(struct work_struct *work)
{
	struct vfio_cxl_changes *changes =
		container_of(work, struct vfio_cxl_changes, tell);
	struct vfio_cxl_dc_event event;
	bool got;

	while (vfio_cxl_netlink_heard()) {
		spin_lock(&changes->lock);
		got = vfio_cxl_changes_ring_get(&changes->ring, &changes->told,
						&event);
		spin_unlock(&changes->lock);
		if (!got)
			return;
		vfio_cxl_netlink_tell(changes->name, &event);
		cond_resched();
	}
}

/**
 * vfio_cxl_changes_new - begin a log
 * @name: of the PCI device
 *
 * Return: the log, with a reference; NULL without memory.
 */
struct vfio_cxl_changes *vfio_cxl_changes_new(const char *name)
{
	struct vfio_cxl_changes *changes;

	changes = kvzalloc(sizeof(*changes), GFP_KERNEL);
	if (!changes)
		return NULL;

	kref_init(&changes->ref);
	strscpy(changes->name, name, sizeof(changes->name));
	init_waitqueue_head(&changes->wait);
	spin_lock_init(&changes->lock);
	INIT_WORK(&changes->tell, changes_tell);
	vfio_cxl_changes_ring_init(&changes->ring);
	changes->told = changes->ring.next;
	mutex_lock(&logs_lock);
	list_add_tail(&changes->node, &logs);
	mutex_unlock(&logs_lock);

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
	mutex_lock(&logs_lock);
	list_del(&changes->node);
	mutex_unlock(&logs_lock);
	spin_lock(&changes->lock);
	changes->ended = true;
	spin_unlock(&changes->lock);
	wake_up_all(&changes->wait);
	/* Not cancelled: the last entries are for those that listen, too */
	flush_work(&changes->tell);
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
	bool heard = vfio_cxl_netlink_heard();

	spin_lock(&changes->lock);
	if (WARN_ON_ONCE(changes->ended)) {
		spin_unlock(&changes->lock);
		return;
	}
	vfio_cxl_changes_ring_add(&changes->ring, change, now_ns);
	/* Who begins to listen hears what comes from then on */
	if (heard)
		schedule_work(&changes->tell);
	else
		changes->told = changes->ring.next;
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
 * Return: is it open for reading, has the tenancy an eventfd, or listens anybody?
 */
bool vfio_cxl_changes_watched(struct vfio_cxl_changes *changes)
{
	return atomic_read(&changes->readers) || READ_ONCE(changes->eventfd) ||
	       vfio_cxl_netlink_heard();
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

/**
 * vfio_cxl_changes_find - how far a device's log is
 * @name: of the PCI device
 * @sequence: number of its latest entry, or 0
 *
 * Return: 0; -ENODEV if no such device is bound.
 */
int vfio_cxl_changes_find(const char *name, u64 *sequence)
{
	struct vfio_cxl_changes *changes;
	int ret = -ENODEV;

	mutex_lock(&logs_lock);
	list_for_each_entry(changes, &logs, node) {
		if (strcmp(changes->name, name))
			continue;
		*sequence = vfio_cxl_changes_sequence(changes);
		ret = 0;
	}
	mutex_unlock(&logs_lock);

	return ret;
}

/**
 * vfio_cxl_changes_each - how far the logs of all devices are
 * @start: so many are left out
 * @each: called for the others, until it returns an error
 * @ctx: for @each
 *
 * Return: so many were left out, or went well.
 */
int vfio_cxl_changes_each(unsigned int start,
			  int (*each)(void *ctx, const char *name,
				      u64 sequence), void *ctx)
{
	struct vfio_cxl_changes *changes;
	unsigned int n = 0;

	mutex_lock(&logs_lock);
	list_for_each_entry(changes, &logs, node) {
		if (n >= start &&
		    each(ctx, changes->name, vfio_cxl_changes_sequence(changes)))
			break;
		n++;
	}
	mutex_unlock(&logs_lock);

	return n;
}
