/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the monitor share: monitor*.c, netlink.c. */
#ifndef VFIO_CXL_MONITOR_H
#define VFIO_CXL_MONITOR_H

#include "dc.h"

struct netlink;

/* @device: name of who changed; it and @event live for the call only */
typedef void (*change_fn)(void *data, const char *device,
			  const struct vfio_cxl_dc_event *event);

/* netlink.c; those that return an exit code have complained already */
int netlink_open(const struct args *args, struct netlink **nl);
/* From then on messages come */
int netlink_join(const struct args *args, struct netlink *nl);
/* 0; -EOPNOTSUPP if the kernel has no such family; -errno if nobody can tell */
int netlink_known(void);
void netlink_close(struct netlink *nl);
int netlink_fd(const struct netlink *nl);
/*
 * All messages that are there. Returns 0; -ENOBUFS if some were dropped, and the
 * rest is still to be read; or another negative errno.
 */
int netlink_read(struct netlink *nl, change_fn each, void *data);

/**
 * struct followed - a device whose log is followed
 * @name: PCI address
 * @dev: device
 * @events: its log; NULL while it is not bound
 * @next: number of the entry to come
 */
struct followed {
	char name[VCXL_NAME_LEN];
	struct vcxl_device *dev;
	struct vcxl_events *events;
	uint64_t next;
};

/**
 * struct monitor - a run of it
 * @args: the command line
 * @nl: joined when the logs are open
 * @devices: that are followed
 * @count: of them
 * @chosen: no others are
 * @kinds: bits of enum vfio_cxl_dc_change to show
 * @states: bits of enum vfio_cxl_dc_state to show changes to
 * @left: changes to be shown; negative: no limit
 * @code: what went wrong, as an exit code; @done is set then
 * @done: it ends
 */
struct monitor {
	struct args *args;
	struct netlink *nl;
	struct followed *devices;
	size_t count;
	bool chosen;
	uint32_t kinds;
	uint32_t states;
	int64_t left;
	int code;
	bool done;
};

/* monitor_log.c: devices, and what of their logs is not told yet */
int follow(struct monitor *m, const char *name, uint64_t since);
int follow_all(struct monitor *m, bool anew);
void unfollow_all(struct monitor *m);
struct followed *find_followed(struct monitor *m, const char *name);
int look_again(struct monitor *m, struct followed *f);
int catch_up(struct monitor *m, struct followed *f);
int on_change(struct monitor *m, const char *name,
	      const struct vfio_cxl_dc_event *event);

/* monitor_show.c: one line each, at once */
int event_option(struct monitor *m);
void show_change(struct monitor *m, const char *name,
		 const struct vfio_cxl_dc_event *event);
void show_lost(struct monitor *m, const char *name, uint64_t sequence,
	       uint64_t lost);
void show_mark(struct monitor *m, const char *type, const char *name,
	       const char *text);
int show_extents(struct monitor *m, struct vcxl_device *dev);

#endif /* VFIO_CXL_MONITOR_H */
