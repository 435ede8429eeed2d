// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: which window is this device's
 *
 * A device below a CXL host bridge can be reached through a fixed memory window
 * that has this bridge as its single target, where the path from there to the
 * device (path.c) routes it, and where nobody else in the host is.
 */
#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/moduleparam.h>

#include "fault.h"
#include "vfio_cxl.h"

static bool unsafe_no_cedt;
module_param_unsafe(unsafe_no_cedt, bool, 0444);
MODULE_PARM_DESC(unsafe_no_cedt,
		 "Where firmware gives no CEDT, believe a committed decoder, and let any free address be programmed. Nothing then tells CXL memory from other parts of the address map: a wrong address corrupts the host or hangs it (default: N)");

/**
 * vfio_cxl_window_get - read a fixed memory window of the host
 * @index: which, from 0, in the order of the CEDT
 * @window: filled in on success
 *
 * Return: 0; -ENOENT past the last window; -EOPNOTSUPP without a CEDT, or with
 * a damaged one.
 */
int vfio_cxl_window_get(unsigned int index, struct vfio_cxl_cfmws *window)
{
	struct acpi_table_header *cedt;
	int ret;

	if (vfio_cxl_fails("CEDT") ||
	    ACPI_FAILURE(acpi_get_table(ACPI_SIG_CEDT, 0, &cedt)))
		return -EOPNOTSUPP;
	ret = vfio_cxl_cedt_window(cedt, cedt->length, index, window);
	acpi_put_table(cedt);

	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}

/**
 * vfio_cxl_window_of - which fixed memory window is an address in?
 * @base: host physical address
 *
 * Return: its number, from 0; -ENOENT if it is in none; -EOPNOTSUPP without a CEDT,
 * or with a damaged one.
 */
int vfio_cxl_window_of(u64 base)
{
	struct vfio_cxl_cfmws window;
	int index, ret;

	for (index = 0; ; index++) {
		ret = vfio_cxl_window_get(index, &window);
		if (ret)
			return ret;
		if (base >= window.base && base - window.base < window.size)
			return index;
	}
}

/* A damaged one is not "no CEDT": what it would say is not known */
static bool no_cedt(void)
{
	struct acpi_table_header *cedt;
	acpi_status status = acpi_get_table(ACPI_SIG_CEDT, 0, &cedt);

	if (ACPI_SUCCESS(status))
		acpi_put_table(cedt);

	return status == AE_NOT_FOUND;
}

/**
 * vfio_cxl_cedt_waived - does the administrator vouch for what no CEDT tells?
 *
 * Return: whether there is no CEDT, and unsafe_no_cedt is set.
 */
bool vfio_cxl_cedt_waived(void)
{
	return unsafe_no_cedt && no_cedt();
}

/* Is the window for a device like this, below this host bridge? */
static int window_check(struct vfio_cxl_device *cxl, u32 bridge_uid,
			const struct vfio_cxl_cfmws *window, bool program,
			struct vfio_cxl_why *why)
{
	bool coherent = window->restrictions & VFIO_CXL_WINDOW_DEVICE_COHERENT;
	bool host_only = window->restrictions & VFIO_CXL_WINDOW_HOST_ONLY;
	bool fixed = window->restrictions & VFIO_CXL_WINDOW_FIXED;

	if (window->ways != 1 || window->targets[0] != bridge_uid)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_NO_WINDOW,
				       "host bridge %u", bridge_uid);
	if ((!host_only && !(coherent && vfio_cxl_cache_capable(cxl))) ||
	    (program && fixed))
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_WINDOW_TYPE,
				       "window restrictions %#x",
				       window->restrictions);

	return 0;
}

/**
 * vfio_cxl_window_usable - could a decoder of a device be programmed in a window?
 * @cxl: the device
 * @window: the window, with room or not
 * @why: why not
 *
 * Return: 0; -EOPNOTSUPP if nothing in the window can reach the device; -ENOMEM.
 */
int vfio_cxl_window_usable(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_cfmws *window,
			   struct vfio_cxl_why *why)
{
	struct vfio_cxl_path *path;
	u64 at;
	int ret;

	ret = vfio_cxl_path_get(cxl, &path, why);
	if (ret)
		return ret;

	ret = window_check(cxl, vfio_cxl_path_bridge(path), window, true, why);
	if (ret)
		goto out_put;

	for (at = 0; at < window->size; at += SZ_256M) {
		ret = vfio_cxl_path_routes(path, window->base + at, SZ_256M,
					   why);
		if (!ret) {
			*why = (struct vfio_cxl_why){};
			break;
		}
	}
out_put:
	vfio_cxl_path_put(path);

	return ret;
}

/*
 * Which resource the claim landed in. A region of the CXL core is a resource
 * that is not busy, so a claim inside another driver's memory succeeds: only a
 * window of cxl_acpi, or Soft Reserved memory, may be above ours. The tree's
 * lock is not exported; what is above a busy claim goes away only with the
 * driver of the host bridge.
 */
static bool claim_parent_ok(const struct resource *claim)
{
	const struct resource *parent;

	if (vfio_cxl_fails("claim parent"))
		return false;
	for (parent = claim->parent; parent && parent != &iomem_resource;
	     parent = parent->parent)
		if (parent->desc != IORES_DESC_CXL &&
		    parent->desc != IORES_DESC_SOFT_RESERVED)
			return false;

	return true;
}

static bool range_is_ram(u64 base, u64 size)
{
	return region_intersects(base, size, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/**
 * vfio_cxl_range_in_use - is the host running on a device's memory?
 * @base: first byte of a range that a decoder decodes
 * @size: bytes
 *
 * Return: whether the range is System RAM in a fixed memory window. System RAM
 * elsewhere is not a device's, whatever its decoder says; where no CEDT tells
 * what is elsewhere, it might be.
 */
bool vfio_cxl_range_in_use(u64 base, u64 size)
{
	struct vfio_cxl_cfmws window;
	unsigned int index;
	u64 end;
	int ret;

	if (check_add_overflow(base, size, &end) || !range_is_ram(base, size))
		return false;
	for (index = 0; ; index++) {
		ret = vfio_cxl_window_get(index, &window);
		if (ret)
			break;
		if (base < window.base + window.size && window.base < end)
			return true;
	}

	/* What a missing or damaged CEDT does not tell might be the device's */
	return ret != -ENOENT;
}

/* Take a range that nothing but windows and Soft Reserved memory intersects */
static int range_claim(struct vfio_cxl_device *cxl, u64 base, u64 size,
		       struct resource **claim, struct vfio_cxl_why *why)
{
	struct resource *res;

	if (range_is_ram(base, size))
		return vfio_cxl_refuse(why, -EBUSY, VFIO_CXL_REASON_RANGE_BUSY,
				       "System RAM");

	res = vfio_cxl_fails("claim") ? NULL :
	      __request_region(&iomem_resource, base, size, cxl->name,
			       IORESOURCE_EXCLUSIVE);
	if (!res)
		return vfio_cxl_refuse(why, -EBUSY, VFIO_CXL_REASON_RANGE_BUSY,
				       "a resource of /proc/iomem");

	if (!claim_parent_ok(res)) {
		vfio_cxl_refuse(why, -EBUSY, VFIO_CXL_REASON_RANGE_BUSY, "%s",
				res->parent->name ?: "a resource of /proc/iomem");
		vfio_cxl_range_release(res);
		return -EBUSY;
	}

	*claim = res;

	return 0;
}

/**
 * vfio_cxl_range_release - give a range back
 * @claim: of vfio_cxl_range_find()
 */
void vfio_cxl_range_release(struct resource *claim)
{
	release_mem_region(claim->start, resource_size(claim));
}

/* Take a range, if it is routed to the device */
static int range_take(struct vfio_cxl_device *cxl,
		      const struct vfio_cxl_path *path, u64 base, u64 size,
		      struct resource **claim, struct vfio_cxl_why *why)
{
	int ret;

	ret = vfio_cxl_path_routes(path, base, size, why);

	return ret ?: range_claim(cxl, base, size, claim, why);
}

/* The lowest free range in a window that is routed to the device */
static int take_lowest(struct vfio_cxl_device *cxl,
		       const struct vfio_cxl_path *path,
		       const struct vfio_cxl_cfmws *window, u64 *base, u64 size,
		       struct resource **claim, struct vfio_cxl_why *why)
{
	u64 end = window->base + window->size;
	bool routed = false;
	int ret = 0;
	u64 at;

	for (at = window->base; end - at >= size; at += SZ_256M) {
		ret = vfio_cxl_path_routes(path, at, size, why);
		if (ret)
			continue;
		routed = true;
		ret = range_claim(cxl, at, size, claim, why);
		if (!ret) {
			*base = at;
			return 0;
		}
	}
	/* Where no place is routed, the path is why */
	if (ret && !routed)
		return ret;

	return vfio_cxl_refuse(why, -ENOSPC, VFIO_CXL_REASON_WINDOW_FULL,
			       "window %#llx", window->base);
}

static int take_fixed(struct vfio_cxl_device *cxl,
		      const struct vfio_cxl_path *path,
		      const struct vfio_cxl_cfmws *window, u64 base, u64 size,
		      struct resource **claim, struct vfio_cxl_why *why)
{
	if (base < window->base || base - window->base >= window->size ||
	    window->size - (base - window->base) < size)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_RANGE_WINDOW, "%s", "");

	return range_take(cxl, path, base, size, claim, why);
}

/* The path begins at windows: look for one with such a range */
static int find_in_windows(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_path *path, bool program,
			   u64 *base, u64 size, bool fixed,
			   struct resource **claim, u32 *type,
			   struct vfio_cxl_why *why)
{
	u32 uid = vfio_cxl_path_bridge(path);
	struct vfio_cxl_why last = {};
	struct vfio_cxl_cfmws window;
	unsigned int index;
	int ret, err;

	err = vfio_cxl_refuse(&last, -EOPNOTSUPP, VFIO_CXL_REASON_NO_WINDOW,
			      "host bridge %u", uid);
	for (index = 0; ; index++) {
		ret = vfio_cxl_window_get(index, &window);
		if (ret == -ENOENT) {
			/* The last window that came near tells most */
			*why = last;
			return err;
		}
		if (ret)
			return vfio_cxl_refuse(why, ret,
					       VFIO_CXL_REASON_NO_CEDT, "CEDT");

		ret = window_check(cxl, uid, &window, program, why);
		if (!ret && fixed)
			ret = take_fixed(cxl, path, &window, *base, size, claim,
					 why);
		else if (!ret)
			ret = take_lowest(cxl, path, &window, base, size, claim,
					  why);
		if (!ret)
			break;
		if (last.reason == VFIO_CXL_REASON_NO_WINDOW ||
		    (why->reason != VFIO_CXL_REASON_NO_WINDOW &&
		     why->reason != VFIO_CXL_REASON_RANGE_WINDOW)) {
			last = *why;
			err = ret;
		}
	}

	*type = window.restrictions & VFIO_CXL_WINDOW_HOST_ONLY ?
		CXL_HDM_CTRL_HOST_ONLY : 0;

	return 0;
}

/* Without windows there is nothing to choose from, and no type but the usual */
static int find_waived(struct vfio_cxl_device *cxl,
		       const struct vfio_cxl_path *path, u64 base, u64 size,
		       bool fixed, struct resource **claim, u32 *type,
		       struct vfio_cxl_why *why)
{
	if (!fixed)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_NO_CEDT, "CEDT");

	*type = vfio_cxl_cache_capable(cxl) ? 0 : CXL_HDM_CTRL_HOST_ONLY;

	return range_take(cxl, path, base, size, claim, why);
}

/**
 * vfio_cxl_range_find - find a device's range in its window, and claim it
 * @cxl: the device
 * @program: a decoder is to be programmed, not only found
 * @base: host physical address: in, with @fixed; out else
 * @size: bytes, a multiple of 256 MiB and not 0
 * @fixed: the range is given
 * @claim: the busy resource, on success
 * @type: CXL_HDM_CTRL_HOST_ONLY or 0, the target type that the window wants
 * @why: why not
 *
 * Checks the windows, the path, and that nobody else has the range.
 *
 * Return: 0; -EOPNOTSUPP, -EBUSY, -ENOSPC with a reason; -ENOMEM.
 */
int vfio_cxl_range_find(struct vfio_cxl_device *cxl, bool program, u64 *base,
			u64 size, bool fixed, struct resource **claim,
			u32 *type, struct vfio_cxl_why *why)
{
	struct vfio_cxl_path *path;
	int ret;

	ret = vfio_cxl_path_get(cxl, &path, why);
	if (ret)
		return ret;

	if (vfio_cxl_cedt_waived())
		ret = find_waived(cxl, path, *base, size, fixed, claim, type,
				  why);
	else
		ret = find_in_windows(cxl, path, program, base, size, fixed,
				      claim, type, why);
	vfio_cxl_path_put(path);

	return ret;
}
