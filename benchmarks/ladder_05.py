"""Measure lesson 05's recipe one change at a time: ``python benchmarks/ladder_05.py``.

Each row adds one ingredient to the row before it. The budget is that of the lesson's own run: five
epochs on 10,000 training images of CIFAR-10; every row is judged by 10,000 other training images.
What a run measures is kept in ``build/ladder_05/``, so an interrupted measurement
goes on where it stopped; once every run is there, all rows are recorded in ``results.json``.
"""

import argparse
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from shared import kept, use_threads

from course_utils import load, models, quiet, training
from tools.results import record

with quiet():
    import keras

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "ladder_05"
SEEDS = (0,)
IMAGES = 10_000
CHOSEN = training.Recipe(epochs=5)


@dataclass(frozen=True)
class Rung:
    """The state of every ingredient in one row; each row changes one of them."""

    words: str
    recipe: training.Recipe
    whitening: bool = False
    identity: bool = False
    largest: bool = False

    def network(self, images) -> keras.Model:
        """Build the efficient network with this row's ingredients."""
        model = models.efficient_cnn(images if self.whitening else None, identity=self.identity)
        if not self.whitening:
            model.get_layer("whitening").trainable = True
        if self.largest:
            return model
        average = keras.layers.GlobalAveragePooling2D()
        stack = [
            average if isinstance(layer, keras.layers.GlobalMaxPooling2D) else layer
            for layer in model.layers
        ]
        return keras.Sequential([keras.Input((32, 32, 3)), *stack])


def ladder() -> list[Rung]:
    """Return the rows, the plainest first and the chosen recipe last."""
    plain = replace(
        CHOSEN, schedule="constant", peak=CHOSEN.peak / 2, smoothing=0.0, shift=0, flips="none"
    )
    rungs = [Rung("the plain network, constant rate", plain)]

    def add(words, recipe=None, **network):
        rungs.append(replace(rungs[-1], words=words, **network))
        if recipe:
            rungs[-1] = replace(rungs[-1], recipe=replace(rungs[-1].recipe, **recipe))

    add("+ triangular rate", {"schedule": "triangular", "peak": CHOSEN.peak})
    add("+ whitening", whitening=True)
    add("+ kernels that hand on", identity=True)
    add("+ global max pooling", largest=True)
    recipe = {"flips": CHOSEN.flips, "shift": CHOSEN.shift, "smoothing": CHOSEN.smoothing}
    add("+ flips, small moves, label smoothing", recipe)
    return rungs


def measure(rung: Rung, seed: int) -> float:
    """Train one row from one seed and return its validation accuracy in %."""
    cifar = load("cifar10", "full")
    split = cifar.holdout(1 - IMAGES / len(cifar.x_train), seed=0)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = rung.network(split.x_train)
    training.train(model, split.x_train, split.y_train, replace(rung.recipe, seed=seed))
    return 100 * training.accuracy(model, split.x_val[:IMAGES], split.y_val[:IMAGES])


def main() -> None:
    """Measure what is not kept yet, then record the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args()
    use_threads(options.threads)
    found: dict[tuple[int, int], float] = {}
    for seed in SEEDS:
        for number, rung in enumerate(ladder()):
            path = KEPT / f"{number}-{seed}.json"
            found[number, seed] = kept(path, partial(measure, rung, seed))
            print(f"{rung.words}, seed {seed}: {found[number, seed]:.2f} %", flush=True)
    record_all(found)


def record_all(found: dict[tuple[int, int], float]) -> None:
    """Record every row with all its seeds."""
    for number, rung in enumerate(ladder()):
        record(
            f"05.full.ladder-{number}",
            statement=f"{rung.words}: accuracy on {IMAGES:,} validation images after "
            f"{CHOSEN.epochs} epochs on {IMAGES:,} training images",
            values=[found[number, seed] for seed in SEEDS],
            unit="%",
            seeds=list(SEEDS),
        )


if __name__ == "__main__":
    main()
