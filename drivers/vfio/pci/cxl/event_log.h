/* SPDX-License-Identifier: GPL-2.0-only */
/* A device's Dynamic Capacity event log, drained. */
#ifndef VFIO_CXL_EVENT_LOG_H
#define VFIO_CXL_EVENT_LOG_H

#include "mbox.h"
#include "mbox_wire.h"

/* So many records are read at once; the usual payload of 2 KiB has room for 15 */
#define VFIO_CXL_EVENTS_AT_ONCE		15

/**
 * struct vfio_cxl_event_ops - what a drain needs
 * @send: send a command, as vfio_cxl_mbox_command() does; takes the mailbox's
 *	mutex itself, which no other of these is called under
 * @record: a Dynamic Capacity record, which is in the log no more; all of it,
 *	aligned to 8 bytes
 * @ignored: a record of another kind, likewise
 * @overflow: the log had no room for @count records, or more where it is 0xffff;
 *	they were to come behind what @record was called for by then
 * @late: the rest is for another drain; optional. Each drain clears once at least
 * @ctx: handed to each of them
 */
struct vfio_cxl_event_ops {
	int (*send)(void *ctx, struct vfio_cxl_mbox_cmd *cmd);
	void (*record)(void *ctx, const struct cxl_wire_event *event);
	void (*ignored)(void *ctx, const struct cxl_wire_event *event);
	void (*overflow)(void *ctx, u16 count);
	bool (*late)(void *ctx);
	void *ctx;
};

/**
 * struct vfio_cxl_event_log - a log that is drained
 * @ops: what it needs
 * @held: records that were copied, and not handed over yet
 * @nr_held: how many
 * @overflow: the device shows an overflow that is known
 * @overflow_due: it is to be reported when what is held was handed over
 * @overflow_count: of that overflow
 * @overflow_last: of that overflow, its last record's time; 0 if there is none
 * @answer: what the device answered to Get Event Records
 *
 * No locking: the caller drains a log once at a time. What is held stays from
 * one drain to the next, over resets of the device too.
 */
struct vfio_cxl_event_log {
	const struct vfio_cxl_event_ops *ops;
	struct cxl_wire_event held[VFIO_CXL_EVENTS_AT_ONCE];
	unsigned int nr_held;
	bool overflow;
	bool overflow_due;
	u16 overflow_count;
	u64 overflow_last;
	struct {
		struct cxl_wire_events head;
		struct cxl_wire_event event[VFIO_CXL_EVENTS_AT_ONCE];
	} answer;
};

/* As the device sends it */
static_assert(offsetof(struct vfio_cxl_event_log, answer.event) -
	      offsetof(struct vfio_cxl_event_log, answer.head) ==
	      sizeof(struct cxl_wire_events));

void vfio_cxl_event_log_init(struct vfio_cxl_event_log *log,
			     const struct vfio_cxl_event_ops *ops);
int vfio_cxl_event_log_drain(struct vfio_cxl_event_log *log);

#endif /* VFIO_CXL_EVENT_LOG_H */
