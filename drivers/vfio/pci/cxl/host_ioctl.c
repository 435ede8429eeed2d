// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ioctls of the window for host memory
 *
 * What a device in software is told to do, by root: it has these regions, it offers
 * this, it asks for that. All else the engine does, as for a device.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "dc.h"
#include "fault.h"
#include "host.h"
#include "vfio_cxl.h"

#define HOST_BLOCK	SZ_2M

static int refuse(u32 *to, int err, enum vfio_cxl_reason reason)
{
	*to = reason;

	return err;
}

static bool is_null(const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	return !memchr_inv(tag, 0, VFIO_CXL_DC_TAG_LEN);
}

static int configure_check(struct vfio_cxl_dc_configure *arg)
{
	if (arg->flags || arg->reason || arg->reserved)
		return -EINVAL;
	if (!arg->regions)
		return arg->size || arg->block ? -EINVAL : 0;
	arg->block = arg->block ?: HOST_BLOCK;

	return vfio_cxl_host_dev_check(arg->regions, arg->size, arg->block,
				       PAGE_SIZE, &arg->reason);
}

/* Nothing is offered or held, and nobody has the window */
static int configure(struct vfio_cxl_device *cxl,
		     const struct vfio_cxl_dc_configure *arg)
{
	static const struct vfio_cxl_host_extent none;
	u64 size = arg->regions * arg->size;
	struct inode *inode = NULL;
	struct vfio_cxl_host *host;

	host = vfio_cxl_host_get(cxl);
	if (!host)
		return -ENOMEM;
	if (size) {
		inode = vfio_cxl_fails("window inode") ? ERR_PTR(-ENOMEM) :
			vfio_cxl_backend_inode(size);
		if (IS_ERR(inode))
			return PTR_ERR(inode);
	}
	swap(host->inode, inode);
	if (inode)
		vfio_cxl_backend_inode_put(inode);
	host->size = size;
	spin_lock(&host->lock);
	host->dev.regions = arg->regions;
	host->dev.size = arg->size;
	host->dev.block = arg->block;
	spin_unlock(&host->lock);
	vfio_cxl_host_record(host, &none, CXL_DC_EVENT_REGION_CHANGED);

	return 0;
}

/**
 * vfio_cxl_dc_configure - VFIO_CXL_DC_CONFIGURE
 * @cxl: the device, under cmd_lock
 * @data: struct vfio_cxl_dc_configure
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_configure(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc_configure *arg = data;
	struct vfio_cxl_host *host = cxl->host;
	u32 regions = host ? host->dev.regions : 0;
	int ret;

	ret = configure_check(arg);
	if (ret)
		return ret;
	if (arg->regions == regions &&
	    (!regions || (host->dev.size == arg->size &&
			  host->dev.block == arg->block))) {
		arg->flags |= VFIO_CXL_DC_CONFIGURE_ALREADY;
		return 0;
	}
	if (cxl->open)
		return refuse(&arg->reason, -EBUSY, VFIO_CXL_REASON_OPEN);
	if (host && host->dev.count)
		return refuse(&arg->reason, -EBUSY,
			      VFIO_CXL_REASON_HOST_EXTENTS);
	ret = configure(cxl, arg);
	if (ret == -ENOMEM)
		arg->reason = VFIO_CXL_REASON_NO_MEMORY;

	return ret;
}

/* Is it one, and is there a window that it can be in? */
static int check_tag(const struct vfio_cxl_host *host,
		     const u8 tag[VFIO_CXL_DC_TAG_LEN], u32 *reason)
{
	if (is_null(tag))
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_BACKEND_TAG);
	if (!host || !host->dev.regions)
		return refuse(reason, -ENOENT, VFIO_CXL_REASON_HOST_WINDOW);

	return 0;
}

/* Where would it be, and is the tag free? */
static int add_check(struct vfio_cxl_host *host, struct vfio_cxl_dc_add *arg,
		     struct vfio_cxl_backend *backend)
{
	int ret;

	ret = vfio_cxl_host_dev_place(&host->dev,
				      arg->region - VFIO_CXL_DC_HOST_REGION,
				      arg->offset, backend->size, &arg->reason);
	if (ret)
		return ret;
	/* Its own tag is that of its backend, which nothing else has */
	if (vfio_cxl_engines_live(&host->engine, arg->tag))
		return refuse(&arg->reason, -EBUSY,
			      VFIO_CXL_REASON_DC_TAG_LIVE);
	if (!vfio_cxl_dc_known(host->cxl))
		return refuse(&arg->reason, -EAGAIN,
			      VFIO_CXL_REASON_DC_NOT_SYNCED);
	if (vfio_cxl_backend_held(backend))
		return refuse(&arg->reason, -EBUSY,
			      VFIO_CXL_REASON_BACKEND_HELD);

	return 0;
}

/* The engine made an offer of it, or could not */
static int added(struct vfio_cxl_host *host, struct vfio_cxl_dc_add *arg,
		 struct vfio_cxl_backend *backend)
{
	struct vfio_cxl_dcd_status status;
	struct vfio_cxl_dcd_item item;

	if (vfio_cxl_dcd_tag_extent(&host->engine, arg->tag, &item)) {
		/* Another device was offered the same at the same time */
		if (!vfio_cxl_dcd_tag_status(&host->engine, arg->tag,
					     VFIO_CXL_DC_ALL_REGIONS, false,
					     &status) &&
		    status.reason == VFIO_CXL_REASON_DC_TAG_LIVE)
			return refuse(&arg->reason, -EBUSY, status.reason);
		return refuse(&arg->reason, -ENOMEM,
			      VFIO_CXL_REASON_NO_MEMORY);
	}
	vfio_cxl_backend_taken(&host->cxl->backends, backend, item.id);
	arg->backend = backend->id;
	arg->extent = item.id;
	arg->offer = item.offer;

	return 0;
}

static int add(struct vfio_cxl_host *host, struct vfio_cxl_dc_add *arg,
	       struct vfio_cxl_backend *backend)
{
	struct vfio_cxl_host_extent *e;
	u64 dpa;
	int ret;

	ret = add_check(host, arg, backend);
	if (ret)
		goto err_unreserve;
	e = vfio_cxl_fails("host extent") ? NULL :
	    kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e) {
		ret = refuse(&arg->reason, -ENOMEM, VFIO_CXL_REASON_NO_MEMORY);
		goto err_unreserve;
	}
	dpa = vfio_cxl_host_dpa(arg->region - VFIO_CXL_DC_HOST_REGION,
				arg->offset);
	e->dpa = dpa;
	e->len = backend->size;
	memcpy(e->tag, arg->tag, sizeof(e->tag));
	e->priv = backend;
	spin_lock(&host->lock);
	vfio_cxl_host_dev_offer(&host->dev, e);
	spin_unlock(&host->lock);
	vfio_cxl_host_record(host, e, CXL_DC_EVENT_ADD);
	ret = added(host, arg, backend);
	/* It may have been refused by the engine, which then has dropped it */
	if (ret)
		vfio_cxl_host_drop(host, dpa);
	vfio_cxl_host_kick(host);

	return ret;

err_unreserve:
	vfio_cxl_backend_unreserve(&host->cxl->backends, backend);

	return ret;
}

/**
 * vfio_cxl_dc_add - VFIO_CXL_DC_ADD
 * @cxl: the device, under cmd_lock
 * @data: struct vfio_cxl_dc_add
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_add(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc_add *arg = data;
	struct vfio_cxl_host *host = cxl->host;
	struct vfio_cxl_backend *backend;
	int ret;

	if (arg->flags || arg->reason || arg->extent || arg->offer ||
	    arg->reserved)
		return -EINVAL;
	ret = check_tag(host, arg->tag, &arg->reason);
	if (ret)
		return ret;
	if (arg->region < VFIO_CXL_DC_HOST_REGION)
		return refuse(&arg->reason, -EINVAL,
			      VFIO_CXL_REASON_DC_REGION);
	ret = vfio_cxl_backend_reserve(&cxl->backends, arg->tag, arg->backend,
				       &backend, &arg->reason);
	if (ret)
		return ret;

	return add(host, arg, backend);
}

/**
 * vfio_cxl_dc_remove - VFIO_CXL_DC_REMOVE
 * @cxl: the device, under cmd_lock
 * @data: struct vfio_cxl_dc_remove
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_remove(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc_remove *arg = data;
	struct vfio_cxl_host *host = cxl->host;
	struct vfio_cxl_host_extent *e;
	struct vfio_cxl_dcd_item item;
	int ret;

	if (arg->flags & ~VFIO_CXL_DC_REMOVE_FORCE || arg->reason ||
	    arg->reserved)
		return -EINVAL;
	ret = check_tag(host, arg->tag, &arg->reason);
	if (ret)
		return ret;
	if (vfio_cxl_dcd_tag_extent(&host->engine, arg->tag, &item))
		return -ENOENT;
	e = vfio_cxl_host_dev_at(&host->dev, item.dpa);
	if (arg->flags & VFIO_CXL_DC_REMOVE_FORCE) {
		vfio_cxl_host_record(host, e, CXL_DC_EVENT_FORCED_RELEASE);
		if (item.state != VFIO_CXL_DC_PENDING && vfio_cxl_clears())
			vfio_cxl_backend_clear(e->priv);
		vfio_cxl_host_drop(host, item.dpa);
	} else if (item.state == VFIO_CXL_DC_PENDING) {
		return refuse(&arg->reason, -EBUSY,
			      VFIO_CXL_REASON_DC_PENDING);
	} else {
		vfio_cxl_host_record(host, e, CXL_DC_EVENT_RELEASE);
	}
	vfio_cxl_host_kick(host);

	return 0;
}

/**
 * vfio_cxl_host_info - what VFIO_CXL_DC_INFO says of it
 * @host: whose, under cmd_lock
 * @info: filled in, or added to
 * @control: asked on the control node
 */
void vfio_cxl_host_info(struct vfio_cxl_host *host,
			struct vfio_cxl_dc_info *info, bool control)
{
	const struct vfio_cxl_host_dev *dev = &host->dev;
	struct vfio_cxl_dc_region *to;
	u32 n;

	spin_lock(&host->lock);
	for (n = 0; n < VFIO_CXL_DC_STATES; n++) {
		info->nr[n] += host->engine.nr[n];
		info->bytes[n] += host->engine.bytes[n];
	}
	info->changes += host->engine.changes;
	info->open_offers += host->engine.nr_offers;
	spin_unlock(&host->lock);

	if (!dev->regions)
		return;
	info->flags |= VFIO_CXL_DC_INFO_WINDOW;
	info->window_size = host->size;
	info->window_region = control ? 0 : host->index;
	info->host_region_count = dev->regions;
	for (n = 0; n < dev->regions; n++) {
		to = &info->host_region[n];
		to->decode_length = dev->size;
		to->length = dev->size;
		to->block_size = dev->block;
		to->covered = dev->size;
		to->offset = n * dev->size;
	}
}

/**
 * vfio_cxl_host_fill - what is otherwise with host memory, in a list
 * @host: whose
 * @item: the extent
 * @extent: filled in, as for one of a device
 */
void vfio_cxl_host_fill(struct vfio_cxl_host *host,
			const struct vfio_cxl_dcd_item *item,
			struct vfio_cxl_dc_extent *extent)
{
	const struct vfio_cxl_host_extent *e;
	const struct vfio_cxl_backend *backend;

	extent->flags |= VFIO_CXL_DC_EXTENT_HOST;
	extent->region = VFIO_CXL_DC_HOST_REGION + item->region;
	extent->backend = 0;
	spin_lock(&host->lock);
	extent->offset = vfio_cxl_host_offset(&host->dev, item->dpa);
	/* Another may be there since it was listed; a backend stays while it is */
	e = vfio_cxl_host_dev_at(&host->dev, item->dpa);
	if (e && !memcmp(e->tag, item->tag, sizeof(e->tag))) {
		backend = e->priv;
		extent->backend = backend->id;
	}
	spin_unlock(&host->lock);
}
