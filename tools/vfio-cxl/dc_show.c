// SPDX-License-Identifier: GPL-2.0-only
/* dc show; how much Dynamic Capacity a device has, for list and status. */
#include <errno.h>
#include <string.h>

#include "dc.h"

/* Of host memory too */
static const struct column lines[] = {
	{ "flags", "flags", FORMAT_TEXT },
	{ "offered", "bytes.PENDING", FORMAT_SIZE },
	{ "being accepted", "bytes.ACCEPTING", FORMAT_SIZE },
	{ "held", "bytes.COMMITTED", FORMAT_SIZE },
	{ "being released", "bytes.RELEASING", FORMAT_SIZE },
	{ "open offers", "open_offers", FORMAT_TEXT },
	{ "log is at", "sequence", FORMAT_TEXT },
};

static const struct column device_lines[] = {
	{ "device's extents", "extents_supported", FORMAT_TEXT },
	{ "  available", "extents_available", FORMAT_TEXT },
	{ "driver's limits", "", FORMAT_TEXT },
	{ "  extents", "max_extents", FORMAT_TEXT },
	{ "  open offers", "max_offers", FORMAT_TEXT },
	{ "  tags remembered", "max_tombstones", FORMAT_TEXT },
	{ "looks every (ms)", "poll_ms", FORMAT_TEXT },
	{ "so far: offers", "offers", FORMAT_TEXT },
	{ "  answered", "answers", FORMAT_TEXT },
	{ "  damaged", "damaged", FORMAT_TEXT },
	{ "  over a limit", "limited", FORMAT_TEXT },
	{ "  put right", "recoveries", FORMAT_TEXT },
	{ "records: late", "late", FORMAT_TEXT },
	{ "  ignored", "ignored", FORMAT_TEXT },
	{ "  odd", "odd", FORMAT_TEXT },
	{ "log overflows", "overflows", FORMAT_TEXT },
	{ "lists read", "syncs", FORMAT_TEXT },
	{ "extents revoked", "revoked", FORMAT_TEXT },
};

static const struct column regions[] = {
	{ "REGION", "region", FORMAT_TEXT },
	{ "DPA", "dpa", FORMAT_HEX },
	{ "SIZE", "length", FORMAT_SIZE },
	{ "BLOCK", "block_size", FORMAT_SIZE },
	{ "DECODED", "covered", FORMAT_SIZE },
	{ "OFFSET", "offset", FORMAT_HEX },
	{ "FLAGS", "flags", FORMAT_TEXT },
};

static const struct column window_lines[] = {
	{ "host memory window", "window_size", FORMAT_SIZE },
};

static const struct column host_regions[] = {
	{ "REGION", "region", FORMAT_TEXT },
	{ "SIZE", "length", FORMAT_SIZE },
	{ "BLOCK", "block_size", FORMAT_SIZE },
	{ "OFFSET", "offset", FORMAT_HEX },
};

static void print_why(const char *title, uint32_t reason)
{
	const char *why = vcxl_reason_why(reason);
	const char *next = vcxl_reason_next(reason);

	printf("  %-18s %s\n", title, why ? why :
	       "of a reason that this vfio-cxl does not know");
	if (next && *next)
		printf("  %-18s -> %s\n", "", next);
}

/* One without a key is a heading */
static void print_all(struct json_object *o, const struct column *columns,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (*columns[i].key)
			print_lines(o, &columns[i], 1);
		else
			printf("  %s\n", columns[i].title);
}

static void print_device(const struct vfio_cxl_dc_info *info,
			 struct json_object *o)
{
	struct json_object *list = lookup(o, "regions");

	print_all(o, device_lines, ARRAY_SIZE(device_lines));
	if (!(info->flags & VFIO_CXL_DC_INFO_SYNCED))
		print_why("not known because", info->reason);
	if (json_object_array_length(list))
		print_table(list, regions, ARRAY_SIZE(regions));
	print_places(list, "what is DECODED is");
}

static void print_info(const char *name, const struct vfio_cxl_dc_info *info,
		       struct json_object *o)
{
	bool capable = info->flags & VFIO_CXL_DC_INFO_CAPABLE;
	bool window = info->flags & VFIO_CXL_DC_INFO_WINDOW;
	struct json_object *list = lookup(o, "host_regions");

	puts(name);
	if (!capable)
		print_why("none, because", info->reason);
	if (capable || window)
		print_all(o, lines, ARRAY_SIZE(lines));
	if (capable)
		print_device(info, o);
	if (!window)
		return;
	print_all(o, window_lines, ARRAY_SIZE(window_lines));
	print_table(list, host_regions, ARRAY_SIZE(host_regions));
}

static int show(struct args *args, struct vcxl_device *dev)
{
	struct json_object *records, *o;
	struct vfio_cxl_dc_info info;
	struct places places;
	int ret = vcxl_dc_info(dev, &info);

	if (!ret)
		ret = read_places(dev, &info, &places);
	if (ret)
		return report(args, ret);
	records = json_list();
	o = json_dc_info(&info, &places);
	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_append(records, o);
	if (args->opt[OPT_JSON])
		print_json("capacities", records);
	else
		print_info(vcxl_device_name(dev), &info, o);
	json_object_put(records);
	return EXIT_DONE;
}

int cmd_dc_show(struct args *args)
{
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = show(args, dev);
	vcxl_device_free(dev);
	return ret;
}

struct json_object *json_capacity(struct vcxl_device *dev)
{
	struct vfio_cxl_dc_info info;
	struct json_object *o;
	uint64_t total = 0;
	uint32_t i;

	if (enough(vcxl_dc_info(dev, &info)) ||
	    !(info.flags & (VFIO_CXL_DC_INFO_CAPABLE | VFIO_CXL_DC_INFO_WINDOW)))
		return NULL;
	for (i = 0; i < info.region_count; i++)
		total += info.region[i].length;
	for (i = 0; i < info.host_region_count; i++)
		total += info.host_region[i].length;
	o = json_record();
	json_add(o, "total", json_u64(total));
	json_add(o, "pending", json_u64(info.bytes[VFIO_CXL_DC_PENDING]));
	json_add(o, "committed", json_u64(info.bytes[VFIO_CXL_DC_COMMITTED]));
	return o;
}
