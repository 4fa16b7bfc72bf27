"""Try a learner's function on small inputs and say what went wrong, whatever it returns."""

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.checks import limit
from course_utils.checks.registry import CheckFailed
from course_utils.checks.showing import shown, spelt

__all__ = ["Misconception", "agree", "call", "compare", "numbers", "shown", "spelt"]


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that the check knows: what it computes, and the thought behind it."""

    thought: str
    function: Callable[..., Any]


def compare(
    function: Any,
    right: Callable[..., Any],
    cases: Sequence[tuple],
    misconceptions: Sequence[Misconception] = (),
    *,
    name: str,
    tolerance: float = 1e-9,
) -> None:
    """Compare ``function`` with ``right`` on ``cases``; name the misconception if one fits.

    A misconception fits if it explains the answers to all cases, not only to the first one that
    is wrong. Where ``function`` stops with an error, what it answered before is judged first.

    Parameters
    ----------
    function : object
        What the learner wrote; anything at all.
    right : function
        Gives the expected number or array.
    cases : sequence of tuples
        Arguments, small ones first; arrays are copied before each call.
    misconceptions : sequence of Misconception
    name : str
        The function's name in the notebook.
    tolerance : float
        Largest difference allowed, relative to the largest expected magnitude or 1.

    Raises
    ------
    CheckFailed
        If ``function`` is no function or differs from ``right``.
    """
    if not callable(function) or isinstance(function, type):
        raise CheckFailed(f"`{name}` must be a function; it is {shown(function)}.")
    answers, crash = [], None
    for case in cases:
        try:
            answers.append(numbers(call(function, case, name), name))
        except CheckFailed as failure:
            tried = f"tried     {spelt(name, case)}"
            crash = CheckFailed(failure.reason, tried, *failure.details)
            break
    _judge(answers, right, cases[: len(answers)], misconceptions, name, tolerance)
    if crash:
        raise crash


def _judge(answers, right, cases, misconceptions, name, tolerance) -> None:
    """Raise `CheckFailed` for the first of the answers that is wrong."""
    for case, answer in zip(cases, answers, strict=True):
        expected = np.asarray(right(*case), dtype=float)
        if not agree(answer, expected, tolerance):
            tried = spelt(name, case)
            raise CheckFailed(
                _thought(answers, cases, misconceptions, tolerance)
                or _difference(answer, expected, tried),
                f"tried     {tried}",
                f"expected  {shown(expected)}",
                f"got       {shown(answer)}",
                *_first_difference(answer, expected, tolerance),
            )


def _first_difference(answer: np.ndarray, expected: np.ndarray, tolerance: float) -> list[str]:
    """Say where two arrays of one shape with two or more axes differ first."""
    if answer.shape != expected.shape or answer.ndim < 2:
        return []
    differs = ~(np.abs(answer - expected) <= tolerance * _scale(expected))
    place = tuple(int(i) for i in np.argwhere(differs)[0])
    both = f"expected {shown(expected[place])}, got {shown(answer[place])}"
    return [f"first at  {list(place)}: {both}"]


def _thought(answers, cases, misconceptions, tolerance) -> str:
    """Return the misconception that explains all answers, or an empty text."""
    for misconception in misconceptions:
        guesses = (np.asarray(misconception.function(*case), dtype=float) for case in cases)
        if all(agree(a, g, tolerance) for a, g in zip(answers, guesses, strict=True)):
            return misconception.thought
    return ""


def _difference(answer: np.ndarray, expected: np.ndarray, tried: str) -> str:
    """Return in what an answer differs that no misconception explains."""
    if answer.shape != expected.shape:
        return f"The answer is {_form(answer)}; it should be {_form(expected)}."
    if np.isnan(answer).any():
        return "There is a NaN (not a number) in the answer: 0 / 0, or a sum that overflowed."
    if "an array of shape" in tried or "<" in tried:
        return "The answer differs from the expected one, on the input named below."
    return "The answer differs from the expected one. Do the small case below by hand."


def _form(array: np.ndarray) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def call(function: Callable, case: tuple, name: str) -> Any:
    """Return ``function(*case)``, called with copies; every failure becomes a `CheckFailed`."""
    arguments = [np.array(item) if isinstance(item, np.ndarray) else item for item in case]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), limit.time_limit(limit.SECONDS):
            answer = function(*arguments)
    except RecursionError:
        raise CheckFailed(f"`{name}` calls itself without end.") from None
    except limit.TookTooLong:
        reason = f"is still busy after {limit.SECONDS} seconds: does one of its loops never end?"
        raise CheckFailed(f"`{name}` {reason}") from None
    except (Exception, SystemExit) as error:
        reason = f"`{name}` stops with {type(error).__name__}: {_one_line(error)}"
        raise CheckFailed(reason) from None
    if answer is None:
        if printed.getvalue().strip():
            reason = "prints its result; it must return it, so that other code can use it."
        else:
            reason = "returns None: nothing is written yet, or the last step, `return`, is missing."
        raise CheckFailed(f"`{name}` {reason}")
    for given, used in zip(case, arguments, strict=True):
        if isinstance(given, np.ndarray) and not np.array_equal(given, used, equal_nan=True):
            raise CheckFailed(f"`{name}` changes its input in place; work on a copy.")
    return answer


def numbers(answer: Any, name: str) -> np.ndarray:
    """Return ``answer`` as an array of float64, or raise `CheckFailed` saying what it is."""
    what = f"`{name}` must return numbers; it returns {shown(answer)}"
    if isinstance(answer, Iterator):
        raise CheckFailed(f"{what}. A generator has not computed anything yet: use a list.")
    if answer is Ellipsis:
        raise CheckFailed(f"`{name}` still returns `...`: put your own code in its place.")
    try:
        array = np.asarray(answer)
    except Exception:
        several = (
            " These are several things; return one of them."
            if isinstance(answer, tuple | list)
            else ""
        )
        raise CheckFailed(f"{what}.{several}") from None
    if array.dtype.kind == "c":
        raise CheckFailed(f"{what}. They are complex; take their real part.")
    if array.dtype.kind not in "iuf":
        kind = {"b": " True and False are no lengths and no weights."}.get(array.dtype.kind, "")
        raise CheckFailed(f"{what}.{kind}")
    return array.astype(float)


def agree(answer: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    """Return whether two arrays have one shape and the same numbers, up to ``tolerance``."""
    if answer.shape != expected.shape:
        return False
    return bool((np.abs(answer - expected) <= tolerance * _scale(expected)).all())


def _scale(expected: np.ndarray) -> float:
    return max(1.0, float(np.abs(expected).max(initial=0.0)))


def _one_line(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:120]
    except Exception:
        return "(without a readable message)"
