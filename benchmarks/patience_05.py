"""Measure lesson 05's cures for overfitting: ``python benchmarks/patience_05.py``.

The small network on only 2,000 training images of CIFAR-10, which it can learn by heart: as it is,
with dropout at two rates, and with augmentation, for 4 and for 40 epochs. And, for 4 epochs, at
five learning rates with and without batch normalisation. Two seeds each (one for the rates); judged
by the same 2,000 images and by 10,000 others. What a run measures is kept in
``build/patience_05/``, so an interrupted measurement goes on where it stopped.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from shared import kept, use_threads

from course_utils import load, models, quiet, training
from tools.results import record

with quiet():
    import keras

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "patience_05"
SEEDS = (0, 1)
EPOCHS = (4, 40)
FEW, MANY = 2_000, 10_000
PLAIN = training.Recipe(batch=128, peak=0.1, smoothing=0.0, shift=0, flips="none")
CURES = {  # name: words, recipe, network
    "none": ("as it is", PLAIN, {}),
    "dropout-25": ("dropout 0.25", PLAIN, {"dropout": 0.25}),
    "dropout-50": ("dropout 0.5", PLAIN, {"dropout": 0.5}),
    "augment": (
        "mirrored and moved by up to 4 pixels",
        replace(PLAIN, shift=4, flips="random"),
        {},
    ),
}


RATES = (0.01, 0.05, 0.25, 1.25, 6.25)
NORMS = {
    "before": "batch norm before ReLU",
    "after": "batch norm after ReLU",
    "none": "no batch norm",
}


def trainings() -> dict[str, tuple[str, training.Recipe, dict]]:
    """Return every training by its name: words for the table, recipe, what the network has."""
    found = {
        f"patience.{cure}-{epochs}": (
            f"{words}, {epochs} epochs",
            replace(recipe, epochs=epochs),
            parts,
        )
        for cure, (words, recipe, parts) in CURES.items()
        for epochs in EPOCHS
    }
    brief = replace(PLAIN, epochs=EPOCHS[0])
    return found | {
        f"rates.{norm}-{rate}": (
            f"{words}, peak rate {rate}, {EPOCHS[0]} epochs",
            replace(brief, peak=rate),
            {"norm": norm},
        )
        for norm, words in NORMS.items()
        for rate in RATES
    }


def measure(recipe: training.Recipe, parts: dict, seed: int) -> dict[str, float]:
    """Train one network and return its accuracy in % on the images it knows and on others."""
    cifar = load("cifar10", "full")
    split = cifar.holdout(1 - FEW / len(cifar.x_train), seed=0)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = models.component_cnn(**parts)
    training.train(model, split.x_train, split.y_train, replace(recipe, seed=seed))
    return {
        "known": 100 * training.accuracy(model, split.x_train, split.y_train),
        "new": 100 * training.accuracy(model, split.x_val[:MANY], split.y_val[:MANY]),
    }


def main() -> None:
    """Measure what is not kept yet, then record everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args()
    use_threads(options.threads)
    found = {}
    for name, (_, recipe, parts) in trainings().items():
        for seed in seeds_of(name):
            path = KEPT / f"{name}-{seed}.json"
            found[name, seed] = kept(path, partial(measure, recipe, parts, seed))
            print(name, seed, found[name, seed], flush=True)
    record_all(found)


def seeds_of(name: str) -> tuple[int, ...]:
    """Return the seeds of a training: two, but one for each learning rate."""
    return SEEDS[:1] if name.startswith("rates") else SEEDS


def record_all(found: dict[tuple[str, int], dict[str, float]]) -> None:
    """Record both accuracies of every network."""
    for name, (words, *_) in trainings().items():
        for pile, images in (("known", "its 2,000 training images"), ("new", "10,000 others")):
            record(
                f"05.full.{name}-{pile}",
                statement=f"small network, {words} on 2,000 images: accuracy on {images}",
                values=[found[name, seed][pile] for seed in seeds_of(name)],
                unit="%",
                seeds=list(seeds_of(name)),
            )


if __name__ == "__main__":
    main()
