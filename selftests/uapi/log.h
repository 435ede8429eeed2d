/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the log of changes share: entries are made, and read. */
#ifndef UAPI_LOG_H
#define UAPI_LOG_H

#include "dc.h"

#define EXTENT	(2 * MIB)

bool offered(const struct tag *tag);
bool offer_and_reject(int node, const struct tag *tag);
short ready(int fd, int ms);
bool next(int fd, struct vfio_cxl_dc_event *event);
bool is_of(const struct vfio_cxl_dc_event *event, const struct tag *tag,
	   __u32 state);

#endif /* UAPI_LOG_H */
