// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of memory attributes, entry by entry as the device hands it over: what
 * is said of a handle, and of a range, is what a second reading of the same bytes
 * says.
 */
#include "input.h"

#include "cdat.h"

#define ENTRIES		64
#define DSMAS_LEN	24
#define COMPARED	(VFIO_CXL_DSMAS_NON_VOLATILE | \
			 VFIO_CXL_DSMAS_SHARABLE | VFIO_CXL_DSMAS_COHERENT | \
			 VFIO_CXL_DSMAS_READ_ONLY)

/* Of the table so far, those that were not refused */
struct model {
	unsigned int count;
	u8 handle[ENTRIES];
	u8 flags[ENTRIES];
	u64 dpa[ENTRIES];
	u64 end[ENTRIES];
};

static u64 word(const u8 *at, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];

	return value;
}

static bool model_add(struct model *model, const u8 *entry, size_t len, int ret)
{
	unsigned int n = model->count;
	bool dsmas, fits;

	if (len < 4 || word(entry + 2, 2) != len) {
		must(ret == -EINVAL, "a header says how long it is");
		return false;
	}
	dsmas = !entry[0];
	if (!dsmas) {
		must(!ret, "what does not matter is no error");
		return true;
	}
	if (len != DSMAS_LEN) {
		must(ret == -EINVAL, "each DSMAS has one length");
		return false;
	}
	fits = n < VFIO_CXL_CDAT_DSMAS;
	must(ret != -ENOSPC || !fits, "there is room");
	model->handle[n] = entry[4];
	model->flags[n] = entry[5];
	model->dpa[n] = word(entry + 8, 8);
	model->end[n] = model->dpa[n] + word(entry + 16, 8);
	if (!fits) {
		must(ret == -ENOSPC, "no more than there is room for");
		return false;
	}
	if (model->end[n] < model->dpa[n]) {
		must(ret == -EINVAL, "no range wraps");
		return false;
	}
	must(!ret, "what makes sense is taken");
	model->count++;

	return true;
}

static bool model_sharable(const struct model *model, u8 handle)
{
	unsigned int n;

	for (n = 0; n < model->count; n++)
		if (model->handle[n] == handle)
			return model->flags[n] & VFIO_CXL_DSMAS_SHARABLE;

	return false;
}

/* Two that are in the range are never unlike */
static bool model_alike(const struct model *model, u64 dpa, u64 len)
{
	unsigned int n, seen = 0;
	u8 all = 0xff, any = 0;

	for (n = 0; n < model->count; n++) {
		if (model->end[n] <= dpa || model->dpa[n] >= dpa + len)
			continue;
		seen++;
		all &= model->flags[n];
		any |= model->flags[n];
	}

	return seen && !((all ^ any) & COMPARED);
}

/* An entry as long as it says, where nothing else is wanted */
static size_t next_entry(struct input *in, u8 entry[256])
{
	u8 how = in_u8(in);
	size_t len = how < 0x80 ? DSMAS_LEN : in_u8(in), i;

	for (i = 0; i < len; i++)
		entry[i] = in_u8(in);
	if (how & 1)
		entry[0] = 0;
	if (how & 2) {
		entry[2] = len;
		entry[3] = 0;
	}

	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct vfio_cxl_cdat cdat = {};
	struct model model = {};
	unsigned int left = ENTRIES, n;
	u64 dpa, len, end;
	u8 entry[256];
	size_t bytes;
	u8 *exact;

	while (in.left && left--) {
		bytes = next_entry(&in, entry);
		/* What is behind it is nobody's */
		exact = malloc(bytes ?: 1);
		memcpy(exact, entry, bytes);
		model_add(&model, exact, bytes,
			  vfio_cxl_cdat_add(&cdat, exact, bytes));
		free(exact);
		must(cdat.count == model.count, "each that is taken counts");
	}
	for (n = 0; n < 256; n++)
		must(vfio_cxl_cdat_sharable(&cdat, n) ==
		     model_sharable(&model, n), "sharable is what is said");
	dpa = in_scaled(&in);
	len = in_scaled(&in);
	for (n = 0; n < model.count; n++) {
		must(vfio_cxl_cdat_alike(&cdat, model.dpa[n],
					 model.end[n] - model.dpa[n]) ==
		     model_alike(&model, model.dpa[n],
				 model.end[n] - model.dpa[n]),
		     "alike is what has the same flags");
		if (!check_add_overflow(dpa, len, &end))
			must(vfio_cxl_cdat_alike(&cdat, dpa, len) ==
			     model_alike(&model, dpa, len),
			     "wherever the range is");
		dpa = model.dpa[n];
	}

	return 0;
}
