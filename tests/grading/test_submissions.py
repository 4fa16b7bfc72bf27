"""What learners hand in is read as answers only, whatever it is."""

import json
import os
import stat
import subprocess
import time
import tracemalloc
import zipfile
from pathlib import Path, PurePosixPath

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading import archives, choosing, notebooks, showing, submissions

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


def test_an_id_that_comes_twice_with_different_answers_counts_as_none(tmp_path):
    both = json.loads(notebook(a1="one", a2="two"))
    both["cells"].append({**both["cells"][0], "source": "another"})
    both["cells"].append(both["cells"][1])
    (found,) = choosing.together([read_one(tmp_path, json.dumps(both).encode())], {})
    assert found.answers == {"01.2": "two"}
    assert found.problems == ("01.1 is answered more than once: none of these answers counts",)


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
    assert [one.learner for one in found] == ["ada", "Bob B"]
    zipped(tmp_path / "class.zip", **{"course__01.ipynb": notebook(a1="one")})
    assert [one.learner for one in submissions.read(tmp_path)] == ["class"]


def test_a_folder_around_all_learners_is_no_learner(tmp_path):
    members = {"class__ada__1.ipynb": notebook(a1="one"), "class__bob__1.ipynb": notebook(a1="two")}
    found = submissions.read(zipped(tmp_path / "all.zip", **members))
    assert [one.learner for one in found] == ["ada", "bob"]


def test_a_path_that_leads_outside_the_zip_gets_one_line(tmp_path):
    names = (
        "../../eve.ipynb",
        "/etc/eve.ipynb",
        "..",
        ".",
        "\\",
        "c:\\eve.ipynb",
        "a/../../b.ipynb",
    )
    for name in names:
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
            archive.writestr("bob.ipynb", notebook(a1="b"))
            archive.writestr(name, notebook(a1="eve"))
        eve, bob = sorted(
            submissions.read(tmp_path / "class.zip"), key=lambda one: one.learner == "bob"
        )
        assert bob.answers == {"01.1": "b"}
        assert eve.answers == {}
        assert [line.split(": ")[1] for line in eve.problems] == [
            "has a path that leads outside the zip"
        ], name
        assert "/" not in eve.learner


def test_a_zip_that_unpacks_to_too_much_is_not_read(tmp_path, monkeypatch):
    path = zipped(tmp_path / "ada.zip", **{"1.ipynb": b"0" * 9, "2.ipynb": b"0" * 9})
    monkeypatch.setattr(archives, "LEARNER", archives.Most(9, 10))
    (found,) = submissions.read(tmp_path)
    assert "unpacks to more than" in found.problems[0]
    monkeypatch.setattr(archives, "LEARNER", archives.Most(1, 100))
    (found,) = submissions.read(tmp_path)
    assert found.problems == ("ada.zip: holds 2 files, more than 1",)
    monkeypatch.setattr(archives, "DIRECTORY", 50)
    monkeypatch.setattr(archives._Bounded, "most", 50)
    (found,) = submissions.read(tmp_path)
    assert found.problems == ("ada.zip: lists far too many files",)
    assert path.exists()


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_that_lies_about_its_size_takes_little_memory(tmp_path, packing):
    size = 200_000_000
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("1.ipynb", b"0" * size)
    little = [number.to_bytes(4, "little") for number in (size, 1000)]
    path.write_bytes(path.read_bytes().replace(*little))
    tracemalloc.start()
    (found,) = submissions.read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.problems) == 1
    assert peak < 3 * submissions.LARGEST


def test_a_zip_without_a_file_or_with_one_without_a_name_gets_one_line(tmp_path):
    zipped(tmp_path / "ada.zip", **{".hidden": b""})
    nameless = zipped(tmp_path / "bob.zip", x=b"").read_bytes()
    (tmp_path / "bob.zip").write_bytes(nameless.replace(b"x", b"\0"))
    assert [(one.learner, one.problems) for one in submissions.read(tmp_path)] == [
        ("ada", ("ada.zip: holds no files",)),
        ("bob", ("bob.zip/unnamed: has a path that leads outside the zip",)),
    ]


def test_a_learners_zip_in_the_zip_of_a_class_is_opened_and_none_in_it(tmp_path):
    inner = zipped(tmp_path / "inner.zip", **{"1.ipynb": notebook(a1="inner")}).read_bytes()
    outer = zipped(
        tmp_path / "outer.zip", **{"work__1.ipynb": notebook(a2="outer"), "more.zip": inner}
    ).read_bytes()
    (tmp_path / "class").mkdir()
    path = zipped(
        tmp_path / "class" / "all.zip",
        **{
            "Ada L_1_assignsubmission_file___work.zip": outer,
            "bob_01.zip": inner,
            "eve.zip": b"PK",
        },
    )
    found = {one.learner: one for one in submissions.read(path)}
    assert {name: dict(one.answers) for name, one in found.items()} == {
        "Ada L": {"01.2": "outer"},
        "bob": {"01.1": "inner"},
        "eve": {},
    }
    assert found["Ada L"].problems == ("_work.zip/more.zip: is a zip inside a zip: not opened",)
    assert found["eve"].problems == ("eve.zip: is not a whole zip file",)


def test_two_people_of_one_name_are_told_apart_by_the_platforms_number(tmp_path):
    for number in (7, 8):
        folder = tmp_path / f"Ada L_{number}_assignsubmission_file_"
        folder.mkdir()
        (folder / "01_exercises.ipynb").write_bytes(notebook(a1=str(number)))
    found = submissions.read(tmp_path)
    assert [(one.learner, dict(one.answers)) for one in found] == [
        ("Ada L (7)", {"01.1": "7"}),
        ("Ada L (8)", {"01.1": "8"}),
    ]
    assert all("told apart" in one.problems[0] for one in found)


def test_files_of_one_name_are_one_learners(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "02.ipynb").write_bytes(notebook(a1="folder", a2="folder"))
    (tmp_path / "ada_01.ipynb").write_bytes(notebook(a1="file"))
    (found,) = choosing.together(submissions.read(tmp_path), {})
    assert found.answers == {"01.2": "folder"}
    assert found.problems == ("01.1 is answered more than once: none of these answers counts",)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("lovelaceada_LATE_1234_56789_01_exercises.ipynb", ("lovelaceada", "1234")),
        ("lovelaceada_1234_56789_01_exercises-2.ipynb", ("lovelaceada", "1234")),
        ("Ada L_12_assignsubmission_file_01_exercises.ipynb", ("Ada L", "12")),
        ("ada 01_exercises.ipynb", ("ada", "")),
        ("01_exercises.ipynb", ("01_exercises", "")),
        ("bruno_03_04.ipynb", ("bruno", "")),
        ("ada_01_exercises (1).ipynb", ("ada", "")),
        ("ada-exercises-03.ipynb", ("ada", "")),
        ("ada01_exercises-Copy1.ipynb", ("ada", "")),
        ("ada (12).ipynb", ("ada", "")),
        ("Tina Weiss (101).ipynb", ("Tina Weiss (101)", "")),
        ("copy1.ipynb", ("copy1", "")),
        ("ada01.ipynb", ("ada01", "")),
        ("Zoe\u0308.ipynb", ("Zoë", "")),
        (" .ipynb", (" ", "")),
    ],
)
def test_what_a_platform_adds_to_a_name_is_no_part_of_it(name, owner):
    assert submissions.owner(PurePosixPath(name)) == owner


@pytest.mark.parametrize("name", ["_" * 50_000 + "x", "_01" * 20_000, "0" * 60_000, "(1)" * 20_000])
def test_a_name_made_to_be_slow_is_read_at_once(name):
    start = time.process_time()
    submissions.owner(PurePosixPath(f"{name}.ipynb"))
    assert time.process_time() - start < 2


def test_what_is_no_file_gets_one_line_and_ends_nothing(tmp_path):
    (tmp_path / "ada.ipynb").write_bytes(notebook(a1="one"))
    (tmp_path / "bob").mkdir()
    os.mkfifo(tmp_path / "eve.ipynb")
    (tmp_path / "mia").symlink_to(tmp_path)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    found = {one.learner: one.problems for one in submissions.read(tmp_path)}
    assert found == {
        "ada": (),
        "bob": ("bob: is an empty folder",),
        "eve": ("eve.ipynb: is neither a file nor a folder",),
        "mia": ("mia: is a link: not followed",),
    }


@pytest.mark.parametrize("name", ["ada.ipynb", "ada.zip", "ada"])
def test_what_may_not_be_read_gets_one_line(tmp_path, name, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    for kind in ("read_bytes", "stat"):
        monkeypatch.setattr(Path, kind, refuse)
    (tmp_path / "bob.txt").touch()
    if name == "ada":
        (tmp_path / name).mkdir()
        scandir = os.scandir
        monkeypatch.setattr(os, "scandir", lambda p: scandir(p) if p == tmp_path else refuse())
    else:
        (tmp_path / name).touch()
    monkeypatch.setattr(Path, "is_file", lambda path: True)
    monkeypatch.setattr(Path, "is_dir", lambda path: True)
    found = {one.learner: one.problems for one in submissions.read(tmp_path)}
    assert found["ada"] == (f"{name}: can't be read: Permission denied",)
    assert found["bob"] == ("bob.txt: is not a notebook (.ipynb)",)


def test_folders_in_folders_beyond_all_reason_are_read_to_an_end(tmp_path):
    deep = tmp_path / "ada"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    (found,) = submissions.read(tmp_path)
    subprocess.run(["rm", "-rf", deep], check=True)
    assert found.problems == ("d: can't be read: File name too long",)


def test_a_long_name_does_not_hide_what_is_wrong(tmp_path):
    (found,) = submissions.read(zipped(tmp_path / "c.zip", **{"x" * 60_000 + ".ipynb": b""}))
    assert "damaged or cut off" in showing.one_line(found.problems[0])


def test_nothing_to_read_is_said_of_the_folder_itself(tmp_path):
    with pytest.raises(FileNotFoundError, match="no submissions in"):
        submissions.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is nothing at"):
        submissions.read(tmp_path / "nothing")


@pytest.mark.parametrize(
    "content", [b"[" + b"[]," * 600_000, b'{"nbformat": 4, "cells": [' * 300_000]
)
def test_json_that_would_fill_the_memory_is_not_parsed(tmp_path, content):
    tracemalloc.start()
    found = read_one(tmp_path, content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.problems == ("ada_01.ipynb: holds far too much: clear its outputs and hand it in",)
    assert peak < 3 * len(content)


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


@pytest.mark.parametrize("letter", ["a", "\N{GREEK SMALL LETTER ALPHA}"])
def test_an_answer_that_could_carry_a_table_of_labels_is_not_taken(tmp_path, letter):
    room = notebooks.LONGEST // len(letter.encode())
    assert read_one(tmp_path, notebook(a1=letter * room)).answers
    found = read_one(tmp_path, notebook(a1=letter * (room + 1)))
    assert not found.answers
    assert found.problems == ("ada_01.ipynb: the answer to 01.1 is longer than 20,000 bytes",)
