"""Measure lesson 03 on the complete Fashion-MNIST: ``python benchmarks/full_03.py``.

Three networks, three seeds each. Settings were chosen on validation images, which each run takes
anew from the training images; a run opens the test set once, at its end. What a run measures is
kept in ``build/full_03/``, so an interrupted measurement goes on where it stopped; complete sets
of seeds are recorded in ``results.json``.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from shared import kept, record_curves

from course_utils import load, models, quiet
from tools.results import record

with quiet():
    import keras

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "full_03"
SEEDS = (0, 1, 2)
SHIFTS = range(5)
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # right, left, down, up
VALIDATION = 1 / 12  # 5,000 of 60,000


@dataclass(frozen=True)
class Recipe:
    """How one network is trained: ``keep`` says which epoch's weights go to the test."""

    build: Callable[[], keras.Model]
    words: str
    epochs: int
    batch: int
    keep: str = "last"  # or "best": the epoch with the highest validation accuracy
    peak: float = 1e-3
    flips: bool = False
    smoothing: float = 0.0
    target: str = ""


RECIPES = {
    "dense": Recipe(
        models.dense_baseline, "dense baseline", epochs=5, batch=32, target="about 88 %"
    ),
    "cnn": Recipe(models.fashion_cnn, "CNN", 10, 64, keep="best", target="at least 91 %"),
    "deeper": Recipe(
        models.deeper_cnn,
        "deeper CNN",
        epochs=8,
        batch=256,
        peak=4e-3,
        flips=True,
        smoothing=0.1,
        target="at least 93.5 %",
    ),
}


def measure(name: str, seed: int) -> dict:
    """Train one network from one seed and return everything that is measured on it."""
    recipe, fashion = RECIPES[name], load("fashion_mnist", "full")
    if len(fashion.x_train) != 60_000:
        raise ValueError(f"the complete Fashion-MNIST has 60,000 training images, not {fashion}")
    split = fashion.holdout(VALIDATION, seed)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model, start = recipe.build(), time.perf_counter()
    curves, kept = train(model, recipe, split, np.random.default_rng(seed))
    seconds = time.perf_counter() - start
    by_shift = [
        100 * np.mean(predict(model, shifted_in_turn(split.x_test, pixels)) == split.y_test)
        for pixels in SHIFTS
    ]
    logits = model.predict(split.x_test, batch_size=500, verbose=0)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (split.y_test, logits.argmax(axis=1)), 1)
    both = logits + model.predict(split.x_test[:, :, ::-1], batch_size=500, verbose=0)
    model.save_weights(KEPT / f"{name}-{seed}.weights.h5")
    return {
        "curves": curves,
        "kept_epoch": kept,
        "seconds": seconds,
        "by_shift": by_shift,
        "mirrored": 100 * np.mean(both.argmax(axis=1) == split.y_test),
        "confusion": confusion.tolist(),
    }


def train(model, recipe: Recipe, split, rng: np.random.Generator) -> tuple[dict, int]:
    """Train ``model`` in place; return its curves by epoch and the epoch (from 1) that it keeps."""
    steps = recipe.epochs * -(-len(split.x_train) // recipe.batch)
    rate = recipe.peak
    if recipe.flips:
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, steps - steps // 5, warmup_target=recipe.peak, warmup_steps=steps // 5
        )
    model.compile(
        keras.optimizers.Adam(rate),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.smoothing),
        metrics=["accuracy"],
        jit_compile=False,  # on processors XLA only costs time here
    )
    y_train, y_val = np.eye(10, dtype="float32")[split.y_train], np.eye(10)[split.y_val]
    curves = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
    best = None
    for _ in range(recipe.epochs):
        images = flipped_at_random(split.x_train, rng) if recipe.flips else split.x_train
        past = model.fit(
            images,
            y_train,
            batch_size=recipe.batch,
            validation_data=(split.x_val, y_val),
            validation_batch_size=500,
            verbose=0,
        )
        for key, values in past.history.items():
            curves[key].append(values[-1])
        print(f"  {curves['accuracy'][-1]:.4f} {curves['val_accuracy'][-1]:.4f}", flush=True)
        if recipe.keep == "last" or curves["val_accuracy"][-1] == max(curves["val_accuracy"]):
            best, kept = model.get_weights(), len(curves["loss"])
    model.set_weights(best)
    return curves, kept


def predict(model, images: np.ndarray) -> np.ndarray:
    """Return the class of each image."""
    return model.predict(images, batch_size=500, verbose=0).argmax(axis=1)


def flipped_at_random(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a copy in which each image is mirrored with probability one half."""
    mirror = rng.random(len(images)) < 0.5
    return np.where(mirror[:, None, None, None], images[:, :, ::-1], images)


def shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move images (n, height, width, channels) and fill what opens up with black."""
    height, width = images.shape[1:3]
    room = np.pad(images, ((0, 0), (abs(down),) * 2, (abs(right),) * 2, (0, 0)))
    top, left = abs(down) - down, abs(right) - right
    return room[:, top : top + height, left : left + width]


def shifted_in_turn(images: np.ndarray, pixels: int) -> np.ndarray:
    """Move the first image right, the second left, then down, up, right and so on."""
    moved = images.copy()
    for turn, (down, right) in enumerate(DIRECTIONS):
        moved[turn::4] = shifted(images[turn::4], down * pixels, right * pixels)
    return moved


def record_all(found: dict[str, list[dict]]) -> None:
    """Record what every seed of a network measured."""
    for name, runs in found.items():
        recipe, seeds = RECIPES[name], list(SEEDS)
        count = f"{recipe.build().count_params():,} parameters"
        record(
            f"03.full.{name}-test",
            statement=f"{recipe.words}, {count}: accuracy on the 10,000 test images",
            values=[run["by_shift"][0] for run in runs],
            unit="%",
            seeds=seeds,
            target="" if recipe.flips else recipe.target,
        )
        if recipe.flips:
            record(
                f"03.full.{name}-mirrored-test",
                statement=f"{recipe.words}, {count}: test accuracy, mirror image's logits added",
                values=[run["mirrored"] for run in runs],
                unit="%",
                seeds=seeds,
                target=recipe.target,
            )
        for pixels in SHIFTS[1:]:
            record(
                f"03.full.{name}-shift-{pixels}",
                statement=f"{recipe.words}: test accuracy, images moved by {pixels} px",
                values=[run["by_shift"][pixels] for run in runs],
                unit="%",
                seeds=seeds,
            )
        curves = [run["curves"] for run in runs]
        record_curves(f"03.full.{name}", recipe.words, curves, list(curves[0]))
        record(
            f"03.full.{name}-train",
            statement=f"{recipe.words}: training accuracy in the last epoch",
            values=[100 * run["curves"]["accuracy"][-1] for run in runs],
            unit="%",
            seeds=seeds,
        )
        record(
            f"03.full.{name}-recall",
            statement=f"{recipe.words}: test images of each class that are recognised, mean",
            values=np.mean([100 * recall(run) for run in runs], axis=0).tolist(),
            unit="%",
        )


def recall(run: dict) -> np.ndarray:
    """Return the share of each class (row of the confusion matrix) on its diagonal."""
    confusion = np.array(run["confusion"])
    return confusion.diagonal() / confusion.sum(axis=1)


def main() -> None:
    """Measure what is not kept yet, then record every network whose seeds are complete."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    wanted = parser.parse_args().models
    found = {}
    for name in wanted:
        for seed in SEEDS:
            run = kept(KEPT / f"{name}-{seed}.json", partial(measure, name, seed))
            found.setdefault(name, []).append(run)
            shifts = " ".join(f"{value:.2f}" for value in run["by_shift"])
            print(f"{name:8} seed {seed}: test % at shift 0 to 4: {shifts}", flush=True)
    record_all(found)


if __name__ == "__main__":
    main()
