// SPDX-License-Identifier: GPL-2.0-only
/* The log of changes, read at the control node. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define ROOM	32

/**
 * struct vcxl_events - a reader of the log
 * @ctx: context
 * @name: of the device, for messages
 * @fd: the control node, opened for this alone
 * @position: number of the entry that comes next
 * @next: index of the first entry in @entries that was not given out
 * @count: of them, all in all
 * @entries: read ahead
 */
struct vcxl_events {
	struct vcxl *ctx;
	char name[VCXL_NAME_LEN];
	int fd;
	uint64_t position;
	size_t next;
	size_t count;
	struct vfio_cxl_dc_event entries[ROOM];
};

static int fail(struct vcxl_events *e, int err, const char *what)
{
	return vcxl_fail(e->ctx, err, e->name,
			 err == -EINVAL || err == -ESPIPE ?
			 "load a cxl-vfio-pci that is as new as this command" :
			 "", "%s: %s", what, strerror(-err));
}

static int seek(struct vcxl_events *e, uint64_t sequence, int whence)
{
	off_t at = lseek(e->fd, sequence, whence);

	if (at < 0)
		return fail(e, -errno, "can't go there in the log of changes");
	e->position = at;
	e->next = 0;
	e->count = 0;
	return 0;
}

int vcxl_events_open(struct vcxl_device *dev, struct vcxl_events **events)
{
	struct vcxl_events *e;
	char path[PATH_MAX];
	int ret = vcxl_control_path(dev, path);

	if (ret)
		return ret;
	e = calloc(1, sizeof(*e));
	if (!e)
		return vcxl_fail(dev->ctx, -ENOMEM, dev->name, "",
				 "out of memory");
	e->ctx = dev->ctx;
	strcpy(e->name, dev->name);
	e->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ret = e->fd < 0 ? vcxl_control_fail(dev, -errno, path) :
	      seek(e, 0, SEEK_CUR);
	if (ret) {
		vcxl_events_close(e);
		return ret;
	}
	*events = e;
	return 0;
}

void vcxl_events_close(struct vcxl_events *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	free(e);
}

int vcxl_events_fd(const struct vcxl_events *e)
{
	return e->fd;
}

uint64_t vcxl_events_position(const struct vcxl_events *e)
{
	return e->position;
}

int vcxl_events_seek(struct vcxl_events *e, uint64_t sequence)
{
	if (sequence > INT64_MAX)
		return fail(e, -ERANGE, "there is no such entry in a log");
	return seek(e, sequence, SEEK_SET);
}

static int read_ahead(struct vcxl_events *e)
{
	ssize_t n;

	do {
		n = read(e->fd, e->entries, sizeof(e->entries));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < 0 && errno == ENODEV)
		return vcxl_fail(e->ctx, -ENODEV, e->name,
				 "bind it again with 'vfio-cxl bind'",
				 "the device was unbound from " VCXL_DRIVER);
	if (n < 0)
		return fail(e, -errno, "can't read the log of changes");
	if (!n || n % sizeof(e->entries[0]))
		return fail(e, -EIO, "the log of changes makes no sense");
	e->next = 0;
	e->count = n / sizeof(e->entries[0]);
	return 0;
}

int vcxl_events_next(struct vcxl_events *e, struct vfio_cxl_dc_event *event)
{
	int ret = e->next < e->count ? 0 : read_ahead(e);

	if (ret)
		return ret;
	*event = e->entries[e->next++];
	/* One that goes back might never end */
	if (event->sequence < e->position || event->sequence == UINT64_MAX)
		return fail(e, -EIO, "the log of changes makes no sense");
	e->position = event->sequence + 1;
	return 0;
}

int vcxl_events_wait(struct vcxl_events *e, int timeout_ms)
{
	struct pollfd p = { .fd = e->fd, .events = POLLIN };
	int ret;

	if (e->next < e->count)
		return 0;
	ret = poll(&p, 1, timeout_ms);
	if (ret < 0)
		return fail(e, -errno, "can't wait for the log of changes");
	return ret ? 0 : -ETIMEDOUT;
}
