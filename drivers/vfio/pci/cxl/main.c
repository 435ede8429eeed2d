// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: cxl-vfio-pci
 *
 * A vfio-pci variant driver for CXL memory devices. This file wires the parts
 * to the PCI core and to VFIO: ids, probe and remove, open and close, ioctls. It
 * decides nothing.
 */
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "changes.h"
#include "compat.h"
#include "dc.h"
#include "fault.h"
#include "host.h"
#include "tag.h"
#include "vfio_cxl.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define CXL_MEMORY_PROGIF	0x10

/**
 * vfio_cxl_refuse - note why something is refused
 * @why: filled in
 * @err: errno, or 0
 * @reason: which
 * @fmt: what it is about
 *
 * Return: @err.
 */
int vfio_cxl_refuse(struct vfio_cxl_why *why, int err,
		    enum vfio_cxl_reason reason, const char *fmt, ...)
{
	va_list args;

	memset(why, 0, sizeof(*why));
	why->reason = reason;
	va_start(args, fmt);
	vscnprintf(why->element, sizeof(why->element), fmt, args);
	va_end(args);

	return err;
}

static int device_init(struct vfio_device *vdev)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of(vdev);
	int ret;

	ret = vfio_cxl_fails("init") ? -ENOMEM : vfio_pci_core_init_dev(vdev);
	if (ret)
		return ret;

	mutex_init(&cxl->cmd_lock);
	mutex_init(&cxl->shadow_lock);
	init_rwsem(&cxl->gate_sem);
	spin_lock_init(&cxl->config_lock);
	init_waitqueue_head(&cxl->config_wait);
	spin_lock_init(&cxl->maps_lock);
	vfio_cxl_backends_init(&cxl->backends);
	INIT_WORK(&cxl->restore_work, vfio_cxl_gate_work);
	scnprintf(cxl->name, sizeof(cxl->name), "vfio-cxl-%s",
		  pci_name(cxl->core.pdev));

	return 0;
}

static bool clear_on_close;
module_param(clear_on_close, bool, 0644);
MODULE_PARM_DESC(clear_on_close,
		 "zero the memory after the last close, and Dynamic Capacity before it is given back (default: off)");

/**
 * vfio_cxl_clears - is memory zeroed before somebody else gets it?
 *
 * Return: what the parameter clear_on_close says now.
 */
bool vfio_cxl_clears(void)
{
	return READ_ONCE(clear_on_close);
}

/* Give the tenancy its view of the memory, if there is any */
static int open_regions(struct vfio_cxl_device *cxl)
{
	int ret = 0;

	lockdep_assert_held(&cxl->cmd_lock);

	if (vfio_cxl_has_memory(cxl))
		ret = vfio_cxl_regions_register(cxl);
	if (!ret)
		ret = vfio_cxl_host_open(cxl);
	if (ret || !vfio_cxl_has_memory(cxl))
		return ret;

	mutex_lock(&cxl->shadow_lock);
	vfio_cxl_comp_regs_init(&cxl->comp_regs, &cxl->hdm, &cxl->want,
				vfio_cxl_cache_capable(cxl));
	vfio_cxl_guest_begin(cxl);
	cxl->regions = true;
	mutex_unlock(&cxl->shadow_lock);

	return 0;
}

static void close_regions(struct vfio_cxl_device *cxl)
{
	lockdep_assert_held(&cxl->cmd_lock);

	mutex_lock(&cxl->shadow_lock);
	cxl->regions = false;
	vfio_cxl_guest_end(cxl);
	mutex_unlock(&cxl->shadow_lock);
}

/*
 * The core believes how long a capability says it is, and marks it in a map of
 * config space past the map's end. A device may say so at any time, so no check
 * would hold. With a map of twice the size there is room for any that begins in
 * config space. What is behind that can't be read on x86, so the open fails; where
 * such an address wraps, the core has values there that nobody can ask for.
 */
static int core_enable(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	int size = pdev->cfg_size;
	int ret;

	if (vfio_cxl_fails("enable"))
		return -EIO;

	pdev->cfg_size = 2 * PCI_CFG_SPACE_EXP_SIZE;
	ret = vfio_pci_core_enable(&cxl->core);
	pdev->cfg_size = size;

	return ret;
}

/* Enabling resets the device, so the decoders are gone and come back */
static int device_open(struct vfio_device *vdev)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of(vdev);
	int ret, restored;

	mutex_lock(&cxl->cmd_lock);
	if (vfio_cxl_tags_device(cxl->tags)) {
		dev_warn_ratelimited(&cxl->core.pdev->dev,
				     "not opened: there are descriptors of its Dynamic Capacity, which an open would reset\n");
		ret = -EBUSY;
		goto out_unlock;
	}
	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_OPEN);
	vfio_cxl_config_take(cxl);
	ret = core_enable(cxl);
	vfio_cxl_config_give(cxl);
	restored = vfio_cxl_gate_open(cxl, VFIO_CXL_GATE_OPEN, true);
	if (ret)
		goto out_unlock;

	/* Memory that did not come back is no device without memory */
	ret = restored;
	if (!ret)
		ret = vfio_cxl_memory_clean(cxl, true);
	if (!ret)
		ret = open_regions(cxl);
	if (ret)
		goto err_disable;

	mutex_lock(&cxl->shadow_lock);
	vfio_cxl_dvsec_found(cxl, &cxl->dvsec);
	mutex_unlock(&cxl->shadow_lock);
	vfio_pci_core_finish_enable(&cxl->core);
	cxl->open = true;
	mutex_unlock(&cxl->cmd_lock);
	/* From now on somebody waits for offers */
	if (vfio_cxl_dc_ready(cxl))
		vfio_cxl_events_kick(cxl->dc);

	return 0;

err_disable:
	/* A failed open never reaches close */
	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_CLOSE);
	vfio_cxl_config_take(cxl);
	vfio_pci_core_disable(&cxl->core);
	vfio_cxl_config_give(cxl);
	vfio_cxl_gate_open(cxl, VFIO_CXL_GATE_CLOSE, false);
out_unlock:
	mutex_unlock(&cxl->cmd_lock);

	return ret;
}

/* Closing resets too, and most of its ways run no reset hooks */
static void device_close(struct vfio_device *vdev)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of(vdev);
	u32 reasons = VFIO_CXL_GATE_CLOSE;

	mutex_lock(&cxl->cmd_lock);
	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_CLOSE);
	close_regions(cxl);
	vfio_cxl_changes_tenancy_end(cxl->changes);
	vfio_cxl_config_take(cxl);
	vfio_pci_core_close_device(vdev);
	vfio_cxl_config_give(cxl);
	cxl->open = false;
	vfio_cxl_dc_tenancy_end(cxl);
	vfio_cxl_host_close(cxl);
	cxl->unclean |= clear_on_close && vfio_cxl_has_memory(cxl);
	/* The core did reset it, so a fatal error is over too */
	if (!cxl->core.needs_reset && !READ_ONCE(cxl->recovering))
		reasons |= VFIO_CXL_GATE_ERROR;
	/* Where it is not live yet, the next open clears it */
	if (!vfio_cxl_gate_open(cxl, reasons, false))
		vfio_cxl_memory_clean(cxl, false);
	mutex_unlock(&cxl->cmd_lock);
}

/* After a reset the memory is usable when the call returns, or the call fails */
static long device_reset(struct vfio_cxl_device *cxl, unsigned int cmd,
			 unsigned long arg)
{
	long ret = vfio_cxl_fails("reset") ? -EAGAIN :
		   vfio_pci_core_ioctl(&cxl->core.vdev, cmd, arg);

	flush_work(&cxl->restore_work);
	if (!ret && cxl->regions && !vfio_cxl_all_live(cxl))
		return -EIO;

	return ret;
}

static long device_ioctl(struct vfio_device *vdev, unsigned int cmd,
			 unsigned long arg)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of(vdev);
	long ret;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		if (!cxl->regions || !vfio_cxl_legacy_info())
			break;
		return vfio_cxl_get_info(cxl, (void __user *)arg);
#ifndef VFIO_CXL_REGION_INFO_OP
	case VFIO_DEVICE_GET_REGION_INFO:
		return vfio_cxl_get_region_info(cxl, (void __user *)arg);
#endif
	case VFIO_DEVICE_RESET:
	case VFIO_DEVICE_PCI_HOT_RESET:
		return device_reset(cxl, cmd, arg);
	case VFIO_DEVICE_IOEVENTFD:
		/* The core fetches the offset itself, so no check would hold */
		return -EINVAL;
	}

	if (_IOC_TYPE(cmd) == VFIO_CXL_TYPE) {
		ret = vfio_cxl_control_ioctl(cxl, false, cmd,
					     (void __user *)arg);
		if (ret != -ENOTTY)
			return ret;
	}

	return vfio_pci_core_ioctl(vdev, cmd, arg);
}

/* In D3 the device forgets its decoders, so it stays in D0 while bound */
static int device_feature(struct vfio_device *vdev, u32 flags, void __user *arg,
			  size_t argsz)
{
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY:
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP:
	case VFIO_DEVICE_FEATURE_LOW_POWER_EXIT:
		return -ENOTTY;
	}

	return vfio_pci_core_ioctl_feature(vdev, flags, arg, argsz);
}

static const struct vfio_device_ops device_ops = {
	.name = "cxl-vfio-pci",
	.init = device_init,
	.release = vfio_pci_core_release_dev,
	.open_device = device_open,
	.close_device = device_close,
	.ioctl = device_ioctl,
#ifdef VFIO_CXL_REGION_INFO_OP
	.get_region_info_caps = vfio_cxl_get_region_info_op,
#endif
	.device_feature = device_feature,
	.read = vfio_cxl_read,
	.write = vfio_cxl_write,
	.mmap = vfio_cxl_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
#ifdef VFIO_CXL_MATCH_TOKEN_OP
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#endif
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
};

/* Leave registers as they were found */
static void decoders_leave(struct vfio_cxl_device *cxl)
{
	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_REMOVED);
	cancel_work_sync(&cxl->restore_work);
	mutex_lock(&cxl->cmd_lock);
	vfio_cxl_decoder_leave(cxl);
	mutex_unlock(&cxl->cmd_lock);
	vfio_cxl_regs_exit(cxl);
}

/* Read what is there before anything is written */
static int device_discover(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	int ret;

	ret = vfio_cxl_regs_init(cxl);
	if (ret)
		return ret;

	ret = vfio_cxl_hdm_find(&cxl->hdm, &cxl->regs.io);
	if (ret == -ENOENT) {
		cxl->hdm.count = 0;
		ret = 0;
	} else if (!ret) {
		ret = vfio_cxl_hdm_snapshot(&cxl->hdm, &cxl->found);
	}
	if (ret) {
		pci_err(pdev, "component registers make no sense: %pe\n",
			ERR_PTR(ret));
		vfio_cxl_regs_exit(cxl);
		return ret;
	}

	mutex_lock(&cxl->cmd_lock);
	ret = vfio_cxl_decoder_found(cxl);
	if (!ret) {
		/* Nothing to keep anybody from yet: this only goes live */
		vfio_cxl_gate_close(cxl, 0);
		vfio_cxl_gate_open(cxl, 0, true);
	}
	mutex_unlock(&cxl->cmd_lock);
	if (ret) {
		vfio_cxl_regs_exit(cxl);
		return ret;
	}

	ret = vfio_cxl_dc_init(cxl);
	if (ret)
		decoders_leave(cxl);

	return ret;
}

/* Undo device_discover(): nobody can reach the device any more */
static void device_leave(struct vfio_cxl_device *cxl)
{
	/* Nobody waits for a restore any more, and it must not meet what follows */
	disable_work_sync(&cxl->restore_work);
	mutex_lock(&cxl->cmd_lock);
	if (cxl->unclean)
		vfio_cxl_gate_open(cxl, 0, true);
	if (vfio_cxl_memory_clean(cxl, false))
		pci_warn(cxl->core.pdev, "memory could not be cleared: it holds what the last user left\n");
	mutex_unlock(&cxl->cmd_lock);
	vfio_cxl_dc_exit(cxl);
	decoders_leave(cxl);
}

static int cxl_vfio_pci_probe(struct pci_dev *pdev,
			      const struct pci_device_id *id)
{
	struct vfio_cxl_device *cxl;
	int ret;

	cxl = vfio_alloc_device(vfio_cxl_device, core.vdev, &pdev->dev,
				&device_ops);
	if (IS_ERR(cxl))
		return PTR_ERR(cxl);
	dev_set_drvdata(&pdev->dev, &cxl->core);

	cxl->changes = vfio_cxl_changes_new(pci_name(pdev));
	if (!cxl->changes) {
		ret = -ENOMEM;
		goto err_put;
	}
	cxl->tags = vfio_cxl_fails("tags") ? NULL : vfio_cxl_tags_new();
	if (!cxl->tags) {
		ret = -ENOMEM;
		goto err_changes;
	}

	/* Idle runtime PM would put the device into D3, decoders and all */
	pm_runtime_get_noresume(&pdev->dev);
	ret = vfio_cxl_fails("pci_enable_device") ? -EIO :
	      pci_enable_device_mem(pdev);
	if (ret)
		goto err_tags;
	vfio_cxl_memory_space_on(cxl);

	ret = device_discover(cxl);
	if (ret)
		goto err_disable;

	ret = vfio_cxl_fails("register") ? -EINVAL :
	      vfio_pci_core_register_device(&cxl->core);
	/* The core puts its own there, even where it fails later */
	vfio_cxl_recovery_pm(pdev->dev.driver);
	if (ret)
		goto err_leave;

	ret = vfio_cxl_recovery_init(cxl);
	if (ret)
		goto err_unregister;

	ret = vfio_cxl_control_init(cxl);
	if (ret)
		goto err_recovery;

	return 0;

err_recovery:
	vfio_cxl_recovery_exit(cxl);
err_unregister:
	vfio_pci_core_unregister_device(&cxl->core);
err_leave:
	device_leave(cxl);
err_disable:
	pci_disable_device(pdev);
err_tags:
	pm_runtime_put_noidle(&pdev->dev);
	vfio_cxl_tags_put(cxl->tags);
err_changes:
	vfio_cxl_changes_end(cxl->changes);
err_put:
	vfio_put_device(&cxl->core.vdev);

	return ret;
}

static void cxl_vfio_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);
	struct vfio_cxl_device *cxl = vfio_cxl_of_core(core);

	/* Gone already: nobody may wait for the user with it mapped */
	if (!pci_device_is_present(pdev))
		vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_REMOVED);

	vfio_cxl_control_exit(cxl);
	vfio_cxl_host_stop(cxl);
	vfio_cxl_backends_end(&cxl->backends);
	vfio_cxl_tags_end(cxl->tags, NULL);
	vfio_cxl_recovery_exit(cxl);
	vfio_pci_core_unregister_device(&cxl->core);
	vfio_cxl_host_exit(cxl);
	device_leave(cxl);
	vfio_cxl_changes_end(cxl->changes);
	pci_disable_device(pdev);
	pm_runtime_put_noidle(&pdev->dev);
	vfio_cxl_tags_put(cxl->tags);
	vfio_put_device(&cxl->core.vdev);
}

/*
 * Matched by driver_override only, never by itself: the alias tells libvirt and
 * others which driver to choose. Any other CXL memory device binds by
 * driver_override too.
 */
static const struct pci_device_id cxl_vfio_pci_ids[] = {
	{
		.vendor = PCI_ANY_ID,
		.device = PCI_ANY_ID,
		.subvendor = PCI_ANY_ID,
		.subdevice = PCI_ANY_ID,
		.class = PCI_CLASS_MEMORY_CXL << 8 | CXL_MEMORY_PROGIF,
		.class_mask = ~0,
		.override_only = PCI_ID_F_VFIO_DRIVER_OVERRIDE,
	},
	{}
};
MODULE_DEVICE_TABLE(pci, cxl_vfio_pci_ids);

static struct pci_driver cxl_vfio_pci_driver = {
	.name = "cxl-vfio-pci",
	.id_table = cxl_vfio_pci_ids,
	.probe = cxl_vfio_pci_probe,
	.remove = cxl_vfio_pci_remove,
	.err_handler = &vfio_cxl_err_handlers,
	.driver_managed_dma = true,
};

static int __init cxl_vfio_pci_init(void)
{
	int ret;

	ret = vfio_cxl_netlink_init();
	if (ret)
		return ret;

	ret = pci_register_driver(&cxl_vfio_pci_driver);
	if (ret)
		vfio_cxl_netlink_exit();

	return ret;
}
module_init(cxl_vfio_pci_init);

static void __exit cxl_vfio_pci_exit(void)
{
	pci_unregister_driver(&cxl_vfio_pci_driver);
	vfio_cxl_netlink_exit();
}
module_exit(cxl_vfio_pci_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The vfio-cxl authors");
MODULE_DESCRIPTION("VFIO PCI driver for CXL memory devices");
MODULE_VERSION(VFIO_CXL_VERSION);
