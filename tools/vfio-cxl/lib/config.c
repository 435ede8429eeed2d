// SPDX-License-Identifier: GPL-2.0-only
/*
 * Config space: the serial number and the CXL Device DVSEC. The extended
 * capabilities are the device's own claims, so their chain is bounded and
 * every body is checked to be there.
 */
#include <string.h>

#include <vfio_cxl_shim.h>

#include "private.h"

#define EXT_START		0x100
#define EXT_MIN_LEN		4
#define EXT_ID_DSN		0x0003
#define EXT_ID_DVSEC		0x0023
#define DVSEC_VENDOR_CXL	0x1e98
#define DVSEC_ID_DEVICE		0
#define DVSEC_CAPABILITY	0x0a
#define DVSEC_MEM_CAPABLE	BIT(2)

static void parse_dsn(struct vcxl_device *dev, const uint8_t *cap, size_t len)
{
	if (len < 12)
		return;
	dev->serial = (uint64_t)get_unaligned_le32(cap + 8) << 32 |
		      get_unaligned_le32(cap + 4);
	dev->has_serial = true;
}

static void parse_dvsec(struct vcxl_device *dev, const uint8_t *cap, size_t len)
{
	if (len < DVSEC_CAPABILITY + 2)
		return;
	if (get_unaligned_le16(cap + 4) != DVSEC_VENDOR_CXL ||
	    get_unaligned_le16(cap + 8) != DVSEC_ID_DEVICE)
		return;
	if (get_unaligned_le16(cap + DVSEC_CAPABILITY) & DVSEC_MEM_CAPABLE)
		dev->mem_capable = true;
}

/* @len may end before the extended config space begins */
void vcxl_config_parse(struct vcxl_device *dev, const uint8_t *config,
		       size_t len)
{
	unsigned int hops = (VCXL_CONFIG_LEN - EXT_START) / EXT_MIN_LEN;
	size_t pos = EXT_START;

	if (len < EXT_START + EXT_MIN_LEN)
		return;
	while (hops-- && pos >= EXT_START && pos + EXT_MIN_LEN <= len) {
		uint32_t header = get_unaligned_le32(config + pos);

		if (!header || header == UINT32_MAX)
			break;
		if ((header & 0xffff) == EXT_ID_DSN)
			parse_dsn(dev, config + pos, len - pos);
		if ((header & 0xffff) == EXT_ID_DVSEC)
			parse_dvsec(dev, config + pos, len - pos);
		pos = header >> 20 & ~3U;
	}
}
