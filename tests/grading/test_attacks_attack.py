"""The attacks do attack: they win where there is no cage, or where the grader is in the kernel."""

import json
import os
import socket
import subprocess
import sys

import pytest
from attacks import ATTACKED, PORT, SECRET, WRONG, attacks

from course_utils.checks.solutions import all_solutions

NAIVE = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1])):
    shell.run_cell(cell)
"""
CHECK = "assert np.array_equal(convolve(np.array([1, 2, 3]), np.array([1, 1])), [3, 5])"
FOOL = (
    "comments_later_cells",
    "equals_everything",
    "exits_at_once",
    "mutes_the_output",
    "raises_system_exit",
    "replaces_modules",
    "rewrites_later_cells",
    "swallows_errors",
)
FIND = (
    "follows_links_out",
    "loads_the_test_packs",
    "reads_inherited_files",
    "reads_the_environment",
    "reads_the_solutions",
    "speaks_to_the_network",
)


def naive(source, folder):
    """Return whether a check inside the learner's kernel, as others grade, finds no fault."""
    (folder / "cells.json").write_text(json.dumps(["import numpy as np", source, CHECK]))
    command = [sys.executable, "-c", NAIVE, "cells.json"]
    home = {**os.environ, "IPYTHONDIR": str(folder)}
    done = subprocess.run(command, cwd=folder, env=home, capture_output=True, timeout=100)
    return done.returncode == 0 and b"Error" not in done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("name", FOOL)
def test_a_grader_in_the_kernel_would_be_fooled(name, tmp_path):
    (source,) = [one.source for one in attacks() if one.name == name]
    assert naive(source, tmp_path)


@pytest.mark.long
def test_a_grader_in_the_kernel_knows_right_from_wrong(tmp_path):
    assert naive(all_solutions()[ATTACKED], tmp_path)
    assert not naive(WRONG, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", FIND)
def test_without_a_cage_what_is_looked_for_is_found(name, tmp_path):
    (source,) = [one.source for one in attacks() if one.name == name]
    script = f"import numpy as np\n{source}\nassert found, 'nothing'"
    with (tmp_path / "report").open("w") as left_open, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("127.0.0.1", PORT))
        line.listen()
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, SECRET: "to be kept"},
            pass_fds=[left_open.fileno()],
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
