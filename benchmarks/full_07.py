"""Measure lesson 07: ``python benchmarks/full_07.py --photos FOLDER``.

*Pointing*: photographs of cats and dogs of 96 pixels are pasted at random on random parts of a wall
of bricks of 224 pixels; a hit is a heat map whose peak lies on the photograph. ``FOLDER`` holds
``train`` and ``test``, each with a folder ``cats`` and one ``dogs``. The protocol was chosen on 100
training photographs (canvas, class and layer, and that a peak is the middle of its cell); what
is recorded comes from test photographs alone, other ones for each seed.

*Sanity*: the weights of the network are shuffled from the last layer down to ever earlier ones, and
the maps of the embedded photographs compared with those of the trained network.

Each seed's numbers are kept in ``build/full_07/``.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from shared import kept, use_threads

from course_utils import explain, models, photo
from tools.results import record

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "full_07"
PHOTOGRAPHS = 250  # a seed
SEEDS = (0, 1, 2)
KINDS = {"cats": range(281, 286), "dogs": range(151, 269)}  # ImageNet's classes of each
LAYERS = ("block6d_add", "block5c_add", "block4c_add", "block3b_add")
FIRST_SHUFFLED = {  # the cascade: layer of the network, words
    "predictions": "the classifier",
    "top_conv": "and the last convolution",
    "block7a_expand_conv": "and stage 7",
    "block6a_expand_conv": "and stage 6",
    "block5a_expand_conv": "and stage 5",
    "block4a_expand_conv": "and stage 4",
    "block3a_expand_conv": "and stage 3",
    "block2a_expand_conv": "and stage 2",
    "stem_conv": "every layer",
}
EMBEDDED = ("cat", "coffee", "camera", "grace_hopper", "astronaut", "rocket")


def photographs(folder: Path, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return test photographs that no other seed gets, and which classes are right for each."""
    paths = sorted(folder.glob("test/*/*.jpg"))
    mixed = np.random.default_rng(0).permutation(len(paths))
    chosen = [paths[i] for i in mixed[seed * PHOTOGRAPHS : (seed + 1) * PHOTOGRAPHS]]
    if len(chosen) < PHOTOGRAPHS:
        raise SystemExit(f"{folder} has {len(paths)} test photographs; seed {seed} needs more")
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in chosen]
    right = np.zeros((PHOTOGRAPHS, 1000), bool)
    for row, path in zip(right, chosen, strict=True):
        row[list(KINDS[path.parent.name])] = True
    return pictures, right


def clouds(side: int = 448) -> np.ndarray:
    """Return coloured noise with much of its power in coarse grain, as in photographs."""
    noise = np.random.default_rng(0).normal(size=(side, side, 3))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    spectrum = np.fft.fft2(noise, axes=(0, 1)) / np.maximum(frequency, 1 / side)[..., None]
    smooth = np.fft.ifft2(spectrum, axes=(0, 1)).real
    return np.clip(127 + 45 * smooth / smooth.std(), 0, 255).astype("uint8")


def in_batches(look, *arrays, size: int = 25) -> np.ndarray:
    """Apply ``look`` to slices of arrays, and join what it returns."""
    starts = range(0, len(arrays[0]), size)
    return np.concatenate([look(*(each[i : i + size] for each in arrays)) for i in starts])


def pointing(folder: Path, seed: int) -> dict[str, float]:
    """Return shares of hits, in %, on one seed's scenes."""
    model = models.efficientnet_lite0(classifier_activation=None)
    pictures, right = photographs(folder, seed)

    def answers(images):
        return in_batches(lambda x: model.predict(x, verbose=0), images).argmax(axis=1)

    def point(scenes, classes, model=model, look=explain.grad_cam, **options):
        images = np.stack([scene.image for scene in scenes])
        heat = in_batches(lambda x, c: look(model, x, c, **options), images, classes)
        return 100 * float(explain.hits(heat, scenes).mean())

    alone = answers(np.stack([explain.square(picture, 224) for picture in pictures]))
    known = right[np.arange(len(alone)), alone]
    pictures = [picture for picture, k in zip(pictures, known, strict=True) if k]
    right, alone = right[known], alone[known]
    found = {"recognised": 100 * float(known.mean())}
    for name, canvas in (("brick", photo("brick")), ("clouds", clouds())):
        scenes = explain.scenes(pictures, [canvas], len(pictures), seed=100 + seed)
        said = answers(np.stack([scene.image for scene in scenes]))
        named = right[np.arange(len(said)), said]
        some = [scene for scene, n in zip(scenes, named, strict=True) if n]
        found[f"{name}.named"] = 100 * float(named.mean())
        found[f"{name}.scenes"] = len(some)
        found[f"{name}.cam"] = point(some, said[named])
        print(seed, found, flush=True)
        if name == "brick":
            shuffled = explain.randomised(model, seed=seed)
            centre = np.zeros((len(some), 3, 3))
            centre[:, 1, 1] = 1
            found["told"] = point(scenes, alone)
            found["centre"] = 100 * float(explain.hits(centre, some).mean())
            found["shuffled"] = point(some, said[named], model=shuffled)
            found["saliency"] = point(some, said[named], look=explain.saliency)
            found |= {layer: point(some, said[named], layer=layer) for layer in LAYERS}
            print(seed, found, flush=True)
    return found


def sanity(seed: int) -> dict[str, dict[str, float]]:
    """Return by the first shuffled layer how like the trained network's maps the others' are."""
    model = models.efficientnet_lite0(classifier_activation=None)
    images = np.stack([explain.square(in_colour(photo(name)), 224) for name in EMBEDDED])
    classes = model.predict(images, verbose=0).argmax(axis=1)

    def maps(network):
        cam, gradient = (f(network, images, classes) for f in (explain.grad_cam, explain.saliency))
        strength = np.abs(images.astype("float32") - 127).mean(axis=-1)
        return {"cam": cam, "saliency": gradient, "product": gradient * strength}

    trained, found = maps(model), {}
    for layer in FIRST_SHUFFLED:
        other = maps(explain.randomised(model, since=layer, seed=seed))
        found[layer] = {key: explain.likeness(trained[key], other[key]) for key in trained}
        print(seed, layer, found[layer], flush=True)
    return found


def in_colour(picture: np.ndarray) -> np.ndarray:
    """Return a photograph with three channels."""
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=-1)


def record_pointing(found: list[dict[str, float]]) -> None:
    """Record what every seed's scenes gave."""
    scenes = "photographs of 96 pixels on bricks, 224 pixels"
    some = f"{scenes}, scenes in which the network names the kind"
    rows = {
        "pointing": ("brick.cam", f"{some}: hits of Grad-CAM", "at least 90 %"),
        "pointing-told": (
            "told",
            f"{scenes}, every photograph that it recognises alone, asked for the class that it "
            "gave: hits of Grad-CAM",
            "",
        ),
        "pointing-shuffled": ("shuffled", f"{some}: hits with all weights shuffled", ""),
        "pointing-centre": ("centre", f"{some}: hits of the middle of the scene", ""),
        "pointing-saliency": ("saliency", f"{some}: hits of the strongest gradient", ""),
        "pointing-clouds": (
            "clouds.cam",
            "the same on coloured noise instead of bricks: hits of Grad-CAM",
            "",
        ),
        "named": ("brick.named", f"{scenes}: the network still names the kind", ""),
        "recognised": ("recognised", "test photographs whose kind it names alone", ""),
    }
    rows |= {f"pointing-{layer}": (layer, f"{some}: hits, layer {layer}", "") for layer in LAYERS}
    for name, (key, words, target) in rows.items():
        values = [one[key] for one in found]
        record(
            f"07.full.{name}",
            statement=words,
            values=values,
            unit="%",
            seeds=list(SEEDS),
            target=target,
        )
    record(
        "07.full.scenes",
        statement=f"{some}: how many",
        values=[one["brick.scenes"] for one in found],
        unit="scenes",
        seeds=list(SEEDS),
    )


def record_sanity(found: list[dict[str, dict[str, float]]]) -> None:
    """Record the cascade of each method."""
    methods = {"cam": "Grad-CAM", "saliency": "saliency", "product": "gradient x input"}
    for key, method in methods.items():
        for number, (layer, words) in enumerate(FIRST_SHUFFLED.items()):
            record(
                f"07.full.sanity.{key}.{number}",
                statement=f"{method}, shuffled: {words}: rank correlation with the trained "
                "network's map, mean of six photographs",
                values=[one[layer][key] for one in found],
                unit="",
                seeds=list(SEEDS),
            )


def main() -> None:
    """Measure what is not kept yet, then record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="without it, only the sanity check")
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args()
    use_threads(options.threads)
    record_sanity([kept(KEPT / f"sanity-{seed}.json", lambda s=seed: sanity(s)) for seed in SEEDS])
    if options.photos:
        record_pointing(
            [
                kept(KEPT / f"pointing-{seed}.json", lambda s=seed: pointing(options.photos, s))
                for seed in SEEDS
            ]
        )


if __name__ == "__main__":
    main()
