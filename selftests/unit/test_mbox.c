// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mailbox: how commands go through it, on a device that is slow, busy,
 * long-winded, gone, or says of itself what it likes.
 */
#include "unit.h"

#include "fake_mbox.h"

UNIT_RANDOM_DEFINE

#define ORDER		11
#define PAYLOAD		2048
#define MOST_US		2000000
#define MOST_STEP_US	10000

struct bench {
	struct fake_mbox fake;
	struct vfio_cxl_mbox mbox;
};

static int find(struct bench *b)
{
	return vfio_cxl_mbox_find(&b->mbox, &b->fake.io, b->fake.size);
}

/*
 * One command, with each size of the payload
 */

#define GUARD	0x5a

FIXTURE(command) {
	struct bench b;
	struct fake_mbox *fake;
	struct vfio_cxl_mbox *mbox;
	struct vfio_cxl_mbox_cmd cmd;
	u32 payload;
	u8 *in;
	u8 *out;		/* as large, and some more */
};

FIXTURE_VARIANT(command) {
	unsigned int order;
};

FIXTURE_VARIANT_ADD(command, least) { 8 };
FIXTURE_VARIANT_ADD(command, usual) { ORDER };
FIXTURE_VARIANT_ADD(command, most) { 20 };

FIXTURE_SETUP(command)
{
	u32 i;

	self->fake = &self->b.fake;
	self->mbox = &self->b.mbox;
	self->payload = 1U << variant->order;
	fake_mbox_init(self->fake, variant->order);
	ASSERT_EQ(0, find(&self->b));
	self->in = malloc(self->payload + 8);
	self->out = malloc(self->payload + 16);
	ASSERT_TRUE(self->in && self->out);
	for (i = 0; i < self->payload + 8; i++)
		self->in[i] = i * 11 + (i >> 9) + 1;
	self->cmd = (struct vfio_cxl_mbox_cmd) {
		.opcode = 0x4802,
		.in = self->in,
		.in_size = 20,
		.out = self->out,
		.out_room = self->payload,
	};
	self->fake->answer = 40;
}

FIXTURE_TEARDOWN(command)
{
	EXPECT_EQ(0, self->fake->broken);
	free(self->in);
	free(self->out);
	fake_mbox_exit(self->fake);
	EXPECT_NO_LEAK();
}

/* Send it: what came has to be as it was sent, and nothing behind it written */
static int send(struct __test_metadata *_metadata, struct bench *b,
		struct vfio_cxl_mbox_cmd *cmd)
{
	size_t room = min_t(size_t, cmd->out_room, b->fake.payload_size) + 16;
	u8 *out = cmd->out;
	u32 i, wrong = 0;
	int ret;

	if (out)
		memset(out, GUARD, room);
	cmd->out_size = 77;
	cmd->rc = 77;
	ret = vfio_cxl_mbox_command(&b->mbox, cmd);
	EXPECT_TRUE(!ret || !cmd->out_size);
	if (ret)
		return ret;

	EXPECT_EQ(0, cmd->rc);
	EXPECT_EQ(cmd->opcode, b->fake.last_opcode);
	EXPECT_EQ(cmd->in_size, b->fake.last_length);
	EXPECT_TRUE(!cmd->in_size ||
		    !memcmp(cmd->in, b->fake.last_in, cmd->in_size));
	for (i = 0; out && i < room; i++)
		wrong += out[i] != (i < cmd->out_size ? fake_pattern(i) :
							GUARD);
	EXPECT_EQ(0, wrong);

	return 0;
}

TEST_F(command, input)
{
	static const u32 sizes[] = { 0, 1, 7, 8, 9, 15, 16, 24, 254, 255, 256 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->cmd.in_size = sizes[i];
		EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
		EXPECT_EQ(40, self->cmd.out_size);
	}
	self->cmd.in_size = self->payload;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	self->cmd.in_size = 0;
	self->cmd.in = NULL;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(13, self->fake->commands);
}

TEST_F(command, input_too_long)
{
	self->cmd.in_size = self->payload + 1;
	EXPECT_EQ(-E2BIG, send(_metadata, &self->b, &self->cmd));
	self->cmd.in_size = (size_t)-1;
	EXPECT_EQ(-E2BIG, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(0, self->cmd.rc);
	EXPECT_EQ(0, self->fake->commands);
}

TEST_F(command, output)
{
	static const u32 sizes[] = { 0, 1, 7, 8, 9, 64, 255, 256 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			self->fake->answer = sizes[i];
			self->cmd.out_room = sizes[j];
			self->fake->payload_reads = 0;
			EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
			EXPECT_EQ(min(sizes[i], sizes[j]), self->cmd.out_size);
			/* And nothing is read for nothing */
			EXPECT_EQ((min(sizes[i], sizes[j]) + 7) / 8,
				  self->fake->payload_reads);
		}
	}
	self->fake->answer = self->payload;
	self->cmd.out_room = self->payload + 16;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(self->payload, self->cmd.out_size);
	self->cmd.out = NULL;
	self->cmd.out_room = 0;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(0, self->cmd.out_size);
}

TEST_F(command, length_that_is_a_lie)
{
	self->fake->claims = true;
	self->fake->answer = self->payload;
	self->cmd.out_room = self->payload + 16;
	self->fake->claim = 0x1fffff;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(self->payload, self->cmd.out_size);
	self->fake->claim = self->payload + 1;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(self->payload, self->cmd.out_size);
	self->fake->claim = 3;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(3, self->cmd.out_size);
	self->fake->claim = 0;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(0, self->cmd.out_size);
}

/*
 * Commands on a device that is not in order
 */

FIXTURE(device) {
	struct bench b;
	struct fake_mbox *fake;
	struct vfio_cxl_mbox *mbox;
	struct vfio_cxl_mbox_cmd cmd;
	u8 in[20];
	u8 out[PAYLOAD + 16];
};

FIXTURE_SETUP(device)
{
	unsigned int i;

	self->fake = &self->b.fake;
	self->mbox = &self->b.mbox;
	fake_mbox_init(self->fake, ORDER);
	ASSERT_EQ(0, find(&self->b));
	for (i = 0; i < sizeof(self->in); i++)
		self->in[i] = i + 1;
	self->cmd = (struct vfio_cxl_mbox_cmd) {
		.opcode = 0x4803,
		.in = self->in,
		.in_size = sizeof(self->in),
		.out = self->out,
		.out_room = PAYLOAD,
	};
	self->fake->answer = 40;
}

FIXTURE_TEARDOWN(device)
{
	EXPECT_EQ(0, self->fake->broken);
	fake_mbox_exit(self->fake);
	EXPECT_NO_LEAK();
}

TEST_F(device, return_codes)
{
	int want;
	u32 rc;

	for (rc = 1; rc < 0x40; rc++) {
		self->fake->refusals = 1;
		self->fake->refusal = rc;
		if (rc == 5 || rc == 6)
			continue;
		want = rc == 0x1d ? -ENOSPC : -EIO;
		EXPECT_EQ(want, send(_metadata, &self->b, &self->cmd));
		EXPECT_EQ(rc, self->cmd.rc);
		/* It is final */
		EXPECT_EQ(0, self->fake->refusals);
		EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	}
	self->fake->refusals = 1;
	self->fake->refusal = 0xffff;
	EXPECT_EQ(-EIO, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(0xffff, self->cmd.rc);
	EXPECT_EQ(0, self->fake->sleeps);
}

TEST_F(device, names_of_return_codes)
{
	const char *unknown = vfio_cxl_mbox_rc_name(0x1f);
	u32 rc;

	for (rc = 0; rc < 0x1f; rc++) {
		ASSERT_NE(NULL, vfio_cxl_mbox_rc_name(rc));
		EXPECT_NE(0, strcmp(vfio_cxl_mbox_rc_name(rc), unknown));
	}
	EXPECT_EQ(0, strcmp(vfio_cxl_mbox_rc_name(0xffff), unknown));
	EXPECT_EQ(0, strcmp(vfio_cxl_mbox_rc_name(0), "success"));
	EXPECT_EQ(0, strcmp(vfio_cxl_mbox_rc_name(6), "busy"));
	EXPECT_EQ(0, strcmp(vfio_cxl_mbox_rc_name(0xe), "invalid handle"));
	EXPECT_EQ(0, strcmp(vfio_cxl_mbox_rc_name(0x1e), "invalid extent list"));
}

/* Those that are sent are done at once; others are not even sent */
TEST_F(device, opcodes)
{
	u32 opcode, sent = 0;
	int ret;

	for (opcode = 0; opcode < 0x10000; opcode++) {
		self->cmd.opcode = opcode;
		ret = vfio_cxl_mbox_command(self->mbox, &self->cmd);
		if (ret == -EINVAL)
			continue;
		sent++;
		EXPECT_EQ(opcode, self->fake->last_opcode);
	}
	EXPECT_EQ(9, sent);
	EXPECT_EQ(9, self->fake->commands);
}

TEST_F(device, slow)
{
	static const u32 delays[] = { 1, 10, 500, 10000, 123456, 1999999 };
	unsigned int i;
	u64 from;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		self->fake->slow = 1;
		self->fake->delay_us = delays[i];
		self->fake->sleeps = 0;
		from = self->fake->now_us;
		EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
		/* Soon after it is done, and not asked all the time until then */
		EXPECT_LE(self->fake->now_us - from,
			  delays[i] + min(delays[i] + 10U, MOST_STEP_US + 0U));
		EXPECT_LE(self->fake->sleeps, 10 + delays[i] / 5000);
	}
}

TEST_F(device, too_slow)
{
	u64 from = self->fake->now_us;

	self->fake->slow = 1;
	self->fake->delay_us = FAKE_NEVER;
	EXPECT_EQ(-ETIMEDOUT, send(_metadata, &self->b, &self->cmd));
	EXPECT_GE(self->fake->now_us - from, MOST_US);
	EXPECT_LE(self->fake->now_us - from, MOST_US + MOST_STEP_US);
	EXPECT_TRUE(self->mbox->late);

	/* The next one looks, and doesn't wait for that one again */
	from = self->fake->now_us;
	self->in[0]++;
	EXPECT_EQ(-ETIMEDOUT, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(-ETIMEDOUT, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(from, self->fake->now_us);
	EXPECT_EQ(1, self->fake->commands);

	/* When it is over, that is no answer to another command */
	self->fake->refusals = 1;
	self->fake->refusal = 2;
	fake_mbox_finish(self->fake);
	EXPECT_EQ(0, self->fake->refusals);
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(40, self->cmd.out_size);
	EXPECT_EQ(2, self->fake->commands);
	EXPECT_FALSE(self->mbox->late);

	/* And then others are waited for as before */
	self->fake->slow = 1;
	self->fake->delay_us = 1000000;
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
}

/* What a driver before this one left in it */
TEST_F(device, under_way_already)
{
	struct vfio_cxl_mbox other = *self->mbox;
	u64 from;

	self->fake->slow = 1;
	self->fake->delay_us = 3000000;
	EXPECT_EQ(-ETIMEDOUT, vfio_cxl_mbox_command(&other, &self->cmd));
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(2, self->fake->commands);
	EXPECT_GE(self->fake->now_us, 3000000);
	EXPECT_LE(self->fake->now_us, 3000000 + MOST_STEP_US);

	/* For so long, but not for ever */
	self->fake->slow = 1;
	self->fake->delay_us = FAKE_NEVER;
	EXPECT_EQ(-ETIMEDOUT, vfio_cxl_mbox_command(&other, &self->cmd));
	from = self->fake->now_us;
	EXPECT_EQ(-ETIMEDOUT, send(_metadata, &self->b, &self->cmd));
	EXPECT_GE(self->fake->now_us - from, MOST_US);
	EXPECT_LE(self->fake->now_us - from, MOST_US + MOST_STEP_US);
	EXPECT_EQ(3, self->fake->commands);
}

/* RETRY and BUSY: asked again, with the same input, but not for ever */
TEST_F(device, busy)
{
	unsigned int n, rc;

	for (rc = 5; rc <= 6; rc++) {
		for (n = 1; n < 8; n++) {
			self->fake->refusals = n;
			self->fake->refusal = rc;
			self->fake->commands = 0;
			self->fake->now_us = 0;
			EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
			EXPECT_EQ(40, self->cmd.out_size);
			EXPECT_EQ(n + 1, self->fake->commands);
			/* Each time it is left alone for longer */
			EXPECT_GE(self->fake->now_us, 1000 * ((1U << n) - 1));
			EXPECT_EQ(1000U << (n - 1), self->fake->last_sleep);
		}
		self->fake->refusals = 1000;
		self->fake->commands = 0;
		self->fake->now_us = 0;
		EXPECT_EQ(-EBUSY, send(_metadata, &self->b, &self->cmd));
		EXPECT_EQ(rc, self->cmd.rc);
		EXPECT_EQ(8, self->fake->commands);
		EXPECT_LE(self->fake->now_us, 200000);
		self->fake->refusals = 0;
	}
}

/* It says that it went on in the background, which none of these does */
TEST_F(device, background)
{
	self->fake->refusals = 1;
	self->fake->refusal = 1;
	EXPECT_EQ(-EIO, send(_metadata, &self->b, &self->cmd));
	EXPECT_EQ(1, self->cmd.rc);
	EXPECT_EQ(0, self->fake->sleeps);
	EXPECT_EQ(0, send(_metadata, &self->b, &self->cmd));
}

/* After how many reads may the device go, and the command succeeds? */
static u64 reads_needed(struct __test_metadata *_metadata, struct bench *b,
			struct vfio_cxl_mbox_cmd *cmd)
{
	int ret = -ENODEV;
	u64 n;

	for (n = 0; n < 100; n++) {
		b->fake.reads = 0;
		b->fake.gone_after = n;
		b->fake.slow = 1;
		b->fake.delay_us = 15;
		ret = send(_metadata, b, cmd);
		/* It is plugged in again */
		fake_mbox_finish(&b->fake);
		if (!ret)
			break;
		EXPECT_EQ(-ENODEV, ret);
	}
	EXPECT_EQ(0, ret);

	return n;
}

/* At each read that there is; what came until then is not shown */
TEST_F(device, gone)
{
	/* Doorbell; it again, three times; status, command */
	const u64 least = 1 + 3 + 1 + 1;

	/* 5 of payload, and the doorbell */
	EXPECT_EQ(least + 5 + 1, reads_needed(_metadata, &self->b, &self->cmd));
	self->cmd.out_room = 0;
	EXPECT_EQ(least, reads_needed(_metadata, &self->b, &self->cmd));
}

/*
 * What the device can do
 */

static int find_dc(struct bench *b, bool *dc)
{
	b->fake.commands = 0;

	return vfio_cxl_mbox_find_dc(&b->mbox, dc);
}

TEST_F(device, dynamic_capacity)
{
	bool dc;

	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_TRUE(dc);
	EXPECT_EQ(2, self->fake->commands);
	self->fake->opcodes = 0;
	dc = true;
	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_FALSE(dc);
}

TEST_F(device, dynamic_capacity_not_whole)
{
	unsigned int i;
	u16 opcode;
	bool dc;

	for (i = 0; i < 4; i++) {
		opcode = self->fake->opcode[i];
		self->fake->opcode[i] = i < 2 ? 0x4804 : 0x47ff;
		dc = true;
		EXPECT_EQ(0, find_dc(&self->b, &dc));
		EXPECT_FALSE(dc);
		self->fake->opcode[i] = opcode;

		/* It could go on in the background */
		self->fake->effects[i] |= 0x40;
		dc = true;
		EXPECT_EQ(0, find_dc(&self->b, &dc));
		EXPECT_FALSE(dc);
		self->fake->effects[i] = 0;
	}
	EXPECT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_TRUE(dc);
}

/* Each of the four in another piece of the log, the last one at its end */
TEST_F(device, dynamic_capacity_in_a_long_log)
{
	unsigned int i;
	bool dc;

	self->fake->opcodes = 0;
	for (i = 0; i < 300; i++)
		fake_mbox_add_opcode(self->fake, 0x100, 0);
	for (i = 0; i < 4; i++)
		self->fake->opcode[i ? 100 * i - 1 : 0] = 0x4803 - i;
	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_TRUE(dc);
	EXPECT_EQ(1 + 5, self->fake->commands);
	self->fake->opcode[299] = 0;
	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_FALSE(dc);
}

TEST_F(device, dynamic_capacity_among_other_logs)
{
	bool dc;

	self->fake->logs = 11;
	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_TRUE(dc);
	/* More than there are is nothing to look at */
	self->fake->logs_claimed = 0xffff;
	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_TRUE(dc);
	self->fake->logs = 5;
	self->fake->logs_claimed = 5;
	ASSERT_EQ(0, find_dc(&self->b, &dc));
	EXPECT_FALSE(dc);
	EXPECT_EQ(1, self->fake->commands);
}

TEST_F(device, effects_log_that_is_a_lie)
{
	static const u32 sizes[] = { 0xfffffffc, 0x4004, 1, 0x12, 0x4000 };
	unsigned int i;
	bool dc;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->fake->cel_size = sizes[i];
		dc = true;
		EXPECT_EQ(-EIO, find_dc(&self->b, &dc));
		EXPECT_FALSE(dc);
		/* Of these it is the device that says no */
		EXPECT_EQ(sizes[i] == 0x4000 ? 2 : 1, self->fake->commands);
	}
	self->fake->cel_size = 0;
	self->fake->claims = true;
	self->fake->claim = 7;
	EXPECT_EQ(-EIO, find_dc(&self->b, &dc));
	EXPECT_EQ(1, self->fake->commands);
	/* The log is listed, but 28 bytes of it are less than was asked for */
	self->fake->claim = 8 + 20;
	fake_mbox_add_opcode(self->fake, 0x100, 0);
	fake_mbox_add_opcode(self->fake, 0x100, 0);
	EXPECT_EQ(-EIO, find_dc(&self->b, &dc));
	EXPECT_EQ(2, self->fake->commands);
}

TEST_F(device, effects_log_that_fails)
{
	bool dc = true;

	self->fake->refusals = 1;
	self->fake->refusal = 0x11;
	EXPECT_EQ(-EIO, find_dc(&self->b, &dc));
	EXPECT_FALSE(dc);
	self->fake->refusals = 1;
	self->fake->refused = 0x401;
	self->fake->refusal = 0x1d;
	EXPECT_EQ(-ENOSPC, find_dc(&self->b, &dc));
	EXPECT_FALSE(dc);
}

TEST_F(device, identity)
{
	struct vfio_cxl_identity id;

	self->fake->log_dc = 0x1234;
	ASSERT_EQ(0, vfio_cxl_mbox_identify(self->mbox, &id));
	EXPECT_EQ(4ULL << 28, id.total);
	EXPECT_EQ(1ULL << 28, id.volatile_only);
	EXPECT_EQ(2ULL << 28, id.persistent_only);
	EXPECT_EQ(0, id.partition_align);
	EXPECT_EQ(0x1234, id.log_dc);
	/* More than is known */
	self->fake->identify = 0x60;
	ASSERT_EQ(0, vfio_cxl_mbox_identify(self->mbox, &id));
	EXPECT_EQ(0x1234, id.log_dc);
	/* Without Dynamic Capacity, and with half a number */
	self->fake->identify = 0x43;
	ASSERT_EQ(0, vfio_cxl_mbox_identify(self->mbox, &id));
	EXPECT_EQ(0, id.log_dc);
	EXPECT_EQ(4ULL << 28, id.total);
	self->fake->identify = 0x44;
	ASSERT_EQ(0, vfio_cxl_mbox_identify(self->mbox, &id));
	EXPECT_EQ(0, id.log_dc);
	self->fake->identify = 0x42;
	EXPECT_EQ(-EIO, vfio_cxl_mbox_identify(self->mbox, &id));
	self->fake->identify = 0;
	EXPECT_EQ(-EIO, vfio_cxl_mbox_identify(self->mbox, &id));
}

TEST_F(device, identity_that_is_a_lie)
{
	struct vfio_cxl_identity id;

	self->fake->total = 0xfffffffffULL;
	ASSERT_EQ(0, vfio_cxl_mbox_identify(self->mbox, &id));
	EXPECT_EQ(0xfffffffff0000000ULL, id.total);
	self->fake->total++;
	EXPECT_EQ(-EIO, vfio_cxl_mbox_identify(self->mbox, &id));
	self->fake->refusals = 1;
	self->fake->refusal = 0x1d;
	EXPECT_EQ(-ENOSPC, vfio_cxl_mbox_identify(self->mbox, &id));
}

TEST_HARNESS_MAIN
