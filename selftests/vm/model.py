# SPDX-License-Identifier: GPL-2.0-only
"""The servers of devices that are ours (selftests/model), beside the emulator."""

import os
import socket
import subprocess

from testroot import VM, BedError

SERVER = os.path.join(VM, "../../build/model/model")


class Server:
    """One device. Its socket is in a folder that the emulator has open as @folder:
    no name of it is too long for an address."""

    def __init__(self, device, folder, log, arm):
        if not os.path.exists(SERVER):
            raise BedError("there is no server for the device: make it with "
                           "selftests/vm/in-root make -C selftests/model")
        device.socket = f"/proc/self/fd/{folder}/{device.name}.socket"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(device.socket)
        listener.listen(1)
        self.control, theirs = socket.socketpair()
        fds = listener.fileno(), theirs.fileno()
        self.process = subprocess.Popen(
            [SERVER, *map(str, fds), hex(device.serial), str(device.static)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=fds,
            start_new_session=True, preexec_fn=arm)
        listener.close()
        theirs.close()

    def stop(self):
        self.process.kill()
        self.process.wait()
