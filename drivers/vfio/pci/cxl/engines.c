// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: engines of Dynamic Capacity
 *
 * A device has up to two: of its own capacity, and of host memory. A tag lives in one
 * engine of all that there are; users see one list of both, and name a tag or an id
 * without saying whose.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "changes.h"
#include "dc.h"
#include "engines.h"
#include "fault.h"
#include "host.h"
#include "tag.h"
#include "vfio_cxl.h"

static unsigned int dc_deadline_s;
module_param(dc_deadline_s, uint, 0644);
MODULE_PARM_DESC(dc_deadline_s,
		 "seconds after which an offer of Dynamic Capacity is refused if nobody accepted it, for devices bound, and windows first configured, from now on (default: 0, never)");

/* A tag may be live in one of them only */
static LIST_HEAD(engines);
static DEFINE_MUTEX(engines_lock);

/**
 * vfio_cxl_engine_add - the others ask it, too, from now on
 * @engine: which
 */
void vfio_cxl_engine_add(struct vfio_cxl_engine *engine)
{
	mutex_lock(&engines_lock);
	list_add_tail(&engine->node, &engines);
	mutex_unlock(&engines_lock);
}

/**
 * vfio_cxl_engine_del - and no more
 * @engine: which
 */
void vfio_cxl_engine_del(struct vfio_cxl_engine *engine)
{
	mutex_lock(&engines_lock);
	list_del(&engine->node);
	mutex_unlock(&engines_lock);
}

/**
 * vfio_cxl_engines_live - is a tag offered or held anywhere?
 * @but: not in this one
 * @tag: not the null tag
 *
 * Return: the answer.
 */
bool vfio_cxl_engines_live(const struct vfio_cxl_dcd *but,
			   const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct vfio_cxl_engine *engine;
	bool live = false;

	mutex_lock(&engines_lock);
	list_for_each_entry(engine, &engines, node)
		if (engine->dcd != but && vfio_cxl_dcd_tag_live(engine->dcd, tag))
			live = true;
	mutex_unlock(&engines_lock);

	return live;
}

/**
 * vfio_cxl_engines_now - the clock of all engines
 * @ctx: not used
 *
 * Return: CLOCK_BOOTTIME, in ns.
 */
u64 vfio_cxl_engines_now(void *ctx)
{
	return ktime_get_boottime_ns();
}

/**
 * vfio_cxl_engines_alloc - memory for an engine
 * @ctx: not used
 * @size: bytes
 *
 * Return: zeroed memory, or NULL.
 */
void *vfio_cxl_engines_alloc(void *ctx, size_t size)
{
	return vfio_cxl_fails("Dynamic Capacity") ? NULL :
	       kvzalloc(size, GFP_KERNEL);
}

/**
 * vfio_cxl_engines_free - free it
 * @ctx: not used
 * @p: it, or NULL
 */
void vfio_cxl_engines_free(void *ctx, void *p)
{
	kvfree(p);
}

/**
 * vfio_cxl_engines_deadline - how long is an offer kept that nobody decides?
 *
 * Return: in ns; 0: for ever.
 */
u64 vfio_cxl_engines_deadline(void)
{
	return (u64)READ_ONCE(dc_deadline_s) * NSEC_PER_SEC;
}

/* As dc_visible(), of the state that is told */
static bool is_tenants(const struct vfio_cxl_dcd_change *change)
{
	switch (change->state) {
	case VFIO_CXL_DC_NONE:
	case VFIO_CXL_DC_PENDING:
	case VFIO_CXL_DC_ACCEPTING:
	case VFIO_CXL_DC_REJECTED:
		return true;
	}

	return change->reach == VFIO_CXL_DC_REACH_TENANT ||
	       change->reach == VFIO_CXL_DC_REACH_DEVICE;
}

/**
 * vfio_cxl_engines_tell - append to the log of changes, tell who polls a tag
 * @cxl: the device
 * @change: what
 *
 * Under an engine's state lock.
 */
void vfio_cxl_engines_tell(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_dcd_change *change)
{
	vfio_cxl_changes_add(cxl->changes, change, vfio_cxl_engines_now(NULL),
			     is_tenants(change));
	vfio_cxl_tags_told(cxl->tags, change);
}

/* When anything happened to a tag last, as far as it is known; 0: nothing is */
static u64 last_change(struct vfio_cxl_dcd *dcd,
		       const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct vfio_cxl_dcd_status status;
	u64 last = 0;
	u32 n;

	if (vfio_cxl_dcd_tag_status(dcd, tag, VFIO_CXL_DC_ALL_REGIONS, false,
				    &status))
		return 0;
	for (n = 0; n < VFIO_CXL_DC_STATES; n++)
		last = max(last, status.since_ns[n]);

	return last;
}

/**
 * vfio_cxl_engines_is_host - is a tag one of host memory?
 * @cxl: the device
 * @tag: not the null tag
 *
 * One that lives nowhere is known where it lived last.
 *
 * Return: the answer; false without a window for host memory.
 */
bool vfio_cxl_engines_is_host(struct vfio_cxl_device *cxl,
			      const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct vfio_cxl_host *host = vfio_cxl_host_ready(cxl);
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);

	if (!host)
		return false;
	if (vfio_cxl_dcd_tag_live(&host->engine, tag))
		return true;
	if (!dc)
		return vfio_cxl_dc_never(cxl);
	if (vfio_cxl_dcd_tag_live(&dc->engine, tag))
		return false;

	return last_change(&host->engine, tag) > last_change(&dc->engine, tag);
}

/**
 * vfio_cxl_engines_is_host_id - is an id, of an extent or an offer, of host memory?
 * @cxl: the device
 * @id: it
 *
 * Return: the answer; false without a window for host memory.
 */
bool vfio_cxl_engines_is_host_id(struct vfio_cxl_device *cxl, u64 id)
{
	return vfio_cxl_host_ready(cxl) &&
	       (id >= VFIO_CXL_HOST_FIRST_ID ||
		(!vfio_cxl_dc_ready(cxl) && vfio_cxl_dc_never(cxl)));
}

/* A page of one of two engines; @page counts the changes of both */
static int list_one(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd *other,
		    struct vfio_cxl_dcd_page *page)
{
	u64 changes = other ? vfio_cxl_dcd_changes(other) : 0;
	int ret;

	page->changes -= changes;
	ret = vfio_cxl_dcd_list(dcd, page);
	page->changes += changes;

	return ret;
}

/**
 * vfio_cxl_engines_list - the extents of a device and of host memory, by id
 * @cxl: the device, which has one of the two
 * @page: see there
 *
 * Return: 0; -EAGAIN the list changed since the first page: begin again.
 */
int vfio_cxl_engines_list(struct vfio_cxl_device *cxl,
			  struct vfio_cxl_dcd_page *page)
{
	struct vfio_cxl_host *host = vfio_cxl_host_ready(cxl);
	struct vfio_cxl_dc *dc = vfio_cxl_dc_ready(cxl);
	struct vfio_cxl_dcd *device = dc ? &dc->engine : NULL;
	struct vfio_cxl_dcd *memory = host ? &host->engine : NULL;
	int ret;

	if (!device || (memory && page->start >= VFIO_CXL_HOST_FIRST_ID))
		return list_one(memory, device, page);
	ret = list_one(device, memory, page);
	/* A page that is not full has another one behind it, be that empty */
	if (!ret && memory && !page->more) {
		page->start = VFIO_CXL_HOST_FIRST_ID;
		page->more = true;
	}

	return ret;
}
