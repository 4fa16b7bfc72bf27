"""How long ``import course_utils`` takes, beside ``import numpy`` and a bare interpreter."""

import argparse
import statistics
import subprocess
import sys
import time

from tools import results

STATEMENTS = {"nothing": "pass", "course_utils": "import course_utils", "numpy": "import numpy"}
TARGET_SECONDS = 0.3
ROUNDS = 11


def seconds(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the wall seconds of a fresh interpreter for each statement, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(rounds + 1):
        for name, code in STATEMENTS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            taken[name].append(time.perf_counter() - start)
    return {name: values[1:] for name, values in taken.items()}  # the first round fills caches


def main() -> None:
    """Measure, print one table, and record it with ``--record``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write results.json")
    options = parser.parse_args()
    taken = seconds()
    bare = statistics.median(taken["nothing"])
    print(f"{'import':<14} seconds above a bare interpreter ({ROUNDS} rounds, median)")
    for name, values in taken.items():
        print(f"{name:<14} {statistics.median(values) - bare:.3f}")
    print(f"target for course_utils: under {TARGET_SECONDS} s")
    if options.record:
        results.record(
            "bench.import",
            statement="`import course_utils`, above a bare interpreter (median)",
            values=[statistics.median(taken["course_utils"]) - bare],
            unit="s",
            target=f"under {TARGET_SECONDS} s",
        )


if __name__ == "__main__":
    main()
