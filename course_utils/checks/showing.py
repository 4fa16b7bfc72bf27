"""Show a learner any value on one short line."""

import re
import reprlib
from typing import Any

import numpy as np

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
ROW, TABLE, NESTED = 12, 36, 16  # numbers shown of an array with one, two, more axes


def shown(value: Any) -> str:
    """Return a short text for any value, even for one whose ``repr`` fails.

    Examples
    --------
    >>> shown(np.array([1.0, 2.5]))
    '[1, 2.5]'
    >>> shown(np.eye(2).reshape(1, 2, 2, 1))
    '[[1, 0], [0, 1]] of shape (1, 2, 2, 1)'
    >>> shown(np.zeros((2, 5, 6, 3)))
    'an array of shape (2, 5, 6, 3)'
    """
    try:
        value = _from_framework(value)
        if isinstance(value, np.integer | np.floating):
            value = np.asarray(value)
        if type(value) is np.ndarray and value.dtype.kind in "iuf":
            return _array(value)
        return re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(_SHORT.repr(value).split()))
    except Exception:
        return f"an object of type {type(value).__name__}"


def spelt(name: str, case: tuple) -> str:
    """Return the call as a learner would type it."""
    return f"{name}({', '.join(shown(item) for item in case)})"


def _from_framework(value: Any) -> Any:
    """Return a tensor or a variable of Keras or TensorFlow as an array."""
    is_eager = type(value).__module__.partition(".")[0] in ("tensorflow", "keras")
    return value.numpy() if is_eager and hasattr(value, "numpy") else value


def _array(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f"{array[()]:.6g}"
    if array.ndim == 1:
        parts = [f"{item:.4g}" for item in array[:ROW]] + ["..."] * (len(array) > ROW)
        return f"[{', '.join(parts)}]"
    table = array.squeeze()
    if 0 < array.size <= TABLE and table.ndim <= 2:
        text = f"[{_nested(table)}]" if table.ndim == 0 else _nested(table)
        return text if table.ndim == array.ndim else f"{text} of shape {array.shape}"
    if 0 < array.size <= NESTED:
        return _nested(array)
    return f"an array of shape {array.shape}"


def _nested(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f"{array[()]:.4g}"
    return f"[{', '.join(_nested(part) for part in array)}]"
