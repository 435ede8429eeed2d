// SPDX-License-Identifier: GPL-2.0-only
/* The board, chance, and children. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

struct board *board;
unsigned int worker;
unsigned int seed;
unsigned int lap;

unsigned int any(unsigned int n)
{
	return n ? (unsigned int)rand_r(&seed) % n : 0;
}

bool one_in(unsigned int n)
{
	return !any(n);
}

unsigned int turn(unsigned int n)
{
	return lap % n;
}

void doze(unsigned int ms)
{
	usleep(any(ms * 1000));
}

__u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

void count(enum kind kind)
{
	__atomic_fetch_add(&board->tally[kind].done, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&board->done[worker], 1, __ATOMIC_RELAXED);
}

/* Somebody else was quicker, there is no room, or it is gone by now */
static bool may_answer(enum kind kind, int ret)
{
	switch (ret) {
	case -EBUSY:
	case -EAGAIN:
	case -ENOENT:
	case -EEXIST:
	case -ENOSPC:
	case -ENOMEM:
		return true;
	case -EFAULT:
		/* Nothing is there to be reached now */
		return kind == FAULTS_HDM || kind == FAULTS_WINDOW ||
		       kind == FAULTS_TAG || kind == GUESTS || kind == DMA_TYPE1 ||
		       kind == DMA_IOMMUFD || kind == PINS_HELD;
	}

	return false;
}

void tell(enum kind kind, int ret, __u32 why, __u64 start)
{
	struct tally *t = &board->tally[kind];
	bool stalled = __atomic_load_n(&board->stalled, __ATOMIC_RELAXED) ||
		       __atomic_load_n(&board->stall_end, __ATOMIC_RELAXED) > start;
	__u64 took = now_ns() - start;
	__u64 *worst = &t->worst[stalled];

	/* Two at once: one of them is as good as the other */
	if (took > *worst)
		*worst = took;
	if (!ret) {
		count(kind);
	} else if (may_answer(kind, ret)) {
		__atomic_fetch_add(&t->refused, 1, __ATOMIC_RELAXED);
		t->last = ret;
		t->last_why = why;
	} else if (!__atomic_fetch_add(&t->wrong, 1, __ATOMIC_RELAXED)) {
		t->first = ret;
		t->why = why;
	}
}

pid_t child(void)
{
	unsigned int its = rand_r(&seed);
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (!pid)
		seed = its;

	return pid;
}

pid_t leader(void)
{
	pid_t pid = child();

	/* Whoever comes first */
	setpgid(pid, pid);

	return pid;
}

int end_of(pid_t pid, unsigned int ms)
{
	__u64 until = now_ns() + ms * 1000000ULL;
	int status = 0;
	pid_t ended;

	while (!(ended = waitpid(pid, &status, WNOHANG)) && now_ns() < until)
		usleep(5000);
	/* Its children stay a little longer */
	if (ended)
		doze(50);
	kill(-pid, SIGKILL);
	if (!ended)
		waitpid(pid, &status, 0);
	while (waitpid(-pid, NULL, 0) > 0)
		;

	return status;
}
