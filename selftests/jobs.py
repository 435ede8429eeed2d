# SPDX-License-Identifier: GPL-2.0-only
"""What "check" and "check-debug" share: builds, jobs that print TAP, counts."""

import concurrent.futures
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import tap

# pylint: disable=wrong-import-position
HERE = Path(__file__).resolve().parent
TOP = HERE.parent
BUILD = TOP / "build"
VM = HERE / "vm"

sys.path.insert(0, str(VM))
from topology import TOPOLOGIES  # noqa: E402


@dataclass
class Job:
    name: str
    command: list
    topology: str = ""
    out: Path = None        # a folder that a VM writes to


def say(text):
    print(text, flush=True)


def in_root(*command, which=()):
    return [str(VM / "in-root"), *which, "--", *map(str, command)]


def make(*words, which=()):
    """A build."""
    return in_root("make", f"-j{os.cpu_count()}", *words, which=which)


def locked(file):
    """Takes it, if nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def setup(*args):
    """What setup prints."""
    return subprocess.run([VM / "setup", *args], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


def set_up(who, *args):
    if subprocess.run([VM / "setup", *args], cwd=TOP, check=False).returncode:
        command = " ".join(("selftests/vm/setup", *args))
        sys.exit(f"{who}: the test bed could not be set up: {command} failed")


def scripts(who):
    """The tests of the command that ask for it, by topology; and those that
    only the contract's tests ask for."""
    asked = {"dc": [], "model": []}
    for script in sorted((HERE / "tool").glob("vm-*.sh")):
        for line in script.read_text().splitlines():
            if line.startswith("# topologies: "):
                for name in line.split()[2:]:
                    asked.setdefault(name, []).append(script.stem)
    if unknown := set(asked) - set(TOPOLOGIES):
        sys.exit(f"{who}: tests ask for topologies that topology.py does not "
                 f"have: {', '.join(sorted(unknown))}")
    return {name: asked[name] for name in TOPOLOGIES if name in asked}


def terminate(process):
    """With all that it has started: a shell would leave its VMs."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


class Jobs:
    def __init__(self, who, logs, at_once):
        self.who, self.logs, self.at_once = who, logs, max(1, at_once)
        self.skips = tap.Skips(HERE / "skips")
        self.running = set()
        self.stopped = False
        logs.mkdir(parents=True, exist_ok=True)
        # A terminated run ends like an interrupted one, VMs and all. Set also
        # where they came in ignored, which programs under test would inherit.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)

    def log(self, name):
        return self.logs / (name.replace(" ", "-") + ".log")

    def must(self, what, command):
        """A step without which there is nothing to test; returns its output."""
        log = self.log(what)
        start = time.monotonic()
        with log.open("w") as file:
            status = subprocess.run(command, stdout=file, stderr=file,
                                    stdin=subprocess.DEVNULL, cwd=TOP,
                                    check=False).returncode
        text = log.read_text()
        if status:
            sys.stderr.write(text[-4000:])
            sys.exit(f"{self.who}: {what} failed with exit code {status}; all "
                     f"of its output is in {log}")
        say(f"{what} ({time.monotonic() - start:.0f} s)")
        return text

    def module(self, kernel, command):
        if "warning" in (text := self.must(f"build module {kernel}", command)):
            sys.exit(f"{self.who}: the module builds with warnings:\n{text}")

    @contextlib.contextmanager
    def building(self):
        """Not what another run of this checkout builds at this moment."""
        with (BUILD / "building").open("w") as file:
            if not locked(file):
                say(f"{self.who}: waiting for what another run builds")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def slot(self):
        """All runs of this checkout together have as many jobs at once as each
        of them may have. Who waits has the next one: a run that gives one back
        would have it again at once, and the other none till it has no more."""
        with contextlib.ExitStack() as files:
            slots = [files.enter_context((BUILD / f"slot-{n}").open("w"))
                     for n in range(self.at_once)]
            with (BUILD / "slot-next").open("w") as turn:
                self.wait(lambda: locked(turn))
                self.wait(lambda: any(locked(slot) for slot in slots))
            yield

    def wait(self, done):
        while not done() and not self.stopped:
            time.sleep(0.1)
        # Perhaps it was given back by what was terminated
        if self.stopped:
            raise KeyboardInterrupt

    def run(self, job):
        with self.slot():
            return self.run_now(job)

    def run_now(self, job):
        start = time.monotonic()
        log = self.log(job.name)
        if job.out:
            shutil.rmtree(job.out, ignore_errors=True)
            job.out.mkdir(parents=True)
        with log.open("w") as file, \
             subprocess.Popen(job.command, stdout=file,
                              stderr=subprocess.STDOUT, cwd=TOP,
                              stdin=subprocess.DEVNULL,
                              start_new_session=True) as process:
            self.running.add(process)
            if self.stopped:
                terminate(process)
            # Popen's own wait() doesn't tell what it took
            _, status, used = os.wait4(process.pid, 0)
            status = process.returncode = os.waitstatus_to_exitcode(status)
            self.running.discard(process)
        # What was terminated tells nothing
        if self.stopped:
            raise KeyboardInterrupt
        text = log.read_text(errors="replace")
        count = tap.tally(text, self.skips, job.topology, status)
        say(f"{job.name}: {count} ({time.monotonic() - start:.0f} s, "
            f"{used.ru_utime + used.ru_stime:.0f} of a CPU)")
        for failure in count.failures:
            say(f"  FAILED {failure}")
        if count.failures:
            # What the VM has to say of itself: a report of the kernel, no end
            for line in text.splitlines():
                if line.startswith("run: "):
                    say(f"  {line}")
            say(f"  see {log}")
        return count

    def run_all(self, first, build):
        """Begins with those that need nothing built; build() meanwhile builds,
        and returns the others. Returns the exit code; the sum is the last line
        printed."""
        with concurrent.futures.ThreadPoolExecutor(self.at_once) as pool:
            try:
                jobs = [pool.submit(self.run, job) for job in first]
                jobs += [pool.submit(self.run, job) for job in build()]
                counts = [job.result() for job in jobs]
            except BaseException:       # also a build that exits
                self.stopped = True
                pool.shutdown(wait=False, cancel_futures=True)
                for process in list(self.running):
                    terminate(process)
                raise
        failed = sum(len(count.failures) for count in counts)
        say(f"{sum(count.passed for count in counts)} passed, {failed} failed, "
            f"{sum(count.skipped for count in counts)} skipped")
        return failed > 0


def main(function, who):
    try:
        sys.exit(function())
    except KeyboardInterrupt:
        sys.exit(f"{who}: stopped")
