// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: does the path route a range to the device
 *
 * Between a fixed memory window and a device stand the host bridge and maybe
 * switches. An element either has nothing to choose from, or decoders that
 * choose a port (CXL 3.1, 8.2.4.20). These are read, never written: they are
 * firmware's or the CXL core's. A range is routed if each such element has a
 * decoder, committed and not interleaved, that holds all of it and names the
 * port towards the device. What is not understood is refused, with the
 * element's name.
 */
#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/slab.h>

#include "fault.h"
#include "vfio_cxl.h"

/* ACPI's and the PCI core's number for a CXL 2.0 bridge */
#define CHBS_VERSION_CXL20	1
#define CHBS_CXL20_LEN		SZ_64K

/* Target Port List (8.2.4.20.8), where a device has the DPA skip */
#define TARGET_0		GENMASK(7, 0)

#define MAX_ELEMENTS		8

/**
 * struct vfio_cxl_route - what a committed decoder of an element decodes
 * @base: first byte
 * @end: behind the last one
 * @here: all of it goes to the port towards the device
 */
struct vfio_cxl_route {
	u64 base;
	u64 end;
	bool here;
};

/**
 * struct vfio_cxl_element - an element of a path that has to choose a port
 * @name: as a refusal names it
 * @reason: why there is no path, when nothing is routed here
 * @nr: routes
 * @routes: its committed decoders
 */
struct vfio_cxl_element {
	char name[VFIO_CXL_ELEMENT_LEN];
	enum vfio_cxl_reason reason;
	unsigned int nr;
	struct vfio_cxl_route routes[CXL_HDM_MAX_DECODERS];
};

/**
 * struct vfio_cxl_path - from a host bridge to a device
 * @bridge_uid: _UID of the host bridge
 * @nr: elements
 * @elements: those that choose; none, and everything gets here
 */
struct vfio_cxl_path {
	u32 bridge_uid;
	unsigned int nr;
	struct vfio_cxl_element elements[MAX_ELEMENTS];
};

static int bridge_get(u32 uid, struct vfio_cxl_chbs *bridge)
{
	struct acpi_table_header *cedt;
	int ret;

	if (vfio_cxl_fails("CHBS") ||
	    ACPI_FAILURE(acpi_get_table(ACPI_SIG_CEDT, 0, &cedt)))
		return -EINVAL;
	ret = vfio_cxl_cedt_bridge(cedt, cedt->length, uid, bridge);
	acpi_put_table(cedt);

	return ret;
}

/* Port Number, by which decoders name a root or downstream switch port */
static u8 port_number(struct pci_dev *port)
{
	u32 link = ~0;

	pcie_capability_read_dword(port, PCI_EXP_LNKCAP, &link);

	return FIELD_GET(PCI_EXP_LNKCAP_PN, link);
}

/* Is @port not the only root port of its bus? */
static bool has_sibling(struct pci_dev *port)
{
	struct pci_dev *other = NULL;
	bool found = false;

	/* By bus number it would take a lock that hooks run under */
	while (!found && (other = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, other)))
		found = other != port && other->bus == port->bus &&
			pci_is_pcie(other) &&
			pci_pcie_type(other) == PCI_EXP_TYPE_ROOT_PORT;
	pci_dev_put(other);

	return found;
}

static void element_fill(struct vfio_cxl_element *element, u8 target,
			 const struct vfio_cxl_hdm_state *state,
			 unsigned int count)
{
	const struct vfio_cxl_hdm_decoder *decoder;
	struct vfio_cxl_route *route;
	unsigned int n;

	for (n = 0; n < count; n++) {
		decoder = &state->decoder[n];
		if (!vfio_cxl_hdm_committed(decoder) || !decoder->size)
			continue;
		route = &element->routes[element->nr++];
		route->base = decoder->base;
		route->here = !(decoder->ctrl & CXL_HDM_CTRL_IW) &&
			      FIELD_GET(TARGET_0, decoder->skip) == target;
		if (check_add_overflow(decoder->base, decoder->size,
				       &route->end)) {
			route->end = U64_MAX;
			route->here = false;
		}
	}
}

/*
 * Read the decoders of an element with component registers at @component into
 * @element. Returns -ENOENT where it has none.
 */
static int element_read(phys_addr_t component, u8 target,
			struct vfio_cxl_element *element)
{
	struct vfio_cxl_hdm_state *state;
	struct vfio_cxl_hdm hdm;
	struct vfio_cxl_io io;
	void __iomem *cm;
	int ret;

	state = kzalloc(sizeof(*state), GFP_KERNEL);
	if (!state)
		return -ENOMEM;

	ret = vfio_cxl_map_cm(component, &cm, &io);
	if (ret)
		goto out_free;
	ret = vfio_cxl_hdm_find(&hdm, &io);
	if (!ret)
		ret = vfio_cxl_hdm_snapshot(&hdm, state);
	iounmap(cm);
	if (!ret)
		element_fill(element, target, state, hdm.count);
out_free:
	kfree(state);

	return ret;
}

static int add_switch(struct vfio_cxl_path *path, struct pci_dev *up,
		      struct pci_dev *down, struct vfio_cxl_why *why)
{
	struct vfio_cxl_element *element = &path->elements[path->nr];
	const char *what = "no decoders";
	phys_addr_t component;
	int ret;

	if (path->nr == MAX_ELEMENTS)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_SWITCH,
				       "switch %s: too many", pci_name(up));

	ret = vfio_cxl_component_find(up, &component, &what);
	if (!ret)
		ret = element_read(component, port_number(down), element);
	if (ret == -ENOMEM)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_NO_MEMORY,
				       "switch %s", pci_name(up));
	if (ret)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_SWITCH,
				       "switch %s: %s", pci_name(up), what);

	scnprintf(element->name, sizeof(element->name), "switch %s",
		  pci_name(up));
	element->reason = VFIO_CXL_REASON_PATH_SWITCH;
	path->nr++;

	return 0;
}

/* A host bridge without decoders sends everything to its only root port */
static int add_bridge(struct vfio_cxl_path *path, struct pci_dev *root_port,
		      struct vfio_cxl_why *why)
{
	struct vfio_cxl_element *element = &path->elements[path->nr];
	bool ports = has_sibling(root_port);
	struct vfio_cxl_chbs bridge;
	u32 uid = path->bridge_uid;
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

	if (path->nr == MAX_ELEMENTS)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_SWITCH,
				       "host bridge %u: too many switches",
				       uid);
	element->reason = ports ? VFIO_CXL_REASON_PATH_PORTS :
				  VFIO_CXL_REASON_PATH_DECODER;
	ret = element_read(bridge.base, port_number(root_port), element);
	if (ret == -ENOENT && !ports)
		return 0;
	if (ret == -ENOMEM)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_NO_MEMORY,
				       "host bridge %u", uid);
	if (ret)
		return vfio_cxl_refuse(why, -EOPNOTSUPP, element->reason,
				       "host bridge %u", uid);

	scnprintf(element->name, sizeof(element->name), "host bridge %u", uid);
	path->nr++;

	return 0;
}

static int bridge_uid(struct pci_dev *root_port, u32 *result,
		      struct vfio_cxl_why *why)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(root_port->bus);
	struct acpi_device *adev = ACPI_COMPANION(&bridge->dev);
	u64 uid;

	if (!adev || acpi_dev_uid_to_integer(adev, &uid) || uid > U32_MAX)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_RCH, "%s",
				       dev_name(&bridge->dev));
	*result = uid;

	return 0;
}

/* From the device up: switches, the root port, the host bridge */
static int path_read(struct vfio_cxl_device *cxl, struct vfio_cxl_path *path,
		     struct vfio_cxl_why *why)
{
	struct pci_dev *port = pci_upstream_bridge(cxl->core.pdev);
	struct pci_dev *up;
	int ret;

	while (port && pci_pcie_type(port) == PCI_EXP_TYPE_DOWNSTREAM) {
		up = pci_upstream_bridge(port);
		if (!up || pci_pcie_type(up) != PCI_EXP_TYPE_UPSTREAM)
			break;
		ret = add_switch(path, up, port, why);
		if (ret)
			return ret;
		port = pci_upstream_bridge(up);
	}
	if (!port || pci_pcie_type(port) != PCI_EXP_TYPE_ROOT_PORT)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_PATH_RCH, "%s",
				       pci_name(port ?: cxl->core.pdev));

	/* Where its decoders are only a CEDT tells */
	if (vfio_cxl_cedt_waived())
		return 0;

	ret = bridge_uid(port, &path->bridge_uid, why);
	if (ret)
		return ret;

	return add_bridge(path, port, why);
}

/**
 * vfio_cxl_path_get - look at the path to a device
 * @cxl: the device
 * @path: out: for vfio_cxl_path_put()
 * @why: why not
 *
 * Return: 0; -EOPNOTSUPP with the element that no range can pass; -ENOMEM.
 */
int vfio_cxl_path_get(struct vfio_cxl_device *cxl, struct vfio_cxl_path **path,
		      struct vfio_cxl_why *why)
{
	int ret;

	*path = kzalloc(sizeof(**path), GFP_KERNEL);
	if (!*path)
		return vfio_cxl_refuse(why, -ENOMEM, VFIO_CXL_REASON_NO_MEMORY,
				       "%s", pci_name(cxl->core.pdev));

	ret = path_read(cxl, *path, why);
	if (ret)
		vfio_cxl_path_put(*path);

	return ret;
}

/**
 * vfio_cxl_path_put - undo vfio_cxl_path_get()
 * @path: the path
 */
void vfio_cxl_path_put(struct vfio_cxl_path *path)
{
	kfree(path);
}

/**
 * vfio_cxl_path_bridge - where a path begins
 * @path: the path
 *
 * Return: _UID of the host bridge.
 */
u32 vfio_cxl_path_bridge(const struct vfio_cxl_path *path)
{
	return path->bridge_uid;
}

/* Whole in one decoder for us, and in no part in another for somebody else */
static bool element_routes(const struct vfio_cxl_element *element, u64 base,
			   u64 end)
{
	const struct vfio_cxl_route *route;
	bool routed = false;
	unsigned int n;

	for (n = 0; n < element->nr; n++) {
		route = &element->routes[n];
		if (route->end <= base || route->base >= end)
			continue;
		if (!route->here || route->base > base || route->end < end)
			return false;
		routed = true;
	}

	return routed;
}

static bool element_any(const struct vfio_cxl_element *element)
{
	unsigned int n;

	for (n = 0; n < element->nr; n++)
		if (element->routes[n].here)
			return true;

	return false;
}

/**
 * vfio_cxl_path_routes - does a path route a range to its device?
 * @path: the path
 * @base: first byte
 * @size: bytes
 * @why: why not
 *
 * Return: 0, or -EOPNOTSUPP with the element that does not.
 */
int vfio_cxl_path_routes(const struct vfio_cxl_path *path, u64 base, u64 size,
			 struct vfio_cxl_why *why)
{
	const struct vfio_cxl_element *element;
	unsigned int n;
	u64 end;

	if (check_add_overflow(base, size, &end))
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_RANGE_WINDOW, "%s", "");

	/* The host bridge is the last one, and comes first */
	for (n = path->nr; n--; ) {
		element = &path->elements[n];
		if (element_routes(element, base, end))
			continue;
		return vfio_cxl_refuse(why, -EOPNOTSUPP, element_any(element) ?
				       VFIO_CXL_REASON_PATH_DECODER :
				       element->reason, "%s", element->name);
	}

	return 0;
}
