// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: a device in software
 *
 * It does what the specification asks of a device, and has no queue: offers are
 * answered in any order, and a refusal says of what (CXL_DC_REFUSE).
 */
#include "host_dev.h"

/**
 * vfio_cxl_host_dev_init - a device without regions
 * @dev: filled in
 */
void vfio_cxl_host_dev_init(struct vfio_cxl_host_dev *dev)
{
	memset(dev, 0, sizeof(*dev));
	dev->extents = RB_ROOT;
	INIT_LIST_HEAD(&dev->gone);
}

static int refuse(u32 *to, int err, u32 reason)
{
	*to = reason;

	return err;
}

/**
 * vfio_cxl_host_dev_check - could a device be so?
 * @regions: how many it is to have, not 0
 * @size: bytes of each
 * @block: what extents are to be multiples of
 * @page: that at least
 * @reason: filled in on an error
 *
 * Return: 0 or -EINVAL.
 */
int vfio_cxl_host_dev_check(u32 regions, u64 size, u64 block, u64 page,
			    u32 *reason)
{
	u64 all;

	if (regions > VFIO_CXL_DC_HOST_REGIONS)
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_HOST_REGIONS);
	if (!is_power_of_2(block) || block < page)
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_HOST_BLOCK);
	if (!size || !IS_ALIGNED(size, block))
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_HOST_SIZE);
	if (check_mul_overflow(size, (u64)regions, &all) ||
	    all > VFIO_CXL_HOST_SIZE_MAX)
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_RANGE_SIZE);

	return 0;
}

/* The first extent that ends behind @dpa */
static struct vfio_cxl_host_extent *
extent_from(const struct vfio_cxl_host_dev *dev, u64 dpa)
{
	struct rb_node *node = dev->extents.rb_node;
	struct vfio_cxl_host_extent *e, *best = NULL;

	while (node) {
		e = rb_entry(node, struct vfio_cxl_host_extent, node);
		if (dpa >= e->dpa + e->len) {
			node = node->rb_right;
		} else {
			best = e;
			node = node->rb_left;
		}
	}

	return best;
}

/**
 * vfio_cxl_host_dev_at - the extent that begins there
 * @dev: the device
 * @dpa: where
 *
 * Return: it, or NULL.
 */
struct vfio_cxl_host_extent *
vfio_cxl_host_dev_at(const struct vfio_cxl_host_dev *dev, u64 dpa)
{
	struct vfio_cxl_host_extent *e = extent_from(dev, dpa);

	return e && e->dpa == dpa ? e : NULL;
}

/**
 * vfio_cxl_host_dev_place - could an extent be there?
 * @dev: the device
 * @region: number of the region, from 0 on
 * @offset: in it
 * @len: bytes
 * @reason: filled in on an error
 *
 * Return: 0, -EINVAL, or -EBUSY if another one is there.
 */
int vfio_cxl_host_dev_place(const struct vfio_cxl_host_dev *dev, u32 region,
			    u64 offset, u64 len, u32 *reason)
{
	struct vfio_cxl_host_extent *e;
	u64 dpa;

	if (region >= dev->regions)
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_DC_REGION);
	if (!len || !IS_ALIGNED(len, dev->block))
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_BACKEND_BLOCK);
	if (!IS_ALIGNED(offset, dev->block))
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_DC_ALIGN);
	if (len > dev->size || offset > dev->size - len)
		return refuse(reason, -EINVAL, VFIO_CXL_REASON_HOST_OUTSIDE);
	dpa = vfio_cxl_host_dpa(region, offset);
	e = extent_from(dev, dpa);
	if (e && e->dpa < dpa + len)
		return refuse(reason, -EBUSY, VFIO_CXL_REASON_DC_OVERLAP);

	return 0;
}

/**
 * vfio_cxl_host_dev_offer - an extent is offered from now on
 * @dev: the device
 * @e: with all but its links; vfio_cxl_host_dev_place() said yes
 */
void vfio_cxl_host_dev_offer(struct vfio_cxl_host_dev *dev,
			     struct vfio_cxl_host_extent *e)
{
	struct rb_node **link = &dev->extents.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = e->dpa < rb_entry(parent, struct vfio_cxl_host_extent,
					 node)->dpa ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&e->node, parent, link);
	rb_insert_color(&e->node, &dev->extents);
	e->accepted = false;
	dev->count++;
}

/**
 * vfio_cxl_host_dev_drop - an extent is neither offered nor accepted any more
 * @dev: the device
 * @e: one of its own; the caller's to free, from @dev->gone on
 */
void vfio_cxl_host_dev_drop(struct vfio_cxl_host_dev *dev,
			    struct vfio_cxl_host_extent *e)
{
	rb_erase(&e->node, &dev->extents);
	dev->count--;
	if (e->accepted) {
		dev->accepted--;
		dev->generation++;
	}
	list_add_tail(&e->gone, &dev->gone);
}

/**
 * vfio_cxl_host_dev_record - what a device's log would say
 * @e: of this extent
 * @type: CXL_DC_EVENT_*
 * @event: filled in
 */
void vfio_cxl_host_dev_record(const struct vfio_cxl_host_extent *e, u8 type,
			      struct cxl_dc_event *event)
{
	*event = (struct cxl_dc_event){
		.uuid = CXL_DC_EVENT_UUID,
		.length = sizeof(*event),
		.type = type,
		.extent.dpa = cpu_to_le64(e->dpa),
		.extent.length = cpu_to_le64(e->len),
	};
	memcpy(event->extent.tag, e->tag, sizeof(event->extent.tag));
}

/*
 * Commands. Who sends them is the engine, so that they are well formed.
 */

static int get_config(struct vfio_cxl_host_dev *dev,
		      struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_config_in *in = cmd->in;
	struct cxl_dc_config_out *out = cmd->out;
	struct cxl_dc_config_tail *tail;
	u32 i;

	memset(out, 0, sizeof(*out));
	out->available = dev->regions;
	out->returned = in->first < dev->regions ?
			min_t(u32, in->count, dev->regions - in->first) : 0;
	for (i = 0; i < out->returned; i++)
		out->region[i] = (struct cxl_dc_region){
			.base = cpu_to_le64(vfio_cxl_host_dpa(in->first + i, 0)),
			.decode_length =
				cpu_to_le64((dev->size + CXL_DC_UNIT - 1) /
					    CXL_DC_UNIT),
			.length = cpu_to_le64(dev->size),
			.block_size = cpu_to_le64(dev->block),
		};
	tail = (struct cxl_dc_config_tail *)&out->region[out->returned];
	memset(tail, 0, sizeof(*tail));
	cmd->out_size = sizeof(*out) +
			out->returned * sizeof(out->region[0]) + sizeof(*tail);

	return 0;
}

static int get_extents(struct vfio_cxl_host_dev *dev,
		       struct vfio_cxl_mbox_cmd *cmd)
{
	const struct cxl_dc_extents_in *in = cmd->in;
	struct cxl_dc_extents_out *out = cmd->out;
	u32 start = le32_to_cpu(in->start), most = le32_to_cpu(in->count);
	struct vfio_cxl_host_extent *e;
	u32 at = 0, n = 0;
	struct rb_node *node;

	most = min_t(u32, most, (cmd->out_room - sizeof(*out)) /
				sizeof(out->extent[0]));
	for (node = rb_first(&dev->extents); node && n < most;
	     node = rb_next(node)) {
		e = rb_entry(node, struct vfio_cxl_host_extent, node);
		if (!e->accepted || at++ < start)
			continue;
		out->extent[n] = (struct cxl_dc_extent){
			.dpa = cpu_to_le64(e->dpa),
			.length = cpu_to_le64(e->len),
		};
		memcpy(out->extent[n++].tag, e->tag, sizeof(e->tag));
	}
	*out = (struct cxl_dc_extents_out){
		.returned = cpu_to_le32(n),
		.total = cpu_to_le32(dev->accepted),
		.generation = cpu_to_le32(dev->generation),
	};
	cmd->out_size = sizeof(*out) + n * sizeof(out->extent[0]);

	return 0;
}

static struct vfio_cxl_host_extent *named(struct vfio_cxl_host_dev *dev,
					  const struct cxl_dc_entry *entry,
					  bool accepted)
{
	struct vfio_cxl_host_extent *e =
		vfio_cxl_host_dev_at(dev, le64_to_cpu(entry->dpa));

	return e && e->len == le64_to_cpu(entry->length) &&
	       e->accepted == accepted ? e : NULL;
}

/* All that is named, or nothing */
static int decide(struct vfio_cxl_host_dev *dev, struct vfio_cxl_mbox_cmd *cmd)
{
	bool accepted = cmd->opcode == CXL_DC_RELEASE;
	const struct cxl_dc_entries *in = cmd->in;
	u32 count = le32_to_cpu(in->count), i;
	struct vfio_cxl_host_extent *e;

	for (i = 0; i < count; i++) {
		if (named(dev, &in->entry[i], accepted))
			continue;
		cmd->rc = CXL_RC_INVALID_PA;
		return -EIO;
	}
	for (i = 0; i < count; i++) {
		e = named(dev, &in->entry[i], accepted);
		if (cmd->opcode == CXL_DC_ADD_RESPONSE) {
			e->accepted = true;
			dev->accepted++;
			dev->generation++;
		} else {
			vfio_cxl_host_dev_drop(dev, e);
		}
	}

	return 0;
}

/**
 * vfio_cxl_host_dev_command - carry out a command of the engine's
 * @dev: the device
 * @cmd: the command
 *
 * Return: 0; -EIO if the device says no, with a return code.
 */
int vfio_cxl_host_dev_command(struct vfio_cxl_host_dev *dev,
			      struct vfio_cxl_mbox_cmd *cmd)
{
	cmd->rc = 0;
	cmd->out_size = 0;
	switch (cmd->opcode) {
	case CXL_DC_GET_CONFIG:
		return get_config(dev, cmd);
	case CXL_DC_GET_EXTENTS:
		return get_extents(dev, cmd);
	case CXL_DC_ADD_RESPONSE:
	case CXL_DC_RELEASE:
	case CXL_DC_REFUSE:
		return decide(dev, cmd);
	}
	cmd->rc = CXL_RC_INVALID_INPUT;

	return -EIO;
}
