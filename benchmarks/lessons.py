"""Time and peak memory of every lesson (quick profile), beside their budgets."""

import argparse

from course_utils.cli import run
from tools import results
from tools.notebooks import ROOT

BUDGET_SECONDS = {"01": 15, "02": 60, "03": 70, "04": 75, "05": 85, "06": 85, "07": 70, "08": 60}
BUDGET_MB = 1500


def main() -> None:
    """Run the lessons, print one table, and record it with ``--record``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    parser.add_argument("--record", action="store_true", help="write results.json")
    options = parser.parse_args()
    paths = run.lesson_files(ROOT / "notebooks", options.lessons)
    runs = run.run_lessons(paths, ROOT / "build" / "bench", "quick")
    print(f"{'lesson':<40} {'time':>6} {'budget':>7} {'peak memory':>12} {'budget':>8}")
    for taken in runs:
        number = taken.name[:2]
        budget = BUDGET_SECONDS[number]
        print(
            f"{taken.name:<40} {taken.seconds:4.0f} s {budget:5} s "
            f"{taken.peak_mb:9.0f} MB {BUDGET_MB:5} MB {taken.error}"
        )
        if options.record and not taken.error:
            _record(taken, number, budget)


def _record(taken: run.Run, number: str, budget: int) -> None:
    results.record(
        f"bench.lesson.{number}.seconds",
        statement=f"lesson {number}, quick profile, from a fresh kernel to its last cell",
        values=[taken.seconds],
        unit="s",
        target=f"at most {budget} s",
    )
    results.record(
        f"bench.lesson.{number}.memory",
        statement=f"lesson {number}, quick profile, peak memory of its kernel",
        values=[taken.peak_mb],
        unit="MB",
        target=f"at most {BUDGET_MB} MB",
    )


if __name__ == "__main__":
    main()
