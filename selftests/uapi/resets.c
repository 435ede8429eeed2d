// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets, from whomever they come, and what else a user can do to the device
 * while its memory is mapped and touched: the decoder is as before, the memory
 * live with its bytes, and nobody ever reached what was not decoded.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "kselftest_harness.h"
#include "event.h"

#define MAPPED	(4 * MIB)
#define NOT_HERE	(-ENODEV)	/* no such thing on this device */

static __u64 config(unsigned int offset)
{
	return ((__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40) + offset;
}

static int config_read(const struct user *user, unsigned int offset, void *to,
		       size_t size)
{
	return pread(user->device, to, size, config(offset)) == size ? 0 : -EIO;
}

static int config_write(const struct user *user, unsigned int offset,
			__u16 value)
{
	return pwrite(user->device, &value, 2, config(offset)) == 2 ?
	       0 : -EIO;
}

static unsigned int capability(const struct user *user, __u8 id)
{
	__u8 at = 0, cap[2];

	config_read(user, PCI_CAPABILITY_LIST, &at, 1);
	while (at && !config_read(user, at, cap, 2)) {
		if (cap[0] == id)
			return at;
		at = cap[1];
	}

	return 0;
}

/* The events: 0, NOT_HERE, or what went wrong */

static int vfio_reset(struct user *user)
{
	return ioctl(user->device, VFIO_DEVICE_RESET) ? -errno : 0;
}

static int hot_reset_by(int device, const int *groups, unsigned int count)
{
	struct {
		struct vfio_pci_hot_reset head;
		__s32 groups[2];
	} reset = { .head.argsz = sizeof(reset), .head.count = count };

	memcpy(reset.head.group_fds, groups, count * sizeof(*groups));

	return ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &reset) ? -errno : 0;
}

static int hot_reset(struct user *user)
{
	return user_hot_reset(user);
}

/* Open through the group that is open already, or through its own */
static int neighbour_open(const struct user *user, char *name,
			  struct user *neighbour)
{
	const char *self = strdup(dev_bdf());
	int ret;

	*neighbour = USER_CLOSED;
	neighbour->device = ioctl(user->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (neighbour->device >= 0)
		return 0;

	setenv("DEV", name, 1);
	ret = user_open(neighbour);
	setenv("DEV", self, 1);

	return ret;
}

/* The neighbour's user resets the bus; our reset hooks run for it too */
static int neighbour_hot_reset(struct user *user)
{
	struct user neighbour;
	char name[NAME_MAX + 1];
	int groups[2], ret;

	if (!neighbour_find(name))
		return NOT_HERE;
	system("modprobe -q vfio-pci");
	ret = sysfs_write(name, "driver_override", "vfio-pci");
	if (!ret) {
		sysfs_write(name, "driver/unbind", name);
		ret = sysfs_write(name, "subsystem/drivers_probe", name);
	}
	if (!ret)
		ret = neighbour_open(user, name, &neighbour);
	if (ret)
		return ret;

	groups[0] = user->group;
	groups[1] = neighbour.group;
	ret = hot_reset_by(neighbour.device, groups,
			   neighbour.group < 0 ? 1 : 2);
	user_close(&neighbour);
	sysfs_write(name, "driver/unbind", name);
	sysfs_write(name, "driver_override", "\n");

	return ret;
}

static int sysfs_reset(struct user *)
{
	return sysfs_write(dev_bdf(), "reset", "1");
}

/* Each way that the kernel knows to reset this function */
static int sysfs_methods(struct user *)
{
	static const char * const methods[] = {
		"flr", "pm", "bus", "cxl_bus"
	};
	unsigned int i, worked = 0;
	int ret = 0;

	for (i = 0; !ret && i < sizeof(methods) / sizeof(*methods); i++) {
		if (sysfs_write(dev_bdf(), "reset_method", methods[i]))
			continue;
		ret = sysfs_write(dev_bdf(), "reset", "1");
		/* A CXL port may mask "bus", which is known only afterwards */
		if (ret == -ENOTTY)
			ret = 0;
		else
			worked++;
	}
	if (sysfs_write(dev_bdf(), "reset_method", "default"))
		return -EIO;

	return ret ?: worked ? 0 : -ENOTTY;
}

static int bridge_reset(struct user *)
{
	int ret = sysfs_write(root_port(), "reset_subordinate", "1");

	return ret == -ENOENT ? NOT_HERE : ret;
}

/* The emulated device of most topologies has no FLR: there this does nothing */
static int flr_bit(struct user *user)
{
	unsigned int express = capability(user, PCI_CAP_ID_EXP);
	__u16 control;

	if (!express ||
	    config_read(user, express + PCI_EXP_DEVCTL, &control, 2))
		return -EIO;

	return config_write(user, express + PCI_EXP_DEVCTL,
			    control | PCI_EXP_DEVCTL_BCR_FLR);
}

static int command_toggle(struct user *user, __u16 bit)
{
	__u16 command;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		if (config_read(user, PCI_COMMAND, &command, 2) ||
		    config_write(user, PCI_COMMAND, command & ~bit) ||
		    config_write(user, PCI_COMMAND, command | bit))
			return -EIO;
	}

	return 0;
}

static int memory_space(struct user *user)
{
	return command_toggle(user, PCI_COMMAND_MEMORY);
}

static int bus_master(struct user *user)
{
	return command_toggle(user, PCI_COMMAND_MASTER);
}

static int d3_by_config(struct user *user)
{
	unsigned int pm = capability(user, PCI_CAP_ID_PM);
	__u16 state;

	if (!pm)
		return NOT_HERE;
	if (config_write(user, pm + PCI_PM_CTRL, 3) ||
	    config_read(user, pm + PCI_PM_CTRL, &state, 2))
		return -EIO;

	return state & PCI_PM_CTRL_STATE_MASK ? -EBUSY : 0;
}

/* Refused: the gate could not follow */
static int low_power(struct user *user)
{
	static const __u32 features[] = {
		VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
		VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
		VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
	};
	char arg[64] = "";
	struct vfio_device_feature *feature = (void *)arg;
	unsigned int i;

	for (i = 0; i < sizeof(features) / sizeof(*features); i++) {
		feature->argsz = sizeof(*feature) +
			sizeof(struct vfio_device_low_power_entry_with_wakeup);
		feature->flags = features[i] | VFIO_DEVICE_FEATURE_SET;
		if (!ioctl(user->device, VFIO_DEVICE_FEATURE, feature))
			return -EBUSY;
		if (errno != ENOTTY)
			return -errno;
	}

	return 0;
}

FIXTURE(event) {
	struct user user;
	struct region region;
	struct touchers touchers;
	char *memory;
};

FIXTURE_VARIANT(event) {
	int (*happens)(struct user *user);
	unsigned int times;
	bool gates;	/* the memory has to be away meanwhile */
	bool lags;	/* it may come back a little later */
	bool single;	/* resets this function by itself; it has no FLR */
	/* QEMU 10 dies when BARs come and go under a CPU at the window */
	bool alone;
};

#define EVENT(name, n, ...)				\
	FIXTURE_VARIANT_ADD(event, name) {		\
		.happens = name, .times = n, __VA_ARGS__	\
	}

EVENT(vfio_reset, 3, .gates = true, .single = true);
EVENT(hot_reset, 2, .gates = true, .single = true);
EVENT(neighbour_hot_reset, 1, .gates = true, .lags = true);
EVENT(sysfs_reset, 3, .gates = true, .lags = true, .single = true);
EVENT(sysfs_methods, 1, .gates = true, .lags = true, .single = true);
EVENT(bridge_reset, 2, .gates = true, .lags = true);
EVENT(flr_bit, 2);
EVENT(memory_space, 2, .alone = true);
EVENT(bus_master, 2, .alone = true);
EVENT(d3_by_config, 2, .alone = true);
EVENT(low_power, 2);

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
}

FIXTURE_TEARDOWN(event)
{
	munmap(self->memory, MAPPED);
	user_close(&self->user);
}

TEST_F(event, while_touched)
{
	struct touchers *touchers = &self->touchers;
	char name[NAME_MAX + 1];
	bool gates = variant->gates;
	const char *broken;
	struct state state;
	unsigned int i;
	int ret = 0;

	/* This one has an FLR */
	if (variant->happens == flr_bit && topology_is("model"))
		gates = true;
	if (variant->single && neighbour_find(name))
		SKIP(return, "the bus can't be reset for one function alone");
	state_take(&state, self->memory, MAPPED);
	if (!variant->alone)
		ASSERT_TRUE(touchers_start(touchers));
	/* Longer only where no toucher got to run while the memory was away */
	for (i = 0; !ret && (i < variant->times ||
			     (gates && !touchers->refused && i < 20));
	     i++) {
		ret = variant->happens(&self->user);
		if (variant->lags)
			EXPECT_TRUE(wait_live(10000));
	}
	touchers_stop(touchers);
	if (ret == NOT_HERE)
		SKIP(return, "not on this device");

	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, touchers->wrong);
	EXPECT_EQ(!variant->alone, touchers->touched > 0);
	EXPECT_EQ(gates, touchers->refused > 0);
	broken = state_broken(&state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* Opening and closing reset as well: what one leaves the next one finds */
TEST(open_and_close)
{
	struct user user;
	struct region region;
	struct state state;
	const char *broken;
	unsigned int i;
	char byte;

	ASSERT_TRUE(memory_ready());
	state = (struct state){ .decoder = hw_decoder(0) };
	ASSERT_EQ(CTRL_COMMITTED, state.decoder.ctrl & CTRL_COMMITTED);
	for (i = 1; i < 4; i++) {
		ASSERT_EQ(0, user_open(&user));
		broken = state_broken(&state);
		EXPECT_EQ(NULL, broken) TH_LOG("open: %s", broken);
		ASSERT_EQ(0, user_find(&user,
				       VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
				       &region));
		EXPECT_EQ(1, pread(user.device, &byte, 1, region.offset + MIB));
		EXPECT_TRUE(i == 1 || byte == i - 1);
		byte = i;
		EXPECT_EQ(1, pwrite(user.device, &byte, 1,
				    region.offset + MIB));
		user_close(&user);
	}
	broken = state_broken(&state);
	EXPECT_EQ(NULL, broken) TH_LOG("close: %s", broken);
}

TEST_HARNESS_MAIN
