"""The nbval settings notice what plain nbval lets pass."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

NBVAL = Path(__file__).parent / "nbval"


@pytest.fixture
def verdict(tmp_path):
    """Write a notebook of (code, stored standard output) cells; return nbval's status and text."""
    for name in ("conftest.py", "pytest.ini", "offline.py"):
        shutil.copy(NBVAL / name, tmp_path)

    def run(*cells, executed=True, options=()):
        notebook = new_notebook()
        for position, (code, stored) in enumerate(cells, start=1):
            outputs = [new_output("stream", name="stdout", text=stored)] if stored else []
            count = position if executed else None
            notebook.cells.append(new_code_cell(code, outputs=outputs, execution_count=count))
        nbformat.write(notebook, tmp_path / "lesson.ipynb")
        done = subprocess.run(
            [sys.executable, "offline.py", sys.executable, "-m", "pytest", "-q", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


def test_equal_outputs_pass(verdict):
    status, text = verdict(("print(1 + 1)", "2\n"), ("x = 1", ""))
    assert (status, "2 passed" in text) == (0, True), text


def test_a_different_output_fails(verdict):
    status, text = verdict(("print(1 + 1)", "3\n"))
    assert status == 1, text


def test_a_missing_output_fails(verdict):
    status, text = verdict(("x = 1", "3\n"))
    assert status == 1, text


def test_a_killed_kernel_fails_the_cell_that_killed_it_within_the_time_limit(verdict):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    status, text = verdict((code, ""), ("print(1)", "1\n"))
    assert (status, "passed" in text) == (1, False), text


def test_a_notebook_whose_last_cell_ends_the_kernel_fails(verdict):
    status, text = verdict(("print(1)", "1\n"), ("exit()", ""))
    assert status == 1, text
    assert "the kernel had ended before the notebook did" in text


def test_a_cell_that_was_never_executed_fails(verdict):
    status, text = verdict(("print(1)", ""), executed=False)
    assert status == 1, text
    assert "nothing to compare" in text


def test_a_notebook_cannot_reach_the_network(verdict):
    code = "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)"
    status, text = verdict((code, ""))
    assert status == 1, text
    assert "unreachable" in text


def test_after_an_endless_loop_no_later_cell_counts_as_passed(verdict):
    cells = ("while True: pass", ""), ("print(1)", "1\n"), ("x = 1", "")
    status, text = verdict(*cells, options=["--nbval-cell-timeout=2"])
    assert status == 1, text
    assert "3 failed" in text
    assert "passed" not in text.splitlines()[-1]
