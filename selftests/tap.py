# SPDX-License-Identifier: GPL-2.0-only
"""Reads TAP as our tests print it, and decides what counts."""

import fnmatch
import re
from dataclasses import dataclass, field

RESULT = re.compile(r"(not )?ok\s+\d+\s*-?\s*(.*?)(?:\s+#\s+(SKIP)\b\s*(.*))?$")
PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*SKIP\b.*)?$")
PROGRAM = re.compile(r"# program: (\S+)$")


class Skips:
    """The list of skips that are right."""

    def __init__(self, path):
        self.rows = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    program, test, topologies, _ = line.split(None, 3)
                    self.rows.append((program, test, topologies.split(",")))

    def allows(self, program, test, topology):
        return any(fnmatch.fnmatchcase(program, p) and
                   fnmatch.fnmatchcase(test, t) and
                   ("*" in where or topology in where)
                   for p, t, where in self.rows)


@dataclass
class Tally:
    passed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def __str__(self):
        return (f"{self.passed} passed, {len(self.failures)} failed, "
                f"{self.skipped} skipped")


def tally(text, skips, topology, status):
    """Counts a job's output; a plan that was not kept is a failure too."""
    count = Tally()
    program, planned, seen = "", None, 0

    def close():
        if planned is None and program:
            count.failures.append(f"{program}: printed no plan")
        elif planned is not None and planned != seen:
            count.failures.append(f"{program}: {seen} of {planned} tests ran")

    for line in text.splitlines():
        if match := PROGRAM.match(line):
            close()
            program, planned, seen = match[1], None, 0
        elif match := PLAN.match(line):
            planned = int(match[1])
        elif line.startswith("Bail out!"):
            count.failures.append(f"{program}: {line}")
        elif match := RESULT.match(line):
            failed, test, skip, why = match.groups()
            seen += 1
            if failed:
                count.failures.append(f"{program}: {test}")
            elif not skip:
                count.passed += 1
            elif skips.allows(program, test, topology):
                count.skipped += 1
            else:
                count.failures.append(
                    f"{program}: {test}: skipped, which selftests/skips "
                    f"does not allow: {why}")
    close()

    if status and not count.failures:
        count.failures.append(f"ended with exit code {status}")
    if not (count.passed or count.failures):
        count.failures.append("nothing was tested")
    return count
