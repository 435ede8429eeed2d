/* SPDX-License-Identifier: GPL-2.0-only */
/* Dynamic Capacity of the fake driver: see fake_dc.c. */
#ifndef FAKE_DC_H
#define FAKE_DC_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/vfio_cxl.h>

#include "fault.h"

/* What we do is no point; without fault.c before us there are none */
static inline void pause_faults(void)
{
	if (fault_pause)
		fault_pause();
}

static inline void resume_faults(void)
{
	if (fault_resume)
		fault_resume();
}

/* fake.c */
int fake_failure(const char *name, unsigned int *reason);
void fake_note(const char *name);
unsigned long long fake_number(const char *name, unsigned long long other);

/* fake_dc.c: 0 or a negative errno */
int fake_dc_ioctl(unsigned long request, void *arg);
void fake_dc_load(void);
bool fake_dc_step(void);

/* 8-4-4-4-12, or - */
void fake_parse_tag(const char *text, unsigned char *tag);

/* fake_backend.c: likewise */
int fake_backend_ioctl(unsigned long request, void *arg);
void fake_backend_add(const char *line);

/* fake_host.c: likewise */
int fake_host_ioctl(unsigned long request, void *arg);

/* fake_nl.c */
struct fake_message {
	char device[32];
	bool overrun;
	bool forged;		/* by another process */
	struct vfio_cxl_dc_event event;
};

int fake_nl_fd(void);
bool fake_nl_ready(void);
void fake_nl_add(const struct fake_message *message);

#endif /* FAKE_DC_H */
