// SPDX-License-Identifier: GPL-2.0-only
/*
 * lent: takes times of host memory under a tag, on its way from its owner to who has
 * the VFIO device and back, and of touching it there beside a memfd. Prints a line of
 * JSON for each measurement, for table_dc.py.
 *
 *   lent MIB ROUNDS
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backend.h"
#include "lib.h"
#include "times.h"

#define PAGE		4096UL
#define HUGE		(2 * MIB)
#define LINE		64
#define MAX_ROUNDS	100

/* How it is mapped */
enum side {
	WINDOW,
	WINDOW_4K,
	TAG,
	MEMFD_HUGE,
	HUGETLB,
	MEMFD,
	SIDES,
};

static const char *const side_names[SIDES] = {
	"the window, 2 MiB pages", "the window, 4 KiB pages",
	"a tag, 2 MiB pages",
	"a memfd, 2 MiB pages", "a memfd of hugetlb, 2 MiB pages",
	"a memfd, 4 KiB pages",
};

enum call { CREATE, ADD, ACCEPT, RELEASE, OPEN, DESTROY, CALLS };

static const char *const call_names[CALLS] = {
	"create", "add", "accept", "release, all of it mapped", "open a tag",
	"destroy",
};

static uint64_t calls[CALLS][MAX_ROUNDS];
static uint64_t first[SIDES][MAX_ROUNDS], again[SIDES][MAX_ROUNDS];
static uint64_t whole[MAX_ROUNDS];

static unsigned long mib;
static size_t size;
static int node;
static struct user user;
static struct region window;

static void print(const char *what, const uint64_t *values, unsigned int n)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "\"what\":\"%s\",\"by\":\"MiB of host memory under a tag\",\"count\":%lu,",
		 what, mib);
	print_samples(head, values, n, tick_ns());
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);

	return usage.ru_minflt + usage.ru_majflt;
}

static void touch_lines(volatile uint64_t *memory)
{
	size_t i;

	for (i = 0; i < size / sizeof(*memory); i += LINE / sizeof(*memory))
		memory[i]++;
}

/* The first time a word of each page, then each line. The pages are of that size */
static void measure(char *memory, size_t page, uint64_t *once, uint64_t *more)
{
	long before = faults(), expected = size / page;
	volatile char *p;
	uint64_t at;

	at = ticks();
	/* A store: around a load the kernel would map more than was asked for */
	for (p = memory; p < memory + size; p += page)
		*p = 1;
	*once = ticks() - at;
	/* Some few are the program's own */
	before = faults() - before;
	if (before < expected || before > expected + 8)
		die("%ld faults for %ld pages of %zu KiB", before, expected,
		    page >> 10);
	touch_lines((uint64_t *)memory);
	at = ticks();
	touch_lines((uint64_t *)memory);
	*more = ticks() - at;
}

/* An address that is as far behind a 2 MiB page as @off says, and room for it all */
static char *room(size_t off)
{
	char *at = mmap(NULL, size + 2 * HUGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		die("no addresses: %s", strerror(errno));

	return (char *)(((uintptr_t)at + HUGE - 1) & -HUGE) + off;
}

static char *map(int fd, __u64 offset, size_t off)
{
	char *at = mmap(room(off), size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, offset);

	if (at == MAP_FAILED)
		die("mmap: %s", strerror(errno));

	return at;
}

/* Does a memfd get pages of 2 MiB by itself? */
static void transparent(bool huge)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
	FILE *file = fopen(path, "w");

	if (!file || fputs(huge ? "always" : "never", file) < 0 || fclose(file))
		die("%s: %s", path, strerror(errno));
}

/* Its memory is there before it is touched, as a backend's is */
static void measure_memfd(enum side side, unsigned int flags, size_t page,
			  unsigned int round)
{
	int fd;
	char *memory;

	transparent(side == MEMFD_HUGE);
	fd = memfd_create("bench", flags);
	if (fd < 0 || ftruncate(fd, size) || fallocate(fd, 0, 0, size))
		die("%s: %s", side_names[side], strerror(errno));
	/* What is allocated, but was never touched, is zeroed when it is */
	memory = map(fd, 0, 0);
	memset(memory, 1, size);
	munmap(memory, size);
	memory = map(fd, 0, 0);
	measure(memory, page, &first[side][round], &again[side][round]);
	munmap(memory, size);
	close(fd);
}

/* A call, its time, and what became of it */
static void call(enum call which, unsigned int round, int fd,
		 unsigned long command, void *arg)
{
	uint64_t at = ticks();
	int ret = ioctl(fd, command, arg);

	calls[which][round] = ticks() - at;
	if (ret)
		die("%s: %s", call_names[which], strerror(errno));
}

static void decide(enum call which, unsigned int round, int fd,
		   unsigned long command, const __u8 *tag, __u32 reach)
{
	struct vfio_cxl_dc_decide arg = { .argsz = sizeof(arg), .reach = reach };

	memcpy(arg.tag, tag, sizeof(arg.tag));
	call(which, round, fd, command, &arg);
	if (arg.flags & VFIO_CXL_DC_DECIDE_QUEUED)
		die("%s: only queued", call_names[which]);
}

/* The same memory, by a descriptor of its tag */
static void measure_tag(const __u8 *tag, unsigned int round)
{
	struct vfio_cxl_dc_add add = {
		.argsz = sizeof(add), .region = VFIO_CXL_DC_HOST_REGION,
	};
	struct vfio_cxl_dc_decide decide = {
		.argsz = sizeof(decide), .reach = VFIO_CXL_DC_REACH_APP,
	};
	struct vfio_cxl_dc_open open = { .argsz = sizeof(open) };
	char *memory;

	memcpy(add.tag, tag, sizeof(add.tag));
	memcpy(decide.tag, tag, sizeof(decide.tag));
	memcpy(open.tag, tag, sizeof(open.tag));
	if (ioctl(node, VFIO_CXL_DC_ADD, &add) ||
	    ioctl(node, VFIO_CXL_DC_ACCEPT, &decide))
		die("%s: %s", side_names[TAG], strerror(errno));
	call(OPEN, round, node, VFIO_CXL_DC_OPEN, &open);
	memory = map(open.fd, 0, 0);
	measure(memory, HUGE, &first[TAG][round], &again[TAG][round]);
	munmap(memory, size);
	close(open.fd);
	decide.reach = 0;
	if (ioctl(node, VFIO_CXL_DC_RELEASE, &decide))
		die("%s: %s", side_names[TAG], strerror(errno));
}

static void measure_window(unsigned int round)
{
	struct vfio_cxl_backend_create create = {
		.argsz = sizeof(create), .tag = { 1 }, .size = size,
	};
	struct vfio_cxl_backend_destroy destroy = {
		.argsz = sizeof(destroy), .tag = { 1 },
	};
	struct vfio_cxl_dc_add add = {
		.argsz = sizeof(add), .tag = { 1 },
		.region = VFIO_CXL_DC_HOST_REGION,
	};
	char *huge, *small;

	call(CREATE, round, node, VFIO_CXL_BACKEND_CREATE, &create);
	close(create.fd);
	if (create.huge != size)
		die("the host had no pages of 2 MiB for all of it");
	call(ADD, round, node, VFIO_CXL_DC_ADD, &add);
	decide(ACCEPT, round, user.device, VFIO_CXL_DC_ACCEPT, create.tag,
	       VFIO_CXL_DC_REACH_TENANT);
	small = map(user.device, window.offset, PAGE);
	measure(small, PAGE, &first[WINDOW_4K][round],
		&again[WINDOW_4K][round]);
	munmap(small, size);
	huge = map(user.device, window.offset, 0);
	measure(huge, HUGE, &first[WINDOW][round], &again[WINDOW][round]);
	decide(RELEASE, round, user.device, VFIO_CXL_DC_RELEASE, create.tag, 0);
	munmap(huge, size);
	measure_tag(create.tag, round);
	call(DESTROY, round, node, VFIO_CXL_BACKEND_DESTROY, &destroy);
	whole[round] = calls[ADD][round] + calls[ACCEPT][round] +
		       first[WINDOW][round] + calls[RELEASE][round];
}

static void configure(__u32 regions)
{
	struct vfio_cxl_dc_configure arg = {
		.argsz = sizeof(arg), .regions = regions,
		.size = regions ? size : 0,
	};

	if (ioctl(node, VFIO_CXL_DC_CONFIGURE, &arg))
		die("configure: %s (reason %u)", strerror(errno), arg.reason);
}

int main(int argc, char **argv)
{
	unsigned int i, rounds;
	char what[96];

	mib = argc == 3 ? strtoul(argv[1], NULL, 0) : 0;
	rounds = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	if (!mib || mib % 2 || !rounds || rounds > MAX_ROUNDS)
		die("usage: lent MIB ROUNDS, an even number, and 1 to %u",
		    MAX_ROUNDS);
	size = mib << 20;
	times_start();
	node = control_open();
	if (node < 0)
		die("no control node: %s", strerror(errno));
	configure(1);
	if (user_open(&user) ||
	    user_find(&user, VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW, &window))
		die("the device has no window for host memory");

	for (i = 0; i < rounds; i++) {
		measure_window(i);
		measure_memfd(MEMFD_HUGE, 0, HUGE, i);
		measure_memfd(HUGETLB, MFD_HUGETLB, HUGE, i);
		measure_memfd(MEMFD, 0, PAGE, i);
	}
	user_close(&user);
	configure(0);

	for (i = 0; i < CALLS; i++) {
		snprintf(what, sizeof(what), "call: %s", call_names[i]);
		print(what, calls[i], rounds);
	}
	print("add, accept, first touch, release", whole, rounds);
	for (i = 0; i < SIDES; i++) {
		snprintf(what, sizeof(what), "first touch of %s",
			 side_names[i]);
		print(what, first[i], rounds);
		snprintf(what, sizeof(what), "each line of %s",
			 side_names[i]);
		print(what, again[i], rounds);
	}

	return 0;
}
