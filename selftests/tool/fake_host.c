// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window for host memory of the fake driver, and descriptors of tags: says what it
 * was asked for, and yes, with numbers of its own.
 *
 * FAKE_ALREADY    set: a configuration was so already
 * FAKE_TAG        file that is the memory of a tag, which a descriptor is made of;
 *                 without it there are 8 KiB
 * FAKE_TAG_FD     the number that the descriptor is told to have
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_dc.h"

static int do_configure(struct vfio_cxl_dc_configure *c)
{
	int err = fake_failure("DC_CONFIGURE", &c->reason);
	char text[96];

	snprintf(text, sizeof(text), "configure %u size %llu block %llu",
		 c->regions, (unsigned long long)c->size,
		 (unsigned long long)c->block);
	fake_note(text);
	if (c->regions && !c->block)
		c->block = 2 << 20;
	if (getenv("FAKE_ALREADY"))
		c->flags = VFIO_CXL_DC_CONFIGURE_ALREADY;
	return -err;
}

static int do_add(struct vfio_cxl_dc_add *a)
{
	int err = fake_failure("DC_ADD", &a->reason);
	char text[96];

	snprintf(text, sizeof(text), "add region %u offset %llu backend %llu",
		 a->region, (unsigned long long)a->offset,
		 (unsigned long long)a->backend);
	fake_note(text);
	a->backend = 3;
	a->extent = (1ULL << 48) + 5;
	a->offer = (1ULL << 48) + 6;
	return -err;
}

static int do_remove(struct vfio_cxl_dc_remove *r)
{
	int err = fake_failure("DC_REMOVE", &r->reason);
	char text[32];

	snprintf(text, sizeof(text), "remove flags %u", r->flags);
	fake_note(text);
	return -err;
}

static int do_open(struct vfio_cxl_dc_open *o)
{
	bool readonly = o->flags & VFIO_CXL_DC_OPEN_RDONLY;
	int err = fake_failure("DC_OPEN", &o->reason);
	const char *path = getenv("FAKE_TAG");
	struct stat st;
	char text[32];

	snprintf(text, sizeof(text), "open flags %u", o->flags);
	fake_note(text);
	o->fd = -1;
	if (err)
		return -err;
	pause_faults();
	o->fd = path ? open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC) :
		       memfd_create("fake", MFD_CLOEXEC);
	if (o->fd < 0 || (!path && ftruncate(o->fd, 8192)) || fstat(o->fd, &st))
		abort();
	resume_faults();
	o->size = st.st_size;
	o->fd = fake_number("FAKE_TAG_FD", o->fd);
	return 0;
}

int fake_host_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_CXL_DC_CONFIGURE:
		return do_configure(arg);
	case VFIO_CXL_DC_ADD:
		return do_add(arg);
	case VFIO_CXL_DC_REMOVE:
		return do_remove(arg);
	case VFIO_CXL_DC_OPEN:
		return do_open(arg);
	default:
		return fake_backend_ioctl(request, arg);
	}
}
