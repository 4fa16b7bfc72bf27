"""Stop what a learner's loop would go on doing for ever."""

import contextlib
import ctypes
import threading
from collections.abc import Iterator

SECONDS = 10


class TookTooLong(BaseException):
    """The time is up; not an `Exception`, so that no learner's ``except`` takes it for his own."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in what runs inside for more than ``seconds``; on every system.

    What waits inside compiled code is interrupted as soon as it comes back.

    Examples
    --------
    >>> with time_limit(0.1):
    ...     while True:
    ...         pass
    Traceback (most recent call last):
    course_utils.checks.limit.TookTooLong
    """
    thread, lock, is_over = ctypes.c_ulong(threading.get_ident()), threading.Lock(), []

    def interrupt() -> None:
        with lock:
            if not is_over:
                raised = ctypes.py_object(TookTooLong)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, raised)

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            is_over.append(True)
        timer.cancel()
