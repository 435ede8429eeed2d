// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

bool offered(const struct tag *tag)
{
	return bed("fm add --tag %s --region 0 --offset 0 --length %lu",
		   tag->text, EXTENT);
}

/* An offer that nobody wants: two entries */
bool offer_and_reject(int node, const struct tag *tag)
{
	struct vfio_cxl_dc_decide answer;

	return offered(tag) &&
	       within(SOON, dc_state(node, tag) == VFIO_CXL_DC_PENDING) &&
	       !dc_reject(node, tag, &answer) &&
	       within(SOON, dc_state(node, tag) == VFIO_CXL_DC_REJECTED);
}

/* What poll() says within @ms, or 0 */
short ready(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, ms) == 1 ? poll_fd.revents : 0;
}

bool next(int fd, struct vfio_cxl_dc_event *event)
{
	return ready(fd, SOON) & POLLIN &&
	       read(fd, event, sizeof(*event)) == sizeof(*event);
}

bool is_of(const struct vfio_cxl_dc_event *event, const struct tag *tag,
	   __u32 state)
{
	return event->kind == VFIO_CXL_DC_CHANGE_STATE &&
	       event->state == state &&
	       !memcmp(event->tag, tag->bytes, sizeof(event->tag));
}
