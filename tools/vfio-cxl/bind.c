// SPDX-License-Identifier: GPL-2.0-only
/* bind, unbind */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

__attribute__((format(printf, 2, 3)))
static void warn(struct json_object *warnings, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	json_append(warnings, json_text(text));
}

static void warn_group(struct vcxl_device *dev, struct json_object *warnings)
{
	struct vcxl_peer *peers;
	size_t count, i;

	if (enough(vcxl_device_peers(dev, &peers, &count)))
		return;
	for (i = 0; i < count; i++)
		if (peers[i].in_the_way)
			warn(warnings, "IOMMU group %d is not viable: %s belongs to %s",
			     vcxl_device_group(dev), peers[i].name,
			     peers[i].driver);
	free(peers);
}

static void warn_regions(struct vcxl_device *dev, struct json_object *warnings)
{
	struct vcxl_region *regions;
	size_t count, i;

	if (enough(vcxl_device_regions(dev, &regions, &count)))
		return;
	for (i = 0; *vcxl_device_driver(dev) && i < count; i++)
		warn(warnings, "%s of the kernel's stands on this device: taking it from %s clears its decoders, unless they are locked, and %s keeps its range until 'cxl destroy-region'",
		     regions[i].name, vcxl_device_driver(dev),
		     regions[i].name);
	free(regions);
}

static struct json_object *change(struct vcxl_device *dev,
				  const struct vcxl_bind_result *r,
				  bool dry_run, bool to_us,
				  struct json_object *warnings)
{
	struct json_object *o = json_record();

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "old_driver", json_text(r->old_driver));
	json_add(o, "driver", json_text(r->new_driver));
	json_add(o, "old_driver_override", json_text(r->old_override));
	json_add(o, "driver_override", json_text(r->new_override));
	json_add(o, "chosen", to_us || r->already ? NULL :
		 json_text(r->noted ? "NOTE" : "KERNEL"));
	json_add(o, "already", json_flag(r->already));
	json_add(o, "dry_run", json_flag(dry_run));
	json_add(o, "warnings", json_object_get(warnings));
	return o;
}

static const char *or_none(const char *s)
{
	return *s ? s : "no driver";
}

static void print_text(struct vcxl_device *dev,
		       const struct vcxl_bind_result *r, bool dry_run,
		       bool to_us)
{
	const char *name = vcxl_device_name(dev);

	if (r->already && to_us)
		printf("%s: is already bound to %s\n", name, r->new_driver);
	else if (r->already)
		printf("%s: is not bound to " VCXL_DRIVER ", but to %s\n",
		       name, or_none(r->new_driver));
	else if (dry_run && !to_us && !*r->new_driver)
		printf("%s: would leave %s %s\n", name,
		       or_none(r->old_driver), r->noted ?
		       "and have no driver, as before bind" :
		       "for whichever driver the kernel finds");
	else if (!strcmp(r->old_driver, r->new_driver))
		printf("%s: %s with %s\n", name,
		       dry_run ? "would stay" : "stays",
		       or_none(r->new_driver));
	else
		printf("%s: %s from %s to %s\n", name,
		       dry_run ? "would go" : "went", or_none(r->old_driver),
		       or_none(r->new_driver));
	if (!r->already && strcmp(r->old_override, r->new_override))
		printf("  driver_override  '%s' -> '%s'\n", r->old_override,
		       r->new_override);
}

static void print_warnings(struct json_object *warnings)
{
	size_t i, count = json_object_array_length(warnings);

	for (i = 0; i < count; i++) {
		struct json_object *w = json_object_array_get_idx(warnings, i);

		fprintf(stderr, TOOL ": warning: %s\n",
			json_string(w));
	}
}

static int move(struct args *args, struct vcxl_device *dev, bool to_us)
{
	struct json_object *records, *warnings = json_list();
	bool dry_run = args->opt[OPT_DRY_RUN], json = args->opt[OPT_JSON];
	unsigned int flags = (dry_run ? VCXL_BIND_DRY_RUN : 0) |
			     (args->opt[OPT_FORCE] ? VCXL_BIND_FORCE : 0);
	struct vcxl_bind_result result;
	int ret;

	if (to_us && !vcxl_device_is_bound(dev)) {
		warn_group(dev, warnings);
		warn_regions(dev, warnings);
	}
	if (!json)
		print_warnings(warnings);
	/* Between two drivers is no place to stop */
	if (!dry_run)
		hold_signals();
	ret = to_us ? vcxl_bind(dev, flags, &result) :
		      vcxl_unbind(dev, flags, &result);
	if (ret) {
		json_object_put(warnings);
		return report(args, ret);
	}
	records = json_list();
	json_append(records, change(dev, &result, dry_run, to_us, warnings));
	if (json)
		print_json("devices", records);
	else
		print_text(dev, &result, dry_run, to_us);
	json_object_put(records);
	json_object_put(warnings);
	return EXIT_DONE;
}

static int run(struct args *args, bool to_us)
{
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = move(args, dev, to_us);
	vcxl_device_free(dev);
	return ret;
}

int cmd_bind(struct args *args)
{
	return run(args, true);
}

int cmd_unbind(struct args *args)
{
	return run(args, false);
}
