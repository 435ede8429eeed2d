// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity of the fake driver. FAKE_DC is a folder with the files 0, 1, 2:
 * what there is at first, and what comes next whenever the program waits: then
 * poll() takes the next file in, and when there is none, time has run out; a wait
 * without an end is a failure, and with FAKE_AWAKE so is any sleep. Lines:
 *
 * info FLAGS REASON REGIONS        without FAKE_DC the device does none of it
 * region DPA LENGTH BLOCK COVERED OFFSET FLAGS [WINDOW]
 * window SIZE INDEX                of the window for host memory
 * host_region LENGTH BLOCK OFFSET
 * extent ID OFFER DPA LENGTH OFFSET TAG STATE REACH REASON RC REQUESTS FLAGS REGION
 * gone ID
 * tag TAG STATE REACH REASON RC REQUESTS FLAGS OFFER BYTES
 * decided FLAGS RC                 what comes back from a decision
 * event SEQUENCE KIND STATE REACH REASON RC REGION EXTENT OFFER LENGTH TAG
 * message DEVICE and the same      by netlink; "message overrun": some were lost
 * forged DEVICE and the same       likewise, but it is another process that sends it
 * unbound, bound                   the end of a log, and the beginning of another
 * list COUNT FLAGS                 lies of the list's
 * restarts N                       so often a list changes while it is read
 * raw BYTES                        so many of the log's next entry are read
 * signal NUMBER                    is raised
 * backend ...                      see fake_backend.c
 *
 * FAKE_REAL: at the end standard output is waited for, really
 * FAKE_DC_INFO: bytes of struct vfio_cxl_dc_info that the driver knows
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "fake_dc.h"

#define MAX		256
#define MAX_FD		64

static struct vfio_cxl_dc_info info;
static struct vfio_cxl_dc_extent extents[MAX];
static size_t nr_extents;
static struct vfio_cxl_dc_status tags[MAX];
static size_t nr_tags;
static struct vfio_cxl_dc_event events[MAX];
static size_t nr_events;
static unsigned int decided_flags, decided_rc, lie_flags, restarts, raw;
static long lie_count = -1;
/* Grows with each "bound" */
static unsigned int binding = 1;
static bool unbound;

/* Readers of the log, by descriptor */
static struct reader {
	unsigned int binding;
	unsigned long long position;
} readers[MAX_FD];

static int next_step;

void fake_parse_tag(const char *text, unsigned char *tag)
{
	size_t i;

	memset(tag, 0, VFIO_CXL_DC_TAG_LEN);
	for (i = 0; *text != '-' && i < VFIO_CXL_DC_TAG_LEN; i++) {
		unsigned int byte;

		if (*text == '-' || sscanf(text, "%2x", &byte) != 1)
			abort();
		tag[i] = byte;
		text += 2;
		if (i == 3 || i == 5 || i == 7 || i == 9)
			text++;
	}
}

static unsigned long long next_event(void)
{
	return nr_events ? events[nr_events - 1].sequence + 1 : 1;
}

static void parse_extent(const char *line)
{
	struct vfio_cxl_dc_extent e = { 0 };
	char tag[40];
	size_t i;

	if (sscanf(line, "%lli %lli %lli %lli %lli %39s %i %i %i %i %i %i %i",
		   (long long *)&e.id, (long long *)&e.offer,
		   (long long *)&e.dpa, (long long *)&e.length,
		   (long long *)&e.offset, tag, (int *)&e.state,
		   (int *)&e.reach, (int *)&e.reason, (int *)&e.rc,
		   (int *)&e.requests, (int *)&e.flags, (int *)&e.region) != 13)
		abort();
	fake_parse_tag(tag, e.tag);
	for (i = 0; i < nr_extents; i++)
		if (extents[i].id == e.id && lie_count != -2)
			break;
	extents[i] = e;
	nr_extents += i == nr_extents;
	info.nr[e.state < 8 ? e.state : 0]++;
	info.bytes[e.state < 8 ? e.state : 0] += e.length;
}

static void parse_status(const char *line)
{
	struct vfio_cxl_dc_status s = { .deadline = VFIO_CXL_DC_NEVER };
	unsigned long long bytes;
	char tag[40];
	size_t i;

	if (sscanf(line, "%39s %i %i %i %i %i %i %lli %lli", tag,
		   (int *)&s.state, (int *)&s.reach, (int *)&s.reason,
		   (int *)&s.rc, (int *)&s.requests, (int *)&s.flags,
		   (long long *)&s.offer, (long long *)&bytes) != 9)
		abort();
	fake_parse_tag(tag, s.tag);
	if (s.state < VFIO_CXL_DC_STATES) {
		s.nr[s.state] = 1;
		s.bytes[s.state] = bytes;
		s.since[s.state] = 1000000000;
	}
	for (i = 0; i < nr_tags; i++)
		if (!memcmp(tags[i].tag, s.tag, sizeof(s.tag)))
			break;
	tags[i] = s;
	nr_tags += i == nr_tags;
}

static void parse_event(const char *line, struct vfio_cxl_dc_event *e)
{
	char tag[40];

	memset(e, 0, sizeof(*e));
	if (sscanf(line, "%lli %i %i %i %i %i %i %lli %lli %lli %39s",
		   (long long *)&e->sequence, (int *)&e->kind,
		   (int *)&e->state, (int *)&e->reach, (int *)&e->reason,
		   (int *)&e->rc, (int *)&e->region, (long long *)&e->extent,
		   (long long *)&e->offer, (long long *)&e->length,
		   tag) != 11)
		abort();
	e->time = 1500000000ULL;
	fake_parse_tag(tag, e->tag);
}

static void parse_message(const char *line, bool forged)
{
	struct fake_message m = { .forged = forged };
	int n;

	m.overrun = !strncmp(line, "overrun", 7);
	if (!m.overrun) {
		if (sscanf(line, "%31s %n", m.device, &n) != 1)
			abort();
		parse_event(line + n, &m.event);
	}
	fake_nl_add(&m);
}

static void forget(const char *line)
{
	size_t i, n = 0;

	for (i = 0; i < nr_extents; i++)
		if (extents[i].id != strtoull(line, NULL, 0))
			extents[n++] = extents[i];
	nr_extents = n;
}

static void parse_region(const char *line)
{
	struct vfio_cxl_dc_region *r = &info.region[info.region_count++];

	if (sscanf(line, "%lli %lli %lli %lli %lli %i %i", (long long *)&r->dpa,
		   (long long *)&r->length, (long long *)&r->block_size,
		   (long long *)&r->covered, (long long *)&r->offset,
		   (int *)&r->flags, (int *)&r->window) < 6)
		abort();
	r->decode_length = r->length;
}

static void parse_window(const char *line)
{
	if (sscanf(line, "%lli %i", (long long *)&info.window_size,
		   (int *)&info.window_region) != 2)
		abort();
}

static void parse_host_region(const char *line)
{
	struct vfio_cxl_dc_region region = {}, *r = &region;

	/* A driver that lies tells of more than there is room for */
	if (info.host_region_count < VFIO_CXL_DC_HOST_REGIONS)
		r = &info.host_region[info.host_region_count];
	info.host_region_count++;
	if (sscanf(line, "%lli %lli %lli", (long long *)&r->length,
		   (long long *)&r->block_size, (long long *)&r->offset) != 3)
		abort();
	r->covered = r->length;
	r->decode_length = r->length;
}

static void parse_rest(const char *word, const char *rest)
{
	if (!strcmp(word, "info"))
		sscanf(rest, "%i %i %i", (int *)&info.flags,
		       (int *)&info.reason, (int *)&info.region_count);
	else if (!strcmp(word, "decided"))
		sscanf(rest, "%i %i", (int *)&decided_flags,
		       (int *)&decided_rc);
	else if (!strcmp(word, "list"))
		sscanf(rest, "%li %i", &lie_count, (int *)&lie_flags);
	else if (!strcmp(word, "restarts"))
		restarts = atoi(rest);
	else if (!strcmp(word, "raw"))
		raw = atoi(rest);
	else if (!strcmp(word, "signal"))
		raise(atoi(rest));
	else if (!strcmp(word, "unbound"))
		unbound = true;
	else
		abort();
}

static void parse(const char *line)
{
	char word[16];
	int n = 0;

	if (sscanf(line, "%15s %n", word, &n) != 1)
		return;
	line += n;
	if (!strcmp(word, "extent")) {
		parse_extent(line);
	} else if (!strcmp(word, "gone")) {
		forget(line);
	} else if (!strcmp(word, "tag")) {
		parse_status(line);
	} else if (!strcmp(word, "event")) {
		parse_event(line, &events[nr_events++]);
	} else if (!strcmp(word, "message")) {
		parse_message(line, false);
	} else if (!strcmp(word, "forged")) {
		parse_message(line, true);
	} else if (!strcmp(word, "region")) {
		parse_region(line);
	} else if (!strcmp(word, "window")) {
		parse_window(line);
	} else if (!strcmp(word, "host_region")) {
		parse_host_region(line);
	} else if (!strcmp(word, "backend")) {
		fake_backend_add(line);
	} else if (!strcmp(word, "bound")) {
		unbound = false;
		binding++;
		nr_events = 0;
	} else {
		parse_rest(word, line);
	}
}

/* False: there is no next one */
bool fake_dc_step(void)
{
	const char *dir = getenv("FAKE_DC");
	char path[PATH_MAX], line[256];
	FILE *file;

	if (!dir)
		return false;
	pause_faults();
	snprintf(path, sizeof(path), "%s/%d", dir, next_step);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		parse(line);
	if (file) {
		next_step++;
		fclose(file);
	}
	resume_faults();
	return file;
}

void fake_dc_load(void)
{
	if (next_step)
		return;
	info.reason = VFIO_CXL_REASON_DC_NOT_CAPABLE;
	fake_dc_step();
	next_step = 1;
}

static int do_list(struct vfio_cxl_dc_list *list)
{
	struct vfio_cxl_dc_extent *to = (void *)(uintptr_t)list->extents;
	size_t i;

	if (list->flags || list->count || !list->room || list->room > 4096)
		return -EINVAL;
	if (list->start && restarts) {
		restarts--;
		return -EAGAIN;
	}
	for (i = list->start; i < nr_extents && list->count < list->room; i++)
		to[list->count++] = extents[i];
	list->start = i;
	list->flags = i < nr_extents ? VFIO_CXL_DC_LIST_MORE : 0;
	if (lie_count >= 0) {
		list->count = lie_count;
		list->flags = lie_flags;
	}
	return 0;
}

static int status_of_extent(struct vfio_cxl_dc_status *s)
{
	size_t i;

	for (i = 0; i < nr_extents; i++)
		if (extents[i].id == s->extent)
			break;
	if (i == nr_extents)
		return -ENOENT;
	memcpy(s->tag, extents[i].tag, sizeof(s->tag));
	s->state = extents[i].state;
	s->reach = extents[i].reach;
	s->reason = extents[i].reason;
	s->region = extents[i].region;
	s->deadline = VFIO_CXL_DC_NEVER;
	return 0;
}

static int do_status(struct vfio_cxl_dc_status *s)
{
	unsigned int flags = s->flags, region = s->region;
	size_t i;

	if (flags & VFIO_CXL_DC_STATUS_EXTENT)
		return status_of_extent(s);
	for (i = 0; i < nr_tags; i++) {
		if (memcmp(tags[i].tag, s->tag, sizeof(s->tag)))
			continue;
		*s = tags[i];
		s->flags |= flags;
		s->region = region;
		return 0;
	}
	return -ENOENT;
}

static int do_decide(const char *name, struct vfio_cxl_dc_decide *d)
{
	int err = fake_failure(name, &d->reason);
	char text[64];

	snprintf(text, sizeof(text), "%s flags %u offer %llu count %u reach %u",
		 name, d->flags, (unsigned long long)d->offer, d->count,
		 d->reach);
	fake_note(text);
	d->rc = fake_number("FAKE_RC", decided_rc);
	d->flags |= decided_flags;
	return -err;
}

int fake_dc_ioctl(unsigned long request, void *arg)
{
	unsigned int reason = 0;
	int err;

	fake_dc_load();
	if (unbound)
		return -ENODEV;
	switch (request) {
	case VFIO_CXL_DC_INFO:
		err = fake_failure("DC_INFO", &reason);
		memcpy(arg, &info, fake_number("FAKE_DC_INFO", sizeof(info)));
		return -err;
	case VFIO_CXL_DC_LIST:
		err = fake_failure("DC_LIST", &reason);
		return err ? -err : info.flags ? do_list(arg) : -EOPNOTSUPP;
	case VFIO_CXL_DC_STATUS:
		err = fake_failure("DC_STATUS", &reason);
		return err ? -err : info.flags ? do_status(arg) : -EOPNOTSUPP;
	case VFIO_CXL_DC_ACCEPT:
		return do_decide("DC_ACCEPT", arg);
	case VFIO_CXL_DC_REJECT:
		return do_decide("DC_REJECT", arg);
	case VFIO_CXL_DC_RELEASE:
		return do_decide("DC_RELEASE", arg);
	case VFIO_CXL_DC_DEADLINE:
		return -fake_failure("DC_DEADLINE", &reason);
	default:
		return fake_host_ioctl(request, arg);
	}
}

/*
 * The log, at the control node: the descriptors of /dev/null that are not the
 * standard ones
 */

static bool is_node(int fd)
{
	struct stat st;
	bool is;

	pause_faults();
	is = getenv("FAKE_DC") && fd > STDERR_FILENO && fd < MAX_FD &&
	     !fstat(fd, &st) && S_ISCHR(st.st_mode) &&
	     st.st_rdev == makedev(1, 3);
	resume_faults();
	return is;
}

static struct reader *reader_of(int fd)
{
	if (!is_node(fd))
		return NULL;
	fake_dc_load();
	if (!readers[fd].binding) {
		readers[fd].binding = binding;
		readers[fd].position = next_event();
		fake_note("LOG");
	}
	return &readers[fd];
}

static bool is_over(const struct reader *r)
{
	return unbound || r->binding != binding;
}

static struct vfio_cxl_dc_event *event_for(const struct reader *r)
{
	size_t i;

	for (i = 0; !is_over(r) && i < nr_events; i++)
		if (events[i].sequence >= r->position)
			return &events[i];
	return NULL;
}

ssize_t read(int fd, void *buf, size_t len)
{
	static ssize_t (*next)(int, void *, size_t);
	struct reader *r = reader_of(fd);
	struct vfio_cxl_dc_event *e = r ? event_for(r) : NULL;

	if (!next)
		next = (ssize_t (*)(int, void *, size_t))
			dlsym(RTLD_NEXT, "read");
	if (!r)
		return next(fd, buf, len);
	if (!e) {
		errno = is_over(r) ? ENODEV : EAGAIN;
		return -1;
	}
	memcpy(buf, e, sizeof(*e));
	((struct vfio_cxl_dc_event *)buf)->lost = e->sequence - r->position;
	r->position = e->sequence + 1;
	return raw ? raw : sizeof(*e);
}

off_t lseek(int fd, off_t offset, int whence)
{
	static off_t (*next)(int, off_t, int);
	struct reader *r = reader_of(fd);

	if (!next)
		next = (off_t (*)(int, off_t, int))dlsym(RTLD_NEXT, "lseek");
	if (!r)
		return next(fd, offset, whence);
	if (whence == SEEK_SET)
		r->position = offset;
	return r->position;
}

int close(int fd)
{
	static int (*next)(int);

	if (!next)
		next = (int (*)(int))dlsym(RTLD_NEXT, "close");
	if (fd >= 0 && fd < MAX_FD)
		readers[fd].binding = 0;
	return next(fd);
}

static int real_poll(struct pollfd *fd, int timeout)
{
	static int (*next)(struct pollfd *, nfds_t, int);

	if (!next)
		next = (int (*)(struct pollfd *, nfds_t, int))
			dlsym(RTLD_NEXT, "poll");
	return next(fd, 1, timeout);
}

static bool output_ends(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return getenv("FAKE_REAL") && real_poll(&out, 10000) > 0;
}

/* Those that we know are answered here; the others are asked */
static int look(struct pollfd *fds, nfds_t n)
{
	int ready = 0;
	nfds_t i;

	for (i = 0; i < n && i < MAX_FD; i++) {
		struct reader *r = fds[i].fd >= 0 ? reader_of(fds[i].fd) : NULL;
		short revents = 0;

		if (r && is_over(r))
			revents = POLLHUP | POLLIN;
		else if (r)
			revents = event_for(r) ? POLLIN : 0;
		else if (fds[i].fd >= 0 && fds[i].fd == fake_nl_fd())
			revents = fake_nl_ready() ? POLLIN : 0;
		else if (real_poll(&fds[i], 0) > 0)
			revents = fds[i].revents;
		fds[i].revents = revents & (fds[i].events | POLLHUP | POLLERR);
		ready += !!fds[i].revents;
	}
	return ready;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready;

	pause_faults();
	fake_dc_load();
	while (!(ready = look(fds, n)) && timeout) {
		fake_note(timeout < 0 ? "WAIT" : "WAIT a time");
		if (fake_dc_step() || output_ends())
			continue;
		if (timeout > 0)
			break;
		fprintf(stderr, "fake: it would wait for ever\n");
		abort();
	}
	resume_faults();
	return ready;
}

/* Who waits for time to pass has not understood */
static void *awake(const char *name)
{
	if (!getenv("FAKE_AWAKE"))
		return dlsym(RTLD_NEXT, name);
	fprintf(stderr, "fake: it sleeps\n");
	abort();
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
	return ((int (*)(const struct timespec *, struct timespec *))
		awake("nanosleep"))(t, left);
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *t,
		    struct timespec *left)
{
	return ((int (*)(clockid_t, int, const struct timespec *,
			 struct timespec *))
		awake("clock_nanosleep"))(id, flags, t, left);
}

int usleep(useconds_t us)
{
	return ((int (*)(useconds_t))awake("usleep"))(us);
}

unsigned int sleep(unsigned int seconds)
{
	return ((unsigned int (*)(unsigned int))awake("sleep"))(seconds);
}
