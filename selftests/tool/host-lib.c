// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's VFIO client against a device that is faked: answers that no
 * driver gives on demand, or should ever give. Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../tools/vfio-cxl/lib/libvfio-cxl.h"
#include "fake_vfio.h"

#define GPA		0x1140000000ULL
#define MIB		(1ULL << 20)
#define BASE_LO		(FAKE_HDM + 0x10)
#define SIZE_LO		(FAKE_HDM + 0x18)
#define CTRL		(FAKE_HDM + 0x20)
#define LOCK		CXL_HDM_CTRL_LOCK
#define COMMIT		CXL_HDM_CTRL_COMMIT
#define SEALED		0x1700		/* what is read then: host-only too */
#define OPENED		0x1600

static struct vcxl *ctx;
static struct vcxl_client *client;
static int tests, bad;

static bool ok(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
	bad += !good;
	return good;
}

/* Failed with @want, and all of the account is there */
static void refused(int ret, int want, uint32_t reason, const char *what)
{
	const struct vcxl_error *e = vcxl_error(ctx);

	if (!ok(ret == want && e->err == want && *e->object && *e->why &&
		e->reason == reason, what))
		printf("# %d, wanted %d; '%s': '%s', reason %u\n", ret, want,
		       e->object, e->why, e->reason);
}

static void tells(const char *part, const char *what)
{
	const struct vcxl_error *e = vcxl_error(ctx);

	if (!ok(strstr(e->why, part), what))
		printf("# '%s' is not in '%s'\n", part, e->why);
}

static int open_client(void)
{
	vcxl_client_close(client);
	client = NULL;
	return vcxl_client_from_fd(ctx, fake.fd, &client);
}

/* A new device and a client for it */
static void fresh(void)
{
	fake_init();
	if (open_client()) {
		printf("Bail out! %s\n", vcxl_error(ctx)->why);
		exit(1);
	}
}

static void test_from_fd(void)
{
	struct vcxl_client_region r;

	fresh();
	ok(vcxl_client_fd(client) == fake.fd &&
	   vcxl_client_memory_size(client) == FAKE_SIZE, "a client from an fd");
	ok(!vcxl_client_region(client, VFIO_CXL_REGION_TYPE,
			       VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY, &r) &&
	   r.index == FAKE_FIRST + 2, "regions are found by type, not by place");
	ok(!vcxl_client_region(client, 0x80008086, 1, &r) &&
	   r.index == FAKE_FIRST, "those of others too");
	refused(vcxl_client_region(client, VFIO_CXL_REGION_TYPE, 7, &r),
		-ENOENT, 0, "a region that isn't there");
	vcxl_client_close(client);
	client = NULL;
	ok(fcntl(fake.fd, F_GETFD) >= 0, "the fd stays the caller's");
	vcxl_client_close(NULL);

	refused(vcxl_client_from_fd(ctx, fake.fd + 100, &client), -EBADF, 0,
		"a descriptor that isn't one");
	fake.info_err = ENOTTY;
	refused(open_client(), -ENOTTY, 0, "another driver's device");
	fake.info_err = 0;
	fake.info.flags = 0;
	fake.info.reason = VFIO_CXL_REASON_NOT_COMMITTED;
	memset(fake.info.element, '\033', sizeof(fake.info.element));
	refused(open_client(), -EOPNOTSUPP, VFIO_CXL_REASON_NOT_COMMITTED,
		"a device without memory");
	ok(!strchr(vcxl_error(ctx)->element, '\033') &&
	   strlen(vcxl_error(ctx)->element) == VFIO_CXL_ELEMENT_LEN - 1,
	   "its element is ended and printable");
}

static void test_align(void)
{
	static const uint64_t bad_align[][2] = {
		{ 0, 0 }, { 1, 0 }, { 2048, 0 }, { 3 * MIB, 0 },
		{ 1ULL << 41, 0 }, { 2 * MIB, 2 * MIB }, { 2 * MIB, 100 },
		{ ~0ULL, 0 },
	};
	char what[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_align); i++) {
		fake_init();
		fake.info.map_align = bad_align[i][0];
		fake.info.map_offset = bad_align[i][1];
		snprintf(what, sizeof(what), "map_align %#llx, map_offset %#llx",
			 (unsigned long long)bad_align[i][0],
			 (unsigned long long)bad_align[i][1]);
		refused(open_client(), -EIO, 0, what);
	}
}

#define AT(field)	offsetof(struct vfio_region_info, field)
#define HEAD		sizeof(struct vfio_region_info)
#define RW		(VFIO_REGION_INFO_FLAG_READ | \
			 VFIO_REGION_INFO_FLAG_WRITE)

/* What may be wrong in a region's reply: each leaves no client */
static const struct bend {
	const char *what;
	unsigned int region, at, len;
	uint64_t value;
} bends[] = {
	{ "half a capability at the end", 2, AT(cap_offset), 4,
	  HEAD + sizeof(struct vfio_region_info_cap_type) - 4 },
	{ "capabilities far away", 2, AT(cap_offset), 4, ~0U },
	{ "a chain that bites its tail", 2, HEAD, 8,
	  99 | 1 << 16 | (uint64_t)HEAD << 32 },
	{ "no capabilities", 2, AT(flags), 4,
	  RW | VFIO_REGION_INFO_FLAG_MMAP },
	{ "a capability of the future", 2, HEAD + 2, 2, 2 },
	{ "memory that can't be mapped", 2, AT(flags), 4,
	  RW | VFIO_REGION_INFO_FLAG_CAPS },
	{ "memory of no size", 2, AT(size), 8, 0 },
	{ "memory around 2^64", 2, AT(offset), 8, -(FAKE_SIZE / 2) },
	{ "memory around 2^63", 2, AT(offset), 8, INT64_MAX - FAKE_SIZE + 1 },
	{ "no COMP_REGS", 1, AT(flags), 4, 0 },
	{ "endless COMP_REGS", 1, AT(size), 8, ~0ULL },
};

static void test_regions(void)
{
	struct fake_reply *memory = &fake.region[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bends); i++) {
		const struct bend *b = &bends[i];

		fake_init();
		memcpy(fake.region[b->region].bytes + b->at, &b->value, b->len);
		refused(open_client(), -EIO, 0, b->what);
	}
	fake_init();
	memory->len -= 4;
	refused(open_client(), -EIO, 0, "a capability that is cut");
	/* What the head ends with, as if it were a capability */
	fake_init();
	fake_head(memory)->cap_offset = AT(offset);
	fake_head(memory)->offset = VFIO_REGION_INFO_CAP_TYPE | 1 << 16;
	memcpy(memory->bytes + HEAD,
	       (uint32_t[]){ VFIO_CXL_REGION_TYPE,
			     VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY }, 8);
	refused(open_client(), -EIO, 0, "a capability in the head");
	fake_init();
	fake_head(&fake.region[2])->offset = INT64_MAX - FAKE_SIZE;
	ok(!open_client(), "a region that just can be");
	fake_init();
	fake.argsz_grows = true;
	refused(open_client(), -EMSGSIZE, 0, "a reply that grows for ever");
	fake_init();
	fake.region[0].len = ~0U;
	refused(open_client(), -EMSGSIZE, 0, "a reply of 4 GiB");
	fake_init();
	fake_device()->num_regions = ~0U;
	fake_head(&fake.region[2])->flags = 0;
	refused(open_client(), -EINVAL, 0, "more regions than there are");
	fake_init();
	fake_device()->num_regions = 0;
	refused(open_client(), -EIO, 0, "no regions");
	fake_init();
	fake.device.err = EIO;
	refused(open_client(), -EIO, 0, "no answer about the device");
}

static void test_cap(void)
{
	struct vfio_cxl_device_info_cap cap;

	fresh();
	ok(!vcxl_client_cap(client, &cap) &&
	   cap.dpa_region_index == FAKE_FIRST + 2, "the CXL capability");
	fake_cap()->next = fake_device()->cap_offset;
	fake_cap()->id = 1;
	refused(vcxl_client_cap(client, &cap), -EIO, 0, "a chain that loops");
	fake_cap()->next = 0;
	refused(vcxl_client_cap(client, &cap), -ENOENT, 0, "other capabilities");
	fresh();
	fake_device()->flags &= ~VFIO_CXL_DEVICE_FLAGS_CXL;
	refused(vcxl_client_cap(client, &cap), -ENOENT, 0,
		"a capability without the flag is somebody else's");
	fresh();
	fake_cap()->version = 2;
	refused(vcxl_client_cap(client, &cap), -ENOENT, 0, "another version");
	fresh();
	fake_cap()->hdm_regs_bar_index = 6;
	refused(vcxl_client_cap(client, &cap), -EIO, 0, "a BAR that isn't one");
	fresh();
	fake_cap()->dpa_region_index = 9;
	refused(vcxl_client_cap(client, &cap), -EIO, 0,
		"a memory region that isn't the one");
	fresh();
	fake.device.len -= 8;
	refused(vcxl_client_cap(client, &cap), -EIO, 0, "one that is cut");
}

static uint32_t hostile_at, hostile_value;

static uint32_t read_hostile(uint32_t offset, uint32_t value)
{
	return offset == hostile_at ? hostile_value : value;
}

static void test_comp_regs(void)
{
	static const struct { uint32_t at, value; } lies[] = {
		{ 0, 0 }, { 0, ~0U }, { 0, 0x02000002 },
		{ 0, 1 }, { 0, 0x01000001 },	/* the HDM entry is cut off */
		{ 0, 0xff000001 },		/* the array covers it */
		{ 8, ~0U }, { 8, 5 }, { 8, 8 << 20 | 5 }, { 8, 0x41 << 20 | 5 },
		{ 8, 0xff0U << 20 | 5 }, { 8, 0xfe0U << 20 | 5 },
		{ FAKE_HDM, 0xd }, { FAKE_HDM, ~0U }, { CTRL, ~0U },
	};
	struct vcxl_guest_decoder d;
	char what[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		fresh();
		hostile_at = lies[i].at;
		hostile_value = lies[i].value;
		fake.read = read_hostile;
		snprintf(what, sizeof(what), "register %#x reads %#x",
			 hostile_at, hostile_value);
		refused(vcxl_client_decoder(client, 0, &d), -EIO, 0, what);
	}
	/* The last register of a decoder ends at 0x1c */
	for (i = 1; i < BASE_LO + 0x1c; i++) {
		fake_init();
		fake_head(&fake.region[1])->size = i;
		if (open_client() ||
		    vcxl_client_decoder(client, 0, &d) != -EIO)
			break;
	}
	if (!ok(i == BASE_LO + 0x1c, "COMP_REGS that is too small"))
		printf("# %zu bytes\n", i);
	fresh();
	ok(!vcxl_client_decoder(client, 1, &d) && d.total == 2 && !d.committed,
	   "the other decoder");
	refused(vcxl_client_decoder(client, 2, &d), -ENOENT, 0, "a third one");
	refused(vcxl_client_decoder(client, ~0U, &d), -ENOENT, 0, "the last one");
	fake.fail_from = fake.nr_access + 2;
	fake.fail_errno = EINTR;
	fake.fail_once = true;
	ok(!vcxl_client_decoder(client, 0, &d) && d.ctrl == OPENED,
	   "a signal is no failure");
	fake.fail_from = fake.nr_access + 1;
	fake.fail_errno = 0;
	refused(vcxl_client_decoder(client, 0, &d), -EIO, 0, "a short read");
}

static int program(uint64_t gpa, unsigned int flags)
{
	struct vcxl_program_result unused;

	return vcxl_client_program(client, gpa, flags, &unused);
}

static unsigned int writes(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < fake.nr_access && i < FAKE_LOG; i++)
		n += fake.log[i].write;
	return n;
}

static bool is_wrote(const struct fake_access *a, uint32_t at, uint32_t mask,
		     uint32_t value)
{
	return a->write && a->offset == at && (a->value & mask) == value;
}

/* BASE, COMMIT, all of it read, LOCK, all of it read */
static bool in_order(void)
{
	static const uint32_t reads[] = {
		BASE_LO, BASE_LO + 4, SIZE_LO, SIZE_LO + 4, CTRL,
	};
	unsigned int i, seen = 0, step = 0;

	for (i = 0; i < fake.nr_access; i++) {
		const struct fake_access *a = &fake.log[i];
		size_t n;

		for (n = 0; !a->write && n < ARRAY_SIZE(reads); n++)
			seen |= (a->offset == reads[n]) << n;
		if (!a->write)
			continue;
		if (step == 0 && is_wrote(a, BASE_LO, ~0U, (uint32_t)GPA))
			step = 1;
		else if (step == 1 && is_wrote(a, BASE_LO + 4, ~0U, GPA >> 32))
			step = 2;
		else if (step == 2 && is_wrote(a, CTRL, COMMIT | LOCK, COMMIT))
			step = 3;
		else if (step == 3 && seen == 0x1f &&
			 is_wrote(a, CTRL, COMMIT | LOCK, COMMIT | LOCK))
			step = 4;
		else
			return false;
		seen = 0;
	}
	return step == 4 && seen == 0x1f;
}

static void test_program(void)
{
	struct vcxl_program_result r;
	unsigned int n;

	fresh();
	ok(!vcxl_client_program(client, GPA, VCXL_PROGRAM_SEAL |
				VCXL_PROGRAM_DRY_RUN, &r) && !writes() &&
	   r.before.ctrl == OPENED && r.after.ctrl == SEALED &&
	   r.after.base == GPA && !r.already, "a dry run writes nothing");
	ok(!vcxl_client_program(client, GPA, VCXL_PROGRAM_SEAL, NULL) &&
	   in_order(), "read back before the seal, and after it");
	n = writes();
	ok(!vcxl_client_program(client, GPA, VCXL_PROGRAM_SEAL, &r) &&
	   r.already && r.after.sealed && r.after.base == GPA &&
	   writes() == n, "what is so already is success");
	ok(!vcxl_client_program(client, GPA, 0, &r) && r.already &&
	   writes() == n, "also when no seal was asked for");
	refused(program(GPA + (256 << 20), VCXL_PROGRAM_SEAL), -EPERM,
		VFIO_CXL_REASON_SEALED, "sealed with another base");
	ok(writes() == n, "which nobody tries to write");
	fresh();
	ok(!vcxl_client_program(client, GPA, 0, &r) && r.after.ctrl == OPENED &&
	   r.after.base == GPA && !r.after.sealed, "placed, not sealed");
	ok(!vcxl_client_program(client, GPA, 0, &r) && r.already,
	   "placed already");
	ok(!vcxl_client_program(client, GPA, VCXL_PROGRAM_SEAL, &r) &&
	   !r.already && r.after.ctrl == SEALED, "and sealed later");
	fresh();
	ok(!program(-2 * FAKE_SIZE, VCXL_PROGRAM_SEAL), "the highest place");
	fresh();
	vfio_cxl_comp_regs_write(&fake.regs, BASE_LO + 4, ~0U);
	vfio_cxl_comp_regs_write(&fake.regs, BASE_LO, 0xf0000000);
	vfio_cxl_comp_regs_write(&fake.regs, CTRL, COMMIT);
	ok(fake.regs.decoder[0].ctrl & CXL_HDM_CTRL_ERROR &&
	   !vcxl_client_program(client, GPA, VCXL_PROGRAM_SEAL, &r) &&
	   r.before.error && r.after.sealed, "a decoder in error is mended");
}

static void test_program_refused(void)
{
	fresh();
	refused(program(GPA, 4), -EINVAL, 0, "unknown flags");
	refused(program(GPA + MIB, VCXL_PROGRAM_SEAL), -EINVAL,
		VFIO_CXL_REASON_RANGE_ALIGN, "a base between two steps");
	refused(program(-FAKE_SIZE, VCXL_PROGRAM_SEAL), -EINVAL,
		VFIO_CXL_REASON_RANGE_SIZE, "an end at 2^64");
	fake.info.flags &= ~VFIO_CXL_INFO_LIVE;
	fake.info.gate = VFIO_CXL_GATE_RESET;
	refused(program(GPA, VCXL_PROGRAM_SEAL), -EAGAIN,
		VFIO_CXL_REASON_NOT_LIVE, "memory that is not live");
	tells("reset", "and why");
	fake.info.gate = 1U << 31;
	refused(program(GPA, VCXL_PROGRAM_SEAL), -EAGAIN,
		VFIO_CXL_REASON_NOT_LIVE, "for a reason of the future");
	fresh();
	fake_cap()->flags = 0;
	refused(program(GPA, VCXL_PROGRAM_SEAL), -EOPNOTSUPP,
		VFIO_CXL_REASON_NOT_COMMITTED, "not FIRMWARE_COMMITTED");
	fresh();
	vfio_cxl_comp_regs_write(&fake.regs, SIZE_LO, 0);
	refused(program(GPA, VCXL_PROGRAM_SEAL), -EINVAL,
		VFIO_CXL_REASON_RANGE_SIZE, "a decoder of another size");
	fresh();
	vfio_cxl_comp_regs_write(&fake.regs, CTRL, COMMIT | 1 << 4);
	refused(program(GPA, VCXL_PROGRAM_SEAL), -EINVAL,
		VFIO_CXL_REASON_INTERLEAVED, "a decoder that interleaves");
	ok(!writes(), "nothing of that was written");
	fresh();
	fake_device()->flags &= ~(VFIO_CXL_DEVICE_FLAGS_CXL |
				  VFIO_DEVICE_FLAGS_CAPS);
	ok(!program(GPA, VCXL_PROGRAM_SEAL),
	   "a driver that does not show the CXL capability");
}

static bool drop_base(uint32_t offset, uint32_t value)
{
	(void)value;
	return offset != BASE_LO;
}

static bool drop_lock(uint32_t offset, uint32_t value)
{
	return offset != CTRL || !(value & LOCK);
}

static uint32_t read_smaller(uint32_t offset, uint32_t value)
{
	return offset == SIZE_LO && writes() ? value / 2 : value;
}

static uint32_t read_error(uint32_t offset, uint32_t value)
{
	return offset == CTRL && writes() == 3 ?
	       (value & ~CXL_HDM_CTRL_COMMITTED) | CXL_HDM_CTRL_ERROR : value;
}

static uint32_t read_uncommitted(uint32_t offset, uint32_t value)
{
	return offset == CTRL && writes() == 3 ?
	       value & ~CXL_HDM_CTRL_COMMITTED : value;
}

/* The base moves under the seal: too late to put back */
static uint32_t read_moved(uint32_t offset, uint32_t value)
{
	return offset == BASE_LO + 4 && writes() >= 4 ? 0x77 : value;
}

static bool locked_once(void)
{
	unsigned int i;

	for (i = 0; i < fake.nr_access; i++)
		if (is_wrote(&fake.log[i], CTRL, LOCK, LOCK))
			return true;
	return false;
}

static bool as_opened(void)
{
	const struct vfio_cxl_shadow_decoder *d = &fake.regs.decoder[0];

	return !d->base && d->size == FAKE_SIZE && d->ctrl == OPENED;
}

/* A device that does not do as it is told */
static void test_program_broken(void)
{
	static const struct {
		const char *what;
		bool (*write)(uint32_t offset, uint32_t value);
		uint32_t (*read)(uint32_t offset, uint32_t value);
		uint32_t reason;
		bool early, lost;
	} t[] = {
		{ "BASE is not taken", drop_base, NULL,
		  VFIO_CXL_REASON_READBACK, true, false },
		{ "LOCK is not taken", drop_lock, NULL,
		  VFIO_CXL_REASON_READBACK, false, false },
		{ "SIZE is another", NULL, read_smaller,
		  VFIO_CXL_REASON_READBACK, true, true },
		{ "Error Not Committed", NULL, read_error,
		  VFIO_CXL_REASON_COMMIT_ERROR, true, false },
		{ "not Committed", NULL, read_uncommitted,
		  VFIO_CXL_REASON_COMMIT_ERROR, true, false },
		{ "BASE moves under the seal", NULL, read_moved,
		  VFIO_CXL_REASON_READBACK, false, true },
	};
	char what[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		fresh();
		fake.write = t[i].write;
		fake.read = t[i].read;
		refused(program(GPA, VCXL_PROGRAM_SEAL), -EIO, t[i].reason,
			t[i].what);
		snprintf(what, sizeof(what), "%s: %s", t[i].what, t[i].early ?
			 "never sealed" : "found after the seal");
		ok(locked_once() == !t[i].early, what);
		snprintf(what, sizeof(what), "%s: %s", t[i].what, t[i].lost ?
			 "told that it can't be put back" : "put back");
		ok(t[i].lost == !!strstr(vcxl_error(ctx)->why,
					 "nor could it be put back") &&
		   (t[i].lost || as_opened()), what);
	}
}

/* Each access fails once, and then all from it on */
static void test_program_sweep(int err, bool once)
{
	unsigned int n, done = 0;
	bool good = true, told = true, why = true;

	for (n = 1; !done; n++) {
		int ret;

		fresh();
		fake.nr_access = 0;
		fake.fail_from = n;
		fake.fail_once = once;
		fake.fail_errno = err;
		ret = program(GPA, VCXL_PROGRAM_SEAL);
		done = fake.nr_access < n;
		if (done)
			break;
		good = good && ret == -EIO && vcxl_error(ctx)->err == -EIO;
		why = why && strstr(vcxl_error(ctx)->why, "COMP_REGS");
		/* Sealed by then, or not put back: that has to be told */
		if (!as_opened())
			told = told && strstr(vcxl_error(ctx)->why,
					      "nor could it be put back");
	}
	printf("# %u accesses\n", n - 1);
	ok(good && why && n > 20, "each access may fail");
	ok(told, "what is not put back is told");
	ok(fake.regs.decoder[0].ctrl == SEALED, "and without a failure it works");
}

static void unseal(void)
{
	fake.regs.decoder[0].ctrl = OPENED;
}

static void gate(void)
{
	fake.info.flags &= ~VFIO_CXL_INFO_LIVE;
	fake.info.gate = VFIO_CXL_GATE_UNRESTORED;
}

static void test_reset(void)
{
	int groups[300] = { 5, 6 };

	fresh();
	ok(!vcxl_client_reset(client), "a reset before anything is placed");
	ok(!program(GPA, VCXL_PROGRAM_SEAL) && !vcxl_client_reset(client),
	   "a reset that the seal survives");
	fake.on_reset = unseal;
	refused(vcxl_client_reset(client), -EIO, 0, "one that it does not");
	tells("seal", "and the loss is told");
	fresh();
	fake.on_reset = gate;
	refused(vcxl_client_reset(client), -EIO, VFIO_CXL_REASON_NOT_LIVE,
		"memory that is not back");
	fresh();
	fake.on_reset = gate;
	fake.reset_err = EIO;
	refused(vcxl_client_reset(client), -EIO, VFIO_CXL_REASON_NOT_LIVE,
		"nor for the driver");
	tells("decoder is not (yet) restored", "and why");
	fresh();
	fake.reset_err = ENOTTY;
	refused(vcxl_client_reset(client), -ENOTTY, 0, "no reset at all");
	fake.reset_err = EIO;
	refused(vcxl_client_reset(client), -EIO, 0, "a reset that failed");

	fresh();
	ok(!vcxl_client_hot_reset(client, groups, 2) &&
	   fake.reset_groups == 2 && fake.reset_fd == 5, "groups are handed on");
	ok(!vcxl_client_hot_reset(client, NULL, 0) && !fake.reset_groups,
	   "none for a device that has none");
	refused(vcxl_client_hot_reset(client, groups, 300), -EINVAL, 0,
		"more groups than can be");
}

static void test_map(void)
{
	size_t size = 4 * MIB, room = 8 * MIB;
	char *area, *good;
	void *at;

	fresh();
	ok(!vcxl_client_map(client, 4096, size, &at) &&
	   ((uintptr_t)at & (2 * MIB - 1)) == 0x4000, "a congruent address");
	refused(vcxl_client_map_at(client, 4096, size, at, 0), -EEXIST, 0,
		"something is there");
	ok(!vcxl_client_unmap(client, at, size), "unmap");
	ok(!vcxl_client_map_at(client, 4096, size, at, 0), "a free address");
	refused(vcxl_client_map_at(client, 4096, size, (char *)at + 4096, 0),
		-EINVAL, 0, "not congruent");
	tells("0x4000", "and how it would be");
	refused(vcxl_client_map_at(client, 4096, size, (char *)at + 4096,
				   VCXL_MAP_SMALL_PAGES), -EEXIST, 0,
		"small pages are no reason to replace");
	vcxl_client_unmap(client, at, size);
	ok(!vcxl_client_map_at(client, 4096, size, (char *)at + 4096,
			       VCXL_MAP_SMALL_PAGES), "small pages");
	vcxl_client_unmap(client, (char *)at + 4096, size);

	area = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	good = area + ((0x3000 - (uintptr_t)area) & (2 * MIB - 1));
	ok(!vcxl_client_map_at(client, 0, size, good, VCXL_MAP_REPLACE),
	   "into a reservation");
	good[size - 1] = 42;
	ok(!vcxl_client_read(client, size - 1, &at, 1) && *(char *)&at == 42,
	   "which is the memory");
	munmap(good + MIB, 4096);
	refused(vcxl_client_map_at(client, 0, size, good, VCXL_MAP_REPLACE),
		-ENOMEM, 0, "a reservation with a hole");
	refused(vcxl_client_map_at(client, 0, size, good, 8), -EINVAL, 0,
		"unknown flags");
	refused(vcxl_client_map_at(client, 0, size, good + 1, 0), -EINVAL, 0,
		"half a page");
	refused(vcxl_client_map_at(client, 0, size, NULL, VCXL_MAP_REPLACE |
				   VCXL_MAP_SMALL_PAGES), -EINVAL, 0, "NULL");
	refused(vcxl_client_map_at(client, 0, size, (void *)-4096UL,
				   VCXL_MAP_SMALL_PAGES), -EINVAL, 0,
		"the end of all addresses");
	refused(vcxl_client_map(client, 0, 0, &at), -EINVAL, 0, "no bytes");
	refused(vcxl_client_map(client, 1, 4096, &at), -EINVAL, 0,
		"an offset in a page");
	refused(vcxl_client_map(client, FAKE_SIZE, 4096, &at), -EINVAL, 0,
		"beyond the memory");
	refused(vcxl_client_map(client, 4096, -4096UL, &at), -EINVAL, 0,
		"around the end of all numbers");
	refused(vcxl_client_write(client, FAKE_SIZE - 1, "ab", 2), -EINVAL, 0,
		"a write beyond the memory");
	refused(vcxl_client_read(client, ~0ULL, &at, 1), -EINVAL, 0,
		"a read beyond all");
	munmap(area, room);
}

static void test_window(void)
{
	struct vcxl_client_region r;
	size_t size;
	void *at;

	fresh();
	ok(!vcxl_client_window(client, &r) && r.index == FAKE_FIRST + 4 &&
	   r.size == FAKE_WINDOW, "the window for host memory");
	if (ok(!vcxl_client_map_window(client, &at, &size) &&
	       size == FAKE_WINDOW && !((uintptr_t)at % (2 * MIB)),
	       "mapped whole, for pages of 2 MiB")) {
		((char *)at)[5] = 42;
		ok(!vcxl_client_read(client, r.offset + 5, &size, 1) &&
		   *(char *)&size == 42, "at its place in the fd");
		ok(!vcxl_client_unmap(client, at, FAKE_WINDOW), "unmap");
	}
	fake_head(&fake.region[4])->flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	refused(vcxl_client_map_window(client, &at, &size), -EIO, 0,
		"a window that can't be mapped");
	fresh();
	fake_head(&fake.region[4])->size = 0;
	refused(vcxl_client_window(client, &r), -EIO, 0, "an empty one");
	fake_head(&fake.region[4])->size = 1ULL << 62;
	refused(vcxl_client_map_window(client, &at, &size), -ENOMEM, 0,
		"one that no address space has room for");
	fake_head(&fake.region[4])->size = ~0ULL;
	refused(vcxl_client_map_window(client, &at, &size), -EIO, 0,
		"one that no file has room for");
	fake_device()->num_regions--;
	refused(vcxl_client_window(client, &r), -ENOENT, 0, "none");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vcxl_new(&ctx))
		return 1;
	test_from_fd();
	test_align();
	test_regions();
	test_cap();
	test_comp_regs();
	test_program();
	test_program_refused();
	test_program_broken();
	test_program_sweep(EIO, true);
	test_program_sweep(EIO, false);
	test_program_sweep(0, true);
	test_reset();
	test_map();
	test_window();
	vcxl_client_close(client);
	vcxl_free(ctx);
	printf("1..%d\n", tests);
	return bad > 0;
}
