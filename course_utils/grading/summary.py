"""What a class did: how its points spread, and which exercises were hardest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median

from course_utils.grading.marks import Mark, Marked

BINS = 10
NO_ANSWER = "no answer"  # how the problem of a mark starts where there is none


@dataclass(frozen=True)
class Entry:
    """One learner: the marks, the answers as they were handed in, notes for the learner alone."""

    marked: Marked
    answers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def learner(self) -> str:
        """The learner's name."""
        return self.marked.learner


@dataclass(frozen=True)
class Graded:
    """A class that was graded.

    ``seed`` drew the hidden inputs, ``template`` tells one version of exercises and probes from
    another, ``titles`` holds the exercises' headings by id, ``remarks`` what is to be said once.
    """

    entries: tuple[Entry, ...]
    seed: int
    template: str
    sandboxed: bool = True
    titles: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def exercises(self) -> list[tuple[str, int]]:
        """Return id and points of every exercise that somebody was marked on, in order."""
        return sorted({(m.id, m.points) for entry in self.entries for m in entry.marked.marks})

    @property
    def points(self) -> int:
        """The points of all exercises."""
        return sum(points for _, points in self.exercises())


@dataclass(frozen=True)
class Difficulty:
    """How an exercise went: ``share`` of its points earned on average, and who got them all."""

    id: str
    points: int
    share: Fraction
    solved: int
    tried: int


def difficulties(graded: Graded) -> list[Difficulty]:
    """Return the exercises, the hardest one first."""
    found = []
    for id, points in graded.exercises():
        marks = [mark for entry in graded.entries if (mark := mark_of(entry.marked, id))]
        earned = sum((mark.earned for mark in marks), Fraction(0))
        solved = sum(mark.earned == mark.points for mark in marks)
        tried = sum(not mark.problem.startswith(NO_ANSWER) for mark in marks)
        share = earned / (points * len(marks)) if points else Fraction(1)
        found.append(Difficulty(id, points, share, solved, tried))
    return sorted(found, key=lambda one: (one.share, one.id))


def mark_of(marked: Marked, id: str) -> Mark | None:
    """Return the mark of exercise ``id``, or None."""
    return next((mark for mark in marked.marks if mark.id == id), None)


def shares(graded: Graded) -> list[Fraction]:
    """Return each learner's share of the points, 0 to 1."""
    return [entry.marked.earned / max(graded.points, 1) for entry in graded.entries]


def distribution(values: Sequence[Fraction], bins: int = BINS) -> list[int]:
    """Count how many of ``values`` (0 to 1) lie in each of equal bins; 1 is in the last.

    Examples
    --------
    >>> distribution([Fraction(0), Fraction(1, 2), Fraction(1)], bins=4)
    [1, 0, 1, 1]
    """
    counts = [0] * bins
    for value in values:
        counts[min(int(value * bins), bins - 1)] += 1
    return counts


def middle(graded: Graded) -> Fraction:
    """Return the median of the points, 0 in an empty class."""
    return Fraction(median([entry.marked.earned for entry in graded.entries] or [0]))
