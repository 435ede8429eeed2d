// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a program that opens a VFIO device: stops it, as a SIGSTOP
 * would, once it has the device and before it does anything with it. Whoever
 * looked for that moment from outside would miss it on a busy machine.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdarg.h>

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int fd, unsigned long request, void *arg);
	va_list args;
	void *arg;
	int ret, err;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	ret = next(fd, request, arg);
	err = errno;
	if (request == VFIO_GROUP_GET_DEVICE_FD && ret >= 0)
		raise(SIGSTOP);
	errno = err;
	return ret;
}
