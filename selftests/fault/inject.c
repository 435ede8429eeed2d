// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"

static int inject_fd = -1;
static bool inject_own;

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) ==
			     (ssize_t)strlen(text);

	close(fd);

	return ok;
}

/* Which allocations count: all of them, and quietly */
static bool kernel_ready(void)
{
	static const char base[] = "/sys/kernel/debug/";
	static const struct {
		const char *file;
		const char *value;
	} settings[] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/cache-filter", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", base, settings[i].file);
		if (!put(path, settings[i].value)) {
			perror(path);
			return false;
		}
	}

	return true;
}

bool inject_ready(void)
{
	const char *who = getenv("INJECT") ?: "";

	inject_own = !strcmp(who, "own");
	if (!inject_own && (strcmp(who, "kernel") || !kernel_ready()))
		return false;
	inject_fd = open(inject_own ?
			 "/sys/module/cxl_vfio_pci/parameters/fail_nth" :
			 "/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	return inject_fd >= 0;
}

bool inject_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(inject_fd, text, len, 0) == len;
}

int inject_disarm(char *name, size_t size)
{
	char text[64] = "";
	ssize_t n;

	/* Either may be what fails: then the call passed fewer points */
	n = pread(inject_fd, text, sizeof(text) - 1, 0);
	if (n < 0 && errno != EFAULT)
		return -1;
	if (!inject_arm(0)) {
		if (errno != EFAULT || !inject_arm(0))
			return -1;
		return 0;
	}
	if (n < 0)
		return 0;

	text[strcspn(text, "\n")] = 0;
	snprintf(name, size, "%s", inject_own && text[1] ? text + 2 : "");

	return text[0] == '0';
}
