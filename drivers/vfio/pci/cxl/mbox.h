/* SPDX-License-Identifier: GPL-2.0-only */
/* The primary mailbox of a device's register block, and its event status. */
#ifndef VFIO_CXL_MBOX_H
#define VFIO_CXL_MBOX_H

#include "pure.h"

/**
 * struct vfio_cxl_mbox_cmd - a mailbox command and its answer (CXL 3.1, 8.2.8.4)
 * @opcode: command set and command
 * @in: input payload, or NULL
 * @in_size: its bytes
 * @out: room for the output payload, or NULL
 * @out_room: its bytes; what the device has more is cut off
 * @out_size: bytes that came, never more than @out_room
 * @rc: the device's return code; meaningful when the call returned 0 or -EIO,
 *	-EBUSY, -ENOSPC
 */
struct vfio_cxl_mbox_cmd {
	u16 opcode;
	const void *in;
	size_t in_size;
	void *out;
	size_t out_room;
	size_t out_size;
	u16 rc;
};

/**
 * struct vfio_cxl_mbox_io - how to reach a device register block
 * @read: read the dword at @offset
 * @write: write the dword at @offset
 * @read64: read the qword at @offset, in one access
 * @write64: write the qword at @offset, in one access
 * @sleep: let at least @usec microseconds pass
 * @begin: may the registers be gone to, for one try of a command? An error is the
 *	command's; NULL: always
 * @end: that try is over, with this result
 * @ctx: handed to each of them
 *
 * A register of 64 bits is accessed as such: a device may drop the halves of a
 * write. Offsets are aligned to the size of the access, and in the block.
 */
struct vfio_cxl_mbox_io {
	u32 (*read)(void *ctx, u32 offset);
	void (*write)(void *ctx, u32 offset, u32 value);
	u64 (*read64)(void *ctx, u32 offset);
	void (*write64)(void *ctx, u32 offset, u64 value);
	void (*sleep)(void *ctx, unsigned int usec);
	int (*begin)(void *ctx);
	void (*end)(void *ctx, const struct vfio_cxl_mbox_cmd *cmd, int ret);
	void *ctx;
};

/**
 * struct vfio_cxl_mbox - a primary mailbox that was found
 * @io: the registers
 * @status: where the device status registers are
 * @registers: where the mailbox registers are
 * @memdev: where the memory device status registers are; 0 if there are none
 * @payload: bytes that go each way with one command, a power of 2
 * @ready_s: seconds in which the mailbox is ready after a reset; 0 is not said
 * @late: the last command was not answered in time
 *
 * No locking: the caller has a mutex of the mailbox, which it holds during each
 * call of a function that takes this; vfio_cxl_mbox_event_status() and
 * vfio_cxl_mbox_ready() do without.
 */
struct vfio_cxl_mbox {
	const struct vfio_cxl_mbox_io *io;
	u32 status;
	u32 registers;
	u32 memdev;
	u32 payload;
	unsigned int ready_s;
	bool late;
};

/* Event Status (8.2.8.3.1) */
#define CXL_EVENT_STATUS_DC		BIT(4)

/**
 * struct vfio_cxl_identity - what a device says of itself
 * @total: static capacity in bytes
 * @volatile_only: of that, what can only be volatile
 * @persistent_only: of that, what can only be persistent
 * @partition_align: bytes, of the border between the two; 0 if it is fixed
 * @log_dc: records that the Dynamic Capacity event log holds, or 0
 */
struct vfio_cxl_identity {
	u64 total;
	u64 volatile_only;
	u64 persistent_only;
	u64 partition_align;
	u16 log_dc;
};

int vfio_cxl_mbox_find(struct vfio_cxl_mbox *mbox,
		       const struct vfio_cxl_mbox_io *io, u32 size);
int vfio_cxl_mbox_event_status(const struct vfio_cxl_mbox *mbox, u32 *events);
int vfio_cxl_mbox_ready(const struct vfio_cxl_mbox *mbox);
int vfio_cxl_mbox_command(struct vfio_cxl_mbox *mbox,
			  struct vfio_cxl_mbox_cmd *cmd);
const char *vfio_cxl_mbox_rc_name(u16 rc);
int vfio_cxl_mbox_find_dc(struct vfio_cxl_mbox *mbox, bool *dc);
int vfio_cxl_mbox_identify(struct vfio_cxl_mbox *mbox,
			   struct vfio_cxl_identity *identity);

#endif /* VFIO_CXL_MBOX_H */
