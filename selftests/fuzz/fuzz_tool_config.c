// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's walk through a config space. The first byte says how much of it the
 * file claims beyond what can be read, the rest is what stands behind the legacy
 * header. What is said of the device is what a second reading of the bytes says.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_tool.h"

#define START	0x100
#define HEAD	12

/* One capability of @len bytes that are there */
static void read_one(struct vcxl_device *dev, const u8 *cap, size_t len)
{
	if (number(cap, 2) == 3 && len >= HEAD) {
		dev->has_serial = true;
		dev->serial = number(cap + 4, 8);
	}
	if (number(cap, 2) == 0x23 && len >= HEAD &&
	    number(cap + 4, 2) == 0x1e98 && !number(cap + 8, 2) &&
	    number(cap + 10, 2) & 4)
		dev->mem_capable = true;
}

/* @there of @size bytes can be read */
static void read_again(struct vcxl_device *dev, const u8 *config, size_t there,
		       size_t size)
{
	size_t at = START, left;
	unsigned int hops;

	for (hops = 0; hops < 960 && at >= START && at + 4 <= size; hops++) {
		left = at < there ? there - at : 0;
		if (left < HEAD && at + left < size)
			return;
		if (!number(config + at, 4) || number(config + at, 4) == ~0U)
			break;
		read_one(dev, config + at, left);
		at = number(config + at, 4) >> 20 & 0xffc;
	}
	dev->config_known = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u8 config[4096 + HEAD];
	struct vcxl_device dev = {}, want = {};
	size_t there = START, claimed;
	static int fd;

	if (!fd)
		fd = memfd_create("config", MFD_CLOEXEC);
	if (!size || START + size > 4096)
		return 0;
	memset(config, 0, sizeof(config));
	memcpy(config + START, data + 1, size - 1);
	/* Who went on in the legacy header would find something */
	memcpy(config, data + 1, size - 1 < START ? size - 1 : START);
	there += size - 1;
	claimed = there + data[0] % 16;
	must(!ftruncate(fd, there) &&
	     pwrite(fd, config, there, 0) == (ssize_t)there, "the bed: a file");

	must(!vcxl_config_read(&dev, fd, claimed), "what can be read is read");
	read_again(&want, config, there, claimed);
	must(dev.config_known == want.config_known, "what is known, and what is not");
	must(dev.mem_capable == want.mem_capable, "memory, or none");
	must(dev.has_serial == want.has_serial && dev.serial == want.serial,
	     "a serial number is what the device says");
	return 0;
}
