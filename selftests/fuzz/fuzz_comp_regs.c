// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder as a user sees it: any device, then any accesses and placements,
 * compared after each with the unit tests' model of the userspace contract.
 */
#include "input.h"

#include "../unit/comp_regs_model.h"

struct sealed {
	bool is;
	u32 regs[8];
};

static void any_decoder(struct vfio_cxl_hdm_decoder *hw, struct input *in)
{
	u8 units = in_u8(in);

	/* Whole units, as a commit leaves them */
	hw->base = HPA + units * MIB256;
	hw->size = (units & 0x80 ? in_scaled(in) : units & 7) * MIB256;
	hw->skip = in_scaled(in);
	hw->ctrl = in_u16(in) | (u32)(units & 0x40) << 20;
	if (!(units & 0x20))
		hw->ctrl |= COMMIT | COMMITTED;
}

static void start(struct shadow *s, struct model *m, struct input *in)
{
	u8 flags = in_u8(in);
	unsigned int count = 1 + flags % 8, n;
	u32 cap = in_u32(in);

	memset(s, 0, sizeof(*s));
	s->state.global = in_u8(in);
	for (n = 0; n < count; n++)
		any_decoder(&s->state.decoder[n], in);
	model_start(m, cap, count, flags & 0x80, &s->state);
	tenancy(s, cap, count, flags & 0x80);
}

static void write_both(struct shadow *s, struct model *m, u32 offset, u32 value)
{
	model_write(m, offset, value);
	vfio_cxl_comp_regs_write(&s->regs, offset, value);
}

static void place_both(struct shadow *s, struct model *m, struct input *in)
{
	u8 how = in_u8(in);
	unsigned int n = (how & 7) % m->count;
	u64 base = in_scaled(in);
	int want;

	if (!(how & 0x40))
		base *= MIB256;
	/* Where it is, and right behind another */
	if (how & 0x20)
		base = get64(s, n, BASE_LO);
	if (how & 0x80)
		base = get64(s, (n + 1) % m->count, BASE_LO) +
		       get64(s, (n + 1) % m->count, SIZE_LO);
	want = model_place(m, n, base, how & 8, how & 0x10);
	must(want == vfio_cxl_comp_regs_place(&s->regs, n, base, how & 8,
					      how & 0x10),
	     "a decoder is placed, or is not");
}

/* In two bytes, what leads somewhere */
static u32 likely(unsigned int reg, u16 value)
{
	switch (reg) {
	case BASE_LO:
	case SIZE_LO:
		return (u32)value << 16;
	case BASE_HI:
	case SIZE_HI:
		return value & 0x8000 ? ~0U : value & 1;
	}

	return value;
}

static void step(struct shadow *s, struct model *m, struct input *in)
{
	u8 op = in_u8(in);
	u16 offset;

	if (op < 0x80) {
		write_both(s, m, at((op >> 3) % m->count, op & 7),
			   likely(op & 7, in_u16(in)));
	} else if (op < 0xc0) {
		place_both(s, m, in);
	} else if (op < 0xe0) {
		write_both(s, m, at((op >> 3 & 3) % m->count, op & 7),
			   in_u32(in));
	} else {
		/* Anywhere, but at Global Control mostly */
		offset = in_u16(in) % CXL_CM_SIZE & ~3;
		if (op < 0xf0)
			offset = HDM_AT + CXL_HDM_GLOBAL;
		write_both(s, m, offset, in_u32(in));
	}
}

static void check_page(struct shadow *s, const struct model *m, u32 from,
		       u32 to)
{
	for (; from < to; from += 4)
		must(vfio_cxl_comp_regs_read(&s->regs, from) ==
		     m->page[from / 4], "a register is what the contract says");
}

/* Not the model's word for it: what was sealed is so for ever */
static void check_sealed(struct shadow *s, const struct model *m,
			 struct sealed *sealed)
{
	unsigned int n, i;
	u32 value;

	for (n = 0; n < m->count; n++) {
		u32 ctrl = get(s, n, CTRL);
		bool is = (ctrl & LOCK) && (ctrl & COMMITTED);

		must(!sealed[n].is || is, "a seal stays");
		for (i = 0; is && i < 8; i++) {
			value = get(s, n, i);
			must(!sealed[n].is || sealed[n].regs[i] == value,
			     "what is sealed does not change");
			sealed[n].regs[i] = value;
		}
		sealed[n].is = is;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sealed sealed[CXL_HDM_MAX_DECODERS] = {};
	struct input in = { data, size };
	struct shadow s;
	struct model m;

	start(&s, &m, &in);
	check_page(&s, &m, 0, CXL_CM_SIZE);
	while (in.left) {
		step(&s, &m, &in);
		check_page(&s, &m, HDM_AT, at(m.count, 0));
		check_sealed(&s, &m, sealed);
	}
	check_page(&s, &m, 0, CXL_CM_SIZE);

	return 0;
}
