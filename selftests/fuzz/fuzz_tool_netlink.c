// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of generic netlink, the kernel's and another process's. The first bytes
 * of the input are the sender, and what the head says; the rest are the attributes,
 * or all of a datagram. What is handed over is what a second reading of the same
 * bytes says, and nobody is believed but the kernel.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/handlers.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <linux/vfio_cxl_netlink.h>

#include "input.h"

#undef ARRAY_SIZE
#include "monitor.h"

#define FAMILY	29
#define HEAD	(NLMSG_HDRLEN + GENL_HDRLEN)

static u8 datagram[2048];
static size_t len;
static u32 sender;
static bool received;

/* What is to be handed over; and how often it was */
static struct vfio_cxl_dc_event want;
static char want_name[VCXL_NAME_LEN];
static unsigned int events;

int genl_connect(struct nl_sock *sk)
{
	(void)sk;
	return 0;
}

int genl_ctrl_resolve(struct nl_sock *sk, const char *name)
{
	(void)sk;
	(void)name;
	return FAMILY;
}

int genl_ctrl_resolve_grp(struct nl_sock *sk, const char *family, const char *group)
{
	(void)sk;
	(void)family;
	(void)group;
	return 7;
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

/* Once, in an allocation of its size */
static int receive(struct nl_sock *sk, struct sockaddr_nl *from,
		   unsigned char **buf, struct ucred **creds)
{
	(void)sk;
	(void)creds;
	if (received || !len)
		return -NLE_AGAIN;
	received = true;
	from->nl_family = AF_NETLINK;
	from->nl_pid = sender;
	*buf = malloc(len);
	must(*buf, "the bed: memory");
	memcpy(*buf, datagram, len);
	return len;
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

/* The last of @type among the attributes of @size bytes, or NULL */
static const u8 *find(const u8 *at, size_t size, unsigned int type, size_t *attr_len)
{
	const u8 *found = NULL;
	size_t n;

	for (; size >= 4; at += n, size -= n) {
		n = number(at, 2);
		if (n < 4 || n > size)
			break;
		if ((number(at + 2, 2) & 0x3fff) == type) {
			found = at + 4;
			*attr_len = n - 4;
		}
		n = (n + 3) & ~3;
		if (n > size)
			break;
	}
	return found;
}

/* False: its length is none that it can have */
static bool get(const u8 *attrs, size_t size, unsigned int type, bool may_be_8,
		u64 *value)
{
	size_t n = 0;
	const u8 *at = find(attrs, size, type, &n);

	*value = at ? number(at, n < 8 ? n : 8) : 0;
	return !at || n == 4 || (n == 8 && may_be_8);
}

/* All of one message; false: it is none of a change */
static bool read_again(const u8 *msg, size_t size)
{
	static const struct { u16 type, at, size; } fields[] = {
#define FIELD(attr, field, size) { VFIO_CXL_A_CHANGE_##attr,		\
		offsetof(struct vfio_cxl_dc_event, field), size }
		FIELD(SEQUENCE, sequence, 8), FIELD(TIME, time, 8),
		FIELD(KIND, kind, 4), FIELD(STATE, state, 4),
		FIELD(REACH, reach, 4), FIELD(REASON, reason, 4),
		FIELD(RC, rc, 4), FIELD(REGION, region, 4),
		FIELD(OFFER, offer, 8), FIELD(EXTENT, extent, 8),
		FIELD(LENGTH, length, 8),
	};
	const u8 *attrs = msg + HEAD, *at;
	size_t i, n;
	u64 value;

	if (size < HEAD || msg[NLMSG_HDRLEN] != VFIO_CXL_CMD_CHANGE_NTF)
		return false;
	size -= HEAD;
	memset(&want, 0, sizeof(want));
	memset(want_name, 0, sizeof(want_name));
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!get(attrs, size, fields[i].type, fields[i].size == 8, &value))
			return false;
		memcpy((u8 *)&want + fields[i].at, &value, fields[i].size);
	}
	if (!find(attrs, size, VFIO_CXL_A_CHANGE_SEQUENCE, &n))
		return false;
	at = find(attrs, size, VFIO_CXL_A_CHANGE_TAG, &n);
	if (at && n != sizeof(want.tag))
		return false;
	if (at)
		memcpy(want.tag, at, n);
	at = find(attrs, size, VFIO_CXL_A_CHANGE_DEVICE, &n);
	if (!at)
		return false;
	n = n < sizeof(want_name) ? n : sizeof(want_name) - 1;
	memcpy(want_name, at, n);
	return true;
}

static void each(void *data, const char *device,
		 const struct vfio_cxl_dc_event *event)
{
	(void)data;
	events++;
	must(!sender, "nobody but the kernel is believed");
	/* Of several messages in a datagram, one is read again */
	if (number(datagram, 4) != len)
		return;
	must(read_again(datagram, len), "what is handed over is a change");
	must(!strcmp(device, want_name), "whose it is");
	must(!memcmp(event, &want, sizeof(want)), "a change is what was sent");
}

static void put(size_t at, u64 value, unsigned int bytes)
{
	memcpy(datagram + at, &value, bytes);
}

/* How it begins: a head that is good, but for what the input says */
static void compose(struct input *in)
{
	u8 how = in_u8(in);

	memset(datagram, 0, sizeof(datagram));
	sender = how & 1 ? in_u32(in) : 0;
	len = how & 2 ? 0 : HEAD;
	memcpy(datagram + len, in->at, in->left);
	len += in->left;
	if (how & 2)
		return;
	put(0, how & 4 ? in_u16(in) : len, 4);
	put(4, how & 8 ? in_u8(in) % 32 : FAMILY, 2);
	put(6, how & 16 ? in_u8(in) : 0, 2);
	put(NLMSG_HDRLEN, how & 32 ? in_u8(in) % 4 : VFIO_CXL_CMD_CHANGE_NTF, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct netlink *nl;
	struct args args = { 0 };
	struct input in = { data, size };
	int ret;

	if (size > sizeof(datagram) - HEAD)
		return 0;
	must(nl || !netlink_open(&args, &nl), "the bed: a socket");
	compose(&in);
	received = false;
	events = 0;
	ret = netlink_read(nl, each, NULL);
	must(ret <= 0 && ret > -4096, "an errno, or none");
	must(!sender || (!events && !ret), "another process is not heard");
	if (!sender && number(datagram, 4) == len && len >= HEAD &&
	    number(datagram + 4, 2) == FAMILY && read_again(datagram, len))
		must(events == 1, "a change is handed over, once");
	return 0;
}
