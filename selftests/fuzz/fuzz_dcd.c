// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: any schedule of what device, users and chance do, on the unit
 * tests' device, which keeps count of what was offered, accepted and reachable, and
 * dies of what a host must not do. The rules are those of test_dcd_random.c, where
 * a generator draws what the input chooses here.
 */
#include "unit.h"

#include "../unit/dcd_schedule.h"

struct __test_metadata unit_input;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;

	unit_input.in = (struct input){ data, size };
	memset(&w, 0, sizeof(w));
	w.metadata = &unit_input;
	schedule_begin(&w);
	while (unit_input.in.left) {
		schedule_step(&w);
		dcd_check(&w);
	}
	schedule_end(&w);
	stop_engine(&w.b);
	fake_dcd_free(&w.b.fake);

	return 0;
}
