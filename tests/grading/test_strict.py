"""The limits beside nbval end a kernel, and what it says can't be more than a wrong answer."""

import os
from dataclasses import replace

import pytest

from course_utils.grading import run, sandbox, templates
from tools.notebooks import ROOT

ID, RIGHT = (
    "01.1",
    "def output_length(n, K, P=0, S=1, D=1): return (n + 2 * P - D * (K - 1) - 1) // S + 1",
)
PATIENCE = 4

pytestmark = pytest.mark.skipif(
    bool(sandbox.available()) and "CI" not in os.environ, reason=sandbox.available()
)
FILES = "import os\nfor i in range(10**8): os.mknod(f'/dev/shm/{i}')"
LOOPS = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
ANSWERS = {
    "sleeps": ("import time\ntime.sleep(1000)", 3, 1000, "took too long"),
    "prints": ("while True: print('x' * 10_000, flush=True)", 60, 1000, "sent too much output"),
    "grows": ("import time\nkept = bytes(range(256)) * 2**20\ntime.sleep(1000)", 60, 200, "memory"),
    "ends": ("import os\nos._exit(0)", 60, 1000, "ended the kernel"),
    "many files": (FILES, 60, 400, "memory"),
    "loops": (LOOPS, 60, 1000, "processor time"),
    "right": (RIGHT, 60, 1000, ""),
}


@pytest.fixture(scope="module")
def grader():
    exercises = templates.load(ROOT / "notebooks" / "exercises")
    with run.grader({ID: exercises[ID]}, seed=3, patience=PATIENCE) as grader:
        yield grader


@pytest.fixture(scope="module")
def marks(grader):
    """The marks of all answers, each within limits of its own, by one nbval."""
    return grader._asked([asking(grader, name, *about[:3]) for name, about in ANSWERS.items()])


def asking(grader, name, answer, seconds, memory):
    exercise = grader.exercises[ID]
    asked = run.questions(exercise, grader.seed)
    notebook = templates.notebook(exercise, answer, {}, asked, seconds=seconds, heavy=False)
    notebook.metadata |= {"memory": memory, "processor": 2}
    return run.Asking(replace(exercise, id=name), asked, notebook, seconds)


@pytest.mark.parametrize("name", [name for name in ANSWERS if name != "right"])
def test_an_answer_beyond_a_limit_is_stopped_and_the_mark_says_which(name, marks):
    assert marks[name].earned == 0
    assert marks[name].problem.startswith("the answer's cell was stopped: it ")
    assert ANSWERS[name][3] in marks[name].problem


def test_the_answer_after_those_that_were_stopped_is_right(marks):
    assert marks["right"].earned == marks["right"].points


@pytest.mark.long
def test_what_comes_after_the_limit_is_not_run(grader):
    source = "import time\ndef output_length(*_):\n    time.sleep(3)\n    return 0"
    (mark,) = grader._asked([asking(grader, "late", source, 5, 1000)]).values()
    assert [probe.message for probe in mark.probes][1:] == ["stopped: it took too long"] * 5
