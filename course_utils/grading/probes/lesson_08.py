"""Probes of lesson 08: two bills, a chain of exits, a block within a budget."""

import numpy as np

from course_utils.grading.probes import inside
from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("08.1", "separable_bill", heavy=True)
def separable_bill(rng: Generator) -> Drawn:
    """Ask for layers with and without a stride."""
    for S in (1, 2, 3):
        cases = rng.integers((3, 3, 2, 3, 3), (40, 40, 8, 24, 24), (4, 5))  # float32 is exact
        yield f"S = {S}", [(*map(int, case), S) for case in cases]


@probes("08.2", "times_faster", step=1e-4)
def times_faster(rng: Generator) -> Drawn:
    """Ask for processors that wait for memory and for those that compute."""
    for line, low, high in (
        ("much memory for each sum", 1, 8),
        ("as usual", 20, 60),
        ("little memory for each sum", 500, 2000),
    ):
        cases = []
        for _ in range(3):
            layer = map(int, (rng.integers(20, 4000), rng.integers(2, 8), *rng.integers(3, 300, 2)))
            cases.append((*layer, int(rng.integers(low, high))))
        yield line, cases
    cases = []
    for _ in range(3):
        places, C, F = map(int, (rng.integers(900, 4000), *rng.integers(120, 300, 2)))
        cases.append((places, int(rng.integers(3, 6)), C, F, int(rng.integers(15, 45))))
    yield "one part waits for memory, the other computes", cases


@probes("08.3", "leave_early", step=1e-4)
def leave_early(rng: Generator) -> Drawn:
    """Ask for two exits and for more, with low and high thresholds."""
    for exits in (2, 4):
        for threshold in (0.55, 0.85):
            odds = rng.random((exits, 40, 3)) ** 3 + 0.01
            sure = odds / odds.sum(axis=2, keepdims=True)
            costs = [int(n) for n in rng.integers(1, 20, exits)]
            yield (
                f"{exits} exits, threshold {threshold}",
                [(sure, rng.integers(3, size=40), threshold, costs)],
            )
    rows = [(a, b, 16 - a - b) for a in range(17) for b in range(17 - a)]
    rows = np.array([row for row in rows if sorted(row)[1] < sorted(row)[2]]) / 16
    sure = rng.choice(rows, (3, 60))
    costs = [int(n) for n in rng.integers(1, 20, 3)]
    yield "a threshold that is met exactly", [(sure, rng.integers(3, size=60), 10 / 16, costs)]


@probes(
    "08.4",
    "lambda *case: put_to_resnext_block(resnext_block, *case)",
    uses=(inside.put_to_resnext_block,),
    step=0.05,
    seconds=120,
    heavy=True,
)
def resnext_block(rng: Generator) -> Drawn:
    """Ask how wide blocks are for budgets that come out even or not, and what blocks compute."""

    def weights(C: int, W: int, groups: int) -> int:
        return 2 * C * W + 9 * W * W // groups

    def case(groups: int, parts: int, C: int, left: float, seed: int | None = None) -> tuple:
        """Return a block of ``parts`` channels a group; ``left`` is how far it is to the next."""
        need, more = (weights(C, n * groups, groups) for n in (parts, parts + 1))
        budget = int(need + left * (more - need - 1))
        return (*map(int, rng.integers(2, 6, 2)), C), groups, budget, seed

    def several(*groups: int, left: float) -> list[tuple]:
        return [case(g, int(rng.integers(2, 7)), int(rng.integers(5, 30)), left) for g in groups]

    yield "the weights, one group", several(1, 1, left=rng.uniform())
    yield "the weights, several groups", several(2, 4, 8, left=rng.uniform())
    yield "the weights, a budget used up to the last one", several(2, 3, 6, left=0)
    yield "the weights, the next width one weight too dear", several(2, 3, 5, left=1)
    seeds = map(int, rng.integers(1_000_000, size=2))
    yield "what comes out", [case(2, 2, 5, 0.5, next(seeds))]
    yield "what comes out where W = C", [case(3, 2, 6, 0.5, next(seeds))]
