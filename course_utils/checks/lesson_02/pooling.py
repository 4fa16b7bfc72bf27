"""02.2: a max pooling from the web, mended."""

from collections.abc import Callable
from itertools import combinations
from math import ceil
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.lesson_02.shapes import stops_inside
from course_utils.checks.registry import exercise


def max_pool(image: np.ndarray, size: int, stride: int | None = None) -> np.ndarray:
    """Return the largest number of each window that lies inside the image."""
    return _pool(image, size, stride or size)


def _pool(image, size, stride, value=np.max, stops=stops_inside) -> np.ndarray:
    down, across = (range(0, stops(n, size, stride) * stride, stride) for n in image.shape)
    windows = [image[y : y + size, x : x + size] for y in down for x in across]
    return np.array([value(window) for window in windows]).reshape(len(down), len(across))


@exercise(
    "02.2",
    answers=("max_pool",),
    hints=(
        "Take the mistakes one at a time: what becomes of a block, what happens without a stride, "
        "and where the last window ends when windows are 3 pixels wide and 2 apart.",
        "The largest number, not the sum; the size of the window, not 2; and as many stops as the "
        "lesson's formula allows without padding, which knows the window's size, too.",
        "`stride = stride or size`, then `down = (image.shape[0] - size) // stride + 1`, the same "
        "for across with `image.shape[1]`, and `block.max()`.",
    ),
    praise="25 in the corner, and a third of each side, as in the lesson.",
)
def judge_max_pool(answer: Any) -> None:
    """Compare on tiles, on windows that overlap or leave gaps, and below zero."""
    image = np.array([[1, 0, 4, 6, 3, 2], [8, 2, 5, 9, 7, 1], [20, 13, 25, 31, 12, 4]])
    image = np.vstack([image, [[6, 11, 18, 22, 10, 5], [3, 7, 9, 14, 8, 2], [0, 5, 6, 4, 1, 3]]])
    wide = np.random.default_rng(22).permutation(35).reshape(5, 7) / 4 - 5
    cases = [(image, 3), (image[:4, :4], 2, None), (image[:3, :4], 2, 1), (image[:3, :4] - 40, 2)]
    cases += [(image, 3, 2), (wide, 2), (wide, 2, 3), (wide, 3, 1), (wide, 1, 2), (wide[:4], 4, 3)]
    compare(answer, max_pool, cases, _POOL_MISCONCEPTIONS, name="max_pool")


def _pool_with(value=np.max, default: int = 0, stops=stops_inside) -> Callable[..., np.ndarray]:
    """Return a `max_pool` with another value of a window, another stride for None, other stops."""
    return lambda image, size, stride=None: _pool(
        image, size, stride or default or size, value, stops
    )


_WEB_MISTAKES = {
    "value": (np.sum, "The numbers of a block are still added: max pooling keeps the largest."),
    "default": (2, "Without a stride it still steps by 2: None means the window's own size."),
    "stops": (
        lambda n, size, stride: n // stride,
        "The stops are still n // stride: count where the whole window fits, (n - size) // stride "
        "+ 1.",
    ),
}
_POOL_MISCONCEPTIONS = [
    *(
        Misconception(
            " ".join(_WEB_MISTAKES[name][1] for name in left),
            _pool_with(**{name: _WEB_MISTAKES[name][0] for name in left}),
        )
        for number in (1, 2, 3)
        for left in combinations(_WEB_MISTAKES, number)
    ),
    Misconception("The mean of each window: that is average pooling.", _pool_with(np.mean)),
    Misconception(
        "Zero wins where all numbers are negative: a window's largest number may be below zero.",
        _pool_with(lambda window: max(window.max(), 0)),
    ),
    Misconception(
        "Without a stride it steps by 1: None means the window's own size.", _pool_with(default=1)
    ),
    Misconception(
        "The stride has no say: windows are `stride` pixels apart, whatever their size.",
        lambda image, size, stride=None: max_pool(image, size),
    ),
    Misconception(
        "A last window that sticks out is kept: with valid it is dropped, so divide with `//`.",
        _pool_with(stops=lambda n, size, stride: ceil((n - size) / stride) + 1),
    ),
    Misconception(
        "The last window is missing, always: the first stop counts too (+ 1).",
        _pool_with(stops=lambda n, size, stride: (n - size) // stride),
    ),
    Misconception(
        "As many columns as rows: an image need not be square.",
        lambda *case: max_pool(*case)[:, : len(max_pool(*case))],
    ),
    Misconception("Rows and columns are exchanged.", lambda *case: max_pool(*case).T),
    Misconception(
        "The fractions are cut off: the array for the answers holds whole numbers only.",
        lambda *case: np.trunc(max_pool(*case)),
    ),
    Misconception(
        "`return` stands inside the loop: the function leaves after the first window.",
        lambda *case: (
            max_pool(*case) * (np.arange(max_pool(*case).size) == 0).reshape(max_pool(*case).shape)
        ),
    ),
]
