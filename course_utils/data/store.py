"""The cache of complete sets: fetched once, checked, kept as arrays that load in a moment.

``CACHE/NAME/arrays-KEY/`` appears by one rename, when every array in it was found right; KEY
stands for the arrays' checksums. ``CACHE/NAME/downloads/`` holds what has arrived so far.
"""

import contextlib
import errno
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.data import sources
from course_utils.data.catalog import DataError, Entry
from course_utils.data.download import TIMEOUT, watched
from course_utils.data.readers import READERS, Arrays

FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


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
    with _disk_errors(cache), _locked(_home(entry, cache) / "lock"):
        if folder := complete(entry, cache):  # another process got it meanwhile
            return folder
        _check_room(entry, cache)
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
    with _disk_errors(cache):
        try:
            return read_arrays(entry, folder)
        except (ValueError, EOFError):
            shutil.rmtree(folder)
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
    failures = []
    for source in entry.full["sources"]:
        name = sources.describe(source)
        if watched():
            print(f"{entry.title}: trying {name}", file=sys.stderr)
        folder = _home(entry, cache) / "downloads" / sha256(name.encode()).hexdigest()[:8]
        try:
            files = sources.obtain(source, entry.full.get("files", {}), folder, timeout=timeout)
            arrays = _read(source, files, folder)
            check_arrays(arrays, entry.full["arrays"])
            return arrays
        except Exception as error:  # whatever is wrong with a source, the next may serve
            if _is_disk(error):
                raise
            failures.append(f"{name}: {_reason(error)}")
    tried = "\n".join(f"  {number}. {line}" for number, line in enumerate(failures, start=1))
    raise DataError(
        f"cannot get {entry.name!r} at full size. Tried in this order:\n{tried}\n"
        "What to do: check the network and try again (a broken download goes on where it "
        "stopped), or use size='mini', which needs no network."
    )


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


def _check_room(entry: Entry, cache: Path) -> None:
    arrays = sum(int(np.prod(array["shape"])) for array in entry.full["arrays"].values())
    need = arrays + 2 * entry.full["download_bytes"]  # packed, unpacked, and as arrays
    free = shutil.disk_usage(cache).free
    if free < need:
        raise OSError(errno.ENOSPC, f"{need / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free")


def _is_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in FULL_DISK | NO_ACCESS


@contextlib.contextmanager
def _disk_errors(cache: Path) -> Iterator[None]:
    """Turn what the disk refuses into a message that says what to do."""
    try:
        yield
    except OSError as error:
        if not _is_disk(error):
            raise
        reason = error.strerror or str(error)
        if error.errno in FULL_DISK:
            advice = "free some space there, or set COURSE_CACHE to a folder on another disk"
            raise DataError(f"the disk of {cache} is full ({reason}): {advice}") from error
        where = error.filename or cache
        advice = "set COURSE_CACHE to a folder that you can read and write"
        raise DataError(f"cannot use the cache folder {cache} ({where}: {reason}): {advice}") from (
            error
        )


def _reason(error: Exception) -> str:
    """Say in a few words why a source did not serve."""
    kind = type(error).__name__
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"the server answered {answer.status_code} {answer.reason}"
    if "Timeout" in kind:
        return "no answer in time"
    if kind in ("ConnectionError", "SSLError", "ProxyError"):
        text = str(error)
        return text if text.startswith("broke off") else f"no connection ({_last_words(text)})"
    if isinstance(error, ValueError) and "hash" in str(error):
        return "it sent a file that is not the published one (its SHA-256 differs)"
    return str(error) or kind


def _last_words(text: str) -> str:
    """Return the end of a nested error message: the part that names the cause."""
    return text.rstrip("\"')").rsplit(": ", 1)[-1][-80:]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system gives back when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        said = False
        while not _try_lock(file):
            if watched() and not said:
                print(f"waiting for another process that fetches {path.parent.name}")
            said = True
            time.sleep(0.2)
        yield  # closing the file gives the lock back


def _try_lock(file: Any) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        # Some network disks have no locks; two processes then only do the same work twice.
        return error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
    return True
