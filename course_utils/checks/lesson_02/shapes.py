"""02.1: the shape of what comes out of a convolution layer."""

from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise

Shape = tuple[int, int, int]


def output_shape(shape: Shape, filters: int, K: int, S: int = 1, padding: str = "valid") -> Shape:
    """Return (height, width, channels) of what a Conv2D layer makes of an image."""
    height, width = shape[:2]
    if padding == "same":
        return ceil(height / S), ceil(width / S), filters
    return (height - K) // S + 1, (width - K) // S + 1, filters


@exercise(
    "02.1",
    answers=("output_shape",),
    hints=(
        "Three numbers, and they come from different places: which of the five inputs has a say in "
        "the last one, and which in the first two?",
        "The last number is the number of filters, whatever the image had. Height and width follow "
        "the lesson's formula with P = 0 for valid; same is n / S, rounded up.",
        "For `same`: `math.ceil(n / S)`; else `(n - K) // S + 1`; once with the height as n, once "
        "with the width. Return `new_height, new_width, filters`.",
    ),
    praise="You can read a network's table of shapes before anybody has run it.",
)
def judge_output_shape(answer: Any) -> None:
    """Compare where one thing differs at a time, then on images that are not square."""
    cases = [((10, 10, 1), 1, 3, 1, "valid"), ((10, 10, 1), 4, 3, 1, "valid")]
    cases += [((10, 10, 3), 8, 3, 2, "valid"), ((10, 10, 3), 8, 3, 1, "same")]
    cases += [((10, 10, 3), 8, 3, 2, "same"), ((28, 20, 1), 6, 5, 1, "valid")]
    cases += [((9, 14, 2), 5, 4, 3, "valid"), ((7, 11, 3), 16, 4, 3, "same")]
    cases += [((5, 8, 3), 7, 1, 2, "valid"), ((2, 3, 4), 2, 5, 1, "same")]
    cases += [((6, 3, 2), 3, 3, 2, "valid"), ((6, 7, 1), 2, 4, 1, "same")]
    compare(answer, output_shape, cases, _SHAPE_MISCONCEPTIONS, name="output_shape")


def _lengths(valid: Callable, same: Callable) -> Callable[..., Shape]:
    """Return an `output_shape` with other formulas for one length, each of (n, K, S)."""

    def shape_of(shape, filters, K, S, padding):
        length = same if padding == "same" else valid
        return (*(length(n, K, S) for n in shape[:2]), filters)

    return shape_of


def stops_inside(n: int, K: int, S: int) -> int:
    """Return at how many places, S apart, a window of K lies inside n pixels."""
    return (n - K) // S + 1


def _stops_same(n: int, K: int, S: int) -> int:
    return ceil(n / S)


_SHAPE_MISCONCEPTIONS = [
    Misconception(
        '"same" keeps the size only at stride 1. With S = 2 half of the places are left: n / S, '
        "rounded up.",
        _lengths(stops_inside, lambda n, K, S: n),
    ),
    Misconception(
        "The image's channels are used up: each filter adds over all of them and makes one map. As "
        "many channels come out as there are filters.",
        lambda shape, *layer: (*output_shape(shape, *layer)[:2], shape[2]),
    ),
    Misconception(
        "A filter is as deep as the image and makes one map, not one for each channel: no product.",
        lambda shape, *layer: np.multiply(output_shape(shape, *layer), (1, 1, shape[2])),
    ),
    Misconception(
        "The number of filters sets the channel axis, not height and width.",
        lambda shape, filters, K, S, padding: (filters, filters, shape[2]),
    ),
    Misconception(
        "These are the right numbers, channels first. Keras has them last.",
        lambda *case: np.roll(output_shape(*case), 1),
    ),
    Misconception(
        "Height and width are exchanged: the height comes first.",
        lambda *case: np.array(output_shape(*case))[[1, 0, 2]],
    ),
    Misconception(
        "The width is taken to be the height: an image need not be square.",
        lambda *case: np.array(output_shape(*case))[[0, 0, 2]],
    ),
    Misconception(
        "The image's axis is still there: one layer, one image, three numbers.",
        lambda *case: (1, *output_shape(*case)),
    ),
    Misconception(
        'The padding has no say: with "same", zeros around the image let the window stop n / S '
        "times, rounded up.",
        _lengths(stops_inside, stops_inside),
    ),
    Misconception(
        'Right for "same" only: without padding K - 1 places are lost.',
        _lengths(*[_stops_same] * 2),
    ),
    Misconception(
        "The stride has no say: with S = 2 the window stops at every second place only.",
        _lengths(lambda n, K, S: n - K + 1, lambda n, K, S: n),
    ),
    Misconception(
        'One too few with "valid": you counted the steps. The first stop counts too (+ 1).',
        _lengths(lambda n, K, S: (n - K) // S, _stops_same),
    ),
    Misconception(
        'With "valid", a last step that does not fit whole is not taken: round down, `//`.',
        _lengths(lambda n, K, S: ceil((n - K) / S) + 1, _stops_same),
    ),
    Misconception(
        'Lengths are whole numbers: "valid" rounds down, `//`; "same" rounds up, `math.ceil`.',
        _lengths(lambda n, K, S: (n - K) / S + 1, lambda n, K, S: n / S),
    ),
    Misconception(
        '"valid" has no fractions: a last step that does not fit whole is dropped by `//`.',
        _lengths(lambda n, K, S: (n - K) / S + 1, _stops_same),
    ),
    Misconception(
        '"same" rounds up, not down: a window that sticks out is filled with zeros.',
        _lengths(stops_inside, lambda n, K, S: n // S),
    ),
    *(
        Misconception(
            f'For "same" you add {zeros} on each side. {reason} Whatever K is, it is n / S, '
            "rounded up.",
            _lengths(stops_inside, lambda n, K, S, P=P: (n + 2 * P(K) - K) // S + 1),
        )
        for zeros, P, reason in (
            ("(K - 1) // 2 zeros", lambda K: (K - 1) // 2, "With an even K one is missing."),
            ("K // 2 zeros", lambda K: K // 2, "With an even K that is one too many."),
            ("one zero", lambda K: 1, "That fits K = 3."),
        )
    ),
]
