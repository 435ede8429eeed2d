# SPDX-License-Identifier: GPL-2.0-only
"""The guest kernel's log: kept as text, and searched for reports of a bug."""

import os
import re

# Kept to what kernels print for a bug: "RCU lockdep checking is enabled" and
# "module taints kernel" are not one.
REPORT = re.compile(
    rb"BUG: |WARNING: |UBSAN: |ODEBUG: |refcount_t: |Kernel panic|Oops: "
    rb"|general protection fault|unable to handle|kernel BUG at|double fault"
    rb"|Internal error: |stack-protector: |Bad page |soft lockup|hard LOCKUP"
    rb"|possible (?:circular|recursive|irq) |possible unsafe locking"
    rb"|suspicious RCU|inconsistent lock state|bad unlock balance"
    rb"|held lock freed|lock held when returning|trying to register non-static"
    rb"|DEBUG_LOCKS_WARN_ON|INFO: task .* blocked for|scheduling while atomic"
    rb"|rcu_\w+ (?:self-)?detected (?:expedited )?stall"
    rb"|list_(?:add|del) corruption"
    rb"|new suspected memory leaks|unreferenced object"
    rb"|BUG \S+ \(|pagealloc: (?:single bit error|memory corruption)"
    rb"|sysfs: cannot create duplicate|DMA-API: .*(?:error|leak)")

# /proc/sys/kernel/tainted: D oops, W warning, B bad page, L soft lockup.
TAINTS = {1 << 7: "D", 1 << 9: "W", 1 << 5: "B", 1 << 14: "L"}


class KernelLog:
    """Takes /dev/kmsg's records in any pieces; writes what dmesg would."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=0)
        self.rest = b""
        self.reports = []

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        text = []
        for line in lines:
            head, _, message = line.partition(b";")
            fields = head.split(b",")
            # A line that starts with a space belongs to the record's fields.
            if line.startswith(b" ") or len(fields) < 3:
                continue
            text.append(b"[%12.6f] %s\n" % (int(fields[2]) / 1e6, message))
            # Priorities from 8 on are a program's, not the kernel's.
            if int(fields[0]) < 8:
                self.check(message)
        self.file.write(b"".join(text))

    def check(self, message):
        if REPORT.search(message):
            self.reports.append(message.decode(errors="replace"))

    def check_console(self, path):
        """What a dying kernel said on its console and nowhere else."""
        if not os.path.exists(path):
            return      # the emulator refused to start: its own words follow
        with open(path, "rb") as f:
            for line in f:
                line = line.strip()
                seen = re.sub(rb"^\[[^]]*\] *(\[[^]]*\] *)?", b"", line)
                if seen.decode(errors="replace") not in self.reports:
                    self.check(seen)

    def check_taint(self, taint):
        letters = "".join(c for bit, c in TAINTS.items() if taint & bit)
        if letters and not self.reports:
            self.reports.append(f"the kernel is tainted: {letters}")
