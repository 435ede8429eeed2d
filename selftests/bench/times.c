// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "times.h"

/* The counter that times are taken with, and where it stood at the start */
static uint64_t start_ticks, start_ns;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void times_start(void)
{
	start_ns = now_ns();
	start_ticks = ticks();
}

/* 1 where the counter counts instructions: that is what is asked for then */
double tick_ns(void)
{
	if (getenv("BENCH_ICOUNT"))
		return 1;
	while (now_ns() - start_ns < 50000000)
		;
	return (double)(now_ns() - start_ns) / (double)(ticks() - start_ticks);
}

/* @head: the members before, with the comma behind them */
void print_samples(const char *head, const uint64_t *values, unsigned int n,
		   double scale)
{
	unsigned int i;

	printf("{%s\"samples\":[", head);
	for (i = 0; i < n; i++)
		printf("%s%.0f", i ? "," : "", (double)values[i] * scale);
	puts("]}");
	fflush(stdout);
}
