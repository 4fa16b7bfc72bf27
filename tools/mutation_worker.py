"""Try the mutants of a lesson's solutions, in a process that `tools.mutation` starts."""

import contextlib
import gc
import hashlib
import io
import linecache
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import jupytext
import numpy as np

from tools.mutants import Mutant, mutants
from tools.notebooks import ROOT, SOURCES

REJECTED, SURVIVED, CRASHED, HANGS = "rejected", "survived", "the check crashed", "hangs"
LOOP_SECONDS, LIMIT_SECONDS = 5, 20


class TimeUp(BaseException):
    """A mutant takes too long; not an `Exception`, so that no check takes it for an answer's."""


def work(lesson: str, done: set[tuple[str, str]], connection: Any) -> None:
    """Run the cells of a lesson's exercises and try all mutants that are not ``done``."""
    os.environ |= {"MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "2", "COURSE_STRICT": "1"}
    signal.signal(signal.SIGALRM, _time_is_up)
    skipped = getattr(bank(lesson), "NOT_MUTATED", {})
    try:
        for id, namespace, code in _states(lesson):
            if id in skipped:
                continue
            accepted, seconds = _timed(id, code, namespace)
            if accepted != SURVIVED:
                raise RuntimeError(f"{id}: the solution itself is not accepted ({accepted})")
            for key, mutant in chosen(id, code).items():
                if (id, key) not in done:
                    connection.send(("begin", (id, key)))
                    outcome, _ = _timed(id, mutant.code, namespace, LIMIT_SECONDS + 5 * seconds)
                    connection.send(("result", outcome))
        connection.send(("end",))
    except Exception as problem:
        connection.send(("problem", f"lesson {lesson}: {type(problem).__name__}: {problem}"))


def _time_is_up(*_: Any) -> None:
    raise TimeUp


def cells(lesson: str) -> Iterator[tuple[str, str, str]]:
    """Yield id, role and code of each code cell; the cells of no exercise have no id."""
    (source,) = (SOURCES / "exercises").glob(f"{lesson}_*.py")
    for cell in jupytext.read(source, fmt="py:percent").cells:
        if cell.cell_type == "code":
            about = cell.metadata.get("exercise", {})
            yield about.get("id", ""), about.get("role", ""), cell.source


def _states(lesson: str) -> Iterator[tuple[str, dict, str]]:
    """Run the cells with the solutions; before each answer yield what the notebook then holds."""
    namespace = {"__name__": "__main__", "display": lambda *_, **__: None}
    answers = sum(role == "answer" for _, role, _ in cells(lesson))
    for id, role, code in cells(lesson):
        if role == "answer":
            yield id, namespace, code
            answers -= 1
        if not answers:
            return
        if role != "check":
            with contextlib.redirect_stdout(io.StringIO()):
                _execute(code, namespace)


def _timed(id: str, code: str, namespace: dict, limit: float = 600) -> tuple[str, float]:
    """Return what the check says after the cell ran in a copy of the namespace, and the time."""
    start = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        outcome = judged(id, code, {name: _copied(value) for name, value in namespace.items()})
    except TimeUp:
        outcome = REJECTED
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if "keras" in sys.modules:
            sys.modules["keras"].backend.clear_session()
            gc.collect()
    return outcome, time.perf_counter() - start


def judged(id: str, code: str, namespace: dict) -> str:
    """Return what becomes of a cell's code: rejected, survived, or a check that crashes."""
    from course_utils.checks import CheckFailed, check, limit

    limit.SECONDS = LOOP_SECONDS
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            _execute(code, namespace)
        except Exception:
            return REJECTED
        try:
            check(id, namespace)
        except CheckFailed:
            return REJECTED
        except Exception:
            return CRASHED
    return SURVIVED


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _execute(code: str, namespace: dict) -> None:
    """Run a cell; its source stays readable for what looks it up (decorators, tracebacks)."""
    name = f"<cell {hashlib.sha256(code.encode()).hexdigest()[:12]}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    exec(compile(code, name, "exec"), namespace)


def bank(lesson: str) -> Any:
    """Return the bank of wrong and right answers of a lesson."""
    if str(ROOT / "tests") not in sys.path:
        sys.path.insert(0, str(ROOT / "tests"))
    from banks import bank

    return bank(lesson)


def chosen(id: str, code: str) -> dict[str, Mutant]:
    """Return the mutants to try by key and number: all, or as many as the bank's ``SAMPLED`` says.

    The sample follows from the changes themselves: the same on every machine.
    """
    numbered = {f"{m.key} #{position}": m for position, m in enumerate(mutants(code))}
    most = getattr(bank(id[:2]), "SAMPLED", {}).get(id, len(numbered))
    order = sorted(numbered, key=lambda key: hashlib.sha256(key.encode()).digest())
    kept = set(order[:most])
    return {key: mutant for key, mutant in numbered.items() if key in kept}
