"""Mutation scores of the exercises' checks: ``make mutation`` or ``tools/mutation.py 02 05``.

Every small change to a solution (see mutants.py) must make its check fail, except for those that
the bank lists as equivalent with a reason. mutmut changes functions of modules only and cosmic-ray
runs a new process, so an import of TensorFlow, for each change; neither knows a notebook's cells.
"""

import argparse
import multiprocessing
import sys
from dataclasses import dataclass, field
from typing import Any

from tools.mutants import mutants
from tools.mutation_worker import CRASHED, HANGS, REJECTED, SURVIVED, bank, cells, work
from tools.notebooks import SOURCES

LEAST_SCORE, MOST_EQUIVALENT = 0.95, 0.10
HANGING_SECONDS, START_SECONDS = 60, 300


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


def _planned(lesson: str) -> list[Score]:
    equivalent = getattr(bank(lesson), "EQUIVALENT", {})
    skipped = getattr(bank(lesson), "NOT_MUTATED", {})
    return [
        Score(id, len(mutants(code)), skipped.get(id, ""), equivalent=equivalent.get(id, {}))
        for id, role, code in cells(lesson)
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
