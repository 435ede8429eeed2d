// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: the attribute table, through Data Object Exchange
 *
 * CDAT comes by Table Access (CXL 3.1, 8.1.11.1), an entry with each request. The
 * PCI core has the DOE mailboxes; the user's access to them is closed.
 */
#include <linux/pci.h>
#include <linux/pci-doe.h>

#include "dc.h"
#include "fault.h"
#include "vfio_cxl.h"

#define DOE_VENDOR_CXL		0x1e98
#define DOE_TABLE_ACCESS	2
/* Table Access: which request, which table, which entry */
#define DOE_READ_ENTRY(handle)	((u32)(handle) << 16)
#define DOE_NEXT		GENMASK(31, 16)
#define DOE_LAST		0xffff
/* More entries than that no device needs; the longest one that matters is short */
#define DOE_ENTRIES		256

struct doe_answer {
	__le32 header;
	u8 entry[256];
};

/* The entry at @handle, which then is the next one's. Returns its bytes */
static int doe_entry(struct pci_doe_mb *mailbox, u16 *handle,
		     struct doe_answer *answer)
{
	__le32 request = cpu_to_le32(DOE_READ_ENTRY(*handle));
	int ret;

	ret = pci_doe(mailbox, DOE_VENDOR_CXL, DOE_TABLE_ACCESS, &request,
		      sizeof(request), answer, sizeof(*answer));
	if (ret < 0)
		return ret;
	if (ret < sizeof(answer->header))
		return -EIO;
	*handle = FIELD_GET(DOE_NEXT, le32_to_cpu(answer->header));

	return ret - sizeof(answer->header);
}

/**
 * vfio_cxl_cdat_read - read a device's attribute table
 * @pdev: the device
 * @cdat: filled in; empty on failure
 *
 * Return: 0; -ENOENT if the device has none; an error of pci_doe(); -EINVAL, -ENOSPC
 * if the table makes no sense.
 */
int vfio_cxl_cdat_read(struct pci_dev *pdev, struct vfio_cxl_cdat *cdat)
{
	struct doe_answer answer;
	struct pci_doe_mb *mailbox;
	unsigned int n;
	u16 handle = 0;
	int ret;

	memset(cdat, 0, sizeof(*cdat));
	mailbox = pci_find_doe_mailbox(pdev, DOE_VENDOR_CXL, DOE_TABLE_ACCESS);
	if (!mailbox)
		return -ENOENT;

	/* The first one is the table's header */
	ret = vfio_cxl_fails("CDAT") ? -EIO :
	      doe_entry(mailbox, &handle, &answer);
	for (n = 0; ret >= 0 && handle != DOE_LAST; n++) {
		ret = n < DOE_ENTRIES ? doe_entry(mailbox, &handle, &answer) :
					-ENOSPC;
		/* What is longer than the room is nothing that matters */
		if (ret > 0 && ret < sizeof(answer.entry))
			ret = vfio_cxl_cdat_add(cdat, answer.entry, ret);
	}
	if (ret >= 0)
		return 0;
	memset(cdat, 0, sizeof(*cdat));

	return ret;
}
