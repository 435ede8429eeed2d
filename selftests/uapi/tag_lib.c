// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tag.h"

struct vfio_cxl_dc_open tag_answer;

int tag_open_bytes(int node, const __u8 *tag, __u32 flags)
{
	int ret;

	tag_answer = (struct vfio_cxl_dc_open){
		.argsz = sizeof(tag_answer), .flags = flags,
	};
	memcpy(tag_answer.tag, tag, sizeof(tag_answer.tag));
	ret = backend_ioctl(node, VFIO_CXL_DC_OPEN, &tag_answer);

	return ret ? ret : tag_answer.fd;
}

int tag_open(int node, unsigned int tag, __u32 flags)
{
	__u8 bytes[VFIO_CXL_DC_TAG_LEN] = {};

	tag_set(bytes, tag);

	return tag_open_bytes(node, bytes, flags);
}

int tag_give(const struct window *w, unsigned int tag, __u64 size,
	     __u32 region, __u64 offset)
{
	int ret = window_offer(w, tag, size, region, offset);

	return ret ? ret : window_accept(w->node, tag, APP);
}

int tag_give_again(int node, unsigned int tag, __u32 region, __u64 offset)
{
	int ret = window_add(node, tag, region, offset);

	return ret ? ret : window_accept(node, tag, APP);
}

char *tag_map(int fd, int prot, __u64 size)
{
	char *room = mmap(NULL, size + BLOCK, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *to = (char *)(((uintptr_t)room + BLOCK - 1) & -BLOCK);

	return mmap(to, size, prot, MAP_SHARED | MAP_FIXED, fd, 0);
}

int tag_map_fails(int fd, __u64 size, int prot, int flags, __u64 at)
{
	void *memory = mmap(NULL, size, prot, flags, fd, at);

	if (memory == MAP_FAILED)
		return -errno;
	munmap(memory, size);

	return 0;
}

short tag_poll(int fd)
{
	return tag_wait(fd, THERE | AWAY, 0);
}

short tag_wait(int fd, short events, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, ms) == 1 ? poll_fd.revents : 0;
}

/* As the status says, and the list */
bool tag_in_use(int node, unsigned int tag)
{
	struct vfio_cxl_dc_extent e[512];
	struct vfio_cxl_dc_status status;
	bool used, listed = false;
	int n;

	/* Of what there is not nobody is a user */
	if (window_status(node, tag, &status))
		return false;
	used = status.flags & VFIO_CXL_DC_STATUS_IN_USE;
	for (n = window_list(node, e, 512) - 1; n >= 0; n--)
		if (tag_number(e[n].tag) == tag)
			listed = e[n].flags & VFIO_CXL_DC_EXTENT_IN_USE;
	if (listed != used)
		abort();

	return used;
}

int module_users(void)
{
	FILE *file = fopen("/sys/module/cxl_vfio_pci/refcnt", "r");
	int n;

	if (!file || fscanf(file, "%d", &n) != 1)
		abort();
	fclose(file);

	return n;
}

bool hold(char *memory, size_t size, int ends[2])
{
	struct iovec piece = { memory, size };

	return !pipe(ends) && vmsplice(ends[1], &piece, 1, 0) == size;
}

void let_go(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* An io_uring that has registered it as a buffer, or -errno */
int uring_with(char *memory, size_t size)
{
	struct io_uring_params params = {};
	struct iovec buffer = { memory, size };
	int ring = syscall(SYS_io_uring_setup, 1, &params), ret;

	if (ring < 0)
		return -errno;
	if (!syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		     &buffer, 1))
		return ring;
	ret = -errno;
	close(ring);

	return ret;
}

void peer_start(struct peer *peer, int (*run)(const struct peer *parent, void *arg),
		void *arg)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		abort();
	peer->pid = fork();
	peer->link = ends[!peer->pid];
	close(ends[!!peer->pid]);
	if (!peer->pid)
		_exit(run(peer, arg));
}

void peer_tell(const struct peer *peer, char word)
{
	if (send(peer->link, &word, 1, MSG_NOSIGNAL) != 1 && !peer->pid)
		_exit(200);
}

char peer_hear(const struct peer *peer)
{
	char word;

	if (read(peer->link, &word, 1) == 1)
		return word;
	/* Nobody is left to do it for */
	if (!peer->pid)
		_exit(201);

	return 0;
}

union fd_message {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static void fd_message(struct msghdr *message, struct iovec *piece,
		       union fd_message *control)
{
	*message = (struct msghdr){
		.msg_iov = piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
}

void peer_give_fd(const struct peer *peer, int fd)
{
	struct iovec piece = { "f", 1 };
	union fd_message control = {};
	struct msghdr message;

	control.head = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(fd)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	fd_message(&message, &piece, &control);
	if (sendmsg(peer->link, &message, 0) != 1)
		abort();
}

int peer_take_fd(const struct peer *peer)
{
	union fd_message control = {};
	struct msghdr message;
	struct iovec piece;
	char byte;
	int fd;

	piece = (struct iovec){ &byte, 1 };
	fd_message(&message, &piece, &control);
	if (recvmsg(peer->link, &message, MSG_CMSG_CLOEXEC) != 1 ||
	    control.head.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));

	return fd;
}

static bool ends_with(const struct peer *peer, int wanted)
{
	int status;

	/* It waits for no word that does not come */
	shutdown(peer->link, SHUT_WR);
	if (waitpid(peer->pid, &status, 0) != peer->pid)
		return false;
	close(peer->link);
	if (status != wanted)
		printf("# process %d ended with %#x\n", peer->pid, status);

	return status == wanted;
}

bool peer_ends_well(const struct peer *peer)
{
	return ends_with(peer, 0);
}

void peer_kill(const struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	ends_with(peer, SIGKILL);
}
