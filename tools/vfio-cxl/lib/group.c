// SPDX-License-Identifier: GPL-2.0-only
/* Who shares a device's IOMMU group. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define PCI	"/sys/bus/pci/devices"

/*
 * Drivers that leave DMA to whoever has the group (driver_managed_dma in the
 * kernel). A function with a VFIO device has such a driver too. 1, 0, or a
 * negative errno where nobody can tell.
 */
static int leaves_dma(struct vcxl *ctx, const char *name, const char *driver)
{
	static const char *const names[] = {
		"pcieport", "pci-stub", "vfio-pci", VCXL_DRIVER,
	};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < VCXL_ARRAY_SIZE(names); i++)
		if (!strcmp(driver, names[i]))
			return 1;
	return vcxl_path(ctx, path, PCI "/%s/vfio-dev", name) ? 0 :
	       vcxl_exists(path);
}

static int read_peer(struct vcxl *ctx, const char *name,
		     struct vcxl_peer *peer)
{
	char path[PATH_MAX];
	int ret = vcxl_path(ctx, path, PCI "/%s/driver", name);

	strcpy(peer->name, name);
	peer->driver[0] = '\0';
	peer->in_the_way = false;
	if (!ret)
		ret = vcxl_link_name(path, peer->driver, sizeof(peer->driver));
	if (!ret)
		ret = leaves_dma(ctx, name, peer->driver);
	else if (!vcxl_starved(ret))
		return 0;
	peer->in_the_way = !ret;
	return ret < 0 ? ret : 0;
}

static int cant_read(const struct vcxl_device *dev, int err)
{
	return vcxl_fail(dev->ctx, err, dev->name, "",
			 "can't read its IOMMU group %d: %s", dev->group,
			 strerror(-err));
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
		return cant_read(dev, ret);
	*peers = calloc(total + 1, sizeof(**peers));
	if (!*peers)
		ret = -ENOMEM;
	for (i = 0; !ret && i < total; i++)
		if (vcxl_name_ok(names[i]) && strcmp(names[i], dev->name))
			ret = read_peer(ctx, names[i], &(*peers)[(*count)++]);
	vcxl_free_names(names, total);
	if (!ret)
		return 0;
	free(*peers);
	*peers = NULL;
	*count = 0;
	return cant_read(dev, ret);
}
