"""Read a zip's members in memory, whatever it is: a bomb, one with paths outside, half of one."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MOST_MEMBERS = 5_000
MOST_BYTES = 500_000_000  # of all members together


class BadFile(Exception):
    """A file that can't be graded; the message says why in one line."""


def members(path: Path, largest: int) -> Iterator[tuple[str, bytes | str]]:
    """Yield name and content of the members; in place of a content, a text says what is wrong.

    Raises
    ------
    BadFile
        If it is no zip or holds too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir() and not _hidden(e.filename)]
            if len(entries) > MOST_MEMBERS:
                raise BadFile(f"holds {len(entries)} files, more than {MOST_MEMBERS}")
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise BadFile(f"unpacks to more than {MOST_BYTES // 1_000_000} MB")
            for entry in entries:
                yield _safe(entry.filename), _content(archive, entry, largest)
    except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeError) as problem:
        raise BadFile("is not a whole zip file") from problem


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in _parts(name))


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _outside(name: str) -> bool:
    parts = _parts(name)
    return not parts or ".." in parts or parts[0].startswith("/") or ":" in parts[0]


def _safe(name: str) -> str:
    """Return the name; of one that points outside only the file's own."""
    return _parts(name)[-1] if _outside(name) else "/".join(_parts(name))


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, largest: int) -> bytes | str:
    """Return at most ``largest`` bytes, whatever size the zip claims, or what is wrong."""
    if _outside(entry.filename):
        return "has a path that leads outside the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link: not followed"
    if entry.flag_bits & 1:
        return "is encrypted"
    try:
        with archive.open(entry) as stream:
            content = stream.read(largest + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return "can't be unpacked"
    if len(content) > largest:
        return f"is too large (more than {largest // 1_000_000} MB)"
    return content
