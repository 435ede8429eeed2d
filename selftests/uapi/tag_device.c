// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor of a tag of the device's own Dynamic Capacity: what it maps, and that
 * it and the VFIO device keep each other away.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "tag.h"

#define STATE(name)	VFIO_CXL_DC_##name
#define REASON(name)	VFIO_CXL_REASON_##name
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define DEFER	VFIO_CXL_DC_DECIDE_DEFER
#define RW	(PROT_READ | PROT_WRITE)
#define EXTENT	(4 * MIB)
#define COUNT	3
#define SIZE	(COUNT * EXTENT)

/* A tag of three extents, offered from the last one on, is for descriptors */
FIXTURE(device) {
	struct dc dc;
	struct tag tag;
	struct piece pieces[COUNT];
	struct extent e[COUNT];
	int node;
	int fd;
	char *memory;
};

static int take(struct dc *dc, const struct tag *tag, const struct piece *pieces,
		struct extent *e)
{
	return !extents_offer(dc, 0, pieces, COUNT, e) ? -EIO :
	       dc_accept(dc->node, tag, APP, &dc->answer);
}

FIXTURE_SETUP(device)
{
	unsigned int i;

	ASSERT_EQ(0, dc_begin(&self->dc));
	user_close(&self->dc.user);
	self->node = self->dc.node;
	self->tag = tag_new();
	for (i = 0; i < COUNT; i++)
		self->pieces[i] = (struct piece){ 2 * (COUNT - i) * EXTENT,
						  EXTENT, &self->tag };
	ASSERT_EQ(0, take(&self->dc, &self->tag, self->pieces, self->e));
	self->fd = tag_open_bytes(self->node, self->tag.bytes, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(SIZE, tag_answer.size);
	self->memory = tag_map(self->fd, RW, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(device)
{
	munmap(self->memory, SIZE);
	close(self->fd);
	dc_end(&self->dc);
}

/* A byte of each page, and the last one: each access is one of the emulator's */
static void mark(char *memory, char value)
{
	size_t at;

	for (at = 0; at < SIZE; at += PAGE)
		memory[at] = value;
	memory[SIZE - 1] = value;
}

static bool is_marked(const char *memory, char value)
{
	size_t at;

	for (at = 0; at < SIZE; at += PAGE)
		if (memory[at] != value)
			return false;

	return memory[SIZE - 1] == value;
}

/* What the device has there, at @offset of region 0 */
static bool media_is(__u64 offset, const char *digits)
{
	const char *text = bed("media read dc %llu %zu", offset,
			       strlen(digits) / 2);

	return text && !strncmp(text, digits, strlen(digits));
}

/* One behind the other, in the order of their addresses, and nothing between */
TEST_F(device, maps_its_extents)
{
	char *memory = self->memory, *other;

	EXPECT_EQ(SIZE, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(THERE, tag_poll(self->fd));
	memcpy(memory, "\xba\xdc\x0f\xfe", 4);
	memcpy(memory + EXTENT - 2, "\x11\x12\x21\x22", 4);
	memcpy(memory + SIZE - 4, "\xde\xad\xbe\xef", 4);
	EXPECT_TRUE(media_is(2 * EXTENT, "badc0ffe"));
	EXPECT_TRUE(media_is(3 * EXTENT - 2, "1112"));
	EXPECT_TRUE(media_is(4 * EXTENT, "2122"));
	EXPECT_TRUE(media_is(7 * EXTENT - 4, "deadbeef"));
	mark(memory, 0x33);
	EXPECT_TRUE(is_marked(memory, 0x33));

	/* From anywhere on, and over the border of two */
	other = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->fd,
		     2 * EXTENT - PAGE);
	ASSERT_NE(MAP_FAILED, other);
	memory[2 * EXTENT - 1] = 0x31;
	memory[2 * EXTENT] = 0x32;
	EXPECT_EQ(0x31, other[PAGE - 1]);
	EXPECT_EQ(0x32, other[PAGE]);
	munmap(other, 2 * PAGE);
}

TEST_F(device, mappings_that_are_refused)
{
	int fd = tag_open_bytes(self->node, self->tag.bytes, RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLIN, tag_poll(fd));
	EXPECT_EQ(-EACCES, tag_map_fails(fd, PAGE, RW, MAP_SHARED, 0));
	EXPECT_EQ(0, tag_map_fails(fd, PAGE, PROT_READ, MAP_SHARED, SIZE - PAGE));
	close(fd);
	fd = self->fd;
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, RW, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, RW, MAP_SHARED, SIZE));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, 2 * PAGE, RW, MAP_SHARED,
					 SIZE - PAGE));
	EXPECT_EQ(-EINVAL, tag_map_fails(fd, PAGE, RW, MAP_SHARED, 1L << 62));
	EXPECT_EQ(-EPERM, tag_map_fails(fd, PAGE, PROT_READ | PROT_EXEC,
					MAP_SHARED, 0));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, SIZE, SIZE + PAGE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
}

static int open_device(struct dc *dc)
{
	int ret = user_open(&dc->user);

	if (ret)
		user_close(&dc->user);

	return ret;
}

/* With one the device is not opened; that would reset it */
TEST_F(device, keeps_the_device_closed)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;

	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(-EBUSY, open_device(&self->dc));
	EXPECT_EQ(0, touch(self->memory, true));
	/* Mapped it is still there; and whatever it reaches */
	close(self->fd);
	EXPECT_EQ(-EBUSY, open_device(&self->dc));
	EXPECT_EQ(0, dc_release(self->node, &self->tag, FORCE, answer));
	EXPECT_EQ(-EBUSY, open_device(&self->dc));
	munmap(self->memory, SIZE);
	EXPECT_EQ(0, open_device(&self->dc));

	/* And the other way round */
	ASSERT_EQ(0, take(&self->dc, &self->tag, self->pieces, self->e));
	EXPECT_EQ(-EBUSY, tag_open_bytes(self->node, self->tag.bytes, 0));
	EXPECT_EQ(REASON(OPEN), tag_answer.reason);
	EXPECT_EQ(-1, tag_answer.fd);
	user_close(&self->dc.user);
	self->fd = tag_open_bytes(self->node, self->tag.bytes, 0);
	EXPECT_LE(0, self->fd);
	self->memory = tag_map(self->fd, RW, SIZE);
	ASSERT_NE(MAP_FAILED, self->memory);
	EXPECT_EQ(0, touch(self->memory, true));
}

/* Nor is it reached by a tenancy that has been let in by then */
TEST_F(device, is_no_tenancys)
{
	struct dc *dc = &self->dc;
	char byte, *memory;

	munmap(self->memory, SIZE);
	close(self->fd);
	ASSERT_EQ(0, dc_open(dc));
	memory = dc_map(dc, self->e[0].at, EXTENT);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(SIGBUS, touch(memory, true));
	EXPECT_EQ(-1, pread(dc->user.device, &byte, 1,
			    dc->region.offset + self->e[0].at));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, dc_release(dc->user.device, &self->tag, 0, &dc->answer));
	EXPECT_EQ(ENOENT, errno);
	munmap(memory, EXTENT);
	user_close(&dc->user);
	self->fd = tag_open_bytes(self->node, self->tag.bytes, 0);
	ASSERT_LE(0, self->fd);
	self->memory = tag_map(self->fd, RW, SIZE);
	EXPECT_EQ(0, touch(self->memory, true));
}

/* Refused for what it stands for, as with host memory */
TEST_F(device, refused)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct tag other = tag_new();
	struct piece piece = { 0, EXTENT, &other };
	const __u8 null[VFIO_CXL_DC_TAG_LEN] = {};
	struct extent e;

	EXPECT_EQ(-EINVAL, tag_open_bytes(self->node, null, 0));
	EXPECT_EQ(REASON(BACKEND_TAG), tag_answer.reason);
	EXPECT_EQ(-ENOENT, tag_open_bytes(self->node, other.bytes, 0));
	ASSERT_TRUE(extents_offer(&self->dc, 1, &piece, 1, &e));
	EXPECT_EQ(-EBUSY, tag_open_bytes(self->node, other.bytes, 0));
	EXPECT_EQ(REASON(DC_PENDING), tag_answer.reason);
	ASSERT_EQ(0, dc_accept(self->node, &other, VFIO_CXL_DC_REACH_DEVICE,
			       answer));
	EXPECT_EQ(-EBUSY, tag_open_bytes(self->node, other.bytes, 0));
	EXPECT_EQ(REASON(DC_REACH), tag_answer.reason);
	ASSERT_EQ(0, dc_release(self->node, &other, 0, answer));
	EXPECT_EQ(-ENOENT, tag_open_bytes(self->node, other.bytes, 0));
	EXPECT_EQ(0, touch(self->memory, true));
	ASSERT_EQ(0, dc_release(self->node, &self->tag, DEFER, answer));
	EXPECT_EQ(-EBUSY, tag_open_bytes(self->node, self->tag.bytes, 0));
	EXPECT_EQ(REASON(DC_RELEASING), tag_answer.reason);
	EXPECT_EQ(THERE | POLLPRI, tag_poll(self->fd));
	munmap(self->memory, SIZE);
	EXPECT_EQ(POLLRDHUP, tag_wait(self->fd, POLLRDHUP, SOON));
	EXPECT_TRUE(fm_settles(0, 0));
}

/* In use as a whole, asked for in a part, and gone as a whole */
TEST_F(device, released)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct vfio_cxl_dc_status status;

	ASSERT_EQ(0, dc_status(self->node, &self->tag, &status));
	EXPECT_FALSE(status.flags & VFIO_CXL_DC_STATUS_IN_USE);
	EXPECT_EQ(0, touch(self->memory + 2 * EXTENT, true));
	ASSERT_EQ(0, dc_status(self->node, &self->tag, &status));
	EXPECT_TRUE(status.flags & VFIO_CXL_DC_STATUS_IN_USE);
	EXPECT_EQ(-1, dc_release(self->node, &self->tag, 0, answer));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(REASON(DC_IN_USE), answer->reason);
	EXPECT_EQ(THERE, tag_poll(self->fd));
	ASSERT_TRUE(fm_release(0, &self->pieces[1], 1));
	EXPECT_EQ(POLLPRI, tag_wait(self->fd, POLLPRI, SOON));
	EXPECT_EQ(THERE | POLLPRI, tag_poll(self->fd));
	EXPECT_EQ(0, touch(self->memory, true));

	EXPECT_EQ(0, dc_release(self->node, &self->tag, FORCE, answer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(SIGBUS, touch(self->memory + EXTENT, true));
	EXPECT_EQ(SIGBUS, touch(self->memory + SIZE - 1, true));
	EXPECT_EQ(AWAY, tag_poll(self->fd));
	EXPECT_TRUE(fm_has(0, 0));

	/* Offered again with as many bytes it is the same, from wherever */
	self->pieces[0].offset = 20 * EXTENT;
	ASSERT_EQ(0, take(&self->dc, &self->tag, self->pieces, self->e));
	EXPECT_EQ(THERE, tag_poll(self->fd));
	EXPECT_EQ(0, touch(self->memory + SIZE - EXTENT, true));
	EXPECT_TRUE(media_is(20 * EXTENT, "5a"));
	munmap(self->memory, SIZE);
	EXPECT_EQ(0, dc_release(self->node, &self->tag, 0, answer));
}

/* With other bytes than those it is not what the descriptor was made of */
TEST_F(device, of_another_size)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct extent e[COUNT];
	int fd;

	EXPECT_EQ(0, dc_release(self->node, &self->tag, 0, answer));
	ASSERT_TRUE(extents_offer(&self->dc, 0, self->pieces, COUNT - 1, e));
	ASSERT_EQ(0, dc_accept(self->node, &self->tag, APP, answer));
	EXPECT_EQ(AWAY, tag_poll(self->fd));
	EXPECT_EQ(SIGBUS, touch(self->memory, true));
	fd = tag_open_bytes(self->node, self->tag.bytes, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(SIZE - EXTENT, tag_answer.size);
	EXPECT_EQ(THERE, tag_poll(fd));
	EXPECT_EQ(0, tag_map_fails(fd, SIZE - EXTENT, RW, MAP_SHARED, 0));
	/* And with as many as at first */
	EXPECT_EQ(0, dc_release(self->node, &self->tag, 0, answer));
	ASSERT_EQ(0, take(&self->dc, &self->tag, self->pieces, self->e));
	EXPECT_EQ(THERE, tag_poll(self->fd));
	EXPECT_EQ(0, touch(self->memory + SIZE - 1, true));
	EXPECT_EQ(AWAY, tag_poll(fd));
	close(fd);
}

static int create_tag(int node, const struct tag *tag, __u64 size)
{
	struct vfio_cxl_backend_create arg = {
		.argsz = sizeof(arg), .size = size,
	};
	int ret;

	memcpy(arg.tag, tag->bytes, sizeof(arg.tag));
	ret = backend_ioctl(node, VFIO_CXL_BACKEND_CREATE, &arg);
	close(arg.fd);

	return ret;
}

/* Host memory of the same name and size is something else */
TEST_F(device, of_another_kind)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct vfio_cxl_dc_add add = { .argsz = sizeof(add), .region = FIRST };
	struct window w = { .user = USER_CLOSED, .node = control_open() };
	char *memory;
	int fd;

	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(0, dc_release(self->node, &self->tag, FORCE, answer));
	ASSERT_EQ(0, window_configure(w.node, 1, 2 * SIZE, 0));
	ASSERT_EQ(0, create_tag(w.node, &self->tag, SIZE));
	memcpy(add.tag, self->tag.bytes, sizeof(add.tag));
	EXPECT_EQ(0, backend_ioctl(w.node, VFIO_CXL_DC_ADD, &add));
	EXPECT_EQ(0, dc_accept(w.node, &self->tag, APP, answer));
	EXPECT_EQ(AWAY, tag_poll(self->fd));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	/* Each of both is reached by its own */
	fd = tag_open_bytes(w.node, self->tag.bytes, 0);
	ASSERT_LE(0, fd);
	memory = backend_map(fd, SIZE);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_are(memory, 0, SIZE));
	EXPECT_EQ(0, dc_release(w.node, &self->tag, FORCE, answer));
	ASSERT_EQ(0, take(&self->dc, &self->tag, self->pieces, self->e));
	EXPECT_EQ(THERE, tag_poll(self->fd));
	EXPECT_EQ(0x5a, *self->memory);
	EXPECT_EQ(AWAY, tag_poll(fd));
	EXPECT_EQ(SIGBUS, touch(memory, true));
	munmap(memory, SIZE);
	close(fd);
	window_end(&w);
}

/* The end of a use takes the copy in caches along, and what was written if asked to */
TEST_F(device, cleared)
{
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;

	mark(self->memory, 0x71);
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	EXPECT_EQ(0, dc_release(self->node, &self->tag, FORCE, answer));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_TRUE(media_is(2 * EXTENT, "00000000"));
	EXPECT_TRUE(media_is(7 * EXTENT - 4, "00000000"));
	ASSERT_EQ(0, take(&self->dc, &self->tag, self->pieces, self->e));
	EXPECT_TRUE(is_marked(self->memory, 0));
}

/* What is to be cleared when it is released needs a decoder then */
TEST_F(device, to_be_cleared)
{
	struct vfio_cxl_decoder_clear clear = { };
	struct extent e;

	/* Not what only the VFIO device reaches: its close clears that */
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &e));
	ASSERT_EQ(0, extent_accept(self->node, &e, VFIO_CXL_DC_REACH_DEVICE,
				   &self->dc.answer));
	mark(self->memory, 0x72);
	munmap(self->memory, SIZE);
	self->memory = MAP_FAILED;
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(param_set("clear_on_close", "1"));
	EXPECT_EQ(-EBUSY, control_clear(&clear));
	EXPECT_EQ(REASON(DC_COMMITTED), clear.reason);
	EXPECT_EQ(0, strcmp("clear_on_close", clear.element));
	EXPECT_EQ(0, dc_release(self->node, &self->tag, 0, &self->dc.answer));
	EXPECT_TRUE(media_is(2 * EXTENT, "00000000"));
	memset(&clear, 0, sizeof(clear));
	EXPECT_EQ(0, control_clear(&clear));
	ASSERT_TRUE(param_set("clear_on_close", "0"));
}

/* Page by page, each where it belongs, wherever it is mapped */
TEST_F(device, at_odd_addresses)
{
	char *room = mmap(NULL, SIZE + 2 * BLOCK, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = (char *)((uintptr_t)room & -BLOCK) + BLOCK + PAGE;
	long before;
	size_t i;

	before = faults_so_far();
	for (i = 0; i < SIZE; i += PAGE)
		*(unsigned int *)(self->memory + i + 8) = i / PAGE;
	EXPECT_GT(SIZE / PAGE / 2, faults_so_far() - before);
	ASSERT_EQ(memory, mmap(memory, SIZE, RW, MAP_SHARED | MAP_FIXED,
			       self->fd, 0));
	for (i = 0; i < SIZE; i += PAGE)
		ASSERT_EQ(i / PAGE, *(unsigned int *)(memory + i + 8));
	/* At a round one, from an odd place in an extent on */
	munmap(room, SIZE + 2 * BLOCK);
	memory = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory = (char *)(((uintptr_t)memory + BLOCK - 1) & -BLOCK);
	ASSERT_EQ(memory, mmap(memory, 2 * EXTENT, RW, MAP_SHARED | MAP_FIXED,
			       self->fd, 3 * PAGE));
	for (i = 0; i < 2 * EXTENT; i += PAGE)
		ASSERT_EQ(i / PAGE + 3, *(unsigned int *)(memory + i + 8));
}

/* It has no pages that could be kept over a release */
TEST_F(device, can_not_be_pinned)
{
	struct iovec mine = { self->memory, PAGE }, theirs = { &mine, 1 };
	int ends[2], fd = open("/proc/self/exe", O_RDONLY | O_DIRECT);

	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_FALSE(hold(self->memory, PAGE, ends));
	let_go(ends);
	EXPECT_EQ(-EFAULT, uring_with(self->memory, PAGE));
	EXPECT_EQ(-1, pread(fd, self->memory, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
	EXPECT_EQ(-1, process_vm_readv(getpid(), &theirs, 1, &mine, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0x5a, *self->memory);
}

/* What decodes it stays as long as it is somebody's */
TEST_F(device, keeps_the_decoder)
{
	struct vfio_cxl_decoder_program program = { .size = 512 * MIB };
	struct vfio_cxl_decoder_clear clear = {};
	struct hw_decoder before = decoder_now(0), now;

	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(-EBUSY, control_clear(&clear));
	EXPECT_EQ(REASON(OPEN), clear.reason);
	EXPECT_EQ(-EBUSY, control_program(&program));
	EXPECT_EQ(REASON(OPEN), program.reason);
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&before, &now));
	EXPECT_EQ(THERE, tag_poll(self->fd));
	EXPECT_EQ(0x5a, *self->memory);
	/* Mapped, too; but then no more */
	close(self->fd);
	clear = (struct vfio_cxl_decoder_clear){};
	EXPECT_EQ(-EBUSY, control_clear(&clear));
	munmap(self->memory, SIZE);
	clear = (struct vfio_cxl_decoder_clear){};
	EXPECT_EQ(0, control_clear(&clear));
	EXPECT_TRUE(memory_ready());
}

/* Takes it out of all mappings, and leaves what the device has */
TEST_F(device, reset_while_mapped)
{
	struct vfio_cxl_dc_status status;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		mark(self->memory, 0x40 + i);
		EXPECT_TRUE(dev_reset());
		EXPECT_TRUE(becomes_live());
		EXPECT_TRUE(media_is(2 * EXTENT, i ? "41" : "40"));
		EXPECT_TRUE(within(SOON, tag_poll(self->fd) == THERE));
		ASSERT_EQ(0, dc_status(self->node, &self->tag, &status));
		EXPECT_EQ(STATE(COMMITTED), status.state);
		EXPECT_FALSE(status.flags & VFIO_CXL_DC_STATUS_IN_USE);
		EXPECT_EQ(0, touch(self->memory + SIZE - 1, false));
		EXPECT_TRUE(is_marked(self->memory, 0x40 + i));
	}
	/* It is what ends a use, too */
	EXPECT_EQ(0, dc_release(self->node, &self->tag, DEFER,
				&self->dc.answer));
	EXPECT_TRUE(self->dc.answer.flags & VFIO_CXL_DC_DECIDE_DEFERRED);
	EXPECT_TRUE(dev_reset());
	EXPECT_TRUE(dc_becomes(self->node, &self->tag, STATE(RELEASED), SOON));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
}

/* A process that touches all of it, from one reset to the next */
static int touches(const struct peer *parent, void *at)
{
	unsigned long touched = 0;
	char *memory = at;
	int i;

	peer_tell(parent, 't');
	for (i = 0; tag_wait(parent->link, POLLIN, 0) == 0; i++) {
		int signal = touch(memory + (size_t)i % (SIZE / PAGE) * PAGE,
				   i & 1);

		if (signal && signal != SIGBUS)
			return 1;
		touched += !signal;
	}

	return touched ? 0 : 2;
}

TEST_F(device, reset_while_touched)
{
	struct peer peer;
	unsigned int i;

	peer_start(&peer, touches, self->memory);
	EXPECT_EQ('t', peer_hear(&peer));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(dev_reset());
		EXPECT_TRUE(becomes_live());
		usleep(100000);
	}
	peer_tell(&peer, 'e');
	EXPECT_TRUE(peer_ends_well(&peer));
	EXPECT_EQ(0, touch(self->memory, true));
}

/* Nobody waits for who has one */
TEST_F(device, unbound)
{
	struct peer peer;

	EXPECT_EQ(0, touch(self->memory, true));
	peer_start(&peer, touches, self->memory);
	EXPECT_EQ('t', peer_hear(&peer));
	EXPECT_TRUE(dev_unbind());
	peer_tell(&peer, 'e');
	EXPECT_TRUE(peer_ends_well(&peer));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(SIGBUS, touch(self->memory + SIZE - 1, true));
	EXPECT_EQ(-ENODEV, tag_map_fails(self->fd, PAGE, PROT_READ, MAP_SHARED,
					 0));
	EXPECT_EQ(GONE, tag_wait(self->fd, THERE, 0));
	close(self->node);
	EXPECT_LT(0, module_users());
	EXPECT_TRUE(dev_bind());
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(GONE, tag_wait(self->fd, THERE, 0));
	/* It is another binding's, which it keeps from nothing */
	EXPECT_TRUE(memory_ready());
	EXPECT_EQ(0, open_device(&self->dc));
	user_close(&self->dc.user);
	self->dc.node = control_open();
	ASSERT_LE(0, self->dc.node);
}

TEST_HARNESS_MAIN
