// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "model_dc.h"

/* 0, or which step failed: see dc_begin() */
int model_begin(struct dc *dc, const char *commands)
{
	*dc = (struct dc){ .user = USER_CLOSED, .node = -1 };
	if (!device_is(MODEL_DC) || (*commands && !device_does(commands)) ||
	    !dev_bind())
		return -1;

	return dc_begin(dc);
}

static char *mapped = MAP_FAILED;
static __u64 mapped_size;

/* Unmapped in the end: until then nothing is unbound */
char *model_map(const struct dc *dc, __u64 at, __u64 size)
{
	mapped = dc_map(dc, at, size);
	mapped_size = size;

	return mapped;
}

/* Whatever it did before, it behaves and is as at first */
void model_end(struct dc *dc)
{
	if (mapped != MAP_FAILED)
		munmap(mapped, mapped_size);
	mapped = MAP_FAILED;
	user_close(&dc->user);
	close(dc->node);
	device_bound("");
}

unsigned long model_count(const char *what)
{
	const char *answer = bed("model dcd0 dc count");
	const char *at = answer ? strstr(answer, what) : NULL;

	if (!at)
		abort();

	return strtoul(at + strlen(what), NULL, 0);
}

/* Says the device, which was never told an answer to nothing */
bool model_has(int accepted, int offered)
{
	return model_count("accepted ") == accepted &&
	       model_count("offered ") == offered && !model_count("stray ");
}

bool model_offer(__u64 dpa, __u64 length, const struct tag *tag)
{
	return bed("model dcd0 offer %#llx %#llx %s", dpa, length,
		   tag ? tag->text : "-");
}

/* Offered, and accepted for whoever has it open */
bool model_take(struct dc *dc, __u64 dpa, __u64 length, const struct tag *tag)
{
	return model_offer(dpa, length, tag) &&
	       dc_becomes(dc->node, tag, VFIO_CXL_DC_PENDING, SOON) &&
	       !dc_accept(dc->user.device, tag, VFIO_CXL_DC_REACH_TENANT,
			  &dc->answer) &&
	       dc_becomes(dc->node, tag, VFIO_CXL_DC_COMMITTED, SOON);
}

/* After all that, an offer is taken and given back as if nothing had been */
bool model_works(struct dc *dc)
{
	struct tag tag = tag_new();

	return model_take(dc, REGION_1 + 64 * BLOCK, BLOCK, &tag) &&
	       !dc_release(dc->user.device, &tag, 0, &dc->answer) &&
	       dc_becomes(dc->node, &tag, VFIO_CXL_DC_RELEASED, SOON) &&
	       !model_count("stray ");
}

bool stat_becomes(int node, size_t counter, __u64 value)
{
	struct vfio_cxl_dc_info info;

	return within(SOON, !dc_info(node, &info) &&
		      *(__u64 *)((char *)&info + counter) == value);
}

/* With 0: a time to give again */
long elapsed_ms(long since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * 1000 + now.tv_nsec / 1000000 - since;
}
