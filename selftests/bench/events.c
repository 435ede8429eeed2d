// SPDX-License-Identifier: GPL-2.0-only
/*
 * events: how late a user learns of what the device has to tell, and what it costs
 * to look whether there is anything. The fabric manager is outside: see
 * selftests/uapi/dc.h. Prints a line of JSON for each measurement, for
 * table_events.py.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "dc.h"
#include "times.h"
#include "trace.h"

#define EXTENT		(2 * MIB)
/* Offers while nobody looks: the device's log has room for more */
#define AT_ONCE		4U
/* The longest wait of the driver's, and of a user for it */
#define IDLE_MS		1000U
#define WORK		"vfio_cxl_events_work"
/* Looks at two words, in each call of a user's */
#define EMPTY		"vfio_cxl_dc_ready"
/* Longer than from one look to the next, while somebody waits */
#define WINDOW_MS	110
#define STRING(x)	STRING_OF(x)
#define STRING_OF(x)	#x

/* Of one offer, in ns of CLOCK_BOOTTIME */
struct times {
	uint64_t asked;		/* the manager */
	uint64_t answered;	/* by it: the record is in the device's log */
	uint64_t drained;	/* the entry in the log of changes */
	uint64_t woken;
};

static uint64_t values[MAX_SAMPLES];
static struct times times[MAX_SAMPLES];
static struct dc dc;

static uint64_t boottime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);

	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void print(const char *what, const char *state, const char *unit,
		  unsigned int n)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "\"what\":\"%s\",\"state\":\"%s\",\"unit\":\"%s\",", what, state,
		 unit);
	print_samples(head, values, n, 1);
}

#define AT(moment)	offsetof(struct times, moment)

/* From one moment to another; 0 where they were the other way round */
static void print_span(const char *what, const char *state, size_t from,
		       size_t to, unsigned int n)
{
	uint64_t begin, end;
	unsigned int i;

	for (i = 0; i < n; i++) {
		begin = *(uint64_t *)((char *)&times[i] + from);
		end = *(uint64_t *)((char *)&times[i] + to);
		values[i] = end > begin ? end - begin : 0;
	}
	print(what, state, "ns", n);
}

/* Anywhere between two looks */
static void any_time(unsigned int ms)
{
	usleep(random() % (ms * 1000));
}

static void offer(struct tag *tag, unsigned int at, struct times *t)
{
	struct piece piece = { at * EXTENT, EXTENT, tag };

	*tag = tag_new();
	t->asked = boottime_ns();
	if (!fm_add(0, &piece, 1))
		die("the manager offers nothing");
	t->answered = boottime_ns();
}

/* Of the log of changes: when the offer of @tag became known */
static uint64_t entry_time(int node, const struct tag *tag)
{
	struct vfio_cxl_dc_event event;

	do {
		if (read(node, &event, sizeof(event)) != sizeof(event))
			die("reading the log of changes: %s", strerror(errno));
	} while (event.state != VFIO_CXL_DC_PENDING ||
		 memcmp(event.tag, tag->bytes, sizeof(event.tag)));

	return event.time;
}

static void reject(int node, const struct tag *tag)
{
	if (dc_reject(node, tag, &dc.answer))
		die("reject: %s", strerror(errno));
	if (!dc_becomes(node, tag, VFIO_CXL_DC_REJECTED, SOON))
		die("an offer is not rejected");
}

/* A call that does nothing else: nothing has such a tag */
static void look_at_once(void)
{
	struct tag tag = tag_new();

	if (!dc_reject(dc.user.device, &tag, &dc.answer) || errno != ENOENT)
		die("reject of no offer: %s", strerror(errno));
}

/* Somebody waits at @fd, and does or does not ask to look */
static void take_woken(int fd, bool ask, unsigned int poll_ms, unsigned int n)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char rest[4096];
	unsigned int i;
	struct tag tag;

	for (i = 0; i < n; i++) {
		any_time(poll_ms);
		offer(&tag, 0, &times[i]);
		if (ask)
			look_at_once();
		if (poll(&wait, 1, SOON) != 1)
			die("nobody was woken up by an offer");
		times[i].woken = boottime_ns();
		times[i].drained = entry_time(dc.node, &tag);
		reject(dc.node, &tag);
		while (poll(&wait, 1, 0) == 1)
			if (read(fd, rest, sizeof(rest)) < 0)
				die("what woke up: %s", strerror(errno));
	}
}

static unsigned int poll_ms(void)
{
	if (dc_info(dc.node, &dc.info))
		die("VFIO_CXL_DC_INFO: %s", strerror(errno));

	return dc.info.poll_ms;
}

static void print_woken(const char *state, unsigned int n)
{
	print_span("manager asked to woken up", state, AT(asked), AT(woken), n);
	print_span("of it: manager answered to drained", state, AT(answered),
		   AT(drained), n);
	print_span("of it: drained to woken up", state, AT(drained), AT(woken),
		   n);
	print_span("of it: the manager's call", state, AT(asked), AT(answered),
		   n);
}

static void bench_open(unsigned int n)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg) };

	arg.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (arg.fd < 0 || ioctl(dc.user.device, VFIO_CXL_DC_EVENTFD, &arg))
		die("VFIO_CXL_DC_EVENTFD: %s", strerror(errno));
	take_woken(arg.fd, false, poll_ms(), n);
	print_woken("open, eventfd", n);
	take_woken(arg.fd, true, poll_ms(), n);
	print_woken("open, asked to look", n);
	close(arg.fd);
}

static void bench_watched(unsigned int n)
{
	user_close(&dc.user);
	take_woken(dc.node, false, poll_ms(), n);
	print_woken("closed, log watched", n);
}

/* Nobody wakes up: the log of changes tells later when it was */
static void bench_unwatched(unsigned int n)
{
	struct tag tag[AT_ONCE];
	unsigned int i, k;
	uint64_t at;

	user_close(&dc.user);
	for (i = 0; i < n; i += AT_ONCE) {
		poll_ms();
		at = dc.info.sequence;
		close(dc.node);
		/* A look while it was open has the next one come sooner */
		usleep(200000);
		for (k = 0; k < AT_ONCE; k++) {
			any_time(IDLE_MS / AT_ONCE * 2);
			offer(&tag[k], k, &times[i + k]);
		}
		usleep((IDLE_MS + 200) * 1000);
		dc.node = control_open();
		if (dc.node < 0 || lseek(dc.node, at + 1, SEEK_SET) < 0)
			die("the log of changes: %s", strerror(errno));
		for (k = 0; k < AT_ONCE; k++)
			times[i + k].drained = entry_time(dc.node, &tag[k]);
		for (k = 0; k < AT_ONCE; k++)
			reject(dc.node, &tag[k]);
	}
	print_span("of it: manager answered to drained", "closed, unwatched",
		   AT(answered), AT(drained), n);
	print_span("of it: the manager's call", "closed, unwatched", AT(asked),
		   AT(answered), n);
}

/*
 * What a look costs, where instructions are counted
 */

/* By itself, and how often */
static void bench_work(const char *state, unsigned int seconds)
{
	static const char *const functions[] = { WORK, NULL };
	struct vfio_cxl_dc_info info;
	unsigned int n;
	int node;

	trace_start(functions, EMPTY);
	usleep(seconds * 1000000);
	n = trace_calls(WORK);
	/* Has the empty one called */
	node = control_open();
	if (!n || dc_info(node, &info))
		die("nobody looks at the log of events");
	values[0] = trace_ns(WORK) / n;
	close(node);
	trace_stop();
	print("a look: the work itself", state, "instructions", 1);
	values[0] = n * 1000 / seconds;
	print("looks in 1,000 s", state, "times", 1);
}

/* Takes always as many instructions, and few beside what a tick takes */
static uint64_t spin(void)
{
	uint64_t at = ticks();
	volatile unsigned int i;

	for (i = 0; i < 200; i++)
		;

	return ticks() - at;
}

/*
 * The CPU does nothing but count, and what it does not count somebody else had: the
 * timer's interrupt alone, or with what that has others do. Of each time in which
 * there is a look while the device is open, the longest of these gaps.
 */
static void bench_stolen(const char *state, unsigned int seconds)
{
	static uint64_t all[MAX_SAMPLES];
	unsigned int i, n, gaps = 0;
	uint64_t end, gap, own = -1;

	for (i = 0; i < 1000; i++) {
		gap = spin();
		own = gap < own ? gap : own;
	}
	for (n = 0; n < seconds * 1000 / WINDOW_MS; n++) {
		values[n] = 0;
		end = ticks() + WINDOW_MS * 1000000ULL;
		while (ticks() < end && gaps < MAX_SAMPLES) {
			gap = spin();
			gap -= gap > own ? own : gap;
			if (gap > own)
				all[gaps++] = gap;
			if (gap > values[n])
				values[n] = gap;
		}
	}
	if (!gaps)
		die("there is no tick");
	print("longest gap in " STRING(WINDOW_MS) " ms", state, "instructions",
	      n);
	memcpy(values, all, sizeof(values));
	print("gap", state, "instructions", gaps);
}

static void bench_idle(unsigned int seconds)
{
	bench_stolen("open", seconds);
	bench_work("open", seconds * 5);
	user_close(&dc.user);
	bench_work("closed, log watched", seconds * 5);
	close(dc.node);
	bench_stolen("closed, unwatched", seconds);
	bench_work("closed, unwatched", seconds * 5);
	dc.node = control_open();
	if (dc.node < 0)
		die("the control node: %s", strerror(errno));
}

static int usage(void)
{
	fputs("usage: DEV=BDF events open N        while the device is open\n"
	      "       DEV=BDF events watched N     closed, its log is read\n"
	      "       DEV=BDF events unwatched N   closed\n"
	      "       DEV=BDF events idle SECONDS  what it costs to look\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long n;
	char *end;
	int ret;

	if (argc != 3)
		return usage();
	n = strtoul(argv[2], &end, 0);
	if (*end || !n || n > MAX_SAMPLES - AT_ONCE)
		die("'%s' is not a number up to %u", argv[2],
		    MAX_SAMPLES - AT_ONCE);
	times_start();
	ret = dc_begin(&dc);
	if (ret)
		die("the device is not as it should be (step %d)", ret);
	if (!strcmp(what, "open"))
		bench_open(n);
	else if (!strcmp(what, "watched"))
		bench_watched(n);
	else if (!strcmp(what, "unwatched"))
		bench_unwatched(n);
	else if (!strcmp(what, "idle"))
		bench_idle(n);
	else
		ret = usage();
	dc_end(&dc);

	return ret;
}
