"""Exercise 08.1: parameters and multiply-adds of a separable layer."""

from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def separable_bill(height: int, width: int, K: int, C: int, F: int, S: int) -> tuple[int, int]:
    """Return parameters and multiply-adds of a separable layer with padding 'same'."""
    return _bill(K * K * C, C * F, F, _places(height, width, S))


def _bill(depthwise: int, pointwise: int, biases: int, places: float) -> tuple:
    return depthwise + pointwise + biases, (depthwise + pointwise) * places


def _places(height: int, width: int, S: int) -> int:
    return -(-height // S) * -(-width // S)


@exercise(
    "08.1",
    answers=("separable_bill",),
    hints=(
        "Count the kernels of the two parts by themselves. What does one depthwise kernel see of "
        "the channels, and what does one mixture see of the neighbours?",
        "Depthwise: K * K numbers for each of C channels. Mixtures: C numbers for each of F "
        "output channels. All of them are used once at each place of the output, and with stride "
        "S there are fewer places, rounded up in both directions.",
        "`kernels = K * K * C + C * F`, `places = -(-height // S) * -(-width // S)`; then return "
        "`kernels + F, kernels * places`.",
    ),
    praise="843 weights in place of 19,200. What is that worth in time? Read on.",
)
def judge_separable_bill(answer: Any) -> None:
    """Compare bills where height, width, C and F differ, with strides that do not fit."""
    cases = [(4, 6, 3, 2, 5, 1), (4, 6, 3, 2, 5, 2), (5, 7, 3, 2, 4, 2), (8, 5, 5, 3, 7, 3)]
    cases += [(9, 14, 1, 4, 3, 4), (112, 112, 5, 3, 256, 1)]
    compare(answer, separable_bill, cases, _BILL_MISCONCEPTIONS, name="separable_bill")


_BILL_MISCONCEPTIONS = [
    Misconception(
        "That is the bill of an ordinary convolution: each of its F kernels looks at all C "
        "channels. A depthwise kernel looks at one.",
        lambda h, w, K, C, F, S: _bill(0, K * K * C * F, F, _places(h, w, S)),
    ),
    Misconception(
        "The mixtures are missing: 1 x 1, C numbers for each of F output channels.",
        lambda h, w, K, C, F, S: _bill(K * K * C, 0, F, _places(h, w, S)),
    ),
    Misconception(
        "The depthwise kernels are missing: one of K x K for each of C channels.",
        lambda h, w, K, C, F, S: _bill(0, C * F, F, _places(h, w, S)),
    ),
    Misconception(
        "The channels share one K x K kernel here. Each has its own: K * K * C.",
        lambda h, w, K, C, F, S: _bill(K * K, C * F, F, _places(h, w, S)),
    ),
    Misconception(
        "A kernel of K x K has K * K numbers, not K.",
        lambda h, w, K, C, F, S: _bill(K * C, C * F, F, _places(h, w, S)),
    ),
    Misconception(
        "There are C depthwise kernels, one for each input channel, not F.",
        lambda h, w, K, C, F, S: _bill(K * K * F, C * F, F, _places(h, w, S)),
    ),
    Misconception(
        "The biases are missing among the parameters: one for each of F output channels.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, 0, _places(h, w, S)),
    ),
    Misconception(
        "Too many biases: only the second part has them, one for each of F output channels.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, C + F, _places(h, w, S)),
    ),
    Misconception(
        "The biases belong to the output channels: F of them, not C.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, C, _places(h, w, S)),
    ),
    Misconception(
        "Biases are added, not multiplied: they count as parameters, not as multiply-adds.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F + F, 0, _places(h, w, S)),
    ),
    Misconception(
        "The stride is ignored: with S = 2 only every second row and column is computed.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, h * w),
    ),
    Misconception(
        "The stride counts in one direction only: rows and columns both become fewer.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, -(-h // S) * w),
    ),
    Misconception(
        "Rounded down: with 'same' the last stop counts even where a step does not fit whole, so "
        "round up.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, (h // S) * (w // S)),
    ),
    Misconception(
        "A number of places is whole: round up the rows and the columns, each by itself.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, h * w / S**2),
    ),
    Misconception(
        "Rounded too late: rows and columns are rounded up each by itself, then multiplied.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, -(-h * w // S**2)),
    ),
    Misconception(
        "These are the places without padding. With 'same' each side is n over S, rounded up.",
        lambda h, w, K, C, F, S: _bill(
            K * K * C, C * F, F, ((h - K) // S + 1) * ((w - K) // S + 1)
        ),
    ),
    Misconception(
        "The height stands for both sides: the maps are not square.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, _places(h, h, S)),
    ),
    Misconception(
        "The stride belongs to the first part: the depthwise kernels already skip places, and "
        "leave fewer to the mixtures.",
        lambda h, w, K, C, F, S: (
            K * K * C + C * F + F,
            K * K * C * h * w + C * F * _places(h, w, S),
        ),
    ),
    Misconception(
        "The mixtures see only the places that the depthwise part has left, not all of the input.",
        lambda h, w, K, C, F, S: (
            K * K * C + C * F + F,
            K * K * C * _places(h, w, S) + C * F * h * w,
        ),
    ),
    Misconception(
        "The places are missing: each weight is used once at every place of the output.",
        lambda h, w, K, C, F, S: _bill(K * K * C, C * F, F, 1),
    ),
    Misconception(
        "The right two numbers in the wrong order: parameters first, then multiply-adds.",
        lambda *layer: separable_bill(*layer)[::-1],
    ),
]
