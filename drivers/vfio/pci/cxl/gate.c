// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the gate
 *
 * May the memory be touched now? Resets, open and close, and changes of the
 * decoder take the decoder away under the memory; a touch of undecoded memory
 * can take the host with it. Each such event closes the gate with a reason of
 * its own before it begins: the memory is unmapped everywhere and caches are
 * written back. When the last reason is gone, the decoders are restored, read
 * back, and only then the memory is live again. One bit per cause instead of one
 * flag, because events overlap: the end of one must not reopen what another
 * still holds closed.
 */
#include "dc.h"
#include "tag.h"
#include "trace.h"
#include "vfio_cxl.h"

/**
 * vfio_cxl_gate_close - keep everybody off the memory
 * @cxl: the device
 * @reason: VFIO_CXL_GATE_*, which vfio_cxl_gate_open() has to take back
 *
 * On return the memory is unmapped, no copy is under way, and nobody is at the
 * registers. Takes what faults take, so that hooks may do the same.
 *
 * Return: the reasons before.
 */
u32 vfio_cxl_gate_close(struct vfio_cxl_device *cxl, u32 reason)
{
	bool was_live;
	u32 before;

	down_read(&cxl->tags->sem);
	down_write(&cxl->gate_sem);
	before = cxl->gate;
	cxl->gate |= reason | VFIO_CXL_GATE_UNRESTORED;
	cxl->gate_seq++;
	was_live = cxl->live;
	/* Not live before the unmap: no fault may map it again */
	cxl->live = false;
	vfio_cxl_dc_gate_closed(cxl);
	if (was_live)
		vfio_cxl_memory_unmap(cxl, 0, cxl->memory.size);
	vfio_cxl_tags_unmap(cxl->tags);
	trace_vfio_cxl_gate(cxl->core.pdev, cxl->gate, cxl->live);

	/* A flush may take long; a fault need not wait for it to fail */
	downgrade_write(&cxl->gate_sem);
	up_read(&cxl->tags->sem);
	if (was_live)
		vfio_cxl_memory_flush(cxl);
	up_read(&cxl->gate_sem);

	return before;
}

/*
 * Bring the device back to what @want says, unless something closed the gate
 * since @seq: a reset waits for gate_sem, so none begins in the middle.
 */
static int gate_restore(struct vfio_cxl_device *cxl, u64 seq)
{
	enum vfio_cxl_reason reason = VFIO_CXL_REASON_NONE;
	int ret = -EAGAIN;

	lockdep_assert_held(&cxl->cmd_lock);

	down_read(&cxl->gate_sem);
	if (seq == cxl->gate_seq) {
		vfio_cxl_cache_disable(cxl);
		ret = 0;
		if (vfio_cxl_has_memory(cxl))
			ret = vfio_cxl_mem_enable(cxl);
		if (!ret)
			ret = vfio_cxl_hdm_restore(&cxl->hdm, &cxl->want,
						   &reason);
		if (ret)
			pci_err(cxl->core.pdev, "memory is not usable: decoders not restored: %pe, reason %d\n",
				ERR_PTR(ret), reason);
	}
	up_read(&cxl->gate_sem);

	return ret;
}

/* Is the memory there to be restored? Who can't wait leaves it to one who can */
static int gate_await_media(struct vfio_cxl_device *cxl, bool wait)
{
	int ret;

	if (!vfio_cxl_has_memory(cxl))
		return 0;

	ret = vfio_cxl_await_media(cxl, wait);
	if (ret == -EAGAIN && !wait)
		queue_work(system_long_wq, &cxl->restore_work);

	return ret;
}

/**
 * vfio_cxl_gate_open - an event that closed the gate is over
 * @cxl: the device
 * @reason: what vfio_cxl_gate_close() was given; 0 to try only
 * @wait: for the media, for as long as the device asks; else a work item does
 *
 * Restores and goes live if nothing else holds the gate closed. What came in
 * between has its own end, which tries again. Where the decoders can't be
 * restored, VFIO_CXL_GATE_UNRESTORED stays.
 *
 * Return: 0 if the gate is open; -EAGAIN if it is not yet; -EINTR; an error of
 * the device.
 */
int vfio_cxl_gate_open(struct vfio_cxl_device *cxl, u32 reason, bool wait)
{
	u64 seq, first;
	u32 gate;
	int ret;

	lockdep_assert_held(&cxl->cmd_lock);

	down_write(&cxl->gate_sem);
	cxl->gate &= ~reason;
	gate = cxl->gate;
	seq = cxl->gate_seq;
	up_write(&cxl->gate_sem);
	if (gate != VFIO_CXL_GATE_UNRESTORED)
		return gate ? -EAGAIN : 0;

	vfio_cxl_memory_space_on(cxl);
	ret = gate_await_media(cxl, wait);
	if (!ret)
		ret = gate_restore(cxl, seq);
	if (!ret && wait)
		vfio_cxl_dc_await(cxl);
	first = vfio_cxl_dc_first(cxl);

	down_write(&cxl->gate_sem);
	if (seq != cxl->gate_seq) {
		ret = -EAGAIN;
	} else if (!ret) {
		cxl->gate = 0;
		cxl->live = vfio_cxl_has_memory(cxl);
		if (cxl->dc)
			cxl->dc->start = first;
	}
	trace_vfio_cxl_gate(cxl->core.pdev, cxl->gate, cxl->live);
	up_write(&cxl->gate_sem);
	/* Extents have a way of their own to become reachable later */
	if (!ret)
		vfio_cxl_dc_resume(cxl);

	return ret;
}

/**
 * vfio_cxl_gate_release - an event that closed the gate is over
 * @cxl: the device
 * @reason: what vfio_cxl_gate_close() was given
 *
 * For whoever can't wait for cmd_lock: a work item restores.
 */
void vfio_cxl_gate_release(struct vfio_cxl_device *cxl, u32 reason)
{
	down_write(&cxl->gate_sem);
	cxl->gate &= ~reason;
	up_write(&cxl->gate_sem);

	queue_work(system_long_wq, &cxl->restore_work);
}

/**
 * vfio_cxl_live - may the memory be touched now?
 * @cxl: the device
 *
 * Return: the answer, which may be old when it is looked at; who touches the
 * memory asks under gate_sem.
 */
bool vfio_cxl_live(struct vfio_cxl_device *cxl)
{
	bool live;

	down_read(&cxl->gate_sem);
	live = cxl->live;
	up_read(&cxl->gate_sem);

	return live;
}

/**
 * vfio_cxl_all_live - may all of the memory be touched now?
 * @cxl: the device
 *
 * Return: as vfio_cxl_live(), and no extent is still out of reach.
 */
bool vfio_cxl_all_live(struct vfio_cxl_device *cxl)
{
	bool live;

	down_read(&cxl->gate_sem);
	live = cxl->live && vfio_cxl_dc_settled(cxl);
	up_read(&cxl->gate_sem);

	return live;
}

/**
 * vfio_cxl_gate_reset_done - a reset is over
 * @cxl: the device
 *
 * In a reset hook. The user's view of the CXL Device DVSEC is as a reset leaves
 * it, a sealed decoder stays what it is. Restoring takes cmd_lock and may sleep
 * for long, so it is left to a work item.
 */
void vfio_cxl_gate_reset_done(struct vfio_cxl_device *cxl)
{
	u32 reasons = VFIO_CXL_GATE_RESET;

	mutex_lock(&cxl->shadow_lock);
	if (!cxl->dvsec_keep)
		vfio_cxl_dvsec_found(cxl, &cxl->dvsec);
	mutex_unlock(&cxl->shadow_lock);

	/* While the link recovers it may be reset again, without hooks */
	if (!cxl->recovering)
		reasons |= VFIO_CXL_GATE_ERROR;
	vfio_cxl_gate_release(cxl, reasons);
}

/**
 * vfio_cxl_gate_work - restore after a reset
 * @work: the device's restore_work
 */
void vfio_cxl_gate_work(struct work_struct *work)
{
	struct vfio_cxl_device *cxl =
		container_of(work, struct vfio_cxl_device, restore_work);

	int ret = 0;
	bool memory;

	mutex_lock(&cxl->cmd_lock);
	memory = vfio_cxl_has_memory(cxl);
	mutex_unlock(&cxl->cmd_lock);

	/* Without the lock: it may take minutes */
	if (memory)
		ret = vfio_cxl_await_media(cxl, true);
	/* Another event, which its own work follows, is not worth a word */
	if (ret && !(READ_ONCE(cxl->gate) & ~VFIO_CXL_GATE_UNRESTORED))
		pci_err(cxl->core.pdev, "memory is not usable: the media is not ready: %pe\n",
			ERR_PTR(ret));
	if (ret == -EAGAIN)
		return;
	vfio_cxl_dc_await(cxl);

	mutex_lock(&cxl->cmd_lock);
	/* The close left it to whoever sees the media ready */
	if (!vfio_cxl_gate_open(cxl, 0, false) && !cxl->open)
		vfio_cxl_memory_clean(cxl, false);
	mutex_unlock(&cxl->cmd_lock);
}
