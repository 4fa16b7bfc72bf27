"""Work shared out to the processor's cores; Pillow lets them decode and resize side by side."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

# Two for each core: while one waits for Python's lock, another decodes.
THREADS = min(8, 2 * (os.cpu_count() or 1))


def share_out(work: Callable, items: Iterable, threads: int = THREADS) -> None:
    """Call ``work`` with every item, in several threads; the first error is raised here.

    Examples
    --------
    >>> found = []
    >>> share_out(found.append, range(100))
    >>> sorted(found) == list(range(100))
    True
    """
    rest = iter(items)

    def take() -> None:
        for item in rest:  # all threads go along this one line: whoever is free takes the next
            work(item)

    if threads == 1:
        return take()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(take) for _ in range(threads)]:
            done.result()
