// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for firmware: hands the machine over with a decoder committed and
 * locked, as a BIOS does. Runs before any CXL or VFIO driver.
 *
 * firmware commit
 *	decoder 0 of the CXL device, over its static memory, at the start of the
 *	machine's window
 * firmware route OFFSET SIZE
 *	decoder 0 of the switch: this part of the window goes to its downstream
 *	port
 *
 * CXL 3.1 sections 8.1.3 (DVSEC), 8.1.9 (Register Locator), 8.2.4.20 (HDM).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "cedt.h"

#define CLASS_CXL_MEM		0x050210
#define CLASS_BRIDGE		0x060400
#define PCI_COMMAND		0x04
#define PCI_COMMAND_MEMORY	0x2
#define PCI_CAP_LIST		0x34
#define CAP_EXPRESS		0x10
#define EXPRESS_FLAGS		0x02
#define EXPRESS_UPSTREAM	5
#define EXPRESS_DOWNSTREAM	6
#define EXPRESS_LINK_CAP	0x0c
#define EXT_CAP_DVSEC		0x23
#define DVSEC_VENDOR_CXL	0x1e98
#define DVSEC_DEVICE		0
#define DVSEC_LOCATOR		8
#define DEVICE_CTRL		0x0c
#define DEVICE_CTRL_MEM_ENABLE	0x4
#define DEVICE_RANGE1_SIZE	0x18
#define BLOCK_COMPONENT		1

#define CACHE_MEM		0x1000
#define CAP_HDM			5
#define HDM_GLOBAL		0x04
#define HDM_GLOBAL_ENABLE	0x2
#define DEC0			0x10
#define DEC_LOCK		(1u << 8)
#define DEC_COMMIT		(1u << 9)
#define DEC_COMMITTED		(1u << 10)
#define DEC_HOST_ONLY		(1u << 12)

static char dev[300];

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "firmware: %s: %s: %s\n", dev, what, strerror(errno));
	exit(1);
}

static int open_attr(const char *name)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dev, name);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		die(name);
	return fd;
}

static uint32_t cfg_read(int cfg, int at, int size)
{
	uint32_t v = 0;

	if (pread(cfg, &v, size, at) != size)
		die("read config");
	return v;
}

static void cfg_write(int cfg, int at, uint32_t v, int size)
{
	if (pwrite(cfg, &v, size, at) != size)
		die("write config");
}

/* Offset of CXL's DVSEC with this id. */
static int find_dvsec(int cfg, int id)
{
	int at = 0x100;

	while (at) {
		uint32_t header = cfg_read(cfg, at, 4);

		if ((header & 0xffff) == EXT_CAP_DVSEC &&
		    cfg_read(cfg, at + 4, 2) == DVSEC_VENDOR_CXL &&
		    cfg_read(cfg, at + 8, 2) == (uint32_t)id)
			return at;
		at = header >> 20;
	}
	errno = ENOENT;
	die(id == DVSEC_DEVICE ? "CXL device DVSEC" : "Register Locator DVSEC");
}

/* Where the component registers are: the BAR's number, and the offset in it. */
static void find_block(int cfg, int *bar, uint64_t *offset)
{
	int at = find_dvsec(cfg, DVSEC_LOCATOR);
	int end = at + (cfg_read(cfg, at + 4, 4) >> 20), entry;

	for (entry = at + 12; entry < end; entry += 8) {
		uint32_t lo = cfg_read(cfg, entry, 4);

		if ((lo >> 8 & 0xff) != BLOCK_COMPONENT)
			continue;
		*bar = lo & 7;
		*offset = (uint64_t)cfg_read(cfg, entry + 4, 4) << 32 |
			  (lo & 0xffff0000);
		return;
	}
	errno = ENOENT;
	die("component registers");
}

static volatile uint32_t *find_hdm(volatile uint32_t *block)
{
	volatile uint32_t *caps = block + CACHE_MEM / 4;
	unsigned int n = caps[0] >> 24, i;

	for (i = 1; i <= n; i++)
		if ((caps[i] & 0xffff) == CAP_HDM)
			return caps + (caps[i] >> 20) / 4;
	errno = ENOENT;
	die("HDM decoder capability");
}

/* A device's low word is the DPA skip's, a switch's the list of its targets. */
static void commit(volatile uint32_t *hdm, uint64_t base, uint64_t size,
		   uint32_t low)
{
	volatile uint32_t *d = hdm + DEC0 / 4;
	struct timespec ms = { 0, 1000000 };
	int i;

	hdm[HDM_GLOBAL / 4] |= HDM_GLOBAL_ENABLE;
	d[0] = base;
	d[1] = base >> 32;
	d[2] = size;
	d[3] = size >> 32;
	d[5] = low;
	d[6] = 0;
	d[4] = DEC_COMMIT | DEC_LOCK | DEC_HOST_ONLY;
	for (i = 0; i < 100; i++) {
		if (d[4] & DEC_COMMITTED)
			return;
		nanosleep(&ms, NULL);
	}
	errno = ETIMEDOUT;
	die("decoder 0 was not committed");
}

/* Commits decoder 0 of the component that dev is. */
static void commit_in(int cfg, uint64_t base, uint64_t size, uint32_t low)
{
	uint32_t command = cfg_read(cfg, PCI_COMMAND, 2);
	uint64_t offset;
	char name[16];
	struct stat st;
	int bar, fd;
	char *map;

	find_block(cfg, &bar, &offset);
	snprintf(name, sizeof(name), "resource%d", bar);
	fd = open_attr(name);
	if (fstat(fd, &st))
		die(name);
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die(name);

	cfg_write(cfg, PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2);
	commit(find_hdm((void *)(map + offset)), base, size, low);
	cfg_write(cfg, PCI_COMMAND, command, 2);
	munmap(map, st.st_size);
	close(fd);
}

/* Offset of the PCI Express capability, 0 if there is none. */
static int find_express(int cfg)
{
	int at = cfg_read(cfg, PCI_CAP_LIST, 1);

	while (at && cfg_read(cfg, at, 1) != CAP_EXPRESS)
		at = cfg_read(cfg, at + 1, 1);
	return at;
}

/* Makes dev the first device of a class, and type of port; opens its config. */
static int find_device(unsigned int wanted, unsigned int port)
{
	static const char devices[] = "/sys/bus/pci/devices";
	struct dirent *e;
	DIR *d = opendir(devices);

	while (d && (e = readdir(d))) {
		unsigned int class;
		int cfg;

		if (e->d_name[0] == '.')
			continue;
		snprintf(dev, sizeof(dev), "%s/%s", devices, e->d_name);
		cfg = open_attr("config");
		class = cfg_read(cfg, 8, 4) >> 8;
		if (class == wanted &&
		    (cfg_read(cfg, find_express(cfg) + EXPRESS_FLAGS, 2) >> 4 &
		     0xf) == port) {
			closedir(d);
			return cfg;
		}
		close(cfg);
	}
	snprintf(dev, sizeof(dev), "class %#x, port type %u", wanted, port);
	errno = ENODEV;
	die("CXL component");
}

static void commit_device(uint64_t window, uint64_t window_size)
{
	int cfg = find_device(CLASS_CXL_MEM, 0);
	int dvsec = find_dvsec(cfg, DVSEC_DEVICE);
	uint64_t size;

	size = (uint64_t)cfg_read(cfg, dvsec + DEVICE_RANGE1_SIZE, 4) << 32 |
	       (cfg_read(cfg, dvsec + DEVICE_RANGE1_SIZE + 4, 4) & 0xf0000000);
	if (!size || size > window_size) {
		errno = ERANGE;
		die("size of the static memory");
	}
	commit_in(cfg, window, size, 0);
	cfg_write(cfg, dvsec + DEVICE_CTRL,
		  cfg_read(cfg, dvsec + DEVICE_CTRL, 2) | DEVICE_CTRL_MEM_ENABLE,
		  2);
	close(cfg);
}

static void route_switch(uint64_t base, uint64_t size)
{
	int cfg = find_device(CLASS_BRIDGE, EXPRESS_DOWNSTREAM);
	uint32_t port = cfg_read(cfg, find_express(cfg) + EXPRESS_LINK_CAP, 4);

	close(cfg);
	cfg = find_device(CLASS_BRIDGE, EXPRESS_UPSTREAM);
	commit_in(cfg, base, size, port >> 24);
	close(cfg);
}

int main(int argc, char **argv)
{
	uint64_t window, window_size;

	strcpy(dev, "CEDT");
	if (cedt_window(0, &window, &window_size)) {
		errno = ENOENT;
		die("fixed memory window");
	}
	if (argc == 2 && !strcmp(argv[1], "commit")) {
		commit_device(window, window_size);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "route")) {
		route_switch(window + strtoull(argv[2], NULL, 0),
			     strtoull(argv[3], NULL, 0));
		return 0;
	}
	fprintf(stderr, "usage: firmware commit | route OFFSET SIZE\n");
	return 2;
}
