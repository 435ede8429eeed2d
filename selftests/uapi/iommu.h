/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's IOMMU: iommufd, to which a device that was opened by a node of
 * its own is bound and attached; the container of one that was not; and where the
 * IOMMU sends the device's DMA.
 */
#ifndef UAPI_IOMMU_H
#define UAPI_IOMMU_H

#include "lib.h"

int cdev_open(void);
int cdev_bind(int device, int iommufd, __u32 *id);
int cdev_attach(int device, __u32 *id);
int cdev_detach(int device);
int user_open_cdev(struct user *user);

int ioas_alloc(int iommufd, __u32 *ioas);
int ioas_map(int iommufd, __u32 ioas, __u64 iova, void *memory, size_t size);
int ioas_unmap(int iommufd, __u32 ioas, __u64 iova, size_t size);

/* By the container that @user is of; all that was mapped there, or -EIO */
int type1_map(const struct user *user, __u64 iova, void *memory, size_t size);
int type1_unmap(const struct user *user, __u64 iova, size_t size);

__u64 translate(__u64 iova);
/* What is there, as the emulator sees it */
__u64 physical_read(__u64 address);

#endif /* UAPI_IOMMU_H */
