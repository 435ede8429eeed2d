// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory under tags of the fake driver. Lines of FAKE_DC, see fake_dc.c:
 *
 * backend ID TAG SIZE HUGE NODE [EXTENT]
 *
 * FAKE_BACKEND         file that is the memory of those that are made
 * FAKE_BACKEND_FD      the number that their descriptors are told to have
 * FAKE_BACKEND_COUNT   a list says that it has so many, and that more follow
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_dc.h"

#define MAX	16

static struct vfio_cxl_backend_info backends[MAX];
static size_t nr_backends;

static size_t find(const unsigned char *tag)
{
	size_t i;

	for (i = 0; i < nr_backends; i++)
		if (!memcmp(backends[i].tag, tag, VFIO_CXL_DC_TAG_LEN))
			break;
	return i;
}

void fake_backend_add(const char *line)
{
	struct vfio_cxl_backend_info *b = &backends[nr_backends++];
	char tag[40];

	if (nr_backends > MAX ||
	    sscanf(line, "%lli %39s %lli %lli %i %lli", (long long *)&b->id,
		   tag, (long long *)&b->size, (long long *)&b->huge, &b->node,
		   (long long *)&b->extent) < 5)
		abort();
	if (b->extent)
		b->flags = VFIO_CXL_BACKEND_RESERVED;
	fake_parse_tag(tag, b->tag);
}

static int do_create(struct vfio_cxl_backend_create *c)
{
	const char *path = getenv("FAKE_BACKEND");
	struct vfio_cxl_backend_info *b;
	char text[96];
	int err;

	snprintf(text, sizeof(text), "create %llu flags %u node %d",
		 (unsigned long long)c->size, c->flags, c->node);
	fake_note(text);
	err = fake_failure("BACKEND_CREATE", &c->reason);
	if (err)
		return -err;
	if (find(c->tag) < nr_backends || nr_backends == MAX)
		return -EEXIST;
	pause_faults();
	c->fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) :
		       memfd_create("fake", MFD_CLOEXEC);
	if (c->fd < 0 || ftruncate(c->fd, c->size))
		abort();
	resume_faults();
	b = &backends[nr_backends];
	*b = (struct vfio_cxl_backend_info){
		.id = ++nr_backends, .size = c->size, .huge = c->size / 2,
		.node = c->flags ? c->node : -1,
	};
	memcpy(b->tag, c->tag, sizeof(b->tag));
	c->id = b->id;
	c->huge = b->huge;
	c->fd = fake_number("FAKE_BACKEND_FD", c->fd);
	return 0;
}

/* Two to a page, whatever there is room for */
static int do_list(struct vfio_cxl_backend_list *list)
{
	struct vfio_cxl_backend_info *to = (void *)(uintptr_t)list->backends;
	int err = fake_failure("BACKEND_LIST", &list->reason);
	size_t i;

	if (err)
		return -err;
	if (list->flags || list->count || !list->room || list->room > 4096)
		return -EINVAL;
	for (i = list->start; i < nr_backends && list->count < 2 &&
	     list->count < list->room; i++)
		to[list->count++] = backends[i];
	list->start = i;
	list->flags = i < nr_backends ? VFIO_CXL_BACKEND_LIST_MORE : 0;
	if (getenv("FAKE_BACKEND_COUNT")) {
		list->count = fake_number("FAKE_BACKEND_COUNT", 0);
		list->flags = VFIO_CXL_BACKEND_LIST_MORE;
	}
	return 0;
}

static int do_destroy(struct vfio_cxl_backend_destroy *d)
{
	int err = fake_failure("BACKEND_DESTROY", &d->reason);
	size_t i = find(d->tag);

	if (err || i == nr_backends || (d->id && d->id != backends[i].id))
		return err ? -err : -ENOENT;
	memmove(&backends[i], &backends[i + 1],
		(--nr_backends - i) * sizeof(backends[0]));
	return 0;
}

int fake_backend_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_CXL_BACKEND_CREATE:
		return do_create(arg);
	case VFIO_CXL_BACKEND_LIST:
		return do_list(arg);
	case VFIO_CXL_BACKEND_DESTROY:
		return do_destroy(arg);
	default:
		return -ENOTTY;
	}
}
