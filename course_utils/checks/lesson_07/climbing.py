"""Exercise 07.3: one step of gradient ascent, mended."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.lesson_07.showing import Named, labelled, nan_means, thoughts
from course_utils.checks.registry import CheckFailed, exercise


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
    copy = Named("a network whose channels are x, x * x", lambda x: tf.concat([x, x * x], -1))
    mixed = Named(
        "a network of 3 channels",
        lambda x: tf.concat([30 * x[..., :1] ** 2, x[..., 1:] * x[..., :1], x[..., :1] ** 3], -1),
    )
    silent = Named("a network whose channel is silent", lambda x: tf.nn.relu(x - 100))
    small = labelled([[[[1], [2], [3]], [[4], [5], [6]]]], "image [[1, 2, 3], [4, 5, 6]]")
    noise = np.random.default_rng(3).normal(size=(1, 4, 3, 2))
    cases = [(copy, small, 0, 1.0), (copy, small, 1, 0.5)]
    cases += [(mixed, noise, 0, 2.0), (mixed, noise, 1, 0.25), (mixed, noise, 2, 3.0)]
    settings = {"name": "uphill", "tolerance": 1e-3}
    try:
        compare(function, _step, cases, [*_FRIENDS, *thoughts(_STEPS)], **settings)
        with nan_means("Where the slope is 0 so is its norm, and 0 / 0 is NaN: add `1e-5` to it."):
            compare(function, _step, [(silent, small, 0, 1.0)], **settings)
    except CheckFailed as failure:
        told = [text for sign, text in _ERRORS.items() if sign in failure.reason]
        raise CheckFailed(". ".join([failure.reason, *told]), *failure.details) from None


_ERRORS = {
    "NoneType": "There is no gradient: the tape must watch the image, and see it used.",
    "has no attribute": "What is gone is gone: `tape.gradient(answer, image)` has taken its place.",
}


def _unmended(down: bool, row: bool, raw: bool) -> tuple[str, Callable]:
    """Return what to say of, and what is done by, the friend's step with some mistakes left."""
    first = _MISTAKES[0 if down else 1 if row else 2]
    options = {"answer": lambda maps, channel: maps[:, channel]} if row else {}
    options |= {"sign": -1 if down else 1} | ({"length": np.ones_like} if raw else {})
    left = (
        "One of the three mistakes is",
        "Two of the three mistakes are",
        "All three mistakes are",
    )
    return f"{left[down + row + raw - 1]} left: {first}", partial(_step, **options)


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
    "Divided by the mean square (and `1e-5`): the root is missing in front of it.": (
        partial(_step, length=lambda slope: np.mean(slope**2) + 1e-5)
    ),
    "The standard deviation takes the mean off first: divide by the root of the mean square.": (
        partial(_step, length=lambda slope: np.std(slope) + 1e-5)
    ),
    "A column is asked, not a channel; the channels are the last axis.": partial(
        _step, answer=lambda maps, channel: maps[:, :, channel]
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
