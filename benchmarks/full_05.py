"""Measure lesson 05 on the complete CIFAR-10: ``python benchmarks/full_05.py``.

Three parts. *choose*: three-epoch candidates of the efficient recipe, compared on 5,000 validation
images. The start was a published kind of recipe whose settings had been tried on this data before
(see `course_utils.models.efficient_cnn`); leaving out the ReLU after the whitening and a tenfold
rate for the offsets of batch norm were tried once and not kept. *recipe*: the chosen one on all
50,000 training images, short and long, three seeds; each run opens the test set once, at its end.
*ablation*: one component of a small network at a time, three seeds, on 10,000 validation images.

What a run measures is kept in ``build/full_05/``, and a run keeps a checkpoint after every epoch,
so an interrupted measurement goes on where it stopped. Complete sets of seeds are recorded in
``results.json``. Several processes may share the work: ``--runs "ablation.*"`` in one of them.
"""

import argparse
import json
import time
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np
from shared import kept, use_threads

from course_utils import load, models, quiet
from course_utils.training import Recipe, accuracy, predict, train
from tools.results import record

with quiet():
    import keras
    import tensorflow as tf

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "full_05"
SEEDS = (0, 1, 2)
COMPONENTS = Recipe(
    epochs=3, batch=128, peak=0.1, smoothing=0.0, shift=0, flips="none"
)  # what every row of the ablation shares
WIDTHS = (8, 32, 64)
CHOSEN = Recipe(epochs=3, batch=128, peak=0.5)


@dataclass(frozen=True)
class Run:
    """One row: ``words`` for the table, the recipe, what is special about the network."""

    words: str
    recipe: Recipe
    network: dict = field(default_factory=dict)
    distort: str = ""  # the name of a function below, in place of crop and flip
    seeds: tuple[int, ...] = SEEDS


def source_augmentation(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotate by up to 10 degrees, shift by up to 5 of 32 pixels, mirror half of the images."""
    n, size = len(batch), batch.shape[1]
    angle = np.deg2rad(rng.uniform(-10, 10, n))
    mirror = rng.choice([-1.0, 1.0], n)
    centre = (size - 1) / 2
    right, down = rng.uniform(-5, 5, (2, n)) + centre
    cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros(n)
    rows = (
        *(mirror * cos, -mirror * sin, centre - mirror * (cos * right - sin * down)),
        *(sin, cos, centre - (sin * right + cos * down)),
        *(zero, zero),
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=batch.astype(np.float32),
        transforms=np.stack(rows, axis=1).astype(np.float32),
        output_shape=batch.shape[1:3],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    ).numpy()


def standardised(images: np.ndarray, of: np.ndarray | tuple[float, float]) -> np.ndarray:
    """Centre and scale by one mean and one deviation: those of the images ``of``, or given.

    The result is multiplied by 255, because the network divides by it.
    """
    mean, deviation = of if isinstance(of, tuple) else (of.mean(), of.std())
    return ((images - np.float32(mean)) / np.float32(deviation + 1e-7) * 255).astype(np.float32)


TRAINING_STATISTICS = (120.7, 64.2)  # mean and deviation of CIFAR-10's training pixels


def centred(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Centre and scale by the training pixels' mean and deviation."""
    return standardised(batch, TRAINING_STATISTICS)


def candidates() -> dict[str, Run]:
    """Return the settings among which the recipe was chosen: 45,000 images, one seed."""
    start = Recipe(epochs=3, batch=256, peak=0.4)
    smaller = {"batch": 128, "peak": 0.25}
    changes = {
        "start": ("as first tried: batch 256, peak rate 0.4", {}, {"identity": False}),
        "identity": ("kernels that start by handing their input on", {}, {}),
        "batch-128": ("the same, batch 128 and peak rate 0.25", smaller, {}),
        "peak-0.5": ("the same, batch 128 and peak rate 0.5", {"batch": 128, "peak": 0.5}, {}),
        "no-flips": ("the same, no flips", {"batch": 128, "peak": 0.5, "flips": "none"}, {}),
    }
    return {
        f"choose.{slug}": Run(words, replace(start, **recipe), network, seeds=(0,))
        for slug, (words, recipe, network) in changes.items()
    }


def recipes() -> dict[str, Run]:
    """Return the chosen recipe, short and long."""
    return {
        "short": Run("efficient recipe, 3 epochs", CHOSEN),
        "long": Run("efficient recipe, 10 epochs", replace(CHOSEN, epochs=10)),
    }


def ablation() -> dict[str, Run]:
    """Return the rows of the ablation, the most telling first; the base comes first of all."""

    def row(words, network=None, distort="", **recipe):
        return Run(words, replace(COMPONENTS, **recipe), network or {}, distort)

    norms = {
        "before": "batch norm before ReLU",
        "none": "no batch norm",
        "after": "batch norm after ReLU",
    }
    flips, shift = {"flips": "random"}, {"shift": 5}
    rows = {
        "base": row("max pooling, batch norm before ReLU, no dropout, no augmentation"),
        "pooling-average": row("average pooling", {"pooling": "average"}),
        "pooling-strided": row("strided convolutions", {"pooling": "strided"}),
        "schedule-constant": row("constant rate", schedule="constant"),
        "norm-none": row("no batch norm", {"norm": "none"}),
        "norm-after": row("batch norm after ReLU", {"norm": "after"}),
    }
    rates = {
        f"norm-{norm}-rate-{rate}": row(
            f"{norms[norm]}, peak rate {rate}", {"norm": norm}, peak=rate
        )
        for norm in norms
        for rate in (0.02, 0.5)
    }
    rows |= {slug: run for slug, run in rates.items() if "after" not in slug}
    rows |= {
        "dropout-0.25": row("dropout 0.25", {"dropout": 0.25}),
        "dropout-0.5": row("dropout 0.5", {"dropout": 0.5}),
        "augment-flip": row("random flips", **flips),
        "augment-source": row(
            "rotations by 10 degrees, shifts by 5 pixels, flips", distort="source_augmentation"
        ),
        "preprocess-standardised": row("pixels centred and scaled", distort="centred"),
        "augment-flip-shift": row("random flips, shifts by up to 5 pixels", **flips, **shift),
        "dropout-0.1": row("dropout 0.1", {"dropout": 0.1}),
        "schedule-cosine": row("cosine schedule", schedule="cosine"),
    }
    rows |= {slug: run for slug, run in rates.items() if "after" in slug}
    rows["pooling-none"] = row("no pooling", {"pooling": "none"})
    return {f"ablation.{slug}": run for slug, run in rows.items()}


def measure(name: str, run: Run, seed: int) -> dict:
    """Train one network from one seed and return everything that is measured on it."""
    cifar = load("cifar10", "full")
    if len(cifar.x_train) != 50_000:
        raise ValueError(f"the complete CIFAR-10 has 50,000 training images, not {cifar}")
    part = name.split(".")[0]
    if part in ("short", "long"):
        x, y, x_look, y_look = cifar.x_train, cifar.y_train, cifar.x_test, cifar.y_test
    else:
        split = cifar.holdout(0.1 if part == "choose" else 0.2, seed=0)
        x, y, x_look, y_look = split.x_train, split.y_train, split.x_val, split.y_val
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    if part == "ablation":
        model = models.component_cnn(widths=WIDTHS, **run.network)
    else:
        model = models.efficient_cnn(x, **run.network)
    counts, seconds, start = models.multiply_adds(model), [], time.process_time()

    def after_epoch(epoch: int, loss: float) -> None:
        seconds.append(time.process_time() - start)
        print(f"  epoch {epoch}: loss {loss:.4f}, {seconds[-1]:.0f} processor s", flush=True)

    losses = train(
        model,
        x,
        y,
        replace(run.recipe, seed=seed),
        checkpoint=KEPT / f"{name}-{seed}.npz",
        after_epoch=after_epoch,
        distort=globals()[run.distort] if run.distort else None,
    )
    found = {
        "losses": losses,
        "cpu_seconds": seconds[-1] * len(losses) / len(seconds) if seconds else None,
        "parameters": model.count_params(),
        "tflop": models.training_flop(counts, len(x), len(losses)) / 1e12,
    }
    if part == "ablation":
        shown = centred(x_look, None) if run.distort == "centred" else x_look
        found["accuracy"] = 100 * accuracy(model, shown, y_look)
        if run.distort == "centred":
            found["preprocessing"] = preprocessing(model, x_look, y_look)
    else:
        answers = predict(model, x_look).argmax(axis=1)
        found["accuracy"] = 100 * float(np.mean(answers == y_look))
        found["mirrored"] = 100 * accuracy(model, x_look, y_look, mirrored=True)
        found["confusion"] = confusion(answers, y_look).tolist()
        model.save_weights(KEPT / f"{name}-{seed}.weights.h5")
    return found


def confusion(answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Count how often each class (row) was taken for each class (column)."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, answers), 1)
    return counts


def preprocessing(model, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the accuracy by what the images are centred and scaled with, in %."""

    def right(shown, of=slice(None)):
        return np.mean(predict(model, shown).argmax(axis=1) == labels[of])

    by_class = [np.flatnonzero(labels == label) for label in range(10)]
    pixels = images.reshape(len(images), -1)
    alone = pixels.mean(axis=1), pixels.std(axis=1) + 1e-7
    mean, deviation = (value[:, None, None, None].astype(np.float32) for value in alone)
    found = {
        "training": right(standardised(images, TRAINING_STATISTICS)),
        "own": right(standardised(images, images)),
        "class": np.mean([right(standardised(images[of], images[of]), of) for of in by_class]),
        "single": right((images - mean) / deviation * 255),
        "forgotten": right(images.astype(np.float32) * 255),  # the network sees 0 to 255
    }
    return {key: 100 * float(value) for key, value in found.items()}


PREPROCESSING = {
    "training": "by the training pixels' mean and deviation",
    "own": "all 10,000 by their own",
    "class": "the images of each class by their own",
    "single": "each image by its own",
    "forgotten": "not at all",
}


def record_run(name: str, run: Run, measured: list[dict]) -> None:
    """Record a run whose seeds are complete."""
    seeds = list(run.seeds)
    values = [one["accuracy"] for one in measured]
    if name.startswith("choose"):
        words = f"efficient network, 3 epochs, {run.words}: accuracy on 5,000 validation images"
        record(f"05.full.{name}", statement=words, values=values, unit="%", seeds=seeds)
    elif name.startswith("ablation"):
        words = f"small network, {run.words}: accuracy on 10,000 validation images"
        record(f"05.full.{name}", statement=words, values=values, unit="%", seeds=seeds)
        if run.distort == "centred":
            record_preprocessing(measured, seeds)
    else:
        record_recipe(name, run, measured, seeds)


def record_preprocessing(measured: list[dict], seeds: list[int]) -> None:
    """Record what happens when test images are centred by something else."""
    for key, words in PREPROCESSING.items():
        record(
            f"05.full.preprocessing.{key}",
            statement=f"small network trained on centred and scaled pixels; the 10,000 "
            f"validation images are centred and scaled {words}: accuracy",
            values=[one["preprocessing"][key] for one in measured],
            unit="%",
            seeds=seeds,
        )


def record_recipe(name: str, run: Run, measured: list[dict], seeds: list[int]) -> None:
    """Record accuracy, compute and processor time of the short or the long training."""
    tflop, parameters = measured[0]["tflop"], measured[0]["parameters"]
    words = f"{run.words}, {parameters:,} parameters, {tflop:.1f} TFLOP"
    target = {"short": "at least 83 %", "long": "at least 88 %"}[name]
    most = {"short": "<= 12", "long": "<= 40"}[name]
    test = f"{words}: accuracy on the 10,000 test images"
    values = [one["accuracy"] for one in measured]
    record(
        f"05.full.{name}-test", statement=test, values=values, unit="%", seeds=seeds, target=target
    )
    record(
        f"05.full.{name}-mirrored-test",
        statement=f"{words}: test accuracy, mirror image's logits added",
        values=[one["mirrored"] for one in measured],
        unit="%",
        seeds=seeds,
    )
    record(
        f"05.full.{name}-tflop",
        statement=f"{run.words}: 6 x multiply-adds x images x epochs",
        values=[tflop],
        unit="TFLOP",
        target=most,
    )
    times = [one["cpu_seconds"] for one in measured if one["cpu_seconds"]]
    record(
        f"05.full.{name}-cpu-seconds",
        statement=f"{run.words}: processor time of the training, summed over the cores",
        values=times,
        unit="s",
    )
    record(
        f"05.full.{name}-curve-loss",
        statement=f"{run.words}: training loss by epoch (smoothed labels), mean of the seeds",
        values=np.mean([one["losses"] for one in measured], axis=0).tolist(),
        unit="",
    )
    shares = [np.diag(one["confusion"]) / np.sum(one["confusion"], axis=1) for one in measured]
    record(
        f"05.full.{name}-recall",
        statement=f"{run.words}: test images of each class that are recognised, mean of the seeds",
        values=(100 * np.mean(shares, axis=0)).tolist(),
        unit="%",
    )


def runs() -> dict[str, Run]:
    """Return everything that is measured, in order."""
    return candidates() | recipes() | ablation()


def main() -> None:
    """Measure what is not kept yet, then record every run whose seeds are complete."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="*", help="a pattern of names, such as 'ablation.*'")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="measure only these")
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    parser.add_argument("--record", action="store_true", help="only record what is kept")
    options = parser.parse_args()
    use_threads(options.threads)
    KEPT.mkdir(parents=True, exist_ok=True)  # for the checkpoints
    for name, run in runs().items():
        if not fnmatch(name, options.runs):
            continue
        paths = [KEPT / f"{name}-{seed}.json" for seed in run.seeds]
        for seed, path in zip(run.seeds, paths, strict=True):
            if path.exists() or options.record or seed not in options.seeds:
                continue
            print(f"{name}, seed {seed}", flush=True)
            found = kept(path, partial(measure, name, run, seed))
            path.with_suffix(".npz").unlink(missing_ok=True)
            print(f"{name}, seed {seed}: {found['accuracy']:.2f} %", flush=True)
        if all(path.exists() for path in paths):
            measured = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
            record_run(name, run, measured)


if __name__ == "__main__":
    main()
