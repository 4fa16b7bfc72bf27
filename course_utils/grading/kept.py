"""Keep marks while a class is graded, so that an interrupted run goes on where it stopped."""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from course_utils.grading.marks import Marked


class Kept:
    """The folder with what is graded already: a file for each set of answers.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> kept = Kept(Path(mkdtemp()) / "kept")
    >>> kept.open()
    >>> kept.put("key", Marked("Ada"))
    >>> kept.get("key"), kept.get("another")
    (Marked(learner='Ada', marks=(), problems=()), None)
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def open(self) -> None:
        """Make the folder.

        Raises
        ------
        ValueError
            If it can't be made, or if the folder around it is in use for something else.
        """
        try:
            if not self.folder.is_dir() and any(self.folder.parent.glob("*")):
                raise ValueError(f"{self.folder.parent} is no report: name a new or empty folder")
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            why = problem.strerror or "unknown reason"
            raise ValueError(f"can't write into {self.folder.parent}: {why}") from None

    def get(self, key: str) -> Marked | None:
        """Return the marks under ``key``, or None if there are none or they are damaged."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return Marked.from_dict(json.loads(self._path(key).read_text(encoding="utf-8")))
        return None

    def put(self, key: str, marked: Marked) -> None:
        """Keep ``marked`` under ``key``, whole or not at all."""
        self._write(self._path(key), marked.to_dict())

    def seed(self, given: int | None = None) -> int:
        """Return the seed for this folder, and keep it for the next run into it.

        That is ``given``, or else the one of the run before, or else a new one.
        """
        path, before = self.folder / "seed.json", None
        with contextlib.suppress(OSError, ValueError, TypeError):
            before = int(json.loads(path.read_text(encoding="utf-8")))
        seed = before if given is None else given
        if seed is None:
            seed = secrets.randbits(128)
        if seed != before:
            self._write(path, seed)
        return seed

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _write(self, path: Path, content: object) -> None:
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(path)


def key(answers: Mapping[str, str], *rest: object) -> str:
    """Return a name for marks that depend on nothing but ``answers`` and ``rest``.

    Examples
    --------
    >>> key({"01.1": "a", "01.2": "b"}, 7) == key({"01.2": "b", "01.1": "a"}, 7)
    True
    >>> key({"01.1": "a"}, 7) == key({"01.1": "a"}, 8)
    False
    """
    content = json.dumps([sorted(answers.items()), *rest])
    return hashlib.sha256(content.encode()).hexdigest()[:32]
