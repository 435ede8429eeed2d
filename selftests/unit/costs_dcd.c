// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: what the engine costs when it holds much, in instructions, which
 * are counted one by one: a time would be the machine's. As much with 65,536
 * extents as with 16, or nearly; each a tag of its own, or all of them one tag.
 *
 * Not a KUnit suite, as the kernel doesn't step through itself; and without
 * sanitizers, whose instructions are not the driver's.
 */
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dcd_bench.h"

#define FEW	16U
#define MANY	65536U
#define SAMPLES	16U

typedef void (*call_fn)(struct dcd_bench *b, u32 nr);
typedef void (*hold_fn)(struct __test_metadata *_metadata, struct dcd_bench *b,
			u32 count);

static void start(struct dcd_bench *b)
{
	fake_dcd_init(&b->fake, 0);
	b->fake.regions = 1;
	b->fake.region_blocks = MANY + 128;
	b->fake.supported = MANY;
	b->fake.limits.extents = MANY;
	fake_dcd_make(&b->fake);
}

/* So many extents, each of which has a tag of its own: see hold_many() */
static void hold_tags(struct __test_metadata *_metadata, struct dcd_bench *b,
		      u32 count)
{
	start(b);
	ASSERT_EQ(0, start_engine(b));
	hold_many(b, count, 1);
	ASSERT_EQ(count, b->dcd.nr[STATE(COMMITTED)]);
	b->fake.mapped = true;
	b->fake.uses++;
}

/* All of one tag, found in the device's list: no offer is as large */
static void hold_tag(struct __test_metadata *_metadata, struct dcd_bench *b,
		     u32 count)
{
	u32 i;

	start(b);
	for (i = 0; i < count; i++) {
		b->fake.accepted[i] = (struct fake_dcd_extent)X(i, 1, 0x1000);
		b->fake.block[i] = FAKE_BLOCK_ACCEPTED;
	}
	b->fake.nr_accepted = count;
	ASSERT_EQ(0, start_engine(b));
	ASSERT_EQ(0, accept_tag(b, 0x1000));
	ASSERT_EQ(count, b->dcd.nr[STATE(COMMITTED)]);
	b->fake.mapped = true;
	b->fake.uses++;
}

/*
 * What is counted; @nr is the first block of an extent
 */

static void status_of_one(struct dcd_bench *b, u32 nr)
{
	if (state_of(b, 0x1000 + nr) != STATE(COMMITTED))
		abort();
}

static void status_of_all(struct dcd_bench *b, u32 nr)
{
	status_of_one(b, nr * 0);
}

/* The next few extents, from this one on; their ids are from 1 on, or higher */
static void list_some(struct dcd_bench *b, u32 nr)
{
	struct vfio_cxl_dcd_item item[8];
	struct vfio_cxl_dcd_page page = {
		.start = nr, .changes = b->dcd.changes, .room = 8,
		.item = item,
	};

	if (vfio_cxl_dcd_list(&b->dcd, &page) || !page.count)
		abort();
}

static void revoke_one(struct dcd_bench *b, u32 nr)
{
	struct cxl_dc_event event = {
		.uuid = CXL_DC_EVENT_UUID,
		.length = sizeof(event),
		.type = CXL_DC_EVENT_FORCED_RELEASE,
		.extent = {
			.dpa = cpu_to_le64(fake_dcd_at(nr)),
			.length = cpu_to_le64(DCD_BLOCK),
		},
	};

	vfio_cxl_dcd_event(&b->dcd, &event);
}

static void nothing(struct dcd_bench *b, u32 nr)
{
	(void)b;
	(void)nr;
}

static void call_each(call_fn call, struct dcd_bench *b, u32 count)
{
	u32 i;

	for (i = 0; i < SAMPLES; i++)
		call(b, i * (count / SAMPLES));
}

/* In a child, which this steps through, from its one stop to the next */
static long steps(struct __test_metadata *_metadata, call_fn call,
		  struct dcd_bench *b, u32 count)
{
	int status;
	long n = 0;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		raise(SIGSTOP);
		call_each(call, b, count);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status))
		TH_LOG("the test can't trace its child");
	do {
		ASSERT_EQ(0, ptrace(PTRACE_SINGLESTEP, child, NULL, NULL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		n++;
	} while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);

	return n;
}

/* Of one call, in instructions; ld.so has none in it, as all is bound at the start */
static long cost(struct __test_metadata *_metadata, call_fn call,
		 struct dcd_bench *b, u32 count)
{
	return (steps(_metadata, call, b, count) -
		steps(_metadata, nothing, b, count)) / SAMPLES;
}

static long cost_with(struct __test_metadata *_metadata, call_fn call,
		      hold_fn hold, u32 count)
{
	struct dcd_bench *b = calloc(1, sizeof(*b));
	long instructions;

	ASSERT_NE(NULL, b);
	hold(_metadata, b, count);
	instructions = cost(_metadata, call, b, count);
	/* A child's doings are not seen here; that they are what they should be is */
	call_each(call, b, count);
	EXPECT_EQ(call == revoke_one ? SAMPLES : 0, b->dcd.stats.revoked);
	stop_engine(b);
	fake_dcd_free(&b->fake);
	free(b);

	return instructions;
}

static void expect_alike(struct __test_metadata *_metadata, call_fn call,
			 hold_fn hold)
{
	long few = cost_with(_metadata, call, hold, FEW);
	long many = cost_with(_metadata, call, hold, MANY);

	EXPECT_LT(0, few);
	EXPECT_LE(many, 2 * few);
	TH_LOG("%ld instructions with %u extents, %ld with %u", few, FEW, many,
	       MANY);
}

TEST(status_of_a_tag_of_many)
{
	expect_alike(_metadata, status_of_one, hold_tags);
}

TEST(status_of_a_tag_that_is_large)
{
	expect_alike(_metadata, status_of_all, hold_tag);
}

TEST(page_of_a_list)
{
	expect_alike(_metadata, list_some, hold_tags);
}

TEST(revoke_one_of_many)
{
	expect_alike(_metadata, revoke_one, hold_tags);
}

TEST(revoke_a_part_of_a_tag)
{
	expect_alike(_metadata, revoke_one, hold_tag);
}

TEST_HARNESS_MAIN
