// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench: takes times of one thing, on one way to memory, and prints them all as
 * a line of JSON. Which driver has the device is the caller's business (see
 * measure); what the times mean together is table.py's.
 *
 * Nothing is changed in the memory: faults are reads, and a touch writes what
 * it read. It must be memory, and nobody else's, all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"
#include "times.h"

#define KIB		1024UL
#define LINE		64
#define WAIT_NS		10000000000ULL

/* What is timed in a row of events; only the first where there is one */
enum column {
	FIRST,
	OPEN_CLOSE = FIRST,
	OPEN,
	TOUCH,
	CLOSE,
	NR_COLUMNS,
};

/* Never grown, so that no fault of the program's own is among the counted */
static struct {
	uint64_t ticks[NR_COLUMNS][MAX_SAMPLES];
	uint64_t cpu[NR_COLUMNS][MAX_SAMPLES];
	unsigned int n;
} samples;

/* What sleeps is timed twice: what passed, and what of it was work */
struct moment {
	uint64_t ticks;
	uint64_t cpu;
};

static struct moment now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (struct moment) { ticks(),
				 t.tv_sec * 1000000000ULL + t.tv_nsec };
}

static void note(enum column column, struct moment start)
{
	struct moment end = now();

	samples.ticks[column][samples.n] = end.ticks - start.ticks;
	samples.cpu[column][samples.n] = end.cpu - start.cpu;
}

static void print_values(const char *what, const char *side, const char *more,
			 const uint64_t *values, double scale)
{
	char head[256];

	snprintf(head, sizeof(head), "\"what\":\"%s\",\"side\":\"%s\"%s,",
		 what, side, more);
	print_samples(head, values, samples.n, scale);
}

static void print(const char *what, const char *side, const char *more)
{
	print_values(what, side, more, samples.ticks[FIRST], tick_ns());
}

static void print_both(const char *what, const char *side, enum column column)
{
	print_values(what, side, "", samples.ticks[column], tick_ns());
	print_values(what, side, ",\"cpu\":1", samples.cpu[column], 1);
}

/* A way to memory: decoder 0's region, a BAR, or device-dax */
struct place {
	const char *side;
	struct user user;
	int fd;
	off_t offset;		/* of the memory in fd */
	size_t size;
	uint64_t phase;		/* physical address modulo 1 GiB */
};

static uint64_t number_in(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	return strtoull(text, NULL, 0);
}

static void place_dax(struct place *place, const char *name)
{
	uint64_t end = now_ns() + WAIT_NS;
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/size", name);
	place->size = number_in(path);
	snprintf(path, sizeof(path), "/dev/%s", name);
	/* The node is there before the driver, which may still be binding */
	while ((place->fd = open(path, O_RDWR | O_CLOEXEC)) < 0) {
		if (errno != ENXIO || now_ns() > end)
			die("%s: %s", path, strerror(errno));
		sched_yield();
	}
	place->side = "device-dax";
}

/* What a client asks before it can map */
static void place_region(struct place *place, const char *name)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	struct region region;
	int ret;

	if (!strcmp(name, "hdm")) {
		ret = user_find(&place->user,
				VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &region);
		if (!ret && ioctl(place->user.device, VFIO_CXL_INFO, &info))
			ret = -errno;
		place->phase = info.map_offset;
	} else {
		ret = user_region(&place->user, atoi(name + strlen("bar:")),
				  &region);
	}
	if (ret)
		die("%s: %s: %s", dev_bdf(), name, strerror(-ret));
	place->offset = region.offset;
	place->size = region.size;
}

static void place_user(struct place *place, const char *name)
{
	int ret = user_open(&place->user);

	if (ret)
		die("%s: can't be opened: %s", dev_bdf(), strerror(-ret));
	place->fd = place->user.device;
	place->side = strcmp(name, "hdm") ? "vfio-pci" : "vfio-cxl";
}

/* NAME: hdm, bar:N, dax:NAME */
static void place_open(struct place *place, const char *name)
{
	memset(place, 0, sizeof(*place));
	if (!strncmp(name, "dax:", 4)) {
		place_dax(place, name + 4);
		return;
	}
	if (strcmp(name, "hdm") && strncmp(name, "bar:", 4))
		die("'%s' is not hdm, bar:N or dax:NAME", name);
	place_user(place, name);
	place_region(place, name);
}

struct map {
	void *area;
	size_t reserved;
	volatile char *at;
	size_t size;
};

/*
 * Map so that pages of @page fit and none that are larger: congruent with the
 * physical address modulo the one, not modulo the next.
 */
static void map(struct map *map, const struct place *place, size_t page,
		size_t size)
{
	uintptr_t start;

	map->size = size;
	map->reserved = size + 2 * GIB;
	map->area = mmap(NULL, map->reserved, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map->area == MAP_FAILED)
		die("address space: %s", strerror(errno));
	start = (uintptr_t)map->area;
	start += (place->phase - start) & (GIB - 1);
	if (page < GIB)
		start += page;
	map->at = mmap((void *)start, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, place->fd, place->offset);
	if (map->at == MAP_FAILED)
		die("%s: mmap of %zu bytes: %s", place->side, size,
		    strerror(errno));
}

static void unmap(struct map *map)
{
	munmap(map->area, map->reserved);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* As asked for, or the times are of something else */
static void check_faults(const struct place *place, size_t page, long got,
			 long want)
{
	if (got != want)
		die("%s: %ld faults instead of %ld: the pages are not of %zu KiB",
		    place->side, got, want, page / KIB);
}

/* Time the first touch of each page; returns how many */
static unsigned int fault_pages(const struct place *place, size_t page,
				unsigned int max)
{
	size_t size = place->size < GIB ? place->size : GIB, at;
	unsigned int n = size / page, i;
	struct map m;
	long before;
	uint64_t t;

	if (!n)
		die("%s: there is no room for a page of %zu KiB", place->side,
		    page / KIB);
	if (n > max)
		n = max;
	map(&m, place, page, size);
	before = faults();
	for (i = 0; i < n; i++) {
		t = ticks();
		(void)m.at[i * page];
		samples.ticks[FIRST][samples.n + i] = ticks() - t;
	}
	check_faults(place, page, faults() - before, n);
	/* A smaller page would be found out by the rest of it */
	for (at = 0; at < page; at += 4 * KIB)
		(void)m.at[at];
	check_faults(place, page, faults() - before, n);
	unmap(&m);

	return n;
}

static void bench_fault(const char *name, size_t page, unsigned int n)
{
	struct place place;
	char more[64];

	place_open(&place, name);
	while (samples.n < n)
		samples.n += fault_pages(&place, page, n - samples.n);
	snprintf(more, sizeof(more), ",\"page\":%zu", page);
	print("fault", place.side, more);
}

/* One word of each cache line, which moves the whole line */
static void touch_lines(volatile char *from, size_t size)
{
	volatile uint64_t *at = (volatile uint64_t *)from;
	volatile uint64_t *end = (volatile uint64_t *)(from + size);

	for (; at < end; at += LINE / sizeof(*at))
		*at = *at;
}

static void bench_touch(const char *name, size_t page, size_t size,
			unsigned int n)
{
	struct place place;
	char more[128];
	struct map m;
	long before;
	uint64_t t;

	place_open(&place, name);
	if (size > place.size)
		die("%s: has %zu bytes only", place.side, place.size);
	for (; samples.n < n; samples.n++) {
		map(&m, &place, page, size);
		before = faults();
		t = ticks();
		touch_lines(m.at, size);
		samples.ticks[FIRST][samples.n] = ticks() - t;
		check_faults(&place, page, faults() - before,
			     (size + page - 1) / page);
		unmap(&m);
	}
	snprintf(more, sizeof(more), ",\"page\":%zu,\"bytes\":%zu,\"faults\":%zu",
		 page, size, (size + page - 1) / page);
	print("touch", place.side, more);
}

/* 4 bytes by pread(): comp_regs, or config:OFFSET */
static void bench_read(const char *name, unsigned int n)
{
	bool config = !strncmp(name, "config:", 7);
	struct region region;
	struct place place;
	uint32_t value;
	uint64_t t;
	off_t at;
	int ret;

	place_user(&place, config ? name : "hdm");
	ret = config ? user_region(&place.user, VFIO_PCI_CONFIG_REGION_INDEX,
				   &region) :
		       user_find(&place.user, VFIO_CXL_REGION_SUBTYPE_COMP_REGS,
				 &region);
	if (ret)
		die("%s: %s: %s", dev_bdf(), name, strerror(-ret));
	/* Decoder 0's control, which a client polls after it set Commit */
	at = region.offset + (config ? strtoul(name + 7, NULL, 0) :
				       comp_hdm(&place.user) + 0x20);
	for (; samples.n < n; samples.n++) {
		t = ticks();
		if (pread(place.fd, &value, 4, at) != 4)
			die("%s: %s: %s", dev_bdf(), name, strerror(errno));
		samples.ticks[FIRST][samples.n] = ticks() - t;
	}
	print(config ? name : "comp_regs", place.side, "");
}

static void bench_open(const char *name, unsigned int n)
{
	struct place place;
	struct moment start;

	while (samples.n < n) {
		start = now();
		place_user(&place, name);
		user_close(&place.user);
		note(OPEN_CLOSE, start);
		samples.n++;
	}
	print_both("open and close", place.side, OPEN_CLOSE);
}

/* A user from open to close: until open, until the first touch, the close */
static void cycle(const char *name, struct place *place)
{
	struct moment start;
	struct map m;

	memset(place, 0, sizeof(*place));
	start = now();
	place_user(place, name);
	note(OPEN, start);
	place_region(place, name);
	map(&m, place, place->size < GIB ? 2 * MIB : GIB, place->size);
	(void)m.at[0];
	note(TOUCH, start);

	start = now();
	unmap(&m);
	user_close(&place->user);
	note(CLOSE, start);
	samples.n++;
}

static void bench_mapped(const char *name, unsigned int n)
{
	struct place place;

	while (samples.n < n)
		cycle(name, &place);
	print_both("open", place.side, OPEN);
	print_both("open to first touch", place.side, TOUCH);
	print_both("close after a touch", place.side, CLOSE);
}

static void program(void)
{
	struct vfio_cxl_decoder_program program = {};
	int ret = control_program(&program);

	if (ret)
		die("%s: decoder 0 can't be programmed: %s (reason %u %s)",
		    dev_bdf(), strerror(-ret), program.reason,
		    program.element);
}

/* From a device without memory, as a region is made from one */
static void bench_program(unsigned int n)
{
	struct vfio_cxl_decoder_clear clear;
	struct moment start, programmed;
	struct place place;
	int ret;

	while (samples.n < n) {
		start = now();
		program();
		programmed = now();
		cycle("hdm", &place);
		samples.ticks[TOUCH][samples.n - 1] +=
			programmed.ticks - start.ticks;
		samples.cpu[TOUCH][samples.n - 1] += programmed.cpu - start.cpu;
		memset(&clear, 0, sizeof(clear));
		ret = control_clear(&clear);
		if (ret)
			die("%s: decoder 0 can't be cleared: %s", dev_bdf(),
			    strerror(-ret));
	}
	print_both("from nothing to first touch", place.side, TOUCH);
}

static void step_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("%s: writing '%s': %s", path, value, strerror(errno));
	close(fd);
}

static void step_wait(const char *path)
{
	uint64_t end = now_ns() + WAIT_NS;

	while (access(path, F_OK)) {
		if (now_ns() > end)
			die("%s did not appear", path);
		sched_yield();
	}
}

/*
 * "write PATH VALUE" and "wait PATH" in lines of standard input, which make a
 * device-dax of the memory; then open, map, touch.
 */
static void bench_steps(const char *name)
{
	static char lines[64][3][128];
	unsigned int n = 0, i;
	struct place place;
	char text[400];
	struct moment start;
	struct map m;

	for (; n < 64 && fgets(text, sizeof(text), stdin); n++)
		if (sscanf(text, "%127s %127s %127s", lines[n][0], lines[n][1],
			   lines[n][2]) < 2)
			die("not a step: %s", text);

	start = now();
	for (i = 0; i < n; i++)
		if (!strcmp(lines[i][0], "write"))
			step_write(lines[i][1], lines[i][2]);
		else
			step_wait(lines[i][1]);
	place_open(&place, name);
	map(&m, &place, 2 * MIB, place.size);
	(void)m.at[0];
	note(TOUCH, start);
	samples.n++;
	print_both("from nothing to first touch", place.side, TOUCH);
}

static size_t count(const char *text)
{
	char *end;
	size_t value = strtoul(text, &end, 0);

	if (!value || *end)
		die("'%s' is not a number", text);
	return value;
}

static unsigned int repeats(const char *text)
{
	size_t value = count(text);

	if (value > MAX_SAMPLES)
		die("%zu times: %u at most", value, MAX_SAMPLES);
	return value;
}

static int usage(void)
{
	fputs("usage: DEV=BDF bench program                  program decoder 0\n"
	      "       DEV=BDF bench fault PLACE PAGE N       first touches\n"
	      "       DEV=BDF bench touch PLACE PAGE BYTES N all of it\n"
	      "       DEV=BDF bench read comp_regs|config:OFFSET N\n"
	      "       DEV=BDF bench open PLACE N             open and close\n"
	      "       DEV=BDF bench mapped PLACE N           open, map, close\n"
	      "       DEV=BDF bench programmed N             program, open, map\n"
	      "       bench steps dax:NAME <STEPS            make it, open, map\n"
	      "PLACE: hdm, bar:N, dax:NAME\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char **arg = argv + 2;

	memset(&samples, 1, sizeof(samples));
	samples.n = 0;
	times_start();

	if (!strcmp(what, "program") && argc == 2)
		program();
	else if (!strcmp(what, "fault") && argc == 5)
		bench_fault(arg[0], count(arg[1]), repeats(arg[2]));
	else if (!strcmp(what, "touch") && argc == 6)
		bench_touch(arg[0], count(arg[1]), count(arg[2]),
			    repeats(arg[3]));
	else if (!strcmp(what, "read") && argc == 4)
		bench_read(arg[0], repeats(arg[1]));
	else if (!strcmp(what, "open") && argc == 4)
		bench_open(arg[0], repeats(arg[1]));
	else if (!strcmp(what, "mapped") && argc == 4)
		bench_mapped(arg[0], repeats(arg[1]));
	else if (!strcmp(what, "programmed") && argc == 3)
		bench_program(repeats(arg[0]));
	else if (!strcmp(what, "steps") && argc == 3)
		bench_steps(arg[0]);
	else
		return usage();

	return 0;
}
