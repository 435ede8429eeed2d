// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the mailbox
 *
 * Finds the primary mailbox in a device's register block (CXL 3.1, 8.2.8) and
 * sends commands through it, one at a time, by polling: the device's interrupts
 * are the user's. No wait is for ever, and no command is sent that could go on
 * in the background. The device is believed in nothing: not where its registers
 * are, not how long its answers are, not that it is still there.
 *
 * No locking: see struct vfio_cxl_mbox.
 */
#include "fault.h"
#include "mbox.h"
#include "mbox_wire.h"

/* Device Capabilities Array (8.2.8.1, 8.2.8.2): a head, then entries like it */
#define CAP_ARRAY_ID			GENMASK_ULL(15, 0)
#define CAP_ARRAY_COUNT			GENMASK_ULL(47, 32)
#define CAP_ENTRY			0x10
#define CAP_ID				GENMASK(15, 0)
#define CAP_OFFSET			0x4
#define CAP_LENGTH			0x8

/* Mailbox registers (8.2.8.4) */
#define MBOX_CAP			0x00
#define MBOX_CAP_PAYLOAD		GENMASK(4, 0)
#define MBOX_CAP_READY_TIME		GENMASK(18, 11)
#define MBOX_CTRL			0x04
#define MBOX_CTRL_DOORBELL		BIT(0)
#define MBOX_COMMAND			0x08
#define MBOX_COMMAND_OPCODE		GENMASK_ULL(15, 0)
#define MBOX_COMMAND_LENGTH		GENMASK_ULL(36, 16)
#define MBOX_STATUS			0x10
#define MBOX_STATUS_RC			GENMASK_ULL(47, 32)
#define MBOX_PAYLOAD			0x20

/* 256 bytes to 1 MiB (8.2.8.4.3) */
#define MBOX_PAYLOAD_LEAST		8
#define MBOX_PAYLOAD_MOST		20

/* Memory Device Status (8.2.8.5.1.1) */
#define MEMDEV_MBOX_READY		BIT_ULL(4)

/*
 * A command takes 2 s at most (8.2.8.4). Steps grow from MBOX_WAIT_MIN_US, as
 * most are done at once.
 */
#define MBOX_WAIT_MIN_US		10
#define MBOX_WAIT_MAX_US		10000
#define MBOX_WAIT_TOTAL_US		2000000

/* A device that is busy is asked so often, with waits of 1 to 64 ms between */
#define MBOX_TRIES			8
#define MBOX_RETRY_US			1000

#define ALL_ONES			0xffffffffU
#define ALL_ONES_64			(~0ULL)

/*
 * All commands that may be sent. None of them can go on in the background,
 * where it would keep others waiting, and its end would have to be found out.
 */
static const struct {
	u16 first;
	u16 last;
} mbox_commands[] = {
	{ CXL_OP_GET_EVENTS, CXL_OP_CLEAR_EVENTS },
	{ CXL_OP_GET_SUPPORTED_LOGS, CXL_OP_GET_LOG },
	{ CXL_OP_IDENTIFY, CXL_OP_IDENTIFY },
	{ CXL_OP_DC_FIRST, CXL_OP_DC_LAST },
};

#define MBOX_RC_INTERNAL		0x04

/* Return codes (8.2.8.4.5.1), each with the error that callers see */
static const struct {
	const char *name;
	int error;
} mbox_rc[] = {
	[0x00] = { "success", 0 },
	[0x01] = { "background command started", -EIO },
	[0x02] = { "invalid input", -EIO },
	[0x03] = { "unsupported", -EIO },
	[0x04] = { "internal error", -EIO },
	[0x05] = { "retry required", -EBUSY },
	[0x06] = { "busy", -EBUSY },
	[0x07] = { "media disabled", -EIO },
	[0x08] = { "firmware transfer in progress", -EIO },
	[0x09] = { "firmware transfer out of order", -EIO },
	[0x0a] = { "firmware verification failed", -EIO },
	[0x0b] = { "invalid slot", -EIO },
	[0x0c] = { "activation failed, firmware rolled back", -EIO },
	[0x0d] = { "activation failed, cold reset required", -EIO },
	[0x0e] = { "invalid handle", -EIO },
	[0x0f] = { "invalid physical address", -EIO },
	[0x10] = { "inject poison limit reached", -EIO },
	[0x11] = { "permanent media failure", -EIO },
	[0x12] = { "aborted", -EIO },
	[0x13] = { "invalid security state", -EIO },
	[0x14] = { "incorrect passphrase", -EIO },
	[0x15] = { "unsupported mailbox", -EIO },
	[0x16] = { "invalid payload length", -EIO },
	[0x17] = { "invalid log", -EIO },
	[0x18] = { "interrupted", -EIO },
	[0x19] = { "unsupported feature version", -EIO },
	[0x1a] = { "unsupported feature selection value", -EIO },
	[0x1b] = { "feature transfer in progress", -EIO },
	[0x1c] = { "feature transfer out of order", -EIO },
	[0x1d] = { "resources exhausted", -ENOSPC },
	[0x1e] = { "invalid extent list", -EIO },
};

/**
 * vfio_cxl_mbox_rc_name - a return code in words
 * @rc: the code
 *
 * Return: what the specification calls it, or "unknown return code".
 */
const char *vfio_cxl_mbox_rc_name(u16 rc)
{
	return rc < ARRAY_SIZE(mbox_rc) ? mbox_rc[rc].name :
					  "unknown return code";
}

static u32 mbox_read(const struct vfio_cxl_mbox *mbox, u32 offset)
{
	return mbox->io->read(mbox->io->ctx, mbox->registers + offset);
}

static u64 mbox_read64(const struct vfio_cxl_mbox *mbox, u32 offset)
{
	return mbox->io->read64(mbox->io->ctx, mbox->registers + offset);
}

static void mbox_write64(const struct vfio_cxl_mbox *mbox, u32 offset, u64 value)
{
	mbox->io->write64(mbox->io->ctx, mbox->registers + offset, value);
}

/*
 * Finding it
 */

/* A capability that is looked for, and where it is */
struct mbox_cap {
	u16 id;
	bool optional;
	u32 least;
	u32 offset;
	u32 length;
};

/* The array's entry at @at is of @cap: is what it says in the block, and free? */
static int cap_take(const struct vfio_cxl_mbox_io *io, u32 at, u32 array_end,
		    u32 size, struct mbox_cap *cap)
{
	u32 offset = io->read(io->ctx, at + CAP_OFFSET);
	u32 length = io->read(io->ctx, at + CAP_LENGTH);

	if (length == ALL_ONES)
		return -ENODEV;
	/* Of two there is no telling which is the right one */
	if (cap->length)
		return -EINVAL;
	if (offset < array_end || !IS_ALIGNED(offset, 8) ||
	    length < cap->least || (u64)offset + length > size)
		return -EINVAL;
	cap->offset = offset;
	cap->length = length;

	return 0;
}

static bool cap_overlaps(const struct mbox_cap *a, const struct mbox_cap *b)
{
	return (u64)a->offset < (u64)b->offset + b->length &&
	       (u64)b->offset < (u64)a->offset + a->length;
}

/* Fill in where the @n capabilities @caps are */
static int caps_find(const struct vfio_cxl_mbox_io *io, u32 size,
		     struct mbox_cap *caps, unsigned int n)
{
	u32 count, end, at, id;
	unsigned int i, j;
	u64 array;
	int ret;

	if (size < CAP_ENTRY)
		return -EINVAL;
	array = io->read64(io->ctx, 0);
	if (array == ALL_ONES_64 || vfio_cxl_fails("device register read"))
		return -ENODEV;
	count = FIELD_GET(CAP_ARRAY_COUNT, array);
	end = CAP_ENTRY * (count + 1);
	if (FIELD_GET(CAP_ARRAY_ID, array) || end > size)
		return -EINVAL;

	for (at = CAP_ENTRY; at < end; at += CAP_ENTRY) {
		id = io->read(io->ctx, at);
		if (id == ALL_ONES)
			return -ENODEV;
		for (i = 0; i < n; i++) {
			if (FIELD_GET(CAP_ID, id) != caps[i].id)
				continue;
			ret = cap_take(io, at, end, size, &caps[i]);
			if (ret)
				return ret;
		}
	}

	for (i = 0; i < n; i++) {
		if (!caps[i].length && !caps[i].optional)
			return -ENOENT;
		for (j = 0; j < i; j++)
			if (cap_overlaps(&caps[i], &caps[j]))
				return -EINVAL;
	}

	return 0;
}

/**
 * vfio_cxl_mbox_find - find the mailbox in a device register block
 * @mbox: filled in on success
 * @io: the block
 * @size: its bytes, as far as @io reaches
 *
 * Return: 0; -ENOENT without a mailbox or device status registers; -ENODEV where
 * the registers read all ones; -EINVAL where they make no sense.
 */
int vfio_cxl_mbox_find(struct vfio_cxl_mbox *mbox,
		       const struct vfio_cxl_mbox_io *io, u32 size)
{
	struct mbox_cap caps[] = {
		{ .id = 1, .least = 8 },
		{ .id = 2, .least = MBOX_PAYLOAD + BIT(MBOX_PAYLOAD_LEAST) },
		{ .id = 0x4000, .least = 8, .optional = true },
	};
	unsigned int order;
	u32 cap;
	int ret;

	memset(mbox, 0, sizeof(*mbox));
	mbox->io = io;
	ret = caps_find(io, size, caps, ARRAY_SIZE(caps));
	if (ret)
		return ret;
	mbox->status = caps[0].offset;
	mbox->registers = caps[1].offset;
	mbox->memdev = caps[2].offset;

	cap = mbox_read(mbox, MBOX_CAP);
	if (cap == ALL_ONES)
		return -ENODEV;
	order = FIELD_GET(MBOX_CAP_PAYLOAD, cap);
	if (order < MBOX_PAYLOAD_LEAST || order > MBOX_PAYLOAD_MOST ||
	    MBOX_PAYLOAD + BIT(order) > caps[1].length)
		return -EINVAL;
	mbox->payload = BIT(order);
	mbox->ready_s = FIELD_GET(MBOX_CAP_READY_TIME, cap);

	return 0;
}

/**
 * vfio_cxl_mbox_event_status - which event logs have records
 * @mbox: the mailbox
 * @events: CXL_EVENT_STATUS_*; a hint only, which a reset may clear
 *
 * Return: 0, or -ENODEV where the register reads all ones.
 */
int vfio_cxl_mbox_event_status(const struct vfio_cxl_mbox *mbox, u32 *events)
{
	u64 status = mbox->io->read64(mbox->io->ctx, mbox->status);

	*events = 0;
	if (status == ALL_ONES_64)
		return -ENODEV;
	*events = status;

	return 0;
}

/**
 * vfio_cxl_mbox_ready - may commands be sent, after a reset?
 * @mbox: the mailbox; what it needs at most is @mbox->ready_s
 *
 * Return: 0, also if the device has no word for it; -EAGAIN if not yet; -ENODEV
 * where the register reads all ones.
 */
int vfio_cxl_mbox_ready(const struct vfio_cxl_mbox *mbox)
{
	u64 status;

	if (!mbox->memdev)
		return 0;
	status = mbox->io->read64(mbox->io->ctx, mbox->memdev);
	if (status == ALL_ONES_64)
		return -ENODEV;

	return status & MEMDEV_MBOX_READY ? 0 : -EAGAIN;
}

/*
 * Sending
 */

/* Wait until the doorbell is clear, for @limit microseconds and a step */
static int mbox_wait(struct vfio_cxl_mbox *mbox, unsigned int limit)
{
	unsigned int step = MBOX_WAIT_MIN_US, waited = 0;
	u32 ctrl;

	if (vfio_cxl_fails("doorbell")) {
		mbox->late = true;
		return -ETIMEDOUT;
	}

	for (;;) {
		ctrl = mbox_read(mbox, MBOX_CTRL);
		if (ctrl == ALL_ONES)
			return -ENODEV;
		mbox->late = ctrl & MBOX_CTRL_DOORBELL;
		if (!mbox->late)
			return 0;
		if (waited >= limit)
			return -ETIMEDOUT;
		mbox->io->sleep(mbox->io->ctx, step);
		waited += step;
		step = min_t(unsigned int, 2 * step, MBOX_WAIT_MAX_US);
	}
}

/* The last qword is filled up with zeros, as all of it is payload registers */
static void payload_write(const struct vfio_cxl_mbox *mbox, const u8 *in,
			  size_t size)
{
	size_t at, n;
	u8 qword[8];

	for (at = 0; at < size; at += n) {
		n = min_t(size_t, size - at, sizeof(qword));
		memset(qword, 0, sizeof(qword));
		memcpy(qword, in + at, n);
		mbox_write64(mbox, MBOX_PAYLOAD + at,
			     get_unaligned_le64(qword));
	}
}

static void payload_read(const struct vfio_cxl_mbox *mbox, u8 *out, size_t size)
{
	size_t at, n;
	u8 qword[8];

	for (at = 0; at < size; at += n) {
		n = min_t(size_t, size - at, sizeof(qword));
		put_unaligned_le64(mbox_read64(mbox, MBOX_PAYLOAD + at), qword);
		memcpy(out + at, qword, n);
	}
}

/* How long the answer is says the device; as much is taken as there can be */
static int mbox_answer(const struct vfio_cxl_mbox *mbox,
		       struct vfio_cxl_mbox_cmd *cmd)
{
	u64 command = mbox_read64(mbox, MBOX_COMMAND);
	size_t length = FIELD_GET(MBOX_COMMAND_LENGTH, command);

	if (command == ALL_ONES_64)
		return -ENODEV;
	length = min_t(size_t, length, mbox->payload);
	length = min_t(size_t, length, cmd->out_room);
	payload_read(mbox, cmd->out, length);
	/* All ones could be data: is it from a device that is still there? */
	if (length && mbox_read(mbox, MBOX_CTRL) == ALL_ONES)
		return -ENODEV;
	cmd->out_size = length;

	return 0;
}

/* In the order of 8.2.8.4; nothing is written while a command is under way */
static int mbox_try(struct vfio_cxl_mbox *mbox, struct vfio_cxl_mbox_cmd *cmd)
{
	u64 status;
	int ret;

	if (vfio_cxl_fails("mailbox command")) {
		cmd->rc = MBOX_RC_INTERNAL;
		return -EIO;
	}

	/* One that was waited for once already is not waited for again */
	ret = mbox_wait(mbox, mbox->late ? 0 : MBOX_WAIT_TOTAL_US);
	if (ret)
		return ret;

	payload_write(mbox, cmd->in, cmd->in_size);
	mbox_write64(mbox, MBOX_COMMAND,
		     FIELD_PREP(MBOX_COMMAND_OPCODE, cmd->opcode) |
		     FIELD_PREP(MBOX_COMMAND_LENGTH, cmd->in_size));
	/* And no interrupt, which a driver before this one may have enabled */
	mbox->io->write(mbox->io->ctx, mbox->registers + MBOX_CTRL,
			MBOX_CTRL_DOORBELL);
	ret = mbox_wait(mbox, MBOX_WAIT_TOTAL_US);
	if (ret)
		return ret;

	status = mbox_read64(mbox, MBOX_STATUS);
	if (status == ALL_ONES_64)
		return -ENODEV;
	cmd->rc = FIELD_GET(MBOX_STATUS_RC, status);
	if (cmd->rc >= ARRAY_SIZE(mbox_rc))
		return -EIO;
	ret = mbox_rc[cmd->rc].error;

	return ret ?: mbox_answer(mbox, cmd);
}

static bool mbox_known(u16 opcode)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mbox_commands); i++)
		if (opcode >= mbox_commands[i].first &&
		    opcode <= mbox_commands[i].last)
			return true;

	return false;
}

/**
 * vfio_cxl_mbox_command - send a command and wait for its answer
 * @mbox: the mailbox
 * @cmd: the command; @cmd->out_size and @cmd->rc are filled in
 *
 * A device that asks for it is asked again, a few times, with waits between.
 * When there is no answer in time, what became of the command is not known; the
 * next one looks whether the mailbox is free again.
 *
 * Return: 0 if the device answered with success; -EIO if it answered with an
 * error, which @cmd->rc says; -EBUSY if it was busy for too long, -ENOSPC if it
 * has no room; -ETIMEDOUT without an answer within 2 s; -ENODEV if it is gone;
 * -E2BIG if @cmd->in_size is more than a payload; -EINVAL for a command that
 * this driver doesn't send; an error of @begin.
 */
int vfio_cxl_mbox_command(struct vfio_cxl_mbox *mbox,
			  struct vfio_cxl_mbox_cmd *cmd)
{
	unsigned int left = MBOX_TRIES, step = MBOX_RETRY_US;
	int ret;

	cmd->out_size = 0;
	cmd->rc = 0;
	if (!mbox_known(cmd->opcode))
		return -EINVAL;
	if (cmd->in_size > mbox->payload)
		return -E2BIG;

	for (;;) {
		ret = mbox->io->begin ? mbox->io->begin(mbox->io->ctx) : 0;
		if (ret)
			return ret;
		ret = mbox_try(mbox, cmd);
		if (mbox->io->end)
			mbox->io->end(mbox->io->ctx, cmd, ret);
		if (ret != -EBUSY || !--left)
			return ret;
		mbox->io->sleep(mbox->io->ctx, step);
		step *= 2;
	}
}
