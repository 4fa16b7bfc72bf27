"""The course as a learner's kernel may see it: no checks, no solutions, no test parts."""

import hashlib
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils.data.entries import Entry, catalog, datasets_folder
from course_utils.data.packs import read_part, sheet

HIDDEN = ("checks", "grading", "cli", "_datasets", "__pycache__")
TRAINED = ("deeper_cnn", "efficient_cnn")  # networks that would answer for the learner's own
COLUMNS = 20  # of a sheet
FEW = 5  # training images of each class that stand, again and again, for test images
STUB = '''"""Where answers are graded, nothing is checked."""


class CheckFailed(Exception):
    """Never raised here."""


def check(*_, **__):
    """Say nothing."""


hint = solution = check
'''


def build(folder: Path) -> Path:
    """Copy the course into ``folder`` without what tells answers; return the folder to import.

    In the place of each test part stand a few images of the training part, repeated.
    """
    with as_file(files("course_utils")) as package:
        shutil.copytree(package, folder / "course_utils", ignore=shutil.ignore_patterns(*HIDDEN))
    stub = folder / "course_utils" / "checks"
    stub.mkdir()
    (stub / "__init__.py").write_text(STUB, encoding="utf-8")
    _embed(folder / "course_utils" / "_datasets")
    return folder


def _embed(place: Path) -> None:
    """Write the catalog and the embedded files, with stand-ins for the test parts."""
    source = datasets_folder()
    text = (source / "catalog.toml").read_text(encoding="utf-8")
    for entry in catalog().values():
        for name, part in entry.mini.items():
            path = place / part["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("test"):
                _stand_in(entry, name, path)
                checksum = hashlib.sha256(path.read_bytes()).hexdigest()
                text = text.replace(part["sha256"], checksum)
            elif name not in TRAINED:
                shutil.copyfile(source / part["file"], path)
    (place / "catalog.toml").write_text(text, encoding="utf-8")


def _stand_in(entry: Entry, name: str, path: Path) -> None:
    """Write as many images or labels of the training part as the test part has."""
    part, training = entry.mini[name], read_part(entry.mini[name.replace("test", "train")])
    found = training[_chosen(entry, len(training), len(read_part(part)))]
    if "tile" not in part:
        np.save(path, found)
        return
    picture = sheet(found, columns=COLUMNS)
    picture = np.broadcast_to(picture, (*picture.shape[:2], 3))  # grey as three equal channels
    Image.fromarray(np.ascontiguousarray(picture)).save(path, lossless=True, method=0, quality=0)


def _chosen(entry: Entry, have: int, want: int) -> np.ndarray:
    """Return a few training images of each class, repeated; a folder's stand class by class."""
    kinds = len(entry.class_names)
    of_folder = np.repeat(np.arange(kinds), have // kinds)
    labels = read_part(entry.mini["y_train"]) if "y_train" in entry.mini else of_folder
    few = [np.flatnonzero(labels == kind)[:FEW] for kind in range(kinds)]
    places = [np.resize(one, want // kinds) for one in few]
    return np.sort(np.concatenate(places))
