"""Exercise 05.2: the scaling of pixels mended."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import CheckFailed, exercise

CHANNEL = (0, 1, 2)  # the axes that are not the channels


def standardise(x_train: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ``x`` scaled by the training images' mean and deviation of each colour."""
    return (x - x_train.mean(axis=CHANNEL)) / x_train.std(axis=CHANNEL)


class _Pile(np.ndarray):
    """Images that a learner reads by colour; the answer gets an ordinary copy."""

    def __repr__(self) -> str:
        colours = np.asarray(self).reshape(-1, 3).T.tolist()
        if self.size > 16:
            return f"<{len(self)} images of {self.shape[1]} x {self.shape[2]} pixels>"
        parts = zip(("red", "green", "blue"), colours, strict=True)
        return f"<{', '.join(f'{name} ' + ' '.join(map(str, row)) for name, row in parts)}>"


@exercise(
    "05.2",
    answers=("standardise",),
    hints=(
        "Two questions: whose mean is subtracted when one photograph comes alone? And how many "
        "numbers is that mean, if red and blue are scaled apart?",
        "Mean and deviation are computed from the training images, whatever the second pile is. "
        "The axes are image, row, column, colour: average over the first three.",
        "`mean = x_train.mean(axis=(0, 1, 2))`, the same with `std`, and then "
        "`(x - mean) / deviation`: three numbers meet the last axis of the pile.",
    ),
    praise="Now an image keeps its brightness, whatever company it comes in.",
)
def judge_standardise(answer: Any) -> None:
    """Compare on a pile of one, a pile of another size, the training pile, and one plain image."""
    red, green, blue = [0, 6, 8, 14], [70, 0, 30, 40], [80, 140, 0, 60]  # deviations 5, 25, 50
    small = np.array([red, green, blue], dtype=np.uint8).T.reshape(2, 1, 2, 3)
    one = np.array([[7, 60, 70], [12, 35, 120]], dtype=np.uint8).reshape(1, 1, 2, 3)
    rng = np.random.default_rng(5)
    many, others = (
        (rng.uniform(size=(n, 3, 4, 3)) * [250, 200, 90]).astype(np.uint8) for n in (6, 3)
    )
    small, one, many, others = (pile.view(_Pile) for pile in (small, one, many, others))
    how = {"name": "standardise", "tolerance": 1e-4}
    cases = [(small, one), (small, small), (many, others), (many, others[:1])]
    plain = [(small, np.full_like(one, 30)), (many, np.full_like(others, 9))]
    try:
        with np.errstate(all="ignore"):
            compare(answer, standardise, cases, _SCALE_MISCONCEPTIONS, **how)
            compare(answer, standardise, plain, **how)
    except CheckFailed as failure:
        left = ". Average over images, rows and columns: three numbers are left."
        reason = failure.reason + left * ("broadcast" in failure.reason)
        raise CheckFailed(reason, *failure.details) from None


def _by(of_mean: Callable, of_deviation: Callable | None = None, **options) -> Callable:
    """Return a scaling by the mean and deviation of what the functions pick of the two piles."""

    def scaled(x_train: np.ndarray, x: np.ndarray) -> np.ndarray:
        how = {"axis": CHANNEL} | options
        deviation = (of_deviation or of_mean)(x_train, x).std(**how)
        how.pop("ddof", None)
        return (x - of_mean(x_train, x).mean(**how)) / deviation

    return scaled


def _train(x_train: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x_train


def _own(x_train: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x


def _each_training_image(x_train: np.ndarray, x: np.ndarray) -> Any:
    if len(x) not in (1, len(x_train)):
        return np.nan  # here it stops with an error
    return _by(_train, axis=(1, 2), keepdims=True)(x_train, x)


_SCALE_MISCONCEPTIONS = [
    Misconception(
        "Half mended: one number for each colour, but still the pile's own. Mean and deviation "
        "are the training images'.",
        _by(_own),
    ),
    Misconception(
        "Half mended: the training images' statistics, but one number for all colours. Average "
        "over images, rows and columns, and keep the colours apart.",
        _by(_train, axis=None),
    ),
    Misconception(
        "Nothing is mended yet: the pile's own mean and deviation, one number for all colours.",
        _by(_own, axis=None),
    ),
    Misconception(
        "The mean is the training images', the deviation is still the pile's own.",
        _by(_train, _own),
    ),
    Misconception(
        "The deviation is the training images', the mean is still the pile's own.",
        _by(_own, _train),
    ),
    Misconception(
        "This is a mean image, with numbers for each place. A cat may sit anywhere: average over "
        "rows and columns as well.",
        _by(_train, axis=0),
    ),
    Misconception(
        "Average over the columns, too; the axes are image, row, column, colour.",
        _by(_train, axis=(0, 1)),
    ),
    Misconception(
        "Each training image has a mean of its own. Average over the images, too: three numbers "
        "are left.",
        _each_training_image,
    ),
    Misconception(
        "The mean is by colour, the deviation still one number.",
        lambda x_train, x: (x - x_train.mean(axis=CHANNEL)) / x_train.std(),
    ),
    Misconception(
        "Brackets: subtract first, then divide.",
        lambda x_train, x: x - x_train.mean(axis=CHANNEL) / x_train.std(axis=CHANNEL),
    ),
    Misconception(
        "Each image is scaled by itself: the sky becomes as grey as a road. Use the training pile.",
        _by(_own, axis=(1, 2), keepdims=True),
    ),
    Misconception(
        "The two piles are thrown together. What is not there in training must not have a say in "
        "the mean: that is a leak.",
        _by(lambda x_train, x: np.concatenate([x_train, x])),
    ),
    Misconception(
        "Centred, not scaled yet: divide by the deviation.",
        lambda x_train, x: x - x_train.mean(axis=CHANNEL),
    ),
    Misconception(
        "Scaled, not centred: subtract the mean first.",
        lambda x_train, x: x / x_train.std(axis=CHANNEL),
    ),
    Misconception(
        "Divided by the variance. The deviation is its root (`std`).",
        lambda x_train, x: (x - x_train.mean(axis=CHANNEL)) / x_train.var(axis=CHANNEL),
    ),
    Misconception(
        "The deviation divides by n - 1. NumPy's `std`, as it comes.", _by(_train, ddof=1)
    ),
    Misconception(
        "Back to whole numbers: the fractions are cut off. Leave the result as it is.",
        lambda x_train, x: np.trunc(standardise(x_train, x)),
    ),
    Misconception(
        "The result was put into whole numbers from 0 to 255, as the images are: below 0 it wraps "
        "round to 255. Leave the fractions.",
        lambda x_train, x: standardise(x_train, x).astype(np.uint8),
    ),
    Misconception(
        "It is the training images that come back. Scale the other pile.",
        lambda x_train, x: standardise(x_train, x_train),
    ),
    Misconception(
        "Only a division by 255: where are the mean and the deviation?",
        lambda x_train, x: x / 255,
    ),
]
