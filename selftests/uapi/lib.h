/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the driver's contract share: a VFIO user that is written
 * against the contract, not against libvfio-cxl; and ways to look past the
 * driver, through sysfs and the test bed.
 */
#ifndef UAPI_LIB_H
#define UAPI_LIB_H

#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/vfio_cxl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIB	(1UL << 20)
#define GIB	(1UL << 30)

/*
 * An open VFIO device, as a VMM has it: through container and group, or by its
 * own node and an iommufd. Descriptors are -1 when closed.
 */
struct user {
	int container;
	int group;
	int iommufd;
	int device;
};

#define USER_CLOSED	((struct user){ -1, -1, -1, -1 })

struct region {
	__u32 index;
	__u32 flags;
	__u64 size;
	__u64 offset;
	__u32 type;
	__u32 subtype;
	bool sparse;
};

const char *dev_bdf(void);
bool topology_is(const char *name);
bool dev_rebind(void);

int user_open(struct user *user);
int user_open_container(struct user *user, const char *container);
void user_close(struct user *user);
int user_hot_reset(const struct user *user);
int user_region(const struct user *user, __u32 index, struct region *region);
int user_find(const struct user *user, __u32 subtype, struct region *region);
int user_cxl_cap(const struct user *user, struct vfio_device_info *info,
		 struct vfio_cxl_device_info_cap *cap);

__u32 comp_read(const struct user *user, __u32 offset);
void comp_write(const struct user *user, __u32 offset, __u32 value);
__u32 comp_hdm(const struct user *user);

void *map_congruent(const struct user *user, __u64 offset, __u64 size);
int touch(volatile void *addr, bool write);
int touch_till(char *memory, size_t size, const volatile bool *gone);
long faults_so_far(void);

#define TRACEFS	"/sys/kernel/tracing/"
bool trace_set(const char *name, const char *value);

int control_open(void);
int control_ioctl(unsigned long cmd, void *arg);
int control_info(struct vfio_cxl_info *info);
int control_program(struct vfio_cxl_decoder_program *program);
int control_clear(struct vfio_cxl_decoder_clear *clear);
bool memory_ready(void);

char *bed(const char *format, ...) __attribute__((format(printf, 1, 2)));
__u32 hw_block(void);
__u32 hw_read(__u32 cm_offset);
void hw_write(__u32 cm_offset, __u32 value);
__u32 hw_hdm(void);

struct hw_decoder {
	__u64 base;
	__u64 size;
	__u64 skip;
	__u32 ctrl;
};

#define HW_DECODERS	4	/* at most */

void hw_decoders(__u32 *global, struct hw_decoder *decoders,
		 unsigned int count);
struct hw_decoder hw_decoder(unsigned int n);
bool hw_same(const struct hw_decoder *a, const struct hw_decoder *b);

#define CTRL_LOCK	(1U << 8)
#define CTRL_COMMIT	(1U << 9)
#define CTRL_COMMITTED	(1U << 10)
#define CTRL_ERROR	(1U << 11)
#define CTRL_BI		(1U << 13)

bool dev_unbind(void);
bool dev_bind(void);
bool dev_reset(void);
int dev_config(void);
bool becomes_live(void);
int control_guest_set(struct vfio_cxl_guest_set *set);
int control_guest_clear(struct vfio_cxl_guest_clear *clear);
int control_decoder(struct vfio_cxl_decoder *decoder);
struct hw_decoder decoder_now(unsigned int n);

#endif /* UAPI_LIB_H */
