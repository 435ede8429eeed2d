// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "../uapi/dc.h"

static void path_of(char *path, size_t size, const char *file)
{
	snprintf(path, size, "/sys/bus/pci/devices/%s/%s", dev_bdf(), file);
}

static unsigned long long number(const char *path, int base)
{
	char text[64] = "";
	FILE *file = fopen(path, "r");

	if (!file || !fgets(text, sizeof(text), file))
		abort();
	fclose(file);

	return strtoull(text, NULL, base);
}

/*
 * The CXL Device DVSEC: vendor 1e98, id 0. Unbound, a device may have its
 * registers switched off.
 */
static bool config(struct state *state)
{
	__u32 header, vendor, at = 0x100;
	__u16 command, id;
	int fd = dev_config();
	bool ok = false;

	if (pread(fd, &command, 2, 4) == 2 && !(command & 2)) {
		command |= 2;
		pwrite(fd, &command, 2, 4);
	}
	while (at && pread(fd, &header, 4, at) == 4) {
		if ((header & 0xffff) == 0x23 &&
		    pread(fd, &vendor, 4, at + 4) == 4 &&
		    pread(fd, &id, 2, at + 8) == 2 &&
		    (vendor & 0xffff) == 0x1e98 && !id) {
			ok = pread(fd, &state->dvsec_control, 2, at + 12) == 2;
			break;
		}
		at = header >> 20;
	}
	close(fd);

	return ok;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);

	return count;
}

static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	while ((n = read(fd, text + done, size - 1 - done)) > 0)
		done += n;
	close(fd);
	text[done] = 0;
	if (n < 0 || done == size - 1)
		abort();
}

static int count_maps(void)
{
	static char text[65536];
	const char *at = text;
	int count = 0;

	read_text("/proc/self/maps", text, sizeof(text));
	while ((at = strstr(at, "vfio-device")))
		count++, at++;

	return count;
}

static int by_dpa(const void *a, const void *b)
{
	const struct vfio_cxl_dc_extent *x = a, *y = b;

	return x->dpa < y->dpa ? -1 : x->dpa > y->dpa;
}

/* Of those that are no more only the number is told, and that is of all times */
static bool books_read(struct books *books, int node)
{
	struct vfio_cxl_dc_extent list[sizeof(books->extent) /
				       sizeof(books->extent[0])];
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_info info;
	int is[2];
	__u32 count, i;

	memset(books, 0, sizeof(*books));
	if (!fm_tells(is))
		return false;
	books->accepted = is[0];
	books->pending = is[1];
	if (node < 0)
		return true;
	if (dc_info(node, &info))
		return false;
	books->reason = info.reason;
	books->flags = info.flags;
	books->offers = info.open_offers;
	if (info.reason == VFIO_CXL_REASON_DC_NO_MAILBOX)
		return true;
	for (i = VFIO_CXL_DC_PENDING; i <= VFIO_CXL_DC_RELEASING; i++)
		books->nr[i] = info.nr[i];
	if (dc_list(node, list, sizeof(list) / sizeof(list[0]), &count))
		return false;
	qsort(list, count, sizeof(list[0]), by_dpa);
	for (i = 0; i < count; i++) {
		if (dc_extent(node, list[i].id, &status))
			return false;
		books->extent[i].dpa = list[i].dpa;
		books->extent[i].length = list[i].length;
		books->extent[i].state = list[i].state;
		books->extent[i].reach = list[i].reach;
		books->extent[i].deadline = status.deadline;
	}

	return true;
}

/*
 * Nothing is under way, and nobody has what the other does not know of. Offers are
 * answered in order: one that is refused stays with the device behind one that
 * nobody has decided.
 */
static bool books_agree(const struct books *books, int node)
{
	const __u64 *nr = books->nr;

	if (node < 0 || books->reason == VFIO_CXL_REASON_DC_NO_MAILBOX)
		return true;

	return books->flags & VFIO_CXL_DC_INFO_SYNCED &&
	       !nr[VFIO_CXL_DC_ACCEPTING] && !nr[VFIO_CXL_DC_RELEASING] &&
	       nr[VFIO_CXL_DC_COMMITTED] == books->accepted &&
	       books->offers * OFFER_EXTENTS == books->pending;
}

/* What is the work's to do is waited for */
static void books_get(struct books *books, bool bound)
{
	int node = bound ? control_open() : -1;

	/* Each look begins with all of it empty */
	within(SOON, books_read(books, node) && books_agree(books, node));
	books->agree = books_agree(books, node);
	if (node >= 0)
		close(node);
}

/* What a work item restores comes a little later */
static bool questions(struct state *state)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		if (control_info(&state->info))
			return false;
		if (!state->info.gate)
			break;
		usleep(5000);
	}

	return !control_decoder(&state->decoder);
}

bool state_get(struct state *state, bool outside)
{
	char path[PATH_MAX];

	memset(state, 0, sizeof(*state));
	snprintf(path, sizeof(path), "/dev/vfio-cxl/%s", dev_bdf());
	state->node = !access(path, F_OK);
	path_of(path, sizeof(path), "driver");
	state->bound = !access(path, F_OK);
	path_of(path, sizeof(path), "vfio-dev");
	state->group = !access(path, F_OK);
	path_of(path, sizeof(path), "enable");
	state->enabled = number(path, 10);
	state->refs = number("/sys/module/cxl_vfio_pci/refcnt", 10);
	state->fds = count_fds();
	state->maps = count_maps();
	read_text("/proc/iomem", state->iomem, sizeof(state->iomem));
	if (!config(state))
		return false;
	if (topology_is("dc"))
		books_get(&state->books, state->node);
	if (state->node && !questions(state))
		return false;
	if (outside)
		/* Past the driver */
		hw_decoders(&state->global, state->hw, 2);

	return true;
}

#define DIFFERS(what, field)						\
	do {								\
		if (memcmp(&a->field, &b->field, sizeof(a->field)))	\
			return what;					\
	} while (0)

/* All but Dynamic Capacity */
static const char *differs_static(const struct state *a, const struct state *b)
{
	DIFFERS("driver", bound);
	DIFFERS("control node", node);
	DIFFERS("VFIO device", group);
	DIFFERS("times that the PCI device is enabled", enabled);
	DIFFERS("references on the module", refs);
	DIFFERS("open files", fds);
	DIFFERS("mappings", maps);
	if (strcmp(a->iomem, b->iomem))
		return "/proc/iomem";
	DIFFERS("info's reason", info.reason);
	DIFFERS("info's origin", info.origin);
	DIFFERS("memory mode", info.mem_mode);
	DIFFERS("memory's size", info.memory_size);
	DIFFERS("guest's base", decoder.guest_base);
	DIFFERS("guest's size", decoder.guest_size);
	DIFFERS("guest's control", decoder.guest_ctrl);

	return NULL;
}

static const char *differs_dynamic(const struct state *a, const struct state *b)
{
	DIFFERS("Dynamic Capacity's reason", books.reason);
	DIFFERS("Dynamic Capacity's flags", books.flags);
	DIFFERS("number of extents in a state", books.nr);
	DIFFERS("an extent", books.extent);
	DIFFERS("what the device has", books.accepted);
	DIFFERS("what the device offers", books.pending);
	DIFFERS("agreement with the device's list", books.agree);

	return NULL;
}

static const char *differs(const struct state *a, const struct state *b)
{
	return differs_static(a, b) ?: differs_dynamic(a, b);
}

/*
 * What a decoder holds matters only while it is committed, or asks to be: a
 * reset that another failure made necessary may have emptied it.
 */
static bool decoder_same(const struct hw_decoder *a, const struct hw_decoder *b)
{
	if (!((a->ctrl | b->ctrl) & (CTRL_COMMIT | CTRL_COMMITTED)))
		return true;

	return hw_same(a, b);
}

static const char *differs_decoder(const struct state *a, const struct state *b)
{
	DIFFERS("DVSEC Control", dvsec_control);
	DIFFERS("gate", info.gate);
	DIFFERS("info's flags", info.flags);
	DIFFERS("decoder's flags", decoder.flags);
	if (a->info.memory_size)
		DIFFERS("decoder's base", decoder.base);

	return NULL;
}

const char *state_differs_inside(const struct state *a, const struct state *b)
{
	return differs(a, b) ?: differs_decoder(a, b);
}

const char *state_lost(const struct state *now, const struct state *want)
{
	if (!now->books.agree)
		return "agreement with the device's list";

	return differs_static(now, want) ?: differs_decoder(now, want);
}

const char *state_differs(const struct state *a, const struct state *b)
{
	const char *what = state_differs_inside(a, b);

	if (what)
		return what;
	if (!decoder_same(&a->hw[0], &b->hw[0]))
		return "decoder 0";
	if (!decoder_same(&a->hw[1], &b->hw[1]))
		return "decoder 1";
	DIFFERS("HDM global control", global);

	return NULL;
}

const char *state_gated(const struct state *now, const struct state *want)
{
	const char *what = differs(now, want);
	unsigned int n;

	if (what)
		return what;
	for (n = 0; n < 2; n++)
		if (now->hw[n].ctrl & (CTRL_COMMIT | CTRL_COMMITTED) &&
		    !hw_same(&now->hw[n], &want->hw[n]))
			return "decoder";
	if (now->info.gate != VFIO_CXL_GATE_UNRESTORED)
		return "gate";
	if ((now->info.flags ^ want->info.flags) & ~VFIO_CXL_INFO_LIVE ||
	    now->info.flags & VFIO_CXL_INFO_LIVE)
		return "info's flags";

	return NULL;
}
