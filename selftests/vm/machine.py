# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU process and the lines to it.

All of them are socket pairs that QEMU inherits, and the devices' memory is
files that are in no file system: nothing of a VM is left, however it ends, and
none waits for a disk.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import time

import cedt
import image
from model import Server
from testroot import BedError, in_root
from topology import GIB, Model

PORTS = ("ctl", "stdin", "stdout", "stderr", "kmsg", "bed")
QMP_TIMEOUT = 20
CMDLINE = ("console=ttyS0 quiet panic=-1 intel_iommu=on iommu=pt iomem=relaxed "
           "mitigations=off cryptomgr.notests "
           # A busy host stops a virtual CPU for long: don't take it for a bug.
           "watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 "
           # Nor for a timer that does not tick (seen: a panic at boot).
           "no_timer_check "
           # Nor check the TSC, which is the host's: 7.2 can do so while both
           # CPUs have their interrupts off and jiffies are the clock, and
           # waits for a time that does not come (seen: 1 boot of 100).
           "tsc=nowatchdog "
           # A tick that comes by itself: an emulated one-shot interrupt that
           # is lost leaves a CPU without timers for good (seen, QEMU 10).
           "nohz=off highres=off")
PR_SET_PDEATHSIG = 1


class QmpError(BedError):
    """QEMU's error reply, whole."""


def die_with_parent(parent):
    """What QEMU runs first: end when run does, even by SIGKILL."""
    libc = ctypes.CDLL(None)

    def arm():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    return arm


def quote(path):
    """A comma ends an option's value for QEMU, unless it stands twice."""
    return path.replace(",", ",,")


class Line:
    """A socket that is read in lines, with an end to waiting."""

    def __init__(self, sock, what):
        self.sock, self.what, self.buf = sock, what, b""

    def send(self, text):
        try:
            self.sock.sendall(text.encode() + b"\n")
        except OSError as e:
            raise BedError(f"{self.what}: the emulator is gone") from e

    def receive(self):
        end = time.monotonic() + QMP_TIMEOUT
        while b"\n" not in self.buf:
            left = max(0, end - time.monotonic())
            if not select.select([self.sock], [], [], left)[0]:
                raise BedError(f"{self.what}: no answer in {QMP_TIMEOUT} s")
            data = self.sock.recv(65536)
            if not data:
                raise BedError(f"{self.what}: the emulator is gone")
            self.buf += data
        line, self.buf = self.buf.split(b"\n", 1)
        return line.decode()


class Machine:
    def __init__(self, root, topology, qemu, accel, cpus=2):
        self.root, self.topology = root, topology
        self.qemu, self.accel, self.cpus = qemu, accel, cpus
        self.process = None
        self.ports, self.lines, self.media = {}, {}, {}
        self.files, self.servers = {}, {}
        self.folder = None
        self.greeted = False

    def backends(self, device, suffix=""):
        return {kind: f"{device.name}-{kind}{suffix}"
                for kind in device.media()}

    def backend_path(self, device, kind):
        return f"/proc/self/fd/{self.media[device.name, kind].fileno()}"

    def memory_file(self, name, size=0):
        f = os.fdopen(os.memfd_create(name, os.MFD_CLOEXEC), "r+b", buffering=0)
        f.truncate(size)
        self.files[name] = f
        return f"/proc/self/fd/{f.fileno()}"

    def open_media(self):
        for device in self.topology.devices:
            if isinstance(device, Model):
                self.media[device.name, "static"] = self.files["ram"]
                continue
            for kind, size in device.media().items():
                name = f"{device.name}-{kind}"
                self.memory_file(name, size)
                self.media[device.name, kind] = self.files[name]

    def chardev(self, name, theirs):
        ours, other = socket.socketpair()
        theirs.append(other)
        return ours, ["-chardev", f"socket,id={name},fd={other.fileno()}"]

    def base_args(self):
        where = "opt/qemu-10" if self.qemu == "10" else ""
        args = in_root(self.root, "usr/bin/qemu-system-x86_64", subdir=where)
        for folder in ("usr/share/qemu", "usr/share/seabios",
                       "usr/lib/ipxe/qemu"):
            args += ["-L", os.path.join(self.root, where, folder)]
        accel = ["-accel", "tcg"]
        # Without these two the guest copies and clears in words: an emulated
        # "rep movsb" is a loop over bytes (a third of all CPU time, seen).
        cpu = "max,hypervisor=off,erms=off,fsrm=off"
        if self.accel == "kvm":
            accel, cpu = ["-accel", "kvm"], "host,hypervisor=off"
        # With eim the guest uses x2APIC, whose registers are no memory: QEMU 10
        # sometimes sends a CPU's access to memory astray when another changes
        # the memory map, and the end of an interrupt that is lost leaves a CPU
        # without timers for good (seen).
        iommu = "intel-iommu,intremap=on,eim=on"
        if self.accel == "icount":
            # An instruction is a nanosecond of the guest's time, and sleep
            # takes none of ours.
            accel = ["-accel", "tcg,thread=single",
                     "-icount", "shift=0,sleep=off"]
            # What is counted is as a real CPU would do it.
            cpu = "max,hypervisor=off"
            # Its CPUs take turns; and an x2APIC's timer that is read in the
            # middle of a block of code ends QEMU ("Bad icount read").
            iommu = "intel-iommu,intremap=on"
        if self.topology.models():
            # vfio-user is told of each mapping, or QEMU aborts
            iommu += ",caching-mode=on"
        return args + accel + [
            # What ACPI describes the debug kernel interprets for long
            "-M", "q35,cxl=on,kernel-irqchip=split,"
            "i8042=off,sata=off,smbus=off", "-cpu", cpu,
            "-smp", str(self.cpus),
            "-m", f"{self.topology.memory},slots=1,"
            f"maxmem={self.topology.maxmem}",
            "-display", "none", "-no-reboot", "-nodefaults",
            "-device", iommu]

    def ram_args(self):
        memory = self.topology.memory
        path = self.memory_file("ram", int(memory.removesuffix("G")) * GIB)
        return ["-M", "memory-backend=ram0", "-object",
                f"memory-backend-file,id=ram0,size={memory},share=on,"
                f"mem-path={path}"]

    def device_args(self):
        t = self.topology
        args = list(t.args)
        for device in t.devices:
            if isinstance(device, Model):
                args += ["-device", device.arguments(device.name, None)]
                continue
            backends = self.backends(device)
            for kind, size in device.media().items():
                args += ["-object", f"memory-backend-file,id={backends[kind]},"
                         f"size={size},share=on,"
                         f"mem-path={self.backend_path(device, kind)}"]
            args += ["-device", device.arguments(device.name, backends)]
        return args + t.window_args()

    def virtio_args(self, function, device):
        # Each port costs a boot what its probing takes: there is one for all.
        # Linux resets a virtio device that is suspended, and neither its 9p
        # client nor, in 7.3, its serial ports survive that, unless power
        # management says otherwise, which only a device below a root port has.
        port = [] if function else ["-device", "pcie-root-port,id=virtio,"
                                    "bus=pcie.0,chassis=100,hotplug=off"]
        return port + ["-device", f"{device},bus=virtio,addr=0.{function},"
                       "multifunction=on,x-pcie-pm-no-soft-reset=on"]

    def share_args(self, function, tag, path, more=""):
        return ["-fsdev", f"local,id={tag},path={quote(path)},"
                f"security_model=none{more}",
                *self.virtio_args(function, f"virtio-9p-pci,fsdev={tag},"
                                  f"mount_tag={tag}")]

    def initrd(self, path):
        """What is to be in front of it goes there."""
        if not self.topology.cedt:
            return path
        place = self.memory_file("initrd")
        out = self.files["initrd"]
        cpio = image.Cpio(out)
        cpio.entry(cedt.NAME, stat.S_IFREG | 0o644, self.topology.cedt)
        cpio.end()
        with open(path, "rb") as f:
            shutil.copyfileobj(f, out, 1 << 20)
        return place

    def start(self, kernel, initrd, logs, share=None, out=None, append=""):
        theirs = []
        args = self.base_args()
        if self.topology.shared:
            args += self.ram_args()
        self.open_media()
        self.start_servers(logs)
        args += self.device_args()
        append = f"{CMDLINE} {self.topology.append} {append}"
        args += ["-kernel", kernel, "-initrd", self.initrd(initrd),
                 "-append", " ".join(append.split()),
                 "-chardev", "file,id=console,path="
                 + quote(os.path.join(logs, "console")),
                 "-serial", "chardev:console",
                 *self.virtio_args(0, "virtio-serial-pci,id=vser")]
        for name in PORTS:
            self.ports[name], chardev = self.chardev(name, theirs)
            args += chardev + ["-device",
                               f"virtserialport,chardev={name},name={name}"]
        for name in ("qmp", "qtest"):
            sock, chardev = self.chardev(name, theirs)
            self.lines[name] = Line(sock, name)
            args += chardev
        args += ["-qmp", "chardev:qmp", "-qtest", "chardev:qtest",
                 "-qtest-log", "none"]
        if share:
            args += self.share_args(1, "share", share, ",readonly=on")
        if out:
            args += self.share_args(2, "out", out)
        keep = [s.fileno() for s in [*theirs, *self.files.values()]]
        if self.folder is not None:
            keep.append(self.folder)
        with open(os.path.join(logs, "qemu"), "wb") as log:
            log.write((" ".join(args) + "\n").encode())
            log.flush()
            self.process = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=keep, start_new_session=True,
                preexec_fn=die_with_parent(os.getpid()))
        for sock in theirs:
            sock.close()

    def start_servers(self, logs):
        arm = die_with_parent(os.getpid())
        for device in self.topology.models():
            if self.folder is None:
                self.folder = os.open(logs, os.O_PATH | os.O_DIRECTORY)
            with open(os.path.join(logs, device.name), "wb") as log:
                server = Server(device, self.folder, log, arm)
            self.servers[device.name] = server
            self.lines[device.name] = Line(server.control, device.name)

    def send(self, name, data):
        try:
            self.ports[name].sendall(data)
        except ConnectionError:
            pass        # reading will tell that the emulator is gone

    def stop(self):
        """Ends QEMU; returns how it ended by itself, None if it had not."""
        for server in self.servers.values():
            server.stop()
        if not self.process:
            return None
        before = self.process.poll()
        self.process.kill()
        self.process.wait()
        return before

    def qmp_reply(self, request):
        line = self.lines["qmp"]
        if not self.greeted:
            line.receive()
            line.send('{"execute":"qmp_capabilities"}')
            line.receive()
            self.greeted = True
        line.send(json.dumps(request))
        while True:
            reply = json.loads(line.receive())
            if "event" not in reply:
                return reply

    def qmp(self, command, **arguments):
        reply = self.qmp_reply({"execute": command, "arguments": arguments})
        if "error" in reply:
            raise QmpError(f"{command}: {reply['error'].get('desc', reply)}")
        return reply["return"]

    def model(self, name, command):
        """One command to a server, and what it says."""
        line = self.lines[name]
        line.send(command)
        status, _, text = line.receive().partition(" ")
        if status != "ok":
            raise BedError(f"{name}: '{command}': {text}")
        return text

    def qtest(self, request):
        line = self.lines["qtest"]
        line.send(request)
        answer = line.receive()
        while answer.startswith("IRQ "):
            answer = line.receive()
        if not answer.startswith("OK"):
            raise BedError(f"qtest: '{request}' was answered '{answer}'")
        return answer[2:].strip()
