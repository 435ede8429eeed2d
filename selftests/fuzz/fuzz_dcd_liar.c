// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity with a device that says what it likes: return codes, regions,
 * lists, generations and records are the input's. The books have to add up all the
 * same, nothing that a release names is reachable, and whoever refuses an offer by
 * an empty answer was told of it.
 */
#include "unit.h"

#include "../unit/dcd_world.h"

/* A call may read a list of them all, several times */
#define MAX_EXTENTS	24
#define MAX_COMMANDS	4096
#define MAX_RANGES	256

#define GiB		0x40000000ULL

struct __test_metadata unit_input;

struct range {
	u64 dpa;
	u64 len;
	bool published;
};

struct liar {
	struct world w;
	struct vfio_cxl_dcd_ops ops;
	struct range range[MAX_RANGES];		/* prepared, or published */
	u32 nr;
	u32 commands;		/* in this call */
	u32 uses;		/* of the memory that have ended */
	u64 begun;		/* records with which an offer may begin */
	u64 empty;		/* empty answers that were taken */
	u64 now_ns;
	bool locked;
	u64 out_of_memory;	/* in so many allocations, or 0 */
};

static struct liar liar;

static bool is_reachable(u64 dpa, u64 len)
{
	u32 i;

	for (i = 0; i < MAX_RANGES; i++)
		if (liar.range[i].published &&
		    dc_overlaps(liar.range[i].dpa, liar.range[i].len, dpa, len))
			return true;

	return false;
}

/*
 * What the device says
 */

/* Mostly of a few places, so that they meet */
static u64 any_dpa(struct input *in)
{
	u8 how = in_u8(in);

	if (how >= 0xf8)
		return in_scaled(in);

	return DCD_BASE + (how & 0x1f) * DCD_BLOCK + (how >> 7) * DCD_MIB;
}

static u64 any_len(struct input *in)
{
	u8 how = in_u8(in);

	if (how >= 0xf8)
		return in_scaled(in);

	return (how & 3) * DCD_BLOCK;
}

static void any_extent(struct input *in, struct cxl_dc_extent *extent)
{
	u8 tag = in_u8(in);

	extent->dpa = cpu_to_le64(any_dpa(in));
	extent->length = cpu_to_le64(any_len(in));
	fake_dcd_tag(tag & 7, extent->tag);
	extent->sequence = cpu_to_le16(tag >= 0xf8 ? in_u16(in) : 0);
}

static void any_region(struct input *in, struct cxl_dc_region *region, u32 nr)
{
	u8 how = in_u8(in);

	*region = (struct cxl_dc_region){
		.base = cpu_to_le64(DCD_BASE + nr * GiB),
		.decode_length = cpu_to_le64(GiB / CXL_DC_UNIT),
		.length = cpu_to_le64((1 + how % 4) * CXL_DC_UNIT),
		.block_size = cpu_to_le64(DCD_BLOCK),
		.dsmad = cpu_to_le32(how & 3),
		.flags = in_u8(in),
	};
	if (how < 0xe0)
		return;
	region->base = cpu_to_le64(in_scaled(in));
	region->decode_length = cpu_to_le64(in_scaled(in));
	region->length = cpu_to_le64(in_scaled(in));
	region->block_size = cpu_to_le64(in_scaled(in));
	region->dsmad = cpu_to_le32(in_u32(in));
}

static size_t say_config(struct input *in, const struct vfio_cxl_mbox_cmd *cmd,
			 u8 how)
{
	const struct cxl_dc_config_in *asked = cmd->in;
	struct cxl_dc_config_out *out = cmd->out;
	u32 count = how & 0x10 ? in_u8(in) : 2, i;
	struct cxl_dc_config_tail tail;
	size_t size;

	out->available = count;
	count = min_t(u32, count > asked->first ? count - asked->first : 0,
		      asked->count);
	out->returned = how & 0x20 ? in_u8(in) : count;
	for (i = 0; i < count; i++)
		any_region(in, &out->region[i], asked->first + i);
	tail = (struct cxl_dc_config_tail){
		.extents_supported = cpu_to_le32(in_u8(in)),
		.extents_available = cpu_to_le32(in_u8(in)),
	};
	size = sizeof(*out) + count * sizeof(out->region[0]);
	memcpy((u8 *)out + size, &tail, sizeof(tail));

	return size + sizeof(tail);
}

static size_t say_list(struct input *in, const struct vfio_cxl_mbox_cmd *cmd,
		       u8 how)
{
	const struct cxl_dc_extents_in *asked = cmd->in;
	struct cxl_dc_extents_out *out = cmd->out;
	u32 start = le32_to_cpu(asked->start), total, count, i;

	total = how & 0x10 ? in_u16(in) : (how & 0xf);
	count = min(total > start ? total - start : 0,
		    le32_to_cpu(asked->count));
	out->total = cpu_to_le32(total);
	out->returned = cpu_to_le32(how & 0x20 ? in_u16(in) : count);
	out->generation = cpu_to_le32(how & 0x40 ? in_u8(in) : 0);
	for (i = 0; i < count; i++)
		any_extent(in, &out->extent[i]);

	return sizeof(*out) + count * sizeof(out->extent[0]);
}

/* What is given back is out of reach of everybody */
static void check_release(const struct cxl_dc_entries *entries)
{
	u32 i;

	for (i = 0; i < le32_to_cpu(entries->count); i++)
		must(!is_reachable(le64_to_cpu(entries->entry[i].dpa),
				   le64_to_cpu(entries->entry[i].length)),
		     "what is reachable is not given back");
}

static void check_in(const struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_entries *entries = cmd->in;
	u32 count, i, j;

	must(!liar.locked, "no command under the state lock");
	must(liar.commands++ < MAX_COMMANDS, "no call asks for ever");
	must(cmd->in_size <= liar.w.b.fake.limits.payload &&
	     cmd->out_room <= liar.w.b.fake.limits.payload,
	     "nothing is larger than the payload");
	if (cmd->opcode < CXL_DC_ADD_RESPONSE)
		return;
	count = le32_to_cpu(entries->count);
	must(cmd->in_size == sizeof(*entries) +
			     count * sizeof(entries->entry[0]),
	     "as many as it says");
	must(count || cmd->opcode == CXL_DC_ADD_RESPONSE,
	     "nothing is given back at once");
	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			must(entries->entry[i].dpa != entries->entry[j].dpa,
			     "each is named once");
	if (cmd->opcode == CXL_DC_RELEASE)
		check_release(entries);
}

static int liar_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	static const int err[] = { -EIO, -EBUSY, -ETIMEDOUT, -ENODEV, -ENOSPC };
	struct input *in = &unit_input.in;
	const struct cxl_dc_entries *entries = cmd->in;
	u8 how = in_u8(in);
	size_t size = 0;

	(void)ctx;
	check_in(cmd);
	cmd->rc = 0;
	cmd->out_size = 0;
	if (how >= 0xc0) {
		cmd->rc = in_u8(in);
		return err[how % ARRAY_SIZE(err)];
	}
	if (cmd->opcode == CXL_DC_ADD_RESPONSE && !entries->count)
		must(++liar.empty <= liar.begun,
		     "no more is refused than was offered");
	if (!cmd->out)
		return 0;
	memset(cmd->out, 0, cmd->out_room);
	if (cmd->opcode == CXL_DC_GET_CONFIG)
		size = say_config(in, cmd, how);
	else if (cmd->opcode == CXL_DC_GET_EXTENTS)
		size = say_list(in, cmd, how);
	/* Or a part of it, or more than there is room for */
	cmd->out_size = how & 0x80 ? in_u16(in) : size;

	return 0;
}

/*
 * The host
 */

static u64 liar_now(void *ctx)
{
	(void)ctx;

	return liar.now_ns;
}

static void *liar_alloc(void *ctx, size_t size)
{
	(void)ctx;
	must(!liar.locked, "no allocation under the state lock");
	if (liar.out_of_memory && !--liar.out_of_memory)
		return NULL;

	return calloc(1, size);
}

static void liar_free(void *ctx, void *p)
{
	(void)ctx;
	must(!liar.locked, "nothing is freed under the state lock");
	free(p);
}

static void liar_lock(void *ctx)
{
	(void)ctx;
	must(!liar.locked, "the state lock is taken once");
	liar.locked = true;
}

static void liar_unlock(void *ctx)
{
	(void)ctx;
	liar.locked = false;
}

static bool liar_covered(void *ctx, u64 dpa, u64 len)
{
	(void)ctx;
	must(len && dpa + len > dpa, "what is asked for makes sense");

	return dpa + len <= DCD_BASE + 8 * GiB;
}

static bool liar_sharable(void *ctx, u8 dsmad)
{
	(void)ctx;

	return dsmad == 3;
}

static int liar_prepare(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	u32 i = 0;

	(void)ctx;
	must(!liar.locked && !e->prepared, "it is prepared once");
	must(liar_covered(NULL, e->dpa, e->len), "what is covered");
	if (liar.out_of_memory && !--liar.out_of_memory)
		return -ENOMEM;
	while (liar.range[i].len)
		must(++i < MAX_RANGES, "there are not so many");
	liar.range[i] = (struct range){ e->dpa, e->len, false };
	liar.nr++;
	e->priv = &liar.range[i];

	return 0;
}

static void liar_publish(void *ctx, struct vfio_cxl_dcd_extent *e,
			 enum vfio_cxl_dc_reach reach)
{
	struct range *range = e->priv;

	(void)ctx;
	must(!liar.locked && e->prepared && !e->published &&
	     reach != VFIO_CXL_DC_REACH_NONE, "what was prepared is published");
	must(!is_reachable(e->dpa, e->len), "what is reachable is so once");
	range->published = true;
}

static void liar_unpublish(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct range *range = e->priv;

	(void)ctx;
	must(!liar.locked && e->prepared, "what was prepared is unpublished");
	*range = (struct range){};
	liar.nr--;
}

static u64 liar_use(void *ctx)
{
	(void)ctx;
	must(liar.locked, "the state is asked under its lock");

	return 1 + liar.uses;
}

/* Somebody is at every other block */
static void liar_touch(struct vfio_cxl_dcd *dcd)
{
	struct vfio_cxl_dcd_extent *e;
	struct rb_node *node;

	for (node = rb_first(&dcd->held); node; node = rb_next(node)) {
		e = rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
		if (e->published && e->dpa / DCD_BLOCK & 1)
			vfio_cxl_dcd_touch(dcd, e, 1 + liar.uses);
	}
}

static void liar_flush(void *ctx, u64 dpa, u64 len)
{
	(void)ctx;
	must(!liar.locked && len && dpa + len > dpa, "it may sleep");
}

static bool liar_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	(void)ctx;
	must(!liar.locked, "no other device is asked under the state lock");

	return fake_dcd_tag_of(tag) == 7;
}

static void liar_change(void *ctx, const struct vfio_cxl_dcd_change *change)
{
	(void)ctx;
	(void)change;
	must(liar.locked, "a change is told under the state lock");
}

/* The fake device's, without the device */
void fake_dcd_tag(u32 tag, u8 uuid[VFIO_CXL_DC_TAG_LEN])
{
	memset(uuid, 0, VFIO_CXL_DC_TAG_LEN);
	uuid[0] = tag;
}

u32 fake_dcd_tag_of(const u8 uuid[VFIO_CXL_DC_TAG_LEN])
{
	return uuid[0];
}

/*
 * What happens
 */

static void record(struct vfio_cxl_dcd *dcd, struct input *in)
{
	struct cxl_dc_event event = {
		.uuid = CXL_DC_EVENT_UUID,
		.length = sizeof(event),
	};
	u8 how = in_u8(in);

	event.type = how & 7;
	if (event.type >= 5)
		event.type = CXL_DC_EVENT_ADD;
	event.dc_flags = how >> 3 & 1;
	any_extent(in, &event.extent);
	if (how >= 0xf0)
		event.length = in_u8(in);
	if (how >= 0xf8)
		event.uuid[in_u8(in) % 16]++;
	liar.begun += event.type == CXL_DC_EVENT_ADD && !dcd->open &&
		      !dcd->swallow;
	vfio_cxl_dcd_event(dcd, &event);
}

/* By tag, by offer, or by ids, of which some are there */
static void user(struct vfio_cxl_dcd *dcd, struct input *in, u8 what)
{
	u8 how = in_u8(in), uuid[VFIO_CXL_DC_TAG_LEN];
	struct vfio_cxl_dcd_select select = { .tenant = how & 0x80 };
	struct vfio_cxl_dcd_result result;
	u64 id[2];
	int ret;

	id[0] = dcd->next_id - 1 - in_u8(in) % 16;
	id[1] = dcd->next_id - 1 - in_u8(in) % 16;
	fake_dcd_tag(how & 7, uuid);
	if (how & 0x10)
		select.tag = uuid;
	else if (how & 0x20)
		select.offer = id[0];
	select.ids = id;
	select.count = 1 + (how >> 6 & 1);
	switch (what) {
	case 0:
		ret = vfio_cxl_dcd_accept(dcd, &select, how >> 3 & 3, &result);
		break;
	case 1:
		ret = vfio_cxl_dcd_reject(dcd, &select, &result);
		break;
	default:
		ret = vfio_cxl_dcd_release(dcd, &select,
					   what == 3 ? VFIO_CXL_DCD_DEFER :
					   how & 8 ? VFIO_CXL_DCD_FORCE :
						     VFIO_CXL_DCD_UNUSED,
					   &result);
	}
	must(!ret || ret == -ENOENT || ret == -EINVAL || ret == -EAGAIN ||
	     ret == -EBUSY || ret == -EOPNOTSUPP || ret == -ENOMEM ||
	     ret == -EIO || ret == -ENOSPC, "errors are known");
	must(ret != -EOPNOTSUPP || result.reason, "a refusal has a reason");
}

static void look(struct vfio_cxl_dcd *dcd, struct input *in)
{
	struct vfio_cxl_dcd_item item[4];
	struct vfio_cxl_dcd_page page = { .item = item, .room = 4 };
	struct vfio_cxl_dcd_status status;
	u8 uuid[VFIO_CXL_DC_TAG_LEN];
	u64 last = 0;
	u32 i;

	fake_dcd_tag(1 + in_u8(in) % 7, uuid);
	if (!vfio_cxl_dcd_tag_status(dcd, uuid, VFIO_CXL_DC_ALL_REGIONS, false,
				     &status))
		must(status.state, "what is known is in a state");
	do {
		must(!vfio_cxl_dcd_list(dcd, &page), "nothing changes");
		for (i = 0; i < page.count; i++) {
			must(item[i].id > last, "a list is in order");
			last = item[i].id;
		}
	} while (page.more);
}

static void step(struct vfio_cxl_dcd *dcd, struct input *in)
{
	u8 op = in_u8(in);

	liar.commands = 0;
	switch (op & 0xf) {
	case 0 ... 5:
		record(dcd, in);
		break;
	case 6 ... 7:
		user(dcd, in, 0);
		break;
	case 8 ... 9:
		user(dcd, in, op & 0xf ? op >> 4 & 3 : 0);
		break;
	case 10 ... 11:
		/* It may be mapped nowhere any more, until somebody touches it */
		liar.uses += op & 1;
		liar.now_ns += 1ULL << (20 + (op >> 4));
		vfio_cxl_dcd_tick(dcd);
		break;
	case 12:
		vfio_cxl_dcd_drained(dcd);
		if (op & 0x80)
			vfio_cxl_dcd_overflow(dcd);
		break;
	case 13:
		if (op & 0x80)
			vfio_cxl_dcd_reset(dcd);
		else
			vfio_cxl_dcd_tenancy_end(dcd);
		break;
	case 14:
		liar.out_of_memory = op >> 4;
		break;
	default:
		look(dcd, in);
	}
}

static u32 count_prepared(const struct vfio_cxl_dcd *dcd)
{
	struct vfio_cxl_dcd_extent *e;
	struct dc_group *group;
	u32 nr = 0;

	list_for_each_entry(group, &dcd->groups, node)
		list_for_each_entry(e, &group->extents, in_group)
			nr += e->prepared;

	return nr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vfio_cxl_dcd_ops ops = {
		.command = liar_command, .now_ns = liar_now,
		.alloc = liar_alloc, .free = liar_free,
		.lock = liar_lock, .unlock = liar_unlock,
		.covered = liar_covered, .sharable = liar_sharable,
		.prepare = liar_prepare, .publish = liar_publish,
		.unpublish = liar_unpublish, .use = liar_use,
		.flush = liar_flush, .tag_live_elsewhere = liar_elsewhere,
		.change = liar_change,
	};
	struct vfio_cxl_dcd *dcd = &liar.w.b.dcd;
	struct vfio_cxl_dcd_limits *limits = &liar.w.b.fake.limits;
	struct input *in = &unit_input.in;
	u8 how;

	*in = (struct input){ data, size };
	memset(&liar, 0, sizeof(liar));
	liar.w.metadata = &unit_input;
	/* It may take part of a tag away, or list it so */
	liar.w.broken = true;
	liar.now_ns = DCD_SECOND;
	how = in_u8(in);
	*limits = (struct vfio_cxl_dcd_limits){
		.extents = MAX_EXTENTS,
		.offers = how & 1 ? 2 : 0,
		.tombstones = how & 2 ? 4 : 0,
		.payload = how & 4 ? 256 : 2048,
		.deadline_ns = how & 8 ? 5 * DCD_SECOND : 0,
	};
	must(!vfio_cxl_dcd_init(dcd, &ops, &liar, limits), "it begins");
	vfio_cxl_dcd_start(dcd);
	while (in->left) {
		step(dcd, in);
		liar_touch(dcd);
		dcd_check_books(&liar.w);
		must(count_prepared(dcd) == liar.nr,
		     "what is reachable is known");
	}
	liar.commands = 0;
	liar.uses++;
	vfio_cxl_dcd_tenancy_end(dcd);
	vfio_cxl_dcd_stop(dcd, how & 0x10);
	dcd_check_books(&liar.w);
	vfio_cxl_dcd_destroy(dcd);
	must(!liar.nr, "in the end nothing is reachable");

	return 0;
}
