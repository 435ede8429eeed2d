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

static void print_json_error(const char *what, const struct vcxl_error *e,
			     int code)
{
	struct json_object *o = json_object_new_object();
	struct json_object *error = json_error(e);

	json_object_object_add(error, "what", json_text(what));
	json_object_object_add(error, "exit", json_object_new_int(code));
	json_object_object_add(o, "tool", json_text(TOOL));
	json_object_object_add(o, "schema", json_object_new_int(SCHEMA));
	json_object_object_add(o, "error", error);
	fprintf(stderr, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void print_error(const char *what, const struct vcxl_error *e)
{
	fprintf(stderr, TOOL ": %s%s%s%s%s\n", what, *what ? ": " : "",
		e->object, *e->object ? ": " : "", e->why);
	if (*e->next)
		fprintf(stderr, "  -> %s\n", e->next);
}

/* What came with the command line may have come from anywhere */
static void tame(char *s)
{
	for (; *s; s++)
		if (!isprint((unsigned char)*s))
			*s = '?';
}

/* An error of the command's own, with this exit code */
int report_error_as(const struct args *args, const struct vcxl_error *error,
		    int code)
{
	struct vcxl_error e = *error;
	const char *what = args->command ? args->command->name : "";

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
