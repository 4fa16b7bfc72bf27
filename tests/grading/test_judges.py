"""Judges say why an answer is wrong, whatever a kernel printed."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, judges, templates
from course_utils.grading.needing import needed
from course_utils.grading.probes import drawing

EXERCISES = templates.load(Path(__file__).parents[2] / "notebooks" / "exercises")
LIGHT = ["04.2", "04.4"]  # without TensorFlow
JUDGED = ["03.3", *LIGHT, "04.3"]
ODD = [
    "",
    "null\n",
    "[]\n",
    "{}\n",
    "[[1]]\n",
    "[[[1], [NaN]]]\n",
    "[[[2], [1]]]\n",
    "[[[-1], [1]]]",
]
ODD += [
    '[{"error": ""}]\n',
    '[{"error": 7}]\n',
    '[{"other": 7}]\n',
    "[[[1e9, 1e9], []]]\n",
    "[[[1], [1e999]]]\n",
]
ODD += [f"[[[1], [{'9' * 5000}]]]\n", "[" * 5000, f"[[[1], [1{'0' * 400}]]]\n", "[[[0, 3], []]]\n"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.just("error"), inner),
    max_leaves=12,
)


@functools.cache
def asked(id):
    return drawing.ask(EXERCISES[id], all_solutions()[id], 5)


@functools.cache
def answered(id):
    """What our own solution prints for each probe."""
    names = {}
    exec(needed(EXERCISES[id].setup, {}, [all_solutions()[id]]), names)
    exec(f"{all_solutions()[id]}\n{asking.ASK}", names)
    return [asking.printed(names, probe.code) for probe in asked(id)]


def rows_of(text):
    """The arrays in what was printed, in whole steps."""
    return [np.array(numbers, float).reshape(shape) for shape, numbers in json.loads(text)]


def text_of(arrays):
    return json.dumps([[list(one.shape), one.ravel().astype(int).tolist()] for one in arrays])


def judged(id, number, arrays):
    probe = asked(id)[number]
    return judges.verdict(probe.judge, text_of(arrays), probe.printed)


@pytest.mark.parametrize("id", JUDGED)
@pytest.mark.parametrize("text", ODD)
def test_odd_output_is_wrong_and_stops_no_judge(id, text):
    assert all(judges.verdict(probe.judge, text, probe.printed) for probe in asked(id))


@settings(max_examples=200, deadline=None)
@given(output=JSON)
def test_no_json_stops_a_judge(output):
    for id in LIGHT:
        for probe in asked(id):
            cases = len(json.loads(probe.printed)["cases"])
            assert judges.verdict(probe.judge, json.dumps([output] * cases), probe.printed)


@pytest.mark.parametrize("id", LIGHT)
def test_a_right_answer_is_right(id):
    for probe, text in zip(asked(id), answered(id), strict=True):
        assert judges.verdict(probe.judge, text, probe.printed) == ""


def test_pictures_in_the_order_given_are_no_answer():
    """What stands in the question, handed back, passes for no order that chance decides."""
    for number, probe in enumerate(asked("04.2")):
        case = json.loads(probe.printed)["cases"][0]
        size, n = case["batch_size"], len(case["labels"])
        epochs, streams = {"epochs": (3, 1), "orders": (4, 1), "seeds": (3, 3)}[probe.judge]
        steps = -(-n // size)
        pictures = np.column_stack([case["pictures"], case["labels"]])
        rows = [
            [stream, epoch * steps + i // size, *pictures[i]]
            for stream in range(streams)
            for epoch in range(epochs)
            for i in range(n)
        ]
        others = rows_of(answered("04.2")[number])[1:]
        said = judged("04.2", number, [1e6 * np.array(rows), *others])
        assert bool(said) == (probe.judge != "epochs"), said


@pytest.mark.parametrize(
    ("number", "change", "said"),
    [
        (0, lambda rows: rows[1:], "not every picture is in one part"),
        (0, lambda rows: np.concatenate([rows[:1], rows]), "not every picture is in one part"),
        (0, lambda rows: rows - [0, 0, 1e6], "numbers that no picture has"),
        (1, lambda rows: rows * [1, 0, 1], "the validation part is empty"),
        (1, lambda rows: np.where([0, 1, 0], 1e6 * (rows[:, 2:] % 2e6 == 0), rows), "both parts"),
        (
            2,
            lambda rows: np.where([0, 1, 0], 1e6 * (rows[:, 2:] < 2e6), rows),
            "pictures of a class",
        ),
        (3, lambda rows: rows[rows[:, 0] == 0], "another division"),
    ],
)
def test_a_division_is_judged_by_what_is_in_its_parts(number, change, said):
    first, *others = rows_of(answered("04.4")[number])
    assert judged("04.4", number, [first, *others]) == ""
    assert said in judged("04.4", number, [change(first), *others])


def epoch_rows(case, flow, epochs, way):
    """Rows of flow, epoch, batch, label, pixels in thousandths, as a right flow gives them."""
    pictures, sizes = np.array(case["pictures"]), case["sizes"][flow]
    first, rows = 0 if flow == 0 else sum(case["sizes"][0]), []
    for epoch in range(epochs):
        batches = np.repeat(np.arange(len(sizes)), sizes)
        for i, batch in enumerate(batches, start=first):
            pixels = np.rint(way(pictures[i], epoch + i) / 0.255)
            rows.append(
                [1000 * flow, 1000 * epoch, 1000 * batch, 1000 * case["labels"][i], *pixels.ravel()]
            )
    return np.array(rows)


AS_IT_IS = "as it is", lambda picture, chance: picture
BY_CHANCE = (
    "mirrored by chance",
    lambda picture, chance: picture[:, ::-1] if chance % 2 else picture,
)
ALWAYS = "always mirrored", lambda picture, chance: picture[:, ::-1]
UPSIDE_DOWN = "upside down", lambda picture, chance: picture[::-1]
BRIGHT = "not divided", lambda picture, chance: 255 * picture


@pytest.mark.parametrize(
    "way", [AS_IT_IS, BY_CHANCE, ALWAYS, UPSIDE_DOWN, BRIGHT], ids=lambda way: way[0]
)
def test_flows_are_judged_by_their_pixels(way):
    name, change = way
    parts, training, validation = (json.loads(one.printed)["cases"][0] for one in asked("04.3"))
    both = np.concatenate([epoch_rows(parts, flow, 1, change) for flow in range(2)])
    assert (judged("04.3", 0, [both]) == "") == (name != "not divided")
    assert (judged("04.3", 1, [epoch_rows(training, 0, 3, change)]) == "") == (way == BY_CHANCE)
    assert (judged("04.3", 2, [epoch_rows(validation, 1, 2, change)]) == "") == (way == AS_IT_IS)


def logits(garments, moved=0.0, apart=1.0):
    """Whole steps of logits in which garments are ``apart`` and rows of one are ``moved``."""
    rng = np.random.default_rng(0)
    two = rng.normal(size=(1, 10)) + apart * np.array([np.zeros(10), np.ones(10)])
    rows = two[garments] + moved * rng.normal(size=(len(garments), 10))
    return np.rint(1e9 * np.stack([rows, 255 * rows, 255**2 * rows]))


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, ""), ({"moved": 0.1}, "the garment moves"), ({"apart": 0}, "another garment")],
)
def test_invariance_is_judged_by_the_logits(options, said):
    garments = np.array(json.loads(asked("03.3")[0].printed)["cases"][0]["garments"])
    found = judged("03.3", 0, [logits(garments, **options)])
    assert said in found if said else found == ""
