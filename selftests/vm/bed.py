# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of the guest's "bed": acts on the machine from outside."""

import json
import os
import struct
import time

from fm import FabricManager
from testroot import BedError, Usage

HEADER = struct.Struct("<III")      # nonce, flags, length; see guest/bed.c
LAST = 1
FRAGMENT = 16384
UNPLUG_TIMEOUT = 15

USAGE = """usage: bed media read static|dc OFFSET LENGTH [DEVICE]
       bed media write static|dc OFFSET HEX|- [DEVICE]
       bed mmio read ADDRESS [1|2|4|8]
       bed mmio write ADDRESS VALUE [1|2|4|8]
       bed mmio dump ADDRESS COUNT
       bed mmio load ADDRESS=VALUE...
       bed qmp JSON|-
       bed fm add --region R --offset O --length L [--tag UUID]
                  [--extent O:L[:TAG[:SEQ]]]... [--device DEVICE]
       bed fm release [--region R] [--offset O --length L] [--tag UUID]
                      [--extent O:L[:TAG[:SEQ]]]... [--policy tag|prescriptive]
                      [--forced] [--sanitize] [--device DEVICE]
       bed fm list [--device DEVICE]
       bed model DEVICE COMMAND... [+ COMMAND...]...
       bed unplug|plug [DEVICE]
       bed info
Numbers may be decimal or 0x...; - stands for standard input."""


def number(text):
    try:
        return int(text, 0)
    except ValueError:
        raise BedError(f"'{text}' is not a number") from None


class Bed:
    def __init__(self, machine):
        self.machine = machine
        self.windows = []
        self.nonce, self.request, self.buf = None, b"", b""
        # QEMU's id of each device: another one each time it is plugged.
        self.nodes = {d.name: d.name for d in machine.topology.devices}
        self.leaving = set()
        self.plugs = 0
        self.fm = FabricManager(machine)

    def feed(self, data):
        """Takes what came from the port; returns what goes back."""
        self.buf += data
        out = b""
        while len(self.buf) >= HEADER.size:
            nonce, flags, length = HEADER.unpack_from(self.buf)
            end = HEADER.size + length
            if len(self.buf) < end:
                break
            # A new nonce: the client before was killed in the middle.
            if nonce != self.nonce:
                self.nonce, self.request = nonce, b""
            self.request += self.buf[HEADER.size:end]
            self.buf = self.buf[end:]
            if flags & LAST:
                out += self.frame(self.answer(self.request))
                self.nonce = None
        return out

    def frame(self, payload):
        parts = [payload[i:i + FRAGMENT]
                 for i in range(0, len(payload), FRAGMENT)]
        return b"".join(HEADER.pack(self.nonce, LAST * (i == len(parts) - 1),
                                    len(part)) + part
                        for i, part in enumerate(parts))

    def answer(self, request):
        """A status byte, and the text for stdout or, if not 0, stderr."""
        args = [a.decode(errors="replace") for a in request.split(b"\0")[:-1]]
        try:
            text = self.command(args)
            return b"\0" + (text + "\n" if text else "").encode()
        except Usage as e:
            return bytes([e.status]) + f"bed: {e}\n{USAGE}\n".encode()
        except (BedError, OSError) as e:
            return bytes([getattr(e, "status", 1)]) + f"bed: {e}\n".encode()

    def command(self, args):
        match args:
            case ["media", "read", kind, offset, length, *dev]:
                return self.media(kind, offset, dev, length=number(length))
            case ["media", "write", kind, offset, digits, *dev]:
                try:
                    data = bytes.fromhex(digits)
                except ValueError:
                    raise BedError("media write: not hexadecimal bytes: "
                                   f"'{digits[:32]}'") from None
                return self.media(kind, offset, dev, data=data)
            case ["mmio", "read", address, *size] if len(size) < 2:
                return self.mmio_read(number(address), size)
            case ["mmio", "write", address, value, *size] if len(size) < 2:
                return self.mmio_write(number(address), number(value), size)
            case ["mmio", "dump", address, count]:
                return "\n".join(self.mmio_read(number(address) + 4 * i)
                                 for i in range(number(count)))
            case ["mmio", "load", *pairs] if pairs:
                return self.mmio_load(pairs)
            case ["qmp", text]:
                return self.qmp(text)
            case ["fm", "add" | "release" | "list" as verb, *words]:
                return self.fm.command(verb, words, self)
            case ["unplug" | "plug" as verb, *dev] if len(dev) < 2:
                return getattr(self, verb)(self.device(dev))
            case ["model", name, _, *_]:
                return self.model(name, args[2:])
            case ["info"]:
                return json.dumps(self.info())
        raise Usage("no command of this form" if args else "no command")

    def letter(self, size):
        letters = {"1": "b", "2": "w", "4": "l", "8": "q"}
        if size and size[0] not in letters:
            raise BedError(f"mmio: the size is 1, 2, 4 or 8, not '{size[0]}'")
        return letters[size[0] if size else "4"]

    def mmio_read(self, address, size=()):
        value = self.machine.qtest(f"read{self.letter(size)} {address:#x}")
        digits = 2 * int(size[0] if size else 4)
        return f"0x{int(value, 16):0{digits}x}"

    def mmio_write(self, address, value, size=()):
        return self.machine.qtest(f"write{self.letter(size)} {address:#x} "
                                  f"{value:#x}")

    def mmio_load(self, pairs):
        words = [pair.partition("=") for pair in pairs]
        # None of them is written if one is wrong
        for address, value in [(number(a), number(v)) for a, _, v in words]:
            self.mmio_write(address, value)
        return ""

    def device(self, names):
        devices = {d.name: d for d in self.machine.topology.devices}
        name = names[0] if names else next(iter(devices))
        if name not in devices:
            raise BedError(f"there is no device '{name}' here, "
                           f"but {', '.join(devices)}")
        return devices[name]

    def media(self, kind, offset, dev, length=None, data=None):
        device = self.device(dev)
        size = device.media().get(kind)
        offset = number(offset)
        if size is None:
            raise BedError(f"{device.name} has no '{kind}' memory, "
                           f"but {', '.join(device.media())}")
        wanted = len(data) if length is None else length
        if offset < 0 or wanted < 0 or offset + wanted > size:
            raise BedError(f"{wanted} bytes at {offset:#x} are not inside the "
                           f"{size:#x} of {device.name}'s {kind} memory")
        fd = self.machine.media[device.name, kind].fileno()
        offset += getattr(device, "at", 0)
        if data is None:
            return os.pread(fd, length, offset).hex()
        os.pwrite(fd, data, offset)
        return ""

    def model(self, name, words):
        """Commands of ../model/control.c; stops at the first that is refused."""
        if name not in self.machine.servers:
            raise BedError(f"{name} is no device of selftests/model")
        return "\n".join(filter(None, [
            self.machine.model(name, line.strip())
            for line in " ".join(words).split(" + ")]))

    def qmp(self, text):
        try:
            request = json.loads(text)
        except ValueError as e:
            raise BedError(f"qmp: not JSON: {e}") from None
        reply = self.machine.qmp_reply(request)
        if "error" in reply:
            raise BedError(json.dumps(reply))
        self.fm.see(request, self)
        return json.dumps(reply)

    def slots(self):
        """PCI address by QEMU's id, of what slots hold."""
        def addresses(devices):
            for d in devices:
                yield (d.get("qdev_id"), f"0000:{d['bus']:02x}:{d['slot']:02x}"
                                         f".{d['function']:x}")
                yield from addresses(d.get("pci_bridge", {}).get("devices", []))

        return {node: address for bus in self.machine.qmp("query-pci")
                for node, address in addresses(bus["devices"])}

    def plugged(self, node):
        """Whether a slot holds it. QEMU 10 never says DEVICE_DELETED."""
        return node in self.slots()

    def unplug(self, device):
        node = self.nodes[device.name]
        if not self.plugged(node):
            raise BedError(f"{device.name} is not plugged")
        self.machine.qmp("device_del", id=node)
        self.leaving.add(node)
        return ""

    def plug(self, device):
        """New ids, same files: QEMU may hold the old objects for ever."""
        node = self.nodes[device.name]
        # The guest gives a slot up a little after its driver let go.
        end = time.monotonic() + UNPLUG_TIMEOUT * (node in self.leaving)
        while self.plugged(node):
            if time.monotonic() > end:
                raise BedError(f"{device.name} is still plugged: unplug it "
                               "first; it stays while something holds it open")
            time.sleep(0.05)
        self.plugs += 1
        suffix = f"-{self.plugs}"
        backends = self.machine.backends(device, suffix)
        for kind, size in device.media().items():
            self.machine.qmp("object-add", **{
                "qom-type": "memory-backend-file", "id": backends[kind],
                "size": size, "share": True,
                "mem-path": self.machine.backend_path(device, kind)})
        node = device.name + suffix
        words = device.arguments(node, backends).split(",")
        arguments = {"driver": words[0]}
        for word in words[1:]:
            key, value = word.split("=")
            arguments[key] = (int(value) if value.isdigit() else
                              {"on": True, "off": False}.get(value, value))
        self.machine.qmp("device_add", **arguments)
        self.nodes[device.name] = node
        return ""

    def info(self):
        m = self.machine
        version = m.qmp("query-version")["qemu"]
        windows = [dict(zip(("base", "size"), w)) for w in self.windows]
        slots = self.slots()
        return {"topology": m.topology.name,
                "qemu": "{major}.{minor}.{micro}".format(**version),
                "accel": m.accel, "windows": windows,
                "window": windows[0] if windows else None,
                "devices": [{"name": d.name, "id": self.nodes[d.name],
                             "plugged": self.nodes[d.name] in slots,
                             "address": slots.get(self.nodes[d.name]),
                             "errors": d.errors or self.nodes[d.name],
                             "media": d.media()} for d in m.topology.devices]}
