// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the decoder as a user sees it
 *
 * COMP_REGS is a shadow of the CXL.cache/mem registers (CXL 3.1, 8.2.4): the
 * capability array with the HDM decoder capability and nothing else. It starts
 * *provisioning*: SIZE as in hardware, COMMIT and COMMITTED set because the
 * memory is live, BASE 0 because the host's address is none of the user's
 * business, LOCK 0 because the user has not placed it yet. A write of CTRL with
 * COMMIT and LOCK *seals* a decoder: from then on nothing changes it but the
 * end of the tenancy. No write here moves the physical decoder.
 */
#include "comp_regs.h"

#define ADDR_LO_MASK	GENMASK(31, 28)	/* BASE_LO, SIZE_LO: 256 MiB units */

/**
 * vfio_cxl_comp_regs_init - start a tenancy
 * @regs: the shadow
 * @hdm: the device's HDM decoder capability
 * @state: its decoders
 * @cache_capable: Cache_Capable of the CXL Device DVSEC
 */
void vfio_cxl_comp_regs_init(struct vfio_cxl_comp_regs *regs,
			     const struct vfio_cxl_hdm *hdm,
			     const struct vfio_cxl_hdm_state *state,
			     bool cache_capable)
{
	unsigned int n;

	memset(regs, 0, sizeof(*regs));
	regs->header = hdm->header;
	regs->entry = hdm->entry;
	regs->entry_index = hdm->entry_index;
	regs->offset = hdm->offset;
	regs->cap = hdm->cap;
	regs->global = CXL_HDM_GLOBAL_ENABLE;
	regs->count = hdm->count;
	regs->cache_capable = cache_capable;

	for (n = 0; n < hdm->count; n++) {
		const struct vfio_cxl_hdm_decoder *hw = &state->decoder[n];
		struct vfio_cxl_shadow_decoder *decoder = &regs->decoder[n];

		if (!vfio_cxl_hdm_committed(hw))
			continue;
		decoder->size = hw->size;
		decoder->max_size = hw->size;
		decoder->skip = hw->skip;
		decoder->ctrl = (hw->ctrl & (CXL_HDM_CTRL_IG | CXL_HDM_CTRL_IW |
					     CXL_HDM_CTRL_HOST_ONLY |
					     CXL_HDM_CTRL_BI |
					     CXL_HDM_CTRL_UIO)) |
				CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED;
		decoder->first = decoder->ctrl;
	}
}

static u32 decoder_read(const struct vfio_cxl_shadow_decoder *decoder, u32 reg)
{
	switch (reg) {
	case CXL_HDM_BASE_LO:
		return decoder->base;
	case CXL_HDM_BASE_HI:
		return decoder->base >> 32;
	case CXL_HDM_SIZE_LO:
		return decoder->size;
	case CXL_HDM_SIZE_HI:
		return decoder->size >> 32;
	case CXL_HDM_CTRL:
		return decoder->ctrl;
	case CXL_HDM_SKIP_LO:
		return decoder->skip;
	case CXL_HDM_SKIP_HI:
		return decoder->skip >> 32;
	}

	return 0;
}

/**
 * vfio_cxl_comp_regs_read - read a register
 * @regs: the shadow
 * @offset: a multiple of 4 below CXL_CM_SIZE
 *
 * Return: its value; 0 where there is none.
 */
u32 vfio_cxl_comp_regs_read(const struct vfio_cxl_comp_regs *regs, u32 offset)
{
	if (!offset)
		return regs->header;
	if (offset == 4 * regs->entry_index)
		return regs->entry;
	if (offset < regs->offset)
		return 0;

	offset -= regs->offset;
	if (offset == CXL_HDM_CAP)
		return regs->cap;
	if (offset == CXL_HDM_GLOBAL)
		return regs->global;
	if (offset < CXL_HDM_DECODER(0) ||
	    offset >= CXL_HDM_DECODER(regs->count))
		return 0;

	offset -= CXL_HDM_DECODER(0);
	return decoder_read(&regs->decoder[offset / 0x20], offset % 0x20);
}

/*
 * Would hardware commit this? The range must lie in what the physical decoder
 * decodes, and must not reach into a range that is placed for good. Decoders
 * that are merely committed may still move, so they are not looked at.
 */
static bool decoder_valid(const struct vfio_cxl_comp_regs *regs,
			  const struct vfio_cxl_shadow_decoder *decoder,
			  u32 ctrl)
{
	unsigned int n;
	u64 end;

	if (ctrl & CXL_HDM_CTRL_IW)
		return false;
	if (!decoder->size || decoder->size > decoder->max_size ||
	    check_add_overflow(decoder->base, decoder->size, &end))
		return false;

	for (n = 0; n < regs->count; n++) {
		const struct vfio_cxl_shadow_decoder *other = &regs->decoder[n];

		if (other == decoder || !vfio_cxl_shadow_sealed(other))
			continue;
		if (decoder->base < other->base + other->size &&
		    other->base < end)
			return false;
	}

	return true;
}

static void ctrl_write(struct vfio_cxl_comp_regs *regs,
		       struct vfio_cxl_shadow_decoder *decoder, u32 value)
{
	u32 writable = CXL_HDM_CTRL_IG | CXL_HDM_CTRL_IW | CXL_HDM_CTRL_LOCK |
		       CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_HOST_ONLY;
	u32 status = decoder->ctrl & (CXL_HDM_CTRL_COMMITTED |
				      CXL_HDM_CTRL_ERROR);
	u32 old = decoder->ctrl;

	if (regs->cap & CXL_HDM_CAP_UIO)
		writable |= CXL_HDM_CTRL_UIO;
	if (regs->cache_capable)
		writable |= CXL_HDM_CTRL_BI;
	value &= writable;

	/*
	 * While committed and not sealed, a write with COMMIT still 1 is checked
	 * like a commit, because BASE may have changed since: with LOCK it is
	 * the seal. After an error COMMIT has to go through 0.
	 */
	if (!(value & CXL_HDM_CTRL_COMMIT))
		status = 0;
	else if (!(old & CXL_HDM_CTRL_COMMIT) || (old & CXL_HDM_CTRL_COMMITTED))
		status = decoder_valid(regs, decoder, value) ?
			 CXL_HDM_CTRL_COMMITTED : CXL_HDM_CTRL_ERROR;

	decoder->ctrl = value | status;
}

static void set_lo(u64 *field, u32 value)
{
	*field = (*field & ~(u64)0xffffffffU) | (value & ADDR_LO_MASK);
}

static void set_hi(u64 *field, u32 value)
{
	*field = (*field & 0xffffffffU) | (u64)value << 32;
}

static void decoder_write(struct vfio_cxl_comp_regs *regs,
			  struct vfio_cxl_shadow_decoder *decoder, u32 reg,
			  u32 value)
{
	if (vfio_cxl_shadow_sealed(decoder))
		return;

	switch (reg) {
	case CXL_HDM_BASE_LO:
		set_lo(&decoder->base, value);
		break;
	case CXL_HDM_BASE_HI:
		set_hi(&decoder->base, value);
		break;
	case CXL_HDM_SIZE_LO:
		set_lo(&decoder->size, value);
		break;
	case CXL_HDM_SIZE_HI:
		set_hi(&decoder->size, value);
		break;
	case CXL_HDM_CTRL:
		ctrl_write(regs, decoder, value);
		break;
	}
}

/**
 * vfio_cxl_comp_regs_write - write a register
 * @regs: the shadow
 * @offset: a multiple of 4 below CXL_CM_SIZE
 * @value: what to write
 *
 * Writes that the rules do not allow are dropped, as hardware would.
 */
void vfio_cxl_comp_regs_write(struct vfio_cxl_comp_regs *regs, u32 offset,
			      u32 value)
{
	if (offset < regs->offset)
		return;

	offset -= regs->offset;
	if (offset == CXL_HDM_GLOBAL) {
		u32 writable = CXL_HDM_GLOBAL_ENABLE;

		if (regs->cap & CXL_HDM_CAP_POISON)
			writable |= CXL_HDM_GLOBAL_POISON;
		regs->global = value & writable;
		return;
	}
	if (offset < CXL_HDM_DECODER(0) ||
	    offset >= CXL_HDM_DECODER(regs->count))
		return;

	offset -= CXL_HDM_DECODER(0);
	decoder_write(regs, &regs->decoder[offset / 0x20], offset % 0x20, value);
}

/**
 * vfio_cxl_comp_regs_place - place a decoder from outside
 * @regs: the shadow
 * @n: which decoder
 * @base: guest physical address
 * @seal: seal it
 * @dry_run: only tell what would happen
 *
 * Whatever the user wrote so far is undone: the decoder has its full size, is
 * committed, and stands at @base.
 *
 * Return: 0; -EALREADY if it is sealed there; -EPERM if it is sealed elsewhere;
 * -EINVAL if hardware would not commit it.
 */
int vfio_cxl_comp_regs_place(struct vfio_cxl_comp_regs *regs, unsigned int n,
			     u64 base, bool seal, bool dry_run)
{
	struct vfio_cxl_shadow_decoder *decoder = &regs->decoder[n];
	struct vfio_cxl_shadow_decoder before = *decoder;
	int ret = 0;

	if (vfio_cxl_shadow_sealed(decoder))
		return decoder->base == base ? -EALREADY : -EPERM;

	decoder->base = base;
	decoder->size = decoder->max_size;
	decoder->ctrl = decoder->first | (seal ? CXL_HDM_CTRL_LOCK : 0);
	if (!IS_ALIGNED(base, SZ_256M) ||
	    !decoder_valid(regs, decoder, decoder->ctrl))
		ret = -EINVAL;
	if (ret || dry_run)
		*decoder = before;

	return ret;
}
