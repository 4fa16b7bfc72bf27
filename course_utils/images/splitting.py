"""`split`: one folder of classes becomes a training, a validation and a test part."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from course_utils.images.listing import ImageError, listing
from course_utils.images.report import Report, counted
from course_utils.images.scanning import report_of

MARK = ".split.json"
PARTS = {"train": 0.6, "validation": 0.2, "test": 0.2}


@dataclass(frozen=True, repr=False)
class Parts:
    """What `split` made: ``parts["train"]`` is the folder of the training part.

    Attributes
    ----------
    folder : Path
    counts : dict of str to dict of str to int
        For each part, the pictures of each class.
    """

    folder: Path
    counts: dict[str, dict[str, int]]

    def __getitem__(self, part: str) -> Path:
        if part not in self.counts:
            raise KeyError(f"no part is called {part!r}; there are {', '.join(self.counts)}")
        return self.folder / part

    def __str__(self) -> str:
        classes = list(next(iter(self.counts.values())))
        width = max(len(part) for part in (*self.counts, "part"))
        columns = [max(7, len(name)) for name in classes]
        head = "  ".join(f"{name:>{w}}" for name, w in zip(classes, columns, strict=True))
        lines = [f"{'part':<{width}}  {head}"]
        for part, counts in self.counts.items():
            row = "  ".join(f"{n:>{w},}" for n, w in zip(counts.values(), columns, strict=True))
            lines.append(f"{part:<{width}}  {row}")
        return "\n".join(lines)

    __repr__ = __str__


def split(
    source: str | Path,
    target: str | Path,
    parts: Mapping[str, float] = PARTS,
    seed: int = 0,
    link: bool = True,
) -> Parts:
    """Divide a folder of class folders into parts that share no picture.

    Every class is divided alike. Files that hold the same picture go to the same part, whatever
    their names and classes are. Which picture goes where depends on the seed and on the names
    alone, so it is the same on every machine. The target appears by one rename when it is whole.

    Parameters
    ----------
    source : str or Path
        A folder of class folders, which `clean` has no complaint about.
    target : str or Path
        The folder to make; it gets a folder for each part, with the class folders in it. What an
        earlier call made there is replaced.
    parts : dict of str to float or int
        The share of each part, such as 0.6 (together at most 1), or for whole numbers how many
        pictures of each class it gets. What is left over is in no part.
    seed : int
        Another seed makes another division.
    link : bool
        Make hard links (or symbolic ones across disks), which take no room: a picture that is
        changed in one place is changed in both. Otherwise, or where no links can be made, copy.

    Raises
    ------
    ImageError
        If the source holds bad files, a class has too few pictures, the parts make no sense, or
        the target holds anything that `split` did not make.

    Examples
    --------
    >>> from course_utils import folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     print(split(folder("cats_vs_dogs") / "test", Path(place) / "parts"))
    part           cats     dogs
    train           300      300
    validation      100      100
    test            100      100
    """
    source, target = Path(source).expanduser(), Path(target).expanduser()
    _check_parts(parts)
    found = listing(source)
    _check_target(source, target)
    report = report_of(found)
    if report.unreadable:
        raise ImageError(
            f"{counted(len(report.unreadable), 'file')} of {source} cannot be read (the first: "
            f"{': '.join(report.unreadable[0])}); run images.clean first"
        )
    chosen = assign(found.images, report.duplicates, parts, seed)
    _make(source, target, chosen, link)
    return Parts(target, _counts(chosen, parts, report))


def assign(
    images: Mapping[str, list[str]],
    duplicates: list[list[str]],
    parts: Mapping[str, float],
    seed: int,
) -> dict[str, str]:
    """Return the part of each picture that is in one.

    Groups of duplicates are placed first, each where the most room is left for it; the other
    pictures fill each class's parts to their exact size.

    Raises
    ------
    ImageError
        If a class has too few pictures to give some to every part.
    """
    room = {name: _sizes(name, len(paths), parts) for name, paths in images.items()}
    chosen = {}
    for group in sorted(duplicates, key=lambda group: (-len(group), _draw(group[0], seed))):
        members = Counter(path.partition("/")[0] for path in group)
        part = max(
            parts, key=lambda part: min(room[name][part] - members[name] for name in members)
        )
        chosen |= dict.fromkeys(group, part)
        for name in members:
            room[name][part] -= members[name]
    for name, paths in images.items():
        single = [path for path in paths if path not in chosen]
        order = iter(sorted(single, key=lambda path: _draw(path, seed)))
        for part, n in room[name].items():
            chosen |= dict.fromkeys(islice(order, max(n, 0)), part)
    return chosen


def _draw(path: str, seed: int) -> bytes:
    """Return what a picture is sorted by: as good as random, and the same on every machine."""
    name = unicodedata.normalize("NFC", path)  # some systems store é as two letters
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()


def _sizes(name: str, n: int, parts: Mapping[str, float]) -> dict[str, int]:
    """Return how many of the n pictures of a class each part gets."""
    if all(isinstance(size, int) for size in parts.values()):
        sizes = dict(parts)
    else:
        ends = [0.0]
        for share in parts.values():
            ends.append(ends[-1] + share)
        marks = [int(end * n + 0.5 + 1e-9) for end in ends]
        sizes = {part: marks[i + 1] - marks[i] for i, part in enumerate(parts)}
    short = sum(sizes.values()) > n or min(sizes.values()) < 1
    if short:
        asked = ", ".join(f"{part} {size}" for part, size in parts.items())
        raise ImageError(
            f"class {name!r} has {counted(n, 'picture')}, too few for the parts {asked}"
        )
    return sizes


def _check_parts(parts: Mapping[str, float]) -> None:
    sizes = list(parts.values())
    whole = all(isinstance(size, int) for size in sizes)
    shares = not whole and all(isinstance(size, float) for size in sizes)
    if not sizes or min(sizes) <= 0 or not (whole or (shares and sum(sizes) <= 1 + 1e-9)):
        raise ImageError(
            f"the parts are {dict(parts)}; give each a share of the pictures (together at most "
            "1.0), such as 0.6, or each a whole number of pictures per class"
        )
    for part in parts:
        if not part or part.startswith(".") or "/" in part or "\\" in part:
            raise ImageError(f"{part!r} cannot be the name of a part: it becomes a folder")


def _check_target(source: Path, target: Path) -> None:
    inner, outer = target.resolve(), source.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise ImageError(f"{target} and {source} lie inside one another; choose another target")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not target.is_dir() or not _is_ours(source, target):
        raise ImageError(
            f"{target} holds files that split did not make from {source}; "
            "choose a new folder, or move them away"
        )


def _is_ours(source: Path, target: Path) -> bool:
    """Return whether a folder holds what `split` made there of this source, and nothing else."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        mark = json.loads((target / MARK).read_text(encoding="utf-8"))
        if mark["source"] != str(source.resolve()):
            return False
        made = set(mark["files"])
        there = {
            path.relative_to(target).as_posix()
            for path in target.rglob("*")
            if path.is_symlink() or not path.is_dir()
        }
        return there <= made | {MARK}
    return False


def _make(source: Path, target: Path, chosen: Mapping[str, str], link: bool) -> None:
    """Build the parts in a folder beside the target, then move it there in one step."""
    fresh = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        whole, replaced = fresh / "whole", fresh / "replaced"
        for path, part in sorted(chosen.items()):
            place = whole / part / path
            place.parent.mkdir(parents=True, exist_ok=True)
            _place((source / path).resolve(), place, link)
        files = sorted(f"{part}/{path}" for path, part in chosen.items())
        mark = {"made by": "images.split", "source": str(source.resolve()), "files": files}
        (whole / MARK).write_text(json.dumps(mark, indent=0), encoding="utf-8")
        if target.exists():
            target.rename(replaced)
        whole.rename(target)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageError(f"cannot make {target} ({error.filename}: {reason})") from error
    finally:
        if fresh:
            shutil.rmtree(fresh, ignore_errors=True)


def _place(original: Path, place: Path, link: bool) -> None:
    for make in (os.link, os.symlink) if link else ():
        with contextlib.suppress(OSError, NotImplementedError):
            make(original, place)
            return
    shutil.copy2(original, place)


def _counts(
    chosen: Mapping[str, str], parts: Mapping[str, float], report: Report
) -> dict[str, dict[str, int]]:
    found = Counter((part, path.partition("/")[0]) for path, part in chosen.items())
    return {part: {name: found[part, name] for name in report.counts} for part in parts}
