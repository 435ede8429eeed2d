// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CXL Device DVSEC as a user sees it: any device, then accesses of 1 to 4
 * bytes at any offset, resets and their ends, registers that change in hardware,
 * compared after each with the unit tests' model of the userspace contract. And
 * what the other closed ranges show.
 */
#include "input.h"

#include "../unit/config_model.h"

/* Both lives begin, the device's and the model's */
static void start(struct space *s, struct model *m, struct input *in)
{
	u16 found[WORDS] = {};

	found[CAPABILITY / 2] = in_u16(in);
	found[CONTROL / 2] = in_u16(in);
	found[STATUS / 2] = in_u16(in);
	found[CONFIG_LOCK / 2] = in_u8(in);
	model_start(m, found);
	vfio_cxl_dvsec_init(&s->dvsec, found[CAPABILITY / 2],
			    found[CONTROL / 2], found[STATUS / 2],
			    found[CONFIG_LOCK / 2] & 1);
}

static void write_both(struct space *s, struct model *m, u8 op, u8 at,
		       u32 value)
{
	unsigned int n = 1 + (op & 3);
	u32 offset = at % (DVSEC_LEN - n + 1);
	bool want;

	value &= (1ULL << 8 * n) - 1;
	want = model_write(m, offset, n, value);
	must(set(s, offset, n, value) == want, "a reset is asked for, or not");
}

static void check_view(enum vfio_cxl_config_kind kind, u32 offset, u32 hw)
{
	u32 view = vfio_cxl_config_view(kind, offset, hw);

	switch (kind) {
	case VFIO_CXL_CONFIG_DEVICE:
		must(view == (offset == 0x20 || offset == 0x24 ||
			      offset == 0x30 || offset == 0x34 ? 0 : hw),
		     "a DVSEC that has no shadow shows all but host addresses");
		break;
	case VFIO_CXL_CONFIG_DOE:
		must(view == (offset ? 0 : hw & 0xfff00000),
		     "of DOE there is a link of the chain, and no more");
		break;
	case VFIO_CXL_CONFIG_DVSEC:
	case VFIO_CXL_CONFIG_PM:
		must(view == hw, "what is read only can be read");
		break;
	}
}

static void step(struct space *s, struct model *m, struct input *in)
{
	u8 op = in_u8(in), at = in_u8(in);
	u32 value = in_u32(in);

	switch (op >> 4) {
	case 0xf:
		start(s, m, in);
		break;
	case 0xe:
		s->hw[at % DVSEC_DWORDS] = value;
		break;
	case 0xd:
		if (!m->asked)
			break;
		model_reset_over(m, at & 1);
		vfio_cxl_dvsec_reset_over(&s->dvsec, at & 1);
		break;
	case 0xc:
		check_view(op & 3, 4 * at, value);
		break;
	default:
		write_both(s, m, op, at, value);
	}
}

static void check_all(const struct space *s, const struct model *m)
{
	unsigned int i;

	for (i = 0; i < DVSEC_DWORDS; i++)
		must(dword(s, 4 * i) ==
		     (model_read(m, 4 * i, s->hw[i]) |
		      (u32)model_read(m, 4 * i + 2, s->hw[i] >> 16) << 16),
		     "a register is what the contract says");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct space s = {};
	struct model m = {};
	unsigned int i;

	/* Told apart, and not 0, which is what is hidden */
	for (i = 0; i < DVSEC_DWORDS; i++)
		s.hw[i] = 0xa5a50000 | i << 8 | 0x5a;
	start(&s, &m, &in);
	check_all(&s, &m);
	while (in.left) {
		step(&s, &m, &in);
		check_all(&s, &m);
	}

	return 0;
}
