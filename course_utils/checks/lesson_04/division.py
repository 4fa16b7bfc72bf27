"""04.4: training and validation parts that share nothing."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.compare import call, numbers, shown
from course_utils.checks.lesson_04.shared import a_function, randomness_kept
from course_utils.checks.registry import CheckFailed, exercise

NAME = "split_without_leak"


@exercise(
    "04.4",
    answers=(NAME,),
    hints=(
        "Don't divide pictures. Divide piles, each with one picture and all its copies; and for "
        "every class on its own.",
        "Which pile does a picture belong to? A dictionary with `picture.tobytes()` as its key "
        "knows; so does the second thing that "
        "`np.unique(pictures, axis=0, return_inverse=True)` returns.",
        "`pile = np.unique(pictures, axis=0, return_inverse=True)[1]` gives each picture the "
        "number of its pile. For each class: "
        "`piles = rng.permutation(np.unique(pile[labels == kind]))`, and the first "
        "`round(fraction * len(piles))` of them are for validation. With these collected, "
        "`np.isin(pile, collected)` says for each picture where it belongs.",
    ),
    praise="Whatever this validation part says, it does not say it from memory.",
)
def judge_division(answer: Any) -> None:
    """Divide four small collections with three seeds: without copies, with few, with many."""
    a_function(answer, NAME)
    with randomness_kept():
        found = [[case.divide(answer, seed) for seed in (0, 1, 2)] for case in _CASES]
        even = sum(map(_Case.always_even, _CASES, found))
        for case, parts in zip(_CASES, found, strict=True):
            for seed, validation in enumerate(parts):
                case.trying(seed)
                case.judge_shares(sorted(validation), even >= 2)
        for case, parts in zip(_CASES, found, strict=True):
            if case.divide(answer, 2) != parts[2]:
                case.fail("The same seed gives two divisions: make the random numbers from `seed`.")
            if parts[0] == parts[1] == parts[2]:
                case.fail(_why_the_same(case, parts[0]))


class _Case:
    """Pictures with copies: for each class, how often each of its different pictures occurs."""

    def __init__(self, occurrences: list[list[int]], fraction: float, mixed: bool = False):
        classes = range(len(occurrences))
        firsts = [[(kind, k) for k in range(len(occurrences[kind]))] for kind in classes]
        again = [
            [(kind, k) for kind, k in pair for _ in range(occurrences[kind][k] - 1)]
            for pair in firsts
        ]
        names = [name for kind in classes for name in firsts[kind] + again[kind]]
        if mixed:
            names = [names[i] for i in np.random.default_rng(1).permutation(len(names))]
        noise = np.random.default_rng(2).integers(0, 256, (len(names), 3, 2, 1), dtype=np.uint8)
        self.pile = np.array([sorted(set(names)).index(name) for name in names])
        self.pictures = noise[self.pile]
        self.labels = np.array([kind for kind, _ in names])
        self.fraction = fraction
        self.tried = ""

    def fail(self, reason: str, *details: str) -> None:
        raise CheckFailed(reason, self.tried, *details)

    def trying(self, seed: int) -> None:
        """Keep in mind what is tried now, for the message."""
        n, different = len(self.labels), len(set(self.pile))
        self.tried = (
            f"tried     {NAME}(pictures, labels, {self.fraction}, {seed}), "
            f"{n} pictures, {different} different"
        )

    def divide(self, function: Any, seed: int) -> frozenset[int]:
        """Return the validation part that ``function`` makes, if the parts share nothing."""
        self.trying(seed)
        try:
            pair = call(function, (self.pictures, self.labels, self.fraction, seed), NAME)
            if not (isinstance(pair, tuple | list) and len(pair) == 2):
                raise CheckFailed(
                    f"`{NAME}` must return two parts, `train, validation`; "
                    f"it returns {shown(pair)}."
                )
            train, validation = (self.read(part) for part in pair)
        except CheckFailed as failure:
            self.fail(failure.reason, *failure.details)
        self.judge_parts(train, validation)
        self.judge_leak(train, validation)
        return frozenset(validation)

    def read(self, part: Any) -> list[int]:
        """Return a part as a list of the numbers of its pictures."""
        if isinstance(part, set | frozenset | range):
            part = sorted(part)
        if isinstance(part, np.ndarray) and part.dtype == bool:
            raise CheckFailed(
                "A part is True and False for every picture; wanted are the numbers "
                "of its pictures: `np.flatnonzero` finds them."
            )
        found = numbers(part, NAME)
        if found.shape[1:] == self.pictures.shape[1:] and len(found):
            raise CheckFailed(
                "A part holds pictures; wanted are their numbers, so that labels and "
                "file names can follow."
            )
        if found.ndim != 1 or not set(found) <= set(range(len(self.labels))):
            raise CheckFailed(
                f"A part is a list of picture numbers, from 0 to {len(self.labels) - 1}.",
                f"got       {shown(found)}",
            )
        return [int(i) for i in found]

    def judge_parts(self, train: list[int], validation: list[int]) -> None:
        everything = range(len(self.labels))
        if both := sorted(set(train) & set(validation)):
            self.fail(f"Picture {both[0]} is in both parts, under its own number.")
        if len(set(train)) + len(set(validation)) < len(train) + len(validation):
            self.fail("A picture number comes twice in one part.")
        if missing := sorted(set(everything) - set(train) - set(validation)):
            self.fail(self.why_missing(train + validation), f"missing   {shown(np.array(missing))}")
        if self.fraction < 0.5 and len(validation) > 2 * len(train):
            self.fail("The parts have changed places: training first, and it is the large one.")

    def why_missing(self, given: list[int]) -> str:
        """Say what the pictures outside of both parts have in common."""
        classes = sorted(set(self.labels) - set(self.labels[given]))
        if given and classes:
            return (
                f"Class {classes[0]} is in neither part. Go through all classes that there are, "
                "two or more: `np.unique(labels)`."
            )
        if set(self.pile[given]) == set(self.pile):
            return (
                "The copies are left out. In one part they do no harm: put them where their "
                "original is."
            )
        return "Some pictures are in neither part."

    def judge_leak(self, train: list[int], validation: list[int]) -> None:
        """Refuse a validation part without a class, or with pictures of the training part."""
        kinds = np.unique(self.labels)
        of_each = [np.sum(self.labels[validation] == kind) for kind in kinds]
        if any(of_each) and not all(of_each):
            self.fail(
                "A class is missing in the validation part: divide every class on its own.",
                f"got       {_listed(of_each)} pictures of class {_listed(kinds)}",
            )
        known = {self.pile[i]: i for i in reversed(train)}
        for i in validation:
            if self.pile[i] in known:
                self.fail(
                    f"A leak: validation picture {i} has the pixels of training picture "
                    f"{known[self.pile[i]]}."
                )

    def piles(self) -> list[np.ndarray]:
        """Return the numbers of the piles of each class."""
        return [np.unique(self.pile[self.labels == kind]) for kind in np.unique(self.labels)]

    def found(self, validation: Iterable[int]) -> np.ndarray:
        """Return how many different pictures of each class a validation part holds."""
        chosen = self.pile[sorted(validation)]
        return np.array([np.isin(pile, chosen).sum() for pile in self.piles()])

    def always_even(self, parts: Iterable[Iterable[int]]) -> bool:
        """Return whether every validation part holds as many pictures of each class."""
        return all(len(set(self.found(part))) == 1 for part in parts)

    def judge_shares(self, validation: list[int], even: bool) -> None:
        """Refuse a validation part that holds another share of a class than ``fraction``.

        ``even`` says whether the classes have equal numbers elsewhere, too: not by coincidence.
        """
        kinds, pictures = np.unique(self.labels, return_counts=True)
        wanted = np.array([self.fraction * len(pile) for pile in self.piles()])
        found = self.found(validation)
        if (np.abs(found - wanted) < 1).all():
            return
        if not found.any():
            reason = "The validation part is empty."
        elif even and len(set(found)) == 1 < len(set(wanted)):
            reason = (
                "Every class has the same number of validation pictures; it should be the same "
                "share of each class."
            )
        elif (np.abs(found - self.fraction * pictures) < 1).all():
            reason = "The copies count, too: `fraction` is meant of the different pictures."
        elif abs(found.sum() - wanted.sum()) >= len(kinds):
            reason = "The validation part has another size than `fraction` says."
        else:
            reason = "The classes have different shares: divide every class on its own."
        self.fail(
            reason,
            f"expected  {_listed(wanted)} different pictures of class {_listed(kinds)}",
            f"got       {_listed(found)}",
        )


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


_CASES = [
    _Case([[1] * 8, [1] * 12], 0.25),
    _Case([[5, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1], [3, 1, 1, 1, 1, 2, 1, 1]], 0.25),
    _Case([[1] * 10, [2, 1, 1, 2, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1]], 0.25, mixed=True),
    _Case([[9] + [1] * 7, [1] * 8], 0.25),
    _Case([[1, 2] * 4, [1] * 12, [3, 1, 1, 1]], 0.5, mixed=True),
]


def _why_the_same(case: _Case, validation: frozenset[int]) -> str:
    chosen = set(case.pile[sorted(validation)])
    for ends in (slice(None), slice(None, None, -1)):
        piles = []
        for kind in np.unique(case.labels):
            found = list(dict.fromkeys(case.pile[case.labels == kind][ends]))
            piles += found[: sum(pile in chosen for pile in found)]
        if set(piles) == chosen:
            return (
                "Each class gives its first pictures, or its last: cameras number by the day, so "
                "the parts would show different days. Shuffle first."
            )
    return "Every seed gives the same division: `seed` has no say yet."
