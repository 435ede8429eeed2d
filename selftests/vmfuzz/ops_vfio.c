// SPDX-License-Identifier: GPL-2.0-only
/* What a VFIO user calls that has the device open: VFIO's own ioctls, and regions. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../uapi/iommu.h"
#include "vmfuzz.h"

static long call_user(struct thread *t, const struct call *call,
		      unsigned long cmd, void *arg, size_t size)
{
	struct object *user = object_need(USERS, call->who);
	char *at = place(t, call, size);
	unsigned int i, n, offset;
	long ret;

	if (!user)
		return -EBADF;
	memcpy(t->buffer, arg, size);
	for (i = 0; i < call->patches % (PATCHES + 1); i++) {
		n = 1U << call->patch[i].size % 4;
		offset = call->patch[i].at % size & -n;
		memcpy(t->buffer + offset, &call->patch[i].value, n);
	}
	if (at != t->buffer && copy(at, t->buffer, size))
		at = t->buffer;
	ret = ioctl(user->user.device, cmd, at);
	ret = ret < 0 ? -errno : ret;
	object_put(user);

	return ret;
}

static long get_info(struct thread *t, const struct call *call,
		     const struct op *op)
{
	char arg[512] = "";

	((struct vfio_device_info *)arg)->argsz =
		call->pick & 1 ? sizeof(arg) : sizeof(struct vfio_device_info);

	return call_user(t, call, VFIO_DEVICE_GET_INFO, arg, sizeof(arg));
}

static long region_info(struct thread *t, const struct call *call,
			const struct op *op)
{
	char arg[512] = "";
	struct vfio_region_info *info = (void *)arg;

	info->argsz = call->pick & 1 ? sizeof(arg) : sizeof(*info);
	info->index = call->pick >> 1 & 15;

	return call_user(t, call, VFIO_DEVICE_GET_REGION_INFO, arg,
			 sizeof(arg));
}

static long irq_info(struct thread *t, const struct call *call,
		     const struct op *op)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = call->pick % 6,
	};

	return call_user(t, call, VFIO_DEVICE_GET_IRQ_INFO, &info,
			 sizeof(info));
}

/* With eventfds, by hand, or none any more */
static long set_irqs(struct thread *t, const struct call *call,
		     const struct op *op)
{
	static const __u32 flags[] = {
		VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK,
		VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
	};
	struct {
		struct vfio_irq_set head;
		__s32 fd[4];
	} arg = {
		.head = {
			.argsz = sizeof(arg),
			.flags = flags[call->at & 3],
			.index = call->pick % 6,
			.start = call->at >> 4 & 1,
			.count = call->at >> 5 & 3,
		},
	};
	struct object *event = object_need(EVENTFDS, call->pick >> 4);
	unsigned int i;
	long ret;

	for (i = 0; i < 4; i++)
		arg.fd[i] = event ? event->user.device : -1;
	ret = call_user(t, call, VFIO_DEVICE_SET_IRQS, &arg, sizeof(arg));
	object_put(event);

	return ret;
}

static long hot_reset_info(struct thread *t, const struct call *call,
			   const struct op *op)
{
	char arg[256] = "";

	((struct vfio_pci_hot_reset_info *)arg)->argsz =
		call->pick & 1 ? sizeof(arg) :
				 sizeof(struct vfio_pci_hot_reset_info);

	return call_user(t, call, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, arg,
			 sizeof(arg));
}

static long ioeventfd(struct thread *t, const struct call *call,
		      const struct op *op)
{
	struct object *event = object_need(EVENTFDS, call->pick >> 4);
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = 1U << (call->pick & 3),
		.offset = (__u64)(call->pick >> 8 & 7) << 40 |
			  (call->at & 0x1ffff),
		.data = call->length,
		.fd = event ? event->user.device : -1,
	};
	long ret = call_user(t, call, VFIO_DEVICE_IOEVENTFD, &arg, sizeof(arg));

	object_put(event);

	return ret;
}

/* Power states, tokens, DMA buffers, and what there is not */
static long feature(struct thread *t, const struct call *call,
		    const struct op *op)
{
	static const __u32 how[] = {
		VFIO_DEVICE_FEATURE_GET, VFIO_DEVICE_FEATURE_SET,
		VFIO_DEVICE_FEATURE_PROBE,
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET,
	};
	char arg[64] = "";
	struct vfio_device_feature *head = (void *)arg;

	head->argsz = sizeof(*head) + (call->at >> 4 & 15);
	head->flags = how[call->at & 3] | call->pick % 14;

	return call_user(t, call, VFIO_DEVICE_FEATURE, arg, sizeof(arg));
}

static long vfio_unknown(struct thread *t, const struct call *call,
			 const struct op *op)
{
	char arg[64] = "";
	__u32 type = call->pick & 1 ? VFIO_CXL_TYPE : VFIO_TYPE;

	arg[0] = sizeof(arg);

	return call_user(t, call, _IO(type, call->at & 0xff), arg, sizeof(arg));
}

static long vfio_reset(struct thread *t, const struct call *call,
		       const struct op *op)
{
	struct object *user = object_need(USERS, call->who);
	long ret;

	if (!user)
		return -EBADF;
	if (call->pick & 1)
		ret = user_hot_reset(&user->user);
	else
		ret = ioctl(user->user.device, VFIO_DEVICE_RESET) ? -errno : 0;
	object_put(user);

	return ret;
}

#define REGIONS	12		/* with HDM memory, COMP_REGS, the window */

/* Where registers are dense, or just anywhere in the region */
static __u64 region_offset(const struct call *call, unsigned int region)
{
	__u64 at = call->at;

	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		at &= 0xfff;
	else if (call->pick & 1 << 12)
		at &= 0x1ffff;
	if (call->pick & 1 << 13)
		at &= ~3ULL;

	return (__u64)region << 40 | (at & ((1ULL << 40) - 1));
}

static long region_rw(struct thread *t, const struct call *call,
		      const struct op *op)
{
	static const __u32 sizes[] = { 4, 1, 2, 8, 4, 64, PAGE, 3 * PAGE };
	unsigned int region = (call->pick >> 4 & 255) % (REGIONS + 1);
	struct object *user = object_need(USERS, call->who);
	__u64 at = region_offset(call, region);
	size_t size = sizes[call->pick & 7];
	char *data = place(t, call, size);
	long ret;

	if (!user)
		return -EBADF;
	if (data == t->buffer)
		memcpy(data, &call->length, sizeof(call->length));
	ret = op->cmd ? pwrite(user->user.device, data, size, at) :
			pread(user->user.device, data, size, at);
	ret = ret < 0 ? -errno : ret;
	object_put(user);

	return ret;
}

/* Registers that decide more than others: decoders, the command register */
static long register_write(struct thread *t, const struct call *call,
			   const struct op *op)
{
	struct object *user = object_need(USERS, call->who);
	__u64 at = (__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40;
	__u32 value = call->length;
	int size = 4;
	long ret;

	if (!user)
		return -EBADF;
	switch (call->pick & 3) {
	case 0:
		at += PCI_COMMAND;
		size = 2;
		break;
	case 1:
		/* Capabilities: power, MSI-X, PCI Express */
		at += 0x40 + 2 * (call->at % 0x60);
		size = 2;
		break;
	case 2:
		/* DVSECs, DOE */
		at += 0x100 + 4 * (call->at % 0x100);
		break;
	case 3:
		/* HDM decoders, of COMP_REGS */
		at = 10ULL << 40 | 4 * (call->at % 0x100);
		break;
	}
	ret = pwrite(user->user.device, &value, size, at);
	ret = ret < 0 ? -errno : ret;
	object_put(user);

	return ret;
}

/* Maps of areas for the device's DMA, in a container or with iommufd */
static long dma(struct thread *t, const struct call *call, const struct op *op)
{
	struct object *user = object_get(USERS, call->who);
	__u64 iova = GIB + (call->pick >> 4 & 3) * AREA;
	size_t size = (call->length % 1024 + 1) * PAGE;
	char *memory = area(call->pick) + (call->at & 3) * BLOCK;
	__u32 ioas = (call->pick >> 8) % 4 + 1;
	long ret;

	if (!user)
		return -EBADF;
	if (user->user.iommufd >= 0)
		ret = op->cmd ? ioas_unmap(user->user.iommufd, ioas, iova, size) :
				ioas_map(user->user.iommufd, ioas, iova, memory,
					 size);
	else
		ret = op->cmd ? type1_unmap(&user->user, iova, size) :
				type1_map(&user->user, iova, memory, size);
	object_put(user);

	return ret;
}

const struct op vfio_ops[] = {
	{ .name = "get-info", .run = get_info, .weight = 3 },
	{ .name = "region-info", .run = region_info, .weight = 5 },
	{ .name = "irq-info", .run = irq_info, .weight = 2 },
	{ .name = "set-irqs", .run = set_irqs, .weight = 6 },
	{ .name = "hot-reset-info", .run = hot_reset_info, .weight = 2 },
	{ .name = "ioeventfd", .run = ioeventfd, .weight = 3 },
	{ .name = "feature", .run = feature, .weight = 4 },
	{ .name = "unknown", .run = vfio_unknown, .weight = 3 },
	{ .name = "vfio-reset", .run = vfio_reset, .weight = 2, .slow = 8 },
	{ .name = "region-read", .run = region_rw, .weight = 20 },
	{ .name = "region-write", .run = region_rw, .weight = 20, .cmd = 1 },
	{ .name = "register", .run = register_write, .weight = 12 },
	{ .name = "dma-map", .run = dma, .weight = 5 },
	{ .name = "dma-unmap", .run = dma, .weight = 3, .cmd = 1 },
	{}
};
