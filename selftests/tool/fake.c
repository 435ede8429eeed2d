// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that is none: preloaded, answers the ioctls of the control node and
 * of VFIO as the environment says, so that the command can be shown what no
 * device does on demand. The nodes are links to /dev/null, the memory a memfd,
 * the guest's decoder committed and not placed.
 *
 * FAKE_LOG        file that gets a line for each ioctl, and one more if a
 *                 guest's decoder is asked for a dry run
 * FAKE_FLAGS, FAKE_REASON, FAKE_GATE, FAKE_SIZE    of VFIO_CXL_INFO
 * FAKE_ABI, FAKE_MEM_MODE, FAKE_ORIGIN, FAKE_MAP_ALIGN, FAKE_MAP_OFFSET    too
 * FAKE_WINDOW, FAKE_WINDOW_REASON    flags of the one window, 4 GiB at
 *                 0x4d0000000; without the first there is none
 * FAKE_MODE, FAKE_UID    mode and owner of the control node
 * FAKE_GUEST, FAKE_GUEST_BASE    flags and guest_base of decoder 0
 * FAKE_FAIL       list of NAME[:N]=ERRNO[/REASON]: the N-th call of NAME, or
 *                 each, fails; separated by commas
 * FAKE_CAPACITY, FAKE_SKIP    static_capacity, dpa_skip of VFIO_CXL_INFO
 * FAKE_MEMORY     file that is the memory, FAKE_SIZE bytes of it
 * FAKE_RESET_EATS set: the memory is gone after a reset
 * FAKE_TICK       N=WHAT: when the time is asked for the N-th time, WHAT:
 *                 "term": SIGTERM is raised; "eat": the memory is gone;
 *                 a number: the byte at this offset turns to 0xff
 * FAKE_AT         end of a path: when it is written to, SIGTERM is raised, or
 * FAKE_GONE       this folder is gone
 * FAKE_DC, FAKE_RC    see fake_dc.c
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vfio_cxl.h>

#include "fake_dc.h"

#define MEMORY_REGION	9
#define REGS_REGION	10
#define REGS_OFFSET	(1LL << 40)
#define MAX_NAMES	32

static int memory = -1;

unsigned long long fake_number(const char *name, unsigned long long other)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : other;
}

void fake_note(const char *name)
{
	const char *path = getenv("FAKE_LOG");
	FILE *file;

	pause_faults();
	file = path ? fopen(path, "ae") : NULL;
	if (file) {
		fprintf(file, "%s\n", name);
		fclose(file);
	}
	resume_faults();
}

/* How often @name was called, this call included */
static unsigned long count(const char *name)
{
	static struct { const char *name; unsigned long n; } calls[MAX_NAMES];
	size_t i;

	for (i = 0; i < MAX_NAMES && calls[i].name; i++)
		if (!strcmp(calls[i].name, name))
			return ++calls[i].n;
	if (i == MAX_NAMES)
		abort();
	calls[i].name = name;
	return calls[i].n = 1;
}

/* The errno that this call is to fail with, or 0 */
int fake_failure(const char *name, unsigned int *reason)
{
	const char *rule = getenv("FAKE_FAIL");
	unsigned long n = count(name);
	size_t len = strlen(name);

	fake_note(name);
	for (; rule; rule = strchr(rule, ',')) {
		unsigned long which = n;
		char *end;
		int err;

		rule += *rule == ',';
		if (strncmp(rule, name, len) || !strchr(":=", rule[len]))
			continue;
		end = (char *)rule + len;
		if (*end == ':')
			which = strtoul(end + 1, &end, 10);
		err = strtol(end + 1, &end, 10);
		if (which != n)
			continue;
		*reason = *end == '/' ? strtoul(end + 1, NULL, 10) : 0;
		return err;
	}
	return 0;
}

static void fill_info(struct vfio_cxl_info *info)
{
	info->flags = fake_number("FAKE_FLAGS", VFIO_CXL_INFO_MEMORY |
			     VFIO_CXL_INFO_LIVE);
	info->abi_version = fake_number("FAKE_ABI", VFIO_CXL_ABI_VERSION);
	info->origin = fake_number("FAKE_ORIGIN", VFIO_CXL_ORIGIN_DRIVER);
	info->mem_mode = fake_number("FAKE_MEM_MODE", VFIO_CXL_MEM_MEMREMAP);
	info->reason = fake_number("FAKE_REASON", 0);
	info->gate = fake_number("FAKE_GATE", 0);
	info->memory_size = fake_number("FAKE_SIZE", 1 << 20);
	info->static_capacity = fake_number("FAKE_CAPACITY", info->memory_size);
	info->dpa_skip = fake_number("FAKE_SKIP", 0);
	info->page_sizes = sysconf(_SC_PAGESIZE);
	info->map_align = fake_number("FAKE_MAP_ALIGN", info->page_sizes);
	info->map_offset = fake_number("FAKE_MAP_OFFSET", 0);
	if (info->reason)
		strcpy(info->element, "el\033ement");
}

/* Decoder 0 as its guest sees it; what is set stays for this process */
static unsigned int guest_flags;
static unsigned long long guest_base;

static void fill_decoder(struct vfio_cxl_decoder *decoder)
{
	decoder->flags = guest_flags | fake_number("FAKE_GUEST", 0);
	decoder->guest_base = guest_flags ? guest_base :
			      fake_number("FAKE_GUEST_BASE", 0);
}

static void guest_set(struct vfio_cxl_guest_set *set)
{
	if (set->flags & VFIO_CXL_GUEST_DRY_RUN) {
		fake_note("DRY_RUN");
		return;
	}
	if (fake_number("FAKE_GUEST", 0) & VFIO_CXL_DECODER_GUEST_SET &&
	    fake_number("FAKE_GUEST_BASE", 0) == set->base) {
		set->flags |= VFIO_CXL_GUEST_ALREADY;
		return;
	}
	guest_base = set->base;
	guest_flags = VFIO_CXL_DECODER_GUEST_SET;
	if (set->flags & VFIO_CXL_GUEST_SEAL)
		guest_flags |= VFIO_CXL_DECODER_GUEST_SEALED;
	if (set->flags & VFIO_CXL_GUEST_PERSIST)
		guest_flags |= VFIO_CXL_DECODER_GUEST_PERSIST;
}

/* False past the last one */
static bool fill_window(struct vfio_cxl_window *window)
{
	if (window->index || !getenv("FAKE_WINDOW"))
		return false;
	window->flags = fake_number("FAKE_WINDOW", 0);
	window->base = 0x4d0000000;
	window->size = 1ULL << 32;
	window->ways = 1;
	window->reason = fake_number("FAKE_WINDOW_REASON", 0);
	return true;
}

static int control(unsigned long request, void *arg)
{
	static const char *const names[] = {
		"INFO", "WINDOW", "DECODER", "PROGRAM", "CLEAR", "GUEST_SET",
		"GUEST_CLEAR",
	};
	unsigned int nr = _IOC_NR(request), reason = 0;
	int err = nr < 7 ? fake_failure(names[nr], &reason) :
		  -fake_dc_ioctl(request, arg);

	if (request == VFIO_CXL_INFO)
		fill_info(arg);
	if (request == VFIO_CXL_DECODER_PROGRAM)
		((struct vfio_cxl_decoder_program *)arg)->reason = reason;
	if (request == VFIO_CXL_DECODER_CLEAR)
		((struct vfio_cxl_decoder_clear *)arg)->reason = reason;
	if (request == VFIO_CXL_GUEST_SET)
		((struct vfio_cxl_guest_set *)arg)->reason = reason;
	if (request == VFIO_CXL_GUEST_CLEAR)
		((struct vfio_cxl_guest_clear *)arg)->reason = reason;
	if (request == VFIO_CXL_GUEST_CLEAR && !err &&
	    ((struct vfio_cxl_guest_clear *)arg)->flags)
		fake_note("DRY_RUN");
	if (request == VFIO_CXL_GUEST_SET && !err)
		guest_set(arg);
	if (request == VFIO_CXL_DECODER && !err)
		fill_decoder(arg);
	if (request == VFIO_CXL_WINDOW && !err && !fill_window(arg))
		err = ENOENT;
	if (request == VFIO_CXL_DECODER &&
	    ((struct vfio_cxl_decoder *)arg)->index)
		err = ENOENT;
	errno = err;
	return err ? -1 : 0;
}

static int region(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_type type = {
		.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
		.type = VFIO_CXL_REGION_TYPE,
		.subtype = VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
	};

	info->size = fake_number("FAKE_SIZE", 1 << 20);
	info->offset = 0;
	if (info->index == REGS_REGION) {
		type.subtype = VFIO_CXL_REGION_SUBTYPE_COMP_REGS;
		info->size = 0x1000;
		info->offset = REGS_OFFSET;
	}
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + sizeof(type)) {
		info->argsz = sizeof(*info) + sizeof(type);
		return 0;
	}
	info->cap_offset = sizeof(*info);
	memcpy(info + 1, &type, sizeof(type));
	return 0;
}

static int reset(void)
{
	unsigned int reason;
	int err = fake_failure("RESET", &reason);

	if (getenv("FAKE_RESET_EATS") && ftruncate(memory, 0))
		abort();
	errno = err;
	return err ? -1 : 0;
}

static int open_device(void)
{
	const char *path = getenv("FAKE_MEMORY");

	fake_note("OPEN");
	memory = path ? open(path, O_RDWR | O_CLOEXEC) :
		 memfd_create("fake", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, fake_number("FAKE_SIZE", 1 << 20)))
		abort();
	return memory;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) == VFIO_CXL_TYPE)
		return control(request, arg);
	switch (request) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return 1;
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags =
			VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
	case VFIO_SET_IOMMU:
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		return open_device();
	case VFIO_DEVICE_GET_INFO:
		((struct vfio_device_info *)arg)->num_regions =
			REGS_REGION + 1;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region(arg);
	case VFIO_DEVICE_RESET:
		return reset();
	default:
		errno = ENOTTY;
		return -1;
	}
}

static void at_write(int fd)
{
	const char *at = getenv("FAKE_AT"), *gone = getenv("FAKE_GONE");
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = at ? readlink(link, path, sizeof(path)) : -1;
	if (n < 0 || (size_t)n < strlen(at) ||
	    memcmp(path + n - strlen(at), at, strlen(at)))
		return;
	if (!gone) {
		raise(SIGTERM);
		return;
	}
	snprintf(path, sizeof(path), "%s.gone", gone);
	if (rename(gone, path))
		abort();
}

ssize_t write(int fd, const void *buf, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))
			dlsym(RTLD_NEXT, "write");
	at_write(fd);
	return next(fd, buf, len);
}

/* COMP_REGS: a capability array, and one decoder at 0x138 */
static ssize_t read_reg(void *buf, off_t at)
{
	unsigned int value = at == 0 ? 0x01000001 : at == 4 ? 0x12800005 :
			     at == 0x140 ? fake_number("FAKE_SIZE", 1 << 20) :
			     at == 0x148 ? 0x600 : 0;

	memcpy(buf, &value, sizeof(value));
	return sizeof(value);
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	static ssize_t (*next)(int, void *, size_t, off_t);

	if (!next)
		next = (ssize_t (*)(int, void *, size_t, off_t))
			dlsym(RTLD_NEXT, "pread");
	return offset < REGS_OFFSET ? next(fd, buf, len, offset) :
	       read_reg(buf, offset - REGS_OFFSET);
}

int stat(const char *path, struct stat *st)
{
	static int (*next)(const char *, struct stat *);
	int ret;

	if (!next)
		next = (int (*)(const char *, struct stat *))
			dlsym(RTLD_NEXT, "stat");
	ret = next(path, st);
	if (!ret && strstr(path, "/dev/vfio-cxl/")) {
		st->st_mode = S_IFCHR | fake_number("FAKE_MODE", 0600);
		st->st_uid = fake_number("FAKE_UID", 0);
	}
	return ret;
}

static void at_tick(const char *what)
{
	const unsigned char byte = 0xff;

	if (!strcmp(what, "term"))
		raise(SIGTERM);
	else if (!strcmp(what, "eat") ? ftruncate(memory, 0) :
		 lseek(memory, strtoull(what, NULL, 0), SEEK_SET) < 0 ||
		 write(memory, &byte, 1) != 1)
		abort();
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	const char *tick = getenv("FAKE_TICK");
	static unsigned long calls;
	char *end;

	if (tick && strtoul(tick, &end, 10) == ++calls)
		at_tick(end + 1);
	return syscall(SYS_clock_gettime, id, t);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	static ssize_t (*next)(int, const void *, size_t, off_t);
	unsigned int reason;
	int err = fake_failure("PWRITE", &reason);

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t, off_t))
			dlsym(RTLD_NEXT, "pwrite");
	if (!err)
		return next(fd, buf, len, offset);
	errno = err;
	return -1;
}
