/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes through the mailbox (CXL 3.1, 8.2.9), but for Dynamic Capacity. */
#ifndef VFIO_CXL_MBOX_WIRE_H
#define VFIO_CXL_MBOX_WIRE_H

#include "pure.h"

#define CXL_OP_GET_EVENTS		0x0100
#define CXL_OP_CLEAR_EVENTS		0x0101
#define CXL_OP_GET_SUPPORTED_LOGS	0x0400
#define CXL_OP_GET_LOG			0x0401
#define CXL_OP_IDENTIFY			0x4000
/* The Dynamic Capacity commands are one after the other; dc_wire.h has them */
#define CXL_OP_DC_FIRST			0x4800
#define CXL_OP_DC_LAST			0x4803

#define CXL_UUID_SIZE			16

/* Command Effects Log, 0da9c0b5-bf41-4b78-8f79-96b1623b3f17 (8.2.9.5.2.1) */
#define CXL_CEL_UUID							\
	{ 0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78,		\
	  0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17 }

/* Dynamic Capacity event, ca95afa7-f183-4018-8c2f-95268e101a2a (8.2.9.2.1.6) */
#define CXL_DC_EVENT_UUID						\
	{ 0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18,		\
	  0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a }

/* Get Supported Logs (8.2.9.5.1), the answer's head, then @count of the entry */
struct cxl_wire_logs {
	__le16 count;
	u8 reserved[6];
} __packed;

struct cxl_wire_log {
	u8 uuid[CXL_UUID_SIZE];
	__le32 size;
} __packed;

/* Get Log (8.2.9.5.2) */
struct cxl_wire_get_log {
	u8 uuid[CXL_UUID_SIZE];
	__le32 offset;
	__le32 length;
} __packed;

/* An entry of the Command Effects Log */
struct cxl_wire_effect {
	__le16 opcode;
	__le16 effects;
} __packed;

#define CXL_EFFECT_BACKGROUND		BIT(6)

/* Identify Memory Device (8.2.9.9.1.1); capacities in units of 256 MiB */
struct cxl_wire_identify {
	u8 firmware[16];
	__le64 total;
	__le64 volatile_only;
	__le64 persistent_only;
	__le64 partition_align;
	__le16 log_info;
	__le16 log_warning;
	__le16 log_failure;
	__le16 log_fatal;
	__le32 lsa_size;
	u8 poison_list_max[3];
	__le16 poison_inject_limit;
	u8 poison_caps;
	u8 qos_caps;
	/* Not there without Dynamic Capacity */
	__le16 log_dc;
} __packed;

#define CXL_IDENTIFY_LEAST		0x43

/* Get Event Records (8.2.9.2.2), the answer's head, then records */
#define CXL_EVENT_LOG_DC		4

struct cxl_wire_events {
	u8 flags;
	u8 reserved1;
	__le16 overflow_count;
	__le64 overflow_first;
	__le64 overflow_last;
	__le16 count;
	u8 reserved2[10];
} __packed;

#define CXL_EVENTS_OVERFLOW		BIT(0)
#define CXL_EVENTS_MORE			BIT(1)

/**
 * struct cxl_wire_event - an event record (CXL 3.1, 8.2.9.2.1)
 * @uuid: what kind of event
 * @length: of the record, 0x80
 * @flags: severity and more
 * @handle: names the record; never 0
 * @related: another record's handle, or 0
 * @timestamp: nanoseconds; 0 before the device is told the time
 * @maintenance: class of maintenance
 * @reserved: reserved
 * @data: by @uuid; of Dynamic Capacity in dc_wire.h
 */
struct cxl_wire_event {
	u8 uuid[CXL_UUID_SIZE];
	u8 length;
	u8 flags[3];
	__le16 handle;
	__le16 related;
	__le64 timestamp;
	u8 maintenance;
	u8 reserved[15];
	u8 data[0x50];
};

/* Clear Event Records (8.2.9.2.3), then @count handles */
struct cxl_wire_clear {
	u8 log;
	u8 flags;
	u8 count;
	u8 reserved[3];
} __packed;

static_assert(sizeof(struct cxl_wire_logs) == 0x8);
static_assert(sizeof(struct cxl_wire_log) == 0x14);
static_assert(sizeof(struct cxl_wire_get_log) == 0x18);
static_assert(sizeof(struct cxl_wire_identify) == 0x45);
static_assert(offsetof(struct cxl_wire_identify, log_dc) == CXL_IDENTIFY_LEAST);
static_assert(sizeof(struct cxl_wire_events) == 0x20);
static_assert(sizeof(struct cxl_wire_event) == 0x80);
static_assert(offsetof(struct cxl_wire_event, data) == 0x30);
static_assert(sizeof(struct cxl_wire_clear) == 0x6);

#endif /* VFIO_CXL_MBOX_WIRE_H */
