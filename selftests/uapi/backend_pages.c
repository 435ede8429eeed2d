// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of host memory under a tag: ordinary ones for all that map, pin and
 * copy memory, and out of reach once it is destroyed, but for who has pinned them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "backend.h"
#include "iommu.h"

#define PAGE	4096UL
#define HUGE	(2 * MIB)
#define SIZE	(2 * HUGE + 3 * PAGE)
#define IOVA	(16 * MIB)

/* A backend that is mapped, and holds 0x42 */
FIXTURE(pages) {
	int node;
	int fd;
	char *memory;
};

FIXTURE_SETUP(pages)
{
	self->node = control_open();
	ASSERT_LE(0, self->node);
	self->fd = backend_create(self->node, 1, SIZE);
	ASSERT_LE(0, self->fd);
	self->memory = backend_map(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
	memset(self->memory, 0x42, SIZE);
}

FIXTURE_TEARDOWN(pages)
{
	munmap(self->memory, SIZE);
	close(self->fd);
	backend_clear(self->node);
	close(self->node);
}

static int map_errno(int fd, size_t size, int prot, int flags, off_t at)
{
	void *memory = mmap(NULL, size, prot, flags, fd, at);

	if (memory == MAP_FAILED)
		return -errno;
	munmap(memory, size);

	return 0;
}

static int fails(int ret)
{
	return ret < 0 ? -errno : 0;
}

TEST_F(pages, mappings_that_are_refused)
{
	int fd = self->fd;

	EXPECT_EQ(-EINVAL, map_errno(fd, PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, map_errno(fd, PAGE, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, map_errno(fd, SIZE + PAGE, PROT_READ, MAP_SHARED,
				     0));
	EXPECT_EQ(-EINVAL, map_errno(fd, 2 * PAGE, PROT_READ, MAP_SHARED,
				     SIZE - PAGE));
	EXPECT_EQ(-EINVAL, map_errno(fd, PAGE, PROT_READ, MAP_SHARED, SIZE));
	EXPECT_EQ(-EINVAL, map_errno(fd, PAGE, PROT_READ, MAP_SHARED,
				     1L << 40));
	EXPECT_EQ(-EPERM, map_errno(fd, PAGE, PROT_READ | PROT_EXEC,
				    MAP_SHARED, 0));
	EXPECT_EQ(0, map_errno(fd, PAGE, PROT_READ, MAP_SHARED, SIZE - PAGE));
	EXPECT_EQ(-EACCES, fails(mprotect(self->memory, PAGE,
					  PROT_READ | PROT_EXEC)));
	EXPECT_EQ(0, fails(mprotect(self->memory, PAGE, PROT_READ)));
	EXPECT_EQ(SIGSEGV, touch(self->memory, true));
	EXPECT_EQ(0, fails(mprotect(self->memory, PAGE,
				    PROT_READ | PROT_WRITE)));
	EXPECT_EQ(0, touch(self->memory, true));
}

/* A descriptor for mmap(), handed on by those who have it and nobody else */
TEST_F(pages, calls_that_are_refused)
{
	char path[64], byte = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	EXPECT_EQ(-ENXIO, fails(open(path, O_RDWR)));
	EXPECT_EQ(-EINVAL, fails(truncate(path, 0)));
	EXPECT_EQ(-EINVAL, fails(ftruncate(self->fd, 0)));
	EXPECT_GT(0, fails(fallocate(self->fd, FALLOC_FL_PUNCH_HOLE |
				     FALLOC_FL_KEEP_SIZE, 0, PAGE)));
	EXPECT_EQ(-EINVAL, fails(read(self->fd, &byte, 1)));
	EXPECT_EQ(-EINVAL, fails(write(self->fd, &byte, 1)));
	EXPECT_EQ(-ENOTTY, fails(ioctl(self->fd, VFIO_CXL_INFO, path)));
	/* One that other processes share, which the kernel finds by a mapping */
	EXPECT_EQ(-EFAULT, fails(syscall(SYS_futex, self->memory, FUTEX_WAKE,
					 1, NULL, NULL, 0)));
	EXPECT_EQ(0, fails(syscall(SYS_futex, self->memory,
				   FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL,
				   NULL, 0)));
	EXPECT_TRUE(all_are(self->memory, 0x42, SIZE));
}

TEST_F(pages, mappings_that_change)
{
	char *memory = self->memory;
	int status;
	pid_t pid;

	/* Behind the end is nothing, wherever it is asked for */
	EXPECT_EQ(MAP_FAILED, mremap(memory, SIZE, SIZE + PAGE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	memory = mremap(memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			mmap(NULL, SIZE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ASSERT_NE(MAP_FAILED, memory);
	self->memory = memory;
	EXPECT_TRUE(all_are(memory, 0x42, SIZE));

	/* Cut in the middle of a large page */
	EXPECT_EQ(0, mprotect(memory + 5 * PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(SIGSEGV, touch(memory + 5 * PAGE, false));
	EXPECT_EQ(0, touch(memory + 6 * PAGE, true));
	EXPECT_EQ(0, mprotect(memory + 5 * PAGE, PAGE,
			      PROT_READ | PROT_WRITE));
	memset(memory + 6 * PAGE, 0x42, 1);

	EXPECT_EQ(0, madvise(memory, SIZE, MADV_DONTNEED));
	EXPECT_TRUE(all_are(memory, 0x42, SIZE));
	/* Whatever they answer */
	madvise(memory + PAGE, HUGE, MADV_PAGEOUT);
	madvise(memory + PAGE, HUGE, MADV_COLD);
	madvise(memory, SIZE, MADV_FREE);
	madvise(memory, SIZE, MADV_REMOVE);
	madvise(memory, SIZE, MADV_COLLAPSE);
	madvise(memory, SIZE, MADV_MERGEABLE);
	EXPECT_EQ(0, mlock(memory, SIZE));
	EXPECT_EQ(0, munlock(memory, SIZE));
	EXPECT_TRUE(all_are(memory, 0x42, SIZE));

	pid = fork();
	if (!pid) {
		memory[HUGE] = 0x17;
		_exit(all_are(memory, 0x42, HUGE) ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0x17, memory[HUGE]);
}

/* Another process, which sleeps with the backend mapped */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	while (!pid)
		pause();

	return pid;
}

TEST_F(pages, others_reach_them)
{
	char *at = self->memory + HUGE, byte = 0x19, path[64];
	struct iovec mine = { &byte, 1 }, theirs = { at, 1 };
	pid_t pid = sleeper();
	int mem, status;

	EXPECT_EQ(1, process_vm_writev(pid, &mine, 1, &theirs, 1, 0));
	EXPECT_EQ(0x19, *at);
	*at = 0x20;
	EXPECT_EQ(1, process_vm_readv(pid, &mine, 1, &theirs, 1, 0));
	EXPECT_EQ(0x20, byte);

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR);
	byte = 0x21;
	EXPECT_EQ(1, pwrite(mem, &byte, 1, (uintptr_t)at));
	EXPECT_EQ(0x21, *at);
	*at = 0x22;
	EXPECT_EQ(1, pread(mem, &byte, 1, (uintptr_t)at));
	EXPECT_EQ(0x22, byte);

	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0x4242424242424222, ptrace(PTRACE_PEEKDATA, pid, at, NULL));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, pid, at, 0x2323232323232323));
	EXPECT_EQ(0x23, at[7]);

	EXPECT_EQ(0, backend_destroy(self->node, 1));
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, at, NULL);
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-EIO, fails(pread(mem, &byte, 1, (uintptr_t)at)));
	close(mem);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* The file system that the programs are on does it without a copy */
TEST_F(pages, direct_io)
{
	char plain[64 * 1024];
	int fd = open("/proc/self/exe", O_RDONLY);
	ssize_t got = pread(fd, plain, sizeof(plain), 0);

	ASSERT_LT(8192, got);
	got &= -PAGE;
	close(fd);
	fd = open("/proc/self/exe", O_RDONLY | O_DIRECT);
	ASSERT_LE(0, fd);
	/* Also across the border of two large pages */
	EXPECT_EQ(got, pread(fd, self->memory + HUGE - PAGE, got, 0))
		TH_LOG("%s", strerror(errno));
	EXPECT_EQ(0, memcmp(self->memory + HUGE - PAGE, plain, got));
	close(fd);
}

TEST_F(pages, destroyed)
{
	char *other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, other);
	EXPECT_EQ(0, touch(other, false));
	EXPECT_EQ(0, backend_destroy(self->node, 1));
	EXPECT_EQ(SIGBUS, touch(self->memory, true));
	EXPECT_EQ(SIGBUS, touch(self->memory + SIZE - 1, false));
	EXPECT_EQ(SIGBUS, touch(other, false));
	EXPECT_EQ(-ENODEV, map_errno(self->fd, PAGE, PROT_READ, MAP_SHARED,
				     0));
	/* Another of that name is another's */
	close(backend_create(self->node, 1, SIZE));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(-ENODEV, map_errno(self->fd, PAGE, PROT_READ, MAP_SHARED,
				     0));
	EXPECT_EQ(SIZE, lseek(self->fd, 0, SEEK_END));
	munmap(other, SIZE);
}

/* Of small pages, so that taking them back lasts */
#define MANY	511

/* Nothing is mapped by a fault that began before, and ended after */
TEST_F_TIMEOUT(pages, destroyed_while_touched, 120)
{
	volatile bool *destroyed = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd, n, status;
	char *memory;
	pid_t pid;

	for (n = 0; n < 20; n++) {
		fd = backend_create(self->node, 2, MANY * PAGE);
		memory = backend_map(fd, MANY * PAGE);
		ASSERT_NE(MAP_FAILED, memory);
		*destroyed = false;
		pid = fork();
		if (!pid)
			_exit(touch_till(memory, MANY * PAGE, destroyed));
		usleep(2000 + n * 300);
		EXPECT_EQ(0, backend_destroy(self->node, 2));
		*destroyed = true;
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		munmap(memory, MANY * PAGE);
		close(fd);
	}
	munmap((void *)destroyed, PAGE);
}

/* Maps anew what is bad by now */
static void expect_bad(struct __test_metadata *_metadata, int fd, size_t size,
		       size_t bad)
{
	char *memory = backend_map(fd, size);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(SIGBUS, touch(memory + bad, false));
	EXPECT_EQ(0, touch(memory + bad - PAGE, false));
	EXPECT_EQ(0, touch(memory + bad + PAGE, false));
	munmap(memory, size);
}

/* An error of the hardware is its user's, in no kernel's way */
TEST_F(pages, one_is_bad)
{
	int fd = backend_create(self->node, 2, 3 * PAGE);
	char *small = backend_map(fd, 3 * PAGE);

	ASSERT_NE(MAP_FAILED, small);
	memset(small, 1, 3 * PAGE);
	/* Whatever it answers: these pages are none that the kernel can take away */
	madvise(small + PAGE, PAGE, MADV_HWPOISON);
	madvise(self->memory + HUGE + PAGE, PAGE, MADV_HWPOISON);
	expect_bad(_metadata, fd, 3 * PAGE, PAGE);
	expect_bad(_metadata, self->fd, SIZE, HUGE + PAGE);
	EXPECT_EQ(0, backend_destroy(self->node, 2));
	EXPECT_EQ(SIGBUS, touch(small, false));
	munmap(small, 3 * PAGE);
	close(fd);
	EXPECT_EQ(0, backend_destroy(self->node, 1));
}

/* Most likely of what is free since a moment ago */
static void fill_others(int node, struct __test_metadata *_metadata)
{
	char *next;
	int fd, n;

	for (n = 2; n < 10; n++) {
		fd = backend_create(node, n, SIZE);
		next = backend_map(fd, SIZE);
		ASSERT_NE(MAP_FAILED, next);
		EXPECT_TRUE(all_are(next, 0, SIZE));
		memset(next, 0x55, SIZE);
		munmap(next, SIZE);
		close(fd);
	}
}

/* What is pinned stays, as it was, and is nobody else's */
TEST_F(pages, destroyed_while_pinned)
{
	struct iovec piece = { self->memory + HUGE + PAGE, 2 * PAGE };
	char got[2 * PAGE];
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(2 * PAGE, vmsplice(ends[1], &piece, 1, 0));
	ASSERT_EQ(0, backend_destroy(self->node, 1));
	fill_others(self->node, _metadata);
	EXPECT_EQ(2 * PAGE, read(ends[0], got, sizeof(got)));
	EXPECT_TRUE(all_are(got, 0x42, sizeof(got)));
	close(ends[0]);
	close(ends[1]);
}

TEST_F(pages, destroyed_while_mapped_for_dma)
{
	struct user user = USER_CLOSED;
	__u64 at;

	ASSERT_EQ(0, user_open(&user));
	ASSERT_EQ(0, type1_map(&user, IOVA, self->memory, SIZE));
	at = translate(IOVA);
	EXPECT_NE(0, at);
	EXPECT_EQ(0, backend_destroy(self->node, 1));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(at, translate(IOVA));
	/* Still held, and nobody else's */
	fill_others(self->node, _metadata);
	EXPECT_EQ(0x4242424242424242, physical_read(at));
	EXPECT_EQ(0, type1_unmap(&user, IOVA, SIZE));
	EXPECT_GT(0, type1_map(&user, IOVA, self->memory, SIZE));
	user_close(&user);
}

/* Nobody waits for the owner, and its descriptor outlives device and node */
TEST_F(pages, unbound)
{
	EXPECT_TRUE(dev_unbind());
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(-ENODEV, map_errno(self->fd, PAGE, PROT_READ, MAP_SHARED,
				     0));
	close(self->node);
	/* Its code has to stay */
	EXPECT_EQ(-EWOULDBLOCK, fails(syscall(SYS_delete_module,
					      "cxl_vfio_pci", O_NONBLOCK)));
	close(self->fd);
	EXPECT_EQ(-EWOULDBLOCK, fails(syscall(SYS_delete_module,
					      "cxl_vfio_pci", O_NONBLOCK)));
	EXPECT_EQ(SIGBUS, touch(self->memory + HUGE, true));
	EXPECT_TRUE(dev_bind());
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	self->node = control_open();
	EXPECT_EQ(0, backend_count(self->node));
}

/* Faults that it takes to touch each page of what is there of large ones */
static long faults_of(char *memory)
{
	long before = faults_so_far();
	size_t at;

	for (at = 0; at < 2 * HUGE; at += PAGE)
		*(volatile char *)(memory + at) = 0x66;

	return faults_so_far() - before;
}

TEST_F(pages, large_ones)
{
	char *room, *memory = self->memory;
	struct vfio_cxl_backend_info info;

	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	ASSERT_EQ(2 * HUGE, info.huge);
	/* By itself it is where it can have them */
	EXPECT_EQ(0, (uintptr_t)memory % HUGE);
	ASSERT_EQ(0, madvise(memory, SIZE, MADV_DONTNEED));
	EXPECT_EQ(2, faults_of(memory));
	/* Where the kernel makes large ones only for those who ask, too */
	ASSERT_EQ(0, madvise(memory, SIZE, MADV_HUGEPAGE));
	ASSERT_EQ(0, madvise(memory, SIZE, MADV_DONTNEED));
	EXPECT_EQ(2, faults_of(memory));

	/* Anywhere else it is there too, page by page */
	room = mmap(NULL, 4 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	memory = (char *)((uintptr_t)room & -HUGE) + HUGE + PAGE;
	ASSERT_EQ(memory, mmap(memory, SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED, self->fd, 0));
	EXPECT_LT(2, faults_of(memory));
	EXPECT_TRUE(all_are(memory + 2 * HUGE, 0x42, 3 * PAGE));
	memory[HUGE + 5] = 0x33;
	EXPECT_EQ(0x33, self->memory[HUGE + 5]);
	munmap(room, 4 * HUGE);
}

TEST_HARNESS_MAIN
