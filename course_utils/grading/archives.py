"""Read a zip's members in memory, whatever it is: a bomb, one with paths outside, half of one."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

DIRECTORY = 4_000_000  # bytes of a zip's list of members
READ = (".ipynb", ".zip")  # nothing else is unpacked
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a limit


class BadFile(Exception):
    """A file that can't be graded; the message says why in one line."""


@dataclass(frozen=True)
class Most:
    """How much a zip may hold: members, and bytes of those that are read."""

    members: int
    size: int


CLASS, LEARNER = Most(50_000, 20_000_000_000), Most(2_000, 200_000_000)


@dataclass(frozen=True)
class Member:
    """A file in a zip: its path, and its content or what is wrong with it."""

    path: PurePosixPath
    content: bytes = b""
    problem: str = ""


class _Bounded(io.BufferedReader):
    """A file of which no more than ``most`` bytes are read at once."""

    most = DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.most:
            raise BadFile("lists far too many files")
        return super().read(size)


def members(file: Path | bytes, largest: int, most: Most) -> Iterator[Member]:
    """Yield the files in a zip, one after the other, of ``largest`` bytes each at most.

    A single folder around several others is left away.

    Raises
    ------
    BadFile
        If it is no zip, is empty, or holds more than ``most``.
    """
    raw = io.FileIO(file) if isinstance(file, Path) else io.BytesIO(file)
    with _Bounded(raw) as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as problem:
            raise BadFile("is not a whole zip file") from problem
        entries = [e for e in archive.infolist() if not _left_out(e.filename)]
        _check(entries, largest, most)
        stream.most = largest + 1
        common = _common([_safe(entry.filename) for entry in entries])
        for entry in entries:
            path = PurePosixPath(*_safe(entry.filename).parts[common:])
            if problem := _problem(entry, largest):
                yield Member(path, problem=problem)
            else:
                yield _unpacked(path, archive, entry, largest)


def too_large(size: int) -> str:
    """Return what to do about a file of ``size`` bytes."""
    return f"is too large ({size // 1_000_000} MB): clear its outputs and hand it in"


def _check(entries: Sequence[zipfile.ZipInfo], largest: int, most: Most) -> None:
    """Raise `BadFile` if these are none or too many, or too large together."""
    if not entries:
        raise BadFile("holds no files")
    if len(entries) > most.members:
        raise BadFile(f"holds {len(entries)} files, more than {most.members}")
    if sum(e.file_size for e in entries if not _problem(e, largest)) > most.size:
        raise BadFile(f"unpacks to more than {most.size // 1_000_000} MB")


def _problem(entry: zipfile.ZipInfo, largest: int) -> str:
    """Return why a member is not read, or ``""``."""
    if _outside(entry.filename):
        return "has a path that leads outside the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link: not followed"
    if _safe(entry.filename).suffix.lower() not in READ:
        return "is not a notebook (.ipynb)"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in _PACKINGS:
        return "is packed in an unusual way: make the zip anew"
    return too_large(entry.file_size) if entry.file_size > largest else ""


def _unpacked(
    path: PurePosixPath, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, largest: int
) -> Member:
    try:
        with archive.open(entry) as stream:
            return Member(path, stream.read(largest + 1))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, BadFile):
        return Member(path, problem="can't be unpacked")


def _left_out(name: str) -> bool:
    """Return whether a member is a folder or hidden."""
    return name.endswith("/") or any(
        part.startswith((".", "__MACOSX")) and part != ".." for part in _parts(name)
    )


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _outside(name: str) -> bool:
    parts = _parts(name)
    return not parts or ".." in parts or parts[0].startswith("/") or ":" in parts[0]


def _safe(name: str) -> PurePosixPath:
    """Return the path; of one that points outside only the file's own name."""
    parts = _parts(name)
    if _outside(name):
        parts = [part for part in parts if part.strip("./")][-1:] or ["unnamed"]
    return PurePosixPath(*parts)


def _common(paths: list[PurePosixPath]) -> int:
    """Return how many folders to leave away: 1 if one holds all learners' folders, else 0."""
    one = len({path.parts[0] for path in paths}) == 1
    return int(one and all(len(path.parts) > 2 for path in paths))
