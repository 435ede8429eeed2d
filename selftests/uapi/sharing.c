// SPDX-License-Identifier: GPL-2.0-only
/*
 * One tenancy in many hands: descriptors, processes, and a mapping that is
 * moved, cut, protected, inherited, dumped and looked at by others.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define PAGE	4096
#define SIZE	(8 * MIB)

FIXTURE(tenancy) {
	struct user user;
	struct region region;
	struct hw_decoder hw;
	char *memory;
};

FIXTURE_SETUP(tenancy)
{
	unsigned int i;

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &self->region));
	self->hw = decoder_now(0);
	ASSERT_EQ(CTRL_COMMITTED, self->hw.ctrl & CTRL_COMMITTED);
	self->memory = map_congruent(&self->user, 0, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
	/* Each page says which it is */
	for (i = 0; i < SIZE / PAGE; i++)
		self->memory[i * PAGE] = i ^ i >> 8;
}

/* However the mapping was treated, the tenancy ends and the decoder stands */
FIXTURE_TEARDOWN(tenancy)
{
	struct vfio_cxl_info info;
	struct hw_decoder now;

	munmap(self->memory, SIZE);
	user_close(&self->user);
	ASSERT_EQ(0, control_info(&info));
	EXPECT_FALSE(info.flags & VFIO_CXL_INFO_OPEN);
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_LIVE);
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&self->hw, &now));
}

static char mark(size_t offset)
{
	return offset / PAGE ^ offset / PAGE >> 8;
}

/* Page faults of this thread, as the kernel counts them */
static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);

	return usage.ru_minflt;
}

static bool is_open(void)
{
	struct vfio_cxl_info info;

	return !control_info(&info) && info.flags & VFIO_CXL_INFO_OPEN;
}

static int device_fd(const struct user *user)
{
	return ioctl(user->group, VFIO_GROUP_GET_DEVICE_FD, dev_bdf());
}

/* The exit code of a child that runs @call */
#define in_child(call)							\
({									\
	pid_t _pid = fork();						\
	int _status = -1;						\
									\
	if (!_pid)							\
		_exit(call);						\
	waitpid(_pid, &_status, 0);					\
	WIFEXITED(_status) ? WEXITSTATUS(_status) : -WTERMSIG(_status);	\
})

/* ---- descriptors and processes ---- */

/* All descriptors are one tenancy, which the last one ends */
TEST_F(tenancy, second_descriptor)
{
	struct user second = self->user;
	__u32 hdm = comp_hdm(&self->user), base;
	int copy;

	second.device = device_fd(&self->user);
	ASSERT_LE(0, second.device);
	copy = dup(self->user.device);
	ASSERT_LE(0, copy);

	comp_write(&second, hdm + 0x10, 0x40000000);
	EXPECT_EQ(0x40000000, comp_read(&self->user, hdm + 0x10));
	EXPECT_EQ(0, touch(self->memory, true));

	munmap(self->memory, SIZE);
	close(self->user.device);
	EXPECT_TRUE(is_open());
	close(second.device);
	EXPECT_TRUE(is_open());
	second.device = copy;
	base = comp_read(&second, hdm + 0x10);
	EXPECT_EQ(0x40000000, base);
	close(copy);
	EXPECT_FALSE(is_open());

	/* And the next one is another tenancy */
	self->user.device = device_fd(&self->user);
	ASSERT_LE(0, self->user.device);
	EXPECT_EQ(0, comp_read(&self->user, hdm + 0x10));
}

static int open_again(void)
{
	struct user other;

	return -user_open(&other);
}

/* Another process is refused, and leaves no trace */
TEST_F(tenancy, second_process)
{
	__u32 hdm = comp_hdm(&self->user);
	unsigned int i;
	long before;

	comp_write(&self->user, hdm + 0x10, 0x50000000);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(EBUSY, in_child(open_again()));
	EXPECT_EQ(0x50000000, comp_read(&self->user, hdm + 0x10));
	/* The gate was not closed: all is mapped still */
	before = faults();
	for (i = 0; i < SIZE; i += 2 * MIB)
		EXPECT_EQ(0, touch(self->memory + i, false));
	EXPECT_GT(SIZE / (2 * MIB), faults() - before);
}

static int child_holds(struct user *user, char *memory, int go)
{
	char byte, *own;

	if (memory[PAGE] != mark(PAGE))
		return 1;
	own = map_congruent(user, 0, MIB);
	if (own == MAP_FAILED || own[PAGE] != mark(PAGE))
		return 2;
	user_close(user);
	/* Now the parent has let go of everything */
	if (read(go, &byte, 1) != 1)
		return 3;
	memory[0] = 0x11;
	if (own[0] != 0x11 || memory[5 * PAGE] != mark(5 * PAGE))
		return 4;
	if (!is_open())
		return 5;

	return 0;
}

/* The parent goes, the child stays: the tenancy is the mapping's too */
TEST_F(tenancy, child_outlives_the_parent)
{
	int go[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid)
		_exit(child_holds(&self->user, self->memory, go[0]));
	munmap(self->memory, SIZE);
	user_close(&self->user);
	usleep(100000);
	EXPECT_TRUE(is_open());
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(is_open());
	close(go[0]);
	close(go[1]);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);

	return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * Open, look, use, seal, close; again and again, but at least once. Returns how
 * often that went well, or the negative number of what did not.
 */
static int tenant(double until)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	struct user user;
	int count = 0, ret;
	char *memory;
	__u32 hdm;

	while (!count || now() < until) {
		ret = user_open(&user);
		if (ret == -EBUSY) {
			usleep(2000);
			continue;
		}
		if (ret)
			return -1;
		hdm = comp_hdm(&user);
		/* Nothing of the tenant before */
		if (comp_read(&user, hdm + 0x10) ||
		    comp_read(&user, hdm + 0x20) & CTRL_LOCK)
			return -2;
		memory = map_congruent(&user, 0, 2 * MIB);
		if (memory == MAP_FAILED || touch(memory + count * 64, true))
			return -3;
		comp_write(&user, hdm + 0x10, 0x60000000);
		comp_write(&user, hdm + 0x20, CTRL_COMMIT | CTRL_LOCK);
		if (ioctl(user.device, VFIO_CXL_INFO, &info) ||
		    !(info.flags & VFIO_CXL_INFO_SEALED))
			return -4;
		info = (struct vfio_cxl_info){ .argsz = sizeof(info) };
		/* Either may be the last to hold it */
		if (count & 1)
			munmap(memory, 2 * MIB);
		user_close(&user);
		if (!(count & 1))
			munmap(memory, 2 * MIB);
		count++;
	}

	return count;
}

/* Processes take turns as fast as they can */
TEST_F(tenancy, storm_of_processes)
{
	double until = now() + 2;
	int i, status, total = 0;

	munmap(self->memory, SIZE);
	user_close(&self->user);
	for (i = 0; i < 3; i++) {
		if (!fork()) {
			status = tenant(until);
			_exit(status < 0 ? 200 - status : status);
		}
	}
	for (i = 0; i < 3; i++) {
		ASSERT_LT(0, wait(&status));
		ASSERT_TRUE(WIFEXITED(status));
		EXPECT_GT(200, WEXITSTATUS(status));
		total += WEXITSTATUS(status);
	}
	EXPECT_LE(3, total);
}

struct opener {
	struct user user;
	double until;
	int opened;
	int failed;
};

static void *opener(void *arg)
{
	struct opener *me = arg;
	struct vfio_cxl_info info;
	__u32 header;

	do {
		me->user.device = device_fd(&me->user);
		if (me->user.device < 0) {
			me->failed++;
			continue;
		}
		me->opened++;
		/* Whoever opened it: the tenancy is whole */
		info = (struct vfio_cxl_info){ .argsz = sizeof(info) };
		if (ioctl(me->user.device, VFIO_CXL_INFO, &info) ||
		    info.flags != (info.flags | VFIO_CXL_INFO_LIVE |
				   VFIO_CXL_INFO_OPEN) ||
		    pread(me->user.device, &header, 4, 10ULL << 40) != 4 ||
		    !header)
			me->failed++;
		close(me->user.device);
	} while (now() < me->until);

	return NULL;
}

/* Threads of one process: first opens against last closes */
TEST_F(tenancy, storm_of_threads)
{
	struct opener openers[4] = {};
	pthread_t threads[4];
	unsigned int i;

	munmap(self->memory, SIZE);
	close(self->user.device);
	for (i = 0; i < 4; i++) {
		openers[i].user = self->user;
		openers[i].until = now() + 2;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, opener,
					    &openers[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_LT(0, openers[i].opened);
		EXPECT_EQ(0, openers[i].failed);
	}
	self->user.device = -1;
}

/* No second kind of descriptor: one for reading only would make copies */
TEST_F(tenancy, read_only_descriptor)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->user.device);
	EXPECT_EQ(-1, open(path, O_RDONLY));
}

/* ---- what may be done to a mapping ---- */

/* A private mapping would be a copy of device memory in ordinary pages */
TEST_F(tenancy, private_mappings)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, prots[i], MAP_PRIVATE,
					   self->user.device,
					   self->region.offset));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * MIB, prots[i],
					   MAP_PRIVATE | MAP_POPULATE,
					   self->user.device,
					   self->region.offset));
		EXPECT_EQ(EINVAL, errno);
	}
}

TEST_F(tenancy, mremap_moves)
{
	char *place, *moved;
	long before;
	size_t i;

	place = mmap(NULL, SIZE + 4 * MIB, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, place);
	/* Congruent to nothing, so that no large page fits any more */
	moved = (char *)(((unsigned long)place + 2 * MIB) & -(2 * MIB)) + PAGE;
	ASSERT_EQ(moved, mremap(self->memory, SIZE, SIZE,
				MREMAP_MAYMOVE | MREMAP_FIXED, moved));
	EXPECT_EQ(SIGSEGV, touch(self->memory, false));
	self->memory = moved;
	for (i = 0; i < SIZE; i += PAGE)
		ASSERT_EQ(mark(i), moved[i]);

	before = faults();
	for (i = 0; i < SIZE; i += MIB)
		ASSERT_EQ(0, touch(moved + i, false));
	EXPECT_GT(SIZE / MIB, faults() - before);
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	before = faults();
	for (i = 0; i < SIZE; i += MIB)
		ASSERT_EQ(mark(i), moved[i]);
	EXPECT_LE(SIZE / MIB, faults() - before);
}

/* What was checked at mmap can't grow past it, nor be doubled */
TEST_F(tenancy, mremap_grows)
{
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, SIZE, 2 * SIZE, 0));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, SIZE, 2 * SIZE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, SIZE, 1UL << 40,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, 0, SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, SIZE, SIZE,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
	EXPECT_EQ(0, touch(self->memory + SIZE - 1, true));
	/* Smaller is fine */
	EXPECT_EQ(self->memory, mremap(self->memory, SIZE, MIB, 0));
	EXPECT_EQ(0, touch(self->memory + MIB - 1, true));
	EXPECT_EQ(SIGSEGV, touch(self->memory + MIB, true));
}

/* The old call that changes a mapping's file offset goes through our checks */
TEST_F(tenancy, remap_file_pages)
{
	__u64 size = self->region.size;
	const struct {
		__u64 offset;
		bool fits;
	} cases[] = {
		{ self->region.offset + 2 * MIB, true },
		{ self->region.offset + size - SIZE, true },
		{ self->region.offset + size - SIZE + PAGE, false },
		{ self->region.offset + size, false },
		{ self->region.offset + (1ULL << 40) - PAGE, false },
		{ 0, false },			/* BAR 0 */
		{ 2ULL << 40, false },
		{ 7ULL << 40, false },
		{ 10ULL << 40, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		__u64 offset = cases[i].offset;

		EXPECT_EQ(-!cases[i].fits,
			  syscall(SYS_remap_file_pages, self->memory, SIZE, 0,
				  offset / PAGE, 0))
			TH_LOG("%#llx", offset);
	}
}

TEST_F(tenancy, mprotect)
{
	char *m = self->memory;
	unsigned int i;

	/* Parts of large pages, and back; a reset in between changes nothing */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mprotect(m + MIB, PAGE, PROT_READ));
		ASSERT_EQ(0, mprotect(m + 2 * MIB, 2 * MIB, PROT_NONE));
		EXPECT_EQ(0, touch(m + MIB, false));
		EXPECT_EQ(SIGSEGV, touch(m + MIB, true));
		EXPECT_EQ(0, touch(m + MIB + PAGE, true));
		EXPECT_EQ(SIGSEGV, touch(m + 2 * MIB, false));
		EXPECT_EQ(SIGSEGV, touch(m + 4 * MIB - 1, false));
		EXPECT_EQ(0, touch(m + 4 * MIB, true));
		EXPECT_EQ(mark(MIB), m[MIB]);
		EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	}
	ASSERT_EQ(0, mprotect(m, SIZE, PROT_READ));
	EXPECT_EQ(mark(3 * MIB), m[3 * MIB]);
	EXPECT_EQ(SIGSEGV, touch(m + 3 * MIB, true));
	ASSERT_EQ(0, mprotect(m, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, touch(m + 3 * MIB, true));
	EXPECT_EQ(0, touch(m + MIB, true));
}

/* A page that came by a read is written next, by pages of each size */
TEST_F(tenancy, read_then_write)
{
	char *small;

	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, touch(self->memory, false));
	EXPECT_EQ(0, touch(self->memory + PAGE, true));
	small = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     self->user.device, self->region.offset + 3 * PAGE);
	ASSERT_NE(MAP_FAILED, small);
	EXPECT_EQ(mark(3 * PAGE), *small);
	EXPECT_EQ(0, touch(small, true));
	EXPECT_EQ(0x5a, self->memory[3 * PAGE]);
	munmap(small, PAGE);
}

/* Whatever the mapping was cut into: a reset takes every piece away */
TEST_F(tenancy, pieces_and_reset)
{
	static const size_t pieces[] = {
		0, PAGE, MIB - PAGE, MIB + PAGE, 2 * MIB, 3 * MIB, 4 * MIB,
		6 * MIB, SIZE - PAGE,
	};
	char *m = self->memory;
	unsigned int i, j;
	long before;

	ASSERT_EQ(0, munmap(m + MIB, PAGE));
	ASSERT_EQ(0, mprotect(m + 2 * MIB, MIB, PROT_READ));
	ASSERT_EQ(0, madvise(m + 4 * MIB, MIB, MADV_DONTFORK));
	/* The same bytes once more, in the middle of the others */
	ASSERT_EQ(m + 6 * MIB, mmap(m + 6 * MIB, MIB, PROT_READ,
				    MAP_SHARED | MAP_FIXED, self->user.device,
				    self->region.offset + 6 * MIB));
	for (i = 0; i < 2; i++) {
		for (j = 0; j < ARRAY_SIZE(pieces); j++)
			ASSERT_EQ(mark(pieces[j]), m[pieces[j]]);
		EXPECT_EQ(SIGSEGV, touch(m + MIB, false));
		before = faults();
		for (j = 0; j < ARRAY_SIZE(pieces); j++)
			ASSERT_EQ(mark(pieces[j]), m[pieces[j]]);
		EXPECT_GT(ARRAY_SIZE(pieces), faults() - before);

		ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
		/* One fault at least for each 2 MiB and for each odd piece */
		for (j = 0; j < ARRAY_SIZE(pieces); j++) {
			if (pieces[j] % (2 * MIB) && pieces[j] != 3 * MIB)
				continue;
			before = faults();
			ASSERT_EQ(mark(pieces[j]), m[pieces[j]]);
			EXPECT_LT(before, faults())
				TH_LOG("still mapped at %#lx", pieces[j]);
		}
	}
}

/* ---- others look at it ---- */

static int traced_child(char *memory)
{
	if (memory[PAGE] != mark(PAGE) || ptrace(PTRACE_TRACEME, 0, 0, 0))
		return 1;
	raise(SIGSTOP);

	return memory[PAGE] == mark(PAGE) ? 0 : 2;
}

/*
 * Who can trace a process gets at its mapping only by running in it: there is
 * no way past the gate into the kernel's own mapping, or to the page frames.
 */
TEST_F(tenancy, from_another_process)
{
	char path[64], byte = 0x7e, *at = self->memory + PAGE;
	struct iovec mine = { &byte, 1 }, theirs = { at, 1 };
	int status, fd;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(traced_child(self->memory));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));

	EXPECT_EQ(-1, process_vm_readv(pid, &mine, 1, &theirs, 1, 0));
	EXPECT_EQ(-1, process_vm_writev(pid, &mine, 1, &theirs, 1, 0));
	errno = 0;
	EXPECT_EQ(-1, ptrace(PTRACE_PEEKDATA, pid, at, NULL));
	EXPECT_NE(0, errno);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, at, 0));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pread(fd, &byte, 1, (unsigned long)at));
	EXPECT_EQ(-1, pwrite(fd, &byte, 1, (unsigned long)at));
	close(fd);
	EXPECT_EQ(mark(PAGE), *at);

	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Advice may be refused; the bytes are the device's before and after */
TEST_F(tenancy, madvise)
{
	static const struct {
		const char *name;
		int advice;
		bool refused;
	} cases[] = {
		{ "NORMAL", MADV_NORMAL }, { "WILLNEED", MADV_WILLNEED },
		{ "DONTNEED", MADV_DONTNEED }, { "FREE", MADV_FREE, true },
		{ "REMOVE", MADV_REMOVE, true }, { "COLD", MADV_COLD },
		{ "PAGEOUT", MADV_PAGEOUT },
		{ "POPULATE_READ", 22 }, { "POPULATE_WRITE", 23 },
		{ "DONTNEED_LOCKED", 24 }, { "COLLAPSE", 25, true },
		{ "HUGEPAGE", MADV_HUGEPAGE }, { "NOHUGEPAGE", MADV_NOHUGEPAGE },
		{ "MERGEABLE", MADV_MERGEABLE },
		{ "WIPEONFORK", MADV_WIPEONFORK, true },
		{ "DODUMP", MADV_DODUMP, true },
		{ "GUARD_INSTALL", 102, true },
	};
	unsigned int i;
	size_t at;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ret = madvise(self->memory, SIZE, cases[i].advice);
		if (cases[i].refused)
			EXPECT_EQ(-1, ret)
				TH_LOG("MADV_%s", cases[i].name);
		for (at = 0; at < SIZE; at += MIB)
			ASSERT_EQ(mark(at), self->memory[at])
				TH_LOG("MADV_%s", cases[i].name);
	}

	ASSERT_EQ(0, madvise(self->memory, MIB, MADV_DONTFORK));
	EXPECT_EQ(SIGSEGV, in_child(touch(self->memory, false)));
	EXPECT_EQ(0, in_child(touch(self->memory + MIB, true)));
	EXPECT_EQ(-1, madvise(self->memory, MIB, MADV_DOFORK));
}

static bool proc_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	return file && fputs(text, file) >= 0 && !fclose(file);
}

static int dump_core(char *memory)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (memory[PAGE] != mark(PAGE) || setrlimit(RLIMIT_CORE, &limit) ||
	    !proc_write("/proc/self/coredump_filter", "0x1ff") ||
	    chdir("/tmp"))
		return 1;
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* A tenant's memory is not written to disk, and a dump need not touch it */
TEST_F(tenancy, core_dump)
{
	static const char pattern[] = "/proc/sys/kernel/core_pattern";
	char saved[256] = "", path[64];
	struct stat st;
	FILE *file;
	int status;
	pid_t pid;

	file = fopen(pattern, "r");
	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(saved, sizeof(saved), file));
	fclose(file);
	ASSERT_TRUE(proc_write(pattern, "/tmp/core-of-%p"));
	pid = fork();
	if (!pid)
		_exit(dump_core(self->memory));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(proc_write(pattern, saved));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(WCOREDUMP(status));
	snprintf(path, sizeof(path), "/tmp/core-of-%d", pid);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_LT(0, st.st_size);
	EXPECT_GT(SIZE, st.st_size);
	unlink(path);
}

TEST_HARNESS_MAIN
