# SPDX-License-Identifier: GPL-2.0-only
"""What "bed fm" does: a fabric manager that hands Dynamic Capacity out, over
the mailbox of the switch above the device.

CXL r3.2 section 7.6.7.6 (FM-API, DCD management). What can be encoded is sent:
whether an offer makes sense is for the device to say, and the guest.
"""

import argparse
import json
import re
import struct
import uuid
from dataclasses import dataclass

from cci import Answered, Mailbox
from testroot import BedError, Usage

GET_REGIONS, GET_EXTENTS, ADD, RELEASE = 0x5601, 0x5603, 0x5604, 0x5605
HOST = 0
PRESCRIPTIVE_ADD = 2
RELEASE_POLICIES = {"tag": 0, "prescriptive": 1}
FORCED, SANITIZE = 1 << 4, 1 << 5
MAX_REGIONS = 8
REGION = struct.Struct("<QQQQB3xB3x")
EXTENT = struct.Struct("<QQ16sH6x")
REQUEST = struct.Struct("<HBBQ16sI")    # add and release: extents follow
LIST = struct.Struct("<HxxIIII4x")      # answer to GET_EXTENTS: extents follow
PAGE = 32                               # extents asked for at once
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NO_TAG = bytes(16)
# What QEMU 11 means by a return code
MEANINGS = {
    (ADD, 0x0f): "not inside one region",
    (ADD, 0x1d): "more extents than the device supports",
    (ADD, 0x1e): "misaligned, overlapping, or pending or accepted already",
    (RELEASE, 0x02): "the emulator has no release by tag",
    (RELEASE, 0x0f): "not accepted, or pending, or not inside one region",
    (RELEASE, 0x1e): "misaligned or overlapping",
}
TRIES = 20


def unsigned(bits):
    def convert(text):
        try:
            value = int(text, 0)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a number") from None
        if not 0 <= value < 1 << bits:
            raise argparse.ArgumentTypeError(
                f"{text} does not fit into {bits} unsigned bits")
        return value
    return convert


def tag(text):
    if not UUID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a UUID")
    return uuid.UUID(text).bytes


def extent(text):
    """O:L[:TAG[:SEQ]]; an empty TAG is that of --tag."""
    words = text.split(":")
    if not 2 <= len(words) <= 4:
        raise argparse.ArgumentTypeError(f"'{text}' is not O:L[:TAG[:SEQ]]")
    words += [""] * (4 - len(words))
    return (unsigned(64)(words[0]), unsigned(64)(words[1]),
            tag(words[2]) if words[2] else None,
            unsigned(16)(words[3] or "0"))


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Usage(f"{self.prog}: {message}")


def parse(verb, words):
    p = Parser(prog=f"fm {verb}", add_help=False, allow_abbrev=False)
    p.add_argument("--device")
    if verb != "list":
        p.add_argument("--tag", type=tag)
        p.add_argument("--region", type=unsigned(8))
        p.add_argument("--offset", type=unsigned(64))
        p.add_argument("--length", type=unsigned(64))
        p.add_argument("--extent", type=extent, action="append", default=[])
    if verb == "release":
        p.add_argument("--policy", choices=RELEASE_POLICIES,
                       default="prescriptive")
        p.add_argument("--forced", action="store_true")
        p.add_argument("--sanitize", action="store_true")
    o = p.parse_args(words)
    if verb == "list":
        return o
    if (o.offset is None) != (o.length is None):
        p.error("--offset and --length go together")
    if o.offset is not None:
        o.extent.insert(0, (o.offset, o.length, None, 0))
    if o.region is None and (o.extent or o.tag is None):
        p.error("--region is missing")
    if not o.extent and (verb == "add" or o.tag is None):
        p.error("no extent: give --offset and --length, or --extent"
                + (", or only --tag" if verb == "release" else ""))
    return o


@dataclass
class Extent:
    dpa: int
    length: int
    tag: bytes = NO_TAG
    sequence: int = 0

    def pack(self):
        return EXTENT.pack(self.dpa, self.length, self.tag, self.sequence)

    def holds(self, other):
        return (self.dpa <= other.dpa and
                other.dpa + other.length <= self.dpa + self.length)


@dataclass
class Region:
    base: int
    length: int
    block_size: int

    def holds(self, e):
        return self.base <= e.dpa < self.base + self.length


class Capacity:
    """One device's Dynamic Capacity, as far as the manager is told."""

    def __init__(self, call):
        self.call = call
        # Each offer made, oldest first. The emulator tells how many extents
        # are pending and which are accepted, but it answers offers in order,
        # and whole: with the count this says which are pending. And it
        # forgets tags.
        self.offers = []

    def state(self):
        """Regions, and how many extents are supported and available."""
        answer = self.call(GET_REGIONS, struct.pack("<HBB", HOST, MAX_REGIONS,
                                                    0))
        n = answer[3]
        regions = []
        for i in range(n):
            base, _, length, block, _, _ = REGION.unpack_from(
                answer, 4 + i * REGION.size)
            regions.append(Region(base, length, block))
        supported, available = struct.unpack_from("<II", answer,
                                                  4 + n * REGION.size)
        return regions, supported, available

    def accepted(self):
        """Generation and extents; None when they changed between pages."""
        extents, first = [], None
        while True:
            answer = self.call(GET_EXTENTS, struct.pack(
                "<HxxII", HOST, PAGE, len(extents)))
            _, _, n, total, generation = LIST.unpack_from(answer)
            first = first or (total, generation)
            if first != (total, generation):
                return None
            extents += [Extent(*EXTENT.unpack_from(
                answer, LIST.size + i * EXTENT.size)) for i in range(n)]
            if len(extents) >= total or not n:
                return generation, extents

    def snapshot(self):
        """All of it; the guest goes on meanwhile, and may answer an offer."""
        for _ in range(TRIES):
            state, accepted = self.state(), self.accepted()
            if accepted and state == self.state():
                return state, *accepted
        raise BedError("the extents change faster than they can be listed")

    def pending(self, count):
        """Index and extents of the offers that have not been answered."""
        first, n = len(self.offers), 0
        while n < count and first:
            first -= 1
            n += len(self.offers[first])
        if n != count:
            raise BedError(f"the device has {count} pending extents, which "
                           "are not the last that were offered through bed")
        return [(i, self.offers[i]) for i in range(first, len(self.offers))]

    def known(self, accepted):
        """The extent with the tag and sequence that it was offered with."""
        for offer in reversed(self.offers):
            for e in offer:
                if accepted.tag == NO_TAG and e.holds(accepted):
                    return Extent(accepted.dpa, accepted.length, e.tag,
                                  e.sequence)
        return accepted

    def list(self):
        """What "fm list" prints, and the extents by themselves."""
        (regions, supported, available), generation, accepted = self.snapshot()
        accepted = [self.known(e) for e in accepted]
        offers = self.pending(supported - available - len(accepted))
        pending = [(i, e) for i, offer in offers for e in offer]

        def shown(region, e, **more):
            return {"offset": e.dpa - region.base, "length": e.length,
                    "tag": (str(uuid.UUID(bytes=e.tag))
                            if e.tag != NO_TAG else None),
                    "sequence": e.sequence, **more}
        text = {"generation": generation, "extents_supported": supported,
                "extents_available": available, "regions": [
                    {"region": n, "base": r.base, "length": r.length,
                     "block_size": r.block_size,
                     "accepted": [shown(r, e) for e in accepted if r.holds(e)],
                     "pending": [shown(r, e, offer=i) for i, e in pending
                                 if r.holds(e)]}
                    for n, r in enumerate(regions)]}
        return text, regions, accepted + [e for _, e in pending]

    def extents(self, o):
        """What the options name, in the device's addresses."""
        regions, _, _ = self.state()
        if o.region >= len(regions):
            raise BedError(f"the device has {len(regions)} regions: where "
                           f"region {o.region} begins is not known")
        extents = [Extent(regions[o.region].base + offset, length,
                          (o.tag or NO_TAG) if own is None else own, sequence)
                   for offset, length, own, sequence in o.extent]
        for e in extents:
            if e.dpa >> 64:
                raise BedError(f"an offset beyond 64 bits of address: region "
                               f"{o.region} begins at "
                               f"{regions[o.region].base:#x}")
        return extents

    def request(self, opcode, flags, region, own, extents):
        # The sum is for the policies that choose themselves: no other reads it
        length = min(sum(e.length for e in extents), (1 << 64) - 1)
        try:
            self.call(opcode, REQUEST.pack(HOST, flags, region, length,
                                           own or NO_TAG, len(extents))
                      + b"".join(e.pack() for e in extents))
        except Answered as e:
            if (e.opcode, e.code) in MEANINGS:
                e.args = (f"{e}: {MEANINGS[e.opcode, e.code]}",)
            raise

    def add(self, o):
        extents = self.extents(o)
        self.request(ADD, PRESCRIPTIVE_ADD, o.region, o.tag, extents)
        self.offers.append(extents)

    def add_by_qmp(self, region, extents):
        """An offer past the mailbox, which drops tags."""
        base = self.state()[0][region].base
        self.offers.append([Extent(base + e["offset"], e["len"])
                            for e in extents])

    def release(self, o):
        flags = (RELEASE_POLICIES[o.policy] | FORCED * o.forced
                 | SANITIZE * o.sanitize)
        if o.extent:
            self.request(RELEASE, flags, o.region, o.tag, self.extents(o))
        elif o.policy == "tag":
            self.request(RELEASE, flags, o.region or 0, o.tag, [])
        else:
            self.release_tag(o, flags)

    def release_tag(self, o, flags):
        """All that has the tag, by their addresses, in one command for each
        region that has some."""
        if o.tag == NO_TAG:
            raise BedError("the null tag names no extent: give offsets")
        _, regions, extents = self.list()
        found = False
        for n, region in enumerate(regions):
            some = [e for e in extents if e.tag == o.tag and region.holds(e)]
            if some and o.region in (None, n):
                self.request(RELEASE, flags, n, o.tag, some)
                found = True
        if not found:
            raise BedError(f"no extent with the tag {uuid.UUID(bytes=o.tag)} "
                           "is accepted or pending")


class FabricManager:
    def __init__(self, machine):
        self.machine = machine
        self.devices = {}       # by QEMU's id: a new one when plugged again

    def command(self, verb, words, bed):
        o = parse(verb, words)
        if self.machine.qemu == "10":
            raise BedError("fm: QEMU 10 knows no command of a fabric manager: "
                           "use QEMU 11, or offer capacity without a tag by "
                           "\"bed qmp\" (cxl-add-dynamic-capacity)")
        if not self.machine.topology.mailbox:
            raise BedError(f"fm: topology '{self.machine.topology.name}' has "
                           "no switch with a mailbox: use 'dc', or offer "
                           "capacity without a tag by \"bed qmp\" "
                           "(cxl-add-dynamic-capacity)")
        device = bed.device([o.device] if o.device else [])
        if device.switch_port is None:
            raise BedError(f"fm: {device.name} is not below the switch that "
                           "has the mailbox")
        capacity = self.capacity(device, bed.nodes[device.name])
        try:
            if verb == "list":
                return json.dumps({"device": device.name,
                                   **capacity.list()[0]})
            getattr(capacity, verb)(o)
            return ""
        except struct.error as e:
            raise BedError(f"fm: an answer of {device.name} is too short: "
                           f"{e}") from e
        except BedError as e:
            e.args = (f"fm {verb}: {device.name}: {e}",)
            raise

    def capacity(self, device, node):
        if node not in self.devices:
            mailbox = Mailbox(self.machine, self.machine.topology.mailbox)
            self.devices[node] = Capacity(
                lambda opcode, payload: mailbox.tunnel(device.switch_port,
                                                       opcode, payload))
        return self.devices[node]

    def see(self, request, bed):
        """An offer that QMP made is one of the offers, too."""
        if (request["execute"] != "cxl-add-dynamic-capacity" or
                self.machine.qemu == "10"):
            return
        words = request["arguments"]
        for device in bed.machine.topology.devices:
            node = bed.nodes[device.name]
            if (node == words["path"].split("/")[-1] and
                    device.switch_port is not None):
                try:
                    self.capacity(device, node).add_by_qmp(words["region"],
                                                           words["extents"])
                except (BedError, struct.error):
                    pass    # it was made: "list" will miss it, and say so
