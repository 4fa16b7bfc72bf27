"""The embedded folder of pictures in the cache: made once, looked over at each use, put right.

``CACHE/NAME/mini-KEY/`` appears by one rename. Later a look at the names, sizes and dates of its
files finds what somebody changed: those files are written anew, one by one, and what does not
belong there is moved aside, never deleted.
"""

import contextlib
import os
import shutil
import tempfile
import warnings
from pathlib import Path

from course_utils.data import pets
from course_utils.data.entries import Entry
from course_utils.data.failures import disk_errors
from course_utils.data.lock import locked

DATE = 1_239_148_800  # 8 April 2009, of CIFAR-10's report: any later date was somebody's doing


def made_folder(entry: Entry, cache: Path) -> Path:
    """Return the embedded folder of class folders, as it should be.

    Processes that ask at once wait for the first; a folder that is well is only looked at, so a
    cache that can't be written serves too.

    Raises
    ------
    DataError
        If the cache can't be used, or the embedded files are damaged.
    """
    home = cache / entry.name
    place = home / f"mini-{entry.folder['sha256'][:8]}"
    with disk_errors(cache):
        if place.is_dir() and not any(look(place)):
            return place
        with locked(home / "lock"):
            _make(entry, place)
    return place


def look(place: Path) -> tuple[set[str], set[str]]:
    """Return the paths of the files that are missing or look changed, and of what is foreign.

    Hidden files, which file managers and editors leave behind, are passed over.
    """
    wrong, foreign, folders = pets.names(), set(), pets.folders()
    for parent in ("", *folders):
        for item in _items(place, parent):
            name = f"{parent}/{item.name}".lstrip("/")
            if name in wrong and item.is_file(follow_symlinks=False):
                if _untouched(item.stat(follow_symlinks=False)):
                    wrong.remove(name)
            elif name in folders and item.is_dir(follow_symlinks=False):
                continue
            elif not item.name.startswith("."):
                foreign.add(name)
    return wrong, foreign


def _items(place: Path, parent: str) -> list[os.DirEntry]:
    """Return what lies in a folder; nothing if it is none, or only a link to one."""
    above = [path for path in (parent.rpartition("/")[0], parent) if path]
    if any((place / path).is_symlink() for path in above):
        return []
    try:
        with os.scandir(place / parent) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _untouched(status: os.stat_result) -> bool:
    return status.st_size == pets.FILE_BYTES and int(status.st_mtime) == DATE


def _make(entry: Entry, place: Path) -> None:
    """Make the folder, or put right what is wrong in it."""
    home = place.parent
    for leftover in home.glob("making-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="making-", dir=home))
    try:
        if not place.is_dir():
            _write(dict(pets.files(entry)), fresh / "whole", place)
        elif any(look(place)):
            _put_right(place, dict(pets.files(entry)), fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write(content: dict[str, bytes], fresh: Path, place: Path) -> None:
    """Write every file below ``fresh``, then move it to its place in one step."""
    for name, picture in content.items():
        _write_file(fresh / name, picture)
    fresh.replace(place)


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (DATE, DATE))


def _put_right(place: Path, content: dict[str, bytes], fresh: Path) -> None:
    """Move what is foreign aside, write what is wrong, and say so."""
    said = []
    if foreign := look(place)[1]:
        aside = _move_aside(place, foreign)
        said.append(f"{_count(len(foreign), 'thing')} that did not belong there moved to {aside}")
    if restored := sum(_restore(place, name, content[name], fresh) for name in look(place)[0]):
        said.insert(0, f"{_count(restored, 'file')} restored")
    if said:
        warnings.warn(f"the folder {place} was changed: {'; '.join(said)}", stacklevel=5)


def _move_aside(place: Path, names: set[str]) -> Path:
    aside = Path(tempfile.mkdtemp(prefix="found-in-mini-", dir=place.parent))
    for name in names:
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).replace(aside / name)
    return aside


def _restore(place: Path, name: str, content: bytes, fresh: Path) -> bool:
    """Write one file, in one step, unless only its date was changed; return whether it was."""
    path = place / name
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            os.utime(path, (DATE, DATE))
            return False
    _write_file(fresh / name, content)
    path.parent.mkdir(parents=True, exist_ok=True)
    (fresh / name).replace(path)
    return True


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
