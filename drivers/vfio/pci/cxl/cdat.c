// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: memory attributes
 *
 * The Coherent Device Attribute Table of a device says which of its memory is
 * volatile, sharable and so on, in Device Scoped Memory Affinity Structures (CDAT
 * 1.04, 2.1). The device supplies it, one entry at a time.
 */
#include "cdat.h"

#define CDAT_TYPE_DSMAS		0
#define CDAT_ENTRY_HEADER	4
#define CDAT_DSMAS_LEN		24

/* What a decoder's range has to have in common */
#define CDAT_COMPARED	(VFIO_CXL_DSMAS_NON_VOLATILE | \
			 VFIO_CXL_DSMAS_SHARABLE | VFIO_CXL_DSMAS_COHERENT | \
			 VFIO_CXL_DSMAS_READ_ONLY)

/**
 * vfio_cxl_cdat_add - look at the next entry of the table
 * @cdat: grows by it, where it matters
 * @data: the entry, from its header on
 * @len: bytes that came
 *
 * Return: 0; -EINVAL if it makes no sense, -ENOSPC if there are too many.
 */
int vfio_cxl_cdat_add(struct vfio_cxl_cdat *cdat, const void *data, size_t len)
{
	struct vfio_cxl_dsmas *dsmas = &cdat->dsmas[cdat->count];
	const u8 *entry = data;
	u64 end;

	if (len < CDAT_ENTRY_HEADER || get_unaligned_le16(entry + 2) != len)
		return -EINVAL;
	if (entry[0] != CDAT_TYPE_DSMAS)
		return 0;
	if (len != CDAT_DSMAS_LEN)
		return -EINVAL;
	if (cdat->count == VFIO_CXL_CDAT_DSMAS)
		return -ENOSPC;

	dsmas->handle = entry[4];
	dsmas->flags = entry[5];
	dsmas->dpa = get_unaligned_le64(entry + 8);
	dsmas->len = get_unaligned_le64(entry + 16);
	if (check_add_overflow(dsmas->dpa, dsmas->len, &end))
		return -EINVAL;
	cdat->count++;

	return 0;
}

/**
 * vfio_cxl_cdat_sharable - may other hosts have memory of this kind too?
 * @cdat: the table
 * @handle: of the DSMAS
 *
 * Return: the answer; no where the table does not say.
 */
bool vfio_cxl_cdat_sharable(const struct vfio_cxl_cdat *cdat, u8 handle)
{
	unsigned int n;

	for (n = 0; n < cdat->count; n++)
		if (cdat->dsmas[n].handle == handle)
			return cdat->dsmas[n].flags & VFIO_CXL_DSMAS_SHARABLE;

	return false;
}

/**
 * vfio_cxl_cdat_alike - has all memory of a range the same attributes?
 * @cdat: the table
 * @dpa: first byte of the range
 * @len: bytes; does not wrap
 *
 * Gaps between what the table tells of don't matter: there is no memory.
 *
 * Return: the answer; no where the table tells of nothing in the range.
 */
bool vfio_cxl_cdat_alike(const struct vfio_cxl_cdat *cdat, u64 dpa, u64 len)
{
	const struct vfio_cxl_dsmas *first = NULL, *dsmas;
	unsigned int n;

	for (n = 0; n < cdat->count; n++) {
		dsmas = &cdat->dsmas[n];
		if (dsmas->dpa >= dpa + len || dsmas->dpa + dsmas->len <= dpa)
			continue;
		first = first ?: dsmas;
		if ((dsmas->flags ^ first->flags) & CDAT_COMPARED)
			return false;
	}

	return first;
}
