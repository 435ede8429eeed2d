// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity as memory: what comes and goes is exactly what was accepted and
 * given back, whatever it is mapped with and whoever has it mapped.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "iommu.h"

#define EXTENT	(4 * MIB)
#define PAGE	4096
#define ALL	(3 * EXTENT)

/* Three extents side by side, mapped as one, behind static memory */
FIXTURE(memory) {
	struct dc dc;
	struct extent e[3];
	char *memory;
	char *statics;
};

static bool take(struct dc *dc, unsigned int region, const struct piece *pieces,
		 unsigned int count, struct extent *e)
{
	return extents_offer(dc, region, pieces, count, e) &&
	       !dc_by_offer(dc->user.device, VFIO_CXL_DC_ACCEPT, e->offer,
			    VFIO_CXL_DC_REACH_TENANT, &dc->answer);
}

static bool take_again(struct dc *dc, struct extent *e)
{
	return extent_offer(dc, e->region, e->piece.offset, e->length, e) &&
	       !extent_accept(dc->user.device, e, VFIO_CXL_DC_REACH_TENANT,
			      &dc->answer);
}

static bool give(struct dc *dc, const struct extent *e)
{
	return !extent_release(dc->user.device, e, 0, &dc->answer);
}

FIXTURE_SETUP(memory)
{
	static const struct piece pieces[] = {
		{ 0, EXTENT }, { EXTENT, EXTENT }, { 2 * EXTENT, EXTENT },
	};

	ASSERT_EQ(0, dc_begin(&self->dc));
	ASSERT_TRUE(take(&self->dc, 0, pieces, 3, self->e));
	self->memory = dc_map(&self->dc, self->e[0].at, ALL);
	ASSERT_NE(MAP_FAILED, self->memory);
	/* Up to where the first one begins */
	self->statics = dc_map(&self->dc, self->e[0].at - EXTENT, EXTENT);
	ASSERT_NE(MAP_FAILED, self->statics);
}

FIXTURE_TEARDOWN(memory)
{
	munmap(self->memory, ALL);
	munmap(self->statics, EXTENT);
	dc_end(&self->dc);
}

/* Faults of this process, which does nothing else, as it touches all of this */
static long faults_at(volatile char *memory, size_t size, size_t step)
{
	long before = faults_so_far();
	size_t i;

	for (i = 0; i < size; i += step)
		memory[i] = 1;

	return faults_so_far() - before;
}

static long faults(volatile char *memory, size_t size)
{
	return faults_at(memory, size, PAGE);
}

/* Of each page size, the largest not above @most */
static size_t page_size(const struct dc *dc, size_t most)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	size_t size = most;

	if (ioctl(dc->user.device, VFIO_CXL_INFO, &info))
		abort();
	while (size > PAGE && !(info.page_sizes & size))
		size /= 2;

	return size;
}

/* The neighbours don't notice; nor does the static memory */
TEST_F(memory, only_what_goes_is_unmapped)
{
	size_t huge = page_size(&self->dc, 2 * MIB);
	int device = self->dc.user.device;
	__u64 at = self->dc.region.offset + self->e[0].at;
	char byte;

	EXPECT_EQ(ALL / huge, faults(self->memory, ALL));
	EXPECT_EQ(EXTENT / huge, faults(self->statics, EXTENT));
	EXPECT_EQ(0, faults(self->memory, ALL));

	ASSERT_TRUE(give(&self->dc, &self->e[1]));
	EXPECT_EQ(0, faults(self->memory, EXTENT));
	EXPECT_EQ(0, faults(self->memory + 2 * EXTENT, EXTENT));
	EXPECT_EQ(0, faults(self->statics, EXTENT));
	EXPECT_EQ(SIGBUS, touch(self->memory + EXTENT, false));
	EXPECT_EQ(SIGBUS, touch(self->memory + EXTENT, true));
	EXPECT_EQ(SIGBUS, touch(self->memory + 2 * EXTENT - 1, true));
	EXPECT_EQ(0, touch(self->memory + EXTENT - 1, true));
	EXPECT_EQ(0, touch(self->memory + 2 * EXTENT, true));
	EXPECT_EQ(1, pread(device, &byte, 1, at + EXTENT - 1));
	EXPECT_EQ(-1, pread(device, &byte, 1, at + EXTENT));
	EXPECT_EQ(1, pread(device, &byte, 1, at + 2 * EXTENT));

	/* Here again: by the same mapping, and only what was gone */
	ASSERT_TRUE(take_again(&self->dc, &self->e[1]));
	EXPECT_EQ(0, faults(self->memory, EXTENT));
	EXPECT_EQ(EXTENT / huge, faults(self->memory + EXTENT, EXTENT));
	EXPECT_EQ(0, faults(self->memory + 2 * EXTENT, EXTENT));
	EXPECT_EQ(0, faults(self->statics, EXTENT));
}

/* Static memory, first, last and in a row with all that comes and goes */
TEST_F(memory, read_and_write_end_where_it_ends)
{
	__u64 at = self->dc.region.offset + self->e[0].at;
	int device = self->dc.user.device;
	static char buf[4 * PAGE];

	EXPECT_EQ(sizeof(buf), pwrite(device, buf, sizeof(buf), at - 2 * PAGE));
	EXPECT_EQ(sizeof(buf), pread(device, buf, sizeof(buf),
				     at + EXTENT - 2 * PAGE));
	ASSERT_TRUE(give(&self->dc, &self->e[0]));
	EXPECT_EQ(2 * PAGE, pwrite(device, buf, sizeof(buf), at - 2 * PAGE));
	EXPECT_EQ(2 * PAGE, pread(device, buf, sizeof(buf), at - 2 * PAGE));
	EXPECT_EQ(-1, pread(device, buf, sizeof(buf), at));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pwrite(device, buf, sizeof(buf), at + EXTENT - PAGE));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(sizeof(buf), pread(device, buf, sizeof(buf), at + EXTENT));
	EXPECT_EQ(PAGE, pread(device, buf, sizeof(buf), at + ALL - PAGE));
	EXPECT_EQ(-1, pread(device, buf, sizeof(buf), at + ALL));
	EXPECT_EQ(EIO, errno);
	/* The last of region 1, where nothing was ever offered */
	EXPECT_EQ(-1, pread(device, buf, 1, self->dc.region.offset +
			    self->dc.region.size - 1));
	EXPECT_EQ(EIO, errno);
}

static bool media_is(__u64 offset, const char *digits)
{
	const char *text = bed("media read dc %llu %zu", offset,
			       strlen(digits) / 2);

	return text && !strncmp(text, digits, strlen(digits));
}

/* It is where the fabric manager said that it is */
TEST_F(memory, is_that_of_the_device)
{
	memcpy(self->memory, "\xba\xdc\x0f\xfe", 4);
	memcpy(self->memory + ALL - 4, "\xde\xad\xbe\xef", 4);
	EXPECT_TRUE(media_is(0, "badc0ffe"));
	EXPECT_TRUE(media_is(ALL - 4, "deadbeef"));
	/* What the last owner left is seen by the next one: no cache has it */
	ASSERT_TRUE(give(&self->dc, &self->e[0]));
	ASSERT_NE(NULL, bed("media write dc 0 0badcafe"));
	ASSERT_TRUE(take_again(&self->dc, &self->e[0]));
	EXPECT_EQ(0, memcmp(self->memory, "\x0b\xad\xca\xfe", 4));
}

static bool in_use(const struct dc *dc, const struct extent *e)
{
	struct vfio_cxl_dc_status status;

	if (extent_status(dc->node, e, &status))
		abort();

	return status.flags & VFIO_CXL_DC_STATUS_IN_USE;
}

/* In use by whom ever, until the last mapping is gone; and each by itself */
TEST_F(memory, in_use_until_the_last_unmap)
{
	int go[2], status;
	char *other;
	pid_t pid;

	EXPECT_FALSE(in_use(&self->dc, &self->e[0]));
	ASSERT_EQ(0, touch(self->memory, true));
	EXPECT_TRUE(in_use(&self->dc, &self->e[0]));
	EXPECT_FALSE(in_use(&self->dc, &self->e[1]));

	other = dc_map(&self->dc, self->e[0].at, EXTENT);
	ASSERT_NE(MAP_FAILED, other);
	munmap(self->statics, EXTENT);
	munmap(self->memory, ALL);
	EXPECT_TRUE(in_use(&self->dc, &self->e[0]));
	/* A child has a mapping of its own */
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		char byte;

		close(go[1]);
		read(go[0], &byte, 1);
		_exit(touch(other, true));
	}
	munmap(other, EXTENT);
	EXPECT_TRUE(in_use(&self->dc, &self->e[0]));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(in_use(&self->dc, &self->e[0]));
	close(go[0]);
}

/* Taken away from all who have it mapped */
TEST_F(memory, goes_from_a_child_too)
{
	int go[2], there[2], status;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, pipe(there));
	pid = fork();
	if (!pid) {
		int before = touch(self->memory, true);

		write(there[1], "", 1);
		read(go[0], &byte, 1);
		_exit(before ? 1 : touch(self->memory, true) != SIGBUS ? 2 :
		      touch(self->memory + EXTENT, true) ? 3 : 0);
	}
	ASSERT_EQ(1, read(there[0], &byte, 1));
	EXPECT_EQ(0, extent_release(self->dc.node, &self->e[0],
				    VFIO_CXL_DC_DECIDE_FORCE,
				    &self->dc.answer));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

#define IOVA	(64 * MIB)

/* A device's view: all of an extent, or nothing */
TEST_F(memory, dma)
{
	__u64 base = decoder_now(0).base;

	EXPECT_EQ(0, type1_map(&self->dc.user, IOVA, self->memory, ALL));
	EXPECT_EQ(base + self->e[0].at, translate(IOVA));
	EXPECT_EQ(base + self->e[0].at + ALL - PAGE,
		  translate(IOVA + ALL - PAGE));
	EXPECT_TRUE(in_use(&self->dc, &self->e[2]));
	EXPECT_EQ(0, type1_unmap(&self->dc.user, IOVA, ALL));
	ASSERT_TRUE(give(&self->dc, &self->e[1]));
	EXPECT_EQ(-EFAULT, type1_map(&self->dc.user, IOVA, self->memory, ALL));
	EXPECT_EQ(0, translate(IOVA));
	EXPECT_EQ(0, type1_map(&self->dc.user, IOVA, self->memory, EXTENT));
	EXPECT_EQ(base + self->e[0].at, translate(IOVA));
	EXPECT_EQ(0, type1_unmap(&self->dc.user, IOVA, EXTENT));
}

/* Region 0 where a page of 1 GiB fits */
FIXTURE(large) {
	struct dc dc;
	struct extent e[2];
	char *memory;
};

FIXTURE_SETUP(large)
{
	__u64 base;

	ASSERT_EQ(0, dc_begin(&self->dc));
	base = decoder_now(0).base;
	base = ((base + 256 * MIB + GIB - 1) & -GIB) - 256 * MIB;
	ASSERT_EQ(0, dc_program(&self->dc, base, 0, 0));
	self->memory = dc_map(&self->dc, self->dc.info.region[0].offset, GIB);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(large)
{
	munmap(self->memory, GIB);
	dc_end(&self->dc);
}

/* As large as fits into the extent, and never beyond */
TEST_F(large, page_ends_at_the_border)
{
	static const struct piece halves[] = {
		{ 0, GIB / 2 }, { GIB / 2, GIB / 2 },
	};
	size_t huge = page_size(&self->dc, 2 * MIB);

	ASSERT_TRUE(extents_offer(&self->dc, 0, halves, 2, self->e));
	ASSERT_EQ(0, extent_accept(self->dc.user.device, &self->e[0],
				   VFIO_CXL_DC_REACH_TENANT, &self->dc.answer));
	ASSERT_EQ(0, extent_reject(self->dc.user.device, &self->e[1],
				   &self->dc.answer));
	EXPECT_EQ(0, touch(self->memory + 5, true));
	EXPECT_EQ(0, touch(self->memory + GIB / 2 - 1, true));
	EXPECT_EQ(SIGBUS, touch(self->memory + GIB / 2, true));
	EXPECT_EQ(SIGBUS, touch(self->memory + GIB - 1, true));
	EXPECT_EQ(GIB / 2 / huge - 2, faults_at(self->memory, GIB / 2,
						huge));
	/* The other half comes, and the first one stays as it is */
	ASSERT_TRUE(take_again(&self->dc, &self->e[1]));
	EXPECT_EQ(0, faults_at(self->memory, GIB / 2, huge));
	EXPECT_EQ(GIB / 2 / huge, faults_at(self->memory + GIB / 2, GIB / 2,
					    huge));
	ASSERT_TRUE(give(&self->dc, &self->e[0]));
	EXPECT_EQ(SIGBUS, touch(self->memory + GIB / 2 - 1, true));
	EXPECT_EQ(0, faults_at(self->memory + GIB / 2, GIB / 2, huge));
}

/* All of a page of 1 GiB, where the machine has those */
TEST_F(large, page_of_1g)
{
	size_t huge = page_size(&self->dc, GIB);

	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, GIB, &self->e[0]));
	ASSERT_EQ(0, extent_accept(self->dc.user.device, &self->e[0],
				   VFIO_CXL_DC_REACH_TENANT, &self->dc.answer));
	EXPECT_EQ(huge == GIB ? 1 : GIB / (2 * MIB),
		  faults_at(self->memory, GIB, 2 * MIB));
	ASSERT_TRUE(give(&self->dc, &self->e[0]));
	EXPECT_EQ(SIGBUS, touch(self->memory, true));
	EXPECT_EQ(SIGBUS, touch(self->memory + GIB - 1, true));
}

TEST_HARNESS_MAIN
