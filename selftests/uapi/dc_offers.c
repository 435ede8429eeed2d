// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers of Dynamic Capacity: in which order they are answered, what stands and
 * falls together, and what is refused without asking anybody.
 */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dc.h"

#define EXTENT	(4 * MIB)
#define BLOCK	(2 * MIB)

FIXTURE(offers) {
	struct dc dc;
	struct vfio_cxl_dc_info now;
	struct extent a;
	struct extent b;
};

FIXTURE_SETUP(offers)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
}

FIXTURE_TEARDOWN(offers)
{
	dc_end(&self->dc);
}

/*
 * Decided out of order, answered in order: nothing reaches the device before the
 * older offer is decided; and it takes both answers, of which it would refuse one
 * that is not for its oldest offer.
 */
FIXTURE(order) {
	struct dc dc;
	struct vfio_cxl_dc_info now;
	struct extent old;
	struct extent young;
};

FIXTURE_VARIANT(order) {
	bool old;		/* is accepted */
	bool young;
};

FIXTURE_VARIANT_ADD(order, both) {
	.old = true,
	.young = true,
};

FIXTURE_VARIANT_ADD(order, young_only) {
	.young = true,
};

FIXTURE_VARIANT_ADD(order, old_only) {
	.old = true,
};

FIXTURE_VARIANT_ADD(order, none) {
};

FIXTURE_SETUP(order)
{
	ASSERT_EQ(0, dc_begin(&self->dc));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->old));
	ASSERT_TRUE(extent_offer(&self->dc, 1, 0, EXTENT, &self->young));
}

FIXTURE_TEARDOWN(order)
{
	dc_end(&self->dc);
}

static int answer(struct dc *dc, const struct extent *e, bool yes)
{
	int ret = yes ? extent_accept(dc->user.device, e,
				      VFIO_CXL_DC_REACH_TENANT, &dc->answer) :
			extent_reject(dc->user.device, e, &dc->answer);

	return ret ? -errno : 0;
}

static __u32 outcome(bool yes)
{
	return yes ? VFIO_CXL_DC_COMMITTED : VFIO_CXL_DC_REJECTED;
}

#define MBOX_EVENT	"events/vfio_cxl/vfio_cxl_mbox/enable"

/*
 * What the device was told of an offer: Add Dynamic Capacity Response with this
 * one extent, or with none.
 */
static bool is_answer(const char *line, const struct dc *dc,
		      const struct extent *e, unsigned int region, bool yes)
{
	__u64 dpa = htole64(dc->info.region[region].dpa + e->piece.offset);
	const __u8 *bytes = (void *)&dpa;
	char want[64];
	int at, n;

	at = snprintf(want, sizeof(want), "payload=%02x00000000000000", yes);
	for (n = 0; yes && n < 8; n++)
		at += snprintf(want + at, sizeof(want) - at, "%02x", bytes[n]);
	printf("# %s", strstr(line, "opcode=") ?: line);

	return strstr(line, want) && strstr(line, yes ? " in=32 " : " in=8 ") &&
	       strstr(line, " rc=0x0 ") && strstr(line, " ret=0 ");
}

/* By the trace: the older offer's answer, the younger one's, and no other */
static bool answered_in_order(const struct dc *dc, const struct extent *old,
			      bool old_yes, const struct extent *young,
			      bool young_yes)
{
	unsigned int answers = 0;
	bool right = true;
	char line[512];
	FILE *file;

	file = fopen(TRACEFS "trace", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, "opcode=0x4802 "))
			continue;
		if (!answers++)
			right &= is_answer(line, dc, old, 0, old_yes);
		else
			right &= is_answer(line, dc, young, 1, young_yes);
	}
	if (file)
		fclose(file);

	return right && answers == 2;
}

TEST_F(order, is_kept_on_the_wire)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	int node = self->dc.node;
	char byte;

	ASSERT_TRUE(trace_set("trace", ""));
	ASSERT_TRUE(trace_set(MBOX_EVENT, "1"));
	EXPECT_LT(self->old.offer, self->young.offer);
	EXPECT_EQ(0, answer(&self->dc, &self->young, variant->young));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_QUEUED, self->dc.answer.flags);
	ASSERT_EQ(0, extent_status(node, &self->young, status));
	if (variant->young) {
		EXPECT_EQ(VFIO_CXL_DC_ACCEPTING, status->state);
	} else {
		EXPECT_EQ(VFIO_CXL_DC_PENDING, status->state);
		EXPECT_TRUE(status->flags & VFIO_CXL_DC_STATUS_DECIDED);
	}
	EXPECT_EQ(-1, pread(self->dc.user.device, &byte, 1,
			    self->dc.region.offset + self->young.at));
	EXPECT_EQ(EIO, errno);
	EXPECT_TRUE(fm_has(0, 2));
	ASSERT_EQ(0, dc_info(node, &self->now));
	EXPECT_EQ(self->dc.info.answers, self->now.answers);
	EXPECT_EQ(2, self->now.open_offers);
	/* What is decided can't be decided otherwise */
	EXPECT_EQ(-EBUSY, answer(&self->dc, &self->young, !variant->young));
	EXPECT_EQ(VFIO_CXL_REASON_DC_DECIDED, self->dc.answer.reason);
	EXPECT_EQ(0, answer(&self->dc, &self->young, variant->young));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_QUEUED | VFIO_CXL_DC_DECIDE_ALREADY,
		  self->dc.answer.flags | VFIO_CXL_DC_DECIDE_QUEUED);

	EXPECT_EQ(0, answer(&self->dc, &self->old, variant->old));
	EXPECT_EQ(0, self->dc.answer.flags);
	EXPECT_EQ(outcome(variant->old), extent_state(node, &self->old));
	EXPECT_EQ(outcome(variant->young), extent_state(node, &self->young));
	EXPECT_TRUE(fm_has(variant->old + variant->young, 0));
	EXPECT_EQ(variant->young ? 1 : -1,
		  pread(self->dc.user.device, &byte, 1,
			self->dc.region.offset + self->young.at));
	ASSERT_EQ(0, dc_info(node, &self->now));
	EXPECT_EQ(self->dc.info.answers + 2, self->now.answers);
	EXPECT_EQ(0, self->now.recoveries);
	EXPECT_EQ(0, self->now.open_offers);

	ASSERT_TRUE(trace_set(MBOX_EVENT, "0"));
	EXPECT_TRUE(answered_in_order(&self->dc, &self->old, variant->old,
				      &self->young, variant->young));
}

/* As many ids as extents, and the null tag names none of them */
TEST_F(offers, without_tags)
{
	static const struct piece pieces[] = {
		{ 0, EXTENT }, { 2 * EXTENT, EXTENT }, { EXTENT, EXTENT },
	};
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct tag null = {};
	int node = self->dc.node;
	struct extent e[3];

	ASSERT_TRUE(extents_offer(&self->dc, 1, pieces, 3, e));
	EXPECT_NE(e[0].id, e[1].id);
	EXPECT_NE(e[1].id, e[2].id);
	EXPECT_EQ(e[0].offer, e[2].offer);
	EXPECT_EQ(-1, dc_status(node, &null, &self->dc.status));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, dc_accept(node, &null, VFIO_CXL_DC_REACH_DEVICE, answer));
	EXPECT_EQ(EINVAL, errno);

	/* Each for itself, but the offer is answered as one */
	EXPECT_EQ(0, extent_accept(node, &e[0], VFIO_CXL_DC_REACH_DEVICE,
				   answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_QUEUED, answer->flags);
	EXPECT_EQ(0, extent_reject(node, &e[1], answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_QUEUED, answer->flags);
	EXPECT_TRUE(fm_has(0, 3));
	EXPECT_EQ(0, extent_accept(node, &e[2], VFIO_CXL_DC_REACH_DEVICE,
				   answer));
	EXPECT_EQ(0, answer->flags);
	EXPECT_TRUE(fm_has(2, 0));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(node, &e[0]));
	EXPECT_EQ(VFIO_CXL_DC_REJECTED, extent_state(node, &e[1]));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, extent_state(node, &e[2]));
	ASSERT_EQ(0, extent_status(node, &e[1], &self->dc.status));
	EXPECT_EQ(VFIO_CXL_REASON_DC_REFUSED, self->dc.status.reason);
	ASSERT_EQ(0, dc_info(node, &self->now));
	EXPECT_EQ(self->dc.info.answers + 1, self->now.answers);
}

/* All of an offer by its number */
TEST_F(offers, by_number)
{
	static const struct piece pieces[] = {
		{ 0, EXTENT }, { EXTENT, EXTENT },
	};
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	struct extent e[2], f[2];

	ASSERT_TRUE(extents_offer(&self->dc, 0, pieces, 2, e));
	ASSERT_TRUE(extents_offer(&self->dc, 1, pieces, 2, f));
	EXPECT_EQ(0, dc_by_offer(self->dc.user.device, VFIO_CXL_DC_ACCEPT,
				 e[0].offer, VFIO_CXL_DC_REACH_TENANT, answer));
	EXPECT_EQ(0, answer->flags);
	EXPECT_TRUE(fm_has(2, 2));
	EXPECT_EQ(0, dc_by_offer(self->dc.user.device, VFIO_CXL_DC_REJECT,
				 f[0].offer, 0, answer));
	EXPECT_TRUE(fm_has(2, 0));
	EXPECT_EQ(0, dc_by_offer(self->dc.user.device, VFIO_CXL_DC_RELEASE,
				 e[0].offer, 0, answer));
	EXPECT_TRUE(fm_has(0, 0));
	EXPECT_EQ(VFIO_CXL_DC_RELEASED, extent_state(self->dc.node, &e[1]));
	EXPECT_EQ(VFIO_CXL_DC_REJECTED, extent_state(self->dc.node, &f[1]));
}

/*
 * The device's log has room for eight records, and all of these say that more
 * come: such an offer is refused as a whole, once, and the next one is sound.
 */
TEST_F(offers, more_than_the_log_holds)
{
	struct piece pieces[10];
	struct vfio_cxl_dc_info *now = &self->now;
	unsigned int i;

	for (i = 0; i < 10; i++)
		pieces[i] = (struct piece){ i * BLOCK, BLOCK };
	ASSERT_TRUE(fm_add(0, pieces, 10));
	EXPECT_TRUE(within(SOON, !dc_info(self->dc.node, now) &&
			   now->damaged == self->dc.info.damaged + 1 &&
			   !now->open_offers));
	EXPECT_EQ(self->dc.info.overflows + 1, now->overflows);
	EXPECT_EQ(self->dc.info.offers + 1, now->offers);
	EXPECT_EQ(self->dc.info.answers + 1, now->answers);
	EXPECT_LT(self->dc.info.syncs, now->syncs);
	EXPECT_EQ(0, now->nr[VFIO_CXL_DC_PENDING]);
	EXPECT_TRUE(fm_has(0, 0));

	ASSERT_TRUE(extent_offer(&self->dc, 0, BLOCK, EXTENT, &self->a));
	EXPECT_EQ(0, answer(&self->dc, &self->a, true));
	EXPECT_EQ(0, self->dc.answer.flags);
	EXPECT_TRUE(fm_has(1, 0));
}

static __u64 boottime(int ms)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);

	return now.tv_sec * 1000000000ULL + now.tv_nsec + ms * 1000000ULL;
}

/* Nobody decides in time: refused, and the younger one is answered then */
TEST_F(offers, deadline)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;
	int node = self->dc.node;
	__u64 when;

	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->a));
	ASSERT_TRUE(extent_offer(&self->dc, 1, 0, EXTENT, &self->b));
	ASSERT_EQ(0, answer(&self->dc, &self->b, true));
	ASSERT_EQ(0, extent_status(node, &self->a, status));
	EXPECT_EQ(VFIO_CXL_DC_NEVER, status->deadline);
	when = boottime(300);
	ASSERT_EQ(0, dc_deadline(node, self->a.offer, when));
	ASSERT_EQ(0, dc_extent(node, self->a.id, status));
	EXPECT_EQ(when, status->deadline);
	ASSERT_EQ(0, extent_status(node, &self->a, status));
	EXPECT_EQ(when, status->deadline);
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(node, &self->a));
	EXPECT_TRUE(within(SOON, extent_state(node, &self->a) ==
			   VFIO_CXL_DC_REJECTED));
	EXPECT_LE(when, boottime(0));
	EXPECT_GE(when + 1000000000, boottime(0));
	ASSERT_EQ(0, extent_status(node, &self->a, status));
	EXPECT_EQ(VFIO_CXL_REASON_DC_DEADLINE, status->reason);
	/* It is refused first, then the device is told, and then of this one */
	EXPECT_TRUE(within(SOON, extent_state(node, &self->b) ==
			   VFIO_CXL_DC_COMMITTED));
	EXPECT_TRUE(fm_has(1, 0));
	/* It is answered, so it is none any more */
	EXPECT_EQ(-1, dc_deadline(node, self->a.offer, VFIO_CXL_DC_NEVER));
	EXPECT_EQ(ENOENT, errno);
}

/* A deadline that was put off, or has no meaning any more */
TEST_F(offers, deadline_is_off)
{
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->a));
	ASSERT_EQ(0, dc_deadline(self->dc.node, self->a.offer, boottime(300)));
	ASSERT_EQ(0, dc_deadline(self->dc.node, self->a.offer,
				 VFIO_CXL_DC_NEVER));
	ASSERT_TRUE(extent_offer(&self->dc, 1, 0, EXTENT, &self->b));
	ASSERT_EQ(0, dc_deadline(self->dc.node, self->b.offer, boottime(200)));
	/* Decided, though not answered yet */
	ASSERT_EQ(0, answer(&self->dc, &self->b, true));
	usleep(500000);
	EXPECT_EQ(VFIO_CXL_DC_PENDING, extent_state(self->dc.node, &self->a));
	EXPECT_EQ(VFIO_CXL_DC_ACCEPTING, extent_state(self->dc.node, &self->b));
}

/* For devices that are bound from now on */
TEST_F(offers, deadline_by_parameter)
{
	struct vfio_cxl_dc_status *status = &self->dc.status;

	user_close(&self->dc.user);
	close(self->dc.node);
	ASSERT_TRUE(param_set("dc_deadline_s", "1"));
	EXPECT_TRUE(dev_rebind());
	ASSERT_TRUE(param_set("dc_deadline_s", "0"));
	ASSERT_EQ(0, dc_begin(&self->dc));
	ASSERT_TRUE(extent_offer(&self->dc, 0, 0, EXTENT, &self->a));
	EXPECT_TRUE(within(SOON, extent_state(self->dc.node, &self->a) ==
			   VFIO_CXL_DC_REJECTED));
	ASSERT_EQ(0, extent_status(self->dc.node, &self->a, status));
	EXPECT_EQ(VFIO_CXL_REASON_DC_DEADLINE, status->reason);
	EXPECT_TRUE(fm_has(0, 0));
	/* And not for those bound afterwards */
	dc_end(&self->dc);
	ASSERT_TRUE(dev_rebind());
	ASSERT_EQ(0, dc_begin(&self->dc));
}

/* What takes tags, or a manager that asks for anything */
FIXTURE(tags) {
	struct dc dc;
	struct vfio_cxl_dc_info now;
	struct tag x;
	struct tag y;
	struct extent e[3];
};

FIXTURE_SETUP(tags)
{
	if (!tags_there())
		SKIP(return, "QEMU 10 offers no tags");
	ASSERT_EQ(0, dc_begin(&self->dc));
	self->x = tag_new();
	self->y = tag_new();
}

FIXTURE_TEARDOWN(tags)
{
	dc_end(&self->dc);
}

/* One taken, the other not, in one answer */
TEST_F(tags, two_in_an_offer)
{
	struct piece pieces[] = {
		{ 0, EXTENT, &self->x }, { EXTENT, EXTENT, &self->y },
		{ 2 * EXTENT, EXTENT, &self->x },
	};
	struct vfio_cxl_dc_status *status = &self->dc.status;
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int device = self->dc.user.device, node = self->dc.node;

	ASSERT_TRUE(extents_offer(&self->dc, 0, pieces, 3, self->e));
	ASSERT_EQ(0, dc_accept(device, &self->x, VFIO_CXL_DC_REACH_TENANT,
			       answer));
	EXPECT_EQ(VFIO_CXL_DC_DECIDE_QUEUED, answer->flags);
	EXPECT_EQ(VFIO_CXL_DC_ACCEPTING, dc_state(node, &self->x));
	EXPECT_EQ(VFIO_CXL_DC_PENDING, dc_state(node, &self->y));
	EXPECT_TRUE(fm_has(0, 3));
	ASSERT_EQ(0, dc_reject(node, &self->y, answer));
	EXPECT_EQ(0, answer->flags);
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, dc_state(node, &self->x));
	EXPECT_EQ(VFIO_CXL_DC_REJECTED, dc_state(node, &self->y));
	EXPECT_TRUE(fm_has(2, 0));
	ASSERT_EQ(0, dc_info(node, &self->now));
	EXPECT_EQ(self->dc.info.answers + 1, self->now.answers);
	ASSERT_EQ(0, dc_status(node, &self->x, status));
	EXPECT_EQ(2, status->nr[VFIO_CXL_DC_COMMITTED]);
	EXPECT_EQ(1, pwrite(device, "x", 1, self->dc.region.offset +
			    self->e[2].at));
	EXPECT_EQ(-1, pwrite(device, "x", 1, self->dc.region.offset +
			     self->e[1].at));
}

/* A tag is taken whole; whoever refuses one extent refuses the tag */
TEST_F(tags, stand_and_fall_whole)
{
	struct piece pieces[] = {
		{ 0, EXTENT, &self->x }, { EXTENT, EXTENT, &self->x },
	};
	struct vfio_cxl_dc_decide *answer = &self->dc.answer;
	int node = self->dc.node;
	__u64 ids[2];

	ASSERT_TRUE(extents_offer(&self->dc, 1, pieces, 2, self->e));
	ids[0] = self->e[1].id;
	ids[1] = self->e[0].id;
	EXPECT_EQ(-1, dc_by_ids(node, VFIO_CXL_DC_ACCEPT, ids, 1,
				VFIO_CXL_DC_REACH_DEVICE, 0, answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_TAG_WHOLE, answer->reason);
	EXPECT_EQ(0, dc_by_ids(node, VFIO_CXL_DC_ACCEPT, ids, 2,
			       VFIO_CXL_DC_REACH_DEVICE, 0, answer));
	EXPECT_TRUE(fm_has(2, 0));
	EXPECT_EQ(-1, dc_by_ids(node, VFIO_CXL_DC_RELEASE, ids, 1, 0, 0,
				answer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(VFIO_CXL_REASON_DC_TAG_WHOLE, answer->reason);
	EXPECT_EQ(0, dc_by_ids(node, VFIO_CXL_DC_RELEASE, ids, 2, 0, 0,
			       answer));
	EXPECT_TRUE(fm_has(0, 0));

	ASSERT_TRUE(extents_offer(&self->dc, 1, pieces, 2, self->e));
	ids[0] = self->e[1].id;
	EXPECT_EQ(0, dc_by_ids(node, VFIO_CXL_DC_REJECT, ids, 1, 0, 0,
			       answer));
	ASSERT_EQ(0, dc_status(node, &self->x, &self->dc.status));
	EXPECT_EQ(VFIO_CXL_DC_REJECTED, self->dc.status.state);
	EXPECT_EQ(2, self->dc.status.nr[VFIO_CXL_DC_REJECTED]);
	EXPECT_TRUE(fm_has(0, 0));
}

/* A tag that lives is refused at once, and does not become any other by that */
TEST_F(tags, that_live)
{
	struct piece first = { 0, EXTENT, &self->x };
	struct piece again = { 2 * EXTENT, EXTENT, &self->x };
	struct vfio_cxl_dc_info *now = &self->now;
	int node = self->dc.node;

	ASSERT_TRUE(extents_offer(&self->dc, 0, &first, 1, self->e));
	/* Pending: refused, and answered when its turn comes */
	ASSERT_TRUE(fm_add(1, &again, 1));
	ASSERT_TRUE(within(SOON, !dc_info(node, now) &&
			   now->offers == self->dc.info.offers + 2));
	EXPECT_TRUE(fm_has(0, 2));
	ASSERT_EQ(0, dc_status(node, &self->x, &self->dc.status));
	EXPECT_EQ(VFIO_CXL_DC_PENDING, self->dc.status.state);
	EXPECT_EQ(1, self->dc.status.nr[VFIO_CXL_DC_PENDING]);
	ASSERT_EQ(0, dc_accept(node, &self->x, VFIO_CXL_DC_REACH_DEVICE,
			       &self->dc.answer));
	EXPECT_EQ(0, self->dc.answer.flags);
	EXPECT_TRUE(fm_has(1, 0));

	/* Held, and in the same region: no user sees it as an offer */
	again.offset = 4 * EXTENT;
	ASSERT_TRUE(fm_add(0, &again, 1));
	ASSERT_TRUE(within(SOON, !dc_info(node, now) &&
			   now->answers == self->dc.info.answers + 3));
	EXPECT_EQ(2, now->nr[VFIO_CXL_DC_REJECTED] -
		  self->dc.info.nr[VFIO_CXL_DC_REJECTED]);
	EXPECT_TRUE(fm_has(1, 0));
	ASSERT_EQ(0, dc_status(node, &self->x, &self->dc.status));
	EXPECT_EQ(VFIO_CXL_DC_COMMITTED, self->dc.status.state);
	EXPECT_EQ(EXTENT, self->dc.status.bytes[VFIO_CXL_DC_COMMITTED]);
}

/* What was given back, or refused, may be offered again */
TEST_F(tags, that_lived)
{
	struct piece piece = { 0, EXTENT, &self->x };
	int device = self->dc.user.device;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(extents_offer(&self->dc, i / 2, &piece, 1, self->e));
		if (i % 2) {
			ASSERT_EQ(0, dc_reject(device, &self->x,
					       &self->dc.answer));
			EXPECT_EQ(VFIO_CXL_DC_REJECTED,
				  dc_state(device, &self->x));
			continue;
		}
		ASSERT_EQ(0, dc_accept(device, &self->x,
				       VFIO_CXL_DC_REACH_TENANT,
				       &self->dc.answer));
		ASSERT_EQ(0, dc_release(device, &self->x, 0,
					&self->dc.answer));
		EXPECT_EQ(VFIO_CXL_DC_RELEASED, dc_state(device, &self->x));
	}
	EXPECT_TRUE(fm_has(0, 0));
}

struct odd {
	const char *what;
	__u64 length;
	unsigned int sequence;
	__u32 reason;
};

/* What the emulator lets through, though it makes no sense */
TEST_F(tags, of_odd_extents)
{
	static const struct odd odds[] = {
		{ "empty", 0, 0, VFIO_CXL_REASON_DC_LENGTH },
		{ "numbered", EXTENT, 1, VFIO_CXL_REASON_DC_SEQUENCE },
	};
	struct vfio_cxl_dc_status *status = &self->dc.status;
	const struct odd *odd;
	struct tag tag;

	for (odd = odds; odd < odds + 2; odd++) {
		struct piece pieces[] = {
			{ 0, EXTENT, &tag },
			{ 2 * EXTENT, odd->length, &tag, odd->sequence },
		};

		tag = tag_new();
		ASSERT_TRUE(fm_add(0, pieces, 2));
		EXPECT_TRUE(within(SOON, dc_state(self->dc.node, &tag) ==
				   VFIO_CXL_DC_REJECTED))
			TH_LOG("%s", odd->what);
		ASSERT_EQ(0, dc_status(self->dc.node, &tag, status));
		EXPECT_EQ(odd->reason, status->reason);
		EXPECT_EQ(2, status->nr[VFIO_CXL_DC_REJECTED]);
		EXPECT_TRUE(fm_has(0, 0));
	}
}

TEST_HARNESS_MAIN
