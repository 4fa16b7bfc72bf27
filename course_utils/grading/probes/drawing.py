"""Register an exercise's probes, draw their hidden inputs from a seed, find what is right."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from zlib import crc32

import numpy as np

from course_utils.grading import asking
from course_utils.grading.asking import Asked
from course_utils.grading.needing import needed
from course_utils.grading.templates import Template

TRIES, BETWEEN = 200, 2  # draws; thousandths of a step around the middle between two

Generator = np.random.Generator
Drawn = Iterable[tuple[str, list[tuple]]]
Draw = Callable[[Generator], Drawn]


@dataclass(frozen=True)
class Probes:
    """What is asked of ``name``, a function or an expression that gives one, in groups of cases.

    An answer may be off by less than half a ``step``. ``seconds`` is the time for all groups.
    """

    id: str
    name: str
    draw: Draw
    step: float
    seconds: float
    heavy: bool


_PROBES: dict[str, Probes] = {}


def probes(
    id: str, name: str, *, step: float = 1e-6, seconds: float = 60, heavy: bool = False
) -> Callable[[Draw], Draw]:
    """Register the decorated function, which yields a line and cases, for exercise ``id``.

    ``heavy`` says that the answer imports TensorFlow.
    """

    def register(draw: Draw) -> Draw:
        _PROBES[id] = Probes(id, name, draw, step, seconds, heavy)
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
    for _ in range(TRIES):
        asked = [_asked(found, template, solution, *group) for group in found.draw(rng)]
        if all(one is not None for one in asked):
            return asked
    raise ValueError(f"{template.id}: every draw has a number that lies between two steps")


def _asked(
    found: Probes, template: Template, solution: str, line: str, cases: list
) -> Asked | None:
    """Return a probe, or None where another right answer's rounding might tell."""
    code = asking.question(found.name, cases, found.step)
    names = {"__name__": "solution"}
    exec(needed(template.setup, {}, [solution, code]), names)
    exec(f"{solution}\n{asking.ASK}", names)
    printed = asking.printed(names, code)
    if '"error"' in printed:
        raise ValueError(f"{template.id}: the solution fails at {line}: {printed}")
    finer = asking.printed(names, asking.question(found.name, cases, found.step / 1000))
    if any(abs(n % 1000 - 500) < BETWEEN for n in _whole(json.loads(finer))):
        return None
    return Asked(line, code, printed)


def _whole(value: object) -> Iterator[int]:
    """Yield the whole numbers in nested lists."""
    if isinstance(value, list):
        for one in value:
            yield from _whole(one)
    elif isinstance(value, int):
        yield value
