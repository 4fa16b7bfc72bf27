"""The example class gets the marks that stand beside it, every time."""

import csv
import difflib

import pytest

from course_utils.cli import grade
from course_utils.grading import submissions, templates
from tools.build_class import CLASS
from tools.notebooks import ROOT

EXPECTED = (CLASS / "marks.csv").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize(("seed", "workers"), [(1, 2), (1, 1), (2, 1)])
def test_the_example_class_gets_the_marks_beside_it(tmp_path, seed, workers):
    exercises = templates.load(ROOT / "notebooks" / "exercises")
    grade.grade([CLASS / "submissions"], tmp_path, exercises, seed=seed, workers=workers)
    found = (tmp_path / "marks.csv").read_text(encoding="utf-8")
    assert found == EXPECTED, "".join(
        difflib.ndiff(EXPECTED.splitlines(True), found.splitlines(True))
    )


def test_the_example_class_has_submissions_of_every_kind():
    rows = list(csv.DictReader(EXPECTED.splitlines()))
    marks = [row["points"] for row in rows]
    assert len(marks) >= 12
    assert marks.count("8") >= 2
    assert marks.count("0") >= 3
    assert sum(mark not in ("0", "8") for mark in marks) >= 3
    assert sum(bool(row["problems"]) for row in rows) >= 5


def test_broken_submissions_get_their_line_without_any_kernel():
    found = {one.learner: one for one in submissions.read(CLASS / "submissions")}
    for row in csv.DictReader(EXPECTED.splitlines()):
        if ".ipynb: " in row["problems"] or ".pdf: " in row["problems"]:
            assert found[row["learner"]].problems == (row["problems"],)
            assert not found[row["learner"]].answers
