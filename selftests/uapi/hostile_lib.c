// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

/* Told while anything may be bound to it */
bool device_does(const char *commands)
{
	return bed("model dcd0 %s", commands);
}

/* Nothing bound, and the device as at first but for what is said */
bool device_is(const char *commands)
{
	dev_unbind();

	return device_does("default") && (!*commands || device_does(commands));
}

bool device_bound(const char *commands)
{
	return device_is(commands) && dev_bind();
}

/* A register past everything, as "cm 0x120 4" */
unsigned long device_get(const char *place)
{
	const char *answer = bed("model dcd0 get %s", place);

	if (!answer)
		abort();

	return strtoul(answer, NULL, 0);
}

/* How often something has happened since the device was as at first */
unsigned long device_count(const char *what)
{
	const char *answer = bed("model dcd0 count");
	const char *at = answer ? strstr(answer, what) : NULL;

	if (!at)
		abort();

	return strtoul(at + strlen(what), NULL, 0);
}

/* Has the kernel said this since @kmsg was opened? It says it before it returns */
bool kmsg_says(int kmsg, const char *text)
{
	char record[8192];
	bool said = false;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[n] = 0;
		said |= !!strstr(record, text);
	}
	close(kmsg);

	return said;
}
