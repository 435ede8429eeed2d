/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unit tests' unit.h, for a fuzzer that takes their headers: what would fail a
 * test breaks a rule here, and what they draw at random is the input's to choose.
 */
#ifndef VFIO_CXL_UNIT_H
#define VFIO_CXL_UNIT_H

#include "input.h"

struct __test_metadata {
	struct input in;
};

#define ASSERT_TRUE(seen)						\
do {									\
	(void)_metadata;						\
	must(seen, #seen);						\
} while (0)

#define ASSERT_FALSE(seen)		ASSERT_TRUE(!(seen))
#define ASSERT_EQ(expected, seen)	ASSERT_TRUE((expected) == (seen))
#define ASSERT_NE(expected, seen)	ASSERT_TRUE((expected) != (seen))
#define ASSERT_LE(expected, seen)	ASSERT_TRUE((expected) <= (seen))
#define ASSERT_LT(expected, seen)	ASSERT_TRUE((expected) < (seen))
#define UNIT_LOG_SEED()

/* What the input says next */
extern struct __test_metadata unit_input;

static inline u32 unit_random_below(u32 limit)
{
	struct input *in = &unit_input.in;

	return (limit <= 256 ? in_u8(in) : in_u16(in)) % limit;
}

#endif /* VFIO_CXL_UNIT_H */
