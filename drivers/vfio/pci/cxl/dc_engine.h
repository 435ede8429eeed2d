/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the Dynamic Capacity engine share among themselves. */
#ifndef VFIO_CXL_DC_ENGINE_H
#define VFIO_CXL_DC_ENGINE_H

#include "dcd.h"

#define DC_STATE(name)	(1U << VFIO_CXL_DC_##name)
#define DC_OFFERED	(DC_STATE(PENDING) | DC_STATE(ACCEPTING))
#define DC_HELD		(DC_STATE(COMMITTED) | DC_STATE(RELEASING))
#define DC_LIVE		(DC_OFFERED | DC_HELD)

/* What is said of a group when its offer is answered */
enum dc_decision {
	DC_UNDECIDED,
	DC_ACCEPT,
	DC_REFUSE,
};

/*
 * What is taken and given back as a whole: the extents of a tag, or one without
 * a tag. It lives on as a tombstone.
 */
struct dc_group {
	u8 tag[VFIO_CXL_DC_TAG_LEN];
	bool in_tree;		/* by_tag knows it */
	bool tomb;
	bool recovered;
	bool orphan;		/* given back as soon as it is committed */
	bool deferred;		/* given back as soon as it is not in use */
	bool closed;		/* not in use, and about to be unreachable */
	bool flushed;		/* since it became unreachable */
	bool unsure;		/* a 4803h timed out, and no list was read since */
	u8 decision;
	u8 reach;
	u16 rc;
	u32 reason;
	u32 count;		/* of extents, of which a tombstone may have none */
	u32 picked;		/* of them, by a selection */
	u32 touched;		/* of them, in the use of the memory @use */
	u64 use;
	u64 app_use;		/* that there is of it by descriptors, or 0 */
	u32 attempts;		/* to give it back */
	u64 retry_ns;
	u64 sync;		/* when it was recovered */
	u64 tenancy;		/* that accepted it, with reach TENANT */
	u64 offer_id;
	struct dc_offer *offer;	/* until that is answered */
	struct list_head extents;
	struct list_head node;	/* in groups or tombs */
	struct list_head in_offer;
	struct list_head back;	/* in backs or deferred */
	struct list_head pick;
	struct rb_node by_tag;
	u32 requests;
	bool mismatch;
	u32 nr[VFIO_CXL_DC_STATES];
	u64 bytes[VFIO_CXL_DC_STATES];
	u64 since_ns[VFIO_CXL_DC_STATES];
};

/* The device's list of extents, in order of DPA and without overlaps */
struct dc_list {
	struct dc_list_entry {
		u64 dpa;
		u64 len;
		u16 sequence;
		u8 tag[VFIO_CXL_DC_TAG_LEN];
	} *entry;
	u32 count;
};

static inline void dc_lock(struct vfio_cxl_dcd *dcd)
{
	dcd->ops->lock(dcd->ctx);
}

static inline void dc_unlock(struct vfio_cxl_dcd *dcd)
{
	dcd->ops->unlock(dcd->ctx);
}

static inline u64 dc_now(struct vfio_cxl_dcd *dcd)
{
	return dcd->ops->now_ns(dcd->ctx);
}

static inline void *dc_alloc(struct vfio_cxl_dcd *dcd, size_t size)
{
	return dcd->ops->alloc(dcd->ctx, size);
}

static inline void dc_free(struct vfio_cxl_dcd *dcd, void *p)
{
	dcd->ops->free(dcd->ctx, p);
}

static inline bool dc_overlaps(u64 dpa1, u64 len1, u64 dpa2, u64 len2)
{
	return dpa1 < dpa2 + len2 && dpa2 < dpa1 + len1;
}

static inline u64 dc_later(struct vfio_cxl_dcd *dcd, u32 attempts)
{
	return dc_now(dcd) + (VFIO_CXL_DC_BACKOFF_NS
			      << min_t(u32, attempts, VFIO_CXL_DC_BACKOFF_MAX));
}

/* dc_group.c: the books */
bool dc_tag_is_null(const u8 tag[VFIO_CXL_DC_TAG_LEN]);
struct vfio_cxl_dcd_extent *dc_by_id(struct vfio_cxl_dcd *dcd, u64 id);
struct vfio_cxl_dcd_extent *dc_next_id(const struct vfio_cxl_dcd_extent *e);
struct vfio_cxl_dcd_extent *dc_from_id(struct vfio_cxl_dcd *dcd, u64 id);
struct dc_group *dc_by_tag(struct vfio_cxl_dcd *dcd,
			   const u8 tag[VFIO_CXL_DC_TAG_LEN]);
struct vfio_cxl_dcd_extent *dc_at(const struct rb_root *root, u64 dpa);
bool dc_any_at(const struct rb_root *root, u64 dpa, u64 len);
struct dc_group *dc_group_new(struct vfio_cxl_dcd *dcd,
			      const u8 tag[VFIO_CXL_DC_TAG_LEN], bool in_tree);
struct vfio_cxl_dcd_extent *dc_extent_new(struct vfio_cxl_dcd *dcd,
					  struct dc_group *group, u64 dpa,
					  u64 len, u16 sequence);
void dc_extent_free(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e);
void dc_group_free(struct vfio_cxl_dcd *dcd, struct dc_group *group);
void dc_show(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e);
void dc_set(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
	    enum vfio_cxl_dc_state state, u32 reason);
void dc_move(struct vfio_cxl_dcd *dcd, struct dc_group *group,
	     unsigned int from, enum vfio_cxl_dc_state to, u32 reason);
void dc_move_one(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		 enum vfio_cxl_dc_state to, u32 reason);
void dc_tell(struct vfio_cxl_dcd *dcd, enum vfio_cxl_dc_change kind,
	     u64 offer, u32 reason);
void dc_tell_group(struct vfio_cxl_dcd *dcd, enum vfio_cxl_dc_change kind,
		   struct dc_group *group);
void dc_tell_extent(struct vfio_cxl_dcd *dcd, enum vfio_cxl_dc_change kind,
		    struct vfio_cxl_dcd_extent *e, u32 reason);
void dc_decide(struct vfio_cxl_dcd *dcd, struct dc_group *group,
	       enum dc_decision decision, u32 reason);
void dc_set_rc(struct vfio_cxl_dcd *dcd, struct dc_group *group, u16 rc);
u32 dc_live(const struct dc_group *group, unsigned int states);
void dc_bury(struct vfio_cxl_dcd *dcd, struct dc_group *group);
void dc_evict(struct vfio_cxl_dcd *dcd);

/* dc_offer.c: from records to offers that are decided */
void dc_add(struct vfio_cxl_dcd *dcd, const struct cxl_dc_event *event);
void dc_chain_lost(struct vfio_cxl_dcd *dcd, u32 reason);
void dc_offer_done(struct vfio_cxl_dcd *dcd, struct dc_offer *offer);
void dc_pump(struct vfio_cxl_dcd *dcd);
u32 dc_misplaced(struct vfio_cxl_dcd *dcd,
		 const struct vfio_cxl_dcd_extent *e);

/* dc_answer.c: what is said to the device */
int dc_command(struct vfio_cxl_dcd *dcd, u16 opcode, size_t in_size,
	       size_t out_room, size_t *out_size, u16 *rc);
void dc_entry(struct vfio_cxl_dcd *dcd, u32 nr, u64 dpa, u64 len);
int dc_send(struct vfio_cxl_dcd *dcd, u16 opcode, u32 count, u16 *rc);
int dc_answer(struct vfio_cxl_dcd *dcd, struct dc_offer *offer);
void dc_commit(struct vfio_cxl_dcd *dcd, struct dc_offer *offer);
bool dc_is_listed(const struct dc_list *list, const struct dc_offer *offer);
void dc_publish(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
		enum vfio_cxl_dc_reach reach);
void dc_unpublish(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e);
void dc_unprepare(struct vfio_cxl_dcd *dcd, struct dc_group *group);
bool dc_limbo_forget(struct vfio_cxl_dcd *dcd, u64 dpa, u64 len);
bool dc_limbo_taken(const struct vfio_cxl_dcd *dcd);
void dc_limbo_drained(struct vfio_cxl_dcd *dcd);

/* dc_release.c: the way back */
void dc_release(struct vfio_cxl_dcd *dcd, struct dc_group *group, u32 reason);
void dc_defer(struct vfio_cxl_dcd *dcd, struct dc_group *group);
void dc_release_deferred(struct vfio_cxl_dcd *dcd);
int dc_give(struct vfio_cxl_dcd *dcd, struct dc_group *group);
void dc_give_all(struct vfio_cxl_dcd *dcd, u32 most);
void dc_revoke(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_extent *e,
	       u32 reason);
void dc_forced(struct vfio_cxl_dcd *dcd, const struct cxl_dc_event *event);
void dc_asked(struct vfio_cxl_dcd *dcd, const struct cxl_dc_event *event);

/* dc_status.c: how things stand */
bool dc_in_use(struct vfio_cxl_dcd *dcd, const struct dc_group *group);
bool dc_close(struct vfio_cxl_dcd *dcd, struct dc_group *group);
bool dc_close_all(struct vfio_cxl_dcd *dcd, struct list_head *picked);
void dc_untouch(struct vfio_cxl_dcd_extent *e);
bool dc_visible(const struct vfio_cxl_dcd *dcd, const struct dc_group *group,
		bool tenant);

/* dc_sync.c: what the device says of itself */
int dc_region_of(struct vfio_cxl_dcd *dcd, u64 dpa, u64 len);
int dc_read_config(struct vfio_cxl_dcd *dcd, struct vfio_cxl_dcd_config *config);
int dc_read_list(struct vfio_cxl_dcd *dcd, struct dc_list *list);
void dc_free_list(struct vfio_cxl_dcd *dcd, struct dc_list *list);
bool dc_list_has(const struct dc_list *list, u64 dpa, u64 len);
bool dc_list_touches(const struct dc_list *list, u64 dpa, u64 len);
int dc_sync(struct vfio_cxl_dcd *dcd);

#endif /* VFIO_CXL_DC_ENGINE_H */
