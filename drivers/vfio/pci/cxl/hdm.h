/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_HDM_H
#define VFIO_CXL_HDM_H

#include <linux/vfio_cxl.h>

#include "pure.h"

/* CXL.cache/mem registers: one 4 KiB page of the component block (8.2.3) */
#define CXL_CM_SIZE			SZ_4K

/* Capability array (8.2.4.1, 8.2.4.2) */
#define CXL_CM_CAP_ID			GENMASK(15, 0)
#define CXL_CM_CAP_ARRAY_SIZE		GENMASK(31, 24)
#define CXL_CM_CAP_POINTER		GENMASK(31, 20)
#define CXL_CM_CAP_ID_ARRAY		1
#define CXL_CM_CAP_ID_HDM		5

/* HDM Decoder Capability Structure (8.2.4.20), offsets from its start */
#define CXL_HDM_CAP			0x00
#define CXL_HDM_CAP_COUNT		GENMASK(3, 0)
#define CXL_HDM_CAP_POISON		BIT(10)
#define CXL_HDM_CAP_UIO			BIT(13)
#define CXL_HDM_GLOBAL			0x04
#define CXL_HDM_GLOBAL_POISON		BIT(0)
#define CXL_HDM_GLOBAL_ENABLE		BIT(1)
#define CXL_HDM_DECODER(n)		(0x10 + 0x20 * (n))

/* One decoder, offsets from its start */
#define CXL_HDM_BASE_LO			0x00
#define CXL_HDM_BASE_HI			0x04
#define CXL_HDM_SIZE_LO			0x08
#define CXL_HDM_SIZE_HI			0x0c
#define CXL_HDM_CTRL			0x10
#define CXL_HDM_CTRL_IG			GENMASK(3, 0)
#define CXL_HDM_CTRL_IW			GENMASK(7, 4)
#define CXL_HDM_CTRL_LOCK		BIT(8)
#define CXL_HDM_CTRL_COMMIT		BIT(9)
#define CXL_HDM_CTRL_COMMITTED		BIT(10)
#define CXL_HDM_CTRL_ERROR		BIT(11)
#define CXL_HDM_CTRL_HOST_ONLY		BIT(12)
#define CXL_HDM_CTRL_BI			BIT(13)
#define CXL_HDM_CTRL_UIO		BIT(14)
#define CXL_HDM_CTRL_UIO_IL		GENMASK(27, 16)	/* UIG, UIW, ISP */
#define CXL_HDM_SKIP_LO			0x14
#define CXL_HDM_SKIP_HI			0x18

#define CXL_HDM_MAX_DECODERS		32

/**
 * struct vfio_cxl_io - how to reach a page of CXL.cache/mem registers
 * @read: read the dword at @offset
 * @write: write the dword at @offset
 * @sleep: let at least @usec microseconds pass
 * @ctx: handed to each of them
 */
struct vfio_cxl_io {
	u32 (*read)(void *ctx, u32 offset);
	void (*write)(void *ctx, u32 offset, u32 value);
	void (*sleep)(void *ctx, unsigned int usec);
	void *ctx;
};

/**
 * struct vfio_cxl_hdm - an HDM decoder capability that was found
 * @io: the registers
 * @header: capability array header
 * @entry: the array's entry for the HDM decoders
 * @entry_index: place of that entry in the array, from 1
 * @offset: of the HDM decoder capability in the page
 * @cap: HDM Decoder Capability register
 * @count: decoders, 1 to CXL_HDM_MAX_DECODERS
 */
struct vfio_cxl_hdm {
	const struct vfio_cxl_io *io;
	u32 header;
	u32 entry;
	u32 entry_index;
	u32 offset;
	u32 cap;
	unsigned int count;
};

/**
 * struct vfio_cxl_hdm_decoder - the registers of one decoder
 * @base: host physical address, a multiple of 256 MiB
 * @size: bytes, a multiple of 256 MiB
 * @skip: DPA Skip in bytes
 * @ctrl: control register
 */
struct vfio_cxl_hdm_decoder {
	u64 base;
	u64 size;
	u64 skip;
	u32 ctrl;
};

/**
 * struct vfio_cxl_hdm_state - all decoders of a device
 * @global: HDM Decoder Global Control
 * @decoder: as many as the capability has
 */
struct vfio_cxl_hdm_state {
	u32 global;
	struct vfio_cxl_hdm_decoder decoder[CXL_HDM_MAX_DECODERS];
};

static inline bool
vfio_cxl_hdm_committed(const struct vfio_cxl_hdm_decoder *decoder)
{
	return decoder->ctrl & CXL_HDM_CTRL_COMMITTED;
}

int vfio_cxl_hdm_find(struct vfio_cxl_hdm *hdm, const struct vfio_cxl_io *io);
int vfio_cxl_hdm_read(const struct vfio_cxl_hdm *hdm, unsigned int n,
		      struct vfio_cxl_hdm_decoder *decoder);
int vfio_cxl_hdm_snapshot(const struct vfio_cxl_hdm *hdm,
			  struct vfio_cxl_hdm_state *state);
int vfio_cxl_hdm_apply(const struct vfio_cxl_hdm *hdm, unsigned int n,
		       const struct vfio_cxl_hdm_decoder *want,
		       enum vfio_cxl_reason *reason);
int vfio_cxl_hdm_program(const struct vfio_cxl_hdm *hdm, unsigned int n,
			 const struct vfio_cxl_hdm_decoder *want,
			 enum vfio_cxl_reason *reason);
int vfio_cxl_hdm_restore(const struct vfio_cxl_hdm *hdm,
			 const struct vfio_cxl_hdm_state *state,
			 enum vfio_cxl_reason *reason);

#endif /* VFIO_CXL_HDM_H */
