/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the command share. */
#ifndef VFIO_CXL_TOOL_H
#define VFIO_CXL_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "lib/libvfio-cxl.h"

#define TOOL	"vfio-cxl"
#define SCHEMA	1

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Documented in vfio-cxl(1): never changed, only added to */
enum exit_code {
	EXIT_DONE,
	EXIT_FAILED,
	EXIT_USAGE,
	EXIT_NOT_FOUND,
	EXIT_BUSY,
	EXIT_UNSUPPORTED,
	EXIT_NOT_PERMITTED,
	EXIT_TIMED_OUT,
	EXIT_PARTLY,
	/* Of "dc run", as of env(1): there the others are the program's */
	EXIT_NOT_RUN = 125,
	EXIT_NOT_EXECUTED,
	EXIT_NO_PROGRAM,
};

enum option {
	OPT_JSON,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_DRY_RUN,
	OPT_FORCE,
	OPT_DEFER,
	OPT_BASE,
	OPT_SIZE,
	OPT_DPA_SKIP,
	OPT_LOCK,
	OPT_OFFSET,
	OPT_PATTERN,
	OPT_KEEP,
	OPT_CHECK,
	OPT_RESET,
	OPT_SEAL,
	OPT_PERSIST,
	OPT_COMPLETION,
	OPT_OFFER,
	OPT_EXTENT,
	OPT_REGION,
	OPT_REACH,
	OPT_WAIT,
	OPT_NUMBER,		/* --count */
	OPT_TIMEOUT,
	OPT_EVENT,
	OPT_SINCE,
	OPT_NUMA,
	OPT_FILL,
	OPT_REGIONS,
	OPT_BLOCK,
	OPT_RO,
	OPT_COUNT,
};

#define ALLOW(option)	(1U << OPT_##option)

/* Those that go with every command */
#define ALLOW_ALWAYS	(ALLOW(JSON) | ALLOW(VERBOSE) | ALLOW(HELP))

/* "monitor" may have that many devices, but for one */
#define MAX_WORDS	33

struct args {
	const struct command *command;
	struct vcxl *ctx;
	char *words[MAX_WORDS];		/* all that is no option */
	char **topic;			/* of "help": part of @words */
	int topic_count;
	char **given;			/* words behind the command */
	int given_count;
	char **program;			/* CMD and its arguments, ended by NULL */
	const char *device;		/* the first; NULL if left out */
	const char *second;		/* likewise */
	const char *opt[OPT_COUNT];	/* NULL if not given; "" for a flag */
};

/**
 * struct command - one row of the table that everything is made from
 * @name: noun and verb, one to three words with a space in between
 * @args: names of the positional arguments, as shown in help: [NAME] may be left
 *	out, DEV... may be more than one; CMD begins a command line that is none of ours
 * @options: ALLOW() of what it takes besides --json, --verbose and --help
 * @summary: one line
 * @run: does it; returns an exit code
 */
struct command {
	const char *name;
	const char *args;
	unsigned int options;
	const char *summary;
	int (*run)(struct args *args);
};

extern const struct command commands[];
extern const size_t command_count;

int cmd_list(struct args *args);
int cmd_status(struct args *args);
int cmd_doctor(struct args *args);
int cmd_bind(struct args *args);
int cmd_unbind(struct args *args);
int cmd_window_list(struct args *args);
int cmd_decoder_show(struct args *args);
int cmd_decoder_program(struct args *args);
int cmd_decoder_clear(struct args *args);
int cmd_guest_set(struct args *args);
int cmd_guest_clear(struct args *args);
int cmd_mem_test(struct args *args);
int cmd_mem_clear(struct args *args);
int cmd_dc_show(struct args *args);
int cmd_dc_list(struct args *args);
int cmd_dc_status(struct args *args);
int cmd_dc_accept(struct args *args);
int cmd_dc_reject(struct args *args);
int cmd_dc_release(struct args *args);
int cmd_dc_deadline(struct args *args);
int cmd_dc_configure(struct args *args);
int cmd_dc_add(struct args *args);
int cmd_dc_remove(struct args *args);
int cmd_dc_run(struct args *args);
int cmd_backend_create(struct args *args);
int cmd_backend_list(struct args *args);
int cmd_backend_destroy(struct args *args);
int cmd_monitor(struct args *args);
int cmd_version(struct args *args);
int cmd_help(struct args *args);

/* args.c */
int parse_args(int argc, char **argv, struct args *args);
bool parse_size(const char *text, uint64_t *value);
int size_option(const struct args *args, enum option option, uint64_t *value);
bool parse_number(const char *text, char end, uint64_t *value);
int number_option(const struct args *args, enum option option, uint64_t max,
		  uint64_t *value);
int match_words(const char *name, char *const *words, int count, bool *whole);

/* help.c */
struct option_text {
	const char *name;
	const char *value;	/* NULL for a flag; [V]: may be left out */
	const char *help;
};

extern const struct option_text option_texts[OPT_COUNT];
void print_usage(FILE *file, const struct command *command);
void print_commands(FILE *file);

/* completion.c */
int print_completion(const struct args *args);

/* error.c */
int exit_code(int err, uint32_t reason);
void tame(char *s);
int own_code(const struct args *args, int code);
int report(const struct args *args, int err);
int report_error(const struct args *args, const struct vcxl_error *e);
int report_error_as(const struct args *args, const struct vcxl_error *e,
		    int code);
__attribute__((format(printf, 2, 3)))
int usage_error(const struct args *args, const char *format, ...);
int finish(const struct args *args, int code);
void error_begin(const struct args *args);
_Noreturn void out_of_memory(void);
int enough(int ret);
int enough_for(const char *path, int ret);

/* record.c */
struct json_object *json_record(void);
struct json_object *json_list(void);
void json_add(struct json_object *record, const char *key,
	      struct json_object *value);
void json_append(struct json_object *list, struct json_object *value);
struct json_object *json_u64(uint64_t value);
struct json_object *json_int(int value);
struct json_object *json_flag(bool value);
struct json_object *json_text(const char *text);
const char *json_string(struct json_object *value);
void print_quoted(FILE *file, const char *text);
void print_json_line(struct json_object *record);
void print_json(const char *plural, struct json_object *records);

/* json.c */
struct json_object *json_bits(uint64_t bits,
			      const char *(*name)(unsigned int bit));
struct json_object *json_enum(uint32_t value,
			      const char *(*name)(uint32_t value));
struct json_object *json_info(const struct vfio_cxl_info *info);
struct json_object *json_window(const struct vfio_cxl_window *window,
				bool of_device);
struct json_object *json_decoder(const struct vfio_cxl_decoder *decoder);
bool has_flag(struct json_object *record, const char *name);

/**
 * struct answer - what the driver says about a device, asked once
 * @known: it is bound, and @info is valid
 * @info: see VFIO_CXL_INFO
 * @error: why it could not be asked; no @err for a device that is not bound
 */
struct answer {
	bool known;
	struct vfio_cxl_info info;
	struct vcxl_error error;
};

void ask_driver(const struct args *args, struct vcxl_device *dev,
		struct answer *answer);
struct json_object *json_device(struct vcxl_device *dev,
				const struct answer *answer);

/* dc_show.c: @dev is bound; null where there is none, or it can't be asked */
struct json_object *json_capacity(struct vcxl_device *dev);

/* table.c */
enum format {
	FORMAT_TEXT,
	FORMAT_HEX,
	FORMAT_CLASS,
	FORMAT_SIZE,
	FORMAT_SIZES,		/* a bit mask of them */
	FORMAT_YES,		/* a boolean */
};

/**
 * struct column - a column of a table, or a line of a description
 * @title: its head
 * @key: where the value is in the record: "driver", or "info.memory_size"
 * @format: how to show it
 */
struct column {
	const char *title;
	const char *key;
	enum format format;
};

struct json_object *lookup(struct json_object *record, const char *key);
const char *text_of(struct json_object *record, const char *key);
void join_list(struct json_object *array, char *buf, size_t len);
void format_size(uint64_t size, char *buf, size_t len);
void format_sizes(uint64_t mask, char *buf, size_t len);
void print_table(struct json_object *records, const struct column *columns,
		 size_t count);
void print_lines(struct json_object *record, const struct column *columns,
		 size_t count);
int print_records(const struct args *args, const char *plural,
		  struct json_object *records, const struct column *columns,
		  size_t count);

/* decoder.c */
/**
 * struct change - decoder 0 before and after, which all that change it show
 * @what: "HDM decoder 0"
 * @done: "committed"
 * @old_values: as json_decoder(), or NULL where it can't be read
 * @new_values: likewise
 * @already: nothing had to be done
 * @dry_run: nothing was done
 * @print_side: tell for people how it was or is; @decoder may be NULL
 */
struct change {
	const char *what;
	const char *done;
	struct json_object *old_values;
	struct json_object *new_values;
	bool already;
	bool dry_run;
	void (*print_side)(const char *when, struct json_object *decoder);
};

struct json_object *read_decoder_zero(struct vcxl_device *dev);
int print_change(struct args *args, struct vcxl_device *dev,
		 struct change *change);
int read_decoders(struct vcxl_device *dev, struct json_object *records);

/* window.c */
int read_windows(struct args *args, struct vcxl_device *dev,
		 struct json_object *records);

/* main.c */
int open_device(struct args *args, struct vcxl_device **dev);
void hold_signals(void);
void release_signals(void);

#endif /* VFIO_CXL_TOOL_H */
