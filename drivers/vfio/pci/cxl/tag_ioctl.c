// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: VFIO_CXL_DC_OPEN
 *
 * Finds what descriptors of a tag are to reach, and makes one.
 */
#include <linux/file.h>
#include <linux/fs.h>

#include "dc.h"
#include "host.h"
#include "tag.h"
#include "vfio_cxl.h"

static int refuse(u32 *to, int err, enum vfio_cxl_reason reason)
{
	*to = reason;

	return err;
}

/* Where a tag is that descriptors may be made of */
struct tag_place {
	struct vfio_cxl_host *host;	/* or NULL: in the device's own capacity */
	struct vfio_cxl_dc *dc;
	u64 size;
};

static int check_state(struct vfio_cxl_dcd *engine, struct vfio_cxl_dc_open *arg,
		       u64 *size)
{
	struct vfio_cxl_dcd_status status;
	int ret;

	ret = vfio_cxl_dcd_tag_status(engine, arg->tag, VFIO_CXL_DC_ALL_REGIONS,
				      false, &status);
	if (ret == -EAGAIN)
		arg->reason = VFIO_CXL_REASON_DC_COLLECTING;
	if (ret)
		return ret;
	*size = status.bytes[VFIO_CXL_DC_COMMITTED];
	switch (status.state) {
	case VFIO_CXL_DC_PENDING:
	case VFIO_CXL_DC_ACCEPTING:
		return refuse(&arg->reason, -EBUSY, VFIO_CXL_REASON_DC_PENDING);
	case VFIO_CXL_DC_RELEASING:
		return refuse(&arg->reason, -EBUSY,
			      VFIO_CXL_REASON_DC_RELEASING);
	case VFIO_CXL_DC_COMMITTED:
		break;
	default:
		return refuse(&arg->reason, -ENOENT, status.reason);
	}
	if (status.deferred)
		return refuse(&arg->reason, -EBUSY,
			      VFIO_CXL_REASON_DC_RELEASING);
	if (status.reach != VFIO_CXL_DC_REACH_APP)
		return refuse(&arg->reason, -EBUSY, VFIO_CXL_REASON_DC_REACH);

	return 0;
}

static int find_place(struct vfio_cxl_device *cxl, struct vfio_cxl_dc_open *arg,
		      struct tag_place *place)
{
	struct vfio_cxl_dcd *engine;
	int ret;

	if (vfio_cxl_engines_is_host(cxl, arg->tag)) {
		place->host = cxl->host;
		engine = &cxl->host->engine;
	} else {
		place->dc = vfio_cxl_dc_ready(cxl);
		if (!place->dc)
			return vfio_cxl_dc_missing(cxl, &arg->reason);
		engine = &place->dc->engine;
	}
	ret = check_state(engine, arg, &place->size);
	/* An open of it resets it, and a user of it could change it */
	if (!ret && place->dc && cxl->open)
		return refuse(&arg->reason, -EBUSY, VFIO_CXL_REASON_OPEN);

	return ret;
}

static struct vfio_cxl_tag *get_tag(struct vfio_cxl_device *cxl,
				    const struct tag_place *place,
				    const u8 name[VFIO_CXL_DC_TAG_LEN])
{
	struct vfio_cxl_backend *backend = NULL;
	struct vfio_cxl_tag_part *part;
	struct vfio_cxl_tag *tag;

	part = place->dc ? vfio_cxl_dc_next_part(place->dc, name, NULL) :
			   vfio_cxl_host_part(place->host, name, &backend);
	if (part->tag) {
		kref_get(&part->tag->ref);
		return part->tag;
	}
	tag = vfio_cxl_tag_new(cxl->tags, name, place->size, backend);
	if (IS_ERR(tag))
		return tag;
	while (part) {
		vfio_cxl_tag_add(tag, part);
		part = place->dc ?
		       vfio_cxl_dc_next_part(place->dc, name, part) : NULL;
	}

	return tag;
}

static int open_tag(struct vfio_cxl_device *cxl, struct vfio_cxl_tag_call *call)
{
	struct vfio_cxl_dc_open *arg = &call->arg;
	struct tag_place place = {};
	struct vfio_cxl_tag *tag;
	int ret;

	if (arg->flags & ~VFIO_CXL_DC_OPEN_RDONLY || arg->fd || arg->reason ||
	    arg->size || arg->reserved)
		return -EINVAL;
	if (!memchr_inv(arg->tag, 0, sizeof(arg->tag)))
		return refuse(&arg->reason, -EINVAL,
			      VFIO_CXL_REASON_BACKEND_TAG);
	ret = find_place(cxl, arg, &place);
	if (ret)
		return ret;
	tag = get_tag(cxl, &place, arg->tag);
	if (IS_ERR(tag))
		return PTR_ERR(tag);
	call->file = vfio_cxl_tag_file(tag,
				       arg->flags & VFIO_CXL_DC_OPEN_RDONLY);
	if (IS_ERR(call->file)) {
		ret = PTR_ERR(call->file);
		call->file = NULL;
	}
	if (!ret)
		arg->size = tag->size;
	/* Without a descriptor, and without a part, that was the last of it */
	vfio_cxl_tag_put(tag);

	return ret;
}

/**
 * vfio_cxl_dc_open - VFIO_CXL_DC_OPEN
 * @cxl: the device, under cmd_lock
 * @data: struct vfio_cxl_tag_call
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_open(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_tag_call *call = data;
	int fd, ret;

	call->file = NULL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	ret = fd < 0 ? fd : open_tag(cxl, call);
	if (ret && fd >= 0)
		put_unused_fd(fd);
	if (ret == -ENOMEM)
		call->arg.reason = VFIO_CXL_REASON_NO_MEMORY;
	call->arg.fd = ret ? -1 : fd;

	return ret;
}

/**
 * vfio_cxl_dc_opened - what VFIO_CXL_DC_OPEN does last
 * @cxl: the device
 * @data: struct vfio_cxl_tag_call
 * @told: the caller has been told the descriptor's number
 */
void vfio_cxl_dc_opened(struct vfio_cxl_device *cxl, void *data, bool told)
{
	struct vfio_cxl_tag_call *call = data;

	if (!call->file)
		return;
	if (told) {
		fd_install(call->arg.fd, call->file);
		return;
	}
	put_unused_fd(call->arg.fd);
	fput(call->file);
}
