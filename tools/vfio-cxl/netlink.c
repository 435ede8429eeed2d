// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "vfio-cxl": changes, as messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/vfio_cxl_netlink.h>

#include "monitor.h"

/* Some thousand messages */
#define BUFFER	(1 << 20)

/**
 * struct netlink - a socket for the group of changes
 * @sk: libnl's
 * @family: number of the family
 * @group: that of changes
 * @each: of who reads
 * @data: for @each
 */
struct netlink {
	struct nl_sock *sk;
	int family;
	int group;
	change_fn each;
	void *data;
};

/* 4 bytes where it fits into these, else 8 */
static uint64_t get_uint(const struct nlattr *attr)
{
	return !attr ? 0 : nla_len(attr) == sizeof(uint64_t) ?
	       nla_get_u64(attr) : nla_get_u32(attr);
}

static uint32_t get_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static bool fits(struct nlattr **attrs, int first, int last, int len, int other)
{
	int i;

	for (i = first; i <= last; i++)
		if (attrs[i] && nla_len(attrs[i]) != len &&
		    nla_len(attrs[i]) != other)
			return false;
	return true;
}

/* A length that is not to be is no message of ours */
static bool check_sizes(struct nlattr **attrs)
{
	return attrs[VFIO_CXL_A_CHANGE_DEVICE] &&
	       attrs[VFIO_CXL_A_CHANGE_SEQUENCE] &&
	       fits(attrs, VFIO_CXL_A_CHANGE_SEQUENCE, VFIO_CXL_A_CHANGE_TIME,
		    4, 8) &&
	       fits(attrs, VFIO_CXL_A_CHANGE_KIND, VFIO_CXL_A_CHANGE_REGION,
		    4, 4) &&
	       fits(attrs, VFIO_CXL_A_CHANGE_OFFER, VFIO_CXL_A_CHANGE_LENGTH,
		    4, 8) &&
	       fits(attrs, VFIO_CXL_A_CHANGE_TAG, VFIO_CXL_A_CHANGE_TAG,
		    VFIO_CXL_DC_TAG_LEN, VFIO_CXL_DC_TAG_LEN);
}

static void fill_event(struct nlattr **attrs, struct vfio_cxl_dc_event *event)
{
	memset(event, 0, sizeof(*event));
	event->sequence = get_uint(attrs[VFIO_CXL_A_CHANGE_SEQUENCE]);
	event->time = get_uint(attrs[VFIO_CXL_A_CHANGE_TIME]);
	event->kind = get_u32(attrs[VFIO_CXL_A_CHANGE_KIND]);
	event->state = get_u32(attrs[VFIO_CXL_A_CHANGE_STATE]);
	event->reach = get_u32(attrs[VFIO_CXL_A_CHANGE_REACH]);
	event->reason = get_u32(attrs[VFIO_CXL_A_CHANGE_REASON]);
	event->rc = get_u32(attrs[VFIO_CXL_A_CHANGE_RC]);
	event->region = get_u32(attrs[VFIO_CXL_A_CHANGE_REGION]);
	event->offer = get_uint(attrs[VFIO_CXL_A_CHANGE_OFFER]);
	event->extent = get_uint(attrs[VFIO_CXL_A_CHANGE_EXTENT]);
	event->length = get_uint(attrs[VFIO_CXL_A_CHANGE_LENGTH]);
	if (attrs[VFIO_CXL_A_CHANGE_TAG])
		memcpy(event->tag, nla_data(attrs[VFIO_CXL_A_CHANGE_TAG]),
		       sizeof(event->tag));
}

static int on_message(struct nl_msg *msg, void *data)
{
	struct nlattr *attrs[VFIO_CXL_A_CHANGE_MAX + 1];
	struct nlmsghdr *head = nlmsg_hdr(msg);
	struct vfio_cxl_dc_event event;
	struct netlink *nl = data;
	char name[VCXL_NAME_LEN];

	if (head->nlmsg_type != nl->family ||
	    !genlmsg_valid_hdr(head, 0) ||
	    genlmsg_hdr(head)->cmd != VFIO_CXL_CMD_CHANGE_NTF ||
	    genlmsg_parse(head, 0, attrs, VFIO_CXL_A_CHANGE_MAX, NULL) < 0 ||
	    !check_sizes(attrs))
		return NL_OK;
	fill_event(attrs, &event);
	nla_strlcpy(name, attrs[VFIO_CXL_A_CHANGE_DEVICE], sizeof(name));
	nl->each(nl->data, name, &event);
	return NL_OK;
}

/* Another process may send to our port, if it has the rights */
static int only_kernels(struct nl_msg *msg, void *data)
{
	(void)data;
	return nlmsg_get_src(msg)->nl_pid ? NL_SKIP : NL_OK;
}

static int to_errno(int err)
{
	switch (-err) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_OBJ_NOTFOUND:
	case NLE_PROTO_MISMATCH:
	case NLE_AF_NOSUPPORT:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static int complain(const struct args *args, int err, const char *what)
{
	struct vcxl_error e = { .err = to_errno(err) };
	bool missing = e.err == -EOPNOTSUPP;

	snprintf(e.object, sizeof(e.object), "netlink family "
		 VFIO_CXL_FAMILY_NAME);
	snprintf(e.why, sizeof(e.why), "%s: %s", what,
		 missing ? "the kernel does not know it" : nl_geterror(err));
	snprintf(e.next, sizeof(e.next), "%s", missing ?
		 "load a cxl-vfio-pci that is as new as this command" :
		 e.err == -EPERM || e.err == -EACCES ?
		 "run it as root, with CAP_SYS_ADMIN" : "");
	return report_error(args, &e);
}

static int set_up(const struct args *args, struct netlink *nl)
{
	int ret = nl_socket_modify_cb(nl->sk, NL_CB_MSG_IN, NL_CB_CUSTOM,
				      only_kernels, NULL);

	if (!ret)
		ret = genl_connect(nl->sk);
	if (ret)
		return complain(args, ret, "can't open a socket");
	nl->family = genl_ctrl_resolve(nl->sk, VFIO_CXL_FAMILY_NAME);
	if (nl->family < 0)
		return complain(args, nl->family, "can't find it");
	nl->group = genl_ctrl_resolve_grp(nl->sk, VFIO_CXL_FAMILY_NAME,
					  VFIO_CXL_MCGRP_CHANGES);
	if (nl->group < 0)
		return complain(args, nl->group,
				"can't find its group of changes");
	/* A small one means more catching up, no more than that */
	nl_socket_set_buffer_size(nl->sk, BUFFER, 0);
	nl_socket_disable_seq_check(nl->sk);
	ret = nl_socket_modify_cb(nl->sk, NL_CB_VALID, NL_CB_CUSTOM, on_message,
				  nl);
	if (!ret)
		ret = nl_socket_set_nonblocking(nl->sk);
	return ret ? complain(args, ret, "can't set the socket up") : EXIT_DONE;
}

int netlink_open(const struct args *args, struct netlink **out)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int ret;

	if (!nl)
		out_of_memory();
	nl->sk = nl_socket_alloc();
	if (!nl->sk)
		out_of_memory();
	ret = set_up(args, nl);
	if (ret) {
		netlink_close(nl);
		return ret;
	}
	*out = nl;
	return EXIT_DONE;
}

int netlink_join(const struct args *args, struct netlink *nl)
{
	int ret = nl_socket_add_membership(nl->sk, nl->group);

	return ret ? complain(args, ret, "can't join its group of changes") :
		     EXIT_DONE;
}

int netlink_known(void)
{
	struct nl_sock *sk = nl_socket_alloc();
	int ret = sk ? genl_connect(sk) : -NLE_NOMEM;

	if (!ret)
		ret = genl_ctrl_resolve(sk, VFIO_CXL_FAMILY_NAME);
	if (sk)
		nl_socket_free(sk);
	return ret < 0 ? to_errno(ret) : 0;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->sk);
	free(nl);
}

int netlink_fd(const struct netlink *nl)
{
	return nl_socket_get_fd(nl->sk);
}

int netlink_read(struct netlink *nl, change_fn each, void *data)
{
	int ret;

	nl->each = each;
	nl->data = data;
	do {
		errno = 0;
		ret = nl_recvmsgs_default(nl->sk);
	} while (ret >= 0);
	/* libnl has one number for both */
	if (ret == -NLE_NOMEM && errno == ENOBUFS)
		return -ENOBUFS;
	return ret == -NLE_AGAIN ? 0 : to_errno(ret);
}
