/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's own header: the device and what its files call of each other.
 *
 * Lock order, outermost first:
 *
 *   device lock	the driver core's; held by probe, remove, reset hooks
 *   dev_set->lock	the VFIO core's
 *   node lock		the control node is bound; read side: its ioctls
 *   cmd_lock		every change of state; held while the VFIO core enables
 *			and closes the device
 *   memory_lock	the VFIO core's
 *   gate_sem		live, gate, what is published of Dynamic Capacity; read side:
 *			faults, copies, decoder registers, mailbox commands
 *   shadow_lock	the decoder as the user sees it
 *
 * Below cmd_lock, and beside the others: the list of engines of Dynamic Capacity, the
 * list of backends, the window's sem (host.h; read side: faults, copies), and below all
 * of them each engine's state lock (dc.h, host.h). A backend's folios are locked below
 * cmd_lock only, and above the window's sem, as a fault has them; none of these is
 * held while they are unmapped, but for cmd_lock.
 *
 * Reset hooks run under the device lock, some also under memory_lock: they take
 * gate_sem only and leave the rest to restore_work. First they wait for an open or a
 * close, in the core's hands, which only tries the device lock; see recovery.c.
 */
#ifndef VFIO_CXL_H
#define VFIO_CXL_H

#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/vfio_cxl.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "bar.h"
#include "cedt.h"
#include "comp_regs.h"
#include "config.h"
#include "hdm.h"

#define VFIO_CXL_MAX_CONFIG	16

/**
 * struct vfio_cxl_config - a range of config space with rules of its own
 * @start: offset in config space
 * @end: offset behind the last byte
 * @kind: which rules
 */
struct vfio_cxl_config {
	u16 start;
	u16 end;
	enum vfio_cxl_config_kind kind;
};

/**
 * struct vfio_cxl_regs - where a device's CXL registers are; fixed at probe
 * @dvsec: CXL Device DVSEC (8.1.3)
 * @capability: its Capability register
 * @found_control: its Control register when the driver was bound
 * @found_lock: likewise its Lock register
 * @cm: CXL.cache/mem registers, mapped
 * @io: the same, for hdm.c
 * @comp_bar: BAR of the component block
 * @comp_offset: offset of the component block in it
 * @blocks: what is closed in BARs
 * @nr_blocks: how many of them
 * @config: what is closed in config space
 * @nr_config: how many of them
 */
struct vfio_cxl_regs {
	u16 dvsec;
	u16 capability;
	u16 found_control;
	u16 found_lock;
	void __iomem *cm;
	struct vfio_cxl_io io;
	u8 comp_bar;
	u64 comp_offset;
	struct vfio_cxl_block blocks[VFIO_CXL_MAX_BLOCKS];
	unsigned int nr_blocks;
	struct vfio_cxl_config config[VFIO_CXL_MAX_CONFIG];
	unsigned int nr_config;
};

/**
 * struct vfio_cxl_why - the cause behind an errno
 * @reason: which
 * @element: what it is about, or empty
 */
struct vfio_cxl_why {
	enum vfio_cxl_reason reason;
	char element[VFIO_CXL_ELEMENT_LEN];
};

/**
 * struct vfio_cxl_memory - what decoder 0 decodes, while it is usable
 * @base: host physical address; constant while the device is open
 * @size: bytes; 0 while there is no memory
 * @skip: DPA of its first byte
 * @claim: our busy resource over the range
 * @addr: the kernel's write-back mapping of it
 * @pgmap: its struct pages, or NULL if it has none
 * @touched: a bit for each VFIO_CXL_FLUSH_SIZE that was mapped or copied since
 *	caches were last written back
 */
struct vfio_cxl_memory {
	u64 base;
	u64 size;
	u64 skip;
	struct resource *claim;
	void *addr;
	struct dev_pagemap *pgmap;
	unsigned long *touched;
};

#define VFIO_CXL_FLUSH_SIZE	PMD_SIZE

/**
 * struct vfio_cxl_guest - where the control node places decoder 0 in the guest
 * @set: it does
 * @seal: and seals it
 * @persist: for later tenancies too
 * @base: guest physical address
 */
struct vfio_cxl_guest {
	bool set;
	bool seal;
	bool persist;
	u64 base;
};

struct vfio_cxl_changes;
struct vfio_cxl_dc;
struct vfio_cxl_device;
struct vfio_cxl_host;
struct vfio_cxl_tag_part;
struct vfio_cxl_tags;

/**
 * struct vfio_cxl_node - the control node
 * @ref: the device's, and one for each open descriptor
 * @lock: protects @cxl; held for reading by ioctls
 * @cxl: the device; NULL once it is unbound, which descriptors may outlive
 * @changes: the log of changes, as long as this lives; not under @lock
 * @misc: the node
 * @name: its name in sysfs
 * @path: its name in /dev
 *
 * An object of its own, because a reference on the VFIO device would keep that
 * in its device set after the PCI device is gone.
 */
struct vfio_cxl_node {
	struct kref ref;
	struct rw_semaphore lock;
	struct vfio_cxl_device *cxl;
	struct vfio_cxl_changes *changes;
	struct miscdevice misc;
	char name[32];
	char path[32];
};

/**
 * struct vfio_cxl_device - a device bound to this driver
 * @core: vfio-pci's part; first, because the core allocates it
 * @regs: fixed after probe
 * @hdm: its HDM decoder capability; @hdm.count is 0 without one
 * @found: the decoders when the driver was bound, before any write of ours
 * @name: of its claims in /proc/iomem
 * @cmd_lock: protects the fields down to @regions, and every change of the
 *	physical decoders
 * @want: the decoders as they must be restored after a reset
 * @claims: what firmware committed to the other decoders, from 1 on
 * @memory: also read by faults and copies, under @gate_sem while @live
 * @origin: who committed decoder 0
 * @why: why there is no memory
 * @open: a tenancy is under way
 * @unclean: clear_on_close has not cleared the memory yet
 * @regions: this tenancy has the two regions
 * @gate_sem: protects the fields down to @gate_seq
 * @live: memory may be touched: @gate is 0 and there is memory
 * @gate: VFIO_CXL_GATE_*
 * @gate_seq: grows with each closing, so that a restore can tell that it is
 *	out of date
 * @restore_work: goes live again after a reset
 * @maps_lock: protects @maps
 * @maps: mappings of the memory region
 * @map_epoch: grows whenever all of the region was unmapped; begins with 1
 * @dc: its Dynamic Capacity; NULL if it has no mailbox. Fixed after probe
 * @shadow_lock: protects @comp_regs, @guest and @dvsec
 * @comp_regs: valid while @regions
 * @guest: what the control node says of it
 * @dvsec: valid while @open
 * @dvsec_keep: CXL resets under way, which leave @dvsec as it is
 * @backends: host memory under tags; in use while the control node is there
 * @host: its window for host memory; NULL if there never was one. Set once, under
 *	cmd_lock
 * @tags: tags that there are descriptors of; from before the device is looked at
 * @changes: log of changes, from before the device is looked at to after it was left
 * @node: control node
 * @pm: refuses hibernation
 * @config_lock: protects the fields down to @config_resets
 * @config_wait: for these
 * @config_owner: who opens or closes the device, and so has its config space, and what
 *	the PCI core has saved of it
 * @config_resets: resets that others asked for, and that are under way
 * @saved: config space as at probe, for after a fatal error
 * @recovering: the PCI core recovers the link from an error
 * @lost: it was reset in an error's recovery; both are written in hooks, under
 *	the device lock
 */
struct vfio_cxl_device {
	struct vfio_pci_core_device core;

	struct vfio_cxl_regs regs;
	struct vfio_cxl_hdm hdm;
	struct vfio_cxl_hdm_state found;

	char name[32];

	struct mutex cmd_lock;
	struct vfio_cxl_hdm_state want;
	struct resource *claims[CXL_HDM_MAX_DECODERS];
	struct vfio_cxl_memory memory;
	enum vfio_cxl_origin origin;
	struct vfio_cxl_why why;
	bool open;
	bool unclean;
	bool regions;

	struct rw_semaphore gate_sem;
	bool live;
	u32 gate;
	u64 gate_seq;
	struct work_struct restore_work;

	spinlock_t maps_lock;
	unsigned long maps;
	atomic64_t map_epoch;
	struct vfio_cxl_dc *dc;

	struct mutex shadow_lock;
	struct vfio_cxl_comp_regs comp_regs;
	struct vfio_cxl_guest guest;
	struct vfio_cxl_dvsec dvsec;
	unsigned int dvsec_keep;

	struct vfio_cxl_backends backends;
	struct vfio_cxl_host *host;
	struct vfio_cxl_tags *tags;
	struct vfio_cxl_changes *changes;
	struct vfio_cxl_node *node;
	struct notifier_block pm;
	spinlock_t config_lock;
	wait_queue_head_t config_wait;
	struct task_struct *config_owner;
	unsigned int config_resets;
	struct pci_saved_state *saved;
	bool recovering;
	bool lost;
};

/* The two regions, registered in this order at open */
#define VFIO_CXL_MEMORY_INDEX		VFIO_PCI_NUM_REGIONS
#define VFIO_CXL_COMP_REGS_INDEX	(VFIO_PCI_NUM_REGIONS + 1)

static inline struct vfio_cxl_device *vfio_cxl_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct vfio_cxl_device, core.vdev);
}

static inline struct vfio_cxl_device *
vfio_cxl_of_core(struct vfio_pci_core_device *core)
{
	return container_of(core, struct vfio_cxl_device, core);
}

static inline bool vfio_cxl_has_memory(const struct vfio_cxl_device *cxl)
{
	return cxl->memory.size;
}

/* main.c */
bool vfio_cxl_clears(void);
__printf(4, 5)
int vfio_cxl_refuse(struct vfio_cxl_why *why, int err,
		    enum vfio_cxl_reason reason, const char *fmt, ...);

/* regs.c */
int vfio_cxl_regs_init(struct vfio_cxl_device *cxl);
void vfio_cxl_regs_exit(struct vfio_cxl_device *cxl);
void vfio_cxl_dvsec_found(struct vfio_cxl_device *cxl,
			  struct vfio_cxl_dvsec *dvsec);
bool vfio_cxl_cache_capable(const struct vfio_cxl_device *cxl);
u64 vfio_cxl_static_capacity(struct vfio_cxl_device *cxl);
int vfio_cxl_await_media(struct vfio_cxl_device *cxl, bool wait);
int vfio_cxl_mem_enable(struct vfio_cxl_device *cxl);
void vfio_cxl_mem_disable(struct vfio_cxl_device *cxl);
void vfio_cxl_control_put_back(struct vfio_cxl_device *cxl);
void vfio_cxl_cache_disable(struct vfio_cxl_device *cxl);
void vfio_cxl_memory_space_on(struct vfio_cxl_device *cxl);
int vfio_cxl_map_cm(phys_addr_t component, void __iomem **cm,
		    struct vfio_cxl_io *io);
int vfio_cxl_component_find(struct pci_dev *pdev, phys_addr_t *component,
			    const char **what);

/* path.c */
struct vfio_cxl_path;
int vfio_cxl_path_get(struct vfio_cxl_device *cxl, struct vfio_cxl_path **path,
		      struct vfio_cxl_why *why);
void vfio_cxl_path_put(struct vfio_cxl_path *path);
u32 vfio_cxl_path_bridge(const struct vfio_cxl_path *path);
int vfio_cxl_path_routes(const struct vfio_cxl_path *path, u64 base, u64 size,
			 struct vfio_cxl_why *why);

/* topology.c */
int vfio_cxl_window_get(unsigned int index, struct vfio_cxl_cfmws *window);
int vfio_cxl_window_of(u64 base);
bool vfio_cxl_cedt_waived(void);
int vfio_cxl_window_usable(struct vfio_cxl_device *cxl,
			   const struct vfio_cxl_cfmws *window,
			   struct vfio_cxl_why *why);
bool vfio_cxl_range_in_use(u64 base, u64 size);
void vfio_cxl_range_release(struct resource *claim);
int vfio_cxl_range_find(struct vfio_cxl_device *cxl, bool program, u64 *base,
			u64 size, bool fixed, struct resource **claim,
			u32 *type, struct vfio_cxl_why *why);

/* gate.c */
u32 vfio_cxl_gate_close(struct vfio_cxl_device *cxl, u32 reason);
int vfio_cxl_gate_open(struct vfio_cxl_device *cxl, u32 reason, bool wait);
bool vfio_cxl_live(struct vfio_cxl_device *cxl);
bool vfio_cxl_all_live(struct vfio_cxl_device *cxl);
void vfio_cxl_gate_work(struct work_struct *work);
void vfio_cxl_gate_release(struct vfio_cxl_device *cxl, u32 reason);
void vfio_cxl_gate_reset_done(struct vfio_cxl_device *cxl);

/* mem.c */
int vfio_cxl_memory_set(struct vfio_cxl_device *cxl,
			const struct vfio_cxl_hdm_decoder *decoder,
			struct resource *claim, struct vfio_cxl_why *why);
void vfio_cxl_memory_drop(struct vfio_cxl_device *cxl);
int vfio_cxl_memory_clear(struct vfio_cxl_device *cxl, bool killable);
int vfio_cxl_memory_clean(struct vfio_cxl_device *cxl, bool killable);
ssize_t vfio_cxl_region_rw(struct vfio_cxl_device *cxl, u64 size,
			   char __user *buf, size_t count, loff_t *ppos,
			   bool write,
			   int (*copy)(struct vfio_cxl_device *cxl, u64 offset,
				       void *buf, size_t size, bool write));
vm_fault_t vfio_cxl_memory_fault(struct vfio_cxl_device *cxl,
				 struct vm_fault *vmf, unsigned int order,
				 u64 offset, struct vfio_cxl_tag_part *part);
void vfio_cxl_memory_unmap(struct vfio_cxl_device *cxl, u64 offset, u64 len);
void vfio_cxl_memory_flush(struct vfio_cxl_device *cxl);
u64 vfio_cxl_page_sizes(u64 size);
int vfio_cxl_regions_register(struct vfio_cxl_device *cxl);

/* access.c */
ssize_t vfio_cxl_read(struct vfio_device *vdev, char __user *buf, size_t count,
		      loff_t *ppos);
ssize_t vfio_cxl_write(struct vfio_device *vdev, const char __user *buf,
		       size_t count, loff_t *ppos);
int vfio_cxl_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
bool vfio_cxl_region_closed(const struct vfio_cxl_device *cxl,
			    unsigned int index);
int vfio_cxl_region_open(struct vfio_cxl_device *cxl, unsigned int index,
			 u32 *flags, struct vfio_info_cap *caps);
ssize_t vfio_cxl_comp_regs_rw(struct vfio_pci_core_device *core,
			      char __user *buf, size_t count, loff_t *ppos,
			      bool write);

/* decoder.c */
int vfio_cxl_decoder_found(struct vfio_cxl_device *cxl);
int vfio_cxl_decoder_program(struct vfio_cxl_device *cxl,
			     struct vfio_cxl_decoder_program *arg,
			     struct vfio_cxl_why *why);
int vfio_cxl_decoder_clear(struct vfio_cxl_device *cxl, bool dry_run,
			   bool *already, struct vfio_cxl_why *why);
void vfio_cxl_decoder_leave(struct vfio_cxl_device *cxl);

/* guest.c */
void vfio_cxl_guest_begin(struct vfio_cxl_device *cxl);
void vfio_cxl_guest_end(struct vfio_cxl_device *cxl);
int vfio_cxl_guest_set(struct vfio_cxl_device *cxl,
		       struct vfio_cxl_guest_set *arg,
		       struct vfio_cxl_why *why);
void vfio_cxl_guest_clear(struct vfio_cxl_device *cxl,
			  struct vfio_cxl_guest_clear *arg);

/* info.c */
bool vfio_cxl_legacy_info(void);
long vfio_cxl_get_info(struct vfio_cxl_device *cxl,
		       struct vfio_device_info __user *arg);
int vfio_cxl_get_region_info_op(struct vfio_device *vdev,
				struct vfio_region_info *info,
				struct vfio_info_cap *caps);
long vfio_cxl_get_region_info(struct vfio_cxl_device *cxl,
			      struct vfio_region_info __user *arg);

/* recovery.c */
void vfio_cxl_recovery_pm(struct device_driver *driver);
int vfio_cxl_recovery_init(struct vfio_cxl_device *cxl);
void vfio_cxl_recovery_exit(struct vfio_cxl_device *cxl);
void vfio_cxl_config_take(struct vfio_cxl_device *cxl);
void vfio_cxl_config_give(struct vfio_cxl_device *cxl);
extern const struct pci_error_handlers vfio_cxl_err_handlers;

/* control.c */
int vfio_cxl_control_init(struct vfio_cxl_device *cxl);
void vfio_cxl_control_exit(struct vfio_cxl_device *cxl);
long vfio_cxl_control_ioctl(struct vfio_cxl_device *cxl, bool control,
			    unsigned int cmd, void __user *arg);

#endif /* VFIO_CXL_H */
