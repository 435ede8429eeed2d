// SPDX-License-Identifier: GPL-2.0-only
/*
 * model LISTENER CONTROL SERIAL CAPACITY: a CXL device for the emulator that
 * connects to the first descriptor, scripted through the second. It ends with
 * whoever holds the other end of that.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

uint32_t get32(const void *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));

	return value;
}

void put16(void *to, uint16_t value)
{
	memcpy(to, &value, sizeof(value));
}

void put32(void *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

/* Lines of commands, as they come; false at the end */
static bool serve_control(struct model *m, int fd)
{
	static char buf[8192], answer[8192];
	static size_t len;
	ssize_t n = read(fd, buf + len, sizeof(buf) - 1 - len);
	char *end;

	if (n <= 0)
		return false;
	len += n;
	buf[len] = 0;
	while ((end = strchr(buf, '\n'))) {
		*end++ = 0;
		control_line(m, buf, answer, sizeof(answer) - 1);
		strcat(answer, "\n");
		if (write(fd, answer, strlen(answer)) < 0)
			return false;
		len -= end - buf;
		memmove(buf, end, len + 1);
	}

	return len < sizeof(buf) - 1;
}

static struct model model;

int main(int argc, char **argv)
{
	struct model *m = &model;
	int listener, control;
	unsigned int i;

	if (argc != 5) {
		fprintf(stderr, "usage: model LISTENER CONTROL SERIAL CAPACITY\n");
		return 2;
	}
	listener = atoi(argv[1]);
	control = atoi(argv[2]);
	m->serial = strtoull(argv[3], NULL, 0);
	m->memory_size = strtoull(argv[4], NULL, 0);
	for (i = 0; i < VECTORS; i++)
		m->vector[i] = -1;
	m->memory = memfd_create("bar2", MFD_CLOEXEC);
	if (m->memory < 0 || ftruncate(m->memory, BAR2_SIZE)) {
		perror("model: memory of BAR 2");
		return 1;
	}
	config_init(m);
	model_default(m);
	m->socket = accept(listener, NULL, NULL);
	close(listener);

	for (;;) {
		/* A descriptor below 0 is passed over */
		struct pollfd p[] = { { m->socket, POLLIN, 0 },
				      { control, POLLIN, 0 } };

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents && !protocol_serve(m)) {
			close(m->socket);
			m->socket = -1;
		}
		if (p[1].revents && !serve_control(m, control))
			return 0;
	}
}
