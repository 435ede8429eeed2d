// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: netlink
 *
 * The generic netlink family "vfio-cxl": each entry of each log of changes, as a
 * message to who listens, and how far the logs are. netlink_gen.c is made from
 * Documentation/netlink/specs/vfio-cxl.yaml, and so is the uAPI header.
 *
 * Devices are of no network namespace: all of this is in the initial one.
 */
#include <linux/capability.h>
#include <linux/init.h>
#include <linux/vfio_cxl.h>
#include <net/net_namespace.h>

#include "changes.h"
#include "fault.h"
#include "netlink_gen.h"

/* The specification's language knows no flags of groups */
static const struct genl_multicast_group groups[] = {
	[VFIO_CXL_NLGRP_CHANGES] = {
		.name = VFIO_CXL_MCGRP_CHANGES,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

/**
 * vfio_cxl_netlink_init - make the family known
 *
 * Return: 0; the error of genl_register_family().
 */
int __init vfio_cxl_netlink_init(void)
{
	vfio_cxl_nl_family.netnsok = false;
	vfio_cxl_nl_family.mcgrps = groups;
	vfio_cxl_nl_family.n_mcgrps = ARRAY_SIZE(groups);

	return genl_register_family(&vfio_cxl_nl_family);
}

/**
 * vfio_cxl_netlink_exit - undo vfio_cxl_netlink_init()
 *
 * All logs are ended.
 */
void vfio_cxl_netlink_exit(void)
{
	genl_unregister_family(&vfio_cxl_nl_family);
}

/**
 * vfio_cxl_netlink_heard - does anybody listen?
 *
 * In any context.
 *
 * Return: is somebody in the group?
 */
bool vfio_cxl_netlink_heard(void)
{
	return genl_has_listeners(&vfio_cxl_nl_family, &init_net,
				  VFIO_CXL_NLGRP_CHANGES);
}

#define CHANGE_SIZE							\
	(nla_total_size(sizeof_field(struct vfio_cxl_dc_event, tag)) +	\
	 6 * nla_total_size(sizeof(u64)) + 6 * nla_total_size(sizeof(u32)))

static int fill_change(struct sk_buff *skb, const char *name,
		       const struct vfio_cxl_dc_event *event)
{
	void *head = genlmsg_put(skb, 0, 0, &vfio_cxl_nl_family, 0,
				 VFIO_CXL_CMD_CHANGE_NTF);

	if (!head ||
	    nla_put_string(skb, VFIO_CXL_A_CHANGE_DEVICE, name) ||
	    nla_put_uint(skb, VFIO_CXL_A_CHANGE_SEQUENCE, event->sequence) ||
	    nla_put_uint(skb, VFIO_CXL_A_CHANGE_TIME, event->time) ||
	    nla_put_u32(skb, VFIO_CXL_A_CHANGE_KIND, event->kind) ||
	    nla_put_u32(skb, VFIO_CXL_A_CHANGE_STATE, event->state) ||
	    nla_put_u32(skb, VFIO_CXL_A_CHANGE_REACH, event->reach) ||
	    nla_put_u32(skb, VFIO_CXL_A_CHANGE_REASON, event->reason) ||
	    nla_put_u32(skb, VFIO_CXL_A_CHANGE_RC, event->rc) ||
	    nla_put_u32(skb, VFIO_CXL_A_CHANGE_REGION, event->region) ||
	    nla_put_uint(skb, VFIO_CXL_A_CHANGE_OFFER, event->offer) ||
	    nla_put_uint(skb, VFIO_CXL_A_CHANGE_EXTENT, event->extent) ||
	    nla_put_uint(skb, VFIO_CXL_A_CHANGE_LENGTH, event->length) ||
	    nla_put(skb, VFIO_CXL_A_CHANGE_TAG, sizeof(event->tag), event->tag))
		return -EMSGSIZE;
	genlmsg_end(skb, head);

	return 0;
}

/**
 * vfio_cxl_netlink_tell - tell who listens of an entry
 * @name: of the PCI device
 * @event: the entry
 *
 * May sleep. Without memory listeners get ENOBUFS, as if they were too slow.
 */
void vfio_cxl_netlink_tell(const char *name,
			   const struct vfio_cxl_dc_event *event)
{
	struct sk_buff *skb;

	skb = vfio_cxl_fails("notification") ? NULL :
	      genlmsg_new(CHANGE_SIZE + nla_total_size(strlen(name) + 1),
			  GFP_KERNEL);
	if (!skb || fill_change(skb, name, event)) {
		nlmsg_free(skb);
		genl_set_err(&vfio_cxl_nl_family, &init_net, 0,
			     VFIO_CXL_NLGRP_CHANGES, -ENOBUFS);
		return;
	}

	/* That they have gone meanwhile, or are too slow, is their affair */
	genlmsg_multicast(&vfio_cxl_nl_family, skb, 0, VFIO_CXL_NLGRP_CHANGES,
			  GFP_KERNEL);
}

static int fill_device(struct sk_buff *skb, void *head, const char *name,
		       u64 sequence)
{
	if (!head ||
	    nla_put_string(skb, VFIO_CXL_A_DEVICE_NAME, name) ||
	    nla_put_uint(skb, VFIO_CXL_A_DEVICE_SEQUENCE, sequence)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);

	return 0;
}

/**
 * vfio_cxl_nl_device_get_doit - how far is a device's log?
 * @skb: the request
 * @info: of it
 *
 * Return: 0; -EPERM, -EINVAL, -ENODEV, -ENOMEM; an error of genlmsg_reply().
 */
int vfio_cxl_nl_device_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	const char *name;
	u64 sequence;
	int ret;

	if (!netlink_capable(skb, CAP_SYS_ADMIN))
		return -EPERM;
	if (GENL_REQ_ATTR_CHECK(info, VFIO_CXL_A_DEVICE_NAME))
		return -EINVAL;
	name = nla_data(info->attrs[VFIO_CXL_A_DEVICE_NAME]);
	ret = vfio_cxl_changes_find(name, &sequence);
	if (ret) {
		GENL_SET_ERR_MSG(info, "no such device is bound to cxl-vfio-pci");
		return ret;
	}

	reply = genlmsg_new(nla_total_size(strlen(name) + 1) +
			    nla_total_size(sizeof(u64)), GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	ret = fill_device(reply, genlmsg_put_reply(reply, info,
						   &vfio_cxl_nl_family, 0,
						   VFIO_CXL_CMD_DEVICE_GET),
			  name, sequence);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}

	return genlmsg_reply(reply, info);
}

struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int dump_device(void *ctx, const char *name, u64 sequence)
{
	struct dump *dump = ctx;
	struct netlink_callback *cb = dump->cb;

	return fill_device(dump->skb,
			   genlmsg_put(dump->skb, NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, &vfio_cxl_nl_family,
				       NLM_F_MULTI, VFIO_CXL_CMD_DEVICE_GET),
			   name, sequence);
}

/**
 * vfio_cxl_nl_device_get_dumpit - how far is the log of each device?
 * @skb: the answer
 * @cb: how far the dump is
 *
 * Return: the size of the answer, 0 when there is no more; -EPERM.
 */
int vfio_cxl_nl_device_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct dump dump = { .skb = skb, .cb = cb };

	if (!netlink_capable(cb->skb, CAP_SYS_ADMIN))
		return -EPERM;
	cb->args[0] = vfio_cxl_changes_each(cb->args[0], dump_device, &dump);

	return skb->len;
}
