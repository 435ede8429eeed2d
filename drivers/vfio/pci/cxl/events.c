// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity events
 *
 * A work item looks at the device's Event Status (CXL 3.1, 8.2.8.3.1) and drains the
 * Dynamic Capacity event log into the engine. Often while somebody waits for it, and
 * else once a second: one read of a register each. No interrupt: the device's MSI-X
 * vectors are the user's.
 */
#include <linux/ktime.h>

#include "changes.h"
#include "dc.h"
#include "vfio_cxl.h"

#define EVENTS_POLL_MS		100
#define EVENTS_IDLE_MS		1000
/* A drain clears no more records later than that: others wait for cmd_lock */
#define EVENTS_DRAIN_MS		3000

static int events_send(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	struct vfio_cxl_dc *dc = ctx;

	return dc->engine.ops->command(dc, cmd);
}

static bool events_late(void *ctx)
{
	struct vfio_cxl_dc *dc = ctx;

	return time_after(jiffies, dc->drain_end);
}

static void events_record(void *ctx, const struct cxl_wire_event *event)
{
	struct vfio_cxl_dc *dc = ctx;

	BUILD_BUG_ON(sizeof(*event) != sizeof(struct cxl_dc_event));

	vfio_cxl_dcd_event(&dc->engine, (const void *)event);
}

static void events_overflow(void *ctx, u16 count)
{
	struct vfio_cxl_dc *dc = ctx;

	dc->overflows++;
	pci_warn(dc->cxl->core.pdev, "Dynamic Capacity: the device's event log overflowed: reading its list\n");
	vfio_cxl_dcd_overflow(&dc->engine);
}

/**
 * vfio_cxl_events_init - be ready to drain the log
 * @dc: its engine was made
 */
void vfio_cxl_events_init(struct vfio_cxl_dc *dc)
{
	dc->log_ops = (struct vfio_cxl_event_ops){
		.send = events_send,
		.record = events_record,
		/* The engine counts them */
		.ignored = events_record,
		.overflow = events_overflow,
		.late = events_late,
		.ctx = dc,
	};
	vfio_cxl_event_log_init(&dc->log, &dc->log_ops);
	dc->drain = true;
}

/**
 * vfio_cxl_events_drain - take what the device's log has
 * @dc: it is ready
 *
 * Return: 0, the log is empty; else as vfio_cxl_event_log_drain(): -EAGAIN also when
 * it takes too long.
 */
int vfio_cxl_events_drain(struct vfio_cxl_dc *dc)
{
	int ret;

	lockdep_assert_held(&dc->cxl->cmd_lock);

	dc->drain_end = jiffies + msecs_to_jiffies(EVENTS_DRAIN_MS);
	ret = vfio_cxl_event_log_drain(&dc->log);
	dc->drain = ret;
	if (!ret)
		vfio_cxl_dcd_drained(&dc->engine);

	return ret;
}

/**
 * vfio_cxl_events_poll_ms - how often the log is looked at now
 * @dc: the device's
 *
 * Return: milliseconds.
 */
unsigned int vfio_cxl_events_poll_ms(struct vfio_cxl_dc *dc)
{
	return READ_ONCE(dc->cxl->open) ||
	       vfio_cxl_changes_watched(dc->cxl->changes) ? EVENTS_POLL_MS :
							    EVENTS_IDLE_MS;
}

/**
 * vfio_cxl_events_kick - look at the log now
 * @dc: the device's
 *
 * Any context. For when something is waited for, or was left to do.
 */
void vfio_cxl_events_kick(struct vfio_cxl_dc *dc)
{
	mod_delayed_work(system_long_wq, &dc->work, 0);
}

/* Returns how long to wait for the next round, in jiffies */
static unsigned long events_round(struct vfio_cxl_dc *dc)
{
	unsigned long poll = msecs_to_jiffies(vfio_cxl_events_poll_ms(dc));
	struct vfio_cxl_device *cxl = dc->cxl;
	u64 next, now;

	/* The engine's patience with a busy device is not for one in reset */
	if (vfio_cxl_mailbox_ready(dc))
		return poll;
	/* What could not be cleared at the last close, for want of this */
	if (!vfio_cxl_dc_resume(cxl) && !cxl->open)
		vfio_cxl_memory_clean(cxl, false);
	if ((dc->drain || vfio_cxl_dcd_doubts(&dc->engine) ||
	     vfio_cxl_mailbox_events(dc)) &&
	    vfio_cxl_events_drain(dc) == -EAGAIN)
		poll = 1;

	next = vfio_cxl_dcd_tick(&dc->engine);
	now = ktime_get_boottime_ns();
	if (next <= now)
		return 1;
	/*
	 * An offer that comes meanwhile takes two commands to refuse; and the end of
	 * the use of what is deferred is not told
	 */
	if (vfio_cxl_dcd_doubts(&dc->engine) ||
	    !list_empty(&dc->engine.deferred))
		poll = min(poll, msecs_to_jiffies(EVENTS_POLL_MS));

	return min_t(u64, poll, nsecs_to_jiffies64(next - now) + 1);
}

/**
 * vfio_cxl_events_work - look at the event log, and see to what is due
 * @work: of struct vfio_cxl_dc
 */
void vfio_cxl_events_work(struct work_struct *work)
{
	struct vfio_cxl_dc *dc = container_of(to_delayed_work(work),
					      struct vfio_cxl_dc, work);
	unsigned long next = msecs_to_jiffies(EVENTS_IDLE_MS);
	int ret = 0;

	mutex_lock(&dc->cxl->cmd_lock);
	if (!dc->ready)
		ret = vfio_cxl_dc_discover(dc);
	if (!ret)
		next = events_round(dc);
	mutex_unlock(&dc->cxl->cmd_lock);
	/* A device without is not looked at again */
	if (ret != -EOPNOTSUPP)
		queue_delayed_work(system_long_wq, &dc->work, next);
}
