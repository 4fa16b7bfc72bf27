"""The cache of complete sets: fetched once, checked, kept as arrays that load in a moment.

``CACHE/NAME/arrays-KEY/`` appears by one rename, when every array in it was found right; KEY
stands for the arrays' checksums. ``CACHE/NAME/downloads/`` holds what has arrived so far.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.data import sources
from course_utils.data.download import TIMEOUT
from course_utils.data.entries import Entry
from course_utils.data.failures import check_room, disk_errors
from course_utils.data.lock import locked
from course_utils.data.readers import READERS, Arrays


def complete(entry: Entry, cache: Path) -> Path | None:
    """Return the folder of the checked arrays, or None where they have not been fetched."""
    folder = _home(entry, cache) / f"arrays-{_key(entry)}"
    with contextlib.suppress(OSError):
        if all((folder / f"{name}.npy").stat().st_size for name in entry.full["arrays"]):
            return folder
    return None


def fetch_entry(entry: Entry, cache: Path, *, timeout: tuple[float, float] = TIMEOUT) -> Path:
    """Return the folder of the checked arrays; get them first if they are not there.

    The sources are tried in their order until one gives arrays with the catalog's checksums.
    Processes that ask for the same set at once wait for the first of them.

    Raises
    ------
    DataError
        If no source can serve (naming each, and why), or the cache can't be used.
    """
    if folder := complete(entry, cache):
        return folder
    with disk_errors(cache), locked(_home(entry, cache) / "lock"):
        if folder := complete(entry, cache):  # another process got it meanwhile
            return folder
        size = sum(int(np.prod(array["shape"])) for array in entry.full["arrays"].values())
        check_room(cache, size + 2 * entry.full["download_bytes"])  # packed, unpacked, as arrays
        return _save(_from_sources(entry, cache, timeout), entry, cache)


def read_arrays(entry: Entry, folder: Path) -> Arrays:
    """Return the arrays of a complete set.

    Raises
    ------
    ValueError
        If a file is not what was stored.
    """
    arrays = {}
    for name, expected in entry.full["arrays"].items():
        arrays[name] = np.load(folder / f"{name}.npy", allow_pickle=False)
        if list(arrays[name].shape) != expected["shape"] or arrays[name].dtype != np.uint8:
            raise ValueError(f"{name} has the shape {arrays[name].shape}")
    return arrays


def load_entry(entry: Entry, cache: Path, *, timeout: tuple[float, float] = TIMEOUT) -> Arrays:
    """Return the arrays of a complete set, fetched if need be; a damaged copy is replaced."""
    folder = fetch_entry(entry, cache, timeout=timeout)
    with disk_errors(cache):
        try:
            return read_arrays(entry, folder)
        except (ValueError, EOFError, FileNotFoundError):
            shutil.rmtree(folder, ignore_errors=True)
    folder = fetch_entry(entry, cache, timeout=timeout)
    return read_arrays(entry, folder)


def check_arrays(arrays: Arrays, expected: Mapping[str, Any]) -> None:
    """Hold decoded arrays against the catalog.

    Raises
    ------
    ValueError
        If the shape, the type or the SHA-256 of one differs.
    """
    for name, want in expected.items():
        array = np.ascontiguousarray(arrays[name])
        if list(array.shape) != want["shape"] or array.dtype != np.uint8:
            raise ValueError(f"{name} has the shape {array.shape}, not {tuple(want['shape'])}")
        if sha256(array.data).hexdigest() != want["sha256"]:
            raise ValueError(f"{name} is not the published one (its SHA-256 differs)")


def _from_sources(entry: Entry, cache: Path, timeout: tuple[float, float]) -> Arrays:
    """Return the checked arrays from the first source that serves them."""

    def serve(source: sources.Source) -> Arrays:
        name = sources.describe(source)
        folder = _home(entry, cache) / "downloads" / sha256(name.encode()).hexdigest()[:8]
        files = sources.obtain(source, entry.full.get("files", {}), folder, timeout=timeout)
        arrays = _read(source, files, folder)
        check_arrays(arrays, entry.full["arrays"])
        return arrays

    return sources.first_that_serves(entry, entry.full["sources"], serve)


def _read(source: Mapping[str, Any], files: Path, folder: Path) -> Arrays:
    """Decode a source's files; what can't be decoded is not kept for another try."""
    try:
        return READERS[source["reader"]](files)
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _save(arrays: Arrays, entry: Entry, cache: Path) -> Path:
    """Write arrays to a new folder beside its place, then move it there in one step."""
    home = _home(entry, cache)
    place = home / f"arrays-{_key(entry)}"
    fresh = Path(tempfile.mkdtemp(prefix="incoming-", dir=home))
    try:
        for name in entry.full["arrays"]:
            _write(np.ascontiguousarray(arrays[name]), fresh / f"{name}.npy")
        shutil.rmtree(place, ignore_errors=True)
        fresh.replace(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    for leftover in (home / "downloads", *home.glob("incoming-*")):
        shutil.rmtree(leftover, ignore_errors=True)
    return place


def _write(array: np.ndarray, path: Path) -> None:
    """Write one ``.npy`` file down to the disk (`numpy.save` hides why a write failed)."""
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(array.data)
        file.flush()
        os.fsync(file.fileno())


def _home(entry: Entry, cache: Path) -> Path:
    return cache / entry.name


def _key(entry: Entry) -> str:
    checksums = "".join(array["sha256"] for array in entry.full["arrays"].values())
    return sha256(checksums.encode()).hexdigest()[:8]
