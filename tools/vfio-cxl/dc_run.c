// SPDX-License-Identifier: GPL-2.0-only
/* dc run: a program that gets a descriptor of a tag */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dc.h"

/* With what was taken, which stays so */
static int fail(const struct args *args, const struct vcxl_error *error,
		int code)
{
	struct vcxl_error e = *error;
	size_t len = strlen(e.why);

	snprintf(e.why + len, sizeof(e.why) - len, "; tag %.36s stays accepted",
		 args->second);
	if (!*e.next)
		snprintf(e.next, sizeof(e.next),
			 "'vfio-cxl dc release' gives it back");
	return report_error_as(args, &e, code);
}

static int fail_errno(const struct args *args, const char *object,
		      const char *doing, int code)
{
	struct vcxl_error e = { .err = -errno };

	snprintf(e.object, sizeof(e.object), "%s", object);
	snprintf(e.why, sizeof(e.why), "%s: %s", doing, strerror(-e.err));
	return fail(args, &e, code);
}

/* It is going to be so, but there is nothing to run a program with yet */
static int not_yet(const struct args *args, struct vcxl_device *dev)
{
	struct vcxl_error e = {
		.err = -EAGAIN,
		.next = "'vfio-cxl dc accept --reach app --wait' waits for that; then run it again",
	};

	snprintf(e.object, sizeof(e.object), "%s", vcxl_device_name(dev));
	snprintf(e.why, sizeof(e.why),
		 "tag %.36s is going to be accepted, but can't be reached yet: older offers, or other tags of its own, are not decided",
		 args->second);
	return report_error_as(args, &e, EXIT_NOT_RUN);
}

static int accept_tag(struct args *args, struct vcxl_device *dev,
		      const uint8_t *tag)
{
	struct vfio_cxl_dc_decide decide = { .reach = VFIO_CXL_DC_REACH_APP };
	int ret;

	memcpy(decide.tag, tag, sizeof(decide.tag));
	ret = vcxl_dc_accept(dev, &decide);
	if (ret)
		return report(args, ret);
	return decide.flags & VFIO_CXL_DC_DECIDE_QUEUED ? not_yet(args, dev) :
							  EXIT_DONE;
}

static int set_number(const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return setenv(name, text, 1);
}

static int set_environment(const struct vfio_cxl_dc_open *open, int fd)
{
	char text[TAG_TEXT];

	format_tag(open->tag, text);
	return setenv("VFIO_CXL_TAG", text, 1) ||
	       set_number("VFIO_CXL_TAG_FD", fd) ||
	       set_number("VFIO_CXL_TAG_SIZE", open->size);
}

/* Comes back only if it can't be done */
static int execute(const struct args *args, const struct vfio_cxl_dc_open *open,
		   int fd)
{
	/* All else that we have open is closed by it */
	if (fcntl(fd, F_SETFD, 0))
		return fail_errno(args, "the descriptor", "can't be handed on",
				  EXIT_NOT_RUN);
	if (set_environment(open, fd))
		return fail_errno(args, "the environment", "can't be set",
				  EXIT_NOT_RUN);
	release_signals();
	execvp(args->program[0], args->program);
	return fail_errno(args, args->program[0], "can't be run",
			  errno == ENOENT ? EXIT_NO_PROGRAM :
					    EXIT_NOT_EXECUTED);
}

/* It stays accepted, unless what is wrong is that it is not, or not any more */
static int fail_open(const struct args *args, int err)
{
	const struct vcxl_error *e = vcxl_error(args->ctx);

	switch (e->reason) {
	case VFIO_CXL_REASON_NONE:
		if (err == -ENOENT || err == -ENODEV)
			return report(args, err);
		return fail(args, e, EXIT_NOT_RUN);
	case VFIO_CXL_REASON_OPEN:
	case VFIO_CXL_REASON_NO_MEMORY:
		return fail(args, e, EXIT_NOT_RUN);
	default:
		return report(args, err);
	}
}

static int run(struct args *args, struct vcxl_device *dev, const uint8_t *tag)
{
	struct vfio_cxl_dc_open open = { 0 };
	int fd, ret = accept_tag(args, dev, tag);

	if (ret)
		return ret;
	memcpy(open.tag, tag, sizeof(open.tag));
	if (args->opt[OPT_RO])
		open.flags = VFIO_CXL_DC_OPEN_RDONLY;
	ret = vcxl_dc_open(dev, &open, &fd);
	if (ret)
		return fail_open(args, ret);
	ret = execute(args, &open, fd);
	close(fd);
	return ret;
}

int cmd_dc_run(struct args *args)
{
	uint8_t tag[VFIO_CXL_DC_TAG_LEN];
	struct vcxl_device *dev;
	int ret = parse_tag(args, args->second, tag);

	if (ret)
		return ret;
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = run(args, dev, tag);
	vcxl_device_free(dev);
	return ret;
}
