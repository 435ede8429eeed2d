// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: fault points
 *
 * Parameter fail_nth of a test build: N lets the Nth point fail that anybody
 * passes from then on, once. Anybody, because restoring after a reset is a work
 * item's, and because one device in a quiet machine has no other users. Reads as
 * what is left to count and, at 0, the name of the point that did fail.
 */
#include <linux/moduleparam.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "fault.h"

static DEFINE_SPINLOCK(fault_lock);
static unsigned int fault_left;
static const char *fault_hit;

/**
 * vfio_cxl_fails - has this point to fail now?
 * @point: its name
 *
 * Return: the answer, true at most once for each write of fail_nth.
 */
bool vfio_cxl_fails(const char *point)
{
	bool hit;

	spin_lock(&fault_lock);
	hit = fault_left && !--fault_left;
	if (hit)
		fault_hit = point;
	spin_unlock(&fault_lock);

	return hit;
}

static int fail_nth_set(const char *text, const struct kernel_param *param)
{
	unsigned int nth;
	int ret;

	ret = kstrtouint(text, 0, &nth);
	if (ret)
		return ret;

	spin_lock(&fault_lock);
	fault_left = nth;
	fault_hit = NULL;
	spin_unlock(&fault_lock);

	return 0;
}

static int fail_nth_get(char *text, const struct kernel_param *param)
{
	int ret;

	spin_lock(&fault_lock);
	ret = sysfs_emit(text, "%u%s%s\n", fault_left, fault_hit ? " " : "",
			 fault_hit ?: "");
	spin_unlock(&fault_lock);

	return ret;
}

static const struct kernel_param_ops fail_nth_ops = {
	.set = fail_nth_set,
	.get = fail_nth_get,
};

module_param_cb(fail_nth, &fail_nth_ops, NULL, 0600);
MODULE_PARM_DESC(fail_nth, "let the Nth fault point from now on fail (test build)");
