// SPDX-License-Identifier: GPL-2.0-only
/*
 * faulty FAULT ROOT: copies ROOT/in to ROOT/a and ROOT/b, both or neither, and
 * prints it; with one of the faults that a sweep is there to find, or "none".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE	64

static const char *fault;
static char a[512], b[512];

static bool is(const char *name)
{
	return !strcmp(fault, name);
}

static _Noreturn void die(void)
{
	if (!is("silent"))
		fprintf(stderr, "faulty: %s\n", strerror(errno));
	if (!is("half")) {
		unlink(a);
		unlink(b);
	}
	exit(1);
}

static bool again(const char *name)
{
	return errno == EINTR && !is(name);
}

static void read_in(const char *path, char *text)
{
	int fd = open(path, O_RDONLY);
	size_t got = 0;

	if (fd < 0)
		die();
	while (got < SIZE) {
		ssize_t n = read(fd, text + got, SIZE - got);

		if (n < 0 && !again("eintr"))
			die();
		if (!n)
			break;
		got += n > 0 ? n : 0;
		if (is("short"))
			break;
	}
	text[got] = '\0';
	close(fd);
}

static void write_out(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t done = 0, len = strlen(text);

	if (fd < 0)
		die();
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			die();
		done += n > 0 ? n : 0;
	}
	if (close(fd))
		die();
}

int main(int argc, char **argv)
{
	char in[512], *text;

	if (argc != 3)
		return 2;
	fault = argv[1];
	snprintf(in, sizeof(in), "%s/in", argv[2]);
	snprintf(a, sizeof(a), "%s/a", argv[2]);
	snprintf(b, sizeof(b), "%s/b", argv[2]);
	text = malloc(SIZE + 1);
	if (!text && !is("alloc"))
		die();
	read_in(in, text);
	write_out(a, text);
	write_out(b, text);
	puts(text);
	if (is("heap"))
		*(volatile char *)(text + SIZE + 1) = 1;
	free(text);
	if (is("lost"))
		return 0;
	if (fclose(stdout))
		die();
	return 0;
}
