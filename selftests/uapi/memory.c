// SPDX-License-Identifier: GPL-2.0-only
/* HDM memory: mmap, read, write, pages, and what a reset does to them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(tenancy) {
	struct user user;
	struct region region;
};

FIXTURE_SETUP(tenancy)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &self->region));
	/* What is compared later is something */
	ASSERT_EQ(CTRL_COMMITTED, decoder_now(0).ctrl & CTRL_COMMITTED);
}

FIXTURE_TEARDOWN(tenancy)
{
	user_close(&self->user);
}

static void *map(const struct user *user, const struct region *region,
		 __u64 offset, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    user->device, region->offset + offset);
}

/* A program's bytes are the device's, seen from outside the VM */
TEST_F(tenancy, bytes_reach_the_media)
{
	char *memory = map(&self->user, &self->region, 0, 2 * MIB);
	const char text[] = "bytes of a program";
	char hex[2 * sizeof(text)] = "", *answer;
	unsigned int i;

	ASSERT_NE(MAP_FAILED, memory);
	memcpy(memory + 0x12340, text, sizeof(text));
	for (i = 0; i < sizeof(text) - 1; i++)
		sprintf(hex + 2 * i, "%02x", text[i]);
	answer = bed("media read static 0x12340 %zu", sizeof(text) - 1);
	ASSERT_NE(NULL, answer);
	EXPECT_EQ(0, strncmp(answer, hex, strlen(hex))) TH_LOG("%s", answer);

	ASSERT_NE(NULL, bed("media write static 0x12340 c0ffee"));
	EXPECT_EQ(0, memcmp(memory + 0x12340, "\xc0\xff\xee", 3));
	munmap(memory, 2 * MIB);
}

TEST_F(tenancy, read_write_and_mmap_agree)
{
	char *memory = map(&self->user, &self->region, 0, 2 * MIB);
	static char out[10000], in[10000];
	unsigned int i;

	ASSERT_NE(MAP_FAILED, memory);
	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + 1;
	/* Neither offset nor length is a page's */
	ASSERT_EQ((ssize_t)sizeof(out),
		  pwrite(self->user.device, out, sizeof(out),
			 self->region.offset + 4093));
	EXPECT_EQ(0, memcmp(memory + 4093, out, sizeof(out)));
	ASSERT_EQ((ssize_t)sizeof(in),
		  pread(self->user.device, in, sizeof(in),
			self->region.offset + 4093));
	EXPECT_EQ(0, memcmp(in, out, sizeof(out)));
	munmap(memory, 2 * MIB);
}

/* The user's buffer may be the region itself */
TEST_F(tenancy, copy_within_itself)
{
	char *memory = map(&self->user, &self->region, 0, 2 * MIB);

	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0x3c, 8192);
	ASSERT_EQ(8192, pread(self->user.device, memory + MIB, 8192,
			      self->region.offset));
	EXPECT_EQ(0x3c, memory[MIB + 8191]);
	ASSERT_EQ(8192, pwrite(self->user.device, memory + MIB, 8192,
			       self->region.offset + 65536));
	EXPECT_EQ(0x3c, memory[65536 + 8191]);
	munmap(memory, 2 * MIB);
}

TEST_F(tenancy, past_the_end)
{
	__u64 size = self->region.size;
	struct vfio_cxl_info info;
	char data[16];

	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(0, pread(self->user.device, data, 16,
			   self->region.offset + size));
	EXPECT_EQ(0, pwrite(self->user.device, data, 16,
			    self->region.offset + size + 4096));
	/* Behind the static capacity there is nothing but what is accepted */
	EXPECT_EQ(8, pread(self->user.device, data, 16,
			   self->region.offset + info.static_capacity - 8));

	EXPECT_EQ(MAP_FAILED, map(&self->user, &self->region, size, 4096));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(&self->user, &self->region, size - 4096,
				  8192));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(&self->user, &self->region,
				  (1ULL << 40) - 4096, 8192));
	EXPECT_NE(MAP_FAILED, map(&self->user, &self->region, size - 4096,
				  4096));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE,
				   self->user.device, self->region.offset));
}

/*
 * How many page faults of user space the kernel counts while @size is touched
 * page by page. The kernel's own tracepoint is the witness, not this driver.
 */
static long faults(volatile char *memory, size_t size, size_t step)
{
	char filter[128], line[512];
	long count = 0;
	FILE *file;
	size_t i;

	snprintf(filter, sizeof(filter),
		 "address >= 0x%lx && address < 0x%lx", (unsigned long)memory,
		 (unsigned long)memory + size);
	if (!trace_set("trace", "") ||
	    !trace_set("events/exceptions/page_fault_user/filter", filter) ||
	    !trace_set("events/exceptions/page_fault_user/enable", "1"))
		return -1;
	for (i = 0; i < size; i += step)
		memory[i] = 1;
	trace_set("events/exceptions/page_fault_user/enable", "0");
	trace_set("events/exceptions/page_fault_user/filter", "0");

	file = fopen(TRACEFS "trace", "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		count += !!strstr(line, "page_fault_user:");
	fclose(file);

	return count;
}

/* 2 GiB with 1 GiB pages: two faults, whatever is touched */
TEST_F(tenancy, pages_of_1g)
{
	struct vfio_cxl_info info;
	char *memory;

	ASSERT_EQ(0, control_info(&info));
	if (info.static_capacity < 2 * GIB)
		SKIP(return, "memory is smaller than 2 GiB");
	memory = map_congruent(&self->user, 0, 2 * GIB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(2, faults(memory, 2 * GIB, 2 * MIB));
	munmap(memory, 2 * GIB);
}

TEST_F(tenancy, pages_of_2m)
{
	char *memory = map_congruent(&self->user, 0, 32 * MIB);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(16, faults(memory, 32 * MIB, 4096));
	munmap(memory, 32 * MIB);
}

/* One page off, so nothing larger fits */
TEST_F(tenancy, pages_of_4k)
{
	char *area = mmap(NULL, 8 * MIB, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = (char *)(((unsigned long)area + 2 * MIB) & -(2 * MIB));

	memory = mmap(memory + 4096, 2 * MIB, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED, self->user.device,
		      self->region.offset);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(512, faults(memory, 2 * MIB, 4096));
}

/* Data and mapping are there after a reset, without a new mmap */
TEST_F(tenancy, reset_while_mapped)
{
	char *memory = map(&self->user, &self->region, 0, 4 * MIB);
	struct hw_decoder before = hw_decoder(0), after;
	struct vfio_cxl_info info;
	unsigned int i;

	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0x77, 4 * MIB);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
		/* At once: the call returns when the memory is back */
		EXPECT_EQ(0, touch(memory, false));
		after = hw_decoder(0);
		EXPECT_TRUE(hw_same(&before, &after));
	}
	EXPECT_EQ(0x77, memory[3 * MIB]);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_LIVE);
	munmap(memory, 4 * MIB);
}

/* The mapping is taken away before a reset, not only found working after it */
TEST_F(tenancy, reset_unmaps)
{
	char *memory = map_congruent(&self->user, 0, 4 * MIB);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(2, faults(memory, 4 * MIB, 4096));
	EXPECT_EQ(0, faults(memory, 4 * MIB, 4096));
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(2, faults(memory, 4 * MIB, 4096));
	munmap(memory, 4 * MIB);
}

/*
 * A decoder that does not come back must not be mapped. Misprogrammed behind the
 * driver's back and locked, it can't be restored; a reset helps.
 */
TEST_F(tenancy, not_live_without_its_decoder)
{
	char *memory = map(&self->user, &self->region, 0, 4 * MIB);
	struct hw_decoder before = hw_decoder(0), after;
	unsigned int i;

	ASSERT_NE(MAP_FAILED, memory);
	/* What a reset took away is restored each time */
	for (i = 0; i < 3; i++) {
		hw_write(hw_hdm() + 0x10 + 0x10, 0);
		EXPECT_EQ(0, hw_decoder(0).ctrl & CTRL_COMMITTED);
		ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
		after = hw_decoder(0);
		EXPECT_TRUE(hw_same(&before, &after));
	}
	EXPECT_EQ(0, touch(memory, true));
	munmap(memory, 4 * MIB);
}

/* The memory outlives the mapping's maker, but not the descriptor's last user */
TEST_F(tenancy, mapping_outlives_the_descriptors)
{
	char *memory = map(&self->user, &self->region, 0, 2 * MIB);
	struct vfio_cxl_info info;

	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 1;
	user_close(&self->user);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_OPEN);
	EXPECT_EQ(0, touch(memory, true));
	munmap(memory, 2 * MIB);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_FALSE(info.flags & VFIO_CXL_INFO_OPEN);
}

/* A child has the mapping too, and loses and regains it with the parent */
TEST_F(tenancy, fork_and_reset)
{
	char *memory = map(&self->user, &self->region, 0, 2 * MIB);
	int ready[2], go[2], status;
	pid_t child;
	char byte;

	ASSERT_NE(MAP_FAILED, memory);
	memory[4096] = 0x21;
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	if (!child) {
		if (touch(memory + 4096, false) ||
		    write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(touch(memory + 4096, false) || memory[4096] != 0x21 ?
		      2 : 0);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	munmap(memory, 2 * MIB);
}

TEST_HARNESS_MAIN
