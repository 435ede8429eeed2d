// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: device and region info
 *
 * What VFIO_DEVICE_GET_INFO and VFIO_DEVICE_GET_REGION_INFO say of a device with
 * memory: the capability that shipped VMMs know, and which parts of BARs may be
 * mapped.
 */
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "compat.h"
#include "vfio_cxl.h"

static bool legacy_info = true;
module_param(legacy_info, bool, 0444);
MODULE_PARM_DESC(legacy_info,
		 "show VFIO's flag bit 9 and capability 6, which shipped VMMs know and the kernel has not assigned (default: on)");

/**
 * vfio_cxl_legacy_info - is the flag and capability that shipped VMMs know
 *	shown?
 *
 * Return: parameter legacy_info.
 */
bool vfio_cxl_legacy_info(void)
{
	return legacy_info;
}

static int info_atomic_cap(struct vfio_cxl_device *cxl,
			   struct vfio_info_cap *caps)
{
	struct vfio_device_info_cap_pci_atomic_comp cap = {
		.header.id = VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP,
		.header.version = 1,
	};
	static const struct {
		u32 pci;
		u32 vfio;
	} widths[] = {
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP32, VFIO_PCI_ATOMIC_COMP32 },
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP64, VFIO_PCI_ATOMIC_COMP64 },
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP128, VFIO_PCI_ATOMIC_COMP128 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(widths); i++)
		if (!pci_enable_atomic_ops_to_root(cxl->core.pdev,
						   widths[i].pci))
			cap.flags |= widths[i].vfio;
	if (!cap.flags)
		return 0;

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

static int info_cxl_cap(struct vfio_cxl_device *cxl, struct vfio_info_cap *caps)
{
	struct vfio_cxl_device_info_cap cap = {
		.id = VFIO_CXL_DEVICE_INFO_CAP_CXL,
		.version = 1,
		.hdm_regs_bar_index = cxl->regs.comp_bar,
		.flags = VFIO_CXL_CAP_FIRMWARE_COMMITTED,
		.hdm_regs_offset = cxl->regs.comp_offset + CXL_CM_SIZE,
		.dpa_region_index = VFIO_CXL_MEMORY_INDEX,
		.comp_regs_region_index = VFIO_CXL_COMP_REGS_INDEX,
	};

	BUILD_BUG_ON(sizeof(cap) != 32);

	if (vfio_cxl_cache_capable(cxl))
		cap.flags |= VFIO_CXL_CAP_CACHE_CAPABLE;

	return vfio_info_add_capability(caps,
					(struct vfio_info_cap_header *)&cap,
					sizeof(cap));
}

/**
 * vfio_cxl_get_info - VFIO_DEVICE_GET_INFO
 * @cxl: the device
 * @arg: the user's struct
 *
 * The core has no hook to append a capability, so a device with memory gets
 * the whole answer from here.
 *
 * Return: 0 or an error, as the core.
 */
long vfio_cxl_get_info(struct vfio_cxl_device *cxl,
		       struct vfio_device_info __user *arg)
{
	size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_info_cap caps = {};
	struct vfio_device_info info = {};
	long ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	minsz = min_t(size_t, info.argsz, sizeof(info));

	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_CAPS |
		     VFIO_CXL_DEVICE_FLAGS_CXL;
	if (cxl->core.reset_works)
		info.flags |= VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS + cxl->core.num_regions;
	info.num_irqs = VFIO_PCI_NUM_IRQS;

	ret = info_atomic_cap(cxl, &caps);
	if (!ret)
		ret = info_cxl_cap(cxl, &caps);
	if (ret)
		goto out;

	if (info.argsz < sizeof(info) + caps.size) {
		info.argsz = sizeof(info) + caps.size;
	} else {
		vfio_info_cap_shift(&caps, sizeof(info));
		if (copy_to_user(arg + 1, caps.buf, caps.size)) {
			ret = -EFAULT;
			goto out;
		}
		info.cap_offset = sizeof(info);
	}
	if (copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
out:
	kfree(caps.buf);

	return ret;
}

#ifdef VFIO_CXL_REGION_INFO_OP
/**
 * vfio_cxl_get_region_info_op - VFIO_DEVICE_GET_REGION_INFO
 * @vdev: the device
 * @info: which region; filled in
 * @caps: capabilities are added
 *
 * Return: 0 or an error, as the core.
 */
int vfio_cxl_get_region_info_op(struct vfio_device *vdev,
				struct vfio_region_info *info,
				struct vfio_info_cap *caps)
{
	int ret = vfio_pci_ioctl_get_region_info(vdev, info, caps);

	if (ret)
		return ret;

	return vfio_cxl_region_open(vfio_cxl_of(vdev), info->index,
				    &info->flags, caps);
}
#else
/* What the core says of a BAR; it has no function for this to share */
static int bar_info(struct vfio_cxl_device *cxl, struct vfio_region_info *info,
		    struct vfio_info_cap *caps)
{
	struct vfio_info_cap_header mappable = {
		.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
		.version = 1,
	};
	struct vfio_pci_core_device *core = &cxl->core;
	int ret;

	info->offset = VFIO_PCI_INDEX_TO_OFFSET(info->index);
	info->size = pci_resource_len(core->pdev, info->index);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (core->bar_mmap_supported[info->index])
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;

	ret = vfio_cxl_region_open(cxl, info->index, &info->flags, caps);
	if (!ret && (info->flags & VFIO_REGION_INFO_FLAG_MMAP) &&
	    info->index == core->msix_bar)
		ret = vfio_info_add_capability(caps, &mappable,
					       sizeof(mappable));

	return ret;
}

/**
 * vfio_cxl_get_region_info - VFIO_DEVICE_GET_REGION_INFO
 * @cxl: the device
 * @arg: the user's struct
 *
 * Return: 0 or an error, as the core.
 */
long vfio_cxl_get_region_info(struct vfio_cxl_device *cxl,
			      struct vfio_region_info __user *arg)
{
	size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = {};
	struct vfio_region_info info;
	long ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	if (!vfio_cxl_region_closed(cxl, info.index))
		return vfio_pci_core_ioctl(&cxl->core.vdev,
					   VFIO_DEVICE_GET_REGION_INFO,
					   (unsigned long)arg);

	info.cap_offset = 0;
	ret = bar_info(cxl, &info, &caps);
	if (ret)
		goto out;

	if (caps.size) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			if (copy_to_user(arg + 1, caps.buf, caps.size)) {
				ret = -EFAULT;
				goto out;
			}
			info.cap_offset = sizeof(info);
		}
	}
	if (copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
out:
	kfree(caps.buf);

	return ret;
}
#endif
