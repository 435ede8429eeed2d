/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libvfio-cxl: CXL memory devices and the cxl-vfio-pci driver, from user space
 *
 * A struct vcxl is where everything starts; it belongs to one thread. Functions
 * return 0 or a negative errno; vcxl_error() then tells what was in the way and
 * what can be done about it. The library never prints, never exits and touches
 * no signal.
 */
#ifndef LIBVFIO_CXL_H
#define LIBVFIO_CXL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/vfio_cxl.h>

#define VCXL_DRIVER	"cxl-vfio-pci"	/* pci_driver.name */
#define VCXL_MODULE	"cxl_vfio_pci"	/* below /sys/module */
#define VCXL_NAME_LEN	64

struct vcxl;
struct vcxl_device;
struct vcxl_client;

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

/* Context. VFIO_CXL_SYSROOT stands before every path, unless setuid. */
int vcxl_new(struct vcxl **ctx);
void vcxl_free(struct vcxl *ctx);
const struct vcxl_error *vcxl_error(const struct vcxl *ctx);
void vcxl_set_log(struct vcxl *ctx, void (*log)(const char *line));

/* Names and sentences; NULL for a number that this library doesn't know */
const char *vcxl_reason_name(uint32_t reason);
const char *vcxl_reason_why(uint32_t reason);
const char *vcxl_reason_next(uint32_t reason);
const char *vcxl_origin_name(uint32_t origin);
const char *vcxl_mem_mode_name(uint32_t mode);
/* Bit @bit of a field of flags */
const char *vcxl_info_flag_name(unsigned int bit);
const char *vcxl_gate_name(unsigned int bit);
const char *vcxl_gate_why(unsigned int bit);
const char *vcxl_window_flag_name(unsigned int bit);
const char *vcxl_restriction_name(unsigned int bit);
const char *vcxl_decoder_flag_name(unsigned int bit);
const char *vcxl_errno_name(int err);

/*
 * Devices. vcxl_devices() gives every PCI function that is CXL memory, by
 * address; vcxl_device_get() finds one, of whatever kind, by full or short PCI
 * address, serial number, vfioN or VFIO group node.
 */
int vcxl_devices(struct vcxl *ctx, struct vcxl_device ***devs, size_t *count);
void vcxl_devices_free(struct vcxl_device **devs, size_t count);
int vcxl_device_get(struct vcxl *ctx, const char *name,
		    struct vcxl_device **dev);
void vcxl_device_free(struct vcxl_device *dev);
/* Read driver, override and group again */
int vcxl_device_refresh(struct vcxl_device *dev);

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
bool vcxl_device_serial(const struct vcxl_device *dev, uint64_t *serial);
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

int vcxl_device_control_node(const struct vcxl_device *dev,
			     struct vcxl_node *node);
int vcxl_device_group_node(const struct vcxl_device *dev,
			   struct vcxl_node *node);

/* -ENOENT if it isn't loaded, or built in */
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

/*
 * One at a time for each device, else -EBUSY after some seconds. Both may leave
 * a device without a driver when they are ended by a signal; either, called
 * again, goes on from there. Callers block the signals that they care for.
 *
 * vcxl_unbind() returns -EREMOTEIO when the device left cxl-vfio-pci, but the
 * driver that it should go back to did not take it; called again, it tries
 * again.
 */
int vcxl_bind(struct vcxl_device *dev, unsigned int flags,
	      struct vcxl_bind_result *result);
int vcxl_unbind(struct vcxl_device *dev, unsigned int flags,
		struct vcxl_bind_result *result);

/*
 * Control node. The library fills in argsz; @index is set by the caller where
 * there is one.
 */
int vcxl_info(struct vcxl_device *dev, struct vfio_cxl_info *info);
int vcxl_window(struct vcxl_device *dev, struct vfio_cxl_window *window);
int vcxl_decoder(struct vcxl_device *dev, struct vfio_cxl_decoder *decoder);
int vcxl_decoder_program(struct vcxl_device *dev,
			 struct vfio_cxl_decoder_program *program);
int vcxl_decoder_clear(struct vcxl_device *dev,
		       struct vfio_cxl_decoder_clear *clear);

/*
 * Fixed memory windows from the ACPI CEDT, without the driver. -ENOENT past the
 * last one; vcxl_cedt_present() is false where firmware has no table.
 */
bool vcxl_cedt_present(struct vcxl *ctx);
int vcxl_cedt_window(struct vcxl *ctx, struct vfio_cxl_window *window);
/*
 * The largest range of [base, base + size) that nothing else in the host has,
 * in units of 256 MiB; a size of 0 if there is none. -EACCES if /proc/iomem
 * hides addresses from the caller.
 */
int vcxl_largest_free(struct vcxl *ctx, uint64_t base, uint64_t size,
		      uint64_t *free_base, uint64_t *free_size);

/*
 * VFIO client. Opening resets the device.
 */
int vcxl_client_open(struct vcxl_device *dev, struct vcxl_client **client);
void vcxl_client_close(struct vcxl_client *client);
int vcxl_client_info(struct vcxl_client *client, struct vfio_cxl_info *info);
int vcxl_client_reset(struct vcxl_client *client);
/**
 * vcxl_client_map - map HDM memory
 * @client: the device
 * @offset: byte of the HDM memory to begin with, a multiple of the page size
 * @size: bytes, likewise
 * @addr: out: where it is, congruent to the host physical address, so that the
 *	driver can use its largest pages
 *
 * Return: 0 or a negative errno
 */
int vcxl_client_map(struct vcxl_client *client, uint64_t offset, size_t size,
		    void **addr);
int vcxl_client_unmap(struct vcxl_client *client, void *addr, size_t size);
/* All @size bytes, or an error */
int vcxl_client_read(struct vcxl_client *client, uint64_t offset, void *buf,
		     size_t size);
int vcxl_client_write(struct vcxl_client *client, uint64_t offset,
		      const void *buf, size_t size);
uint64_t vcxl_client_memory_size(const struct vcxl_client *client);

#endif /* LIBVFIO_CXL_H */
