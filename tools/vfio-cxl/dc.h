/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of Dynamic Capacity share: dc_*.c, tag.c, monitor*.c. */
#ifndef VFIO_CXL_DC_H
#define VFIO_CXL_DC_H

#include "tool.h"

/* With its zero */
#define TAG_TEXT	37

/* Of --extent; the driver takes no more */
#define MAX_IDS		65536

/* Of all regions, the device's and those for host memory */
#define MAX_REGION	(VFIO_CXL_DC_HOST_REGION + VFIO_CXL_DC_HOST_REGIONS - 1)

/* tag.c */
int parse_tag(const struct args *args, const char *text, uint8_t *tag);
bool is_null_tag(const uint8_t *tag);
void format_tag(const uint8_t *tag, char *text);
/* NULL for the null tag */
struct json_object *json_tag(const uint8_t *tag);

/**
 * struct places - the fixed memory windows that a device's regions are in
 * @window: of each region, with @size 0 where decoder 0 decodes nothing of it, or the
 *	driver does not tell
 */
struct places {
	struct vfio_cxl_window window[VFIO_CXL_DC_REGIONS];
};

/* dc_place.c */
int read_places(struct vcxl_device *dev, const struct vfio_cxl_dc_info *info,
		struct places *places);
void places_of(struct vcxl *ctx, const struct vfio_cxl_dc_extent *extents,
	       size_t count, struct places *places);
bool has_place(const struct vfio_cxl_dc_extent *extent);
/* "0 at 0x4d0000000, 4 GiB" */
void format_place(struct json_object *place, char *buf, size_t len);
/* Below a table, a line for each window that some of it is in, mostly for one */
void print_places(struct json_object *records, const char *what);

/* json_dc.c */
/* NULL for none */
struct json_object *json_place(const struct places *places, uint32_t region);
struct json_object *json_dc_info(const struct vfio_cxl_dc_info *info,
				 const struct places *places);
struct json_object *json_dc_extent(const char *device,
				   const struct vfio_cxl_dc_extent *extent,
				   const struct places *places);
struct json_object *json_dc_status(const struct vfio_cxl_dc_status *status);
struct json_object *json_dc_event(const struct vfio_cxl_dc_event *event);

/**
 * struct selection - what a command is about; one of the three
 * @by_tag: @tag is given
 * @tag: a UUID
 * @offer: number, or 0
 * @ids: of extents, for free(); of an offer, once they are looked up
 * @count: of @ids
 * @text: for messages: "tag 6ba7b810-..."
 */
struct selection {
	bool by_tag;
	uint8_t tag[VFIO_CXL_DC_TAG_LEN];
	uint64_t offer;
	uint64_t *ids;
	size_t count;
	char text[64];
};

/* dc_select.c */
int select_options(const struct args *args, struct selection *s);
int select_offer(struct vcxl_device *dev, struct selection *s);

/**
 * struct standing - how a selection stands
 * @state: enum vfio_cxl_dc_state; NONE: nothing of it is known any more
 * @reach: enum vfio_cxl_dc_reach
 * @reason: enum vfio_cxl_reason
 * @rc: the device's return code
 * @bytes: of all that is offered or held; of a tag, in @state
 * @gone: extents of the selection that are neither
 * @deferred: all that is COMMITTED is to be released when it is not in use
 */
struct standing {
	uint32_t state;
	uint32_t reach;
	uint32_t reason;
	uint32_t rc;
	uint64_t bytes;
	size_t gone;
	bool deferred;
};

/* dc_status.c */
int ask_standing(struct vcxl_device *dev, const struct selection *s,
		 struct standing *standing);

enum dc_action {
	ACTION_ACCEPT,
	ACTION_REJECT,
	ACTION_RELEASE,
};

/* dc_wait.c */
/**
 * struct waiter - waits for changes, not for time
 * @events: opened before anything was asked; NULL without --wait
 * @deadline_ms: CLOCK_MONOTONIC; negative: none
 * @seconds: of the option
 */
struct waiter {
	struct vcxl_events *events;
	int64_t deadline_ms;
	uint64_t seconds;
};

int64_t now_ms(void);
int wait_options(const struct args *args, struct waiter *w);
int wait_change(struct waiter *w);
int wait_outcome(struct waiter *w, struct vcxl_device *dev,
		 const struct selection *s, enum dc_action action,
		 struct standing *standing);

/* dc_list.c */
/* A table, no wider than 100 columns */
void print_extents(struct json_object *records);
int read_extents(struct vcxl *ctx, struct vcxl_device *dev,
		 struct json_object *records);

#endif /* VFIO_CXL_DC_H */
