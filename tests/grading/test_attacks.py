"""No hostile answer earns a point, harms an honest one, or leaves anything behind."""

import os
import socket
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import psutil
import pytest
from attacks import CANARY, PORT, SECRET, attacks

from course_utils.checks.solutions import all_solutions
from course_utils.grading import run, sandbox, templates
from course_utils.grading.probes import drawing
from tools.notebooks import ROOT

IN_THE_GATE = ("patches_json", "forges_messages", "exits_at_once", "reads_the_solutions")
HONEST = ("01.1", "01.3")
TOGETHER = 9  # attacks that one nbval runs, between honest answers
SHORT, PATIENCE = 12, 3  # seconds for an answer that uses up all it gets; times those of others
MISTAKES = (
    "was not run",
    "NameError",
    "SyntaxError",
    "AttributeError",
    "ImportError",
    "ModuleNotFoundError",
)
PLACES = ("/tmp", "/var/tmp", "/dev/shm", str(Path.home()), str(ROOT))

pytestmark = pytest.mark.skipif(
    bool(sandbox.available()) and "CI" not in os.environ, reason=sandbox.available()
)


@pytest.fixture(scope="module")
def grader():
    """Grades what is attacked and what is not, with something to steal in its environment."""
    known = templates.load(ROOT / "notebooks" / "exercises")
    exercises = {id: known[id] for id in {*HONEST, *(one.exercise for one in attacks())}}
    os.environ[SECRET] = "to be kept"
    with run.grader(exercises, seed=20, patience=PATIENCE) as grader:
        yield grader
    del os.environ[SECRET]


@pytest.fixture(scope="module")
def marks(grader):
    """Return the marks of a group, by its number; each is graded once."""
    return cache(lambda number: graded(grader, groups()[number]))


@pytest.fixture
def visitors():
    """Listen where a kernel may not get: nobody may come."""
    with socket.socket() as by_address, socket.socket(socket.AF_UNIX) as by_name:
        by_address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        by_address.bind(("127.0.0.1", PORT))
        by_name.bind(f"\0{CANARY}")
        for line in (by_address, by_name):
            line.listen()
            line.setblocking(False)
        yield
        for line in (by_address, by_name):
            with pytest.raises(BlockingIOError):
                line.accept()


def groups():
    """Attacks that are graded together: those of the gate, quick ones, slow ones."""
    gate = [one for one in attacks() if one.name in IN_THE_GATE]
    others = [one for one in attacks() if one.name not in IN_THE_GATE]
    others.sort(key=lambda one: (one.exercise, one.slow))
    return [gate, *(others[i : i + TOGETHER] for i in range(0, len(others), TOGETHER))]


def graded(grader, attacked):
    """Return marks by name, of attacks and of honest answers around them; if in time; traces."""
    group = [asking(grader, one.exercise, one.source, one.name, one.slow) for one in attacked]
    first, last = (asking(grader, id, all_solutions()[id], id, False) for id in HONEST)
    start = time.monotonic()
    found = grader._asked([first, *group, last])
    longest = sum(one.seconds for one in group) + (len(group) + 3) * 10 * PATIENCE
    return found, time.monotonic() - start < longest, traces()


def asking(grader, id, answer, name, slow):
    exercise = grader.exercises[id]
    asked, about = run.questions(exercise, grader.seed), drawing.find(id)
    seconds = SHORT if slow else about.seconds * PATIENCE
    limits = {"seconds": seconds, "heavy": about.heavy}
    notebook = templates.notebook(exercise, answer, {}, asked, **limits)
    return run.Asking(replace(exercise, id=name), asked, notebook, seconds)


def traces():
    """Files, processes and memory that an attack left behind."""
    files = [str(p) for place in PLACES for p in Path(place).glob(f"{CANARY}*")]
    running = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"]]
    return files + [line for line in running if line[0] == CANARY]


def cases():
    """Yield the number of its group and an attack."""
    for number, group in enumerate(groups()):
        for one in group:
            yield pytest.param(number, one, id=one.name, marks=pytest.mark.long if number else ())


@pytest.mark.parametrize(("number", "attack"), list(cases()))
def test_a_hostile_answer_earns_nothing_and_the_honest_ones_beside_it_all(
    number, attack, marks, visitors
):
    found, in_time, left = marks(number)
    mark = found[attack.name]
    assert mark.earned == 0, mark
    assert all(found[id].earned == found[id].points for id in HONEST), found
    assert in_time
    assert not left
    said = f"{mark.problem} {[probe.message for probe in mark.probes]}"
    assert attack.mistaken or not any(error in said for error in MISTAKES), said
    assert "grading was stopped" not in said


def test_there_are_at_least_twenty_attacks():
    assert len(attacks()) >= 20
    assert {one.name for one in attacks()} >= set(IN_THE_GATE)
