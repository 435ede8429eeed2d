// SPDX-License-Identifier: GPL-2.0-only
/* The control node: windows, the physical decoder, and who may do what. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

FIXTURE(node) {
	int fd;
};

FIXTURE_SETUP(node)
{
	self->fd = control_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(node)
{
	close(self->fd);
}

TEST_F(node, window)
{
	struct vfio_cxl_window window = { .argsz = sizeof(window) };

	ASSERT_EQ(0, ioctl(self->fd, VFIO_CXL_WINDOW, &window));
	EXPECT_EQ(1, window.total);
	EXPECT_EQ(4 * GIB, window.size);
	EXPECT_EQ(1, window.ways);
	EXPECT_EQ(12, window.targets[0]);
	EXPECT_TRUE(window.flags & VFIO_CXL_WINDOW_USABLE);
	EXPECT_EQ(VFIO_CXL_REASON_NONE, window.reason);

	window = (struct vfio_cxl_window){ .argsz = sizeof(window), .index = 1 };
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_CXL_WINDOW, &window));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(1, window.total);
}

/* Some devices do none, and then each call says why */
TEST_F(node, dynamic_capacity)
{
	bool none = topology_is("static") || topology_is("model");
	struct vfio_cxl_dc_extent extent;
	struct vfio_cxl_dc_list list = {
		.argsz = sizeof(list), .extents = (uintptr_t)&extent, .room = 1,
	};
	struct vfio_cxl_dc_deadline deadline = {
		.argsz = sizeof(deadline), .offer = 1,
	};
	struct vfio_cxl_dc_status status = {
		.argsz = sizeof(status), .tag = { 1 },
	};
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_info info;
	struct tag tag = tag_new();

	ASSERT_EQ(0, dc_info(self->fd, &info));
	EXPECT_EQ(!none, !!(info.flags & VFIO_CXL_DC_INFO_CAPABLE));
	EXPECT_EQ(none ? 0 : 2, info.region_count);
	EXPECT_EQ(!none ? VFIO_CXL_REASON_NONE : topology_is("model") ?
		  VFIO_CXL_REASON_DC_NO_MAILBOX :
		  VFIO_CXL_REASON_DC_NOT_CAPABLE, info.reason);
	EXPECT_EQ(-1, dc_reject(self->fd, &tag, &answer));
	EXPECT_EQ(none ? EOPNOTSUPP : ENOENT, errno);
	EXPECT_EQ(info.reason, answer.reason);
	EXPECT_EQ(none ? -1 : 0, ioctl(self->fd, VFIO_CXL_DC_LIST, &list));
	EXPECT_EQ(info.reason, list.reason);
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_CXL_DC_STATUS, &status));
	EXPECT_EQ(none ? EOPNOTSUPP : ENOENT, errno);
	EXPECT_EQ(info.reason, status.reason);
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_CXL_DC_DEADLINE, &deadline));
	EXPECT_EQ(none ? EOPNOTSUPP : ENOENT, errno);
	EXPECT_EQ(info.reason, deadline.reason);
	list.reserved = 1;
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_CXL_DC_LIST, &list));
	EXPECT_EQ(EINVAL, errno);
	deadline.reason = 0;
	deadline.reserved = 1;
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_CXL_DC_DEADLINE, &deadline));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(node, decoder_is_what_hardware_says)
{
	struct vfio_cxl_decoder decoder;
	struct hw_decoder hw;
	unsigned int n;

	ASSERT_TRUE(memory_ready());
	for (n = 0; n < 4; n++) {
		hw = hw_decoder(n);
		decoder = (struct vfio_cxl_decoder){
			.argsz = sizeof(decoder),
			.index = n,
		};
		ASSERT_EQ(0, ioctl(self->fd, VFIO_CXL_DECODER, &decoder));
		EXPECT_EQ(4, decoder.total);
		EXPECT_EQ(hw.base, decoder.base);
		EXPECT_EQ(hw.size, decoder.size);
		EXPECT_EQ(hw.skip, decoder.dpa_skip);
		EXPECT_EQ(hw.ctrl, decoder.ctrl);
		EXPECT_EQ(!n, decoder.flags & VFIO_CXL_DECODER_COMMITTED);
		EXPECT_EQ(0, decoder.flags & VFIO_CXL_DECODER_GUEST);
	}
	decoder = (struct vfio_cxl_decoder){
		.argsz = sizeof(decoder),
		.index = 4,
	};
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_CXL_DECODER, &decoder));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(4, decoder.total);
}

/* An unbind waits for the user, whose memory stays until then */
TEST(unbind_waits_for_the_user)
{
	struct region region;
	struct user user;
	char *memory;
	int status;
	pid_t pid;

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&user));
	ASSERT_EQ(0, user_find(&user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &region));
	memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED,
		      user.device, region.offset);
	ASSERT_NE(MAP_FAILED, memory);

	pid = fork();
	if (!pid) {
		/* The parent is the user; the child lets go of what it got */
		munmap(memory, MIB);
		user_close(&user);
		_exit(!dev_rebind());
	}
	usleep(500000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(0, touch(memory, true));
	munmap(memory, MIB);
	user_close(&user);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* ---- the physical decoder, where firmware left it to us ---- */

FIXTURE(decoder) {
	struct vfio_cxl_window window;
	__u64 capacity;		/* of all kinds */
};

FIXTURE_SETUP(decoder)
{
	struct vfio_cxl_dc_info dynamic;
	struct vfio_cxl_info info;
	int fd = control_open();
	unsigned int i;

	if (topology_is("firmware"))
		SKIP(return, "firmware's decoder is never changed");
	self->window.argsz = sizeof(self->window);
	ASSERT_EQ(0, ioctl(fd, VFIO_CXL_WINDOW, &self->window));
	close(fd);
	/* Anew, so that nothing is locked */
	ASSERT_TRUE(dev_rebind());
	ASSERT_EQ(0, control_info(&info));
	ASSERT_EQ(VFIO_CXL_ORIGIN_NONE, info.origin);
	self->capacity = info.static_capacity;
	fd = control_open();
	ASSERT_EQ(0, dc_info(fd, &dynamic));
	EXPECT_NE(VFIO_CXL_REASON_DC_NOT_SYNCED, dynamic.reason);
	for (i = 0; i < dynamic.region_count; i++)
		self->capacity += dynamic.region[i].decode_length;
	close(fd);
}

FIXTURE_TEARDOWN(decoder)
{
	if (!topology_is("firmware"))
		dev_rebind();
}

TEST_F(decoder, program_and_clear)
{
	struct vfio_cxl_decoder_program program = {};
	struct vfio_cxl_decoder_clear clear = {};
	struct hw_decoder hw;

	ASSERT_EQ(0, control_program(&program));
	EXPECT_EQ(self->window.base, program.base);
	EXPECT_EQ(self->capacity, program.size);
	EXPECT_EQ(0, program.flags);
	hw = hw_decoder(0);
	EXPECT_EQ(program.base, hw.base);
	EXPECT_EQ(program.size, hw.size);
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED, hw.ctrl & 0xf00);
	EXPECT_EQ(2, hw_read(hw_hdm() + 4) & 2);

	/* Again: it is so already */
	memset(&program, 0, sizeof(program));
	ASSERT_EQ(0, control_program(&program));
	EXPECT_EQ(VFIO_CXL_PROGRAM_ALREADY, program.flags);
	EXPECT_EQ(self->window.base, program.base);

	ASSERT_EQ(0, control_clear(&clear));
	EXPECT_EQ(0, clear.flags);
	EXPECT_EQ(0, hw_decoder(0).ctrl & (CTRL_COMMIT | CTRL_COMMITTED));
	memset(&clear, 0, sizeof(clear));
	ASSERT_EQ(0, control_clear(&clear));
	EXPECT_EQ(VFIO_CXL_CLEAR_ALREADY, clear.flags);
}

TEST_F(decoder, dry_run_changes_nothing)
{
	struct vfio_cxl_decoder_program program = {
		.flags = VFIO_CXL_PROGRAM_DRY_RUN,
	};
	struct vfio_cxl_decoder_clear clear = {
		.flags = VFIO_CXL_CLEAR_DRY_RUN,
	};
	struct hw_decoder before = hw_decoder(0), after;

	ASSERT_EQ(0, control_program(&program));
	EXPECT_EQ(self->window.base, program.base);
	after = hw_decoder(0);
	EXPECT_TRUE(hw_same(&before, &after));

	memset(&program, 0, sizeof(program));
	ASSERT_EQ(0, control_program(&program));
	before = hw_decoder(0);
	ASSERT_EQ(0, control_clear(&clear));
	after = hw_decoder(0);
	EXPECT_TRUE(hw_same(&before, &after));
}

/* A lock is committed afterwards too, and only a reset undoes it */
TEST_F(decoder, lock)
{
	struct vfio_cxl_decoder_program program = {};
	struct vfio_cxl_decoder_clear clear = {};

	ASSERT_EQ(0, control_program(&program));
	memset(&program, 0, sizeof(program));
	program.flags = VFIO_CXL_PROGRAM_LOCK;
	ASSERT_EQ(0, control_program(&program));
	EXPECT_EQ(VFIO_CXL_PROGRAM_LOCK, program.flags);
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED | CTRL_LOCK,
		  hw_decoder(0).ctrl & 0xf00);

	EXPECT_EQ(-EPERM, control_clear(&clear));
	EXPECT_EQ(VFIO_CXL_REASON_LOCKED, clear.reason);
	EXPECT_EQ(0, strcmp("decoder 0", clear.element));
	memset(&program, 0, sizeof(program));
	program.size = 256 * MIB;
	program.base = self->window.base + 256 * MIB;
	program.flags = VFIO_CXL_PROGRAM_BASE;
	EXPECT_EQ(-EPERM, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_LOCKED, program.reason);

	/* Unbinding leaves the device as it was found, lock or not */
	ASSERT_TRUE(dev_rebind());
	EXPECT_EQ(0, hw_decoder(0).ctrl & (CTRL_COMMIT | CTRL_COMMITTED));
}

TEST_F(decoder, lock_survives_open_and_close)
{
	struct vfio_cxl_decoder_program program = {
		.flags = VFIO_CXL_PROGRAM_LOCK,
	};
	struct hw_decoder before, after;
	struct user user;

	ASSERT_EQ(0, control_program(&program));
	before = hw_decoder(0);
	ASSERT_EQ(0, user_open(&user));
	after = hw_decoder(0);
	EXPECT_TRUE(hw_same(&before, &after));
	user_close(&user);
	after = hw_decoder(0);
	EXPECT_TRUE(hw_same(&before, &after));
}

TEST_F(decoder, base_size_and_skip)
{
	struct vfio_cxl_decoder_program program = {
		.flags = VFIO_CXL_PROGRAM_BASE,
		.base = self->window.base + 512 * MIB,
		.size = 256 * MIB,
	};
	struct hw_decoder hw;

	if (self->capacity > 256 * MIB)
		program.dpa_skip = 256 * MIB;
	ASSERT_EQ(0, control_program(&program));
	hw = hw_decoder(0);
	EXPECT_EQ(self->window.base + 512 * MIB, hw.base);
	EXPECT_EQ(256 * MIB, hw.size);
	EXPECT_EQ(program.dpa_skip, hw.skip);
}

/* Each refusal has its errno and its reason, and changes nothing */
TEST_F(decoder, refusals)
{
	__u64 base = self->window.base, size = self->window.size;
	const struct {
		__u64 base, size, skip;
		int err;
		__u32 reason;
	} cases[] = {
		{ base + 4096, 0, 0, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		{ base, 4096, 0, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		{ base, 0, 1, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN },
		{ base, self->capacity + 256 * MIB, 0, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_CAPACITY },
		{ base, 0, self->capacity, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_CAPACITY },
		{ base, ~0ULL << 28, 256 * MIB, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_CAPACITY },
		{ base - 256 * MIB, 0, 0, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_WINDOW },
		{ base + size, 0, 0, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_WINDOW },
		{ base + size - self->capacity + 256 * MIB, 0, 0, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_WINDOW },
		{ ~0ULL << 28, 0, 0, -EOPNOTSUPP,
		  VFIO_CXL_REASON_RANGE_WINDOW },
		{ 0, 0, 0, -EOPNOTSUPP, VFIO_CXL_REASON_RANGE_WINDOW },
	};
	struct hw_decoder before = hw_decoder(0), after;
	struct vfio_cxl_decoder_program program;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		program = (struct vfio_cxl_decoder_program){
			.flags = VFIO_CXL_PROGRAM_BASE,
			.base = cases[i].base,
			.size = cases[i].size,
			.dpa_skip = cases[i].skip,
		};
		EXPECT_EQ(cases[i].err, control_program(&program))
			TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].reason, program.reason)
			TH_LOG("case %u", i);
	}
	after = hw_decoder(0);
	EXPECT_TRUE(hw_same(&before, &after));
}

TEST_F(decoder, not_while_open)
{
	struct vfio_cxl_decoder_program program = {};
	struct vfio_cxl_decoder_clear clear = {};
	struct user user;

	ASSERT_EQ(0, user_open(&user));
	EXPECT_EQ(-EBUSY, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, program.reason);
	EXPECT_EQ(-EBUSY, control_clear(&clear));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, clear.reason);
	user_close(&user);
}

TEST_F(decoder, committed_otherwise)
{
	struct vfio_cxl_decoder_program program = {};

	ASSERT_EQ(0, control_program(&program));
	memset(&program, 0, sizeof(program));
	program.flags = VFIO_CXL_PROGRAM_BASE;
	program.base = self->window.base + 256 * MIB;
	EXPECT_EQ(-EBUSY, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_COMMITTED, program.reason);
}

/* Found committed, and believed only where everything fits */
TEST_F(decoder, found_committed_elsewhere_is_not_believed)
{
	__u32 at = hw_hdm() + 0x10;
	struct vfio_cxl_info info;

	/* A former user left a decoder that points at System RAM */
	hw_write(at, 0x10000000);
	hw_write(at + 4, 0);
	hw_write(at + 8, 0x10000000);
	hw_write(at + 12, 0);
	hw_write(at + 16, 0x1200);
	ASSERT_TRUE(dev_rebind());
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(0, info.flags & VFIO_CXL_INFO_MEMORY);
	EXPECT_EQ(VFIO_CXL_ORIGIN_FIRMWARE, info.origin);
	EXPECT_EQ(VFIO_CXL_REASON_RANGE_WINDOW, info.reason);
	EXPECT_EQ(CTRL_COMMIT | CTRL_COMMITTED, hw_decoder(0).ctrl & 0xf00);

	hw_write(at + 16, 0x1000);
	hw_write(at, 0);
	hw_write(at + 8, 0);
	ASSERT_TRUE(dev_rebind());
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(VFIO_CXL_REASON_NOT_COMMITTED, info.reason);
}

/* ---- what firmware committed ---- */

TEST(firmware_is_never_changed)
{
	struct vfio_cxl_decoder_program program = {
		.flags = VFIO_CXL_PROGRAM_BASE,
	};
	struct vfio_cxl_decoder_clear clear = {};
	struct hw_decoder before = hw_decoder(0), after;
	struct vfio_cxl_info info;

	if (!topology_is("firmware"))
		SKIP(return, "no firmware decoder here");
	ASSERT_EQ(0, control_info(&info));
	EXPECT_EQ(VFIO_CXL_ORIGIN_FIRMWARE, info.origin);
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_LOCKED);

	EXPECT_EQ(-EPERM, control_clear(&clear));
	EXPECT_EQ(VFIO_CXL_REASON_FIRMWARE, clear.reason);
	program.base = before.base + 256 * MIB;
	EXPECT_EQ(-EPERM, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_FIRMWARE, program.reason);
	/* But what is so already is no mistake */
	memset(&program, 0, sizeof(program));
	EXPECT_EQ(0, control_program(&program));
	EXPECT_EQ(VFIO_CXL_PROGRAM_ALREADY, program.flags);

	ASSERT_TRUE(dev_rebind());
	after = hw_decoder(0);
	EXPECT_TRUE(hw_same(&before, &after));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_LIVE);
}

TEST_HARNESS_MAIN
