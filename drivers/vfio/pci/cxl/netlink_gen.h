/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/vfio-cxl.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_VFIO_CXL_GEN_H
#define _LINUX_VFIO_CXL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/vfio_cxl_netlink.h>

int vfio_cxl_nl_device_get_doit(struct sk_buff *skb, struct genl_info *info);
int vfio_cxl_nl_device_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);

enum {
	VFIO_CXL_NLGRP_CHANGES,
};

extern struct genl_family vfio_cxl_nl_family;

#endif /* _LINUX_VFIO_CXL_GEN_H */
