// SPDX-License-Identifier: GPL-2.0-only
/* The host around the engine: time, memory, locks, what is reachable. */
#include "fake_dcd_parts.h"

static u64 now_ns(void *ctx)
{
	return ((struct fake_dcd *)ctx)->now_ns;
}

static bool is_out_of_memory(struct fake_dcd *fake)
{
	if (!fake->alloc_fails || --fake->alloc_fails)
		return false;
	fake_dcd_fault(fake, FAKE_DCD_NO_MEMORY, 0);

	return true;
}

static void *alloc(void *ctx, size_t size)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		fake_dcd_die(fake, "an allocation under the state lock");
	if (is_out_of_memory(fake))
		return NULL;
	fake->allocs++;

	return fake_dcd_zeroed(size);
}

static void free_one(void *ctx, void *p)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		fake_dcd_die(fake, "freed under the state lock");
	fake->frees += !!p;
	free(p);
}

static void another_cpu(struct fake_dcd *fake)
{
	if (!fake->unlocked || fake->looking)
		return;
	fake->looking = true;
	fake->unlocked(fake);
	fake->looking = false;
}

static void take_lock(void *ctx)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		fake_dcd_die(fake, "the state lock, twice");
	another_cpu(fake);
	fake->locked = true;
}

static void unlock(void *ctx)
{
	struct fake_dcd *fake = ctx;

	fake->locked = false;
	another_cpu(fake);
}

static bool covered(void *ctx, u64 dpa, u64 len)
{
	return dpa + len <= ((struct fake_dcd *)ctx)->covered_to;
}

static bool sharable(void *ctx, u8 dsmad)
{
	return ((struct fake_dcd *)ctx)->sharable & 1U << dsmad;
}

static int prepare(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || e->prepared)
		fake_dcd_die(fake, "prepared under the state lock, or twice");
	if (fake->prepare_fails)
		return -ENOMEM;
	if (is_out_of_memory(fake))
		return -ENOMEM;
	e->priv = fake_dcd_zeroed(1);
	fake_dcd_mark(fake, e->dpa, e->len, 0, FAKE_BLOCK_PREPARED);

	return 0;
}

/* Who is to be told that a block is touched */
static void place(struct fake_dcd *fake, const struct vfio_cxl_dcd_extent *e,
		  struct vfio_cxl_dcd_extent *at)
{
	u64 from = (e->dpa - fake->base) / DCD_BLOCK, i;

	for (i = 0; i < e->len / DCD_BLOCK; i++)
		fake->at[from + i] = at;
}

static void publish(void *ctx, struct vfio_cxl_dcd_extent *e,
		    enum vfio_cxl_dc_reach reach)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || !e->priv || reach == VFIO_CXL_DC_REACH_NONE)
		fake_dcd_die(fake, "published without preparation");
	if (!fake_dcd_has(fake, e->dpa, e->len,
			  FAKE_BLOCK_ACCEPTED | FAKE_BLOCK_FORCED))
		fake_dcd_die(fake, "published before it is accepted");
	if (fake_dcd_any(fake, e->dpa, e->len, FAKE_BLOCK_STALE))
		fake_dcd_die(fake, "published with old lines in caches");
	/* What was unmapped is not in use, whoever touched it before */
	fake_dcd_mark(fake, e->dpa, e->len, FAKE_BLOCK_TOUCHED,
		      FAKE_BLOCK_PUBLISHED);
	*(u8 *)e->priv = reach;
	place(fake, e, e);
}

static bool is_app(const struct vfio_cxl_dcd_extent *e)
{
	return e->priv && *(u8 *)e->priv == VFIO_CXL_DC_REACH_APP;
}

static void unpublish(void *ctx, struct vfio_cxl_dcd_extent *e)
{
	struct fake_dcd *fake = ctx;
	u8 clear = FAKE_BLOCK_PUBLISHED | FAKE_BLOCK_PREPARED |
		   FAKE_BLOCK_TOUCHED;

	if (is_app(e) && !fake->leaving)
		fake_dcd_die(fake, "taken from descriptors that were not told");

	/* Only what the device takes is torn out of somebody's hands */
	if (fake_dcd_any(fake, e->dpa, e->len, FAKE_BLOCK_TOUCHED) &&
	    !fake->allow_in_use && !fake->took)
		fake_dcd_mark(fake, e->dpa, e->len, 0, FAKE_BLOCK_TORN);
	if (fake->locked || !e->priv)
		fake_dcd_die(fake, "unpublished without preparation");
	if (fake_dcd_any(fake, e->dpa, e->len, FAKE_BLOCK_PUBLISHED))
		fake_dcd_mark(fake, e->dpa, e->len, 0, FAKE_BLOCK_DIRTY);
	free(e->priv);
	e->priv = NULL;
	fake_dcd_mark(fake, e->dpa, e->len, clear, 0);
	place(fake, e, NULL);
}

static u64 use(void *ctx)
{
	struct fake_dcd *fake = ctx;

	if (!fake->locked)
		fake_dcd_die(fake, "asked without the state lock");

	return fake->mapped ? fake->uses : 0;
}

static int clear(void *ctx, const struct vfio_cxl_dcd_extent *e)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || e->published)
		fake_dcd_die(fake,
			     "cleared under the state lock, or while reachable");

	return e->dpa == fake->base + fake->clear_block * DCD_BLOCK ?
	       fake->clear_fails : 0;
}

static void flush(void *ctx, u64 dpa, u64 len)
{
	struct fake_dcd *fake = ctx;

	if (fake->locked || fake_dcd_any(fake, dpa, len, FAKE_BLOCK_PUBLISHED))
		fake_dcd_die(fake,
			     "flushed under the state lock, or while reachable");
	fake->flushes++;
	fake_dcd_mark(fake, dpa, len, FAKE_BLOCK_DIRTY | FAKE_BLOCK_STALE, 0);
}

static bool tag_live_elsewhere(void *ctx, const u8 tag[VFIO_CXL_DC_TAG_LEN])
{
	struct fake_dcd *fake = ctx;

	if (fake->locked)
		fake_dcd_die(fake, "another device asked under the state lock");

	return fake->live_elsewhere &&
	       fake_dcd_tag_of(tag) == fake->live_elsewhere;
}

static void log_change(void *ctx, const struct vfio_cxl_dcd_change *c)
{
	struct fake_dcd *fake = ctx;

	if (!fake->locked)
		fake_dcd_die(fake, "a change without the state lock");
	fake->leaving = c->kind == VFIO_CXL_DC_CHANGE_LEAVE;
	fake->change[fake->changes++ % DCD_CHANGES] = *c;
}

/* A block, by a user who may have to map it first: is it given to him? */
bool fake_dcd_touch(struct fake_dcd *fake, struct vfio_cxl_dcd *dcd, u64 dpa)
{
	struct vfio_cxl_dcd_extent *e = fake->at[(dpa - fake->base) / DCD_BLOCK];

	fake->uses += !fake->mapped;
	fake->mapped = true;
	/* Of the region the engine asks, of descriptors it is told */
	if (e && is_app(e))
		vfio_cxl_dcd_used(dcd, e, fake->uses);
	if (!e || !vfio_cxl_dcd_touch(dcd, e, fake->uses))
		return false;
	fake_dcd_mark(fake, dpa, DCD_BLOCK, 0,
		      FAKE_BLOCK_TOUCHED | FAKE_BLOCK_DIRTY);

	return true;
}

/* Everywhere: nothing is in use any more, but caches may have it */
void fake_dcd_unmap(struct fake_dcd *fake, struct vfio_cxl_dcd *dcd)
{
	u64 i;

	for (i = 0; i < fake->blocks; i++) {
		fake->block[i] &= ~FAKE_BLOCK_TOUCHED;
		if (fake->at[i] && is_app(fake->at[i]))
			vfio_cxl_dcd_used(dcd, fake->at[i], 0);
	}
	fake->mapped = false;
}

void fake_dcd_host(struct fake_dcd *fake)
{
	fake->ops = (struct vfio_cxl_dcd_ops){
		.command = fake_dcd_command,
		.now_ns = now_ns,
		.alloc = alloc,
		.free = free_one,
		.lock = take_lock,
		.unlock = unlock,
		.covered = covered,
		.sharable = sharable,
		.prepare = prepare,
		.publish = publish,
		.unpublish = unpublish,
		.use = use,
		.clear = clear,
		.flush = flush,
		.tag_live_elsewhere = tag_live_elsewhere,
		.change = log_change,
	};
}
