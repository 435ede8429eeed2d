// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity when the driver goes, and another comes: what is kept, what is
 * found, and what one that died has left in the device.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

#define EXTENT	(4 * MIB)

/* One extent of a tenant's, one that root took */
FIXTURE(driver) {
	struct dc dc;
	struct extent mine;
	struct extent roots;
};

FIXTURE_SETUP(driver)
{
	struct dc *dc = &self->dc;

	ASSERT_EQ(0, dc_begin(dc));
	ASSERT_TRUE(extent_offer(dc, 0, 0, EXTENT, &self->mine));
	ASSERT_TRUE(extent_offer(dc, 0, EXTENT, EXTENT, &self->roots));
	ASSERT_EQ(0, extent_accept(dc->user.device, &self->mine,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_EQ(0, extent_accept(dc->node, &self->roots,
				   VFIO_CXL_DC_REACH_DEVICE, &dc->answer));
	ASSERT_EQ(1, pwrite(dc->user.device, "\x22", 1,
			    dc->region.offset + self->roots.at));
}

FIXTURE_TEARDOWN(driver)
{
	/* If the test failed while it was not bound */
	dev_bind();
	dc_end(&self->dc);
}

static bool listed(struct dc *dc, struct vfio_cxl_dc_extent *extent)
{
	__u32 count;

	return !dc_list(dc->node, extent, 1, &count) && count == 1;
}

static bool node_again(struct dc *dc)
{
	close(dc->node);
	dc->node = control_open();

	return dc->node >= 0;
}

/* Found again, by nobody reached, until somebody says for whom it is */
TEST_F(driver, comes_again)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_extent found = {};
	struct extent pending, by_id = {};
	char byte;

	ASSERT_TRUE(extent_offer(dc, 1, 0, EXTENT, &pending));
	user_close(&self->dc.user);
	ASSERT_TRUE(dev_unbind());
	/* Refused, given back, kept */
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_TRUE(dev_bind());
	ASSERT_TRUE(node_again(dc));
	ASSERT_TRUE(memory_ready());
	EXPECT_TRUE(within(SOON, listed(dc, &found)));
	EXPECT_EQ(dc->info.region[0].dpa + EXTENT, found.dpa);
	EXPECT_EQ(EXTENT, found.length);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, found.state);
	EXPECT_EQ(VFIO_CXL_DC_REACH_NONE, found.reach);
	EXPECT_EQ(VFIO_CXL_REASON_DC_RECOVERED, found.reason);
	EXPECT_NE(0, found.flags & VFIO_CXL_DC_EXTENT_RECOVERED);
	EXPECT_EQ(0, found.offer);
	if (*self->roots.tag.text) {
		EXPECT_EQ(-1, dc_status(dc->node, &self->roots.tag,
					&dc->status));
		EXPECT_EQ(ENOENT, errno);
	}

	ASSERT_EQ(0, dc_extent(dc->node, found.id, &dc->status));
	EXPECT_NE(0, dc->status.flags & VFIO_CXL_DC_STATUS_RECOVERED);
	EXPECT_EQ(EXTENT, dc->status.bytes[VFIO_CXL_DC_COMMITTED]);

	ASSERT_EQ(0, dc_open(dc));
	by_id.id = found.id;
	EXPECT_EQ(VFIO_CXL_DC_NONE, extent_state(dc->user.device, &by_id));
	EXPECT_EQ(-1, pread(dc->user.device, &byte, 1,
			    dc->region.offset + found.offset));
	EXPECT_EQ(EIO, errno);
	ASSERT_EQ(0, extent_accept(dc->node, &by_id, VFIO_CXL_DC_REACH_DEVICE,
				   &dc->answer));
	EXPECT_EQ(0, dc->answer.flags);
	EXPECT_EQ(1, pread(dc->user.device, &byte, 1,
			   dc->region.offset + found.offset));
	EXPECT_EQ(0x22, byte);
	EXPECT_EQ(0, extent_release(dc->node, &by_id, 0, &dc->answer));
	EXPECT_TRUE(fm_has(0, 0));
}

/* Nothing is kept, where that is wanted */
TEST_F(driver, gives_all_back)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_extent found;
	struct vfio_cxl_dc_info info;

	user_close(&self->dc.user);
	ASSERT_TRUE(param_set("dc_unbind_release", "1"));
	EXPECT_TRUE(dev_unbind());
	ASSERT_TRUE(param_set("dc_unbind_release", "0"));
	EXPECT_TRUE(fm_has(0, 0));
	ASSERT_TRUE(dev_bind());
	ASSERT_TRUE(node_again(dc));
	EXPECT_TRUE(within(SOON, !dc_info(dc->node, &info) &&
			   info.flags & VFIO_CXL_DC_INFO_SYNCED));
	EXPECT_FALSE(listed(dc, &found));
}

/*
 * The device's mailbox past any driver, as the test bed reaches it: it is at a
 * fixed place in BAR 2.
 */
struct mailbox {
	unsigned long long at;
};

static __u32 mailbox_read(const struct mailbox *m, unsigned int offset)
{
	const char *text = bed("mmio read %#llx 4", m->at + offset);

	return text ? strtoul(text, NULL, 16) : ~0U;
}

static void mailbox_write(const struct mailbox *m, unsigned int offset,
			  unsigned int size, __u64 value)
{
	bed("mmio write %#llx %#llx %u", m->at + offset,
	    (unsigned long long)value, size);
}

static bool mailbox_find(struct mailbox *m)
{
	unsigned long long starts[3] = {};
	__u16 command = 2;
	char path[128];
	FILE *file;
	int i, fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource",
		 dev_bdf());
	file = fopen(path, "r");
	for (i = 0; file && i < 3; i++)
		fscanf(file, "%llx %*x %*x", &starts[i]);
	if (file)
		fclose(file);
	/* Nobody has it bound, and memory space may be off */
	fd = dev_config();
	if (fd < 0 || pwrite(fd, &command, 2, 4) != 2)
		return false;
	close(fd);
	m->at = starts[2] + 0x88;

	return starts[2];
}

/* A command with one or two words; returns its code */
static int mailbox_command(const struct mailbox *m, __u16 opcode, __u32 size,
			   __u32 first, __u32 second)
{
	int tries = 100;

	mailbox_write(m, 0x20, 4, first);
	mailbox_write(m, 0x24, 4, second);
	mailbox_write(m, 0x08, 8, opcode | size << 16);
	mailbox_write(m, 0x04, 4, 1);
	while (mailbox_read(m, 0x04) & 1 && tries--)
		usleep(1000);

	return mailbox_read(m, 0x14) & 0xffff;
}

/* Take a record of an offer out of the log, as a driver that died then */
static bool log_lose_one(const struct mailbox *m)
{
	__u32 handle;

	if (mailbox_command(m, 0x0100, 1, 4, 0))
		return false;
	/* Behind the header of 0x20 bytes, at 0x14 of the record */
	handle = mailbox_read(m, 0x20 + 0x20 + 0x14) & 0xffff;

	/* Log, flags, count, and at 6 the handle */
	return handle &&
	       !mailbox_command(m, 0x0101, 8, 4 | 1 << 16, handle << 16);
}

/* A driver comes after one that died, and left an offer that nobody knows */
static void hide_offer(struct __test_metadata *_metadata,
		       FIXTURE_DATA(driver) *self)
{
	struct piece hidden = { 0, EXTENT };
	struct dc *dc = &self->dc;
	struct mailbox m;

	user_close(&self->dc.user);
	ASSERT_EQ(0, extent_release(dc->node, &self->roots, 0, &dc->answer));
	EXPECT_TRUE(within(SOON, extent_state(dc->node, &self->mine) ==
			   VFIO_CXL_DC_RELEASED));
	ASSERT_TRUE(dev_unbind());
	ASSERT_TRUE(mailbox_find(&m));
	ASSERT_TRUE(fm_add(1, &hidden, 1));
	ASSERT_TRUE(log_lose_one(&m));
	EXPECT_TRUE(fm_has(0, 1));
	ASSERT_TRUE(dev_bind());
	ASSERT_TRUE(node_again(dc));
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, dc_open(dc));
}

/*
 * It stands before all others in the device: the first answer is not taken, and
 * one empty one digs it out.
 */
TEST_F(driver, comes_after_one_that_died)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_info info;
	struct extent e;

	hide_offer(_metadata, self);
	ASSERT_TRUE(extent_offer(dc, 0, 0, EXTENT, &e));
	ASSERT_EQ(0, extent_accept(dc->user.device, &e,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_EQ(0, dc->answer.flags);
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(1, info.offers);
	EXPECT_EQ(1, info.recoveries);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(dc->node, &e));
	/* All is well again: what comes now is answered at once */
	ASSERT_TRUE(extent_offer(dc, 1, 0, EXTENT, &e));
	ASSERT_EQ(0, extent_accept(dc->user.device, &e,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(1, info.recoveries);
	EXPECT_TRUE(fm_has(2, 0));
}

/* Refused is the one that nobody knows, until another one is accepted */
TEST_F(driver, refuses_after_one_that_died)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_info info;
	struct extent e;

	hide_offer(_metadata, self);
	ASSERT_TRUE(extent_offer(dc, 0, 0, EXTENT, &e));
	ASSERT_EQ(0, extent_reject(dc->node, &e, &dc->answer));
	EXPECT_EQ(VFIO_CXL_DC_REJECTED, extent_state(dc->node, &e));
	EXPECT_TRUE(fm_has(0, 1));
	ASSERT_TRUE(extent_offer(dc, 1, 0, EXTENT, &e));
	ASSERT_EQ(0, extent_accept(dc->user.device, &e,
				   VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_EQ(0, dc_info(dc->node, &info));
	EXPECT_EQ(1, info.recoveries);
}

/* Offered while nobody was there: in the log, for whoever comes */
TEST_F(driver, comes_after_an_offer)
{
	struct dc *dc = &self->dc;
	struct vfio_cxl_dc_info info;
	struct piece piece = { 0, EXTENT };

	user_close(&self->dc.user);
	ASSERT_TRUE(dev_unbind());
	ASSERT_TRUE(fm_add(1, &piece, 1));
	ASSERT_TRUE(dev_bind());
	ASSERT_TRUE(node_again(dc));
	EXPECT_TRUE(within(SOON, !dc_info(dc->node, &info) &&
			   info.nr[VFIO_CXL_DC_PENDING] == 1));
	EXPECT_EQ(1, info.offers);
	EXPECT_EQ(1, info.nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_TRUE(fm_has(1, 1));
}

TEST_HARNESS_MAIN
