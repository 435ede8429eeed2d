// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "times.h"
#include "trace.h"

#define TRACING	"/sys/kernel/tracing/"

static void put(const char *name, const char *value, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("writing '%s' to %s: %s", value, path, strerror(errno));
	close(fd);
}

/* Takes next to no time, so that its is the tracer's own; see trace_ns() */
static const char *nothing;

/* From now on, of these only: what is not traced costs nothing more */
void trace_start(const char *const *functions, const char *empty)
{
	nothing = empty;
	if (access(TRACING "trace", F_OK) &&
	    mount("tracefs", TRACING, "tracefs", 0, NULL))
		die("no tracefs at " TRACING ": %s", strerror(errno));
	put("current_tracer", "nop", 0);
	put("set_ftrace_filter", "\n", O_TRUNC);
	put("set_ftrace_filter", empty, O_APPEND);
	for (; *functions; functions++)
		put("set_ftrace_filter", *functions, O_APPEND);
	put("current_tracer", "function_graph", 0);
	put("options/funcgraph-tail", "1", 0);
	put("options/funcgraph-cpu", "0", 0);
	put("tracing_on", "1", 0);
	trace_clear();
}

void trace_stop(void)
{
	put("current_tracer", "nop", 0);
	put("set_ftrace_filter", "\n", O_TRUNC);
}

void trace_clear(void)
{
	put("trace", "\n", O_TRUNC);
}

/* All its calls since, in sum: "! 12.345 us  |  name [module]();", or its end */
static unsigned int calls(const char *function, double *sum)
{
	FILE *file = fopen(TRACING "trace", "re");
	char line[512], *at, *bar;
	unsigned int n = 0;
	double us;

	*sum = 0;
	if (!file)
		die("%strace: %s", TRACING, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		bar = strchr(line, '|');
		at = bar ? strstr(bar, function) : NULL;
		if (!at || at[-1] != ' ' || at[strlen(function)] == '_' ||
		    strchr(bar, '{'))
			continue;
		at = line + strcspn(line, "0123456789|");
		if (sscanf(at, "%lf us", &us) != 1)
			continue;
		*sum += us;
		n++;
	}
	fclose(file);

	return n;
}

/* How many there were since it was cleared */
unsigned int trace_calls(const char *function)
{
	double sum;

	return calls(function, &sum);
}

/*
 * Since it was cleared, in sum; and less what the tracer adds to each call, where that
 * can be known: where instructions are counted.
 */
uint64_t trace_ns(const char *function)
{
	double sum, own;
	unsigned int n = calls(function, &sum), empty = calls(nothing, &own);

	if (!n || !empty)
		die("%s was not traced", n ? nothing : function);
	if (getenv("BENCH_ICOUNT"))
		sum -= n * own / empty;

	return sum > 0 ? sum * 1000 : 0;
}
