// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on Dynamic Capacity. A command that fails may cost an offer: the
 * device is then told no, because it can't be known what it has heard. So who calls
 * again is offered the same again first.
 *
 * What the driver's work does fails at the driver's own points only: the kernel's
 * failures are the calling task's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "operations.h"

/* Mapped: a little of two extents, with the whole of none */
#define MAP_AT		(PIECE - MAP_SIZE / 2)
#define MAP_SIZE	(4 * MIB)
#define FOREVER		(1ULL << 62)

static struct tag tag, other;
static int node = -1;
static char *mapping = MAP_FAILED;

static int state(void)
{
	return dc_state(node, &tag);
}

static bool at_node(void)
{
	if (node >= 0)
		close(node);
	node = control_open();

	return node >= 0;
}

/* While it is open the driver looks at the device's log often */
static bool ready(void)
{
	return operation_opened() && at_node();
}

static void fill(struct piece *pieces, const struct tag *of, unsigned int at)
{
	unsigned int i;

	for (i = 0; i < PIECES; i++)
		pieces[i] = (struct piece){
			.offset = (at * PIECES + i) * PIECE,
			.length = PIECE,
			.tag = of,
		};
}

/* One tag, behind @at others */
static bool offer_at(struct tag *new, unsigned int at)
{
	struct piece pieces[PIECES];

	*new = tag_new();
	fill(pieces, new, at);

	return fm_add(0, pieces, PIECES);
}

static bool offer_tag(void)
{
	return offer_at(&tag, 0) &&
	       within(SOON, state() == VFIO_CXL_DC_PENDING);
}

static bool offered(void)
{
	return ready() && offer_tag();
}

/* Does it stand so because of the failure before? To ask passes the kernel's points */
static bool is_now(__u32 wanted)
{
	return (inject_is("own") || !inject_pending()) && state() == wanted;
}

/* What is going to be so is not waited for by the call, but here */
static int settled(int ret, __u32 wanted)
{
	int err = ret ? -errno : 0;

	inject_over();
	if (!dc_settles(node, SOON))
		return -ETIMEDOUT;
	if (err)
		return err;

	return state() == wanted ? 0 : -EIO;
}

/* By its tag, on this node */
static int accept_on(int fd, __u32 reach)
{
	struct vfio_cxl_dc_decide answer;

	if (is_now(VFIO_CXL_DC_REJECTED) && !offer_tag())
		return -ENOENT;

	return settled(dc_accept(fd, &tag, reach, &answer),
		       VFIO_CXL_DC_COMMITTED);
}

static int reject_on(int fd)
{
	struct vfio_cxl_dc_decide answer;
	int ret = dc_reject(fd, &tag, &answer);

	inject_over();
	if (!ret)
		within(SOON, state() == VFIO_CXL_DC_REJECTED);

	return settled(ret, VFIO_CXL_DC_REJECTED);
}

static int release_on(int fd, __u32 flags)
{
	struct vfio_cxl_dc_decide answer;

	return settled(dc_release(fd, &tag, flags, &answer),
		       VFIO_CXL_DC_RELEASED);
}

static __u64 ids[PIECES];

static bool find_ids(void)
{
	struct vfio_cxl_dc_extent extents[PIECES];
	__u32 count, i;

	if (dc_list(node, extents, PIECES, &count))
		return false;
	for (i = 0; i < count; i++)
		ids[i] = extents[i].id;

	return count == PIECES;
}

/* Of all its extents: a tag is not divided */
static int by_ids(int fd, unsigned long command, __u32 reach, __u32 wanted)
{
	struct vfio_cxl_dc_decide answer;

	if (is_now(VFIO_CXL_DC_REJECTED) && (!offer_tag() || !find_ids()))
		return -ENOENT;
	if (is_now(wanted))
		return 0;

	return settled(dc_by_ids(fd, command, ids, PIECES, reach, 0, &answer),
		       wanted);
}

static int call_accept(void)
{
	return accept_on(node, VFIO_CXL_DC_REACH_DEVICE);
}

static int call_tenant_accept(void)
{
	return accept_on(operation_device(), VFIO_CXL_DC_REACH_TENANT);
}

static int call_accept_ids(void)
{
	return by_ids(node, VFIO_CXL_DC_ACCEPT, VFIO_CXL_DC_REACH_DEVICE,
		      VFIO_CXL_DC_COMMITTED);
}

static int call_tenant_ids(void)
{
	return by_ids(operation_device(), VFIO_CXL_DC_ACCEPT,
		      VFIO_CXL_DC_REACH_TENANT, VFIO_CXL_DC_COMMITTED);
}

static int call_reject(void)
{
	return reject_on(node);
}

static int call_tenant_reject(void)
{
	return reject_on(operation_device());
}

static int call_release(void)
{
	return release_on(node, 0);
}

static int call_force(void)
{
	return release_on(node, VFIO_CXL_DC_DECIDE_FORCE);
}

/* What could not be given back is out of reach, and the control node's to release */
static int call_tenant_release(void)
{
	int err = release_on(operation_device(), 0);

	return err == -ENOENT ? call_release() : err;
}

static int call_release_ids(void)
{
	return by_ids(node, VFIO_CXL_DC_RELEASE, 0, VFIO_CXL_DC_RELEASED);
}

static bool accepted(void)
{
	return offered() && !call_accept();
}

static bool tenant_accepted(void)
{
	return offered() && !call_tenant_accept();
}

static bool offered_ids(void)
{
	return offered() && find_ids();
}

static bool accepted_ids(void)
{
	return accepted() && find_ids();
}

static bool given_back(void)
{
	dc_give_all_back();

	return fm_settles(0, 0);
}

/*
 * A refusal that may have been heard leaves a doubt, until the driver has looked
 * at the log twice: what the same extents meet before that is another story.
 */
static bool given_back_for_sure(void)
{
	bool given = given_back();

	usleep(500000);

	return given;
}

/* ---- memory ---- */

static __u64 where(void)
{
	struct vfio_cxl_dc_info info;

	return dc_info(node, &info) ? 0 :
	       operation_memory() + info.region[0].offset + MAP_AT;
}

static bool reachable(void)
{
	char byte;

	return within(SOON, pread(operation_device(), &byte, 1, where()) == 1);
}

static bool begin_memory(void)
{
	return accepted() && reachable();
}

static int call_memory(void)
{
	static char page[8192];
	__u64 at = where() + MAP_SIZE / 2 - sizeof(page) / 2;

	/* Of both extents */
	if (pwrite(operation_device(), page, sizeof(page), at) !=
	    sizeof(page) ||
	    pread(operation_device(), page, sizeof(page), at) != sizeof(page))
		return -EIO;

	return 0;
}

static int call_map(void)
{
	unsigned int at;

	if (mapping == MAP_FAILED)
		mapping = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED, operation_device(), where());
	for (at = 0; mapping != MAP_FAILED && at < MAP_SIZE;
	     at += MAP_SIZE / 2) {
		if (!touch(mapping + at, true))
			continue;
		munmap(mapping, MAP_SIZE);
		mapping = MAP_FAILED;
	}

	return mapping == MAP_FAILED ? -EFAULT : 0;
}

/* In use until it is unmapped: then it is given back without force */
static bool end_map(void)
{
	munmap(mapping, MAP_SIZE);
	mapping = MAP_FAILED;

	return !call_release() && fm_settles(0, 0);
}

/* ---- the device fd: opened, closed, reset ---- */

static bool begin_open(void)
{
	return accepted() && !operation_close();
}

/* Nor is it lost where the device would not take it back */
static bool out_of_reach(const struct state *now, const struct state *done)
{
	const struct books *books = &now->books;
	unsigned int i;

	for (i = 0; i < PIECES; i++)
		if (books->extent[i].reach != VFIO_CXL_DC_REACH_NONE)
			return false;

	return books->nr[VFIO_CXL_DC_COMMITTED] == PIECES &&
	       !state_lost(now, done);
}

static bool end_open(void)
{
	return given_back() && operation_left();
}

/* What is held, and what nobody has decided */
static bool begin_reset(void)
{
	return accepted() && reachable() && offer_at(&other, 1) &&
	       within(SOON, dc_state(node, &other) == VFIO_CXL_DC_PENDING);
}

static int call_reset(void)
{
	return ioctl(operation_device(), VFIO_DEVICE_RESET) ? -errno : 0;
}

/* Whatever failed, the extents are in reach again */
static bool check_reset(void)
{
	return (!call_reset() || !call_reset()) && reachable() &&
	       state() == VFIO_CXL_DC_COMMITTED &&
	       dc_state(node, &other) == VFIO_CXL_DC_PENDING &&
	       fm_settles(PIECES, PIECES);
}

/* ---- bind and unbind ---- */

/* The books of the last bind are gone, the device's are not */
static bool begin_unbind(void)
{
	return accepted() && operation_left();
}

/* What was found is kept at unbind, and found again: it is accepted once */
static bool begin_bind(void)
{
	if (!operation_is_bound() && fm_has(PIECES, 0))
		return true;

	return begin_unbind() && operation_unbound();
}

static int call_bind(void)
{
	int err = operation_bind();

	if (!err && !at_node())
		err = -errno;
	return err;
}

/* A mailbox that can't be read at bind is none, which DC_INFO says */
static bool no_mailbox(void)
{
	struct vfio_cxl_dc_info info;

	return !dc_info(node, &info) &&
	       info.reason == VFIO_CXL_REASON_DC_NO_MAILBOX;
}

/* The kernel's device_add() takes it as no error that there is no node */
static bool less_known(const struct state *now, const struct state *done)
{
	if (!now->bound || strcmp(now->iomem, done->iomem) ||
	    now->books.accepted != PIECES || now->books.pending)
		return false;

	return !now->node ||
	       now->books.reason == VFIO_CXL_REASON_DC_NO_MAILBOX;
}

static bool check_bind(void)
{
	struct vfio_cxl_dc_extent extents[PIECES];
	__u32 count, i;

	if (!operation_is_bound() || no_mailbox())
		return true;

	if (!dc_settles(node, SOON) ||
	    dc_list(node, extents, PIECES, &count) || count != PIECES)
		return false;
	for (i = 0; i < count; i++)
		if (extents[i].state != VFIO_CXL_DC_COMMITTED ||
		    extents[i].reach != VFIO_CXL_DC_REACH_NONE)
			return false;

	return true;
}

static bool end_bind(void)
{
	if (operation_is_bound() && (no_mailbox() || node < 0) &&
	    !operation_unbound())
		return false;
	if (!operation_is_bound() && call_bind())
		return false;
	dc_settles(node, SOON);

	return given_back();
}

static bool begin_unbind_release(void)
{
	return param_set("dc_unbind_release", "1") && begin_unbind();
}

/* What the device did not take back it still has, and the next bind finds it */
static bool still_held(const struct state *now, const struct state *done)
{
	return !now->bound && !strcmp(now->iomem, done->iomem) &&
	       now->books.accepted == PIECES && !now->books.pending;
}

static bool end_unbind_release(void)
{
	return param_set("dc_unbind_release", "0") && end_bind();
}

/* ---- questions ---- */

static int questions(int fd)
{
	struct vfio_cxl_dc_extent extents[PIECES];
	struct vfio_cxl_dc_status status;
	struct vfio_cxl_dc_info info;
	__u32 count;

	/* Paged: see dc_list() */
	if (dc_info(fd, &info) || dc_list(fd, extents, PIECES, &count))
		return -errno;
	if (dc_status(fd, &tag, &status) ||
	    dc_extent(fd, extents[0].id, &status))
		return -errno;

	return count == PIECES ? 0 : -EIO;
}

static int call_questions(void)
{
	return questions(node);
}

static int call_tenant_questions(void)
{
	return questions(operation_device());
}

static int call_deadline(void)
{
	struct vfio_cxl_dc_status status;

	if (dc_status(node, &tag, &status))
		return -errno;

	return dc_deadline(node, status.offer, FOREVER) ? -errno : 0;
}

/* ---- for operations of other files ---- */

bool dynamic_ready(void)
{
	return ready();
}

int dynamic_node(void)
{
	return node;
}

bool dynamic_offer(struct tag *new, unsigned int at)
{
	return offer_at(new, at);
}

bool dynamic_accepted(void)
{
	return accepted();
}

bool dynamic_ask_back(void)
{
	struct piece pieces[PIECES];

	fill(pieces, &tag, 0);

	return fm_release(0, pieces, PIECES);
}

bool dynamic_back(void)
{
	return given_back();
}

const struct operation operations_dc[] = {
	{ "dc_accept", offered, call_accept, given_back, .inside = true,
	  .costs = true },
	{ "dc_accept_ids", offered_ids, call_accept_ids, given_back,
	  .inside = true, .costs = true },
	{ "dc_reject", offered, call_reject, given_back_for_sure,
	  .inside = true, .costs = true },
	{ "dc_release", accepted, call_release, given_back, .inside = true,
	  .costs = true },
	{ "dc_release_force", accepted, call_force, given_back,
	  .inside = true, .costs = true },
	{ "dc_release_ids", accepted_ids, call_release_ids, given_back,
	  .inside = true, .costs = true },
	{ "dc_questions", offered, call_questions, given_back,
	  .inside = true },
	{ "dc_deadline", offered, call_deadline, given_back, .inside = true },
	{ "dc_tenant_accept", offered, call_tenant_accept, given_back,
	  .inside = true, .costs = true },
	{ "dc_tenant_ids", offered_ids, call_tenant_ids, given_back,
	  .inside = true, .costs = true },
	{ "dc_tenant_reject", offered, call_tenant_reject,
	  given_back_for_sure, .inside = true, .costs = true },
	{ "dc_tenant_release", tenant_accepted, call_tenant_release,
	  given_back, .inside = true, .costs = true },
	{ "dc_tenant_questions", offered, call_tenant_questions, given_back,
	  .inside = true },
	{ "dc_memory", begin_memory, call_memory, given_back, .inside = true },
	{ "dc_map", begin_memory, call_map, end_map, .inside = true,
	  .depth = 20 },
	{ "dc_open", begin_open, operation_open, end_open, .gated = true },
	{ "dc_close", tenant_accepted, operation_close, given_back,
	  .gated = true, .only = "own", .degrades = out_of_reach },
	{ "dc_reset", begin_reset, call_reset, given_back,
	  .check = check_reset, .gated = true, .only = "own" },
	{ "dc_bind", begin_bind, call_bind, operation_unbound, .check = check_bind,
	  .gated = true, .degrades = less_known },
	{ "dc_unbind", begin_unbind, operation_unbind, end_bind,
	  .only = "own" },
	{ "dc_unbind_release", begin_unbind_release, operation_unbind,
	  end_unbind_release, .only = "own", .degrades = still_held },
	{}
};
