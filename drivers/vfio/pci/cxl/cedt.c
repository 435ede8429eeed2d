// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: fixed memory windows
 *
 * The CXL Early Discovery Table (CXL 3.1, 9.18.1) lists the host bridges and
 * the windows of host physical address space that firmware set aside for CXL
 * memory. It is the only table here, and it comes from firmware: every length
 * is checked before it is used, and a damaged entry ends the walk with an
 * error instead of being skipped, because what follows can't be trusted.
 */
#include "cedt.h"

#define CEDT_HEADER_LEN		36
#define CEDT_ENTRY_HEADER_LEN	4
#define CEDT_TYPE_CHBS		0
#define CEDT_TYPE_CFMWS		1
#define CHBS_LEN		32
#define CFMWS_LEN		36	/* without the target list */

/*
 * Find the @index'th entry of @type.
 * Returns 0, -ENOENT past the last one, -EINVAL where the table is damaged.
 */
static int cedt_entry(const u8 *cedt, size_t len, u8 type, unsigned int index,
		      const u8 **entry, size_t *entry_len)
{
	size_t pos = CEDT_HEADER_LEN;

	if (len < CEDT_HEADER_LEN || memcmp(cedt, "CEDT", 4))
		return -EINVAL;
	len = min_t(size_t, len, get_unaligned_le32(cedt + 4));

	while (pos < len) {
		size_t n;

		if (len - pos < CEDT_ENTRY_HEADER_LEN)
			return -EINVAL;
		n = get_unaligned_le16(cedt + pos + 2);
		if (n < CEDT_ENTRY_HEADER_LEN || n > len - pos)
			return -EINVAL;
		if (cedt[pos] == type && !index--) {
			*entry = cedt + pos;
			*entry_len = n;
			return 0;
		}
		pos += n;
	}

	return -ENOENT;
}

/* Encoded ways: 0..4 is 1, 2, 4, 8, 16; 8..10 is 3, 6, 12 */
static u32 cedt_ways(u8 eniw)
{
	if (eniw <= 4)
		return 1U << eniw;
	if (eniw >= 8 && eniw <= 10)
		return 3U << (eniw - 8);
	return 0;
}

/**
 * vfio_cxl_cedt_window - decode a fixed memory window
 * @cedt: the table, from its ACPI header on
 * @len: bytes of it that may be read
 * @index: which window, from 0, in the order of the table
 * @window: filled in on success
 *
 * Return: 0; -ENOENT past the last window; -EINVAL if the table is damaged.
 */
int vfio_cxl_cedt_window(const void *cedt, size_t len, unsigned int index,
			 struct vfio_cxl_cfmws *window)
{
	size_t entry_len;
	const u8 *entry;
	u32 hbig, i;
	u64 end;
	int ret;

	ret = cedt_entry(cedt, len, CEDT_TYPE_CFMWS, index, &entry, &entry_len);
	if (ret)
		return ret;
	if (entry_len < CFMWS_LEN)
		return -EINVAL;

	memset(window, 0, sizeof(*window));
	window->base = get_unaligned_le64(entry + 8);
	window->size = get_unaligned_le64(entry + 16);
	window->ways = cedt_ways(entry[24]);
	hbig = get_unaligned_le32(entry + 28);
	window->restrictions = get_unaligned_le16(entry + 32);
	window->qtg_id = get_unaligned_le16(entry + 34);

	if (!window->ways || entry_len < CFMWS_LEN + 4 * window->ways ||
	    hbig > 6 || !window->size ||
	    !IS_ALIGNED(window->base, SZ_256M) ||
	    !IS_ALIGNED(window->size, SZ_256M) ||
	    check_add_overflow(window->base, window->size, &end))
		return -EINVAL;

	window->granularity = 256U << hbig;
	for (i = 0; i < window->ways; i++)
		window->targets[i] = get_unaligned_le32(entry + CFMWS_LEN + 4 * i);

	return 0;
}

/**
 * vfio_cxl_cedt_bridge - find a host bridge
 * @cedt: the table, from its ACPI header on
 * @len: bytes of it that may be read
 * @uid: ACPI _UID of the bridge
 * @bridge: filled in on success
 *
 * Return: 0; -ENOENT if the table has no such bridge; -EINVAL if it is damaged.
 */
int vfio_cxl_cedt_bridge(const void *cedt, size_t len, u32 uid,
			 struct vfio_cxl_chbs *bridge)
{
	unsigned int index;
	size_t entry_len;
	const u8 *entry;
	int ret;

	for (index = 0; ; index++) {
		ret = cedt_entry(cedt, len, CEDT_TYPE_CHBS, index, &entry,
				 &entry_len);
		if (ret)
			return ret;
		if (entry_len < CHBS_LEN)
			return -EINVAL;
		if (get_unaligned_le32(entry + 4) == uid)
			break;
	}

	bridge->uid = uid;
	bridge->version = get_unaligned_le32(entry + 8);
	bridge->base = get_unaligned_le64(entry + 16);
	bridge->length = get_unaligned_le64(entry + 24);

	return 0;
}
