// SPDX-License-Identifier: GPL-2.0-only
/* The control node, /dev/vfio-cxl/<BDF>. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

int vcxl_need_bound(struct vcxl_device *dev)
{
	if (vcxl_device_is_bound(dev))
		return 0;
	return vcxl_fail(dev->ctx, -ENODEV, dev->name,
			 "bind it with 'vfio-cxl bind'",
			 dev->driver[0] ?
			 "the device is not bound to " VCXL_DRIVER ", but to %s" :
			 "the device is not bound to " VCXL_DRIVER "%s",
			 dev->driver);
}

void vcxl_control_close(struct vcxl_device *dev)
{
	if (dev->control >= 0)
		close(dev->control);
	dev->control = -1;
}

/* @path: PATH_MAX bytes */
int vcxl_control_path(struct vcxl_device *dev, char *path)
{
	int ret = vcxl_need_bound(dev);

	if (ret)
		return ret;
	ret = vcxl_path(dev->ctx, path, "/dev/vfio-cxl/%s", dev->name);
	return ret ? vcxl_fail(dev->ctx, ret, dev->name, "", "path too long") :
		     0;
}

int vcxl_control_fail(struct vcxl_device *dev, int err, const char *path)
{
	/* -ENOENT is for what is asked of the node */
	return vcxl_fail(dev->ctx, err == -ENOENT ? -ENODEV : err, dev->name,
			 err == -EACCES || err == -EPERM ? "run it as root" :
			 "is /dev a devtmpfs here? Look for the node on the host",
			 "can't open %s: %s", path, strerror(-err));
}

int vcxl_control_open(struct vcxl_device *dev)
{
	char path[PATH_MAX];
	struct stat st;
	int ret;

	if (dev->control >= 0)
		return 0;
	ret = vcxl_control_path(dev, path);
	if (ret)
		return ret;
	dev->control = open(path, O_RDWR | O_CLOEXEC);
	if (dev->control < 0)
		return vcxl_control_fail(dev, -errno, path);
	ret = fstat(dev->control, &st) ? -errno :
	      S_ISCHR(st.st_mode) ? 0 : -ENOTTY;
	if (!ret)
		return 0;
	vcxl_control_close(dev);
	return ret == -ENOTTY ?
	       vcxl_fail(dev->ctx, ret, dev->name, "",
			 "%s is no device node", path) :
	       vcxl_fail(dev->ctx, ret, dev->name, "", "can't look at %s: %s",
			 path, strerror(-ret));
}

static int call(struct vcxl_device *dev, unsigned long request, void *arg)
{
	int ret = vcxl_control_open(dev);

	if (ret)
		return ret;
	do {
		ret = ioctl(dev->control, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

/* A string from outside: ended, and fit for a terminal */
static void tame(char *element)
{
	element[VFIO_CXL_ELEMENT_LEN - 1] = '\0';
	vcxl_printable(element);
}

static int fail(struct vcxl_device *dev, int err, uint32_t reason,
		const char *element, const char *doing)
{
	/* vcxl_control_open() has told already */
	if (dev->control < 0)
		return err;
	return vcxl_fail_reason(dev->ctx, err, dev->name, reason, element,
				doing);
}

int vcxl_info(struct vcxl_device *dev, struct vfio_cxl_info *info)
{
	int ret;

	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	ret = call(dev, VFIO_CXL_INFO, info);
	tame(info->element);
	return ret ? fail(dev, ret, 0, info->element,
			  "can't ask the driver about the device") : 0;
}

int vcxl_window(struct vcxl_device *dev, struct vfio_cxl_window *window)
{
	uint32_t index = window->index;
	int ret;

	memset(window, 0, sizeof(*window));
	window->argsz = sizeof(*window);
	window->index = index;
	ret = call(dev, VFIO_CXL_WINDOW, window);
	tame(window->element);
	if (!ret && (!window->ways || window->ways > VFIO_CXL_WINDOW_TARGETS))
		ret = -EIO;
	return ret ? fail(dev, ret, window->reason, window->element,
			  "can't read a fixed memory window") : 0;
}

int vcxl_decoder(struct vcxl_device *dev, struct vfio_cxl_decoder *decoder)
{
	uint32_t index = decoder->index;
	int ret;

	memset(decoder, 0, sizeof(*decoder));
	decoder->argsz = sizeof(*decoder);
	decoder->index = index;
	ret = call(dev, VFIO_CXL_DECODER, decoder);
	return ret ? fail(dev, ret, 0, "",
			  "can't read an HDM decoder") : 0;
}

int vcxl_decoder_program(struct vcxl_device *dev,
			 struct vfio_cxl_decoder_program *program)
{
	int ret;

	program->argsz = sizeof(*program);
	ret = call(dev, VFIO_CXL_DECODER_PROGRAM, program);
	tame(program->element);
	return ret ? fail(dev, ret, program->reason, program->element,
			  "can't program HDM decoder 0") : 0;
}

int vcxl_decoder_clear(struct vcxl_device *dev,
		       struct vfio_cxl_decoder_clear *clear)
{
	int ret;

	clear->argsz = sizeof(*clear);
	ret = call(dev, VFIO_CXL_DECODER_CLEAR, clear);
	tame(clear->element);
	return ret ? fail(dev, ret, clear->reason, clear->element,
			  "can't clear HDM decoder 0") : 0;
}

int vcxl_guest_set(struct vcxl_device *dev, struct vfio_cxl_guest_set *set)
{
	int ret;

	set->argsz = sizeof(*set);
	ret = call(dev, VFIO_CXL_GUEST_SET, set);
	tame(set->element);
	return ret ? fail(dev, ret, set->reason, set->element,
			  "can't set the guest's HDM decoder 0") : 0;
}

int vcxl_guest_clear(struct vcxl_device *dev,
		     struct vfio_cxl_guest_clear *clear)
{
	int ret;

	clear->argsz = sizeof(*clear);
	ret = call(dev, VFIO_CXL_GUEST_CLEAR, clear);
	tame(clear->element);
	return ret ? fail(dev, ret, clear->reason, clear->element,
			  "can't clear the guest's HDM decoder 0") : 0;
}
