// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor of a tag: what gets one, what it maps and what it does not, and who
 * may do what with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "tag.h"

#define REASON(name)	VFIO_CXL_REASON_##name
#define REACH(name)	VFIO_CXL_DC_REACH_##name
#define FORCE		VFIO_CXL_DC_DECIDE_FORCE
#define DEFER		VFIO_CXL_DC_DECIDE_DEFER
#define SIZE		(3 * PAGE)
#define RW		(PROT_READ | PROT_WRITE)
#define NOBODY		65534

/* Nobody has the device open; tag 1, of three pages of 1, is for descriptors */
FIXTURE(tag) {
	struct window w;
	int node;
	int fd;
	char *memory;
};

FIXTURE_SETUP(tag)
{
	ASSERT_EQ(0, window_begin(&self->w, PAGE));
	self->node = self->w.node;
	ASSERT_EQ(0, tag_give(&self->w, 1, SIZE, FIRST, PAGE));
	self->fd = tag_open(self->node, 1, 0);
	ASSERT_LE(0, self->fd);
	self->memory = backend_map(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(tag)
{
	munmap(self->memory, SIZE);
	close(self->fd);
	window_end(&self->w);
}

static int fails(long ret)
{
	return ret < 0 ? -errno : 0;
}

/* The number that the next descriptor gets: none was kept for nothing */
static int next_fd(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);

	return fd;
}

TEST_F(tag, opened)
{
	struct stat st;

	EXPECT_EQ(SIZE, tag_answer.size);
	EXPECT_EQ(REASON(NONE), tag_answer.reason);
	EXPECT_EQ(0, tag_answer.flags);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(SIZE, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(PAGE, lseek(self->fd, PAGE, SEEK_SET));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(SIZE, st.st_size);
	EXPECT_EQ(THERE, tag_poll(self->fd));
	EXPECT_TRUE(all_are(self->memory, 1, SIZE));
	memset(self->memory, 0x31, SIZE);
	EXPECT_TRUE(all_are(self->memory, 0x31, SIZE));
}

/* What stands in the way of one, each with a reason of its own */
static void refusals_set_up(struct __test_metadata *_metadata,
			    const struct window *w, char **used, int ends[2])
{
	int node = w->node, fd;

	close(backend_create(node, 2, PAGE));
	ASSERT_EQ(0, window_offer(w, 3, PAGE, FIRST, 10 * PAGE));
	ASSERT_EQ(0, window_offer(w, 4, PAGE, FIRST, 11 * PAGE));
	ASSERT_EQ(0, window_accept(node, 4, REACH(DEVICE)));
	ASSERT_EQ(0, tag_give(w, 5, PAGE, FIRST, 12 * PAGE));
	fd = tag_open(node, 5, 0);
	used[0] = backend_map(fd, PAGE);
	ASSERT_EQ(0, touch(used[0], true));
	ASSERT_EQ(0, window_release(node, 5, DEFER));
	close(fd);
	ASSERT_EQ(0, tag_give(w, 6, PAGE, FIRST, 13 * PAGE));
	ASSERT_EQ(0, window_release(node, 6, 0));
	ASSERT_EQ(0, window_offer(w, 7, PAGE, FIRST, 14 * PAGE));
	ASSERT_EQ(0, window_reject(node, 7));
	ASSERT_EQ(0, tag_give(w, 8, PAGE, FIRST, 15 * PAGE));
	ASSERT_EQ(0, window_remove(node, 8, VFIO_CXL_DC_REMOVE_FORCE));

	/* Being given back, till who has pinned it lets it go */
	ASSERT_EQ(0, tag_give(w, 9, PAGE, FIRST, 16 * PAGE));
	fd = tag_open(node, 9, 0);
	used[1] = backend_map(fd, PAGE);
	ASSERT_TRUE(hold(used[1], PAGE, ends));
	close(fd);
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	EXPECT_EQ(0, window_release(node, 9, FORCE));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
	ASSERT_EQ(VFIO_CXL_DC_RELEASING, window_state(node, 9));
}

TEST_F(tag, refused)
{
	static const struct {
		unsigned int tag;
		int err;
		__u32 reason;
	} wrong[] = {
		{ 0, -EINVAL, REASON(BACKEND_TAG) },
		{ 99, -ENOENT, REASON(NONE) },
		{ 2, -ENOENT, REASON(NONE) },
		{ 3, -EBUSY, REASON(DC_PENDING) },
		{ 4, -EBUSY, REASON(DC_REACH) },
		{ 5, -EBUSY, REASON(DC_RELEASING) },
		{ 6, -ENOENT, REASON(NONE) },
		/* No more, and why */
		{ 7, -ENOENT, REASON(DC_REFUSED) },
		{ 8, -ENOENT, REASON(DC_FORCED) },
		{ 9, -EBUSY, REASON(DC_RELEASING) },
	};
	struct vfio_cxl_dc_info before, after;
	int fds, users, ends[2];
	char *used[2];
	unsigned int i;

	refusals_set_up(_metadata, &self->w, used, ends);
	fds = next_fd();
	users = module_users();
	ASSERT_EQ(0, dc_info(self->node, &before));
	for (i = 0; i < 2 * ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(wrong[i / 2].err, tag_open(self->node, wrong[i / 2].tag,
						     i % 2 ? RDONLY : 0))
			TH_LOG("tag %u", wrong[i / 2].tag);
		EXPECT_EQ(wrong[i / 2].reason, tag_answer.reason)
			TH_LOG("tag %u", wrong[i / 2].tag);
		EXPECT_EQ(-1, tag_answer.fd);
		EXPECT_EQ(0, tag_answer.size);
	}
	EXPECT_EQ(fds, next_fd());
	EXPECT_EQ(users, module_users());
	ASSERT_EQ(0, dc_info(self->node, &after));
	EXPECT_EQ(before.sequence, after.sequence);
	EXPECT_EQ(before.changes, after.changes);
	/* The one that waits for the end of its use still does */
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, window_state(self->node, 5));
	EXPECT_EQ(0, touch(used[0], true));
	munmap(used[0], PAGE);
	EXPECT_TRUE(within(SOON, window_state(self->node, 5) ==
			   VFIO_CXL_DC_RELEASED));
	let_go(ends);
	EXPECT_TRUE(within(2 * SOON, window_state(self->node, 9) ==
			   VFIO_CXL_DC_RELEASED));
	munmap(used[1], PAGE);
}

/* A tenancy's is no descriptor's, and the other way round */
TEST_F(tag, in_one_place)
{
	struct window *w = &self->w;
	char byte, *memory;
	off_t at;

	ASSERT_EQ(0, window_offer(w, 2, PAGE, FIRST, 0));
	ASSERT_EQ(0, window_open(w));
	ASSERT_EQ(0, window_accept(w->user.device, 2, REACH(TENANT)));
	EXPECT_EQ(-EBUSY, tag_open(self->node, 2, 0));
	EXPECT_EQ(REASON(DC_REACH), tag_answer.reason);
	memory = window_map(w, 0, REGION);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, touch(memory, false));
	/* Host memory may be opened while the device is, and stands elsewhere */
	close(tag_open(self->node, 1, 0));
	EXPECT_EQ(0, touch(self->memory, true));
	at = w->region.offset;
	EXPECT_EQ(SIGBUS, touch(memory + PAGE, false));
	EXPECT_EQ(SIGBUS, touch(memory + 3 * PAGE, true));
	EXPECT_EQ(-EIO, fails(pread(w->user.device, &byte, 1, at + PAGE)));
	EXPECT_EQ(-EIO, fails(pwrite(w->user.device, &byte, 1, at + 2 * PAGE)));
	EXPECT_EQ(-ENOENT, window_release(w->user.device, 1, 0));
	/* Nor is anything else of the window the tag's */
	EXPECT_TRUE(all_are(self->memory + 1, 1, SIZE - 1));
	munmap(memory, REGION);
	user_close(&w->user);
	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(THERE, tag_poll(self->fd));
}

/* Neighbours in the window are none in a descriptor */
TEST_F(tag, nothing_but_the_tag)
{
	char *memory;
	int fd;

	ASSERT_EQ(0, tag_give(&self->w, 2, PAGE, FIRST, 0));
	ASSERT_EQ(0, tag_give(&self->w, 3, 2 * PAGE, FIRST, 4 * PAGE));
	fd = tag_open(self->node, 3, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(2 * PAGE, tag_answer.size);
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, SIZE, RW, MAP_SHARED, 0));
	memory = backend_map(fd, 2 * PAGE);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_are(memory, 3, 2 * PAGE));
	EXPECT_TRUE(all_are(self->memory, 1, SIZE));
	munmap(memory, 2 * PAGE);

	/* From any page of it on */
	self->memory[2 * PAGE] = 0x77;
	memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 2 * PAGE);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0x77, *memory);
	EXPECT_TRUE(all_are(memory + 1, 1, PAGE - 1));
	munmap(memory, PAGE);
	close(fd);
}

TEST_F(tag, no_descriptor_is_free)
{
	int fds = next_fd(), users = module_users();
	struct rlimit limit, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = fds;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, tag_open(self->node, 1, 0));
	EXPECT_EQ(-1, tag_answer.fd);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(fds, next_fd());
	EXPECT_EQ(users, module_users());
	EXPECT_EQ(0, window_release(self->node, 1, FORCE));
}

/* Who can't be told of it has none */
TEST_F(tag, answer_that_can_not_be_written)
{
	struct vfio_cxl_dc_open *arg = mmap(NULL, PAGE, RW,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fds = next_fd(), users = module_users();

	ASSERT_NE(MAP_FAILED, arg);
	arg->argsz = sizeof(*arg);
	tag_set(arg->tag, 1);
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, backend_ioctl(self->node, VFIO_CXL_DC_OPEN, arg));
	EXPECT_EQ(fds, next_fd());
	EXPECT_EQ(users, module_users());
	munmap(arg, PAGE);
}

TEST_F(tag, mappings_that_are_refused)
{
	int fd = self->fd;

	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, RW, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, SIZE + PAGE, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, 2 * PAGE, PROT_READ, MAP_SHARED,
					 SIZE - PAGE));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED, SIZE));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED,
					 1L << 40));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED,
					 1L << 62));
	/* Its end is 0, or behind it: which of us refuses it is all one */
	EXPECT_GT(0, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED, -PAGE));
	EXPECT_GT(0, tag_map_fails(fd, 2 * PAGE, PROT_READ, MAP_SHARED, -PAGE));
	EXPECT_EQ(-EPERM, tag_map_fails(fd, PAGE, PROT_READ | PROT_EXEC,
					MAP_SHARED, 0));
	EXPECT_EQ(-EACCES, fails(mprotect(self->memory, PAGE,
					  PROT_READ | PROT_EXEC)));
	EXPECT_EQ(0, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED,
				   SIZE - PAGE));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, SIZE, SIZE + PAGE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	/* Nor to a place that is too far along */
	EXPECT_EQ(MAP_FAILED, mremap(self->memory + PAGE, 2 * PAGE, SIZE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(all_are(self->memory, 1, SIZE));
}

/* Of ours, of VFIO's, and what the kernel answers for files */
TEST_F(tag, calls_that_are_refused)
{
	static const unsigned long others[] = {
		FIONREAD, TIOCGWINSZ, FS_IOC_GETFLAGS, FICLONE, BLKGETSIZE64,
	};
	char path[64], byte[PAGE] = {};
	unsigned int nr;
	int out[2];

	for (nr = 0; nr < 256; nr++) {
		memset(byte, 0, sizeof(byte));
		EXPECT_EQ(-ENOTTY, fails(ioctl(self->fd,
					       _IO(VFIO_CXL_TYPE, nr), byte)));
		EXPECT_EQ(-ENOTTY, fails(ioctl(self->fd, _IO(VFIO_TYPE, nr),
					       byte)));
	}
	for (nr = 0; nr < ARRAY_SIZE(others); nr++)
		EXPECT_GT(0, fails(ioctl(self->fd, others[nr], byte)))
			TH_LOG("%#lx", others[nr]);
	EXPECT_EQ(-ENOTTY, fails(ioctl(self->fd, FIONREAD, byte)));
	EXPECT_EQ(-EINVAL, fails(read(self->fd, byte, 1)));
	EXPECT_EQ(-EINVAL, fails(write(self->fd, byte, 1)));
	EXPECT_GT(0, fails(pread(self->fd, byte, 1, 0)));
	EXPECT_GT(0, fails(pwrite(self->fd, byte, 1, 0)));
	ASSERT_EQ(0, pipe(out));
	EXPECT_GT(0, fails(splice(self->fd, NULL, out[1], NULL, 1, 0)));
	EXPECT_EQ(-EINVAL, fails(ftruncate(self->fd, 0)));
	EXPECT_GT(0, fails(fallocate(self->fd, FALLOC_FL_PUNCH_HOLE |
				     FALLOC_FL_KEEP_SIZE, 0, PAGE)));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	EXPECT_EQ(-ENXIO, fails(open(path, O_RDWR)));
	EXPECT_EQ(-EINVAL, fails(truncate(path, 0)));
	EXPECT_TRUE(all_are(self->memory, 1, SIZE));
	close(out[0]);
	close(out[1]);
}

/* Several of a tag are of the same memory, and each is by itself */
TEST_F(tag, two)
{
	int fd = tag_open(self->node, 1, 0), again = dup(self->fd);
	char *memory = backend_map(fd, SIZE);

	ASSERT_NE(MAP_FAILED, memory);
	memory[PAGE] = 0x32;
	EXPECT_EQ(0x32, self->memory[PAGE]);
	lseek(fd, 5, SEEK_SET);
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
	munmap(self->memory, SIZE);
	close(self->fd);
	EXPECT_EQ(0, touch(memory, true));
	EXPECT_EQ(THERE, tag_poll(fd));
	EXPECT_EQ(THERE, tag_poll(again));
	self->fd = again;
	self->memory = backend_map(again, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
	EXPECT_EQ(0x5a, self->memory[0]);
	/* A mapping needs no descriptor */
	close(fd);
	EXPECT_EQ(0, touch(memory + 2 * PAGE, true));
	EXPECT_EQ(0x5a, self->memory[2 * PAGE]);
	munmap(memory, SIZE);
}

/* By no way that a process has to write where it may not */
static void expect_no_write(struct __test_metadata *_metadata, char *memory)
{
	int mem = open("/proc/self/mem", O_RDWR), fd;
	char byte = 0x44;
	struct iovec mine = { &byte, 1 }, theirs = { memory, 1 };

	ASSERT_LE(0, mem);
	EXPECT_EQ(-EIO, fails(pwrite(mem, &byte, 1, (uintptr_t)memory)));
	EXPECT_EQ(1, pread(mem, &byte, 1, (uintptr_t)memory));
	EXPECT_EQ(1, byte);
	close(mem);
	byte = 0x45;
	EXPECT_EQ(-EFAULT, fails(process_vm_writev(getpid(), &mine, 1, &theirs,
						   1, 0)));
	fd = open("/proc/self/exe", O_RDONLY);
	EXPECT_EQ(-EFAULT, fails(read(fd, memory, 1)));
	close(fd);
	EXPECT_EQ(SIGSEGV, touch(memory, true));
	EXPECT_NE(0, madvise(memory, SIZE, MADV_POPULATE_WRITE));
	EXPECT_EQ(0, madvise(memory, SIZE, MADV_POPULATE_READ));
}

TEST_F(tag, read_only)
{
	int fd = tag_open(self->node, 1, RDONLY);
	char path[64], *memory, *room;

	ASSERT_LE(0, fd);
	EXPECT_EQ(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(POLLIN, tag_poll(fd));
	EXPECT_EQ(-EACCES, tag_map_fails(fd, PAGE, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EACCES, tag_map_fails(fd, PAGE, PROT_WRITE, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, RW, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(-EPERM, tag_map_fails(fd, PAGE, PROT_READ | PROT_EXEC,
					MAP_SHARED, 0));
	memory = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(-EACCES, fails(mprotect(memory, SIZE, RW)));
	EXPECT_EQ(-EACCES, fails(mprotect(memory + PAGE, PAGE, PROT_WRITE)));
	room = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory = mremap(memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	ASSERT_EQ(room, memory);
	EXPECT_EQ(-EACCES, fails(mprotect(memory, SIZE, RW)));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_EQ(-ENXIO, fails(open(path, O_RDWR)));
	EXPECT_EQ(-ENXIO, fails(open(path, O_WRONLY)));
	fcntl(fd, F_SETFL, O_RDWR);
	EXPECT_EQ(-EACCES, tag_map_fails(fd, PAGE, RW, MAP_SHARED, 0));
	expect_no_write(_metadata, memory);
	EXPECT_TRUE(all_are(memory, 1, SIZE));
	/* What others write is seen */
	self->memory[PAGE] = 0x46;
	EXPECT_EQ(0x46, memory[PAGE]);
	munmap(memory, SIZE);
	close(fd);
}

/* One who writes to another's read-only mapping by ptrace() */
static int watched(const struct peer *parent, void *memory)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);

	return parent->pid || *(volatile char *)memory != 1;
}

TEST_F(tag, read_only_for_a_debugger)
{
	int fd = tag_open(self->node, 1, RDONLY), status;
	char *memory = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	struct peer peer;

	ASSERT_NE(MAP_FAILED, memory);
	peer_start(&peer, watched, memory);
	ASSERT_EQ(peer.pid, waitpid(peer.pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0x0101010101010101,
		  ptrace(PTRACE_PEEKDATA, peer.pid, memory, NULL));
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, peer.pid, memory, 0x42));
	/* While it may write through a mapping that may be written */
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, peer.pid, self->memory + PAGE,
			    0x4242424242424242));
	EXPECT_EQ(0x42, memory[PAGE + 7]);
	EXPECT_TRUE(all_are(memory, 1, PAGE));
	ptrace(PTRACE_CONT, peer.pid, NULL, NULL);
	EXPECT_TRUE(peer_ends_well(&peer));
	munmap(memory, SIZE);
	close(fd);
}

/* Who has no right to anything, and got two descriptors */
static int unprivileged(const struct peer *parent, void *node)
{
	int write, read;
	char *memory;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (tag_open(*(int *)node, 1, 0) != -EPERM)
		return 2;
	write = peer_take_fd(parent);
	read = peer_take_fd(parent);
	if (write < 0 || read < 0)
		return 3;
	memory = backend_map(write, SIZE);
	if (memory == MAP_FAILED || !all_are(memory, 1, SIZE))
		return 4;
	memset(memory, 0x51, PAGE);
	if (backend_map(read, SIZE) != MAP_FAILED || errno != EACCES)
		return 5;
	memory = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, read, 0);
	if (memory == MAP_FAILED || !all_are(memory, 0x51, PAGE))
		return 6;
	if (tag_poll(write) != THERE || tag_poll(read) != POLLIN)
		return 7;

	return 0;
}

TEST_F(tag, handed_on)
{
	int fd = tag_open(self->node, 1, RDONLY);
	struct peer peer;

	ASSERT_LE(0, fd);
	peer_start(&peer, unprivileged, &self->node);
	peer_give_fd(&peer, self->fd);
	peer_give_fd(&peer, fd);
	/* On its way it is nobody's, and open */
	close(fd);
	EXPECT_TRUE(peer_ends_well(&peer));
	EXPECT_TRUE(all_are(self->memory, 0x51, PAGE));
	EXPECT_TRUE(all_are(self->memory + PAGE, 1, SIZE - PAGE));
}

/* Of a device that never had a window, and has no capacity for a tag */
TEST(none_there)
{
	int node, ret = 0, fds = next_fd();
	struct vfio_cxl_dc_info info;

	ASSERT_TRUE(dev_unbind());
	ASSERT_TRUE(dev_bind());
	node = control_open();
	ASSERT_LE(0, node);
	EXPECT_TRUE(within(SOON, (ret = tag_open(node, 1, 0)) != -EAGAIN));
	ASSERT_EQ(0, dc_info(node, &info));
	if (info.flags & VFIO_CXL_DC_INFO_CAPABLE) {
		EXPECT_EQ(-ENOENT, ret);
		EXPECT_EQ(REASON(NONE), tag_answer.reason);
	} else {
		EXPECT_EQ(-EOPNOTSUPP, ret);
		EXPECT_EQ(info.reason, tag_answer.reason);
	}
	EXPECT_EQ(-1, tag_answer.fd);
	close(node);
	EXPECT_EQ(fds, next_fd());
}

TEST_HARNESS_MAIN
