"""Measure lesson 08 over several seeds: the network with two exits, at both sizes of CIFAR-10.

Quick: 10,000 images, the seeds behind the ranges that the lesson promises. Full: 50,000. Everything
is kept in build/full_08, so an interrupted run goes on. Thresholds are chosen on the validation
part; the test images are used once a seed.

    python benchmarks/full_08.py [--sizes mini full] [--seeds 0 1 2] [--threads 2]
"""

import argparse
from pathlib import Path

import numpy as np
from shared import kept, use_threads

from course_utils import load, models, quiet, training
from tools.results import record

KEPT = Path(__file__).parents[1] / "build" / "full_08"
EPOCHS = {"mini": 8, "full": 10}
HOLDOUT = {"mini": 0.2, "full": 0.1}
LOSS_ALLOWED = 1.0  # points of validation accuracy
THRESHOLDS = np.round(np.arange(0.2, 1.001, 0.02), 2)
WORDS = {
    "early": ("early exit alone, validation accuracy", "%"),
    "late": ("late exit alone, validation accuracy", "%"),
    "threshold": ("chosen threshold", ""),
    "leaving": ("images that leave early at the chosen threshold, validation", "%"),
    "cost": ("mean cost at the chosen threshold, share of all multiply-adds, test", "%"),
    "exits-test": ("two exits at the chosen threshold, test accuracy", "%"),
    "late-test": ("late exit alone, test accuracy", "%"),
    "only-early": ("images that only the early exit names rightly, validation", "%"),
    "four-bits": ("validation accuracy lost when maps are sent in 4 bits", "points"),
    "one-bit": ("validation accuracy lost when maps are sent in 1 bit", "points"),
}


def measure(size: str, seed: int) -> dict:
    """Train one network; return what `WORDS` names, and the curve over the thresholds."""
    with quiet():
        import keras
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    split = load("cifar10", size).holdout(HOLDOUT[size], seed=0)
    model = models.two_exit_cnn(split.x_train)
    recipe = training.Recipe(epochs=EPOCHS[size], flips="random", seed=seed)
    training.train_exits(model, split.x_train, split.y_train, recipe)
    share = early_share(model)
    early, late = training.predict_exits(model, split.x_val)
    curve = [outcome(early, late, split.y_val, t, share) for t in THRESHOLDS]
    alone = 100 * np.mean(late.argmax(axis=1) == split.y_val)
    chosen = next(i for i, (right, _, _) in enumerate(curve) if right >= alone - LOSS_ALLOWED)
    lost = {
        bits: curve[chosen][0]
        - outcome(early, coarse(model, split, bits), split.y_val, THRESHOLDS[chosen], share)[0]
        for bits in (4, 1)
    }
    only = (early.argmax(axis=1) == split.y_val) & (late.argmax(axis=1) != split.y_val)
    test = training.predict_exits(model, split.x_test)
    right, cost, _ = outcome(*test, split.y_test, THRESHOLDS[chosen], share)
    return {
        "early": 100 * np.mean(early.argmax(axis=1) == split.y_val),
        "late": alone,
        "threshold": float(THRESHOLDS[chosen]),
        "leaving": curve[chosen][2],
        "cost": cost,
        "exits-test": right,
        "late-test": 100 * np.mean(test[1].argmax(axis=1) == split.y_test),
        "only-early": 100 * np.mean(only),
        "four-bits": lost[4],
        "one-bit": lost[1],
        "curve": curve,
    }


def coarse(model, split, bits: int) -> np.ndarray:
    """Return the late exit's logits where its maps arrive in so many bits for each number."""
    import keras

    maps = model.get_layer("split").output
    device = keras.Model(model.input, [maps, model.outputs[0]])
    server = keras.Model(maps, model.outputs[1])
    largest = training.predict_exits(device, split.x_train[:2000])[0].max(axis=(0, 1, 2))
    sent = training.predict_exits(device, split.x_val)[0]
    levels = 2**bits - 1
    sent = np.round(np.clip(sent / largest, 0, 1) * levels) / levels * largest
    return server.predict(sent, verbose=0)


def early_share(model) -> float:
    """Return the multiply-adds up to the early exit as a share of all."""
    rows = models.multiply_adds(model).rows
    split = next(i for i, row in enumerate(rows) if row.output[-1] == 64)
    early = sum(row.multiply_adds for row in rows[:split])
    early += sum(row.multiply_adds for row in rows if row.name == "early_dense")
    return early / sum(row.multiply_adds for row in rows)


def outcome(early, late, labels, threshold: float, share: float) -> tuple[float, float, float]:
    """Return accuracy, mean cost and images that leave, in percent, at ``threshold``."""
    odds = np.exp(early - early.max(axis=1, keepdims=True))
    leaves = (odds / odds.sum(axis=1, keepdims=True)).max(axis=1) >= threshold
    said = np.where(leaves, early.argmax(axis=1), late.argmax(axis=1))
    cost = share + (1 - share) * np.mean(~leaves)
    return tuple(float(100 * x) for x in (np.mean(said == labels), cost, np.mean(leaves)))


def main() -> None:
    """Measure what is not kept yet, and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["mini", "full"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    use_threads(options.threads)
    for size in options.sizes:
        seeds = options.seeds if size == "mini" else options.seeds[:3]
        runs = [
            kept(KEPT / f"{size}-{seed}.json", lambda size=size, seed=seed: measure(size, seed))
            for seed in seeds
        ]
        epochs = f"{EPOCHS[size]} epochs of {size} CIFAR-10"
        prefix = "08.exits" if size == "mini" else "08.full.exits"
        for key, (words, unit) in WORDS.items():
            values = [run[key] for run in runs]
            statement = f"two-exit network, {epochs}: {words}"
            record(f"{prefix}.{key}", statement=statement, values=values, unit=unit, seeds=seeds)
        for column, (key, words) in enumerate((("right", "accuracy"), ("cost", "mean cost"))):
            record(
                f"{prefix}.curve-{key}",
                statement=f"two-exit network, {epochs}: validation {words} by threshold, "
                f"{THRESHOLDS[0]} to {THRESHOLDS[-1]}, mean of {len(seeds)} seeds",
                values=np.mean([run["curve"] for run in runs], axis=0)[:, column].tolist(),
                unit="%",
            )


if __name__ == "__main__":
    main()
