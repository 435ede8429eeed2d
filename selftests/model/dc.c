// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic Capacity (CXL 3.1, 8.2.9.9.9 and 9.13.3): regions, what was offered and
 * not answered, in order, and what was accepted. Extents are taken and given back
 * whole; an answer may go on in another one (More).
 */
#include <string.h>

#include "model.h"

#define REGION_SIZE	0x28
#define EXTENT_SIZE	0x28
#define ENTRY_SIZE	0x18
#define CONFIG_HEAD	8
#define LIST_HEAD	16
#define ENTRIES_HEAD	8
#define MORE		1

static uint64_t get64(const void *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));

	return value;
}

static void put_region(uint8_t *to, const struct dc_region *region)
{
	memcpy(to, &region->base, 8);
	memcpy(to + 8, &region->decode, 8);
	memcpy(to + 16, &region->length, 8);
	memcpy(to + 24, &region->block, 8);
	put32(to + 32, region->dsmad);
	to[36] = region->flags & REGION_SANITIZE;
}

uint16_t dc_config(struct model *m, struct command *c)
{
	struct mailbox *b = &m->mailbox;
	uint32_t fit = (c->room - CONFIG_HEAD - 16) / REGION_SIZE;
	uint32_t wanted, first, n, used, left;
	uint8_t *tail;

	if (c->n < 2)
		return RC_LENGTH;
	wanted = c->in[0];
	first = c->in[1];
	if (first > b->regions || (wanted && first == b->regions && first))
		return RC_INPUT;
	if (wanted > b->regions - first)
		wanted = b->regions - first;
	if (wanted > fit)
		wanted = fit;
	c->out[0] = b->regions;
	c->out[1] = wanted;
	for (n = 0; n < wanted; n++)
		put_region(c->out + CONFIG_HEAD + n * REGION_SIZE,
			   &b->region[first + n]);
	tail = c->out + CONFIG_HEAD + n * REGION_SIZE;
	used = b->accepted.n + b->offered.n;
	left = used < MAX_EXTENTS ? MAX_EXTENTS - used : 0;
	put32(tail, MAX_EXTENTS);
	put32(tail + 4, left);
	put32(tail + 8, MAX_EXTENTS);
	put32(tail + 12, left);
	c->length = tail + 16 - c->out;

	return RC_OK;
}

uint16_t dc_extents(struct model *m, struct command *c)
{
	struct mailbox *b = &m->mailbox;
	const struct dc_extent *e;
	uint32_t n, start, i;
	uint8_t *at;

	if (c->n < 8)
		return RC_LENGTH;
	n = get32(c->in);
	start = get32(c->in + 4);
	if (start > b->accepted.n)
		return RC_INPUT;
	if (n > b->accepted.n - start)
		n = b->accepted.n - start;
	if (n > (c->room - LIST_HEAD) / EXTENT_SIZE)
		n = (c->room - LIST_HEAD) / EXTENT_SIZE;
	b->generation += b->moving;
	put32(c->out, n);
	put32(c->out + 4, b->accepted.n);
	put32(c->out + 8, b->generation);
	for (i = 0; i < n; i++) {
		e = &b->accepted.extent[start + i];
		at = c->out + LIST_HEAD + i * EXTENT_SIZE;
		memcpy(at, &e->dpa, 8);
		memcpy(at + 8, &e->length, 8);
		memcpy(at + 16, e->tag, sizeof(e->tag));
		put16(at + 32, e->sequence);
	}
	c->length = LIST_HEAD + n * EXTENT_SIZE;

	return RC_OK;
}

const char *dc_add(struct dc_list *list, const struct dc_extent *e)
{
	if (list->n == MAX_EXTENTS)
		return "too many extents";
	list->extent[list->n++] = *e;

	return NULL;
}

static int find(const struct dc_list *list, uint64_t dpa, uint64_t length,
		unsigned int end)
{
	unsigned int i;

	for (i = 0; i < end && i < list->n; i++)
		if (list->extent[i].dpa == dpa && list->extent[i].length == length)
			return i;

	return -1;
}

bool dc_take(struct dc_list *list, uint64_t dpa, uint64_t length)
{
	int i = find(list, dpa, length, list->n);

	if (i < 0)
		return false;
	list->n--;
	memmove(&list->extent[i], &list->extent[i + 1],
		(list->n - i) * sizeof(list->extent[0]));

	return true;
}

/* How many extents the oldest offer has */
static unsigned int head_of(const struct dc_list *offered)
{
	unsigned int n = 0;

	while (n < offered->n && offered->extent[n].more)
		n++;

	return n < offered->n ? n + 1 : n;
}

static uint16_t entries(const struct command *c, uint32_t *count)
{
	if (c->n < ENTRIES_HEAD)
		return RC_LENGTH;
	*count = get32(c->in);

	return (c->n - ENTRIES_HEAD) / ENTRY_SIZE < *count ? RC_LENGTH : RC_OK;
}

static const uint8_t *entry(const struct command *c, uint32_t i)
{
	return c->in + ENTRIES_HEAD + i * ENTRY_SIZE;
}

/* The parts of an answer, as they come; wrong, the offer stays as it is */
static uint16_t stage(struct mailbox *b, const struct command *c, uint32_t count)
{
	unsigned int head = head_of(&b->offered);
	uint64_t dpa, length;
	uint32_t i;
	int at;

	for (i = 0; i < count; i++) {
		dpa = get64(entry(c, i));
		length = get64(entry(c, i) + 8);
		at = find(&b->offered, dpa, length, head);
		if (at < 0 || find(&b->staged, dpa, length, b->staged.n) >= 0) {
			b->staged.n = 0;
			return RC_ADDRESS;
		}
		dc_add(&b->staged, &b->offered.extent[at]);
	}

	return RC_OK;
}

uint16_t dc_answer(struct model *m, struct command *c)
{
	struct mailbox *b = &m->mailbox;
	unsigned int head = head_of(&b->offered), i;
	uint32_t count;
	uint16_t rc = entries(c, &count);

	if (rc)
		return rc;
	/* Nobody asked */
	if (!head && !count) {
		b->count.stray++;
		return RC_INPUT;
	}
	rc = stage(b, c, count);
	if (rc || c->in[4] & MORE)
		return rc;
	if (b->staged.n > MAX_EXTENTS - b->accepted.n) {
		b->staged.n = 0;
		return RC_RESOURCES;
	}
	for (i = 0; i < b->staged.n; i++)
		dc_add(&b->accepted, &b->staged.extent[i]);
	b->generation += !!b->staged.n;
	b->staged.n = 0;
	b->offered.n -= head;
	memmove(b->offered.extent, b->offered.extent + head,
		b->offered.n * sizeof(b->offered.extent[0]));

	return RC_OK;
}

uint16_t dc_release(struct model *m, struct command *c)
{
	struct mailbox *b = &m->mailbox;
	uint32_t count, i;
	uint16_t rc = entries(c, &count);

	if (rc || !count)
		return rc ?: RC_INPUT;
	for (i = 0; i < count; i++)
		if (find(&b->accepted, get64(entry(c, i)),
			 get64(entry(c, i) + 8), b->accepted.n) < 0)
			return RC_ADDRESS;
	for (i = 0; i < count; i++)
		dc_take(&b->accepted, get64(entry(c, i)),
			get64(entry(c, i) + 8));
	b->generation++;

	return RC_OK;
}
