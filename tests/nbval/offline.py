"""Run a command without network: ``python offline.py COMMAND ...`` (this file needs no package).

On Linux the command gets a network namespace of its own in which only the loopback interface
exists, so that Jupyter's kernels work and nothing else can be reached. Elsewhere, or where the
system forbids namespaces, every proxy points to a closed port, and a line says so.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
CLOSED = "http://127.0.0.1:9"


def cut() -> bool:
    """Move this process into a network namespace with loopback alone; return whether it worked."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
    return True


def main() -> None:
    """Cut the network and become the command."""
    if not cut():
        print("offline.py: no network namespace here; proxies point to a closed port instead")
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        os.environ.update(dict.fromkeys(names, CLOSED))
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
