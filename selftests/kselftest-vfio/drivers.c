// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests bring drivers for some devices, which are made of headers all over the
 * kernel's source. Ours is none of these, so those are not built; to the tests'
 * library they find nothing. The Makefile knows which ones it asks.
 */
#include <errno.h>

#include <libvfio.h>

static int probe(struct vfio_pci_device *device)
{
	return -ENODEV;
}

#define DRIVER(which)						\
	struct vfio_pci_driver_ops which##_ops = {		\
		.name = #which,					\
		.probe = probe,					\
	}

DRIVERS
