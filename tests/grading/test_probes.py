"""Probes ask what only a right answer knows; what is right never goes into the kernel."""

from pathlib import Path

import numpy as np
import pytest

from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, templates
from course_utils.grading.needing import needed
from course_utils.grading.probes import drawing

EXERCISES = templates.load(Path(__file__).parents[2] / "notebooks" / "exercises")
ASKED = [id for id in EXERCISES if drawing.find(id)]
WITHOUT = {
    "03.2",
    "03.3",
    "03.4",
    "04.2",
    "04.3",
    "04.4",
    "05.3",
    "06.2",
    "06.3",
    "07.3",
    "07.4",
    "08.4",
}


def ask(id, seed=5):
    return drawing.ask(EXERCISES[id], all_solutions()[id], seed)


def test_every_exercise_has_probes_or_is_known_to_have_none():
    assert set(EXERCISES) - set(ASKED) == WITHOUT


@pytest.mark.parametrize("id", ASKED)
def test_a_seed_gives_the_same_probes_and_another_seed_others(id):
    first, second, other = ask(id), ask(id), ask(id, 6)
    assert first == second
    assert all(a.code != b.code and a.line == b.line for a, b in zip(first, other, strict=True))
    assert len({probe.printed for probe in first}) == len(first) >= 3


@pytest.mark.parametrize("id", ASKED)
def test_the_answer_to_one_probe_answers_no_other_seed(id):
    assert not {probe.printed for probe in ask(id)} & {probe.printed for probe in ask(id, 6)}


@pytest.mark.parametrize("id", ["01.1", "02.3"])
def test_what_is_right_stands_only_where_nbval_compares(id):
    asked = ask(id)
    notebook = templates.notebook(EXERCISES[id], "answer", {}, asked, seconds=1, heavy=False)
    code = "".join(cell.source for cell in notebook.cells)
    assert all(probe.printed.strip() not in code for probe in asked)
    assert [cell.outputs[0].text for cell in notebook.cells[3:]] == [p.printed for p in asked]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("def f(x): return None", "returns None"),
        ("def f(x): return 'four'", "not numbers"),
        ("def f(x): return True", "not numbers"),
        ("def f(x): x[0] = 9; return x", "changes its input in place"),
        ("def f(x): return 1 / 0", "ZeroDivisionError"),
    ],
)
def test_an_odd_result_is_said_in_one_line_of_json(answer, said):
    names = {}
    exec(f"{answer}\n{asking.ASK}", names)
    printed = asking.printed(names, asking.question("f", [(np.array([1, 2]),)], 1e-6))
    assert said in printed
    assert printed.count("\n") == 1


def test_a_question_pays_only_for_the_imports_that_its_answer_uses():
    setup, solution = EXERCISES["03.1"].setup, all_solutions()["03.1"]
    assert "keras" not in needed(setup, {}, [solution])
    assert "import keras" in needed(setup, {}, ["keras.utils"])


def test_another_answer_comes_along_where_its_name_is_used_and_only_there():
    others = {"02.2": "import os\ndef max_pool(image):\n    window = 3"}
    assert "max_pool" in needed((), others, ["def f():\n    return max_pool(1)"])
    assert needed((), others, ["def f():\n    window = 1\n    return window"]) == ""
    assert needed((), {"02.2": "def max_pool(:"}, ["max_pool"]) == ""
