"""Measure lesson 05's cures for overfitting: ``python benchmarks/patience_05.py``.

The small network on only 2,000 training images of CIFAR-10, which it can learn by heart: as it is,
with dropout, and with augmentation, for 4 and for 40 epochs, two seeds each. Judged by the same
2,000 images and by 10,000 other training images. What a run measures is kept in
``build/patience_05/``, so an interrupted measurement goes on where it stopped.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from course_utils import load, models, quiet, training

with quiet():
    import keras
    import tensorflow as tf

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "patience_05"
SEEDS = (0, 1)
EPOCHS = (4, 40)
FEW, MANY = 2_000, 10_000
PLAIN = training.Recipe(batch=128, peak=0.1, smoothing=0.0, shift=0, flips="none")
CURES = {  # name: words, recipe, network
    "none": ("as it is", PLAIN, {}),
    "dropout": ("dropout 0.25", PLAIN, {"dropout": 0.25}),
    "augment": (
        "mirrored and moved by up to 4 pixels",
        replace(PLAIN, shift=4, flips="random"),
        {},
    ),
}


def measure(cure: str, epochs: int, seed: int) -> dict[str, float]:
    """Train one network and return its accuracy in % on the images it knows and on others."""
    cifar = load("cifar10", "full")
    split = cifar.holdout(1 - FEW / len(cifar.x_train), seed=0)
    _, recipe, parts = CURES[cure]
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = models.component_cnn(**parts)
    recipe = replace(recipe, epochs=epochs, seed=seed)
    training.train(model, split.x_train, split.y_train, recipe)
    return {
        "known": 100 * training.accuracy(model, split.x_train, split.y_train),
        "new": 100 * training.accuracy(model, split.x_val[:MANY], split.y_val[:MANY]),
    }


def main() -> None:
    """Measure what is not kept yet, then record everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args()
    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    KEPT.mkdir(parents=True, exist_ok=True)
    found = {}
    for seed in SEEDS:
        for cure in CURES:
            for epochs in EPOCHS:
                kept = KEPT / f"{cure}-{epochs}-{seed}.json"
                if not kept.exists():
                    kept.write_text(json.dumps(measure(cure, epochs, seed)), encoding="utf-8")
                found[cure, epochs, seed] = json.loads(kept.read_text(encoding="utf-8"))
                print(cure, epochs, seed, found[cure, epochs, seed], flush=True)
    record_all(found)


def record_all(found: dict[tuple[str, int, int], dict[str, float]]) -> None:
    """Record both accuracies of every network."""
    sys.path.insert(0, str(ROOT))
    from tools.results import record

    for cure, (words, *_) in CURES.items():
        for epochs in EPOCHS:
            for pile, images in (("known", "its 2,000 training images"), ("new", "10,000 others")):
                record(
                    f"05.full.patience.{cure}-{epochs}-{pile}",
                    statement=f"small network, {words}, {epochs} epochs on 2,000 images: "
                    f"accuracy on {images}",
                    values=[found[cure, epochs, seed][pile] for seed in SEEDS],
                    unit="%",
                    seeds=list(SEEDS),
                )


if __name__ == "__main__":
    main()
