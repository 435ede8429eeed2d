// SPDX-License-Identifier: GPL-2.0-only
/* The numbers of the uAPI as names, sentences and advice. */
#include <errno.h>
#include <string.h>

#include "private.h"

struct reason {
	const char *name;
	const char *why;
	const char *next;
};

#define REASON(id, why_, next_) \
	[VFIO_CXL_REASON_##id] = { .name = #id, .why = why_, .next = next_ }

static const struct reason reasons[] = {
	REASON(NONE, "nothing is wrong", ""),
	REASON(NO_HDM, "the device has no HDM decoder capability",
	       "it has no host-managed memory: use it with plain vfio-pci"),
	REASON(NOT_COMMITTED, "HDM decoder 0 is not committed",
	       "commit it with 'vfio-cxl decoder program'"),
	REASON(MEDIA_NOT_READY, "the device's media is not ready yet",
	       "try again when Memory_Active is set; a power cycle may be needed"),
	REASON(NO_CAPACITY, "the device shows no static capacity",
	       "say how much Dynamic Capacity with --size, or make some of it static"),
	REASON(INTERLEAVED, "HDM decoder 0 interleaves with other devices",
	       "configure the platform for one way: interleaving is not supported"),
	REASON(NO_CEDT, "firmware gives no CXL Early Discovery Table, or a damaged one",
	       "switch CXL on in the platform's setup, or update its firmware"),
	REASON(NO_WINDOW, "no fixed memory window belongs to the device's host bridge alone",
	       "see 'vfio-cxl window list'; windows are set up by the platform's firmware"),
	REASON(WINDOW_TYPE, "the window's restrictions exclude this device, or fix its configuration",
	       "see 'vfio-cxl window list' for the restrictions; firmware sets them"),
	REASON(WINDOW_FULL, "the fixed memory window has no free range of that size",
	       "see 'vfio-cxl window list' for what is free, and ask for less with --size"),
	REASON(PATH_RCH, "the device is not below a CXL root port",
	       "put it into a slot of a CXL root port"),
	REASON(PATH_PORTS, "the host bridge has several root ports and its decoders route nothing to this one",
	       "let firmware commit the decoders, or put the device below its own host bridge"),
	REASON(PATH_SWITCH, "a switch stands between the root port and the device, and its decoders route nothing there",
	       "let firmware commit the decoders, or connect the device directly"),
	REASON(PATH_DECODER, "the decoders of an element on the path don't route this range to the device",
	       "choose the range that the path routes (--base, --size), or free that decoder"),
	REASON(RANGE_ALIGN, "base, size and skip must be multiples of 256 MiB, and the size not 0",
	       "round them"),
	REASON(RANGE_WINDOW, "the range is not inside a fixed memory window of the device",
	       "see 'vfio-cxl window list', or let --base auto choose"),
	REASON(RANGE_BUSY, "something else in the host has the range",
	       "see /proc/iomem for who has it, or let --base auto choose another"),
	REASON(RANGE_CAPACITY, "the range is not inside the device's capacity",
	       "see 'vfio-cxl status' and 'dc show' for what there is: --dpa-skip and --size"),
	REASON(MEMTYPE, "the host can't map the range write-back",
	       "see the kernel's log and /sys/kernel/debug/x86/pat_memtype_list"),
	REASON(OPEN, "the VFIO device is open, or there are descriptors of its Dynamic Capacity",
	       "stop its user, for instance the virtual machine, or who has one, first"),
	REASON(FIRMWARE, "firmware committed the decoder, and such a decoder is never changed",
	       "change it in the platform's setup"),
	REASON(LOCKED, "the decoder is locked",
	       "only a reset of the device undoes a lock"),
	REASON(COMMITTED, "the decoder is committed with other values",
	       "clear it first: 'vfio-cxl decoder clear'"),
	REASON(COMMIT_ERROR, "the device refused to commit the decoder",
	       "choose other values; the kernel's log has those it refused"),
	REASON(COMMIT_TIMEOUT, "the decoder did not answer in time",
	       "reset the device and try again"),
	REASON(READBACK, "the decoder does not read back as it was written",
	       "reset the device; if that does not help, don't trust it"),
	REASON(NOT_LIVE, "a reset or another event is under way, or the memory did not come back",
	       "try again; 'vfio-cxl status' shows which event it is"),
	REASON(DVSEC_LOCKED, "the CXL Device DVSEC is locked with its memory off",
	       "firmware locked it: change the platform's setup, or reset the device"),
	REASON(RANGE_SIZE, "a VFIO region holds 1 TiB at most",
	       "say --size 1T or less"),
	REASON(NO_MEMORY, "the kernel had no memory left",
	       "free some, and try again, or bind the device again"),
	REASON(SEALED, "the guest's decoder is sealed already, with another base",
	       "stop its user, or take the seal back: 'vfio-cxl decoder guest clear'"),
	REASON(DC_LENGTH, "the extent is empty, or wraps around",
	       "the fabric manager has to offer another one"),
	REASON(DC_REGION, "the extent is in no region of the device, or in more than one",
	       "the fabric manager has to offer another one"),
	REASON(DC_ALIGN, "the extent is no multiple of its region's blocks, or of a page",
	       "the fabric manager has to offer another one"),
	REASON(DC_OVERLAP, "the extent overlaps another one",
	       "release or reject that one, and have this one offered again"),
	REASON(DC_TAG_LIVE, "the tag has extents already, here or on another device",
	       "release those, and have these offered again"),
	REASON(DC_TAG_NULL, "an extent of a sharable region has no tag",
	       "the fabric manager has to offer it with one"),
	REASON(DC_SEQUENCE, "the extents of the tag are not numbered as they must be",
	       "the fabric manager has to offer them again"),
	REASON(DC_TAG_WHOLE, "a tag is taken and given back whole",
	       "name the tag, or all its extents"),
	REASON(DC_NOT_COVERED, "HDM decoder 0 does not decode the extent",
	       "see 'vfio-cxl dc show'; clear it and program it anew, or reject the extent"),
	REASON(DC_DAMAGED, "the device's records of the offer make no sense",
	       "have it offered again"),
	REASON(DC_TIMEOUT, "the rest of the offer did not come in time",
	       "have it offered again"),
	REASON(DC_OVERFLOW, "the device's log overflowed while the offer came",
	       "have it offered again, in fewer extents"),
	REASON(DC_LIMIT, "more offers or extents than the driver keeps, or than fit into one answer",
	       "have less offered at a time, or release something"),
	REASON(DC_DEADLINE, "nobody accepted the offer in time",
	       "have it offered again"),
	REASON(DC_REFUSED, "a user rejected it",
	       "have it offered again"),
	REASON(DC_UNBOUND, "the driver was being unbound",
	       "have it offered again"),
	REASON(DC_DEVICE, "the device answered with an error",
	       "see its return code, and ask the fabric manager"),
	REASON(DC_DEVICE_BUSY, "the device was busy for too long, or did not answer",
	       "try again"),
	REASON(DC_IN_USE, "the memory is in use: it was touched, and is still mapped",
	       "stop its user first; --defer waits for that, --force takes it away from him"),
	REASON(DC_COLLECTING, "the offer is not complete yet",
	       "try again in a moment"),
	REASON(DC_PENDING, "it is only offered, or not accepted yet",
	       "accept or reject it: 'vfio-cxl dc accept', 'vfio-cxl dc reject'"),
	REASON(DC_DECIDED, "its answer is decided already",
	       "wait for the other tags of its offer, and for older offers"),
	REASON(DC_COMMITTED, "it is accepted",
	       "give it back with 'vfio-cxl dc release'"),
	REASON(DC_RELEASING, "it is being given back, or is going to be",
	       "wait until it is"),
	REASON(DC_REACH, "it is accepted for another kind of user",
	       "see 'vfio-cxl dc status' for whom; give it back first, and have it offered again"),
	REASON(DC_TENANCY, "the tenancy that it was accepted for has ended",
	       "accept it again, if it is offered"),
	REASON(DC_FORCED, "it was taken away by force",
	       "ask whoever offered it why, and have it offered again"),
	REASON(DC_MISSING, "the device does not list it any more",
	       "ask the fabric manager why, and have it offered again"),
	REASON(DC_RECOVERED, "the device lists it, and nothing is known of how it came there",
	       "accept it again, or release it"),
	REASON(DC_MISMATCH, "the device asks for a part of it, or by another tag",
	       "release it whole, or not at all"),
	REASON(DC_NO_MAILBOX, "the device has no mailbox that can be used",
	       "'dmesg' says what is wrong with it"),
	REASON(DC_NOT_CAPABLE, "the device does no Dynamic Capacity",
	       "use its static capacity"),
	REASON(DC_NOT_SYNCED, "regions or extents could not be read from the device yet",
	       "it is asked again; 'dmesg' says what it answered"),
	REASON(BACKEND_TAG, "the null tag is none",
	       "choose a UUID: uuidgen makes one"),
	REASON(BACKEND_EXISTS, "the device has a backend with this tag already, or one is being made",
	       "choose another tag, or free this one with 'vfio-cxl backend destroy'"),
	REASON(BACKEND_SIZE, "the size of a backend is a multiple of a page, and not 0",
	       "round it"),
	REASON(BACKEND_NODE, "the host has no such NUMA node, or no memory there",
	       "see /sys/devices/system/node/has_memory"),
	REASON(BACKEND_LIMIT, "the device has as many backends as it can have",
	       "free one with 'vfio-cxl backend destroy'"),
	REASON(BACKEND_NONE, "the device has no backend with this tag, or it is being made",
	       "make one with 'vfio-cxl backend create'"),
	REASON(BACKEND_RESERVED, "an extent has the backend's memory",
	       "'vfio-cxl dc status' shows how it stands: reject or release it first"),
	REASON(BACKEND_HELD, "somebody still holds pages of the backend, as for DMA",
	       "stop its former users, or have them unmap their DMA; or make another"),
	REASON(BACKEND_BLOCK, "the backend's size is no multiple of the region's blocks",
	       "'vfio-cxl dc show' has the blocks: make a backend of another size"),
	REASON(HOST_WINDOW, "the device has no window for host memory",
	       "make one with 'vfio-cxl dc configure'"),
	REASON(HOST_REGIONS, "a window for host memory has 8 regions at most",
	       "ask for less"),
	REASON(HOST_BLOCK, "the size of a block is a power of two, and a page at least",
	       "round it, or leave --block out for 2 MiB"),
	REASON(HOST_SIZE, "the size of a region is a multiple of its blocks, and not 0",
	       "round it, or say what a block is with --block"),
	REASON(HOST_EXTENTS, "there are extents in the window for host memory",
	       "'vfio-cxl dc list' shows them: reject or release them first"),
	REASON(HOST_OUTSIDE, "the extent ends behind its region",
	       "'vfio-cxl dc show' has its size: choose another --offset"),
};

const char *vcxl_reason_name(uint32_t reason)
{
	return reason < VCXL_ARRAY_SIZE(reasons) ? reasons[reason].name : NULL;
}

const char *vcxl_reason_why(uint32_t reason)
{
	return reason < VCXL_ARRAY_SIZE(reasons) ? reasons[reason].why : NULL;
}

const char *vcxl_reason_next(uint32_t reason)
{
	return reason < VCXL_ARRAY_SIZE(reasons) ? reasons[reason].next : NULL;
}

/* By the numbers of the header, so that neither can go its own way */
#define VALUE(prefix, id) \
	[VFIO_CXL_##prefix##_##id] = #id
#define BIT_OF(flag)		__builtin_ctz(flag)
#define FLAG(prefix, id) \
	[BIT_OF(VFIO_CXL_##prefix##_##id)] = #id

static const char *const origins[] = {
	VALUE(ORIGIN, NONE), VALUE(ORIGIN, FIRMWARE), VALUE(ORIGIN, DRIVER),
};

static const char *const mem_modes[] = {
	VALUE(MEM, NONE), VALUE(MEM, MEMREMAP), VALUE(MEM, PAGES),
};

static const char *const info_flags[] = {
	FLAG(INFO, MEMORY), FLAG(INFO, LIVE), FLAG(INFO, OPEN),
	FLAG(INFO, LOCKED), FLAG(INFO, SEALED), FLAG(INFO, CACHE_CAPABLE),
};

static const struct {
	const char *name;
	const char *why;
} gates[] = {
#define GATE(id, why_) \
	[BIT_OF(VFIO_CXL_GATE_##id)] = { .name = #id, .why = why_ }
	GATE(UNRESTORED, "the decoder is not (yet) restored"),
	GATE(OPEN, "VFIO is opening the device"),
	GATE(CLOSE, "VFIO is closing the device"),
	GATE(RESET, "a reset is under way"),
	GATE(DECODER, "decoder 0 is being changed"),
	GATE(REMOVED, "the driver is being unbound"),
	GATE(ERROR, "the device had a fatal error: reset it, or close and open it"),
	GATE(SUSPEND, "the system sleeps, or is about to"),
	GATE(CXL_RESET, "the device's user asked for a CXL reset"),
};

static const char *const window_flags[] = {
	FLAG(WINDOW, USABLE), FLAG(WINDOW, USED),
};

/* 9.18.1.3, Window Restrictions */
static const char *const restrictions[] = {
	"DEVICE_COHERENT", "HOST_ONLY_COHERENT", "VOLATILE", "PERSISTENT",
	"FIXED_CONFIG", "BACK_INVALIDATE",
};

static const char *const decoder_flags[] = {
	FLAG(DECODER, COMMITTED), FLAG(DECODER, LOCKED), FLAG(DECODER, ERROR),
	FLAG(DECODER, GUEST), FLAG(DECODER, GUEST_SEALED),
	FLAG(DECODER, GUEST_SET), FLAG(DECODER, GUEST_PERSIST),
};

const char *vcxl_origin_name(uint32_t origin)
{
	return origin < VCXL_ARRAY_SIZE(origins) ? origins[origin] : NULL;
}

const char *vcxl_mem_mode_name(uint32_t mode)
{
	return mode < VCXL_ARRAY_SIZE(mem_modes) ? mem_modes[mode] : NULL;
}

const char *vcxl_info_flag_name(unsigned int bit)
{
	return bit < VCXL_ARRAY_SIZE(info_flags) ? info_flags[bit] : NULL;
}

const char *vcxl_gate_name(unsigned int bit)
{
	return bit < VCXL_ARRAY_SIZE(gates) ? gates[bit].name : NULL;
}

const char *vcxl_gate_why(unsigned int bit)
{
	return bit < VCXL_ARRAY_SIZE(gates) ? gates[bit].why : NULL;
}

const char *vcxl_window_flag_name(unsigned int bit)
{
	return bit < VCXL_ARRAY_SIZE(window_flags) ? window_flags[bit] : NULL;
}

const char *vcxl_restriction_name(unsigned int bit)
{
	return bit < VCXL_ARRAY_SIZE(restrictions) ? restrictions[bit] : NULL;
}

const char *vcxl_decoder_flag_name(unsigned int bit)
{
	return bit < VCXL_ARRAY_SIZE(decoder_flags) ? decoder_flags[bit] : NULL;
}

const char *vcxl_errno_name(int err)
{
	return strerrorname_np(err < 0 ? -err : err);
}
