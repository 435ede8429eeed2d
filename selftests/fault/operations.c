// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each operation goes back and forth between two states, so that the next
 * failure finds what the last one found.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "operations.h"

#define GUEST_BASE	(16 * GIB)
#define MAP_SIZE	(4 * MIB)
#define CLEAR_ON_CLOSE	"/sys/module/cxl_vfio_pci/parameters/clear_on_close"

static struct user user = USER_CLOSED;
static struct region memory;
static struct region comp_regs;
static char *mapping = MAP_FAILED;
static struct vfio_cxl_window window;

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);

	return err;
}

static int call_bind(void)
{
	return put("/sys/bus/pci/drivers/cxl-vfio-pci/bind", dev_bdf());
}

static int call_unbind(void)
{
	return put("/sys/bus/pci/drivers/cxl-vfio-pci/unbind", dev_bdf());
}

static bool is_bound(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver",
		 dev_bdf());

	return !access(path, F_OK);
}

static bool unbound(void)
{
	return !is_bound() || !call_unbind();
}

static bool bound(void)
{
	return is_bound() || !call_bind();
}

/*
 * Struct pages for all that the device has are seconds to make and to drop: its
 * static capacity will do, or the first of the dynamic where that is offered.
 */
#define DECODER_SIZE	(256 * MIB)

static __u64 decoder_skip(void)
{
	return topology_is("dc") ? 256 * MIB : 0;
}

static int call_program(void)
{
	struct vfio_cxl_decoder_program program = {
		.size = DECODER_SIZE,
		.dpa_skip = decoder_skip(),
	};

	return control_program(&program);
}

static int call_program_at(void)
{
	struct vfio_cxl_decoder_program program = {
		.flags = VFIO_CXL_PROGRAM_BASE,
		.base = window.base,
		.size = DECODER_SIZE,
	};

	return control_program(&program);
}

/* The next range of the window, or without struct pages */
static bool elsewhere(const struct state *now, const struct state *done)
{
	return now->hw[0].ctrl == done->hw[0].ctrl &&
	       now->info.flags == done->info.flags &&
	       (now->hw[0].base == done->hw[0].base + 256 * MIB ||
		now->info.mem_mode == VFIO_CXL_MEM_MEMREMAP);
}

static int call_lock(void)
{
	struct vfio_cxl_decoder_program program = {
		.flags = VFIO_CXL_PROGRAM_LOCK,
	};

	return control_program(&program);
}

static int call_clear(void)
{
	struct vfio_cxl_decoder_clear clear = {};

	return control_clear(&clear);
}

static bool clear(void)
{
	return bound() && !call_clear();
}

/* What capacity there is, is asked again where a failure kept it from being known */
static bool programmed(void)
{
	unsigned int i;
	int err = -EAGAIN;

	if (!bound())
		return false;
	for (i = 0; i < 500 && err == -EAGAIN; i++) {
		err = call_program();
		if (err == -EAGAIN)
			usleep(10000);
	}

	return !err;
}

static bool locked(void)
{
	return bound() && !call_lock();
}

/* Only leaving the driver undoes a lock */
static bool rebound(void)
{
	return unbound() && programmed();
}

/* Nobody can undo it any more where that reset fails: then the log says how */
static bool still_locked(const struct state *now, const struct state *done)
{
	return !now->bound && now->hw[0].ctrl & CTRL_LOCK &&
	       !strcmp(now->iomem, done->iomem);
}

static bool reset_unbound(void)
{
	return dev_reset();
}

static bool nothing(void)
{
	return true;
}

/* The kernel's device_add() takes it as no error that devtmpfs made no node */
static bool no_node(const struct state *now, const struct state *done)
{
	return now->bound && now->group && done->node && !now->node &&
	       hw_same(&now->hw[0], &done->hw[0]) &&
	       !strcmp(now->iomem, done->iomem);
}

/* ---- decoders that firmware committed, as far as the driver can tell ---- */

static void firmware_write(unsigned int n, __u64 base, __u64 size, __u32 ctrl)
{
	__u32 at = hw_hdm() + 0x10 + 0x20 * n;

	hw_write(at, base);
	hw_write(at + 4, base >> 32);
	hw_write(at + 8, size);
	hw_write(at + 12, size >> 32);
	hw_write(at + 16, ctrl);
}

static bool firmware(void)
{
	struct vfio_cxl_window *w = &window;
	static bool done;

	if (!unbound())
		return false;
	if (done)
		return true;
	done = true;
	hw_write(hw_hdm() + 4, 2);
	firmware_write(0, w->base, 256 * MIB, 0x1000 | CTRL_COMMIT);
	firmware_write(1, w->base + 256 * MIB, 256 * MIB,
		       0x1000 | CTRL_COMMIT);

	return true;
}

static bool firmware_bound(void)
{
	return firmware() && bound();
}

/* What is not believed is no memory, and its registers stay as they are */
static bool less_memory(const struct state *now, const struct state *done)
{
	if (no_node(now, done))
		return true;

	return hw_same(&now->hw[0], &done->hw[0]) &&
	       hw_same(&now->hw[1], &done->hw[1]) &&
	       (now->info.reason || strcmp(now->iomem, done->iomem) ||
		now->info.mem_mode == VFIO_CXL_MEM_MEMREMAP);
}

/* ---- the VFIO device ---- */

static int open_group(void)
{
	char path[PATH_MAX], link[PATH_MAX] = "", name[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 dev_bdf());
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return -1;
	snprintf(name, sizeof(name), "/dev/vfio/%s", strrchr(link, '/') + 1);

	return open(name, O_RDWR | O_CLOEXEC);
}

static bool with_group(void)
{
	if (user.group >= 0)
		return true;
	user.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	user.group = open_group();

	return !ioctl(user.group, VFIO_GROUP_SET_CONTAINER, &user.container) &&
	       !ioctl(user.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
}

static int call_open(void)
{
	int fd = ioctl(user.group, VFIO_GROUP_GET_DEVICE_FD, dev_bdf());

	if (fd < 0)
		return -errno;
	user.device = fd;

	return 0;
}

static int call_close(void)
{
	close(user.device);
	user.device = -1;

	return 0;
}

static bool closed(void)
{
	if (mapping != MAP_FAILED)
		munmap(mapping, MAP_SIZE);
	mapping = MAP_FAILED;
	if (user.device >= 0)
		call_close();

	return true;
}

static bool begin_open(void)
{
	return programmed() && with_group();
}

static bool opened(void)
{
	if (user.device >= 0)
		return true;

	return begin_open() && !call_open() &&
	       !user_find(&user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &memory) &&
	       !user_find(&user, VFIO_CXL_REGION_SUBTYPE_COMP_REGS, &comp_regs);
}

static const char secret[] = "left by the last tenant";

/* The last bytes that are there whatever the device is offered */
static __u64 last_bytes(void)
{
	struct vfio_cxl_info info = {};

	control_info(&info);

	return memory.offset + info.static_capacity - sizeof(secret);
}

/* With clear_on_close */
static bool begin_close_clearing(void)
{
	return !put(CLEAR_ON_CLOSE, "1") && opened() &&
	       pwrite(user.device, secret, sizeof(secret), last_bytes()) ==
	       sizeof(secret);
}

static bool end_clearing(void)
{
	return !put(CLEAR_ON_CLOSE, "0");
}

/* Whatever failed at the close, the next tenant finds nothing */
static bool check_nothing_left(void)
{
	char left[sizeof(secret)];

	if (!opened() ||
	    pread(user.device, left, sizeof(left), last_bytes()) !=
		    sizeof(left) || !end_clearing())
		return false;

	return !left[0] && !call_close();
}

static int call_guest_set(void)
{
	struct vfio_cxl_guest_set set = {
		.flags = VFIO_CXL_GUEST_SEAL,
		.base = GUEST_BASE,
	};

	return control_guest_set(&set);
}

static int call_guest_clear(void)
{
	struct vfio_cxl_guest_clear guest = {};

	return control_guest_clear(&guest);
}

static bool guest_clear(void)
{
	return !call_guest_clear();
}

static bool begin_guest_clear(void)
{
	return opened() && !call_guest_set();
}

/* ---- memory ---- */

static bool unmapped(void)
{
	/* Splitting and joining mappings takes memory too */
	while (mapping != MAP_FAILED && munmap(mapping, MAP_SIZE))
		;
	mapping = MAP_FAILED;

	return true;
}

/* The first page that fits, and the first byte of a page of its own */
static int map_and_touch(__u64 offset, int prot)
{
	unsigned int at;

	if (mapping == MAP_FAILED)
		mapping = mmap(NULL, MAP_SIZE, prot, MAP_SHARED, user.device,
			       memory.offset + offset);
	if (mapping == MAP_FAILED)
		return -errno;
	for (at = 0; at < MAP_SIZE; at += MAP_SIZE / 2) {
		if (!touch(mapping + at, prot & PROT_WRITE))
			continue;
		unmapped();
		return -EFAULT;
	}

	return 0;
}

static int call_map(void)
{
	return map_and_touch(0, PROT_READ | PROT_WRITE);
}

/* Not congruent with the memory: pages of 4 KiB only */
static int call_map_small(void)
{
	return map_and_touch(0x1000, PROT_READ);
}

static bool mapped(void)
{
	return opened() && !call_map();
}

static int exactly(ssize_t done, size_t wanted)
{
	if (done < 0)
		return -errno;

	return done == (ssize_t)wanted ? 0 : -EIO;
}

static int call_memory_read(void)
{
	static char page[8192];

	return exactly(pread(user.device, page, sizeof(page), memory.offset),
		       sizeof(page));
}

static char written[8192];
static ssize_t written_size;

static int call_memory_write(void)
{
	memset(written, written[0] + 1, sizeof(written));
	written_size = pwrite(user.device, written, sizeof(written),
			      memory.offset);

	return exactly(written_size, sizeof(written));
}

/* What a short write has written is what it says, and no more */
static bool check_memory_write(void)
{
	static char now[sizeof(written)];
	size_t n;

	if (pread(user.device, now, sizeof(now), memory.offset) != sizeof(now))
		return false;
	for (n = 0; n < sizeof(now); n++) {
		bool same = now[n] == written[n];

		if (same != ((ssize_t)n < written_size))
			return false;
	}

	return true;
}

static bool memory_live(void)
{
	struct vfio_cxl_info info;
	bool live;

	if (mapping == MAP_FAILED)
		return true;
	live = !control_info(&info) && info.flags & VFIO_CXL_INFO_LIVE;

	return live == !touch(mapping, true);
}

/* ---- registers ---- */

#define CONFIG_OFFSET	((__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40)

/* The header, with the command register, and the first DVSECs */
static int call_config_read(void)
{
	char space[0x40];
	int err;

	err = exactly(pread(user.device, space, sizeof(space), CONFIG_OFFSET),
		      sizeof(space));
	if (err)
		return err;

	return exactly(pread(user.device, space, sizeof(space),
			     CONFIG_OFFSET + 0x100), sizeof(space));
}

static int call_config_write(void)
{
	__u32 command = 0x6;
	__u16 control = 0x6;
	int err;

	err = exactly(pwrite(user.device, &command, 4, CONFIG_OFFSET + 4), 4);
	if (err)
		return err;

	return exactly(pwrite(user.device, &control, 2, CONFIG_OFFSET + 0x10c),
		       2);
}

static int call_registers_read(void)
{
	__u32 value;
	int err;

	err = exactly(pread(user.device, &value, 4, comp_regs.offset), 4);
	if (err)
		return err;

	/* The same in its BAR, where it is closed */
	return exactly(pread(user.device, &value, 4, 0x1000), 4);
}

static int call_registers_write(void)
{
	__u32 base = GUEST_BASE >> 32;
	int err;

	err = exactly(pwrite(user.device, &base, 4,
			     comp_regs.offset + hw_hdm() + 0x14), 4);
	if (err)
		return err;

	return exactly(pwrite(user.device, &base, 4, 0x1000), 4);
}

static bool begin_registers_write(void)
{
	return opened() && guest_clear();
}

/* ---- resets ---- */

static int call_reset(void)
{
	return ioctl(user.device, VFIO_DEVICE_RESET) ? -errno : 0;
}

/* Restored by a work item, for which nobody waits: so do it here */
static int call_sysfs_reset(void)
{
	struct vfio_cxl_info info;
	char path[PATH_MAX];
	unsigned int i;
	int err;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset",
		 dev_bdf());
	err = put(path, "1");
	for (i = 0; i < 100 && !err; i++) {
		err = control_info(&info);
		if (err || info.flags & VFIO_CXL_INFO_LIVE)
			return err;
		usleep(5000);
	}

	return err ?: -EIO;
}

static int call_hot_reset(void)
{
	return user_hot_reset(&user);
}

/* ---- questions ---- */

static int call_questions(void)
{
	struct vfio_cxl_window w = { .argsz = sizeof(w) };
	struct vfio_cxl_decoder decoder;
	struct vfio_cxl_info info;
	int err, fd;

	err = control_info(&info);
	if (!err)
		err = control_decoder(&decoder);
	if (err)
		return err;
	fd = control_open();
	if (fd < 0)
		return -errno;
	if (ioctl(fd, VFIO_CXL_WINDOW, &w))
		err = -errno;
	close(fd);

	return err ?: w.flags & VFIO_CXL_WINDOW_USABLE ? 0 : -EIO;
}

static int call_device_questions(void)
{
	struct vfio_cxl_device_info_cap cap;
	struct vfio_device_info device;
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	struct region region;
	int err, index;

	if (ioctl(user.device, VFIO_CXL_INFO, &info))
		return -errno;
	err = user_cxl_cap(&user, &device, &cap);
	for (index = 0; index < 11 && !err; index++)
		if (index != VFIO_PCI_VGA_REGION_INDEX)
			err = user_region(&user, index, &region);

	return err;
}

/* ---- host memory under a tag ---- */

/* How many there are, or an error */
static int backends(void)
{
	struct vfio_cxl_backend_info info;
	struct vfio_cxl_backend_list list = {
		.argsz = sizeof(list), .backends = (uintptr_t)&info, .room = 1,
	};

	return control_ioctl(VFIO_CXL_BACKEND_LIST, &list) ?: list.count;
}

/* Of several pages, so that the books of them take memory too */
static int call_backend(void)
{
	struct vfio_cxl_backend_create create = {
		.argsz = sizeof(create), .tag = { 1 }, .size = 3 * 4096,
	};
	int err = backends();

	if (!err)
		err = control_ioctl(VFIO_CXL_BACKEND_CREATE, &create);
	if (!err)
		close(create.fd);

	return err;
}

/* As many as there are to be: one, or after a failure none */
static bool no_backend(void)
{
	struct vfio_cxl_backend_destroy destroy = {
		.argsz = sizeof(destroy), .tag = { 1 },
	};

	return !control_ioctl(VFIO_CXL_BACKEND_DESTROY, &destroy) &&
	       !backends();
}

const struct operation operations[] = {
	{ "bind", unbound, call_bind, unbound, .gated = true,
	  .degrades = no_node },
	{ "bind_firmware", firmware, call_bind, unbound, .gated = true,
	  .degrades = less_memory },
	{ "unbind", bound, call_unbind, nothing, .only = "own" },
	{ "unbind_programmed", programmed, call_unbind, nothing,
	  .only = "own" },
	{ "unbind_locked", locked, call_unbind, reset_unbound,
	  .only = "own", .degrades = still_locked },
	{ "unbind_firmware", firmware_bound, call_unbind, nothing,
	  .only = "own" },
	{ "program", clear, call_program, clear, .gated = true,
	  .degrades = elsewhere },
	{ "program_at", clear, call_program_at, clear, .gated = true,
	  .degrades = elsewhere },
	{ "lock", programmed, call_lock, rebound, .gated = true },
	{ "clear", programmed, call_clear, nothing, .gated = true },
	{ "open", begin_open, call_open, closed, .gated = true },
	{ "close", opened, call_close, nothing, .gated = true, .only = "own" },
	{ "close_clearing", begin_close_clearing, call_close, end_clearing,
	  .check = check_nothing_left, .gated = true, .only = "own" },
	{ "guest_set", opened, call_guest_set, guest_clear },
	{ "guest_clear", begin_guest_clear, call_guest_clear, nothing },
	{ "guest_set_next", programmed, call_guest_set, guest_clear },
	/* The kernel makes page tables for the driver, far below it */
	{ "map", opened, call_map, unmapped, .check = memory_live,
	  .inside = true, .depth = 20 },
	{ "map_small", opened, call_map_small, unmapped, .inside = true,
	  .depth = 20 },
	{ "memory_read", opened, call_memory_read, nothing, .inside = true },
	{ "memory_write", opened, call_memory_write, nothing,
	  .check = check_memory_write, .inside = true, .only = "kernel" },
	{ "config_read", opened, call_config_read, nothing, .inside = true,
	  .only = "kernel" },
	{ "config_write", opened, call_config_write, nothing, .inside = true },
	{ "registers_read", opened, call_registers_read, nothing, .inside = true,
	  .only = "kernel" },
	{ "registers_write", begin_registers_write, call_registers_write,
	  nothing, .inside = true, .only = "kernel" },
	{ "reset", mapped, call_reset, nothing, .gated = true,
	  .check = memory_live, .only = "own" },
	{ "hot_reset", mapped, call_hot_reset, nothing, .gated = true,
	  .check = memory_live },
	{ "sysfs_reset", mapped, call_sysfs_reset, nothing, .gated = true,
	  .check = memory_live },
	{ "questions", bound, call_questions, nothing, .inside = true },
	{ "device_questions", opened, call_device_questions, nothing, .inside = true },
	{ "backend", bound, call_backend, no_backend, .inside = true,
	  .depth = 20 },
	{}
};

static const struct operation *find(const struct operation *op,
				    const char *name)
{
	for (; op->name; op++)
		if (!strcmp(op->name, name))
			return op;

	return NULL;
}

const struct operation *operation(const char *name)
{
	return find(operations, name) ?: find(operations_dc, name) ?:
	       find(operations_log, name) ?: find(operations_host, name);
}

/* ---- for operations of other files ---- */

bool operation_opened(void)
{
	return opened();
}

/* Group and container too: they are of the device that is bound now */
bool operation_left(void)
{
	closed();
	user_close(&user);

	return true;
}

bool operation_unbound(void)
{
	return unbound();
}

bool operation_is_bound(void)
{
	return is_bound();
}

int operation_bind(void)
{
	return call_bind();
}

int operation_open(void)
{
	return call_open();
}

int operation_close(void)
{
	return call_close();
}

int operation_unbind(void)
{
	return call_unbind();
}

int operation_device(void)
{
	return user.device;
}

__u64 operation_memory(void)
{
	return memory.offset;
}

/* Bound, nothing committed, and no failure is waiting */
bool operations_ready(void)
{
	int fd;

	/* A sweep that did not come to its end may have left it on */
	if (!inject_ready() || put(CLEAR_ON_CLOSE, "0") || !bound())
		return false;
	if (topology_is("dc"))
		dc_give_all_back();
	window.argsz = sizeof(window);
	fd = control_open();
	if (ioctl(fd, VFIO_CXL_WINDOW, &window))
		return false;
	close(fd);

	return true;
}

void operations_over(void)
{
	inject_arm(0);
	closed();
	user_close(&user);
	unbound();
	hw_write(hw_hdm() + 0x10 + 16, 0);
	hw_write(hw_hdm() + 0x30 + 16, 0);
	hw_write(hw_hdm() + 4, 0);
	bound();
}
