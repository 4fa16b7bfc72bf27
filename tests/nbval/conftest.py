"""Make nbval strict where it is lenient or slow: loaded beside the notebooks that it checks.

* A kernel that dies is noticed within seconds, not after the whole cell timeout.
* A notebook whose last cell ends its own kernel (``exit()``) fails.
* A code cell without stored execution, whose outputs nbval would not compare, fails.
"""

import time
from queue import Empty

from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

POLL_SECONDS = 1.0
EXIT_SECONDS = 0.5  # a kernel ends about 0.1 s after exit()

_await_reply, _runtest, _teardown = RunningKernel.await_reply, IPyNbCell.runtest, IPyNbFile.teardown


def await_reply(self, msg_id, timeout=None):
    """Wait for the reply in short steps, and give up at once when the kernel is dead."""
    deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        try:
            return _await_reply(self, msg_id, timeout=POLL_SECONDS)
        except Empty:
            if not self.is_alive() or time.monotonic() >= deadline:
                raise


def runtest(self):
    """Run the cell, whose stored outputs must be there to compare with."""
    if self.cell.execution_count is None:
        self.raise_cell_error("this cell was stored without being executed: nothing to compare")
    _runtest(self)


def teardown(self):
    """Stop the kernel, which must have lived to the end of the notebook."""
    time.sleep(EXIT_SECONDS)
    alive = self.kernel is not None and self.kernel.is_alive()
    _teardown(self)
    if not alive:
        raise RuntimeError(f"{self.path.name}: the kernel had ended before the notebook did")


RunningKernel.await_reply = await_reply
IPyNbCell.runtest = runtest
IPyNbFile.teardown = teardown
