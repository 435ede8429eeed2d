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
static bool inject_armed;
static int inject_hit = -1;

bool inject_is(const char *who)
{
	return !strcmp(getenv("INJECT") ?: "", who);
}

bool inject_ready(void)
{
	inject_own = inject_is("own");
	if (!inject_own && !inject_is("kernel"))
		return false;
	inject_fd = open(inject_own ?
			 "/sys/module/cxl_vfio_pci/parameters/fail_nth" :
			 "/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	return inject_fd >= 0;
}

bool inject_depth(unsigned int depth)
{
	static const char *const attr[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	unsigned int i, usual = atoi(getenv("DEPTH") ?: "");
	char path[64];
	bool good = true;
	FILE *file;

	if (inject_own)
		return true;
	if (!usual)
		return false;
	for (i = 0; i < sizeof(attr) / sizeof(attr[0]) && good; i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/debug/%s/stacktrace-depth", attr[i]);
		file = fopen(path, "w");
		if (!file)
			return false;
		fprintf(file, "%u", depth > usual ? depth : usual);
		good = !fclose(file);
	}

	return good;
}

bool inject_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	inject_armed = nth;

	return pwrite(inject_fd, text, len, 0) == len;
}

bool inject_pending(void)
{
	return inject_armed;
}

void inject_over(void)
{
	char name[64];

	if (inject_armed && !inject_own)
		inject_hit = inject_disarm(name, sizeof(name));
}

int inject_disarm(char *name, size_t size)
{
	char text[64] = "";
	int hit = inject_hit;

	inject_hit = -1;
	*name = 0;
	if (hit >= 0)
		return hit;
	if (pread(inject_fd, text, sizeof(text) - 1, 0) < 0 || !inject_arm(0))
		return -1;

	text[strcspn(text, "\n")] = 0;
	snprintf(name, size, "%s", inject_own && text[1] ? text + 2 : "");

	return text[0] == '0';
}
