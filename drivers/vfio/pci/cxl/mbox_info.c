// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: what a device says of itself
 *
 * Asks through the mailbox which commands a device does, and how large it is
 * (CXL 3.1, 8.2.9.5 and 8.2.9.9.1). Locking as in mbox.c.
 */
#include "mbox.h"
#include "mbox_wire.h"

/* Entries of the Command Effects Log that fit the least payload */
#define CEL_PIECE			64
/* Bytes of it: no device does 4096 commands */
#define CEL_MOST			SZ_16K

/* How long the Command Effects Log is; 0 if there is none */
static int cel_size(struct vfio_cxl_mbox *mbox, u32 *size)
{
	static const u8 cel[CXL_UUID_SIZE] = CXL_CEL_UUID;
	struct {
		struct cxl_wire_logs head;
		/* Many more than there are, and they fit the least payload */
		struct cxl_wire_log log[12];
	} __packed answer;
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = CXL_OP_GET_SUPPORTED_LOGS,
		.out = &answer,
		.out_room = sizeof(answer),
	};
	size_t count, i;
	int ret;

	*size = 0;
	ret = vfio_cxl_mbox_command(mbox, &cmd);
	if (ret)
		return ret;
	if (cmd.out_size < sizeof(answer.head))
		return -EIO;

	count = (cmd.out_size - sizeof(answer.head)) / sizeof(answer.log[0]);
	count = min_t(size_t, count, le16_to_cpu(answer.head.count));
	for (i = 0; i < count; i++)
		if (!memcmp(answer.log[i].uuid, cel, sizeof(cel)))
			*size = le32_to_cpu(answer.log[i].size);

	return 0;
}

/**
 * vfio_cxl_mbox_find_dc - can the device do Dynamic Capacity?
 * @mbox: the mailbox
 * @dc: whether its Command Effects Log has all four commands, and says of none
 *	that it may go on in the background
 *
 * Return: 0; an error of vfio_cxl_mbox_command(); -EIO also where the answers
 * make no sense.
 */
int vfio_cxl_mbox_find_dc(struct vfio_cxl_mbox *mbox, bool *dc)
{
	struct cxl_wire_get_log in = { .uuid = CXL_CEL_UUID };
	struct cxl_wire_effect effect[CEL_PIECE];
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = CXL_OP_GET_LOG,
		.in = &in,
		.in_size = sizeof(in),
		.out = effect,
	};
	u32 size, at, op, i, found = 0;
	int ret;

	*dc = false;
	ret = cel_size(mbox, &size);
	if (ret)
		return ret;
	if (size > CEL_MOST || size % sizeof(effect[0]))
		return -EIO;

	for (at = 0; at < size; at += cmd.out_size) {
		cmd.out_room = min_t(size_t, size - at, sizeof(effect));
		in.offset = cpu_to_le32(at);
		in.length = cpu_to_le32(cmd.out_room);
		ret = vfio_cxl_mbox_command(mbox, &cmd);
		if (ret)
			return ret;
		if (cmd.out_size != cmd.out_room)
			return -EIO;
		for (i = 0; i < cmd.out_size / sizeof(effect[0]); i++) {
			op = le16_to_cpu(effect[i].opcode) - CXL_OP_DC_FIRST;
			if (op <= CXL_OP_DC_LAST - CXL_OP_DC_FIRST &&
			    !(le16_to_cpu(effect[i].effects) &
			      CXL_EFFECT_BACKGROUND))
				found |= BIT(op);
		}
	}
	*dc = found == GENMASK(CXL_OP_DC_LAST - CXL_OP_DC_FIRST, 0);

	return 0;
}

static bool to_bytes(__le64 units, u64 *bytes)
{
	return !check_mul_overflow(le64_to_cpu(units), (u64)SZ_256M, bytes);
}

/**
 * vfio_cxl_mbox_identify - what a device says of itself
 * @mbox: the mailbox
 * @identity: filled in on success
 *
 * Return: 0; an error of vfio_cxl_mbox_command(); -EIO also where the answer
 * makes no sense.
 */
int vfio_cxl_mbox_identify(struct vfio_cxl_mbox *mbox,
			   struct vfio_cxl_identity *identity)
{
	struct cxl_wire_identify answer;
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = CXL_OP_IDENTIFY,
		.out = &answer,
		.out_room = sizeof(answer),
	};
	int ret;

	ret = vfio_cxl_mbox_command(mbox, &cmd);
	if (ret)
		return ret;
	if (cmd.out_size < CXL_IDENTIFY_LEAST ||
	    !to_bytes(answer.total, &identity->total) ||
	    !to_bytes(answer.volatile_only, &identity->volatile_only) ||
	    !to_bytes(answer.persistent_only, &identity->persistent_only) ||
	    !to_bytes(answer.partition_align, &identity->partition_align))
		return -EIO;
	identity->log_dc = cmd.out_size < sizeof(answer) ? 0 :
			   le16_to_cpu(answer.log_dc);

	return 0;
}
