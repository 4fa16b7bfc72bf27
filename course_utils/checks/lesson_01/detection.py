"""01.3: the kernel that somebody kept to himself."""

import contextlib
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.lesson_01.mended import correlate
from course_utils.checks.registry import CheckFailed, exercise


@exercise(
    "01.3",
    answers=("find_kernel",),
    hints=(
        "How many numbers has the kernel? You know n and the number of answers, n - K + 1. Then "
        "write down the first answer as an equation: which numbers in it are unknown?",
        "Every stop gives one linear equation, window @ k = answer. Stack the windows as rows of a "
        "matrix: it has n - K + 1 rows and K columns, many more equations than unknowns.",
        "`K = len(x) - len(y) + 1`, `windows = np.array([x[i : i + K] for i in range(len(y))])`, "
        "then the first of the things that `np.linalg.lstsq(windows, y)` returns.",
    ),
    praise="From data to kernel: in one step by least squares, in many by a network.",
)
def judge_find_kernel(answer: Any) -> None:
    """Hide kernels of 2 to 6 numbers behind an impulse and behind noise; 1 % off is allowed."""
    rng = np.random.default_rng(7)
    impulse = np.array([0.0, 0, 1, 0, 0])
    few = np.array([1.0, 2, 0, 1])
    cases = [(impulse, correlate(impulse, np.array([1, -2])))]
    cases += [(few, correlate(few, np.array([3, 1])))]
    for kernel in ([2, 0.5], [-1, -2, 0, 4, 1], [0.5, 0.3, 0.1, 0], [3, 1, 4, 1, 5, -9]):
        x = rng.normal(size=60).round(2)
        cases.append((x, correlate(x, np.array(kernel))))
    settings = (answer, find_kernel, cases, _KERNEL_MISCONCEPTIONS)
    try:
        compare(*settings, name="find_kernel", tolerance=0.01)
    except CheckFailed as failure:
        reason = failure.reason
        if "LinAlgError" in reason:
            reason = f"{reason}. {_NOT_SQUARE}"
        elif _within(0.3, settings):
            reason = _NEARLY
        elif reason.startswith("The answer differs") and not _within(1e3, settings):
            reason = _EXPLODED
        raise CheckFailed(reason, *failure.details) from None


def _within(tolerance: float, settings: tuple) -> bool:
    with contextlib.suppress(CheckFailed):
        compare(*settings, name="find_kernel", tolerance=tolerance)
        return True
    return False


def find_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the kernel k of len(x) - len(y) + 1 numbers whose convolution of x is nearest y."""
    windows = np.lib.stride_tricks.sliding_window_view(x, len(x) - len(y) + 1)
    return np.linalg.lstsq(windows, y)[0]


_NEARLY = "Close, but more than 1 % off: if you go downhill, take more steps or larger ones."
_EXPLODED = (
    "The numbers are far too large: if you go downhill, the steps overshoot or lead uphill. "
    "Make them smaller, and subtract the slope."
)
_NOT_SQUARE = (
    "There are more equations than unknowns, and some say nothing new. Use all of them, by least "
    "squares."
)
_KERNEL_MISCONCEPTIONS = [
    Misconception(
        "These are the right numbers back to front: our convolution slides the kernel unflipped.",
        lambda x, y: find_kernel(x, y)[::-1],
    ),
    Misconception(
        "One number is missing: the output has n - K + 1 numbers, so K = len(x) - len(y) + 1.",
        lambda x, y: find_kernel(x[:-1], y),
    ),
    Misconception(
        "The kernel was scaled to add up to 1. Averages do; an edge finder adds up to 0.",
        lambda x, y: find_kernel(x, y) / find_kernel(x, y).sum(),
    ),
    *(
        Misconception(
            "Signal and answers are multiplied, not solved for: windows of x overlap, so each "
            "number of your kernel contains something of its neighbours.",
            lambda x, y, size=size: np.correlate(x, y, "valid") / size(x, y),
        )
        for size in (lambda x, y: 1, lambda x, y: x @ x, lambda x, y: len(y))
    ),
]
