"""Attacks by ending, outliving or multiplying processes."""

from attacks import WRONG, attack


@attack
def exits_at_once():
    """Leaves with a status that says success."""
    return "import os\ndef convolve(sequence, weights):\n    os._exit(0)\n"


@attack
def exits_politely():
    """Asks the kernel to end."""
    return f"exit()\nget_ipython().kernel.do_shutdown(False)\n{WRONG}"


@attack
def raises_system_exit():
    """Raises what no `except Exception` catches."""
    return "def convolve(sequence, weights):\n    raise SystemExit(0)\n"


@attack
def raises_keyboard_interrupt():
    """Pretends that somebody stopped it."""
    return "def convolve(sequence, weights):\n    raise KeyboardInterrupt\n"


@attack
def kills_everybody():
    """Sends a signal to every process it can reach, its parents first."""
    return """
import os, signal
def convolve(sequence, weights):
    for process in (os.getppid(), 1, 2, -1, 0):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass
    return 0
"""


@attack(slow=True)
def stops_everybody():
    """Stops processes in place of killing them."""
    return """
import os, signal
def convolve(sequence, weights):
    for process in (-1, os.getppid(), os.getpid()):
        try:
            os.kill(process, signal.SIGSTOP)
        except OSError:
            pass
    return 0
"""


@attack(slow=True)
def becomes_another_program():
    """The kernel's process turns into one that says nothing."""
    return """
import os
def convolve(sequence, weights):
    os.execv("/bin/sleep", ["course_attack_canary", "1000"])
"""


@attack
def crashes():
    """Reads memory at address 0."""
    return "import ctypes\ndef convolve(sequence, weights):\n    ctypes.string_at(0)\n"


@attack
def outlives_its_kernel():
    """A process of its own session goes on when the kernel is gone."""
    return f"""
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sleep", ["course_attack_canary", "1000"])
    os._exit(0)
{WRONG}"""


@attack
def thread_outlives_its_cell():
    """A thread that prints results while later cells run, and replaces names."""
    return f"""
import threading, time
def later():
    while True:
        print("[[[3], [1, 2, 3]]]")
        get_ipython().user_ns["_ask"] = lambda *_: print("[[[3], [1, 2, 3]]]")
        time.sleep(0.001)
threading.Thread(target=later).start()
{WRONG}"""


@attack
def hangs_at_exit():
    """Code that runs when the kernel ends, and never does."""
    return f"""
import atexit, time, threading
atexit.register(time.sleep, 1e6)
threading.Thread(target=time.sleep, args=(1e6,)).start()
{WRONG}"""


@attack
def ignores_signals():
    """No signal but the hardest ends it."""
    return f"""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
{WRONG}"""


@attack
def bombs_with_forks():
    """Every process makes two more, without end."""
    return """
import os
def convolve(sequence, weights):
    for _ in range(20):
        try:
            os.fork()
        except OSError:
            pass
    return 0
"""
