// SPDX-License-Identifier: GPL-2.0-only
/* list */
#include <unistd.h>

#include "tool.h"

/* The last three are for hosts that have Dynamic Capacity */
static const struct column columns[] = {
	{ "DEVICE", "device", FORMAT_TEXT },
	{ "CLASS", "class", FORMAT_CLASS },
	{ "ID", "id", FORMAT_TEXT },
	{ "DRIVER", "driver", FORMAT_TEXT },
	{ "OVERRIDE", "driver_override", FORMAT_TEXT },
	{ "GROUP", "iommu_group", FORMAT_TEXT },
	{ "VIABLE", "viable", FORMAT_YES },
	{ "MEMORY", "info.memory_size", FORMAT_SIZE },
	{ "STATE", "state", FORMAT_TEXT },
	{ "NUMA", "numa_node", FORMAT_TEXT },
	{ "DYNAMIC", "dynamic_capacity.total", FORMAT_SIZE },
	{ "COMMITTED", "dynamic_capacity.committed", FORMAT_SIZE },
	{ "PENDING", "dynamic_capacity.pending", FORMAT_SIZE },
};

#define DYNAMIC_COLUMNS	3

/* What a caller without rights is not shown, and would take for absent */
static void note_limits(struct vcxl_device **devs, size_t count)
{
	bool memory = false;
	size_t i;

	for (i = 0; i < count; i++)
		memory = memory || vcxl_device_is_bound(devs[i]);
	if (!geteuid())
		return;
	fputs(TOOL ": not root: only devices of the CXL memory class are found", stderr);
	fputs(memory ? ", memory and state are unknown\n" : "\n", stderr);
}

static bool any_dynamic(struct json_object *records)
{
	size_t i, count = json_object_array_length(records);

	for (i = 0; i < count; i++)
		if (lookup(json_object_array_get_idx(records, i),
			   "dynamic_capacity"))
			return true;
	return false;
}

int cmd_list(struct args *args)
{
	struct json_object *records;
	struct vcxl_device **devs;
	size_t count, i;
	int ret = vcxl_devices(args->ctx, &devs, &count);

	if (ret)
		return report(args, ret);
	records = json_list();
	for (i = 0; i < count; i++) {
		struct answer answer;

		ask_driver(args, devs[i], &answer);
		json_append(records, json_device(devs[i], &answer));
	}
	if (!args->opt[OPT_JSON])
		note_limits(devs, count);
	vcxl_devices_free(devs, count);
	return print_records(args, "devices", records, columns,
			     ARRAY_SIZE(columns) -
			     (any_dynamic(records) ? 0 : DYNAMIC_COLUMNS));
}
