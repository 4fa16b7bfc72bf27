"""Exercise 06.3: tell from the range of the numbers what was done to the pixels."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, agree, call, numbers, shown
from course_utils.checks.registry import CheckFailed, exercise

_MEAN = np.array([103.939, 116.779, 123.68])  # of ImageNet's training pixels: blue, green, red
_FORMS: dict[str, tuple[Callable, Callable]] = {  # from plain pixels, and back
    "plain": (lambda x: x, lambda x: x),
    "0 to 1": (lambda x: x / 255, lambda x: x * 255),
    "-1 to 1": (lambda x: x / 127.5 - 1, lambda x: (x + 1) * 127.5),
    "divided twice": (lambda x: x / 255 / 255, lambda x: x * 255 * 255),
    "blue first, mean subtracted": (
        lambda x: x[..., ::-1] - _MEAN,
        lambda x: (x + _MEAN)[..., ::-1],
    ),
}


@exercise(
    "06.3",
    answers=("plain_pixels",),
    hints=(
        "Write down the smallest and the largest number that each of the five forms can have. "
        "Which forms can have negative numbers, and how far below zero do they go?",
        "Ask in this order: far below -1, the mean was subtracted; below 0, it is -1 to 1; else "
        "the largest number tells the other three apart. Then undo, last step first.",
        "With `darkest, brightest = batch.min(), batch.max()`: below -1 return "
        "`(batch + mean)[..., ::-1]`, below 0 `(batch + 1) * 127.5`, then above 1 `batch`, above "
        "0.5 `batch * 255.0`, otherwise times 255 twice.",
    ),
    praise="A look at the range takes a second, and it saves weeks.",
)
def judge_plain_pixels(answer: Any) -> None:
    """Send each form twice: with the extreme values, and three pictures, two of them dull."""
    if not callable(answer) or isinstance(answer, type):
        raise CheckFailed(f"`plain_pixels` must be a function; it is {shown(answer)}.")
    extreme = np.array([[[[255, 0, 51], [0, 255, 204], [7, 90, 0], [100, 2, 255]]]])
    gentle = np.random.default_rng(0).integers(130, 141, size=(3, 3, 4, 3))  # dull, but for one
    gentle[1] = np.random.default_rng(1).integers(10, 246, size=(3, 4, 3))
    gentle[1, 1, 1], gentle[1, 2, 3] = 10, 245
    for form, (disguise, _) in _FORMS.items():
        for pixels, kind in ((extreme, float), (gentle, "float32")):
            whole = {float: int, "float32": "uint8"}[kind] if form == "plain" else kind
            _judge_form(answer, form, disguise(pixels).astype(whole), pixels.astype(float))


def _judge_form(answer: Callable, form: str, batch: np.ndarray, pixels: np.ndarray) -> None:
    """Compare one batch with its plain pixels; name the mistake that explains the answer."""
    low, high = f"{batch.min():.4g}", f"{batch.max():.4g}"
    tried = f"tried     plain_pixels(batch), {form}: {batch.dtype} from {low} to {high}"
    try:
        got = numbers(call(answer, (batch,), "plain_pixels"), "plain_pixels")
    except CheckFailed as failure:
        raise CheckFailed(failure.reason, tried, *failure.details) from None
    tolerance = 0.51 / pixels.max()
    if agree(got, pixels, tolerance):
        return
    if got.shape != pixels.shape:
        shapes = (f"expected  shape {pixels.shape}", f"got       shape {got.shape}")
        raise CheckFailed("The shape has changed: every pixel keeps its place.", tried, *shapes)
    known = [*_taken_for_another(form), *_pixel_misconceptions(form)]
    fitting = (m.thought for m in known if agree(got, m.function(batch), tolerance))
    reason = _one_picture(answer, batch, pixels, got) or next(
        fitting, f"A batch {_SPELT[form]} does not come out as plain pixels."
    )
    wrong = ~(np.abs(got - pixels) <= 0.51).all(axis=-1)
    rows = zip(("pixel    ", "expected ", "got      "), (batch, pixels, got), strict=True)
    raise CheckFailed(reason, tried, *(f"{name} {shown(row[wrong][0])}" for name, row in rows))


def _one_picture(answer: Callable, batch: np.ndarray, pixels: np.ndarray, got: np.ndarray) -> str:
    """Say so if a picture's range is used, not the batch's; two of the three are dull."""
    if len(batch) == 1:
        return ""

    def is_right(order: list[int]) -> bool:
        try:
            found = numbers(call(answer, (batch[order],), "plain_pixels"), "plain_pixels")
        except CheckFailed:
            return False
        return agree(found, pixels[order], 0.51 / 255)

    if agree(got[1], pixels[1], 0.51 / 255) and is_right([1]) and not is_right([0]):
        return "Each picture is judged by itself; the promise of 10 and 245 holds for the batch."
    for order, which in (([1, 0, 2], "first"), ([0, 2, 1], "last")):
        if is_right(order):
            return f"The {which} picture decides for all; the promise holds for the whole batch."
    return ""


_SPELT = {
    "plain": "of plain pixels",
    "0 to 1": "from 0 to 1",
    "-1 to 1": "from -1 to 1",
    "divided twice": "divided twice",
    "blue first, mean subtracted": "with its mean subtracted",
}


def _taken_for_another(form: str) -> list[Misconception]:
    return [
        Misconception(f"A batch {_SPELT[form]} was taken for one {_SPELT[other]}.", undo)
        for other, (_, undo) in _FORMS.items()
        if other != form
    ]


def _pixel_misconceptions(form: str) -> list[Misconception]:
    undo = _FORMS[form][1]
    known = [
        Misconception(
            "You stretch every batch to 0 to 255, so a dim one gets too bright: undo what was done "
            "to it, no more.",
            lambda x: (x - x.min()) / (x.max() - x.min()) * 255,
        ),
        Misconception(
            "Everything right but the scale: asked for is 0 to 255, not 0 to 1.",
            lambda x: undo(x) / 255,
        ),
        Misconception(
            "The fractions are cut off, and 50.99 becomes 50: round, or keep floats.",
            lambda x: np.trunc(undo(x)),
        ),
        Misconception(
            "The scale is right, but the colours are turned round where red came first already.",
            lambda x: undo(x)[..., ::-1],
        ),
    ]
    if form != "blue first, mean subtracted":
        return known
    return [
        *known[:-1],
        Misconception(
            "The mean is back, but blue still comes first: turn the last axis round.",
            lambda x: x + _MEAN,
        ),
        Misconception(
            "Red is first again, but the mean of each colour is still missing.",
            lambda x: x[..., ::-1],
        ),
        Misconception(
            "The three means are those of blue, green, red: add them before you turn the colours "
            "round, not after.",
            lambda x: x[..., ::-1] + _MEAN,
        ),
    ]
