// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structs that callers allocate, or step through. A program that was compiled
 * with an older header has room for no more than these sizes: where one of them
 * has to grow, its functions get another version in libvfio-cxl.map, and those
 * of the old version go on with the old size, in compat.c.
 */
#include "libvfio-cxl.h"

#define FROZEN(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type " is ABI")

FROZEN(vcxl_peer, 129);
FROZEN(vcxl_bind_result, 258);
FROZEN(vcxl_client_region, 24);
FROZEN(vcxl_guest_decoder, 32);
FROZEN(vcxl_program_result, 72);
FROZEN(vfio_cxl_device_info_cap, 32);
FROZEN(vfio_cxl_info, 136);
FROZEN(vfio_cxl_window, 168);
FROZEN(vfio_cxl_decoder, 72);
FROZEN(vfio_cxl_decoder_program, 88);
FROZEN(vfio_cxl_decoder_clear, 64);
FROZEN(vfio_cxl_guest_set, 72);
FROZEN(vfio_cxl_guest_clear, 64);
FROZEN(vfio_cxl_dc_info, 1192);
FROZEN(vfio_cxl_dc_extent, 88);
FROZEN(vfio_cxl_dc_status, 264);
FROZEN(vfio_cxl_dc_decide, 56);
FROZEN(vfio_cxl_dc_event, 88);
FROZEN(vfio_cxl_backend_create, 64);
FROZEN(vfio_cxl_backend_info, 64);
FROZEN(vfio_cxl_dc_configure, 40);
FROZEN(vfio_cxl_dc_add, 72);
FROZEN(vfio_cxl_dc_remove, 32);
FROZEN(vfio_cxl_dc_open, 48);

/* Of the C library's types */
#ifdef __LP64__
FROZEN(vcxl_error, 1080);
FROZEN(vcxl_region, 80);
FROZEN(vcxl_node, 144);
#endif
