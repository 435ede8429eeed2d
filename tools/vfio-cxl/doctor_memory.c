// SPDX-License-Identifier: GPL-2.0-only
/* doctor: the memory of a bound device, as the driver tells. */
#include <errno.h>
#include <string.h>

#include "doctor.h"
#include "host.h"

#define GIB	(1ULL << 30)
/* More than any table holds: a driver that goes on is not believed */
#define MAX_WINDOWS	4096

/* Those that go by themselves */
#define TRANSIENT	(VFIO_CXL_GATE_OPEN | VFIO_CXL_GATE_CLOSE | \
			 VFIO_CXL_GATE_RESET | VFIO_CXL_GATE_DECODER | \
			 VFIO_CXL_GATE_REMOVED | VFIO_CXL_GATE_SUSPEND | \
			 VFIO_CXL_GATE_CXL_RESET)

static void check_abi(struct doctor *d, uint32_t version)
{
	if (version == VFIO_CXL_ABI_VERSION)
		finding(d, "abi", CHECK_OK, "",
			"driver and command speak version %u", version);
	else
		finding(d, "abi", CHECK_WARN,
			"install module and command of one release",
			"the driver speaks version %u, this command %u",
			version, VFIO_CXL_ABI_VERSION);
}

static void check_present(struct doctor *d, const struct vfio_cxl_info *info)
{
	const char *why = vcxl_reason_why(info->reason);
	const char *origin = vcxl_origin_name(info->origin);
	char size[32];

	format_size(info->memory_size, size, sizeof(size));
	if (info->flags & VFIO_CXL_INFO_MEMORY)
		finding(d, "memory", CHECK_OK, "",
			"decoder 0 has %s, committed by %s, %s", size,
			origin ? origin : "somebody",
			info->flags & VFIO_CXL_INFO_LOCKED ?
			"locked in hardware" : "not locked in hardware");
	else if (why)
		finding(d, "memory", CHECK_FAIL,
			vcxl_reason_next(info->reason), "none: %s%s%s%s", why,
			*info->element ? " (" : "", info->element,
			*info->element ? ")" : "");
	else
		finding(d, "memory", CHECK_FAIL,
			"use a vfio-cxl as new as the driver",
			"none, for a reason (%u) that this vfio-cxl does not know",
			info->reason);
}

static void check_live(struct doctor *d, const struct vfio_cxl_info *info)
{
	bool open = info->flags & VFIO_CXL_INFO_OPEN;
	unsigned int bit;

	if (info->flags & VFIO_CXL_INFO_LIVE)
		finding(d, "live", CHECK_OK, "",
			"the memory can be touched%s",
			open ? ", and the device is open" : "");
	else if (!info->gate)
		finding(d, "live", CHECK_FAIL, "see the kernel's log",
			"the memory can't be touched, and no reason is given");
	for (bit = 0; bit < 32; bit++) {
		uint32_t mask = 1U << bit;

		if (info->gate & mask)
			finding(d, "live",
				TRANSIENT & mask ? CHECK_WARN : CHECK_FAIL,
				TRANSIENT & mask ? "wait, and ask again" :
				"reset the device, and see the kernel's log",
				"the memory can't be touched: %s",
				vcxl_gate_why(bit) ? vcxl_gate_why(bit) :
				"something newer than this command");
	}
}

static void check_mem_mode(struct doctor *d, const struct vfio_cxl_info *info)
{
	int intel = host_grep("/proc/cpuinfo", "GenuineIntel");
	const char *mode = vcxl_mem_mode_name(info->mem_mode);

	if (info->mem_mode != VFIO_CXL_MEM_MEMREMAP)
		finding(d, "mem-mode", CHECK_OK, "", "%s",
			mode ? mode : "newer than this command");
	else if (intel < 0)
		cant_see(d, "mem-mode", "/proc/cpuinfo", intel);
	else if (intel)
		finding(d, "mem-mode", CHECK_WARN,
			"load the module with mem_mode=pages",
			"MEMREMAP: KVM on this Intel processor maps the memory uncached into a guest");
	else
		finding(d, "mem-mode", CHECK_OK, "",
			"MEMREMAP, which KVM maps write-back on this processor");
}

static void check_alignment(struct doctor *d, const struct vfio_cxl_info *info)
{
	static const char remedy[] =
		"or put the decoder at a multiple of 1 GiB with 'vfio-cxl decoder program --base'";
	char sizes[64], align[32];

	format_sizes(info->page_sizes, sizes, sizeof(sizes));
	format_size(info->map_align, align, sizeof(align));
	if (!info->map_offset)
		finding(d, "alignment", CHECK_OK, "",
			"pages of %s, where the VMM's address is a multiple of %s",
			sizes, align);
	else
		finding(d, "alignment", CHECK_NOTE,
			info->map_align >= GIB ? remedy : "",
			"pages of %s, but the largest only where the VMM's address modulo %s is %#llx",
			sizes, align, (unsigned long long)info->map_offset);
}

static void check_guest(struct doctor *d, struct vcxl_device *dev)
{
	struct json_object *decoder = read_decoder_zero(dev);
	struct json_object *base = lookup(decoder, "guest_base");

	if (base && has_flag(decoder, "GUEST_SET"))
		finding(d, "guest", CHECK_NOTE,
			"'vfio-cxl decoder guest clear' takes it back",
			"the guest's decoder is set from outside to %#llx%s",
			(unsigned long long)json_object_get_uint64(base),
			has_flag(decoder, "GUEST_SEALED") ?
			", and sealed: wrong for a VMM that programs it itself" :
			"");
	json_object_put(decoder);
}

/* Room for @need bytes in one of the windows that serve the device? */
static void check_room(struct doctor *d, const struct vfio_cxl_window *window,
		       uint64_t need)
{
	char free_text[32], need_text[32];
	uint64_t base, size;
	int ret = vcxl_largest_free(d->args->ctx, window->base, window->size,
				    &base, &size);

	if (ret) {
		cant_see(d, "window", "/proc/iomem", ret);
		return;
	}
	format_size(size, free_text, sizeof(free_text));
	format_size(need, need_text, sizeof(need_text));
	if (!size)
		finding(d, "window", CHECK_FAIL,
			"see in /proc/iomem who has the range",
			"window %u serves the device, but nothing of it is free",
			window->index);
	else if (size < need)
		finding(d, "window", CHECK_WARN,
			"ask for less with 'vfio-cxl decoder program --size'",
			"window %u has %s free, the device %s",
			window->index, free_text, need_text);
	else
		finding(d, "window", CHECK_OK, "",
			"window %u serves the device, and has %s free at %#llx",
			window->index, free_text, (unsigned long long)base);
}

static void no_window(struct doctor *d, const struct vfio_cxl_window *window,
		      bool any)
{
	const char *why = vcxl_reason_why(window->reason);

	if (!any && host_param(VCXL_MODULE, "unsafe_no_cedt") == 1)
		finding(d, "window", CHECK_WARN,
			"say 'vfio-cxl decoder program --base', if you are sure of the address",
			"there is no fixed memory window to check a decoder with (unsafe_no_cedt)");
	else if (any)
		finding(d, "window", CHECK_FAIL, why ?
			vcxl_reason_next(window->reason) : "",
			"no window serves the device: %s%s%s%s",
			why ? why : "for a newer reason",
			*window->element ? " (" : "", window->element,
			*window->element ? ")" : "");
	else
		finding(d, "window", CHECK_FAIL,
			"switch CXL memory on in the platform's setup",
			"there is no fixed memory window");
}

/* The window in use, or else the first that could be */
static void check_window(struct doctor *d, struct vcxl_device *dev,
			 const struct vfio_cxl_info *info)
{
	struct vfio_cxl_window window = { 0 }, best = { 0 };
	bool used = false, usable = false;
	uint32_t i;
	int ret = 0;

	for (i = 0; !used && i < MAX_WINDOWS; i++) {
		window.index = i;
		ret = vcxl_window(dev, &window);
		if (ret)
			break;
		used = window.flags & VFIO_CXL_WINDOW_USED;
		if (!i || used ||
		    (!usable && window.flags & VFIO_CXL_WINDOW_USABLE))
			best = window;
		usable = usable || window.flags & VFIO_CXL_WINDOW_USABLE;
	}
	if (ret && ret != -ENOENT && ret != -EOPNOTSUPP)
		cant_see(d, "window", "a fixed memory window", ret);
	else if (used)
		finding(d, "window", CHECK_OK, "",
			"decoder 0 is in window %u", best.index);
	else if (usable)
		check_room(d, &best, info->static_capacity);
	else if (i || !(info->flags & VFIO_CXL_INFO_MEMORY))
		no_window(d, &best, i);
	/* else there is no table, which did not matter */
}

void check_memory(struct doctor *d, struct vcxl_device *dev)
{
	const struct vfio_cxl_info *info;
	struct answer answer;

	ask_driver(d->args, dev, &answer);
	if (!answer.known) {
		bool rights = answer.error.err == -EACCES ||
			      answer.error.err == -EPERM;

		finding(d, "memory", rights ? CHECK_UNKNOWN : CHECK_FAIL,
			answer.error.next, "%s", answer.error.why);
		return;
	}
	info = &answer.info;
	check_abi(d, info->abi_version);
	check_window(d, dev, info);
	check_present(d, info);
	check_dynamic(d, dev, info);
	if (!(info->flags & VFIO_CXL_INFO_MEMORY))
		return;
	check_live(d, info);
	check_mem_mode(d, info);
	check_alignment(d, info);
	check_guest(d, dev);
}
