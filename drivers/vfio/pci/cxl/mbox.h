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

#endif /* VFIO_CXL_MBOX_H */
