// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests bring drivers for two devices of Intel's, which are made of headers
 * all over the kernel's source. Ours is neither of the two, so those are not
 * built; to the tests' library they find nothing.
 */
#include <errno.h>

#include <libvfio.h>

static int probe(struct vfio_pci_device *device)
{
	return -ENODEV;
}

struct vfio_pci_driver_ops dsa_ops = {
	.name = "dsa",
	.probe = probe,
};

struct vfio_pci_driver_ops ioat_ops = {
	.name = "ioat",
	.probe = probe,
};
