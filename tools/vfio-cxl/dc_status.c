// SPDX-License-Identifier: GPL-2.0-only
/* dc status; how a selection stands, for who waits for it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dc.h"

static const struct column lines[] = {
	{ "reach", "reach", FORMAT_TEXT },
	{ "in use", "in_use", FORMAT_YES },
	{ "release requested", "release_requested", FORMAT_YES },
	{ "release deferred", "release_deferred", FORMAT_YES },
	{ "offer", "offer", FORMAT_TEXT },
	{ "flags", "flags", FORMAT_TEXT },
};

/* Seconds from then to now, or from now to then */
static double seconds_to(uint64_t then)
{
	struct timespec t;
	double now;

	clock_gettime(CLOCK_BOOTTIME, &t);
	now = t.tv_sec + t.tv_nsec / 1e9;
	return then / 1e9 - now;
}

static void print_counts(const struct vfio_cxl_dc_status *status)
{
	uint32_t state;
	char size[32];

	for (state = 1; state < VFIO_CXL_DC_STATES; state++) {
		unsigned long long nr = status->nr[state];

		if (!nr)
			continue;
		format_size(status->bytes[state], size, sizeof(size));
		printf("  %-18s %llu extent%s, %s",
		       vcxl_dc_state_name(state), nr, nr == 1 ? "" : "s", size);
		if (status->since[state])
			printf(", for %.0f s", -seconds_to(status->since[state]));
		puts("");
	}
}

/* What is to be done is not said by the state alone */
static const char *next_of(const struct vfio_cxl_dc_status *status)
{
	bool in_use = status->flags & VFIO_CXL_DC_STATUS_IN_USE;

	if (status->state == VFIO_CXL_DC_PENDING &&
	    status->flags & VFIO_CXL_DC_STATUS_DECIDED)
		return "it is going to be rejected, when older offers are decided";
	if (status->state != VFIO_CXL_DC_COMMITTED)
		return vcxl_dc_state_next(status->state);
	if (status->reach == VFIO_CXL_DC_REACH_NONE)
		return "nobody can reach it: accept it again, or release it";
	if (status->flags & VFIO_CXL_DC_STATUS_DEFERRED)
		return "it is given back when its user has ended, or by --force";
	if (status->requests && in_use)
		return "it is asked for back: stop its user, then 'vfio-cxl dc release'";
	if (status->requests)
		return "it is asked for back: 'vfio-cxl dc release'";
	if (status->reach == VFIO_CXL_DC_REACH_APP && !in_use)
		return "'vfio-cxl dc run' gives it to a program, 'vfio-cxl dc release' back";
	return vcxl_dc_state_next(status->state);
}

static void print_reason(const struct vfio_cxl_dc_status *status)
{
	const char *why = vcxl_reason_why(status->reason);
	const char *rc = vcxl_rc_name(status->rc);

	if (status->reason && why)
		printf("  %-18s %s\n", "because", why);
	else if (status->reason)
		printf("  %-18s of a reason (%u) that this vfio-cxl does not know\n",
		       "because", status->reason);
	if (status->rc)
		printf("  %-18s %#x, %s\n", "return code", status->rc,
		       rc ? rc : "unknown");
}

static void print_status(struct json_object *o, const struct selection *s,
			 const struct vfio_cxl_dc_status *status)
{
	const char *why = vcxl_dc_state_why(status->state);
	const char *next = next_of(status);
	char place[80];

	printf("%s: %s is %s\n", text_of(o, "device"), s->text,
	       text_of(o, "state"));
	printf("  %-18s %s\n", "that is", why ? why :
	       "a state that this vfio-cxl does not know");
	print_reason(status);
	print_lines(o, lines, ARRAY_SIZE(lines));
	if (!s->by_tag)
		printf("  %-18s %s\n", "tag",
		       lookup(o, "tag") ? text_of(o, "tag") : "none");
	if (status->offer && status->deadline != VFIO_CXL_DC_NEVER)
		printf("  %-18s refused in %.0f s, if nobody decides\n",
		       "deadline", seconds_to(status->deadline));
	if (lookup(o, "fixed_window")) {
		format_place(lookup(o, "fixed_window"), place, sizeof(place));
		printf("  %-18s %s\n", "in fixed window", place);
	}
	print_counts(status);
	if (next && *next)
		printf("  %-18s -> %s\n", "", next);
}

static bool is_of(const struct vfio_cxl_dc_extent *extent,
		  const struct vfio_cxl_dc_status *status)
{
	if (status->flags & VFIO_CXL_DC_STATUS_EXTENT)
		return extent->id == status->extent;
	return !memcmp(extent->tag, status->tag, sizeof(extent->tag)) &&
	       (!(status->flags & VFIO_CXL_DC_STATUS_REGION) ||
		extent->region == status->region);
}

/*
 * Of the first extent that is in one: they all are in the same. NULL: none is. How
 * it stands is known, whether or not the list can be had.
 */
static void add_place(struct args *args, struct vcxl_device *dev,
		      const struct vfio_cxl_dc_status *status,
		      struct json_object *o)
{
	struct vfio_cxl_dc_extent *extents;
	struct places places;
	size_t count, i;

	json_add(o, "fixed_window", NULL);
	if (status->flags & VFIO_CXL_DC_STATUS_HOST ||
	    enough(vcxl_dc_list(dev, &extents, &count)))
		return;
	for (i = 0; i < count; i++)
		if (is_of(&extents[i], status) && has_place(&extents[i]))
			break;
	if (i < count) {
		places_of(args->ctx, &extents[i], 1, &places);
		json_add(o, "fixed_window",
			 json_place(&places, extents[i].region));
	}
	free(extents);
}

static int show(struct args *args, struct vcxl_device *dev,
		const struct selection *s, uint64_t region)
{
	struct vfio_cxl_dc_status status = { 0 };
	struct json_object *records, *o;
	int ret;

	if (s->by_tag) {
		memcpy(status.tag, s->tag, sizeof(status.tag));
	} else {
		status.flags |= VFIO_CXL_DC_STATUS_EXTENT;
		status.extent = s->ids[0];
	}
	if (args->opt[OPT_REGION]) {
		status.flags |= VFIO_CXL_DC_STATUS_REGION;
		status.region = region;
	}
	ret = vcxl_dc_status(dev, &status);
	if (ret)
		return report(args, ret);
	records = json_list();
	o = json_dc_status(&status);
	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_append(records, o);
	add_place(args, dev, &status, o);
	if (args->opt[OPT_JSON])
		print_json("statuses", records);
	else
		print_status(o, s, &status);
	json_object_put(records);
	return EXIT_DONE;
}

static int open_and_show(struct args *args, const struct selection *s,
			 uint64_t region)
{
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = show(args, dev, s, region);
	vcxl_device_free(dev);
	return ret;
}

int cmd_dc_status(struct args *args)
{
	struct selection s;
	uint64_t region = 0;
	int ret = select_options(args, &s);

	if (!ret && s.count > 1)
		ret = usage_error(args, "--extent: one at a time here; 'vfio-cxl dc list' shows all");
	if (!ret && s.count && args->opt[OPT_REGION])
		ret = usage_error(args, "--region is for tags: an extent is in one region only");
	if (!ret)
		ret = number_option(args, OPT_REGION, MAX_REGION, &region);
	if (!ret)
		ret = open_and_show(args, &s, region);
	free(s.ids);
	return ret;
}

static int ask_status(struct vcxl_device *dev,
		      const struct vfio_cxl_dc_status *what,
		      struct standing *standing)
{
	struct vfio_cxl_dc_status status = *what;
	int ret = vcxl_dc_status(dev, &status);

	memset(standing, 0, sizeof(*standing));
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	standing->state = status.state;
	standing->reach = status.reach;
	standing->reason = status.reason;
	standing->rc = status.rc;
	standing->deferred = status.flags & VFIO_CXL_DC_STATUS_DEFERRED;
	if (status.state < VFIO_CXL_DC_STATES)
		standing->bytes = status.bytes[status.state];
	return 0;
}

/* How far from settled a state is: that of many is the one which is farthest */
static unsigned int rank(uint32_t state)
{
	static const unsigned char ranks[VFIO_CXL_DC_STATES] = {
		[VFIO_CXL_DC_COMMITTED] = 1, [VFIO_CXL_DC_PENDING] = 2,
		[VFIO_CXL_DC_ACCEPTING] = 3, [VFIO_CXL_DC_RELEASING] = 4,
	};

	return state < VFIO_CXL_DC_STATES ? ranks[state] : 5;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of those that are offered or held; @found: how many of the selection are */
static int ask_list(struct vcxl_device *dev, const struct selection *s,
		    struct standing *standing, size_t *found)
{
	struct vfio_cxl_dc_extent *extents;
	size_t count, i;
	int ret = vcxl_dc_list(dev, &extents, &count);

	*found = 0;
	memset(standing, 0, sizeof(*standing));
	if (ret)
		return ret;
	standing->deferred = true;
	for (i = 0; i < count; i++) {
		const struct vfio_cxl_dc_extent *e = &extents[i];
		bool stays = e->state == VFIO_CXL_DC_COMMITTED &&
			     !(e->flags & VFIO_CXL_DC_EXTENT_DEFERRED);
		uint64_t id = e->id;

		if (!bsearch(&id, s->ids, s->count, sizeof(id), by_number))
			continue;
		(*found)++;
		/* The reason that is told is that of one which goes nowhere */
		if (*found == 1 || rank(e->state) > rank(standing->state) ||
		    (stays && standing->deferred &&
		     standing->state == VFIO_CXL_DC_COMMITTED)) {
			standing->state = e->state;
			standing->reach = e->reach;
			standing->reason = e->reason;
			standing->rc = e->rc;
		}
		standing->bytes += e->length;
		if (stays)
			standing->deferred = false;
	}
	standing->gone = s->count - *found;
	free(extents);
	return 0;
}

/* One of them that is no more says it for all that were taken with it */
static int ask_extents(struct vcxl_device *dev, const struct selection *s,
		       struct standing *standing)
{
	struct vfio_cxl_dc_status what = { .flags = VFIO_CXL_DC_STATUS_EXTENT };
	size_t found = 0;
	int ret;

	qsort(s->ids, s->count, sizeof(*s->ids), by_number);
	ret = ask_list(dev, s, standing, &found);
	if (ret || found || !s->count)
		return ret;
	what.extent = s->ids[0];
	return ask_status(dev, &what, standing);
}

int ask_standing(struct vcxl_device *dev, const struct selection *s,
		 struct standing *standing)
{
	struct vfio_cxl_dc_status what = { 0 };

	if (!s->by_tag)
		return ask_extents(dev, s, standing);
	memcpy(what.tag, s->tag, sizeof(what.tag));
	return ask_status(dev, &what, standing);
}
