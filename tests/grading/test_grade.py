"""`course grade` around the marking: whose lessons count, what is kept, when it refuses."""

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course_utils import cli
from course_utils.cli import grade as grading
from course_utils.grading import choosing, run, templates
from course_utils.grading.marks import Mark, Marked, Probe
from course_utils.grading.submissions import Submission
from tools.build_class import CLASS, files
from tools.build_class import main as build_class
from tools.notebooks import ROOT

SUBMISSIONS = CLASS / "submissions"


class Pretending:
    """Marks without a kernel: an answer is right if it holds its own id, and counts calls."""

    def __init__(self, exercises, **settings):
        self.exercises, self.settings, self.graded = exercises, settings, []

    def grade(self, submission):
        self.graded.append(submission.answers)
        marks = (
            Mark(id, one.points, (Probe("def" in submission.answers.get(id, "")),))
            for id, one in self.exercises.items()
        )
        return Marked(submission.learner, tuple(marks))


@pytest.fixture
def pretending(monkeypatch):
    """Every grader that `course grade` makes, in order."""
    made = []

    @contextlib.contextmanager
    def grader(exercises, **settings):
        made.append(Pretending(exercises, **settings))
        yield made[-1]

    monkeypatch.setattr(run, "grader", grader)
    monkeypatch.chdir(ROOT)
    return made


def course_grade(*arguments):
    return cli.main(["grade", *map(str, arguments)])


def rows(out):
    with (out / "marks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_report_has_every_learner_of_the_class_once(pretending, tmp_path):
    assert course_grade(SUBMISSIONS, "--out", tmp_path, "--seed", 1) == 0
    wanted = [row["learner"] for row in csv.DictReader((CLASS / "marks.csv").open())]
    assert [row["learner"] for row in rows(tmp_path)] == wanted


def test_a_second_run_marks_nothing_again_and_writes_the_same_bytes(pretending, tmp_path):
    course_grade(SUBMISSIONS, "--out", tmp_path)
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    course_grade(SUBMISSIONS, "--out", tmp_path)
    assert not pretending[1].graded
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == first
    assert pretending[0].settings == pretending[1].settings, "the seed is that of the first run"


def test_a_seed_that_is_drawn_is_too_long_to_be_searched_for(tmp_path):
    keep = grading.kept.Kept(tmp_path / "kept")
    keep.open()
    seeds = {grading.kept.Kept(tmp_path / "kept").seed() for _ in range(3)}
    assert seeds == {keep.seed()}
    assert max(seeds) > 2**100


def test_a_seed_that_was_given_is_that_of_the_next_run_too(pretending, tmp_path):
    for seed in (("--seed", 5), (), ("--seed", 6), ()):
        course_grade(SUBMISSIONS / "ada.ipynb", "--out", tmp_path, *seed)
    assert [one.settings["seed"] for one in pretending] == [5, 5, 6, 6]


def test_an_interrupted_run_goes_on_where_it_stopped(pretending, tmp_path, monkeypatch):
    graded = Pretending.grade

    def interrupted(self, submission):
        if len(self.graded) == 3:
            raise KeyboardInterrupt
        return graded(self, submission)

    monkeypatch.setattr(Pretending, "grade", interrupted)
    assert course_grade(SUBMISSIONS, "--out", tmp_path, "--seed", 1) == 130
    monkeypatch.setattr(Pretending, "grade", graded)
    assert course_grade(SUBMISSIONS, "--out", tmp_path, "--seed", 1) == 0
    alone = {str(sorted(answers.items())) for answers in pretending[1].graded}
    assert alone.isdisjoint(str(sorted(a.items())) for a in pretending[0].graded)


def test_another_seed_and_another_answer_are_marked_anew(pretending, tmp_path):
    shutil.copytree(SUBMISSIONS, tmp_path / "class")
    command = (tmp_path / "class", "--out", tmp_path / "out", "--seed")
    course_grade(*command, 1)
    course_grade(*command, 2)
    assert pretending[1].graded == pretending[0].graded
    shutil.copy(SUBMISSIONS / "dmitri.ipynb", tmp_path / "class" / "ada.ipynb")
    course_grade(*command, 2)
    assert not pretending[2].graded, "these answers were marked before, as another learner's"


@pytest.mark.parametrize(
    "stopped",
    [
        Mark("01.1", 1, problem="grading was stopped: too much time, memory or output"),
        Mark("01.1", 1, (Probe(False),), problem="the answer's cell was stopped: it took too long"),
        Mark("01.1", 1, (Probe(True), Probe(False, "f(2)", "stopped: it took too long"))),
        Mark("01.1", 1, (Probe(False, "f(2)", "stopped: it used too much processor time"),)),
    ],
)
def test_marks_of_an_answer_that_was_stopped_are_not_kept(
    pretending, tmp_path, monkeypatch, stopped
):
    marked = Marked("", (stopped,))
    monkeypatch.setattr(Pretending, "grade", lambda self, one: self.graded.append(1) or marked)
    for _ in range(2):
        course_grade(SUBMISSIONS / "ada.ipynb", "--out", tmp_path)
    assert pretending[1].graded


def test_damaged_files_among_what_was_kept_are_marked_again(pretending, tmp_path):
    course_grade(SUBMISSIONS, "--out", tmp_path)
    for path in (tmp_path / "kept").iterdir():
        path.write_text("[1")
    assert course_grade(SUBMISSIONS, "--out", tmp_path) == 0
    assert len(pretending[1].graded) == len(pretending[0].graded)


def test_one_odd_answer_adds_no_lesson_to_everybodys_points():
    honest = [Submission(name, {"01.1": ""}) for name in "abc"]
    assert choosing.answered([*honest, Submission("eve", {"01.1": "", "07.1": ""})]) == ["01"]


def test_different_answers_are_called_that_and_not_a_missing_answer(pretending, tmp_path):
    course_grade(SUBMISSIONS / "lena.ipynb", "--out", tmp_path, "--seed", 1)
    (page,) = (tmp_path / "learners").iterdir()
    assert '<p class="note">answered more than once: none of these' in page.read_text()
    assert rows(tmp_path)[0]["01.1"] == "0"


def test_a_blank_copy_beside_a_filled_notebook_takes_no_points(pretending, tmp_path):
    filled, blank = SUBMISSIONS / "ada.ipynb", "notebooks/exercises/01_exercises.ipynb"
    for name, source in {"01_exercises": blank, "01_exercises (1)": filled}.items():
        (tmp_path / "class" / "ada").mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tmp_path / "class" / "ada" / f"{name}.ipynb")
    course_grade(tmp_path / "class", "--out", tmp_path / "both", "--seed", 1)
    course_grade(filled, "--out", tmp_path / "one", "--seed", 1)
    assert rows(tmp_path / "both") == rows(tmp_path / "one")
    assert pretending[0].graded == pretending[1].graded


@pytest.mark.parametrize("swapped", [False, True])
def test_only_different_filled_answers_void_each_other(swapped):
    blanks = {"01.1": "...", "01.2": "...", "01.3": "...", "01.4": "..."}
    one = {"01.1": " ...\n", "01.2": "b", "01.3": "def f():\n    1\n    2", "01.4": "..."}
    two = {"01.1": "a", "01.2": "b \n", "01.3": "def f():\n    1\n2", "01.4": ""}
    several = [Submission("Ada", answers) for answers in ((two, one) if swapped else (one, two))]
    (ada,) = choosing.together(several, blanks)
    assert ada.twice == ("01.3",)
    assert {id: source.strip() for id, source in ada.answers.items() if id < "01.4"} == {
        "01.1": "a",
        "01.2": "b",
    }
    assert ada.problems == ("01.3 is answered more than once: none of these answers counts",)


def test_a_lesson_that_is_not_graded_is_said_once_for_the_class(pretending, tmp_path):
    for name in ("ada", "ben", "nadia"):
        (tmp_path / "class" / name).mkdir(parents=True)
        shutil.copy(SUBMISSIONS / "nadia.ipynb", tmp_path / "class" / name / "02.ipynb")
        if name != "nadia":
            shutil.copy(SUBMISSIONS / f"{name}.ipynb", tmp_path / "class" / name / "01.ipynb")
    course_grade(tmp_path / "class", "--out", tmp_path / "out", "--lessons", 1)
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("<li>lesson 02 is not graded; answered by 3 of 3</li>") == 1
    assert [bool(row["problems"]) for row in rows(tmp_path / "out")] == [False, False, True]
    pages = [path.read_text() for path in (tmp_path / "out" / "learners").iterdir()]
    assert [page.count("lesson 02 is not graded") for page in pages] == [1, 1, 1]


@pytest.mark.parametrize("order", [("--lessons", "1", "CLASS"), ("CLASS", "--lessons", "1")])
def test_the_numbers_of_lessons_may_stand_before_the_submissions(pretending, tmp_path, order):
    words = [SUBMISSIONS / "ada.ipynb" if word == "CLASS" else word for word in order]
    assert course_grade(*words, "--out", tmp_path) == 0
    assert {id[:2] for id in pretending[0].exercises} == {"01"}


def test_the_version_changes_with_every_file_that_decides_on_marks(tmp_path, monkeypatch):
    package = tmp_path / "course_utils"
    shutil.copytree(ROOT / "course_utils", package, ignore=shutil.ignore_patterns("*.json"))
    monkeypatch.setattr(templates, "__file__", str(package / "grading" / "templates.py"))
    versions = [templates.version({})]
    names = ["judges", "handover", "asking", "strict", "needing", "run", "probes/lesson_01"]
    for name in [f"grading/{name}.py" for name in names] + ["checks/solutions.toml"]:
        with (package / name).open("a") as file:
            file.write("#")
        versions.append(templates.version({}))
    assert len(set(versions)) == len(versions)


STOPPED_TWICE = """
import sys, time
from course_utils import cli
from course_utils.grading import run

def slow(self, submission):
    print("marking", file=sys.stderr, flush=True)
    time.sleep(60)

run.sandbox.available = lambda: ""
run.Grader.grade = slow
raise SystemExit(cli.main(sys.argv[1:]))
"""


def test_a_second_interruption_does_not_wait_for_what_is_in_progress(tmp_path):
    words = ["grade", str(SUBMISSIONS / "ada.ipynb"), "--out", str(tmp_path / "out")]
    command = [sys.executable, "-c", STOPPED_TWICE, *words]
    started = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in started.stderr:
        lines.append(line)
        if line == "marking\n" or "stopping when" in line:
            time.sleep(0.5)
            started.send_signal(signal.SIGINT)
    assert started.wait(20) == 130
    assert "Ctrl-C once more" in lines[-2]
    assert lines[-1] == "course: stopped\n"


def test_without_a_sandbox_it_refuses_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(run.sandbox, "available", lambda: "bwrap is not installed")
    assert course_grade(SUBMISSIONS, "--out", tmp_path) == 2
    said = capsys.readouterr().err
    assert "bwrap is not installed" in said
    assert "--trust" in said
    assert not (tmp_path / "index.html").exists()


def test_trust_is_warned_of_on_every_page(pretending, tmp_path, capsys):
    course_grade(SUBMISSIONS / "ada.ipynb", "--out", tmp_path, "--trust")
    assert "warning" in capsys.readouterr().err
    pages = [tmp_path / "index.html", *(tmp_path / "learners").iterdir()]
    assert all("without a sandbox" in page.read_text() for page in pages)


def test_the_report_may_not_stand_among_the_submissions(pretending, tmp_path, capsys):
    assert course_grade(tmp_path, "--out", tmp_path / "report") == 2
    assert "among the submissions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lessons", "99"), "no lesson 99; there are 01, 02"),
        (("--workers", "1.5"), "'1.5' is not a whole number from 1 to 64"),
        (("--workers", "0"), "'0' is not a whole number from 1 to 64"),
        (("--seed", "-1"), "'-1' is not a whole number from 0 up"),
        (("--seed", "1.5"), "'1.5' is not a whole number from 0 up"),
        (("--pass", "nan"), "'nan' is not a number from 0 to 100"),
        (("--patience", "0"), "'0' is not a number from 0.1 to 1000"),
    ],
)
def test_wrong_usage_gets_one_clear_line(pretending, tmp_path, capsys, arguments, message):
    try:
        status = course_grade(SUBMISSIONS / "ada.ipynb", "--out", tmp_path / "out", *arguments)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("submissions", "out", "message"),
    [
        ("nowhere", "out", "there is nothing at "),
        ("empty", "out", "no submissions in "),
        ("torn.ipynb", "out", "nobody answered an exercise (torn: torn.ipynb: is not a notebook"),
        ("ada.ipynb", "full", "full is no report: name a new or empty folder"),
        ("ada.ipynb", "torn.ipynb/out", "Not a directory"),
        ("ada.ipynb", "ada.ipynb", "would stand among the submissions"),
        ("loop", "out", "there is nothing at "),
    ],
)
def test_a_path_that_cannot_be_used_gets_one_clear_line(
    pretending, tmp_path, capsys, submissions, out, message
):
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    (tmp_path / "torn.ipynb").write_text("{")
    (tmp_path / "loop").symlink_to("loop")
    shutil.copy(SUBMISSIONS / "ada.ipynb", tmp_path)
    assert course_grade(tmp_path / submissions, "--out", tmp_path / out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_the_exit_status_says_whether_somebody_has_too_few_points(pretending, tmp_path, capsys):
    both = (SUBMISSIONS / "ada.ipynb", SUBMISSIONS / "ivan.ipynb")
    command = (*both, "--out", tmp_path, "--pass")
    assert course_grade(*command, 0) == 0
    assert course_grade(*command, 0.5) == 1
    assert "2 submissions graded, 1 with remarks, 1 below 0.5 %." in capsys.readouterr().out


def test_a_full_disk_gets_one_clear_line(pretending, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(grading.report, "write", full)
    assert course_grade(SUBMISSIONS / "ada.ipynb", "--out", tmp_path) == 2
    assert "No space left on device" in capsys.readouterr().err.splitlines()[-1]


def test_a_flood_of_remarks_is_cut(pretending, tmp_path):
    shutil.copytree(SUBMISSIONS / "emeka", tmp_path / "class" / "emeka")
    for number in range(100):
        (tmp_path / "class" / "emeka" / f"{number:03d}.txt").touch()
    course_grade(tmp_path / "class", "--out", tmp_path / "out")
    page = next((tmp_path / "out" / "learners").iterdir()).read_text()
    assert page.count("is not a notebook (.ipynb)") == 10
    assert "and 90 more such lines" in page


def test_a_hostile_file_name_becomes_neither_html_nor_formula(pretending, tmp_path):
    for name in ("<img src=x onerror=alert(1)>", "=1+1", "a\nb", "-2"):
        shutil.copytree(SUBMISSIONS / "emeka", tmp_path / "class" / name)
    assert course_grade(tmp_path / "class", "--out", tmp_path / "out") == 0
    assert "<img" not in (tmp_path / "out" / "index.html").read_text()
    names = [row["learner"] for row in rows(tmp_path / "out")]
    assert sorted(names) == ["'-2", "'=1+1", "<img src=x onerror=alert(1)>", "a b"]


def test_the_example_class_is_what_its_tool_makes(tmp_path):
    build_class(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    there = {p.relative_to(SUBMISSIONS): p.read_bytes() for p in SUBMISSIONS.rglob("*.*")}
    assert made == there, "run python tools/build_class.py"
    assert {str(path) for path in made} == set(files())


@pytest.fixture
def short_folder():
    """A folder for what a run that is killed leaves behind; sockets need short paths."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.long
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=lambda stop: stop.name)
def test_a_run_that_is_stopped_goes_on_and_ends_with_the_same_bytes(tmp_path, short_folder, stop):
    names = ("ada", "ben", "dmitri")
    paths = [str(SUBMISSIONS / f"{name}.ipynb") for name in names]
    course = "from course_utils.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", course, "grade", *paths, "--seed", "3"]
    command += ["--patience", "4", "--out"]
    variables = os.environ | {"TMPDIR": str(short_folder)}
    started = subprocess.Popen(
        [*command, str(tmp_path / "one")],
        cwd=ROOT,
        env=variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in started.stderr:
        if line.split()[:3] == ["1", "of", "3"]:
            started.send_signal(stop)
            break
    said = started.stderr.read()
    assert started.wait(300) == (130 if stop == signal.SIGINT else -9)
    assert ("the same command goes on" in said) == (stop == signal.SIGINT)
    assert not (tmp_path / "one" / "marks.csv").exists()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "one" / "kept").glob("*.json")}
    assert kept
    for out in ("one", "two"):
        subprocess.run([*command, str(tmp_path / out)], cwd=ROOT, check=True)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "it was marked again"
    contents = [
        {
            path.relative_to(tmp_path / out): path.read_bytes()
            for path in (tmp_path / out).rglob("*.*")
            if path.parent.name != "kept"
        }
        for out in ("one", "two")
    ]
    assert len(contents[0]) == 6
    assert contents[0] == contents[1]
