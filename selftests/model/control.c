// SPDX-License-Identifier: GPL-2.0-only
/*
 * The script's side: a line is a command, its answer a line, "ok" or "error" and
 * maybe more. Numbers are as in C.
 *
 * get cfg|cm|dev AT [SIZE]	the register itself; cm: the CXL.cache/mem page; dev:
 *				the device registers
 * set cfg|cm|dev AT VALUE [SIZE]	likewise, read-only or not
 * lie cfg|cm|dev AT VALUE [SKIP [COUNT]]	what COUNT reads of a dword get
 *				instead, all of them if 0, after SKIP honest ones
 * honest			no lies any more
 * ones cfg|cm|dev|all|off	all reads are all-ones, and writes nothing
 * commit ok|never|error|slow MS|lie|gone|stuck
 * hdm N BASE SIZE CTRL [SKIP]	a decoder, as firmware leaves it
 * decoders COUNT		how many there are
 * block AT			place of the component registers in BAR 0
 * capacity BYTES		of the memory
 * media MS|never		ready so long after a reset, and from now
 * keep on|off			decoders, and the DVSEC's Control, outlive resets
 * drop COUNT			accesses to be left without a reply
 * dma read IOVA LENGTH | dma write IOVA HEX
 * irq VECTOR
 * count			what has happened since "default"
 * default			all as it was at first
 * close			the device is gone for good
 *
 * control_dc.c has those of the mailbox and of Dynamic Capacity.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "control.h"

uint64_t number(const struct words *w, unsigned int i, uint64_t otherwise)
{
	return i < w->n ? strtoull(w->w[i], NULL, 0) : otherwise;
}

bool is(const struct words *w, unsigned int i, const char *what)
{
	return i < w->n && !strcmp(w->w[i], what);
}

static const char *place(struct model *m, const struct words *w, uint8_t **at,
			 enum spaces *space)
{
	uint64_t offset = number(w, 2, ~0ULL);
	uint8_t *const from[] = {
		[SPACE_CFG] = m->config,
		[SPACE_CM] = m->block + CM,
		[SPACE_DEV] = m->bar0 + DEV_AT,
	};

	*space = is(w, 1, "cfg") ? SPACE_CFG :
		 is(w, 1, "dev") ? SPACE_DEV : SPACE_CM;
	if ((*space == SPACE_CM && !is(w, 1, "cm")) || offset > 0xff8)
		return "no such place";
	*at = from[*space] + offset;

	return NULL;
}

static const char *get_or_set(struct model *m, const struct words *w,
			      char *answer, size_t size)
{
	bool set = is(w, 0, "set");
	uint64_t n = number(w, set ? 4 : 3, 4), value = 0;
	enum spaces space;
	const char *why;
	uint8_t *at;

	why = place(m, w, &at, &space);
	if (why || n > 8 || (set && w->n < 4))
		return why ?: "get SPACE AT [SIZE] or set SPACE AT VALUE [SIZE]";
	if (set) {
		value = number(w, 3, 0);
		memcpy(at, &value, n);
		return NULL;
	}
	regs_settle(m);
	config_ranges(m);
	memcpy(&value, at, n);
	snprintf(answer, size, "%#llx", (unsigned long long)value);

	return NULL;
}

static const char *add_lie(struct model *m, const struct words *w)
{
	enum spaces space;
	const char *why;
	struct lie *l;
	uint8_t *at;

	why = place(m, w, &at, &space);
	if (why || w->n < 4)
		return why ?: "lie SPACE AT VALUE [SKIP [COUNT]]";
	for (l = m->lies; l < m->lies + MAX_LIES; l++) {
		if (l->set)
			continue;
		*l = (struct lie){
			.space = space,
			.offset = number(w, 2, 0),
			.value = number(w, 3, 0),
			.skip = number(w, 4, 0),
			.count = number(w, 5, 0),
			.set = true,
		};
		return NULL;
	}

	return "too many lies";
}

static const char *set_commit(struct model *m, const struct words *w)
{
	static const char *const names[] = {
		[COMMIT_OK] = "ok", [COMMIT_NEVER] = "never",
		[COMMIT_ERROR] = "error", [COMMIT_SLOW] = "slow",
		[COMMIT_LIE] = "lie", [COMMIT_GONE] = "gone",
		[COMMIT_STUCK] = "stuck",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!is(w, 1, names[i]))
			continue;
		m->commit = i;
		m->commit_ms = number(w, 2, 0);
		return NULL;
	}

	return "no such way to commit";
}

static const char *set_ones(struct model *m, const struct words *w)
{
	bool all = is(w, 1, "all");

	m->ones[SPACE_CFG] = all || is(w, 1, "cfg");
	m->ones[SPACE_CM] = all || is(w, 1, "cm");
	m->ones[SPACE_DEV] = all || is(w, 1, "dev");

	return NULL;
}

static const char *set_device(struct model *m, const struct words *w)
{
	uint64_t value = number(w, 1, 0);

	if (is(w, 0, "block")) {
		if (value % BLOCK_SIZE || value > BAR0_SIZE - BLOCK_SIZE)
			return "not a place in BAR 0";
		m->block_at = value;
		config_locator(m);
	} else if (is(w, 0, "decoders")) {
		if (!value || value > 32)
			return "1 to 32";
		m->decoders = value;
		regs_init(m);
	} else if (is(w, 0, "capacity")) {
		m->capacity = value;
		config_ranges(m);
	} else if (is(w, 0, "media")) {
		m->media_ms = is(w, 1, "never") ? -1 : (long)value;
		m->media_due = now_ms() + value;
	} else if (is(w, 0, "keep")) {
		m->keep = is(w, 1, "on");
	} else {
		m->drop = value;
	}

	return NULL;
}

static const char *set_hdm(struct model *m, const struct words *w)
{
	if (w->n < 5 || number(w, 1, 0) >= m->decoders)
		return "hdm N BASE SIZE CTRL [SKIP]";
	regs_decoder(m, number(w, 1, 0), number(w, 2, 0), number(w, 3, 0),
		     number(w, 4, 0), number(w, 5, 0));

	return NULL;
}

static const char *do_dma(struct model *m, const struct words *w, char *answer,
			  size_t size)
{
	static uint8_t data[2048];
	bool write = is(w, 1, "write");
	const char *why;
	uint32_t n, i;

	if (w->n < 4 || (!write && !is(w, 1, "read")))
		return "dma read IOVA LENGTH or dma write IOVA HEX";
	n = write ? strlen(w->w[3]) / 2 : number(w, 3, 0);
	if (n > sizeof(data) || 2 * n >= size)
		return "too much at once";
	for (i = 0; write && i < n; i++)
		if (sscanf(w->w[3] + 2 * i, "%2hhx", data + i) != 1)
			return "not hexadecimal";
	why = protocol_dma(m, write, number(w, 2, 0), data, n);
	for (i = 0; !why && !write && i < n; i++)
		snprintf(answer + 2 * i, size - 2 * i, "%02x", data[i]);

	return why;
}

static const char *do_irq(struct model *m, const struct words *w)
{
	uint64_t one = 1, n = number(w, 1, VECTORS);

	if (n >= VECTORS || m->vector[n] < 0)
		return "nobody has this vector";
	if (write(m->vector[n], &one, sizeof(one)) != sizeof(one))
		return "not delivered";

	return NULL;
}

static const char *do_close(struct model *m)
{
	if (m->socket >= 0)
		close(m->socket);
	m->socket = -1;

	return NULL;
}

static const char *command(struct model *m, const struct words *w, char *answer,
			   size_t size)
{
	const char *why;

	if (control_dc(m, w, answer, size, &why))
		return why;
	if (is(w, 0, "get") || is(w, 0, "set"))
		return get_or_set(m, w, answer, size);
	if (is(w, 0, "lie"))
		return add_lie(m, w);
	if (is(w, 0, "commit"))
		return set_commit(m, w);
	if (is(w, 0, "hdm"))
		return set_hdm(m, w);
	if (is(w, 0, "dma"))
		return do_dma(m, w, answer, size);
	if (is(w, 0, "irq"))
		return do_irq(m, w);
	if (is(w, 0, "close"))
		return do_close(m);
	if (is(w, 0, "ones"))
		return set_ones(m, w);
	if (is(w, 0, "block") || is(w, 0, "decoders") ||
	    is(w, 0, "capacity") || is(w, 0, "media") || is(w, 0, "keep") ||
	    is(w, 0, "drop"))
		return set_device(m, w);
	if (is(w, 0, "honest"))
		memset(m->lies, 0, sizeof(m->lies));
	else if (is(w, 0, "default"))
		model_default(m);
	else if (is(w, 0, "count"))
		snprintf(answer, size, "flr %u reset %u commit %u write %u",
			 m->count.flr, m->count.reset, m->count.commit,
			 m->count.write);
	else
		return "no such command";

	return NULL;
}

/* A line without its end, and the answer to it likewise */
void control_line(struct model *m, char *line, char *answer, size_t size)
{
	static char text[8192];
	struct words w = { .n = 0 };
	const char *why;
	char *save, *at;

	for (at = strtok_r(line, " ", &save); at && w.n < MAX_WORDS;
	     at = strtok_r(NULL, " ", &save))
		w.w[w.n++] = at;
	text[0] = 0;
	why = command(m, &w, text, sizeof(text));
	if (why)
		snprintf(answer, size, "error %s", why);
	else
		snprintf(answer, size, "ok%s%s", text[0] ? " " : "", text);
}
