// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of host memory that a descriptor of a tag maps: ordinary ones for all that
 * map, pin and copy memory, and out of reach once the tag is released.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "iommu.h"
#include "tag.h"

#define HUGE	BLOCK
#define SIZE	(2 * HUGE)
#define IOVA	(16 * MIB)
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define RW	(PROT_READ | PROT_WRITE)

/* Tag 1, of 1, is mapped by a descriptor, where large pages fit to */
FIXTURE(pages) {
	struct window w;
	int node;
	int fd;
	char *memory;
};

FIXTURE_VARIANT(pages) {
	__u64 block;
	__u64 offset;
};

FIXTURE_VARIANT_ADD(pages, large) {
	.block = BLOCK,
	.offset = BLOCK,
};

/* Where it stands in the window, at an odd place, is nothing to a descriptor */
FIXTURE_VARIANT_ADD(pages, small) {
	.block = PAGE,
	.offset = BLOCK + 3 * PAGE,
};

FIXTURE_SETUP(pages)
{
	ASSERT_EQ(0, window_begin(&self->w, variant->block));
	self->node = self->w.node;
	ASSERT_EQ(0, tag_give(&self->w, 1, SIZE, FIRST, variant->offset));
	self->fd = tag_open(self->node, 1, 0);
	ASSERT_LE(0, self->fd);
	self->memory = tag_map(self->fd, RW, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(pages)
{
	munmap(self->memory, SIZE);
	close(self->fd);
	window_end(&self->w);
}

static int fails(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int again(int node)
{
	return tag_give_again(node, 1, FIRST, BLOCK);
}

TEST_F(pages, large_where_they_can)
{
	struct vfio_cxl_backend_info info;
	long before, took;
	char *other;
	size_t i;

	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	ASSERT_EQ(SIZE, info.huge);
	before = faults_so_far();
	for (i = 0; i < SIZE; i += PAGE)
		*(volatile char *)(self->memory + i) = i / PAGE;
	took = faults_so_far() - before;
	EXPECT_EQ(SIZE / HUGE, took);
	/* By itself it is where it can have them, too */
	other = backend_map(self->fd, SIZE);
	EXPECT_EQ(0, (uintptr_t)other % HUGE);
	munmap(other, SIZE);
	for (i = 0; i < SIZE; i += PAGE)
		ASSERT_EQ((char)(i / PAGE), self->memory[i]);
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(SIGBUS, touch(self->memory + SIZE - 1, true));
}

/* Anywhere else they are there too */
TEST_F(pages, at_odd_addresses)
{
	char *room = mmap(NULL, 4 * HUGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = (char *)((uintptr_t)room & -HUGE) + HUGE + PAGE;
	size_t i;

	for (i = 0; i < SIZE; i += PAGE)
		self->memory[i + 5] = i / PAGE;
	ASSERT_EQ(memory, mmap(memory, SIZE, RW, MAP_SHARED | MAP_FIXED,
			       self->fd, 0));
	for (i = 0; i < SIZE; i += PAGE)
		ASSERT_EQ((char)(i / PAGE), memory[i + 5]);
	/* And from its second page on, at a round one */
	munmap(room, 4 * HUGE);
	room = mmap(NULL, 3 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	memory = (char *)((uintptr_t)room & -HUGE) + HUGE;
	ASSERT_EQ(memory, mmap(memory, HUGE, RW, MAP_SHARED | MAP_FIXED,
			       self->fd, PAGE));
	for (i = 0; i < HUGE; i += PAGE)
		ASSERT_EQ((char)(i / PAGE + 1), memory[i + 5]);
	munmap(room, 3 * HUGE);
}

static int writes(const struct peer *parent, void *at)
{
	char *memory = at;

	if (memory[5] != 0x55)
		return 1;
	memory[HUGE] = 0x66;
	peer_tell(parent, 'w');
	peer_hear(parent);

	return touch(memory + HUGE, false) != SIGBUS;
}

TEST_F(pages, of_a_child)
{
	struct peer peer;

	self->memory[5] = 0x55;
	peer_start(&peer, writes, self->memory);
	EXPECT_EQ('w', peer_hear(&peer));
	EXPECT_EQ(0x66, self->memory[HUGE]);
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	peer_tell(&peer, 'r');
	EXPECT_TRUE(peer_ends_well(&peer));
}

TEST_F(pages, mappings_that_change)
{
	char *memory = self->memory;
	char *room = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	memset(memory, 9, SIZE);
	memory = mremap(memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	ASSERT_EQ(room, memory);
	self->memory = memory;
	EXPECT_TRUE(all_are(memory, 9, SIZE));
	/* Cut in the middle of a large page */
	EXPECT_EQ(0, mprotect(memory + 5 * PAGE, PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, touch(memory + 5 * PAGE, true));
	EXPECT_EQ(0, mprotect(memory + 5 * PAGE, PAGE, RW));
	EXPECT_EQ(0, madvise(memory, SIZE, MADV_DONTNEED));
	EXPECT_TRUE(all_are(memory, 9, SIZE));
	/* Whatever they answer */
	madvise(memory + PAGE, HUGE, MADV_PAGEOUT);
	madvise(memory + PAGE, HUGE, MADV_COLD);
	madvise(memory, SIZE, MADV_FREE);
	madvise(memory, SIZE, MADV_REMOVE);
	madvise(memory, SIZE, MADV_HUGEPAGE);
	madvise(memory, SIZE, MADV_COLLAPSE);
	madvise(memory, SIZE, MADV_MERGEABLE);
	EXPECT_EQ(0, mlock(memory, SIZE));
	EXPECT_EQ(0, munlock(memory, SIZE));
	EXPECT_TRUE(all_are(memory, 9, SIZE));
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	EXPECT_EQ(SIGBUS, touch(memory + 5 * PAGE, true));
	ASSERT_EQ(0, again(self->node));
	EXPECT_TRUE(all_are(memory, 9, SIZE));
}

static int sleeps(const struct peer *parent, void *)
{
	return peer_hear(parent) != 'e';
}

TEST_F(pages, others_reach_them)
{
	char *at = self->memory + HUGE, byte = 0x19, path[64];
	struct iovec mine = { &byte, 1 }, theirs = { at, 1 };
	struct peer peer;
	int mem, status;

	peer_start(&peer, sleeps, NULL);
	EXPECT_EQ(1, process_vm_writev(peer.pid, &mine, 1, &theirs, 1, 0));
	EXPECT_EQ(0x19, *at);
	*at = 0x20;
	EXPECT_EQ(1, process_vm_readv(peer.pid, &mine, 1, &theirs, 1, 0));
	EXPECT_EQ(0x20, byte);
	snprintf(path, sizeof(path), "/proc/%d/mem", peer.pid);
	mem = open(path, O_RDWR);
	byte = 0x21;
	EXPECT_EQ(1, pwrite(mem, &byte, 1, (uintptr_t)at));
	EXPECT_EQ(0x21, *at);
	*at = 0x22;
	EXPECT_EQ(1, pread(mem, &byte, 1, (uintptr_t)at));
	EXPECT_EQ(0x22, byte);
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, peer.pid, NULL, NULL));
	ASSERT_EQ(peer.pid, waitpid(peer.pid, &status, 0));
	EXPECT_EQ(0x0101010101010122, ptrace(PTRACE_PEEKDATA, peer.pid, at,
					     NULL));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, peer.pid, at, 0x2323232323232323));
	EXPECT_EQ(0x23, at[7]);

	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	errno = 0;
	ptrace(PTRACE_PEEKDATA, peer.pid, at, NULL);
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-EIO, fails(pread(mem, &byte, 1, (uintptr_t)at)));
	EXPECT_EQ(-EIO, fails(pwrite(mem, &byte, 1, (uintptr_t)at)));
	close(mem);
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, peer.pid, NULL, NULL));
	peer_tell(&peer, 'e');
	EXPECT_TRUE(peer_ends_well(&peer));
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
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(-EFAULT, fails(pread(fd, self->memory, PAGE, 0)));
	close(fd);
}

/* What is pinned is its pinner's, and nobody else's till it lets go */
TEST_F(pages, registered_with_io_uring)
{
	int ring = uring_with(self->memory, SIZE);

	ASSERT_LE(0, ring)
		TH_LOG("%s", strerror(-ring));
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(-EBUSY, window_add(self->node, 1, FIRST, 0));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_HELD, window_why);
	EXPECT_EQ(AWAY, tag_poll(self->fd));
	/* Nothing is there to be registered */
	EXPECT_EQ(-EFAULT, uring_with(self->memory, PAGE));
	close(ring);
	EXPECT_TRUE(within(SOON, !window_add(self->node, 1, FIRST, 0)));
	EXPECT_EQ(0, window_accept(self->node, 1, APP));
	EXPECT_TRUE(all_are(self->memory, 1, SIZE));
}

TEST_F(pages, held)
{
	char got[2 * PAGE];
	int ends[2];

	ASSERT_TRUE(hold(self->memory + HUGE + PAGE, 2 * PAGE, ends));
	EXPECT_EQ(-EBUSY, window_release(self->node, 1, 0));
	munmap(self->memory, SIZE);
	/* Who has a pin alone is no user that could be asked */
	EXPECT_EQ(0, window_release(self->node, 1, 0));
	EXPECT_EQ(-EBUSY, again(self->node));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_HELD, window_why);
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, window_state(self->node, 1));
	EXPECT_EQ(2 * PAGE, read(ends[0], got, sizeof(got)));
	EXPECT_TRUE(all_are(got, 1, sizeof(got)));
	let_go(ends);
	EXPECT_EQ(0, again(self->node));
	EXPECT_EQ(THERE, tag_poll(self->fd));
}

/* For the DMA of any device, such as the one that it is lent by */
TEST_F(pages, mapped_for_dma)
{
	struct user *user = &self->w.user;
	__u64 at;

	ASSERT_EQ(0, user_open(user));
	ASSERT_EQ(0, type1_map(user, IOVA, self->memory, SIZE));
	at = translate(IOVA);
	EXPECT_NE(0, at);
	EXPECT_EQ(0x0101010101010101, physical_read(at));
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(at, translate(IOVA));
	EXPECT_EQ(-EBUSY, again(self->node));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_HELD, window_why);
	EXPECT_EQ(0, type1_unmap(user, IOVA, SIZE));
	EXPECT_EQ(0, again(self->node));
	EXPECT_TRUE(all_are(self->memory, 1, SIZE));
}

TEST_F(pages, one_is_bad)
{
	char *bad = self->memory + HUGE + PAGE;

	EXPECT_EQ(0, touch(bad, true));
	/* Whatever it answers: it is none that the kernel can take away */
	madvise(bad, PAGE, MADV_HWPOISON);
	madvise(self->memory, SIZE, MADV_DONTNEED);
	EXPECT_EQ(SIGBUS, touch(bad, false));
	EXPECT_EQ(0, touch(bad - PAGE, false));
	EXPECT_EQ(0, touch(bad + PAGE, true));
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
	EXPECT_EQ(SIGBUS, touch(bad + PAGE, true));
}

struct race {
	char *memory;
	size_t size;
	volatile bool *gone;
};

static int toucher(const struct peer *parent, void *arg)
{
	struct race *race = arg;

	peer_tell(parent, 't');

	return touch_till(race->memory, race->size, race->gone);
}

/* Of small pages, so that taking them back lasts; or of a large one */
#define MANY	511

TEST_F_TIMEOUT(pages, released_while_touched, 120)
{
	bool small = variant->block == PAGE;
	struct race race = { .size = small ? MANY * PAGE : BLOCK };
	struct peer peer;
	int n, fd;

	ASSERT_EQ(0, tag_give(&self->w, 2, race.size, FIRST + 1, 0));
	fd = tag_open(self->node, 2, 0);
	race.memory = tag_map(fd, RW, race.size);
	ASSERT_NE(MAP_FAILED, race.memory);
	race.gone = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (n = 0; n < 40; n++) {
		*race.gone = false;
		peer_start(&peer, toucher, &race);
		EXPECT_EQ('t', peer_hear(&peer));
		usleep(2000 + n * 300);
		EXPECT_EQ(0, window_release(self->node, 2, FORCE));
		*race.gone = true;
		ASSERT_TRUE(peer_ends_well(&peer));
		ASSERT_EQ(0, tag_give_again(self->node, 2, FIRST + 1, 0));
	}
	munmap((void *)race.gone, PAGE);
	munmap(race.memory, race.size);
	close(fd);
}

TEST_HARNESS_MAIN
