// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory under a tag: who may make it, list it and destroy it, and what it
 * costs. What its pages can do is in backend_pages.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "backend.h"

FIXTURE(backend) {
	int node;
};

FIXTURE_SETUP(backend)
{
	self->node = control_open();
	ASSERT_LE(0, self->node);
	ASSERT_EQ(0, backend_count(self->node));
}

FIXTURE_TEARDOWN(backend)
{
	backend_clear(self->node);
	close(self->node);
}

TEST_F(backend, created_listed_destroyed)
{
	struct vfio_cxl_backend_info info;
	struct stat st;
	char *memory;
	int fd;

	fd = backend_create(self->node, 1, 3 * MIB);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	EXPECT_EQ(3 * MIB, info.size);
	EXPECT_EQ(-1, info.node);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0, info.huge % (2 * MIB));
	EXPECT_GE(2 * MIB, info.huge);
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(3 * MIB, st.st_size);
	EXPECT_EQ(3 * MIB, lseek(fd, 0, SEEK_END));

	memory = backend_map(fd, 3 * MIB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_are(memory, 0, 3 * MIB));
	memset(memory, 0x77, 3 * MIB);
	munmap(memory, 3 * MIB);
	/* It is the device's, not the descriptor's */
	close(fd);
	EXPECT_EQ(1, backend_count(self->node));
	EXPECT_EQ(0, backend_destroy(self->node, 1));
	EXPECT_EQ(0, backend_count(self->node));
	EXPECT_EQ(-ENOENT, backend_destroy(self->node, 1));
	EXPECT_EQ(VFIO_CXL_REASON_NONE, backend_why);

	/* What comes after, most likely of the same pages, is zeroed too */
	fd = backend_create(self->node, 1, 3 * MIB);
	ASSERT_LE(0, fd);
	memory = backend_map(fd, 3 * MIB);
	EXPECT_TRUE(all_are(memory, 0, 3 * MIB));
	munmap(memory, 3 * MIB);
	close(fd);
}

/* Which one of a tag, if there was another before */
TEST_F(backend, has_a_number)
{
	struct vfio_cxl_backend_create arg = {
		.argsz = sizeof(arg), .tag = { 1 }, .size = 2 * MIB,
	};
	struct vfio_cxl_backend_destroy destroy = {
		.argsz = sizeof(destroy), .tag = { 1 },
	};
	struct vfio_cxl_backend_info info;

	ASSERT_EQ(0, backend_ioctl(self->node, VFIO_CXL_BACKEND_CREATE, &arg));
	close(arg.fd);
	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	EXPECT_EQ(info.id, arg.id);
	EXPECT_EQ(info.huge, arg.huge);
	destroy.id = arg.id + 1;
	EXPECT_EQ(-ENOENT, backend_ioctl(self->node, VFIO_CXL_BACKEND_DESTROY,
					 &destroy));
	destroy.id = arg.id;
	EXPECT_EQ(0, backend_ioctl(self->node, VFIO_CXL_BACKEND_DESTROY,
				   &destroy));
	close(backend_create(self->node, 1, MIB));
	EXPECT_EQ(-ENOENT, backend_ioctl(self->node, VFIO_CXL_BACKEND_DESTROY,
					 &destroy));
	EXPECT_EQ(1, backend_count(self->node));
}

TEST_F(backend, refused_with_a_reason)
{
	static const struct {
		__u8 tag;
		__u64 size;
		__u32 flags;
		__s32 node;
		int ret;
		__u32 reason;
	} calls[] = {
		{ 0, MIB, 0, 0, -EINVAL, VFIO_CXL_REASON_BACKEND_TAG },
		{ 1, MIB, 0, 0, -EEXIST, VFIO_CXL_REASON_BACKEND_EXISTS },
		{ 2, 0, 0, 0, -EINVAL, VFIO_CXL_REASON_BACKEND_SIZE },
		{ 2, MIB + 1, 0, 0, -EINVAL, VFIO_CXL_REASON_BACKEND_SIZE },
		{ 2, 2048, 0, 0, -EINVAL, VFIO_CXL_REASON_BACKEND_SIZE },
		{ 2, 1ULL << 50, 0, 0, -ENOMEM, VFIO_CXL_REASON_NO_MEMORY },
		{ 2, -4096ULL, 0, 0, -ENOMEM, VFIO_CXL_REASON_NO_MEMORY },
		{ 2, MIB, VFIO_CXL_BACKEND_NODE, 1000, -EINVAL,
		  VFIO_CXL_REASON_BACKEND_NODE },
		{ 2, MIB, VFIO_CXL_BACKEND_NODE, -1, -EINVAL,
		  VFIO_CXL_REASON_BACKEND_NODE },
		{ 2, MIB, VFIO_CXL_BACKEND_NODE, INT_MAX, -EINVAL,
		  VFIO_CXL_REASON_BACKEND_NODE },
		{ 2, MIB, 0, 1, -EINVAL, VFIO_CXL_REASON_NONE },
	};
	struct vfio_cxl_backend_list before = {}, now = {};
	int i, fds;

	close(backend_create(self->node, 1, MIB));
	ASSERT_EQ(0, backend_list(self->node, &before, NULL, 1));
	fds = open_fds();
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		struct vfio_cxl_backend_create arg = {
			.argsz = sizeof(arg), .flags = calls[i].flags,
			.tag = { calls[i].tag }, .size = calls[i].size,
			.node = calls[i].node,
		};

		EXPECT_EQ(calls[i].ret, backend_ioctl(self->node,
						      VFIO_CXL_BACKEND_CREATE,
						      &arg))
			TH_LOG("call %d", i);
		EXPECT_EQ(calls[i].reason, arg.reason)
			TH_LOG("call %d", i);
		EXPECT_EQ(-1, arg.fd);
	}
	EXPECT_EQ(-EINVAL, backend_destroy(self->node, 0));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_TAG, backend_why);
	EXPECT_EQ(0, backend_list(self->node, &now, NULL, 1));
	EXPECT_EQ(before.changes, now.changes);
	EXPECT_EQ(1, backend_count(self->node));
	EXPECT_EQ(fds, open_fds());
}

TEST_F(backend, of_a_node)
{
	struct vfio_cxl_backend_create arg = {
		.argsz = sizeof(arg), .flags = VFIO_CXL_BACKEND_NODE,
		.tag = { 1 }, .size = 4 * MIB, .node = 0,
	};
	struct vfio_cxl_backend_info info;

	ASSERT_EQ(0, backend_ioctl(self->node, VFIO_CXL_BACKEND_CREATE, &arg));
	close(arg.fd);
	ASSERT_EQ(1, backend_find(self->node, 1, &info));
	EXPECT_EQ(0, info.node);
}

/* Who can't be told the descriptor's number has made nothing */
TEST_F(backend, nobody_to_tell)
{
	struct vfio_cxl_backend_create *arg;
	struct rlimit few = {}, former;
	int fds = open_fds();

	arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*arg = (struct vfio_cxl_backend_create){
		.argsz = sizeof(*arg), .tag = { 1 }, .size = MIB,
	};
	ASSERT_EQ(0, mprotect(arg, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, backend_ioctl(self->node, VFIO_CXL_BACKEND_CREATE,
					 arg));
	EXPECT_EQ(0, backend_count(self->node));
	EXPECT_EQ(fds, open_fds());
	munmap(arg, 4096);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &former));
	few.rlim_max = former.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, backend_create(self->node, 1, MIB));
	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &former));
	EXPECT_EQ(0, backend_count(self->node));
	/* The tag is free */
	EXPECT_LE(0, backend_create(self->node, 1, MIB));
}

#define MANY	500

TEST_F(backend, hundreds)
{
	struct vfio_cxl_backend_info *info = calloc(MANY, sizeof(*info));
	struct vfio_cxl_backend_list list = {};
	unsigned int i, n, pages = 0;

	for (i = 0; i < MANY; i++) {
		/* Some with so many pages that the books of them need memory too */
		int fd = backend_create(self->node, i + 1, i % 8 ? 4096 : MIB);

		ASSERT_LE(0, fd);
		close(fd);
	}
	for (n = 0; n < MANY; n += list.count, pages++) {
		ASSERT_EQ(0, backend_list(self->node, &list, info + n, 64));
		ASSERT_EQ(n + list.count < MANY, list.flags);
	}
	EXPECT_EQ(MANY, n);
	EXPECT_EQ((MANY + 63) / 64, pages);
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(i + 1, tag_number(info[i].tag));
		EXPECT_TRUE(!i || info[i].id > info[i - 1].id);
	}
	free(info);
}

/* A list that changes between its pages is none */
TEST_F(backend, list_changes)
{
	struct vfio_cxl_backend_list first = {}, next;
	struct vfio_cxl_backend_info info[3];
	int i;

	for (i = 1; i <= 3; i++)
		close(backend_create(self->node, i, 4096));
	ASSERT_EQ(0, backend_list(self->node, &first, info, 1));
	EXPECT_EQ(VFIO_CXL_BACKEND_LIST_MORE, first.flags);
	EXPECT_EQ(1, first.count);
	next = first;
	EXPECT_EQ(0, backend_list(self->node, &next, info, 2));
	EXPECT_EQ(2, next.count);
	EXPECT_EQ(0, next.flags);
	EXPECT_EQ(0, backend_destroy(self->node, 3));
	next = first;
	EXPECT_EQ(-EAGAIN, backend_list(self->node, &next, info, 2));
	next = first;
	close(backend_create(self->node, 4, 4096));
	EXPECT_EQ(-EAGAIN, backend_list(self->node, &next, info, 2));
	next = (struct vfio_cxl_backend_list){};
	EXPECT_EQ(0, backend_list(self->node, &next, info, 3));
	EXPECT_EQ(3, next.count);
	next = (struct vfio_cxl_backend_list){};
	EXPECT_EQ(-EINVAL, backend_list(self->node, &next, info, 0));
	EXPECT_EQ(-EINVAL, backend_list(self->node, &next, info, 4097));
	EXPECT_EQ(-EFAULT, backend_list(self->node, &next, (void *)1, 3));
}

TEST_F_TIMEOUT(backend, no_more_than_4096, 120)
{
	int i, fd;

	for (i = 1; i <= 4096; i++) {
		fd = backend_create(self->node, i, 4096);
		ASSERT_LE(0, fd);
		close(fd);
	}
	EXPECT_EQ(-ENOSPC, backend_create(self->node, i, 4096));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_LIMIT, backend_why);
	EXPECT_EQ(0, backend_destroy(self->node, 17));
	EXPECT_LE(0, backend_create(self->node, i, 4096));
}

#define CGROUP	"/run/uapi-cgroup"
#define GROUP	CGROUP "/backend"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);

	return done;
}

static __u64 number(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	read(fd, text, sizeof(text) - 1);
	close(fd);

	return strtoull(text, NULL, 10);
}

/* Its memory is charged, and given back, with some delay */
static bool charged(__u64 least, __u64 most)
{
	__u64 now = 0;
	int i;

	for (i = 0; i < 500; i++) {
		now = number(GROUP "/memory.current");
		if (now >= least && now <= most)
			return true;
		usleep(10000);
	}
	printf("# there are %llu bytes\n", now);

	return false;
}

/* A memory cgroup with a limit */
FIXTURE(charge) {
	int node;
};

FIXTURE_SETUP(charge)
{
	self->node = control_open();
	ASSERT_LE(0, self->node);
	mkdir(CGROUP, 0755);
	ASSERT_EQ(0, mount("none", CGROUP, "cgroup2", 0, NULL));
	ASSERT_TRUE(put(CGROUP "/cgroup.subtree_control", "+memory"));
	ASSERT_EQ(0, mkdir(GROUP, 0755));
}

FIXTURE_TEARDOWN(charge)
{
	/* If the test failed while it was not bound */
	dev_bind();
	close(self->node);
	self->node = control_open();
	backend_clear(self->node);
	close(self->node);
	rmdir(GROUP);
	umount2(CGROUP, MNT_DETACH);
	rmdir(CGROUP);
}

/* Runs on in a child: ends with the errno, or 0 */
static pid_t create_in_child(int node, unsigned int tag, __u64 size)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	if (!put(GROUP "/cgroup.procs", "0"))
		_exit(255);
	fd = backend_create(node, tag, size);
	_exit(fd < 0 ? -fd : 0);
}

static int status_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

TEST_F(charge, to_its_creator)
{
	ASSERT_TRUE(put(GROUP "/memory.max", "40M"));
	/* Refused, and nobody killed for it */
	EXPECT_EQ(ENOMEM << 8,
		  status_of(create_in_child(self->node, 1, 48 * MIB)));
	EXPECT_EQ(0, backend_count(self->node));
	EXPECT_TRUE(charged(0, 8 * MIB));
	/* Also when its creator is gone, and of pages of both sizes */
	EXPECT_EQ(0, status_of(create_in_child(self->node, 1, 16 * MIB)));
	EXPECT_TRUE(charged(16 * MIB, 23 * MIB));
	EXPECT_EQ(0, status_of(create_in_child(self->node, 2, MIB)));
	EXPECT_TRUE(charged(17 * MIB, 24 * MIB));
	EXPECT_EQ(0, backend_destroy(self->node, 1));
	EXPECT_TRUE(charged(MIB, 8 * MIB));
	EXPECT_EQ(0, backend_destroy(self->node, 2));
}

/* Who has a small share of memory can have a large one of these */
static pid_t write_in_child(char *memory, size_t size)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!put(GROUP "/cgroup.procs", "0"))
		_exit(255);
	memset(memory, 7, size);
	_exit(0);
}

TEST_F(charge, not_to_who_writes_it)
{
	char *memory;
	int fd;

	fd = backend_create(self->node, 1, 64 * MIB);
	memory = backend_map(fd, 64 * MIB);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_TRUE(put(GROUP "/memory.max", "8M"));
	EXPECT_EQ(0, status_of(write_in_child(memory, 64 * MIB)));
	EXPECT_EQ(7, memory[64 * MIB - 1]);
	EXPECT_TRUE(charged(0, 8 * MIB));
	munmap(memory, 64 * MIB);
	close(fd);
	EXPECT_EQ(0, backend_destroy(self->node, 1));
}

/* Above this limit the kernel holds whoever allocates up, for seconds each time */
static bool slow(void)
{
	return put(GROUP "/memory.high", "1M");
}

#define LARGE	(64 * MIB)

static bool under_way(void)
{
	return charged(2 * MIB, LARGE / 2);
}

TEST_F(charge, two_of_a_name_at_once)
{
	pid_t first, second;
	int status;

	ASSERT_TRUE(slow());
	first = create_in_child(self->node, 1, LARGE);
	ASSERT_TRUE(under_way());
	/* The tag is taken already, and what has it is not there yet */
	EXPECT_EQ(-EEXIST, backend_create(self->node, 1, 4096));
	EXPECT_EQ(-ENOENT, backend_destroy(self->node, 1));
	EXPECT_EQ(0, backend_count(self->node));

	/* Its memory is free again, and its tag */
	kill(first, SIGKILL);
	status = status_of(first);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, backend_count(self->node));
	EXPECT_TRUE(charged(0, MIB));
	/* And it was not all made first */
	EXPECT_GT(LARGE, number(GROUP "/memory.peak"));
	EXPECT_TRUE(put(GROUP "/memory.high", "max"));

	first = create_in_child(self->node, 1, 4 * MIB);
	second = create_in_child(self->node, 1, 4 * MIB);
	EXPECT_EQ(EEXIST << 8, status_of(first) + status_of(second));
	EXPECT_EQ(1, backend_count(self->node));
}

/* Nobody waits till it is made who unbinds the device */
TEST_F(charge, unbound_under_its_creator)
{
	pid_t pid;

	ASSERT_TRUE(slow());
	pid = create_in_child(self->node, 1, LARGE);
	ASSERT_TRUE(under_way());
	EXPECT_TRUE(dev_unbind());
	EXPECT_EQ(ENODEV << 8, status_of(pid));
	EXPECT_TRUE(charged(0, MIB));
}

/* What becomes of the device is nothing to it */
TEST_F(backend, device_opened_and_reset)
{
	struct user user = USER_CLOSED;
	int fd = backend_create(self->node, 1, 2 * MIB);
	char *memory = backend_map(fd, 2 * MIB);

	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0x31, 2 * MIB);
	ASSERT_EQ(0, user_open(&user));
	EXPECT_TRUE(all_are(memory, 0x31, 2 * MIB));
	user_close(&user);
	EXPECT_TRUE(dev_reset());
	EXPECT_TRUE(all_are(memory, 0x31, 2 * MIB));
	EXPECT_EQ(1, backend_count(self->node));
	munmap(memory, 2 * MIB);
	close(fd);
}

TEST_HARNESS_MAIN
