"""What the grader found out about a submission: its marks, probe by probe."""

from dataclasses import asdict, dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Probe:
    """One question that was put to an answer, on an input that the learner had not seen.

    ``asked`` names the input in one line, ``message`` says what came when it was not right.
    Either may hold what a learner wrote: escape them wherever they are shown.
    """

    passed: bool
    asked: str = ""
    message: str = ""


@dataclass(frozen=True)
class Mark:
    """The mark of one exercise: ``points`` is what all probes together are worth.

    ``problem`` is one line, or ``""``; with one, nothing is earned, whatever the probes say.
    """

    id: str
    points: int
    probes: tuple[Probe, ...] = ()
    problem: str = ""

    @property
    def earned(self) -> Fraction:
        """Points earned: each probe has the same weight.

        Examples
        --------
        >>> Mark("01.2", 2, (Probe(True), Probe(True), Probe(False))).earned
        Fraction(4, 3)
        """
        if self.problem or not self.probes:
            return Fraction(0)
        return Fraction(self.points * sum(probe.passed for probe in self.probes), len(self.probes))


@dataclass(frozen=True)
class Marked:
    """All marks of one submission, in the order of the exercises.

    ``problems`` holds a line for each thing that was wrong with the files themselves.
    """

    learner: str
    marks: tuple[Mark, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def earned(self) -> Fraction:
        """Points earned in all exercises."""
        return sum((mark.earned for mark in self.marks), Fraction(0))

    @property
    def points(self) -> int:
        """Points that could be earned."""
        return sum(mark.points for mark in self.marks)

    def to_dict(self) -> dict:
        """Return everything as plain lists and dictionaries.

        Examples
        --------
        >>> Marked.from_dict(Marked("Ada").to_dict())
        Marked(learner='Ada', marks=(), problems=())
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict) -> "Marked":
        """Return what `to_dict` took apart.

        Raises
        ------
        KeyError, TypeError
            If ``kept`` has other fields.
        """
        marks = (
            Mark(**(mark | {"probes": tuple(Probe(**probe) for probe in mark["probes"])}))
            for mark in kept["marks"]
        )
        return cls(kept["learner"], tuple(marks), tuple(kept["problems"]))


def shown(points: Fraction) -> str:
    """Return points as a gradebook shows them, two decimals at most.

    Examples
    --------
    >>> shown(Fraction(4, 3)), shown(Fraction(6, 2)), shown(Fraction(1, 2))
    ('1.33', '3', '0.5')
    """
    return f"{float(points):.2f}".rstrip("0").rstrip(".")
