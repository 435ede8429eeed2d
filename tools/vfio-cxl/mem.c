// SPDX-License-Identifier: GPL-2.0-only
/*
 * mem test: the memory as any VFIO user has it. Block by block: note what is
 * there, write, read back, put it back.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"
#include "tool.h"

#define GRAIN		4096ULL
#define BLOCK		(16ULL << 20)
/* With --reset all of it is noted at once, in the host's memory */
#define MAX_RESET	(1ULL << 30)

struct test {
	struct args *args;
	struct vcxl_client *client;
	struct vfio_cxl_info info;
	struct pattern pattern;
	uint64_t offset;
	uint64_t size;
	size_t block;
	char *map;
	char *saved;		/* a block; NULL with --keep and --check */
	uint64_t tested;
	uint64_t write_ns;
	uint64_t read_ns;
	struct mismatch bad;
	const char *doing;	/* for the account of a failure */
	bool told;		/* the library gave one, @error */
	struct vcxl_error error;
	bool lost;		/* what was there could not be put back */
};

static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
	(void)number;
	stopped = 1;
}

/* Not in the middle of a block: its content is to be put back */
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

static uint64_t mb_per_s(uint64_t bytes, uint64_t ns)
{
	return ns ? (uint64_t)((double)bytes * 1000 / (double)ns) : 0;
}

static void progress(const struct test *t)
{
	static int last = -1;
	int percent = t->tested * 100 / t->size;

	if (t->args->opt[OPT_JSON] || percent == last ||
	    !isatty(STDERR_FILENO))
		return;
	last = percent;
	fprintf(stderr, "\rmem test: %3d %%%s", percent,
		percent == 100 ? "\n" : "");
}

/* Now, because what is done to clean up may fail as well */
static int told(struct test *t, int ret)
{
	t->told = ret != 0;
	if (ret)
		t->error = *vcxl_error(t->args->ctx);
	return ret;
}

static int put_page_back(struct test *t, uint64_t at, char *map,
			 const char *old, int err)
{
	int ret = vcxl_client_write(t->client, at, old, GRAIN);

	if (!ret)
		return err;
	if (!err)
		err = told(t, ret);
	/* The other way may still be open */
	t->lost = pattern_copy(map, old, GRAIN) != 0;
	return err;
}

/* Do read() and write() see the bytes that the mapping shows? */
static int check_file_page(struct test *t, uint64_t at)
{
	char *map = t->map + (at - t->offset), old[GRAIN], new[GRAIN];
	size_t i;
	int ret;

	t->doing = "comparing read() with the mapping";
	ret = told(t, vcxl_client_read(t->client, at, old, GRAIN));
	if (!ret)
		ret = pattern_same(map, old, GRAIN);
	if (ret || t->args->opt[OPT_CHECK])
		return ret;

	for (i = 0; i < GRAIN; i++)
		new[i] = ~old[i];
	t->doing = "comparing write() with the mapping";
	ret = told(t, vcxl_client_write(t->client, at, new, GRAIN));
	if (!ret)
		ret = pattern_same(map, new, GRAIN);
	return put_page_back(t, at, map, old, ret);
}

static int check_file(struct test *t)
{
	int ret = check_file_page(t, t->offset);

	return ret ? ret : check_file_page(t, t->offset + t->size - GRAIN);
}

static int write_block(struct test *t, char *map, uint64_t at, size_t n)
{
	uint64_t start = now_ns();
	int ret;

	t->doing = "writing";
	ret = pattern_fill(&t->pattern, map, at, n);
	t->write_ns += now_ns() - start;
	if (!ret && t->args->opt[OPT_RESET]) {
		t->doing = "resetting";
		ret = told(t, vcxl_client_reset(t->client));
	}
	return ret;
}

static int read_block(struct test *t, char *map, uint64_t at, size_t n)
{
	uint64_t start = now_ns();
	int ret;

	t->doing = "reading back";
	ret = pattern_check(&t->pattern, map, at, n, &t->bad);
	t->read_ns += now_ns() - start;
	return ret;
}

static int test_block(struct test *t, uint64_t at, size_t n)
{
	char *map = t->map + (at - t->offset);
	bool check = t->args->opt[OPT_CHECK];
	int ret = 0;

	t->doing = "noting what is there";
	if (t->saved)
		ret = pattern_copy(t->saved, map, n);
	if (ret)
		return ret;
	if (!check)
		ret = write_block(t, map, at, n);
	if (!ret)
		ret = read_block(t, map, at, n);
	/* Also after a failure: as much as can be saved */
	if (!t->saved || !pattern_copy(map, t->saved, n))
		return ret;
	t->lost = true;
	if (ret)
		return ret;
	t->doing = "putting back what was there";
	return -EFAULT;
}

static int test_all(struct test *t)
{
	int ret = check_file(t);

	while (!ret && t->tested < t->size) {
		uint64_t left = t->size - t->tested;
		size_t n = left < t->block ? left : t->block;

		if (stopped) {
			t->doing = "";
			return -EINTR;
		}
		ret = test_block(t, t->offset + t->tested, n);
		if (!ret)
			t->tested += n;
		progress(t);
	}
	return ret;
}

static void describe(const struct test *t, int err, struct vcxl_error *e)
{
	const struct mismatch *bad = &t->bad;

	if (err == -EFAULT) {
		snprintf(e->why, sizeof(e->why), "SIGBUS while %s: the memory is not live",
			 t->doing);
		snprintf(e->next, sizeof(e->next), "'vfio-cxl status' shows why");
	} else if (err == -EINTR) {
		snprintf(e->why, sizeof(e->why), "stopped by a signal after %llu bytes",
			 (unsigned long long)t->tested);
	} else if (err == -ENOMEM) {
		snprintf(e->why, sizeof(e->why), "%s: %s", t->doing,
			 strerror(-err));
	} else if (bad->expected == bad->found) {
		snprintf(e->why, sizeof(e->why), "%s: they differ", t->doing);
	} else {
		snprintf(e->why, sizeof(e->why), "offset %#llx: expected %#018llx, found %#018llx",
			 (unsigned long long)bad->offset,
			 (unsigned long long)bad->expected,
			 (unsigned long long)bad->found);
		snprintf(e->element, sizeof(e->element), "offset %#llx",
			 (unsigned long long)bad->offset);
	}
}

static int report_failure(struct test *t, const char *name, int err)
{
	struct vcxl_error e = { .err = err };

	snprintf(e.object, sizeof(e.object), "%s", name);
	if (t->told)
		e = t->error;
	else
		describe(t, err, &e);
	if (t->lost) {
		size_t n = strlen(e.why);

		snprintf(e.why + n, sizeof(e.why) - n,
			 "; what was there is lost");
	}
	return report_error(t->args, &e);
}

static struct json_object *json_test(const struct test *t, const char *name)
{
	const struct args *args = t->args;
	struct json_object *o = json_object_new_object();
	bool dry = args->opt[OPT_DRY_RUN], check = args->opt[OPT_CHECK];

	json_object_object_add(o, "device", json_text(name));
	json_object_object_add(o, "offset", json_u64(t->offset));
	json_object_object_add(o, "size", json_u64(t->size));
	json_object_object_add(o, "page_sizes", json_u64(t->info.page_sizes));
	json_object_object_add(o, "map_align", json_u64(t->info.map_align));
	json_object_object_add(o, "map_offset", json_u64(t->info.map_offset));
	json_object_object_add(o, "tested", json_u64(t->tested));
	json_object_object_add(o, "write_mb_s", dry || check ? NULL :
			       json_u64(mb_per_s(t->tested, t->write_ns)));
	json_object_object_add(o, "read_mb_s", dry ? NULL :
			       json_u64(mb_per_s(t->tested, t->read_ns)));
	json_object_object_add(o, "written",
			       json_flag(!dry && !check));
	json_object_object_add(o, "kept",
			       json_flag(!dry && args->opt[OPT_KEEP]));
	json_object_object_add(o, "reset",
			       json_flag(!dry && args->opt[OPT_RESET]));
	json_object_object_add(o, "dry_run", json_flag(dry));
	return o;
}

static void print_test(const struct test *t, const char *name)
{
	const struct args *args = t->args;
	bool check = args->opt[OPT_CHECK];
	char size[32], pages[64];

	format_size(t->size, size, sizeof(size));
	format_sizes(t->info.page_sizes, pages, sizeof(pages));
	printf("%s: %s at offset %#llx %s\n", name, size,
	       (unsigned long long)t->offset,
	       args->opt[OPT_DRY_RUN] ? "would be tested" :
	       check ? "still hold what was written" :
	       args->opt[OPT_RESET] ? "are good, and survived a reset" :
	       "are good");
	printf("  %-18s %s\n  %-18s address %% %#llx == %#llx\n",
	       "page sizes", pages, "mapped at",
	       (unsigned long long)t->info.map_align,
	       (unsigned long long)t->info.map_offset);
	if (args->opt[OPT_DRY_RUN])
		return;
	if (!check)
		printf("  %-18s %llu MB/s\n", "write",
		       (unsigned long long)mb_per_s(t->tested, t->write_ns));
	printf("  %-18s %llu MB/s\n", "read",
	       (unsigned long long)mb_per_s(t->tested, t->read_ns));
	printf("  %-18s %s\n", "former content",
	       check ? "not touched" : args->opt[OPT_KEEP] ?
	       "overwritten (--keep)" : "put back");
}

static int print_result(const struct test *t, const char *name)
{
	struct json_object *records = json_object_new_array();

	json_object_array_add(records, json_test(t, name));
	if (t->args->opt[OPT_JSON])
		print_json("tests", records);
	else
		print_test(t, name);
	json_object_put(records);
	return EXIT_DONE;
}

/* 0, or an exit code after a complaint */
static int choose_range(struct test *t)
{
	struct args *args = t->args;
	uint64_t total = t->info.memory_size;

	if (t->offset >= total)
		return usage_error(args, "--offset lies beyond the memory's %#llx bytes",
				   (unsigned long long)total);
	if (!t->size)
		t->size = total - t->offset;
	if (t->size > total - t->offset)
		return usage_error(args, "--offset and --size go beyond the memory's %#llx bytes",
				   (unsigned long long)total);
	if (args->opt[OPT_RESET] && !args->opt[OPT_KEEP] && t->size > MAX_RESET)
		return usage_error(args, "--reset keeps all that was there in the host's memory: use --size up to 1G, or --keep");
	t->block = args->opt[OPT_RESET] || t->size < BLOCK ? t->size : BLOCK;
	return EXIT_DONE;
}

static int run_mapped(struct test *t, const char *name)
{
	int ret;

	if (!t->args->opt[OPT_KEEP] && !t->args->opt[OPT_CHECK]) {
		t->saved = malloc(t->block);
		t->doing = "making room to note what is there";
		if (!t->saved)
			return report_failure(t, name, -ENOMEM);
	}
	ret = test_all(t);
	free(t->saved);
	return ret ? report_failure(t, name, ret) : print_result(t, name);
}

static int no_memory(struct test *t, const char *name)
{
	const struct vfio_cxl_info *info = &t->info;
	const char *why = vcxl_reason_why(info->reason);
	struct vcxl_error e = { .err = -EOPNOTSUPP, .reason = info->reason };

	snprintf(e.object, sizeof(e.object), "%s", name);
	snprintf(e.element, sizeof(e.element), "%s", info->element);
	if (why && info->reason)
		snprintf(e.why, sizeof(e.why), "the device has no memory to test: %s%s%s%s",
			 why, *e.element ? " (" : "", e.element,
			 *e.element ? ")" : "");
	else
		snprintf(e.why, sizeof(e.why), "the device has no memory to test, for a reason (%u) that this vfio-cxl does not know",
			 info->reason);
	snprintf(e.next, sizeof(e.next), "%s", why && info->reason ?
		 vcxl_reason_next(info->reason) : "'vfio-cxl status' shows more");
	return report_error(t->args, &e);
}

/*
 * All that the control node can tell before anything is opened, because that
 * resets the device. 0, or an exit code after a complaint.
 */
static int look_first(struct test *t, struct vcxl_device *dev)
{
	int ret = vcxl_info(dev, &t->info);

	if (ret)
		return report(t->args, ret);
	if (!(t->info.flags & VFIO_CXL_INFO_MEMORY))
		return no_memory(t, vcxl_device_name(dev));
	return choose_range(t);
}

/* Who was given the VFIO nodes alone can't look first */
static bool has_control(struct vcxl_device *dev)
{
	struct vcxl_node node;

	return !vcxl_device_control_node(dev, &node) && node.usable;
}

static int run(struct test *t, struct vcxl_device *dev)
{
	const char *name = vcxl_device_name(dev);
	void *map;
	int ret, code = has_control(dev) ? look_first(t, dev) : EXIT_DONE;

	if (code)
		return code;
	ret = vcxl_client_open(dev, &t->client);
	if (!ret)
		ret = vcxl_client_info(t->client, &t->info);
	if (ret)
		return report(t->args, ret);
	t->info.memory_size = vcxl_client_memory_size(t->client);
	code = choose_range(t);
	if (code)
		return code;
	ret = catch_signals();
	if (!ret)
		ret = vcxl_client_map(t->client, t->offset, t->size, &map);
	if (ret)
		return report(t->args, ret);
	t->map = map;
	code = run_mapped(t, name);
	ret = vcxl_client_unmap(t->client, map, t->size);
	return ret && !code ? report(t->args, ret) : code;
}

/* Opening would reset the device already: ask the control node */
static int dry_run(struct test *t, struct vcxl_device *dev)
{
	int ret = look_first(t, dev);

	return ret ? ret : print_result(t, vcxl_device_name(dev));
}

static int take_options(struct test *t)
{
	struct args *args = t->args;
	int ret = size_option(args, OPT_OFFSET, &t->offset);

	if (!ret)
		ret = size_option(args, OPT_SIZE, &t->size);
	if (!ret && args->opt[OPT_PATTERN]) {
		ret = size_option(args, OPT_PATTERN, &t->pattern.value);
		t->pattern.constant = true;
	}
	if (ret)
		return ret;
	if (args->opt[OPT_SIZE] && !t->size)
		return usage_error(args, "--size must not be 0: leave it out for all there is");
	if (t->offset % GRAIN || t->size % GRAIN)
		return usage_error(args, "--offset and --size must be multiples of 4 KiB");
	if (args->opt[OPT_CHECK] && (args->opt[OPT_KEEP] ||
				     args->opt[OPT_RESET]))
		return usage_error(args, "--check writes nothing: it can't go with --keep or --reset");
	return EXIT_DONE;
}

int cmd_mem_test(struct args *args)
{
	struct test t = { .args = args };
	struct vcxl_device *dev;
	int ret = take_options(&t);

	if (ret)
		return ret;
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = args->opt[OPT_DRY_RUN] ? dry_run(&t, dev) : run(&t, dev);
	vcxl_client_close(t.client);
	vcxl_device_free(dev);
	return ret;
}
