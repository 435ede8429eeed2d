/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything at once, for as long as one likes: workers, each a process that does
 * things by chance, and a board that all of them write on.
 */
#ifndef SOAK_SOAK_H
#define SOAK_SOAK_H

#include <stdbool.h>
#include <sys/types.h>

#include "../uapi/tag.h"

/* What is done, and counted. Of each there has to be one at least */
enum kind {
	OPENS, SHUTS, KILLED_USERS, FAULTS_HDM, FAULTS_WINDOW, FAULTS_TAG, GUESTS,
	DMA_TYPE1, DMA_IOMMUFD, DMA_HELD, PINS_HELD, RESETS_VFIO, RESETS_SYSFS,
	OFFERS, RECALLS, ACCEPTS, REJECTS, RELEASES, FORCES, DEFERS,
	CREATES, DESTROYS, ADDS, REMOVES, TAKES, DESCRIPTORS,
	KILLED_RUNS, KILLED_MONITORS, KILLED_CREATES,
	READ_LOG, READ_NETLINK, STALLS, DEAD_READERS,
	NO_MEMORY, OUT_OF_MEMORY, QUESTIONS,
	KINDS
};

struct tally {
	unsigned long done;
	unsigned long refused;		/* an errno that it may answer */
	int last;			/* of these, and its reason */
	__u32 last_why;
	unsigned long wrong;		/* any other */
	int first;			/* of these, and its reason */
	__u32 why;
	__u64 worst[2];			/* ns; [1]: while a reader was stalled */
};

#define WORKERS	16

struct board {
	struct tally tally[KINDS];
	unsigned long done[WORKERS];	/* of all kinds, by each */
	unsigned int stalled;		/* readers */
	__u64 stall_end;		/* of the last one; ns */
	bool stop;
	unsigned int seconds;		/* it is to take */
};

extern struct board *board;
extern unsigned int worker;		/* whose this process is */
extern unsigned int seed;

static inline bool is_over(void)
{
	return __atomic_load_n(&board->stop, __ATOMIC_RELAXED);
}

/* By chance, from 0 to below @n; true once in @n times; a sleep of up to @ms */
unsigned int any(unsigned int n);
bool one_in(unsigned int n);
/* One after the other, from 0 to below @n, from a step to the next */
unsigned int turn(unsigned int n);
extern unsigned int lap;
void doze(unsigned int ms);

__u64 now_ns(void);
/*
 * Something that began at @start is done, with 0 or -errno (of which @why is the
 * reason), or is refused.
 */
void tell(enum kind kind, int ret, __u32 why, __u64 start);
void count(enum kind kind);

/* As fork(), with other luck; leader(): and a group of its own */
pid_t child(void);
pid_t leader(void);
/* Waits @ms for a leader to end; then its group is killed. Its status */
int end_of(pid_t pid, unsigned int ms);

/* Any extent that @node lists, is in @state, and one of these; false: none is */
enum which { ANY, FOR_APPS, OWN, LENT };
bool any_extent(int node, __u32 state, enum which which, struct vfio_cxl_dc_extent *e);
void tag_text(const __u8 *tag, char text[37]);

/* One step of a worker each; @node: the control node */
void step_tenancy(int node);		/* tenancy.c: opens the device, uses it */
void step_resets(int node);
void step_manager(int node);		/* decide.c: fabric manager, orchestrator */
void step_orchestrator(int node);
void step_questions(int node);
void step_descriptor(int node);		/* others.c: who else there is */
void step_helper(int node);
void step_reader(int node);
void step_pressure(int node);

/* What becomes of a device when all is given back; false: it can't be */
bool give_all_back(int node);
bool pressure_begin(void);
void pressure_end(void);

#endif /* SOAK_SOAK_H */
