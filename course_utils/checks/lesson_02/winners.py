"""02.4: the gradient of max pooling, compared with what nudging measures."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.lesson_02.pooling import max_pool
from course_utils.checks.lesson_02.shapes import stops_inside
from course_utils.checks.registry import CheckFailed, exercise


def nudged_slopes(gradient: np.ndarray, image: np.ndarray, size: int, S: int) -> np.ndarray:
    """Return how the loss moves with each pixel, measured; pixels that differ differ by 1.

    Max pooling is a straight line between ties, so that a nudge of 1/4 measures exactly.
    """
    slopes = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        nudge = np.zeros(image.shape)
        nudge[place] = 0.25
        up, down = (max_pool(nudged, size, S) for nudged in (image + nudge, image - nudge))
        slopes[place] = ((up - down) * gradient).sum() / 0.5
    return slopes


@exercise(
    "02.4",
    answers=("max_pool_backward",),
    hints=(
        "Nudge a pixel in your mind. If it is its window's largest, what comes out moves along, "
        "one to one. And if it is not?",
        "Start with zeros in the shape of the image. Walk through the windows as in the forward "
        "pass; each gives its gradient to its winner. A pixel that wins several windows adds up "
        "what it gets.",
        "For each `y, x` of the gradient: `window = np.s_[y*S : y*S + size, x*S : x*S + size]`, "
        "the winner is where `image[window] == image[window].max()`, and `slopes[window] += "
        "gradient[y, x] * winner`.",
    ),
    praise="Each number agrees with what nudging measures.",
)
def judge_max_pool_backward(answer: Any) -> None:
    """Compare with nudges, on tiles, overlaps and gaps; no window holds two equal numbers."""
    rng = np.random.default_rng(24)
    tile = np.array([[1, 4], [3, 2]])
    cases = [
        (np.array([[10]]), tile, 2, 2),
        (np.array([[1, 2]]), np.hstack([-tile, tile.T - 5]), 2, 2),
    ]
    for shape, size, S in (((3, 4), 2, 1), ((5, 6), 3, 1), ((5, 7), 2, 3), ((7, 5), 3, 2)):
        image = 3 * rng.permutation(shape[0] * shape[1]).reshape(shape) - 46  # no magnitude twice
        stops = [stops_inside(n, size, S) for n in shape]
        cases.append((rng.integers(-9, 10, stops) / 2, image, size, S))
    name = "max_pool_backward"
    try:
        compare(answer, nudged_slopes, cases, _SLOPE_MISCONCEPTIONS, name=name, tolerance=1e-6)
    except CheckFailed as failure:
        reason = failure.reason
        if "zero-size" in reason:
            reason += ". A window starts beyond the edge: the steps are S, not size."
        if "Cannot cast ufunc" in reason:
            reason = f"Whole numbers take in no fractions: {_TYPE_OF_THE_IMAGE}"
        raise CheckFailed(reason, *failure.details) from None


def _slopes_with(share: Callable, step: int = 0, put: str = "add") -> Callable[..., np.ndarray]:
    """Return a `max_pool_backward` that gives other shares, or puts them in another way."""

    def slopes_of(gradient, image, size, S):
        slopes = np.zeros(image.shape)
        for y, x in np.ndindex(gradient.shape):
            top, left = y * (step or S), x * (step or S)
            window = np.s_[top : top + size, left : left + size]
            received = share(gradient[y, x], image[window])
            old = slopes[window]
            slopes[window] = {
                "add": old + received,
                "erase": received,
                "keep": np.where(received != 0, received, old),
                "cut": np.trunc(old + received),
            }[put]
        return slopes

    return slopes_of


def _to_winner(g: float, block: np.ndarray) -> np.ndarray:
    return g * (block == block.max())


def _everywhere(gradient, image, size, S) -> np.ndarray:
    winners = max_pool(image, size, S)
    return sum(g * (image == most) for g, most in zip(gradient.flat, winners.flat, strict=True))


_TYPE_OF_THE_IMAGE = (
    "the array for the slopes took its type from the image. Start from `np.zeros(image.shape)`."
)
_SLOPE_MISCONCEPTIONS = [
    Misconception(
        f"Fractions are cut off: {_TYPE_OF_THE_IMAGE}", _slopes_with(_to_winner, put="cut")
    ),
    Misconception(
        "Equal shares for all pixels of a window: that is average pooling. The losers of a window "
        "get nothing.",
        _slopes_with(lambda g, block: g * np.ones_like(block) / block.size),
    ),
    Misconception(
        "Every pixel of a window gets the whole gradient; it goes to the winner alone.",
        _slopes_with(lambda g, block: g * np.ones_like(block)),
    ),
    Misconception(
        "The winner's value is in it. How bright the winner is does not matter: its slope is 1.",
        _slopes_with(lambda g, block: block * _to_winner(g, block)),
    ),
    Misconception(
        "The gradient is not passed on: the winner gets `gradient[y, x]`, not 1.",
        _slopes_with(lambda g, block: _to_winner(1, block)),
    ),
    Misconception(
        "The smallest pixel of a window gets the gradient; the largest should.",
        _slopes_with(lambda g, block: _to_winner(g, -block)),
    ),
    Misconception(
        "The pixel of largest magnitude gets the gradient: with negative numbers that may be the "
        "smallest.",
        _slopes_with(lambda g, block: _to_winner(g, np.abs(block))),
    ),
    Misconception(
        "Negative pixels get nothing, even where they win: that is the gradient of ReLU.",
        _slopes_with(lambda g, block: _to_winner(g, block) * (block > 0)),
    ),
    Misconception(
        "Where windows overlap, a whole window is overwritten, with what an earlier one left: add.",
        _slopes_with(_to_winner, put="erase"),
    ),
    Misconception(
        "A pixel that wins several windows keeps only what it got last: add, `+=`.",
        _slopes_with(_to_winner, put="keep"),
    ),
    Misconception(
        "A number that wins one window is looked for in the whole image: look for the winner "
        "inside its window.",
        _everywhere,
    ),
    Misconception(
        "The windows are taken side by side, one pixel apart: they are S pixels apart.",
        _slopes_with(_to_winner, step=1),
    ),
]
