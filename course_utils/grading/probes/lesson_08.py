"""Probes of lesson 08: two bills and a chain of exits."""

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("08.1", "separable_bill")
def separable_bill(rng: Generator) -> Drawn:
    """Ask for layers with and without a stride."""
    for S in (1, 2, 3):
        yield f"S = {S}", [(*map(int, rng.integers(3, 40, 5)), S) for _ in range(4)]


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
