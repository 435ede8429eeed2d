/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers of the library and the command share: fuzz_tool_*.c. */
#ifndef VFIO_CXL_FUZZ_TOOL_H
#define VFIO_CXL_FUZZ_TOOL_H

#include "input.h"

#include "lib/private.h"

/* The linker's --wrap: what the library calls, and what it would have called */
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __wrap_pread(int fd, void *buf, size_t len, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t offset);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);

/* Nothing but what a terminal shows; @s has room for @size bytes */
static inline void must_be_text(const char *s, size_t size, const char *rule)
{
	size_t i;

	must(memchr(s, '\0', size), rule);
	for (i = 0; s[i]; i++)
		must(s[i] >= ' ' && s[i] <= '~', rule);
}

/* How many characters of @len are a number that fits; 0: none */
static inline size_t digits(const char *s, size_t len, bool hex, u64 *value)
{
	static const char all[] = "0123456789abcdef0123456789ABCDEF";
	unsigned int base = hex ? 16 : 10;
	size_t n;

	for (n = 0, *value = 0; n < len; n++) {
		const char *at = memchr(all, s[n], sizeof(all) - 1);
		u64 digit = at ? (at - all) % 16 : base;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return 0;
	}
	return n;
}

/* After @ret, of a function that accounts for its failures */
static inline int must_account(const struct vcxl *ctx, int ret)
{
	const struct vcxl_error *e = vcxl_error(ctx);

	if (!ret)
		return 0;
	must(ret < 0 && e->err == ret, "a failure is accounted for");
	must(e->why[0], "it is told why");
	must_be_text(e->why, sizeof(e->why), "why is text");
	must_be_text(e->next, sizeof(e->next), "what to do is text");
	must_be_text(e->object, sizeof(e->object), "what it is about is text");
	must_be_text(e->element, sizeof(e->element), "an element is text");
	return ret;
}

#endif /* VFIO_CXL_FUZZ_TOOL_H */
