"""Complete folders of pictures: an archive fetched once, unpacked safely, divided for good.

``CACHE/NAME/full-KEY/`` appears by one rename, when everything was unpacked and divided; KEY
stands for the archive's checksum. ``CACHE/NAME/downloads/`` holds what has arrived so far.
"""

import contextlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from course_utils.data import sources
from course_utils.data.download import TIMEOUT
from course_utils.data.entries import Entry
from course_utils.data.failures import check_room, disk_errors
from course_utils.data.lock import locked
from course_utils.data.sources import Unavailable
from course_utils.data.unpacking import unpack

PARTS = {"train": (0, 3), "validation": (3, 4), "test": (4, 5)}  # fifths of each class
COUNTS = ".counts.json"


def whole_folder(entry: Entry, cache: Path) -> Path | None:
    """Return the complete folder, or None where it has not been fetched."""
    place = cache / entry.name / f"full-{_checksum(entry)[:8]}"
    return place if (place / COUNTS).is_file() else None


def fetched_folder(entry: Entry, cache: Path, *, timeout: tuple[float, float] = TIMEOUT) -> Path:
    """Return the complete folder of class folders; fetch, unpack and divide it if need be.

    Processes that ask for it at once wait for the first of them.

    Raises
    ------
    DataError
        If no source can serve (naming each, and why), or the cache can't be used.
    """
    home = cache / entry.name
    with disk_errors(cache):
        place = whole_folder(entry, cache)
        if place is None:
            with locked(home / "lock"):
                place = whole_folder(entry, cache) or _fetch(entry, home, timeout)
    _warn_if_changed(place)
    return place


def divide(unpacked: Path, found: Mapping[str, Mapping[str, str]], target: Path) -> None:
    """Move files to ``target / part / class / name``: of each class 3 fifths, 1 and 1.

    The SHA-256 of a file decides where it goes, so the parts are the same everywhere, and copies
    of one picture stay together (but for one pair at most on each border).
    """
    counts = {}
    for kind, digests in found.items():
        names = sorted(digests, key=lambda name: (digests[name], name))
        for part, (first, last) in PARTS.items():
            chosen = names[first * len(names) // 5 : last * len(names) // 5]
            folder = target / part / kind
            folder.mkdir(parents=True)
            for name in chosen:
                (unpacked / kind / name).replace(folder / name)
            counts[f"{part}/{kind}"] = len(chosen)
    (target / COUNTS).write_text(json.dumps(counts))


def _fetch(entry: Entry, home: Path, timeout: tuple[float, float]) -> Path:
    full = entry.full
    check_room(home, full["download_bytes"] + full["unpacked_bytes"])
    (name,) = full["files"]
    choices = [*sources.in_materials(name), *full["sources"]]
    downloads = home / "downloads"

    def serve(source: sources.Source) -> Path:
        kept = downloads / sha256(sources.describe(source).encode()).hexdigest()[:8]
        archive = sources.obtain(source, full["files"], kept, timeout=timeout) / name
        try:
            return _install(archive, entry, home)
        except Unavailable:  # don't try these bytes again
            shutil.rmtree(kept, ignore_errors=True)
            raise

    place = sources.first_that_serves(entry, choices, serve)
    for leftover in (downloads, *home.glob("incoming-*")):
        shutil.rmtree(leftover, ignore_errors=True)
    return place


def _install(archive: Path, entry: Entry, home: Path) -> Path:
    """Unpack and divide beside the folder's place, then move it there in one step."""
    full = entry.full
    place = home / f"full-{_checksum(entry)[:8]}"
    fresh = Path(tempfile.mkdtemp(prefix="incoming-", dir=home))
    try:
        limit, inner = full["unpacked_bytes"], full.get("inner", "")
        found = unpack(archive, full["classes"], fresh / "raw", limit=limit, inner=inner)
        divide(fresh / "raw", found, fresh / "whole")
        shutil.rmtree(place, ignore_errors=True)
        (fresh / "whole").replace(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return place


def _warn_if_changed(place: Path) -> None:
    """Say when files are missing or added; the archive is gone, so nothing is put right."""
    with contextlib.suppress(OSError, ValueError):
        expected = json.loads((place / COUNTS).read_text())
        there = {name: _count(place / name) for name in expected}
        if there != expected:
            warnings.warn(
                f"{place} holds {sum(there.values()):,} files where {sum(expected.values()):,} "
                "were unpacked; delete it to have the set fetched again",
                stacklevel=4,
            )


def _count(folder: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(not path.name.startswith(".") for path in folder.iterdir())
    return 0


def _checksum(entry: Entry) -> str:
    (file,) = entry.full["files"].values()
    return file["sha256"]
