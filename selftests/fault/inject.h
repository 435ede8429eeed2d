/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets the Nth point fail that a call passes, and looks at everything that the
 * failure must not have changed.
 */
#ifndef FAULT_INJECT_H
#define FAULT_INJECT_H

#include "../uapi/lib.h"

/*
 * INJECT names who fails: "own", the points of the driver's test build, or
 * "kernel", the allocations and user copies of a kernel with FAULT_INJECTION.
 */
bool inject_ready(void);
bool inject_is(const char *who);
/* The kernel's failures count up to here below the driver; 0: DEPTH says it */
bool inject_depth(unsigned int depth);
bool inject_arm(unsigned int nth);
/* A point may still fail: it has not been asked which one did */
bool inject_pending(void);
/* The rest of the call is the test's own questions, which the kernel answers */
void inject_over(void);
/* 1: a point failed, @name says which; 0: there were not as many; -1: broken */
int inject_disarm(char *name, size_t size);

/* What all offers have that wait for an answer */
#define OFFER_EXTENTS	4

/*
 * Where capacity is dynamic: what the driver has of it, and how many extents the
 * device has according to its manager. Not there in other topologies.
 */
struct books {
	__u32 reason;
	__u32 flags;
	__u32 offers;
	__u64 nr[VFIO_CXL_DC_STATES];
	struct {
		__u64 dpa;
		__u64 length;
		__u64 deadline;
		__u32 state;
		__u32 reach;
	} extent[12];
	int accepted;
	int pending;
	bool agree;
};

struct state {
	bool bound;
	bool node;
	bool group;
	int enabled;
	int refs;
	int fds;
	int maps;
	__u16 dvsec_control;
	__u32 global;
	struct hw_decoder hw[2];
	struct vfio_cxl_info info;
	struct vfio_cxl_decoder decoder;
	char iomem[16384];
	struct books books;
};

/* @outside: look at decoders from there too, which takes a while */
bool state_get(struct state *state, bool outside);
/* What is not the same, or NULL */
const char *state_differs_inside(const struct state *a, const struct state *b);
const char *state_differs(const struct state *a, const struct state *b);
/* The same, but that decoders may be waiting to be restored, gate closed */
const char *state_gated(const struct state *now, const struct state *want);
/*
 * The same, but for Dynamic Capacity, of which the driver says what the device
 * has: offers that were given up, or what is out of reach, and back after a retry
 */
const char *state_lost(const struct state *now, const struct state *want);

#endif /* FAULT_INJECT_H */
