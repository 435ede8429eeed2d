/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fail-nth for programs: preloaded, fault.c counts the points at which something
 * can go wrong, of one kind, and lets it go wrong at the n-th. From outside by
 * FAULT=KIND:N, with a struct fault_state behind the descriptor FAULT_FD;
 * from inside by fault_arm().
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_ALLOC,	/* one allocation fails */
	FAULT_STARVE,	/* this one, and all after it */
	FAULT_NOMEM,	/* one system call fails with ENOMEM */
	FAULT_EINTR,	/* one is interrupted, before it did anything */
	FAULT_SHORT,	/* one reads or writes a single byte */
	FAULT_FULL,	/* the disk is full, and stays so; half of it fits */
	FAULT_KINDS,
};

#define FAULT_NAMES { "none", "alloc", "starve", "nomem", "eintr", "short", \
		      "full" }

struct fault_state {
	unsigned int kind;
	unsigned long n;	/* the point that fails, from 1 */
	unsigned long points;	/* that were passed */
	bool fired;
	char where[256];	/* what failed: "read /sys/..." */
};

/* Weak: without the preload there is nothing to arm */
#define FAULT_API	__attribute__((weak, visibility("default")))

FAULT_API void fault_arm(enum fault_kind kind, unsigned long n);
/* Whether it fired */
FAULT_API bool fault_disarm(void);
FAULT_API const struct fault_state *fault_state(void);
/* Allocations that are not freed */
FAULT_API long fault_live(void);
/* What is done between these is the test's, and no point */
FAULT_API void fault_pause(void);
FAULT_API void fault_resume(void);

/* What fault.c takes from the C library, and from its own assembly */
void *__libc_malloc(size_t size);
void __libc_free(void *p);
long fault_syscall(long nr, ...);
extern const char fault_syscall_end[];

#endif /* FAULT_H */
