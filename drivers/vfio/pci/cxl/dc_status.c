// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: how things stand
 *
 * Lists and status, for users. These take the state lock and need no other, so
 * that they don't wait for a device that is busy.
 */
#include "dc_engine.h"

/* The VFIO device fd knows its own, what is for any tenancy, and what is offered */
bool dc_visible(const struct vfio_cxl_dcd *dcd, const struct dc_group *group,
		bool tenant)
{
	if (!tenant || dc_live(group, DC_OFFERED))
		return true;

	switch (group->reach) {
	case VFIO_CXL_DC_REACH_NONE:
		return group->nr[VFIO_CXL_DC_REJECTED];
	case VFIO_CXL_DC_REACH_TENANT:
		return group->tenancy == dcd->tenancy;
	default:
		return group->reach == VFIO_CXL_DC_REACH_DEVICE;
	}
}

/*
 * Whether a tag is in use is asked often, and it may have any number of extents: so
 * those that were touched are counted as that happens.
 */

/* State lock held. The use that there is: each tag that has descriptors has its own */
static u64 use_of(struct vfio_cxl_dcd *dcd, const struct dc_group *group)
{
	return group->reach == VFIO_CXL_DC_REACH_APP ? group->app_use :
						       dcd->ops->use(dcd->ctx);
}

/* State lock held */
bool dc_in_use(struct vfio_cxl_dcd *dcd, const struct dc_group *group)
{
	return group->touched && group->use == use_of(dcd, group);
}

/*
 * What is not in use is closed: nobody gets it mapped any more, until it was made
 * unreachable. Looking alone would not do, as users don't wait for commands.
 */
bool dc_close(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	bool used;

	dc_lock(dcd);
	used = dc_in_use(dcd, group);
	group->closed = !used && group->nr[VFIO_CXL_DC_COMMITTED];
	dc_unlock(dcd);

	return !used;
}

/* All that are picked, or none if one of them is in use */
bool dc_close_all(struct vfio_cxl_dcd *dcd, struct list_head *picked)
{
	struct dc_group *group;
	bool used = false;

	dc_lock(dcd);
	list_for_each_entry(group, picked, pick)
		used |= dc_in_use(dcd, group);
	list_for_each_entry(group, picked, pick)
		group->closed = !used && group->nr[VFIO_CXL_DC_COMMITTED];
	dc_unlock(dcd);

	return !used;
}

/* State lock held. It was unpublished, so that nobody touches it any more */
void dc_untouch(struct vfio_cxl_dcd_extent *e)
{
	if (e->touched && e->touched == e->group->use)
		e->group->touched--;
	e->touched = 0;
}

/**
 * vfio_cxl_dcd_touch - an extent is in use from now on
 * @dcd: the engine
 * @e: the extent, which is published and stays so meanwhile
 * @use: see struct vfio_cxl_dcd_ops; not 0
 *
 * Without the command mutex. Needs not be called again in the same use, as
 * @e->touched tells then, which may be read without a lock.
 *
 * Return: true; or false if it was not, and is about to be unreachable.
 */
bool vfio_cxl_dcd_touch(struct vfio_cxl_dcd *dcd,
			struct vfio_cxl_dcd_extent *e, u64 use)
{
	struct dc_group *group = e->group;
	bool closed;

	dc_lock(dcd);
	closed = group->closed;
	if (!closed && group->use != use) {
		group->use = use;
		group->touched = 0;
	}
	if (!closed && e->touched != use) {
		group->touched++;
		WRITE_ONCE(e->touched, use);
	}
	dc_unlock(dcd);

	return !closed;
}

/**
 * vfio_cxl_dcd_used - descriptors of a tag are mapped, or not any more
 * @dcd: the engine
 * @e: an extent of the tag, which is published and stays so meanwhile
 * @use: the use that there is of it, as struct vfio_cxl_dcd_ops has it
 *
 * Without the command mutex.
 */
void vfio_cxl_dcd_used(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		       u64 use)
{
	dc_lock(dcd);
	e->group->app_use = use;
	dc_unlock(dcd);
}

/**
 * vfio_cxl_dcd_tag - the tag by which an extent is known
 * @e: it
 *
 * Return: it, all zero if there is none; or if it was found with one that lives in other
 * extents, so that it is known by its id only.
 */
const u8 *vfio_cxl_dcd_tag(const struct vfio_cxl_dcd_extent *e)
{
	static const u8 none[VFIO_CXL_DC_TAG_LEN];

	return e->group->in_tree ? e->group->tag : none;
}

/**
 * vfio_cxl_dcd_tag_bytes - bytes of an extent's tag that are held, or going to be
 * @e: the extent
 *
 * Return: them.
 */
u64 vfio_cxl_dcd_tag_bytes(const struct vfio_cxl_dcd_extent *e)
{
	return e->group->bytes[VFIO_CXL_DC_ACCEPTING] +
	       e->group->bytes[VFIO_CXL_DC_COMMITTED];
}

static bool is_touched(struct vfio_cxl_dcd *dcd,
		       const struct vfio_cxl_dcd_extent *e)
{
	return e->touched && e->touched == use_of(dcd, e->group);
}

static u64 deadline_of(const struct dc_group *group)
{
	return group->offer ? group->offer->deadline_ns : VFIO_CXL_DC_NEVER;
}

static void fill_item(struct vfio_cxl_dcd *dcd,
		      const struct vfio_cxl_dcd_extent *e,
		      struct vfio_cxl_dcd_item *item)
{
	const struct dc_group *group = e->group;

	*item = (struct vfio_cxl_dcd_item){
		.id = e->id,
		.offer = group->offer_id,
		.dpa = e->dpa,
		.len = e->len,
		.deadline_ns = deadline_of(group),
		.requests = e->requests,
		.sequence = e->sequence,
		.rc = group->rc,
		.reason = e->reason,
		.region = e->region,
		.state = e->state,
		.reach = group->reach,
		.recovered = group->recovered,
		.mismatch = e->mismatch,
		.decided = e->state == VFIO_CXL_DC_PENDING &&
			   group->decision == DC_REFUSE,
		.deferred = e->state == VFIO_CXL_DC_COMMITTED && group->deferred,
		.in_use = is_touched(dcd, e),
	};
	memcpy(item->tag, group->tag, VFIO_CXL_DC_TAG_LEN);
}

/* So many extents that are not shown end a page */
#define LIST_SKIPPED	1024

/**
 * vfio_cxl_dcd_list - the extents that are offered or held, by id
 * @dcd: the engine
 * @page: see there
 *
 * Without the command mutex.
 *
 * Return: 0; -EAGAIN the list changed since the first page: begin again.
 */
int vfio_cxl_dcd_list(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_page *page)
{
	const struct vfio_cxl_dcd_extent *e;
	u32 skipped = 0;
	int ret = 0;

	page->count = 0;
	page->more = false;
	dc_lock(dcd);
	if (page->start && page->changes != dcd->changes)
		ret = -EAGAIN;
	page->changes = dcd->changes;
	e = ret ? NULL : dc_from_id(dcd, page->start);
	for (; e; e = dc_next_id(e)) {
		if (!(DC_LIVE & 1U << e->state) ||
		    !dc_visible(dcd, e->group, page->tenant)) {
			/* Nobody is to be held up by what is not shown */
			if (++skipped < LIST_SKIPPED)
				continue;
			page->start = e->id;
			page->more = true;
			break;
		}
		if (page->count == page->room) {
			page->start = e->id;
			page->more = true;
			break;
		}
		fill_item(dcd, e, &page->item[page->count++]);
	}
	dc_unlock(dcd);

	return ret;
}

static u32 summary(const u32 nr[VFIO_CXL_DC_STATES])
{
	static const u8 order[] = {
		VFIO_CXL_DC_RELEASING, VFIO_CXL_DC_ACCEPTING,
		VFIO_CXL_DC_PENDING, VFIO_CXL_DC_COMMITTED,
		VFIO_CXL_DC_REVOKED, VFIO_CXL_DC_RELEASED,
		VFIO_CXL_DC_REJECTED,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (nr[order[i]])
			return order[i];

	return VFIO_CXL_DC_NONE;
}

/* All of it from the group's sums, or what is in one region by going through */
static void fill_status(struct vfio_cxl_dcd *dcd, const struct dc_group *group,
			int region, struct vfio_cxl_dcd_status *status)
{
	const struct vfio_cxl_dcd_extent *e;

	*status = (struct vfio_cxl_dcd_status){
		.offer = group->offer_id,
		.deadline_ns = deadline_of(group),
		.reach = group->reach,
		.reason = group->reason,
		.rc = group->rc,
		.requests = group->requests,
		.recovered = group->recovered,
		.mismatch = group->mismatch,
		.decided = group->nr[VFIO_CXL_DC_PENDING] &&
			   group->decision == DC_REFUSE,
	};
	memcpy(status->since_ns, group->since_ns, sizeof(status->since_ns));
	if (region == VFIO_CXL_DC_ALL_REGIONS) {
		memcpy(status->nr, group->nr, sizeof(status->nr));
		memcpy(status->bytes, group->bytes, sizeof(status->bytes));
		status->in_use = dc_in_use(dcd, group);
	} else {
		list_for_each_entry(e, &group->extents, in_group) {
			if (e->region != region)
				continue;
			status->nr[e->state]++;
			status->bytes[e->state] += e->len;
			status->in_use |= is_touched(dcd, e);
		}
	}
	status->state = summary(status->nr);
	status->deferred = status->nr[VFIO_CXL_DC_COMMITTED] && group->deferred;
}

/* Is it in an offer that is not complete, or whose extents no list has yet? */
static bool is_collected(const struct dc_group *group)
{
	return group->offer && (group->nr[VFIO_CXL_DC_NONE] ||
				(group->nr[VFIO_CXL_DC_PENDING] &&
				 !group->offer->shown));
}

/**
 * vfio_cxl_dcd_tag_status - how a tag stands
 * @dcd: the engine
 * @tag: not the null tag
 * @region: only what is in there, or VFIO_CXL_DC_ALL_REGIONS
 * @tenant: what the VFIO device fd may see
 * @status: filled in
 *
 * Without the command mutex.
 *
 * Return: 0; -ENOENT nothing is known of it, there; -EAGAIN its offer is not
 * complete; -EINVAL the null tag.
 */
int vfio_cxl_dcd_tag_status(struct vfio_cxl_dcd *dcd,
			    const u8 tag[VFIO_CXL_DC_TAG_LEN], int region,
			    bool tenant, struct vfio_cxl_dcd_status *status)
{
	const struct dc_group *group;
	int ret = -ENOENT;

	if (dc_tag_is_null(tag))
		return -EINVAL;
	dc_lock(dcd);
	group = dc_by_tag(dcd, tag);
	if (group && is_collected(group)) {
		ret = -EAGAIN;
	} else if (group && dc_visible(dcd, group, tenant)) {
		fill_status(dcd, group, region, status);
		ret = status->state ? 0 : -ENOENT;
	}
	dc_unlock(dcd);

	return ret;
}

/**
 * vfio_cxl_dcd_extent_status - how an extent stands
 * @dcd: the engine
 * @id: which
 * @tenant: what the VFIO device fd may see
 * @item: filled in
 *
 * Without the command mutex.
 *
 * Return: 0; -ENOENT nothing is known of it, or no more than its tag's status
 * tells.
 */
int vfio_cxl_dcd_extent_status(struct vfio_cxl_dcd *dcd, u64 id, bool tenant,
			       struct vfio_cxl_dcd_item *item)
{
	const struct vfio_cxl_dcd_extent *e;
	int ret = -ENOENT;

	dc_lock(dcd);
	e = dc_by_id(dcd, id);
	if (e && dc_visible(dcd, e->group, tenant)) {
		fill_item(dcd, e, item);
		ret = 0;
	}
	dc_unlock(dcd);

	return ret;
}

/**
 * vfio_cxl_dcd_tag_live - is this tag offered or held here?
 * @dcd: the engine
 * @tag: not the null tag
 *
 * For @tag_live_elsewhere of other devices. Without the command mutex.
 *
 * Return: true if it is.
 */
bool vfio_cxl_dcd_tag_live(struct vfio_cxl_dcd *dcd,
			   const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	const struct dc_group *group;
	bool live;

	dc_lock(dcd);
	group = dc_by_tag(dcd, tag);
	live = group && dc_live(group, DC_LIVE);
	dc_unlock(dcd);

	return live;
}

/**
 * vfio_cxl_dcd_tag_extent - the first extent of a tag that is offered or held
 * @dcd: the engine
 * @tag: not the null tag
 * @item: filled in
 *
 * Without the command mutex.
 *
 * Return: 0 or -ENOENT.
 */
int vfio_cxl_dcd_tag_extent(struct vfio_cxl_dcd *dcd,
			    const u8 tag[VFIO_CXL_DC_TAG_LEN],
			    struct vfio_cxl_dcd_item *item)
{
	const struct vfio_cxl_dcd_extent *e;
	const struct dc_group *group;
	int ret = -ENOENT;

	dc_lock(dcd);
	group = dc_by_tag(dcd, tag);
	if (group && !is_collected(group)) {
		list_for_each_entry(e, &group->extents, in_group) {
			if (!(DC_LIVE & 1U << e->state))
				continue;
			fill_item(dcd, e, item);
			ret = 0;
			break;
		}
	}
	dc_unlock(dcd);

	return ret;
}

/**
 * vfio_cxl_dcd_changes - the change counter of the list
 * @dcd: the engine
 *
 * Without the command mutex.
 *
 * Return: it.
 */
u64 vfio_cxl_dcd_changes(struct vfio_cxl_dcd *dcd)
{
	u64 changes;

	dc_lock(dcd);
	changes = dcd->changes;
	dc_unlock(dcd);

	return changes;
}
