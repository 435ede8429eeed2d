/* SPDX-License-Identifier: GPL-2.0-only */
/* A device's log of changes, and its ways out. */
#ifndef VFIO_CXL_CHANGES_H
#define VFIO_CXL_CHANGES_H

#include <linux/fs.h>
#include <linux/poll.h>

#include "dcd.h"

/*
 * Held by the device, from vfio_cxl_changes_new() in probe to vfio_cxl_changes_end()
 * when the engine has stopped; and by the control node's object, from
 * vfio_cxl_changes_get() on, as that outlives the device while descriptors of it are
 * open. Work of netlink's needs no reference: it is over when vfio_cxl_changes_end()
 * returns.
 */
struct vfio_cxl_changes;

/* changes.c: whoever owns it */
struct vfio_cxl_changes *vfio_cxl_changes_new(const char *name);
void vfio_cxl_changes_end(struct vfio_cxl_changes *changes);
struct vfio_cxl_changes *vfio_cxl_changes_get(struct vfio_cxl_changes *changes);
void vfio_cxl_changes_put(struct vfio_cxl_changes *changes);

/* the device */
void vfio_cxl_changes_add(struct vfio_cxl_changes *changes,
			  const struct vfio_cxl_dcd_change *change, u64 now_ns,
			  bool tenant_visible);
u64 vfio_cxl_changes_sequence(struct vfio_cxl_changes *changes);
bool vfio_cxl_changes_watched(struct vfio_cxl_changes *changes);
int vfio_cxl_changes_eventfd(struct vfio_cxl_changes *changes, int fd);
void vfio_cxl_changes_tenancy_end(struct vfio_cxl_changes *changes);

/* the control node's file */
void vfio_cxl_changes_open(struct vfio_cxl_changes *changes, struct file *file);
void vfio_cxl_changes_release(struct vfio_cxl_changes *changes,
			      struct file *file);
ssize_t vfio_cxl_changes_read(struct vfio_cxl_changes *changes,
			      struct file *file, char __user *buf, size_t count,
			      loff_t *ppos);
__poll_t vfio_cxl_changes_poll(struct vfio_cxl_changes *changes,
			       struct file *file, poll_table *wait);
loff_t vfio_cxl_changes_llseek(struct vfio_cxl_changes *changes,
			       struct file *file, loff_t offset, int whence);

/* netlink */
int vfio_cxl_changes_find(const char *name, u64 *sequence);
int vfio_cxl_changes_each(unsigned int start,
			  int (*each)(void *ctx, const char *name,
				      u64 sequence), void *ctx);

/* netlink.c */
int vfio_cxl_netlink_init(void);
void vfio_cxl_netlink_exit(void);
bool vfio_cxl_netlink_heard(void);
void vfio_cxl_netlink_tell(const char *name,
			   const struct vfio_cxl_dc_event *event);

#endif /* VFIO_CXL_CHANGES_H */
