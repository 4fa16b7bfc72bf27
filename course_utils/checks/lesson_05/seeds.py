"""Exercise 05.3: how many seeds a difference needs, read from the ablation's picture."""

from typing import Any

from course_utils.checks.registry import CheckFailed, exercise
from course_utils.checks.values import a_number

NEEDED = 6
_TOO_FEW = {
    5: "Rounded down: with 5 the band is ± 0.98, still a hair wider than the difference.",
    4: "The band narrows with the root of n, not with n: to make it 1.3 times narrower, it takes "
    "1.3 x 1.3 times the seeds.",
    3: "Three is what the picture has, and there the row is grey.",
    2: "Fewer seeds make the band wider. (Did a 2 or a root get lost in the band?)",
    1: "One run of each says least of all: the band is then ± 2.19. (Check the band's formula.)",
}


@exercise(
    "05.3",
    answers=("seeds",),
    hints=(
        "The row is grey because its square lies within the band. The band must become narrower "
        "than the difference. How does its width change when you take four times the seeds?",
        "The base has 65.29, dropout 0.25 has 64.32: a difference of 0.97, in a band of 1.26. So "
        "the band must become 1.26 / 0.97 = 1.3 times narrower, and it goes with 1 / root of n.",
        "Three seeds, times 1.3 squared, rounded up: `math.ceil(3 * (1.26 / 0.97) ** 2)`.",
    ),
    praise="Seeds are counted before a claim is made, not after.",
)
def judge_seeds(answer: Any) -> None:
    """Compare with the smallest n for which 2 s root(2 / n) is below the difference of means."""
    found = a_number(answer, "seeds", "how many each of the two networks needs")
    if found == NEEDED:
        return
    raise CheckFailed(_seeds_thought(found), *_seeds_details(found))


def _seeds_thought(found: float) -> str:
    if found <= 0:
        return "At least one run of each is needed to compare anything."
    if found != int(found):
        return "Seeds come whole: take the next whole number at which the row is outside."
    if found in (2 * NEEDED - 1, 2 * NEEDED):
        return "These are the runs of both networks together. Asked is how many each of them needs."
    return _TOO_FEW.get(found, "Enough, and more than needed: the row stands outside with fewer.")


def _seeds_details(found: float) -> tuple[str, ...]:
    if not 1 <= found < 1e6 or found != int(found):
        return ()
    band = 2 * 0.7746 * (2 / found) ** 0.5
    return f"tried     n = {found:g}", "expected  a band just below 0.97", f"got       ± {band:.2f}"
