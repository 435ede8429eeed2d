// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: where the registers are
 *
 * Finds what the CXL Device DVSEC and the Register Locator DVSEC (CXL 3.1,
 * 8.1.3 and 8.1.9) say, maps the component registers, and notes which parts of
 * BARs and config space are closed to the user. A device supplies all of it, so
 * every length and offset is checked against the BAR or the capability.
 */
#include <linux/delay.h>
#include <linux/io.h>

#include "fault.h"
#include "vfio_cxl.h"

#define CXL_VENDOR_ID			0x1e98

#define CXL_DVSEC_DEVICE		0

/* Register Locator DVSEC (8.1.9) */
#define CXL_DVSEC_LOCATOR		8
#define CXL_LOCATOR_FIRST		0x0c
#define CXL_LOCATOR_BIR			GENMASK(2, 0)
#define CXL_LOCATOR_TYPE		GENMASK(15, 8)
#define CXL_LOCATOR_TYPE_COMPONENT	1
#define CXL_LOCATOR_TYPE_DEVICE		3
#define CXL_LOCATOR_OFFSET_LO		GENMASK(31, 16)

#define CXL_COMPONENT_SIZE		SZ_64K

#define DOE_LEN				0x18
#define DVSEC_HEADERS			0x0a

/* Memory_Info_Valid has to come within 1 s of a reset (8.1.3.8.2) */
#define MEDIA_INFO_MS			1000
#define MEDIA_STEP_MS			10

static u32 cm_read(void *ctx, u32 offset)
{
	return readl((void __iomem *)ctx + offset);
}

static void cm_write(void *ctx, u32 offset, u32 value)
{
	writel(value, (void __iomem *)ctx + offset);
}

static void cm_sleep(void *ctx, unsigned int usec)
{
	fsleep(usec);
}

/**
 * vfio_cxl_map_cm - map a component's CXL.cache/mem registers
 * @component: physical address of its component block
 * @cm: the mapping, for iounmap()
 * @io: filled in, for hdm.c
 *
 * The range is not claimed: the VFIO core claims the whole BAR at open, and a
 * host bridge's registers are the CXL core's.
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_cxl_map_cm(phys_addr_t component, void __iomem **cm,
		    struct vfio_cxl_io *io)
{
	/* They are the second page of the block */
	*cm = vfio_cxl_fails("ioremap") ? NULL :
	      ioremap(component + CXL_CM_SIZE, CXL_CM_SIZE);
	if (!*cm)
		return -ENOMEM;

	io->read = cm_read;
	io->write = cm_write;
	io->sleep = cm_sleep;
	io->ctx = (void __force *)*cm;

	return 0;
}

static u32 dvsec_read32(struct vfio_cxl_device *cxl, u16 offset)
{
	u32 value = ~0;

	pci_read_config_dword(cxl->core.pdev, cxl->regs.dvsec + offset, &value);

	return value;
}

static u16 dvsec_read16(struct vfio_cxl_device *cxl, u16 offset)
{
	u16 value = ~0;

	pci_read_config_word(cxl->core.pdev, cxl->regs.dvsec + offset, &value);

	return value;
}

static void dvsec_write_control(struct vfio_cxl_device *cxl, u16 value)
{
	pci_write_config_word(cxl->core.pdev, cxl->regs.dvsec + CXL_DVSEC_CTRL,
			      value);
}

static unsigned int hdm_ranges(const struct vfio_cxl_device *cxl)
{
	unsigned int count = FIELD_GET(CXL_DVSEC_CAP_HDM_COUNT,
				       cxl->regs.capability);

	return min(count, 2U);
}

static u32 range_size_lo(struct vfio_cxl_device *cxl, unsigned int n)
{
	return dvsec_read32(cxl, CXL_DVSEC_RANGE(n) + CXL_DVSEC_RANGE_SIZE_LO);
}

/**
 * vfio_cxl_cache_capable - Cache_Capable of the CXL Device DVSEC
 * @cxl: the device
 *
 * Return: whether the device can do CXL.cache.
 */
bool vfio_cxl_cache_capable(const struct vfio_cxl_device *cxl)
{
	return cxl->regs.capability & CXL_DVSEC_CAP_CACHE;
}

/**
 * vfio_cxl_static_capacity - volatile and persistent capacity
 * @cxl: the device
 *
 * Return: bytes, from the ranges of the CXL Device DVSEC; 0 while unknown.
 */
u64 vfio_cxl_static_capacity(struct vfio_cxl_device *cxl)
{
	u64 total = 0;
	unsigned int n;

	for (n = 0; n < hdm_ranges(cxl); n++) {
		u32 hi = dvsec_read32(cxl, CXL_DVSEC_RANGE(n) +
					   CXL_DVSEC_RANGE_SIZE_HI);
		u32 lo = range_size_lo(cxl, n);
		u64 size = (u64)hi << 32 | (lo & CXL_DVSEC_RANGE_SIZE);

		if (PCI_POSSIBLE_ERROR(lo) || !(lo & CXL_DVSEC_RANGE_VALID) ||
		    check_add_overflow(total, size, &total))
			return 0;
	}

	return total;
}

/* Wait for a bit of a range, within @limit milliseconds */
static int range_await(struct vfio_cxl_device *cxl, unsigned int n, u32 bit,
		       unsigned long limit)
{
	unsigned long end = jiffies + msecs_to_jiffies(limit);
	bool last;
	u32 lo;

	if (vfio_cxl_fails("readiness"))
		return -EAGAIN;

	do {
		last = !limit || time_after(jiffies, end);
		lo = range_size_lo(cxl, n);
		if (PCI_POSSIBLE_ERROR(lo))
			return -ENODEV;
		if (lo & bit)
			return 0;
		if (READ_ONCE(cxl->gate) & (VFIO_CXL_GATE_REMOVED |
					    VFIO_CXL_GATE_SUSPEND))
			return -ENODEV;
		if (!last && msleep_interruptible(MEDIA_STEP_MS))
			return -EINTR;
	} while (!last);

	return -EAGAIN;
}

/**
 * vfio_cxl_await_media - is the memory ready to be used?
 * @cxl: the device
 * @wait: wait for it, as long as the device asks for (1 to 256 s)
 *
 * Return: 0; -EAGAIN if Memory_Active (8.1.3.8.2) did not come; -EINTR if a
 * signal did; -ENODEV if the device is gone.
 */
int vfio_cxl_await_media(struct vfio_cxl_device *cxl, bool wait)
{
	unsigned long limit;
	unsigned int n;
	u32 code;
	int ret;

	for (n = 0; n < hdm_ranges(cxl); n++) {
		ret = range_await(cxl, n, CXL_DVSEC_RANGE_VALID,
				  wait ? MEDIA_INFO_MS : 0);
		if (ret)
			return ret;
		/* 1, 4, 16, 64, 256 seconds; the rest is reserved */
		code = FIELD_GET(CXL_DVSEC_RANGE_TIMEOUT, range_size_lo(cxl, n));
		limit = MSEC_PER_SEC << (2 * min(code, 4U));
		ret = range_await(cxl, n, CXL_DVSEC_RANGE_ACTIVE,
				  wait ? limit : 0);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * vfio_cxl_mem_enable - let the device answer CXL.mem
 * @cxl: the device
 *
 * Return: 0; -EPERM if CONFIG_LOCK keeps Mem_Enable clear.
 */
int vfio_cxl_mem_enable(struct vfio_cxl_device *cxl)
{
	u16 control = dvsec_read16(cxl, CXL_DVSEC_CTRL);

	if (PCI_POSSIBLE_ERROR(control))
		return -ENODEV;
	if (control & CXL_DVSEC_CTRL_MEM)
		return 0;

	dvsec_write_control(cxl, control | CXL_DVSEC_CTRL_MEM);
	if (!(dvsec_read16(cxl, CXL_DVSEC_CTRL) & CXL_DVSEC_CTRL_MEM) ||
	    vfio_cxl_fails("Mem_Enable")) {
		/* The bit may be set all the same, and only its read have failed */
		dvsec_write_control(cxl, control);
		return -EPERM;
	}

	return 0;
}

/**
 * vfio_cxl_mem_disable - undo vfio_cxl_mem_enable()
 * @cxl: the device
 */
void vfio_cxl_mem_disable(struct vfio_cxl_device *cxl)
{
	u16 control = dvsec_read16(cxl, CXL_DVSEC_CTRL);

	if (!PCI_POSSIBLE_ERROR(control) &&
	    !(cxl->regs.found_control & CXL_DVSEC_CTRL_MEM))
		dvsec_write_control(cxl, control & ~CXL_DVSEC_CTRL_MEM);
}

/**
 * vfio_cxl_control_put_back - CXL Device DVSEC Control as it was found
 * @cxl: the device, at remove
 *
 * The kernel's own driver refuses a device whose Mem_Enable was left set.
 */
void vfio_cxl_control_put_back(struct vfio_cxl_device *cxl)
{
	dvsec_write_control(cxl, cxl->regs.found_control);
}

/**
 * vfio_cxl_cache_disable - keep the device from caching host memory
 * @cxl: the device
 *
 * CXL.cache bypasses the IOMMU once a device knows a host physical address.
 */
void vfio_cxl_cache_disable(struct vfio_cxl_device *cxl)
{
	u16 control = dvsec_read16(cxl, CXL_DVSEC_CTRL);

	if (vfio_cxl_cache_capable(cxl) && !PCI_POSSIBLE_ERROR(control) &&
	    (control & CXL_DVSEC_CTRL_CACHE))
		dvsec_write_control(cxl, control & ~CXL_DVSEC_CTRL_CACHE);
}

/**
 * vfio_cxl_memory_space_on - make the device's BARs answer
 * @cxl: the device
 *
 * The driver reads registers whenever it has to, so Memory Space stays on in
 * hardware; the bit that the user sees is the VFIO core's. Not under gate_sem,
 * which a reset takes while it keeps config space for itself.
 */
void vfio_cxl_memory_space_on(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	u16 command;

	/* The lock would make a reset fail that somebody tries meanwhile */
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!PCI_POSSIBLE_ERROR(command) && (command & PCI_COMMAND_MEMORY))
		return;

	/* Waits until a reset is over, and keeps the user's writes out */
	pci_cfg_access_lock(pdev);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!PCI_POSSIBLE_ERROR(command) && !(command & PCI_COMMAND_MEMORY))
		pci_write_config_word(pdev, PCI_COMMAND,
				      command | PCI_COMMAND_MEMORY);
	pci_cfg_access_unlock(pdev);
}

/**
 * vfio_cxl_dvsec_found - the user's view of the CXL Device DVSEC, as a reset
 *	leaves it
 * @cxl: the device
 * @dvsec: filled in
 */
void vfio_cxl_dvsec_found(struct vfio_cxl_device *cxl,
			  struct vfio_cxl_dvsec *dvsec)
{
	u16 control = cxl->regs.found_control;

	lockdep_assert_held(&cxl->shadow_lock);

	if (vfio_cxl_has_memory(cxl))
		control |= CXL_DVSEC_CTRL_MEM;
	vfio_cxl_dvsec_init(dvsec, cxl->regs.capability, control, 0,
			    cxl->regs.found_lock & CXL_DVSEC_LOCK_CONFIG);
}

static int close_config(struct vfio_cxl_device *cxl, unsigned int start,
			unsigned int len, enum vfio_cxl_config_kind kind)
{
	struct vfio_cxl_regs *regs = &cxl->regs;
	struct vfio_cxl_config *config;

	if (regs->nr_config == VFIO_CXL_MAX_CONFIG ||
	    vfio_cxl_fails("config ranges"))
		return -ENOSPC;

	config = &regs->config[regs->nr_config++];
	config->start = start;
	config->end = min(start + len, (unsigned int)PCI_CFG_SPACE_EXP_SIZE);
	config->kind = kind;

	return 0;
}

static int close_dvsec(struct vfio_cxl_device *cxl, u16 pos)
{
	u32 header1, id, len;

	pci_read_config_dword(cxl->core.pdev, pos + PCI_DVSEC_HEADER1, &header1);
	pci_read_config_dword(cxl->core.pdev, pos + PCI_DVSEC_HEADER2, &id);
	if (PCI_DVSEC_HEADER1_VID(header1) != CXL_VENDOR_ID)
		return 0;

	/* Whatever it says, its own headers are part of it */
	len = max_t(u32, PCI_DVSEC_HEADER1_LEN(header1), DVSEC_HEADERS);

	return close_config(cxl, pos, len,
			    PCI_DVSEC_HEADER2_ID(id) == CXL_DVSEC_DEVICE ?
			    VFIO_CXL_CONFIG_DEVICE : VFIO_CXL_CONFIG_DVSEC);
}

/*
 * What of config space is not the VFIO core's to show. The device says how long
 * a DVSEC is: where two claim the same bytes, what shows less comes first.
 */
static int find_closed_config(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	u16 pos = 0;
	int ret;

	while ((pos = pci_find_next_ext_capability(pdev, pos,
						   PCI_EXT_CAP_ID_DOE))) {
		ret = close_config(cxl, pos, DOE_LEN, VFIO_CXL_CONFIG_DOE);
		if (ret)
			return ret;
	}

	ret = close_dvsec(cxl, cxl->regs.dvsec);
	if (!ret && pdev->pm_cap)
		ret = close_config(cxl, pdev->pm_cap + PCI_PM_CTRL, 2,
				   VFIO_CXL_CONFIG_PM);
	if (ret)
		return ret;

	while ((pos = pci_find_next_ext_capability(pdev, pos,
						   PCI_EXT_CAP_ID_DVSEC))) {
		if (pos == cxl->regs.dvsec)
			continue;
		ret = close_dvsec(cxl, pos);
		if (ret)
			return ret;
	}

	return 0;
}

/* An entry of a Register Locator */
struct locator_entry {
	u64 offset;
	u8 bar;
	u8 type;
};

/*
 * Read the entry at @at behind the DVSEC's start @pos, and go on to the next.
 * Returns false behind the last one.
 */
static bool locator_next(struct pci_dev *pdev, u16 pos, u16 *at,
			 struct locator_entry *entry)
{
	u32 header1, lo, hi;

	pci_read_config_dword(pdev, pos + PCI_DVSEC_HEADER1, &header1);
	if (*at + 8 > PCI_DVSEC_HEADER1_LEN(header1) ||
	    pos + *at + 8 > PCI_CFG_SPACE_EXP_SIZE)
		return false;

	pci_read_config_dword(pdev, pos + *at, &lo);
	pci_read_config_dword(pdev, pos + *at + 4, &hi);
	entry->type = FIELD_GET(CXL_LOCATOR_TYPE, lo);
	entry->bar = FIELD_GET(CXL_LOCATOR_BIR, lo);
	entry->offset = (u64)hi << 32 | (lo & CXL_LOCATOR_OFFSET_LO);
	*at += 8;

	return true;
}

/* What is wrong with the place of a block? NULL if nothing is */
static const char *block_wrong(struct pci_dev *pdev,
			       const struct locator_entry *entry)
{
	u64 len;

	if (entry->bar >= PCI_STD_NUM_BARS ||
	    !(pci_resource_flags(pdev, entry->bar) & IORESOURCE_MEM) ||
	    (pci_resource_flags(pdev, entry->bar) & IORESOURCE_UNSET))
		return "no memory BAR";

	len = pci_resource_len(pdev, entry->bar);
	if (entry->offset >= len ||
	    (entry->type == CXL_LOCATOR_TYPE_COMPONENT &&
	     len - entry->offset < CXL_COMPONENT_SIZE))
		return "outside its BAR";

	return NULL;
}

static int add_block(struct vfio_cxl_device *cxl,
		     const struct locator_entry *entry)
{
	struct vfio_cxl_regs *regs = &cxl->regs;
	struct pci_dev *pdev = cxl->core.pdev;
	const char *wrong = block_wrong(pdev, entry);
	struct vfio_cxl_block *block;

	if (wrong) {
		pci_err(pdev, "Register Locator: block at %#llx of BAR %u: %s\n",
			entry->offset, entry->bar, wrong);
		return -EINVAL;
	}
	if (regs->nr_blocks == VFIO_CXL_MAX_BLOCKS) {
		pci_err(pdev, "Register Locator has more than %u blocks\n",
			VFIO_CXL_MAX_BLOCKS);
		return -EINVAL;
	}

	block = &regs->blocks[regs->nr_blocks++];
	block->bar = entry->bar;
	block->start = entry->offset;
	block->component = entry->type == CXL_LOCATOR_TYPE_COMPONENT;
	/* How long device registers are only they know: to the BAR's end */
	block->end = block->component ? entry->offset + CXL_COMPONENT_SIZE :
		     pci_resource_len(pdev, entry->bar);

	return 0;
}

static int find_blocks(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	struct locator_entry entry;
	u16 at = CXL_LOCATOR_FIRST;
	u16 pos;
	int ret;

	pos = pci_find_dvsec_capability(pdev, CXL_VENDOR_ID, CXL_DVSEC_LOCATOR);
	if (!pos || vfio_cxl_fails("Register Locator")) {
		pci_err(pdev, "no Register Locator DVSEC: not a CXL 2.0 device\n");
		return -ENODEV;
	}

	while (locator_next(pdev, pos, &at, &entry)) {
		if (entry.type != CXL_LOCATOR_TYPE_COMPONENT &&
		    entry.type != CXL_LOCATOR_TYPE_DEVICE)
			continue;
		ret = add_block(cxl, &entry);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * vfio_cxl_component_find - find the component registers of a port
 * @pdev: the port; it is another driver's, so nothing of it is changed
 * @component: physical address of its component block, for vfio_cxl_map_cm()
 * @what: what is missing, otherwise
 *
 * Return: 0 or -ENODEV.
 */
int vfio_cxl_component_find(struct pci_dev *pdev, phys_addr_t *component,
			    const char **what)
{
	struct locator_entry entry = {};
	u16 at = CXL_LOCATOR_FIRST;
	const char *wrong;
	u16 command;
	u16 pos;

	*what = "no registers";
	pos = pci_find_dvsec_capability(pdev, CXL_VENDOR_ID, CXL_DVSEC_LOCATOR);
	if (!pos)
		return -ENODEV;

	do {
		if (!locator_next(pdev, pos, &at, &entry))
			return -ENODEV;
	} while (entry.type != CXL_LOCATOR_TYPE_COMPONENT);

	wrong = block_wrong(pdev, &entry);
	if (!wrong && !pdev->resource[entry.bar].parent)
		wrong = "BAR not assigned";
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!wrong && !(command & PCI_COMMAND_MEMORY))
		wrong = "Memory Space off";
	if (wrong) {
		*what = wrong;
		return -ENODEV;
	}
	*component = pci_resource_start(pdev, entry.bar) + entry.offset;
	*what = "no decoders";

	return 0;
}

static int map_component(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	struct vfio_cxl_regs *regs = &cxl->regs;
	unsigned int n;

	for (n = 0; n < regs->nr_blocks; n++)
		if (regs->blocks[n].component)
			break;
	if (n == regs->nr_blocks) {
		pci_err(pdev, "Register Locator names no component registers\n");
		return -ENODEV;
	}

	regs->comp_bar = regs->blocks[n].bar;
	regs->comp_offset = regs->blocks[n].start;

	return vfio_cxl_map_cm(pci_resource_start(pdev, regs->comp_bar) +
			       regs->comp_offset, &regs->cm, &regs->io);
}

/**
 * vfio_cxl_regs_init - find and map a device's CXL registers
 * @cxl: a device whose BARs answer
 *
 * Return: 0; -ENODEV if this is no CXL memory device; -EINVAL if what it says
 * of itself makes no sense; -ENOMEM, -ENOSPC. The log says what is wrong.
 */
int vfio_cxl_regs_init(struct vfio_cxl_device *cxl)
{
	struct pci_dev *pdev = cxl->core.pdev;
	struct vfio_cxl_regs *regs = &cxl->regs;
	u32 header1;
	int ret;

	regs->dvsec = pci_find_dvsec_capability(pdev, CXL_VENDOR_ID,
						CXL_DVSEC_DEVICE);
	if (!regs->dvsec) {
		pci_err(pdev, "no CXL Device DVSEC: not a CXL device\n");
		return -ENODEV;
	}

	pci_read_config_dword(pdev, regs->dvsec + PCI_DVSEC_HEADER1, &header1);
	if (PCI_DVSEC_HEADER1_LEN(header1) < CXL_DVSEC_DEVICE_LEN ||
	    regs->dvsec + CXL_DVSEC_DEVICE_LEN > PCI_CFG_SPACE_EXP_SIZE) {
		pci_err(pdev, "CXL Device DVSEC of %u bytes is too short\n",
			PCI_DVSEC_HEADER1_LEN(header1));
		return -EINVAL;
	}

	regs->capability = dvsec_read16(cxl, CXL_DVSEC_CAP);
	regs->found_control = dvsec_read16(cxl, CXL_DVSEC_CTRL);
	regs->found_lock = dvsec_read16(cxl, CXL_DVSEC_LOCK);
	/* Control is put back as it was found */
	if (PCI_POSSIBLE_ERROR(regs->capability) ||
	    PCI_POSSIBLE_ERROR(regs->found_control) ||
	    PCI_POSSIBLE_ERROR(regs->found_lock)) {
		pci_err(pdev, "CXL Device DVSEC reads all ones\n");
		return -ENODEV;
	}
	if (!(regs->capability & CXL_DVSEC_CAP_MEM)) {
		pci_err(pdev, "the device is not Mem_Capable\n");
		return -ENODEV;
	}

	ret = find_closed_config(cxl);
	if (ret) {
		pci_err(pdev, "too many DVSEC and DOE capabilities\n");
		return ret;
	}

	ret = find_blocks(cxl);
	if (ret)
		return ret;

	return map_component(cxl);
}

/**
 * vfio_cxl_regs_exit - undo vfio_cxl_regs_init()
 * @cxl: the device
 */
void vfio_cxl_regs_exit(struct vfio_cxl_device *cxl)
{
	iounmap(cxl->regs.cm);
}
