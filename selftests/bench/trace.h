/* SPDX-License-Identifier: GPL-2.0-only */
/* How long functions of the driver take: the kernel's function graph tracer. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stdint.h>

void trace_start(const char *const *functions, const char *empty);
void trace_clear(void);
unsigned int trace_calls(const char *function);
uint64_t trace_ns(const char *function);
void trace_stop(void);

#endif /* BENCH_TRACE_H */
