// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail-nth for programs: see fault.h. System calls are stopped on their way to
 * the kernel, by seccomp, so that those of the C library count as well: what
 * stdio writes, what opendir() opens. ioctl(), pread() and pwrite() are
 * interposed instead, because a fake device behind this one may answer them, and
 * mmap(), which the C library also calls with all signals blocked.
 *
 * The heap has red zones: a bad free, or a write beyond the end, ends the
 * program.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "fault.h"

#ifndef __x86_64__
#error "the registers of a system call are those of x86-64 here"
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KIND(k)		(1U << FAULT_##k)
#define MEMORY		(KIND(ALLOC) | KIND(STARVE))

static struct fault_state own, *state = &own;
static int paused = 1;
static long live;

const struct fault_state *fault_state(void)
{
	return state;
}

long fault_live(void)
{
	return live;
}

void fault_pause(void)
{
	paused++;
}

void fault_resume(void)
{
	paused--;
}

void fault_arm(enum fault_kind kind, unsigned long n)
{
	*state = (struct fault_state){ .kind = kind, .n = n };
	paused = 0;
}

bool fault_disarm(void)
{
	paused = 1;
	return state->fired;
}

static const char *path_of(int fd);

/*
 * Does it go wrong here? @kinds: in which ways it could; @path or @fd: what it
 * is about, for the reader.
 */
static bool point(unsigned int kinds, const char *name, const char *path,
		  int fd)
{
	unsigned int now = 1U << state->kind;

	if (paused || !(kinds & now))
		return false;
	state->points++;
	if (state->points < state->n ||
	    (state->fired && !(now & (KIND(STARVE) | KIND(FULL)))))
		return false;
	if (!state->fired)
		snprintf(state->where, sizeof(state->where), "%s %s", name,
			 path ? path : fd >= 0 ? path_of(fd) : "");
	state->fired = true;
	return true;
}

/* The heap */

#define ALIVE	0x600dc0de600dc0deULL
#define DEAD	0xdeadc0dedeadc0deULL

struct head {
	size_t size;
	uint64_t mark;
};

static void bad_heap(const char *what)
{
	static const char text[] = "fault: bad heap: ";

	paused++;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, what, strlen(what)) < 0)
		abort();
	abort();
}

static uint64_t get_tail(const void *p, size_t size)
{
	uint64_t tail;

	memcpy(&tail, (const char *)p + size, sizeof(tail));
	return tail;
}

static void *new_block(size_t size, int fill)
{
	const uint64_t tail = ALIVE;
	struct head *head = NULL;

	paused++;
	if (size < PTRDIFF_MAX - 64)
		head = __libc_malloc(sizeof(*head) + size + sizeof(tail));
	paused--;
	if (!head) {
		errno = ENOMEM;
		return NULL;
	}
	live++;
	head->size = size;
	head->mark = ALIVE;
	memset(head + 1, fill, size);
	memcpy((char *)(head + 1) + size, &tail, sizeof(tail));
	return head + 1;
}

static struct head *check_block(void *p)
{
	struct head *head = (struct head *)p - 1;

	if (head->mark != ALIVE)
		bad_heap(head->mark == DEAD ? "freed twice\n" : "no block\n");
	if (get_tail(p, head->size) != ALIVE)
		bad_heap("written beyond the end\n");
	return head;
}

static bool no_memory(const char *name)
{
	if (!point(MEMORY, name, NULL, -1))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return no_memory("malloc") ? NULL : new_block(size, 0xa5);
}

void *calloc(size_t count, size_t size)
{
	if (__builtin_mul_overflow(count, size, &size))
		size = PTRDIFF_MAX;
	return no_memory("calloc") ? NULL : new_block(size, 0);
}

void free(void *p)
{
	struct head *head = p ? check_block(p) : NULL;
	int err = errno;

	if (!head)
		return;
	memset(p, 0xdb, head->size);
	head->mark = DEAD;
	live--;
	paused++;
	__libc_free(head);
	paused--;
	errno = err;
}

/* Always moves, so that who kept the old address is found out */
void *realloc(void *p, size_t size)
{
	struct head *head = p ? check_block(p) : NULL;
	void *more;

	if (no_memory("realloc"))
		return NULL;
	more = new_block(size, 0xa5);
	if (more && head) {
		memcpy(more, p, head->size < size ? head->size : size);
		free(p);
	}
	return more;
}

/* System calls, on their way to the kernel */

__asm__(".text\n"
	".type fault_syscall, @function\n"
	"fault_syscall:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	syscall\n"
	"fault_syscall_end:\n"
	"	ret\n");

static const char *path_of(int fd)
{
	static char path[200];
	char link[32];
	long n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = fault_syscall(SYS_readlink, link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

/* In one write or not at all, and on no disk */
static bool is_sysfs(int fd)
{
	return strstr(path_of(fd), "/sys/");
}

#define ANY	KIND(NOMEM)

enum how { PLAIN, PATH, PATH_AT, OPEN, READ, WRITE, CREATE, CLOSE };

static const struct call {
	int nr;
	const char *name;
	unsigned int kinds;
	enum how how;
} calls[] = {
	{ SYS_read, "read", ANY | KIND(EINTR) | KIND(SHORT), READ },
	{ SYS_write, "write",
	  ANY | KIND(EINTR) | KIND(SHORT) | KIND(FULL), WRITE },
	{ SYS_open, "open", ANY, PATH },
	{ SYS_openat, "openat", ANY, OPEN },
	{ SYS_close, "close", KIND(FULL), CLOSE },
	{ SYS_stat, "stat", ANY, PATH },
	{ SYS_fstat, "fstat", ANY, PLAIN },
	{ SYS_newfstatat, "fstatat", ANY, PATH_AT },
	{ SYS_statx, "statx", ANY, PATH_AT },
	{ SYS_access, "access", ANY, PATH },
	{ SYS_faccessat, "faccessat", ANY, PATH_AT },
	{ SYS_faccessat2, "faccessat2", ANY, PATH_AT },
	{ SYS_readlink, "readlink", ANY, PATH },
	{ SYS_readlinkat, "readlinkat", ANY, PATH_AT },
	{ SYS_getdents64, "getdents64", ANY, PLAIN },
	{ SYS_flock, "flock", ANY | KIND(EINTR), PLAIN },
	{ SYS_mkdir, "mkdir", ANY | KIND(FULL), CREATE },
	{ SYS_unlinkat, "unlinkat", ANY, PATH_AT },
	{ SYS_renameat, "renameat", ANY | KIND(FULL), PATH_AT },
};

#define NR_CALLS	ARRAY_SIZE(calls)

static unsigned int kinds_of(const struct call *c, const greg_t *r)
{
	unsigned int kinds = c->kinds;
	int fd = r[REG_RDI], flags;

	switch (c->how) {
	case READ:
		return r[REG_RDX] > 1 ? kinds : kinds & ~KIND(SHORT);
	case WRITE:
		/* Of what can't be told there is nothing to be told */
		if (fd == STDERR_FILENO)
			return 0;
		if (r[REG_RDX] < 2)
			kinds &= ~KIND(SHORT);
		return is_sysfs(fd) ? kinds & ~(KIND(SHORT) | KIND(FULL)) :
		       kinds;
	case OPEN:
		return r[REG_RDX] & O_CREAT ? kinds | KIND(FULL) : kinds;
	case CLOSE:
		flags = fault_syscall(SYS_fcntl, fd, F_GETFL);
		return flags < 0 || (flags & O_ACCMODE) == O_RDONLY ||
		       fd == STDERR_FILENO || is_sysfs(fd) ? 0 : kinds;
	default:
		return kinds;
	}
}

static bool goes_wrong(const struct call *c, const greg_t *r)
{
	const char *path = c->how == PATH || c->how == CREATE ?
			   (const char *)r[REG_RDI] :
			   c->how == PATH_AT || c->how == OPEN ?
			   (const char *)r[REG_RSI] : NULL;
	/* An fstat() is an fstatat() of nothing */
	bool named = path && *path;

	return point(kinds_of(c, r), c->name, named ? path : NULL,
		     named ? -1 : (int)r[REG_RDI]);
}

static long real(long nr, const greg_t *r)
{
	return fault_syscall(nr, r[REG_RDI], r[REG_RSI], r[REG_RDX],
			     r[REG_R10], r[REG_R8], r[REG_R9]);
}

static long fail(const struct call *c, greg_t *r, bool first)
{
	size_t len = r[REG_RDX];

	if (state->kind == FAULT_NOMEM)
		return -ENOMEM;
	if (state->kind == FAULT_EINTR)
		return -EINTR;
	if (c->how == CLOSE)
		real(c->nr, r);
	if (state->kind == FAULT_FULL &&
	    (c->how != WRITE || !first || len < 2))
		return -ENOSPC;
	r[REG_RDX] = state->kind == FAULT_SHORT ? 1 : len / 2;
	return real(c->nr, r);
}

static void on_syscall(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	int err = errno;
	size_t i;

	(void)number;
	for (i = 0; i < NR_CALLS; i++) {
		bool first = !state->fired;

		if (calls[i].nr != info->si_syscall)
			continue;
		if (goes_wrong(&calls[i], r))
			r[REG_RAX] = fail(&calls[i], r, first);
		else
			r[REG_RAX] = real(calls[i].nr, r);
		break;
	}
	errno = err;
}

/* Those of the table trap, unless they come from fault_syscall() */
static void trap_calls(void)
{
	const uint64_t end = (uintptr_t)fault_syscall_end;
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)end, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer) +
			 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, end >> 32, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_filter code[ARRAY_SIZE(head) + 2 * NR_CALLS + 1];
	struct sock_fprog prog = { .filter = code };
	struct sigaction action = {
		.sa_sigaction = on_syscall, .sa_flags = SA_SIGINFO,
	};
	size_t i;

	memcpy(code, head, sizeof(head));
	prog.len = ARRAY_SIZE(head);
	for (i = 0; i < NR_CALLS; i++) {
		code[prog.len++] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, 1);
		code[prog.len++] = (struct sock_filter)
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
	}
	code[prog.len++] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (sigaction(SIGSYS, &action, NULL) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog)) {
		perror("fault: seccomp");
		abort();
	}
}

/* What a fake device behind us may answer */

static int (*next_ioctl)(int fd, unsigned long request, void *arg);
static ssize_t (*next_pread)(int fd, void *buf, size_t len, off_t offset);
static ssize_t (*next_pwrite)(int fd, const void *buf, size_t len,
			      off_t offset);

static int failed(void)
{
	errno = state->kind == FAULT_NOMEM ? ENOMEM :
		state->kind == FAULT_EINTR ? EINTR : ENOSPC;
	return -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	char name[32];
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	snprintf(name, sizeof(name), "ioctl %#lx", request);
	/* It waits for the device, and a signal may end that */
	if (point(request == VFIO_GROUP_GET_DEVICE_FD ? ANY :
		  ANY | KIND(EINTR), name, NULL, fd))
		return failed();
	paused++;
	ret = next_ioctl(fd, request, arg);
	paused--;
	return ret;
}

/* A register is read and written whole */
static unsigned int transfer_kinds(size_t len)
{
	return ANY | KIND(EINTR) | (len > 8 ? KIND(SHORT) : 0);
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	ssize_t ret;

	if (point(transfer_kinds(len), "pread", NULL, fd)) {
		if (state->kind != FAULT_SHORT)
			return failed();
		len = 1;
	}
	paused++;
	ret = next_pread(fd, buf, len, offset);
	paused--;
	return ret;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	ssize_t ret;

	if (point(transfer_kinds(len), "pwrite", NULL, fd)) {
		if (state->kind != FAULT_SHORT)
			return failed();
		len = 1;
	}
	paused++;
	ret = next_pwrite(fd, buf, len, offset);
	paused--;
	return ret;
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	long ret = -ENOMEM;

	if (!point(ANY, "mmap", NULL, fd))
		ret = fault_syscall(SYS_mmap, addr, len, prot, flags, fd,
				    offset);
	if (ret >= 0 || ret < -4095)
		return (void *)ret;
	errno = -ret;
	return MAP_FAILED;
}

/* So that two runs differ in nothing but the fault */
int clock_gettime(clockid_t id, struct timespec *t)
{
	static unsigned long calls_so_far;

	(void)id;
	calls_so_far++;
	t->tv_sec = calls_so_far;
	t->tv_nsec = 0;
	return 0;
}

static void arm_from_environment(void)
{
	static const char *const names[] = FAULT_NAMES;
	const char *fd = getenv("FAULT_FD"), *what = getenv("FAULT");
	const char *colon = what ? strchr(what, ':') : NULL;
	enum fault_kind k;
	void *map;

	if (!fd || !colon)
		return;
	map = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED,
		   atoi(fd), 0);
	if (map == MAP_FAILED)
		abort();
	state = map;
	for (k = 0; k < FAULT_KINDS; k++)
		if (!strncmp(what, names[k], colon - what) &&
		    !names[k][colon - what])
			fault_arm(k, strtoul(colon + 1, NULL, 10));
}

__attribute__((constructor))
static void begin(void)
{
	next_ioctl = (int (*)(int, unsigned long, void *))
		dlsym(RTLD_NEXT, "ioctl");
	next_pread = (ssize_t (*)(int, void *, size_t, off_t))
		dlsym(RTLD_NEXT, "pread");
	next_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))
		dlsym(RTLD_NEXT, "pwrite");
	trap_calls();
	arm_from_environment();
}
