"""Work shared out to the processor's cores; Pillow lets them decode and resize side by side."""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache

# One for each core, whoever calls among them: more would only wait for Python's lock.
THREADS = min(8, max(2, os.cpu_count() or 1))


def share_out(work: Callable, items: Iterable, threads: int = THREADS) -> None:
    """Call ``work`` with every item, here and in helping threads; return when all is done.

    ``threads`` counts the caller as well, so with 1 nobody helps; there are at most `THREADS`.
    The helpers stay and wait for the next call. While they are busy elsewhere, the caller does
    the work alone; so ``work`` may share out work in turn.

    Raises
    ------
    Exception
        What ``work`` raised for the first item at which it did; items after it may be left out.

    Examples
    --------
    >>> found = []
    >>> share_out(found.append, range(100))
    >>> sorted(found) == list(range(100))
    True
    """
    line, errors = deque(enumerate(items)), {}

    def take() -> None:
        while not errors:
            try:
                place, item = line.popleft()  # one line for all: whoever is free takes the next
            except IndexError:
                return
            try:
                work(item)
            except BaseException as error:
                errors[place] = error

    helping = _ask_for_help(take, min(threads, THREADS, len(line)) - 1)
    try:
        take()
    finally:
        line.clear()  # whatever happens, nobody works on after the return
        wait([help for help in helping if not help.cancel()])
    if errors:
        raise errors.pop(min(errors))


def _ask_for_help(task: Callable, times: int) -> list[Future]:
    """Hand a task to helpers; to fewer or none where no thread can be had, as when Python ends."""
    helping = []
    with suppress(RuntimeError):
        for _ in range(times):
            helping.append(_helpers(os.getpid()).submit(task))
    return helping


@cache
def _helpers(process: int) -> ThreadPoolExecutor:
    """Return the helpers of a process: a forked one does not get its parent's threads."""
    return ThreadPoolExecutor(THREADS - 1, thread_name_prefix=f"pictures of {process}")
