// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window for host memory as memory: nothing stands in it but what is committed,
 * and that are ordinary pages, the backend's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "iommu.h"
#include "window.h"

#define HUGE	BLOCK
#define IOVA	(16 * MIB)
#define TENANT	VFIO_CXL_DC_REACH_TENANT
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE

/* Open and mapped whole; tag 1, of two blocks, is committed at 2 MiB of it */
FIXTURE(pages) {
	struct window w;
	char *memory;
	char *at;
};

FIXTURE_VARIANT(pages) {
	__u64 block;
	__u64 offset;
};

FIXTURE_VARIANT_ADD(pages, large) {
	.block = BLOCK,
	.offset = BLOCK,
};

/* So that large pages stand at odd places */
FIXTURE_VARIANT_ADD(pages, small) {
	.block = PAGE,
	.offset = BLOCK + 3 * PAGE,
};

FIXTURE_SETUP(pages)
{
	ASSERT_EQ(0, window_begin(&self->w, variant->block));
	ASSERT_EQ(0, window_open(&self->w));
	ASSERT_EQ(0, window_offer(&self->w, 1, 2 * HUGE, FIRST,
				  variant->offset));
	self->memory = window_map(&self->w, 0, 2 * REGION);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->at = self->memory + variant->offset;
	EXPECT_EQ(SIGBUS, touch(self->at, false));
	ASSERT_EQ(0, window_accept(self->w.user.device, 1, TENANT));
}

FIXTURE_TEARDOWN(pages)
{
	munmap(self->memory, 2 * REGION);
	window_end(&self->w);
}

static int fails(int ret)
{
	return ret < 0 ? -errno : 0;
}

/* What its owner wrote, and around it nothing */
TEST_F(pages, stand_where_they_were_added)
{
	EXPECT_TRUE(all_are(self->at, 1, 2 * HUGE));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(SIGBUS, touch(self->at - 1, true));
	EXPECT_EQ(SIGBUS, touch(self->at + 2 * HUGE, false));
	EXPECT_EQ(SIGBUS, touch(self->memory + 2 * REGION - 1, false));
	/* And another one behind it, touching it, of the next region's end */
	ASSERT_EQ(0, window_offer(&self->w, 2, HUGE, FIRST + 1, REGION - HUGE));
	ASSERT_EQ(0, window_accept(self->w.user.device, 2, TENANT));
	EXPECT_TRUE(all_are(self->memory + 2 * REGION - HUGE, 2, HUGE));
	EXPECT_EQ(SIGBUS, touch(self->memory + 2 * REGION - HUGE - 1, false));
	EXPECT_TRUE(all_are(self->at, 1, 2 * HUGE));
}

TEST_F(pages, are_gone_when_released)
{
	char *other = window_map(&self->w, variant->offset, HUGE);
	int device = self->w.user.device;

	ASSERT_NE(MAP_FAILED, other);
	*self->at = 0x44;
	EXPECT_EQ(0x44, *other);
	EXPECT_EQ(0, window_release(device, 1, 0));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, window_state(device, 1));
	EXPECT_EQ(SIGBUS, touch(self->at, false));
	EXPECT_EQ(SIGBUS, touch(self->at + HUGE, true));
	EXPECT_EQ(SIGBUS, touch(other, false));
	munmap(other, HUGE);

	/* And there again, with what was left in it, in another place */
	EXPECT_EQ(0, window_add(self->w.node, 1, FIRST + 1, 0));
	EXPECT_EQ(SIGBUS, touch(self->memory + REGION, false));
	EXPECT_EQ(0, window_accept(device, 1, TENANT));
	EXPECT_EQ(0x44, self->memory[REGION]);
	EXPECT_TRUE(all_are(self->memory + REGION + 1, 1, 2 * HUGE - 1));
	EXPECT_EQ(SIGBUS, touch(self->at, false));
}

TEST_F(pages, mappings_that_are_refused)
{
	off_t at = self->w.region.offset;
	int fd = self->w.user.device;

	EXPECT_EQ(2 * REGION, self->w.region.size);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, at));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
				   at + 2 * REGION));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd,
				   at + 2 * REGION - PAGE));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, 2 * REGION,
				     2 * REGION + PAGE, MREMAP_MAYMOVE));
}

TEST_F(pages, large_where_they_can)
{
	struct vfio_cxl_backend_info info;
	long before, want, took;
	size_t i;

	ASSERT_EQ(1, backend_find(self->w.node, 1, &info));
	ASSERT_EQ(2 * HUGE, info.huge);
	want = variant->block == BLOCK ? 2 : 2 * HUGE / PAGE;
	before = faults_so_far();
	for (i = 0; i < 2 * HUGE; i += PAGE)
		*(volatile char *)(self->at + i) = i / PAGE;
	took = faults_so_far() - before;
	EXPECT_LE(want, took);
	/* The kernel may move a page of the program's own meanwhile */
	EXPECT_GT(want + 4, took);
	for (i = 0; i < 2 * HUGE; i += PAGE)
		ASSERT_EQ((char)(i / PAGE), self->at[i]);
	/* In the backend, too, each at its place */
	EXPECT_EQ(0, window_release(self->w.user.device, 1, 0));
}

/* By pread() and pwrite(), also of who has it mapped */
TEST_F(pages, copies)
{
	off_t at = self->w.region.offset + variant->offset;
	int fd = self->w.user.device;
	char buf[3 * PAGE];

	EXPECT_EQ(sizeof(buf), pread(fd, buf, sizeof(buf), at + HUGE - PAGE));
	EXPECT_TRUE(all_are(buf, 1, sizeof(buf)));
	memset(buf, 0x77, sizeof(buf));
	EXPECT_EQ(PAGE + 5, pwrite(fd, buf, PAGE + 5, at + HUGE - 3));
	EXPECT_TRUE(all_are(self->at + HUGE - 3, 0x77, PAGE + 5));
	EXPECT_EQ(1, self->at[HUGE - 4]);
	EXPECT_EQ(1, self->at[HUGE + PAGE + 2]);
	EXPECT_EQ(PAGE, pwrite(fd, self->at, PAGE, at + HUGE));
	EXPECT_TRUE(all_are(self->at + HUGE, 1, PAGE));

	EXPECT_EQ(-EIO, fails(pread(fd, buf, 1, at - 1)));
	EXPECT_EQ(-EIO, fails(pwrite(fd, buf, 1, at + 2 * HUGE)));
	/* As far as it goes */
	EXPECT_EQ(PAGE, pread(fd, buf, 2 * PAGE, at + 2 * HUGE - PAGE));
	EXPECT_EQ(0, pread(fd, buf, 1, self->w.region.offset + 2 * REGION));
	EXPECT_EQ(0, window_release(fd, 1, 0));
	EXPECT_EQ(-EIO, fails(pread(fd, buf, 1, at)));
	EXPECT_EQ(-EIO, fails(pwrite(fd, buf, 1, at)));
}

TEST_F(pages, of_a_child)
{
	int status;
	pid_t pid;

	self->at[5] = 0x55;
	pid = fork();
	if (!pid) {
		self->at[HUGE] = 0x66;
		_exit(self->at[5] == 0x55 ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0x66, self->at[HUGE]);
	EXPECT_EQ(0, window_release(self->w.user.device, 1, 0));
	pid = fork();
	if (!pid)
		_exit(touch(self->at + HUGE, false) == SIGBUS ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Whatever the user does with the mapping, it is the window */
TEST_F(pages, mappings_that_change)
{
	char *room = mmap(NULL, 2 * REGION, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(self->at, 9, 2 * HUGE);
	self->memory = mremap(self->memory, 2 * REGION, 2 * REGION,
			      MREMAP_MAYMOVE | MREMAP_FIXED, room);
	ASSERT_EQ(room, self->memory);
	self->at = self->memory + variant->offset;
	EXPECT_TRUE(all_are(self->at, 9, 2 * HUGE));
	EXPECT_EQ(0, mprotect(self->at + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, touch(self->at + PAGE, true));
	EXPECT_EQ(0, mprotect(self->at + PAGE, PAGE, PROT_READ | PROT_WRITE));
	madvise(self->at, 2 * HUGE, MADV_DONTNEED);
	madvise(self->at, 2 * HUGE, MADV_HUGEPAGE);
	madvise(self->at, 2 * HUGE, MADV_COLLAPSE);
	madvise(self->at, 2 * HUGE, MADV_PAGEOUT);
	EXPECT_EQ(0, mlock(self->at, HUGE));
	EXPECT_EQ(0, munlock(self->at, HUGE));
	EXPECT_TRUE(all_are(self->at, 9, 2 * HUGE));
	EXPECT_EQ(0, window_release(self->w.user.device, 1, 0));
	EXPECT_EQ(SIGBUS, touch(self->at, false));
	EXPECT_EQ(SIGBUS, touch(self->at + PAGE, true));
}

/* The mapping keeps the device open */
TEST_F(pages, outlive_the_descriptor)
{
	close(self->w.user.device);
	EXPECT_TRUE(all_are(self->at, 1, 2 * HUGE));
	EXPECT_EQ(-EBUSY, window_configure(self->w.node, 1, REGION, 0));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, window_why);
	self->w.user.device = -1;
	munmap(self->memory, 2 * REGION);
	EXPECT_TRUE(within(SOON, window_state(self->w.node, 1) ==
				 VFIO_CXL_DC_RELEASED));
}

/* What is pinned is its pinner's, and is lent to nobody before it is let go */
TEST_F(pages, held)
{
	struct iovec piece = { self->at + HUGE + PAGE, 2 * PAGE };
	char got[2 * PAGE];
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(2 * PAGE, vmsplice(ends[1], &piece, 1, 0));
	ASSERT_EQ(0, window_release(self->w.user.device, 1, 0));
	EXPECT_EQ(-EBUSY, window_add(self->w.node, 1, FIRST, 0));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_HELD, window_why);
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, window_state(self->w.node, 1));
	EXPECT_EQ(2 * PAGE, read(ends[0], got, sizeof(got)));
	EXPECT_TRUE(all_are(got, 1, sizeof(got)));
	close(ends[0]);
	close(ends[1]);
	EXPECT_EQ(0, window_add(self->w.node, 1, FIRST, 0));
}

TEST_F(pages, mapped_for_dma)
{
	struct user *user = &self->w.user;
	__u64 at;

	/* Not over a hole */
	EXPECT_EQ(-EFAULT, type1_map(user, IOVA, self->memory, 2 * REGION));
	ASSERT_EQ(0, type1_map(user, IOVA, self->at, 2 * HUGE));
	at = translate(IOVA);
	EXPECT_NE(0, at);
	EXPECT_EQ(0x0101010101010101, physical_read(at));
	EXPECT_EQ(0, window_release(user->device, 1, 0));
	EXPECT_EQ(SIGBUS, touch(self->at, false));
	/* What it asked for stays, and is nobody else's */
	EXPECT_EQ(at, translate(IOVA));
	EXPECT_EQ(-EBUSY, window_add(self->w.node, 1, FIRST, 0));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_HELD, window_why);
	EXPECT_EQ(0, type1_unmap(user, IOVA, 2 * HUGE));
	EXPECT_EQ(0, window_add(self->w.node, 1, FIRST, 0));
}

/* Its owner's mapping is no hold; nor does the owner lose it when it is released */
TEST_F(pages, owner)
{
	int fd = backend_create(self->w.node, 2, HUGE);
	char *owner = backend_map(fd, HUGE), *user = self->memory + REGION;

	ASSERT_NE(MAP_FAILED, owner);
	memset(owner, 0x22, HUGE);
	ASSERT_EQ(0, window_add(self->w.node, 2, FIRST + 1, 0));
	ASSERT_EQ(0, window_accept(self->w.user.device, 2, TENANT));
	EXPECT_TRUE(all_are(user, 0x22, HUGE));
	user[PAGE] = 0x23;
	EXPECT_EQ(0x23, owner[PAGE]);
	EXPECT_EQ(-EBUSY, backend_destroy(self->w.node, 2));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_RESERVED, backend_why);
	EXPECT_EQ(0x23, owner[PAGE]);
	EXPECT_EQ(0, window_release(self->w.user.device, 2, 0));
	EXPECT_EQ(SIGBUS, touch(user, false));
	EXPECT_EQ(0x23, owner[PAGE]);
	EXPECT_EQ(0, window_add(self->w.node, 2, FIRST + 1, 0));
	EXPECT_EQ(0, window_reject(self->w.user.device, 2));
	EXPECT_EQ(0, backend_destroy(self->w.node, 2));
	EXPECT_EQ(SIGBUS, touch(owner, false));
	munmap(owner, HUGE);
	close(fd);
}

TEST_F(pages, one_is_bad)
{
	off_t at = self->w.region.offset + variant->offset;
	char byte, *bad = self->at + HUGE + PAGE;

	EXPECT_EQ(0, touch(bad, true));
	/* Whatever it answers: it is none that the kernel can take away */
	madvise(bad, PAGE, MADV_HWPOISON);
	madvise(self->memory, 2 * REGION, MADV_DONTNEED);
	EXPECT_EQ(SIGBUS, touch(bad, false));
	EXPECT_EQ(0, touch(bad - PAGE, false));
	EXPECT_EQ(0, touch(bad + PAGE, true));
	EXPECT_EQ(-EIO, fails(pread(self->w.user.device, &byte, 1,
				    at + HUGE + PAGE)));
	EXPECT_EQ(0, window_release(self->w.user.device, 1, 0));
	EXPECT_EQ(SIGBUS, touch(bad + PAGE, true));
}

/* A page that is large, or so many small ones */
#define TOUCHED	(64 * PAGE)

TEST_F_TIMEOUT(pages, released_while_touched, 120)
{
	volatile bool *released = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int device = self->w.user.device, n, status;
	pid_t pid;

	for (n = 0; n < 10; n++) {
		*released = false;
		pid = fork();
		if (!pid)
			_exit(touch_till(self->at, TOUCHED, released));
		usleep(2000 + n * 500);
		EXPECT_EQ(0, window_release(device, 1, 0));
		*released = true;
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		ASSERT_EQ(0, window_add(self->w.node, 1, FIRST, variant->offset));
		ASSERT_EQ(0, window_accept(device, 1, TENANT));
	}
	munmap((void *)released, PAGE);
}

TEST_HARNESS_MAIN
