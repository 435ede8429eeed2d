// SPDX-License-Identifier: GPL-2.0-only
/* monitor: the logs of changes of all devices, as they grow. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "monitor.h"

/* A year */
#define MAX_SECONDS	(366 * 24 * 3600)

/* What is waited for besides devices */
enum {
	POLL_SIGNAL,
	POLL_NETLINK,
	POLL_OUTPUT,
	POLL_DEVICES,
};

static void failed(struct monitor *m, int err)
{
	if (!err || m->done)
		return;
	m->code = report(m->args, err);
	m->done = true;
}

static void each_change(void *data, const char *device,
			const struct vfio_cxl_dc_event *event)
{
	struct monitor *m = data;

	/* What comes after the last one is not ours to tell */
	if (!m->done)
		failed(m, on_change(m, device, event));
}

/* What no message told: the logs have it, or say how much they had */
static void look_at_all(struct monitor *m)
{
	size_t i;

	for (i = 0; !m->done && i < m->count; i++)
		failed(m, look_again(m, &m->devices[i]));
	if (!m->done && !m->chosen)
		failed(m, follow_all(m, true));
}

static void resync(struct monitor *m)
{
	show_mark(m, "overrun", "",
		  "messages were dropped: the logs are read again");
	look_at_all(m);
}

static void read_messages(struct monitor *m)
{
	struct vcxl_error e = { .object = "netlink" };
	int ret;

	while ((ret = netlink_read(m->nl, each_change, m)) == -ENOBUFS &&
	       !m->done)
		resync(m);
	if (!ret || m->done)
		return;
	e.err = ret;
	snprintf(e.why, sizeof(e.why), "can't read messages: %s",
		 strerror(-ret));
	m->code = report_error(m->args, &e);
	m->done = true;
}

/* Its user ends it. Who waits for a number of changes did not get them. */
static void on_signal(struct monitor *m, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (m->left > 0)
		raise(info.ssi_signo);	/* held until all is cleaned up */
	m->done = true;
}

static void on_timeout(struct monitor *m)
{
	struct vcxl_error e = { .err = -ETIMEDOUT };

	m->done = true;
	if (m->left < 0)
		return;
	snprintf(e.why, sizeof(e.why),
		 "%lld of the changes that were waited for did not come in %s s",
		 (long long)m->left, m->args->opt[OPT_TIMEOUT]);
	m->code = report_error(m->args, &e);
}

static int left_of(int64_t deadline_ms)
{
	int64_t left = deadline_ms - now_ms();

	if (deadline_ms < 0)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void fill(const struct monitor *m, struct pollfd *fds, int signals)
{
	size_t i;

	fds[POLL_SIGNAL] = (struct pollfd){ .fd = signals, .events = POLLIN };
	fds[POLL_NETLINK] = (struct pollfd){
		.fd = netlink_fd(m->nl), .events = POLLIN,
	};
	/* That its reader went away */
	fds[POLL_OUTPUT] = (struct pollfd){ .fd = STDOUT_FILENO };
	/* That it is unbound; a poll() of nothing else tells no more */
	for (i = 0; i < m->count; i++)
		fds[POLL_DEVICES + i] = (struct pollfd){
			.fd = m->devices[i].events ?
			      vcxl_events_fd(m->devices[i].events) : -1,
		};
}

static void turn(struct monitor *m, int signals, int64_t deadline_ms)
{
	size_t i, count = m->count;
	struct pollfd *fds = calloc(POLL_DEVICES + count, sizeof(*fds));
	int ret;

	if (!fds)
		out_of_memory();
	fill(m, fds, signals);
	ret = poll(fds, POLL_DEVICES + count, left_of(deadline_ms));
	if (!ret)
		on_timeout(m);
	if (ret > 0 && fds[POLL_SIGNAL].revents)
		on_signal(m, signals);
	/* As if it had been written to */
	if (ret > 0 && fds[POLL_OUTPUT].revents & POLLERR)
		m->done = true;
	if (ret > 0 && fds[POLL_NETLINK].revents && !m->done)
		read_messages(m);
	for (i = 0; ret > 0 && i < count && !m->done; i++)
		if (fds[POLL_DEVICES + i].revents)
			failed(m, catch_up(m, &m->devices[i]));
	free(fds);
}

static int start(struct monitor *m, uint64_t since)
{
	struct args *args = m->args;
	int i, ret = netlink_open(args, &m->nl);

	if (ret)
		return ret;
	m->chosen = args->given_count;
	if (!m->chosen)
		failed(m, follow_all(m, false));
	for (i = 0; i < args->given_count && !m->done; i++)
		failed(m, follow(m, args->given[i], since));
	if (m->done)
		return m->code;
	/* Who sees us in the group knows that nothing will be missed from then on */
	ret = netlink_join(args, m->nl);
	if (!ret)
		look_at_all(m);
	return ret ? ret : m->code;
}

static int run(struct monitor *m, uint64_t since)
{
	uint64_t seconds = 0;
	int64_t deadline_ms = -1;
	sigset_t set;
	int signals, ret = number_option(m->args, OPT_TIMEOUT, MAX_SECONDS,
					 &seconds);

	if (ret)
		return ret;
	if (m->args->opt[OPT_TIMEOUT])
		deadline_ms = now_ms() + (int64_t)seconds * 1000;
	hold_signals();
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ret = signals < 0 ? -errno : 0;
	if (ret)
		return report(m->args, ret);
	ret = start(m, since);
	while (!ret && !m->done)
		turn(m, signals, deadline_ms);
	unfollow_all(m);
	netlink_close(m->nl);
	close(signals);
	return m->code ? m->code : ret;
}

int cmd_monitor(struct args *args)
{
	struct monitor m = { .args = args, .left = -1 };
	uint64_t since = 0, count = 0;
	int ret = event_option(&m);

	if (!ret)
		ret = number_option(args, OPT_NUMBER, INT64_MAX, &count);
	if (!ret)
		ret = number_option(args, OPT_SINCE, INT64_MAX, &since);
	if (!ret && args->opt[OPT_SINCE] && args->given_count != 1)
		ret = usage_error(args, "--since: each device has a log of its own: name one");
	if (!ret && args->opt[OPT_NUMBER] && !count)
		ret = usage_error(args, "--count must not be 0");
	if (ret)
		return ret;
	if (args->opt[OPT_NUMBER])
		m.left = count;
	/* The first that is kept, which entry 1 is, or was */
	if (args->opt[OPT_SINCE] && !since)
		since = 1;
	return run(&m, since);
}
