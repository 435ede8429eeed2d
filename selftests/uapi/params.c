// SPDX-License-Identifier: GPL-2.0-only
/* What the module's parameters change, with the values that they have now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(params) {
	struct user user;
	struct vfio_cxl_info info;
};

FIXTURE_SETUP(params)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->info.argsz = sizeof(self->info);
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_CXL_INFO, &self->info));
}

FIXTURE_TEARDOWN(params)
{
	user_close(&self->user);
}

static const char *param(const char *name)
{
	static char value[64];
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/cxl_vfio_pci/parameters/%s",
		 name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%63s", value) != 1)
		abort();
	fclose(file);

	return value;
}

/* Bit 9 and capability 6 only if they are wanted; all the rest is there */
TEST_F(params, legacy_info)
{
	struct vfio_cxl_device_info_cap cap;
	struct vfio_device_info info;
	bool legacy = *param("legacy_info") == 'Y';
	struct region region;

	EXPECT_EQ(legacy ? 0 : -ENOENT,
		  user_cxl_cap(&self->user, &info, &cap));
	EXPECT_EQ(legacy, !!(info.flags & VFIO_CXL_DEVICE_FLAGS_CXL));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(11, info.num_regions);
	EXPECT_TRUE(self->info.flags & VFIO_CXL_INFO_MEMORY);
	EXPECT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &region));
}

/* The memory is mapped as asked for; auto is by the kernel's version */
TEST_F(params, mem_mode)
{
	const char *mode = param("mem_mode");
	__u32 want = VFIO_CXL_MEM_MEMREMAP;
	struct utsname host;
	int major, minor, found;

	uname(&host);
	found = sscanf(host.release, "%d.%d", &major, &minor);
	ASSERT_EQ(2, found);
	if (!strcmp(mode, "pages") ||
	    (!strcmp(mode, "auto") && major * 100 + minor >= 702))
		want = VFIO_CXL_MEM_PAGES;
	EXPECT_EQ(want, self->info.mem_mode);
}

/* With or without struct pages, the mapping has none, and bytes arrive */
TEST_F(params, mapping)
{
	const __u64 offset = 3 * 4096;
	char *map, *answer;

	map = map_congruent(&self->user, 0, 4 * MIB);
	ASSERT_NE(MAP_FAILED, map);
	memcpy(map + offset, "\xba\xdc\x0f\xfe", 4);
	answer = bed("media read static %#llx 4", (unsigned long long)offset);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(0, strncmp(answer, "badc0ffe", 8));
	munmap(map, 4 * MIB);
}

TEST_HARNESS_MAIN
