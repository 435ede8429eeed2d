# SPDX-License-Identifier: GPL-2.0-only
"""The machines that a test can ask for.

A new one is a function that returns a Topology, and a line in TOPOLOGIES.
"""

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass
class Device:
    """One CXL Type-3 device; a size of 0 is no memory of that kind."""
    name: str
    bus: str
    static: int = 0
    dc: int = 0
    dc_regions: int = 2
    serial: int = 0xc0ffee00d0000001
    options: str = ""

    def media(self):
        """Size of the backing file, by kind."""
        sizes = {"static": self.static, "dc": self.dc}
        return {kind: size for kind, size in sizes.items() if size}

    def arguments(self, node, backends):
        """QEMU's -device; backends: object id by kind."""
        args = f"cxl-type3,bus={self.bus},id={node},sn={self.serial}"
        if self.static:
            args += f",volatile-memdev={backends['static']}"
        if self.dc:
            args += (f",volatile-dc-memdev={backends['dc']}"
                     f",num-dc-regions={self.dc_regions}")
        return args + self.options


@dataclass
class Topology:
    summary: str
    devices: list
    args: list                      # bridges and ports, in QEMU's words
    window: str = "4G"              # size of the fixed memory window
    # QEMU puts the window 256 MiB above the end of hotpluggable memory, which
    # ends at 4G + (maxmem - 1G) + slots * 1G. So 8G gives 0x4d0000000, and
    # 7936M (256 MiB less) 0x4c0000000, which is aligned to 1 GiB.
    maxmem: str = "8G"
    firmware: bool = False          # decoder 0 committed before any driver


ONE_PORT = ["-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1",
            "-device", "cxl-rp,port=0,bus=cxl.1,id=rp0,chassis=0,slot=2"]


def direct():
    return Topology("root port, device: 256 MiB static, 2 GiB Dynamic Capacity",
                    [Device("dcd0", "rp0", static=256 * MIB, dc=2 * GIB)],
                    ONE_PORT)


def static():
    return Topology("root port, device: 3 GiB static; 1 GiB pages fit",
                    [Device("dcd0", "rp0", static=3 * GIB)],
                    ONE_PORT, maxmem="7936M")


def firmware():
    t = direct()
    t.summary = "direct, with decoder 0 committed and locked by firmware"
    t.firmware = True
    return t


TOPOLOGIES = {"direct": direct, "static": static, "firmware": firmware}
