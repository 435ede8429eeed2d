/* SPDX-License-Identifier: GPL-2.0-only */
/* What the calls of the library, and the sweep of them, share. */
#ifndef SWEEP_LIB_H
#define SWEEP_LIB_H

#include "../../tools/vfio-cxl/lib/libvfio-cxl.h"
#include "fake_vfio.h"
#include "fault.h"

#define DEV		"0000:0d:00.0"
#define PATH		512

/**
 * struct call - a call of the library
 * @name: what it is called
 * @run: notes what it gives; returns 0 or an errno, negative
 * @quiet: the errno is all of its account
 * @driver: which the device has before; else cxl-vfio-pci
 * @faulty: and to be found so
 */
struct call {
	const char *name;
	int (*run)(void);
	bool quiet;
	const char *driver;
	bool faulty;
};

/* Each ended by one without a name */
extern const struct call host_calls[], dc_calls[], client_calls[],
			 faulty_calls[];

/* Of fake_vfio.c, where that is preloaded */
#pragma weak fake
#pragma weak fake_init

extern struct vcxl *ctx;
extern struct vcxl_device *dev;
extern struct vcxl_client *client;
extern const char *root;
extern char result[8192];	/* what the last call gave */

/* @path has PATH bytes */
__attribute__((format(printf, 2, 3)))
char *in_root(char *path, const char *format, ...);

#endif /* SWEEP_LIB_H */
