// SPDX-License-Identifier: GPL-2.0-only
/* What is done to memory that the driver maps: by its pages, and by its mapping. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmfuzz.h"

/* Faults of a call: each costs what ten small calls do */
#define FEW	8

/* A part of an area: whole pages, of large ones often */
static char *part(const struct call *call, size_t *size)
{
	__u64 from = call->at % AREA & (call->at & 1 << 24 ? -BLOCK : -PAGE);
	__u64 most = AREA - from;

	*size = call->length & 1 << 24 ? BLOCK :
		(call->length % 64 + 1) * PAGE;
	*size = *size < most ? *size : most;

	return area(call->who) + from;
}

static int map_flags(const struct call *call)
{
	unsigned int kind = call->pick & 15;

	return MAP_FIXED | (kind == 15 ? MAP_PRIVATE : MAP_SHARED) |
	       (kind == 14 ? MAP_POPULATE : 0);
}

static int map_prot(const struct call *call)
{
	static const int prots[] = {
		PROT_READ | PROT_WRITE, PROT_READ, PROT_READ | PROT_EXEC,
		PROT_NONE, PROT_WRITE,
	};
	unsigned int kind = call->pick >> 4 & 31;

	return prots[kind < 5 ? kind : 0];
}

static long map_fd(const struct call *call, int fd, __u64 offset)
{
	size_t size;
	char *to = part(call, &size);
	long ret;

	if (!area_lock(call->who))
		return -EAGAIN;
	ret = mmap(to, size, map_prot(call), map_flags(call), fd,
		   offset & -PAGE) == MAP_FAILED ? -errno : 0;
	area_unlock(call->who);

	return ret;
}

/* BARs, HDM memory and the window: where, is as a rule a multiple of large pages */
static long map_region(struct thread *t, const struct call *call,
		       const struct op *op)
{
	static const __u8 regions[] = { 9, 11, 9, 11, 9, 11, 9, 11, 9, 11, 9, 11,
					0, 2, 4, 10 };
	struct object *user = object_need(USERS, call->pick >> 9);
	__u64 offset = (call->at >> 32) % (256 * MIB);
	long ret;

	if (!user)
		return -EBADF;
	if (call->pick & 1 << 10)
		offset = (offset & 3) * BLOCK;
	else if (call->pick & 1 << 11)
		/* Where the device's Dynamic Capacity begins, and goes on */
		offset = 256 * MIB + (offset & 3) * BLOCK;
	offset |= (__u64)regions[call->pick >> 12 & 15] << 40;
	ret = map_fd(call, user->user.device, offset);
	object_put(user);

	return ret;
}

static long map_other(struct thread *t, const struct call *call,
		      const struct op *op)
{
	struct object *object = object_get(op->cmd, call->pick >> 9);
	__u64 offset = call->pick & 1 << 12 ? call->at >> 32 : 0;
	long ret;

	if (!object)
		return -EBADF;
	ret = map_fd(call, object->user.device, offset);
	object_put(object);

	return ret;
}

static long touch_pages(struct thread *t, const struct call *call,
			const struct op *op)
{
	size_t size, at, step = PAGE << (call->pick >> 8 & 7);
	char *from = part(call, &size);
	char byte = call->pick;
	int good = 0, left = FEW;

	for (at = call->at & 0xfff; at < size && left--; at += step)
		if (op->cmd)
			good += !copy(from + at, &byte, 1);
		else
			good += !copy(&byte, from + at, 1);

	return good ? good : -EFAULT;
}

static long unmap(struct thread *t, const struct call *call,
		  const struct op *op)
{
	size_t size;
	char *at = part(call, &size);
	void *done;

	if (call->pick & 1) {
		at = area(call->who);
		size = AREA;
	}
	/* The same for what was mapped there, and no hole */
	done = mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_NORESERVE | MAP_FIXED, -1, 0);

	return done == MAP_FAILED ? -errno : 0;
}

static long protect(struct thread *t, const struct call *call,
		    const struct op *op)
{
	size_t size;
	char *at = part(call, &size);

	return mprotect(at, size, map_prot(call)) ? -errno : 0;
}

static long advise(struct thread *t, const struct call *call,
		   const struct op *op)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_DONTFORK, MADV_DOFORK,
		MADV_HUGEPAGE, MADV_DODUMP, MADV_REMOVE, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_PAGEOUT, MADV_COLD, MADV_FREE,
	};
	size_t size;
	char *at = part(call, &size);

	if (call->pick % 13 == 12)
		return msync(at, size, MS_SYNC) ? -errno : 0;

	return madvise(at, size, advices[call->pick % 13]) ? -errno : 0;
}

/* To another area, which has to be free of who maps at the moment; it may grow */
static long remap(struct thread *t, const struct call *call,
		  const struct op *op)
{
	size_t size, grown;
	char *from = part(call, &size), *at;
	char *to = area(call->who + 1) + (call->pick >> 8) % 8 * BLOCK;
	long ret = 0;

	grown = call->pick & 1 ? size : size + PAGE;
	if (!area_lock(call->who + 1))
		return -EAGAIN;
	at = mremap(from, size, grown, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (at == MAP_FAILED)
		ret = -errno;
	else
		/* What went away has left a hole */
		mmap(from, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_NORESERVE | MAP_FIXED, -1, 0);
	area_unlock(call->who + 1);

	return ret;
}

/* As a debugger does */
static long other_access(struct thread *t, const struct call *call,
			 const struct op *op)
{
	size_t size;
	char *at = part(call, &size);
	struct iovec here = { t->buffer, BUFFER }, there = { at, size };
	ssize_t n;

	size = size < BUFFER ? size : BUFFER;
	here.iov_len = size;
	switch (call->pick & 3) {
	case 0:
		n = pread(own_memory, t->buffer, size, (unsigned long)at);
		break;
	case 1:
		n = pwrite(own_memory, t->buffer, size, (unsigned long)at);
		break;
	case 2:
		n = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
		break;
	default:
		n = process_vm_writev(getpid(), &here, 1, &there, 1, 0);
	}

	return n < 0 ? -errno : n;
}

/* Pages held in a pipe, by whoever closes it last */
static long pin(struct thread *t, const struct call *call, const struct op *op)
{
	struct user user = USER_CLOSED;
	struct iovec pages;
	int ends[2];
	ssize_t n;

	pages.iov_base = part(call, &pages.iov_len);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	n = vmsplice(ends[1], &pages, 1, SPLICE_F_NONBLOCK);
	n = n < 0 ? -errno : n;
	user.device = ends[0];
	user.group = ends[1];
	object_set(PIPES, call->pick, &user);

	return n;
}

/* A child has all mappings too, touches one, and ends */
static long fork_child(struct thread *t, const struct call *call,
		       const struct op *op)
{
	size_t size;
	char *at = part(call, &size), byte;
	pid_t pid = fork();
	int status;

	if (!pid) {
		copy(&byte, at, 1);
		copy(at + size - 1, &byte, 1);
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	waitpid(pid, &status, 0);

	return status ? -EIO : 0;
}

const struct op memory_ops[] = {
	{ .name = "map-region", .run = map_region, .weight = 24 },
	{ .name = "map-tag", .run = map_other, .weight = 12, .cmd = TAGS },
	{ .name = "map-backend", .run = map_other, .weight = 8,
	  .cmd = BACKENDS },
	{ .name = "read-page", .run = touch_pages, .weight = 24 },
	{ .name = "write-page", .run = touch_pages, .weight = 24, .cmd = 1 },
	{ .name = "unmap", .run = unmap, .weight = 10 },
	{ .name = "protect", .run = protect, .weight = 5 },
	{ .name = "advise", .run = advise, .weight = 6 },
	{ .name = "remap", .run = remap, .weight = 3 },
	{ .name = "access", .run = other_access, .weight = 4 },
	{ .name = "pin", .run = pin, .weight = 4 },
	{ .name = "fork", .run = fork_child, .weight = 1, .slow = 4 },
	{}
};
