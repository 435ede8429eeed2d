// SPDX-License-Identifier: GPL-2.0-only
/*
 * What closes the gate, from several sides at once. Each test runs for a second
 * or two; after it everything is as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "kselftest_harness.h"
#include "event.h"

#define MAPPED		(4 * MIB)
#define SECOND		1000000

/* A thread that does one thing again and again */
struct loop {
	int (*step)(struct loop *loop);	/* 0, or -errno */
	struct user *user;
	int fd;
	unsigned int seed;
	unsigned long done;
	unsigned long refused;
	int wrong;			/* the first answer that is none */
	bool stop;
	pthread_t thread;
};

static void *loop_run(void *arg)
{
	struct loop *loop = arg;
	int ret;

	/* Once at least, however late it gets to run */
	do {
		ret = loop->step(loop);
		if (!ret)
			loop->done++;
		else if (ret == -EBUSY || ret == -EAGAIN)
			loop->refused++;
		else if (!loop->wrong)
			loop->wrong = ret;
	} while (!__atomic_load_n(&loop->stop, __ATOMIC_RELAXED));

	return NULL;
}

static bool loops_start(struct loop *loops, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		loops[i].seed = i + 1;
		if (pthread_create(&loops[i].thread, NULL, loop_run, &loops[i]))
			return false;
	}

	return true;
}

static void loops_stop(struct loop *loops, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		__atomic_store_n(&loops[i].stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++)
		pthread_join(loops[i].thread, NULL);
}

static bool loops_done(const struct loop *loops, unsigned int n)
{
	while (n && __atomic_load_n(&loops[n - 1].done, __ATOMIC_RELAXED))
		n--;

	return !n;
}

/* The steps */

static int step_sysfs_reset(struct loop *loop)
{
	usleep(rand_r(&loop->seed) % 20000);

	return sysfs_write(dev_bdf(), "reset", "1");
}

/* EIO: another reset began before the memory was seen live */
static int step_vfio_reset(struct loop *loop)
{
	usleep(rand_r(&loop->seed) % 20000);
	if (!ioctl(loop->user->device, VFIO_DEVICE_RESET))
		return 0;

	return errno == EIO ? -EAGAIN : -errno;
}

static int step_program(struct loop *loop)
{
	struct vfio_cxl_decoder_program program = { .argsz = sizeof(program) };

	return ioctl(loop->fd, VFIO_CXL_DECODER_PROGRAM, &program) ? -errno : 0;
}

static int step_clear(struct loop *loop)
{
	struct vfio_cxl_decoder_clear clear = { .argsz = sizeof(clear) };

	return ioctl(loop->fd, VFIO_CXL_DECODER_CLEAR, &clear) ? -errno : 0;
}

static int step_info(struct loop *loop)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };

	return ioctl(loop->fd, VFIO_CXL_INFO, &info) ? -errno : 0;
}

static int step_decoder(struct loop *loop)
{
	struct vfio_cxl_decoder decoder = { .argsz = sizeof(decoder) };

	return ioctl(loop->fd, VFIO_CXL_DECODER, &decoder) ? -errno : 0;
}

static int step_guest(struct loop *loop)
{
	struct vfio_cxl_guest_clear clear = { .argsz = sizeof(clear) };
	struct vfio_cxl_guest_set set = {
		.argsz = sizeof(set),
		.base = GIB,
	};

	if (ioctl(loop->fd, VFIO_CXL_GUEST_SET, &set) ||
	    ioctl(loop->fd, VFIO_CXL_GUEST_CLEAR, &clear))
		return -errno;

	return 0;
}

/* Raw values into command register, DVSECs and power state, where they are */
static int step_config(struct loop *loop)
{
	__u64 at = (__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40;
	unsigned int kind = rand_r(&loop->seed) % 3;
	__u16 value = rand_r(&loop->seed);

	switch (kind) {
	case 0:
		at += PCI_COMMAND;
		value &= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
		break;
	case 1:
		/* DVSEC Control, Status, Control2, Status2, Lock */
		at += loop->fd + 0xc + 2 * (rand_r(&loop->seed) % 5);
		break;
	case 2:
		at += 0x40 + 2 * (rand_r(&loop->seed) % 0x60);
		break;
	}

	return pwrite(loop->user->device, &value, 2, at) == 2 ? 0 : -errno;
}

FIXTURE(race) {
	struct user user;
	struct region region;
	struct touchers touchers;
	struct state state;
	char *memory;
	int control;
};

static void open_all(struct __test_metadata *const _metadata,
		     FIXTURE_DATA(race) *self)
{
	ASSERT_TRUE(memory_ready());
	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &self->region));
	self->memory = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->touchers.memory = self->memory;
	self->touchers.size = MAPPED / 2;
	self->touchers.device = self->user.device;
	self->touchers.offset = self->region.offset;
	self->state.memory = self->memory + MAPPED - self->state.size;
}

static void close_all(FIXTURE_DATA(race) *self)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
	close(self->control);
}

FIXTURE_SETUP(race)
{
	open_all(_metadata, self);
	state_take(&self->state, self->memory, MAPPED);
}

FIXTURE_TEARDOWN(race)
{
	close_all(self);
}

/* The end of one cause must not open what another holds closed */
TEST_F(race, resets_and_decoder_changes)
{
	struct loop loops[] = {
		{ .step = step_sysfs_reset },
		{ .step = step_vfio_reset, .user = &self->user },
		{ .step = step_program, .fd = self->control },
		{ .step = step_clear, .fd = self->control },
	};
	const char *broken;
	unsigned int i;

	ASSERT_TRUE(touchers_start(&self->touchers));
	ASSERT_TRUE(loops_start(loops, 4));
	usleep(2 * SECOND);
	loops_stop(loops, 4);
	EXPECT_TRUE(wait_live(10000));
	touchers_stop(&self->touchers);

	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, loops[i].wrong) TH_LOG("loop %u", i);
	EXPECT_LT(0, loops[0].done);
	/* EAGAIN while the other one holds the device; alone it gets through */
	EXPECT_LT(0, loops[1].done + loops[1].refused);
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	/* Never while it is open */
	EXPECT_EQ(0, loops[2].done + loops[3].done);
	EXPECT_LT(0, loops[2].refused);
	EXPECT_LT(0, loops[3].refused);
	EXPECT_EQ(0, self->touchers.wrong);
	EXPECT_LT(0, self->touchers.touched);
	EXPECT_LT(0, self->touchers.refused);
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* Offset of the CXL Device DVSEC, as hardware has it */
static unsigned int dvsec(void)
{
	unsigned int at = 0x100;
	char path[128];
	__u32 head[3];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config",
		 dev_bdf());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (at && pread(fd, head, sizeof(head), at) == sizeof(head)) {
		if ((head[0] & 0xffff) == PCI_EXT_CAP_ID_DVSEC &&
		    (head[1] & 0xffff) == 0x1e98 && !(head[2] & 0xffff))
			break;
		at = head[0] >> 20;
	}
	close(fd);

	return at;
}

/* Nobody at the window meanwhile: QEMU 10 dies when BARs come and go */
TEST_F(race, reset_and_config_writes)
{
	struct loop loops[] = {
		{ .step = step_vfio_reset, .user = &self->user },
		{ .step = step_config, .user = &self->user, .fd = dvsec() },
		{ .step = step_config, .user = &self->user, .fd = dvsec() },
	};
	const char *broken;
	unsigned int i;

	ASSERT_NE(0, dvsec());
	ASSERT_TRUE(loops_start(loops, 3));
	usleep(SECOND);
	loops_stop(loops, 3);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, loops[i].wrong) TH_LOG("loop %u", i);
	EXPECT_LT(0, loops[1].done);

	/* Whatever was asked for, this ends it */
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

TEST_F(race, open_close_and_control)
{
	struct loop loops[] = {
		{ .step = step_info, .fd = self->control },
		{ .step = step_decoder, .fd = self->control },
		{ .step = step_program, .fd = self->control },
		{ .step = step_guest, .fd = self->control },
	};
	const char *broken;
	unsigned int i;

	munmap(self->memory, MAPPED);
	user_close(&self->user);
	ASSERT_TRUE(loops_start(loops, 4));
	for (i = 0; i < 4 || (i < 50 && !loops_done(loops, 4)); i++) {
		EXPECT_EQ(0, user_open(&self->user));
		usleep(SECOND / 20);
		user_close(&self->user);
		usleep(SECOND / 20);
	}
	loops_stop(loops, 4);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, loops[i].wrong) TH_LOG("loop %u", i);
		EXPECT_LT(0, loops[i].done) TH_LOG("loop %u", i);
	}
	EXPECT_TRUE(wait_live(10000));
	self->state.memory = NULL;
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* What the kernel saved for one of them is not for the other one to restore */
TEST_F(race, open_close_and_resets)
{
	struct loop loops[] = {
		{ .step = step_sysfs_reset },
		{ .step = step_info, .fd = self->control },
	};
	__u32 before[6], bars[6];
	int config = dev_config();
	unsigned int i, opened = 0;
	const char *broken;

	munmap(self->memory, MAPPED);
	user_close(&self->user);
	ASSERT_EQ(sizeof(bars), pread(config, before, sizeof(bars),
				      PCI_BASE_ADDRESS_0));
	ASSERT_TRUE(loops_start(loops, 2));
	for (i = 0; i < 60; i++) {
		/* The other one has the device for the moment */
		opened += !user_open(&self->user);
		usleep(i * 500);
		user_close(&self->user);
	}
	loops_stop(loops, 2);
	EXPECT_LT(0, opened);
	EXPECT_EQ(0, loops[0].wrong);
	EXPECT_LT(0, loops[0].done);
	ASSERT_EQ(sizeof(bars), pread(config, bars, sizeof(bars),
				      PCI_BASE_ADDRESS_0));
	EXPECT_EQ(0, memcmp(before, bars, sizeof(bars)));
	close(config);
	EXPECT_TRUE(wait_live(10000));
	self->state.memory = NULL;
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

static bool control_exists(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/vfio-cxl/%s", dev_bdf());

	return !access(path, F_OK);
}

/* A process that touches until it is killed, while the driver is unbound */
TEST_F(race, faults_and_release)
{
	const char *broken;
	unsigned int i, ms;
	pid_t toucher, unbinder;
	int status;

	for (i = 0; i < 3; i++) {
		toucher = fork();
		if (!toucher) {
			/* Its mapping is a user like any other */
			user_close(&self->user);
			self->touchers.device = -1;
			touchers_start(&self->touchers);
			pause();
		}
		close_all(self);

		unbinder = fork();
		if (!unbinder)
			_exit(sysfs_write(dev_bdf(), "driver/unbind",
					  dev_bdf()) ? 1 : 0);
		/* The driver's remove() has come that far; now it waits */
		for (ms = 0; control_exists() && ms < 10000; ms++)
			usleep(1000);
		EXPECT_FALSE(control_exists());
		usleep(SECOND / 10);
		EXPECT_EQ(0, waitpid(unbinder, &status, WNOHANG));
		kill(toucher, SIGKILL);
		EXPECT_EQ(toucher, waitpid(toucher, &status, 0));
		EXPECT_EQ(unbinder, waitpid(unbinder, &status, 0));
		EXPECT_EQ(0, status);

		ASSERT_EQ(0, sysfs_write(dev_bdf(), "subsystem/drivers_probe",
					 dev_bdf()));
		open_all(_metadata, self);
	}
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

TEST_HARNESS_MAIN
