"""Exercise 06.1: how many parameters a head of dense layers trains."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def head_parameters(shape: Sequence[int], units: Sequence[int], flatten: bool) -> int:
    """Return the trained parameters of a head of dense layers on a map; see lesson 06."""
    features = [int(np.prod(shape)) if flatten else shape[-1], *units]
    return sum((n + 1) * m for n, m in zip(features, units, strict=False))


@exercise(
    "06.1",
    answers=("head_parameters",),
    hints=(
        "Two questions, one after the other: how many numbers reach the first dense layer, and "
        "what does a dense layer of so many inputs cost?",
        "Averaged, one number for each channel is left; flattened, one for each place and channel. "
        "A dense layer has a weight for each pair of input and unit, and a bias for each unit. Its "
        "units are the inputs of the next layer.",
        "Start with `features = height * width * channels if flatten else channels`. In a loop "
        "over `units`: add `(features + 1) * n`, then `features = n`.",
    ),
    praise="Average first, and the head stays small enough for few labels.",
)
def judge_head_parameters(answer: Any) -> None:
    """Compare on maps that are not square, with one to three layers, averaged and flattened."""
    cases = [((2, 3, 4), (1,), False), ((2, 3, 4), (1,), True), ((2, 3, 4), (5,), False)]
    cases += [((3, 2, 5), (4, 3), True), ((1, 2, 3), (4, 3, 2), False)]
    cases += [((5, 5, 2048), (12,), False), ((4, 4, 512), (256, 1), True)]
    compare(answer, head_parameters, cases, _HEAD_MISCONCEPTIONS, name="head_parameters")


def _dense(shape, units, flatten, cost: Callable[[int, int], int] = lambda n, m: (n + 1) * m):
    features = [int(np.prod(shape)) if flatten else shape[-1], *units]
    return sum(cost(n, m) for n, m in zip(features, units, strict=False))


_HEAD_MISCONCEPTIONS = [
    Misconception(
        "The biases are missing: every unit has one, besides its weights.",
        partial(_dense, cost=lambda n, m: n * m),
    ),
    Misconception(
        "One bias for a whole layer is too few: every unit has its own.",
        partial(_dense, cost=lambda n, m: n * m + 1),
    ),
    Misconception(
        "A bias for every input? Biases belong to the units: a layer has as many as units.",
        partial(_dense, cost=lambda n, m: n * m + n),
    ),
    Misconception(
        "Averaged or flattened, you always average: flattened, a number is left for every place.",
        lambda shape, units, flatten: head_parameters(shape, units, False),
    ),
    Misconception(
        "Averaged or flattened, you always flatten: averaging leaves one number for each channel.",
        lambda shape, units, flatten: head_parameters(shape, units, True),
    ),
    Misconception(
        "The two kinds of head are swapped: `flatten` is True where nothing is averaged.",
        lambda shape, units, flatten: head_parameters(shape, units, not flatten),
    ),
    Misconception(
        "You average over the channels. The average goes over the places; the channels stay.",
        lambda shape, units, flatten: head_parameters(
            shape if flatten else (1, 1, shape[0] * shape[1]), units, flatten
        ),
    ),
    Misconception(
        "Flattened, height times width numbers are left for every channel: multiply all three.",
        lambda shape, units, flatten: head_parameters(
            (1, 1, shape[0] * shape[1]) if flatten else shape, units, flatten
        ),
    ),
    Misconception(
        "Height and width may differ: the map has height times width places, no square.",
        lambda shape, units, flatten: head_parameters((shape[0], *shape[::2]), units, flatten),
    ),
    Misconception(
        "A map is (height, width, channels): the channels come last.",
        lambda shape, units, flatten: head_parameters(
            shape if flatten else shape[:1], units, flatten
        ),
    ),
    Misconception(
        "`units` may hold three layers or more: go on to the end of it.",
        lambda shape, units, flatten: head_parameters(shape, units[:2], flatten),
    ),
    Misconception(
        "Each dense layer stands on the one before it, not on the backbone: its inputs are the "
        "units of that one.",
        lambda shape, units, flatten: sum(head_parameters(shape, (n,), flatten) for n in units),
    ),
    Misconception(
        "That is the first dense layer alone; the others are trained, too.",
        lambda shape, units, flatten: head_parameters(shape, units[:1], flatten),
    ),
    Misconception(
        "That is the last dense layer alone; those before it are trained, too.",
        lambda shape, units, flatten: head_parameters(
            (1, 1, units[-2]) if units[1:] else shape, units[-1:], flatten
        ),
    ),
]
