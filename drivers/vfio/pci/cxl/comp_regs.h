/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_COMP_REGS_H
#define VFIO_CXL_COMP_REGS_H

#include "hdm.h"

/**
 * struct vfio_cxl_shadow_decoder - a decoder as the user sees it
 * @base: guest physical address, or whatever the user wrote
 * @size: bytes
 * @max_size: bytes that the hardware's decoder decodes; 0 if it is uncommitted
 * @skip: DPA Skip, as in hardware
 * @ctrl: control register
 * @first: the same when the tenancy began
 */
struct vfio_cxl_shadow_decoder {
	u64 base;
	u64 size;
	u64 max_size;
	u64 skip;
	u32 ctrl;
	u32 first;
};

/**
 * struct vfio_cxl_comp_regs - the component registers as the user sees them
 * @header: capability array header
 * @entry: the array's entry for the HDM decoders
 * @entry_index: its place in the array, from 1; the other entries read as null
 * @offset: of the HDM decoder capability
 * @cap: HDM Decoder Capability register
 * @global: HDM Decoder Global Control
 * @count: decoders
 * @cache_capable: Cache_Capable of the device, for BI
 * @decoder: the decoders
 *
 * No locking of its own: the caller serialises reads, writes and init.
 */
struct vfio_cxl_comp_regs {
	u32 header;
	u32 entry;
	u32 entry_index;
	u32 offset;
	u32 cap;
	u32 global;
	unsigned int count;
	bool cache_capable;
	struct vfio_cxl_shadow_decoder decoder[CXL_HDM_MAX_DECODERS];
};

void vfio_cxl_comp_regs_init(struct vfio_cxl_comp_regs *regs,
			     const struct vfio_cxl_hdm *hdm,
			     const struct vfio_cxl_hdm_state *state,
			     bool cache_capable);
u32 vfio_cxl_comp_regs_read(const struct vfio_cxl_comp_regs *regs, u32 offset);
void vfio_cxl_comp_regs_write(struct vfio_cxl_comp_regs *regs, u32 offset,
			      u32 value);
int vfio_cxl_comp_regs_place(struct vfio_cxl_comp_regs *regs, unsigned int n,
			     u64 base, bool seal, bool dry_run);

/* COMMIT and LOCK seal a decoder until the tenancy ends */
static inline bool
vfio_cxl_shadow_sealed(const struct vfio_cxl_shadow_decoder *decoder)
{
	return (decoder->ctrl & CXL_HDM_CTRL_COMMITTED) &&
	       (decoder->ctrl & CXL_HDM_CTRL_LOCK);
}

#endif /* VFIO_CXL_COMP_REGS_H */
