// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the mailbox of a bound device
 *
 * Where it is in the device's BARs, and when it may be gone to: not while a reset
 * or another event has the device for itself. mbox.c knows the protocol.
 */
#include <linux/delay.h>
#include <linux/io.h>

#include "dc.h"
#include "fault.h"
#include "vfio_cxl.h"

/* The largest payload has 1 MiB, and registers come before it */
#define MAILBOX_MAP_MAX		SZ_2M

static u32 mailbox_read(void *ctx, u32 offset)
{
	struct vfio_cxl_dc *dc = ctx;

	return readl(dc->regs + offset);
}

static void mailbox_write(void *ctx, u32 offset, u32 value)
{
	struct vfio_cxl_dc *dc = ctx;

	writel(value, dc->regs + offset);
}

static u64 mailbox_read64(void *ctx, u32 offset)
{
	struct vfio_cxl_dc *dc = ctx;

	return readq(dc->regs + offset);
}

static void mailbox_write64(void *ctx, u32 offset, u64 value)
{
	struct vfio_cxl_dc *dc = ctx;

	writeq(value, dc->regs + offset);
}

static void mailbox_sleep(void *ctx, unsigned int usec)
{
	fsleep(usec);
}

static const struct vfio_cxl_block *device_block(struct vfio_cxl_device *cxl)
{
	unsigned int n;

	for (n = 0; n < cxl->regs.nr_blocks; n++)
		if (!cxl->regs.blocks[n].component)
			return &cxl->regs.blocks[n];

	return NULL;
}

/**
 * vfio_cxl_mailbox_map - map a device's registers, and find its mailbox
 * @dc: @cxl is set
 *
 * Return: 0; -ENOENT if it has none; -ENOMEM; else it makes no sense.
 */
int vfio_cxl_mailbox_map(struct vfio_cxl_dc *dc)
{
	const struct vfio_cxl_block *block = device_block(dc->cxl);
	struct pci_dev *pdev = dc->cxl->core.pdev;
	u32 size;
	int ret;

	if (!block)
		return -ENOENT;

	size = min_t(u64, block->end - block->start, MAILBOX_MAP_MAX);
	dc->regs = vfio_cxl_fails("ioremap of device registers") ? NULL :
		   ioremap(pci_resource_start(pdev, block->bar) + block->start,
			   size);
	if (!dc->regs)
		return -ENOMEM;

	dc->io = (struct vfio_cxl_mbox_io){
		.read = mailbox_read,
		.write = mailbox_write,
		.read64 = mailbox_read64,
		.write64 = mailbox_write64,
		.sleep = mailbox_sleep,
		.ctx = dc,
	};
	ret = vfio_cxl_mbox_find(&dc->mbox, &dc->io, size);
	if (ret)
		vfio_cxl_mailbox_unmap(dc);

	return ret;
}

/**
 * vfio_cxl_mailbox_unmap - undo vfio_cxl_mailbox_map()
 * @dc: nobody uses the mailbox any more
 */
void vfio_cxl_mailbox_unmap(struct vfio_cxl_dc *dc)
{
	iounmap(dc->regs);
	dc->regs = NULL;
}

/* Events under which nobody may go to the registers */
#define MAILBOX_CLOSED	(VFIO_CXL_GATE_RESET | VFIO_CXL_GATE_ERROR | \
			 VFIO_CXL_GATE_SUSPEND | VFIO_CXL_GATE_REMOVED)

/**
 * vfio_cxl_mailbox_begin - go to the device's registers
 * @cxl: the device
 *
 * A reset that comes now waits for vfio_cxl_mailbox_end(), which is to be called
 * after success only.
 *
 * Return: 0; -EBUSY while a reset or another event has the device for itself;
 * -ENODEV once it is gone.
 */
int vfio_cxl_mailbox_begin(struct vfio_cxl_device *cxl)
{
	u32 gate;

	down_read(&cxl->gate_sem);
	gate = cxl->gate & MAILBOX_CLOSED;
	if (!gate)
		return 0;
	up_read(&cxl->gate_sem);

	return gate & VFIO_CXL_GATE_REMOVED ? -ENODEV : -EBUSY;
}

/**
 * vfio_cxl_mailbox_end - undo vfio_cxl_mailbox_begin()
 * @cxl: the device
 */
void vfio_cxl_mailbox_end(struct vfio_cxl_device *cxl)
{
	up_read(&cxl->gate_sem);
}
