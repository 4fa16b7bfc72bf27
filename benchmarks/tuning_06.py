"""Measure lesson 06's fine-tuning: ``python benchmarks/tuning_06.py --photos FOLDER``.

A linear head is trained on frozen features first (`full_06.head`). Then the last blocks of
EfficientNet-Lite0 are trained as well. What lies below them stays frozen, so its feature maps are
computed once, of each image and of its mirror image, and kept in 16-bit numbers: the network that
is trained begins at these maps. *tiny* are the embedded cats and dogs at 128 pixels, *photos* the
photographs of ``FOLDER`` at 224.

The curves are on validation images (of the photographs: a fifth of the training part); the test is
opened for the chosen settings alone. What is measured is kept in ``build/full_06/``.
"""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from full_06 import KEPT, SIDES, Pile, balanced, features, head, kept, pixels, save

from course_utils import models, quiet

with quiet():
    import keras

STARTS = {"last block": "block6d_add", "last two stages": "block5c_add"}
HEAD = {"dropout": 0.0, "steps": 1000}


class Tuning(NamedTuple):
    """How the last blocks are trained, after the head."""

    start: str = "last block"
    rate: float = 1e-4
    epochs: int = 4
    batch: int = 32
    norm_trains: bool = False  # batch normalisation by the batch's own statistics
    head_first: bool = True
    labels: int = 2000


def maps(task: str, part: str, photos: Path | None, start: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (2, n, height, width, channels) float16 maps, plain and mirrored, and labels (n,)."""
    path = KEPT / f"maps_{task}_{part}_{STARTS[start]}.npz"
    if not path.exists():
        x, y = pixels(task, part, photos)
        backbone = models.efficientnet_lite0((SIDES[task], SIDES[task], 3), include_top=False)
        below = keras.Model(backbone.input, backbone.get_layer(STARTS[start]).output)
        looks = []
        for look in (x, x[:, :, ::-1]):
            pieces = [look[i : i + 50].astype("float32") for i in range(0, len(look), 50)]
            found = [np.asarray(below.predict_on_batch(piece)) for piece in pieces]
            looks.append(np.concatenate(found).astype(np.float16))
        save(path, maps=np.stack(looks), labels=y)
    with np.load(path) as arrays:
        return arrays["maps"], arrays["labels"]


def tail(task: str, how: Tuning, trained_head: keras.Model) -> keras.Model:
    """Return the network from the kept maps to one logit, uncompiled."""
    side = SIDES[task]
    backbone = models.efficientnet_lite0((side, side, 3), include_top=False, pooling="avg")
    begin = backbone.get_layer(STARTS[how.start]).output
    top = keras.Model(begin, backbone.output)
    maps_in = keras.Input(begin.shape[1:])
    for layer in top.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = how.norm_trains  # not trainable: it uses its running averages
    answer = keras.layers.Dense(1, kernel_initializer="zeros", name="head")
    model = keras.Model(maps_in, answer(top(maps_in)))
    if how.head_first:
        answer.set_weights(trained_head.layers[-1].get_weights())
    return model


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy of a tail on plain maps (n, height, width, channels), in %."""
    pieces = [x[i : i + 100].astype("float32") for i in range(0, len(x), 100)]
    logits = np.concatenate([np.asarray(model.predict_on_batch(piece)) for piece in pieces])
    return 100 * float(np.mean((logits[:, 0] > 0) == y))


def tune(task: str, photos: Path | None, how: Tuning, seed: int, test: bool = False) -> dict:
    """Return the validation accuracy before and after each epoch, and the test's if asked for.

    With ``test`` nothing is left to choose, so the validation photographs are trained on, too.
    """
    pile = features(task, "train", photos)
    x, y = maps(task, "train", photos, how.start)
    chosen = np.arange(len(y))
    if task == "photos":
        aside = balanced(y, len(y) // 5, seed)
        chosen = chosen if test else np.delete(chosen, aside)  # all, once everything is chosen
        watched = x[0, aside], y[aside]
    else:
        plain, labels = maps(task, "validation", photos, how.start)
        watched = plain[0], labels
    if how.labels < len(chosen):
        chosen = chosen[balanced(y[chosen], how.labels, seed)]
    x, y = x[:, chosen], y[chosen]
    model = tail(task, how, head(Pile(pile.x[chosen], y), seed, **HEAD))
    keras.utils.set_random_seed(seed)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(how.rate), loss, jit_compile=False)
    found, rng = {}, np.random.default_rng(seed)
    if test:
        plain, labels = maps(task, "test", photos, how.start)
        found["frozen"] = accuracy(model, plain[0], labels)
    curve = [accuracy(model, *watched)]
    for _ in range(how.epochs):
        order = rng.permutation(len(y))
        for begin in range(0, len(y) - how.batch + 1, how.batch):
            now = order[begin : begin + how.batch]
            shown = x[rng.integers(0, 2, len(now)), now].astype("float32")
            model.train_on_batch(shown, y[now, None].astype("float32"))
        curve.append(accuracy(model, *watched))
    if test:
        found["test"] = accuracy(model, plain[0], labels)
    return found | {"validation": curve}


RATES = (1e-5, 1e-4, 1e-3)
TUNINGS = {f"last-block-{rate:g}": Tuning(rate=rate) for rate in RATES}
TUNINGS |= {f"norm-trains-{rate:g}": Tuning(rate=rate, norm_trains=True) for rate in RATES[:2]}
TUNINGS["head-not-first"] = Tuning(rate=1e-3, head_first=False)
TUNINGS["last-two-stages-0.0001"] = Tuning(start="last two stages")


CHOSEN = Tuning(rate=1e-3)  # the best of them in validation, after four epochs
WORDS = {f"last-block-{rate:g}": f"last block fine-tuned at rate {rate:g}" for rate in RATES} | {
    "norm-trains-1e-05": "last block fine-tuned at rate 1e-05, batch norm in training mode",
    "norm-trains-0.0001": "last block fine-tuned at rate 0.0001, batch norm in training mode",
    "head-not-first": "last block and a new head trained together at rate 0.001",
    "last-two-stages-0.0001": "last two stages fine-tuned at rate 0.0001",
}


def record_all(record, seeds: list[int]) -> None:
    """Record the curves whose seeds are complete, and the photographs."""
    for name, words in WORDS.items():
        paths = [KEPT / f"tune-tiny-{name}-{seed}.json" for seed in seeds]
        if all(path.exists() for path in paths):
            curves = [json.loads(path.read_text(encoding="utf-8"))["validation"] for path in paths]
            for epoch, values in enumerate(zip(*curves, strict=True)):
                statement = f"embedded cats and dogs at 128 pixels, {words}, batch 32, after "
                record(
                    f"06.full.tune-{name}-epoch-{epoch}",
                    statement=f"{statement}{epoch} epochs: accuracy on 1,000 validation images",
                    values=list(values),
                    unit="%",
                    seeds=seeds,
                )
    paths = [KEPT / f"tuned-tiny-{seed}.json" for seed in seeds]
    if all(path.exists() for path in paths):
        found = [json.loads(path.read_text(encoding="utf-8"))["test"] for path in paths]
        statement = (
            "embedded cats and dogs at 128 pixels, last block fine-tuned for 4 epochs at rate "
        )
        record(
            "06.full.tuned-tiny-test",
            statement=f"{statement}0.001, 2,000 labels: accuracy on 1,000 test images",
            values=found,
            unit="%",
            seeds=seeds,
        )
    if (path := KEPT / "tuned-photos-0.json").exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        words = "photographs at 224 pixels, 2,000 labels"
        for key, how in (("frozen", "frozen, linear head"), ("test", "last block fine-tuned")):
            record(
                f"06.full.tuned-photos-{key}",
                statement=f"{words}, {how}, seed 0: accuracy on 1,000 test photographs",
                values=[found[key]],
                unit="%",
                seeds=[0],
                target="not below frozen" if key == "test" else "",
            )


def tuned_photos(photos: Path, seed: int = 0) -> dict:
    """Choose rate and number of epochs by validation, train on all photographs, test once."""
    curves = {rate: tune("photos", photos, Tuning(rate=rate), seed)["validation"] for rate in RATES}
    best = {rate: int(np.argmax(curve[1:])) + 1 for rate, curve in curves.items()}
    rate = max(RATES, key=lambda rate: curves[rate][best[rate]])
    chosen = Tuning(rate=rate, epochs=best[rate])
    found = {"curves": curves, "rate": rate, "epochs": best[rate]}
    return found | tune("photos", photos, chosen, seed, test=True)


def main() -> None:
    """Measure what is not kept yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder with train and test")
    parser.add_argument("--only", default="", help="how the names of what is measured begin")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        for name, how in TUNINGS.items():
            if f"tiny-{name}".startswith(options.only):
                kept(f"tune-tiny-{name}-{seed}", partial(tune, "tiny", None, how, seed))
        kept(f"tuned-tiny-{seed}", partial(tune, "tiny", None, CHOSEN, seed, test=True))
    if options.photos:
        kept("tuned-photos-0", partial(tuned_photos, options.photos))
    sys.path.insert(0, str(KEPT.parents[1]))
    from tools.results import record

    record_all(record, options.seeds)


if __name__ == "__main__":
    main()
