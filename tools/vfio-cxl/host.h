/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_HOST_H
#define VFIO_CXL_HOST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Files of this host, below VFIO_CXL_SYSROOT as the library's. Negative errno
 * where something can't be seen, which is not the same as that it isn't there;
 * what there is not enough memory for ends the command.
 */
__attribute__((format(printf, 1, 2)))
int host_exists(const char *format, ...);
/* The first line, made printable */
__attribute__((format(printf, 3, 4)))
int host_read(char *buf, size_t len, const char *format, ...);
/* 1 if a line has @needle, else 0 */
int host_grep(const char *path, const char *needle);
/* A module parameter: 1 for Y or 1, 0 for anything else */
int host_param(const char *module, const char *name);
/* Can module file @name (without .ko) be loaded, or is it built in? */
int host_has_module(const char *name);
/* Calls @each for every name but those that begin with a dot */
int host_each(const char *path, void (*each)(const char *name, void *data),
	      void *data);

#endif /* VFIO_CXL_HOST_H */
