# SPDX-License-Identifier: GPL-2.0-only
"""The test root and the cache, as setup makes them."""

import os
import subprocess
import sys

VM = os.path.dirname(os.path.realpath(__file__))


class BedError(Exception):
    """Something that whoever called can put right; the text says how."""
    status = 1      # what "bed" in the guest returns


class Usage(BedError):
    """A command that is not written as it should be."""
    status = 2


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("VFIO_CXL_CACHE") or os.path.join(base, "vfio-cxl")


def setup(*args):
    """What setup prints; it says on stderr why it has nothing to say."""
    done = subprocess.run([os.path.join(VM, "setup"), *args],
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise BedError("no test root")
    return done.stdout.strip()


def in_root(root, program, *args, subdir=""):
    """The command that runs the root's program here, with its own libraries."""
    libs = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    return [os.path.join(root, "usr/lib64/ld-linux-x86-64.so.2"),
            "--library-path", libs + ":" + os.path.join(libs, "systemd"),
            os.path.join(root, subdir, program), *args]


def say(text):
    print("run: " + text, file=sys.stderr, flush=True)
