// SPDX-License-Identifier: GPL-2.0-only
/* The HDM memory as a VFIO user has it: mapped, read, written. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define MAP_FLAGS	(VCXL_MAP_REPLACE | VCXL_MAP_SMALL_PAGES)

uint64_t vcxl_client_memory_size(const struct vcxl_client *c)
{
	return c->memory.size;
}

static int check_range(struct vcxl_client *c, uint64_t offset, size_t size)
{
	if (offset <= c->memory.size && size <= c->memory.size - offset)
		return 0;
	return vcxl_fail(c->ctx, -EINVAL, c->name,
			 "'vfio-cxl status' shows the memory's size",
			 "%zu bytes at offset %#llx are beyond the memory",
			 size, (unsigned long long)offset);
}

static int check_map(struct vcxl_client *c, uint64_t offset, size_t size)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	if (offset % page || size % page || !size)
		return vcxl_fail(c->ctx, -EINVAL, c->name,
				 "map whole pages, at least one",
				 "%zu bytes at offset %#llx are not whole pages",
				 size, (unsigned long long)offset);
	return check_range(c, offset, size);
}

/* What an address for @offset must leave, divided by map_align */
static uint64_t remainder_of(const struct vcxl_client *c, uint64_t offset)
{
	return (c->map_offset + offset) & (c->map_align - 1);
}

static void *map_fixed(struct vcxl_client *c, uint64_t at, size_t size,
		       void *addr, int flags)
{
	return mmap(addr, size, PROT_READ | PROT_WRITE, MAP_SHARED | flags,
		    c->device, at);
}

/* At an address that leaves @remainder, divided by @align; @at: in the device fd */
int vcxl_client_map_congruent(struct vcxl_client *c, uint64_t at, size_t size,
			      uint64_t align, uint64_t remainder, void **addr)
{
	size_t room, start;
	char *area;
	void *map;
	int ret;

	if (__builtin_add_overflow(size, align, &room))
		return vcxl_client_fail(c, -ENOMEM,
					"can't reserve address space");
	area = mmap(NULL, room, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return vcxl_client_fail(c, -errno,
					"can't reserve address space");
	start = (remainder - (uintptr_t)area) & (align - 1);
	map = map_fixed(c, at, size, area + start, MAP_FIXED);
	if (map == MAP_FAILED) {
		ret = -errno;
		munmap(area, room);
		return vcxl_client_fail(c, ret, "can't map the memory");
	}
	if (start)
		munmap(area, start);
	if (room - start - size)
		munmap(area + start + size, room - start - size);
	*addr = map;
	return 0;
}

int vcxl_client_map(struct vcxl_client *c, uint64_t offset, size_t size,
		    void **addr)
{
	int ret = check_map(c, offset, size);

	return ret ? ret :
	       vcxl_client_map_congruent(c, c->memory.offset + offset, size,
					 c->map_align, remainder_of(c, offset),
					 addr);
}

/* A page of the range that nobody mapped: msync() looks at all of them */
static bool has_hole(void *addr, size_t size)
{
	return msync(addr, size, MS_ASYNC) && errno == ENOMEM;
}

static int check_addr(struct vcxl_client *c, uint64_t offset, size_t size,
		      void *addr, unsigned int flags)
{
	uint64_t at = (uintptr_t)addr, page = sysconf(_SC_PAGESIZE);
	uint64_t want = remainder_of(c, offset);
	uintptr_t end;

	if (flags & ~MAP_FLAGS)
		return vcxl_fail(c->ctx, -EINVAL, c->name, "",
				 "unknown flags %#x for a mapping", flags);
	if (at % page || !addr ||
	    __builtin_add_overflow((uintptr_t)addr, size, &end))
		return vcxl_fail(c->ctx, -EINVAL, c->name, "",
				 "%p is no address for %zu bytes", addr, size);
	if (!(flags & VCXL_MAP_SMALL_PAGES) &&
	    (at & (c->map_align - 1)) != want)
		return vcxl_fail(c->ctx, -EINVAL, c->name,
				 "reserve map_align more bytes and choose such an address in there, or say VCXL_MAP_SMALL_PAGES",
				 "%p is not congruent with the host's address: the largest pages need an address that leaves %#llx, divided by %#llx",
				 addr, (unsigned long long)want,
				 (unsigned long long)c->map_align);
	if ((flags & VCXL_MAP_REPLACE) && has_hole(addr, size))
		return vcxl_fail(c->ctx, -ENOMEM, c->name,
				 "reserve all of the range with PROT_NONE first",
				 "nothing is reserved at %p, or not %zu bytes",
				 addr, size);
	return 0;
}

int vcxl_client_map_at(struct vcxl_client *c, uint64_t offset, size_t size,
		       void *addr, unsigned int flags)
{
	int fixed = flags & VCXL_MAP_REPLACE ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	void *map;
	int ret = check_map(c, offset, size);

	if (!ret)
		ret = check_addr(c, offset, size, addr, flags);
	if (ret)
		return ret;
	map = map_fixed(c, c->memory.offset + offset, size, addr, fixed);
	if (map == MAP_FAILED && errno == EEXIST)
		return vcxl_fail(c->ctx, -EEXIST, c->name,
				 "choose another address, or say VCXL_MAP_REPLACE",
				 "something is mapped at %p already", addr);
	return map == MAP_FAILED ?
	       vcxl_client_fail(c, -errno, "can't map the memory") : 0;
}

int vcxl_client_unmap(struct vcxl_client *c, void *addr, size_t size)
{
	return munmap(addr, size) ?
	       vcxl_client_fail(c, -errno, "can't unmap the memory") : 0;
}

int vcxl_client_read(struct vcxl_client *c, uint64_t offset, void *buf,
		     size_t size)
{
	size_t done = 0;
	int ret = check_range(c, offset, size);

	while (!ret && done < size) {
		ssize_t n = pread(c->device, (char *)buf + done, size - done,
				  c->memory.offset + offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return vcxl_client_fail(c, n ? -errno : -EIO,
						"can't read the memory");
		done += n;
	}
	return ret;
}

int vcxl_client_write(struct vcxl_client *c, uint64_t offset,
		      const void *buf, size_t size)
{
	size_t done = 0;
	int ret = check_range(c, offset, size);

	while (!ret && done < size) {
		ssize_t n = pwrite(c->device, (const char *)buf + done,
				   size - done,
				   c->memory.offset + offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return vcxl_client_fail(c, n ? -errno : -EIO,
						"can't write the memory");
		done += n;
	}
	return ret;
}
