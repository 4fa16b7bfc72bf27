"""What several exercises of lesson 04 need."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from course_utils.checks.compare import shown
from course_utils.checks.registry import CheckFailed


def a_function(answer: Any, name: str) -> None:
    """Raise `CheckFailed` unless ``answer`` can be called."""
    if not callable(answer) or isinstance(answer, type):
        raise CheckFailed(f"`{name}` must be a function; it is {shown(answer)}.")


@contextlib.contextmanager
def randomness_kept() -> Iterator[None]:
    """Put NumPy's and Python's global random states back as they were."""
    kept = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(kept[0])
        random.setstate(kept[1])
