// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity, at random: which events met which states of extents and of
 * offers, and which can't. What happens to one counts for that; what happens to
 * all, for each state that something is in then.
 */
#ifdef __KERNEL__
#include "kunit/harness.h"
#else
#include <stdio.h>
#endif

#include "dcd_pairs.h"

#define STATE(name)	VFIO_CXL_DC_##name

enum extent_state {
	UNKNOWN,		/* never offered, or forgotten */
	PENDING,
	ACCEPTING,
	COMMITTED,
	ASKED,			/* COMMITTED, and the device wants it back */
	DEFERRED,		/* COMMITTED, and released for when its use ends */
	KEPT,			/* COMMITTED, out of reach */
	RELEASING,
	RELEASED,
	REJECTED,
	REVOKED,
	EXTENT_STATES,
};

enum offer_state {
	COLLECTING,
	DAMAGED,
	OFFERED,
	DECIDED,		/* and waits for its turn */
	ANSWERING,
	OFFER_STATES,
};

static const char *const event_name[DCD_EVENTS] = {
	[DCD_ADD_MORE] = "add, more",
	[DCD_ADD_LAST] = "add, last",
	[DCD_SAME_TAG] = "same tag",
	[DCD_ASKED] = "asked",
	[DCD_ASKED_ODD] = "asked odd",
	[DCD_FORCED] = "forced",
	[DCD_FORCED_PART] = "forced part",
	[DCD_REGIONS] = "regions",
	[DCD_OTHER] = "other event",
	[DCD_OVERFLOW] = "overflow",
	[DCD_RESET] = "reset",
	[DCD_ACCEPT] = "accept",
	[DCD_REJECT] = "reject",
	[DCD_RELEASE] = "release",
	[DCD_TENANT] = "by tenant",
	[DCD_FORCE] = "by force",
	[DCD_DEFER] = "defer",
	[DCD_TOUCH] = "touch",
	[DCD_UNMAP] = "unmap",
	[DCD_DEADLINE] = "deadline",
	[DCD_TENANCY] = "tenancy end",
	[DCD_REBIND] = "rebind",
	[DCD_TIME] = "time",
	[DCD_BUSY] = "busy",
	[DCD_LOST] = "lost",
	[DCD_LATE] = "late",
	[DCD_ERROR] = "error",
	[DCD_GONE] = "gone",
	[DCD_LIE] = "list lies",
	[DCD_NO_MEMORY] = "no memory",
};

#define ALL(states)	((1U << (states)) - 1)

/* What can't be, and why */
static const struct {
	u32 events;
	u32 extents;
	u32 offers;
	const char *why;
} impossible[] = {
	{ ~(u32)(BIT(DCD_ASKED) | BIT(DCD_ASKED_ODD) | BIT(DCD_FORCED) |
	    BIT(DCD_FORCED_PART) | BIT(DCD_ACCEPT) | BIT(DCD_REJECT) |
	    BIT(DCD_RELEASE) | BIT(DCD_TENANT) | BIT(DCD_FORCE) |
	    BIT(DCD_DEFER)),
	  BIT(UNKNOWN), 0, "it names no extent" },
	{ BIT(DCD_TOUCH),
	  ALL(EXTENT_STATES) & ~(BIT(COMMITTED) | BIT(ASKED) | BIT(DEFERRED)),
	  0, "only what is COMMITTED, and in reach, can be touched" },
	{ BIT(DCD_TOUCH), 0, ALL(OFFER_STATES),
	  "nor can what is only offered" },
	{ BIT(DCD_DEADLINE), ALL(EXTENT_STATES), 0,
	  "an offer has it, not an extent" },
};

static u32 extents[DCD_EVENTS][EXTENT_STATES];
static u32 offers[DCD_EVENTS][OFFER_STATES];

static bool can_be(u32 event, u32 extent, u32 offer)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(impossible); i++)
		if (impossible[i].events & BIT(event) &&
		    (impossible[i].extents & extent ||
		     impossible[i].offers & offer))
			return false;

	return true;
}

/*
 * States
 */

static enum extent_state state_of_one(const struct vfio_cxl_dcd_extent *e)
{
	switch (e->state) {
	case STATE(PENDING):
		return PENDING;
	case STATE(ACCEPTING):
		return ACCEPTING;
	case STATE(COMMITTED):
		if (e->group->reach == VFIO_CXL_DC_REACH_NONE)
			return KEPT;
		if (e->group->deferred)
			return DEFERRED;
		return e->requests ? ASKED : COMMITTED;
	case STATE(RELEASING):
		return RELEASING;
	case STATE(RELEASED):
		return RELEASED;
	case STATE(REJECTED):
		return REJECTED;
	case STATE(REVOKED):
		return REVOKED;
	}

	return UNKNOWN;
}

static enum offer_state state_of_offer(const struct vfio_cxl_dcd *dcd,
				       const struct dc_offer *offer)
{
	if (offer->reason)
		return DAMAGED;
	if (dcd->open == offer)
		return COLLECTING;
	if (offer->undecided)
		return OFFERED;

	return offer->attempts || offer->unsure ? ANSWERING : DECIDED;
}

/* What is said of a group: the state that most depends on, as users see it */
static enum extent_state state_of_group(const struct dc_group *group)
{
	const struct vfio_cxl_dcd_extent *e;
	enum extent_state state, worst = UNKNOWN;

	list_for_each_entry(e, &group->extents, in_group) {
		state = state_of_one(e);
		if (worst == UNKNOWN || state < worst)
			worst = state;
	}
	/* A tombstone of many has only their number */
	if (list_empty(&group->extents))
		worst = group->nr[STATE(RELEASED)] ? RELEASED :
			group->nr[STATE(REJECTED)] ? REJECTED : REVOKED;

	return worst;
}

/*
 * What was met
 */

/* Of an offer that is not complete no extent has a state */
static u32 states_of(const struct dc_group *group)
{
	return BIT(state_of_group(group)) & ~BIT(UNKNOWN);
}

static void count_group(struct vfio_cxl_dcd *dcd, enum dcd_event event,
			const struct dc_group *group)
{
	if (states_of(group))
		extents[event][state_of_group(group)]++;
	if (group->offer)
		dcd_met_offer(dcd, event, group->offer);
}

static struct dc_group *by_tag(struct vfio_cxl_dcd *dcd, u32 tag)
{
	u8 uuid[VFIO_CXL_DC_TAG_LEN];

	fake_dcd_tag(tag, uuid);

	return tag ? dc_by_tag(dcd, uuid) : NULL;
}

static struct vfio_cxl_dcd_extent *at(const struct rb_root *root, u64 dpa)
{
	struct vfio_cxl_dcd_extent *e = dc_at(root, dpa);

	return e && e->dpa <= dpa ? e : NULL;
}

void dcd_met(struct vfio_cxl_dcd *dcd, enum dcd_event event,
	     const struct fake_dcd_extent *e)
{
	struct vfio_cxl_dcd_extent *there = at(&dcd->held, e->dpa);

	if (!there)
		there = at(&dcd->pending, e->dpa);
	if (!there) {
		dcd_met_named(dcd, event, e);
		return;
	}
	extents[event][state_of_one(there)]++;
	if (there->group->offer)
		dcd_met_offer(dcd, event, there->group->offer);
}

void dcd_met_named(struct vfio_cxl_dcd *dcd, enum dcd_event event,
		   const struct fake_dcd_extent *e)
{
	struct dc_group *group = by_tag(dcd, e->tag);
	struct vfio_cxl_dcd_extent *there;

	if (!group && !e->tag) {
		there = at(&dcd->held, e->dpa);
		if (!there)
			there = at(&dcd->pending, e->dpa);
		group = there ? there->group : NULL;
	}
	if (group)
		count_group(dcd, event, group);
	else if (event != DCD_SAME_TAG)
		extents[event][UNKNOWN]++;
}

void dcd_met_offer(struct vfio_cxl_dcd *dcd, enum dcd_event event,
		   const struct dc_offer *offer)
{
	offers[event][state_of_offer(dcd, offer)]++;
}

/*
 * For each of these states that something is in; @answering: an answer to the
 * oldest offer is under way
 */
static void count_all(struct vfio_cxl_dcd *dcd, enum dcd_event event,
		      u32 some_extents, u32 some_offers, bool answering)
{
	u32 there = 0, i;
	const struct dc_offer *offer;
	const struct dc_group *group;

	list_for_each_entry(group, &dcd->tombs, node)
		there |= states_of(group);
	list_for_each_entry(group, &dcd->groups, node)
		there |= states_of(group);
	for (i = 0; i < EXTENT_STATES; i++)
		extents[event][i] += !!(there & some_extents & BIT(i));

	there = answering && !list_empty(&dcd->offers) ? BIT(ANSWERING) : 0;
	list_for_each_entry(offer, &dcd->offers, node)
		there |= BIT(state_of_offer(dcd, offer));
	for (i = 0; i < OFFER_STATES; i++)
		offers[event][i] += !!(there & some_offers & BIT(i));
}

void dcd_met_all(struct vfio_cxl_dcd *dcd, enum dcd_event event)
{
	count_all(dcd, event, ALL(EXTENT_STATES), ALL(OFFER_STATES), false);
}

/* What is being answered, or given back, meets faults of that command only */
void dcd_met_fault(struct vfio_cxl_dcd *dcd, enum fake_dcd_fault fault,
		   u16 opcode)
{
	u32 some_extents = ALL(EXTENT_STATES), some_offers = ALL(OFFER_STATES);

	if (opcode && opcode != CXL_DC_ADD_RESPONSE) {
		some_extents &= ~BIT(ACCEPTING);
		some_offers &= ~BIT(ANSWERING);
	}
	if (opcode && opcode != CXL_DC_RELEASE)
		some_extents &= ~BIT(RELEASING);
	count_all(dcd, DCD_BUSY + fault - FAKE_DCD_BUSY, some_extents,
		  some_offers, opcode == CXL_DC_ADD_RESPONSE);
}

/*
 * The table
 */

/*
 * @can: as bits of states; returns how many of those were never reached, and
 * how many of the others were
 */
static u32 add_row(char *line, u32 size, const u32 *row, u32 states, u32 can,
		   u32 *possible)
{
	u32 state, missed = 0, len;

	for (state = 0; state < states; state++) {
		len = strlen(line);
		if (!(can & BIT(state)) && !row[state]) {
			snprintf(line + len, size - len, "%7s", "-");
			continue;
		}
		snprintf(line + len, size - len, "%7u", row[state]);
		if (!(can & BIT(state))) {
			fprintf(stderr, "# that can't be, and was met:\n");
			missed++;
			continue;
		}
		missed += !row[state];
		(*possible)++;
	}

	return missed;
}

static u32 possible_states(u32 event, bool offer, u32 states)
{
	u32 state, can = 0;

	for (state = 0; state < states; state++)
		if (can_be(event, offer ? 0 : BIT(state),
			   offer ? BIT(state) : 0))
			can |= BIT(state);

	return can;
}

u32 dcd_missed(void)
{
	u32 event, missed = 0, possible = 0, i;
	char line[160];

	fprintf(stderr, "# %s%s%s\n", "            unknwn PENDNG ACCPTG COMMTD",
		"  asked deferd   kept RELSNG RELSED REJCTD REVOKD |",
		" collct damagd offerd decidd answrg");
	for (event = 0; event < DCD_EVENTS; event++) {
		snprintf(line, sizeof(line), "%-11s", event_name[event]);
		missed += add_row(line, sizeof(line), extents[event],
				  EXTENT_STATES,
				  possible_states(event, false, EXTENT_STATES),
				  &possible);
		strcat(line, " |");
		missed += add_row(line, sizeof(line), offers[event],
				  OFFER_STATES,
				  possible_states(event, true, OFFER_STATES),
				  &possible);
		fprintf(stderr, "# %s\n", line);
	}
	for (i = 0; i < ARRAY_SIZE(impossible); i++)
		fprintf(stderr, "# - %s\n", impossible[i].why);
	fprintf(stderr, "# reached %u of %u pairs that can be\n",
		possible - missed, possible);

	return missed;
}
