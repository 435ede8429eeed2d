/* SPDX-License-Identifier: GPL-2.0-only */
/* Dynamic Capacity of a bound device: its mailbox, its engine, its memory. */
#ifndef VFIO_CXL_DC_H
#define VFIO_CXL_DC_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "cdat.h"
#include "dcd.h"
#include "engines.h"
#include "event_log.h"
#include "mbox.h"

struct pci_dev;
struct vfio_cxl_device;
struct vfio_cxl_memory;
struct vfio_cxl_tag_part;

/**
 * struct vfio_cxl_dc - a device with a mailbox
 * @cxl: the device
 * @regs: its device register block, mapped
 * @io: the same, for mbox.c
 * @mbox: its mailbox; commands under cmd_lock
 * @log_ops: what a drain needs
 * @log: its event log, likewise
 * @engine: likewise, but what the state lock is enough for
 * @ready: @engine is there: the device does Dynamic Capacity. Goes up once
 * @reason: enum vfio_cxl_reason, why @ready is not set, under cmd_lock
 * @identity: what the device says of itself, fixed once @ready
 * @cdat: its memory's attributes, likewise; empty if it has no table
 * @started: the engine was; under cmd_lock
 * @resumed: vfio_cxl_device.gate_seq that the engine was told of; likewise
 * @drain: the log has to be drained, whatever Event Status says; under cmd_lock
 * @drain_end: when the drain that is under way ends, in jiffies; likewise
 * @cdat_tries: times that @cdat could not be read; under cmd_lock
 * @overflows: of the device's log, under cmd_lock
 * @lock: the state lock; below it is the log of changes only
 * @work: looks at the event log; first of all asks the device what it does
 * @ranges: what is published, by DPA; under gate_sem
 * @live: what the device lists is known since the last reset, so that extents may
 *	be reached; under gate_sem
 * @start: DPA from which on a page needs an extent; under gate_sem
 * @others: its place among all engines
 */
struct vfio_cxl_dc {
	struct vfio_cxl_device *cxl;
	void __iomem *regs;
	struct vfio_cxl_mbox_io io;
	struct vfio_cxl_mbox mbox;
	struct vfio_cxl_event_ops log_ops;
	struct vfio_cxl_event_log log;
	struct vfio_cxl_dcd engine;
	bool ready;
	u32 reason;
	struct vfio_cxl_identity identity;
	struct vfio_cxl_cdat cdat;
	bool started;
	u64 resumed;
	bool drain;
	unsigned long drain_end;
	unsigned int cdat_tries;
	u64 overflows;
	spinlock_t lock;
	struct delayed_work work;
	struct rb_root ranges;
	bool live;
	u64 start;
	struct vfio_cxl_engine others;
};

/* mailbox.c */
int vfio_cxl_mailbox_map(struct vfio_cxl_dc *dc);
void vfio_cxl_mailbox_unmap(struct vfio_cxl_dc *dc);
int vfio_cxl_mailbox_ready(struct vfio_cxl_dc *dc);
bool vfio_cxl_mailbox_events(struct vfio_cxl_dc *dc);

/* doe.c */
int vfio_cxl_cdat_read(struct pci_dev *pdev, struct vfio_cxl_cdat *cdat);

/* dc_device.c */
int vfio_cxl_dc_init(struct vfio_cxl_device *cxl);
void vfio_cxl_dc_exit(struct vfio_cxl_device *cxl);
int vfio_cxl_dc_discover(struct vfio_cxl_dc *dc);
void vfio_cxl_dc_gate_closed(struct vfio_cxl_device *cxl);
u64 vfio_cxl_dc_first(struct vfio_cxl_device *cxl);
bool vfio_cxl_dc_known(struct vfio_cxl_device *cxl);
void vfio_cxl_dc_await(struct vfio_cxl_device *cxl);
int vfio_cxl_dc_resume(struct vfio_cxl_device *cxl);
bool vfio_cxl_dc_settled(struct vfio_cxl_device *cxl);
void vfio_cxl_dc_tenancy_end(struct vfio_cxl_device *cxl);
struct vfio_cxl_dc *vfio_cxl_dc_ready(struct vfio_cxl_device *cxl);
u32 vfio_cxl_dc_why(struct vfio_cxl_device *cxl);
bool vfio_cxl_dc_never(struct vfio_cxl_device *cxl);
u64 vfio_cxl_dc_end(struct vfio_cxl_device *cxl, bool *alike);

/* events.c */
void vfio_cxl_events_init(struct vfio_cxl_dc *dc);
int vfio_cxl_events_drain(struct vfio_cxl_dc *dc);
void vfio_cxl_events_work(struct work_struct *work);
void vfio_cxl_events_kick(struct vfio_cxl_dc *dc);
unsigned int vfio_cxl_events_poll_ms(struct vfio_cxl_dc *dc);

/* dc_query.c */
int vfio_cxl_dc_missing(struct vfio_cxl_device *cxl, u32 *reason);
int vfio_cxl_dc_info(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_list(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_status(struct vfio_cxl_device *cxl, void *data, bool control);

/* dc_ioctl.c */
int vfio_cxl_dc_accept(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_reject(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_release(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_deadline(struct vfio_cxl_device *cxl, void *data, bool control);
int vfio_cxl_dc_eventfd(struct vfio_cxl_device *cxl, void *data, bool control);

/* dc_mem.c */
u64 vfio_cxl_dc_decoded(const struct vfio_cxl_memory *memory, u64 dpa,
			u64 *len);
int vfio_cxl_dc_clear(void *ctx, const struct vfio_cxl_dcd_extent *extent);
int vfio_cxl_dc_prepare(void *ctx, struct vfio_cxl_dcd_extent *extent);
void vfio_cxl_dc_publish(void *ctx, struct vfio_cxl_dcd_extent *extent,
			 enum vfio_cxl_dc_reach reach);
void vfio_cxl_dc_unpublish(void *ctx, struct vfio_cxl_dcd_extent *extent);
u64 vfio_cxl_dc_use(void *ctx);
bool vfio_cxl_dc_covered(void *ctx, u64 dpa, u64 len);
void vfio_cxl_dc_flush(void *ctx, u64 dpa, u64 len);

/* What of a piece of memory may be touched */
enum vfio_cxl_dc_touch {
	VFIO_CXL_DC_TOUCH_NONE,		/* nothing, at its first byte */
	VFIO_CXL_DC_TOUCH_PART,		/* a smaller piece, perhaps */
	VFIO_CXL_DC_TOUCH_ALL,
};

enum vfio_cxl_dc_touch vfio_cxl_dc_touch(struct vfio_cxl_device *cxl,
					 u64 offset, u64 size, bool user);
bool vfio_cxl_dc_has_app(struct vfio_cxl_device *cxl);
enum vfio_cxl_dc_touch vfio_cxl_dc_touch_part(struct vfio_cxl_dc *dc,
					      struct vfio_cxl_tag_part *part);
struct vfio_cxl_tag_part *
vfio_cxl_dc_next_part(struct vfio_cxl_dc *dc, const u8 tag[VFIO_CXL_DC_TAG_LEN],
		      const struct vfio_cxl_tag_part *part);
u64 vfio_cxl_dc_piece(struct vfio_cxl_device *cxl, u64 offset, u64 size,
		      bool *clear);

#endif /* VFIO_CXL_DC_H */
