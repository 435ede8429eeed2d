// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ioctls of Dynamic Capacity that decide
 *
 * Between the uAPI and the engine that has what is named: the device's, or that of
 * host memory.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "changes.h"
#include "dc.h"
#include "host.h"
#include "vfio_cxl.h"

#define DC_IDS_MOST	65536

static bool is_null(const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	return !memchr_inv(tag, 0, VFIO_CXL_DC_TAG_LEN);
}

/* What one of the three decisions is */
struct dc_decision {
	int (*decide)(struct vfio_cxl_dcd *engine,
		      const struct vfio_cxl_dcd_select *select,
		      const struct vfio_cxl_dc_decide *arg,
		      struct vfio_cxl_dcd_result *result);
	u32 flags;		/* that may be given, but one at most */
	bool reach;		/* one has to be given */
};

static int decide_accept(struct vfio_cxl_dcd *engine,
			 const struct vfio_cxl_dcd_select *select,
			 const struct vfio_cxl_dc_decide *arg,
			 struct vfio_cxl_dcd_result *result)
{
	return vfio_cxl_dcd_accept(engine, select, arg->reach, result);
}

static int decide_reject(struct vfio_cxl_dcd *engine,
			 const struct vfio_cxl_dcd_select *select,
			 const struct vfio_cxl_dc_decide *arg,
			 struct vfio_cxl_dcd_result *result)
{
	return vfio_cxl_dcd_reject(engine, select, result);
}

static int decide_release(struct vfio_cxl_dcd *engine,
			  const struct vfio_cxl_dcd_select *select,
			  const struct vfio_cxl_dc_decide *arg,
			  struct vfio_cxl_dcd_result *result)
{
	enum vfio_cxl_dcd_how how =
		arg->flags & VFIO_CXL_DC_DECIDE_FORCE ? VFIO_CXL_DCD_FORCE :
		arg->flags & VFIO_CXL_DC_DECIDE_DEFER ? VFIO_CXL_DCD_DEFER :
							VFIO_CXL_DCD_UNUSED;

	return vfio_cxl_dcd_release(engine, select, how, result);
}

static bool reach_allowed(u32 reach, bool control)
{
	return control ? reach == VFIO_CXL_DC_REACH_DEVICE ||
			 reach == VFIO_CXL_DC_REACH_APP :
			 reach == VFIO_CXL_DC_REACH_TENANT;
}

static int decide_check(const struct vfio_cxl_dc_decide *arg,
			const struct dc_decision *decision, bool control)
{
	unsigned int named = !is_null(arg->tag) + !!arg->offer + !!arg->count;
	u32 flags = decision->flags;

	/* Who has the memory need not force anybody */
	if (!control)
		flags &= ~VFIO_CXL_DC_DECIDE_FORCE;
	if (arg->flags & ~flags || hweight32(arg->flags) > 1 || named != 1 ||
	    arg->reason || arg->rc || !arg->count != !arg->ids ||
	    arg->count > DC_IDS_MOST)
		return -EINVAL;
	if (decision->reach)
		return reach_allowed(arg->reach, control) ? 0 : -EINVAL;

	return arg->reach ? -EINVAL : 0;
}

/* @dc is NULL for host memory */
static int decide_locked(struct vfio_cxl_device *cxl, struct vfio_cxl_dc *dc,
			 struct vfio_cxl_dc_decide *arg,
			 const struct dc_decision *decision,
			 const struct vfio_cxl_dcd_select *select)
{
	struct vfio_cxl_dcd_result result = {};
	int ret;

	if (mutex_lock_interruptible(&cxl->cmd_lock))
		return -ERESTARTSYS;
	ret = dc ? vfio_cxl_mailbox_ready(dc) : 0;
	if (ret) {
		mutex_unlock(&cxl->cmd_lock);
		arg->reason = VFIO_CXL_REASON_NOT_LIVE;
		return ret == -ENODEV ? ret : -EAGAIN;
	}
	ret = decision->decide(dc ? &dc->engine : &cxl->host->engine, select,
			       arg, &result);
	mutex_unlock(&cxl->cmd_lock);

	if (result.already)
		arg->flags |= VFIO_CXL_DC_DECIDE_ALREADY;
	if (result.queued)
		arg->flags |= VFIO_CXL_DC_DECIDE_QUEUED;
	if (result.deferred)
		arg->flags |= VFIO_CXL_DC_DECIDE_DEFERRED;
	arg->reason = result.reason;
	arg->rc = result.rc;
	/* What is left to do may be due before the next look */
	if (dc)
		vfio_cxl_events_kick(dc);
	else
		vfio_cxl_host_kick(cxl->host);

	return ret;
}

/* All that is named in a call is of one engine: ids of the other are not there */
static bool is_host(struct vfio_cxl_device *cxl,
		    const struct vfio_cxl_dcd_select *select)
{
	if (select->tag)
		return vfio_cxl_engines_is_host(cxl, select->tag);

	return vfio_cxl_engines_is_host_id(cxl, select->offer ?: select->ids[0]);
}

static int decide(struct vfio_cxl_device *cxl, struct vfio_cxl_dc_decide *arg,
		  const struct dc_decision *decision, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dcd_select select = {
		.tag = is_null(arg->tag) ? NULL : arg->tag,
		.offer = arg->offer,
		.count = arg->count,
		.tenant = !control,
	};
	u64 *ids = NULL;
	int ret;

	ret = decide_check(arg, decision, control);
	if (ret)
		return ret;
	if (arg->count) {
		ids = vmemdup_array_user(u64_to_user_ptr(arg->ids), arg->count,
					 sizeof(*ids));
		if (IS_ERR(ids))
			return PTR_ERR(ids);
		select.ids = ids;
	}
	if (is_host(cxl, &select))
		ret = decide_locked(cxl, NULL, arg, decision, &select);
	else if (dc)
		ret = decide_locked(cxl, dc, arg, decision, &select);
	else
		ret = vfio_cxl_dc_missing(cxl, &arg->reason);
	kvfree(ids);

	return ret;
}

/**
 * vfio_cxl_dc_accept - VFIO_CXL_DC_ACCEPT
 * @cxl: the device
 * @data: struct vfio_cxl_dc_decide
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_accept(struct vfio_cxl_device *cxl, void *data, bool control)
{
	static const struct dc_decision decision = {
		.decide = decide_accept,
		.reach = true,
	};

	return decide(cxl, data, &decision, control);
}

/**
 * vfio_cxl_dc_reject - VFIO_CXL_DC_REJECT
 * @cxl: the device
 * @data: struct vfio_cxl_dc_decide
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_reject(struct vfio_cxl_device *cxl, void *data, bool control)
{
	static const struct dc_decision decision = {
		.decide = decide_reject,
	};

	return decide(cxl, data, &decision, control);
}

/**
 * vfio_cxl_dc_release - VFIO_CXL_DC_RELEASE
 * @cxl: the device
 * @data: struct vfio_cxl_dc_decide
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_release(struct vfio_cxl_device *cxl, void *data, bool control)
{
	static const struct dc_decision decision = {
		.decide = decide_release,
		.flags = VFIO_CXL_DC_DECIDE_FORCE | VFIO_CXL_DC_DECIDE_DEFER,
	};

	return decide(cxl, data, &decision, control);
}

/**
 * vfio_cxl_dc_deadline - VFIO_CXL_DC_DEADLINE
 * @cxl: the device, under cmd_lock
 * @data: struct vfio_cxl_dc_deadline
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_deadline(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dc_deadline *arg = data;
	bool host;
	int ret;

	if (arg->flags || !arg->offer || arg->reason || arg->reserved)
		return -EINVAL;
	arg->reason = VFIO_CXL_REASON_NONE;
	host = vfio_cxl_engines_is_host_id(cxl, arg->offer);
	if (!host && !dc)
		return vfio_cxl_dc_missing(cxl, &arg->reason);

	ret = vfio_cxl_dcd_deadline(host ? &cxl->host->engine : &dc->engine,
				    arg->offer, arg->deadline);
	if (ret == -EAGAIN)
		arg->reason = VFIO_CXL_REASON_DC_COLLECTING;
	if (host)
		vfio_cxl_host_kick(cxl->host);
	else
		vfio_cxl_events_kick(dc);

	return ret;
}

/**
 * vfio_cxl_dc_eventfd - VFIO_CXL_DC_EVENTFD
 * @cxl: the device
 * @data: struct vfio_cxl_dc_eventfd
 * @control: asked on the control node
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_dc_eventfd(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_dc_eventfd *arg = data;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	if (!vfio_cxl_dc_ready(cxl) && !cxl->host)
		return -EOPNOTSUPP;

	return vfio_cxl_changes_eventfd(cxl->changes, arg->fd);
}
