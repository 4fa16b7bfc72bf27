"""What can go wrong with a disk or a source, in words that say what to do."""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from course_utils.data.entries import DataError

FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def is_disk(error: BaseException) -> bool:
    """Return whether it is the disk that refused, and so no other source would help."""
    refused = isinstance(error, OSError) and error.errno in FULL_DISK | NO_ACCESS
    return refused or isinstance(error, PermissionError)


@contextlib.contextmanager
def disk_errors(cache: Path) -> Iterator[None]:
    """Turn what the disk refuses into a message that says what to do."""
    try:
        yield
    except OSError as error:
        if not is_disk(error):
            raise
        reason = error.strerror or str(error)
        if error.errno in FULL_DISK:
            message = f"the disk of {cache} is full ({reason}): free some space there"
            advice = "or set COURSE_CACHE to a folder on another disk"
        else:
            message = f"cannot use the cache folder {cache} ({error.filename or cache}: {reason})"
            advice = "set COURSE_CACHE to a folder that you can read and write"
        raise DataError(f"{message}, {advice}") from error


def check_room(folder: Path, need: int) -> None:
    """Raise what a full disk raises, unless ``need`` bytes are free there."""
    free = shutil.disk_usage(folder).free
    if free < need:
        raise OSError(errno.ENOSPC, f"{need / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free")


def reason_of(error: Exception) -> str:
    """Say in a few words why a source did not serve."""
    kind, text = type(error).__name__, str(error)
    if kind == "TooManyRedirects":
        return "its redirects lead nowhere"
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"the server answered {answer.status_code} {answer.reason}"
    if "Timeout" in kind:
        return "no answer in time"
    if kind in ("ConnectionError", "SSLError", "ProxyError"):
        return text if "broke off" in text else f"no connection ({_cause(error)})"
    if isinstance(error, ValueError) and "hash" in text:
        return "it sent a file that is not the published one (its SHA-256 differs)"
    return text or kind


def _cause(error: BaseException | None) -> str:
    """Return the system's own words for a failed connection, from under the libraries' errors."""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return "refused"
