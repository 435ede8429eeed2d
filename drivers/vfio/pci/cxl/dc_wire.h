/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dynamic Capacity as it is in mailbox payloads and event records (CXL 3.1,
 * 8.2.9.9.9 and 8.2.9.2.1.6). All of it is little endian.
 */
#ifndef VFIO_CXL_DC_WIRE_H
#define VFIO_CXL_DC_WIRE_H

#include "pure.h"

#define CXL_DC_GET_CONFIG	0x4800
#define CXL_DC_GET_EXTENTS	0x4801
#define CXL_DC_ADD_RESPONSE	0x4802
#define CXL_DC_RELEASE		0x4803
/* Vendor specific: a device in software takes it, with entries as an answer has */
#define CXL_DC_REFUSE		0xc000

/* Return codes that mean something of their own here (Table 8-34) */
#define CXL_RC_INVALID_INPUT	0x02
#define CXL_RC_INVALID_PA	0x0f
#define CXL_RC_RESOURCES	0x1d
#define CXL_RC_EXTENT_LIST	0x1e

#define CXL_DC_MAX_REGIONS	8
#define CXL_DC_UNIT		SZ_256M	/* of bases and decode lengths */

/* Get Dynamic Capacity Configuration (8.2.9.9.9.1) */
struct cxl_dc_config_in {
	u8 count;
	u8 first;
};

struct cxl_dc_region {
	__le64 base;
	__le64 decode_length;	/* in CXL_DC_UNIT */
	__le64 length;
	__le64 block_size;
	__le32 dsmad;
	u8 flags;
	u8 reserved[3];
};

struct cxl_dc_config_out {
	u8 available;
	u8 returned;
	u8 reserved[6];
	struct cxl_dc_region region[];	/* and then a struct cxl_dc_config_tail */
};

struct cxl_dc_config_tail {
	__le32 extents_supported;
	__le32 extents_available;
	__le32 tags_supported;
	__le32 tags_available;
};

/* Dynamic Capacity Extent (Table 8-51) */
struct cxl_dc_extent {
	__le64 dpa;
	__le64 length;
	u8 tag[16];
	__le16 sequence;
	u8 reserved[6];
};

/* Get Dynamic Capacity Extent List (8.2.9.9.9.2) */
struct cxl_dc_extents_in {
	__le32 count;
	__le32 start;
};

struct cxl_dc_extents_out {
	__le32 returned;
	__le32 total;
	__le32 generation;
	__le32 reserved;
	struct cxl_dc_extent extent[];
};

/* Add Dynamic Capacity Response, Release Dynamic Capacity (8.2.9.9.9.3, .4) */
struct cxl_dc_entry {
	__le64 dpa;
	__le64 length;
	u8 reserved[8];
};

struct cxl_dc_entries {
	__le32 count;
	u8 flags;
	u8 reserved[3];
	struct cxl_dc_entry entry[];
};

/* Dynamic Capacity Event Record (Table 8-50) */
#define CXL_DC_EVENT_ADD		0
#define CXL_DC_EVENT_RELEASE		1
#define CXL_DC_EVENT_FORCED_RELEASE	2
#define CXL_DC_EVENT_REGION_CHANGED	3

#define CXL_DC_EVENT_MORE		0x01

/* ca95afa7-f183-4018-8c2f-95268e101a2a */
#define CXL_DC_EVENT_UUID \
	{ 0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18, \
	  0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a }

struct cxl_dc_event {
	u8 uuid[16];
	u8 length;
	u8 flags[3];
	__le16 handle;
	__le16 related_handle;
	__le64 timestamp;
	u8 maintenance_class;
	u8 reserved0[15];
	u8 type;
	u8 validity;
	__le16 host_id;
	u8 region;
	u8 dc_flags;
	u8 reserved1[2];
	struct cxl_dc_extent extent;
	u8 reserved2[24];
	__le32 extents_available;
	__le32 tags_available;
};

static_assert(sizeof(struct cxl_dc_region) == 0x28);
static_assert(sizeof(struct cxl_dc_extent) == 0x28);
static_assert(sizeof(struct cxl_dc_entry) == 0x18);
static_assert(sizeof(struct cxl_dc_event) == 0x80);
static_assert(offsetof(struct cxl_dc_event, extent) == 0x38);

#endif /* VFIO_CXL_DC_WIRE_H */
