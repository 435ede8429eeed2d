// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the guest's decoder, from outside
 *
 * A VMM that knows CXL programs decoder 0 in COMP_REGS itself. For one that does
 * not, whoever has the control node says where the memory stands in the guest:
 * for the tenancy that is under way, or for the next one, or for all. The
 * physical decoder never moves.
 */
#include "vfio_cxl.h"

/**
 * vfio_cxl_guest_begin - a tenancy begins
 * @cxl: the device, with its shadow as at the beginning of a tenancy
 */
void vfio_cxl_guest_begin(struct vfio_cxl_device *cxl)
{
	const struct vfio_cxl_guest *guest = &cxl->guest;

	lockdep_assert_held(&cxl->shadow_lock);

	/* Checked when it was set; the memory may be another one since */
	if (guest->set &&
	    vfio_cxl_comp_regs_place(&cxl->comp_regs, 0, guest->base,
				     guest->seal, false))
		pci_warn(cxl->core.pdev, "the guest's decoder does not fit at %#llx: not placed\n",
			 guest->base);
}

/**
 * vfio_cxl_guest_end - a tenancy ends
 * @cxl: the device
 */
void vfio_cxl_guest_end(struct vfio_cxl_device *cxl)
{
	lockdep_assert_held(&cxl->shadow_lock);

	if (!cxl->guest.persist)
		memset(&cxl->guest, 0, sizeof(cxl->guest));
}

static bool guest_same(const struct vfio_cxl_guest *a,
		       const struct vfio_cxl_guest *b)
{
	return a->set == b->set && a->seal == b->seal &&
	       a->persist == b->persist && a->base == b->base;
}

/* Does the open tenancy's decoder stand as it was set? */
static bool guest_stands(const struct vfio_cxl_device *cxl,
			 const struct vfio_cxl_guest *guest)
{
	const struct vfio_cxl_shadow_decoder *decoder =
		&cxl->comp_regs.decoder[0];
	u32 lock = guest->seal ? CXL_HDM_CTRL_LOCK : 0;

	return decoder->base == guest->base &&
	       decoder->size == decoder->max_size &&
	       decoder->ctrl == (decoder->first | lock);
}

static int guest_place(struct vfio_cxl_device *cxl,
		       const struct vfio_cxl_guest *guest, bool dry_run,
		       bool *already)
{
	bool same = guest_same(&cxl->guest, guest);
	/* Not sealed, the user may have moved it in the meantime */
	bool stands = !cxl->regions || guest_stands(cxl, guest);
	int ret = 0;

	if (cxl->regions) {
		ret = vfio_cxl_comp_regs_place(&cxl->comp_regs, 0, guest->base,
					       guest->seal, dry_run);
		if (ret && ret != -EALREADY)
			return ret;
	}

	*already = same && (stands || ret == -EALREADY);
	if (!dry_run)
		cxl->guest = *guest;

	return 0;
}

/**
 * vfio_cxl_guest_set - VFIO_CXL_GUEST_SET
 * @cxl: the device
 * @arg: the ioctl's struct, checked for what is reserved
 * @why: why not
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_guest_set(struct vfio_cxl_device *cxl,
		       struct vfio_cxl_guest_set *arg,
		       struct vfio_cxl_why *why)
{
	const struct vfio_cxl_guest guest = {
		.set = true,
		.seal = arg->flags & VFIO_CXL_GUEST_SEAL,
		.persist = arg->flags & VFIO_CXL_GUEST_PERSIST,
		.base = arg->base,
	};
	bool already = false;
	u64 end;
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	if (!vfio_cxl_has_memory(cxl)) {
		*why = cxl->why;
		return -EOPNOTSUPP;
	}
	if (!IS_ALIGNED(arg->base, SZ_256M))
		return vfio_cxl_refuse(why, -EINVAL,
				       VFIO_CXL_REASON_RANGE_ALIGN, "%s", "");
	if (check_add_overflow(arg->base, cxl->memory.size, &end))
		return vfio_cxl_refuse(why, -EINVAL,
				       VFIO_CXL_REASON_RANGE_SIZE, "%s", "");

	mutex_lock(&cxl->shadow_lock);
	ret = guest_place(cxl, &guest, arg->flags & VFIO_CXL_GUEST_DRY_RUN,
			  &already);
	mutex_unlock(&cxl->shadow_lock);

	if (ret == -EPERM)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_SEALED,
				       "decoder 0");
	if (ret)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_COMMIT_ERROR,
				       "decoder 0");
	if (already)
		arg->flags |= VFIO_CXL_GUEST_ALREADY;

	return 0;
}

/* Are all decoders as the tenancy's open left them? */
static bool as_opened(const struct vfio_cxl_comp_regs *regs)
{
	const struct vfio_cxl_shadow_decoder *decoder;
	unsigned int n;

	for (n = 0; n < regs->count; n++) {
		decoder = &regs->decoder[n];
		if (decoder->base || decoder->size != decoder->max_size ||
		    decoder->ctrl != decoder->first)
			return false;
	}

	return regs->global == CXL_HDM_GLOBAL_ENABLE;
}

/**
 * vfio_cxl_guest_clear - VFIO_CXL_GUEST_CLEAR
 * @cxl: the device
 * @arg: the ioctl's struct, checked for what is reserved
 */
void vfio_cxl_guest_clear(struct vfio_cxl_device *cxl,
			  struct vfio_cxl_guest_clear *arg)
{
	lockdep_assert_held(&cxl->cmd_lock);

	mutex_lock(&cxl->shadow_lock);
	if (!cxl->guest.set && (!cxl->regions || as_opened(&cxl->comp_regs)))
		arg->flags |= VFIO_CXL_GUEST_ALREADY;
	if (!(arg->flags & VFIO_CXL_GUEST_DRY_RUN)) {
		memset(&cxl->guest, 0, sizeof(cxl->guest));
		if (cxl->regions)
			vfio_cxl_comp_regs_init(&cxl->comp_regs, &cxl->hdm,
						&cxl->want,
						vfio_cxl_cache_capable(cxl));
	}
	mutex_unlock(&cxl->shadow_lock);
}
