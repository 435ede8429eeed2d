#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes a table of what "measure-events" printed:
measure-events ... | table_events.py

A time to wait depends on when the wait begins, so a row is a distribution. The 99th
percentile is the least sample that 99 of 100 are not above.
"""

import argparse
import json
import math
import statistics
import sys

import table

UNITS = {"ns": ("ms", 1e-6)}


def percentile(samples, of_100):
    return sorted(samples)[math.ceil(len(samples) * of_100 / 100) - 1]


def evaluate(records, _mode=None):
    rows = []
    for r in records:
        unit, scale = UNITS.get(r["unit"], (r["unit"], 1))
        samples = r["samples"]
        rows.append({
            "state": r["state"], "what": r["what"], "unit": unit,
            "n": len(samples),
            **{name: round(value * scale, 3) for name, value in (
                ("best", min(samples)),
                ("median", statistics.median(samples)),
                ("p99", percentile(samples, 99)), ("worst", max(samples)))}})
    return rows


def text(title, rows):
    lines = [["", "", "unit", "n", "best", "median", "p99", "worst"]]
    for row in rows:
        lines.append([row["state"], row["what"], row["unit"], str(row["n"]),
                      *(table.number(row[name])
                        for name in ("best", "median", "p99", "worst"))])
    return title + "\n" + table.columns(lines, (0, 1, 2))


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--json", action="store_true")
    o = p.parse_args()
    rows = evaluate(table.parse(sys.stdin))
    if not rows:
        sys.exit("table_events.py: there are no measurements to make a table of")
    print(json.dumps(rows, indent=1) if o.json else text("", rows))


if __name__ == "__main__":
    main()
