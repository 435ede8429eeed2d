// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity that the emulator's device can't do, from one that behaves: real
 * memory, release by force, More, payloads of other sizes, answers after RETRY and
 * BUSY, a mailbox that is ready late, an interrupt on the last vector.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "model_dc.h"
#include "tag.h"

#define VECTORS	8
#define CONFIG	(7ULL << 40)

FIXTURE(good) {
	struct dc dc;
	struct tag tag;
};

FIXTURE_SETUP(good)
{
	ASSERT_EQ(0, model_begin(&self->dc, ""));
	self->tag = tag_new();
}

FIXTURE_TEARDOWN(good)
{
	model_end(&self->dc);
}

/* What it says of itself */
TEST_F(good, is_told)
{
	struct vfio_cxl_dc_info info;

	ASSERT_EQ(0, dc_info(self->dc.node, &info));
	EXPECT_NE(0, info.flags & VFIO_CXL_DC_INFO_CAPABLE);
	EXPECT_NE(0, info.flags & VFIO_CXL_DC_INFO_SYNCED);
	EXPECT_EQ(0, info.reason);
	ASSERT_EQ(2, info.region_count);
	EXPECT_EQ(REGION_0, info.region[0].dpa);
	EXPECT_EQ(256 * MIB, info.region[0].length);
	EXPECT_EQ(BLOCK, info.region[0].block_size);
	EXPECT_EQ(256 * MIB, info.region[0].covered);
	EXPECT_EQ(REGION_0, info.region[0].offset);
	EXPECT_EQ(REGION_1, info.region[1].dpa);
	EXPECT_EQ(2048, info.extents_supported);
}

/* All the way, and the bytes are the medium's */
TEST_F(good, comes_and_goes)
{
	struct dc *dc = &self->dc;
	const char *bytes;
	char *memory;

	memory = model_map(dc, REGION_0, 2 * BLOCK);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(SIGBUS, touch(memory, true));
	ASSERT_TRUE(model_take(dc, REGION_0, 2 * BLOCK, &self->tag));
	EXPECT_TRUE(model_has(1, 0));
	ASSERT_EQ(0, touch(memory, true));
	strcpy(memory, "tenant");
	strcpy(memory + 2 * BLOCK - 16, "tail");
	bytes = bed("media read static 0x40000000 6");
	ASSERT_NE(NULL, bytes);
	EXPECT_EQ(0, strncmp(bytes, "74656e616e74", 12));

	ASSERT_TRUE(bed("model dcd0 withdraw 0x40000000 0x400000 %s",
			self->tag.text));
	ASSERT_TRUE(within(SOON, !dc_status(dc->node, &self->tag, &dc->status) &&
			   dc->status.requests == 1));
	/* When is the user's to say */
	EXPECT_EQ(0, strcmp(memory, "tenant"));
	EXPECT_EQ(0, dc_release(dc->user.device, &self->tag, 0, &dc->answer));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_RELEASED, SOON));
	EXPECT_EQ(SIGBUS, touch(memory, true));
	EXPECT_TRUE(model_has(0, 0));
}

/* Gone at once, and nothing is answered; what is beside it stays */
TEST_F(good, is_taken_away_by_force)
{
	struct tag other = tag_new(), again = tag_new();
	struct dc *dc = &self->dc;
	unsigned long commands;
	char *memory;

	memory = model_map(dc, REGION_0, 2 * BLOCK);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_TRUE(model_take(dc, REGION_0, BLOCK, &self->tag));
	ASSERT_TRUE(model_take(dc, REGION_0 + BLOCK, BLOCK, &other));
	memory[0] = 1;
	memory[BLOCK] = 2;
	ASSERT_TRUE(bed("model dcd0 force 0x40000000 0x200000 %s",
			self->tag.text));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_REVOKED, SOON));
	ASSERT_EQ(0, dc_status(dc->node, &self->tag, &dc->status));
	EXPECT_EQ(VFIO_CXL_REASON_DC_FORCED, dc->status.reason);
	EXPECT_EQ(SIGBUS, touch(memory, true));
	EXPECT_EQ(0, touch(memory + BLOCK, false));
	EXPECT_EQ(2, memory[BLOCK]);
	EXPECT_EQ(0, dc_release(dc->user.device, &self->tag, 0, &dc->answer));
	EXPECT_NE(0, dc->answer.flags & VFIO_CXL_DC_DECIDE_ALREADY);
	EXPECT_TRUE(counts(dc, revoked, 1));
	EXPECT_TRUE(model_has(1, 0));
	/* And is seen to do nothing more about it */
	commands = model_count("command ");
	usleep(300000);
	EXPECT_GE(commands + 2, model_count("command "));

	ASSERT_TRUE(model_take(dc, REGION_0, BLOCK, &again));
	EXPECT_EQ(0, touch(memory, true));
}

/* Before it is answered: the offer is refused, once */
TEST_F(good, is_taken_away_while_it_is_offered)
{
	struct dc *dc = &self->dc;

	ASSERT_TRUE(model_offer(REGION_0, BLOCK, &self->tag));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	ASSERT_TRUE(bed("model dcd0 force 0x40000000 0x200000 %s",
			self->tag.text));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_REVOKED, SOON));
	EXPECT_TRUE(model_has(0, 0));
	EXPECT_TRUE(model_works(dc));
}

/* It vanished without a word: the list tells, after a reset */
TEST_F(good, is_lost_in_a_reset)
{
	struct tag other = tag_new();
	struct dc *dc = &self->dc;

	ASSERT_TRUE(model_take(dc, REGION_0, BLOCK, &self->tag));
	ASSERT_TRUE(model_take(dc, REGION_1, BLOCK, &other));
	ASSERT_TRUE(bed("model dcd0 lose 0x40000000 0x200000"));
	ASSERT_EQ(0, ioctl(dc->user.device, VFIO_DEVICE_RESET));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_REVOKED, SOON));
	ASSERT_EQ(0, dc_status(dc->node, &self->tag, &dc->status));
	EXPECT_EQ(VFIO_CXL_REASON_DC_MISSING, dc->status.reason);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc_state(dc->node, &other));
}

/* Two, and three records are one offer, which is taken with one answer */
TEST_F(good, offers_with_more)
{
	struct tag three = tag_new();
	struct dc *dc = &self->dc;

	ASSERT_TRUE(bed("model dcd0 offer 0x40000000 0x200000 %s 0 more",
			self->tag.text));
	usleep(300000);
	EXPECT_EQ(VFIO_CXL_DC_NONE, dc_state(dc->node, &self->tag));
	ASSERT_TRUE(bed("model dcd0 offer 0x40400000 0x200000 %s", self->tag.text));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	ASSERT_TRUE(bed("model dcd0 offer 0x50000000 0x200000 %s 0 more + "
			"offer 0x50400000 0x200000 %s 0 more + "
			"offer 0x50800000 0x200000 %s", three.text, three.text,
			three.text));
	ASSERT_TRUE(dc_becomes(dc->node, &three, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_TRUE(model_has(0, 5));
	ASSERT_EQ(0, dc_status(dc->node, &three, &dc->status));
	EXPECT_EQ(3, dc->status.nr[VFIO_CXL_DC_PENDING]);
	/* The second waits for the first, which came before it */
	ASSERT_EQ(0, dc_accept(dc->user.device, &three, VFIO_CXL_DC_REACH_TENANT,
			       &dc->answer));
	EXPECT_EQ(VFIO_CXL_DC_ACCEPTING, dc_state(dc->node, &three));
	EXPECT_TRUE(model_has(0, 5));
	ASSERT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(dc_becomes(dc->node, &three, VFIO_CXL_DC_COMMITTED, SOON));
	EXPECT_TRUE(model_has(5, 0));
	EXPECT_TRUE(counts(dc, answers, 2));
}

/* Asked again while it says so, and not told that it is done before it is */
TEST_F(good, is_busy)
{
	struct dc *dc = &self->dc;

	ASSERT_TRUE(device_does("mbox return 5 0x4802 3 + mbox return 6 0x4803 2"));
	ASSERT_TRUE(model_take(dc, REGION_0, BLOCK, &self->tag));
	EXPECT_TRUE(model_has(1, 0));
	EXPECT_EQ(0, dc_release(dc->user.device, &self->tag, 0, &dc->answer));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_RELEASED, SOON));
	EXPECT_TRUE(model_has(0, 0));
}

/* Longer than one command is tried: later, from the work, and it is accepted */
TEST_F(good, is_busy_for_long)
{
	struct dc *dc = &self->dc;

	ASSERT_TRUE(device_does("mbox return 6 0x4802"));
	ASSERT_TRUE(model_offer(REGION_0, BLOCK, &self->tag));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_NE(0, dc->answer.flags & VFIO_CXL_DC_DECIDE_QUEUED);
	EXPECT_EQ(VFIO_CXL_DC_ACCEPTING, dc_state(dc->node, &self->tag));
	ASSERT_TRUE(device_does("mbox honest"));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_COMMITTED, SOON));
	EXPECT_TRUE(model_has(1, 0));
}

/* A third of a second for each command, of which there are four at least */
TEST_F(good, is_slow)
{
	struct dc *dc = &self->dc;
	long since;

	ASSERT_TRUE(device_does("mbox doorbell slow 0 300"));
	since = elapsed_ms(0);
	EXPECT_TRUE(model_take(dc, REGION_0, BLOCK, &self->tag));
	EXPECT_LE(1200, elapsed_ms(since));
	EXPECT_TRUE(device_does("mbox doorbell ok"));
	EXPECT_TRUE(model_works(dc));
}

/* Who resets waits for it, but not for more than the two seconds it says it takes */
TEST_F(good, mailbox_is_late_after_a_reset)
{
	struct dc *dc = &self->dc;
	long since, longest;
	int status;
	pid_t child;

	ASSERT_TRUE(device_does("mbox unready"));
	since = elapsed_ms(0);
	ASSERT_EQ(0, ioctl(dc->user.device, VFIO_DEVICE_RESET));
	longest = elapsed_ms(since);
	EXPECT_LE(1900, longest);
	child = fork();
	if (!child) {
		usleep(500000);
		_exit(!device_does("mbox ready"));
	}
	since = elapsed_ms(0);
	ASSERT_EQ(0, ioctl(dc->user.device, VFIO_DEVICE_RESET));
	since = elapsed_ms(since);
	EXPECT_LE(300, since);
	EXPECT_GT(longest, since);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(model_works(dc));
}

/* Its log overflows: what it dropped is known from nothing, the rest goes on */
TEST_F(good, log_overflows)
{
	struct dc *dc = &self->dc;
	struct tag lost = tag_new();

	ASSERT_TRUE(bed("model dcd0 room 1 + offer 0x40000000 0x200000 %s + "
			"event 0 0x40200000 0x200000 %s + room 64",
			self->tag.text, lost.text));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_TRUE(counts(dc, overflows, 1));
	EXPECT_EQ(VFIO_CXL_DC_NONE, dc_state(dc->node, &lost));
	EXPECT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_COMMITTED, SOON));
	EXPECT_TRUE(model_works(dc));
}

static int vector_eventfd(int device, __u32 vector)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)];
	struct vfio_irq_set *set = (void *)buf;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	*set = (struct vfio_irq_set){
		.argsz = sizeof(buf),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.start = vector,
		.count = 1,
	};
	memcpy(set->data, &fd, sizeof(fd));

	return ioctl(device, VFIO_DEVICE_SET_IRQS, set) ? -1 : fd;
}

/* The interrupt is the user's, as all are, and nobody takes his records from him */
TEST_F(good, interrupt_is_the_users)
{
	struct vfio_irq_info irq = {
		.argsz = sizeof(irq),
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};
	struct dc *dc = &self->dc;
	struct pollfd last = { .events = POLLIN };
	__u16 command = 6;
	__u64 count = 0;
	int first;

	ASSERT_EQ(0, ioctl(dc->user.device, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(VECTORS, irq.count);
	first = vector_eventfd(dc->user.device, 0);
	ASSERT_LE(0, first);
	last.fd = vector_eventfd(dc->user.device, VECTORS - 1);
	ASSERT_LE(0, last.fd);
	ASSERT_EQ(2, pwrite(dc->user.device, &command, 2, CONFIG + 4));
	ASSERT_TRUE(device_does("mbox interrupt on"));
	ASSERT_TRUE(model_take(dc, REGION_0, BLOCK, &self->tag));
	EXPECT_EQ(1, poll(&last, 1, SOON));
	EXPECT_EQ(sizeof(count), read(last.fd, &count, sizeof(count)));
	EXPECT_EQ(1, count);
	EXPECT_EQ(-1, read(first, &count, sizeof(count)));
	/* Nobody else's */
	ASSERT_TRUE(device_does("irq 0"));
	last.fd = first;
	EXPECT_EQ(1, poll(&last, 1, SOON));
	EXPECT_EQ(1, model_count("irq "));
}

/* ---- payloads ---- */

#define HELD	20		/* more than a page of 256 bytes has, or two */
#define OFFERED	10		/* as many as an answer of 256 bytes has */

FIXTURE(payload) {
	struct dc dc;
};

FIXTURE_VARIANT(payload) {
	unsigned int bytes;
};

FIXTURE_VARIANT_ADD(payload, least) { .bytes = 256 };
FIXTURE_VARIANT_ADD(payload, page) { .bytes = 4096 };
FIXTURE_VARIANT_ADD(payload, large) { .bytes = 65536 };
/* Of which the driver uses a part */
FIXTURE_VARIANT_ADD(payload, larger) { .bytes = 524288 };

FIXTURE_SETUP(payload)
{
	char commands[4096], *at = commands;
	int i;

	at += sprintf(at, "mbox payload %u", variant->bytes);
	for (i = 0; i < HELD; i++)
		at += sprintf(at, " + hold %#llx 0x200000 -",
			      REGION_0 + i * 2 * BLOCK);
	self->dc = (struct dc){ .user = USER_CLOSED, .node = -1 };
	ASSERT_TRUE(device_is(MODEL_DC));
	ASSERT_TRUE(device_does(commands));
	ASSERT_TRUE(dev_bind());
	self->dc.node = control_open();
	ASSERT_LE(0, self->dc.node);
}

FIXTURE_TEARDOWN(payload)
{
	model_end(&self->dc);
}

/* A list of several pages, an offer of many records, and all given back */
TEST_F(payload, is_used)
{
	struct vfio_cxl_dc_extent list[64];
	char commands[4096], *at = commands;
	struct dc *dc = &self->dc;
	struct tag tag = tag_new();
	__u32 count, i;

	ASSERT_EQ(0, dc_list(dc->node, list, 64, &count));
	ASSERT_EQ(HELD, count);
	for (i = 0; i < count; i++) {
		EXPECT_EQ(VFIO_CXL_DC_COMMITTED, list[i].state);
		EXPECT_EQ(REGION_0 + i * 2 * BLOCK, list[i].dpa);
		EXPECT_NE(0, list[i].flags & VFIO_CXL_DC_EXTENT_RECOVERED);
	}
	/* Which gives back what was found */
	ASSERT_EQ(0, dc_begin(dc));
	EXPECT_TRUE(model_has(0, 0));

	for (i = 0; i < OFFERED; i++)
		at += sprintf(at, "%soffer %#llx 0x200000 %s 0%s",
			      i ? " + " : "", REGION_1 + i * 2 * BLOCK, tag.text,
			      i < OFFERED - 1 ? " more" : "");
	ASSERT_TRUE(device_does(commands));
	ASSERT_TRUE(dc_becomes(dc->node, &tag, VFIO_CXL_DC_PENDING, SOON));
	ASSERT_EQ(0, dc_accept(dc->user.device, &tag, VFIO_CXL_DC_REACH_TENANT,
			       &dc->answer));
	ASSERT_TRUE(dc_becomes(dc->node, &tag, VFIO_CXL_DC_COMMITTED, SOON));
	EXPECT_TRUE(model_has(OFFERED, 0));
	/* And read again, all pages of it, with nothing to find */
	ASSERT_EQ(0, ioctl(dc->user.device, VFIO_DEVICE_RESET));
	ASSERT_TRUE(dc_settles(dc->node, SOON));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc_state(dc->node, &tag));
	EXPECT_EQ(0, dc_release(dc->user.device, &tag, 0, &dc->answer));
	EXPECT_TRUE(dc_becomes(dc->node, &tag, VFIO_CXL_DC_RELEASED, SOON));
	EXPECT_TRUE(model_has(0, 0));
}

/* ---- at probe ---- */

FIXTURE(probe) {
	int node;
};

FIXTURE_SETUP(probe)
{
	self->node = -1;
}

FIXTURE_TEARDOWN(probe)
{
	close(self->node);
	EXPECT_TRUE(device_bound(""));
}

/* After a reset it may need its time; what it has is known afterwards */
TEST_F(probe, mailbox_is_ready_late)
{
	struct vfio_cxl_dc_info info;

	ASSERT_TRUE(device_bound(MODEL_DC " + mbox unready"));
	self->node = control_open();
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_EQ(VFIO_CXL_REASON_DC_NOT_SYNCED, info.reason);
	EXPECT_EQ(0, model_count("command "));
	ASSERT_TRUE(device_does("mbox ready"));
	EXPECT_TRUE(within(SOON, !dc_info(self->node, &info) &&
			   info.flags & VFIO_CXL_DC_INFO_SYNCED));
	EXPECT_EQ(2, info.region_count);
}

/* The attribute table can't be had: then nothing is taken for sharable */
TEST_F(probe, attributes_make_no_sense)
{
	struct vfio_cxl_dc_info info;

	/* What the DOE mailbox answers with */
	ASSERT_TRUE(device_bound(MODEL_DC " + dc region 0 0x40000000 "
				 "0x10000000 0x200000 8 + lie cfg 0x294 0x77"));
	self->node = control_open();
	EXPECT_TRUE(within(SOON, !dc_info(self->node, &info) &&
			   info.flags & VFIO_CXL_DC_INFO_SYNCED));
	EXPECT_EQ(2, info.region_count);
	EXPECT_EQ(0, info.region[0].flags & VFIO_CXL_DC_REGION_SHARABLE);
	EXPECT_TRUE(memory_ready());
}

/* A mailbox, and no region behind it */
TEST_F(probe, no_region)
{
	struct vfio_cxl_dc_info info;

	ASSERT_TRUE(device_bound("dc on"));
	self->node = control_open();
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_NE(0, info.flags & VFIO_CXL_DC_INFO_SYNCED);
	EXPECT_EQ(0, info.region_count);
	EXPECT_TRUE(memory_ready());
}

/* The list changes once while it is read: it is read again, and whole */
TEST_F(probe, list_changes_while_it_is_read)
{
	struct vfio_cxl_dc_extent list[64];
	struct vfio_cxl_dc_info info;
	char commands[4096], *at = commands;
	__u32 count, i;

	/* Of the second page generation, and first entry */
	at += sprintf(at, MODEL_DC " + mbox payload 256 + "
		      "mbox patch 0x4801 8 77 4 1 1 + "
		      "mbox patch 0x4801 16 0x5fe00000 8 1 1");
	for (i = 0; i < HELD; i++)
		at += sprintf(at, " + hold %#llx 0x200000 -",
			      REGION_0 + i * 2 * BLOCK);
	ASSERT_TRUE(device_bound(commands));
	self->node = control_open();
	ASSERT_EQ(0, dc_info(self->node, &info));
	EXPECT_NE(0, info.flags & VFIO_CXL_DC_INFO_SYNCED);
	ASSERT_EQ(0, dc_list(self->node, list, 64, &count));
	ASSERT_EQ(HELD, count);
	for (i = 0; i < count; i++)
		EXPECT_EQ(REGION_0 + i * 2 * BLOCK, list[i].dpa);
}

/* ---- memory that other hosts may have too ---- */

FIXTURE(shared) {
	struct dc dc;
	struct tag tag;
};

FIXTURE_SETUP(shared)
{
	struct vfio_cxl_decoder_program program = { .size = GIB + 512 * MIB };

	self->dc = (struct dc){ .user = USER_CLOSED, .node = -1 };
	ASSERT_TRUE(device_bound(MODEL_DC " + "
				 "dc region 0 0x40000000 0x10000000 0x200000 9"));
	/* What is not alike is not covered by default */
	ASSERT_EQ(0, control_program(&program));
	ASSERT_EQ(0, dc_begin(&self->dc));
	self->tag = tag_new();
}

FIXTURE_TEARDOWN(shared)
{
	model_end(&self->dc);
}

static bool offer_two(const struct tag *tag, unsigned int first,
		      unsigned int second)
{
	return bed("model dcd0 offer 0x40000000 0x200000 %s %u more + "
		   "offer 0x40400000 0x200000 %s %u", tag->text, first,
		   tag->text, second);
}

/* The attribute table says so; a tag numbers its extents, from 0 or 1 on */
TEST_F(shared, is_taken_in_its_order)
{
	struct dc *dc = &self->dc;
	struct tag one = tag_new();

	EXPECT_NE(0, dc->info.region[0].flags & VFIO_CXL_DC_REGION_SHARABLE);
	EXPECT_EQ(0, dc->info.region[1].flags & VFIO_CXL_DC_REGION_SHARABLE);
	EXPECT_NE(0, dc->info.region[0].flags & VFIO_CXL_DC_REGION_SANITIZE);
	EXPECT_EQ(0, dc->info.region[1].flags & VFIO_CXL_DC_REGION_SANITIZE);
	ASSERT_TRUE(offer_two(&self->tag, 1, 0));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_EQ(0, dc_accept(dc->user.device, &self->tag,
			       VFIO_CXL_DC_REACH_TENANT, &dc->answer));
	EXPECT_TRUE(model_has(2, 0));
	EXPECT_EQ(0, dc_release(dc->user.device, &self->tag, 0, &dc->answer));
	ASSERT_TRUE(offer_two(&one, 1, 2));
	EXPECT_TRUE(dc_becomes(dc->node, &one, VFIO_CXL_DC_PENDING, SOON));
	EXPECT_EQ(0, dc_accept(dc->user.device, &one, VFIO_CXL_DC_REACH_TENANT,
			       &dc->answer));
	EXPECT_TRUE(model_has(2, 0));
	EXPECT_TRUE(model_works(dc));
}

/* What is first by its number is first in a descriptor, wherever it is */
TEST_F(shared, is_mapped_in_its_order)
{
	struct dc *dc = &self->dc;
	struct tag again = tag_new();
	char byte, *memory;
	int fd;

	user_close(&dc->user);
	ASSERT_TRUE(offer_two(&self->tag, 1, 0));
	ASSERT_TRUE(dc_becomes(dc->node, &self->tag, VFIO_CXL_DC_PENDING, SOON));
	ASSERT_EQ(0, dc_accept(dc->node, &self->tag, VFIO_CXL_DC_REACH_APP,
			       &dc->answer));
	fd = tag_open_bytes(dc->node, self->tag.bytes, 0);
	ASSERT_LE(0, fd);
	memory = tag_map(fd, PROT_READ | PROT_WRITE, 2 * BLOCK);
	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 0x10;
	memory[BLOCK] = 0x21;
	munmap(memory, 2 * BLOCK);
	close(fd);
	ASSERT_EQ(0, dc_release(dc->node, &self->tag, 0, &dc->answer));
	ASSERT_TRUE(offer_two(&again, 0, 1));
	ASSERT_TRUE(dc_becomes(dc->node, &again, VFIO_CXL_DC_PENDING, SOON));
	ASSERT_EQ(0, user_open(&dc->user));
	ASSERT_EQ(0, dc_accept(dc->user.device, &again, VFIO_CXL_DC_REACH_TENANT,
			       &dc->answer));
	ASSERT_EQ(1, pread(dc->user.device, &byte, 1,
			   dc->region.offset + REGION_0 + 2 * BLOCK));
	EXPECT_EQ(0x10, byte);
	ASSERT_EQ(1, pread(dc->user.device, &byte, 1,
			   dc->region.offset + REGION_0));
	EXPECT_EQ(0x21, byte);
}

/* A gap, twice the same number, no tag: nobody could put it together */
TEST_F(shared, is_refused_out_of_order)
{
	struct tag gap = tag_new(), late = tag_new(), twice = tag_new();
	struct dc *dc = &self->dc;

	ASSERT_TRUE(offer_two(&gap, 0, 2));
	ASSERT_TRUE(offer_two(&late, 2, 3));
	ASSERT_TRUE(offer_two(&twice, 1, 1));
	ASSERT_TRUE(model_offer(REGION_0, BLOCK, NULL));
	EXPECT_TRUE(dc_becomes(dc->node, &gap, VFIO_CXL_DC_REJECTED, SOON));
	EXPECT_TRUE(dc_becomes(dc->node, &late, VFIO_CXL_DC_REJECTED, SOON));
	EXPECT_TRUE(dc_becomes(dc->node, &twice, VFIO_CXL_DC_REJECTED, SOON));
	ASSERT_EQ(0, dc_status(dc->node, &gap, &dc->status));
	EXPECT_EQ(VFIO_CXL_REASON_DC_SEQUENCE, dc->status.reason);
	EXPECT_TRUE(within(SOON, model_has(0, 0)));
	EXPECT_TRUE(model_works(dc));
}

TEST_HARNESS_MAIN
