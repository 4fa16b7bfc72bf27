import builtins

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import solution
from tools import solutions

SOLVED = "One solution of 01.2 (yours may be another):\n\ndef convolve(sequence, weights):\n"


def test_the_package_ships_the_solutions_that_the_sources_hold():
    assert solutions.PATH.read_text(encoding="utf-8") == solutions.text()
    assert "SOLUTION" not in solutions.text()


@pytest.mark.parametrize(
    ("said", "shows"), [("y", True), (" Yes ", True), ("", False), ("n", False)]
)
def test_a_solution_is_shown_after_asking(said, shows, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(builtins, "input", lambda prompt: asked.append(prompt) or said)
    solution("01.2")
    printed = capsys.readouterr().out
    assert printed.startswith(SOLVED) == shows
    assert shows or printed == 'Not shown. For a nudge: hint("01.2")\n'
    assert asked


def test_where_nobody_can_be_asked_a_solution_says_how_to_see_it():
    cells = [
        new_code_cell("from course_utils import solution\nsolution('01.2')"),
        new_code_cell("solution('01.2', sure=True)"),
    ]
    notebook = new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3").execute()
    first, second = (cell.outputs[0].text for cell in notebook.cells)
    assert first == 'Nobody can be asked here. To see it: solution("01.2", sure=True)\n'
    assert second.startswith(SOLVED)


def test_an_unknown_exercise_has_no_solution():
    with pytest.raises(ValueError, match=r"lesson 01 has 01\.1"):
        solution("01.9")
