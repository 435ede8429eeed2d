/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Points that can be made to fail, for what only broken hardware or another
 * user of the host's addresses does by itself. A normal build has none.
 */
#ifndef VFIO_CXL_FAULT_H
#define VFIO_CXL_FAULT_H

#include "pure.h"

#ifdef CONFIG_CXL_VFIO_PCI_FAULTS
bool vfio_cxl_fails(const char *point);
#else
#define vfio_cxl_fails(point)	((void)(point), false)
#endif

#endif /* VFIO_CXL_FAULT_H */
