// SPDX-License-Identifier: GPL-2.0-only
/*
 * For n = 1, 2, 3...: the operation's nth point fails, until it passes fewer
 * than n. After each failure the call did everything or nothing, as seen from
 * inside and from outside the machine, and the same call again succeeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"
#include "sweep.h"

#define LIMIT		2000
#define PROGRESS	25

struct tally {
	unsigned int points;
	unsigned int failed;
	char names[4096];
};

static void tally_name(struct tally *tally, const char *name)
{
	size_t len = strlen(tally->names);

	if (*name)
		snprintf(tally->names + len, sizeof(tally->names) - len, "%s%s",
			 len ? ", " : ": ", name);
}

/* The call came back with @err after point @n failed: all or nothing? */
static const char *verdict(const struct operation *op, int err,
			   const struct state *now, const struct state *before,
			   const struct state *done)
{
	const char *what = state_differs(now, done);

	if (what && err)
		what = state_differs(now, before);
	if (what && op->gated && !state_gated(now, done))
		return NULL;
	if (what && op->gated && err && !state_gated(now, before))
		return NULL;
	if (what && err && op->costs && inject_is("own") &&
	    !state_lost(now, before))
		return NULL;
	if (what && !err && op->degrades && op->degrades(now, done))
		return NULL;

	return what;
}

static void sweep(struct __test_metadata *_metadata, const char *name)
{
	static struct state before, done, now;
	const struct operation *op = operation(name);
	time_t start = time(NULL);
	struct tally tally = {};
	char point[64];
	const char *what;
	int err, hit;

	ASSERT_NE(NULL, op);
	ASSERT_TRUE(inject_depth(op->depth));
	ASSERT_TRUE(op->begin());
	ASSERT_TRUE(state_get(&before, !op->inside));
	ASSERT_EQ(0, op->call());
	ASSERT_TRUE(state_get(&done, !op->inside));
	ASSERT_TRUE(done.books.agree || !topology_is("dc"));
	ASSERT_TRUE(op->end());

	for (;; tally.points++) {
		ASSERT_GT(LIMIT, tally.points);
		if (tally.points && !(tally.points % PROGRESS)) {
			printf("# %s: %u points, %ld s\n", name, tally.points,
			       time(NULL) - start);
			fflush(stdout);
		}
		/* Outside it is as the last round ended */
		ASSERT_TRUE(op->begin());
		ASSERT_TRUE(state_get(&now, false));
		what = state_differs_inside(&now, &before);
		ASSERT_TRUE(!what)
			TH_LOG("%s: not as before point %u: %s", name,
			       tally.points + 1, what);

		ASSERT_TRUE(inject_arm(tally.points + 1));
		err = op->call();
		hit = inject_disarm(point, sizeof(point));
		ASSERT_LE(0, hit);
		if (!hit)
			break;
		tally_name(&tally, point);
		tally.failed += !!err;

		ASSERT_TRUE(state_get(&now, !op->inside));
		what = verdict(op, err, &now, &before, &done);
		EXPECT_TRUE(!what)
			TH_LOG("%s, point %u (%s) failed, call returned %d: %s is not as before, nor as after it",
			       name, tally.points + 1, point, err, what);
		if (op->check)
			EXPECT_TRUE(op->check())
				TH_LOG("%s, point %u (%s)", name,
				       tally.points + 1, point);
		if (err) {
			err = op->call();
			EXPECT_EQ(0, err)
				TH_LOG("%s, again after point %u (%s)", name,
				       tally.points + 1, point);
			ASSERT_TRUE(state_get(&now, !op->inside));
			what = state_differs(&now, &done);
			EXPECT_TRUE(!what)
				TH_LOG("%s, again after point %u (%s): %s",
				       name, tally.points + 1, point, what);
		}
		ASSERT_TRUE(op->end());
	}

	ASSERT_EQ(0, err);
	ASSERT_TRUE(state_get(&now, !op->inside));
	what = state_differs(&now, &done);
	EXPECT_TRUE(!what)
		TH_LOG("%s, no point failed: %s", name, what);
	ASSERT_TRUE(op->end());
	/* Who need not have points there may have some, the deeper one looks */
	EXPECT_TRUE(tally.points || (op->only && !inject_is(op->only)));
	printf("# %s: %u points, %u of them fail the call, %ld s%s\n", name,
	       tally.points, tally.failed, time(NULL) - start, tally.names);
	fflush(stdout);
}

FIXTURE(fault) {
};

FIXTURE_SETUP(fault)
{
	ASSERT_TRUE(operations_ready());
}

FIXTURE_TEARDOWN(fault)
{
	operations_over();
}

#define SWEEP(operation_)						\
	TEST_F_TIMEOUT(fault, operation_, 300)				\
	{								\
		sweep(_metadata, #operation_);				\
	}

SWEEP(bind)
SWEEP(bind_firmware)
SWEEP(unbind)
SWEEP(unbind_programmed)
SWEEP(unbind_locked)
SWEEP(unbind_firmware)
SWEEP(program)
SWEEP(program_at)
SWEEP(lock)
SWEEP(clear)
SWEEP(open)
SWEEP(close)
SWEEP(close_clearing)
SWEEP(guest_set)
SWEEP(guest_clear)
SWEEP(guest_set_next)
SWEEP(map)
SWEEP(map_small)
SWEEP(memory_read)
SWEEP(memory_write)
SWEEP(config_read)
SWEEP(config_write)
SWEEP(registers_read)
SWEEP(registers_write)
SWEEP(reset)
SWEEP(hot_reset)
SWEEP(sysfs_reset)
SWEEP(questions)
SWEEP(device_questions)
SWEEP(backend)
SWEEP(host_configure)
SWEEP(host_add)
SWEEP(host_accept)
SWEEP(host_open)
SWEEP(host_map)
SWEEP(host_read)
SWEEP(host_write)
SWEEP(host_questions)
SWEEP(host_ask_back)
SWEEP(host_take)
SWEEP(host_release)
SWEEP(tag_open)
SWEEP(tag_again)
SWEEP(tag_release)

/* Where a fabric manager is */
SWEEP(dc_accept)
SWEEP(dc_accept_ids)
SWEEP(dc_reject)
SWEEP(dc_release)
SWEEP(dc_release_force)
SWEEP(dc_release_ids)
SWEEP(dc_questions)
SWEEP(dc_deadline)
SWEEP(dc_tenant_accept)
SWEEP(dc_tenant_ids)
SWEEP(dc_tenant_reject)
SWEEP(dc_tenant_release)
SWEEP(dc_tenant_questions)
SWEEP(dc_memory)
SWEEP(dc_map)
SWEEP(dc_open)
SWEEP(dc_close)
SWEEP(dc_reset)
SWEEP(dc_bind)
SWEEP(dc_unbind)
SWEEP(dc_unbind_release)
SWEEP(dc_ask_back)
SWEEP(dc_read)
SWEEP(dc_poll)
SWEEP(dc_eventfd)
SWEEP(dc_netlink)
SWEEP(dc_offers)

TEST_HARNESS_MAIN
