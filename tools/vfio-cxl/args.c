// SPDX-License-Identifier: GPL-2.0-only
/* The command line: words and options in any order, "--" ends the options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct {
	const char *name;
	unsigned int shift;
} suffixes[] = {
	{ "", 0 }, { "K", 10 }, { "M", 20 }, { "G", 30 }, { "T", 40 },
	{ "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 }, { "TiB", 40 },
};

/* Decimal or 0x hexadecimal, with an IEC suffix; nothing else, no overflow */
bool parse_size(const char *text, uint64_t *value)
{
	bool hex = !strncmp(text, "0x", 2) || !strncmp(text, "0X", 2);
	const char *digits = hex ? text + 2 : text;
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" :
					"0123456789");
	uint64_t number;
	size_t i;

	if (!n)
		return false;
	errno = 0;
	number = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno)
		return false;
	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (strcmp(digits + n, suffixes[i].name))
			continue;
		*value = number << suffixes[i].shift;
		return *value >> suffixes[i].shift == number;
	}
	return false;
}

/* Left alone where the option was not given */
int size_option(const struct args *args, enum option option, uint64_t *value)
{
	const char *text = args->opt[option];

	if (!text || parse_size(text, value))
		return EXIT_DONE;
	return usage_error(args, "--%s: '%s' is no size: use a number like 268435456, 0x10000000, 256M or 1GiB",
			   option_texts[option].name, text);
}

/* Decimal or 0x hexadecimal, and nothing behind it but @end */
bool parse_number(const char *text, char end, uint64_t *value)
{
	bool hex = !strncmp(text, "0x", 2);
	size_t n = strspn(hex ? text + 2 : text,
			  hex ? "0123456789abcdefABCDEF" : "0123456789");

	if (hex)
		n = n ? n + 2 : 0;
	errno = 0;
	*value = strtoull(text, NULL, hex ? 16 : 10);
	return n && !errno && (text[n] == '\0' || text[n] == end);
}

/* Left alone where the option was not given */
int number_option(const struct args *args, enum option option, uint64_t max,
		  uint64_t *value)
{
	const char *text = args->opt[option];
	uint64_t number;

	if (!text)
		return EXIT_DONE;
	if (!parse_number(text, '\0', &number) || number > max)
		return usage_error(args, "--%s: '%s' is no number from 0 to %llu",
				   option_texts[option].name, text,
				   (unsigned long long)max);
	*value = number;
	return EXIT_DONE;
}

static int find_option(const char *word, size_t len)
{
	int i;

	for (i = 0; i < OPT_COUNT; i++)
		if (strlen(option_texts[i].name) == len &&
		    !strncmp(option_texts[i].name, word, len))
			return i;
	return -1;
}

/* Returns how many words it took, or 0 after a complaint */
static int take_option(struct args *args, char **argv, int left)
{
	const char *word = argv[0];
	size_t len;
	int option;

	if (!strcmp(word, "-h"))
		word = "--help";
	len = strcspn(word + 2, "=");
	option = word[1] == '-' ? find_option(word + 2, len) : -1;
	if (option < 0) {
		usage_error(args, "there is no option '%s'", word);
		return 0;
	}
	if (!option_texts[option].value ||
	    (option_texts[option].value[0] == '[' && !word[2 + len])) {
		if (word[2 + len]) {
			usage_error(args, "--%s takes no value",
				    option_texts[option].name);
			return 0;
		}
		args->opt[option] = "";
		return 1;
	}
	if (word[2 + len]) {
		args->opt[option] = word + 2 + len + 1;
		return 1;
	}
	if (left < 2) {
		usage_error(args, "--%s needs a value",
			    option_texts[option].name);
		return 0;
	}
	args->opt[option] = argv[1];
	return 2;
}

/*
 * With how many words of a command's @name do @words begin? @whole: with all of
 * them.
 */
int match_words(const char *name, char *const *words, int count, bool *whole)
{
	int n;

	for (n = 0; *name && n < count; n++) {
		size_t len = strcspn(name, " ");

		if (strlen(words[n]) != len || strncmp(words[n], name, len))
			break;
		name += len + (name[len] == ' ');
	}
	*whole = !*name;
	return n;
}

/*
 * Sets @used to the words that name the command, or if there is none, that are
 * the beginning of one.
 */
static const struct command *find_command(char **words, int count, int *used)
{
	size_t i;

	for (i = 0, *used = 0; i < command_count; i++) {
		bool whole;
		int n = match_words(commands[i].name, words, count, &whole);

		if (n > *used)
			*used = n;
		if (whole)
			return &commands[i];
	}
	return NULL;
}

/* A complaint about the first word already has to know */
static void find_json(struct args *args, char **argv, int count)
{
	int i;

	args->opt[OPT_JSON] = NULL;
	for (i = 1; i < count && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			args->opt[OPT_JSON] = "";
}

/* Is the next word, behind @count, the CMD of a command that takes one? */
static bool is_next_cmd(struct args *args, int count)
{
	const char *cmd;
	int used;

	args->command = find_command(args->words, count, &used);
	cmd = args->command ? strstr(args->command->args, "CMD") : NULL;
	for (; cmd && cmd > args->command->args; cmd--)
		used += *cmd == ' ';
	return cmd && count == used;
}

static int split(int argc, char **argv, struct args *args, int *count)
{
	bool only_words = false;
	int i = 1;

	find_json(args, argv, argc);
	while (i < argc) {
		bool cmd = is_next_cmd(args, *count);
		int n = 1;

		if (!only_words && !strcmp(argv[i], "--")) {
			only_words = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			n = take_option(args, argv + i, argc - i);
			if (!n)
				return own_code(args, EXIT_USAGE);
		} else if (cmd) {
			args->program = argv + i;
			find_json(args, argv, i);
			return EXIT_DONE;
		} else if (*count < MAX_WORDS) {
			args->words[(*count)++] = argv[i];
		} else {
			return usage_error(args, "too many words: '%s'",
					   argv[i]);
		}
		i += n;
	}
	return EXIT_DONE;
}

/* @used: see find_command() */
static int no_command(struct args *args, int count, int used)
{
	char text[128] = "";
	int i;

	if (args->opt[OPT_HELP] && used == count) {
		args->topic_count = count;
		return EXIT_DONE;
	}
	if (!count)
		return usage_error(args, "which command?");
	for (i = 0; i < count && i <= used; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
			 args->words[i]);
	}
	if (used == count)
		return usage_error(args, "'%s' needs a verb: see '" TOOL " help %s'",
				   text, text);
	return usage_error(args, "there is no command '%s'", text);
}

static int check_options(const struct args *args)
{
	unsigned int allowed = ALLOW_ALWAYS | args->command->options;
	int i;

	if (args->opt[OPT_JSON] && args->opt[OPT_VERBOSE])
		return usage_error(args, "--json and --verbose don't go together: with --json, standard error is for the error object");
	for (i = 0; i < OPT_COUNT; i++)
		if (args->opt[i] && !(allowed & 1U << i))
			return usage_error(args, "--%s has no meaning for this command",
					   option_texts[i].name);
	return EXIT_DONE;
}

static int count_names(const char *names)
{
	int n = *names != '\0';

	while ((names = strchr(names, ' '))) {
		names++;
		n++;
	}
	return n;
}

/* Asks for the first of the @names behind @count that must be there */
static int need_words(const struct args *args, const char *names, int count)
{
	static const struct {
		const char *name;
		const char *question;
	} questions[] = {
		{ "DEV", "which device?" },
		{ "ADDR", "which address?" },
		{ "OFFER", "which offer?" },
		{ "TAG", "which tag?" },
		{ "SECONDS", "in how many seconds?" },
		{ "CMD", "which program?" },
	};
	size_t i, len;

	for (; count && *names; count--)
		names += strcspn(names, " ") + (names[strcspn(names, " ")] == ' ');
	len = strcspn(names, " ");
	for (i = 0; *names != '[' && i < ARRAY_SIZE(questions); i++)
		if (strlen(questions[i].name) == len &&
		    !strncmp(names, questions[i].name, len))
			return usage_error(args, "%s", questions[i].question);
	return EXIT_DONE;
}

/* @count words after the command's name */
static int take_words(struct args *args, char **words, int count)
{
	const char *want = args->command->args;
	bool help = args->command->run == cmd_help;
	bool many = strstr(want, "DEV...");
	int i, ret, max = help || many ? MAX_WORDS : count_names(want);

	if (count > max)
		return usage_error(args, "one word too many: '%s'", words[max]);
	if (help) {
		args->topic = words;
		args->topic_count = count;
		return EXIT_DONE;
	}
	ret = need_words(args, want, count + !!args->program);
	if (ret)
		return ret;
	args->given = words;
	args->given_count = count;
	args->device = count > 0 ? words[0] : NULL;
	args->second = count > 1 ? words[1] : NULL;
	for (i = 0; i < count && many; i++)
		if (!*words[i])
			return usage_error(args, "an empty name is no device");
	if (args->device && !*args->device)
		return usage_error(args, "an empty name is no device");
	return EXIT_DONE;
}

/*
 * EXIT_DONE with @args->command set, or with OPT_HELP and perhaps a topic;
 * anything else has been complained about.
 */
int parse_args(int argc, char **argv, struct args *args)
{
	int ret, used, count = 0;

	ret = split(argc, argv, args, &count);
	if (ret)
		return ret;
	args->topic = args->words;
	args->command = find_command(args->words, count, &used);
	if (!args->command)
		return no_command(args, count, used);
	if (args->opt[OPT_HELP] && args->command->run != cmd_help) {
		args->topic_count = used;
		return EXIT_DONE;
	}
	ret = check_options(args);
	return ret ? ret : take_words(args, args->words + used, count - used);
}
