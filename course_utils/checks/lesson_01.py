"""Lesson 01: the length of an output, a web page mended, an unknown kernel found."""

import contextlib
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import CheckFailed, exercise


def output_length(n: int, K: int, P: int = 0, S: int = 1, D: int = 1) -> int:
    """Return how many stops a kernel has; see lesson 01."""
    return (n + 2 * P - D * (K - 1) - 1) // S + 1


@exercise(
    "01.1",
    answers=("output_length",),
    hints=(
        "Draw 10 cells and a kernel of 3. Where is the left end of the kernel at its first stop, "
        "where at its last?",
        "Padding makes the signal longer, on both sides: n + 2P. Dilation makes the kernel longer: "
        "it reaches over D(K - 1) + 1 places. The last stop is at their difference.",
        "From 0 to the last stop you step by S: `last // S` steps, and the first stop comes on top "
        "of them: `(n + 2*P - reach) // S + 1`.",
    ),
    praise="One formula, every layer: you will use it in all the lessons to come.",
)
def judge_output_length(answer: Any) -> None:
    """Compare with the formula where n, K, P, S, D differ one at a time, then together."""
    cases = [(10, 3, 0, 1, 1), (10, 3, 1, 1, 1), (10, 3, 0, 2, 1), (10, 3, 0, 1, 2)]
    cases += [(7, 2, 0, 3, 1), (8, 3, 2, 2, 2), (28, 5, 2, 3, 1), (5, 5, 0, 2, 1), (9, 4, 3, 2, 3)]
    compare(answer, output_length, cases, _LENGTH_MISCONCEPTIONS, name="output_length")


_LENGTH_MISCONCEPTIONS = [
    Misconception(
        "One too few, always: you counted the steps. The first stop counts too (+ 1).",
        lambda n, K, P, S, D: output_length(n, K, P, S, D) - 1,
    ),
    Misconception(
        "One too many, always: the last stop is at n - K, and stops are counted from 0.",
        lambda n, K, P, S, D: output_length(n, K, P, S, D) + 1,
    ),
    Misconception(
        "The padding is counted on one side only. P zeros stand on each side: n + 2P.",
        lambda n, K, P, S, D: (n + P - D * (K - 1) - 1) // S + 1,
    ),
    Misconception(
        "The padding is ignored: the signal grows to n + 2P.",
        lambda n, K, P, S, D: output_length(n, K, 0, S, D),
    ),
    Misconception(
        "The stride is ignored: with S = 2 the kernel stops at every second place only.",
        lambda n, K, P, S, D: output_length(n, K, P, 1, D),
    ),
    Misconception(
        "The dilation is ignored: with gaps the kernel reaches over D(K - 1) + 1 places.",
        lambda n, K, P, S, D: output_length(n, K, P, S, 1),
    ),
    Misconception(
        "The reach is not D times K: between K numbers there are K - 1 gaps, so D(K - 1) + 1.",
        lambda n, K, P, S, D: (n + 2 * P - D * K) // S + 1,
    ),
    Misconception(
        "A length is a whole number: divide with `//`, which drops the step that does not fit.",
        lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) / S + 1,
    ),
    Misconception(
        "Rounded up: a last step that does not fit whole is not taken. Divide with `//`.",
        lambda n, K, P, S, D: -((-n - 2 * P + D * (K - 1) + 1) // S) + 1,
    ),
    Misconception(
        "Rounded to the nearest: a step that does not fit whole is not taken. Divide with `//`.",
        lambda n, K, P, S, D: round((n + 2 * P - D * (K - 1) - 1) / S) + 1,
    ),
    Misconception(
        "The first stop needs no step: add the 1 after dividing by S, not before.",
        lambda n, K, P, S, D: (n + 2 * P - D * (K - 1)) // S,
    ),
    Misconception(
        "n - K is where the last stop stands. Stops are counted from 0, so n - K + 1 of them; and "
        "P, S and D have no say yet.",
        lambda n, K, P, S, D: n - K,
    ),
    Misconception(
        "Right for a bare kernel. P, S and D have no say yet; the case below has one of them.",
        lambda n, K, P, S, D: output_length(n, K),
    ),
    *(
        Misconception(
            f"A good start: {used} has its say. The other two of P, S and D have none yet; the "
            "case below has one of them.",
            lambda n, K, P, S, D, used=used: output_length(
                n, K, **{used: {"P": P, "S": S, "D": D}[used]}
            ),
        )
        for used in "PSD"
    ),
]


def convolve(sequence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the convolution, flipped as mathematics has it, where the kernel fits."""
    return np.convolve(sequence, weights, "valid")


def _correlate(sequence: np.ndarray, weights: np.ndarray) -> np.ndarray:
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
    answer = _correlate(sequence, weights[::flip]).astype(float)
    answer[1:] = 0
    return answer


def _every_second(sequence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    answer = convolve(sequence, weights)
    answer[1::2] = _correlate(sequence, weights)[1::2]
    return answer


_CONVOLVE_MISCONCEPTIONS = [
    Misconception(
        "It returns, but it is still a cross-correlation: the kernel slides unflipped.",
        _correlate,
    ),
    Misconception(
        "The sequence is flipped, not the weights: the answers come out in reverse order.",
        lambda sequence, weights: convolve(sequence, weights)[::-1],
    ),
    Misconception(
        "The answers are flipped, not the weights: each sum of products is still unflipped.",
        lambda sequence, weights: _correlate(sequence, weights)[::-1],
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
    cases = [(impulse, _correlate(impulse, np.array([1, -2])))]
    cases += [(few, _correlate(few, np.array([3, 1])))]
    for kernel in ([2, 0.5], [-1, -2, 0, 4, 1], [0.5, 0.3, 0.1, 0], [3, 1, 4, 1, 5, -9]):
        x = rng.normal(size=60).round(2)
        cases.append((x, _correlate(x, np.array(kernel))))
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
