// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CXL Early Discovery Table. The input is the table: libFuzzer hands it over
 * in an allocation of its size, so that the sanitizer sees every byte too many.
 * What the parser says of each window and bridge is compared with a second
 * reading of the same bytes, one byte at a time.
 */
#include "input.h"

#include "cedt.h"

#define HEADER		36
#define MAX_ENTRIES	1024

#define BRIDGE		0
#define WINDOW		1

/* Windows stand and end at multiples of it; 36 bits of them are an address */
#define UNIT_SHIFT	28

struct entry {
	const u8 *at;
	size_t len;
};

/* What there is of one type before the table ends or makes no sense */
struct list {
	struct entry entry[MAX_ENTRIES];
	unsigned int count;
	int end;	/* what is behind the last one */
};

static void list(struct list *list, u8 type, const u8 *data, size_t size)
{
	size_t at, len;

	list->count = 0;
	list->end = -EINVAL;
	if (size < HEADER || memcmp(data, "CEDT", 4))
		return;
	if (number(data + 4, 4) < size)
		size = number(data + 4, 4);

	for (at = HEADER; at < size; at += len) {
		if (at + 4 > size)
			return;
		len = number(data + at + 2, 2);
		if (len < 4 || at + len > size)
			return;
		if (data[at] != type)
			continue;
		must(list->count < MAX_ENTRIES, "an input is 4 KiB at most");
		list->entry[list->count++] = (struct entry) { data + at, len };
	}
	list->end = -ENOENT;
}

static int read_window(const struct entry *e, struct vfio_cxl_cfmws *w)
{
	static const u8 ways[] = { 1, 2, 4, 8, 16, 0, 0, 0, 3, 6, 12 };
	u64 unit = 1ULL << UNIT_SHIFT;
	unsigned int i;

	memset(w, 0, sizeof(*w));
	if (e->len < 36)
		return -EINVAL;
	w->base = number(e->at + 8, 8);
	w->size = number(e->at + 16, 8);
	w->ways = e->at[24] < sizeof(ways) ? ways[e->at[24]] : 0;
	w->restrictions = number(e->at + 32, 2);
	w->qtg_id = number(e->at + 34, 2);
	if (!w->ways || e->len < 36 + 4 * w->ways || number(e->at + 28, 4) > 6)
		return -EINVAL;
	if (!w->size || w->base % unit || w->size % unit ||
	    w->base / unit + w->size / unit >= 1ULL << (64 - UNIT_SHIFT))
		return -EINVAL;

	w->granularity = 1U << (8 + e->at[28]);
	for (i = 0; i < w->ways; i++)
		w->targets[i] = number(e->at + 36 + 4 * i, 4);

	return 0;
}

static void check_windows(const u8 *data, size_t size)
{
	struct vfio_cxl_cfmws window, want;
	static struct list windows;
	unsigned int i;
	int ret;

	list(&windows, WINDOW, data, size);
	for (i = 0; i < windows.count; i++) {
		memset(&window, 0xa5, sizeof(window));
		ret = vfio_cxl_cedt_window(data, size, i, &window);
		must(ret == read_window(&windows.entry[i], &want),
		     "a window is good, or it is not");
		must(ret || !memcmp(&window, &want, sizeof(want)),
		     "a window is what the table says");
	}
	must(vfio_cxl_cedt_window(data, size, i, &window) == windows.end,
	     "what follows the last window is the end, or damage");
	must(vfio_cxl_cedt_window(data, size, ~0U, &window) == windows.end,
	     "no table has as many windows");
}

static int find_bridge(const struct list *bridges, u32 uid,
		       struct vfio_cxl_chbs *bridge)
{
	const struct entry *e;

	for (e = bridges->entry; e < bridges->entry + bridges->count; e++) {
		if (e->len < 32)
			return -EINVAL;
		if (number(e->at + 4, 4) != uid)
			continue;
		bridge->uid = uid;
		bridge->version = number(e->at + 8, 4);
		bridge->base = number(e->at + 16, 8);
		bridge->length = number(e->at + 24, 8);
		return 0;
	}

	return bridges->end;
}

static void check_bridge(const struct list *bridges, u32 uid, const u8 *data,
			 size_t size)
{
	struct vfio_cxl_chbs bridge, want;
	int ret = vfio_cxl_cedt_bridge(data, size, uid, &bridge);

	must(ret == find_bridge(bridges, uid, &want),
	     "a bridge is there, or it is not, or the table is damaged");
	must(ret || (bridge.uid == want.uid && bridge.version == want.version &&
		     bridge.base == want.base && bridge.length == want.length),
	     "a bridge is what the table says");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list bridges;
	unsigned int i;

	check_windows(data, size);

	list(&bridges, BRIDGE, data, size);
	for (i = 0; i < bridges.count; i++)
		if (bridges.entry[i].len >= 8)
			check_bridge(&bridges, number(bridges.entry[i].at + 4, 4),
				     data, size);
	/* No bridge's, mostly */
	check_bridge(&bridges, 0, data, size);
	check_bridge(&bridges, ~0U, data, size);

	return 0;
}
