// SPDX-License-Identifier: GPL-2.0-only
/*
 * A generic netlink family that is none: the messages of fake_dc.c, through the
 * real libnl from where it has received them. FAKE_NL: "no" if the kernel knows no
 * such family; else an errno of libnl that joining its group fails with.
 * FAKE_NL_STEP: the next step comes just before it is joined.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/vfio_cxl_netlink.h>

#include "fake_dc.h"

#define FAMILY	29
#define MAX	64

static struct fake_message messages[MAX];
static size_t head, tail;
static int fd = -1;

int fake_nl_fd(void)
{
	return fd;
}

bool fake_nl_ready(void)
{
	return head != tail;
}

void fake_nl_add(const struct fake_message *message)
{
	if (tail == MAX)
		abort();
	messages[tail++] = *message;
}

int genl_connect(struct nl_sock *sk)
{
	(void)sk;
	pause_faults();
	fd = memfd_create("netlink", MFD_CLOEXEC);
	resume_faults();
	return fd < 0 ? -NLE_FAILURE : 0;
}

int nl_socket_get_fd(const struct nl_sock *sk)
{
	(void)sk;
	return fd;
}

int genl_ctrl_resolve(struct nl_sock *sk, const char *name)
{
	const char *fake = getenv("FAKE_NL");

	(void)sk;
	return (fake && !strcmp(fake, "no")) ||
	       strcmp(name, VFIO_CXL_FAMILY_NAME) ? -NLE_OBJ_NOTFOUND : FAMILY;
}

int genl_ctrl_resolve_grp(struct nl_sock *sk, const char *family,
			  const char *group)
{
	(void)sk;
	return strcmp(family, VFIO_CXL_FAMILY_NAME) ||
	       strcmp(group, VFIO_CXL_MCGRP_CHANGES) ? -NLE_OBJ_NOTFOUND : 7;
}

int nl_socket_set_buffer_size(struct nl_sock *sk, int rx, int tx)
{
	(void)sk;
	(void)rx;
	(void)tx;
	return 0;
}

int nl_socket_set_nonblocking(const struct nl_sock *sk)
{
	(void)sk;
	return 0;
}

int nl_socket_add_membership(struct nl_sock *sk, int group)
{
	const char *fake = getenv("FAKE_NL");

	(void)sk;
	if (getenv("FAKE_NL_STEP"))
		fake_dc_step();
	fake_note("JOIN");
	return group != 7 ? -NLE_INVAL : fake ? -atoi(fake) : 0;
}

static size_t add(char *to, size_t at, int type, const void *data, size_t len)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	memcpy(to + at, &attr, sizeof(attr));
	memcpy(to + at + NLA_HDRLEN, data, len);
	return at + NLA_ALIGN(attr.nla_len);
}

/* As the kernel does: 4 bytes, if that is enough */
static size_t add_uint(char *to, size_t at, int type, __u64 value)
{
	__u32 small = value;

	return small == value ? add(to, at, type, &small, sizeof(small)) :
				add(to, at, type, &value, sizeof(value));
}

static size_t encode(char *to, const struct fake_message *m)
{
	const struct vfio_cxl_dc_event *e = &m->event;
	struct genlmsghdr genl = { .cmd = VFIO_CXL_CMD_CHANGE_NTF };
	struct nlmsghdr nl = { .nlmsg_type = FAMILY };
	size_t n = NLMSG_HDRLEN + GENL_HDRLEN;

	memcpy(to + NLMSG_HDRLEN, &genl, sizeof(genl));
	n = add(to, n, VFIO_CXL_A_CHANGE_DEVICE, m->device,
		strlen(m->device) + 1);
	n = add_uint(to, n, VFIO_CXL_A_CHANGE_SEQUENCE, e->sequence);
	n = add_uint(to, n, VFIO_CXL_A_CHANGE_TIME, e->time);
	n = add(to, n, VFIO_CXL_A_CHANGE_KIND, &e->kind, 4);
	n = add(to, n, VFIO_CXL_A_CHANGE_STATE, &e->state, 4);
	n = add(to, n, VFIO_CXL_A_CHANGE_REACH, &e->reach, 4);
	n = add(to, n, VFIO_CXL_A_CHANGE_REASON, &e->reason, 4);
	n = add(to, n, VFIO_CXL_A_CHANGE_RC, &e->rc, 4);
	n = add(to, n, VFIO_CXL_A_CHANGE_REGION, &e->region, 4);
	n = add_uint(to, n, VFIO_CXL_A_CHANGE_OFFER, e->offer);
	n = add_uint(to, n, VFIO_CXL_A_CHANGE_EXTENT, e->extent);
	n = add_uint(to, n, VFIO_CXL_A_CHANGE_LENGTH, e->length);
	n = add(to, n, VFIO_CXL_A_CHANGE_TAG, e->tag, sizeof(e->tag));
	nl.nlmsg_len = n;
	memcpy(to, &nl, sizeof(nl));
	return n;
}

static int receive(struct nl_sock *sk, struct sockaddr_nl *from,
		   unsigned char **buf, struct ucred **creds)
{
	(void)sk;
	(void)creds;
	if (!fake_nl_ready()) {
		errno = EAGAIN;
		return -NLE_AGAIN;
	}
	if (messages[head].overrun) {
		head++;
		errno = ENOBUFS;
		return -NLE_NOMEM;
	}
	from->nl_family = AF_NETLINK;
	from->nl_pid = messages[head].forged ? getpid() + 1 : 0;
	*buf = calloc(1, 1024);
	if (!*buf)
		return -NLE_NOMEM;
	return encode((char *)*buf, &messages[head++]);
}

int nl_recvmsgs_default(struct nl_sock *sk)
{
	struct nl_cb *cb = nl_socket_get_cb(sk);
	int ret;

	nl_cb_overwrite_recv(cb, receive);
	ret = nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	return ret;
}
