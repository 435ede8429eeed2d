// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's pure files in the kernel, under its checkers, against the unit
 * tests: makes KUnit suites of what each file of tests has.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "unit.h"

LIST_HEAD(unit_files);
struct unit_random unit_random;
unsigned int unit_allocated;

unsigned int unit_seed = UNIT_SEED;
module_param_named(seed, unit_seed, uint, 0444);
MODULE_PARM_DESC(seed, "For the random tests");

/* A test with one of its fixture's variants */
struct unit_case {
	char name[112];
	const struct unit_fixture *fixture;
	const struct unit_test *test;
	const void *variant;
};

/* KUnit gives a case nothing of its own but its name, which it doesn't copy */
static struct unit_case *case_of(struct kunit *test)
{
	return container_of(test->name, struct unit_case, name[0]);
}

void *malloc(size_t size)
{
	void *p = kmalloc(size, GFP_KERNEL);

	unit_allocated += !!p;

	return p;
}

void *calloc(size_t count, size_t size)
{
	void *p = kvcalloc(count, size, GFP_KERNEL);

	unit_allocated += !!p;

	return p;
}

void free(void *p)
{
	unit_allocated -= !!p;
	kvfree(p);
}

void __noreturn abort(void)
{
	struct kunit *test = kunit_get_current_test();

	KUNIT_FAIL(test, "aborted\n");
	__kunit_abort(test);
}

void unit_add(struct list_head *list, struct unit_entry *entry)
{
	struct unit_entry *at;

	list_for_each_entry(at, list, node)
		if (at->line > entry->line)
			break;
	list_add_tail(&entry->node, &at->node);
}

/* As the harness does: no test, nor teardown, after a setup that failed */
static void unit_run(struct kunit *test)
{
	struct unit_case *c = case_of(test);
	void *self = NULL;

	unit_allocated = 0;
	if (c->fixture->setup) {
		self = kunit_kzalloc(test, c->fixture->size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, self);
		c->fixture->setup(test, self, c->variant);
		if (test->status == KUNIT_FAILURE)
			return;
		test->priv = self;
	}
	c->test->run(test, self, c->variant);
}

/* Also after a test that ended itself */
void unit_exit(struct kunit *test)
{
	struct unit_case *c = case_of(test);

	if (test->priv)
		c->fixture->teardown(test, test->priv, c->variant);
}

/*
 * Suites
 */

static size_t count_cases(const struct unit_file *file)
{
	struct unit_fixture *f;
	size_t count = 0;

	list_for_each_entry(f, file->fixtures, entry.node)
		count += list_count_nodes(&f->tests) *
			 max(list_count_nodes(&f->variants), 1);

	return count;
}

/* A fixture's tests, from @nr on; returns where the next one's begin */
static size_t add_cases(struct unit_file *file, size_t nr,
			struct unit_fixture *fixture,
			const struct unit_variant *variant)
{
	struct unit_test *test;
	struct unit_case *c;

	list_for_each_entry(test, &fixture->tests, entry.node) {
		c = &file->cases[nr];
		c->fixture = fixture;
		c->test = test;
		c->variant = variant ? variant->data : NULL;
		snprintf(c->name, sizeof(c->name), "%s%s%s.%s",
			 fixture->entry.name, variant ? "." : "",
			 variant ? variant->entry.name : "", test->entry.name);
		file->suite->test_cases[nr++] = (struct kunit_case) {
			.run_case = unit_run,
			.name = c->name,
			.module_name = KBUILD_MODNAME,
		};
	}

	return nr;
}

/* As the harness: fixture by fixture, each with one variant after the other */
static int make_suite(struct unit_file *file)
{
	size_t count = count_cases(file), nr = 0;
	struct unit_fixture *fixture;
	struct unit_variant *variant;

	file->cases = kcalloc(count, sizeof(*file->cases), GFP_KERNEL);
	/* One more, which is empty, ends it */
	file->suite->test_cases = kcalloc(count + 1, sizeof(struct kunit_case),
					  GFP_KERNEL);
	if (!file->cases || !file->suite->test_cases)
		return -ENOMEM;

	list_for_each_entry(fixture, file->fixtures, entry.node) {
		if (list_empty(&fixture->variants))
			nr = add_cases(file, nr, fixture, NULL);
		list_for_each_entry(variant, &fixture->variants, entry.node)
			nr = add_cases(file, nr, fixture, variant);
	}

	return 0;
}

static void unit_unload(void)
{
	struct unit_file *file;

	list_for_each_entry(file, &unit_files, entry.node) {
		kfree(file->suite->test_cases);
		kfree(file->cases);
	}
}
module_exit(unit_unload);

/* KUnit looks for suites, and runs them, when the module is initialised */
static int __init unit_load(void)
{
	struct unit_file *file;
	int ret = 0;

	list_for_each_entry(file, &unit_files, entry.node)
		ret = ret ?: make_suite(file);
	if (ret)
		unit_unload();

	return ret;
}
module_init(unit_load);

MODULE_DESCRIPTION("Unit tests of cxl-vfio-pci");
MODULE_LICENSE("GPL");
