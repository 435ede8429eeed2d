// SPDX-License-Identifier: GPL-2.0-only
/*
 * help --completion bash: the table of commands for completion.bash, so that no
 * command can be forgotten there.
 */
#include <ctype.h>
#include <string.h>

#include "tool.h"

static void print_options(unsigned int options)
{
	const char *space = "";
	int i;

	for (i = 0; i < OPT_COUNT; i++) {
		if (!(options & 1U << i))
			continue;
		printf("%s--%s", space, option_texts[i].name);
		space = " ";
	}
}

/* Of "auto|ADDR" what is meant literally: "auto" */
static void print_values(const char *value)
{
	while (*value) {
		int n = strcspn(value, "|");

		if (islower((unsigned char)*value))
			printf("%.*s ", n, value);
		value += n + (value[n] == '|');
	}
}

static int print_tables(void)
{
	size_t c;
	int i;

	puts("# bash completion for " TOOL ", made when it was built");
	puts("# A command's words|what it takes|its options");
	fputs("__vfio_cxl_commands='", stdout);
	for (c = 0; c < command_count; c++) {
		printf("%s%s|%s|", c ? "\n" : "", commands[c].name,
		       commands[c].args);
		print_options(commands[c].options | ALLOW_ALWAYS);
	}
	fputs("'\n# What goes with all of them\n__vfio_cxl_always='", stdout);
	print_options(ALLOW_ALWAYS);
	fputs("'\n# Options with a value=words to choose from\n__vfio_cxl_options='",
	      stdout);
	for (i = 0, c = 0; i < OPT_COUNT; i++) {
		if (!option_texts[i].value || option_texts[i].value[0] == '[')
			continue;
		printf("%s--%s=", c++ ? "\n" : "", option_texts[i].name);
		print_values(option_texts[i].value);
	}
	puts("'\n");
	return EXIT_DONE;
}

int print_completion(const struct args *args)
{
	if (strcmp(args->opt[OPT_COMPLETION], "bash"))
		return usage_error(args, "--completion: there is something for bash only, not for '%s'",
				   args->opt[OPT_COMPLETION]);
	if (args->opt[OPT_JSON] || args->topic_count)
		return usage_error(args, "--completion is for all commands: it can't go with --json or a command");
	return print_tables();
}
