# SPDX-License-Identifier: GPL-2.0-only
"""What a guest boots: kernel and initramfs, made once for each kernel and kept
in the cache. Programs are the test root's; so is the kernel, unless it is the
debug kernel, which has a root of its own.

Nothing is compressed: under emulation unpacking costs more than reading. The
kernel alone would take more than a second of each boot.
"""

import hashlib
import lzma
import os
import shutil
import stat
import struct
import subprocess
import tempfile
import zlib

from testroot import VM, BedError, cache, in_root, say

PROGRAMS = {"init": "init", "bed": "usr/bin/bed",
            "firmware": "usr/lib/vfio-cxl/firmware"}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
                  "nobody:x:65534:65534:nobody:/nonexistent:/bin/bash\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
DIRS = ["dev", "proc", "sys", "run", "tmp", "root", "mnt/share", "mnt/out",
        "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc/modprobe.d"]
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib",
         "lib64": "usr/lib64", "usr/bin/awk": "mawk",
         # A shell forks all the time, and each library is more to fork
         "usr/bin/bash": "bash-static",
         "etc/mtab": "/proc/mounts"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


class Stage:
    """A folder that becomes the initramfs."""

    def __init__(self, root, home, kver, top):
        self.root, self.home, self.kver, self.top = root, home, kver, top
        self.resolved = set()
        for d in DIRS:
            os.makedirs(os.path.join(top, d), exist_ok=True)
        for name, target in LINKS.items():
            os.symlink(target, os.path.join(top, name))
        for name, text in FILES.items():
            with open(os.path.join(top, name), "w", encoding="utf-8") as f:
                f.write(text)

    def merged(self, path):
        """/bin/x as /usr/bin/x, which is where it is."""
        path = path.lstrip("/")
        return "usr/" + path if path.split("/")[0] in LINKS else path

    def copy(self, path):
        path = self.merged(path)
        source, target = (os.path.join(t, path) for t in (self.root, self.top))
        if os.path.lexists(target):
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        if os.path.islink(source):
            here = os.path.dirname("/" + path)
            self.copy(os.path.normpath(os.path.join(here, os.readlink(source))))
        elif os.access(source, os.X_OK):
            self.copy_libraries(source)

    def copy_libraries(self, program):
        with open(program, "rb") as f:
            if f.read(4) != b"\x7fELF":
                return
        shown = subprocess.run(in_root(self.root, program)[:-1]
                               + ["--list", program],
                               stdout=subprocess.PIPE, text=True, check=False)
        for word in shown.stdout.split():
            if word.startswith(self.root) and word not in self.resolved:
                self.resolved.add(word)
                self.copy(os.path.relpath(word, self.root))

    def packaged(self, package, below):
        info = os.path.join(self.root, "var/lib/dpkg/info", package)
        for name in (info + ".list", info + ":amd64.list"):
            if os.path.exists(name):
                break
        else:
            raise BedError(f"guest/contents names '{package}', "
                           "which is not installed in the test root")
        for path in map(self.merged, read(name).split("\n")):
            full = os.path.join(self.root, path)
            if path.startswith(below) and (os.path.islink(full)
                                           or os.path.isfile(full)):
                yield path

    def package(self, name):
        for path in self.packaged(name, ("usr/bin/", "usr/sbin/")):
            self.copy(path)

    def library(self, name):
        for path in self.packaged(name, ("usr/lib/x86_64-linux-gnu/",)):
            if path.count("/") == 3 and ".so" in path:
                self.copy(path)

    def modules(self, names):
        folder = os.path.join("usr/lib/modules", self.kver)
        source = os.path.join(self.home, folder)
        target = os.path.join(self.top, folder)
        os.makedirs(target)
        needs = {}
        for line in read(source, "modules.dep").splitlines():
            path, deps = line.split(":")
            needs[module_name(path)] = [path, *deps.split()]
        for name in names:
            for path in needs.get(module_name(name), []):
                unpack_module(os.path.join(source, path),
                              os.path.join(target, path))
        for name in ("modules.order", "modules.builtin",
                     "modules.builtin.modinfo"):
            shutil.copy2(os.path.join(source, name), target)
        subprocess.run(in_root(self.root, "usr/sbin/depmod", "-b", self.top,
                               self.kver), check=True)


def module_name(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


def unpack_module(source, target):
    target = target.removesuffix(".xz")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(source, "rb") as f:
        data = f.read()
    if source.endswith(".xz"):
        data = lzma.decompress(data)
    with open(target, "wb") as f:
        f.write(data)


class Cpio:
    """cpio's "newc" format: what the kernel unpacks. All is root's."""

    def __init__(self, out):
        self.out, self.inode = out, 0

    def entry(self, name, mode, data=b""):
        self.inode += 1
        encoded = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(encoded), 0]
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + encoded
        self.out.write(head + b"\0" * (-len(head) % 4))
        self.out.write(data + b"\0" * (-len(data) % 4))

    def end(self):
        self.entry("TRAILER!!!", 0)


def write_cpio(top, out):
    cpio = Cpio(out)
    for folder, dirs, files in os.walk(top):
        for name in sorted(dirs + files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            data = b""
            if stat.S_ISLNK(mode):
                data = os.readlink(path).encode()
            elif stat.S_ISREG(mode):
                with open(path, "rb") as f:
                    data = f.read()
            cpio.entry(os.path.relpath(path, top), mode, data)
    cpio.end()


def unpack_kernel(root, home, kver, target):
    """The ELF inside a bzImage, by x86's boot protocol. QEMU enters it by PVH,
    but a kernel with KASAN does not survive that: it compares strings before
    the shadow memory is there, so it has to start as on a real machine."""
    with open(os.path.join(home, "boot/vmlinuz-" + kver), "rb") as f:
        image = f.read()
    if home != root:
        with open(target, "wb") as f:
            f.write(image)
        return
    offset, length = struct.unpack_from("<II", image, 0x248)
    offset += ((image[0x1f1] or 4) + 1) * 512
    payload = image[offset:offset + length]
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        # Its last four bytes are the size, and no part of the stream.
        with open(target, "wb") as f:
            subprocess.run(in_root(root, "usr/bin/zstd", "-dcq"), check=True,
                           input=payload[:-4], stdout=f)
    elif payload.startswith(b"\xfd7zXZ\0"):
        with open(target, "wb") as f:
            f.write(lzma.LZMADecompressor().decompress(payload))
    elif payload.startswith(b"\x1f\x8b"):
        with open(target, "wb") as f:
            f.write(zlib.decompressobj(wbits=31).decompress(payload))
    else:
        raise BedError(f"Linux {kver} is compressed in a way that "
                       f"image.py does not know: {payload[:6].hex()}")


def make_initramfs(root, home, kver, work, target):
    contents = [line.split() for line in read(VM, "guest/contents").splitlines()
                if line and not line.startswith("#")]
    top = os.path.join(work, "top")
    stage = Stage(root, home, kver, top)
    for kind, name in contents:
        if kind in ("package", "library"):
            getattr(stage, kind)(name)
        elif kind != "module":
            raise BedError(f"guest/contents: '{kind}' is not known")
    stage.modules([name for kind, name in contents if kind == "module"])
    stage.copy("usr/share/misc/pci.ids")
    for name, place in PROGRAMS.items():
        place = os.path.join(top, place)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        subprocess.run([os.path.join(VM, "in-root"), "--bind", work, "gcc",
                        "-O2", "-Wall", "-static", "-o", place,
                        os.path.join(VM, "guest", name + ".c")], check=True)
    with open(target, "wb") as out:
        write_cpio(top, out)


def make(root, home, kver, path):
    """Makes both beside their place, and moves them there when whole."""
    with tempfile.TemporaryDirectory(dir=cache(), prefix="making-") as work:
        whole = os.path.join(work, "guest")
        os.mkdir(whole)
        unpack_kernel(root, home, kver, os.path.join(whole, "vmlinux"))
        make_initramfs(root, home, kver, work, os.path.join(whole, "initramfs"))
        try:
            os.rename(whole, path)
        except OSError:
            if not os.path.isdir(path):     # else another run was faster
                raise


def guest(root, home, kver):
    """The paths of kernel and initramfs, made when they are not there. home is
    the root that has the kernel."""
    key = hashlib.sha256(os.path.basename(root).encode())
    if home != root:
        key.update(os.path.basename(home).encode())
    names = [os.path.join(VM, "guest", n)
             for n in sorted(os.listdir(os.path.join(VM, "guest")))]
    for name in [__file__, *names]:
        with open(name, "rb") as f:
            key.update(f.read())
    path = os.path.join(cache(), f"guest-{kver}-{key.hexdigest()[:12]}")
    if not os.path.isdir(path):
        say(f"making the guest for Linux {kver} (once, a few seconds)")
        try:
            make(root, home, kver, path)
        except subprocess.CalledProcessError as e:
            raise BedError(f"the guest was not made in {cache()}, see above: "
                           f"'{' '.join(e.cmd[-4:])}' failed") from e
        except OSError as e:
            raise BedError(f"the guest was not made in {cache()}: {e}; "
                           "VFIO_CXL_CACHE names another place") from e
    return os.path.join(path, "vmlinux"), os.path.join(path, "initramfs")
