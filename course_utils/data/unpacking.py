"""Take pictures out of an archive, and nothing else."""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from course_utils.data.download import CHUNK, progress
from course_utils.data.sources import Unavailable

DAMAGED = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error)
Member = tuple[str, bool, Callable[[], BinaryIO]]  # its name, whether a plain file, its content


def unpack(
    archive: Path, classes: Mapping[str, str], target: Path, *, limit: int, inner: str = ""
) -> dict[str, dict[str, str]]:
    """Copy the files of some folders of an archive to ``target / class / name``.

    Only plain files that lie directly in these folders are copied, each under its bare name, so
    no path, link or permission in the archive has any effect. All else is passed over.

    Parameters
    ----------
    archive : Path
        A zip file.
    classes : mapping
        For each class the folder in the archive that holds its pictures.
    target : Path
        An empty folder.
    limit : int
        How many bytes may come out; more is refused.
    inner : str
        The name of a ``.tar.gz`` in the archive that holds the folders.

    Returns
    -------
    dict
        For each class the names of its files and their SHA-256.

    Raises
    ------
    Unavailable
        If the archive is damaged, too large, lacks a class, or holds a link, a folder, a wrong
        name or a name twice in a class folder.
    """
    found: dict[str, dict[str, str]] = {kind: {} for kind in classes}
    folders = {path: kind for kind, path in classes.items()}
    for kind in classes:
        (target / kind).mkdir(parents=True)
    seen, room = set(), limit
    try:
        with progress(None, 0, "unpacking") as bar:
            for name, plain, content in _members(archive, inner):
                kind, bare = _place(name, folders)
                if kind is None:
                    continue
                if not plain or not _is_bare(bare) or (kind, bare.casefold()) in seen:
                    raise Unavailable(f"in the archive, {name!r} is no plain file of its own name")
                seen.add((kind, bare.casefold()))
                with content() as stream:
                    size, found[kind][bare] = _copy(stream, target / kind / bare, room)
                room -= size
                bar.update(size)
    except DAMAGED as error:
        raise Unavailable(f"the archive is damaged ({error})") from error
    if lacking := [path for path, kind in folders.items() if not found[kind]]:
        raise Unavailable(f"the archive holds no pictures in {' and '.join(lacking)}")
    return found


def _members(archive: Path, inner: str) -> Iterator[Member]:
    """Yield every file of the archive, or of the archive in it."""
    with zipfile.ZipFile(archive) as outer:
        if inner:
            if inner not in outer.namelist():
                raise Unavailable(f"the archive holds no {inner}")
            with outer.open(inner) as stream, tarfile.open(fileobj=stream, mode="r|gz") as tar:
                for member in tar:
                    if not member.isdir():
                        open_it = lambda member=member: tar.extractfile(member)  # noqa: E731
                        yield member.name, member.isreg(), open_it
            return
        for info in outer.infolist():
            mode = info.external_attr >> 16
            if not info.is_dir():
                plain = stat.S_IFMT(mode) in (0, stat.S_IFREG)
                yield info.filename, plain, lambda info=info: outer.open(info)


def _place(name: str, folders: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the class to whose folder a name belongs (None: to none) and the rest of the name."""
    slashed = name.replace("\\", "/")
    for path, kind in folders.items():
        if slashed.startswith(f"{path}/"):
            return kind, slashed.removeprefix(f"{path}/")
    return None, name


def _is_bare(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")


def _copy(stream: BinaryIO, path: Path, room: int) -> tuple[int, str]:
    """Copy at most ``room`` bytes to a new file; return how many, and their SHA-256."""
    size, digest = 0, sha256()
    with path.open("wb") as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > room:
                raise Unavailable("the archive is larger than it should be")
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()
