/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unit tests' words in the kernel: what kselftest_harness.h is to them in
 * user space, on KUnit. A file is a suite, and a test a case, or one for each
 * variant of its fixture, with the name that the harness gives it.
 *
 * As in user space a file tells in constructors what it has. They run when the
 * module is loaded, before main.c makes suites of it.
 */
#ifndef VFIO_CXL_KUNIT_HARNESS_H
#define VFIO_CXL_KUNIT_HARNESS_H

#include <kunit/test.h>
#include <kunit/test-bug.h>

#include "pure.h"

#ifndef CONFIG_CONSTRUCTORS
#error "this kernel runs no constructors: use one with KASAN or GCOV_KERNEL"
#endif

/* One line of a file; constructors come in any order, lines don't */
struct unit_entry {
	struct list_head node;
	unsigned int line;
	const char *name;
};

struct unit_variant {
	struct unit_entry entry;
	const void *data;
};

struct unit_test {
	struct unit_entry entry;
	void (*run)(struct kunit *test, void *self, const void *variant);
};

struct unit_fixture {
	struct unit_entry entry;
	struct list_head variants;
	struct list_head tests;
	size_t size;
	void (*setup)(struct kunit *test, void *self, const void *variant);
	void (*teardown)(struct kunit *test, void *self, const void *variant);
};

struct unit_case;

struct unit_file {
	struct unit_entry entry;
	struct list_head *fixtures;
	struct kunit_suite *suite;
	struct unit_case *cases;
};

extern struct list_head unit_files;

void unit_add(struct list_head *list, struct unit_entry *entry);
void unit_exit(struct kunit *test);

#define UNIT_ADD(id, list, thing)					\
	static void __attribute__((constructor)) unit_add_##id(void)	\
	{								\
		unit_add(list, &(thing)->entry);			\
	}

#define UNIT_ENTRY(_name) { .line = __LINE__, .name = _name }

#define UNIT_LISTS(fixture)						\
	.variants = LIST_HEAD_INIT((fixture).variants),			\
	.tests = LIST_HEAD_INIT((fixture).tests)

/* Of each file. What has no fixture is in "global", which comes first */
static LIST_HEAD(unit_fixtures);
static struct unit_fixture unit_global __maybe_unused = {
	.entry = { .name = "global" },
	UNIT_LISTS(unit_global),
};

#define TEST_HARNESS_MAIN						\
	UNIT_ADD(global, &unit_fixtures, &unit_global)			\
									\
	static struct kunit_suite unit_suite = {			\
		.name = "vfio_cxl_" KBUILD_BASENAME,			\
		.exit = unit_exit,					\
	};								\
	kunit_test_suite(unit_suite);					\
									\
	static struct unit_file unit_file = {				\
		.entry = UNIT_ENTRY(KBUILD_BASENAME),			\
		.fixtures = &unit_fixtures,				\
		.suite = &unit_suite,					\
	};								\
	UNIT_ADD(file, &unit_files, &unit_file)

/*
 * Tests and fixtures
 */

/* What tests and their helpers pass on as _metadata */
#define __test_metadata		kunit

#define FIXTURE_DATA(name)	struct unit_data_##name
#define FIXTURE_VARIANT(name)	struct unit_variant_##name

/* Defined where its setup is, which knows the size */
#define FIXTURE(name)							\
	static struct unit_fixture unit_fixture_##name;			\
	FIXTURE_VARIANT(name);						\
	FIXTURE_DATA(name)

#define FIXTURE_VARIANT_ADD(fixture, name)				\
	static const FIXTURE_VARIANT(fixture) unit_data_##fixture##_##name; \
	static struct unit_variant unit_variant_##fixture##_##name = {	\
		.entry = UNIT_ENTRY(#name),				\
		.data = &unit_data_##fixture##_##name,			\
	};								\
	UNIT_ADD(variant_##fixture##_##name,				\
		 &unit_fixture_##fixture.variants,			\
		 &unit_variant_##fixture##_##name)			\
	static const FIXTURE_VARIANT(fixture) unit_data_##fixture##_##name =

#define UNIT_SELF(name)							\
	struct kunit *_metadata, FIXTURE_DATA(name) *self,		\
		const FIXTURE_VARIANT(name) *variant

/* The function @id, of the fixture @name, for who knows no types */
#define UNIT_FUNCTION(name, id)						\
	static void id(UNIT_SELF(name));				\
	static void id##_untyped(struct kunit *test, void *self,	\
				 const void *variant)			\
	{								\
		id(test, self, variant);				\
	}

#define FIXTURE_SETUP(name)						\
	UNIT_FUNCTION(name, name##_setup)				\
	static void name##_teardown_untyped(struct kunit *test,		\
					    void *self,			\
					    const void *variant);	\
	static struct unit_fixture unit_fixture_##name = {		\
		.entry = UNIT_ENTRY(#name),				\
		UNIT_LISTS(unit_fixture_##name),			\
		.size = sizeof(FIXTURE_DATA(name)),			\
		.setup = name##_setup_untyped,				\
		.teardown = name##_teardown_untyped,			\
	};								\
	UNIT_ADD(fixture_##name, &unit_fixtures, &unit_fixture_##name)	\
	static void name##_setup(UNIT_SELF(name))

#define FIXTURE_TEARDOWN(name)						\
	UNIT_FUNCTION(name, name##_teardown)				\
	static void name##_teardown(UNIT_SELF(name))

#define UNIT_TEST(fixture, id, _name)					\
	static struct unit_test unit_test_##id = {			\
		.entry = UNIT_ENTRY(#_name),				\
		.run = id##_untyped,					\
	};								\
	UNIT_ADD(test_##id, &(fixture)->tests, &unit_test_##id)

#define TEST_F(fixture, name)						\
	UNIT_FUNCTION(fixture, fixture##_##name)			\
	UNIT_TEST(&unit_fixture_##fixture, fixture##_##name, name)	\
	static void fixture##_##name(UNIT_SELF(fixture))

#define TEST(name)							\
	static void name(struct kunit *_metadata);			\
	static void name##_untyped(struct kunit *test, void *self,	\
				   const void *variant)			\
	{								\
		name(test);						\
	}								\
	UNIT_TEST(&unit_global, name, name)				\
	static void name(struct kunit *_metadata)

/*
 * Expectations. What follows one is done when it is not met, as in the harness
 */

#define TH_LOG(fmt, ...)						\
	kunit_err(_metadata, fmt "\n", ##__VA_ARGS__)

/* An assertion ends the test there; KUnit calls unit_exit() nevertheless */
static inline bool unit_unmet(struct kunit *test, bool assertion)
{
	if (assertion)
		__kunit_abort(test);

	return false;
}

#define UNIT_UNMET(want, want_str, op, got, got_str)			\
({									\
	__auto_type _want = (want);					\
	__auto_type _got = (got);					\
	bool _bad = !(_want op _got);					\
									\
	if (_bad)							\
		KUNIT_FAIL(_metadata, KUNIT_SUBTEST_INDENT		\
			   "Expected %s (%#lx) %s %s (%#lx)\n",		\
			   want_str, (unsigned long)_want, #op,		\
			   got_str, (unsigned long)_got);		\
	_bad;								\
})

#define UNIT_CHECK(want, want_str, op, got, got_str, assertion)		\
	for (bool _unmet = UNIT_UNMET(want, want_str, op, got, got_str); \
	     _unmet; _unmet = unit_unmet(_metadata, assertion))

#define EXPECT_EQ(want, got)	UNIT_CHECK(want, #want, ==, got, #got, false)
#define EXPECT_NE(want, got)	UNIT_CHECK(want, #want, !=, got, #got, false)
#define EXPECT_LT(want, got)	UNIT_CHECK(want, #want, <, got, #got, false)
#define EXPECT_LE(want, got)	UNIT_CHECK(want, #want, <=, got, #got, false)
#define EXPECT_GT(want, got)	UNIT_CHECK(want, #want, >, got, #got, false)
#define EXPECT_GE(want, got)	UNIT_CHECK(want, #want, >=, got, #got, false)
#define EXPECT_TRUE(got)	UNIT_CHECK(0, "0", !=, got, #got, false)
#define EXPECT_FALSE(got)	UNIT_CHECK(0, "0", ==, got, #got, false)
#define EXPECT_NULL(got)	UNIT_CHECK(NULL, "NULL", ==, got, #got, false)
#define ASSERT_EQ(want, got)	UNIT_CHECK(want, #want, ==, got, #got, true)
#define ASSERT_NE(want, got)	UNIT_CHECK(want, #want, !=, got, #got, true)
#define ASSERT_LT(want, got)	UNIT_CHECK(want, #want, <, got, #got, true)
#define ASSERT_LE(want, got)	UNIT_CHECK(want, #want, <=, got, #got, true)
#define ASSERT_GT(want, got)	UNIT_CHECK(want, #want, >, got, #got, true)
#define ASSERT_GE(want, got)	UNIT_CHECK(want, #want, >=, got, #got, true)
#define ASSERT_FALSE(got)	UNIT_CHECK(0, "0", ==, got, #got, true)
#define ASSERT_TRUE(got)	UNIT_CHECK(0, "0", !=, got, #got, true)

/*
 * What else they use of user space. Allocations are as large as they are asked
 * for, which KASAN knows to the byte.
 */

#define UINT64_MAX	U64_MAX

#define stderr		kunit_get_current_test()
#define fprintf(test, fmt, ...) kunit_err(test, fmt, ##__VA_ARGS__)

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *p);
void __noreturn abort(void);

/* Of the test's own; what the driver leaks kmemleak finds */
extern unsigned int unit_allocated;

#define EXPECT_NO_LEAK()	EXPECT_EQ(0, unit_allocated)

/*
 * A random test is that much shorter: an emulated CPU, with KASAN, is slow. What
 * is rare it need not see then; that it can be seen the programs tell.
 */
#define UNIT_SLOWER	20
#define UNIT_LEAST(n)	((n) / UNIT_SLOWER / 2)

/* main.c has the generator, which the harness's programs have one each of */
#define UNIT_RANDOM_DEFINE

/* The module's parameter */
extern unsigned int unit_seed;

static inline u32 unit_random_seed(void)
{
	return unit_seed;
}

/* What is counted is long in itself */
static inline u32 unit_count(const char *name, u32 count)
{
	return count / UNIT_SLOWER / UNIT_SLOWER;
}

#endif /* VFIO_CXL_KUNIT_HARNESS_H */
