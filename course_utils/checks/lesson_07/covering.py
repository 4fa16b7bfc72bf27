"""Exercise 07.4: an occlusion map with a number for each pixel."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from course_utils.checks.compare import compare
from course_utils.checks.lesson_07.showing import Named, labelled, nan_means, thoughts
from course_utils.checks.registry import exercise


def occlusion_map(
    score: Callable, image: np.ndarray, patch: int, stride: int, fill: float
) -> np.ndarray:
    """Return for each pixel the mean fall of the score under the squares that covered it."""
    return _map(score, image, patch, stride, fill)


def _map(score, image, patch, stride, fill, join=np.ma.mean, **options) -> np.ndarray:
    layers = [np.full(image.shape[:2], np.nan)]  # then one a square: the fall where it lies
    for place, fall in _falls(score, image, patch, stride, fill, **options):
        layers.append(np.full(image.shape[:2], np.nan))
        layers[-1][place] = fall
    return np.ma.filled(join(np.ma.masked_invalid(layers), axis=0), 0)


def _falls(
    score, image, patch, stride, fill, short=0, stays=False, full=1, axes=(0, 1), felt=float, hit=()
):
    covered = image.copy()
    tops, lefts = (range(0, image.shape[axis] - patch + 1 - short, stride) for axis in axes)
    for top, left in product(tops, lefts):
        place = slice(top, top + patch), slice(left, left + patch)
        covered = covered if stays else image.copy()
        covered[(*place, ..., *hit)] = fill
        yield place, felt(full * score(image) - score(covered))


@exercise(
    "07.4",
    answers=("occlusion_map",),
    hints=(
        "Keep two sheets as large as the image: on one add up the falls, on the other count the "
        "squares that covered each pixel. Divide at the end.",
        "Two loops, `for top in range(0, height - patch + 1, stride)` and the same for `left`. In "
        "each turn take a fresh `image.copy()`, or the squares pile up.",
        "Inside: `covered[top : top + patch, left : left + patch] = fill`; on the same place of "
        "`total` add `score(image) - score(covered)`, and 1 on `covers`. In the end `total / "
        "np.maximum(covers, 1)`.",
    ),
    praise="It asks for nothing but a score, so nothing with a score can hide from it.",
)
def judge_occlusion_map(answer: Any) -> None:
    """Cover an image of six pixels, then larger ones, then one that the squares don't fill."""
    rng = np.random.default_rng(5)
    total = Named("the sum of all pixels", np.sum)
    waves = Named(
        "a score", lambda x: 3 * np.max(x) + np.sum(np.sin(np.arange(x.size)) * x.ravel())
    )
    six = labelled([[[1], [2], [4]], [[0], [0], [0]]], "image [[1, 2, 4], [0, 0, 0]]")
    cases = [(total, six, 1, 1, 0.0), (total, six, 2, 1, 0.0), (total, six, 1, 1, 3.0)]
    cases.append((total, np.array([[[1.0, 2], [4, 3]], [[0, 5], [1, 0]]]), 1, 1, 0.0))
    for shape, patch, stride in (((5, 7, 2), 3, 2), ((6, 4, 3), 3, 1), ((7, 4, 3), 4, 3)):
        cases.append((waves, rng.normal(size=shape), patch, stride, -0.5))
    wide = labelled(
        [[[1], [2], [4], [8]], [[0], [0], [0], [0]]], "image [[1, 2, 4, 8], [0, 0, 0, 0]]"
    )
    settings = {"name": "occlusion_map", "tolerance": 1e-5}
    with np.errstate(all="ignore"):
        compare(answer, occlusion_map, cases, thoughts(_COVERS), **settings)
        with nan_means("A pixel that no square covered has 0 / 0 squares, a NaN; it is to get 0."):
            rest = (total, rng.normal(size=(4, 6, 1)), 2, 3, 0.25)
            compare(answer, occlusion_map, [(total, wide, 1, 2, 0.0), rest], **settings)


def _last(layers, axis):
    map_ = np.zeros(layers.shape[1:])
    for layer in layers:
        map_ = np.where(layer.mask, map_, layer.data)
    return map_


_COVERS = {
    "The sign is turned: a fall is the score before, minus the score with the square.": (
        lambda *case: -occlusion_map(*case)
    ),
    "The squares pile up: cover a fresh copy of the image each time.": partial(_map, stays=True),
    "The falls are added up, so the middle, under more squares, looks hotter: take the mean.": (
        partial(_map, join=np.ma.sum)
    ),
    "The last square wins: each writes over what the others left. A pixel gets their mean.": (
        partial(_map, join=_last)
    ),
    "Divided by the number of all squares; count for each pixel those that covered it.": partial(
        _map, join=lambda layers, axis: layers[1:].filled(0).mean(axis)
    ),
    "The last places are missing: a square fits as far as size - patch, so `+ 1` in the range.": (
        partial(_map, short=1)
    ),
    "Squares hang over the edge; stop where they lie wholly inside.": (
        lambda score, image, patch, stride, fill: _map(
            score, image, patch, stride, fill, short=1 - patch
        )
    ),
    "The square is filled with 0, whatever `fill` says.": (
        lambda score, image, patch, stride, fill: _map(score, image, patch, stride, 0)
    ),
    "This is the score that is left under the squares; the fall is the score before, minus that.": (
        lambda *case: -_map(*case, full=0)
    ),
    "What raises the score is cut off; a fall may be negative, and that is worth seeing.": (
        lambda *case: np.maximum(occlusion_map(*case), 0)
    ),
    "A rise counts as no fall before the mean is taken; it is to lower the mean.": partial(
        _map, felt=lambda fall: max(fall, 0)
    ),
    "Rise and fall count the same: the magnitude is taken, and the sign is lost.": partial(
        _map, felt=abs
    ),
    "Only the first channel is covered: `image[rows, columns] = fill` sets them all.": partial(
        _map, hit=(0,)
    ),
    "Rows and columns have changed places in the ranges: 2 rows, 3 columns here.": partial(
        _map, axes=(1, 0)
    ),
    "The number of rows ends both ranges: 2 rows, but 3 columns here.": partial(_map, axes=(0, 0)),
    "One number for each place of the square, as in the lesson; give each pixel its mean.": (
        lambda *case: _by_place(*case)
    ),
}


def _by_place(score, image, patch, stride, fill):
    falls = [fall for _, fall in _falls(score, image, patch, stride, fill)]
    return np.reshape(falls, (len(range(0, image.shape[0] - patch + 1, stride)), -1))
