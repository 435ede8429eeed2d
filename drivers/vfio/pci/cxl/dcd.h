/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: Dynamic Capacity
 *
 * What a device offers, what of it this host has taken, and how it goes back
 * (CXL 3.1, 9.13.3). Pure: it reaches the device, the memory and the user through
 * struct vfio_cxl_dcd_ops only.
 *
 * dc_offer.c makes offers of the device's records, and answers them;
 * dc_answer.c is what is said to the device, and what if it says no;
 * dc_release.c gives capacity back, or loses it; dc_sync.c reads what the device
 * says of itself; dc_group.c has the books. Callers come in by dcd.c (records,
 * resets, time), dc_user.c (what users ask for) and dc_status.c (what they want to
 * know).
 *
 * Locking: all calls are made with the command mutex held, but those that say
 * otherwise. Inside, what the others read changes under @lock only.
 */
#ifndef VFIO_CXL_DCD_H
#define VFIO_CXL_DCD_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/vfio_cxl.h>

#include "dc_wire.h"
#include "mbox.h"
#include "pure.h"

/* More records of the same offer have to come within that */
#define VFIO_CXL_DC_CHAIN_NS	(20 * 1000000000ULL)

/* As many times a device that is busy is asked again, by later work */
#define VFIO_CXL_DC_ATTEMPTS	8
#define VFIO_CXL_DC_BACKOFF_NS	(100 * 1000000ULL)
#define VFIO_CXL_DC_BACKOFF_MAX	6	/* doublings */

/*
 * Times that a list which changes is begun again, and how long all of that may take,
 * with so much more for each page that it has: others wait for the command mutex
 */
#define VFIO_CXL_DC_RESTARTS	8
#define VFIO_CXL_DC_LIST_NS	(5 * 1000000000ULL)
#define VFIO_CXL_DC_PAGE_NS	(5 * 1000000ULL)

/* A tombstone keeps the extents of a small tag, which then are known by id */
#define VFIO_CXL_DC_TOMB_EXTENTS	16

struct dc_group;
struct dc_offer;

/**
 * struct vfio_cxl_dcd_extent - an extent, as the callbacks get it
 * @id: its number, never used again
 * @dpa: first byte
 * @len: bytes
 * @priv: the callbacks' own, from prepare() to unpublish()
 * @reason: enum vfio_cxl_reason, why it is in @state
 * @requests: times that the device asked for it back
 * @sequence: as offered; orders the extents of a tag in a sharable region
 * @region: the region that it is in
 * @state: enum vfio_cxl_dc_state
 * @prepared: between prepare() and unpublish()
 * @published: between publish() and unpublish()
 * @mismatch: a request was for a part of it, or by another tag
 * @group: what it is taken and given back with
 * @mark: the selection that it was last named in
 * @touched: the use of the memory in which it was last touched, or 0; with reach
 *	APP of what descriptors of the tag map
 * @in_group: in dc_group.extents
 * @in_offer: in dc_offer.extents, until that is answered
 * @by_id: in vfio_cxl_dcd.by_id, from when its offer is complete
 * @by_dpa: in vfio_cxl_dcd.pending or .held, as @state says
 */
struct vfio_cxl_dcd_extent {
	u64 id;
	u64 dpa;
	u64 len;
	void *priv;
	u32 reason;
	u32 requests;
	u16 sequence;
	u8 region;
	u8 state;
	bool prepared;
	bool published;
	bool mismatch;
	struct dc_group *group;
	u64 mark;
	u64 touched;
	struct list_head in_group;
	struct list_head in_offer;
	struct rb_node by_id;
	struct rb_node by_dpa;
};

/**
 * struct vfio_cxl_dcd_change - an entry of the log of changes
 * @kind: enum vfio_cxl_dc_change
 * @state: enum vfio_cxl_dc_state, for CHANGE_STATE
 * @reach: enum vfio_cxl_dc_reach
 * @reason: enum vfio_cxl_reason
 * @rc: the device's return code, or 0
 * @region: of the (first) extent
 * @tag: all zero if there is none
 * @offer: id, or 0
 * @extent: id; or 0, all of the tag's that are in the state
 * @length: bytes of them
 */
struct vfio_cxl_dcd_change {
	u8 kind;
	u8 state;
	u8 reach;
	u8 region;
	u16 rc;
	u32 reason;
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	u64 offer;
	u64 extent;
	u64 length;
};

/**
 * struct vfio_cxl_dcd_ops - the world
 * @command: carry out a mailbox command, see struct vfio_cxl_mbox_cmd; may sleep;
 *	command mutex
 * @now_ns: a clock that doesn't go back; any lock
 * @alloc: zeroed memory, or NULL; may sleep; command mutex
 * @free: takes NULL; command mutex
 * @lock: the state lock, a leaf; taken with and without the command mutex
 * @unlock: of the same
 * @covered: does decoder 0 decode all of this range? command mutex
 * @sharable: is the region with this DSMAD handle sharable (CDAT)? NULL: none is;
 *	command mutex
 * @prepare: get ready, with memory, to publish the extent; an error refuses to
 *	accept it; may sleep; command mutex
 * @publish: the extent, which was prepared, is reachable from now on, by
 *	@reach; can't fail; may sleep; command mutex
 * @unpublish: it is unreachable from now on, and unmapped everywhere; undoes
 *	prepare(), and publish() where it was called; may sleep; command mutex
 * @use: number of the use of the memory that there is: what was touched in another
 *	one is not in use; 0 while it is mapped nowhere; grows; doesn't sleep; state
 *	lock. Of what has reach APP vfio_cxl_dcd_used() tells
 * @clear: zero an extent that is given back, where that is asked for; NULL: never;
 *	-EAGAIN puts that off, and all others; -EBUSY only that; may sleep; command
 *	mutex
 * @flush: write back and invalidate the CPU's caches of the range, as far as
 *	decoder 0 decodes it; may sleep; command mutex
 * @tag_live_elsewhere: has another engine this tag, so that
 *	vfio_cxl_dcd_tag_live() of that is true? command mutex
 * @change: append to the log of changes, copying; doesn't sleep; state lock
 */
struct vfio_cxl_dcd_ops {
	int (*command)(void *ctx, struct vfio_cxl_mbox_cmd *cmd);
	u64 (*now_ns)(void *ctx);
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p);
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
	bool (*covered)(void *ctx, u64 dpa, u64 len);
	bool (*sharable)(void *ctx, u8 dsmad);
	int (*prepare)(void *ctx, struct vfio_cxl_dcd_extent *extent);
	void (*publish)(void *ctx, struct vfio_cxl_dcd_extent *extent,
			enum vfio_cxl_dc_reach reach);
	void (*unpublish)(void *ctx, struct vfio_cxl_dcd_extent *extent);
	u64 (*use)(void *ctx);
	int (*clear)(void *ctx, const struct vfio_cxl_dcd_extent *extent);
	void (*flush)(void *ctx, u64 dpa, u64 len);
	bool (*tag_live_elsewhere)(void *ctx,
				   const u8 tag[VFIO_CXL_DC_TAG_LEN]);
	void (*change)(void *ctx, const struct vfio_cxl_dcd_change *change);
};

/**
 * struct vfio_cxl_dcd_limits - what the engine keeps at most, and its settings
 * @extents: extents that are offered or held
 * @offers: offers that are not answered
 * @tombstones: tags, and untagged extents, that are no more
 * @payload: bytes of the mailbox's payload
 * @align: what DPA and length of an extent have to be a multiple of, so that it
 *	can be mapped alone: PAGE_SIZE
 * @deadline_ns: an offer that is not decided that long after it was complete
 *	is refused; 0: never
 * @first_id: of extents and offers, so that those of two engines never meet; 0: 1
 * @gives: tags that are given back in one vfio_cxl_dcd_tick(); 0: all
 * @any_order: the device is one in software: it takes answers in any order, and
 *	a refusal names its extents (CXL_DC_REFUSE)
 */
struct vfio_cxl_dcd_limits {
	u32 extents;
	u32 offers;
	u32 tombstones;
	u32 payload;
	u64 align;
	u64 deadline_ns;
	u64 first_id;
	u32 gives;
	bool any_order;
};

#define VFIO_CXL_DC_EXTENTS	65536
#define VFIO_CXL_DC_OFFERS	4096
#define VFIO_CXL_DC_TOMBSTONES	256
#define VFIO_CXL_DC_PAYLOAD_MIN	256
#define VFIO_CXL_DC_PAYLOAD_MAX	SZ_64K

/**
 * struct vfio_cxl_dcd_region - a region of the device
 * @base: DPA
 * @decode_len: bytes of DPA that it has
 * @len: bytes that extents can be in
 * @block: what extents are multiples of
 * @sharable: other hosts may have the same extents
 * @sanitize: the device clears what is released
 */
struct vfio_cxl_dcd_region {
	u64 base;
	u64 decode_len;
	u64 len;
	u64 block;
	bool sharable;
	bool sanitize;
};

/**
 * struct vfio_cxl_dcd_config - what the device says of itself (4800h)
 * @count: regions
 * @region: of them
 * @extents_supported: that the device can keep
 * @extents_available: of them
 */
struct vfio_cxl_dcd_config {
	u32 count;
	struct vfio_cxl_dcd_region region[CXL_DC_MAX_REGIONS];
	u32 extents_supported;
	u32 extents_available;
};

/**
 * struct vfio_cxl_dcd_stats - what happened
 * @offers: offers that came
 * @answers: that were answered
 * @damaged: that were refused as a whole, without being shown
 * @limited: of them, because of a limit, or for want of memory
 * @recoveries: answers that failed, and were followed by an empty one
 * @late: records that came after their offer was answered
 * @ignored: records that are not ours, or tell nothing
 * @odd: entries of the device's list, or records, that make no sense
 * @syncs: times that the list was read to compare it
 * @revoked: extents that the device took away
 */
struct vfio_cxl_dcd_stats {
	u64 offers;
	u64 answers;
	u64 damaged;
	u64 limited;
	u64 recoveries;
	u64 late;
	u64 ignored;
	u64 odd;
	u64 syncs;
	u64 revoked;
};

/*
 * An answer that failed, of an offer that may still be the device's; or, @taken, one
 * that was taken, maybe for another (dc_answer.c)
 */
#define DC_LIMBO	256

struct dc_limbo {
	u32 count;
	u8 taken;		/* drains of the log for which that matters */
	struct cxl_dc_entry entry[];
};

/* An offer, from its first record until it is answered */
struct dc_offer {
	u64 id;
	struct list_head node;		/* in vfio_cxl_dcd.offers, oldest first */
	struct list_head extents;	/* in the order in which they came */
	struct list_head groups;
	u32 count;			/* of extents */
	u32 undecided;			/* groups that wait for the user */
	u32 extra;			/* offers behind it that have no object */
	u32 reason;			/* it is refused as a whole */
	u32 attempts;			/* to answer it */
	u64 progress_ns;		/* when the last record came */
	u64 deadline_ns;
	u64 retry_ns;
	bool shown;			/* complete, and users know it */
	bool told;			/* users know that it is refused */
	bool certain;			/* it is pending in the device, and was not
					 * answered
					 */
	bool unsure;			/* an answer to accept it timed out */
	bool torn;			/* it may have extents nobody knows */
};

/**
 * struct vfio_cxl_dcd - the engine of one device
 * @ops: the world
 * @ctx: handed to each of @ops
 * @limits: as given, within reason
 * @config: regions; all zero until they were read
 * @by_id: extents by id, those that are offered, held, or remembered
 * @by_tag: groups by tag, likewise
 * @pending: extents by DPA, which are PENDING or ACCEPTING
 * @held: extents by DPA, which are COMMITTED or RELEASING
 * @offers: that are not answered, as they have to be
 * @groups: with extents that are offered or held
 * @tombs: groups without, the oldest first
 * @backs: groups with extents that are RELEASING
 * @deferred: groups that are to be released once they are not in use
 * @nr: extents by state
 * @bytes: of them
 * @nr_extents: that have an object and are no tombstones'
 * @nr_offers: in @offers
 * @nr_tombs: in @tombs
 * @nr_limbo: in @limbo
 * @limbo: answers that failed, or were taken in doubt, oldest first
 * @open: the offer whose records still come, or NULL
 * @spare: the offer for when there is no memory for one
 * @spare_used: it is in @offers
 * @swallow: the records of an offer that was given up may still come
 * @suspect: the next record may be one of an offer that was given up
 * @torn: the next offer's first records may be lost
 * @sole: no offer is before those in @offers: an answer with extents was taken
 * @doubt: drains of the log for which no offer is certain to be pending: there was
 *	no memory to remember what was taken
 * @resync: the list has to be read, the last time failed
 * @reconfig: the regions likewise
 * @next_id: of an extent, or an offer
 * @mark: number of the last selection
 * @changes: grows with each change that a list shows
 * @tenancy: number of the one that is, or that comes next
 * @sync_ns: when to try @resync and @reconfig again
 * @list_ns: the device's list is not read before, as it took too long
 * @sync_attempts: times that failed
 * @in: payload to the device
 * @out: payload from it
 * @max_entries: in an answer
 * @stats: what happened
 */
struct vfio_cxl_dcd {
	const struct vfio_cxl_dcd_ops *ops;
	void *ctx;
	struct vfio_cxl_dcd_limits limits;
	struct vfio_cxl_dcd_config config;
	struct rb_root by_id;
	struct rb_root by_tag;
	struct rb_root pending;
	struct rb_root held;
	struct list_head offers;
	struct list_head groups;
	struct list_head tombs;
	struct list_head backs;
	struct list_head deferred;
	u32 nr[VFIO_CXL_DC_STATES];
	u64 bytes[VFIO_CXL_DC_STATES];
	u32 nr_extents;
	u32 nr_offers;
	u32 nr_tombs;
	u32 nr_limbo;
	struct dc_limbo *limbo[DC_LIMBO];
	struct dc_offer *open;
	struct dc_offer spare;
	bool spare_used;
	bool swallow;
	bool suspect;
	bool torn;
	bool sole;
	u8 doubt;
	bool resync;
	bool reconfig;
	u64 next_id;
	u64 mark;
	u64 changes;
	u64 tenancy;
	u64 sync_ns;
	u64 list_ns;
	u32 sync_attempts;
	void *in;
	void *out;
	u32 max_entries;
	struct vfio_cxl_dcd_stats stats;
};

/**
 * struct vfio_cxl_dcd_select - which extents
 * @tag: all with this tag, unless NULL; not the null tag
 * @offer: else all of the offer with this id, unless 0
 * @ids: else those with these ids
 * @count: of @ids
 * @tenant: asked for through the VFIO device fd, which knows no other users'
 */
struct vfio_cxl_dcd_select {
	const u8 *tag;
	u64 offer;
	const u64 *ids;
	u32 count;
	bool tenant;
};

/**
 * struct vfio_cxl_dcd_result - what a call came to
 * @already: it was so already
 * @queued: it is going to be so: the device was not asked yet, or is busy
 * @deferred: some of it is going to be released once it is not in use
 * @rc: the device's return code, or 0
 * @reason: enum vfio_cxl_reason
 */
struct vfio_cxl_dcd_result {
	bool already;
	bool queued;
	bool deferred;
	u16 rc;
	u32 reason;
};

/**
 * enum vfio_cxl_dcd_how - what becomes of what is in use, but is to be released
 * @VFIO_CXL_DCD_UNUSED: it is refused to release it
 * @VFIO_CXL_DCD_FORCE: it is released
 * @VFIO_CXL_DCD_DEFER: it is released as soon as it is not in use
 */
enum vfio_cxl_dcd_how {
	VFIO_CXL_DCD_UNUSED,
	VFIO_CXL_DCD_FORCE,
	VFIO_CXL_DCD_DEFER,
};

/**
 * struct vfio_cxl_dcd_item - an extent, for users
 * @id: of the extent
 * @offer: that it came with, or 0
 * @dpa: first byte
 * @len: bytes
 * @deadline_ns: of its offer, or VFIO_CXL_DC_NEVER
 * @requests: times that the device asked for it back
 * @tag: all zero if it has none
 * @sequence: as offered
 * @rc: the device's return code, or 0
 * @reason: enum vfio_cxl_reason
 * @region: that it is in
 * @state: enum vfio_cxl_dc_state
 * @reach: enum vfio_cxl_dc_reach
 * @recovered: it was found in the device's list
 * @mismatch: the device asked for a part of it, or by another tag
 * @decided: PENDING, and going to be rejected
 * @deferred: COMMITTED, and going to be released once its tag is not in use
 * @in_use: touched since last unmapped
 */
struct vfio_cxl_dcd_item {
	u64 id;
	u64 offer;
	u64 dpa;
	u64 len;
	u64 deadline_ns;
	u32 requests;
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	u16 sequence;
	u16 rc;
	u32 reason;
	u8 region;
	u8 state;
	u8 reach;
	bool recovered;
	bool mismatch;
	bool decided;
	bool deferred;
	bool in_use;
};

/**
 * struct vfio_cxl_dcd_page - a page of the list
 * @start: in: the id to begin with, 0 for the first page;
 *	out: where the next page begins
 * @changes: in: of the first page; out: of this one
 * @room: in: of @item
 * @count: out: in @item
 * @tenant: in: what the VFIO device fd may see
 * @more: out: there is another page
 * @item: in: where to put them
 */
struct vfio_cxl_dcd_page {
	u64 start;
	u64 changes;
	u32 room;
	u32 count;
	bool tenant;
	bool more;
	struct vfio_cxl_dcd_item *item;
};

/**
 * struct vfio_cxl_dcd_status - how a tag stands
 * @offer: that it came with, or 0
 * @deadline_ns: of that, or VFIO_CXL_DC_NEVER
 * @state: enum vfio_cxl_dc_state, see there
 * @reach: enum vfio_cxl_dc_reach
 * @reason: enum vfio_cxl_reason
 * @rc: the device's return code, or 0
 * @requests: times that the device asked for extents of it back
 * @recovered: it was found in the device's list
 * @mismatch: the device asked for a part of an extent, or by another tag
 * @decided: PENDING, and going to be rejected
 * @deferred: COMMITTED, and going to be released once it is not in use
 * @in_use: of an extent at least
 * @nr: extents by state
 * @bytes: of them
 * @since_ns: when the last of them came into the state
 */
struct vfio_cxl_dcd_status {
	u64 offer;
	u64 deadline_ns;
	u32 state;
	u32 reach;
	u32 reason;
	u16 rc;
	u32 requests;
	bool recovered;
	bool mismatch;
	bool decided;
	bool deferred;
	bool in_use;
	u32 nr[VFIO_CXL_DC_STATES];
	u64 bytes[VFIO_CXL_DC_STATES];
	u64 since_ns[VFIO_CXL_DC_STATES];
};

#define VFIO_CXL_DC_ALL_REGIONS	(-1)

int vfio_cxl_dcd_init(struct vfio_cxl_dcd *dcd,
		      const struct vfio_cxl_dcd_ops *ops, void *ctx,
		      const struct vfio_cxl_dcd_limits *limits);
void vfio_cxl_dcd_destroy(struct vfio_cxl_dcd *dcd);
int vfio_cxl_dcd_start(struct vfio_cxl_dcd *dcd);
int vfio_cxl_dcd_reset(struct vfio_cxl_dcd *dcd);
void vfio_cxl_dcd_event(struct vfio_cxl_dcd *dcd,
			const struct cxl_dc_event *event);
int vfio_cxl_dcd_overflow(struct vfio_cxl_dcd *dcd);
void vfio_cxl_dcd_drained(struct vfio_cxl_dcd *dcd);
bool vfio_cxl_dcd_doubts(const struct vfio_cxl_dcd *dcd);
u64 vfio_cxl_dcd_tick(struct vfio_cxl_dcd *dcd);
bool vfio_cxl_dcd_synced(const struct vfio_cxl_dcd *dcd);
void vfio_cxl_dcd_tenancy_end(struct vfio_cxl_dcd *dcd);
void vfio_cxl_dcd_stop(struct vfio_cxl_dcd *dcd, bool release);

int vfio_cxl_dcd_accept(struct vfio_cxl_dcd *dcd,
			const struct vfio_cxl_dcd_select *select,
			enum vfio_cxl_dc_reach reach,
			struct vfio_cxl_dcd_result *result);
int vfio_cxl_dcd_reject(struct vfio_cxl_dcd *dcd,
			const struct vfio_cxl_dcd_select *select,
			struct vfio_cxl_dcd_result *result);
int vfio_cxl_dcd_release(struct vfio_cxl_dcd *dcd,
			 const struct vfio_cxl_dcd_select *select,
			 enum vfio_cxl_dcd_how how,
			 struct vfio_cxl_dcd_result *result);
int vfio_cxl_dcd_deadline(struct vfio_cxl_dcd *dcd, u64 offer, u64 deadline_ns);

int vfio_cxl_dcd_list(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_page *page);
int vfio_cxl_dcd_tag_status(struct vfio_cxl_dcd *dcd,
			    const u8 tag[VFIO_CXL_DC_TAG_LEN], int region,
			    bool tenant, struct vfio_cxl_dcd_status *status);
int vfio_cxl_dcd_extent_status(struct vfio_cxl_dcd *dcd, u64 id, bool tenant,
			       struct vfio_cxl_dcd_item *item);
bool vfio_cxl_dcd_tag_live(struct vfio_cxl_dcd *dcd,
			   const u8 tag[VFIO_CXL_DC_TAG_LEN]);
int vfio_cxl_dcd_tag_extent(struct vfio_cxl_dcd *dcd,
			    const u8 tag[VFIO_CXL_DC_TAG_LEN],
			    struct vfio_cxl_dcd_item *item);
u64 vfio_cxl_dcd_changes(struct vfio_cxl_dcd *dcd);
bool vfio_cxl_dcd_touch(struct vfio_cxl_dcd *dcd,
			struct vfio_cxl_dcd_extent *e, u64 use);
void vfio_cxl_dcd_used(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		       u64 use);
const u8 *vfio_cxl_dcd_tag(const struct vfio_cxl_dcd_extent *e);
u64 vfio_cxl_dcd_tag_bytes(const struct vfio_cxl_dcd_extent *e);

#endif /* VFIO_CXL_DCD_H */
