"""Probes that need a model or a score in the kernel: the same for every seed, and in the cage."""

import pytest
from banks import collect, now

from course_utils.checks import find
from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, run, sandbox, templates
from course_utils.grading.probes import drawing
from course_utils.grading.submissions import Submission
from tools.notebooks import ROOT

EXERCISES = templates.load(ROOT / "notebooks" / "exercises")
SOLUTIONS = all_solutions()
SEEDS = {id: 10 for id in EXERCISES if id >= "06"} | {"06.2": 3, "08.4": 5}
FAULTS = {
    "06.2": (" and not isinstance(layer, layers.BatchNormalization)", "", 1),
    "06.3": (" + np.array([103.939, 116.779, 123.68])", "", 4),
    "07.3": ("[..., channel]", "[:, channel]", 0),
    "07.4": (" / np.maximum(covers, 1)", "", 3),
    "08.4": ("layers.ReLU()(layers.Add()([x, y]))", "layers.Add()([x, y])", 4),
}


@pytest.mark.long
@pytest.mark.parametrize("id", SEEDS)
def test_right_answers_pass_whatever_the_seed_and_however_they_round(id):
    (name,) = find(id).answers
    answers = [{name: now(answer)} for _, answer in collect("RIGHT")[id]]
    for names in answers:
        exec(asking.ASK, names)
    for seed in range(SEEDS[id]):
        for probe in drawing.ask(EXERCISES[id], SOLUTIONS[id], seed):
            assert {asking.printed(names, probe.code) for names in answers} == {probe.printed}


@pytest.mark.long
@pytest.mark.skipif(sandbox.available() != "", reason=sandbox.available())
@pytest.mark.parametrize("id", FAULTS)
def test_in_the_cage_our_solution_earns_all_and_one_with_a_fault_what_it_gets_right(id):
    before, after, passed = FAULTS[id]
    faulty = SOLUTIONS[id].replace(before, after)
    with run.grader({id: EXERCISES[id]}, seed=3, patience=4) as grader:
        (right,) = grader.grade(Submission("right", {id: SOLUTIONS[id]})).marks
        (wrong,) = grader.grade(Submission("wrong", {id: faulty})).marks
    assert right.problem == wrong.problem == ""
    assert [probe.message for probe in right.probes] == [""] * len(right.probes)
    assert sum(probe.passed for probe in wrong.probes) == passed
