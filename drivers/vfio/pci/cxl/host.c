// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: host memory as Dynamic Capacity
 *
 * Gives the engine (dcd.c) a second world: a device in software (host_dev.c), whose
 * capacity is host memory under tags. Decides nothing of what happens to an extent.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "dc.h"
#include "fault.h"
#include "host.h"
#include "vfio_cxl.h"

/* So often it is asked whether the use of what is deferred has ended */
#define HOST_POLL_MS	100

/*
 * The engine's world
 */

/* What is neither offered nor held any more leaves its backend free for others */
static void host_reap(struct vfio_cxl_host *host)
{
	struct vfio_cxl_host_extent *e, *next;
	LIST_HEAD(gone);

	spin_lock(&host->lock);
	list_splice_init(&host->dev.gone, &gone);
	spin_unlock(&host->lock);
	list_for_each_entry_safe(e, next, &gone, gone) {
		vfio_cxl_backend_unreserve(&host->cxl->backends, e->priv);
		kfree(e);
	}
}

static int host_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	struct vfio_cxl_host *host = ctx;
	int ret;

	lockdep_assert_held(&host->cxl->cmd_lock);

	spin_lock(&host->lock);
	ret = vfio_cxl_host_dev_command(&host->dev, cmd);
	spin_unlock(&host->lock);
	host_reap(host);

	return ret;
}

/* Takes the state lock, which is a leaf */
static void host_lock(void *ctx)
{
	struct vfio_cxl_host *host = ctx;

	spin_lock(&host->lock);
	/* Sparse does not follow it to host_unlock() */
	__release(&host->lock);
}

static void host_unlock(void *ctx)
{
	struct vfio_cxl_host *host = ctx;

	__acquire(&host->lock);
	spin_unlock(&host->lock);
}

static bool host_covered(void *ctx, u64 dpa, u64 len)
{
	return true;
}

/* It is memory like any other */
static void host_flush(void *ctx, u64 dpa, u64 len)
{
}

static bool host_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct vfio_cxl_host *host = ctx;

	return vfio_cxl_engines_live(&host->engine, tag);
}

static void host_change(void *ctx, const struct vfio_cxl_dcd_change *change)
{
	struct vfio_cxl_dcd_change told = *change;
	struct vfio_cxl_host *host = ctx;

	/* Its list is never another one than the engine's */
	if (told.kind == VFIO_CXL_DC_CHANGE_SYNC)
		return;
	told.region += VFIO_CXL_DC_HOST_REGION;
	vfio_cxl_engines_tell(host->cxl, &told);
}

static const struct vfio_cxl_dcd_ops host_ops = {
	.command = host_command,
	.now_ns = vfio_cxl_engines_now,
	.alloc = vfio_cxl_engines_alloc,
	.free = vfio_cxl_engines_free,
	.lock = host_lock,
	.unlock = host_unlock,
	.covered = host_covered,
	.prepare = vfio_cxl_host_prepare,
	.publish = vfio_cxl_host_publish,
	.unpublish = vfio_cxl_host_unpublish,
	.use = vfio_cxl_host_use,
	.clear = vfio_cxl_host_clear,
	.flush = host_flush,
	.tag_live_elsewhere = host_elsewhere,
	.change = host_change,
};

/* A tag at a time, as each may be large, and others wait for cmd_lock */
static void host_work(struct work_struct *work)
{
	struct vfio_cxl_host *host = container_of(to_delayed_work(work),
						  struct vfio_cxl_host, work);
	u64 next, now;

	mutex_lock(&host->cxl->cmd_lock);
	next = vfio_cxl_dcd_tick(&host->engine);
	now = ktime_get_boottime_ns();
	/* The end of a use is not told */
	if (!list_empty(&host->engine.deferred))
		next = min(next, now + HOST_POLL_MS * NSEC_PER_MSEC);
	mutex_unlock(&host->cxl->cmd_lock);
	if (next != VFIO_CXL_DC_NEVER)
		queue_delayed_work(system_long_wq, &host->work,
				   next <= now ? 0 :
				   min_t(u64, nsecs_to_jiffies64(next - now) + 1,
					 MAX_JIFFY_OFFSET));
}

/**
 * vfio_cxl_host_kick - see to what is due
 * @host: whose
 */
void vfio_cxl_host_kick(struct vfio_cxl_host *host)
{
	mod_delayed_work(system_long_wq, &host->work, 0);
}

/**
 * vfio_cxl_host_ready - what a device has of host memory
 * @cxl: the device
 *
 * Return: it, with its engine; NULL if there never was a window.
 */
struct vfio_cxl_host *vfio_cxl_host_ready(struct vfio_cxl_device *cxl)
{
	/* With all that vfio_cxl_host_get() made before */
	return smp_load_acquire(&cxl->host);
}

static int host_engine_new(struct vfio_cxl_host *host)
{
	struct vfio_cxl_dcd_limits limits = {
		.payload = VFIO_CXL_HOST_PAYLOAD,
		.align = PAGE_SIZE,
		.deadline_ns = vfio_cxl_engines_deadline(),
		.first_id = VFIO_CXL_HOST_FIRST_ID,
		.gives = 1,
		.any_order = true,
	};

	return vfio_cxl_dcd_init(&host->engine, &host_ops, host, &limits);
}

/**
 * vfio_cxl_host_get - as vfio_cxl_host_ready(), and if there is none it is made
 * @cxl: the device
 *
 * Return: it, or NULL: no memory.
 */
struct vfio_cxl_host *vfio_cxl_host_get(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_host *host = cxl->host;

	lockdep_assert_held(&cxl->cmd_lock);

	if (host)
		return host;
	host = vfio_cxl_fails("window") ? NULL :
	       kvzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return NULL;
	host->cxl = cxl;
	host->ranges = RB_ROOT;
	spin_lock_init(&host->lock);
	spin_lock_init(&host->maps_lock);
	init_rwsem(&host->sem);
	INIT_DELAYED_WORK(&host->work, host_work);
	vfio_cxl_host_dev_init(&host->dev);
	if (host_engine_new(host)) {
		kvfree(host);
		return NULL;
	}
	host->others.dcd = &host->engine;
	vfio_cxl_engine_add(&host->others);
	/* Who sees it in vfio_cxl_host_ready() sees the engine, too */
	smp_store_release(&cxl->host, host);

	return host;
}

/**
 * vfio_cxl_host_record - the device in software has something to say
 * @host: whose
 * @e: of this extent
 * @type: CXL_DC_EVENT_*
 */
void vfio_cxl_host_record(struct vfio_cxl_host *host,
			  const struct vfio_cxl_host_extent *e, u8 type)
{
	struct cxl_dc_event event;

	vfio_cxl_host_dev_record(e, type, &event);
	vfio_cxl_dcd_event(&host->engine, &event);
}

/**
 * vfio_cxl_host_drop - the device in software has an extent no more
 * @host: whose
 * @dpa: of the extent, if it is still there; unpublished
 */
void vfio_cxl_host_drop(struct vfio_cxl_host *host, u64 dpa)
{
	struct vfio_cxl_host_extent *e;

	lockdep_assert_held(&host->cxl->cmd_lock);

	spin_lock(&host->lock);
	e = vfio_cxl_host_dev_at(&host->dev, dpa);
	if (e)
		vfio_cxl_host_dev_drop(&host->dev, e);
	spin_unlock(&host->lock);
	host_reap(host);
}

/**
 * vfio_cxl_host_open - a tenancy begins
 * @cxl: the device
 *
 * Return: 0; -EBUSY while somebody holds pages that it would reach; or -ENOMEM.
 */
int vfio_cxl_host_open(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_host *host = cxl->host;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!host || !host->inode)
		return 0;
	if (vfio_cxl_host_held(host)) {
		pci_warn(cxl->core.pdev,
			 "not opened: somebody still holds pages of host memory that any tenancy reaches\n");
		return -EBUSY;
	}

	return vfio_cxl_host_register(host);
}

/**
 * vfio_cxl_host_close - and ends
 * @cxl: the device, which nobody has open any more
 *
 * What it accepted is out of reach at once; the work gives it back.
 */
void vfio_cxl_host_close(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_host *host = cxl->host;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!host)
		return;
	host->index = 0;
	vfio_cxl_dcd_tenancy_end(&host->engine);
	if (vfio_cxl_clears())
		vfio_cxl_host_clean(host);
	vfio_cxl_host_kick(host);
}

/**
 * vfio_cxl_host_stop - the device is being unbound
 * @cxl: the device, whose control node is gone
 *
 * From now on nothing stands in the window, and no backend is reserved. A user who has
 * the device open still has a window.
 */
void vfio_cxl_host_stop(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_host *host = cxl->host;

	if (!host)
		return;
	disable_delayed_work_sync(&host->work);
	mutex_lock(&cxl->cmd_lock);
	host->ending = true;
	vfio_cxl_dcd_tenancy_end(&host->engine);
	vfio_cxl_dcd_stop(&host->engine, true);
	mutex_unlock(&cxl->cmd_lock);
}

/**
 * vfio_cxl_host_exit - undo vfio_cxl_host_get()
 * @cxl: the device, which nobody can reach any more
 */
void vfio_cxl_host_exit(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_host *host = cxl->host;

	if (!host)
		return;
	vfio_cxl_engine_del(&host->others);
	mutex_lock(&cxl->cmd_lock);
	vfio_cxl_dcd_destroy(&host->engine);
	mutex_unlock(&cxl->cmd_lock);
	if (host->inode)
		vfio_cxl_backend_inode_put(host->inode);
	cxl->host = NULL;
	kvfree(host);
}
