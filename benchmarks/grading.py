"""How fast `course grade` is: submissions a minute for 1 and 2 workers, and what a kernel costs."""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared import record_rows

from course_utils.grading import run, sandbox, submissions, templates
from course_utils.grading.submissions import Submission
from tools.build_class import CLASS
from tools.notebooks import ROOT

HONEST = ("ada", "ben", "chloe", "dmitri", "fatima", "julia")  # answers that come to an end
WORKERS, ROUNDS, STARTS = (1, 2), 2, 5


def seconds(action: Callable[[], object]) -> float:
    """Return the wall seconds that ``action`` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def mark(grader: run.Grader, found: Sequence[Submission], workers: int) -> None:
    """Mark all submissions, so many at a time.

    Raises
    ------
    RuntimeError
        If one earns nothing: then its time says nothing.
    """
    with ThreadPoolExecutor(workers) as pool:
        for marked in pool.map(grader.grade, found):
            if not marked.earned:
                raise RuntimeError(f"{marked.learner} earns nothing: {marked.marks}")


def per_minute(grader: run.Grader, found: Sequence[Submission]) -> dict[int, float]:
    """Return submissions a minute by the number of workers: the median of rounds taken in turns."""
    taken: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    for _ in range(ROUNDS):
        for workers, times in taken.items():
            times.append(seconds(lambda workers=workers: mark(grader, found, workers)))
    return {w: 60 * len(found) / statistics.median(times) for w, times in taken.items()}


def starts(grader: run.Grader, one: Submission) -> dict[str, float]:
    """Return the median seconds of a bare interpreter, one in the cage, one more kernel for nbval.

    The last is the time for all answers of ``one`` less that for its first, divided by the others.
    """
    bare = [sys.executable, "-c", "pass"]
    caged = [*sandbox.cage(Path("/nonexistent"), None, sandbox.LIGHT), *bare]
    first = Submission(one.learner, dict(sorted(one.answers.items())[:1]))
    others = len(one.answers) - 1
    taken: dict[str, list[float]] = {"bare": [], "caged": [], "kernel": [], "first": []}
    for _ in range(STARTS):
        taken["bare"].append(seconds(lambda: subprocess.run(bare, check=True)))
        taken["caged"].append(seconds(lambda: subprocess.run(caged, check=True)))
        taken["first"].append(seconds(lambda: mark(grader, [first], 1)))
        whole = seconds(lambda: mark(grader, [one], 1))
        taken["kernel"].append((whole - taken["first"][-1]) / others)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Measure, print one table, and record it with ``--record``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write results.json")
    options = parser.parse_args()
    exercises = templates.load(ROOT / "notebooks" / "exercises")
    exercises = {id: one for id, one in exercises.items() if id.startswith("01.")}
    found = [one for one in submissions.read(CLASS / "submissions") if one.learner in HONEST]
    with run.grader(exercises, seed=1, patience=4) as grader:
        took = starts(grader, found[0])
        speed = per_minute(grader, found)
    for workers, value in speed.items():
        print(
            f"{value:6.1f} submissions a minute, workers: {workers} ({len(exercises)} answers each)"
        )
    print(f"{took['bare']:6.3f} s for a bare Python, {took['caged']:.3f} s for one in the sandbox")
    print(f"{took['first']:6.3f} s to mark one answer, {took['kernel']:.3f} s for each one more")
    if options.record:
        record_rows(rows(speed, took))


def rows(speed: dict[int, float], took: dict[str, float]) -> list[dict]:
    """Return what is recorded."""
    of = "grading lesson 01, 4 answers each in a kernel of its own in the sandbox"
    one, two = (speed[workers] for workers in WORKERS)
    values = [
        ("workers-1", f"{of}: submissions with 1 worker", one, "a minute", ""),
        ("workers-2", f"{of}: submissions with 2 workers", two, "a minute", ""),
        ("speedup", f"{of}: speed with 2 workers over 1", two / one, "x", ">= 1.5"),
        (
            "kernel",
            "marking one answer more (a kernel in the sandbox) over a bare start of Python",
            took["kernel"] / took["bare"],
            "x",
            "",
        ),
        (
            "cage",
            "a start of Python in the sandbox over a bare one",
            took["caged"] / took["bare"],
            "x",
            "",
        ),
    ]
    keys = ("id", "statement", "value", "unit", "target")
    return [dict(zip(keys, (f"bench.grading.{id}", *rest), strict=True)) for id, *rest in values]


if __name__ == "__main__":
    main()
