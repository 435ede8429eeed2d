# SPDX-License-Identifier: GPL-2.0-only
"""KVM is used when it was seen to run a guest, not when /dev/kvm exists:
inside another VM it may open and then not run a stock kernel."""

import fcntl
import os
import subprocess

from testroot import VM, BedError, cache, say

TRIAL_SECONDS = 20


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        return f.read().strip()


def trial():
    say("trying KVM (once after each start of this machine)")
    done = subprocess.run(
        [os.path.join(VM, "run"), "--timeout", str(TRIAL_SECONDS), "true"],
        env={**os.environ, "VFIO_CXL_ACCEL": "kvm"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def choose():
    asked = os.environ.get("VFIO_CXL_ACCEL")
    if asked in ("tcg", "kvm"):
        return asked
    if asked:
        raise BedError(f"VFIO_CXL_ACCEL is tcg or kvm, not '{asked}'")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    with open(os.path.join(cache(), f"kvm-{boot_id()}"), "a+",
              encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        f.seek(0)
        answer = f.read().strip()
        if not answer:
            answer = "kvm" if trial() else "tcg"
            say("it works: using it" if answer == "kvm" else
                "it does not run a guest here: using emulation")
            f.write(answer + "\n")
    return answer
