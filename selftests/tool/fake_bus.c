// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI bus that is none: preloaded, moves a device of a made-up sysfs from
 * driver to driver when "unbind", "bind" or "drivers_probe" is written to, as
 * the kernel would. Every driver takes every device.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && !strcmp(path + n - m, end);
}

/* Has the device @name of the bus at @bus; a driver that isn't there has none */
static void take(const char *bus, const char *name, const char *driver)
{
	char link[PATH_MAX], target[PATH_MAX];

	snprintf(target, sizeof(target), "%.2000s/drivers/%s", bus, driver);
	if (!*driver || access(target, F_OK))
		return;
	snprintf(link, sizeof(link), "%.2000s/devices/%s/driver", bus, name);
	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	if (symlink(target, link))
		return;	/* it has one */
}

static void leave(const char *bus, const char *name)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%.2000s/devices/%s/driver", bus, name);
	unlink(link);
}

/* By driver_override; without one, cxl_pci */
static void probe(const char *bus, const char *name)
{
	char path[PATH_MAX], driver[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%.2000s/devices/%s/driver_override", bus,
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, driver, sizeof(driver) - 1);

		driver[n > 0 ? n : 0] = '\0';
		close(fd);
	}
	driver[strcspn(driver, "\n")] = '\0';
	take(bus, name, *driver ? driver : "cxl_pci");
}

/* @path was written to: is that more than a file? */
static void act(int fd, char *path, const char *name)
{
	char *at = strstr(path, "/sys/bus/pci/"), *driver, *end;

	if (!at)
		return;
	at += strlen("/sys/bus/pci");
	*at++ = '\0';
	if (!strcmp(at, "drivers_probe")) {
		probe(path, name);
	} else if (!strncmp(at, "drivers/", 8) && ends_with(at, "bind")) {
		driver = at + 8;
		end = strchr(driver, '/');
		*end++ = '\0';
		if (!strcmp(end, "unbind"))
			leave(path, name);
		else
			take(path, name, driver);
	} else {
		return;
	}
	if (ftruncate(fd, 0))
		abort();
}

ssize_t write(int fd, const void *buf, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);
	char link[32], path[PATH_MAX], name[64];
	ssize_t n, ret;

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))
			dlsym(RTLD_NEXT, "write");
	ret = next(fd, buf, len);
	if (ret < 0 || (size_t)ret != len || len >= sizeof(name))
		return ret;
	fault_pause();
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	snprintf(name, sizeof(name), "%.*s", (int)len, (const char *)buf);
	act(fd, path, name);
	fault_resume();
	return ret;
}
