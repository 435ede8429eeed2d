// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that no user of the device asks for: errors on the link, and system
 * sleep. See unplug for the device going away.
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
#include <unistd.h>

#include "kselftest_harness.h"
#include "event.h"

#define MAPPED	(4 * MIB)

FIXTURE(event) {
	struct user user;
	struct region region;
	struct touchers touchers;
	struct state state;
	char *memory;
};

FIXTURE_SETUP(event)
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
}

FIXTURE_TEARDOWN(event)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
}

/* Errors that the device has reported, or the port above it in its place */
static unsigned long aer_count(const char *file)
{
	char path[256], line[128];
	unsigned long count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s%s", dev_bdf(),
		 topology_is("model") ? "../" : "", file);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "TOTAL_", 6))
			sscanf(line, "%*s %lu", &count);
	if (f)
		fclose(f);

	return count;
}

/* Told by VFIO itself that the error arrived */
static bool error_told(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, 10000) == 1;
}

/* Nothing is lost but the request that failed */
TEST_F(event, non_fatal_error)
{
	unsigned long before = aer_count("aer_dev_nonfatal");
	int fd = irq_eventfd(&self->user, VFIO_PCI_ERR_IRQ_INDEX);
	const char *broken;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(touchers_start(&self->touchers));
	EXPECT_TRUE(device_error("POISON_TLP"));
	EXPECT_TRUE(error_told(fd));
	touchers_stop(&self->touchers);
	EXPECT_EQ(before + 1, aer_count("aer_dev_nonfatal"));
	EXPECT_EQ(0, self->touchers.wrong);
	EXPECT_EQ(0, self->touchers.refused);
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
	close(fd);
}

/* The command says so as well, where it is at hand */
static bool command_says(const char *word)
{
	char line[256], call[256];
	const char *tool = getenv("VFIO_CXL");
	bool found = false;
	FILE *pipe;

	if (!tool)
		return true;
	snprintf(call, sizeof(call), "%s status %s --json", tool, dev_bdf());
	pipe = popen(call, "r");
	while (pipe && fgets(line, sizeof(line), pipe))
		found |= !!strstr(line, word);
	if (pipe)
		pclose(pipe);

	return found;
}

/* The link was reset, without a hook: nobody may touch what is not decoded */
static void fatal_error(struct __test_metadata *const _metadata,
			FIXTURE_DATA(event) *self)
{
	int fd = irq_eventfd(&self->user, VFIO_PCI_ERR_IRQ_INDEX);
	int kmsg = kmsg_open();
	unsigned long touched;
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, kmsg);
	ASSERT_TRUE(touchers_start(&self->touchers));
	EXPECT_TRUE(device_error("MALF_TLP"));
	EXPECT_TRUE(error_told(fd));
	EXPECT_TRUE(wait_gate(VFIO_CXL_GATE_ERROR, 10000));
	EXPECT_TRUE(touchers_pass(&self->touchers));
	touched = self->touchers.touched;
	/* Recovery goes on, and its end does not make the memory live */
	EXPECT_TRUE(recovery_over(kmsg));
	EXPECT_TRUE(touchers_pass(&self->touchers));
	touchers_stop(&self->touchers);
	EXPECT_EQ(touched, self->touchers.touched);
	EXPECT_LT(0, self->touchers.refused);
	EXPECT_EQ(0, self->touchers.wrong);
	EXPECT_TRUE(wait_gate(VFIO_CXL_GATE_ERROR, 0));
	EXPECT_FALSE(wait_live(0));
	EXPECT_TRUE(command_says("ERROR"));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(-1, pread(self->user.device, &byte, 1, self->region.offset));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

TEST_F(event, fatal_error_then_reset)
{
	const char *broken;

	if (!link_recovers())
		SKIP(return, "a function of this slot has no driver");
	fatal_error(_metadata, self);
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

TEST_F(event, fatal_error_then_close)
{
	const char *broken;

	if (!link_recovers())
		SKIP(return, "a function of this slot has no driver");
	fatal_error(_metadata, self);
	munmap(self->memory, MAPPED);
	user_close(&self->user);
	self->state.memory = NULL;
	EXPECT_TRUE(wait_live(10000));
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* Nobody uses it: the next user finds it whole */
TEST_F(event, fatal_error_then_open)
{
	const char *broken;
	int kmsg;

	if (!link_recovers())
		SKIP(return, "a function of this slot has no driver");
	munmap(self->memory, MAPPED);
	user_close(&self->user);
	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	EXPECT_TRUE(device_error("MALF_TLP"));
	EXPECT_TRUE(recovery_over(kmsg));
	EXPECT_TRUE(wait_gate(VFIO_CXL_GATE_ERROR, 0));
	ASSERT_EQ(0, user_open(&self->user));
	self->state.memory = NULL;
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* As a shell's echo: to open the trace so empties it */
static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

/* The kernel's own test: devices are suspended and resumed, no more */
static int sleep_and_wake(const char *state)
{
	int ret;

	if (write_to("/sys/module/suspend/parameters/pm_test_delay", "0") ||
	    write_to("/sys/power/pm_test", "devices"))
		return -ENOENT;
	ret = write_to("/sys/power/state", state);
	write_to("/sys/power/pm_test", "none");

	return ret;
}

#define GATE_EVENT	TRACEFS "events/vfio_cxl/vfio_cxl_gate/enable"

/* Was the gate closed for this reason while nobody could look? */
static bool trace_has_gate(const char *reason)
{
	char line[512];
	bool found = false;
	FILE *file;

	file = fopen(TRACEFS "trace", "r");
	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, "gate=") && strstr(line, reason) &&
			 strstr(line, "live=0");
	if (file)
		fclose(file);

	return found;
}

/* In a sleep power is lost, and the decoders with it */
TEST_F(event, suspend)
{
	const char *broken;

	ASSERT_EQ(0, write_to(TRACEFS "trace", ""));
	ASSERT_EQ(0, write_to(TRACEFS "tracing_on", "1"));
	ASSERT_EQ(0, write_to(GATE_EVENT, "1"));
	hw_write(hw_hdm() + 0x10 + 0x10, 0);
	ASSERT_EQ(0, hw_decoder(0).ctrl & CTRL_COMMITTED);
	EXPECT_EQ(0, sleep_and_wake("mem"));
	write_to(GATE_EVENT, "0");
	EXPECT_TRUE(trace_has_gate("SUSPEND"));
	EXPECT_TRUE(wait_live(10000));
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

TEST_F(event, suspend_while_touched)
{
	const char *broken;
	unsigned int i;

	ASSERT_TRUE(touchers_start(&self->touchers));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, sleep_and_wake("mem"));
	EXPECT_TRUE(wait_live(10000));
	touchers_stop(&self->touchers);
	EXPECT_LT(0, self->touchers.touched);
	/* Frozen before it is gone, and thawn when it is there again */
	EXPECT_EQ(0, self->touchers.refused);
	EXPECT_EQ(0, self->touchers.wrong);
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* Waking up is the end of one cause, and not of the other */
TEST_F(event, fatal_error_outlives_sleep)
{
	const char *broken;

	if (!link_recovers())
		SKIP(return, "a function of this slot has no driver");
	fatal_error(_metadata, self);
	EXPECT_EQ(0, sleep_and_wake("mem"));
	EXPECT_FALSE(wait_live(0));
	EXPECT_TRUE(wait_gate(VFIO_CXL_GATE_ERROR, 0));
	EXPECT_EQ(SIGBUS, touch(self->memory, false));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* An image would be restored over a device that has forgotten everything */
TEST_F(event, hibernation)
{
	char states[64] = "";
	const char *broken;
	FILE *file;

	/* Refused by this driver, not because there is no such thing */
	file = fopen("/sys/power/state", "r");
	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(states, sizeof(states), file));
	fclose(file);
	ASSERT_NE(NULL, strstr(states, "disk"));

	EXPECT_EQ(-EBUSY, sleep_and_wake("disk"));
	EXPECT_TRUE(wait_live(10000));
	broken = state_broken(&self->state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

TEST_HARNESS_MAIN
