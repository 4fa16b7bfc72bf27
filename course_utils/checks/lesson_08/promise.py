"""Exercise 08.2: how many times faster, if numbers have to be moved."""

from operator import add
from typing import Any

from course_utils.checks.compare import Misconception, compare, spelt
from course_utils.checks.registry import CheckFailed, exercise


def _waits(places, weights, read, written, per_number, slower=max) -> float:
    """Return the time of one pass, in the time that one number takes to be moved."""
    return slower(places * weights / per_number, places * (read + written) + weights)


def times_faster(places: int, K: int, C: int, F: int, per_number: float) -> float:
    """Return the time of a convolution over that of its separable twin."""
    return _ratio(places, K, C, F, per_number, _waits)


def _ratio(places, K, C, F, per_number, time, both=add) -> float:
    """Return the ratio with another formula for the time of a pass."""
    ordinary, *separated = _times(places, K, C, F, per_number, time)
    return ordinary / both(*separated)


def _times(places, K, C, F, per_number, time=_waits) -> list[float]:
    """Return the times of the ordinary, the depthwise and the 1 x 1 pass."""
    passes = (K * K * C * F, C, F), (K * K * C, C, C), (C * F, C, F)
    return [time(places, *one, per_number) for one in passes]


def _between_forgotten(places, K, C, F, per_number) -> float:
    depthwise = _waits(places, K * K * C, C, 0, per_number)
    pointwise = _waits(places, C * F, 0, F, per_number)
    return _times(places, K, C, F, per_number)[0] / (depthwise + pointwise)


@exercise(
    "08.2",
    answers=("times_faster",),
    hints=(
        "Write down one pass first: what does it multiply, what does it read, what does it write? "
        "Then use it three times.",
        "In units of one number moved, computing takes the multiply-adds over per_number, and "
        "moving takes the numbers read and written, weights included. The pass takes the larger "
        "of the two. The separated layer is the sum of two passes.",
        "A pass is `max(places * weights / per_number, places * (read + written) + weights)`, with "
        "C read and F written in the ordinary one, C and C in the depthwise one, C and F in the "
        "1 x 1.",
    ),
    praise="Count to compare work; to compare time, ask what has to be moved as well.",
)
def judge_times_faster(answer: Any) -> None:
    """Compare where computing or moving is slower, in each of the three passes."""
    cases = [
        (100, 3, 2, 4, 4),
        (100, 5, 8, 6, 1),
        (100, 3, 2, 4, 1000),
        (10, 3, 4, 20, 8),
        (100, 3, 2, 4, 0.05),
    ]
    cases += [(49, 7, 2, 2, 24), (12544, 5, 3, 256, 36), (196, 3, 512, 512, 36)]
    try:
        compare(answer, times_faster, cases, _TIME_MISCONCEPTIONS, name="times_faster")
    except CheckFailed as failure:
        raise CheckFailed(failure.reason, *_with_times(failure.details, cases)) from None


def _with_times(details: tuple[str, ...], cases: list[tuple]) -> list[str]:
    """Add the times of the three passes below the expected ratio."""
    if len(details) < 3:
        return list(details)
    spelt_cases = [f"tried     {spelt('times_faster', case)}" for case in cases]
    ordinary, depthwise, pointwise = _times(*cases[spelt_cases.index(details[0])])
    told = f"that is   {ordinary:g} / ({depthwise:g} + {pointwise:g})"
    return [*details[:2], told, *details[2:]]


def _in_one_pass(places, K, C, F, per_number, between) -> float:
    """Return the ratio if the separated layer computed and moved all at once."""
    weights = K * K * C + C * F
    moved = places * (C + F + between) + weights
    ordinary = _waits(places, K * K * C * F, C, F, per_number)
    return ordinary / max(places * weights / per_number, moved)


_TIME_MISCONCEPTIONS = [
    Misconception(
        "That is still the promise of the page: weights over weights. (Times the places on both "
        "sides it is the work, with the same ratio.) Moving has no say yet.",
        lambda places, K, C, F, per_number: K * K * F / (K * K + F),
    ),
    Misconception(
        "Only moving counts here. Where there is much to compute for each number, memory waits "
        "for the processor: take the slower of the two.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: n * (r + out) + w),
    ),
    Misconception(
        "Computing and moving are added up, but they go on at the same time: a pass takes as long "
        "as the slower of the two.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: n * w / p + n * (r + out) + w),
    ),
    Misconception(
        "That is the faster of the two. A pass is over when the slower one is done: `max`.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: _waits(n, w, r, out, p, min)),
    ),
    Misconception(
        "The separated layer is taken as one pass. It is two, each with its own slower part: one "
        "may wait for memory while the other computes.",
        lambda *layer: _in_one_pass(*layer, between=2 * layer[2]),
    ),
    Misconception(
        "One pass, in which the maps between the two parts never travel: depthwise writes them to "
        "memory, 1 x 1 reads them again, and the times of the two add up.",
        lambda *layer: _in_one_pass(*layer, between=0),
    ),
    Misconception(
        "The weights are moved, too: each is read once in a pass.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * (r + out))),
    ),
    Misconception(
        "The weights are read at every place here; once in a pass is enough.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * (r + out + w))),
    ),
    Misconception(
        "The maps are read but never written: a pass moves its output, too.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * r + w)),
    ),
    Misconception(
        "The maps are written but never read: a pass moves its input, too.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(n * w / p, n * out + w)),
    ),
    Misconception(
        "Depthwise only reads its maps here, and 1 x 1 only writes: each pass reads *and* writes.",
        lambda *layer: _between_forgotten(*layer),
    ),
    Misconception(
        "The slower part alone is waited for. Depthwise and 1 x 1 run one after the other: add "
        "their times.",
        lambda *layer: _ratio(*layer, _waits, both=max),
    ),
    Misconception(
        "per_number has no say: a multiply-add takes far less time than moving a number.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: _waits(n, w, r, out, 1)),
    ),
    Misconception(
        "per_number stands on the wrong side: many multiply-adds fit into the time of one number, "
        "so computing becomes shorter by it, not longer.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: _waits(n, w, r, out, 1 / p)),
    ),
    Misconception(
        "The places are missing in the work: each weight is used at every place.",
        lambda *layer: _ratio(*layer, lambda n, w, r, out, p: max(w / p, n * (r + out) + w)),
    ),
    Misconception(
        "The fraction is upside down: ordinary over separated says how many times faster.",
        lambda *layer: 1 / times_faster(*layer),
    ),
]
