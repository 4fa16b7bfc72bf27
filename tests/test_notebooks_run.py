"""nbval compares every lesson and solution: from the wheel, in an empty folder, offline."""

import subprocess
import sys

import nbformat
import pytest
from nbval_runs import build_wheel, code_cells, environment, nbval

from course_utils.cli import run
from tools.notebooks import targets

EXECUTED = [target.path for target in targets() if target.kind != "exercises"]
BLANK = [target.path for target in targets() if target.kind == "exercises"]


@pytest.fixture(scope="session")
def wheel_site(tmp_path_factory):
    """A folder with the course installed from its wheel, and nothing of the checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


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
def test_every_lesson_and_solution_repeats_its_stored_outputs(wheel_site, tmp_path):
    assert EXECUTED
    variables = environment(wheel_site, tmp_path / "cache")
    status, cases, output = nbval(tmp_path, EXECUTED, variables)
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
