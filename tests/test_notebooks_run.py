"""nbval compares every lesson and solution: from the wheel, in an empty folder, offline."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest

from course_utils.cli import run
from tools.notebooks import ROOT, targets

NBVAL = ROOT / "tests" / "nbval"
EXECUTED = [target.path for target in targets() if target.kind != "exercises"]
BLANK = [target.path for target in targets() if target.kind == "exercises"]


@pytest.fixture(scope="session")
def wheel_site(tmp_path_factory):
    """A folder with the course installed from its wheel, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    shutil.unpack_archive(wheel, site, "zip")
    return site


@pytest.fixture
def empty_folder(tmp_path):
    """A folder that holds nothing but nbval's settings."""
    for name in ("conftest.py", "pytest.ini", "offline.py"):
        shutil.copy(NBVAL / name, tmp_path)
    return tmp_path


def environment(site: Path | None, cache: Path) -> dict[str, str]:
    """Variables of a strict quick run that finds the course in ``site`` and no downloads."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PYTEST_"))}
    strict = {"COURSE_STRICT": "1", "COURSE_PROFILE": "quick", "COURSE_CACHE": str(cache)}
    return keep | strict | ({"PYTHONPATH": str(site)} if site else {})


def nbval(folder: Path, notebooks: list[Path], variables: dict[str, str], python=sys.executable):
    """Run nbval in ``folder`` without network; return its exit status, test cases and output."""
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


def test_the_wheel_alone_serves_the_package_and_its_data(wheel_site, tmp_path):
    code = (
        "import course_utils; print(course_utils.__file__);"
        "print(course_utils.load('fashion_mnist').x_train.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment(wheel_site, tmp_path), capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        str(wheel_site / "course_utils" / "__init__.py"),
        "(10000, 28, 28, 1)",
    ], done.stderr


@pytest.mark.timeout(2400)
def test_every_lesson_and_solution_repeats_its_stored_outputs(wheel_site, empty_folder):
    assert EXECUTED
    variables = environment(wheel_site, empty_folder / "cache")
    status, cases, output = nbval(empty_folder, EXECUTED, variables)
    assert status == 0, output
    assert len(cases) == code_cells(EXECUTED)
    assert not [case.get("name") for case in cases if len(case.findall("*"))], output


@pytest.mark.parametrize("path", BLANK, ids=lambda path: path.stem)
def test_a_blank_exercise_fails_at_its_checks_and_nowhere_else(path, wheel_site, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    variables = environment(wheel_site, tmp_path)
    run.execute(notebook, path.stem, tmp_path, environment=variables, allow_errors=True)
    failures = {
        position: output.ename
        for position, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }
    checks = [
        position
        for position, cell in enumerate(notebook.cells)
        if cell.metadata.get("exercise", {}).get("role") == "check"
    ]
    assert checks
    assert failures == dict.fromkeys(checks, "CheckFailed")
