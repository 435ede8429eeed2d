// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity on its way back: who may give what back, what the manager's
 * requests change, and that nothing goes without a user's word.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

#define EXTENT	(4 * MIB)
#define BLOCK	(2 * MIB)

/* An extent that root took for any tenancy, mapped by one */
FIXTURE(held) {
	struct dc dc;
	struct extent e;
	char *memory;
};

FIXTURE_SETUP(held)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
	ASSERT_TRUE(extent_offer(&self->dc, 0, EXTENT, EXTENT, &self->e));
	ASSERT_EQ(0, extent_accept(self->dc.node, &self->e,
				   VFIO_CXL_DC_REACH_DEVICE, &self->dc.answer));
	self->memory = dc_map(&self->dc, self->e.at, EXTENT);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(held)
{
	munmap(self->memory, EXTENT);
	dc_end(&self->dc);
}

/* In use it stays, untouched by the refusal, until somebody says FORCE */
TEST_F(held, busy_until_forced)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int node = self->dc.node;

	ASSERT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(-1, extent_release(node, &self->e, 0, answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_IN_USE, answer->reason);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(node, &self->e));
	EXPECT_EQ(0, touch(self->memory, false));
	EXPECT_EQ(0x5a, *self->memory);
	EXPECT_TRUE(fm_has(1, 0));

	ASSERT_EQ(0, extent_release(node, &self->e, VFIO_CXL_DC_DECIDE_FORCE,
				    answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_FORCE, answer->flags);
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(SIGBUS, touch(self->memory, true));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, extent_state(node, &self->e));
	EXPECT_TRUE(fm_has(0, 0));
	/* So already */
	ASSERT_EQ(0, extent_release(node, &self->e, 0, answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_ALREADY, answer->flags);
	ASSERT_EQ(0, extent_release(self->dc.user.device, &self->e, 0,
				    answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_ALREADY, answer->flags);
}

/* Mapped is not touched; and unmapped is not in use any more */
TEST_F(held, free_when_not_touched)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	int node = self->dc.node;

	ASSERT_EQ(0, extent_status(node, &self->e, status));
	EXPECT_EQ(0, status->flags & VFIO_CXL_DC_STATUS_IN_USE);
	ASSERT_EQ(0, touch(self->memory, false));
	ASSERT_EQ(0, extent_status(node, &self->e, status));
	EXPECT_NE(0, status->flags & VFIO_CXL_DC_STATUS_IN_USE);
	munmap(self->memory, EXTENT);
	ASSERT_EQ(0, extent_status(node, &self->e, status));
	EXPECT_EQ(0, status->flags & VFIO_CXL_DC_STATUS_IN_USE);
	/* Nor does a new mapping make it so */
	self->memory = dc_map(&self->dc, self->e.at, EXTENT);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_EQ(0, extent_release(node, &self->e, 0, &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(fm_has(0, 0));
}

/* Read and written through the descriptor, which leaves no mapping */
TEST_F(held, free_after_read_and_write)
{
	__u64 at = self->dc.region.offset + self->e.at;
	char byte = 'x';

	EXPECT_EQ(1, pwrite(self->dc.user.device, &byte, 1, at));
	EXPECT_EQ(1, pread(self->dc.user.device, &byte, 1, at));
	EXPECT_EQ(0, extent_release(self->dc.node, &self->e, 0,
				    &self->dc.answer));
}

/* Who uses it gives it back, and thereby agrees */
TEST_F(held, the_users_word_is_consent)
{
	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(self->dc.user.device, &self->e, 0,
				    &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(fm_has(0, 0));
}

static bool asked(const struct dc *dc, const struct extent *e, __u32 times)
{
	struct vfio_cxl_dc_status status;

	return !extent_status(dc->node, e, &status) && status.requests == times;
}

/* The manager asks, and asks again; the user is told, and that is all */
TEST_F(held, asked_for_is_not_given)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct vfio_cxl_dc_extent extent;
	struct vfio_cxl_dc_info info[2];
	__u32 count;

	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_TRUE(extent_ask_back(&self->e));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e, 1)));
	ASSERT_EQ(0, dc_info(self->dc.node, &info[0]));
	ASSERT_TRUE(extent_ask_back(&self->e));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e, 2)));
	ASSERT_EQ(0, dc_info(self->dc.node, &info[1]));
	/* A list tells how often, so it is another one */
	EXPECT_LT(info[0].changes, info[1].changes);
	ASSERT_EQ(0, extent_status(self->dc.node, &self->e, status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	EXPECT_EQ(0, status->flags & VFIO_CXL_DC_STATUS_MISMATCH);
	EXPECT_EQ(0x5a, *self->memory);
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_EQ(0, dc_list(self->dc.user.device, &extent, 1, &count));
	EXPECT_EQ(2, extent.requests);
	EXPECT_EQ(-1, extent_release(self->dc.node, &self->e, 0,
				     &self->dc.answer));
	EXPECT_EQ(EBUSY, errno);
	munmap(self->memory, EXTENT);
	EXPECT_EQ(0, extent_release(self->dc.node, &self->e, 0,
				    &self->dc.answer));
	ASSERT_EQ(0, extent_status(self->dc.node, &self->e, status));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, status->state);
	EXPECT_EQ(2, status->requests);
	EXPECT_TRUE(fm_has(0, 0));
}

/* For a half of it, without its tag: told as that, and nothing given */
TEST_F(held, asked_for_in_part)
{
	struct piece half = { EXTENT + BLOCK, BLOCK };
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct vfio_cxl_dc_extent extent;
	__u32 count;

	ASSERT_TRUE(fm_release(0, &half, 1));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e, 1)));
	ASSERT_EQ(0, extent_status(self->dc.node, &self->e, status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	EXPECT_NE(0, status->flags & VFIO_CXL_DC_STATUS_MISMATCH);
	ASSERT_EQ(0, dc_list(self->dc.node, &extent, 1, &count));
	EXPECT_NE(0, extent.flags & VFIO_CXL_DC_EXTENT_MISMATCH);
	EXPECT_EQ(0, touch(self->memory + BLOCK, true));
	EXPECT_TRUE(fm_has(1, 0));
	/* It goes as it came, whole */
	EXPECT_EQ(0, extent_release(self->dc.user.device, &self->e, 0,
				    &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(fm_has(0, 0));
}

/* What it stands for decides what can be decided of it */
TEST_F(held, other_decisions)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int node = self->dc.node;
	struct extent other;

	EXPECT_EQ(-1, extent_reject(node, &self->e, answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_COMMITTED, answer->reason);
	ASSERT_TRUE(extent_offer(&self->dc, 1, 0, EXTENT, &other));
	EXPECT_EQ(-1, extent_release(node, &other, VFIO_CXL_DC_DECIDE_FORCE,
				     answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_PENDING, answer->reason);

	ASSERT_EQ(0, extent_reject(node, &other, answer));
	ASSERT_EQ(0, extent_reject(node, &other, answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_ALREADY, answer->flags);
	EXPECT_EQ(-1, extent_accept(node, &other, VFIO_CXL_DC_REACH_DEVICE,
				    answer));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, extent_release(node, &other, 0, answer));
	EXPECT_EQ(ENOENT, errno);

	ASSERT_EQ(0, extent_release(node, &self->e, 0, answer));
	EXPECT_EQ(-1, extent_accept(node, &self->e, VFIO_CXL_DC_REACH_DEVICE,
				    answer));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, extent_reject(node, &self->e, answer));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_TRUE(fm_has(0, 0));
}

/*
 * Released for when its use ends
 */

#define DEFER		VFIO_CXL_DC_DECIDE_DEFER
#define DEFERRED	VFIO_CXL_DC_DECIDE_DEFERRED

/* Does it wait for that, as a list tells too? */
static bool waits(struct dc *dc, const struct extent *e)
{
	struct vfio_cxl_dc_extent extent;
	struct vfio_cxl_dc_status status;
	__u32 count, deferred = VFIO_CXL_DC_STATUS_DEFERRED;

	return !extent_status(dc->node, e, &status) &&
	       status.state == VFIO_CXL_DC_COMMITTED &&
	       (status.flags & deferred) == deferred &&
	       !dc_list(dc->node, &extent, 1, &count) && count == 1 &&
	       extent.flags & VFIO_CXL_DC_EXTENT_DEFERRED;
}

/* Released; and not told before */
static bool is_given_back(struct dc *dc, const struct extent *e)
{
	struct vfio_cxl_dc_status status;

	return within(SOON, extent_state(dc->node, e) ==
		      VFIO_CXL_DC_RELEASED) &&
	       !extent_status(dc->node, e, &status) &&
	       !(status.flags & VFIO_CXL_DC_STATUS_DEFERRED) && fm_has(0, 0);
}

/* Has the log an entry of that state, behind those that were read? */
static bool is_told(int node, __u32 state)
{
	struct pollfd fd = { .fd = node, .events = POLLIN };
	struct vfio_cxl_dc_event event;

	while (poll(&fd, 1, 0) == 1 &&
	       read(node, &event, sizeof(event)) == sizeof(event))
		if (event.kind == VFIO_CXL_DC_CHANGE_STATE &&
		    event.state == state)
			return true;

	return false;
}

TEST_F(held, deferred_until_unmapped)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int node = self->dc.node;
	char *other;

	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(node, &self->e, DEFER, answer));
	EXPECT_EQ(DEFER | DEFERRED, answer->flags);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, answer->reason);
	EXPECT_TRUE(waits(&self->dc, &self->e));
	ASSERT_EQ(0, extent_release(node, &self->e, DEFER, answer));
	EXPECT_EQ(DEFER | DEFERRED | VFIO_CXL_DC_DECIDE_ALREADY,
		  answer->flags);
	/* Its user goes on, and may bring others in */
	EXPECT_EQ(0, touch(self->memory + BLOCK, true));
	other = dc_map(&self->dc, self->e.at, EXTENT);
	ASSERT_NE(MAP_FAILED, other);
	EXPECT_EQ(0, touch(other, true));
	munmap(self->memory, EXTENT);
	/* For two looks of the driver's */
	usleep(250000);
	EXPECT_TRUE(waits(&self->dc, &self->e));
	EXPECT_EQ(0, touch(other, true));
	EXPECT_TRUE(fm_has(1, 0));
	/* But nobody gets it anew, nor is it refused twice */
	EXPECT_EQ(-1, extent_accept(node, &self->e, VFIO_CXL_DC_REACH_DEVICE,
				    answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_RELEASING, answer->reason);
	EXPECT_EQ(-1, extent_release(node, &self->e, 0, answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_IN_USE, answer->reason);
	EXPECT_TRUE(waits(&self->dc, &self->e));
	EXPECT_FALSE(is_told(node, VFIO_CXL_DC_RELEASING));

	munmap(other, EXTENT);
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
	EXPECT_TRUE(is_told(node, VFIO_CXL_DC_RELEASING));
	EXPECT_TRUE(is_told(node, VFIO_CXL_DC_RELEASED));
}

TEST_F(held, deferred_without_a_use)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int device = self->dc.user.device, node = self->dc.node;

	EXPECT_EQ(-1, extent_release(node, &self->e,
				     DEFER | VFIO_CXL_DC_DECIDE_FORCE, answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, extent_release(device, &self->e,
				     DEFER | VFIO_CXL_DC_DECIDE_FORCE, answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, extent_release(node, &self->e, DEFERRED, answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_EQ(0, extent_release(node, &self->e, DEFER, answer));
	EXPECT_EQ(DEFER, answer->flags);
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
	ASSERT_EQ(0, extent_release(node, &self->e, DEFER, answer));
	EXPECT_EQ(DEFER | VFIO_CXL_DC_DECIDE_ALREADY, answer->flags);
}

TEST_F(held, deferred_and_forced)
{
	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(self->dc.node, &self->e, DEFER,
				    &self->dc.answer));
	EXPECT_EQ(DEFER | DEFERRED, self->dc.answer.flags);
	ASSERT_EQ(0, extent_release(self->dc.node, &self->e,
				    VFIO_CXL_DC_DECIDE_FORCE,
				    &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
}

/* Who uses it may say when, and change its mind to now */
TEST_F(held, deferred_by_its_user)
{
	int device = self->dc.user.device;

	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(device, &self->e, DEFER,
				    &self->dc.answer));
	EXPECT_EQ(DEFER | DEFERRED, self->dc.answer.flags);
	EXPECT_TRUE(waits(&self->dc, &self->e));
	EXPECT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(device, &self->e, 0, &self->dc.answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
}

/* A mapping outlives the descriptor; with it ends the tenancy */
TEST_F(held, deferred_until_closed)
{
	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(self->dc.node, &self->e, DEFER,
				    &self->dc.answer));
	user_close(&self->dc.user);
	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_TRUE(waits(&self->dc, &self->e));
	munmap(self->memory, EXTENT);
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
}

/* Nobody is left to say that the use has ended */
TEST_F(held, deferred_until_its_user_dies)
{
	int there[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(there));
	pid = fork();
	if (!pid) {
		byte = touch(self->memory, true);
		write(there[1], &byte, 1);
		pause();
		_exit(0);
	}
	ASSERT_EQ(1, read(there[0], &byte, 1));
	EXPECT_EQ(0, byte);
	munmap(self->memory, EXTENT);
	user_close(&self->dc.user);
	ASSERT_EQ(0, extent_release(self->dc.node, &self->e, DEFER,
				    &self->dc.answer));
	EXPECT_EQ(DEFER | DEFERRED, self->dc.answer.flags);
	usleep(250000);
	EXPECT_TRUE(waits(&self->dc, &self->e));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
}

/* It takes all out of all mappings */
TEST_F(held, deferred_until_reset)
{
	ASSERT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, extent_release(self->dc.node, &self->e, DEFER,
				    &self->dc.answer));
	ASSERT_EQ(0, ioctl(self->dc.user.device, VFIO_DEVICE_RESET));
	EXPECT_TRUE(is_given_back(&self->dc, &self->e));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
}

FIXTURE(many) {
	struct dc dc;
	struct extent e[10];
};

static bool take(struct dc *dc, __u64 first, unsigned int count,
		 struct extent *e)
{
	struct piece pieces[8];
	unsigned int i;

	for (i = 0; i < count; i++)
		pieces[i] = (struct piece){ first + i * BLOCK, BLOCK };

	return extents_offer(dc, 0, pieces, count, e) &&
	       !dc_by_offer(dc->node, VFIO_CXL_DC_ACCEPT, e->offer,
			    VFIO_CXL_DC_REACH_DEVICE, &dc->answer);
}

FIXTURE_SETUP(many)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
	ASSERT_TRUE(take(&self->dc, 0, 5, self->e));
	ASSERT_TRUE(take(&self->dc, 5 * BLOCK, 5, self->e + 5));
}

FIXTURE_TEARDOWN(many)
{
	dc_end(&self->dc);
}

/* More requests than the log holds: the list is read, and it lists them all */
TEST_F(many, requests_overflow_the_log)
{
	struct vfio_cxl_dc_info *before = &self->dc.info, now;
	struct piece pieces[10];
	unsigned int i, asked_for = 0;

	ASSERT_EQ(0, dc_info(self->dc.node, before));
	for (i = 0; i < 10; i++)
		pieces[i] = (struct piece){ i * BLOCK, BLOCK };
	ASSERT_TRUE(fm_release(0, pieces, 10));
	EXPECT_TRUE(within(SOON, !dc_info(self->dc.node, &now) &&
			   now.overflows > before->overflows));
	EXPECT_EQ(before->overflows + 1, now.overflows);
	EXPECT_LT(before->syncs, now.syncs);
	EXPECT_EQ(10, now.nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(0, now.revoked);
	for (i = 0; i < 10; i++)
		asked_for += asked(&self->dc, &self->e[i], 1);
	EXPECT_EQ(8, asked_for);
	EXPECT_TRUE(fm_has(10, 0));
	/* And what is lost is asked for again */
	ASSERT_TRUE(fm_release(0, pieces + 8, 2));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e[9], 1)));
}

/* One request for two that are side by side is for neither as it came */
TEST_F(many, asked_for_at_once)
{
	struct piece both = { 2 * BLOCK, 2 * BLOCK };
	struct vfio_cxl_dc_status *status = &self->dc.status;
	unsigned int i;

	if (!fm_release(0, &both, 1))
		return;		/* An emulator may refuse to ask so */
	for (i = 2; i < 4; i++) {
		EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e[i], 1)));
		ASSERT_EQ(0, extent_status(self->dc.node, &self->e[i], status));
		EXPECT_NE(0, status->flags & VFIO_CXL_DC_STATUS_MISMATCH);
		EXPECT_EQ(VFIO_CXL_DC_COMMITTED, status->state);
	}
	EXPECT_TRUE(asked(&self->dc, &self->e[1], 0));
	EXPECT_TRUE(asked(&self->dc, &self->e[4], 0));
	EXPECT_TRUE(fm_has(10, 0));
}

/* All that are named, or none */
TEST_F(many, all_or_none)
{
	__u64 ids[4] = { self->e[0].id, self->e[3].id, 1UL << 40,
			 self->e[7].id };
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int node = self->dc.node;

	EXPECT_EQ(-1, dc_by_ids(node, VFIO_CXL_DC_RELEASE, ids, 4, 0, 0,
				answer));
	EXPECT_EQ(ENOENT, errno);
	ids[2] = ids[1];
	EXPECT_EQ(-1, dc_by_ids(node, VFIO_CXL_DC_RELEASE, ids, 4, 0, 0,
				answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(fm_has(10, 0));
	ids[2] = self->e[9].id;
	EXPECT_EQ(0, dc_by_ids(node, VFIO_CXL_DC_RELEASE, ids, 4, 0, 0,
			       answer));
	EXPECT_TRUE(fm_has(6, 0));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, extent_state(node, &self->e[9]));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(node, &self->e[8]));
}

FIXTURE(tags) {
	struct dc dc;
	struct tag tag;
	struct piece pieces[3];
	struct extent e[3];
};

FIXTURE_SETUP(tags)
{
	unsigned int i;

	if (!tags_there())
		SKIP(return, "QEMU 10 offers no tags");
	ASSERT_EQ(0, dc_begin(&self->dc));
	self->tag = tag_new();
	for (i = 0; i < 3; i++)
		self->pieces[i] = (struct piece){ 2 * i * EXTENT, EXTENT,
						  &self->tag };
	ASSERT_TRUE(extents_offer(&self->dc, 1, self->pieces, 3, self->e));
	ASSERT_EQ(0, dc_accept(self->dc.user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &self->dc.answer));
}

FIXTURE_TEARDOWN(tags)
{
	dc_end(&self->dc);
}

/* Asked for by three records, given back at the first, and no error later */
TEST_F(tags, asked_for_in_several_records)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct vfio_cxl_dc_info now;

	ASSERT_NE(NULL, bed("fm release --tag %s", self->tag.text));
	ASSERT_EQ(0, dc_release(self->dc.user.device, &self->tag, 0,
				&self->dc.answer));
	/* Some records may come only now */
	usleep(250000);
	ASSERT_EQ(0, dc_status(self->dc.node, &self->tag, status));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, status->state);
	EXPECT_EQ(3, status->nr[VFIO_CXL_DC_RELEASED]);
	EXPECT_EQ(0, status->rc);
	ASSERT_EQ(0, dc_info(self->dc.node, &now));
	EXPECT_EQ(0, now.odd);
	EXPECT_NE(0, now.flags & VFIO_CXL_DC_INFO_SYNCED);
	EXPECT_TRUE(fm_has(0, 0));
}

/* Any of its extents keeps all of a tag, and they go together */
TEST_F(tags, deferred_as_a_whole)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct vfio_cxl_dc_status *status = &self->dc.status;
	char *memory = dc_map(&self->dc, self->e[2].at, EXTENT);
	int node = self->dc.node;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, touch(memory, true));
	EXPECT_EQ(-1, dc_by_id(node, VFIO_CXL_DC_RELEASE, self->e[0].id, 0,
			       DEFER, answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_TAG_WHOLE, answer->reason);
	ASSERT_EQ(0, dc_release(node, &self->tag, DEFER, answer));
	EXPECT_EQ(DEFER | DEFERRED, answer->flags);
	ASSERT_EQ(0, dc_status(node, &self->tag, status));
	EXPECT_EQ(3, status->nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_NE(0, status->flags & VFIO_CXL_DC_STATUS_DEFERRED);
	EXPECT_TRUE(fm_has(3, 0));
	munmap(memory, EXTENT);
	EXPECT_TRUE(dc_becomes(node, &self->tag, VFIO_CXL_DC_RELEASED, SOON));
	ASSERT_EQ(0, dc_status(node, &self->tag, status));
	EXPECT_EQ(3, status->nr[VFIO_CXL_DC_RELEASED]);
	EXPECT_EQ(0, status->flags & VFIO_CXL_DC_STATUS_DEFERRED);
	EXPECT_TRUE(fm_has(0, 0));
}

/* By the tag that it has, by another one, by none */
TEST_F(tags, asked_for_by_another_tag)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct vfio_cxl_dc_extent extents[3];
	struct tag other = tag_new();
	__u32 count;

	ASSERT_TRUE(fm_release(1, &self->pieces[0], 1));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e[0], 1)));
	ASSERT_EQ(0, dc_status(self->dc.node, &self->tag, status));
	EXPECT_EQ(0, status->flags & VFIO_CXL_DC_STATUS_MISMATCH);
	self->pieces[1].tag = &other;
	ASSERT_TRUE(fm_release(1, &self->pieces[1], 1));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e[0], 2)));
	self->pieces[2].tag = NULL;
	ASSERT_TRUE(fm_release(1, &self->pieces[2], 1));
	EXPECT_TRUE(within(SOON, asked(&self->dc, &self->e[0], 3)));
	ASSERT_EQ(0, dc_status(self->dc.node, &self->tag, status));
	EXPECT_NE(0, status->flags & VFIO_CXL_DC_STATUS_MISMATCH);
	EXPECT_EQ(3, status->nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(-1, dc_status(self->dc.node, &other, status));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, dc_list(self->dc.node, extents, 3, &count));
	EXPECT_EQ(0, extents[0].flags & VFIO_CXL_DC_EXTENT_MISMATCH);
	EXPECT_NE(0, extents[1].flags & VFIO_CXL_DC_EXTENT_MISMATCH);
	EXPECT_NE(0, extents[2].flags & VFIO_CXL_DC_EXTENT_MISMATCH);
	EXPECT_TRUE(fm_has(3, 0));
}

TEST_HARNESS_MAIN
