"""The report: complete, escaped, the same in every run."""

import csv
import html.parser
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from nbval_runs import build_wheel, environment

from course_utils.grading import report, showing, summary
from course_utils.grading.marks import Mark, Marked, Probe
from course_utils.grading.summary import Entry, Graded

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }}\" onload=\"x"
RIGHT, WRONG = Probe(True, "f(1)"), Probe(False, "f(2)", "got 3")


def entry(learner, *marks, problems=(), **answers):
    return Entry(Marked(learner, marks, problems), answers)


@pytest.fixture
def graded():
    """Ada has all, Bob two thirds of one exercise, Eve an unreadable file."""
    return Graded(
        (
            entry("Ada", Mark("01.1", 1, (RIGHT,)), Mark("01.2", 2, (RIGHT, RIGHT))),
            entry(
                "Bob", Mark("01.1", 1, (RIGHT, RIGHT, WRONG)), Mark("01.2", 2, problem="no answer")
            ),
            entry("Eve", Mark("01.1", 1), Mark("01.2", 2), problems=("not a notebook",)),
        ),
        seed=7,
        template="abc",
        titles={"01.1": "How long?"},
    )


@pytest.fixture
def hostile():
    """Everything that a learner can write holds HTML."""
    mark = Mark("01.1", 1, (Probe(False, HOSTILE, HOSTILE),), HOSTILE)
    attacker = Entry(Marked(HOSTILE, (mark,), (HOSTILE,)), {"01.1": HOSTILE})
    return Graded((attacker,), seed=7, template="abc")


class Tags(html.parser.HTMLParser):
    """Collects the names of elements and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.names = set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.names |= {tag, *(name for name, _ in attributes)}


def test_the_csv_has_a_row_for_each_learner_and_points_to_two_decimals(graded):
    rows = list(csv.reader(io.StringIO(report.table(graded))))
    assert rows == [
        ["learner", "01.1", "01.2", "points", "of", "problems"],
        ["Ada", "1", "2", "3", "3", ""],
        ["Bob", "0.67", "0", "0.67", "3", ""],
        ["Eve", "0", "0", "0", "3", "not a notebook"],
    ]


def test_no_cell_of_the_csv_is_a_formula():
    for start in (
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "'=1",
        "＝1",
        "＋1",
        "－1",
        "＠A",
    ):
        assert showing.cell(start)[0] == "'", start


def test_a_learner_who_writes_html_gets_no_element_and_no_attribute(graded, hostile):
    plain = Tags(report.learner_page(graded, graded.entries[1])).names | {
        "details",
        "summary",
        "pre",
        "tabindex",
    }
    assert Tags(report.learner_page(hostile, hostile.entries[0])).names <= plain
    assert Tags(report.class_page(hostile)).names <= Tags(report.class_page(graded)).names


def test_what_a_learner_writes_is_no_template_and_shown_as_it_is(hostile):
    page = report.learner_page(hostile, hostile.entries[0])
    assert "49" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 7


def test_no_page_can_load_or_run_anything(graded):
    for page in (report.class_page(graded), report.learner_page(graded, graded.entries[0])):
        assert "default-src 'none'" in page
        assert not Tags(page).names & {"script", "src", "onload", "link"}
        assert "url(" not in page
        assert "@import" not in page


def test_every_page_says_its_language_and_title_and_every_heading_of_a_table_what_it_heads(graded):
    for page in (report.class_page(graded), report.learner_page(graded, graded.entries[1])):
        assert '<html lang="en">' in page
        assert re.search(r"<title>[^<]+</title>", page)
        headings = re.findall(r"<th\b[^>]*>", page)
        assert len(headings) > 4
        assert all(re.search(r'scope="(col|row)"', heading) for heading in headings)


def test_the_bars_are_as_long_as_the_numbers_beside_them(graded):
    page = report.class_page(graded)
    bars = re.findall(r'width: (\d+)%"></i><b>(\d+)( %)?</b>', page)
    assert [(width, count) for width, count, percent in bars if not percent] == [
        ("100", "1"), ("0", "0"), ("100", "1"), *[("0", "0")] * 6, ("100", "1")
    ]  # fmt: skip
    assert [(width, share) for width, share, percent in bars if percent] == [
        ("33", "33"), ("56", "56")
    ]  # fmt: skip


def test_a_blank_cell_is_not_counted_as_answered(graded):
    assert [(one.id, one.tried) for one in summary.difficulties(graded)] == [
        ("01.2", 2),
        ("01.1", 3),
    ]


def test_a_learners_page_does_not_tell_the_seed(graded):
    graded = replace(graded, seed=987654321)
    assert "987654321" in report.class_page(graded)
    assert "987654321" not in report.learner_page(graded, graded.entries[0])


def test_the_wheel_has_the_pages(graded, tmp_path):
    site = build_wheel(tmp_path)
    code = (
        "from course_utils.grading import report, summary, marks;"
        "entry = summary.Entry(marks.Marked('Ada'));"
        "graded = summary.Graded((entry,), 7, 'abc');"
        "pages = report.class_page(graded), report.learner_page(graded, entry);"
        "print(report.__file__, min(map(len, pages)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(site, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    path, length = done.stdout.split()
    assert Path(path).is_relative_to(site)
    assert int(length) > 1000


def test_a_report_written_twice_has_the_same_bytes(graded, tmp_path):
    report.write(graded, tmp_path / "one")
    report.write(graded, tmp_path / "two")
    contents = [
        {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.*"))}
        for folder in (tmp_path / "one", tmp_path / "two")
    ]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 6


def test_the_pages_of_an_earlier_report_do_not_stay(graded, tmp_path):
    report.write(graded, tmp_path)
    report.write(Graded(graded.entries[:1], 7, "abc"), tmp_path)
    assert len(list((tmp_path / "learners").iterdir())) == 1


def test_the_json_has_what_the_marks_are_made_of(graded):
    content = json.loads(report.everything(graded))
    assert [
        Marked.from_dict({k: one[k] for k in ("learner", "marks", "problems")})
        for one in content["learners"]
    ] == [one.marked for one in graded.entries]


def test_the_hardest_exercise_comes_first(graded):
    found = summary.difficulties(graded)
    assert [(one.id, one.share, one.solved) for one in found] == [
        ("01.2", Fraction(1, 3), 1),
        ("01.1", Fraction(5, 9), 1),
    ]


def test_a_mark_with_a_problem_earns_nothing_whatever_its_probes_say():
    assert Mark("01.1", 1, (RIGHT,), "out of time").earned == 0
    assert Mark("01.1", 1).earned == 0


@pytest.mark.parametrize("name", ["..", "a/../b", "\udcff", "con", "x" * 500, "", "\x00"])
def test_any_learner_gets_a_page_of_its_own_inside_the_report(name, tmp_path):
    index = report.write(Graded((entry(name), entry(name + "x")), 7, "abc"), tmp_path)
    pages = list((tmp_path / "learners").iterdir())
    assert len(pages) == 2
    assert all(
        f'href="learners/{page.name}"' in index.read_text(encoding="utf-8") for page in pages
    )


def test_no_semicolon_makes_a_cell_of_what_follows_it():
    odd = entry("x;=1+1", Mark("01.1", 1), problems=("a;=1.txt: is not a notebook", "another"))
    text = report.table(Graded((odd,), 7, "abc"))
    assert ";" not in text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["learner"] == "x,=1+1"
    assert row["problems"] == "a,=1.txt: is not a notebook / another"


def test_two_learners_never_share_a_page(graded, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "file_name", lambda learner: "same")
    with pytest.raises(ValueError, match="two learners would have the page learners/same"):
        report.write(graded, tmp_path)


def test_a_learners_page_shows_little_of_an_error_that_holds_hidden_inputs():
    probe = Probe(False, "f(2)", "ValueError: " + "7, " * 90)
    told = Graded((entry("Eve", Mark("01.1", 1, (probe,))),), 7, "abc")
    assert report.learner_page(told, told.entries[0]).count("7, ") < 25
    assert report.everything(told).count("7, ") == 90


def test_a_page_is_named_by_enough_of_a_hash_that_nobody_finds_a_second_name_for_it():
    assert re.fullmatch(r"ada-[0-9a-f]{16}", showing.file_name("ada"))
    assert showing.file_name("ada") != showing.file_name("ada\u200b")


def test_under_a_missing_name_stands_what_is_handed_in():
    hint = "Only the answer cell is handed in: define in it what it needs."
    for message, times in (("stopped: NameError: name 'np'", 1), ("UnboundLocalError: x", 0)):
        marks = Mark("01.1", 1, (Probe(False, "f(2)", message),) * 2), Mark("01.2", 2, (WRONG,))
        told = Graded((entry("Eve", *marks),), 7, "abc")
        assert report.learner_page(told, told.entries[0]).count(hint) == times


def test_an_empty_class_has_a_report(tmp_path):
    assert "0 submissions" in report.write(Graded((), 7, "abc"), tmp_path).read_text()
