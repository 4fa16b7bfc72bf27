"""Run nbval outside the cage, over the notebooks in a folder, and read what it found."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPORT = "report.xml"
HANDED = ".handed.json"  # what a notebook's answer hands over, beside the notebook
MEMORY = 1_500 << 20  # bytes of address space of nbval itself
SOCKETS = 1 << 20  # bytes of the disk where a kernel's sockets lie


@dataclass(frozen=True)
class Case:
    """Nbval's verdict on one cell, and what the cell said if it failed."""

    passed: bool
    said: Mapping[str, str]


def run(folder: Path, seconds: float, *, caged: bool) -> None:
    """Run nbval over the notebooks in ``folder`` by their names, for ``seconds`` at most."""
    subprocess.run(
        [*_around(folder, seconds, caged), *_command(folder)],
        cwd=folder,
        env=_variables(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the grader
    )


def verdicts(folder: Path, cells: int) -> list[Case] | None:
    """Return the verdicts on all cells by order; None if the report is not whole."""
    try:
        cases = ElementTree.parse(folder / REPORT).findall(".//testcase")
    except (OSError, ElementTree.ParseError):
        return None
    return [_case(case) for case in cases] if len(cases) == cells else None


def handed(notebook: Path) -> str:
    """Return what a kernel printed to hand over; ``""`` if it did not come to that."""
    try:
        return notebook.with_suffix(HANDED).read_text(encoding="utf-8")
    except OSError:
        return ""


def _case(case: ElementTree.Element) -> Case:
    verdicts = [child.tag for child in case if child.tag not in ("properties", "system-out")]
    values = [p.get("value", "") for p in case.iter("property") if p.get("name") == "said"]
    try:
        said = json.loads(values[0]) if values else {}
    except ValueError:
        said = {}
    return Case(not verdicts, said)


def _around(folder: Path, seconds: float, caged: bool) -> list[str]:
    """Return the command around nbval: limits, and small disks in memory for the sockets."""
    limits = ["timeout", "-k", "5", str(seconds), "prlimit", f"--as={MEMORY}:", "--core=0"]
    if not caged:
        return limits
    limits = ["setpriv", "--pdeathsig", "KILL", *limits]  # nothing outlives the grader
    small = ["--perms", "0777", "--size", str(SOCKETS), "--tmpfs"]
    disks = [word for place in sorted((folder / "r").iterdir()) for word in (*small, str(place))]
    return [*limits, "bwrap", "--dev-bind", "/", "/", *disks, "--die-with-parent", "--"]


def _command(folder: Path) -> list[str]:
    names = ("course_utils.grading.quick", "nbval.plugin", "course_utils.grading.strict")
    plugins = [word for name in (*names, "no:cacheprovider") for word in ("-p", name)]
    report = [f"--junitxml={REPORT}", "-o", "junit_logging=no", "-o", "xfail_strict=true"]
    start = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", f"--rootdir={folder}"]
    notebooks = sorted(path.name for path in folder.glob("*.ipynb"))
    waiting = ["--nbval", "--nbval-kernel-startup-timeout=600"]  # the outer limit comes first
    return [*start, *plugins, *report, *waiting, *notebooks]


def _variables(folder: Path) -> dict[str, str]:
    """Return what nbval finds in its environment (a caged kernel has its own)."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return keep | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "JUPYTER_PATH": str(folder),
        "TMPDIR": str(folder / "r"),  # where each kernel has its folder
        "JUPYTER_PLATFORM_DIRS": "1",
        "LANG": "C.UTF-8",
    }
