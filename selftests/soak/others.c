// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who else is there: users of tag descriptors; programs of the command, which are
 * killed; readers of changes, which don't read; and who has little memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"
#include "../uapi/dc.h"
#include "../uapi/genl.h"

#define CGROUP	"/run/soak-cgroup"
#define GROUP	CGROUP "/small"
#define LIMIT	"16M"
#define STALL	20		/* s, for which a reader does not read */

/*
 * Descriptors
 */

static void use(const struct vfio_cxl_dc_extent *e, int fd, char *memory, __u64 size)
{
	bool lent = e->flags & VFIO_CXL_DC_EXTENT_HOST;
	unsigned int i, n = any(lent ? 60 : 5);
	int ends[2] = { -1, -1 };
	__u64 start;

	if (lent && one_in(2)) {
		start = now_ns();
		tell(PINS_HELD, hold(memory, PAGE, ends) ? 0 : -EFAULT, 0, start);
	}
	for (i = 0; i < n && !is_over(); i++) {
		start = now_ns();
		tell(FAULTS_TAG, touch(memory + any(size / PAGE) * PAGE, one_in(2)) ?
		     -EFAULT : 0, 0, start);
		tag_poll(fd);
		doze(10);
	}
	/* Pinned it was given back, perhaps */
	let_go(ends);
}

/* The device's own is rare: as long nobody can open the device */
static bool any_tag(int node, struct vfio_cxl_dc_extent *e)
{
	return any_extent(node, VFIO_CXL_DC_COMMITTED, FOR_APPS, e) &&
	       (e->flags & VFIO_CXL_DC_EXTENT_HOST || one_in(4));
}

static void descriptor(int node)
{
	struct vfio_cxl_dc_extent e;
	__u64 start;
	char *memory;
	int fd;

	if (!any_tag(node, &e))
		return;
	start = now_ns();
	fd = tag_open_bytes(node, e.tag, 0);
	tell(DESCRIPTORS, fd < 0 ? fd : 0, tag_answer.reason, start);
	if (fd < 0)
		return;
	memory = tag_map(fd, PROT_READ | PROT_WRITE, e.length);
	if (memory != MAP_FAILED)
		use(&e, fd, memory, e.length);
}

/* Ends with all that it has, or is killed with it */
void step_descriptor(int node)
{
	pid_t pid = leader();

	if (!pid) {
		descriptor(node);
		_exit(0);
	}
	end_of(pid, one_in(4) ? any(200) : 30000);
	doze(100);
}

/*
 * Programs
 */

static void quiet(void)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
}

/* A program of the command's is killed, unless it has come to its end by then */
static void kill_soon(enum kind kind, char *const argv[])
{
	pid_t pid = leader();
	int status;

	if (!pid) {
		quiet();
		execv(argv[0], argv);
		_exit(127);
	}
	status = end_of(pid, any(1500));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		abort();
	tell(kind, WIFSIGNALED(status) ? 0 : -EBUSY, 0, now_ns());
}

void step_helper(int node)
{
	char *vfio_cxl = getenv("VFIO_CXL"), *dev = (char *)dev_bdf(), tag[37];
	char *const run[] = {
		vfio_cxl, "dc", "run", dev, tag, "--", "/bin/sleep", "1", NULL
	};
	char *const create[] = {
		vfio_cxl, "backend", "create", dev, tag, "--size", "4M", NULL
	};
	char *const monitor[] = { vfio_cxl, "monitor", dev, NULL };
	__u8 bytes[VFIO_CXL_DC_TAG_LEN] = {};
	struct vfio_cxl_dc_extent e;

	if (!vfio_cxl)
		abort();
	switch (turn(3)) {
	case 0:
		if (!any_tag(node, &e))
			break;
		tag_text(e.tag, tag);
		kill_soon(KILLED_RUNS, run);
		break;
	case 1:
		kill_soon(KILLED_MONITORS, monitor);
		break;
	case 2:
		tag_set(bytes, 32 + any(8));
		tag_text(bytes, tag);
		kill_soon(KILLED_CREATES, create);
		break;
	}
	doze(1000);
}

/*
 * Readers
 */

/* A fifth of the time at most */
static unsigned int stall_ms(void)
{
	unsigned int seconds = board->seconds / 5 < STALL ? board->seconds / 5 : STALL;

	return any(1000 * seconds);
}

static void stall(unsigned int ms)
{
	__u64 until = now_ns() + ms * 1000000ULL;

	__atomic_fetch_add(&board->stalled, 1, __ATOMIC_RELAXED);
	while (!is_over() && now_ns() < until)
		usleep(20000);
	__atomic_store_n(&board->stall_end, now_ns(), __ATOMIC_RELAXED);
	__atomic_fetch_sub(&board->stalled, 1, __ATOMIC_RELAXED);
	count(STALLS);
}

/* In order, and what is missing is told */
static void read_log(int node)
{
	struct vfio_cxl_dc_event e[64];
	__u64 next = 0;
	ssize_t n, i;

	while ((n = read(node, e, sizeof(e))) > 0)
		for (i = 0; i < n / (ssize_t)sizeof(*e); i++) {
			if (next && e[i].sequence != next + e[i].lost)
				tell(READ_LOG, -1000, 0, now_ns());
			next = e[i].sequence + 1;
			count(READ_LOG);
		}
	if (n < 0 && errno != EAGAIN)
		tell(READ_LOG, -errno, 0, now_ns());
}

static void read_netlink(int nl)
{
	struct netlink_change change;
	__u64 last = 0;
	int ret;

	while ((ret = netlink_change(nl, 0, &change)) != -ETIMEDOUT) {
		/* It was too slow, and is told so */
		if (ret == -ENOBUFS)
			continue;
		if (ret || (last && change.event.sequence <= last)) {
			tell(READ_NETLINK, -1000 + ret, 0, now_ns());
			break;
		}
		last = change.event.sequence;
		count(READ_NETLINK);
	}
}

static void reader(void)
{
	int node = control_open(), nl = netlink_open(), small = 4096;

	fcntl(node, F_SETFL, O_NONBLOCK);
	setsockopt(nl, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (node < 0 || nl < 0 || netlink_join(nl))
		abort();
	stall(stall_ms());
	read_log(node);
	read_netlink(nl);
}

/* Stalls, and reads then, or is dead. For a while there is none */
void step_reader(int node)
{
	pid_t pid = leader();
	int status;

	(void)node;
	if (!pid) {
		reader();
		_exit(0);
	}
	status = end_of(pid, turn(3) == 2 ? stall_ms() / 2 : 2000 * STALL);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		__atomic_store_n(&board->stall_end, now_ns(), __ATOMIC_RELAXED);
		__atomic_store_n(&board->stalled, 0, __ATOMIC_RELAXED);
		count(DEAD_READERS);
	} else if (status) {
		tell(DEAD_READERS, -1000 - status, 0, now_ns());
	}
	doze(2000);
}

/*
 * Little memory
 */

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);

	return done;
}

bool pressure_begin(void)
{
	mkdir(CGROUP, 0755);

	return !mount("none", CGROUP, "cgroup2", 0, NULL) &&
	       put(CGROUP "/cgroup.subtree_control", "+memory") &&
	       !mkdir(GROUP, 0755) && put(GROUP "/memory.max", LIMIT);
}

void pressure_end(void)
{
	within(SOON, !rmdir(GROUP));
	umount2(CGROUP, MNT_DETACH);
	rmdir(CGROUP);
}

/* Makes what is too large, and then is too large itself */
static void hungry(int node)
{
	__u64 start = now_ns();
	int fd = backend_create(node, 48 + any(4), 12 * MIB);
	char *memory;
	size_t at;

	if (fd == -ENOMEM)
		tell(NO_MEMORY, 0, 0, start);
	else
		tell(CREATES, fd < 0 ? fd : 0, backend_why, start);
	if (turn(2))
		return;
	descriptor(node);
	memory = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (at = 0; at < 32 * MIB; at += PAGE)
		memory[at] = 1;
	abort();
}

void step_pressure(int node)
{
	pid_t pid = leader();
	int status;

	if (!pid) {
		if (!put(GROUP "/cgroup.procs", "0"))
			abort();
		hungry(node);
		_exit(0);
	}
	status = end_of(pid, 60000);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		count(OUT_OF_MEMORY);
	else if (status)
		tell(OUT_OF_MEMORY, -1000 - status, 0, now_ns());
	if (one_in(2))
		backend_destroy(node, 48 + any(4));
	doze(500);
}
