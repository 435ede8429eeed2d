// SPDX-License-Identifier: GPL-2.0-only
/*
 * Our ioctls, called wrongly: every size, flag, reserved byte, pointer and
 * number, on both nodes; by somebody who lacks a capability; after the unbind.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

enum { ON_DEVICE = 1, ON_CONTROL = 2 };

/* Bytes of a struct that the caller has to leave zero */
struct zero {
	size_t offset;
	size_t size;
};

#define ZERO(type, field)						\
	{ offsetof(struct type, field), sizeof(((struct type *)0)->field) }

/* Of tags, offers and extents there are none; a list of them is empty */
static const struct vfio_cxl_dc_list dc_list = { .room = 1 };
static const struct vfio_cxl_dc_status dc_status = { .tag = { 1 } };
static const struct vfio_cxl_dc_decide dc_decide = { .tag = { 1 } };
static const struct vfio_cxl_dc_decide dc_for_tenant = {
	.tag = { 1 },
	.reach = VFIO_CXL_DC_REACH_TENANT,
};

static const struct vfio_cxl_dc_decide dc_for_device = {
	.tag = { 1 },
	.reach = VFIO_CXL_DC_REACH_DEVICE,
};

static const struct vfio_cxl_dc_deadline dc_deadline = {
	.offer = 1UL << 40,
};

static const struct vfio_cxl_dc_eventfd dc_eventfd = {
	.fd = -1,
};

/* More than any host has */
static const struct vfio_cxl_backend_create backend_create = {
	.tag = { 1 },
	.size = 1ULL << 50,
};

static const struct vfio_cxl_backend_list backend_list = { .room = 1 };
static const struct vfio_cxl_backend_destroy backend_destroy = { .tag = { 1 } };
static const struct vfio_cxl_dc_add dc_host_add = {
	.tag = { 1 }, .region = VFIO_CXL_DC_HOST_REGION,
};

static const struct vfio_cxl_dc_remove dc_host_remove = { .tag = { 1 } };
static const struct vfio_cxl_dc_open dc_tag_open = { .tag = { 1 } };

/*
 * The contract's ioctls. @known are the flags a caller may set, of which
 * @harmless keeps the call from changing anything; @changes asks for
 * capabilities, on these nodes; @call is what else makes it right; @least is what
 * the struct had before it grew, if it has.
 */
static const struct command {
	const char *name;
	unsigned long cmd;
	size_t size;
	int nodes;
	__u32 known;
	__u32 harmless;
	int changes;
	struct zero zero[6];
	const void *call;
	size_t least;
} commands[] = {
	{ "INFO", VFIO_CXL_INFO, sizeof(struct vfio_cxl_info),
	  ON_DEVICE | ON_CONTROL, 0, 0, 0, {} },
	{ "WINDOW", VFIO_CXL_WINDOW, sizeof(struct vfio_cxl_window),
	  ON_CONTROL, 0, 0, 0, { ZERO(vfio_cxl_window, reserved) } },
	{ "DECODER", VFIO_CXL_DECODER, sizeof(struct vfio_cxl_decoder),
	  ON_CONTROL, 0, 0, 0, { ZERO(vfio_cxl_decoder, reserved) } },
	{ "PROGRAM", VFIO_CXL_DECODER_PROGRAM,
	  sizeof(struct vfio_cxl_decoder_program), ON_CONTROL,
	  VFIO_CXL_PROGRAM_BASE | VFIO_CXL_PROGRAM_LOCK |
	  VFIO_CXL_PROGRAM_DRY_RUN, VFIO_CXL_PROGRAM_DRY_RUN, ON_CONTROL,
	  /* And a base that no flag announces */
	  { ZERO(vfio_cxl_decoder_program, base),
	    ZERO(vfio_cxl_decoder_program, reason),
	    ZERO(vfio_cxl_decoder_program, reserved),
	    ZERO(vfio_cxl_decoder_program, element) } },
	{ "CLEAR", VFIO_CXL_DECODER_CLEAR,
	  sizeof(struct vfio_cxl_decoder_clear), ON_CONTROL,
	  VFIO_CXL_CLEAR_DRY_RUN, VFIO_CXL_CLEAR_DRY_RUN, ON_CONTROL,
	  { ZERO(vfio_cxl_decoder_clear, reason),
	    ZERO(vfio_cxl_decoder_clear, reserved),
	    ZERO(vfio_cxl_decoder_clear, element) } },
	{ "GUEST_SET", VFIO_CXL_GUEST_SET, sizeof(struct vfio_cxl_guest_set),
	  ON_CONTROL, VFIO_CXL_GUEST_SEAL | VFIO_CXL_GUEST_PERSIST |
	  VFIO_CXL_GUEST_DRY_RUN, VFIO_CXL_GUEST_DRY_RUN, ON_CONTROL,
	  { ZERO(vfio_cxl_guest_set, reason),
	    ZERO(vfio_cxl_guest_set, reserved),
	    ZERO(vfio_cxl_guest_set, element) } },
	{ "GUEST_CLEAR", VFIO_CXL_GUEST_CLEAR,
	  sizeof(struct vfio_cxl_guest_clear), ON_CONTROL,
	  VFIO_CXL_GUEST_DRY_RUN, VFIO_CXL_GUEST_DRY_RUN, ON_CONTROL,
	  { ZERO(vfio_cxl_guest_clear, reason),
	    ZERO(vfio_cxl_guest_clear, reserved),
	    ZERO(vfio_cxl_guest_clear, element) } },
	{ "DC_INFO", VFIO_CXL_DC_INFO, sizeof(struct vfio_cxl_dc_info),
	  ON_DEVICE | ON_CONTROL, 0, 0, 0,
	  { ZERO(vfio_cxl_dc_info, reserved) }, NULL,
	  offsetof(struct vfio_cxl_dc_info, window_size) },
	{ "DC_LIST", VFIO_CXL_DC_LIST, sizeof(struct vfio_cxl_dc_list),
	  ON_DEVICE | ON_CONTROL, 0, 0, 0, {}, &dc_list },
	{ "DC_STATUS", VFIO_CXL_DC_STATUS, sizeof(struct vfio_cxl_dc_status),
	  ON_DEVICE | ON_CONTROL,
	  VFIO_CXL_DC_STATUS_EXTENT | VFIO_CXL_DC_STATUS_REGION, 0, 0,
	  /* And a region and an extent that no flag announces */
	  { ZERO(vfio_cxl_dc_status, extent),
	    ZERO(vfio_cxl_dc_status, region) }, &dc_status },
	{ "DC_ACCEPT", VFIO_CXL_DC_ACCEPT, sizeof(struct vfio_cxl_dc_decide),
	  ON_DEVICE, 0, 0, 0,
	  { ZERO(vfio_cxl_dc_decide, reason), ZERO(vfio_cxl_dc_decide, rc) },
	  &dc_for_tenant },
	{ "DC_ACCEPT", VFIO_CXL_DC_ACCEPT, sizeof(struct vfio_cxl_dc_decide),
	  ON_CONTROL, 0, 0, ON_CONTROL,
	  { ZERO(vfio_cxl_dc_decide, reason), ZERO(vfio_cxl_dc_decide, rc) },
	  &dc_for_device },
	{ "DC_REJECT", VFIO_CXL_DC_REJECT, sizeof(struct vfio_cxl_dc_decide),
	  ON_DEVICE | ON_CONTROL, 0, 0, ON_CONTROL,
	  { ZERO(vfio_cxl_dc_decide, reason), ZERO(vfio_cxl_dc_decide, rc),
	    ZERO(vfio_cxl_dc_decide, reach) }, &dc_decide },
	{ "DC_RELEASE", VFIO_CXL_DC_RELEASE, sizeof(struct vfio_cxl_dc_decide),
	  ON_DEVICE, VFIO_CXL_DC_DECIDE_DEFER, 0, 0,
	  { ZERO(vfio_cxl_dc_decide, reason), ZERO(vfio_cxl_dc_decide, rc),
	    ZERO(vfio_cxl_dc_decide, reach) }, &dc_decide },
	{ "DC_RELEASE", VFIO_CXL_DC_RELEASE, sizeof(struct vfio_cxl_dc_decide),
	  ON_CONTROL, VFIO_CXL_DC_DECIDE_FORCE | VFIO_CXL_DC_DECIDE_DEFER, 0,
	  ON_CONTROL,
	  { ZERO(vfio_cxl_dc_decide, reason), ZERO(vfio_cxl_dc_decide, rc),
	    ZERO(vfio_cxl_dc_decide, reach) }, &dc_decide },
	{ "DC_DEADLINE", VFIO_CXL_DC_DEADLINE,
	  sizeof(struct vfio_cxl_dc_deadline), ON_CONTROL, 0, 0, ON_CONTROL,
	  {}, &dc_deadline },
	{ "DC_EVENTFD", VFIO_CXL_DC_EVENTFD,
	  sizeof(struct vfio_cxl_dc_eventfd), ON_DEVICE, 0, 0, 0,
	  { ZERO(vfio_cxl_dc_eventfd, reserved) }, &dc_eventfd },
	{ "BACKEND_CREATE", VFIO_CXL_BACKEND_CREATE,
	  sizeof(struct vfio_cxl_backend_create), ON_CONTROL,
	  VFIO_CXL_BACKEND_NODE, 0, ON_CONTROL,
	  /* And a node that no flag announces */
	  { ZERO(vfio_cxl_backend_create, node),
	    ZERO(vfio_cxl_backend_create, fd),
	    ZERO(vfio_cxl_backend_create, reason),
	    ZERO(vfio_cxl_backend_create, reserved),
	    ZERO(vfio_cxl_backend_create, id),
	    ZERO(vfio_cxl_backend_create, huge) }, &backend_create },
	{ "BACKEND_LIST", VFIO_CXL_BACKEND_LIST,
	  sizeof(struct vfio_cxl_backend_list), ON_CONTROL, 0, 0, 0,
	  { ZERO(vfio_cxl_backend_list, reserved) }, &backend_list },
	{ "BACKEND_DESTROY", VFIO_CXL_BACKEND_DESTROY,
	  sizeof(struct vfio_cxl_backend_destroy), ON_CONTROL, 0, 0,
	  ON_CONTROL,
	  { ZERO(vfio_cxl_backend_destroy, reason),
	    ZERO(vfio_cxl_backend_destroy, reserved) }, &backend_destroy },
	{ "DC_CONFIGURE", VFIO_CXL_DC_CONFIGURE,
	  sizeof(struct vfio_cxl_dc_configure), ON_CONTROL, 0, 0, ON_CONTROL,
	  /* And what regions would be like */
	  { ZERO(vfio_cxl_dc_configure, reason),
	    ZERO(vfio_cxl_dc_configure, size),
	    ZERO(vfio_cxl_dc_configure, block),
	    ZERO(vfio_cxl_dc_configure, reserved) } },
	{ "DC_ADD", VFIO_CXL_DC_ADD, sizeof(struct vfio_cxl_dc_add),
	  ON_CONTROL, 0, 0, ON_CONTROL,
	  { ZERO(vfio_cxl_dc_add, reason), ZERO(vfio_cxl_dc_add, extent),
	    ZERO(vfio_cxl_dc_add, offer), ZERO(vfio_cxl_dc_add, reserved) },
	  &dc_host_add },
	{ "DC_REMOVE", VFIO_CXL_DC_REMOVE, sizeof(struct vfio_cxl_dc_remove),
	  ON_CONTROL, VFIO_CXL_DC_REMOVE_FORCE, 0, ON_CONTROL,
	  { ZERO(vfio_cxl_dc_remove, reason),
	    ZERO(vfio_cxl_dc_remove, reserved) }, &dc_host_remove },
	{ "DC_OPEN", VFIO_CXL_DC_OPEN, sizeof(struct vfio_cxl_dc_open),
	  ON_CONTROL, VFIO_CXL_DC_OPEN_RDONLY, 0, ON_CONTROL,
	  { ZERO(vfio_cxl_dc_open, fd), ZERO(vfio_cxl_dc_open, reason),
	    ZERO(vfio_cxl_dc_open, size), ZERO(vfio_cxl_dc_open, reserved) },
	  &dc_tag_open },
};

/* The next one that @node knows, or the first one behind NULL */
static const struct command *next(const struct command *c, int node)
{
	for (c = c ? c + 1 : commands; c < commands + ARRAY_SIZE(commands); c++)
		if (c->nodes & node)
			return c;

	return NULL;
}

#define for_each_command(c, node)					\
	for (c = next(NULL, node); c; c = next(c, node))

#define PAGE	4096U

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

FIXTURE(node) {
	struct user user;
	struct hw_decoder hw;
	int fd;
	char *arg;
};

FIXTURE_VARIANT(node) {
	int node;
};

FIXTURE_VARIANT_ADD(node, device) {
	.node = ON_DEVICE,
};

FIXTURE_VARIANT_ADD(node, control) {
	.node = ON_CONTROL,
};

FIXTURE_SETUP(node)
{
	ASSERT_TRUE(memory_ready());
	self->user = USER_CLOSED;
	if (variant->node == ON_DEVICE) {
		ASSERT_EQ(0, user_open(&self->user));
		self->fd = self->user.device;
	} else {
		self->fd = control_open();
		ASSERT_LE(0, self->fd);
	}
	self->hw = decoder_now(0);
	/* Two pages, behind them nothing */
	self->arg = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->arg);
	ASSERT_EQ(0, mprotect(self->arg + 2 * PAGE, PAGE, PROT_NONE));
}

/* Whatever was asked for, nothing has happened */
FIXTURE_TEARDOWN(node)
{
	struct vfio_cxl_decoder decoder = { .argsz = sizeof(decoder) };
	struct hw_decoder now = decoder_now(0);
	int fd = control_open();

	EXPECT_TRUE(hw_same(&self->hw, &now));
	EXPECT_EQ(0, call(fd, VFIO_CXL_DECODER, &decoder));
	EXPECT_EQ(0, decoder.flags & (VFIO_CXL_DECODER_GUEST_SET |
				      VFIO_CXL_DECODER_GUEST_SEALED));
	close(fd);
	if (variant->node == ON_CONTROL)
		close(self->fd);
	user_close(&self->user);
	munmap(self->arg, 3 * PAGE);
}

/* A call that is right, and changes nothing, with @argsz bytes at @at */
static void *fill(char *at, const struct command *c, __u32 argsz)
{
	__u32 head[2] = { argsz, c->harmless };

	memset(at, 0, argsz > c->size ? argsz : c->size);
	if (c->call)
		memcpy(at, c->call, c->size);
	memcpy(at, head, sizeof(head));

	return at;
}

/* What the others are compared with; a refusal has to have another cause */
static int well_formed(int fd, const struct command *c, char *arg)
{
	int ret = call(fd, c->cmd, fill(arg, c, c->size));

	return ret == -EINVAL || ret == -E2BIG || ret == -EFAULT ||
	       ret == -ENOTTY ? 1 : ret;
}

TEST_F(node, sizes)
{
	const struct command *c;
	__u32 argsz;
	int good;

	for_each_command(c, variant->node) {
		good = well_formed(self->fd, c, self->arg);
		ASSERT_GE(0, good)
			TH_LOG("%s", c->name);
		for (argsz = 0; argsz < (c->least ? c->least : c->size); argsz++)
			EXPECT_EQ(-EINVAL, call(self->fd, c->cmd,
						fill(self->arg, c, argsz)))
				TH_LOG("%s, %u bytes", c->name, argsz);
		/* Older callers; and newer ones, who say nothing that we don't know */
		for (; argsz <= c->size + 8; argsz++)
			EXPECT_EQ(good, call(self->fd, c->cmd,
					     fill(self->arg, c, argsz)))
				TH_LOG("%s, %u bytes", c->name, argsz);
		EXPECT_EQ(good, call(self->fd, c->cmd,
				     fill(self->arg, c, PAGE)))
			TH_LOG("%s, a page", c->name);
		EXPECT_EQ(-E2BIG, call(self->fd, c->cmd,
				       fill(self->arg, c, PAGE + 1)))
			TH_LOG("%s, a page and a byte", c->name);
		fill(self->arg, c, PAGE);
		memset(self->arg, 0xff, 4);
		EXPECT_EQ(-E2BIG, call(self->fd, c->cmd, self->arg))
			TH_LOG("%s, 4 GiB", c->name);
	}
}

/* Each byte of a tail that is unknown here, and what is behind stays as it is */
TEST_F(node, tail)
{
	const struct command *c;
	size_t size, at;

	for_each_command(c, variant->node) {
		for (at = c->size; at < PAGE; at += at < c->size + 16 ? 1 : 251) {
			fill(self->arg, c, PAGE);
			self->arg[at] = 0x80;
			EXPECT_EQ(-E2BIG, call(self->fd, c->cmd, self->arg))
				TH_LOG("%s, byte %zu", c->name, at);
		}
		/* Also of who has an older struct */
		size = c->least ? c->least : c->size;
		fill(self->arg, c, size);
		memset(self->arg + size, 0xee, 64);
		call(self->fd, c->cmd, self->arg);
		for (at = size; at < size + 64; at++)
			ASSERT_EQ((char)0xee, self->arg[at])
				TH_LOG("%s, byte %zu", c->name, at);
	}
}

TEST_F(node, flags)
{
	const struct command *c;
	unsigned int bit;
	__u32 flags;

	for_each_command(c, variant->node) {
		for (bit = 0; bit < 32; bit++) {
			if (c->known & (1U << bit))
				continue;
			fill(self->arg, c, c->size);
			flags = c->harmless | 1U << bit;
			memcpy(self->arg + 4, &flags, 4);
			EXPECT_EQ(-EINVAL, call(self->fd, c->cmd, self->arg))
				TH_LOG("%s, flag %u", c->name, bit);
		}
	}
}

TEST_F(node, reserved)
{
	const struct command *c;
	const struct zero *zero;
	size_t at;

	for_each_command(c, variant->node) {
		for (zero = c->zero; zero < c->zero + 4; zero++) {
			for (at = 0; at < zero->size; at++) {
				fill(self->arg, c, c->size);
				self->arg[zero->offset + at] = 1;
				EXPECT_EQ(-EINVAL, call(self->fd, c->cmd,
							self->arg))
					TH_LOG("%s, byte %zu", c->name,
					       zero->offset + at);
			}
		}
	}
}

/* Anywhere that the struct can't be read or written, up to its last byte */
TEST_F(node, pointers)
{
	char *end = self->arg + 2 * PAGE;
	const struct command *c;
	size_t short_by;

	for_each_command(c, variant->node) {
		int good = well_formed(self->fd, c, self->arg);

		EXPECT_EQ(-EFAULT, call(self->fd, c->cmd, NULL));
		EXPECT_EQ(-EFAULT, call(self->fd, c->cmd, end));
		EXPECT_EQ(-EFAULT, call(self->fd, c->cmd, end - 3));
		EXPECT_EQ(-EFAULT, call(self->fd, c->cmd, (void *)-4096L));
		EXPECT_EQ(-EFAULT, call(self->fd, c->cmd,
					(void *)(1UL << 63)));
		for (short_by = 1; short_by <= c->size - 8; short_by++) {
			char *at = end - c->size + short_by;
			__u32 head[2] = { c->size, c->harmless };

			memset(at, 0, end - at);
			memcpy(at, head, sizeof(head));
			EXPECT_EQ(-EFAULT, call(self->fd, c->cmd, at))
				TH_LOG("%s, short by %zu", c->name, short_by);
		}
		/* It all fits, aligned to nothing and across two pages */
		EXPECT_EQ(good, call(self->fd, c->cmd,
				     fill(end - c->size, c, c->size)));
		EXPECT_EQ(good, call(self->fd, c->cmd,
				     fill(self->arg + PAGE - 33, c, c->size)))
			TH_LOG("%s across two pages", c->name);

		fill(self->arg, c, c->size);
		ASSERT_EQ(0, mprotect(self->arg, PAGE, PROT_READ));
		EXPECT_EQ(-EFAULT, call(self->fd, c->cmd, self->arg))
			TH_LOG("%s, not writable", c->name);
		ASSERT_EQ(0, mprotect(self->arg, PAGE, PROT_READ | PROT_WRITE));
	}
}

static const struct command *find(unsigned long cmd, int node)
{
	const struct command *c;

	for_each_command(c, node)
		if (c->cmd == cmd)
			return c;

	return NULL;
}

/* All numbers that are not this node's, those of the other node included */
TEST_F(node, numbers)
{
	static const unsigned long directions[] = {
		_IO(0, 0), _IOR(0, 0, __u64), _IOW(0, 0, __u64),
		_IOWR(0, 0, __u64),
	};
	unsigned long cmd;
	unsigned int nr, i;

	for (nr = 0; nr < 256; nr++) {
		for (i = 0; i < ARRAY_SIZE(directions); i++) {
			cmd = directions[i] | _IO(VFIO_CXL_TYPE, nr);
			if (find(cmd, variant->node))
				continue;
			memset(self->arg, 0, PAGE);
			*(__u32 *)self->arg = 512;
			EXPECT_EQ(-ENOTTY, call(self->fd, cmd, self->arg))
				TH_LOG("%#lx", cmd);
			EXPECT_EQ(-ENOTTY, call(self->fd, cmd, NULL))
				TH_LOG("%#lx", cmd);
		}
	}
	if (variant->node == ON_DEVICE)
		return;
	/* What VFIO knows is not known here */
	for (nr = 0; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, call(self->fd, _IO(VFIO_TYPE, nr),
					self->arg));
}

/* Give up one capability; the rest of root's stays */
static int drop(unsigned int cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[cap / 32].effective &= ~(1U << cap % 32);

	return syscall(SYS_capset, &head, data);
}

/* Root by name is not enough, nor is one capability of the two */
TEST_F(node, capabilities)
{
	static const unsigned int caps[] = { CAP_SYS_ADMIN, CAP_SYS_RAWIO };
	const struct command *c;
	unsigned int i;
	int status;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		pid = fork();
		if (!pid) {
			if (drop(caps[i]))
				_exit(100);
			for_each_command(c, variant->node) {
				int ret = call(self->fd, c->cmd,
					       fill(self->arg, c, c->size));

				if ((ret == -EPERM) !=
				    !!(c->changes & variant->node))
					_exit(1 + (c - commands));
			}
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status)
			TH_LOG("without capability %u: %d", caps[i],
			       WEXITSTATUS(status));
	}
}

#ifdef __x86_64__
/* A 32 bit caller gets the same answers, byte by byte */
TEST(compat)
{
	char command[256], self[128] = "", arg[PAGE], theirs[PAGE];
	int fd = control_open();
	const struct command *c;
	__s32 ret;
	FILE *pipe;

	ASSERT_TRUE(memory_ready());
	ASSERT_LT(0, readlink("/proc/self/exe", self, sizeof(self) - 1));
	snprintf(command, sizeof(command),
		 "%s/compat32 /dev/vfio-cxl/%s", dirname(self), dev_bdf());
	pipe = popen(command, "r");
	ASSERT_NE(NULL, pipe);
	for_each_command(c, ON_CONTROL) {
		ASSERT_EQ(1, fread(&ret, sizeof(ret), 1, pipe))
			TH_LOG("%s", c->name);
		ASSERT_EQ(1, fread(theirs, c->size, 1, pipe))
			TH_LOG("%s", c->name);
		EXPECT_EQ(call(fd, c->cmd, fill(arg, c, c->size)), ret)
			TH_LOG("%s", c->name);
		EXPECT_EQ(0, memcmp(arg, theirs, c->size))
			TH_LOG("%s", c->name);
	}
	EXPECT_EQ(0, pclose(pipe));
	close(fd);
}
#endif

TEST(only_root_opens_the_node)
{
	char path[128];
	struct stat st;
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/dev/vfio-cxl/%s", dev_bdf());
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);

	pid = fork();
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(open(path, O_RDONLY) >= 0 || errno != EACCES ? 2 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A descriptor that outlives the binding stays dead, whatever is bound later */
TEST(held_over_unbind)
{
	int held = control_open(), fd = -1;
	const struct command *c;
	char arg[PAGE];

	ASSERT_LE(0, held);
	ASSERT_TRUE(dev_unbind());
	fd = control_open();
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(ENOENT, errno);
	for_each_command(c, ON_CONTROL)
		EXPECT_EQ(-ENODEV, call(held, c->cmd, fill(arg, c, c->size)))
			TH_LOG("%s, unbound", c->name);

	ASSERT_TRUE(dev_bind());
	for_each_command(c, ON_CONTROL)
		EXPECT_EQ(-ENODEV, call(held, c->cmd, fill(arg, c, c->size)))
			TH_LOG("%s, bound again", c->name);
	fd = control_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, call(fd, VFIO_CXL_INFO,
			  fill(arg, &commands[0], commands[0].size)));
	close(fd);
	close(held);
}

TEST_HARNESS_MAIN
