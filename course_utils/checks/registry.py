"""Find an exercise by its id, judge the answer in the notebook, give hints."""

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


class CheckFailed(Exception):
    """An answer is not right yet; the message says why in one line.

    ``details`` holds lines such as the input, what was expected and what came.
    """

    def __init__(self, reason: str, *details: str):
        super().__init__(reason)
        self.reason = reason
        self.details = details

    def _render_traceback_(self) -> list[str]:
        """Let a notebook show one line instead of a traceback."""
        return [f"CheckFailed: {self.reason}"]


@dataclass(frozen=True)
class Exercise:
    """One exercise: the names of the answers in the notebook, and what judges them."""

    id: str
    answers: tuple[str, ...]
    hints: tuple[str, ...]
    praise: str
    judge: Callable[..., None]


WIDTH = 88  # characters that fit into a notebook on a laptop
_EXERCISES: dict[str, Exercise] = {}
_HINTS_GIVEN: Counter[str] = Counter()
_RIGHT: set[str] = set()
_MISSING = object()


def exercise(
    id: str, *, answers: tuple[str, ...], hints: tuple[str, str, str], praise: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as the judge of exercise ``id``.

    The judge takes the learner's objects in the order of ``answers``, returns None when they are
    right and raises `CheckFailed` when they are not, whatever they are.
    """

    def register(judge: Callable[..., None]) -> Callable[..., None]:
        _EXERCISES[id] = Exercise(id, answers, hints, praise, judge)
        return judge

    return register


def find(id: str) -> Exercise:
    """Return the exercise ``id``.

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists the lesson's.

    Examples
    --------
    >>> find("01.1").answers
    ('output_length',)
    """
    lesson = re.match(r"(\d\d)\.\d+$", id) if isinstance(id, str) else None
    known = ids(lesson[1]) if lesson else []
    if id in known:
        return _EXERCISES[id]
    if known:
        raise ValueError(f"no exercise {id!r}; lesson {lesson[1]} has {', '.join(known)}")
    raise ValueError(f"no exercise {id!r}; ids look like '01.2', lesson and number, in quotes")


def ids(lesson: str) -> list[str]:
    """Return the ids of a lesson's exercises in order.

    Examples
    --------
    >>> ids("01")
    ['01.1', '01.2', '01.3', '01.4']
    """
    _load(lesson)
    return sorted(id for id in _EXERCISES if id.startswith(f"{lesson}."))


@cache
def _load(lesson: str) -> None:
    name = f"course_utils.checks.lesson_{lesson}"
    if find_spec(name):
        import_module(name)


def check(id: str, namespace: Mapping[str, Any] | None = None) -> None:
    """Judge the answer to exercise ``id`` as it stands in the notebook.

    Parameters
    ----------
    id : str
        Such as ``"01.2"``.
    namespace : mapping, optional
        Where the answers are looked up by name; the notebook's variables by default.

    Raises
    ------
    CheckFailed
        If the answer is not right; before that, what was expected and what came is printed.
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> answer = lambda n, K, P, S, D: (n + 2*P - D*(K - 1) - 1)//S + 1
    >>> check("01.1", {"output_length": answer})  # doctest: +ELLIPSIS
    01.1 right. One formula, every layer: you will use it in all the lessons to come.
    Lesson 01  ■...
    """
    found = find(id)
    variables = _notebook() if namespace is None else namespace
    try:
        found.judge(*(_answer(name, variables) for name in found.answers))
    except CheckFailed as failure:
        _say(f"{id} not yet. {failure.reason}")
        for line in failure.details:
            _say(f"    {line}", indent=14)
        _RIGHT.discard(id)
        print(progress(id[:2]))
        raise CheckFailed(failure.reason) from None
    print(f"{id} right. {found.praise}")
    _RIGHT.add(id)
    print(progress(id[:2]))


def progress(lesson: str) -> str:
    """Return a line with a square for each exercise of the lesson, full where it is right."""
    squares = ["■" if id in _RIGHT else "□" for id in ids(lesson)]
    return f"Lesson {lesson}  {''.join(squares)}  {squares.count('■')} of {len(squares)} right"


def hint(id: str) -> None:
    """Print one more hint for exercise ``id``: three, from a nudge to nearly the answer.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    found = find(id)
    number = min(_HINTS_GIVEN[id] + 1, len(found.hints))
    _HINTS_GIVEN[id] = number
    left = len(found.hints) - number
    _say(f"Hint {number} of {len(found.hints)}: {found.hints[number - 1]}")
    print(f"(Call it again for {left} more.)" if left else "(That was the last one.)")


def _say(text: str, indent: int = 6) -> None:
    """Print ``text`` in lines that no notebook breaks within a word."""
    lines = textwrap.wrap(
        text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    print("\n".join(lines))


def _answer(name: str, variables: Mapping[str, Any]) -> Any:
    value = variables.get(name, _MISSING)
    if value is _MISSING:
        raise CheckFailed(f"There is no `{name}` yet. Run the cell that defines it, then this one.")
    return value


def _notebook() -> Mapping[str, Any]:
    from IPython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell else vars(import_module("__main__"))
