// SPDX-License-Identifier: GPL-2.0-only
/*
 * decoder guest set, clear: decoder 0 as a guest sees it, placed from outside.
 * The physical decoder stays where it is.
 */
#include "tool.h"

static void print_guest(const char *when, struct json_object *decoder)
{
	struct json_object *base = lookup(decoder, "guest_base");

	if (!decoder) {
		printf("  %s  unknown\n", when);
		return;
	}
	if (!base) {
		printf("  %s  not set, and the device is not open\n", when);
		return;
	}
	printf("  %s  guest base %#llx", when,
	       (unsigned long long)json_object_get_uint64(base));
	/* What would be is not known in detail */
	if (lookup(decoder, "flags"))
		printf("%s%s%s", has_flag(decoder, "GUEST_SEALED") ?
		       ", sealed" : ", not sealed",
		       has_flag(decoder, "GUEST_SET") ? ", set from outside" :
		       "",
		       has_flag(decoder, "GUEST_PERSIST") ?
		       ", for later tenancies too" : "");
	puts("");
}

/* As it is, but for what would be set; the rest only the driver can tell */
static struct json_object *planned(struct vcxl_device *dev, const uint64_t *base)
{
	struct json_object *o = read_decoder_zero(dev);

	if (!o)
		return NULL;
	json_add(o, "guest_base", base ? json_u64(*base) : NULL);
	json_add(o, "flags", NULL);
	json_add(o, "guest_ctrl", NULL);
	return o;
}

static int set_guest(struct args *args, struct vcxl_device *dev,
		     struct vfio_cxl_guest_set *arg)
{
	struct change change = {
		.what = "the guest's HDM decoder 0",
		.done = arg->flags & VFIO_CXL_GUEST_SEAL ? "set and sealed" :
			"set",
		.dry_run = args->opt[OPT_DRY_RUN],
		.print_side = print_guest,
	};
	uint64_t base = arg->base;
	int ret;

	change.old_values = read_decoder_zero(dev);
	ret = vcxl_guest_set(dev, arg);
	if (ret) {
		json_object_put(change.old_values);
		return report(args, ret);
	}
	change.already = arg->flags & VFIO_CXL_GUEST_ALREADY;
	change.new_values = change.dry_run && !change.already ?
			    planned(dev, &base) : read_decoder_zero(dev);
	return print_change(args, dev, &change);
}

int cmd_guest_set(struct args *args)
{
	struct vfio_cxl_guest_set arg = { 0 };
	struct vcxl_device *dev;
	uint64_t base;
	int ret;

	if (!parse_size(args->second, &base))
		return usage_error(args, "'%s' is no address: use a number like 0x100000000 or 4G",
				   args->second);
	arg.base = base;
	arg.flags = (args->opt[OPT_SEAL] ? VFIO_CXL_GUEST_SEAL : 0) |
		    (args->opt[OPT_PERSIST] ? VFIO_CXL_GUEST_PERSIST : 0) |
		    (args->opt[OPT_DRY_RUN] ? VFIO_CXL_GUEST_DRY_RUN : 0);
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = set_guest(args, dev, &arg);
	vcxl_device_free(dev);
	return ret;
}

static int clear_guest(struct args *args, struct vcxl_device *dev)
{
	struct vfio_cxl_guest_clear arg = { 0 };
	struct change change = {
		.what = "the guest's HDM decoder 0",
		.done = "clear",
		.dry_run = args->opt[OPT_DRY_RUN],
		.print_side = print_guest,
	};
	const uint64_t start = 0;
	int ret;

	if (change.dry_run)
		arg.flags = VFIO_CXL_GUEST_DRY_RUN;
	change.old_values = read_decoder_zero(dev);
	ret = vcxl_guest_clear(dev, &arg);
	if (ret) {
		json_object_put(change.old_values);
		return report(args, ret);
	}
	change.already = arg.flags & VFIO_CXL_GUEST_ALREADY;
	if (!change.dry_run || change.already)
		change.new_values = read_decoder_zero(dev);
	else	/* a tenancy under way begins anew; without one there is none */
		change.new_values = planned(dev,
					    has_flag(change.old_values, "GUEST") ?
					    &start : NULL);
	return print_change(args, dev, &change);
}

int cmd_guest_clear(struct args *args)
{
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = clear_guest(args, dev);
	vcxl_device_free(dev);
	return ret;
}
