/* SPDX-License-Identifier: GPL-2.0-only */
/* A device's window for host memory. */
#ifndef VFIO_CXL_HOST_H
#define VFIO_CXL_HOST_H

#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "dcd.h"
#include "engines.h"
#include "host_dev.h"

struct inode;
struct vfio_cxl_backend;
struct vfio_cxl_device;
struct vfio_cxl_tag_part;

/**
 * struct vfio_cxl_host - host memory that a device's users may have
 * @cxl: the device
 * @dev: the device in software; under cmd_lock, and changed under @lock, too
 * @engine: under cmd_lock, but what the state lock is enough for
 * @others: its place among all engines
 * @lock: the state lock
 * @work: sees to what is due
 * @ending: the device is being unbound: nothing is zeroed any more. Under cmd_lock
 * @inode: whose mapping finds all user mappings of the window; NULL without one.
 *	Changed under cmd_lock, constant while the device is open, as @size
 * @size: bytes of the window
 * @index: VFIO region index of it, in a tenancy that has it; else 0. Under cmd_lock
 * @sem: protects @ranges: read in faults and copies, write to publish and unpublish
 * @ranges: what is published, by place in the window
 * @maps_lock: protects @maps
 * @maps: mappings of the window
 * @map_epoch: grows whenever the first one comes
 *
 * Made by the first DC_CONFIGURE, and there until the device is unbound.
 */
struct vfio_cxl_host {
	struct vfio_cxl_device *cxl;
	struct vfio_cxl_host_dev dev;
	struct vfio_cxl_dcd engine;
	struct vfio_cxl_engine others;
	spinlock_t lock;
	struct delayed_work work;
	bool ending;
	struct inode *inode;
	u64 size;
	unsigned int index;
	struct rw_semaphore sem;
	struct rb_root ranges;
	spinlock_t maps_lock;
	unsigned long maps;
	atomic64_t map_epoch;
};

/* host.c */
struct vfio_cxl_host *vfio_cxl_host_ready(struct vfio_cxl_device *cxl);
struct vfio_cxl_host *vfio_cxl_host_get(struct vfio_cxl_device *cxl);
void vfio_cxl_host_record(struct vfio_cxl_host *host,
			  const struct vfio_cxl_host_extent *e, u8 type);
void vfio_cxl_host_drop(struct vfio_cxl_host *host, u64 dpa);
void vfio_cxl_host_kick(struct vfio_cxl_host *host);
int vfio_cxl_host_open(struct vfio_cxl_device *cxl);
void vfio_cxl_host_close(struct vfio_cxl_device *cxl);
void vfio_cxl_host_stop(struct vfio_cxl_device *cxl);
void vfio_cxl_host_exit(struct vfio_cxl_device *cxl);

/* host_mem.c */
int vfio_cxl_host_prepare(void *ctx, struct vfio_cxl_dcd_extent *extent);
void vfio_cxl_host_publish(void *ctx, struct vfio_cxl_dcd_extent *extent,
			   enum vfio_cxl_dc_reach reach);
void vfio_cxl_host_unpublish(void *ctx, struct vfio_cxl_dcd_extent *extent);
u64 vfio_cxl_host_use(void *ctx);
int vfio_cxl_host_clear(void *ctx, const struct vfio_cxl_dcd_extent *extent);
void vfio_cxl_host_clean(struct vfio_cxl_host *host);
bool vfio_cxl_host_held(struct vfio_cxl_host *host);
struct vfio_cxl_tag_part *
vfio_cxl_host_part(struct vfio_cxl_host *host, const u8 tag[VFIO_CXL_DC_TAG_LEN],
		   struct vfio_cxl_backend **backend);
int vfio_cxl_host_register(struct vfio_cxl_host *host);

/* host_ioctl.c */
int vfio_cxl_dc_configure(struct vfio_cxl_device *cxl, void *data,
			  bool control);
int vfio_cxl_dc_add(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_remove(struct vfio_cxl_device *cxl, void *data, bool control);
void vfio_cxl_host_info(struct vfio_cxl_host *host,
			struct vfio_cxl_dc_info *info, bool control);
void vfio_cxl_host_fill(struct vfio_cxl_host *host,
			const struct vfio_cxl_dcd_item *item,
			struct vfio_cxl_dc_extent *extent);

#endif /* VFIO_CXL_HOST_H */
