// SPDX-License-Identifier: GPL-2.0-only
/* Who shares a device's IOMMU group. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define PCI	"/sys/bus/pci/devices"

/*
 * Drivers that leave DMA to whoever has the group (driver_managed_dma in the
 * kernel). A function with a VFIO device has such a driver too.
 */
static bool leaves_dma(struct vcxl *ctx, const char *name, const char *driver)
{
	static const char *const names[] = {
		"pcieport", "pci-stub", "vfio-pci", VCXL_DRIVER,
	};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < VCXL_ARRAY_SIZE(names); i++)
		if (!strcmp(driver, names[i]))
			return true;
	return !vcxl_path(ctx, path, PCI "/%s/vfio-dev", name) &&
	       vcxl_exists(path);
}

static void read_peer(struct vcxl *ctx, const char *name,
		      struct vcxl_peer *peer)
{
	char path[PATH_MAX];

	strcpy(peer->name, name);
	peer->driver[0] = '\0';
	if (!vcxl_path(ctx, path, PCI "/%s/driver", name))
		vcxl_link_name(path, peer->driver, sizeof(peer->driver));
	peer->in_the_way = peer->driver[0] &&
			   !leaves_dma(ctx, name, peer->driver);
}

int vcxl_device_peers(const struct vcxl_device *dev, struct vcxl_peer **peers,
		      size_t *count)
{
	struct vcxl *ctx = dev->ctx;
	char path[PATH_MAX], **names;
	size_t total, i;
	int ret;

	*peers = NULL;
	*count = 0;
	if (dev->group < 0)
		return 0;
	ret = vcxl_path(ctx, path, "/sys/kernel/iommu_groups/%d/devices",
			dev->group);
	if (!ret)
		ret = vcxl_list_dir(path, &names, &total);
	if (ret)
		return vcxl_fail(ctx, ret, dev->name, "",
				 "can't read its IOMMU group %d: %s",
				 dev->group, strerror(-ret));
	*peers = calloc(total + 1, sizeof(**peers));
	if (!*peers)
		ret = vcxl_fail(ctx, -ENOMEM, dev->name, "", "out of memory");
	for (i = 0; !ret && i < total; i++)
		if (vcxl_name_ok(names[i]) && strcmp(names[i], dev->name))
			read_peer(ctx, names[i], &(*peers)[(*count)++]);
	vcxl_free_names(names, total);
	return ret;
}
