"""The small cats and dogs: CIFAR-10's, from the embedded CIFAR pack and the sheets that add to it.

Of each class, in the order of the complete CIFAR-10: its first 1,000 training images are for
training, the next 500 for validation; its first 500 test images are for testing.
"""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from course_utils.data.entries import Entry, catalog
from course_utils.data.packs import png, read_part

BASE = "cifar10"
# part: where its images come from, which of a class's images they are, the number of the first
PARTS = {
    "train": ("train", slice(0, 1000), 0),
    "validation": ("train", slice(1000, 1500), 1000),
    "test": ("test", slice(0, 500), 1500),
}
SINGULAR = {"cats": "cat", "dogs": "dog"}  # a class folder, and CIFAR-10's name of the class
FILE_BYTES = 3172  # every file is a PNG of 32 x 32 stored pixels


def names() -> set[str]:
    """Return the path of every file in the folder, such as ``train/cats/cat_0000.png``."""
    return {
        _name(part, kind, first + i)
        for part, (_, chosen, first) in PARTS.items()
        for kind in SINGULAR
        for i in range(chosen.stop - chosen.start)
    }


def folders() -> list[str]:
    """Return the path of every folder in the folder, such as ``train`` and ``train/cats``."""
    return [path for part in PARTS for path in (part, *(f"{part}/{kind}" for kind in SINGULAR))]


def files(entry: Entry) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of every file.

    Parameters
    ----------
    entry : Entry
        Of the catalog; each of its sheets holds as many cats as dogs, the cats first.
    """
    pools = {split: _pool(entry, split) for split in ("train", "test")}
    for part, (split, chosen, first) in PARTS.items():
        for kind, images in pools[split].items():
            for number, image in enumerate(images[chosen], start=first):
                yield _name(part, kind, number), png(image)


def checksum(content: dict[str, bytes]) -> str:
    """Return the SHA-256 of a list of files: each path and the SHA-256 of the file, by path."""
    lines = (f"{sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content))
    return sha256("".join(lines).encode()).hexdigest()


def extra_images(labels: np.ndarray, split: str, embedded: int) -> np.ndarray:
    """Return which images of complete CIFAR-10 the sheet of a split holds.

    Parameters
    ----------
    labels : (n,) integers
        Of the complete set.
    embedded : int
        How many images of each class the CIFAR pack holds; they are left out.
    """
    last = max(chosen.stop for source, chosen, _ in PARTS.values() if source == split)
    classes = catalog()[BASE].class_names
    members = [np.flatnonzero(labels == classes.index(name)) for name in SINGULAR.values()]
    return np.concatenate([places[embedded:last] for places in members])


def _pool(entry: Entry, split: str) -> dict[str, np.ndarray]:
    """Return all the cats and dogs of a split: each (n, 32, 32, 3) uint8."""
    base = catalog()[BASE]
    images, labels = (read_part(base.mini[f"{kind}_{split}"]) for kind in "xy")
    extra = np.split(read_part(entry.mini[split]), len(SINGULAR))
    return {
        kind: np.concatenate([images[labels == base.class_names.index(name)], more])
        for (kind, name), more in zip(SINGULAR.items(), extra, strict=True)
    }


def _name(part: str, kind: str, number: int) -> str:
    return f"{part}/{kind}/{SINGULAR[kind]}_{number:04d}.png"
