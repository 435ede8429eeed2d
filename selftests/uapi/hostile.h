/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of a device that lies share. Each scenario is what the device is
 * told (../model/control.c), what the driver then does, and the check of the
 * driver's that it proves, as text: without that the scenario fails.
 *
 * Places of the test bed's device, in config space: CXL Device DVSEC 0x110 (length
 * 0x114, Capability 0x11a, Control 0x11c, range sizes 0x128 and 0x138), Register
 * Locator 0x150 (length 0x154, entries from 0x15c on), DVSECs of nobody's 0x200,
 * 0x300 and on, 0xfe8; in the CXL.cache/mem page: HDM decoders 0x100, decoder 0
 * from 0x110 on, its Control 0x120. Its window is at 0x140000000.
 */
#ifndef UAPI_HOSTILE_H
#define UAPI_HOSTILE_H

#include "event.h"

#define HOSTILE_BASE	0x140000000UL
#define HOSTILE_CTRL	0x120

bool device_is(const char *commands);
bool device_does(const char *commands);
bool device_bound(const char *commands);
unsigned long device_get(const char *place);
unsigned long device_count(const char *what);
bool kmsg_says(int kmsg, const char *text);

#endif /* UAPI_HOSTILE_H */
