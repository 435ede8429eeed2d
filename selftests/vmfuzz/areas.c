// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses that are reserved for what is mapped, so that no thread's touch can be of
 * anything else, whoever has unmapped what was there.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "vmfuzz.h"

int own_memory;
static char *areas;
static pthread_mutex_t locks[AREAS];
static __thread sigjmp_buf env;
static __thread volatile bool guarded;

static void on_fault(int number)
{
	if (guarded)
		siglongjmp(env, number);
	/* Not of an area: the next one ends the process */
	signal(number, SIG_DFL);
}

bool areas_init(void)
{
	struct sigaction action = {
		.sa_handler = on_fault,
		.sa_flags = SA_NODEFER,
	};
	char *at = mmap(NULL, (AREAS + 1) * AREA, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned int i;

	if (at == MAP_FAILED)
		return false;
	areas = (char *)(((unsigned long)at + AREA - 1) & -AREA);
	for (i = 0; i < AREAS; i++)
		pthread_mutex_init(&locks[i], NULL);
	own_memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	return own_memory >= 0 && !sigaction(SIGBUS, &action, NULL) &&
	       !sigaction(SIGSEGV, &action, NULL);
}

char *area(unsigned int n)
{
	return areas + n % AREAS * AREA;
}

bool area_lock(unsigned int n)
{
	pthread_mutex_lock(&locks[n % AREAS]);
	if (!__atomic_load_n(&epoch_ends, __ATOMIC_RELAXED))
		return true;
	pthread_mutex_unlock(&locks[n % AREAS]);

	return false;
}

void area_unlock(unsigned int n)
{
	pthread_mutex_unlock(&locks[n % AREAS]);
}

/* Never a hole, into which another one's memory could come */
void areas_clear(void)
{
	unsigned int i;

	for (i = 0; i < AREAS; i++) {
		pthread_mutex_lock(&locks[i]);
		mmap(area(i), AREA, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		     -1, 0);
		pthread_mutex_unlock(&locks[i]);
	}
}

int copy(volatile void *to, const volatile void *from, size_t size)
{
	int number = sigsetjmp(env, 0);

	if (!number) {
		guarded = true;
		memcpy((void *)to, (const void *)from, size);
	}
	guarded = false;

	return number;
}

/* Seldom in what is mapped: the kernel faults there, in the middle of a call */
char *place(struct thread *t, const struct call *call, size_t size)
{
	if (call->pick >> 28 != 0xf || size > AREA)
		return t->buffer;

	return area(call->who) + (call->pick >> 8) % (AREA - size + 1);
}
