// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making records and writing them. A record that lacks what there was no memory
 * for would say "none" of what is there: making one succeeds, or ends the
 * command. Writing takes no memory, so that nothing is cut short unnoticed.
 */
#include <string.h>

#include "tool.h"

static struct json_object *made(struct json_object *o)
{
	if (!o)
		out_of_memory();
	return o;
}

struct json_object *json_record(void)
{
	return made(json_object_new_object());
}

struct json_object *json_list(void)
{
	return made(json_object_new_array());
}

/* Both take @value over */
void json_add(struct json_object *record, const char *key,
	      struct json_object *value)
{
	if (json_object_object_add(record, key, value))
		out_of_memory();
}

void json_append(struct json_object *list, struct json_object *value)
{
	if (json_object_array_add(list, value))
		out_of_memory();
}

struct json_object *json_u64(uint64_t value)
{
	return made(json_object_new_uint64(value));
}

struct json_object *json_int(int value)
{
	return made(json_object_new_int(value));
}

struct json_object *json_flag(bool value)
{
	return made(json_object_new_boolean(value));
}

struct json_object *json_text(const char *text)
{
	return text && *text ? made(json_object_new_string(text)) : NULL;
}

/* Numbers become text in memory that is made for it */
const char *json_string(struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (!text)
		out_of_memory();
	return text;
}

/*
 * null for what is empty, as json_text(). JSON is UTF-8, which bytes need not be:
 * each is shown as the Latin-1 letter of its number, also where they are UTF-8.
 */
void print_quoted(FILE *file, const char *text)
{
	if (!text || !*text) {
		fputs("null", file);
		return;
	}
	putc('"', file);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(file, "\\u%04x", c);
		else
			putc(c, file);
	}
	putc('"', file);
}

static void print_value(struct json_object *value, int depth);

/* In a line by itself nothing is broken */
#define ONE_LINE	(-1000)

static void new_line(int depth)
{
	if (depth >= 0)
		printf("\n%*s", 2 * depth, "");
}

static void print_list(struct json_object *list, int depth)
{
	size_t i, count = json_object_array_length(list);

	putchar('[');
	for (i = 0; i < count; i++) {
		if (i)
			putchar(',');
		new_line(depth + 1);
		print_value(json_object_array_get_idx(list, i), depth + 1);
	}
	if (count)
		new_line(depth);
	putchar(']');
}

static void print_record(struct json_object *record, int depth)
{
	bool first = true;

	putchar('{');
	json_object_object_foreach(record, key, value) {
		if (!first)
			putchar(',');
		first = false;
		new_line(depth + 1);
		print_quoted(stdout, key);
		putchar(':');
		print_value(value, depth + 1);
	}
	if (!first)
		new_line(depth);
	putchar('}');
}

static void print_value(struct json_object *value, int depth)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		print_record(value, depth);
		break;
	case json_type_array:
		print_list(value, depth);
		break;
	case json_type_string:
		print_quoted(stdout, json_object_get_string(value));
		break;
	case json_type_boolean:
		fputs(json_object_get_boolean(value) ? "true" : "false",
		      stdout);
		break;
	case json_type_int:
		printf("%llu",
		       (unsigned long long)json_object_get_uint64(value));
		break;
	default:
		fputs("null", stdout);
	}
}

/* @record stays the caller's */
void print_json_line(struct json_object *record)
{
	print_value(record, ONE_LINE);
	putchar('\n');
}

/* @records stays the caller's */
void print_json(const char *plural, struct json_object *records)
{
	printf("{\n  \"tool\":\"" TOOL "\",\n  \"schema\":%d,\n  \"%s\":",
	       SCHEMA, plural);
	print_value(records, 1);
	puts("\n}");
}
