// SPDX-License-Identifier: GPL-2.0-only
/*
 * Config space: the serial number and the CXL Device DVSEC. The extended
 * capabilities are the device's own claims, so their chain is bounded and
 * every body is checked to be there.
 */
#include <errno.h>
#include <unistd.h>

#include <vfio_cxl_shim.h>

#include "private.h"

/* A config space is never larger */
#define CONFIG_LEN		4096
#define EXT_START		0x100
#define EXT_MIN_LEN		4
/* A capability's head: as much as is looked at */
#define CAP_LEN			12
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

/* What there is of a capability at @pos */
static int read_cap(int fd, size_t pos, uint8_t *cap, size_t *len)
{
	if (lseek(fd, pos, SEEK_SET) < 0)
		return -errno;
	return vcxl_read_all(fd, (char *)cap, CAP_LEN, len);
}

/*
 * @fd is a config space of @size bytes, and is read where it has something to
 * say: each of its bytes is a question to the device.
 */
int vcxl_config_read(struct vcxl_device *dev, int fd, size_t size)
{
	unsigned int hops = (CONFIG_LEN - EXT_START) / EXT_MIN_LEN;
	size_t pos = EXT_START;

	while (hops-- && pos >= EXT_START && pos + EXT_MIN_LEN <= size) {
		uint8_t cap[CAP_LEN];
		uint32_t header;
		size_t len;
		int ret = read_cap(fd, pos, cap, &len);

		if (ret)
			return ret;
		/* Without rights a read ends early; a short one may be all */
		if (len < CAP_LEN && pos + len < size)
			return 0;
		header = get_unaligned_le32(cap);
		if (!header || header == UINT32_MAX)
			break;
		if ((header & 0xffff) == EXT_ID_DSN)
			parse_dsn(dev, cap, len);
		if ((header & 0xffff) == EXT_ID_DVSEC)
			parse_dvsec(dev, cap, len);
		pos = header >> 20 & ~3U;
	}
	dev->config_known = true;
	return 0;
}
