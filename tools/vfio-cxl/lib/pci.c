// SPDX-License-Identifier: GPL-2.0-only
/* PCI functions as sysfs shows them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define DEVICES		"/sys/bus/pci/devices"
#define CLASS_CXL	0x0502	/* memory controller, CXL */

const char *vcxl_device_name(const struct vcxl_device *dev)
{
	return dev->name;
}

uint32_t vcxl_device_class(const struct vcxl_device *dev)
{
	return dev->class_code;
}

uint16_t vcxl_device_vendor_id(const struct vcxl_device *dev)
{
	return dev->vendor_id;
}

uint16_t vcxl_device_device_id(const struct vcxl_device *dev)
{
	return dev->device_id;
}

const char *vcxl_device_driver(const struct vcxl_device *dev)
{
	return dev->driver;
}

const char *vcxl_device_override(const struct vcxl_device *dev)
{
	return dev->override;
}

const char *vcxl_device_vfio_name(const struct vcxl_device *dev)
{
	return dev->vfio_name;
}

int vcxl_device_group(const struct vcxl_device *dev)
{
	return dev->group;
}

int vcxl_device_numa_node(const struct vcxl_device *dev)
{
	return dev->numa_node;
}

bool vcxl_device_serial(const struct vcxl_device *dev, uint64_t *serial)
{
	*serial = dev->serial;
	return dev->has_serial;
}

bool vcxl_device_is_bound(const struct vcxl_device *dev)
{
	return !strcmp(dev->driver, VCXL_DRIVER);
}

bool vcxl_device_is_memory(const struct vcxl_device *dev)
{
	return dev->class_code >> 8 == CLASS_CXL || dev->mem_capable ||
	       vcxl_device_is_bound(dev);
}

bool vcxl_device_config_known(const struct vcxl_device *dev)
{
	return dev->config_known;
}

static int dev_path(const struct vcxl_device *dev, char *path, const char *attr)
{
	return vcxl_path(dev->ctx, path, DEVICES "/%s/%s", dev->name, attr);
}

/*
 * Of what a device may have or not, only failures of ours count: the rest is
 * "none".
 */
static int ours(int ret)
{
	return vcxl_starved(ret) ? ret : 0;
}

/* @value stays where there is no such attribute, or no number up to @max */
static int attr_u64(const struct vcxl_device *dev, const char *attr,
		    uint64_t max, uint64_t *value)
{
	char path[PATH_MAX];
	uint64_t number;
	int ret = dev_path(dev, path, attr);

	if (!ret)
		ret = vcxl_read_u64(path, &number);
	if (!ret && number <= max)
		*value = number;
	return ours(ret);
}

static int read_group(struct vcxl_device *dev)
{
	char path[PATH_MAX], name[VCXL_NAME_LEN], *end;
	unsigned long group;
	int ret = dev_path(dev, path, "iommu_group");

	if (!ret)
		ret = vcxl_link_name(path, name, sizeof(name));
	if (ret)
		return ours(ret);
	errno = 0;
	group = strtoul(name, &end, 10);
	if (!errno && !*end && group <= INT_MAX)
		dev->group = group;
	return 0;
}

/* The first name in the device's folder @sub that begins with @prefix */
static int child_name(const struct vcxl_device *dev, const char *sub,
		      const char *prefix, char *buf, size_t len)
{
	char path[PATH_MAX], **names;
	size_t count, i;
	int ret = dev_path(dev, path, sub);

	if (!ret)
		ret = vcxl_list_dir(path, &names, &count);
	if (ret)
		return ret;
	ret = -ENOENT;
	for (i = 0; ret && i < count; i++) {
		size_t n = strlen(prefix);

		if (strncmp(names[i], prefix, n) || !names[i][n] ||
		    names[i][n + strspn(names[i] + n, "0123456789")] ||
		    strlen(names[i]) >= len)
			continue;
		strcpy(buf, names[i]);
		ret = 0;
	}
	vcxl_free_names(names, count);
	return ret;
}

static int read_override(struct vcxl_device *dev)
{
	char path[PATH_MAX];
	int ret = dev_path(dev, path, "driver_override");

	if (!ret)
		ret = vcxl_read_attr(path, dev->override,
				     sizeof(dev->override));
	if (ret || !strcmp(dev->override, "(null)"))
		dev->override[0] = '\0';
	return ours(ret);
}

static int cant_look(const struct vcxl_device *dev, int err)
{
	return vcxl_fail(dev->ctx, err, dev->name, "",
			 "can't look at the device: %s", strerror(-err));
}

/*
 * Driver and override alone. Takes no memory: who has begun to move the device
 * has to see where it is.
 */
int vcxl_device_look(struct vcxl_device *dev)
{
	char path[PATH_MAX];
	int ret = dev_path(dev, path, "");

	/* What was known of it must not be taken for what is */
	dev->driver[0] = '\0';
	dev->override[0] = '\0';
	if (!ret)
		ret = vcxl_exists(path);
	if (vcxl_starved(ret))
		return cant_look(dev, ret);
	if (ret != 1)
		return vcxl_fail(dev->ctx, -ENODEV, dev->name,
				 "'vfio-cxl list' shows what is there",
				 "the device is gone");
	ret = dev_path(dev, path, "driver");
	if (!ret)
		ret = vcxl_link_name(path, dev->driver, sizeof(dev->driver));
	ret = ours(ret);
	if (!ret)
		ret = read_override(dev);
	return ret ? cant_look(dev, ret) : 0;
}

int vcxl_device_refresh(struct vcxl_device *dev)
{
	int ret = vcxl_device_look(dev);

	dev->vfio_name[0] = '\0';
	dev->group = -1;
	if (ret)
		return ret;
	ret = ours(child_name(dev, "vfio-dev", "vfio", dev->vfio_name,
			      sizeof(dev->vfio_name)));
	if (!ret)
		ret = read_group(dev);
	return ret ? cant_look(dev, ret) : 0;
}

/* The memory device of cxl_pci tells the serial number to everybody */
static int read_memdev_serial(struct vcxl_device *dev)
{
	char path[PATH_MAX], mem[VCXL_NAME_LEN];
	int ret;

	if (dev->has_serial)
		return 0;
	ret = child_name(dev, "", "mem", mem, sizeof(mem));
	if (!ret)
		ret = vcxl_path(dev->ctx, path, DEVICES "/%s/%s/serial",
				dev->name, mem);
	if (!ret)
		ret = vcxl_read_u64(path, &dev->serial);
	dev->has_serial = !ret;
	return ours(ret);
}

static int read_config(struct vcxl_device *dev)
{
	char path[PATH_MAX];
	size_t size;
	int fd, ret = dev_path(dev, path, "config");

	if (ret)
		return ours(ret);
	fd = vcxl_open_file(path, &size);
	if (fd < 0)
		return ours(fd);
	ret = vcxl_config_read(dev, fd, size);
	close(fd);
	return ours(ret);
}

static int read_attrs(struct vcxl_device *dev)
{
	uint64_t class = 0, vendor = 0, device = 0, node = UINT64_MAX;
	int ret = attr_u64(dev, "class", 0xffffff, &class);

	if (!ret)
		ret = attr_u64(dev, "vendor", 0xffff, &vendor);
	if (!ret)
		ret = attr_u64(dev, "device", 0xffff, &device);
	/* -1, no node, is refused as it should be */
	if (!ret)
		ret = attr_u64(dev, "numa_node", INT_MAX, &node);
	dev->class_code = class;
	dev->vendor_id = vendor;
	dev->device_id = device;
	dev->numa_node = node > INT_MAX ? -1 : (int)node;
	return ret;
}

static int device_new(struct vcxl *ctx, const char *name,
		      struct vcxl_device **out)
{
	struct vcxl_device *dev;
	int ret;

	if (!vcxl_name_ok(name))
		return vcxl_fail(ctx, -EINVAL, "", "", "a damaged device name");
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return vcxl_fail(ctx, -ENOMEM, name, "", "out of memory");
	dev->ctx = ctx;
	dev->control = -1;
	strcpy(dev->name, name);
	ret = vcxl_device_refresh(dev);
	if (!ret) {
		ret = read_attrs(dev);
		if (!ret)
			ret = read_config(dev);
		if (!ret)
			ret = read_memdev_serial(dev);
		if (ret)
			cant_look(dev, ret);
	}
	if (ret)
		free(dev);
	else
		*out = dev;
	return ret;
}

void vcxl_device_free(struct vcxl_device *dev)
{
	if (!dev)
		return;
	vcxl_control_close(dev);
	free(dev);
}

void vcxl_devices_free(struct vcxl_device **devs, size_t count)
{
	while (count--)
		vcxl_device_free(devs[count]);
	free(devs);
}

static int list_devices(struct vcxl *ctx, char ***names, size_t *count)
{
	char path[PATH_MAX];
	int ret = vcxl_path(ctx, path, DEVICES);

	if (!ret)
		ret = vcxl_list_dir(path, names, count);
	if (ret == -ENOENT) {
		*names = NULL;
		*count = 0;
		return 0;	/* a machine without PCI */
	}
	if (ret)
		vcxl_fail(ctx, ret, path, "is sysfs mounted?",
			  "can't list PCI devices: %s", strerror(-ret));
	return ret;
}

int vcxl_devices(struct vcxl *ctx, struct vcxl_device ***devs, size_t *count)
{
	char **names;
	size_t total, i;
	int ret = list_devices(ctx, &names, &total);

	if (ret)
		return ret;
	*count = 0;
	*devs = calloc(total + 1, sizeof(**devs));
	if (!*devs)
		ret = vcxl_fail(ctx, -ENOMEM, DEVICES, "", "out of memory");
	for (i = 0; !ret && i < total; i++) {
		struct vcxl_device *dev;

		/* One that is gone by now, or damaged, hides no other */
		ret = device_new(ctx, names[i], &dev);
		if (ret) {
			ret = ours(ret);
			continue;
		}
		if (vcxl_device_is_memory(dev))
			(*devs)[(*count)++] = dev;
		else
			vcxl_device_free(dev);
	}
	vcxl_free_names(names, total);
	if (ret) {
		vcxl_devices_free(*devs, *count);
		*devs = NULL;
		*count = 0;
	}
	return ret;
}

static int not_found(struct vcxl *ctx, const char *name)
{
	return vcxl_fail(ctx, -ENOENT, name,
			 "'vfio-cxl list' shows the devices there are",
			 "there is no such device");
}

static int ambiguous(struct vcxl *ctx, const char *name)
{
	return vcxl_fail(ctx, -ENOTUNIQ, name,
			 "name it by its full PCI address, see 'vfio-cxl list'",
			 "several devices answer to this name");
}

/* 0000:0d:00.0, or without the domain where that is enough */
static int find_address(struct vcxl *ctx, const char *name, char *bdf)
{
	size_t count, i, len = strlen(name);
	char **names;
	int ret = list_devices(ctx, &names, &count);
	unsigned int hits = 0;

	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		size_t n = strlen(names[i]);

		if (!vcxl_name_ok(names[i]) || n < len)
			continue;
		if (strcasecmp(names[i] + n - len, name) ||
		    (n > len && names[i][n - len - 1] != ':'))
			continue;
		strcpy(bdf, names[i]);
		hits++;
	}
	vcxl_free_names(names, count);
	if (!hits)
		return not_found(ctx, name);
	return hits > 1 ? ambiguous(ctx, name) : 0;
}

static int find_vfio(struct vcxl *ctx, const char *name, char *bdf)
{
	char path[PATH_MAX];
	int ret = vcxl_name_ok(name) ? 0 : -EINVAL;

	if (!ret)
		ret = vcxl_path(ctx, path, "/sys/class/vfio-dev/%s/device",
				name);
	if (!ret)
		ret = vcxl_link_name(path, bdf, VCXL_NAME_LEN);
	if (ours(ret))
		return vcxl_fail(ctx, ret, name, "", "can't look for it: %s",
				 strerror(-ret));
	return ret ? not_found(ctx, name) : 0;
}

static bool by_serial(const struct vcxl_device *dev, uint64_t serial)
{
	return dev->has_serial && dev->serial == serial;
}

static bool by_group(const struct vcxl_device *dev, uint64_t group)
{
	return dev->group >= 0 && (uint64_t)dev->group == group;
}

static int find_number(struct vcxl *ctx, const char *name, uint64_t number,
		       bool (*match)(const struct vcxl_device *, uint64_t),
		       char *bdf)
{
	struct vcxl_device **devs;
	size_t count, i;
	unsigned int hits = 0;
	int ret = vcxl_devices(ctx, &devs, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		if (!match(devs[i], number))
			continue;
		strcpy(bdf, devs[i]->name);
		hits++;
	}
	vcxl_devices_free(devs, count);
	if (!hits)
		return not_found(ctx, name);
	return hits > 1 ? ambiguous(ctx, name) : 0;
}

static bool parse_number(const char *s, uint64_t *number)
{
	bool hex = !strncasecmp(s, "0x", 2);
	const char *digits = hex ? s + 2 : s;
	char *end;

	if (!*digits ||
	    digits[strspn(digits, hex ? "0123456789abcdefABCDEF" :
					"0123456789")])
		return false;
	errno = 0;
	*number = strtoull(digits, &end, hex ? 16 : 10);
	return !errno;
}

static int find_device(struct vcxl *ctx, const char *name, char *bdf)
{
	uint64_t number;

	if (!strncmp(name, "/dev/vfio/devices/", 18))
		return find_vfio(ctx, name + 18, bdf);
	if (!strncmp(name, "/dev/vfio/", 10))
		return parse_number(name + 10, &number) ?
		       find_number(ctx, name, number, by_group, bdf) :
		       not_found(ctx, name);
	if (!strncmp(name, "vfio", 4))
		return find_vfio(ctx, name, bdf);
	if (strchr(name, ':'))
		return find_address(ctx, name, bdf);
	if (parse_number(name, &number))
		return find_number(ctx, name, number, by_serial, bdf);
	return not_found(ctx, name);
}

int vcxl_device_get(struct vcxl *ctx, const char *name,
		    struct vcxl_device **dev)
{
	char bdf[VCXL_NAME_LEN];
	int ret = find_device(ctx, name, bdf);

	return ret ? ret : device_new(ctx, bdf, dev);
}

static int node_at(struct vcxl *ctx, struct vcxl_node *node, const char *dir,
		   const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int ret = vcxl_path(ctx, path, "%s/%s", dir, name);

	memset(node, 0, sizeof(*node));
	if (ret)
		return ret;
	snprintf(node->path, sizeof(node->path), "%s/%s", dir, name);
	if (stat(path, &st))
		return ours(-errno);
	node->exists = true;
	node->usable = !access(path, R_OK | W_OK);
	if (!node->usable && ours(-errno))
		return -errno;
	node->mode = st.st_mode & 07777;
	node->uid = st.st_uid;
	node->gid = st.st_gid;
	return 0;
}

int vcxl_device_control_node(const struct vcxl_device *dev,
			     struct vcxl_node *node)
{
	return node_at(dev->ctx, node, "/dev/vfio-cxl", dev->name);
}

int vcxl_device_group_node(const struct vcxl_device *dev,
			   struct vcxl_node *node)
{
	char name[16];

	if (dev->group < 0) {
		memset(node, 0, sizeof(*node));
		return -ENOENT;
	}
	snprintf(name, sizeof(name), "%d", dev->group);
	return node_at(dev->ctx, node, "/dev/vfio", name);
}

bool vcxl_module_loaded(struct vcxl *ctx)
{
	char path[PATH_MAX];

	/* Who can't tell finds out when it is used */
	return !vcxl_path(ctx, path, "/sys/bus/pci/drivers/" VCXL_DRIVER) &&
	       vcxl_exists(path);
}

int vcxl_module_version(struct vcxl *ctx, char *buf, size_t len)
{
	char path[PATH_MAX];
	int ret = vcxl_path(ctx, path, "/sys/module/" VCXL_MODULE "/version");

	return ret ? ret : vcxl_read_attr(path, buf, len);
}
