// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: which window is this device's
 *
 * A device below a CXL host bridge can be reached through a fixed memory window
 * that has this bridge as its single target, if everything between passes
 * everything through. Registers on the path are read, never written: they are
 * the CXL core's. What is not understood is refused, with the element's name.
 */
#include <linux/acpi.h>
#include <linux/io.h>

#include "vfio_cxl.h"

/* ACPI's and the PCI core's number for a CXL 2.0 bridge */
#define CHBS_VERSION_CXL20	1
#define CHBS_CXL20_LEN		SZ_64K

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

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_CEDT, 0, &cedt)))
		return -EOPNOTSUPP;
	ret = vfio_cxl_cedt_window(cedt, cedt->length, index, window);
	acpi_put_table(cedt);

	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}

static int bridge_get(u32 uid, struct vfio_cxl_chbs *bridge)
{
	struct acpi_table_header *cedt;
	int ret;

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_CEDT, 0, &cedt)))
		return -EINVAL;
	ret = vfio_cxl_cedt_bridge(cedt, cedt->length, uid, bridge);
	acpi_put_table(cedt);

	return ret;
}

/* A host bridge without HDM decoders sends everything to its only root port */
static int bridge_check(u32 uid, struct vfio_cxl_why *why)
{
	struct vfio_cxl_chbs bridge;
	struct vfio_cxl_hdm hdm;
	struct vfio_cxl_io io;
	void __iomem *cm;
	int ret;

	ret = bridge_get(uid, &bridge);
	if (ret == -EINVAL)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_NO_CEDT, "CEDT");
	if (ret || bridge.version != CHBS_VERSION_CXL20 ||
	    bridge.length < CHBS_CXL20_LEN)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_RCH,
				       "host bridge %u", uid);

	ret = vfio_cxl_map_cm(bridge.base, &cm, &io);
	if (ret)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_NO_MEMORY,
				       "host bridge %u", uid);
	ret = vfio_cxl_hdm_find(&hdm, &io);
	iounmap(cm);

	if (ret != -ENOENT)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_DECODER,
				       "host bridge %u", uid);

	return 0;
}

/* Is @port the only root port of its bus? Else name another one */
static int single_port(struct pci_dev *port, struct vfio_cxl_why *why)
{
	struct pci_dev *other;
	unsigned int devfn;
	int ret = 0;

	for (devfn = 0; devfn < 256 && !ret; devfn++) {
		if (devfn == port->devfn)
			continue;
		other = pci_get_slot(port->bus, devfn);
		if (!other)
			continue;
		if (pci_is_pcie(other) &&
		    pci_pcie_type(other) == PCI_EXP_TYPE_ROOT_PORT)
			ret = vfio_cxl_refuse(why, -EOPNOTSUPP,
					      VFIO_CXL_REASON_PATH_PORTS,
					      "root port %s", pci_name(other));
		pci_dev_put(other);
	}

	return ret;
}

/**
 * vfio_cxl_path_check - does the path to a device pass everything through?
 * @cxl: the device
 * @bridge_uid: _UID of its host bridge, on success
 * @why: why not
 *
 * Return: 0, or -EOPNOTSUPP with the element in the way; -ENOMEM.
 */
int vfio_cxl_path_check(struct vfio_cxl_device *cxl, u32 *bridge_uid,
			struct vfio_cxl_why *why)
{
	struct pci_dev *pdev = cxl->core.pdev;
	struct pci_host_bridge *bridge;
	struct acpi_device *adev;
	struct pci_dev *port;
	u64 uid;
	int ret;

	port = pci_upstream_bridge(pdev);
	if (!port)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_RCH, "%s",
				       pci_name(pdev));
	if (pci_pcie_type(port) == PCI_EXP_TYPE_DOWNSTREAM)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_SWITCH,
				       "switch port %s", pci_name(port));
	if (pci_pcie_type(port) != PCI_EXP_TYPE_ROOT_PORT)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_RCH, "%s",
				       pci_name(port));

	ret = single_port(port, why);
	if (ret)
		return ret;

	bridge = pci_find_host_bridge(port->bus);
	adev = ACPI_COMPANION(&bridge->dev);
	if (!adev || acpi_dev_uid_to_integer(adev, &uid) || uid > U32_MAX)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_RCH, "%s",
				       dev_name(&bridge->dev));

	*bridge_uid = uid;

	return bridge_check(uid, why);
}

/**
 * vfio_cxl_window_check - can a window serve a device?
 * @cxl: the device
 * @bridge_uid: its host bridge
 * @window: the window
 * @program: a decoder is to be programmed, not only found
 * @why: why not
 *
 * Return: 0, or -EOPNOTSUPP.
 */
int vfio_cxl_window_check(struct vfio_cxl_device *cxl, u32 bridge_uid,
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
 * elsewhere is not a device's, whatever its decoder says.
 */
bool vfio_cxl_range_in_use(u64 base, u64 size)
{
	struct vfio_cxl_cfmws window;
	unsigned int index;
	u64 end;

	if (check_add_overflow(base, size, &end) || !range_is_ram(base, size))
		return false;
	for (index = 0; !vfio_cxl_window_get(index, &window); index++)
		if (base < window.base + window.size && window.base < end)
			return true;

	return false;
}

/* Take a range that nothing but windows and Soft Reserved memory intersects */
static int range_claim(struct vfio_cxl_device *cxl, u64 base, u64 size,
		       struct resource **claim, struct vfio_cxl_why *why)
{
	struct resource *res;

	if (range_is_ram(base, size))
		return vfio_cxl_refuse(why, -EBUSY, VFIO_CXL_REASON_RANGE_BUSY,
				       "System RAM");

	res = __request_region(&iomem_resource, base, size, cxl->name,
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

/* The lowest free range in a window, or exactly the one asked for */
static int claim_in_window(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_cfmws *window, u64 *base,
			   u64 size, bool fixed, struct resource **claim,
			   struct vfio_cxl_why *why)
{
	u64 end = window->base + window->size;
	u64 at;
	int ret;

	if (fixed) {
		if (*base < window->base || *base >= end || end - *base < size)
			return vfio_cxl_refuse(why, -EOPNOTSUPP,
					       VFIO_CXL_REASON_RANGE_WINDOW,
					       "%s", "");
		return range_claim(cxl, *base, size, claim, why);
	}

	for (at = window->base; end - at >= size; at += SZ_256M) {
		ret = range_claim(cxl, at, size, claim, why);
		if (!ret) {
			*base = at;
			return 0;
		}
	}

	return vfio_cxl_refuse(why, -ENOSPC, VFIO_CXL_REASON_WINDOW_FULL,
			       "window %#llx", window->base);
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
 * Checks the path, the windows, and that nobody else has the range.
 *
 * Return: 0; -EOPNOTSUPP, -EBUSY, -ENOSPC with a reason; -ENOMEM.
 */
int vfio_cxl_range_find(struct vfio_cxl_device *cxl, bool program, u64 *base,
			u64 size, bool fixed, struct resource **claim,
			u32 *type, struct vfio_cxl_why *why)
{
	struct vfio_cxl_why last = {};
	struct vfio_cxl_cfmws window;
	unsigned int index;
	u32 uid;
	int ret, err;

	ret = vfio_cxl_path_check(cxl, &uid, why);
	if (ret)
		return ret;

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

		ret = vfio_cxl_window_check(cxl, uid, &window, program, why);
		if (!ret)
			ret = claim_in_window(cxl, &window, base, size, fixed,
					      claim, why);
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
