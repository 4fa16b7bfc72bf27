"""Marks from what nbval reports, whole or not; and grading without a cage."""

import json
import os

import nbformat
import pytest

from course_utils.checks.solutions import all_solutions
from course_utils.grading import nbval, run, templates
from course_utils.grading.nbval import Case
from course_utils.grading.submissions import Submission
from tools.notebooks import ROOT

IDS = ("01.1", "01.2", "01.3")
RIGHT = {id: code for id, code in all_solutions().items() if id in IDS}
CASE = '<testcase name="cell">{}</testcase>'
REPORT = "<testsuites><testsuite>{}</testsuite></testsuites>"


@pytest.fixture(scope="module")
def grader():
    known = templates.load(ROOT / "notebooks" / "exercises")
    with run.grader({id: known[id] for id in IDS}, seed=5, trust=True, patience=4) as grader:
        yield grader


@pytest.fixture
def without_kernels(monkeypatch):
    """Replace nbval: all cells are right, but with BREAK in an answer there is no report."""
    runs = []

    def fake(folder, seconds, *, caged):
        notebooks = [nbformat.read(path, 4) for path in sorted(folder.glob("*.ipynb"))]
        runs.append(len(notebooks))
        cells = [cell.source for notebook in notebooks for cell in notebook.cells]
        if not any("BREAK" in source for source in cells):
            text = REPORT.format(CASE.format("") * len(cells))
            (folder / nbval.REPORT).write_text(text, encoding="utf-8")

    monkeypatch.setattr(nbval, "run", fake)
    return runs


def earned(marked):
    return {mark.id: mark.earned for mark in marked.marks}


def test_all_answers_of_a_learner_go_to_one_nbval(grader, without_kernels):
    assert earned(grader.grade(Submission("ada", RIGHT))) == {"01.1": 1, "01.2": 2, "01.3": 3}
    assert without_kernels == [3]


def test_an_answer_that_ends_nbval_is_stopped_and_the_others_are_graded(grader, without_kernels):
    marked = grader.grade(Submission("eve", {**RIGHT, "01.2": "BREAK"}))
    assert earned(marked) == {"01.1": 1, "01.2": 0, "01.3": 3}
    assert marked.marks[1].problem.startswith("grading was stopped")
    assert without_kernels == [3, 1, 1, 1]


def test_what_needs_no_kernel_starts_none(grader, without_kernels):
    blank = grader.exercises["01.2"].blank
    marked = grader.grade(Submission("bob", {"01.1": " \n", "01.2": blank + "\n", "09.9": "x"}))
    problems = [mark.problem for mark in marked.marks]
    assert problems == ["no answer", "no answer: the cell is as it was handed out", "no answer"]
    assert marked.problems == ("09.9 is answered, which is not among the exercises graded",)
    assert without_kernels == []


def report(folder, *cases, end=None):
    text = REPORT.format("".join(map(CASE.format, cases)))[:end]
    (folder / nbval.REPORT).write_text(text, encoding="utf-8")
    return nbval.verdicts(folder, 2)


@pytest.mark.parametrize("tag", ["failure", "error", "skipped", "anything"])
def test_only_a_case_without_any_verdict_has_passed(tag, tmp_path):
    found = report(tmp_path, "<properties/><system-out>x</system-out>", f"<{tag}/>")
    assert found == [Case(True, {}), Case(False, {})]


def test_half_a_report_is_none(tmp_path):
    assert nbval.verdicts(tmp_path, 0) is None
    assert report(tmp_path, "", "", end=-8) is None
    assert report(tmp_path, "") is None
    assert report(tmp_path, "", "", "") is None
    assert len(report(tmp_path, "", "")) == 2


@pytest.mark.parametrize(
    ("value", "said"), [(json.dumps({"stopped": "x"}), {"stopped": "x"}), ("{", {})]
)
def test_what_a_cell_said_may_be_broken(value, said, tmp_path):
    value = value.replace('"', "&quot;")
    property = f'<properties><property name="said" value="{value}"/></properties>'
    assert report(tmp_path, f"{property}<failure/>", "")[0] == Case(False, said)


@pytest.mark.parametrize(
    ("stopped", "message"),
    [
        ("SyntaxError: '(' was never closed (3266435512.py, line 1)",
         "stopped: SyntaxError: '(' was never closed, line 1"),
        ("sent what is no message", "stopped: it sent something that is no message"),
        ("took too long", "stopped: it took too long"),
        ("ValueError: f (1.py, line 2) g", "stopped: ValueError: f (1.py, line 2) g"),
    ],
)  # fmt: skip
def test_why_an_answer_was_stopped_is_said_in_words_for_a_learner(stopped, message):
    assert run._message({"stopped": stopped}) == message


def test_trusted_answers_run_without_a_cage_on_the_same_package(grader):
    source = """
import os, course_utils
assert os.getuid() == {}, "another user"
assert not os.path.exists(os.path.join(course_utils.__path__[0], "grading")), "the whole course"
"""
    answers = {"01.1": source.format(os.getuid()) + RIGHT["01.1"]}
    mark = grader.grade(Submission("ada", answers)).marks[0]
    assert mark.earned == 1, mark
