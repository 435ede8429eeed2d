// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device as a VFIO user has it: opened here, through container and group, or
 * by the caller in its own way; how it stands; resets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "client.h"

#define MAX_ALIGN	(1ULL << 40)

int vcxl_client_fail(struct vcxl_client *c, int err, const char *what)
{
	return vcxl_fail(c->ctx, err, c->name,
			 err == -EACCES || err == -EPERM ? "run it as root" :
			 err == -EBUSY ? "stop the device's other user first" :
			 "", "%s: %s", what, strerror(-err));
}

/*
 * A VMM has signals that are not for us. Not for what waits for the device: begun
 * anew each time, it might never end.
 */
int vcxl_client_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int check_container(struct vcxl_client *c)
{
	int version, type1;

	version = vcxl_client_ioctl(c->container, VFIO_GET_API_VERSION, NULL);
	if (version < 0)
		return vcxl_client_fail(c, -errno, "can't ask for VFIO's version");
	type1 = vcxl_client_ioctl(c->container, VFIO_CHECK_EXTENSION,
				  (void *)VFIO_TYPE1v2_IOMMU);
	if (type1 < 0)
		return vcxl_client_fail(c, -errno, "can't ask VFIO for type1");
	if (version != VFIO_API_VERSION || type1 != 1)
		return vcxl_fail(c->ctx, -EOPNOTSUPP, c->name,
				 "run 'modprobe vfio_iommu_type1'",
				 "VFIO offers no type1 IOMMU here");
	return 0;
}

static int open_container(struct vcxl_client *c)
{
	char path[PATH_MAX], iommu[PATH_MAX];
	int ret = vcxl_path(c->ctx, path, "/dev/vfio/vfio");

	if (ret)
		return vcxl_client_fail(c, ret, "/dev/vfio/vfio");
	c->container = open_path(path);
	if (c->container == -ENOENT &&
	    !vcxl_path(c->ctx, iommu, "/dev/iommu") && vcxl_exists(iommu) == 1)
		return vcxl_fail(c->ctx, -EOPNOTSUPP, c->name,
				 "use a kernel with CONFIG_VFIO_CONTAINER, or IOMMUFD's emulation of it",
				 "there is IOMMUFD but no VFIO container");
	if (c->container == -ENOENT)
		return vcxl_fail(c->ctx, -ENOENT, c->name, "run 'modprobe vfio'",
				 "%s does not exist", path);
	if (c->container < 0)
		return vcxl_client_fail(c, c->container, "can't open the VFIO container");
	return check_container(c);
}

static int open_group(struct vcxl_client *c, int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_MAX];
	int ret = vcxl_path(c->ctx, path, "/dev/vfio/%d", group);

	if (!ret) {
		c->group = open_path(path);
		ret = c->group;
	}
	if (ret < 0)
		return vcxl_client_fail(c, ret, "can't open the VFIO group");
	if (vcxl_client_ioctl(c->group, VFIO_GROUP_GET_STATUS, &status))
		return vcxl_client_fail(c, -errno, "can't read the VFIO group's status");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return vcxl_fail(c->ctx, -EBUSY, c->name,
				 "see 'vfio-cxl status' for who is in the way",
				 "IOMMU group %d is not viable", group);
	if (vcxl_client_ioctl(c->group, VFIO_GROUP_SET_CONTAINER, &c->container))
		return vcxl_client_fail(c, -errno, "can't put the group into a container");
	if (vcxl_client_ioctl(c->container, VFIO_SET_IOMMU,
			      (void *)VFIO_TYPE1v2_IOMMU))
		return vcxl_client_fail(c, -errno, "can't set up the IOMMU");
	return 0;
}

static int open_device(struct vcxl_client *c)
{
	/* Resets the device, and waits for its media: a signal may end that */
	c->device = ioctl(c->group, VFIO_GROUP_GET_DEVICE_FD, c->name);
	if (c->device < 0)
		return vcxl_client_fail(c, -errno, "can't open the VFIO device");
	if (fcntl(c->device, F_SETFD, FD_CLOEXEC))
		return vcxl_client_fail(c, -errno, "can't keep the device to this process");
	return 0;
}

/*
 * Is there memory, and how does it want to be mapped? @info says why not, where
 * there is none.
 */
static int check_info(struct vcxl_client *c)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct vfio_cxl_info info;
	int ret = vcxl_client_info(c, &info);

	if (ret)
		return ret;
	if (!(info.flags & VFIO_CXL_INFO_MEMORY))
		return vcxl_fail_reason(c->ctx, -EOPNOTSUPP, c->name,
					info.reason, info.element,
					"the device has no memory to offer");
	if (info.map_align < page || info.map_align > MAX_ALIGN ||
	    (info.map_align & (info.map_align - 1)) ||
	    info.map_offset >= info.map_align || info.map_offset % page)
		return vcxl_fail(c->ctx, -EIO, c->name, "",
				 "the driver asks for an impossible alignment");
	c->map_align = info.map_align;
	c->map_offset = info.map_offset;
	return vcxl_client_find_regions(c);
}

static struct vcxl_client *new_client(struct vcxl *ctx, const char *name)
{
	struct vcxl_client *c = calloc(1, sizeof(*c));

	if (!c) {
		vcxl_fail(ctx, -ENOMEM, name, "", "out of memory");
		return NULL;
	}
	c->ctx = ctx;
	c->container = -1;
	c->group = -1;
	c->device = -1;
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

int vcxl_client_open(struct vcxl_device *dev, struct vcxl_client **out)
{
	struct vcxl_client *c;
	int ret = vcxl_need_bound(dev);

	/* Opening resets: nothing for another driver's device */
	if (ret)
		return ret;
	/* Nothing is asked there while VFIO has the device */
	vcxl_control_close(dev);
	c = new_client(dev->ctx, dev->name);
	if (!c)
		return -ENOMEM;
	ret = dev->group >= 0 ? 0 :
	      vcxl_fail(c->ctx, -EOPNOTSUPP, c->name,
			"boot the host with its IOMMU on",
			"the device has no IOMMU group");
	if (!ret)
		ret = open_container(c);
	if (!ret)
		ret = open_group(c, dev->group);
	if (!ret)
		ret = open_device(c);
	if (!ret)
		ret = check_info(c);
	if (ret) {
		vcxl_client_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

int vcxl_client_from_fd(struct vcxl *ctx, int fd, struct vcxl_client **out)
{
	char name[VCXL_NAME_LEN];
	struct vcxl_client *c;
	int ret;

	snprintf(name, sizeof(name), "VFIO device fd %d", fd);
	c = new_client(ctx, name);
	if (!c)
		return -ENOMEM;
	c->device = fd;
	c->borrowed = true;
	ret = check_info(c);
	if (ret) {
		vcxl_client_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

void vcxl_client_close(struct vcxl_client *c)
{
	if (!c)
		return;
	if (c->device >= 0 && !c->borrowed)
		close(c->device);
	if (c->group >= 0)
		close(c->group);
	if (c->container >= 0)
		close(c->container);
	free(c);
}

int vcxl_client_fd(const struct vcxl_client *c)
{
	return c->device;
}

int vcxl_client_info(struct vcxl_client *c, struct vfio_cxl_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	if (vcxl_client_ioctl(c->device, VFIO_CXL_INFO, info))
		return vcxl_fail(c->ctx, -errno, c->name,
				 "bind it with 'vfio-cxl bind'",
				 "the driver does not answer as " VCXL_DRIVER
				 ": %s", strerror(errno));
	info->element[VFIO_CXL_ELEMENT_LEN - 1] = '\0';
	vcxl_printable(info->element);
	return 0;
}

/* @why: NULL if the memory is live, else what holds it */
static int look(struct vcxl_client *c, const char **why)
{
	struct vfio_cxl_info info;
	unsigned int bit;
	int ret = vcxl_client_info(c, &info);

	*why = NULL;
	if (ret || ((info.flags & VFIO_CXL_INFO_MEMORY) &&
		    (info.flags & VFIO_CXL_INFO_LIVE) && !info.gate))
		return ret;
	for (bit = 0; bit < 32 && !*why; bit++)
		if (info.gate & 1U << bit)
			*why = vcxl_gate_why(bit);
	if (!*why)
		*why = "the driver does not say why";
	return 0;
}

static int not_live(struct vcxl_client *c, int err, const char *what,
		    const char *why, const char *next)
{
	vcxl_fail(c->ctx, err, c->name, next, "%s: %s", what, why);
	c->ctx->error.reason = VFIO_CXL_REASON_NOT_LIVE;
	return err;
}

int vcxl_client_need_live(struct vcxl_client *c)
{
	const char *why;
	int ret = look(c, &why);

	return ret || !why ? ret :
	       not_live(c, -EAGAIN, "the memory is not live", why,
			"try again in a moment; 'vfio-cxl status' shows what holds it");
}

/*
 * After a reset by hand all must be as before: a guest that reboots does not
 * place its decoder again.
 */
static int reset(struct vcxl_client *c, unsigned long request, void *arg,
		 const char *what)
{
	struct vcxl_guest_decoder old, now;
	const char *why = NULL;
	int err = 0, ret = vcxl_client_decoder(c, 0, &old);

	if (ret)
		return ret;
	if (vcxl_client_ioctl(c->device, request, arg))
		err = -errno;
	/* EIO: reset it was, but the memory did not come back */
	if (!err || err == -EIO)
		ret = look(c, &why);
	if (ret)
		return ret;
	if (why)
		return not_live(c, -EIO,
				"the memory is not back after the reset", why,
				"see the kernel's log, then reset it again");
	if (err)
		return vcxl_client_fail(c, err, what);
	ret = vcxl_client_decoder(c, 0, &now);
	if (ret || !old.sealed)
		return ret;
	if (now.ctrl != old.ctrl || now.base != old.base ||
	    now.size != old.size)
		return vcxl_fail(c->ctx, -EIO, c->name,
				 "stop the guest: its memory is not where it was",
				 "the seal did not survive the reset: the decoder was at %#llx and is at %#llx, control %#x",
				 (unsigned long long)old.base,
				 (unsigned long long)now.base, now.ctrl);
	return 0;
}

int vcxl_client_reset(struct vcxl_client *c)
{
	return reset(c, VFIO_DEVICE_RESET, NULL, "can't reset the device");
}

int vcxl_client_hot_reset(struct vcxl_client *c, const int *groups,
			  size_t count)
{
	struct vfio_pci_hot_reset *arg;
	size_t i;
	int ret;

	/* Our own stands for itself */
	if (!count && c->group >= 0) {
		groups = &c->group;
		count = 1;
	}
	if (count > VCXL_MAX_GROUPS)
		return vcxl_fail(c->ctx, -EINVAL, c->name, "",
				 "a hot reset of %zu groups", count);
	arg = calloc(1, sizeof(*arg) + count * sizeof(arg->group_fds[0]));
	if (!arg)
		return vcxl_fail(c->ctx, -ENOMEM, c->name, "", "out of memory");
	arg->argsz = sizeof(*arg) + count * sizeof(arg->group_fds[0]);
	arg->count = count;
	for (i = 0; i < count; i++)
		arg->group_fds[i] = groups[i];
	ret = reset(c, VFIO_DEVICE_PCI_HOT_RESET, arg,
		    "can't reset the device's bus");
	free(arg);
	return ret;
}
