/* SPDX-License-Identifier: GPL-2.0-only */
/* Host memory under a tag, as tests have it. */
#ifndef UAPI_BACKEND_H
#define UAPI_BACKEND_H

#include "lib.h"

/* The reason of the last call but for a list */
extern __u32 backend_why;

int backend_ioctl(int node, unsigned long cmd, void *arg);
/* A descriptor, or -errno. Tags are numbers here; 0 is the null tag */
int backend_create(int node, unsigned int tag, __u64 size);
int backend_destroy(int node, unsigned int tag);
int backend_list(int node, struct vfio_cxl_backend_list *list,
		 struct vfio_cxl_backend_info *info, __u32 room);
int backend_count(int node);
int backend_find(int node, unsigned int tag,
		 struct vfio_cxl_backend_info *info);
/* Destroys all */
void backend_clear(int node);

void tag_set(__u8 *tag, unsigned int number);
unsigned int tag_number(const __u8 *tag);
void *backend_map(int fd, size_t size);
bool all_are(const char *memory, char value, size_t size);
int open_fds(void);

#endif /* UAPI_BACKEND_H */
