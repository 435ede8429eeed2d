// SPDX-License-Identifier: GPL-2.0-only
/* decoder show, program, clear */
#include <errno.h>
#include <string.h>

#include "tool.h"

/* 8.2.4.20.1: no device has more */
#define MAX_DECODERS	32

static const struct column columns[] = {
	{ "DECODER", "index", FORMAT_TEXT },
	{ "BASE", "base", FORMAT_HEX },
	{ "SIZE", "size", FORMAT_SIZE },
	{ "DPA-SKIP", "dpa_skip", FORMAT_HEX },
	{ "CTRL", "ctrl", FORMAT_HEX },
	{ "ORIGIN", "origin", FORMAT_TEXT },
	{ "GUEST-BASE", "guest_base", FORMAT_HEX },
	{ "GUEST-SIZE", "guest_size", FORMAT_SIZE },
	{ "GUEST-CTRL", "guest_ctrl", FORMAT_HEX },
	{ "FLAGS", "flags", FORMAT_TEXT },
};

/* Adds to @records what there is; the device may have none */
int read_decoders(struct vcxl_device *dev, struct json_object *records)
{
	struct vfio_cxl_decoder decoder = { 0 };
	uint32_t i;

	for (i = 0; i < MAX_DECODERS; i++) {
		struct json_object *record;
		int ret;

		decoder.index = i;
		ret = vcxl_decoder(dev, &decoder);
		if (ret == -ENOENT)
			break;
		if (ret)
			return ret;
		record = json_decoder(&decoder);
		json_add(record, "device", json_text(vcxl_device_name(dev)));
		json_append(records, record);
	}
	return 0;
}

int cmd_decoder_show(struct args *args)
{
	struct json_object *records;
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	records = json_list();
	ret = read_decoders(dev, records);
	vcxl_device_free(dev);
	if (!ret)
		return print_records(args, "decoders", records, columns,
				     ARRAY_SIZE(columns));
	json_object_put(records);
	return report(args, ret);
}

/* For show: whether it can be read decides nothing */
struct json_object *read_decoder_zero(struct vcxl_device *dev)
{
	struct vfio_cxl_decoder decoder = { 0 };

	return enough(vcxl_decoder(dev, &decoder)) ? NULL :
	       json_decoder(&decoder);
}

static void print_range(const char *when, struct json_object *decoder)
{
	struct json_object *o = lookup(decoder, "size");
	uint64_t size = o ? json_object_get_uint64(o) : 0;
	char text[32];

	if (!decoder) {
		printf("  %s  unknown\n", when);
		return;
	}
	format_size(size, text, sizeof(text));
	o = lookup(decoder, "base");
	printf("  %s  base %#llx, size %s", when,
	       (unsigned long long)(o ? json_object_get_uint64(o) : 0), text);
	o = lookup(decoder, "dpa_skip");
	printf(", dpa skip %#llx\n",
	       (unsigned long long)(o ? json_object_get_uint64(o) : 0));
}

int print_change(struct args *args, struct vcxl_device *dev,
		 struct change *change)
{
	struct json_object *records = json_list();
	struct json_object *o = json_record();

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "index", json_int(0));
	json_add(o, "old", change->old_values);
	json_add(o, "new", change->new_values);
	json_add(o, "already", json_flag(change->already));
	json_add(o, "dry_run", json_flag(change->dry_run));
	json_append(records, o);
	if (args->opt[OPT_JSON]) {
		print_json("decoders", records);
	} else {
		printf("%s: %s %s %s\n", vcxl_device_name(dev), change->what,
		       change->already ? "is already" :
		       change->dry_run ? "would be" : "is now", change->done);
		change->print_side("old", change->old_values);
		change->print_side("new", change->new_values);
	}
	json_object_put(records);
	return EXIT_DONE;
}

/* All keys that the decoder will have; but for the range, only it can tell */
static struct json_object *
planned(const struct vfio_cxl_decoder_program *program)
{
	struct vfio_cxl_decoder decoder = {
		.base = program->base,
		.size = program->size,
		.dpa_skip = program->dpa_skip,
	};
	struct json_object *o = json_decoder(&decoder);

	json_add(o, "flags", NULL);
	json_add(o, "ctrl", NULL);
	json_add(o, "origin", NULL);
	return o;
}

/* Decoder 0 as it is now, or with a dry run would be */
static struct json_object *
new_values(struct vcxl_device *dev, const struct change *change,
	   const struct vfio_cxl_decoder_program *program)
{
	if (change->already || !change->dry_run)
		return read_decoder_zero(dev);
	return planned(program);
}

static int program_options(struct args *args,
			   struct vfio_cxl_decoder_program *program)
{
	int ret = EXIT_DONE;

	memset(program, 0, sizeof(*program));
	if (args->opt[OPT_BASE] && strcmp(args->opt[OPT_BASE], "auto")) {
		uint64_t base = 0;

		ret = size_option(args, OPT_BASE, &base);
		program->base = base;
		program->flags |= VFIO_CXL_PROGRAM_BASE;
	}
	if (!ret && args->opt[OPT_SIZE]) {
		uint64_t size = 0;

		ret = size_option(args, OPT_SIZE, &size);
		program->size = size;
		if (!ret && !size)
			ret = usage_error(args, "--size must not be 0: leave it out for all there is");
	}
	if (!ret && args->opt[OPT_DPA_SKIP]) {
		uint64_t skip = 0;

		ret = size_option(args, OPT_DPA_SKIP, &skip);
		program->dpa_skip = skip;
	}
	if (args->opt[OPT_LOCK])
		program->flags |= VFIO_CXL_PROGRAM_LOCK;
	if (args->opt[OPT_DRY_RUN])
		program->flags |= VFIO_CXL_PROGRAM_DRY_RUN;
	return ret;
}

static int program(struct args *args, struct vcxl_device *dev,
		   struct vfio_cxl_decoder_program *arg)
{
	struct change change = {
		.what = "HDM decoder 0",
		.print_side = print_range,
		.done = arg->flags & VFIO_CXL_PROGRAM_LOCK ?
			"committed and locked" : "committed",
		.dry_run = args->opt[OPT_DRY_RUN],
	};
	int ret;

	change.old_values = read_decoder_zero(dev);
	ret = vcxl_decoder_program(dev, arg);
	if (ret) {
		json_object_put(change.old_values);
		return report(args, ret);
	}
	change.already = arg->flags & VFIO_CXL_PROGRAM_ALREADY;
	change.new_values = new_values(dev, &change, arg);
	return print_change(args, dev, &change);
}

int cmd_decoder_program(struct args *args)
{
	struct vfio_cxl_decoder_program arg;
	struct vcxl_device *dev;
	int ret = program_options(args, &arg);

	if (ret)
		return ret;
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = program(args, dev, &arg);
	vcxl_device_free(dev);
	return ret;
}

static int clear(struct args *args, struct vcxl_device *dev)
{
	static const struct vfio_cxl_decoder_program none;
	struct vfio_cxl_decoder_clear arg = { 0 };
	struct change change = {
		.what = "HDM decoder 0",
		.print_side = print_range,
		.done = "clear",
		.dry_run = args->opt[OPT_DRY_RUN],
	};
	int ret;

	if (change.dry_run)
		arg.flags = VFIO_CXL_CLEAR_DRY_RUN;
	change.old_values = read_decoder_zero(dev);
	ret = vcxl_decoder_clear(dev, &arg);
	if (ret) {
		json_object_put(change.old_values);
		return report(args, ret);
	}
	change.already = arg.flags & VFIO_CXL_CLEAR_ALREADY;
	change.new_values = new_values(dev, &change, &none);
	return print_change(args, dev, &change);
}

int cmd_decoder_clear(struct args *args)
{
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = clear(args, dev);
	vcxl_device_free(dev);
	return ret;
}
