/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of events share: threads that touch the memory while the event
 * happens, what must hold after it, and ways to cause it from outside.
 */
#ifndef UAPI_EVENT_H
#define UAPI_EVENT_H

#include <pthread.h>

#include "lib.h"

#define TOUCHERS	3

/*
 * Threads that write a byte of each page and read it back; thread 0 does so
 * through the descriptor. What they get is their byte, or SIGBUS and EIO.
 */
struct touchers {
	volatile char *memory;
	size_t size;
	int device;		/* -1: thread 0 touches as well */
	__u64 offset;		/* of the region */
	unsigned long touched;
	unsigned long refused;
	unsigned long wrong;	/* another byte, another error */
	unsigned long laps[TOUCHERS];	/* attempts, told as one of these */
	bool stop;
	unsigned int next;
	pthread_t thread[TOUCHERS];
	unsigned int running;
};

bool touchers_start(struct touchers *touchers);
bool touchers_pass(struct touchers *touchers);
void touchers_stop(struct touchers *touchers);

/* What an event may not change */
struct state {
	struct hw_decoder decoder;
	char *memory;
	size_t size;
};

void state_take(struct state *state, char *memory, size_t size);
const char *state_broken(const struct state *state);

bool wait_live(unsigned int ms);
bool wait_gate(__u32 gate, unsigned int ms);
int irq_eventfd(const struct user *user, __u32 index);
int sysfs_write(const char *bdf, const char *file, const char *text);
const char *root_port(void);
bool neighbour_find(char *name);
bool link_recovers(void);
bool device_error(const char *error);
int kmsg_open(void);
bool recovery_over(int kmsg);

#endif /* UAPI_EVENT_H */
