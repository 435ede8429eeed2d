/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pure files may use: types, bits, byte order, errno. They include
 * this and nothing else of the kernel, so that the same source also builds in
 * user space, for the unit tests and for the helper.
 */
#ifndef VFIO_CXL_PURE_H
#define VFIO_CXL_PURE_H

#ifdef __KERNEL__
#include <asm/byteorder.h>

#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#else
#include <vfio_cxl_shim.h>
#endif

#endif /* VFIO_CXL_PURE_H */
