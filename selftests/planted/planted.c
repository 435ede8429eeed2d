// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fault for each checker that the debug kernel has. The name of one, written
 * to /dev/planted, commits it in the writer's context; "run" knows what has to
 * be reported then. For a machine that may be thrown away.
 */
#include <linux/completion.h>
#include <linux/debug_locks.h>
#include <linux/dma-mapping.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/page_table_check.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

/* The compiler must not know, or it would warn of the fault, or leave it out. */

static u8 *hide(void *p)
{
	OPTIMIZER_HIDE_VAR(p);
	return p;
}

static int number(int n)
{
	OPTIMIZER_HIDE_VAR(n);
	return n;
}

static void use(unsigned long value)
{
	OPTIMIZER_HIDE_VAR(value);
}

/* Locks. A report of lockdep is its last: it turns itself off. */

static DEFINE_MUTEX(kept);
static DEFINE_SPINLOCK(one);
static DEFINE_SPINLOCK(other);
static int __rcu *guarded;

static void rcu_usage(void)
{
	use(!!rcu_dereference(guarded));
}

static void atomic_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void lock_kept(void)
{
	mutex_lock(&kept);
}

static int lock_order_alone(void *unused)
{
	/* Again: lock_kept() was reported before */
	debug_locks = 1;
	spin_lock(&one);
	spin_lock(&other);
	spin_unlock(&other);
	spin_unlock(&one);

	spin_lock(&other);
	spin_lock(&one);
	spin_unlock(&one);
	spin_unlock(&other);

	return 0;
}

/* Who took a lock while lockdep was off would be reported first */
static void lock_order(void)
{
	stop_machine(lock_order_alone, NULL, NULL);
}

/* Memory */

static void kasan_slab(void)
{
	u8 *p = kmalloc(13, GFP_KERNEL);

	/* One that nobody else has: what was allocated is 16 */
	if (p)
		WRITE_ONCE(hide(p)[13], 1);
	kfree(p);
}

static void kasan_free(void)
{
	u8 *p = kmalloc(16, GFP_KERNEL);
	u8 *dead = hide(p);

	kfree(p);
	if (dead)
		use(READ_ONCE(*dead));
}

/*
 * KASAN passes over the scheduler, but not over the lock that it takes: behind what KASAN
 * keeps in a free object.
 */
static void kasan_core(void)
{
	struct {
		u8 room[64];
		struct completion done;
	} *p = kmalloc(sizeof(*p), GFP_KERNEL);
	void *dead;

	if (!p)
		return;
	init_completion(&p->done);
	dead = hide(&p->done);
	kfree(p);
	complete(dead);
}

/* What the driver copies with is of arch/x86, but not passed over */
static void kasan_copy(void)
{
	u8 *p = kmalloc(64, GFP_KERNEL);
	u8 *dead = hide(p);
	u8 to[64];

	kfree(p);
	if (dead && !copy_mc_to_kernel(to, dead, sizeof(to)))
		use(to[0]);
}

static void kasan_vmalloc(void)
{
	u8 *p = vmalloc(100);

	if (p)
		use(READ_ONCE(hide(p)[100]));
	vfree(p);
}

static void kasan_global(void)
{
	static u8 global[10];

	use(READ_ONCE(hide(global)[10]));
}

static void kasan_stack(void)
{
	u8 local[10];

	use(READ_ONCE(hide(local)[10]));
}

static noinline void leak(void)
{
	int i;

	for (i = 0; i < 3; i++)
		use(!kmalloc(200, GFP_KERNEL));
}

static void slab_left(void)
{
	struct kmem_cache *cache = kmem_cache_create("planted", 64, 0, 0, NULL);

	if (!cache)
		return;
	use(!kmem_cache_alloc(cache, GFP_KERNEL));
	kmem_cache_destroy(cache);
}

/* By what KASAN does not see, a device for example */
static void page_poison(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *again, *next;
	LIST_HEAD(taken);
	int i;

	if (!page)
		return;
	__free_page(page);
	__memset(page_address(page) + 100, 1, 8);
	/* It is looked at when it is given out the next time */
	for (i = 0; i < 1000; i++) {
		again = alloc_page(GFP_KERNEL);
		if (!again)
			break;
		list_add(&again->lru, &taken);
		if (again == page)
			break;
	}
	list_for_each_entry_safe(again, next, &taken, lru)
		__free_page(again);
}

/* Objects */

static void nothing(struct timer_list *timer)
{
}

static void object_free(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, nothing, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static void object_init(void)
{
	static struct timer_list timer;

	timer_setup(&timer, nothing, 0);
	mod_timer(&timer, jiffies + 3600 * HZ);
	timer_setup(&timer, nothing, 0);
	timer_delete_sync(&timer);
}

static void ref_zero(void)
{
	refcount_t ref = REFCOUNT_INIT(0);

	refcount_inc(&ref);
}

static void ref_underflow(void)
{
	refcount_t ref = REFCOUNT_INIT(0);

	use(refcount_dec_and_test(&ref));
}

static void ref_saturated(void)
{
	refcount_t ref = REFCOUNT_INIT(INT_MAX);

	refcount_inc(&ref);
}

static void dma_unmap(void)
{
	struct platform_device *pdev;
	void *p = kmalloc(64, GFP_KERNEL);
	dma_addr_t at;

	pdev = platform_device_register_simple("planted", -1, NULL, 0);
	if (p && !IS_ERR(pdev)) {
		at = dma_map_single(&pdev->dev, p, 64, DMA_TO_DEVICE);
		if (!dma_mapping_error(&pdev->dev, at)) {
			dma_unmap_single(&pdev->dev, at, 64, DMA_TO_DEVICE);
			dma_unmap_single(&pdev->dev, at, 64, DMA_TO_DEVICE);
		}
	}
	if (!IS_ERR(pdev))
		platform_device_unregister(pdev);
	kfree(p);
}

/* What the language does not define */

static void ubsan_shift(void)
{
	use(1 << number(40));
}

static void ubsan_bounds(void)
{
	static struct { u8 some[4], more[12]; } bytes;

	use(READ_ONCE(bytes.some[number(9)]));
}

static void ubsan_bool(void)
{
	u8 byte = number(9);

	use(READ_ONCE(*(bool *)hide(&byte)));
}

/* Hangs */

static void hung_task(void)
{
	schedule_timeout_uninterruptible(4 * HZ);
}

static void soft_lockup(void)
{
	unsigned long until = jiffies + 4 * HZ;

	preempt_disable();
	while (time_before(jiffies, until))
		cpu_relax();
	preempt_enable();
}

/* Those that the writer does not come back from: BUG() */

static void list_twice(void)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	list_del(&entry);
	list_del(&entry);
}

static void page_twice(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	set_page_count(page, 0);
	put_page(page);
}

static void page_table(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	/* An entry goes that never came */
	if (page)
		page_table_check_pte_clear(current->mm, PAGE_SIZE,
					   mk_pte(page, PAGE_SHARED));
}

static void no_address(void)
{
	void *p = vmalloc(100);

	if (p)
		use(virt_to_phys(p));
}

static void usercopy(void)
{
	struct kmem_cache *cache;
	void *object = NULL;

	/* Whose objects are not for users */
	cache = kmem_cache_create("planted", 64, 0, 0, NULL);
	if (cache)
		object = kmem_cache_zalloc(cache, GFP_KERNEL);
	if (object)
		use(copy_to_user((void __user *)current->mm->start_stack,
				 object, number(9)));
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "rcu-usage", rcu_usage },
	{ "atomic-sleep", atomic_sleep },
	{ "lock-kept", lock_kept },
	{ "lock-order", lock_order },
	{ "leak", leak },
	{ "kasan-slab", kasan_slab },
	{ "kasan-free", kasan_free },
	{ "kasan-core", kasan_core },
	{ "kasan-copy", kasan_copy },
	{ "kasan-vmalloc", kasan_vmalloc },
	{ "kasan-global", kasan_global },
	{ "kasan-stack", kasan_stack },
	{ "slab-left", slab_left },
	{ "page-poison", page_poison },
	{ "object-free", object_free },
	{ "object-init", object_init },
	{ "ref-zero", ref_zero },
	{ "ref-underflow", ref_underflow },
	{ "ref-saturated", ref_saturated },
	{ "dma-unmap", dma_unmap },
	{ "ubsan-shift", ubsan_shift },
	{ "ubsan-bounds", ubsan_bounds },
	{ "ubsan-bool", ubsan_bool },
	{ "hung-task", hung_task },
	{ "soft-lockup", soft_lockup },
	{ "list-twice", list_twice },
	{ "page-twice", page_twice },
	{ "page-table", page_table },
	{ "no-address", no_address },
	{ "usercopy", usercopy },
};

/* No fault, but a place for each way to inject one; "alive" tells them apart */
static int injected(void)
{
	void *p = kmalloc(64, GFP_KERNEL);
	struct page *page;

	if (!p)
		return -ENOMEM;
	kfree(p);
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return -ENOSPC;
	__free_page(page);
	return 0;
}

static ssize_t planted_write(struct file *file, const char __user *from,
			     size_t len, loff_t *pos)
{
	char name[32] = "";
	int i, ret;

	if (len >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, len))
		return -EFAULT;
	strim(name);
	if (!strcmp(name, "injected")) {
		ret = injected();
		return ret ?: len;
	}
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(name, faults[i].name)) {
			faults[i].commit();
			return len;
		}
	}
	return -ENOENT;
}

static const struct file_operations planted_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.write = planted_write,
};

static struct miscdevice planted_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "planted",
	.fops = &planted_fops,
	.mode = 0200,
};
module_misc_device(planted_dev);

MODULE_DESCRIPTION("Faults that the debug kernel has to report");
MODULE_LICENSE("GPL");
