// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the physical HDM decoder
 *
 * Finds the HDM decoder capability of a component (CXL 3.1, 8.2.4.20), reads
 * decoders, and makes a decoder be what is wanted: committed with these values,
 * or not committed. All of it is checked by reading back, because a device may
 * be slow, refuse, or lie; nothing here is believed because it was written.
 *
 * No locking: the caller serialises all changes of a device's decoders.
 */
#include "fault.h"
#include "hdm.h"

/* The part of the control register that makes two decoders the same */
#define HDM_CTRL_SAME	(CXL_HDM_CTRL_IG | CXL_HDM_CTRL_IW | CXL_HDM_CTRL_LOCK | \
			 CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED | \
			 CXL_HDM_CTRL_HOST_ONLY | CXL_HDM_CTRL_BI | \
			 CXL_HDM_CTRL_UIO | CXL_HDM_CTRL_UIO_IL)

/*
 * A commit takes 10 ms at most (8.2.4.20.7), which is then doubled twice.
 * Steps grow from HDM_WAIT_MIN, as most devices commit at once.
 */
#define HDM_WAIT_MIN_US		20
#define HDM_WAIT_MAX_US		2000
#define HDM_WAIT_TOTAL_US	40000

#define ALL_ONES		0xffffffffU

static u32 hdm_read(const struct vfio_cxl_hdm *hdm, u32 offset)
{
	return hdm->io->read(hdm->io->ctx, hdm->offset + offset);
}

static void hdm_write(const struct vfio_cxl_hdm *hdm, u32 offset, u32 value)
{
	hdm->io->write(hdm->io->ctx, hdm->offset + offset, value);
}

static unsigned int hdm_count(u32 cap)
{
	unsigned int code = FIELD_GET(CXL_HDM_CAP_COUNT, cap);

	if (!code)
		return 1;
	if (code <= 8)
		return 2 * code;
	if (code <= 12)
		return 4 * (code - 4);
	return 0;
}

/**
 * vfio_cxl_hdm_find - find the HDM decoder capability
 * @hdm: filled in on success
 * @io: a component's CXL.cache/mem registers
 *
 * Return: 0; -ENOENT without such a capability; -ENODEV where the registers
 * read all ones; -EINVAL where they make no sense.
 */
int vfio_cxl_hdm_find(struct vfio_cxl_hdm *hdm, const struct vfio_cxl_io *io)
{
	u32 entry, entries, i;

	memset(hdm, 0, sizeof(*hdm));
	hdm->io = io;
	hdm->header = io->read(io->ctx, 0);
	if (hdm->header == ALL_ONES || vfio_cxl_fails("capability read"))
		return -ENODEV;
	if (FIELD_GET(CXL_CM_CAP_ID, hdm->header) != CXL_CM_CAP_ID_ARRAY)
		return -EINVAL;

	entries = FIELD_GET(CXL_CM_CAP_ARRAY_SIZE, hdm->header);
	for (i = 1; i <= entries; i++) {
		entry = io->read(io->ctx, 4 * i);
		if (entry == ALL_ONES)
			return -ENODEV;
		if (FIELD_GET(CXL_CM_CAP_ID, entry) == CXL_CM_CAP_ID_HDM)
			break;
	}
	if (i > entries)
		return -ENOENT;

	hdm->entry = entry;
	hdm->entry_index = i;
	hdm->offset = FIELD_GET(CXL_CM_CAP_POINTER, entry);
	if (hdm->offset <= 4 * entries || !IS_ALIGNED(hdm->offset, 4) ||
	    hdm->offset + CXL_HDM_DECODER(1) > CXL_CM_SIZE)
		return -EINVAL;

	hdm->cap = hdm_read(hdm, CXL_HDM_CAP);
	if (hdm->cap == ALL_ONES)
		return -ENODEV;
	hdm->count = hdm_count(hdm->cap);
	if (!hdm->count ||
	    hdm->offset + CXL_HDM_DECODER(hdm->count) > CXL_CM_SIZE)
		return -EINVAL;

	return 0;
}

/**
 * vfio_cxl_hdm_read - read a decoder
 * @hdm: the capability
 * @n: which decoder, below @hdm->count
 * @decoder: filled in on success
 *
 * Return: 0, or -ENODEV where the registers read all ones.
 */
int vfio_cxl_hdm_read(const struct vfio_cxl_hdm *hdm, unsigned int n,
		      struct vfio_cxl_hdm_decoder *decoder)
{
	u32 at = CXL_HDM_DECODER(n);

	decoder->base = hdm_read(hdm, at + CXL_HDM_BASE_LO) |
			(u64)hdm_read(hdm, at + CXL_HDM_BASE_HI) << 32;
	decoder->size = hdm_read(hdm, at + CXL_HDM_SIZE_LO) |
			(u64)hdm_read(hdm, at + CXL_HDM_SIZE_HI) << 32;
	decoder->skip = hdm_read(hdm, at + CXL_HDM_SKIP_LO) |
			(u64)hdm_read(hdm, at + CXL_HDM_SKIP_HI) << 32;
	decoder->ctrl = hdm_read(hdm, at + CXL_HDM_CTRL);

	/* CTRL has reserved bits, so all ones is a device that is gone */
	if (decoder->ctrl == ALL_ONES || vfio_cxl_fails("decoder read"))
		return -ENODEV;

	return 0;
}

/**
 * vfio_cxl_hdm_snapshot - read all decoders
 * @hdm: the capability
 * @state: filled in on success
 *
 * Return: 0, or -ENODEV where the registers read all ones.
 */
int vfio_cxl_hdm_snapshot(const struct vfio_cxl_hdm *hdm,
			  struct vfio_cxl_hdm_state *state)
{
	unsigned int n;
	int ret;

	memset(state, 0, sizeof(*state));
	state->global = hdm_read(hdm, CXL_HDM_GLOBAL);
	/* It has reserved bits, and is written back */
	if (state->global == ALL_ONES)
		return -ENODEV;
	for (n = 0; n < hdm->count; n++) {
		ret = vfio_cxl_hdm_read(hdm, n, &state->decoder[n]);
		if (ret)
			return ret;
	}

	return 0;
}

static bool hdm_same_range(const struct vfio_cxl_hdm_decoder *a,
			   const struct vfio_cxl_hdm_decoder *b)
{
	return a->base == b->base && a->size == b->size && a->skip == b->skip;
}

/*
 * Is a decoder what is wanted? What it holds matters only while it is committed;
 * one that still asks to be is not uncommitted.
 */
static bool hdm_same(const struct vfio_cxl_hdm_decoder *now,
		     const struct vfio_cxl_hdm_decoder *want)
{
	if (!vfio_cxl_hdm_committed(want))
		return !(now->ctrl & (CXL_HDM_CTRL_COMMIT |
				      CXL_HDM_CTRL_COMMITTED));

	return hdm_same_range(now, want) &&
	       !((now->ctrl ^ want->ctrl) & HDM_CTRL_SAME);
}

static bool hdm_locked(const struct vfio_cxl_hdm_decoder *decoder)
{
	return vfio_cxl_hdm_committed(decoder) &&
	       (decoder->ctrl & CXL_HDM_CTRL_LOCK);
}

/*
 * Wait until COMMITTED is @committed. A device that sets Error Not Committed
 * has made up its mind.
 */
static int hdm_wait(const struct vfio_cxl_hdm *hdm, unsigned int n,
		    bool committed, enum vfio_cxl_reason *reason)
{
	unsigned int step = HDM_WAIT_MIN_US, waited = 0;
	u32 ctrl;

	if (vfio_cxl_fails(committed ? "commit" : "uncommit")) {
		*reason = VFIO_CXL_REASON_COMMIT_TIMEOUT;
		return -EIO;
	}

	for (;;) {
		ctrl = hdm_read(hdm, CXL_HDM_DECODER(n) + CXL_HDM_CTRL);
		if (ctrl == ALL_ONES)
			return -ENODEV;
		if (committed && (ctrl & CXL_HDM_CTRL_ERROR)) {
			*reason = VFIO_CXL_REASON_COMMIT_ERROR;
			return -EIO;
		}
		if (!(ctrl & CXL_HDM_CTRL_COMMITTED) == !committed)
			return 0;
		if (waited >= HDM_WAIT_TOTAL_US) {
			*reason = VFIO_CXL_REASON_COMMIT_TIMEOUT;
			return -EIO;
		}
		hdm->io->sleep(hdm->io->ctx, step);
		waited += step;
		step = min(2 * step, (unsigned int)HDM_WAIT_MAX_US);
	}
}

static int hdm_uncommit(const struct vfio_cxl_hdm *hdm, unsigned int n,
			const struct vfio_cxl_hdm_decoder *now,
			enum vfio_cxl_reason *reason)
{
	hdm_write(hdm, CXL_HDM_DECODER(n) + CXL_HDM_CTRL,
		  now->ctrl & HDM_CTRL_SAME &
		  ~(CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED |
		    CXL_HDM_CTRL_LOCK));

	return hdm_wait(hdm, n, false, reason);
}

/*
 * Write @want and commit it if it is committed. The order is the one of
 * 8.2.4.20: BASE, SIZE, skip, then CTRL, whose COMMIT bit latches the rest.
 */
static int hdm_commit(const struct vfio_cxl_hdm *hdm, unsigned int n,
		      const struct vfio_cxl_hdm_decoder *want,
		      enum vfio_cxl_reason *reason)
{
	u32 at = CXL_HDM_DECODER(n);
	u32 ctrl = want->ctrl & HDM_CTRL_SAME &
		   ~(CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED);
	struct vfio_cxl_hdm_decoder now;
	int ret;

	hdm_write(hdm, at + CXL_HDM_BASE_LO, want->base);
	hdm_write(hdm, at + CXL_HDM_BASE_HI, want->base >> 32);
	hdm_write(hdm, at + CXL_HDM_SIZE_LO, want->size);
	hdm_write(hdm, at + CXL_HDM_SIZE_HI, want->size >> 32);
	hdm_write(hdm, at + CXL_HDM_SKIP_LO, want->skip);
	hdm_write(hdm, at + CXL_HDM_SKIP_HI, want->skip >> 32);

	/* A COMMIT that goes from 0 to 1 also clears an old error */
	hdm_write(hdm, at + CXL_HDM_CTRL, ctrl);
	if (!vfio_cxl_hdm_committed(want))
		return 0;

	/* A lock would make a range that the device bent final */
	ret = vfio_cxl_hdm_read(hdm, n, &now);
	if (ret)
		return ret;
	if (!hdm_same_range(&now, want) ||
	    vfio_cxl_fails("range read-back")) {
		*reason = VFIO_CXL_REASON_READBACK;
		ret = -EIO;
	} else {
		hdm_write(hdm, at + CXL_HDM_CTRL, ctrl | CXL_HDM_CTRL_COMMIT);
		ret = hdm_wait(hdm, n, true, reason);
	}
	if (ret)
		/* Not left asking: it must not come up later, unwatched */
		hdm_write(hdm, at + CXL_HDM_CTRL, ctrl & ~CXL_HDM_CTRL_LOCK);

	return ret;
}

/* Is the decoder what was written? One that bent it must not stay committed */
static int hdm_verify(const struct vfio_cxl_hdm *hdm, unsigned int n,
		      const struct vfio_cxl_hdm_decoder *want,
		      enum vfio_cxl_reason *reason)
{
	struct vfio_cxl_hdm_decoder now;
	enum vfio_cxl_reason ignored;
	int ret;

	ret = vfio_cxl_hdm_read(hdm, n, &now);
	if (ret || (hdm_same(&now, want) && !vfio_cxl_fails("decoder read-back")))
		return ret;

	if (!hdm_locked(&now))
		hdm_uncommit(hdm, n, &now, &ignored);
	*reason = VFIO_CXL_REASON_READBACK;

	return -EIO;
}

/**
 * vfio_cxl_hdm_apply - make a decoder be what is wanted
 * @hdm: the capability
 * @n: which decoder
 * @want: its registers, committed or not
 * @reason: why not, on failure
 *
 * Does nothing where the decoder is so already; what an uncommitted decoder
 * holds does not count. A failure leaves the decoder uncommitted, unless it is
 * locked or can't be uncommitted; then it still is what it was.
 *
 * Return: 0; -EPERM if the decoder is committed otherwise and locked; -EIO if
 * the device refuses, is too slow, or does not read back what was written;
 * -ENODEV if it is gone.
 */
int vfio_cxl_hdm_apply(const struct vfio_cxl_hdm *hdm, unsigned int n,
		       const struct vfio_cxl_hdm_decoder *want,
		       enum vfio_cxl_reason *reason)
{
	struct vfio_cxl_hdm_decoder now;
	u32 global;
	bool same;
	int ret;

	ret = vfio_cxl_hdm_read(hdm, n, &now);
	if (ret)
		return ret;

	global = hdm_read(hdm, CXL_HDM_GLOBAL);
	if (global == ALL_ONES)
		return -ENODEV;

	same = hdm_same(&now, want);
	if (!same && hdm_locked(&now)) {
		*reason = VFIO_CXL_REASON_LOCKED;
		return -EPERM;
	}
	if (vfio_cxl_hdm_committed(want) && !(global & CXL_HDM_GLOBAL_ENABLE))
		hdm_write(hdm, CXL_HDM_GLOBAL, global | CXL_HDM_GLOBAL_ENABLE);
	if (same)
		return 0;

	if (now.ctrl & (CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED)) {
		ret = hdm_uncommit(hdm, n, &now, reason);
		if (ret == -EIO)
			/* It decodes as before: let it say so */
			hdm_write(hdm, CXL_HDM_DECODER(n) + CXL_HDM_CTRL,
				  now.ctrl & HDM_CTRL_SAME &
				  ~CXL_HDM_CTRL_COMMITTED);
		if (ret)
			return ret;
	}

	ret = hdm_commit(hdm, n, want, reason);

	return ret ?: hdm_verify(hdm, n, want, reason);
}

/**
 * vfio_cxl_hdm_program - make a decoder be what is wanted, or leave it as it was
 * @hdm: the capability
 * @n: which decoder
 * @want: its registers, committed or not
 * @reason: why not, on failure
 *
 * Return: 0, or an error of vfio_cxl_hdm_apply(), with the decoder put back and
 * read back unless the device refuses that too. The caller reads what is.
 */
int vfio_cxl_hdm_program(const struct vfio_cxl_hdm *hdm, unsigned int n,
			 const struct vfio_cxl_hdm_decoder *want,
			 enum vfio_cxl_reason *reason)
{
	u32 global = hdm_read(hdm, CXL_HDM_GLOBAL);
	struct vfio_cxl_hdm_decoder old, now;
	enum vfio_cxl_reason ignored;
	int ret;

	ret = vfio_cxl_hdm_read(hdm, n, &old);
	if (ret)
		return ret;

	ret = vfio_cxl_hdm_apply(hdm, n, want, reason);
	if (!ret || ret == -EPERM)
		return ret;

	/* Locked it is final, and what was wanted, whatever was read before */
	if (!vfio_cxl_hdm_read(hdm, n, &now) && hdm_locked(&now) &&
	    hdm_same(&now, want)) {
		*reason = VFIO_CXL_REASON_NONE;
		return 0;
	}

	/* Only then is it free to hold again what it held uncommitted */
	if (!vfio_cxl_hdm_apply(hdm, n, &old, &ignored) &&
	    !vfio_cxl_hdm_committed(&old))
		hdm_commit(hdm, n, &old, &ignored);
	hdm_write(hdm, CXL_HDM_GLOBAL, global);

	return ret;
}

/**
 * vfio_cxl_hdm_restore - bring back committed decoders, after a reset
 * @hdm: the capability; without decoders there is nothing to do
 * @state: what they were
 * @reason: why not, on failure
 *
 * Decoders are committed in ascending order, as 8.2.4.20.12 asks. Those that
 * were not committed are left alone.
 *
 * Return: as vfio_cxl_hdm_apply() of the first decoder that failed; those behind
 * it are not tried.
 */
int vfio_cxl_hdm_restore(const struct vfio_cxl_hdm *hdm,
			 const struct vfio_cxl_hdm_state *state,
			 enum vfio_cxl_reason *reason)
{
	unsigned int n;
	int ret;

	if (!hdm->count)
		return 0;

	if (hdm_read(hdm, CXL_HDM_GLOBAL) != state->global)
		hdm_write(hdm, CXL_HDM_GLOBAL, state->global);
	if (vfio_cxl_fails("restore"))
		return -EIO;

	for (n = 0; n < hdm->count; n++) {
		if (!vfio_cxl_hdm_committed(&state->decoder[n]))
			continue;
		ret = vfio_cxl_hdm_apply(hdm, n, &state->decoder[n], reason);
		if (ret)
			return ret;
	}

	return 0;
}
