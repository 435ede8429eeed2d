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
#include "trace.h"
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

/* Events under which nobody may go to the registers */
#define MAILBOX_CLOSED	(VFIO_CXL_GATE_RESET | VFIO_CXL_GATE_ERROR | \
			 VFIO_CXL_GATE_SUSPEND | VFIO_CXL_GATE_REMOVED)

/* A reset that comes now waits for the end */
static int mailbox_begin(void *ctx)
{
	struct vfio_cxl_dc *dc = ctx;
	u32 gate;

	down_read(&dc->cxl->gate_sem);
	gate = dc->cxl->gate & MAILBOX_CLOSED;
	if (!gate)
		return 0;
	up_read(&dc->cxl->gate_sem);

	return gate & VFIO_CXL_GATE_REMOVED ? -ENODEV : -EBUSY;
}

static void mailbox_end(void *ctx, const struct vfio_cxl_mbox_cmd *cmd, int ret)
{
	struct vfio_cxl_dc *dc = ctx;

	up_read(&dc->cxl->gate_sem);
	trace_vfio_cxl_mbox(dc->cxl->core.pdev, cmd, ret);
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
		.begin = mailbox_begin,
		.end = mailbox_end,
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

/**
 * vfio_cxl_mailbox_ready - would a command be answered now?
 * @dc: a device's mailbox
 *
 * Return: 0; -EBUSY while a reset or another event has the device for itself;
 * -EAGAIN while the mailbox is not ready after one; -ENODEV once it is gone.
 */
int vfio_cxl_mailbox_ready(struct vfio_cxl_dc *dc)
{
	int ret;

	ret = mailbox_begin(dc);
	if (ret)
		return ret;
	ret = vfio_cxl_mbox_ready(&dc->mbox);
	up_read(&dc->cxl->gate_sem);

	return ret;
}

/**
 * vfio_cxl_mailbox_events - does the device's log have records?
 * @dc: a device's mailbox
 *
 * Return: the answer, for the Dynamic Capacity event log; no if it can't be asked.
 */
bool vfio_cxl_mailbox_events(struct vfio_cxl_dc *dc)
{
	u32 events = 0;

	if (mailbox_begin(dc))
		return false;
	vfio_cxl_mbox_event_status(&dc->mbox, &events);
	up_read(&dc->cxl->gate_sem);

	return events & CXL_EVENT_STATUS_DC;
}
