"""Register an exercise's probes, draw their hidden inputs from a seed, find what is right."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from zlib import crc32

import numpy as np

from course_utils.grading import asking
from course_utils.grading.asking import Asked
from course_utils.grading.needing import needed
from course_utils.grading.templates import Template

TRIES, BETWEEN = 200, 2  # draws; thousandths of a step around the middle between two

Generator = np.random.Generator
Case = tuple


@dataclass(frozen=True)
class Known:
    """A group of cases whose right results are given here, by ``right``, or class by class.

    ``right`` takes a case, as the answer does. With ``labels`` the group is of one case, some
    images (n, height, width, channels) uint8, and at least ``share`` of the classes that the
    answer gives them must be theirs; the labels stay outside the kernel. With ``judge`` a function
    of `course_utils.grading.judges` decides, which gets ``known``, a dictionary for each case.
    """

    line: str
    cases: list[Case]
    right: Callable | None = None
    labels: np.ndarray | None = None
    share: float = 1.0
    name: str = ""
    judge: str = ""
    known: Sequence[dict] = ()


Drawn = Iterable[tuple[str, list[Case]] | Known]
Draw = Callable[[Generator], Drawn]


@dataclass(frozen=True)
class Probes:
    """What is asked of ``name``, a function or an expression that gives one, in groups of cases.

    An answer may be off by less than half a ``step``. ``seconds`` is the time for all groups.
    ``uses`` are functions of ours that ``name`` needs in the kernel. With ``hands_over`` the answer
    only trains ``model``, of at most so many parameters; see `handover`.
    """

    id: str
    name: str
    draw: Draw
    step: float
    seconds: float
    heavy: bool
    uses: tuple[Callable, ...]
    hands_over: int

    @property
    def helpers(self) -> str:
        """The code of the functions that are used."""
        return asking.sources(self.uses)


_PROBES: dict[str, Probes] = {}


def probes(
    id: str,
    name: str,
    *,
    step: float = 1e-6,
    seconds: float = 60,
    heavy: bool = False,
    uses: Sequence[Callable] = (),
    hands_over: int = 0,
) -> Callable[[Draw], Draw]:
    """Register the decorated function, which yields groups, for exercise ``id``.

    A group is a line and its cases, or a `Known`. ``heavy`` says that the answer imports
    TensorFlow. The functions that the answer ``uses`` import what they need themselves. With
    ``hands_over`` they see no answer but the network ``model``, built anew from plain data.
    """

    def register(draw: Draw) -> Draw:
        _PROBES[id] = Probes(id, name, draw, step, seconds, heavy, tuple(uses), hands_over)
        return draw

    return register


def find(id: str) -> Probes | None:
    """Return the probes of exercise ``id``, or None if it has none."""
    _load(id[:2])
    return _PROBES.get(id)


@cache
def _load(lesson: str) -> None:
    name = f"course_utils.grading.probes.lesson_{lesson}"
    if find_spec(name):
        import_module(name)


def ask(template: Template, solution: str, seed: int) -> list[Asked]:
    """Return the probes of an exercise for a seed; ``solution`` is run here, in this process.

    Raises
    ------
    ValueError
        If the solution does not answer a probe.
    """
    found = find(template.id)
    if found is None:
        return []
    rng = np.random.default_rng([seed, crc32(template.id.encode())])
    ours = cache(lambda: _ours(found, template, solution))
    for _ in range(TRIES):
        groups = (one if isinstance(one, Known) else Known(*one) for one in found.draw(rng))
        asked = [_asked(found, group, ours) for group in groups]
        if all(one is not None for one in asked):
            return [replace(one, hands_over=found.hands_over) for one in asked]
    raise ValueError(f"{template.id}: every draw has a number that lies between two steps")


def _ours(found: Probes, template: Template, solution: str) -> dict[str, Any]:
    """Return the names that our own solution gives; it runs once for all probes."""
    names = {"__name__": "solution"}
    code = f"{found.helpers}{found.name}"
    exec(needed(template.setup, {}, [solution, code]), names)
    exec(f"{solution}\n{found.helpers}", names)
    return names


def _asked(found: Probes, group: Known, ours: Callable[[], dict]) -> Asked | None:
    """Return a probe, or None where another right answer's rounding might tell."""
    name = group.name or found.name
    if group.labels is not None:
        ((images,),) = group.cases
        code = found.helpers + asking.naming(name, images)
        return Asked(group.line, code, f"{group.labels.tolist()}\n", group.share)
    code = found.helpers + asking.question(name, group.cases, found.step)
    if group.judge:
        known = {"step": found.step, "cases": group.known}
        return Asked(group.line, code, f"{json.dumps(known)}\n", judge=group.judge)
    right = group.right or eval(name, ours())
    printed, finer = _printed(right, group.cases, found.step)
    if '"error"' in printed:
        raise ValueError(f"{found.id}: the solution fails at {group.line}: {printed}")
    if any(abs(n % 1000 - 500) < BETWEEN for n in _whole(json.loads(finer))):
        return None
    return Asked(group.line, code, printed)


def _printed(function: Callable, cases: list[Case], step: float) -> list[str]:
    """Return what is printed in whole steps and in thousandths; the function runs once a case."""
    results = [function(*deepcopy(case)) for case in cases]
    texts, names = [], {}
    exec(asking.ASK, names)
    for one in (step, step / 1000):
        given = iter(results)
        names["given"] = lambda *_, given=given: next(given)
        texts.append(asking.printed(names, asking.question("given", cases, one)))
    return texts


def _whole(value: object) -> Iterator[int]:
    """Yield the whole numbers in nested lists."""
    if isinstance(value, list):
        for one in value:
            yield from _whole(one)
    elif isinstance(value, int):
        yield value
