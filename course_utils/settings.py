"""The switches of the course, read from the environment.

==================  ==================  ====================================================
variable            values              effect
==================  ==================  ====================================================
``COURSE_PROFILE``  ``quick``, ``full`` embedded data and short training, or everything
``COURSE_STRICT``   ``0``, ``1``        a claim that does not hold warns, or raises
``COURSE_CACHE``    a folder            where downloads are kept (default: the user's cache)
==================  ==================  ====================================================

``COURSE_MATERIALS`` may name a folder with packages that were downloaded before; see
`course_utils.data.sources`.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

PROFILES = ("quick", "full")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Profile:
    """One of the two sizes in which the course runs.

    Examples
    --------
    >>> Profile("quick").pick(quick=2, full=10)
    2
    >>> Profile("full").size
    'full'
    """

    name: str

    @property
    def size(self) -> str:
        """The ``size`` that `course_utils.load` takes: ``"mini"`` or ``"full"``."""
        return self.pick(quick="mini", full="full")

    def pick(self, *, quick: Value, full: Value) -> Value:
        """Return the value that belongs to this profile."""
        return full if self.name == "full" else quick

    def __str__(self) -> str:
        return self.name


def profile() -> Profile:
    """Return the profile chosen by ``COURSE_PROFILE`` (default ``quick``).

    Raises
    ------
    ValueError
        If the variable holds anything but ``quick`` or ``full``.
    """
    name = os.environ.get("COURSE_PROFILE", "").strip().lower() or "quick"
    if name not in PROFILES:
        raise ValueError(f"COURSE_PROFILE is {name!r}; set it to one of {', '.join(PROFILES)}")
    return Profile(name)


def strict() -> bool:
    """Return whether a claim that does not hold raises (``COURSE_STRICT=1``)."""
    return os.environ.get("COURSE_STRICT", "").strip() not in ("", "0")


def cache_folder() -> Path:
    """Return the folder that keeps downloads: ``COURSE_CACHE``, or the user's cache folder."""
    if chosen := os.environ.get("COURSE_CACHE", "").strip():
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cnn-course"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the log lines that TensorFlow writes while it is imported.

    They come from C code, below ``sys.stderr``, so the file descriptor itself is turned away.
    Python's own warnings and errors still reach the notebook.

    Examples
    --------
    >>> with quiet():
    ...     import keras
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
