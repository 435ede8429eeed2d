// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device goes from one tenant to the next, again and again: what the first one
 * wrote, mapped, sealed, pinned, asked to be told, or left running, is out of the sight
 * and the reach of the second, and the other way round. What remains across is said in
 * the SECURITY sections of the manuals, and here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "event.h"
#include "iommu.h"
#include "tag.h"

#define STATE(name)	VFIO_CXL_DC_##name
#define REASON(name)	VFIO_CXL_REASON_##name
#define TENANT	VFIO_CXL_DC_REACH_TENANT
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define RW	(PROT_READ | PROT_WRITE)
#define MEMORY	(16 * PAGE)		/* of the HDM memory that is looked at */
#define IOVA	(64 * MIB)
#define SECRET	0x5e
#define ROUNDS	3
#define GUEST_BASE	0x1140000000ULL

/* All that a tenant sees when it opens the device, but for the memory */
struct sight {
	__u8 config[4096];	/* MSI-X Enable is hardware's */
	__u32 comp[1024];
	struct vfio_cxl_info info;
	int extents;
};

/* What both tenants have, and who hands it over */
FIXTURE(handover) {
	struct window w;
	struct peer peer;
	struct sight first;
	struct sight now;
	struct vfio_cxl_dc_extent e[8];
	int eventfd;		/* the first tenant's */
	unsigned int tag;
	char *window;
	char *memory;
};

FIXTURE_VARIANT(handover) {
	bool killed;		/* the first one is, it does not close */
	bool cleared;		/* what it leaves */
};

FIXTURE_VARIANT_ADD(handover, closed) {};
FIXTURE_VARIANT_ADD(handover, killed) {
	.killed = true,
	.cleared = true,
};

static bool sight_take(const struct user *user, struct sight *s)
{
	struct region region;
	__u32 i;

	memset(s, 0, sizeof(*s));
	if (user_region(user, VFIO_PCI_CONFIG_REGION_INDEX, &region) ||
	    pread(user->device, s->config, sizeof(s->config), region.offset) !=
	    sizeof(s->config))
		return false;
	if (user_find(user, VFIO_CXL_REGION_SUBTYPE_COMP_REGS, &region))
		return false;
	for (i = 0; i < region.size / 4 && i < 1024; i++)
		s->comp[i] = comp_read(user, 4 * i);
	s->info.argsz = sizeof(s->info);
	if (ioctl(user->device, VFIO_CXL_INFO, &s->info))
		return false;
	s->extents = window_list(user->device, (struct vfio_cxl_dc_extent[8]){}, 8);

	return true;
}

static const char *sight_differs(const struct sight *a, const struct sight *b)
{
	static char text[32];
	size_t i;

	for (i = 0; i < sizeof(a->config); i++)
		if (a->config[i] != b->config[i]) {
			snprintf(text, sizeof(text), "config space at %#zx", i);
			return text;
		}
	if (memcmp(a->comp, b->comp, sizeof(a->comp)))
		return "the decoder";
	if (memcmp(&a->info, &b->info, sizeof(a->info)))
		return "info";

	return a->extents == b->extents ? NULL : "number of extents";
}

static char *hdm(const struct user *user)
{
	return map_congruent(user, 0, MEMORY);
}

static void mark(char *memory, size_t size, char value)
{
	size_t at;

	for (at = 0; at < size; at += PAGE)
		memory[at] = value;
}

static bool is_marked(const char *memory, size_t size, char value)
{
	size_t at;

	for (at = 0; at < size; at += PAGE)
		if (memory[at] != value)
			return false;

	return true;
}

static bool open_and_map(FIXTURE_DATA(handover) *self)
{
	if (window_open(&self->w))
		return false;
	self->window = window_map(&self->w, 0, REGION);
	self->memory = hdm(&self->w.user);

	return self->window != MAP_FAILED && self->memory != MAP_FAILED;
}

static void shut(FIXTURE_DATA(handover) *self)
{
	munmap(self->window, REGION);
	munmap(self->memory, MEMORY);
	user_close(&self->w.user);
}

/* A session ends only when all that has it open, or mapped, is gone */
static bool opens(FIXTURE_DATA(handover) *self)
{
	return within(SOON, open_and_map(self));
}

FIXTURE_SETUP(handover)
{
	ASSERT_TRUE(memory_ready());
	self->eventfd = eventfd(0, EFD_NONBLOCK);
	ASSERT_LE(0, self->eventfd);
	ASSERT_EQ(0, window_begin(&self->w, 0));
	ASSERT_TRUE(opens(self));
	ASSERT_TRUE(sight_take(&self->w.user, &self->first));
	ASSERT_EQ(0, self->first.extents);
	shut(self);
}

FIXTURE_TEARDOWN(handover)
{
	param_set("clear_on_close", "0");
	window_end(&self->w);
	close(self->eventfd);
}

/*
 * The first tenant, a process of its own, which is told what to do
 */

static void write_config(const struct user *user, __u32 at, __u16 value)
{
	struct region region;

	if (user_region(user, VFIO_PCI_CONFIG_REGION_INDEX, &region) ||
	    pwrite(user->device, &value, 2, region.offset + at) != 2)
		abort();
}

/* Decoder, config space, interrupts */
static void leave_state(const struct user *user)
{
	__u32 decoder = comp_hdm(user) + 0x10;

	comp_write(user, decoder, (__u32)GUEST_BASE);
	comp_write(user, decoder + 4, GUEST_BASE >> 32);
	comp_write(user, decoder + 0x10, CTRL_COMMIT | CTRL_LOCK);
	write_config(user, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
		     PCI_COMMAND_INTX_DISABLE);
	write_config(user, PCI_INTERRUPT_LINE, 0x77);
	write_config(user, PCI_BASE_ADDRESS_0, 0xffff);
	if (irq_eventfd(user, VFIO_PCI_MSIX_IRQ_INDEX) < 0)
		abort();
}

static int dma_map(struct user *user, void *memory, size_t size)
{
	__u32 ioas;

	if (user->container >= 0)
		return type1_map(user, IOVA, memory, size);
	/* One that the device is attached to, instead of the one it was */
	return ioas_alloc(user->iommufd, &ioas) ?: cdev_detach(user->device) ?:
	       ioas_map(user->iommufd, ioas, IOVA, memory, size) ?:
	       cdev_attach(user->device, &ioas);
}

static void be_told(const struct user *user, int fd)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg), .fd = fd };

	if (ioctl(user->device, VFIO_CXL_DC_EVENTFD, &arg))
		abort();
}

/*
 * Takes what is offered, writes, seals, maps for DMA, asks to be told. On 'c' it closes
 * all but its container, or iommufd, through which it reaches nothing then.
 */
static int first_tenant(const struct peer *parent, void *arg)
{
	FIXTURE_DATA(handover) *self = arg;
	struct user *user = &self->w.user;
	int ret;

	if (!open_and_map(self) || window_accept(user->device, self->tag, TENANT))
		return 1;
	memset(self->window, SECRET, BLOCK);
	mark(self->memory, MEMORY, SECRET);
	leave_state(user);
	be_told(user, self->eventfd);
	if (dma_map(user, self->window, BLOCK) || !translate(IOVA))
		return 2;
	peer_tell(parent, 'r');
	if (peer_hear(parent) != 'c')
		return 3;
	munmap(self->window, REGION);
	munmap(self->memory, MEMORY);
	close(user->device);
	if (user->group >= 0)
		close(user->group);
	user->device = -1;
	user->group = -1;
	peer_tell(parent, 'c');
	peer_hear(parent);
	/* The next one has the device now */
	ret = user->container < 0 ? -EIO : type1_map(user, IOVA, &self->first, PAGE);
	user_close(user);

	return !ret ? 4 : !user_open(user) ? 5 : 0;
}

static int last_words(struct peer *peer, bool killed)
{
	if (killed) {
		peer_kill(peer);
		return 0;
	}
	peer_tell(peer, 'c');

	return peer_hear(peer) == 'c' ? 0 : -1;
}

/* What the second tenant sees first, and what comes to it, and to nobody else */
static void second_tenant(struct __test_metadata *const _metadata,
			  FIXTURE_DATA(handover) *self)
{
	struct vfio_cxl_dc_status status;
	int told = eventfd(0, EFD_NONBLOCK);
	const char *what;
	__u64 count;

	ASSERT_TRUE(opens(self));
	ASSERT_TRUE(sight_take(&self->w.user, &self->now));
	what = sight_differs(&self->now, &self->first);
	EXPECT_EQ(NULL, what) TH_LOG("%s is not as at the first open", what);
	EXPECT_EQ(-ENOENT, window_status(self->w.user.device, self->tag, &status));
	EXPECT_EQ(-ENOENT, window_release(self->w.user.device, self->tag, 0));
	EXPECT_EQ(SIGBUS, touch(self->window, false));
	EXPECT_EQ(0, translate(IOVA));
	/* A way across: what was written is there, unless it is asked for otherwise */
	EXPECT_TRUE(is_marked(self->memory, MEMORY, SECRET));

	while (read(self->eventfd, &count, sizeof(count)) > 0)
		;
	ASSERT_EQ(0, window_offer(&self->w, self->tag + 1, BLOCK, FIRST, BLOCK));
	EXPECT_EQ(-1, read(self->eventfd, &count, sizeof(count)));
	be_told(&self->w.user, told);
	ASSERT_EQ(0, window_accept(self->w.user.device, self->tag + 1, TENANT));
	EXPECT_EQ(sizeof(count), read(told, &count, sizeof(count)));
	EXPECT_EQ(2, count);
	EXPECT_EQ(-1, read(self->eventfd, &count, sizeof(count)));
	EXPECT_TRUE(all_are(self->window + BLOCK, self->tag + 1, BLOCK));
	EXPECT_EQ(SIGBUS, touch(self->window, false));
	close(told);
}

TEST_F_TIMEOUT(handover, again_and_again, 120)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		self->tag = 2 * i + 1;
		ASSERT_EQ(0, window_offer(&self->w, self->tag, BLOCK, FIRST, 0));
		peer_start(&self->peer, first_tenant, self);
		ASSERT_EQ('r', peer_hear(&self->peer));
		ASSERT_EQ(0, last_words(&self->peer, variant->killed));
		second_tenant(_metadata, self);
		if (!variant->killed) {
			peer_tell(&self->peer, 'd');
			EXPECT_TRUE(peer_ends_well(&self->peer));
		}
		mark(self->memory, MEMORY, 0);
		shut(self);
		EXPECT_TRUE(within(SOON, window_state(self->w.node, self->tag + 1) ==
				   STATE(RELEASED)));
	}
}

/* Goes on where its parent ended: with its mappings, and its descriptors */
static int stays(const struct peer *parent, void *arg)
{
	FIXTURE_DATA(handover) *self = arg;

	/* A fork does not copy what is mapped */
	if (touch(self->window, true))
		return 1;
	peer_tell(parent, 'r');
	peer_hear(parent);
	peer_tell(parent, touch(self->window, false) == SIGBUS ? 'b' : 'x');
	peer_hear(parent);

	return 0;
}

/* Nobody is let in as long as somebody is left; what he had can be taken all the same */
TEST_F(handover, somebody_is_left)
{
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_TRUE(opens(self));
	ASSERT_EQ(0, window_accept(self->w.user.device, 1, TENANT));
	peer_start(&self->peer, stays, self);
	ASSERT_EQ('r', peer_hear(&self->peer));
	shut(self);
	EXPECT_FALSE(open_and_map(self));
	EXPECT_EQ(STATE(COMMITTED), window_state(self->w.node, 1));
	EXPECT_EQ(0, window_remove(self->w.node, 1, VFIO_CXL_DC_REMOVE_FORCE));
	peer_tell(&self->peer, 't');
	EXPECT_EQ('b', peer_hear(&self->peer));
	if (variant->killed) {
		peer_kill(&self->peer);
	} else {
		peer_tell(&self->peer, 'e');
		EXPECT_TRUE(peer_ends_well(&self->peer));
	}
	EXPECT_TRUE(opens(self));
	EXPECT_EQ(SIGBUS, touch(self->window, false));
	shut(self);
}

/* Pages that somebody of the first holds are nobody's until he lets them go */
TEST_F(handover, pinned)
{
	bool cleared = variant->cleared;
	int ends[2];

	/* To clear the device's own takes minutes with QEMU 10 */
	ASSERT_EQ(0, control_clear(&(struct vfio_cxl_decoder_clear){}));
	param_set("clear_on_close", cleared ? "1" : "0");
	ASSERT_EQ(0, window_offer(&self->w, 1, BLOCK, FIRST, 0));
	ASSERT_EQ(0, window_open(&self->w));
	self->window = window_map(&self->w, 0, REGION);
	ASSERT_EQ(0, window_accept(self->w.user.device, 1, TENANT));
	memset(self->window, SECRET, BLOCK);
	ASSERT_TRUE(hold(self->window, PAGE, ends));
	munmap(self->window, REGION);
	user_close(&self->w.user);

	ASSERT_TRUE(within(SOON, !window_open(&self->w)));
	self->window = window_map(&self->w, 0, REGION);
	EXPECT_TRUE(within(SOON, window_state(self->w.node, 1) ==
			   (cleared ? STATE(RELEASING) : STATE(RELEASED))));
	EXPECT_EQ(-EBUSY, window_add(self->w.node, 1, FIRST, 0));
	let_go(ends);
	EXPECT_TRUE(within(2 * SOON, !window_add(self->w.node, 1, FIRST, 0)));
	ASSERT_EQ(0, window_accept(self->w.user.device, 1, TENANT));
	/* A way across: what was written is there, unless it is asked for otherwise */
	EXPECT_TRUE(all_are(self->window, cleared ? 0 : SECRET, BLOCK));
	munmap(self->window, REGION);
	user_close(&self->w.user);
}

/* A program that got one tag, by a descriptor */
struct app {
	int fd;
	char *memory;
};

/* 'b': it is out of reach, 's': the second's bytes are in sight, '-': its own are */
static int looks(const struct peer *parent, void *arg)
{
	struct app *app = arg;

	memset(app->memory, SECRET, BLOCK);
	peer_tell(parent, 'r');
	while (peer_hear(parent) != 'e')
		peer_tell(parent, touch(app->memory, false) ? 'b' :
			  *app->memory == SECRET ? '-' : 's');

	return 0;
}

static char sees(const struct peer *peer)
{
	peer_tell(peer, 'l');

	return peer_hear(peer);
}

/* The tag goes to a tenant, then another program gets one of the same name */
TEST_F(handover, descriptor_of_a_tag)
{
	struct app app, next;

	ASSERT_EQ(0, tag_give(&self->w, 1, BLOCK, FIRST, 0));
	app.fd = tag_open(self->w.node, 1, 0);
	app.memory = tag_map(app.fd, RW, BLOCK);
	ASSERT_NE(MAP_FAILED, app.memory);
	peer_start(&self->peer, looks, &app);
	ASSERT_EQ('r', peer_hear(&self->peer));
	munmap(app.memory, BLOCK);
	EXPECT_EQ('-', sees(&self->peer));
	EXPECT_EQ(0, window_release(self->w.node, 1, FORCE));

	ASSERT_EQ(0, window_add(self->w.node, 1, FIRST, 0));
	ASSERT_TRUE(opens(self));
	ASSERT_EQ(0, window_accept(self->w.user.device, 1, TENANT));
	memset(self->window, 2, BLOCK);
	EXPECT_EQ('b', sees(&self->peer));
	EXPECT_EQ(AWAY, tag_poll(app.fd));
	shut(self);
	EXPECT_TRUE(within(SOON, window_state(self->w.node, 1) == STATE(RELEASED)));
	EXPECT_EQ('b', sees(&self->peer));

	/* A way across: it is for descriptors again, also those of before */
	ASSERT_EQ(0, tag_give_again(self->w.node, 1, FIRST, 0));
	EXPECT_EQ('s', sees(&self->peer));
	EXPECT_EQ(0, window_release(self->w.node, 1, FORCE));
	/* But not if it is other memory by that name */
	ASSERT_EQ(0, backend_destroy(self->w.node, 1));
	ASSERT_EQ(0, tag_give(&self->w, 1, BLOCK, FIRST, 0));
	EXPECT_EQ('b', sees(&self->peer));
	EXPECT_TRUE(tag_poll(app.fd) & GONE);
	EXPECT_EQ(-ENODEV, tag_map_fails(app.fd, PAGE, PROT_READ, MAP_SHARED, 0));
	next.fd = tag_open(self->w.node, 1, 0);
	next.memory = tag_map(next.fd, RW, BLOCK);
	ASSERT_NE(MAP_FAILED, next.memory);
	EXPECT_TRUE(all_are(next.memory, 1, BLOCK));
	munmap(next.memory, BLOCK);
	close(next.fd);
	peer_tell(&self->peer, 'e');
	EXPECT_TRUE(peer_ends_well(&self->peer));
	close(app.fd);
}

TEST_HARNESS_MAIN
