// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the Dynamic Capacity event log
 *
 * Drains it (CXL 3.1, 8.2.9.2): records are copied, cleared, seen to be gone,
 * and only then handed over. Whoever answers an offer then knows that its record
 * can't come again, and be answered twice; and a clear of which nobody knows
 * whether it was done loses nothing. What stays in the log is cleared again; what
 * follows in it without a difference, handle and time included, is the same.
 */
#include "event_log.h"

/* A drain ends after so many reads, though the device may have more */
#define EVENT_READS		64
/* Or when so many of them showed that a clear did nothing */
#define EVENT_FUTILE		3

/**
 * vfio_cxl_event_log_init - start with nothing held
 * @log: the log
 * @ops: what it needs
 */
void vfio_cxl_event_log_init(struct vfio_cxl_event_log *log,
			     const struct vfio_cxl_event_ops *ops)
{
	memset(log, 0, sizeof(*log));
	log->ops = ops;
}

/*
 * The oldest records, as many as fit. Their number is the device's word, so what
 * really came counts too; "more records" means nothing.
 */
static int log_read(struct vfio_cxl_event_log *log, unsigned int *nr)
{
	const u8 in = CXL_EVENT_LOG_DC;
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = CXL_OP_GET_EVENTS,
		.in = &in,
		.in_size = sizeof(in),
		.out = &log->answer,
		.out_room = sizeof(log->answer),
	};
	unsigned int count, came;
	int ret;

	ret = log->ops->send(log->ops->ctx, &cmd);
	if (ret)
		return ret;
	if (cmd.out_size < sizeof(log->answer.head))
		return -EIO;

	count = le16_to_cpu(log->answer.head.count);
	came = (cmd.out_size - sizeof(log->answer.head)) /
	       sizeof(log->answer.event[0]);
	*nr = min(count, came);

	return count && !came ? -EIO : 0;
}

/* Of @nr records those up to one that has no handle, which nothing clears */
static unsigned int log_clearable(const struct vfio_cxl_event_log *log,
				  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && log->answer.event[i].handle; i++)
		;

	return i;
}

/* Copy @nr records, and then clear them: all of them, or none (8.2.9.2.3) */
static int log_clear(struct vfio_cxl_event_log *log, unsigned int nr)
{
	struct {
		struct cxl_wire_clear head;
		__le16 handle[VFIO_CXL_EVENTS_AT_ONCE];
	} __packed in = {
		.head = { .log = CXL_EVENT_LOG_DC, .count = nr },
	};
	struct vfio_cxl_mbox_cmd cmd = {
		.opcode = CXL_OP_CLEAR_EVENTS,
		.in = &in,
		.in_size = sizeof(in.head) + nr * sizeof(in.handle[0]),
	};
	unsigned int i;

	for (i = 0; i < nr; i++)
		in.handle[i] = log->answer.event[i].handle;
	memcpy(log->held, log->answer.event, nr * sizeof(log->held[0]));
	log->nr_held = nr;
	/* A clear ends an overflow; of the next one only the time may differ */
	if (!log->overflow_last)
		log->overflow = false;

	return log->ops->send(log->ops->ctx, &cmd);
}

/* Hand over what is held, up to what stands first of @nr records in the log */
static unsigned int log_hand_over(struct vfio_cxl_event_log *log,
				  unsigned int nr)
{
	static const u8 dc[CXL_UUID_SIZE] = CXL_DC_EVENT_UUID;
	const struct vfio_cxl_event_ops *ops = log->ops;
	const struct cxl_wire_event *event;
	unsigned int i;

	for (i = 0; i < log->nr_held; i++) {
		event = &log->held[i];
		if (nr && !memcmp(event, log->answer.event, sizeof(*event)))
			break;
		if (memcmp(event->uuid, dc, sizeof(dc)))
			ops->ignored(ops->ctx, event);
		else
			ops->record(ops->ctx, event);
	}

	return i;
}

/* Once for each overflow, though each read until a clear shows it */
static void log_overflow(struct vfio_cxl_event_log *log)
{
	const struct cxl_wire_events *head = &log->answer.head;
	u16 count = le16_to_cpu(head->overflow_count);
	u64 last = le64_to_cpu(head->overflow_last);
	bool overflow = head->flags & CXL_EVENTS_OVERFLOW;

	if (overflow && !(log->overflow && count == log->overflow_count &&
			  last == log->overflow_last)) {
		log->overflow_due = true;
		log->overflow_count = count;
		log->overflow_last = last;
	}
	log->overflow = overflow;
}

static void log_report_overflow(struct vfio_cxl_event_log *log)
{
	if (!log->overflow_due)
		return;
	log->overflow_due = false;
	log->ops->overflow(log->ops->ctx, log->overflow_count);
}

/**
 * vfio_cxl_event_log_drain - take all records out of the log
 * @log: the log
 *
 * Return: 0 when the log is empty and all of it was handed over; -EAGAIN when it
 * has more than is taken at once, or in time; an error of a command; -EIO also
 * where the device's answers make no sense, or it doesn't clear what it says it
 * cleared. After an error what is held is handed over by the next drain.
 */
int vfio_cxl_event_log_drain(struct vfio_cxl_event_log *log)
{
	unsigned int nr, gone, reads, futile = 0;
	int ret;

	for (reads = 0; reads < EVENT_READS; reads++) {
		ret = log_read(log, &nr);
		if (ret)
			return ret;

		gone = log_hand_over(log, nr);
		if (log->nr_held && !gone && ++futile == EVENT_FUTILE)
			return -EIO;
		/* Those that are not gone are the first ones of this answer */
		if (gone == log->nr_held)
			log_report_overflow(log);
		log->nr_held = 0;
		log_overflow(log);
		if (!nr) {
			log_report_overflow(log);
			return 0;
		}

		/* Nothing is held now, and what was read stays in the log */
		if (reads && log->ops->late && log->ops->late(log->ops->ctx))
			return -EAGAIN;
		nr = log_clearable(log, nr);
		ret = nr ? log_clear(log, nr) : -EIO;
		if (ret)
			return ret;
	}

	return -EAGAIN;
}
