// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of the test bed. Most are plain words, and are asked of the host from
 * here: tests ask often, and on a kernel with its checkers on each program that
 * is started takes longer than all the rest. See ../vm/guest/bed.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"

#define LAST	1

struct fragment {
	__u32 nonce;
	__u32 flags;
	__u32 length;
	char data[16384];
};

#define HEADER	offsetof(struct fragment, data)

static bool get(int port, void *to, size_t size)
{
	ssize_t n = 1;

	while (size && n > 0) {
		n = read(port, to, size);
		to = (char *)to + n;
		size -= n;
	}

	return n > 0;
}

/* Words in, each ended by a zero byte, and an answer: a status byte and text */
static bool exchange(int port, struct fragment *f)
{
	struct timespec now;
	__u32 nonce;

	clock_gettime(CLOCK_MONOTONIC, &now);
	nonce = now.tv_nsec ^ (__u32)getpid() << 16;
	f->nonce = nonce;
	f->flags = LAST;
	if (write(port, f, HEADER + f->length) != (ssize_t)(HEADER + f->length))
		return false;
	/* Before it, perhaps, what a client that was killed did not wait for */
	do {
		if (!get(port, f, HEADER) || f->length > sizeof(f->data) ||
		    !get(port, f->data, f->length))
			return false;
	} while (f->nonce != nonce);

	return f->flags & LAST && f->length && !f->data[0];
}

static char *ask(const char *words)
{
	static struct fragment f;
	int lock, port = -1;
	sigset_t all, old;
	bool ok = false;
	size_t i;

	f.length = strlen(words) + 1;
	for (i = 0; i < f.length; i++)
		f.data[i] = words[i] == ' ' ? 0 : words[i];
	/* The next one is to find the port at rest */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	lock = open("/run/bed.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock >= 0 && !flock(lock, LOCK_EX))
		port = open("/dev/virtio-ports/bed", O_RDWR | O_CLOEXEC);
	if (port >= 0) {
		ok = exchange(port, &f);
		close(port);
	}
	if (lock >= 0)
		close(lock);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (!ok)
		return NULL;
	f.data[f.length < sizeof(f.data) ? f.length : f.length - 1] = 0;

	return f.data + 1;
}

static char *shell(const char *command)
{
	static char output[4096];
	FILE *pipe = popen(command, "r");
	size_t n;

	if (!pipe)
		return NULL;
	n = fread(output, 1, sizeof(output) - 1, pipe);
	output[n] = 0;

	return pclose(pipe) ? NULL : output;
}

/* A command of the test bed, from outside the VM; its output, or NULL */
char *bed(const char *format, ...)
{
	char command[8192] = "bed ";
	va_list args;

	va_start(args, format);
	vsnprintf(command + 4, sizeof(command) - 4, format, args);
	va_end(args);

	return strpbrk(command, "|'") ? shell(command) : ask(command + 4);
}
