// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "dc.h"

/* A random UUID; this one's bytes are in the order of its text */
struct tag tag_new(void)
{
	struct tag tag;
	char *at = tag.text;
	unsigned int i;

	getrandom(tag.bytes, sizeof(tag.bytes), 0);
	tag.bytes[6] = (tag.bytes[6] & 0x0f) | 0x40;
	tag.bytes[8] = (tag.bytes[8] & 0x3f) | 0x80;
	for (i = 0; i < sizeof(tag.bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", tag.bytes[i]);
	}

	return tag;
}

/* Said by the emulator's version: not found out by trying */
bool tags_there(void)
{
	static int there = -1;
	const char *info;

	if (there < 0) {
		info = bed("info");
		if (!info)
			abort();
		there = topology_is("dc") && !strstr(info, "\"qemu\": \"10.");
	}

	return there;
}

/*
 * The ioctls
 */

int dc_info(int node, struct vfio_cxl_dc_info *info)
{
	*info = (struct vfio_cxl_dc_info){ .argsz = sizeof(*info) };

	return ioctl(node, VFIO_CXL_DC_INFO, info);
}

/* All of them, in pages of a few; begins again where the list changed */
int dc_list(int node, struct vfio_cxl_dc_extent *extents, __u32 room,
	    __u32 *count)
{
	struct vfio_cxl_dc_list list = {};
	int ret;

	*count = 0;
	do {
		list.argsz = sizeof(list);
		list.flags = 0;
		list.count = 0;
		list.extents = (uintptr_t)(extents + *count);
		list.room = room - *count < 3 ? room - *count : 3;
		ret = ioctl(node, VFIO_CXL_DC_LIST, &list);
		if (ret && errno == EAGAIN) {
			memset(&list, 0, sizeof(list));
			*count = 0;
			list.flags = VFIO_CXL_DC_LIST_MORE;
			continue;
		}
		if (ret)
			return ret;
		*count += list.count;
	} while ((list.flags & VFIO_CXL_DC_LIST_MORE) && *count < room);

	return 0;
}

int dc_status(int node, const struct tag *tag,
	      struct vfio_cxl_dc_status *status)
{
	*status = (struct vfio_cxl_dc_status){ .argsz = sizeof(*status) };
	memcpy(status->tag, tag->bytes, sizeof(status->tag));

	return ioctl(node, VFIO_CXL_DC_STATUS, status);
}

int dc_extent(int node, __u64 id, struct vfio_cxl_dc_status *status)
{
	*status = (struct vfio_cxl_dc_status){
		.argsz = sizeof(*status),
		.flags = VFIO_CXL_DC_STATUS_EXTENT,
		.extent = id,
	};

	return ioctl(node, VFIO_CXL_DC_STATUS, status);
}

static int decide(int node, unsigned long command, const struct tag *tag,
		  __u32 reach, __u32 flags, struct vfio_cxl_dc_decide *decide)
{
	*decide = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(*decide),
		.flags = flags,
		.reach = reach,
	};
	memcpy(decide->tag, tag->bytes, sizeof(decide->tag));

	return ioctl(node, command, decide);
}

int dc_accept(int node, const struct tag *tag, __u32 reach,
	      struct vfio_cxl_dc_decide *answer)
{
	return decide(node, VFIO_CXL_DC_ACCEPT, tag, reach, 0, answer);
}

int dc_reject(int node, const struct tag *tag,
	      struct vfio_cxl_dc_decide *answer)
{
	return decide(node, VFIO_CXL_DC_REJECT, tag, 0, 0, answer);
}

int dc_release(int node, const struct tag *tag, __u32 flags,
	       struct vfio_cxl_dc_decide *answer)
{
	return decide(node, VFIO_CXL_DC_RELEASE, tag, 0, flags, answer);
}

int dc_by_ids(int node, unsigned long command, const __u64 *ids, __u32 count,
	      __u32 reach, __u32 flags, struct vfio_cxl_dc_decide *decide)
{
	*decide = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(*decide),
		.flags = flags,
		.reach = reach,
		.ids = (uintptr_t)ids,
		.count = count,
	};

	return ioctl(node, command, decide);
}

int dc_by_id(int node, unsigned long command, __u64 id, __u32 reach,
	     __u32 flags, struct vfio_cxl_dc_decide *decide)
{
	return dc_by_ids(node, command, &id, 1, reach, flags, decide);
}

int dc_by_offer(int node, unsigned long command, __u64 offer, __u32 reach,
		struct vfio_cxl_dc_decide *decide)
{
	*decide = (struct vfio_cxl_dc_decide){
		.argsz = sizeof(*decide),
		.reach = reach,
		.offer = offer,
	};

	return ioctl(node, command, decide);
}

int dc_deadline(int node, __u64 offer, __u64 deadline)
{
	struct vfio_cxl_dc_deadline arg = {
		.argsz = sizeof(arg),
		.offer = offer,
		.deadline = deadline,
	};

	return ioctl(node, VFIO_CXL_DC_DEADLINE, &arg);
}

/* NONE where the tag is not known */
__u32 dc_state(int node, const struct tag *tag)
{
	struct vfio_cxl_dc_status status;

	return dc_status(node, tag, &status) ? VFIO_CXL_DC_NONE : status.state;
}

bool dc_becomes(int node, const struct tag *tag, __u32 state, int ms)
{
	return within(ms, dc_state(node, tag) == state);
}

/* Nothing is being answered or given back */
bool dc_settles(int node, int ms)
{
	struct vfio_cxl_dc_info info;

	return within(ms, !dc_info(node, &info) &&
			  info.flags & VFIO_CXL_DC_INFO_SYNCED &&
			  !info.nr[VFIO_CXL_DC_ACCEPTING] &&
			  !info.nr[VFIO_CXL_DC_RELEASING]);
}

/*
 * The fabric manager
 */

struct text {
	char at[960];
	size_t length;
};

static void __attribute__((format(printf, 2, 3)))
add_text(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->length += vsnprintf(text->at + text->length,
				  sizeof(text->at) - text->length, format,
				  args);
	va_end(args);
	if (text->length >= sizeof(text->at))
		abort();
}

/* What QEMU calls it now: another name each time it is plugged */
static const char *emulated(void)
{
	static char name[32];
	char *info = bed("info"), *at = info ? strstr(info, "\"id\": \"") : NULL;

	if (!at || sscanf(at + 7, "%31[^\"]", name) != 1)
		abort();

	return name;
}

static bool by_qmp(const char *verb, const char *policy, unsigned int region,
		   const struct piece *pieces, unsigned int count)
{
	struct text text = {};
	unsigned int i;

	add_text(&text, "qmp {\"execute\":\"cxl-%s-dynamic-capacity\","
		 "\"arguments\":{\"path\":\"%s\",\"host-id\":0,"
		 "\"%s-policy\":\"prescriptive\",\"region\":%u,\"extents\":[",
		 verb, emulated(), policy, region);
	for (i = 0; i < count; i++)
		add_text(&text, "%s{\"offset\":%llu,\"len\":%llu}",
			 i ? "," : "", pieces[i].offset, pieces[i].length);
	add_text(&text, "]}}");

	return bed("%s", text.at);
}

static bool by_mailbox(const char *verb, unsigned int region,
		       const struct piece *pieces, unsigned int count)
{
	struct text text = {};
	unsigned int i;

	add_text(&text, "fm %s --region %u", verb, region);
	for (i = 0; i < count; i++)
		add_text(&text, " --extent %#llx:%#llx:%s:%u",
			 pieces[i].offset, pieces[i].length,
			 pieces[i].tag ? pieces[i].tag->text : "",
			 pieces[i].sequence);

	return bed("%s", text.at);
}

static bool any_tag(const struct piece *pieces, unsigned int count)
{
	while (count--)
		if (pieces[count].tag)
			return true;

	return false;
}

bool fm_add(unsigned int region, const struct piece *pieces,
	    unsigned int count)
{
	return any_tag(pieces, count) ?
	       by_mailbox("add", region, pieces, count) :
	       by_qmp("add", "selection", region, pieces, count);
}

bool fm_release(unsigned int region, const struct piece *pieces,
		unsigned int count)
{
	return any_tag(pieces, count) ?
	       by_mailbox("release", region, pieces, count) :
	       by_qmp("release", "removal", region, pieces, count);
}

/* How many extents stand in lists of this name */
static int fm_count(const char *text, const char *name)
{
	const char *at = text, *end;
	int count = 0;

	while ((at = strstr(at, name))) {
		end = strstr(at, "]");
		while ((at = strstr(at, "\"offset\"")) && at < end) {
			count++;
			at++;
		}
		at = end;
	}

	return count;
}

/* How many are accepted, and how many pending */
bool fm_tells(int is[2])
{
	const char *text = bed("fm list");

	if (!text)
		return false;
	is[0] = fm_count(text, "\"accepted\"");
	is[1] = fm_count(text, "\"pending\"");

	return true;
}

/* Not told where there is none; that some tests can't see it there is known */
bool fm_has(int accepted, int pending)
{
	int is[2];

	if (!tags_there())
		return true;
	if (!fm_tells(is))
		return false;
	if (is[0] == accepted && is[1] == pending)
		return true;
	printf("# the device has %d accepted, %d pending\n", is[0], is[1]);

	return false;
}

bool fm_settles(int accepted, int pending)
{
	int is[2];

	if (!tags_there())
		return true;

	return within(SOON, fm_tells(is) && is[0] == accepted &&
			    is[1] == pending);
}

/*
 * Extents
 */

static bool find(int node, struct extent *extent, __u64 dpa)
{
	struct vfio_cxl_dc_extent list[128], *at;
	__u32 count;

	if (dc_list(node, list, 128, &count))
		return false;
	for (at = list; at < list + count; at++) {
		if (at->dpa != dpa || at->length != extent->length ||
		    at->state != VFIO_CXL_DC_PENDING)
			continue;
		extent->id = at->id;
		extent->offer = at->offer;
		return true;
	}

	return false;
}

/* One offer of all these, which becomes known; tags as far as there are any */
bool extents_offer(struct dc *dc, unsigned int region,
		   const struct piece *pieces, unsigned int count,
		   struct extent *extents)
{
	unsigned int i;

	if (!fm_add(region, pieces, count))
		return false;
	for (i = 0; i < count; i++) {
		extents[i] = (struct extent){
			.at = dc->info.region[region].offset + pieces[i].offset,
			.length = pieces[i].length,
			.piece = pieces[i],
			.region = region,
		};
		if (pieces[i].tag)
			extents[i].tag = *pieces[i].tag;
		if (!within(SOON, find(dc->node, &extents[i],
				       dc->info.region[region].dpa +
					       pieces[i].offset)))
			return false;
	}

	return true;
}

bool extent_offer(struct dc *dc, unsigned int region, __u64 offset,
		  __u64 length, struct extent *extent)
{
	struct tag tag = tag_new();
	struct piece piece = { offset, length, tags_there() ? &tag : NULL };
	bool ok = extents_offer(dc, region, &piece, 1, extent);

	extent->piece.tag = piece.tag ? &extent->tag : NULL;

	return ok;
}

int extent_status(int node, const struct extent *extent,
		  struct vfio_cxl_dc_status *status)
{
	return *extent->tag.text ? dc_status(node, &extent->tag, status) :
				   dc_extent(node, extent->id, status);
}

/* NONE where it is not known */
__u32 extent_state(int node, const struct extent *extent)
{
	struct vfio_cxl_dc_status status;

	return extent_status(node, extent, &status) ? VFIO_CXL_DC_NONE :
						      status.state;
}

static int extent_decide(int node, unsigned long command,
			 const struct extent *extent, __u32 reach, __u32 flags,
			 struct vfio_cxl_dc_decide *answer)
{
	if (*extent->tag.text)
		return decide(node, command, &extent->tag, reach, flags,
			      answer);

	return dc_by_ids(node, command, &extent->id, 1, reach, flags, answer);
}

int extent_accept(int node, const struct extent *extent, __u32 reach,
		  struct vfio_cxl_dc_decide *answer)
{
	return extent_decide(node, VFIO_CXL_DC_ACCEPT, extent, reach, 0,
			     answer);
}

int extent_reject(int node, const struct extent *extent,
		  struct vfio_cxl_dc_decide *answer)
{
	return extent_decide(node, VFIO_CXL_DC_REJECT, extent, 0, 0, answer);
}

int extent_release(int node, const struct extent *extent, __u32 flags,
		   struct vfio_cxl_dc_decide *answer)
{
	return extent_decide(node, VFIO_CXL_DC_RELEASE, extent, 0, flags,
			     answer);
}

bool extent_ask_back(const struct extent *extent)
{
	return fm_release(extent->region, &extent->piece, 1);
}

/*
 * What a test begins and ends with
 */

static bool is_at_rest(int node)
{
	struct vfio_cxl_dc_info info;

	return !dc_info(node, &info) && info.flags & VFIO_CXL_DC_INFO_SYNCED &&
	       !info.open_offers && !info.nr[VFIO_CXL_DC_PENDING] &&
	       !info.nr[VFIO_CXL_DC_ACCEPTING] &&
	       !info.nr[VFIO_CXL_DC_COMMITTED] &&
	       !info.nr[VFIO_CXL_DC_RELEASING];
}

/* What a test that failed has left is not for the next one */
static bool give_all_back(int node)
{
	struct vfio_cxl_dc_extent extents[128];
	struct vfio_cxl_dc_decide answer;
	__u32 count, i;

	if (is_at_rest(node))
		return true;
	if (dc_list(node, extents, 128, &count))
		return false;
	for (i = 0; i < count; i++) {
		struct extent e = { .id = extents[i].id };
		static const __u8 null[VFIO_CXL_DC_TAG_LEN];

		memcpy(e.tag.bytes, extents[i].tag, sizeof(null));
		e.tag.text[0] = memcmp(e.tag.bytes, null, sizeof(null)) ? '!' : 0;
		if (extents[i].state == VFIO_CXL_DC_PENDING)
			extent_reject(node, &e, &answer);
		else
			extent_release(node, &e, VFIO_CXL_DC_DECIDE_FORCE,
				       &answer);
	}

	return is_at_rest(node);
}

void dc_give_all_back(void)
{
	int node = control_open();

	if (node >= 0)
		within(SOON, give_all_back(node));
	close(node);
}

/* Open it; again, perhaps */
int dc_open(struct dc *dc)
{
	int ret = user_open(&dc->user);

	return ret ?: user_find(&dc->user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
				&dc->region);
}

/* 0, or which step failed */
int dc_begin(struct dc *dc)
{
	*dc = (struct dc){ .user = USER_CLOSED };
	if (!memory_ready())
		return 1;
	dc->node = control_open();
	if (dc->node < 0)
		return 2;
	if (!within(SOON, give_all_back(dc->node)))
		return 3;
	if (dc_open(dc))
		return 4;
	if (dc_info(dc->node, &dc->info))
		return 5;
	if (!fm_has(0, 0))
		return 6;

	return 0;
}

void dc_end(struct dc *dc)
{
	user_close(&dc->user);
	close(dc->node);
	dc_give_all_back();
	if (dc->programmed)
		control_clear(&(struct vfio_cxl_decoder_clear){});
}

/* Another decoder, until the test ends; @base 0: as the driver likes */
int dc_program(struct dc *dc, __u64 base, __u64 skip, __u64 size)
{
	struct vfio_cxl_decoder_program program = {
		.flags = base ? VFIO_CXL_PROGRAM_BASE : 0,
		.base = base,
		.size = size,
		.dpa_skip = skip,
	};
	int ret;

	user_close(&dc->user);
	ret = control_clear(&(struct vfio_cxl_decoder_clear){});
	dc->programmed = true;
	ret = ret ?: control_program(&program);
	ret = ret ?: dc_open(dc);

	return ret ?: dc_info(dc->node, &dc->info);
}

/* At an address that the largest pages fit to */
char *dc_map(const struct dc *dc, __u64 at, __u64 size)
{
	return map_congruent(&dc->user, at, size);
}

bool param_set(const char *name, const char *value)
{
	char path[128];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/cxl_vfio_pci/parameters/%s",
		 name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, value, strlen(value)) > 0;
	close(fd);

	return ok;
}
