// SPDX-License-Identifier: GPL-2.0-only
/*
 * Config space: what a user reads back, and that hardware did not move. The
 * rules of the CXL Device DVSEC (CXL 3.1, 8.1.3) are a table; a model made of it
 * says what each access, of any size and across any edge, must read as.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib.h"

#define CONFIG		(7ULL << 40)
#define COMMAND		4
#define MEMORY_SPACE	2
#define BIT(n)		(1U << (n))

#define CAP		0x0a
#define CAP_CACHE	BIT(0)
#define CAP_MEM		BIT(2)
#define CAP_RESET	BIT(7)
#define CAP_MEM_CLR	BIT(11)
#define CAP_VIRAL	BIT(14)
#define CONTROL		0x0c
#define LOCK		0x14

enum kind {
	LIVE,		/* as hardware has it, not written */
	ONE,		/* reads 1 */
	RW,		/* what was written last, in the shadow */
	RW_LOCKED,	/* the same, until CONFIG_LOCK is set */
	W1C,		/* in the shadow; writing 1 clears */
	ONCE,		/* writing 1 sets, until a reset */
};

/*
 * Bits that stand in no line read 0, whatever is written: reserved ones, those
 * that clear themselves (Initiate Cache Write Back, Initiate CXL Reset), those
 * that are never forwarded (Cache_Enable and the snoop filter's), and the bases
 * of the ranges, which are host addresses. With @needs, bits are 0 without that
 * bit of the Capability register.
 */
static const struct field {
	const char *name;
	unsigned int offset;
	unsigned int width;
	__u32 bits;
	enum kind kind;
	__u16 needs;
} fields[] = {
	{ "header",		0x00, 4, ~0U, LIVE },
	{ "header 1",		0x04, 4, ~0U, LIVE },
	{ "header 2",		0x08, 2, ~0U, LIVE },
	{ "Capability",		CAP, 2, ~0U, LIVE },
	{ "IO_Enable",		CONTROL, 2, BIT(1), ONE },
	{ "Mem_Enable",		CONTROL, 2, BIT(2), RW_LOCKED, CAP_MEM },
	{ "Viral_Enable",	CONTROL, 2, BIT(14), RW_LOCKED, CAP_VIRAL },
	{ "Viral_Status",	0x0e, 2, BIT(14), W1C, CAP_VIRAL },
	{ "Disable Caching",	0x10, 2, BIT(0), RW, CAP_CACHE },
	{ "Reset Mem Clr",	0x10, 2, BIT(3), RW, CAP_MEM_CLR },
	{ "Cache Invalid",	0x12, 2, BIT(0), LIVE },
	{ "PM Init Complete",	0x12, 2, BIT(15), LIVE },
	{ "CONFIG_LOCK",	LOCK, 2, BIT(0), ONCE },
	{ "Capability2",	0x16, 2, ~0U, LIVE },
	{ "Range 1 Size High",	0x18, 4, ~0U, LIVE },
	{ "Range 1 Size Low",	0x1c, 4, ~0U, LIVE },
	{ "Range 2 Size High",	0x28, 4, ~0U, LIVE },
	{ "Range 2 Size Low",	0x2c, 4, ~0U, LIVE },
	{ "Capability3",	0x38, 2, ~0U, LIVE },
	{ "behind it",		0x3a, 2, ~0U, LIVE },
};

/* The DVSEC's length that the table covers, and what is looked at around it */
#define LEN		0x3c
#define BEFORE		12
#define AFTER		16
#define WINDOW		(BEFORE + LEN + AFTER)

struct model {
	/* For each byte of the DVSEC, which bits are of which kind */
	__u8 mask[ONCE + 1][LEN];
	__u8 state[LEN];
	/* The whole window, as the user found it */
	__u8 found[WINDOW];
};

static void model_init(struct model *m, const __u8 *user, const __u8 *hw)
{
	__u16 cap = hw[BEFORE + CAP] | hw[BEFORE + CAP + 1] << 8;
	const struct field *f;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	memcpy(m->found, user, WINDOW);
	for (f = fields; f < fields + ARRAY_SIZE(fields); f++) {
		if ((cap & f->needs) != f->needs)
			continue;
		for (i = 0; i < f->width; i++)
			m->mask[f->kind][f->offset + i] |= f->bits >> 8 * i;
	}
	/* Except for the links between capabilities, live means hardware's */
	memcpy(m->found + BEFORE + 4, hw + BEFORE + 4, LEN - 4);
	for (i = 0; i < LEN; i++)
		m->state[i] = hw[BEFORE + i] &
			      (m->mask[RW][i] | m->mask[RW_LOCKED][i] |
			       m->mask[W1C][i] | m->mask[ONCE][i]);
}

/* Lower addresses first, as a host splits it for the device */
static void model_write(struct model *m, int at, const __u8 *data, int size)
{
	__u8 rw, *state;

	for (; size; at++, data++, size--) {
		if (at < 0 || at >= LEN)
			continue;
		state = &m->state[at];
		rw = m->mask[RW][at];
		if (!(m->state[LOCK] & 1))
			rw |= m->mask[RW_LOCKED][at];
		*state = (*state & ~rw) | (*data & rw);
		*state &= ~(*data & m->mask[W1C][at]);
		*state |= *data & m->mask[ONCE][at];
	}
}

static void model_read(const struct model *m, __u8 *window)
{
	unsigned int i;

	memcpy(window, m->found, WINDOW);
	for (i = 0; i < LEN; i++)
		window[BEFORE + i] = (m->found[BEFORE + i] & m->mask[LIVE][i]) |
				     m->mask[ONE][i] | m->state[i];
}

FIXTURE(tenancy) {
	struct user user;
	int config;		/* past VFIO */
	unsigned int dvsec;
	struct model model;
	__u8 hw[WINDOW];
};

static __u32 config32(int config, unsigned int at)
{
	__u32 value;

	return pread(config, &value, 4, at) == 4 ? value : 0;
}

/* The next capability behind @pos, or the first one: by @id, of DVSECs by both */
static unsigned int find_cap(int config, unsigned int pos, __u16 id, int dvsec)
{
	pos = pos ? config32(config, pos) >> 20 : 0x100;
	for (; pos; pos = config32(config, pos) >> 20) {
		if ((config32(config, pos) & 0xffff) != id)
			continue;
		if (dvsec < 0 ||
		    ((config32(config, pos + 4) & 0xffff) == 0x1e98 &&
		     (config32(config, pos + 8) & 0xffff) == (__u32)dvsec))
			return pos;
	}

	return 0;
}

FIXTURE_SETUP(tenancy)
{
	__u8 user[WINDOW];

	ASSERT_TRUE(memory_ready());
	self->config = dev_config();
	ASSERT_LE(0, self->config);
	self->dvsec = find_cap(self->config, 0, 0x23, 0);
	ASSERT_LE(0x100 + BEFORE, self->dvsec);
	/* Where the table ends */
	ASSERT_EQ(LEN, config32(self->config, self->dvsec + 4) >> 20);
	ASSERT_EQ(0, user_open(&self->user));
	ASSERT_EQ(WINDOW, pread(self->config, self->hw, WINDOW,
				self->dvsec - BEFORE));
	ASSERT_EQ(WINDOW, pread(self->user.device, user, WINDOW,
				CONFIG + self->dvsec - BEFORE));
	model_init(&self->model, user, self->hw);
}

FIXTURE_TEARDOWN(tenancy)
{
	user_close(&self->user);
	close(self->config);
}

/* The user sees what the model says; -1, or the first byte that is wrong */
static int differs(const struct user *user, unsigned int dvsec,
		   const struct model *model)
{
	__u8 want[WINDOW], got[WINDOW];
	int i;

	model_read(model, want);
	if (pread(user->device, got, WINDOW, CONFIG + dvsec - BEFORE) != WINDOW)
		return 1000;
	for (i = 0; i < WINDOW; i++)
		if (got[i] != want[i])
			return i - BEFORE < 0 ? 500 + i : i - BEFORE;

	return -1;
}

static bool hw_moved(int config, unsigned int dvsec, const __u8 *hw)
{
	__u8 now[WINDOW];

	return pread(config, now, WINDOW, dvsec - BEFORE) != WINDOW ||
	       memcmp(now, hw, WINDOW);
}

/* At open, and after a reset */
TEST_F(tenancy, begins_as_hardware)
{
	EXPECT_EQ(-1, differs(&self->user, self->dvsec, &self->model));
	/* Which answers, since there is memory */
	EXPECT_TRUE(self->hw[BEFORE + CONTROL] & BIT(2));
}

static const unsigned int sizes[] = { 1, 2, 3, 4, 5, 8, 12, 16 };

/*
 * Each pattern at each offset in each size, from before the DVSEC to behind it.
 * Without @lock, CONFIG_LOCK's bit alone is written as 0.
 */
static void sweep(struct __test_metadata *_metadata,
		  FIXTURE_DATA(tenancy) *self, unsigned int pattern, bool lock)
{
	static const __u8 bytes[][4] = {
		{ 0xff, 0xff, 0xff, 0xff }, { 0, 0, 0, 0 },
		{ 0x55, 0xaa, 0x06, 0x59 }, { 0xfb, 0x3f, 0xa5, 0x44 },
	};
	int at, i, j, wrong;
	__u8 data[16];

	for (at = -8; at < LEN + 8; at++) {
		for (i = 0; i < (int)ARRAY_SIZE(sizes); i++) {
			int size = sizes[i];

			for (j = 0; j < size; j++) {
				data[j] = bytes[pattern][j & 3];
				if (at + j == LOCK && !lock)
					data[j] &= ~1;
			}
			ASSERT_EQ(size, pwrite(self->user.device, data, size,
					       CONFIG + self->dvsec + at));
			model_write(&self->model, at, data, size);
			wrong = differs(&self->user, self->dvsec, &self->model);
			ASSERT_EQ(-1, wrong)
				TH_LOG("byte %#x after %d bytes at %#x, pattern %u",
				       wrong, size, at, pattern);
		}
		ASSERT_FALSE(hw_moved(self->config, self->dvsec, self->hw))
			TH_LOG("hardware, after writes at %#x", at);
	}
}

TEST_F(tenancy, writes)
{
	unsigned int pattern;

	for (pattern = 0; pattern < 4; pattern++)
		sweep(_metadata, self, pattern, false);
}

TEST_F(tenancy, writes_that_lock)
{
	unsigned int pattern;

	for (pattern = 0; pattern < 4; pattern += 2)
		sweep(_metadata, self, pattern, true);
	EXPECT_EQ(1, self->model.state[LOCK]);
}

/* Each size at each offset reads as the whole does */
TEST_F(tenancy, reads)
{
	__u8 want[WINDOW], got[WINDOW + 1];
	__u16 control = 0;
	unsigned int at, size;

	/* Something that is not hardware's */
	ASSERT_EQ(2, pwrite(self->user.device, &control, 2,
			    CONFIG + self->dvsec + CONTROL));
	model_write(&self->model, CONTROL, (__u8 *)&control, 2);
	model_read(&self->model, want);
	for (at = 0; at < WINDOW; at++) {
		for (size = 1; size <= WINDOW - at; size += size < 17 ? 1 : 16) {
			memset(got, 0xee, sizeof(got));
			ASSERT_EQ(size, pread(self->user.device, got, size,
					      CONFIG + self->dvsec - BEFORE +
					      at));
			ASSERT_EQ(0, memcmp(got, want + at, size))
				TH_LOG("%u bytes at %#x", size, at);
			ASSERT_EQ(0xee, got[size]);
		}
	}
}

static __u32 get(const struct user *user, unsigned int at, unsigned int size)
{
	__u32 value = 0;

	if (pread(user->device, &value, size, CONFIG + at) != size)
		abort();

	return value;
}

static void set(const struct user *user, unsigned int at, unsigned int size,
		__u32 value)
{
	if (pwrite(user->device, &value, size, CONFIG + at) != size)
		abort();
}

/* A latch until the device is reset, in whatever way, or opened anew */
TEST_F(tenancy, config_lock)
{
	unsigned int control = self->dvsec + CONTROL, lock = self->dvsec + LOCK;
	const struct user *user = &self->user;
	unsigned int how;

	for (how = 0; how < 4; how++) {
		EXPECT_EQ(-1, differs(user, self->dvsec, &self->model))
			TH_LOG("after reset %u", how);
		/* Not latched yet */
		set(user, control, 2, 0);
		EXPECT_EQ(BIT(1), get(user, control, 2));
		set(user, lock, 2, 0xfffe);
		EXPECT_EQ(0, get(user, lock, 2));
		set(user, control, 1, BIT(2));
		EXPECT_EQ(BIT(1) | BIT(2), get(user, control, 2));
		set(user, control, 2, 0);

		set(user, lock, 1, 0xff);
		EXPECT_EQ(1, get(user, lock, 2));
		set(user, lock, 2, 0);
		set(user, lock, 4, 0);
		EXPECT_EQ(1, get(user, lock, 2));
		set(user, control, 2, 0xffff);
		set(user, control, 1, BIT(2));
		set(user, control, 4, 0xffffffff);
		EXPECT_EQ(BIT(1), get(user, control, 2));
		EXPECT_FALSE(hw_moved(self->config, self->dvsec, self->hw));

		switch (how) {
		case 0:
			ASSERT_EQ(0, ioctl(user->device, VFIO_DEVICE_RESET));
			break;
		case 1:
			ASSERT_EQ(0, user_hot_reset(user));
			break;
		case 2:
			ASSERT_TRUE(dev_reset() && becomes_live());
			break;
		case 3:
			user_close(&self->user);
			ASSERT_EQ(0, user_open(&self->user));
			break;
		}
	}
	EXPECT_EQ(-1, differs(user, self->dvsec, &self->model));
}

/* Firmware may leave host addresses in the ranges */
TEST_F(tenancy, bases_are_hidden)
{
	static const unsigned int bases[] = { 0x20, 0x24, 0x30, 0x34 };
	__u32 planted, value;
	unsigned int i, size, at;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		at = self->dvsec + bases[i];
		value = i & 1 ? 0xd0000000 : 0x4;
		ASSERT_EQ(4, pwrite(self->config, &value, 4, at));
		ASSERT_EQ(4, pread(self->config, &planted, 4, at));
		EXPECT_EQ(value, planted);
	}
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		at = self->dvsec + bases[i];
		for (size = 1; size <= 4; size++)
			EXPECT_EQ(0, get(&self->user, at, size));
		EXPECT_EQ(0, get(&self->user, at + 3, 1));
	}
	EXPECT_EQ(-1, differs(&self->user, self->dvsec, &self->model));
	for (i = 0; i < ARRAY_SIZE(bases); i++)
		pwrite(self->config, self->hw + BEFORE + bases[i], 4,
		       self->dvsec + bases[i]);
	EXPECT_FALSE(hw_moved(self->config, self->dvsec, self->hw));
}

/* Every other CXL DVSEC: read as in hardware, written not at all */
TEST_F(tenancy, other_dvsecs)
{
	static const __u32 values[] = { ~0U, 0, 0xa5a5a5a5 };
	unsigned int pos = 0, at, end, next, size, i, found = 0;
	__u32 header1, before;

	while ((pos = find_cap(self->config, pos, 0x23, -1))) {
		header1 = config32(self->config, pos + 4);
		if ((header1 & 0xffff) != 0x1e98 || pos == self->dvsec)
			continue;
		found++;
		/* One whose length reaches into the next capability was seen */
		end = pos + (header1 >> 20);
		next = config32(self->config, pos) >> 20;
		if (next > pos && next < end)
			end = next;
		for (at = pos; at < end; at++) {
			before = config32(self->config, at & ~3);
			for (i = 0; i < ARRAY_SIZE(values); i++)
				for (size = 1; size <= 4; size++)
					set(&self->user, at, size, values[i]);
			ASSERT_EQ(before, config32(self->config, at & ~3))
				TH_LOG("DVSEC at %#x, byte %#x", pos, at - pos);
			if (at >= pos + 4)
				EXPECT_EQ(before >> 8 * (at & 3) & 0xff,
					  get(&self->user, at, 1));
		}
	}
	/* Register Locator, GPF and Flex Bus */
	EXPECT_LE(3, found);
}

/* DOE is a link of the chain, and nothing else */
TEST_F(tenancy, doe)
{
	unsigned int pos = 0, at, size, found = 0;
	__u32 header, before[6], after[6], zero[6] = {}, user[6];

	if (topology_is("model"))
		SKIP(return, "this device has none");
	while ((pos = find_cap(self->config, pos, 0x2e, -1))) {
		found++;
		ASSERT_EQ(24, pread(self->config, before, 24, pos));
		header = get(&self->user, pos, 4);
		EXPECT_EQ(0, header & 0xffff);
		EXPECT_EQ(before[0] >> 20, header >> 20);
		/* Write Mailbox and Go, and Abort, in each size and span */
		for (at = pos; at < pos + 24; at++) {
			for (size = 1; size <= 4; size++) {
				set(&self->user, at, size, ~0U);
				if (at >= pos + 4)
					EXPECT_EQ(0, get(&self->user, at, 1));
			}
		}
		ASSERT_EQ(24, pread(self->config, after, 24, pos));
		EXPECT_EQ(0, memcmp(before, after, 24));
		ASSERT_EQ(24, pread(self->user.device, user, 24,
				    CONFIG + pos));
		EXPECT_EQ(0, memcmp(user + 1, zero, 20));
	}
	EXPECT_LE(1, found);
}

/* From the user's side: every CXL DVSEC can be found, DOE can't */
TEST_F(tenancy, chain)
{
	unsigned int pos, steps = 0, seen = 0, there = 0;
	__u32 header;

	for (pos = 0; (pos = find_cap(self->config, pos, 0x23, -1));)
		there++;
	for (pos = 0x100; pos; pos = header >> 20) {
		ASSERT_GT(100, steps++);
		ASSERT_EQ(0, pos & 3);
		header = get(&self->user, pos, 4);
		EXPECT_NE(0x2e, header & 0xffff);
		seen += (header & 0xffff) == 0x23;
	}
	EXPECT_LE(4, there);
	EXPECT_EQ(there, seen);
}

/* All of extended config space in one write, and one that ends behind it */
TEST_F(tenancy, everything_at_once)
{
	static __u8 ones[4096];

	memset(ones, 0xff, sizeof(ones));
	ASSERT_EQ(0x100, pwrite(self->user.device, ones, 0x100,
				CONFIG + self->dvsec - BEFORE));
	model_write(&self->model, -BEFORE, ones, 0x100);
	EXPECT_EQ(-1, differs(&self->user, self->dvsec, &self->model));
	EXPECT_FALSE(hw_moved(self->config, self->dvsec, self->hw));
	EXPECT_EQ(4096, pread(self->user.device, ones, 4096, CONFIG));
	EXPECT_EQ(-1, pread(self->user.device, ones, 1, CONFIG + 4096));
	EXPECT_EQ(-1, pwrite(self->user.device, ones, 1, CONFIG + 4096));
}

/* A buffer that ends in the middle of the DVSEC */
TEST_F(tenancy, bad_buffers)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = page + 4096;
	ssize_t ret;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, mprotect(end, 4096, PROT_NONE));
	memset(page, 0, 4096);
	ret = pread(self->user.device, end - 14, 32, CONFIG + self->dvsec);
	EXPECT_GE(14, ret);
	ret = pwrite(self->user.device, end - 14, 32, CONFIG + self->dvsec);
	EXPECT_GE(14, ret);
	EXPECT_EQ(-1, pread(self->user.device, end, 4, CONFIG + self->dvsec));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pwrite(self->user.device, end, 4,
			     CONFIG + self->dvsec + CONTROL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pwrite(self->user.device, end, 2, CONFIG + COMMAND));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_FALSE(hw_moved(self->config, self->dvsec, self->hw));
	munmap(page, 8192);
}

/*
 * Memory Space: hardware's stays on, the user's is his. It gates BARs, not the
 * memory, and however it is toggled the memory stays live.
 */
TEST_F(tenancy, memory_space)
{
	char *memory = map_congruent(&self->user, 0, 2 * MIB);
	struct vfio_cxl_info info;
	unsigned int start, size, on;
	__u8 saved[16], bytes[16];
	__u32 bar;
	__u16 hw;

	ASSERT_EQ(0, touch(memory, true));
	ASSERT_EQ(16, pread(self->user.device, saved, 16, CONFIG));
	for (start = 0; start <= COMMAND; start++) {
		for (size = COMMAND - start + 1; size <= 8; size++) {
			for (on = 0; on < 3; on++) {
				memcpy(bytes, saved, 16);
				bytes[COMMAND] &= ~MEMORY_SPACE;
				if (on & 1)
					bytes[COMMAND] |= MEMORY_SPACE;
				ASSERT_EQ(size, pwrite(self->user.device,
						       bytes + start, size,
						       CONFIG + start));
				EXPECT_EQ(on & 1 ? MEMORY_SPACE : 0,
					  get(&self->user, COMMAND, 2) &
					  MEMORY_SPACE)
					TH_LOG("%u bytes at %u", size, start);
				ASSERT_EQ(size, pread(self->user.device, bytes,
						      size, CONFIG + start));
				EXPECT_EQ(on & 1 ? MEMORY_SPACE : 0,
					  bytes[COMMAND - start] &
					  MEMORY_SPACE)
					TH_LOG("%u bytes at %u", size, start);
				ASSERT_EQ(2, pread(self->config, &hw, 2,
						   COMMAND));
				EXPECT_EQ(MEMORY_SPACE, hw & MEMORY_SPACE);
				EXPECT_EQ(on & 1 ? 4 : -1,
					  pread(self->user.device, &bar, 4,
						(4ULL << 40) + 0xff0));
				EXPECT_EQ(0, touch(memory, true));
			}
		}
	}
	/* Left off, over a reset */
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	ASSERT_EQ(0, control_info(&info));
	EXPECT_TRUE(info.flags & VFIO_CXL_INFO_LIVE);
	EXPECT_EQ(0, touch(memory, true));
	set(&self->user, COMMAND, 2, MEMORY_SPACE);
	EXPECT_EQ(4, pread(self->user.device, &bar, 4, (4ULL << 40) + 0xff0));
	munmap(memory, 2 * MIB);
}

static bool in_d0(void)
{
	char path[128], state[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/power_state",
		 dev_bdf());
	file = fopen(path, "r");
	if (!file || !fgets(state, sizeof(state), file))
		abort();
	fclose(file);

	return !strcmp(state, "D0\n");
}

/* In D3 the device would forget its decoders */
TEST_F(tenancy, power_state)
{
	static const __u32 features[] = {
		VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
		VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
		VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
	};
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_low_power_entry_with_wakeup entry;
	} arg = {};
	unsigned int i, pos;

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		arg.feature.argsz = sizeof(arg);
		arg.feature.flags = VFIO_DEVICE_FEATURE_SET | features[i];
		EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_FEATURE,
				    &arg));
		EXPECT_EQ(ENOTTY, errno);
		arg.feature.flags = VFIO_DEVICE_FEATURE_PROBE | features[i];
		EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_FEATURE,
				    &arg));
	}
	/* Power Management; the emulated device has none */
	for (pos = get(&self->user, 0x34, 1); pos;
	     pos = get(&self->user, pos + 1, 1)) {
		if (get(&self->user, pos, 1) != 1)
			continue;
		for (i = 1; i < 4; i++)
			set(&self->user, pos + 4, 2, i);
		EXPECT_EQ(0, get(&self->user, pos + 4, 2) & 3);
	}
	EXPECT_TRUE(in_d0());
}

/* ---- CONFIG_LOCK was set before the driver was bound ---- */

FIXTURE(locked) {
	struct user user;
	unsigned int dvsec;
	int config;
};

static bool hw_lock(int config, unsigned int dvsec, __u8 value)
{
	return pwrite(config, &value, 1, dvsec + LOCK) == 1 &&
	       pread(config, &value, 1, dvsec + LOCK) == 1 && dev_unbind() &&
	       dev_bind() && memory_ready();
}

FIXTURE_SETUP(locked)
{
	if (topology_is("model"))
		SKIP(return, "only a reset would clear this lock");
	self->config = dev_config();
	ASSERT_LE(0, self->config);
	self->dvsec = find_cap(self->config, 0, 0x23, 0);
	ASSERT_TRUE(hw_lock(self->config, self->dvsec, 1));
	ASSERT_EQ(0, user_open(&self->user));
}

FIXTURE_TEARDOWN(locked)
{
	user_close(&self->user);
	/* The emulated device takes that, hardware would not */
	EXPECT_TRUE(hw_lock(self->config, self->dvsec, 0));
	close(self->config);
}

TEST_F(locked, latch_begins_set)
{
	unsigned int control = self->dvsec + CONTROL;
	__u32 found = get(&self->user, control, 2);
	__u8 lock = 0;

	ASSERT_EQ(1, pread(self->config, &lock, 1, self->dvsec + LOCK));
	ASSERT_EQ(1, lock);
	EXPECT_EQ(1, get(&self->user, self->dvsec + LOCK, 2));
	set(&self->user, control, 2, ~found);
	EXPECT_EQ(found, get(&self->user, control, 2));
	set(&self->user, self->dvsec + LOCK, 2, 0);
	EXPECT_EQ(1, get(&self->user, self->dvsec + LOCK, 2));
}

TEST_HARNESS_MAIN
