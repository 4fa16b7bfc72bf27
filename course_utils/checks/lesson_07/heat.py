"""Exercise 07.2: Grad-CAM from features and gradients."""

from typing import Any

import numpy as np

from course_utils.checks.compare import compare
from course_utils.checks.lesson_07.showing import labelled, nan_means, thoughts
from course_utils.checks.registry import exercise


def heat_maps(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Return Grad-CAM's heat maps, each divided by its maximum."""
    return _cam(features, _mean(gradients))


def _cam(features, weights, positive=lambda heat: np.maximum(heat, 0), scaled=None, join=np.sum):
    return (scaled or _to_one)(positive(join(weights * features, axis=-1)))


def _mean(values: np.ndarray, axis: Any = (1, 2)) -> np.ndarray:
    return values.mean(axis=axis, keepdims=True)


def _to_one(heat: np.ndarray) -> np.ndarray:
    hottest = heat.max(axis=(1, 2), keepdims=True)
    return heat / np.where(hottest > 0, hottest, 1)


def _between(heat: np.ndarray) -> np.ndarray:
    return _to_one(heat - heat.min(axis=(1, 2), keepdims=True))


def _by_magnitude(heat: np.ndarray) -> np.ndarray:
    return np.maximum(heat / np.abs(heat).max(axis=(1, 2), keepdims=True), 0)


@exercise(
    "07.2",
    answers=("heat_maps",),
    hints=(
        "Three steps in the order of the formula: one weight for each image and channel; a sum "
        "over the channels; off with what is negative. Scaling comes last.",
        "The weights are `gradients.mean(axis=(1, 2), keepdims=True)`: with their axes kept they "
        "multiply features of shape (n, rows, columns, channels). What can the maximum be where "
        "nothing speaks for the class?",
        "`heat = np.maximum((weights * features).sum(axis=-1), 0)`; then `for one in heat` divide, "
        "`one /= one.max()`, but only `if one.max() > 0`.",
    ),
    praise="Any network with feature maps can now be asked where.",
)
def judge_heat_maps(answer: Any) -> None:
    """Ask for a map of four places, for batches, then for a map that nothing speaks for."""
    rng = np.random.default_rng(1)
    small = [[[[5, 2], [0, 2]], [[2, 0], [0, 10]]]], [[[[5, -1], [1, -1]], [[1, -1], [1, -1]]]]
    cases = [
        (
            labelled(small[0], "2 channels, [[5, 0], [2, 0]] and [[2, 2], [0, 10]]"),
            labelled(small[1], "gradients [[5, 1], [1, 1]] and [[-1, -1], [-1, -1]]"),
        )
    ]
    for shape in ((2, 2, 3, 4), (3, 4, 2, 5)):
        features, slopes = rng.normal(size=shape), rng.normal(size=shape)
        cases.append((features, slopes))
        cases.append((0.1 * np.abs(features) + 0.02, slopes + 0.5))
    against = (
        labelled([[[[1], [3]]], [[[2], [4]]]], "2 images, a channel each: [[1, 3]], [[2, 4]]"),
        labelled([[[[-1], [-1]]], [[[1], [1]]]], "gradients [[-1, -1]], [[1, 1]]"),
    )
    settings = {"name": "heat_maps", "tolerance": 1e-3}
    with np.errstate(all="ignore"):
        compare(answer, heat_maps, cases, thoughts(_CAM), **settings)
        with nan_means("The first image has nothing for the class: maximum 0, and 0 / 0 is NaN."):
            compare(answer, heat_maps, [against], thoughts(_AGAINST), **settings)


_AGAINST = {
    "Scaled before the ReLU: divided by a negative maximum, evidence against comes out hot.": (
        lambda A, g: np.array([[[1, 3]], [[0.5, 1]]])
    ),
}
_CAM = {
    "Divided by the largest magnitude, before the ReLU: the hottest place must be 1. ReLU first, "
    "then divide.": (lambda A, g: _cam(A, _mean(g), np.array, _by_magnitude)),
    "The ReLU is missing: what speaks against the class is negative, and must become 0.": (
        lambda A, g: _cam(A, _mean(g), np.array)
    ),
    "The magnitude is taken for the ReLU: what speaks against the class comes out hot.": (
        lambda A, g: _cam(A, _mean(g), np.abs)
    ),
    "The minimum is subtracted too; divide by the maximum only, or the coolest place loses all.": (
        lambda A, g: _cam(A, _mean(g), scaled=_between)
    ),
    "The ReLU comes too early, on the weights: channels against the class may not speak at all.": (
        lambda A, g: _cam(A, np.maximum(_mean(g), 0))
    ),
    "The ReLU comes too early, on each weighted channel: first the sum over the channels.": (
        lambda A, g: _cam(A, _mean(g), join=lambda each, axis: np.maximum(each, 0).sum(axis))
    ),
    "The gradients lose their signs before the mean; what speaks against must lower the weight.": (
        lambda A, g: _cam(A, _mean(np.abs(g)))
    ),
    "No mean is taken: a channel has one weight everywhere, not one at each place.": (
        lambda A, g: _cam(A, g)
    ),
    "The mean goes over the channels; a channel's weight is the mean over its places.": (
        lambda A, g: _cam(A, _mean(g, -1))
    ),
    "The mean goes over the images too; each image has its own weights.": (
        lambda A, g: _cam(A, _mean(g, (0, 1, 2)))
    ),
    "The weights come from the features, so the class is never asked: use the gradients.": (
        lambda A, g: _cam(A, _mean(A))
    ),
    "The features are added without weights: that is the same map for every class.": (
        lambda A, g: _cam(A, 1)
    ),
    "The maps are right, but not scaled: divide each by its own maximum.": (
        lambda A, g: _cam(A, _mean(g), scaled=np.array)
    ),
    "All images are divided by one maximum; each has its own.": (
        lambda A, g: _cam(A, _mean(g), scaled=lambda heat: heat / heat.max())
    ),
}
