// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's CXL bus has made of a device's memory: which regions stand
 * on it, and whether the host itself runs on a part of it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define PCI	"/sys/bus/pci/devices"
#define CXL	"/sys/bus/cxl/devices"

/*
 * Is the memory device of CXL port @port one of @dev's? 1, 0, or a negative errno
 * where nobody can tell for now, as all questions here.
 */
static int is_endpoint_of(const struct vcxl_device *dev, const char *port)
{
	char path[PATH_MAX], mem[VCXL_NAME_LEN];
	int ret;

	if (strncmp(port, "endpoint", 8) || !vcxl_name_ok(port) ||
	    vcxl_path(dev->ctx, path, CXL "/%s/uport", port))
		return 0;
	ret = vcxl_link_name(path, mem, sizeof(mem));
	if (ret)
		return vcxl_starved(ret) ? ret : 0;
	return vcxl_path(dev->ctx, path, PCI "/%s/%s", dev->name, mem) ? 0 :
	       vcxl_exists(path);
}

static int read_range_attr(struct vcxl *ctx, const char *object,
			   const char *attr, uint64_t *value)
{
	char path[PATH_MAX];
	int ret = vcxl_path(ctx, path, CXL "/%s/%s", object, attr);

	return ret ? ret : vcxl_read_u64(path, value);
}

/*
 * @object: below the CXL bus; @start: its attribute with the base. A size of 0
 * where there is no range yet; @size is 0 after a failure too.
 */
static int read_range(struct vcxl *ctx, const char *object, const char *start,
		      uint64_t *base, uint64_t *size)
{
	int ret = read_range_attr(ctx, object, "size", size);

	*base = 0;
	if (!ret && *size)
		ret = read_range_attr(ctx, object, start, base);
	else if (ret == -ENOENT)
		ret = *size = 0;
	if (!ret && *base > UINT64_MAX - *size)
		ret = -ERANGE;
	if (ret)
		*size = 0;
	return ret;
}

/*
 * The region that the kernel attached the decoder to, or one it made of the
 * decoder's range and then could not attach: that stays and holds the range.
 */
static int stands_on(struct vcxl *ctx, const char *decoder,
		     const char *region)
{
	char path[PATH_MAX], name[VCXL_NAME_LEN];
	uint64_t base, size, region_base, region_size;
	int ret = vcxl_path(ctx, path, CXL "/%s/region", decoder);

	if (!ret)
		ret = vcxl_read_attr(path, name, sizeof(name));
	if (!ret && !strcmp(name, region))
		return 1;
	if (!vcxl_starved(ret))
		ret = read_range(ctx, decoder, "start", &base, &size);
	if (!ret && size)
		ret = read_range(ctx, region, "resource", &region_base,
				 &region_size);
	if (ret)
		return vcxl_starved(ret) ? ret : 0;
	return size && region_size && base < region_base + region_size &&
	       region_base < base + size;
}

static int cant_look(struct vcxl *ctx, const char *object, int err)
{
	return vcxl_fail(ctx, err, object, "", "can't look at it: %s",
			 strerror(-err));
}

static int add_region(struct vcxl *ctx, const char *name,
		      struct vcxl_region **regions, size_t *count)
{
	struct vcxl_region *more, *region;
	int ret;

	more = reallocarray(*regions, *count + 1, sizeof(*more));
	if (!more)
		return cant_look(ctx, name, -ENOMEM);
	*regions = more;
	region = &more[(*count)++];
	memset(region, 0, sizeof(*region));
	strcpy(region->name, name);
	/* Without rights its base is hidden, but it is there all the same */
	ret = read_range(ctx, name, "resource", &region->base, &region->size);
	return vcxl_starved(ret) ? cant_look(ctx, name, ret) : 0;
}

/* Not "decoders_committed", an attribute */
static bool is_decoder(const char *name)
{
	return !strncmp(name, "decoder", 7) &&
	       isdigit((unsigned char)name[7]) && vcxl_name_ok(name);
}

/* The decoders below CXL port @port, as paths below the CXL bus */
static int list_decoders(struct vcxl *ctx, const char *port, char ***decoders,
			 size_t *count)
{
	char path[PATH_MAX], **names;
	size_t total, i;
	int ret = vcxl_path(ctx, path, CXL "/%s", port);

	*decoders = NULL;
	*count = 0;
	if (!ret)
		ret = vcxl_list_dir(path, &names, &total);
	if (ret)
		return ret;
	*decoders = calloc(total + 1, sizeof(**decoders));
	if (!*decoders)
		ret = -ENOMEM;
	for (i = 0; !ret && i < total; i++) {
		if (!is_decoder(names[i]))
			continue;
		if (asprintf(&(*decoders)[*count], "%s/%s", port,
			     names[i]) < 0)
			ret = -ENOMEM;
		else
			++*count;
	}
	vcxl_free_names(names, total);
	if (ret)
		vcxl_free_names(*decoders, *count);
	return ret;
}

/* Does one of the decoders below CXL port @port belong to @region? */
static int port_has_region(struct vcxl *ctx, const char *port,
			   const char *region)
{
	char **decoders;
	size_t count, i;
	int ret = list_decoders(ctx, port, &decoders, &count);

	if (ret)
		return vcxl_starved(ret) ? ret : 0;
	for (i = 0; !ret && i < count; i++)
		ret = stands_on(ctx, decoders[i], region);
	vcxl_free_names(decoders, count);
	return ret;
}

/* @names: the CXL bus */
static int uses_device(const struct vcxl_device *dev, const char *region,
		       char **names, size_t count)
{
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < count; i++) {
		ret = is_endpoint_of(dev, names[i]);
		if (ret == 1)
			ret = port_has_region(dev->ctx, names[i], region);
	}
	return ret;
}

/* No CXL bus is an empty one */
static int list_bus(const struct vcxl_device *dev, char ***names,
		    size_t *count)
{
	char path[PATH_MAX];
	int ret = vcxl_path(dev->ctx, path, CXL);

	*names = NULL;
	*count = 0;
	if (!ret)
		ret = vcxl_list_dir(path, names, count);
	return !ret || ret == -ENOENT ? 0 :
	       vcxl_fail(dev->ctx, ret, dev->name, "",
			 "can't list the CXL bus: %s", strerror(-ret));
}

int vcxl_device_regions(const struct vcxl_device *dev,
			struct vcxl_region **regions, size_t *count)
{
	char **names;
	size_t total, i;
	int ret = list_bus(dev, &names, &total);

	*regions = NULL;
	*count = 0;
	for (i = 0; !ret && i < total; i++) {
		if (strncmp(names[i], "region", 6) || !vcxl_name_ok(names[i]))
			continue;
		ret = uses_device(dev, names[i], names, total);
		if (ret < 0)
			cant_look(dev->ctx, names[i], ret);
		else if (ret)
			ret = add_region(dev->ctx, names[i], regions, count);
	}
	vcxl_free_names(names, total);
	if (ret) {
		free(*regions);
		*regions = NULL;
		*count = 0;
	}
	return ret;
}

/* Not to know is a reason to refuse: the host's own memory is at stake */
static int cant_tell(const struct vcxl_device *dev, const char *what, int err)
{
	bool hidden = err == -EACCES || err == -EPERM;

	/* -ENOENT is for a device that isn't there */
	return vcxl_fail(dev->ctx, err == -ENOENT ? -EIO : err, dev->name,
			 hidden ? "run it as root, with CAP_SYS_ADMIN" :
			 "mount /proc and /sys as this kernel has them",
			 "can't tell whether the host uses its memory as System RAM: %s: %s",
			 what, hidden ? "its addresses are hidden" :
			 strerror(-err));
}

/* Refuses a range of the device's that the host runs on, or may run on */
static int check_range(const struct vcxl_device *dev, const char *object,
		       const char *start)
{
	struct vcxl_iomem *entries;
	uint64_t base, size;
	size_t count, i;
	int ret = read_range(dev->ctx, object, start, &base, &size);

	if (ret || !size)
		return ret ? cant_tell(dev, object, ret) : 0;
	ret = vcxl_iomem_read(dev->ctx, &entries, &count);
	if (ret)
		return cant_tell(dev, "/proc/iomem", ret);
	for (i = 0; !ret && i < count; i++)
		if (!strncmp(entries[i].name, "System RAM", 10) &&
		    entries[i].start < base + size && entries[i].end >= base)
			ret = vcxl_fail(dev->ctx, -EBUSY, dev->name,
					"take it offline with 'daxctl offline-memory', then 'cxl disable-region'",
					"the host uses its memory as System RAM (%s)",
					object);
	free(entries);
	return ret;
}

static int check_decoders(const struct vcxl_device *dev, const char *port)
{
	char **decoders;
	size_t count, i;
	int ret = list_decoders(dev->ctx, port, &decoders, &count);

	if (ret)
		return cant_tell(dev, port, ret);
	for (i = 0; !ret && i < count; i++)
		ret = check_range(dev, decoders[i], "start");
	vcxl_free_names(decoders, count);
	return ret;
}

static int check_endpoints(const struct vcxl_device *dev)
{
	char **names;
	size_t count, i;
	int ret = list_bus(dev, &names, &count);

	for (i = 0; !ret && i < count; i++) {
		ret = is_endpoint_of(dev, names[i]);
		if (ret < 0)
			cant_tell(dev, names[i], ret);
		else if (ret)
			ret = check_decoders(dev, names[i]);
	}
	vcxl_free_names(names, count);
	return ret;
}

int vcxl_check_system_ram(const struct vcxl_device *dev)
{
	struct vcxl_region *regions;
	size_t count, i;
	int ret = vcxl_device_regions(dev, &regions, &count);

	for (i = 0; !ret && i < count; i++)
		ret = check_range(dev, regions[i].name, "resource");
	free(regions);
	/* A range without a region is the device's too */
	return ret ? ret : check_endpoints(dev);
}
