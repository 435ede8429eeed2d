// SPDX-License-Identifier: GPL-2.0-only
/* dc list */
#include <errno.h>
#include <stdlib.h>

#include "dc.h"

#define COLUMNS(title, key) {			\
	{ title, key, FORMAT_TEXT },		\
	{ "TAG", "tag", FORMAT_TEXT },		\
	{ "RG", "region", FORMAT_TEXT },	\
	{ "STATE", "state", FORMAT_TEXT },	\
	{ "REACH", "reach", FORMAT_TEXT },	\
	{ "SIZE", "length", FORMAT_SIZE },	\
	{ "OFFSET", "offset", FORMAT_HEX },	\
	{ "USE", "use", FORMAT_TEXT },		\
	{ "REQ", "requests", FORMAT_TEXT },	\
}

static const struct column columns[] = COLUMNS("ID", "id");
/* It always has a tag: there is no need to name it by its id, which is long */
static const struct column host_columns[] = COLUMNS("BACKEND", "backend");

/* In a table one word tells of its use, and whether it goes with the end of that */
static const char *use_of(struct json_object *record)
{
	if (json_object_get_boolean(lookup(record, "release_deferred")))
		return "end";
	return json_object_get_boolean(lookup(record, "in_use")) ? "yes" : "no";
}

static void print_some(struct json_object *records, bool host,
		       const struct column *which)
{
	size_t i, count = json_object_array_length(records);
	struct json_object *some = json_list();

	for (i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(records, i);

		if (!!lookup(o, "backend") != host)
			continue;
		json_add(o, "use", json_text(use_of(o)));
		json_append(some, json_object_get(o));
	}
	if (json_object_array_length(some))
		print_table(some, which, ARRAY_SIZE(columns));
	json_object_put(some);
}

void print_extents(struct json_object *records)
{
	print_some(records, false, columns);
	print_places(records, "those with an OFFSET are");
	print_some(records, true, host_columns);
}

int read_extents(struct vcxl *ctx, struct vcxl_device *dev,
		 struct json_object *records)
{
	struct vfio_cxl_dc_extent *extents;
	struct places places;
	size_t count, i;
	int ret = vcxl_dc_list(dev, &extents, &count);

	if (ret)
		return ret;
	places_of(ctx, extents, count, &places);
	for (i = 0; i < count; i++)
		json_append(records, json_dc_extent(vcxl_device_name(dev),
						    &extents[i], &places));
	free(extents);
	return 0;
}

/* Of several devices, each below its name */
static void print_device(struct vcxl_device *dev, struct json_object *records)
{
	if (!json_object_array_length(records)) {
		printf("%s: no extents\n", vcxl_device_name(dev));
		return;
	}
	puts(vcxl_device_name(dev));
	print_extents(records);
}

static int list_one(struct args *args, struct vcxl_device *dev)
{
	struct json_object *records = json_list();
	int ret = read_extents(args->ctx, dev, records);

	if (ret) {
		json_object_put(records);
		return report(args, ret);
	}
	if (args->opt[OPT_JSON])
		print_json("extents", records);
	else
		print_device(dev, records);
	json_object_put(records);
	return EXIT_DONE;
}

/* Can it have extents? A driver that is too old knows none */
static int is_capable(struct vcxl_device *dev, bool *capable)
{
	struct vfio_cxl_dc_info info;
	int ret = vcxl_dc_info(dev, &info);

	*capable = !ret && info.flags & (VFIO_CXL_DC_INFO_CAPABLE |
					 VFIO_CXL_DC_INFO_WINDOW);
	return ret == -ENOTTY ? 0 : ret;
}

/* All devices in memory before the first is printed */
static int read_all(struct vcxl *ctx, struct vcxl_device **devs,
		    size_t count, struct json_object **lists)
{
	size_t i;

	for (i = 0; i < count; i++) {
		bool capable = false;
		int ret = 0;

		if (vcxl_device_is_bound(devs[i]))
			ret = is_capable(devs[i], &capable);
		if (!ret && capable) {
			lists[i] = json_list();
			ret = read_extents(ctx, devs[i], lists[i]);
		}
		if (ret)
			return ret;
	}
	return 0;
}

static void print_all(const struct args *args, struct vcxl_device **devs,
		      size_t count, struct json_object **lists)
{
	struct json_object *all = json_list();
	size_t i, j;
	bool any = false;

	for (i = 0; i < count; i++) {
		if (!lists[i])
			continue;
		any = true;
		if (!args->opt[OPT_JSON])
			print_device(devs[i], lists[i]);
		for (j = 0; j < json_object_array_length(lists[i]); j++) {
			struct json_object *o =
				json_object_array_get_idx(lists[i], j);

			json_append(all, json_object_get(o));
		}
	}
	if (args->opt[OPT_JSON])
		print_json("extents", all);
	else if (!any)
		puts("no device that is bound to " VCXL_DRIVER " does Dynamic Capacity, or has a window for host memory");
	json_object_put(all);
}

static int list_all(struct args *args)
{
	struct json_object **lists;
	struct vcxl_device **devs;
	size_t count, i;
	int ret = vcxl_devices(args->ctx, &devs, &count);

	if (ret)
		return report(args, ret);
	lists = calloc(count + 1, sizeof(*lists));
	if (!lists)
		out_of_memory();
	ret = read_all(args->ctx, devs, count, lists);
	if (ret)
		ret = report(args, ret);
	else
		print_all(args, devs, count, lists);
	for (i = 0; i < count; i++)
		json_object_put(lists[i]);
	free(lists);
	vcxl_devices_free(devs, count);
	return ret;
}

int cmd_dc_list(struct args *args)
{
	struct vcxl_device *dev;
	int ret;

	if (!args->device)
		return list_all(args);
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = list_one(args, dev);
	vcxl_device_free(dev);
	return ret;
}
