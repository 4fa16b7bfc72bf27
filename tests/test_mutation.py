import multiprocessing
import re
import signal
import sys
import time

import pytest

from tools import mutation, mutation_worker
from tools.mutants import BEGIN, END, mutants
from tools.mutation import Score

SOURCE = f"""# ---
# jupyter:
#   kernelspec: {{display_name: Python 3, language: python, name: python3}}
# ---

# %%
import numpy as np
import time
helper = 1

# %% exercise={{"id": "01.1", "role": "answer", "points": 1}}
def output_length(n, K, P=0, S=1, D=1):
    {BEGIN}
    BODY
    {END}
"""
FORK = multiprocessing.get_context("fork")  # it carries a test's replacements along
RIGHT = "return (n + 2 * P - D * (K - 1) - 1) // S + helper"


def changed(line):
    """What the mutants make of one line."""
    return [m.after for m in mutants(f"def f(x):\n    {BEGIN}\n    {line}\n    {END}\n")]


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """Measure an exercise whose solution is ``body``, with what a bank says of it."""

    def measured(body, **bank):
        (tmp_path / "exercises").mkdir(exist_ok=True)
        (tmp_path / "exercises" / "01_exercises.py").write_text(SOURCE.replace("BODY", body))
        for module in (mutation, mutation_worker):
            monkeypatch.setattr(module, "SOURCES", tmp_path)
            monkeypatch.setattr(module, "bank", lambda lesson: type("Bank", (), bank))
        monkeypatch.setattr(mutation.multiprocessing, "get_context", lambda kind: FORK)
        monkeypatch.delitem(sys.modules, "keras", raising=False)  # else the fork tidies up after it
        (score,) = mutation.measure("01")
        return score

    yield measured
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("return x + 1", ["return None", "return x - 1", "return x", "return 1", "return x + 2"]),
        ("return x < 0", ["return x <= 0", "return x >= 0", "return x < -1"]),
        ("return a and not b", ["return a or not b", "return a and b"]),
        ("return f(x, y, k=3)", ["return f(y, x, k=3)", "return f(x, y)", "return f(x, y, k=4)"]),
        ("return x[1:n]", ["return x[2:n]", "return x[1:n - 1]", "return x[1:n + 1]"]),
        ("return x[:, 0]", ["return x[1:, 0]", "return x[:-1, 0]", "return x[:, -1]"]),
        ("return x.max(axis=1)", ["return x.min(axis=1)", "return x.max(axis=2)"]),
        ("return -x.T", ["return x.T", "return -x"]),
        ("total += x", ["pass", "total -= x", "total = x"]),
        ("return [a, b]", ["return [b]", "return [a]", "return [b, a]"]),
        ('return Conv2D(8, 3, padding="same")', ['return Conv2D(8, 3, padding="valid")']),
        ("return np.abs(x)", ["return x"]),
        ("return sum(v for v in x if v)", ["return sum(v for v in x if not (v))"]),
        ("for i in range(n): x[i] = 0", ["for i in range(n - 1): x[i] = 0"]),
        ("return x if a else y", ["return x if not (a) else y"]),
        ("return 'größer', x * 2", ["return 'größer', x * 3", "return 'größer', x + 2"]),
    ],
)
def test_a_line_is_changed_in_every_way_a_beginner_may_slip(line, mutated):
    assert set(mutated) <= set(changed(line))


def test_only_what_stands_between_the_markers_is_changed_and_every_mutant_is_new_code():
    code = f"def f(x, y=1):\n    a = x + 1\n    {BEGIN}\n    return a * 2  # twice\n    {END}\n"
    found = mutants(code)
    assert {m.before for m in found} == {"return a * 2"}
    assert len({m.code for m in found}) == len(found) > 4
    for mutant in found:
        compile(mutant.code, "cell", "exec")


def test_the_mutants_of_a_solution_are_rejected_and_survivors_named(lesson):
    score = lesson(f"unused = 0; {RIGHT}")
    assert score.rejected > 20
    assert "unused = 0;" in "".join(score.keys(mutation.SURVIVED))
    assert any(line.startswith("    ") for line in score.problems())


def test_a_survivor_that_the_bank_explains_counts_as_equivalent(lesson):
    survivor = f"unused = 0; {RIGHT} -> unused = {{}}; {RIGHT}"
    reasons = {survivor.format(number): "never used" for number in (1, -1)}
    reasons[f"unused = 0; {RIGHT} -> pass; {RIGHT}"] = "never used"
    score = lesson(f"unused = 0; {RIGHT}", EQUIVALENT={"01.1": reasons})
    assert (score.listed, score.score, score.problems()) == (3, 1, [])


def test_a_mutant_that_waits_or_never_ends_counts_as_rejected(lesson, monkeypatch):
    monkeypatch.setattr(mutation_worker, "LIMIT_SECONDS", 0.3)
    start = time.perf_counter()
    score = lesson(f"while n < 0: n += 1\n    {RIGHT}")
    assert time.perf_counter() - start < 60
    endless = "while n < 0: n += 1 -> while not (n < 0): n += 1"
    assert endless in score.keys(mutation.REJECTED)


def test_a_process_that_hangs_is_ended_and_the_next_mutants_are_tried(lesson, monkeypatch):
    monkeypatch.setattr(mutation, "HANGING_SECONDS", 5)
    monkeypatch.setattr(mutation_worker, "_execute", hangs_once(mutation_worker._execute))
    score = lesson(RIGHT)
    assert len(score.keys(mutation.HANGS)) == 1
    assert len(score.results) == score.possible


def hangs_once(execute):
    def replaced(code, namespace):
        if "return None" in code:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            time.sleep(300)
        execute(code, namespace)

    return replaced


def test_a_solution_that_its_check_rejects_is_an_error(lesson):
    with pytest.raises(RuntimeError, match=r"01\.1: the solution itself is not accepted"):
        lesson("return n")


def test_a_sample_is_the_same_each_time_and_an_open_task_needs_none(lesson):
    first, second = (lesson(RIGHT, SAMPLED={"01.1": 5}) for _ in range(2))
    assert first.results == second.results
    assert len(first.results) == 5
    assert "5 of" in mutation.table([first])
    reason = "an open task: its numbers are free"
    score = lesson(RIGHT, NOT_MUTATED={"01.1": reason})
    assert (score.results, score.problems()) == ({}, [])
    assert reason in mutation.table([score])


def test_a_score_is_good_enough_from_95_percent_on_with_at_most_10_percent_equivalent():
    def problems(rejected, survived, explained, **more):
        results = {f"a -> {n} #{n}": mutation.REJECTED for n in range(rejected)}
        results |= {f"b -> {n} #{n}": mutation.SURVIVED for n in range(survived + explained)}
        reasons = {f"b -> {survived + n}": "the same" for n in range(explained)}
        return " ".join(Score("01.1", 100, "", results | more, reasons).problems())

    assert "less than 95%" in problems(94, 6, 0)
    assert "less than" not in problems(95, 5, 0)
    assert problems(90, 0, 10) == ""
    assert "more than 10%" in problems(89, 0, 11)
    assert "the check crashed" in problems(99, 0, 0, **{"c -> d #1": mutation.CRASHED})
    assert "no survivor: 'x -> y'" in " ".join(
        Score("01.1", 1, "", {"a -> b #0": mutation.REJECTED}, {"x -> y": "why"}).problems()
    )


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("lesson", mutation.lessons())
def test_the_checks_of_a_lesson_notice_the_mutants_of_its_solutions(lesson):
    scores = mutation.measure(lesson)
    assert not [line for score in scores for line in score.problems()], mutation.table(scores)
    assert sum(bool(score.skipped) for score in scores) <= 1


def test_the_table_has_a_line_for_each_exercise():
    score = Score("01.1", 2, "", {"a -> b #0": mutation.REJECTED, "a -> c #1": mutation.HANGS})
    assert re.search(r"^01\.1\s+2\s+2\s+0\s+0\s+100\.0%$", mutation.table([score]), re.M)
