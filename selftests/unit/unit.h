/* SPDX-License-Identifier: GPL-2.0-only */
/* What the unit tests share: the harness, a seeded generator, a leak check. */
#ifndef VFIO_CXL_UNIT_H
#define VFIO_CXL_UNIT_H

#include <vfio_cxl_shim.h>

#include <kselftest_harness.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#define UNIT_SEED	0x20260431U

/* The harness ends a test with _exit(), where no leak check would happen */
#define EXPECT_NO_LEAK() EXPECT_EQ(0, __lsan_do_recoverable_leak_check())

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

/* Once in each program; a sanitizer's report leaves no chance to log later */
#define UNIT_RANDOM_DEFINE						\
	struct unit_random unit_random;					\
									\
	static void unit_died(void)					\
	{								\
		if (unit_random.seed)					\
			fprintf(stderr, "# SEED=%#x, step %u\n",	\
				unit_random.seed, unit_random.step);	\
	}								\
									\
	static void __attribute__((constructor)) unit_start(void)	\
	{								\
		__sanitizer_set_death_callback(unit_died);		\
	}

static inline void unit_random_start(void)
{
	const char *seed = getenv("SEED");

	unit_random.seed = seed ? strtoul(seed, NULL, 0) : UNIT_SEED;
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
