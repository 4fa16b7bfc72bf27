"""Lesson 07: silent channels, Grad-CAM, a step uphill mended, an occlusion map."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import CheckFailed, exercise


class _Labelled(np.ndarray):
    """An array that is shown as its label, where its numbers would not fit on a line."""

    def __repr__(self) -> str:
        return f"<{self.label or f'an array of shape {self.shape}'}>"


def _labelled(values: Any, label: str = "", dtype: str = "float64") -> _Labelled:
    array = np.asarray(values, dtype).view(_Labelled)
    array.label = label
    return array


class _Named:
    """A function that is shown as a few words."""

    def __init__(self, label: str, function: Callable):
        self.label, self.function = label, function

    def __call__(self, value: Any) -> Any:
        return self.function(value)

    def __repr__(self) -> str:
        return f"<{self.label}>"


def _thoughts(known: dict[str, Callable]) -> list[Misconception]:
    return [Misconception(thought, function) for thought, function in known.items()]


@contextmanager
def _nan_means(reason: str) -> Iterator[None]:
    """Give ``reason`` where a NaN is found."""
    try:
        yield
    except CheckFailed as failure:
        found = reason if "There is a NaN" in failure.reason else failure.reason
        raise CheckFailed(found, *failure.details) from None


def channel_sparsity(maps: np.ndarray) -> np.ndarray:
    """Return each channel's share of zeros over all images and places."""
    return (maps == 0).mean(axis=(0, 1, 2))


@exercise(
    "07.1",
    answers=("channel_sparsity",),
    hints=(
        "Two steps: mark every number that is exactly 0, then take a mean. Of the four axes only "
        "one is to be left.",
        "`maps == 0` is an array of True and False, and the mean of True and False is the share of "
        "True. `np.mean` takes several axes at once.",
        "`np.mean(maps == 0, axis=(0, 1, 2))`: images, rows and columns go, channels stay.",
    ),
    praise="The mean of True and False is a share: one line counts a whole layer.",
)
def judge_channel_sparsity(answer: Any) -> None:
    """Count by hand on four places, then on images of unequal sides."""
    rng = np.random.default_rng(7)
    small = _labelled([[[[0, -2], [3, 0], [0, 5], [0, 1]]]], "channels [0, 3, 0, 0], [-2, 0, 5, 1]")
    tiny = _labelled(
        [[[[0], [1e-9]]], [[[2], [7]]]], "2 images, a channel each: [0, 1e-09], [2, 7]"
    )
    maps = np.maximum(rng.normal(size=(3, 2, 5, 4)), 0)
    maps[..., 1], maps[1:, ..., 2] = 0, 4
    cases = [(small,), (tiny,), (_labelled(maps),), (_labelled(-maps, "", "float32"),)]
    settings = {"name": "channel_sparsity", "tolerance": 1e-6}
    compare(answer, channel_sparsity, cases, _thoughts(_SHARES), **settings)


_SHARES = {
    "This is the share of numbers that speak; the zeros are the rest.": (
        lambda maps: (maps != 0).mean(axis=(0, 1, 2))
    ),
    "These are counts; a share is a count divided by how many numbers the channel has.": (
        lambda maps: (maps == 0).sum(axis=(0, 1, 2))
    ),
    "This is one share for the whole layer, as in the lesson; leave the channels' axis standing.": (
        lambda maps: (maps == 0).mean()
    ),
    "Each image has its own shares here; the mean goes over the images too.": (
        lambda maps: (maps == 0).mean(axis=(1, 2))
    ),
    "The axis that is left is that of the rows: the channels are the last one.": (
        lambda maps: (maps == 0).mean(axis=(0, 2, 3))
    ),
    "This is a share for each place of each image, over the channels; it is the other way round.": (
        lambda maps: (maps == 0).mean(axis=-1)
    ),
    "This is the mean activation; the question is how many numbers are 0, not how large.": (
        lambda maps: maps.mean(axis=(0, 1, 2))
    ),
    "Negative numbers are counted too. They are not 0: before a ReLU they do say something.": (
        lambda maps: (maps <= 0).mean(axis=(0, 1, 2))
    ),
    "Very small numbers are counted too; only what is exactly 0 is silent.": (
        lambda maps: np.isclose(maps, 0).mean(axis=(0, 1, 2))
    ),
    "This says which channels are 0 everywhere; the others have a share of zeros, too.": (
        lambda maps: (maps == 0).all(axis=(0, 1, 2))
    ),
}


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


@exercise(
    "07.2",
    answers=("heat_maps",),
    hints=(
        "Three steps in the order of the formula: one weight for each image and channel; a sum "
        "over the channels; off with what is negative. Scaling comes last.",
        "The weights are `gradients.mean(axis=(1, 2), keepdims=True)`: with their axes kept they "
        "multiply features of shape (n, rows, columns, channels). What can the maximum be where "
        "nothing speaks for the class?",
        "`heat = np.maximum((weights * features).sum(axis=-1), 0)`, then `hottest = heat.max("
        "axis=(1, 2), keepdims=True)` and `heat / np.where(hottest > 0, hottest, 1)`.",
    ),
    praise="Any network with feature maps can now be asked where.",
)
def judge_heat_maps(answer: Any) -> None:
    """Ask for a map of four places, for batches, then for a map that nothing speaks for."""
    rng = np.random.default_rng(1)
    small = [[[[4, 0], [0, 2]], [[2, 0], [0, 6]]]], [[[[1, -1], [1, -1]], [[1, -1], [5, -1]]]]
    cases = [
        (
            _labelled(small[0], "2 channels, [[4, 0], [2, 0]] and [[0, 2], [0, 6]]"),
            _labelled(small[1], "gradients [[1, 1], [1, 5]] and [[-1, -1], [-1, -1]]"),
        )
    ]
    for shape in ((2, 2, 3, 4), (3, 4, 2, 5)):
        features, slopes = rng.normal(size=shape), rng.normal(size=shape)
        cases.append((_labelled(features), _labelled(slopes)))
        cases.append((_labelled(0.1 * np.abs(features) + 0.02), _labelled(slopes + 0.5)))
    against = (
        _labelled([[[[1], [3]]], [[[2], [4]]]], "2 images, a channel each: [[1, 3]], [[2, 4]]"),
        _labelled([[[[-1], [-1]]], [[[1], [1]]]], "gradients [[-1, -1]], [[1, 1]]"),
    )
    settings = {"name": "heat_maps", "tolerance": 1e-3}
    with np.errstate(all="ignore"):
        compare(answer, heat_maps, cases, _thoughts(_CAM), **settings)
        with _nan_means("The first image has nothing for the class: maximum 0, and 0 / 0 is NaN."):
            compare(answer, heat_maps, [against], _thoughts(_AGAINST), **settings)


_AGAINST = {
    "Scaled before the ReLU: divided by a negative maximum, evidence against comes out hot.": (
        lambda A, g: np.array([[[1, 3]], [[0.5, 1]]])
    ),
}
_CAM = {
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


def _step(part, image, channel, step_size, answer=None, sign=1, length=None, moved=None):
    """Take a step uphill with one thing or several done otherwise, in TensorFlow."""
    import tensorflow as tf

    image = tf.constant(image, "float32")
    with tf.GradientTape() as tape:
        tape.watch(image)
        height = tf.reduce_mean((answer or _of_the_channel)(part(image), channel))
    slope = tape.gradient(height, image).numpy()
    size = (length or _root_mean_square)(slope)
    step = sign * step_size * slope / np.where(size > 0, size, 1)
    return (moved or np.add)(image.numpy(), step)


def _of_the_channel(maps, channel):
    return maps[..., channel]


def _root_mean_square(slope: np.ndarray) -> float:
    return np.sqrt(np.mean(slope**2))


@exercise(
    "07.3",
    answers=("uphill",),
    hints=(
        "Say the formula aloud, and for every symbol find its place in the code. Which sign, which "
        "axis, and what stands below the line?",
        "Uphill is `+`. The channels are the last axis, `[..., channel]`. And the root mean square "
        "of the gradient takes three calls: `tf.sqrt`, `tf.reduce_mean`, and a square.",
        "`length = tf.sqrt(tf.reduce_mean(gradient**2))` and then `return image + step_size * "
        "gradient / (length + 1e-5)`.",
    ),
    praise="Up, one channel, steps of one length: patterns can grow.",
)
def judge_uphill(answer: Any) -> None:
    """Take steps on toy networks of two or three channels, then one where the slope is 0."""
    import tensorflow as tf

    def tried(part, image, *rest):
        return answer(part, tf.constant(image, "float32"), *rest)

    function = tried if callable(answer) and not isinstance(answer, type) else answer
    copy = _Named("a network whose channels are x, x * x", lambda x: tf.concat([x, x * x], -1))
    mixed = _Named(
        "a network of 3 channels",
        lambda x: tf.concat([30 * x[..., :1] ** 2, x[..., 1:] * x[..., :1], x[..., :1] ** 3], -1),
    )
    silent = _Named("a network whose channel is silent", lambda x: tf.nn.relu(x - 100))
    small = _labelled([[[[1], [2], [3]], [[4], [5], [6]]]], "image [[1, 2, 3], [4, 5, 6]]")
    noise = _labelled(np.random.default_rng(3).normal(size=(1, 4, 3, 2)))
    cases = [(copy, small, 0, 1.0), (copy, small, 1, 0.5)]
    cases += [(mixed, noise, 0, 2.0), (mixed, noise, 1, 0.25), (mixed, noise, 2, 3.0)]
    settings = {"name": "uphill", "tolerance": 1e-3}
    try:
        compare(function, _step, cases, [*_FRIENDS, *_thoughts(_STEPS)], **settings)
        with _nan_means("Where the slope is 0 so is its norm, and 0 / 0 is NaN: add `1e-5` to it."):
            compare(function, _step, [(silent, small, 0, 1.0)], **settings)
    except CheckFailed as failure:
        told = [text for sign, text in _ERRORS.items() if sign in failure.reason]
        raise CheckFailed(" ".join([failure.reason, *told]), *failure.details) from None


_ERRORS = {
    "NoneType": "There is no gradient: the tape must watch the image, and see it used.",
    "has no attribute": "What is gone is gone: `tape.gradient(answer, image)` has taken its place.",
}


def _unmended(down: bool, row: bool, raw: bool) -> tuple[str, Callable]:
    """Return what to say of, and what is done by, the friend's step with some mistakes left."""
    first = _MISTAKES[0 if down else 1 if row else 2]
    options = {"answer": lambda maps, channel: maps[:, channel]} if row else {}
    options |= {"sign": -1 if down else 1} | ({"length": np.ones_like} if raw else {})
    return f"Of the three mistakes {down + row + raw} left: {first}", partial(_step, **options)


_MISTAKES = (
    "the step leads downhill, as in training; here the answer is to grow.",
    "a row is asked, not a channel; the channels are the last axis.",
    "the slope is taken as it is; divide it by its root mean square.",
)
_FRIENDS = [
    Misconception(*_unmended(*left)) for left in product((True, False), repeat=3) if any(left)
]
_STEPS = {
    "All channels are asked at once; pick the one that was asked for.": partial(
        _step, answer=lambda maps, channel: maps
    ),
    "Divided by the root of the *sum* of squares: the larger the image, the smaller the step.": (
        partial(_step, length=lambda slope: np.sqrt(np.sum(slope**2)))
    ),
    "Divided by the mean square: the root is missing.": (
        partial(_step, length=lambda slope: np.mean(slope**2))
    ),
    "Divided by the largest slope; the norm here is the root of the mean square.": (
        partial(_step, length=lambda slope: np.abs(slope).max())
    ),
    "`step_size` has no say yet.": (
        lambda part, image, channel, step_size: _step(part, image, channel, 1.0)
    ),
    "This is the step alone; add it to the image.": (
        partial(_step, moved=lambda image, step: step)
    ),
}


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


def _falls(score, image, patch, stride, fill, short=0, stays=False, full=1):
    covered = image.copy()
    for top in range(0, image.shape[0] - patch + 1 - short, stride):
        for left in range(0, image.shape[1] - patch + 1 - short, stride):
            place = slice(top, top + patch), slice(left, left + patch)
            covered = covered if stays else image.copy()
            covered[place] = fill
            yield place, full * score(image) - score(covered)


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
        "np.where(covers > 0, covers, 1)`.",
    ),
    praise="It asks for nothing but a score, so nothing with a score can hide from it.",
)
def judge_occlusion_map(answer: Any) -> None:
    """Cover an image of six pixels, then larger ones, then one that the squares don't fill."""
    rng = np.random.default_rng(5)
    total = _Named("the sum of all pixels", np.sum)
    waves = _Named(
        "a score", lambda x: 3 * np.max(x) + np.sum(np.sin(np.arange(x.size)) * x.ravel())
    )
    six = _labelled([[[1], [2], [4]], [[0], [0], [0]]], "image [[1, 2, 4], [0, 0, 0]]")
    cases = [(total, six, 1, 1, 0.0), (total, six, 2, 1, 0.0), (total, six, 1, 1, 3.0)]
    for shape, patch, stride in (((5, 7, 2), 3, 2), ((6, 4, 3), 3, 1), ((7, 5, 3), 1, 2)):
        cases.append((waves, _labelled(rng.normal(size=shape)), patch, stride, 0.5))
    cases[-1] = (waves, _labelled(rng.normal(size=(7, 4, 3))), 4, 3, -0.5)
    wide = _labelled(
        [[[1], [2], [4], [8]], [[0], [0], [0], [0]]], "image [[1, 2, 4, 8], [0, 0, 0, 0]]"
    )
    settings = {"name": "occlusion_map", "tolerance": 1e-5}
    with np.errstate(all="ignore"):
        compare(answer, occlusion_map, cases, _thoughts(_COVERS), **settings)
        with _nan_means("A pixel that no square covered has 0 / 0 squares, a NaN; it is to get 0."):
            rest = (total, _labelled(rng.normal(size=(4, 6, 1))), 2, 3, 0.25)
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
    "One number for each place of the square, as in the lesson; give each pixel its mean.": (
        lambda *case: _by_place(*case)
    ),
}


def _by_place(score, image, patch, stride, fill):
    falls = [fall for _, fall in _falls(score, image, patch, stride, fill)]
    return np.reshape(falls, (len(range(0, image.shape[0] - patch + 1, stride)), -1))
