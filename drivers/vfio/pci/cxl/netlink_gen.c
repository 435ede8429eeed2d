// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/vfio-cxl.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/vfio_cxl_netlink.h>

/* VFIO_CXL_CMD_DEVICE_GET - do */
static const struct nla_policy vfio_cxl_device_get_nl_policy[VFIO_CXL_A_DEVICE_NAME + 1] = {
	[VFIO_CXL_A_DEVICE_NAME] = { .type = NLA_NUL_STRING, .len = 31, },
};

/* Ops table for vfio_cxl */
static const struct genl_split_ops vfio_cxl_nl_ops[] = {
	{
		.cmd		= VFIO_CXL_CMD_DEVICE_GET,
		.doit		= vfio_cxl_nl_device_get_doit,
		.policy		= vfio_cxl_device_get_nl_policy,
		.maxattr	= VFIO_CXL_A_DEVICE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= VFIO_CXL_CMD_DEVICE_GET,
		.dumpit	= vfio_cxl_nl_device_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group vfio_cxl_nl_mcgrps[] = {
	[VFIO_CXL_NLGRP_CHANGES] = { "changes", },
};

struct genl_family vfio_cxl_nl_family __ro_after_init = {
	.name		= VFIO_CXL_FAMILY_NAME,
	.version	= VFIO_CXL_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= vfio_cxl_nl_ops,
	.n_split_ops	= ARRAY_SIZE(vfio_cxl_nl_ops),
	.mcgrps		= vfio_cxl_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(vfio_cxl_nl_mcgrps),
};
