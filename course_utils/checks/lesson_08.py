"""Lesson 08: a bill, a model of time, a chain of exits; the block is in its own file."""

from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.lesson_08_block import judge_resnext_block
from course_utils.checks.lesson_08_exits import judge_leave_early
from course_utils.checks.registry import exercise

__all__ = ["judge_leave_early", "judge_resnext_block", "judge_separable_bill", "judge_times_faster"]


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
    praise="843 weights for a layer of 19,200. What that is worth in time is the next question.",
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
        "These are the places without padding. With 'same' each side is divided by S and rounded up.",
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


def _waits(places, weights, read, written, per_number, slower=max) -> float:
    """Return the time of one pass, in the time that one number takes to be moved."""
    return slower(places * weights / per_number, places * (read + written) + weights)


def times_faster(places: int, K: int, C: int, F: int, per_number: float) -> float:
    """Return the time of a convolution over that of its separable twin."""
    return _ratio(places, K, C, F, per_number, _waits)


def _ratio(places, K, C, F, per_number, time) -> float:
    """Return the ratio with another formula for the time of a pass."""
    ordinary = time(places, K * K * C * F, C, F, per_number)
    depthwise = time(places, K * K * C, C, C, per_number)
    return ordinary / (depthwise + time(places, C * F, C, F, per_number))


@exercise(
    "08.2",
    answers=("times_faster",),
    hints=(
        "Write down one pass first: what does it multiply, what does it read, what does it write? "
        "Then use it three times.",
        "In units of one number moved, computing takes the multiply-adds over per_number, and "
        "moving takes the numbers read and written, weights included. The pass takes the larger "
        "of the two. The separated layer is the sum of two passes.",
        "A pass is `max(places * weights / per_number, places * (read + written) + weights)`, with "
        "C read and F written in the ordinary one, C and C in the depthwise one, C and F in the "
        "1 x 1.",
    ),
    praise="Count to compare work; to compare time, ask what has to be moved as well.",
)
def judge_times_faster(answer: Any) -> None:
    """Compare where computing or moving is slower, in each of the three passes."""
    cases = [
        (100, 3, 2, 4, 4),
        (100, 5, 8, 6, 1),
        (100, 3, 2, 4, 1000),
        (10, 3, 4, 20, 8),
        (100, 3, 2, 4, 0.05),
    ]
    cases += [(49, 7, 2, 2, 24), (12544, 5, 3, 256, 36), (196, 3, 512, 512, 36)]
    compare(answer, times_faster, cases, _TIME_MISCONCEPTIONS, name="times_faster")


def _in_one_pass(places, K, C, F, per_number, between) -> float:
    """Return the ratio if the separated layer computed and moved all at once."""
    weights = K * K * C + C * F
    moved = places * (C + F + between) + weights
    ordinary = _waits(places, K * K * C * F, C, F, per_number)
    return ordinary / max(places * weights / per_number, moved)


_TIME_MISCONCEPTIONS = [
    Misconception(
        "That is still the promise of the page: weights over weights. (Times the places on both "
        "sides it is the work, with the same ratio.) Moving has no say yet.",
        lambda places, K, C, F, per_number: K * K * F / (K * K + F),
    ),
    Misconception(
        "Only moving counts here. Where there is much to compute for each number, memory waits "
        "for the processor: take the slower of the two.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: n * (r + out) + w),
    ),
    Misconception(
        "Computing and moving are added up, but they go on at the same time: a pass takes as long "
        "as the slower of the two.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: n * w / p + n * (r + out) + w),
    ),
    Misconception(
        "That is the faster of the two. A pass is over when the slower one is done: `max`.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: _waits(n, w, r, out, p, min)),
    ),
    Misconception(
        "The separated layer is taken as one pass. It is two, each with its own slower part: one "
        "may wait for memory while the other computes.",
        lambda *layer: _in_one_pass(*layer, between=2 * layer[2]),
    ),
    Misconception(
        "One pass, in which the maps between the two parts never travel: depthwise writes them to "
        "memory, 1 x 1 reads them again, and the times of the two add up.",
        lambda *layer: _in_one_pass(*layer, between=0),
    ),
    Misconception(
        "The weights are moved, too: each is read once in a pass.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * (r + out))),
    ),
    Misconception(
        "The weights are read at every place here; once in a pass is enough.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * (r + out + w))),
    ),
    Misconception(
        "The maps are read but never written: a pass moves its output, too.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * r + w)),
    ),
    Misconception(
        "The maps are written but never read: a pass moves its input, too.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * out + w)),
    ),
    Misconception(
        "per_number has no say: a multiply-add takes far less time than moving a number.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: _waits(n, w, r, out, 1)),
    ),
    Misconception(
        "per_number stands on the wrong side: many multiply-adds fit into the time of one number, "
        "so computing becomes shorter by it, not longer.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: _waits(n, w, r, out, 1 / p)),
    ),
    Misconception(
        "The places are missing in the work: each weight is used at every place.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(w / p, n * (r + out) + w)),
    ),
    Misconception(
        "The fraction is upside down: ordinary over separated says how many times faster.",
        lambda *layer: 1 / times_faster(*layer),
    ),
]
