// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_vfio.h"

struct fake fake;

struct vfio_region_info *fake_head(struct fake_reply *reply)
{
	return (struct vfio_region_info *)reply->bytes;
}

struct vfio_device_info *fake_device(void)
{
	return (struct vfio_device_info *)fake.device.bytes;
}

struct vfio_cxl_device_info_cap *fake_cap(void)
{
	return (struct vfio_cxl_device_info_cap *)(fake_device() + 1);
}

/* The first capability of a region */
struct vfio_info_cap_header *fake_header(struct fake_reply *reply)
{
	return (struct vfio_info_cap_header *)(fake_head(reply) + 1);
}

void fake_type(struct fake_reply *reply, uint32_t subtype, uint64_t size,
	       uint64_t offset)
{
	struct vfio_region_info_cap_type type = {
		.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
		.type = VFIO_CXL_REGION_TYPE,
		.subtype = subtype,
	};
	struct vfio_region_info *info = fake_head(reply);

	memset(reply, 0, sizeof(*reply));
	reply->len = sizeof(*info) + sizeof(type);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	info->cap_offset = sizeof(*info);
	info->size = size;
	info->offset = offset;
	memcpy(info + 1, &type, sizeof(type));
}

static void init_device(void)
{
	struct vfio_device_info *info = fake_device();

	fake.device.len = sizeof(*info) + sizeof(*fake_cap());
	info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_CAPS |
		      VFIO_CXL_DEVICE_FLAGS_CXL;
	info->num_regions = FAKE_FIRST + FAKE_REGIONS;
	info->cap_offset = sizeof(*info);
	*fake_cap() = (struct vfio_cxl_device_info_cap){
		.id = VFIO_CXL_DEVICE_INFO_CAP_CXL, .version = 1,
		.flags = VFIO_CXL_CAP_FIRMWARE_COMMITTED,
		.dpa_region_index = FAKE_FIRST + 2,
		.comp_regs_region_index = FAKE_FIRST + 1,
	};
}

static void init_regs(void)
{
	struct vfio_cxl_hdm hdm = {
		.header = 2 << 24 | CXL_CM_CAP_ID_ARRAY,
		.entry = FAKE_HDM << 20 | CXL_CM_CAP_ID_HDM,
		.entry_index = 2, .offset = FAKE_HDM, .cap = 1, .count = 2,
	};
	struct vfio_cxl_hdm_state state = {
		.decoder[0] = {
			.base = 0x4d0000000, .size = FAKE_SIZE,
			.ctrl = CXL_HDM_CTRL_COMMITTED | CXL_HDM_CTRL_HOST_ONLY,
		},
	};

	vfio_cxl_comp_regs_init(&fake.regs, &hdm, &state, false);
}

/* A device that is well, with its regions not where they usually are */
void fake_init(void)
{
	int fd = fake.fd;

	if (!fd)
		fd = memfd_create("fake", MFD_CLOEXEC);
	memset(&fake, 0, sizeof(fake));
	fake.fd = fd;
	if (fd <= 0 || ftruncate(fd, FAKE_SIZE))
		abort();
	fake.info.flags = VFIO_CXL_INFO_MEMORY | VFIO_CXL_INFO_LIVE;
	fake.info.memory_size = FAKE_SIZE;
	fake.info.map_align = 2 << 20;
	fake.info.map_offset = 0x3000;
	init_device();
	/* Another vendor's, with our number of a subtype */
	fake_type(&fake.region[0], VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, 4096, 0);
	((struct vfio_region_info_cap_type *)
	 fake_header(&fake.region[0]))->type = 0x80008086;
	fake_type(&fake.region[1], VFIO_CXL_REGION_SUBTYPE_COMP_REGS, 4096,
		  FAKE_REGS);
	fake_type(&fake.region[2], VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
		  FAKE_SIZE, 0);
	fake.region[3].len = sizeof(struct vfio_region_info);
	fake_type(&fake.region[4], VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
		  FAKE_WINDOW, 16 << 20);
	init_regs();
}

/* As much as there is room for, argsz always */
static int reply(const struct fake_reply *r, void *arg, size_t head)
{
	uint32_t room;

	memcpy(&room, arg, sizeof(room));
	if (r->err) {
		errno = r->err;
		return -1;
	}
	if (room >= r->len) {
		memcpy((char *)arg + 4, r->bytes + 4, r->len - 4);
	} else {
		memcpy((char *)arg + 4, r->bytes + 4, head - 4);
		memcpy(arg, &r->len, sizeof(r->len));
	}
	if (fake.argsz_grows)
		memcpy(arg, &(uint32_t){ room + 1 }, sizeof(room));
	return 0;
}

static int region(struct vfio_region_info *info)
{
	uint32_t n = info->index - FAKE_FIRST;

	if (n < FAKE_REGIONS)
		return reply(&fake.region[n], info, sizeof(*info));
	errno = EINVAL;
	return -1;
}

static int result(int err)
{
	errno = err;
	return err ? -1 : 0;
}

static int reset(const struct vfio_pci_hot_reset *hot)
{
	if (hot) {
		fake.reset_groups = hot->count;
		fake.reset_fd = hot->count ? hot->group_fds[0] : -1;
		if (hot->argsz < sizeof(*hot) + hot->count * sizeof(int))
			abort();
	}
	if (fake.on_reset)
		fake.on_reset();
	return result(fake.reset_err);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != fake.fd)
		return result(EBADF);
	switch (request) {
	case VFIO_CXL_INFO:
		memcpy((char *)arg + 4, (char *)&fake.info + 4,
		       sizeof(fake.info) - 4);
		return result(fake.info_err);
	case VFIO_DEVICE_GET_INFO:
		return reply(&fake.device, arg, sizeof(struct vfio_device_info));
	case VFIO_DEVICE_GET_REGION_INFO:
		return region(arg);
	case VFIO_DEVICE_RESET:
		return reset(NULL);
	case VFIO_DEVICE_PCI_HOT_RESET:
		return reset(arg);
	default:
		return result(ENOTTY);
	}
}

/* 1: go on; else what the access returns */
static ssize_t begin(bool write, uint32_t offset, uint32_t value)
{
	unsigned int n = ++fake.nr_access;

	if (n <= FAKE_LOG)
		fake.log[n - 1] = (struct fake_access){ write, offset, value };
	if (!fake.fail_from || n < fake.fail_from ||
	    (fake.fail_once && n > fake.fail_from))
		return 1;
	errno = fake.fail_errno;
	return fake.fail_errno ? -1 : 2;
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	uint32_t value, at = offset - FAKE_REGS;
	ssize_t ret;

	if (offset < (off_t)FAKE_REGS)
		return syscall(SYS_pread64, fd, buf, len, offset);
	if (len != sizeof(value) || at % 4)
		return result(EINVAL);
	value = vfio_cxl_comp_regs_read(&fake.regs, at);
	if (fake.read)
		value = fake.read(at, value);
	ret = begin(false, at, value);
	if (ret != 1)
		return ret;
	memcpy(buf, &value, sizeof(value));
	return sizeof(value);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	uint32_t value, at = offset - FAKE_REGS;
	ssize_t ret;

	if (offset < (off_t)FAKE_REGS)
		return syscall(SYS_pwrite64, fd, buf, len, offset);
	if (len != sizeof(value) || at % 4)
		return result(EINVAL);
	memcpy(&value, buf, sizeof(value));
	ret = begin(true, at, value);
	if (ret != 1)
		return ret;
	if (!fake.write || fake.write(at, value))
		vfio_cxl_comp_regs_write(&fake.regs, at, value);
	return sizeof(value);
}
