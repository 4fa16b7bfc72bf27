"""The probes of lessons 01 to 05 against tests/banks/: right answers earn all, wrong ones less."""

import functools
import json
import random

import numpy as np
import pytest
from banks import collect, now

from course_utils.checks import find
from course_utils.checks.limit import TookTooLong, time_limit
from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, handover, judges, templates
from course_utils.grading.probes import drawing
from tools.notebooks import ROOT

EXERCISES = templates.load(ROOT / "notebooks" / "exercises")
WRONG, RIGHT = collect("WRONG"), collect("RIGHT")
NEAR_ENOUGH = ("01.3", "too few steps")  # within the tolerance, on the inputs that probes draw
SECONDS = 20, 120  # for one probe, without and with TensorFlow: there is an answer that never ends
SLOW = {"03.2", "03.3", "03.4", "04.3", "06.2", "07.3", "08.4"}  # with TensorFlow


def cases(bank):
    for id, answers in bank.items():
        for name, answer, *_ in answers:
            if (id, name) == NEAR_ENOUGH:
                continue
            marks = pytest.mark.long if id in SLOW else ()
            yield pytest.param(id, answer, id=f"{id} {name}", marks=marks)


@pytest.fixture(autouse=True)
def randomness_kept():
    """Leave the global random states as they were."""
    kept = np.random.get_state(), random.getstate()
    yield
    np.random.set_state(kept[0])
    random.setstate(kept[1])


@functools.cache
def ask(id):
    return drawing.ask(EXERCISES[id], all_solutions()[id], 7)


def handed_over(names, most):
    """The network as a kernel gets it that has no code of the answer."""
    text, built = asking.printed(names, handover.leaving()), {}
    exec(handover.arriving(handover.checked(text, most)), built)
    return built


def passed(id, answer):
    """Whether each probe passes an answer, asked in this process."""
    (name,) = find(id).answers
    names = {name: now(answer)}
    most = ask(id)[0].hands_over
    try:
        names = handed_over(names, most) if most else names
    except handover.NotHanded:
        return [False]
    exec(asking.ASK, names)
    found = []
    for probe in ask(id):
        try:
            with time_limit(SECONDS[id in SLOW]):
                printed = asking.printed(names, probe.code)
        except TookTooLong:
            return [*found, False]
        if probe.judge:
            found.append(not judges.verdict(probe.judge, printed, probe.printed))
            continue
        found.append(printed == probe.printed)
        if probe.agree is not None:
            given, wanted = json.loads(printed), json.loads(probe.printed)
            found[-1] = len(given) == len(wanted) and np.equal(given, wanted).mean() >= probe.agree
    return found


@pytest.mark.parametrize(("id", "answer"), [*cases(RIGHT)])
def test_a_right_answer_passes_every_probe(id, answer):
    assert all(passed(id, answer))


@pytest.mark.parametrize(("id", "answer"), [*cases(WRONG)])
def test_a_wrong_answer_does_not_pass_every_probe(id, answer):
    assert not all(passed(id, answer))
