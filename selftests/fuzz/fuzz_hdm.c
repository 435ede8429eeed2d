// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programming a physical decoder: any sequence of calls, on the unit tests'
 * device, which keeps the rules for decoders and notes who does not. The input
 * also tells how it misbehaves: commits that fail, never come, vanish or read
 * back otherwise, un-commits that do nothing, bits that are not there, and a
 * device that is gone.
 */
#include "input.h"

#include "../unit/fake_device.h"

/* Lock, un-commit, bent, and so on: with so many it is still quick */
#define MAX_DECODERS	4

/* Three waits for each try and each undoing of it, of 42 ms each */
#define MAX_WAIT_US	300000

#define LOCKED_BITS	(CXL_HDM_CTRL_LOCK | CXL_HDM_CTRL_COMMITTED)
#define CTRL_RESERVED	0xf0008000U

struct run {
	struct fake_device fake;
	struct vfio_cxl_hdm hdm;
	unsigned int n;		/* decoders */
	struct vfio_cxl_hdm_state saved;
	/* Before a call */
	struct vfio_cxl_hdm_decoder before[MAX_DECODERS];
	u32 global;
	unsigned int asking;
	unsigned int vanishing;
	bool stuck;
};

static struct vfio_cxl_hdm_decoder any_decoder(struct input *in)
{
	u8 how = in_u8(in);
	struct vfio_cxl_hdm_decoder decoder = {
		.base = WINDOW + (how & 0xf) * MIB256,
		.size = ((how >> 4 & 3) + 1) * MIB256,
		.ctrl = CXL_HDM_CTRL_HOST_ONLY,
	};

	if (how & 0x40)
		decoder.ctrl |= COMMIT_BITS;
	if (!(how & 0x80))
		return decoder;

	decoder.base ^= in_scaled(in) * MIB256;
	decoder.size ^= in_scaled(in) * MIB256;
	decoder.skip = in_scaled(in) * MIB256;
	decoder.ctrl ^= in_u32(in) & ~CTRL_RESERVED;

	return decoder;
}

static void misbehave(struct fake_device *fake, struct input *in)
{
	u8 what = in_u8(in);

	fake->commit_us = in_u16(in);
	fake->uncommit_us = in_u16(in);
	fake->fault = what % 5;
	fake->faults = what >> 4 & 3;
	fake->stuck = what >> 6;
	fake->lie_reg = in_u8(in) & 0x1c;
	fake->lie_bits = in_u32(in);
	fake->bent_reg = in_u8(in) & 0x1c;
	fake->bent_bits = in_u32(in);
}

static bool committed(const struct vfio_cxl_hdm_decoder *d)
{
	return d->ctrl & CXL_HDM_CTRL_COMMITTED;
}

static bool locked(const struct vfio_cxl_hdm_decoder *d)
{
	return (d->ctrl & LOCKED_BITS) == LOCKED_BITS;
}

/* All of it, or of an uncommitted decoder that it is none */
static bool is_now(const struct vfio_cxl_hdm_decoder *now,
		   const struct vfio_cxl_hdm_decoder *want)
{
	u32 differ = (now->ctrl ^ want->ctrl) & ~CTRL_RESERVED &
		     ~CXL_HDM_CTRL_ERROR;

	if (!committed(want))
		return !(now->ctrl & COMMIT_BITS);

	return now->base == want->base && now->size == want->size &&
	       now->skip == want->skip && !differ;
}

static bool unchanged(const struct vfio_cxl_hdm_decoder *a,
		      const struct vfio_cxl_hdm_decoder *b)
{
	return a->base == b->base && a->size == b->size && a->skip == b->skip &&
	       a->ctrl == b->ctrl;
}

static bool honest(const struct fake_device *fake)
{
	unsigned int n;

	for (n = 0; n < fake->count; n++)
		if (fake->decoder[n].fault >= FAKE_LIE)
			return false;

	return fake->gone_after == FAKE_NEVER &&
	       !(fake->faults && fake->fault >= FAKE_LIE);
}

/* It says that it is not, or that it refused: what was begun is taken back */
static bool hides_locks(const struct fake_device *fake)
{
	return fake->lie_reg == CXL_HDM_CTRL &&
	       (fake->lie_bits & (LOCKED_BITS | CXL_HDM_CTRL_ERROR));
}

/* Decoders whose commit has not come to an end */
static unsigned int asking(const struct run *r)
{
	unsigned int n, which = 0;

	for (n = 0; n < r->n; n++)
		if (r->fake.decoder[n].commit_at != FAKE_NEVER)
			which |= 1U << n;

	return which;
}

/* Decoders that let go of themselves once somebody looks, locked or not */
static unsigned int vanishing(const struct run *r)
{
	unsigned int n, which = 0;

	for (n = 0; n < r->n; n++)
		if (r->fake.decoder[n].fault == FAKE_VANISH)
			which |= 1U << n;

	return which;
}

/* What holds whatever was asked for, and whatever the device did */
static void check_always(const struct run *r, bool honest_before)
{
	const struct fake_device *fake = &r->fake;
	unsigned int n;

	must(fake->slept_us < MAX_WAIT_US, "no call takes for ever");
	must(!fake->reserved, "reserved bits are written 0");
	must(!fake->disordered, "CTRL comes last");
	must(!fake->locked || hides_locks(fake), "nothing locked is written");
	for (n = 0; n < r->n; n++) {
		struct vfio_cxl_hdm_decoder now = fake_get(fake, n);

		must(!locked(&r->before[n]) || r->vanishing & 1U << n ||
		     unchanged(&now, &r->before[n]),
		     "what is locked does not change");
		must(!honest_before || !locked(&r->before[n]) ||
		     !fake->decoder[n].writes, "nor is it tried");
	}
	must(fake->gone_after != FAKE_NEVER || !(asking(r) & ~r->asking),
	     "no commit is left under way");
}

static void check_others(const struct run *r, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		must(i == n || !r->fake.decoder[i].writes,
		     "no other decoder is written");
}

static void note(struct run *r)
{
	unsigned int n;

	fake_forget(&r->fake);
	r->fake.reserved = 0;
	for (n = 0; n < r->n; n++)
		r->before[n] = fake_get(&r->fake, n);
	r->global = fake_global(&r->fake);
	r->asking = asking(r);
	r->vanishing = vanishing(r);
	r->stuck = r->fake.stuck || r->fake.uncommit_us >= 40000;
}

static void check_refused(const struct run *r, int ret,
			  enum vfio_cxl_reason reason)
{
	must(ret == -EPERM || ret == -EIO || ret == -ENODEV, "errors are known");
	must(ret != -ENODEV || r->fake.gone_after != FAKE_NEVER ||
	     !honest(&r->fake), "what is there is not gone");
	must(ret == -ENODEV || reason != VFIO_CXL_REASON_NONE,
	     "a refusal has a reason");
	must(ret != -EPERM || !r->fake.writes, "what is locked is left alone");
}

static void check_apply(const struct run *r, unsigned int n, int ret,
			const struct vfio_cxl_hdm_decoder *want)
{
	struct vfio_cxl_hdm_decoder now = fake_get(&r->fake, n);

	if (!ret)
		must(is_now(&now, want), "done is done");
	if (ret == -EIO)
		must(!(now.ctrl & COMMIT_BITS) || locked(&now) ||
		     is_now(&now, &r->before[n]) || !honest(&r->fake) ||
		     r->stuck, "what failed leaves no decoder");
}

/*
 * Would the device commit again what it had? Firmware may have put there what
 * the rules for order do not allow.
 */
static bool may_return(const struct run *r, unsigned int n)
{
	const struct vfio_cxl_hdm_decoder *old = &r->before[n], *below = old - 1;

	if (!committed(old))
		return true;
	if (!old->size || old->base + old->size < old->base)
		return false;

	return !n || (committed(below) &&
		      old->base >= below->base + below->size);
}

static void check_program(const struct run *r, unsigned int n, int ret,
			  const struct vfio_cxl_hdm_decoder *want, bool able)
{
	struct vfio_cxl_hdm_decoder now = fake_get(&r->fake, n);

	if (!ret)
		must(is_now(&now, want), "done is done");
	else if (able)
		must(is_now(&now, &r->before[n]) || locked(&now),
		     "what failed is put back");
	if (ret && able)
		must(fake_global(&r->fake) == r->global,
		     "and so is Global Control");
}

static void one_decoder(struct run *r, struct input *in, unsigned int n,
			bool program)
{
	struct vfio_cxl_hdm_decoder want = any_decoder(in);
	enum vfio_cxl_reason reason = VFIO_CXL_REASON_NONE;
	bool true_before = honest(&r->fake), able;
	int ret;

	/* It refuses once, and then is as good as any */
	note(r);
	able = true_before && r->fake.faults <= 1 && !r->stuck &&
	       !r->fake.bent_bits && r->fake.commit_us < 40000 &&
	       may_return(r, n);
	if (program)
		ret = vfio_cxl_hdm_program(&r->hdm, n, &want, &reason);
	else
		ret = vfio_cxl_hdm_apply(&r->hdm, n, &want, &reason);
	check_always(r, true_before);
	check_others(r, n);
	if (ret)
		check_refused(r, ret, reason);
	if (!true_before)
		return;
	if (program)
		check_program(r, n, ret, &want, able);
	else
		check_apply(r, n, ret, &want);
}

static void restore(struct run *r)
{
	enum vfio_cxl_reason reason = VFIO_CXL_REASON_NONE;
	bool true_before = honest(&r->fake);
	unsigned int n;
	int ret;

	note(r);
	ret = vfio_cxl_hdm_restore(&r->hdm, &r->saved, &reason);
	check_always(r, true_before);
	if (ret)
		must(ret == -ENODEV || reason != VFIO_CXL_REASON_NONE,
		     "a refusal has a reason");
	for (n = 0; n < r->n; n++) {
		const struct vfio_cxl_hdm_decoder *saved = &r->saved.decoder[n];
		struct vfio_cxl_hdm_decoder now = fake_get(&r->fake, n);

		must(committed(saved) || !r->fake.decoder[n].writes,
		     "what was no decoder is left alone");
		must(ret || !true_before || !committed(saved) ||
		     is_now(&now, saved), "a decoder is what it was");
	}
}

static void snapshot(struct run *r)
{
	struct vfio_cxl_hdm_state state;
	unsigned int n;

	note(r);
	if (vfio_cxl_hdm_snapshot(&r->hdm, &state))
		return;
	must(!r->fake.writes, "looking changes nothing");
	for (n = 0; n < r->n; n++)
		must(!honest(&r->fake) ||
		     unchanged(&state.decoder[n], &r->before[n]),
		     "a snapshot is what is");
	r->saved = state;
}

static void step(struct run *r, struct input *in)
{
	u8 op = in_u8(in);
	unsigned int n = (op >> 4 & 3) % r->n;

	switch (op & 0xf) {
	case 0 ... 3:
		one_decoder(r, in, n, true);
		break;
	case 4 ... 6:
		one_decoder(r, in, n, false);
		break;
	case 7 ... 8:
		restore(r);
		break;
	case 9:
		snapshot(r);
		break;
	case 10:
		fake_reset(&r->fake);
		break;
	case 11:
		r->fake.gone_after = r->fake.gone_after == FAKE_NEVER ?
				     in_u8(in) : FAKE_NEVER;
		break;
	case 12:
		fake_set_global(&r->fake, op >> 4 & 3);
		break;
	default:
		misbehave(&r->fake, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = in_u8(&in);
	struct run r = { .n = 1U << how % 3 };
	unsigned int n;

	/* Codes 0, 1 and 2 are one, two and four decoders */
	fake_init(&r.fake, how % 3, r.n);
	for (n = 0; n < r.n; n++) {
		struct vfio_cxl_hdm_decoder found = any_decoder(&in);

		fake_set(&r.fake, n, &found);
	}
	must(!vfio_cxl_hdm_find(&r.hdm, &r.fake.io), "it has decoders");
	must(r.hdm.count == r.n, "it has so many");
	snapshot(&r);
	while (in.left)
		step(&r, &in);

	return 0;
}
