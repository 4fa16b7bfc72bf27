"""`clean`: bad files moved aside, none deleted; `restore` brings them back."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from course_utils.images.listing import ImageError, listing
from course_utils.images.report import counted, section
from course_utils.images.scanning import report_of


@dataclass(frozen=True, repr=False)
class Moves:
    """What `clean` moved.

    Attributes
    ----------
    folder, aside : Path
    moved : list of (str, str)
        The path of each file below ``folder``, which is now its path below ``aside``, and why.
    kept : int
        The pictures that remain.
    """

    folder: Path
    aside: Path
    moved: list[tuple[str, str]]
    kept: int

    def undo(self) -> list[str]:
        """Move the files back to where they were; return their paths."""
        paths = _move([path for path, _ in self.moved], self.aside, self.folder)
        _drop_empty(self.aside)
        return paths

    def __str__(self) -> str:
        kept = f"{self.folder.name}: {counted(self.kept, 'good picture')}"
        if not self.moved:
            return f"{kept}, nothing to move aside."
        return "\n".join(
            [
                f"{kept}, {counted(len(self.moved), 'bad file')} moved to {self.aside.name}.",
                *section("Moved", self.moved, shown=20),
                "To bring them back: images.restore(folder).",
            ]
        )

    __repr__ = __str__


def clean(folder: str | Path, aside: str | Path | None = None) -> Moves:
    """Move what is no good picture into a folder beside, which mirrors the class folders.

    Bad are files that give no picture (damaged, cut short, empty, a web page ...), files whose
    content is not what their name says (other programs trip over those), and what systems leave
    behind (``Thumbs.db``, ``__MACOSX``, ``._name.jpg``). Nothing is deleted, nothing is written
    over, and a second call finds nothing to do.

    Parameters
    ----------
    folder : str or Path
        A folder of class folders.
    aside : str or Path, optional
        Where bad files go; by default ``NAME_aside`` beside the folder ``NAME``.

    Raises
    ------
    ImageError
        If it is not a folder of class folders, no file in it is a picture, a file cannot be
        moved, or ``aside`` lies inside the folder or holds a file of the same name.

    Examples
    --------
    >>> import tempfile
    >>> from course_utils import folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     pets = shutil.copytree(folder("cats_vs_dogs") / "test", Path(place) / "pets")
    ...     _ = (pets / "dogs" / "late.jpg").write_text("<html>404 Not Found</html>")
    ...     print(clean(pets))
    ...     print(restore(pets))
    pets: 1,000 good pictures, 1 bad file moved to pets_aside.
    Moved: 1
      dogs/late.jpg: a web page, not a picture
    To bring them back: images.restore(folder).
    ['dogs/late.jpg']
    """
    found = listing(folder)
    target = _aside(found.folder, aside)
    report = report_of(found)
    kept = sum(report.counts.values()) - len(report.unreadable) - len(report.wrong_format)
    if not kept:
        raise ImageError(
            f"no file in {folder} is a good picture (the first: {': '.join(report.bad[0])}); "
            "nothing was moved"
        )
    _move([path for path, _ in report.bad], found.folder, target)
    return Moves(folder=found.folder, aside=target, moved=report.bad, kept=kept)


def restore(folder: str | Path, aside: str | Path | None = None) -> list[str]:
    """Bring back every file that `clean` moved aside, and return their paths.

    Parameters
    ----------
    folder, aside : str or Path
        As `clean` was called.

    Raises
    ------
    ImageError
        If there is a file in the place of one that should come back; then nothing is moved.
    """
    folder = Path(folder).expanduser()
    source = _aside(folder, aside)
    paths = sorted(
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
    _move(paths, source, folder)
    _drop_empty(source)
    return paths


def _aside(folder: Path, aside: str | Path | None) -> Path:
    beside = folder.resolve().parent / f"{folder.resolve().name}_aside"
    target = Path(aside).expanduser() if aside else beside
    if target.resolve().is_relative_to(folder.resolve()):
        raise ImageError(f"{target} lies inside {folder}, where it would count as a class")
    return target


def _move(paths: list[str], source: Path, target: Path) -> list[str]:
    """Move files to the same places below another folder; none is written over."""
    for path in paths:
        if os.path.lexists(target / path):
            raise ImageError(f"{target / path} is there already; nothing was moved")
    for path in paths:
        try:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source / path, target / path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ImageError(f"cannot move {source / path} to {target / path}: {reason}") from error
    return paths


def _drop_empty(folder: Path) -> None:
    """Remove a folder and the folders in it, as far as they are empty."""
    for root, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(root).rmdir()
