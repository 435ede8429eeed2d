/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libvfio-cxl: CXL memory devices and the cxl-vfio-pci driver, from user space
 *
 * A struct vcxl is where everything starts. It and all that was made from it
 * belong to one thread at a time; two contexts have nothing in common. The
 * library never prints, never exits and touches no signal.
 *
 * Functions return 0 or a negative errno, with the meanings of linux/vfio_cxl.h,
 * and -ENOENT where a thing that was asked for by name or number isn't there;
 * vcxl_error() then tells what was in the way and what can be done about it.
 * What an out argument holds after a failure is not defined. Sizes, offsets and
 * addresses are in bytes. Strings that a function returns live as long as the
 * object that it was asked about, or for ever.
 *
 * ABI, of the shared library: within one soname no function goes away or changes
 * its meaning, and no struct outgrows what a caller has allocated: where one of
 * linux/vfio_cxl.h has grown, a program gets as much as it was compiled with. What is
 * added gets a new version node in libvfio-cxl.map. Anything else gets a new soname.
 *
 * Section numbers are those of the CXL Specification 3.1.
 */
#ifndef LIBVFIO_CXL_H
#define LIBVFIO_CXL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/vfio_cxl.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_DRIVER	"cxl-vfio-pci"	/* pci_driver.name */
#define VCXL_MODULE	"cxl_vfio_pci"	/* below /sys/module */
#define VCXL_NAME_LEN	64

struct vcxl;
struct vcxl_device;
struct vcxl_client;
struct vcxl_events;

/**
 * struct vcxl_error - why the last call failed
 * @err: negative errno; 0 if nothing failed yet
 * @reason: enum vfio_cxl_reason, if the driver gave one
 * @object: what it was about: a PCI address, a path
 * @element: what @reason is about, or empty
 * @why: one sentence
 * @next: what to do about it, or empty
 */
struct vcxl_error {
	int err;
	uint32_t reason;
	char object[256];
	char element[VFIO_CXL_ELEMENT_LEN];
	char why[512];
	char next[256];
};

/**
 * vcxl_new - make a context
 * @ctx: out; for vcxl_free(), after everything that was made from it
 *
 * The environment's VFIO_CXL_SYSROOT stands before every path, unless setuid.
 *
 * Return: 0, or -ENOMEM, the only failure without a vcxl_error().
 */
int vcxl_new(struct vcxl **ctx);
void vcxl_free(struct vcxl *ctx);

/**
 * vcxl_error - why the last call that failed did so
 * @ctx: context, of the object that failed
 *
 * Return: the context's own, until the next failure overwrites it.
 */
const struct vcxl_error *vcxl_error(const struct vcxl *ctx);

/**
 * vcxl_set_log - hear of what is done to sysfs and modules, for --verbose
 * @ctx: context
 * @log: called with a line without its newline, from inside the calls; or NULL
 */
void vcxl_set_log(struct vcxl *ctx, void (*log)(const char *line));

/*
 * Names, without their prefix, and sentences for the numbers of
 * linux/vfio_cxl.h; NULL for one that this library doesn't know.
 * vcxl_reason_why() says what is wrong, vcxl_reason_next() what to do.
 */
const char *vcxl_reason_name(uint32_t reason);
const char *vcxl_reason_why(uint32_t reason);
const char *vcxl_reason_next(uint32_t reason);
const char *vcxl_origin_name(uint32_t origin);
const char *vcxl_mem_mode_name(uint32_t mode);
/* Bit @bit, from 0, of a field of flags */
const char *vcxl_info_flag_name(unsigned int bit);
const char *vcxl_gate_name(unsigned int bit);
const char *vcxl_gate_why(unsigned int bit);
const char *vcxl_window_flag_name(unsigned int bit);
/* Window Restrictions, 9.18.1.3 */
const char *vcxl_restriction_name(unsigned int bit);
const char *vcxl_decoder_flag_name(unsigned int bit);
/* "EBUSY", of a positive or negative errno */
const char *vcxl_errno_name(int err);
/* Dynamic Capacity: what a state means, and what can be done then */
const char *vcxl_dc_state_name(uint32_t state);
const char *vcxl_dc_state_why(uint32_t state);
const char *vcxl_dc_state_next(uint32_t state);
const char *vcxl_dc_reach_name(uint32_t reach);
const char *vcxl_dc_change_name(uint32_t kind);
const char *vcxl_dc_change_why(uint32_t kind);
const char *vcxl_dc_info_flag_name(unsigned int bit);
const char *vcxl_dc_region_flag_name(unsigned int bit);
const char *vcxl_dc_extent_flag_name(unsigned int bit);
const char *vcxl_dc_status_flag_name(unsigned int bit);
/* Of struct vfio_cxl_backend_info */
const char *vcxl_backend_flag_name(unsigned int bit);
/* Return code of a mailbox command, 8.2.8.4.5.1 */
const char *vcxl_rc_name(uint32_t rc);

/**
 * vcxl_devices - every PCI function that is CXL memory
 * @ctx: context
 * @devs: out: by address; for vcxl_devices_free()
 * @count: out: how many, perhaps 0
 *
 * By PCI class, or by Mem_Capable of the CXL Device DVSEC (8.1.3.1). Needs no
 * driver; without rights the DVSEC may not be seen.
 *
 * Return: 0, also with no devices; or what sysfs failed with.
 */
int vcxl_devices(struct vcxl *ctx, struct vcxl_device ***devs, size_t *count);
void vcxl_devices_free(struct vcxl_device **devs, size_t count);

/**
 * vcxl_device_get - find a device, of whatever kind
 * @ctx: context
 * @name: full or short PCI address, serial number, vfioN or VFIO group node
 * @dev: out: for vcxl_device_free()
 *
 * Return: 0; -ENOENT if there is none, -ENOTUNIQ if @name fits several.
 */
int vcxl_device_get(struct vcxl *ctx, const char *name,
		    struct vcxl_device **dev);
void vcxl_device_free(struct vcxl_device *dev);

/**
 * vcxl_device_refresh - read driver, override and group again
 * @dev: device; what its getters returned before may change
 *
 * Return: 0; -ENODEV if it is gone; -ENOMEM and the like where nobody could look:
 * then nothing is known of these.
 */
int vcxl_device_refresh(struct vcxl_device *dev);

/* As they were when the device was found or refreshed: no failures */
const char *vcxl_device_name(const struct vcxl_device *dev);
uint32_t vcxl_device_class(const struct vcxl_device *dev);
uint16_t vcxl_device_vendor_id(const struct vcxl_device *dev);
uint16_t vcxl_device_device_id(const struct vcxl_device *dev);
/* Empty if there is none */
const char *vcxl_device_driver(const struct vcxl_device *dev);
const char *vcxl_device_override(const struct vcxl_device *dev);
const char *vcxl_device_vfio_name(const struct vcxl_device *dev);
/* Negative if there is none, or it is not known */
int vcxl_device_group(const struct vcxl_device *dev);
int vcxl_device_numa_node(const struct vcxl_device *dev);
/* False: it has none, or the caller may not read it */
bool vcxl_device_serial(const struct vcxl_device *dev, uint64_t *serial);
/* To cxl-vfio-pci */
bool vcxl_device_is_bound(const struct vcxl_device *dev);
/* By its class, or by the CXL Device DVSEC where config space is readable */
bool vcxl_device_is_memory(const struct vcxl_device *dev);
/* False: the caller may only read the head of config space */
bool vcxl_device_config_known(const struct vcxl_device *dev);

/**
 * struct vcxl_peer - another function of a device's IOMMU group
 * @name: PCI address
 * @driver: its driver, or empty
 * @in_the_way: bound to a driver that uses DMA of its own: VFIO can't have the
 *	group
 */
struct vcxl_peer {
	char name[VCXL_NAME_LEN];
	char driver[VCXL_NAME_LEN];
	bool in_the_way;
};

/**
 * vcxl_device_peers - who shares a device's IOMMU group
 * @dev: device
 * @peers: out: for free()
 * @count: out: how many, 0 without a group
 *
 * Return: 0, or what sysfs failed with.
 */
int vcxl_device_peers(const struct vcxl_device *dev, struct vcxl_peer **peers,
		      size_t *count);

/**
 * struct vcxl_region - a CXL region of the kernel's that uses a device
 * @name: regionN
 * @base: host physical address
 * @size: bytes; 0 if it has no range yet, or the caller may not see it
 */
struct vcxl_region {
	char name[VCXL_NAME_LEN];
	uint64_t base;
	uint64_t size;
};

/**
 * vcxl_device_regions - which of the kernel's CXL regions use a device
 * @dev: device
 * @regions: out: for free()
 * @count: out: how many
 *
 * Return: 0, or what sysfs failed with.
 */
int vcxl_device_regions(const struct vcxl_device *dev,
			struct vcxl_region **regions, size_t *count);

/**
 * struct vcxl_node - a device node
 * @path: where it is, or would be
 * @exists: it is there
 * @usable: the caller may open it for reading and writing
 * @mode: its permissions
 * @uid: its owner
 * @gid: its group
 */
struct vcxl_node {
	char path[128];
	bool exists;
	bool usable;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/*
 * /dev/vfio-cxl/<BDF> and /dev/vfio/<group>, of which nothing is opened. A node
 * that isn't there is no failure; -ENOENT says that there can't be one, -ENOMEM
 * and the like that nobody could look.
 */
int vcxl_device_control_node(const struct vcxl_device *dev,
			     struct vcxl_node *node);
int vcxl_device_group_node(const struct vcxl_device *dev,
			   struct vcxl_node *node);

/**
 * vcxl_module_version - of the module that is loaded
 * @ctx: context
 * @buf: out
 * @len: of @buf
 *
 * Return: 0; -ENOENT if it isn't loaded, or built in.
 */
int vcxl_module_version(struct vcxl *ctx, char *buf, size_t len);
bool vcxl_module_loaded(struct vcxl *ctx);

/**
 * struct vcxl_bind_result - what a bind or unbind did, or would do
 * @old_driver: the driver before
 * @new_driver: the driver now; the one wanted with VCXL_BIND_DRY_RUN
 * @old_override: driver_override before
 * @new_override: driver_override now
 * @already: nothing had to be done
 * @noted: unbind: @new_driver is the one noted by bind, empty for none; else
 *	there is no note, the kernel chooses, and with VCXL_BIND_DRY_RUN nobody
 *	knows @new_driver
 */
struct vcxl_bind_result {
	char old_driver[VCXL_NAME_LEN];
	char new_driver[VCXL_NAME_LEN];
	char old_override[VCXL_NAME_LEN];
	char new_override[VCXL_NAME_LEN];
	bool already;
	bool noted;
};

#define VCXL_BIND_DRY_RUN	(1 << 0) /* check, change nothing */
#define VCXL_BIND_FORCE		(1 << 1) /* whoever is in the way */

/**
 * vcxl_bind - give a device to cxl-vfio-pci
 * @dev: device; refreshed
 * @flags: VCXL_BIND_*
 * @result: out: also after a failure
 *
 * Sets driver_override, loads the module, and notes below /run where the device
 * came from. Where anything fails all is put back. Needs root.
 *
 * One bind or unbind at a time for each device, else -EBUSY after some seconds.
 * Both may leave a device without a driver when they are ended by a signal;
 * either, called again, goes on from there. Callers block the signals that they
 * care for.
 *
 * Return: 0; -EBUSY while somebody is in the way, and whatever @flags while the
 * host itself runs on the memory; what sysfs or the driver failed with.
 */
int vcxl_bind(struct vcxl_device *dev, unsigned int flags,
	      struct vcxl_bind_result *result);

/**
 * vcxl_unbind - give a device back to the driver it had before vcxl_bind()
 * @dev: device; refreshed
 * @flags: VCXL_BIND_*
 * @result: out: also after a failure
 *
 * Return: 0; -EREMOTEIO when the device left cxl-vfio-pci, but the driver that it
 * should go back to did not take it, or the note of that is still there: called
 * again, it tries again unless another driver has the device; -EBUSY while the
 * VFIO device is open, unless forced: then the kernel waits for its user.
 */
int vcxl_unbind(struct vcxl_device *dev, unsigned int flags,
		struct vcxl_bind_result *result);

/*
 * Control node, /dev/vfio-cxl/<BDF>, which is root's. Opening it does not reset
 * the device; it stays open until the device object is freed or a client opened.
 * The structs are explained in linux/vfio_cxl.h. The library fills in argsz; the
 * caller sets @index and what is "in" of the others, to 0 where nothing is
 * wanted. -ENODEV if the device isn't bound; the driver's reason and element are
 * in vcxl_error().
 */
int vcxl_info(struct vcxl_device *dev, struct vfio_cxl_info *info);
int vcxl_window(struct vcxl_device *dev, struct vfio_cxl_window *window);
int vcxl_decoder(struct vcxl_device *dev, struct vfio_cxl_decoder *decoder);
int vcxl_decoder_program(struct vcxl_device *dev,
			 struct vfio_cxl_decoder_program *program);
int vcxl_decoder_clear(struct vcxl_device *dev,
		       struct vfio_cxl_decoder_clear *clear);
int vcxl_guest_set(struct vcxl_device *dev, struct vfio_cxl_guest_set *set);
int vcxl_guest_clear(struct vcxl_device *dev,
		     struct vfio_cxl_guest_clear *clear);

/*
 * Dynamic Capacity, by the control node. What is offered, by what number, who may
 * reach what is taken, and what each state means is explained in
 * linux/vfio_cxl.h, and in vfio-cxl-dc(7).
 */

/**
 * vcxl_dc_info - does the device do Dynamic Capacity, and how much of it?
 * @dev: device
 * @info: out: without VFIO_CXL_DC_INFO_CAPABLE, @reason says why not; with
 *	VFIO_CXL_DC_INFO_WINDOW there is a window for host memory
 *
 * With VFIO_CXL_DC_REGION_WINDOW, @window of a region is for vcxl_window(): it is the
 * fixed memory window of those extents of the region that have an @offset. Drivers up to
 * ABI version 7 don't say it, and none does to vcxl_client_dc_info().
 *
 * Return: 0, also where the device doesn't; -ENOTTY if the driver is too old.
 */
int vcxl_dc_info(struct vcxl_device *dev, struct vfio_cxl_dc_info *info);

/**
 * vcxl_dc_list - all extents that are offered or held, as of one moment
 * @dev: device
 * @extents: out: in the order of their ids; for free()
 * @count: out: how many
 *
 * Return: 0; -EAGAIN if the list changed each time that it was read.
 */
int vcxl_dc_list(struct vcxl_device *dev, struct vfio_cxl_dc_extent **extents,
		 size_t *count);

/**
 * vcxl_dc_status - how a tag stands, or an extent
 * @dev: device
 * @status: in: @tag; or @extent with VFIO_CXL_DC_STATUS_EXTENT in @flags; @region
 *	with VFIO_CXL_DC_STATUS_REGION; out: all of it
 *
 * Return: 0; -ENOENT if it was never seen, or is not remembered; -EAGAIN while its
 * offer is not complete.
 */
int vcxl_dc_status(struct vcxl_device *dev, struct vfio_cxl_dc_status *status);

/**
 * vcxl_dc_accept - take what is offered
 * @dev: device
 * @decide: in: @tag, @offer, or @ids with @count; @reach: DEVICE or APP; the rest 0;
 *	out: @flags, with VFIO_CXL_DC_DECIDE_QUEUED if it is going to be so: then
 *	the log of changes tells when it is
 *
 * Return: 0; -ENOENT if nothing like that is offered or held; see there for the
 * others, and vcxl_error() for the driver's reason.
 */
int vcxl_dc_accept(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide);
/* Likewise, without a @reach: say no to what is offered */
int vcxl_dc_reject(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide);
/*
 * Likewise: give back. -EBUSY with reason DC_IN_USE while somebody uses it, unless
 * @flags has VFIO_CXL_DC_DECIDE_FORCE; or _DEFER: then @flags gets _DEFERRED, and
 * the log of changes tells when the use has ended and it is given back.
 */
int vcxl_dc_release(struct vcxl_device *dev, struct vfio_cxl_dc_decide *decide);

/**
 * vcxl_dc_deadline - until when an offer has to be decided
 * @dev: device
 * @offer: its number
 * @deadline: CLOCK_BOOTTIME, ns; it is refused then; or VFIO_CXL_DC_NEVER
 *
 * Return: 0; -ENOENT if it is answered already.
 */
int vcxl_dc_deadline(struct vcxl_device *dev, uint64_t offer, uint64_t deadline);

/**
 * vcxl_backend_create - set host memory aside under a tag
 * @dev: device
 * @create: in: @tag, @size, and with VFIO_CXL_BACKEND_NODE in @flags also @node; all
 *	else 0; out: @id and @huge
 * @fd: out: the owner's descriptor, for close(); it fills and reads the memory
 *	through a mapping of it, MAP_SHARED. The memory stays when it is closed
 *
 * Return: 0; -EEXIST, -EINVAL, -ENOSPC or -ENOMEM with a reason.
 */
int vcxl_backend_create(struct vcxl_device *dev,
			struct vfio_cxl_backend_create *create, int *fd);

/**
 * vcxl_backend_list - the host memory under tags
 * @dev: device
 * @backends: out: for free(), in the order in which they were made
 * @count: out: of them
 *
 * Return: 0; -EAGAIN if it changed each time that it was read.
 */
int vcxl_backend_list(struct vcxl_device *dev,
		      struct vfio_cxl_backend_info **backends, size_t *count);

/**
 * vcxl_backend_destroy - give that memory back to the host
 * @dev: device
 * @tag: of the backend
 * @id: its number, so that it is not another's of the same tag; or 0
 *
 * Its descriptors go dead: what is mapped of it raises SIGBUS.
 *
 * Return: 0; -ENOENT if there is none; -EBUSY while an extent has it.
 */
int vcxl_backend_destroy(struct vcxl_device *dev,
			 const uint8_t tag[VFIO_CXL_DC_TAG_LEN], uint64_t id);

/**
 * vcxl_dc_configure - make a window for host memory, or take it away
 * @dev: device, which must not be open
 * @configure: in: @regions, and unless that is 0 @size of each and @block, or 0; all
 *	else 0; out: @flags and @block
 *
 * From the next open on it is one more VFIO region, see vcxl_client_window().
 *
 * Return: 0; -EINVAL or -EBUSY with a reason.
 */
int vcxl_dc_configure(struct vcxl_device *dev,
		      struct vfio_cxl_dc_configure *configure);

/**
 * vcxl_dc_add - offer the host memory under a tag
 * @dev: device
 * @add: in: @tag of a backend, @region, from VFIO_CXL_DC_HOST_REGION on, @offset in
 *	that, and @backend or 0; all else 0; out: @backend, @extent and @offer
 *
 * It is PENDING then, and accepted and released like any other extent.
 *
 * Return: 0; -ENOENT, -EINVAL or -EBUSY with a reason.
 */
int vcxl_dc_add(struct vcxl_device *dev, struct vfio_cxl_dc_add *add);

/**
 * vcxl_dc_remove - ask for host memory back, or take it
 * @dev: device
 * @remove: in: @tag, and VFIO_CXL_DC_REMOVE_FORCE or 0 in @flags; all else 0
 *
 * Who can reach it is told, and releases it, as what a device asks for.
 *
 * Return: 0; -ENOENT if there is none; -EBUSY with DC_PENDING if nobody has taken it.
 */
int vcxl_dc_remove(struct vcxl_device *dev, struct vfio_cxl_dc_remove *remove);

/**
 * vcxl_dc_open - a descriptor of a tag
 * @dev: device
 * @open: in: @tag, COMMITTED with reach APP, and VFIO_CXL_DC_OPEN_RDONLY or 0 in @flags;
 *	all else 0; out: @size
 * @fd: out: for close(), and to be handed on: it maps the tag and nothing else, with
 *	MAP_SHARED, and poll() tells when the tag goes and comes. Close-on-exec
 *
 * Return: 0; -ENOENT if there is no such tag; -EBUSY with a reason; -EMFILE.
 */
int vcxl_dc_open(struct vcxl_device *dev, struct vfio_cxl_dc_open *open,
		 int *fd);

/**
 * vcxl_events_open - follow the log of changes
 * @dev: device; may be freed before the events
 * @events: out: for vcxl_events_close(); begins with the entry that comes next
 *
 * A change that is made after this returned is not missed: open it, make a change
 * or ask how things stand, then wait.
 *
 * Return: 0; what the control node could not be opened with.
 */
int vcxl_events_open(struct vcxl_device *dev, struct vcxl_events **events);
/* NULL is nothing to do */
void vcxl_events_close(struct vcxl_events *events);
/* For poll(), once vcxl_events_next() said -EAGAIN; to use and not to close */
int vcxl_events_fd(const struct vcxl_events *events);
/* Number of the next entry; it has a greater one if some are lost */
uint64_t vcxl_events_position(const struct vcxl_events *events);

/**
 * vcxl_events_seek - go to another entry
 * @events: log
 * @sequence: number of the entry to begin with; one that is not kept any more is
 *	told as lost
 *
 * Return: 0, or what lseek() failed with.
 */
int vcxl_events_seek(struct vcxl_events *events, uint64_t sequence);

/**
 * vcxl_events_next - the next entry
 * @events: log
 * @event: out
 *
 * Return: 0; -EAGAIN, without a vcxl_error(), if there is none yet; -ENODEV after
 * the last one, when the device was unbound.
 */
int vcxl_events_next(struct vcxl_events *events,
		     struct vfio_cxl_dc_event *event);

/**
 * vcxl_events_wait - wait for the next entry
 * @events: log
 * @timeout_ms: as for poll(), negative: for ever
 *
 * Return: 0 if there is one, or the device was unbound; -ETIMEDOUT, without a
 * vcxl_error(), if not; -EINTR if a signal came first.
 */
int vcxl_events_wait(struct vcxl_events *events, int timeout_ms);

/**
 * vcxl_cedt_window - a fixed memory window from the ACPI CEDT (9.18.1), without
 *	the driver
 * @ctx: context
 * @window: in: @index; out: the rest but flags and reason
 *
 * Needs root.
 *
 * Return: 0; -ENOENT past the last one (@total is valid); -EINVAL if the table is
 * damaged.
 */
int vcxl_cedt_window(struct vcxl *ctx, struct vfio_cxl_window *window);
/* False where firmware has no table */
bool vcxl_cedt_present(struct vcxl *ctx);

/**
 * vcxl_largest_free - the largest range that nothing else in the host has
 * @ctx: context
 * @base: host physical address of what is searched
 * @size: of what is searched
 * @free_base: out: a multiple of 256 MiB
 * @free_size: out: likewise, the units of a decoder (8.2.4.20.3); 0 if there is
 *	none
 *
 * Return: 0; -EACCES if /proc/iomem hides addresses from the caller.
 */
int vcxl_largest_free(struct vcxl *ctx, uint64_t base, uint64_t size,
		      uint64_t *free_base, uint64_t *free_size);

/*
 * VFIO client: what a VMM or a userspace driver does with the device. Needs the
 * VFIO nodes alone, not the control node.
 */

/**
 * vcxl_client_open - open a device, with a type1 container of its own
 * @dev: device, bound to cxl-vfio-pci; may be freed before the client
 * @client: out: for vcxl_client_close()
 *
 * Resets the device, and so does closing.
 *
 * Return: 0; -EBUSY while somebody else has it; -EOPNOTSUPP with a reason if it
 * has no memory: then it is a plain VFIO PCI device; -EINTR if a signal came while
 * it waited for the device.
 */
int vcxl_client_open(struct vcxl_device *dev, struct vcxl_client **client);

/**
 * vcxl_client_from_fd - use a VFIO device that the caller opened
 * @ctx: context
 * @fd: VFIO device fd, from a group or from /dev/vfio/devices; stays the
 *	caller's, who closes it after the client
 * @client: out: for vcxl_client_close()
 *
 * Neither resets nor changes anything.
 *
 * Return: 0; -ENOTTY if it is another driver's device; -EOPNOTSUPP with a reason
 * if it has no memory: use it as a plain VFIO PCI device; -EIO if what the driver
 * says makes no sense.
 */
int vcxl_client_from_fd(struct vcxl *ctx, int fd, struct vcxl_client **client);

/* Mappings stay; NULL is nothing to do */
void vcxl_client_close(struct vcxl_client *client);
/* The VFIO device fd, the client's or the caller's, to use and not to close */
int vcxl_client_fd(const struct vcxl_client *client);
/* VFIO_CXL_INFO on the device fd; the library fills in argsz */
int vcxl_client_info(struct vcxl_client *client, struct vfio_cxl_info *info);

/**
 * vcxl_client_cap - the CXL capability of VFIO_DEVICE_GET_INFO
 * @client: the device
 * @cap: out: @next means nothing here
 *
 * For where COMP_REGS lies in a BAR.
 *
 * Return: 0; -ENOENT if the driver was told not to show it (legacy_info=0), as
 * its numbers are not assigned by the kernel.
 */
int vcxl_client_cap(struct vcxl_client *client,
		    struct vfio_cxl_device_info_cap *cap);

/**
 * struct vcxl_client_region - a VFIO region with a type
 * @index: VFIO region index, another one with another driver
 * @flags: VFIO_REGION_INFO_FLAG_*
 * @size: bytes
 * @offset: of its first byte in the device fd
 */
struct vcxl_client_region {
	uint32_t index;
	uint32_t flags;
	uint64_t size;
	uint64_t offset;
};

/**
 * vcxl_client_region - find a region by type
 * @client: the device
 * @type: VFIO_CXL_REGION_TYPE
 * @subtype: VFIO_CXL_REGION_SUBTYPE_*
 * @region: out: the first of them; its offset and size fit an off_t
 *
 * Return: 0; -ENOENT if there is none.
 */
int vcxl_client_region(struct vcxl_client *client, uint32_t type,
		       uint32_t subtype, struct vcxl_client_region *region);

/**
 * struct vcxl_guest_decoder - an HDM decoder, as the guest sees it in COMP_REGS
 * @base: guest physical address; 0 until somebody places it
 * @size: bytes
 * @ctrl: HDM Decoder n Control register (8.2.4.20.7)
 * @total: how many decoders there are
 * @committed: Committed: the memory is live, placed or not
 * @error: Error Not Committed: the last commit was refused
 * @sealed: committed and locked: nothing changes it until the device is closed
 */
struct vcxl_guest_decoder {
	uint64_t base;
	uint64_t size;
	uint32_t ctrl;
	uint32_t total;
	bool committed;
	bool error;
	bool sealed;
};

/**
 * vcxl_client_decoder - read an HDM decoder as the guest sees it
 * @client: the device
 * @index: from 0; the memory is that of decoder 0
 * @decoder: out
 *
 * Walks the capability array of COMP_REGS (8.2.4).
 *
 * Return: 0; -ENOENT past the last one; -EIO if the registers make no sense.
 */
int vcxl_client_decoder(struct vcxl_client *client, unsigned int index,
			struct vcxl_guest_decoder *decoder);

#define VCXL_PROGRAM_SEAL	(1 << 0) /* COMMIT and LOCK, for good */
#define VCXL_PROGRAM_DRY_RUN	(1 << 1) /* check, change nothing */

/**
 * struct vcxl_program_result - what vcxl_client_program() did, or would do
 * @before: decoder 0 as it was found
 * @after: as it reads back; as it would with VCXL_PROGRAM_DRY_RUN
 * @already: nothing had to be done
 */
struct vcxl_program_result {
	struct vcxl_guest_decoder before;
	struct vcxl_guest_decoder after;
	bool already;
};

/**
 * vcxl_client_program - place the memory in the guest's address space
 * @client: the device
 * @gpa: guest physical address of its first byte, a multiple of 256 MiB
 *	(8.2.4.20.3), with room for all of it below 2^64
 * @flags: VCXL_PROGRAM_*
 * @result: out, or NULL
 *
 * What a guest's firmware does: BASE, then CTRL with Commit, in decoder 0 of
 * COMP_REGS; read back; and with VCXL_PROGRAM_SEAL once more with Lock On Commit,
 * read back too. Done before the guest starts, so that it finds a committed,
 * locked decoder, as behind firmware. Neither the physical decoder nor a mapping
 * moves: mapping the memory at @gpa is the VMM's. The seal outlives resets.
 *
 * If anything fails after the first write the decoder is put back as it was,
 * and vcxl_error() says so where that failed as well. A decoder that is so
 * already, sealed or not asked to be, is success with @already.
 *
 * Return: 0; -EINVAL if @gpa does not fit (RANGE_ALIGN, RANGE_SIZE), or somebody
 * gave the decoder another size or interleaving (INTERLEAVED); -EPERM if it is
 * sealed with another base (SEALED); -EAGAIN if the memory is not live
 * (NOT_LIVE); -EOPNOTSUPP if it was not committed at open (NOT_COMMITTED); -EIO
 * if the commit was refused (COMMIT_ERROR), or does not read back as written
 * (READBACK).
 */
int vcxl_client_program(struct vcxl_client *client, uint64_t gpa,
			unsigned int flags, struct vcxl_program_result *result);

/**
 * vcxl_client_reset - function level reset, as for a guest that reboots
 * @client: the device
 *
 * Returns when the memory is back: contents, mappings and decoder are as before,
 * and nothing is to be mapped or programmed again. While it lasts a touch of a
 * mapping raises SIGBUS.
 *
 * Return: 0; -EIO if the memory is not back (NOT_LIVE), or a decoder that was
 * sealed is no more as it was.
 */
int vcxl_client_reset(struct vcxl_client *client);

/**
 * vcxl_client_hot_reset - reset of the bus, with all devices on it
 * @client: the device
 * @groups: fds of the VFIO groups that own them, or NULL
 * @count: of @groups; 0 for the client's own group, or for a device from
 *	/dev/vfio/devices, whose iommufd context has to own them
 *
 * Else like vcxl_client_reset().
 *
 * Return: 0; -EIO likewise; what the kernel refuses it with while one of the
 * devices is somebody else's.
 */
int vcxl_client_hot_reset(struct vcxl_client *client, const int *groups,
			  size_t count);

uint64_t vcxl_client_memory_size(const struct vcxl_client *client);

/**
 * vcxl_client_map - map HDM memory
 * @client: the device
 * @offset: byte of the HDM memory to begin with, a multiple of the page size
 * @size: bytes, likewise, not 0
 * @addr: out: where it is, congruent to the host physical address, so that the
 *	driver can use its largest pages; for vcxl_client_unmap()
 *
 * Shared and write-back, for reading and writing, without struct pages for
 * O_DIRECT. A touch raises SIGBUS while the memory is not live.
 *
 * Return: 0; -EINVAL if @offset or @size does not fit; what mmap() failed with.
 */
int vcxl_client_map(struct vcxl_client *client, uint64_t offset, size_t size,
		    void **addr);

#define VCXL_MAP_REPLACE	(1 << 0) /* into what is reserved at @addr */
#define VCXL_MAP_SMALL_PAGES	(1 << 1) /* @addr need not be congruent */

/**
 * vcxl_client_map_at - map HDM memory at a chosen address
 * @client: the device
 * @offset: byte of the HDM memory to begin with, a multiple of the page size
 * @size: bytes, likewise, not 0
 * @addr: a multiple of the page size; modulo map_align of struct vfio_cxl_info
 *	it has to be (map_offset + @offset) modulo map_align, unless
 *	VCXL_MAP_SMALL_PAGES
 * @flags: VCXL_MAP_*
 *
 * With VCXL_MAP_REPLACE all of the range has to be mapped, and is replaced:
 * whatever it was, so only for the caller's own reservation. To get that back,
 * map it again with PROT_NONE and MAP_FIXED instead of vcxl_client_unmap().
 *
 * Return: 0; -EINVAL if an argument does not fit; -EEXIST if something is mapped
 * there, -ENOMEM if with VCXL_MAP_REPLACE something is not; what mmap() failed
 * with.
 */
int vcxl_client_map_at(struct vcxl_client *client, uint64_t offset, size_t size,
		       void *addr, unsigned int flags);
int vcxl_client_unmap(struct vcxl_client *client, void *addr, size_t size);

/*
 * By pread() and pwrite(), without a mapping: all @size bytes, or an error, with
 * some of them done. -EIO while the memory is not live.
 */
int vcxl_client_read(struct vcxl_client *client, uint64_t offset, void *buf,
		     size_t size);
int vcxl_client_write(struct vcxl_client *client, uint64_t offset,
		      const void *buf, size_t size);

/**
 * vcxl_client_window - the window for host memory
 * @client: the device
 * @window: out: its VFIO region
 *
 * Return: 0; -ENOENT if there was none when the device was opened.
 */
int vcxl_client_window(struct vcxl_client *client,
		       struct vcxl_client_region *window);

/**
 * vcxl_client_map_window - map the window for host memory, whole
 * @client: the device
 * @addr: out: where it is, so that the kernel can use pages of 2 MiB; for
 *	vcxl_client_unmap()
 * @size: out: bytes
 *
 * Shared, for reading and writing. What is accepted stands in it at @offset of its
 * extent, and is ordinary memory for who pins it; a touch of all else raises SIGBUS.
 *
 * Return: 0; -ENOENT likewise; what mmap() failed with.
 */
int vcxl_client_map_window(struct vcxl_client *client, void **addr,
			   size_t *size);

/*
 * Dynamic Capacity as a tenant has it: like vcxl_dc_info() and so on, but on the
 * device fd. It knows what is offered, its own extents, and those for any tenancy;
 * it accepts with @reach TENANT, and its release is its consent, in use or not.
 */
int vcxl_client_dc_info(struct vcxl_client *client,
			struct vfio_cxl_dc_info *info);
int vcxl_client_dc_list(struct vcxl_client *client,
			struct vfio_cxl_dc_extent **extents, size_t *count);
int vcxl_client_dc_status(struct vcxl_client *client,
			  struct vfio_cxl_dc_status *status);
int vcxl_client_dc_accept(struct vcxl_client *client,
			  struct vfio_cxl_dc_decide *decide);
int vcxl_client_dc_reject(struct vcxl_client *client,
			  struct vfio_cxl_dc_decide *decide);
int vcxl_client_dc_release(struct vcxl_client *client,
			   struct vfio_cxl_dc_decide *decide);

/**
 * vcxl_client_dc_eventfd - be told of changes
 * @client: the device
 * @fd: an eventfd, signalled for each; -1: none
 *
 * What changed is not said: list, or ask again. Ends when the device is closed.
 *
 * Return: 0; -EINVAL or -EBADF if @fd is no eventfd.
 */
int vcxl_client_dc_eventfd(struct vcxl_client *client, int fd);

#ifdef __cplusplus
}
#endif

#endif /* LIBVFIO_CXL_H */
