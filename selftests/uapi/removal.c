// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver goes, or the device: unbind, hot-unplug and surprise removal, with
 * the device open, and its memory mapped and touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"
#include "event.h"

#define MAPPED	(4 * MIB)

FIXTURE(open) {
	struct user user;
	struct region region;
	struct touchers touchers;
	struct state state;
	char *memory;
	int request;		/* eventfd: give the device back, please */
};

FIXTURE_SETUP(open)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(0, user_find(&self->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &self->region));
	self->memory = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->touchers.memory = self->memory;
	self->touchers.size = MAPPED / 2;
	self->touchers.device = self->user.device;
	self->touchers.offset = self->region.offset;
	state_take(&self->state, self->memory, MAPPED);
	self->request = irq_eventfd(&self->user, VFIO_PCI_REQ_IRQ_INDEX);
	ASSERT_LE(0, self->request);
}

static void give_back(FIXTURE_DATA(open) *self)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
}

FIXTURE_TEARDOWN(open)
{
	give_back(self);
	close(self->request);
}

static bool requested(int fd, int ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, ms) == 1;
}

static bool device_exists(bool wanted, unsigned int ms)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", dev_bdf());
	for (;; ms -= 20) {
		if (!access(path, F_OK) == wanted)
			return true;
		if (ms < 20)
			return false;
		usleep(20000);
	}
}

static int bind(void)
{
	int ret = sysfs_write(dev_bdf(), "driver_override", "cxl-vfio-pci");

	return ret ?: sysfs_write(dev_bdf(), "subsystem/drivers_probe",
				  dev_bdf());
}

static int module_remove(void)
{
	return syscall(SYS_delete_module, "cxl_vfio_pci", O_NONBLOCK) ?
	       -errno : 0;
}

TEST_F(open, module_stays)
{
	const char *broken;
	int control;

	EXPECT_EQ(-EAGAIN, module_remove());
	give_back(self);
	control = control_open();
	ASSERT_LE(0, control);
	EXPECT_EQ(-EAGAIN, module_remove());
	close(control);
	self->state.memory = NULL;
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

struct unbinder {
	pthread_t thread;
	int ret;
};

static void *unbind(void *arg)
{
	struct unbinder *me = arg;

	me->ret = sysfs_write(dev_bdf(), "driver/unbind", dev_bdf());

	return NULL;
}

/* Asks the user, and waits; what he has stays his until he gives it back */
TEST_F(open, unbind_waits)
{
	bool firmware = topology_is("firmware");
	struct hw_decoder left;
	const char *broken;
	struct unbinder unbinder = {};
	void *ignored;

	/* No process of its own, which would have the device open as well */
	ASSERT_EQ(0, pthread_create(&unbinder.thread, NULL, unbind, &unbinder));
	EXPECT_TRUE(requested(self->request, 20000));
	ASSERT_TRUE(touchers_start(&self->touchers));
	usleep(200000);
	touchers_stop(&self->touchers);
	EXPECT_LT(0, self->touchers.touched);
	EXPECT_EQ(0, self->touchers.refused + self->touchers.wrong);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(unbinder.thread, &ignored));
	EXPECT_EQ(-1, control_open());

	give_back(self);
	ASSERT_EQ(0, pthread_join(unbinder.thread, &ignored));
	EXPECT_EQ(0, unbinder.ret);
	left = hw_decoder(0);
	EXPECT_EQ(firmware ? CTRL_COMMITTED : 0, left.ctrl & CTRL_COMMITTED);

	ASSERT_EQ(0, bind());
	ASSERT_TRUE(memory_ready());
	self->state.memory = NULL;
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* A device that has just come is in sysfs before a driver can have it */
static bool bound(unsigned int ms)
{
	struct vfio_cxl_info info;

	for (;; ms -= 20) {
		if (!bind() && !control_info(&info))
			return true;
		if (ms < 20)
			return false;
		usleep(20000);
	}
}

/*
 * pciehp takes its reset_lock and pci_rescan_remove_lock in both orders when it
 * takes a device away, whatever driver the device has, or none; and
 * pci_slot_mutex inside both when one comes, which a reset of the slot takes
 * outside. Linux 7.2's lockdep would report either and be silent from then on.
 * So while pciehp takes them lockdep only keeps account of who holds what, and
 * what is held by then counts in no proof; all that this driver takes after that
 * does. At the end selftests/checkers looks whether it proves again.
 */
static void prove_locking(bool on)
{
	int fd = open("/proc/sys/kernel/prove_locking", O_WRONLY);

	if (fd < 0)
		return;		/* a kernel without lockdep */
	if (write(fd, on ? "1" : "0", 1) != 1)
		perror("# prove_locking");
	close(fd);
}

/* A new device in the same slot is bound and has its memory */
static void plug_again(struct __test_metadata *const _metadata)
{
	struct region region;
	struct user user;
	unsigned int i;
	char byte = 0;
	int ret;

	prove_locking(false);
	ASSERT_NE(NULL, bed("plug"));
	ASSERT_TRUE(device_exists(true, 10000));
	prove_locking(true);
	ASSERT_TRUE(bound(10000));
	ASSERT_TRUE(memory_ready());
	/* The kernel's own probing has the device locked until it is over */
	for (i = 0; (ret = user_open(&user)) == -EAGAIN && i < 500; i++)
		usleep(20000);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, user_find(&user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &region));
	EXPECT_EQ(1, pwrite(user.device, "x", 1, region.offset + MIB));
	EXPECT_EQ(1, pread(user.device, &byte, 1, region.offset + MIB));
	EXPECT_EQ('x', byte);
	user_close(&user);
}

/* Firmware commits nothing after boot, and a slot goes with all functions */
static bool replaceable(void)
{
	char name[NAME_MAX + 1];

	return !topology_is("firmware") && !neighbour_find(name);
}

/* The attention button: five seconds, then as with unbind */
TEST_F_TIMEOUT(open, unplug_waits, 60)
{
	if (!replaceable())
		SKIP(return, "another device would not be the same");
	prove_locking(false);
	ASSERT_NE(NULL, bed("unplug"));
	EXPECT_TRUE(requested(self->request, 30000));
	prove_locking(true);
	ASSERT_TRUE(touchers_start(&self->touchers));
	usleep(200000);
	touchers_stop(&self->touchers);
	EXPECT_EQ(0, self->touchers.refused + self->touchers.wrong);
	EXPECT_TRUE(device_exists(true, 0));
	give_back(self);
	ASSERT_TRUE(device_exists(false, 10000));
	plug_again(_metadata);
}

/*
 * Slot Control: the interrupt off, power controller and indicator off, upon
 * which QEMU takes the device away, and all of it on again. With the power seen
 * off, pciehp would take it for its own doing.
 */
static bool slot_power_fails(const char *port)
{
	const char *set = "CAP_EXP+18.w";
	char command[256];

	snprintf(command, sizeof(command),
		 "setpci -s %s %s=0:20 %s=700:700 %s=100:700 %s=20:20",
		 port, set, set, set, set);

	return !system(command);
}

/*
 * pciehp turns the power off, and with it a new device; a second later it turns
 * off the indicator, and is done.
 */
static bool slot_settles(const char *port)
{
	char command[64], line[16];
	unsigned int i;
	FILE *pipe;

	snprintf(command, sizeof(command), "setpci -s %s CAP_EXP+18.w",
		 port);
	for (i = 0; i < 200; i++) {
		pipe = popen(command, "r");
		if (!pipe)
			return false;
		*line = 0;
		fgets(line, sizeof(line), pipe);
		if (!pclose(pipe) &&
		    (strtoul(line, NULL, 16) & 0x700) == 0x700)
			return true;
		usleep(50000);
	}

	return false;
}

/* Dynamic Capacity, taken and mapped; @none: the device does not do it */
static char *extent_take(const struct user *user, bool *none)
{
	struct dc dc = { .user = *user, .node = control_open() };
	char *memory = MAP_FAILED;
	struct extent e;

	*none = !dc_info(dc.node, &dc.info) && !dc.info.region_count;
	if (!*none && extent_offer(&dc, 0, 0, MAPPED, &e) &&
	    !extent_accept(user->device, &e, VFIO_CXL_DC_REACH_TENANT,
			   &dc.answer))
		memory = dc_map(&dc, e.at, MAPPED);
	close(dc.node);

	return memory;
}

static bool nothing_held(void)
{
	int node = control_open();
	struct vfio_cxl_dc_info info;
	bool ok;

	ok = !dc_info(node, &info) && !info.nr[VFIO_CXL_DC_COMMITTED];
	close(node);

	return ok;
}

/* Gone before anybody was asked: first of all nobody touches it any more */
TEST_F_TIMEOUT(open, surprise_removal, 60)
{
	const char *port = root_port();
	unsigned long touched, refused;
	char byte, *extent;
	bool none;

	if (!replaceable())
		SKIP(return, "another device would not be the same");
	extent = extent_take(&self->user, &none);
	if (!none) {
		ASSERT_NE(MAP_FAILED, extent);
		EXPECT_EQ(0, touch(extent, true));
	}
	ASSERT_TRUE(touchers_start(&self->touchers));
	prove_locking(false);
	ASSERT_TRUE(slot_power_fails(port));
	EXPECT_TRUE(requested(self->request, 20000));
	prove_locking(true);
	EXPECT_TRUE(touchers_pass(&self->touchers));
	touched = self->touchers.touched;
	refused = self->touchers.refused;
	usleep(200000);
	EXPECT_TRUE(touchers_pass(&self->touchers));
	touchers_stop(&self->touchers);
	EXPECT_EQ(touched, self->touchers.touched);
	EXPECT_LT(refused, self->touchers.refused);
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(-1, pread(self->user.device, &byte, 1, self->region.offset));
	EXPECT_EQ(EIO, errno);
	EXPECT_NE(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	if (!none) {
		EXPECT_EQ(SIGBUS, touch(extent, false));
		munmap(extent, MAPPED);
	}
	give_back(self);
	ASSERT_TRUE(device_exists(false, 10000));
	ASSERT_TRUE(slot_settles(port));
	plug_again(_metadata);
	EXPECT_TRUE(nothing_held());
}

/* Nobody uses it */
TEST_F_TIMEOUT(open, surprise_removal_idle, 60)
{
	const char *port = root_port();

	if (!replaceable())
		SKIP(return, "another device would not be the same");
	give_back(self);
	prove_locking(false);
	ASSERT_TRUE(slot_power_fails(port));
	ASSERT_TRUE(device_exists(false, 10000));
	prove_locking(true);
	ASSERT_TRUE(slot_settles(port));
	plug_again(_metadata);
}

TEST_HARNESS_MAIN
