// SPDX-License-Identifier: GPL-2.0-only
/*
 * Touching memory that may go away: writing, checking and copying, with a
 * SIGBUS turned into a return value.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "pattern.h"

#define LINE	64

static sigjmp_buf escape;
static volatile sig_atomic_t inside;

static void on_sigbus(int number)
{
	if (inside)
		siglongjmp(escape, 1);
	/* Not ours: let it do what it does to everybody */
	signal(number, SIG_DFL);
	raise(number);
}

int pattern_catch_sigbus(void)
{
	struct sigaction action = { .sa_handler = on_sigbus };

	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) ? -errno : 0;
}

/* Every place has a value of its own, so that a shifted one is seen */
uint64_t pattern_at(const struct pattern *p, uint64_t offset)
{
	uint64_t x = offset + 0x9e3779b97f4a7c15ULL;

	if (p->constant)
		return p->value;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Out of the caches: what is read next must come from the device */
static void flush(const char *addr, size_t size)
{
#ifdef __x86_64__
	size_t i;

	for (i = 0; i < size; i += LINE)
		_mm_clflush(addr + i);
	_mm_mfence();
#else
	(void)addr;
	(void)size;
#endif
	__asm__ volatile("" : : : "memory");
}

static void do_fill(const struct pattern *p, uint64_t *to, uint64_t offset,
		    size_t size)
{
	size_t i;

	for (i = 0; i < size / sizeof(*to); i++)
		to[i] = pattern_at(p, offset + i * sizeof(*to));
	flush((const char *)to, size);
}

static bool do_check(const struct pattern *p, const uint64_t *from,
		     uint64_t offset, size_t size, struct mismatch *bad)
{
	size_t i;

	for (i = 0; i < size / sizeof(*from); i++) {
		uint64_t want = pattern_at(p, offset + i * sizeof(*from));
		uint64_t found = from[i];

		if (found == want)
			continue;
		bad->offset = offset + i * sizeof(*from);
		bad->expected = want;
		bad->found = found;
		return false;
	}
	return true;
}

int pattern_fill(const struct pattern *p, void *to, uint64_t offset,
		 size_t size)
{
	if (sigsetjmp(escape, 1)) {
		inside = 0;
		return -EFAULT;
	}
	inside = 1;
	do_fill(p, to, offset, size);
	inside = 0;
	return 0;
}

int pattern_check(const struct pattern *p, const void *from, uint64_t offset,
		  size_t size, struct mismatch *bad)
{
	bool good;

	if (sigsetjmp(escape, 1)) {
		inside = 0;
		return -EFAULT;
	}
	inside = 1;
	good = do_check(p, from, offset, size, bad);
	inside = 0;
	return good ? 0 : -EILSEQ;
}

int pattern_copy(void *to, const void *from, size_t size)
{
	if (sigsetjmp(escape, 1)) {
		inside = 0;
		return -EFAULT;
	}
	inside = 1;
	memcpy(to, from, size);
	inside = 0;
	return 0;
}

int pattern_same(const void *a, const void *b, size_t size)
{
	int differ;

	if (sigsetjmp(escape, 1)) {
		inside = 0;
		return -EFAULT;
	}
	inside = 1;
	differ = memcmp(a, b, size);
	inside = 0;
	return differ ? -EILSEQ : 0;
}
