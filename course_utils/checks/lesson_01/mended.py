"""01.2: the web page's convolution, mended."""

from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def convolve(sequence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the convolution, flipped as mathematics has it, where the kernel fits."""
    return np.convolve(sequence, weights, "valid")


def correlate(sequence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the same with the kernel unflipped."""
    return np.correlate(sequence, weights, "valid")


@exercise(
    "01.2",
    answers=("convolve",),
    hints=(
        "Two mistakes, and the first is about what the caller gets. The second: feed it "
        "[0, 0, 1, 0, 0] and [1, 2, 3], and compare with np.convolve.",
        "A function gives back what stands after `return`, and that must come after the loop. "
        "A convolution turns its weights round before they slide.",
        "Put `weights = weights[::-1]` before the loop and `return convolution` below it, as far "
        "left as `for`.",
    ),
    praise="Now it is a convolution, and somebody can use it.",
)
def judge_convolve(answer: Any) -> None:
    """Compare with np.convolve, on kernels that are not symmetric and not whole numbers."""
    x = np.array([1, 1, 1, 5, 5, 5, 2, 2])
    cases = [
        (np.array([0, 0, 1, 0, 0]), np.array([1, 2, 3])),
        (x, np.array([-1, 0, 1])),
        (x, np.array([0.5, 0.25])),
        (np.array([2.5, -1.0, 4.0]), np.array([3.0, 1.0, -2.0])),
        (x, np.array([2])),
    ]
    compare(answer, convolve, cases, _CONVOLVE_MISCONCEPTIONS, name="convolve")


def _first_only(sequence: np.ndarray, weights: np.ndarray, flip: int) -> np.ndarray:
    answer = correlate(sequence, weights[::flip]).astype(float)
    answer[1:] = 0
    return answer


def _every_second(sequence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    answer = convolve(sequence, weights)
    answer[1::2] = correlate(sequence, weights)[1::2]
    return answer


_CONVOLVE_MISCONCEPTIONS = [
    Misconception(
        "It returns, but it is still a cross-correlation: the kernel slides unflipped.",
        correlate,
    ),
    Misconception(
        "The sequence is flipped, not the weights: the answers come out in reverse order.",
        lambda sequence, weights: convolve(sequence, weights)[::-1],
    ),
    Misconception(
        "The answers are flipped, not the weights: each sum of products is still unflipped.",
        lambda sequence, weights: correlate(sequence, weights)[::-1],
    ),
    Misconception(
        "One answer is missing at the end: the last stop is at n - K, so range(n - K + 1).",
        lambda sequence, weights: convolve(sequence, weights)[:-1],
    ),
    Misconception(
        "`return` stands inside the loop: the function leaves after the first stop.",
        lambda sequence, weights: _first_only(sequence, weights, -1),
    ),
    Misconception(
        "`return` stands inside the loop, and the kernel is not flipped yet.",
        lambda sequence, weights: _first_only(sequence, weights, 1),
    ),
    Misconception(
        "The kernel turns round at every stop, so every second one is unflipped again: turn it "
        "once, before the loop.",
        _every_second,
    ),
    Misconception(
        "The fractions are cut off: the array for the answers holds whole numbers only.",
        lambda sequence, weights: np.trunc(convolve(sequence, weights)),
    ),
    Misconception(
        "The kernel hangs over the ends: stop only where it lies inside, n - K + 1 times.",
        lambda sequence, weights: np.convolve(sequence, weights),
    ),
]
