// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records what a device answers, as root in the test bed, with no driver bound:
 * drives its mailbox by the driver's own mbox.c, and the test bed's fabric
 * manager. Prints the trace, which ../unit/test_dcd_traces.c includes.
 *
 *   record DEV
 *
 * DEV is the device's PCI address. Time stamps are masked, and handles of
 * records count from 1.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

char *bed(const char *format, ...) __attribute__((format(printf, 1, 2)));

u64 dc_base;
u32 region_blocks;
u8 out[2048];
u32 out_size;

static const char *device;
static volatile u8 *registers;
static struct vfio_cxl_mbox mbox;
static bool has_manager;	/* or QMP, which drops tags */
static bool quiet;		/* before the script, and after it */
static u16 first_handle;

void die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "record: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

/*
 * The registers
 */

static u32 io_read(void *ctx, u32 offset)
{
	(void)ctx;
	return *(volatile u32 *)(registers + offset);
}

static void io_write(void *ctx, u32 offset, u32 value)
{
	(void)ctx;
	*(volatile u32 *)(registers + offset) = value;
}

static u64 io_read64(void *ctx, u32 offset)
{
	(void)ctx;
	return *(volatile u64 *)(registers + offset);
}

static void io_write64(void *ctx, u32 offset, u64 value)
{
	(void)ctx;
	*(volatile u64 *)(registers + offset) = value;
}

static void io_sleep(void *ctx, unsigned int usec)
{
	(void)ctx;
	usleep(usec);
}

static const struct vfio_cxl_mbox_io io = {
	.read = io_read,
	.write = io_write,
	.read64 = io_read64,
	.write64 = io_write64,
	.sleep = io_sleep,
};

static int open_file(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device,
		 name);
	fd = open(path, flags);
	if (fd < 0)
		die("can't open %s", path);

	return fd;
}

static u32 config_read(int config, u32 at)
{
	__le32 value;

	if (pread(config, &value, sizeof(value), at) != sizeof(value))
		die("config space of %s ends at %#x", device, at);

	return le32_to_cpu(value);
}

/* Register Locator (CXL 3.1, 8.1.9): the block with id 3 */
static void find_registers(int config, unsigned int *bar, u64 *offset)
{
	u32 at, id, end;

	for (at = 0x100; at; at = config_read(config, at) >> 20) {
		if ((config_read(config, at) & 0xffff) != 0x23 ||
		    (config_read(config, at + 4) & 0xffff) != 0x1e98 ||
		    (config_read(config, at + 8) & 0xffff) != 8)
			continue;
		end = at + (config_read(config, at + 4) >> 20);
		for (at += 0xc; at < end; at += 8) {
			id = config_read(config, at);
			if ((id >> 8 & 0xff) != 3)
				continue;
			*bar = id & 7;
			*offset = (u64)config_read(config, at + 4) << 32 |
				  (id & 0xffff0000);
			return;
		}
		break;
	}
	die("%s locates no device registers", device);
}

static void set_memory_space(int config, bool on)
{
	u16 pci_command = cpu_to_le16(on ? 2 : 0);

	if (pwrite(config, &pci_command, 2, 4) != 2)
		die("can't switch Memory Space of %s", device);
}

static void open_registers(int config)
{
	unsigned int bar;
	struct stat st;
	char name[16];
	int fd, ret;
	u64 offset;

	find_registers(config, &bar, &offset);
	set_memory_space(config, true);
	snprintf(name, sizeof(name), "resource%u", bar);
	fd = open_file(name, O_RDWR | O_SYNC);
	if (fstat(fd, &st) || offset >= (u64)st.st_size)
		die("the device registers are not in BAR %u", bar);
	registers = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);
	if (registers == MAP_FAILED)
		die("can't map BAR %u: has %s a driver?", bar, device);
	registers += offset;
	close(fd);
	ret = vfio_cxl_mbox_find(&mbox, &io, st.st_size - offset);
	if (ret)
		die("no mailbox in BAR %u: error %d", bar, ret);
	if (mbox.payload > sizeof(out))
		die("a payload of %u bytes, more than is reckoned with",
		    mbox.payload);
}

/*
 * The trace
 */

/* Hexadecimal, but four zero bytes or more are ".N,", and N their number */
static void print_bytes(const u8 *p, u32 size)
{
	u32 zeros, i;

	putchar('"');
	for (i = 0; i < size; i += zeros ?: 1) {
		for (zeros = 0; i + zeros < size && !p[i + zeros]; zeros++)
			;
		if (zeros < 4)
			zeros = 0;
		if (zeros)
			printf(".%u,", zeros);
		else
			printf("%02x", p[i]);
	}
	putchar('"');
}

static void shift_handle(void *p, int by)
{
	u16 handle;

	memcpy(&handle, p, sizeof(handle));
	handle = cpu_to_le16(le16_to_cpu(handle) + by);
	memcpy(p, &handle, sizeof(handle));
}

/* What differs from one run to the next */
static void mask_events(void)
{
	struct cxl_wire_events *head = (void *)out;
	struct cxl_wire_event *event = (void *)(head + 1);
	u32 i;

	if (out_size < sizeof(*head))
		return;
	head->overflow_first = 0;
	head->overflow_last = 0;
	for (i = 0; i < (out_size - sizeof(*head)) / sizeof(*event); i++) {
		event[i].timestamp = 0;
		if (!first_handle)
			first_handle = le16_to_cpu(event[i].handle);
		shift_handle(&event[i].handle, 1 - first_handle);
	}
}

u16 command(u16 opcode, const void *in, u32 size)
{
	u8 sent[sizeof(out)];
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = opcode,
		.in = sent,
		.in_size = size,
		.out = out,
		.out_room = sizeof(out),
	};
	const struct cxl_wire_clear *clear = in;
	int ret;
	u32 i;

	memcpy(sent, in, size);
	if (opcode == CXL_OP_CLEAR_EVENTS && first_handle)
		for (i = sizeof(*clear); i + 2 <= size; i += 2)
			if (sent[i] || sent[i + 1])
				shift_handle(sent + i, first_handle - 1);
	ret = vfio_cxl_mbox_command(&mbox, &cmd);
	if (ret && ret != -EIO && ret != -ENOSPC)
		die("%04xh: error %d", opcode, ret);
	out_size = cmd.out_size;
	if (quiet)
		return cmd.rc;
	if (opcode == CXL_OP_GET_EVENTS)
		mask_events();
	printf("COMMAND(0x%04x, 0x%02x, ", opcode, cmd.rc);
	print_bytes(in, size);
	printf(", ");
	print_bytes(out, out_size);
	printf(")\n");

	return cmd.rc;
}

void event_status(void)
{
	u32 events;

	if (vfio_cxl_mbox_event_status(&mbox, &events))
		die("no event status");
	printf("STATUS(%u)\n", !!(events & CXL_EVENT_STATUS_DC));
}

void bus_reset(void)
{
	int fd = open_file("reset", O_WRONLY);

	if (write(fd, "1", 1) != 1)
		die("can't reset %s", device);
	close(fd);
	printf("RESET()\n");
}

/*
 * The fabric manager
 */

static void manage(bool release, const struct extent *e, u32 count)
{
	static char words[MOST * 96];
	u32 i, region = e->at / region_blocks;
	const char *answer;
	size_t at = 0;

	if (!count || count > MOST)
		die("an offer of %u extents", count);
	for (i = 0; i < count; i++) {
		u64 from = e[i].at % region_blocks * BLOCK;

		if (e[i].at / region_blocks != region)
			die("an offer in two regions");
		if (has_manager)
			at += sprintf(words + at, " --extent %#llx:%#llx:%08x-"
				      "0000-0000-0000-%012x:%u",
				      (unsigned long long)from,
				      (unsigned long long)(e[i].n * BLOCK),
				      e[i].tag ? 0x5a000000 : 0, e[i].tag,
				      e[i].sequence);
		else
			at += sprintf(words + at, "%s{\"offset\":%llu,"
				      "\"len\":%llu}", i ? "," : "",
				      (unsigned long long)from,
				      (unsigned long long)(e[i].n * BLOCK));
	}
	if (has_manager)
		answer = bed("fm %s --region %u%s", release ? "release" : "add",
			     region, words);
	else
		answer = bed("qmp {\"execute\":\"cxl-%s-dynamic-capacity\","
			     "\"arguments\":{\"path\":\"dcd0\",\"host-id\":0,"
			     "\"%s-policy\":\"prescriptive\",\"region\":%u,"
			     "\"extents\":[%s]}}", release ? "release" : "add",
			     release ? "removal" : "selection", region, words);
	if (!answer)
		die("bed refuses: %s of%s", release ? "release" : "add", words);
}

static void print_extents(const char *what, const struct extent *e, u32 count)
{
	u32 i;

	printf("%s(%u", what, count);
	for (i = 0; i < count; i++)
		printf(", { %llu, %llu, 0x%x, %u }",
		       (unsigned long long)e[i].at, (unsigned long long)e[i].n,
		       has_manager ? e[i].tag : 0, e[i].sequence);
	printf(")\n");
}

void offer(const struct extent *e, u32 count)
{
	manage(false, e, count);
	print_extents("OFFER", e, count);
}

void offer_many(u32 first, u32 count)
{
	struct extent e[MOST];
	u32 i;

	for (i = 0; i < count; i++)
		e[i] = (struct extent){ .at = first + 2 * i, .n = 1 };
	manage(false, e, count);
	printf("OFFER_MANY(%u, %u)\n", first, count);
}

void ask(u64 at, u64 n, u32 tag)
{
	struct extent e = { .at = at, .n = n, .tag = tag };

	manage(true, &e, 1);
	print_extents("ASK", &e, 1);
}

/*
 * A device that nobody has used, but perhaps read the log of
 */

static void drain(void)
{
	const struct cxl_wire_events *head = (void *)out;
	struct {
		struct cxl_wire_clear head;
		__le16 handle;
	} __packed clear = { { .log = CXL_EVENT_LOG_DC, .count = 1 }, 0 };
	u8 log = CXL_EVENT_LOG_DC;

	for (;;) {
		if (command(CXL_OP_GET_EVENTS, &log, 1) ||
		    out_size < sizeof(*head))
			die("no event log");
		if (!head->count)
			return;
		clear.handle = ((struct cxl_wire_event *)(head + 1))->handle;
		if (command(CXL_OP_CLEAR_EVENTS, &clear, sizeof(clear)))
			die("the event log can't be cleared");
	}
}

static void look(void)
{
	struct cxl_dc_config_in config = { .count = 8 };
	struct cxl_dc_extents_in list = { .count = cpu_to_le32(1) };
	const struct cxl_dc_config_out *regions = (void *)out;
	const struct cxl_dc_extents_out *extents = (void *)out;

	if (command(CXL_DC_GET_CONFIG, &config, sizeof(config)) ||
	    regions->returned != 2)
		die("not two regions of Dynamic Capacity");
	dc_base = le64_to_cpu(regions->region[0].base);
	region_blocks = le64_to_cpu(regions->region[0].length) / BLOCK;
	if (command(CXL_DC_GET_EXTENTS, &list, sizeof(list)) ||
	    extents->total || extents->returned)
		die("the device has extents, or is offered some: unplug it");
}

/* The next user is to find it as this one did */
static void tidy(void)
{
	struct cxl_dc_extents_in list = { .count = cpu_to_le32(1) };
	const struct cxl_dc_extents_out *extents = (void *)out;
	struct {
		struct cxl_dc_entries head;
		struct cxl_dc_entry entry;
	} in = { .head.count = cpu_to_le32(1) };

	drain();
	for (;;) {
		if (command(CXL_DC_GET_EXTENTS, &list, sizeof(list)))
			die("the device does not list its extents");
		if (!extents->total)
			return;
		in.entry.dpa = extents->extent[0].dpa;
		in.entry.length = extents->extent[0].length;
		if (command(CXL_DC_RELEASE, &in, sizeof(in)))
			die("the device does not take an extent back");
	}
}

int main(int argc, char **argv)
{
	const char *info;
	char driver[64];
	int config;

	if (argc != 2)
		die("usage: record DEV");
	device = argv[1];
	snprintf(driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver",
		 device);
	if (!access(driver, F_OK))
		die("%s has a driver: unbind it first", device);
	info = bed("info");
	if (!info)
		die("there is no test bed around this machine");
	has_manager = !strstr(info, "\"qemu\": \"10.");
	config = open_file("config", O_RDWR);
	open_registers(config);
	quiet = true;
	drain();
	look();
	quiet = false;
	script();
	quiet = true;
	tidy();
	set_memory_space(config, false);

	return 0;
}
