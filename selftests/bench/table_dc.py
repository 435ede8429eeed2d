#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes tables of what "measure-dc" and "measure-lent" printed:
measure-dc ... | table_dc.py

A row is one thing, a column how many there are of what it may depend on. A cell
is "best / median", or one number where they are the same. A goal compares two
cells: of the medians, as it matters which one of many is asked for. Instructions
only, as caches and the host have their part in a time.
"""

import argparse
import json
import statistics
import sys

import table

# What it is, how many, to what, how many: at most that many times as long
GOALS = (
    ("status of a tag of one", 65536, None, 16, 2.0),
    ("status of a tag of all", 65536, None, 16, 2.0),
    ("revoke one, engine", 65536, None, 16, 2.0),
    ("unmap an extent, of a mapping of all", 512,
     "unmap an extent, mapped alone", 512, 1.1),
    ("fault, 4 KiB page", 64, None, 0, 1.1),
    ("first touch of the window, 2 MiB pages", 1024,
     "first touch of a memfd, 2 MiB pages", 1024, 1.1),
    ("first touch of a tag, 2 MiB pages", 1024,
     "first touch of a memfd, 2 MiB pages", 1024, 1.1),
    ("each line of a tag, 2 MiB pages", 1024,
     "each line of a memfd, 2 MiB pages", 1024, 1.05),
    ("each line of the window, 2 MiB pages", 1024,
     "each line of a memfd, 2 MiB pages", 1024, 1.05),
)


def collect(records):
    """By what they depend on, then by what they are, then by how many."""
    found = {}
    for r in records:
        cells = found.setdefault(r["by"], {}).setdefault(r["what"], {})
        cells[r["count"]] = {
            "n": len(r["samples"]), "best": min(r["samples"]),
            "median": statistics.median(r["samples"]),
            "sleeps": bool(r.get("sleeps"))}
    return found


def add_rest(rows):
    """What is no part of the call: ours, and the system call's."""
    for call in ("accept", "release"):
        whole = rows.get(f"{call}, the call")
        parts = [row for what, row in rows.items()
                 if what.startswith(f"{call}: ")]
        if not whole or not parts:
            continue
        rows[f"{call}: all else"] = {
            count: {key: cell[key] - sum(part[count][key] for part in parts)
                    for key in ("best", "median")}
            | {"n": cell["n"], "sleeps": False}
            for count, cell in whole.items()}


def judge(rows, what, row, mode):
    for name, count, other, of, at_most in GOALS:
        if (mode != "instructions" or name != what or count not in row or
                of not in rows.get(other or what, {})):
            continue
        ratio = row[count]["median"] / rows[other or what][of]["median"]
        return {"at_most": at_most, "of": f"{of:,}" if not other else other,
                "is": round(ratio, 3), "met": ratio <= at_most}
    return None


def unit_of(row, mode):
    if mode != "instructions":
        return "us"
    sleeps = any(cell["sleeps"] for cell in row.values())
    return "virtual us" if sleeps else "instructions"


def evaluate(records, mode):
    """A list of tables; mode: "time" or "instructions"."""
    tables = []
    for by, rows in collect(records).items():
        # By a clock, what tracing adds to the parts can't be told from them
        if mode == "instructions":
            add_rest(rows)
        tables.append({"by": by, "rows": [
            {"what": what, "unit": unit_of(row, mode), "cells": row,
             "goal": judge(rows, what, row, mode)}
            for what, row in sorted(rows.items(), key=lambda r: r[0])]})
    return tables


def cell_text(cell, unit):
    scale = 1 if unit == "instructions" else 1000
    best, median = (table.number(cell[key] / scale)
                    for key in ("best", "median"))
    return best if best == median else f"{best} / {median}"


def goal_text(goal):
    if not goal:
        return ""
    return (f"<= {goal['at_most']:.2f} of {goal['of']}: {goal['is']:.2f}"
            f"{'' if goal['met'] else ' MISSED'}")


def text(title, tables):
    out = [title]
    for t in tables:
        counts = sorted({n for row in t["rows"] for n in row["cells"]})
        lines = [[t["by"], "unit", *(f"{n:,}" for n in counts), "goal"]]
        for row in t["rows"]:
            cells = [cell_text(row["cells"][n], row["unit"])
                     if n in row["cells"] else "-" for n in counts]
            lines.append([row["what"], row["unit"], *cells,
                          goal_text(row["goal"])])
        out.append(table.columns(lines, (0, 1, len(counts) + 2)))
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--json", action="store_true")
    p.add_argument("--mode", choices=["time", "instructions"], default="time")
    o = p.parse_args()
    tables = evaluate(table.parse(sys.stdin), o.mode)
    if not tables:
        sys.exit("table_dc.py: there are no measurements to make tables of")
    print(json.dumps(tables, indent=1) if o.json else text("", tables))


if __name__ == "__main__":
    main()
