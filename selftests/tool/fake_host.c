// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window for host memory of the fake driver: says what it was asked for, and
 * yes, with numbers of its own.
 *
 * FAKE_ALREADY    set: a configuration was so already
 */
#include <stdio.h>
#include <stdlib.h>

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

int fake_host_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_CXL_DC_CONFIGURE:
		return do_configure(arg);
	case VFIO_CXL_DC_ADD:
		return do_add(arg);
	case VFIO_CXL_DC_REMOVE:
		return do_remove(arg);
	default:
		return fake_backend_ioctl(request, arg);
	}
}
