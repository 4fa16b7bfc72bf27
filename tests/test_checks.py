"""The checks of the exercises, tested with the answers in tests/banks/."""

import functools
import re
import sys
from collections import Counter
from types import FunctionType

import numpy as np
import pytest
from banks import Later, bank, calls_itself, collect, lessons, now, prints_only
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.checks import CheckFailed, check, find, hint, limit, registry
from course_utils.checks.compare import Misconception, compare, shown
from tools.notebooks import SOURCES

WRONG, RIGHT, SENSIBLE = collect("WRONG"), collect("RIGHT"), collect("SENSIBLE")
SOURCE = {path.stem[:2]: path for path in sorted((SOURCES / "exercises").glob("[0-9][0-9]_*.py"))}
ANSWER_CELL = re.compile(r'^# %% exercise=\{"id": "([\d.]+)", "role": "answer"', re.M)
loop = bank("01").loop


class Hostile:
    """An object that fails at whatever is asked of it."""

    def __repr__(self):
        raise RuntimeError("no")

    __array__ = __len__ = __float__ = __str__ = __repr__


class Liar:
    """An object that says it equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


def symbolic_tensor():
    import keras

    return keras.Input((4, 4, 3))


def empty_model():
    import keras

    return keras.Sequential()


STRANGE = {
    "None": None,
    "Ellipsis": ...,
    "text": "8",
    "a generator": (n for n in range(3)),
    "NaN": float("nan"),
    "an array of NaN": np.full(6, np.nan),
    "nothing": [],
    "ragged": [[1, 2], [3]],
    "objects": np.array([None, "a"], dtype=object),
    "a dictionary": {"a": 1},
    "complex": np.array([1 + 2j]),
    "truth": True,
    "a huge number": 10**400,
    "a matrix": np.zeros((3, 3)),
    "a type": int,
    "hostile": Hostile(),
    "a liar": Liar(),
}
FROM_KERAS = {"a symbolic tensor": Later(symbolic_tensor), "an empty model": Later(empty_model)}
BAD_FUNCTIONS = {
    "without end": calls_itself,
    "prints its result": prints_only,
    "ZeroDivisionError": lambda *arguments, **options: 1 / 0,
    "SystemExit": lambda *arguments, **options: sys.exit(),
    "TypeError": lambda a, b, c, d, e, f, g, h, i, j, k, m, n: 1,
}


def message(id, answer):
    """Everything that a learner reads when ``answer`` is rejected."""
    with pytest.raises(CheckFailed) as caught:
        find(id).judge(now(answer))
    assert "\n" not in caught.value.reason
    return caught.value.reason


@functools.cache
def known_message(id, position):
    """The message for a wrong answer of the bank, judged once for all tests."""
    return message(id, WRONG[id][position][1])


def strange_values(id):
    """Values for an exercise that are no sensible answer; lesson 01 does without Keras."""
    values = STRANGE if id.startswith("01.") else STRANGE | FROM_KERAS
    return [name for name in values if name not in SENSIBLE.get(id, {})]


def asks_for_a_function(id):
    return isinstance(now(RIGHT[id][0][1]), FunctionType)


def each(entries):
    """The parameters (id, position) for every entry of every exercise."""
    return [
        pytest.param(id, position, id=f"{id} {entry[0]}")
        for id in entries
        for position, entry in enumerate(entries[id])
    ]


@pytest.mark.parametrize("lesson", sorted({*lessons(), *SOURCE}))
def test_the_exercises_of_a_lesson_have_a_source_checks_and_a_bank(lesson):
    ids = ANSWER_CELL.findall(SOURCE[lesson].read_text(encoding="utf-8"))
    assert ids == [f"{lesson}.{position}" for position in range(1, len(ids) + 1)]
    assert 3 <= len(ids) <= 4
    assert [*bank(lesson).WRONG] == [*bank(lesson).RIGHT] == ids
    assert registry.ids(lesson) == ids


@pytest.mark.parametrize(("id", "position"), each(WRONG))
def test_each_known_wrong_answer_is_rejected_with_its_own_message(id, position):
    assert WRONG[id][position][2] in known_message(id, position)


@pytest.mark.parametrize("id", WRONG)
def test_at_least_four_wrong_answers_are_known_and_no_two_get_the_same_message(id):
    messages = [known_message(id, position) for position in range(len(WRONG[id]))]
    assert len(set(messages)) == len(messages) >= 4


@pytest.mark.parametrize(("id", "position"), each(RIGHT))
def test_right_answers_written_differently_are_accepted(id, position):
    assert len(RIGHT[id]) >= 2
    find(id).judge(now(RIGHT[id][position][1]))


@pytest.mark.parametrize("id", RIGHT)
def test_a_check_is_repeatable_and_leaves_random_numbers_as_they_were(id):
    before = np.random.get_state()[1].tolist()
    first, second = (message(id, WRONG[id][0][1]) for _ in range(2))
    assert first == second
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize(
    ("id", "name"), [pytest.param(i, n, id=f"{i} {n}") for i in WRONG for n in strange_values(i)]
)
def test_strange_answers_and_strange_results_are_rejected_and_never_crash(id, name):
    value = now((STRANGE | FROM_KERAS)[name])
    assert message(id, value)
    assert message(id, lambda *arguments, **options: value)


@pytest.mark.parametrize("id", WRONG)
def test_errors_and_endless_recursion_in_the_answer_become_a_message(id):
    for words, function in BAD_FUNCTIONS.items():
        assert words in message(id, function) or not asks_for_a_function(id)


def test_what_a_bank_calls_sensible_is_a_strange_value_with_a_reason():
    for id, exceptions in SENSIBLE.items():
        assert set(exceptions) <= {*STRANGE, *FROM_KERAS}, id
        assert all(len(reason) >= 10 for reason in exceptions.values()), id


@pytest.fixture
def fresh(monkeypatch):
    """A session in which no hint was taken and nothing is right yet."""
    monkeypatch.setattr(registry, "_HINTS_GIVEN", Counter())
    monkeypatch.setattr(registry, "_RIGHT", set())


def test_a_failed_check_prints_the_case_and_what_came_and_raises_one_line(capsys, fresh):
    with pytest.raises(CheckFailed, match="one side") as caught:
        check("01.1", {"output_length": WRONG["01.1"][2][1]})
    verdict, *details = capsys.readouterr().out.splitlines()
    assert verdict.startswith("01.1 not yet. The padding is counted on one side only.")
    assert details[-4:] == [
        "    tried     output_length(10, 3, 1, 1, 1)",
        "    expected  10",
        "    got       9",
        "Lesson 01  □□□□  0 of 4 right",
    ]
    assert len(caught.value._render_traceback_()) == 1


def test_a_right_answer_is_praised_and_the_progress_shown(capsys, fresh):
    check("01.2", {"convolve": loop})
    praise, progress = capsys.readouterr().out.splitlines()
    assert praise.startswith("01.2 right.")
    assert progress == "Lesson 01  □■□□  1 of 4 right"


def test_what_is_no_longer_right_leaves_the_progress(capsys, fresh):
    check("01.2", {"convolve": loop})
    with pytest.raises(CheckFailed):
        check("01.2", {"convolve": None})
    assert capsys.readouterr().out.endswith("Lesson 01  □□□□  0 of 4 right\n")


def test_long_messages_are_broken_between_words_and_indented(capsys, fresh):
    with pytest.raises(CheckFailed):
        check("01.1", {"output_length": lambda *case: None})
    hint("01.1")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= registry.WIDTH
    assert lines[1] == "      `return`, is missing."


@pytest.mark.parametrize("id", WRONG)
def test_praise_fits_on_one_line(id):
    assert len(f"{id} right. {find(id).praise}") <= registry.WIDTH


def test_a_missing_answer_says_which_name_to_define():
    with pytest.raises(CheckFailed, match="There is no `convolve` yet"):
        check("01.2", {})


@pytest.mark.parametrize("id", ["01.9", "99.1", "1.1", "", None, 1.1])
def test_an_unknown_id_says_what_ids_look_like(id):
    with pytest.raises(ValueError, match=r"lesson 01 has 01\.1|look like"):
        check(id)


def test_hints_come_one_at_a_time_and_the_last_one_stays(capsys, fresh):
    for _ in range(4):
        hint("01.3")
    given = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Hint")]
    assert [line[5] for line in given] == ["1", "2", "3", "3"]


@pytest.mark.parametrize("id", WRONG)
def test_hints_go_from_a_nudge_without_code_to_code(id):
    hints = find(id).hints
    assert len(set(hints)) == 3
    assert "`" not in hints[0], "the nudge holds no code"
    assert "`" in hints[2], "the last one nearly is the answer"


def test_the_example_in_contributing_works(monkeypatch):
    monkeypatch.setattr(registry, "_EXERCISES", {})
    text = (SOURCES.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Add an exercise")[2].partition("\n## ")[0]
    source, judge, bank = re.findall(r"```python\n(.*?)```", section, re.S)
    assert ANSWER_CELL.findall(source) == ["02.1"]
    names = {"exercise": registry.exercise, "compare": compare, "Misconception": Misconception}
    made = names | {"np": np}
    exec(judge + bank, made)
    for _, answer in made["RIGHT"]["02.1"]:
        made["judge_double"](answer)
    (_, answer, words), *_ = made["WRONG"]["02.1"]
    with pytest.raises(CheckFailed, match=words):
        made["judge_double"](answer)


def test_inputs_reach_the_answer_as_copies():
    seen = []

    def answer(sequence, weights):
        seen.append(sequence)
        return loop(sequence, weights)

    find("01.2").judge(answer)
    seen[1][:] = 0
    find("01.2").judge(loop)


def test_values_are_shown_short_and_on_one_line():
    assert shown(np.arange(20.0)).endswith("10, 11, ...]")
    assert shown(Hostile()) == "<Hostile instance>", "no address: it would differ in every run"
    assert "\n" not in shown(np.zeros((20, 20)))
    assert shown(np.arange(4).reshape(2, 2)) == "[[0, 1], [2, 3]]"
    assert shown(np.arange(8).reshape(2, 2, 2)) == "[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]"
    assert shown(np.ones((1, 1))) == "[1] of shape (1, 1)"
    assert shown(np.ones((0, 3))) == "an array of shape (0, 3)"
    assert shown(np.float32(2)) == "2"


def test_where_tables_differ_first_is_said():
    table = np.zeros((1, 2, 2))
    with pytest.raises(CheckFailed) as caught:
        compare(lambda x: np.add(x, [[[0, 0], [3, 0]]]), lambda x: x, [(table,)], name="f")
    assert caught.value.details[-1] == "first at  [0, 1, 0]: expected 0, got 3"


def test_a_wrong_answer_is_named_before_an_error_on_a_later_input():
    def answer(x):
        return 2 * x if x < 5 else 1 / 0

    doubled = Misconception("Doubled, not squared.", lambda x: 2 * x)
    for cases, words in (([(3,), (7,)], "Doubled"), ([(2,), (7,)], "ZeroDivisionError")):
        with pytest.raises(CheckFailed, match=words):
            compare(answer, lambda x: x * x, cases, [doubled], name="square")


def test_only_an_input_that_is_shown_is_recommended_for_paper():
    for size, words in ((2, "by hand"), (7, "named below")):
        with pytest.raises(CheckFailed, match=words):
            compare(lambda x: 0, lambda x: 1, [(np.ones((size, size)),)], name="f")


def test_an_endless_loop_becomes_a_message(monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)

    def answer(*arguments):
        while True:
            pass

    assert "does one of its loops never end" in message("01.1", answer)


def test_check_reads_the_notebook_and_shows_no_traceback():
    code = [
        "from course_utils import check, hint",
        "def convolve(sequence, weights):\n    ...",
        "check('01.2')",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in code])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, kernel_name="python3").execute()
    stream, error = notebook.cells[-1].outputs
    assert stream.text.startswith("01.2 not yet. `convolve` returns None")
    assert error.ename == "CheckFailed"
    assert len(error.traceback) == 1
