"""What learners hand in is read as answers only, whatever it is."""

import json
import stat
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading import archives, submissions

ANSWER = b'{"cells": [{"metadata": {"exercise": {"role": "answer", "id": %s}}}], "nbformat": 4}'


def notebook(**answers):
    cells = [
        new_code_cell(code, metadata={"exercise": {"id": f"01.{name[1]}", "role": "answer"}})
        for name, code in answers.items()
    ]
    return nbformat.writes(new_notebook(cells=cells)).encode()


def read_one(tmp_path, content, name="ada_01.ipynb"):
    (tmp_path / name).write_bytes(content)
    (found,) = submissions.read(tmp_path)
    return found


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def test_a_notebook_gives_its_answers_by_id_in_any_order(tmp_path):
    found = read_one(tmp_path, notebook(a2="two", a1="one"))
    assert (found.learner, found.answers, found.problems) == (
        "ada",
        {"01.1": "one", "01.2": "two"},
        (),
    )


def test_only_answer_cells_are_taken(tmp_path):
    cells = [new_code_cell("evil"), new_markdown_cell("text"), new_code_cell("check('01.1')")]
    cells[2].metadata = {"exercise": {"id": "01.1", "role": "check"}}
    found = read_one(tmp_path, nbformat.writes(new_notebook(cells=cells)).encode())
    assert found.answers == {}
    assert found.problems == ("ada_01.ipynb: no answer cells in it",)


def test_an_id_that_comes_twice_counts_as_none(tmp_path):
    both = json.loads(notebook(a1="one", a2="two"))
    both["cells"].append(both["cells"][0])
    found = read_one(tmp_path, json.dumps(both).encode())
    assert found.answers == {"01.2": "two"}
    assert "01.1 is answered more than once" in found.problems[0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "damaged or cut off"),
        (notebook(a1="one")[:-30], "damaged or cut off"),
        (b"[1, 2]", "not a notebook of version 4"),
        (b'{"cells": 3, "nbformat": 4}', "not a notebook of version 4"),
        (b'{"worksheets": [], "nbformat": 3}', "version 3"),
        ("é".encode("latin-1"), "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (ANSWER % b'["01.1"]',
         "without a proper id"),
        (ANSWER % b'"01.1"',
         "holds no code"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_proper_notebook_gets_one_line(tmp_path, content, problem):
    found = read_one(tmp_path, content)
    assert found.answers == {}
    assert [problem in line for line in found.problems] == [True]


def test_a_huge_notebook_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST", 100)
    assert "too large" in read_one(tmp_path, notebook(a1="x" * 200)).problems[0]


def test_learners_are_named_by_folder_or_file_and_links_are_not_followed(tmp_path):
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "01_exercises.ipynb").write_bytes(notebook(a1="eve"))
    (tmp_path / "bob-01.ipynb").write_bytes(notebook(a1="bob"))
    (tmp_path / "mia.ipynb").symlink_to(tmp_path / "bob-01.ipynb")
    found = {one.learner: one for one in submissions.read(tmp_path)}
    assert {name: dict(one.answers) for name, one in found.items()} == {
        "eve": {"01.1": "eve"},
        "bob": {"01.1": "bob"},
        "mia": {},
    }
    assert found["mia"].problems == ("mia.ipynb: is a link: not followed",)


def test_a_zip_is_a_class_and_a_zip_in_a_folder_is_a_learner(tmp_path):
    members = {"ada__01.ipynb": notebook(a1="one"), "Bob B_3_assignsubmission_file___1.ipynb": b""}
    found = submissions.read(zipped(tmp_path / "class.zip", **members))
    assert [one.learner for one in found] == ["Bob B", "ada"]
    zipped(tmp_path / "class.zip", **{"course__01.ipynb": notebook(a1="one")})
    assert [one.learner for one in submissions.read(tmp_path)] == ["class"]


def test_a_folder_around_all_learners_is_no_learner(tmp_path):
    members = {"class__ada__1.ipynb": notebook(a1="one"), "class__bob__1.ipynb": notebook(a1="two")}
    found = submissions.read(zipped(tmp_path / "all.zip", **members))
    assert [one.learner for one in found] == ["ada", "bob"]


def test_a_zip_that_leads_outside_or_is_a_bomb_gets_one_line_each(tmp_path, monkeypatch):
    path = zipped(
        tmp_path / "class.zip", **{"..__..__eve.ipynb": b"{}", "bob.ipynb": notebook(a1="b")}
    )
    found = {one.learner: one for one in submissions.read(path)}
    assert found["eve"].problems == ("eve.ipynb: has a path that leads outside the zip",)
    assert found["bob"].answers == {"01.1": "b"}
    monkeypatch.setattr(archives, "MOST_BYTES", 10)
    (bomb,) = submissions.read(path)
    assert "unpacks to more than" in bomb.problems[0]


def test_a_link_in_a_zip_and_half_a_zip_are_not_graded(tmp_path):
    link = zipfile.ZipInfo("eve.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    (found,) = submissions.read(tmp_path / "class.zip")
    assert found.problems == ("eve.ipynb: is a link: not followed",)
    (tmp_path / "class.zip").write_bytes((tmp_path / "class.zip").read_bytes()[:40])
    (found,) = submissions.read(tmp_path / "class.zip")
    assert found.problems == ("class.zip: is not a whole zip file",)
