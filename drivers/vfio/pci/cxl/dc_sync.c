// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: what the device says of itself
 *
 * Reads the regions (4800h) and the list of extents that the device holds to be
 * accepted (4801h), and brings the books here in line with that. The device may
 * change the list meanwhile, pad it, or lie: what doesn't fit is not believed.
 */
#include <linux/sort.h>

#include "dc_engine.h"

/* The region that holds all of it, or -1 */
int dc_region_of(struct vfio_cxl_dcd *dcd, u64 dpa, u64 len)
{
	const struct vfio_cxl_dcd_region *region;
	u32 i;

	for (i = 0; i < dcd->config.count; i++) {
		region = &dcd->config.region[i];
		if (dpa >= region->base && len <= region->len &&
		    dpa - region->base <= region->len - len)
			return i;
	}

	return -1;
}

/* 8.2.9.9.9.1, Table 8-165 */
static bool parse_region(struct vfio_cxl_dcd *dcd,
			 const struct cxl_dc_region *wire, u64 from,
			 struct vfio_cxl_dcd_region *region)
{
	u64 units = le64_to_cpu(wire->decode_length), end;
	u32 dsmad = le32_to_cpu(wire->dsmad);

	*region = (struct vfio_cxl_dcd_region){
		.base = le64_to_cpu(wire->base),
		.len = le64_to_cpu(wire->length),
		.block = le64_to_cpu(wire->block_size),
		.sanitize = wire->flags & BIT(0),
	};
	if (!is_power_of_2(region->block) || region->block < 64 ||
	    !IS_ALIGNED(region->base, max(region->block, (u64)CXL_DC_UNIT)) ||
	    region->base < from || dsmad > U8_MAX)
		return false;
	if (check_mul_overflow(units, (u64)CXL_DC_UNIT, &region->decode_len) ||
	    check_add_overflow(region->base, region->decode_len, &end))
		return false;
	if (!region->len || region->len > region->decode_len ||
	    !IS_ALIGNED(region->len, region->block))
		return false;
	region->sharable = dcd->ops->sharable &&
			   dcd->ops->sharable(dcd->ctx, dsmad);

	return true;
}

/* From region config->count on, as many as fit; the first page says of how many */
static int read_config_page(struct vfio_cxl_dcd *dcd,
			    struct vfio_cxl_dcd_config *config, u32 *available)
{
	const struct cxl_dc_config_out *out = dcd->out;
	struct cxl_dc_config_in *in = dcd->in;
	const struct cxl_dc_config_tail *tail;
	u32 asked, first = config->count, i;
	size_t size;
	u64 from = 0;
	int ret;

	asked = (dcd->limits.payload - sizeof(*out) - sizeof(*tail)) /
		sizeof(out->region[0]);
	asked = min_t(u32, asked, CXL_DC_MAX_REGIONS - first);
	*in = (struct cxl_dc_config_in){ .count = asked, .first = first };
	ret = dc_command(dcd, CXL_DC_GET_CONFIG, sizeof(*in),
			 dcd->limits.payload, &size, NULL);
	if (ret)
		return ret;
	if (size < sizeof(*out) ||
	    out->available > CXL_DC_MAX_REGIONS || out->returned > asked ||
	    first + out->returned > out->available ||
	    (first && out->available != *available) ||
	    (!out->returned && first < out->available) ||
	    size < sizeof(*out) + out->returned * sizeof(out->region[0]) +
		   sizeof(*tail))
		return -EIO;
	*available = out->available;

	if (first)
		from = config->region[first - 1].base +
		       config->region[first - 1].decode_len;
	for (i = 0; i < out->returned; i++) {
		if (!parse_region(dcd, &out->region[i], from,
				  &config->region[first + i]))
			return -EIO;
		from = config->region[first + i].base +
		       config->region[first + i].decode_len;
	}
	config->count += out->returned;
	tail = (const void *)&out->region[out->returned];
	config->extents_supported = get_unaligned_le32(&tail->extents_supported);
	config->extents_available = get_unaligned_le32(&tail->extents_available);

	return 0;
}

int dc_read_config(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_config *config)
{
	u32 available = 0;
	int ret;

	memset(config, 0, sizeof(*config));
	do
		ret = read_config_page(dcd, config, &available);
	while (!ret && config->count < available);

	return ret;
}

/*
 * The list of extents
 */

static int order(const void *a, const void *b)
{
	const struct dc_list_entry *x = a, *y = b;

	if (x->dpa != y->dpa)
		return x->dpa < y->dpa ? -1 : 1;
	return 0;
}

static void take_entry(struct vfio_cxl_dcd *dcd, struct dc_list *list,
		       const struct cxl_dc_extent *wire)
{
	struct dc_list_entry *entry = &list->entry[list->count];
	int region;

	entry->dpa = le64_to_cpu(wire->dpa);
	entry->len = le64_to_cpu(wire->length);
	/* Some devices fill up with zeros */
	if (!entry->len)
		return;
	region = dc_region_of(dcd, entry->dpa, entry->len);
	if (region < 0 || !IS_ALIGNED(entry->dpa | entry->len,
				      dcd->config.region[region].block)) {
		dcd->stats.odd++;
		return;
	}
	entry->sequence = le16_to_cpu(wire->sequence);
	memcpy(entry->tag, wire->tag, sizeof(entry->tag));
	list->count++;
}

/* Entries that an answer has room for */
static u32 page_room(const struct vfio_cxl_dcd *dcd)
{
	const struct cxl_dc_extents_out *out = dcd->out;

	return (dcd->limits.payload - sizeof(*out)) / sizeof(out->extent[0]);
}

/* A page of the list. 1: the list is another one now; 0: there was progress */
static int read_page(struct vfio_cxl_dcd *dcd, struct dc_list *list, u32 *start,
		     u32 *total, u32 *generation)
{
	const struct cxl_dc_extents_out *out = dcd->out;
	struct cxl_dc_extents_in *in = dcd->in;
	u32 asked, got, i;
	size_t size;
	int ret;

	asked = page_room(dcd);
	in->count = cpu_to_le32(asked);
	in->start = cpu_to_le32(*start);
	ret = dc_command(dcd, CXL_DC_GET_EXTENTS, sizeof(*in),
			 dcd->limits.payload, &size, NULL);
	/* Behind the end of a list that became shorter is no valid place */
	if (ret == -EIO && *start)
		return 1;
	if (ret)
		return ret;
	if (size < sizeof(*out))
		return -EIO;
	if (!*start) {
		*total = le32_to_cpu(out->total);
		*generation = le32_to_cpu(out->generation);
		if (*total > dcd->limits.extents)
			return -ENOSPC;
		list->entry = NULL;
		if (*total)
			list->entry = dc_alloc(dcd, *total *
					       sizeof(*list->entry));
		if (*total && !list->entry)
			return -ENOMEM;
	} else if (*total != le32_to_cpu(out->total) ||
		   *generation != le32_to_cpu(out->generation)) {
		return 1;
	}

	got = min(asked, le32_to_cpu(out->returned));
	got = min_t(size_t, got, (size - sizeof(*out)) / sizeof(out->extent[0]));
	got = min(got, *total - *start);
	if (!got && *start < *total)
		return -EIO;
	for (i = 0; i < got; i++)
		take_entry(dcd, list, &out->extent[i]);
	*start += got;

	return 0;
}

/* It is the device's word how many pages there are, and its time that each takes */
static int read_pages(struct vfio_cxl_dcd *dcd, struct dc_list *list, u64 begin_ns)
{
	u32 start = 0, total = 0, generation = 0;
	u64 end_ns = begin_ns + VFIO_CXL_DC_LIST_NS;
	int ret;

	*list = (struct dc_list){};
	do {
		ret = read_page(dcd, list, &start, &total, &generation);
		if (ret || start == total ||
		    dc_now(dcd) <= end_ns + total / page_room(dcd) *
				   VFIO_CXL_DC_PAGE_NS)
			continue;
		/* Nor once more for the next extent while others wait */
		dcd->list_ns = dc_later(dcd, VFIO_CXL_DC_BACKOFF_MAX);
		ret = -ETIMEDOUT;
	} while (!ret && start < total);
	if (ret)
		dc_free_list(dcd, list);

	return ret;
}

/* Of entries that overlap, the one behind begins where the other ends */
static void clip(struct vfio_cxl_dcd *dcd, struct dc_list *list)
{
	u64 end = 0, entry_end;
	u32 i, count = 0;

	for (i = 0; i < list->count; i++) {
		struct dc_list_entry entry = list->entry[i];

		entry_end = entry.dpa + entry.len;
		if (entry.dpa < end)
			dcd->stats.odd++;
		entry.dpa = max(entry.dpa, end);
		if (entry.dpa >= entry_end)
			continue;
		entry.len = entry_end - entry.dpa;
		end = entry_end;
		list->entry[count++] = entry;
	}
	list->count = count;
}

/* On success the caller has to free it */
int dc_read_list(struct vfio_cxl_dcd *dcd, struct dc_list *list)
{
	u64 begin_ns = dc_now(dcd);
	int tries, ret = -EAGAIN;

	if (begin_ns < dcd->list_ns)
		return -ETIMEDOUT;
	for (tries = 0; tries <= VFIO_CXL_DC_RESTARTS; tries++) {
		ret = read_pages(dcd, list, begin_ns);
		if (ret <= 0)
			break;
		ret = -EAGAIN;
	}
	if (ret)
		return ret;
	if (list->count)
		sort(list->entry, list->count, sizeof(*list->entry), order,
		     NULL);
	clip(dcd, list);

	return 0;
}

void dc_free_list(struct vfio_cxl_dcd *dcd, struct dc_list *list)
{
	dc_free(dcd, list->entry);
	*list = (struct dc_list){};
}

/* The first entry that ends behind @dpa */
static u32 list_at(const struct dc_list *list, u64 dpa)
{
	u32 low = 0, high = list->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (list->entry[middle].dpa + list->entry[middle].len > dpa)
			high = middle;
		else
			low = middle + 1;
	}

	return low;
}

bool dc_list_touches(const struct dc_list *list, u64 dpa, u64 len)
{
	u32 i = list_at(list, dpa);

	return i < list->count && list->entry[i].dpa < dpa + len;
}

/* All of it, which may be in several pieces */
bool dc_list_has(const struct dc_list *list, u64 dpa, u64 len)
{
	u64 end = dpa + len;
	u32 i;

	for (i = list_at(list, dpa); i < list->count && dpa < end; i++) {
		if (list->entry[i].dpa > dpa)
			return false;
		dpa = list->entry[i].dpa + list->entry[i].len;
	}

	return dpa >= end;
}

/*
 * The books and the list
 */

/* What we hold and the device doesn't list is lost, or was given back */
static void strike_missing(struct vfio_cxl_dcd *dcd, const struct dc_list *list)
{
	struct vfio_cxl_dcd_extent *e;
	struct rb_node *node, *next;
	struct dc_group *group;

	for (node = rb_first(&dcd->held); node; node = next) {
		next = rb_next(node);
		e = rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
		if (dc_list_has(list, e->dpa, e->len))
			continue;
		if (e->state == VFIO_CXL_DC_COMMITTED) {
			dc_revoke(dcd, e, VFIO_CXL_REASON_DC_MISSING);
			continue;
		}
		dc_move_one(dcd, e, VFIO_CXL_DC_RELEASED, VFIO_CXL_REASON_NONE);
		dc_bury(dcd, e->group);
	}
	list_for_each_entry(group, &dcd->groups, node)
		group->unsure = false;
}

/* Where a tag lives already, what is found with it is not a part of that */
static struct dc_group *found_group(struct vfio_cxl_dcd *dcd,
				    const struct dc_list_entry *entry)
{
	bool null = dc_tag_is_null(entry->tag);
	struct dc_group *group = null ? NULL : dc_by_tag(dcd, entry->tag);
	bool lives = group && !group->tomb;

	if (lives && group->recovered && group->sync == dcd->stats.syncs)
		return group;
	group = dc_group_new(dcd, entry->tag, !null && !lives);
	if (!group)
		return NULL;
	group->recovered = true;
	group->sync = dcd->stats.syncs;

	return group;
}

static int add_found(struct vfio_cxl_dcd *dcd,
		     const struct dc_list_entry *entry, u64 dpa, u64 end)
{
	struct vfio_cxl_dcd_extent *e = NULL;
	struct dc_group *group;

	if (dcd->nr_extents >= dcd->limits.extents)
		return -ENOSPC;
	group = found_group(dcd, entry);
	if (group)
		e = dc_extent_new(dcd, group, dpa, end - dpa, entry->sequence);
	if (!e) {
		if (group && !group->count)
			dc_group_free(dcd, group);
		return -ENOMEM;
	}
	e->region = dc_region_of(dcd, e->dpa, e->len);
	dc_lock(dcd);
	dc_show(dcd, e);
	dc_unlock(dcd);
	dc_move_one(dcd, e, VFIO_CXL_DC_COMMITTED,
		    VFIO_CXL_REASON_DC_RECOVERED);

	return 0;
}

/* What the device lists and nobody here knows of is held, but reachable by none */
static int add_unknown(struct vfio_cxl_dcd *dcd, const struct dc_list *list)
{
	const struct dc_list_entry *entry;
	struct vfio_cxl_dcd_extent *e;
	u64 dpa, end, piece_end;
	u32 i;
	int ret;

	for (i = 0; i < list->count; i++) {
		entry = &list->entry[i];
		end = entry->dpa + entry->len;
		for (dpa = entry->dpa; dpa < end; dpa = piece_end) {
			e = dc_at(&dcd->held, dpa);
			if (e && e->dpa <= dpa) {
				piece_end = e->dpa + e->len;
				continue;
			}
			piece_end = e ? min(end, e->dpa) : end;
			ret = add_found(dcd, entry, dpa, piece_end);
			if (ret)
				return ret;
		}
	}

	return 0;
}

/*
 * Brings the books in line with the device's list. On an error they are as good
 * as they can be, and the list will have to be read again.
 */
int dc_sync(struct vfio_cxl_dcd *dcd)
{
	struct dc_offer *offer;
	struct dc_list list;
	int ret;

	ret = dc_read_list(dcd, &list);
	if (ret)
		return ret;
	dcd->stats.syncs++;
	/* An answer of which nobody knows whether it came to the device */
	offer = list_first_entry_or_null(&dcd->offers, struct dc_offer, node);
	if (offer && offer->unsure) {
		offer->unsure = false;
		if (dc_is_listed(&list, offer)) {
			dc_commit(dcd, offer);
			dc_offer_done(dcd, offer);
		}
	}
	strike_missing(dcd, &list);
	ret = add_unknown(dcd, &list);
	dc_free_list(dcd, &list);
	dc_tell(dcd, VFIO_CXL_DC_CHANGE_SYNC, 0, VFIO_CXL_REASON_NONE);

	return ret;
}
