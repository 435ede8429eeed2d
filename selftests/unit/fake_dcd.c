// SPDX-License-Identifier: GPL-2.0-only
/* What the device has: blocks, a log, offers, extents. */
#include "fake_dcd_parts.h"

void fake_dcd_die(const struct fake_dcd *fake, const char *why)
{
	fprintf(stderr, "# the device dies of command %llu: %s\n",
		(unsigned long long)fake->commands, why);
	if (fake->on_death)
		fake->on_death();
	abort();
}

void fake_dcd_fault(struct fake_dcd *fake, enum fake_dcd_fault fault,
		    u16 opcode)
{
	if (fake->on_fault)
		fake->on_fault(fake, fault, opcode);
}

void *fake_dcd_zeroed(size_t size)
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

u32 fake_dcd_tag_of(const u8 uuid[VFIO_CXL_DC_TAG_LEN])
{
	if (!uuid[0])
		return 0;

	return (u32)uuid[12] << 24 | uuid[13] << 16 | uuid[14] << 8 | uuid[15];
}

u64 fake_dcd_at(u64 block)
{
	return DCD_BASE + block * DCD_BLOCK;
}

bool fake_dcd_is_inside(const struct fake_dcd *fake, u64 dpa, u64 len)
{
	u64 end;

	return len && !check_add_overflow(dpa, len, &end) &&
	       dpa >= fake->base &&
	       end <= fake->base + fake->blocks * DCD_BLOCK;
}

/* Blocks that the range touches, all of which have to be the device's */
static void range(const struct fake_dcd *fake, u64 dpa, u64 len, u64 *from,
		  u64 *to)
{
	if (!fake_dcd_is_inside(fake, dpa, len))
		fake_dcd_die(fake, "blocks that the device does not have");
	*from = (dpa - fake->base) / DCD_BLOCK;
	*to = (dpa + len - fake->base + DCD_BLOCK - 1) / DCD_BLOCK;
}

void fake_dcd_mark(struct fake_dcd *fake, u64 dpa, u64 len, u8 clear, u8 set)
{
	u64 from, to;

	range(fake, dpa, len, &from, &to);
	for (; from < to; from++)
		fake->block[from] = (fake->block[from] & ~clear) | set;
}

bool fake_dcd_any(const struct fake_dcd *fake, u64 dpa, u64 len, u8 flag)
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

u32 fake_dcd_available(const struct fake_dcd *fake, u32 to_come)
{
	u32 used = fake->nr_accepted;

	if (fake->quirks & FAKE_DCD_COUNTS)
		used += fake_dcd_pending_extents(fake) + to_come;

	return fake->supported - min(used, fake->supported);
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
	if (fake->quirks & FAKE_DCD_TELLS) {
		record.validity = 1;
		record.extents_available =
			cpu_to_le32(fake_dcd_available(fake, fake->to_come));
	}
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
	vfio_cxl_dcd_drained(dcd);
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
		extent = fake_dcd_zeroed(group->room * sizeof(*extent));
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
		group = fake_dcd_zeroed(sizeof(*group));
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

	for (i = 0; i < count; i++) {
		fake->to_come = count - i - 1;
		fake_dcd_record(fake, &e[i], fake->to_come);
	}
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

u32 fake_dcd_pending_extents(const struct fake_dcd *fake)
{
	const struct fake_dcd_group *group;
	u32 nr = 0;

	for (group = fake->pending; group; group = group->next)
		nr += group->count;

	return nr;
}

void fake_dcd_drop_first(struct fake_dcd *fake, u32 count)
{
	struct fake_dcd_group *group = fake->pending;

	if (!group->closed) {
		if (!group->lost && !group->late &&
		    fake->now_ns - group->last_ns < VFIO_CXL_DC_CHAIN_NS)
			fake_dcd_die(fake,
				     "an answer before the offer is complete");
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

/* A piece of an extent, if there is one, is the last in the list */
static void keep(struct fake_dcd *fake, struct fake_dcd_extent e, u64 from,
		 u64 to)
{
	if (from >= to)
		return;
	e.dpa = from;
	e.len = to - from;
	fake->accepted[fake->nr_accepted++] = e;
}

/* Takes the range out of the list, in the middle of an extent too */
void fake_dcd_cut(struct fake_dcd *fake, u64 dpa, u64 len)
{
	struct fake_dcd_extent e;
	u32 i;

	for (i = 0; i < fake->nr_accepted;) {
		e = fake->accepted[i];
		if (e.dpa >= dpa + len || dpa >= e.dpa + e.len) {
			i++;
			continue;
		}
		fake->nr_accepted--;
		memmove(&fake->accepted[i], &fake->accepted[i + 1],
			(fake->nr_accepted - i) * sizeof(e));
		keep(fake, e, e.dpa, dpa);
		keep(fake, e, dpa + len, e.dpa + e.len);
	}
	fake->generation++;
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
	fake_dcd_cut(fake, dpa, len);
	write_record(fake, CXL_DC_EVENT_FORCED_RELEASE, false, &e);
}

/* The test may still change how it is made, up to fake_dcd_make() */
void fake_dcd_init(struct fake_dcd *fake, u32 quirks)
{
	memset(fake, 0, sizeof(*fake));
	fake_dcd_host(fake);
	fake->quirks = quirks;
	fake->base = DCD_BASE;
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
	fake->block = fake_dcd_zeroed(fake->blocks);
	fake->at = fake_dcd_zeroed(fake->blocks * sizeof(*fake->at));
	/* Cut into pieces, there may be more of them */
	fake->accepted = fake_dcd_zeroed(2 * (fake->supported + 1) *
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
	free(fake->part);
	free(fake->block);
	free(fake->at);
	free(fake->accepted);
	if (fake->allocs != fake->frees)
		fake_dcd_die(fake, "not all was freed");
}
