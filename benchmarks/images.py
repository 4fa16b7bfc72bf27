"""Time `images.ImageFolder` against `ImageDataGenerator`: JPEG files brought to 150 x 150 pixels.

All read the same files in one process, turn by turn; a ratio is the median over the turns of
(pictures a second / ImageDataGenerator's in the same turn), so a busy machine slows all. The files
have been read before, so the disk is not what is timed.

    python benchmarks/images.py [--pictures 1000] [--turns 5] [--record]

The pictures are the photographs in the folder that ``COURSE_PHOTOS`` names, if it does (class
folders, in ``train`` or at once), as they are and enlarged to 500 x 375; otherwise pieces of the
embedded photographs, of 500 x 375 pixels.
"""

import argparse
import contextlib
import io
import os
import tempfile
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image
from shared import record_rows

from course_utils import data, images, settings
from course_utils.images.reading import pixels

SIZE, BATCH = (150, 150), 32
TYPICAL = (500, 375)
TARGETS = {"first": 1.4, "first-nearest": 1.4, "cached": 10.0, "augmented": 1.2}
RATIOS = {  # slug: words, whose speed, over whose
    "first": ("ImageFolder, first pass", "folder", "generator"),
    "first-nearest": (
        "ImageFolder, first pass, resized as ImageDataGenerator does (nearest)",
        "folder-nearest",
        "generator",
    ),
    "cached": ("ImageFolder, later passes with cache=True", "cached", "generator"),
    "augmented": ("ImageFolder, same augmentations", "folder+", "generator+"),
    "augmented-cached": ("ImageFolder, same augmentations, cache=True", "cached+", "generator+"),
    "dataset": ("image_dataset_from_directory, first pass", "dataset", "generator"),
    "dataset-cached": ("image_dataset_from_directory, later passes cached", "kept", "generator"),
}
AUGMENTATIONS = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}


def rows(pictures: int, turns: int) -> list[dict]:
    """Measure every set of pictures; return a row for each ratio and each step of the work.

    Returns
    -------
    list of dict
        Keys ``id, statement, what, pictures, value, unit, target, holds``.
    """
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for slug, words, folder in _sets(pictures, Path(scratch)):
            speeds = _turns(_passes(folder), turns)
            for ratio, (what, ours, theirs) in RATIOS.items():
                pairs = zip(speeds[ours], speeds[theirs], strict=True)
                value = median(a / b for a, b in pairs)
                target = TARGETS.get(ratio)
                found.append(_row(f"{slug}.{ratio}", what, words, value, target))
            for name, values in speeds.items():
                found.append(_row(f"{slug}.speed.{name}", name, words, median(values), unit="/s"))
            for step, milliseconds in _steps(folder, turns).items():
                what = f"{step}, one thread"
                found.append(_row(f"{slug}.step.{step}", what, words, milliseconds, unit="ms"))
    return found


def table(found: list[dict]) -> str:
    """Return the rows as a text table, a part for each set of pictures."""
    lines, last = [], ""
    for row in found:
        if row["pictures"] != last:
            lines += ["", row["pictures"]]
            last = row["pictures"]
        mark = "" if row["holds"] else "  MISSED"
        lines.append(
            f"  {row['what']:<70}{row['value']:>9.2f} {row['unit']:<3}{row['target']:>6}{mark}"
        )
    return "\n".join(lines)


def _row(slug, what, pictures, value, target=None, unit="x") -> dict:
    over = " over ImageDataGenerator's speed" if unit == "x" else ""
    return {
        "id": f"bench.images.{slug}",
        "statement": f"{what}{over}; {pictures}, to 150 x 150",
        "what": what,
        "pictures": pictures,
        "value": round(value, 3),
        "unit": unit,
        "target": f">= {target:g}" if target else "",
        "holds": target is None or value >= target,
    }


def _sets(pictures: int, scratch: Path):
    """Yield (slug, words, folder) of two class folders with JPEG files."""
    photos = os.environ.get("COURSE_PHOTOS", "").strip()
    if photos:
        source = Path(photos) / "train" if (Path(photos) / "train").is_dir() else Path(photos)
        folder = scratch / "photos"
        for place, path in _places(folder, _chosen(source, pictures)):
            place.symlink_to(path)
        with Image.open(next(folder.rglob("*.jpg"))) as first:
            longest = max(first.size)
        yield "photos", f"photographs of about {longest} pixels", folder
        large = scratch / "large"
        for place, path in _places(large, _chosen(source, pictures)):
            with Image.open(path) as photo:
                photo.convert("RGB").resize(TYPICAL, Image.Resampling.LANCZOS).save(
                    place, quality=88
                )
        yield "500x375", "photographs enlarged to 500 x 375", large
    else:
        folder = scratch / "pieces"
        for place, piece in _places(folder, islice(_pieces(), pictures)):
            piece.save(place, quality=88)
        yield "500x375", "pieces of photographs, 500 x 375", folder


def _chosen(source: Path, pictures: int) -> list[Path]:
    """Return as many of each class, in the order of their names."""
    classes = [sorted(path.glob("*.jpg")) for path in sorted(source.iterdir()) if path.is_dir()]
    return [path for paths in zip(*classes, strict=False) for path in paths][:pictures]


def _places(folder: Path, items):
    """Yield (place, item), the places in turn in two class folders."""
    for number, (item, name) in enumerate(zip(items, cycle("ab"), strict=False)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        yield folder / name / f"{number:05d}.jpg", item


def _pieces():
    """Yield pieces of the embedded photographs, without end."""
    rng = np.random.default_rng(0)
    width, height = TYPICAL
    for name in cycle(data.catalog()["photos"].mini):
        photo = Image.fromarray(data.photo(name)).convert("RGB")
        scale = max(width / photo.width, height / photo.height) * rng.uniform(1, 1.3)
        photo = photo.resize((round(photo.width * scale) + 1, round(photo.height * scale) + 1))
        left, top = rng.integers(photo.width - width + 1), rng.integers(photo.height - height + 1)
        yield photo.crop((left, top, left + width, top + height))


def _passes(folder: Path) -> dict:
    """Return for each contestant a function that reads every picture once."""
    with settings.quiet():
        import keras
        from keras.src.legacy.preprocessing.image import ImageDataGenerator

    augment = images.Augment(rotation=40, shift=0.2, shear=0.2, zoom=0.2, flip=True)
    shared = {"image_size": SIZE, "batch_size": BATCH}

    def ours(**options):
        return images.ImageFolder(folder, **shared, **options)

    with contextlib.redirect_stdout(io.StringIO()):  # each says how many files it found
        flow = {"target_size": SIZE, "batch_size": BATCH, "class_mode": "binary"}
        generator = ImageDataGenerator().flow_from_directory(folder, **flow)
        varied = ImageDataGenerator(**AUGMENTATIONS).flow_from_directory(folder, **flow)
        dataset = keras.utils.image_dataset_from_directory(folder, **shared, label_mode="binary")
    sources = {
        "generator": generator,
        "folder": ours(),
        "folder-nearest": ours(interpolation="nearest"),
        "cached": ours(cache=True),
        "dataset": dataset.prefetch(2),
        "kept": dataset.cache().prefetch(2),
        "generator+": varied,
        "folder+": ours(augment=augment),
        "cached+": ours(augment=augment, cache=True),
    }
    return {name: _pass(source, len(generator)) for name, source in sources.items()}


def _pass(source, batches: int):
    def read() -> int:
        return sum(len(labels) for _, labels in islice(iter(source), batches))

    return read


def _turns(passes: dict, turns: int) -> dict[str, list[float]]:
    """Return each contestant's pictures a second, turn by turn, after a first pass for all."""
    for read in passes.values():
        read()
    speeds = {name: [] for name in passes}
    for _ in range(turns):
        for name, read in passes.items():
            start = perf_counter()
            n = read()
            speeds[name].append(n / (perf_counter() - start))
    return speeds


def _steps(folder: Path, turns: int) -> dict[str, float]:
    """Return what each step takes in one thread, in milliseconds a picture."""
    paths = sorted(folder.rglob("*.jpg"))[:200]
    contents = [path.read_bytes() for path in paths]
    augment = images.Augment(rotation=40, shift=0.2, shear=0.2, zoom=0.2, flip=True)
    rng = np.random.default_rng(0)

    def decoded(content, size=None):
        picture = Image.open(io.BytesIO(content))
        if size:
            picture.draft(None, size)
        picture.load()
        return picture

    large = [decoded(content, SIZE) for content in contents]
    small = [pixels(picture, SIZE) for picture in large]
    batch = np.stack([np.asarray(picture) for picture in small])
    room = np.empty(batch.shape, np.float32)
    steps = {
        "reading the file": lambda: [path.read_bytes() for path in paths],
        "decoding (the floor)": lambda: [decoded(content) for content in contents],
        "decoding no larger than needed": lambda: [decoded(content, SIZE) for content in contents],
        "resizing": lambda: [pixels(picture, SIZE) for picture in large],
        "to float32": lambda: np.copyto(room, [np.asarray(picture) for picture in small]),
        "augmenting": lambda: augment(batch, rng),
    }
    times = {step: [] for step in steps}
    for _ in range(turns):
        for step, work in steps.items():
            start = perf_counter()
            work()
            times[step].append(1000 * (perf_counter() - start) / len(paths))
    return {step: median(values) for step, values in times.items()}


def main() -> None:
    """Print the table; with ``--record``, write the ratios to results.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    found = rows(options.pictures, options.turns)
    print(f"{options.pictures} JPEG files to {SIZE[0]} x {SIZE[1]}, batches of {BATCH}")
    print(table(found))
    if options.record:
        record_rows(row for row in found if row["unit"] != "/s")


if __name__ == "__main__":
    main()
