// SPDX-License-Identifier: GPL-2.0-only
/* What can be done to descriptors of any kind: the log, netlink, poll, handing over. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "../uapi/genl.h"
#include "vmfuzz.h"

static long open_node(struct thread *t, const struct call *call,
		      const struct op *op)
{
	object_drop(NODES, call->who);
	object_put(object_need(NODES, call->who));

	return 0;
}

static long drop(struct thread *t, const struct call *call, const struct op *op)
{
	object_drop(call->who % KINDS, call->who / KINDS);

	return 0;
}

static long read_log(struct thread *t, const struct call *call,
		     const struct op *op)
{
	struct object *node = object_need(NODES, call->who);
	size_t size = (call->pick & 7) * sizeof(struct vfio_cxl_dc_event) +
		      (call->pick >> 3 & 1);
	long ret;

	if (!node)
		return -EBADF;
	if (call->pick & 16)
		lseek(node->user.device, call->at & 63,
		      call->pick >> 5 & 1 ? SEEK_SET : SEEK_END);
	ret = read(node->user.device, place(t, call, size), size);
	ret = ret < 0 ? -errno : ret;
	object_put(node);

	return ret;
}

/* Any, with what it does not have */
static long any(struct thread *t, const struct call *call, const struct op *op)
{
	struct object *object = object_any(call);
	struct pollfd ready;
	struct stat status;
	long ret;

	if (!object)
		return -EBADF;
	ready = (struct pollfd){
		.fd = object->user.device,
		.events = call->at,
	};
	switch (call->pick & 7) {
	case 0:
	case 1:
		ret = poll(&ready, 1, call->pick >> 4 & 1);
		break;
	case 2:
		ret = lseek(ready.fd, call->at, call->length % 5);
		break;
	case 3:
		ret = fstat(ready.fd, &status);
		break;
	case 4:
		ret = ioctl(ready.fd, call->length, t->buffer);
		break;
	case 5:
		ret = fcntl(ready.fd, F_GETFL);
		break;
	case 6:
		ret = fsync(ready.fd);
		break;
	default:
		/* Users' regions are read elsewhere */
		ret = pread(ready.fd, t->buffer, call->length % PAGE, call->at);
	}
	ret = ret < 0 ? -errno : ret;
	object_put(object);

	return ret;
}

/* Whoever waits must not be there any more when what it waits for is not */
static long wait_epoll(struct thread *t, const struct call *call,
		       const struct op *op)
{
	struct object *epoll = object_need(EPOLLS, call->pick);
	struct object *object = object_any(call);
	struct epoll_event event = {
		.events = call->at | (call->pick & 1 << 8 ? EPOLLET : 0),
	};
	long ret = -EBADF;

	if (epoll && object && call->pick & 1 << 9)
		ret = epoll_ctl(epoll->user.device, call->length % 3 + 1,
				object->user.device, &event);
	else if (epoll)
		ret = epoll_wait(epoll->user.device, &event, 1,
				 call->pick >> 10 & 1);
	ret = ret < 0 ? -errno : ret;
	object_put(object);
	object_put(epoll);

	return ret;
}

/* Through a socket, to another slot: its number is another one, the file the same */
static long pass(struct thread *t, const struct call *call, const struct op *op)
{
	struct {
		struct cmsghdr head;
		int fd;
	} __attribute__((aligned(8))) control = {
		.head = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	char byte = 1;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	enum kind kind = call->pick & 1 ? TAGS : BACKENDS;
	struct object *object = object_get(kind, call->who);
	int ends[2];
	long ret;

	if (!object)
		return -EBADF;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		object_put(object);
		return -errno;
	}
	control.fd = object->user.device;
	ret = sendmsg(ends[0], &message, 0);
	object_drop(kind, call->who);
	object_put(object);
	/* Nobody may take it: then it ends with the socket */
	if (ret == 1 && call->pick & 6) {
		ret = recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC);
		if (ret == 1 && control.head.cmsg_type == SCM_RIGHTS)
			object_set_fd(kind, call->pick >> 3, control.fd);
	}
	close(ends[0]);
	close(ends[1]);

	return ret;
}

static long netlink(struct thread *t, const struct call *call,
		    const struct op *op)
{
	struct netlink_device devices[2];
	struct netlink_change change;
	struct object *object = object_need(NETLINKS, call->who);
	int nl;
	long ret;

	if (!object)
		return -EBADF;
	nl = object->user.device;
	fcntl(nl, F_SETFL, O_RDWR | O_NONBLOCK);
	switch (call->pick % 6) {
	case 0:
		ret = netlink_join(nl);
		break;
	case 1:
		ret = netlink_leave(nl);
		break;
	case 2:
		ret = netlink_devices(nl, devices, 2);
		break;
	case 3:
		ret = netlink_device(nl, call->at & 1 ? dev_bdf() : "none",
				     devices);
		break;
	default:
		ret = netlink_change(nl, 0, &change);
	}
	object_put(object);

	return ret;
}

/* A message of the family, of which bytes are changed */
static long netlink_raw(struct thread *t, const struct call *call,
			const struct op *op)
{
	static __u16 family;
	struct object *object = object_need(NETLINKS, call->who);
	struct {
		struct nlmsghdr head;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[44];
	} __attribute__((aligned(8))) m = {
		.head.nlmsg_flags = NLM_F_REQUEST |
				    (call->pick & 1 ? NLM_F_DUMP : 0),
		.genl.cmd = (call->pick >> 1 & 3) ?: VFIO_CXL_CMD_DEVICE_GET,
		.genl.version = 1,
		.attr.nla_type = VFIO_CXL_A_DEVICE_NAME,
		.attr.nla_len = NLA_HDRLEN + strlen(dev_bdf()) + 1,
	};
	unsigned int i;
	__u32 group;
	long ret;

	if (!object)
		return -EBADF;
	if (!family)
		netlink_family(object->user.device, &family, &group);
	snprintf(m.name, sizeof(m.name), "%s", dev_bdf());
	m.head.nlmsg_type = family;
	m.head.nlmsg_len = sizeof(m) - sizeof(m.name) +
			   NLA_ALIGN(strlen(dev_bdf()) + 1);
	for (i = 0; i < call->patches % (PATCHES + 1); i++)
		memcpy((char *)&m + call->patch[i].at % (sizeof(m) - 8),
		       &call->patch[i].value, 1U << call->patch[i].size % 4);
	ret = send(object->user.device, &m,
		   m.head.nlmsg_len < sizeof(m) ? m.head.nlmsg_len : sizeof(m),
		   MSG_DONTWAIT);
	recv(object->user.device, t->buffer, BUFFER, MSG_DONTWAIT);
	ret = ret < 0 ? -errno : ret;
	object_put(object);

	return ret;
}

const struct op object_ops[] = {
	{ .name = "open-node", .run = open_node, .weight = 3 },
	{ .name = "close", .run = drop, .weight = 8 },
	{ .name = "log", .run = read_log, .weight = 8 },
	{ .name = "any", .run = any, .weight = 12 },
	{ .name = "epoll", .run = wait_epoll, .weight = 8 },
	{ .name = "pass", .run = pass, .weight = 3 },
	{ .name = "netlink", .run = netlink, .weight = 8 },
	{ .name = "netlink-raw", .run = netlink_raw, .weight = 5 },
	{}
};
