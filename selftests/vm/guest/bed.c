// SPDX-License-Identifier: GPL-2.0-only
/*
 * bed: asks the host, over a virtio port, to act on the machine from outside.
 * What can be asked is bed.py's business: this carries arguments there and an
 * answer back. An argument "-" stands for what is on standard input.
 *
 * Both ways in fragments of one port write each, which can't be cut in two:
 * u32 nonce, u32 flags, then bytes. The nonce tells an answer from one to a
 * client that was killed while it waited. The payload there is the arguments,
 * each ended by a zero byte; back, a line for output after one status byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define FRAGMENT	16384
#define LAST		1u

struct fragment {
	uint32_t nonce, flags, len;
	char data[FRAGMENT];
};

#define HEADER	(sizeof(struct fragment) - FRAGMENT)

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "bed: %s: %s\n", what, strerror(errno));
	exit(1);
}

struct buffer {
	char *data;
	size_t len;
};

static void append(struct buffer *b, const char *data, size_t len)
{
	b->data = realloc(b->data, b->len + len);
	if (!b->data)
		die("memory");
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void append_input(struct buffer *b)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		append(b, buf, n);
	if (n < 0)
		die("read standard input");
	append(b, "", 1);
}

static void ask(int port, uint32_t nonce, const struct buffer *b)
{
	static struct fragment f;
	size_t at = 0;

	do {
		f.nonce = nonce;
		f.len = b->len - at < FRAGMENT ? b->len - at : FRAGMENT;
		f.flags = at + f.len == b->len ? LAST : 0;
		memcpy(f.data, b->data + at, f.len);
		if (write(port, &f, HEADER + f.len) != (ssize_t)(HEADER + f.len))
			die("write to the host");
		at += f.len;
	} while (at < b->len);
}

static void get(int port, void *to, size_t len)
{
	char *p = to;

	while (len) {
		ssize_t n = read(port, p, len);

		if (n <= 0) {
			errno = n ? errno : ENOTCONN;
			die("read from the host");
		}
		p += n;
		len -= n;
	}
}

static int answer(int port, uint32_t nonce)
{
	static struct fragment f;
	int status = -1;

	do {
		FILE *to;
		size_t skip = 0;

		get(port, &f, HEADER);
		if (f.len > FRAGMENT) {
			errno = EPROTO;
			die("read from the host");
		}
		get(port, f.data, f.len);
		if (f.nonce != nonce) {
			f.flags = 0;
			continue;
		}
		if (status < 0 && f.len) {
			status = f.data[0];
			skip = 1;
		}
		to = status ? stderr : stdout;
		if (fwrite(f.data + skip, 1, f.len - skip, to) != f.len - skip)
			die("write");
	} while (!(f.flags & LAST));
	return status;
}

int main(int argc, char **argv)
{
	struct buffer b = { 0 };
	struct timespec now;
	sigset_t all;
	int lock, port, i, status;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-"))
			append_input(&b);
		else
			append(&b, argv[i], strlen(argv[i]) + 1);
	}
	lock = open("/run/bed.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX))
		die("/run/bed.lock");
	/* The next one is to find the port at rest. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	port = open("/dev/virtio-ports/bed", O_RDWR | O_CLOEXEC);
	if (port < 0)
		die("/dev/virtio-ports/bed");
	clock_gettime(CLOCK_MONOTONIC, &now);
	ask(port, now.tv_nsec ^ (uint32_t)getpid() << 16, &b);
	status = answer(port, now.tv_nsec ^ (uint32_t)getpid() << 16);
	if (fflush(stdout))
		die("write");
	return status;
}
