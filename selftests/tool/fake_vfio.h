/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VFIO device fd that is none, for tests of the library: a memfd whose ioctls,
 * pread() and pwrite() are answered here, as the tests say. Its COMP_REGS are
 * the driver's own, unless a test bends them.
 */
#ifndef FAKE_VFIO_H
#define FAKE_VFIO_H

#include <linux/vfio.h>
#include <linux/vfio_cxl.h>

#include "../../drivers/vfio/pci/cxl/comp_regs.h"

#define FAKE_SIZE	(256ULL << 20)
#define FAKE_HDM	0x40		/* of the HDM capability in COMP_REGS */
#define FAKE_REGS	(1ULL << 40)	/* offset of COMP_REGS in the fd */
#define FAKE_FIRST	VFIO_PCI_NUM_REGIONS
#define FAKE_WINDOW	(8ULL << 20)	/* the window for host memory, at 16 MiB */
#define FAKE_REGIONS	5
#define FAKE_LOG	256

/* A reply with capabilities, as the kernel would copy it */
struct fake_reply {
	int err;
	uint32_t len;		/* what argsz becomes */
	unsigned char bytes[512];
};

struct fake_access {
	bool write;
	uint32_t offset;
	uint32_t value;
};

struct fake {
	int fd;
	int info_err;
	struct vfio_cxl_info info;
	struct fake_reply device;
	struct fake_reply region[FAKE_REGIONS];	/* from FAKE_FIRST on */
	bool argsz_grows;	/* no room is ever enough */
	struct vfio_cxl_comp_regs regs;
	/* Change what is read, or drop what is written */
	uint32_t (*read)(uint32_t offset, uint32_t value);
	bool (*write)(uint32_t offset, uint32_t value);
	/* The access with this number, from 1, and those after it, fail */
	unsigned int fail_from;
	/* or that one alone */
	bool fail_once;
	int fail_errno;		/* 0: cut short */
	unsigned int nr_access;
	struct fake_access log[FAKE_LOG];
	int reset_err;
	void (*on_reset)(void);
	uint32_t reset_groups;
	int reset_fd;
};

extern struct fake fake;

void fake_init(void);
void fake_type(struct fake_reply *reply, uint32_t subtype, uint64_t size,
	       uint64_t offset);
struct vfio_region_info *fake_head(struct fake_reply *reply);
struct vfio_device_info *fake_device(void);
struct vfio_cxl_device_info_cap *fake_cap(void);
struct vfio_info_cap_header *fake_header(struct fake_reply *reply);

#endif /* FAKE_VFIO_H */
