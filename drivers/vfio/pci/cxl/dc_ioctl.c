// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ioctls of Dynamic Capacity
 *
 * Between the uAPI and the engine. What only asks does not take cmd_lock, so that
 * it does not wait for a device that is busy.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "changes.h"
#include "dc.h"
#include "vfio_cxl.h"

#define DC_LIST_MOST	4096
#define DC_IDS_MOST	65536
/* Extents that are copied out at once */
#define DC_LIST_PIECE	32

static u32 dc_reason(struct vfio_cxl_device *cxl)
{
	return cxl->dc ? READ_ONCE(cxl->dc->reason) :
			 VFIO_CXL_REASON_DC_NO_MAILBOX;
}

/* It does none, or does not say yet */
static int dc_missing(struct vfio_cxl_device *cxl)
{
	return dc_reason(cxl) == VFIO_CXL_REASON_DC_NOT_SYNCED ? -EAGAIN :
								  -EOPNOTSUPP;
}

static void fill_regions(struct vfio_cxl_device *cxl,
			 const struct vfio_cxl_dcd_config *config,
			 struct vfio_cxl_dc_info *info)
{
	unsigned int n;

	BUILD_BUG_ON(VFIO_CXL_DC_REGIONS != CXL_DC_MAX_REGIONS);

	info->region_count = config->count;
	info->extents_supported = config->extents_supported;
	info->extents_available = config->extents_available;
	for (n = 0; n < config->count; n++) {
		const struct vfio_cxl_dcd_region *from = &config->region[n];
		struct vfio_cxl_dc_region *to = &info->region[n];

		to->dpa = from->base;
		to->decode_length = from->decode_len;
		to->length = from->len;
		to->block_size = from->block;
		to->covered = from->len;
		to->offset = vfio_cxl_dc_decoded(&cxl->memory, from->base,
						 &to->covered);
		if (from->sharable)
			to->flags |= VFIO_CXL_DC_REGION_SHARABLE;
		if (from->sanitize)
			to->flags |= VFIO_CXL_DC_REGION_SANITIZE;
	}
}

static void fill_counts(struct vfio_cxl_dc *dc, struct vfio_cxl_dc_info *info)
{
	const struct vfio_cxl_dcd *engine = &dc->engine;
	const struct vfio_cxl_dcd_stats *stats = &engine->stats;
	unsigned int n;

	static_assert(VFIO_CXL_DC_REVOKED + 1 == VFIO_CXL_DC_STATES);

	info->max_extents = engine->limits.extents;
	info->max_offers = engine->limits.offers;
	info->max_tombstones = engine->limits.tombstones;
	info->open_offers = engine->nr_offers;
	info->poll_ms = vfio_cxl_events_poll_ms(dc);
	for (n = 0; n < VFIO_CXL_DC_STATES; n++) {
		info->nr[n] = engine->nr[n];
		info->bytes[n] = engine->bytes[n];
	}
	info->changes = engine->changes;
	info->sequence = vfio_cxl_changes_sequence(dc->cxl->changes);
	info->offers = stats->offers;
	info->answers = stats->answers;
	info->damaged = stats->damaged;
	info->limited = stats->limited;
	info->recoveries = stats->recoveries;
	info->late = stats->late;
	info->ignored = stats->ignored;
	info->odd = stats->odd;
	info->overflows = dc->overflows;
	info->syncs = stats->syncs;
	info->revoked = stats->revoked;
}

/**
 * vfio_cxl_dc_info - VFIO_CXL_DC_INFO
 * @cxl: the device, under cmd_lock, which the counters want
 * @data: struct vfio_cxl_dc_info
 * @control: asked on the control node
 *
 * Return: 0 or -EINVAL.
 */
int vfio_cxl_dc_info(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dc_info *info = data;
	u32 argsz = info->argsz;

	if (info->flags || info->reserved)
		return -EINVAL;

	memset(info, 0, sizeof(*info));
	info->argsz = argsz;
	info->reason = dc_reason(cxl);
	if (!dc)
		return 0;

	info->flags = VFIO_CXL_DC_INFO_CAPABLE;
	if (dc->started && vfio_cxl_dcd_synced(&dc->engine))
		info->flags |= VFIO_CXL_DC_INFO_SYNCED;
	else
		info->reason = VFIO_CXL_REASON_DC_NOT_SYNCED;
	spin_lock(&dc->lock);
	fill_regions(cxl, &dc->engine.config, info);
	fill_counts(dc, info);
	spin_unlock(&dc->lock);

	return 0;
}

static void fill_extent(struct vfio_cxl_device *cxl,
			const struct vfio_cxl_dcd_item *item,
			struct vfio_cxl_dc_extent *extent)
{
	u64 len = item->len;

	memset(extent, 0, sizeof(*extent));
	extent->id = item->id;
	extent->offer = item->offer;
	extent->dpa = item->dpa;
	extent->length = item->len;
	/* One that is not covered as a whole is not reachable at all */
	extent->offset = vfio_cxl_dc_decoded(&cxl->memory, item->dpa, &len);
	if (len != item->len)
		extent->offset = VFIO_CXL_DC_NOWHERE;
	memcpy(extent->tag, item->tag, sizeof(extent->tag));
	extent->state = item->state;
	extent->reach = item->reach;
	extent->reason = item->reason;
	extent->rc = item->rc;
	extent->requests = item->requests;
	extent->region = item->region;
	extent->sequence = item->sequence;
	if (item->in_use)
		extent->flags |= VFIO_CXL_DC_EXTENT_IN_USE;
	if (item->recovered)
		extent->flags |= VFIO_CXL_DC_EXTENT_RECOVERED;
	if (item->decided)
		extent->flags |= VFIO_CXL_DC_EXTENT_DECIDED;
	if (item->mismatch)
		extent->flags |= VFIO_CXL_DC_EXTENT_MISMATCH;
	if (item->deferred)
		extent->flags |= VFIO_CXL_DC_EXTENT_DEFERRED;
}

struct dc_piece {
	struct vfio_cxl_dcd_item item[DC_LIST_PIECE];
	struct vfio_cxl_dc_extent extent[DC_LIST_PIECE];
};

/* The next few extents, straight to the user. The engine sees that none is missed */
static int list_piece(struct vfio_cxl_device *cxl, struct vfio_cxl_dc *dc,
		      struct vfio_cxl_dc_list *arg, struct dc_piece *piece,
		      struct vfio_cxl_dcd_page *page)
{
	u32 i;
	int ret;

	page->room = min_t(u32, arg->room - arg->count, DC_LIST_PIECE);
	page->item = piece->item;
	ret = vfio_cxl_dcd_list(&dc->engine, page);
	if (ret)
		return ret;

	/* Where decoder 0 stands; what is read while it changes is of no use */
	down_read(&cxl->gate_sem);
	for (i = 0; i < page->count; i++)
		fill_extent(cxl, &piece->item[i], &piece->extent[i]);
	up_read(&cxl->gate_sem);
	if (copy_to_user(u64_to_user_ptr(arg->extents) +
			 arg->count * sizeof(piece->extent[0]), piece->extent,
			 page->count * sizeof(piece->extent[0])))
		return -EFAULT;
	arg->count += page->count;

	return 0;
}

/**
 * vfio_cxl_dc_list - VFIO_CXL_DC_LIST
 * @cxl: the device
 * @data: struct vfio_cxl_dc_list
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_list(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dc_list *arg = data;
	struct vfio_cxl_dcd_page page = {
		.start = arg->start,
		.changes = arg->changes,
		.tenant = !control,
	};
	struct dc_piece *piece;
	int ret;

	if (arg->flags || !arg->room || arg->room > DC_LIST_MOST ||
	    arg->reserved)
		return -EINVAL;
	arg->count = 0;
	arg->reason = dc ? VFIO_CXL_REASON_NONE : dc_reason(cxl);
	if (!dc)
		return dc_missing(cxl);

	piece = kmalloc(sizeof(*piece), GFP_KERNEL);
	if (!piece)
		return -ENOMEM;
	do
		ret = list_piece(cxl, dc, arg, piece, &page);
	while (!ret && page.more && arg->count < arg->room);
	kfree(piece);
	if (ret)
		return ret;

	arg->changes = page.changes;
	if (page.more) {
		arg->start = page.start;
		arg->flags |= VFIO_CXL_DC_LIST_MORE;
	}

	return 0;
}

static void status_of_extent(const struct vfio_cxl_dcd_item *item,
			     struct vfio_cxl_dcd_status *status)
{
	*status = (struct vfio_cxl_dcd_status){
		.offer = item->offer,
		.deadline_ns = item->deadline_ns,
		.state = item->state,
		.reach = item->reach,
		.reason = item->reason,
		.rc = item->rc,
		.requests = item->requests,
		.recovered = item->recovered,
		.mismatch = item->mismatch,
		.decided = item->decided,
		.deferred = item->deferred,
		.in_use = item->in_use,
	};
	status->nr[item->state] = 1;
	status->bytes[item->state] = item->len;
}

static void fill_status(const struct vfio_cxl_dcd_status *status,
			struct vfio_cxl_dc_status *arg)
{
	unsigned int n;

	arg->state = status->state;
	arg->reach = status->reach;
	arg->reason = status->reason;
	arg->rc = status->rc;
	arg->requests = status->requests;
	arg->offer = status->offer;
	arg->deadline = status->deadline_ns;
	for (n = 0; n < VFIO_CXL_DC_STATES; n++) {
		arg->nr[n] = status->nr[n];
		arg->bytes[n] = status->bytes[n];
		arg->since[n] = status->since_ns[n];
	}
	if (status->in_use)
		arg->flags |= VFIO_CXL_DC_STATUS_IN_USE;
	if (status->recovered)
		arg->flags |= VFIO_CXL_DC_STATUS_RECOVERED;
	if (status->decided)
		arg->flags |= VFIO_CXL_DC_STATUS_DECIDED;
	if (status->mismatch)
		arg->flags |= VFIO_CXL_DC_STATUS_MISMATCH;
	if (status->deferred)
		arg->flags |= VFIO_CXL_DC_STATUS_DEFERRED;
}

static bool is_null(const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	return !memchr_inv(tag, 0, VFIO_CXL_DC_TAG_LEN);
}

/**
 * vfio_cxl_dc_status - VFIO_CXL_DC_STATUS
 * @cxl: the device
 * @data: struct vfio_cxl_dc_status
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_status(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dc_status *arg = data;
	struct vfio_cxl_dcd_status status;
	struct vfio_cxl_dcd_item item;
	int region = VFIO_CXL_DC_ALL_REGIONS;
	int ret;

	switch (arg->flags) {
	case VFIO_CXL_DC_STATUS_EXTENT:
		if (!is_null(arg->tag) || !arg->extent || arg->region)
			return -EINVAL;
		break;
	case VFIO_CXL_DC_STATUS_REGION:
		region = arg->region;
		if (arg->region >= VFIO_CXL_DC_REGIONS)
			return -EINVAL;
		fallthrough;
	case 0:
		if (is_null(arg->tag) || arg->extent ||
		    (arg->region && !arg->flags))
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	arg->reason = dc ? VFIO_CXL_REASON_NONE : dc_reason(cxl);
	if (!dc)
		return dc_missing(cxl);

	if (arg->flags & VFIO_CXL_DC_STATUS_EXTENT) {
		ret = vfio_cxl_dcd_extent_status(&dc->engine, arg->extent,
						 !control, &item);
		if (ret)
			return ret;
		status_of_extent(&item, &status);
		memcpy(arg->tag, item.tag, sizeof(arg->tag));
		arg->region = item.region;
	} else {
		ret = vfio_cxl_dcd_tag_status(&dc->engine, arg->tag, region,
					      !control, &status);
		if (ret == -EAGAIN)
			arg->reason = VFIO_CXL_REASON_DC_COLLECTING;
		if (ret)
			return ret;
	}
	fill_status(&status, arg);

	return 0;
}

/* What one of the three decisions is */
struct dc_decision {
	int (*decide)(struct vfio_cxl_dcd *engine,
		      const struct vfio_cxl_dcd_select *select,
		      const struct vfio_cxl_dc_decide *arg,
		      struct vfio_cxl_dcd_result *result);
	u32 flags;		/* that may be given, but one at most */
	bool reach;		/* one has to be given */
};

static int decide_accept(struct vfio_cxl_dcd *engine,
			 const struct vfio_cxl_dcd_select *select,
			 const struct vfio_cxl_dc_decide *arg,
			 struct vfio_cxl_dcd_result *result)
{
	return vfio_cxl_dcd_accept(engine, select, arg->reach, result);
}

static int decide_reject(struct vfio_cxl_dcd *engine,
			 const struct vfio_cxl_dcd_select *select,
			 const struct vfio_cxl_dc_decide *arg,
			 struct vfio_cxl_dcd_result *result)
{
	return vfio_cxl_dcd_reject(engine, select, result);
}

static int decide_release(struct vfio_cxl_dcd *engine,
			  const struct vfio_cxl_dcd_select *select,
			  const struct vfio_cxl_dc_decide *arg,
			  struct vfio_cxl_dcd_result *result)
{
	enum vfio_cxl_dcd_how how =
		arg->flags & VFIO_CXL_DC_DECIDE_FORCE ? VFIO_CXL_DCD_FORCE :
		arg->flags & VFIO_CXL_DC_DECIDE_DEFER ? VFIO_CXL_DCD_DEFER :
							VFIO_CXL_DCD_UNUSED;

	return vfio_cxl_dcd_release(engine, select, how, result);
}

static bool reach_allowed(u32 reach, bool control)
{
	return control ? reach == VFIO_CXL_DC_REACH_DEVICE ||
			 reach == VFIO_CXL_DC_REACH_APP :
			 reach == VFIO_CXL_DC_REACH_TENANT;
}

static int decide_check(const struct vfio_cxl_dc_decide *arg,
			const struct dc_decision *decision, bool control)
{
	unsigned int named = !is_null(arg->tag) + !!arg->offer + !!arg->count;
	u32 flags = decision->flags;

	/* Who has the memory need not force anybody */
	if (!control)
		flags &= ~VFIO_CXL_DC_DECIDE_FORCE;
	if (arg->flags & ~flags || hweight32(arg->flags) > 1 || named != 1 ||
	    arg->reason || arg->rc || !arg->count != !arg->ids ||
	    arg->count > DC_IDS_MOST)
		return -EINVAL;
	if (decision->reach)
		return reach_allowed(arg->reach, control) ? 0 : -EINVAL;

	return arg->reach ? -EINVAL : 0;
}

static int decide_locked(struct vfio_cxl_device *cxl, struct vfio_cxl_dc *dc,
			 struct vfio_cxl_dc_decide *arg,
			 const struct dc_decision *decision,
			 const struct vfio_cxl_dcd_select *select)
{
	struct vfio_cxl_dcd_result result = {};
	int ret;

	if (mutex_lock_interruptible(&cxl->cmd_lock))
		return -ERESTARTSYS;
	ret = vfio_cxl_mailbox_ready(dc);
	if (ret) {
		mutex_unlock(&cxl->cmd_lock);
		arg->reason = VFIO_CXL_REASON_NOT_LIVE;
		return ret == -ENODEV ? ret : -EAGAIN;
	}
	ret = decision->decide(&dc->engine, select, arg, &result);
	mutex_unlock(&cxl->cmd_lock);

	if (result.already)
		arg->flags |= VFIO_CXL_DC_DECIDE_ALREADY;
	if (result.queued)
		arg->flags |= VFIO_CXL_DC_DECIDE_QUEUED;
	if (result.deferred)
		arg->flags |= VFIO_CXL_DC_DECIDE_DEFERRED;
	arg->reason = result.reason;
	arg->rc = result.rc;
	/* What is left to do may be due before the next look */
	vfio_cxl_events_kick(dc);

	return ret;
}

static int decide(struct vfio_cxl_device *cxl, struct vfio_cxl_dc_decide *arg,
		  const struct dc_decision *decision, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dcd_select select = {
		.tag = is_null(arg->tag) ? NULL : arg->tag,
		.offer = arg->offer,
		.count = arg->count,
		.tenant = !control,
	};
	u64 *ids = NULL;
	int ret;

	ret = decide_check(arg, decision, control);
	if (ret)
		return ret;
	if (!dc) {
		arg->reason = dc_reason(cxl);
		return dc_missing(cxl);
	}

	if (arg->count) {
		ids = vmemdup_array_user(u64_to_user_ptr(arg->ids), arg->count,
					 sizeof(*ids));
		if (IS_ERR(ids))
			return PTR_ERR(ids);
		select.ids = ids;
	}
	ret = decide_locked(cxl, dc, arg, decision, &select);
	kvfree(ids);

	return ret;
}

/**
 * vfio_cxl_dc_accept - VFIO_CXL_DC_ACCEPT
 * @cxl: the device
 * @data: struct vfio_cxl_dc_decide
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_accept(struct vfio_cxl_device *cxl, void *data, bool control)
{
	static const struct dc_decision decision = {
		.decide = decide_accept,
		.reach = true,
	};

	return decide(cxl, data, &decision, control);
}

/**
 * vfio_cxl_dc_reject - VFIO_CXL_DC_REJECT
 * @cxl: the device
 * @data: struct vfio_cxl_dc_decide
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_reject(struct vfio_cxl_device *cxl, void *data, bool control)
{
	static const struct dc_decision decision = {
		.decide = decide_reject,
	};

	return decide(cxl, data, &decision, control);
}

/**
 * vfio_cxl_dc_release - VFIO_CXL_DC_RELEASE
 * @cxl: the device
 * @data: struct vfio_cxl_dc_decide
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_release(struct vfio_cxl_device *cxl, void *data, bool control)
{
	static const struct dc_decision decision = {
		.decide = decide_release,
		.flags = VFIO_CXL_DC_DECIDE_FORCE | VFIO_CXL_DC_DECIDE_DEFER,
	};

	return decide(cxl, data, &decision, control);
}

/**
 * vfio_cxl_dc_deadline - VFIO_CXL_DC_DEADLINE
 * @cxl: the device, under cmd_lock
 * @data: struct vfio_cxl_dc_deadline
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_deadline(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dc_deadline *arg = data;
	int ret;

	if (arg->flags || !arg->offer || arg->reason || arg->reserved)
		return -EINVAL;
	arg->reason = dc ? VFIO_CXL_REASON_NONE : dc_reason(cxl);
	if (!dc)
		return dc_missing(cxl);

	ret = vfio_cxl_dcd_deadline(&dc->engine, arg->offer, arg->deadline);
	if (ret == -EAGAIN)
		arg->reason = VFIO_CXL_REASON_DC_COLLECTING;
	vfio_cxl_events_kick(dc);

	return ret;
}

/**
 * vfio_cxl_dc_eventfd - VFIO_CXL_DC_EVENTFD
 * @cxl: the device
 * @data: struct vfio_cxl_dc_eventfd
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_eventfd(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc_eventfd *arg = data;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	if (!vfio_cxl_dc_ready(cxl))
		return -EOPNOTSUPP;

	return vfio_cxl_changes_eventfd(cxl->changes, arg->fd);
}
