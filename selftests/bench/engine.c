// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine: what the driver's Dynamic Capacity engine costs, in user space and with
 * the unit tests' device, which may hold as many extents as the engine bears; no
 * emulator's does. Prints a line of JSON for each measurement, for table_dc.py.
 *
 * What the device takes for commands is left out: it is no real one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dcd_bench.h"
#include "times.h"

#define BLOCKS		(VFIO_CXL_DC_EXTENTS + 1024)
#define ROUNDS		20
#define SAMPLES		64
/* As many as the ioctl takes at once */
#define PAGE		32

static uint64_t values[MAX_SAMPLES];
static unsigned int nr_values;

/* The device's own, since it was last asked */
static int (*device_command)(void *ctx, struct vfio_cxl_mbox_cmd *cmd);
static uint64_t device_ticks;

static int timed_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd)
{
	uint64_t start = ticks();
	int ret = device_command(ctx, cmd);

	device_ticks += ticks() - start;

	return ret;
}

static void begin(struct dcd_bench *b)
{
	memset(b, 0, sizeof(*b));
	fake_dcd_init(&b->fake, 0);
	b->fake.regions = 1;
	b->fake.region_blocks = BLOCKS;
	b->fake.supported = BLOCKS;
	b->fake.limits.payload = VFIO_CXL_DC_PAYLOAD_MAX;
	b->fake.log_size = DCD_LOG_MAX;
	fake_dcd_make(&b->fake);
	device_command = b->fake.ops.command;
	b->fake.ops.command = timed_command;
	nr_values = 0;
}

static void start(struct dcd_bench *b)
{
	if (start_engine(b))
		die("the engine does not start");
}

static void end(struct dcd_bench *b)
{
	stop_engine(b);
	fake_dcd_free(&b->fake);
}

static void print(const char *what, const char *by, unsigned int count)
{
	char head[160];

	snprintf(head, sizeof(head),
		 "\"what\":\"%s\",\"by\":\"%s\",\"count\":%u,", what, by,
		 count);
	print_samples(head, values, nr_values, tick_ns());
}

/*
 * Accept and release, of a tag of so many extents
 */

static void offer(struct dcd_bench *b, unsigned int count)
{
	static struct fake_dcd_extent e[DCD_LOG_MAX];
	unsigned int i;

	for (i = 0; i < count; i++)
		e[i] = (struct fake_dcd_extent)X(i, 1, TAG_A);
	fake_dcd_offer(&b->fake, e, count);
	drain(b);
}

static void decide(unsigned int count, bool release)
{
	static struct dcd_bench b;
	uint64_t at, left;
	int ret, i;

	begin(&b);
	start(&b);
	for (i = 0; i < ROUNDS; i++) {
		offer(&b, count);
		device_ticks = 0;
		at = ticks();
		ret = accept_tag(&b, TAG_A);
		left = ticks() - at - device_ticks;
		if (ret || state_of(&b, TAG_A) != STATE(COMMITTED))
			die("%u extents are not accepted", count);
		if (!release)
			values[nr_values++] = left;
		device_ticks = 0;
		at = ticks();
		ret = release_tag(&b, TAG_A);
		left = ticks() - at - device_ticks;
		if (ret || state_of(&b, TAG_A) != STATE(RELEASED))
			die("%u extents are not released", count);
		if (release)
			values[nr_values++] = left;
	}
	end(&b);
	print(release ? "release, engine" : "accept, engine", "extents of a tag",
	      count);
}

/*
 * What is asked while so many are held
 */

/* Each of a tag of its own; or all of one, as the device's list may have it */
static void hold(struct dcd_bench *b, unsigned int count, bool one_tag)
{
	unsigned int i;

	begin(b);
	for (i = 0; i < count; i++) {
		b->fake.accepted[i] = (struct fake_dcd_extent)
			X(i, 1, one_tag ? 0x1000 : 0x1000 + i);
		b->fake.block[i] = FAKE_BLOCK_ACCEPTED;
	}
	b->fake.nr_accepted = count;
	start(b);
	for (i = 0; i < (one_tag ? 1 : count); i++)
		if (accept_tag(b, 0x1000 + i))
			die("what was found is not accepted");
	/* Somebody has it mapped, and touches none of it */
	b->fake.mapped = true;
	b->fake.uses++;
}

static void status(struct dcd_bench *b, unsigned int count, bool one_tag)
{
	u8 uuid[VFIO_CXL_DC_TAG_LEN];
	unsigned int i, n, tag;
	uint64_t at, took, best;
	int ret;

	for (i = 0; i < SAMPLES; i++) {
		/* Spread over all of them */
		tag = one_tag ? 0 : i * max(count / SAMPLES, 1U) % count;
		fake_dcd_tag(0x1000 + tag, uuid);
		/* The best of some of each, and all of these: levels differ */
		for (best = ~0ULL, n = 0; n < ROUNDS; n++) {
			at = ticks();
			ret = vfio_cxl_dcd_tag_status(&b->dcd, uuid,
						      VFIO_CXL_DC_ALL_REGIONS,
						      false, &b->status);
			took = ticks() - at;
			if (ret)
				die("a tag is not known");
			best = min(best, took);
		}
		values[nr_values++] = best;
	}
	print(one_tag ? "status of a tag of all" : "status of a tag of one",
	      "extents held", count);
}

/* The whole list, or each of its pages, in the order of the extents */
static void list(struct dcd_bench *b, unsigned int count, bool whole)
{
	static struct vfio_cxl_dcd_item item[PAGE];
	struct vfio_cxl_dcd_page page;
	unsigned int n, listed;
	uint64_t at, first, took;

	nr_values = 0;
	for (n = 0; n < (whole ? 5 : 1 + SAMPLES * PAGE / count); n++) {
		page = (struct vfio_cxl_dcd_page){ .item = item, .room = PAGE };
		listed = 0;
		first = ticks();
		do {
			at = ticks();
			if (vfio_cxl_dcd_list(&b->dcd, &page))
				die("the list changes");
			took = ticks() - at;
			listed += page.count;
			if (!whole && nr_values < MAX_SAMPLES)
				values[nr_values++] = took;
		} while (page.more);
		if (whole)
			values[nr_values++] = ticks() - first;
		if (listed != count)
			die("%u of %u extents are listed", listed, count);
	}
	print(whole ? "list, all of it" : "list, a page of 32", "extents held",
	      count);
}

/* The device takes some away, one by one */
static void take_away(struct dcd_bench *b, unsigned int count)
{
	struct cxl_dc_event event = {
		.uuid = CXL_DC_EVENT_UUID,
		.length = sizeof(event),
		.type = CXL_DC_EVENT_FORCED_RELEASE,
		.extent.length = cpu_to_le64(DCD_BLOCK),
	};
	uint64_t at;
	unsigned int i;

	nr_values = 0;
	for (i = 0; i < 16; i++) {
		event.extent.dpa = cpu_to_le64(fake_dcd_at(i * (count / 16)));
		at = ticks();
		vfio_cxl_dcd_event(&b->dcd, &event);
		values[nr_values++] = ticks() - at;
	}
	if (b->dcd.stats.revoked != 16)
		die("not all was revoked");
	print("revoke one, engine", "extents held", count);
}

int main(void)
{
	static const unsigned int tags[] = { 1, 8, 64, 512 };
	static const unsigned int sizes[] = { 16, 1024, VFIO_CXL_DC_EXTENTS };
	static struct dcd_bench b;
	unsigned int i;

	memset(values, 1, sizeof(values));
	times_start();
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		decide(tags[i], false);
		decide(tags[i], true);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		hold(&b, sizes[i], false);
		status(&b, sizes[i], false);
		list(&b, sizes[i], false);
		list(&b, sizes[i], true);
		take_away(&b, sizes[i]);
		/* Not by the device, which would look for each in all of its list */
		b.fake.nr_accepted = 0;
		vfio_cxl_dcd_reset(&b.dcd);
		end(&b);
		hold(&b, sizes[i], true);
		status(&b, sizes[i], true);
		b.fake.nr_accepted = 0;
		vfio_cxl_dcd_reset(&b.dcd);
		end(&b);
	}

	return 0;
}
