# SPDX-License-Identifier: GPL-2.0-only
"""The machines that a test can ask for.

A new one is a function that returns a Topology, and a line in TOPOLOGIES.
"""

import json
from dataclasses import dataclass, replace

import cedt

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
    # The port of the switch above it, whose mailbox the topology has.
    switch_port: int | None = None
    errors: str = ""                # reports its errors for it; else itself

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
    memory: str = "1G"              # of the guest
    # The fixed memory windows: host bridge, size.
    windows: tuple = (("cxl.1", "4G"),)
    # QEMU puts the windows 256 MiB above the end of hotpluggable memory, which
    # ends at 4G + (maxmem - 1G) + slots * 1G where memory is 1G; of slots there is
    # one. So 15G gives 0x4d0000000, and 15104M (256 MiB less) 0x4c0000000, which is
    # aligned to 1 GiB.
    maxmem: str = "15G"
    # What guest/firmware.c does before any driver; nothing if empty.
    firmware: tuple = ()
    # QEMU's id of the mailbox of the switch; none if empty.
    mailbox: str = ""
    # All of the guest's memory is a file that models have their part of.
    shared: bool = False
    # Comes in place of the emulator's own.
    cedt: bytes = b""
    append: str = ""                # to the kernel's command line
    qemu: tuple = ("10", "11")      # those that have what is needed

    def models(self):
        return [d for d in self.devices if isinstance(d, Model)]

    def window_args(self):
        # All of them in one option: QEMU does not put several together.
        return ["-M", ",".join(f"cxl-fmw.{n}.targets.0={bridge},"
                               f"cxl-fmw.{n}.size={size}" for n, (bridge, size)
                               in enumerate(self.windows))]


def bridge(n, bus):
    """Host bridge cxl.N, whose _UID is its bus number, and root port rpN-1."""
    return ["-device", f"pxb-cxl,bus_nr={bus},bus=pcie.0,id=cxl.{n}",
            "-device", f"cxl-rp,port=0,bus=cxl.{n},id=rp{n - 1},"
            f"chassis={n - 1},slot=2"]


ONE_PORT = bridge(1, 12)
PORT = 3
SWITCH = ONE_PORT + [
    "-device", "cxl-upstream,bus=rp0,id=us0", "-device",
    f"cxl-downstream,port={PORT},bus=us0,id=swport0,chassis=0,slot=4"]


def typical(bus="rp0"):
    return Device("dcd0", bus, static=256 * MIB, dc=2 * GIB)


def second(bus):
    return Device("dcd1", bus, static=256 * MIB, serial=0xc0ffee00d0000002)


def direct():
    return Topology("root port, device: 256 MiB static, 2 GiB Dynamic Capacity",
                    [typical()], ONE_PORT)


def static():
    return Topology("root port, device: 3 GiB static; 1 GiB pages fit",
                    [Device("dcd0", "rp0", static=3 * GIB)],
                    ONE_PORT, maxmem="15104M")


def firmware():
    t = direct()
    t.summary = "direct, with decoder 0 committed and locked by firmware"
    t.firmware = ("commit",)
    return t


def two_devices():
    return Topology("two host bridges, a window and a device for each",
                    [typical(), replace(second("rp1"), dc=256 * MIB,
                                        dc_regions=1)],
                    ONE_PORT + bridge(2, 32),
                    windows=(("cxl.1", "4G"), ("cxl.2", "1G")))


def neighbour():
    t = direct()
    t.summary = "direct, with another CXL device as function 1 of its slot"
    t.devices[0].options = ",addr=0.0,multifunction=on"
    t.devices.append(second("rp0"))
    t.devices[1].options = ",addr=0.1"
    return t


def two_ports():
    t = direct()
    t.summary = "host bridge with two root ports, the device below one"
    t.args = ONE_PORT + ["-device",
                         "cxl-rp,port=5,bus=cxl.1,id=rp1,chassis=0,slot=3"]
    return t


def switch():
    return Topology("root port, switch, device; the switch routes nothing",
                    [typical("swport0")], SWITCH)


def switch_routed():
    t = switch()
    t.summary = "switch, which firmware made route 1 GiB of the window"
    t.firmware = ("route", str(512 * MIB), str(GIB))
    return t


def dc():
    """On the root bus nothing but its own BAR decides whether the mailbox can
    be reached: no port whose window or power state is the guest's business."""
    t = switch()
    t.summary = ("switch that routes the whole window, with its mailbox for a "
                 "fabric manager")
    t.firmware = ("route", "0", str(4 * GIB))
    t.args = SWITCH + [
        "-device", "cxl-switch-mailbox-cci,bus=pcie.0,target=us0,id=cci0"]
    t.mailbox = "cci0"
    t.devices[0].switch_port = PORT
    return t


def dc_only():
    return Topology("root port, device: 2 GiB Dynamic Capacity and no other",
                    [Device("dcd0", "rp0", dc=2 * GIB)], ONE_PORT)


def hdm_db():
    t = direct()
    t.summary = "direct, with a device that can do back-invalidate (HDM-DB)"
    t.devices[0].options = ",hdm-db=on,x-256b-flit=on"
    t.qemu = ("11",)
    return t


@dataclass
class MemoryBar:
    """A PCI device, no CXL, whose BAR 2 is memory of the same kind."""
    name: str
    size: int
    errors: str = ""

    def media(self):
        return {"bar": self.size}

    def arguments(self, node, backends):
        return f"ivshmem-plain,bus=pcie.0,id={node},memdev={backends['bar']}"


def bench():
    t = static()
    t.summary = "static, and a PCI device with a BAR of 1 GiB to compare with"
    t.devices.append(MemoryBar("bar0", GIB))
    return t


@dataclass
class Model:
    """A device of selftests/model. Its memory is RAM of the guest's, from at on in
    the file of all of it."""
    name: str
    bus: str
    static: int
    at: int
    serial: int = 0xc0ffee00d0000011
    socket: str = ""

    @property
    def errors(self):
        """QEMU has no AER for it, so its port reports the error."""
        return self.bus

    def media(self):
        return {"static": self.static}

    def arguments(self, node, _):
        return json.dumps({"driver": "vfio-user-pci", "bus": self.bus, "id": node,
                           "socket": {"type": "unix", "path": self.socket},
                           # Silence is told from slowness after so long
                           "x-msg-timeout": 2000})


def model():
    """Of 5 GiB of RAM, q35 puts 2 GiB below 4 GiB and the rest from there on, where
    in the file it comes next. The last 2 GiB are the window's, half of it, as
    firmware would tell: soft reserved. The host bridge's registers are where
    hotpluggable memory ends, see above."""
    return Topology("root port, a device of ours, no memory's class: 2 GiB static",
                    [Model("dcd0", "rp0", static=2 * GIB, at=3 * GIB)], ONE_PORT,
                    memory="5G", shared=True, qemu=("11",),
                    cedt=cedt.table([(12, 18 * GIB)], [(12, 5 * GIB, 4 * GIB)]),
                    append="memmap=2G%0x140000000-1+0xefffffff")


def lend():
    t = direct()
    t.summary = "direct, and a host that has memory to lend"
    t.memory = "5G"
    return t


TOPOLOGIES = {f.__name__.replace("_", "-"): f
              for f in (direct, static, firmware, two_devices, neighbour,
                        two_ports, switch, switch_routed, dc, dc_only, hdm_db,
                        bench, lend, model)}
