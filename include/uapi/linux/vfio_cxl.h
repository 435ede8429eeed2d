/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * vfio-cxl: the contract between the cxl-vfio-pci driver and user space
 *
 * Two nodes speak the ioctls below, with the same numbers:
 *
 *  - the VFIO device fd of a device bound to cxl-vfio-pci (a VMM, a userspace
 *    driver). It never tells a host physical address;
 *  - the control node /dev/vfio-cxl/<BDF>, mode 0600 (root, the vfio-cxl
 *    helper, an orchestrator). It does not reset the device when opened.
 *
 * Every struct starts with @argsz, which the caller sets to the size it was
 * compiled with, and @flags. A larger struct than the driver's is accepted as
 * long as the unknown tail is zero; unknown flags and non-zero reserved fields
 * are refused, so that they can get a meaning later. Of a struct that has grown the
 * caller with an older, shorter one gets as much as that has. All structs have the
 * same layout for 32 and 64 bit callers.
 *
 * Each errno has one meaning:
 *
 *  EINVAL      malformed: a size, flag, reserved field or value is wrong
 *  E2BIG       newer than this driver: the tail of the struct is not zero
 *  ENOTTY      no such ioctl on this node
 *  EOPNOTSUPP  this device, or the path to it, can't do that
 *  ENOENT      no such decoder, window, tag, offer, extent or backend
 *  EEXIST      there is one with this tag already
 *  EBUSY       in use, or the device is open
 *  EAGAIN      not now (the media is not ready, a reset is under way): try again
 *  ENOSPC      no room in the fixed memory window, or for one more
 *  EPERM       not yours: the caller lacks a capability, or the object belongs
 *              to firmware or is locked
 *  EIO         the device answered wrongly
 *  ENODEV      the device is gone
 *  ENOMEM      the kernel had no memory left
 *  EFAULT      the struct can't be read; or written, then what was asked for may be
 *              done, but for descriptors: none is left that nobody knows of
 *  EINTR       a signal came first, nothing was done
 *
 * Where an errno has several causes, @reason of the struct tells which one, and
 * @element, where it has one, names the thing in the way; both are valid when
 * the ioctl fails with any of EINVAL, ENOENT, EEXIST, EOPNOTSUPP, EBUSY, EAGAIN,
 * ENOSPC, EPERM, EIO and ENOMEM (reason NONE: the errno says all).
 *
 * Section numbers are those of the CXL Specification 3.1.
 */
#ifndef _UAPI_LINUX_VFIO_CXL_H
#define _UAPI_LINUX_VFIO_CXL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Revision of this contract; grows when something is added */
#define VFIO_CXL_ABI_VERSION	8

#define VFIO_CXL_TYPE		0xDC

/*
 * VFIO device info: flag, capability and region types.
 *
 * The flag bit and the capability id are not assigned by the kernel. They are
 * the ones that shipped VMMs know. A client written for this driver detects it
 * with VFIO_CXL_INFO on the device fd instead.
 */
#define VFIO_CXL_DEVICE_FLAGS_CXL	(1 << 9)
#define VFIO_CXL_DEVICE_INFO_CAP_CXL	6

/**
 * struct vfio_cxl_device_info_cap - capability of VFIO_DEVICE_GET_INFO
 * @id: VFIO_CXL_DEVICE_INFO_CAP_CXL
 * @version: 1
 * @next: offset of the next capability, or 0
 * @hdm_regs_bar_index: the BAR that holds the component register block
 * @reserved: 0
 * @flags: VFIO_CXL_CAP_*
 * @hdm_regs_offset: offset in that BAR of the CXL.cache/mem registers, that is
 *	of the component register block plus 0x1000; offset 0 of the COMP_REGS
 *	region stands for this place
 * @dpa_region_index: VFIO region index of the HDM memory
 * @comp_regs_region_index: VFIO region index of COMP_REGS
 *
 * Begins with the fields of struct vfio_info_cap_header. Present only while
 * the device's memory can be used.
 */
struct vfio_cxl_device_info_cap {
	__u16 id;
	__u16 version;
	__u32 next;
	__u8 hdm_regs_bar_index;
	__u8 reserved[3];
	__u32 flags;
/* Decoder 0 was committed, with a size, before this open: the memory is live */
#define VFIO_CXL_CAP_FIRMWARE_COMMITTED	(1 << 0)
/* Cache_Capable of the CXL Device DVSEC (8.1.3.1) */
#define VFIO_CXL_CAP_CACHE_CAPABLE	(1 << 1)
	__aligned_u64 hdm_regs_offset;
	__u32 dpa_region_index;
	__u32 comp_regs_region_index;
};

/*
 * Region types. HDM memory is what decoder 0 decodes, from its base on: read,
 * write, mmap (MAP_SHARED), write-back. COMP_REGS is the decoder as the user
 * may see and program it: little endian, 4 byte accesses only. HOST_WINDOW is the
 * window for host memory of VFIO_CXL_DC_CONFIGURE: read, write, mmap (MAP_SHARED).
 */
#define VFIO_CXL_REGION_TYPE			0x80001e98
#define VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY	1
#define VFIO_CXL_REGION_SUBTYPE_COMP_REGS	2
#define VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW	0x80000001

/**
 * enum vfio_cxl_reason - why something is not so, or was refused
 * @VFIO_CXL_REASON_NONE: nothing is wrong
 * @VFIO_CXL_REASON_NO_HDM: the device has no HDM decoder capability (8.2.4.20)
 * @VFIO_CXL_REASON_NOT_COMMITTED: decoder 0 is not committed: program it
 * @VFIO_CXL_REASON_MEDIA_NOT_READY: Memory_Active (8.1.3.8.2) is not set yet
 * @VFIO_CXL_REASON_NO_CAPACITY: the CXL Device DVSEC shows no static capacity,
 *	and no size was given
 * @VFIO_CXL_REASON_INTERLEAVED: the decoder interleaves; only one way works
 * @VFIO_CXL_REASON_NO_CEDT: firmware gives no CXL Early Discovery Table, or a
 *	damaged one
 * @VFIO_CXL_REASON_NO_WINDOW: no fixed memory window has the device's host
 *	bridge as its single target
 * @VFIO_CXL_REASON_WINDOW_TYPE: the window's restrictions (9.18.1.3) exclude
 *	this device, or fix its configuration
 * @VFIO_CXL_REASON_WINDOW_FULL: no free range of that size in the window
 * @VFIO_CXL_REASON_PATH_RCH: the device is not below a CXL root port
 * @VFIO_CXL_REASON_PATH_PORTS: the host bridge has several root ports and its
 *	decoders route nothing to this one
 * @VFIO_CXL_REASON_PATH_SWITCH: a switch stands between root port and device,
 *	and its decoders route nothing there, or can't be read
 * @VFIO_CXL_REASON_PATH_DECODER: no decoder of the element, committed and not
 *	interleaved, routes all of this range here, or another one claims a part
 * @VFIO_CXL_REASON_RANGE_ALIGN: base, size and skip must be multiples of
 *	256 MiB, and the size not 0
 * @VFIO_CXL_REASON_RANGE_WINDOW: the range is not inside a window of the device
 * @VFIO_CXL_REASON_RANGE_BUSY: something else in the host has the range
 * @VFIO_CXL_REASON_RANGE_CAPACITY: the range ends behind the device's capacity;
 *	or it begins behind the static one, the device says nothing of more, and no
 *	size was given
 * @VFIO_CXL_REASON_MEMTYPE: the range can't be mapped write-back
 * @VFIO_CXL_REASON_OPEN: the VFIO device is open, or there are descriptors of tags of its
 *	Dynamic Capacity
 * @VFIO_CXL_REASON_FIRMWARE: firmware committed the decoder; it is never
 *	changed
 * @VFIO_CXL_REASON_LOCKED: the decoder is locked; only a reset undoes it
 * @VFIO_CXL_REASON_COMMITTED: the decoder is committed with other values; clear
 *	it first
 * @VFIO_CXL_REASON_COMMIT_ERROR: the device answered the commit with
 *	Error Not Committed
 * @VFIO_CXL_REASON_COMMIT_TIMEOUT: Committed did not come, or did not go, in
 *	time
 * @VFIO_CXL_REASON_READBACK: the decoder does not read back as it was written
 * @VFIO_CXL_REASON_NOT_LIVE: a reset or another event is under way, or the memory
 *	did not come back after one; see @gate of VFIO_CXL_INFO
 * @VFIO_CXL_REASON_DVSEC_LOCKED: CONFIG_LOCK of the CXL Device DVSEC keeps
 *	Mem_Enable off
 * @VFIO_CXL_REASON_RANGE_SIZE: a VFIO region holds 1 TiB at most
 * @VFIO_CXL_REASON_NO_MEMORY: the kernel had no memory left
 * @VFIO_CXL_REASON_SEALED: the decoder that the guest sees is sealed; clear it
 *	first
 * @VFIO_CXL_REASON_DC_LENGTH: the extent is empty, or wraps around
 * @VFIO_CXL_REASON_DC_REGION: the extent is in no region, or in more than one
 * @VFIO_CXL_REASON_DC_ALIGN: the extent is no multiple of its region's blocks,
 *	or of a page
 * @VFIO_CXL_REASON_DC_OVERLAP: the extent overlaps another one
 * @VFIO_CXL_REASON_DC_TAG_LIVE: the tag has extents already, here or on
 *	another device
 * @VFIO_CXL_REASON_DC_TAG_NULL: an extent of a sharable region has no tag
 * @VFIO_CXL_REASON_DC_SEQUENCE: the extents of a tag are not numbered as they
 *	must be: from 0 or 1 on without a gap in a sharable region, not at all
 *	in others
 * @VFIO_CXL_REASON_DC_TAG_WHOLE: a tag is taken and given back whole: name all
 *	its extents; or another extent of the tag was refused
 * @VFIO_CXL_REASON_DC_NOT_COVERED: decoder 0 does not decode the extent
 * @VFIO_CXL_REASON_DC_DAMAGED: the device's records of the offer make no sense
 * @VFIO_CXL_REASON_DC_TIMEOUT: the rest of the offer did not come in time
 * @VFIO_CXL_REASON_DC_OVERFLOW: the device's log overflowed while the offer
 *	came
 * @VFIO_CXL_REASON_DC_LIMIT: more offers or extents than the driver keeps, or
 *	than fit into one answer
 * @VFIO_CXL_REASON_DC_DEADLINE: nobody accepted the offer in time
 * @VFIO_CXL_REASON_DC_REFUSED: a user rejected it
 * @VFIO_CXL_REASON_DC_UNBOUND: the driver is being unbound
 * @VFIO_CXL_REASON_DC_DEVICE: the device answered with an error: see its
 *	return code
 * @VFIO_CXL_REASON_DC_DEVICE_BUSY: the device was busy for too long, or did
 *	not answer
 * @VFIO_CXL_REASON_DC_IN_USE: the memory was touched since it was last
 *	unmapped
 * @VFIO_CXL_REASON_DC_COLLECTING: the offer is not complete yet
 * @VFIO_CXL_REASON_DC_PENDING: it is offered, not accepted: accept or reject
 *	it
 * @VFIO_CXL_REASON_DC_DECIDED: its answer is decided already
 * @VFIO_CXL_REASON_DC_COMMITTED: it is accepted: release it
 * @VFIO_CXL_REASON_DC_RELEASING: it is being given back, or is going to be once its
 *	use ends
 * @VFIO_CXL_REASON_DC_REACH: it is accepted for another kind of user: release
 *	it first
 * @VFIO_CXL_REASON_DC_TENANCY: the tenancy that it was accepted for has ended
 * @VFIO_CXL_REASON_DC_FORCED: the device took it away; or VFIO_CXL_DC_REMOVE did
 * @VFIO_CXL_REASON_DC_MISSING: the device's list no longer has it
 * @VFIO_CXL_REASON_DC_RECOVERED: the device's list has it, and nothing is
 *	known of how it came there
 * @VFIO_CXL_REASON_DC_MISMATCH: the device asks for a part of it, or by
 *	another tag
 * @VFIO_CXL_REASON_DC_NO_MAILBOX: the device has no mailbox that can be used
 * @VFIO_CXL_REASON_DC_NOT_CAPABLE: the device does no Dynamic Capacity: its Command
 *	Effects Log (8.2.9.5.2.1) does not list all of 4800h to 4803h
 * @VFIO_CXL_REASON_DC_NOT_SYNCED: regions or extents could not be read from the
 *	device yet; it is asked again
 * @VFIO_CXL_REASON_BACKEND_TAG: a backend needs a tag that is not all zero
 * @VFIO_CXL_REASON_BACKEND_EXISTS: the device has a backend with this tag, or one
 *	is being made
 * @VFIO_CXL_REASON_BACKEND_SIZE: the size of a backend is a multiple of a page, and
 *	not 0
 * @VFIO_CXL_REASON_BACKEND_NODE: the host has no such NUMA node, or no memory there
 * @VFIO_CXL_REASON_BACKEND_LIMIT: a device has 4096 backends at most
 * @VFIO_CXL_REASON_BACKEND_NONE: the device has no backend with this tag, or it is
 *	being made
 * @VFIO_CXL_REASON_BACKEND_RESERVED: an extent has the backend; it is free again once
 *	that is rejected, released or revoked
 * @VFIO_CXL_REASON_BACKEND_HELD: somebody still holds pages of the backend: a DMA map,
 *	a pin
 * @VFIO_CXL_REASON_BACKEND_BLOCK: the backend's size is no multiple of the region's
 *	blocks
 * @VFIO_CXL_REASON_HOST_WINDOW: the device has no window for host memory
 * @VFIO_CXL_REASON_HOST_REGIONS: a window for host memory has 8 regions at most
 * @VFIO_CXL_REASON_HOST_BLOCK: the size of a block is a power of two, and a page at
 *	least
 * @VFIO_CXL_REASON_HOST_SIZE: the size of a region is a multiple of its blocks, and
 *	not 0
 * @VFIO_CXL_REASON_HOST_EXTENTS: there are extents in the window for host memory
 * @VFIO_CXL_REASON_HOST_OUTSIDE: the extent ends behind its region
 */
enum vfio_cxl_reason {
	VFIO_CXL_REASON_NONE,
	VFIO_CXL_REASON_NO_HDM,
	VFIO_CXL_REASON_NOT_COMMITTED,
	VFIO_CXL_REASON_MEDIA_NOT_READY,
	VFIO_CXL_REASON_NO_CAPACITY,
	VFIO_CXL_REASON_INTERLEAVED,
	VFIO_CXL_REASON_NO_CEDT,
	VFIO_CXL_REASON_NO_WINDOW,
	VFIO_CXL_REASON_WINDOW_TYPE,
	VFIO_CXL_REASON_WINDOW_FULL,
	VFIO_CXL_REASON_PATH_RCH,
	VFIO_CXL_REASON_PATH_PORTS,
	VFIO_CXL_REASON_PATH_SWITCH,
	VFIO_CXL_REASON_PATH_DECODER,
	VFIO_CXL_REASON_RANGE_ALIGN,
	VFIO_CXL_REASON_RANGE_WINDOW,
	VFIO_CXL_REASON_RANGE_BUSY,
	VFIO_CXL_REASON_RANGE_CAPACITY,
	VFIO_CXL_REASON_MEMTYPE,
	VFIO_CXL_REASON_OPEN,
	VFIO_CXL_REASON_FIRMWARE,
	VFIO_CXL_REASON_LOCKED,
	VFIO_CXL_REASON_COMMITTED,
	VFIO_CXL_REASON_COMMIT_ERROR,
	VFIO_CXL_REASON_COMMIT_TIMEOUT,
	VFIO_CXL_REASON_READBACK,
	VFIO_CXL_REASON_NOT_LIVE,
	VFIO_CXL_REASON_DVSEC_LOCKED,
	VFIO_CXL_REASON_RANGE_SIZE,
	VFIO_CXL_REASON_NO_MEMORY,
	VFIO_CXL_REASON_SEALED,
	VFIO_CXL_REASON_DC_LENGTH,
	VFIO_CXL_REASON_DC_REGION,
	VFIO_CXL_REASON_DC_ALIGN,
	VFIO_CXL_REASON_DC_OVERLAP,
	VFIO_CXL_REASON_DC_TAG_LIVE,
	VFIO_CXL_REASON_DC_TAG_NULL,
	VFIO_CXL_REASON_DC_SEQUENCE,
	VFIO_CXL_REASON_DC_TAG_WHOLE,
	VFIO_CXL_REASON_DC_NOT_COVERED,
	VFIO_CXL_REASON_DC_DAMAGED,
	VFIO_CXL_REASON_DC_TIMEOUT,
	VFIO_CXL_REASON_DC_OVERFLOW,
	VFIO_CXL_REASON_DC_LIMIT,
	VFIO_CXL_REASON_DC_DEADLINE,
	VFIO_CXL_REASON_DC_REFUSED,
	VFIO_CXL_REASON_DC_UNBOUND,
	VFIO_CXL_REASON_DC_DEVICE,
	VFIO_CXL_REASON_DC_DEVICE_BUSY,
	VFIO_CXL_REASON_DC_IN_USE,
	VFIO_CXL_REASON_DC_COLLECTING,
	VFIO_CXL_REASON_DC_PENDING,
	VFIO_CXL_REASON_DC_DECIDED,
	VFIO_CXL_REASON_DC_COMMITTED,
	VFIO_CXL_REASON_DC_RELEASING,
	VFIO_CXL_REASON_DC_REACH,
	VFIO_CXL_REASON_DC_TENANCY,
	VFIO_CXL_REASON_DC_FORCED,
	VFIO_CXL_REASON_DC_MISSING,
	VFIO_CXL_REASON_DC_RECOVERED,
	VFIO_CXL_REASON_DC_MISMATCH,
	VFIO_CXL_REASON_DC_NO_MAILBOX,
	VFIO_CXL_REASON_DC_NOT_CAPABLE,
	VFIO_CXL_REASON_DC_NOT_SYNCED,
	VFIO_CXL_REASON_BACKEND_TAG,
	VFIO_CXL_REASON_BACKEND_EXISTS,
	VFIO_CXL_REASON_BACKEND_SIZE,
	VFIO_CXL_REASON_BACKEND_NODE,
	VFIO_CXL_REASON_BACKEND_LIMIT,
	VFIO_CXL_REASON_BACKEND_NONE,
	VFIO_CXL_REASON_BACKEND_RESERVED,
	VFIO_CXL_REASON_BACKEND_HELD,
	VFIO_CXL_REASON_BACKEND_BLOCK,
	VFIO_CXL_REASON_HOST_WINDOW,
	VFIO_CXL_REASON_HOST_REGIONS,
	VFIO_CXL_REASON_HOST_BLOCK,
	VFIO_CXL_REASON_HOST_SIZE,
	VFIO_CXL_REASON_HOST_EXTENTS,
	VFIO_CXL_REASON_HOST_OUTSIDE,
};

/* Length of @element, with its terminating zero */
#define VFIO_CXL_ELEMENT_LEN	48

/**
 * enum vfio_cxl_origin - who committed decoder 0
 * @VFIO_CXL_ORIGIN_NONE: nobody, it is not committed
 * @VFIO_CXL_ORIGIN_FIRMWARE: found committed when the driver was bound, before
 *	any write of the driver's
 * @VFIO_CXL_ORIGIN_DRIVER: VFIO_CXL_DECODER_PROGRAM
 */
enum vfio_cxl_origin {
	VFIO_CXL_ORIGIN_NONE,
	VFIO_CXL_ORIGIN_FIRMWARE,
	VFIO_CXL_ORIGIN_DRIVER,
};

/**
 * enum vfio_cxl_mem_mode - how the kernel holds the memory
 * @VFIO_CXL_MEM_NONE: there is no memory
 * @VFIO_CXL_MEM_MEMREMAP: mapped without struct pages; KVM on Intel processors
 *	maps such memory uncached into a guest
 * @VFIO_CXL_MEM_PAGES: mapped with struct pages, so that KVM on Intel processors
 *	maps it write-back too
 */
enum vfio_cxl_mem_mode {
	VFIO_CXL_MEM_NONE,
	VFIO_CXL_MEM_MEMREMAP,
	VFIO_CXL_MEM_PAGES,
};

/*
 * Gate reasons: while any bit is set the memory is not live; a touch of its
 * mapping raises SIGBUS, read and write fail with EIO.
 */
#define VFIO_CXL_GATE_UNRESTORED	(1 << 0) /* decoder not (yet) restored */
#define VFIO_CXL_GATE_OPEN		(1 << 1) /* VFIO is opening the device */
#define VFIO_CXL_GATE_CLOSE		(1 << 2) /* VFIO is closing the device */
#define VFIO_CXL_GATE_RESET		(1 << 3) /* a reset is under way */
#define VFIO_CXL_GATE_DECODER		(1 << 4) /* decoder 0 is being changed */
#define VFIO_CXL_GATE_REMOVED		(1 << 5) /* the driver is being unbound */
#define VFIO_CXL_GATE_ERROR		(1 << 6) /* fatal error: reset the device */
#define VFIO_CXL_GATE_SUSPEND		(1 << 7) /* the system sleeps */
#define VFIO_CXL_GATE_CXL_RESET		(1 << 8) /* the user asked for a CXL reset */

/**
 * struct vfio_cxl_info - what this device is and how its memory stands
 * @argsz: in: sizeof(struct vfio_cxl_info)
 * @flags: in: 0; out: VFIO_CXL_INFO_*
 * @abi_version: out: VFIO_CXL_ABI_VERSION of the driver
 * @reason: out: enum vfio_cxl_reason, why there is no memory (without
 *	VFIO_CXL_INFO_MEMORY)
 * @origin: out: enum vfio_cxl_origin
 * @mem_mode: out: enum vfio_cxl_mem_mode
 * @gate: out: VFIO_CXL_GATE_*, why the memory is not live; 0 if it is
 * @decoder_count: out: HDM decoders of the device
 * @memory_size: out: bytes that decoder 0 decodes, the size of the HDM memory
 *	region
 * @static_capacity: out: bytes of volatile and persistent capacity, from the
 *	CXL Device DVSEC ranges (8.1.3.8)
 * @dpa_skip: out: DPA of the first byte of the HDM memory region
 * @page_sizes: out: bit mask of the page sizes the driver maps with
 * @map_align: out: for the largest pages, mmap the region's offset 0 at an
 *	address A with A modulo @map_align equal to @map_offset; a power of two
 * @map_offset: out: see @map_align
 * @memory_region: out: VFIO region index of the HDM memory (device fd, with
 *	VFIO_CXL_INFO_MEMORY)
 * @comp_regs_region: out: VFIO region index of COMP_REGS, likewise
 * @element: out: what @reason is about: a PCI address, a resource; or empty
 *
 * Both nodes, no capability needed. The numbers tell nothing of the host's
 * address map but the two address bits in @map_offset.
 */
struct vfio_cxl_info {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_INFO_MEMORY		(1 << 0) /* there is HDM memory */
#define VFIO_CXL_INFO_LIVE		(1 << 1) /* and it can be touched now */
#define VFIO_CXL_INFO_OPEN		(1 << 2) /* the VFIO device is open */
#define VFIO_CXL_INFO_LOCKED		(1 << 3) /* decoder 0 is locked in hardware */
#define VFIO_CXL_INFO_SEALED		(1 << 4) /* the tenancy sealed decoder 0 */
#define VFIO_CXL_INFO_CACHE_CAPABLE	(1 << 5) /* the device can do CXL.cache */
	__u32 abi_version;
	__u32 reason;
	__u32 origin;
	__u32 mem_mode;
	__u32 gate;
	__u32 decoder_count;
	__aligned_u64 memory_size;
	__aligned_u64 static_capacity;
	__aligned_u64 dpa_skip;
	__aligned_u64 page_sizes;
	__aligned_u64 map_align;
	__aligned_u64 map_offset;
	__u32 memory_region;
	__u32 comp_regs_region;
	char element[VFIO_CXL_ELEMENT_LEN];
};

#define VFIO_CXL_INFO		_IO(VFIO_CXL_TYPE, 0x00)

#define VFIO_CXL_WINDOW_TARGETS	16

/**
 * struct vfio_cxl_window - a fixed memory window (9.18.1.3) seen from a device
 * @argsz: in: sizeof(struct vfio_cxl_window)
 * @flags: in: 0; out: VFIO_CXL_WINDOW_*
 * @index: in: which window, from 0, in the order of the CEDT
 * @total: out: number of windows
 * @base: out: host physical address of the first byte
 * @size: out: bytes
 * @ways: out: interleave ways, 1 to 16
 * @granularity: out: interleave granularity in bytes
 * @restrictions: out: Window Restrictions, as in the CEDT
 * @qtg_id: out: QoS throttling group
 * @targets: out: _UID of the host bridges, @ways of them
 * @reason: out: enum vfio_cxl_reason, why the window can't serve the device
 *	(without VFIO_CXL_WINDOW_USABLE)
 * @reserved: 0
 * @element: out: what @reason is about, or empty
 *
 * Control node. ENOENT past the last one (@total is valid); EOPNOTSUPP with
 * VFIO_CXL_REASON_NO_CEDT where there are none.
 */
struct vfio_cxl_window {
	__u32 argsz;
	__u32 flags;
/* Path and restrictions allow a decoder of the device here, room or not */
#define VFIO_CXL_WINDOW_USABLE	(1 << 0)
/* Decoder 0 decodes in here */
#define VFIO_CXL_WINDOW_USED	(1 << 1)
	__u32 index;
	__u32 total;
	__aligned_u64 base;
	__aligned_u64 size;
	__u32 ways;
	__u32 granularity;
	__u32 restrictions;
	__u32 qtg_id;
	__u32 targets[VFIO_CXL_WINDOW_TARGETS];
	__u32 reason;
	__u32 reserved;
	char element[VFIO_CXL_ELEMENT_LEN];
};

#define VFIO_CXL_WINDOW		_IO(VFIO_CXL_TYPE, 0x01)

/**
 * struct vfio_cxl_decoder - an HDM decoder, as hardware has it and as the user
 *	of the VFIO device sees it
 * @argsz: in: sizeof(struct vfio_cxl_decoder)
 * @flags: in: 0; out: VFIO_CXL_DECODER_*
 * @index: in: which decoder, from 0
 * @total: out: number of decoders
 * @base: out: host physical address decoded
 * @size: out: bytes decoded
 * @dpa_skip: out: bytes of DPA skipped before this decoder's
 * @ctrl: out: HDM Decoder n Control register (8.2.4.20.7)
 * @guest_ctrl: out: the same register in COMP_REGS
 * @guest_base: out: base in COMP_REGS: a guest physical address
 * @guest_size: out: size in COMP_REGS
 * @origin: out: enum vfio_cxl_origin
 * @reserved: 0
 *
 * Control node. The hardware values are read from the device's registers when
 * asked; EAGAIN while a reset is under way. The guest values are valid with
 * VFIO_CXL_DECODER_GUEST (while the device is open with memory). Without it,
 * but with VFIO_CXL_DECODER_GUEST_SET, @guest_base is what the next tenancy will
 * find. ENOENT past the last one (@total is valid).
 */
struct vfio_cxl_decoder {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DECODER_COMMITTED	(1 << 0)
#define VFIO_CXL_DECODER_LOCKED		(1 << 1)
#define VFIO_CXL_DECODER_ERROR		(1 << 2) /* Error Not Committed */
#define VFIO_CXL_DECODER_GUEST		(1 << 3)
/* Sealed; without _GUEST: the next tenancy will find it so */
#define VFIO_CXL_DECODER_GUEST_SEALED	(1 << 4)
/* VFIO_CXL_GUEST_SET holds, for this tenancy or for the next one */
#define VFIO_CXL_DECODER_GUEST_SET	(1 << 5)
/* and for all after it */
#define VFIO_CXL_DECODER_GUEST_PERSIST	(1 << 6)
	__u32 index;
	__u32 total;
	__aligned_u64 base;
	__aligned_u64 size;
	__aligned_u64 dpa_skip;
	__u32 ctrl;
	__u32 guest_ctrl;
	__aligned_u64 guest_base;
	__aligned_u64 guest_size;
	__u32 origin;
	__u32 reserved;
};

#define VFIO_CXL_DECODER	_IO(VFIO_CXL_TYPE, 0x02)

/**
 * struct vfio_cxl_decoder_program - commit decoder 0
 * @argsz: in: sizeof(struct vfio_cxl_decoder_program)
 * @flags: in: VFIO_CXL_PROGRAM_BASE, _LOCK, _DRY_RUN;
 *	out: the same, and VFIO_CXL_PROGRAM_ALREADY
 * @base: in: host physical address, with VFIO_CXL_PROGRAM_BASE; else 0, and the
 *	lowest free range of the device's window is taken; out: the base chosen
 * @size: in: bytes, or 0 for all capacity behind @dpa_skip, static and dynamic
 *	where their attributes are the same, else static only; out: the size chosen
 * @dpa_skip: in: bytes of DPA to skip. From the static capacity on it is Dynamic
 *	Capacity, of which @size says how much where the device does not (see
 *	VFIO_CXL_DC_INFO). Multiples of 256 MiB, all three
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 * @element: in: zeros; out: what @reason is about, or empty
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. The device must not be open, and
 * there must be no descriptors of its Dynamic Capacity (VFIO_CXL_DC_OPEN).
 * On failure the decoder is put back as it was and read back; where the device
 * does not let it be put back, the range stays taken until VFIO_CXL_DECODER_CLEAR
 * succeeds or the driver is unbound. With reason NOT_LIVE the decoder may be
 * committed, and locked if that was asked for, while its memory did not go live:
 * the same request again tries that. Programming what is programmed already
 * succeeds with VFIO_CXL_PROGRAM_ALREADY; with _LOCK, an unlocked decoder of the
 * same values is committed again, locked.
 */
struct vfio_cxl_decoder_program {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_PROGRAM_BASE		(1 << 0) /* @base is given */
#define VFIO_CXL_PROGRAM_LOCK		(1 << 1) /* Lock On Commit */
#define VFIO_CXL_PROGRAM_DRY_RUN	(1 << 2) /* check, change nothing */
#define VFIO_CXL_PROGRAM_ALREADY	(1 << 3) /* out: it was so already */
	__aligned_u64 base;
	__aligned_u64 size;
	__aligned_u64 dpa_skip;
	__u32 reason;
	__u32 reserved;
	char element[VFIO_CXL_ELEMENT_LEN];
};

#define VFIO_CXL_DECODER_PROGRAM	_IO(VFIO_CXL_TYPE, 0x03)

/**
 * struct vfio_cxl_decoder_clear - uncommit decoder 0
 * @argsz: in: sizeof(struct vfio_cxl_decoder_clear)
 * @flags: in: VFIO_CXL_CLEAR_DRY_RUN; out: the same, and
 *	VFIO_CXL_CLEAR_ALREADY
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 * @element: in: zeros; out: what @reason is about, or empty
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. The device must not be open, and
 * there must be no descriptors of its Dynamic Capacity (VFIO_CXL_DC_OPEN).
 * Only a decoder that this driver programmed is cleared (else EPERM, reason
 * FIRMWARE), and not while it is locked (EPERM, reason LOCKED); with the module
 * parameter clear_on_close not while Dynamic Capacity is held with reach APP (EBUSY,
 * reason DC_COMMITTED), as that could not be zeroed any more.
 */
struct vfio_cxl_decoder_clear {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_CLEAR_DRY_RUN		(1 << 0) /* check, change nothing */
#define VFIO_CXL_CLEAR_ALREADY		(1 << 1) /* out: it was clear already */
	__u32 reason;
	__u32 reserved;
	char element[VFIO_CXL_ELEMENT_LEN];
};

#define VFIO_CXL_DECODER_CLEAR	_IO(VFIO_CXL_TYPE, 0x04)

/**
 * struct vfio_cxl_guest_set - place decoder 0 in the guest's address space
 * @argsz: in: sizeof(struct vfio_cxl_guest_set)
 * @flags: in: VFIO_CXL_GUEST_SEAL, _PERSIST, _DRY_RUN;
 *	out: the same, and VFIO_CXL_GUEST_ALREADY
 * @base: in: guest physical address, a multiple of 256 MiB
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 * @element: in: zeros; out: what @reason is about, or empty
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. For VMMs that don't program the
 * decoder themselves: writes BASE of decoder 0 in COMP_REGS, and with _SEAL also
 * COMMIT and LOCK, in the tenancy that is under way, or else in the next one. It
 * ends with that tenancy; with _PERSIST each later one, until the driver is
 * unbound, begins with it too. The physical decoder never moves.
 *
 * A client that programs the decoder itself and finds it sealed would map the
 * memory at its own address all the same: don't seal for such a client.
 *
 * EPERM with reason SEALED if the tenancy's decoder is sealed already with
 * another base; EOPNOTSUPP if there is no memory; EINVAL with reason RANGE_ALIGN
 * for a base that is no multiple of 256 MiB, with RANGE_SIZE if the range does not
 * end below 2^64, or with COMMIT_ERROR if it overlaps another sealed decoder.
 */
struct vfio_cxl_guest_set {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_GUEST_SEAL		(1 << 0) /* COMMIT and LOCK */
#define VFIO_CXL_GUEST_PERSIST		(1 << 1) /* for later tenancies too */
#define VFIO_CXL_GUEST_DRY_RUN		(1 << 2) /* check, change nothing */
#define VFIO_CXL_GUEST_ALREADY		(1 << 3) /* out: it was so already */
	__aligned_u64 base;
	__u32 reason;
	__u32 reserved;
	char element[VFIO_CXL_ELEMENT_LEN];
};

#define VFIO_CXL_GUEST_SET	_IO(VFIO_CXL_TYPE, 0x05)

/**
 * struct vfio_cxl_guest_clear - take VFIO_CXL_GUEST_SET and the seal back
 * @argsz: in: sizeof(struct vfio_cxl_guest_clear)
 * @flags: in: VFIO_CXL_GUEST_DRY_RUN; out: the same, and VFIO_CXL_GUEST_ALREADY
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 * @element: in: zeros; out: what @reason is about, or empty
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. The decoders of the tenancy that
 * is under way are again as its open left them, BASE 0 and not sealed, whoever
 * sealed them; later tenancies begin so too.
 */
struct vfio_cxl_guest_clear {
	__u32 argsz;
	__u32 flags;
	__u32 reason;
	__u32 reserved;
	char element[VFIO_CXL_ELEMENT_LEN];
};

#define VFIO_CXL_GUEST_CLEAR	_IO(VFIO_CXL_TYPE, 0x06)

/**
 * enum vfio_cxl_dc_state - where an extent of Dynamic Capacity stands, or a tag
 * @VFIO_CXL_DC_NONE: nowhere: of changes that are about no extent
 * @VFIO_CXL_DC_PENDING: offered by the device; accept or reject it
 * @VFIO_CXL_DC_ACCEPTING: to be accepted; the device has not said yes yet, or
 *	was not asked because an older offer, or another tag of the same one, is
 *	not decided
 * @VFIO_CXL_DC_COMMITTED: accepted: it is this host's until it is released
 * @VFIO_CXL_DC_RELEASING: unreachable, and to be given back; the device has not
 *	said yes yet
 * @VFIO_CXL_DC_RELEASED: given back; the capacity may be handed on. No CPU of this
 *	host reaches it. Translations for DMA that a type1 container was asked for
 *	stay until they are unmapped, or the container is closed: a user whose devices
 *	must not reach it any more has to be closed, or to use IOMMUFD, which makes
 *	none of it
 * @VFIO_CXL_DC_REJECTED: not taken; the reason says by whom and why
 * @VFIO_CXL_DC_REVOKED: taken away by the device, or lost in a reset
 *
 * A tag's state is the first of RELEASING, ACCEPTING, PENDING and COMMITTED that
 * any of its extents is in, else of REVOKED, RELEASED and REJECTED. The last
 * three stay known for a while, so that "given back" is not "never seen".
 */
enum vfio_cxl_dc_state {
	VFIO_CXL_DC_NONE,
	VFIO_CXL_DC_PENDING,
	VFIO_CXL_DC_ACCEPTING,
	VFIO_CXL_DC_COMMITTED,
	VFIO_CXL_DC_RELEASING,
	VFIO_CXL_DC_RELEASED,
	VFIO_CXL_DC_REJECTED,
	VFIO_CXL_DC_REVOKED,
};

/**
 * enum vfio_cxl_dc_reach - who may touch an extent that is committed
 * @VFIO_CXL_DC_REACH_NONE: nobody: it was found committed, or its release
 *	failed; accept it again, or release it
 * @VFIO_CXL_DC_REACH_TENANT: the tenancy that accepted it on the VFIO device fd;
 *	given back when that ends
 * @VFIO_CXL_DC_REACH_DEVICE: any tenancy, until it is released
 * @VFIO_CXL_DC_REACH_APP: descriptors of the tag only (VFIO_CXL_DC_OPEN)
 */
enum vfio_cxl_dc_reach {
	VFIO_CXL_DC_REACH_NONE,
	VFIO_CXL_DC_REACH_TENANT,
	VFIO_CXL_DC_REACH_DEVICE,
	VFIO_CXL_DC_REACH_APP,
};

/**
 * enum vfio_cxl_dc_change - what an entry of the log of changes tells
 * @VFIO_CXL_DC_CHANGE_STATE: a tag, or an extent, is in another state
 * @VFIO_CXL_DC_CHANGE_REQUEST: the device asks for an extent back: the first
 *	time, and the first time that it asks for a part of it, or by another tag; or
 *	the release of a tag with reach APP was deferred, as it is in use
 * @VFIO_CXL_DC_CHANGE_REACH: a committed tag, or extent, was accepted again, for
 *	whom it had not been reachable
 * @VFIO_CXL_DC_CHANGE_OFFER: an offer was refused as a whole before a user could
 *	see it
 * @VFIO_CXL_DC_CHANGE_OVERFLOW: the device's log overflowed: changes may be
 *	missing here
 * @VFIO_CXL_DC_CHANGE_SYNC: the device's list was read again
 * @VFIO_CXL_DC_CHANGE_REGIONS: the regions are other ones
 * @VFIO_CXL_DC_CHANGE_LEAVE: a tag, or an extent, with reach APP is about to be taken
 *	from the descriptors of the tag. What becomes of it is told next
 */
enum vfio_cxl_dc_change {
	VFIO_CXL_DC_CHANGE_STATE,
	VFIO_CXL_DC_CHANGE_REQUEST,
	VFIO_CXL_DC_CHANGE_REACH,
	VFIO_CXL_DC_CHANGE_OFFER,
	VFIO_CXL_DC_CHANGE_OVERFLOW,
	VFIO_CXL_DC_CHANGE_SYNC,
	VFIO_CXL_DC_CHANGE_REGIONS,
	VFIO_CXL_DC_CHANGE_LEAVE,
};

/* A tag is a UUID, in the byte order of its text */
#define VFIO_CXL_DC_TAG_LEN	16

/* Regions of Dynamic Capacity that a device has at most (9.13.3) */
#define VFIO_CXL_DC_REGIONS	8
/* Number of the first region for host memory, and how many there are at most */
#define VFIO_CXL_DC_HOST_REGION	8
#define VFIO_CXL_DC_HOST_REGIONS	8
/* Number of states */
#define VFIO_CXL_DC_STATES	8

/**
 * struct vfio_cxl_dc_region - a region of Dynamic Capacity (8.2.9.9.9.1)
 * @dpa: device physical address of its first byte; 0 for host memory
 * @decode_length: bytes of DPA that it has; decoders are programmed for these
 * @length: bytes that extents can be in, from @dpa on
 * @block_size: what DPA and length of its extents are multiples of, bytes
 * @covered: bytes of @length that decoder 0 decodes, from the first one decoded on
 * @offset: where the first of these is in the HDM memory region; for host memory,
 *	all of which is covered, in the window for it
 * @flags: VFIO_CXL_DC_REGION_*
 * @window: with VFIO_CXL_DC_REGION_WINDOW the number of the fixed memory window, see
 *	VFIO_CXL_WINDOW, that decoder 0 decodes these @covered bytes in; else 0
 */
struct vfio_cxl_dc_region {
	__aligned_u64 dpa;
	__aligned_u64 decode_length;
	__aligned_u64 length;
	__aligned_u64 block_size;
	__aligned_u64 covered;
	__aligned_u64 offset;
	__u32 flags;
#define VFIO_CXL_DC_REGION_SHARABLE	(1 << 0) /* other hosts may have the same */
#define VFIO_CXL_DC_REGION_SANITIZE	(1 << 1) /* cleared by the device at release */
#define VFIO_CXL_DC_REGION_WINDOW	(1 << 2) /* @window is given; ABI version 8 */
	__u32 window;
};

/**
 * struct vfio_cxl_dc_info - does the device do Dynamic Capacity, and how much?
 * @argsz: in: sizeof(struct vfio_cxl_dc_info)
 * @flags: in: 0; out: VFIO_CXL_DC_INFO_*
 * @reason: out: enum vfio_cxl_reason, why not (without VFIO_CXL_DC_INFO_CAPABLE),
 *	or why nothing is known yet (without VFIO_CXL_DC_INFO_SYNCED)
 * @region_count: out: of @region
 * @extents_supported: out: extents that the device can keep, for all hosts
 * @extents_available: out: of them, when the regions were read last
 * @max_extents: out: extents that the driver keeps, offered or held
 * @max_offers: out: offers not answered that it keeps
 * @max_tombstones: out: tags that are no more that it remembers
 * @open_offers: out: offers not answered
 * @poll_ms: out: how often the device's event log is looked at now
 * @reserved: 0
 * @nr: out: extents by enum vfio_cxl_dc_state. Of those that are no more, since
 *	the driver was bound
 * @bytes: out: of them
 * @changes: out: grows when a list of extents would be another one
 * @sequence: out: number of the latest entry of the log of changes, or 0
 * @offers: out: offers that came
 * @answers: out: of them, that were answered
 * @damaged: out: that were refused as a whole, without being shown
 * @limited: out: of these, because of a limit of the driver's
 * @recoveries: out: answers that failed, and were put right by an empty one
 * @late: out: records that came after their offer was given up
 * @ignored: out: records of kinds that the driver has no use for
 * @odd: out: records and list entries that make no sense
 * @overflows: out: times that the device's event log overflowed
 * @syncs: out: times that the device's list of extents was read
 * @revoked: out: extents that the device took away
 * @region: out: @region_count of them
 * @window_size: out: bytes of the window for host memory (with
 *	VFIO_CXL_DC_INFO_WINDOW); ABI version 6, as all that follows
 * @window_region: out: its VFIO region index on the device fd, or 0 where the tenancy
 *	has none
 * @host_region_count: out: of @host_region
 * @host_region: out: regions for host memory; their numbers begin with
 *	VFIO_CXL_DC_HOST_REGION
 *
 * Both nodes, no capability needed. @nr, @bytes, @changes and @open_offers count host
 * memory, too; what else there is of the device is about its own capacity only.
 *
 * Where in the host's address map a region is, is for the control node alone: the device
 * fd never has VFIO_CXL_DC_REGION_WINDOW. An extent that has an @offset (see
 * VFIO_CXL_DC_LIST) is in the window of its region. As that, it is what decoder 0 decodes
 * now: without a program or a clear of the decoder it does not change, and there is
 * neither while somebody can touch the memory. Host memory is in no window of these.
 */
struct vfio_cxl_dc_info {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_INFO_CAPABLE	(1 << 0) /* the device does it */
#define VFIO_CXL_DC_INFO_SYNCED		(1 << 1) /* all that it lists is known */
#define VFIO_CXL_DC_INFO_WINDOW		(1 << 2) /* there is a window for host memory */
	__u32 reason;
	__u32 region_count;
	__u32 extents_supported;
	__u32 extents_available;
	__u32 max_extents;
	__u32 max_offers;
	__u32 max_tombstones;
	__u32 open_offers;
	__u32 poll_ms;
	__u32 reserved;
	__aligned_u64 nr[VFIO_CXL_DC_STATES];
	__aligned_u64 bytes[VFIO_CXL_DC_STATES];
	__aligned_u64 changes;
	__aligned_u64 sequence;
	__aligned_u64 offers;
	__aligned_u64 answers;
	__aligned_u64 damaged;
	__aligned_u64 limited;
	__aligned_u64 recoveries;
	__aligned_u64 late;
	__aligned_u64 ignored;
	__aligned_u64 odd;
	__aligned_u64 overflows;
	__aligned_u64 syncs;
	__aligned_u64 revoked;
	struct vfio_cxl_dc_region region[VFIO_CXL_DC_REGIONS];
	__aligned_u64 window_size;
	__u32 window_region;
	__u32 host_region_count;
	struct vfio_cxl_dc_region host_region[VFIO_CXL_DC_HOST_REGIONS];
};

#define VFIO_CXL_DC_INFO	_IO(VFIO_CXL_TYPE, 0x07)

/* @offset of what decoder 0 does not decode; @deadline of what has none */
#define VFIO_CXL_DC_NOWHERE	(~(__u64)0)
#define VFIO_CXL_DC_NEVER	(~(__u64)0)

/**
 * struct vfio_cxl_dc_extent - an extent of Dynamic Capacity (8.2.9.9.9.2)
 * @id: its number, never used again while the driver is bound
 * @offer: number of the offer that it came with, or 0 if it was found
 * @dpa: device physical address of its first byte
 * @backend: in the place of that, with VFIO_CXL_DC_EXTENT_HOST: the number of the
 *	backend whose memory it is
 * @length: bytes
 * @offset: of its first byte in the HDM memory region, or VFIO_CXL_DC_NOWHERE; of host
 *	memory, in the window for it
 * @tag: a UUID in the byte order of its text; all zero if it has none
 * @state: enum vfio_cxl_dc_state
 * @reach: enum vfio_cxl_dc_reach
 * @reason: enum vfio_cxl_reason, why it is in @state
 * @rc: the device's return code (8.2.8.4.5.1) to the last command about it, or 0
 * @requests: times that the device asked for it back
 * @flags: VFIO_CXL_DC_EXTENT_*; with WINDOW, on the control node, the number of the fixed
 *	memory window that decoder 0 decodes it in is in the bits from
 *	VFIO_CXL_DC_EXTENT_WINDOW_SHIFT up
 * @region: number of its region
 * @sequence: its place among those of its tag in a sharable region
 */
struct vfio_cxl_dc_extent {
	__aligned_u64 id;
	__aligned_u64 offer;
	union {
		__aligned_u64 dpa;
		__aligned_u64 backend;
	};
	__aligned_u64 length;
	__aligned_u64 offset;
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__u32 state;
	__u32 reach;
	__u32 reason;
	__u32 rc;
	__u32 requests;
	__u32 flags;
#define VFIO_CXL_DC_EXTENT_IN_USE	(1 << 0) /* see VFIO_CXL_DC_STATUS */
#define VFIO_CXL_DC_EXTENT_RECOVERED	(1 << 1) /* found in the device's list */
#define VFIO_CXL_DC_EXTENT_DECIDED	(1 << 2) /* PENDING, going to be rejected */
#define VFIO_CXL_DC_EXTENT_MISMATCH	(1 << 3) /* asked for in part, or by another tag */
#define VFIO_CXL_DC_EXTENT_DEFERRED	(1 << 4) /* COMMITTED, its release is deferred */
#define VFIO_CXL_DC_EXTENT_HOST		(1 << 5) /* host memory */
#define VFIO_CXL_DC_EXTENT_WINDOW	(1 << 6) /* in a window; ABI version 8 */
#define VFIO_CXL_DC_EXTENT_WINDOW_SHIFT	16
	__u32 region;
	__u32 sequence;
};

/**
 * struct vfio_cxl_dc_list - the extents that are offered or held
 * @argsz: in: sizeof(struct vfio_cxl_dc_list)
 * @flags: in: 0; out: VFIO_CXL_DC_LIST_*
 * @start: in: 0 for the first page, else as the last page left it
 * @changes: in: as the last page left it; out: change counter of the list
 * @extents: in: user pointer to an array of struct vfio_cxl_dc_extent
 * @room: in: elements of that, 1 to 4096
 * @count: out: elements filled in
 * @reason: out: enum vfio_cxl_reason
 * @reserved: 0
 *
 * Both nodes, no capability needed. In the order of ids. The device fd sees what is
 * PENDING or ACCEPTING, its own extents, and those with reach DEVICE.
 *
 * EAGAIN: the list changed since the first page: begin again with @start 0; or, with
 * DC_NOT_SYNCED, the device has not said yet what it does.
 */
struct vfio_cxl_dc_list {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_LIST_MORE		(1 << 0) /* there is another page */
	__aligned_u64 start;
	__aligned_u64 changes;
	__aligned_u64 extents;
	__u32 room;
	__u32 count;
	__u32 reason;
	__u32 reserved;
};

#define VFIO_CXL_DC_LIST	_IO(VFIO_CXL_TYPE, 0x08)

/**
 * struct vfio_cxl_dc_status - how a tag stands, or an extent
 * @argsz: in: sizeof(struct vfio_cxl_dc_status)
 * @flags: in: VFIO_CXL_DC_STATUS_EXTENT, _REGION;
 *	out: the same, and VFIO_CXL_DC_STATUS_IN_USE and those behind it
 * @tag: in: the tag, not all zero; with _EXTENT all zero; out: the extent's tag
 * @extent: in: the extent's id, with _EXTENT; else 0
 * @region: in: count only what is in this region, with _REGION; else 0;
 *	out: the region of the extent, with _EXTENT
 * @state: out: enum vfio_cxl_dc_state of all that is counted; NONE if nothing is
 * @reach: out: enum vfio_cxl_dc_reach
 * @reason: out: enum vfio_cxl_reason, why it is in @state
 * @rc: out: the device's return code (8.2.8.4.5.1) to the last command about it,
 *	or 0
 * @requests: out: times that the device asked for extents of it back; what it
 *	asked for is released by nobody but a user
 * @offer: out: number of the offer that it came with, or 0
 * @deadline: out: CLOCK_BOOTTIME, ns, when the offer is refused if nobody decided
 *	by then; or VFIO_CXL_DC_NEVER
 * @nr: out: extents by enum vfio_cxl_dc_state
 * @bytes: out: of them
 * @since: out: CLOCK_BOOTTIME, ns, when the last of them came into the state; 0 if
 *	none ever was. With _EXTENT all 0
 *
 * Both nodes, no capability needed. Who asks: an orchestrator, before it hands the
 * tag on (state RELEASED: it is gone, the capacity may be another's; REVOKED: the
 * device took it), and before it asks for it back (_IN_USE: memory of it was touched
 * since it was last unmapped, and the region is still mapped somewhere: a release
 * without FORCE or DEFER is refused; _DEFERRED: when that ends it goes back). A VMM,
 * to see what it may accept (PENDING). What each state means and what to do next is
 * said with enum vfio_cxl_dc_state.
 *
 * ENOENT: there is no such tag, and none is remembered; or, on the device fd, it is
 * another user's. EAGAIN: DC_COLLECTING, its offer is not complete yet.
 */
struct vfio_cxl_dc_status {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_STATUS_EXTENT	(1 << 0) /* @extent says which, not @tag */
#define VFIO_CXL_DC_STATUS_REGION	(1 << 1) /* only what is in @region */
#define VFIO_CXL_DC_STATUS_IN_USE	(1 << 2)
#define VFIO_CXL_DC_STATUS_RECOVERED	(1 << 3) /* found in the device's list */
#define VFIO_CXL_DC_STATUS_DECIDED	(1 << 4) /* PENDING, going to be rejected */
#define VFIO_CXL_DC_STATUS_MISMATCH	(1 << 5) /* asked for in part, or by another tag */
#define VFIO_CXL_DC_STATUS_DEFERRED	(1 << 6) /* COMMITTED, its release is deferred */
#define VFIO_CXL_DC_STATUS_HOST		(1 << 7) /* host memory */
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__aligned_u64 extent;
	__u32 region;
	__u32 state;
	__u32 reach;
	__u32 reason;
	__u32 rc;
	__u32 requests;
	__aligned_u64 offer;
	__aligned_u64 deadline;
	__aligned_u64 nr[VFIO_CXL_DC_STATES];
	__aligned_u64 bytes[VFIO_CXL_DC_STATES];
	__aligned_u64 since[VFIO_CXL_DC_STATES];
};

#define VFIO_CXL_DC_STATUS	_IO(VFIO_CXL_TYPE, 0x09)

/**
 * struct vfio_cxl_dc_decide - accept, reject or release
 * @argsz: in: sizeof(struct vfio_cxl_dc_decide)
 * @flags: in: VFIO_CXL_DC_DECIDE_FORCE or _DEFER, or 0; out: the same, and _ALREADY,
 *	_QUEUED, _DEFERRED
 * @tag: in: all of this tag; all zero: not by tag
 * @offer: in: all of this offer; 0: not by offer
 * @ids: in: user pointer to @count extent ids (__u64), or 0. Of tag, offer and ids
 *	exactly one is given. A tag is taken and given back whole
 * @count: in: of @ids, at most 65536; all of the device's own capacity, or all of host
 *	memory (else ENOENT)
 * @reach: in: enum vfio_cxl_dc_reach, for ACCEPT: TENANT on the device fd, DEVICE
 *	or APP on the control node; else 0
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @rc: in: 0; out: the device's return code (8.2.8.4.5.1), or 0
 *
 * ACCEPT takes what is PENDING: when it returns without _QUEUED, the extents are
 * COMMITTED and reachable. A tag that is COMMITTED with reach NONE (it was found, or
 * its release failed) is made reachable. REJECT says no to what is PENDING. RELEASE
 * gives back what is COMMITTED: unreachable, unmapped, caches written back, and then
 * the device is told. On the control node what is in use is refused without _FORCE
 * or _DEFER; on the device fd the release is the user's consent.
 *
 * With _DEFER what is in use, whoever asks, is given back when its use ends, without
 * a further call: _DEFERRED is set, and till then the tag is COMMITTED, and reachable
 * as before. A use ends when the region is mapped nowhere any more, when a reset (as a
 * guest's reboot has one), an error of the link, or a suspend of the host takes it out
 * of all mappings, and with the tenancy; of a tag with reach APP, when its descriptors
 * are mapped nowhere. Looked for ten times a second: who touches it again before that is
 * a user as before. The release then is told in the log of changes as any other is, also
 * if it fails. What is not in use is released at once. Nothing takes it back: ACCEPT is
 * refused with DC_RELEASING. A RELEASE with _FORCE does not wait for it, and one with
 * neither flag is as if it was not there.
 *
 * With _QUEUED it is going to be so, without further calls: offers are answered in
 * the order in which they came, once all of their tags are decided, and a device
 * that is busy is asked again. See VFIO_CXL_DC_STATUS, or the log of changes.
 *
 * Both nodes; the control node wants CAP_SYS_ADMIN and CAP_SYS_RAWIO.
 *
 * ENOENT no such tag, offer or extent; EBUSY with DC_IN_USE, DC_TAG_LIVE, DC_REACH,
 * DC_PENDING, DC_COMMITTED, DC_RELEASING or DC_DECIDED: it stands otherwise; EAGAIN
 * with DC_COLLECTING: its offer is not complete yet, NOT_LIVE: a reset is under way,
 * DC_NOT_SYNCED: the device has not said yet what it does, or whether it still has what
 * a release that timed out was for, DC_DEVICE_BUSY: it was busy for too long; EINVAL
 * with DC_TAG_WHOLE; EOPNOTSUPP with DC_NOT_COVERED or DC_ALIGN, before the device is
 * told yes; EIO with DC_DEVICE, see @rc, or DC_DEVICE_BUSY;
 * ENOSPC the device has no room for another extent. A device that does not answer in
 * time may have heard: then it is _QUEUED until its list tells.
 *
 * With the module parameter clear_on_close what is given back is zeroed first, but in
 * sharable regions.
 *
 * Of host memory the driver itself is the device: its offers are answered in any order,
 * and DC_NOT_COVERED, DC_DEVICE and NOT_LIVE are no reasons. A use of it ends when the
 * window is mapped nowhere any more, and with the tenancy, but with nothing that happens
 * to the device. With clear_on_close its release is _QUEUED while somebody holds pages
 * of it (a DMA map, a pin), who could write to what was zeroed.
 */
struct vfio_cxl_dc_decide {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_DECIDE_FORCE	(1 << 0) /* RELEASE, control node: in use or not */
#define VFIO_CXL_DC_DECIDE_ALREADY	(1 << 1) /* out: it was so already */
#define VFIO_CXL_DC_DECIDE_QUEUED	(1 << 2) /* out: it is going to be so */
#define VFIO_CXL_DC_DECIDE_DEFER	(1 << 3) /* RELEASE: when it is not in use any more */
#define VFIO_CXL_DC_DECIDE_DEFERRED	(1 << 4) /* out: some of it is in use, and waits */
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__aligned_u64 offer;
	__aligned_u64 ids;
	__u32 count;
	__u32 reach;
	__u32 reason;
	__u32 rc;
};

#define VFIO_CXL_DC_ACCEPT	_IO(VFIO_CXL_TYPE, 0x0a)
#define VFIO_CXL_DC_REJECT	_IO(VFIO_CXL_TYPE, 0x0b)
#define VFIO_CXL_DC_RELEASE	_IO(VFIO_CXL_TYPE, 0x0c)

/**
 * struct vfio_cxl_dc_deadline - when an offer is refused if nobody decides
 * @argsz: in: sizeof(struct vfio_cxl_dc_deadline)
 * @flags: 0
 * @offer: in: its number
 * @deadline: in: CLOCK_BOOTTIME, ns; or VFIO_CXL_DC_NEVER
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. Of a new offer the module parameter
 * dc_deadline_s says it. ENOENT: there is no such offer that is not answered; EAGAIN
 * with DC_COLLECTING: it is not complete yet, or DC_NOT_SYNCED.
 */
struct vfio_cxl_dc_deadline {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 offer;
	__aligned_u64 deadline;
	__u32 reason;
	__u32 reserved;
};

#define VFIO_CXL_DC_DEADLINE	_IO(VFIO_CXL_TYPE, 0x0d)

/**
 * struct vfio_cxl_dc_eventfd - be told of changes
 * @argsz: in: sizeof(struct vfio_cxl_dc_eventfd)
 * @flags: 0
 * @fd: in: an eventfd, which replaces the one before; -1: none
 * @reserved: 0
 *
 * Device fd. It is signalled once for each entry of the log of changes that the
 * device fd would see in a list; then list or ask again. Ends with the tenancy.
 */
struct vfio_cxl_dc_eventfd {
	__u32 argsz;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

#define VFIO_CXL_DC_EVENTFD	_IO(VFIO_CXL_TYPE, 0x0e)

/**
 * struct vfio_cxl_dc_event - an entry of the log of changes
 * @sequence: its number, from 1 on without a gap
 * @lost: entries before it that this reader has missed, because the log is bounded:
 *	list, or ask again
 * @time: CLOCK_BOOTTIME, ns
 * @offer: number of the offer that it is about, or 0
 * @extent: id of the extent that it is about; 0: all of the tag's that are in @state
 * @length: bytes of them
 * @tag: all zero if there is none
 * @kind: enum vfio_cxl_dc_change
 * @state: enum vfio_cxl_dc_state, for DC_CHANGE_STATE
 * @reach: enum vfio_cxl_dc_reach
 * @reason: enum vfio_cxl_reason
 * @rc: the device's return code (8.2.8.4.5.1), or 0
 * @region: of the (first) extent; of host memory VFIO_CXL_DC_HOST_REGION at least, also
 *	where it is about no extent
 *
 * read() on the control node gives as many of these as fit, and EINVAL where not one
 * does. It waits for the next one, without O_NONBLOCK; poll() tells that there is
 * one. The file position is the number of the entry to be read next: after open()
 * the one that comes next; lseek() with SEEK_SET goes to another one, with SEEK_END
 * and 0 to the one that comes next. EINVAL for one behind that: it is another log's,
 * a device that is bound anew has a new one. The last 1024 are kept. ENODEV, and
 * POLLHUP, once the device is unbound and all was read. A reader that is slow, or
 * dead, holds nobody up.
 *
 * The generic netlink family in linux/vfio_cxl_netlink.h has the same entries, as
 * they come, of all devices.
 */
struct vfio_cxl_dc_event {
	__aligned_u64 sequence;
	__aligned_u64 lost;
	__aligned_u64 time;
	__aligned_u64 offer;
	__aligned_u64 extent;
	__aligned_u64 length;
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__u32 kind;
	__u32 state;
	__u32 reach;
	__u32 reason;
	__u32 rc;
	__u32 region;
};

/**
 * struct vfio_cxl_backend_create - host memory under a tag
 * @argsz: in: sizeof(struct vfio_cxl_backend_create)
 * @flags: in: VFIO_CXL_BACKEND_NODE or 0
 * @tag: in: a UUID in the byte order of its text; not all zero
 * @size: in: bytes, a multiple of a page
 * @node: in: with VFIO_CXL_BACKEND_NODE the NUMA node that all of it comes from;
 *	else 0, and the caller's memory policy says where from
 * @fd: in: 0; out: a descriptor of it, close-on-exec; -1 after an error
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 * @id: in: 0; out: its number, never used again while the driver is bound
 * @huge: in: 0; out: bytes of it that are in pages of 2 MiB
 *
 * The memory is the driver's own, zeroed, charged to the caller's memory cgroup
 * until it is free again, never swapped or moved. Of pages of 2 MiB where the host
 * has any: see @huge of VFIO_CXL_BACKEND_LIST. It belongs to the device, not to who
 * made it: it stays, closed or not, till it is destroyed or the device is unbound.
 * Nothing that happens to the device between, a reset, an open or a close, touches
 * it.
 *
 * The descriptor reads and writes it, by mmap() with MAP_SHARED and nothing else; its
 * owner fills it. lseek() and fstat() tell its size. Pages are ordinary ones for who
 * pins them: O_DIRECT, io_uring, DMA maps of VFIO, KVM, ptrace. A mapping is refused
 * that is private (EINVAL), that ends behind the backend (EINVAL) or is executable
 * (EPERM); it does not grow (EFAULT), and is left out of core dumps.
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. EINVAL with BACKEND_TAG,
 * BACKEND_SIZE or BACKEND_NODE; EEXIST with BACKEND_EXISTS; ENOSPC with
 * BACKEND_LIMIT; ENOMEM with NO_MEMORY: the host has not as much, or the node, or the
 * caller's memory cgroup; for its pages nobody is killed. EMFILE, ENFILE: no descriptor is
 * free. After an error there is no backend, and nothing is charged. A signal that
 * kills the caller ends it, as an unbind of the device does (ENODEV).
 */
struct vfio_cxl_backend_create {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_BACKEND_NODE		(1 << 0) /* @node is given */
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__aligned_u64 size;
	__s32 node;
	__s32 fd;
	__u32 reason;
	__u32 reserved;
	__aligned_u64 id;
	__aligned_u64 huge;
};

#define VFIO_CXL_BACKEND_CREATE	_IO(VFIO_CXL_TYPE, 0x0f)

/**
 * struct vfio_cxl_backend_info - a backend, in the list
 * @id: its number, never used again while the driver is bound
 * @tag: a UUID in the byte order of its text
 * @size: bytes
 * @huge: bytes of them that are in pages of 2 MiB, and mapped as such where the
 *	mapping is congruent
 * @node: the NUMA node that was asked for, or -1
 * @flags: VFIO_CXL_BACKEND_RESERVED
 * @extent: id of the extent that has it, with VFIO_CXL_BACKEND_RESERVED
 * @reserved: 0
 */
struct vfio_cxl_backend_info {
	__aligned_u64 id;
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__aligned_u64 size;
	__aligned_u64 huge;
	__s32 node;
	__u32 flags;
#define VFIO_CXL_BACKEND_RESERVED	(1 << 0) /* it is offered, or held */
	__aligned_u64 extent;
	__aligned_u64 reserved;
};

/**
 * struct vfio_cxl_backend_list - the device's backends
 * @argsz: in: sizeof(struct vfio_cxl_backend_list)
 * @flags: in: 0; out: VFIO_CXL_BACKEND_LIST_*
 * @start: in: 0 for the first page, else as the last page left it
 * @changes: in: as the last page left it; out: change counter of the list
 * @backends: in: user pointer to an array of struct vfio_cxl_backend_info
 * @room: in: elements of that, 1 to 4096
 * @count: out: elements filled in
 * @reason: out: enum vfio_cxl_reason
 * @reserved: 0
 *
 * Control node, no capability needed. In the order of ids. One that is being made is
 * not in it yet.
 *
 * EAGAIN: the list changed since the first page: begin again with @start 0.
 */
struct vfio_cxl_backend_list {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_BACKEND_LIST_MORE	(1 << 0) /* there is another page */
	__aligned_u64 start;
	__aligned_u64 changes;
	__aligned_u64 backends;
	__u32 room;
	__u32 count;
	__u32 reason;
	__u32 reserved;
};

#define VFIO_CXL_BACKEND_LIST	_IO(VFIO_CXL_TYPE, 0x10)

/**
 * struct vfio_cxl_backend_destroy - give the memory back to the host
 * @argsz: in: sizeof(struct vfio_cxl_backend_destroy)
 * @flags: 0
 * @tag: in: of the backend; not all zero
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 * @id: in: its number, so that it is not another's of the same tag; or 0
 *
 * Its descriptors go dead, as with an unbind: what was mapped is SIGBUS at the next
 * touch, mmap() is ENODEV. Who has pinned pages of it keeps those until it lets them
 * go; they are nobody else's as long. Pages in which the host found an error of
 * hardware are nobody's any more at all.
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. ENOENT: the device has no such
 * backend, or it is being made; EINVAL with BACKEND_TAG; EBUSY with BACKEND_RESERVED:
 * an extent has it.
 */
struct vfio_cxl_backend_destroy {
	__u32 argsz;
	__u32 flags;
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__u32 reason;
	__u32 reserved;
	__aligned_u64 id;
};

#define VFIO_CXL_BACKEND_DESTROY	_IO(VFIO_CXL_TYPE, 0x11)

/**
 * struct vfio_cxl_dc_configure - a window for host memory
 * @argsz: in: sizeof(struct vfio_cxl_dc_configure)
 * @flags: in: 0; out: VFIO_CXL_DC_CONFIGURE_ALREADY
 * @regions: in: how many regions it has, 1 to 8; 0: take the window away
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @size: in: bytes of each; a multiple of @block, and not 0; without @regions 0
 * @block: in: what offset and size of extents are multiples of: a power of two, a page
 *	at least; or 0 for 2 MiB; out: the one chosen. Without @regions 0
 * @reserved: 0
 *
 * From the next open on the device has one more VFIO region, of subtype
 * VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW, in which the regions follow each other. It is
 * mapped once and whole, and KVM has one slot of it. Nothing stands behind it, but
 * where extents are COMMITTED: a touch of the rest raises SIGBUS, read and write fail
 * with EIO. So a map for DMA is made of one extent after the other, as they come.
 * Whatever the device is and does, it can have a window. That stays till it is taken
 * away, or the device is unbound; neither resets nor an open or a close of the device
 * touch it.
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. EINVAL with HOST_REGIONS, HOST_BLOCK
 * or HOST_SIZE, or with RANGE_SIZE: of more than 1 TiB; EBUSY with OPEN, or with
 * HOST_EXTENTS: an extent is offered, or held. A failed call changes nothing.
 */
struct vfio_cxl_dc_configure {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_CONFIGURE_ALREADY	(1 << 0) /* out: it was so already */
	__u32 regions;
	__u32 reason;
	__aligned_u64 size;
	__aligned_u64 block;
	__aligned_u64 reserved;
};

#define VFIO_CXL_DC_CONFIGURE	_IO(VFIO_CXL_TYPE, 0x12)

/**
 * struct vfio_cxl_dc_add - offer host memory
 * @argsz: in: sizeof(struct vfio_cxl_dc_add)
 * @flags: 0
 * @tag: in: of a backend; not all zero
 * @region: in: number of the region, from VFIO_CXL_DC_HOST_REGION on
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @offset: in: where in the region the extent begins, a multiple of its blocks
 * @backend: in: the backend's number, so that it is not another's of the same tag; or
 *	0; out: its number
 * @extent: in: 0; out: the id of the extent
 * @offer: in: 0; out: the number of the offer
 * @reserved: 0
 *
 * All of the backend is offered as one extent, which is PENDING from now on, and is
 * listed, decided, told and given back as what a device offers is. The backend is its
 * until the extent is rejected, released or revoked. What the backend's owner wrote is
 * in it, as is what a user before left: with the module parameter clear_on_close the
 * memory is zeroed when it is given back.
 *
 * A tag stands in one place only. While somebody has pinned pages of it (a DMA map,
 * io_uring), it can't be added: they would be two users'.
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. ENOENT with HOST_WINDOW, or with
 * BACKEND_NONE; EINVAL with BACKEND_TAG, DC_REGION: there is no such region,
 * BACKEND_BLOCK: the backend's size is not one for this region, DC_ALIGN: the offset is
 * not, or HOST_OUTSIDE; EBUSY with BACKEND_RESERVED, DC_OVERLAP, DC_TAG_LIVE: the tag
 * is in the device's own capacity, or another device's, or BACKEND_HELD; EAGAIN with
 * DC_NOT_SYNCED: the device has not said yet which tags it has; ENOMEM with NO_MEMORY.
 * A failed call changes nothing.
 */
struct vfio_cxl_dc_add {
	__u32 argsz;
	__u32 flags;
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__u32 region;
	__u32 reason;
	__aligned_u64 offset;
	__aligned_u64 backend;
	__aligned_u64 extent;
	__aligned_u64 offer;
	__aligned_u64 reserved;
};

#define VFIO_CXL_DC_ADD		_IO(VFIO_CXL_TYPE, 0x13)

/**
 * struct vfio_cxl_dc_remove - ask for host memory back, or take it
 * @argsz: in: sizeof(struct vfio_cxl_dc_remove)
 * @flags: in: VFIO_CXL_DC_REMOVE_FORCE or 0
 * @tag: in: of the extent; not all zero
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @reserved: 0
 *
 * What a device does that asks for its capacity back: who has reach is told, by
 * VFIO_CXL_DC_CHANGE_REQUEST, and releases it; @requests of the extent grows. With
 * _FORCE it is REVOKED: unreachable and unmapped when the call returns, in use or not,
 * or offered no more.
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. ENOENT with HOST_WINDOW, or there is
 * no such host memory; EINVAL with BACKEND_TAG; EBUSY with DC_PENDING: without _FORCE
 * what nobody has taken can't be asked for: reject it.
 */
struct vfio_cxl_dc_remove {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_REMOVE_FORCE	(1 << 0) /* take it */
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__u32 reason;
	__u32 reserved;
};

#define VFIO_CXL_DC_REMOVE	_IO(VFIO_CXL_TYPE, 0x14)

/**
 * struct vfio_cxl_dc_open - a descriptor of a tag
 * @argsz: in: sizeof(struct vfio_cxl_dc_open)
 * @flags: in: VFIO_CXL_DC_OPEN_RDONLY or 0
 * @tag: in: COMMITTED, with reach APP; not all zero
 * @fd: in: 0; out: the descriptor, close-on-exec; -1 after an error
 * @reason: in: 0; out: enum vfio_cxl_reason
 * @size: in: 0; out: bytes of all extents of the tag; while it has descriptors, those
 *	that it had for the first of them
 * @reserved: 0
 *
 * The descriptor maps the tag's extents and nothing else, one behind the other, in the
 * order of @sequence and then of DPA. It can be handed to any process, which needs no
 * right to use it, and any number can be made of a tag.
 *
 * mmap() wants MAP_SHARED; a mapping is refused that is private (EINVAL), that ends
 * behind @size (EINVAL), is executable (EPERM), or is to be written through a
 * descriptor that is read-only (EACCES), as is mprotect() to make it so; it does not
 * grow (EFAULT), and is left out of core dumps. lseek() and fstat() tell the size.
 * There are no ioctls (ENOTTY), and no read() or write().
 *
 * When the tag is released or revoked, that is told first (VFIO_CXL_DC_CHANGE_LEAVE),
 * then it is unmapped everywhere: the next touch raises SIGBUS. Descriptors and mappings
 * stay. Once the same is committed again with reach APP, they reach it again: the same
 * backend; or, of the device's own capacity, the tag with as many bytes. poll() tells
 * how it stands:
 *
 * - POLLIN, and for one that may be written POLLOUT: all of it is reachable;
 * - POLLPRI: it is asked for back, is about to be taken, or was taken: let it go, so that
 *   it can be released;
 * - POLLRDHUP, for who waits for it: not all of it is reachable now;
 * - POLLHUP: it never will be again: the device was unbound, or the backend destroyed.
 *   mmap() is ENODEV then.
 *
 * The tag is in use while it is mapped by a descriptor, and was touched since it was
 * last mapped by none.
 *
 * Host memory is of ordinary pages for who pins them: O_DIRECT, io_uring, DMA maps of
 * VFIO, KVM, ptrace. The device's own is mapped by page frame and can't be pinned, but a
 * type1 container maps it for DMA all the same, until it is unmapped there (see
 * VFIO_CXL_DC_RELEASED): don't hand it to who has one. It is for descriptors while nobody
 * has the device open, as an open resets it: with such descriptors an open of the device
 * is EBUSY, and its decoder stays as it is. Another reset, or an error of the link, takes
 * it out of all mappings; poll() does not tell. Till that is over a touch raises SIGBUS,
 * then the next one brings it back.
 *
 * Control node, CAP_SYS_ADMIN and CAP_SYS_RAWIO. ENOENT: the device has no such tag, or
 * no more, with the tag's reason; EINVAL with BACKEND_TAG; EBUSY with DC_PENDING: accept
 * it first, DC_REACH: it was accepted for others, DC_RELEASING: also if that is
 * deferred, or OPEN: somebody has the device open, whose own capacity it is; EAGAIN with
 * DC_COLLECTING or DC_NOT_SYNCED; EOPNOTSUPP: it does no Dynamic Capacity; ENOMEM with
 * NO_MEMORY.
 * EMFILE, ENFILE: no descriptor is free.
 */
struct vfio_cxl_dc_open {
	__u32 argsz;
	__u32 flags;
#define VFIO_CXL_DC_OPEN_RDONLY		(1 << 0) /* never to be written through */
	__u8 tag[VFIO_CXL_DC_TAG_LEN];
	__s32 fd;
	__u32 reason;
	__aligned_u64 size;
	__aligned_u64 reserved;
};

#define VFIO_CXL_DC_OPEN	_IO(VFIO_CXL_TYPE, 0x15)

#endif /* _UAPI_LINUX_VFIO_CXL_H */
