// SPDX-License-Identifier: GPL-2.0-only
/*
 * mem clear: zeros to all of the memory, each block read back from the device
 * before the next. What a tenant left must not depend on who looks for it.
 */
#include <errno.h>

#include "mem.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Static capacity that decoder 0 does not decode, because it skips it or ends
 * before: it can't be reached, so not be cleared.
 */
static uint64_t undecoded(const struct mem *mem)
{
	uint64_t total = mem->info.static_capacity;
	uint64_t from = min(mem->info.dpa_skip, total);

	return total - min(mem->info.memory_size, total - from);
}

static struct json_object *json_clear(const struct mem *mem, const char *name)
{
	const struct args *args = mem->args;
	struct json_object *o = json_record();
	bool dry = args->opt[OPT_DRY_RUN], check = args->opt[OPT_CHECK];

	json_add(o, "device", json_text(name));
	json_add(o, "offset", json_u64(mem->offset));
	json_add(o, "size", json_u64(mem->size));
	json_add(o, "cleared", json_u64(check ? 0 : mem->done));
	json_add(o, "verified", json_u64(mem->done));
	json_add(o, "undecoded", json_u64(undecoded(mem)));
	json_add(o, "write_mb_s", dry || check ? NULL :
		 json_u64(mem_mb_per_s(mem->done, mem->write_ns)));
	json_add(o, "read_mb_s", dry ? NULL :
		 json_u64(mem_mb_per_s(mem->done, mem->read_ns)));
	json_add(o, "dry_run", json_flag(dry));
	return o;
}

static void print_clear(const struct mem *mem, const char *name)
{
	const struct args *args = mem->args;
	bool dry = args->opt[OPT_DRY_RUN], check = args->opt[OPT_CHECK];
	char size[32];

	format_size(mem->size, size, sizeof(size));
	printf("%s: %s at offset %#llx %s\n", name, size,
	       (unsigned long long)mem->offset,
	       dry && check ? "would be looked at (opening resets the device)" :
	       dry ? "would be cleared (opening resets the device)" :
	       check ? "are zero" : "are cleared, and read back as zero");
	if (!dry && !check)
		printf("  %-18s %llu MB/s\n", "write",
		       (unsigned long long)mem_mb_per_s(mem->done,
							mem->write_ns));
	if (!dry)
		printf("  %-18s %llu MB/s\n", "read",
		       (unsigned long long)mem_mb_per_s(mem->done,
							mem->read_ns));
	if (!undecoded(mem))
		return;
	format_size(undecoded(mem), size, sizeof(size));
	printf("  %-18s %s of the static capacity, which decoder 0 does not decode\n",
	       dry ? "would not touch" : "not touched", size);
}

static int print_result(const struct mem *mem, const char *name)
{
	struct json_object *records = json_list();

	json_append(records, json_clear(mem, name));
	if (mem->args->opt[OPT_JSON])
		print_json("clears", records);
	else
		print_clear(mem, name);
	json_object_put(records);
	return EXIT_DONE;
}

static int clear_block(struct mem *mem, uint64_t at, size_t n)
{
	int ret = mem->args->opt[OPT_CHECK] ? 0 : mem_write(mem, at, n);

	return ret ? ret : mem_check(mem, at, n);
}

/* How far it got, so that it can be gone on with */
static int report_stop(struct mem *mem, const char *name, const char *state)
{
	struct vcxl_error e = { .err = -EINTR };
	unsigned long long next = mem->offset + mem->done;

	snprintf(e.object, sizeof(e.object), "%s", name);
	snprintf(e.element, sizeof(e.element), "offset %#llx", next);
	snprintf(e.why, sizeof(e.why), "stopped by a signal; %s", state);
	snprintf(e.next, sizeof(e.next), "go on with --offset %#llx --size %#llx",
		 next, (unsigned long long)(mem->size - mem->done));
	return report_error_as(mem->args, &e, EXIT_PARTLY);
}

static int run(struct mem *mem, const char *name)
{
	int ret = mem_walk(mem, clear_block);
	char state[96] = "";

	if (!ret)
		return print_result(mem, name);
	if (mem->args->opt[OPT_CHECK])
		return mem_failed(mem, name, ret, "");
	snprintf(state, sizeof(state), "%llu bytes from offset %#llx on are cleared, the rest is not",
		 (unsigned long long)mem->done,
		 (unsigned long long)mem->offset);
	return ret == -EINTR ? report_stop(mem, name, state) :
			       mem_failed(mem, name, ret, state);
}

int cmd_mem_clear(struct args *args)
{
	static const struct mem_command command = {
		.run = run,
		.print = print_result,
	};
	struct mem mem = { .args = args, .pattern = { .constant = true } };
	int ret = mem_range_options(&mem);

	return ret ? ret : mem_command(&mem, &command);
}
