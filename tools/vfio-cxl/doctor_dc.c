// SPDX-License-Identifier: GPL-2.0-only
/* doctor: Dynamic Capacity of a bound device, and what tells of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "host.h"
#include "monitor.h"

static uint64_t end_of(const struct vfio_cxl_dc_region *region)
{
	return region->dpa + region->length;
}

/* What of a region decoder 0 does not decode can't be accepted */
static void check_coverage(struct doctor *d, const struct vfio_cxl_info *info,
			   const struct vfio_cxl_dc_info *dc)
{
	bool fixed = info->origin == VFIO_CXL_ORIGIN_FIRMWARE;
	bool memory = info->flags & VFIO_CXL_INFO_MEMORY;
	const char *remedy = !memory ? "'vfio-cxl decoder program'" :
		fixed ? "change it in the platform's setup, or use what is decoded" :
		"'vfio-cxl decoder clear', then 'decoder program' without --dpa-skip and --size";
	char part[32], all[32];
	uint32_t i, bad = 0;

	for (i = 0; i < dc->region_count; i++) {
		const struct vfio_cxl_dc_region *r = &dc->region[i];

		if (r->covered == r->length)
			continue;
		bad++;
		format_size(r->covered, part, sizeof(part));
		format_size(r->length, all, sizeof(all));
		finding(d, "dc-decoder", r->covered ? CHECK_NOTE : CHECK_WARN,
			remedy,
			"decoder 0 decodes %s of the %s of region %u (DPA %#llx to %#llx)",
			part, all, i, (unsigned long long)r->dpa,
			(unsigned long long)end_of(r) - 1);
	}
	if (!bad)
		finding(d, "dc-decoder", CHECK_OK, "",
			"decoder 0 decodes all %u regions", dc->region_count);
}

static void check_capacity(struct doctor *d, const struct vfio_cxl_dc_info *dc)
{
	const char *why = vcxl_reason_why(dc->reason);
	uint64_t total = 0;
	char size[32];
	uint32_t i;

	for (i = 0; i < dc->region_count; i++)
		total += dc->region[i].length;
	format_size(total, size, sizeof(size));
	if (dc->flags & VFIO_CXL_DC_INFO_SYNCED)
		finding(d, "dc", CHECK_OK, "",
			"%s in %u regions; %llu extents are offered, %llu held",
			size, dc->region_count,
			(unsigned long long)dc->nr[VFIO_CXL_DC_PENDING],
			(unsigned long long)dc->nr[VFIO_CXL_DC_COMMITTED]);
	else
		finding(d, "dc", CHECK_WARN, why ?
			vcxl_reason_next(dc->reason) :
			"use a vfio-cxl as new as the driver",
			"what the device lists is not known: %s",
			why ? why : "for a newer reason");
	if (dc->overflows || dc->recoveries)
		finding(d, "dc", CHECK_NOTE,
			"have less offered at a time; 'vfio-cxl dc show' counts",
			"the device's log overflowed %llu times, and %llu answers had to be put right",
			(unsigned long long)dc->overflows,
			(unsigned long long)dc->recoveries);
}

static void check_netlink(struct doctor *d)
{
	int ret = netlink_known();

	if (ret == -ENOMEM)
		out_of_memory();
	if (!ret)
		finding(d, "netlink", CHECK_OK, "",
			"changes are told by the family vfio-cxl");
	else if (ret == -EOPNOTSUPP)
		finding(d, "netlink", CHECK_WARN,
			"install module and command of one release",
			"the kernel has no netlink family vfio-cxl: 'vfio-cxl monitor' can't run");
	else
		cant_see(d, "netlink", "the list of netlink families", ret);
}

static void check_window(struct doctor *d, const struct vfio_cxl_dc_info *dc)
{
	char size[32];

	format_size(dc->window_size, size, sizeof(size));
	finding(d, "host-window", CHECK_OK, "",
		"there is a window for host memory, %s in %u region%s", size,
		dc->host_region_count, dc->host_region_count == 1 ? "" : "s");
}

/* What one user has of what another had */
static void check_reach(struct doctor *d, struct vcxl_device *dev)
{
	struct vfio_cxl_dc_extent *extents;
	size_t count, i, app = 0, device = 0;

	if (enough(vcxl_dc_list(dev, &extents, &count))) {
		finding(d, "reach", CHECK_UNKNOWN,
			vcxl_error(d->args->ctx)->next, "%s",
			vcxl_error(d->args->ctx)->why);
		return;
	}
	for (i = 0; i < count; i++) {
		if (extents[i].state != VFIO_CXL_DC_COMMITTED)
			continue;
		app += extents[i].reach == VFIO_CXL_DC_REACH_APP;
		device += extents[i].reach == VFIO_CXL_DC_REACH_DEVICE;
	}
	free(extents);
	if (app)
		finding(d, "reach", CHECK_NOTE,
			"have a tag for each program; 'vfio-cxl backend destroy' ends descriptors of host memory",
			"%zu extent%s for descriptors of a tag: who had one of it before reaches it again",
			app, app == 1 ? " is" : "s are");
	if (device && host_param(VCXL_MODULE, "clear_on_close") != 1)
		finding(d, "reach", CHECK_NOTE,
			"'vfio-cxl dc release' in between, or load the module with clear_on_close=1",
			"%zu extent%s for any user of the device: what one leaves there, the next one reads",
			device, device == 1 ? " is" : "s are");
	else if (!app)
		finding(d, "reach", CHECK_OK, "",
			"no extent goes from one user to the next");
}

/* Its own capacity */
static void check_own(struct doctor *d, const struct vfio_cxl_info *info,
		      const struct vfio_cxl_dc_info *dc)
{
	if (dc->reason == VFIO_CXL_REASON_DC_NO_MAILBOX) {
		finding(d, "mailbox", CHECK_NOTE,
			vcxl_reason_next(dc->reason), "%s: so there is no Dynamic Capacity",
			vcxl_reason_why(dc->reason));
		return;
	}
	finding(d, "mailbox", CHECK_OK, "", "the device answers commands");
	if (!(dc->flags & VFIO_CXL_DC_INFO_CAPABLE)) {
		finding(d, "dc", CHECK_OK, "",
			"the device does no Dynamic Capacity");
		return;
	}
	check_capacity(d, dc);
	check_coverage(d, info, dc);
}

void check_dynamic(struct doctor *d, struct vcxl_device *dev,
		   const struct vfio_cxl_info *info)
{
	struct vfio_cxl_dc_info dc;
	int ret = enough(vcxl_dc_info(dev, &dc));

	if (ret == -ENOTTY) {
		finding(d, "dc", CHECK_WARN,
			"install module and command of one release",
			"the driver is too old for Dynamic Capacity");
		return;
	}
	if (ret) {
		finding(d, "dc", CHECK_UNKNOWN,
			vcxl_error(d->args->ctx)->next, "%s",
			vcxl_error(d->args->ctx)->why);
		return;
	}
	check_own(d, info, &dc);
	if (dc.flags & VFIO_CXL_DC_INFO_WINDOW)
		check_window(d, &dc);
	if (!(dc.flags & (VFIO_CXL_DC_INFO_CAPABLE | VFIO_CXL_DC_INFO_WINDOW)))
		return;
	/* Else its list is not known, as was told */
	if (!(dc.flags & VFIO_CXL_DC_INFO_CAPABLE) ||
	    dc.flags & VFIO_CXL_DC_INFO_SYNCED)
		check_reach(d, dev);
	check_netlink(d);
}
