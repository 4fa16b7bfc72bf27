"""No hostile answer earns a point, harms an honest one, or leaves anything behind."""

import os
import socket
import time
from pathlib import Path

import psutil
import pytest
from attacks import ATTACKED, CANARY, PORT, SECRET, attacks

from course_utils.checks.solutions import all_solutions
from course_utils.grading import run, sandbox, templates
from course_utils.grading.submissions import Submission
from tools.notebooks import ROOT

IN_THE_GATE = {"patches_json", "forges_messages", "exits_at_once", "reads_the_solutions"}
HONEST = {id: code for id, code in all_solutions().items() if id in ("01.1", "01.3")}
EARNED = {"01.1": 1, "01.2": 0, "01.3": 3}
PATIENCE, LONGEST = 2, 600  # times the usual limits; seconds for one attack
PLACES = ("/tmp", "/var/tmp", "/dev/shm", str(Path.home()), str(ROOT))

pytestmark = pytest.mark.skipif(
    bool(sandbox.available()) and "CI" not in os.environ, reason=sandbox.available()
)


@pytest.fixture(scope="module")
def grader():
    """Grades the exercises of lesson 01, with something to steal in its environment."""
    known = templates.load(ROOT / "notebooks" / "exercises")
    exercises = {id: one for id, one in known.items() if id.startswith("01.")}
    os.environ[SECRET] = "to be kept"
    with run.grader(exercises, seed=20, patience=PATIENCE) as grader:
        yield grader
    del os.environ[SECRET]


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


def traces():
    """Files and processes that an attack left behind."""
    files = [str(p) for place in PLACES for p in Path(place).glob(f"{CANARY}*")]
    running = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"]]
    return files + [line for line in running if line[0] == CANARY]


def cases():
    for one in attacks():
        marks = () if one.name in IN_THE_GATE else pytest.mark.long
        yield pytest.param(one, id=one.name, marks=marks)


@pytest.mark.parametrize("attack", cases())
def test_a_hostile_answer_earns_nothing_and_the_honest_ones_beside_it_all(attack, grader, visitors):
    start = time.monotonic()
    marked = grader.grade(Submission("eve", {**HONEST, ATTACKED: attack.source}))
    assert {mark.id: mark.earned for mark in marked.marks} == EARNED, marked
    assert time.monotonic() - start < LONGEST
    assert not traces()


def test_there_are_at_least_twenty_attacks():
    assert len(attacks()) >= 20
    assert {one.name for one in attacks()} >= IN_THE_GATE
