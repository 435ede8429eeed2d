// SPDX-License-Identifier: GPL-2.0-only
/* Which fixed memory window of the host Dynamic Capacity is in. */
#include <string.h>

#include "dc.h"

/* Decoder 0 is in one: regions share it, and it is asked for once */
int read_places(struct vcxl_device *dev, const struct vfio_cxl_dc_info *info,
		struct places *places)
{
	const struct vfio_cxl_window *last = NULL;
	uint32_t i;

	memset(places, 0, sizeof(*places));
	for (i = 0; i < info->region_count; i++) {
		const struct vfio_cxl_dc_region *region = &info->region[i];
		struct vfio_cxl_window *window = &places->window[i];
		int ret;

		if (!(region->flags & VFIO_CXL_DC_REGION_WINDOW))
			continue;
		if (last && last->index == region->window) {
			*window = *last;
			continue;
		}
		window->index = region->window;
		ret = vcxl_window(dev, window);
		if (ret)
			return ret;
		last = window;
	}
	return 0;
}

/* Host memory, and what the decoder does not decode, is in no such window */
bool has_place(const struct vfio_cxl_dc_extent *extent)
{
	return extent->flags & VFIO_CXL_DC_EXTENT_WINDOW &&
	       extent->region < VFIO_CXL_DC_REGIONS;
}

/*
 * By firmware's table: the driver would answer only when the device is not busy,
 * and a list does not wait. Without rights to the table it is not known.
 */
void places_of(struct vcxl *ctx, const struct vfio_cxl_dc_extent *extents,
	       size_t count, struct places *places)
{
	size_t i;

	memset(places, 0, sizeof(*places));
	for (i = 0; i < count; i++) {
		struct vfio_cxl_window *window;

		if (!has_place(&extents[i]))
			continue;
		window = &places->window[extents[i].region];
		if (window->size)
			continue;
		window->index = extents[i].flags >>
				VFIO_CXL_DC_EXTENT_WINDOW_SHIFT;
		if (enough(vcxl_cedt_window(ctx, window)))
			window->size = 0;
	}
}

void format_place(struct json_object *place, char *buf, size_t len)
{
	char size[32];

	format_size(json_object_get_uint64(lookup(place, "size")), size,
		    sizeof(size));
	snprintf(buf, len, "%s at %#llx, %s", text_of(place, "index"),
		 (unsigned long long)json_object_get_uint64(lookup(place, "base")),
		 size);
}

void print_places(struct json_object *records, const char *what)
{
	size_t i, count = json_object_array_length(records);
	uint64_t last = UINT64_MAX;
	char text[80];

	for (i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(records, i);
		struct json_object *place = lookup(o, "fixed_window");
		uint64_t index;

		if (!place)
			continue;
		index = json_object_get_uint64(lookup(place, "index"));
		if (index == last)
			continue;
		last = index;
		format_place(place, text, sizeof(text));
		printf("%s in fixed memory window %s\n", what, text);
	}
}
