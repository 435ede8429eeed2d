/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family, by a raw socket: what is on the wire. */
#ifndef UAPI_GENL_H
#define UAPI_GENL_H

#include <linux/vfio_cxl_netlink.h>

#include "lib.h"

/* What a message of the group has; @seen has a bit for each attribute */
struct netlink_change {
	char device[32];
	struct vfio_cxl_dc_event event;
	__u32 seen;
};

/* What device-get tells of a device */
struct netlink_device {
	char name[32];
	__u64 sequence;
};

/* All return 0, or a negative errno, also the kernel's answer */
int netlink_open(void);
int netlink_family(int nl, __u16 *family, __u32 *group);
int netlink_join(int nl);
int netlink_leave(int nl);
int netlink_change(int nl, int ms, struct netlink_change *change);
int netlink_device(int nl, const char *name, struct netlink_device *device);
int netlink_devices(int nl, struct netlink_device *devices, int room);

#endif /* UAPI_GENL_H */
