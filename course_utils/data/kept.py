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
    if place.is_dir() and not any(look(place)):
        return place
    with disk_errors(cache), locked(home / "lock"):
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
    return place


def look(place: Path) -> tuple[set[str], set[str]]:
    """Return the paths of the files that are missing or look changed, and of what is foreign.

    Hidden files, which file managers and editors leave behind, are passed over.
    """
    wrong = pets.names()
    parents = {str(Path(name).parent.as_posix()) for name in wrong}
    parents |= {str(Path(name).parent.as_posix()) for name in parents}
    foreign = set()
    for parent in sorted(parents):  # "." first, then the parts, then their classes
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(place / parent) as found,
        ):
            for item in found:
                name = (Path(parent) / item.name).as_posix()
                if name in wrong and item.is_file(follow_symlinks=False):
                    if _untouched(item.stat(follow_symlinks=False)):
                        wrong.remove(name)
                elif not item.name.startswith(".") and not (
                    name in parents and item.is_dir(follow_symlinks=False)
                ):
                    foreign.add(name)
    return wrong, foreign


def _untouched(status: os.stat_result) -> bool:
    return status.st_size == pets.FILE_BYTES and int(status.st_mtime) == DATE


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
    """Move what is foreign aside and write what is wrong; each file changes in one step."""
    wrong, foreign = look(place)
    said = []
    if foreign:
        aside = Path(tempfile.mkdtemp(prefix="found-in-mini-", dir=place.parent))
        for name in sorted(foreign):
            target = aside / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (place / name).replace(target)
        said.append(f"{_count(len(foreign), 'thing')} that did not belong there moved to {aside}")
    restored = 0
    for name in sorted(wrong):
        path = place / name
        with contextlib.suppress(OSError):
            if path.read_bytes() == content[name]:  # only its date was changed
                os.utime(path, (DATE, DATE))
                continue
        _write_file(fresh / name, content[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).replace(path)
        restored += 1
    if restored:
        said.insert(0, f"{_count(restored, 'file')} restored")
    if said:
        warnings.warn(f"the folder {place} was changed: {'; '.join(said)}", stacklevel=4)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
