// SPDX-License-Identifier: GPL-2.0-only
/* What the host's physical address space holds, from /proc/iomem. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define UNIT		0x10000000ULL	/* decoders work in 256 MiB */
#define MAX_LINES	65536

/* "  4d0000000-5cfffffff : CXL Window 0" */
static bool parse_line(char *line, struct vcxl_iomem *entry)
{
	char *p = line + strspn(line, " "), *end;

	errno = 0;
	entry->start = strtoull(p, &end, 16);
	if (errno || end == p || *end != '-')
		return false;
	p = end + 1;
	entry->end = strtoull(p, &end, 16);
	if (errno || end == p || strncmp(end, " : ", 3) ||
	    entry->end < entry->start)
		return false;
	snprintf(entry->name, sizeof(entry->name), "%s", end + 3);
	vcxl_printable(entry->name);
	return true;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	while (*text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
		n++;
	}
	return n;
}

static int parse(char *text, struct vcxl_iomem **entries, size_t *count)
{
	size_t lines = count_lines(text);

	if (lines > MAX_LINES)
		return -EOVERFLOW;
	*entries = calloc(lines + 1, sizeof(**entries));
	if (!*entries)
		return -ENOMEM;
	while (*count < lines) {
		size_t n = strcspn(text, "\n");

		text[n] = '\0';
		if (!parse_line(text, &(*entries)[*count]))
			return -EINVAL;
		text += n + 1;
		++*count;
	}
	return 0;
}

/* Whoever may not see addresses is shown zeros */
static bool hidden(const struct vcxl_iomem *entries, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (entries[i].end)
			return false;
	return true;
}

int vcxl_iomem_read(struct vcxl *ctx, struct vcxl_iomem **entries,
		    size_t *count)
{
	char path[PATH_MAX], *text = NULL;
	int ret = vcxl_path(ctx, path, "/proc/iomem");

	*entries = NULL;
	*count = 0;
	if (!ret)
		ret = vcxl_read_text(path, &text);
	if (!ret)
		ret = parse(text, entries, count);
	free(text);
	if (!ret && hidden(*entries, *count))
		ret = -EACCES;
	if (ret) {
		free(*entries);
		*entries = NULL;
		*count = 0;
	}
	return ret;
}

static int by_start(const void *a, const void *b)
{
	const struct vcxl_iomem *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * The window itself and memory that firmware set aside for a purpose are no
 * users of a range; nor is what the whole window lies in.
 */
static bool takes_from(const struct vcxl_iomem *e, uint64_t base, uint64_t last)
{
	if (e->end < base || e->start > last)
		return false;
	if (e->start <= base && e->end >= last &&
	    (e->start < base || e->end > last))
		return false;
	return strncmp(e->name, "CXL Window ", 11) &&
	       strcmp(e->name, "Soft Reserved");
}

static void consider(uint64_t from, uint64_t to, uint64_t *base, uint64_t *size)
{
	uint64_t up;

	if (__builtin_add_overflow(from, UNIT - 1, &up))
		return;
	from = up & ~(UNIT - 1);
	to &= ~(UNIT - 1);
	if (to > from && to - from > *size) {
		*base = from;
		*size = to - from;
	}
}

int vcxl_largest_free(struct vcxl *ctx, uint64_t base, uint64_t size,
		      uint64_t *free_base, uint64_t *free_size)
{
	struct vcxl_iomem *entries;
	uint64_t end, from = base;
	size_t count, i;
	int ret;

	*free_base = 0;
	*free_size = 0;
	if (!size || __builtin_add_overflow(base, size, &end))
		return -EINVAL;
	ret = vcxl_iomem_read(ctx, &entries, &count);
	if (ret)
		return ret;
	if (count)
		qsort(entries, count, sizeof(*entries), by_start);
	for (i = 0; i < count && from < end; i++) {
		const struct vcxl_iomem *e = &entries[i];

		if (!takes_from(e, base, end - 1))
			continue;
		if (e->start > from)
			consider(from, e->start, free_base, free_size);
		if (e->end >= from)
			from = e->end == UINT64_MAX ? end : e->end + 1;
	}
	if (from < end)
		consider(from, end, free_base, free_size);
	free(entries);
	return 0;
}
