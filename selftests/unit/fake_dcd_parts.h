/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the fake device share among themselves. */
#ifndef VFIO_CXL_FAKE_DCD_PARTS_H
#define VFIO_CXL_FAKE_DCD_PARTS_H

#ifdef __KERNEL__
#include "kunit/harness.h"
#else
#include <stdio.h>
#include <stdlib.h>
#endif

#include "fake_dcd.h"

/* fake_dcd.c: what it has */
void fake_dcd_die(const struct fake_dcd *fake, const char *why);
void fake_dcd_fault(struct fake_dcd *fake, enum fake_dcd_fault fault,
		    u16 opcode);
void *fake_dcd_zeroed(size_t size);
bool fake_dcd_is_inside(const struct fake_dcd *fake, u64 dpa, u64 len);
void fake_dcd_mark(struct fake_dcd *fake, u64 dpa, u64 len, u8 clear, u8 set);
u32 fake_dcd_pending_extents(const struct fake_dcd *fake);
u32 fake_dcd_available(const struct fake_dcd *fake, u32 to_come);
void fake_dcd_drop_first(struct fake_dcd *fake, u32 count);
void fake_dcd_cut(struct fake_dcd *fake, u64 dpa, u64 len);

/* fake_dcd_commands.c: what it answers */
int fake_dcd_command(void *ctx, struct vfio_cxl_mbox_cmd *cmd);

/* fake_dcd_host.c: the host around the engine */
void fake_dcd_host(struct fake_dcd *fake);

#endif /* VFIO_CXL_FAKE_DCD_PARTS_H */
