// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: decoder 0 of a device
 *
 * Decides what happens to the physical decoder: whether one that was found
 * committed is believed, whether and how one is programmed, cleared, and left at
 * unbind. hdm.c writes the registers, topology.c finds the range. The caller
 * holds cmd_lock.
 */
#include "dc.h"
#include "fault.h"
#include "tag.h"
#include "trace.h"
#include "vfio_cxl.h"

static bool range_aligned(const struct vfio_cxl_hdm_decoder *decoder)
{
	return decoder->size && IS_ALIGNED(decoder->base, SZ_256M) &&
	       IS_ALIGNED(decoder->size, SZ_256M) &&
	       IS_ALIGNED(decoder->skip, SZ_256M);
}

/* The offsets of a VFIO region have that many bits */
#define SIZE_MAX_REGION		BIT_ULL(VFIO_PCI_OFFSET_SHIFT)

/* Does a decoder that was found committed fit, and is its range free? */
static int found_claim(struct vfio_cxl_device *cxl, unsigned int n,
		       struct resource **claim, struct vfio_cxl_why *why)
{
	const struct vfio_cxl_hdm_decoder *decoder = &cxl->found.decoder[n];
	u64 base = decoder->base;
	u32 type;

	if (decoder->ctrl & CXL_HDM_CTRL_IW)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_INTERLEAVED,
				       "decoder %u", n);
	if (!range_aligned(decoder))
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_RANGE_ALIGN,
				       "decoder %u", n);

	return vfio_cxl_range_find(cxl, false, &base, decoder->size, true,
				   claim, &type, why);
}

static int found_check(struct vfio_cxl_device *cxl, struct vfio_cxl_why *why)
{
	const struct vfio_cxl_hdm_decoder *decoder = &cxl->found.decoder[0];
	struct resource *claim;
	int ret;

	if (decoder->size > SIZE_MAX_REGION)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_RANGE_SIZE,
				       "decoder 0");
	ret = vfio_cxl_await_media(cxl, true);
	if (ret)
		return vfio_cxl_refuse(why, ret,
				       VFIO_CXL_REASON_MEDIA_NOT_READY, "%s",
				       pci_name(cxl->core.pdev));

	ret = found_claim(cxl, 0, &claim, why);
	if (ret)
		return ret;

	ret = vfio_cxl_memory_set(cxl, decoder, claim, why);
	if (ret)
		vfio_cxl_range_release(claim);

	return ret;
}

/*
 * The other decoders are nobody's here, but firmware's have to be there again
 * at unbind. Restored after resets is what passes the same checks.
 */
static void found_others(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_why why;
	unsigned int n;

	for (n = 1; n < cxl->hdm.count; n++) {
		if (!vfio_cxl_hdm_committed(&cxl->found.decoder[n]) ||
		    !found_claim(cxl, n, &cxl->claims[n], &why))
			continue;
		pci_warn(cxl->core.pdev, "firmware committed decoder %u, not believed and not restored after resets: reason %d, %s\n",
			 n, why.reason, why.element);
		memset(&cxl->want.decoder[n], 0, sizeof(cxl->want.decoder[n]));
	}
}

static bool found_in_use(struct vfio_cxl_device *cxl)
{
	const struct vfio_cxl_hdm_decoder *decoder;
	unsigned int n;

	for (n = 0; n < cxl->hdm.count; n++) {
		decoder = &cxl->found.decoder[n];
		if (!vfio_cxl_hdm_committed(decoder) ||
		    !vfio_cxl_range_in_use(decoder->base, decoder->size))
			continue;
		pci_err(cxl->core.pdev, "the host uses the device's memory as System RAM: offline it first\n");
		return true;
	}

	return false;
}

/**
 * vfio_cxl_decoder_found - look at decoder 0 when the driver is bound
 * @cxl: the device, with @cxl->found read
 *
 * A committed decoder is believed only after the checks that programming one
 * passes too: a device may lie, and a former user may have misprogrammed it. One
 * that is not believed leaves the device bound without memory, and is never
 * changed.
 *
 * Return: 0; -EINTR; -EBUSY if the host is running on the device's memory, which
 * the first reset would take away.
 */
int vfio_cxl_decoder_found(struct vfio_cxl_device *cxl)
{
	const struct vfio_cxl_hdm_decoder *decoder = &cxl->found.decoder[0];
	struct pci_dev *pdev = cxl->core.pdev;

	lockdep_assert_held(&cxl->cmd_lock);

	if (found_in_use(cxl))
		return -EBUSY;
	/* A signal is no verdict on the decoder */
	if (cxl->hdm.count && vfio_cxl_hdm_committed(decoder) &&
	    vfio_cxl_await_media(cxl, true) == -EINTR)
		return -EINTR;

	cxl->want = cxl->found;
	found_others(cxl);
	if (!cxl->hdm.count)
		return vfio_cxl_refuse(&cxl->why, 0, VFIO_CXL_REASON_NO_HDM,
				       "%s", "");
	if (!vfio_cxl_hdm_committed(decoder))
		return vfio_cxl_refuse(&cxl->why, 0,
				       VFIO_CXL_REASON_NOT_COMMITTED,
				       "decoder 0");

	cxl->origin = VFIO_CXL_ORIGIN_FIRMWARE;
	if (found_check(cxl, &cxl->why)) {
		/* Nor is it committed again once a reset took it away */
		memset(&cxl->want.decoder[0], 0, sizeof(cxl->want.decoder[0]));
		pci_warn(pdev, "firmware committed decoder 0 to [%#llx, +%#llx], not believed and not restored after resets: reason %d, %s\n",
			 decoder->base, decoder->size, cxl->why.reason,
			 cxl->why.element);
		return 0;
	}
	pci_info(pdev, "firmware committed decoder 0: %llu MiB of memory\n",
		 decoder->size >> 20);

	return 0;
}

/* Events under which nobody may go to the registers */
#define GATE_EVENTS	(VFIO_CXL_GATE_RESET | VFIO_CXL_GATE_ERROR | \
			 VFIO_CXL_GATE_SUSPEND | VFIO_CXL_GATE_REMOVED)

/*
 * To the registers, gated: a reset waits for gate_sem, so that none begins in
 * the middle. One that is under way already would eat what is written.
 */
static int regs_begin(struct vfio_cxl_device *cxl, struct vfio_cxl_why *why)
{
	lockdep_assert_held(&cxl->cmd_lock);

	down_read(&cxl->gate_sem);
	if (!(cxl->gate & GATE_EVENTS))
		return 0;
	up_read(&cxl->gate_sem);

	return vfio_cxl_refuse(why, -EAGAIN, VFIO_CXL_REASON_NOT_LIVE, "%s",
			       pci_name(cxl->core.pdev));
}

static void regs_end(struct vfio_cxl_device *cxl)
{
	up_read(&cxl->gate_sem);
}

/*
 * A change is over. One whose memory does not come back live is no success; a
 * reset under way, or a media that is not ready, has an end of its own.
 */
static int change_over(struct vfio_cxl_device *cxl, int ret,
		       struct vfio_cxl_why *why)
{
	int live = vfio_cxl_gate_open(cxl, VFIO_CXL_GATE_DECODER, false);

	if (ret || !live || live == -EAGAIN)
		return ret;

	return vfio_cxl_refuse(why, live, VFIO_CXL_REASON_NOT_LIVE,
			       "decoder 0");
}

/* A lock takes effect with a commit only, so commit again */
static int program_lock(struct vfio_cxl_device *cxl, struct vfio_cxl_why *why)
{
	struct vfio_cxl_hdm_decoder *want = &cxl->want.decoder[0];
	struct vfio_cxl_hdm_decoder locked = *want;
	int ret;

	locked.ctrl |= CXL_HDM_CTRL_LOCK;
	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_DECODER);
	ret = regs_begin(cxl, why);
	if (!ret) {
		ret = vfio_cxl_hdm_program(&cxl->hdm, 0, &locked, &why->reason);
		regs_end(cxl);
	}
	if (!ret)
		*want = locked;
	ret = change_over(cxl, ret, why);
	trace_vfio_cxl_decoder(cxl->core.pdev, "lock", want->base, want->size,
			       ret);

	return ret;
}

/* Decoder 0 is committed, but not to what the caller asks for */
static int program_otherwise(struct vfio_cxl_device *cxl,
			     struct vfio_cxl_why *why)
{
	if (cxl->origin == VFIO_CXL_ORIGIN_FIRMWARE)
		return vfio_cxl_refuse(why, -EPERM, VFIO_CXL_REASON_FIRMWARE,
				       "decoder 0");
	if (cxl->want.decoder[0].ctrl & CXL_HDM_CTRL_LOCK)
		return vfio_cxl_refuse(why, -EPERM, VFIO_CXL_REASON_LOCKED,
				       "decoder 0");

	return vfio_cxl_refuse(why, -EBUSY, VFIO_CXL_REASON_COMMITTED,
			       "decoder 0");
}

/* Decoder 0 is committed: to what the caller asks for? */
static int program_already(struct vfio_cxl_device *cxl,
			   struct vfio_cxl_decoder_program *arg,
			   struct vfio_cxl_why *why)
{
	struct vfio_cxl_hdm_decoder *want = &cxl->want.decoder[0];
	bool lock = (arg->flags & VFIO_CXL_PROGRAM_LOCK) &&
		    !(want->ctrl & CXL_HDM_CTRL_LOCK);
	int ret;

	if (!vfio_cxl_has_memory(cxl) || arg->dpa_skip != want->skip ||
	    (arg->size && arg->size != want->size) ||
	    ((arg->flags & VFIO_CXL_PROGRAM_BASE) && arg->base != want->base) ||
	    (lock && cxl->origin == VFIO_CXL_ORIGIN_FIRMWARE))
		return program_otherwise(cxl, why);

	arg->base = want->base;
	arg->size = want->size;
	if (lock)
		return arg->flags & VFIO_CXL_PROGRAM_DRY_RUN ? 0 :
		       program_lock(cxl, why);

	/* It may not have come back from the last reset: try again */
	if (arg->flags & VFIO_CXL_PROGRAM_DRY_RUN)
		ret = vfio_cxl_live(cxl) ? 0 : -EAGAIN;
	else
		ret = vfio_cxl_gate_open(cxl, 0, false);
	if (ret)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_NOT_LIVE,
				       "decoder 0");
	arg->flags |= VFIO_CXL_PROGRAM_ALREADY;

	return 0;
}

/*
 * Where the DPA ends that a decoder may cover which begins at @skip. Behind the
 * static capacity is Dynamic Capacity; a device that does not say how much of it
 * there is leaves that to the caller. By default both are covered, where they are
 * alike.
 */
static u64 program_end(struct vfio_cxl_device *cxl, u64 skip, u64 *usual)
{
	u64 capacity = vfio_cxl_static_capacity(cxl);
	bool alike = false;
	u64 end = vfio_cxl_dc_end(cxl, &alike);

	*usual = end && (alike || skip >= capacity) ? end : capacity;
	if (!end)
		return skip < capacity ? capacity : U64_MAX;

	return max(end, capacity);
}

/* Fill in the size, and check it against what the device has */
static int program_size(struct vfio_cxl_device *cxl,
			struct vfio_cxl_decoder_program *arg,
			struct vfio_cxl_why *why)
{
	u64 size = arg->size, usual, last, end;

	if (!size && !vfio_cxl_dc_known(cxl))
		return vfio_cxl_refuse(why, -EAGAIN,
				       VFIO_CXL_REASON_DC_NOT_SYNCED, "%s",
				       pci_name(cxl->core.pdev));
	last = program_end(cxl, arg->dpa_skip, &usual);
	if (!size && !usual)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_NO_CAPACITY, "%s",
				       pci_name(cxl->core.pdev));
	if (!size && arg->dpa_skip < usual)
		size = min(ALIGN_DOWN(usual - arg->dpa_skip, SZ_256M),
			   SIZE_MAX_REGION);
	if ((!arg->size && arg->dpa_skip >= usual) ||
	    check_add_overflow(arg->dpa_skip, size, &end) || end > last)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_RANGE_CAPACITY,
				       "capacity %#llx", min(usual, last));
	if (!size || !IS_ALIGNED(size | arg->base | arg->dpa_skip, SZ_256M))
		return vfio_cxl_refuse(why, -EINVAL,
				       VFIO_CXL_REASON_RANGE_ALIGN, "%s", "");

	if (size > SIZE_MAX_REGION)
		return vfio_cxl_refuse(why, -EOPNOTSUPP,
				       VFIO_CXL_REASON_RANGE_SIZE, "%s", "");

	arg->size = size;

	return 0;
}

/*
 * Write the registers, and take it back where something fails. A decoder that
 * stays committed all the same is the driver's, until it is cleared.
 */
static int program_registers(struct vfio_cxl_device *cxl,
			     const struct vfio_cxl_hdm_decoder *want,
			     struct vfio_cxl_why *why)
{
	struct vfio_cxl_hdm_decoder now;
	int ret;

	lockdep_assert_held_read(&cxl->gate_sem);

	ret = vfio_cxl_mem_enable(cxl);
	if (ret == -EPERM)
		return vfio_cxl_refuse(why, ret, VFIO_CXL_REASON_DVSEC_LOCKED,
				       "%s", pci_name(cxl->core.pdev));
	if (ret)
		return ret;

	ret = vfio_cxl_hdm_program(&cxl->hdm, 0, want, &why->reason);
	if (!ret) {
		cxl->origin = VFIO_CXL_ORIGIN_DRIVER;
		return 0;
	}

	if (!vfio_cxl_hdm_read(&cxl->hdm, 0, &now) &&
	    vfio_cxl_hdm_committed(&now)) {
		pci_err(cxl->core.pdev, "decoder 0 could not be put back\n");
		cxl->origin = VFIO_CXL_ORIGIN_DRIVER;
		return ret;
	}
	vfio_cxl_mem_disable(cxl);

	return ret;
}

/* Mapped first: once the decoder is locked nothing can be taken back */
static int program_commit(struct vfio_cxl_device *cxl,
			  const struct vfio_cxl_hdm_decoder *want,
			  struct resource *claim, struct vfio_cxl_why *why)
{
	int ret;

	ret = vfio_cxl_memory_set(cxl, want, claim, why);
	if (ret) {
		vfio_cxl_range_release(claim);
		return ret;
	}

	vfio_cxl_memory_space_on(cxl);
	ret = regs_begin(cxl, why);
	if (!ret) {
		ret = program_registers(cxl, want, why);
		regs_end(cxl);
	}
	if (cxl->origin == VFIO_CXL_ORIGIN_NONE)
		vfio_cxl_memory_drop(cxl);

	return ret;
}

/* May decoder 0 be changed now? */
static int change_allowed(struct vfio_cxl_device *cxl, struct vfio_cxl_why *why)
{
	u32 gate;

	if (!cxl->hdm.count)
		return vfio_cxl_refuse(why, -EOPNOTSUPP, VFIO_CXL_REASON_NO_HDM,
				       "%s", pci_name(cxl->core.pdev));
	if (cxl->open || vfio_cxl_tags_device(cxl->tags))
		return vfio_cxl_refuse(why, -EBUSY, VFIO_CXL_REASON_OPEN, "%s",
				       pci_name(cxl->core.pdev));

	down_read(&cxl->gate_sem);
	gate = cxl->gate;
	up_read(&cxl->gate_sem);
	if (gate & ~VFIO_CXL_GATE_UNRESTORED)
		return vfio_cxl_refuse(why, -EAGAIN, VFIO_CXL_REASON_NOT_LIVE,
				       "%s", pci_name(cxl->core.pdev));

	return 0;
}

/**
 * vfio_cxl_decoder_program - commit decoder 0
 * @cxl: the device
 * @arg: what is wanted; base and size are filled in
 * @why: why not
 *
 * Return: 0, or an error as in the uAPI header.
 */
int vfio_cxl_decoder_program(struct vfio_cxl_device *cxl,
			     struct vfio_cxl_decoder_program *arg,
			     struct vfio_cxl_why *why)
{
	struct vfio_cxl_hdm_decoder want = {
		.ctrl = CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED,
	};
	struct resource *claim;
	u32 type;
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	ret = change_allowed(cxl, why);
	if (ret)
		return ret;
	if (cxl->origin != VFIO_CXL_ORIGIN_NONE)
		return program_already(cxl, arg, why);

	ret = vfio_cxl_await_media(cxl, false);
	if (ret)
		return vfio_cxl_refuse(why, ret,
				       VFIO_CXL_REASON_MEDIA_NOT_READY, "%s",
				       pci_name(cxl->core.pdev));
	ret = program_size(cxl, arg, why);
	if (ret)
		return ret;
	ret = vfio_cxl_range_find(cxl, true, &arg->base, arg->size,
				  arg->flags & VFIO_CXL_PROGRAM_BASE, &claim,
				  &type, why);
	if (ret)
		return ret;
	if (arg->flags & VFIO_CXL_PROGRAM_DRY_RUN) {
		vfio_cxl_range_release(claim);
		return 0;
	}

	want.base = arg->base;
	want.size = arg->size;
	want.skip = arg->dpa_skip;
	want.ctrl |= type;
	if (arg->flags & VFIO_CXL_PROGRAM_LOCK)
		want.ctrl |= CXL_HDM_CTRL_LOCK;

	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_DECODER);
	ret = program_commit(cxl, &want, claim, why);
	if (cxl->origin == VFIO_CXL_ORIGIN_DRIVER) {
		/* Stuck is not locked; if it is, hardware says so at clear */
		if (ret)
			want.ctrl &= ~CXL_HDM_CTRL_LOCK;
		cxl->want.decoder[0] = want;
		cxl->want.global |= CXL_HDM_GLOBAL_ENABLE;
		cxl->why = (struct vfio_cxl_why){};
	}
	ret = change_over(cxl, ret, why);
	trace_vfio_cxl_decoder(cxl->core.pdev, "program", want.base, want.size,
			       ret);

	return ret;
}

/* The decoder is gone, and with it everything that stood on it but the memory */
static void decoder_forget(struct vfio_cxl_device *cxl)
{
	enum vfio_cxl_reason ignored;

	lockdep_assert_held_read(&cxl->gate_sem);

	cxl->want.global = cxl->found.global;
	cxl->want.decoder[0] = cxl->found.decoder[0];
	cxl->origin = VFIO_CXL_ORIGIN_NONE;
	vfio_cxl_refuse(&cxl->why, 0, VFIO_CXL_REASON_NOT_COMMITTED,
			"decoder 0");
	vfio_cxl_hdm_restore(&cxl->hdm, &cxl->want, &ignored);
	vfio_cxl_mem_disable(cxl);
}

/**
 * vfio_cxl_decoder_clear - uncommit decoder 0
 * @cxl: the device
 * @dry_run: only check
 * @already: out: it was not committed
 * @why: why not
 *
 * Return: 0, or an error as in the uAPI header, with nothing changed.
 */
int vfio_cxl_decoder_clear(struct vfio_cxl_device *cxl, bool dry_run,
			   bool *already, struct vfio_cxl_why *why)
{
	struct vfio_cxl_hdm_decoder *want = &cxl->want.decoder[0];
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	ret = change_allowed(cxl, why);
	if (ret)
		return ret;
	if (cxl->origin == VFIO_CXL_ORIGIN_NONE) {
		*already = true;
		return 0;
	}
	if (cxl->origin == VFIO_CXL_ORIGIN_FIRMWARE)
		return vfio_cxl_refuse(why, -EPERM, VFIO_CXL_REASON_FIRMWARE,
				       "decoder 0");
	if (want->ctrl & CXL_HDM_CTRL_LOCK)
		return vfio_cxl_refuse(why, -EPERM, VFIO_CXL_REASON_LOCKED,
				       "decoder 0");
	/* Nobody would know later that there is something left to clear */
	if (cxl->unclean)
		return vfio_cxl_refuse(why, -EAGAIN, VFIO_CXL_REASON_NOT_LIVE,
				       "clear_on_close");
	/* Nor could it be cleared when it is released */
	if (vfio_cxl_clears() && vfio_cxl_dc_has_app(cxl))
		return vfio_cxl_refuse(why, -EBUSY,
				       VFIO_CXL_REASON_DC_COMMITTED,
				       "clear_on_close");
	if (dry_run)
		return 0;

	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_DECODER);
	ret = regs_begin(cxl, why);
	if (!ret) {
		ret = vfio_cxl_hdm_program(&cxl->hdm, 0, &cxl->found.decoder[0],
					   &why->reason);
		trace_vfio_cxl_decoder(cxl->core.pdev, "clear", want->base,
				       want->size, ret);
		if (!ret)
			decoder_forget(cxl);
		regs_end(cxl);
	}
	if (!ret)
		vfio_cxl_memory_drop(cxl);
	vfio_cxl_gate_open(cxl, VFIO_CXL_GATE_DECODER, false);

	return ret;
}

/* At remove, under the device lock: the way the VFIO core resets at close */
static int reset_function(struct pci_dev *pdev)
{
	struct pci_dev *bridge = pci_upstream_bridge(pdev);
	int ret;

	if (bridge && !pci_dev_trylock(bridge))
		return -EAGAIN;
	pci_cfg_access_lock(pdev);
	pci_save_state(pdev);
	ret = vfio_cxl_fails("reset of a lock") ? -ENOTTY :
	      __pci_reset_function_locked(pdev);
	pci_restore_state(pdev);
	pci_cfg_access_unlock(pdev);
	if (bridge)
		pci_dev_unlock(bridge);

	return ret;
}

/* What the driver committed goes, what firmware committed is there again */
static int leave_decoders(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_hdm_state back = cxl->want;
	struct pci_dev *pdev = cxl->core.pdev;
	enum vfio_cxl_reason reason;
	int ret = 0, err;

	vfio_cxl_memory_space_on(cxl);
	if (cxl->origin == VFIO_CXL_ORIGIN_DRIVER) {
		back.global = cxl->found.global;
		back.decoder[0] = cxl->found.decoder[0];
		ret = vfio_cxl_hdm_apply(&cxl->hdm, 0, &back.decoder[0],
					 &reason);
		/*
		 * Only a reset undoes a lock, or a decoder that won't let go,
		 * and not each: a function level reset leaves decoders alone.
		 * The others go along.
		 */
		if (ret && pci_device_is_present(pdev)) {
			ret = reset_function(pdev);
			vfio_cxl_memory_space_on(cxl);
			if (!ret)
				ret = vfio_cxl_hdm_apply(&cxl->hdm, 0,
							 &back.decoder[0],
							 &reason);
		}
	}
	err = vfio_cxl_hdm_restore(&cxl->hdm, &back, &reason);

	return ret ?: err;
}

/**
 * vfio_cxl_decoder_leave - leave the device as it was found
 * @cxl: the device, gated for good
 *
 * At remove.
 */
void vfio_cxl_decoder_leave(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	unsigned int n;
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	if (cxl->hdm.count && pci_device_is_present(pdev)) {
		ret = leave_decoders(cxl);
		trace_vfio_cxl_decoder(pdev, "leave", cxl->memory.base,
				       cxl->memory.size, ret);
		if (ret)
			pci_warn(pdev, "decoders could not be left as they were found: %pe; a bus or CXL reset of the device clears them\n",
				 ERR_PTR(ret));
	}

	vfio_cxl_memory_drop(cxl);
	for (n = 1; n < cxl->hdm.count; n++)
		if (cxl->claims[n])
			vfio_cxl_range_release(cxl->claims[n]);
	vfio_cxl_control_put_back(cxl);
}
