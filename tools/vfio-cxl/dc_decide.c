// SPDX-License-Identifier: GPL-2.0-only
/* dc accept, reject, release, deadline */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dc.h"

static const struct verb {
	const char *name;	/* in JSON */
	const char *done;
	const char *not_done;
	int (*call)(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide);
} verbs[] = {
	[ACTION_ACCEPT] = { "ACCEPT", "accepted", "not accepted",
			    vcxl_dc_accept },
	[ACTION_REJECT] = { "REJECT", "rejected", "not rejected",
			    vcxl_dc_reject },
	[ACTION_RELEASE] = { "RELEASE", "released", "not released",
			     vcxl_dc_release },
};

/**
 * struct decision - a run of one of the three
 * @args: the command line
 * @dev: device
 * @action: which
 * @selection: of what
 * @reach: enum vfio_cxl_dc_reach, to accept
 * @waiter: for --wait
 * @result: what the driver said
 * @standing: how it stands after that
 */
struct decision {
	struct args *args;
	struct vcxl_device *dev;
	enum dc_action action;
	struct selection selection;
	uint32_t reach;
	struct waiter waiter;
	struct vfio_cxl_dc_decide result;
	struct standing standing;
};

static int reach_option(const struct args *args, uint32_t *reach)
{
	const char *text = args->opt[OPT_REACH];

	*reach = VFIO_CXL_DC_REACH_DEVICE;
	if (!text || !strcasecmp(text, "device"))
		return EXIT_DONE;
	*reach = VFIO_CXL_DC_REACH_APP;
	if (!strcasecmp(text, "app"))
		return EXIT_DONE;
	return usage_error(args, "--reach: '%s' is neither device nor app; for one tenancy alone its own user accepts",
			   text);
}

static int call(struct decision *d)
{
	const struct selection *s = &d->selection;
	struct vfio_cxl_dc_decide *r = &d->result;

	memset(r, 0, sizeof(*r));
	if (s->by_tag)
		memcpy(r->tag, s->tag, sizeof(r->tag));
	r->offer = s->offer;
	if (!s->by_tag && !s->offer) {
		r->ids = (uintptr_t)s->ids;
		r->count = s->count;
	}
	if (d->action == ACTION_ACCEPT)
		r->reach = d->reach;
	if (d->args->opt[OPT_FORCE])
		r->flags = VFIO_CXL_DC_DECIDE_FORCE;
	if (d->args->opt[OPT_DEFER])
		r->flags = VFIO_CXL_DC_DECIDE_DEFER;
	return verbs[d->action].call(d->dev, r);
}

/* It is going to be so, by itself */
#define UNDER_WAY	(VFIO_CXL_DC_DECIDE_QUEUED | VFIO_CXL_DC_DECIDE_DEFERRED)

/* What ends by itself, and with a change */
static bool is_passing(const struct decision *d, int err)
{
	return err == -EAGAIN &&
	       (d->result.reason == VFIO_CXL_REASON_DC_COLLECTING ||
		d->result.reason == VFIO_CXL_REASON_DC_NOT_SYNCED ||
		d->result.reason == VFIO_CXL_REASON_NOT_LIVE);
}

static int timed_out(const struct decision *d)
{
	const char *state = vcxl_dc_state_name(d->standing.state);
	bool in_use = d->standing.state == VFIO_CXL_DC_COMMITTED &&
		      d->standing.deferred;
	const char *why = in_use ? "it is still in use" :
			  vcxl_dc_state_why(d->standing.state);
	struct vcxl_error e = {
		.err = -ETIMEDOUT, .reason = d->standing.reason,
	};

	snprintf(e.object, sizeof(e.object), "%s", vcxl_device_name(d->dev));
	if (d->result.flags & UNDER_WAY)
		snprintf(e.why, sizeof(e.why),
			 "%s: %s, but %s after %llu s: %s",
			 d->selection.text, verbs[d->action].not_done,
			 state ? state : "in a newer state",
			 (unsigned long long)d->waiter.seconds,
			 why ? why : "unknown");
	else
		snprintf(e.why, sizeof(e.why),
			 "%s: %s, and can't be yet after %llu s: %.300s",
			 d->selection.text, verbs[d->action].not_done,
			 (unsigned long long)d->waiter.seconds,
			 vcxl_error(d->args->ctx)->why);
	snprintf(e.next, sizeof(e.next), "%s",
		 d->result.flags & UNDER_WAY ?
		 "nothing is taken back: 'vfio-cxl dc status' shows how it goes on" :
		 "nothing was done: try again, or wait longer");
	return report_error(d->args, &e);
}

/* Queued it was, but it came otherwise */
static int came_otherwise(const struct decision *d)
{
	const struct standing *s = &d->standing;
	const char *state = vcxl_dc_state_name(s->state);
	const char *why = s->reason ? vcxl_reason_why(s->reason) : NULL;
	struct vcxl_error e = { .err = -EIO, .reason = s->reason };

	if (s->reason == VFIO_CXL_REASON_DC_DEVICE_BUSY)
		e.err = -EBUSY;
	snprintf(e.object, sizeof(e.object), "%s", vcxl_device_name(d->dev));
	if (s->rc)
		snprintf(e.element, sizeof(e.element), "%#x %s", s->rc,
			 vcxl_rc_name(s->rc) ? vcxl_rc_name(s->rc) : "unknown");
	snprintf(e.why, sizeof(e.why), "%s: %s, but %s%s%s%s%s%s%s",
		 d->selection.text, verbs[d->action].not_done,
		 s->gone ? "not all of it is there any more" :
		 s->state ? "is " : "is gone",
		 s->gone || !s->state ? "" : state ? state : "in a newer state",
		 why ? ": " : "", why ? why : "", s->rc ? " (" : "", e.element,
		 s->rc ? ")" : "");
	snprintf(e.next, sizeof(e.next), "%s", s->reason &&
		 vcxl_reason_next(s->reason) ? vcxl_reason_next(s->reason) :
		 "'vfio-cxl dc list' shows what there is");
	return report_error(d->args, &e);
}

static struct json_object *json_decision(const struct decision *d)
{
	const struct selection *s = &d->selection;
	struct json_object *o = json_record();
	struct json_object *ids = s->by_tag ? NULL : json_list();
	uint32_t flags = d->result.flags;
	size_t i;

	for (i = 0; ids && i < s->count; i++)
		json_append(ids, json_u64(s->ids[i]));
	json_add(o, "device", json_text(vcxl_device_name(d->dev)));
	json_add(o, "action", json_text(verbs[d->action].name));
	json_add(o, "tag", s->by_tag ? json_tag(s->tag) : NULL);
	json_add(o, "offer", s->offer ? json_u64(s->offer) : NULL);
	json_add(o, "extents", ids);
	json_add(o, "already",
		 json_flag(flags & VFIO_CXL_DC_DECIDE_ALREADY));
	json_add(o, "queued", json_flag(flags & VFIO_CXL_DC_DECIDE_QUEUED));
	json_add(o, "deferred",
		 json_flag(flags & VFIO_CXL_DC_DECIDE_DEFERRED));
	json_add(o, "state", d->standing.state ?
		 json_enum(d->standing.state, vcxl_dc_state_name) : NULL);
	json_add(o, "reach",
		 json_enum(d->standing.reach, vcxl_dc_reach_name));
	json_add(o, "reason",
		 json_enum(d->standing.reason, vcxl_reason_name));
	json_add(o, "rc", json_u64(d->standing.rc));
	json_add(o, "bytes", json_u64(d->standing.bytes));
	return o;
}

static void print_decision(const struct decision *d)
{
	uint32_t flags = d->result.flags;
	const struct standing *s = &d->standing;
	const char *state = s->state ? vcxl_dc_state_name(s->state) : NULL;
	char size[32];

	format_size(s->bytes, size, sizeof(size));
	printf("%s: %s is %s%s%s", vcxl_device_name(d->dev), d->selection.text,
	       flags & UNDER_WAY ? "going to be " :
	       flags & VFIO_CXL_DC_DECIDE_ALREADY ? "already " : "",
	       verbs[d->action].done,
	       flags & VFIO_CXL_DC_DECIDE_DEFERRED ?
	       " when its use ends" : "");
	if (state)
		printf(": %s, %s", state, size);
	if (s->state == VFIO_CXL_DC_COMMITTED)
		printf(", reach %s", vcxl_dc_reach_name(s->reach) ?
		       vcxl_dc_reach_name(s->reach) : "unknown");
	puts("");
	if (flags & VFIO_CXL_DC_DECIDE_QUEUED && state)
		printf("  -> %s\n", vcxl_dc_state_next(s->state));
}

static int show(const struct decision *d)
{
	struct json_object *records = json_list();

	json_append(records, json_decision(d));
	if (d->args->opt[OPT_JSON])
		print_json("decisions", records);
	else
		print_decision(d);
	json_object_put(records);
	return EXIT_DONE;
}

/* Until the driver took it; what an offer consists of is known before */
static int ask_driver_to(struct decision *d)
{
	int ret = select_offer(d->dev, &d->selection);

	if (ret)
		return report(d->args, ret);
	while ((ret = call(d))) {
		if (!d->waiter.events || !is_passing(d, ret))
			return report(d->args, ret);
		ret = wait_change(&d->waiter);
		if (ret == -ETIMEDOUT)
			return timed_out(d);
		if (!ret)
			ret = select_offer(d->dev, &d->selection);
		if (ret)
			return report(d->args, ret);
	}
	return EXIT_DONE;
}

/* It is taken: what can't be asked from here on is no failure of it */
static int run(struct decision *d)
{
	int ret = ask_driver_to(d);

	if (ret)
		return ret;
	if (!(d->result.flags & UNDER_WAY) || !d->waiter.events) {
		enough(ask_standing(d->dev, &d->selection, &d->standing));
		return show(d);
	}
	ret = wait_outcome(&d->waiter, d->dev, &d->selection, d->action,
			   &d->standing);
	if (ret == -ETIMEDOUT)
		return timed_out(d);
	if (ret < 0)
		return report(d->args, ret);
	if (ret)
		return came_otherwise(d);
	d->result.flags &= ~UNDER_WAY;
	return show(d);
}

static int open_and_run(struct decision *d)
{
	int ret = open_device(d->args, &d->dev);

	if (ret)
		return report(d->args, ret);
	if (d->args->opt[OPT_WAIT])
		ret = vcxl_events_open(d->dev, &d->waiter.events);
	ret = ret ? report(d->args, ret) : run(d);
	vcxl_events_close(d->waiter.events);
	vcxl_device_free(d->dev);
	return ret;
}

static int decide(struct args *args, enum dc_action action)
{
	struct decision d = { .args = args, .action = action };
	int ret = select_options(args, &d.selection);

	if (!ret && args->opt[OPT_FORCE] && args->opt[OPT_DEFER])
		ret = usage_error(args, "--force does not wait for a user, and --defer does: which of the two?");
	if (!ret)
		ret = reach_option(args, &d.reach);
	if (!ret)
		ret = wait_options(args, &d.waiter);
	if (!ret)
		ret = open_and_run(&d);
	free(d.selection.ids);
	return ret;
}

int cmd_dc_accept(struct args *args)
{
	return decide(args, ACTION_ACCEPT);
}

int cmd_dc_reject(struct args *args)
{
	return decide(args, ACTION_REJECT);
}

int cmd_dc_release(struct args *args)
{
	return decide(args, ACTION_RELEASE);
}
