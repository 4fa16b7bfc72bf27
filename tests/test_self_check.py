"""A learner's filled-in notebook gets the same verdicts from nbval as from its checks."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from nbval_runs import environment

from tools.notebooks import ROOT, targets

CLASS = ROOT / "docs" / "class_repository"
WORKFLOW = yaml.safe_load((CLASS / ".github/workflows/check.yml").read_text(encoding="utf-8"))
WRONG = "def convolve(sequence, weights):\n    return np.correlate(sequence, weights, 'valid')"
VERDICTS = {"01.1": "right", "01.2": "CheckFailed", "01.3": "CheckFailed", "01.4": "right"}


@pytest.fixture(scope="module")
def filled_in(tmp_path_factory):
    """A notebook in exercises/ whose second answer is wrong, the third blank, the others right."""
    exercises, solutions = (
        next(t.notebook() for t in targets(["01"]) if t.kind == kind)
        for kind in ("exercises", "solutions")
    )
    for cell, solved in zip(exercises.cells, solutions.cells, strict=True):
        about = cell.metadata.get("exercise", {})
        if about.get("role") == "answer" and about["id"] != "01.3":
            cell.source = WRONG if about["id"] == "01.2" else solved.source
    path = tmp_path_factory.mktemp("class") / "exercises" / "01_exercises.ipynb"
    path.parent.mkdir()
    nbformat.write(exercises, path)
    return path


def by_nbval(path, command):
    """Run a command in the folder of a class; return the verdict on each code cell in order."""
    variables = environment(ROOT, path.parent) | {"PYTEST_ADDOPTS": "--junitxml=report.xml"}
    folder = path.parents[1]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    cases = ElementTree.parse(folder / "report.xml").findall(".//testcase")
    texts = ["".join(child.text for child in case.findall("*")) for case in cases]
    return ["CheckFailed" if "CheckFailed: " in text else text or "right" for text in texts]


@pytest.fixture(scope="module")
def by_checks(filled_in):
    """Run the notebook as a learner does; the verdict on each code cell in order."""
    notebook = nbformat.read(filled_in, as_version=4)
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    errors = [[o.ename for o in cell.outputs if o.output_type == "error"] for cell in cells]
    found = [error[0] if error else "right" for error in errors]
    ids = [c.metadata.exercise.id if is_check(c) else None for c in cells]
    assert {id: verdict for id, verdict in zip(ids, found, strict=True) if id} == VERDICTS
    return found


def is_check(cell):
    return cell.metadata.get("exercise", {}).get("role") == "check"


def test_nbval_in_the_clone_gives_the_verdicts_of_the_checks(filled_in, by_checks):
    settings = ["-c", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "pytest", *settings, "--nbval-lax", str(filled_in)]
    assert by_nbval(filled_in, command) == by_checks


def test_so_does_what_the_workflow_of_a_class_runs(filled_in, by_checks):
    steps = WORKFLOW["jobs"]["check"]["steps"]
    program, *command = steps[-1]["run"].split()
    assert program == "python"
    assert by_nbval(filled_in, [sys.executable, *command]) == by_checks


def test_the_workflow_of_a_class_can_read_its_own_repository_and_nothing_else():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in WORKFLOW[True], "YAML reads the key `on` as true"
    assert "secrets" not in str(WORKFLOW)
    install = WORKFLOW["jobs"]["check"]["steps"][2]["run"]
    assert install == 'python -m pip install "cnn-course @ git+https://github.com/$COURSE"'


def test_the_commands_of_the_documentation_are_the_tested_ones():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert ".venv/bin/python -m pytest --nbval-lax my_work/exercises/" in readme
    assert "OWNER/REPOSITORY" in (CLASS / "README.md").read_text(encoding="utf-8")
    assert WORKFLOW["env"]["COURSE"] == "OWNER/REPOSITORY"
