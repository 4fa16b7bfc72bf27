"""Measure lesson 06: ``python benchmarks/full_06.py --photos FOLDER``.

``FOLDER`` holds ``train`` and ``test``, each with one folder of photographs a class. Three tasks:
*tiny* are the embedded cats and dogs, enlarged from 32 to 128 pixels; *photos* those photographs at
224 pixels; *fashion* is the embedded Fashion-MNIST at 96 pixels, which looks like nothing in
ImageNet. The frozen EfficientNet-Lite0 turns each image into features once; everything else is a
linear head on them, or a network trained from nothing on the same images.

Every choice is made on validation images (of the photographs: a fifth of the training part, another
one for each seed). The test images are used once for each seed and number of labels. What a part
measures is kept in ``build/full_06/``, so an interrupted measurement goes on where it stopped.
"""

import argparse
import json
import sys
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils import folder, images, load, models, quiet

with quiet():
    import keras

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "full_06"
SIDES = {"tiny": 128, "photos": 224, "fashion": 96}
LABELS = (20, 50, 100, 200, 500, 2000)
SEEDS = {"tiny": (0, 1, 2, 3, 4), "photos": (0, 1, 2), "fashion": (0, 1, 2)}
SCRATCH_SEEDS = (0, 1, 2)
CATS, DOGS = range(281, 286), range(151, 269)  # ImageNet's house cats and breeds of dogs
HEADS = [  # the settings among which validation chooses
    {"dropout": 0.0, "steps": 200},
    {"dropout": 0.0, "steps": 1000},
    {"dropout": 0.5, "steps": 1000},
]
SCRATCH_STEPS = {20: 60, 50: 100, 100: 150, 200: 250, 500: 400, 2000: 1000}  # of 32 images
VARY = images.Augment(rotation=15, shift=0.1, zoom=0.1, flip=True)


def zoomed(x: np.ndarray) -> np.ndarray:
    """Return the middle of images, 7/8 of height and width, enlarged to the whole."""
    size, edge = x.shape[1:3], x.shape[1] // 16
    middle = x[:, edge:-edge, edge:-edge]
    return np.asarray(keras.ops.image.resize(middle, size, data_format="channels_last"))


# What people feed to a network that expects pixels from 0 to 255, red first.
FORMS = {
    "right": lambda x: x,
    "fraction": lambda x: x / 255,
    "standardised": lambda x: (x - 127) / 128,
    "twice": lambda x: x / 255 / 255,
    "bgr": lambda x: x[..., ::-1],
    "caffe": lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68], x.dtype),
    # Not wrong: more looks at each picture.
    "mirrored": lambda x: x[:, :, ::-1],
    "zoomed": zoomed,
    "zoomed-mirrored": lambda x: zoomed(x)[:, :, ::-1],
}


class Pile(NamedTuple):
    """Features (n, 1280) float32 and labels (n,) of some images."""

    x: np.ndarray
    y: np.ndarray

    def part(self, chosen) -> "Pile":
        """Return the chosen rows."""
        return Pile(self.x[chosen], self.y[chosen])


@cache
def pixels(task: str, part: str, photos: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, side, side, 3) uint8 and labels (n,) of one pile of one task."""
    size = (SIDES[task], SIDES[task])
    if task == "fashion":
        return enlarged_fashion(part, size)
    where = (folder("cats_vs_dogs") if task == "tiny" else photos) / part
    found = images.ImageFolder(where, shuffle=False)
    return np.stack([images.read(path, size) for path in found.paths]), found.labels


def enlarged_fashion(part: str, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return images of Fashion-MNIST enlarged and with three equal channels."""
    x, y = fashion(part)
    large = keras.ops.image.resize(np.repeat(x, 3, axis=-1), size, data_format="channels_last")
    return np.asarray(large).round().clip(0, 255).astype(np.uint8), y


def fashion(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return 2,000 images of Fashion-MNIST (n, 28, 28, 1) and their labels."""
    split = load("fashion_mnist").holdout(0.2, seed=0)
    return {
        "train": (split.x_train[:2000], split.y_train[:2000]),
        "validation": (split.x_val, split.y_val),
        "test": (split.x_test, split.y_test),
    }[part]


def features(task: str, part: str, photos: Path | None, form: str = "right") -> Pile:
    """Return the averaged last feature map of each image; computed once, then kept."""
    path = KEPT / f"features_{task}_{part}_{form}.npz"
    if not path.exists():
        x, y = pixels(task, part, photos)
        shape = (SIDES[task], SIDES[task], 3)
        backbone = models.efficientnet_lite0(shape, include_top=False, pooling="avg")
        pieces = [FORMS[form](x[i : i + 50].astype("float32")) for i in range(0, len(x), 50)]
        found = [np.asarray(backbone.predict_on_batch(piece)) for piece in pieces]
        save(path, last=np.concatenate(found), labels=y)
    with np.load(path) as arrays:
        return Pile(arrays["last"], arrays["labels"])


def save(path: Path, **arrays) -> None:
    """Write arrays whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)
    unfinished.replace(path)


def head(pile: Pile, seed: int, dropout: float, steps: int) -> keras.Model:
    """Train a linear head: one logit for two classes, else one for each class."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    classes, batch = int(pile.y.max()) + 1, min(32, len(pile.y))
    model = keras.Sequential(
        [
            keras.Input(pile.x.shape[1:]),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(1 if classes == 2 else classes, kernel_initializer="zeros"),
        ]
    )
    kind = keras.losses.BinaryCrossentropy if classes == 2 else None
    loss = (kind or keras.losses.SparseCategoricalCrossentropy)(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=False)
    rounds = -(-steps * batch // len(pile.y))  # in one epoch of Keras: its epochs have a price
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(pile.y)) for _ in range(rounds)])[: steps * batch]
    answers = pile.y[order].astype("float32")
    model.fit(pile.x[order], answers, batch, epochs=1, shuffle=False, verbose=0)
    return model


def percent(model: keras.Model, pile: Pile) -> float:
    """Return the accuracy of a head in %."""
    logits = np.asarray(model(pile.x, training=False))
    said = logits[:, 0] > 0 if logits.shape[1] == 1 else logits.argmax(axis=1)
    return 100 * float(np.mean(said == pile.y))


def balanced(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return ``n`` places, as many of each class."""
    rng = np.random.default_rng([6, seed])
    each = n // (labels.max() + 1)
    members = [rng.permutation(np.flatnonzero(labels == k))[:each] for k in np.unique(labels)]
    return np.sort(np.concatenate(members))


def piles(task: str, photos: Path | None, seed: int) -> tuple[Pile, Pile, Pile]:
    """Return training, validation and test features; of photographs a fifth is for validation."""
    train, test = features(task, "train", photos), features(task, "test", photos)
    if task != "photos":
        return train, features(task, "validation", photos), test
    aside = balanced(train.y, len(train.y) // 5, seed)
    return train.part(np.delete(np.arange(len(train.y)), aside)), train.part(aside), test


def kept(name: str, measure) -> dict:
    """Return what ``measure()`` found, from the file ``name`` if it was measured before."""
    path = KEPT / f"{name}.json"
    if not path.exists():
        path.write_text(json.dumps(found := measure()), encoding="utf-8")
        print(name, found, flush=True)
    return json.loads(path.read_text(encoding="utf-8"))


def with_labels(task: str, photos: Path | None, n: int, seed: int) -> dict:
    """Choose a head by validation, train it on ``n`` labelled images, open the test once.

    With all labels (``n`` = 2,000) the chosen head is trained anew with the validation photographs
    of *photos* put back.
    """
    train, validation, test = piles(task, photos, seed)
    few = train.part(balanced(train.y, min(n, len(train.y)), seed))
    by_validation = [percent(head(few, seed, **how), validation) for how in HEADS]
    chosen = HEADS[int(np.argmax(by_validation))]
    if n == 2000 and task == "photos":
        few = features(task, "train", photos)
    return {
        "head": chosen,
        "validation": max(by_validation),
        "all": by_validation,
        "test": percent(head(few, seed, **chosen), test),
    }


def without_labels(task: str, photos: Path | None) -> dict:
    """Ask the ImageNet classifier itself what it finds more probable, cats or dogs."""
    top = models.efficientnet_lite0().get_layer("predictions")
    kernel, bias = top.get_weights()
    found = {}
    for part in ("validation", "test") if task == "tiny" else ("test",):
        pile = features(task, part, photos)
        logits = pile.x @ kernel + bias
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        dog = share[:, list(DOGS)].sum(axis=1) > share[:, list(CATS)].sum(axis=1)
        found[part] = 100 * float(np.mean(dog == pile.y))
    return found


def wrongly(photos: Path | None, wrong: str) -> dict:
    """Return the validation accuracy with wrong pixels: in use alone, and in training as well."""
    how = {"dropout": 0.0, "steps": 1000}
    right, shown = (features("tiny", "train", photos, kind) for kind in ("right", wrong))
    by = features("tiny", "validation", photos, wrong)
    return {
        "in use": [percent(head(right, seed, **how), by) for seed in SEEDS["tiny"]],
        "always": [percent(head(shown, seed, **how), by) for seed in SEEDS["tiny"]],
    }


def small_pixels(task: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images that the networks from nothing see: 64 pixels, or 28 grey ones."""
    if task == "fashion":
        return fashion(part)
    found = images.ImageFolder(folder("cats_vs_dogs") / part, shuffle=False)
    return np.stack([images.read(path, (64, 64)) for path in found.paths]), found.labels


def from_nothing(task: str, n: int, seed: int, varied: bool) -> dict:
    """Train a small network from random weights; keep what validation likes best; test it once.

    ``varied``: with augmentation and dropout 0.5, over twice as many steps.
    """
    (x, y), watched, tested = (small_pixels(task, p) for p in ("train", "validation", "test"))
    chosen = balanced(y, min(n, len(y)), seed)
    x, y, rng = x[chosen], y[chosen], np.random.default_rng([n, seed])
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    if task == "tiny":
        options = {"dropout": 0.5 * varied, "kernel_initializer": "he_normal"}
        model = models.cats_dogs_cnn((64, 64, 3), **options)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        model = models.small_cnn()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps = SCRATCH_STEPS[n] * (2 if varied else 1)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    best, weights, batch, order = 0.0, None, min(32, len(y)), np.empty(0, int)
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = np.concatenate([order, rng.permutation(len(y))])
        now, order = order[:batch], order[batch:]
        shown = VARY(x[now], rng) if varied else x[now]
        model.train_on_batch(shown, y[now].astype("float32").reshape(batch, -1)[:, 0:1])
        if step % (steps // 10) == 0 and (found := percent_of(model, *watched)) > best:
            best, weights = found, model.get_weights()
    model.set_weights(weights)
    return {"validation": best, "test": percent_of(model, *tested)}


def percent_of(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy of a network on images in %."""
    logits = [np.asarray(model.predict_on_batch(x[i : i + 200])) for i in range(0, len(x), 200)]
    found = np.concatenate(logits)
    said = found[:, 0] > 0 if found.shape[1] == 1 else found.argmax(axis=1)
    return 100 * float(np.mean(said == y))


def measurements(photos: Path | None) -> dict:
    """Return everything that is measured: its name, and what measures it."""
    jobs = {f"zero-{task}": partial(without_labels, task, photos) for task in ("tiny", "photos")}
    for task, seeds in SEEDS.items():
        for n, seed in product(LABELS, seeds):
            jobs[f"frozen-{task}-{n}-{seed}"] = partial(with_labels, task, photos, n, seed)
        if task == "photos":
            jobs |= {f"wrong-{key}": partial(wrongly, photos, key) for key in PIXELS}
    for task, varied in (("tiny", False), ("tiny", True), ("fashion", False)):
        words = "varied" if varied else "plain"
        for seed, n in product(SCRATCH_SEEDS, LABELS[-1:] if varied else LABELS):
            name = f"scratch-{task}-{words}-{n}-{seed}"
            jobs[name] = partial(from_nothing, task, n, seed, varied)
    return jobs


WORDS = {
    "tiny": "embedded cats and dogs at 128 pixels",
    "photos": "photographs of cats and dogs at 224 pixels",
    "fashion": "Fashion-MNIST at 96 pixels",
}
SMALL = {
    "tiny-plain": "cats_dogs_cnn at 64 pixels from random weights",
    "tiny-varied": "cats_dogs_cnn at 64 pixels from random weights, augmentation and dropout",
    "fashion-plain": "small_cnn at 28 pixels from random weights",
}
PIXELS = {
    "right": "as it should be",
    "fraction": "divided by 255",
    "standardised": "brought to -1 to 1",
    "twice": "divided by 255 twice",
    "bgr": "blue first",
    "caffe": "blue first, mean subtracted",
}


def record_all(record) -> None:
    """Record every result whose seeds are complete; ``record`` is that of tools/results.py."""

    def found(name: str, *keys) -> list[float] | None:
        seeds = SEEDS[name.split("-")[1]] if name.startswith("frozen") else SCRATCH_SEEDS
        seeds = SEEDS["tiny"] if name.startswith("wrong") else seeds
        paths = [KEPT / f"{name}-{seed}.json" for seed in seeds]
        if not all(path.exists() for path in paths):
            return None
        values = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        for key in keys:
            values = [value[key] for value in values]
        return values

    def put(slug: str, statement: str, values: list[float] | None, target: str = "") -> None:
        if values:
            seeds = list(range(len(values)))
            record(
                f"06.full.{slug}",
                statement=statement,
                values=values,
                unit="%",
                seeds=seeds,
                target=target,
            )

    targets = {
        ("tiny", 2000): "at least 85 %",
        ("photos", 50): "at least 97.5 %",
        ("photos", 2000): "at least 98.5 %",
    }
    for (task, words), n in product(WORDS.items(), LABELS):
        slug, tested = f"frozen-{task}-{n}", 2000 if task == "fashion" else 1000
        words = f"frozen EfficientNet-Lite0 and a linear head, {n} labels, {words}"
        values = found(slug, "test")
        put(
            slug, f"{words}: accuracy on {tested:,} test images", values, targets.get((task, n), "")
        )
        put(f"{slug}-validation", f"{words}: validation accuracy", found(slug, "validation"))
    for (key, words), n in product(SMALL.items(), LABELS):
        statement = f"{words}, {n} labels: accuracy on {2000 if 'fashion' in key else 1000:,} test "
        put(f"scratch-{key}-{n}", f"{statement}images", found(f"scratch-{key}-{n}", "test"))
    for task in ("tiny", "photos"):
        if (path := KEPT / f"zero-{task}.json").exists():
            value = json.loads(path.read_text(encoding="utf-8"))["test"]
            words = "ImageNet's 118 dogs against its 5 house cats, no label"
            record(
                f"06.full.zero-{task}",
                statement=f"{words}, {WORDS[task]}: accuracy on 1,000 test images",
                values=[value],
                unit="%",
            )
    for key, words in PIXELS.items():
        if (path := KEPT / f"wrong-{key}.json").exists():
            for how, values in json.loads(path.read_text(encoding="utf-8")).items():
                when = "in use only" if how == "in use" else "in training and in use"
                statement = (
                    f"linear head, pixels {words} {when}, {WORDS['tiny']}: validation accuracy"
                )
                put(f"wrong-{key}-{how.replace(' ', '-')}", statement, values)


def main() -> None:
    """Measure what is not kept yet, then record every result whose seeds are complete."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder with train and test")
    parser.add_argument("--only", default="", help="how the names of what is measured begin")
    options = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    for name, measure in measurements(options.photos).items():
        if name.startswith(options.only) and ("photos" not in name or options.photos):
            kept(name, measure)
    sys.path.insert(0, str(ROOT))
    from tools.results import record

    record_all(record)


if __name__ == "__main__":
    main()
