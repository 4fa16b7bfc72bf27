"""The example class gets the marks that stand beside it, every time."""

import difflib

import pytest

from course_utils.cli import grade
from course_utils.grading import templates
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
    marks = [row.split(",")[4] for row in EXPECTED.splitlines()[1:]]
    assert len(marks) >= 12
    assert marks.count("6") >= 2
    assert marks.count("0") >= 3
