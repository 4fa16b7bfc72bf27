"""Probes of lesson 04: the steps of an epoch."""

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("04.1", "steps_per_epoch")
def steps_per_epoch(rng: Generator) -> Drawn:
    """Ask for epochs that come out even, and for those that leave a rest, kept or dropped."""
    for keep_last in (True, False):
        for rest in (0, 1, 7):
            sizes = [(int(n), int(size)) for n, size in rng.integers(9, 60, (4, 2))]
            cases = [(n * size + rest, size, keep_last) for n, size in sizes]
            yield f"{rest} images left over, keep_last={keep_last}", cases
