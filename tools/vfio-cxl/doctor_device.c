// SPDX-License-Identifier: GPL-2.0-only
/* doctor: who has the device, for how long, and who else could get at it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "host.h"

#define CLASS_CXL	0x0502	/* the one that cxl_pci takes */

/* False: all else would be advice for what it is not */
static bool check_kind(struct doctor *d, struct vcxl_device *dev)
{
	bool other = !vcxl_device_is_memory(dev) &&
		     vcxl_device_config_known(dev);
	unsigned int class = vcxl_device_class(dev);

	if (vcxl_device_is_memory(dev))
		finding(d, "device", CHECK_OK, "",
			"CXL memory, %04x:%04x, class %06x",
			vcxl_device_vendor_id(dev), vcxl_device_device_id(dev),
			class);
	else if (other)
		finding(d, "device", CHECK_FAIL,
			"'vfio-cxl list' shows those that are",
			"no CXL memory device (class %06x)", class);
	else
		finding(d, "device", CHECK_UNKNOWN, "run it as root",
			"class %06x; whether it is CXL memory shows in its config space",
			class);
	return !other;
}

static void check_driver(struct doctor *d, struct vcxl_device *dev)
{
	const char *driver = vcxl_device_driver(dev);
	const char *override = vcxl_device_override(dev);
	bool ours = !strcmp(override, VCXL_DRIVER);

	if (!vcxl_device_is_bound(dev))
		finding(d, "driver", CHECK_WARN,
			"give it to " VCXL_DRIVER " with 'vfio-cxl bind'",
			"%s%s%s", *driver ? "belongs to " : "has no driver",
			driver, ours ? ", though driver_override says "
			VCXL_DRIVER : "");
	else if (*override && !ours)
		finding(d, "driver", CHECK_WARN,
			"unbind it and bind it again, with 'vfio-cxl'",
			"bound to " VCXL_DRIVER ", but driver_override says %s: the next bind goes there",
			override);
	else
		finding(d, "driver", CHECK_OK, "", "bound to " VCXL_DRIVER);
}

struct rules {
	const char *dir;
	bool found;
};

static void look_at_rules(const char *name, void *data)
{
	struct rules *r = data;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	if (!r->found && host_grep(path, VCXL_DRIVER) == 1)
		r->found = host_grep(path, "driver_override") == 1;
}

/* Does something on this host's disk bind it again? */
static bool is_persistent(const char *name)
{
	static const char *const dirs[] = {
		"/etc/udev/rules.d", "/usr/lib/udev/rules.d",
		"/lib/udev/rules.d",
	};
	struct rules r = { .found = false };
	char path[128];
	size_t i;

	snprintf(path, sizeof(path), "/etc/driverctl.d/%s", name);
	if (host_grep(path, VCXL_DRIVER) == 1)
		return true;
	for (i = 0; !r.found && i < ARRAY_SIZE(dirs); i++) {
		r.dir = dirs[i];
		host_each(r.dir, look_at_rules, &r);
	}
	return r.found;
}

static void check_persistence(struct doctor *d, struct vcxl_device *dev)
{
	const char *name = vcxl_device_name(dev);
	bool taken = vcxl_device_class(dev) >> 8 == CLASS_CXL &&
		     host_has_module("cxl_pci") == 1;
	char remedy[192];

	snprintf(remedy, sizeof(remedy), "'driverctl set-override %s " VCXL_DRIVER "', or the udev rule of vfio-cxl(1)",
		 name);
	if (is_persistent(name))
		finding(d, "persistence", CHECK_OK, "",
			"driverctl or a udev rule binds to " VCXL_DRIVER);
	else
		finding(d, "persistence", CHECK_WARN, remedy,
			"driver_override lasts until the next boot: then %s",
			taken ? "cxl_pci takes the device" :
			"nothing binds the device to " VCXL_DRIVER);
}

static void check_group(struct doctor *d, struct vcxl_device *dev)
{
	struct vcxl_peer *peers;
	size_t count, i, bad = 0;
	int group = vcxl_device_group(dev);
	int ret = group < 0 ? 0 : vcxl_device_peers(dev, &peers, &count);

	if (group < 0) {
		finding(d, "group", CHECK_FAIL, "boot with the IOMMU on",
			"the device has no IOMMU group");
		return;
	}
	if (ret) {
		cant_see(d, "group", "its IOMMU group", ret);
		return;
	}
	for (i = 0; i < count; i++) {
		if (!peers[i].in_the_way)
			continue;
		bad++;
		finding(d, "group", CHECK_FAIL,
			"unbind it or give it to vfio-pci too, or use a slot with ACS",
			"IOMMU group %d is not viable: %s belongs to %s",
			group, peers[i].name, peers[i].driver);
	}
	free(peers);
	if (!bad)
		finding(d, "group", CHECK_OK, "", count ?
			"IOMMU group %d is viable; %zu others of it go to the same user" :
			"IOMMU group %d is viable", group, count);
}

/* VFIO resets between users with whatever there is */
static void check_reset(struct doctor *d, struct vcxl_device *dev)
{
	char text[64];
	int ret = host_read(text, sizeof(text),
			    "/sys/bus/pci/devices/%s/reset_method",
			    vcxl_device_name(dev));

	if (ret && ret != -ENOENT)
		cant_see(d, "reset", "reset_method", ret);
	else if (ret || !*text)
		finding(d, "reset", CHECK_WARN,
			"look at reset_method of the device in sysfs; another slot may have one",
			"the device can't be reset: its registers stay as the last user left them");
	else
		finding(d, "reset", CHECK_OK, "", "by %s", text);
}

struct dax {
	struct doctor *d;
	const char *region;
	bool found;
};

static void look_at_dax(const char *name, void *data)
{
	struct dax *x = data;
	char remedy[192];

	if (strncmp(name, "dax", 3) || !strchr(name, '.') ||
	    host_exists("/sys/bus/dax/devices/%s/driver", name) != 1)
		return;
	x->found = true;
	snprintf(remedy, sizeof(remedy), "stop its users, then 'daxctl disable-device %.32s' and 'cxl disable-region %.32s'",
		 name, x->region);
	finding(x->d, "host-use", CHECK_WARN, remedy,
		"%s of %s is in use by the host", name, x->region);
}

/* What the kernel's own CXL drivers have made of its memory */
static bool check_regions(struct doctor *d, struct vcxl_device *dev)
{
	struct dax x = { .d = d };
	struct vcxl_region *regions;
	size_t count, i;
	char path[192];
	bool found = false;

	if (enough(vcxl_device_regions(dev, &regions, &count)))
		return false;
	for (i = 0; i < count; i++) {
		x.region = regions[i].name;
		x.found = false;
		snprintf(path, sizeof(path), "/sys/bus/cxl/devices/%s/dax_%s",
			 x.region, x.region);
		host_each(path, look_at_dax, &x);
		if (!x.found)
			finding(d, "host-use", CHECK_WARN,
				"'cxl destroy-region', or keep cxl_pci from the device from boot on",
				"%s of the kernel's stands on the device, and keeps its range when cxl_pci loses it",
				x.region);
		found = true;
	}
	free(regions);
	return found;
}

/* A bind that is tried without being done knows what would be in its way */
static void check_host_use(struct doctor *d, struct vcxl_device *dev)
{
	struct vcxl_bind_result result;
	const struct vcxl_error *e = vcxl_error(d->args->ctx);
	int ret = vcxl_bind(dev, VCXL_BIND_DRY_RUN | VCXL_BIND_FORCE, &result);

	if (ret == -EBUSY)
		finding(d, "host-use", CHECK_FAIL, e->next, "%s", e->why);
	else if (ret == -EOPNOTSUPP)
		return;	/* no CXL memory, as check_kind() told */
	else if (ret)
		finding(d, "host-use", CHECK_UNKNOWN, e->next, "%s", e->why);
	if (!check_regions(d, dev) && !ret)
		finding(d, "host-use", CHECK_OK, "",
			"the host does not use its memory");
}

static void check_control_node(struct doctor *d, struct vcxl_device *dev)
{
	struct vcxl_node node;
	int ret = vcxl_device_control_node(dev, &node);

	if (ret)
		cant_see(d, "control-node", "/dev/vfio-cxl", ret);
	else if (!node.exists)
		finding(d, "control-node", CHECK_FAIL,
			"is /dev a devtmpfs here? Look for the node on the host",
			"%s does not exist", node.path);
	else if (node.mode & 0177 || node.uid)
		finding(d, "control-node", CHECK_FAIL,
			"give it back to root, mode 0600, and look for the udev rule that did it",
			"%s has mode %04o and owner %u:%u: others than root can get at the physical decoder",
			node.path, node.mode, node.uid, node.gid);
	else
		finding(d, "control-node", CHECK_OK, "", "%s, root's alone",
			node.path);
}

static void check_group_node(struct doctor *d, struct vcxl_device *dev)
{
	struct vcxl_node node;

	if (vcxl_device_group(dev) < 0 ||
	    enough(vcxl_device_group_node(dev, &node)))
		return;
	if (!node.exists)
		finding(d, "group-node", CHECK_WARN,
			"'modprobe vfio', and look at /dev/vfio on the host; a VMM with IOMMUFD does without",
			"%s does not exist", node.path);
	else if (node.mode & 06)
		finding(d, "group-node", CHECK_WARN,
			"give it to the one user or group that runs the VMM",
			"%s has mode %04o: everybody can take the device",
			node.path, node.mode);
	else
		finding(d, "group-node", CHECK_OK, "",
			"%s, mode %04o, owner %u:%u", node.path, node.mode,
			node.uid, node.gid);
}

void check_device(struct doctor *d, struct vcxl_device *dev)
{
	bool bound = vcxl_device_is_bound(dev);

	if (!check_kind(d, dev))
		return;
	check_driver(d, dev);
	if (bound)
		check_persistence(d, dev);
	check_group(d, dev);
	check_reset(d, dev);
	if (!bound) {
		check_host_use(d, dev);
		return;
	}
	check_control_node(d, dev);
	check_group_node(d, dev);
	check_memory(d, dev);
}
