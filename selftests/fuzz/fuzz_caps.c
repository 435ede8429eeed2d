// SPDX-License-Identifier: GPL-2.0-only
/*
 * A component's capability array, as the device has it: the walk that finds the
 * HDM decoders, their first reading, and the shadow that is made of it. The
 * input is the page of registers.
 */
#include "input.h"

#include "comp_regs.h"

#define DWORDS		(CXL_CM_SIZE / 4)
#define GONE		0xffffffffU

struct page {
	u32 dword[DWORDS];
	unsigned int reads[DWORDS];
};

static u32 page_read(void *ctx, u32 offset)
{
	struct page *page = ctx;

	must(offset < CXL_CM_SIZE && !(offset % 4),
	     "a register is in the page, and aligned");
	page->reads[offset / 4]++;

	return page->dword[offset / 4];
}

static void page_write(void *ctx, u32 offset, u32 value)
{
	(void)ctx;
	(void)offset;
	(void)value;
	must(false, "looking changes nothing");
}

static void page_sleep(void *ctx, unsigned int usec)
{
	(void)ctx;
	(void)usec;
	must(false, "looking does not wait");
}

/* Where there are decoders, and what their capability is */
static void add_hdm(struct page *page, u8 index, struct input *in)
{
	u16 pointer = in_u16(in);

	page->dword[index] = (u32)pointer << 20 | 5;
	/* All ones among them */
	page->dword[pointer % CXL_CM_SIZE / 4] = (int16_t)in_u16(in);
}

/* An array that is one mostly, then registers anywhere */
static void fill(struct page *page, struct input *in)
{
	u8 how = in_u8(in), entries = in_u8(in);
	unsigned int i;
	u16 at;

	memset(page, 0, sizeof(*page));
	for (i = 0; (how & 1) && i < DWORDS; i++)
		page->dword[i] = GONE;
	page->dword[0] = how & 2 ? in_u32(in) : (u32)entries << 24 | 1;
	while (in->left) {
		at = in_u16(in);
		if (at & 0x8000)
			add_hdm(page, at, in);
		else
			page->dword[at % DWORDS] = in_u32(in);
	}
}

/* As 8.2.4 has it; @at and @count are where there are decoders */
static int find(const struct page *page, u32 *index, u32 *at, u32 *count)
{
	static const u8 counts[16] = { 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24,
				       28, 32 };
	const u32 *dword = page->dword;
	u32 entries = dword[0] >> 24;

	if (dword[0] == GONE)
		return -ENODEV;
	if ((dword[0] & 0xffff) != 1)
		return -EINVAL;
	for (*index = 1; *index <= entries; ++*index) {
		if (dword[*index] == GONE)
			return -ENODEV;
		if ((dword[*index] & 0xffff) == 5)
			break;
	}
	if (*index > entries)
		return -ENOENT;

	/* Behind the array, aligned, and with a decoder at least in the page */
	*at = dword[*index] >> 20;
	if (*at < 4 * (entries + 1) || *at % 4 || *at + 0x30 > CXL_CM_SIZE)
		return -EINVAL;
	if (dword[*at / 4] == GONE)
		return -ENODEV;
	*count = counts[dword[*at / 4] & 0xf];
	if (!*count || *at + 0x10 + 0x20 * *count > CXL_CM_SIZE)
		return -EINVAL;

	return 0;
}

static void check_shadow(const struct page *page, const struct vfio_cxl_hdm *hdm,
			 const struct vfio_cxl_hdm_state *state)
{
	struct vfio_cxl_comp_regs shadow;
	u32 offset, value, reg;
	bool up;

	memset(&shadow, 0xa5, sizeof(shadow));
	vfio_cxl_comp_regs_init(&shadow, hdm, state, false);
	for (offset = 0; offset < CXL_CM_SIZE; offset += 4) {
		value = vfio_cxl_comp_regs_read(&shadow, offset);
		reg = offset - hdm->offset;
		if (!offset || offset == 4 * hdm->entry_index || !reg) {
			must(value == page->dword[offset / 4],
			     "array and capability are hardware's");
			continue;
		}
		if (offset < hdm->offset || reg >= CXL_HDM_DECODER(hdm->count)) {
			must(!value, "there is nothing else");
			continue;
		}
		if (reg < CXL_HDM_DECODER(0))
			continue;
		up = state->decoder[(reg - 0x10) / 0x20].ctrl & 0x400;
		reg = (reg - 0x10) % 0x20;
		must(up || !value, "what is not committed shows nothing");
		must(reg > CXL_HDM_BASE_HI || !value, "no host address shows");
		must(reg != CXL_HDM_CTRL || (value & 0xffff8900) == 0,
		     "not locked, no error, nothing reserved");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct vfio_cxl_hdm_state state;
	struct page page;
	const struct vfio_cxl_io io = {
		page_read, page_write, page_sleep, &page,
	};
	u32 index = 0, at = 0, count = 0, n;
	struct vfio_cxl_hdm hdm;
	int ret, want;

	fill(&page, &in);
	memset(&hdm, 0xa5, sizeof(hdm));
	ret = vfio_cxl_hdm_find(&hdm, &io);
	must(ret == find(&page, &index, &at, &count),
	     "decoders are there, or they are not, or make no sense");
	for (n = 0; n < DWORDS; n++)
		must(page.reads[n] <= 1, "a second look may show otherwise");
	if (ret)
		return 0;
	must(hdm.entry_index == index && hdm.offset == at && hdm.count == count,
	     "decoders are where the array says");

	memset(&state, 0xa5, sizeof(state));
	ret = vfio_cxl_hdm_snapshot(&hdm, &state);
	want = page.dword[at / 4 + 1] == GONE ? -ENODEV : 0;
	for (n = 0; n < count && !want; n++)
		want = page.dword[at / 4 + 8 + 8 * n] == GONE ? -ENODEV : 0;
	must(ret == want, "a device that is gone is gone");
	if (ret)
		return 0;
	for (n = 0; n < count; n++)
		must(!memcmp(&state.decoder[n].base,
			     &page.dword[at / 4 + 4 + 8 * n], 16),
		     "base and size are the device's");
	check_shadow(&page, &hdm, &state);

	return 0;
}
