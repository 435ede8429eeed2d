// SPDX-License-Identifier: GPL-2.0-only
/*
 * capacity: takes times of Dynamic Capacity, with a fabric manager that offers what
 * is asked for: see selftests/uapi/dc.h. Prints a line of JSON for each
 * measurement, for table_dc.py. The extents are the first of region 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dc.h"
#include "times.h"
#include "trace.h"

#define PAGE		4096UL
#define EXTENT		(2 * MIB)
#define PAGES		(EXTENT / PAGE)
/* Records for which the device's log has room, with some to spare */
#define IN_OFFER	8U
#define MAX_EXTENTS	64U
#define EXTENTS_HELD	"extents held (0: static memory)"

/* Looks at two words, in each call */
#define EMPTY		"vfio_cxl_dc_ready"

static uint64_t values[MAX_SAMPLES];
static struct dc dc;

static void print(const char *what, const char *by, unsigned int count,
		  const char *more, unsigned int n, double scale)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "\"what\":\"%s\",\"by\":\"%s\",\"count\":%u%s,", what, by, count,
		 more);
	print_samples(head, values, n, scale);
}

/* Offered with one tag, all in one offer */
static struct tag offer(unsigned int first, unsigned int count)
{
	struct piece pieces[IN_OFFER] = {};
	struct extent extents[IN_OFFER];
	struct tag tag = tag_new();
	unsigned int i;

	for (i = 0; i < count; i++)
		pieces[i] = (struct piece){
			.offset = (first + i) * EXTENT,
			.length = EXTENT,
			.tag = &tag,
		};
	if (!extents_offer(&dc, 0, pieces, count, extents))
		die("the manager's offer of %u extents did not come", count);

	return tag;
}

static void accept_tag(const struct tag *tag)
{
	if (dc_accept(dc.node, tag, VFIO_CXL_DC_REACH_DEVICE, &dc.answer))
		die("accept: %s (reason %u)", strerror(errno),
		    dc.answer.reason);
	if (dc_state(dc.node, tag) != VFIO_CXL_DC_COMMITTED)
		die("accepted, and not committed");
}

static void release_tag(const struct tag *tag)
{
	if (dc_release(dc.node, tag, VFIO_CXL_DC_DECIDE_FORCE, &dc.answer))
		die("release: %s (reason %u)", strerror(errno),
		    dc.answer.reason);
	if (dc_state(dc.node, tag) != VFIO_CXL_DC_RELEASED)
		die("not released");
}

/* The calls as a whole; the user's side of them too */
static void bench_decide(unsigned int count, unsigned int n)
{
	static uint64_t back[MAX_SAMPLES];
	struct vfio_cxl_dc_decide answer;
	struct tag tag;
	unsigned int i;
	uint64_t at;

	for (i = 0; i < n; i++) {
		tag = offer(0, count);
		at = ticks();
		dc_accept(dc.node, &tag, VFIO_CXL_DC_REACH_DEVICE, &answer);
		values[i] = ticks() - at;
		accept_tag(&tag);
		at = ticks();
		dc_release(dc.node, &tag, 0, &answer);
		back[i] = ticks() - at;
		release_tag(&tag);
	}
	print("accept, the call", "extents of 2 MiB of a tag", count, "", n,
	      tick_ns());
	memcpy(values, back, sizeof(values));
	print("release, the call", "extents of 2 MiB of a tag", count, "", n,
	      tick_ns());
}

/*
 * What the time goes into; what is left of the call's when these are taken away is
 * the driver's own. That is table_dc.py's to do: here tracing is in it.
 */
static const struct parts {
	const char *what;
	const char *function[5];
	const char *name[5];
} parts[] = {
	{ "accept",
	  { "vfio_cxl_mbox_command", "vfio_cxl_dc_flush",
	    "vfio_cxl_dc_publish" },
	  { "mailbox commands", "caches", "to make it reachable" },
	},
	{ "release",
	  { "vfio_cxl_mbox_command", "vfio_cxl_dc_flush",
	    "vfio_cxl_dc_unpublish", "vfio_cxl_dc_clear" },
	  { "mailbox commands", "caches", "to unmap it", "to clear it" },
	},
};

static void print_part(const char *what, const char *part, unsigned int count,
		       const uint64_t *ns, unsigned int n)
{
	char text[64];

	snprintf(text, sizeof(text), "%s: %s", what, part);
	memcpy(values, ns, n * sizeof(*ns));
	print(text, "extents of 2 MiB of a tag", count, "", n, 1);
}

static void bench_parts(const struct parts *p, unsigned int count,
			unsigned int n)
{
	static uint64_t ns[5][MAX_SAMPLES];
	struct tag tag;
	unsigned int i, f;

	trace_start(p->function, EMPTY);
	for (i = 0; i < n; i++) {
		tag = offer(0, count);
		if (p != parts)
			accept_tag(&tag);
		trace_clear();
		if (p == parts)
			accept_tag(&tag);
		else
			release_tag(&tag);
		for (f = 0; p->function[f]; f++)
			ns[f][i] = trace_ns(p->function[f]);
		if (p == parts)
			release_tag(&tag);
	}
	trace_stop();
	for (f = 0; p->function[f]; f++)
		print_part(p->what, p->name[f], count, ns[f], n);
}

/*
 * Memory
 */

/* Where no page fits but the smallest */
static volatile char *map_small(__u64 at, __u64 size)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	uintptr_t start;
	void *area;

	if (ioctl(dc.user.device, VFIO_CXL_INFO, &info))
		die("VFIO_CXL_INFO: %s", strerror(errno));
	area = mmap(NULL, size + 4 * EXTENT, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	start = ((uintptr_t)area + EXTENT - 1) & -EXTENT;
	start += ((info.map_offset + at) & (EXTENT - 1)) + PAGE;
	area = mmap((void *)start, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, dc.user.device,
		    dc.region.offset + at);
	if (area == MAP_FAILED)
		die("mmap: %s", strerror(errno));

	return area;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);

	return usage.ru_minflt + usage.ru_majflt;
}

/* The first touch of a page; it was one fault, of that page */
static uint64_t first_touch(volatile char *page)
{
	long before = faults();
	uint64_t at = ticks();

	(void)*page;
	at = ticks() - at;
	if (faults() != before + 1)
		die("the touch of a page was no fault, or several");

	return at;
}

static void touch_pages(volatile char *memory, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		first_touch(memory + i * PAGE);
}

static unsigned int hold(unsigned int first, unsigned int count,
			 struct tag *tags)
{
	unsigned int i, n = 0, some;

	for (i = 0; i < count; i += some) {
		some = count - i < IN_OFFER ? count - i : IN_OFFER;
		tags[n] = offer(first + i, some);
		accept_tag(&tags[n++]);
	}

	return n;
}

/* What is asked while they are held */
static void bench_ask(const struct tag *tag, unsigned int count, unsigned int n)
{
	struct vfio_cxl_dc_extent extents[MAX_EXTENTS];
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_list list;
	unsigned int i;
	uint64_t at;

	for (i = 0; i < n; i++) {
		at = ticks();
		if (dc_status(dc.node, tag, &status))
			die("VFIO_CXL_DC_STATUS: %s", strerror(errno));
		values[i] = ticks() - at;
	}
	print("status, the call", EXTENTS_HELD, count, "", n, tick_ns());
	for (i = 0; i < n; i++) {
		list = (struct vfio_cxl_dc_list){
			.argsz = sizeof(list),
			.room = MAX_EXTENTS,
			.extents = (uintptr_t)extents,
		};
		at = ticks();
		if (ioctl(dc.node, VFIO_CXL_DC_LIST, &list))
			die("VFIO_CXL_DC_LIST: %s", strerror(errno));
		values[i] = ticks() - at;
		if (list.count != count)
			die("%u of %u extents are listed", list.count, count);
	}
	print("list, the call", EXTENTS_HELD, count, "", n, tick_ns());
}

/* In as many extents, one after the other; or, of 0, in static memory */
static void bench_faults(unsigned int count, unsigned int n)
{
	struct tag tags[MAX_EXTENTS];
	unsigned int i, nr, in = count ? count : 1;
	volatile char *memory;
	__u64 at;

	nr = hold(0, count, tags);
	at = count ? dc.info.region[0].offset : 0;
	memory = map_small(at, in * EXTENT);
	for (i = 0; i < n; i++)
		values[i] = first_touch(memory + i % in * EXTENT +
					i / in * PAGE);
	print("fault, 4 KiB page", EXTENTS_HELD, count, "", n, tick_ns());
	munmap((void *)memory, in * EXTENT);
	if (count)
		bench_ask(&tags[nr / 2], count, n);
	for (i = 0; i < nr; i++)
		release_tag(&tags[i]);
}

/* With pages mapped, alone; or among four more, whose pages all are, in all of it */
static void bench_unmap(unsigned int pages, bool large, unsigned int n)
{
	static const char *const functions[] = { "vfio_cxl_dc_unpublish", NULL };
	struct tag tag, others;
	volatile char *memory;
	__u64 first = dc.info.region[0].offset, at = large ? 0 : first;
	__u64 size = large ? dc.region.size : EXTENT;
	unsigned int i;

	if (large)
		hold(1, 4, &others);
	memory = map_small(at, size);
	if (large)
		touch_pages(memory + first + EXTENT, 4 * PAGES);
	trace_start(functions, EMPTY);
	for (i = 0; i < n; i++) {
		hold(0, 1, &tag);
		touch_pages(memory + first - at, pages);
		trace_clear();
		release_tag(&tag);
		values[i] = trace_ns(functions[0]);
	}
	trace_stop();
	munmap((void *)memory, size);
	if (large)
		release_tag(&others);
	print(large ? "unmap an extent, of a mapping of all" :
		      "unmap an extent, mapped alone",
	      "pages of it that are mapped", pages, "", n, 1);
}

/*
 * The monitor
 */

static FILE *monitor_start(pid_t *child)
{
	const char *tool = getenv("VFIO_CXL");
	int ends[2];

	if (!tool || pipe2(ends, O_CLOEXEC))
		die("no pipe, or VFIO_CXL= is not set");
	*child = fork();
	if (!*child) {
		dup2(ends[1], STDOUT_FILENO);
		execl(tool, tool, "monitor", "--json", "--event", "PENDING",
		      dev_bdf(), NULL);
		_exit(127);
	}
	close(ends[1]);

	return fdopen(ends[0], "r");
}

/* It misses nothing from when it has joined the group on */
static bool monitor_listens(void)
{
	FILE *file = fopen("/proc/net/netlink", "r");
	unsigned int family, groups;
	bool found = false;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		found |= sscanf(line, "%*s %u %*s %x", &family, &groups) == 2 &&
			 family == 16 && groups;
	if (file)
		fclose(file);

	return found;
}

static uint64_t boottime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);

	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* From the entry of the log, made as the record is drained, to the line's reader */
static void bench_monitor(unsigned int n)
{
	unsigned long long then;
	char line[4096], *at;
	unsigned int i;
	struct tag tag;
	FILE *lines;
	pid_t child;
	uint64_t end;

	lines = monitor_start(&child);
	if (!within(SOON, monitor_listens()))
		die("the monitor does not listen");
	for (i = 0; i < n; i++) {
		struct piece piece = { 0, EXTENT, &tag };

		tag = tag_new();
		/* Nobody asks, so that only the monitor wakes up */
		if (!fm_add(0, &piece, 1) || !fgets(line, sizeof(line), lines))
			die("the monitor has no line for an offer");
		end = boottime_ns();
		at = strstr(line, "\"time\":");
		if (!strstr(line, tag.text) || !at ||
		    sscanf(at, "\"time\":%llu", &then) != 1)
			die("not the line of the offer: %s", line);
		values[i] = end - then;
		if (dc_reject(dc.node, &tag, &dc.answer))
			die("reject: %s", strerror(errno));
	}
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	print("from a record to the monitor's line", "extents of 2 MiB of a tag",
	      1, ",\"sleeps\":1", n, 1);
}

static unsigned int count(const char *text, unsigned int most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (*end || value > most)
		die("'%s' is not a number up to %u", text, most);

	return value;
}

static int usage(void)
{
	fputs("usage: DEV=BDF capacity decide EXTENTS N   accept and release\n"
	      "       DEV=BDF capacity parts EXTENTS N    what they consist of\n"
	      "       DEV=BDF capacity faults EXTENTS N   first touches\n"
	      "       DEV=BDF capacity unmap PAGES N      of an extent\n"
	      "       DEV=BDF capacity monitor N          until its line is there\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned int some, n;
	int ret;

	if (argc != (strcmp(what, "monitor") ? 4 : 3))
		return usage();
	memset(values, 1, sizeof(values));
	times_start();
	n = count(argv[argc - 1], MAX_SAMPLES);
	some = count(argv[2], PAGES);
	ret = dc_begin(&dc);
	if (ret)
		die("the device is not as it should be (step %d)", ret);
	if (!strcmp(what, "decide") && some <= IN_OFFER) {
		bench_decide(some, n);
	} else if (!strcmp(what, "parts") && some <= IN_OFFER) {
		bench_parts(&parts[0], some, n);
		bench_parts(&parts[1], some, n);
	} else if (!strcmp(what, "faults") && some <= MAX_EXTENTS) {
		bench_faults(some, n);
	} else if (!strcmp(what, "unmap")) {
		bench_unmap(some, false, n);
		bench_unmap(some, true, n);
	} else if (!strcmp(what, "monitor")) {
		bench_monitor(n);
	} else {
		ret = usage();
	}
	dc_end(&dc);

	return ret;
}
