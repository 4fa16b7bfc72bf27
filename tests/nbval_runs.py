"""How the tests run notebooks: strictly by nbval, offline, with a course of their choice."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat

from tools.notebooks import ROOT

NBVAL = ROOT / "tests" / "nbval"


def build_wheel(folder: Path) -> Path:
    """Build the wheel into ``folder`` and unpack it there; return the folder to import from."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    shutil.unpack_archive(wheel, folder / "site", "zip")
    return folder / "site"


def environment(site: Path | None, cache: Path) -> dict[str, str]:
    """Variables of a strict quick run that finds the course in ``site`` and no downloads."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PYTEST_"))}
    strict = {"COURSE_STRICT": "1", "COURSE_PROFILE": "quick", "COURSE_CACHE": str(cache)}
    return keep | strict | ({"PYTHONPATH": str(site)} if site else {})


def nbval(folder: Path, notebooks: list[Path], variables: dict[str, str], python=sys.executable):
    """Run nbval in an empty ``folder``, offline; return exit status, test cases and output."""
    for name in ("conftest.py", "pytest.ini", "offline.py"):
        shutil.copy(NBVAL / name, folder)
    for path in notebooks:
        (folder / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, folder / path.parent.name)
    command = [python, "offline.py", python, "-m", "pytest", "--junitxml=report.xml", "-q"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    report = folder / "report.xml"
    cases = ElementTree.parse(report).findall(".//testcase") if report.exists() else []
    return done.returncode, cases, done.stdout[-20_000:] + done.stderr[-5_000:]


def code_cells(paths: list[Path]) -> int:
    """The number of code cells that nbval turns into test cases."""
    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    return sum(cell.cell_type == "code" for notebook in notebooks for cell in notebook.cells)
