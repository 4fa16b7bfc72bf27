"""What the processes in a cage use together, seen from outside."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from course_utils.grading.sandbox import SCRATCH

OPEN = 1 << 19  # bytes that the system may hold for an open file: the buffers of a socket
FILE = 1 << 12  # bytes that it may hold for a file on a disk in memory, also for an empty one


@dataclass(frozen=True)
class Used:
    """Bytes of memory, those that the system holds among them; seconds of processor time."""

    memory: int
    processor: float


def used(pid: int) -> Used:
    """Return what all processes below ``pid`` use; those that ended are counted by their time."""
    memory, seconds, inside = 0, 0.0, None
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                inside = process.pid
                seconds += sum(process.cpu_times()[:4])  # its own, and of its children that ended
                memory += process.memory_info().rss + OPEN * process.num_fds()
    return Used(memory + FILE * (files(inside) if inside else 0), seconds)


def files(pid: int) -> int:
    """Return how many files there are on the disks in memory that a caged process can write."""
    root, found = Path(f"/proc/{pid}/root"), 0
    with contextlib.suppress(OSError):
        if root.samefile("/"):
            return 0
        for place in SCRATCH:
            about = os.statvfs(f"{root}{place}")
            found += about.f_files - about.f_ffree
    return found
