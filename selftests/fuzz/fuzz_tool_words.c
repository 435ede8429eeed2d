// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line, each line of the input a word, and what is printed: a complaint
 * is text, or JSON; records of whatever a driver says are JSON. Numbers and tags are
 * read a second time. The first byte says which of it.
 */
#include "fuzz_tool.h"

#undef ARRAY_SIZE
#include "dc.h"

#define MAX_ARGS	48

static char *printed;
static size_t printed_len;

/* What goes to @stream from here on is for caught() */
static FILE *catch(FILE **stream)
{
	FILE *old = *stream;

	*stream = open_memstream(&printed, &printed_len);
	must(*stream, "the bed: memory");
	return old;
}

static void caught(FILE **stream, FILE *old)
{
	fclose(*stream);
	*stream = old;
}

static void must_be_printable(const char *rule)
{
	size_t i;

	for (i = 0; i < printed_len; i++)
		must(printed[i] == '\n' ||
		     (printed[i] >= ' ' && printed[i] <= '~'), rule);
}

/* One object, and nothing behind it but the end of a line */
static void must_be_json(const char *rule)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
			       JSON_TOKENER_VALIDATE_UTF8);
	must(printed_len && printed[printed_len - 1] == '\n', rule);
	o = json_tokener_parse_ex(tokener, printed, printed_len - 1);
	must(o && json_tokener_get_error(tokener) == json_tokener_success, rule);
	json_object_put(o);
	json_tokener_free(tokener);
}

static u64 factor(const char *suffix)
{
	static const char units[] = "KMGT";
	const char *unit = *suffix ? strchr(units, *suffix) : NULL;

	if (!*suffix)
		return 1;
	if (!unit || (suffix[1] && strcmp(suffix + 1, "iB")))
		return 0;
	return 1ULL << 10 * (unit - units + 1);
}

static void check_size(const char *s)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	u64 value = 0, want, got = 0;
	size_t n = digits(s + 2 * hex, strlen(s + 2 * hex), hex, &want);
	u64 times = n ? factor(s + 2 * hex + n) : 0;
	bool good = times && !__builtin_mul_overflow(want, times, &value);

	must(parse_size(s, &got) == good, "a size is one, or it is not");
	must(!good || got == value, "and how much it is");

	hex = s[0] == '0' && s[1] == 'x';
	n = digits(s + 2 * hex, strlen(s + 2 * hex), hex, &want);
	good = n && (!s[2 * hex + n] || s[2 * hex + n] == ',');
	must(parse_number(s, ',', &got) == good, "a number is one, or it is not");
	must(!good || got == want, "and which one");
}

/* Numbers as large as they get, which words seldom are */
static void check_number(struct input in)
{
	static const char *const formats[] = {
		"%llu%s", "0x%llx%s", "0X%llX%s", "%llu0%s",
	};
	static const char *const suffixes[] = {
		"", "K", "M", "G", "T", "KiB", "MiB", "GiB", "TiB", "k", "B", ",",
	};
	char text[64];
	u64 value = in_scaled(&in) - in_u8(&in) % 2;

	snprintf(text, sizeof(text), formats[in_u8(&in) % ARRAY_SIZE(formats)],
		 (unsigned long long)value,
		 suffixes[in_u8(&in) % ARRAY_SIZE(suffixes)]);
	check_size(text);
}

static bool is_uuid(const char *s)
{
	size_t i;

	for (i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' :
		    !s[i] || !strchr("0123456789abcdefABCDEF", s[i]))
			return false;
	}
	return !s[36];
}

static void check_tag(const struct args *args, const char *s)
{
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	char text[TAG_TEXT];
	FILE *old = catch(&stderr);
	int ret = parse_tag(args, s, tag);

	caught(&stderr, old);
	must_be_printable("a complaint about a tag is text");
	free(printed);
	must(!ret == (is_uuid(s) && strspn(s, "0-") < 36),
	     "a tag is one, or it is not");
	if (ret)
		return;
	format_tag(tag, text);
	must(!strcasecmp(text, s), "a tag is shown as it was given");
}

static void check_line(int argc, char **argv)
{
	struct args args = { 0 };
	FILE *old = catch(&stderr);
	int i, ret = parse_args(argc, argv, &args);

	caught(&stderr, old);
	must_be_printable("a complaint is text");
	if (ret) {
		must(printed_len && (ret == EXIT_USAGE || ret == EXIT_NOT_RUN),
		     "what is refused is complained about");
		if (args.opt[OPT_JSON])
			must_be_json("a complaint is JSON");
	} else {
		must(!printed_len, "what is taken is not complained about");
		must(args.command || args.opt[OPT_HELP], "there is a command");
		must(args.given_count <= MAX_WORDS,
		     "no more words than there is room for");
	}
	free(printed);
	for (i = 1; i < argc; i++)
		check_size(argv[i]);
	if (!args.command)
		return;
	for (i = 1; i < argc; i++)
		check_tag(&args, argv[i]);
}

/* Any words may be in a record: some day one that is not made printable is */
static void add_words(struct json_object *records, int argc, char **argv)
{
	struct json_object *o = json_record();
	int i;

	for (i = 0; i < argc; i++)
		if (*argv[i])
			json_add(o, argv[i], json_text(argv[i]));
	json_append(records, o);
}

static void check_records(const u8 *data, size_t size, int argc, char **argv)
{
	union {
		struct vfio_cxl_info info;
		struct vfio_cxl_window window;
		struct vfio_cxl_decoder decoder;
		struct vfio_cxl_dc_extent extent;
		struct vfio_cxl_dc_event event;
		struct vfio_cxl_dc_status status;
	} u = {};
	struct json_object *records = json_list();
	struct places places = {};
	FILE *old;

	memcpy(&u, data, size < sizeof(u) ? size : sizeof(u));
	u.info.element[VFIO_CXL_ELEMENT_LEN - 1] = '\0';
	json_append(records, json_info(&u.info));
	json_append(records, json_window(&u.window, true));
	json_append(records, json_decoder(&u.decoder));
	json_append(records, json_dc_extent("0000:0d:00.0", &u.extent, &places));
	json_append(records, json_dc_event(&u.event));
	json_append(records, json_dc_status(&u.status));
	add_words(records, argc, argv);

	old = catch(&stdout);
	print_json("records", records);
	caught(&stdout, old);
	must_be_json("what is printed is JSON");
	must_be_printable("and nothing but text");
	free(printed);
	json_object_put(records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[1025], *argv[MAX_ARGS + 1] = { "vfio-cxl" }, *p = line;
	int argc = 1;
	u8 what;

	if (!size || size >= sizeof(line))
		return 0;
	what = *data++ % 3;
	memcpy(line, data, --size);
	line[size] = '\0';
	while (argc < MAX_ARGS && p < line + size) {
		argv[argc++] = strsep(&p, "\n");
		if (!p)
			break;
	}
	if (what == 0)
		check_line(argc, argv);
	else if (what == 1)
		check_number((struct input){ data, size });
	else
		check_records(data, size, argc, argv);
	return 0;
}
