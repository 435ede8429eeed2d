// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the last entries of a log of changes
 *
 * Whoever writes waits for nobody: what is old is overwritten. Each reader has a
 * position of its own, the number of the entry that it wants next, and is told how
 * many it came too late for.
 */
#include "changes_ring.h"

static_assert((VFIO_CXL_CHANGES_KEPT & (VFIO_CXL_CHANGES_KEPT - 1)) == 0);

/**
 * vfio_cxl_changes_ring_init - begin with none
 * @ring: zeroed memory
 */
void vfio_cxl_changes_ring_init(struct vfio_cxl_changes_ring *ring)
{
	ring->next = 1;
}

/**
 * vfio_cxl_changes_ring_add - append an entry
 * @ring: the ring
 * @change: what it tells
 * @time_ns: when that was
 */
void vfio_cxl_changes_ring_add(struct vfio_cxl_changes_ring *ring,
			       const struct vfio_cxl_dcd_change *change,
			       u64 time_ns)
{
	struct vfio_cxl_dc_event *entry;

	entry = &ring->entry[ring->next % VFIO_CXL_CHANGES_KEPT];
	entry->sequence = ring->next++;
	entry->time = time_ns;
	entry->offer = change->offer;
	entry->extent = change->extent;
	entry->length = change->length;
	memcpy(entry->tag, change->tag, sizeof(entry->tag));
	entry->kind = change->kind;
	entry->state = change->state;
	entry->reach = change->reach;
	entry->reason = change->reason;
	entry->rc = change->rc;
	entry->region = change->region;
}

/* The number of the oldest entry that is kept, or that comes next */
static u64 ring_oldest(const struct vfio_cxl_changes_ring *ring)
{
	if (ring->next <= VFIO_CXL_CHANGES_KEPT)
		return 1;

	return ring->next - VFIO_CXL_CHANGES_KEPT;
}

/**
 * vfio_cxl_changes_ring_has - is there an entry for a reader?
 * @ring: the ring
 * @position: number of the one that it wants; there is no number 0
 *
 * Return: is there, or one after it?
 */
bool vfio_cxl_changes_ring_has(const struct vfio_cxl_changes_ring *ring,
			       u64 position)
{
	return ring->next > max_t(u64, position, 1);
}

/**
 * vfio_cxl_changes_ring_get - the entry at a position, or the first one after it
 * @ring: the ring
 * @position: its number; grows to that of the one behind it
 * @event: filled in
 *
 * Return: is there one?
 */
bool vfio_cxl_changes_ring_get(const struct vfio_cxl_changes_ring *ring,
			       u64 *position, struct vfio_cxl_dc_event *event)
{
	/* There is no number 0 that could be lost */
	u64 wanted = max_t(u64, *position, 1);
	u64 number = max(wanted, ring_oldest(ring));

	if (!vfio_cxl_changes_ring_has(ring, wanted))
		return false;

	*event = ring->entry[number % VFIO_CXL_CHANGES_KEPT];
	event->lost = number - wanted;
	*position = number + 1;

	return true;
}

/**
 * vfio_cxl_changes_ring_reaches - may a reader be there?
 * @ring: the ring
 * @position: number of the entry that it wants, which may be kept no more; 0 is as 1
 *
 * Return: was there such an entry, or is it the one that comes next? Who wants one
 * from behind that means another log.
 */
bool vfio_cxl_changes_ring_reaches(const struct vfio_cxl_changes_ring *ring,
				   u64 position)
{
	return position <= ring->next;
}
