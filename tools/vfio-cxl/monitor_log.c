// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the monitor knows of each device's log. Messages come by netlink, and are
 * shown if they are the entry that comes next; where one is missing the log is
 * read, from that entry on. One that was shown already is none of news, unless the
 * device was bound anew: that begins a new log, and ends the old one's reader.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

struct followed *find_followed(struct monitor *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (!strcmp(m->devices[i].name, name))
			return &m->devices[i];
	return NULL;
}

static struct followed *add_followed(struct monitor *m, const char *name,
				     struct vcxl_device *dev)
{
	struct followed *more, *f;

	more = reallocarray(m->devices, m->count + 1, sizeof(*more));
	if (!more)
		out_of_memory();
	m->devices = more;
	f = &more[m->count++];
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->dev = dev;
	return f;
}

void unfollow_all(struct monitor *m)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		vcxl_events_close(m->devices[i].events);
		vcxl_device_free(m->devices[i].dev);
	}
	free(m->devices);
}

static bool is_over(const struct followed *f)
{
	struct pollfd p = { .fd = vcxl_events_fd(f->events) };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

static void end(struct monitor *m, struct followed *f)
{
	vcxl_events_close(f->events);
	f->events = NULL;
	show_mark(m, "end", f->name, "is bound to " VCXL_DRIVER " no more");
}

/* What was lost is not known, but what there is now can be */
static int tell_lost(struct monitor *m, struct followed *f, uint64_t lost)
{
	show_lost(m, f->name, f->next, lost);
	return m->done ? 0 : show_extents(m, f->dev);
}

/* All that is in the log from where we are; it may be over after that */
int catch_up(struct monitor *m, struct followed *f)
{
	struct vfio_cxl_dc_event event;
	int ret = 0;

	if (!f->events)
		return 0;
	if (vcxl_events_position(f->events) != f->next)
		ret = vcxl_events_seek(f->events, f->next);
	while (!ret && !m->done) {
		ret = vcxl_events_next(f->events, &event);
		if (ret)
			break;
		if (event.sequence > f->next)
			ret = tell_lost(m, f, event.sequence - f->next);
		f->next = event.sequence + 1;
		if (!ret && !m->done)
			show_change(m, f->name, &event);
	}
	if (ret == -ENODEV) {
		end(m, f);
		return 0;
	}
	return ret == -EAGAIN ? 0 : ret;
}

/* @since: number of an entry; 0: what comes from now on */
static int begin(struct monitor *m, struct followed *f, uint64_t since)
{
	int ret = vcxl_events_open(f->dev, &f->events);

	if (ret)
		return ret;
	f->next = vcxl_events_position(f->events);
	if (!since)
		return 0;
	if (since > f->next) {
		show_mark(m, "begin", f->name,
			  "has a new log: it is not that far");
		since = 1;
		ret = show_extents(m, f->dev);
	}
	f->next = since;
	return ret ? ret : catch_up(m, f);
}

/*
 * Bound, or bound again: all of its log is news. Another device object, as the old
 * one has the old node open. What is gone again already is told by who comes next.
 */
static int begin_anew(struct monitor *m, struct followed *f)
{
	struct vcxl_device *dev;
	int ret = vcxl_device_get(m->args->ctx, f->name, &dev);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	vcxl_device_free(f->dev);
	f->dev = dev;
	if (!vcxl_device_is_bound(dev))
		return 0;
	show_mark(m, "begin", f->name, "is bound to " VCXL_DRIVER);
	ret = m->done ? 0 : begin(m, f, 1);
	return ret == -ENODEV ? 0 : ret;
}

/* No message told, perhaps, of its end and of a new beginning */
int look_again(struct monitor *m, struct followed *f)
{
	int ret = catch_up(m, f);

	return ret || m->done || f->events ? ret : begin_anew(m, f);
}

/* @since: see begin() */
int follow(struct monitor *m, const char *name, uint64_t since)
{
	struct vcxl_device *dev;
	int ret = vcxl_device_get(m->args->ctx, name, &dev);

	if (ret)
		return ret;
	if (find_followed(m, vcxl_device_name(dev))) {
		vcxl_device_free(dev);
		return 0;
	}
	return begin(m, add_followed(m, vcxl_device_name(dev), dev), since);
}

/* All that are bound, and are not followed yet. @anew: since we looked last */
int follow_all(struct monitor *m, bool anew)
{
	struct vcxl_device **devs;
	size_t count, i;
	int ret = vcxl_devices(m->args->ctx, &devs, &count);

	if (ret)
		return ret;
	for (i = 0; !ret && !m->done && i < count; i++) {
		const char *name = vcxl_device_name(devs[i]);

		if (!vcxl_device_is_bound(devs[i]) || find_followed(m, name))
			continue;
		ret = anew ? begin_anew(m, add_followed(m, name, NULL)) :
			     follow(m, name, 0);
		/* Unbound meanwhile: it tells when it is back */
		ret = ret == -ENODEV ? 0 : ret;
	}
	vcxl_devices_free(devs, count);
	return ret;
}

int on_change(struct monitor *m, const char *name,
	      const struct vfio_cxl_dc_event *event)
{
	struct followed *f = find_followed(m, name);
	int ret = 0;

	if (!f)
		return m->chosen ? 0 :
		       begin_anew(m, add_followed(m, name, NULL));
	/* Of what is left of the old log nothing is kept from the reader */
	if (f->events && is_over(f))
		ret = catch_up(m, f);
	if (ret || m->done)
		return ret;
	if (!f->events)
		return begin_anew(m, f);
	if (event->sequence < f->next)
		return 0;
	if (event->sequence > f->next)
		return catch_up(m, f);
	f->next++;
	show_change(m, name, event);
	return 0;
}
