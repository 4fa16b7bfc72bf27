"""Measure lesson 04 on real photographs: ``python benchmarks/full_04.py --photos FOLDER``.

``FOLDER`` holds ``train`` and ``test``, each with one folder of JPEG files a class. The lesson's
network is trained at 150 x 150 pixels: plainly, and with augmentation and dropout. Settings
were chosen on validation photographs, a stratified fifth that is taken from the training
photographs and also gives the curves. The augmented network is then trained once more in the same
way, on all training photographs. A finished network meets the test photographs once: as they are,
and with the logits of each photograph and of its mirror image added.

After each epoch the state is kept in ``build/full_04/``, so an interrupted measurement goes on
where it stopped. Keras alone is used, so ``KERAS_BACKEND`` may name any of its backends.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from shared import CURVES, record_curves

from course_utils import models, quiet
from tools.results import record

with quiet():
    import keras

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "full_04"
SIZE = 150
VALIDATION = 0.2


@dataclass(frozen=True)
class Recipe:
    """How the network is trained: in one or more falls of the step size, each with so many epochs.

    In each fall it rises for a twentieth of the steps and then falls to nothing; the optimiser
    starts anew.
    """

    words: str
    target: str
    falls: tuple[int, ...]
    augmented: bool = False
    dropout: float = 0.0
    peak: float = 1e-3
    batch: int = 32
    whole: bool = False  # trained on the validation photographs too, once everything is chosen


RECIPES = {
    "plain": Recipe("plain", "about 72 %", falls=(20,), peak=5e-4),
    "augmented": Recipe(
        "augmentation and dropout", "at least 82 %", falls=(60, 40), augmented=True, dropout=0.5
    ),
}
RECIPES["augmented-whole"] = replace(RECIPES["augmented"], whole=True)


def photographs(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 150, 150, 3) uint8 pixels and (n,) labels of a folder of class folders."""
    kept = KEPT / f"{folder.name}.npz"
    if kept.exists():
        with np.load(kept) as arrays:
            return arrays["pixels"], arrays["labels"]
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    paths = [(path, label) for label, name in enumerate(classes) for path in sorted(name.iterdir())]
    pixels = np.empty((len(paths), SIZE, SIZE, 3), np.uint8)
    for place, (path, _) in enumerate(paths):
        with Image.open(path) as picture:
            small = picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        pixels[place] = small
    labels = np.array([label for _, label in paths])
    np.savez(kept, pixels=pixels, labels=labels)
    return pixels, labels


def held_out(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return which photographs are for validation: the same share of each class."""
    rng, mask = np.random.default_rng(seed), np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        mask[rng.choice(members, round(VALIDATION * len(members)), replace=False)] = True
    return mask


def augmented(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn by up to 40 degrees, shift and zoom by up to a fifth, mirror half; repeat the edges.

    The recipe of F. Chollet, *Deep Learning with Python* (2017), chapter 5. (Its shear of
    0.2 is in radians in the Keras of that book and in degrees today; it is left out.)
    """
    count = len(pixels)
    angle = np.deg2rad(rng.uniform(-40, 40, count))
    down, right = rng.uniform(-0.2, 0.2, (2, count)) * SIZE
    high, wide = rng.uniform(0.8, 1.2, (2, count))
    wide *= rng.choice([-1, 1], count)  # a mirrored photograph
    cosine, sine, centre = np.cos(angle), np.sin(angle), (SIZE - 1) / 2
    a0, a1, b0, b1 = cosine * wide, -sine * high, sine * wide, cosine * high
    a2 = centre + right - (a0 + a1) * centre
    b2 = centre + down - (b0 + b1) * centre
    zero = np.zeros(count)
    transforms = np.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1).astype("float32")
    moved = keras.ops.image.affine_transform(
        pixels.astype("float32"), transforms, "bilinear", "nearest", data_format="channels_last"
    )
    return keras.ops.convert_to_numpy(moved)


def compile_for(model: keras.Model, recipe: Recipe, steps: int) -> None:
    """Make a network ready for one fall of the step size."""
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 20, warmup_target=recipe.peak, warmup_steps=steps // 20
    )
    model.compile(
        keras.optimizers.Adam(rate),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
        jit_compile=False,
    )


def train(name: str, recipe: Recipe, seed: int, pile, watched) -> tuple[keras.Model, dict]:
    """Train on ``pile`` = (pixels, labels), going on where a run of this name stopped."""
    state, notes = KEPT / f"{name}.keras", KEPT / f"{name}.json"
    pixels, labels = pile
    if notes.exists():
        curves = json.loads(notes.read_text(encoding="utf-8"))
        model = keras.models.load_model(state)
    else:
        keras.utils.set_random_seed(seed)
        model = models.cats_dogs_cnn((SIZE, SIZE, 3), dropout=recipe.dropout)
        curves = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": [], "seconds": []}
    begins = {sum(recipe.falls[:number]): fall for number, fall in enumerate(recipe.falls)}
    for epoch in range(len(curves["loss"]), sum(recipe.falls)):
        if epoch in begins:
            compile_for(model, recipe, begins[epoch] * (len(labels) // recipe.batch))
        start, rng = time.perf_counter(), np.random.default_rng([seed, epoch])
        order = rng.permutation(len(labels))
        found = []
        for step in range(len(labels) // recipe.batch):
            chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
            images = augmented(pixels[chosen], rng) if recipe.augmented else pixels[chosen]
            found.append(model.train_on_batch(images, labels[chosen, None], return_dict=True))
        for key in ("loss", "accuracy"):
            curves[key].append(float(np.mean([batch[key] for batch in found])))
        judged = model.evaluate(
            watched[0], watched[1][:, None], batch_size=100, verbose=0, return_dict=True
        )
        for key, value in judged.items():
            curves[f"val_{key}"].append(float(value))
        curves["seconds"].append(time.perf_counter() - start)
        keep(model, curves, state, notes)
        print(name, epoch + 1, *(f"{values[-1]:.4f}" for values in curves.values()), flush=True)
    return model, curves


def keep(model: keras.Model, curves: dict, state: Path, notes: Path) -> None:
    """Write the state of training so that an interruption at any moment leaves a whole one."""
    half = state.with_name("half_" + state.name)
    model.save(half)
    text = notes.with_suffix(".part")
    text.write_text(json.dumps(curves), encoding="utf-8")
    half.replace(state)
    text.replace(notes)


def evaluate(model: keras.Model, pixels: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return loss, accuracy, and accuracy with the mirror image's logits added."""
    found = model.evaluate(pixels, labels[:, None], batch_size=100, verbose=0, return_dict=True)
    logits = model.predict(pixels, batch_size=100, verbose=0)
    mirrored = model.predict(pixels[:, :, ::-1], batch_size=100, verbose=0)
    both = np.mean((logits + mirrored > 0)[:, 0] == labels)
    return {key: float(value) for key, value in found.items()} | {"mirrored": float(both)}


def record_all(name: str, recipe: Recipe, seeds: list[int], curves: list[dict], tests) -> None:
    """Record the curves on training and validation photographs, and the test accuracies."""
    keys = ["loss", "accuracy"] if recipe.whole else [key for key, *_ in CURVES]
    record_curves(f"04.full.{name}", f"cats and dogs, {recipe.words}", curves, keys)
    count = 2_000 if recipe.whole else 1_600
    for key, slug, words in (
        ("accuracy", "test", "1,000 test photographs"),
        ("mirrored", "mirrored-test", "1,000 test photographs, mirror image's logits added"),
        ("train", "train", "the training photographs"),
    ):
        record(
            f"04.full.{name}-{slug}",
            statement=f"cats and dogs at {SIZE} x {SIZE}, {recipe.words}, trained on {count:,}: "
            f"accuracy on {words}",
            values=[100 * test[key] for test in tests],
            unit="%",
            seeds=seeds,
            target=recipe.target if key == "accuracy" else "",
        )


def main() -> None:
    """Measure what is not kept yet, then record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder with train and test")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--stage", choices=("choose", "test"), default="test")
    parser.add_argument(
        "--bfloat16", action="store_true", help="twice as fast where the processor knows it"
    )
    options = parser.parse_args()
    if options.bfloat16:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    KEPT.mkdir(parents=True, exist_ok=True)
    pixels, labels = photographs(options.photos / "train")
    for name in options.recipes:
        recipe, curves, tests = RECIPES[name], [], []
        for seed in options.seeds:
            aside = held_out(labels, seed)
            watched = pixels[aside], labels[aside]
            part = slice(None) if recipe.whole else ~aside
            pile = pixels[part], labels[part]
            model, past = train(f"{name}-{seed}", recipe, seed, pile, watched)
            curves.append(past)
            if not recipe.whole:  # else it has been trained on them
                print(f"{name}, seed {seed}: validation {evaluate(model, *watched)}", flush=True)
            if options.stage == "test":
                tests.append(evaluate(model, *photographs(options.photos / "test")))
                tests[-1]["train"] = evaluate(model, *pile)["accuracy"]
                print(f"{name}, seed {seed}: test {tests[-1]}", flush=True)
        if tests:
            record_all(name, recipe, options.seeds, curves, tests)


if __name__ == "__main__":
    main()
