// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ioctls of Dynamic Capacity that ask
 *
 * Between the uAPI and the engines, of the device and of host memory. But for the
 * counters they don't take cmd_lock, so that they don't wait for a device that is
 * busy.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "changes.h"
#include "dc.h"
#include "host.h"
#include "vfio_cxl.h"

#define DC_LIST_MOST	4096
/* Extents that are copied out at once */
#define DC_LIST_PIECE	32

/**
 * vfio_cxl_dc_missing - the device does no Dynamic Capacity, or does not say yet
 * @cxl: the device
 * @reason: filled in
 *
 * Return: -EOPNOTSUPP or -EAGAIN.
 */
int vfio_cxl_dc_missing(struct vfio_cxl_device *cxl, u32 *reason)
{
	*reason = vfio_cxl_dc_why(cxl);

	return vfio_cxl_dc_never(cxl) ? -EOPNOTSUPP : -EAGAIN;
}

/* @window: that decoder 0 decodes in; negative for none, or not to be told */
static void fill_regions(struct vfio_cxl_device *cxl,
			 const struct vfio_cxl_dcd_config *config, int window,
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
		if (window >= 0 && to->covered) {
			to->flags |= VFIO_CXL_DC_REGION_WINDOW;
			to->window = window;
		}
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

/* That decoder 0 decodes in. The host's address map is not for a VFIO user */
static int own_window(struct vfio_cxl_device *cxl, bool control)
{
	int window = -ENOENT;

	if (control && vfio_cxl_has_memory(cxl))
		window = vfio_cxl_window_of(cxl->memory.base);

	return window > U16_MAX ? -ENOENT : window;
}

static void fill_device(struct vfio_cxl_device *cxl, struct vfio_cxl_dc *dc,
			struct vfio_cxl_dc_info *info, bool control)
{
	int window = own_window(cxl, control);

	info->flags = VFIO_CXL_DC_INFO_CAPABLE;
	if (dc->started && vfio_cxl_dcd_synced(&dc->engine))
		info->flags |= VFIO_CXL_DC_INFO_SYNCED;
	else
		info->reason = VFIO_CXL_REASON_DC_NOT_SYNCED;
	spin_lock(&dc->lock);
	fill_regions(cxl, &dc->engine.config, window, info);
	fill_counts(dc, info);
	spin_unlock(&dc->lock);
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
	info->sequence = vfio_cxl_changes_sequence(cxl->changes);
	info->reason = vfio_cxl_dc_why(cxl);
	if (dc)
		fill_device(cxl, dc, info, control);
	if (cxl->host)
		vfio_cxl_host_info(cxl->host, info, control);

	return 0;
}

/* @window: as for regions */
static void fill_extent(struct vfio_cxl_device *cxl,
			const struct vfio_cxl_dcd_item *item, int window,
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
	if (item->id >= VFIO_CXL_HOST_FIRST_ID)
		vfio_cxl_host_fill(cxl->host, item, extent);
	else if (window >= 0 && extent->offset != VFIO_CXL_DC_NOWHERE)
		extent->flags |= VFIO_CXL_DC_EXTENT_WINDOW |
				 (u32)window << VFIO_CXL_DC_EXTENT_WINDOW_SHIFT;
}

struct dc_piece {
	struct vfio_cxl_dcd_item item[DC_LIST_PIECE];
	struct vfio_cxl_dc_extent extent[DC_LIST_PIECE];
};

/* The next few extents, straight to the user. The engines see that none is missed */
static int list_piece(struct vfio_cxl_device *cxl, struct vfio_cxl_dc_list *arg,
		      struct dc_piece *piece, struct vfio_cxl_dcd_page *page)
{
	int window, ret;
	u32 i;

	page->room = min_t(u32, arg->room - arg->count, DC_LIST_PIECE);
	page->item = piece->item;
	ret = vfio_cxl_engines_list(cxl, page);
	if (ret)
		return ret;

	/* Where decoder 0 stands; what is read while it changes is of no use */
	window = own_window(cxl, !page->tenant);
	down_read(&cxl->gate_sem);
	for (i = 0; i < page->count; i++)
		fill_extent(cxl, &piece->item[i], window, &piece->extent[i]);
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
	arg->reason = VFIO_CXL_REASON_NONE;
	if (!vfio_cxl_dc_ready(cxl) &&
	    !(vfio_cxl_host_ready(cxl) && vfio_cxl_dc_never(cxl)))
		return vfio_cxl_dc_missing(cxl, &arg->reason);

	piece = kmalloc(sizeof(*piece), GFP_KERNEL);
	if (!piece)
		return -ENOMEM;
	do
		ret = list_piece(cxl, arg, piece, &page);
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

static int status_check(const struct vfio_cxl_dc_status *arg)
{
	switch (arg->flags) {
	case VFIO_CXL_DC_STATUS_EXTENT:
		return !is_null(arg->tag) || !arg->extent || arg->region ?
		       -EINVAL : 0;
	case VFIO_CXL_DC_STATUS_REGION:
		if (arg->region >= VFIO_CXL_DC_HOST_REGION +
				   VFIO_CXL_DC_HOST_REGIONS)
			return -EINVAL;
		fallthrough;
	case 0:
		return is_null(arg->tag) || arg->extent ||
		       (arg->region && !arg->flags) ? -EINVAL : 0;
	}

	return -EINVAL;
}

/* Whose is it? A region says so, a tag or an id may */
static bool status_of_host(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_dc_status *arg)
{
	if (arg->flags & VFIO_CXL_DC_STATUS_EXTENT)
		return vfio_cxl_engines_is_host_id(cxl, arg->extent);
	if (arg->flags & VFIO_CXL_DC_STATUS_REGION && vfio_cxl_host_ready(cxl) &&
	    (arg->region >= VFIO_CXL_DC_HOST_REGION || vfio_cxl_dc_ready(cxl)))
		return arg->region >= VFIO_CXL_DC_HOST_REGION;

	return vfio_cxl_engines_is_host(cxl, arg->tag);
}

static int status_ask(struct vfio_cxl_dcd *engine, u32 first, bool tenant,
		      struct vfio_cxl_dc_status *arg,
		      struct vfio_cxl_dcd_status *status)
{
	int region = VFIO_CXL_DC_ALL_REGIONS;
	struct vfio_cxl_dcd_item item;
	int ret;

	if (arg->flags & VFIO_CXL_DC_STATUS_EXTENT) {
		ret = vfio_cxl_dcd_extent_status(engine, arg->extent, tenant,
						 &item);
		if (ret)
			return ret;
		status_of_extent(&item, status);
		memcpy(arg->tag, item.tag, sizeof(arg->tag));
		arg->region = first + item.region;
		return 0;
	}
	if (arg->flags & VFIO_CXL_DC_STATUS_REGION) {
		if (arg->region < first)
			return -ENOENT;
		region = arg->region - first;
	}
	ret = vfio_cxl_dcd_tag_status(engine, arg->tag, region, tenant, status);
	if (ret == -EAGAIN)
		arg->reason = VFIO_CXL_REASON_DC_COLLECTING;

	return ret;
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
	bool host;
	int ret;

	ret = status_check(arg);
	if (ret)
		return ret;
	arg->reason = VFIO_CXL_REASON_NONE;
	host = status_of_host(cxl, arg);
	if (!host && !dc)
		return vfio_cxl_dc_missing(cxl, &arg->reason);
	ret = status_ask(host ? &vfio_cxl_host_ready(cxl)->engine : &dc->engine,
			 host ? VFIO_CXL_DC_HOST_REGION : 0, !control, arg,
			 &status);
	if (ret)
		return ret;
	fill_status(&status, arg);
	if (host)
		arg->flags |= VFIO_CXL_DC_STATUS_HOST;

	return 0;
}
