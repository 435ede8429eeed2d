// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to the device as a whole: opened, reset, unbound; what it offers, and
 * wants back; parameters; the module.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "../uapi/dc.h"
#include "../uapi/event.h"
#include "vmfuzz.h"

static long open_user(struct thread *t, const struct call *call,
		      const struct op *op)
{
	struct object *object;

	/* Anew, mostly */
	if (call->pick & 3) {
		object_drop(USERS, 0);
		object_drop(USERS, 1);
	}
	object = object_need(USERS, call->who);
	object_put(object);

	return object ? 0 : -EBUSY;
}

static long close_user(struct thread *t, const struct call *call,
		       const struct op *op)
{
	object_drop(USERS, 0);
	object_drop(USERS, 1);
	/* Mappings are users, too */
	if (call->pick & 1)
		areas_clear();

	return 0;
}

static long sysfs_reset(struct thread *t, const struct call *call,
			const struct op *op)
{
	return dev_reset() ? 0 : -errno;
}

/* Who has the device open is waited for: they are asked to go */
static long unbind(struct thread *t, const struct call *call,
		   const struct op *op)
{
	objects_close();
	areas_clear();
	if (!dev_unbind())
		return -errno;

	/* Mostly it comes back at once, or the calls that follow are for nothing */
	return call->pick & 3 && !device_back() ? -errno : 0;
}

/* As unbind, but the device is no more, and then there is another one like it */
static long unplug(struct thread *t, const struct call *call,
		   const struct op *op)
{
	int ret;

	objects_close();
	areas_clear();
	ret = sysfs_write(dev_bdf(), "remove", "1");
	if (ret)
		return ret;

	return call->pick & 3 && !device_back() ? -errno : 0;
}

static long bind_again(struct thread *t, const struct call *call,
		       const struct op *op)
{
	return dev_bind() ? 0 : -errno;
}

static long reload(struct thread *t, const struct call *call,
		   const struct op *op)
{
	objects_close();
	areas_clear();

	return module_reload() ? 0 : -errno;
}

static long param(struct thread *t, const struct call *call,
		  const struct op *op)
{
	static const char *const names[] = {
		"clear_on_close", "dc_unbind_release", "dc_deadline_s",
	};
	static const char *const values[] = { "0", "1", "0", "1", "3600" };
	unsigned int n = call->pick % 3;

	return param_set(names[n],
			 values[call->at % (n == 2 ? 5 : 2)]) ? 0 : -EINVAL;
}

/* bed() itself is for one thread */
bool bed_locked(char *answer, size_t size, const char *format, ...)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const char *said;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pthread_mutex_lock(&lock);
	said = bed("%s", text);
	if (said && size)
		snprintf(answer, size, "%s", said);
	pthread_mutex_unlock(&lock);

	return said;
}

/* The device's own capacity, from its first bytes on. Every other tag is a backend's */
static long device_offers(struct thread *t, const struct call *call,
			  const struct op *op)
{
	static const __u8 tags[] = { 0x11, 0x12, 0x11, 0x12, 1, 2, 0, 0 };
	unsigned int region = call->at & 1, offset = call->at >> 1 & 3;
	unsigned int tag = tags[call->pick & 7];
	const char *force = op->cmd && call->pick & 8 ? " --forced" : "";
	const char *verb = op->cmd ? "release" : "add";
	char text[64] = "";

	if (tag)
		snprintf(text, sizeof(text),
			 " --tag %02x000000-0000-0000-0000-000000000000", tag);

	return bed_locked(NULL, 0, "fm %s --region %u --offset %lu --length %lu%s%s",
			  verb, region, offset * BLOCK,
			  BLOCK << (call->pick >> 4 & 1), text, force) ?
	       0 : -EIO;
}

/* Soon, to whichever thread: what waits, or sleeps, may be told to come back */
static long interrupt(struct thread *t, const struct call *call,
		      const struct op *op)
{
	struct itimerval timer = { .it_value.tv_usec = call->at % 20000 + 1 };

	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}

const struct op life_ops[] = {
	{ .name = "open", .run = open_user, .weight = 4, .slow = 4 },
	{ .name = "close-user", .run = close_user, .weight = 4, .slow = 4 },
	{ .name = "sysfs-reset", .run = sysfs_reset, .weight = 2, .slow = 4 },
	{ .name = "unbind", .run = unbind, .weight = 1, .slow = 16 },
	{ .name = "unplug", .run = unplug, .weight = 2, .slow = 4 },
	{ .name = "bind", .run = bind_again, .weight = 1, .slow = 4 },
	{ .name = "reload", .run = reload, .weight = 1, .slow = 16 },
	{ .name = "signal", .run = interrupt, .weight = 4 },
	{ .name = "param", .run = param, .weight = 1 },
	{}
};

const struct op capacity_ops[] = {
	{ .name = "offer", .run = device_offers, .weight = 6, .slow = 4 },
	{ .name = "ask-back", .run = device_offers, .weight = 4, .slow = 4, .cmd = 1 },
	{}
};
