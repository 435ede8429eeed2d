// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of changes with readers, each at its own pace, or anywhere: what one gets
 * is in order, whole, and nothing is missing that it is not told of.
 */
#include "input.h"

#include "changes_ring.h"

#define READERS	4

struct reader {
	u64 position;
};

/* Any byte of an entry tells which one it is */
static u8 mark(u64 number)
{
	return number * 251 + (number >> 8);
}

static void add(struct vfio_cxl_changes_ring *ring)
{
	struct vfio_cxl_dcd_change change;
	u64 number = ring->next;

	memset(&change, mark(number), sizeof(change));
	vfio_cxl_changes_ring_add(ring, &change, number * 3);
	must(ring->next == number + 1, "each has the next number");
}

static void get(const struct vfio_cxl_changes_ring *ring, struct reader *reader)
{
	u64 wanted = reader->position ?: 1, oldest = 1, number;
	struct vfio_cxl_dc_event event;
	bool there = ring->next > wanted;

	if (ring->next > VFIO_CXL_CHANGES_KEPT)
		oldest = ring->next - VFIO_CXL_CHANGES_KEPT;
	number = wanted > oldest ? wanted : oldest;
	must(vfio_cxl_changes_ring_has(ring, reader->position) == there,
	     "it has what was added");
	must(vfio_cxl_changes_ring_reaches(ring, reader->position) ==
	     (reader->position <= ring->next), "none reaches what is to come");
	must(vfio_cxl_changes_ring_get(ring, &reader->position, &event) ==
	     there, "what it has can be got");
	if (!there) {
		must(reader->position == wanted || !reader->position,
		     "who gets nothing stays");
		return;
	}
	must(event.sequence == number, "the oldest that is kept");
	must(event.lost == number - wanted, "what is lost is told");
	must(event.time == number * 3, "its time");
	must(event.kind == mark(number) && event.region == mark(number) &&
	     event.tag[0] == mark(number) &&
	     (event.offer & 0xff) == mark(number), "and all of it");
	must(reader->position == number + 1, "the next one is next");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vfio_cxl_changes_ring ring;
	struct reader reader[READERS] = {};
	struct input in = { data, size };
	unsigned int n;
	u8 op;

	memset(&ring, 0, sizeof(ring));
	vfio_cxl_changes_ring_init(&ring);
	while (in.left) {
		op = in_u8(&in);
		switch (op >> 6) {
		case 0:
			for (n = (op & 0x3f) * 16; n; n--)
				add(&ring);
			break;
		case 1:
			add(&ring);
			break;
		case 2:
			for (n = op >> 2 & 0xf; n; n--)
				get(&ring, &reader[op % READERS]);
			break;
		default:
			/* Near either end, or anywhere */
			reader[op % READERS].position = op & 4 ?
				ring.next + (signed char)in_u8(&in) : in_scaled(&in);
		}
		get(&ring, &reader[op % READERS]);
	}

	return 0;
}
