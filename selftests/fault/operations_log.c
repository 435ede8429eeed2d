// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on the log of changes, and on what fills it: read() and poll(), the
 * eventfd, netlink. Messages to who listens are made by work, as is all that an
 * offer needs: there the driver's own points fail.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "operations.h"
#include "../uapi/genl.h"
#include "../uapi/log.h"

/* More than poll() has room for on its stack */
#define POLLERS	24
#define OFFERS	2

static struct tag tags[OFFERS];
static int pollers[POLLERS];
static int nl = -1, event_fd = -1;
static __u64 first;
static bool told_right = true, missed, refused;

/* An offer and its end: two entries, which a new descriptor does not begin with */
static bool begin_read(void)
{
	if (!dynamic_ready())
		return false;
	tags[0] = tag_new();
	first = lseek(dynamic_node(), 0, SEEK_CUR);

	return offer_and_reject(dynamic_node(), &tags[0]);
}

/* What was read is what is behind the position, whatever failed then */
static int read_from(int fd)
{
	struct vfio_cxl_dc_event events[2];
	ssize_t size = sizeof(events[0]), n;

	if (lseek(fd, first, SEEK_SET) != first)
		return -EINVAL;
	n = read(fd, events, sizeof(events));
	told_right = lseek(fd, 0, SEEK_CUR) == first + (n < 0 ? 0 : n / size);
	if (n < 0)
		return -errno;
	told_right &= !(n % size) &&
		      is_of(&events[0], &tags[0], VFIO_CXL_DC_PENDING);
	if (n == size)
		return -EINTR;
	told_right &= is_of(&events[1], &tags[0], VFIO_CXL_DC_REJECTED);

	return 0;
}

static int call_read(void)
{
	int fd = control_open(), err;

	if (fd < 0)
		return -errno;
	err = read_from(fd);
	close(fd);

	return err;
}

static bool check_told(void)
{
	return told_right;
}

static bool begin_poll(void)
{
	unsigned int i;

	if (!dynamic_ready())
		return false;
	for (i = 0; i < POLLERS; i++)
		pollers[i] = control_open();

	return pollers[POLLERS - 1] >= 0;
}

/* Nobody has an entry to read */
static int call_poll(void)
{
	struct pollfd fds[POLLERS];
	unsigned int i;
	int ret;

	for (i = 0; i < POLLERS; i++)
		fds[i] = (struct pollfd){ .fd = pollers[i], .events = POLLIN };
	ret = poll(fds, POLLERS, 1);
	if (ret < 0)
		return -errno;

	return ret ? -EIO : 0;
}

static bool end_poll(void)
{
	unsigned int i;

	for (i = 0; i < POLLERS; i++)
		close(pollers[i]);

	return true;
}

static int set_eventfd(int fd)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg), .fd = fd };

	return ioctl(operation_device(), VFIO_CXL_DC_EVENTFD, &arg) ?
	       -errno : 0;
}

static bool begin_eventfd(void)
{
	event_fd = eventfd(0, EFD_CLOEXEC);

	return event_fd >= 0 && dynamic_ready();
}

static int call_eventfd(void)
{
	return set_eventfd(event_fd);
}

static bool end_eventfd(void)
{
	close(event_fd);

	return !set_eventfd(-1);
}

/* ---- netlink ---- */

static bool begin_netlink(void)
{
	struct timeval patience = { .tv_sec = SOON / 1000 };

	nl = netlink_open();

	return dynamic_ready() && nl >= 0 &&
	       !setsockopt(nl, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
}

/* The family, who listens, one device, all of them */
static int call_netlink(void)
{
	struct netlink_device devices[2];
	int ret;

	ret = netlink_join(nl);
	if (!ret)
		ret = netlink_leave(nl);
	if (!ret)
		ret = netlink_device(nl, dev_bdf(), devices);
	if (!ret)
		ret = netlink_devices(nl, devices, 2);

	return ret < 0 ? ret : ret == 1 ? 0 : -EIO;
}

static bool end_netlink(void)
{
	return !close(nl);
}

/* ---- what the manager does, which the driver's work sees ---- */

/* Entries are waited for by what passes no point: an ioctl has one */
static bool entry(struct vfio_cxl_dc_event *event)
{
	return next(dynamic_node(), event);
}

static int call_ask_back(void)
{
	struct vfio_cxl_dc_event event;
	unsigned int asked = 0;

	lseek(dynamic_node(), 0, SEEK_END);
	if (!dynamic_ask_back())
		return -EIO;
	while (asked < PIECES && entry(&event))
		asked += event.kind == VFIO_CXL_DC_CHANGE_REQUEST;

	return asked == PIECES ? 0 : -ETIMEDOUT;
}

static bool begin_offers(void)
{
	refused = false;

	return begin_netlink() && !netlink_join(nl);
}

/*
 * Is who listens told of it, or told that there was something? Of that he hears
 * before he hears what came earlier.
 */
static bool told(const struct tag *tag)
{
	struct netlink_change change;
	int ret;

	do {
		ret = netlink_change(nl, SOON, &change);
		missed |= ret == -ENOBUFS;
	} while (!missed && !ret &&
		 !is_of(&change.event, tag, VFIO_CXL_DC_PENDING));

	return missed || !ret;
}

/* An offer that is refused as a whole may have more than one entry */
static int outcomes(unsigned int *pending)
{
	struct vfio_cxl_dc_event event;
	__u64 last = 0;
	unsigned int known = 0;

	*pending = 0;
	while (known < OFFERS && entry(&event)) {
		if (event.offer == last)
			continue;
		last = event.offer;
		known++;
		if (is_of(&event, &tags[0], VFIO_CXL_DC_PENDING) ||
		    is_of(&event, &tags[1], VFIO_CXL_DC_PENDING)) {
			told_right &= told(&tags[known - 1]);
			(*pending)++;
		}
	}

	return known == OFFERS ? 0 : -ETIMEDOUT;
}

/* One behind the other. Who calls again finds nothing of the first time */
static int call_offers(void)
{
	unsigned int pending, i;
	int err;

	if (refused && !dynamic_back())
		return -EBUSY;
	missed = false;
	told_right = true;
	lseek(dynamic_node(), 0, SEEK_END);
	for (i = 0; i < OFFERS; i++)
		if (!dynamic_offer(&tags[i], i))
			return -EIO;
	err = outcomes(&pending);
	refused = err || pending < OFFERS;

	return refused && !err ? -ENOMEM : err;
}

/*
 * What the driver can't take is answered, and once: a second answer would be the
 * next offer's, which the device would then not have any more.
 */
static bool answered(void)
{
	struct vfio_cxl_dc_info info;
	int is[2];

	return fm_tells(is) && !dc_info(dynamic_node(), &info) &&
	       is[1] == PIECES * info.open_offers &&
	       info.offers == info.answers + info.open_offers;
}

static bool check_offers(void)
{
	return told_right && within(SOON, answered());
}

static bool end_offers(void)
{
	return end_netlink() && dynamic_back();
}

const struct operation operations_log[] = {
	{ "dc_read", begin_read, call_read, dynamic_back,
	  .check = check_told, .inside = true, .only = "kernel" },
	/* The page that the kernel wants for so many is below the driver */
	{ "dc_poll", begin_poll, call_poll, end_poll, .inside = true,
	  .depth = 20, .only = "kernel" },
	{ "dc_eventfd", begin_eventfd, call_eventfd, end_eventfd,
	  .inside = true },
	{ "dc_netlink", begin_netlink, call_netlink, end_netlink,
	  .inside = true, .only = "kernel" },
	{ "dc_ask_back", dynamic_accepted, call_ask_back, dynamic_back,
	  .inside = true, .only = "own" },
	{ "dc_offers", begin_offers, call_offers, end_offers,
	  .check = check_offers, .inside = true, .only = "own",
	  .costs = true },
	{}
};
