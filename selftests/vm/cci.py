# SPDX-License-Identifier: GPL-2.0-only
"""The mailbox of the emulated switch (its switch mailbox CCI), driven past the
guest: its kernel doesn't know that commands are sent here.

CXL r3.2 sections 8.2.8 (device registers, mailbox), 7.6.7.3 (tunnel).
"""

import struct
import time

from testroot import BedError

ECAM = 0xb0000000               # where SeaBIOS puts q35's
PCI_COMMAND = 4
PCI_COMMAND_MEMORY = 2
CAP_MAILBOX = 2
TUNNEL = 0x5300
TIMEOUT = 2                     # seconds, as a driver should allow
RESPONSE = 1                    # category of a message
HEADER = struct.Struct("<BBxHHBHH")     # of a message; 24 bits for its length
RETURN_CODES = {
    0x01: "Background Command Started", 0x02: "Invalid Input",
    0x03: "Unsupported", 0x04: "Internal Error", 0x05: "Retry Required",
    0x06: "Busy", 0x07: "Media Disabled", 0x0f: "Invalid Physical Address",
    0x15: "Unsupported Mailbox or CCI", 0x16: "Invalid Payload Length",
    0x1d: "Resources Exhausted", 0x1e: "Invalid Extent List",
}


class Answered(BedError):
    """A return code that is not success, of the switch or of the device."""
    status = 3

    def __init__(self, who, opcode, code):
        self.opcode, self.code = opcode, code
        name = RETURN_CODES.get(code, "a code without a name here")
        super().__init__(f"{who} answered {opcode:04x}h with {name} "
                         f"({code:#x})")


class Mailbox:
    def __init__(self, machine, node):
        self.machine, self.node = machine, node

    def ask(self, request, *numbers):
        words = " ".join(f"{n:#x}" for n in numbers)
        return self.machine.qtest(f"{request} {words}")

    def read(self, request, address):
        return int(self.ask(request, address), 16)

    def pci(self):
        """The function on the root bus, as QEMU shows it."""
        for bus in self.machine.qmp("query-pci"):
            for device in bus["devices"]:
                if device.get("qdev_id") == self.node:
                    return device
        raise BedError(f"the switch's mailbox, {self.node}, is not there")

    def bar(self):
        """Where its registers are. Off until somebody enables Memory Space."""
        device = self.pci()
        at = (ECAM + (device["bus"] << 20) + (device["slot"] << 15)
              + (device["function"] << 12) + PCI_COMMAND)
        command = self.read("readw", at)
        if not command & PCI_COMMAND_MEMORY:
            self.ask("writew", at, command | PCI_COMMAND_MEMORY)
            device = self.pci()
        for region in device["regions"]:
            if region["bar"] == 0 and region["address"] > 0:
                return region["address"]
        raise BedError(f"BAR 0 of the switch's mailbox, {self.node}, has no "
                       "address")

    def registers(self):
        """Address of the mailbox's registers, by the array of capabilities."""
        bar = self.bar()
        count = self.read("readq", bar) >> 32 & 0xffff
        for entry in range(bar + 16, bar + 16 + 16 * count, 16):
            if self.read("readl", entry) & 0xffff == CAP_MAILBOX:
                return bar + self.read("readl", entry + 4)
        raise BedError(f"{self.node} has no mailbox registers")

    def wait(self, registers):
        end = time.monotonic() + TIMEOUT
        while self.read("readl", registers + 4) & 1:
            if time.monotonic() > end:
                raise BedError(f"the switch's mailbox, {self.node}, did not "
                               f"end a command in {TIMEOUT} s")

    def command(self, opcode, payload):
        registers = self.registers()
        limit = 1 << (self.read("readl", registers) & 0x1f)
        if len(payload) > limit:
            raise BedError(f"a command of {len(payload)} bytes does not fit "
                           f"into the switch's mailbox, which takes {limit}")
        self.wait(registers)
        self.machine.qtest(f"write {registers + 32:#x} {len(payload):#x} "
                           f"0x{payload.hex()}")
        self.ask("writeq", registers + 8, opcode | len(payload) << 16)
        self.ask("writel", registers + 4, 1)
        self.wait(registers)
        code = self.read("readq", registers + 16) >> 32 & 0xffff
        if code:
            raise Answered(f"the switch's mailbox, {self.node},", opcode,
                           code)
        length = self.read("readq", registers + 8) >> 16 & 0x1fffff
        answer = self.ask("read", registers + 32, min(length, limit))
        return bytes.fromhex(answer.removeprefix("0x"))

    def tunnel(self, port, opcode, payload=b""):
        """A command for the device behind a port; returns its answer."""
        size = len(payload)
        message = HEADER.pack(0, 0, opcode, size & 0xffff, size >> 16, 0,
                              0) + payload
        try:
            answer = self.command(TUNNEL, struct.pack("<BBH", port, 0,
                                                      len(message)) + message)
        except Answered as e:
            e.args = (f"{e}: is there a device at port {port}?",)
            raise
        if len(answer) < 4 + HEADER.size:
            raise BedError(f"the switch's answer has {len(answer)} bytes only")
        length = struct.unpack_from("<H", answer)[0]
        category, _, same, low, high, code, _ = HEADER.unpack_from(answer, 4)
        if (category, same) != (RESPONSE, opcode):
            raise BedError(f"the switch brought another answer than to "
                           f"{opcode:04x}h: {answer[:16].hex()}")
        if code:
            raise Answered(f"the device at port {port} of the switch", opcode,
                           code)
        if not (HEADER.size + (low | high << 16) == length
                <= len(answer) - 4):
            raise BedError(f"the answer to {opcode:04x}h is not as long as it "
                           f"says: {answer[:16].hex()}")
        return answer[4 + HEADER.size:4 + length]
