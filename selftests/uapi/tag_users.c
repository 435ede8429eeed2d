// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who have tags: whoever of them dies leaves nothing half done; and there may be
 * hundreds, who come and go in any order.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "tag.h"

#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define RW	(PROT_READ | PROT_WRITE)

/* The process does all of these up to one */
enum act { CREATES, ADDS, ACCEPTS, OPENS, MAPS, TOUCHES, PINS, DEFERS, RELEASES };

FIXTURE(killed) {
	struct window w;
	int users;
};

FIXTURE_VARIANT(killed) {
	enum act last;
	__u32 before;
	__u32 after;
};

#define KILLED(name, act, state, then)					\
FIXTURE_VARIANT_ADD(killed, name) {					\
	.last = act, .before = VFIO_CXL_DC_##state,			\
	.after = VFIO_CXL_DC_##then,					\
}

KILLED(that_created, CREATES, NONE, NONE);
KILLED(that_added, ADDS, PENDING, PENDING);
KILLED(that_accepted, ACCEPTS, COMMITTED, COMMITTED);
KILLED(that_opened, OPENS, COMMITTED, COMMITTED);
KILLED(that_mapped, MAPS, COMMITTED, COMMITTED);
KILLED(that_touched, TOUCHES, COMMITTED, COMMITTED);
KILLED(that_pinned, PINS, COMMITTED, COMMITTED);
KILLED(that_deferred, DEFERS, COMMITTED, RELEASED);
KILLED(that_released, RELEASES, RELEASED, RELEASED);

FIXTURE_SETUP(killed)
{
	ASSERT_EQ(0, window_begin(&self->w, 0));
	self->users = module_users();
}

FIXTURE_TEARDOWN(killed)
{
	window_end(&self->w);
}

static int act(const struct peer *parent, enum act last)
{
	struct window w = { .node = control_open() };
	char *memory;
	int fd, ends[2];

	close(backend_create(w.node, 1, BLOCK));
	if (last >= ADDS && window_add(w.node, 1, FIRST, 0))
		return 1;
	if (last >= ACCEPTS && window_accept(w.node, 1, APP))
		return 2;
	if (last < OPENS)
		return 0;
	fd = tag_open(w.node, 1, 0);
	if (fd < 0)
		return 3;
	peer_give_fd(parent, fd);
	if (last < MAPS)
		return 0;
	memory = tag_map(fd, RW, BLOCK);
	if (memory == MAP_FAILED)
		return 4;
	if (last >= TOUCHES && touch(memory, true))
		return 5;
	if (last >= PINS && (!hold(memory, PAGE, ends) ||
			     uring_with(memory, BLOCK) < 0))
		return 6;
	if (last == DEFERS && window_release(w.node, 1, VFIO_CXL_DC_DECIDE_DEFER))
		return 7;
	if (last == RELEASES && window_release(w.node, 1, FORCE))
		return 8;

	return 0;
}

static int doomed(const struct peer *parent, void *last)
{
	int ret = act(parent, *(enum act *)last);

	if (!ret)
		peer_tell(parent, 'k');

	return ret ?: peer_hear(parent);
}

TEST_F(killed, leaves_it_whole)
{
	enum act last = variant->last;
	int node = self->w.node, fd = -1;
	struct peer peer;

	peer_start(&peer, doomed, &last);
	if (last >= OPENS)
		fd = peer_take_fd(&peer);
	ASSERT_EQ('k', peer_hear(&peer));
	/* What was once of that name may be remembered */
	EXPECT_TRUE(last == CREATES || window_state(node, 1) == variant->before);
	EXPECT_EQ(last >= TOUCHES && last < RELEASES, tag_in_use(node, 1));
	peer_kill(&peer);
	EXPECT_TRUE(within(SOON, last == CREATES ||
			   window_state(node, 1) == variant->after));
	EXPECT_FALSE(tag_in_use(node, 1));
	if (variant->after == VFIO_CXL_DC_PENDING)
		ASSERT_EQ(0, window_reject(node, 1));
	if (variant->after == VFIO_CXL_DC_COMMITTED)
		ASSERT_EQ(0, window_release(node, 1, 0));
	/* And is there for others, once nothing is pinned, which io_uring does late */
	EXPECT_TRUE(within(SOON, !tag_give_again(node, 1, FIRST + 1, 0)));
	/* Handed on it outlives who opened it */
	if (fd >= 0) {
		EXPECT_EQ(THERE, tag_poll(fd));
		EXPECT_EQ(0, tag_map_fails(fd, BLOCK, RW, MAP_SHARED, 0));
		close(fd);
	}
	EXPECT_EQ(0, window_release(node, 1, 0));
	EXPECT_EQ(0, backend_destroy(node, 1));
	EXPECT_TRUE(within(SOON, module_users() == self->users));
}

/*
 * Several at once
 */

FIXTURE(rivals) {
	struct window w;
};

FIXTURE_SETUP(rivals)
{
	ASSERT_EQ(0, window_begin(&self->w, PAGE));
}

FIXTURE_TEARDOWN(rivals)
{
	window_end(&self->w);
}

static int opens(const struct peer *parent, void *)
{
	int node = control_open(), fd, signal;
	unsigned int n, opened = 0;
	char *memory;

	peer_tell(parent, 'o');
	for (n = 0; tag_wait(parent->link, POLLIN, 0) == 0; n++) {
		fd = tag_open(node, 1, n % 3 ? 0 : RDONLY);
		if (fd == -ENOENT || fd == -EBUSY)
			continue;
		memory = fd < 0 ? MAP_FAILED :
			 mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			return 1;
		signal = touch(memory + n % (BLOCK / PAGE) * PAGE, false);
		if (signal && signal != SIGBUS)
			return 2;
		if (!signal)
			opened++;
		close(fd);
		munmap(memory, BLOCK);
	}

	return opened ? 0 : 3;
}

/* It comes and goes while two open it */
TEST_F_TIMEOUT(rivals, open_and_release, 120)
{
	int node = self->w.node, users = module_users(), n, ret;
	struct peer peer[2];

	ASSERT_EQ(0, tag_give(&self->w, 1, BLOCK, FIRST, 0));
	for (n = 0; n < 2; n++) {
		peer_start(&peer[n], opens, NULL);
		EXPECT_EQ('o', peer_hear(&peer[n]));
	}
	for (n = 0; n < 100; n++) {
		usleep(n % 10 * 500);
		ret = n % 2 ? window_release(node, 1, FORCE) :
		      window_remove(node, 1, VFIO_CXL_DC_REMOVE_FORCE);
		EXPECT_EQ(0, ret);
		ASSERT_EQ(0, tag_give_again(node, 1, FIRST, n % 3 * PAGE));
	}
	for (n = 0; n < 2; n++)
		peer_tell(&peer[n], 'e');
	for (n = 0; n < 2; n++)
		EXPECT_TRUE(peer_ends_well(&peer[n]));
	EXPECT_FALSE(tag_in_use(node, 1));
	EXPECT_EQ(0, window_release(node, 1, 0));
	EXPECT_EQ(users, module_users());
}

/*
 * Hundreds
 */

#define MANY	300

struct one {
	int fd;
	char *memory;
};

static void shuffle(unsigned int *order)
{
	unsigned int i, j, with;

	for (i = 0; i < MANY; i++) {
		j = random() % (i + 1);
		with = j == i ? i : order[j];
		order[j] = i;
		order[i] = with;
	}
}

static bool is_own(const struct one *one, unsigned int i)
{
	return all_are(one[i].memory, i + 1, PAGE);
}

FIXTURE(many) {
	struct window w;
	struct one one[MANY];
	int fds;
};

FIXTURE_SETUP(many)
{
	self->fds = open_fds();
	ASSERT_EQ(0, window_begin(&self->w, PAGE));
}

FIXTURE_TEARDOWN(many)
{
	window_end(&self->w);
}

TEST_F_TIMEOUT(many, in_any_order, 120)
{
	unsigned int order[MANY] = {}, i, n;
	int users = module_users(), node = self->w.node;
	struct one *one = self->one;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, tag_give(&self->w, i + 1, PAGE, FIRST + i % 2, i * PAGE));
		one[i].fd = tag_open(node, i + 1, i % 7 ? 0 : RDONLY);
		ASSERT_LE(0, one[i].fd);
		one[i].memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				     one[i].fd, 0);
		ASSERT_NE(MAP_FAILED, one[i].memory);
	}
	shuffle(order);
	for (n = 0; n < MANY; n++)
		EXPECT_TRUE(is_own(one, order[n]));
	shuffle(order);
	for (n = 0; n < MANY; n++) {
		i = order[n];
		EXPECT_EQ(-EBUSY, window_release(node, i + 1, 0));
		EXPECT_EQ(0, window_release(node, i + 1, FORCE));
		EXPECT_EQ(SIGBUS, touch(one[i].memory, false));
		EXPECT_EQ(AWAY, tag_poll(one[i].fd));
		/* None but this one */
		EXPECT_TRUE(n + 1 == MANY || is_own(one, order[n + 1]));
		/* A third comes back meanwhile, where another one was */
		ASSERT_EQ(0, n % 3 ? 0 :
			  tag_give_again(node, i + 1, FIRST + !(i % 2), i * PAGE));
	}
	for (n = 0; n < MANY; n++) {
		i = order[n];
		EXPECT_EQ(n % 3 ? SIGBUS : 0, touch(one[i].memory, false));
		EXPECT_TRUE(n % 3 || is_own(one, i));
	}
	shuffle(order);
	for (n = 0; n < MANY; n++) {
		munmap(one[order[n]].memory, PAGE);
		close(one[order[n]].fd);
	}
	EXPECT_EQ(users, module_users());
	/* But for the node */
	EXPECT_EQ(self->fds + 1, open_fds());
}

TEST_HARNESS_MAIN
