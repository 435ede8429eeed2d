// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: every command makes these, and both outputs are printed from them.
 * A value that is not known is null; the key is always there.
 */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct json_object *json_bits(uint64_t bits,
			      const char *(*name)(unsigned int bit))
{
	struct json_object *array = json_list();
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		const char *known = name(bit);
		char unknown[16];

		if (!(bits >> bit & 1))
			continue;
		snprintf(unknown, sizeof(unknown), "BIT_%u", bit);
		json_append(array, json_text(known ? known : unknown));
	}
	return array;
}

struct json_object *json_enum(uint32_t value,
			      const char *(*name)(uint32_t value))
{
	char unknown[24];

	if (name(value))
		return json_text(name(value));
	snprintf(unknown, sizeof(unknown), "UNKNOWN_%u", value);
	return json_text(unknown);
}

#define ADD_U64(o, s, field) \
	json_add(o, #field, json_u64((s)->field))

struct json_object *json_info(const struct vfio_cxl_info *info)
{
	struct json_object *o = json_record();

	json_add(o, "flags", json_bits(info->flags, vcxl_info_flag_name));
	ADD_U64(o, info, abi_version);
	json_add(o, "reason", json_enum(info->reason, vcxl_reason_name));
	json_add(o, "origin", json_enum(info->origin, vcxl_origin_name));
	json_add(o, "mem_mode", json_enum(info->mem_mode, vcxl_mem_mode_name));
	json_add(o, "gate", json_bits(info->gate, vcxl_gate_name));
	ADD_U64(o, info, decoder_count);
	ADD_U64(o, info, memory_size);
	ADD_U64(o, info, static_capacity);
	ADD_U64(o, info, dpa_skip);
	ADD_U64(o, info, page_sizes);
	ADD_U64(o, info, map_align);
	ADD_U64(o, info, map_offset);
	json_add(o, "element", json_text(info->element));
	return o;
}

/* Without the driver nobody knows what a window is to a device */
struct json_object *json_window(const struct vfio_cxl_window *window,
				bool of_device)
{
	struct json_object *targets = json_list();
	struct json_object *o = json_record();
	uint32_t i;

	ADD_U64(o, window, index);
	ADD_U64(o, window, base);
	ADD_U64(o, window, size);
	ADD_U64(o, window, ways);
	ADD_U64(o, window, granularity);
	json_add(o, "restrictions",
		 json_bits(window->restrictions, vcxl_restriction_name));
	ADD_U64(o, window, qtg_id);
	for (i = 0; i < window->ways && i < VFIO_CXL_WINDOW_TARGETS; i++)
		json_append(targets, json_u64(window->targets[i]));
	json_add(o, "targets", targets);
	json_add(o, "flags", of_device ?
		 json_bits(window->flags, vcxl_window_flag_name) : NULL);
	json_add(o, "reason", of_device ?
		 json_enum(window->reason, vcxl_reason_name) : NULL);
	json_add(o, "element", json_text(window->element));
	return o;
}

struct json_object *json_decoder(const struct vfio_cxl_decoder *decoder)
{
	bool guest = decoder->flags & VFIO_CXL_DECODER_GUEST;
	bool set = decoder->flags & VFIO_CXL_DECODER_GUEST_SET;
	struct json_object *o = json_record();

	ADD_U64(o, decoder, index);
	json_add(o, "flags", json_bits(decoder->flags, vcxl_decoder_flag_name));
	ADD_U64(o, decoder, base);
	ADD_U64(o, decoder, size);
	ADD_U64(o, decoder, dpa_skip);
	ADD_U64(o, decoder, ctrl);
	json_add(o, "origin", json_enum(decoder->origin, vcxl_origin_name));
	/* Set from outside it is known before the device is opened */
	json_add(o, "guest_base", guest || set ? json_u64(decoder->guest_base) :
		 NULL);
	json_add(o, "guest_size", guest ? json_u64(decoder->guest_size) : NULL);
	json_add(o, "guest_ctrl", guest ? json_u64(decoder->guest_ctrl) : NULL);
	return o;
}

/* Is @name among the record's "flags"? */
bool has_flag(struct json_object *record, const char *name)
{
	struct json_object *flags = lookup(record, "flags");
	size_t i, count = flags ? json_object_array_length(flags) : 0;

	for (i = 0; i < count; i++)
		if (!strcmp(name, json_string(json_object_array_get_idx(flags,
									i))))
			return true;
	return false;
}

static struct json_object *json_viable(const struct vcxl_device *dev)
{
	struct vcxl_peer *peers;
	size_t count, i;
	bool viable = true;

	if (vcxl_device_group(dev) < 0 ||
	    enough(vcxl_device_peers(dev, &peers, &count)))
		return NULL;
	for (i = 0; i < count; i++)
		viable = viable && !peers[i].in_the_way;
	free(peers);
	return json_flag(viable);
}

static struct json_object *json_number(int value)
{
	return value < 0 ? NULL : json_int(value);
}

/* One word for how the memory stands */
static struct json_object *json_state(const struct vfio_cxl_info *info)
{
	if (!(info->flags & VFIO_CXL_INFO_MEMORY))
		return json_enum(info->reason, vcxl_reason_name);
	return json_text(info->flags & VFIO_CXL_INFO_LIVE ? "LIVE" : "GATED");
}

void ask_driver(const struct args *args, struct vcxl_device *dev,
		struct answer *answer)
{
	int ret;

	memset(answer, 0, sizeof(*answer));
	if (!vcxl_device_is_bound(dev))
		return;
	ret = enough(vcxl_info(dev, &answer->info));
	answer->known = !ret;
	if (ret)
		answer->error = *vcxl_error(args->ctx);
}

/* As an error object has it, but no command failed; null where none did */
static struct json_object *json_error(const struct vcxl_error *error)
{
	struct json_object *o;

	if (!error->err)
		return NULL;
	o = json_record();
	json_add(o, "object", json_text(error->object));
	json_add(o, "reason", error->reason ?
		 json_enum(error->reason, vcxl_reason_name) : NULL);
	json_add(o, "element", json_text(error->element));
	json_add(o, "errno", json_text(vcxl_errno_name(error->err)));
	json_add(o, "why", json_text(error->why));
	json_add(o, "next", json_text(error->next));
	return o;
}

static void add_info(struct json_object *o, const struct answer *answer)
{
	bool known = answer->known;

	json_add(o, "state", known ? json_state(&answer->info) : NULL);
	json_add(o, "info", known ? json_info(&answer->info) : NULL);
	json_add(o, "info_error", json_error(&answer->error));
}

/* What is known of a device without touching it */
struct json_object *json_device(struct vcxl_device *dev,
				const struct answer *answer)
{
	struct json_object *o = json_record();
	uint64_t serial;
	char id[16];

	snprintf(id, sizeof(id), "%04x:%04x", vcxl_device_vendor_id(dev),
		 vcxl_device_device_id(dev));

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "class", json_u64(vcxl_device_class(dev)));
	json_add(o, "id", json_text(id));
	json_add(o, "vendor_id", json_u64(vcxl_device_vendor_id(dev)));
	json_add(o, "device_id", json_u64(vcxl_device_device_id(dev)));
	json_add(o, "serial", vcxl_device_serial(dev, &serial) ?
		 json_u64(serial) : NULL);
	json_add(o, "driver", json_text(vcxl_device_driver(dev)));
	json_add(o, "driver_override", json_text(vcxl_device_override(dev)));
	json_add(o, "bound", json_flag(vcxl_device_is_bound(dev)));
	json_add(o, "iommu_group", json_number(vcxl_device_group(dev)));
	json_add(o, "viable", json_viable(dev));
	json_add(o, "vfio", json_text(vcxl_device_vfio_name(dev)));
	json_add(o, "numa_node", json_number(vcxl_device_numa_node(dev)));
	add_info(o, answer);
	json_add(o, "dynamic_capacity", answer->known ? json_capacity(dev) :
		 NULL);
	return o;
}
