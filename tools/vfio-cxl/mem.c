// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mem test and mem clear share: the way to the memory as any VFIO user has
 * it, block by block, and the account of what went wrong there.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
	(void)number;
	stopped = 1;
}

static int catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_stop }, hangup;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGINT, &action, NULL) ||
	    sigaction(SIGTERM, &action, NULL) ||
	    sigaction(SIGHUP, NULL, &hangup))
		return -errno;
	/* nohup wants it to go on */
	if (hangup.sa_handler != SIG_IGN && sigaction(SIGHUP, &action, NULL))
		return -errno;
	return pattern_catch_sigbus();
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

uint64_t mem_mb_per_s(uint64_t bytes, uint64_t ns)
{
	return ns ? (uint64_t)((double)bytes * 1000 / (double)ns) : 0;
}

static bool shows_progress(const struct mem *mem)
{
	return !mem->args->opt[OPT_JSON] && isatty(STDERR_FILENO);
}

static void progress(const struct mem *mem)
{
	static int last = -1;
	int percent = mem->done * 100 / mem->size;

	if (percent == last || !shows_progress(mem))
		return;
	last = percent;
	fprintf(stderr, "\r%s: %3d %%%s", mem->args->command->name, percent,
		percent == 100 ? "\n" : "");
	fflush(stderr);
}

/* Now, because what is done to clean up may fail as well */
int mem_told(struct mem *mem, int ret)
{
	mem->told = ret != 0;
	if (ret)
		mem->error = *vcxl_error(mem->args->ctx);
	return ret;
}

void *mem_at(const struct mem *mem, uint64_t at)
{
	return mem->map + (at - mem->offset);
}

/* The pattern to @n bytes from offset @at on, and out of the caches */
int mem_write(struct mem *mem, uint64_t at, size_t n)
{
	uint64_t start = now_ns();
	int ret;

	mem->doing = "writing";
	ret = pattern_fill(&mem->pattern, mem_at(mem, at), at, n);
	mem->write_ns += now_ns() - start;
	return ret;
}

int mem_check(struct mem *mem, uint64_t at, size_t n)
{
	uint64_t start = now_ns();
	int ret;

	mem->doing = "reading back";
	ret = pattern_check(&mem->pattern, mem_at(mem, at), at, n,
			    &mem->bad);
	mem->read_ns += now_ns() - start;
	return ret;
}

/* Signals count between two blocks: what is in one may have to be put back */
int mem_walk(struct mem *mem,
	     int (*block)(struct mem *mem, uint64_t at, size_t n))
{
	int ret = 0;

	while (!ret && mem->done < mem->size) {
		uint64_t left = mem->size - mem->done;
		size_t n = left < mem->block ? left : mem->block;

		if (stopped) {
			mem->doing = "";
			ret = -EINTR;
			break;
		}
		ret = block(mem, mem->offset + mem->done, n);
		if (!ret)
			mem->done += n;
		progress(mem);
	}
	/* What is told next begins a line */
	if (ret && shows_progress(mem))
		fputc('\n', stderr);
	return ret;
}

static void describe(const struct mem *mem, int err, struct vcxl_error *e)
{
	const struct mismatch *bad = &mem->bad;

	if (err == -EFAULT) {
		snprintf(e->why, sizeof(e->why), "SIGBUS while %s: the memory is not live",
			 mem->doing);
		snprintf(e->next, sizeof(e->next), "'vfio-cxl status' shows why");
	} else if (err == -EINTR) {
		snprintf(e->why, sizeof(e->why), "stopped by a signal after %llu bytes",
			 (unsigned long long)mem->done);
	} else if (err == -ENOMEM) {
		snprintf(e->why, sizeof(e->why), "%s: %s", mem->doing,
			 strerror(-err));
	} else if (bad->expected == bad->found) {
		snprintf(e->why, sizeof(e->why), "%s: they differ", mem->doing);
	} else {
		snprintf(e->why, sizeof(e->why), "offset %#llx: expected 0x%016llx, found 0x%016llx",
			 (unsigned long long)bad->offset,
			 (unsigned long long)bad->expected,
			 (unsigned long long)bad->found);
		snprintf(e->element, sizeof(e->element), "offset %#llx",
			 (unsigned long long)bad->offset);
	}
}

/*
 * The account of a failure; what the library told comes first. @state: how the
 * memory is left, or empty.
 */
int mem_failed(struct mem *mem, const char *name, int err, const char *state)
{
	struct vcxl_error e = { .err = err };
	size_t n;

	snprintf(e.object, sizeof(e.object), "%s", name);
	if (mem->told)
		e = mem->error;
	else
		describe(mem, err, &e);
	n = strlen(e.why);
	snprintf(e.why + n, sizeof(e.why) - n, "%s%s", *state ? "; " : "",
		 state);
	return report_error(mem->args, &e);
}

/* What is behind the static capacity comes and goes: who wants it, names it */
static int usual_end(struct mem *mem, struct vcxl_device *dev, uint64_t *end)
{
	struct vfio_cxl_dc_info dc = {};
	int ret;

	/* Before the device is opened only its control node answers */
	if (mem->client)
		ret = vcxl_client_dc_info(mem->client, &dc);
	else
		ret = vcxl_dc_info(dev, &dc);
	/* A driver that does not know of it has none */
	if (ret && ret != -ENOTTY)
		return ret;

	*end = mem->info.memory_size;
	if (dc.flags & VFIO_CXL_DC_INFO_CAPABLE &&
	    mem->info.dpa_skip + mem->offset < mem->info.static_capacity &&
	    mem->info.static_capacity - mem->info.dpa_skip < *end)
		*end = mem->info.static_capacity - mem->info.dpa_skip;
	return 0;
}

/* 0, or an exit code after a complaint */
static int choose_range(struct mem *mem, const struct mem_command *command,
			struct vcxl_device *dev)
{
	struct args *args = mem->args;
	uint64_t total = mem->info.memory_size, end;
	int ret;

	if (mem->offset >= total)
		return usage_error(args, "--offset lies beyond the memory's %#llx bytes",
				   (unsigned long long)total);
	if (!mem->size) {
		ret = usual_end(mem, dev, &end);
		if (ret)
			return report(mem->args, ret);
		mem->size = end - mem->offset;
	}
	if (mem->size > total - mem->offset)
		return usage_error(args, "--offset and --size go beyond the memory's %#llx bytes",
				   (unsigned long long)total);
	mem->block = mem->size < MEM_BLOCK ? mem->size : MEM_BLOCK;
	return command->check_range ? command->check_range(mem) : EXIT_DONE;
}

static int no_memory(struct mem *mem, const char *name)
{
	const struct vfio_cxl_info *info = &mem->info;
	const char *why = vcxl_reason_why(info->reason);
	struct vcxl_error e = { .err = -EOPNOTSUPP, .reason = info->reason };

	snprintf(e.object, sizeof(e.object), "%s", name);
	snprintf(e.element, sizeof(e.element), "%s", info->element);
	if (why && info->reason)
		snprintf(e.why, sizeof(e.why), "the device has no memory to use: %s%s%s%s",
			 why, *e.element ? " (" : "", e.element,
			 *e.element ? ")" : "");
	else
		snprintf(e.why, sizeof(e.why), "the device has no memory to use, for a reason (%u) that this vfio-cxl does not know",
			 info->reason);
	snprintf(e.next, sizeof(e.next), "%s", why && info->reason ?
		 vcxl_reason_next(info->reason) : "'vfio-cxl status' shows more");
	return report_error(mem->args, &e);
}

static int is_open(struct mem *mem, const char *name)
{
	struct vcxl_error e = {
		.err = -EBUSY, .reason = VFIO_CXL_REASON_OPEN,
	};

	snprintf(e.object, sizeof(e.object), "%s", name);
	snprintf(e.why, sizeof(e.why), "%s", vcxl_reason_why(e.reason));
	snprintf(e.next, sizeof(e.next), "%s", vcxl_reason_next(e.reason));
	return report_error(mem->args, &e);
}

/*
 * All that the control node can tell before anything is opened, because that
 * resets the device. 0, or an exit code after a complaint.
 */
static int look_first(struct mem *mem, const struct mem_command *command,
		      struct vcxl_device *dev)
{
	int ret = vcxl_info(dev, &mem->info);

	if (ret)
		return report(mem->args, ret);
	if (mem->info.flags & VFIO_CXL_INFO_OPEN)
		return is_open(mem, vcxl_device_name(dev));
	if (!(mem->info.flags & VFIO_CXL_INFO_MEMORY))
		return no_memory(mem, vcxl_device_name(dev));
	return choose_range(mem, command, dev);
}

/* Who was given the VFIO nodes alone can't look first */
static bool has_control(struct vcxl_device *dev)
{
	struct vcxl_node node;

	return !enough(vcxl_device_control_node(dev, &node)) && node.usable;
}

static int run(struct mem *mem, const struct mem_command *command,
	       struct vcxl_device *dev)
{
	int ret, code = EXIT_DONE;
	void *map;

	if (has_control(dev))
		code = look_first(mem, command, dev);
	if (code)
		return code;
	/* From the moment that the device is ours */
	ret = catch_signals();
	if (ret)
		return report(mem->args, ret);
	ret = vcxl_client_open(dev, &mem->client);
	if (!ret)
		ret = vcxl_client_info(mem->client, &mem->info);
	if (ret)
		return report(mem->args, ret);
	mem->info.memory_size = vcxl_client_memory_size(mem->client);
	code = choose_range(mem, command, dev);
	if (code)
		return code;
	ret = vcxl_client_map(mem->client, mem->offset, mem->size, &map);
	if (ret)
		return report(mem->args, ret);
	mem->map = map;
	code = command->run(mem, vcxl_device_name(dev));
	ret = vcxl_client_unmap(mem->client, map, mem->size);
	return ret && !code ? report(mem->args, ret) : code;
}

/* Opening would reset the device already: ask the control node */
static int dry_run(struct mem *mem, const struct mem_command *command,
		   struct vcxl_device *dev)
{
	int ret = look_first(mem, command, dev);

	return ret ? ret : command->print(mem, vcxl_device_name(dev));
}

int mem_range_options(struct mem *mem)
{
	struct args *args = mem->args;
	int ret = size_option(args, OPT_OFFSET, &mem->offset);

	if (!ret)
		ret = size_option(args, OPT_SIZE, &mem->size);
	if (ret)
		return ret;
	if (args->opt[OPT_SIZE] && !mem->size)
		return usage_error(args, "--size must not be 0: leave it out for all there is");
	if (mem->offset % MEM_GRAIN || mem->size % MEM_GRAIN)
		return usage_error(args, "--offset and --size must be multiples of 4 KiB");
	return EXIT_DONE;
}

/* Once the options are understood */
int mem_command(struct mem *mem, const struct mem_command *command)
{
	struct args *args = mem->args;
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = args->opt[OPT_DRY_RUN] ? dry_run(mem, command, dev) :
				       run(mem, command, dev);
	vcxl_client_close(mem->client);
	vcxl_device_free(dev);
	return ret;
}
