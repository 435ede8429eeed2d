// SPDX-License-Identifier: GPL-2.0-only
/* Records of Dynamic Capacity. */
#include "dc.h"

#define ADD_U64(o, s, field) \
	json_add(o, #field, json_u64((s)->field))

/* One value for each state, by its name; nothing is in NONE */
static struct json_object *json_by_state(const uint64_t *values)
{
	struct json_object *o = json_record();
	uint32_t state;

	for (state = VFIO_CXL_DC_PENDING; state < VFIO_CXL_DC_STATES; state++)
		json_add(o, vcxl_dc_state_name(state), json_u64(values[state]));
	return o;
}

/* An offset or a time; all ones are none */
static struct json_object *json_or_none(uint64_t value)
{
	return value == UINT64_MAX ? NULL : json_u64(value);
}

struct json_object *json_place(const struct places *places, uint32_t region)
{
	const struct vfio_cxl_window *window;
	struct json_object *o;

	if (region >= VFIO_CXL_DC_REGIONS || !places->window[region].size)
		return NULL;
	window = &places->window[region];
	o = json_record();
	ADD_U64(o, window, index);
	ADD_U64(o, window, base);
	ADD_U64(o, window, size);
	return o;
}

static struct json_object *json_region(uint32_t index,
				       const struct vfio_cxl_dc_region *region,
				       const struct places *places)
{
	struct json_object *o = json_record();

	json_add(o, "region", json_u64(index));
	json_add(o, "dpa", index < VFIO_CXL_DC_HOST_REGION ?
		 json_u64(region->dpa) : NULL);
	ADD_U64(o, region, decode_length);
	ADD_U64(o, region, length);
	ADD_U64(o, region, block_size);
	ADD_U64(o, region, covered);
	json_add(o, "offset", region->covered ? json_or_none(region->offset) :
		 NULL);
	json_add(o, "fixed_window", json_place(places, index));
	json_add(o, "flags", json_bits(region->flags,
				       vcxl_dc_region_flag_name));
	return o;
}

struct json_object *json_dc_info(const struct vfio_cxl_dc_info *info,
				 const struct places *places)
{
	bool window = info->flags & VFIO_CXL_DC_INFO_WINDOW;
	struct json_object *regions = json_list();
	struct json_object *host = json_list();
	struct json_object *o = json_record();
	uint32_t i;

	json_add(o, "flags", json_bits(info->flags, vcxl_dc_info_flag_name));
	json_add(o, "reason", json_enum(info->reason, vcxl_reason_name));
	ADD_U64(o, info, extents_supported);
	ADD_U64(o, info, extents_available);
	ADD_U64(o, info, max_extents);
	ADD_U64(o, info, max_offers);
	ADD_U64(o, info, max_tombstones);
	ADD_U64(o, info, open_offers);
	ADD_U64(o, info, poll_ms);
	json_add(o, "nr", json_by_state((const uint64_t *)info->nr));
	json_add(o, "bytes", json_by_state((const uint64_t *)info->bytes));
	ADD_U64(o, info, changes);
	ADD_U64(o, info, sequence);
	ADD_U64(o, info, offers);
	ADD_U64(o, info, answers);
	ADD_U64(o, info, damaged);
	ADD_U64(o, info, limited);
	ADD_U64(o, info, recoveries);
	ADD_U64(o, info, late);
	ADD_U64(o, info, ignored);
	ADD_U64(o, info, odd);
	ADD_U64(o, info, overflows);
	ADD_U64(o, info, syncs);
	ADD_U64(o, info, revoked);
	for (i = 0; i < info->region_count; i++)
		json_append(regions, json_region(i, &info->region[i], places));
	json_add(o, "regions", regions);
	json_add(o, "window_size", window ? json_u64(info->window_size) : NULL);
	json_add(o, "window_region", info->window_region ?
		 json_u64(info->window_region) : NULL);
	for (i = 0; i < info->host_region_count; i++)
		json_append(host, json_region(VFIO_CXL_DC_HOST_REGION + i,
					      &info->host_region[i], places));
	json_add(o, "host_regions", host);
	return o;
}

struct json_object *json_dc_extent(const char *device,
				   const struct vfio_cxl_dc_extent *extent,
				   const struct places *places)
{
	bool host = extent->flags & VFIO_CXL_DC_EXTENT_HOST;
	struct json_object *o = json_record();

	json_add(o, "device", json_text(device));
	ADD_U64(o, extent, id);
	ADD_U64(o, extent, offer);
	json_add(o, "dpa", host ? NULL : json_u64(extent->dpa));
	json_add(o, "backend", host ? json_u64(extent->backend) : NULL);
	ADD_U64(o, extent, length);
	json_add(o, "offset", json_or_none(extent->offset));
	json_add(o, "fixed_window", has_place(extent) ?
		 json_place(places, extent->region) : NULL);
	json_add(o, "tag", json_tag(extent->tag));
	json_add(o, "state", json_enum(extent->state, vcxl_dc_state_name));
	json_add(o, "reach", json_enum(extent->reach, vcxl_dc_reach_name));
	json_add(o, "reason", json_enum(extent->reason, vcxl_reason_name));
	ADD_U64(o, extent, rc);
	ADD_U64(o, extent, requests);
	/* In which window is told by itself */
	json_add(o, "flags", json_bits(extent->flags &
				       (VFIO_CXL_DC_EXTENT_WINDOW - 1),
				       vcxl_dc_extent_flag_name));
	json_add(o, "in_use",
		 json_flag(extent->flags & VFIO_CXL_DC_EXTENT_IN_USE));
	json_add(o, "release_deferred",
		 json_flag(extent->flags & VFIO_CXL_DC_EXTENT_DEFERRED));
	ADD_U64(o, extent, region);
	ADD_U64(o, extent, sequence);
	return o;
}

struct json_object *json_dc_status(const struct vfio_cxl_dc_status *status)
{
	bool by_id = status->flags & VFIO_CXL_DC_STATUS_EXTENT;
	bool in_region = status->flags & VFIO_CXL_DC_STATUS_REGION;
	struct json_object *o = json_record();

	json_add(o, "tag", json_tag(status->tag));
	json_add(o, "extent", by_id ? json_u64(status->extent) : NULL);
	json_add(o, "region", by_id || in_region ? json_u64(status->region) :
		 NULL);
	json_add(o, "flags", json_bits(status->flags,
				       vcxl_dc_status_flag_name));
	json_add(o, "state", json_enum(status->state, vcxl_dc_state_name));
	json_add(o, "reach", json_enum(status->reach, vcxl_dc_reach_name));
	json_add(o, "in_use",
		 json_flag(status->flags & VFIO_CXL_DC_STATUS_IN_USE));
	json_add(o, "release_requested", json_flag(status->requests));
	json_add(o, "release_deferred",
		 json_flag(status->flags & VFIO_CXL_DC_STATUS_DEFERRED));
	ADD_U64(o, status, requests);
	json_add(o, "reason", json_enum(status->reason, vcxl_reason_name));
	ADD_U64(o, status, rc);
	ADD_U64(o, status, offer);
	json_add(o, "deadline", json_or_none(status->deadline));
	json_add(o, "nr", json_by_state((const uint64_t *)status->nr));
	json_add(o, "bytes", json_by_state((const uint64_t *)status->bytes));
	json_add(o, "since", json_by_state((const uint64_t *)status->since));
	return o;
}

struct json_object *json_dc_event(const struct vfio_cxl_dc_event *event)
{
	bool state = event->kind == VFIO_CXL_DC_CHANGE_STATE;
	struct json_object *o = json_record();

	ADD_U64(o, event, sequence);
	ADD_U64(o, event, time);
	json_add(o, "kind", json_enum(event->kind, vcxl_dc_change_name));
	json_add(o, "state", state || event->state ?
		 json_enum(event->state, vcxl_dc_state_name) : NULL);
	json_add(o, "reach", json_enum(event->reach, vcxl_dc_reach_name));
	json_add(o, "reason", json_enum(event->reason, vcxl_reason_name));
	ADD_U64(o, event, rc);
	ADD_U64(o, event, region);
	ADD_U64(o, event, offer);
	ADD_U64(o, event, extent);
	ADD_U64(o, event, length);
	json_add(o, "tag", json_tag(event->tag));
	return o;
}
