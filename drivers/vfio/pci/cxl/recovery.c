// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: resets, fatal errors and system sleep
 *
 * Events that come to the PCI driver, not to a VFIO user. All of them run under
 * the device lock, some also under the VFIO core's memory_lock, so they close
 * the gate and leave what takes long to restore_work.
 */
#include <linux/suspend.h>

#include "fault.h"
#include "vfio_cxl.h"

static struct vfio_cxl_device *recovery_device(struct device *dev)
{
	return vfio_cxl_of_core(dev_get_drvdata(dev));
}

/**
 * vfio_cxl_config_take - before the VFIO core enables or closes the device
 * @cxl: the device
 *
 * The core saves config space and restores it without the device lock, which it only
 * tries to take. A reset that somebody else asked for does the same with the same
 * buffer: BARs that it saves, or leaves, in the middle of the other one are lost, and
 * stay so. So resets that are under way are waited for here, and those that begin wait
 * for vfio_cxl_config_give().
 */
void vfio_cxl_config_take(struct vfio_cxl_device *cxl)
{
	lockdep_assert_held(&cxl->cmd_lock);

	spin_lock_irq(&cxl->config_lock);
	wait_event_lock_irq(cxl->config_wait, !cxl->config_resets, cxl->config_lock);
	cxl->config_owner = current;
	spin_unlock_irq(&cxl->config_lock);
}

/**
 * vfio_cxl_config_give - after vfio_cxl_config_take()
 * @cxl: the device
 */
void vfio_cxl_config_give(struct vfio_cxl_device *cxl)
{
	spin_lock_irq(&cxl->config_lock);
	cxl->config_owner = NULL;
	wake_up_all(&cxl->config_wait);
	spin_unlock_irq(&cxl->config_lock);
}

/* The core's own resets, at open and close, are part of these */
static void config_reset(struct vfio_cxl_device *cxl, bool begins)
{
	spin_lock_irq(&cxl->config_lock);
	if (cxl->config_owner != current && begins) {
		wait_event_lock_irq(cxl->config_wait, !cxl->config_owner,
				    cxl->config_lock);
		cxl->config_resets++;
	} else if (cxl->config_owner != current &&
		   !WARN_ON_ONCE(!cxl->config_resets)) {
		cxl->config_resets--;
		wake_up_all(&cxl->config_wait);
	}
	spin_unlock_irq(&cxl->config_lock);
}

/* A reset of the link took the BARs' addresses along; nobody else knows them */
static int config_back(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	int ret;

	ret = pci_load_saved_state(pdev, cxl->saved);
	if (!ret)
		pci_restore_state(pdev);

	return ret;
}

/*
 * After a fatal error slot_reset() may never have come: recovery gives up where
 * another function of the slot has no driver. The reset that begins saves and
 * restores what it finds, so it has to find the right thing.
 */
static void reset_prepare(struct pci_dev *pdev)
{
	struct vfio_cxl_device *cxl = recovery_device(&pdev->dev);

	config_reset(cxl, true);
	if (vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_RESET) &
	    VFIO_CXL_GATE_ERROR)
		config_back(cxl);
}

static void reset_done(struct pci_dev *pdev)
{
	struct vfio_cxl_device *cxl = recovery_device(&pdev->dev);

	config_reset(cxl, false);
	vfio_cxl_gate_reset_done(cxl);
}

/*
 * Does anybody else below the root port have a say in the recovery? A driver of
 * his may ask for a reset of the link where ours would not.
 */
static bool has_company(struct pci_dev *pdev)
{
	struct pci_bus *bus;

	for (bus = pdev->bus; bus->self; bus = bus->parent)
		if (!list_is_singular(&bus->devices))
			return true;

	return false;
}

/*
 * A fatal error resets the link, decoders and all, without reset hooks. The
 * memory stays gated until a reset that somebody asked for: whoever used it has
 * to know that the device lost its state, and the core's eventfd tells him.
 */
static pci_ers_result_t error_detected(struct pci_dev *pdev,
				       pci_channel_state_t state)
{
	struct vfio_cxl_device *cxl = recovery_device(&pdev->dev);
	bool fatal = state != pci_channel_io_normal;
	pci_ers_result_t result;
	u32 before;

	WRITE_ONCE(cxl->recovering, state != pci_channel_io_perm_failure);
	if (fatal || has_company(pdev)) {
		before = vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_ERROR);
		cxl->lost = fatal ||
			    (cxl->lost && (before & VFIO_CXL_GATE_ERROR));
	}

	result = vfio_pci_core_aer_err_detected(pdev, state);
	if (state == pci_channel_io_frozen)
		result = PCI_ERS_RESULT_NEED_RESET;

	return result;
}

static pci_ers_result_t slot_reset(struct pci_dev *pdev)
{
	struct vfio_cxl_device *cxl = recovery_device(&pdev->dev);

	cxl->lost = true;
	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_ERROR);
	if (config_back(cxl))
		return PCI_ERS_RESULT_DISCONNECT;

	return PCI_ERS_RESULT_RECOVERED;
}

/* Recovery is over. Nothing is lost where nobody wanted a reset of the link */
static void resume(struct pci_dev *pdev)
{
	struct vfio_cxl_device *cxl = recovery_device(&pdev->dev);

	WRITE_ONCE(cxl->recovering, false);
	if (!cxl->lost)
		vfio_cxl_gate_release(cxl, VFIO_CXL_GATE_ERROR);
}

const struct pci_error_handlers vfio_cxl_err_handlers = {
	.error_detected = error_detected,
	.slot_reset = slot_reset,
	.resume = resume,
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};

/*
 * While the system sleeps the device is in D3, or without power. User space is
 * frozen by then, and thaws only after the memory is there again.
 */
static int system_suspend(struct device *dev)
{
	struct vfio_cxl_device *cxl = recovery_device(dev);

	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_SUSPEND);
	/* Nobody reads registers of a device in D3; resume queues it again */
	cancel_work_sync(&cxl->restore_work);

	return 0;
}

static int system_resume(struct device *dev)
{
	struct vfio_cxl_device *cxl = recovery_device(dev);

	vfio_cxl_gate_release(cxl, VFIO_CXL_GATE_SUSPEND);
	flush_work(&cxl->restore_work);

	return 0;
}

/* The core's, which has runtime power management only, and ours */
static struct dev_pm_ops recovery_pm_ops;

/**
 * vfio_cxl_recovery_pm - power management operations of the core's, and ours
 * @driver: our driver, to which the core has just given its own
 */
void vfio_cxl_recovery_pm(struct device_driver *driver)
{
	if (!driver->pm || driver->pm == &recovery_pm_ops)
		return;
	recovery_pm_ops.runtime_suspend = driver->pm->runtime_suspend;
	recovery_pm_ops.runtime_resume = driver->pm->runtime_resume;
	recovery_pm_ops.suspend = system_suspend;
	recovery_pm_ops.resume = system_resume;
	driver->pm = &recovery_pm_ops;
}

/* The image would not hold the device's memory */
static int pm_notify(struct notifier_block *block, unsigned long event,
		     void *unused)
{
	struct vfio_cxl_device *cxl = container_of(block,
						   struct vfio_cxl_device, pm);

	if (event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	pci_err(cxl->core.pdev, "can't hibernate: unbind the device first\n");

	return notifier_from_errno(-EBUSY);
}

/**
 * vfio_cxl_recovery_init - be ready for fatal errors and system sleep
 * @cxl: the device, registered with the VFIO core
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_recovery_init(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	int ret;

	ret = vfio_cxl_fails("pci_save_state") ? -ENOMEM : pci_save_state(pdev);
	if (ret)
		return ret;
	cxl->saved = pci_store_saved_state(pdev);
	if (!cxl->saved)
		return -ENOMEM;

	cxl->pm.notifier_call = pm_notify;
	ret = vfio_cxl_fails("PM notifier") ? -EEXIST :
	      register_pm_notifier(&cxl->pm);
	if (ret) {
		kfree(cxl->saved);
		cxl->saved = NULL;
	}

	return ret;
}

/**
 * vfio_cxl_recovery_exit - undo vfio_cxl_recovery_init()
 * @cxl: the device
 */
void vfio_cxl_recovery_exit(struct vfio_cxl_device *cxl)
{
	unregister_pm_notifier(&cxl->pm);
	/* Where slot_reset() never came the BARs are still empty */
	if (READ_ONCE(cxl->gate) & VFIO_CXL_GATE_ERROR)
		config_back(cxl);
	kfree(cxl->saved);
	cxl->saved = NULL;
}
