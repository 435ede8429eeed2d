/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_DOCTOR_H
#define VFIO_CXL_DOCTOR_H

#include "tool.h"

/**
 * enum result - of a check
 * @CHECK_OK: seen to be as it should
 * @CHECK_NOTE: nothing is wrong, but it should be known
 * @CHECK_WARN: works, but not as well, as long or as safely as it could
 * @CHECK_FAIL: the memory can't be used until this is mended
 * @CHECK_UNKNOWN: can't be seen by this caller, or on this host
 */
enum result {
	CHECK_OK,
	CHECK_NOTE,
	CHECK_WARN,
	CHECK_FAIL,
	CHECK_UNKNOWN,
};

#define CHECK_RESULTS	(CHECK_UNKNOWN + 1)

/**
 * struct doctor - a run of it
 * @args: the command line
 * @device: of the checks to come; NULL for the host's
 * @records: all findings
 * @counts: findings of each result
 */
struct doctor {
	struct args *args;
	const char *device;
	struct json_object *records;
	unsigned int counts[CHECK_RESULTS];
};

__attribute__((format(printf, 5, 6)))
void finding(struct doctor *d, const char *check, enum result result,
	     const char *remedy, const char *format, ...);
/* For what can't be read: says why, and what shows it */
void cant_see(struct doctor *d, const char *check, const char *what, int err);

/* doctor_host.c */
void check_host(struct doctor *d);
/* doctor_settings.c */
void check_settings(struct doctor *d);
/* doctor_device.c */
void check_device(struct doctor *d, struct vcxl_device *dev);
/* doctor_memory.c: @dev is bound */
void check_memory(struct doctor *d, struct vcxl_device *dev);
/* doctor_dc.c: likewise */
void check_dynamic(struct doctor *d, struct vcxl_device *dev,
		   const struct vfio_cxl_info *info);

#endif /* VFIO_CXL_DOCTOR_H */
