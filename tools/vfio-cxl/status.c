// SPDX-License-Identifier: GPL-2.0-only
/* status */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host.h"
#include "tool.h"

static const struct column device_lines[] = {
	{ "class", "class", FORMAT_CLASS },
	{ "vendor", "vendor_id", FORMAT_HEX },
	{ "device", "device_id", FORMAT_HEX },
	{ "serial", "serial", FORMAT_HEX },
	{ "NUMA node", "numa_node", FORMAT_TEXT },
	{ "driver", "driver", FORMAT_TEXT },
	{ "driver_override", "driver_override", FORMAT_TEXT },
	{ "IOMMU group", "iommu_group", FORMAT_TEXT },
	{ "group viable", "viable", FORMAT_YES },
	{ "VFIO device", "vfio", FORMAT_TEXT },
	{ "module", "module_version", FORMAT_TEXT },
	{ "kernel", "kernel", FORMAT_TEXT },
};

static const struct column info_lines[] = {
	{ "memory", "info.memory_size", FORMAT_SIZE },
	{ "state", "state", FORMAT_TEXT },
	{ "flags", "info.flags", FORMAT_TEXT },
	{ "origin", "info.origin", FORMAT_TEXT },
	{ "memory mode", "info.mem_mode", FORMAT_TEXT },
	{ "static capacity", "info.static_capacity", FORMAT_SIZE },
	{ "dpa skip", "info.dpa_skip", FORMAT_HEX },
	{ "decoders", "info.decoder_count", FORMAT_TEXT },
	{ "page sizes", "info.page_sizes", FORMAT_SIZES },
	{ "map align", "info.map_align", FORMAT_SIZE },
	{ "map offset", "info.map_offset", FORMAT_HEX },
	{ "ABI", "info.abi_version", FORMAT_TEXT },
};

static struct json_object *json_peers(struct vcxl_device *dev)
{
	struct json_object *array = json_list();
	struct vcxl_peer *peers;
	size_t count, i;

	if (enough(vcxl_device_peers(dev, &peers, &count)))
		return array;
	for (i = 0; i < count; i++) {
		struct json_object *o = json_record();

		json_add(o, "device", json_text(peers[i].name));
		json_add(o, "driver", json_text(peers[i].driver));
		json_add(o, "in_the_way", json_flag(peers[i].in_the_way));
		json_append(array, o);
	}
	free(peers);
	return array;
}

static struct json_object *json_node(const struct vcxl_node *node)
{
	struct json_object *o = json_record();
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", node->mode);
	json_add(o, "path", json_text(node->path));
	json_add(o, "exists", json_flag(node->exists));
	json_add(o, "usable", json_flag(node->usable));
	json_add(o, "mode", node->exists ? json_text(mode) : NULL);
	json_add(o, "uid", node->exists ? json_u64(node->uid) : NULL);
	json_add(o, "gid", node->exists ? json_u64(node->gid) : NULL);
	return o;
}

static void add_nodes(struct vcxl_device *dev, struct json_object *o)
{
	struct vcxl_node node;

	json_add(o, "group_node",
		 enough(vcxl_device_group_node(dev, &node)) ? NULL :
		 json_node(&node));
	json_add(o, "control_node",
		 enough(vcxl_device_control_node(dev, &node)) ? NULL :
		 json_node(&node));
}

/* Null where it can't be seen */
static void add_type1(struct json_object *o)
{
	int type1 = enough(host_exists("/sys/module/vfio_iommu_type1"));

	json_add(o, "vfio_type1", type1 < 0 ? NULL : json_flag(type1));
}

static void add_versions(struct args *args, struct json_object *o)
{
	char module[VCXL_NAME_LEN];
	struct utsname host;

	json_add(o, "module_version",
		 enough(vcxl_module_version(args->ctx, module,
					    sizeof(module))) ?
		 NULL : json_text(module));
	json_add(o, "kernel", uname(&host) ? NULL : json_text(host.release));
}

/* The control node's knowledge; null where it can't be asked */
static void add_lists(struct args *args, struct vcxl_device *dev,
		      struct json_object *o)
{
	struct json_object *decoders = json_list();
	struct json_object *windows = json_list();
	bool asked = lookup(o, "info");

	if (!asked || enough(read_decoders(dev, decoders))) {
		json_object_put(decoders);
		decoders = NULL;
	}
	if (!asked || enough(read_windows(args, dev, windows))) {
		json_object_put(windows);
		windows = NULL;
	}
	json_add(o, "decoders", decoders);
	json_add(o, "windows", windows);
}

static void print_peers(struct json_object *o)
{
	struct json_object *peers = lookup(o, "peers");
	size_t i, count = json_object_array_length(peers);

	for (i = 0; i < count; i++) {
		struct json_object *peer = json_object_array_get_idx(peers, i);
		const char *driver = text_of(peer, "driver");

		printf("  %-18s %s, %s%s\n", i ? "" : "group's others",
		       text_of(peer, "device"), *driver ? driver : "no driver",
		       json_object_get_boolean(lookup(peer, "in_the_way")) ?
		       ": in the way" : "");
	}
}

static void print_node(struct json_object *o, const char *key,
		       const char *title)
{
	struct json_object *node = lookup(o, key);

	if (!node)
		printf("  %-18s -\n", title);
	else if (!json_object_get_boolean(lookup(node, "exists")))
		printf("  %-18s %s does not exist\n", title,
		       text_of(node, "path"));
	else
		printf("  %-18s %s, mode %s, owner %s:%s%s\n", title,
		       text_of(node, "path"), text_of(node, "mode"),
		       text_of(node, "uid"), text_of(node, "gid"),
		       json_object_get_boolean(lookup(node, "usable")) ? "" :
		       ": not for you");
}

static void print_unknown(const struct vcxl_error *e)
{
	printf("  %-18s unknown because %s\n", "memory", e->why);
	if (*e->next)
		printf("  %-18s -> %s\n", "", e->next);
}

static void print_reason(const struct vfio_cxl_info *info)
{
	const char *why = vcxl_reason_why(info->reason);
	const char *next = why ? vcxl_reason_next(info->reason) :
			   "use a vfio-cxl as new as the driver";
	char number[64];

	snprintf(number, sizeof(number),
		 "of a reason (%u) that this vfio-cxl does not know",
		 info->reason);
	printf("  %-18s %s%s%s%s\n", "no memory because", why ? why : number,
	       *info->element ? " (" : "", info->element,
	       *info->element ? ")" : "");
	if (*next)
		printf("  %-18s -> %s\n", "", next);
}

static void print_why(const struct vfio_cxl_info *info)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++)
		if (info->gate & 1U << bit)
			printf("  %-18s %s\n", "not live because",
			       vcxl_gate_why(bit) ? vcxl_gate_why(bit) :
			       "of something newer than this command");
	if (!(info->flags & VFIO_CXL_INFO_MEMORY) && info->reason)
		print_reason(info);
}

static void print_decoder(struct json_object *o)
{
	struct json_object *decoder, *list = lookup(o, "decoders");
	static const struct column lines[] = {
		{ "decoder 0", "flags", FORMAT_TEXT },
		{ "  base", "base", FORMAT_HEX },
		{ "  size", "size", FORMAT_SIZE },
		{ "  guest base", "guest_base", FORMAT_HEX },
	};

	decoder = list ? json_object_array_get_idx(list, 0) : NULL;
	if (!decoder)
		return;
	print_lines(decoder, lines, ARRAY_SIZE(lines));
	if (!has_flag(decoder, "GUEST_SET"))
		return;
	printf("  %-18s set from outside%s%s\n", "",
	       has_flag(decoder, "GUEST_SEALED") ? ", sealed" : "",
	       has_flag(decoder, "GUEST_PERSIST") ? ", for later tenancies too" :
	       ", for one tenancy");
	if (has_flag(decoder, "GUEST_SEALED"))
		printf("  %-18s a VMM that programs it itself would map at its own base\n",
		       "");
}

static void print_dynamic(struct json_object *o)
{
	static const struct column lines[] = {
		{ "dynamic capacity", "total", FORMAT_SIZE },
		{ "  committed", "committed", FORMAT_SIZE },
		{ "  pending", "pending", FORMAT_SIZE },
	};
	struct json_object *dynamic = lookup(o, "dynamic_capacity");

	if (dynamic)
		print_lines(dynamic, lines, ARRAY_SIZE(lines));
}

static void print_window(struct json_object *o)
{
	struct json_object *list = lookup(o, "windows");
	size_t i, count = list ? json_object_array_length(list) : 0;
	char size[32], flags[64];

	for (i = 0; i < count; i++) {
		struct json_object *w = json_object_array_get_idx(list, i);
		struct json_object *f = lookup(w, "flags");

		/* Of no use to the device, and not used */
		if (!f || !json_object_array_length(f))
			continue;
		join_list(f, flags, sizeof(flags));
		format_size(json_object_get_uint64(lookup(w, "size")), size,
			    sizeof(size));
		printf("  %-18s %s at %#llx, %s, %s\n", "window",
		       text_of(w, "index"),
		       (unsigned long long)json_object_get_uint64(lookup(w, "base")),
		       size, flags);
	}
}

static void print_status(struct vcxl_device *dev, struct json_object *o,
			 const struct answer *answer)
{
	printf("%s%s\n", vcxl_device_name(dev),
	       vcxl_device_is_memory(dev) ? "" :
	       vcxl_device_config_known(dev) ? ": no CXL memory device" :
	       ": no CXL memory device, as far as you may see");
	print_lines(o, device_lines, ARRAY_SIZE(device_lines));
	print_peers(o);
	print_node(o, "group_node", "VFIO group node");
	print_node(o, "control_node", "control node");
	if (json_object_get_boolean(lookup(o, "vfio_type1")))
		printf("  %-18s type1: keeps translations of this memory until unmapped or closed\n",
		       "IOMMU");
	if (answer->error.err)
		print_unknown(&answer->error);
	if (!answer->known)
		return;
	print_lines(o, info_lines, ARRAY_SIZE(info_lines));
	print_why(&answer->info);
	print_decoder(o);
	print_dynamic(o);
	print_window(o);
}

int cmd_status(struct args *args)
{
	struct json_object *records, *o;
	struct vcxl_device *dev;
	struct answer answer;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ask_driver(args, dev, &answer);
	records = json_list();
	o = json_device(dev, &answer);
	json_add(o, "peers", json_peers(dev));
	add_nodes(dev, o);
	add_type1(o);
	add_versions(args, o);
	add_lists(args, dev, o);
	json_append(records, o);
	if (args->opt[OPT_JSON])
		print_json("devices", records);
	else
		print_status(dev, o, &answer);
	json_object_put(records);
	vcxl_device_free(dev);
	return EXIT_DONE;
}
