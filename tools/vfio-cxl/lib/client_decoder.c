// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's HDM decoder: COMP_REGS, read and programmed as the guest's
 * firmware would. Nothing here moves the physical decoder. The registers are
 * walked by the driver's own code, which believes none of them.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../../drivers/vfio/pci/cxl/hdm.h"
#include "client.h"

#define GRAIN		(256ULL << 20)	/* of BASE and SIZE, 8.2.4.20.3 */
#define ALL_ONES	0xffffffffU	/* what a device that is gone reads */
#define STATUS		(CXL_HDM_CTRL_COMMITTED | CXL_HDM_CTRL_ERROR)
#define FLAGS		(VCXL_PROGRAM_SEAL | VCXL_PROGRAM_DRY_RUN)

/* COMP_REGS, and the first errno of an access to them */
struct regs {
	struct vcxl_client *client;
	struct vfio_cxl_io io;
	struct vfio_cxl_hdm hdm;
	int err;
};

static u32 regs_read(void *ctx, u32 offset)
{
	struct regs *r = ctx;
	const struct vcxl_client_region *region = &r->client->regs;
	uint32_t value;
	ssize_t n;

	if (region->size < sizeof(value) ||
	    offset > region->size - sizeof(value)) {
		r->err = r->err ? r->err : -ENXIO;
		return ALL_ONES;
	}
	do {
		n = pread(r->client->device, &value, sizeof(value),
			  region->offset + offset);
	} while (n < 0 && errno == EINTR);
	if (n == sizeof(value))
		return le32toh(value);
	if (!r->err)
		r->err = n < 0 ? -errno : -EIO;
	return ALL_ONES;
}

/* Only to a decoder that was read, so the region reaches */
static void regs_write(void *ctx, u32 offset, u32 value)
{
	struct regs *r = ctx;
	uint32_t le = htole32(value);
	ssize_t n;

	do {
		n = pwrite(r->client->device, &le, sizeof(le),
			   r->client->regs.offset + offset);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(le) && !r->err)
		r->err = n < 0 ? -errno : -EIO;
}

/* @ret: what the driver's code said to what was read */
static int explain(struct regs *r, int ret)
{
	const char *why = r->err ? "its registers lie beyond its end" :
			  ret == -ENOENT ? "it has no HDM decoders" :
			  ret == -ENODEV ? "it reads all ones" :
			  "its capability array is broken";

	if (r->err && r->err != -ENXIO)
		return vcxl_client_fail(r->client, r->err,
					"can't read COMP_REGS");
	return vcxl_fail(r->client->ctx, -EIO, r->client->name,
			 "load a cxl-vfio-pci that fits this library",
			 "COMP_REGS makes no sense: %s", why);
}

static int regs_find(struct regs *r, struct vcxl_client *c)
{
	int ret;

	*r = (struct regs){ .client = c };
	r->io = (struct vfio_cxl_io){
		.read = regs_read, .write = regs_write, .ctx = r,
	};
	ret = vfio_cxl_hdm_find(&r->hdm, &r->io);
	return ret || r->err ? explain(r, ret) : 0;
}

static int regs_decoder(struct regs *r, unsigned int index,
			struct vcxl_guest_decoder *decoder)
{
	struct vfio_cxl_hdm_decoder d;
	int ret = vfio_cxl_hdm_read(&r->hdm, index, &d);

	if (ret || r->err)
		return explain(r, ret);
	memset(decoder, 0, sizeof(*decoder));
	decoder->base = d.base;
	decoder->size = d.size;
	decoder->ctrl = d.ctrl;
	decoder->total = r->hdm.count;
	decoder->committed = d.ctrl & CXL_HDM_CTRL_COMMITTED;
	decoder->error = d.ctrl & CXL_HDM_CTRL_ERROR;
	decoder->sealed = decoder->committed && (d.ctrl & CXL_HDM_CTRL_LOCK);
	return 0;
}

int vcxl_client_decoder(struct vcxl_client *c, unsigned int index,
			struct vcxl_guest_decoder *decoder)
{
	struct regs r;
	int ret = regs_find(&r, c);

	if (ret)
		return ret;
	if (index >= r.hdm.count)
		return vcxl_fail(c->ctx, -ENOENT, c->name, "",
				 "there is no HDM decoder %u, but %u of them",
				 index, r.hdm.count);
	return regs_decoder(&r, index, decoder);
}

static int refuse(struct vcxl_client *c, int err, uint32_t reason,
		  const char *next, const char *why)
{
	vcxl_fail(c->ctx, err, c->name, next, "%s", why);
	c->ctx->error.reason = reason;
	return err;
}

/* All that can be known before anything is written */
static int check_program(struct vcxl_client *c, uint64_t gpa,
			 const struct vcxl_guest_decoder *old)
{
	uint64_t end;

	if (old->size != c->memory.size)
		return refuse(c, -EINVAL, VFIO_CXL_REASON_RANGE_SIZE,
			      "write SIZE of the decoder as it was at open, or open the device again",
			      "the guest's decoder and the memory differ in size");
	/* A range that ends at 2^64 has no end for hardware */
	if (__builtin_add_overflow(gpa, old->size, &end))
		return refuse(c, -EINVAL, VFIO_CXL_REASON_RANGE_SIZE,
			      "choose a lower guest physical address",
			      "the memory would not end below 2^64");
	if (old->ctrl & CXL_HDM_CTRL_IW)
		return refuse(c, -EINVAL, VFIO_CXL_REASON_INTERLEAVED,
			      "write CTRL of the decoder as it was at open, or open the device again",
			      "the guest's decoder interleaves");
	if (old->sealed && old->base != gpa)
		return refuse(c, -EPERM, VFIO_CXL_REASON_SEALED,
			      "map the memory where the decoder is, or open the device again",
			      "the guest's decoder is sealed at another address");
	return 0;
}

/* The capability says it for VMMs of old; where there is none, INFO does */
static int check_committed(struct vcxl_client *c)
{
	struct vfio_cxl_device_info_cap cap;
	int ret = vcxl_client_cap(c, &cap);

	if (!ret && !(cap.flags & VFIO_CXL_CAP_FIRMWARE_COMMITTED))
		return refuse(c, -EOPNOTSUPP, VFIO_CXL_REASON_NOT_COMMITTED,
			      "program it with 'vfio-cxl decoder program'",
			      "the device's HDM decoder was not committed when it was opened");
	return ret == -ENOENT ? 0 : ret;
}

static void set(struct regs *r, uint32_t reg, uint32_t value)
{
	regs_write(r, r->hdm.offset + CXL_HDM_DECODER(0) + reg, value);
}

static void set_base(struct regs *r, uint64_t base)
{
	set(r, CXL_HDM_BASE_LO, base);
	set(r, CXL_HDM_BASE_HI, base >> 32);
}

/* Reads back what the last write of CTRL made of the decoder */
static int check_written(struct regs *r, uint64_t gpa, bool sealed,
			 struct vcxl_guest_decoder *now)
{
	struct vcxl_client *c = r->client;
	int ret = r->err ? vcxl_client_fail(c, r->err, "can't write COMP_REGS") :
		  regs_decoder(r, 0, now);

	if (ret)
		return ret;
	if (now->error || !now->committed)
		return refuse(c, -EIO, VFIO_CXL_REASON_COMMIT_ERROR,
			      "choose another guest physical address",
			      now->error ?
			      "the decoder answered the commit with Error Not Committed" :
			      "the decoder is not committed after the commit");
	if (now->base != gpa || now->size != c->memory.size ||
	    now->sealed != sealed)
		return refuse(c, -EIO, VFIO_CXL_REASON_READBACK,
			      "load a cxl-vfio-pci that fits this library",
			      "the decoder does not read back as it was written");
	return 0;
}

static bool same(const struct vcxl_guest_decoder *a,
		 const struct vcxl_guest_decoder *b)
{
	return a->base == b->base && a->size == b->size && a->ctrl == b->ctrl;
}

/* A decoder that was in error gets there again by the same commit */
static void put_back(struct regs *r, const struct vcxl_guest_decoder *old)
{
	struct vcxl_error error = r->client->ctx->error;
	struct vcxl_guest_decoder now;
	size_t n = strlen(error.why);

	r->err = 0;
	set(r, CXL_HDM_CTRL, old->ctrl &
	    ~(STATUS | CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_LOCK));
	set_base(r, old->base);
	set(r, CXL_HDM_CTRL, old->ctrl & ~STATUS);
	if (r->err || regs_decoder(r, 0, &now) || !same(&now, old))
		snprintf(error.why + n, sizeof(error.why) - n,
			 "; nor could it be put back: close the device");
	r->client->ctx->error = error;
}

/* Committed and looked at first, because a seal can't be taken back */
static int program(struct regs *r, uint64_t gpa, unsigned int flags,
		   const struct vcxl_guest_decoder *old,
		   struct vcxl_guest_decoder *now)
{
	uint32_t ctrl = (old->ctrl | CXL_HDM_CTRL_COMMIT) &
			~(STATUS | CXL_HDM_CTRL_LOCK);
	int ret;

	/* After an error COMMIT has to go through 0 (8.2.4.20.7) */
	if (!old->committed)
		set(r, CXL_HDM_CTRL, ctrl & ~CXL_HDM_CTRL_COMMIT);
	set_base(r, gpa);
	set(r, CXL_HDM_CTRL, ctrl);
	ret = check_written(r, gpa, false, now);
	if (!ret && (flags & VCXL_PROGRAM_SEAL)) {
		set(r, CXL_HDM_CTRL, ctrl | CXL_HDM_CTRL_LOCK);
		ret = check_written(r, gpa, true, now);
	}
	if (ret)
		put_back(r, old);
	return ret;
}

static bool is_so(const struct vcxl_guest_decoder *decoder, uint64_t gpa,
		  unsigned int flags)
{
	return decoder->committed && decoder->base == gpa &&
	       (decoder->sealed || !(flags & VCXL_PROGRAM_SEAL));
}

/* What @decoder would be */
static void predict(struct vcxl_guest_decoder *decoder, uint64_t gpa,
		    unsigned int flags)
{
	decoder->base = gpa;
	decoder->committed = true;
	decoder->error = false;
	decoder->sealed = flags & VCXL_PROGRAM_SEAL;
	decoder->ctrl &= ~(CXL_HDM_CTRL_LOCK | CXL_HDM_CTRL_ERROR);
	decoder->ctrl |= CXL_HDM_CTRL_COMMIT | CXL_HDM_CTRL_COMMITTED;
	if (decoder->sealed)
		decoder->ctrl |= CXL_HDM_CTRL_LOCK;
}

int vcxl_client_program(struct vcxl_client *c, uint64_t gpa,
			unsigned int flags, struct vcxl_program_result *result)
{
	struct vcxl_program_result unused;
	struct regs r;
	int ret;

	if (!result)
		result = &unused;
	memset(result, 0, sizeof(*result));
	if (flags & ~FLAGS)
		return vcxl_fail(c->ctx, -EINVAL, c->name, "",
				 "unknown flags %#x for the decoder", flags);
	if (gpa % GRAIN)
		return refuse(c, -EINVAL, VFIO_CXL_REASON_RANGE_ALIGN,
			      "choose a multiple of 256 MiB (0x10000000)",
			      "the guest physical address is no multiple of 256 MiB");
	ret = vcxl_client_need_live(c);
	if (!ret)
		ret = check_committed(c);
	if (!ret)
		ret = regs_find(&r, c);
	if (!ret)
		ret = regs_decoder(&r, 0, &result->before);
	if (!ret)
		ret = check_program(c, gpa, &result->before);
	if (ret)
		return ret;

	result->after = result->before;
	result->already = is_so(&result->before, gpa, flags);
	if (result->already)
		return 0;
	if (!(flags & VCXL_PROGRAM_DRY_RUN))
		return program(&r, gpa, flags, &result->before, &result->after);
	predict(&result->after, gpa, flags);
	return 0;
}
