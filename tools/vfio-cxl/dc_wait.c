// SPDX-License-Identifier: GPL-2.0-only
/*
 * --wait of dc accept, reject and release. The log of changes is opened before
 * anything is asked, so that no change falls between asking and waiting; each
 * change is a reason to ask again, and nothing else is.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "dc.h"

/* A year: more can't be meant */
#define MAX_SECONDS	(366 * 24 * 3600)

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Of the options; @w->events is opened by the caller */
int wait_options(const struct args *args, struct waiter *w)
{
	int ret;

	memset(w, 0, sizeof(*w));
	w->deadline_ms = -1;
	if (!args->opt[OPT_WAIT] || !*args->opt[OPT_WAIT])
		return EXIT_DONE;
	ret = number_option(args, OPT_WAIT, MAX_SECONDS, &w->seconds);
	if (!ret)
		w->deadline_ms = now_ms() + (int64_t)w->seconds * 1000;
	return ret;
}

/* Up to the next change, and past all that are there */
int wait_change(struct waiter *w)
{
	struct vfio_cxl_dc_event event;
	int64_t left = -1;
	int ret;

	if (w->deadline_ms >= 0) {
		left = w->deadline_ms - now_ms();
		if (left < 0)
			left = 0;
		if (left > INT_MAX)
			left = INT_MAX;
	}
	do {
		ret = vcxl_events_wait(w->events, left);
	} while (ret == -EINTR);
	while (!ret)
		ret = vcxl_events_next(w->events, &event);
	return ret == -EAGAIN ? 0 : ret;
}

enum verdict {
	IS_SO,
	GOES_ON,
	IS_NOT,
};

static enum verdict judge(enum dc_action action, const struct standing *s)
{
	switch (s->state) {
	case VFIO_CXL_DC_RELEASING:
		return action == ACTION_RELEASE ? GOES_ON : IS_NOT;
	case VFIO_CXL_DC_ACCEPTING:
		return action == ACTION_RELEASE ? IS_NOT : GOES_ON;
	case VFIO_CXL_DC_PENDING:
		return action == ACTION_REJECT ? GOES_ON : IS_NOT;
	case VFIO_CXL_DC_COMMITTED:
		if (action == ACTION_RELEASE && s->deferred)
			return GOES_ON;
		return action == ACTION_ACCEPT && !s->gone ? IS_SO : IS_NOT;
	case VFIO_CXL_DC_NONE:
	case VFIO_CXL_DC_RELEASED:
	case VFIO_CXL_DC_REJECTED:
	case VFIO_CXL_DC_REVOKED:
		return action == ACTION_ACCEPT ? IS_NOT : IS_SO;
	default:
		return IS_NOT;
	}
}

/*
 * @w: waits until it is so, or cannot be. Returns 0; 1 when it came otherwise;
 * -ETIMEDOUT; or what the library failed with. @standing is as of the end.
 */
int wait_outcome(struct waiter *w, struct vcxl_device *dev,
		 const struct selection *s, enum dc_action action,
		 struct standing *standing)
{
	for (;;) {
		int ret = ask_standing(dev, s, standing);

		if (ret)
			return ret;
		switch (judge(action, standing)) {
		case IS_SO:
			return 0;
		case IS_NOT:
			return 1;
		case GOES_ON:
			break;
		}
		ret = wait_change(w);
		if (ret)
			return ret;
	}
}
