// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: answers
 *
 * What is said to the device, and what if it says no. The device takes an answer
 * to be for its oldest offer. An empty answer, which refuses all of that, is sent
 * only when the device is known to have an offer: some can't bear another. An
 * answer with extents is always safe, as it is checked against the offer.
 *
 * The device may have offers that nobody knows here: a driver that died, or a host
 * that was reset, had cleared the log of them, or the log overflowed. They stand
 * before ours, and nothing on the wire tells: how many extents are available
 * (4800h) counts what is pending on some devices and not on others, the
 * specification does not say, and a refusal need not be counted at once. So nothing
 * is sent because of that number, and they stay until an offer comes. If that is
 * accepted, the device says no: recover(). If it is refused, the oldest one of them
 * is, and ours stays, in its place: limbo.
 */
#include "dc_engine.h"

/* In @dcd->in is what is sent, in @dcd->out what comes */
int dc_command(struct vfio_cxl_dcd *dcd, u16 opcode, size_t in_size,
	       size_t out_room, size_t *out_size, u16 *rc)
{
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = opcode,
		.in = dcd->in,
		.in_size = in_size,
		.out = out_room ? dcd->out : NULL,
		.out_room = out_room,
	};
	int ret = dcd->ops->command(dcd->ctx, &cmd);

	if (out_size)
		*out_size = min(cmd.out_size, out_room);
	if (rc)
		*rc = cmd.rc;

	return ret;
}

/* Entry @nr of what dc_send() will send */
void dc_entry(struct vfio_cxl_dcd *dcd, u32 nr, u64 dpa, u64 len)
{
	struct cxl_dc_entries *entries = dcd->in;

	entries->entry[nr] = (struct cxl_dc_entry){
		.dpa = cpu_to_le64(dpa),
		.length = cpu_to_le64(len),
	};
}

int dc_send(struct vfio_cxl_dcd *dcd, u16 opcode, u32 count, u16 *rc)
{
	struct cxl_dc_entries *entries = dcd->in;

	memset(entries, 0, sizeof(*entries));
	entries->count = cpu_to_le32(count);

	return dc_command(dcd, opcode,
			  sizeof(*entries) + count * sizeof(entries->entry[0]),
			  0, NULL, rc);
}

/* The extents that are accepted */
static u32 fill_accepted(struct vfio_cxl_dcd *dcd, const struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;
	u32 count = 0;

	list_for_each_entry(e, &offer->extents, in_offer)
		if (e->group->decision == DC_ACCEPT)
			dc_entry(dcd, count++, e->dpa, e->len);

	return count;
}

static bool is_entry(const struct vfio_cxl_dcd *dcd, u32 count,
		     const struct vfio_cxl_dcd_extent *e)
{
	const struct cxl_dc_entries *entries = dcd->in;
	u32 i;

	for (i = 0; i < count; i++)
		if (dc_overlaps(le64_to_cpu(entries->entry[i].dpa),
				le64_to_cpu(entries->entry[i].length),
				e->dpa, e->len))
			return true;

	return false;
}

/* Nothing is offered twice: it is pending in a younger offer, not in this one */
static bool is_younger(struct vfio_cxl_dcd *dcd, const struct dc_offer *offer,
		       const struct vfio_cxl_dcd_extent *e)
{
	struct vfio_cxl_dcd_extent *at = dc_at(&dcd->pending, e->dpa);

	for (; at && at->dpa < e->dpa + e->len;
	     at = dc_at(&dcd->pending, at->dpa + at->len))
		if (at->group->offer != offer)
			return true;
	if (!dcd->open || dcd->open == offer)
		return false;
	list_for_each_entry(at, &dcd->open->extents, in_offer)
		if (dc_overlaps(at->dpa, at->len, e->dpa, e->len))
			return true;

	return false;
}

/* All extents that the device can have meant, and still mean, each of them once */
static u32 fill_possible(struct vfio_cxl_dcd *dcd, const struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;
	u32 count = 0;

	list_for_each_entry(e, &offer->extents, in_offer)
		if (e->state != VFIO_CXL_DC_REVOKED && !dc_misplaced(dcd, e) &&
		    !is_entry(dcd, count, e) && !is_younger(dcd, offer, e))
			dc_entry(dcd, count++, e->dpa, e->len);

	return count;
}

/* A former owner's lines in caches must not hit it */
void dc_publish(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		enum vfio_cxl_dc_reach reach)
{
	dcd->ops->flush(dcd->ctx, e->dpa, e->len);
	dcd->ops->publish(dcd->ctx, e, reach);
	dc_lock(dcd);
	e->published = true;
	dc_unlock(dcd);
}

/* Does nothing with an extent that was not prepared */
void dc_unpublish(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e)
{
	if (!e->prepared)
		return;
	dcd->ops->unpublish(dcd->ctx, e);
	/* No sooner, as it may be touched until then */
	dc_lock(dcd);
	dc_untouch(e);
	e->published = false;
	dc_unlock(dcd);
	e->prepared = false;
}

/* Descriptors of a tag are told before they lose it, once */
void dc_unprepare(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	bool tell = group->reach == VFIO_CXL_DC_REACH_APP;
	struct vfio_cxl_dcd_extent *e;

	list_for_each_entry(e, &group->extents, in_group) {
		if (tell && e->published) {
			dc_tell_group(dcd, VFIO_CXL_DC_CHANGE_LEAVE, group);
			tell = false;
		}
		dc_unpublish(dcd, e);
	}
}

/*
 * Limbo: answers that failed, of offers that may still be in the device's queue,
 * behind others that nobody knows; and refusals, as long as there may be such
 * others. When an answer fails there are some. Then, to find out, and to get rid of
 * them, they are accepted, which is safe if they are not there, and given back.
 */

static void limbo_drop(struct vfio_cxl_dcd *dcd, u32 nr)
{
	dc_free(dcd, dcd->limbo[nr]);
	dcd->nr_limbo--;
	memmove(&dcd->limbo[nr], &dcd->limbo[nr + 1],
		(dcd->nr_limbo - nr) * sizeof(dcd->limbo[0]));
	dcd->limbo[dcd->nr_limbo] = NULL;
}

/* What is taken matters for the drain that is under way, and for a whole one */
#define TAKEN_DRAINS	2

/* What @dcd->in names; false: no memory for it */
static bool limbo_keep(struct vfio_cxl_dcd *dcd, u32 count, u8 taken)
{
	struct cxl_dc_entries *entries = dcd->in;
	struct dc_limbo *limbo;

	limbo = dc_alloc(dcd, sizeof(*limbo) + count * sizeof(limbo->entry[0]));
	if (!limbo)
		return false;
	limbo->count = count;
	limbo->taken = taken;
	memcpy(limbo->entry, entries->entry, count * sizeof(limbo->entry[0]));
	if (dcd->nr_limbo == DC_LIMBO) {
		if (dcd->limbo[0]->taken)
			dcd->doubt = TAKEN_DRAINS;
		limbo_drop(dcd, 0);
	}
	dcd->limbo[dcd->nr_limbo++] = limbo;

	return true;
}

/* Without memory for it only the device knows, and it will say no once more */
static void limbo_add(struct vfio_cxl_dcd *dcd, const struct dc_offer *offer)
{
	u32 count = fill_possible(dcd, offer);

	if (count)
		limbo_keep(dcd, count, 0);
}

/*
 * What is offered can't be pending any more from before. Return: it may have been
 * taken already, for what was pending before.
 */
bool dc_limbo_forget(struct vfio_cxl_dcd *dcd, u64 dpa, u64 len)
{
	const struct cxl_dc_entry *entry;
	bool taken = dcd->doubt;
	u32 nr, i;

	for (nr = 0; nr < dcd->nr_limbo;) {
		for (i = 0; i < dcd->limbo[nr]->count; i++) {
			entry = &dcd->limbo[nr]->entry[i];
			if (dc_overlaps(le64_to_cpu(entry->dpa),
					le64_to_cpu(entry->length), dpa, len))
				break;
		}
		if (i == dcd->limbo[nr]->count) {
			nr++;
			continue;
		}
		taken |= dcd->limbo[nr]->taken;
		limbo_drop(dcd, nr);
	}

	return taken;
}

/*
 * An answer was taken, and it is not certain that it was its own offer that took it:
 * it may as well have been a later one of the same extents, of which nobody knows
 * here, because its records were lost, or not kept, or are still to come. That one
 * is not pending any more, and so must not be refused by an empty answer.
 */
static void doubt_torn(struct vfio_cxl_dcd *dcd)
{
	struct dc_offer *offer;

	list_for_each_entry(offer, &dcd->offers, node)
		offer->certain &= !offer->torn;
}

static void taken(struct vfio_cxl_dcd *dcd, u32 count)
{
	doubt_torn(dcd);
	if (!limbo_keep(dcd, count, TAKEN_DRAINS))
		dcd->doubt = TAKEN_DRAINS;
}

/* Was something taken that came later than it seems, and may be this one? */
bool dc_limbo_taken(const struct vfio_cxl_dcd *dcd)
{
	u32 nr;

	for (nr = 0; nr < dcd->nr_limbo; nr++)
		if (dcd->limbo[nr]->taken)
			return true;

	return dcd->doubt;
}

/* What the log had by now has come */
void dc_limbo_drained(struct vfio_cxl_dcd *dcd)
{
	u32 nr = 0;

	if (dcd->doubt)
		dcd->doubt--;
	while (nr < dcd->nr_limbo) {
		if (dcd->limbo[nr]->taken && !--dcd->limbo[nr]->taken)
			limbo_drop(dcd, nr);
		else
			nr++;
	}
}

/* 0: it was the oldest offer, and is no more */
static int take_and_give(struct vfio_cxl_dcd *dcd, u32 count, u16 *rc)
{
	int ret = dc_send(dcd, CXL_DC_ADD_RESPONSE, count, rc);
	const struct cxl_dc_entries *entries = dcd->in;
	u32 i;

	/* Lines of an owner that lost it must not hit the next one */
	for (i = 0; !ret && i < count; i++)
		dcd->ops->flush(dcd->ctx, le64_to_cpu(entries->entry[i].dpa),
				le64_to_cpu(entries->entry[i].length));
	/* Whatever is left of it then, the list tells */
	if (ret == -ETIMEDOUT ||
	    (!ret && dc_send(dcd, CXL_DC_RELEASE, count, NULL)))
		dcd->resync = true;

	return ret;
}

static void limbo_try(struct vfio_cxl_dcd *dcd)
{
	struct cxl_dc_entries *entries = dcd->in;
	struct dc_limbo *limbo;
	u32 nr = 0;
	u16 rc;

	while (nr < dcd->nr_limbo) {
		limbo = dcd->limbo[nr++];
		memcpy(entries->entry, limbo->entry,
		       limbo->count * sizeof(entries->entry[0]));
		if (limbo->taken || take_and_give(dcd, limbo->count, &rc))
			continue;
		limbo->taken = TAKEN_DRAINS;
		doubt_torn(dcd);
	}
}

/*
 * Answers
 */

static int later(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	offer->retry_ns = dc_later(dcd, offer->attempts++);

	return -EAGAIN;
}

/* Not now, and after a while not any more, unless a user says so again */
static int later_or_never(struct vfio_cxl_dcd *dcd, struct dc_offer *offer,
			  u16 rc)
{
	struct dc_group *group;

	list_for_each_entry(group, &offer->groups, in_offer)
		if (group->decision == DC_ACCEPT)
			dc_set_rc(dcd, group, rc);
	if (offer->unsure || offer->attempts < VFIO_CXL_DC_ATTEMPTS - 1)
		return later(dcd, offer);

	list_for_each_entry(group, &offer->groups, in_offer) {
		if (group->decision != DC_ACCEPT)
			continue;
		dc_decide(dcd, group, DC_UNDECIDED, VFIO_CXL_REASON_NONE);
		dc_lock(dcd);
		group->reach = VFIO_CXL_DC_REACH_NONE;
		dc_unlock(dcd);
		group->orphan = false;
		dc_move(dcd, group, DC_STATE(ACCEPTING), VFIO_CXL_DC_PENDING,
			VFIO_CXL_REASON_DC_DEVICE_BUSY);
	}
	offer->attempts = 0;
	offer->retry_ns = 0;

	return -EAGAIN;
}

/* The device said yes */
void dc_commit(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;
	struct dc_group *group;

	dcd->sole = true;
	if (!offer->certain)
		taken(dcd, fill_accepted(dcd, offer));
	list_for_each_entry(group, &offer->groups, in_offer) {
		if (group->decision != DC_ACCEPT)
			continue;
		list_for_each_entry(e, &group->extents, in_group)
			if (!group->orphan)
				dc_publish(dcd, e, group->reach);
		dc_set_rc(dcd, group, 0);
		dc_move(dcd, group, DC_STATE(ACCEPTING), VFIO_CXL_DC_COMMITTED,
			VFIO_CXL_REASON_NONE);
		if (group->orphan)
			dc_release(dcd, group, VFIO_CXL_REASON_DC_TENANCY);
	}
}

/* Everything that would have been accepted is rejected */
static void disappoint(struct vfio_cxl_dcd *dcd, struct dc_offer *offer, u16 rc)
{
	struct dc_group *group;

	list_for_each_entry(group, &offer->groups, in_offer) {
		if (group->decision != DC_ACCEPT)
			continue;
		dc_set_rc(dcd, group, rc);
		dc_decide(dcd, group, DC_REFUSE, VFIO_CXL_REASON_DC_DEVICE);
	}
	/* Books that were kept well are not questioned so */
	dcd->resync = true;
}

bool dc_is_listed(const struct dc_list *list, const struct dc_offer *offer)
{
	struct vfio_cxl_dcd_extent *e;

	list_for_each_entry(e, &offer->extents, in_offer)
		if (e->group->decision == DC_ACCEPT &&
		    !dc_list_has(list, e->dpa, e->len))
			return false;

	return true;
}

/* The answer timed out. 1: it came to the device; 0: not */
static int did_it(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct dc_list list;
	int ret;

	ret = dc_read_list(dcd, &list);
	if (ret)
		return ret;
	ret = dc_is_listed(&list, offer);
	dc_free_list(dcd, &list);
	offer->unsure = false;
	if (ret)
		dc_commit(dcd, offer);

	return ret;
}

/*
 * The device did not take the answer to its oldest offer: that is one that nobody
 * knows here, for instance of a driver that died, or ours, which it doesn't like.
 * One empty answer gets rid of it in either case, and the second try tells which
 * it was. A second empty answer could hit an offer that the log still has.
 */
static int recover(struct vfio_cxl_dcd *dcd, struct dc_offer *offer, u16 rc)
{
	u16 again = 0;
	int ret = -EIO;

	dcd->stats.recoveries++;
	dcd->sole = false;
	if (offer->certain) {
		offer->certain = false;
		ret = dc_send(dcd, CXL_DC_ADD_RESPONSE, 0, NULL);
	}
	if (!ret) {
		limbo_try(dcd);
		ret = dc_send(dcd, CXL_DC_ADD_RESPONSE,
			      fill_accepted(dcd, offer), &again);
		if (!ret) {
			dc_commit(dcd, offer);
			return 0;
		}
		if (ret == -EBUSY || ret == -ETIMEDOUT || ret == -ENODEV) {
			offer->unsure = ret == -ETIMEDOUT;
			return later_or_never(dcd, offer, again);
		}
	}
	limbo_add(dcd, offer);
	disappoint(dcd, offer, rc);

	return 0;
}

static int say_yes(struct vfio_cxl_dcd *dcd, struct dc_offer *offer, u32 count)
{
	u16 rc = 0;
	int ret;

	ret = dc_send(dcd, CXL_DC_ADD_RESPONSE, count, &rc);
	switch (ret) {
	case 0:
		dc_commit(dcd, offer);
		return 0;
	case -ENODEV:
		return ret;
	case -ETIMEDOUT:
		/* Also if the list lacks it now: it may have been taken since */
		offer->certain = false;
		offer->unsure = true;
		if (did_it(dcd, offer) > 0)
			return 0;
		rc = 0;
		fallthrough;
	case -EBUSY:
		return later_or_never(dcd, offer, rc);
	default:
		return recover(dcd, offer, rc);
	}
}

static int say_no(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	u32 count;
	u16 rc;
	int ret;

	if (dcd->limits.any_order) {
		count = fill_possible(dcd, offer);
		return count ? dc_send(dcd, CXL_DC_REFUSE, count, NULL) : 0;
	}
	if (offer->certain) {
		ret = dc_send(dcd, CXL_DC_ADD_RESPONSE, 0, &rc);
		/* It may have been heard, and a second one be one too many */
		if (ret == -ETIMEDOUT)
			offer->certain = false;
		/* Or it hit one that nobody knows, and this one is pending */
		if (!ret && !dcd->sole)
			limbo_add(dcd, offer);
	} else {
		count = fill_possible(dcd, offer);
		if (!count) {
			dcd->sole = false;
			return 0;
		}
		ret = take_and_give(dcd, count, &rc);
		if (!ret)
			taken(dcd, count);
	}

	switch (ret) {
	case 0:
	case -ENODEV:
		return ret;
	case -EBUSY:
	case -ETIMEDOUT:
		return later(dcd, offer);
	default:
		/* Its offer is there still, where it was */
		if (offer->certain && offer->attempts < VFIO_CXL_DC_ATTEMPTS - 1)
			return later(dcd, offer);
		limbo_add(dcd, offer);
		dcd->sole = false;
		return 0;
	}
}

/* What was so when the user accepted it may be otherwise when its turn comes */
static u32 check_again(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e;
	u32 reason;

	list_for_each_entry(e, &group->extents, in_group) {
		reason = dc_misplaced(dcd, e);
		if (reason)
			return reason;
		if (!dcd->ops->covered(dcd->ctx, e->dpa, e->len))
			return VFIO_CXL_REASON_DC_NOT_COVERED;
	}
	if (!dc_tag_is_null(group->tag) &&
	    dcd->ops->tag_live_elsewhere(dcd->ctx, group->tag))
		return VFIO_CXL_REASON_DC_TAG_LIVE;

	return VFIO_CXL_REASON_NONE;
}

/* 0 when the oldest offer, which is decided, was answered; else it stays */
int dc_answer(struct vfio_cxl_dcd *dcd, struct dc_offer *offer)
{
	struct dc_group *group;
	u32 reason, count;
	int ret;

	if (offer->unsure) {
		ret = did_it(dcd, offer);
		if (ret)
			return ret > 0 ? 0 : later(dcd, offer);
	}
	list_for_each_entry(group, &offer->groups, in_offer) {
		if (group->decision != DC_ACCEPT)
			continue;
		reason = check_again(dcd, group);
		if (reason)
			dc_decide(dcd, group, DC_REFUSE, reason);
	}
	count = fill_accepted(dcd, offer);

	return count ? say_yes(dcd, offer, count) : say_no(dcd, offer);
}
