// SPDX-License-Identifier: GPL-2.0-only
/* window list */
#include <errno.h>
#include <string.h>

#include "tool.h"

/* More than any table holds: a driver that goes on is not believed */
#define MAX_WINDOWS	4096

static const struct column columns[] = {
	{ "WINDOW", "index", FORMAT_TEXT },
	{ "BASE", "base", FORMAT_HEX },
	{ "SIZE", "size", FORMAT_SIZE },
	{ "WAYS", "ways", FORMAT_TEXT },
	{ "BRIDGES", "targets", FORMAT_TEXT },
	{ "FREE-BASE", "free_base", FORMAT_HEX },
	{ "FREE", "free_size", FORMAT_SIZE },
	{ "FLAGS", "flags", FORMAT_TEXT },
	{ "REASON", "reason", FORMAT_TEXT },
	{ "RESTRICTIONS", "restrictions", FORMAT_TEXT },
};

static void add_free(struct args *args, const struct vfio_cxl_window *window,
		     struct json_object *o)
{
	uint64_t base = 0, size = 0;
	bool known = !enough(vcxl_largest_free(args->ctx, window->base,
					       window->size, &base, &size));

	json_add(o, "free_base", known && size ? json_u64(base) : NULL);
	json_add(o, "free_size", known ? json_u64(size) : NULL);
}

static void add_window(struct args *args, struct vcxl_device *dev,
		       const struct vfio_cxl_window *window,
		       struct json_object *records)
{
	struct json_object *o = json_window(window, dev);

	json_add(o, "device", dev ? json_text(vcxl_device_name(dev)) : NULL);
	add_free(args, window, o);
	json_append(records, o);
}

/* Firmware's table, where the driver can't be asked */
static int read_cedt(struct args *args, struct json_object *records)
{
	struct vfio_cxl_window window = { 0 };
	uint32_t i;

	if (!vcxl_cedt_present(args->ctx))
		return 0;
	for (i = 0; i < MAX_WINDOWS; i++) {
		int ret;

		window.index = i;
		ret = vcxl_cedt_window(args->ctx, &window);
		if (ret == -ENOENT)
			break;
		if (ret)
			return ret;
		add_window(args, NULL, &window, records);
	}
	return 0;
}

/* @dev is NULL, or bound */
int read_windows(struct args *args, struct vcxl_device *dev,
		 struct json_object *records)
{
	struct vfio_cxl_window window = { 0 };
	uint32_t i;

	if (!dev)
		return read_cedt(args, records);
	for (i = 0; i < MAX_WINDOWS; i++) {
		int ret;

		window.index = i;
		ret = vcxl_window(dev, &window);
		if (ret == -ENOENT)
			break;
		/* No table is an empty list; a damaged one is told of */
		if (ret == -EOPNOTSUPP && !i)
			return read_cedt(args, records);
		if (ret)
			return ret;
		add_window(args, dev, &window, records);
	}
	return 0;
}

static int list(struct args *args, struct vcxl_device *dev)
{
	struct json_object *records = json_list();
	bool bound = dev && vcxl_device_is_bound(dev);
	int ret = read_windows(args, bound ? dev : NULL, records);

	if (ret) {
		json_object_put(records);
		return report(args, ret);
	}
	if (dev && !bound && !args->opt[OPT_JSON])
		fprintf(stderr, TOOL ": %s is not bound to " VCXL_DRIVER ": which window serves it is unknown\n",
			vcxl_device_name(dev));
	return print_records(args, "windows", records, columns,
			     ARRAY_SIZE(columns));
}

int cmd_window_list(struct args *args)
{
	struct vcxl_device *dev = NULL;
	int ret = args->device ? open_device(args, &dev) : 0;

	if (ret)
		return report(args, ret);
	ret = list(args, dev);
	vcxl_device_free(dev);
	return ret;
}
