/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unit tests share: the harness, a seeded generator, a leak check. The
 * same tests are programs, under sanitizers, and KUnit suites, in the kernel.
 */
#ifndef VFIO_CXL_UNIT_H
#define VFIO_CXL_UNIT_H

#define UNIT_SEED	0x20260431U

#ifdef __KERNEL__
#include "kunit/harness.h"
#else
#include "harness.h"
#endif

/* Where a random test is, for whoever wants to see a failure again */
struct unit_random {
	u32 seed;
	u32 state;
	unsigned int step;
};

extern struct unit_random unit_random;

/* Goes behind ASSERT_*() in a random test */
#define UNIT_LOG_SEED() \
	TH_LOG("SEED=%#x, step %u", unit_random.seed, unit_random.step)

static inline void unit_random_start(void)
{
	unit_random.seed = unit_random_seed();
	/* 0 is the one state that never changes */
	if (!unit_random.seed)
		unit_random.seed = 1;
	unit_random.state = unit_random.seed;
	unit_random.step = 0;
}

/* xorshift32 */
static inline u32 unit_random_next(void)
{
	u32 x = unit_random.state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	unit_random.state = x;

	return x;
}

static inline u32 unit_random_below(u32 limit)
{
	return unit_random_next() % limit;
}

#endif /* VFIO_CXL_UNIT_H */
