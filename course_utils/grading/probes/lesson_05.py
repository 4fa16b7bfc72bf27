"""Probes of lesson 05: a bill, a scaling, a number of seeds, batch normalisation."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("05.1", "multiply_adds")
def multiply_adds(rng: Generator) -> Drawn:
    """Ask for one layer and for stacks, with and without strides."""
    for line, layers, strides in (
        ("one layer", 1, (1, 1, 1)),
        ("one layer with a stride", 1, (2, 3, 2)),
        ("three layers", 3, (1, 1, 1)),
        ("three layers with strides", 3, (2, 1, 3)),
    ):
        cases = []
        for _ in range(3):
            sizes = rng.integers(1, 6, layers), rng.integers(2, 30, layers)
            stack = [(int(K), S, int(F)) for K, F, S in zip(*sizes, strides, strict=False)]
            cases.append((*map(int, rng.integers(9, 40, 2)), int(rng.integers(2, 9)), stack))
        yield line, cases


@probes("05.2", "standardise", step=1e-3)
def standardise(rng: Generator) -> Drawn:
    """Ask for the training images, for others, for one image alone."""

    def images(n: int) -> np.ndarray:
        return (rng.uniform(size=(n, 3, 4, 3)) * [250, 190, 90]).astype(np.uint8)

    train = images(6)
    yield "the training images themselves", [(train, train)]
    yield "other images", [(train, images(4))]
    yield "one image alone", [(train, images(1))]


def _told(seeds, factor, power):
    """Return a number that tells how many seeds there are."""
    if isinstance(seeds, str | bool):
        raise TypeError(f"`seeds` is no number, but {type(seeds).__name__}")
    return factor * float(seeds) ** power


@probes("05.3", "lambda *case: _told(seeds, *case)", uses=(_told,))
def seeds(rng: Generator) -> Drawn:
    """Ask for the number in three disguises, since it has no input to be hidden."""
    for line, power in (
        ("the seeds of each network", 1),
        ("the runs of several networks", 1),
        ("how much narrower the band gets", 0.5),
    ):
        yield line, [(int(rng.integers(11, 9_999)), power)]


def _layer(batch_norm, *case):
    """Return maps and running averages; these hold a number a channel, in whatever shape."""
    import numpy

    y, mean, variance = batch_norm(*case)
    return y, numpy.ravel(mean), numpy.ravel(variance)


@probes("05.4", "lambda *case: _layer(batch_norm, *case)", step=1e-3, uses=(_layer,))
def batch_norm(rng: Generator) -> Drawn:
    """Ask for both modes, for a batch of one, for other momenta."""

    def case(n: int, *mode: object) -> tuple:
        maps = rng.normal(3, 2, (n, 2, 3, 4)).round(2)
        return maps, *rng.uniform(1, 3, (4, 4)).round(2), *mode

    yield "in training", [case(3, True, 0.9, 0.001), case(1, True, 0.9, 0.001)]
    yield "in use", [case(3, False, 0.9, 0.001), case(1, False, 0.9, 0.001)]
    yield "in training, another momentum and epsilon", [case(4, True, 0.6, 0.5)]
    yield "in use, another momentum and epsilon", [case(4, False, 0.6, 0.5)]
