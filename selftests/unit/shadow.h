/* SPDX-License-Identifier: GPL-2.0-only */
/* A device's registers as a user sees them, and what the contract says of them */
#ifndef VFIO_CXL_SHADOW_H
#define VFIO_CXL_SHADOW_H

#include "unit.h"

#include "comp_regs.h"

#define MIB256		0x10000000ULL
#define PAGE_DWORDS	(CXL_CM_SIZE / 4)

/* Bits 8 to 14 of CTRL */
#define LOCK		0x100U
#define COMMIT		0x200U
#define COMMITTED	0x400U
#define ERROR		0x800U
#define TYPE		0x1000U
#define BI		0x2000U
#define UIO		0x4000U

#define CAP_POISON	0x400U
#define CAP_UIO		0x2000U
#define GLOBAL_POISON	0x1U
#define GLOBAL_ENABLE	0x2U

/* Dwords of a decoder */
enum { BASE_LO, BASE_HI, SIZE_LO, SIZE_HI, CTRL, SKIP_LO, SKIP_HI, RESERVED };

/* Where the hardware has its registers, and what they say */
#define HDM_AT		0x240
#define ENTRY_INDEX	3
#define HEADER		0x05110001U
#define ENTRY		((u32)HDM_AT << 20 | 0x00030005U)
#define DECODERS	4
#define HPA		0x4dd0000000ULL	/* recognisable in both halves */

struct shadow {
	struct vfio_cxl_comp_regs regs;
	struct vfio_cxl_hdm hdm;
	struct vfio_cxl_hdm_state state;
};

static inline u32 at(unsigned int n, unsigned int reg)
{
	return HDM_AT + 0x10 + 0x20 * n + 4 * reg;
}

static inline u32 get(struct shadow *s, unsigned int n, unsigned int reg)
{
	return vfio_cxl_comp_regs_read(&s->regs, at(n, reg));
}

static inline void set(struct shadow *s, unsigned int n, unsigned int reg,
		       u32 value)
{
	vfio_cxl_comp_regs_write(&s->regs, at(n, reg), value);
}

static inline u64 get64(struct shadow *s, unsigned int n, unsigned int reg)
{
	return get(s, n, reg) | (u64)get(s, n, reg + 1) << 32;
}

static inline void set64(struct shadow *s, unsigned int n, unsigned int reg,
			 u64 value)
{
	set(s, n, reg, value);
	set(s, n, reg + 1, value >> 32);
}

/* A decoder of the hardware that firmware committed: locked, with a skip */
static inline void hardware(struct shadow *s, unsigned int n, u64 size)
{
	s->state.decoder[n] = (struct vfio_cxl_hdm_decoder) {
		.base = HPA + n * (1ULL << 40),
		.size = size,
		.skip = 0x7700000000ULL + n * MIB256,
		.ctrl = LOCK | COMMIT | COMMITTED | TYPE,
	};
}

static inline void tenancy(struct shadow *s, u32 cap, unsigned int count,
			   bool cache)
{
	s->hdm = (struct vfio_cxl_hdm) {
		.header = HEADER,
		.entry = ENTRY,
		.entry_index = ENTRY_INDEX,
		.offset = HDM_AT,
		.cap = cap,
		.count = count,
	};
	memset(&s->regs, 0xa5, sizeof(s->regs));
	vfio_cxl_comp_regs_init(&s->regs, &s->hdm, &s->state, cache);
}

static inline void expect_page(struct __test_metadata *_metadata,
			       struct shadow *s, const u32 *page)
{
	unsigned int i;

	/* The braces are needed: what an assertion says is a loop of its own */
	for (i = 0; i < PAGE_DWORDS; i++) {
		ASSERT_EQ(page[i], vfio_cxl_comp_regs_read(&s->regs, 4 * i)) {
			TH_LOG("offset %#x", 4 * i);
			UNIT_LOG_SEED();
		}
	}
}

/* What a tenancy begins with */
static inline void initial_page(const struct shadow *s, u32 *page)
{
	unsigned int n;

	memset(page, 0, CXL_CM_SIZE);
	page[0] = HEADER;
	page[ENTRY_INDEX] = ENTRY;
	page[HDM_AT / 4] = s->hdm.cap;
	page[HDM_AT / 4 + 1] = GLOBAL_ENABLE;
	for (n = 0; n < s->hdm.count; n++) {
		const struct vfio_cxl_hdm_decoder *hw = &s->state.decoder[n];
		u32 *reg = &page[at(n, 0) / 4];

		if (!(hw->ctrl & COMMITTED))
			continue;
		reg[SIZE_LO] = hw->size;
		reg[SIZE_HI] = hw->size >> 32;
		reg[SKIP_LO] = hw->skip;
		reg[SKIP_HI] = hw->skip >> 32;
		reg[CTRL] = COMMIT | COMMITTED | (hw->ctrl & (TYPE | 0xff));
	}
}

#endif /* VFIO_CXL_SHADOW_H */
