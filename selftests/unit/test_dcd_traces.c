// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fake device against emulators: mailbox traffic that was recorded from each
 * (selftests/record) is played to it, through the driver's mailbox. With an
 * emulator's quirks it answers as that did, to the byte, and without any one of
 * them it does not: what is listed here is what they do otherwise, all of it.
 */
#include "unit.h"

#include "fake_dcd.h"
#include "fake_mbox.h"

UNIT_RANDOM_DEFINE

#define PAYLOAD		2048
#define NONE		0xffffffffU

enum trace_what {
	TRACE_COMMAND,
	TRACE_STATUS,
	TRACE_RESET,
	TRACE_OFFER,
	TRACE_OFFER_MANY,
	TRACE_ASK,
};

struct trace_step {
	enum trace_what what;
	u16 opcode;
	u16 rc;
	const char *in;
	const char *out;
	u32 count;
	u32 first;
	bool status;
	struct {
		u64 at;
		u64 n;
		u32 tag;
		u16 sequence;
	} extent[4];
};

#define COMMAND(_opcode, _rc, _in, _out)				\
	{ .what = TRACE_COMMAND, .opcode = _opcode, .rc = _rc,		\
	  .in = _in, .out = _out },
#define STATUS(_status)		{ .what = TRACE_STATUS, .status = _status },
#define RESET()			{ .what = TRACE_RESET },
#define OFFER(_count, ...)						\
	{ .what = TRACE_OFFER, .count = _count, .extent = { __VA_ARGS__ } },
#define OFFER_MANY(_first, _count)					\
	{ .what = TRACE_OFFER_MANY, .first = _first, .count = _count },
#define ASK(_count, ...)						\
	{ .what = TRACE_ASK, .count = _count, .extent = { __VA_ARGS__ } },

static const struct trace_step qemu10_steps[] = {
#include "traces/qemu10"
};

static const struct trace_step qemu11_steps[] = {
#include "traces/qemu11"
};

#define QEMU10	BIT(0)
#define QEMU11	BIT(1)
#define BOTH	(QEMU10 | QEMU11)

/* Sections are those of CXL 3.1 */
static const struct quirk {
	u32 dcd;
	u32 mbox;
	u32 emulators;
	const char *section;
	const char *instead;
} quirks[] = {
	{ FAKE_DCD_PADS, 0, QEMU11, "8.2.9.9.9.2",
	  "4801h lists what is accepted, and no zeros for what is pending" },
	{ FAKE_DCD_GEN_STUCK, 0, BOTH, "8.2.9.9.9.2",
	  "the generation number changes when the list does" },
	{ FAKE_DCD_FORGETS_TAGS, 0, QEMU11, "8.2.9.9.9.2, Table 8-51",
	  "extents are listed with the tag that they were offered with" },
	{ FAKE_DCD_TWICE, 0, QEMU11, "8.2.9.9.9.3",
	  "1Dh is for more extents than are supported, each counted once" },
	{ FAKE_DCD_COUNTS, 0, QEMU11, "8.2.9.9.9.1",
	  "extents are available until the host accepts others" },
	{ FAKE_DCD_ORDER_PA, 0, BOTH, "8.2.9.9.9.3",
	  "an answer that is not to the oldest offer is Invalid Input" },
	{ FAKE_DCD_NO_MORE, 0, BOTH, "8.2.9.9.9.3, Table 8-168",
	  "with More the answer is continued by another command" },
	{ FAKE_DCD_NOTHING_BACK, 0, BOTH, "8.2.9.9.9.4",
	  "a release of what is not accepted, and has no length, fails" },
	{ FAKE_DCD_LONG_INPUT, 0, BOTH, "8.2.8.4.5.1",
	  "input that is longer than its count says has an invalid length" },
	{ FAKE_DCD_TELLS, 0, QEMU11, "8.2.9.2.1.6, Table 8-50",
	  "no deviation: records may leave out how many are available" },
	{ 0, FAKE_MBOX_SAYS_MORE, BOTH, "8.2.9.2.2",
	  "More Event Records is for those that did not come" },
	{ 0, FAKE_MBOX_HANDLE_INPUT, BOTH, "8.2.9.2.3",
	  "a handle that is not the oldest record's is an Invalid Handle" },
	{ 0, FAKE_MBOX_EMPTY_CLEAR, BOTH, "8.2.9.2.3",
	  "so it is in a log that is empty" },
	{ 0, FAKE_MBOX_NO_CLEAR_ALL, BOTH, "8.2.9.2.3",
	  "Clear All Events clears them" },
	{ 0, FAKE_MBOX_LOG_END, BOTH, "8.2.9.5.2",
	  "what is behind the end of a log is Invalid Input" },
	{ 0, FAKE_MBOX_LOG_ENTRIES, BOTH, "8.2.9.5.2",
	  "the offset into a log is in bytes, not in entries of 4" },
	{ 0, FAKE_MBOX_STATUS_LOST, BOTH, "8.2.8.3.1",
	  "Event Status is set while the log has records, after a reset too" },
};

struct player {
	struct fake_mbox device;
	struct fake_dcd dcd;
	struct vfio_cxl_mbox mbox;
	struct fake_dcd_extent e[64];
	/* Here, behind what has 64 bits, they are aligned */
	u8 in[PAYLOAD];
	u8 out[PAYLOAD];
	u8 want[PAYLOAD];
	u8 identity[0x45];
};

static unsigned int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Hexadecimal, in which ".N," is N zero bytes; returns how many there are */
static u32 bytes(const char *text, u8 *to)
{
	u32 size = 0, zeros;

	while (*text) {
		if (*text != '.') {
			to[size++] = digit(text[0]) << 4 | digit(text[1]);
			text += 2;
			continue;
		}
		for (zeros = 0, text++; *text != ','; text++)
			zeros = 10 * zeros + digit(*text);
		text++;
		memset(to + size, 0, zeros);
		size += zeros;
	}

	return size;
}

/*
 * What the device is
 */

static void learn_regions(struct player *p)
{
	const struct cxl_dc_config_out *config = (const void *)p->want;
	const struct cxl_dc_region *region = config->region;

	p->dcd.regions = config->returned;
	p->dcd.base = le64_to_cpu(region->base);
	p->dcd.region_blocks = le64_to_cpu(region->length) / DCD_BLOCK;
	p->dcd.first_dsmad = le32_to_cpu(region->dsmad);
}

static void learn_commands(struct player *p, u32 size)
{
	u32 i;

	p->device.opcodes = 0;
	for (i = 0; i + 4 <= size; i += 4)
		fake_mbox_add_opcode(&p->device,
				     p->want[i] | p->want[i + 1] << 8,
				     p->want[i + 2] | p->want[i + 3] << 8);
}

/* From the first answer to each of these; others have to fit that */
static void learn(struct player *p, const struct trace_step *steps, u32 count)
{
	bool regions = false, commands = false, identity = false;
	u32 i, size;

	for (i = 0; i < count; i++) {
		if (steps[i].what != TRACE_COMMAND || steps[i].rc)
			continue;
		size = bytes(steps[i].out, p->want);
		if (steps[i].opcode == CXL_DC_GET_CONFIG && !regions) {
			learn_regions(p);
			regions = true;
		} else if (steps[i].opcode == 0x0401 && !commands) {
			learn_commands(p, size);
			commands = true;
		} else if (steps[i].opcode == 0x4000 && !identity) {
			memcpy(p->identity, p->want, sizeof(p->identity));
			p->device.identity = p->identity;
			identity = true;
		}
	}
}

static void start(struct player *p, const struct trace_step *steps, u32 count,
		  u32 dcd, u32 mbox)
{
	memset(p, 0, sizeof(*p));
	fake_mbox_init(&p->device, 11);
	fake_dcd_init(&p->dcd, dcd);
	learn(p, steps, count);
	fake_dcd_make(&p->dcd);
	p->dcd.any_host = true;
	p->device.any_host = true;
	p->device.quirks = mbox;
	p->device.dc = p->dcd.ops.command;
	p->device.dc_ctx = &p->dcd;
}

static void end(struct player *p)
{
	fake_dcd_free(&p->dcd);
	fake_mbox_exit(&p->device);
}

/*
 * Steps. Each says whether the device did what it did then
 */

static bool same_answer(struct player *p, const struct trace_step *step)
{
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = step->opcode,
		.in = p->in,
		.in_size = bytes(step->in, p->in),
		.out = p->out,
		.out_room = sizeof(p->out),
	};
	u32 size = bytes(step->out, p->want);

	vfio_cxl_mbox_command(&p->mbox, &cmd);

	return cmd.rc == step->rc && cmd.out_size == size &&
	       !memcmp(p->out, p->want, size);
}

static bool same_status(struct player *p, const struct trace_step *step)
{
	u32 events;

	vfio_cxl_mbox_event_status(&p->mbox, &events);

	return !!(events & CXL_EVENT_STATUS_DC) == step->status;
}

static struct fake_dcd_extent extent_at(struct player *p, u64 at, u64 n)
{
	return (struct fake_dcd_extent){
		.dpa = p->dcd.base + at * DCD_BLOCK,
		.len = n * DCD_BLOCK,
	};
}

/* What the manager does comes to the log, which is the other fake's */
static void manage(struct player *p, const struct trace_step *step)
{
	struct fake_dcd_extent *e = p->e;
	u32 i;

	for (i = 0; i < step->count; i++) {
		if (step->what == TRACE_OFFER_MANY) {
			e[i] = extent_at(p, step->first + 2 * i, 1);
			continue;
		}
		e[i] = extent_at(p, step->extent[i].at, step->extent[i].n);
		e[i].tag = step->extent[i].tag;
		e[i].sequence = step->extent[i].sequence;
	}
	if (step->what == TRACE_ASK)
		fake_dcd_event(&p->dcd, CXL_DC_EVENT_RELEASE, e);
	else
		fake_dcd_offer(&p->dcd, e, step->count);
	for (i = 0; i < p->dcd.logged; i++)
		fake_mbox_record(&p->device, &p->dcd.log[i]);
	p->dcd.logged = 0;
}

static bool same(struct player *p, const struct trace_step *step)
{
	switch (step->what) {
	case TRACE_COMMAND:
		return same_answer(p, step);
	case TRACE_STATUS:
		return same_status(p, step);
	case TRACE_RESET:
		fake_mbox_reset(&p->device);
		return true;
	default:
		manage(p, step);
		return true;
	}
}

/* The first step in which the device differs, or NONE */
static u32 play(struct player *p, const struct trace_step *steps, u32 count)
{
	u32 i;

	if (vfio_cxl_mbox_find(&p->mbox, &p->device.io, p->device.size))
		return 0;
	for (i = 0; i < count; i++)
		if (!same(p, &steps[i]))
			return i;

	return NONE;
}

/*
 * The tests
 */

FIXTURE(trace) {
	struct player *p;
	u32 dcd;
	u32 mbox;
};

FIXTURE_VARIANT(trace) {
	const struct trace_step *steps;
	u32 count;
	u32 emulator;
};

FIXTURE_VARIANT_ADD(trace, qemu10) {
	qemu10_steps, ARRAY_SIZE(qemu10_steps), QEMU10,
};

FIXTURE_VARIANT_ADD(trace, qemu11) {
	qemu11_steps, ARRAY_SIZE(qemu11_steps), QEMU11,
};

static void masks(u32 emulator, u32 *dcd, u32 *mbox)
{
	u32 i;

	*dcd = 0;
	*mbox = 0;
	for (i = 0; i < ARRAY_SIZE(quirks); i++) {
		if (!(quirks[i].emulators & emulator))
			continue;
		*dcd |= quirks[i].dcd;
		*mbox |= quirks[i].mbox;
	}
}

FIXTURE_SETUP(trace)
{
	self->p = calloc(1, sizeof(*self->p));
	ASSERT_NE(0, !!self->p);
	masks(variant->emulator, &self->dcd, &self->mbox);
}

FIXTURE_TEARDOWN(trace)
{
	free(self->p);
	EXPECT_NO_LEAK();
}

/* What differs, and is not listed, is a mistake of the fake's, or a new quirk */
TEST_F(trace, all_is_listed)
{
	struct player *p = self->p;
	u32 at;

	start(p, variant->steps, variant->count, self->dcd, self->mbox);
	at = play(p, variant->steps, variant->count);
	EXPECT_EQ(NONE, at) {
		const struct trace_step *step = &variant->steps[at];

		TH_LOG("step %u, %04xh %s: it answered %#x %s", at + 1,
		       step->opcode, step->in, step->rc, step->out);
	}
	end(p);
}

TEST_F(trace, each_listed_occurs)
{
	struct player *p = self->p;
	const struct quirk *quirk;
	u32 i, at, all;

	start(p, variant->steps, variant->count, self->dcd, self->mbox);
	all = play(p, variant->steps, variant->count);
	end(p);
	for (i = 0; i < ARRAY_SIZE(quirks); i++) {
		quirk = &quirks[i];
		if (!(quirk->emulators & variant->emulator))
			continue;
		start(p, variant->steps, variant->count,
		      self->dcd & ~quirk->dcd, self->mbox & ~quirk->mbox);
		at = play(p, variant->steps, variant->count);
		end(p);
		TH_LOG("step %3u: %s (%s)", at + 1, quirk->instead,
		       quirk->section);
		EXPECT_LT(at, all);
	}
}

/* The engine's tests know the same ones; of QEMU 10, as if it were given tags */
TEST(are_those_of_the_engine)
{
	u32 dcd, mbox;

	masks(QEMU10, &dcd, &mbox);
	EXPECT_EQ(FAKE_DCD_QEMU10, dcd | FAKE_DCD_FORGETS_TAGS);
	EXPECT_EQ(FAKE_MBOX_QEMU, mbox);
	masks(QEMU11, &dcd, &mbox);
	EXPECT_EQ(FAKE_DCD_QEMU11, dcd);
	EXPECT_EQ(FAKE_MBOX_QEMU, mbox);
}

TEST_HARNESS_MAIN
