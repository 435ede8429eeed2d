// SPDX-License-Identifier: GPL-2.0-only
/* What a VFIO user may not touch: registers in BARs and config space. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define CONFIG	(7ULL << 40)

FIXTURE(tenancy) {
	struct user user;
	struct hw_decoder hw;
};

FIXTURE_SETUP(tenancy)
{
	__u16 command = 2;

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->hw = hw_decoder(0);
	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, CONFIG + 4));
}

FIXTURE_TEARDOWN(tenancy)
{
	struct hw_decoder now = hw_decoder(0);

	EXPECT_TRUE(hw_same(&self->hw, &now));
	user_close(&self->user);
}

/* Config space past VFIO */
static int sysfs_config(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config",
		 dev_bdf());

	return open(path, O_RDWR | O_CLOEXEC);
}

/* Offset of an extended capability: a CXL DVSEC by @dvsec, else by @id */
static unsigned int find_cap(int config, __u16 id, int dvsec)
{
	__u32 header, header1, header2;
	unsigned int pos = 0x100;

	while (pos && pread(config, &header, 4, pos) == 4 && header) {
		if ((header & 0xffff) == id) {
			if (dvsec < 0)
				return pos;
			pread(config, &header1, 4, pos + 4);
			pread(config, &header2, 4, pos + 8);
			if ((header1 & 0xffff) == 0x1e98 &&
			    (header2 & 0xffff) == (__u32)dvsec)
				return pos;
		}
		pos = header >> 20;
	}

	return 0;
}

TEST_F(tenancy, register_bars_are_not_mapped)
{
	static const __u32 closed[] = { 0, 2 };
	struct region region;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, user_region(&self->user, closed[i], &region));
		EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ |
			  VFIO_REGION_INFO_FLAG_WRITE, region.flags);
		EXPECT_FALSE(region.sparse);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
					   self->user.device, region.offset));
		EXPECT_EQ(EINVAL, errno);
	}
}

/* Registers of BAR @bar, past the driver */
static __u32 bar_read(unsigned int bar, __u32 offset)
{
	unsigned long long start = 0;
	char path[PATH_MAX], *answer;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource",
		 dev_bdf());
	file = fopen(path, "r");
	if (!file)
		abort();
	do {
		if (fscanf(file, "%llx %*x %*x", &start) != 1)
			abort();
	} while (bar--);
	fclose(file);
	answer = bed("mmio read %#llx 4", start + offset);
	if (!answer)
		abort();

	return strtoul(answer, NULL, 16);
}

/* Device registers with both mailboxes read 0, and a write changes nothing */
TEST_F(tenancy, device_registers_are_closed)
{
	struct region region;
	__u32 value, offset;

	ASSERT_EQ(0, user_region(&self->user, 2, &region));
	for (offset = 0; offset < 0x400; offset += 4) {
		value = ~0U;
		ASSERT_EQ(4, pread(self->user.device, &value, 4,
				   region.offset + offset));
		ASSERT_EQ(0, value);
		value = 0x4000;
		ASSERT_EQ(4, pwrite(self->user.device, &value, 4,
				    region.offset + offset));
	}
	/* Command of the primary mailbox, found as the capability array says */
	for (offset = 0x10; (bar_read(2, offset) & 0xffff) != 2; offset += 16)
		ASSERT_GT(0x100, offset);
	EXPECT_NE(0x4000, bar_read(2, bar_read(2, offset + 4) + 8));
}

/* A read over the whole BAR in one go, and one across its end */
TEST_F(tenancy, long_reads)
{
	static char data[70000];
	struct region region;

	ASSERT_EQ(0, user_region(&self->user, 0, &region));
	EXPECT_EQ((ssize_t)region.size,
		  pread(self->user.device, data, region.size, region.offset));
	EXPECT_EQ(4, pread(self->user.device, data, 4,
			   region.offset + region.size - 4));
	EXPECT_EQ(4, pread(self->user.device, data, 64,
			   region.offset + region.size - 4));
	EXPECT_EQ(-1, pread(self->user.device, data, 4,
			    region.offset + region.size));
}

TEST_F(tenancy, ioeventfd_is_refused)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.data = 1,
	};
	unsigned int bar;

	arg.fd = eventfd(0, EFD_CLOEXEC);
	for (bar = 0; bar <= 2; bar += 2) {
		arg.offset = ((__u64)bar << 40) + 0x1000 * !bar;
		EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_IOEVENTFD,
				    &arg));
		EXPECT_EQ(EINVAL, errno);
	}
	close(arg.fd);
}

/* Every byte of CXL DVSECs and DOE, in every access size */
TEST_F(tenancy, config_writes_are_dropped)
{
	static const int dvsecs[] = { 0, 3, 4, 5, 7, 8, 9 };
	unsigned int i, pos, at, size, len, found = 0;
	__u32 before, after, ones = ~0U, header1;
	int config = sysfs_config();

	ASSERT_LE(0, config);
	for (i = 0; i < ARRAY_SIZE(dvsecs); i++) {
		pos = find_cap(config, 0x23, dvsecs[i]);
		if (!pos)
			continue;
		found++;
		ASSERT_EQ(4, pread(config, &header1, 4, pos + 4));
		len = header1 >> 20;
		for (at = pos; at < pos + len; at += 4) {
			ASSERT_EQ(4, pread(config, &before, 4, at));
			for (size = 1; size <= 4; size *= 2)
				ASSERT_EQ((ssize_t)size,
					  pwrite(self->user.device, &ones, size,
						 CONFIG + at));
			ASSERT_EQ(4, pread(config, &after, 4, at));
			EXPECT_EQ(before, after)
				TH_LOG("DVSEC %d + %#x", dvsecs[i], at - pos);
		}
	}
	/* Device and Register Locator at the least, or this tested nothing */
	EXPECT_LE(2, found);

	pos = find_cap(config, 0x2e, -1);
	ASSERT_NE(0, pos);
	ASSERT_EQ(4, pread(config, &before, 4, pos + 8));
	ASSERT_EQ(4, pwrite(self->user.device, &ones, 4, CONFIG + pos + 8));
	ASSERT_EQ(4, pwrite(self->user.device, &ones, 4, CONFIG + pos + 0x10));
	ASSERT_EQ(4, pread(config, &after, 4, pos + 8));
	EXPECT_EQ(before, after);
	close(config);
}

/* A write that begins before a DVSEC and one that ends behind it */
TEST_F(tenancy, config_writes_across_an_edge)
{
	int config = sysfs_config();
	unsigned int pos = find_cap(config, 0x23, 0);
	__u8 bytes[12];
	__u16 before, after;

	memset(bytes, 0xff, sizeof(bytes));
	ASSERT_EQ(2, pread(config, &before, 2, pos + 0x0c));
	EXPECT_EQ((ssize_t)sizeof(bytes),
		  pwrite(self->user.device, bytes, sizeof(bytes),
			 CONFIG + pos + 0x0c - 6));
	ASSERT_EQ(2, pread(config, &after, 2, pos + 0x0c));
	EXPECT_EQ(before, after);
	close(config);
}

/* Ranges keep their sizes and lose their bases; DOE's registers read 0 */
TEST_F(tenancy, config_reads)
{
	int config = sysfs_config();
	unsigned int pos = find_cap(config, 0x23, 0);
	unsigned int doe = find_cap(config, 0x2e, -1);
	__u32 user, hw, at;
	__u8 whole[0x38];

	ASSERT_EQ((ssize_t)sizeof(whole), pread(self->user.device, whole,
						sizeof(whole), CONFIG + pos));
	for (at = 0; at < 8; at++) {
		EXPECT_EQ(0, whole[0x20 + at]);
		EXPECT_EQ(0, whole[0x30 + at]);
	}
	ASSERT_EQ(4, pread(config, &hw, 4, pos + 0x1c));
	memcpy(&user, whole + 0x1c, 4);
	EXPECT_EQ(hw, user);
	for (at = 4; at < 0x18; at += 4) {
		ASSERT_EQ(4, pread(self->user.device, &user, 4,
				   CONFIG + doe + at));
		EXPECT_EQ(0, user);
	}
	close(config);
}

/* Memory Space as the user sees it is not the hardware's */
TEST_F(tenancy, memory_space_stays_on)
{
	int config = sysfs_config();
	__u16 command = 0, hw;

	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, CONFIG + 4));
	ASSERT_EQ(2, pread(self->user.device, &command, 2, CONFIG + 4));
	EXPECT_EQ(0, command & 2);
	ASSERT_EQ(2, pread(config, &hw, 2, 4));
	EXPECT_EQ(2, hw & 2);
	close(config);
}

TEST_F(tenancy, low_power_is_refused)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_SET |
			 VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
	};

	EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_FEATURE, &feature));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_HARNESS_MAIN
