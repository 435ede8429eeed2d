/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of Dynamic Capacity share: the ioctls, on either node, and the
 * fabric manager, outside. QEMU 10 has none that knows tags: there extents are
 * offered by QMP, without, and named by their ids. Most tests don't care.
 */
#ifndef UAPI_DC_H
#define UAPI_DC_H

#include "lib.h"

/* Enough for what takes two looks at a device that nobody has open */
#define SOON	5000

/* Is it so, or does it become so? */
#define within(ms, condition)						\
({									\
	int _left = (ms) / 10;						\
	bool _so;							\
									\
	while (!(_so = (condition)) && _left--)				\
		usleep(10000);						\
	_so;								\
})

/* A tag as the fabric manager and the driver have it */
struct tag {
	char text[37];
	__u8 bytes[VFIO_CXL_DC_TAG_LEN];
};

/* What is offered, or asked back: offset in its region; @tag may be NULL */
struct piece {
	__u64 offset;
	__u64 length;
	const struct tag *tag;
	unsigned int sequence;
};

/* An extent that was offered; @tag is empty where it has none */
struct extent {
	struct tag tag;
	__u64 id;
	__u64 offer;
	__u64 at;		/* in the HDM memory region */
	__u64 length;
	struct piece piece;
	unsigned int region;
};

/* What a test begins with: the device open, and nothing offered or held */
struct dc {
	struct user user;
	struct region region;
	struct vfio_cxl_dc_info info;
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_status status;
	int node;
	bool programmed;
};

int dc_begin(struct dc *dc);
int dc_open(struct dc *dc);
void dc_end(struct dc *dc);
int dc_program(struct dc *dc, __u64 base, __u64 skip, __u64 size);
char *dc_map(const struct dc *dc, __u64 at, __u64 size);

struct tag tag_new(void);
bool tags_there(void);

int dc_info(int node, struct vfio_cxl_dc_info *info);
int dc_list(int node, struct vfio_cxl_dc_extent *extents, __u32 room,
	    __u32 *count);
int dc_status(int node, const struct tag *tag,
	      struct vfio_cxl_dc_status *status);
int dc_accept(int node, const struct tag *tag, __u32 reach,
	      struct vfio_cxl_dc_decide *decide);
int dc_reject(int node, const struct tag *tag,
	      struct vfio_cxl_dc_decide *decide);
int dc_release(int node, const struct tag *tag, __u32 flags,
	       struct vfio_cxl_dc_decide *decide);
int dc_extent(int node, __u64 id, struct vfio_cxl_dc_status *status);
int dc_by_id(int node, unsigned long command, __u64 id, __u32 reach,
	     __u32 flags, struct vfio_cxl_dc_decide *decide);
int dc_by_ids(int node, unsigned long command, const __u64 *ids, __u32 count,
	      __u32 reach, __u32 flags, struct vfio_cxl_dc_decide *decide);
int dc_by_offer(int node, unsigned long command, __u64 offer, __u32 reach,
		struct vfio_cxl_dc_decide *decide);
int dc_deadline(int node, __u64 offer, __u64 deadline);
__u32 dc_state(int node, const struct tag *tag);
bool dc_becomes(int node, const struct tag *tag, __u32 state, int ms);
bool dc_settles(int node, int ms);
void dc_give_all_back(void);

bool extents_offer(struct dc *dc, unsigned int region,
		   const struct piece *pieces, unsigned int count,
		   struct extent *extents);
bool extent_offer(struct dc *dc, unsigned int region, __u64 offset,
		  __u64 length, struct extent *extent);
int extent_status(int node, const struct extent *extent,
		  struct vfio_cxl_dc_status *status);
__u32 extent_state(int node, const struct extent *extent);
int extent_accept(int node, const struct extent *extent, __u32 reach,
		  struct vfio_cxl_dc_decide *decide);
int extent_reject(int node, const struct extent *extent,
		  struct vfio_cxl_dc_decide *decide);
int extent_release(int node, const struct extent *extent, __u32 flags,
		   struct vfio_cxl_dc_decide *decide);
bool extent_ask_back(const struct extent *extent);

bool fm_add(unsigned int region, const struct piece *pieces,
	    unsigned int count);
bool fm_release(unsigned int region, const struct piece *pieces,
		unsigned int count);
bool fm_tells(int is[2]);
bool fm_has(int accepted, int pending);
bool fm_settles(int accepted, int pending);
bool param_set(const char *name, const char *value);

#endif /* UAPI_DC_H */
