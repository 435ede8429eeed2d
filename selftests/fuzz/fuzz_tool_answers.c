// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library, asked anything, with a driver that answers each ioctl as the input
 * says: other numbers than there is room for, sizes that wrap, texts without an end,
 * capabilities that lead anywhere. What passes for an answer makes sense; what does
 * not is refused, and accounted for.
 */
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "fuzz_tool.h"
#include "lib/client.h"

#define MAX_CALLS	12
#define MAX_EDITS	8
/* Of one list; what its callers read they give back at once */
#define MAX_FILLED	4

/* Of decoder 0, in COMP_REGS as they are at first */
#define DECODER_CTRL		0x148
#define COMMITTED	(1 << 10)
#define MEMORY		0x10000000

static struct input in;
static int device = -1;

/* Of ours the kernel is told how large they are, in their first field */
static size_t room_of(const void *arg)
{
	u32 argsz;

	memcpy(&argsz, arg, sizeof(argsz));
	must(argsz >= 8 && argsz <= 65536, "a struct says its size");
	return argsz;
}

/* Some of it is other than it was */
static void edit(u8 *arg, size_t size)
{
	unsigned int n = in_u8(&in) % (MAX_EDITS + 1);
	u64 value;
	size_t at, len;

	while (n--) {
		at = (in_u8(&in) * 4 + in_u8(&in) % 4) % size;
		len = 1U << in_u8(&in) % 4;
		if (len > size - at)
			len = size - at;
		value = in_bytes(&in, len);
		memcpy(arg + at, &value, len);
	}
}

/*
 * How many entries of a list are written, as far as there is room, and how many are
 * said to be. All of them are in order, for the next check to be reached.
 */
static u32 choose(u32 room, u32 *count)
{
	u8 how = in_u8(&in);
	u32 n = how % (MAX_FILLED + 1);

	if (how >= 0xe0) {
		*count = room + how % 3;
		return room;
	}
	if (n > room)
		n = room;
	*count = how >= 0xc0 ? in_u32(&in) : n;
	return n;
}

static void fill_extents(struct vfio_cxl_dc_list *list)
{
	struct vfio_cxl_dc_extent *e = (void *)(uintptr_t)list->extents;
	u32 i, n = choose(list->room, &list->count);

	for (i = 0; i < n || (i < list->count && list->count <= list->room); i++) {
		memset(&e[i], 0, sizeof(e[i]));
		e[i].id = list->start + i + 1;
		if (i < MAX_FILLED)
			edit((u8 *)&e[i], sizeof(e[i]));
	}
	list->start += n;
	list->flags = in_u8(&in) & 1;
}

static void fill_backends(struct vfio_cxl_backend_list *list)
{
	struct vfio_cxl_backend_info *b = (void *)(uintptr_t)list->backends;
	u32 i, n = choose(list->room, &list->count);

	for (i = 0; i < n; i++)
		b[i].id = list->start + i + 1;
	if (n)
		edit((u8 *)&b[0], sizeof(b[0]));
	list->start += n;
	list->flags = in_u8(&in) & 1;
}

/* What a driver that knows its trade would say, so that there is a way on */
static void well(void *arg, unsigned long request)
{
	struct vfio_region_info *region = arg;
	struct vfio_device_info *info = arg;
	struct vfio_cxl_info *ours = arg;
	struct vfio_region_info_cap_type type = {
		.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
		.type = VFIO_CXL_REGION_TYPE,
	};
	size_t len;

	if (request == VFIO_CXL_INFO) {
		ours->flags = VFIO_CXL_INFO_MEMORY | VFIO_CXL_INFO_LIVE;
		ours->map_align = 4096;
		ours->memory_size = MEMORY;
	} else if (request == VFIO_CXL_WINDOW) {
		((struct vfio_cxl_window *)arg)->ways = 1;
	} else if (request == VFIO_DEVICE_GET_INFO) {
		info->num_regions = VFIO_PCI_NUM_REGIONS + 3;
	} else if (request == VFIO_DEVICE_GET_REGION_INFO) {
		region->flags = 0xf;
		region->size = MEMORY;
		region->cap_offset = sizeof(*region);
		type.subtype = region->index - VFIO_PCI_NUM_REGIONS + 1;
		/* Now and then half of it */
		len = sizeof(type) >> (in_u8(&in) % 16 == 1);
		if (region->argsz >= sizeof(*region) + len)
			memcpy(region + 1, &type, len);
		region->argsz = sizeof(*region) + len;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	static const int errnos[] = {
		EIO, ENOENT, EAGAIN, EBUSY, EINVAL, ENODEV, ENOTTY, EOPNOTSUPP,
		EPERM, ENOMEM, EINTR,
	};
	va_list args;
	void *arg;
	int err;
	u8 how;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != device || device < 0)
		return __real_ioctl(fd, request, arg);
	if (request == VFIO_DEVICE_RESET)
		arg = NULL;
	how = in_u8(&in);
	err = errnos[how % ARRAY_SIZE(errnos)];
	/* What is begun anew was not looked at */
	if (arg && (how < 0xe0 || err != EINTR) &&
	    request != VFIO_DEVICE_PCI_HOT_RESET) {
		size_t size = room_of(arg);

		well(arg, request);
		if (request == VFIO_CXL_DC_LIST)
			fill_extents(arg);
		else if (request == VFIO_CXL_BACKEND_LIST)
			fill_backends(arg);
		else if (how & 1)
			edit(arg, size);
	}
	if (how < 0xe0)
		return 0;
	errno = err;
	return -1;
}

/* COMP_REGS: those of a decoder that can be one; or what is read is anything */
static u32 regs[1024];

static void fresh_regs(void)
{
	memset(regs, 0, sizeof(regs));
	regs[0] = 0x01000001;
	regs[1] = 0x12800005;
	regs[0x140 / 4] = MEMORY;
	regs[DECODER_CTRL / 4] = 0x600;
}

ssize_t __wrap_pread(int fd, void *buf, size_t len, off_t offset)
{
	u8 how = in_u8(&in);
	u32 value = in_u32(&in);

	(void)fd;
	if (how >= 0xf0) {
		errno = how & 1 ? EINTR : EIO;
		return how & 2 ? -1 : (ssize_t)(len / 2);
	}
	if (how % 8 != 1)
		value = regs[offset / 4 % ARRAY_SIZE(regs)];
	memset(buf, 0, len);
	memcpy(buf, &value, len < sizeof(value) ? len : sizeof(value));
	return len;
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	u32 value;

	(void)fd;
	memcpy(&value, buf, sizeof(value));
	if (offset % sizeof(regs) == DECODER_CTRL)
		value |= value << 1 & COMMITTED;
	regs[offset / 4 % ARRAY_SIZE(regs)] = value;
	return in_u8(&in) < 0xf0 ? (ssize_t)len : -1;
}

static void ask_list(struct vcxl_device *dev)
{
	struct vfio_cxl_backend_info *backends;
	struct vfio_cxl_dc_extent *extents;
	size_t count, i;

	if (!must_account(dev->ctx, vcxl_dc_list(dev, &extents, &count))) {
		for (i = 1; i < count; i++)
			must(extents[i].id > extents[i - 1].id,
			     "extents are in order, each once");
		free(extents);
	}
	if (!must_account(dev->ctx, vcxl_backend_list(dev, &backends, &count))) {
		for (i = 1; i < count; i++)
			must(backends[i].id > backends[i - 1].id,
			     "backends are in order, each once");
		free(backends);
	}
}

static void ask_device(struct vcxl_device *dev)
{
	struct vfio_cxl_window window = { .index = in_u8(&in) };
	struct vfio_cxl_decoder decoder = { .index = in_u8(&in) };
	struct vfio_cxl_dc_info dc;
	struct vfio_cxl_info info;

	if (!must_account(dev->ctx, vcxl_info(dev, &info)))
		must_be_text(info.element, sizeof(info.element), "INFO's element");
	if (!must_account(dev->ctx, vcxl_window(dev, &window))) {
		must(window.ways && window.ways <= VFIO_CXL_WINDOW_TARGETS,
		     "a window has no more targets than there is room for");
		must_be_text(window.element, sizeof(window.element),
			     "a window's element");
	}
	must_account(dev->ctx, vcxl_decoder(dev, &decoder));
	if (!must_account(dev->ctx, vcxl_dc_info(dev, &dc)))
		must(dc.region_count <= VFIO_CXL_DC_REGIONS &&
		     dc.host_region_count <= VFIO_CXL_DC_HOST_REGIONS,
		     "there are no more regions than there is room for");
}

static void change_decoder(struct vcxl_device *dev)
{
	struct vfio_cxl_decoder_program program = { 0 };
	struct vfio_cxl_decoder_clear clear = { 0 };
	struct vfio_cxl_guest_set set = { 0 };
	struct vfio_cxl_guest_clear back = { 0 };

	must_account(dev->ctx, vcxl_decoder_program(dev, &program));
	must_be_text(program.element, sizeof(program.element), "an element");
	must_account(dev->ctx, vcxl_decoder_clear(dev, &clear));
	must_be_text(clear.element, sizeof(clear.element), "an element");
	must_account(dev->ctx, vcxl_guest_set(dev, &set));
	must_be_text(set.element, sizeof(set.element), "an element");
	must_account(dev->ctx, vcxl_guest_clear(dev, &back));
	must_be_text(back.element, sizeof(back.element), "an element");
}

static void change_capacity(struct vcxl_device *dev)
{
	struct vfio_cxl_dc_status status = { .flags = in_u8(&in) & 3 };
	struct vfio_cxl_dc_decide decide = { .offer = in_u8(&in) };
	struct vfio_cxl_dc_configure configure = { .regions = in_u8(&in) };
	struct vfio_cxl_backend_create create = { 0 };
	struct vfio_cxl_dc_remove remove = { 0 };
	struct vfio_cxl_dc_open open = { 0 };
	struct vfio_cxl_dc_add add = { 0 };
	int fd;

	must_account(dev->ctx, vcxl_dc_status(dev, &status));
	must_account(dev->ctx, vcxl_dc_accept(dev, &decide));
	must_account(dev->ctx, vcxl_dc_release(dev, &decide));
	must_account(dev->ctx, vcxl_dc_deadline(dev, 1, 2));
	must_account(dev->ctx, vcxl_dc_configure(dev, &configure));
	must_account(dev->ctx, vcxl_dc_add(dev, &add));
	must_account(dev->ctx, vcxl_dc_remove(dev, &remove));
	if (!must_account(dev->ctx, vcxl_dc_open(dev, &open, &fd)))
		must(fd >= 0, "a descriptor");
	if (!must_account(dev->ctx, vcxl_backend_create(dev, &create, &fd)))
		must(fd >= 0, "a descriptor");
	must_account(dev->ctx, vcxl_backend_destroy(dev, create.tag, 1));
}

static void must_be_region(const struct vcxl_client_region *r)
{
	must(r->size && r->offset + r->size > r->offset &&
	     r->offset + r->size <= INT64_MAX, "a region that can be addressed");
}

static void use_memory(struct vcxl *ctx, struct vcxl_client *c)
{
	u64 offset = in_u16(&in) * 4096ULL, size = in_u8(&in) * 4096ULL;
	u64 total = vcxl_client_memory_size(c);
	struct vcxl_client_region window;
	void *addr;

	if (!must_account(ctx, vcxl_client_map(c, offset, size, &addr))) {
		must(offset < total && size <= total - offset,
		     "what is mapped is the memory's");
		must(((uintptr_t)addr - c->map_offset - offset) % c->map_align == 0,
		     "and where it is to be");
		must_account(ctx, vcxl_client_unmap(c, addr, size));
	}
	if (!must_account(ctx, vcxl_client_window(c, &window)))
		must_be_region(&window);
}

static void use_client(struct vcxl *ctx)
{
	struct vcxl_guest_decoder decoder;
	struct vcxl_program_result result;
	struct vfio_cxl_device_info_cap cap;
	struct vcxl_client *c;
	unsigned int n;

	fresh_regs();
	if (must_account(ctx, vcxl_client_from_fd(ctx, device, &c)))
		return;
	must(is_power_of_2(c->map_align) && c->map_align >= 4096 &&
	     c->map_offset < c->map_align, "an alignment that can be");
	must_be_region(&c->memory);
	must_be_region(&c->regs);
	for (n = in_u8(&in) % 4; n; n--) {
		must_account(ctx, vcxl_client_cap(c, &cap));
		if (!must_account(ctx, vcxl_client_decoder(c, in_u8(&in) % 4,
							   &decoder)))
			must(decoder.total && decoder.total <= 32,
			     "a component has 32 decoders at most");
		if (!must_account(ctx, vcxl_client_program(c, in_u8(&in) * SZ_256M,
							   in_u8(&in) % 4, &result)))
			must(result.after.committed &&
			     result.after.size == c->memory.size,
			     "what is programmed is committed, and all of it");
		must_account(ctx, vcxl_client_reset(c));
		must_account(ctx, vcxl_client_hot_reset(c, NULL, 0));
		use_memory(ctx, c);
	}
	vcxl_client_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vcxl_device dev = {
		.name = "0000:0d:00.0", .driver = VCXL_DRIVER,
	};
	unsigned int n;

	in = (struct input){ data, size };
	if (device < 0)
		device = memfd_create("device", MFD_CLOEXEC);
	dev.control = device;
	must(device >= 0 && !vcxl_new(&dev.ctx), "the bed: a device");
	for (n = 0; n < MAX_CALLS && in.left; n++) {
		switch (in_u8(&in) % 5) {
		case 0:
			ask_device(&dev);
			break;
		case 1:
			ask_list(&dev);
			break;
		case 2:
			change_decoder(&dev);
			break;
		case 3:
			change_capacity(&dev);
			break;
		default:
			use_client(dev.ctx);
		}
	}
	vcxl_free(dev.ctx);
	return 0;
}
