/* SPDX-License-Identifier: GPL-2.0-only */
/* The harness in user space: a file is a program. In the kernel: kunit/. */
#ifndef VFIO_CXL_UNIT_HARNESS_H
#define VFIO_CXL_UNIT_HARNESS_H

#include <vfio_cxl_shim.h>

#include <dlfcn.h>
#include <kselftest_harness.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

/* The harness ends a test with _exit(), where no leak check would happen */
#define EXPECT_NO_LEAK() EXPECT_EQ(0, __lsan_do_recoverable_leak_check())

/* Random tests are as long as they say, and see as much */
#define UNIT_SLOWER	1
#define UNIT_LEAST(n)	(n)

static inline u32 unit_random_seed(void)
{
	const char *seed = getenv("SEED");

	return seed ? strtoul(seed, NULL, 0) : UNIT_SEED;
}

/* How often, unless the environment says otherwise */
static inline u32 unit_count(const char *name, u32 count)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : count;
}

/* For whoever compares: a line for each test, by the name that it runs under */
static inline void unit_list(void)
{
	struct __fixture_variant_metadata none = { .name = "" }, *v;
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (v = f->variant ?: &none; v; v = v->next)
			for (t = f->tests; t; t = t->next)
				printf("%s%s%s.%s\n", f->name,
				       v->name[0] ? "." : "", v->name, t->name);
}

/* Those of the tests, which have a priority, were run before */
static void __attribute__((constructor)) unit_start(void)
{
	if (!getenv("UNIT_LIST"))
		return;
	unit_list();
	exit(0);
}

/* Each sanitizer's runtime has a copy of its own of what they share */
static inline void unit_on_death(void (*died)(void))
{
	void *ubsan = dlopen("libubsan.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void (*set)(void (*callback)(void)) = NULL;

	__sanitizer_set_death_callback(died);
	if (ubsan)
		set = dlsym(ubsan, "__sanitizer_set_death_callback");
	if (set)
		set(died);
}

/* A sanitizer's report leaves no chance to log later */
#define UNIT_RANDOM_DEFINE						\
	struct unit_random unit_random;					\
									\
	static void unit_died(void)					\
	{								\
		if (unit_random.seed)					\
			fprintf(stderr, "# SEED=%#x, step %u\n",	\
				unit_random.seed, unit_random.step);	\
	}								\
									\
	static void __attribute__((constructor)) unit_watch(void)	\
	{								\
		unit_on_death(unit_died);				\
	}

#endif /* VFIO_CXL_UNIT_HARNESS_H */
