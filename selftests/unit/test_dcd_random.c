// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity: long random schedules of what device, users and chance do,
 * looked at after each step. Each schedule has a seed of its own, which is printed
 * when it fails, and with which it is the first one of another run.
 *
 *   SEED=       of the first schedule
 *   SCHEDULES=  how many
 */
#include "dcd_bench.h"

#include "dc_engine.h"

UNIT_RANDOM_DEFINE

#define SCHEDULES	3000
#define STEPS		150
#define BLOCKS		256
#define RECENT		16

enum event {
	EVENT_ACCEPT,
	EVENT_REJECT,
	EVENT_RELEASE,
	EVENT_FORCE,
	EVENT_ASKED,
	EVENT_FORCED,
	EVENT_TENANCY_END,
	EVENT_RESET,
	EVENT_OVERFLOW,
	EVENT_TIME,
	EVENTS,
};

static const char *const event_name[EVENTS] = {
	"accept", "reject", "release", "force", "asked", "forced", "tenancy",
	"reset", "overflow", "time",
};

static const char *const state_name[VFIO_CXL_DC_STATES] = {
	"collecting", "PENDING", "ACCEPTING", "COMMITTED", "RELEASING",
	"RELEASED", "REJECTED", "REVOKED",
};

/* Which state an event found, and in how many steps */
static u32 seen[EVENTS][VFIO_CXL_DC_STATES];

struct world {
	struct dcd_bench b;
	struct __test_metadata *metadata;
	u32 next_tag;
	struct fake_dcd_extent recent[RECENT];	/* that were offered */
	u32 nr_recent;
	bool dangling;		/* an offer was answered before it was complete */
	bool faulty;		/* things may go wrong in this schedule */
	bool clean;		/* nothing did that leaves somebody in doubt */
	bool broken;		/* the device took, or lied */
};

static bool one_in(u32 n)
{
	return !unit_random_below(n);
}

/*
 * What has to be so after each step
 */

static void check_group(struct world *w, struct dc_group *group, u32 *total)
{
	struct __test_metadata *_metadata = w->metadata;
	u32 nr[VFIO_CXL_DC_STATES] = {}, state, kinds = 0, dead;
	u64 bytes[VFIO_CXL_DC_STATES] = {};
	struct vfio_cxl_dcd_extent *e;

	list_for_each_entry(e, &group->extents, in_group) {
		nr[e->state]++;
		bytes[e->state] += e->len;
		ASSERT_EQ(e->published, e->state == STATE(COMMITTED) &&
			  group->reach != VFIO_CXL_DC_REACH_NONE)
			UNIT_LOG_SEED();
		if (!e->published)
			continue;
		ASSERT_TRUE(fake_dcd_has(&w->b.fake, e->dpa, e->len,
					 FAKE_BLOCK_PUBLISHED))
			UNIT_LOG_SEED();
		/* Or it was taken, and the record is on its way */
		ASSERT_TRUE(fake_dcd_has(&w->b.fake, e->dpa, e->len,
					 FAKE_BLOCK_ACCEPTED |
					 FAKE_BLOCK_FORCED))
			UNIT_LOG_SEED();
		(*total) += e->len / DCD_BLOCK;
	}
	for (state = STATE(PENDING); state < VFIO_CXL_DC_STATES; state++) {
		if (!group->tomb || group->count <= VFIO_CXL_DC_TOMB_EXTENTS) {
			ASSERT_EQ(nr[state], group->nr[state]) UNIT_LOG_SEED();
			ASSERT_EQ(bytes[state], group->bytes[state])
				UNIT_LOG_SEED();
		}
		if (state != STATE(REVOKED) && group->nr[state])
			kinds++;
	}
	/* Half a tag is none; what the device took is not ours to say */
	dead = group->nr[STATE(REJECTED)];
	if (dead)
		ASSERT_EQ(1, kinds) UNIT_LOG_SEED();
	if (!w->broken)
		ASSERT_LE(kinds, 1) UNIT_LOG_SEED();
}

static u32 check_tree(struct world *w, const struct rb_root *root,
		      unsigned int states)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd_extent *e;
	struct rb_node *node;
	u64 end = 0;
	u32 nr = 0;

	for (node = rb_first(root); node; node = rb_next(node), nr++) {
		e = rb_entry(node, struct vfio_cxl_dcd_extent, by_dpa);
		ASSERT_TRUE(states & 1U << e->state) UNIT_LOG_SEED();
		ASSERT_LE(end, e->dpa) UNIT_LOG_SEED();
		end = e->dpa + e->len;
	}

	return nr;
}

static void check(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd *dcd = &w->b.dcd;
	u32 nr[VFIO_CXL_DC_STATES] = {}, state, blocks = 0, live = 0, tombs = 0;
	u32 undecided, i;
	struct dc_offer *offer;
	struct dc_group *group;
	u64 last = 0;

	list_for_each_entry(group, &dcd->groups, node) {
		check_group(w, group, &blocks);
		ASSERT_FALSE(group->tomb) UNIT_LOG_SEED();
		ASSERT_TRUE(group->offer || dc_live(group, DC_LIVE))
			UNIT_LOG_SEED();
		for (state = 0; state < VFIO_CXL_DC_STATES; state++)
			nr[state] += group->nr[state];
		live += group->count;
	}
	list_for_each_entry(group, &dcd->tombs, node) {
		check_group(w, group, &blocks);
		ASSERT_FALSE(dc_live(group, DC_LIVE)) UNIT_LOG_SEED();
		for (state = 0; state < VFIO_CXL_DC_STATES; state++)
			nr[state] += group->nr[state];
		tombs++;
	}
	ASSERT_EQ(live, dcd->nr_extents) UNIT_LOG_SEED();
	ASSERT_EQ(tombs, dcd->nr_tombs) UNIT_LOG_SEED();
	for (state = STATE(PENDING); state < VFIO_CXL_DC_STATES; state++)
		ASSERT_EQ(nr[state], dcd->nr[state]) UNIT_LOG_SEED();

	/* Exactly what is published is reachable, and all of that is held */
	for (i = 0; i < BLOCKS; i++)
		blocks -= !!(w->b.fake.block[i] & FAKE_BLOCK_PUBLISHED);
	ASSERT_EQ(0, blocks) UNIT_LOG_SEED();
	ASSERT_EQ(nr[STATE(PENDING)] + nr[STATE(ACCEPTING)],
		  check_tree(w, &dcd->pending, DC_OFFERED)) UNIT_LOG_SEED();
	ASSERT_EQ(nr[STATE(COMMITTED)] + nr[STATE(RELEASING)],
		  check_tree(w, &dcd->held, DC_HELD)) UNIT_LOG_SEED();

	list_for_each_entry(offer, &dcd->offers, node) {
		ASSERT_LT(last, offer->id) UNIT_LOG_SEED();
		last = offer->id;
		undecided = 0;
		list_for_each_entry(group, &offer->groups, in_offer)
			undecided += offer->shown &&
				     group->decision == DC_UNDECIDED;
		ASSERT_EQ(undecided, offer->undecided) UNIT_LOG_SEED();
	}
}

/* The device's oldest offer is answered: it has to be ours, and decided */
static void on_answer(struct fake_dcd *fake, const struct fake_dcd_group *group,
		      u32 count)
{
	struct world *w = fake->test;
	struct __test_metadata *_metadata = w->metadata;
	struct vfio_cxl_dcd_extent *e;
	struct dc_offer *offer;
	struct dc_group *g;
	u32 accepted = 0, i = 0;

	if (!group->closed)
		w->dangling |= !group->next;
	if (!w->clean)
		return;
	ASSERT_FALSE(list_empty(&w->b.dcd.offers)) UNIT_LOG_SEED();
	offer = list_first_entry(&w->b.dcd.offers, struct dc_offer, node);
	ASSERT_EQ(0, offer->undecided) UNIT_LOG_SEED();
	list_for_each_entry(g, &offer->groups, in_offer)
		if (g->decision == DC_ACCEPT)
			accepted += g->count;
	ASSERT_EQ(accepted, count) UNIT_LOG_SEED();
	if (offer->reason)
		return;
	ASSERT_EQ(group->count, offer->count) UNIT_LOG_SEED();
	list_for_each_entry(e, &offer->extents, in_offer)
		ASSERT_EQ(group->extent[i++].dpa, e->dpa) UNIT_LOG_SEED();
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
	if (one_in(20))
		e.tag = recent(w).tag;
	remember(w, &e);

	return e;
}

/* Sometimes all of an offer at once, sometimes record by record */
static void device_offers(struct world *w)
{
	struct fake_dcd *fake = &w->b.fake;
	struct fake_dcd_extent e;
	bool more;

	if (w->dangling) {
		e = random_extent(w, false);
		w->dangling = false;
		fake_dcd_event(fake, CXL_DC_EVENT_ADD, &e);
		return;
	}
	do {
		e = random_extent(w, !fake->open);
		more = one_in(2);
		fake_dcd_record(fake, &e, more);
	} while (more && !one_in(4));
}

static int state_at(struct world *w, const struct fake_dcd_extent *e)
{
	struct vfio_cxl_dcd_extent *at;
	u64 dpa = e->len && e->dpa % DCD_BLOCK == 0 ? e->dpa : 0;

	at = dc_at(&w->b.dcd.held, dpa);
	if (at && at->dpa <= dpa)
		return at->state;
	at = dc_at(&w->b.dcd.pending, dpa);
	if (at && at->dpa <= dpa)
		return at->state;

	return state_of(&w->b, e->tag);
}

static void note(enum event event, int state)
{
	if (state == -EAGAIN)
		state = STATE(NONE);
	if (state >= 0)
		seen[event][state]++;
}

/* For what happens to all of them */
static void note_all(struct world *w, enum event event)
{
	u32 state;

	seen[event][STATE(NONE)] += !!w->b.dcd.open;
	for (state = STATE(PENDING); state < VFIO_CXL_DC_STATES; state++)
		seen[event][state] += !!w->b.dcd.nr[state];
}

static void device_asks(struct world *w)
{
	struct fake_dcd_extent e = recent(w);

	note(EVENT_ASKED, state_at(w, &e));
	if (one_in(6))
		e.len += DCD_BLOCK;
	if (one_in(6))
		e.tag = 0;
	fake_dcd_event(&w->b.fake, CXL_DC_EVENT_RELEASE, &e);
}

static void device_takes(struct world *w)
{
	struct fake_dcd_extent e = recent(w);
	u64 end;

	if (!e.len || e.dpa % DCD_BLOCK ||
	    check_add_overflow(e.dpa, e.len, &end) ||
	    end > fake_dcd_at(BLOCKS))
		return;
	note(EVENT_FORCED, state_at(w, &e));
	if (one_in(6) && e.len > DCD_BLOCK)
		e.len -= DCD_BLOCK;
	w->broken = true;
	fake_dcd_force(&w->b.fake, e.dpa, e.len, e.tag);
}

static void device_says(struct world *w)
{
	struct fake_dcd_extent e = recent(w);

	fake_dcd_event(&w->b.fake, 3 + unit_random_below(5), &e);
}

/*
 * Users
 */

static void user_answers(struct world *w, bool accept)
{
	static const enum vfio_cxl_dc_reach reach[] = { TENANT, DEVICE, APP };
	struct fake_dcd_extent e = recent(w);
	u64 id = e.len ? id_at(&w->b, (e.dpa - DCD_BASE) / DCD_BLOCK) : 0;

	note(accept ? EVENT_ACCEPT : EVENT_REJECT, state_at(w, &e));
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
	struct fake_dcd_extent e = recent(w);
	u64 id = e.len ? id_at(&w->b, (e.dpa - DCD_BASE) / DCD_BLOCK) : 0;
	bool force = one_in(3);

	note(force ? EVENT_FORCE : EVENT_RELEASE, state_at(w, &e));
	if (e.tag && !one_in(8))
		release_by(&w->b, e.tag, force, !force && one_in(4));
	else
		release_id(&w->b, id);
}

static void user_touches(struct world *w)
{
	u32 at = unit_random_below(BLOCKS), i;

	for (i = 0; i < BLOCKS; i++, at = (at + 1) % BLOCKS) {
		if (reachable(&w->b, at)) {
			touch(&w->b, at);
			return;
		}
	}
}

static void tenancy_ends(struct world *w)
{
	note_all(w, EVENT_TENANCY_END);
	w->b.fake.allow_in_use = true;
	vfio_cxl_dcd_tenancy_end(&w->b.dcd);
	w->b.fake.allow_in_use = false;
}

static void read_log(struct world *w)
{
	if (w->b.fake.overflow) {
		note_all(w, EVENT_OVERFLOW);
		w->clean = false;
		w->broken = true;
	}
	drain(&w->b);
}

static void time_passes(struct world *w)
{
	w->b.fake.now_ns += (1ULL << unit_random_below(12)) * 10 * DCD_MIB;
	/* In this order, or what is in the log would be held to be late */
	read_log(w);
	note_all(w, EVENT_TIME);
	vfio_cxl_dcd_tick(&w->b.dcd);
}

static void deadline(struct world *w)
{
	struct fake_dcd_extent e = recent(w);

	if (state_of(&w->b, e.tag) == STATE(PENDING))
		vfio_cxl_dcd_deadline(&w->b.dcd, w->b.status.offer,
				      w->b.fake.now_ns + DCD_SECOND);
}

static void bus_reset(struct world *w)
{
	w->clean = false;
	read_log(w);
	note_all(w, EVENT_RESET);
	vfio_cxl_dcd_reset(&w->b.dcd);
}

/* Another driver, which knows what the list tells, and no offer that was read */
static void other_driver(struct world *w)
{
	struct fake_dcd_group *group;

	w->clean = false;
	read_log(w);
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

static void step(struct world *w)
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
		user_touches(w);
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
		check(w);
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

static void finish(struct world *w)
{
	struct __test_metadata *_metadata = w->metadata;
	struct fake_dcd *fake = &w->b.fake;
	u32 i;

	be_good(w);
	settle(&w->b);
	check(w);
	clear_out(w);
	ASSERT_EQ(0, w->b.dcd.nr_offers) UNIT_LOG_SEED();
	if (w->clean) {
		/* Each offer was answered once, and what is offered, in order */
		ASSERT_EQ(fake->offered, fake->answered) UNIT_LOG_SEED();
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

static void on_death(void)
{
	fprintf(stderr, "# SEED=%#x, step %u\n", unit_random.seed,
		unit_random.step);
}

static void run_schedule(struct __test_metadata *_metadata, u32 seed)
{
	static const u32 quirks[] = { 0, FAKE_DCD_QEMU10, FAKE_DCD_QEMU11 };
	static const u32 log_size[] = { 1, 8, 8, 64, 512 };
	struct world *w = calloc(1, sizeof(*w));
	struct fake_dcd *fake = &w->b.fake;

	ASSERT_NE(0, !!w);
	unit_random.seed = seed;
	unit_random.state = seed * 2654435761U ?: 1;
	w->metadata = _metadata;
	fake_dcd_init(fake, quirks[unit_random_below(3)]);
	fake->region_blocks = BLOCKS / 2;
	fake->log_size = log_size[unit_random_below(ARRAY_SIZE(log_size))];
	fake->limits.payload = one_in(4) ? 256 : 2048;
	fake->limits.offers = one_in(4) ? 2 : 0;
	fake->limits.extents = one_in(8) ? 12 : 0;
	fake->limits.tombstones = one_in(4) ? 4 : 0;
	fake->limits.deadline_ns = one_in(8) ? 5 * DCD_SECOND : 0;
	fake->test = w;
	fake->on_answer = on_answer;
	fake->on_death = on_death;
	fake_dcd_make(fake);
	w->clean = true;
	w->faulty = !one_in(3);
	ASSERT_EQ(0, start_engine(&w->b));

	for (unit_random.step = 0; unit_random.step < STEPS;
	     unit_random.step++) {
		step(w);
		check(w);
	}
	finish(w);
	stop_engine(&w->b);
	fake_dcd_free(fake);
	free(w);
}

TEST(schedules)
{
	u32 count = unit_count("SCHEDULES", SCHEDULES), i, event, state;
	u32 seed = unit_random_seed();
	bool whole = count >= SCHEDULES;

	for (i = 0; i < count; i++)
		run_schedule(_metadata, seed + i);
	unit_random.seed = 0;

	for (event = 0; event < EVENTS; event++) {
		for (state = 0; state < VFIO_CXL_DC_STATES; state++) {
			TH_LOG("%-8s %-10s %u", event_name[event],
			       state_name[state], seen[event][state]);
			/* All of them can be */
			if (whole)
				EXPECT_GE(seen[event][state], UNIT_LEAST(5));
		}
	}
	EXPECT_NO_LEAK();
}

TEST_HARNESS_MAIN
