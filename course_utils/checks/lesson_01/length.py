"""01.1: the length of the output, a formula."""

from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def output_length(n: int, K: int, P: int = 0, S: int = 1, D: int = 1) -> int:
    """Return how many stops a kernel has; see lesson 01."""
    return (n + 2 * P - D * (K - 1) - 1) // S + 1


@exercise(
    "01.1",
    answers=("output_length",),
    hints=(
        "Draw 10 cells and a kernel of 3. Where is the left end of the kernel at its first stop, "
        "where at its last?",
        "Padding makes the signal longer, on both sides: n + 2P. Dilation makes the kernel longer: "
        "it reaches over D(K - 1) + 1 places. The last stop is at their difference.",
        "From 0 to the last stop you step by S: `last // S` steps, and the first stop comes on top "
        "of them: `(n + 2*P - reach) // S + 1`.",
    ),
    praise="One formula, every layer: you will use it in all the lessons to come.",
)
def judge_output_length(answer: Any) -> None:
    """Compare with the formula where n, K, P, S, D differ one at a time, then together."""
    cases = [(10, 3, 0, 1, 1), (10, 3, 1, 1, 1), (10, 3, 0, 2, 1), (10, 3, 0, 1, 2)]
    cases += [(7, 2, 0, 3, 1), (8, 3, 2, 2, 2), (28, 5, 2, 3, 1), (5, 5, 0, 2, 1), (9, 4, 3, 2, 3)]
    compare(answer, output_length, cases, _LENGTH_MISCONCEPTIONS, name="output_length")


_LENGTH_MISCONCEPTIONS = [
    Misconception(
        "One too few, always: you counted the steps. The first stop counts too (+ 1).",
        lambda n, K, P, S, D: output_length(n, K, P, S, D) - 1,
    ),
    Misconception(
        "One too many, always: the last stop is at n - K, and stops are counted from 0.",
        lambda n, K, P, S, D: output_length(n, K, P, S, D) + 1,
    ),
    Misconception(
        "The padding is counted on one side only. P zeros stand on each side: n + 2P.",
        lambda n, K, P, S, D: (n + P - D * (K - 1) - 1) // S + 1,
    ),
    Misconception(
        "The padding is ignored: the signal grows to n + 2P.",
        lambda n, K, P, S, D: output_length(n, K, 0, S, D),
    ),
    Misconception(
        "The stride is ignored: with S = 2 the kernel stops at every second place only.",
        lambda n, K, P, S, D: output_length(n, K, P, 1, D),
    ),
    Misconception(
        "The dilation is ignored: with gaps the kernel reaches over D(K - 1) + 1 places.",
        lambda n, K, P, S, D: output_length(n, K, P, S, 1),
    ),
    Misconception(
        "The reach is not D times K: between K numbers there are K - 1 gaps, so D(K - 1) + 1.",
        lambda n, K, P, S, D: (n + 2 * P - D * K) // S + 1,
    ),
    Misconception(
        "A length is a whole number: divide with `//`, which drops the step that does not fit.",
        lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) / S + 1,
    ),
    Misconception(
        "Rounded up: a last step that does not fit whole is not taken. Divide with `//`.",
        lambda n, K, P, S, D: -((-n - 2 * P + D * (K - 1) + 1) // S) + 1,
    ),
    Misconception(
        "Rounded to the nearest: a step that does not fit whole is not taken. Divide with `//`.",
        lambda n, K, P, S, D: round((n + 2 * P - D * (K - 1) - 1) / S) + 1,
    ),
    Misconception(
        "The first stop needs no step: add the 1 after dividing by S, not before.",
        lambda n, K, P, S, D: (n + 2 * P - D * (K - 1)) // S,
    ),
    Misconception(
        "n - K is where the last stop stands. Stops are counted from 0, so n - K + 1 of them; and "
        "P, S and D have no say yet.",
        lambda n, K, P, S, D: n - K,
    ),
    Misconception(
        "Right for a bare kernel. P, S and D have no say yet; the case below has one of them.",
        lambda n, K, P, S, D: output_length(n, K),
    ),
    *(
        Misconception(
            f"A good start: {used} has its say. The other two of P, S and D have none yet; the "
            "case below has one of them.",
            lambda n, K, P, S, D, used=used: output_length(
                n, K, **{used: {"P": P, "S": S, "D": D}[used]}
            ),
        )
        for used in "PSD"
    ),
]
