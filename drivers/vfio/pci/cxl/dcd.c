// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: where callers come in
 *
 * Records, resets and time, which move things along. dcd.h says what the engine is
 * and how it is cut.
 */
#include "dc_engine.h"

/**
 * vfio_cxl_dcd_init - make an engine that knows nothing yet
 * @dcd: filled in; all zero again on failure
 * @ops: the world
 * @ctx: handed to each of @ops
 * @limits: what is 0 there becomes what VFIO_CXL_DC_* say; not the payload
 *
 * Return: 0; -EINVAL if the device's payload is too small to be one; -ENOMEM.
 */
int vfio_cxl_dcd_init(struct vfio_cxl_dcd *dcd,
		      const struct vfio_cxl_dcd_ops *ops, void *ctx,
		      const struct vfio_cxl_dcd_limits *limits)
{
	struct vfio_cxl_dcd_limits *l = &dcd->limits;

	memset(dcd, 0, sizeof(*dcd));
	if (limits->payload < VFIO_CXL_DC_PAYLOAD_MIN)
		return -EINVAL;
	dcd->ops = ops;
	dcd->ctx = ctx;
	*l = *limits;
	l->extents = l->extents ?: VFIO_CXL_DC_EXTENTS;
	l->offers = l->offers ?: VFIO_CXL_DC_OFFERS;
	l->tombstones = l->tombstones ?: VFIO_CXL_DC_TOMBSTONES;
	l->align = l->align ?: SZ_4K;
	l->payload = min_t(u32, l->payload, VFIO_CXL_DC_PAYLOAD_MAX);
	dcd->max_entries = (l->payload - sizeof(struct cxl_dc_entries)) /
			   sizeof(struct cxl_dc_entry);
	dcd->next_id = l->first_id ?: 1;
	dcd->by_id = RB_ROOT;
	dcd->by_tag = RB_ROOT;
	dcd->pending = RB_ROOT;
	dcd->held = RB_ROOT;
	INIT_LIST_HEAD(&dcd->offers);
	INIT_LIST_HEAD(&dcd->groups);
	INIT_LIST_HEAD(&dcd->tombs);
	INIT_LIST_HEAD(&dcd->backs);
	INIT_LIST_HEAD(&dcd->deferred);
	dcd->in = dc_alloc(dcd, l->payload);
	dcd->out = dc_alloc(dcd, l->payload);
	if (dcd->in && dcd->out)
		return 0;

	dc_free(dcd, dcd->in);
	dc_free(dcd, dcd->out);
	memset(dcd, 0, sizeof(*dcd));

	return -ENOMEM;
}

/**
 * vfio_cxl_dcd_destroy - forget everything
 * @dcd: an engine, or what vfio_cxl_dcd_init() failed with
 *
 * Nothing is said to the device: see vfio_cxl_dcd_stop(). What was reachable is
 * no more.
 */
void vfio_cxl_dcd_destroy(struct vfio_cxl_dcd *dcd)
{
	struct dc_group *group, *other;
	struct dc_offer *offer, *next;
	u32 i;

	if (!dcd->ops)
		return;
	list_for_each_entry_safe(group, other, &dcd->groups, node) {
		dc_unprepare(dcd, group);
		dc_group_free(dcd, group);
	}
	list_for_each_entry_safe(group, other, &dcd->tombs, node)
		dc_group_free(dcd, group);
	list_for_each_entry_safe(offer, next, &dcd->offers, node)
		if (offer != &dcd->spare)
			dc_free(dcd, offer);
	for (i = 0; i < dcd->nr_limbo; i++)
		dc_free(dcd, dcd->limbo[i]);
	dc_free(dcd, dcd->in);
	dc_free(dcd, dcd->out);
	memset(dcd, 0, sizeof(*dcd));
}

/* What could not be read is tried again, in vfio_cxl_dcd_tick() */
static int refresh(struct vfio_cxl_dcd *dcd)
{
	struct vfio_cxl_dcd_config config;
	bool same;
	int ret = 0;

	if (dcd->reconfig)
		ret = dc_read_config(dcd, &config);
	if (!ret && dcd->reconfig) {
		same = config.count == dcd->config.count &&
		       !memcmp(config.region, dcd->config.region,
			       sizeof(config.region));
		dc_lock(dcd);
		dcd->config = config;
		dc_unlock(dcd);
		dcd->reconfig = false;
		if (!same)
			dc_tell(dcd, VFIO_CXL_DC_CHANGE_REGIONS, 0,
				VFIO_CXL_REASON_NONE);
	}
	if (!ret && dcd->resync) {
		dcd->resync = false;
		ret = dc_sync(dcd);
		dcd->resync |= !!ret;
	}
	if (ret)
		dcd->sync_ns = dc_later(dcd, dcd->sync_attempts++);
	else
		dcd->sync_attempts = 0;

	return ret;
}

static void settle(struct vfio_cxl_dcd *dcd)
{
	dc_pump(dcd);
	dc_release_deferred(dcd);
	dc_give_all(dcd, dcd->limits.gives);
	dc_evict(dcd);
}

/**
 * vfio_cxl_dcd_start - read what the device has
 * @dcd: the engine
 *
 * Before the first record. What the device lists was accepted by a predecessor:
 * it is held, and reachable by nobody. A record that the log still has is taken to
 * be of an offer that is not answered: see vfio_cxl_dcd_event().
 *
 * Return: 0, or why the regions or the list could not be read: -EAGAIN the list
 * changed all the time; -EIO the device says no, or nonsense; -ENOSPC its list is
 * longer than the limit; -ETIMEDOUT that takes too long, or a command does;
 * -ENOMEM; -EBUSY, -ENODEV of a command. The engine then works with what it knows,
 * and vfio_cxl_dcd_tick() tries again.
 */
int vfio_cxl_dcd_start(struct vfio_cxl_dcd *dcd)
{
	int ret;

	/* A predecessor may have cleared the log of them, or of all of an offer */
	dcd->torn = true;
	dcd->sole = false;
	dcd->list_ns = 0;
	dcd->reconfig = true;
	dcd->resync = true;
	ret = refresh(dcd);
	settle(dcd);

	return ret;
}

/**
 * vfio_cxl_dcd_reset - the device was reset
 * @dcd: the engine
 *
 * After the log was drained, and before the memory is reachable again. A device
 * ought to keep what was accepted and offered, but may have lost either: what its
 * list doesn't have any more is revoked, and an offer from before is not refused
 * by an empty answer any more.
 *
 * Return: as vfio_cxl_dcd_start(); the memory has to stay gated until it was 0.
 */
int vfio_cxl_dcd_reset(struct vfio_cxl_dcd *dcd)
{
	struct dc_offer *offer;

	list_for_each_entry(offer, &dcd->offers, node)
		offer->certain = false;

	return vfio_cxl_dcd_start(dcd);
}

/**
 * vfio_cxl_dcd_event - the device's log had this record, and was cleared of it
 * @dcd: the engine
 * @event: as the device wrote it, from its UUID on
 *
 * In the order of the log. Because of "was cleared" a record of an offer is not
 * seen again by the next driver after it was answered.
 */
void vfio_cxl_dcd_event(struct vfio_cxl_dcd *dcd,
			const struct cxl_dc_event *event)
{
	static const u8 uuid[] = CXL_DC_EVENT_UUID;
	bool odd = event->length != sizeof(*event);

	if (memcmp(event->uuid, uuid, sizeof(uuid))) {
		dcd->stats.ignored++;
	} else if (event->type == CXL_DC_EVENT_ADD) {
		dc_add(dcd, event);
	} else if (odd) {
		dcd->stats.odd++;
	} else if (event->type == CXL_DC_EVENT_RELEASE) {
		dc_asked(dcd, event);
	} else if (event->type == CXL_DC_EVENT_FORCED_RELEASE) {
		dc_forced(dcd, event);
	} else if (event->type == CXL_DC_EVENT_REGION_CHANGED) {
		dcd->reconfig = true;
		dcd->resync = true;
		refresh(dcd);
	} else {
		dcd->stats.ignored++;
	}
	dc_evict(dcd);
}

/**
 * vfio_cxl_dcd_overflow - the device's log overflowed
 * @dcd: the engine
 *
 * After the records that the log still had: records behind them are lost.
 *
 * Return: as vfio_cxl_dcd_start().
 */
int vfio_cxl_dcd_overflow(struct vfio_cxl_dcd *dcd)
{
	int ret;

	dc_tell(dcd, VFIO_CXL_DC_CHANGE_OVERFLOW, 0,
		VFIO_CXL_REASON_DC_OVERFLOW);
	dc_chain_lost(dcd, VFIO_CXL_REASON_DC_OVERFLOW);
	dcd->resync = true;
	ret = refresh(dcd);
	settle(dcd);

	return ret;
}

/**
 * vfio_cxl_dcd_drained - the device's log was read until it was empty
 * @dcd: the engine
 *
 * After its last record, and vfio_cxl_dcd_overflow() where that is due.
 */
void vfio_cxl_dcd_drained(struct vfio_cxl_dcd *dcd)
{
	dc_limbo_drained(dcd);
}

/**
 * vfio_cxl_dcd_doubts - is it uncertain what the next record is about?
 * @dcd: the engine
 *
 * Return: true if the log should be drained soon, whatever the device says about
 * it: vfio_cxl_dcd_drained() ends it.
 */
bool vfio_cxl_dcd_doubts(const struct vfio_cxl_dcd *dcd)
{
	return dc_limbo_taken(dcd);
}

static void expire(struct vfio_cxl_dcd *dcd, u64 now)
{
	struct dc_offer *offer;
	struct dc_group *group;

	list_for_each_entry(offer, &dcd->offers, node) {
		if (!offer->undecided || now < offer->deadline_ns)
			continue;
		list_for_each_entry(group, &offer->groups, in_offer)
			if (group->decision == DC_UNDECIDED)
				dc_decide(dcd, group, DC_REFUSE,
					  VFIO_CXL_REASON_DC_DEADLINE);
	}
}

static u64 next_tick(struct vfio_cxl_dcd *dcd)
{
	u64 when = VFIO_CXL_DC_NEVER;
	struct dc_offer *offer;
	struct dc_group *group;

	if (dcd->open)
		when = dcd->open->progress_ns + VFIO_CXL_DC_CHAIN_NS;
	if (dcd->resync || dcd->reconfig)
		when = min(when, dcd->sync_ns);
	list_for_each_entry(offer, &dcd->offers, node) {
		if (offer->undecided)
			when = min(when, offer->deadline_ns);
		else if (offer->retry_ns)
			when = min(when, offer->retry_ns);
	}
	list_for_each_entry(group, &dcd->backs, back)
		when = min(when, group->retry_ns);

	return when;
}

/**
 * vfio_cxl_dcd_tick - time went by
 * @dcd: the engine
 *
 * After the log was drained: what is in there is not late. Gives up offers that
 * don't become complete, refuses those whose deadline came, tries again what the
 * device was too busy for, and gives back what was deferred and is not in use.
 *
 * Return: when to call it again, at the latest, on the clock of @now_ns; or
 * VFIO_CXL_DC_NEVER. Any other call may make that earlier. The end of a use is not
 * told: whoever has ops->use() calls it from time to time.
 */
u64 vfio_cxl_dcd_tick(struct vfio_cxl_dcd *dcd)
{
	u64 now = dc_now(dcd);

	if (dcd->open && now >= dcd->open->progress_ns + VFIO_CXL_DC_CHAIN_NS)
		dc_chain_lost(dcd, VFIO_CXL_REASON_DC_TIMEOUT);
	expire(dcd, now);
	if ((dcd->resync || dcd->reconfig) && now >= dcd->sync_ns)
		refresh(dcd);
	settle(dcd);

	return next_tick(dcd);
}

/**
 * vfio_cxl_dcd_synced - do the books say what the device's list says?
 * @dcd: the engine, which was started
 *
 * Return: false while vfio_cxl_dcd_tick() still tries to read regions or list.
 */
bool vfio_cxl_dcd_synced(const struct vfio_cxl_dcd *dcd)
{
	return !dcd->resync && !dcd->reconfig;
}

/* What it accepted and the device was not told yet is offered as before */
static void withdraw(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	if (group->offer->unsure) {
		group->orphan = true;
		return;
	}
	dc_decide(dcd, group, DC_UNDECIDED, VFIO_CXL_REASON_NONE);
	dc_lock(dcd);
	group->reach = VFIO_CXL_DC_REACH_NONE;
	dc_unlock(dcd);
	dc_move(dcd, group, DC_STATE(ACCEPTING), VFIO_CXL_DC_PENDING,
		VFIO_CXL_REASON_DC_TENANCY);
}

/**
 * vfio_cxl_dcd_tenancy_end - the last user of the VFIO device is gone
 * @dcd: the engine
 *
 * What it accepted is unreachable when this returns. No command is sent: giving
 * it back is for the next vfio_cxl_dcd_tick().
 */
void vfio_cxl_dcd_tenancy_end(struct vfio_cxl_dcd *dcd)
{
	struct dc_group *group;

	dc_lock(dcd);
	dcd->tenancy++;
	dc_unlock(dcd);
	list_for_each_entry(group, &dcd->groups, node) {
		if (group->reach != VFIO_CXL_DC_REACH_TENANT)
			continue;
		if (group->nr[VFIO_CXL_DC_ACCEPTING])
			withdraw(dcd, group);
		else if (group->nr[VFIO_CXL_DC_COMMITTED])
			dc_release(dcd, group, VFIO_CXL_REASON_DC_TENANCY);
	}
}

/**
 * vfio_cxl_dcd_stop - the driver is being unbound
 * @dcd: the engine
 * @release: give back what the control node accepted, too; without, only what it
 *	released with DEFER, and is not in use
 *
 * After vfio_cxl_dcd_tenancy_end(), and when no record will come any more. Refuses
 * all offers that are complete. Each thing is tried once: what the device doesn't
 * do now its next driver will find.
 */
void vfio_cxl_dcd_stop(struct vfio_cxl_dcd *dcd, bool release)
{
	struct dc_offer *offer;
	struct dc_group *group;

	list_for_each_entry(offer, &dcd->offers, node) {
		offer->retry_ns = 0;
		list_for_each_entry(group, &offer->groups, in_offer) {
			if (group->decision == DC_REFUSE || !offer->shown ||
			    offer->unsure)
				continue;
			dc_decide(dcd, group, DC_REFUSE,
				  VFIO_CXL_REASON_DC_UNBOUND);
		}
	}
	dc_pump(dcd);
	list_for_each_entry(group, &dcd->groups, node) {
		group->retry_ns = 0;
		if (release && group->reach != VFIO_CXL_DC_REACH_NONE &&
		    group->nr[VFIO_CXL_DC_COMMITTED])
			dc_release(dcd, group, VFIO_CXL_REASON_DC_UNBOUND);
	}
	dc_release_deferred(dcd);
	dc_give_all(dcd, 0);
	dc_evict(dcd);
}
