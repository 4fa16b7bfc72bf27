"""04.1: how many batches make an epoch."""

from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def steps_per_epoch(n: int, batch_size: int, keep_last: bool = True) -> int:
    """Return the number of batches in one round through n pictures."""
    return -(-n // batch_size) if keep_last else n // batch_size


@exercise(
    "04.1",
    answers=("steps_per_epoch",),
    hints=(
        "Lay out 10 pictures in rows of 4. How many rows are full, and what is left over?",
        "Whole batches: divide and drop the rest, `n // batch_size`. A smaller one follows if "
        "there is a rest, `n % batch_size`, and only if it is kept.",
        "Rounding up without a float: `-(-n // batch_size)`. So return that "
        "`if keep_last else n // batch_size`.",
    ),
    praise="Now an epoch of yours is one round through the pictures.",
)
def judge_steps_per_epoch(answer: Any) -> None:
    """Compare where the division leaves much, little and nothing, and with few pictures."""
    cases = [(50, 20), (60, 20), (41, 20), (50, 20, True), (50, 20, False), (60, 20, False)]
    cases += [(59, 20, False), (7, 8, True), (7, 8, False), (1030, 32, True), (1, 1, True)]
    compare(answer, steps_per_epoch, cases, _STEPS_MISCONCEPTIONS, name="steps_per_epoch")


_STEPS_MISCONCEPTIONS = [
    Misconception(
        "Rounded down, always: the pictures left over would wait for the next epoch. With "
        "`keep_last` they are a batch of their own.",
        lambda n, b, keep=True: n // b,
    ),
    Misconception(
        "One too many where nothing is left over: adding 1 after `//` is right only if the "
        "division has a rest.",
        lambda n, b, keep=True: n // b + keep,
    ),
    Misconception(
        "One too many where nothing is left over, and `keep_last` has no say yet.",
        lambda n, b, keep=True: n // b + 1,
    ),
    Misconception(
        "Right as long as the last batch is kept: `keep_last` has no say yet.",
        lambda n, b, keep=True: -(-n // b),
    ),
    Misconception(
        "Kept and dropped have changed places: with `keep_last` the smaller batch counts.",
        lambda n, b, keep=True: n // b if keep else -(-n // b),
    ),
    Misconception(
        "Steps are whole: half a batch is a batch, too, or none. Round up, or down.",
        lambda n, b, keep=True: n / b,
    ),
    Misconception(
        "Rounded up where the last batch is kept, but otherwise left with a fraction.",
        lambda n, b, keep=True: -(-n // b) if keep else n / b,
    ),
    Misconception(
        "Rounded to the nearest: even one picture left over makes a batch, if it is kept.",
        lambda n, b, keep=True: round(n / b),
    ),
    Misconception(
        "Rounded to the nearest: even one picture left over is a batch, if kept; 19 are none, "
        "if dropped.",
        lambda n, b, keep=True: round(n / b) if keep else n // b,
    ),
    Misconception(
        "Dropping the last batch takes one away only where it is smaller than the others.",
        lambda n, b, keep=True: -(-n // b) - (not keep),
    ),
    Misconception(
        "At least one step, you say; but of fewer pictures than a batch, dropped, none is left.",
        lambda n, b, keep=True: max(1, steps_per_epoch(n, b, keep)),
    ),
    Misconception(
        "These are pictures; wanted is the number of batches.",
        lambda n, b, keep=True: n if keep else n // b * b,
    ),
    Misconception(
        "This is the size of the last batch; wanted is the number of batches.",
        lambda n, b, keep=True: n % b,
    ),
]
