// SPDX-License-Identifier: GPL-2.0-only
/* The mailbox: how it is found in a register block that may say anything. */
#include "unit.h"

#include "fake_mbox.h"

UNIT_RANDOM_DEFINE

#define ORDER		11
#define PAYLOAD		2048

/* In the order in which fake_mbox_init() makes them */
enum { VENDOR, MAILBOX, STATUS, MEMDEV };

struct bench {
	struct fake_mbox fake;
	struct vfio_cxl_mbox mbox;
};

static int find(struct bench *b)
{
	b->fake.reads = 0;

	return vfio_cxl_mbox_find(&b->mbox, &b->fake.io, b->fake.size);
}

FIXTURE(block) {
	struct bench b;
	struct fake_mbox *fake;
	struct vfio_cxl_mbox *mbox;
};

FIXTURE_SETUP(block)
{
	self->fake = &self->b.fake;
	self->mbox = &self->b.mbox;
	fake_mbox_init(self->fake, ORDER);
}

FIXTURE_TEARDOWN(block)
{
	EXPECT_EQ(0, self->fake->broken);
	/* Looking changes nothing, and does not wait */
	EXPECT_EQ(0, self->fake->commands);
	EXPECT_EQ(0, self->fake->sleeps);
	fake_mbox_exit(self->fake);
	EXPECT_NO_LEAK();
}

/* What it comes to when a dword of an entry is something else */
static int with(struct bench *b, unsigned int entry, unsigned int dword,
		u32 value)
{
	u32 *at = &fake_mbox_entry(&b->fake, entry)[dword];
	u32 old = *at;
	int ret;

	*at = value;
	ret = find(b);
	*at = old;

	return ret;
}

TEST_F(block, found)
{
	ASSERT_EQ(0, find(&self->b));
	EXPECT_EQ(FAKE_STATUS_AT, self->mbox->status);
	EXPECT_EQ(FAKE_MBOX_AT, self->mbox->registers);
	EXPECT_EQ(FAKE_MEMDEV_AT, self->mbox->memdev);
	EXPECT_EQ(PAYLOAD, self->mbox->payload);
	EXPECT_EQ(9, self->mbox->ready_s);
	EXPECT_FALSE(self->mbox->late);
}

TEST_F(block, no_array)
{
	self->fake->array[0] = 5;
	EXPECT_EQ(-EINVAL, find(&self->b));
	self->fake->array[0] = 0;
	self->fake->array[1] = 0;
	EXPECT_EQ(-ENOENT, find(&self->b));
}

TEST_F(block, array_longer_than_the_block)
{
	self->fake->array[1] = self->fake->size / 16;
	EXPECT_EQ(-EINVAL, find(&self->b));
	self->fake->array[1] = 0xffff;
	EXPECT_EQ(-EINVAL, find(&self->b));
	/* It ends with the block */
	self->fake->array[1] = 4;
	self->fake->size = 5 * 16;
	EXPECT_EQ(-EINVAL, find(&self->b));
	self->fake->array[1] = 1;
	self->fake->size = 2 * 16;
	EXPECT_EQ(-ENOENT, find(&self->b));
	self->fake->size--;
	EXPECT_EQ(-EINVAL, find(&self->b));
}

TEST_F(block, smaller_than_it_says)
{
	u32 size = self->fake->size, n;

	for (n = 0; n < size; n += n < 0x300 ? 1 : 64) {
		self->fake->size = n;
		EXPECT_EQ(-EINVAL, find(&self->b));
	}
	self->fake->size = size;
	EXPECT_EQ(0, find(&self->b));
}

TEST_F(block, missing)
{
	EXPECT_EQ(-ENOENT, with(&self->b, MAILBOX, FAKE_CAP_ID, 0x10003));
	EXPECT_EQ(-ENOENT, with(&self->b, STATUS, FAKE_CAP_ID, 0x10000));
	EXPECT_EQ(0, with(&self->b, MEMDEV, FAKE_CAP_ID, 0x14001));
	EXPECT_EQ(0, self->mbox->memdev);
	EXPECT_EQ(0, vfio_cxl_mbox_ready(self->mbox));
}

TEST_F(block, twice)
{
	EXPECT_EQ(-EINVAL, with(&self->b, VENDOR, FAKE_CAP_ID, 0x10001));
	EXPECT_EQ(-EINVAL, with(&self->b, MEMDEV, FAKE_CAP_ID, 0x10001));
	EXPECT_EQ(-EINVAL, with(&self->b, STATUS, FAKE_CAP_ID, 0x14000));
	fake_mbox_add_cap(self->fake, 2, FAKE_MBOX_AT, 0x20 + PAYLOAD);
	EXPECT_EQ(-EINVAL, find(&self->b));
}

TEST_F(block, anywhere_in_the_array)
{
	u32 *vendor = fake_mbox_entry(self->fake, VENDOR);
	u32 *mailbox = fake_mbox_entry(self->fake, MAILBOX);

	/* Whatever others say of themselves */
	vendor[FAKE_CAP_OFFSET] = 0xffffffff;
	vendor[FAKE_CAP_LENGTH] = 0xffffffff;
	ASSERT_EQ(0, find(&self->b));
	/* Also in the first and last entry, and of a later version */
	vendor[FAKE_CAP_ID] = 0x20002;
	vendor[FAKE_CAP_OFFSET] = mailbox[FAKE_CAP_OFFSET];
	vendor[FAKE_CAP_LENGTH] = mailbox[FAKE_CAP_LENGTH];
	mailbox[FAKE_CAP_ID] = 3;
	ASSERT_EQ(0, find(&self->b));
	EXPECT_EQ(FAKE_MBOX_AT, self->mbox->registers);
}

TEST_F(block, place)
{
	static const u32 bad[] = {
		0, 0x40,		/* in the array */
		FAKE_STATUS_AT + 4,	/* misaligned */
		FAKE_MBOX_AT - 0xff8,	/* wraps, where it is used */
		FAKE_MBOX_AT, FAKE_PAYLOAD_AT, /* in the mailbox */
		0x10000000, 0xfffffff8,	/* outside the block */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, with(&self->b, STATUS, FAKE_CAP_OFFSET,
					bad[i]))
			TH_LOG("%#x", bad[i]);
		EXPECT_EQ(-EINVAL, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
					bad[i]))
			TH_LOG("%#x", bad[i]);
	}
	/* One on the other, side by side, behind the array and before the end */
	EXPECT_EQ(-EINVAL, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
				FAKE_STATUS_AT));
	EXPECT_EQ(0, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
			  FAKE_STATUS_AT + 8));
	EXPECT_EQ(0, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
			  FAKE_STATUS_AT - 8));
	EXPECT_EQ(0, with(&self->b, MEMDEV, FAKE_CAP_OFFSET, 0x50));
	EXPECT_EQ(0, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
			  FAKE_MBOX_AT - 8));
	EXPECT_EQ(-EINVAL, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
				self->fake->size - 8));
	EXPECT_EQ(-EINVAL, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
				self->fake->size));
	self->fake->size += 8;
	EXPECT_EQ(0, with(&self->b, MEMDEV, FAKE_CAP_OFFSET,
			  self->fake->size - 8));
}

TEST_F(block, length)
{
	static const u32 bad[] = { 0, 7, 0x101, 0x10000000, 0xfffffff8 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, with(&self->b, STATUS, FAKE_CAP_LENGTH,
					bad[i]));
		EXPECT_EQ(-EINVAL, with(&self->b, MEMDEV, FAKE_CAP_LENGTH,
					bad[i]));
	}
	/* To the last byte before the next one */
	EXPECT_EQ(0, with(&self->b, STATUS, FAKE_CAP_LENGTH, 0x10));
	EXPECT_EQ(-EINVAL, with(&self->b, STATUS, FAKE_CAP_LENGTH, 0x11));
	EXPECT_EQ(-EINVAL, with(&self->b, MAILBOX, FAKE_CAP_LENGTH,
				0x20 + PAYLOAD - 1));
	EXPECT_EQ(-EINVAL, with(&self->b, MAILBOX, FAKE_CAP_LENGTH, 0x11f));
	EXPECT_EQ(-EINVAL, with(&self->b, MAILBOX, FAKE_CAP_LENGTH,
				0x20 + PAYLOAD + 1));
}

TEST_F(block, payload_size)
{
	u32 order;

	self->fake->size = 0x20000000;
	fake_mbox_entry(self->fake, MAILBOX)[FAKE_CAP_LENGTH] = 0x1ffffe00;
	for (order = 0; order < 32; order++) {
		self->fake->mbox_cap = order;
		if (order < 8 || order > 20) {
			EXPECT_EQ(-EINVAL, find(&self->b));
			continue;
		}
		EXPECT_EQ(0, find(&self->b));
		EXPECT_EQ(1U << order, self->mbox->payload);
		EXPECT_EQ(0, self->mbox->ready_s);
	}
}

TEST_F(block, gone)
{
	int ret;
	u64 n;

	for (n = 0; n < 100; n++) {
		self->fake->gone_after = n;
		ret = find(&self->b);
		if (!ret)
			break;
		EXPECT_EQ(-ENODEV, ret);
	}
	EXPECT_EQ(0, ret);
	EXPECT_EQ(n, self->fake->reads);
	/* Array, four entries, three capabilities, one register */
	EXPECT_EQ(1 + 4 + 2 * 3 + 1, n);
}

TEST_F(block, event_status)
{
	u32 events;

	ASSERT_EQ(0, find(&self->b));
	ASSERT_EQ(0, vfio_cxl_mbox_event_status(self->mbox, &events));
	EXPECT_EQ(0, events);
	self->fake->event_status = 0x1200000010ULL;
	ASSERT_EQ(0, vfio_cxl_mbox_event_status(self->mbox, &events));
	EXPECT_EQ(CXL_EVENT_STATUS_DC, events);
	self->fake->event_status = 0xffffffff;
	ASSERT_EQ(0, vfio_cxl_mbox_event_status(self->mbox, &events));
	EXPECT_EQ(0xffffffff, events);
	self->fake->gone_after = 0;
	EXPECT_EQ(-ENODEV, vfio_cxl_mbox_event_status(self->mbox, &events));
	EXPECT_EQ(0, events);
}

TEST_F(block, ready)
{
	ASSERT_EQ(0, find(&self->b));
	EXPECT_EQ(0, vfio_cxl_mbox_ready(self->mbox));
	self->fake->memdev_status = ~(u64)FAKE_MBOX_READY;
	EXPECT_EQ(-EAGAIN, vfio_cxl_mbox_ready(self->mbox));
	self->fake->gone_after = 0;
	EXPECT_EQ(-ENODEV, vfio_cxl_mbox_ready(self->mbox));
}

TEST_HARNESS_MAIN
