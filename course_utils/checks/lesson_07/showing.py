"""What the judges of lesson 07 share: inputs with a label, tables of known thoughts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception
from course_utils.checks.registry import CheckFailed


class _Labelled(np.ndarray):
    """An array that is shown as its label, where its channels would be hard to read."""

    def __repr__(self) -> str:
        return f"<{self.label}>"


def labelled(values: Any, label: str) -> np.ndarray:
    """Return an array that `compare` shows as ``label``."""
    array = np.asarray(values, "float64").view(_Labelled)
    array.label = label
    return array


class Named:
    """A function that is shown as a few words."""

    def __init__(self, label: str, function: Callable):
        self.label, self.function = label, function

    def __call__(self, value: Any) -> Any:
        """Return what the function says of ``value``."""
        return self.function(value)

    def __repr__(self) -> str:
        return f"<{self.label}>"


def thoughts(known: dict[str, Callable]) -> list[Misconception]:
    """Return the misconceptions in a table of thought and function."""
    return [Misconception(thought, function) for thought, function in known.items()]


@contextmanager
def nan_means(reason: str) -> Iterator[None]:
    """Give ``reason`` where a NaN is found."""
    try:
        yield
    except CheckFailed as failure:
        found = reason if "There is a NaN" in failure.reason else failure.reason
        raise CheckFailed(found, *failure.details) from None
