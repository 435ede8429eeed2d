// SPDX-License-Identifier: GPL-2.0-only
/* version */
#include <string.h>
#include <sys/utsname.h>

#include "tool.h"

static const struct column lines[] = {
	{ "command", "version", FORMAT_TEXT },
	{ "ABI", "abi_version", FORMAT_TEXT },
	{ "module", "module_version", FORMAT_TEXT },
	{ "module loaded", "module_loaded", FORMAT_YES },
	{ "module's ABI", "driver_abi_version", FORMAT_TEXT },
	{ "kernel", "kernel", FORMAT_TEXT },
};

/* Of the first bound device that answers; all have the same driver */
static struct json_object *driver_abi(struct args *args)
{
	struct json_object *o = NULL;
	struct vcxl_device **devs;
	struct vfio_cxl_info info;
	size_t count, i;

	if (enough(vcxl_devices(args->ctx, &devs, &count)))
		return NULL;
	for (i = 0; !o && i < count; i++)
		if (vcxl_device_is_bound(devs[i]) &&
		    !enough(vcxl_info(devs[i], &info)))
			o = json_u64(info.abi_version);
	vcxl_devices_free(devs, count);
	return o;
}

int cmd_version(struct args *args)
{
	struct json_object *records = json_list();
	struct json_object *o = json_record();
	struct utsname host;
	char module[VCXL_NAME_LEN];

	json_add(o, "version", json_text(VFIO_CXL_VERSION));
	json_add(o, "abi_version", json_u64(VFIO_CXL_ABI_VERSION));
	json_add(o, "module_version",
		 enough(vcxl_module_version(args->ctx, module,
					    sizeof(module))) ?
		 NULL : json_text(module));
	json_add(o, "module_loaded", json_flag(vcxl_module_loaded(args->ctx)));
	json_add(o, "driver_abi_version", driver_abi(args));
	json_add(o, "kernel", uname(&host) ? NULL : json_text(host.release));
	json_append(records, o);
	if (args->opt[OPT_JSON]) {
		print_json("versions", records);
	} else {
		puts(TOOL " " VFIO_CXL_VERSION);
		print_lines(o, lines + 1, ARRAY_SIZE(lines) - 1);
	}
	json_object_put(records);
	return EXIT_DONE;
}
