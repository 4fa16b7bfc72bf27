import math
import sys

import numpy as np
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.checks import CheckFailed, check, find, hint, lesson_01, registry
from course_utils.checks.compare import shown


def loop(sequence, weights):
    """The mended loop of exercise 01.2, for wrong answers to start from."""
    weights = weights[::-1]
    stops = len(sequence) - len(weights) + 1
    return np.array([np.sum(weights * sequence[i : i + len(weights)]) for i in range(stops)])


def returns_in_the_loop(sequence, weights):
    weights = weights[::-1]
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])
        return convolution


def whole_numbers_only(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1, dtype=int)
    convolution[:] = loop(sequence, weights)
    return convolution


def flips_at_every_stop(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        weights = weights[::-1]
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])
    return convolution


def flips_in_place(sequence, weights):
    weights[:] = weights[::-1].copy()
    return np.correlate(sequence, weights, "valid")


def windows(x, K):
    return np.lib.stride_tricks.sliding_window_view(x, K)


def downhill(x, y, steps, rate=0.2):
    K = len(x) - len(y) + 1
    k = np.zeros(K)
    for _ in range(steps):
        k = k - rate / len(y) * windows(x, K).T @ (windows(x, K) @ k - y)
    return k


def prints_only(*arguments):
    print(42)


def calls_itself(*arguments):
    return calls_itself(*arguments)


# Per exercise: name of a wrong answer, the answer, words that only its message has.
WRONG = {
    "01.1": [
        (
            "counts steps, not stops",
            lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) // S,
            "+ 1",
        ),
        (
            "one too many",
            lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) // S + 2,
            "One too many",
        ),
        ("pads one side", lambda n, K, P, S, D: (n + P - D * (K - 1) - 1) // S + 1, "one side"),
        ("no padding", lambda n, K, P, S, D: (n - D * (K - 1) - 1) // S + 1, "padding is ignored"),
        ("no stride", lambda n, K, P, S, D: n + 2 * P - D * (K - 1), "stride is ignored"),
        ("no dilation", lambda n, K, P, S, D: (n + 2 * P - K) // S + 1, "dilation is ignored"),
        ("K gaps", lambda n, K, P, S, D: (n + 2 * P - D * K) // S + 1, "K - 1 gaps"),
        ("divides with /", lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) / S + 1, "whole"),
        (
            "rounds up",
            lambda n, K, P, S, D: math.ceil((n + 2 * P - D * (K - 1) - 1) / S) + 1,
            "Rounded up",
        ),
        ("adds 1 too early", lambda n, K, P, S, D: (n + 2 * P - D * (K - 1)) // S, "not before"),
        ("prints", prints_only, "prints its result"),
        (
            "rounds to the nearest",
            lambda n, K, P, S, D: round((n + 2 * P - D * (K - 1) - 1) / S) + 1,
            "to the nearest",
        ),
        ("last stop only", lambda n, K, P, S, D: n - K, "P, S and D have no say"),
        ("bare kernel", lambda n, K, P, S, D: n - K + 1, "Right for a bare kernel"),
        ("P alone", lambda n, K, P, S, D: n + 2 * P - K + 1, "P has its say"),
        ("S alone", lambda n, K, P, S, D: (n - K) // S + 1, "S has its say"),
        ("D alone", lambda n, K, P, S, D: n - D * (K - 1), "D has its say"),
        ("an array", lambda *case: np.zeros(lesson_01.output_length(*case)), "a single number"),
    ],
    "01.2": [
        ("still nothing returned", lambda s, w: None, "returns None"),
        ("unflipped", lambda s, w: np.correlate(s, w, "valid"), "still a cross-correlation"),
        ("flips the sequence", lambda s, w: np.correlate(s[::-1], w, "valid"), "The sequence is"),
        ("flips both", lambda s, w: np.correlate(s[::-1], w[::-1], "valid"), "The answers are"),
        ("misses the last", lambda s, w: loop(s, w)[:-1], "missing at the end"),
        ("returns in the loop", returns_in_the_loop, "inside the loop: the function"),
        (
            "returns in the loop, unflipped",
            lambda s, w: returns_in_the_loop(s, w[::-1]),
            "not flipped yet",
        ),
        ("whole numbers", whole_numbers_only, "fractions are cut off"),
        ("full", np.convolve, "hangs over the ends"),
        ("flips in place", flips_in_place, "in place"),
        ("flips at every stop", flips_at_every_stop, "turn it once"),
        ("the last sum only", lambda s, w: loop(s, w)[-1], "a single number"),
    ],
    "01.3": [
        ("flipped", lambda x, y: lesson_01.find_kernel(x, y)[::-1], "back to front"),
        ("one short", lambda x, y: lesson_01.find_kernel(x[:-1], y), "One number is missing"),
        (
            "scaled",
            lambda x, y: lesson_01.find_kernel(x, y) / lesson_01.find_kernel(x, y).sum(),
            "add up to 1",
        ),
        ("correlated", lambda x, y: np.correlate(x, y, "valid") / len(y), "not solved for"),
        ("too few steps", lambda x, y: downhill(x, y, steps=60), "take more steps"),
        (
            "all that lstsq returns",
            lambda x, y: np.linalg.lstsq(windows(x, len(x) - len(y) + 1), y),
            "several things",
        ),
        ("square", lambda x, y: np.linalg.solve(windows(x, len(x) - len(y) + 1), y), "by least"),
        ("too large a step", lambda x, y: downhill(x, y, steps=100, rate=3), "overshoot"),
    ],
}
RIGHT = {
    "01.1": [
        ("counts them", lambda n, K, P, S, D: len(range(0, n + 2 * P - D * (K - 1), S))),
        ("math.floor", lambda n, K, P, S, D: math.floor((n + 2 * P - D * (K - 1) - 1) / S) + 1),
        ("NumPy's integer", lambda *case: np.int32(lesson_01.output_length(*case))),
    ],
    "01.2": [
        ("loop", loop),
        ("asks NumPy", lambda s, w: np.convolve(s, w, "valid")),
        ("a list", lambda s, w: [float(w[::-1] @ part) for part in windows(s, len(w))]),
    ],
    "01.3": [
        ("normal equations", lambda x, y: np.linalg.pinv(windows(x, len(x) - len(y) + 1)) @ y),
        ("downhill", lambda x, y: downhill(x, y, steps=3000)),
    ],
}
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
}


class Hostile:
    """An object that fails at whatever is asked of it."""

    def __repr__(self):
        raise RuntimeError("no")

    __array__ = __len__ = __float__ = __str__ = __repr__


def message(id, answer):
    """Everything that a learner reads when ``answer`` is rejected."""
    with pytest.raises(CheckFailed) as caught:
        find(id).judge(answer)
    assert "\n" not in caught.value.reason
    return caught.value.reason


def cases(bank):
    return [pytest.param(id, *rest, id=f"{id} {rest[0]}") for id in bank for rest in bank[id]]


@pytest.mark.parametrize(("id", "name", "answer", "words"), cases(WRONG))
def test_each_known_wrong_answer_is_rejected_with_its_own_message(id, name, answer, words):
    assert words in message(id, answer)


@pytest.mark.parametrize("id", WRONG)
def test_no_two_wrong_answers_get_the_same_message(id):
    messages = [message(id, answer) for _, answer, _ in WRONG[id]]
    assert len(set(messages)) == len(messages) >= 4


@pytest.mark.parametrize(("id", "name", "answer"), cases(RIGHT))
def test_right_answers_written_differently_are_accepted(id, name, answer):
    find(id).judge(answer)


@pytest.mark.parametrize("id", WRONG)
@pytest.mark.parametrize("value", [*STRANGE.values(), Hostile()], ids=[*STRANGE, "hostile"])
def test_strange_answers_and_strange_results_are_rejected_and_never_crash(id, value):
    assert message(id, value)
    assert message(id, lambda *arguments: value)


@pytest.mark.parametrize("id", WRONG)
def test_errors_and_endless_recursion_in_the_answer_become_a_message(id):
    assert "without end" in message(id, calls_itself)
    assert "ZeroDivisionError" in message(id, lambda *arguments: 1 / 0)
    assert "SystemExit" in message(id, lambda *arguments: sys.exit())
    assert "TypeError" in message(id, lambda: 1)


def test_a_failed_check_prints_the_case_and_what_came_and_raises_one_line(capsys):
    with pytest.raises(CheckFailed, match="one side") as caught:
        check("01.1", {"output_length": WRONG["01.1"][2][1]})
    verdict, *details = capsys.readouterr().out.splitlines()
    assert verdict.startswith("01.1 not yet. The padding is counted on one side only.")
    assert details == [
        "    tried     output_length(10, 3, 1, 1, 1)",
        "    expected  10",
        "    got       9",
    ]
    assert len(caught.value._render_traceback_()) == 1


def test_a_right_answer_prints_one_line(capsys):
    check("01.2", {"convolve": loop})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("01.2 right.")


def test_a_missing_answer_says_which_name_to_define():
    with pytest.raises(CheckFailed, match="There is no `convolve` yet"):
        check("01.2", {})


@pytest.mark.parametrize("id", ["01.9", "99.1", "1.1", "", None, 1.1])
def test_an_unknown_id_says_what_ids_look_like(id):
    with pytest.raises(ValueError, match=r"lesson 01 has 01\.1|look like"):
        check(id)


def test_hints_come_one_at_a_time_and_the_last_one_stays(capsys, monkeypatch):
    monkeypatch.setattr(registry, "_HINTS_GIVEN", type(registry._HINTS_GIVEN)())
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
