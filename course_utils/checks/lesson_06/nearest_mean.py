"""Exercise 06.4: a head whose weights are averages."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, call, numbers, shown
from course_utils.checks.registry import CheckFailed, exercise


def mean_head(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel (F, C) and bias (C,) whose largest logit belongs to the nearest mean."""
    means = _means(features, labels)
    return means.T, -0.5 * (means**2).sum(axis=1)


def _means(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.array([features[labels == c].mean(axis=0) for c in range(labels.max() + 1)])


@exercise(
    "06.4",
    answers=("mean_head",),
    hints=(
        "Write down the square of x - m: three terms. Which has no m in it, which has x and m, "
        "which has no x? And do you look for the smallest or the largest?",
        "The distance is |x|² - 2 x·m + |m|². The first term is the same for all classes. Turn the "
        "signs round, because the largest logit wins, and halve: x·m - |m|² / 2.",
        "With the means as rows of `means`, shape (C, F), each `features[labels == c]` averaged "
        "over `axis=0`: the kernel is `means.T`, the bias `-(means**2).sum(axis=1) / 2`.",
    ),
    praise="A classifier from averages alone, and it fits into a dense layer.",
)
def judge_mean_head(answer: Any) -> None:
    """Ask the head about points near the borders, in one, two and five dimensions."""
    if not callable(answer) or isinstance(answer, type):
        raise CheckFailed(f"`mean_head` must be a function; it is {shown(answer)}.")
    cases = _head_cases()
    heads = [_head(answer, features, labels) for features, labels, _ in cases]
    got = [_decided(head, new) for head, (*_, new) in zip(heads, cases, strict=True)]
    right = [_decided(mean_head(*case[:2]), case[2]) for case in cases]
    for case, head, mine, theirs in zip(cases, heads, right, got, strict=True):
        features, labels, new = case
        for x, expected, found in zip(new, mine, theirs, strict=True):
            if expected != found:
                logits = shown(x @ head[0] + head[1])
                raise CheckFailed(
                    _head_thought(cases, got),
                    _tried(features, labels),
                    f"asked     x = {shown(x)}",
                    f"means     {_listed(_means(features, labels), most=20)}",
                    f"expected  class {expected}, its mean is nearest",
                    f"got       class {found}, from the logits {logits}",
                )


def _head_cases() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return (features, labels, new features) whose nearest means leave no doubt."""
    line = np.array([[0.0], [2.0], [3.0]]), np.array([0, 0, 1])
    plane = np.array([[4.0, 1], [0, 1], [-2, 3], [6, 3], [1, 6]]), np.array([2, 0, 0, 2, 1])
    rng = np.random.default_rng(6)
    labels = np.array([2, 0, 3, 1, 2, 2, 0, 1, 3, 2, 2, 1, 2, 0, 0, 2, 1, 2, 2])
    space = rng.normal(size=(19, 5)) + rng.normal(size=(4, 5))[labels] + 1, labels
    cases = [(*line, np.array([[1.9], [2.1], [-5.0], [9.0]]))]
    for features, labels in (plane, space):
        means = _means(features, labels)
        new = rng.normal(size=(400, means.shape[1])).round(1) * 3 + means.mean(axis=0).round(1)
        distances = np.sort(((new[:, None] - means) ** 2).sum(axis=2))
        cases.append((features, labels, new[distances[:, 1] - distances[:, 0] > 0.05]))
    return cases


def _head(answer: Callable, features: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Return the learner's kernel and bias, or say what came instead."""
    count = (features.shape[1], int(labels.max()) + 1)
    try:
        got = call(answer, (features, labels), "mean_head")
        if got is Ellipsis:
            numbers(got, "mean_head")
        if not (isinstance(got, tuple | list) and len(got) == 2):
            raise CheckFailed(f"`mean_head` must return kernel and bias, two things: {shown(got)}.")
        parts = [numbers(part, "mean_head") for part in got]
        for part, what, shape in zip(parts, ("kernel", "bias"), (count, count[1:]), strict=True):
            _judge_part(part, what, shape)
        return parts
    except CheckFailed as failure:
        raise CheckFailed(failure.reason, _tried(features, labels), *failure.details) from None


def _judge_part(part: np.ndarray, what: str, shape: tuple[int, ...]) -> None:
    shapes = (f"expected  a {what} of shape {shape}", f"got       {part.shape}")
    if part.shape == shape[::-1] != shape:
        raise CheckFailed(
            "The kernel lies on its side: a dense layer has a column for each class.", *shapes
        )
    if part.shape != shape:
        reason = {
            "kernel": "The kernel needs a weight for each feature and class: average a class over "
            "its pictures, not over its features.",
            "bias": "The bias needs one number for each class.",
        }[what]
        raise CheckFailed(reason, *shapes)
    if not np.isfinite(part).all():
        raise CheckFailed(f"There is a NaN or an infinite number in the {what}.", *shapes[:1])


def _tried(features: np.ndarray, labels: np.ndarray) -> str:
    return f"tried     mean_head({_listed(features)}, {shown(labels)})"


def _listed(matrix: np.ndarray, most: int = 12) -> str:
    return f"[{', '.join(shown(row) for row in matrix)}]" if matrix.size <= most else "features"


def _decided(head: Sequence[np.ndarray], new: np.ndarray) -> np.ndarray:
    return (new @ head[0] + head[1]).argmax(axis=1)


def _head_thought(cases: list[tuple], got: list[np.ndarray]) -> str:
    for misconception in _MEAN_MISCONCEPTIONS:
        guesses = [_decided(misconception.function(f, y), new) for f, y, new in cases]
        if all(np.array_equal(a, b) for a, b in zip(got, guesses, strict=True)):
            return misconception.thought
    return "The largest logit is not always that of the nearest mean. Do the case below by hand."


def _from_means(kernel: float, bias: Callable, *, centre: Callable | None = None) -> Callable:
    """Return a head with ``kernel`` times the means and ``bias`` of them."""

    def head(features, labels):
        classes = range(labels.max() + 1)
        middle = centre or (lambda part: part.mean(axis=0))
        means = np.array([middle(features[labels == c]) for c in classes])
        return kernel * means.T, bias(means)

    return head


def _halved(means: np.ndarray) -> np.ndarray:
    return -0.5 * (means**2).sum(axis=1)


_MEAN_MISCONCEPTIONS = [
    Misconception(
        "No bias, so a mean far from 0 wins too often: the term |m|² is missing.",
        _from_means(1, lambda m: np.zeros(len(m))),
    ),
    Misconception(
        "The sign of the bias: |m|² makes the distance larger, so it must make the logit smaller.",
        _from_means(1, lambda m: -_halved(m)),
    ),
    Misconception(
        "The bias is twice too large: to weights m belongs |m|² / 2, to 2m belongs |m|².",
        _from_means(1, lambda m: 2 * _halved(m)),
    ),
    Misconception(
        "The bias is half of what it must be: to weights m belongs |m|² / 2, to 2m belongs |m|².",
        _from_means(1, lambda m: _halved(m) / 2),
    ),
    Misconception(
        "These logits are distances: the largest belongs to the mean that is farthest away. Turn "
        "the sign round.",
        _from_means(-1, lambda m: -_halved(m)),
    ),
    Misconception(
        "The sign of the weights: -2 x·m makes the distance smaller, so the logit larger.",
        _from_means(-1, _halved),
    ),
    *(
        Misconception(
            "The length of the mean is not squared: the bias comes from |m|², not from |m|.",
            _from_means(1, lambda m, scale=scale: -scale * np.linalg.norm(m, axis=1)),
        )
        for scale in (0.5, 1)
    ),
    Misconception(
        "You add up the features of a class but do not divide: a class with many labels has a "
        "large sum.",
        _from_means(1, _halved, centre=lambda part: part.sum(axis=0)),
    ),
    Misconception(
        "A class's mean is its sum divided by the labels of that class, not by all labels.",
        lambda features, labels: _from_means(
            1, _halved, centre=lambda part: part.sum(axis=0) / len(labels)
        )(features, labels),
    ),
    Misconception(
        "|m|² is the sum of the squares over the features, not their mean.",
        _from_means(1, lambda m: _halved(m) / m.shape[1]),
    ),
    Misconception(
        "Each class has more to say than its first picture: take the mean of all of them.",
        _from_means(1, _halved, centre=lambda part: part[0]),
    ),
    Misconception(
        "The median is not the mean, though it is in the middle, too.",
        _from_means(1, _halved, centre=lambda part: np.median(part, axis=0)),
    ),
    Misconception(
        "The mean of the squares is not the square of the mean: average first, then square.",
        lambda features, labels: (_means(features, labels).T, _halved(features) @ _share(labels)),
    ),
    Misconception(
        "The columns stand in the order in which the labels come up; class 0 belongs first.",
        lambda features, labels: mean_head(features, _renamed(labels)),
    ),
    Misconception(
        "Means scaled to length 1: then only the direction counts, and the distance is lost.",
        lambda features, labels: _from_means(1, lambda m: np.zeros(len(m)), centre=_direction)(
            features, labels
        ),
    ),
]


def _share(labels: np.ndarray) -> np.ndarray:
    """Return (n, C): which part of its class's mean each picture makes."""
    own = labels[:, None] == np.arange(labels.max() + 1)
    return own / own.sum(axis=0)


def _renamed(labels: np.ndarray) -> np.ndarray:
    seen = list(dict.fromkeys(labels.tolist()))
    return np.array([seen.index(label) for label in labels])


def _direction(part: np.ndarray) -> np.ndarray:
    return part.mean(axis=0) / np.linalg.norm(part.mean(axis=0))
