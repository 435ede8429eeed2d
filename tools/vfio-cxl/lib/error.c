// SPDX-License-Identifier: GPL-2.0-only
/* The context, and the account of what went wrong. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

int vcxl_new(struct vcxl **out)
{
	struct vcxl *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return -ENOMEM;
	ctx->root = secure_getenv("VFIO_CXL_SYSROOT");
	if (!ctx->root)
		ctx->root = "";
	*out = ctx;
	return 0;
}

void vcxl_free(struct vcxl *ctx)
{
	free(ctx);
}

const struct vcxl_error *vcxl_error(const struct vcxl *ctx)
{
	return &ctx->error;
}

void vcxl_set_log(struct vcxl *ctx, void (*log)(const char *line))
{
	ctx->log = log;
}

void vcxl_log(struct vcxl *ctx, const char *format, ...)
{
	char line[512];
	va_list args;

	if (!ctx->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	vcxl_printable(line);
	ctx->log(line);
}

/*
 * Cut rather than refused: half a message is better than none. Some of it comes
 * from outside.
 */
static void copy(char *to, size_t len, const char *from)
{
	snprintf(to, len, "%s", from ? from : "");
	vcxl_printable(to);
}

int vcxl_fail(struct vcxl *ctx, int err, const char *object, const char *next,
	      const char *why, ...)
{
	struct vcxl_error *e = &ctx->error;
	char text[sizeof(e->why)];
	va_list args;

	/* First, in case an argument is part of the former error */
	va_start(args, why);
	vsnprintf(text, sizeof(text), why, args);
	va_end(args);

	memset(e, 0, sizeof(*e));
	e->err = err;
	copy(e->object, sizeof(e->object), object);
	copy(e->next, sizeof(e->next), next);
	copy(e->why, sizeof(e->why), text);
	return err;
}

/*
 * What an errno alone says, where the driver gave no reason: its meanings are
 * those of the uAPI header.
 */
static const char *errno_next(int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:
		return "run it as root, with CAP_SYS_ADMIN and CAP_SYS_RAWIO";
	case EAGAIN:
		return "try again in a moment";
	case ENOTTY:
	case E2BIG:
		return "load a cxl-vfio-pci that is as new as this command";
	case ENODEV:
		return "the device is gone: 'vfio-cxl list' shows what is there";
	case EIO:
		return "see the kernel's log for what the device answered";
	default:
		return "";
	}
}

int vcxl_fail_reason(struct vcxl *ctx, int err, const char *object,
		     uint32_t reason, const char *element, const char *doing)
{
	const char *why = vcxl_reason_why(reason);

	if (reason == VFIO_CXL_REASON_NONE)
		return vcxl_fail(ctx, err, object, errno_next(err), "%s: %s",
				 doing, strerror(-err));
	if (why)
		vcxl_fail(ctx, err, object, vcxl_reason_next(reason),
			  "%s%s%s%s", why, *element ? " (" : "", element,
			  *element ? ")" : "");
	else
		vcxl_fail(ctx, err, object,
			  "use a vfio-cxl as new as the driver",
			  "%s: %s, for a reason (%u) that this vfio-cxl does not know%s%s%s",
			  doing, strerror(-err), reason, *element ? " (" : "",
			  element, *element ? ")" : "");
	ctx->error.reason = reason;
	copy(ctx->error.element, sizeof(ctx->error.element), element);
	return err;
}
