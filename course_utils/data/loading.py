"""`load`: one call, two sizes; `fetch` and `available` for those who look after the data."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils import settings
from course_utils.data import archives, store
from course_utils.data.dataset import Dataset
from course_utils.data.entries import SIZES, Entry, catalog, datasets_folder, entry, known
from course_utils.data.packs import read_part


@dataclass(frozen=True)
class State:
    """What is there of one data set: ``full`` says fetched, ``has_full`` that it can be.

    ``embedded`` says that every embedded file is there, ``has_mini`` that there should be some.
    """

    name: str
    title: str
    embedded: bool
    has_mini: bool
    full: bool
    has_full: bool
    embedded_bytes: int
    download_bytes: int


def load(name: str, size: str = "mini") -> Dataset:
    """Return a data set: the embedded part of it, or all of it.

    Parameters
    ----------
    name : str
        ``"fashion_mnist"`` or ``"cifar10"``.
    size : str
        ``"mini"`` needs no network: 10,000 training and 2,000 test images, as many of each
        class. ``"full"`` is the complete set, downloaded once and kept.

    Returns
    -------
    Dataset
        Images (n, height, width, channels) uint8, labels (n,) int64.

    Raises
    ------
    DataError
        If there is no such set or size, or it cannot be had; the message says what to do.

    Examples
    --------
    >>> load("fashion_mnist").x_test.shape
    (2000, 28, 28, 1)
    """
    found = entry(name, kind="images")
    if known(size, SIZES, what="size") == "full":
        arrays = store.load_entry(found, settings.cache_folder())
    else:
        arrays = {part: read_part(found.mini[part]) for part in found.mini}
    labels = {part: arrays[part].astype(np.int64) for part in ("y_train", "y_test")}
    return Dataset(**arrays | labels, class_names=found.class_names)


def fetch(name: str) -> Path:
    """Get a complete set or folder, unless it is there already, and return its folder in the cache.

    Raises
    ------
    DataError
        If there is no such set, or no source of it can serve; the message says what to do.
    """
    names = [other.name for other in catalog().values() if other.full]
    found = catalog()[known(name, names, what="data set with a full size")]
    get = store.fetch_entry if found.kind == "images" else archives.fetched_folder
    return get(found, settings.cache_folder().absolute())


def available() -> list[State]:
    """Return what is there of every data set of the catalog.

    Examples
    --------
    >>> [state.name for state in available() if state.has_full]
    ['fashion_mnist', 'cifar10', 'cats_vs_dogs', 'caltech101']
    """
    return [_state(catalog()[name]) for name in catalog()]


def _state(found: Entry) -> State:
    files = [datasets_folder() / part["file"] for part in found.mini.values()]
    there = all(path.is_file() for path in files)
    complete = store.complete if found.kind == "images" else archives.whole_folder
    fetched = bool(found.full) and complete(found, settings.cache_folder()) is not None
    return State(
        name=found.name,
        title=found.title,
        embedded=bool(files) and there,
        has_mini=bool(found.mini),
        full=fetched,
        has_full=bool(found.full),
        embedded_bytes=sum(path.stat().st_size for path in files) if there else 0,
        download_bytes=found.full.get("download_bytes", 0),
    )
