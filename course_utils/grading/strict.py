"""Make nbval fit for hostile kernels: the pytest plugin that runs beside it, outside the cage.

* Kernels talk through sockets in a folder each, since there is no network between them.
* All cells of a notebook share one limit of time, and of what they may send.
* A dead kernel is noticed at once, and one that takes too much memory.
* What a failing cell said goes into the report, short.
"""

import json
import tempfile
import time
from collections import deque
from pathlib import Path
from queue import Empty

import nbval.kernel
import pytest
import zmq
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from course_utils.grading import watching
from course_utils.grading.nbval import HANDED

POLL_SECONDS = 0.25
MOST_BYTES = 1_000_000  # of one message
MOST_MESSAGES = 3_000
SAID = 2_000  # characters of a failing cell's output that are kept

_connect, _setup = ConnectionFileMixin._create_connected_socket, IPyNbFile.setup
_get_message = RunningKernel.get_message
_runtest, _teardown = IPyNbCell.runtest, IPyNbFile.teardown
_compare_outputs = IPyNbCell.compare_outputs


def kernel_manager(kernel_name, **options):
    """Return a manager whose kernel has a folder of its own for sockets and connection file."""
    folder = Path(tempfile.gettempdir()) / kernel_name
    ways = {"transport": "ipc", "ip": str(folder / "s"), "connection_file": str(folder / "c.json")}
    return KernelManager(kernel_name=kernel_name, **ways, **options)


class TooMuch(Exception):
    """A kernel used up its time or sent more than it may."""


def create_connected_socket(self, *arguments, **options):
    """Connect a socket that takes no larger message than allowed, and few at a time."""
    self.context.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES)
    self.context.setsockopt(zmq.RCVHWM, 100)
    return _connect(self, *arguments, **options)


def setup(self):
    """Start the kernel, and its clock when it is there."""
    _setup(self)
    self.kernel.deadline = time.monotonic() + self.nb.metadata["seconds"]
    self.kernel.memory = self.nb.metadata["memory"] << 20
    self.kernel.processor = self.nb.metadata["processor"]
    self.kernel.budget = [self.nb.metadata["bytes"], MOST_MESSAGES]
    self.kernel.watched, self.kernel.kept = 0.0, deque()


def get_message(self, stream, timeout=None):
    """Return a message within the notebook's limits; wait for it in short steps."""
    if not hasattr(self, "deadline"):
        return _get_message(self, stream, timeout)
    until = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        watch(self)
        if stream == "iopub" and self.kept:
            return self.kept.popleft()
        left = min(until, self.deadline) - time.monotonic()
        try:
            return receive(self, stream, max(min(left, POLL_SECONDS), 0.01))
        except Empty:
            if not self.is_alive():
                raise TooMuch("ended the kernel") from None
            if time.monotonic() >= until:
                raise
        except (ValueError, TypeError, KeyError, RecursionError, MemoryError):
            raise TooMuch("sent what is no message") from None


def receive(kernel, stream, seconds):
    """Return the next message of a stream; keep what is printed while it is waited for."""
    shell, iopub = kernel.kc.shell_channel.socket, kernel.kc.iopub_channel.socket
    poller = zmq.Poller()
    for socket in {shell, iopub} if stream == "shell" else {iopub}:
        poller.register(socket, zmq.POLLIN)
    ready = dict(poller.poll(1000 * seconds))
    if stream == "shell" and iopub in ready:
        kernel.kept.append(counted(kernel, "iopub"))
    if (shell if stream == "shell" else iopub) not in ready:
        raise Empty
    return counted(kernel, stream)


def counted(kernel, stream):
    """Return a message that is there, and count it."""
    message = _get_message(kernel, stream, 0.01)
    parts = [message["content"], message["metadata"]]
    kernel.budget[0] -= len(json.dumps(parts, default=str)) + sum(map(len, message["buffers"]))
    kernel.budget[1] -= 1
    return message


def watch(kernel):
    """Raise `TooMuch` where a kernel is beyond one of its limits."""
    now = time.monotonic()
    if now >= kernel.deadline:
        raise TooMuch("took too long")
    if min(kernel.budget) < 0:
        raise TooMuch("sent too much output")
    if now >= kernel.watched + POLL_SECONDS:
        kernel.watched = now
        used = watching.used(kernel.km.provisioner.pid)
        if used.memory > kernel.memory:
            raise TooMuch("used too much memory")
        if used.processor > kernel.processor:
            raise TooMuch("used too much processor time")


def runtest(self):
    """Run a cell; keep what it said if it fails, and let nothing run after `TooMuch`."""
    spent = getattr(self.parent, "spent", "")
    if spent:
        self.user_properties.append(("said", json.dumps({"stopped": spent})))
        raise TooMuch(spent)
    try:
        _runtest(self)
    except TooMuch as much:
        self.parent.spent = str(much)
        self.user_properties.append(("said", json.dumps({"stopped": str(much)})))
        self.parent.kernel.km.shutdown_kernel(now=True)
        raise
    except Exception:
        found = {n: getattr(self, n)[:SAID] for n in ("counted", "why") if hasattr(self, n)}
        text = json.dumps(found) if found else said(self.test_outputs or [])
        self.user_properties.append(("said", text))
        raise


def compare_outputs(self, test, ref, skip_compare=None):
    """Compare as nbval does, by a judge, or by the share of what agrees, as a cell says."""
    if self.cell.metadata.get("handover"):
        handed = self.parent.path.with_suffix(HANDED)
        handed.write_text(line(test), encoding="utf-8", errors="replace")
        return True
    share, judge = self.cell.metadata.get("agree"), self.cell.metadata.get("judge")
    if share is None and judge is None:
        return _compare_outputs(self, test, ref, skip_compare)
    self.comparison_traceback = []
    if judge:
        from course_utils.grading import judges  # here: NumPy takes its time to come

        self.why = judges.verdict(judge, line(test), line(ref))
        return not self.why
    wanted, given = listed(ref), listed(test)
    if wanted is None or given is None or len(given) != len(wanted):
        return False
    agreeing = sum(a == b for a, b in zip(given, wanted, strict=True))
    self.counted = f"{agreeing} of {len(wanted)}"
    return agreeing >= share * len(wanted)


def listed(outputs) -> list[int] | None:
    """Return the whole numbers that were printed in one line of JSON; None if it was not that."""
    try:
        found = json.loads(line(outputs))
    except (ValueError, RecursionError):
        return None
    whole = isinstance(found, list) and all(type(one) is int for one in found)
    return found if whole else None


def line(outputs) -> str:
    """Return the one line that was printed, or ``""`` if it was not that."""
    outputs = [output for output in outputs if output.get("name") != "stderr"]
    if len(outputs) != 1 or outputs[0].get("name") != "stdout":
        return ""
    text = str(outputs[0].get("text", ""))
    return text if text.count("\n") == 1 and text.endswith("\n") else ""


def said(outputs) -> str:
    """Return what a cell printed or the error that it ended with, as JSON."""
    for output in outputs:
        if output.get("output_type") == "error":
            error = f"{output.get('ename')}: {output.get('evalue')}"
            return json.dumps({"stopped": error[:SAID]})
    text = "".join(str(output.get("text", "")) for output in outputs)
    return json.dumps({"printed": text[:SAID]})


def teardown(self):
    """Stop the kernel; of one that had to be killed only the channels are left."""
    if getattr(self, "spent", ""):
        self.kernel.kc.stop_channels()
    else:
        _teardown(self)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Run cells in the order of the notebook, whatever other plugins think."""
    items.sort(key=lambda item: (str(item.path), item.cell_num))


ConnectionFileMixin._create_connected_socket = create_connected_socket
nbval.kernel.KernelManager = kernel_manager
IPyNbFile.setup, IPyNbFile.teardown = setup, teardown
RunningKernel.get_message = get_message
IPyNbCell.runtest, IPyNbCell.compare_outputs = runtest, compare_outputs
