// SPDX-License-Identifier: GPL-2.0-only
/* What failed, on stderr, and as an exit code. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

int exit_code(int err, uint32_t reason)
{
	if (reason == VFIO_CXL_REASON_COMMIT_TIMEOUT)
		return EXIT_TIMED_OUT;
	switch (err < 0 ? -err : err) {
	case 0:
		return EXIT_DONE;
	case ENOTUNIQ:
		return EXIT_USAGE;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return EXIT_NOT_FOUND;
	case EBUSY:
	case EAGAIN:
		return EXIT_BUSY;
	case EOPNOTSUPP:
	case ENOTTY:
	case E2BIG:
	case ENOSYS:
		return EXIT_UNSUPPORTED;
	case EPERM:
	case EACCES:
		return EXIT_NOT_PERMITTED;
	case ETIMEDOUT:
		return EXIT_TIMED_OUT;
	case EREMOTEIO:
		return EXIT_PARTLY;
	default:
		return EXIT_FAILED;
	}
}

static void print_text(const char *key, const char *text)
{
	fprintf(stderr, "\"%s\":", key);
	print_quoted(stderr, text);
	putc(',', stderr);
}

/* Takes no memory: there may be none left to tell that with */
static void print_json_error(const char *what, const struct vcxl_error *e,
			     int code)
{
	const char *reason = vcxl_reason_name(e->reason);
	char unknown[24];

	snprintf(unknown, sizeof(unknown), "UNKNOWN_%u", e->reason);
	fprintf(stderr, "{\"tool\":\"" TOOL "\",\"schema\":%d,\"error\":{",
		SCHEMA);
	print_text("what", what);
	print_text("object", e->object);
	print_text("reason", !e->reason ? NULL : reason ? reason : unknown);
	print_text("element", e->element);
	print_text("errno", vcxl_errno_name(e->err));
	print_text("why", e->why);
	print_text("next", e->next);
	fprintf(stderr, "\"exit\":%d}}\n", code);
}

static void print_error(const char *what, const struct vcxl_error *e)
{
	fprintf(stderr, TOOL ": %s%s%s%s%s\n", what, *what ? ": " : "",
		e->object, *e->object ? ": " : "", e->why);
	if (*e->next)
		fprintf(stderr, "  -> %s\n", e->next);
}

/* What comes from outside must not drive the reader's terminal */
void tame(char *s)
{
	for (; *s; s++)
		if (!isprint((unsigned char)*s))
			*s = '?';
}

/* Of a program's exit code nobody could tell ours, if they were the same ones */
int own_code(const struct args *args, int code)
{
	return args->command && args->command->run == cmd_dc_run &&
	       code < EXIT_NOT_RUN ? EXIT_NOT_RUN : code;
}

/* An error of the command's own, with this exit code */
int report_error_as(const struct args *args, const struct vcxl_error *error,
		    int code)
{
	struct vcxl_error e = *error;
	const char *what = args->command ? args->command->name : "";

	code = own_code(args, code);
	tame(e.object);
	tame(e.why);
	if (args->opt[OPT_JSON])
		print_json_error(what, &e, code);
	else
		print_error(what, &e);
	return code;
}

/* With the exit code that follows from it */
int report_error(const struct args *args, const struct vcxl_error *e)
{
	return report_error_as(args, e, exit_code(e->err, e->reason));
}

/* Tell of the library's last error; returns the exit code for @err */
int report(const struct args *args, int err)
{
	const struct vcxl_error *last = vcxl_error(args->ctx);
	struct vcxl_error e = { .err = err };

	if (last->err == err)
		e = *last;
	else	/* it failed without an account */
		snprintf(e.why, sizeof(e.why), "%s", strerror(-err));
	return report_error(args, &e);
}

int usage_error(const struct args *args, const char *format, ...)
{
	struct vcxl_error e = { .err = -EINVAL };
	const char *name = args->command ? args->command->name : "";
	va_list list;

	va_start(list, format);
	vsnprintf(e.why, sizeof(e.why), format, list);
	va_end(list);
	snprintf(e.next, sizeof(e.next), "see '" TOOL " help%s%s'",
		 *name ? " " : "", name);
	return report_error_as(args, &e, EXIT_USAGE);
}

static const struct args *current;

/* Of this command out_of_memory() tells */
void error_begin(const struct args *args)
{
	current = args;
}

/*
 * For what is printed: what the command does to a device it has done by then,
 * or not begun.
 */
_Noreturn void out_of_memory(void)
{
	struct vcxl_error e = { .err = -ENOMEM };

	snprintf(e.why, sizeof(e.why), "out of memory for the result");
	snprintf(e.next, sizeof(e.next), "'" TOOL " status' shows how a device is");
	exit(report_error(current, &e));
}

static bool is_starved(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

/*
 * Passes on what the library returned, unless there was not enough of something
 * to look: null is for what is not there, or can't be seen by this user.
 */
int enough(int ret)
{
	if (is_starved(ret))
		exit(report(current, ret));
	return ret;
}

/* The same for a file of the host's */
int enough_for(const char *path, int ret)
{
	struct vcxl_error e = { .err = ret };

	if (!is_starved(ret))
		return ret;
	snprintf(e.object, sizeof(e.object), "%s", path);
	snprintf(e.why, sizeof(e.why), "can't look at it: %s", strerror(-ret));
	exit(report_error(current, &e));
}

/* A full disk or a closed pipe must not look like success */
int finish(const struct args *args, int code)
{
	struct vcxl_error e = { .object = "standard output" };
	bool bad = ferror(stdout);

	if (fclose(stdout))
		bad = true;
	/* What failed already has been told, in an object of its own */
	if (!bad || code != EXIT_DONE)
		return code;
	e.err = -errno;
	snprintf(e.why, sizeof(e.why), "can't write to it: %s",
		 strerror(errno));
	return report_error_as(args, &e, EXIT_FAILED);
}
