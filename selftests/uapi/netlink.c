// SPDX-License-Identifier: GPL-2.0-only
/* The log of changes by generic netlink: who hears what, and who may ask. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "genl.h"
#include "log.h"

/* So long that what is going to come has come */
#define LATE	300

FIXTURE(netlink) {
	struct vfio_cxl_dc_info info;
	struct netlink_change change;
	struct netlink_device device;
	struct tag tag;
	struct vfio_cxl_dc_event event;
	int node;
	int nl;
};

FIXTURE_SETUP(netlink)
{
	ASSERT_TRUE(memory_ready());
	self->node = control_open();
	self->nl = netlink_open();
	ASSERT_LE(0, self->nl);
	ASSERT_TRUE(fm_settles(0, 0));
	self->tag = tag_new();
}

FIXTURE_TEARDOWN(netlink)
{
	close(self->nl);
	close(self->node);
	dc_give_all_back();
}

/* A message has all that is read, but what is of one reader alone */
TEST_F(netlink, each_entry)
{
	__u32 all = ((1U << (VFIO_CXL_A_CHANGE_MAX + 1)) - 1) & ~1U;
	int i;

	ASSERT_EQ(0, netlink_join(self->nl));
	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, netlink_change(self->nl, SOON, &self->change));
		EXPECT_EQ(all, self->change.seen);
		EXPECT_EQ(0, strcmp(dev_bdf(), self->change.device));
		ASSERT_TRUE(next(self->node, &self->event));
		EXPECT_EQ(0, memcmp(&self->event, &self->change.event,
				    sizeof(self->event)));
	}
	EXPECT_TRUE(is_of(&self->change.event, &self->tag,
			  VFIO_CXL_DC_REJECTED));
	EXPECT_EQ(-ETIMEDOUT, netlink_change(self->nl, 0, &self->change));
}

/* Who begins to listen hears what comes, and nothing of before */
TEST_F(netlink, from_then_on)
{
	struct tag later = tag_new();

	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	ASSERT_EQ(0, netlink_join(self->nl));
	EXPECT_EQ(-ETIMEDOUT, netlink_change(self->nl, LATE, &self->change));
	ASSERT_TRUE(offer_and_reject(self->node, &later));
	ASSERT_EQ(0, netlink_change(self->nl, SOON, &self->change));
	EXPECT_TRUE(is_of(&self->change.event, &later, VFIO_CXL_DC_PENDING));
	ASSERT_EQ(0, netlink_change(self->nl, SOON, &self->change));

	ASSERT_EQ(0, netlink_leave(self->nl));
	self->tag = tag_new();
	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	EXPECT_EQ(-ETIMEDOUT, netlink_change(self->nl, LATE, &self->change));
}

TEST_F(netlink, how_far)
{
	struct netlink_device devices[4];

	ASSERT_TRUE(offer_and_reject(self->node, &self->tag));
	ASSERT_EQ(0, dc_info(self->node, &self->info));
	ASSERT_EQ(0, netlink_device(self->nl, dev_bdf(), &self->device));
	EXPECT_EQ(0, strcmp(dev_bdf(), self->device.name));
	EXPECT_EQ(self->info.sequence, self->device.sequence);
	ASSERT_EQ(1, netlink_devices(self->nl, devices, 4));
	EXPECT_EQ(0, strcmp(dev_bdf(), devices[0].name));
	EXPECT_EQ(self->info.sequence, devices[0].sequence);

	EXPECT_EQ(-EINVAL, netlink_device(self->nl, NULL, &self->device));
	EXPECT_EQ(-ENODEV, netlink_device(self->nl, "0000:00:00.0",
					  &self->device));
	/* Longer than any name is */
	EXPECT_EQ(-EINVAL, netlink_device(self->nl,
					  "0123456789abcdef0123456789abcdef",
					  &self->device));

	ASSERT_TRUE(dev_unbind());
	EXPECT_EQ(-ENODEV, netlink_device(self->nl, dev_bdf(), &self->device));
	EXPECT_EQ(0, netlink_devices(self->nl, devices, 4));
	ASSERT_TRUE(dev_bind());
	close(self->node);
	self->node = control_open();
}

/* What is for CAP_SYS_ADMIN alone; 0 where it is refused, else which was not */
static int refused(int nl)
{
	struct netlink_device devices[4];

	if (netlink_join(nl) != -EPERM)
		return 1;
	if (netlink_device(nl, dev_bdf(), devices) != -EPERM)
		return 2;
	if (netlink_devices(nl, devices, 4) != -EPERM)
		return 3;

	return 0;
}

TEST_F(netlink, nobody)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(setresuid(65534, 65534, 65534) ? 9 :
		      refused(netlink_open()));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Who is root elsewhere only finds no such family */
TEST_F(netlink, other_namespace)
{
	const char *kernel = getenv("VFIO_CXL_KERNEL");
	__u16 family;
	__u32 group;
	int status;
	pid_t pid;

	if (kernel && !strcmp(kernel, "debug"))
		SKIP(return, "the debug kernel has no namespaces");
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
			_exit(9);
		_exit(netlink_family(netlink_open(), &family, &group) !=
		      -ENOENT);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
