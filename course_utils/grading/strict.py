"""Make nbval fit for hostile kernels: the pytest plugin that runs beside it, outside the cage.

* Kernels talk through sockets in a folder, since there is no network between them.
* All cells of a notebook share one limit of time, and of what they may send.
* A dead kernel is noticed at once.
* What a failing cell said goes into the report, short.
"""

import contextlib
import itertools
import json
import tempfile
import time
from pathlib import Path
from queue import Empty

import nbval.kernel
import psutil
import pytest
import zmq
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

POLL_SECONDS = 0.25
MOST_BYTES = 1_000_000  # of one message, and of all that a notebook prints
MOST_MESSAGES = 3_000
_KERNELS = itertools.count()
SAID = 2_000  # characters of a failing cell's output that are kept

_connect, _setup = ConnectionFileMixin._create_connected_socket, IPyNbFile.setup
_get_message, _await_reply = RunningKernel.get_message, RunningKernel.await_reply
_runtest, _teardown = IPyNbCell.runtest, IPyNbFile.teardown


def kernel_manager(**options):
    """Return a manager whose kernel has its sockets beside its connection file."""
    sockets = Path(tempfile.gettempdir()) / f"k{next(_KERNELS)}"
    return KernelManager(transport="ipc", ip=str(sockets), **options)


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
    self.kernel.budget = [MOST_BYTES, MOST_MESSAGES]


def get_message(self, stream, timeout=None):
    """Return a message within the notebook's limits."""
    deadline = getattr(self, "deadline", None)
    if deadline is None:
        return _get_message(self, stream, timeout)
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooMuch("took too long")
    message = _get_message(self, stream, max(min(left, timeout or left), 0.01))
    self.budget[0] -= len(json.dumps(message["content"], default=str))
    self.budget[1] -= 1
    if min(self.budget) < 0:
        raise TooMuch("sent too much output")
    return message


def await_reply(self, msg_id, timeout=None):
    """Wait for the reply in short steps; stop when the kernel is dead or its time is up."""
    while True:
        try:
            return _await_reply(self, msg_id, timeout=POLL_SECONDS)
        except Empty:
            if not self.is_alive():
                raise TooMuch("ended the kernel") from None
            if memory(self.km.provisioner.pid) > getattr(self, "memory", float("inf")):
                raise TooMuch("used too much memory") from None


def memory(pid: int) -> int:
    """Return the bytes that a process and all below it use together."""
    used = 0
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                used += process.memory_info().rss
    return used


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
        self.user_properties.append(("said", said(self.test_outputs or [])))
        raise


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
RunningKernel.get_message, RunningKernel.await_reply = get_message, await_reply
IPyNbCell.runtest = runtest
