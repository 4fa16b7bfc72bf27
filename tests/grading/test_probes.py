"""Probes ask what only a right answer knows; what is right never goes into the kernel."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from course_utils import load
from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, handover, templates
from course_utils.grading.needing import needed
from course_utils.grading.probes import drawing

EXERCISES = templates.load(Path(__file__).parents[2] / "notebooks" / "exercises")
ASKED = [id for id in EXERCISES if drawing.find(id)]


@functools.cache
def ask(id, seed=5):
    return drawing.ask(EXERCISES[id], all_solutions()[id], seed)


def test_every_exercise_has_probes():
    assert list(EXERCISES) == ASKED


@pytest.mark.parametrize("id", ASKED)
def test_a_seed_gives_the_same_probes_and_another_seed_others(id):
    first, second, other = ask(id), ask.__wrapped__(id), ask(id, 6)
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


def named(answer, images):
    """What a kernel prints that is asked for the classes of images."""
    names = {"answer": answer}
    exec(asking.ASK, names)
    return asking.printed(names, asking.naming("answer", images))


def test_images_come_out_of_a_question_as_they_went_in_and_classes_come_back():
    images, seen = np.arange(24, dtype=np.uint8).reshape(2, 4, 3, 1), []
    assert named(lambda given: seen.append(given) or np.array([3, 1]), images) == "[3, 1]\n"
    np.testing.assert_array_equal(seen[0], images)


@pytest.mark.parametrize("answer", [None, [1], [[1], [2]], [1.0, 2.0], [True, False], "ab"])
def test_what_is_no_class_for_each_image_is_said_in_one_line(answer):
    printed = named(lambda images: answer, np.zeros((2, 4, 4, 1), np.uint8))
    assert "TypeError: no class for each image" in json.loads(printed)[0]["error"]
    assert printed.count("\n") == 1


def test_labels_of_hidden_images_stand_only_where_they_are_compared():
    asked = ask("03.4")
    notebook = templates.apart("{}", asked, seconds=1)
    cells = notebook.cells[templates.PROBES_START :]
    assert [cell.metadata["agree"] for cell in cells] == [probe.agree for probe in asked]
    for cell, probe in zip(cells, asked, strict=True):
        assert str(json.loads(probe.printed))[1:60] not in cell.source
        assert cell.outputs[0].text == probe.printed


def test_a_kernel_that_hands_a_network_over_sees_no_question():
    asked = ask("03.4")
    notebook = templates.notebook(EXERCISES["03.4"], "answer", {}, asked, seconds=1, heavy=True)
    cells = notebook.cells[templates.PROBES_START :]
    assert [cell.source for cell in cells] == [handover.leaving()]
    assert "answer" not in [cell.source for cell in templates.apart("", asked, seconds=1).cells]


def test_hidden_images_are_no_images_of_the_pack_and_fit_into_what_a_kernel_may_send():
    known = {image.tobytes() for image in load("fashion_mnist").x_test}
    hidden = []
    for probe in ask("03.4"):
        kernel = {}
        exec(asking.ASK, kernel)
        exec(probe.code, kernel | {"_name": lambda function, images: hidden.extend(images)})
    assert len(hidden) == 2_000
    assert not known & {image.tobytes() for image in hidden}
    assert sum(len(probe.code) for probe in ask("03.4")) < 700_000
