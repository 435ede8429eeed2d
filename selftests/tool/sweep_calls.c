// SPDX-License-Identifier: GPL-2.0-only
/*
 * The public calls of the library that can fail, for sweep_lib.c: each notes what
 * it was given, and gives back what it got.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep_lib.h"

#define GPA		0x1140000000ULL
#define BUF		8192

struct vcxl *ctx;
struct vcxl_device *dev;
struct vcxl_client *client;
const char *root;
char result[8192];

/* What a call gave; no point, and no allocation */
__attribute__((format(printf, 1, 2)))
static void note(const char *format, ...)
{
	size_t n = strlen(result);
	va_list args;

	va_start(args, format);
	vsnprintf(result + n, sizeof(result) - n, format, args);
	va_end(args);
}

char *in_root(char *path, const char *format, ...)
{
	size_t n = snprintf(path, PATH, "%s", root);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, PATH - n, format, args);
	va_end(args);
	return path;
}

static void note_bytes(const void *p, size_t size)
{
	const unsigned char *s = p;
	unsigned long sum = 0;

	while (size--)
		sum = sum * 31 + *s++;
	note("%lx ", sum);
}

static void note_device(const struct vcxl_device *d)
{
	uint64_t serial;

	note("%s %06x %04x:%04x %s/%s/%s %d %d %d %d\n", vcxl_device_name(d),
	     vcxl_device_class(d), vcxl_device_vendor_id(d),
	     vcxl_device_device_id(d), vcxl_device_driver(d),
	     vcxl_device_override(d), vcxl_device_vfio_name(d),
	     vcxl_device_group(d), vcxl_device_numa_node(d),
	     vcxl_device_serial(d, &serial), vcxl_device_config_known(d));
}

static int do_new(void)
{
	struct vcxl *c;
	int ret = vcxl_new(&c);

	if (!ret)
		vcxl_free(c);
	return ret;
}

static int do_devices(void)
{
	struct vcxl_device **devs;
	size_t count, i;
	int ret = vcxl_devices(ctx, &devs, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		note_device(devs[i]);
	vcxl_devices_free(devs, count);
	return 0;
}

static int get(const char *name)
{
	struct vcxl_device *d;
	int ret = vcxl_device_get(ctx, name, &d);

	if (ret)
		return ret;
	note_device(d);
	vcxl_device_free(d);
	return 0;
}

static int do_get_address(void)
{
	return get("0d:00.0");
}

static int do_get_serial(void)
{
	return get("0x77");
}

static int do_get_group(void)
{
	return get("/dev/vfio/4");
}

static int do_get_vfio(void)
{
	return get("vfio0");
}

static int do_refresh(void)
{
	int ret = vcxl_device_refresh(dev);

	if (!ret)
		note_device(dev);
	return ret;
}

static int do_peers(void)
{
	struct vcxl_peer *peers;
	size_t count, i;
	int ret = vcxl_device_peers(dev, &peers, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		note("%s %s %d\n", peers[i].name, peers[i].driver,
		     peers[i].in_the_way);
	free(peers);
	return 0;
}

static int do_regions(void)
{
	struct vcxl_region *regions;
	size_t count, i;
	int ret = vcxl_device_regions(dev, &regions, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		note("%s %lx %lx\n", regions[i].name,
		     (unsigned long)regions[i].base,
		     (unsigned long)regions[i].size);
	free(regions);
	return 0;
}

static int do_nodes(void)
{
	struct vcxl_node node;
	int ret = vcxl_device_control_node(dev, &node);

	note_bytes(&node, sizeof(node));
	if (!ret)
		ret = vcxl_device_group_node(dev, &node);
	note_bytes(&node, sizeof(node));
	return ret;
}

static int do_module_version(void)
{
	char text[64] = "";
	int ret = vcxl_module_version(ctx, text, sizeof(text));

	note("%s", text);
	return ret;
}

static int do_bind(void)
{
	struct vcxl_bind_result r;
	int ret = vcxl_bind(dev, 0, &r);

	if (!ret)
		note("%s %s %s", r.new_driver, r.new_override,
		     vcxl_device_driver(dev));
	return ret;
}

static int do_unbind(void)
{
	struct vcxl_bind_result r;
	int ret = vcxl_unbind(dev, 0, &r);

	if (!ret)
		note("%s %s %s", r.new_driver, r.new_override,
		     vcxl_device_driver(dev));
	return ret;
}

static int do_info(void)
{
	struct vfio_cxl_info info;
	int ret = vcxl_info(dev, &info);

	note_bytes(&info, sizeof(info));
	return ret;
}

static int do_window(void)
{
	struct vfio_cxl_window window = { 0 };
	int ret = vcxl_window(dev, &window);

	note_bytes(&window, sizeof(window));
	return ret;
}

static int do_decoder(void)
{
	struct vfio_cxl_decoder decoder = { 0 };
	int ret = vcxl_decoder(dev, &decoder);

	note_bytes(&decoder, sizeof(decoder));
	return ret;
}

static int do_decoder_program(void)
{
	struct vfio_cxl_decoder_program arg = { 0 };

	return vcxl_decoder_program(dev, &arg);
}

static int do_decoder_clear(void)
{
	struct vfio_cxl_decoder_clear arg = { 0 };

	return vcxl_decoder_clear(dev, &arg);
}

static int do_guest_set(void)
{
	struct vfio_cxl_guest_set arg = { .base = GPA };

	return vcxl_guest_set(dev, &arg);
}

static int do_guest_clear(void)
{
	struct vfio_cxl_guest_clear arg = { 0 };

	return vcxl_guest_clear(dev, &arg);
}

static int do_cedt(void)
{
	struct vfio_cxl_window window = { 0 };
	int ret = vcxl_cedt_window(ctx, &window);

	note_bytes(&window, sizeof(window));
	return ret;
}

static int do_free_range(void)
{
	uint64_t base, size;
	int ret = vcxl_largest_free(ctx, 0x4d0000000, 1ULL << 32, &base, &size);

	note("%lx %lx", (unsigned long)base, (unsigned long)size);
	return ret;
}

static int do_open(void)
{
	struct vcxl_client *c;
	int ret = vcxl_client_open(dev, &c);

	if (ret)
		return ret;
	note("%lu", (unsigned long)vcxl_client_memory_size(c));
	vcxl_client_close(c);
	return 0;
}

static int do_from_fd(void)
{
	struct vcxl_client *c;
	int ret = vcxl_client_from_fd(ctx, fake.fd, &c);

	if (ret)
		return ret;
	note("%lu", (unsigned long)vcxl_client_memory_size(c));
	vcxl_client_close(c);
	return 0;
}

static int do_client_info(void)
{
	struct vfio_cxl_info info;
	int ret = vcxl_client_info(client, &info);

	note_bytes(&info, sizeof(info));
	return ret;
}

static int do_cap(void)
{
	struct vfio_cxl_device_info_cap cap = { 0 };
	int ret = vcxl_client_cap(client, &cap);

	note_bytes(&cap, sizeof(cap));
	return ret;
}

static int do_region(void)
{
	struct vcxl_client_region r = { 0 };
	int ret = vcxl_client_region(client, VFIO_CXL_REGION_TYPE,
				     VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &r);

	note_bytes(&r, sizeof(r));
	return ret;
}

static int do_client_decoder(void)
{
	struct vcxl_guest_decoder d;
	int ret = vcxl_client_decoder(client, 0, &d);

	if (!ret)
		note("%lx %x", (unsigned long)d.base, d.ctrl);
	return ret;
}

static int do_program(void)
{
	struct vcxl_program_result r;
	int ret = vcxl_client_program(client, GPA, VCXL_PROGRAM_SEAL, &r);

	if (!ret)
		note("%lx %x", (unsigned long)r.after.base, r.after.ctrl);
	return ret;
}

static int do_reset(void)
{
	return vcxl_client_reset(client);
}

static int do_hot_reset(void)
{
	return vcxl_client_hot_reset(client, &fake.fd, 1);
}

static int do_map(void)
{
	void *at;
	int ret = vcxl_client_map(client, 0, BUF, &at);

	if (ret)
		return ret;
	note("%lx", (unsigned long)at & 0x1fffff);
	return vcxl_client_unmap(client, at, BUF);
}

static int do_map_window(void)
{
	size_t size;
	void *at;
	int ret = vcxl_client_map_window(client, &at, &size);

	if (ret)
		return ret;
	note("%zx %lx", size, (unsigned long)at & 0x1fffff);
	return vcxl_client_unmap(client, at, size);
}

static int do_read(void)
{
	static char buf[BUF];
	int ret = vcxl_client_read(client, 4096, buf, sizeof(buf));

	note_bytes(buf, sizeof(buf));
	return ret;
}

static int do_write(void)
{
	static char buf[BUF];
	int ret;

	memset(buf, 'w', sizeof(buf));
	ret = vcxl_client_write(client, 4096, buf, sizeof(buf));
	if (!ret)
		note_bytes(buf, sizeof(buf));
	return ret;
}

/* The memory, which no call but a write may change */
static int do_write_and_read(void)
{
	int ret = do_write();

	return ret ? ret : do_read();
}

const struct call host_calls[] = {
	{ "vcxl_new", do_new, true, NULL, false },
	{ "vcxl_devices", do_devices, false, NULL, false },
	{ "vcxl_device_get, address", do_get_address, false, NULL, false },
	{ "vcxl_device_get, serial number", do_get_serial, false, NULL, false },
	{ "vcxl_device_get, group", do_get_group, false, NULL, false },
	{ "vcxl_device_get, vfioN", do_get_vfio, false, NULL, false },
	{ "vcxl_device_refresh", do_refresh, false, NULL, false },
	{ "vcxl_device_peers", do_peers, false, NULL, false },
	{ "vcxl_device_regions", do_regions, false, NULL, false },
	{ "vcxl_device_*_node", do_nodes, true, NULL, false },
	{ "vcxl_module_version", do_module_version, true, NULL, false },
	{ "vcxl_bind", do_bind, false, "cxl_pci", false },
	{ "vcxl_unbind", do_unbind, false, NULL, false },
	{ "vcxl_info", do_info, false, NULL, false },
	{ "vcxl_window", do_window, false, NULL, false },
	{ "vcxl_decoder", do_decoder, false, NULL, false },
	{ "vcxl_decoder_program", do_decoder_program, false, NULL, false },
	{ "vcxl_decoder_clear", do_decoder_clear, false, NULL, false },
	{ "vcxl_guest_set", do_guest_set, false, NULL, false },
	{ "vcxl_guest_clear", do_guest_clear, false, NULL, false },
	{ "vcxl_cedt_window", do_cedt, false, NULL, false },
	{ "vcxl_largest_free", do_free_range, true, NULL, false },
	{ "vcxl_client_open", do_open, false, NULL, false },
	{ 0 },
};

const struct call client_calls[] = {
	{ "vcxl_client_from_fd", do_from_fd, false, NULL, false },
	{ "vcxl_client_info", do_client_info, false, NULL, false },
	{ "vcxl_client_cap", do_cap, false, NULL, false },
	{ "vcxl_client_region", do_region, false, NULL, false },
	{ "vcxl_client_decoder", do_client_decoder, false, NULL, false },
	{ "vcxl_client_program", do_program, false, NULL, false },
	{ "vcxl_client_reset", do_reset, false, NULL, false },
	{ "vcxl_client_hot_reset", do_hot_reset, false, NULL, false },
	{ "vcxl_client_map", do_map, false, NULL, false },
	{ "vcxl_client_map_window", do_map_window, false, NULL, false },
	{ "vcxl_client_read", do_read, false, NULL, false },
	{ "vcxl_client_write", do_write_and_read, false, NULL, false },
	{ 0 },
};

/* What sweeps are there to find */
static int do_leak(void)
{
	char *first = malloc(1), *second = malloc(1);

	if (!first || !second)
		return -ENOMEM;
	free(first);
	free(second);
	return 0;
}

static int do_lose_fd(void)
{
	int fd = open("/dev/null", O_RDONLY), other = open("/", O_RDONLY);

	if (fd < 0 || other < 0)
		return -ENOMEM;
	close(fd);
	close(other);
	return 0;
}

static int do_claim(void)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return -ENOMEM;
	note("%d", fcntl(fd, F_GETFD) >= 0 && !access(root, F_OK));
	close(fd);
	return 0;
}

static int do_interrupted(void)
{
	char path[PATH], text[64];
	int fd = open(in_root(path, "/proc/iomem"), O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text));
	int ret = n < 0 || fd < 0 ? -ENOMEM : 0;

	close(fd);
	return ret;
}

const struct call faulty_calls[] = {
	{ "a call that leaks memory", do_leak, true, NULL, true },
	{ "a call that loses a descriptor", do_lose_fd, true, NULL, true },
	{ "a call that gives what it did not see", do_claim, true, NULL, true },
	{ "a call that is interrupted", do_interrupted, true, NULL, true },
	{ 0 },
};

