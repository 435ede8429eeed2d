// SPDX-License-Identifier: GPL-2.0-only
/* What a VFIO user is told: device info, regions, VFIO_CXL_INFO. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(memory) {
	struct user user;
};

FIXTURE_SETUP(memory)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
}

FIXTURE_TEARDOWN(memory)
{
	user_close(&self->user);
}

TEST_F(memory, capability_as_shipped_vmms_read_it)
{
	struct vfio_cxl_device_info_cap cap;
	struct vfio_device_info info;
	struct region region;

	ASSERT_EQ(0, user_cxl_cap(&self->user, &info, &cap));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI, info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(1 << 9, info.flags & (1 << 9));
	EXPECT_EQ(11, info.num_regions);
	EXPECT_EQ(5, info.num_irqs);

	/* Offsets are part of the contract, so not taken from the struct */
	EXPECT_EQ(32, sizeof(cap));
	EXPECT_EQ(6, *(__u16 *)&cap);
	EXPECT_EQ(1, *((__u16 *)&cap + 1));
	EXPECT_EQ(0, *((__u8 *)&cap + 8));
	EXPECT_EQ(1, *((__u32 *)&cap + 3));
	EXPECT_EQ(0x1000, *((__u64 *)&cap + 2));
	EXPECT_EQ(9, *((__u32 *)&cap + 6));
	EXPECT_EQ(10, *((__u32 *)&cap + 7));

	ASSERT_EQ(0, user_region(&self->user, 9, &region));
	EXPECT_EQ(0x80001e98, region.type);
	EXPECT_EQ(1, region.subtype);
	EXPECT_EQ(9ULL << 40, region.offset);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS,
		  region.flags);
	EXPECT_EQ(hw_decoder(0).size, region.size);

	ASSERT_EQ(0, user_region(&self->user, 10, &region));
	EXPECT_EQ(0x80001e98, region.type);
	EXPECT_EQ(2, region.subtype);
	EXPECT_EQ(10ULL << 40, region.offset);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_CAPS, region.flags);
	EXPECT_EQ(0x1000, region.size);

	EXPECT_EQ(-EINVAL, user_region(&self->user, 11, &region));
}

/* Every size of buffer, from none to more than enough */
TEST_F(memory, device_info_argsz)
{
	struct vfio_device_info *info;
	char answer[256];
	__u32 argsz;

	info = (void *)answer;
	for (argsz = 0; argsz < sizeof(answer); argsz++) {
		memset(answer, 0xee, sizeof(answer));
		info->argsz = argsz;
		if (argsz < offsetof(struct vfio_device_info, cap_offset)) {
			EXPECT_EQ(-1, ioctl(self->user.device,
					    VFIO_DEVICE_GET_INFO, answer));
			EXPECT_EQ(EINVAL, errno);
			continue;
		}
		ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_GET_INFO,
				   answer));
		EXPECT_EQ(11, info->num_regions);
		/* Nothing behind what was said to be there */
		if (argsz < info->argsz)
			EXPECT_EQ((char)0xee, answer[sizeof(*info)]);
		EXPECT_EQ((char)0xee,
			  answer[argsz > info->argsz ? argsz : info->argsz]);
	}
}

TEST_F(memory, info_of_the_driver)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) }, control;
	struct hw_decoder decoder = hw_decoder(0);

	ASSERT_EQ(0, ioctl(self->user.device, VFIO_CXL_INFO, &info));
	EXPECT_EQ(VFIO_CXL_ABI_VERSION, info.abi_version);
	EXPECT_EQ(VFIO_CXL_INFO_MEMORY | VFIO_CXL_INFO_LIVE |
		  VFIO_CXL_INFO_OPEN, info.flags & ~VFIO_CXL_INFO_LOCKED);
	EXPECT_EQ(!!(decoder.ctrl & CTRL_LOCK),
		  !!(info.flags & VFIO_CXL_INFO_LOCKED));
	EXPECT_EQ(0, info.gate);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, info.reason);
	EXPECT_EQ(topology_is("firmware") ? VFIO_CXL_ORIGIN_FIRMWARE :
					    VFIO_CXL_ORIGIN_DRIVER, info.origin);
	EXPECT_NE(VFIO_CXL_MEM_NONE, info.mem_mode);
	EXPECT_GE(VFIO_CXL_MEM_PAGES, info.mem_mode);
	EXPECT_EQ(4, info.decoder_count);
	EXPECT_EQ(decoder.size, info.memory_size);
	EXPECT_EQ(decoder.skip, info.dpa_skip);
	EXPECT_EQ(4096, info.page_sizes & 4095 ? 0 : info.page_sizes & -info.page_sizes);
	EXPECT_EQ(decoder.base & (info.map_align - 1), info.map_offset);
	EXPECT_EQ(9, info.memory_region);
	EXPECT_EQ(10, info.comp_regs_region);

	/* The control node says the same, without a tenancy's regions */
	ASSERT_EQ(0, control_info(&control));
	EXPECT_EQ(info.flags, control.flags);
	EXPECT_EQ(info.memory_size, control.memory_size);
	EXPECT_EQ(0, control.memory_region);
}

/*
 * Does the base stand anywhere? Low dword first, as in memory and in HDM
 * decoders, or with @swapped high dword first, as in DVSEC ranges.
 */
static bool has_base(const char *data, size_t size, __u64 base, bool swapped)
{
	__u64 qword;
	size_t i;

	for (i = 0; i + 8 <= size; i++) {
		memcpy(&qword, data + i, 8);
		if (swapped)
			qword = qword << 32 | qword >> 32;
		if ((qword & ~0xfffffffULL) == base)
			return true;
	}

	return false;
}

static size_t read_region(const struct user *user, __u32 index, char *data,
			  size_t max)
{
	struct region region;
	size_t done;

	if (user_region(user, index, &region) || !region.size)
		return 0;
	memset(data, 0, max);
	for (done = 0; done < region.size && done + 4 <= max; done += 4)
		if (pread(user->device, data + done, 4,
			  region.offset + done) != 4)
			break;

	return done;
}

/* Config space, every BAR, COMP_REGS and each answer: no host address */
TEST_F(memory, host_address_is_nowhere)
{
	static const __u32 indexes[] = { 0, 2, 4, 7, 10 };
	static const char none[sizeof(((struct vfio_cxl_info *)0)->element)];
	static char data[65536];
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	__u64 base = hw_decoder(0).base;
	__u16 command = 2;
	unsigned int i;
	size_t size;

	ASSERT_NE(0, base);
	/* The test finds the address where it is: in the real registers */
	ASSERT_EQ((__u32)base, hw_read(hw_hdm() + 0x10));

	/* With Memory Space on, or BARs would not be read at all */
	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, (7ULL << 40) + 4));
	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		size = read_region(&self->user, indexes[i], data, sizeof(data));
		ASSERT_LT(0, size);
		EXPECT_FALSE(has_base(data, size, base, false) ||
			     has_base(data, size, base, indexes[i] == 7))
			TH_LOG("region %u tells the host address", indexes[i]);
	}

	ASSERT_EQ(0, ioctl(self->user.device, VFIO_CXL_INFO, &info));
	EXPECT_FALSE(has_base((char *)&info, sizeof(info), base, false));
	/* Nor as text, nor what in the host's topology is in the way */
	EXPECT_EQ(0, memcmp(info.element, none, sizeof(none)));
	/* Two bits of it, no more */
	EXPECT_EQ(0, info.map_offset & ~(3ULL << 28));
}

/* Before anything is programmed there is a plain VFIO PCI device */
TEST(no_memory_no_flag)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	struct vfio_cxl_decoder_clear clear = {};
	struct vfio_cxl_device_info_cap cap;
	struct vfio_device_info device;
	struct region region;
	struct user user;

	if (topology_is("firmware"))
		SKIP(return, "firmware's decoder is never cleared");
	ASSERT_EQ(0, control_clear(&clear));
	ASSERT_EQ(0, user_open(&user));

	EXPECT_EQ(-ENOENT, user_cxl_cap(&user, &device, &cap));
	EXPECT_EQ(0, device.flags & (1 << 9));
	EXPECT_EQ(9, device.num_regions);
	EXPECT_EQ(-EINVAL, user_region(&user, 9, &region));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
				   user.device, 9ULL << 40));
	ASSERT_EQ(0, ioctl(user.device, VFIO_CXL_INFO, &info));
	EXPECT_EQ(VFIO_CXL_INFO_OPEN, info.flags);
	EXPECT_EQ(VFIO_CXL_REASON_NOT_COMMITTED, info.reason);
	EXPECT_EQ(VFIO_CXL_ORIGIN_NONE, info.origin);

	user_close(&user);
}

TEST_HARNESS_MAIN
