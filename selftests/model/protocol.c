// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server's side of vfio-user, as far as QEMU 11 speaks it
 * (docs/interop/vfio-user.rst there). One emulator, one message at a time.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model.h"

#define VERSION		1
#define DMA_MAP		2
#define DMA_UNMAP	3
#define GET_INFO	4
#define GET_REGION_INFO	5
#define GET_IRQ_INFO	7
#define SET_IRQS	8
#define REGION_READ	9
#define REGION_WRITE	10
#define DMA_READ	11
#define DMA_WRITE	12
#define DEVICE_RESET	13

#define FLAG_REPLY	0x01
#define FLAG_NO_REPLY	0x10
#define FLAG_ERROR	0x20

#define MAX_PAYLOAD	(64 * 1024)
#define MAX_FDS		16
#define IRQ_MSIX	2
#define REGIONS		9
#define IRQS		5

struct header {
	uint16_t id;
	uint16_t cmd;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct message {
	struct header h;
	uint8_t data[MAX_PAYLOAD];
	uint32_t n;			/* bytes of data */
	int fds[MAX_FDS];
	unsigned int nr_fds;
	int give;			/* sent along; -1: none */
};

static bool read_all(int fd, void *to, size_t n)
{
	ssize_t got = 1;

	for (; n && got > 0; n -= got, to = (char *)to + got)
		got = read(fd, to, n);

	return !n;
}

/* Descriptors come with the first byte of the header */
static bool receive(int fd, struct message *msg)
{
	struct iovec iov = { &msg->h, sizeof(msg->h) };
	char control[CMSG_SPACE(sizeof(msg->fds))];
	struct msghdr head = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t got = recvmsg(fd, &head, MSG_CMSG_CLOEXEC);

	msg->nr_fds = 0;
	msg->give = -1;
	if (got <= 0)
		return false;
	for (c = CMSG_FIRSTHDR(&head); c; c = CMSG_NXTHDR(&head, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		msg->nr_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(msg->fds, CMSG_DATA(c), msg->nr_fds * sizeof(int));
	}
	if (!read_all(fd, (char *)&msg->h + got, sizeof(msg->h) - got) ||
	    msg->h.size < sizeof(msg->h) ||
	    msg->h.size - sizeof(msg->h) > MAX_PAYLOAD)
		return false;
	msg->n = msg->h.size - sizeof(msg->h);

	return read_all(fd, msg->data, msg->n);
}

static bool send_message(int fd, struct message *msg)
{
	struct iovec iov[2] = { { &msg->h, sizeof(msg->h) },
				{ msg->data, msg->n } };
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct msghdr head = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;

	msg->h.size = sizeof(msg->h) + msg->n;
	if (msg->give >= 0) {
		head.msg_control = control;
		head.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&head);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &msg->give, sizeof(int));
	}

	return sendmsg(fd, &head, MSG_NOSIGNAL) == (ssize_t)msg->h.size;
}

static void keep_vectors(struct model *m, struct message *msg)
{
	uint32_t start = get32(msg->data + 12), i;

	for (i = 0; i < msg->nr_fds && start + i < VECTORS; i++) {
		if (m->vector[start + i] >= 0)
			close(m->vector[start + i]);
		m->vector[start + i] = msg->fds[i];
		msg->fds[i] = -1;
	}
}

static uint32_t region_size(uint32_t index)
{
	switch (index) {
	case 0:	return BAR0_SIZE;
	case 2:	return BAR2_SIZE;
	case 4:	return BAR4_SIZE;
	case 7:	return CONFIG_SIZE;
	}

	return 0;
}

static void region_info(struct model *m, struct message *msg)
{
	uint32_t index = get32(msg->data + 8), size = region_size(index);

	memset(msg->data, 0, 32);
	put32(msg->data, 32);
	put32(msg->data + 4, size ? 3 : 0);
	put32(msg->data + 8, index);
	put32(msg->data + 16, size);
	msg->n = 32;
	if (index == 2) {
		put32(msg->data + 4, 7);
		msg->give = m->memory;
	}
}

static void irq_info(struct message *msg)
{
	uint32_t index = get32(msg->data + 8);

	put32(msg->data, 16);
	put32(msg->data + 4, 9);
	put32(msg->data + 8, index);
	put32(msg->data + 12, index == IRQ_MSIX ? VECTORS : 0);
	msg->n = 16;
}

/* u64 offset, u32 region, u32 count, data */
static bool region_access(struct model *m, struct message *msg)
{
	uint32_t region = get32(msg->data + 8), n = get32(msg->data + 12);
	uint64_t at;

	memcpy(&at, msg->data, sizeof(at));
	if (n > MAX_PAYLOAD - 16 || at > BAR2_SIZE)
		return false;
	if (msg->h.cmd == REGION_READ) {
		msg->n = 16 + n;
		return model_read(m, region, at, msg->data + 16, n);
	}
	if (msg->n < 16 + n)
		return false;
	msg->n = 16;

	return model_write(m, region, at, msg->data + 16, n);
}

/* Turns a request into its reply; false: an error */
static bool answer(struct model *m, struct message *msg)
{
	static const char version[] = "\0\0\0\0{}";

	switch (msg->h.cmd) {
	case VERSION:
		memcpy(msg->data, version, sizeof(version));
		msg->n = sizeof(version);
		return true;
	case DMA_MAP:
	case DEVICE_RESET:
		if (msg->h.cmd == DEVICE_RESET) {
			m->count.reset++;
			model_reset(m);
		}
		msg->n = 0;
		return true;
	case DMA_UNMAP:
		return true;
	case GET_INFO:
		put32(msg->data, 16);
		put32(msg->data + 4, 3);
		put32(msg->data + 8, REGIONS);
		put32(msg->data + 12, IRQS);
		msg->n = 16;
		return true;
	case GET_REGION_INFO:
		region_info(m, msg);
		return true;
	case GET_IRQ_INFO:
		irq_info(msg);
		return true;
	case SET_IRQS:
		if (get32(msg->data + 8) == IRQ_MSIX)
			keep_vectors(m, msg);
		msg->n = 0;
		return true;
	case REGION_READ:
	case REGION_WRITE:
		return region_access(m, msg);
	}

	return false;
}

static bool serve(struct model *m, struct message *msg)
{
	bool quiet = msg->h.flags & FLAG_NO_REPLY;
	unsigned int i;

	msg->h.flags = FLAG_REPLY;
	msg->h.error = 0;
	if (!answer(m, msg)) {
		msg->h.flags |= FLAG_ERROR;
		msg->h.error = EINVAL;
		msg->n = 0;
	}
	for (i = 0; i < msg->nr_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	if (m->drop && (msg->h.cmd == REGION_READ ||
			msg->h.cmd == REGION_WRITE)) {
		m->drop--;
		return true;
	}

	return quiet || send_message(m->socket, msg);
}

/* One message; false when the emulator is gone, or makes no sense */
bool protocol_serve(struct model *m)
{
	static struct message msg;

	if (!receive(m->socket, &msg))
		return false;

	/* A reply to what nobody waits for any more is nothing */
	return (msg.h.flags & FLAG_REPLY) || serve(m, &msg);
}

/*
 * Reads or writes the guest's memory. The emulator's requests are served
 * meanwhile: it may need an answer before it gives one. Returns why not, or NULL.
 */
const char *protocol_dma(struct model *m, bool write, uint64_t iova, void *data,
			 uint32_t n)
{
	static struct message msg;
	uint16_t id = ++m->request;

	msg.h = (struct header){ id, write ? DMA_WRITE : DMA_READ, 0, 0, 0 };
	msg.n = 16 + (write ? n : 0);
	msg.give = -1;
	memcpy(msg.data, &iova, 8);
	put32(msg.data + 8, n);
	put32(msg.data + 12, 0);
	if (write)
		memcpy(msg.data + 16, data, n);
	if (!send_message(m->socket, &msg))
		return "the emulator is gone";

	for (;;) {
		if (!receive(m->socket, &msg))
			return "the emulator is gone";
		if (!(msg.h.flags & FLAG_REPLY)) {
			if (!serve(m, &msg))
				return "the emulator is gone";
			continue;
		}
		if (msg.h.id != id)
			continue;
		if (msg.h.flags & FLAG_ERROR)
			return strerror(msg.h.error);
		if (!write)
			memcpy(data, msg.data + 16, n);
		return NULL;
	}
}
