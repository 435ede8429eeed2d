// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs: component and device registers are out of a user's reach in every way
 * that VFIO has, what COMP_REGS shows aside; the other BARs are as ever.
 *
 * The emulated device has its component block in BAR 0 and its device registers
 * in BAR 2, each all of the BAR; BAR 4 holds the MSI-X tables.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define PAGE		4096
#define COMPONENT	0
#define DEVICE		2
#define MSIX		4
#define CM		0x1000		/* CXL.cache/mem in the component block */

static const __u32 closed[] = { COMPONENT, DEVICE };

FIXTURE(tenancy) {
	struct user user;
	struct hw_decoder hw;
	struct region region[6];
};

FIXTURE_SETUP(tenancy)
{
	__u16 command = 2;
	__u32 bar;

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->hw = decoder_now(0);
	for (bar = 0; bar < 6; bar++)
		ASSERT_EQ(0, user_region(&self->user, bar, &self->region[bar]));
	/* Or the core would not let anybody at any BAR */
	ASSERT_EQ(2, pwrite(self->user.device, &command, 2, (7ULL << 40) + 4));
}

FIXTURE_TEARDOWN(tenancy)
{
	struct hw_decoder now = decoder_now(0);

	EXPECT_TRUE(hw_same(&self->hw, &now));
	user_close(&self->user);
}

/* Registers past the driver */
static unsigned long long bar_start(unsigned int bar)
{
	unsigned long long start = 0;
	char path[128];
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

	return start;
}

static __u32 hw_bar(unsigned int bar, __u32 offset)
{
	char *answer = bed("mmio read %#llx 4", bar_start(bar) + offset);

	if (!answer)
		abort();

	return strtoul(answer, NULL, 16);
}

/* ---- what GET_REGION_INFO says ---- */

struct answer {
	struct vfio_region_info info;
	char caps[256];
};

static int get(const struct user *user, __u32 index, __u32 argsz,
	       struct answer *answer)
{
	memset(answer->caps, 0xee, sizeof(answer->caps));
	answer->info = (struct vfio_region_info){
		.argsz = argsz,
		.index = index,
	};

	return ioctl(user->device, VFIO_DEVICE_GET_REGION_INFO, answer) ?
		-errno : 0;
}

/* With room for capabilities and without: nothing but READ and WRITE */
TEST_F(tenancy, region_info_of_closed_bars)
{
	static const __u32 room[] = {
		sizeof(struct vfio_region_info), sizeof(struct answer)
	};
	static const __u64 size[] = { 0x10000, 0x1000 };
	struct answer answer;
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < ARRAY_SIZE(room); j++) {
			ASSERT_EQ(0, get(&self->user, closed[i], room[j],
					 &answer));
			EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ |
				  VFIO_REGION_INFO_FLAG_WRITE,
				  answer.info.flags);
			EXPECT_EQ(size[i], answer.info.size);
			EXPECT_EQ((__u64)closed[i] << 40, answer.info.offset);
			EXPECT_EQ(0, answer.info.cap_offset);
			EXPECT_GE(room[j], answer.info.argsz);
			EXPECT_EQ((char)0xee, answer.caps[0]);
		}
	}
}

/* MSI-X keeps what every vfio-pci device has there */
TEST_F(tenancy, region_info_of_other_bars)
{
	struct vfio_info_cap_header *cap;
	struct answer answer;
	__u32 index;

	ASSERT_EQ(0, get(&self->user, MSIX, sizeof(answer), &answer));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS,
		  answer.info.flags);
	EXPECT_EQ(0x1000, answer.info.size);
	ASSERT_EQ(sizeof(answer.info), answer.info.cap_offset);
	cap = (void *)answer.caps;
	EXPECT_EQ(VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, cap->id);
	EXPECT_EQ(0, cap->next);

	/* Upper halves of 64-bit BARs, and no BAR */
	for (index = 1; index < 6; index += 2) {
		ASSERT_EQ(0, get(&self->user, index, sizeof(answer), &answer));
		EXPECT_EQ(0, answer.info.flags);
		EXPECT_EQ(0, answer.info.size);
	}
	ASSERT_EQ(0, get(&self->user, VFIO_PCI_CONFIG_REGION_INDEX,
			 sizeof(answer), &answer));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  answer.info.flags);
	EXPECT_EQ(4096, answer.info.size);
}

TEST_F(tenancy, region_info_refusals)
{
	static const __u32 none[] = {
		VFIO_PCI_VGA_REGION_INDEX, 11, 12, 0x100, 0x1000000, ~0U
	};
	struct answer answer;
	unsigned int i;
	__u32 argsz;

	for (i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_EQ(-EINVAL, get(&self->user, none[i], sizeof(answer),
				       &answer))
			TH_LOG("index %#x", none[i]);
	for (argsz = 0; argsz < sizeof(answer.info); argsz++)
		EXPECT_EQ(-EINVAL, get(&self->user, COMPONENT, argsz, &answer))
			TH_LOG("%u bytes", argsz);
}

/* ---- read and write ---- */

/* What a user should find in BAR 0: COMP_REGS where that lies, else 0 */
static void component_expected(const struct user *user, char *data)
{
	__u32 offset, value;

	memset(data, 0, 0x10000);
	for (offset = 0; offset < 0x1000; offset += 4) {
		value = comp_read(user, offset);
		memcpy(data + CM + offset, &value, 4);
	}
}

static const size_t sizes[] = { 1, 2, 3, 4, 5, 7, 8, 16, 64 };

/* Each size at each of these offsets, and at the seven behind it */
static const __u32 places[] = {
	0, 0x80, CM - 8, CM, CM + 0x120, CM + 0x128, CM + 0x138, 0x1ff8, 0x2000,
	0x8000, 0xfff8,
};

TEST_F_TIMEOUT(tenancy, component_reads, 120)
{
	static char want[0x10000], data[0x10000 + 64];
	__u64 base = self->region[COMPONENT].offset;
	unsigned int i, j, k;

	/* Something to see */
	comp_write(&self->user, comp_hdm(&self->user) + 0x10, 0x30000000);
	component_expected(&self->user, want);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			for (k = 0; k < 8; k++) {
				__u32 at = places[i] + k;
				size_t n = sizes[j];

				if (n > 0x10000 - at)
					n = 0x10000 - at;
				memset(data, 0xee, sizeof(data));
				ASSERT_EQ((ssize_t)n,
					  pread(self->user.device, data,
						sizes[j], base + at))
					TH_LOG("%zu at %#x", sizes[j], at);
				ASSERT_EQ(0, memcmp(data, want + at, n))
					TH_LOG("%zu at %#x", sizes[j], at);
				ASSERT_EQ((char)0xee, data[n]);
			}
		}
	}
	/* All of it, and more than there is */
	ASSERT_EQ(0x10000, pread(self->user.device, data, sizeof(data), base));
	EXPECT_EQ(0, memcmp(data, want, sizeof(want)));
	ASSERT_EQ(0x10000 - 5, pread(self->user.device, data, sizeof(data),
				     base + 5));
	EXPECT_EQ(0, memcmp(data, want + 5, sizeof(want) - 5));
}

/* They count as written, and are seen neither in hardware nor in COMP_REGS */
TEST_F_TIMEOUT(tenancy, component_writes, 120)
{
	static char before[0x10000], after[0x10000], data[0x10000];
	__u64 base = self->region[COMPONENT].offset;
	struct hw_decoder now;
	unsigned int i, j, k;
	__u32 global;

	component_expected(&self->user, before);
	global = hw_read(hw_hdm() + 4);
	memset(data, 0xff, sizeof(data));
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			for (k = 0; k < 8; k++) {
				__u32 at = places[i] + k;
				size_t n = sizes[j];

				if (n > 0x10000 - at)
					n = 0x10000 - at;
				ASSERT_EQ((ssize_t)n,
					  pwrite(self->user.device, data,
						 sizes[j], base + at))
					TH_LOG("%zu at %#x", sizes[j], at);
			}
		}
	}
	ASSERT_EQ(0x10000, pwrite(self->user.device, data, 0x10000, base));
	memset(data, 0, sizeof(data));
	ASSERT_EQ(0x10000, pwrite(self->user.device, data, 0x10000, base));

	now = hw_decoder(0);
	EXPECT_TRUE(hw_same(&self->hw, &now));
	EXPECT_EQ(global, hw_read(hw_hdm() + 4));
	component_expected(&self->user, after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* Both mailboxes, event and memory device status: nothing there */
TEST_F(tenancy, device_registers)
{
	__u64 base = self->region[DEVICE].offset;
	__u32 at, mailbox, command, word = 0x4000;
	static char data[PAGE + 8];
	unsigned int j;

	/* The primary mailbox, found as the capability array says */
	for (at = 0x10; (hw_bar(DEVICE, at) & 0xffff) != 2; at += 16)
		ASSERT_GT(0x100, at);
	mailbox = hw_bar(DEVICE, at + 4);
	/* The driver's last one, which rests while the device has no events */
	command = hw_bar(DEVICE, mailbox + 8);
	for (at = 0; at < PAGE; at += 8) {
		for (j = 0; j < ARRAY_SIZE(sizes) && sizes[j] <= 8; j++) {
			memset(data, 0xee, 16);
			ASSERT_EQ((ssize_t)sizes[j],
				  pread(self->user.device, data, sizes[j],
					base + at));
			ASSERT_EQ(0, data[0]);
			ASSERT_EQ(0, data[sizes[j] - 1]);
			ASSERT_EQ((char)0xee, data[sizes[j]]);
		}
		ASSERT_EQ(4, pwrite(self->user.device, &word, 4, base + at));
		ASSERT_EQ(8, pwrite(self->user.device, data, 8, base + at));
	}
	memset(data, 0xff, sizeof(data));
	ASSERT_EQ(PAGE, pwrite(self->user.device, data, PAGE, base));
	EXPECT_EQ(command, hw_bar(DEVICE, mailbox + 8));
	/* It is not rung, either: the doorbell would have been answered */
	EXPECT_EQ(0, hw_bar(DEVICE, mailbox + 4));
}

/* Across the end, at it, behind it, and in what would be the next region */
TEST_F(tenancy, ends)
{
	static const __u64 beyond[] = { 0, 1, 4, PAGE, 1ULL << 32, 1ULL << 39 };
	void *volatile nowhere = (void *)8;
	static char data[64];
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		struct region *r = &self->region[closed[i]];

		EXPECT_EQ(4, pread(self->user.device, data, 64,
				   r->offset + r->size - 4));
		EXPECT_EQ(1, pread(self->user.device, data, 4,
				   r->offset + r->size - 1));
		EXPECT_EQ(3, pwrite(self->user.device, data, 64,
				    r->offset + r->size - 3));
		for (j = 0; j < ARRAY_SIZE(beyond); j++) {
			__u64 at = r->offset + r->size + beyond[j];

			EXPECT_EQ(-1, pread(self->user.device, data, 4, at));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, pwrite(self->user.device, data, 4, at));
			EXPECT_EQ(EINVAL, errno);
		}
		EXPECT_EQ(0, pread(self->user.device, data, 0, r->offset));
		EXPECT_EQ(-1, pread(self->user.device, nowhere, 4, r->offset));
		EXPECT_EQ(EFAULT, errno);
	}
	/* Regions that are none; the last one would be negative */
	for (j = 1; j < 6; j += 2)
		EXPECT_EQ(-1, pread(self->user.device, data, 4,
				    self->region[j].offset));
	for (j = 11; j < 23; j++)
		EXPECT_EQ(-1, pread(self->user.device, data, 4,
				    (__u64)(1 << j | COMPONENT) << 40));
}

/* ---- mmap ---- */

static int try_map(const struct user *user, __u64 offset, size_t size, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_SHARED, user->device, offset);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, size);

	return 0;
}

TEST_F(tenancy, mmap_of_closed_bars)
{
	static const size_t lengths[] = {
		1, PAGE, 2 * PAGE, 0x10000, 0x20000, 2 * MIB, GIB, 1UL << 40,
	};
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
	};
	unsigned int i, j;
	__u64 at;

	for (i = 0; i < 2; i++) {
		struct region *r = &self->region[closed[i]];

		for (at = 0; at < r->size + 2 * PAGE; at += PAGE)
			for (j = 0; j < ARRAY_SIZE(prots); j++)
				EXPECT_EQ(-EINVAL,
					  try_map(&self->user, r->offset + at,
						  PAGE, prots[j]))
					TH_LOG("BAR %u + %#llx", closed[i], at);
		for (j = 0; j < ARRAY_SIZE(lengths); j++)
			EXPECT_EQ(-EINVAL, try_map(&self->user, r->offset,
						   lengths[j], PROT_READ))
				TH_LOG("BAR %u, %zu", closed[i], lengths[j]);
	}
}

/*
 * Offsets that reach a closed BAR only by some overflow: from the end of the
 * region before, from a page number whose upper bits the core might drop.
 */
TEST_F(tenancy, mmap_by_overflow)
{
	static const __u32 indexes[] = { 0, 1, 2, 3, 5, 6, 7, 8, 10, 11 };
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		__u64 end = (__u64)(indexes[i] + 1) << 40;

		EXPECT_EQ(-EINVAL, try_map(&self->user, end - PAGE, 2 * PAGE,
					   PROT_READ))
			TH_LOG("end of region %u", indexes[i]);
		EXPECT_EQ(-EINVAL, try_map(&self->user, end - GIB, GIB + MIB,
					   PROT_READ))
			TH_LOG("end of region %u", indexes[i]);
	}
	/* The region before BAR 0's, in the arithmetic of 64 bits */
	EXPECT_NE(0, try_map(&self->user, -(__u64)PAGE, 2 * PAGE, PROT_READ));
	for (i = 0; i < 2; i++)
		for (bit = 4; bit < 24; bit++)
			EXPECT_NE(0, try_map(&self->user,
					     (closed[i] | 1ULL << bit) << 40,
					     PAGE, PROT_READ))
				TH_LOG("index %#llx", closed[i] | 1ULL << bit);
}

/* The MSI-X tables are not ours: mapped, they are what hardware has */
TEST_F(tenancy, msix_bar_is_as_ever)
{
	struct region *r = &self->region[MSIX];
	volatile __u32 *map;
	__u32 value;

	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   self->user.device, r->offset);
	ASSERT_NE(MAP_FAILED, (void *)map);
	map[0] = 0xfee00000;
	EXPECT_EQ(0xfee00000, map[0]);
	EXPECT_EQ(0xfee00000, hw_bar(MSIX, 0));
	map[0] = 0;
	munmap((void *)map, PAGE);
	/* Behind the tables the BAR is plain registers */
	EXPECT_EQ(4, pread(self->user.device, &value, 4, r->offset + 0xff0));
	EXPECT_EQ(hw_bar(MSIX, 0xff0), value);
	EXPECT_EQ(-1, pread(self->user.device, &value, 4, r->offset + PAGE));
	EXPECT_EQ(-EINVAL, try_map(&self->user, r->offset, 2 * PAGE,
				   PROT_READ));
}

/* ---- other ways in ---- */

TEST_F(tenancy, ioeventfd)
{
	static const __u32 sizes[] = {
		VFIO_DEVICE_IOEVENTFD_8, VFIO_DEVICE_IOEVENTFD_16,
		VFIO_DEVICE_IOEVENTFD_32, VFIO_DEVICE_IOEVENTFD_64,
	};
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.data = 1,
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	unsigned int i, j;
	__u64 at;

	ASSERT_LE(0, arg.fd);
	for (i = 0; i < 2; i++) {
		struct region *r = &self->region[closed[i]];

		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			for (at = 0; at < r->size; at += 0x88) {
				arg.flags = sizes[j];
				arg.offset = r->offset + at;
				EXPECT_EQ(-1, ioctl(self->user.device,
						    VFIO_DEVICE_IOEVENTFD,
						    &arg));
				EXPECT_EQ(EINVAL, errno);
			}
		}
	}
	close(arg.fd);
}

/* A dma-buf of a BAR would let another device write the registers */
TEST_F(tenancy, dma_buf)
{
	struct {
		struct vfio_device_feature feature;
		struct {
			__u32 region_index;
			__u32 open_flags;
			__u32 flags;
			__u32 nr_ranges;
			struct {
				__u64 offset;
				__u64 length;
			} range;
		} data;
	} arg = {
		.feature.argsz = sizeof(arg),
		/* VFIO_DEVICE_FEATURE_DMA_BUF, which old headers lack */
		.feature.flags = VFIO_DEVICE_FEATURE_GET | 11,
		.data.open_flags = O_RDWR | O_CLOEXEC,
		.data.nr_ranges = 1,
		.data.range.length = PAGE,
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		arg.data.region_index = closed[i];
		EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_FEATURE,
				    &arg));
		EXPECT_TRUE(errno == ENOTTY || errno == EOPNOTSUPP)
			TH_LOG("BAR %u: %s", closed[i], strerror(errno));
	}
}

TEST_HARNESS_MAIN
