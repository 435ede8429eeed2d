/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers share: an input taken in pieces, and what must hold. */
#ifndef VFIO_CXL_FUZZ_INPUT_H
#define VFIO_CXL_FUZZ_INPUT_H

#include <stdio.h>
#include <stdlib.h>

#include <vfio_cxl_shim.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program where a rule is broken, for the input to be kept */
#define must(condition, rule)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: BROKEN: %s\n",		\
				__FILE__, __LINE__, rule);		\
			abort();					\
		}							\
	} while (0)

struct input {
	const u8 *at;
	size_t left;
};

/* Little endian; where the input ends, the rest is 0 */
static inline u64 in_bytes(struct input *in, unsigned int bytes)
{
	unsigned int i;
	u64 value = 0;

	for (i = 0; i < bytes && in->left; i++, in->left--)
		value |= (u64)*in->at++ << 8 * i;

	return value;
}

/* The same of bytes that stay where they are */
static inline u64 number(const u8 *at, unsigned int bytes)
{
	struct input in = { at, bytes };

	return in_bytes(&in, bytes);
}

static inline u8 in_u8(struct input *in)
{
	return in_bytes(in, 1);
}

static inline u16 in_u16(struct input *in)
{
	return in_bytes(in, 2);
}

static inline u32 in_u32(struct input *in)
{
	return in_bytes(in, 4);
}

/* Any order of magnitude, in three bytes */
static inline u64 in_scaled(struct input *in)
{
	u64 value = in_u16(in);

	return value << in_u8(in) % 49;
}

#endif /* VFIO_CXL_FUZZ_INPUT_H */
