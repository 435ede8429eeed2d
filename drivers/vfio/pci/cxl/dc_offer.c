// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: offers
 *
 * Makes offers of the device's Add records, and says what of them can't be
 * taken. Offers are kept in the order in which they came, and each gets exactly
 * one answer, in that order (CXL 3.1, 9.13.3): none is ever dropped without one,
 * also if there is no memory to know more of it than that it came.
 */
#include "dc_engine.h"

static void offer_init(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	memset(offer, 0, sizeof(*offer));
	INIT_LIST_HEAD(&offer->extents);
	INIT_LIST_HEAD(&offer->groups);
	offer->id = dcd->next_id++;
	offer->deadline_ns = VFIO_CXL_DC_NEVER;
	offer->certain = !dcd->suspect;
	offer->torn = dcd->torn;
	dcd->suspect = false;
	dcd->torn = false;
	list_add_tail(&offer->node, &dcd->offers);
	dcd->nr_offers++;
	dcd->open = offer;
}

/*
 * The first record of an offer came. Where there is no object for it, then the
 * youngest offer, and be it the spare one, knows that there is another behind it;
 * unless that is in doubt, as then it could not be refused anyway.
 */
static void offer_begin(struct vfio_cxl_dcd *dcd)
{
	struct dc_offer *offer = NULL;
	u32 reason = VFIO_CXL_REASON_DC_LIMIT;

	dcd->stats.offers++;
	if (dcd->nr_offers < dcd->limits.offers) {
		reason = VFIO_CXL_REASON_NO_MEMORY;
		offer = dc_alloc(dcd, sizeof(*offer));
	}
	if (offer) {
		offer_init(dcd, offer);
		return;
	}
	if (!dcd->spare_used) {
		dcd->spare_used = true;
		offer_init(dcd, &dcd->spare);
		dcd->spare.reason = reason;
		return;
	}

	dcd->stats.damaged++;
	dcd->stats.limited++;
	dc_tell(dcd, VFIO_CXL_DC_CHANGE_OFFER, 0, reason);
	dcd->sole = false;
	if (!dcd->suspect && !dc_limbo_taken(dcd)) {
		offer = list_last_entry(&dcd->offers, struct dc_offer, node);
		offer->extra++;
		offer->torn = true;
		dcd->open = offer;
	}
	dcd->suspect = false;
	dcd->torn = false;
}

/* A tag that lived when the offer began may be free when the rest of it comes */
static struct dc_group *group_in(struct dc_offer *offer,
				 const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct dc_group *group;

	list_for_each_entry(group, &offer->groups, in_offer)
		if (!memcmp(group->tag, tag, VFIO_CXL_DC_TAG_LEN))
			return group;

	return NULL;
}

/* The group that an extent with this tag belongs to; a tag that lives is no one's */
static struct dc_group *group_for(struct vfio_cxl_dcd *dcd,
				  struct dc_offer *offer,
				  const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	bool null = dc_tag_is_null(tag);
	struct dc_group *group = null ? NULL : dc_by_tag(dcd, tag);
	bool lives = group && !group->tomb;

	if (lives && group->offer == offer)
		return group;
	group = null ? NULL : group_in(offer, tag);
	if (group)
		return group;
	group = dc_group_new(dcd, tag, !null && !lives);
	if (!group)
		return NULL;
	group->offer = offer;
	group->offer_id = offer->id;
	if (lives)
		group->reason = VFIO_CXL_REASON_DC_TAG_LIVE;
	list_add_tail(&group->in_offer, &offer->groups);

	return group;
}

/*
 * Nothing is offered twice. So if it is not certain that the older offer is still
 * pending, then it is not, and no answer to it may reach the younger one.
 */
static bool is_offered(struct vfio_cxl_dcd *dcd, const struct dc_offer *offer,
		       u64 dpa, u64 len)
{
	struct vfio_cxl_dcd_extent *at;

	while ((at = dc_at(&dcd->pending, dpa)) && at->dpa < dpa + len) {
		if (at->group->offer->certain || at->group->offer == offer)
			return true;
		dc_revoke(dcd, at, VFIO_CXL_REASON_DC_OVERLAP);
	}

	return false;
}

static u32 collect(struct vfio_cxl_dcd *dcd, struct dc_offer *offer,
		   const struct cxl_dc_event *event)
{
	u64 dpa = le64_to_cpu(event->extent.dpa);
	u64 len = le64_to_cpu(event->extent.length);
	struct vfio_cxl_dcd_extent *e;
	struct dc_group *group;

	if (event->length != sizeof(*event))
		return VFIO_CXL_REASON_DC_DAMAGED;
	/* All of it has to fit into one answer: not each device knows More there */
	if (offer->count >= dcd->max_entries ||
	    dcd->nr_extents >= dcd->limits.extents)
		return VFIO_CXL_REASON_DC_LIMIT;
	if (dc_limbo_forget(dcd, dpa, len))
		offer->certain = false;
	if (len)
		is_offered(dcd, offer, dpa, len);

	group = group_for(dcd, offer, event->extent.tag);
	if (!group)
		return VFIO_CXL_REASON_NO_MEMORY;
	e = dc_extent_new(dcd, group, dpa, len,
			  le16_to_cpu(event->extent.sequence));
	if (!e) {
		if (!group->count) {
			list_del(&group->in_offer);
			dc_group_free(dcd, group);
		}
		return VFIO_CXL_REASON_NO_MEMORY;
	}
	list_add_tail(&e->in_offer, &offer->extents);
	offer->count++;

	return VFIO_CXL_REASON_NONE;
}

/* Where may an extent be at all? */
u32 dc_misplaced(struct vfio_cxl_dcd *dcd, const struct vfio_cxl_dcd_extent *e)
{
	u64 align = dcd->limits.align, end;
	int region;

	if (!e->len || check_add_overflow(e->dpa, e->len, &end))
		return VFIO_CXL_REASON_DC_LENGTH;
	region = dc_region_of(dcd, e->dpa, e->len);
	if (region < 0)
		return VFIO_CXL_REASON_DC_REGION;
	align = max(align, dcd->config.region[region].block);
	if (!IS_ALIGNED(e->dpa, align) || !IS_ALIGNED(e->len, align))
		return VFIO_CXL_REASON_DC_ALIGN;
	if (dc_any_at(&dcd->held, e->dpa, e->len))
		return VFIO_CXL_REASON_DC_OVERLAP;

	return VFIO_CXL_REASON_NONE;
}

static u32 check_extent(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e)
{
	u32 reason = dc_misplaced(dcd, e);

	if (reason)
		return reason;
	e->region = dc_region_of(dcd, e->dpa, e->len);
	if (is_offered(dcd, e->group->offer, e->dpa, e->len))
		return VFIO_CXL_REASON_DC_OVERLAP;
	if (!dcd->config.region[e->region].sharable)
		return e->sequence ? VFIO_CXL_REASON_DC_SEQUENCE :
				     VFIO_CXL_REASON_NONE;
	if (dc_tag_is_null(e->group->tag))
		return VFIO_CXL_REASON_DC_TAG_NULL;

	return VFIO_CXL_REASON_NONE;
}

/* One bit for each number that there is */
#define SEQUENCE_BYTES	((U16_MAX + 1) / 8)

/* From 0 or 1 on, whatever the order: revisions of the text differ in that */
static bool is_sequence(const struct dc_group *group, u8 *seen)
{
	struct vfio_cxl_dcd_extent *e;
	u32 low = U16_MAX, high = 0;
	bool twice = false;

	memset(seen, 0, SEQUENCE_BYTES);
	list_for_each_entry(e, &group->extents, in_group) {
		low = min_t(u32, low, e->sequence);
		high = max_t(u32, high, e->sequence);
		twice |= seen[e->sequence / 8] & 1U << e->sequence % 8;
		seen[e->sequence / 8] |= 1U << e->sequence % 8;
	}

	return !twice && low <= 1 && high == low + group->count - 1;
}

static u32 check_sequences(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;
	struct dc_group *group;
	u8 *seen = NULL;

	list_for_each_entry(group, &offer->groups, in_offer) {
		e = list_first_entry(&group->extents,
				     struct vfio_cxl_dcd_extent, in_group);
		if (group->reason || !dcd->config.region[e->region].sharable)
			continue;
		if (!seen)
			seen = dc_alloc(dcd, SEQUENCE_BYTES);
		if (!seen)
			return VFIO_CXL_REASON_NO_MEMORY;
		if (!is_sequence(group, seen))
			group->reason = VFIO_CXL_REASON_DC_SEQUENCE;
	}
	dc_free(dcd, seen);

	return VFIO_CXL_REASON_NONE;
}

/* What can't be taken is rejected at once, and its whole tag with it */
static void show(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;
	struct dc_group *group;

	offer->deadline_ns = dcd->limits.deadline_ns ?
		dc_now(dcd) + dcd->limits.deadline_ns : VFIO_CXL_DC_NEVER;
	/* Nobody finds a part of it in a list, or in a list less than in a status */
	dc_lock(dcd);
	list_for_each_entry(e, &offer->extents, in_offer)
		dc_show(dcd, e);
	offer->shown = true;
	dc_unlock(dcd);

	list_for_each_entry(group, &offer->groups, in_offer) {
		if (!group->reason && !dc_tag_is_null(group->tag) &&
		    dcd->ops->tag_live_elsewhere(dcd->ctx, group->tag))
			group->reason = VFIO_CXL_REASON_DC_TAG_LIVE;
		if (!group->reason) {
			offer->undecided++;
			dc_tell_group(dcd, VFIO_CXL_DC_CHANGE_STATE, group);
			continue;
		}
		group->decision = DC_REFUSE;
		dc_move(dcd, group, DC_STATE(NONE) | DC_OFFERED,
			VFIO_CXL_DC_REJECTED, group->reason);
	}
}

static void refuse_whole(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct dc_group *group;

	offer->told = true;
	dcd->stats.damaged++;
	if (offer->reason == VFIO_CXL_REASON_DC_LIMIT ||
	    offer->reason == VFIO_CXL_REASON_NO_MEMORY)
		dcd->stats.limited++;
	list_for_each_entry(group, &offer->groups, in_offer) {
		group->decision = DC_REFUSE;
		dc_move(dcd, group, DC_STATE(NONE) | DC_OFFERED,
			VFIO_CXL_DC_REJECTED, offer->reason);
	}
	dc_tell(dcd, VFIO_CXL_DC_CHANGE_OFFER, offer->id, offer->reason);
}

/*
 * What was found in the device's list is not offered: this record is one that a
 * predecessor answered, and died before it cleared the log. An empty answer could
 * be one too many.
 */
static bool is_answered(struct vfio_cxl_dcd *dcd, const struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e, *at;

	list_for_each_entry(e, &offer->extents, in_offer) {
		at = dc_at(&dcd->held, e->dpa);
		if (at && at->dpa <= e->dpa && at->group->recovered)
			return true;
	}

	return false;
}

/* The last record of an offer came, or no other will */
static void complete(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;
	u32 reason;

	if (is_answered(dcd, offer) || (offer->torn && dc_limbo_taken(dcd)))
		offer->certain = false;
	if (offer->reason) {
		if (!offer->told)
			refuse_whole(dcd, offer);
		return;
	}
	list_for_each_entry(e, &offer->extents, in_offer) {
		reason = check_extent(dcd, e);
		if (!reason)
			dc_set(dcd, e, VFIO_CXL_DC_PENDING, 0);
		else if (!e->group->reason)
			e->group->reason = reason;
	}
	offer->reason = check_sequences(dcd, offer);
	if (offer->reason)
		refuse_whole(dcd, offer);
	else
		show(dcd, offer);
}

/* An Add record */
void dc_add(struct vfio_cxl_dcd *dcd, const struct cxl_dc_event *event)
{
	bool more = event->dc_flags & CXL_DC_EVENT_MORE;
	struct dc_offer *offer;

	if (dcd->swallow) {
		dcd->stats.late++;
		dcd->swallow = more;
		return;
	}
	if (!dcd->open)
		offer_begin(dcd);
	offer = dcd->open;
	if (!offer) {
		dcd->swallow = more;
		return;
	}
	offer->progress_ns = dc_now(dcd);
	if (!offer->extra && !offer->reason)
		offer->reason = collect(dcd, offer, event);
	if (offer->reason)
		offer->torn = true;
	if (more)
		return;
	dcd->open = NULL;
	if (!offer->extra)
		complete(dcd, offer);
	dc_pump(dcd);
}

/*
 * The rest of the offer that is open does not come, or will not be believed. It
 * may come nevertheless: after a timeout it is swallowed. After an overflow it is
 * more likely that the next record is of another offer, but not certain.
 */
void dc_chain_lost(struct vfio_cxl_dcd *dcd, u32 reason)
{
	bool timeout = reason == VFIO_CXL_REASON_DC_TIMEOUT;
	struct dc_offer *offer = dcd->open;

	if (!timeout) {
		dcd->suspect |= dcd->swallow || offer;
		dcd->torn = true;
		dcd->sole = false;
		dcd->swallow = false;
	}
	if (!offer)
		return;
	dcd->open = NULL;
	offer->torn = true;
	dcd->swallow = timeout;
	if (offer->extra)
		return;
	if (!offer->reason)
		offer->reason = reason;
	complete(dcd, offer);
}

/* It was answered */
void dc_offer_done(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e, *next;
	struct dc_group *group, *other;

	dcd->stats.answers++;
	list_for_each_entry_safe(e, next, &offer->extents, in_offer)
		list_del_init(&e->in_offer);
	list_for_each_entry_safe(group, other, &offer->groups, in_offer) {
		if (group->decision == DC_REFUSE)
			dc_move(dcd, group, DC_OFFERED, VFIO_CXL_DC_REJECTED,
				group->reason);
		list_del_init(&group->in_offer);
		dc_lock(dcd);
		group->offer = NULL;
		dc_unlock(dcd);
		dc_bury(dcd, group);
	}

	if (offer->extra) {
		offer->extra--;
		offer->count = 0;
		offer->attempts = 0;
		offer->retry_ns = 0;
		offer->shown = false;
		offer->told = true;
		offer->reason = VFIO_CXL_REASON_DC_LIMIT;
		return;
	}
	list_del(&offer->node);
	dcd->nr_offers--;
	if (offer == &dcd->spare)
		dcd->spare_used = false;
	else
		dc_free(dcd, offer);
}

/* A device in software has no queue, so that none waits for another */
static void pump_any(struct vfio_cxl_dcd *dcd)
{
	struct dc_offer *offer, *next;

	list_for_each_entry_safe(offer, next, &dcd->offers, node)
		if (dcd->open != offer && !offer->undecided &&
		    !dc_answer(dcd, offer))
			dc_offer_done(dcd, offer);
}

/* Answers, in order, all that can be answered */
void dc_pump(struct vfio_cxl_dcd *dcd)
{
	struct dc_offer *offer;

	if (dcd->limits.any_order) {
		pump_any(dcd);
		return;
	}
	while (!list_empty(&dcd->offers)) {
		offer = list_first_entry(&dcd->offers, struct dc_offer, node);
		if ((dcd->open == offer && !offer->extra) ||
		    offer->undecided || dc_now(dcd) < offer->retry_ns)
			break;
		if (dc_answer(dcd, offer))
			break;
		dc_offer_done(dcd, offer);
	}
}
