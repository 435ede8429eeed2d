// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ioctls
 *
 * One table for both nodes. The control node /dev/vfio-cxl/<BDF> is a misc
 * device; its open descriptors may outlive the binding and then answer ENODEV.
 * Read, it is the log of changes, which needs no device.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "changes.h"
#include "dc.h"
#include "fault.h"
#include "host.h"
#include "tag.h"
#include "vfio_cxl.h"

union control_arg {
	struct vfio_cxl_info info;
	struct vfio_cxl_window window;
	struct vfio_cxl_decoder decoder;
	struct vfio_cxl_decoder_program program;
	struct vfio_cxl_decoder_clear clear;
	struct vfio_cxl_guest_set guest_set;
	struct vfio_cxl_guest_clear guest_clear;
	struct vfio_cxl_dc_info dc_info;
	struct vfio_cxl_dc_list dc_list;
	struct vfio_cxl_dc_status dc_status;
	struct vfio_cxl_dc_decide dc_decide;
	struct vfio_cxl_dc_deadline dc_deadline;
	struct vfio_cxl_dc_eventfd dc_eventfd;
	struct vfio_cxl_backend_call backend_create;
	struct vfio_cxl_tag_call tag_open;
	struct vfio_cxl_backend_list backend_list;
	struct vfio_cxl_backend_destroy backend_destroy;
	struct vfio_cxl_dc_configure dc_configure;
	struct vfio_cxl_dc_add dc_add;
	struct vfio_cxl_dc_remove dc_remove;
};

static u32 info_flags(struct vfio_cxl_device *cxl, bool live)
{
	u32 flags = 0;

	if (vfio_cxl_has_memory(cxl))
		flags |= VFIO_CXL_INFO_MEMORY;
	if (live)
		flags |= VFIO_CXL_INFO_LIVE;
	if (cxl->open)
		flags |= VFIO_CXL_INFO_OPEN;
	if (vfio_cxl_hdm_committed(&cxl->want.decoder[0]) &&
	    (cxl->want.decoder[0].ctrl & CXL_HDM_CTRL_LOCK))
		flags |= VFIO_CXL_INFO_LOCKED;
	if (vfio_cxl_cache_capable(cxl))
		flags |= VFIO_CXL_INFO_CACHE_CAPABLE;
	mutex_lock(&cxl->shadow_lock);
	if (cxl->regions && vfio_cxl_shadow_sealed(&cxl->comp_regs.decoder[0]))
		flags |= VFIO_CXL_INFO_SEALED;
	mutex_unlock(&cxl->shadow_lock);

	return flags;
}

static int control_info(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_info *info = data;
	bool live;

	if (info->flags)
		return -EINVAL;

	down_read(&cxl->gate_sem);
	info->gate = cxl->gate;
	live = cxl->live;
	up_read(&cxl->gate_sem);

	info->flags = info_flags(cxl, live);
	info->abi_version = VFIO_CXL_ABI_VERSION;
	info->reason = cxl->why.reason;
	info->origin = cxl->origin;
	info->mem_mode = VFIO_CXL_MEM_NONE;
	info->decoder_count = cxl->hdm.count;
	info->static_capacity = vfio_cxl_static_capacity(cxl);
	memset(info->element, 0, sizeof(info->element));
	info->memory_size = cxl->memory.size;
	info->dpa_skip = cxl->memory.skip;
	info->page_sizes = 0;
	info->map_align = 0;
	info->map_offset = 0;
	info->memory_region = 0;
	info->comp_regs_region = 0;
	if (vfio_cxl_has_memory(cxl)) {
		info->mem_mode = cxl->memory.pgmap ? VFIO_CXL_MEM_PAGES :
						     VFIO_CXL_MEM_MEMREMAP;
		info->page_sizes = vfio_cxl_page_sizes(cxl->memory.size);
		info->map_align = BIT_ULL(__fls(info->page_sizes));
		info->map_offset = cxl->memory.base & (info->map_align - 1);
	}
	if (!control && cxl->regions) {
		info->memory_region = VFIO_CXL_MEMORY_INDEX;
		info->comp_regs_region = VFIO_CXL_COMP_REGS_INDEX;
	}
	/* Elements may be host addresses, which are not for a VFIO user */
	if (control)
		strscpy(info->element, cxl->why.element, sizeof(info->element));

	return 0;
}

static void window_fill(struct vfio_cxl_window *arg,
			const struct vfio_cxl_cfmws *window)
{
	unsigned int i;

	BUILD_BUG_ON(VFIO_CXL_WINDOW_TARGETS != VFIO_CXL_CEDT_MAX_WAYS);

	arg->base = window->base;
	arg->size = window->size;
	arg->ways = window->ways;
	arg->granularity = window->granularity;
	arg->restrictions = window->restrictions;
	arg->qtg_id = window->qtg_id;
	for (i = 0; i < VFIO_CXL_WINDOW_TARGETS; i++)
		arg->targets[i] = window->targets[i];
}

static int control_window(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_window *arg = data;
	struct vfio_cxl_why why = {};
	struct vfio_cxl_cfmws window;
	int ret;

	if (arg->flags || arg->reserved)
		return -EINVAL;

	arg->reason = VFIO_CXL_REASON_NONE;
	memset(arg->element, 0, sizeof(arg->element));
	for (arg->total = 0; ; arg->total++) {
		ret = vfio_cxl_window_get(arg->total, &window);
		if (ret == -EOPNOTSUPP)
			arg->reason = VFIO_CXL_REASON_NO_CEDT;
		if (ret)
			break;
	}
	if (ret != -ENOENT)
		return ret;
	ret = vfio_cxl_window_get(arg->index, &window);
	if (ret)
		return ret;
	window_fill(arg, &window);

	ret = vfio_cxl_window_usable(cxl, &window, &why);
	if (!ret)
		arg->flags |= VFIO_CXL_WINDOW_USABLE;
	if (vfio_cxl_has_memory(cxl) && cxl->memory.base >= window.base &&
	    cxl->memory.base - window.base < window.size)
		arg->flags |= VFIO_CXL_WINDOW_USED;
	arg->reason = why.reason;
	strscpy_pad(arg->element, why.element, sizeof(arg->element));

	return 0;
}

static void decoder_fill_guest(struct vfio_cxl_device *cxl,
			       struct vfio_cxl_decoder *arg)
{
	const struct vfio_cxl_shadow_decoder *shadow;

	mutex_lock(&cxl->shadow_lock);
	if (cxl->regions) {
		shadow = &cxl->comp_regs.decoder[arg->index];
		arg->flags |= VFIO_CXL_DECODER_GUEST;
		if (vfio_cxl_shadow_sealed(shadow))
			arg->flags |= VFIO_CXL_DECODER_GUEST_SEALED;
		arg->guest_ctrl = shadow->ctrl;
		arg->guest_base = shadow->base;
		arg->guest_size = shadow->size;
	} else if (cxl->guest.set && !arg->index) {
		arg->guest_base = cxl->guest.base;
		if (cxl->guest.seal)
			arg->flags |= VFIO_CXL_DECODER_GUEST_SEALED;
	}
	if (cxl->guest.set && !arg->index) {
		arg->flags |= VFIO_CXL_DECODER_GUEST_SET;
		if (cxl->guest.persist)
			arg->flags |= VFIO_CXL_DECODER_GUEST_PERSIST;
	}
	mutex_unlock(&cxl->shadow_lock);
}

static int control_decoder(struct vfio_cxl_device *cxl, void *data,
			   bool control)
{
	struct vfio_cxl_decoder *arg = data;
	struct vfio_cxl_hdm_decoder decoder;
	unsigned int index = arg->index;
	u32 argsz = arg->argsz;
	int ret = -EAGAIN;

	if (arg->flags || arg->reserved)
		return -EINVAL;

	memset(arg, 0, sizeof(*arg));
	arg->argsz = argsz;
	arg->index = index;
	arg->total = cxl->hdm.count;
	if (index >= cxl->hdm.count)
		return -ENOENT;

	/* Registers of a device in reset read as anything */
	down_read(&cxl->gate_sem);
	if (!(cxl->gate & ~VFIO_CXL_GATE_UNRESTORED))
		ret = vfio_cxl_hdm_read(&cxl->hdm, index, &decoder);
	up_read(&cxl->gate_sem);
	if (ret)
		return ret;

	arg->base = decoder.base;
	arg->size = decoder.size;
	arg->dpa_skip = decoder.skip;
	arg->ctrl = decoder.ctrl;
	if (vfio_cxl_hdm_committed(&decoder)) {
		arg->flags |= VFIO_CXL_DECODER_COMMITTED;
		if (decoder.ctrl & CXL_HDM_CTRL_LOCK)
			arg->flags |= VFIO_CXL_DECODER_LOCKED;
		arg->origin = index ? VFIO_CXL_ORIGIN_FIRMWARE : cxl->origin;
	}
	if (decoder.ctrl & CXL_HDM_CTRL_ERROR)
		arg->flags |= VFIO_CXL_DECODER_ERROR;
	decoder_fill_guest(cxl, arg);

	return 0;
}

static int control_program(struct vfio_cxl_device *cxl, void *data,
			   bool control)
{
	struct vfio_cxl_decoder_program *arg = data;
	struct vfio_cxl_why why = {};
	int ret;

	if (arg->flags & ~(VFIO_CXL_PROGRAM_BASE | VFIO_CXL_PROGRAM_LOCK |
			   VFIO_CXL_PROGRAM_DRY_RUN) ||
	    arg->reason || arg->reserved ||
	    memchr_inv(arg->element, 0, sizeof(arg->element)) ||
	    (arg->base && !(arg->flags & VFIO_CXL_PROGRAM_BASE)))
		return -EINVAL;

	ret = vfio_cxl_decoder_program(cxl, arg, &why);
	arg->reason = why.reason;
	strscpy(arg->element, why.element, sizeof(arg->element));

	return ret;
}

static int control_clear(struct vfio_cxl_device *cxl, void *data, bool control)
{
	struct vfio_cxl_decoder_clear *arg = data;
	struct vfio_cxl_why why = {};
	bool already = false;
	int ret;

	if (arg->flags & ~VFIO_CXL_CLEAR_DRY_RUN || arg->reason ||
	    arg->reserved ||
	    memchr_inv(arg->element, 0, sizeof(arg->element)))
		return -EINVAL;

	ret = vfio_cxl_decoder_clear(cxl, arg->flags & VFIO_CXL_CLEAR_DRY_RUN,
				     &already, &why);
	if (already)
		arg->flags |= VFIO_CXL_CLEAR_ALREADY;
	arg->reason = why.reason;
	strscpy(arg->element, why.element, sizeof(arg->element));

	return ret;
}

static int control_guest_set(struct vfio_cxl_device *cxl, void *data,
			     bool control)
{
	struct vfio_cxl_guest_set *arg = data;
	struct vfio_cxl_why why = {};
	int ret;

	if (arg->flags & ~(VFIO_CXL_GUEST_SEAL | VFIO_CXL_GUEST_PERSIST |
			   VFIO_CXL_GUEST_DRY_RUN) ||
	    arg->reason || arg->reserved ||
	    memchr_inv(arg->element, 0, sizeof(arg->element)))
		return -EINVAL;

	ret = vfio_cxl_guest_set(cxl, arg, &why);
	arg->reason = why.reason;
	strscpy(arg->element, why.element, sizeof(arg->element));

	return ret;
}

static int control_guest_clear(struct vfio_cxl_device *cxl, void *data,
			       bool control)
{
	struct vfio_cxl_guest_clear *arg = data;

	if (arg->flags & ~VFIO_CXL_GUEST_DRY_RUN || arg->reason ||
	    arg->reserved ||
	    memchr_inv(arg->element, 0, sizeof(arg->element)))
		return -EINVAL;

	vfio_cxl_guest_clear(cxl, arg);

	return 0;
}

#define NODE_DEVICE	BIT(0)
#define NODE_CONTROL	BIT(1)
#define NODE_BOTH	(NODE_DEVICE | NODE_CONTROL)

/**
 * struct control_op - an ioctl
 * @cmd: its number
 * @size: of its struct
 * @least: what that had before it grew; 0 if it has not
 * @nodes: where it is known
 * @admin: where CAP_SYS_ADMIN and CAP_SYS_RAWIO are needed
 * @unlocked: takes cmd_lock itself, or does without
 * @handler: called under cmd_lock with a copy of the struct, which is copied
 *	back also after an error
 * @told: called last of all, with whether the copy reached the caller; may be NULL.
 *	The handler may have left it something behind the copy
 */
struct control_op {
	unsigned int cmd;
	size_t size;
	size_t least;
	unsigned int nodes;
	unsigned int admin;
	bool unlocked;
	int (*handler)(struct vfio_cxl_device *cxl, void *data, bool control);
	void (*told)(struct vfio_cxl_device *cxl, void *data, bool told);
};

#define CONTROL_OP(name, type, nodes, admin, unlocked, handler)	\
	{ VFIO_CXL_##name, sizeof(struct vfio_cxl_##type), 0, nodes, admin, \
	  unlocked, handler, NULL }

static const struct control_op control_ops[] = {
	CONTROL_OP(INFO, info, NODE_BOTH, 0, false, control_info),
	CONTROL_OP(WINDOW, window, NODE_CONTROL, 0, false, control_window),
	CONTROL_OP(DECODER, decoder, NODE_CONTROL, 0, false, control_decoder),
	CONTROL_OP(DECODER_PROGRAM, decoder_program, NODE_CONTROL, NODE_CONTROL,
		   false, control_program),
	CONTROL_OP(DECODER_CLEAR, decoder_clear, NODE_CONTROL, NODE_CONTROL,
		   false, control_clear),
	CONTROL_OP(GUEST_SET, guest_set, NODE_CONTROL, NODE_CONTROL, false,
		   control_guest_set),
	CONTROL_OP(GUEST_CLEAR, guest_clear, NODE_CONTROL, NODE_CONTROL, false,
		   control_guest_clear),
	{ VFIO_CXL_DC_INFO, sizeof(struct vfio_cxl_dc_info),
	  offsetof(struct vfio_cxl_dc_info, window_size), NODE_BOTH, 0, false,
	  vfio_cxl_dc_info, NULL },
	CONTROL_OP(DC_LIST, dc_list, NODE_BOTH, 0, true, vfio_cxl_dc_list),
	CONTROL_OP(DC_STATUS, dc_status, NODE_BOTH, 0, true,
		   vfio_cxl_dc_status),
	CONTROL_OP(DC_ACCEPT, dc_decide, NODE_BOTH, NODE_CONTROL, true,
		   vfio_cxl_dc_accept),
	CONTROL_OP(DC_REJECT, dc_decide, NODE_BOTH, NODE_CONTROL, true,
		   vfio_cxl_dc_reject),
	CONTROL_OP(DC_RELEASE, dc_decide, NODE_BOTH, NODE_CONTROL, true,
		   vfio_cxl_dc_release),
	CONTROL_OP(DC_DEADLINE, dc_deadline, NODE_CONTROL, NODE_CONTROL, false,
		   vfio_cxl_dc_deadline),
	CONTROL_OP(DC_EVENTFD, dc_eventfd, NODE_DEVICE, 0, false,
		   vfio_cxl_dc_eventfd),
	{ VFIO_CXL_BACKEND_CREATE, sizeof(struct vfio_cxl_backend_create), 0,
	  NODE_CONTROL, NODE_CONTROL, true, vfio_cxl_backend_create,
	  vfio_cxl_backend_created },
	CONTROL_OP(BACKEND_LIST, backend_list, NODE_CONTROL, 0, true,
		   vfio_cxl_backend_list),
	CONTROL_OP(BACKEND_DESTROY, backend_destroy, NODE_CONTROL,
		   NODE_CONTROL, true, vfio_cxl_backend_destroy),
	CONTROL_OP(DC_CONFIGURE, dc_configure, NODE_CONTROL, NODE_CONTROL, false,
		   vfio_cxl_dc_configure),
	CONTROL_OP(DC_ADD, dc_add, NODE_CONTROL, NODE_CONTROL, false,
		   vfio_cxl_dc_add),
	CONTROL_OP(DC_REMOVE, dc_remove, NODE_CONTROL, NODE_CONTROL, false,
		   vfio_cxl_dc_remove),
	{ VFIO_CXL_DC_OPEN, sizeof(struct vfio_cxl_dc_open), 0, NODE_CONTROL,
	  NODE_CONTROL, false, vfio_cxl_dc_open, vfio_cxl_dc_opened },
};

static const struct control_op *control_find(unsigned int cmd, bool control)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(control_ops); i++)
		if (control_ops[i].cmd == cmd &&
		    (control_ops[i].nodes & (control ? NODE_CONTROL :
						       NODE_DEVICE)))
			return &control_ops[i];

	return NULL;
}

/**
 * vfio_cxl_control_ioctl - serve one of our ioctls
 * @cxl: the device
 * @control: on the control node, else on the VFIO device
 * @cmd: number
 * @uarg: the caller's struct
 *
 * Return: 0; -ENOTTY if it is not one of this node's; else as in the uAPI
 * header.
 */
long vfio_cxl_control_ioctl(struct vfio_cxl_device *cxl, bool control,
			    unsigned int cmd, void __user *uarg)
{
	const struct control_op *op = control_find(cmd, control);
	union control_arg arg = {};
	u32 argsz;
	int ret;

	if (!op)
		return -ENOTTY;
	if ((op->admin & (control ? NODE_CONTROL : NODE_DEVICE)) &&
	    (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_RAWIO)))
		return -EPERM;
	if (get_user(argsz, (u32 __user *)uarg))
		return -EFAULT;
	/* Nothing was ever smaller than the first revision's structs */
	if (argsz < (op->least ?: op->size))
		return -EINVAL;
	if (argsz > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, op->size, uarg, argsz);
	if (ret)
		return ret;

	if (vfio_cxl_fails("signal") ||
	    (!op->unlocked && mutex_lock_interruptible(&cxl->cmd_lock)))
		return -ERESTARTSYS;
	ret = op->handler(cxl, &arg, control);
	if (!op->unlocked)
		mutex_unlock(&cxl->cmd_lock);
	if (ret == -ERESTARTSYS)
		return ret;

	/* After an error too: it tells the reason */
	if (copy_to_user(uarg, &arg, min_t(size_t, argsz, op->size)))
		ret = -EFAULT;
	if (op->told)
		op->told(cxl, &arg, ret != -EFAULT);

	return ret;
}

static void node_free(struct kref *ref)
{
	struct vfio_cxl_node *node = container_of(ref, struct vfio_cxl_node,
						  ref);

	vfio_cxl_changes_put(node->changes);
	kfree(node);
}

static int control_open(struct inode *inode, struct file *file)
{
	struct vfio_cxl_node *node = container_of(file->private_data,
						  struct vfio_cxl_node, misc);

	/* Under misc_mtx, so before misc_deregister() returns */
	kref_get(&node->ref);
	file->private_data = node;
	vfio_cxl_changes_open(node->changes, file);

	return 0;
}

static int control_release(struct inode *inode, struct file *file)
{
	struct vfio_cxl_node *node = file->private_data;

	vfio_cxl_changes_release(node->changes, file);
	kref_put(&node->ref, node_free);

	return 0;
}

static ssize_t control_read(struct file *file, char __user *buf, size_t count,
			    loff_t *ppos)
{
	struct vfio_cxl_node *node = file->private_data;

	return vfio_cxl_changes_read(node->changes, file, buf, count, ppos);
}

static __poll_t control_poll(struct file *file, poll_table *wait)
{
	struct vfio_cxl_node *node = file->private_data;

	return vfio_cxl_changes_poll(node->changes, file, wait);
}

static loff_t control_llseek(struct file *file, loff_t offset, int whence)
{
	struct vfio_cxl_node *node = file->private_data;

	return vfio_cxl_changes_llseek(node->changes, file, offset, whence);
}

static long control_unlocked_ioctl(struct file *file, unsigned int cmd,
				   unsigned long arg)
{
	struct vfio_cxl_node *node = file->private_data;
	long ret = -ENODEV;

	down_read(&node->lock);
	if (node->cxl)
		ret = vfio_cxl_control_ioctl(node->cxl, true, cmd,
					     (void __user *)arg);
	up_read(&node->lock);

	return ret;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.read = control_read,
	.poll = control_poll,
	.llseek = control_llseek,
	.unlocked_ioctl = control_unlocked_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * vfio_cxl_control_init - make the control node
 * @cxl: the device, ready
 *
 * Return: 0; -ENOMEM, or an error of misc_register().
 */
int vfio_cxl_control_init(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_node *node;
	int ret;

	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;

	kref_init(&node->ref);
	init_rwsem(&node->lock);
	node->cxl = cxl;
	node->changes = vfio_cxl_changes_get(cxl->changes);
	scnprintf(node->name, sizeof(node->name), "%s", cxl->name);
	scnprintf(node->path, sizeof(node->path), "vfio-cxl/%s",
		  pci_name(cxl->core.pdev));
	node->misc.minor = MISC_DYNAMIC_MINOR;
	node->misc.name = node->name;
	node->misc.nodename = node->path;
	node->misc.mode = 0600;
	node->misc.fops = &control_fops;
	node->misc.parent = &cxl->core.pdev->dev;

	ret = vfio_cxl_fails("misc_register") ? -EBUSY :
	      misc_register(&node->misc);
	if (ret) {
		kref_put(&node->ref, node_free);
		return ret;
	}
	cxl->node = node;

	return 0;
}

/**
 * vfio_cxl_control_exit - undo vfio_cxl_control_init()
 * @cxl: the device
 *
 * On return no ioctl is under way, and none will reach the device again. Whoever
 * reads the log of changes goes on until that is ended.
 */
void vfio_cxl_control_exit(struct vfio_cxl_device *cxl)
{
	struct vfio_cxl_node *node = cxl->node;

	vfio_cxl_backends_stop(&cxl->backends);
	misc_deregister(&node->misc);
	/*
	 * A class of its own: hot-unplug comes here with the slot's locks held,
	 * which a reset of the function takes below cmd_lock, and that is taken
	 * below this one. They never meet: who resets the function holds its
	 * device lock, as does remove().
	 */
	down_write_nested(&node->lock, SINGLE_DEPTH_NESTING);
	node->cxl = NULL;
	up_write(&node->lock);
	kref_put(&node->ref, node_free);
}
