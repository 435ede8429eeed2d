// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was reached of the module: places, as KCOV has them, from where its text
 * begins, so that they are the same when it is loaded anew.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmfuzz.h"

#define MODULE	"cxl_vfio_pci"
#define WORDS	(256UL << 10)

static unsigned long base, size;
static __u8 *reached;

/* Where it begins now, and ends */
void cover_base(void)
{
	unsigned long at, first = -1UL, last = 0;
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[256], kind;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (!strstr(line, "[" MODULE "]") ||
		    sscanf(line, "%lx %c", &at, &kind) != 2 ||
		    (kind | 0x20) != 't')
			continue;
		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	if (symbols)
		fclose(symbols);
	__atomic_store_n(&base, first, __ATOMIC_RELAXED);
	/* Of the last function a page at most */
	if (last && !size)
		size = last - first + PAGE;
}

bool cover_init(void)
{
	cover_base();
	if (!size) {
		fprintf(stderr, "vmfuzz: " MODULE " is not loaded\n");
		return false;
	}
	reached = calloc(1, size);

	return reached;
}

bool cover_open(struct thread *t)
{
	t->kcov = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (t->kcov < 0 || ioctl(t->kcov, KCOV_INIT_TRACE, WORDS))
		return false;
	t->cover = mmap(NULL, WORDS * sizeof(*t->cover), PROT_READ | PROT_WRITE,
			MAP_SHARED, t->kcov, 0);

	return t->cover != MAP_FAILED;
}

/* From now on, of the thread that calls this */
bool cover_start(const struct thread *t)
{
	return !ioctl(t->kcov, KCOV_ENABLE, KCOV_TRACE_PC);
}

/* How many places are new, of those that the thread's call has reached */
unsigned int cover_take(struct thread *t)
{
	unsigned long n = __atomic_load_n(t->cover, __ATOMIC_RELAXED);
	unsigned long from = __atomic_load_n(&base, __ATOMIC_RELAXED);
	unsigned int new = 0;
	unsigned long i, at;

	for (i = 1; i <= n; i++) {
		at = t->cover[i] - from;
		if (at < size && !reached[at] &&
		    !__atomic_exchange_n(&reached[at], 1, __ATOMIC_RELAXED))
			new++;
	}
	__atomic_store_n(t->cover, 0, __ATOMIC_RELAXED);
	if (new)
		__atomic_add_fetch(&shared->places, new, __ATOMIC_RELAXED);

	return new;
}
