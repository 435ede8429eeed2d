// SPDX-License-Identifier: GPL-2.0-only
/* What the device answers. */
#include "fake_dcd_parts.h"

#define RC_LENGTH	0x16	/* Invalid Payload Length */
#define MORE		0x01	/* the list is continued by another command */

static u64 entry_dpa(const struct cxl_dc_entries *in, u32 i)
{
	return le64_to_cpu(in->entry[i].dpa);
}

static u64 entry_len(const struct cxl_dc_entries *in, u32 i)
{
	return le64_to_cpu(in->entry[i].length);
}

static bool is_nothing(const struct fake_dcd *fake,
		       const struct vfio_cxl_mbox_cmd *cmd, u32 i)
{
	return fake->quirks & FAKE_DCD_NOTHING_BACK &&
	       cmd->opcode == CXL_DC_RELEASE && !entry_len(cmd->in, i);
}

static bool in_one_region(const struct fake_dcd *fake, u64 dpa, u64 len)
{
	u64 size = fake->region_blocks * DCD_BLOCK;

	return fake_dcd_is_inside(fake, dpa, len) &&
	       (dpa - fake->base) / size == (dpa + len - 1 - fake->base) / size;
}

static u16 check_entry(struct fake_dcd *fake, const struct cxl_dc_entries *in,
		       u32 i)
{
	u64 dpa = entry_dpa(in, i), len = entry_len(in, i);
	u32 j;

	if (!in_one_region(fake, dpa, len))
		return CXL_RC_INVALID_PA;
	if (dpa % DCD_BLOCK || len % DCD_BLOCK)
		return CXL_RC_EXTENT_LIST;
	for (j = 0; j < i; j++)
		if (dpa < entry_dpa(in, j) + entry_len(in, j) &&
		    entry_dpa(in, j) < dpa + len)
			return CXL_RC_EXTENT_LIST;

	return 0;
}

/* What a host has no reason to send */
static void check_reserved(struct fake_dcd *fake,
			   const struct cxl_dc_entries *in)
{
	static const u8 zeros[8];
	u32 i;

	if (fake->any_host)
		return;
	if (in->flags || memcmp(in->reserved, zeros, sizeof(in->reserved)))
		fake_dcd_die(fake, "flags, or what is reserved");
	for (i = 0; i < le32_to_cpu(in->count); i++)
		if (memcmp(in->entry[i].reserved, zeros, 8))
			fake_dcd_die(fake, "what is reserved");
}

static u16 check_entries(struct fake_dcd *fake,
			 const struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *in = cmd->in;
	size_t room, count;
	u16 rc;
	u32 i;

	if (cmd->in_size < sizeof(*in))
		return RC_LENGTH;
	room = cmd->in_size - sizeof(*in);
	count = le32_to_cpu(in->count);
	if (room < count * sizeof(in->entry[0]) ||
	    (room > count * sizeof(in->entry[0]) &&
	     !(fake->quirks & FAKE_DCD_LONG_INPUT)))
		return RC_LENGTH;
	check_reserved(fake, in);
	for (i = 0; i < count; i++) {
		if (is_nothing(fake, cmd, i))
			continue;
		rc = check_entry(fake, in, i);
		if (rc)
			return rc;
	}

	return 0;
}

/* Our host takes extents as they are; but it may be others that take a part */
static const struct fake_dcd_extent *
find_in(const struct fake_dcd *fake, const struct fake_dcd_group *group,
	u64 dpa, u64 len)
{
	const struct fake_dcd_extent *e;
	u32 i;

	for (i = 0; i < group->count; i++) {
		e = &group->extent[i];
		if (e->dpa == dpa && e->len == len)
			return e;
		if (fake->any_host && e->dpa <= dpa &&
		    dpa + len <= e->dpa + e->len)
			return e;
	}

	return NULL;
}

/* In the oldest offer, which is the one that is answered */
static const struct fake_dcd_extent *find(const struct fake_dcd *fake, u64 dpa,
					  u64 len)
{
	return fake->pending ? find_in(fake, fake->pending, dpa, len) : NULL;
}

/* It is not in the oldest offer: what of that? */
static u16 not_found(const struct fake_dcd *fake, u64 dpa, u64 len)
{
	const struct fake_dcd_group *group;

	for (group = fake->pending; group; group = group->next)
		if (find_in(fake, group, dpa, len) &&
		    !(fake->quirks & FAKE_DCD_ORDER_PA))
			return CXL_RC_INVALID_INPUT;

	return CXL_RC_INVALID_PA;
}

static bool is_answered(const struct cxl_dc_entries *in,
			const struct fake_dcd_extent *e)
{
	u32 i;

	for (i = 0; i < le32_to_cpu(in->count); i++)
		if (entry_dpa(in, i) == e->dpa && entry_len(in, i) == e->len)
			return true;

	return false;
}

/*
 * A tag is taken as a whole, or not at all; unless the host can't know all of it,
 * or gives it back at once
 */
static void check_whole(struct fake_dcd *fake, const struct cxl_dc_entries *in)
{
	const struct fake_dcd_group *group = fake->pending;
	u32 i, j;

	if (group->lost || !group->closed || fake->any_host)
		return;
	for (i = 0; i < group->count; i++)
		for (j = 0; j < i; j++)
			if (group->extent[i].tag &&
			    group->extent[i].tag == group->extent[j].tag &&
			    is_answered(in, &group->extent[i]) !=
			    is_answered(in, &group->extent[j]))
				fake->half = le32_to_cpu(in->count);
}

static u16 take(struct fake_dcd *fake, const struct cxl_dc_entries *in)
{
	u32 count = le32_to_cpu(in->count), used, i;
	struct fake_dcd_extent e;

	if (!count) {
		if (!fake->pending)
			fake_dcd_die(fake,
				     "an empty answer, and nothing is offered");
		fake_dcd_drop_first(fake, 0);
		return 0;
	}
	used = fake->nr_accepted + count;
	if (fake->quirks & FAKE_DCD_TWICE)
		used += fake_dcd_pending_extents(fake);
	if (used > fake->supported)
		return CXL_RC_RESOURCES;
	for (i = 0; i < count; i++) {
		u64 dpa = entry_dpa(in, i), len = entry_len(in, i);

		if (!find(fake, dpa, len))
			return not_found(fake, dpa, len);
		if (fake_dcd_any(fake, dpa, len, FAKE_BLOCK_ACCEPTED))
			return CXL_RC_INVALID_PA;
	}
	check_whole(fake, in);

	for (i = 0; i < count; i++) {
		e = *find(fake, entry_dpa(in, i), entry_len(in, i));
		e.dpa = entry_dpa(in, i);
		e.len = entry_len(in, i);
		fake->accepted[fake->nr_accepted++] = e;
		/* Lines of the last owner may be anywhere */
		fake_dcd_mark(fake, e.dpa, e.len, FAKE_BLOCK_FORCED,
			      FAKE_BLOCK_ACCEPTED | FAKE_BLOCK_STALE);
	}
	fake_dcd_drop_first(fake, count);

	return 0;
}

/* The parts of an answer, as one */
static void append_part(struct fake_dcd *fake, const struct cxl_dc_entries *in)
{
	u32 before = fake->part ? le32_to_cpu(fake->part->count) : 0;
	u32 count = le32_to_cpu(in->count);
	struct cxl_dc_entries *all;

	all = fake_dcd_zeroed(sizeof(*all) +
			      (before + count) * sizeof(all->entry[0]));
	all->count = cpu_to_le32(before + count);
	if (before)
		memcpy(all->entry, fake->part->entry,
		       before * sizeof(all->entry[0]));
	memcpy(&all->entry[before], in->entry, count * sizeof(all->entry[0]));
	free(fake->part);
	fake->part = all;
}

static u16 add_response(struct fake_dcd *fake,
			const struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *in = cmd->in;
	u16 rc = check_entries(fake, cmd);
	bool more;

	if (rc)
		return rc;
	more = in->flags & MORE && !(fake->quirks & FAKE_DCD_NO_MORE);
	if (!more && !fake->part)
		return take(fake, in);
	append_part(fake, in);
	if (more)
		return 0;
	rc = take(fake, fake->part);
	free(fake->part);
	fake->part = NULL;

	return rc;
}

static u16 release(struct fake_dcd *fake, const struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *in = cmd->in;
	u32 count = le32_to_cpu(in->count), i;
	u16 rc = check_entries(fake, cmd);

	if (rc)
		return rc;
	if (!count)
		return CXL_RC_INVALID_INPUT;
	for (i = 0; i < count; i++) {
		u64 dpa = entry_dpa(in, i), len = entry_len(in, i);

		if (is_nothing(fake, cmd, i))
			continue;
		if (!fake_dcd_has(fake, dpa, len, FAKE_BLOCK_ACCEPTED))
			return CXL_RC_INVALID_PA;
		if (fake_dcd_any(fake, dpa, len, FAKE_BLOCK_PUBLISHED |
						 FAKE_BLOCK_PREPARED))
			fake_dcd_die(fake, "given back while it is reachable");
		if (fake_dcd_any(fake, dpa, len, FAKE_BLOCK_TORN))
			fake_dcd_die(fake, "given back while it is in use");
		if (fake_dcd_any(fake, dpa, len, FAKE_BLOCK_DIRTY))
			fake_dcd_die(fake, "given back while it is in caches");
	}
	for (i = 0; i < count; i++) {
		u64 dpa = entry_dpa(in, i), len = entry_len(in, i);

		if (is_nothing(fake, cmd, i))
			continue;
		fake_dcd_mark(fake, dpa, len,
			      FAKE_BLOCK_ACCEPTED | FAKE_BLOCK_TOUCHED |
			      FAKE_BLOCK_DIRTY, 0);
		fake_dcd_cut(fake, dpa, len);
	}
	fake->releases++;

	return 0;
}

static u16 get_config(struct fake_dcd *fake, struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_config_in *in = cmd->in;
	struct cxl_dc_config_out *out = cmd->out;
	struct cxl_dc_config_tail tail = {
		.extents_supported = cpu_to_le32(fake->supported),
	};
	u64 len = fake->region_blocks * DCD_BLOCK;
	u32 count, i;

	if (cmd->in_size != sizeof(*in))
		return RC_LENGTH;
	if (in->first >= fake->regions)
		return CXL_RC_INVALID_INPUT;
	count = min_t(u32, in->count, fake->regions - in->first);
	cmd->out_size = sizeof(*out) + count * sizeof(out->region[0]) +
			sizeof(tail);
	if (cmd->out_size > cmd->out_room)
		fake_dcd_die(fake, "asked for more regions than fit");
	memset(out, 0, cmd->out_size);
	out->available = fake->regions;
	out->returned = count;
	for (i = 0; i < count; i++) {
		out->region[i] = (struct cxl_dc_region){
			.base = cpu_to_le64(fake->base +
					    (in->first + i) * len),
			.decode_length = cpu_to_le64(len / CXL_DC_UNIT),
			.length = cpu_to_le64(len),
			.block_size = cpu_to_le64(DCD_BLOCK),
			.dsmad = cpu_to_le32(fake->first_dsmad + in->first + i),
		};
	}
	tail.extents_available = cpu_to_le32(fake_dcd_available(fake, 0));
	memcpy(&out->region[count], &tail, sizeof(tail));

	return 0;
}

/* Of a page of the list that lies */
static void lie(struct fake_dcd *fake, struct vfio_cxl_mbox_cmd *cmd, u32 start)
{
	struct cxl_dc_extents_out *out = cmd->out;
	u32 returned = le32_to_cpu(out->returned);
	u32 total = le32_to_cpu(out->total);

	fake->lies--;
	fake_dcd_fault(fake, FAKE_DCD_LIED, 0);
	fake->took = true;
	switch (fake->lie) {
	case FAKE_DCD_MOVES:
		out->generation = cpu_to_le32(fake->generation + fake->lies);
		break;
	case FAKE_DCD_SHRINKS:
		out->total = cpu_to_le32(total - !!start);
		break;
	case FAKE_DCD_MORE:
		out->returned = cpu_to_le32(0xffffffff);
		break;
	case FAKE_DCD_SHORT:
		cmd->out_size = sizeof(*out) +
				returned / 2 * sizeof(out->extent[0]) + 7;
		break;
	case FAKE_DCD_NOTHING:
		out->returned = 0;
		break;
	case FAKE_DCD_HUGE:
		out->total = cpu_to_le32(0x80000000);
		break;
	case FAKE_DCD_OUTSIDE:
		if (returned)
			out->extent[0].dpa = cpu_to_le64(fake->base / 2);
		break;
	case FAKE_DCD_WRAPS:
		if (returned)
			out->extent[0].length = cpu_to_le64(-DCD_BLOCK);
		break;
	case FAKE_DCD_OMITS:
		if (returned && !start)
			out->extent[0].length = 0;
		break;
	case FAKE_DCD_HALVES:
		if (returned && !start)
			out->extent[0].length =
				cpu_to_le64(le64_to_cpu(out->extent[0].length) /
					    2);
		break;
	case FAKE_DCD_REPEATS:
		if (returned > 1)
			out->extent[returned - 1] = out->extent[0];
		break;
	case FAKE_DCD_HONEST:
		break;
	}
}

static u16 get_extents(struct fake_dcd *fake, struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_extents_in *in = cmd->in;
	struct cxl_dc_extents_out *out = cmd->out;
	u32 start, total = fake->nr_accepted, room, count, i;
	const struct fake_dcd_extent *e;

	if (cmd->in_size != sizeof(*in))
		return RC_LENGTH;
	start = le32_to_cpu(in->start);
	if (start > total)
		return CXL_RC_INVALID_INPUT;
	if (fake->quirks & FAKE_DCD_PADS)
		total += fake_dcd_pending_extents(fake);
	room = (cmd->out_room - sizeof(*out)) / sizeof(out->extent[0]);
	if (le32_to_cpu(in->count) > room && !fake->any_host)
		fake_dcd_die(fake, "asked for more extents than fit");
	count = min(le32_to_cpu(in->count), total - start);
	count = min(count, room);
	cmd->out_size = sizeof(*out) + count * sizeof(out->extent[0]);
	memset(out, 0, cmd->out_size);
	out->returned = cpu_to_le32(count);
	out->total = cpu_to_le32(fake->nr_accepted);
	if (!(fake->quirks & FAKE_DCD_GEN_STUCK))
		out->generation = cpu_to_le32(fake->generation);
	for (i = 0; i < count && start + i < fake->nr_accepted; i++) {
		e = &fake->accepted[start + i];
		out->extent[i].dpa = cpu_to_le64(e->dpa);
		out->extent[i].length = cpu_to_le64(e->len);
		if (fake->quirks & FAKE_DCD_FORGETS_TAGS)
			continue;
		fake_dcd_tag(e->tag, out->extent[i].tag);
		out->extent[i].sequence = cpu_to_le16(e->sequence);
	}
	fake->pages++;
	fake->now_ns += fake->page_ns;
	if (fake->lies)
		lie(fake, cmd, start);

	return 0;
}

static u16 carry_out(struct fake_dcd *fake, struct vfio_cxl_mbox_cmd *cmd)
{
	cmd->out_size = 0;
	switch (cmd->opcode) {
	case CXL_DC_GET_CONFIG:
		return get_config(fake, cmd);
	case CXL_DC_GET_EXTENTS:
		return get_extents(fake, cmd);
	case CXL_DC_ADD_RESPONSE:
		return add_response(fake, cmd);
	case CXL_DC_RELEASE:
		return release(fake, cmd);
	}
	fake_dcd_die(fake, "an opcode that nobody knows");

	return 0;
}

static enum fake_dcd_fault next_fault(struct fake_dcd *fake, u16 opcode)
{
	if (!fake->faults ||
	    (fake->fault_opcode && fake->fault_opcode != opcode))
		return FAKE_DCD_FINE;
	if (fake->fault_after) {
		fake->fault_after--;
		return FAKE_DCD_FINE;
	}
	fake->faults--;
	fake_dcd_fault(fake, fake->fault, opcode);

	return fake->fault;
}

int fake_dcd_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *entries = cmd->in;
	struct fake_dcd *fake = ctx;

	fake->commands++;
	if (fake->locked)
		fake_dcd_die(fake, "a command under the state lock");
	if (cmd->in_size > fake->limits.payload ||
	    cmd->out_room > fake->limits.payload)
		fake_dcd_die(fake, "more than the payload");
	if (fake->half && (cmd->opcode != CXL_DC_RELEASE ||
			   fake->half != le32_to_cpu(entries->count)))
		fake_dcd_die(fake, "half a tag");
	fake->half = 0;
	cmd->out_size = 0;
	cmd->rc = 0;
	switch (next_fault(fake, cmd->opcode)) {
	case FAKE_DCD_FINE:
	case FAKE_DCD_LIED:
	case FAKE_DCD_NO_MEMORY:
		break;
	case FAKE_DCD_BUSY:
		cmd->rc = 5;
		return -EBUSY;
	case FAKE_DCD_LATE:
		carry_out(fake, cmd);
		cmd->out_size = 0;
		fake->half = 0;
		fallthrough;
	case FAKE_DCD_LOST:
		return -ETIMEDOUT;
	case FAKE_DCD_ERROR:
		cmd->rc = fake->fault_rc;
		return cmd->rc == CXL_RC_RESOURCES ? -ENOSPC : -EIO;
	case FAKE_DCD_GONE:
		return -ENODEV;
	}
	cmd->rc = carry_out(fake, cmd);
	if (cmd->opcode == CXL_DC_ADD_RESPONSE ||
	    cmd->opcode == CXL_DC_RELEASE)
		fake->refused_cmds += !!cmd->rc;
	if (!cmd->rc)
		return 0;
	cmd->out_size = 0;

	return cmd->rc == CXL_RC_RESOURCES ? -ENOSPC : -EIO;
}
