/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic Capacity, at random: what device, users and chance do in a schedule, one
 * step after the other, and how each ends. What they do is drawn from
 * unit_random_below(): a generator's numbers, or a fuzzer's input.
 */
#ifndef VFIO_CXL_DCD_SCHEDULE_H
#define VFIO_CXL_DCD_SCHEDULE_H

#include "dcd_pairs.h"
#include "dcd_world.h"

static bool one_in(u32 n)
{
	return !unit_random_below(n);
}

/*
 * The device
 */

static bool is_free(struct world *w, u64 at, u64 n)
{
	const struct fake_dcd_group *group;
	u64 dpa = fake_dcd_at(at), len = n * DCD_BLOCK;
	u32 i;

	for (i = 0; i < n; i++)
		if (w->b.fake.block[at + i] & FAKE_BLOCK_ACCEPTED)
			return false;
	for (group = w->b.fake.pending; group; group = group->next)
		for (i = 0; i < group->count; i++)
			if (dc_overlaps(group->extent[i].dpa,
					group->extent[i].len, dpa, len))
				return false;

	return true;
}

static void remember(struct world *w, const struct fake_dcd_extent *e)
{
	w->recent[w->nr_recent++ % RECENT] = *e;
}

static struct fake_dcd_extent recent(struct world *w)
{
	u32 nr = min_t(u32, w->nr_recent, RECENT);
	struct fake_dcd_extent none = X(0, 1, 0);

	return nr ? w->recent[unit_random_below(nr)] : none;
}

/* Under way, or out of reach: which does not last */
static bool is_rare(const struct dc_group *group)
{
	if (group->nr[STATE(RELEASING)] || group->deferred)
		return true;
	if (group->offer)
		return group->offer->attempts || group->offer->unsure;

	return group->nr[STATE(COMMITTED)] &&
	       group->reach == VFIO_CXL_DC_REACH_NONE;
}

static struct fake_dcd_extent rare(struct world *w)
{
	const struct vfio_cxl_dcd_extent *e;
	const struct dc_group *group;
	u32 nr = 0;

	list_for_each_entry(group, &w->b.dcd.groups, node)
		nr += is_rare(group);
	if (!nr)
		return recent(w);
	nr = unit_random_below(nr);
	list_for_each_entry(group, &w->b.dcd.groups, node)
		if (is_rare(group) && !nr--)
			break;
	e = list_first_entry(&group->extents, struct vfio_cxl_dcd_extent,
			     in_group);

	return (struct fake_dcd_extent){
		.dpa = e->dpa,
		.len = e->len,
		.tag = fake_dcd_tag_of(group->tag),
	};
}

/* What somebody means: mostly what was offered lately */
static struct fake_dcd_extent target(struct world *w)
{
	struct fake_dcd_extent nobodys = X(0, 1, 0);

	if (one_in(4))
		return rare(w);
	if (!one_in(24))
		return recent(w);
	nobodys.dpa = fake_dcd_at(unit_random_below(BLOCKS));
	nobodys.tag = one_in(2) ? 0xffffffff : 0;

	return nobodys;
}

/* One that can be offered, or not quite; the first has a tag of its own */
static struct fake_dcd_extent random_extent(struct world *w, bool first)
{
	struct fake_dcd_extent e = {};
	u64 at, n;
	u32 tries;

	for (tries = 0; tries < 20; tries++) {
		n = 1 + unit_random_below(4);
		at = unit_random_below(BLOCKS - 4);
		if (is_free(w, at, n) && at / 128 == (at + n - 1) / 128)
			break;
	}
	e.dpa = fake_dcd_at(at);
	e.len = tries < 20 ? n * DCD_BLOCK : 0;
	if (one_in(40))
		e.len = 0;
	if (one_in(40))
		e.dpa += DCD_MIB;
	if (one_in(60))
		e.len = -DCD_BLOCK;
	if (one_in(60))
		e.sequence = 1;
	if (first || one_in(3))
		w->next_tag++;
	if (!one_in(5))
		e.tag = w->next_tag;
	if (one_in(16)) {
		e.tag = target(w).tag;
		dcd_met_named(&w->b.dcd, DCD_SAME_TAG, &e);
	}
	remember(w, &e);

	return e;
}

/* Were there records of it that nobody can tell from those of an offer? */
static bool was_tail(struct world *w, const struct fake_dcd_extent *e)
{
	u32 i;

	for (i = 0; i < BLOCKS; i++)
		if (w->tail[i] && dc_overlaps(fake_dcd_at(i), DCD_BLOCK,
					      e->dpa, e->len))
			return true;

	return false;
}

static void tail_record(struct world *w, struct fake_dcd_extent e)
{
	u32 i;

	w->dangling = false;
	for (i = 0; i < BLOCKS; i++)
		w->tail[i] |= dc_overlaps(fake_dcd_at(i), DCD_BLOCK, e.dpa,
					  e.len);
	dcd_met_all(&w->b.dcd, DCD_ADD_LAST);
	fake_dcd_event(&w->b.fake, CXL_DC_EVENT_ADD, &e);
}

/* Sometimes all of an offer at once, sometimes record by record */
static void device_offers(struct world *w)
{
	struct fake_dcd *fake = &w->b.fake;
	struct fake_dcd_group *group;
	struct fake_dcd_extent e;
	bool more;

	if (w->dangling) {
		tail_record(w, random_extent(w, false));
		return;
	}
	do {
		e = random_extent(w, !fake->open);
		more = one_in(2);
		dcd_met_all(&w->b.dcd, more ? DCD_ADD_MORE : DCD_ADD_LAST);
		fake_dcd_record(fake, &e, more);
		/* An answer may be for the tail, and come before it is complete */
		for (group = fake->pending; group; group = group->next)
			group->lost |= !group->closed && was_tail(w, &e);
	} while (more && !one_in(4));
}

static bool is_inside(const struct fake_dcd_extent *e)
{
	u64 end;

	return e->len && e->dpa % DCD_BLOCK == 0 &&
	       !check_add_overflow(e->dpa, e->len, &end) &&
	       end <= fake_dcd_at(BLOCKS);
}

static void device_asks(struct world *w)
{
	struct fake_dcd_extent e = target(w);
	bool longer = one_in(6), untagged = one_in(6);

	dcd_met(&w->b.dcd,
		longer || (untagged && e.tag) ? DCD_ASKED_ODD : DCD_ASKED, &e);
	if (longer)
		e.len += DCD_BLOCK;
	if (untagged)
		e.tag = 0;
	fake_dcd_event(&w->b.fake, CXL_DC_EVENT_RELEASE, &e);
}

static void device_takes(struct world *w)
{
	struct fake_dcd_extent e = target(w);
	bool part = e.len > DCD_BLOCK && one_in(2);

	if (!is_inside(&e))
		return;
	dcd_met(&w->b.dcd, part ? DCD_FORCED_PART : DCD_FORCED, &e);
	if (part)
		e.len -= DCD_BLOCK;
	w->broken = true;
	fake_dcd_force(&w->b.fake, e.dpa, e.len, e.tag);
}

static void device_says(struct world *w)
{
	struct fake_dcd_extent e = recent(w);
	u8 type = CXL_DC_EVENT_REGION_CHANGED + unit_random_below(5);

	dcd_met_all(&w->b.dcd,
		    type == CXL_DC_EVENT_REGION_CHANGED ? DCD_REGIONS :
							  DCD_OTHER);
	fake_dcd_event(&w->b.fake, type, &e);
}

/*
 * Users
 */

static void user_answers(struct world *w, bool accept)
{
	static const enum vfio_cxl_dc_reach reach[] = { TENANT, DEVICE, APP };
	struct fake_dcd_extent e = target(w);
	u64 id = e.len ? id_at(&w->b, (e.dpa - DCD_BASE) / DCD_BLOCK) : 0;

	dcd_met_named(&w->b.dcd, accept ? DCD_ACCEPT : DCD_REJECT, &e);
	if (accept && (e.tag || !id))
		accept_as(&w->b, e.tag, reach[unit_random_below(3)]);
	else if (accept)
		accept_ids(&w->b, &id, 1, reach[unit_random_below(3)]);
	else if (e.tag || !id)
		reject_tag(&w->b, e.tag);
	else
		reject_id(&w->b, id);
}

static void user_releases(struct world *w)
{
	struct vfio_cxl_dcd_select select = { .count = 1 };
	struct fake_dcd_extent e = target(w);
	u64 id = e.len ? id_at(&w->b, (e.dpa - DCD_BASE) / DCD_BLOCK) : 0;
	enum vfio_cxl_dcd_how how = unit_random_below(3);
	bool tenant = how != VFIO_CXL_DCD_FORCE && one_in(3);
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	dcd_met_named(&w->b.dcd,
		      how == VFIO_CXL_DCD_FORCE ? DCD_FORCE :
		      how == VFIO_CXL_DCD_DEFER ? DCD_DEFER :
		      tenant ? DCD_TENANT : DCD_RELEASE, &e);
	if (e.tag)
		select_tag(e.tag, uuid, &select);
	else
		select.ids = &id;
	select.tenant = tenant;
	release_how(&w->b, &select, how);
}

static void user_touches(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	u32 at = unit_random_below(BLOCKS), i;

	for (i = 0; i < BLOCKS; i++, at = (at + 1) % BLOCKS) {
		if (reachable(&w->b, at)) {
			struct fake_dcd_extent e = X(at, 1, 0);

			dcd_met(&w->b.dcd, DCD_TOUCH, &e);
			/* No release is under way, nor did one leave it closed */
			ASSERT_TRUE(touch(&w->b, at)) UNIT_LOG_SEED();
			return;
		}
	}
}

static void user_unmaps(struct world *w)
{
	dcd_met_all(&w->b.dcd, DCD_UNMAP);
	fake_dcd_unmap(&w->b.fake, &w->b.dcd);
}

static void tenancy_ends(struct world *w)
{
	dcd_met_all(&w->b.dcd, DCD_TENANCY);
	w->b.fake.allow_in_use = true;
	vfio_cxl_dcd_tenancy_end(&w->b.dcd);
	w->b.fake.allow_in_use = false;
}

static void read_log(struct world *w)
{
	if (w->b.fake.overflow) {
		dcd_met_all(&w->b.dcd, DCD_OVERFLOW);
		w->clean = false;
		w->broken = true;
	}
	drain(&w->b);
}

static void time_passes(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	const struct dc_group *group;

	w->b.fake.now_ns += (1ULL << unit_random_below(12)) * 10 * DCD_MIB;
	/* In this order, or what is in the log would be held to be late */
	read_log(w);
	dcd_met_all(&w->b.dcd, DCD_TIME);
	vfio_cxl_dcd_tick(&w->b.dcd);
	/* What waits does so for a reason */
	list_for_each_entry(group, &w->b.dcd.deferred, back)
		ASSERT_TRUE(is_used(&w->b, group)) UNIT_LOG_SEED();
}

static void deadline(struct world *w)
{
	u32 nr = unit_random_below(w->b.dcd.nr_offers + 1);
	struct dc_offer *offer;

	list_for_each_entry(offer, &w->b.dcd.offers, node) {
		if (nr--)
			continue;
		dcd_met_offer(&w->b.dcd, DCD_DEADLINE, offer);
		vfio_cxl_dcd_deadline(&w->b.dcd, offer->id,
				      w->b.fake.now_ns + DCD_SECOND);
		return;
	}
}

static void bus_reset(struct world *w)
{
	w->clean = false;
	read_log(w);
	dcd_met_all(&w->b.dcd, DCD_RESET);
	vfio_cxl_dcd_reset(&w->b.dcd);
}

/* Another driver, which knows what the list tells, and no offer that was read */
static void other_driver(struct world *w)
{
	struct fake_dcd_group *group;

	w->clean = false;
	read_log(w);
	dcd_met_all(&w->b.dcd, DCD_REBIND);
	stop_engine(&w->b);
	/* Nobody can tell such a tail from an offer: the device has none */
	w->dangling = false;
	for (group = w->b.fake.pending; group; group = group->next)
		group->lost |= !group->closed;
	start_engine(&w->b);
	if (!w->b.dcd.ops)
		start_engine(&w->b);
}

/*
 * Chance
 */

static void go_wrong(struct world *w)
{
	static const u16 opcode[] = { 0, CXL_DC_ADD_RESPONSE, CXL_DC_RELEASE,
				      CXL_DC_GET_EXTENTS, CXL_DC_GET_CONFIG };
	static const u16 rc[] = { 2, 0xf, 0x1e, 0x1d, 4 };
	struct fake_dcd *fake = &w->b.fake;

	fake->fault = 1 + unit_random_below(5);
	fake->fault_opcode = opcode[unit_random_below(ARRAY_SIZE(opcode))];
	fake->fault_rc = rc[unit_random_below(ARRAY_SIZE(rc))];
	fake->faults = 1 + unit_random_below(one_in(4) ? 12 : 3);
	fake->fault_after = unit_random_below(3);
	/* What waits to be given back is rare, and has much to fear */
	if (one_in(3)) {
		fake->fault = FAKE_DCD_BUSY;
		fake->fault_opcode = CXL_DC_RELEASE;
		fake->fault_after = 0;
	}
	if (fake->fault != FAKE_DCD_BUSY && fake->fault != FAKE_DCD_GONE) {
		w->clean = false;
		w->broken = true;
	}
}

static void lie(struct world *w)
{
	w->b.fake.lie = 1 + unit_random_below(FAKE_DCD_HALVES);
	w->b.fake.lies = 1 + unit_random_below(4);
	w->broken = true;
	w->clean = false;
}

static void fault(struct world *w)
{
	struct fake_dcd *fake = &w->b.fake;

	switch (unit_random_below(8)) {
	case 0:
	case 1:
	case 2:
		go_wrong(w);
		break;
	case 3:
		lie(w);
		break;
	case 4:
	case 5:
		fake->alloc_fails = 1 + unit_random_below(6);
		break;
	case 6:
		fake->covered_to = one_in(2) ? UINT64_MAX :
				   fake_dcd_at(unit_random_below(BLOCKS));
		break;
	case 7:
		fake->live_elsewhere = one_in(2) ? recent(w).tag : 0;
		break;
	}
}

static void schedule_step(struct world *w)
{
	u32 what = unit_random_below(100);

	if (what < 16)
		device_offers(w);
	else if (what < 34)
		read_log(w);
	else if (what < 54)
		user_answers(w, !one_in(4));
	else if (what < 64)
		user_releases(w);
	else if (what < 69)
		device_asks(w);
	else if (what < 74)
		one_in(6) ? user_unmaps(w) : user_touches(w);
	else if (what < 84)
		time_passes(w);
	else if (what < 86)
		tenancy_ends(w);
	else if (what < 88)
		deadline(w);
	else if (what < 89)
		device_says(w);
	else if (!w->faulty)
		time_passes(w);
	else if (what < 92)
		device_takes(w);
	else if (what < 93)
		bus_reset(w);
	else if (one_in(20))
		other_driver(w);
	else
		fault(w);
}

/*
 * The end: whatever happened, nothing is left over
 */

static void be_good(struct world *w)
{
	struct fake_dcd *fake = &w->b.fake;

	fake->faults = 0;
	fake->lies = 0;
	fake->alloc_fails = 0;
	fake->live_elsewhere = 0;
	fake->covered_to = UINT64_MAX;
	if (fake->open || w->dangling) {
		struct fake_dcd_extent e = X(0, 0, 0);

		if (fake->open)
			fake_dcd_record(fake, &e, false);
		else
			fake_dcd_event(fake, CXL_DC_EVENT_ADD, &e);
		w->dangling = false;
	}
	read_log(w);
}

/* The oldest offer waits for a user */
static bool reject_one(struct world *w)
{
	struct vfio_cxl_dcd_extent *e;
	struct dc_offer *offer;
	struct dc_group *group;

	list_for_each_entry(offer, &w->b.dcd.offers, node) {
		list_for_each_entry(group, &offer->groups, in_offer) {
			if (group->decision != DC_UNDECIDED)
				continue;
			e = list_first_entry(&group->extents,
					     struct vfio_cxl_dcd_extent,
					     in_group);
			return !reject_id(&w->b, e->id);
		}
	}

	return false;
}

static bool release_one(struct world *w)
{
	struct rb_node *node = rb_first(&w->b.dcd.held);
	struct vfio_cxl_dcd_select select = { .count = 1 };
	struct vfio_cxl_dcd_extent *e;

	if (!node)
		return false;
	e = rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
	select.ids = &e->id;
	if (e->group->in_tree)
		select.tag = e->group->tag;

	return !release_select(&w->b, &select, true);
}

/* Each is answered or given back, one after the other */
static void clear_out(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;

	do {
		settle(&w->b);
		dcd_check(w);
	} while (reject_one(w) || release_one(w));
	ASSERT_TRUE(RB_EMPTY_ROOT(&w->b.dcd.held)) UNIT_LOG_SEED();
	ASSERT_TRUE(RB_EMPTY_ROOT(&w->b.dcd.pending)) UNIT_LOG_SEED();
}

/* What nobody here knows is dug out by offers that come */
static void heal(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	u32 offers = 2 * fake_dcd_nr_pending(&w->b.fake) + 8, i;

	for (i = 0; i < BLOCKS && offers; i++) {
		struct fake_dcd_extent e = X(0, 1, ++w->next_tag);

		e.dpa = fake_dcd_at(i);
		if (!is_free(w, i, 1))
			continue;
		offers--;
		fake_dcd_offer(&w->b.fake, &e, 1);
		drain(&w->b);
		if (!accept_tag(&w->b, e.tag) &&
		    !fake_dcd_nr_pending(&w->b.fake))
			break;
		settle(&w->b);
	}
	ASSERT_EQ(0, fake_dcd_nr_pending(&w->b.fake)) UNIT_LOG_SEED();
}

static void schedule_end(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct fake_dcd *fake = &w->b.fake;
	u32 i;

	be_good(w);
	settle(&w->b);
	dcd_check(w);
	clear_out(w);
	ASSERT_EQ(0, w->b.dcd.nr_offers) UNIT_LOG_SEED();
	if (w->clean) {
		/* Each offer was answered once, and what is offered, in order */
		ASSERT_EQ(fake->offered, fake->answered) UNIT_LOG_SEED();
		/* What it took before the record of that was read, it refuses */
		if (!w->broken)
			ASSERT_EQ(0, fake->refused_cmds) UNIT_LOG_SEED();
	} else {
		heal(w);
		vfio_cxl_dcd_reset(&w->b.dcd);
		clear_out(w);
	}
	ASSERT_EQ(0, fake_dcd_nr_pending(fake)) UNIT_LOG_SEED();
	ASSERT_EQ(0, fake->nr_accepted) UNIT_LOG_SEED();
	for (i = 0; i < BLOCKS; i++)
		ASSERT_EQ(0, fake->block[i] & FAKE_BLOCK_PUBLISHED)
			UNIT_LOG_SEED();
}

static void schedule_fault(struct fake_dcd *fake, enum fake_dcd_fault fault,
			   u16 opcode)
{
	struct world *w = fake->test;

	dcd_met_fault(&w->b.dcd, fault, opcode);
}

/* All zero before, but @metadata */
static void schedule_begin(struct world *w)
{
	static const u32 quirks[] = { 0, FAKE_DCD_QEMU10, FAKE_DCD_QEMU11 };
	static const u32 log_size[] = { 1, 8, 8, 64, 512 };
	struct __test_metadata *_metadata = w->metadata;
	struct fake_dcd *fake = &w->b.fake;

	fake_dcd_init(fake, quirks[unit_random_below(3)]);
	fake->region_blocks = BLOCKS / 2;
	fake->log_size = log_size[unit_random_below(ARRAY_SIZE(log_size))];
	fake->limits.payload = one_in(4) ? 256 : 2048;
	fake->limits.offers = one_in(4) ? 2 : 0;
	fake->limits.extents = one_in(8) ? 12 : 0;
	fake->limits.tombstones = one_in(4) ? 4 : 0;
	fake->limits.deadline_ns = one_in(8) ? 5 * DCD_SECOND : 0;
	fake->test = w;
	fake->on_answer = dcd_check_answer;
	fake->on_fault = schedule_fault;
	fake_dcd_make(fake);
	w->clean = true;
	w->faulty = !one_in(3);
	ASSERT_EQ(0, start_engine(&w->b));
}

#endif /* VFIO_CXL_DCD_SCHEDULE_H */
