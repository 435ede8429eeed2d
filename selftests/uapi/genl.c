// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "genl.h"

#define DATA(a)	((void *)((char *)(a) + NLA_HDRLEN))
#define LEN(a)	((a)->nla_len - NLA_HDRLEN)

#define each_attr(a, from, size)					\
	for (struct nlattr *a = (void *)(from), *end_##a =		\
		     (void *)((char *)(from) + (size));			\
	     (char *)a + NLA_HDRLEN <= (char *)end_##a &&		\
	     a->nla_len >= NLA_HDRLEN;					\
	     a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))

struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	char attrs[8192];
} __attribute__((aligned(8)));

#define ATTRS_LEN(m)	\
	((m)->head.nlmsg_len - offsetof(struct message, attrs))

int netlink_open(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (nl < 0 || bind(nl, (struct sockaddr *)&any, sizeof(any)))
		return -errno;

	return nl;
}

/* Of the kernel's "uint", which is as long as it has to be */
static __u64 number(const struct nlattr *a)
{
	__u64 value = 0;
	__u32 small;

	if (LEN(a) == sizeof(small)) {
		memcpy(&small, DATA(a), sizeof(small));
		return small;
	}
	if (LEN(a) == sizeof(value))
		memcpy(&value, DATA(a), sizeof(value));

	return value;
}

static void text(const struct nlattr *a, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)LEN(a), (char *)DATA(a));
}

static int ask(int nl, __u16 type, __u8 cmd, __u16 flags, __u16 attr,
	       const char *value)
{
	struct message m = {
		.head.nlmsg_type = type,
		.head.nlmsg_flags = NLM_F_REQUEST | flags,
		.genl.cmd = cmd,
		.genl.version = 1,
	};
	struct nlattr *a = (void *)m.attrs;

	m.head.nlmsg_len = offsetof(struct message, attrs);
	if (value) {
		a->nla_type = attr;
		a->nla_len = NLA_HDRLEN + strlen(value) + 1;
		strcpy(DATA(a), value);
		m.head.nlmsg_len += NLA_ALIGN(a->nla_len);
	}

	return send(nl, &m, m.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* One message that is not alone in what comes is cut off: see devices() */
static int answer(int nl, struct message *m)
{
	ssize_t n = recv(nl, m, sizeof(*m), 0);

	if (n < 0)
		return -errno;
	if (n < (ssize_t)sizeof(m->head) || m->head.nlmsg_len > n)
		return -EBADMSG;
	if (m->head.nlmsg_type == NLMSG_ERROR)
		return *(int *)&m->genl ?: -EBADMSG;

	return n;
}

int netlink_family(int nl, __u16 *family, __u32 *group)
{
	struct message m;
	int ret;

	ret = ask(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0,
		  CTRL_ATTR_FAMILY_NAME, VFIO_CXL_FAMILY_NAME);
	if (!ret)
		ret = answer(nl, &m);
	if (ret < 0)
		return ret;

	*family = 0;
	*group = 0;
	each_attr(a, m.attrs, ATTRS_LEN(&m)) {
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(family, DATA(a), sizeof(*family));
		if ((a->nla_type & NLA_TYPE_MASK) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		each_attr(g, DATA(a), LEN(a)) {
			char name[32] = "";
			__u32 id = 0;

			each_attr(x, DATA(g), LEN(g)) {
				if (x->nla_type == CTRL_ATTR_MCAST_GRP_NAME)
					text(x, name, sizeof(name));
				if (x->nla_type == CTRL_ATTR_MCAST_GRP_ID)
					memcpy(&id, DATA(x), sizeof(id));
			}
			if (!strcmp(name, VFIO_CXL_MCGRP_CHANGES))
				*group = id;
		}
	}

	return *family && *group ? 0 : -EBADMSG;
}

static int membership(int nl, int option)
{
	__u16 family;
	__u32 group;
	int ret;

	ret = netlink_family(nl, &family, &group);
	if (ret)
		return ret;

	return setsockopt(nl, SOL_NETLINK, option, &group, sizeof(group)) ?
	       -errno : 0;
}

int netlink_join(int nl)
{
	return membership(nl, NETLINK_ADD_MEMBERSHIP);
}

int netlink_leave(int nl)
{
	return membership(nl, NETLINK_DROP_MEMBERSHIP);
}

static void fill_change(struct netlink_change *change, const struct nlattr *a)
{
	struct vfio_cxl_dc_event *event = &change->event;

	change->seen |= 1U << a->nla_type;
	switch (a->nla_type) {
	case VFIO_CXL_A_CHANGE_DEVICE:
		text(a, change->device, sizeof(change->device));
		break;
	case VFIO_CXL_A_CHANGE_SEQUENCE:
		event->sequence = number(a);
		break;
	case VFIO_CXL_A_CHANGE_TIME:
		event->time = number(a);
		break;
	case VFIO_CXL_A_CHANGE_KIND:
		event->kind = number(a);
		break;
	case VFIO_CXL_A_CHANGE_STATE:
		event->state = number(a);
		break;
	case VFIO_CXL_A_CHANGE_REACH:
		event->reach = number(a);
		break;
	case VFIO_CXL_A_CHANGE_REASON:
		event->reason = number(a);
		break;
	case VFIO_CXL_A_CHANGE_RC:
		event->rc = number(a);
		break;
	case VFIO_CXL_A_CHANGE_REGION:
		event->region = number(a);
		break;
	case VFIO_CXL_A_CHANGE_OFFER:
		event->offer = number(a);
		break;
	case VFIO_CXL_A_CHANGE_EXTENT:
		event->extent = number(a);
		break;
	case VFIO_CXL_A_CHANGE_LENGTH:
		event->length = number(a);
		break;
	case VFIO_CXL_A_CHANGE_TAG:
		if (LEN(a) == sizeof(event->tag))
			memcpy(event->tag, DATA(a), sizeof(event->tag));
		break;
	}
}

/* The next one that comes within @ms; -ETIMEDOUT: none did */
int netlink_change(int nl, int ms, struct netlink_change *change)
{
	struct pollfd ready = { .fd = nl, .events = POLLIN };
	struct message m;
	int ret;

	if (poll(&ready, 1, ms) != 1)
		return -ETIMEDOUT;
	ret = answer(nl, &m);
	if (ret < 0)
		return ret;
	if (m.genl.cmd != VFIO_CXL_CMD_CHANGE_NTF)
		return -EBADMSG;

	memset(change, 0, sizeof(*change));
	each_attr(a, m.attrs, ATTRS_LEN(&m))
		fill_change(change, a);

	return 0;
}

static void fill_device(struct netlink_device *device, const struct message *m)
{
	memset(device, 0, sizeof(*device));
	each_attr(a, m->attrs, ATTRS_LEN(m)) {
		if (a->nla_type == VFIO_CXL_A_DEVICE_NAME)
			text(a, device->name, sizeof(device->name));
		if (a->nla_type == VFIO_CXL_A_DEVICE_SEQUENCE)
			device->sequence = number(a);
	}
}

/* @name: NULL leaves it out */
int netlink_device(int nl, const char *name, struct netlink_device *device)
{
	struct message m;
	__u16 family;
	__u32 group;
	int ret;

	ret = netlink_family(nl, &family, &group);
	if (!ret)
		ret = ask(nl, family, VFIO_CXL_CMD_DEVICE_GET, 0,
			  VFIO_CXL_A_DEVICE_NAME, name);
	if (!ret)
		ret = answer(nl, &m);
	if (ret < 0)
		return ret;
	fill_device(device, &m);

	return 0;
}

/* Returns how many there are */
int netlink_devices(int nl, struct netlink_device *devices, int room)
{
	struct message m, *at;
	int ret, count = 0;
	__u16 family;
	__u32 group;

	ret = netlink_family(nl, &family, &group);
	if (!ret)
		ret = ask(nl, family, VFIO_CXL_CMD_DEVICE_GET, NLM_F_DUMP, 0,
			  NULL);
	while (!ret) {
		ret = answer(nl, &m);
		if (ret < 0)
			return ret;
		for (at = &m; ret > 0; at = (void *)((char *)at +
					NLMSG_ALIGN(at->head.nlmsg_len))) {
			if (at->head.nlmsg_type == NLMSG_DONE)
				return *(int *)&at->genl ?: count;
			if (count < room)
				fill_device(&devices[count], at);
			count++;
			ret -= NLMSG_ALIGN(at->head.nlmsg_len);
		}
		ret = 0;
	}

	return ret;
}
