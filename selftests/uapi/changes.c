// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of changes: read() and poll() on the control node, and the tenancy's
 * eventfd. See netlink for its third way out.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "genl.h"
#include "log.h"

#define KEPT	1024

FIXTURE(log) {
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_info info;
	struct tag tag;
	struct vfio_cxl_dc_event event;
	int node;
};

FIXTURE_SETUP(log)
{
	ASSERT_TRUE(memory_ready());
	self->node = control_open();
	ASSERT_LE(0, self->node);
	ASSERT_TRUE(fm_settles(0, 0));
	self->tag = tag_new();
}

FIXTURE_TEARDOWN(log)
{
	close(self->node);
	dc_give_all_back();
}

static __u64 boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);

	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int another(int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio-cxl/%s", dev_bdf());

	return open(path, flags | O_CLOEXEC);
}

TEST_F(log, read)
{
	__u64 before = boottime(), first;

	ASSERT_TRUE(offered(&self->tag));
	EXPECT_EQ(POLLIN, ready(self->node, SOON));
	ASSERT_TRUE(next(self->node, &self->event));
	EXPECT_TRUE(is_of(&self->event, &self->tag, VFIO_CXL_DC_PENDING));
	EXPECT_EQ(0, self->event.lost);
	EXPECT_LE(before, self->event.time);
	EXPECT_GE(boottime(), self->event.time);
	EXPECT_LT(0, self->event.offer);
	EXPECT_EQ(0, self->event.extent);
	EXPECT_EQ(EXTENT, self->event.length);
	EXPECT_EQ(VFIO_CXL_DC_REACH_NONE, self->event.reach);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, self->event.reason);
	EXPECT_EQ(0, self->event.rc);
	EXPECT_EQ(0, self->event.region);
	first = self->event.sequence;
	EXPECT_EQ(0, ready(self->node, 0));

	ASSERT_EQ(0, dc_reject(self->node, &self->tag, &self->answer));
	ASSERT_TRUE(next(self->node, &self->event));
	EXPECT_TRUE(is_of(&self->event, &self->tag, VFIO_CXL_DC_REJECTED));
	EXPECT_EQ(first + 1, self->event.sequence);
	EXPECT_EQ(0, self->event.lost);
	ASSERT_EQ(0, dc_info(self->node, &self->info));
	EXPECT_EQ(first + 1, self->info.sequence);
}

TEST_F(log, nothing_to_read)
{
	int fd = another(O_RDONLY | O_NONBLOCK), writer = another(O_WRONLY);
	char byte;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ready(fd, 0));
	EXPECT_EQ(-1, read(fd, &self->event, sizeof(self->event)));
	EXPECT_EQ(EAGAIN, errno);
	/* Not one would fit */
	EXPECT_EQ(-1, read(fd, &self->event, sizeof(self->event) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(fd, &byte, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(writer, &self->event, sizeof(self->event)));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, write(self->node, &self->event, sizeof(self->event)));
	EXPECT_EQ(EINVAL, errno);
	close(writer);
	close(fd);
}

/* As many as fit, whole ones only; what can't be written is not lost */
TEST_F(log, sizes)
{
	struct vfio_cxl_dc_event events[3], *volatile nowhere = (void *)16;

	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	EXPECT_EQ(-1, read(self->node, nowhere, sizeof(events)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(sizeof(events[0]),
		  read(self->node, events, 2 * sizeof(events[0]) - 1));
	EXPECT_TRUE(is_of(&events[0], &self->tag, VFIO_CXL_DC_PENDING));
	EXPECT_EQ(sizeof(events[0]), read(self->node, events, sizeof(events)));
	EXPECT_TRUE(is_of(&events[0], &self->tag, VFIO_CXL_DC_REJECTED));

	ASSERT_LT(0, lseek(self->node, events[0].sequence - 1, SEEK_SET));
	EXPECT_EQ(2 * sizeof(events[0]),
		  read(self->node, events, sizeof(events)));
	EXPECT_TRUE(is_of(&events[0], &self->tag, VFIO_CXL_DC_PENDING));
	EXPECT_TRUE(is_of(&events[1], &self->tag, VFIO_CXL_DC_REJECTED));
}

/* Each has its own place, and begins with what comes */
TEST_F(log, two_readers)
{
	struct vfio_cxl_dc_event events[3];
	int late;

	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	late = another(O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, late);
	EXPECT_EQ(0, ready(late, 0));
	EXPECT_EQ(POLLIN, ready(self->node, 0));

	self->tag = tag_new();
	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	ASSERT_EQ(2 * sizeof(events[0]), read(late, events, sizeof(events)));
	EXPECT_TRUE(is_of(&events[0], &self->tag, VFIO_CXL_DC_PENDING));
	EXPECT_EQ(0, events[0].lost);
	ASSERT_EQ(3 * sizeof(events[0]),
		  read(self->node, events, sizeof(events)));
	EXPECT_TRUE(is_of(&events[2], &self->tag, VFIO_CXL_DC_PENDING));
	EXPECT_EQ(0, events[0].lost);
	close(late);
}

TEST_F(log, seek)
{
	off_t end = lseek(self->node, 0, SEEK_END);
	int i;

	ASSERT_LT(0, end);
	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	EXPECT_EQ(end, lseek(self->node, 0, SEEK_CUR));
	EXPECT_EQ(end + 2, lseek(self->node, 0, SEEK_END));
	EXPECT_EQ(0, ready(self->node, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(end + 1, lseek(self->node, end + 1, SEEK_SET));
		ASSERT_TRUE(next(self->node, &self->event));
		EXPECT_EQ(end + 1, self->event.sequence);
		EXPECT_TRUE(is_of(&self->event, &self->tag,
				  VFIO_CXL_DC_REJECTED));
		EXPECT_EQ(end + 2, lseek(self->node, 0, SEEK_CUR));
	}
	/* What has not been yet is in another log */
	EXPECT_EQ(-1, lseek(self->node, end + 3, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->node, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->node, -1, SEEK_END));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->node, -1, SEEK_CUR));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->node, 0, SEEK_DATA));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(end + 2, lseek(self->node, 0, SEEK_CUR));

	/* Without moving; and from a place that is nowhere */
	ASSERT_EQ(sizeof(self->event), pread(self->node, &self->event,
					     sizeof(self->event), end));
	EXPECT_EQ(end, self->event.sequence);
	EXPECT_EQ(-1, pread(self->node, &self->event, sizeof(self->event),
			    end + 100));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(end + 2, lseek(self->node, 0, SEEK_CUR));
	/* Number 0 is as 1 */
	EXPECT_EQ(0, lseek(self->node, 0, SEEK_SET));
	ASSERT_TRUE(next(self->node, &self->event));
	EXPECT_EQ(1, self->event.sequence - self->event.lost);
}

/* All of an offer, by its number; then all extents of it */
static bool accept_and_release(int node, __u64 number)
{
	struct vfio_cxl_dc_decide accept = {
		.argsz = sizeof(accept),
		.offer = number,
		.reach = VFIO_CXL_DC_REACH_DEVICE,
	}, release = { .argsz = sizeof(release) };
	struct vfio_cxl_dc_extent extents[16];
	__u64 ids[16];
	__u32 count, i;

	if (ioctl(node, VFIO_CXL_DC_ACCEPT, &accept) ||
	    dc_list(node, extents, 16, &count))
		return false;
	for (i = 0; i < count; i++)
		ids[i] = extents[i].id;
	release.ids = (uintptr_t)ids;
	release.count = count;

	return !ioctl(node, VFIO_CXL_DC_RELEASE, &release) &&
	       dc_settles(node, SOON);
}

/* Some entries at once: an offer of seven tags, which are taken and given back */
static __u64 many(int node, __u64 *offer)
{
	char words[1024] = "";
	struct tag tag;
	struct vfio_cxl_dc_event event;
	int i, n = 0;

	for (i = 0; i < 7; i++) {
		tag = tag_new();
		n += snprintf(words + n, sizeof(words) - n,
			      " --extent %lu:%lu:%s", i * EXTENT, EXTENT,
			      tag.text);
	}
	lseek(node, 0, SEEK_END);
	if (!bed("fm add --region 0%s", words) || !next(node, &event) ||
	    !accept_and_release(node, event.offer))
		return 0;
	*offer = event.offer;

	return lseek(node, 0, SEEK_END) - 1;
}

/* Who is slow holds nobody up, and knows what it missed */
TEST_F_TIMEOUT(log, lost, 120)
{
	int slow = another(O_RDONLY), fast = another(O_RDONLY | O_NONBLOCK);
	__u64 sequence, start, got = 0, offer = 0, last = 0;
	struct vfio_cxl_dc_event events[64];
	ssize_t n;
	int i;

	start = lseek(slow, 0, SEEK_END);
	do {
		sequence = many(self->node, &offer);
		ASSERT_NE(0, sequence);
		ASSERT_LT(last, offer);
		last = offer;
		while ((n = read(fast, events, sizeof(events))) > 0) {
			for (i = 0; i < n / (ssize_t)sizeof(*events); i++) {
				EXPECT_EQ(start + got, events[i].sequence);
				EXPECT_EQ(0, events[i].lost);
				got++;
			}
		}
		EXPECT_EQ(EAGAIN, errno);
	} while (sequence < start + KEPT + 7);

	EXPECT_EQ(start + got - 1, sequence);
	/* To the number */
	ASSERT_TRUE(next(slow, &self->event));
	EXPECT_EQ(sequence - KEPT + 1, self->event.sequence);
	EXPECT_EQ(sequence - KEPT + 1 - start, self->event.lost);
	ASSERT_TRUE(next(slow, &self->event));
	EXPECT_EQ(sequence - KEPT + 2, self->event.sequence);
	EXPECT_EQ(0, self->event.lost);
	close(fast);
	close(slow);
}

/* A reader that waits: what its read() came to */
struct waiting {
	pthread_t thread;
	int fd;
	ssize_t n;
	int err;
	struct vfio_cxl_dc_event event;
};

static void *wait_for_entry(void *arg)
{
	struct waiting *w = arg;

	w->n = read(w->fd, &w->event, sizeof(w->event));
	w->err = errno;

	return NULL;
}

static bool waits(struct waiting *w)
{
	if (pthread_create(&w->thread, NULL, wait_for_entry, w))
		return false;
	/* Nothing tells when it sleeps */
	usleep(200000);

	return true;
}

static bool woke(struct waiting *w)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SOON / 1000;

	return !pthread_timedjoin_np(w->thread, NULL, &until);
}

TEST_F(log, blocked)
{
	struct waiting w = { .fd = self->node };

	ASSERT_TRUE(waits(&w));
	ASSERT_TRUE(offered(&self->tag));
	ASSERT_TRUE(woke(&w));
	EXPECT_EQ(sizeof(w.event), w.n);
	EXPECT_TRUE(is_of(&w.event, &self->tag, VFIO_CXL_DC_PENDING));
}

static void nothing(int signal __attribute__((unused)))
{
}

TEST_F(log, interrupted)
{
	struct sigaction action = { .sa_handler = nothing };
	struct waiting w = { .fd = self->node };

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_TRUE(waits(&w));
	pthread_kill(w.thread, SIGUSR1);
	ASSERT_TRUE(woke(&w));
	EXPECT_EQ(-1, w.n);
	EXPECT_EQ(EINTR, w.err);
}

/* Neither who reads nor who has read is held up, or lost */
TEST_F(log, unbind)
{
	struct waiting w = { .fd = another(O_RDONLY) };
	int behind = another(O_RDONLY), ended;
	struct vfio_cxl_dc_event events[2];

	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	lseek(w.fd, 0, SEEK_END);
	ASSERT_TRUE(waits(&w));
	ASSERT_TRUE(dev_unbind());
	ended = woke(&w);
	ASSERT_TRUE(dev_bind());

	ASSERT_TRUE(ended);
	EXPECT_EQ(-1, w.n);
	EXPECT_EQ(ENODEV, w.err);
	/* What is left comes first */
	EXPECT_EQ(POLLIN | POLLHUP, ready(behind, 0));
	ASSERT_EQ(sizeof(events), read(behind, events, sizeof(events)));
	EXPECT_TRUE(is_of(&events[1], &self->tag, VFIO_CXL_DC_REJECTED));
	EXPECT_EQ(POLLHUP, ready(behind, 0));
	EXPECT_EQ(-1, read(behind, events, sizeof(events)));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, dc_info(behind, &self->info));
	EXPECT_EQ(ENODEV, errno);
	close(behind);
	close(w.fd);

	/* A new log */
	behind = another(O_RDONLY);
	EXPECT_GT(events[1].sequence, lseek(behind, 0, SEEK_END));
	close(behind);
}

/* While somebody would learn of it the device is looked at more often */
TEST_F(log, watched)
{
	int fd = another(O_WRONLY), nl = netlink_open(), reader;

	close(self->node);
	self->node = fd;
	ASSERT_EQ(0, dc_info(fd, &self->info));
	EXPECT_EQ(1000, self->info.poll_ms);
	reader = another(O_RDONLY);
	ASSERT_EQ(0, dc_info(fd, &self->info));
	EXPECT_EQ(100, self->info.poll_ms);
	close(reader);
	ASSERT_EQ(0, dc_info(fd, &self->info));
	EXPECT_EQ(1000, self->info.poll_ms);
	ASSERT_EQ(0, netlink_join(nl));
	ASSERT_EQ(0, dc_info(fd, &self->info));
	EXPECT_EQ(100, self->info.poll_ms);
	ASSERT_EQ(0, netlink_leave(nl));
	ASSERT_EQ(0, dc_info(fd, &self->info));
	EXPECT_EQ(1000, self->info.poll_ms);
	close(nl);
}

/* ---- the tenancy's eventfd ---- */

FIXTURE(eventfd) {
	struct vfio_cxl_dc_decide answer;
	struct user user;
	struct tag tag;
	int event;
	int node;
};

FIXTURE_SETUP(eventfd)
{
	ASSERT_TRUE(memory_ready());
	self->node = control_open();
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_TRUE(fm_settles(0, 0));
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	self->tag = tag_new();
}

FIXTURE_TEARDOWN(eventfd)
{
	user_close(&self->user);
	close(self->event);
	close(self->node);
	dc_give_all_back();
}

static int set_eventfd(int device, int fd)
{
	struct vfio_cxl_dc_eventfd arg = {
		.argsz = sizeof(arg),
		.fd = fd,
	};

	return ioctl(device, VFIO_CXL_DC_EVENTFD, &arg) ? -errno : 0;
}

static __u64 signalled(int event)
{
	__u64 count = 0;

	return read(event, &count, sizeof(count)) < 0 ? 0 : count;
}

TEST_F(eventfd, signalled)
{
	int other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	ASSERT_EQ(0, set_eventfd(self->user.device, self->event));
	EXPECT_EQ(0, signalled(self->event));
	ASSERT_TRUE(offered(&self->tag));
	EXPECT_EQ(POLLIN, ready(self->event, SOON));
	EXPECT_EQ(1, signalled(self->event));
	ASSERT_EQ(0, dc_reject(self->user.device, &self->tag, &self->answer));
	EXPECT_EQ(1, signalled(self->event));

	/* Another one in its place, and none */
	ASSERT_EQ(0, set_eventfd(self->user.device, other));
	self->tag = tag_new();
	ASSERT_TRUE(offered(&self->tag));
	EXPECT_EQ(POLLIN, ready(other, SOON));
	EXPECT_EQ(0, signalled(self->event));
	ASSERT_EQ(0, set_eventfd(self->user.device, -1));
	EXPECT_EQ(1, signalled(other));
	ASSERT_EQ(0, dc_reject(self->user.device, &self->tag, &self->answer));
	EXPECT_EQ(0, signalled(other));
	EXPECT_EQ(0, signalled(self->event));
	close(other);
}

/* Of what is another's a tenancy is not told */
TEST_F(eventfd, others)
{
	ASSERT_EQ(0, set_eventfd(self->user.device, self->event));
	ASSERT_TRUE(offered(&self->tag));
	ASSERT_TRUE(within(SOON, dc_state(self->user.device, &self->tag) ==
				 VFIO_CXL_DC_PENDING));
	ASSERT_EQ(0, dc_accept(self->node, &self->tag, VFIO_CXL_DC_REACH_APP,
			       &self->answer));
	/* ACCEPTING is still an offer */
	EXPECT_LE(1, signalled(self->event));
	ASSERT_EQ(0, dc_release(self->node, &self->tag, 0, &self->answer));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, dc_state(self->node, &self->tag));
	EXPECT_EQ(0, signalled(self->event));
}

TEST_F(eventfd, ends_with_the_tenancy)
{
	ASSERT_EQ(0, set_eventfd(self->user.device, self->event));
	user_close(&self->user);
	signalled(self->event);
	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	EXPECT_EQ(0, signalled(self->event));
	/* Nor is it the next one's */
	ASSERT_EQ(0, user_open(&self->user));
	self->tag = tag_new();
	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	EXPECT_EQ(0, signalled(self->event));
}

TEST_F(eventfd, refused)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg), .fd = -1 };

	EXPECT_EQ(-ENOTTY, set_eventfd(self->node, self->event));
	EXPECT_EQ(-EINVAL, set_eventfd(self->user.device, -2));
	EXPECT_EQ(-EBADF, set_eventfd(self->user.device, 1000));
	EXPECT_EQ(-EINVAL, set_eventfd(self->user.device, self->node));
	arg.flags = 1;
	EXPECT_EQ(-1, ioctl(self->user.device, VFIO_CXL_DC_EVENTFD, &arg));
	EXPECT_EQ(EINVAL, errno);
	arg.flags = 0;
	arg.reserved = 1;
	EXPECT_EQ(-1, ioctl(self->user.device, VFIO_CXL_DC_EVENTFD, &arg));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
