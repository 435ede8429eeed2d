// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's VFIO client on a real driver: vm-lib BDF. Prints TAP. The memory
 * has to be there; its content is not kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libvfio-cxl.h>

#define GPA		0x1140000000ULL
#define STEP		(256ULL << 20)
#define MIB		(1ULL << 20)
#define COMMIT		(1U << 9)
#define OPENED		0x600	/* COMMIT, COMMITTED */
#define SEALED		0x700	/* and LOCK */
#define CTRL_MASK	0xf00

static struct vcxl *ctx;
static struct vcxl_device *dev;
static struct vcxl_client *client;
static int tests, bad;

static int ok(int good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
	if (!good)
		printf("# last: %s: %s\n", vcxl_error(ctx)->object,
		       vcxl_error(ctx)->why);
	bad += !good;
	return good;
}

static int refused(int ret, int want, uint32_t reason, const char *what)
{
	const struct vcxl_error *e = vcxl_error(ctx);

	return ok(ret == want && e->err == want && e->reason == reason &&
		  *e->why && *e->object, what);
}

/* A new tenancy */
static int reopen(void)
{
	vcxl_client_close(client);
	client = NULL;
	return ok(!vcxl_client_open(dev, &client), "open");
}

static int is_at(uint64_t base, uint32_t ctrl)
{
	struct vcxl_guest_decoder d;

	return !vcxl_client_decoder(client, 0, &d) && d.base == base &&
	       d.size == vcxl_client_memory_size(client) &&
	       (d.ctrl & CTRL_MASK) == ctrl &&
	       d.sealed == (ctrl == SEALED) && d.committed && !d.error;
}

static int program(uint64_t gpa, unsigned int flags,
		   struct vcxl_program_result *result)
{
	return vcxl_client_program(client, gpa, flags, result);
}

/* Past the library: register @offset of decoder 0, found as it is found there */
static int poke(uint32_t offset, uint32_t value)
{
	struct vcxl_client_region r;
	uint32_t entry = 0;
	unsigned int i;
	int fd = vcxl_client_fd(client);

	if (vcxl_client_region(client, VFIO_CXL_REGION_TYPE,
			       VFIO_CXL_REGION_SUBTYPE_COMP_REGS, &r))
		return -1;
	for (i = 1; i < 64 && (entry & 0xffff) != 5; i++)
		if (pread(fd, &entry, 4, r.offset + 4 * i) != 4)
			return -1;
	return pwrite(fd, &value, 4, r.offset + (entry >> 20) + 0x10 +
		      offset) == 4 ? 0 : -1;
}

static void test_program(void)
{
	struct vcxl_program_result r;
	struct vfio_cxl_info info;

	if (!reopen())
		return;
	ok(is_at(0, OPENED), "at open it is provisioning");
	ok(!program(GPA, VCXL_PROGRAM_SEAL | VCXL_PROGRAM_DRY_RUN, &r) &&
	   r.after.sealed && is_at(0, OPENED), "a dry run changes nothing");
	ok(!program(GPA, 0, &r) && !r.already && is_at(GPA, OPENED), "placed");
	ok(!program(GPA + STEP, 0, &r) && is_at(GPA + STEP, OPENED),
	   "placed elsewhere");
	ok(!program(GPA, VCXL_PROGRAM_SEAL, &r) && is_at(GPA, SEALED) &&
	   (r.after.ctrl & CTRL_MASK) == SEALED, "sealed");
	ok(!vcxl_client_info(client, &info) &&
	   (info.flags & VFIO_CXL_INFO_SEALED), "the driver knows it as sealed");
	ok(!program(GPA, VCXL_PROGRAM_SEAL, &r) && r.already,
	   "what is so already is success");
	refused(program(GPA + STEP, VCXL_PROGRAM_SEAL, &r), -EPERM,
		VFIO_CXL_REASON_SEALED, "sealed with another base");
	ok(!vcxl_client_reset(client) && is_at(GPA, SEALED),
	   "the seal survives a reset");
	ok(!vcxl_client_hot_reset(client, NULL, 0) && is_at(GPA, SEALED),
	   "and one of the bus");
	reopen();
	ok(is_at(0, OPENED), "and ends with the tenancy");
}

/* What is in the decoder already is not of the library's making */
static void test_break(void)
{
	struct vcxl_program_result r;
	uint64_t size;

	if (!reopen())
		return;
	size = vcxl_client_memory_size(client);
	refused(program(GPA + MIB, VCXL_PROGRAM_SEAL, &r), -EINVAL,
		VFIO_CXL_REASON_RANGE_ALIGN, "a base between two steps");
	refused(program(-size, VCXL_PROGRAM_SEAL, &r), -EINVAL,
		VFIO_CXL_REASON_RANGE_SIZE, "an end at 2^64");
	ok(is_at(0, OPENED), "and nothing has changed");

	ok(!poke(0x0, 0xf0000000) && !poke(0x4, ~0U) && !poke(0x10, COMMIT) &&
	   !program(GPA, VCXL_PROGRAM_SEAL, &r) && r.before.error &&
	   is_at(GPA, SEALED), "a commit that was refused is mended");
	reopen();
	ok(!poke(0xc, 0x100), "another size");
	refused(program(GPA, VCXL_PROGRAM_SEAL, &r), -EINVAL,
		VFIO_CXL_REASON_RANGE_SIZE, "is refused");
	reopen();
	ok(!poke(0x10, COMMIT | 1 << 4), "another interleaving");
	refused(program(GPA, VCXL_PROGRAM_SEAL, &r), -EINVAL,
		VFIO_CXL_REASON_INTERLEAVED, "is refused");
	reopen();
	ok(!poke(0x10, 0) && !program(GPA, VCXL_PROGRAM_SEAL, &r) &&
	   !r.before.committed && is_at(GPA, SEALED),
	   "a decoder that was uncommitted is committed");
	reopen();
	ok(!poke(0x0, (uint32_t)GPA) && !poke(0x4, GPA >> 32) &&
	   !poke(0x10, COMMIT | 1 << 8) &&
	   !program(GPA, VCXL_PROGRAM_SEAL, &r) && r.already,
	   "sealed by somebody else, at the same place");
}

static void test_from_fd(void)
{
	struct vfio_cxl_device_info_cap cap;
	struct vcxl_client *other = NULL;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (!reopen())
		return;
	ok(!vcxl_client_from_fd(ctx, vcxl_client_fd(client), &other) &&
	   vcxl_client_memory_size(other) == vcxl_client_memory_size(client),
	   "a client from a device fd");
	ok(other && !vcxl_client_program(other, GPA, VCXL_PROGRAM_SEAL, NULL) &&
	   is_at(GPA, SEALED), "programs the same decoder");
	vcxl_client_close(other);
	ok(is_at(GPA, SEALED), "and leaves the fd open");
	refused(vcxl_client_from_fd(ctx, null, &other), -ENOTTY, 0,
		"an fd of another driver");
	close(null);
	ok(!vcxl_client_cap(client, &cap) &&
	   (cap.flags & VFIO_CXL_CAP_FIRMWARE_COMMITTED) &&
	   cap.hdm_regs_offset % 0x1000 == 0, "the CXL capability");
}

/* Another process may not touch it meanwhile: a new one is all it takes */
static void test_memory(void)
{
	struct vfio_cxl_info info;
	size_t size = 4 * MIB, room;
	char *area, *map;
	char byte = 0;
	void *free_map;

	if (!reopen() || vcxl_client_info(client, &info))
		return;
	room = size + info.map_align;
	area = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_NORESERVE, -1, 0);
	map = area + ((info.map_offset - (uintptr_t)area) &
		      (info.map_align - 1));
	refused(vcxl_client_map_at(client, 0, size, map + sysconf(_SC_PAGESIZE),
				   VCXL_MAP_REPLACE), -EINVAL, 0,
		"not congruent");
	refused(vcxl_client_map_at(client, 0, size, map, 0), -EEXIST, 0,
		"a reservation is something");
	if (!ok(!vcxl_client_map_at(client, 0, size, map, VCXL_MAP_REPLACE),
		"into a reservation"))
		return;
	map[size - 1] = 42;
	ok(!vcxl_client_read(client, size - 1, &byte, 1) && byte == 42,
	   "read() sees what is written there");
	ok(!vcxl_client_reset(client) && map[size - 1] == 42,
	   "it is there again after a reset");
	ok(!vcxl_client_hot_reset(client, NULL, 0) && map[size - 1] == 42,
	   "and after one of the bus");
	ok(!vcxl_client_map(client, 0, size, &free_map) &&
	   ((char *)free_map)[size - 1] == 42, "a second mapping");
	ok(!vcxl_client_unmap(client, free_map, size), "unmap");
	munmap(area, room);
}

static int listed(const uint8_t *tag)
{
	struct vfio_cxl_backend_info *backends;
	size_t count, i;
	int n = 0;

	if (vcxl_backend_list(dev, &backends, &count))
		return -1;
	for (i = 0; i < count; i++)
		n += !memcmp(backends[i].tag, tag, VFIO_CXL_DC_TAG_LEN);
	free(backends);
	return n;
}

/* Host memory under a tag: by its owner's descriptor */
static void test_backend(void)
{
	struct vfio_cxl_backend_create create = {
		.tag = { 0x6b, 0xa7 }, .size = 3 * MIB,
	}, again = create;
	char *memory;
	int fd = -1;

	if (!ok(!vcxl_backend_create(dev, &create, &fd) && fd >= 0,
		"a backend"))
		return;
	memory = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (ok(memory != MAP_FAILED, "its owner maps it")) {
		ok(!memory[0] && !memory[3 * MIB - 1], "zeroed");
		memory[2 * MIB] = 'x';
		munmap(memory, create.size);
		memory = mmap(NULL, create.size, PROT_READ, MAP_SHARED, fd, 0);
		ok(memory != MAP_FAILED && memory[2 * MIB] == 'x',
		   "and finds what it wrote");
		munmap(memory, create.size);
	}
	close(fd);
	ok(listed(create.tag) == 1, "it is there without the descriptor");
	refused(vcxl_backend_create(dev, &again, &fd), -EEXIST,
		VFIO_CXL_REASON_BACKEND_EXISTS, "its tag is taken");
	again.size = 1;
	again.tag[3] = 1;
	refused(vcxl_backend_create(dev, &again, &fd), -EINVAL,
		VFIO_CXL_REASON_BACKEND_SIZE, "a size that is none");
	ok(!vcxl_backend_destroy(dev, create.tag, 0), "destroyed");
	ok(!listed(create.tag), "and not there any more");
	refused(vcxl_backend_destroy(dev, create.tag, 0), -ENOENT, 0,
		"there is nothing to destroy");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2 || vcxl_new(&ctx))
		return 2;
	if (ok(!vcxl_device_get(ctx, argv[1], &dev), "the device")) {
		test_program();
		test_break();
		test_from_fd();
		test_memory();
		vcxl_client_close(client);
		test_backend();
		vcxl_device_free(dev);
	}
	vcxl_free(ctx);
	printf("1..%d\n", tests);
	return bad > 0;
}
