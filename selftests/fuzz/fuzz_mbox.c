// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device register block, and the mailbox in it, of a device that answers each
 * read as it likes. The input is the block, what is asked of the mailbox, and
 * the answers. What comes of it are errors or luck; what must hold is where is
 * read and written, in which order, and for how long.
 */
#include "input.h"

#include "event_log.h"

#define DWORDS		0x400
#define GONE		0xffffffffU
#define GONE_64		(~0ULL)
#define ROOM		512
#define GUARD		0x5a

/* A command takes 2 s at most, and so does the one before it; then it waits */
#define MOST_US		4300000
#define MOST_READS	20000
#define MOST_COMMANDS	(2 * 64 * 8 + 1024)

enum { CTRL = 4, COMMAND = 8, STATUS = 0x10, PAYLOAD = 0x20 };

struct liar {
	struct input *in;
	u32 dword[DWORDS];
	u8 read[DWORDS];	/* how often, while it is looked for */
	u32 size;
	const struct vfio_cxl_mbox *mbox; /* when it was found */

	/* The command under way */
	bool clear;		/* the doorbell was seen to be */
	bool stuck;
	u64 command;
	u32 written;
	u8 answer[ROOM];
	unsigned int reads;
	u64 waited;
	unsigned int commands;

	/* The event log */
	u8 asked[0x10000 / 8];	/* to be cleared, by handle */
};

static u64 block_read(struct liar *liar, u32 offset, unsigned int bytes)
{
	u64 value = 0;

	must(offset < sizeof(liar->dword), "the array and what it leads to");
	while (bytes) {
		bytes -= 4;
		must(!liar->read[(offset + bytes) / 4]++,
		     "a second look may show otherwise");
		value = value << 32 | liar->dword[(offset + bytes) / 4];
	}

	return value;
}

static u32 liar_read(void *ctx, u32 offset)
{
	struct liar *liar = ctx;
	u8 how;

	must(offset % 4 == 0 && (u64)offset + 4 <= liar->size,
	     "a register is in the block, and aligned");
	must(liar->reads++ < MOST_READS, "no command asks for ever");
	if (!liar->mbox)
		return block_read(liar, offset, 4);

	must(offset == liar->mbox->registers + CTRL,
	     "one register of 32 bits is read: Control");
	how = in_u8(liar->in);
	if (how == 0xff)
		return GONE;
	if (how == 0xfe)
		liar->stuck = true;
	liar->clear = !liar->stuck && !(how & 0x80);

	return how << 1 | !liar->clear;
}

static u64 payload_read(struct liar *liar, u32 at)
{
	static const u8 known[][8] = {
		{ 0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78 },
		{ 0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17 },
		{ 0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18 },
		{ 0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a },
	};
	u64 value;
	u8 how;

	must(liar->mbox && at < liar->mbox->payload, "payload has an end");
	/* Nothing, a small number where counts and handles are, half a UUID */
	how = in_u8(liar->in);
	value = how & 0x80 ? in_bytes(liar->in, 8) :
		how >= 0x7c ? get_unaligned_le64(known[how & 3]) :
		(u64)how << 32;
	if (at < ROOM)
		put_unaligned_le64(value, liar->answer + at);

	return value;
}

static u64 liar_read64(void *ctx, u32 offset)
{
	struct liar *liar = ctx;
	u8 how;

	must(offset % 8 == 0 && (u64)offset + 8 <= liar->size,
	     "a register is in the block, and aligned");
	if (!liar->mbox)
		return block_read(liar, offset, 8);
	if (offset == liar->mbox->status || (liar->mbox->memdev &&
					     offset == liar->mbox->memdev))
		return in_bytes(liar->in, 8);

	must(liar->clear && liar->command, "an answer is there when it is done");
	offset -= liar->mbox->registers;
	if (offset >= PAYLOAD)
		return payload_read(liar, offset - PAYLOAD);
	how = in_u8(liar->in);
	if (how == 0xff)
		return GONE_64;
	if (offset == STATUS)
		return (how & 0x80 ? (u64)in_u16(liar->in) : how & 0x40 ?
			how & 0x1f : 0) << 32 | (how & 0x20);
	must(offset == COMMAND, "of the rest, Command");

	return how & 0x80 ? in_bytes(liar->in, 8) :
	       how & 0x40 ? 0 : (u64)in_u16(liar->in) << 16;
}

static void liar_write(void *ctx, u32 offset, u32 value)
{
	struct liar *liar = ctx;

	must(liar->mbox, "looking changes nothing");
	must(offset == liar->mbox->registers + CTRL,
	     "one register of 32 bits is written: Control");
	must(value == 1, "the doorbell is rung, and nothing else done");
	must(liar->clear, "one command at a time");
	must(liar->command, "a command is there");
	must((liar->command >> 16 & 0x1fffff) <= liar->written,
	     "and its payload");
	must(liar->commands++ < MOST_COMMANDS, "no call asks for ever");
	liar->clear = false;
	liar->stuck = false;
	liar->written = 0;
	liar->waited = 0;
	liar->reads = 0;
}

static void liar_write64(void *ctx, u32 offset, u64 value)
{
	struct liar *liar = ctx;

	must(liar->mbox, "looking changes nothing");
	must(offset % 8 == 0, "a register is aligned");
	must(liar->clear, "nothing is written while a command is under way");
	offset -= liar->mbox->registers;
	if (offset == COMMAND) {
		must(!(value >> 37), "nothing reserved is written");
		must((value >> 16) <= liar->mbox->payload,
		     "no command is longer than the payload");
		liar->command = value;
		return;
	}
	must(offset == PAYLOAD + liar->written &&
	     liar->written < liar->mbox->payload, "payload, from its start");
	liar->written += 8;
}

static void liar_sleep(void *ctx, unsigned int usec)
{
	struct liar *liar = ctx;

	must(liar->mbox, "looking does not wait");
	must(usec, "a wait is one");
	liar->waited += usec;
	must(liar->waited < MOST_US, "no command takes for ever");
}

/*
 * Where it is
 */

/* An array that is one mostly, with what is looked for, and then anything */
static void fill(struct liar *liar)
{
	static const u16 ids[] = { 1, 2, 0x4000, 3 };
	struct input *in = liar->in;
	u8 count = in_u8(in), n;
	u32 *entry;

	liar->dword[0] = 1U << 16;
	liar->dword[1] = count & 0x3f;
	for (n = 1; n <= (count & 0xf) && in->left; n++) {
		u8 how = in_u8(in);

		entry = &liar->dword[4 * n];
		entry[0] = how == 0xff ? GONE : ids[how & 3];
		entry[1] = how & 0x40 ? in_u32(in) : in_u8(in) * 0x10;
		entry[2] = how & 0x20 ? in_u32(in) : in_u8(in) * 0x10;
		/* Mailbox Capabilities */
		if (entry[0] == 2)
			liar->dword[entry[1] / 4 % DWORDS] = in_u8(in);
	}
	if (count & 0x80)
		liar->dword[in_u16(in) % DWORDS] = in_u32(in);
	liar->size = count & 0x40 ? in_u16(in) % sizeof(liar->dword) :
				    sizeof(liar->dword);
}

struct place {
	u64 at;
	u64 end;
};

static bool apart(const struct place *a, const struct place *b)
{
	return !a->end || !b->end || a->end <= b->at || b->end <= a->at;
}

/* As 8.2.8 has it: status, mailbox, memory device */
static int walk(const struct liar *liar, struct place *place, u32 *payload)
{
	static const u16 ids[] = { 1, 2, 0x4000 };
	static const u32 least[] = { 8, 0x120, 8 };
	const u32 *dword = liar->dword;
	u64 head = 16 * ((u64)(dword[1] & 0xffff) + 1);
	unsigned int n, i;
	u32 cap;

	if (liar->size < 16)
		return -EINVAL;
	if (dword[0] == GONE && dword[1] == GONE)
		return -ENODEV;
	if ((dword[0] & 0xffff) || head > liar->size)
		return -EINVAL;
	for (n = 1; n < head / 16; n++) {
		const u32 *entry = &dword[4 * n];

		if (entry[0] == GONE)
			return -ENODEV;
		for (i = 0; i < 3 && ids[i] != (entry[0] & 0xffff); i++)
			;
		if (i == 3)
			continue;
		if (entry[2] == GONE)
			return -ENODEV;
		if (place[i].end || entry[1] < head || entry[1] % 8 ||
		    entry[2] < least[i] ||
		    (u64)entry[1] + entry[2] > liar->size)
			return -EINVAL;
		place[i].at = entry[1];
		place[i].end = (u64)entry[1] + entry[2];
	}
	if (!place[0].end || !place[1].end)
		return -ENOENT;
	if (!apart(&place[0], &place[1]) || !apart(&place[0], &place[2]) ||
	    !apart(&place[1], &place[2]))
		return -EINVAL;
	cap = dword[place[1].at / 4];
	if (cap == GONE)
		return -ENODEV;
	*payload = 1U << (cap & 0x1f);
	if ((cap & 0x1f) < 8 || (cap & 0x1f) > 20 ||
	    place[1].at + 0x20 + *payload > place[1].end)
		return -EINVAL;

	return 0;
}

/*
 * What is asked of it
 */

static bool known(int ret)
{
	return !ret || ret == -EIO || ret == -EBUSY || ret == -ENOSPC ||
	       ret == -ETIMEDOUT || ret == -ENODEV || ret == -E2BIG ||
	       ret == -EINVAL;
}

static int send(struct liar *liar, struct vfio_cxl_mbox *mbox,
		struct vfio_cxl_mbox_cmd *cmd)
{
	unsigned int before = liar->commands;
	int ret;

	liar->waited = 0;
	liar->clear = false;
	liar->reads = 0;
	liar->command = 0;
	liar->stuck = false;
	liar->written = 0;
	ret = vfio_cxl_mbox_command(mbox, cmd);
	must(known(ret), "errors are known");
	must(vfio_cxl_mbox_rc_name(cmd->rc), "a code has a name");
	must(ret != -EIO || cmd->rc, "an error has a code");
	must(liar->commands - before <= 8, "no command is repeated for ever");
	if (ret) {
		must(!cmd->out_size, "where there is an error there is no answer");
		return ret;
	}
	must(!cmd->rc, "success is one");
	must(cmd->out_size <= cmd->out_room && cmd->out_size <= mbox->payload,
	     "no answer is longer than there is room, or payload");
	must(!cmd->out_size || !memcmp(cmd->out, liar->answer, cmd->out_size) ||
	     cmd->out_size > ROOM, "the answer is the device's");

	return 0;
}

static void ask(struct liar *liar, struct vfio_cxl_mbox *mbox, u8 op)
{
	static const u16 opcodes[] = {
		0x0100, 0x0101, 0x0400, 0x4000, 0x4800, 0x4802, 0x4803, 0x4400,
	};
	u8 data[1024], out[ROOM + 16];
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = op & 8 ? in_u16(liar->in) : opcodes[op & 7],
		.in = data,
		.in_size = in_u16(liar->in) % sizeof(data),
		.out = out,
		.out_room = in_u16(liar->in) % (ROOM + 1),
	};
	unsigned int i;

	memset(data, 0xa5, sizeof(data));
	memset(out, GUARD, sizeof(out));
	send(liar, mbox, &cmd);
	for (i = cmd.out_room; i < sizeof(out); i++)
		must(out[i] == GUARD, "nothing is written where no room is");
	must(!liar->command || (liar->command & 0xffff) != 0x4400,
	     "nothing goes on in the background");
}

/*
 * The event log
 */

struct drain {
	struct liar *liar;
	struct vfio_cxl_mbox *mbox;
	unsigned int commands;
	/* Since the beginning */
	unsigned int came;
	unsigned int records;
};

static int drain_send(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_wire_clear *clear = cmd->in;
	struct drain *drain = ctx;
	const u8 *handles = (const u8 *)(clear + 1);
	unsigned int i;
	u16 handle;
	int ret;

	must(++drain->commands <= 2 * 64, "no drain takes for ever");
	for (i = 0; cmd->opcode == CXL_OP_CLEAR_EVENTS && i < clear->count; i++) {
		must(cmd->in_size == sizeof(*clear) + 2 * clear->count,
		     "as many handles as it says");
		handle = get_unaligned_le16(handles + 2 * i);
		must(handle, "no handle is 0");
		drain->liar->asked[handle / 8] |= 1 << handle % 8;
	}

	ret = send(drain->liar, drain->mbox, cmd);
	if (cmd->opcode == CXL_OP_GET_EVENTS && cmd->out_size >= 0x20)
		drain->came += (cmd->out_size - 0x20) / 0x80;

	return ret;
}

static void drain_record(void *ctx, const struct cxl_wire_event *event)
{
	u16 handle = le16_to_cpu(event->handle);
	struct drain *drain = ctx;

	must(drain->liar->asked[handle / 8] & 1 << handle % 8,
	     "nothing is handed over before it is cleared");
	must(++drain->records <= drain->came,
	     "nothing is handed over that was not read");
}

static void drain_overflow(void *ctx, u16 count)
{
	(void)ctx;
	(void)count;
}

static void look(struct liar *liar, struct vfio_cxl_mbox *mbox,
		 struct vfio_cxl_event_log *log, u8 op)
{
	struct drain *drain = log->ops->ctx;
	struct vfio_cxl_identity identity;
	bool dc = false;
	u32 events;
	int ret;

	liar->commands = 0;
	liar->reads = 0;
	liar->waited = 0;
	liar->clear = false;
	switch (op >> 4 & 7) {
	case 0:
		ret = vfio_cxl_mbox_find_dc(mbox, &dc);
		must(!ret || !dc, "after an error there is none");
		break;
	case 1:
		ret = vfio_cxl_mbox_identify(mbox, &identity);
		must(ret || !(identity.total & 0xfffffff), "units are units");
		break;
	case 2:
		ret = vfio_cxl_mbox_event_status(mbox, &events);
		break;
	case 3:
		ret = vfio_cxl_mbox_ready(mbox);
		must(!ret || ret == -EAGAIN || ret == -ENODEV, "it is or not");
		ret = 0;
		break;
	case 4:
	case 5:
		drain->commands = 0;
		ret = vfio_cxl_event_log_drain(log);
		ret = ret == -EAGAIN ? 0 : ret;
		break;
	default:
		ask(liar, mbox, op);
		ret = 0;
	}
	must(known(ret), "errors are known");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct liar liar = { .in = &in };
	const struct vfio_cxl_mbox_io io = {
		.read = liar_read,
		.write = liar_write,
		.read64 = liar_read64,
		.write64 = liar_write64,
		.sleep = liar_sleep,
		.ctx = &liar,
	};
	struct place place[3] = {};
	struct vfio_cxl_event_log log;
	struct vfio_cxl_mbox mbox;
	struct drain drain = { .liar = &liar, .mbox = &mbox };
	const struct vfio_cxl_event_ops ops = {
		.send = drain_send,
		.record = drain_record,
		.ignored = drain_record,
		.overflow = drain_overflow,
		.ctx = &drain,
	};
	u32 payload = 0;
	int ret;

	fill(&liar);
	memset(&mbox, 0xa5, sizeof(mbox));
	ret = vfio_cxl_mbox_find(&mbox, &io, liar.size);
	must(ret == walk(&liar, place, &payload),
	     "it is there, or it is not, or makes no sense");
	if (ret)
		return 0;
	must(mbox.status == place[0].at && mbox.registers == place[1].at &&
	     mbox.memdev == place[2].at && mbox.payload == payload,
	     "it is where the array says");

	liar.mbox = &mbox;
	vfio_cxl_event_log_init(&log, &ops);
	while (in.left)
		look(&liar, &mbox, &log, in_u8(&in));

	return 0;
}
