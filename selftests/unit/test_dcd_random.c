// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: long random schedules of what device, users and chance do,
 * looked at after each step. Each schedule has a seed of its own, which is printed
 * when it fails, and with which it is the first one of another run.
 *
 *   SEED=       of the first schedule
 *   SCHEDULES=  how many
 */
#include "dcd_schedule.h"

UNIT_RANDOM_DEFINE

#define SCHEDULES	6000
#define STEPS		150

static void on_death(void)
{
	fprintf(stderr, "# SEED=%#x, step %u\n", unit_random.seed,
		unit_random.step);
}

static void run_schedule(struct __test_metadata *_metadata, u32 seed)
{
	struct world *w = calloc(1, sizeof(*w));

	ASSERT_NE(0, !!w);
	unit_random.seed = seed;
	unit_random.state = seed * 2654435761U ?: 1;
	w->metadata = _metadata;
	schedule_begin(w);
	w->b.fake.on_death = on_death;

	for (unit_random.step = 0; unit_random.step < STEPS;
	     unit_random.step++) {
		schedule_step(w);
		dcd_check(w);
	}
	schedule_end(w);
	stop_engine(&w->b);
	fake_dcd_free(&w->b.fake);
	free(w);
}

TEST(schedules)
{
	u32 count = unit_count("SCHEDULES", SCHEDULES), missed, i;
	u32 seed = unit_random_seed();

	for (i = 0; i < count; i++)
		run_schedule(_metadata, seed + i);
	unit_random.seed = 0;
	missed = dcd_missed();
	if (count >= SCHEDULES)
		EXPECT_EQ(0, missed);
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
