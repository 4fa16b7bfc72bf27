"""The command ``course``: look at the machine, get data, run lessons, start working."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course_utils import __version__, settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit status (0 is well, 1 a failure, 2 wrong usage)."""
    options = parser().parse_args(arguments)
    from course_utils.data import DataError

    try:
        return options.action(options)
    except (FileNotFoundError, ValueError, DataError) as problem:
        print(f"course: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("course: stopped", file=sys.stderr)
        return 130


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
    return top


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
