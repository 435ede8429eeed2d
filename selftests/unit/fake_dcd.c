// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include "kunit/harness.h"
#else
#include <stdio.h>
#include <stdlib.h>
#endif

#include "fake_dcd.h"

static void die(const struct fake_dcd *fake, const char *why)
{
	fprintf(stderr, "# the device dies of command %llu: %s\n",
		(unsigned long long)fake->commands, why);
	if (fake->on_death)
		fake->on_death();
	abort();
}

static void *zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();

	return p;
}

void fake_dcd_tag(u32 tag, u8 uuid[VFIO_CXL_DC_TAG_LEN])
{
	memset(uuid, 0, VFIO_CXL_DC_TAG_LEN);
	if (!tag)
		return;
	uuid[0] = 0x5a;
	uuid[12] = tag >> 24;
	uuid[13] = tag >> 16;
	uuid[14] = tag >> 8;
	uuid[15] = tag;
}

static u32 tag_of(const u8 uuid[VFIO_CXL_DC_TAG_LEN])
{
	return uuid[0] ? uuid[12] << 24 | uuid[13] << 16 | uuid[14] << 8 |
			 uuid[15] : 0;
}

u64 fake_dcd_at(u64 block)
{
	return DCD_BASE + block * DCD_BLOCK;
}

static bool is_inside(const struct fake_dcd *fake, u64 dpa, u64 len)
{
	u64 end;

	return len && !check_add_overflow(dpa, len, &end) && dpa >= DCD_BASE &&
	       end <= fake_dcd_at(fake->blocks);
}

/* Blocks that the range touches, all of which have to be the device's */
static void range(const struct fake_dcd *fake, u64 dpa, u64 len, u64 *from,
		  u64 *to)
{
	if (!is_inside(fake, dpa, len))
		die(fake, "blocks that the device does not have");
	*from = (dpa - DCD_BASE) / DCD_BLOCK;
	*to = (dpa + len - DCD_BASE + DCD_BLOCK - 1) / DCD_BLOCK;
}

static void mark(struct fake_dcd *fake, u64 dpa, u64 len, u8 clear, u8 set)
{
	u64 from, to;

	range(fake, dpa, len, &from, &to);
	for (; from < to; from++)
		fake->block[from] = (fake->block[from] & ~clear) | set;
}

static bool any(const struct fake_dcd *fake, u64 dpa, u64 len, u8 flag)
{
	u64 from, to;

	range(fake, dpa, len, &from, &to);
	for (; from < to; from++)
		if (fake->block[from] & flag)
			return true;

	return false;
}

/* Is all of it so? */
bool fake_dcd_has(const struct fake_dcd *fake, u64 dpa, u64 len, u8 flag)
{
	u64 from, to;

	range(fake, dpa, len, &from, &to);
	for (; from < to; from++)
		if (!(fake->block[from] & flag))
			return false;

	return true;
}

/*
 * The log
 */

static struct fake_dcd_group *youngest(struct fake_dcd *fake)
{
	struct fake_dcd_group *group = fake->pending;

	while (group && group->next)
		group = group->next;

	return group;
}

static void write_record(struct fake_dcd *fake, u8 type, bool more,
			 const struct fake_dcd_extent *e)
{
	struct cxl_dc_event record = {
		.uuid = CXL_DC_EVENT_UUID,
		.length = sizeof(record),
		.flags = { 1 },
		.type = type,
		.dc_flags = more ? CXL_DC_EVENT_MORE : 0,
		.extent = {
			.dpa = cpu_to_le64(e->dpa),
			.length = cpu_to_le64(e->len),
			.sequence = cpu_to_le16(e->sequence),
		},
	};

	fake_dcd_tag(e->tag, record.extent.tag);
	if (fake->logged < fake->log_size) {
		fake->log[fake->logged++] = record;
		return;
	}
	/* The host can't know whether it was one of the offer that is open */
	fake->overflow++;
	if (fake->open)
		youngest(fake)->lost = true;
}

/* What the host does with the log: read, clear, and only then believe */
void fake_dcd_drain(struct fake_dcd *fake, struct vfio_cxl_dcd *dcd)
{
	struct cxl_dc_event record;
	u32 overflow = fake->overflow;

	fake->overflow = 0;
	while (fake->logged) {
		record = fake->log[0];
		fake->logged--;
		memmove(fake->log, fake->log + 1,
			fake->logged * sizeof(record));
		vfio_cxl_dcd_event(dcd, &record);
	}
	if (overflow)
		vfio_cxl_dcd_overflow(dcd);
}

/*
 * Offers
 */

static void append(struct fake_dcd_group *group,
		   const struct fake_dcd_extent *e)
{
	struct fake_dcd_extent *extent;

	if (group->count == group->room) {
		group->room = 2 * group->room + 4;
		extent = zeroed(group->room * sizeof(*extent));
		if (group->count)
			memcpy(extent, group->extent,
			       group->count * sizeof(*extent));
		free(group->extent);
		group->extent = extent;
	}
	group->extent[group->count++] = *e;
}

/* One record of an offer, which begins with the first and ends without @more */
void fake_dcd_record(struct fake_dcd *fake, const struct fake_dcd_extent *e,
		     bool more)
{
	struct fake_dcd_group *group = youngest(fake), *before = group;

	if (!fake->open) {
		group = zeroed(sizeof(*group));
		group->nr = ++fake->offered;
		if (before)
			before->next = group;
		else
			fake->pending = group;
	}
	group->late |= before && group == before &&
		       fake->now_ns - group->last_ns >= VFIO_CXL_DC_CHAIN_NS;
	append(group, e);
	group->closed = !more;
	group->last_ns = fake->now_ns;
	fake->open = true;
	write_record(fake, CXL_DC_EVENT_ADD, more, e);
	fake->open = more;
}

void fake_dcd_offer(struct fake_dcd *fake, const struct fake_dcd_extent *e,
		    u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		fake_dcd_record(fake, &e[i], i + 1 < count);
}

void fake_dcd_event(struct fake_dcd *fake, u8 type,
		    const struct fake_dcd_extent *e)
{
	write_record(fake, type, false, e);
}

u32 fake_dcd_nr_pending(const struct fake_dcd *fake)
{
	const struct fake_dcd_group *group;
	u32 nr = 0;

	for (group = fake->pending; group; group = group->next)
		nr++;

	return nr;
}

static u32 pending_extents(const struct fake_dcd *fake)
{
	const struct fake_dcd_group *group;
	u32 nr = 0;

	for (group = fake->pending; group; group = group->next)
		nr += group->count;

	return nr;
}

static void drop_first(struct fake_dcd *fake, u32 count)
{
	struct fake_dcd_group *group = fake->pending;

	if (!group->closed) {
		if (!group->lost && !group->late &&
		    fake->now_ns - group->last_ns < VFIO_CXL_DC_CHAIN_NS)
			die(fake, "an answer before the offer is complete");
		if (!group->next)
			fake->open = false;
	}
	fake->answered++;
	fake->empty += !count;
	if (fake->on_answer)
		fake->on_answer(fake, group, count);
	fake->pending = group->next;
	free(group->extent);
	free(group);
	fake->generation++;
}

/*
 * Commands
 */

static u64 entry_dpa(const struct cxl_dc_entries *in, u32 i)
{
	return le64_to_cpu(in->entry[i].dpa);
}

static u64 entry_len(const struct cxl_dc_entries *in, u32 i)
{
	return le64_to_cpu(in->entry[i].length);
}

static u16 check_entries(struct fake_dcd *fake,
			 const struct vfio_cxl_mbox_cmd *cmd)
{
	static const u8 zeros[8];
	const struct cxl_dc_entries *in = cmd->in;
	u32 count = le32_to_cpu(in->count), i, j;

	if (cmd->in_size != sizeof(*in) + count * sizeof(in->entry[0]))
		return 0x16;
	if (in->flags || memcmp(in->reserved, zeros, sizeof(in->reserved)))
		die(fake, "flags, or what is reserved");
	for (i = 0; i < count; i++) {
		if (memcmp(in->entry[i].reserved, zeros, 8))
			die(fake, "what is reserved");
		if (!is_inside(fake, entry_dpa(in, i), entry_len(in, i)))
			return CXL_RC_INVALID_PA;
		if (entry_dpa(in, i) % DCD_BLOCK || entry_len(in, i) % DCD_BLOCK)
			return CXL_RC_EXTENT_LIST;
		for (j = 0; j < i; j++)
			if (entry_dpa(in, i) < entry_dpa(in, j) +
					       entry_len(in, j) &&
			    entry_dpa(in, j) < entry_dpa(in, i) +
					       entry_len(in, i))
				return CXL_RC_EXTENT_LIST;
	}

	return 0;
}

static const struct fake_dcd_extent *
find(const struct fake_dcd_group *group, u64 dpa, u64 len)
{
	u32 i;

	for (i = 0; group && i < group->count; i++)
		if (group->extent[i].dpa == dpa && group->extent[i].len == len)
			return &group->extent[i];

	return NULL;
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

	if (group->lost || !group->closed)
		return;
	for (i = 0; i < group->count; i++)
		for (j = 0; j < i; j++)
			if (group->extent[i].tag &&
			    group->extent[i].tag == group->extent[j].tag &&
			    is_answered(in, &group->extent[i]) !=
			    is_answered(in, &group->extent[j]))
				fake->half = le32_to_cpu(in->count);
}

static u16 add_response(struct fake_dcd *fake,
			const struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *in = cmd->in;
	const struct fake_dcd_extent *e;
	u32 count = le32_to_cpu(in->count), used, i;
	u16 rc = check_entries(fake, cmd);

	if (rc)
		return rc;
	if (!count) {
		if (!fake->pending)
			die(fake, "an empty answer, and nothing is offered");
		drop_first(fake, 0);
		return 0;
	}
	used = fake->nr_accepted + count;
	if (fake->quirks & FAKE_DCD_TWICE)
		used += pending_extents(fake);
	if (used > fake->supported)
		return CXL_RC_RESOURCES;
	for (i = 0; i < count; i++)
		if (!find(fake->pending, entry_dpa(in, i), entry_len(in, i)) ||
		    any(fake, entry_dpa(in, i), entry_len(in, i),
			FAKE_BLOCK_ACCEPTED))
			return fake->quirks & FAKE_DCD_ORDER_PA ?
				CXL_RC_INVALID_PA : CXL_RC_INVALID_INPUT;
	check_whole(fake, in);

	for (i = 0; i < count; i++) {
		e = find(fake->pending, entry_dpa(in, i), entry_len(in, i));
		fake->accepted[fake->nr_accepted++] = *e;
		/* Lines of the last owner may be anywhere */
		mark(fake, e->dpa, e->len, FAKE_BLOCK_FORCED,
		     FAKE_BLOCK_ACCEPTED | FAKE_BLOCK_STALE);
	}
	drop_first(fake, count);

	return 0;
}

/* Takes the range out of the list, in the middle of an extent too */
static void cut(struct fake_dcd *fake, u64 dpa, u64 len)
{
	struct fake_dcd_extent e, *at;
	u32 i;

	for (i = 0; i < fake->nr_accepted;) {
		at = &fake->accepted[i];
		e = *at;
		if (e.dpa >= dpa + len || dpa >= e.dpa + e.len) {
			i++;
			continue;
		}
		*at = fake->accepted[--fake->nr_accepted];
		if (e.dpa < dpa) {
			fake->accepted[fake->nr_accepted] = e;
			fake->accepted[fake->nr_accepted++].len = dpa - e.dpa;
		}
		if (e.dpa + e.len > dpa + len) {
			fake->accepted[fake->nr_accepted] = e;
			fake->accepted[fake->nr_accepted].dpa = dpa + len;
			fake->accepted[fake->nr_accepted++].len =
				e.dpa + e.len - dpa - len;
		}
	}
	fake->generation++;
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

		if (!fake_dcd_has(fake, dpa, len, FAKE_BLOCK_ACCEPTED))
			return CXL_RC_INVALID_PA;
		if (any(fake, dpa, len, FAKE_BLOCK_PUBLISHED |
					FAKE_BLOCK_PREPARED))
			die(fake, "given back while it is reachable");
		if (any(fake, dpa, len, FAKE_BLOCK_TORN))
			die(fake, "given back while it is in use");
		if (any(fake, dpa, len, FAKE_BLOCK_DIRTY))
			die(fake, "given back while it is in caches");
	}
	for (i = 0; i < count; i++) {
		u64 dpa = entry_dpa(in, i), len = entry_len(in, i);

		mark(fake, dpa, len, FAKE_BLOCK_ACCEPTED | FAKE_BLOCK_TOUCHED |
				     FAKE_BLOCK_DIRTY, 0);
		cut(fake, dpa, len);
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
	u32 count, used, i;

	if (in->first >= fake->regions)
		return CXL_RC_INVALID_INPUT;
	count = min_t(u32, in->count, fake->regions - in->first);
	cmd->out_size = sizeof(*out) + count * sizeof(out->region[0]) +
			sizeof(tail);
	if (cmd->out_size > cmd->out_room)
		die(fake, "asked for more regions than there is room for");
	memset(out, 0, cmd->out_size);
	out->available = fake->regions;
	out->returned = count;
	for (i = 0; i < count; i++) {
		out->region[i] = (struct cxl_dc_region){
			.base = cpu_to_le64(DCD_BASE + (in->first + i) * len),
			.decode_length = cpu_to_le64(len / CXL_DC_UNIT),
			.length = cpu_to_le64(len),
			.block_size = cpu_to_le64(DCD_BLOCK),
			.dsmad = cpu_to_le32(in->first + i),
		};
	}
	used = fake->nr_accepted;
	if (fake->quirks & FAKE_DCD_COUNTS)
		used += pending_extents(fake);
	tail.extents_available = cpu_to_le32(fake->supported -
					     min(used, fake->supported));
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
			out->extent[0].dpa = cpu_to_le64(DCD_BASE / 2);
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
	u32 start = le32_to_cpu(in->start), total = fake->nr_accepted, count, i;
	const struct fake_dcd_extent *e;

	if (start > total)
		return CXL_RC_INVALID_INPUT;
	if (fake->quirks & FAKE_DCD_PADS)
		total += pending_extents(fake);
	count = min(le32_to_cpu(in->count), total - start);
	cmd->out_size = sizeof(*out) + count * sizeof(out->extent[0]);
	if (cmd->out_size > cmd->out_room)
		die(fake, "asked for more extents than there is room for");
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
	die(fake, "an opcode that nobody knows");

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

	return fake->fault;
}

static int command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *entries = cmd->in;
	struct fake_dcd *fake = ctx;

	fake->commands++;
	if (fake->locked)
		die(fake, "a command under the state lock");
	if (cmd->in_size > fake->limits.payload ||
	    cmd->out_room > fake->limits.payload)
		die(fake, "more than the payload");
	if (fake->half && (cmd->opcode != CXL_DC_RELEASE ||
			   fake->half != le32_to_cpu(entries->count)))
		die(fake, "half a tag");
	fake->half = 0;
	cmd->out_size = 0;
	cmd->rc = 0;
	switch (next_fault(fake, cmd->opcode)) {
	case FAKE_DCD_FINE:
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

/*
 * The host
 */

static u64 now_ns(void *ctx)
{
	return ((struct fake_dcd *)ctx)->now_ns;
}

static void *alloc(void *ctx, size_t size)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		die(fake, "an allocation under the state lock");
	if (fake->alloc_fails && !--fake->alloc_fails)
		return NULL;
	fake->allocs++;

	return zeroed(size);
}

static void free_one(void *ctx, void *p)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		die(fake, "freed under the state lock");
	fake->frees += !!p;
	free(p);
}

static void lock(void *ctx)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		die(fake, "the state lock, twice");
	fake->locked = true;
}

static void unlock(void *ctx)
{
	((struct fake_dcd *)ctx)->locked = false;
}

static bool covered(void *ctx, u64 dpa, u64 len)
{
	return dpa + len <= ((struct fake_dcd *)ctx)->covered_to;
}

static bool sharable(void *ctx, u8 dsmad)
{
	return ((struct fake_dcd *)ctx)->sharable & 1U << dsmad;
}

static int prepare(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || e->prepared)
		die(fake, "prepared under the state lock, or twice");
	if (fake->prepare_fails)
		return -ENOMEM;
	if (fake->alloc_fails && !--fake->alloc_fails)
		return -ENOMEM;
	e->priv = zeroed(1);
	mark(fake, e->dpa, e->len, 0, FAKE_BLOCK_PREPARED);

	return 0;
}

static void publish(void *ctx, struct vfio_cxl_dcd_extent *e,
		    enum vfio_cxl_dc_reach reach)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || !e->priv || reach == VFIO_CXL_DC_REACH_NONE)
		die(fake, "published without preparation");
	if (!fake_dcd_has(fake, e->dpa, e->len,
			  FAKE_BLOCK_ACCEPTED | FAKE_BLOCK_FORCED))
		die(fake, "published before it is accepted");
	if (any(fake, e->dpa, e->len, FAKE_BLOCK_STALE))
		die(fake, "published with old lines in caches");
	/* What was unmapped is not in use, whoever touched it before */
	mark(fake, e->dpa, e->len, FAKE_BLOCK_TOUCHED, FAKE_BLOCK_PUBLISHED);
}

static void unpublish(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct fake_dcd *fake = ctx;
	u8 clear = FAKE_BLOCK_PUBLISHED | FAKE_BLOCK_PREPARED |
		   FAKE_BLOCK_TOUCHED;

	/* Only what the device takes is torn out of somebody's hands */
	if (any(fake, e->dpa, e->len, FAKE_BLOCK_TOUCHED) &&
	    !fake->allow_in_use && !fake->took)
		mark(fake, e->dpa, e->len, 0, FAKE_BLOCK_TORN);
	if (fake->locked || !e->priv)
		die(fake, "unpublished without preparation");
	if (any(fake, e->dpa, e->len, FAKE_BLOCK_PUBLISHED))
		mark(fake, e->dpa, e->len, 0, FAKE_BLOCK_DIRTY);
	free(e->priv);
	e->priv = NULL;
	mark(fake, e->dpa, e->len, clear, 0);
}

static bool in_use(void *ctx, const struct vfio_cxl_dcd_extent *e)
{
	return any(ctx, e->dpa, e->len, FAKE_BLOCK_TOUCHED);
}

static void flush(void *ctx, u64 dpa, u64 len)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || any(fake, dpa, len, FAKE_BLOCK_PUBLISHED))
		die(fake, "flushed under the state lock, or while reachable");
	fake->flushes++;
	mark(fake, dpa, len, FAKE_BLOCK_DIRTY | FAKE_BLOCK_STALE, 0);
}

static bool tag_live_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		die(fake, "another device asked under the state lock");

	return fake->live_elsewhere && tag_of(tag) == fake->live_elsewhere;
}

static void change(void *ctx, const struct vfio_cxl_dcd_change *c)
{
	struct fake_dcd *fake = ctx;

	if (!fake->locked)
		die(fake, "a change without the state lock");
	fake->change[fake->changes++ % DCD_CHANGES] = *c;
}

void fake_dcd_touch(struct fake_dcd *fake, u64 dpa, u64 len)
{
	mark(fake, dpa, len, 0, FAKE_BLOCK_TOUCHED | FAKE_BLOCK_DIRTY);
}

/* Taken away */
void fake_dcd_force(struct fake_dcd *fake, u64 dpa, u64 len, u32 tag)
{
	struct fake_dcd_extent e = { .dpa = dpa, .len = len, .tag = tag };
	u64 from, to;

	fake->took = true;
	range(fake, dpa, len, &from, &to);
	for (; from < to; from++)
		if (fake->block[from] & FAKE_BLOCK_ACCEPTED)
			fake->block[from] ^= FAKE_BLOCK_ACCEPTED |
					     FAKE_BLOCK_FORCED;
	cut(fake, dpa, len);
	write_record(fake, CXL_DC_EVENT_FORCED_RELEASE, false, &e);
}

/* The test may still change how it is made, up to fake_dcd_make() */
void fake_dcd_init(struct fake_dcd *fake, u32 quirks)
{
	memset(fake, 0, sizeof(*fake));
	fake->ops = (struct vfio_cxl_dcd_ops){
		.command = command,
		.now_ns = now_ns,
		.alloc = alloc,
		.free = free_one,
		.lock = lock,
		.unlock = unlock,
		.covered = covered,
		.sharable = sharable,
		.prepare = prepare,
		.publish = publish,
		.unpublish = unpublish,
		.in_use = in_use,
		.flush = flush,
		.tag_live_elsewhere = tag_live_elsewhere,
		.change = change,
	};
	fake->quirks = quirks;
	fake->regions = 2;
	fake->region_blocks = 256;
	fake->supported = 512;
	fake->log_size = 512;
	fake->covered_to = UINT64_MAX;
	fake->limits.payload = 2048;
	fake->now_ns = DCD_SECOND;
}

void fake_dcd_make(struct fake_dcd *fake)
{
	fake->blocks = fake->regions * fake->region_blocks;
	fake->block = zeroed(fake->blocks);
	/* Cut into pieces, there may be more of them */
	fake->accepted = zeroed(2 * (fake->supported + 1) *
				sizeof(*fake->accepted));
}

void fake_dcd_free(struct fake_dcd *fake)
{
	struct fake_dcd_group *group;

	while ((group = fake->pending)) {
		fake->pending = group->next;
		free(group->extent);
		free(group);
	}
	free(fake->block);
	free(fake->accepted);
	if (fake->allocs != fake->frees)
		die(fake, "not all was freed");
}
