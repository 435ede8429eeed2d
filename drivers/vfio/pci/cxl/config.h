/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_CXL_CONFIG_H
#define VFIO_CXL_CONFIG_H

#include "pure.h"

/* CXL Device DVSEC (8.1.3), offsets from its start */
#define CXL_DVSEC_DEVICE_LEN		0x38
#define CXL_DVSEC_CAP			0x0a
#define CXL_DVSEC_CAP_CACHE		BIT(0)
#define CXL_DVSEC_CAP_MEM		BIT(2)
#define CXL_DVSEC_CAP_HDM_COUNT		GENMASK(5, 4)
#define CXL_DVSEC_CAP_WBI		BIT(6)
#define CXL_DVSEC_CAP_RESET		BIT(7)
#define CXL_DVSEC_CAP_MEM_CLR		BIT(11)
#define CXL_DVSEC_CAP_VIRAL		BIT(14)
#define CXL_DVSEC_CTRL			0x0c
#define CXL_DVSEC_CTRL_CACHE		BIT(0)
#define CXL_DVSEC_CTRL_IO		BIT(1)
#define CXL_DVSEC_CTRL_MEM		BIT(2)
#define CXL_DVSEC_CTRL_VIRAL		BIT(14)
#define CXL_DVSEC_STATUS		0x0e
#define CXL_DVSEC_STATUS_VIRAL		BIT(14)
#define CXL_DVSEC_CTRL2			0x10
#define CXL_DVSEC_CTRL2_NO_CACHING	BIT(0)
#define CXL_DVSEC_CTRL2_WBI		BIT(1)
#define CXL_DVSEC_CTRL2_RESET		BIT(2)
#define CXL_DVSEC_CTRL2_MEM_CLR		BIT(3)
#define CXL_DVSEC_STATUS2		0x12
#define CXL_DVSEC_STATUS2_CACHE_INVALID	BIT(0)
#define CXL_DVSEC_STATUS2_RESET_DONE	BIT(1)
#define CXL_DVSEC_STATUS2_RESET_ERROR	BIT(2)
#define CXL_DVSEC_STATUS2_PM_INIT	BIT(15)
#define CXL_DVSEC_LOCK			0x14
#define CXL_DVSEC_LOCK_CONFIG		BIT(0)
#define CXL_DVSEC_RANGE(n)		(0x18 + 0x10 * (n))
#define CXL_DVSEC_RANGE_SIZE_HI		0x00
#define CXL_DVSEC_RANGE_SIZE_LO		0x04
#define CXL_DVSEC_RANGE_BASE_HI		0x08
#define CXL_DVSEC_RANGE_BASE_LO		0x0c
#define CXL_DVSEC_RANGE_VALID		BIT(0)
#define CXL_DVSEC_RANGE_ACTIVE		BIT(1)
#define CXL_DVSEC_RANGE_TIMEOUT		GENMASK(15, 13)
#define CXL_DVSEC_RANGE_SIZE		GENMASK(31, 28)

/**
 * enum vfio_cxl_config_kind - what a closed range of config space is
 * @VFIO_CXL_CONFIG_DEVICE: a CXL Device DVSEC
 * @VFIO_CXL_CONFIG_DVSEC: another CXL DVSEC: read only
 * @VFIO_CXL_CONFIG_DOE: Data Object Exchange: not there
 * @VFIO_CXL_CONFIG_PM: power state: read only
 */
enum vfio_cxl_config_kind {
	VFIO_CXL_CONFIG_DEVICE,
	VFIO_CXL_CONFIG_DVSEC,
	VFIO_CXL_CONFIG_DOE,
	VFIO_CXL_CONFIG_PM,
};

/**
 * struct vfio_cxl_dvsec - the writable half of the CXL Device DVSEC, as the
 *	user sees it
 * @capability: Capability register, as in hardware
 * @control: Control
 * @status: Status
 * @control2: Control2
 * @status2: what Status2 shows besides hardware's live bits
 * @locked: CONFIG_LOCK
 *
 * No locking of its own.
 */
struct vfio_cxl_dvsec {
	u16 capability;
	u16 control;
	u16 status;
	u16 control2;
	u16 status2;
	bool locked;
};

void vfio_cxl_dvsec_init(struct vfio_cxl_dvsec *dvsec, u16 capability,
			 u16 control, u16 status, bool locked);
u32 vfio_cxl_dvsec_read(const struct vfio_cxl_dvsec *dvsec, u32 offset, u32 hw);
bool vfio_cxl_dvsec_write(struct vfio_cxl_dvsec *dvsec, u32 offset, u32 value,
			  u32 mask);
void vfio_cxl_dvsec_reset_over(struct vfio_cxl_dvsec *dvsec, bool good);
u32 vfio_cxl_config_view(enum vfio_cxl_config_kind kind, u32 offset, u32 hw);

#endif /* VFIO_CXL_CONFIG_H */
