// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: what users ask for
 *
 * Accept, reject and release. All that is named in a call is checked before any of
 * it changes.
 */
#include "dc_engine.h"

/*
 * Selections
 */

static void pick(struct dc_group *group, struct list_head *picked, u32 count)
{
	if (list_empty(&group->pick)) {
		list_add_tail(&group->pick, picked);
		group->picked = 0;
	}
	group->picked += count;
}

static void unpick(struct list_head *picked)
{
	struct dc_group *group, *next;

	list_for_each_entry_safe(group, next, picked, pick)
		list_del_init(&group->pick);
}

static int pick_group(struct vfio_cxl_dcd *dcd, struct dc_group *group,
		      bool tenant, struct list_head *picked,
		      struct vfio_cxl_dcd_result *result)
{
	if (group->offer && !group->offer->shown) {
		result->reason = VFIO_CXL_REASON_DC_COLLECTING;
		return -EAGAIN;
	}
	if (!dc_visible(dcd, group, tenant))
		return -ENOENT;
	pick(group, picked, group->count);

	return 0;
}

static int pick_offer(struct vfio_cxl_dcd *dcd, u64 offer, bool tenant,
		      struct list_head *picked,
		      struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;
	int ret = -ENOENT, err;

	list_for_each_entry(group, &dcd->groups, node) {
		if (group->offer_id != offer)
			continue;
		err = pick_group(dcd, group, tenant, picked, result);
		if (err == -EAGAIN)
			return err;
		if (!err)
			ret = 0;
	}
	list_for_each_entry(group, &dcd->tombs, node)
		if (group->offer_id == offer &&
		    !pick_group(dcd, group, tenant, picked, result))
			ret = 0;

	return ret;
}

static int pick_ids(struct vfio_cxl_dcd *dcd,
		    const struct vfio_cxl_dcd_select *select,
		    struct list_head *picked)
{
	struct vfio_cxl_dcd_extent *e;
	u32 i;

	dcd->mark++;
	for (i = 0; i < select->count; i++) {
		e = dc_by_id(dcd, select->ids[i]);
		if (!e || !dc_visible(dcd, e->group, select->tenant))
			return -ENOENT;
		if (e->mark == dcd->mark)
			return -EINVAL;
		e->mark = dcd->mark;
		pick(e->group, picked, DC_LIVE & 1U << e->state ? 1 : 0);
	}

	return select->count ? 0 : -EINVAL;
}

static int pick_selected(struct vfio_cxl_dcd *dcd,
			 const struct vfio_cxl_dcd_select *select,
			 struct list_head *picked,
			 struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;
	int ret;

	*result = (struct vfio_cxl_dcd_result){};
	if (select->tag && dc_tag_is_null(select->tag)) {
		ret = -EINVAL;
	} else if (select->tag) {
		group = dc_by_tag(dcd, select->tag);
		ret = group ? pick_group(dcd, group, select->tenant, picked,
					   result) :
			      -ENOENT;
	} else if (select->offer) {
		ret = pick_offer(dcd, select->offer, select->tenant, picked,
				 result);
	} else {
		ret = pick_ids(dcd, select, picked);
	}
	if (ret)
		unpick(picked);

	return ret;
}

static bool is_partial(const struct dc_group *group)
{
	return group->picked < dc_live(group, DC_LIVE);
}

static int refuse(struct vfio_cxl_dcd_result *result, int err, u32 reason)
{
	result->reason = reason;

	return err;
}

/*
 * Accept
 */

/* Can all of it be published? */
static int check_usable(struct vfio_cxl_dcd *dcd, struct dc_group *group,
			struct vfio_cxl_dcd_result *result)
{
	struct vfio_cxl_dcd_extent *e;

	list_for_each_entry(e, &group->extents, in_group) {
		if (!(DC_LIVE & 1U << e->state))
			continue;
		if (!dcd->ops->covered(dcd->ctx, e->dpa, e->len))
			return refuse(result, -EOPNOTSUPP,
				      VFIO_CXL_REASON_DC_NOT_COVERED);
		if (!IS_ALIGNED(e->dpa | e->len, dcd->limits.align))
			return refuse(result, -EOPNOTSUPP,
				      VFIO_CXL_REASON_DC_ALIGN);
	}
	if (!dc_tag_is_null(group->tag) &&
	    dcd->ops->tag_live_elsewhere(dcd->ctx, group->tag))
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_TAG_LIVE);

	return 0;
}

/* 1: there is something to do; 0: it is so, or going to be so */
static int check_accept(struct vfio_cxl_dcd *dcd, struct dc_group *group,
			enum vfio_cxl_dc_reach reach,
			struct vfio_cxl_dcd_result *result)
{
	u8 has = group->reach;
	int ret;

	if (!dc_live(group, DC_LIVE))
		return refuse(result, -ENOENT, group->reason);
	/* What is deferred is decided, too: nobody may rely on it any more */
	if (group->nr[VFIO_CXL_DC_RELEASING] || group->deferred)
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_RELEASING);
	if (group->decision == DC_REFUSE)
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_DECIDED);
	if (has == reach)
		return 0;
	if (has != VFIO_CXL_DC_REACH_NONE)
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_REACH);
	/* A release timed out, and no list has told since what came of it */
	if (group->unsure)
		return refuse(result, -EAGAIN, VFIO_CXL_REASON_DC_NOT_SYNCED);
	if (is_partial(group))
		return refuse(result, -EINVAL, VFIO_CXL_REASON_DC_TAG_WHOLE);
	ret = check_usable(dcd, group, result);

	return ret ?: 1;
}

static int prepare(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e;
	int ret;

	list_for_each_entry(e, &group->extents, in_group) {
		if (!(DC_LIVE & 1U << e->state))
			continue;
		ret = dcd->ops->prepare(dcd->ctx, e);
		if (ret)
			return ret;
		e->prepared = true;
	}

	return 0;
}

/* Before anything is decided; none of them was prepared before */
static int prepare_all(struct vfio_cxl_dcd *dcd, struct list_head *picked,
		       struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;
	int ret = 0;

	list_for_each_entry(group, picked, pick)
		ret = ret ?: prepare(dcd, group);
	if (!ret)
		return 0;
	list_for_each_entry(group, picked, pick)
		dc_unprepare(dcd, group);
	if (ret == -ENOMEM)
		result->reason = VFIO_CXL_REASON_NO_MEMORY;

	return ret;
}

/* What is here already, out of reach, is put in reach; the rest waits its turn */
static void do_accept(struct vfio_cxl_dcd *dcd, struct dc_group *group,
		      enum vfio_cxl_dc_reach reach)
{
	struct vfio_cxl_dcd_extent *e;

	dc_lock(dcd);
	group->reach = reach;
	group->tenancy = dcd->tenancy;
	dc_unlock(dcd);
	if (group->offer) {
		dc_decide(dcd, group, DC_ACCEPT, VFIO_CXL_REASON_NONE);
		dc_move(dcd, group, DC_STATE(PENDING), VFIO_CXL_DC_ACCEPTING,
			VFIO_CXL_REASON_NONE);
		return;
	}
	list_for_each_entry(e, &group->extents, in_group)
		if (e->prepared)
			dc_publish(dcd, e, reach);
	dc_tell_group(dcd, VFIO_CXL_DC_CHANGE_REACH, group);
}

static int rejected(const struct dc_group *group)
{
	switch (group->reason) {
	case VFIO_CXL_REASON_DC_NOT_COVERED:
		return -EOPNOTSUPP;
	case VFIO_CXL_REASON_DC_TAG_LIVE:
		return -EBUSY;
	default:
		return group->rc == CXL_RC_RESOURCES ? -ENOSPC : -EIO;
	}
}

static int outcome_accept(struct list_head *picked,
			  struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;

	list_for_each_entry(group, picked, pick) {
		result->rc = group->rc ?: result->rc;
		if (group->nr[VFIO_CXL_DC_ACCEPTING])
			result->queued = true;
		else if (group->nr[VFIO_CXL_DC_PENDING])
			return refuse(result, -EAGAIN, group->reason);
		else if (!group->nr[VFIO_CXL_DC_COMMITTED])
			return refuse(result, rejected(group), group->reason);
	}

	return 0;
}

/**
 * vfio_cxl_dcd_accept - take what is offered, or put in reach what is held
 * @dcd: the engine
 * @select: what; all extents of each tag
 * @reach: by whom it is to be reachable, not REACH_NONE
 * @result: filled in
 *
 * The device is told when all tags of the offer are decided, and all older offers
 * are: until then, or while the device is busy, @result->queued is set.
 *
 * Return: 0; -ENOENT nothing like that is offered or held; -EINVAL named twice,
 * or not the whole tag; -EAGAIN its offer is not complete, or the device was busy
 * for too long, or may have taken it back; -EBUSY it is decided otherwise, or is
 * being released; -EOPNOTSUPP it can't be mapped here; -ENOMEM; -EIO, -ENOSPC the
 * device said no.
 */
int vfio_cxl_dcd_accept(struct vfio_cxl_dcd *dcd,
			const struct vfio_cxl_dcd_select *select,
			enum vfio_cxl_dc_reach reach,
			struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group, *next;
	LIST_HEAD(picked);
	LIST_HEAD(same);
	int ret;

	ret = pick_selected(dcd, select, &picked, result);
	if (ret)
		return ret;
	if (reach < VFIO_CXL_DC_REACH_TENANT || reach > VFIO_CXL_DC_REACH_APP)
		ret = -EINVAL;
	list_for_each_entry_safe(group, next, &picked, pick) {
		ret = ret < 0 ? ret : check_accept(dcd, group, reach, result);
		if (!ret)
			list_move_tail(&group->pick, &same);
	}
	result->already = ret >= 0 && list_empty(&picked);
	if (ret >= 0)
		ret = prepare_all(dcd, &picked, result);
	if (ret >= 0) {
		list_for_each_entry(group, &picked, pick)
			do_accept(dcd, group, reach);
		dc_pump(dcd);
		ret = outcome_accept(&same, result) ?:
		      outcome_accept(&picked, result);
	}
	unpick(&picked);
	unpick(&same);
	dc_evict(dcd);

	return ret;
}

/*
 * Reject
 */

static int check_reject(struct dc_group *group,
			struct vfio_cxl_dcd_result *result)
{
	if (group->nr[VFIO_CXL_DC_COMMITTED])
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_COMMITTED);
	if (group->nr[VFIO_CXL_DC_RELEASING])
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_RELEASING);
	if (group->decision == DC_ACCEPT && group->offer)
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_DECIDED);
	if (!group->offer && !group->nr[VFIO_CXL_DC_REJECTED])
		return refuse(result, -ENOENT, group->reason);

	return 0;
}

/**
 * vfio_cxl_dcd_reject - refuse what is offered
 * @dcd: the engine
 * @select: what; an extent stands for its whole tag
 * @result: filled in; @queued as for vfio_cxl_dcd_accept()
 *
 * Return: 0; -ENOENT nothing like that is offered; -EINVAL named twice; -EAGAIN
 * its offer is not complete; -EBUSY it is accepted, or going to be.
 */
int vfio_cxl_dcd_reject(struct vfio_cxl_dcd *dcd,
			const struct vfio_cxl_dcd_select *select,
			struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;
	LIST_HEAD(picked);
	int ret;

	ret = pick_selected(dcd, select, &picked, result);
	if (ret)
		return ret;
	list_for_each_entry(group, &picked, pick)
		ret = ret ?: check_reject(group, result);
	if (!ret) {
		result->already = true;
		list_for_each_entry(group, &picked, pick) {
			if (group->decision != DC_UNDECIDED)
				continue;
			result->already = false;
			dc_decide(dcd, group, DC_REFUSE, VFIO_CXL_REASON_DC_REFUSED);
		}
		dc_pump(dcd);
		list_for_each_entry(group, &picked, pick)
			result->queued |= dc_live(group, DC_OFFERED);
	}
	unpick(&picked);
	dc_evict(dcd);

	return ret;
}

/*
 * Release
 */

static int check_release(struct dc_group *group,
			 struct vfio_cxl_dcd_result *result)
{
	if (dc_live(group, DC_OFFERED))
		return refuse(result, -EBUSY, VFIO_CXL_REASON_DC_PENDING);
	if (!dc_live(group, DC_LIVE)) {
		if (group->nr[VFIO_CXL_DC_RELEASED] ||
		    group->nr[VFIO_CXL_DC_REVOKED])
			return 0;
		return refuse(result, -ENOENT, group->reason);
	}
	if (is_partial(group))
		return refuse(result, -EINVAL, VFIO_CXL_REASON_DC_TAG_WHOLE);

	return 0;
}

static void do_release(struct vfio_cxl_dcd *dcd, struct dc_group *group,
		       enum vfio_cxl_dcd_how how,
		       struct vfio_cxl_dcd_result *result)
{
	if (!dc_live(group, DC_HELD))
		return;
	if (how == VFIO_CXL_DCD_DEFER && !dc_close(dcd, group)) {
		result->deferred = true;
		if (group->deferred)
			return;
		dc_defer(dcd, group);
	} else if (group->nr[VFIO_CXL_DC_COMMITTED]) {
		dc_release(dcd, group, VFIO_CXL_REASON_NONE);
	}
	result->already = false;
}

static int outcome_release(struct list_head *picked,
			   struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;

	list_for_each_entry(group, picked, pick) {
		result->rc = group->rc ?: result->rc;
		if (group->nr[VFIO_CXL_DC_RELEASING])
			result->queued = true;
		else if (group->nr[VFIO_CXL_DC_COMMITTED] && !group->deferred)
			return refuse(result, -EIO, group->reason);
	}

	return 0;
}

/* A device that is busy is so for the rest, too */
static void give_picked(struct vfio_cxl_dcd *dcd, struct list_head *picked)
{
	struct dc_group *group;
	int ret;

	list_for_each_entry(group, picked, pick) {
		ret = group->nr[VFIO_CXL_DC_RELEASING] ? dc_give(dcd, group) : 0;
		if (ret && ret != -EBUSY)
			break;
	}
}

/**
 * vfio_cxl_dcd_release - give back what is held
 * @dcd: the engine
 * @select: what; all extents of each tag
 * @how: what if it is in use
 * @result: filled in; @queued: the device is busy, it will be tried again
 *
 * A tenant's release is its consent, and needs no force. What the device doesn't
 * take back stays COMMITTED, but reachable by nobody.
 *
 * What is deferred stays COMMITTED, and reachable as before, until
 * vfio_cxl_dcd_tick() finds all extents of the tag not in use. It can't be accepted
 * again, but released in another way meanwhile.
 *
 * Return: 0; -ENOENT nothing like that is held; -EINVAL named twice, or not the
 * whole tag; -EAGAIN its offer is not complete; -EBUSY in use, or not accepted;
 * -EIO the device said no.
 */
int vfio_cxl_dcd_release(struct vfio_cxl_dcd *dcd,
			 const struct vfio_cxl_dcd_select *select,
			 enum vfio_cxl_dcd_how how,
			 struct vfio_cxl_dcd_result *result)
{
	struct dc_group *group;
	LIST_HEAD(picked);
	int ret;

	ret = pick_selected(dcd, select, &picked, result);
	if (ret)
		return ret;
	if (how == VFIO_CXL_DCD_UNUSED && select->tenant)
		how = VFIO_CXL_DCD_FORCE;
	list_for_each_entry(group, &picked, pick)
		ret = ret ?: check_release(group, result);
	if (!ret && how == VFIO_CXL_DCD_UNUSED && !dc_close_all(dcd, &picked))
		ret = refuse(result, -EBUSY, VFIO_CXL_REASON_DC_IN_USE);
	if (!ret) {
		result->already = true;
		list_for_each_entry(group, &picked, pick)
			do_release(dcd, group, how, result);
		give_picked(dcd, &picked);
		ret = outcome_release(&picked, result);
	}
	unpick(&picked);
	dc_evict(dcd);

	return ret;
}

/**
 * vfio_cxl_dcd_deadline - until when an offer has to be decided
 * @dcd: the engine
 * @offer: its id
 * @deadline_ns: on the clock of @now_ns, or VFIO_CXL_DC_NEVER
 *
 * Return: 0; -ENOENT there is no such offer; -EAGAIN it is not complete.
 */
int vfio_cxl_dcd_deadline(struct vfio_cxl_dcd *dcd, u64 offer, u64 deadline_ns)
{
	struct dc_offer *at;

	list_for_each_entry(at, &dcd->offers, node) {
		if (at->id != offer)
			continue;
		if (!at->shown)
			return dcd->open == at ? -EAGAIN : -ENOENT;
		dc_lock(dcd);
		at->deadline_ns = deadline_ns;
		dc_unlock(dcd);
		return 0;
	}

	return -ENOENT;
}
