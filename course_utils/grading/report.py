"""Write what the grader found: pages for each learner and the class, a CSV and a JSON file."""

import csv
import io
import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from course_utils.grading import summary
from course_utils.grading.marks import Mark, shown
from course_utils.grading.showing import cell, file_name, one_line, printable
from course_utils.grading.summary import Entry, Graded

LONGEST_ANSWER = 20_000  # characters of an answer on a learner's page
LONGEST_MESSAGE = 80  # characters of what came: an answer's error may hold hidden inputs


def write(graded: Graded, out: Path) -> Path:
    """Write the report into ``out`` and return the page of the class.

    ``index.html`` is the class, ``learners/`` holds a page for each, ``marks.csv`` is for the
    gradebook and ``marks.json`` has everything. No page holds a script, and all text that a
    learner wrote is escaped. The same class gives the same bytes.

    Raises
    ------
    ValueError
        If two learners would have the same page.
    """
    pages = {
        "index.html": class_page(graded),
        "marks.csv": table(graded),
        "marks.json": everything(graded),
    }
    for entry in graded.entries:
        if _address(entry) in pages:
            raise ValueError(f"two learners would have the page {_address(entry)}")
        pages[_address(entry)] = learner_page(graded, entry)
    for stale in (out / "learners").glob("*.html"):
        stale.unlink()
    for name, text in pages.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return out / "index.html"


def learner_page(graded: Graded, entry: Entry) -> str:
    """Return a learner's page: each exercise with its questions, messages and the answer."""
    return _template("learner.html").render(graded=graded, entry=entry)


def class_page(graded: Graded) -> str:
    """Return the page of the class: distribution, hardest exercises, a table of marks."""
    shares = summary.shares(graded)
    return _template("class.html").render(
        graded=graded,
        exercises=graded.exercises(),
        bars=_bars(summary.distribution(shares)),
        hardest=summary.difficulties(graded),
        median=summary.middle(graded),
    )


def table(graded: Graded) -> str:
    """Return the marks as CSV: a row for each learner, a column for each exercise."""
    exercises = graded.exercises()
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["learner", *(id for id, _ in exercises), "points", "of", "problems"])
    for entry in graded.entries:
        earned = [_earned(entry, id) for id, _ in exercises]
        problems = cell(" / ".join(entry.marked.problems))
        total = shown(entry.marked.earned)
        rows.writerow([cell(entry.learner), *earned, total, graded.points, problems])
    return text.getvalue()


def everything(graded: Graded) -> str:
    """Return marks, probes and messages as JSON."""
    learners = [
        entry.marked.to_dict() | {"earned": shown(entry.marked.earned), "page": _address(entry)}
        for entry in graded.entries
    ]
    content = {
        "format": 1,
        "seed": graded.seed,
        "template": graded.template,
        "sandboxed": graded.sandboxed,
        "remarks": graded.remarks,
        "exercises": [{"id": id, "points": points} for id, points in graded.exercises()],
        "learners": learners,
    }
    return json.dumps(content, indent=1) + "\n"


def _address(entry: Entry) -> str:
    return f"learners/{file_name(entry.learner)}.html"


def _earned(entry: Entry, id: str) -> str:
    mark = summary.mark_of(entry.marked, id)
    return shown(mark.earned) if mark else ""


def _bars(counts: list[int]) -> list[dict]:
    """Return what the chart needs: for each bar the range in words, a count, a width in %."""
    step, most = 100 // len(counts), max(1, *counts)
    labels = [f"{low} to under {low + step} %" for low in range(0, 100, step)]
    labels[-1] = f"{100 - step} to 100 %"
    return [
        {"label": label, "count": count, "width": 100 * count // most}
        for label, count in zip(labels, counts, strict=True)
    ]


def _answer(text: str) -> str:
    cut = "\n# ... (cut here)" if len(text) > LONGEST_ANSWER else ""
    return printable(text[:LONGEST_ANSWER], lines=True) + cut


@cache
def _template(name: str):
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("course_utils.grading") / "pages"
    pages = Environment(
        loader=FunctionLoader(lambda page: (folder / page).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"message": lambda text: one_line(text, LONGEST_MESSAGE)}
    pages.filters |= {"points": shown, "line": one_line, "answer": _answer, "percent": _percent}
    pages.tests |= {"missing_a_name": _missing_a_name}
    pages.globals |= {"mark_of": summary.mark_of, "address": _address}
    return pages.get_template(name)


def _missing_a_name(mark: Mark) -> bool:
    said = [mark.problem, *(probe.message for probe in mark.probes)]
    return any(re.search(r"\bNameError: ", line) for line in said)


def _percent(share) -> str:
    return f"{100 * float(share):.0f}"
