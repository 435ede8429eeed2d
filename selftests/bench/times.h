/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs that take times share: a counter, samples, a way to print. */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include <stdint.h>
#include <time.h>

#define MAX_SAMPLES	10000

void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...);

void times_start(void);
double tick_ns(void);
void print_samples(const char *head, const uint64_t *values, unsigned int n,
		   double scale);

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* What stands before it is over when it is read */
static inline uint64_t ticks(void)
{
#ifdef __x86_64__
	uint64_t value;

	__builtin_ia32_lfence();
	value = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return value;
#else
	return now_ns();
#endif
}

#endif /* BENCH_TIMES_H */
