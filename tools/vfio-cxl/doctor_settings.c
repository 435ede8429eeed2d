// SPDX-License-Identifier: GPL-2.0-only
/* doctor: what was switched on or off on this host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "host.h"

#define TAINT_DIE	(1 << 7)
#define TAINT_WARN	(1 << 9)
/* What is set by module_param_unsafe, and a few others */
#define TAINT_USER	(1 << 6)

static void check_taint(struct doctor *d)
{
	char text[32];
	unsigned long taint;
	int ret = host_read(text, sizeof(text), "/proc/sys/kernel/tainted");

	if (ret) {
		cant_see(d, "taint", "/proc/sys/kernel/tainted", ret);
		return;
	}
	taint = strtoul(text, NULL, 10);
	if (taint & (TAINT_DIE | TAINT_WARN))
		finding(d, "taint", CHECK_WARN,
			"look for it with 'dmesg'; reboot before you trust the host with a tenant",
			"the kernel %s since it booted (tainted %lu)",
			taint & TAINT_DIE ? "had an oops" : "gave a warning",
			taint);
	else if (taint & TAINT_USER)
		finding(d, "taint", CHECK_WARN,
			"look with 'dmesg' for which; it stays until the next boot",
			"an unsafe parameter of some module was set (tainted %lu)",
			taint);
	else
		finding(d, "taint", CHECK_OK, "",
			"no oops, no warning, no unsafe parameter (tainted %lu)",
			taint);
}

/* "none [integrity] confidentiality" */
static void check_lockdown(struct doctor *d)
{
	bool loaded = vcxl_module_loaded(d->args->ctx);
	char text[64];
	int ret = host_read(text, sizeof(text),
			    "/sys/kernel/security/lockdown");

	if (ret == -ENOENT)
		finding(d, "lockdown", CHECK_UNKNOWN, "",
			"/sys/kernel/security/lockdown does not exist: no lockdown in this kernel, or securityfs is not mounted");
	else if (ret)
		cant_see(d, "lockdown", "/sys/kernel/security/lockdown", ret);
	else if (strstr(text, "[none]"))
		finding(d, "lockdown", CHECK_OK, "", "the kernel is not locked down");
	else if (loaded)
		finding(d, "lockdown", CHECK_OK, "",
			"%s, and " VCXL_DRIVER " was let in", text);
	else
		finding(d, "lockdown", CHECK_WARN,
			"sign the module with a key that this kernel trusts",
			"%s: only signed modules load", text);
}

struct unsafe {
	struct doctor *d;
	const char *module;
	unsigned int found;
};

static void look_at_param(const char *name, void *data)
{
	struct unsafe *u = data;
	char value[32];
	int ret;

	if (!strstr(name, "unsafe"))
		return;
	ret = host_read(value, sizeof(value), "/sys/module/%s/parameters/%s",
			u->module, name);
	if (!ret && (!strcmp(value, "N") || !strcmp(value, "0") || !*value))
		return;
	u->found++;
	if (ret)
		cant_see(u->d, "unsafe", name, ret);
	else
		finding(u->d, "unsafe", CHECK_WARN,
			"unload the module and load it without, unless you know why you need it",
			"%s.%s is set (%s)", u->module, name, value);
}

static void check_unsafe(struct doctor *d)
{
	static const char *const modules[] = {
		VCXL_MODULE, "vfio", "vfio_iommu_type1", "vfio_pci_core",
	};
	int sysfs = host_exists("/sys/module");
	struct unsafe u = { .d = d };
	char path[128];
	size_t i;

	if (sysfs != 1) {
		cant_see(d, "unsafe", "/sys/module", sysfs ? sysfs : -ENOENT);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		int ret;

		u.module = modules[i];
		snprintf(path, sizeof(path), "/sys/module/%s/parameters",
			 modules[i]);
		ret = host_each(path, look_at_param, &u);
		/* Not loaded, or without any */
		if (ret && ret != -ENOENT) {
			cant_see(d, "unsafe", path, ret);
			u.found++;
		}
	}
	if (!u.found)
		finding(d, "unsafe", CHECK_OK, "",
			"no unsafe parameter of VFIO's or ours is set");
}

static void check_contents(struct doctor *d)
{
	int ret = host_param(VCXL_MODULE, "clear_on_close");

	if (ret < 0 && ret != -ENOENT)
		cant_see(d, "contents", "clear_on_close", ret);
	else if (ret == 1)
		finding(d, "contents", CHECK_OK, "",
			"cleared when a user closes the device (clear_on_close)");
	else
		finding(d, "contents", CHECK_WARN,
			"run 'vfio-cxl mem clear' in between, or load the module with clear_on_close=1",
			"what one user leaves in the memory, the next one reads");
}

/* Older drivers have it always, and no parameter */
static void check_legacy(struct doctor *d)
{
	int ret = host_param(VCXL_MODULE, "legacy_info");

	if (ret == -ENOENT)
		return;
	if (ret < 0)
		cant_see(d, "legacy-info", "legacy_info", ret);
	else if (ret)
		finding(d, "legacy-info", CHECK_OK, "",
			"VMMs find the memory by VFIO's device info");
	else
		finding(d, "legacy-info", CHECK_NOTE,
			"load the module with legacy_info=1 for those that don't",
			"only VMMs that know VFIO_CXL_INFO find the memory");
}

void check_settings(struct doctor *d)
{
	check_lockdown(d);
	check_taint(d);
	check_unsafe(d);
	if (!vcxl_module_loaded(d->args->ctx))
		return;
	check_contents(d);
	check_legacy(d);
}
