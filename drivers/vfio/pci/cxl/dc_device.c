// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity of a bound device
 *
 * Gives the engine (dcd.c) its device, its clock, its memory and its log, and says
 * when it begins, is reconciled after resets, and ends. Decides nothing of what
 * happens to an extent.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "dc.h"
#include "engines.h"
#include "fault.h"
#include "vfio_cxl.h"

static bool dc_unbind_release;
module_param(dc_unbind_release, bool, 0644);
MODULE_PARM_DESC(dc_unbind_release,
		 "give back all Dynamic Capacity when a device is unbound, also what the control node accepted (default: off)");

#define AWAIT_STEP_MS	10

/*
 * The engine's world
 */

static int dc_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	struct vfio_cxl_dc *dc = ctx;

	lockdep_assert_held(&dc->cxl->cmd_lock);

	return vfio_cxl_mbox_command(&dc->mbox, cmd);
}

/* Takes the state lock, which is a leaf */
static void dc_lock(void *ctx)
{
	struct vfio_cxl_dc *dc = ctx;

	spin_lock(&dc->lock);
	/* Sparse does not follow it to dc_unlock() */
	__release(&dc->lock);
}

static void dc_unlock(void *ctx)
{
	struct vfio_cxl_dc *dc = ctx;

	__acquire(&dc->lock);
	spin_unlock(&dc->lock);
}

static bool dc_sharable(void *ctx, u8 dsmad)
{
	struct vfio_cxl_dc *dc = ctx;

	return vfio_cxl_cdat_sharable(&dc->cdat, dsmad);
}

static bool dc_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct vfio_cxl_dc *dc = ctx;

	return vfio_cxl_engines_live(&dc->engine, tag);
}

static void dc_change(void *ctx, const struct vfio_cxl_dcd_change *change)
{
	struct vfio_cxl_dc *dc = ctx;

	vfio_cxl_engines_tell(dc->cxl, change);
}

static const struct vfio_cxl_dcd_ops dc_ops = {
	.command = dc_command,
	.now_ns = vfio_cxl_engines_now,
	.alloc = vfio_cxl_engines_alloc,
	.free = vfio_cxl_engines_free,
	.lock = dc_lock,
	.unlock = dc_unlock,
	.covered = vfio_cxl_dc_covered,
	.sharable = dc_sharable,
	.prepare = vfio_cxl_dc_prepare,
	.publish = vfio_cxl_dc_publish,
	.unpublish = vfio_cxl_dc_unpublish,
	.use = vfio_cxl_dc_use,
	.clear = vfio_cxl_dc_clear,
	.flush = vfio_cxl_dc_flush,
	.tag_live_elsewhere = dc_elsewhere,
	.change = dc_change,
};

/**
 * vfio_cxl_dc_ready - the device's Dynamic Capacity
 * @cxl: the device
 *
 * Return: it, with its engine; NULL if the device does none, or has not said yet.
 */
struct vfio_cxl_dc *vfio_cxl_dc_ready(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc = cxl->dc;

	/* With all that vfio_cxl_dc_discover() made before it said so */
	return dc && smp_load_acquire(&dc->ready) ? dc : NULL;
}

/**
 * vfio_cxl_dc_why - why the device's Dynamic Capacity is not ready
 * @cxl: the device
 *
 * Return: enum vfio_cxl_reason.
 */
u32 vfio_cxl_dc_why(struct vfio_cxl_device *cxl)
{
	return cxl->dc ? READ_ONCE(cxl->dc->reason) :
			 VFIO_CXL_REASON_DC_NO_MAILBOX;
}

/**
 * vfio_cxl_dc_never - has the device none at all?
 * @cxl: the device, of which vfio_cxl_dc_ready() is NULL
 *
 * Return: false if it has not said yet.
 */
bool vfio_cxl_dc_never(struct vfio_cxl_device *cxl)
{
	return vfio_cxl_dc_why(cxl) != VFIO_CXL_REASON_DC_NOT_SYNCED;
}

/**
 * vfio_cxl_dc_first - from where on does memory need an extent?
 * @cxl: the device
 *
 * Return: DPA: behind the static capacity, or of the first region, if that comes
 * before; nowhere for a device without Dynamic Capacity.
 */
u64 vfio_cxl_dc_first(struct vfio_cxl_device *cxl)
{
	const struct vfio_cxl_dcd_config *config;
	struct vfio_cxl_dc *dc = cxl->dc;
	u64 capacity;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!dc || dc->reason == VFIO_CXL_REASON_DC_NOT_CAPABLE)
		return U64_MAX;

	/* Nothing is what it says as long as the media is not ready, too */
	capacity = vfio_cxl_static_capacity(cxl);
	config = &dc->engine.config;
	if (!config->count)
		return capacity;

	return capacity ? min(config->region[0].base, capacity) :
			  config->region[0].base;
}

/* A device that is busy now may tell it later; one that never does has none */
#define CDAT_TRIES	3

static int dc_attributes(struct vfio_cxl_dc *dc)
{
	struct pci_dev *pdev = dc->cxl->core.pdev;
	int ret;

	ret = vfio_cxl_cdat_read(pdev, &dc->cdat);
	if (!ret || ret == -ENOENT)
		return 0;
	if (++dc->cdat_tries < CDAT_TRIES)
		return -EAGAIN;
	pci_warn(pdev, "CDAT can't be read: %pe; no memory is taken for sharable\n",
		 ERR_PTR(ret));

	return 0;
}

/* What does the device do? -EAGAIN: it does not say yet */
static int dc_ask(struct vfio_cxl_dc *dc, bool *does)
{
	int ret;

	ret = vfio_cxl_mailbox_ready(dc);
	if (ret)
		return -EAGAIN;
	ret = vfio_cxl_mbox_find_dc(&dc->mbox, does);
	if (!ret && *does)
		ret = vfio_cxl_mbox_identify(&dc->mbox, &dc->identity);
	if (!ret && *does)
		ret = dc_attributes(dc);

	return ret;
}

static int dc_engine_new(struct vfio_cxl_dc *dc)
{
	struct vfio_cxl_dcd_limits limits = {
		.payload = dc->mbox.payload,
		.align = PAGE_SIZE,
		.deadline_ns = vfio_cxl_engines_deadline(),
	};
	int ret;

	ret = vfio_cxl_dcd_init(&dc->engine, &dc_ops, dc, &limits);
	if (ret)
		return ret;

	vfio_cxl_events_init(dc);
	dc->others.dcd = &dc->engine;
	vfio_cxl_engine_add(&dc->others);

	return 0;
}

/**
 * vfio_cxl_dc_discover - ask the device whether it does Dynamic Capacity
 * @dc: what @ready is not set of
 *
 * Return: 0 if it does, and @ready is set; -EOPNOTSUPP if it does not, which is
 * settled; -EAGAIN if it has to be asked again.
 */
int vfio_cxl_dc_discover(struct vfio_cxl_dc *dc)
{
	struct vfio_cxl_device *cxl = dc->cxl;
	bool does = false;
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	ret = dc_ask(dc, &does);
	if (!ret && does)
		ret = dc_engine_new(dc);
	if (ret) {
		if (dc->reason != VFIO_CXL_REASON_DC_NOT_SYNCED && ret != -EAGAIN)
			pci_warn(cxl->core.pdev, "Dynamic Capacity: the mailbox does not answer: %pe; it is asked again\n",
				 ERR_PTR(ret));
		dc->reason = VFIO_CXL_REASON_DC_NOT_SYNCED;
		return -EAGAIN;
	}
	if (!does) {
		dc->reason = VFIO_CXL_REASON_DC_NOT_CAPABLE;
		down_write(&cxl->gate_sem);
		dc->start = vfio_cxl_dc_first(cxl);
		up_write(&cxl->gate_sem);
		return -EOPNOTSUPP;
	}

	dc->reason = VFIO_CXL_REASON_NONE;
	/* Who sees it in vfio_cxl_dc_ready() sees the engine, too */
	smp_store_release(&dc->ready, true);

	return 0;
}

/**
 * vfio_cxl_dc_await - wait until the mailbox is ready, after a reset
 * @cxl: the device
 *
 * For as long as the device says that it may take. Its memory is usable before, but
 * no extent is.
 */
void vfio_cxl_dc_await(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	unsigned long end;

	if (!dc)
		return;
	end = jiffies + dc->mbox.ready_s * HZ;
	while (vfio_cxl_mailbox_ready(dc) == -EAGAIN &&
	       time_before(jiffies, end))
		if (msleep_interruptible(AWAIT_STEP_MS))
			return;
}

/* -EAGAIN: the device was not asked; else the engine has it, and does the rest */
static int dc_reconcile(struct vfio_cxl_dc *dc)
{
	/* Without its regions no record makes sense */
	dc->drain = true;
	if (!dc->started) {
		dc->started = true;
		return vfio_cxl_dcd_start(&dc->engine);
	}
	if (vfio_cxl_events_drain(dc))
		return -EAGAIN;

	return vfio_cxl_dcd_reset(&dc->engine);
}

/**
 * vfio_cxl_dc_resume - the device was reset, or is new: what does it have?
 * @cxl: the device
 *
 * After success extents are reachable again, where the memory is. Otherwise the
 * work tries again.
 *
 * Return: 0, also if there is nothing to do; an error of the engine; -EAGAIN.
 */
int vfio_cxl_dc_resume(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	u64 seq, start;
	bool live;
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!dc)
		return 0;
	if (vfio_cxl_mailbox_ready(dc))
		return -EAGAIN;

	down_read(&cxl->gate_sem);
	seq = cxl->gate_seq;
	live = dc->live;
	up_read(&cxl->gate_sem);
	if (live)
		return 0;

	if (seq != dc->resumed) {
		ret = dc_reconcile(dc);
		if (ret != -EAGAIN)
			dc->resumed = seq;
	} else {
		/* vfio_cxl_dcd_tick() tries what did not work */
		ret = vfio_cxl_dcd_synced(&dc->engine) ? 0 : -EAGAIN;
	}
	if (ret)
		return ret;

	start = vfio_cxl_dc_first(cxl);
	down_write(&cxl->gate_sem);
	if (seq == cxl->gate_seq) {
		dc->live = true;
		dc->start = start;
	} else {
		ret = -EAGAIN;
	}
	up_write(&cxl->gate_sem);

	return ret;
}

/**
 * vfio_cxl_dc_gate_closed - nobody reaches an extent until the next resume
 * @cxl: the device, whose memory is being unmapped
 */
void vfio_cxl_dc_gate_closed(struct vfio_cxl_device *cxl)
{
	lockdep_assert_held_write(&cxl->gate_sem);

	atomic64_inc(&cxl->map_epoch);
	if (cxl->dc)
		cxl->dc->live = false;
}

/**
 * vfio_cxl_dc_settled - is what was published reachable?
 * @cxl: the device, under gate_sem
 *
 * Return: false from when the gate closed until the device's list was compared, if
 * there are extents that wait for it.
 */
bool vfio_cxl_dc_settled(struct vfio_cxl_device *cxl)
{
	lockdep_assert_held(&cxl->gate_sem);

	return !cxl->dc || cxl->dc->live || RB_EMPTY_ROOT(&cxl->dc->ranges);
}

/**
 * vfio_cxl_dc_tenancy_end - what the last tenancy accepted is given back
 * @cxl: the device, which nobody has open any more
 *
 * Out of reach at once; the work clears it, where that is asked for, and tells the
 * device.
 */
void vfio_cxl_dc_tenancy_end(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);

	lockdep_assert_held(&cxl->cmd_lock);

	if (!dc)
		return;
	vfio_cxl_dcd_tenancy_end(&dc->engine);
	vfio_cxl_events_kick(dc);
}

/**
 * vfio_cxl_dc_known - is known what capacity the device has?
 * @cxl: the device
 *
 * Return: false while its mailbox was not heard yet.
 */
bool vfio_cxl_dc_known(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc = cxl->dc;

	lockdep_assert_held(&cxl->cmd_lock);

	return !dc || dc->reason == VFIO_CXL_REASON_DC_NOT_CAPABLE ||
	       (dc->ready && dc->started && vfio_cxl_dcd_synced(&dc->engine));
}

/**
 * vfio_cxl_dc_end - where Dynamic Capacity ends
 * @cxl: the device
 * @alike: out: static capacity has the same attributes, so that one decoder may
 *	cover both
 *
 * Return: DPA behind the last region; 0 if there is none, or it is not known.
 */
u64 vfio_cxl_dc_end(struct vfio_cxl_device *cxl, bool *alike)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	const struct vfio_cxl_dcd_region *last;
	u64 end;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!dc || !dc->engine.config.count)
		return 0;

	last = &dc->engine.config.region[dc->engine.config.count - 1];
	end = last->base + last->decode_len;
	/* Regions are volatile, as far as the device does not say otherwise */
	*alike = dc->cdat.count ? vfio_cxl_cdat_alike(&dc->cdat, 0, end) :
		 dc->identity.volatile_only == dc->identity.total;

	return end;
}

static int dc_new(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc;
	int ret;

	dc = vfio_cxl_fails("mailbox") ? NULL : kvzalloc(sizeof(*dc), GFP_KERNEL);
	if (!dc)
		return -ENOMEM;

	dc->cxl = cxl;
	dc->ranges = RB_ROOT;
	spin_lock_init(&dc->lock);
	INIT_DELAYED_WORK(&dc->work, vfio_cxl_events_work);
	ret = vfio_cxl_mailbox_map(dc);
	if (ret) {
		kvfree(dc);
		return ret;
	}

	dc->start = vfio_cxl_static_capacity(cxl);
	cxl->dc = dc;

	return 0;
}

/**
 * vfio_cxl_dc_init - take the device's mailbox, if it has one
 * @cxl: the device
 *
 * At probe. A device whose mailbox can't be used is one without Dynamic Capacity.
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_dc_init(struct vfio_cxl_device *cxl)
{
	int ret;

	ret = dc_new(cxl);
	if (ret == -ENOMEM)
		return ret;
	if (ret && ret != -ENOENT)
		pci_warn(cxl->core.pdev, "no Dynamic Capacity: the mailbox makes no sense: %pe\n",
			 ERR_PTR(ret));
	if (!ret)
		vfio_cxl_events_work(&cxl->dc->work.work);

	return 0;
}

/**
 * vfio_cxl_dc_exit - undo vfio_cxl_dc_init()
 * @cxl: the device, which nobody can reach any more
 *
 * At remove, while its registers still answer. What the control node accepted
 * stays the host's, unless the parameter dc_unbind_release says otherwise.
 */
void vfio_cxl_dc_exit(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_dc *dc = cxl->dc;

	if (!dc)
		return;
	/* Nor does anything that comes now start it again */
	disable_delayed_work_sync(&dc->work);

	if (vfio_cxl_dc_ready(cxl)) {
		mutex_lock(&cxl->cmd_lock);
		vfio_cxl_dcd_tenancy_end(&dc->engine);
		vfio_cxl_dcd_stop(&dc->engine, READ_ONCE(dc_unbind_release));
		mutex_unlock(&cxl->cmd_lock);

		vfio_cxl_engine_del(&dc->others);

		mutex_lock(&cxl->cmd_lock);
		vfio_cxl_dcd_destroy(&dc->engine);
		mutex_unlock(&cxl->cmd_lock);
	}
	vfio_cxl_mailbox_unmap(dc);
	cxl->dc = NULL;
	kvfree(dc);
}
