// SPDX-License-Identifier: GPL-2.0-only
/*
 * What calls act on: descriptors, that all threads share. One that is dropped is
 * closed by who used it last, so that no number is another file's meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../uapi/genl.h"
#include "../uapi/iommu.h"
#include "vmfuzz.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct object *objects[KINDS][SLOTS];

static struct object **slot(enum kind kind, unsigned int n)
{
	return &objects[kind][kind == USERS ? n % 2 : n % SLOTS];
}

/* The device is open in one way only: then that is who is meant */
struct object *object_get(enum kind kind, unsigned int n)
{
	struct object *object;

	pthread_mutex_lock(&lock);
	object = *slot(kind, n);
	if (!object && kind == USERS)
		object = *slot(kind, n + 1);
	if (object)
		object->users++;
	pthread_mutex_unlock(&lock);

	return object;
}

struct object *object_any(const struct call *call)
{
	return object_get(call->who % KINDS, call->who / KINDS);
}

void object_put(struct object *object)
{
	bool last;

	if (!object)
		return;
	pthread_mutex_lock(&lock);
	last = !--object->users;
	pthread_mutex_unlock(&lock);
	if (last) {
		user_close(&object->user);
		free(object);
	}
}

bool object_set(enum kind kind, unsigned int n, const struct user *user)
{
	struct object *object = malloc(sizeof(*object)), *old;
	bool late;

	if (!object)
		abort();
	*object = (struct object){ .user = *user, .users = 1 };
	pthread_mutex_lock(&lock);
	late = __atomic_load_n(&epoch_ends, __ATOMIC_RELAXED);
	old = *slot(kind, n);
	if (!late)
		*slot(kind, n) = object;
	pthread_mutex_unlock(&lock);
	object_put(late ? object : old);

	return !late;
}

bool object_set_fd(enum kind kind, unsigned int n, int fd)
{
	struct user user = USER_CLOSED;

	user.device = fd;

	return object_set(kind, n, &user);
}

void object_drop(enum kind kind, unsigned int n)
{
	struct object *object;

	pthread_mutex_lock(&lock);
	object = *slot(kind, n);
	*slot(kind, n) = NULL;
	pthread_mutex_unlock(&lock);
	object_put(object);
}

void objects_close(void)
{
	unsigned int kind, n;

	for (kind = 0; kind < KINDS; kind++)
		for (n = 0; n < SLOTS; n++)
			object_drop(kind, n);
}

static int open_one(enum kind kind, unsigned int n, struct user *user)
{
	switch (kind) {
	case USERS:
		return n % 2 ? user_open_cdev(user) :
			       user_open_container(user, "/dev/vfio/vfio");
	case NODES:
		user->device = control_open();
		if (user->device >= 0)
			fcntl(user->device, F_SETFL, O_RDWR | O_NONBLOCK);
		break;
	case NETLINKS:
		user->device = netlink_open();
		break;
	case EPOLLS:
		user->device = epoll_create1(EPOLL_CLOEXEC);
		break;
	case EVENTFDS:
		user->device = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		break;
	default:
		return -EBADF;
	}

	return user->device < 0 ? -errno : 0;
}

/* What takes more than an open() is not made */
struct object *object_need(enum kind kind, unsigned int n)
{
	struct object *object = object_get(kind, n);
	struct user user = USER_CLOSED;

	if (object || open_one(kind, n, &user))
		return object;
	object_set(kind, n, &user);

	return object_get(kind, n);
}

/* What lists have shown */

#define LEARNED	8

static __u64 ids[LEARNED], offers[LEARNED];
static unsigned int next;

void learn(__u64 id, __u64 offer)
{
	unsigned int n = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);

	__atomic_store_n(&ids[n % LEARNED], id, __ATOMIC_RELAXED);
	__atomic_store_n(&offers[n % LEARNED], offer, __ATOMIC_RELAXED);
}

__u64 learned_id(unsigned int n)
{
	return __atomic_load_n(&ids[n % LEARNED], __ATOMIC_RELAXED);
}

__u64 learned_offer(unsigned int n)
{
	return __atomic_load_n(&offers[n % LEARNED], __ATOMIC_RELAXED);
}
