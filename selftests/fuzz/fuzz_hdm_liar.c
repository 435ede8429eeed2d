// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programming the decoder of a device that answers each read as it likes: the
 * input is what is wanted and the answers. Nothing can come of it but errors or
 * luck; what must hold is what is written, which the next device would obey.
 */
#include "input.h"

#include "hdm.h"

#define DECODERS	2
#define HDM_AT		0x100
#define MIB256		0x10000000ULL
#define COMMIT_BITS	(CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED)

#define MAX_READS	4096
#define MAX_WAIT_US	1000000

/* CTRL's reserved bits, and those only a device sets */
#define CTRL_NOT_OURS	(0xf0008000U | CXL_HDM_CTRL_COMMITTED | \
			 CXL_HDM_CTRL_ERROR)

struct decoder {
	u32 answer[8];		/* the last one of each register */
	u32 written[8];
	u8 unread;		/* registers written, not read since */
	bool changed;		/* BASE, SIZE or skip, since COMMIT */
	bool asking;		/* COMMIT was written, and is not answered */
	bool begun;		/* it was written in this call */
	bool may_lock;		/* wanted, or so it said it was */
};

struct liar {
	struct input *in;
	struct decoder decoder[DECODERS];
	unsigned int reads;
	u64 waited;
	int only;		/* the decoder that may be written, or -1 */
};

static u32 liar_answer(struct liar *liar, const struct decoder *d,
		       unsigned int reg)
{
	u8 how = in_u8(liar->in);

	/* Where the answers end it does as it is told, so that calls end */
	switch (how >> 6) {
	case 1:
		return d->answer[reg];
	case 2:
		return d->written[reg] ^ 1U << (how & 31);
	case 3:
		return how == 0xff ? ~0U : in_u32(liar->in);
	}
	if (reg == CXL_HDM_CTRL / 4 && (d->written[reg] & CXL_HDM_CTRL_COMMIT))
		return d->written[reg] | CXL_HDM_CTRL_COMMITTED;

	return d->written[reg];
}

static struct decoder *locate(struct liar *liar, u32 offset, unsigned int *reg,
			      int *n)
{
	must(offset < CXL_CM_SIZE && !(offset % 4),
	     "a register is in the page, and aligned");
	must(offset >= HDM_AT, "the array is not looked at again");
	offset -= HDM_AT;
	if (offset < CXL_HDM_DECODER(0)) {
		*n = -1;
		*reg = offset / 4;
		return NULL;
	}
	offset -= CXL_HDM_DECODER(0);
	*n = offset / 0x20;
	*reg = offset % 0x20 / 4;
	must(*n < DECODERS, "a decoder is there");

	return &liar->decoder[*n];
}

static u32 liar_read(void *ctx, u32 offset)
{
	struct liar *liar = ctx;
	unsigned int reg;
	struct decoder *d;
	u32 value;
	int n;

	must(liar->reads++ < MAX_READS, "no call asks for ever");
	d = locate(liar, offset, &reg, &n);
	if (!d) {
		must(reg == CXL_HDM_GLOBAL / 4, "of the rest, Global Control");
		return in_u8(liar->in);
	}
	value = liar_answer(liar, d, reg);
	d->answer[reg] = value;
	d->unread &= ~(1U << reg);
	if (reg == CXL_HDM_CTRL / 4) {
		if (value & (CXL_HDM_CTRL_COMMITTED | CXL_HDM_CTRL_ERROR))
			d->asking = false;
		/* It decodes already, and is not what is asked for */
		if (value & CXL_HDM_CTRL_COMMITTED)
			d->changed = false;
		if (value & CXL_HDM_CTRL_LOCK)
			d->may_lock = true;
	}

	return value;
}

static void ctrl_written(struct liar *liar, struct decoder *d, int n, u32 value)
{
	unsigned int i;

	must(!(value & CTRL_NOT_OURS), "only what is software's is written");
	must(!(value & CXL_HDM_CTRL_LOCK) || d->may_lock,
	     "nothing is locked that should not be");
	if (!(value & CXL_HDM_CTRL_COMMIT)) {
		d->asking = false;
		return;
	}
	for (i = 0; i < DECODERS; i++)
		must((int)i == n || !liar->decoder[i].asking,
		     "one commit at a time");
	if (d->changed) {
		must(!(d->unread & 0x6f), "what is committed was read back");
		for (i = 0; i < 7; i++)
			must(i == CXL_HDM_CTRL / 4 ||
			     d->answer[i] == d->written[i],
			     "what the device bent is not committed");
	}
	d->changed = false;
	d->asking = !(d->answer[CXL_HDM_CTRL / 4] & CXL_HDM_CTRL_COMMITTED);
}

static bool says_locked(const struct decoder *d)
{
	u32 locked = CXL_HDM_CTRL_LOCK | CXL_HDM_CTRL_COMMITTED;

	return (d->answer[CXL_HDM_CTRL / 4] & locked) == locked;
}

static void liar_write(void *ctx, u32 offset, u32 value)
{
	struct liar *liar = ctx;
	unsigned int reg;
	struct decoder *d;
	int n;

	d = locate(liar, offset, &reg, &n);
	if (!d) {
		must(reg == CXL_HDM_GLOBAL / 4, "of the rest, Global Control");
		return;
	}
	must(reg != 7, "nothing reserved is written");
	must(liar->only < 0 || n == liar->only, "no other decoder is written");
	/* What was begun can be taken back, whatever it says by now */
	must(!says_locked(d) || (d->begun && reg == CXL_HDM_CTRL / 4),
	     "what said it is locked is left alone");
	d->begun = true;
	d->written[reg] = value;
	d->unread |= 1U << reg;
	if (reg == CXL_HDM_CTRL / 4)
		ctrl_written(liar, d, n, value);
	else
		d->changed = true;
}

static void liar_sleep(void *ctx, unsigned int usec)
{
	struct liar *liar = ctx;

	must(usec, "a wait is one");
	liar->waited += usec;
	must(liar->waited < MAX_WAIT_US, "no call takes for ever");
}

static struct vfio_cxl_hdm_decoder any_decoder(struct input *in)
{
	u8 how = in_u8(in);
	struct vfio_cxl_hdm_decoder decoder = {
		.base = in_scaled(in) * MIB256,
		.size = (how & 0xf) * MIB256,
		.skip = how & 0x10 ? in_scaled(in) * MIB256 : 0,
	};

	decoder.ctrl = how & 0x20 ? in_u32(in) : CXL_HDM_CTRL_HOST_ONLY;
	if (how & 0x40)
		decoder.ctrl |= COMMIT_BITS;
	if (how & 0x80)
		decoder.ctrl |= CXL_HDM_CTRL_LOCK;

	return decoder;
}

/* One that has no decoders is not even looked at */
static void restore_nothing(const struct vfio_cxl_hdm_state *state)
{
	struct vfio_cxl_hdm none = {};
	enum vfio_cxl_reason reason;

	must(!vfio_cxl_hdm_restore(&none, state, &reason), "nothing is done");
}

static void call(struct liar *liar, const struct vfio_cxl_hdm *hdm)
{
	enum vfio_cxl_reason reason = VFIO_CXL_REASON_NONE;
	struct vfio_cxl_hdm_state state = {};
	u8 op = in_u8(liar->in);
	unsigned int n;
	int ret;

	liar->reads = 0;
	liar->waited = 0;
	liar->only = op >> 4 & 1;
	state.global = in_u8(liar->in);
	for (n = 0; n < DECODERS; n++) {
		state.decoder[n] = any_decoder(liar->in);
		liar->decoder[n].begun = false;
		liar->decoder[n].may_lock = state.decoder[n].ctrl &
					    CXL_HDM_CTRL_LOCK;
	}

	n = liar->only;
	switch (op & 3) {
	case 0:
		ret = vfio_cxl_hdm_apply(hdm, n, &state.decoder[n], &reason);
		break;
	case 3:
		liar->only = -1;
		restore_nothing(&state);
		ret = vfio_cxl_hdm_restore(hdm, &state, &reason);
		break;
	default:
		ret = vfio_cxl_hdm_program(hdm, n, &state.decoder[n], &reason);
	}
	must(!ret || ret == -EPERM || ret == -EIO || ret == -ENODEV,
	     "errors are known");
	must(!ret || ret == -ENODEV || reason != VFIO_CXL_REASON_NONE,
	     "a refusal has a reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct liar liar = { .in = &in };
	const struct vfio_cxl_io io = {
		liar_read, liar_write, liar_sleep, &liar,
	};
	const struct vfio_cxl_hdm hdm = {
		.io = &io, .offset = HDM_AT, .count = DECODERS,
	};

	while (in.left)
		call(&liar, &hdm);

	return 0;
}
