"""Probes of lesson 06: the cost of a head, fine-tuning, disguises, a head without training."""

import numpy as np

from course_utils.grading.probes import inside
from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("06.1", "head_parameters")
def head_parameters(rng: Generator) -> Drawn:
    """Ask for heads of one and of several layers, on flattened features and on averages."""
    for flatten in (True, False):
        for depth in (1, 3):
            cases = []
            for _ in range(3):
                shape = tuple(map(int, rng.integers(2, 30, 3)))
                cases.append((shape, tuple(map(int, rng.integers(2, 50, depth))), flatten))
            yield f"{'flattened' if flatten else 'averaged'}, layers: {depth}", cases


@probes(
    "06.2",
    "lambda *case: put_to_fine_tune(fine_tune, *case)",
    uses=(inside.put_to_fine_tune,),
    step=1e-3,
    seconds=120,
    heavy=True,
)
def fine_tune(rng: Generator) -> Drawn:
    """Ask what moves in backbones of several lengths; a layer's name tells nothing of its kind."""
    words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath"]

    def named(kinds: str, names: list[str]) -> tuple:
        """Return a backbone: c is a convolution, n a normalisation."""
        return tuple(
            (name, int(rng.integers(2, 12)) if kind == "c" else 0)
            for kind, name in zip(kinds, names, strict=True)
        )

    def seed() -> int:
        return int(rng.integers(1_000_000))

    def some(count: int) -> list[str]:
        return [words[i] for i in rng.permutation(len(words))[:count]]

    names = some(6)
    names[::2] = sorted(names[::2], reverse=True)  # those of the convolutions
    row = named("cncncn", names)
    yield "what moves: three convolutions, from the second on", [(row, names[2], seed(), "moves")]
    row = named("nccncnn", some(7))
    yield (
        "what moves: normalisation in other places, from the last on",
        [(row, row[4][0], seed(), "moves")],
    )
    row = named("cnncc", some(5))
    yield "what moves: from the very first layer on", [(row, row[0][0], seed(), "moves")]
    row = named("cnc", some(3))
    asked = tuple((label, float(rng.integers(-30, 31)) / 10) for label in (0.0, 1.0, 0.0, 1.0))
    yield "the loss and the rate", [(row, row[2][0], seed(), asked)]


@probes("06.3", "plain_pixels", step=1, heavy=True)
def plain_pixels(rng: Generator) -> Drawn:
    """Ask for pictures in each form; those whose range tells it stand between two dull ones."""
    mean = np.array([103.939, 116.779, 123.68])
    forms = {
        "plain": lambda x: x,
        "0 to 1": lambda x: x / 255,
        "-1 to 1": lambda x: x / 127.5 - 1,
        "divided twice": lambda x: x / 255 / 255,
        "blue first, mean subtracted": lambda x: x[..., ::-1] - mean,
    }
    for form, disguise in forms.items():
        batches = []
        for dark, bright in ((0, 255), (10, 245)):
            batch = rng.integers(130, 141, (3, 4, 3, 3))
            batch[1] = rng.integers(dark, bright + 1, (4, 3, 3))
            batch[1, 1, 1], batch[1, 2, 0] = dark, bright
            batches.append(batch)
        one, other = ("uint8", "int64") if form == "plain" else ("float32", "float64")
        yield (
            form,
            [
                (disguise(batches[0]).astype(one),),
                (disguise(batches[1]).astype(other),),
                (disguise(batches[0][1:2]).astype(other),),
            ],
        )


@probes(
    "06.4",
    "lambda *case: put_to_mean_head(mean_head, *case)",
    uses=(inside.put_to_mean_head,),
    heavy=True,
)
def mean_head(rng: Generator) -> Drawn:
    """Ask for the classes of new pictures near the borders, but not on them.

    The features of a class lie to one side, and spread in one class more than in another.
    """
    for line, C, F in (("two classes", 2, 1), ("three classes", 3, 4), ("six classes", 6, 5)):
        means = rng.permutation(20 * F).reshape(F, 20).T[:C] - 8.0
        labels = rng.permutation(np.arange(6 * C) % C)
        spread = rng.integers(0, 6, (6 * C, F)) ** 2 / 8
        features = means[labels] + spread * (1 + labels[:, None])
        centres = np.array([features[labels == c].mean(axis=0) for c in range(C)])
        new = rng.integers(-100, 100 + 200 * F, (4000, F)) / 10
        distances = np.sort(((new[:, None] - centres) ** 2).sum(axis=2), axis=1)
        gap = distances[:, 1] - distances[:, 0]
        near = np.argsort(gap)[(np.sort(gap) > 0.2)][:60]
        yield line, [(features, labels, new[near])]
