/* SPDX-License-Identifier: GPL-2.0-only */
/* A line of the script, in words. */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;

struct words {
	char *w[MAX_WORDS];
	unsigned int n;
};

uint64_t number(const struct words *w, unsigned int i, uint64_t otherwise);
bool is(const struct words *w, unsigned int i, const char *what);

/* control_dc.c; false: it is none of its commands */
bool control_dc(struct model *m, const struct words *w, char *answer, size_t size,
		const char **why);

#endif /* CONTROL_H */
