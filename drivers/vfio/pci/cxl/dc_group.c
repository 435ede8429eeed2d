// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: Dynamic Capacity: the books
 *
 * Extents, by id and by DPA; the groups in which they are taken and given back,
 * by tag; how many of them are in which state; and what is remembered of those
 * that are no more. Nothing here talks to the device.
 */
#include "dc_engine.h"

static const u8 null_tag[VFIO_CXL_DC_TAG_LEN];

bool dc_tag_is_null(const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	return !memcmp(tag, null_tag, VFIO_CXL_DC_TAG_LEN);
}

static struct vfio_cxl_dcd_extent *id_entry(struct rb_node *node)
{
	return rb_entry(node, struct vfio_cxl_dcd_extent, by_id);
}

static struct vfio_cxl_dcd_extent *dpa_entry(struct rb_node *node)
{
	return rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
}

/* The extent with the lowest id that is not below @id */
struct vfio_cxl_dcd_extent *dc_from_id(struct vfio_cxl_dcd *dcd, u64 id)
{
	struct vfio_cxl_dcd_extent *best = NULL;
	struct rb_node *node = dcd->by_id.rb_node;

	while (node) {
		if (id_entry(node)->id >= id) {
			best = id_entry(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}

	return best;
}

struct vfio_cxl_dcd_extent *dc_next_id(const struct vfio_cxl_dcd_extent *e)
{
	struct rb_node *next = rb_next(&e->by_id);

	return next ? id_entry(next) : NULL;
}

struct vfio_cxl_dcd_extent *dc_by_id(struct vfio_cxl_dcd *dcd, u64 id)
{
	struct vfio_cxl_dcd_extent *e = dc_from_id(dcd, id);

	return e && e->id == id ? e : NULL;
}

/* Some order, by few instructions: there is a comparison for each level of a tree */
static int compare_tags(const u8 a[VFIO_CXL_DC_TAG_LEN],
			const u8 b[VFIO_CXL_DC_TAG_LEN])
{
	u64 x[2], y[2];

	static_assert(sizeof(x) == VFIO_CXL_DC_TAG_LEN);

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	if (x[0] == y[0]) {
		x[0] = x[1];
		y[0] = y[1];
	}

	return x[0] < y[0] ? -1 : x[0] > y[0];
}

struct dc_group *dc_by_tag(struct vfio_cxl_dcd *dcd,
			   const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct rb_node *node = dcd->by_tag.rb_node;
	struct dc_group *group;
	int order;

	while (node) {
		group = rb_entry(node, struct dc_group, by_tag);
		order = compare_tags(tag, group->tag);
		if (!order)
			return group;
		node = order < 0 ? node->rb_left : node->rb_right;
	}

	return NULL;
}

/* The lowest extent that ends behind @dpa */
struct vfio_cxl_dcd_extent *dc_at(const struct rb_root *root, u64 dpa)
{
	struct vfio_cxl_dcd_extent *e, *best = NULL;
	struct rb_node *node = root->rb_node;

	while (node) {
		e = dpa_entry(node);
		if (e->dpa + e->len > dpa) {
			best = e;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}

	return best;
}

bool dc_any_at(const struct rb_root *root, u64 dpa, u64 len)
{
	struct vfio_cxl_dcd_extent *e = dc_at(root, dpa);

	return e && e->dpa < dpa + len;
}

static void insert_tag(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct rb_node **link = &dcd->by_tag.rb_node, *parent = NULL;
	struct dc_group *at;

	while (*link) {
		parent = *link;
		at = rb_entry(parent, struct dc_group, by_tag);
		link = compare_tags(group->tag, at->tag) < 0 ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&group->by_tag, parent, link);
	rb_insert_color(&group->by_tag, &dcd->by_tag);
}

static void insert_id(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e)
{
	struct rb_node **link = &dcd->by_id.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = e->id < id_entry(parent)->id ? &parent->rb_left :
						      &parent->rb_right;
	}
	rb_link_node(&e->by_id, parent, link);
	rb_insert_color(&e->by_id, &dcd->by_id);
}

static void insert_dpa(struct rb_root *root, struct vfio_cxl_dcd_extent *e)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = e->dpa < dpa_entry(parent)->dpa ? &parent->rb_left :
							 &parent->rb_right;
	}
	rb_link_node(&e->by_dpa, parent, link);
	rb_insert_color(&e->by_dpa, root);
}

/*
 * A group that has no extent yet. With @in_tree it is the one that its tag names,
 * in the place of a tombstone that may be there.
 */
struct dc_group *dc_group_new(struct vfio_cxl_dcd *dcd,
			      const u8 tag[VFIO_CXL_DC_TAG_LEN], bool in_tree)
{
	struct dc_group *group = dc_alloc(dcd, sizeof(*group)), *tomb;

	if (!group)
		return NULL;
	memcpy(group->tag, tag, VFIO_CXL_DC_TAG_LEN);
	INIT_LIST_HEAD(&group->extents);
	INIT_LIST_HEAD(&group->in_offer);
	INIT_LIST_HEAD(&group->back);
	INIT_LIST_HEAD(&group->pick);
	tomb = in_tree ? dc_by_tag(dcd, tag) : NULL;
	if (tomb)
		dc_group_free(dcd, tomb);

	dc_lock(dcd);
	list_add_tail(&group->node, &dcd->groups);
	group->in_tree = in_tree;
	if (in_tree)
		insert_tag(dcd, group);
	dc_unlock(dcd);

	return group;
}

/* An extent that nobody sees yet */
struct vfio_cxl_dcd_extent *dc_extent_new(struct vfio_cxl_dcd *dcd,
					  struct dc_group *group, u64 dpa,
					  u64 len, u16 sequence)
{
	struct vfio_cxl_dcd_extent *e = dc_alloc(dcd, sizeof(*e));

	if (!e)
		return NULL;
	e->id = dcd->next_id++;
	e->dpa = dpa;
	e->len = len;
	e->sequence = sequence;
	e->group = group;
	RB_CLEAR_NODE(&e->by_id);
	INIT_LIST_HEAD(&e->in_offer);

	dc_lock(dcd);
	list_add_tail(&e->in_group, &group->extents);
	group->count++;
	group->nr[VFIO_CXL_DC_NONE]++;
	dc_unlock(dcd);
	dcd->nr_extents++;

	return e;
}

void dc_extent_free(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e)
{
	dc_lock(dcd);
	if (!RB_EMPTY_NODE(&e->by_id))
		rb_erase(&e->by_id, &dcd->by_id);
	list_del(&e->in_group);
	dc_unlock(dcd);
	dc_free(dcd, e);
}

/* Not while it, or one of its extents, is in a tree by DPA, or in an offer */
void dc_group_free(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e, *next;
	int state;

	list_for_each_entry_safe(e, next, &group->extents, in_group)
		dc_extent_free(dcd, e);

	dc_lock(dcd);
	list_del(&group->node);
	if (group->in_tree)
		rb_erase(&group->by_tag, &dcd->by_tag);
	for (state = 0; state < VFIO_CXL_DC_STATES; state++) {
		if (state == VFIO_CXL_DC_NONE)
			continue;
		dcd->nr[state] -= group->nr[state];
		dcd->bytes[state] -= group->bytes[state];
	}
	dcd->changes++;
	dc_unlock(dcd);
	if (group->tomb)
		dcd->nr_tombs--;
	else
		dcd->nr_extents -= group->count;
	dc_free(dcd, group);
}

/* State lock held. From now on users find it by its id */
void dc_show(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e)
{
	insert_id(dcd, e);
	dcd->changes++;
}

static struct rb_root *tree_of(struct vfio_cxl_dcd *dcd, unsigned int state)
{
	if (DC_OFFERED & 1U << state)
		return &dcd->pending;
	if (DC_HELD & 1U << state)
		return &dcd->held;
	return NULL;
}

/* State lock held */
static void set(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		enum vfio_cxl_dc_state state, u32 reason)
{
	struct rb_root *from = tree_of(dcd, e->state);
	struct rb_root *to = tree_of(dcd, state);
	struct dc_group *group = e->group;

	if (from != to) {
		if (from)
			rb_erase(&e->by_dpa, from);
		if (to)
			insert_dpa(to, e);
	}
	group->nr[e->state]--;
	if (e->state != VFIO_CXL_DC_NONE) {
		group->bytes[e->state] -= e->len;
		dcd->nr[e->state]--;
		dcd->bytes[e->state] -= e->len;
	}
	e->state = state;
	e->reason = reason;
	group->nr[state]++;
	group->bytes[state] += e->len;
	group->since_ns[state] = dc_now(dcd);
	dcd->nr[state]++;
	dcd->bytes[state] += e->len;
	dcd->changes++;
}

/* Without a word to the user */
void dc_set(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
	    enum vfio_cxl_dc_state state, u32 reason)
{
	dc_lock(dcd);
	set(dcd, e, state, reason);
	dc_unlock(dcd);
}

static void fill(struct vfio_cxl_dcd_change *change,
		 const struct dc_group *group)
{
	change->reach = group->reach;
	change->reason = group->reason;
	change->rc = group->rc;
	change->offer = group->offer_id;
	memcpy(change->tag, group->tag, VFIO_CXL_DC_TAG_LEN);
}

/* All extents of a group that are in one of the states @from */
void dc_move(struct vfio_cxl_dcd *dcd, struct dc_group *group,
	     unsigned int from, enum vfio_cxl_dc_state to, u32 reason)
{
	struct vfio_cxl_dcd_change change = {
		.kind = VFIO_CXL_DC_CHANGE_STATE,
		.state = to,
	};
	struct vfio_cxl_dcd_extent *e;
	u32 moved = 0;

	dc_lock(dcd);
	list_for_each_entry(e, &group->extents, in_group) {
		if (!(from & 1U << e->state))
			continue;
		set(dcd, e, to, reason);
		if (!moved++)
			change.region = e->region;
		change.extent = e->id;
		change.length += e->len;
	}
	if (moved) {
		group->reason = reason;
		fill(&change, group);
		if (!dc_tag_is_null(group->tag))
			change.extent = 0;
		dcd->ops->change(dcd->ctx, &change);
	}
	dc_unlock(dcd);
}

static void fill_extent(struct vfio_cxl_dcd_change *change,
			const struct vfio_cxl_dcd_extent *e)
{
	fill(change, e->group);
	change->state = e->state;
	change->reason = e->reason;
	change->region = e->region;
	change->extent = e->id;
	change->length = e->len;
}

/* One extent, which leaves the others of its group behind */
void dc_move_one(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		 enum vfio_cxl_dc_state to, u32 reason)
{
	struct vfio_cxl_dcd_change change = {
		.kind = VFIO_CXL_DC_CHANGE_STATE,
	};

	dc_lock(dcd);
	set(dcd, e, to, reason);
	e->group->reason = reason;
	fill_extent(&change, e);
	dcd->ops->change(dcd->ctx, &change);
	dc_unlock(dcd);
}

/* What is about no extent */
void dc_tell(struct vfio_cxl_dcd *dcd, enum vfio_cxl_dc_change kind,
	     u64 offer, u32 reason)
{
	struct vfio_cxl_dcd_change change = {
		.kind = kind,
		.offer = offer,
		.reason = reason,
	};

	dc_lock(dcd);
	dcd->changes++;
	dcd->ops->change(dcd->ctx, &change);
	dc_unlock(dcd);
}

void dc_tell_extent(struct vfio_cxl_dcd *dcd, enum vfio_cxl_dc_change kind,
		    struct vfio_cxl_dcd_extent *e, u32 reason)
{
	struct vfio_cxl_dcd_change change = { .kind = kind };

	dc_lock(dcd);
	dcd->changes++;
	fill_extent(&change, e);
	change.reason = reason;
	dcd->ops->change(dcd->ctx, &change);
	dc_unlock(dcd);
}

void dc_tell_group(struct vfio_cxl_dcd *dcd, enum vfio_cxl_dc_change kind,
		   struct dc_group *group)
{
	struct vfio_cxl_dcd_change change = { .kind = kind };
	struct vfio_cxl_dcd_extent *e, *told;

	dc_lock(dcd);
	dcd->changes++;
	told = list_first_entry(&group->extents, struct vfio_cxl_dcd_extent,
				in_group);
	/* Some may have been taken away before */
	list_for_each_entry(e, &group->extents, in_group) {
		if (!(DC_LIVE & 1U << e->state))
			continue;
		told = e;
		break;
	}
	fill_extent(&change, told);
	if (!dc_tag_is_null(group->tag)) {
		change.extent = 0;
		change.length = group->bytes[told->state];
	}
	dcd->ops->change(dcd->ctx, &change);
	dc_unlock(dcd);
}

/* What is said of it when its offer is answered; accepted, it was prepared */
void dc_decide(struct vfio_cxl_dcd *dcd, struct dc_group *group,
	       enum dc_decision decision, u32 reason)
{
	if (decision != DC_ACCEPT)
		dc_unprepare(dcd, group);
	if (group->decision == DC_UNDECIDED)
		group->offer->undecided--;
	if (decision == DC_UNDECIDED)
		group->offer->undecided++;
	dc_lock(dcd);
	dcd->changes++;
	group->decision = decision;
	group->reason = reason;
	dc_unlock(dcd);
}

/* What the device said to the last command about it, for users who ask */
void dc_set_rc(struct vfio_cxl_dcd *dcd, struct dc_group *group, u16 rc)
{
	dc_lock(dcd);
	group->rc = rc;
	dc_unlock(dcd);
}

/* How many of its extents are in one of these states? */
u32 dc_live(const struct dc_group *group, unsigned int states)
{
	int state;
	u32 nr = 0;

	for (state = 0; state < VFIO_CXL_DC_STATES; state++)
		if (states & 1U << state)
			nr += group->nr[state];

	return nr;
}

/* Once nothing of it is left, remember how it ended */
void dc_bury(struct vfio_cxl_dcd *dcd, struct dc_group *group)
{
	struct vfio_cxl_dcd_extent *e, *next;

	if (group->tomb || group->offer || dc_live(group, DC_LIVE))
		return;
	dc_lock(dcd);
	list_move_tail(&group->node, &dcd->tombs);
	list_del_init(&group->back);
	dc_unlock(dcd);
	group->tomb = true;
	dcd->nr_tombs++;
	dcd->nr_extents -= group->count;
	if (group->count <= VFIO_CXL_DC_TOMB_EXTENTS)
		return;
	list_for_each_entry_safe(e, next, &group->extents, in_group)
		dc_extent_free(dcd, e);
}

/* No sooner than nobody looks at what was selected */
void dc_evict(struct vfio_cxl_dcd *dcd)
{
	while (dcd->nr_tombs > dcd->limits.tombstones)
		dc_group_free(dcd, list_first_entry(&dcd->tombs,
						    struct dc_group, node));
}
