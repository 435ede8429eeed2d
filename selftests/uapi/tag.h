/* SPDX-License-Identifier: GPL-2.0-only */
/* A descriptor of a tag, as tests have it. Tags are numbers, as of backends. */
#ifndef UAPI_TAG_H
#define UAPI_TAG_H

#include <poll.h>
#include <sys/types.h>

#include "window.h"

#define RDONLY	VFIO_CXL_DC_OPEN_RDONLY
#define APP	VFIO_CXL_DC_REACH_APP

/* What poll() tells of a tag that is all there, away, or gone for good */
#define THERE	(POLLIN | POLLOUT)
#define AWAY	(POLLPRI | POLLRDHUP)
#define GONE	POLLHUP

/* What the last call left there */
extern struct vfio_cxl_dc_open tag_answer;

/* A descriptor, or -errno */
int tag_open_bytes(int node, const __u8 *tag, __u32 flags);
int tag_open(int node, unsigned int tag, __u32 flags);
/* A backend, filled with the tag's number, which descriptors reach there */
int tag_give(const struct window *w, unsigned int tag, __u64 size,
	     __u32 region, __u64 offset);
/* The same again, with what is in it */
int tag_give_again(int node, unsigned int tag, __u32 region, __u64 offset);

/* At an address that large pages fit to */
char *tag_map(int fd, int prot, __u64 size);
/* 0 or -errno */
int tag_map_fails(int fd, __u64 size, int prot, int flags, __u64 at);
/* All that poll() tells, at once; and within @ms, of @events and POLLHUP */
short tag_poll(int fd);
short tag_wait(int fd, short events, int ms);
bool tag_in_use(int node, unsigned int tag);

/* Page faults of this process; references to the module */
int module_users(void);

/* Pages of @memory, in a pipe, of which these are the ends */
bool hold(char *memory, size_t size, int ends[2]);
void let_go(int ends[2]);
/* An io_uring that has registered it as a buffer, or -errno */
int uring_with(char *memory, size_t size);

/*
 * Another process, forked, at the other end of a socket: for itself @pid is 0 there.
 * A word is a byte, not 0.
 */
struct peer {
	pid_t pid;
	int link;
};

/* @run returns its exit code */
void peer_start(struct peer *peer, int (*run)(const struct peer *parent, void *arg),
		void *arg);
void peer_tell(const struct peer *peer, char word);
/* 0: it is no more */
char peer_hear(const struct peer *peer);
void peer_give_fd(const struct peer *peer, int fd);
int peer_take_fd(const struct peer *peer);
/* Waits for its end: did it return 0? */
bool peer_ends_well(const struct peer *peer);
void peer_kill(const struct peer *peer);

#endif /* UAPI_TAG_H */
