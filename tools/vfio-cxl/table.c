// SPDX-License-Identifier: GPL-2.0-only
/* Records for people: aligned columns, IEC sizes, hexadecimal addresses. */
#include <string.h>

#include "tool.h"

#define CELL		160
#define MAX_COLUMNS	16

/* "info.memory_size" is the memory_size of info; NULL where there is none */
struct json_object *lookup(struct json_object *record, const char *key)
{
	char part[64];

	while (record && *key) {
		size_t n = strcspn(key, ".");

		if (n >= sizeof(part) ||
		    !json_object_is_type(record, json_type_object))
			return NULL;
		memcpy(part, key, n);
		part[n] = '\0';
		if (!json_object_object_get_ex(record, part, &record))
			return NULL;
		key += n + (key[n] == '.');
	}
	return record;
}

const char *text_of(struct json_object *record, const char *key)
{
	struct json_object *o = lookup(record, key);

	return o ? json_string(o) : "";
}

/* Exact, or with one digit after the point */
void format_size(uint64_t size, char *buf, size_t len)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	unsigned int unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && size >> (10 * (unit + 1)))
		unit++;
	if (size & ((1ULL << (10 * unit)) - 1))
		snprintf(buf, len, "%.1f %s",
			 (double)size / (double)(1ULL << (10 * unit)),
			 units[unit]);
	else
		snprintf(buf, len, "%llu %s",
			 (unsigned long long)(size >> (10 * unit)),
			 units[unit]);
}

/* Each bit of @mask is a size */
void format_sizes(uint64_t mask, char *buf, size_t len)
{
	size_t pos = 0;

	snprintf(buf, len, "-");
	for (; mask && pos + 32 < len; mask &= mask - 1) {
		pos += snprintf(buf + pos, len - pos, "%s", pos ? ", " : "");
		format_size(mask & -mask, buf + pos, len - pos);
		pos += strlen(buf + pos);
	}
}

void join_list(struct json_object *array, char *buf, size_t len)
{
	size_t i, n = json_object_array_length(array), pos = 0;

	snprintf(buf, len, "-");
	for (i = 0; i < n && pos < len; i++) {
		struct json_object *o = json_object_array_get_idx(array, i);

		pos += snprintf(buf + pos, len - pos, "%s%s", i ? "," : "",
				json_string(o));
	}
}

static void format_cell(struct json_object *record, const struct column *c,
			char *buf, size_t len)
{
	struct json_object *o = lookup(record, c->key);
	unsigned long long n = o ? json_object_get_uint64(o) : 0;

	if (!o)
		snprintf(buf, len, "-");
	else if (json_object_is_type(o, json_type_array))
		join_list(o, buf, len);
	else if (c->format == FORMAT_YES)
		snprintf(buf, len, "%s",
			 json_object_get_boolean(o) ? "yes" : "no");
	else if (c->format == FORMAT_HEX)
		snprintf(buf, len, "%#llx", n);
	else if (c->format == FORMAT_CLASS)
		snprintf(buf, len, "%06llx", n);
	else if (c->format == FORMAT_SIZE)
		format_size(n, buf, len);
	else if (c->format == FORMAT_SIZES)
		format_sizes(n, buf, len);
	else
		snprintf(buf, len, "%s", json_string(o));
}

static int column_width(struct json_object *records, const struct column *c)
{
	size_t i, n = json_object_array_length(records);
	size_t width = strlen(c->title);
	char cell[CELL];

	for (i = 0; i < n; i++) {
		format_cell(json_object_array_get_idx(records, i), c, cell,
			    sizeof(cell));
		if (strlen(cell) > width)
			width = strlen(cell);
	}
	return width;
}

void print_table(struct json_object *records, const struct column *columns,
		 size_t count)
{
	size_t row, i, rows = json_object_array_length(records);
	int width[MAX_COLUMNS];
	char cell[CELL];

	for (i = 0; i < count && i < MAX_COLUMNS; i++) {
		width[i] = i + 1 < count ? column_width(records, &columns[i]) :
			   0;
		printf("%-*s%s", width[i], columns[i].title,
		       i + 1 < count ? "  " : "\n");
	}
	for (row = 0; row < rows; row++)
		for (i = 0; i < count && i < MAX_COLUMNS; i++) {
			format_cell(json_object_array_get_idx(records, row),
				    &columns[i], cell, sizeof(cell));
			printf("%-*s%s", width[i], cell,
			       i + 1 < count ? "  " : "\n");
		}
}

/* One record, a line for each value */
void print_lines(struct json_object *record, const struct column *columns,
		 size_t count)
{
	char cell[CELL];
	size_t i;

	for (i = 0; i < count; i++) {
		format_cell(record, &columns[i], cell, sizeof(cell));
		printf("  %-18s %s\n", columns[i].title, cell);
	}
}

/* Takes @records over */
int print_records(const struct args *args, const char *plural,
		  struct json_object *records, const struct column *columns,
		  size_t count)
{
	if (args->opt[OPT_JSON])
		print_json(plural, records);
	else
		print_table(records, columns, count);
	json_object_put(records);
	return EXIT_DONE;
}
