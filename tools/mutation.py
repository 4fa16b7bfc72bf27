"""Mutation scores of the exercises' checks: ``make mutation`` or ``tools/mutation.py 02 05``.

Every small change to a solution (see mutants.py) must make its check fail, except for those that
the bank lists as equivalent with a reason. mutmut changes functions of modules only and cosmic-ray
runs a new process, so an import of TensorFlow, for each change; neither knows a notebook's cells.
"""

import argparse
import contextlib
import gc
import hashlib
import io
import linecache
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jupytext
import numpy as np

from tools.mutants import Mutant, mutants
from tools.notebooks import ROOT, SOURCES

LEAST_SCORE, MOST_EQUIVALENT = 0.95, 0.10
LOOP_SECONDS, LIMIT_SECONDS, HANGING_SECONDS, START_SECONDS = 5, 20, 60, 300
REJECTED, SURVIVED, CRASHED, HANGS = "rejected", "survived", "the check crashed", "hangs"


class TimeUp(BaseException):
    """A mutant takes too long; not an `Exception`, so that no check takes it for an answer's."""


@dataclass
class Score:
    """What became of an exercise's mutants."""

    id: str
    possible: int
    skipped: str = ""  # why this exercise has no score
    results: dict[str, str] = field(default_factory=dict)  # by key and number: what happened
    equivalent: dict[str, str] = field(default_factory=dict)  # the bank's, with reasons

    def keys(self, *outcomes: str) -> list[str]:
        """Return the changed lines with one of the outcomes."""
        return [key.rpartition(" #")[0] for key, what in self.results.items() if what in outcomes]

    @property
    def rejected(self) -> int:
        """How many were rejected, those that never end among them."""
        return len(self.keys(REJECTED, HANGS))

    @property
    def listed(self) -> int:
        """How many survivors the bank explains."""
        return sum(key in self.equivalent for key in self.keys(SURVIVED))

    @property
    def score(self) -> float:
        """The part of the mutants rejected, not counting the equivalent ones."""
        return self.rejected / max(1, len(self.results) - self.listed)

    def problems(self) -> list[str]:
        """Return what keeps the score from being good enough, a line each."""
        if self.skipped:
            return [] if len(self.skipped) >= 20 else [f"{self.id}: why is it not mutated?"]
        survivors, found = self.keys(SURVIVED), []
        new = [key for key in survivors if key not in self.equivalent]
        if not self.results or self.score < LEAST_SCORE:
            found.append(f"{self.id}: {self.score:.1%} rejected, less than {LEAST_SCORE:.0%}")
        if self.listed > MOST_EQUIVALENT * len(self.results):
            found.append(f"{self.id}: more than {MOST_EQUIVALENT:.0%} are called equivalent")
        found += [f"{self.id}: no survivor: {k!r}" for k in self.equivalent if k not in survivors]
        found += [f"{self.id}: no reason: {k!r}" for k, why in self.equivalent.items() if not why]
        found += [f"{self.id}: the check crashed: {key!r}" for key in self.keys(CRASHED)]
        return found + ([f"{self.id} survived:"] + [f'    "{k}": "",' for k in new] if new else [])


def measure(lesson: str) -> list[Score]:
    """Return the scores of a lesson's exercises.

    A process of its own tries the mutants one after the other; one that hangs where no signal
    reaches it takes the process along, and another goes on with the next.

    Raises
    ------
    RuntimeError
        If a cell stops with an error or a solution is not accepted.
    """
    context = multiprocessing.get_context("spawn")
    scores, done = _planned(lesson), {}
    while True:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(lesson, set(done), theirs), daemon=True)
        process.start()
        theirs.close()
        hanging = _receive(ours, done)
        process.kill()
        process.join()
        if not hanging:
            break
        done[hanging] = HANGS
    for score in scores:
        score.results = {key: what for (id, key), what in done.items() if id == score.id}
    return scores


def _receive(connection: Any, done: dict) -> tuple[str, str] | None:
    """Take results until the last; return the mutant at which there came no more, if any."""
    current, patience = None, START_SECONDS
    while True:
        if not connection.poll(patience):
            if current is None:
                raise RuntimeError(f"the cells took more than {START_SECONDS} s")
            return current
        try:
            message = connection.recv()
        except EOFError:
            return current or _fail("the process ended before its first mutant")
        if message[0] == "problem":
            raise RuntimeError(message[1])
        if message[0] == "end":
            return None
        if message[0] == "begin":
            current, patience = message[1], HANGING_SECONDS
        else:
            done[current], current, patience = message[1], None, START_SECONDS


def _fail(message: str) -> None:
    raise RuntimeError(message)


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


def _cells(lesson: str) -> Iterator[tuple[str, str, str]]:
    """Yield id, role and code of each code cell; the cells of no exercise have no id."""
    (source,) = (SOURCES / "exercises").glob(f"{lesson}_*.py")
    for cell in jupytext.read(source, fmt="py:percent").cells:
        if cell.cell_type == "code":
            about = cell.metadata.get("exercise", {})
            yield about.get("id", ""), about.get("role", ""), cell.source


def _states(lesson: str) -> Iterator[tuple[str, dict, str]]:
    """Run the cells with the solutions; before each answer yield what the notebook then holds."""
    namespace = {"__name__": "__main__", "display": lambda *_, **__: None}
    answers = sum(role == "answer" for _, role, _ in _cells(lesson))
    for id, role, code in _cells(lesson):
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


def _planned(lesson: str) -> list[Score]:
    equivalent = getattr(bank(lesson), "EQUIVALENT", {})
    skipped = getattr(bank(lesson), "NOT_MUTATED", {})
    return [
        Score(id, len(mutants(code)), skipped.get(id, ""), equivalent=equivalent.get(id, {}))
        for id, role, code in _cells(lesson)
        if role == "answer"
    ]


def table(scores: list[Score]) -> str:
    """Return the scores as a table."""
    lines = ["exercise       mutants  rejected  equivalent  survived    score"]
    for s in scores:
        if s.skipped:
            lines.append(f"{s.id}   not mutated: {s.skipped}")
            continue
        tried = f"{len(s.results)} of {s.possible}" if len(s.results) < s.possible else s.possible
        left = len(s.keys(SURVIVED)) - s.listed
        lines.append(f"{s.id}{tried:>17}{s.rejected:>10}{s.listed:>12}{left:>10}{s.score:>9.1%}")
    return "\n".join(lines)


def lessons() -> list[str]:
    """Return the numbers of the lessons with exercises."""
    return sorted(path.name[:2] for path in (SOURCES / "exercises").glob("[0-9][0-9]_*.py"))


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and end with status 1 where a score is not good enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="lesson numbers (default: all)")
    wanted = [number.zfill(2) for number in parser.parse_args(arguments).lessons] or lessons()
    if unknown := set(wanted) - set(lessons()):
        sys.exit(f"no exercises for lesson {', '.join(sorted(unknown))}")
    problems = []
    for number, lesson in enumerate(wanted):
        try:
            scores = measure(lesson)
        except RuntimeError as problem:
            problems.append(str(problem))
            continue
        lines = table(scores).splitlines()
        print("\n".join(lines[number > 0 :]), flush=True)
        problems += [line for score in scores for line in score.problems()]
    sys.exit("\n".join(["", *problems]) if problems else 0)


if __name__ == "__main__":
    main()
