"""The probes of lessons 06 to 08 know right answers from wrong ones, whatever these are made of."""

from pathlib import Path

import pytest
from banks import collect, now

from course_utils.checks import registry
from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, templates
from course_utils.grading.probes import drawing

EXERCISES = templates.load(Path(__file__).parents[2] / "notebooks" / "exercises")
IDS = [id for id in EXERCISES if id[:2] in ("06", "07", "08")]
NUMBERS = [id for id in IDS if id not in ("06.2", "07.3", "08.4")]  # without TensorFlow


def answered(id, answer, seed=3):
    """Return for each probe whether the answer prints what is right."""
    asked = drawing.ask(EXERCISES[id], all_solutions()[id], seed)
    (name,) = registry.find(id).answers
    names = {name: now(answer)}
    exec(asking.ASK, names)
    return [asking.printed(names, probe.code) == probe.printed for probe in asked]


def of(kind, ids):
    """Return the answers of a bank, each with its id and name."""
    return [
        pytest.param(id, answer, id=f"{id} {name}")
        for id, answers in collect(kind).items()
        for name, answer, *_ in answers
        if id in ids
    ]


@pytest.mark.parametrize("id", IDS)
def test_every_exercise_has_three_probes_or_more_each_with_its_own_line(id):
    asked = drawing.ask(EXERCISES[id], all_solutions()[id], 3)
    assert len({probe.line for probe in asked}) == len(asked) >= 3


@pytest.mark.parametrize(("id", "answer"), of("RIGHT", NUMBERS))
def test_a_right_answer_earns_everything(id, answer):
    assert all(answered(id, answer))


@pytest.mark.parametrize(("id", "answer"), of("WRONG", NUMBERS))
def test_a_wrong_answer_does_not_earn_everything(id, answer):
    assert not all(answered(id, answer))
