// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: the way back
 *
 * Capacity goes back in this order: unreachable, unmapped, caches written back,
 * and only then 4803h. It is never given back on a record of the device's alone,
 * nor is anything said of capacity that the device took away: that is gone.
 */
#include "dc_engine.h"

/* Nobody reaches it any more; what is left to do takes the device */
void dc_release(struct vfio_cxl_dcd *dcd, struct dc_group *group, u32 reason)
{
	dc_unprepare(dcd, group);
	dc_move(dcd, group, DC_STATE(COMMITTED), VFIO_CXL_DC_RELEASING, reason);
	dc_lock(dcd);
	group->deferred = false;
	group->closed = false;
	dc_unlock(dcd);
	group->flushed = false;
	group->unsure = false;
	group->attempts = 0;
	group->retry_ns = 0;
	list_move_tail(&group->back, &dcd->backs);
}

/* Usable as before; but once its use ends, it goes back without a further word */
void dc_defer(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	dc_lock(dcd);
	dcd->changes++;
	group->deferred = true;
	dc_unlock(dcd);
	list_add_tail(&group->back, &dcd->deferred);
	/* Who has a descriptor may not be who releases it, and could end its use */
	if (group->reach == VFIO_CXL_DC_REACH_APP)
		dc_tell_group(dcd, VFIO_CXL_DC_CHANGE_REQUEST, group);
}

void dc_release_deferred(struct vfio_cxl_dcd *dcd)
{
	struct dc_group *group, *next;

	list_for_each_entry_safe(group, next, &dcd->deferred, back)
		if (dc_close(dcd, group))
			dc_release(dcd, group, VFIO_CXL_REASON_NONE);
}

/* It stays here, but out of reach, until somebody accepts or releases it again */
static void keep(struct vfio_cxl_dcd *dcd, struct dc_group *group, u32 reason)
{
	dc_lock(dcd);
	group->reach = VFIO_CXL_DC_REACH_NONE;
	dc_unlock(dcd);
	dc_move(dcd, group, DC_STATE(RELEASING), VFIO_CXL_DC_COMMITTED, reason);
}

/* As many of its extents as fit into one command */
static u32 fill(struct vfio_cxl_dcd *dcd, const struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e;
	u32 count = 0;

	list_for_each_entry(e, &group->extents, in_group) {
		if (e->state != VFIO_CXL_DC_RELEASING)
			continue;
		dc_entry(dcd, count++, e->dpa, e->len);
		if (count == dcd->max_entries)
			break;
	}

	return count;
}

static void gone(struct vfio_cxl_dcd *dcd, struct dc_group *group, u32 count)
{
	struct vfio_cxl_dcd_extent *e;

	if (count == group->nr[VFIO_CXL_DC_RELEASING]) {
		dc_move(dcd, group, DC_STATE(RELEASING), VFIO_CXL_DC_RELEASED,
			VFIO_CXL_REASON_NONE);
		return;
	}
	list_for_each_entry(e, &group->extents, in_group) {
		if (e->state != VFIO_CXL_DC_RELEASING || !count)
			continue;
		dc_move_one(dcd, e, VFIO_CXL_DC_RELEASED, VFIO_CXL_REASON_NONE);
		count--;
	}
}

/* What the last user left must not be the next one's, nor hit it from a cache */
static int clean(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e;
	int ret;

	if (group->flushed)
		return 0;
	list_for_each_entry(e, &group->extents, in_group) {
		if (e->state != VFIO_CXL_DC_RELEASING)
			continue;
		ret = dcd->ops->clear ? dcd->ops->clear(dcd->ctx, e) : 0;
		if (ret)
			return ret;
		dcd->ops->flush(dcd->ctx, e->dpa, e->len);
	}
	group->flushed = true;

	return 0;
}

/* The device's list knows which of them it still holds to be ours */
static int compare(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e;
	struct dc_list list;
	int ret;

	ret = dc_read_list(dcd, &list);
	if (ret)
		return ret;
	group->unsure = false;
	list_for_each_entry(e, &group->extents, in_group) {
		if (e->state != VFIO_CXL_DC_RELEASING ||
		    dc_list_has(&list, e->dpa, e->len))
			continue;
		/* A part of it is nobody's now; the comparison will find it */
		if (dc_list_touches(&list, e->dpa, e->len))
			dcd->resync = true;
		dc_move_one(dcd, e, VFIO_CXL_DC_RELEASED, VFIO_CXL_REASON_NONE);
	}
	dc_free_list(dcd, &list);

	return 0;
}

static int give_later(struct vfio_cxl_dcd *dcd, struct dc_group *group, u16 rc)
{
	dc_set_rc(dcd, group, rc);
	if (group->attempts == VFIO_CXL_DC_ATTEMPTS - 1) {
		keep(dcd, group, VFIO_CXL_REASON_DC_DEVICE_BUSY);
		if (group->unsure)
			dcd->resync = true;
		return 0;
	}
	group->retry_ns = dc_later(dcd, group->attempts++);

	return -EAGAIN;
}

/* One command; 0 when there is nothing to be done any more */
static int give_some(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	u32 count;
	u16 rc = 0;
	int ret;

	if (group->unsure && compare(dcd, group))
		return give_later(dcd, group, 0);
	count = fill(dcd, group);
	if (!count)
		return 0;
	ret = clean(dcd, group);
	if (ret) {
		/* It is not the device that is busy */
		group->retry_ns = dc_later(dcd, VFIO_CXL_DC_BACKOFF_MAX);
		return ret;
	}
	count = fill(dcd, group);
	ret = dc_send(dcd, CXL_DC_RELEASE, count, &rc);
	switch (ret) {
	case 0:
		dc_set_rc(dcd, group, 0);
		gone(dcd, group, count);
		return group->nr[VFIO_CXL_DC_RELEASING] ? 1 : 0;
	case -ENODEV:
		group->retry_ns = dc_later(dcd, VFIO_CXL_DC_BACKOFF_MAX);
		return ret;
	case -ETIMEDOUT:
		group->unsure = true;
		if (compare(dcd, group) || group->nr[VFIO_CXL_DC_RELEASING])
			return give_later(dcd, group, 0);
		return 0;
	case -EBUSY:
		return give_later(dcd, group, rc);
	default:
		dc_set_rc(dcd, group, rc);
		if (compare(dcd, group)) {
			group->unsure = true;
			return give_later(dcd, group, rc);
		}
		keep(dcd, group, VFIO_CXL_REASON_DC_DEVICE);
		return 0;
	}
}

/* 0, or why it is not done yet; -EBUSY: which is about this one only */
int dc_give(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	int ret;

	do
		ret = give_some(dcd, group);
	while (ret > 0);
	if (ret)
		return ret;
	list_del_init(&group->back);
	dc_bury(dcd, group);

	return 0;
}

/* So many at most, unless that is 0: each may take long */
void dc_give_all(struct vfio_cxl_dcd *dcd, u32 most)
{
	struct dc_group *group, *next;
	u64 busy_ns = 0;
	u32 given = 0;
	int ret;

	list_for_each_entry_safe(group, next, &dcd->backs, back) {
		/* A device that is busy is so for the others too */
		group->retry_ns = max(group->retry_ns, busy_ns);
		if (dc_now(dcd) < group->retry_ns)
			continue;
		ret = dc_give(dcd, group);
		if (ret == -EBUSY)
			continue;
		if (ret)
			busy_ns = group->retry_ns;
		if (++given == most)
			break;
	}
}

/* The device took it, or lost it */
void dc_revoke(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
	       u32 reason)
{
	struct dc_group *group = e->group;

	dcd->stats.revoked++;
	if (e->published && group->reach == VFIO_CXL_DC_REACH_APP)
		dc_tell_extent(dcd, VFIO_CXL_DC_CHANGE_LEAVE, e, reason);
	dc_unpublish(dcd, e);
	dc_move_one(dcd, e, VFIO_CXL_DC_REVOKED, reason);
	/* What is only offered is not taken in part */
	if (group->offer && group->decision != DC_REFUSE) {
		dc_decide(dcd, group, DC_REFUSE, reason);
		dc_move(dcd, group, DC_STATE(ACCEPTING), VFIO_CXL_DC_PENDING,
			reason);
	}
	dc_bury(dcd, group);
}

static bool range_of(const struct cxl_dc_event *event, u64 *dpa, u64 *len)
{
	u64 end;

	*dpa = le64_to_cpu(event->extent.dpa);
	*len = le64_to_cpu(event->extent.length);

	return *len && !check_add_overflow(*dpa, *len, &end);
}

static void revoke_range(struct vfio_cxl_dcd *dcd, struct rb_root *root,
			 u64 dpa, u64 len)
{
	struct vfio_cxl_dcd_extent *e;

	while ((e = dc_at(root, dpa)) && e->dpa < dpa + len) {
		/* Of the rest of it, or if it came after that, the list will tell */
		dcd->resync = true;
		dc_revoke(dcd, e, VFIO_CXL_REASON_DC_FORCED);
	}
}

/* A Forced Release record: it is gone already, and there is nothing to answer */
void dc_forced(struct vfio_cxl_dcd *dcd, const struct cxl_dc_event *event)
{
	u64 dpa, len;

	if (!range_of(event, &dpa, &len)) {
		dcd->stats.odd++;
		return;
	}
	revoke_range(dcd, &dcd->held, dpa, len);
	revoke_range(dcd, &dcd->pending, dpa, len);
	dc_pump(dcd);
}

static bool ask(struct vfio_cxl_dcd *dcd, struct rb_root *root,
		const struct cxl_dc_event *event, u64 dpa, u64 len)
{
	struct vfio_cxl_dcd_extent *e = dc_at(root, dpa);
	bool any = false, odd, new;
	u64 end = dpa + len;

	for (; e && e->dpa < end; e = dc_at(root, e->dpa + e->len)) {
		any = true;
		odd = e->dpa != dpa || e->len != len ||
		      memcmp(e->group->tag, event->extent.tag,
			     VFIO_CXL_DC_TAG_LEN);
		/* Asked again it is only counted */
		new = !e->requests || (odd && !e->mismatch);
		dc_lock(dcd);
		dcd->changes++;
		e->mismatch |= odd;
		e->group->mismatch |= odd;
		e->requests++;
		e->group->requests++;
		dc_unlock(dcd);
		if (new)
			dc_tell_extent(dcd, VFIO_CXL_DC_CHANGE_REQUEST, e,
				       odd ? VFIO_CXL_REASON_DC_MISMATCH :
					     VFIO_CXL_REASON_NONE);
	}

	return any;
}

/*
 * A Release record asks, and when to do so is the user's to decide. Of what nobody
 * holds here it can be done at once, if the device holds it to be ours: that was
 * lost on the way.
 */
void dc_asked(struct vfio_cxl_dcd *dcd, const struct cxl_dc_event *event)
{
	bool known, listed;
	struct dc_list list;
	u64 dpa, len;

	if (!range_of(event, &dpa, &len)) {
		dcd->stats.odd++;
		return;
	}
	known = ask(dcd, &dcd->held, event, dpa, len);
	known |= ask(dcd, &dcd->pending, event, dpa, len);
	if (known)
		return;
	/* It is found with the list then */
	if (dc_read_list(dcd, &list)) {
		dcd->resync = true;
		return;
	}
	listed = dc_list_has(&list, dpa, len);
	dc_free_list(dcd, &list);
	if (!listed)
		return;
	dcd->ops->flush(dcd->ctx, dpa, len);
	dc_entry(dcd, 0, dpa, len);
	if (dc_send(dcd, CXL_DC_RELEASE, 1, NULL))
		dcd->resync = true;
}
