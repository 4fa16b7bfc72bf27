"""The command ``course``: look at the machine, get data, run lessons, start working, grade."""

import argparse
import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from course_utils import __version__, settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit status (0 is well, 1 a failure, 2 wrong usage)."""
    options = parser().parse_args(_lessons_last(sys.argv[1:] if arguments is None else arguments))
    from course_utils.data import DataError

    try:
        return options.action(options)
    except (OSError, ValueError, DataError) as problem:
        print(f"course: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("course: stopped", file=sys.stderr)
        return 130


def _lessons_last(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with ``--lessons`` and its numbers at the end.

    There it takes nothing else: ``--lessons`` with numbers may stand before SUBMISSIONS.

    Examples
    --------
    >>> _lessons_last(["grade", "--lessons", "03", "4", "class", "--out", "report"])
    ['grade', 'class', '--out', 'report', '--lessons', '03', '4']
    """
    words = list(arguments)
    start = words.index("--lessons") if "--lessons" in words else len(words)
    numbers = list(itertools.takewhile(str.isdigit, words[start + 1 :]))
    end = start + 1 + len(numbers)
    return [*words[:start], *words[end:], *words[start:end]]


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="course", description=__doc__.splitlines()[0])
    top.add_argument("--version", action="version", version=f"course {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("doctor", help="report what this machine has and what is missing")
    add.set_defaults(action=_doctor)

    add = commands.add_parser("data", help="list the data sets, or fetch full-size ones")
    add.add_argument("names", nargs="*", metavar="NAME", help="data sets to fetch at full size")
    add.set_defaults(action=_data)

    add = commands.add_parser("run", help="run lessons headless; results go to build/")
    add.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    add.add_argument(
        "--profile", choices=settings.PROFILES, help="default: COURSE_PROFILE or quick"
    )
    add.set_defaults(action=_run)

    add = commands.add_parser("start", help="copy a lesson and its exercises to my_work/")
    add.add_argument("lesson", metavar="NN", help="the lesson's number")
    add.set_defaults(action=_start)

    add = commands.add_parser(
        "grade",
        help="mark submissions and write a report",
        description="Mark submissions in a sandbox, on hidden inputs, and write a report.",
        epilog="Exit status: 0 graded, 1 somebody is below --pass, 2 wrong usage or no sandbox, "
        "130 stopped (the same command goes on). More: docs/graders.md",
    )
    _grade_options(add)
    return top


def _grade_options(add: argparse.ArgumentParser) -> None:
    add.add_argument(
        "submissions",
        nargs="+",
        type=Path,
        metavar="SUBMISSIONS",
        help="notebooks, folders of them, zips of a learning platform",
    )
    add.add_argument("--out", type=Path, required=True, metavar="REPORT", help="folder to write")
    add.add_argument(
        "--lessons",
        nargs="+",
        default=[],
        metavar="NN",
        help="default: those that at least half of those who answered anything answered",
    )
    add.add_argument(
        "--seed",
        type=_number(int, 0),
        metavar="N",
        help="draws the hidden inputs (default: that of the run before into REPORT, or a new one)",
    )
    add.add_argument(
        "--workers",
        type=_number(int, 1, 64),
        default=1,
        metavar="N",
        help="submissions at the same time (default: 1; the number of cores is a good one)",
    )
    add.add_argument(
        "--pass",
        type=_number(float, 0, 100),
        default=0,
        dest="needed",
        metavar="PERCENT",
        help="exit with 1 if a learner has less",
    )
    add.add_argument(
        "--patience",
        type=_number(float, 0.1, 1000),
        default=1,
        metavar="N",
        help="N times the limits of time, processor time too (slow or busy machines)",
    )
    add.add_argument("--trust", action="store_true", help="run without a sandbox (can be cheated)")
    add.set_defaults(action=_grade)


def _number(kind: type, least: float, most: float = float("inf")) -> Callable[[str], float]:
    """Return what reads a number of this kind from ``least`` to ``most``."""

    def read(text: str) -> float:
        with contextlib.suppress(ValueError):
            if least <= (number := kind(text)) <= most:
                return number
        what = "a whole number" if kind is int else "a number"
        upper = f" to {most:g}" if most < float("inf") else " up"
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} from {least:g}{upper}")

    return read


def course_folder(start: Path | None = None) -> Path:
    """Return the folder of the clone: the nearest one upwards that holds ``notebooks``.

    Raises
    ------
    FileNotFoundError
        If there is none (the notebooks are not part of the installed package).
    """
    start = start or Path.cwd()
    for folder in (start, *start.parents):
        if next((folder / "notebooks").glob("[0-9][0-9]_*.ipynb"), None):
            return folder
    raise FileNotFoundError(f"no course in {start}; go to the folder that you cloned")


def _doctor(_: argparse.Namespace) -> int:
    from course_utils.cli import doctor

    findings = doctor.findings()
    print(doctor.report(findings))
    return 1 if any(finding.missing for finding in findings) else 0


def _data(options: argparse.Namespace) -> int:
    from course_utils import data
    from course_utils.cli import doctor

    for name in options.names:
        data.fetch(name)
    print(doctor.report(doctor.data_sets()))
    return 0


def _run(options: argparse.Namespace) -> int:
    from course_utils.cli import run

    folder = course_folder()
    profile = options.profile or settings.profile().name
    out = folder / "build" / "run"
    runs = run.run_lessons(
        run.lesson_files(folder / "notebooks", options.lessons), out, profile=profile
    )
    print(run.table(runs))
    print(f"The executed notebooks are in {out.relative_to(folder)}.")
    return 0 if run.succeeded(runs) else 1


def _start(options: argparse.Namespace) -> int:
    from course_utils.cli import start

    for line in start.copy_lesson(course_folder(), options.lesson):
        print(line)
    return 0


def _grade(options: argparse.Namespace) -> int:
    from course_utils.cli import grade
    from course_utils.grading import templates

    try:
        graded = grade.grade(
            options.submissions,
            options.out,
            templates.load(course_folder() / "notebooks" / "exercises"),
            lessons=options.lessons,
            seed=options.seed,
            workers=options.workers,
            trust=options.trust,
            patience=options.patience,
        )
    except grade.AtOnce:
        print("course: stopped", file=sys.stderr, flush=True)
        os._exit(130)  # an orderly end waits for every thread; what they started ends with them
    unread = sum(bool(entry.marked.problems) for entry in graded.entries)
    low = grade.below(graded, options.needed)
    below = f", {len(low)} below {options.needed:g} %" if options.needed else ""
    print(f"{len(graded.entries)} submissions graded, {unread} with remarks{below}.")
    print(f"The report: {options.out / 'index.html'}; for the gradebook: marks.csv beside it.")
    return 1 if low else 0
