// SPDX-License-Identifier: GPL-2.0-only
/*
 * mem test: block by block, note what is there, write, read back, put it back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* With --reset all of it is noted at once, in the host's memory */
#define MAX_RESET	(1ULL << 30)

static int put_page_back(struct mem *mem, uint64_t at, char *map,
			 const char *old, int err)
{
	int ret = vcxl_client_write(mem->client, at, old, MEM_GRAIN);

	if (!ret)
		return err;
	if (!err)
		err = mem_told(mem, ret);
	/* The other way may still be open */
	mem->lost = pattern_copy(map, old, MEM_GRAIN) != 0;
	return err;
}

/* Do read() and write() see the bytes that the mapping shows? */
static int check_file_page(struct mem *mem, uint64_t at)
{
	char old[MEM_GRAIN], new[MEM_GRAIN], *map = mem_at(mem, at);
	size_t i;
	int ret;

	mem->doing = "comparing read() with the mapping";
	ret = mem_told(mem, vcxl_client_read(mem->client, at, old, MEM_GRAIN));
	if (!ret)
		ret = pattern_same(map, old, MEM_GRAIN);
	if (ret || mem->args->opt[OPT_CHECK])
		return ret;

	for (i = 0; i < MEM_GRAIN; i++)
		new[i] = ~old[i];
	mem->doing = "comparing write() with the mapping";
	ret = mem_told(mem, vcxl_client_write(mem->client, at, new, MEM_GRAIN));
	if (!ret)
		ret = pattern_same(map, new, MEM_GRAIN);
	return put_page_back(mem, at, map, old, ret);
}

static int check_file(struct mem *mem)
{
	uint64_t last = mem->offset + mem->size - MEM_GRAIN;
	int ret = check_file_page(mem, mem->offset);

	return ret ? ret : check_file_page(mem, last);
}

static int test_block(struct mem *mem, uint64_t at, size_t n)
{
	char *map = mem_at(mem, at);
	int ret = 0;

	mem->doing = "noting what is there";
	if (mem->saved)
		ret = pattern_copy(mem->saved, map, n);
	if (ret)
		return ret;
	if (!mem->args->opt[OPT_CHECK])
		ret = mem_write(mem, at, n);
	if (!ret && mem->args->opt[OPT_RESET]) {
		mem->doing = "resetting";
		ret = mem_told(mem, vcxl_client_reset(mem->client));
	}
	if (!ret)
		ret = mem_check(mem, at, n);
	/* Also after a failure: as much as can be saved */
	if (!mem->saved || !pattern_copy(map, mem->saved, n))
		return ret;
	mem->lost = true;
	if (ret)
		return ret;
	mem->doing = "putting back what was there";
	return -EFAULT;
}

static struct json_object *json_test(const struct mem *mem, const char *name)
{
	const struct args *args = mem->args;
	struct json_object *o = json_record();
	bool dry = args->opt[OPT_DRY_RUN], check = args->opt[OPT_CHECK];

	json_add(o, "device", json_text(name));
	json_add(o, "offset", json_u64(mem->offset));
	json_add(o, "size", json_u64(mem->size));
	json_add(o, "page_sizes", json_u64(mem->info.page_sizes));
	json_add(o, "map_align", json_u64(mem->info.map_align));
	json_add(o, "map_offset", json_u64(mem->info.map_offset));
	json_add(o, "tested", json_u64(mem->done));
	json_add(o, "write_mb_s", dry || check ? NULL :
		 json_u64(mem_mb_per_s(mem->done, mem->write_ns)));
	json_add(o, "read_mb_s", dry ? NULL :
		 json_u64(mem_mb_per_s(mem->done, mem->read_ns)));
	json_add(o, "written", json_flag(!dry && !check));
	json_add(o, "kept", json_flag(!dry && args->opt[OPT_KEEP]));
	json_add(o, "reset", json_flag(!dry && args->opt[OPT_RESET]));
	json_add(o, "dry_run", json_flag(dry));
	return o;
}

static void print_test(const struct mem *mem, const char *name)
{
	const struct args *args = mem->args;
	bool check = args->opt[OPT_CHECK];
	char size[32], pages[64];

	format_size(mem->size, size, sizeof(size));
	format_sizes(mem->info.page_sizes, pages, sizeof(pages));
	printf("%s: %s at offset %#llx %s\n", name, size,
	       (unsigned long long)mem->offset,
	       args->opt[OPT_DRY_RUN] ? "would be tested" :
	       check ? "still hold what was written" :
	       args->opt[OPT_RESET] ? "are good, and survived a reset" :
	       "are good");
	printf("  %-18s %s\n  %-18s address %% %#llx == %#llx\n",
	       "page sizes", pages, "mapped at",
	       (unsigned long long)mem->info.map_align,
	       (unsigned long long)mem->info.map_offset);
	if (args->opt[OPT_DRY_RUN])
		return;
	if (!check)
		printf("  %-18s %llu MB/s\n", "write",
		       (unsigned long long)mem_mb_per_s(mem->done, mem->write_ns));
	printf("  %-18s %llu MB/s\n", "read",
	       (unsigned long long)mem_mb_per_s(mem->done, mem->read_ns));
	printf("  %-18s %s\n", "former content",
	       check ? "not touched" : args->opt[OPT_KEEP] ?
	       "overwritten (--keep)" : "put back");
}

static int print_result(const struct mem *mem, const char *name)
{
	struct json_object *records = json_list();

	json_append(records, json_test(mem, name));
	if (mem->args->opt[OPT_JSON])
		print_json("tests", records);
	else
		print_test(mem, name);
	json_object_put(records);
	return EXIT_DONE;
}

static int run(struct mem *mem, const char *name)
{
	int ret;

	if (!mem->args->opt[OPT_KEEP] && !mem->args->opt[OPT_CHECK]) {
		mem->saved = malloc(mem->block);
		mem->doing = "making room to note what is there";
		if (!mem->saved)
			return mem_failed(mem, name, -ENOMEM, "");
	}
	ret = check_file(mem);
	if (!ret)
		ret = mem_walk(mem, test_block);
	free(mem->saved);
	return ret ? mem_failed(mem, name, ret, mem->lost ?
				"what was there is lost" : "") :
		     print_result(mem, name);
}

static int check_range(struct mem *mem)
{
	struct args *args = mem->args;

	if (!args->opt[OPT_RESET])
		return EXIT_DONE;
	if (!args->opt[OPT_KEEP] && mem->size > MAX_RESET)
		return usage_error(args, "--reset keeps all that was there in the host's memory: use --size up to 1G, or --keep");
	mem->block = mem->size;
	return EXIT_DONE;
}

static int take_options(struct mem *mem)
{
	struct args *args = mem->args;
	int ret = mem_range_options(mem);

	if (!ret && args->opt[OPT_PATTERN]) {
		ret = size_option(args, OPT_PATTERN, &mem->pattern.value);
		mem->pattern.constant = true;
	}
	if (!ret && args->opt[OPT_CHECK] &&
	    (args->opt[OPT_KEEP] || args->opt[OPT_RESET]))
		return usage_error(args, "--check writes nothing: it can't go with --keep or --reset");
	return ret;
}

int cmd_mem_test(struct args *args)
{
	static const struct mem_command command = {
		.check_range = check_range,
		.run = run,
		.print = print_result,
	};
	struct mem mem = { .args = args };
	int ret = take_options(&mem);

	return ret ? ret : mem_command(&mem, &command);
}
