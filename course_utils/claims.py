"""Promises and measurements: every number that a lesson states is looked up here and compared.

``claims.toml`` is written by hand and holds what the course promises. ``results.json`` is written
by ``make full`` and ``make bench`` alone and holds what was measured.
"""

import json
import math
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from numbers import Real
from statistics import fmean, stdev
from typing import Any

from course_utils import settings

KINDS = ("equals", "between", "at_least", "at_most")


class ClaimError(AssertionError):
    """A claim does not hold (raised only where ``COURSE_STRICT=1``)."""


class ClaimWarning(UserWarning):
    """A claim does not hold in a notebook that somebody experiments with."""


@dataclass(frozen=True)
class Promise:
    """What `claim` compares a value with, for one profile.

    ``kind`` is one of `KINDS`; ``target`` its number, pair of numbers, text, truth value or list.
    """

    id: str
    statement: str
    kind: str
    target: Any
    tolerance: float = 0.0
    unit: str = ""

    def holds(self, value: Any) -> bool:
        """Return whether ``value`` keeps the promise."""
        value = _plain(value)
        if self.kind == "equals":
            return _equal(value, self.target, self.tolerance)
        if not _is_number(value):
            raise TypeError(f"claim {self.id} compares one number; it got {value!r:.80}")
        if self.kind == "between":
            return self.target[0] <= value <= self.target[1]
        return value >= self.target if self.kind == "at_least" else value <= self.target

    def __str__(self) -> str:
        """The statement, with ``{promise}`` replaced by the target in words."""
        unit = f" {self.unit}" if self.unit else ""
        words = {
            "equals": lambda: f"{_spelt(self.target)}{unit}",
            "between": lambda: (
                f"between {_spelt(self.target[0])} and {_spelt(self.target[1])}{unit}"
            ),
            "at_least": lambda: f"at least {_spelt(self.target)}{unit}",
            "at_most": lambda: f"at most {_spelt(self.target)}{unit}",
        }[self.kind]()
        return self.statement.replace("{promise}", words)


@dataclass(frozen=True)
class Result:
    """One recorded measurement: a value a seed (or one alone), and how it was obtained."""

    id: str
    statement: str
    values: list[float]
    unit: str
    date: str
    device: str
    seeds: list[int] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    target: str = ""

    @property
    def mean(self) -> float:
        """The mean over the recorded runs."""
        return fmean(self.values)

    @property
    def spread(self) -> float:
        """The standard deviation over the recorded runs (0.0 where there is one run)."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


def claim(id: str, value: Any) -> None:
    """Compare ``value`` with the promise ``id`` and print whether it held.

    The measured value is never printed, so the line is the same wherever the promise holds.

    Parameters
    ----------
    id : str
        A key of ``claims.toml``, such as ``"01.valid-length"``.
    value : number, str, bool, list or array
        What the lesson measured; arrays are compared as nested lists.

    Raises
    ------
    KeyError
        If there is no such claim.
    ClaimError
        If it does not hold and ``COURSE_STRICT=1``. Otherwise a `ClaimWarning` is given.
    """
    promise = promises(settings.profile().name).get(id)
    if promise is None:
        raise KeyError(f"no claim {id!r} in claims.toml")
    if promise.holds(value):
        print(f"[{id}] held: {promise}")
        return
    print(f"[{id}] NOT held: {promise}")
    message = f"claim {id} does not hold: {promise}; this run gave {_plain(value)!r:.200}"
    if settings.strict():
        raise ClaimError(message)
    warnings.warn(message, ClaimWarning, stacklevel=2)


def recorded(id: str) -> Result:
    """Return the recorded result ``id`` of ``results.json``.

    Raises
    ------
    KeyError
        If nothing was recorded under that id.
    """
    found = results()
    if id not in found:
        raise KeyError(
            f"no result {id!r} in results.json; `make full` and `make bench` record them"
        )
    return found[id]


@cache
def promises(profile: str = "quick") -> Mapping[str, Promise]:
    """Return every promise of ``claims.toml`` as it stands for ``profile``.

    Raises
    ------
    ValueError
        If an entry lacks a statement or a source, or does not promise exactly one thing.
    """
    entries = tomllib.loads(_read("claims.toml"))
    return {id: _promise(id, entry, profile) for id, entry in entries.items()}


def results() -> dict[str, Result]:
    """Return everything that is recorded in ``results.json``, by id."""
    return {id: Result(id=id, **entry) for id, entry in json.loads(_read("results.json")).items()}


def _promise(id: str, entry: dict[str, Any], profile: str) -> Promise:
    merged = entry | entry.get(profile, {})
    kinds = [kind for kind in KINDS if kind in merged]
    if len(kinds) != 1 or not merged.get("statement") or not merged.get("source"):
        raise ValueError(
            f"claims.toml, {id}: give a statement, a source and exactly one of "
            f"{', '.join(KINDS)} for the profile {profile!r}"
        )
    return Promise(
        id=id,
        statement=merged["statement"],
        kind=kinds[0],
        target=merged[kinds[0]],
        tolerance=merged.get("tolerance", 0.0),
        unit=merged.get("unit", ""),
    )


def _read(name: str) -> str:
    return files("course_utils").joinpath(name).read_text(encoding="utf-8")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """Turn arrays, array scalars and tuples into lists and Python numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _equal(value: Any, target: Any, tolerance: float) -> bool:
    if isinstance(target, list):
        same_length = isinstance(value, list) and len(value) == len(target)
        return same_length and all(
            _equal(*pair, tolerance) for pair in zip(value, target, strict=True)
        )
    if _is_number(target) and _is_number(value):
        return math.isclose(value, target, rel_tol=0.0, abs_tol=tolerance)
    return type(value) is type(target) and value == target


def _spelt(target: Any) -> str:
    if _is_number(target):
        return f"{target:,}"
    return "yes" if target is True else "no" if target is False else str(target)
