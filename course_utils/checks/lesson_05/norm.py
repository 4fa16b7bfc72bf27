"""Exercise 05.4: batch normalisation with its two modes and its running averages."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.compare import agree, call, compare, numbers
from course_utils.checks.registry import CheckFailed, exercise
from course_utils.checks.showing import shown

CHANNEL = (0, 1, 2)  # the axes that are not the channels


def batch_norm(x, gamma, beta, mean, variance, training, momentum=0.9, epsilon=0.001) -> tuple:
    """Return the normalised batch, the running mean, the running variance."""
    return _norm(x, gamma, beta, mean, variance, training, momentum, epsilon)


def _norm(  # the options are the mistakes that one can make
    x,
    gamma,
    beta,
    mean,
    variance,
    training,
    momentum,
    epsilon,
    *,
    axis=CHANNEL,
    ddof=0,
    root=lambda variance, epsilon: np.sqrt(variance + epsilon),
    uses=lambda training, batch, old, new: batch if training else old,
    keeps=lambda training, m, batch, old: m * old + (1 - m) * batch if training else old,
    spread=lambda variance: variance,
    returns=lambda training, batch, new: new,
    finish=lambda scaled, gamma, beta: gamma * scaled + beta,
) -> tuple:
    keepdims = axis == (1, 2) or axis == 3
    batch = x.mean(axis=axis, keepdims=keepdims), x.var(axis=axis, keepdims=keepdims, ddof=ddof)
    old = mean, variance
    kept = batch[0], spread(batch[1])
    new = tuple(keeps(training, momentum, b, o) for b, o in zip(kept, old, strict=True))
    mu, sigma2 = (uses(training, b, o, n) for b, o, n in zip(batch, old, new, strict=True))
    y = finish((x - mu) / root(sigma2, epsilon), gamma, beta)
    return y, *returns(training, batch, new)


@exercise(
    "05.4",
    answers=("batch_norm",),
    hints=(
        "Begin with the use: it needs no statistics of the batch at all. Then the training: how "
        "many means has a batch, and over which of its four axes does each of them run?",
        "Each channel has one mean: over images, rows and columns. Epsilon goes under the root. "
        "After that the running averages move, in training only, a little towards the batch.",
        "If `training`: `mu, sigma2 = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))` and "
        "`mean = momentum * mean + (1 - momentum) * mu`, likewise `variance`; else `mu, sigma2 = "
        "mean, variance`. Return `y, mean, variance`.",
    ),
    praise="Two modes, four numbers a channel: this is the layer that you have used.",
)
def judge_batch_norm(answer: Any) -> None:
    """Compare both modes on four numbers a channel, on larger maps, on one image in use."""
    x = np.array([[0, 70], [6, 0], [8, 30], [14, 40]], float).reshape(2, 2, 1, 2)
    rng = np.random.default_rng(5)
    maps = rng.normal(3, 2, (3, 2, 4, 5)).round(1)
    of_channels = rng.uniform(1, 3, (4, 5)).round(1)
    two = np.array([[2, -1], [10, 5], [3, 12], [8, 24]], float)
    plain = np.array([[1, 1], [0, 0], [0, 0], [1, 1]], float)
    cases = [(x, *plain, True, 0.9, 0.0), (x, *two, True, 0.75, 4.0), (x, *two, False, 0.75, 1.0)]
    cases += [(maps, *of_channels, mode, 0.6, 0.5) for mode in (True, False)]
    cases += [(maps[:1], *of_channels, False, 0.9, 0.001)]
    with np.errstate(all="ignore"):
        _compare_parts(answer, cases)


def _compare_parts(function: Any, cases: list[tuple]) -> None:
    if not callable(function) or isinstance(function, type):
        compare(function, batch_norm, [], name="batch_norm")  # says what it is
    answers = [_three(function, case) for case in cases]
    for case, answer in zip(cases, answers, strict=True):
        for part, got, expected in zip(_PARTS, answer, batch_norm(*case), strict=True):
            if not agree(got, expected, 1e-4):
                reason = _thought(answers, cases) or _other(part, got, expected)
                name = part.rpartition(" ")[2]
                wanted = f"expected  {_by_channel(expected, name)}"
                came = f"got       {_by_channel(got, name)}"
                raise CheckFailed(reason, *_tried(case), wanted, came)


_PARTS = ("y", "the running mean", "the running variance")
_WANTED = "`batch_norm` must return three: y, the running mean, the running variance."


def _three(function: Callable, case: tuple) -> list[np.ndarray]:
    """Return the three arrays that come; a running average may be of shape (1, 1, 1, C)."""
    try:
        answer = call(function, case, "batch_norm")
        if not isinstance(answer, tuple | list):
            numbers(answer, "batch_norm")
            raise CheckFailed(f"One thing comes back. {_WANTED}")
        if len(answer) != 3:
            raise CheckFailed(f"The answer has {len(answer)} parts. {_WANTED}")
        y, *averages = (numbers(part, "batch_norm") for part in answer)
        C = case[0].shape[-1]
        return [y, *(average.reshape(C) if average.size == C else average for average in averages)]
    except CheckFailed as failure:
        reason = failure.reason
        if "broadcast" in reason:
            reason = f"{reason}. Average over images, rows and columns: C numbers are left."
        raise CheckFailed(reason, *_tried(case), *failure.details) from None


def _tried(case: tuple) -> tuple[str, ...]:
    x, gamma, beta, mean, variance, training, momentum, epsilon = case
    memory = f"mean={shown(mean)}, variance={shown(variance)}"
    return (
        f"tried     {_by_channel(x, 'x')}",
        f"          gamma={shown(gamma)}, beta={shown(beta)}, {memory}",
        f"          training={training}, momentum={momentum}, epsilon={epsilon}",
    )


def _by_channel(array: np.ndarray, name: str) -> str:
    if array.ndim == 4 and array.size <= 16:
        channels = range(array.shape[-1])
        parts = (f"{name}[..., {c}] = {shown(array[..., c].ravel())}" for c in channels)
        return f"{', '.join(parts)}, shape {array.shape}"
    return f"{name} = {shown(array)}"


def _other(part: str, got: np.ndarray, expected: np.ndarray) -> str:
    if got.shape != expected.shape:
        return f"The shape of {part} is {got.shape}; it should be {expected.shape}."
    return f"Nearly: {part} is not right yet. Do the small case below by hand."


def _thought(answers: list, cases: list[tuple]) -> str:
    for thought, options in _SLIPS.items():
        guesses = (_norm(*case, **options) for case in cases)
        if all(
            agree(a, np.asarray(g), 1e-4)
            for parts, guess in zip(answers, guesses, strict=True)
            for a, g in zip(parts, guess, strict=True)
        ):
            return thought
    return ""


_SLIPS = {  # the thought, and the options of _norm that compute it
    "`training` has no say yet: in use the running averages are applied, and stay.": {
        "uses": lambda training, batch, old, new: batch,
        "keeps": lambda training, m, batch, old: m * old + (1 - m) * batch,
    },
    "A good start, the formula for training. What is missing is the memory: the running averages "
    "that training moves, and that are applied in use.": {
        "uses": lambda training, batch, old, new: batch,
        "keeps": lambda training, m, batch, old: old,
    },
    "A good start: all is right in use. In training the batch's own numbers are applied, and the "
    "running averages move.": {
        "uses": lambda training, batch, old, new: old,
        "keeps": lambda training, m, batch, old: old,
    },
    "In use the batch's own statistics are applied: the company decides again. Use the running "
    "averages.": {"uses": lambda training, batch, old, new: batch},
    "In training the running averages are applied. It is the batch's own mean and variance that "
    "are used there.": {"uses": lambda training, batch, old, new: old},
    "The two modes are exchanged: the batch's statistics belong to training.": {
        "uses": lambda training, batch, old, new: old if training else batch,
    },
    "In training the fresh running averages are applied. They are for later; the batch is scaled "
    "by its own numbers.": {"uses": lambda training, batch, old, new: new},
    "The running averages learn in use as well. Then answers change with the images that came "
    "before.": {"keeps": lambda training, m, batch, old: m * old + (1 - m) * batch},
    "The running averages never move: in training they take in a part of the batch's.": {
        "keeps": lambda training, m, batch, old: old
    },
    "Momentum the wrong way round: the old average keeps that share, the batch gets the rest.": {
        "keeps": lambda training, m, batch, old: m * batch + (1 - m) * old if training else old
    },
    "The running averages forget everything at once: they become the batch's.": {
        "keeps": lambda training, m, batch, old: batch if training else old
    },
    "The running mean forgets: it became the batch's own.": {
        "returns": lambda training, batch, new: (batch[0], new[1]) if training else new
    },
    "The running variance forgets: it became the batch's own.": {
        "returns": lambda training, batch, new: (new[0], batch[1]) if training else new
    },
    "Running mean and variance are exchanged.": {"returns": lambda training, batch, new: new[::-1]},
    "A sum in place of an average: the batch gets the share 1 - momentum.": {
        "keeps": lambda training, m, batch, old: m * old + batch if training else old
    },
    "The running variance averages deviations. Keep variances; the root comes in the formula.": {
        "spread": np.sqrt
    },
    "Epsilon stands outside the root. It belongs inside, added to the variance.": {
        "root": lambda variance, epsilon: np.sqrt(variance) + epsilon
    },
    "Epsilon is missing: it goes to the variance, under the root.": {
        "root": lambda variance, epsilon: np.sqrt(variance)
    },
    "Divided by the variance: the root is missing.": {
        "root": lambda variance, epsilon: variance + epsilon
    },
    "The variance divides by n - 1. NumPy's `var`, as it comes.": {"ddof": 1},
    "One mean for each place of each channel. A channel is the same thing at all places: average "
    "over rows and columns, too.": {"axis": 0},
    "Each image is scaled by itself. In training the batch counts as a whole: average over the "
    "images, too.": {"axis": (1, 2)},
    "One mean for all channels. Each channel has its own.": {"axis": None},
    "Averaged over the channels: these are the numbers to keep apart, at the last axis.": {
        "axis": 3
    },
    "Gamma and beta are exchanged: multiply by gamma, add beta.": {
        "finish": lambda scaled, gamma, beta: beta * scaled + gamma
    },
    "Gamma and beta have no say yet: multiply by the one, add the other.": {
        "finish": lambda scaled, gamma, beta: scaled
    },
    "Beta is not added yet.": {"finish": lambda scaled, gamma, beta: gamma * scaled},
    "Gamma does not multiply yet.": {"finish": lambda scaled, gamma, beta: scaled + beta},
    "Beta is added before gamma multiplies: first gamma, then beta.": {
        "finish": lambda scaled, gamma, beta: gamma * (scaled + beta)
    },
}
