"""Build the embedded packs and fill in their checksums: ``python tools/build_packs.py [--check]``.

The complete sets come from the packages that the catalog names: installed ones, those in
``--materials FOLDER`` (``NAME_VERSION.deb``, ``NAME-VERSION.tgz``), or fetched with apt-get and
npm. Photographs come from the installed scikit-image and matplotlib. Under the locked Pillow the
files come out the same byte for byte; ``--check`` compares and writes nothing.
"""

import argparse
import io
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from course_utils.data import Entry, catalog, pets, sources
from course_utils.data.packs import sheet
from course_utils.data.readers import READERS, Arrays
from course_utils.data.store import check_arrays

DATASETS = Path(__file__).parents[1] / "datasets"
A_CLASS = {"train": 1000, "test": 200}
COLUMNS = {"train": 100, "test": 50}
PET_COLUMNS = 50
WEBP = {"format": "WEBP", "lossless": True, "quality": 75, "method": 4}


def main() -> int:
    """Build or check every pack; return 1 if a check failed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--materials", type=Path, help="folder of downloaded packages")
    options.add_argument("--check", action="store_true", help="compare, write nothing")
    chosen = options.parse_args()
    if chosen.materials:
        os.environ["COURSE_MATERIALS"] = str(chosen.materials)
    built = {name: content for entry in catalog().values() for name, content in pack(entry)}
    if chosen.check:
        wrong = [n for n, content in built.items() if (DATASETS / n).read_bytes() != content]
        print("\n".join(f"differs: {name}" for name in wrong) or "every file is the same")
        return bool(wrong)
    for name, content in built.items():
        (DATASETS / name).parent.mkdir(exist_ok=True)
        (DATASETS / name).write_bytes(content)
    path = DATASETS / "catalog.toml"
    path.write_text(with_checksums(path.read_text("utf-8"), built), "utf-8")
    return 0


def pack(entry: Entry) -> list[tuple[str, bytes]]:
    """Return the embedded files of one catalog entry: name and content."""
    if entry.kind == "photos":
        return [(part["file"], webp(original(part))) for part in entry.mini.values()]
    if entry.kind != "images":
        return added_pets(entry) if entry.name == "cats_vs_dogs" else []
    arrays = complete_set(entry.name)
    files = []
    for split in ("train", "test"):
        chosen = first_of_each_class(arrays[f"y_{split}"], A_CLASS[split])
        picture = sheet(arrays[f"x_{split}"][chosen], columns=COLUMNS[split])
        files.append((entry.mini[f"x_{split}"]["file"], webp(picture)))
        files.append((entry.mini[f"y_{split}"]["file"], npy(arrays[f"y_{split}"][chosen])))
    return files


def added_pets(entry: Entry) -> list[tuple[str, bytes]]:
    """Return the sheets of the cats and dogs that the CIFAR pack lacks."""
    arrays = complete_set(pets.BASE)
    files = []
    for split in ("train", "test"):
        chosen = pets.extra_images(arrays[f"y_{split}"], split, A_CLASS[split])
        picture = sheet(arrays[f"x_{split}"][chosen], columns=PET_COLUMNS)
        files.append((entry.mini[split]["file"], webp(picture)))
    return files


@cache
def complete_set(name: str) -> Arrays:
    """Return the complete arrays from the set's package, checked against the catalog."""
    entry = catalog()[name]
    source = next(source for source in entry.full["sources"] if source["kind"] != "url")
    with tempfile.TemporaryDirectory() as folder:
        arrays = READERS[source["reader"]](sources.obtain(source, {}, Path(folder)))
    check_arrays(arrays, entry.full["arrays"])
    return arrays


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the first ``count`` images of each class, in their own order."""
    firsts = [np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]
    return np.sort(np.concatenate(firsts))


def original(part: Mapping[str, Any]) -> np.ndarray:
    """Return the pixels of a photograph as its package ships it: (height, width, channels)."""
    path = distribution(part["package"]).locate_file(part["original"])
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    return pixels.reshape(*pixels.shape[:2], part["channels"])


def webp(picture: np.ndarray) -> bytes:
    """Encode (height, width, channels) uint8 without loss."""
    file = io.BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(file, **WEBP)
    return file.getvalue()


def npy(labels: np.ndarray) -> bytes:
    """Encode labels as an ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, labels)
    return file.getvalue()


def with_checksums(text: str, built: Mapping[str, bytes]) -> str:
    """Return the catalog's text with the SHA-256 of every built file after its name."""
    for name, content in built.items():
        pattern = rf'(file = "{re.escape(name)}".*?sha256 = ")[^"]*'
        text = re.sub(pattern, rf"\g<1>{sha256(content).hexdigest()}", text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    sys.exit(main())
