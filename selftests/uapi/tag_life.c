// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a tag under its descriptors: it goes and comes back, and they stay; what
 * is told of that, and when; and when they are of no use any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "tag.h"

#define STATE(name)	VFIO_CXL_DC_##name
#define REASON(name)	VFIO_CXL_REASON_##name
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define DEFER	VFIO_CXL_DC_DECIDE_DEFER
#define SIZE	(2 * BLOCK)
#define RW	(PROT_READ | PROT_WRITE)

/* Tag 1, of two blocks of 1, with a descriptor that is mapped and not touched yet */
struct given {
	struct window w;
	int node;
	int fd;
	char *memory;
};

static int given_begin(struct given *g)
{
	int ret = window_begin(&g->w, 0);

	g->node = g->w.node;
	ret = ret ?: tag_give(&g->w, 1, SIZE, FIRST, BLOCK);
	if (ret)
		return ret;
	g->fd = tag_open(g->node, 1, 0);
	if (g->fd < 0)
		return g->fd;
	g->memory = tag_map(g->fd, RW, SIZE);

	return g->memory == MAP_FAILED ? -errno : 0;
}

static void given_end(struct given *g)
{
	param_set("clear_on_close", "0");
	munmap(g->memory, SIZE);
	close(g->fd);
	window_end(&g->w);
}

/* A process that has it mapped too, and touched; then it is gone there as well */
static int loses_it(const struct peer *parent, void *memory)
{
	if (touch(memory, true) || touch((char *)memory + SIZE - 1, false))
		return 1;
	peer_tell(parent, 't');
	peer_hear(parent);

	return touch(memory, false) != SIGBUS ||
	       touch((char *)memory + BLOCK, true) != SIGBUS;
}

/* Whoever says that it goes */
FIXTURE(gone) {
	struct given g;
};

FIXTURE_VARIANT(gone) {
	bool taken;
	__u32 state;
};

FIXTURE_VARIANT_ADD(gone, released) {
	.state = STATE(RELEASED),
};

FIXTURE_VARIANT_ADD(gone, taken) {
	.taken = true,
	.state = STATE(REVOKED),
};

FIXTURE_SETUP(gone)
{
	ASSERT_EQ(0, given_begin(&self->g));
}

FIXTURE_TEARDOWN(gone)
{
	given_end(&self->g);
}

static int goes(int node, bool taken)
{
	return taken ? window_remove(node, 1, VFIO_CXL_DC_REMOVE_FORCE) :
		       window_release(node, 1, FORCE);
}

TEST_F(gone, gone_for_all)
{
	struct given *g = &self->g;
	int fd = tag_open(g->node, 1, RDONLY);
	char *other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	struct peer peer;

	ASSERT_NE(MAP_FAILED, other);
	peer_start(&peer, loses_it, g->memory);
	EXPECT_EQ('t', peer_hear(&peer));
	EXPECT_EQ(0, touch(other, false));
	EXPECT_EQ(0, touch(g->memory, true));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	peer_tell(&peer, 'g');
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	EXPECT_EQ(SIGBUS, touch(g->memory + SIZE - 1, true));
	EXPECT_EQ(SIGBUS, touch(other + PAGE, false));
	EXPECT_TRUE(peer_ends_well(&peer));
	EXPECT_EQ(variant->state, window_state(g->node, 1));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	EXPECT_EQ(AWAY, tag_poll(fd));
	munmap(other, SIZE);

	/* They stay, and can be mapped still: of what is to come */
	EXPECT_EQ(SIZE, lseek(g->fd, 0, SEEK_END));
	EXPECT_EQ(-EACCES, tag_map_fails(fd, PAGE, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, SIZE + PAGE, PROT_READ,
					 MAP_SHARED, 0));
	other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, other);
	EXPECT_EQ(SIGBUS, touch(other, false));
	EXPECT_EQ(0, tag_give_again(g->node, 1, FIRST + 1, 0));
	EXPECT_EQ(0x5a, *other);
	munmap(other, SIZE);
	close(fd);
}

/* Entries about the tag, in a row, up to the one of this state */
static int told(int node, unsigned int tag, __u32 state,
		struct vfio_cxl_dc_event *events, int room)
{
	int n = 0;

	while (n < room && tag_wait(node, POLLIN, SOON) & POLLIN &&
	       read(node, &events[n], sizeof(*events)) == sizeof(*events)) {
		if (tag_number(events[n].tag) != tag)
			continue;
		n++;
		if (events[n - 1].kind == VFIO_CXL_DC_CHANGE_STATE &&
		    events[n - 1].state == state)
			return n;
	}

	return -1;
}

/* First that it is about to go; then, perhaps by the way, where to */
TEST_F(gone, told_in_order)
{
	struct given *g = &self->g;
	struct vfio_cxl_dc_extent e;
	struct vfio_cxl_dc_event event[4];
	int n;

	ASSERT_EQ(1, window_list(g->node, &e, 1));
	EXPECT_LT(0, told(g->node, 1, STATE(COMMITTED), event, 4));
	EXPECT_EQ(0, touch(g->memory, true));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	n = told(g->node, 1, variant->state, event, 4);
	ASSERT_LT(1, n);
	EXPECT_GT(4, n);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_LEAVE, event[0].kind);
	EXPECT_EQ(VFIO_CXL_DC_REACH_APP, event[0].reach);
	EXPECT_EQ(SIZE, event[0].length);
	EXPECT_EQ(FIRST, event[0].region);
	EXPECT_TRUE(!event[0].extent || event[0].extent == e.id);
	for (; n > 1; n--)
		EXPECT_EQ(VFIO_CXL_DC_CHANGE_STATE, event[n - 1].kind);

	/* Of what is nobody's but a tenancy's nothing leaves */
	ASSERT_EQ(0, window_add(g->node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(g->node, 1, VFIO_CXL_DC_REACH_DEVICE));
	EXPECT_LT(0, told(g->node, 1, STATE(COMMITTED), event, 4));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	for (n = told(g->node, 1, variant->state, event, 4); n > 0; n--)
		EXPECT_NE(VFIO_CXL_DC_CHANGE_LEAVE, event[n - 1].kind);
	EXPECT_EQ(0, n);
}

/* Touches it till it is gone: then that was told already */
static int finds_it_told(const struct peer *parent, void *memory)
{
	struct vfio_cxl_dc_event event;
	int node = control_open();

	peer_tell(parent, 't');
	while (!touch(memory, true))
		;
	while (tag_wait(node, POLLIN, 0) & POLLIN &&
	       read(node, &event, sizeof(event)) == sizeof(event))
		if (event.kind == VFIO_CXL_DC_CHANGE_LEAVE)
			return 0;

	return 1;
}

TEST_F_TIMEOUT(gone, told_before_it_is_gone, 60)
{
	struct given *g = &self->g;
	struct peer peer;
	int n;

	for (n = 0; n < 10; n++) {
		peer_start(&peer, finds_it_told, g->memory);
		EXPECT_EQ('t', peer_hear(&peer));
		usleep(1000 + n * 300);
		EXPECT_EQ(0, goes(g->node, variant->taken));
		EXPECT_TRUE(peer_ends_well(&peer));
		ASSERT_EQ(0, tag_give_again(g->node, 1, FIRST, BLOCK));
	}
}

/* There again, wherever it stands in the window: the same memory */
TEST_F(gone, comes_back)
{
	struct given *g = &self->g;

	EXPECT_EQ(0, touch(g->memory, true));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	ASSERT_EQ(0, window_add(g->node, 1, FIRST + 1, 0));
	/* Offered is not accepted */
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	ASSERT_EQ(0, window_accept(g->node, 1, APP));
	EXPECT_EQ(THERE, tag_poll(g->fd));
	EXPECT_EQ(0x5a, *g->memory);
	EXPECT_TRUE(all_are(g->memory + 1, 1, SIZE - 1));
	memset(g->memory, 0x66, SIZE);

	/* For others it is not there */
	EXPECT_EQ(0, goes(g->node, variant->taken));
	ASSERT_EQ(0, window_add(g->node, 1, FIRST, 0));
	ASSERT_EQ(0, window_accept(g->node, 1, VFIO_CXL_DC_REACH_DEVICE));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	EXPECT_EQ(SIGBUS, touch(g->memory, true));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	ASSERT_EQ(0, tag_give_again(g->node, 1, FIRST, 0));
	EXPECT_EQ(THERE, tag_poll(g->fd));
	EXPECT_TRUE(all_are(g->memory, 0x66, SIZE));
}

TEST_F(gone, comes_back_cleared)
{
	struct given *g = &self->g;

	memset(g->memory, 0x67, SIZE);
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	ASSERT_EQ(0, tag_give_again(g->node, 1, FIRST, 0));
	EXPECT_EQ(THERE, tag_poll(g->fd));
	EXPECT_TRUE(all_are(g->memory, 0, SIZE));
}

/* Another one of that name is another's; and the old one is no more */
TEST_F(gone, another_of_the_name)
{
	struct given *g = &self->g;
	int fd, other;

	ASSERT_EQ(0, tag_give(&g->w, 2, BLOCK, FIRST + 1, 0));
	other = tag_open(g->node, 2, 0);
	EXPECT_EQ(0, touch(g->memory, true));
	EXPECT_EQ(0, goes(g->node, variant->taken));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	EXPECT_EQ(0, backend_destroy(g->node, 1));
	EXPECT_EQ(THERE, tag_poll(other));
	EXPECT_EQ(0, tag_map_fails(other, BLOCK, RW, MAP_SHARED, 0));
	close(other);
	EXPECT_TRUE(tag_poll(g->fd) & GONE);
	EXPECT_FALSE(tag_poll(g->fd) & THERE);
	EXPECT_EQ(-ENODEV, tag_map_fails(g->fd, PAGE, PROT_READ, MAP_SHARED,
					 0));
	ASSERT_EQ(0, tag_give(&g->w, 1, SIZE, FIRST, BLOCK));
	EXPECT_EQ(SIGBUS, touch(g->memory, true));
	EXPECT_TRUE(tag_poll(g->fd) & GONE);
	EXPECT_FALSE(tag_poll(g->fd) & THERE);
	EXPECT_EQ(-ENODEV, tag_map_fails(g->fd, PAGE, PROT_READ, MAP_SHARED,
					 0));
	fd = tag_open(g->node, 1, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(THERE, tag_poll(fd));
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	close(fd);
}

/*
 * Where it makes no difference who says so
 */

FIXTURE(life) {
	struct given g;
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, given_begin(&self->g));
}

FIXTURE_TEARDOWN(life)
{
	given_end(&self->g);
}

/* In each phase just what is so */
TEST_F(life, poll_in_each_phase)
{
	struct given *g = &self->g;
	int fd = tag_open(g->node, 1, RDONLY);

	EXPECT_EQ(THERE, tag_poll(g->fd));
	EXPECT_EQ(POLLIN, tag_poll(fd));
	/* Not told to who does not wait for it */
	EXPECT_EQ(0, tag_wait(g->fd, POLLRDHUP, 0));
	EXPECT_EQ(0, tag_wait(g->fd, POLLPRI, 0));
	EXPECT_EQ(0, window_remove(g->node, 1, 0));
	EXPECT_EQ(THERE | POLLPRI, tag_poll(g->fd));
	EXPECT_EQ(POLLIN | POLLPRI, tag_poll(fd));
	EXPECT_EQ(0, window_release(g->node, 1, 0));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	EXPECT_EQ(AWAY, tag_poll(fd));
	EXPECT_EQ(0, tag_wait(g->fd, THERE, 0));
	/* Another time nobody has asked yet */
	ASSERT_EQ(0, tag_give_again(g->node, 1, FIRST, 0));
	EXPECT_EQ(THERE, tag_poll(g->fd));

	/* Going to be taken when its use ends */
	EXPECT_EQ(0, touch(g->memory, true));
	EXPECT_EQ(0, window_release(g->node, 1, DEFER));
	EXPECT_EQ(THERE | POLLPRI, tag_poll(g->fd));
	munmap(g->memory, SIZE);
	EXPECT_EQ(POLLRDHUP, tag_wait(g->fd, POLLRDHUP, SOON));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	EXPECT_TRUE(within(SOON, !backend_destroy(g->node, 1)));
	EXPECT_EQ(GONE, tag_wait(g->fd, 0, 0));
	EXPECT_FALSE(tag_poll(g->fd) & THERE);
	EXPECT_EQ(GONE, tag_wait(fd, 0, 0));
	close(fd);
}

/* Before anybody had a descriptor that could tell */
TEST_F(life, asked_for_before_it_was_opened)
{
	struct given *g = &self->g;
	int fd;

	ASSERT_EQ(0, tag_give(&g->w, 2, BLOCK, FIRST + 1, 0));
	EXPECT_EQ(0, window_remove(g->node, 2, 0));
	fd = tag_open(g->node, 2, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(THERE | POLLPRI, tag_poll(fd));
	close(fd);
	/* Or while there was none any more */
	close(g->fd);
	munmap(g->memory, SIZE);
	EXPECT_EQ(0, window_remove(g->node, 1, 0));
	g->fd = tag_open(g->node, 1, RDONLY);
	EXPECT_EQ(POLLIN | POLLPRI, tag_poll(g->fd));
}

/* Waits for one thing after the other, and is woken by each */
static int is_woken(const struct peer *parent, void *fd)
{
	static const short waits[] = { POLLPRI, POLLRDHUP, POLLIN, POLLRDHUP, 0 };
	unsigned int i;
	time_t start;
	short got;

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		start = time(NULL);
		peer_tell(parent, 'w');
		got = tag_wait(*(int *)fd, waits[i], 4 * SOON);
		/* Who is not woken finds it when his time is over */
		if (!(got & (waits[i] ?: GONE)) ||
		    time(NULL) - start > 3 * SOON / 1000)
			return 1 + i;
	}

	return 0;
}

/* For who waits already */
static char waits(const struct peer *peer)
{
	char word = peer_hear(peer);

	usleep(200000);

	return word;
}

TEST_F_TIMEOUT(life, woken, 120)
{
	struct given *g = &self->g;
	struct peer peer;

	peer_start(&peer, is_woken, &g->fd);
	EXPECT_EQ('w', waits(&peer));
	EXPECT_EQ(0, window_remove(g->node, 1, 0));
	EXPECT_EQ('w', waits(&peer));
	EXPECT_EQ(0, window_release(g->node, 1, 0));
	EXPECT_EQ('w', waits(&peer));
	EXPECT_EQ(0, tag_give_again(g->node, 1, FIRST, 0));
	EXPECT_EQ('w', waits(&peer));
	EXPECT_EQ(0, window_remove(g->node, 1, VFIO_CXL_DC_REMOVE_FORCE));
	EXPECT_EQ('w', waits(&peer));
	EXPECT_EQ(0, backend_destroy(g->node, 1));
	EXPECT_TRUE(peer_ends_well(&peer));
}

static int busy(int node)
{
	int ret = window_release(node, 1, 0);

	return ret == -EBUSY && window_why == REASON(DC_IN_USE);
}

/* Mapped and touched; and of no other tag */
TEST_F(life, in_use_until_the_last_unmap)
{
	struct given *g = &self->g;
	int fd;
	char *other;

	ASSERT_EQ(0, tag_give(&g->w, 2, BLOCK, FIRST + 1, 0));
	fd = tag_open(g->node, 2, RDONLY);
	other = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, other);
	EXPECT_FALSE(tag_in_use(g->node, 1));
	EXPECT_EQ(0, touch(g->memory, false));
	EXPECT_TRUE(tag_in_use(g->node, 1));
	EXPECT_FALSE(tag_in_use(g->node, 2));
	EXPECT_TRUE(busy(g->node));
	EXPECT_EQ(STATE(COMMITTED), window_state(g->node, 1));
	EXPECT_EQ(THERE, tag_poll(g->fd));
	EXPECT_EQ(0, touch(g->memory, true));
	EXPECT_EQ(0, window_release(g->node, 2, 0));
	EXPECT_EQ(SIGBUS, touch(other, false));
	EXPECT_EQ(0, touch(g->memory, true));
	munmap(other, BLOCK);
	close(fd);

	/* Another mapping takes its place, by another descriptor, and untouched */
	fd = tag_open(g->node, 1, RDONLY);
	other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, other);
	munmap(g->memory, SIZE);
	close(fd);
	EXPECT_TRUE(tag_in_use(g->node, 1));
	/* In several pieces, of which the last one counts */
	EXPECT_EQ(0, mprotect(other + PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(0, mprotect(other + PAGE, PAGE, PROT_READ));
	munmap(other, BLOCK);
	EXPECT_TRUE(busy(g->node));
	munmap(other + BLOCK + PAGE, PAGE);
	EXPECT_TRUE(busy(g->node));
	munmap(other + BLOCK, SIZE - BLOCK);
	EXPECT_FALSE(tag_in_use(g->node, 1));
	EXPECT_EQ(0, window_release(g->node, 1, 0));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
}

TEST_F(life, not_in_use_untouched)
{
	struct given *g = &self->g;

	EXPECT_FALSE(tag_in_use(g->node, 1));
	EXPECT_EQ(0, window_release(g->node, 1, 0));
	EXPECT_EQ(SIGBUS, touch(g->memory, false));

	/* Nor is what was touched by those who are gone */
	ASSERT_EQ(0, tag_give_again(g->node, 1, FIRST, 0));
	EXPECT_EQ(0, touch(g->memory, true));
	munmap(g->memory, SIZE);
	g->memory = tag_map(g->fd, RW, SIZE);
	EXPECT_FALSE(tag_in_use(g->node, 1));
	EXPECT_EQ(0, window_release(g->node, 1, 0));
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
}

static int has_it_mapped(const struct peer *parent, void *memory)
{
	peer_tell(parent, 'm');
	peer_hear(parent);

	return touch(memory, true);
}

/* Asked for, once, and then left */
static void expect_asked(struct __test_metadata *_metadata, int node)
{
	struct vfio_cxl_dc_event event[8];
	int n = told(node, 1, STATE(RELEASED), event, 8), i = 0;

	ASSERT_LT(0, n);
	while (i < n && event[i].kind == VFIO_CXL_DC_CHANGE_STATE)
		i++;
	ASSERT_GT(n - 1, i);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_REQUEST, event[i].kind);
	EXPECT_EQ(VFIO_CXL_DC_CHANGE_LEAVE, event[i + 1].kind);
	for (i += 2; i < n; i++)
		EXPECT_EQ(VFIO_CXL_DC_CHANGE_STATE, event[i].kind);
}

/* Its user goes on, also in another process; when the last one ends it goes */
TEST_F(life, deferred)
{
	struct given *g = &self->g;
	struct peer peer;
	char *other;
	int n;

	EXPECT_EQ(0, touch(g->memory, true));
	peer_start(&peer, has_it_mapped, g->memory);
	EXPECT_EQ('m', peer_hear(&peer));
	for (n = 0; n < 2; n++) {
		EXPECT_EQ(0, window_release(g->node, 1, DEFER));
		EXPECT_TRUE(window_answer.flags & VFIO_CXL_DC_DECIDE_DEFERRED);
	}
	EXPECT_EQ(0, touch(g->memory + BLOCK, true));
	other = backend_map(g->fd, SIZE);
	ASSERT_NE(MAP_FAILED, other);
	EXPECT_EQ(0x5a, *other);
	munmap(other, SIZE);
	munmap(g->memory, SIZE);
	/* For two looks of the driver's */
	usleep(250000);
	EXPECT_EQ(STATE(COMMITTED), window_state(g->node, 1));
	peer_tell(&peer, 'e');
	EXPECT_TRUE(peer_ends_well(&peer));
	EXPECT_TRUE(within(SOON, window_state(g->node, 1) == STATE(RELEASED)));
	EXPECT_EQ(AWAY, tag_poll(g->fd));
	expect_asked(_metadata, g->node);
}

/* Is told, by a descriptor and by a touch, that there is no device any more */
static int is_unbound(const struct peer *parent, void *given)
{
	struct given *g = given;

	if (touch(g->memory, true))
		return 1;
	peer_tell(parent, 't');
	if (tag_wait(g->fd, 0, 2 * SOON) != GONE)
		return 2;

	return touch(g->memory, false) != SIGBUS;
}

static void expect_dead(struct __test_metadata *_metadata,
			const struct given *g)
{
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	EXPECT_EQ(SIGBUS, touch(g->memory + BLOCK, true));
	EXPECT_EQ(-ENODEV, tag_map_fails(g->fd, PAGE, PROT_READ, MAP_SHARED,
					 0));
	EXPECT_EQ(GONE, tag_wait(g->fd, THERE, 0));
	EXPECT_EQ(SIZE, lseek(g->fd, 0, SEEK_END));
}

static int touches_on(const struct peer *parent, void *memory)
{
	peer_tell(parent, 't');
	while (!touch(memory, true))
		madvise(memory, SIZE, MADV_DONTNEED);

	return touch(memory, false) != SIGBUS;
}

/* Nobody waits for who has one; and the code that it needs stays */
TEST_F(life, unbound)
{
	struct given *g = &self->g, anew;
	struct peer peer, busy;

	EXPECT_EQ(0, touch(g->memory, true));
	peer_start(&peer, is_unbound, g);
	EXPECT_EQ('t', peer_hear(&peer));
	peer_start(&busy, touches_on, g->memory);
	EXPECT_EQ('t', peer_hear(&busy));
	EXPECT_TRUE(dev_unbind());
	EXPECT_TRUE(peer_ends_well(&peer));
	EXPECT_TRUE(peer_ends_well(&busy));
	expect_dead(_metadata, g);
	EXPECT_EQ(-ENODEV, tag_open(g->node, 1, 0));
	close(g->node);
	EXPECT_LT(0, module_users());
	EXPECT_EQ(-1, syscall(SYS_delete_module, "cxl_vfio_pci", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);

	/* Bound again it is another one's */
	EXPECT_TRUE(dev_bind());
	ASSERT_EQ(0, given_begin(&anew));
	EXPECT_TRUE(all_are(anew.memory, 1, SIZE));
	expect_dead(_metadata, g);
	given_end(&anew);
	EXPECT_LT(0, module_users());
	close(g->fd);
	EXPECT_LT(0, module_users());
	EXPECT_EQ(SIGBUS, touch(g->memory, false));
	munmap(g->memory, SIZE);
	EXPECT_EQ(0, module_users());
	g->fd = -1;
	g->w.node = control_open();
}

/* While it was away, and while it waits for the end of a use */
TEST_F(life, unbound_in_other_phases)
{
	struct given *g = &self->g;
	int ends[2];

	EXPECT_EQ(0, window_release(g->node, 1, 0));
	EXPECT_TRUE(dev_unbind());
	expect_dead(_metadata, g);
	close(g->node);
	EXPECT_TRUE(dev_bind());
	munmap(g->memory, SIZE);
	close(g->fd);
	ASSERT_EQ(0, given_begin(g));
	ASSERT_TRUE(hold(g->memory, PAGE, ends));
	EXPECT_EQ(0, window_release(g->node, 1, DEFER));
	EXPECT_TRUE(window_answer.flags & VFIO_CXL_DC_DECIDE_DEFERRED);
	EXPECT_TRUE(dev_unbind());
	expect_dead(_metadata, g);
	let_go(ends);
	close(g->node);
	EXPECT_TRUE(dev_bind());
	g->w.node = control_open();
	ASSERT_LE(0, g->w.node);
}

TEST_HARNESS_MAIN
