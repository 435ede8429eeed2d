// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "backend.h"

#define MOST	4096

__u32 backend_why;

int backend_ioctl(int node, unsigned long cmd, void *arg)
{
	return ioctl(node, cmd, arg) ? -errno : 0;
}

void tag_set(__u8 *tag, unsigned int number)
{
	/* Also the first and the last byte, which are looked at last */
	tag[0] = number;
	tag[15] = number >> 8;
}

unsigned int tag_number(const __u8 *tag)
{
	return tag[0] | tag[15] << 8;
}

int backend_create(int node, unsigned int tag, __u64 size)
{
	struct vfio_cxl_backend_create arg = {
		.argsz = sizeof(arg), .size = size,
	};
	int ret;

	tag_set(arg.tag, tag);
	ret = backend_ioctl(node, VFIO_CXL_BACKEND_CREATE, &arg);
	backend_why = arg.reason;

	return ret ? ret : arg.fd;
}

int backend_destroy(int node, unsigned int tag)
{
	struct vfio_cxl_backend_destroy arg = { .argsz = sizeof(arg) };
	int ret;

	tag_set(arg.tag, tag);
	ret = backend_ioctl(node, VFIO_CXL_BACKEND_DESTROY, &arg);
	backend_why = arg.reason;

	return ret;
}

/* Without @info only what is said of the list */
int backend_list(int node, struct vfio_cxl_backend_list *list,
		 struct vfio_cxl_backend_info *info, __u32 room)
{
	struct vfio_cxl_backend_info none;

	list->argsz = sizeof(*list);
	list->flags = 0;
	list->backends = (uintptr_t)(info ? info : &none);
	list->room = room;

	return backend_ioctl(node, VFIO_CXL_BACKEND_LIST, list);
}

int backend_count(int node)
{
	struct vfio_cxl_backend_info *info = calloc(MOST, sizeof(*info));
	struct vfio_cxl_backend_list list = {};
	int ret = backend_list(node, &list, info, MOST);

	free(info);

	return ret ? ret : list.count;
}

/* How many have the tag */
int backend_find(int node, unsigned int tag,
		 struct vfio_cxl_backend_info *found)
{
	struct vfio_cxl_backend_info *info = calloc(MOST, sizeof(*info));
	struct vfio_cxl_backend_list list = {};
	unsigned int i;
	int n = 0;

	if (!backend_list(node, &list, info, MOST))
		for (i = 0; i < list.count; i++)
			if (tag_number(info[i].tag) == tag) {
				*found = info[i];
				n++;
			}
	free(info);

	return n;
}

void backend_clear(int node)
{
	struct vfio_cxl_backend_info *info = calloc(MOST, sizeof(*info));
	struct vfio_cxl_backend_list list = {};
	unsigned int i;

	if (!backend_list(node, &list, info, MOST))
		for (i = 0; i < list.count; i++)
			backend_destroy(node, tag_number(info[i].tag));
	free(info);
}

void *backend_map(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

bool all_are(const char *memory, char value, size_t size)
{
	/* The first is right, and each is as the one before */
	return *memory == value && !memcmp(memory, memory + 1, size - 1);
}

int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);

	return n;
}
