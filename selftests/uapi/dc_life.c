// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity and those who have it: users that are killed, several at once,
 * and the end of a tenancy.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

#define EXTENT	(4 * MIB)

static void wait_for_word(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(200);
}

/* A tenant that is killed; of two offers, what it did and what comes of them */
enum act { LOOKS, QUEUES, TAKES, TOUCHES, GIVES_BACK };

FIXTURE(killed) {
	struct dc dc;
	struct extent old;
	struct extent young;
	int word[2];
	int ready[2];
	pid_t pid;
};

FIXTURE_VARIANT(killed) {
	enum act act;
	__u32 before[2];
	__u32 after[2];
};

FIXTURE_VARIANT_ADD(killed, that_looks) {
	.act = LOOKS,
	.before = { VFIO_CXL_DC_PENDING, VFIO_CXL_DC_PENDING },
	.after = { VFIO_CXL_DC_PENDING, VFIO_CXL_DC_PENDING },
};

/* Not said to the device yet: offered as before */
FIXTURE_VARIANT_ADD(killed, that_waits_its_turn) {
	.act = QUEUES,
	.before = { VFIO_CXL_DC_PENDING, VFIO_CXL_DC_ACCEPTING },
	.after = { VFIO_CXL_DC_PENDING, VFIO_CXL_DC_PENDING },
};

FIXTURE_VARIANT_ADD(killed, that_took) {
	.act = TAKES,
	.before = { VFIO_CXL_DC_COMMITTED, VFIO_CXL_DC_PENDING },
	.after = { VFIO_CXL_DC_RELEASED, VFIO_CXL_DC_PENDING },
};

FIXTURE_VARIANT_ADD(killed, that_touches) {
	.act = TOUCHES,
	.before = { VFIO_CXL_DC_COMMITTED, VFIO_CXL_DC_PENDING },
	.after = { VFIO_CXL_DC_RELEASED, VFIO_CXL_DC_PENDING },
};

FIXTURE_VARIANT_ADD(killed, that_gave_back) {
	.act = GIVES_BACK,
	.before = { VFIO_CXL_DC_RELEASED, VFIO_CXL_DC_PENDING },
	.after = { VFIO_CXL_DC_RELEASED, VFIO_CXL_DC_PENDING },
};

static int act(struct dc *dc, enum act what, const struct extent *old,
	       const struct extent *young)
{
	int device = dc->user.device;
	char *memory;

	if (what == LOOKS)
		return extent_state(device, old) != VFIO_CXL_DC_PENDING;
	if (extent_accept(device, what == QUEUES ? young : old,
			  VFIO_CXL_DC_REACH_TENANT, &dc->answer))
		return 2;
	if (what == GIVES_BACK)
		return extent_release(device, old, 0, &dc->answer);
	if (what != TOUCHES)
		return 0;
	memory = dc_map(dc, old->at, EXTENT);

	return memory == MAP_FAILED || touch(memory, true);
}

/* The extents are known only after it is there, which makes that quick */
static void tenant(FIXTURE_DATA(killed) *self, enum act what)
{
	struct extent known[2];
	int ret;

	if (dc_open(&self->dc) || write(self->ready[1], "", 1) != 1 ||
	    read(self->word[0], known, sizeof(known)) != sizeof(known))
		_exit(201);
	ret = act(&self->dc, what, &known[0], &known[1]);
	write(self->ready[1], ret ? "x" : "", 1);
	for (;;)
		pause();
}

FIXTURE_SETUP(killed)
{
	struct extent known[2];
	char byte = 'x';

	ASSERT_EQ(0, dc_begin(&self->dc));
	user_close(&self->dc.user);
	ASSERT_EQ(0, pipe(self->word));
	ASSERT_EQ(0, pipe(self->ready));
	self->pid = fork();
	if (!self->pid)
		tenant(self, variant->act);
	ASSERT_EQ(1, read(self->ready[0], &byte, 1));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &known[0]));
	ASSERT_TRUE(extent_offer(&self->dc, 1, 0, EXTENT, &known[1]));
	self->old = known[0];
	self->young = known[1];
	ASSERT_EQ(sizeof(known), write(self->word[1], known, sizeof(known)));
	ASSERT_EQ(1, read(self->ready[0], &byte, 1));
	ASSERT_EQ(0, byte);
}

FIXTURE_TEARDOWN(killed)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	dc_end(&self->dc);
}

TEST_F(killed, leaves_nothing_half)
{
	struct dc *dc = &self->dc;
	int node = dc->node;

	EXPECT_EQ(variant->before[0], extent_state(node, &self->old));
	EXPECT_EQ(variant->before[1], extent_state(node, &self->young));
	ASSERT_EQ(0, kill(self->pid, SIGKILL));
	ASSERT_EQ(self->pid, waitpid(self->pid, NULL, 0));
	self->pid = 0;
	EXPECT_TRUE(within(SOON, extent_state(node, &self->old) ==
			   variant->after[0]));
	EXPECT_EQ(variant->after[1], extent_state(node, &self->young));
	if (variant->before[1] != variant->after[1]) {
		ASSERT_EQ(0, extent_status(node, &self->young, &dc->status));
		EXPECT_EQ(VFIO_CXL_REASON_DC_TENANCY, dc->status.reason);
		EXPECT_EQ(VFIO_CXL_DC_REACH_NONE, dc->status.reach);
	}
	EXPECT_TRUE(fm_has(0, variant->after[0] == VFIO_CXL_DC_PENDING ?
			      2 : 1));
	/* The next one has them, as if nothing had been */
	if (variant->after[0] == VFIO_CXL_DC_PENDING)
		ASSERT_EQ(0, extent_reject(node, &self->old, &dc->answer));
	EXPECT_EQ(0, extent_accept(node, &self->young,
				   VFIO_CXL_DC_REACH_DEVICE, &dc->answer));
	EXPECT_EQ(0, dc->answer.flags);
	EXPECT_TRUE(fm_has(1, 0));
}

FIXTURE(life) {
	struct dc dc;
	struct extent e;
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
}

FIXTURE_TEARDOWN(life)
{
	dc_end(&self->dc);
}

/* Returns a child's errno; each has a control node of its own */
static pid_t decides(const struct dc *dc, const struct extent *e,
		     unsigned long command, int go, int ready)
{
	struct vfio_cxl_dc_decide answer;
	pid_t pid = fork();
	int node, ret;

	if (pid)
		return pid;
	node = control_open();
	write(ready, "", 1);
	wait_for_word(go);
	switch (command) {
	case VFIO_CXL_DC_ACCEPT:
		ret = extent_accept(node, e, VFIO_CXL_DC_REACH_DEVICE,
				    &answer);
		break;
	case VFIO_CXL_DC_REJECT:
		ret = extent_reject(node, e, &answer);
		break;
	case VFIO_CXL_DC_RELEASE:
		ret = extent_release(node, e, 0, &answer);
		break;
	default:
		/* As the user of the device */
		ret = extent_accept(dc->user.device, e,
				    VFIO_CXL_DC_REACH_TENANT, &answer);
		break;
	}
	_exit(ret ? errno : 0);
}

static void race(const struct dc *dc, const struct extent *e,
		 const unsigned long commands[2], int results[2])
{
	int go[2], ready[2], status, i;
	pid_t pid[2];
	char byte;

	pipe(go);
	pipe(ready);
	for (i = 0; i < 2; i++)
		pid[i] = decides(dc, e, commands[i], go[0], ready[1]);
	read(ready[0], &byte, 1);
	read(ready[0], &byte, 1);
	write(go[1], "  ", 2);
	for (i = 0; i < 2; i++) {
		waitpid(pid[i], &status, 0);
		results[i] = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	}
	close(go[0]);
	close(go[1]);
	close(ready[0]);
	close(ready[1]);
}

#define ROUNDS	6

/* Two at once, who decide otherwise */
TEST_F(life, accept_races_reject)
{
	static const unsigned long commands[] = {
		VFIO_CXL_DC_ACCEPT, VFIO_CXL_DC_REJECT,
	};
	struct vfio_cxl_dc_info now;
	int node = self->dc.node;
	int i, got[2];

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(extent_offer(&self->dc, i & 1, i * EXTENT, EXTENT,
					 &self->e));
		race(&self->dc, &self->e, commands, got);
		/* One of them; the other is told that it is too late */
		EXPECT_EQ(1, !got[0] + !got[1]);
		EXPECT_TRUE(got[0] ? got[0] == ENOENT || got[0] == EBUSY :
				     got[1] == EBUSY)
			TH_LOG("%d and %d", got[0], got[1]);
		EXPECT_EQ(got[0] ? VFIO_CXL_DC_REJECTED : VFIO_CXL_DC_COMMITTED,
			  extent_state(node, &self->e));
		EXPECT_TRUE(fm_has(!got[0], 0));
		if (!got[0]) {
			ASSERT_EQ(0, extent_release(node, &self->e, 0,
						    &self->dc.answer));
		}
	}
	ASSERT_EQ(0, dc_info(node, &now));
	EXPECT_EQ(self->dc.info.answers + ROUNDS, now.answers);
	EXPECT_EQ(0, now.recoveries);
}

/* For two kinds of users; then given back by two */
TEST_F(life, accept_and_release_twice)
{
	static const unsigned long accept[] = { VFIO_CXL_DC_ACCEPT, 0 };
	static const unsigned long release[] = {
		VFIO_CXL_DC_RELEASE, VFIO_CXL_DC_RELEASE,
	};
	int i, got[2], node = self->dc.node;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(extent_offer(&self->dc, i & 1, 0, EXTENT, &self->e));
		race(&self->dc, &self->e, accept, got);
		EXPECT_EQ(EBUSY, got[0] + got[1]);
		ASSERT_EQ(0, extent_status(node, &self->e, &self->dc.status));
		EXPECT_EQ(got[0] ? VFIO_CXL_DC_REACH_TENANT :
				   VFIO_CXL_DC_REACH_DEVICE,
			  self->dc.status.reach);
		EXPECT_TRUE(fm_has(1, 0));
		race(&self->dc, &self->e, release, got);
		EXPECT_EQ(0, got[0] + got[1]);
		EXPECT_EQ(VFIO_CXL_DC_RELEASED, extent_state(node, &self->e));
		EXPECT_TRUE(fm_has(0, 0));
	}
}

/* A tenancy ends, and another begins */
FIXTURE(tenancy) {
	struct dc dc;
	struct extent mine;
	struct extent roots;
	char *memory;
};

FIXTURE_SETUP(tenancy)
{
	struct dc *dc = &self->dc;

	ASSERT_EQ(0, dc_begin(dc));
	ASSERT_TRUE(extent_offer(dc, 0, 0, EXTENT, &self->mine));
	ASSERT_TRUE(extent_offer(dc, 0, EXTENT, EXTENT, &self->roots));
	ASSERT_EQ(0, extent_accept(dc->user.device, &self->mine,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_EQ(0, extent_accept(dc->node, &self->roots,
				   VFIO_CXL_DC_REACH_DEVICE, &dc->answer));
	self->memory = dc_map(dc, self->mine.at, 2 * EXTENT);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->memory[0] = 0x11;
	self->memory[EXTENT] = 0x22;
}

FIXTURE_TEARDOWN(tenancy)
{
	dc_end(&self->dc);
}

static void leave(FIXTURE_DATA(tenancy) *self)
{
	munmap(self->memory, 2 * EXTENT);
	user_close(&self->dc.user);
}

/* What the tenant took goes back; what root took is the next one's */
TEST_F(tenancy, ends)
{
	struct dc *dc = &self->dc;
	__u64 at;
	char byte;

	/* A mapping is a tenancy, too */
	user_close(&dc->user);
	usleep(300000);
	EXPECT_EQ(0x11, self->memory[0]);
	EXPECT_TRUE(fm_has(2, 0));
	munmap(self->memory, 2 * EXTENT);
	EXPECT_TRUE(within(SOON, extent_state(dc->node, &self->mine) ==
			   VFIO_CXL_DC_RELEASED));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(dc->node, &self->roots));
	EXPECT_TRUE(fm_has(1, 0));

	ASSERT_EQ(0, dc_open(dc));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(dc->user.device,
						      &self->roots));
	at = dc->region.offset + self->mine.at;
	EXPECT_EQ(-1, pread(dc->user.device, &byte, 1, at));
	EXPECT_EQ(1, pread(dc->user.device, &byte, 1, at + EXTENT));
	EXPECT_EQ(0x22, byte);
}

/* The next one comes at once: before it the device is told, or never */
TEST_F(tenancy, is_followed_by_another)
{
	struct dc *dc = &self->dc;
	char byte;

	leave(self);
	ASSERT_EQ(0, dc_open(dc));
	EXPECT_EQ(-1, pread(dc->user.device, &byte, 1,
			    dc->region.offset + self->mine.at));
	EXPECT_EQ(1, pread(dc->user.device, &byte, 1,
			   dc->region.offset + self->roots.at));
	EXPECT_TRUE(within(SOON, extent_state(dc->node, &self->mine) ==
			   VFIO_CXL_DC_RELEASED));
	EXPECT_TRUE(fm_has(1, 0));
}

/* What the media has at the end of an extent, in hex */
static bool media_ends_with(const struct extent *e, const char *byte)
{
	const char *text = bed("media read dc %llu 1",
			       (unsigned long long)(e->at + e->length - 1));

	return text && !strncmp(text, byte, 2);
}

/*
 * Cleared before it is given back, as the next owner may be another host; and
 * what root keeps, for the next tenant. Without static memory here, which is
 * slow to clear on QEMU 10.
 */
TEST_F(life, ends_cleared)
{
	struct dc *dc = &self->dc;
	struct extent *mine = &self->e, roots;
	const char byte = 0x33;

	ASSERT_EQ(0, dc_program(dc, 0, 256 * MIB, GIB));
	ASSERT_TRUE(extent_offer(dc, 0, EXTENT, EXTENT, mine));
	ASSERT_TRUE(extent_offer(dc, 0, 3 * EXTENT, EXTENT, &roots));
	ASSERT_EQ(0, extent_accept(dc->user.device, mine,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_EQ(0, extent_accept(dc->node, &roots, VFIO_CXL_DC_REACH_DEVICE,
				   &dc->answer));
	ASSERT_EQ(1, pwrite(dc->user.device, &byte, 1, dc->region.offset +
			    mine->at + EXTENT - 1));
	ASSERT_EQ(1, pwrite(dc->user.device, &byte, 1, dc->region.offset +
			    roots.at + EXTENT - 1));
	EXPECT_TRUE(media_ends_with(mine, "33"));
	EXPECT_TRUE(media_ends_with(&roots, "33"));
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	user_close(&dc->user);
	EXPECT_TRUE(within(SOON, extent_state(dc->node, mine) ==
			   VFIO_CXL_DC_RELEASED));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(dc->node, &roots));
	EXPECT_TRUE(media_ends_with(mine, "00"));
	EXPECT_TRUE(media_ends_with(&roots, "00"));
	EXPECT_TRUE(fm_has(1, 0));
	EXPECT_EQ(0, extent_release(dc->node, &roots, 0, &dc->answer));
}

TEST_HARNESS_MAIN
