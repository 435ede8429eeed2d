// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: what is asked, and decided, by ioctls that are the same on the
 * control node and on the VFIO device fd.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "private.h"

/* Of a list; and how often one that changes is begun anew */
#define FIRST_ROOM	64
#define MAX_ROOM	4096
#define MAX_EXTENTS	(1 << 20)
#define MAX_RESTARTS	16

#define TAG_TEXT	37

static int call(const struct vcxl_dc *dc, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(dc->fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

/* 8-4-4-4-12 digits */
static const char *tag_text(const uint8_t *tag, char *text)
{
	size_t i, n = 0;

	for (i = 0; i < VFIO_CXL_DC_TAG_LEN; i++)
		n += snprintf(text + n, TAG_TEXT - n, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      tag[i]);
	return text;
}

static bool is_null(const uint8_t *tag)
{
	static const uint8_t null[VFIO_CXL_DC_TAG_LEN];

	return !memcmp(tag, null, sizeof(null));
}

static int no_sense(const struct vcxl_dc *dc, const char *what)
{
	return vcxl_fail(dc->ctx, -EIO, dc->name,
			 "load a cxl-vfio-pci that this command knows",
			 "the driver's answer makes no sense: %s", what);
}

/* Why there is none of it, where the call had no room to say so */
static uint32_t why_not(const struct vcxl_dc *dc)
{
	struct vfio_cxl_dc_info info = { .argsz = sizeof(info) };

	return call(dc, VFIO_CXL_DC_INFO, &info) ? 0 : info.reason;
}

/* With the device's return code, where it gave one */
static int fail(const struct vcxl_dc *dc, int err, uint32_t reason,
		uint32_t rc, const char *doing)
{
	const char *name = vcxl_rc_name(rc);
	char element[VFIO_CXL_ELEMENT_LEN] = "";

	if ((err == -EOPNOTSUPP || err == -EAGAIN) && !reason)
		reason = why_not(dc);
	if (rc)
		snprintf(element, sizeof(element), "%#x %s", rc,
			 name ? name : "unknown");
	return vcxl_fail_reason(dc->ctx, err, dc->name, reason, element, doing);
}

int vcxl_dc_ask_info(const struct vcxl_dc *dc, struct vfio_cxl_dc_info *info)
{
	int ret;

	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	ret = call(dc, VFIO_CXL_DC_INFO, info);
	if (ret)
		return fail(dc, ret, 0, 0,
			    "can't ask the driver about Dynamic Capacity");
	if (info->region_count > VFIO_CXL_DC_REGIONS)
		return no_sense(dc, "too many regions");
	if (info->host_region_count > VFIO_CXL_DC_HOST_REGIONS)
		return no_sense(dc, "too many regions for host memory");
	return 0;
}

/* Room for another page behind @count; twice as much each time */
static int make_room(const struct vcxl_dc *dc,
		     struct vfio_cxl_dc_extent **extents, size_t count,
		     size_t *room)
{
	size_t more = *room ? *room : FIRST_ROOM;
	struct vfio_cxl_dc_extent *p;

	if (*room > count)
		return 0;
	if (more > MAX_ROOM)
		more = MAX_ROOM;
	p = reallocarray(*extents, *room + more, sizeof(*p));
	if (!p)
		return vcxl_fail(dc->ctx, -ENOMEM, dc->name, "",
				 "out of memory for the list of extents");
	*extents = p;
	*room += more;
	return 0;
}

/* Ids grow: a list that does not is not believed, or it might never end */
static int check_page(const struct vcxl_dc *dc,
		      const struct vfio_cxl_dc_list *list,
		      const struct vfio_cxl_dc_extent *extents, size_t count)
{
	size_t i;

	if (list->count > list->room)
		return no_sense(dc, "more extents than there is room for");
	if (!list->count && list->flags & VFIO_CXL_DC_LIST_MORE)
		return no_sense(dc, "a page of the list is empty");
	for (i = count; i < count + list->count; i++)
		if (i && extents[i].id <= extents[i - 1].id)
			return no_sense(dc, "the list is not in order");
	return 0;
}

/* From the first page to the last; -EAGAIN: it changed in between */
static int list_once(const struct vcxl_dc *dc,
		     struct vfio_cxl_dc_extent **extents, size_t *room,
		     size_t *count)
{
	struct vfio_cxl_dc_list list = { 0 };
	int ret;

	*count = 0;
	do {
		ret = make_room(dc, extents, *count, room);
		if (ret)
			return ret;
		list.argsz = sizeof(list);
		list.flags = 0;
		list.extents = (uintptr_t)(*extents + *count);
		list.room = *room - *count > MAX_ROOM ? MAX_ROOM :
			    *room - *count;
		list.count = 0;
		ret = call(dc, VFIO_CXL_DC_LIST, &list);
		if (ret)
			return fail(dc, ret, list.reason, 0,
				    "can't list the extents");
		ret = check_page(dc, &list, *extents, *count);
		if (ret)
			return ret;
		*count += list.count;
		if (*count > MAX_EXTENTS)
			return no_sense(dc, "the list does not end");
	} while (list.flags & VFIO_CXL_DC_LIST_MORE);
	return 0;
}

int vcxl_dc_ask_list(const struct vcxl_dc *dc,
		     struct vfio_cxl_dc_extent **extents, size_t *count)
{
	size_t room = 0;
	int i, ret = -EAGAIN;

	*extents = NULL;
	for (i = 0; ret == -EAGAIN && i < MAX_RESTARTS; i++)
		ret = list_once(dc, extents, &room, count);
	if (!ret)
		return 0;
	free(*extents);
	*extents = NULL;
	*count = 0;
	return ret;
}

static int fail_status(const struct vcxl_dc *dc, int err,
		       const struct vfio_cxl_dc_status *asked, uint32_t reason)
{
	bool region = asked->flags & VFIO_CXL_DC_STATUS_REGION;
	char text[TAG_TEXT], in[32] = "";

	if (err == -EAGAIN && !reason)
		reason = why_not(dc);
	/* If all else is known */
	if (err == -EAGAIN && !reason)
		reason = VFIO_CXL_REASON_DC_COLLECTING;
	if (err != -ENOENT)
		return fail(dc, err, reason, 0, "can't ask how it stands");
	if (region)
		snprintf(in, sizeof(in), " in region %u", asked->region);
	if (asked->flags & VFIO_CXL_DC_STATUS_EXTENT)
		return vcxl_fail(dc->ctx, err, dc->name,
				 "'vfio-cxl dc list' shows what there is",
				 "there is no extent %llu%s, or none any more",
				 (unsigned long long)asked->extent, in);
	return vcxl_fail(dc->ctx, err, dc->name,
			 "'vfio-cxl dc list' shows what there is",
			 "there is nothing with tag %s%s, and none is remembered",
			 tag_text(asked->tag, text), in);
}

int vcxl_dc_ask_status(const struct vcxl_dc *dc,
		       struct vfio_cxl_dc_status *status)
{
	struct vfio_cxl_dc_status asked = *status;
	int ret;

	memset(status, 0, sizeof(*status));
	status->argsz = sizeof(*status);
	status->flags = asked.flags;
	status->extent = asked.extent;
	status->region = asked.region;
	memcpy(status->tag, asked.tag, sizeof(status->tag));
	ret = call(dc, VFIO_CXL_DC_STATUS, status);
	return ret ? fail_status(dc, ret, &asked, status->reason) : 0;
}

static const char *doing(unsigned long request)
{
	return request == VFIO_CXL_DC_ACCEPT ? "can't accept it" :
	       request == VFIO_CXL_DC_REJECT ? "can't reject it" :
					       "can't release it";
}

/* Nothing like that, or it was and is no more: the reason says why */
static int fail_nothing(const struct vcxl_dc *dc, unsigned long request,
			const struct vfio_cxl_dc_decide *d)
{
	const char *state = request == VFIO_CXL_DC_RELEASE ? "held" :
			    request == VFIO_CXL_DC_REJECT ? "offered" :
			    "offered or held";
	const char *why = d->reason ? vcxl_reason_why(d->reason) : NULL;
	char text[TAG_TEXT + 16];

	if (!is_null(d->tag)) {
		strcpy(text, "tag ");
		tag_text(d->tag, text + 4);
	} else if (d->offer) {
		snprintf(text, sizeof(text), "offer %llu",
			 (unsigned long long)d->offer);
	} else {
		strcpy(text, "these extents");
	}
	vcxl_fail(dc->ctx, -ENOENT, dc->name,
		  "'vfio-cxl dc list' shows what there is",
		  "nothing of %s is %s%s%s", text, state, why ? ": " : "",
		  why ? why : "");
	dc->ctx->error.reason = d->reason;
	return -ENOENT;
}

int vcxl_dc_decide(const struct vcxl_dc *dc, unsigned long request,
		   struct vfio_cxl_dc_decide *decide)
{
	int ret;

	decide->argsz = sizeof(*decide);
	decide->reason = 0;
	decide->rc = 0;
	ret = call(dc, request, decide);
	if (ret == -ENOENT)
		return fail_nothing(dc, request, decide);
	return ret ? fail(dc, ret, decide->reason, decide->rc, doing(request)) :
		     0;
}

/*
 * The control node's
 */

static int of_control(struct vcxl_device *dev, struct vcxl_dc *dc)
{
	int ret = vcxl_control_open(dev);

	*dc = (struct vcxl_dc){
		.ctx = dev->ctx, .name = dev->name, .fd = dev->control,
	};
	return ret;
}

int vcxl_dc_info(struct vcxl_device *dev, struct vfio_cxl_dc_info *info)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	return ret ? ret : vcxl_dc_ask_info(&dc, info);
}

int vcxl_dc_list(struct vcxl_device *dev, struct vfio_cxl_dc_extent **extents,
		 size_t *count)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	return ret ? ret : vcxl_dc_ask_list(&dc, extents, count);
}

int vcxl_dc_status(struct vcxl_device *dev, struct vfio_cxl_dc_status *status)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	return ret ? ret : vcxl_dc_ask_status(&dc, status);
}

static int decide_by_control(struct vcxl_device *dev, unsigned long request,
			     struct vfio_cxl_dc_decide *decide)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	return ret ? ret : vcxl_dc_decide(&dc, request, decide);
}

int vcxl_dc_accept(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide)
{
	return decide_by_control(dev, VFIO_CXL_DC_ACCEPT, decide);
}

int vcxl_dc_reject(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide)
{
	return decide_by_control(dev, VFIO_CXL_DC_REJECT, decide);
}

int vcxl_dc_release(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide)
{
	return decide_by_control(dev, VFIO_CXL_DC_RELEASE, decide);
}

int vcxl_dc_deadline(struct vcxl_device *dev, uint64_t offer, uint64_t deadline)
{
	struct vfio_cxl_dc_deadline arg = {
		.argsz = sizeof(arg), .offer = offer, .deadline = deadline,
	};
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	if (ret)
		return ret;
	ret = call(&dc, VFIO_CXL_DC_DEADLINE, &arg);
	if (ret == -ENOENT)
		return vcxl_fail(dc.ctx, ret, dc.name,
				 "'vfio-cxl dc list' shows what is PENDING, and of which offer",
				 "there is no offer %llu that is not answered",
				 (unsigned long long)offer);
	return ret ? fail(&dc, ret, arg.reason, 0,
			  "can't set the offer's deadline") : 0;
}

int vcxl_dc_configure(struct vcxl_device *dev,
		      struct vfio_cxl_dc_configure *configure)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	if (ret)
		return ret;
	configure->argsz = sizeof(*configure);
	configure->flags = 0;
	configure->reason = 0;
	ret = call(&dc, VFIO_CXL_DC_CONFIGURE, configure);
	if (ret && configure->reason == VFIO_CXL_REASON_RANGE_SIZE) {
		vcxl_fail(dc.ctx, ret, dc.name,
			  "choose fewer regions, or smaller ones",
			  "all %u regions together are larger than 1 TiB, which a VFIO region holds at most",
			  configure->regions);
		dc.ctx->error.reason = configure->reason;
		return ret;
	}
	return ret ? fail(&dc, ret, configure->reason, 0,
			  "can't configure the window for host memory") : 0;
}

/* A fabric manager has no part in it: what the reasons say of one is not so here */
static int fail_add(const struct vcxl_dc *dc, int err,
		    const struct vfio_cxl_dc_add *add)
{
	unsigned long long offset = add->offset;

	switch (add->reason) {
	case VFIO_CXL_REASON_DC_REGION:
		vcxl_fail(dc->ctx, err, dc->name,
			  "'vfio-cxl dc show' has the regions for host memory, by their numbers",
			  "there is no region %u for host memory", add->region);
		break;
	case VFIO_CXL_REASON_DC_ALIGN:
		vcxl_fail(dc->ctx, err, dc->name,
			  "'vfio-cxl dc show' has the blocks of the regions",
			  "the offset %#llx is no multiple of the blocks of region %u",
			  offset, add->region);
		break;
	case VFIO_CXL_REASON_DC_OVERLAP:
		vcxl_fail(dc->ctx, err, dc->name,
			  "'vfio-cxl dc list' shows what is there, by its offset in the window: choose another --offset, which is one in the region",
			  "another extent is in region %u at offset %#llx, or too close behind",
			  add->region, offset);
		break;
	case VFIO_CXL_REASON_DC_TAG_LIVE:
		vcxl_fail(dc->ctx, err, dc->name,
			  "'vfio-cxl dc status' shows how it stands: give that back first",
			  "%s", vcxl_reason_why(add->reason));
		break;
	default:
		return fail(dc, err, add->reason, 0, "can't offer host memory");
	}
	dc->ctx->error.reason = add->reason;
	return err;
}

int vcxl_dc_add(struct vcxl_device *dev, struct vfio_cxl_dc_add *add)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	if (ret)
		return ret;
	add->argsz = sizeof(*add);
	add->reason = 0;
	add->extent = 0;
	add->offer = 0;
	ret = call(&dc, VFIO_CXL_DC_ADD, add);
	return ret ? fail_add(&dc, ret, add) : 0;
}

int vcxl_dc_remove(struct vcxl_device *dev, struct vfio_cxl_dc_remove *remove)
{
	char text[TAG_TEXT];
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	if (ret)
		return ret;
	remove->argsz = sizeof(*remove);
	remove->reason = 0;
	ret = call(&dc, VFIO_CXL_DC_REMOVE, remove);
	if (ret == -ENOENT && !remove->reason)
		return vcxl_fail(dc.ctx, ret, dc.name,
				 "'vfio-cxl dc list' shows what there is",
				 "no host memory with tag %s is offered or held",
				 tag_text(remove->tag, text));
	return ret ? fail(&dc, ret, remove->reason, 0,
			  "can't ask for host memory back") : 0;
}

static int fail_open(const struct vcxl_dc *dc, int err,
		     const struct vfio_cxl_dc_open *open)
{
	struct vfio_cxl_dc_decide nothing = { .reason = open->reason };

	if (err == -ENOENT) {
		memcpy(nothing.tag, open->tag, sizeof(nothing.tag));
		return fail_nothing(dc, VFIO_CXL_DC_ACCEPT, &nothing);
	}
	if (open->reason != VFIO_CXL_REASON_OPEN)
		return fail(dc, err, open->reason, 0,
			    "can't open a descriptor of the tag");
	vcxl_fail(dc->ctx, err, dc->name,
		  "stop its user, for instance the virtual machine, first",
		  "the VFIO device is open, and its own capacity is for its user then");
	dc->ctx->error.reason = open->reason;
	return err;
}

int vcxl_dc_open(struct vcxl_device *dev, struct vfio_cxl_dc_open *open,
		 int *fd)
{
	struct vcxl_dc dc;
	int ret = of_control(dev, &dc);

	if (ret)
		return ret;
	open->argsz = sizeof(*open);
	open->fd = 0;
	open->reason = 0;
	open->size = 0;
	ret = call(&dc, VFIO_CXL_DC_OPEN, open);
	if (ret)
		return fail_open(&dc, ret, open);
	if (open->fd < 0)
		return no_sense(&dc, "no descriptor");
	*fd = open->fd;
	return 0;
}
