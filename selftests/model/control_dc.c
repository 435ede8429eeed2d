// SPDX-License-Identifier: GPL-2.0-only
/*
 * The script's side of the mailbox and of Dynamic Capacity. A TAG is a UUID, or -
 * for none; OPCODE 0 is all commands; "more" says that the offer goes on.
 *
 * dc on			device registers with a mailbox are there from now
 * dc region N BASE LENGTH BLOCK [FLAGS [DSMAD [DECODE]]]	likewise; FLAGS: 1
 *				sanitize, 8 sharable; DECODE is in units of 256 MiB
 * dc regions COUNT		as it says
 * offer DPA LENGTH TAG [SEQUENCE] [more]
 * withdraw DPA LENGTH TAG	ask for it back
 * force DPA LENGTH TAG		take it away, and say so
 * lose DPA LENGTH		take it away without a word
 * hold DPA LENGTH TAG		it was accepted
 * event TYPE DPA LENGTH TAG [SEQUENCE] [more]	a record, with nothing behind it
 * endless TYPE DPA LENGTH TAG [SEQUENCE] [more]	the log has always another one,
 * endless off			of what comes next
 * room RECORDS			that the log has
 * generation N|moving|still	of the list; moving: another one with each page
 * mbox payload BYTES
 * mbox ready|unready		as Memory Device Status says
 * mbox doorbell ok|stuck|late|slow [OPCODE [MS]]	stuck: the command is not carried
 *				out; late: it is, but the doorbell stays
 * mbox return CODE [OPCODE [COUNT [SKIP]]]	instead of carrying it out
 * mbox length N [OPCODE [COUNT [SKIP]]]	of the answer, as it says
 * mbox patch OPCODE OFFSET VALUE [SIZE [COUNT [SKIP]]]	of the answer
 * mbox honest			no more of these
 * mbox interrupt on|off	with the first record, as if asked for
 * dc count			what has happened since "default", and what there is
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "control.h"

static const char *set_region(struct model *m, const struct words *w)
{
	uint64_t n = number(w, 2, MAX_REGIONS);

	if (w->n < 6 || n >= MAX_REGIONS)
		return "dc region N BASE LENGTH BLOCK [FLAGS [DSMAD [DECODE]]]";
	m->mailbox.region[n] = (struct dc_region){
		.base = number(w, 3, 0),
		.length = number(w, 4, 0),
		.block = number(w, 5, 0),
		.flags = number(w, 6, 0),
		.dsmad = number(w, 7, n),
		.decode = number(w, 8, number(w, 4, 0) >> 28),
	};
	if (m->mailbox.regions <= n)
		m->mailbox.regions = n + 1;

	return NULL;
}

static const char *set_dc(struct model *m, const struct words *w, char *answer,
			  size_t size)
{
	struct mailbox *b = &m->mailbox;
	const char *why = NULL;

	if (is(w, 1, "count")) {
		snprintf(answer, size,
			 "command %u stray %u refused %u irq %u accepted %u offered %u records %u",
			 b->count.command, b->count.stray, b->count.refused,
			 b->count.irq, b->accepted.n, b->offered.n, b->records);
		return NULL;
	}
	if (is(w, 1, "region"))
		why = set_region(m, w);
	else if (is(w, 1, "regions"))
		b->regions = number(w, 2, 0) % (MAX_REGIONS + 1);
	else if (!is(w, 1, "on"))
		return "dc on, region, regions or count";
	b->there = true;
	config_locator(m);

	return why;
}

#define HEX	"0123456789abcdefABCDEF"

static bool get_tag(const char *text, uint8_t *tag)
{
	unsigned int n = 0;

	if (!strcmp(text, "-"))
		return true;
	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (n == 16 || strspn(text, HEX) < 2 ||
		    sscanf(text, "%2hhx", &tag[n++]) != 1)
			return false;
		text++;
	}

	return n == 16;
}

/* DPA, length, tag, from word @at on */
static const char *get_extent(const struct words *w, unsigned int at,
			      struct dc_extent *e)
{
	memset(e, 0, sizeof(*e));
	if (w->n < at + 2)
		return "DPA LENGTH TAG";
	e->dpa = number(w, at, 0);
	e->length = number(w, at + 1, 0);
	e->more = is(w, w->n - 1, "more");
	e->sequence = number(w, at + 3, 0);
	if (at + 2 < w->n && !get_tag(w->w[at + 2], e->tag))
		return "not a tag";

	return NULL;
}

static void tell(struct model *m, uint8_t type, const struct dc_extent *e)
{
	uint8_t record[RECORD_SIZE];

	event_fill(record, type, e);
	event_add(m, record);
}

static const char *about_extent(struct model *m, const struct words *w)
{
	struct mailbox *b = &m->mailbox;
	struct dc_extent e;
	const char *why = get_extent(w, 1, &e);

	if (why)
		return why;
	if (is(w, 0, "offer")) {
		why = dc_add(&b->offered, &e);
		if (!why)
			tell(m, EVENT_ADD, &e);
		return why;
	}
	if (is(w, 0, "hold"))
		return dc_add(&b->accepted, &e);
	if (is(w, 0, "withdraw")) {
		tell(m, EVENT_RELEASE, &e);
		return NULL;
	}
	/* What is only offered waits for its answer all the same */
	b->generation += dc_take(&b->accepted, e.dpa, e.length);
	if (is(w, 0, "force"))
		tell(m, EVENT_FORCED_RELEASE, &e);

	return NULL;
}

static const char *make_event(struct model *m, const struct words *w)
{
	struct dc_extent e;
	const char *why;

	if (is(w, 1, "off")) {
		m->mailbox.endless = false;
		mailbox_status(m);
		return NULL;
	}
	why = get_extent(w, 2, &e);
	if (why)
		return why;
	if (is(w, 0, "event")) {
		tell(m, number(w, 1, 0), &e);
		return NULL;
	}
	event_fill(m->mailbox.template, number(w, 1, 0), &e);
	m->mailbox.endless = true;
	mailbox_status(m);

	return NULL;
}

static const char *set_doorbell(struct model *m, const struct words *w)
{
	static const char *const names[] = {
		[DOORBELL_OK] = "ok", [DOORBELL_STUCK] = "stuck",
		[DOORBELL_LATE] = "late", [DOORBELL_SLOW] = "slow",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!is(w, 2, names[i]))
			continue;
		mailbox_doorbell(m, i, number(w, 3, 0), number(w, 4, 0));
		return NULL;
	}

	return "no such doorbell";
}

static const char *add_lever(struct model *m, const struct words *w)
{
	struct lever l = { .kind = LEVER_PATCH, .set = true }, *to;

	if (is(w, 1, "patch")) {
		l.opcode = number(w, 2, 0);
		l.at = number(w, 3, ~0ULL);
		l.value = number(w, 4, 0);
		l.size = number(w, 5, 1);
		l.count = number(w, 6, 0);
		l.skip = number(w, 7, 0);
		if (w->n < 5 || l.size > 8 || l.at > MAX_MAILBOX - 8)
			return "mbox patch OPCODE OFFSET VALUE [SIZE [COUNT [SKIP]]]";
	} else {
		l.kind = is(w, 1, "return") ? LEVER_RETURN : LEVER_LENGTH;
		l.value = number(w, 2, 0);
		l.opcode = number(w, 3, 0);
		l.count = number(w, 4, 0);
		l.skip = number(w, 5, 0);
	}
	for (to = m->mailbox.levers; to < m->mailbox.levers + MAX_LEVERS; to++) {
		if (to->set)
			continue;
		*to = l;
		return NULL;
	}

	return "too many levers";
}

static const char *set_mailbox(struct model *m, const struct words *w)
{
	uint64_t bytes = number(w, 2, 0);

	if (is(w, 1, "return") || is(w, 1, "length") || is(w, 1, "patch"))
		return add_lever(m, w);
	if (is(w, 1, "doorbell"))
		return set_doorbell(m, w);
	if (is(w, 1, "payload")) {
		if (bytes < 256 || bytes > MAX_MAILBOX || bytes & (bytes - 1))
			return "a power of 2, from 256 on";
		mailbox_payload(m, bytes);
	} else if (is(w, 1, "ready") || is(w, 1, "unready")) {
		mailbox_ready(m, is(w, 1, "ready"));
	} else if (is(w, 1, "honest")) {
		memset(m->mailbox.levers, 0, sizeof(m->mailbox.levers));
	} else if (is(w, 1, "interrupt")) {
		m->mailbox.policy = (VECTORS - 1) << 4 | is(w, 2, "on");
	} else {
		return "no such thing of the mailbox";
	}

	return NULL;
}

bool control_dc(struct model *m, const struct words *w, char *answer, size_t size,
		const char **why)
{
	struct mailbox *b = &m->mailbox;

	*why = NULL;
	if (is(w, 0, "dc")) {
		*why = set_dc(m, w, answer, size);
	} else if (is(w, 0, "offer") || is(w, 0, "withdraw") ||
		   is(w, 0, "force") || is(w, 0, "lose") || is(w, 0, "hold")) {
		*why = about_extent(m, w);
	} else if (is(w, 0, "event") || is(w, 0, "endless")) {
		*why = make_event(m, w);
	} else if (is(w, 0, "room")) {
		b->room = number(w, 1, 1) % (MAX_RECORDS + 1);
	} else if (is(w, 0, "generation")) {
		b->moving = is(w, 1, "moving");
		if (!b->moving && !is(w, 1, "still"))
			b->generation = number(w, 1, b->generation);
	} else if (is(w, 0, "mbox")) {
		*why = set_mailbox(m, w);
	} else {
		return false;
	}

	return true;
}
