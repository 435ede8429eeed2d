// SPDX-License-Identifier: GPL-2.0-only
/* dc configure, add, remove: host memory in a window of the device */
#include <string.h>

#include "dc.h"

static int print_and_put(const struct args *args, const char *plural,
			 struct json_object *o, const char *line)
{
	struct json_object *records = json_list();

	json_append(records, o);
	if (args->opt[OPT_JSON])
		print_json(plural, records);
	else
		puts(line);
	json_object_put(records);
	return EXIT_DONE;
}

/*
 * dc configure
 */

static int show_configured(const struct args *args, struct vcxl_device *dev,
			   const struct vfio_cxl_dc_configure *arg)
{
	bool already = arg->flags & VFIO_CXL_DC_CONFIGURE_ALREADY;
	const char *so = already ? "already " : "";
	uint32_t last = VFIO_CXL_DC_HOST_REGION + arg->regions - 1;
	struct json_object *o = json_record();
	char line[256], size[32], block[32], to[16] = "";

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "regions", json_u64(arg->regions));
	json_add(o, "size", json_u64(arg->size));
	json_add(o, "block", json_u64(arg->block));
	json_add(o, "already", json_flag(already));
	format_size(arg->size, size, sizeof(size));
	format_size(arg->block, block, sizeof(block));
	if (arg->regions > 1)
		snprintf(to, sizeof(to), " to %u", last);
	if (!arg->regions)
		snprintf(line, sizeof(line),
			 "%s: there is %sno window for host memory",
			 vcxl_device_name(dev), so);
	else
		snprintf(line, sizeof(line),
			 "%s: the window for host memory is %sregion%s %u%s, of %s each, in blocks of %s",
			 vcxl_device_name(dev), so, *to ? "s" : "",
			 VFIO_CXL_DC_HOST_REGION, to, size, block);
	return print_and_put(args, "configurations", o, line);
}

static int configure_options(const struct args *args,
			     struct vfio_cxl_dc_configure *arg)
{
	uint64_t regions = 0, size = 0, block = 0;
	int ret;

	if (!args->opt[OPT_REGIONS])
		return usage_error(args, "how many regions? --regions says it; 0 takes the window away");
	ret = number_option(args, OPT_REGIONS, VFIO_CXL_DC_HOST_REGIONS,
			    &regions);
	if (!ret)
		ret = size_option(args, OPT_SIZE, &size);
	if (!ret)
		ret = size_option(args, OPT_BLOCK, &block);
	if (ret)
		return ret;
	if (regions && !args->opt[OPT_SIZE])
		return usage_error(args, "how large is each region? --size says it");
	if (!regions && (args->opt[OPT_SIZE] || args->opt[OPT_BLOCK]))
		return usage_error(args, "--size and --block have no meaning without regions");
	arg->regions = regions;
	arg->size = size;
	arg->block = block;
	return EXIT_DONE;
}

int cmd_dc_configure(struct args *args)
{
	struct vfio_cxl_dc_configure arg = { 0 };
	struct vcxl_device *dev;
	int ret = configure_options(args, &arg);

	if (ret)
		return ret;
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = vcxl_dc_configure(dev, &arg);
	ret = ret ? report(args, ret) : show_configured(args, dev, &arg);
	vcxl_device_free(dev);
	return ret;
}

/*
 * dc add
 */

static int show_added(const struct args *args, struct vcxl_device *dev,
		      const struct vfio_cxl_dc_add *arg)
{
	struct json_object *o = json_record();
	char line[256];

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "tag", json_tag(arg->tag));
	json_add(o, "region", json_u64(arg->region));
	json_add(o, "offset", json_u64(arg->offset));
	json_add(o, "backend", json_u64(arg->backend));
	json_add(o, "extent", json_u64(arg->extent));
	json_add(o, "offer", json_u64(arg->offer));
	snprintf(line, sizeof(line),
		 "%s: backend %llu is offered in region %u at offset %#llx, under tag %s",
		 vcxl_device_name(dev), (unsigned long long)arg->backend,
		 arg->region, (unsigned long long)arg->offset,
		 text_of(o, "tag"));
	return print_and_put(args, "additions", o, line);
}

static int add_options(const struct args *args, struct vfio_cxl_dc_add *arg)
{
	uint64_t region = 0, offset = 0;
	int ret = parse_tag(args, args->second, arg->tag);

	if (ret)
		return ret;
	if (!args->opt[OPT_REGION])
		return usage_error(args, "which region? --region says it: those for host memory are numbered from %d on, see 'vfio-cxl dc show'",
				   VFIO_CXL_DC_HOST_REGION);
	if (!args->opt[OPT_OFFSET])
		return usage_error(args, "where in the region? --offset says it");
	ret = number_option(args, OPT_REGION, MAX_REGION, &region);
	if (!ret)
		ret = size_option(args, OPT_OFFSET, &offset);
	if (!ret && region < VFIO_CXL_DC_HOST_REGION)
		ret = usage_error(args, "--region: %llu is one of the device's own; those for host memory are numbered from %d on",
				  (unsigned long long)region,
				  VFIO_CXL_DC_HOST_REGION);
	arg->region = region;
	arg->offset = offset;
	return ret;
}

int cmd_dc_add(struct args *args)
{
	struct vfio_cxl_dc_add arg = { 0 };
	struct vcxl_device *dev;
	int ret = add_options(args, &arg);

	if (ret)
		return ret;
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = vcxl_dc_add(dev, &arg);
	ret = ret ? report(args, ret) : show_added(args, dev, &arg);
	vcxl_device_free(dev);
	return ret;
}

/*
 * dc remove
 */

static int show_removed(const struct args *args, struct vcxl_device *dev,
			const struct selection *s, bool forced)
{
	struct standing standing;
	struct json_object *o;
	const char *name;
	char line[256];

	/* It is done: what can't be asked from here on is no failure of it */
	enough(ask_standing(dev, s, &standing));
	name = standing.state ? vcxl_dc_state_name(standing.state) : NULL;
	o = json_record();
	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "tag", json_tag(s->tag));
	json_add(o, "forced", json_flag(forced));
	json_add(o, "state", standing.state ?
		 json_enum(standing.state, vcxl_dc_state_name) : NULL);
	json_add(o, "reach", json_enum(standing.reach, vcxl_dc_reach_name));
	json_add(o, "bytes", json_u64(standing.bytes));
	snprintf(line, sizeof(line), "%s: %s is %s%s%s", vcxl_device_name(dev),
		 s->text, forced ? "taken back" :
		 "asked for back",
		 name ? ": " : "", name ? name : "");
	return print_and_put(args, "removals", o, line);
}

int cmd_dc_remove(struct args *args)
{
	bool forced = args->opt[OPT_FORCE];
	struct vfio_cxl_dc_remove arg = {
		.flags = forced ? VFIO_CXL_DC_REMOVE_FORCE : 0,
	};
	struct vcxl_device *dev;
	struct selection s;
	int ret = select_options(args, &s);

	if (ret)
		return ret;
	memcpy(arg.tag, s.tag, sizeof(arg.tag));
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = vcxl_dc_remove(dev, &arg);
	ret = ret ? report(args, ret) : show_removed(args, dev, &s, forced);
	vcxl_device_free(dev);
	return ret;
}
