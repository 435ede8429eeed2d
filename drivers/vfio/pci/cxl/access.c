// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: what a user may touch
 *
 * The VFIO core hands BARs and extended config space through as they are. For a
 * CXL device that would let a user program the physical decoder and ring the
 * mailbox, so component and device registers are closed in BARs, and CXL DVSECs,
 * DOE and the power state in config space: writes are dropped, and reads give
 * the shadow where there is one, else what is harmless.
 */
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "fault.h"
#include "vfio_cxl.h"

static u32 shadow_read(struct vfio_cxl_device *cxl, u32 offset)
{
	u32 value;

	mutex_lock(&cxl->shadow_lock);
	value = vfio_cxl_comp_regs_read(&cxl->comp_regs, offset);
	mutex_unlock(&cxl->shadow_lock);

	return value;
}

/* The dword at @pos of a closed block, as a user sees it */
static u32 block_read(struct vfio_cxl_device *cxl,
		      const struct vfio_cxl_block *block, u64 pos)
{
	u64 cm = cxl->regs.comp_offset + CXL_CM_SIZE;

	if (!cxl->regions || block->bar != cxl->regs.comp_bar ||
	    pos < cm || pos >= cm + CXL_CM_SIZE)
		return 0;

	return shadow_read(cxl, pos - cm);
}

/* At most one dword, so that bytes and words read right too */
static ssize_t closed_rw(struct vfio_cxl_device *cxl,
			 const struct vfio_cxl_block *block, char __user *buf,
			 size_t count, loff_t *ppos, bool write)
{
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	unsigned int byte = pos & 3;
	__le32 value;

	count = min_t(size_t, count, sizeof(value) - byte);
	if (!write) {
		value = cpu_to_le32(block_read(cxl, block, pos - byte));
		if (copy_to_user(buf, (u8 *)&value + byte, count))
			return -EFAULT;
	}
	*ppos += count;

	return count;
}

static ssize_t core_rw(struct vfio_cxl_device *cxl, char __user *buf,
		       size_t count, loff_t *ppos, bool write)
{
	if (write)
		return vfio_pci_core_write(&cxl->core.vdev, buf, count, ppos);

	return vfio_pci_core_read(&cxl->core.vdev, buf, count, ppos);
}

static ssize_t bar_rw(struct vfio_cxl_device *cxl, unsigned int bar,
		      char __user *buf, size_t count, loff_t *ppos, bool write)
{
	const struct vfio_cxl_regs *regs = &cxl->regs;
	const struct vfio_cxl_block *block;
	ssize_t done = 0, ret = 0;
	size_t n;

	while (done < count) {
		n = count - done;
		block = vfio_cxl_block_at(regs->blocks, regs->nr_blocks, bar,
					  *ppos & VFIO_PCI_OFFSET_MASK, &n);
		if (block)
			ret = closed_rw(cxl, block, buf + done, n, ppos, write);
		else
			ret = core_rw(cxl, buf + done, n, ppos, write);
		if (ret <= 0)
			break;
		done += ret;
	}

	return done ?: ret;
}

/*
 * The closed range at @pos of config space, or NULL. @n is cut where that
 * changes.
 */
static const struct vfio_cxl_config *
config_at(const struct vfio_cxl_device *cxl, u64 pos, size_t *n)
{
	unsigned int i;

	for (i = 0; i < cxl->regs.nr_config; i++) {
		const struct vfio_cxl_config *config = &cxl->regs.config[i];

		if (pos >= config->end)
			continue;
		if (pos >= config->start) {
			*n = min_t(u64, *n, config->end - pos);
			return config;
		}
		*n = min_t(u64, *n, config->start - pos);
	}

	return NULL;
}

/* The one with a shadow; a device may show more than one */
static bool is_shadow(const struct vfio_cxl_device *cxl,
		      const struct vfio_cxl_config *config)
{
	return config->kind == VFIO_CXL_CONFIG_DEVICE &&
	       config->start == cxl->regs.dvsec;
}

/*
 * The user sets Initiate CXL Reset. The function's own reset does no less, and
 * is gated, bracketed and undone like any other. Its hook puts the shadow back,
 * which this reset leaves as it is but for the answer.
 */
static void cxl_reset(struct vfio_cxl_device *cxl)
{
	bool good, clear;

	mutex_lock(&cxl->shadow_lock);
	cxl->dvsec_keep++;
	clear = cxl->dvsec.control2 & CXL_DVSEC_CTRL2_MEM_CLR;
	mutex_unlock(&cxl->shadow_lock);

	vfio_cxl_gate_close(cxl, VFIO_CXL_GATE_CXL_RESET);
	good = !vfio_cxl_fails("CXL reset") &&
	       !vfio_pci_core_ioctl(&cxl->core.vdev, VFIO_DEVICE_RESET, 0);
	vfio_cxl_gate_release(cxl, VFIO_CXL_GATE_CXL_RESET);
	flush_work(&cxl->restore_work);
	if (cxl->regions)
		good = good && vfio_cxl_live(cxl);
	if (good && clear)
		good = !vfio_cxl_memory_clear(cxl, true);

	mutex_lock(&cxl->shadow_lock);
	cxl->dvsec_keep--;
	vfio_cxl_dvsec_reset_over(&cxl->dvsec, good);
	mutex_unlock(&cxl->shadow_lock);
}

/* At most one dword, and not while a reset has config space for itself */
static ssize_t config_closed_read(struct vfio_cxl_device *cxl,
				  const struct vfio_cxl_config *config,
				  char __user *buf, size_t count, u64 pos)
{
	unsigned int byte = (pos - config->start) & 3;
	u32 offset = pos - config->start - byte;
	__le32 value;
	u32 hw = ~0;

	pci_user_read_config_dword(cxl->core.pdev, config->start + offset, &hw);
	if (is_shadow(cxl, config)) {
		mutex_lock(&cxl->shadow_lock);
		hw = vfio_cxl_dvsec_read(&cxl->dvsec, offset, hw);
		mutex_unlock(&cxl->shadow_lock);
	} else {
		hw = vfio_cxl_config_view(config->kind, offset, hw);
	}

	count = min_t(size_t, count, sizeof(value) - byte);
	value = cpu_to_le32(hw);
	if (copy_to_user(buf, (u8 *)&value + byte, count))
		return -EFAULT;

	return count;
}

static ssize_t config_closed_write(struct vfio_cxl_device *cxl,
				   const struct vfio_cxl_config *config,
				   const char __user *buf, size_t count,
				   u64 pos)
{
	unsigned int byte = (pos - config->start) & 3;
	u32 offset = pos - config->start - byte;
	__le32 value = 0, mask = 0;
	bool reset;

	if (!is_shadow(cxl, config))
		return count;

	count = min_t(size_t, count, sizeof(value) - byte);
	if (copy_from_user((u8 *)&value + byte, buf, count))
		return -EFAULT;
	memset((u8 *)&mask + byte, 0xff, count);

	mutex_lock(&cxl->shadow_lock);
	reset = vfio_cxl_dvsec_write(&cxl->dvsec, offset, le32_to_cpu(value),
				     le32_to_cpu(mask));
	mutex_unlock(&cxl->shadow_lock);
	if (reset)
		cxl_reset(cxl);

	return count;
}

/*
 * Memory Space in hardware is the driver's; the user's bit is virtual. The core
 * writes it through all the same, so cmd_lock keeps those out who read
 * registers until it is on again. The user's page is brought in before: whoever
 * provides it could hold cmd_lock for as long as he likes.
 */
static ssize_t command_write(struct vfio_cxl_device *cxl, char __user *buf,
			     size_t count, loff_t *ppos)
{
	ssize_t ret;

	do {
		if (fault_in_readable(buf, count))
			return -EFAULT;
		if (vfio_cxl_fails("killed") ||
		    mutex_lock_killable(&cxl->cmd_lock))
			return -EINTR;
		pagefault_disable();
		ret = core_rw(cxl, buf, count, ppos, true);
		pagefault_enable();
		vfio_cxl_memory_space_on(cxl);
		mutex_unlock(&cxl->cmd_lock);
	} while (ret == -EFAULT);

	return ret;
}

/* Up to the command register, that alone, or what is behind it */
static ssize_t config_write_open(struct vfio_cxl_device *cxl, char __user *buf,
				 size_t count, loff_t *ppos)
{
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	ssize_t ret;

	if (pos < PCI_COMMAND)
		count = min_t(size_t, count, PCI_COMMAND - pos);
	else if (pos < PCI_STATUS)
		return command_write(cxl, buf,
				     min_t(size_t, count, PCI_STATUS - pos),
				     ppos);

	ret = core_rw(cxl, buf, count, ppos, true);
	/* It may have been a function level reset */
	flush_work(&cxl->restore_work);

	return ret;
}

static ssize_t config_write(struct vfio_cxl_device *cxl, char __user *buf,
			    size_t count, loff_t *ppos)
{
	const struct vfio_cxl_config *config;
	ssize_t done = 0, ret = 0;
	size_t n;

	while (done < count) {
		u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;

		n = count - done;
		config = config_at(cxl, pos, &n);
		if (config) {
			ret = config_closed_write(cxl, config, buf + done, n,
						  pos);
			*ppos += max_t(ssize_t, ret, 0);
		} else {
			ret = config_write_open(cxl, buf + done, n, ppos);
		}
		if (ret <= 0)
			break;
		done += ret;
	}

	return done ?: ret;
}

/*
 * The core reads Memory Space from hardware, where it is always on. What the
 * user wrote last is in the core's virtual config space.
 */
static int patch_command(struct vfio_cxl_device *cxl, u8 __user *byte)
{
	u8 value;

	if (get_user(value, byte))
		return -EFAULT;
	value &= ~PCI_COMMAND_MEMORY;
	value |= cxl->core.vconfig[PCI_COMMAND] & PCI_COMMAND_MEMORY;

	return put_user(value, byte);
}

/* What is hidden never gets into the user's buffer, not even for a moment */
static ssize_t config_read(struct vfio_cxl_device *cxl, char __user *buf,
			   size_t count, loff_t *ppos)
{
	u64 start = *ppos & VFIO_PCI_OFFSET_MASK;
	const struct vfio_cxl_config *config;
	ssize_t done = 0, ret = 0;
	size_t n;

	while (done < count) {
		n = count - done;
		config = config_at(cxl, start + done, &n);
		if (config) {
			ret = config_closed_read(cxl, config, buf + done, n,
						 start + done);
			*ppos += max_t(ssize_t, ret, 0);
		} else {
			ret = core_rw(cxl, buf + done, n, ppos, false);
		}
		if (ret <= 0)
			break;
		done += ret;
	}

	if (start <= PCI_COMMAND && start + done > PCI_COMMAND &&
	    patch_command(cxl, (u8 __user *)buf + (PCI_COMMAND - start)))
		return -EFAULT;

	return done ?: ret;
}

/**
 * vfio_cxl_region_closed - is a part of a region closed?
 * @cxl: the device
 * @index: VFIO region index
 *
 * Return: the answer.
 */
bool vfio_cxl_region_closed(const struct vfio_cxl_device *cxl,
			    unsigned int index)
{
	return vfio_cxl_bar_closed(cxl->regs.blocks, cxl->regs.nr_blocks,
				   index);
}

static ssize_t device_rw(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos, bool write)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of(vdev);
	unsigned int index = VFIO_PCI_OFFSET_TO_INDEX(*ppos);

	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return write ? config_write(cxl, buf, count, ppos) :
			       config_read(cxl, buf, count, ppos);
	if (vfio_cxl_region_closed(cxl, index))
		return bar_rw(cxl, index, buf, count, ppos, write);

	return core_rw(cxl, buf, count, ppos, write);
}

/**
 * vfio_cxl_read - read of the VFIO device
 * @vdev: the device
 * @buf: where to
 * @count: bytes
 * @ppos: region and offset
 *
 * Return: bytes read, or an error of vfio_pci_core_read().
 */
ssize_t vfio_cxl_read(struct vfio_device *vdev, char __user *buf, size_t count,
		      loff_t *ppos)
{
	return device_rw(vdev, buf, count, ppos, false);
}

/**
 * vfio_cxl_write - write of the VFIO device
 * @vdev: the device
 * @buf: where from
 * @count: bytes
 * @ppos: region and offset
 *
 * Return: bytes written, closed ones included, or an error of
 * vfio_pci_core_write().
 */
ssize_t vfio_cxl_write(struct vfio_device *vdev, const char __user *buf,
		       size_t count, loff_t *ppos)
{
	return device_rw(vdev, (char __user *)buf, count, ppos, true);
}

/* What may be mapped of a BAR of which a part is closed */
static unsigned int open_areas(const struct vfio_cxl_device *cxl,
			       unsigned int bar, struct vfio_cxl_area *areas)
{
	return vfio_cxl_bar_areas(cxl->regs.blocks, cxl->regs.nr_blocks, bar,
				  pci_resource_len(cxl->core.pdev, bar),
				  PAGE_SIZE, areas);
}

/**
 * vfio_cxl_mmap - mmap of the VFIO device
 * @vdev: the device
 * @vma: what to map
 *
 * Return: 0; -EINVAL for a part of a BAR that is closed; an error of
 * vfio_pci_core_mmap().
 */
int vfio_cxl_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	unsigned int index = vma->vm_pgoff >>
			     (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT);
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT & VFIO_PCI_OFFSET_MASK;
	u64 size = vma->vm_end - vma->vm_start;
	struct vfio_cxl_device *cxl = vfio_cxl_of(vdev);
	struct vfio_cxl_area areas[VFIO_CXL_MAX_AREAS];
	unsigned int n;

	if (!vfio_cxl_region_closed(cxl, index))
		return vfio_pci_core_mmap(vdev, vma);

	for (n = open_areas(cxl, index, areas); n; n--)
		if (start >= areas[n - 1].start && start < areas[n - 1].end &&
		    size <= areas[n - 1].end - start)
			return vfio_pci_core_mmap(vdev, vma);

	return -EINVAL;
}

/**
 * vfio_cxl_region_open - what of a BAR may be mapped, for its region info
 * @cxl: the device
 * @index: VFIO region index
 * @flags: as the core has them; MMAP is cleared where nothing may be
 * @caps: a sparse mmap capability is added where something is closed
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_region_open(struct vfio_cxl_device *cxl, unsigned int index,
			 u32 *flags, struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	struct vfio_cxl_area areas[VFIO_CXL_MAX_AREAS];
	unsigned int i, count;
	size_t size;
	int ret;

	if (!vfio_cxl_region_closed(cxl, index) ||
	    !(*flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;

	count = open_areas(cxl, index, areas);
	if (!count) {
		*flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
		return 0;
	}

	size = struct_size(sparse, areas, count);
	sparse = kzalloc(size, GFP_KERNEL);
	if (!sparse)
		return -ENOMEM;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = count;
	for (i = 0; i < count; i++) {
		sparse->areas[i].offset = areas[i].start;
		sparse->areas[i].size = areas[i].end - areas[i].start;
	}
	ret = vfio_info_add_capability(caps, &sparse->header, size);
	kfree(sparse);

	return ret;
}

/**
 * vfio_cxl_comp_regs_rw - read or write the COMP_REGS region
 * @core: the device
 * @buf: the user's buffer
 * @count: 4
 * @ppos: region and offset, a multiple of 4
 * @write: which of the two
 *
 * Return: 4, or -EINVAL for anything else.
 */
ssize_t vfio_cxl_comp_regs_rw(struct vfio_pci_core_device *core,
			      char __user *buf, size_t count, loff_t *ppos,
			      bool write)
{
	struct vfio_cxl_device *cxl = vfio_cxl_of_core(core);
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	__le32 value;

	if (pos >= CXL_CM_SIZE || !IS_ALIGNED(pos, sizeof(value)) ||
	    count != sizeof(value))
		return -EINVAL;

	if (write) {
		if (copy_from_user(&value, buf, sizeof(value)))
			return -EFAULT;
		mutex_lock(&cxl->shadow_lock);
		vfio_cxl_comp_regs_write(&cxl->comp_regs, pos,
					 le32_to_cpu(value));
		mutex_unlock(&cxl->shadow_lock);
	} else {
		value = cpu_to_le32(shadow_read(cxl, pos));
		if (copy_to_user(buf, &value, sizeof(value)))
			return -EFAULT;
	}
	*ppos += sizeof(value);

	return sizeof(value);
}
