#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes a table of what "measure" printed: measure ... | table.py

A cell is "best / median", or one number where they are the same. Ratios are
times of ours to theirs: below 1 we are faster. They are of the best times,
because what disturbs a measurement makes it longer; but of the medians in
virtual time, which nothing disturbs, and where a sleep ends with some tick. A
goal is no test: whether it is met depends on the machine too.
"""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass

OURS, PCI, DAX = "vfio-cxl", "vfio-pci", "device-dax"
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass
class Goal:
    at_most: float                  # ours to the best of these (key, side)
    of: tuple
    text: str
    mode: str = ""                  # of "time" or "instructions" only


@dataclass
class Row:
    """Keys are what a record is found by: what, page size, CPU time or not."""
    label: str
    ours: tuple
    pci: tuple = None
    dax: tuple = None
    goal: Goal = None
    bytes: int = 0                  # shown as bytes in that time
    sleeps: bool = False            # so that no clock counts instructions

    def keys(self):
        sides = zip((OURS, PCI, DAX), (self.ours, self.pci, self.dax))
        return {side: key for side, key in sides if key}

    def unit(self, mode):
        if mode == "instructions":
            return "virtual us" if self.sleeps else "instructions"
        return "MB/s" if self.bytes else "us"

    def typical(self, samples, mode):
        virtual = self.sleeps and mode == "instructions"
        return statistics.median(samples) if virtual else min(samples)


def size(n):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if n % unit == 0:
            return f"{n // unit} {name}"
    return f"{n} bytes"


def memory_rows(records):
    ours = sorted((r for r in records if r["side"] == OURS and "page" in r),
                  key=lambda r: (r["what"], r["page"]))
    seen = set()
    for r in ours:
        key = r["what"], r["page"], 0
        if key in seen:
            continue
        seen.add(key)
        if r["what"] == "fault":
            goal = Goal(1.1, ((key, PCI),), PCI, "instructions")
            yield Row(f"fault, {size(r['page'])} page", key, key, key,
                      goal if r["page"] > 4 * KIB else None)
        else:
            goal = Goal(1.05, ((key, PCI), (key, DAX)), "the better", "time")
            yield Row(f"touch {size(r['bytes'])}, {size(r['page'])} pages, "
                      f"{r['faults']} faults", key, key, key, goal,
                      bytes=r["bytes"])


def register_rows():
    ours, cached = ("comp_regs", 0, 0), ("config:0x0", 0, 0)
    yield Row("read COMP_REGS | config, cached", ours, cached,
              goal=Goal(1.0, ((cached, PCI),), PCI))
    yield Row("read COMP_REGS | config, device", ours, ("config:0x100", 0, 0))


def open_rows(cpu):
    """Elapsed time, or what of it was work of the caller's thread."""
    def same(name, key, goal=None, pci=True, dax=None):
        return Row(name + (", CPU" if cpu else ""), key, key if pci else None,
                   dax, goal, sleeps=not cpu)

    opened, touched = ("open", 0, cpu), ("open to first touch", 0, cpu)
    new = ("from nothing to first touch", 0, cpu)
    yield same("open", opened)
    yield same("open to first touch", touched,
               Goal(1.1, ((opened, PCI),), f"{PCI}'s open",
                    "instructions" if cpu else "time"))
    yield same("close after a touch", ("close after a touch", 0, cpu))
    yield same("open and close", ("open and close", 0, cpu))
    if not cpu:
        yield same("open to first touch | region", touched,
                   Goal(0.2, ((new, DAX),), DAX), pci=False, dax=new)
        yield same("program or region, first touch", new, pci=False, dax=new)


def collect(records):
    samples = {}
    for r in records:
        key = r["what"], r.get("page", 0), r.get("cpu", 0)
        samples.setdefault((key, r["side"]), []).extend(r["samples"])
    return samples


def judge(row, samples, mode):
    goal = row.goal
    if not goal or goal.mode not in ("", mode):
        return None
    theirs = [row.typical(samples[of], mode) for of in goal.of if of in samples]
    if not theirs:
        return None
    ratio = row.typical(samples[row.ours, OURS], mode) / min(theirs)
    return {"at_most": goal.at_most, "of": goal.text, "is": round(ratio, 3),
            "met": ratio <= goal.at_most}


def evaluate(records, mode):
    """The rows of a run; mode: "time" or "instructions"."""
    samples = collect(records)
    rows = []
    for row in (*memory_rows(records), *register_rows(), *open_rows(0),
                *open_rows(1)):
        found = {side: samples[key, side] for side, key in row.keys().items()
                 if (key, side) in samples}
        if OURS not in found:
            continue
        unit = row.unit(mode)
        # A rate for people and in JSON, but a ratio of times
        scale = {"us": lambda ns: ns / 1000, "virtual us": lambda ns: ns / 1000,
                 "instructions": lambda ns: ns,
                 "MB/s": lambda ns, n=row.bytes: n * 1000 / ns}[unit]
        rows.append({
            "what": row.label, "unit": unit,
            "sides": {side: {"n": len(v), "best": round(scale(min(v)), 3),
                             "median": round(scale(statistics.median(v)), 3)}
                      for side, v in found.items()},
            "ratio": {side: round(row.typical(found[OURS], mode)
                                  / row.typical(v, mode), 3)
                      for side, v in found.items() if side != OURS},
            "goal": judge(row, samples, mode)})
    return rows


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cells(row):
    def cell(side):
        s = row["sides"].get(side)
        if not s:
            return "-"
        best, median = number(s["best"]), number(s["median"])
        return best if best == median else f"{best} / {median}"

    def ratio(side):
        return f"{row['ratio'][side]:.2f}" if side in row["ratio"] else "-"

    goal = row["goal"]
    return [row["what"], row["unit"],
            " ".join(sorted({str(s["n"]) for s in row["sides"].values()})),
            cell(OURS), cell(PCI), cell(DAX), ratio(PCI), ratio(DAX),
            f"<= {goal['at_most']:.2f} of {goal['of']}: {goal['is']:.2f}"
            f"{'' if goal['met'] else ' MISSED'}" if goal else ""]


def columns(lines, left):
    """Lines of cells under each other; those of the columns LEFT on the left."""
    width = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "".join("  ".join(
        c.ljust(w) if i in left else c.rjust(w)
        for i, (c, w) in enumerate(zip(line, width))).rstrip() + "\n"
        for line in lines)


def text(title, rows):
    head = ["", "unit", "n", OURS, PCI, DAX, "to pci", "to dax", "goal"]
    return title + "\n" + columns([head] + [cells(row) for row in rows],
                                  (0, 1, 8))


def parse(lines):
    return [json.loads(line) for line in lines if line.strip()]


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--json", action="store_true")
    o = p.parse_args()
    rows = evaluate(parse(sys.stdin), "time")
    if not rows:
        sys.exit("table.py: there are no measurements to make a table of")
    print(json.dumps(rows, indent=1) if o.json else text("", rows))


if __name__ == "__main__":
    main()
