// SPDX-License-Identifier: GPL-2.0-only
/* Help, made from the table of commands. */
#include <string.h>

#include "tool.h"

const struct option_text option_texts[OPT_COUNT] = {
	[OPT_JSON] = { "json", NULL, "print JSON; errors too, on stderr" },
	[OPT_VERBOSE] = { "verbose", NULL, "tell each step, on stderr" },
	[OPT_HELP] = { "help", NULL, "explain (-h)" },
	[OPT_DRY_RUN] = { "dry-run", NULL,
			  "check and show what would be done, change nothing" },
	[OPT_FORCE] = { "force", NULL,
			"go on where others use it" },
	[OPT_DEFER] = { "defer", NULL,
			"what is in use is given back when that ends" },
	[OPT_BASE] = { "base", "auto|ADDR",
		       "host physical address; auto: the lowest free range" },
	[OPT_SIZE] = { "size", "SIZE", "bytes; if left out all there are, where that is known" },
	[OPT_DPA_SKIP] = { "dpa-skip", "SIZE",
			   "bytes of device memory to leave out at the start" },
	[OPT_LOCK] = { "lock", NULL,
		       "lock the decoder: only a reset of the device undoes it" },
	[OPT_OFFSET] = { "offset", "SIZE", "where to begin" },
	[OPT_PATTERN] = { "pattern", "NUMBER",
			  "write this 64 bit number, not each place's own" },
	[OPT_KEEP] = { "keep", NULL,
		       "leave what was written: destroys what was there" },
	[OPT_CHECK] = { "check", NULL,
			"write nothing, only look whether it is there already" },
	[OPT_RESET] = { "reset", NULL,
			"reset the device between writing and reading" },
	[OPT_SEAL] = { "seal", NULL,
		       "commit and lock it too: not for a VMM that programs it" },
	[OPT_PERSIST] = { "persist", NULL,
			  "for later tenancies too, until the driver is unbound" },
	[OPT_COMPLETION] = { "completion", "bash",
			     "print the tables for completion in this shell" },
	[OPT_OFFER] = { "offer", "NUMBER", "all of this offer" },
	[OPT_EXTENT] = { "extent", "ID[,ID]...", "these extents, not a tag" },
	[OPT_REGION] = { "region", "NUMBER", "a region, by its number in 'dc show'" },
	[OPT_REACH] = { "reach", "device|app",
			"for any tenancy, or for descriptors of the tag only ('dc run')" },
	[OPT_WAIT] = { "wait", "[SECONDS]",
		       "until it is so, or cannot be; at most so long" },
	[OPT_NUMBER] = { "count", "NUMBER", "end after so many changes" },
	[OPT_TIMEOUT] = { "timeout", "SECONDS", "end after that time" },
	[OPT_EVENT] = { "event", "KIND[,KIND]...",
			"only these kinds of changes, or changes to these states" },
	[OPT_SINCE] = { "since", "SEQUENCE",
			"begin with this entry of the log, or the first kept" },
	[OPT_NUMA] = { "numa", "NODE", "all of it from this NUMA node" },
	[OPT_FILL] = { "fill", "FILE",
		       "begin with what is in this file; the rest is zero" },
	[OPT_REGIONS] = { "regions", "NUMBER", "so many, each of --size; 0: no window" },
	[OPT_BLOCK] = { "block", "SIZE",
			"what extents are multiples of; 2 MiB if left out" },
	[OPT_RO] = { "ro", NULL, "the program can't write to it" },
};

static void print_option(FILE *file, int option)
{
	const struct option_text *o = &option_texts[option];
	char name[40];

	/* "--wait[=SECONDS]" */
	if (o->value && *o->value == '[')
		snprintf(name, sizeof(name), "--%s[=%s", o->name, o->value + 1);
	else
		snprintf(name, sizeof(name), "--%s%s%s", o->name,
			 o->value ? " " : "", o->value ? o->value : "");
	fprintf(file, "  %-20s %s\n", name, o->help);
}

void print_usage(FILE *file, const struct command *c)
{
	unsigned int options = c->options | ALLOW_ALWAYS;
	const char *cmd = strstr(c->args, " CMD");
	int i, own = cmd ? cmd - c->args : (int)strlen(c->args);

	/* Options behind a CMD would be its own */
	fprintf(file, "Usage: " TOOL " %s%s%.*s [OPTION]...%s%s\n\n%c%s.\n\nOptions:\n",
		c->name, *c->args ? " " : "", own, c->args,
		cmd ? " [--]" : "", cmd ? cmd : "",
		c->summary[0] - 'a' + 'A', c->summary + 1);
	for (i = 0; i < OPT_COUNT; i++)
		if (options & 1U << i)
			print_option(file, i);
	if (strstr(c->args, "DEV"))
		fputs("\nDEV: a PCI address (0000:0d:00.0 or 0d:00.0), a serial number, vfioN\n"
		      "or /dev/vfio/N.\n", file);
	if (strstr(c->args, "ADDR"))
		fputs("ADDR: a guest physical address, a multiple of 256 MiB.\n",
		      file);
	if (strstr(c->args, "SECONDS"))
		fputs("SECONDS: from now on; or never.\n", file);
	if (strstr(c->args, "TAG"))
		fprintf(file, "TAG: a UUID, 36 characters long.%s\n",
			options & ALLOW(EXTENT) ?
			" What has none is named by --extent." : "");
	if (cmd)
		fputs("CMD: a program, looked for in PATH, with these in its environment:\n"
		      "VFIO_CXL_TAG, the tag; VFIO_CXL_TAG_FD, the descriptor that maps it;\n"
		      "VFIO_CXL_TAG_SIZE, in bytes.\n", file);
}

static void print_row(FILE *file, const struct command *c)
{
	char name[40];

	snprintf(name, sizeof(name), "%s%s%s", c->name, *c->args ? " " : "",
		 c->args);
	fprintf(file, "  %-27s %s\n", name, c->summary);
}

/* Those that begin with the words of the topic */
static bool is_topic(const struct args *args, const struct command *c)
{
	bool whole;

	return match_words(c->name, args->topic, args->topic_count, &whole) ==
	       args->topic_count;
}

static void print_topic(FILE *file, const struct args *args)
{
	size_t i;
	int n;

	fputs("Usage: " TOOL, file);
	for (n = 0; n < args->topic_count; n++)
		fprintf(file, " %s", args->topic[n]);
	fputs(" VERB DEV [OPTION]...\n\nCommands:\n", file);
	for (i = 0; i < command_count; i++)
		if (is_topic(args, &commands[i]))
			print_row(file, &commands[i]);
}

void print_commands(FILE *file)
{
	size_t i;

	fputs("Usage: " TOOL " COMMAND [DEV] [OPTION]...\n\n"
	      "CXL memory devices and the cxl-vfio-pci driver.\n\nCommands:\n",
	      file);
	for (i = 0; i < command_count; i++)
		print_row(file, &commands[i]);
	fputs("\n'" TOOL " help COMMAND' tells more; so does vfio-cxl(1).\n",
	      file);
}

static struct json_object *json_command(const struct command *c)
{
	struct json_object *o = json_record();
	struct json_object *options = json_list();
	size_t n = strcspn(c->name, " ");
	char noun[16];
	int i;

	snprintf(noun, sizeof(noun), "%.*s", (int)n, c->name);
	for (i = 0; i < OPT_COUNT; i++)
		if (c->options & 1U << i)
			json_append(options, json_text(option_texts[i].name));
	json_add(o, "noun", json_text(noun));
	json_add(o, "verb", json_text(c->name[n] ? c->name + n + 1 : ""));
	json_add(o, "args", json_text(c->args));
	json_add(o, "options", options);
	json_add(o, "summary", json_text(c->summary));
	return o;
}

static int no_topic(const struct args *args)
{
	char text[128] = "";
	int n;

	for (n = 0; n < args->topic_count; n++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%s", n ? " " : "",
			 args->topic[n]);
	}
	return usage_error(args, "there is no command '%s'", text);
}

int cmd_help(struct args *args)
{
	struct json_object *records = json_list();
	const struct command *hit = NULL;
	size_t i, hits = 0;

	if (args->opt[OPT_COMPLETION]) {
		json_object_put(records);
		return print_completion(args);
	}
	for (i = 0; i < command_count; i++) {
		if (!is_topic(args, &commands[i]))
			continue;
		json_append(records, json_command(&commands[i]));
		hit = &commands[i];
		hits++;
	}
	if (!hits) {
		json_object_put(records);
		return no_topic(args);
	}
	if (args->opt[OPT_JSON])
		print_json("commands", records);
	else if (!args->topic_count)
		print_commands(stdout);
	else if (hits == 1)
		print_usage(stdout, hit);
	else
		print_topic(stdout, args);
	json_object_put(records);
	return EXIT_DONE;
}
