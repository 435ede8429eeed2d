/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_PATTERN_H
#define VFIO_CXL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct pattern - what is written
 * @constant: @value everywhere; else each place has its own
 * @value: see @constant
 */
struct pattern {
	bool constant;
	uint64_t value;
};

struct mismatch {
	uint64_t offset;
	uint64_t expected;
	uint64_t found;
};

/*
 * All return -EFAULT after a SIGBUS, and pattern_check() and pattern_same()
 * -EILSEQ where the bytes are not the expected ones. One thread only.
 */
int pattern_catch_sigbus(void);
uint64_t pattern_at(const struct pattern *p, uint64_t offset);
int pattern_fill(const struct pattern *p, void *to, uint64_t offset,
		 size_t size);
int pattern_check(const struct pattern *p, const void *from, uint64_t offset,
		  size_t size, struct mismatch *bad);
int pattern_copy(void *to, const void *from, size_t size);
int pattern_same(const void *a, const void *b, size_t size);

#endif /* VFIO_CXL_PATTERN_H */
