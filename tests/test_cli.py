import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import cli, data
from course_utils.cli import doctor, run, start


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with two tiny lessons and one set of exercises, and the working directory."""

    def write(name, *cells):
        path = tmp_path / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=[new_code_cell(code) for code in cells]), path)

    promise = "print('[01.a] held: x\\n[01.b] held: y')"
    write("01_first.ipynb", "import os\nassert os.environ['COURSE_PROFILE'] == 'quick'", promise)
    write("02_second.ipynb", "x = bytearray(300_000_000)", "print('[02.a] NOT held: z')", "1 / 0")
    write("exercises/01_first.ipynb", "pass")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    return tmp_path


def test_run_executes_every_lesson_and_prints_time_memory_and_claims(course, capsys):
    status = cli.main(["run"])
    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert lines[0].split() == ["lesson", "time", "peak", "memory", "claims", "held"]
    assert lines[1].startswith("01_first ")
    assert lines[1].endswith("2 of 2")
    assert "0 of 1  stopped: ZeroDivisionError" in lines[2]
    assert lines[3].startswith("all ")
    assert lines[3].endswith("2 of 3")
    executed = nbformat.read(course / "build/run/01_first.ipynb", as_version=4)
    assert executed.cells[1].outputs[0].text.startswith("[01.a] held")


def test_run_leaves_the_lessons_as_they_are(course, capsys):
    before = (course / "notebooks/01_first.ipynb").read_bytes()
    assert cli.main(["run", "1"]) == 0
    assert (course / "notebooks/01_first.ipynb").read_bytes() == before
    assert {path.name for path in course.iterdir()} == {"notebooks", "build"}


def test_the_peak_memory_of_a_run_is_that_of_its_kernel(course):
    first, second = run.run_lessons(run.lesson_files(course / "notebooks"), course / "b", "quick")
    assert second.peak_mb > first.peak_mb + 200


def test_a_kernel_that_dies_is_reported_and_the_next_lesson_runs(course):
    path = course / "notebooks/00_dies.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import os; os._exit(1)")]), path)
    paths = run.lesson_files(course / "notebooks", ["00", "01"])
    dead, alive = run.run_lessons(paths, course / "b", "quick")
    assert "died" in dead.error.lower()
    assert (alive.held, alive.error) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "07"], "no lesson 07; there are 01, 02"),
        (["start", "7"], "no lesson 07; there are 01, 02"),
        (["data", "fashion_mnits"], "fashion_mnist"),
    ],
)
def test_wrong_names_get_one_line_that_lists_the_right_ones(course, capsys, arguments, message):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("course: ")
    assert message in error
    assert error.count("\n") == 1


def test_outside_the_course_run_says_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run"]) == 2
    assert "go to the folder that you cloned" in capsys.readouterr().err


def test_an_unknown_profile_in_the_environment_is_refused(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROFILE", "fast")
    assert cli.main(["run", "01"]) == 2
    assert "'fast'" in capsys.readouterr().err


def test_start_copies_a_lesson_with_its_exercises(course, capsys):
    assert cli.main(["start", "1"]) == 0
    assert (course / "my_work/01_first.ipynb").exists()
    assert (course / "my_work/exercises/01_first.ipynb").exists()
    assert capsys.readouterr().out.count("copied") == 2


def test_start_never_touches_work_that_is_there(course):
    start.copy_lesson(course, "01")
    work = course / "my_work/01_first.ipynb"
    work.write_text("mine")
    kept = start.copy_lesson(course, "01")
    assert work.read_text() == "mine"
    assert all(line.startswith("kept") for line in kept)


def test_data_lists_every_data_set(capsys):
    assert cli.main(["data"]) == 0
    text = capsys.readouterr().out
    assert all(state.name in text for state in data.available())
    assert "fashion_mnist" in text


def test_doctor_finds_nothing_missing_where_the_course_is_installed(capsys):
    assert cli.main(["doctor"]) == 0
    text = capsys.readouterr().out
    words = ("Python", "TensorFlow", "keras", "Processor", "GPU", "Memory", "Disk", "cifar10")
    assert all(word in text for word in words)
    assert "MISSING" not in text


def test_doctor_names_a_missing_package_and_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "installed", lambda name: "")
    assert cli.main(["doctor"]) == 1
    assert "make lab or make run" in capsys.readouterr().out


def test_doctor_names_an_unsupported_python(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert doctor.python().missing
    assert "3.11 to 3.13" in doctor.python().advice


def test_doctor_names_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert "can't be written: set COURSE_CACHE" in doctor.disk().advice


def test_data_says_what_is_not_embedded_and_how_large_its_download_is(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    assert cli.main(["data"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (number,) = (i for i, line in enumerate(lines) if "caltech101" in line and "embedded" in line)
    assert lines[number].startswith("note")
    assert "embedded: none, full size: not fetched" in lines[number]
    assert lines[number + 1].endswith("optional: course data caltech101 (137 MB)")
