/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_MEM_H
#define VFIO_CXL_MEM_H

#include "pattern.h"
#include "tool.h"

#define MEM_GRAIN	4096ULL
#define MEM_BLOCK	(16ULL << 20)

/**
 * struct mem - the memory of a device, opened by VFIO
 * @args: the command line
 * @client: the opened device
 * @info: see VFIO_CXL_INFO
 * @pattern: what is written, or expected
 * @offset: first byte
 * @size: bytes; 0 for all there are behind @offset
 * @block: bytes to do at once
 * @map: where @offset is mapped
 * @saved: mem test: what was in the block; NULL with --keep and --check
 * @done: bytes done
 * @write_ns: time spent writing
 * @read_ns: time spent reading back
 * @bad: the first place that is not as expected
 * @doing: for the account of a failure
 * @told: the library gave an account of it, @error
 * @error: see @told
 * @lost: mem test: what was there could not be put back
 */
struct mem {
	struct args *args;
	struct vcxl_client *client;
	struct vfio_cxl_info info;
	struct pattern pattern;
	uint64_t offset;
	uint64_t size;
	size_t block;
	char *map;
	char *saved;
	uint64_t done;
	uint64_t write_ns;
	uint64_t read_ns;
	struct mismatch bad;
	const char *doing;
	bool told;
	struct vcxl_error error;
	bool lost;
};

/**
 * struct mem_command - what differs between them
 * @check_range: 0, or an exit code after a complaint; may be NULL
 * @run: with the memory mapped; returns an exit code
 * @print: the result, also of a dry run; returns an exit code
 */
struct mem_command {
	int (*check_range)(struct mem *mem);
	int (*run)(struct mem *mem, const char *name);
	int (*print)(const struct mem *mem, const char *name);
};

int mem_command(struct mem *mem, const struct mem_command *command);
int mem_range_options(struct mem *mem);
int mem_walk(struct mem *mem,
	     int (*block)(struct mem *mem, uint64_t at, size_t n));
void *mem_at(const struct mem *mem, uint64_t at);
uint64_t mem_mb_per_s(uint64_t bytes, uint64_t ns);
int mem_told(struct mem *mem, int ret);
int mem_write(struct mem *mem, uint64_t at, size_t n);
int mem_check(struct mem *mem, uint64_t at, size_t n);
int mem_failed(struct mem *mem, const char *name, int err, const char *state);

#endif /* VFIO_CXL_MEM_H */
