"""The answers that the checks of the exercises are tested with: one module a lesson.

A bank ``lesson_NN`` holds, by the id of the exercise:

- ``WRONG``: (name, answer, words that only its message has), at least four misconceptions;
- ``RIGHT``: (name, answer), at least two that are written differently;
- ``EQUIVALENT``: {"line before -> line after": reason} for mutants of the solution that compute the
  same, as ``make mutation`` prints them;
- ``SENSIBLE``, where needed: {name of a strange value: reason} for one that is a right answer here.

An answer is what the learner's name would hold. What is costly to make stands in a `Later`.
"""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent


class Later:
    """An answer made right before it is used: ``Later(lambda: keras.Sequential(...))``."""

    def __init__(self, factory: Callable[[], Any]):
        self.factory = factory


def now(answer: Any) -> Any:
    """Return the answer itself, made if it is a `Later`."""
    return answer.factory() if isinstance(answer, Later) else answer


def bank(lesson: str) -> ModuleType:
    """Return the bank of a lesson, such as ``"01"``."""
    return import_module(f"banks.lesson_{lesson}")


def lessons() -> list[str]:
    """Return the numbers of the lessons that have a bank."""
    found = (re.fullmatch(r"lesson_(\d\d)", path.stem) for path in FOLDER.glob("*.py"))
    return sorted(match[1] for match in found if match)


def collect(kind: str) -> dict[str, Any]:
    """Return ``WRONG``, ``RIGHT``, ``EQUIVALENT`` or ``SENSIBLE`` of all banks in one."""
    return {
        id: entry for lesson in lessons() for id, entry in getattr(bank(lesson), kind, {}).items()
    }


def prints_only(*arguments, **options):
    """Print a result in place of returning it: wrong wherever a function is asked for."""
    print(42)


def calls_itself(*arguments, **options):
    """Never come to an end."""
    return calls_itself(*arguments, **options)
