// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "iommu.h"

const char *dev_bdf(void)
{
	return getenv("DEV") ?: "0000:0d:00.0";
}

bool topology_is(const char *name)
{
	const char *topology = getenv("TOPOLOGY");

	return topology && !strcmp(topology, name);
}

static void dev_path(char *path, size_t size, const char *file)
{
	snprintf(path, size, "/sys/bus/pci/devices/%s/%s", dev_bdf(), file);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);

	return ok;
}

/* What begins or ends tracing; to write "trace" empties it */
bool trace_set(const char *name, const char *value)
{
	char path[128];
	bool ok;
	FILE *file;

	snprintf(path, sizeof(path), TRACEFS "%s", name);
	file = fopen(path, "w");
	if (!file)
		return false;
	ok = fputs(value, file) >= 0;

	return !fclose(file) && ok;
}

/* Unbind and bind again: what a new administrator would find */
bool dev_rebind(void)
{
	return dev_unbind() && dev_bind();
}

static int group_open(void)
{
	char path[PATH_MAX], link[PATH_MAX] = "", name[64];

	dev_path(path, sizeof(path), "iommu_group");
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return -1;
	snprintf(name, sizeof(name), "/dev/vfio/%s", basename(link));

	return open(name, O_RDWR | O_CLOEXEC);
}

/* @container: VFIO's node, or that of iommufd, which can stand for it */
int user_open_container(struct user *user, const char *container)
{
	int err;

	*user = USER_CLOSED;
	user->container = open(container, O_RDWR | O_CLOEXEC);
	if (user->container < 0)
		goto fail;
	user->group = group_open();
	if (user->group < 0)
		goto fail;
	if (ioctl(user->group, VFIO_GROUP_SET_CONTAINER, &user->container) ||
	    ioctl(user->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		goto fail;
	user->device = ioctl(user->group, VFIO_GROUP_GET_DEVICE_FD, dev_bdf());
	if (user->device < 0)
		goto fail;

	return 0;
fail:
	err = errno;
	user_close(user);

	return -err;
}

/*
 * 0, or -errno with everything closed again. The environment says whether it is
 * the device's own node (VIA=cdev): most tests are the same for both.
 */
int user_open(struct user *user)
{
	const char *via = getenv("VIA");

	if (via && !strcmp(via, "cdev"))
		return user_open_cdev(user);

	return user_open_container(user, "/dev/vfio/vfio");
}

/* What the user has open is proof that the devices on the bus are his */
int user_hot_reset(const struct user *user)
{
	struct {
		struct vfio_pci_hot_reset head;
		__s32 group;
	} reset = {
		.head.argsz = sizeof(reset),
		.head.count = user->group >= 0,
		.group = user->group,
	};

	return ioctl(user->device, VFIO_DEVICE_PCI_HOT_RESET, &reset) ?
	       -errno : 0;
}

void user_close(struct user *user)
{
	if (user->device >= 0)
		close(user->device);
	if (user->group >= 0)
		close(user->group);
	if (user->container >= 0)
		close(user->container);
	if (user->iommufd >= 0)
		close(user->iommufd);
	*user = USER_CLOSED;
}

static void region_caps(const struct vfio_region_info *info,
			struct region *region)
{
	const struct vfio_region_info_cap_type *type;
	const struct vfio_info_cap_header *cap;
	__u32 at = info->cap_offset;

	while (at && at + sizeof(*cap) <= info->argsz) {
		cap = (const void *)((const char *)info + at);
		if (cap->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			region->sparse = true;
		if (cap->id == VFIO_REGION_INFO_CAP_TYPE) {
			type = (const void *)cap;
			region->type = type->type;
			region->subtype = type->subtype;
		}
		at = cap->next;
	}
}

/* The two-step query of VFIO: first the size of the answer, then the answer */
int user_region(const struct user *user, __u32 index, struct region *region)
{
	union {
		struct vfio_region_info info;
		char bytes[1024];
	} answer = { .info = { .argsz = sizeof(answer.info), .index = index } };

	memset(region, 0, sizeof(*region));
	if (ioctl(user->device, VFIO_DEVICE_GET_REGION_INFO, &answer))
		return -errno;
	if (answer.info.argsz > sizeof(answer))
		return -E2BIG;
	if (answer.info.argsz > sizeof(answer.info) &&
	    ioctl(user->device, VFIO_DEVICE_GET_REGION_INFO, &answer))
		return -errno;

	region->index = index;
	region->flags = answer.info.flags;
	region->size = answer.info.size;
	region->offset = answer.info.offset;
	if (answer.info.flags & VFIO_REGION_INFO_FLAG_CAPS)
		region_caps(&answer.info, region);

	return 0;
}

int user_find(const struct user *user, __u32 subtype, struct region *region)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	__u32 index;

	if (ioctl(user->device, VFIO_DEVICE_GET_INFO, &info))
		return -errno;
	for (index = VFIO_PCI_NUM_REGIONS; index < info.num_regions; index++)
		if (!user_region(user, index, region) &&
		    region->type == VFIO_CXL_REGION_TYPE &&
		    region->subtype == subtype)
			return 0;

	return -ENOENT;
}

/* Device info and the CXL capability; -ENOENT without one */
int user_cxl_cap(const struct user *user, struct vfio_device_info *info,
		 struct vfio_cxl_device_info_cap *cap)
{
	char answer[1024] = "";
	struct vfio_device_info *head = (void *)answer;
	const struct vfio_info_cap_header *at;
	__u32 offset;

	head->argsz = sizeof(*head);
	if (ioctl(user->device, VFIO_DEVICE_GET_INFO, answer))
		return -errno;
	*info = *head;
	if (!(head->flags & VFIO_DEVICE_FLAGS_CAPS))
		return -ENOENT;
	if (head->argsz > sizeof(answer))
		return -E2BIG;
	if (ioctl(user->device, VFIO_DEVICE_GET_INFO, answer))
		return -errno;

	for (offset = head->cap_offset; offset; offset = at->next) {
		at = (const void *)(answer + offset);
		if (at->id != VFIO_CXL_DEVICE_INFO_CAP_CXL)
			continue;
		memcpy(cap, at, sizeof(*cap));
		*info = *head;
		return 0;
	}

	return -ENOENT;
}

static __u64 comp_offset(const struct user *user)
{
	struct region region;

	if (user_find(user, VFIO_CXL_REGION_SUBTYPE_COMP_REGS, &region))
		abort();

	return region.offset;
}

__u32 comp_read(const struct user *user, __u32 offset)
{
	__u32 value;

	if (pread(user->device, &value, 4, comp_offset(user) + offset) != 4)
		abort();

	return value;
}

void comp_write(const struct user *user, __u32 offset, __u32 value)
{
	if (pwrite(user->device, &value, 4, comp_offset(user) + offset) != 4)
		abort();
}

/* Walk the capability array to the HDM decoders, as a client does */
__u32 comp_hdm(const struct user *user)
{
	__u32 entries = comp_read(user, 0) >> 24;
	__u32 i, entry;

	for (i = 1; i <= entries; i++) {
		entry = comp_read(user, 4 * i);
		if ((entry & 0xffff) == 5)
			return entry >> 20;
	}

	abort();
}

/* Map so that the largest pages fit: reserve, then map inside */
void *map_congruent(const struct user *user, __u64 offset, __u64 size)
{
	struct vfio_cxl_info info = { .argsz = sizeof(info) };
	struct region region;
	char *area, *at;

	if (ioctl(user->device, VFIO_CXL_INFO, &info) ||
	    user_find(user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &region))
		return MAP_FAILED;

	area = mmap(NULL, size + info.map_align, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return MAP_FAILED;
	at = area + ((info.map_offset + offset - (uintptr_t)area) &
		     (info.map_align - 1));

	return mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    user->device, region.offset + offset);
}

/* Page faults of this process */
long faults_so_far(void)
{
	struct rusage usage;

	/* What the answer is written to may take one, after they are counted */
	getrusage(RUSAGE_SELF, &usage);
	getrusage(RUSAGE_SELF, &usage);

	return usage.ru_minflt + usage.ru_majflt;
}

static sigjmp_buf touch_env;

static void touch_signal(int signal)
{
	siglongjmp(touch_env, signal);
}

/* Touch a byte: 0, or the signal that it raised */
int touch(volatile void *addr, bool write)
{
	struct sigaction action = { .sa_handler = touch_signal }, bus, segv;
	volatile char *byte = addr;
	int signal;

	sigaction(SIGBUS, &action, &bus);
	sigaction(SIGSEGV, &action, &segv);
	signal = sigsetjmp(touch_env, 1);
	if (!signal) {
		if (write)
			*byte = 0x5a;
		else
			(void)*byte;
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);

	return signal;
}

/*
 * Faults all of these pages in, over and over, till they are gone; is 0 if none is
 * there then. Each of them is asked for alone, without its signal, which takes a
 * debug kernel longer than the fault.
 */
int touch_till(char *memory, size_t size, const volatile bool *gone)
{
	size_t page = getpagesize(), at;

	do {
		madvise(memory, size, MADV_DONTNEED);
	} while (!madvise(memory, size, MADV_POPULATE_WRITE));
	while (!*gone)
		usleep(100);
	for (at = 0; at < size; at += page)
		if (!madvise(memory + at, page, MADV_POPULATE_READ) ||
		    errno != EFAULT)
			return 1;

	return 0;
}

int control_open(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/dev/vfio-cxl/%s", dev_bdf());

	return open(path, O_RDWR | O_CLOEXEC);
}

int control_ioctl(unsigned long cmd, void *arg)
{
	int fd = control_open();
	int err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, cmd, arg) ? -errno : 0;
	close(fd);

	return err;
}

int control_info(struct vfio_cxl_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);

	return control_ioctl(VFIO_CXL_INFO, info);
}

int control_program(struct vfio_cxl_decoder_program *program)
{
	program->argsz = sizeof(*program);

	return control_ioctl(VFIO_CXL_DECODER_PROGRAM, program);
}

int control_clear(struct vfio_cxl_decoder_clear *clear)
{
	clear->argsz = sizeof(*clear);

	return control_ioctl(VFIO_CXL_DECODER_CLEAR, clear);
}

/* Memory that firmware left or that is programmed now, with defaults */
bool memory_ready(void)
{
	struct vfio_cxl_decoder_program program = {};
	struct vfio_cxl_info info;

	if (control_info(&info))
		return false;
	if (info.flags & VFIO_CXL_INFO_LIVE)
		return true;

	return !control_program(&program);
}

static __u32 config32(int config, unsigned int at)
{
	__u32 value = 0;

	if (pread(config, &value, 4, at) != 4)
		abort();

	return value;
}

/* Where in BAR 0 the component block is: the Register Locator's first entry */
__u32 hw_block(void)
{
	int config = dev_config();
	unsigned int at = 0x100;
	__u32 low;

	if (config < 0)
		abort();
	while ((config32(config, at) & 0xffff) != 0x23 ||
	       (config32(config, at + 4) & 0xffff) != 0x1e98 ||
	       (config32(config, at + 8) & 0xffff) != 8) {
		at = config32(config, at) >> 20;
		if (!at)
			abort();
	}
	for (at += 12; (config32(config, at) >> 8 & 0xff) != 1; at += 8)
		if (at > 4088)
			abort();
	low = config32(config, at);
	close(config);
	if (low & 7)
		abort();

	return low & 0xffff0000;
}

static __u64 cm_address(void)
{
	unsigned long long start = 0;
	char path[PATH_MAX];
	FILE *file;

	dev_path(path, sizeof(path), "resource");
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llx", &start) != 1 || !start)
		abort();
	fclose(file);

	return start + hw_block() + 0x1000;
}

__u32 hw_read(__u32 cm_offset)
{
	char *answer = bed("mmio read %#llx 4", cm_address() + cm_offset);

	if (!answer)
		abort();

	return strtoul(answer, NULL, 16);
}

void hw_write(__u32 cm_offset, __u32 value)
{
	if (!bed("mmio write %#llx %#x", cm_address() + cm_offset, value))
		abort();
}

/* Found once: asking takes long, and each test is a process of its own */
static __u32 *hdm_found;

static void __attribute__((constructor)) hdm_share(void)
{
	hdm_found = mmap(NULL, sizeof(*hdm_found), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hdm_found == MAP_FAILED)
		abort();
}

__u32 hw_hdm(void)
{
	__u32 i, entries, entry;

	if (*hdm_found)
		return *hdm_found;

	entries = hw_read(0) >> 24;
	for (i = 1; i <= entries; i++) {
		entry = hw_read(4 * i);
		if ((entry & 0xffff) == 5) {
			*hdm_found = entry >> 20;
			return *hdm_found;
		}
	}

	abort();
}

/* Registers in a row, for one question to the host */
static void hw_dump(__u32 cm_offset, __u32 *words, unsigned int count)
{
	char *at = bed("mmio dump %#llx %u", cm_address() + cm_offset, count);
	char *end;
	unsigned int i;

	for (i = 0; i < count; i++, at = end) {
		if (!at)
			abort();
		words[i] = strtoul(at, &end, 16);
		if (end == at)
			abort();
	}
}

/* Global control is one of the words in front of the decoders */
void hw_decoders(__u32 *global, struct hw_decoder *decoders, unsigned int count)
{
	__u32 words[4 + 8 * HW_DECODERS], *w = words + 4;
	unsigned int n;

	if (count > HW_DECODERS)
		abort();
	hw_dump(hw_hdm(), words, 4 + 8 * count);
	if (global)
		*global = words[1];
	for (n = 0; n < count; n++, w += 8)
		decoders[n] = (struct hw_decoder){
			.base = w[0] | (__u64)w[1] << 32,
			.size = w[2] | (__u64)w[3] << 32,
			.ctrl = w[4],
			.skip = w[5] | (__u64)w[6] << 32,
		};
}

struct hw_decoder hw_decoder(unsigned int n)
{
	struct hw_decoder decoders[HW_DECODERS];

	hw_decoders(NULL, decoders, n + 1);

	return decoders[n];
}

bool hw_same(const struct hw_decoder *a, const struct hw_decoder *b)
{
	return a->base == b->base && a->size == b->size && a->skip == b->skip &&
	       a->ctrl == b->ctrl;
}

bool dev_unbind(void)
{
	return write_file("/sys/bus/pci/drivers/cxl-vfio-pci/unbind",
			  dev_bdf());
}

bool dev_bind(void)
{
	return write_file("/sys/bus/pci/drivers/cxl-vfio-pci/bind", dev_bdf());
}

/* A reset that is nobody's: VFIO's user is not asked */
bool dev_reset(void)
{
	char path[PATH_MAX];

	dev_path(path, sizeof(path), "reset");

	return write_file(path, "1");
}

/* Config space past VFIO */
int dev_config(void)
{
	char path[PATH_MAX];

	dev_path(path, sizeof(path), "config");

	return open(path, O_RDWR | O_CLOEXEC);
}

/* The restore after a reset from outside is not waited for by anybody */
bool becomes_live(void)
{
	struct vfio_cxl_info info;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		if (!control_info(&info) && info.flags & VFIO_CXL_INFO_LIVE)
			return true;
		usleep(10000);
	}

	return false;
}

int control_guest_set(struct vfio_cxl_guest_set *set)
{
	set->argsz = sizeof(*set);

	return control_ioctl(VFIO_CXL_GUEST_SET, set);
}

int control_guest_clear(struct vfio_cxl_guest_clear *clear)
{
	clear->argsz = sizeof(*clear);

	return control_ioctl(VFIO_CXL_GUEST_CLEAR, clear);
}

int control_decoder(struct vfio_cxl_decoder *decoder)
{
	memset(decoder, 0, sizeof(*decoder));
	decoder->argsz = sizeof(*decoder);

	return control_ioctl(VFIO_CXL_DECODER, decoder);
}

/*
 * Decoder @n as the driver reads it from hardware when asked: quicker than
 * hw_decoder(), with which a test of the control node compares it.
 */
struct hw_decoder decoder_now(unsigned int n)
{
	struct vfio_cxl_decoder decoder = {
		.argsz = sizeof(decoder),
		.index = n,
	};

	if (control_ioctl(VFIO_CXL_DECODER, &decoder))
		abort();

	return (struct hw_decoder){
		.base = decoder.base,
		.size = decoder.size,
		.skip = decoder.dpa_skip,
		.ctrl = decoder.ctrl,
	};
}
