# SPDX-License-Identifier: GPL-2.0-only
"""An ACPI CEDT of our own, in front of an initramfs, where the kernel looks for
tables that are to replace firmware's: fixed memory windows over ordinary RAM.

CXL 3.1, 9.18.1; Documentation/admin-guide/acpi/initrd_table_override.rst.
"""

import struct

NAME = "kernel/firmware/acpi/CEDT.aml"
CHBS, CFMWS = 0, 1
CXL20, BLOCK = 1, 0x10000
# Type-2 and Type-3 devices, volatile and persistent memory
RESTRICTIONS = 0xf


def bridge(uid, base):
    """A host bridge of CXL 2.0 and where its component registers are."""
    return struct.pack("<BxHIIIQQ", CHBS, 32, uid, CXL20, 0, base, BLOCK)


def window(uid, base, size):
    """A fixed memory window with one target."""
    return struct.pack("<BxHIQQBBHIHHI", CFMWS, 40, 0, base, size, 0, 0, 0, 0,
                       RESTRICTIONS, 0, uid)


def table(bridges, windows):
    """The emulator's own has revision 1: a higher one replaces it."""
    body = b"".join([bridge(*b) for b in bridges] + [window(*w) for w in windows])
    head = struct.pack("<4sIBB6s8sI4sI", b"CEDT", 36 + len(body), 1, 0,
                       b"BOCHS ", b"BXPC    ", 2, b"BXPC", 1)
    whole = bytearray(head + body)
    whole[9] = -sum(whole) % 256
    return bytes(whole)
