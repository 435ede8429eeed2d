// SPDX-License-Identifier: GPL-2.0-only
/* doctor: kernel, module, IOMMU, VFIO and firmware of the host. */
#include <errno.h>
#include <string.h>

#include "doctor.h"
#include "host.h"

/* Those that this release was tried with, as major * 100 + minor */
#define OLDEST	612
#define NEWEST	703

static void check_kernel(struct doctor *d)
{
	unsigned int major, minor, version;
	char release[64];
	int ret = host_read(release, sizeof(release),
			    "/proc/sys/kernel/osrelease");

	if (ret) {
		cant_see(d, "kernel", "/proc/sys/kernel/osrelease", ret);
		return;
	}
	if (sscanf(release, "%3u.%2u", &major, &minor) != 2) {
		finding(d, "kernel", CHECK_UNKNOWN, "",
			"Linux '%s' has no version that can be understood",
			release);
		return;
	}
	version = major * 100 + minor;
	if (version < OLDEST || version > NEWEST)
		finding(d, "kernel", CHECK_WARN,
			"use one of these, or run 'make check' with this one",
			"Linux %s: cxl-vfio-pci is tried with 6.12 to 7.3",
			release);
	else
		finding(d, "kernel", CHECK_OK, "", "Linux %s", release);
}

static void check_loaded(struct doctor *d)
{
	char version[VCXL_NAME_LEN];
	int ret = vcxl_module_version(d->args->ctx, version, sizeof(version));

	if (ret)
		finding(d, "module", CHECK_UNKNOWN, "",
			VCXL_DRIVER " is loaded, its version can't be read: %s",
			strerror(-ret));
	else if (strcmp(version, VFIO_CXL_VERSION))
		finding(d, "module", CHECK_WARN,
			"install module and command of one release, then unload and load the module",
			VCXL_DRIVER " %s is loaded, but this command is of %s",
			version, VFIO_CXL_VERSION);
	else
		finding(d, "module", CHECK_OK, "",
			VCXL_DRIVER " %s is loaded", version);
}

static void check_module(struct doctor *d)
{
	int ret = host_has_module(VCXL_DRIVER);

	if (vcxl_module_loaded(d->args->ctx))
		check_loaded(d);
	else if (ret < 0)
		cant_see(d, "module", "the list of installed modules", ret);
	else if (ret)
		finding(d, "module", CHECK_OK, "",
			VCXL_DRIVER " is installed, and loaded by 'vfio-cxl bind'");
	else
		finding(d, "module", CHECK_FAIL,
			"build and install it for this kernel: 'make install'",
			VCXL_DRIVER " is neither loaded nor installed");
}

static void count_one(const char *name, void *data)
{
	(void)name;
	++*(unsigned int *)data;
}

/* Returns whether there is one */
static bool check_iommu(struct doctor *d)
{
	unsigned int groups = 0;
	int ret = host_each("/sys/kernel/iommu_groups", count_one, &groups);

	if (ret && ret != -ENOENT)
		cant_see(d, "iommu", "/sys/kernel/iommu_groups", ret);
	else if (!groups)
		finding(d, "iommu", CHECK_FAIL,
			"switch VT-d or AMD-Vi on in the platform's setup, and boot with intel_iommu=on (Intel)",
			"there is no IOMMU group: the IOMMU is off");
	else
		finding(d, "iommu", CHECK_OK, "", "on, %u groups", groups);
	return groups;
}

static void check_interrupts(struct doctor *d)
{
	int unsafe = host_param("vfio_iommu_type1", "allow_unsafe_interrupts");
	int x86 = host_grep("/proc/cpuinfo", "vendor_id");
	int remapped = host_grep("/proc/interrupts", " IR-");

	if (x86 < 0 || remapped < 0)
		cant_see(d, "interrupts", x86 < 0 ? "/proc/cpuinfo" :
			 "/proc/interrupts", x86 < 0 ? x86 : remapped);
	else if (remapped)
		finding(d, "interrupts", CHECK_OK, "", "remapped");
	else if (!x86)
		finding(d, "interrupts", CHECK_UNKNOWN, "",
			"whether they are remapped shows only on x86");
	else if (unsafe == 1)
		finding(d, "interrupts", CHECK_WARN,
			"boot with interrupt remapping, and without vfio_iommu_type1.allow_unsafe_interrupts",
			"not remapped, which a user can harm the host with, and that is allowed");
	else
		finding(d, "interrupts", CHECK_FAIL,
			"switch it on in the platform's setup, and don't boot with intremap=off or nointremap",
			"not remapped: VFIO refuses devices");
}

static void check_type1(struct doctor *d)
{
	finding(d, "type1", CHECK_NOTE,
		"unmap in the IOMMU, or close the container, before the memory goes to somebody else",
		"a container keeps the IOMMU's translations of this memory until it unmaps them or is closed, also while the memory is not live");
}

static void check_vfio(struct doctor *d)
{
	int type1 = host_exists("/sys/module/vfio_iommu_type1");
	int container = host_exists("/dev/vfio/vfio");
	int iommufd = host_exists("/dev/iommu");

	if (type1 < 0 || container < 0 || iommufd < 0)
		cant_see(d, "vfio", "/sys/module or /dev", type1 < 0 ? type1 :
			 container < 0 ? container : iommufd);
	else if (type1 == 1 && container == 1)
		finding(d, "vfio", CHECK_OK, "", iommufd == 1 ?
			"type1 containers and IOMMUFD" : "type1 containers");
	else if (iommufd == 1)
		finding(d, "vfio", CHECK_OK, "", container == 1 ?
			"IOMMUFD, and containers" :
			"IOMMUFD; 'vfio-cxl mem' needs containers, and can't run");
	else if (host_has_module("vfio_iommu_type1") == 0)
		finding(d, "vfio", CHECK_FAIL,
			"use a kernel with CONFIG_VFIO_IOMMU_TYPE1 or CONFIG_IOMMUFD",
			"neither type1 containers nor IOMMUFD");
	else
		finding(d, "vfio", CHECK_WARN, "run 'modprobe vfio_iommu_type1'",
			"neither vfio_iommu_type1 nor IOMMUFD is loaded");
	if (type1 == 1)
		check_type1(d);
}

static void check_cedt(struct doctor *d)
{
	struct vfio_cxl_window window = { 0 };
	int unsafe = host_param(VCXL_MODULE, "unsafe_no_cedt");
	int ret = vcxl_cedt_present(d->args->ctx) ?
		  enough(vcxl_cedt_window(d->args->ctx, &window)) : 1;

	if (!ret)
		finding(d, "cedt", CHECK_OK, "", "%u fixed memory windows",
			window.total);
	else if (ret == -EACCES || ret == -EPERM)
		cant_see(d, "cedt", "the ACPI CEDT", ret);
	else if (ret == -ENOENT)
		finding(d, "cedt", CHECK_FAIL,
			"switch CXL memory on in the platform's setup, or update its firmware",
			"firmware's table has no fixed memory window");
	else if (ret < 0)
		finding(d, "cedt", CHECK_FAIL,
			vcxl_error(d->args->ctx)->next, "%s",
			vcxl_error(d->args->ctx)->why);
	else if (unsafe == 1)
		finding(d, "cedt", CHECK_WARN,
			"switch CXL on in the platform's setup, or update its firmware",
			"firmware gives no CXL Early Discovery Table; unsafe_no_cedt goes on without");
	else
		finding(d, "cedt", CHECK_FAIL,
			"switch CXL on in the platform's setup, or update its firmware",
			"firmware gives no CXL Early Discovery Table");
}

void check_host(struct doctor *d)
{
	check_kernel(d);
	check_module(d);
	if (check_iommu(d))
		check_interrupts(d);
	check_vfio(d);
	check_cedt(d);
}
